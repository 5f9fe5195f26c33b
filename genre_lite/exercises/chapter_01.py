"""Exercises of chapter 1: Denied, what now?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from ..feature import Feature
from ..schema import Schema
from .exercise import Exercise, Mistake

# -- 1.1: letters -------------------------------------------------------------------------------


def _sorted_letters() -> dict[int, str]:
    # Does it look back, speak of the model's next answer, or speak of the world?
    return {
        1: "explanation",
        2: "recourse",
        3: "causal advice",
        4: "recourse",
        5: "explanation",
        6: "causal advice",
    }


def _with(**changed: str) -> dict[int, str]:
    return _sorted_letters() | {int(number[1:]): kind for number, kind in changed.items()}


# -- 1.2: a bank that adds up points ------------------------------------------------------------

form = Schema(
    [
        Feature("savings", low=0, unit="DM"),
        Feature("job", low=0, unit="years"),
        Feature("amount", low=0, unit="DM"),
    ]
).constrain(increasing=["job"], decreasing=["amount"])
ben = {"savings": 500, "job": 3, "amount": 4000}
suggestions = pd.DataFrame(
    {
        "savings": [1000, 1000, 3000, 500],
        "job": [3, 4, 2, 5],
        "amount": [4000, 3000, 4000, 2500],
    },
    index=list("ABCD"),
)


class Points:
    """A bank that adds up points, and says yes above zero."""

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Probabilities of no and yes, shape (rows, 2)."""
        points = frame["savings"] / 1000 + frame["job"] / 4
        points = points - frame["amount"] / 2000
        yes = 1 / (1 + np.exp(-points))
        return np.stack([1 - yes, yes], axis=1)


def _unusable() -> dict[str, str]:
    before = suggestions.assign(**ben)
    forbidden = form.violations(before, suggestions).any(axis=1)
    denied = Points().predict_proba(suggestions)[:, 1] <= 0.5

    reasons = {name: "denied" for name in suggestions.index[denied]}
    reasons |= {name: "forbidden" for name in suggestions.index[forbidden]}
    return reasons


USABLE = {"", "-", "?", "accepted", "allowed", "fine", "good", "none"}
USABLE |= {"ok", "okay", "usable", "valid", "yes"}


def _says_usable(reason: object) -> bool:
    return str(reason).strip().lower() in USABLE


def _named(answer: object) -> object:
    """The reasons by form, however they were written; the usable ones may be named, and are left out."""
    if isinstance(answer, pd.Series):
        lettered = {str(name).upper() for name in answer.index} & {*"ABCD"}
        answer = list(answer.items()) if lettered else answer.tolist()
    if isinstance(answer, list | tuple | np.ndarray):
        if len(answer) and all(np.shape(one) == (2,) for one in answer):
            answer = dict(answer)
        elif len(answer) == len(suggestions):
            answer = dict(zip(suggestions.index, answer, strict=True))
        else:  # without letters, or with nothing else
            answer = dict(enumerate(answer))
    if not isinstance(answer, Mapping):
        return answer
    kept = {
        name: reason
        for name, reason in answer.items()
        if not (reason is None or reason != reason or _says_usable(reason))
    }
    return kept or answer


# -- 1.3 and 1.4: the moons ---------------------------------------------------------------------

MARGIN, SLACK = 0.7, 0.02
HALF = 0.005  # of the last of two decimals
NEARLY = 0.005  # of cost, above the least of a valid point


@cache
def moons() -> SimpleNamespace:
    """The chapter's classifier, two applicants, ranges, and line of plausibility."""
    import genre_lite as gl

    toy = gl.load_dataset("moons")
    h = gl.train_classifier(toy, seed=0, progress=False)

    def nearest(x1: float, x2: float) -> pd.DataFrame:
        return toy.X_test.loc[[(toy.X_test - [x1, x2]).abs().sum(axis=1).idxmin()]]

    good = toy.X_train[toy.y_train == 1]
    return SimpleNamespace(
        toy=toy,
        h=h,
        applicant=nearest(0.0, 1.0),
        second=nearest(-0.9, 0.5),
        low=toy.X_train.min(),
        high=toy.X_train.max(),
        line=np.quantile(toy.density(good), 0.01),
    )


second = "second"


@cache
def every_point(who: str = "applicant") -> pd.DataFrame:
    """Every point of a fine grid: cost for one of the two, probability of yes, plausible or not."""
    world = moons()
    names = world.toy.schema.names
    axes = [np.linspace(world.low[name], world.high[name], 200) for name in names]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return judged(pd.DataFrame(points, columns=names), who)


def judged(points: pd.DataFrame, who: str = "applicant") -> pd.DataFrame:
    world = moons()
    moved = (points - getattr(world, who).iloc[0]).abs() / (world.high - world.low)
    return points.assign(
        cost=moved.sum(axis=1),
        h=world.h.predict_proba(points)[:, 1],
        plausible=world.toy.density(points) > world.line,
    )


