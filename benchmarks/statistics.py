"""What cells say together: means with intervals, comparisons paired by world, Holm, bounds.

An interval is over worlds of one table: seeds of the truth, the labels, the bank, the people and the
methods. The table, and but for the part ``splits`` its split, are the same in all of them. So it speaks of
that table, and not of tables to come.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit
from scipy.stats import nct

from genre_lite.evaluation.ledger import mean_and_interval

from .stage import JUDGED

__all__ = ["by_world", "compared", "holm", "judged_together", "paired", "summary", "together"]

LEVEL, POWER = 0.05, 0.8
ALIKE = 1e-9  # differences that differ by less are the same, but for rounding

Key = TypeVar("Key", bound=Hashable)

REFERENCE = ("genre", "genre-forward")
UNKNOWN = ("mean", "half_width", "worst", "p", "within", "could")


def by_world(cells: Mapping[str, Mapping], part: str, what: str = "score") -> dict:
    """A metric of each row of a part by table and seed: ``[table][row][seed]``."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for key, cell in cells.items():
        name, table, row, seed = key.split("/")
        value = (cell.get("metrics") or {}).get(what)
        if name == part and value is not None:
            found.setdefault(table, {}).setdefault(row, {})[int(seed)] = value
    return found


@cache
def quantile(freedom: int, level: float) -> float:
    """Of Student's distribution."""
    return float(stdtrit(freedom, level))


def paired(mine: Mapping[int, float], theirs: Mapping[int, float]) -> dict[str, float]:
    """Mean difference over the worlds that both have, its interval, p-value, and how far it may be from 0.

    ``within`` bounds the difference at 95 %: the outer end of its 90 % interval. Two rows are said to be
    level only up to that. ``could`` is the least difference that so many worlds show with a power of
    80 %, given how much the differences vary; of a test alone, until :func:`judged_together`.

    Where all worlds differ by the same, nothing is known of how much differences vary, so there is no
    interval and no bound. What is left is the exact test of signs: that :math:`n` fair coins all fall to
    one side has :math:`p = 2^{1-n}`.

    Examples
    --------
    >>> told = paired({0: 0.5, 1: 0.75}, {0: 0.25, 1: 0.5})
    >>> told["mean"], told["half_width"], told["p"]
    (0.25, nan, 0.5)
    """
    seeds = sorted(mine.keys() & theirs.keys())
    gaps = np.array([mine[s] - theirs[s] for s in seeds])
    n = len(gaps)
    if not n:
        return dict.fromkeys(UNKNOWN, math.nan) | {"worlds": 0}
    found = mean_and_interval(gaps) | {"worlds": n, "worst": float(gaps.min())}
    if n < 2:  # one world has no interval
        return found | {"p": math.nan, "within": math.nan, "could": math.nan}
    gap = abs(gaps.mean())
    if np.ptp(gaps) < ALIKE:  # no spread to judge by, but that of signs
        found |= dict.fromkeys(("half_width", "within", "could"), math.nan)
        return found | {"p": 2.0 ** (1 - n) if gap > ALIKE else 1.0}
    error = float(gaps.std(ddof=1) / math.sqrt(n))
    return found | {
        "p": float(2 * stdtr(n - 1, -gap / error)),
        "within": float(gap + quantile(n - 1, 1 - LEVEL) * error),
        "could": _shown(n, LEVEL) * error,
    }


@cache
def _shown(n: int, level: float) -> float:
    """How many standard errors a difference must have to be shown at a level, in four of five cases.

    Its test statistic has Student's distribution, shifted by so many (the noncentral one).
    """
    bar = quantile(n - 1, 1 - level / 2)
    return brentq(lambda shift: nct.sf(bar, n - 1, shift) - POWER, 0, 10 * bar)


def holm(p_values: Mapping, level: float = LEVEL) -> dict:
    """Which of a family of comparisons stand together at a level (Holm, 1979): key to boolean.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': True, 'b': False, 'c': False}
    """
    known = {k: p for k, p in p_values.items() if not math.isnan(p)}
    stands = dict.fromkeys(p_values, False)
    for rank, key in enumerate(sorted(known, key=known.get)):
        if known[key] > level / (len(known) - rank):
            break
        stands[key] = True
    return stands


def compared(values: Mapping[str, Mapping[str, Mapping[int, float]]], reference: str) -> dict:
    """A row against every other on every table, Holm over all of them: ``[table][row]``."""
    found = {
        table: {row: paired(rows[reference], of) for row, of in rows.items() if row != reference}
        for table, rows in values.items()
        if reference in rows
    }
    flat = {(table, row): of for table, rows in found.items() for row, of in rows.items()}
    judged_together(flat)
    return found


