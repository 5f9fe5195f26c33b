"""From candidates to options: the best few, refined, then those that are good and differ.

Whoever has candidates can choose so: GenRe from its draws, a neighbour from its copies, any search from
what it found. Candidates are compared by a :class:`~genre_lite.candidates.Comparison`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .candidates import Comparison
from .limits import Limits
from .refinement import refine, sooner
from .sampling import DIGITS, READINESS, choose, spread

__all__ = ["Found", "best_of", "look_further", "options_of"]

Found = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # see look_further
STARTS = 2  # candidates a person from which one answer is refined


def options_of(
    points: np.ndarray,
    limits: Limits,
    comparison: Comparison,
    n: int,
    *,
    refined: bool,
    readiness: float = READINESS,
    order: np.ndarray | None = None,
    besides: tuple[np.ndarray, np.ndarray] | None = None,
    sure: Callable[[np.ndarray], np.ndarray] | None = None,
    answer: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n options of each person out of k candidates.

    Parameters
    ----------
    points
        Candidates that keep every term, (people, k, d); the person's own point where there are fewer.
    comparison
        What they are compared by.
    n
        Options a person.
    refined
        Whether the best are refined (:func:`~genre_lite.refinement.refine`) before the choice.
    readiness
        How much worth further options may give up to differ; see :func:`~genre_lite.sampling.spread`.
    order
        Greater is better, (people · k,); in place of the comparison's worth, for candidates as they are.
    besides
        More candidates to refine, which need not be among the best: points (s, d), and whose (s,).
    sure
        Which points are surely good, (m,). The first option need not be; all further ones must.
    answer
        What each person was answered already, (people, d). It stays the first option where worth is
        an estimate (``sure``), and is one option among the others elsewhere.

    Returns
    -------
    points (m, d), whose they are (m,), and which option each is (m,)
    """
    people, k, d = points.shape
    flat, rows = points.reshape(-1, d), np.repeat(np.arange(people), k)
    keep = 6 * n if n > 1 else STARTS if refined else 1
    best = best_of(flat, rows, limits, comparison, keep, log_prob=order, apart=n > 1)
    row, place = np.nonzero(best >= 0)
    number = best[row, place]
    chosen = flat[number]
    if refined:
        if besides is not None:
            chosen, row = (
                np.concatenate(parts) for parts in zip((chosen, row), besides, strict=True)
            )
            first = np.argsort(row, kind="stable")
            chosen, row = chosen[first], row[first]
        chosen = sooner(chosen, row, limits, comparison)
        chosen = refine(chosen, row, limits, comparison)
        chosen = sooner(chosen, row, limits, comparison)
    worth = comparison.worth(chosen, row) if order is None else order[number]
    if answer is not None:
        mine = comparison.worth(answer, np.arange(people))
        if sure is not None:  # a little more worth among many that are estimated is chance
            mine[:] = worth.max(initial=0) + 1
        chosen, row = np.concatenate([answer, chosen]), np.r_[np.arange(people), row]
        worth = np.r_[mine, worth]
        first = np.argsort(row, kind="stable")
        chosen, row, worth = chosen[first], row[first], worth[first]
    price = comparison.cost(chosen, row)
    moves = np.nan_to_num(chosen - limits.cube[row], nan=1.0)
    moves[~limits.changed(chosen, row)] = 0
    nominal = limits.codec.nominal
    unsure = np.zeros(len(row), dtype=bool) if sure is None or n == 1 else ~sure(chosen)
    taken, numbers = [], []
    everybody = np.split(np.arange(len(row)), np.flatnonzero(np.diff(row)) + 1)
    for who in filter(len, everybody):
        who = who[np.lexsort((price[who].round(DIGITS), -worth[who].round(DIGITS)))]
        value = worth[who]
        value[1:][unsure[who[1:]]] = -np.inf
        for rank, i in enumerate(
            spread(value, moves[who], n, nominal=nominal, readiness=readiness)
        ):
            taken.append(who[i])
            numbers.append(rank)
    kept = np.array(taken, dtype=int)
    return chosen[kept], row[kept], np.array(numbers, dtype=int)


