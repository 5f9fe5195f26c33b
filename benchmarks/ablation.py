"""What moves GenRe's Score: one idea changed at a time, judged on people of the training part.

    python -m benchmarks.ablation --jobs 2
    python -m benchmarks.ablation --confirm 1 --jobs 2     # do old cells stand? one of each idea and table again

The test people and their gold world stay out of sight. Of each table's training rows a quarter is set
aside; a world of their own is simulated on the training rows alone, with its labels and its classifier,
as in the paper's protocol one level deeper. The defaults of ``GenRe`` were chosen by this measure. Writes
``results/ablation.json``; a cell that is there already, made by the same code, is kept.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier

import genre_lite as gl
from genre_lite import choice, genre, truth
from genre_lite.baselines import GraftedNeighbour
from genre_lite.decision import accepts
from genre_lite.surrogate import Surrogate, Teacher

from . import statistics
from .record import Record
from .stage import load

RESULTS = Path(__file__).parent.parent / "results" / "ablation.json"
SPOOL = Path(__file__).parent / ".ablation"
COMMAND = "python -m benchmarks.ablation"
TABLES = ("german", "compas:paper", "heloc:paper")
SEEDS = 10
PEOPLE = 200
PARTS = ("score", "cost", "validity", "plausibility", "coverage")
DEFAULT = "as it is"


@contextmanager
def teacher(**settings: object):
    """GenRe with another teacher."""
    with mock.patch.object(truth, "Teacher", partial(Teacher, **settings)):
        yield


class Alone(Teacher):
    """A teacher of the forest with broad leaves alone, asked about its own rows as about any other."""

    def fit(self, design: np.ndarray, labels: np.ndarray, *, seed: int, progress: bool) -> Teacher:
        """Learn as ever, then forget the other forest."""
        super().fit(design, labels, seed=seed, progress=progress)
        self.forests = self.forests[:1]
        self.chance = self.truth(design)
        return self.judge(design, seed=seed)


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


class FromNoise(Surrogate):
    """A surrogate whose units begin at nobody's profile."""

    def start_at(self, tokens: np.ndarray, *, seed: int) -> None:
        """Stay as it was drawn."""


