"""What moves GenRe's Score: one idea changed at a time, judged on people of the training part.

    python -m benchmarks.ablation --jobs 2

The test people and their gold world stay out of sight. Of each table's training rows a quarter is set
aside; a world of their own is simulated on the training rows alone, with its labels and its classifier,
as in the paper's protocol one level deeper. The defaults of ``GenRe`` were chosen by this measure. Writes
``results/ablation.json``; a cell that is there already, made by the same code, is kept.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import RandomForestClassifier
from tqdm.auto import tqdm

import genre_lite as gl
from genre_lite import genre
from genre_lite.decision import accepts
from genre_lite.evaluation.ledger import mean_and_interval
from genre_lite.surrogate import Surrogate, Teacher

from .provenance import made_by, write
from .references import AidedNeighbour

RESULTS = Path(__file__).parent.parent / "results" / "ablation.json"
TABLES = ("compas", "heloc", "adult")
PEOPLE = 300
PARTS = ("score", "cost", "validity", "plausibility", "coverage")


@contextmanager
def teacher(**settings: object):
    """GenRe with another teacher."""
    with mock.patch.object(genre, "Teacher", partial(Teacher, **settings)):
        yield


class Weighted(Teacher):
    """A teacher whose forest weighs both outcomes equally, as the bank's classifier does."""

    def fit(self, design: np.ndarray, labels: np.ndarray, **options: object) -> Teacher:
        """Learn as ever, from a forest with balanced classes."""
        weighted = partial(RandomForestClassifier, class_weight="balanced")
        with (
            mock.patch("sklearn.ensemble.RandomForestClassifier", weighted),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings("ignore", message=".*class_weight presets")
            return super().fit(design, labels, **options)


class Once(Teacher):
    """A teacher whose sets hold each row at most once."""

    def _held(self, chance: np.random.Generator) -> np.ndarray:
        return (chance.random((self.sets, len(self.valid))) < self.valid).astype(int)


class Pointwise(Surrogate):
    """A surrogate that learns each answer by itself, and nothing of the choice among candidates."""

    def learn(self, *lists: np.ndarray, **options: object) -> Surrogate:
        # A temperature so high that every choice seems as good.
        return super().learn(*lists, **options | {"temperature": 1e6})


class Undistilled:
    """The teacher itself in the surrogate's place."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    def answers(self, design: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """The teacher's own answers."""
        return self.teacher.answers(design)

    def double(self) -> Undistilled:
        """It computes in double precision already."""
        return self


class GenReWithTeacher(gl.GenRe):
    """GenRe that keeps its teacher, and with it the training rows."""

    def _teach(self, teacher: Teacher, *parts: object) -> None:
        super()._teach(teacher, *parts)
        self.surrogate_ = Undistilled(teacher)


@contextmanager
def replaced(name: str, other: type):
    """GenRe with another class in its parts."""
    with mock.patch.object(genre, name, other):
        yield


# What is fitted: the idea, why, and how GenRe differs.
FITS = {
    "as it is": ("the defaults", {}),
    "the paper's recipe": ("targets h > 0.7 and y = 1, best of ten by h", {"recipe": "paper"}),
    "outcomes weighed equally": (
        "a forest with balanced classes, as the gold world's",
        {"patch": lambda: replaced("Teacher", Weighted)},
    ),
    "one set of the plausible": ("B = 1", {"patch": lambda: teacher(sets=1)}),
    "everybody once": (
        "sets that hold a row with its chance, and never twice",
        {"patch": lambda: replaced("Teacher", Once)},
    ),
    "sets no larger": ("ρ = 1", {"patch": lambda: teacher(growth=1.0)}),
    "no doubt": ("p̂ above one half taken for certain", {"patch": lambda: teacher(doubt=0.01)}),
    "half the doubt": ("σ = 0.1", {"patch": lambda: teacher(doubt=0.1)}),
    "undistilled": (
        "the teacher itself chooses; the model then holds people's rows",
        {"keep": True},
    ),
    "distilled point by point": (
        "the surrogate learns answers, not choices",
        {"patch": lambda: replaced("Surrogate", Pointwise)},
    ),
    "bolder targets": ("γ = 0.5", {"validity_margin": 0.5}),
    "surer targets": ("γ = 0.9", {"validity_margin": 0.9}),
    "weaker cost": ("λ = 2", {"cost_weight": 2.0}),
    "stronger cost": ("λ = 10", {"cost_weight": 10.0}),
    "four heads": ("attention in four heads", {"model": gl.ModelConfig(heads=4)}),
    "backwards": ("features written in the reverse order", {"reverse": True}),
}
# What is chosen from the same fit: only the call differs.
CALLS = {
    "10 candidates": ("as many as the paper draws", {"candidates": 10}),
    "50 candidates": ("half of the draws", {"candidates": 50}),
    "200 candidates": ("twice the draws", {"candidates": 200}),
    "temperature 1": ("draws spread as the model has learned them", {"temperature": 1.0}),
    "the cheapest": ("no estimates in the choice", {"rule": "cheapest"}),
    "the cheapest, h > 0.8": (
        "a margin in place of estimates",
        {"rule": "cheapest", "margin": 0.8},
    ),
    "the likeliest": ("the model's own favourite", {"rule": "likeliest"}),
    "the safest": ("what h likes best", {"rule": "safest"}),
}


class World:
    """One table, one seed: labels, classifier and judge of the training part alone."""

    def __init__(self, table: str, seed: int) -> None:
        bank = gl.load_dataset(table, split="paper")
        aside = np.zeros(len(bank.train), dtype=bool)
        aside[np.random.default_rng(seed).permutation(len(aside))[: len(aside) // 4]] = True
        inner = replace(bank, train=bank.train[~aside], test=bank.train[aside])
        self.seed = seed
        self.judge = gl.gold_world(inner, seed=seed + 1000, progress=False)
        self.bank = self.judge.bank
        self.h = gl.train_classifier(
            self.bank, balanced=bank.balanced, seed=seed + 1000, progress=False
        )
        people = self.bank.X_test[~accepts(self.h, self.bank.X_test)]
        self.people = people.sample(min(PEOPLE, len(people)), random_state=seed)

    def metrics(self, answers: dict[str, gl.Recourses]) -> dict[str, dict]:
        """What the judge says of each."""
        table = gl.evaluate(answers, self.people, judge=self.judge)
        return table[list(PARTS)].to_dict("index")


def fitted(world: World, change: dict) -> gl.GenRe:
    """GenRe with one change, fitted in a world."""
    settings = dict(change)
    patch = settings.pop("patch", lambda: teacher())
    method = GenReWithTeacher if settings.pop("keep", False) else gl.GenRe
    schema = world.bank.schema
    if settings.pop("reverse", False):
        schema = schema.reorder(schema.names[::-1])
    model = method(world.h, schema, seed=world.seed, progress=False, **settings)
    with patch(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(world.bank.X_train[schema.names], world.bank.y_train)


def cells(table: str, seed: int, wanted: list[str]) -> dict[str, dict]:
    """The metrics of the ideas wanted, in one world."""
    torch.set_num_threads(1)
    world, found = World(table, seed), {}
    names = world.bank.schema.names
    for name in wanted:
        start = time.perf_counter()
        if name == "copying, aided":
            copier = AidedNeighbour(world.h, world.bank.schema, seed=seed)
            copier.fit(world.bank.X_train, world.bank.y_train)
            found |= world.metrics({name: copier.recommend(world.people)})
            continue
        model = fitted(world, FITS[name][1])
        seconds = time.perf_counter() - start
        people = world.people[model.schema.names]
        answers = {name: model.recommend(people)}
        if name == "as it is":
            answers |= {call: model.recommend(people, **how) for call, (_, how) in CALLS.items()}
        ordered = {
            key: replace(
                a, factual=a.factual[names], frame=a.frame[names], schema=world.bank.schema
            )
            for key, a in answers.items()
        }
        found |= world.metrics(ordered)
        found[name]["fit_seconds"] = seconds
    return found


def summary(runs: dict[str, dict]) -> dict:
    """By idea: what it is, its Score by table, and what it adds to the defaults, paired by world."""
    ideas = {"copying, aided": "the neighbour with the same estimates"}
    ideas |= {name: why for name, (why, _) in (FITS | CALLS).items()}
    result = {}
    for name, why in ideas.items():
        worlds = [key for key in sorted(runs) if name in runs[key] and "as it is" in runs[key]]
        if not worlds:
            continue
        gains = {key: runs[key][name]["score"] - runs[key]["as it is"]["score"] for key in worlds}
        result[name] = {
            "why": why,
            "score": {
                table: float(
                    np.mean([runs[k][name]["score"] for k in worlds if k.startswith(table)])
                )
                for table in TABLES
                if any(k.startswith(table) for k in worlds)
            },
            "gain": mean_and_interval(list(gains.values())),
            "worlds": len(worlds),
        }
    return result


def main() -> None:
    """Run what is missing, world by world, and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    asked.add_argument("--seeds", type=int, default=2)
    asked.add_argument("--ideas", nargs="+", default=["copying, aided", *FITS])
    asked.add_argument("--jobs", type=int, default=1, help="worlds at a time")
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    maker, runs = made_by("benchmarks.ablation"), {}
    if given.out.exists():
        before = json.loads(given.out.read_text())
        runs = before["cells"] if before["made_by"] == maker else {}
    missing = {}
    for seed in range(given.seeds):
        for table in reversed(given.tables):  # the long ones first
            ideas = [i for i in given.ideas if i not in runs.get(f"{table}/{seed}", {})]
            if ideas:
                missing[f"{table}/{seed}"] = ideas

    def run(key: str) -> tuple[str, dict]:
        table, seed = key.split("/")
        return key, cells(table, int(seed), missing[key])

    work = joblib.Parallel(given.jobs, return_as="generator_unordered")(
        joblib.delayed(run)(key) for key in missing
    )
    for key, found in tqdm(work, total=len(missing), desc="ablation", unit="world"):
        runs = dict(sorted((runs | {key: runs.get(key, {}) | found}).items()))
        record = {
            "command": "python -m benchmarks.ablation",
            "made_by": maker,
            "people": PEOPLE,
            "summary": summary(runs),
            "cells": runs,
        }
        write(record, given.out)
    table = {
        name: row["score"] | {"gain": row["gain"]["mean"]} for name, row in summary(runs).items()
    }
    print(pd.DataFrame(table).T.round(3).to_string())


if __name__ == "__main__":
    main()
