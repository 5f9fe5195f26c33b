"""A stage: one table, one seed, one truth, one bank, and the people who ask; all methods play on it.

What several rows need is made once: a fitted method, the estimates that aid the others, the judges.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

import genre_lite as gl
from genre_lite import baselines
from genre_lite.codec import Codec
from genre_lite.datasets import Dataset
from genre_lite.decision import acceptance, accepts
from genre_lite.estimator import RecourseMethod
from genre_lite.evaluation.density import KernelDensity
from genre_lite.evaluation.metrics import evaluate
from genre_lite.evaluation.robustness import retrained

from .judges import OtherFamily, judged, quantile_cost
from .rivals import Aided, Copying, Density, Nothing, Writing

__all__ = ["AIDED", "BANKS", "METHODS", "Stage"]

PEOPLE = 100  # worlds differ more than people do, so more of those are asked, and fewer of these
COSTLY = 10.0  # a cost weight of Wachter's that is felt; the experiments' 0.01 hardly is
OFFERS = 8  # candidates a person of a search that is aided; each is a search of its own
NEAR_OPTIMAL = 10
JUDGED = 10  # seeds whose answers go to the other judges too, each of which is a world to simulate


def linear(bank: Dataset, seed: int) -> object:
    """Logistic regression on the inputs of the paper's classifier."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    codec = Codec(bank.schema).fit(bank.X_train)
    design = FunctionTransformer(lambda frame: codec.design(codec.cube(frame)))
    return make_pipeline(design, LogisticRegression(max_iter=1000)).fit(bank.X_train, bank.y_train)


def boosted(bank: Dataset, seed: int) -> object:
    """Gradient boosting, calibrated by its own loss; it has no gradient to search along."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    codec = Codec(bank.schema).fit(bank.X_train)
    cube = FunctionTransformer(lambda frame: codec.cube(frame))
    trees = HistGradientBoostingClassifier(random_state=seed)
    return make_pipeline(cube, trees).fit(bank.X_train, bank.y_train)


BANKS: dict[str, Callable[[Dataset, int], object]] = {
    "paper": lambda bank, seed: gl.train_classifier(
        bank, balanced=bank.balanced, seed=seed, progress=False
    ),
    "unweighted": lambda bank, seed: gl.train_classifier(
        bank, balanced=False, seed=seed, progress=False
    ),
    "linear": linear,
    "boosted": boosted,
}
"""Which bank decides. The paper's weighs both outcomes the same, except on HELOC."""


class Stage:
    """A table and a seed with their truth, bank and people.

    Parameters
    ----------
    table
        ``"compas:paper"`` is the paper's split of COMPAS, ``"compas"`` the table that comes along;
        ``"compas~1"`` another split of that, as large.
    seed
        Of the truth, the labels drawn from it, the bank's classifier, the people and every method.
    weighted
        Whether the truth's calibration is weighted as in the official script.
    bank
        A name out of :data:`BANKS`.
    share
        The share of the training rows that the methods see; the bank has seen all.
    """

    def __init__(
        self,
        table: str,
        seed: int,
        *,
        weighted: bool = False,
        bank: str = "paper",
        share: float = 1.0,
        people: int = PEOPLE,
    ) -> None:
        self.table, self.seed, self.share = table, seed, share
        self.recorded = load(table)
        self._weighted, self._people = weighted, people
        self.gold = gl.gold_world(self.recorded, seed=seed, weighted=weighted, progress=False)
        self.bank = self.gold.bank
        self._of_world: dict[str, object] = {}  # its judges, for all banks of this world
        self.half: np.ndarray | None = None  # which rows alone the methods see
        self._meet(bank)

    def _meet(self, bank: str) -> None:
        """Let another bank decide, and so other people ask."""
        start = time.perf_counter()
        self.h = BANKS[bank](self.bank, self.seed)
        self.classifier_seconds = time.perf_counter() - start
        yes = accepts(self.h, self.bank.X_test)
        self.accuracy = float((yes == self.bank.y_test).mean())
        denied = self.bank.X_test[~yes]
        self.denied = denied.sample(min(self._people, len(denied)), random_state=self.seed)
        self._begin()

    def _begin(self) -> None:
        self._fitted: dict[str, RecourseMethod] = {}
        self.fit_seconds: dict[str, float] = {}
        vars(self).pop("density", None)

    def beside(
        self,
        *,
        bank: str | None = None,
        share: float | None = None,
        half: np.ndarray | None = None,
        seed: int | None = None,
    ) -> Stage:
        """The same world with another bank, or with other rows or another seed to learn from."""
        other = copy(self)
        other._begin()
        if bank is not None:
            other._meet(bank)
        if share is not None:
            other.share = share
        if half is not None:
            other.half = half
        if seed is not None:
            other.seed = seed
        return other

    @property
    def rows(self) -> tuple[pd.DataFrame, pd.Series]:
        """What the methods learn from."""
        X, y = self.bank.X_train, self.bank.y_train
        if self.half is not None:
            return X.iloc[self.half], y.iloc[self.half]
        if self.share == 1:
            return X, y
        # Nested: a larger share holds the smaller one.
        some = np.random.default_rng(self.seed).permutation(len(X))[: round(self.share * len(X))]
        return X.iloc[np.sort(some)], y.iloc[np.sort(some)]

    # -- methods ----------------------------------------------------------------------------------

    def fitted(
        self, name: str, make: Callable[[Stage], RecourseMethod] | None = None
    ) -> RecourseMethod:
        """A method by its name, fitted once."""
        if name not in self._fitted:
            method = (make or METHODS[name])(self)
            start = time.perf_counter()
            self._fitted[name] = method.fit(*self.rows)
            self.fit_seconds[name] = time.perf_counter() - start
        return self._fitted[name]

    @property
    def aids(self) -> baselines.GraftedNeighbour:
        """Whose estimates aid the others."""
        return self.fitted("grafted")

    def options(self, **settings: object) -> dict:
        """What every method is made with."""
        return {"seed": self.seed, "progress": False} | settings

    # -- judges -----------------------------------------------------------------------------------

    @property
    def judges(self) -> dict[str, object]:
        """The judges beside the world itself, by name."""
        if not self._of_world:
            again = {"seed": self.seed, "progress": False}
            made, weighted = gl.gold_world, self._weighted
            self._of_world |= {
                "held_out": made(self.recorded, held_out=True, weighted=weighted, **again),
                "other_calibration": made(self.recorded, weighted=not weighted, **again),
                "other_family": OtherFamily(self.bank, seed=self.seed),
            }
        return self._of_world

    @cached_property
    def density(self) -> KernelDensity:
        """Of test people whom the truth accepts, without those who ask."""
        others = self.bank.X_test.drop(self.denied.index)
        accepted = others[acceptance(self.gold, others) > 0.5]
        return KernelDensity(Codec(self.bank.schema).fit(self.bank.X_train)).fit(accepted)

    @cached_property
    def near_optimal(self) -> list[object]:
        """Ten classifiers that the bank might as well have had."""
        seeds = [self.seed + 1000 + i for i in range(NEAR_OPTIMAL)]
        return retrained(self.bank, seeds, balanced=self.bank.balanced, progress=False)

    def measured(self, answer: gl.Recourses, *, judges: bool = True) -> dict:
        """Everything that is measured of one option a person."""
        found = evaluate(
            {"it": answer},
            self.denied,
            judge=self.gold,
            h=self.h,
            train=self.bank.X_train,
            density=self.density,
            seed=self.seed,
        ).to_dict("index")["it"]
        codec = Codec(self.bank.schema).fit(self.bank.X_train)
        metrics = found | {"cost_quantiles": quantile_cost(codec, self.bank.X_train, answer)}
        first = answer.frame.xs(0, level="option")
        d = len(self.bank.schema)
        if judges and self.seed < JUDGED:
            metrics |= {
                f"{part}_{name}": value
                for name, judge in self.judges.items()
                for part, value in judged(judge, first, found["cost"], d).items()
            }
        return metrics