class Undistilled:
    """The teacher itself in the surrogate's place."""

    def __init__(self, teacher: Teacher, codec: gl.Codec) -> None:
        self.teacher, self.codec = teacher, codec

    def answers(self, points: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """The teacher's own answers."""
        return self.teacher.answers(self.codec.design(points))

    def double(self) -> Undistilled:
        """It computes in double precision already."""
        return self

    def state_dict(self, **how: bool) -> dict:
        """No weights; a letter's certificate is of the rest of the model."""
        return {}


class GenReWithTeacher(gl.GenRe):
    """GenRe that keeps its teacher, and with it the training rows."""

    def _teach(self, teacher: Teacher, *parts: object) -> None:
        super()._teach(teacher, *parts)
        self.surrogate_ = Undistilled(teacher, self.codec)


@contextmanager
def replaced(module: object, name: str, other: object):
    """GenRe with another part."""
    with mock.patch.object(module, name, other):
        yield


def near_alone(people: int, look: Callable, first: int, most: int) -> tuple[np.ndarray, ...]:
    """Options among what is looked at first, whoever is sure of one."""
    return look(np.arange(people), min(first, most))[:3]


def trained(**settings: object) -> dict:
    """GenRe trained otherwise."""
    return {"training": gl.TrainingConfig(**settings)}


# What is fitted: the idea, why, and how GenRe differs.
FITS: dict[str, tuple[str, dict]] = {
    DEFAULT: ("the defaults", {}),
    "the paper's recipe": ("targets h > 0.7 and y = 1, best of ten by h", {"recipe": "paper"}),
    "no lessons": ("pairs of accepted people alone: no round", trained(rounds=0)),
    "one round": ("one round of refined answers", trained(rounds=1)),
    "four rounds": ("four rounds of refined answers", trained(rounds=4)),
    "fewer people": ("a third of the people in each round", trained(people=300)),
    "one forest": (
        "p̂ of one forest, in-sample",
        {"patch": lambda: replaced(truth, "Teacher", Alone)},
    ),
    "outcomes weighed equally": (
        "forests with balanced classes, as the gold world's",
        {"patch": lambda: replaced(truth, "Teacher", Weighted)},
    ),
    "one set of the plausible": ("B = 1", {"patch": lambda: teacher(sets=1)}),
    "everybody once": (
        "sets that hold a row with its chance, and never twice",
        {"patch": lambda: replaced(truth, "Teacher", Once)},
    ),
    "less doubt": ("σ = 0.1", {"patch": lambda: teacher(doubt=0.1)}),
    "no doubt": ("p̂ above one half taken for certain", {"patch": lambda: teacher(doubt=0.01)}),
    "undistilled": (
        "the teacher itself chooses; the model then holds people's rows",
        {"keep": True},
    ),
    "distilled point by point": (
        "the surrogate learns answers, not choices",
        {"patch": lambda: replaced(genre, "Surrogate", Pointwise)},
    ),
    "begun from noise": (
        "the surrogate's units begin at no profile",
        {"patch": lambda: replaced(genre, "Surrogate", FromNoise)},
    ),
    "bolder targets": ("γ = 0.5", {"validity_margin": 0.5}),
    "weaker cost": ("λ = 2", {"cost_weight": 2.0}),
    "stronger cost": ("λ = 10", {"cost_weight": 10.0}),
}
# What is chosen from the same fit: the call differs, or what it runs in.
CALLS: dict[str, tuple[str, dict]] = {
    "forward alone": ("no refinement at inference", {"refined": False}),
    "forward, 100 draws": (
        "four times the draws, no refinement",
        {"refined": False, "candidates": 100},
    ),
    "one start": (
        "one candidate a person refined",
        {"patch": lambda: replaced(choice, "STARTS", 1)},
    ),
    "eight starts": (
        "eight candidates a person refined",
        {"patch": lambda: replaced(choice, "STARTS", 8)},
    ),
    "no further": (
        "the eight nearest profiles, though none be surely good",
        {"patch": lambda: replaced(genre, "look_further", near_alone)},
    ),
    "100 candidates": ("four times the draws", {"candidates": 100}),
    "temperature 1": ("draws spread as the model has learned them", {"temperature": 1.0}),
    "the cheapest": ("no estimates in the choice", {"rule": "cheapest"}),
    "the cheapest, h > 0.8": (
        "a margin in place of estimates",
        {"rule": "cheapest", "margin": 0.8},
    ),
}
COPY = "grafted copies"
IDEAS = (COPY, *FITS, *CALLS)


class World:
    """One table, one seed: labels, classifier and judge of the training part alone."""

    def __init__(self, table: str, seed: int) -> None:
        bank = load(table)
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

    def metrics(self, answer: gl.Recourses) -> dict[str, float]:
        """What the judge says of an answer."""
        table = gl.evaluate({"it": answer}, self.people, judge=self.judge)
        return table[list(PARTS)].to_dict("index")["it"]


def fitted(world: World, change: Mapping) -> gl.GenRe:
    """GenRe with one change, fitted in a world."""
    settings = dict(change)
    patch = settings.pop("patch", nullcontext)
    method = GenReWithTeacher if settings.pop("keep", False) else gl.GenRe
    model = method(world.h, world.bank.schema, seed=world.seed, progress=False, **settings)
    with patch(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(world.bank.X_train, world.bank.y_train)


def made(table: str, seed: int, ideas: list[str]) -> Iterator[tuple[str, dict]]:
    """The cells of some ideas in one world, as they come."""
    world, plain = World(table, seed), None
    for idea in ideas:
        start = time.perf_counter()
        if idea == COPY:
            copier = GraftedNeighbour(world.h, world.bank.schema, seed=seed, progress=False)
            answer = copier.fit(world.bank.X_train, world.bank.y_train).recommend(world.people)
        elif idea in FITS:
            model = fitted(world, FITS[idea][1])
            plain = model if idea == DEFAULT else plain
            answer = model.recommend(world.people)
        else:
            plain = plain or fitted(world, {})
            choices = dict(CALLS[idea][1])
            with choices.pop("patch", nullcontext)():
                answer = plain.recommend(world.people, **choices)
        seconds = time.perf_counter() - start
        yield (
            f"ablation/{table}/{idea}/{seed}",
            {"metrics": world.metrics(answer), "seconds": seconds},
        )


def work(table: str, seed: int, ideas: list[str], out: Path) -> int:
    """What a process does: one world, each cell left in the spool as it ends."""
    record = Record(out, COMMAND, spool=SPOOL)
    for key, cell in made(table, seed, ideas):
        record.leave(key, cell)
    return len(ideas)


def summary(cells: Mapping[str, Mapping]) -> dict:
    """By idea: what it is, its Score by table, and what it adds to the defaults, paired by world.

    ``stands`` is Holm's verdict over all ideas and tables together.
    """
    why = {COPY: "all of GenRe but its model"} | {k: v[0] for k, v in (FITS | CALLS).items()}
    values = statistics.by_world(cells, "ablation")
    compared = statistics.compared(values, DEFAULT)
    sign = {"mean": -1}  # compared() tells what the default is ahead by
    return {
        idea: {
            "why": why[idea],
            "score": {
                table: statistics.mean_and_interval(rows[idea].values())
                for table, rows in values.items()
                if idea in rows
            },
            "gain": {
                table: {k: v * sign.get(k, 1) for k, v in rows[idea].items() if k != "worst"}
                for table, rows in compared.items()
                if idea in rows
            },
        }
        for idea in IDEAS
        if any(idea in rows for rows in values.values())
    }


def main() -> None:
    """Make what is missing, world by world, and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    asked.add_argument("--seeds", type=int, default=SEEDS)
    asked.add_argument("--ideas", nargs="+", choices=IDEAS, default=IDEAS)
    asked.add_argument("--jobs", type=int, default=1, help="worlds at a time")
    asked.add_argument("--confirm", type=int, help="make so many old cells of each row again")
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    record = Record(given.out, COMMAND, spool=SPOOL)
    keys = [
        f"ablation/{table}/{idea}/{seed}"
        for seed in range(given.seeds)
        for table in given.tables
        for idea in given.ideas
    ]
    # Named by its module, which a process can import; this file runs as __main__.
    todo = import_module("benchmarks.ablation").work

    def task(cells: list[str]) -> object:
        (world,) = by_world(cells)
        return joblib.delayed(todo)(*world, [key.split("/")[2] for key in cells], given.out)

    if given.confirm is not None:
        record.sample(
            keys,
            given.confirm,
            task,
            given.jobs,
            summary,
            stages=lambda cells: list(by_world(cells).values()),
            people=PEOPLE,
        )
        return
    worlds = by_world(record.missing(keys))
    tasks = (task(cells) for cells in worlds.values())
    record.fill(tasks, sum(map(len, worlds.values())), given.jobs, summary, people=PEOPLE)
    for idea, row in record_table(record.cells):
        print(idea, row)


def by_world(keys: Iterable[str]) -> dict[tuple[str, int], list[str]]:
    """Cells by table and seed, for what belongs to a world is made once."""
    worlds: dict[tuple[str, int], list[str]] = {}
    for key in keys:
        _, table, _, seed = key.split("/")
        worlds.setdefault((table, int(seed)), []).append(key)
    return worlds


def record_table(cells: Mapping[str, Mapping]) -> Iterator[tuple[str, dict]]:
    """Each idea's gain by table, as text."""
    for idea, row in summary(cells).items():
        yield (
            idea,
            {t: f"{g['mean']:+.3f} ± {g['half_width']:.3f}" for t, g in row["gain"].items()},
        )


if __name__ == "__main__":
    main()