def look_further(
    people: int,
    look: Callable[[np.ndarray, int], Found],
    first: int,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Options among more and more copies, for whoever has none yet that is surely good.

    Parameters
    ----------
    people
        How many ask.
    look
        From some of them, (left,), and how many copies to look at for each, to options (m, d), whose they
        are among ``left`` (m,), which option each is (m,), and whether it is surely good (m,).
    first, most
        How many copies are looked at first, and how many there are; four times as many each time.

    Returns
    -------
    points (m, d), whose they are (m,), and which option each is (m,)
    """
    parts, left, tried = [], np.arange(people), first
    while True:
        best, row, number, sure = look(left, min(tried, most))
        done = np.zeros(len(left), dtype=bool)
        done[row[(number == 0) & sure]] = True
        done |= tried >= most
        kept = done[row]
        parts.append((best[kept], left[row[kept]], number[kept]))
        left, tried = left[~done], 4 * tried
        if not len(left):
            break
    best, row, number = (np.concatenate(part) for part in zip(*parts, strict=True))
    return best, row, number


def best_of(
    points: np.ndarray,
    rows: np.ndarray,
    limits: Limits,
    comparison: Comparison,
    n: int,
    *,
    log_prob: np.ndarray | None = None,
    first: int = 32,
    apart: bool = False,
) -> np.ndarray:
    """The best candidates of each person that the bank accepts, (people, min(n, k)) numbers.

    A person for whom the bank accepts fewer has −1 in place of the others.

    The bank is asked about the ``first`` best of each person, and about the others only where these
    hold fewer than n that it accepts.

    Parameters
    ----------
    points, rows
        As many candidates for each person, people in order, (people · k, d).
    apart
        The best of every set of changes comes before the second of any: from others that change the
        same, refinement would only come to the same answer again.
    """
    people = len(limits)
    worth = comparison.worth(points, rows) if log_prob is None else log_prob
    changed = limits.changed(points, rows)
    worth = np.where(changed.any(axis=1), worth, -np.inf).round(DIGITS)
    if apart:
        worth = np.where(np.isfinite(worth), -_place(worth, changed, rows), -np.inf)
    worth = worth.reshape(people, -1)
    k = worth.shape[1]
    order = np.argsort(-worth, axis=1, kind="stable")
    accepted = np.zeros(worth.shape, dtype=bool)
    asked = np.zeros(worth.shape, dtype=bool)
    np.put_along_axis(asked, order[:, :first], True, axis=1)
    asked &= np.isfinite(worth)
    for _ in range(2):
        which = np.flatnonzero((asked & ~accepted).ravel())
        accepted.ravel()[which] = comparison.accepts(points[which], rows[which])
        asked = np.isfinite(worth) & ~asked & (accepted.sum(axis=1) < n)[:, None]
        if not asked.any():
            break
    price = comparison.cost(points, rows).reshape(people, k)
    tokens = limits.codec.tokens(points).reshape(people, k, -1)
    best = choose(
        tokens, price, worth, worth, n, rule="likeliest", accepted=accepted & np.isfinite(worth)
    )
    return np.where(best >= 0, best + k * np.arange(people)[:, None], -1)


def _place(worth: np.ndarray, changed: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Each candidate's place when the best of every set of changes come first, then the second, (m,)."""
    _, which = np.unique(np.packbits(changed, axis=1), axis=0, return_inverse=True)
    order = np.lexsort((-worth, which, rows))
    begins = np.r_[True, (np.diff(rows[order]) != 0) | (np.diff(which[order]) != 0)]
    run = np.flatnonzero(begins)
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order)) - np.repeat(run, np.diff(np.r_[run, len(order)]))
    place = np.empty(len(order))
    place[np.lexsort((-worth, rank))] = np.arange(len(order))
    return place
