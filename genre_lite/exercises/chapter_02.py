"""Exercises of chapter 2: Three objectives."""

from __future__ import annotations

import numpy as np

from .chapter_01 import judged, moons
from .exercise import Exercise, Mistake

# -- 2.1: a cost by hand ------------------------------------------------------------------------


def _dora() -> float:
    savings = (2500 - 1500) / (6000 - 1000)
    age = 0
    skill = 2 / 3  # from basic to master: two steps of three
    housing = 1  # nominal: it is another one
    return savings + age + skill + housing


# -- 2.2: validity with a margin ----------------------------------------------------------------


def _valid_share():
    def valid_share(probability, margin):
        return (probability > margin).mean()

    return valid_share


def _without_failures(probability, margin):
    return (probability[~np.isnan(probability)] > margin).mean()


def _at_least(probability, margin):
    return (probability >= margin).mean()


def _half(probability, margin):
    return (probability > 0.5).mean()


def _mean_probability(probability, margin):
    return np.nanmean(probability)


def _chances() -> tuple[tuple[np.ndarray, float], ...]:
    rng = np.random.default_rng(2)
    drawn = rng.choice(np.linspace(0, 1, 21), size=60)  # many are alike, and some lie at a margin
    drawn[rng.random(60) < 0.2] = np.nan
    return (
        (np.array([0.4, 0.6, 0.9, np.nan]), 0.5),
        (np.array([0.7, 0.8, 0.2, np.nan]), 0.7),
        (np.array([0.55, 0.65, 0.95]), 0.6),
        (np.array([0.9, 0.9, 0.2, np.nan, 0.2, 0.2]), 0.3),
        *((drawn, margin) for margin in (0.25, 0.5, 0.8)),
        (np.array([np.nan, np.nan, 0.9]), 0.5),
    )


CHANCES = _chances()

# -- 2.3: what the cost weight does -------------------------------------------------------------


def _ideal_answers() -> dict:
    from math import log

    # B: 0.05 exp(-0.3 w) equals C: 0.60 exp(-0.6 w).
    weight = log(0.60 / 0.05) / (0.6 - 0.3)
    return {"at 0": "C", "at 1000": "B", "never": {"A", "D"}, "equal at": weight}


def _weight(answer: dict) -> float:
    return float(answer["equal at"])


# -- 2.4: what is missing -----------------------------------------------------------------------


def _missing_metrics() -> dict[int, str]:
    return {
        1: "coverage",  # it answers the easy cases, and only those
        2: "violations",  # nobody can take over another's age and sex
        3: "validity (gold)",  # at the line, the errors of h decide
        4: "plausibility",  # the best of everything is nobody
    }


# -- 2.5: game one metric -----------------------------------------------------------------------


def _gamed() -> dict[str, tuple[float, float]]:
    return {
        "cost": (0.066, 0.991),  # stay where you are
        "h": (0.5, -1.1),  # straight away from the line, past everybody
        "plausibility": (0.0, 0.45),  # the tip of the lower moon, across the line
    }


def _look(answer: dict, name: str):
    import pandas as pd

    x1, x2 = np.asarray(answer[name], dtype=float).ravel()
    point = pd.DataFrame({"x1": [x1], "x2": [x2]})
    return judged(point).assign(density=moons().toy.density(point)).iloc[0]


def _all_gamed(answer: dict) -> bool:
    cheap, sure, usual = (_look(answer, name) for name in ("cost", "h", "plausibility"))
    return bool(
        (cheap["cost"] <= 0.05 and cheap["h"] <= 0.5 and not cheap["plausible"])
        and (sure["h"] >= 0.99 and sure["cost"] >= 1 and not sure["plausible"])
        and (usual["density"] >= 0.5 and usual["h"] <= 0.5)
    )


