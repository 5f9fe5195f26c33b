"""Nothing needless: take changes back and make steps shorter, while an answer gets no worse.

A sampled answer is a plausible person, and so it changes more than the decision asks for. From each
answer, the best of these variants, or several of them together, are taken again and again, until none
is left:

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

from .candidates import Comparison
from .limits import Limits
from .sampling import DIGITS

__all__ = ["Judge", "refine", "sooner"]

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

    def no_worse(of: np.ndarray, made: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which variants are taken, and the worth of each; ``of`` are places in ``left``."""
        answer = left[of]
        value = judge.worth(made, rows[answer]).round(DIGITS)
        if seen is not None:
            seen.append((made, rows[answer]))
        good = value >= worth[answer]
        good[good] = judge.accepts(made[good], rows[answer[good]])
        return good, value

    for _ in range(ROUNDS):
        base, whose = points[left], rows[left]
        of, part, made = _variants(base, whose, limits)
        good, value = no_worse(of, made)
        if not good.any():
            break
        of, part, made, value = of[good], part[good], made[good], value[good]
        both, several = _together(base, whose, limits, of, part, made, value)
        good, more = no_worse(both, several)
        of, made = np.concatenate([both[good], of]), np.concatenate([several[good], made])
        value = np.concatenate([more[good], value])
        first = _first_of_each(of, value)
        left = left[of[first]]
        points[left], worth[left] = made[first], value[first]
    return points


def sooner(points: np.ndarray, rows: np.ndarray, limits: Limits, judge: Comparison) -> np.ndarray:
    """Answers that ask for no year that they can do without, (m, d).

    The years that a person would wait are the most they would, and a little more worth is no reason to let
    somebody wait. So an answer keeps as many as it needs for the bank's yes, and for estimates that are
    above one half to stay so. Whoever asks for the safest answer may get it late.
    """
    if judge.rule == "safest":
        return points
    years = limits.years(points, rows)
    if not (years > 0).any():
        return points
    points = points.copy()
    for w in range(int(years.max())):
        late = np.flatnonzero(years > w)
        whose = rows[late]
        made = limits.waited(points[late], np.full(len(late), w), whose)
        fine = limits.keeps(made, whose) & limits.changed(made, whose).any(axis=1)
        if judge.believed is not None:
            then, now = (judge.believed(these) > 0.5 for these in (points[late], made))
            fine &= (now | ~then).all(axis=1)
        fine[fine] = judge.accepts(made[fine], whose[fine])
        points[late[fine]], years[late[fine]] = made[fine], w
    return points


def _first_of_each(of: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The best variant of each answer; of equal ones the first."""
    order = np.lexsort((-value, of))
    return order[np.r_[True, np.diff(of[order]) > 0]]


def _variants(
    points: np.ndarray, rows: np.ndarray, limits: Limits
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simpler answers that keep every term: whose variant each is (m,), what it simplifies (m,), points."""
    numbers, parts, made = [np.empty(0, int)], [np.empty(0, int)], [points[:0]]
    for feature, number, variant in _simpler(points, rows, limits):
        numbers.append(number)
        parts.append(np.full(len(number), feature))
        made.append(variant)
    of, part, variants = (np.concatenate(each) for each in (numbers, parts, made))
    fine = limits.keeps(variants, rows[of])
    return of[fine], part[fine], variants[fine]


def _together(
    points: np.ndarray,
    rows: np.ndarray,
    limits: Limits,
    of: np.ndarray,
    part: np.ndarray,
    made: np.ndarray,
    value: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Several simplifications of an answer at once: its best 2, 4, 8, …, and all of them."""
    order = np.lexsort((-value, part, of))
    best = order[np.r_[True, (np.diff(of[order]) > 0) | (np.diff(part[order]) > 0)]]
    best = best[np.lexsort((-value[best], of[best]))]
    rank = np.arange(len(best)) - np.searchsorted(of[best], of[best])
    count = np.bincount(of[best], minlength=len(points))
    numbers, several, so_far = [np.empty(0, int)], [points[:0]], points.copy()
    for r in range(int(count.max(initial=0))):
        here = best[rank == r]
        who = of[here]
        so_far[who] = np.where(made[here] != points[who], made[here], so_far[who])
        done = r + 1
        who = who[(count[who] == done) | (done & r == 0)] if done > 1 else who[:0]
        numbers.append(who)
        several.append(so_far[who].copy())
    both, answers = np.concatenate(numbers), np.concatenate(several)
    answers = limits.follow(answers, rows[both])
    fine = limits.keeps(answers, rows[both])
    return both[fine], answers[fine]


def _simpler(
    points: np.ndarray, rows: np.ndarray, limits: Limits
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """What is simplified (a feature, or the waiting), whose variants (m,), and the variants (m, d)."""
    own, changed = limits.cube[rows], limits.changed(points, rows)
    for j, feature in enumerate(limits.codec.schema):
        which = np.flatnonzero(changed[:, j] & ~limits.fixed[rows, j])
        if not len(which):
            continue

        def with_j(number: np.ndarray, value: np.ndarray, j: int = j) -> tuple:
            variant = points[number].copy()
            variant[:, j] = value
            return j, number, limits.follow(variant, rows[number])

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
            yield points.shape[1], which, limits.waited(points[which], fewer[which], rows[which])
