"""Candidates for an answer: decoded into rows, asked of the bank, compared by a rule.

Inside, a candidate is a point of the unit cube and the row number of the person it is for. Here it
becomes a row in original units (:func:`decoded`), the bank is asked about it, each different row once
(:class:`Asked`), and it gets its worth (:class:`Comparison`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .codec import room
from .decision import Decision
from .limits import Limits
from .objectives import cost
from .sampling import worth_of

__all__ = ["Asked", "Comparison", "decoded"]


def decoded(
    points: np.ndarray, rows: np.ndarray, limits: Limits, people: pd.DataFrame
) -> pd.DataFrame:
    """Candidates in original units, in the dtypes of the people where these can hold them.

    Parameters
    ----------
    points
        In the cube, (m, d).
    rows
        Whose each is, row numbers of ``limits`` and of ``people``.
    """
    codec = limits.codec
    own, changed = limits.own[rows], limits.changed(points, rows)
    tokens = np.where(changed, codec.tokens(points), own)
    factual = people.iloc[rows].reset_index(drop=True)
    frame = codec.frame(tokens, factual, own)
    for j in limits.computed:  # clocks and totals: values that need not be in the vocabulary
        moved = changed[:, j]
        if moved.any():
            name, f = codec.schema.names[j], codec.schema[j]
            value = points[moved, j] * codec.width[j] + codec.low[j]
            if f.is_categorical:
                value = np.array(f.categories, dtype=object)[np.rint(value).astype(int)]
            else:
                value = _plain(value)
                frame[name] = frame[name].astype(room(frame[name].dtype, value))
            frame.loc[moved, name] = value
    return frame


def _plain(value: np.ndarray) -> np.ndarray:
    """Numbers without the rounding of the cube: twelve digits, which is less than any relation sees."""
    size = np.abs(np.where((value == 0) | np.isnan(value), 1, value))
    tenths = 10.0 ** (11 - np.floor(np.log10(size)))
    return np.rint(value * tenths) / tenths


class Asked:
    """The bank's answers to candidates; one that wants a table is asked once about each different row.

    Parameters
    ----------
    decision
        The bank's, bound to its columns.
    limits, people
        Whose candidates they are.
    """

    def __init__(self, decision: Decision, limits: Limits, people: pd.DataFrame) -> None:
        self.decision = decision
        self.limits = limits
        self.people = people
        self._on_points = decision.on_points(limits.codec)
        self._known: dict[bytes, tuple[float, bool]] = {}

    def __call__(self, points: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h(x⁺) and whether the bank says yes, each of shape (m,)."""
        if not len(points):
            return np.empty(0), np.empty(0, dtype=bool)
        if self._on_points is not None:
            return self._on_points(points)
        marks = [point.tobytes() for point in points.round(12) + 0.0]
        new = {mark: i for i, mark in enumerate(marks) if mark not in self._known}
        if new:
            where = np.fromiter(new.values(), int)
            table = decoded(points[where], rows[where], self.limits, self.people)
            answers = zip(*(part.tolist() for part in self.decision.ask(table)), strict=True)
            self._known.update(zip(new, answers, strict=True))
        chance, yes = zip(*(self._known[mark] for mark in marks), strict=True)
        return np.array(chance), np.array(yes)


@dataclass(frozen=True)
class Comparison:
    """What candidates are compared by: a rule, the bank's decision, estimates of the truth.

    Parameters
    ----------
    rule
        See :func:`~genre_lite.sampling.choose`.
    asked
        The bank's answers.
    believed
        From points to V̂ and P̂, (m, 2); ``None`` without estimates.
    margin
        h(x⁺) must lie above it, beside the bank's own threshold.
    """

    rule: str
    asked: Asked
    believed: Callable[[np.ndarray], np.ndarray] | None
    margin: float = 0.0

    def cost(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """C(x, x⁺) by the person's own prices, (m,)."""
        limits = self.asked.limits
        return cost(limits.cube[rows], points, limits.codec.nominal, limits.price[rows])

    def worth(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How good each candidate is by the rule, (m,)."""
        believed = None if self.believed is None else self.believed(points)
        chance = self.asked(points, rows)[0] if self.rule == "safest" else np.zeros(len(points))
        price = self.cost(points, rows)
        return worth_of(price, chance, -price, believed, points.shape[-1], rule=self.rule)

    def accepts(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether the bank says yes, and surely enough, (m,)."""
        chance, yes = self.asked(points, rows)
        return yes & (chance > self.margin)
