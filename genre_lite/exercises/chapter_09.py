"""Exercises of chapter 9: Sample, then choose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake


@cache
def judged(rule: str, k: int) -> dict[str, float]:
    """How 120 people of the COMPAS test part fare with the best of k by a rule, on average.

    Cost, h, and the share of inliers among accepted people of the training part. Drawn boldly, at
    temperature 2, and not refined.
    """
    import genre_lite as gl
    from genre_lite.decision import acceptance
    from genre_lite.objectives import LocalOutliers

    bank = gl.load_dataset("compas")
    genre = gl.GenRe.load("compas", progress=False)
    denied = bank.X_test[acceptance(genre.h, bank.X_test) <= 0.5].head(120)
    letters = genre.recommend(denied, rule=rule, candidates=k, temperature=2.0, refined=False)

    def points(frame):
        return genre.codec.design(genre.codec.cube(frame))

    accepted = bank.X_train[(bank.y_train == 1) & (acceptance(genre.h, bank.X_train) > 0.5)]
    usual = LocalOutliers().fit(points(accepted))
    return {
        "cost": float(letters.cost.mean()),
        "h": float(letters.probability.mean()),
        "plausibility": float(usual.is_plausible(points(letters.best().dropna())).mean()),
    }


def _cold() -> dict[str, float]:
    first = np.array([0.7, 0.3])
    a_form = np.array([0.7 / 7] * 7 + [0.3])  # seven that begin with A, and the one with B

    # At T = 1/2 the log-odds double, so that probabilities are squared, and made to sum to one.
    by_line = first**2 / (first**2).sum()
    by_form = a_form**2 / (a_form**2).sum()
    return {"line by line": float(by_line[1]), "whole forms": float(by_form[-1])}


def letters() -> pd.DataFrame:
    """What is asked for, and what h and the estimates say of it, as in exercise 9.6."""
    rows = {
        "ABC": (0.90, 0.90, 0.90, 0.6),
        "AB": (0.85, 0.90, 0.88, 0.5),
        "AC": (0.80, 0.89, 0.95, 0.4),
        "BC": (0.70, 0.80, 0.90, 0.3),
        "A": (0.75, 0.87, 0.95, 0.3),
        "B": (0.55, 0.50, 0.60, 0.2),
        "C": (0.45, 0.40, 0.90, 0.1),
    }
    return pd.DataFrame(rows, ["h", "valid", "plausible", "cost"]).T


def _refined() -> dict:
    table = letters()
    worth = table["valid"] + table["plausible"] - table["cost"] / 10

    def shorter(asked):
        """Those with one change less, if they are a yes and worth no less."""
        fewer = ["".join(c for c in asked if c != gone) for gone in asked if len(asked) > 1]
        return [f for f in fewer if table["h"][f] > 0.5 and worth[f] >= worth[asked]]

    needless, asked = len(shorter("ABC")), "ABC"
    while fewer := shorter(asked):
        asked = max(fewer, key=worth.get)
    return {"needless": needless, "left": set(asked), "worth": float(worth[asked])}


def _as_letters(answer: Any) -> Any:
    """What is left may be written as a text, as “A and C”."""
    left = answer.get("left") if isinstance(answer, Mapping) else None
    if not isinstance(left, str):
        return answer
    return answer | {"left": set(re.findall("[ABC]", re.sub(r"(?i)\band\b", "", left).upper()))}


def _three_ways() -> dict:
    # Down is struck out, and the rest is scaled up to one.
    masked = [0, 0.3 / 0.5, 0.2 / 0.5]
    # Whoever was told to go down is put back to where they are.
    repaired = [0, 0.3 + 0.5, 0.2]
    # One line in two is fine, so one form in two to the fifth is.
    forms = 2**5
    return {"masked": masked, "repaired": repaired, "forms": forms}


def _expected_least() -> float:
    cost = np.array([1, 2, 4])
    share = np.array([0.2, 0.5, 0.3])
    at_least = np.array([share[i:].sum() ** 3 for i in range(3)])  # all three draws
    more = np.append(at_least[1:], 0)
    return float((cost * (at_least - more)).sum())


def _signs() -> dict[str, str]:
    by = {rule: (judged(rule, 5), judged(rule, 200)) for rule in ("safest", "cheapest")}

    def way(rule: str, part: str) -> str:
        few, many = by[rule]
        return "up" if many[part] > few[part] else "down"

    return {
        "cost of the safest": way("safest", "cost"),
        "h of the safest": way("safest", "h"),
        "plausibility of the cheapest": way("cheapest", "plausibility"),
        "surer of a yes": max(by, key=lambda rule: by[rule][1]["h"]),
    }


def _second_letter() -> Callable:
    def second(cost, h, points):
        valid = h > 0.5
        first = np.where(valid, cost, np.inf).argmin()
        far = np.abs(points - points[first]).sum(axis=1)
        fine = valid & (cost <= 2 * cost[first])
        return int(np.where(fine, far, -np.inf).argmax())

    return second


def _fair(h: np.ndarray, points: np.ndarray, *cost: float) -> tuple[np.ndarray, ...]:
    return np.array(cost), h, points


def _edges() -> tuple[tuple[np.ndarray, ...], ...]:
    """Where a rule is tried: at exactly one half, at exactly twice, in either norm, and at a tie."""
    corner = np.array([[0.0, 0.0, 0.0], [0.9, 0.0, 0.0], [0.5, 0.5, 0.5], [0.1, 0.1, 0.1]])
    plane = np.array([[0.5, 0.5], [0.5, 1.0], [0.0, 0.5], [0.6, 0.5]])
    return (
        _fair(np.array([0.5, 0.6, 0.7, 0.8]), corner, 0.1, 0.4, 0.5, 0.6),
        _fair(np.array([0.9, 0.6, 0.7, 0.8]), corner, 0.3, 0.6, 0.7, 0.5),
        _fair(np.full(4, 0.8), corner, 0.5, 0.9, 0.8, 0.6),
        _fair(np.array([0.9, 0.8, 0.8, 0.7]), plane, 0.4, 0.7, 0.7, 0.5),
        _fair(np.full(4, 0.7), corner, 0.2, 1.0, 1.9, 0.39),
    )


def _is_second(found: Any, cost: np.ndarray, h: np.ndarray, points: np.ndarray) -> bool:
    """Whether none that may be sent is farther from the first letter; two may be as far."""
    if np.ndim(found) or found != int(found) or not 0 <= found < len(cost):
        return False
    right = _second_letter()(cost, h, points)
    far = np.abs(points - points[np.where(h > 0.5, cost, np.inf).argmin()]).sum(axis=1)
    may = (h > 0.5) & (cost <= 2 * cost[h > 0.5].min())
    return bool(may[int(found)] and np.isclose(far[int(found)], far[right]))


def _candidates(seed: int, k: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cost, h and points of k made-up candidates of somebody in the middle of the cube."""
    rng = np.random.default_rng(seed)
    points = rng.random((k, 3))
    return np.abs(points - 0.5).sum(axis=1), rng.random(k), points


