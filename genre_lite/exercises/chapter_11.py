"""Exercises of chapter 11: The honest benchmark."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from .exercise import Exercise, Mistake, alike

# -- what an answer says, whatever its form -----------------------------------------------------------


def _numbers(answer: Any) -> list[float]:
    """The numbers of an answer: one or many, text and fractions too."""
    parts = np.ravel(np.array(answer, dtype=object))
    numbers = [float(Fraction(p.strip()) if isinstance(p, str) else p) for p in parts]
    if any(math.isnan(number) for number in numbers):
        raise ValueError("nan is no number")
    return numbers


def _number(answer: Any) -> float:
    (one,) = _numbers(answer)
    return one


def _two(*names: str) -> Callable[[Any], dict[str, float]]:
    """Reads two numbers by their names, of a mapping, Series or table; or two in this order."""

    def read(answer: Any) -> dict[str, float]:
        if isinstance(answer, pd.DataFrame):
            answer = answer.squeeze()
        if isinstance(answer, pd.Series | Mapping):
            told = {str(name).strip().casefold(): value for name, value in answer.items()}
            answer = [told[name] for name in names]
        return dict(zip(names, _numbers(answer), strict=True))

    return read


def _claims(known: Mapping[str, str]) -> Callable[[Any], set[str]]:
    """Reads which claims are named: by letter or sentence, one or many, or as True beside the name."""

    def read(answer: Any) -> set[str]:
        if isinstance(answer, pd.Series) and answer.dtype == bool:
            answer = answer.to_dict()
        if isinstance(answer, pd.Series) and {*answer.index} <= known.keys():
            answer = [*answer.index]  # a part of the table, letters and p-values
        if isinstance(answer, Mapping):
            answer = [name for name, stands in answer.items() if stands == 1]
        if not isinstance(answer, str):
            return set().union(*(read(str(one)) for one in answer))
        text = answer.strip().strip(".\"'")
        if re.search(r"\b(?:not|no|but|except|without)\b", text, re.IGNORECASE):
            raise ValueError("name the claims themselves, and not what they are not")
        said = {letter for letter, claim in known.items() if len(text) > 1 and text in claim}
        # A small a is an article too, so small letters count only where there is nothing else.
        small = re.fullmatch(r"(?:[Cc]laims?\s)?[a-z](?:(?:,|;|\sand)?\s[a-z])*", text)
        said = said or {*re.findall(r"\b[A-Z]\b", text.upper() if small else text)}
        if not said or not said <= known.keys():
            raise ValueError(f"name claims by their letters, {', '.join(known)}")
        return said

    return read


def _mistake(
    belief: str,
    answer: Callable,
    hint: str,
    read: Callable,
    tolerance: float = 1e-6,
    form: bool = False,
) -> Mistake:
    """A mistake that is known in every form that an answer may have."""
    return Mistake(
        belief,
        answer,
        hint,
        lambda given: alike(read(given), read(answer()), tolerance),
        form=form,
    )


# -- 11.1: a Score over those found ------------------------------------------------------------------


def _counted():
    found = 0.80
    worth = 1.71 + 1.3 / 13  # Val + LOF, over those found
    # A missing answer is a failure in both shares, and has no cost.
    score = found * worth - 1.3 / 13
    needed = (1.5 + 1.3 / 13) / worth
    return {"Score": score, "coverage": needed}


_told = _two("score", "coverage")
_ONE_PER_MILLE = 1e-3


def _lower(of: Mapping[str, float]) -> dict[str, float]:
    return {name.casefold(): value for name, value in of.items()}


# -- 11.2: the coverage trap ------------------------------------------------------------------------

_costs = _two("picky", "patient")
_TWO_DIGITS = 0.005


def picky_and_patient() -> pd.DataFrame:
    """The cost of ten people's answers by two methods; NaN where none was found."""
    none = np.nan
    return pd.DataFrame(
        {
            "picky": [0.6, 0.5, none, 0.7, none, 0.4, none, 0.8, none, none],
            "patient": [0.5, 0.4, 1.6, 0.6, 1.9, none, 1.5, 0.6, 2.1, 1.4],
        },
        index=pd.RangeIndex(10, name="person"),
    )


