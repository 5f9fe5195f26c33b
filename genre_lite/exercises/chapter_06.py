"""Exercises of chapter 6: Just copy a neighbour?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake

__all__ = ["ACCEPTED", "EXERCISES"]


# -- 6.1 ------------------------------------------------------------------------------------------


FORM = pd.Series({"savings": 500, "job": 2, "amount": 5000})
LIKED = pd.DataFrame(
    {
        "savings": [1500, 500, 2000, 4000],
        "job": [6, 5, 1, 2],
        "amount": [3000, 4000, 4500, 5000],
    },
    index=list("ABCD"),
)


def _copy_or_graft() -> dict[str, str]:
    def points(form):
        return form["savings"] / 1000 + form["job"] / 2 - form["amount"] / 2000

    # Whole: the job, which stays, must be the same already.
    (whole,) = LIKED.index[LIKED["job"] == FORM["job"]]

    grafts = LIKED.assign(job=FORM["job"])
    accepted = points(grafts) > 0
    (denied,) = grafts.index[~accepted]

    moved = (grafts["savings"] - FORM["savings"]).abs() / 5000
    moved = moved + (grafts["amount"] - FORM["amount"]).abs() / 5000
    return {"copied whole": whole, "graft denied": denied, "graft sent": moved[accepted].idxmin()}


# -- 6.2 ------------------------------------------------------------------------------------------


def _doubling() -> dict[str, float]:
    # The distance is a constant times N^(−1/12).
    left = 2 ** (-1 / 12)
    # k^(−1/12) = 1/2 means k = 2^12.
    times = 2**12
    return {"left": left, "times": times}


# -- 6.3 ------------------------------------------------------------------------------------------

ROWS = np.array([[0.0, 0.5, 0.95], [0.0, 0.1, 0.55], [1.0, 0.5, 0.55], [0.0, 0.7, 0.5]])
# Two rows are equally cheap; of three others one is cheapest, one has the least square and one the
# smallest of largest changes.
TIED = np.array([[0.0, 0.5], [0.3, 0.0], [0.0, 0.3], [0.3, 0.0]])
THREE = np.array([[0.5, 0.0, 0.0], [0.36, 0.2, 0.0], [0.3, 0.3, 0.3]])


def _probes() -> tuple[tuple, ...]:
    rng = np.random.default_rng(6)
    drawn = []
    for d, fixed in ((3, 1), (4, 2), (5, 2), (4, 0)):
        rows = rng.uniform(size=(60, d))
        rows[:, :fixed] = rng.integers(0, 2, (60, fixed))
        person = rng.uniform(size=d)
        person[:fixed] = 1
        drawn.append((person, rows, np.arange(d) < fixed))
    return (
        # The nearest of all is row 2, but it differs in what is immutable.
        (np.array([0.0, 0.5, 0.5]), ROWS, np.array([True, False, False])),
        # Cost prefers row 0 (0.6 to 0.7), squares prefer row 1.
        (np.zeros(3), np.array([[0.0, 0.6, 0.0], [0.0, 0.35, 0.35]]), np.zeros(3, bool)),
        # Nobody has it.
        (np.array([0.5, 0.5, 0.5]), ROWS, np.array([True, False, False])),
        # The person's own row is there, after others; and no row at all.
        (ROWS[1], ROWS, np.array([True, False, False])),
        (ROWS[1], ROWS[:0], np.array([True, False, False])),
        (np.zeros(2), TIED, np.zeros(2, bool)),
        (np.zeros(3), THREE, np.zeros(3, bool)),
        *drawn,
    )


PROBES = _probes()


def _nearest() -> Callable:
    import numpy as np

    def nearest(person, rows, immutable):
        allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
        if not allowed.any():
            return -1
        price = np.abs(rows - person).sum(axis=1)
        return int(np.where(allowed, price, np.inf).argmin())

    return nearest


def _is_nearest(found: Any, person: np.ndarray, rows: np.ndarray, immutable: np.ndarray) -> bool:
    """Whether that is the number of an allowed row that none is cheaper than, or −1 if there is none."""
    allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
    price = np.where(allowed, np.abs(rows - person).sum(axis=1), np.inf)
    if np.ndim(found) or isinstance(found, bool | np.bool_) or found != int(found):
        return False
    if not allowed.any():
        return found == -1
    return 0 <= found < len(rows) and bool(np.isclose(price[int(found)], price.min()))


def _ignores() -> Callable:
    return lambda person, rows, immutable: (
        int(np.abs(rows - person).sum(axis=1).argmin()) if len(rows) else -1
    )


def _squares() -> Callable:
    def nearest(person: np.ndarray, rows: np.ndarray, immutable: np.ndarray) -> int:
        allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
        price = np.where(allowed, np.square(rows - person).sum(axis=1), np.inf)
        return int(price.argmin()) if allowed.any() else -1

    return nearest


def _first_if_none() -> Callable:
    def nearest(person: np.ndarray, rows: np.ndarray, immutable: np.ndarray) -> int:
        allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
        if not len(rows):
            return 0
        return int(np.where(allowed, np.abs(rows - person).sum(axis=1), np.inf).argmin())

    return nearest


# -- 6.4 ------------------------------------------------------------------------------------------

ACCEPTED = pd.DataFrame(
    {
        "age": [25, 31, 44, 52, 29, 38],
        "sex": ["f", "f", "f", "m", "m", "m"],
        "amount": [1000, 2000, 4000, 3500, 1500, 2500],
    }
)


def _blocked(person: dict) -> pd.DataFrame:
    """What keeps the person from becoming each of them, booleans a feature."""
    return pd.DataFrame(
        {
            "age": ACCEPTED["age"] < person["age"],
            "sex": ACCEPTED["sex"] != person["sex"],
            "amount": ACCEPTED["amount"] > person["amount"],
        }
    )


def _lonely() -> dict:
    # A woman of 40: of the accepted women, only the one of 44 is not younger.
    # She asked for 4,000; whoever asks for less than that cannot come to it.
    return {"age": 40, "sex": "f", "amount": 3000}


# -- 6.5 ------------------------------------------------------------------------------------------


def _still_somebody() -> dict[str, str]:
    return {
        "a": "yes",  # the values are the person, with or without a name
        "b": "yes",  # what is not printed is equal to the reader's own
        "c": "no",  # the row is ten people's
        "d": "yes",  # they know, and it is their row all the same
        "e": "no",  # what is sent is nobody's, or ten people's
    }


def _says(letter: str, what: str) -> Callable[[dict], bool]:
    return lambda answer: answer[letter].strip().casefold() == what


EXERCISES = (
    Exercise(
        key="6.1",
        title="Copied whole, or grafted",
        solution=_copy_or_graft,
        mistakes=(
            Mistake(
                "Whoever was accepted is accepted as a graft too.",
                lambda: _copy_or_graft() | {"graft sent": "B"},
                "The bank would deny the graft that you send. Which job stands in it?",
                _says("graft sent", "b"),
            ),
            Mistake(
                "The surest graft is sent.",
                lambda: _copy_or_graft() | {"graft sent": "A"},
                "You send the one with the most points. Who pays for these?",
                _says("graft sent", "a"),
            ),
            Mistake(
                "Only whoever can be copied whole can be sent.",
                lambda: _copy_or_graft() | {"graft sent": "D"},
                "That one keeps every term, and asks for much. What do the grafts of the others cost?",
                _says("graft sent", "d"),
            ),
            Mistake(
                "Whoever has been in the job for a shorter time has nothing to lend.",
                lambda: _copy_or_graft() | {"graft denied": "C"},
                "A graft keeps the applicant's own job. How many points do C's savings and amount give with it?",
                _says("graft denied", "c"),
            ),
            Mistake(
                "Some have nobody to copy whole, so this one has nobody.",
                lambda: _copy_or_graft() | {"copied whole": "nobody"},
                "Go down the column that may not change. Is there nobody with the same value?",
                _says("copied whole", "nobody"),
            ),
        ),
        hint="Put the applicant's job into each row, and count the points again. Then work out the cost of the two "
        "other features.",
        takeaway="A graft can be cheaper than any whole person, and it is nobody: so the bank has to be asked "
        "about it.",
    ),
    Exercise(
        key="6.2",
        title="Twice the rows",
        solution=_doubling,
        mistakes=(
            Mistake(
                "Twice the rows, half the distance.",
                lambda: {"left": 0.5, "times": 2},
                "That is d = 1, where rows stand in a line. In twelve features there is more room.",
            ),
            Mistake(
                "Everything falls with the square root of the data.",
                lambda: {"left": 2**-0.5, "times": 4},
                "The square root is for means. What is the exponent of a distance in d features?",
            ),
            Mistake(
                "The number of rows for half the distance grows in proportion to d.",
                lambda: {"left": 2 ** (-1 / 12), "times": 24},
                "The share is right. For the other, ask which k makes k^(−1/12) one half.",
                lambda answer: (
                    abs(float(answer["left"]) - 2 ** (-1 / 12)) < 0.0045
                    and abs(float(answer["times"]) - 4096) > 10
                ),
            ),
        ),
        hint="Only the power of N matters; the rest cancels.",
        takeaway="To halve the distance takes 4,096 times the people. Nobody has them.",
        tolerance=2.3e-3,  # 0.94 is right, and an exponent of 1/11 is not
    ),
    Exercise(
        key="6.3",
        title="Write it",
        solution=_nearest,
        probes=PROBES,
        fits=_is_nearest,
        mistakes=(
            Mistake(
                "The nearest is the nearest, whoever it is.",
                _ignores,
                "It tells somebody to change what nobody can change. Use the third argument.",
            ),
            Mistake(
                "Near means near by Euclid.",
                _squares,
                "Cost adds up absolute changes. Squares prefer many small ones to one of their sum.",
            ),
            Mistake(
                "argmin finds somebody.",
                _first_if_none,
                "Where nobody is allowed all prices are infinite, and argmin says 0. Then whom does "
                "it copy?",
            ),
        ),
        hint="Compare rows[:, immutable] with person[immutable]; then add up absolute differences.",
        takeaway="A method that cannot say 'nobody' will say something worse.",
    ),
    Exercise(
        key="6.4",
        title="Somebody with nobody",
        solution=_lonely,
        names={"female": "f", "woman": "f", "male": "m", "man": "m"},
        accepts=lambda person: (
            bool(_blocked(person).any(axis=1).all()) and not _blocked(person).all().any()
        ),
        mistakes=(
            Mistake(
                "One must be extreme to be alone.",
                lambda: {"age": 90, "sex": "f", "amount": 3000},
                "Alone indeed, but one feature does it by itself. Try values that somebody could "
                "serve, each for itself.",
                lambda person: bool(_blocked(person).all().any()),
                part="what shuts each of the accepted out",
            ),
            Mistake(
                "Whoever is served feature by feature by different people has nobody.",
                lambda: {"age": 30, "sex": "m", "amount": 3000},
                "One of the accepted can still be reached: the same sex, not younger, and an amount "
                "not above. Find them, and step out of their way.",
                lambda person: not _blocked(person).any(axis=1).all(),
                part="what shuts each of the accepted out",
            ),
        ),
        hint="Write beside each of the accepted what shuts them out: age, sex or amount. Move one of your three values until "
        "everybody has such a reason, and no reason is everybody's.",
        takeaway="Reasonable constraints, ordinary values, and nobody to copy: they multiply.",
    ),
    Exercise(
        key="6.5",
        title="Is it still somebody's row?",
        solution=_still_somebody,
        mistakes=(
            Mistake(
                "Without a name it is nobody's.",
                lambda: _still_somebody() | {"a": "no"},
                "A row of exact values singles out one person in the whole table, with or without "
                "a name.",
                _says("a", "no"),
            ),
            Mistake(
                "What is not printed is not told.",
                lambda: _still_somebody() | {"b": "no"},
                "The reader knows their own form. What do they know of the features that the letter "
                "does not name?",
                _says("b", "no"),
            ),
            Mistake(
                "Consent or notice changes what a letter tells.",
                lambda: _still_somebody() | {"d": "no"},
                "Being told may be owed to them. Does it change a single value in the letter?",
                _says("d", "no"),
            ),
        ),
        hint="Put the letter beside the reader's own form. Do the two hold a row that exactly one person has?",
        takeaway="What matters is whether anybody's row can be put together, and not what is printed.",
    ),
)