def _other_second(valid: bool = True, limit: float = 2.0, start: str = "first") -> Callable:
    """The second letter with something left out."""

    def second(cost: np.ndarray, h: np.ndarray, points: np.ndarray) -> int:
        good = h > 0.5 if valid else np.ones(len(h), dtype=bool)
        first = np.where(good, cost, np.inf).argmin()
        far = np.abs(points - points[first]).sum(axis=1) if start == "first" else cost
        return int(np.where(good & (cost <= limit * cost[first]), far, -np.inf).argmax())

    return second


EXERCISES = (
    Exercise(
        key="9.1",
        title="Cold lines, cold forms",
        solution=_cold,
        mistakes=(
            Mistake(
                "Line by line or as a whole, it is the same.",
                lambda: dict.fromkeys(("line by line", "whole forms"), _cold()["line by line"]),
                "Your two numbers are the same. How many forms begin with A, when whole forms are compared?",
                lambda answer: np.isclose(answer["line by line"], answer["whole forms"], atol=5e-3),
            ),
            Mistake(
                "The temperature multiplies the log-odds.",
                lambda: {
                    "line by line": 0.3**0.5 / (0.3**0.5 + 0.7**0.5),
                    "whole forms": 0.3**0.5 / (0.3**0.5 + 7 * 0.1**0.5),
                },
                "That is flatter than at temperature 1, and colder should be sharper.",
                lambda answer: 0.3 < answer["line by line"] < 0.5,
            ),
            Mistake(
                "Below temperature 1 the likeliest value is certain.",
                lambda: {"line by line": 0.0, "whole forms": 1.0},
                "That is the limit of no temperature at all. At one half, something is left to the others.",
            ),
            Mistake(
                "Two forms are compared, the likeliest of each beginning.",
                lambda: _cold() | {"whole forms": 0.3**2 / (0.3**2 + 0.1**2)},
                "You compared with one form that begins with A. How many are there?",
            ),
        ),
        tolerance=5e-3,
        hint="Square the probabilities, and make their sum one. For the first number these are the two beginnings, "
        "for the second all eight forms.",
        takeaway="Line by line the cold sampler sees two beginnings, and not that one of them is a single form. "
        "So the likeliest form gets rarer as it gets colder.",
    ),
    Exercise(
        key="9.2",
        title="Mask, repair, reject",
        solution=_three_ways,
        mistakes=(
            Mistake(
                "To repair is to mask.",
                lambda: {"masked": [0, 0.8, 0.2], "repaired": [0, 0.6, 0.4], "forms": 32},
                "You have the two the wrong way round: who puts people back to where they are?",
            ),
            Mistake(
                "A mask only strikes out.",
                lambda: {"masked": [0, 0.3, 0.2], "repaired": [0, 0.8, 0.2], "forms": 32},
                "Does the masked distribution sum to one?",
                lambda answer: np.sum(answer["masked"]) < 0.995,
            ),
            Mistake(
                "The chances of the lines add up.",
                lambda: {"masked": [0, 0.6, 0.4], "repaired": [0, 0.8, 0.2], "forms": 10},
                "All five lines must be fine at once. With what probability does that happen?",
                lambda answer: np.isclose(answer["forms"], 10),
            ),
            Mistake(
                "Only one line has to be fine.",
                lambda: {"masked": [0, 0.6, 0.4], "repaired": [0, 0.8, 0.2], "forms": 2},
                "That is how many it takes for one line. The form has five.",
                lambda answer: np.isclose(answer["forms"], 2),
            ),
        ),
        tolerance=5e-3,
        hint="Mask: strike out and scale up. Repair: what was forbidden goes to one's own value. "
        "Reject: one over the probability of a form that breaks nothing.",
        takeaway="Masks cost nothing. Repairing piles probability on 'stay as you are', and what "
        "rejecting wastes grows exponentially with the number of lines.",
    ),
    Exercise(
        key="9.3",
        title="The least of three",
        solution=_expected_least,
        mistakes=(
            Mistake(
                "Each draw has the same mean, so the least of them has too.",
                lambda: 0.2 * 1 + 0.5 * 2 + 0.3 * 4,
                "That is the mean of one draw. You get three, and keep the best.",
            ),
            Mistake(
                "With a few draws you get the cheapest there is.",
                lambda: 1.0,
                "How likely is it that none of the three draws costs 1?",
            ),
            Mistake(
                "The mean falls like 1/k.",
                lambda: 2.4 / 3,
                "Less than the cheapest letter there is? More draws make that one likelier, and not cheaper.",
            ),
            Mistake(
                "The best of three costs what the likeliest costs.",
                lambda: 2.0,
                "The least of three is often 1, and seldom 4. Weigh the three by how likely they are.",
            ),
        ),
        tolerance=2e-3,
        hint="How likely is it that all three draws cost at least 2? At least 4? The differences are "
        "the probabilities of the least.",
        takeaway="More draws help less and less: the least of k can only fall to the cheapest that "
        "the model ever writes.",
    ),
    Exercise(
        key="9.4",
        title="The cheapest or the most confident",
        solution=_signs,
        mistakes=(
            Mistake(
                "More candidates make every choice cheaper.",
                lambda: _signs() | {"cost of the safest": "down"},
                "Is the cost looked at, when the most confident is chosen? And where in the table is "
                "the classifier surest?",
                lambda answer: answer["cost of the safest"] == "down",
            ),
            Mistake(
                "A small step keeps the letter among real people.",
                lambda: _signs() | {"plausibility of the cheapest": "up"},
                "The cheapest of 200 lies nearer to the boundary than the cheapest of 5. Do more of the "
                "accepted live there, or fewer?",
                lambda answer: answer["plausibility of the cheapest"] == "up",
            ),
            Mistake(
                "The best of more candidates can be less sure.",
                lambda: _signs() | {"h of the safest": "down"},
                "The greatest of 200 numbers against the greatest of 5?",
                lambda answer: answer["h of the safest"] == "down",
            ),
            Mistake(
                "A cheap letter is as sure as any.",
                lambda: _signs() | {"surer of a yes": "cheapest"},
                "Where does the cheapest valid letter lie, seen from the boundary?",
                lambda answer: answer["surer of a yes"] == "cheapest",
            ),
        ),
        hint="One prediction after the other; then measure with judged(rule, k).",
        names={
            it + word: way
            for it in ("", "it ", "they ")
            for way, words in {
                "up": (
                    "rises",
                    "rise",
                    "grows",
                    "grow",
                    "goes up",
                    "go up",
                    "increases",
                    "increase",
                    "higher",
                ),
                "down": (
                    "falls",
                    "fall",
                    "shrinks",
                    "shrink",
                    "goes down",
                    "go down",
                    "decreases",
                    "decrease",
                    "lower",
                ),
            }.items()
            for word in words
        }
        | {
            said.format(rule): rule
            for rule in ("safest", "cheapest")
            for said in ("{} rule", "{} letters", "the {}", "the {} rule", "those of the {}")
        },
        takeaway="The safest buys confidence with cost, the cheapest saves cost with confidence and "
        "plausibility; and the more candidates there are, the more.",
    ),
    Exercise(
        key="9.5",
        title="A second letter",
        solution=_second_letter,
        mistakes=(
            Mistake(
                "Whatever was drawn may be sent.",
                lambda: _other_second(valid=False),
                "One of your letters would be denied. Ask h first.",
                part="whether the bank accepts what you choose",
            ),
            Mistake(
                "Different means as far away as can be.",
                lambda: _other_second(limit=np.inf),
                "That second letter can cost many times the first. Is it still a choice?",
                part="what your second letter costs",
            ),
            Mistake(
                "Far from the person is far from the first letter.",
                lambda: _other_second(start="person"),
                "You took the most expensive that is allowed. The second letter should differ from the "
                "first one, not from the person.",
                part="how far your second letter is from the first",
            ),
            Mistake(
                "The second cheapest is a second option.",
                lambda: lambda cost, h, points: int(np.where(h > 0.5, cost, np.inf).argsort()[1]),
                "The second cheapest is nearly the first one again. Measure how far each is from it.",
                part="how far your second letter is from the first",
            ),
        ),
        probes=(*map(_candidates, range(5)), *_edges()),
        fits=_is_second,
        hint="First the cheapest valid one; then, of the valid ones that cost no more than twice as "
        "much, the one farthest from it.",
        takeaway="Two letters are a choice only if they differ. The model writes many; the rule "
        "decides whether a person gets to see that.",
    ),
    Exercise(
        key="9.6",
        title="Taking back by hand",
        solution=_refined,
        read=_as_letters,
        mistakes=(
            Mistake(
                "What the bank does not need is needless.",
                lambda: {"needless": 3, "left": {"B"}, "worth": 1.08},
                "The bank says yes without each of the three, that is true. What else would be lost?",
                lambda answer: answer["needless"] == 3 or answer["left"] == {"B"},
            ),
            Mistake(
                "The shorter a letter, the better.",
                lambda: _refined() | {"left": {"A"}, "worth": 1.79},
                "From A and C to A alone the bank still says yes. What happens to the worth?",
                lambda answer: answer["left"] == {"A"},
            ),
            Mistake(
                "A good letter needs no refining.",
                lambda: {"needless": 0, "left": {"A", "B", "C"}, "worth": 1.74},
                "Compare the row of all three with the row of A and C: h, and worth.",
                lambda answer: answer["left"] == {"A", "B", "C"},
            ),
            Mistake(
                "Cost counts as much as a chance.",
                lambda: _refined() | {"worth": 1.44},
                "You took the whole cost off. By what is it divided?",
                lambda answer: np.isclose(answer["worth"], 1.44, atol=2e-3),
            ),
        ),
        tolerance=5e-4,
        hint="Write the worth beside each row, V̂ + P̂ − cost / 10. Then go from three changes to two, and from there "
        "on, only to rows that are a yes and worth no less.",
        takeaway="Needless is what can go while the letter stays a yes and is worth no less: here B. The bank alone would "
        "let each of the three go, though not all together.",
    ),
)
