"""Exercises of chapter 11: The honest benchmark."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from .exercise import Exercise, Mistake

# -- 11.1: Score by hand ----------------------------------------------------------------------------


def _score_by_hand():
    asked, features = 20, 13
    validity = 15 / asked
    plausibility = 14 / asked
    return validity + plausibility - 1.3 / features


# -- 11.2: the coverage trap ------------------------------------------------------------------------


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


def _half_widths(t=stats.t.ppf, ddof: int = 1, root: bool = True) -> dict[str, float]:
    worlds, n = five_worlds(), 5
    a, b = worlds["A"], worlds["B"]
    share = n if root else 1
    return {
        "paired": t(0.975, n - 1) * (a - b).std(ddof=ddof) / math.sqrt(share),
        "unpaired": t(0.975, 2 * n - 2)
        * math.sqrt(a.var(ddof=ddof) / share + b.var(ddof=ddof) / share),
    }


# -- 11.4: the claim that fails ---------------------------------------------------------------------


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


EXERCISES = (
    Exercise(
        key="11.1",
        title="Score by hand",
        solution=_score_by_hand,
        mistakes=(
            Mistake(
                "Shares are of the answers found.",
                lambda: 15 / 16 + 14 / 16 - 1.3 / 13,
                "You divided by the 16 who got an answer. What became of the other four?",
            ),
            Mistake(
                "Score subtracts the cost.",
                lambda: 15 / 20 + 14 / 20 - 1.3,
                "The cost is not subtracted whole. What stands below it?",
            ),
            Mistake(
                "Who got no answer pays nothing, and counts in the mean cost.",
                lambda: 15 / 20 + 14 / 20 - 1.3 * 16 / 20 / 13,
                "You spread the cost over all twenty. A missing answer has no cost, which is "
                "another thing than a cost of zero.",
            ),
        ),
        hint="Two shares of those who asked, less a cost divided by the number of features.",
        takeaway="Failures count in the shares. In the cost they cannot, so read coverage beside it.",
    ),
    Exercise(
        key="11.2",
        title="The coverage trap",
        solution=_on_those_whom_both_answer,
        mistakes=(
            Mistake(
                "Each method's mean is over its own people.",
                lambda: picky_and_patient().mean().to_dict(),
                "These are the means that the paper reports. Are they means over the same people?",
            ),
            Mistake(
                "No answer costs nothing.",
                lambda: picky_and_patient().fillna(0).mean().to_dict(),
                "You took a gap for a cost of zero. Would you call the letter that never came cheap?",
            ),
            Mistake(
                "It is enough to look at the people of one method.",
                lambda: (
                    picky_and_patient().loc[picky_and_patient()["picky"].notna()].mean().to_dict()
                ),
                "You looked at those whom picky answers. Has patient an answer for each of them?",
            ),
        ),
        hint="Keep the rows without a gap, and take the means of these.",
        takeaway="On the people whom both answer, the picky method is the dearer one.",
    ),
    Exercise(
        key="11.3",
        title="In pairs and not",
        solution=_two_half_widths,
        mistakes=(
            Mistake(
                "An interval of 95 % is 1.96 standard errors.",
                lambda: _half_widths(t=lambda q, _: stats.norm.ppf(q)),
                "1.96 belongs to a normal distribution with a known spread. Yours was estimated "
                "from five numbers; which distribution knows that?",
            ),
            Mistake(
                "The standard deviation of a sample divides by n.",
                lambda: _half_widths(ddof=0),
                "Your standard deviations divide by n, as NumPy does by default. What do five "
                "worlds leave, once their mean is taken?",
            ),
            Mistake(
                "How far worlds differ is how unsure their mean is.",
                lambda: _half_widths(root=False),
                "You have the spread of single worlds. What makes the mean of five steadier?",
            ),
            Mistake(
                "Pairs are the wider way.",
                lambda: {
                    "paired": _two_half_widths()["unpaired"],
                    "unpaired": _two_half_widths()["paired"],
                },
                "The two are swapped. Which of them uses the differences?",
            ),
        ),
        hint="stats.t.ppf(0.975, degrees of freedom) times a standard error; n − 1 degrees for the "
        "differences, 2n − 2 for the two samples.",
        takeaway="The same numbers: in pairs the difference is shown, and not in pairs it drowns.",
        tolerance=2e-4,
    ),
    Exercise(
        key="11.4",
        title="The claim that fails",
        solution=_the_claim_that_fails,
        mistakes=(
            Mistake(
                "The largest difference in means is suspicious.",
                lambda: "B",
                "B has the largest difference, and it is large in every seed. Look for a claim "
                "that lives by one seed.",
            ),
            Mistake(
                "Where intervals of two means overlap, nothing is shown.",
                lambda: "C",
                "The two rows of C overlap a lot, and they rise and fall together. What do their "
                "differences do, seed by seed?",
            ),
            Mistake(
                "Of a method with a bad seed nothing can be said.",
                lambda: "D",
                "The neighbour has one bad seed. Is it bad enough to fall below the search, or to "
                "drown the difference?",
            ),
        ),
        hint="Subtract the rows seed by seed, and take mean and interval of each difference.",
        takeaway="One seed made the mean. The median seed would have told another story.",
    ),
    Exercise(
        key="11.5",
        title="Another weight, another winner",
        solution=_another_winner,
        mistakes=(
            Mistake(
                "A weight may be negative.",
                lambda: -1.0,
                "With a negative weight dear answers are good ones. The weight is to be 0 or more.",
                lambda answer: float(answer) < 0,
            ),
            Mistake(
                "Without the cost the order is another one.",
                lambda: 0.0,
                "At 0 only Val and LOF count, and the same method is best in both. In which "
                "direction does a cheap method gain?",
                lambda answer: float(answer) == 0,
            ),
            Mistake(
                "A little more weight is enough.",
                lambda: 0.5,
                "The winner is still the same. How much dearer is it than the cheap ones, and how "
                "much better in the rest?",
                lambda answer: float(answer) > 0 and _winner(float(answer)) == _winner(1 / 13),
            ),
        ),
        hint="Compute Val + LOF − w Cost for growing w, and watch who is first.",
        takeaway="The numbers did not change, only what they were worth to somebody.",
        accepts=lambda answer: (
            math.isfinite(float(answer))
            and float(answer) >= 0
            and _winner(float(answer)) != _winner(1 / 13)
        ),
    ),
)
