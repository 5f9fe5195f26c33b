"""Rivals and yardsticks that are no method of the package.

* :class:`Nothing` sends back the form: the floor of every comparison.
* :class:`Copying` and :class:`Writing` see the judge: what copying, and what a search, can reach.
* :class:`Aided` gives any method what GenRe has: the estimates, the refinement and the choice.
* :class:`Density` draws from a density of accepted people that was learnt on its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from genre_lite.baselines import GraftedNeighbour, NearestNeighbour
from genre_lite.candidates import Asked, Comparison, decoded
from genre_lite.choice import options_of
from genre_lite.decision import SupportsProba
from genre_lite.estimator import RecourseMethod, positions
from genre_lite.limits import Limits
from genre_lite.model import ModelConfig, RecourseTransformer
from genre_lite.objectives import cost
from genre_lite.sampling import draw
from genre_lite.schema import Schema
from genre_lite.supervision import ListedPairs
from genre_lite.teaching import nearest
from genre_lite.threefry import keys, uniforms
from genre_lite.training import TrainingConfig, fit
from genre_lite.worlds import GoldWorld

__all__ = ["Aided", "Copying", "Density", "Nothing", "Writing"]


class Chooser(RecourseMethod):
    """Candidates of its own, chosen as GenRe chooses: by V̂ + P̂ − C / d, refined."""

    refined = True
    margin = 0.0

    def get_params(self, deep: bool = False) -> dict:
        """What an answer's origin tells of a rival; not the judge or the aids."""
        return {"seed": self.seed, "refined": self.refined, "margin": self.margin}

    def candidates(self, denied: pd.DataFrame, limits: Limits, n: int) -> np.ndarray:
        """Points that keep every term, (people, k, d); the person's own where there are fewer."""
        raise NotImplementedError

    def believed(self, points: np.ndarray) -> np.ndarray:
        """What stands for V̂ and P̂ of points, (m, 2)."""
        raise NotImplementedError

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        """Nothing is learnt."""

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        points = self.candidates(denied, limits, n)
        comparison = Comparison(
            "balanced", Asked(self.decision_, limits, denied), self.believed, self.margin
        )
        best, row, number = options_of(points, limits, comparison, n, refined=self.refined)
        frame = decoded(best, row, limits, denied).set_axis(positions(row, number))
        return frame, np.full(len(row), np.nan), comparison.asked(best, row)[0]


class Nothing(RecourseMethod):
    """The person's own form, at no cost; the bank denies it, and it is judged all the same."""

    name = "do nothing"
    checked = False

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        """Nothing is learnt."""

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        return denied.set_axis(positions(range(len(denied)), 0)), np.full(len(denied), np.nan)


class Oracle(Chooser):
    """It sees the judge, and so the truth itself stands in the place of estimates."""

    def __init__(
        self, h: SupportsProba, schema: Schema, gold: GoldWorld, **options: object
    ) -> None:
        super().__init__(h, schema, **options)
        self.gold = gold

    def believed(self, points: np.ndarray) -> np.ndarray:
        """1 or 0: valid, and plausible."""
        if not len(points):
            return np.empty((0, 2))
        each, where = np.unique(points, axis=0, return_inverse=True)
        codec, gold = self.gold._codec, self.gold
        valid = gold._forest.predict_proba(each)[:, 1] > 0.5
        plausible = gold._outliers.is_plausible(codec.design(each))
        return np.stack([valid, plausible], axis=1).astype(float)[where.ravel()]

    def worth(self, points: np.ndarray, row: np.ndarray, limits: Limits) -> np.ndarray:
        """V + P − C / d by the judge, (m,)."""
        price = cost(limits.cube[row], points, self.codec.nominal, limits.price[row])
        return self.believed(points).sum(axis=1) - price / points.shape[1]


class Copying(Oracle):
    """The best copy of a training row that the bank accepts, as far as the terms let it be copied.

    Its candidates are those of the nearest neighbour, whatever their label, to the digit: what copying
    can reach.
    """

    name = "oracle that copies"
    tried = 200  # of the cheapest copies of each person

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        copies = NearestNeighbour(self.decision_, self.schema, validity_margin=0.0, progress=False)
        self._copies = copies.fit(X)

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        frame, unknown = self._copies._options(denied, limits, max(self.tried, n))
        row = _whose(frame)
        worth = self.worth(self.codec.cube(frame), row, limits)
        order = np.lexsort((-worth, row))
        place = np.arange(len(row)) - np.searchsorted(row[order], row[order])
        best, place = order[place < n], place[place < n]
        return frame.iloc[best].set_axis(positions(row[best], place)), unknown[best]