def judged_together(family: Mapping[Hashable, dict]) -> None:
    """Tell each comparison of a family whether it ``stands`` (Holm), and what it ``could`` show among so many.

    What does not stand failed at the bar where Holm stopped, 0.05 over the number of those that were left.
    So a difference is one that could be shown if it passes that bar in four of five cases.
    """
    p = {key: of["p"] for key, of in family.items()}
    stands = holm(p)
    left = sum(not math.isnan(of) for of in p.values()) - sum(stands.values())
    for key, of in family.items():
        of["stands"] = stands[key]
        if of["worlds"] > 1:
            of["could"] *= _shown(of["worlds"], LEVEL / max(left, 1)) / _shown(of["worlds"], LEVEL)


def means(cells: Mapping[str, Mapping], part: str) -> dict:
    """Mean and interval of every metric: ``[table][row][metric]``."""
    names = sorted(
        {
            what
            for key, cell in cells.items()
            if key.startswith(f"{part}/")
            for what in cell.get("metrics") or {}
        }
    )
    found: dict[str, dict[str, dict]] = {}
    for what in names:
        for table, rows in by_world(cells, part, what).items():
            for row, of in rows.items():
                told = mean_and_interval(of.values()) | {"worlds": len(of)}
                found.setdefault(table, {}).setdefault(row, {})[what] = told
    return found


def possible(values: Mapping[str, Mapping[str, Mapping[int, float]]], rows: Sequence[str]) -> dict:
    """The share of the way from doing nothing to the oracle that writes, by world: ``[table][row]``."""
    found: dict[str, dict] = {}
    for table, of in values.items():
        if "nothing" not in of or "oracle-writes" not in of:
            continue
        for row in rows:
            seeds = of.get(row, {}).keys() & of["nothing"].keys() & of["oracle-writes"].keys()
            shares = [
                (of[row][s] - of["nothing"][s]) / (of["oracle-writes"][s] - of["nothing"][s])
                for s in sorted(seeds)
            ]
            if shares:
                found.setdefault(table, {})[row] = mean_and_interval(shares) | {
                    "worlds": len(shares)
                }
    return found


def together(rows: Mapping[Key, Mapping[int, float]]) -> dict[Key, dict[int, float]]:
    """The same rows over the worlds that all of them have; nothing, if they have none in common.

    Examples
    --------
    >>> together({"a": {0: 0.1, 1: 0.2}, "b": {1: 0.3, 2: 0.4}})
    {'a': {1: 0.2}, 'b': {1: 0.3}}
    """
    common = sorted(set.intersection(*map(set, rows.values()))) if rows else []
    return {row: {s: of[s] for s in common} for row, of in rows.items()} if common else {}


def ranks(cells: Mapping[str, Mapping], judges: Iterable[str]) -> dict:
    """Each row's place by its mean Score under each judge: ``[table][row][judge]``.

    The means are over the worlds that went to all judges and that all rows have. A row with less than half
    of the worlds that others have, such as one that refused the rest, has no place.
    """
    found: dict[str, dict[str, dict]] = {}
    for judge in judges:
        what = "score" if judge == "world" else f"score_{judge}"
        for table, rows in by_world(cells, "main", what).items():
            judged = {
                row: {s: v for s, v in of.items() if s < JUDGED}
                for row, of in rows.items()
                if not row.startswith("oracle")
            }
            most = max(map(len, judged.values()), default=0)
            placed = together({r: of for r, of in judged.items() if 2 * len(of) >= most > 0})
            mean = {row: np.mean([*of.values()]) for row, of in placed.items()}
            for place, row in enumerate(sorted(mean, key=mean.get, reverse=True)):
                found.setdefault(table, {}).setdefault(row, {})[judge] = place + 1
    return found


def summary(cells: Mapping[str, Mapping]) -> dict:
    """All of it, for the pages."""
    parts = sorted({key.split("/")[0] for key in cells})
    scores = {part: by_world(cells, part) for part in parts}
    values = scores.get("main", {})
    rows = sorted({row for of in values.values() for row in of})
    return {
        "means": {part: means(cells, part) for part in parts},
        "compared": {
            part: {
                reference: compared(of, reference)
                for reference in REFERENCE
                if any(reference in rows for rows in of.values())
            }
            for part, of in scores.items()
        },
        "possible": possible(values, [row for row in rows if not row.startswith("oracle")]),
        "ranks": ranks(cells, ("world", "held_out", "other_calibration", "other_family")),
        "failed": {
            key: why
            for key, cell in cells.items()
            if (why := cell.get("error") or cell.get("refused"))
        },
    }