def _point(answer: object) -> object:
    """A point that names its coordinates, as a row of the grid does, whatever else it holds."""
    if isinstance(answer, pd.DataFrame) and len(answer) == 1:
        answer = answer.iloc[0]
    if isinstance(answer, pd.Series | Mapping) and {"x1", "x2"} <= {*answer.keys()}:
        return (answer["x1"], answer["x2"])
    return answer


def _one(answer: object, who: str = "applicant") -> pd.Series:
    """The verdict on one point, whatever it was written as."""
    x1, x2 = np.asarray(answer, dtype=float).ravel()
    return judged(pd.DataFrame({"x1": [x1], "x2": [x2]}), who).iloc[0]


def _option_0() -> float:
    return _one((0.2, -0.1))["cost"]


def _cheapest_valid() -> tuple[float, float]:
    grid = every_point()
    valid = grid[grid["h"] > 0.5]
    best = valid.nsmallest(1, "cost").iloc[0]
    return (best["x1"], best["x2"])


def _downwards() -> tuple[float, float]:
    """Straight towards option A, no farther than the line."""
    start, end = moons().applicant.to_numpy()[0], np.array([0.2, -0.1])
    way = pd.DataFrame(
        start + np.linspace(0, 1, 500)[:, None] * (end - start), columns=["x1", "x2"]
    )
    first = judged(way).query("h > 0.5").iloc[0]
    return (first["x1"], first["x2"])


def _one_start() -> float:
    return float(moons().applicant["x1"].iloc[0])


def _least_valid() -> float:
    return _one(_cheapest_valid())["cost"]


def _cheapest_safe(margin: float) -> tuple[float, float]:
    """The second applicant's cheapest yes with a margin, plausible or not."""
    grid = every_point(who=second)
    best = grid[grid["h"] >= margin].nsmallest(1, "cost").iloc[0]
    return (best["x1"], best["x2"])


def _safe_and_plausible() -> tuple[float, float]:
    grid = every_point(who=second)
    both = grid[(grid["h"] >= 0.7) & grid["plausible"]]
    best = both.nsmallest(1, "cost").iloc[0]
    return (best["x1"], best["x2"])


def _theirs(answer: object) -> pd.Series:
    """The verdict on a point; for one of two decimals, as a table shows it, on a good one that rounds to it."""
    point = _one(answer, second)
    own = point[["x1", "x2"]].to_numpy(dtype=float)
    if not np.allclose(own, own.round(2), rtol=0):
        return point
    steps = np.linspace(-HALF, HALF, 5)
    around = own + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    near = judged(pd.DataFrame(around, columns=["x1", "x2"]), second)
    good = near[_is_safe(near) & (near["cost"] <= _least() + SLACK)]
    return good.iloc[0] if len(good) else point


@cache
def _least() -> float:
    return _one(_safe_and_plausible(), second)["cost"]


def _is_safe(point: pd.Series | pd.DataFrame) -> Any:
    return (point["h"] >= MARGIN) & point["plausible"]