EXERCISES = (
    Exercise(
        key="2.1",
        title="A cost by hand",
        solution=_dora,
        mistakes=(
            Mistake(
                "Levels without an order lie a step apart, too.",
                lambda: 0.2 + 2 / 3 + 1 / 2,
                "Rented and owned have no distance. What does the second sum of the cost say?",
            ),
            Mistake(
                "Every category counts 1, ordered or not.",
                lambda: 0.2 + 1 + 1,
                "Skill has an order: how many steps are there from the lowest to the highest, and "
                "how many does she take?",
            ),
            Mistake(
                "A number is scaled by its greatest value.",
                lambda: 1000 / 6000 + 2 / 3 + 1,
                "The range is from the least value to the greatest; where do savings begin?",
            ),
            Mistake(
                "Distances are added in their own units.",
                lambda: 1000 + 2 / 3 + 1,
                "A thousand marks against one home? Scale each feature first.",
            ),
            Mistake(
                "The cost is a mean over the features.",
                lambda: (0.2 + 2 / 3 + 1) / 4,
                "You divided by the number of features. The cost is a sum.",
            ),
        ),
        hint="Take the features one by one: savings, age, skill, housing. A number counts by its share of the range, a "
        "level by its share of the steps, and a kind without order by whether it has changed.",
        takeaway="One nominal change here costs more than all the rest together.",
        tolerance=5e-3,
    ),
    Exercise(
        key="2.2",
        title="Validity with a margin",
        solution=_valid_share,
        probes=CHANCES,
        mistakes=(
            Mistake(
                "Whoever got no answer does not count.",
                lambda: _without_failures,
                "Who is in your mean? The share is of all people, also of those with NaN.",
                lambda f: np.isclose(f(np.array([0.4, 0.6, 0.9, np.nan]), 0.5), 2 / 3),
            ),
            Mistake(
                "At the margin is above it.",
                lambda: _at_least,
                "Look at somebody who is exactly at the margin: above means above.",
            ),
            Mistake(
                "Valid means above one half, whatever is asked.",
                lambda: _half,
                "Your function gives the same for every margin.",
            ),
            Mistake(
                "Validity is the mean probability.",
                lambda: _mean_probability,
                "Validity is yes or no for each person. Compare first, and average then.",
                lambda f: np.isclose(f(np.array([0.55, 0.65, 0.95]), 0.6), 2.15 / 3),
            ),
        ),
        hint="Compare with the margin first. Then take the mean over everybody.",
        takeaway="A failure stays in the mean; a method that gives up gains nothing by it.",
    ),
    Exercise(
        key="2.3",
        title="What the cost weight does",
        solution=_ideal_answers,
        mistakes=(
            Mistake(
                "A great cost weight picks the cheapest candidate, valid or not.",
                lambda: _ideal_answers() | {"at 1000": "A"},
                "The cheapest of all, yes. Can it have any probability? Look at its h.",
                lambda answer: answer["at 1000"] == "A",
            ),
            Mistake(
                "The model's yes is enough; density is a detail.",
                lambda: _ideal_answers() | {"at 1000": "D", "never": {"A"}},
                "One candidate is surely accepted and cheap, and nobody is like it. What is a "
                "product with a zero in it?",
                lambda answer: answer["at 1000"] == "D" or "D" not in answer["never"],
            ),
            Mistake(
                "Of the valid ones the surest wins.",
                lambda: _ideal_answers() | {"at 0": "E"},
                "V is 1 or 0; it does not grow with h. What else tells the valid ones apart?",
                lambda answer: answer["at 0"] == "E",
            ),
            Mistake(
                "The ratio of the densities is the ratio of the costs.",
                lambda: _ideal_answers() | {"equal at": (0.60 / 0.05) / (0.6 - 0.3)},
                "Cost stands in an exponent. Take logarithms of both sides before you divide.",
                lambda answer: abs(_weight(answer) - 40) < 0.01,
            ),
            Mistake(
                "Any logarithm will do.",
                lambda: _ideal_answers() | {"equal at": np.log10(12) / 0.3},
                "The exponential has base e. Which logarithm undoes it?",
                lambda answer: abs(_weight(answer) - np.log10(12) / 0.3) < 0.01,
            ),
        ),
        hint="First cross out what has a factor of zero. Then compare the products that are left.",
        takeaway="What is invalid, and where nobody lives, stays at zero at any rate. For the rest, density is "
        "traded against cost, at the rate you set.",
        tolerance=5e-3,
    ),
    Exercise(
        key="2.4",
        title="Four leaflets, and a question to each",
        solution=_missing_metrics,
        names={
            "Val (gold)": "validity (gold)",
            "gold validity": "validity (gold)",
            "Val (h)": "validity (h)",
            "bank validity": "validity (h)",
            "LOF": "plausibility",
        },
        mistakes=(
            Mistake(
                "A mean over the answers found is a mean over all people.",
                lambda: _missing_metrics() | {1: "cost"},
                "Leaflet 1 tells you means and shares. Over whom were they taken?",
                lambda answer: answer[1] != "coverage",
            ),
            Mistake(
                "What real people look like can be asked of anybody.",
                lambda: _missing_metrics() | {2: "plausibility"},
                "Leaflet 2 hands out real people, so each is plausible. Could you become one of "
                "them, in all features?",
                lambda answer: answer[2] != "violations",
            ),
            Mistake(
                "The bank's yes is the only yes there is.",
                lambda: _missing_metrics() | {3: "validity (h)"},
                "Leaflet 3 tells you what the bank says. Who else can judge, and where do the two "
                "part company?",
                lambda answer: answer[3] != "validity (gold)",
            ),
            Mistake(
                "The method that is surest is the best.",
                lambda: _missing_metrics() | {4: "validity (h)"},
                "Leaflet 4 takes the best of everything. Does anybody look like that?",
                lambda answer: answer[4] != "plausibility",
            ),
        ),
        hint="Two numbers are missing in each. Which of the two can the method not help being bad at?",
        takeaway="What a table leaves out is where to look first.",
    ),
    Exercise(
        key="2.5",
        title="Game one metric",
        solution=_gamed,
        mistakes=(
            Mistake(
                "The cheapest candidate is the cheapest one that works.",
                lambda: _gamed() | {"cost": (0.06, 0.14)},
                "The point for cost is not cheap enough, or too good: it has to be useless. What "
                "costs nothing at all?",
                lambda answer: (
                    _look(answer, "cost")["cost"] > 0.05 or _look(answer, "cost")["h"] > 0.5
                ),
            ),
            Mistake(
                "Whoever is surely accepted lies among the accepted.",
                lambda: _gamed() | {"h": (1.2, -0.46)},
                "The point for h lies among real people. Walk on, away from the line, until nobody "
                "is left.",
                lambda answer: bool(_look(answer, "h")["plausible"]),
            ),
            Mistake(
                "Where good outcomes are dense, the model says yes.",
                lambda: _gamed() | {"plausibility": (0.2, -0.1)},
                "The point for plausibility gets a yes. Where does the line cut off a piece of the "
                "lower moon?",
                lambda answer: _look(answer, "plausibility")["h"] > 0.5,
            ),
        ),
        hint="Ask look about each of your points, and compare with what is wanted of it. Not one "
        "number may miss its bound.",
        takeaway="Any one of the three can be had for nothing, by giving up the others.",
        accepts=_all_gamed,
    ),
)
