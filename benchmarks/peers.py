"""Peers: other people's packages, on the same people and the same classifier.

Each runs in an environment of its own, which ``make peers`` builds under ``benchmarks/.peers``:
their requirements contradict each other and ours. A worker of ``benchmarks/peer_workers`` is handed
the tables and the classifier's weights as plain arrays, and hands back a table.

    from benchmarks.peers import PEERS, missing
    run(["compas"], {name: make for name, make in PEERS.items() if not missing(name)}, out=...)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from genre_lite.baselines.projection import STILL, Projection
from genre_lite.datasets import Dataset
from genre_lite.decision import Classifier, SupportsProba, acceptance
from genre_lite.errors import GenReError
from genre_lite.estimator import RecourseMethod
from genre_lite.feature import Feature
from genre_lite.limits import Limits
from genre_lite.recourses import Recourses
from genre_lite.schema import Schema
from genre_lite.threads import threads

__all__ = ["PAPER", "PEERS", "Peer", "missing"]

ENVIRONMENTS = Path(__file__).parent / ".peers"
WORKERS = Path(__file__).parent / "peer_workers"
LAST_LINES = 8

PAPER = {
    "source": "the official notebook of Garg et al. (2025), prateekgargX/genre at ed3332f",
    "settings": "λ = 5, best of 10 candidates, one seed, 200 people",
    "tables": {
        "compas": {"cost": 0.51, "validity": 0.99, "plausibility": 0.97, "score": 1.887},
        "heloc": {"cost": 2.01, "validity": 1.00, "plausibility": 1.00, "score": 1.904},
        "adult": {"cost": 0.69, "validity": 1.00, "plausibility": 0.98, "score": 1.927},
    },
}
"""Published, not run here: the official code takes 6 to 56 hours a table to train. Scores follow from the rest."""


class Peer(RecourseMethod):
    """A package that answers from an environment of its own.

    What it answers is kept as it is, but for what no table can hold: numbers go to the nearest step
    within the schema's bounds. Constraints it breaks stay broken, for the benchmark to count; a
    person whom it leaves unchanged, or for whom it fails, has no option found.

    Parameters
    ----------
    h
        A :class:`~genre_lite.Classifier` of linear layers with ReLU between them, which plain
        arrays can carry.
    name
        What it is called.
    python
        The interpreter of its environment.
    worker
        The script that asks it, in the form of those in ``benchmarks/peer_workers``.
    settings
        What the worker is told beyond the problem.
    max_seconds
        How long it may take for all people together, its preparation included.

    Attributes
    ----------
    told
        What the last worker said: the peer's version, ``fit_seconds`` of preparation, ``seconds``
        of answering, and ``trouble``: how often each error stood in the place of an answer.

    Notes
    -----
    ``seconds`` of an answer are those of answering alone: a benchmark of peers is none of imports.

    Raises
    ------
    GenReError
        If the environment is missing, h is something else, or the worker fails or takes too long.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("compas")
    >>> h = gl.train_classifier(bank, progress=False)
    >>> nice = PEERS["nice"](h, bank, 0).fit(bank.X_train, bank.y_train)  # doctest: +SKIP
    >>> nice.recommend(bank.X_test.head()).found.all()  # doctest: +SKIP
    True
    """

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        name: str,
        python: Path,
        worker: Path,
        settings: Mapping[str, object] | None = None,
        max_seconds: float = 3600.0,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.name = name
        self.python = python
        self.worker = worker
        self.settings = settings
        self.max_seconds = max_seconds
        self.told: dict = {}

    def recommend(self, people: pd.DataFrame, n: int = 1, **choices) -> Recourses:
        """As every method; the seconds are the peer's own, without starting its environment."""
        self.told = {}
        answer = super().recommend(people, n, **choices)
        return replace(answer, seconds=self.told.get("seconds", answer.seconds))

    # What a peer breaks is counted, and not mended.
    checked = False

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        if not Path(self.python).exists():
            raise GenReError(
                f"{self.name} has no environment: there is no {self.python}; run `make peers`."
            )
        self._layers = _layers(self.h)
        self._train, self._y = X, labels

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        person, codes = self._ask(denied, n)
        at = Projection(self.codec, denied, limits)
        candidate = pd.Series(person).groupby(person).cumcount().to_numpy(copy=True)
        points = at.start.repeat(int(candidate.max(initial=-1)) + 1, 1, 1)
        found = torch.zeros(points.shape[:2], dtype=torch.bool)
        points[candidate, person] = self._points(denied.iloc[person], codes)
        found[candidate, person] = (points[candidate, person] != at.start[person]).any(dim=1)
        return at.options(points, found, n)

    # -- what the peer is handed ----------------------------------------------------------------

    def _ask(self, denied: pd.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of ``denied`` and the codes of an option for each."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self._hand_over(folder, denied, n)
            self._run(folder)
            self.told = json.loads((folder / "told.json").read_text())
            table = pd.read_csv(folder / "answer.csv")
        rebuilt = np.array(self.told.pop("probability"))
        if not np.allclose(rebuilt, acceptance(self.h, denied), atol=1e-4):
            raise GenReError(
                f"{self.name} was handed another classifier than h, whose columns must be in the "
                "schema's order."
            )
        if self.told["trouble"]:
            times, most = max((times, error) for error, times in self.told["trouble"].items())
            warnings.warn(
                f"{self.name} failed for {sum(self.told['trouble'].values())} of {len(denied)} "
                f"people, {times} times with {most}",
                stacklevel=2,
            )
        return table["person"].to_numpy(dtype=int, copy=True), self._checked(
            table[self.schema.names]
        )

    def _hand_over(self, folder: Path, denied: pd.DataFrame, n: int) -> None:
        scale = self.h.codec
        features = [
            {
                "name": f.name,
                "kind": f.kind,
                "levels": len(f.categories),
                "wide": scale.is_wide(f),
                "low": float(scale.low[j]),
                "width": float(scale.width[j]),
                "step": f.step,
                "actionability": f.actionability,
            }
            for j, f in enumerate(self.schema)
        ]
        about = {
            "features": features,
            "layers": len(self._layers),
            "n": n,
            "seed": self.seed,
            "settings": dict(self.settings or {}),
        }
        (folder / "problem.json").write_text(json.dumps(about))
        arrays = {
            f"{name}_{k}": array
            for k, layer in enumerate(self._layers)
            for name, array in zip(("weight", "bias"), layer, strict=True)
        }
        np.savez(
            folder / "problem.npz",
            train=self._codes(self._train),
            people=self._codes(denied),
            labels=self._y,
            **arrays,
        )

    def _codes(self, frame: pd.DataFrame) -> np.ndarray:
        """Numbers as they are, levels by their number, shape (rows, features)."""
        columns = [
            pd.Index(f.categories).get_indexer(frame[f.name]) if f.is_categorical else frame[f.name]
            for f in self.schema
        ]
        return np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)

    def _run(self, folder: Path) -> None:
        """Run the worker; if it must be stopped, so is whatever it started."""
        with subprocess.Popen(
            [self.python, "-E", "-s", self.worker, folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": str(threads())},
        ) as process:
            try:
                said, _ = process.communicate(timeout=self.max_seconds)
            except subprocess.TimeoutExpired:
                raise GenReError(
                    f"{self.name} was stopped after {self.max_seconds:g} seconds; "
                    "ask for fewer people, or raise max_seconds."
                ) from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            last = "\n".join(said.strip().splitlines()[-LAST_LINES:])
            raise GenReError(f"{self.name} ended with code {process.returncode}:\n{last}")

    # -- what it hands back ---------------------------------------------------------------------

    def _checked(self, table: pd.DataFrame) -> np.ndarray:
        for f in self.schema:
            column = pd.to_numeric(table[f.name], errors="coerce")
            levels = range(len(f.categories)) if f.kind == "nominal" else column
            wrong = ~(np.isfinite(column) & column.isin(levels))
            if wrong.any():
                raise GenReError(
                    f"{self.name} answered {table[f.name][wrong].iloc[0]} for {f.name!r}, which is "
                    f"{'none of its levels' if f.is_categorical else 'no number'}; mend its worker."
                )
        return table.to_numpy(dtype=float)

    def _points(self, people: pd.DataFrame, codes: np.ndarray) -> Tensor:
        """Codes as design points, (rows, inputs); own values stay within half a step of them."""
        own, codec = self.codec.cube(people), self.codec
        low, high, step = np.array([_grid(f) for f in self.schema]).T
        moved = np.clip(codes, low, high) - codec.low
        whole = np.rint(moved / np.where(step > 0, step, 1.0)) * step
        cube = np.where(step > 0, whole, moved) / codec.width
        still = np.abs(codes - codec.low - own * codec.width) <= np.maximum(
            step / 2, STILL * codec.width
        )
        return torch.as_tensor(codec.design(np.where(still, own, cube)))


def _grid(feature: Feature) -> tuple[float, float, float]:
    """The least and the greatest code of a feature, and the distance between two; 0 for any."""
    if feature.is_categorical:
        return 0.0, len(feature.categories) - 1.0, 1.0
    low = -np.inf if feature.low is None else feature.low
    high = np.inf if feature.high is None else feature.high
    return low, high, feature.step or 0.0


def _layers(h: SupportsProba) -> list[tuple[np.ndarray, np.ndarray]]:
    """The weights and biases of a perceptron, first to last."""
    layers = list(h.module) if isinstance(getattr(h, "module", None), nn.Sequential) else []
    kinds = [type(layer) for layer in layers]
    if not isinstance(h, Classifier) or kinds != ([nn.Linear, nn.ReLU] * len(kinds))[: len(kinds)]:
        layers = []
    if not layers or kinds[-1] is not nn.Linear:
        raise GenReError(
            f"The classifier is a {type(h).__name__} that plain arrays cannot carry; peers need a "
            "genre_lite.Classifier of linear layers with ReLU between, as train_classifier makes."
        )
    return [
        tuple(p.detach().cpu().double().numpy() for p in (layer.weight, layer.bias))
        for layer in layers[::2]
    ]


# -- the register ---------------------------------------------------------------------------------

ASKED = {
    "dice-ml": ("dice-ml", "ask_dice_ml.py", {"method": "random"}),
    "dice-ml-genetic": ("dice-ml", "ask_dice_ml.py", {"method": "genetic"}),
    "nice": ("nice", "ask_nice.py", {}),
    "ellice": ("ellice", "ask_ellice.py", {}),
}


def _python(name: str) -> Path:
    return ENVIRONMENTS / ASKED[name][0] / "bin" / "python"


def missing(name: str) -> str | None:
    """Why a peer cannot be asked on this machine; None if it can."""
    if _python(name).exists():
        return None
    return f"{name} has no environment under {ENVIRONMENTS.name}; build it with `make peers`"


def _make(name: str, h: SupportsProba, bank: Dataset, seed: int) -> Peer:
    _, worker, settings = ASKED[name]
    return Peer(
        h,
        bank.schema,
        name=name,
        python=_python(name),
        worker=WORKERS / worker,
        settings=settings,
        seed=seed,
        progress=False,
    )


PEERS = {name: partial(_make, name) for name in ASKED}
"""Factories as those of :data:`genre_lite.evaluation.benchmark.METHODS`, by the peer's name."""