def _on_those_whom_both_answer():
    costs = picky_and_patient()
    both = costs.dropna()
    return both.mean().to_dict()


# -- 11.3: in pairs and not -------------------------------------------------------------------------

_widths = _two("paired", "unpaired")
_FOUR_DIGITS = 2e-4


def five_worlds() -> pd.DataFrame:
    """The Scores of two methods in the same five worlds."""
    return pd.DataFrame(
        {"A": [1.91, 1.78, 1.95, 1.84, 1.70], "B": [1.87, 1.76, 1.90, 1.81, 1.68]},
        index=pd.RangeIndex(5, name="world"),
    )


def _two_half_widths():
    import numpy as np
    from scipy import stats

    worlds = five_worlds()
    n = len(worlds)
    difference = worlds["A"] - worlds["B"]
    paired = stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)

    error = np.sqrt(worlds["A"].var(ddof=1) / n + worlds["B"].var(ddof=1) / n)
    unpaired = stats.t.ppf(0.975, 2 * n - 2) * error
    return {"paired": paired, "unpaired": unpaired}


def _half_widths(
    t: Callable = stats.t.ppf,
    level: float = 0.975,
    ddof: int = 1,
    root: bool = True,
    freedom: float = 8,
) -> dict[str, float]:
    worlds, n = five_worlds(), 5
    a, b = worlds["A"], worlds["B"]
    share = n if root else 1
    return {
        "paired": t(level, n - 1) * (a - b).std(ddof=ddof) / math.sqrt(share),
        "unpaired": t(level, freedom)
        * math.sqrt(a.var(ddof=ddof) / share + b.var(ddof=ddof) / share),
    }


def _welch() -> float:
    """Welch's degrees of freedom, for two spreads that may differ."""
    a, b = (five_worlds()[name].var(ddof=1) / 5 for name in "AB")
    return (a + b) ** 2 / (a**2 / 4 + b**2 / 4)


# -- 11.4: the claim that fails ---------------------------------------------------------------------

CLAIMS = {
    "A": "Ours has a higher Score than the neighbour.",
    "B": "Ours has a higher Score than the search.",
    "C": "Ours has a higher Score than ours without its last part, though only slightly.",
    "D": "The neighbour has a higher Score than the search.",
}
_claim = _claims(CLAIMS)


def paper_table() -> pd.DataFrame:
    """Scores of four methods, a seed a column."""
    rows = {
        "ours": [1.95, 1.86, 1.97, 1.82, 1.92],
        "ours without": [1.93, 1.84, 1.94, 1.80, 1.90],
        "neighbour": [1.88, 1.91, 1.87, 1.86, 1.45],
        "search": [1.31, 1.25, 1.30, 1.20, 1.26],
    }
    return pd.DataFrame(rows, index=pd.RangeIndex(5, name="seed")).T


def _the_claim_that_fails():
    import numpy as np
    from scipy import stats

    scores = paper_table()
    claims = {
        "A": scores.loc["ours"] - scores.loc["neighbour"],
        "B": scores.loc["ours"] - scores.loc["search"],
        "C": scores.loc["ours"] - scores.loc["ours without"],
        "D": scores.loc["neighbour"] - scores.loc["search"],
    }
    fails = {}
    for claim, ahead in claims.items():
        n = len(ahead)
        half = stats.t.ppf(0.975, n - 1) * ahead.std(ddof=1) / np.sqrt(n)
        fails[claim] = ahead.mean() <= half
    return next(claim for claim, failed in fails.items() if failed)


# -- 11.5: another weight, another winner -----------------------------------------------------------


def four_methods() -> pd.DataFrame:
    """The parts of four methods' results."""
    return pd.DataFrame(
        {
            "Val": [1.00, 0.93, 0.86, 0.42],
            "LOF": [0.97, 0.92, 0.76, 0.82],
            "Cost": [0.55, 0.48, 0.13, 0.09],
        },
        index=pd.Index(["sampler", "neighbour", "sparse search", "shells"], name="method"),
    )


def _winner(weight: float) -> str:
    parts = four_methods()
    return (parts["Val"] + parts["LOF"] - weight * parts["Cost"]).idxmax()