def load(table: str) -> Dataset:
    """A table by its name, its split and its shuffle."""
    name, _, other = table.partition("~")
    name, _, split = name.partition(":")
    bank = gl.load_dataset(name, split=split or "default")
    if not other:
        return bank
    whole = pd.concat([bank.train, bank.test], ignore_index=True)
    order = np.random.default_rng(int(other)).permutation(len(whole))
    cut = len(bank.train)
    train, test = (whole.iloc[part].reset_index(drop=True) for part in (order[:cut], order[cut:]))
    test.index += cut  # no label twice
    return replace(bank, train=train, test=test)


def _make(kind: type[RecourseMethod], **settings: object) -> Callable[[Stage], RecourseMethod]:
    def make(stage: Stage) -> RecourseMethod:
        return kind(stage.h, stage.bank.schema, **stage.options(**settings))

    return make


def _aided(name: str) -> Callable[[Stage], RecourseMethod]:
    def make(stage: Stage) -> RecourseMethod:
        return Aided(stage.fitted(name), stage.aids, number=24 if name == "neighbour" else OFFERS)

    return make


def _writing(stage: Stage) -> RecourseMethod:
    def others(denied: pd.DataFrame) -> list[pd.DataFrame]:
        found = []
        for name in ("genre", "grafted", "growing-spheres"):
            frame = stage.fitted(name).recommend(denied, n=4).frame.dropna(how="all")
            row = denied.index.get_indexer(frame.index.get_level_values(0))
            options = frame.index.get_level_values(1)
            found.append(frame.set_axis(pd.MultiIndex.from_arrays([row, options])))
        return found

    return Writing(stage.h, stage.bank.schema, stage.gold, others, **stage.options())


SEARCHES = ("wachter", "roar", "probe", "dice", "growing-spheres", "cchvae", "revise", "cruds")
AIDED = ("neighbour", *SEARCHES)

METHODS: dict[str, Callable[[Stage], RecourseMethod]] = {
    "nothing": _make(Nothing),
    "genre": _make(gl.GenRe),
    "genre-paper": _make(gl.GenRe, recipe="paper"),
    "genre-consistent": _make(gl.GenRe, recipe="consistent"),
    "neighbour": _make(baselines.NearestNeighbour, validity_margin=0.5),
    "grafted": _make(baselines.GraftedNeighbour),
    "wachter": _make(baselines.Wachter),
    "wachter-costly": _make(baselines.Wachter, cost_weight=COSTLY),
    "roar": _make(baselines.ROAR),
    "probe": _make(baselines.PROBE),
    "dice": _make(baselines.DiCE),
    "growing-spheres": _make(baselines.GrowingSpheres),
    "cchvae": _make(baselines.CCHVAE),
    "revise": _make(baselines.REVISE),
    "cruds": _make(baselines.CRUDS),
    "density": lambda stage: Density(stage.h, stage.bank.schema, stage.aids, **stage.options()),
    "oracle-copies": lambda stage: Copying(
        stage.h, stage.bank.schema, stage.gold, **stage.options()
    ),
    "oracle-writes": _writing,
} | {f"{name}-aided": _aided(name) for name in AIDED}
"""Who plays, by the name of the row; ``genre-forward`` is ``genre`` without refinement."""