EXERCISES = (
    Exercise(
        key="1.1",
        title="Explanation, recourse or causal advice?",
        solution=_sorted_letters,
        mistakes=(
            Mistake(
                "A reason that one could do something about is recourse.",
                lambda: _with(_5="recourse"),
                "Letter 5 names what one could change. Does it say which form would get a yes?",
                lambda answer: answer[5] == "recourse",
            ),
            Mistake(
                "A true statement about the world can be checked by asking the model.",
                lambda: _with(_6="recourse"),
                "Letters 3 and 6 say what makes people repay. Can the model be asked about that?",
                lambda answer: "recourse" in (answer[3], answer[6]),
            ),
            Mistake(
                "Advice that would help is causal, whatever it speaks of.",
                lambda: _with(_2="causal advice", _4="causal advice"),
                "Letters 2 and 4 promise something. From whom: the model, or life?",
                lambda answer: "causal advice" in (answer[2], answer[4]),
            ),
            Mistake(
                "Whatever gives a reason is an explanation.",
                lambda: _with(_4="explanation", _6="explanation"),
                "An explanation looks back, and says why it was no. Which of those that you call one speak of what is "
                "still to come?",
                lambda answer: "explanation" in (answer[2], answer[3], answer[4], answer[6]),
            ),
        ),
        names={
            "causal": "causal advice",
            "an explanation": "explanation",
            "explanations": "explanation",
            "a recourse": "recourse",
            "advice": "causal advice",
        },
        hint="Look at the verb of each letter: does it say what was, or what will be? And who answers for what "
        "will be, the model or the world?",
        takeaway="What you can check by asking the model is recourse.",
    ),
    Exercise(
        key="1.2",
        title="Find the unusable ones",
        solution=_unusable,
        read=_named,
        mistakes=(
            Mistake(
                "The reasons say by themselves which forms they are about.",
                lambda: ["denied", "forbidden"],
                "Which form has which reason? Write both for each, the letter and the reason.",
                lambda answer: bool(answer) and not {*answer} & {*"ABCD"},
                form=True,
            ),
            Mistake(
                "What the model accepts can be used.",
                lambda: {"A": "denied"},
                "That one is denied, yes. Now forget h, and compare each form with Ben's of today: "
                "may everything move the way it does?",
                lambda answer: {**answer} == {"A": "denied"},
            ),
            Mistake(
                "Only the constraints matter.",
                lambda: {"C": "forbidden"},
                "That one breaks a constraint, yes. Is the model content with all the others?",
                lambda answer: {**answer} == {"C": "forbidden"},
            ),
            Mistake(
                "Whatever cannot be used is denied.",
                lambda: {"C": "denied"},
                "The model is surest of C, so this one is not denied. Compare it with Ben's form of today, "
                "feature by feature.",
                lambda answer: answer.get("C") == "denied",
            ),
            Mistake(
                "Too little of something is forbidden.",
                lambda: {"A": "forbidden"},
                "No feature of A moves the way that it may not. Look at its h.",
                lambda answer: answer.get("A") == "forbidden",
            ),
            Mistake(
                "A form with a probability of yes near one half is no good.",
                lambda: {"A": "denied", "B": "denied", "C": "forbidden"},
                "Above one half is a yes, however small the lead. A margin is a further wish.",
                lambda answer: "denied" in (answer.get("B"), answer.get("D")),
            ),
            Mistake(
                "A lower amount is a smaller loan, so it breaks a rule.",
                lambda: {"A": "denied", "C": "forbidden", "D": "forbidden"},
                "The schema lets one feature only rise and another only fall. Which is which?",
                lambda answer: "forbidden" in (answer.get("B"), answer.get("D")),
            ),
        ),
        hint="Ask the model first: is h above one half? Then ask the schema: does every feature move only as it "
        "allows?",
        takeaway="A sure yes to an impossible form is worth nothing.",
    ),
    Exercise(
        key="1.3",
        title="The cheapest yes",
        solution=_cheapest_valid,
        read=_point,
        mistakes=(
            Mistake(
                "The nearest real person with a good outcome will do.",
                lambda: (0.0, 0.45),
                "Cheap, and still denied. Ask judge for h: it must be above one half.",
                lambda answer: _one(answer)["h"] <= 0.5,
                part="the h of your point",
            ),
            Mistake(
                "The surest yes is the best.",
                lambda: (1.0, -0.5),
                "A yes, and no cheaper than option A. How far back towards the applicant can you "
                "go before the yes is lost?",
                lambda answer: _one(answer)["cost"] >= _option_0(),
                part="what your point costs",
            ),
            Mistake(
                "The straight way to a good point is the cheapest way to a yes.",
                _downwards,
                "Cheaper than option A, and there is a cheaper yes. You move both features. What does a "
                "step of each cost, and what does it do to h?",
                lambda answer: (
                    _least_valid() + NEARLY < _one(answer)["cost"] < _option_0()
                    and not np.isclose(np.ravel(answer), moons().applicant.iloc[0], atol=0.03).any()
                ),
                part="what your point costs",
            ),
            Mistake(
                "To move one feature is cheap, whichever it is, and however far.",
                lambda: (_one_start(), 0.05),
                "Cheaper than option A, and one feature alone has moved. Is it the better one of the two, and have "
                "you stopped at the line?",
                lambda answer: _least_valid() + NEARLY < _one(answer)["cost"] < _option_0(),
                part="what your point costs",
            ),
        ),
        hint="Move one feature alone, as far as the line; then the other alone; and compare their costs with "
        "that of moving both.",
        takeaway="One feature alone is the cheapest way across. Chapter 3 shows why; and a yes so close to the "
        "line is soon lost.",
        accepts=lambda answer: (
            _one(answer)["h"] > 0.5 and _one(answer)["cost"] <= _least_valid() + NEARLY
        ),
    ),
    Exercise(
        key="1.4",
        title="Now make it plausible",
        solution=_safe_and_plausible,
        read=_point,
        mistakes=(
            Mistake(
                "Valid is valid: a margin changes nothing.",
                lambda: _cheapest_safe(0.5),
                "h is below the margin here. Go a little farther.",
                lambda answer: _theirs(answer)["h"] < MARGIN,
                part="the h of your point",
            ),
            Mistake(
                "Whoever is surely accepted is plausible.",
                lambda: _cheapest_safe(MARGIN),
                "The model is sure enough, but nobody lives there. Ask toy.density about it.",
                lambda answer: not _theirs(answer)["plausible"],
                part="whether your point is plausible",
            ),
            Mistake(
                "Any safe and plausible point will do, whatever it costs.",
                lambda: (1.0, -0.5),
                "Safe and plausible, and more expensive than need be. Which way lies the applicant?",
                lambda answer: (
                    _is_safe(_theirs(answer)) and _theirs(answer)["cost"] > _least() + SLACK
                ),
                part="what your point costs",
            ),
        ),
        hint="Start from a safe and plausible point. Then walk back towards the applicant, as far as it stays both.",
        takeaway="A yes has a price, a margin has one, and so has the company of real people. Here the last is the "
        "greatest; for the first applicant it was nothing.",
        accepts=lambda answer: (
            _is_safe(_theirs(answer)) and _theirs(answer)["cost"] <= _least() + SLACK
        ),
    ),
)