def _another_winner():
    import numpy as np

    parts = four_methods()

    def winner(weight):
        return (parts["Val"] + parts["LOF"] - weight * parts["Cost"]).idxmax()

    weights = np.linspace(0, 5, 51)
    return next(w for w in weights if winner(w) != winner(1 / 13))


# -- 11.6: what stands together ---------------------------------------------------------------------


def six_rivals() -> pd.Series:
    """The p-values of six comparisons in one paper, by the rival's letter."""
    p = {"A": 0.016, "B": 0.002, "C": 0.200, "D": 0.009, "E": 0.045, "F": 0.014}
    return pd.Series(p, name="p").rename_axis("rival")


_rivals = _claims({rival: "" for rival in six_rivals().index})


def _what_stands():
    import numpy as np

    p = six_rivals().sort_values()
    bars = 0.05 / np.arange(len(p), 0, -1)
    stands = np.logical_and.accumulate(p.to_numpy() <= bars)
    return {*p.index[stands]}


def _by(rule: Callable[[np.ndarray], np.ndarray]) -> Callable[[], set[str]]:
    """The rivals that another rule leaves, from the sorted p-values."""

    def left() -> set[str]:
        p = six_rivals().sort_values()
        return {*p.index[rule(p.to_numpy())]}

    return left


_BARS = 0.05 / np.arange(6, 0, -1)

