"""The nearest neighbour: become the most similar accepted person."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from ..codec import room
from ..decision import SupportsProba
from ..errors import GenReError
from ..estimator import RecourseMethod, positions
from ..limits import Limits
from ..objectives import cost
from ..schema import Schema
from ..settings import Number

__all__ = ["NearestNeighbour"]

# How many neighbours are looked at first; whoever finds too few looks at four times as many.
NEAREST = 50
# The most pairs of a person and a neighbour held at once.
BLOCK = 2**19
# Rounding of the unit cube.
CLOSE = 1e-9


class NearestNeighbour(RecourseMethod):
    """Copy the accepted training row that costs least to reach, as far as it may be copied.

    .. math:: x^+ = \\arg\\min_{t \\in D^+} C(x, x \\oplus t), \\qquad
              D^+ = \\{t : h(t) > \\gamma,\\ y = 1\\}

    where :math:`x \\oplus t` is the graft: t's values on what x may change, and x's own on what must
    stay (immutable, frozen, clocks, and where t has a gap). h is asked again about a graft, which is
    left out if h refuses it or if it breaks a term; a relation such as a total is computed anew.
    Without anything that must stay, grafts are whole rows, and x⁺ is what GenRe's pairs tend to as
    λ → ∞.

    Nothing is drawn: equal people get equal answers. Of equal cost, the row whose values come first
    in order is copied.

    Equation: :eq:`copy-neighbour`.

    Parameters
    ----------
    validity_margin
        γ: neighbours and grafts are accepted with h > γ.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> copy = gl.baselines.NearestNeighbour(h, bank.schema).fit(bank.X_train, bank.y_train)
    >>> bool(copy.recommend(bank.X_test).found.all())
    True
    """

    name = "nearest neighbour"
    allowed: ClassVar = {
        "validity_margin": Number(0, 1),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        validity_margin: float = 0.7,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.validity_margin = validity_margin

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        target = yes & (score > self.validity_margin) & (labels == 1)
        if not target.any():
            raise GenReError(
                f"None of the {len(X)} rows is surely accepted (validity_margin {self.validity_margin}) "
                "with label 1, so there is nobody to copy; lower validity_margin or give more rows."
            )
        neighbours = X[target].drop_duplicates()
        points = self.codec.cube(neighbours)
        # In the order of their values, so that the order of the table decides nothing.
        order = np.lexsort(points.T[::-1])
        self._neighbours, self._points = neighbours.iloc[order], points[order]

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        pool = pd.concat([denied, self._neighbours], ignore_index=True)
        mark = ["person", *range(len(self.schema))]
        best = pd.DataFrame(columns=[*mark, "neighbour", "price"], dtype=float)
        waiting, first, last = np.arange(len(denied)), 0, max(NEAREST, n)
        while len(waiting):
            left, found = [], [best]
            size = max(1, BLOCK // len(self._points))
            for start in range(0, len(waiting), size):
                person = waiting[start : start + size]
                whose, which, more = self._nearest(limits, person, first, last)
                found.append(self._accepted(pool, limits, whose, which))
                left.append(person[more])
            best = pd.concat([part for part in found if len(part)] or [best], ignore_index=True)
            best = best.iloc[np.lexsort((best["neighbour"], best["price"], best["person"]))]
            best = best[~best.duplicated(mark)]
            number = np.bincount(best["person"].astype(int), minlength=len(denied))
            waiting = np.concatenate(left)
            waiting, first, last = waiting[number[waiting] < n], last, 4 * last
        option = best.groupby("person").cumcount().to_numpy()
        best, option = best[option < n], option[option < n]
        whose, which = (best[name].to_numpy(dtype=int) for name in ("person", "neighbour"))
        grafts = best[mark[1:]].to_numpy()
        table = self._frame(pool, limits, whose, which, grafts)
        return table.set_axis(positions(whose, option)), np.full(len(table), np.nan)

    def _nearest(
        self, limits: Limits, person: np.ndarray, first: int, last: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Neighbours number ``first`` to ``last`` by the cost of their graft, for some of the people.

        Returns pairs of person and neighbour, both (pairs,), and who has more, (people,).
        """
        total = np.zeros((len(person), len(self._points)))
        for j, nominal in enumerate(self.codec.nominal):
            fixed = limits.fixed[person, j, None]
            if fixed.all():
                continue
            own, theirs = limits.cube[person, j, None], self._points[:, j]
            step = cost(own[..., None], theirs[None, :, None], np.array([nominal]))
            stays = fixed | np.isnan(theirs) | (step == 0)
            inside = (theirs >= limits.low[person, j, None] - CLOSE) & (
                theirs <= limits.high[person, j, None] + CLOSE
            )
            price = np.where(inside, step * limits.price[person, j, None], np.inf)
            total += np.where(stays, 0.0, price)
        pairs, more = [], np.zeros(len(person), dtype=bool)
        for i, price in enumerate(total):
            some = np.flatnonzero(np.isfinite(price))
            more[i] = len(some) > last
            if more[i]:  # and all that cost as much as the last
                some = some[price[some] <= np.partition(price[some], last - 1)[last - 1] + CLOSE]
            some = some[np.argsort(price[some].round(9), kind="stable")][first:last]
            pairs.append(some)
        return np.repeat(person, [len(some) for some in pairs]), np.concatenate(pairs), more

    def _grafts(self, limits: Limits, whose: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Neighbours' values on what each person may change, in the cube, (pairs, features)."""
        stays = self._stays(limits, whose, which)
        grafts = np.where(stays, limits.cube[whose], self._points[which])
        return limits.follow(grafts, whose)

    def _stays(self, limits: Limits, whose: np.ndarray, which: np.ndarray) -> np.ndarray:
        """What is not copied: what must stay, gaps, and differences too small to be seen."""
        stays = limits.fixed[whose] | np.isnan(self._points[which])
        for j, f in enumerate(self.schema):
            if not f.is_categorical:
                theirs = self._points[which, j]
                least = limits.visible(j, theirs, whose)
                stays[:, j] |= np.abs(theirs - limits.cube[whose, j]) < least
        return stays

    def _accepted(
        self, pool: pd.DataFrame, limits: Limits, whose: np.ndarray, which: np.ndarray
    ) -> pd.DataFrame:
        """The grafts that keep every term and that h accepts, with their prices, one a row."""
        grafts = self._grafts(limits, whose, which)
        fine = limits.keeps(grafts, whose) & limits.changed(grafts, whose).any(axis=1)
        whole = ((grafts == self._points[which]) | np.isnan(grafts)).all(axis=1)
        # h has accepted whole rows already.
        new = np.flatnonzero(fine & ~whole)
        chance, yes = self.decision_.ask(
            self._frame(pool, limits, whose[new], which[new], grafts[new])
        )
        fine[new] = yes & (chance > self.validity_margin)
        table = pd.DataFrame(grafts[fine]).assign(person=whose[fine], neighbour=which[fine])
        own, price = limits.cube[whose[fine]], limits.price[whose[fine]]
        return table.assign(price=cost(own, grafts[fine], self.codec.nominal, price).round(9))

    def _frame(
        self,
        pool: pd.DataFrame,
        limits: Limits,
        whose: np.ndarray,
        which: np.ndarray,
        grafts: np.ndarray,
    ) -> pd.DataFrame:
        """Grafts in original units, each value as it stood in the table; ``pool`` holds both."""
        stays = self._stays(limits, whose, which)
        copied = np.where(stays, limits.cube[whose], self._points[which])
        computed = ~((grafts == copied) | (np.isnan(grafts) & np.isnan(copied)))
        row = np.where(stays, whose[:, None], len(limits) + which[:, None])
        table = {}
        for j, name in enumerate(self.schema.names):
            column = pool[name].take(row[:, j]).reset_index(drop=True)
            if computed[:, j].any():  # only numbers are
                value = np.round(grafts[:, j] * self.codec.width[j] + self.codec.low[j], 12)
                column = column.astype(room(column.dtype, value[computed[:, j]]))
                column[computed[:, j]] = value[computed[:, j]].astype(column.dtype)
            table[name] = column
        return pd.DataFrame(table)
