"""What the field asks of a row on a stage: one option, ten under terms, both halves of the table.

A question takes a :class:`~benchmarks.stage.Stage` and the name of a row, and returns a cell. A row is the
name of a method; after it ``@0.7`` stands for a margin, ``-forward`` for nothing refined, ``-cheapest`` for
the cheapest yes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import pandas as pd

import genre_lite as gl
from genre_lite.evaluation.metrics import coverage, diversity
from genre_lite.proposals import differences

from .least_cost import LeastCost
from .peers import PEERS
from .stage import METHODS, Stage, _make

__all__ = [
    "LEAST",
    "answered",
    "method_of",
    "one_option",
    "one_option_briefly",
    "same_advice",
    "ten_options",
    "under_others",
]

LEAST = ("treecf", "treecf-plausible")
OPTIONS = 10


def method_of(row: str) -> str:
    """The name of the method that a row asks, without its margin and its variant."""
    return row.partition("@")[0].removesuffix("-forward").removesuffix("-cheapest")


def answered(stage: Stage, row: str, n: int = 1, **terms: object) -> gl.Recourses:
    """What a row answers the people who ask."""
    name, _, margin = row.partition("@")
    if name.startswith("genre"):
        choices = {"refined": False} if name.endswith("-forward") else {}
        if name.endswith("-cheapest"):
            choices["rule"] = "cheapest"
        if margin:
            choices["margin"] = float(margin)
        return stage.fitted(method_of(row)).recommend(stage.denied, n=n, **terms, **choices)
    if name in PEERS:
        peer = stage.fitted(name, lambda stage: PEERS[name](stage.h, stage.bank, stage.seed))
        return peer.recommend(stage.denied, n=n)
    if name in LEAST:
        settings = {"margin": float(margin or 0), "plausible": name != "treecf"}
        return stage.fitted(row, _make(LeastCost, **settings)).recommend(stage.denied, n=n, **terms)
    if not margin:
        return stage.fitted(name).recommend(stage.denied, n=n, **terms)
    if name == "grafted":
        method = stage.fitted(name)
        method.margin = float(margin)
        try:
            return method.recommend(stage.denied, n=n, **terms)
        finally:
            method.margin = 0.0
    kind = type(METHODS[name](stage))
    made = _make(kind, validity_margin=float(margin))
    return stage.fitted(row, made).recommend(stage.denied, n=n, **terms)


def one_option(stage: Stage, row: str) -> dict:
    """One option a person, by every judge."""
    answer = answered(stage, row)
    fitted = method_of(row)
    proven = getattr(stage.fitted(row), "proven", None) if fitted in LEAST else None
    return {
        "metrics": stage.measured(answer) | ({} if proven is None else {"proven": proven}),
        "fit_seconds": stage.fit_seconds.get(row, stage.fit_seconds.get(fitted)),
        "recommend_seconds": answer.seconds / len(stage.denied),
        "classifier_seconds": stage.classifier_seconds,
        "classifier_accuracy": stage.accuracy,
    }


def one_option_briefly(stage: Stage, row: str) -> dict:
    """One option a person, by the world alone."""
    return {"metrics": stage.measured(answered(stage, row), judges=False)}


def under_others(stage: Stage, row: str) -> dict:
    """Which share of the options all of ten near-optimal classifiers accept, and on average."""
    first = answered(stage, row).frame.xs(0, level="option")
    found = coverage(first)
    yes = np.zeros((len(stage.near_optimal), len(first)), dtype=bool)
    if found.any():
        for i, other in enumerate(stage.near_optimal):
            yes[i, found] = gl.decision.accepts(other, first[found])
    return {"metrics": {"under_all": yes.all(axis=0).mean(), "under_each": yes.mean()}}


def ten_options(stage: Stage, row: str) -> dict:
    """Ten options a person under terms that were unknown at the fit."""
    schema, people = stage.bank.schema, stage.denied
    free = [f.name for f in schema if f.actionability not in ("immutable", "clock")]
    asked = {
        "none": {},
        "freeze": {"freeze": [free[0]]},
        "bounds": {"bounds": halved(stage, free)},
        "two changes": {"max_changes": 2},
    }
    codec = gl.Codec(schema).fit(stage.bank.X_train)
    found = {}
    for name, terms in asked.items():
        start = time.perf_counter()
        answer = answered(stage, row, n=OPTIONS, **terms)
        seconds = time.perf_counter() - start
        options = answer.options
        after = options.reset_index(drop=True)
        before = people.loc[options.index.get_level_values(0)].reset_index(drop=True)
        count = answer.frame.notna().any(axis=1).groupby(level=0).sum()
        kept = True
        if len(options):
            moved = pd.DataFrame(differences(before[after.columns], after), columns=after.columns)
            kept = {
                "none": True,
                "freeze": ~moved[free[0]],
                "bounds": within(after, moved, terms.get("bounds", {})),
                "two changes": moved[free].sum(axis=1) <= 2,
            }[name]
        found[name] = {
            "coverage": (count > 0).mean(),
            "options": count.mean(),
            "validity": (gl.decision.acceptance(stage.gold, after) > 0.5).mean()
            if len(after)
            else 0,
            "plausibility": stage.gold.is_plausible(after).mean() if len(after) else 0,
            "cost": answer.cost.mean(),
            "changed": moved[free].sum(axis=1).mean() if len(options) else np.nan,
            "diversity": np.nanmean(diversity(answer.frame, codec))
            if (count > 1).any()
            else np.nan,
            "kept": float(np.mean(kept)),
            "seconds": seconds / len(people),
        }
    return {"metrics": {f"{k}, {name}": v for name, m in found.items() for k, v in m.items()}}


def halved(stage: Stage, free: list[str]) -> dict[str, tuple]:
    """For the first number that may change, the middle half of the training rows."""
    for name in free:
        if not stage.bank.schema[name].is_categorical:
            low, high = stage.bank.X_train[name].quantile([0.25, 0.75])
            return {name: (float(low), float(high))}
    return {}


def within(after: pd.DataFrame, moved: pd.DataFrame, bounds: Mapping[str, tuple]) -> pd.Series:
    """Whether every value that was changed lies within its bounds."""
    fine = pd.Series(True, after.index)
    for name, (low, high) in bounds.items():
        fine &= ~moved[name] | after[name].between(low, high)
    return fine


def same_advice(stage: Stage, row: str) -> dict:
    """The same person, answered by each half of the training rows, with two seeds."""
    X = stage.bank.X_train
    order = np.random.default_rng(stage.seed).permutation(len(X))
    frames = []
    for i, half in enumerate(np.array_split(order, 2)):
        part = stage.beside(half=np.sort(half), seed=stage.seed + 5000 * i)
        frames.append(answered(part, row).frame.xs(0, level="option"))
    a, b = frames
    both = coverage(a) & coverage(b)
    if not both.any():
        return {"metrics": {"both": 0.0}}
    people = stage.denied[both]
    moved = [differences(people[f.columns], f[both]) for f in frames]
    codec = gl.Codec(stage.bank.schema).fit(X)
    apart = gl.objectives.cost(codec.cube(a[both]), codec.cube(b[both]), codec.nominal, codec.price)
    either = (moved[0] | moved[1]).sum(axis=1)
    return {
        "metrics": {
            "both": both.mean(),
            "same_answer": (~differences(a[both], b[both]).any(axis=1)).mean(),
            "same_changes": (moved[0] == moved[1]).all(axis=1).mean(),
            "shared_changes": ((moved[0] & moved[1]).sum(axis=1) / np.maximum(either, 1)).mean(),
            "apart": apart.mean(),
        }
    }