EXERCISES = (
    Exercise(
        key="11.1",
        title="A Score over those found",
        solution=_counted,
        mistakes=(
            _mistake(
                "A method without an answer for a fifth has four fifths of the Score.",
                lambda: {"Score": 0.8 * 1.71, "coverage": 1.5 / 1.71},
                "You took the cost along. The shares are of everybody; of whom is the mean cost?",
                _told,
                _ONE_PER_MILLE,
            ),
            _mistake(
                "Score subtracts the cost.",
                lambda: {"Score": 0.8 * 3.01 - 1.3, "coverage": 2.8 / 3.01},
                "The cost is not subtracted whole. What stands below it?",
                _told,
                _ONE_PER_MILLE,
            ),
            _mistake(
                "Whoever got no answer is missing in one of the two shares.",
                lambda: {"Score": 1.71 - 0.2, "coverage": 1 - (1.71 - 1.5)},
                "You took a fifth off once. How many shares are there, and how large can each of them be?",
                _told,
                _ONE_PER_MILLE,
            ),
            _mistake(
                "The coverage is needed to make up for the reported Score alone.",
                lambda: _counted() | {"coverage": 1.5 / 1.71},
                "The Score is right. For the coverage, put an unknown share in place of the four fifths, and the "
                "floor in place of the Score.",
                _told,
                _ONE_PER_MILLE,
            ),
            _mistake(
                "Coverage is counted in per cent.",
                lambda: _counted() | {"coverage": 100 * _counted()["coverage"]},
                "The Score is right. In it coverage is a share, between 0 and 1.",
                _told,
                _ONE_PER_MILLE,
                form=True,
            ),
            _mistake(
                "A Score over those found is a Score.",
                lambda: _counted() | {"Score": 1.71},
                "That is what the paper printed. What became of the fifth without an answer?",
                _told,
                _ONE_PER_MILLE,
            ),
        ),
        hint="First add the cost to what was printed, to have Val + LOF of those found. What of the three is to be "
        "taken of everybody, and what stays as it is?",
        takeaway="Counted, it lies below the floor of doing nothing, and nothing false was printed. Read coverage "
        "beside every Score.",
        accepts=lambda answer: alike(_told(answer), _lower(_counted()), _ONE_PER_MILLE),
    ),
    Exercise(
        key="11.2",
        title="The coverage trap",
        solution=_on_those_whom_both_answer,
        mistakes=(
            _mistake(
                "Each method's mean is over its own people.",
                lambda: picky_and_patient().mean().to_dict(),
                "Each mean is over those who got an answer. Are they the same people in both?",
                _costs,
                _TWO_DIGITS,
            ),
            _mistake(
                "No answer costs nothing.",
                lambda: picky_and_patient().fillna(0).mean().to_dict(),
                "You took a gap for a cost of zero. Would you call the letter that never came cheap?",
                _costs,
                _TWO_DIGITS,
            ),
            _mistake(
                "It is enough to look at the people of one method.",
                lambda: (
                    picky_and_patient().loc[picky_and_patient()["picky"].notna()].mean().to_dict()
                ),
                "You looked at those whom picky answers. Has patient an answer for each of them?",
                _costs,
                _TWO_DIGITS,
            ),
            _mistake(
                "A middle value is a mean.",
                lambda: picky_and_patient().dropna().median().to_dict(),
                "The people are the right ones. You took medians; the paper reports means.",
                _costs,
                _TWO_DIGITS,
            ),
            _mistake(
                "The method with the lower reported mean is the cheaper one.",
                lambda: dict(
                    zip(
                        ("picky", "patient"),
                        [*_on_those_whom_both_answer().values()][::-1],
                        strict=True,
                    )
                ),
                "The two are swapped. Which of them is more expensive for each of these people?",
                _costs,
                _TWO_DIGITS,
            ),
        ),
        hint="Who has an answer by picky, and who by patient? Your means are to be over those who are "
        "in both lists.",
        takeaway="On the people whom both answer, the picky method is the more expensive one.",
        accepts=lambda answer: alike(_costs(answer), _on_those_whom_both_answer(), _TWO_DIGITS),
    ),
    Exercise(
        key="11.3",
        title="In pairs and not",
        solution=_two_half_widths,
        mistakes=(
            _mistake(
                "An interval of 95 % is 1.96 standard errors.",
                lambda: _half_widths(t=lambda q, _: stats.norm.ppf(q)),
                "1.96 belongs to a normal distribution with a known spread. Yours was estimated "
                "from five numbers; which distribution knows that?",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "The standard deviation of a sample divides by n.",
                lambda: _half_widths(ddof=0),
                "Your standard deviations divide by n, as NumPy does by default. What do five "
                "worlds leave, once their mean is taken?",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "How far worlds differ is how unsure their mean is.",
                lambda: _half_widths(root=False),
                "You have the spread of single worlds. What makes the mean of five steadier?",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "95 % of an interval leave 5 % on each side.",
                lambda: _half_widths(level=0.95),
                "Your intervals hold 90 %. How much is to be left out on each side?",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "The width of an interval goes from end to end.",
                lambda: {name: 2 * half for name, half in _two_half_widths().items()},
                "You have both intervals from end to end. What stands behind a ±?",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "Two samples of five have four degrees of freedom.",
                lambda: _half_widths(freedom=4),
                "The paired half is right. For the other, you took the degrees of freedom of one "
                "sample. How many numbers are there, and how many means were taken of them?",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "Two samples without pairs want Welch's degrees of freedom.",
                lambda: _half_widths(freedom=_welch()),
                "The paired half is right. Welch's degrees of freedom are a good choice for the "
                "other, and another one than the text asks for.",
                _widths,
                _FOUR_DIGITS,
            ),
            _mistake(
                "Pairs are the wider way.",
                lambda: {
                    "paired": _two_half_widths()["unpaired"],
                    "unpaired": _two_half_widths()["paired"],
                },
                "The two are swapped. Which of them uses the differences?",
                _widths,
                _FOUR_DIGITS,
            ),
        ),
        hint="Which numbers have a standard deviation in each half, and by what is it divided? Then, which degrees of "
        "freedom has Student's number?",
        takeaway="The same numbers: in pairs the difference is shown, and not in pairs it drowns.",
        accepts=lambda answer: alike(_widths(answer), _two_half_widths(), _FOUR_DIGITS),
    ),
    Exercise(
        key="11.4",
        title="The claim that fails",
        solution=_the_claim_that_fails,
        mistakes=(
            _mistake(
                "The largest difference in means is suspicious.",
                lambda: "B",
                "B has the largest difference, and it is large in every seed. Look for a claim "
                "that lives by one seed.",
                _claim,
            ),
            _mistake(
                "Where intervals of two means overlap, nothing is shown.",
                lambda: "C",
                "The two rows of C overlap a lot, and they rise and fall together. What do their "
                "differences do, seed by seed?",
                _claim,
            ),
            _mistake(
                "Of a method with a bad seed nothing can be said.",
                lambda: "D",
                "The neighbour has one bad seed. Is it bad enough to fall below the search, or to "
                "drown the difference?",
                _claim,
            ),
            Mistake(
                "Several of the claims fail.",
                lambda: ["A", "C"],
                "You named more than one. Only one of the four has an interval that holds zero.",
                lambda answer: len(_claim(answer)) > 1,
                part="how many claims the question asks for",
            ),
        ),
        hint="Subtract the rows seed by seed. Which differences change their sign?",
        takeaway="One seed made the mean. The median seed would have told another story.",
        accepts=lambda answer: _claim(answer) == {_the_claim_that_fails()},
    ),
    Exercise(
        key="11.5",
        title="Another weight, another winner",
        solution=_another_winner,
        mistakes=(
            Mistake(
                "A weight may be negative.",
                lambda: -1.0,
                "With a negative weight expensive answers are good ones. The weight is to be 0 or more.",
                lambda answer: any(w < 0 for w in _numbers(answer)),
                part="the sign of your weight",
            ),
            Mistake(
                "The largest weight of all is a weight.",
                lambda: math.inf,
                "With an infinite weight every Score is the same. Which weights of a finite size "
                "would do?",
                lambda answer: any(math.isinf(w) for w in _numbers(answer)),
                part="the size of your weight",
            ),
            Mistake(
                "Without the cost the order is another one.",
                lambda: 0.0,
                "At 0 only Val and LOF count, and the same method is best in both. In which "
                "direction does a cheap method gain?",
                lambda answer: any(w == 0 for w in _numbers(answer)),
                part="the size of your weight",
            ),
            Mistake(
                "A little more weight is enough.",
                lambda: 0.5,
                "The winner is still the same. How much more expensive is it than the cheap ones, and how "
                "much better in the rest?",
                lambda answer: any(_winner(w) == _winner(1 / 13) for w in _numbers(answer)),
                part="who wins at your weight",
            ),
        ),
        hint="Write Val + LOF − w Cost down for the winner, and for a method that is cheaper. At which w are the two equal?",
        takeaway="The numbers did not change, only what they were worth to somebody.",
        accepts=lambda answer: (
            len(_numbers(answer)) > 0
            and all(math.isfinite(w) and w > 0 for w in _numbers(answer))
            and all(_winner(w) != _winner(1 / 13) for w in _numbers(answer))
        ),
    ),
    Exercise(
        key="11.6",
        title="What stands together",
        solution=_what_stands,
        mistakes=(
            _mistake(
                "Each comparison may be judged as if it were the only one.",
                _by(lambda p: p <= 0.05),
                "You put every p-value to the same 5 %. With six chances to be lucky, what must the "
                "smallest of them beat?",
                _rivals,
            ),
            _mistake(
                "Every p-value has to beat 5 % divided by their number.",
                _by(lambda p: p <= 0.05 / 6),
                "That is Bonferroni's rule: safe, and stricter than need be. Once the smallest "
                "stands, how many are left to be lucky?",
                _rivals,
            ),
            _mistake(
                "Each p-value is held against its own bar, whatever became of the smaller ones.",
                _by(lambda p: p <= _BARS),
                "A comparison of yours stands though one with a smaller p-value fell. What does Holm "
                "do after the first that fails?",
                _rivals,
            ),
            _mistake(
                "One goes from the largest p-value downwards, and stops at the first that stands.",
                _by(lambda p: np.maximum.accumulate((p <= _BARS)[::-1])[::-1]),
                "You came from the largest p-value. That is another procedure, which needs more to "
                "be true of how the tests hang together. Where does Holm begin?",
                _rivals,
            ),
            _mistake(
                "The smallest p-value has the lowest hurdle.",
                _by(lambda p: np.logical_and.accumulate(p <= _BARS[::-1])),
                "You gave the smallest p-value the whole 5 %. It was picked as the best of six; which "
                "bar is fair to that?",
                _rivals,
            ),
        ),
        hint="Sort the p-values, and write the bar of each beside it. Where does the first one fail?",
        takeaway="Two of the five stand together. The others may be real, and this paper does not show it.",
        accepts=lambda answer: _rivals(answer) == _what_stands(),
    ),
)