class Writing(Oracle):
    """The best answer that a search in the vocabulary within the terms finds, with the judge in sight.

    It starts from the grafts of the cheapest good training rows, from the best copies and from the
    candidates of other methods, and refines them. Where the best copy, to the digit, is worth more than
    all that was found, it is the answer. A search that is not exhaustive is no upper bound.
    """

    name = "oracle that writes"
    starts = 240

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        gold: GoldWorld,
        others: Callable[[pd.DataFrame], list[pd.DataFrame]] | None = None,
        **options: object,
    ) -> None:
        super().__init__(h, schema, gold, **options)
        self.others = others

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        self._copies = Copying(self.decision_, self.schema, self.gold, progress=False).fit(X)
        rows = np.unique(self.codec.values_of(self.codec.tokens(self.codec.cube(X))), axis=0)
        self._good = rows[self.believed(rows).sum(axis=1) == 2]

    def candidates(self, denied: pd.DataFrame, limits: Limits, n: int) -> np.ndarray:
        """Grafts of good rows, and what others answered."""
        points = [nearest(limits, self._good, n=min(self.starts, len(self._good)))]
        copies, _ = self._copies._options(denied, limits, 4)
        for frame in (copies, *(self.others(denied) if self.others else ())):
            points.append(as_points(frame, limits))
        return np.concatenate(points, axis=1)

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        frame, *_ = super()._options(denied, limits, n)
        copies, _ = self._copies._options(denied, limits, 1)
        written, copied = (self.firsts(found, limits) for found in (frame, copies))
        better = copied > written
        stays = ~better[_whose(frame)] | (frame.index.get_level_values(1) > 0)
        both = pd.concat([frame[stays], copies[better[_whose(copies)]]]).sort_index()
        return both, np.full(len(both), np.nan)

    def firsts(self, frame: pd.DataFrame, limits: Limits) -> np.ndarray:
        """What each person's first option is worth, −∞ where there is none, (people,)."""
        first = frame[frame.index.get_level_values(1) == 0]
        worth = np.full(len(limits), -np.inf)
        worth[_whose(first)] = self.worth(self.codec.cube(first), _whose(first), limits)
        return worth


def _whose(frame: pd.DataFrame) -> np.ndarray:
    """Row numbers of the people whose options these are."""
    return frame.index.get_level_values(0).to_numpy()


def as_points(frame: pd.DataFrame, limits: Limits) -> np.ndarray:
    """Options of people in order, index (row, option), as candidates that keep every term.

    A value that moves becomes the nearest one of the vocabulary, as it will be sent: what is judged is
    what the person gets.
    """
    codec = limits.codec
    row, place = (np.asarray(frame.index.get_level_values(i)) for i in (0, 1))
    points = np.repeat(limits.cube[:, None], int(place.max(initial=-1)) + 1, axis=1)
    if len(row):
        exact = codec.cube(frame)
        cube = codec.points(codec.tokens(exact), limits.cube[row])
        cube[:, limits.computed] = exact[:, limits.computed]
        fine = limits.keeps(cube, row)
        points[row[fine], place[fine]] = cube[fine]
    return points


class Aided(Chooser):
    """Any method's candidates through the estimates, the refinement and the choice of GenRe.

    The estimates are the teacher's own (:class:`~genre_lite.baselines.GraftedNeighbour` holds one), which
    are better than those that a fitted GenRe keeps.

    Parameters
    ----------
    method
        Fitted; asked for ``number`` options a person.
    aids
        Fitted on the same rows.
    """

    def __init__(
        self, method: RecourseMethod, aids: GraftedNeighbour, *, number: int = 24, **options: object
    ) -> None:
        super().__init__(method.h, method.schema, **options)
        self.method = method
        self.aids = aids
        self.number = number
        self.name = f"{method.name}, aided"

    def believed(self, points: np.ndarray) -> np.ndarray:
        """V̂ and P̂ of points, (m, 2)."""
        return self.aids._believed(points)

    def candidates(self, denied: pd.DataFrame, limits: Limits, n: int) -> np.ndarray:
        """What the method offers within the terms."""
        frame, *_ = self.method._kept(
            limits, *self.method._options(denied, limits, max(self.number, n))
        )
        return as_points(frame, limits)


class Density(Chooser):
    """A density of accepted people learnt on its own: no pairs, the same masks, estimates and choice.

    The network of GenRe reads the same blank form whoever asks, and is trained on the surely accepted
    people themselves, :math:`R_\\varphi(x^+)`. The person enters through the terms, the cost in the choice,
    and the refinement alone.
    """

    name = "density on its own"

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        aids: GraftedNeighbour,
        *,
        number: int = 100,
        **options: object,
    ) -> None:
        super().__init__(h, schema, **options)
        self.aids = aids
        self.number = number

    def believed(self, points: np.ndarray) -> np.ndarray:
        """V̂ and P̂ of points, (m, 2)."""
        return self.aids._believed(points)

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        targets, codec = self.aids._targets, self.codec
        blank = np.full((2, targets.shape[1]), 0.5)
        owner = np.repeat([0, 1], len(targets))
        pairs = ListedPairs(blank, np.tile(targets, (2, 1)), owner, np.zeros(2 * len(targets)))
        self._network = RecourseTransformer.over(codec, ModelConfig(), seed=self.seed)
        config = TrainingConfig(steps=600)
        fit(self._network, codec, pairs, config, seed=self.seed, progress=False)
        self._network.double()

    def candidates(self, denied: pd.DataFrame, limits: Limits, n: int) -> np.ndarray:
        """Draws that keep every term."""
        d = len(self.schema)
        chance = uniforms(keys(limits.own, self.seed), np.arange(self.number), np.arange(d + 1))
        writing = limits.writing(chance[..., d])
        blank = np.full((len(limits), d), 0.5)
        tokens = self.codec.tokens(blank)
        draw(
            self._network,
            torch.as_tensor(blank, dtype=self._network.grid.dtype),
            torch.as_tensor(tokens),
            writing,
            torch.as_tensor(chance[..., :d]),
            temperature=1.0,
        )
        return writing.points
