"""Nothing needless: take changes back and make steps shorter, while an answer gets no worse.

A sampled answer is a plausible person, and so it changes more than the decision asks for. From each
answer, the best of these variants is taken again and again, until none is left:

* one change undone,
* one step made shorter: half way to the person's own value, or one value of the vocabulary,
* less waiting.

A variant is cheaper by construction. It is taken if it keeps every term, the bank still accepts it,
and its worth, by which answers are chosen, is no less. So at the end no change can be taken back
alone without a loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .limits import Limits
from .sampling import DIGITS

__all__ = ["Judge", "refine"]

ROUNDS = 200  # each makes an answer cheaper; far more than any answer needs


class Judge(Protocol):
    """What answers are compared by."""

    def worth(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How good each answer is, (m,)."""

    def accepts(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether the bank accepts each answer, (m,)."""


def refine(
    points: np.ndarray,
    rows: np.ndarray,
    limits: Limits,
    judge: Judge,
    *,
    seen: list[tuple[np.ndarray, np.ndarray]] | None = None,
) -> np.ndarray:
    """Answers without needless changes, (m, d).

    Parameters
    ----------
    points
        Answers in the cube that keep every term and that the bank accepts, (m, d).
    rows
        Whose each is, row numbers of ``limits``, (m,).
    seen
        A list that takes up every variant that was judged, and whose it was.
    """
    points = points.copy()
    worth = judge.worth(points, rows).round(DIGITS)
    left = np.arange(len(points))
    for _ in range(ROUNDS):
        of, variants = _variants(points[left], rows[left], limits)
        if not len(of):
            break
        whose = rows[left][of]
        value = judge.worth(variants, whose).round(DIGITS)
        if seen is not None:
            seen.append((variants, whose))
        good = value >= worth[left][of]
        good[good] = judge.accepts(variants[good], whose[good])
        of, variants, value = of[good], variants[good], value[good]
        # The best variant of each; of equal ones the first.
        order = np.lexsort((np.arange(len(of)), -value, of))
        first = order[np.r_[True, np.diff(of[order]) > 0]] if len(of) else order
        left, best = left[of[first]], first
        points[left], worth[left] = variants[best], value[best]
    return points


def _variants(
    points: np.ndarray, rows: np.ndarray, limits: Limits
) -> tuple[np.ndarray, np.ndarray]:
    """Simpler answers that keep every term: whose variant each is (m,), and the points (m, d)."""
    numbers, made = [], []
    for number, variant in _simpler(points, rows, limits):
        numbers.append(number)
        made.append(variant)
    if not numbers:
        return np.empty(0, int), points[:0]
    of, variants = np.concatenate(numbers), np.concatenate(made)
    fine = limits.keeps(variants, rows[of])
    return of[fine], variants[fine]


def _simpler(
    points: np.ndarray, rows: np.ndarray, limits: Limits
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    own, changed = limits.cube[rows], limits.changed(points, rows)
    for j, feature in enumerate(limits.codec.schema):
        which = np.flatnonzero(changed[:, j] & ~limits.fixed[rows, j])
        if not len(which):
            continue

        def with_j(number: np.ndarray, value: np.ndarray, j: int = j) -> tuple:
            variant = points[number].copy()
            variant[:, j] = value
            return number, limits.follow(variant, rows[number])

        yield with_j(which, own[which, j])
        if feature.kind == "nominal":
            continue
        which = which[~np.isnan(own[which, j])]
        grid, here, mine = limits.codec.grid[j], points[which, j], own[which, j]
        half = np.abs(grid - ((here + mine) / 2)[:, None]).argmin(axis=1)
        down = here > mine
        step = np.clip(np.searchsorted(grid, here - 1e-9) - 1, 0, None)
        step = np.where(down, step, np.minimum(np.searchsorted(grid, here + 1e-9), len(grid) - 1))
        for token in (half, step):
            value = grid[token]
            # The person's own token means that the value stays, whatever its value is.
            between = (value - mine) * (value - here) < -1e-12
            between &= token != limits.own[rows[which], j]
            if between.any():
                yield with_j(which[between], value[between])
    years = limits.years(points, rows)
    for fewer in (np.zeros_like(years), years - 1):
        which = np.flatnonzero((years > 0) & (fewer < years) & (fewer >= 0))
        if len(which):
            variant, clocks = points[which].copy(), limits.clocks
            variant[:, clocks] = limits.after(fewer[which], rows[which])[:, clocks]
            yield which, limits.follow(variant, rows[which])
