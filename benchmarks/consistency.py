"""Does Q tend to the ideal recourse distribution R*, and how fast? Measured where R* is known.

    python -m benchmarks.consistency

On each toy the plane is cut into cells, which are the vocabulary, so R* is known exactly. Points with
y = 1 in valid cells are the targets; Q is made of the first n of them, and its total variation to R* is
taken for some denied sources, again and again with fresh targets. Three ways to make Q: from all
targets, from the 50 nearest, from the nearest tenth. Writes ``results/consistency.json``.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import genre_lite as gl
from genre_lite.evaluation.ledger import mean_and_interval
from genre_lite.objectives import (
    cost,
    deviation_bound,
    deviation_constant,
    ideal_recourse,
    total_variation,
)

from .provenance import made_by, write

RESULTS = Path(__file__).parent.parent / "results" / "consistency.json"
TOYS = ("moons", "circles", "corr")
SIDE = 16  # cells along each axis
FINE = 32  # midpoints along each axis of a cell, to integrate the density over it
COST_WEIGHT = 5.0
SOURCES = 12
COST_WEIGHTS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)
SIZES = [50 * 2**i for i in range(9)]
# From here on cells are no longer nearly empty, and the rate of the proposition shows.
ASYMPTOTIC = 400
KEEP = {"all": lambda n: n, "nearest 50": lambda n: 50, "nearest tenth": lambda n: n // 10}


@dataclass(frozen=True)
class Plane:
    """A toy cut into cells, some denied sources in it, and the truth about them.

    ``density`` is p(v), (cells,); ``costs`` C(x, v) and ``ideal`` R*(v | x), (sources, cells); ``order``
    lists each source's cells from near to far.
    """

    toy: object
    cost_weight: float
    valid: np.ndarray
    density: np.ndarray
    costs: np.ndarray
    ideal: np.ndarray
    order: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """w(v) = exp(−λ C(x, v)), (sources, cells)."""
        return np.exp(-self.cost_weight * self.costs)


def plane(name: str, cost_weight: float = COST_WEIGHT) -> Plane:
    """Cut a toy into cells; a cell is valid if P(y = 1) > 1/2 at its midpoint."""
    toy = gl.load_dataset(name)
    cells, _ = toy.grid(SIDE)
    valid = toy.probability(cells) > 0.5
    points, area = toy.grid(SIDE * FINE)
    mass = (toy.density(points) * area).reshape(SIDE, FINE, SIDE, FINE).sum(axis=(1, 3)).ravel()
    density = mass * valid / (mass * valid).sum()
    people = toy.X_test.to_numpy()
    denied = np.unique(cells_of(toy, people[toy.probability(people) < 0.5]))
    denied = np.random.default_rng(0).permutation(denied[~valid[denied]])[:SOURCES]
    low, high = np.transpose(toy.world.box)
    unit = (cells - low) / (high - low)
    costs = cost(unit[denied, None], unit)
    ideal = ideal_recourse(density, valid, costs, cost_weight)
    order = np.argsort(costs, axis=1, kind="stable")
    return Plane(toy, cost_weight, valid, density, costs, ideal, order)


def cells_of(toy: object, points: np.ndarray) -> np.ndarray:
    """The number of the cell that holds each point; the border cells reach on outwards."""
    low, high = np.transpose(toy.world.box)
    step = np.clip(np.floor((points - low) / (high - low) * SIDE).astype(int), 0, SIDE - 1)
    return step[:, 0] * SIDE + step[:, 1]


def draw_targets(world: Plane, n: int, rng: np.random.Generator) -> np.ndarray:
    """The cells of n points with y = 1 that are valid: i.i.d. draws of p."""
    found = np.empty(0, dtype=int)
    while len(found) < n:
        points, label = world.toy.world.draw(rng, 2 * n)
        cells = cells_of(world.toy, points)
        found = np.concatenate([found, cells[(label == 1) & world.valid[cells]]])
    return found[:n]


def estimate(world: Plane, counts: np.ndarray, keep: float) -> np.ndarray:
    """Q on the cells, (sources, cells), from the nearest ``keep`` of the targets that each cell holds.

    ``counts`` are (cells,): numbers of targets, or shares of all.
    """
    near = counts[world.order]
    kept = np.clip(keep - (near.cumsum(axis=1) - near), 0, near)
    used = np.empty_like(kept)
    np.put_along_axis(used, world.order, kept, axis=1)
    mass = used * world.weights
    return mass / mass.sum(axis=1, keepdims=True)


def distances(world: Plane, repetitions: int, seed: int = 0) -> dict[str, np.ndarray]:
    """TV(Q_n, R*) for each way to keep targets: (repetitions, sizes, sources)."""
    rng = np.random.default_rng(seed)
    found = {name: np.empty((repetitions, len(SIZES), len(world.ideal))) for name in KEEP}
    for repetition in range(repetitions):
        targets = draw_targets(world, SIZES[-1], rng)
        for i, n in enumerate(SIZES):
            counts = np.bincount(targets[:n], minlength=SIDE**2)
            for name, keep in KEEP.items():
                q = estimate(world, counts, keep(n))
                found[name][repetition, i] = total_variation(q, world.ideal)
    return found


def slope(tv: np.ndarray) -> dict[str, float]:
    """The slope of log TV over log n, one fit a repetition; the intervals of all toys hold at once.

    ``tv`` has shape (repetitions, sizes), means over sources; sizes below 400 are left out.
    """
    large = np.array(SIZES) >= ASYMPTOTIC
    fits = np.polyfit(np.log(SIZES)[large], np.log(tv[:, large]).T, 1)[0]
    return mean_and_interval(fits, together=len(TOYS))


def truncation(world: Plane, share: float) -> np.ndarray:
    """TV to R* of the limit of Q from the nearest ``share`` of the targets, (sources,)."""
    return total_variation(estimate(world, world.density, share), world.ideal)


def price(world: Plane) -> np.ndarray:
    """κ, how many targets one effective target costs, (sources,).

    Equation: :eq:`consistency-kappa`.
    """
    z = (world.density * world.weights).sum(axis=1)
    return (world.density * world.weights**2).sum(axis=1) / z**2


def kish(world: Plane) -> np.ndarray:
    """√n times the TV of ESS equal draws of R*: what the effective sample size alone predicts."""
    equal = np.sqrt(world.ideal * (1 - world.ideal)).sum(axis=1) / np.sqrt(2 * np.pi)
    return np.sqrt(price(world)) * equal


def at_cost_weight(name: str, cost_weight: float, repetitions: int, n: int = 3200) -> dict:
    """Where it is hard: measured and predicted distance at one λ, from n targets, all of them."""
    world, rng = plane(name, cost_weight), np.random.default_rng(1)
    found = []
    for _ in range(repetitions):
        counts = np.bincount(draw_targets(world, n, rng), minlength=SIDE**2)
        found.append(total_variation(estimate(world, counts, n), world.ideal).mean())
    sharp = deviation_constant(world.density, world.weights)
    return {
        "cost_weight": cost_weight,
        "n": n,
        "ess": float((n / price(world)).mean()),
        "measured": mean_and_interval(found),
        "predicted": float((sharp / np.sqrt(n)).mean()),
        "predicted_from_ess": float((kish(world) / np.sqrt(n)).mean()),
    }


def experiment(name: str, repetitions: int) -> dict:
    """One toy: the curves, their slopes, and what the proposition predicts."""
    start = time.perf_counter()
    world = plane(name)
    found = distances(world, repetitions)
    root = np.sqrt(SIZES)
    sharp = deviation_constant(world.density, world.weights)
    rough = kish(world)
    curves = {way: tv.mean(axis=2) for way, tv in found.items()}
    return {
        "sources": len(world.ideal),
        "cells": int((world.density > 0).sum()),
        "measured": {
            way: [mean_and_interval(tv[:, i]) for i in range(len(SIZES))]
            for way, tv in curves.items()
        },
        "slope": {way: slope(tv) for way, tv in curves.items()},
        "predicted": (sharp.mean() / root).tolist(),
        "predicted_from_ess": (rough.mean() / root).tolist(),
        "bound": (deviation_bound(world.density, world.weights).mean() / root).tolist(),
        "truncation": {
            way: [float(truncation(world, keep(n) / n).mean()) for n in SIZES]
            for way, keep in KEEP.items()
        },
        "by_cost_weight": [at_cost_weight(name, w, repetitions // 10) for w in COST_WEIGHTS],
        "seconds": time.perf_counter() - start,
    }


def within(span: dict[str, float], value: float) -> bool:
    """Whether an interval contains a value."""
    return abs(span["mean"] - value) <= span["half_width"]


def verdict(toys: dict[str, dict]) -> dict[str, bool]:
    """What the proposition says, and whether it was seen on every toy."""
    large = [i for i, n in enumerate(SIZES) if n >= ASYMPTOTIC]

    def ratio(toy: dict, kind: str) -> np.ndarray:
        measured = np.array([m["mean"] for m in toy["measured"]["all"]])
        return (measured / np.array(toy[kind]))[large]

    return {
        "all targets: the slope's interval contains -1/2": all(
            within(toy["slope"]["all"], -0.5) for toy in toys.values()
        ),
        "50 nearest: no decline": all(
            toy["slope"]["nearest 50"]["mean"] > -0.05
            and not within(toy["slope"]["nearest 50"], -0.5)
            for toy in toys.values()
        ),
        "at the largest n, what is left is the truncation's within 5 %": all(
            abs(toy["measured"][way][-1]["mean"] / toy["truncation"][way][-1] - 1) < 0.05
            for toy in toys.values()
            for way in ("nearest 50", "nearest tenth")
        ),
        "the constant predicts the distance within 5 %": all(
            np.abs(ratio(toy, "predicted") - 1).max() < 0.05 for toy in toys.values()
        ),
        "the constant predicts the distance at every λ within 10 %": all(
            abs(at["measured"]["mean"] / at["predicted"] - 1) < 0.1
            for toy in toys.values()
            for at in toy["by_cost_weight"]
        ),
        "the effective sample size alone predicts it within 25 %": all(
            np.abs(ratio(toy, "predicted_from_ess") - 1).max() < 0.25 for toy in toys.values()
        ),
        "the bound is never broken": all(
            m["mean"] <= b
            for toy in toys.values()
            for m, b in zip(toy["measured"]["all"], toy["bound"], strict=True)
        ),
    }


def main() -> None:
    """Run all toys and write the file."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--repetitions", type=int, default=2000)
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    toys = {name: experiment(name, given.repetitions) for name in TOYS}
    record = {
        "command": "python -m benchmarks.consistency",
        "made_by": made_by("benchmarks.consistency"),
        "seed": 0,
        "repetitions": given.repetitions,
        "sizes": SIZES,
        "cost_weight": COST_WEIGHT,
        "holds": verdict(toys),
        "toys": toys,
    }
    write(record, given.out)
    for said, holds in record["holds"].items():
        print(f"{'yes' if holds else 'NO '}  {said}")


if __name__ == "__main__":
    main()
