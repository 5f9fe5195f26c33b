"""Exercises of chapter 6: Just copy a neighbour?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake

__all__ = ["ACCEPTED", "EXERCISES"]


# -- 6.1 ------------------------------------------------------------------------------------------


def _false_one() -> str:
    # (a) holds: D⁺ asks for h > γ. (b) holds: A(x, t) asks for it. (d) is German credit.
    # (c) does not: more rows to choose from, and the cheapest is odder.
    return "c"


# -- 6.2 ------------------------------------------------------------------------------------------


def _doubling() -> dict[str, float]:
    # The distance is a constant times N^(−1/12).
    left = 2 ** (-1 / 12)
    # k^(−1/12) = 1/2 means k = 2^12.
    times = 2**12
    return {"left": left, "times": times}


# -- 6.3 ------------------------------------------------------------------------------------------

ROWS = np.array([[0.0, 0.5, 0.95], [0.0, 0.1, 0.55], [1.0, 0.5, 0.55], [0.0, 0.7, 0.5]])


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
        title="One of these is false",
        solution=_false_one,
        mistakes=(
            Mistake(
                "A lucky label makes a copy invalid.",
                lambda: "a",
                "Luck makes it improbable that the outcome is good. But validity asks h, and what "
                "does D⁺ demand of h?",
            ),
            Mistake(
                "A copy takes over the whole row, whatever it is.",
                lambda: "b",
                "Look below the arg min: who is left out before anybody is compared?",
            ),
            Mistake(
                "Among hundreds there is somebody for everybody.",
                lambda: "d",
                "Go down the list for person 553 again, and look at its last line.",
            ),
        ),
        hint='One letter, such as "a". Which of the four did the figure contradict?',
        takeaway="The cheapest of many is an extreme, and extremes are rare people.",
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
                    abs(float(answer["left"]) - 2 ** (-1 / 12)) < 0.006
                    and abs(float(answer["times"]) - 4096) > 25
                ),
            ),
        ),
        hint="Only the power of N matters; the rest cancels.",
        takeaway="To halve the distance takes 4,096 times the people. Nobody has them.",
        tolerance=6e-3,
    ),
    Exercise(
        key="6.3",
        title="Write it",
        solution=_nearest,
        probes=PROBES,
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
            ),
            Mistake(
                "Whoever is served feature by feature by different people has nobody.",
                lambda: {"age": 30, "sex": "m", "amount": 3000},
                "One of the accepted can still be reached: the same sex, not younger, and an amount "
                "not above. Find them, and step out of their way.",
                lambda person: not _blocked(person).any(axis=1).all(),
            ),
        ),
        hint="A mapping with age, sex (f or m) and amount.",
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
                "Twelve exact values single out one person in the whole table, with or without "
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
        hint="Does the letter hold a row that exactly one person has?",
        takeaway="What matters is whether anybody's row can be put together, and not what is printed.",
    ),
)
