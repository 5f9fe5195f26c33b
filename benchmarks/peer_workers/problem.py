"""What a peer is handed and hands back: plain arrays in a folder, and one table.

These files run in the peers' own environments, without genre_lite: numpy and pandas only.
Their names begin with ``ask_`` so that none hides the package it imports.

A person is a row of *codes*: numbers in their own unit, categories as the number of their level.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd


class Problem:
    """The people who ask, the rows to learn from, and the bank's classifier.

    Parameters
    ----------
    folder
        Holds ``problem.json`` and ``problem.npz``.

    Attributes
    ----------
    features
        A dictionary for each: name, kind, levels (how many), low and width (the classifier's
        scale), wide (an input for each level), step, actionability.
    train, people
        Codes, shape (rows, features).
    labels
        0 or 1 for each training row.
    layers
        The perceptron's (weight, bias), first to last; ReLU between them.
    n, seed, settings
        Options a person, the seed, and what else the peer is told.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        about = json.loads((self.folder / "problem.json").read_text())
        self.features, self.settings = about["features"], about["settings"]
        self.n, self.seed = about["n"], about["seed"]
        with np.load(self.folder / "problem.npz", allow_pickle=False) as arrays:
            self.train, self.people = arrays["train"], arrays["people"]
            self.labels = arrays["labels"]
            self.layers = [
                (arrays[f"weight_{k}"], arrays[f"bias_{k}"]) for k in range(about["layers"])
            ]

    @property
    def free(self) -> list[str]:
        """Names of the features that may change."""
        return [f["name"] for f in self.features if f["actionability"] != "immutable"]

    def design(self, codes: np.ndarray) -> np.ndarray:
        """Codes as the classifier's inputs, shape (rows, inputs)."""
        blocks = []
        for j, f in enumerate(self.features):
            if f["wide"]:
                blocks.append(codes[:, [j]] == np.arange(f["levels"]))
            else:
                blocks.append((codes[:, [j]] - f["low"]) / f["width"])
        return np.concatenate(blocks, axis=1, dtype=float)

    def predict_proba(self, codes: np.ndarray) -> np.ndarray:
        """The bank's P(unfavourable), P(favourable), shape (rows, 2)."""
        x = self.design(np.asarray(codes, dtype=float))
        for k, (weight, bias) in enumerate(self.layers):
            x = (np.maximum(x, 0) if k else x) @ weight.T + bias
        yes = 1 / (1 + np.exp(-np.clip(x[:, 0], -500, 500)))
        return np.stack([1 - yes, yes], axis=1)

    def answer(self, ask: Callable[[int], Iterable], start: float, package: str) -> None:
        """Ask for one person after another, and write what was found and what it took.

        Parameters
        ----------
        ask
            From a person's row to the codes of their options. Where it raises, none was found.
        start
            When the peer began to prepare, by ``time.perf_counter``.
        package
            The peer's distribution, to tell its version.
        """
        rows, trouble, ready = [], Counter(), time.perf_counter()
        for person in range(len(self.people)):
            try:
                rows += [[person, *option] for option in ask(person)]
            except Exception as error:
                trouble[f"{type(error).__name__}: {error}"[:500]] += 1
        seconds = time.perf_counter() - ready
        table = pd.DataFrame(rows, columns=["person", *(f["name"] for f in self.features)])
        table.to_csv(self.folder / "answer.csv", index=False)
        told = {
            "version": version(package),
            "fit_seconds": ready - start,
            "seconds": seconds,
            "trouble": dict(trouble),
            "probability": self.predict_proba(self.people)[:, 1].tolist(),
        }
        (self.folder / "told.json").write_text(json.dumps(told))


def given() -> Problem:
    """The problem in the folder that the command line names."""
    return Problem(sys.argv[1])
