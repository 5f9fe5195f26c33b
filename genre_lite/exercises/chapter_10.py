"""Exercises of chapter 10: Why it works, consistency."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

# -- 10.1 ---------------------------------------------------------------------------------------


def _from_the_halves() -> list[float]:
    # Each half is as far from R* as the other, and their errors are independent: as variances add,
    # the two are apart by the root of two times what one of them is off.
    of_a_half = 0.24 / np.sqrt(2)
    of_all = of_a_half / np.sqrt(2)  # twice the targets
    needed = 1000 * (of_all / 0.03) ** 2
    return [float(of_all), float(needed)]


# -- 10.2 ---------------------------------------------------------------------------------------


def _ideal_mean():
    def ideal_mean(values, costs, cost_weight):
        weights = np.exp(-cost_weight * np.asarray(costs))
        return (weights * np.asarray(values)).sum() / weights.sum()

    return ideal_mean


def _far_ones_weigh_more():
    def ideal_mean(values, costs, cost_weight):
        weights = np.exp(cost_weight * np.asarray(costs))
        return (weights * np.asarray(values)).sum() / weights.sum()

    return ideal_mean


def _divides_by_n():
    def ideal_mean(values, costs, cost_weight):
        weights = np.exp(-cost_weight * np.asarray(costs))
        return (weights * np.asarray(values)).mean()

    return ideal_mean


def _no_weights():
    return lambda values, costs, cost_weight: float(np.mean(values))


def _takes_the_nearest():
    return lambda values, costs, cost_weight: values[int(np.argmin(costs))]


VALUES, COSTS = np.array([1.0, 0.0, 3.0, 2.0]), np.array([0.1, 0.3, 0.2, 1.0])
_LUCK = np.random.default_rng(10)
ASKED = (
    (VALUES, COSTS, 5.0),
    (VALUES, COSTS, 1.0),
    (np.ones(4), COSTS, 2.0),
    (_LUCK.integers(-2, 3, 30).astype(float), _LUCK.uniform(0, 2, 30), 3.0),  # many are alike
    (np.array([-4.0]), np.array([0.7]), 5.0),
    (VALUES, COSTS, 0.0),
)

# -- 10.3 ---------------------------------------------------------------------------------------


def _reasons() -> dict[str, str]:
    # b and d have a second proof each, by the other inequality: with a factor of one in b, and in d
    # with the root as a concave function of v, whose mean is taken over m equal shares.
    return {
        "a": "triangle",  # a sum is at most the sum of the sizes
        "b": "Jensen",  # and the mean of N / Z is R*, so the mean square is the variance
        "c": "independence",  # variances of independent terms add up: n of them, over n squared
        "d": "Cauchy-Schwarz",  # between the roots and a vector of m ones
    }


PROVES = {
    "a": {"triangle"},
    "b": {"jensen", "cauchy-schwarz"},
    "c": {"independence"},
    "d": {"jensen", "cauchy-schwarz"},
}


def _plain(reason: object) -> str:
    """A reason as the list of the exercise writes it, whatever dash it was given."""
    said = str(reason).casefold().replace("–", "-").replace("'s", "").replace("inequality", "")
    words = said.removeprefix("the ").split()
    return "-".join(words).replace("-and-", "-")


def _proves(answer: dict) -> bool:
    return answer.keys() == PROVES.keys() and all(
        _plain(answer[line]) in PROVES[line] for line in PROVES
    )


def _reason_is(lines: str, *reasons: str):
    return lambda answer: any(_plain(answer[line]) in reasons for line in lines)


# -- 10.4 ---------------------------------------------------------------------------------------


def _failing() -> dict[str, int]:
    return {
        "a": 4,  # not all targets
        "b": 3,  # nobody is reached: Z = 0
        "c": 2,  # the rows are not independent
        "d": 0,  # a finite λ breaks nothing; the constant changes
        "e": 5,  # -log 0 has no bound
    }


# -- 10.5 ---------------------------------------------------------------------------------------


def _delta() -> float:
    p, w = np.array([1 / 2, 1 / 2]), np.array([1, 1 / 2])
    z = (p * w).sum()
    ideal, rho = p * w / z, w / z
    kappa = (ideal * rho).sum()
    variance = ideal * rho * (1 - 2 * ideal) + ideal**2 * kappa
    return float(variance[0])


# -- 10.6 ---------------------------------------------------------------------------------------


def _world() -> dict:
    # The nearest value is rare, and hardly nearer than the other.
    return {"p": [0.01, 0.99], "costs": [0.1, 0.2], "cost_weight": 1.0}


def _parts(answer: dict) -> tuple[np.ndarray, np.ndarray, float]:
    p, costs = (np.asarray(answer[key], dtype=float) for key in ("p", "costs"))
    return p, costs, float(answer["cost_weight"])


def _is_world(answer: dict) -> bool:
    p, costs, cost_weight = _parts(answer)
    fits = p.shape == costs.shape and (p >= 0).all() and abs(p.sum() - 1) < 1e-6
    return bool(fits and (costs >= 0).all() and 0 <= cost_weight < np.inf)


def _ends_at(answer: dict) -> float:
    """TV to R* of the K nearest, in the limit."""
    p, costs, cost_weight = _parts(answer)
    there = p > 0
    raw = p * np.exp(-cost_weight * (costs - costs[there].min()))
    nearest = there & np.isclose(costs, costs[there].min())
    return float(1 - (raw * nearest).sum() / raw.sum())


def _stalls(answer: dict) -> bool:
    return _is_world(answer) and _ends_at(answer) >= 0.9


def _nobody_is_nearest(answer: dict) -> bool:
    p, costs, _ = _parts(answer)
    return _is_world(answer) and bool(p[costs.argmin()] == 0) and not _stalls(answer)


def _all_alike(answer: dict) -> bool:
    _, costs, _ = _parts(answer)
    return _is_world(answer) and bool(np.ptp(costs) < 1e-9)


def _not_shares(answer: dict) -> bool:
    return abs(_parts(answer)[0].sum() - 1) > 1e-6


def _too_steep(answer: dict) -> bool:
    return _is_world(answer) and not _stalls(answer) and _stalls(answer | {"cost_weight": 0.0})


EXERCISES = (
    Exercise(
        key="10.1",
        title="What two halves tell",
        solution=_from_the_halves,
        mistakes=(
            Mistake(
                "As far as the halves are apart, so far is each from the ideal.",
                lambda: [0.24 / np.sqrt(2), 32000],
                "Your first number is the error of one half. Asked is that of all the targets.",
                lambda answer: np.isclose(np.ravel(answer)[0], 0.24 / np.sqrt(2), atol=1e-3),
            ),
            Mistake(
                "What two halves differ by is what the whole is off by.",
                lambda: [0.24, 64000],
                "Both halves are off, each in its own way. Which part of their distance is the error of one?",
                lambda answer: np.isclose(np.ravel(answer)[0], 0.24, atol=1e-3),
            ),
            Mistake(
                "Errors add up like lengths, and the whole is as far as a half.",
                lambda: [0.06, 4000],
                "Independent errors: what of them adds up? And what becomes of an error with twice the targets?",
                lambda answer: np.isclose(np.ravel(answer)[0], 0.06, atol=1e-3),
            ),
            Mistake(
                "A quarter of the error takes four times the people.",
                lambda: [0.12, 4000],
                "Your first number is right. The second needs the error halved twice.",
            ),
            Mistake(
                "The targets to be multiplied are those of one half.",
                lambda: [0.12, 8000],
                "Your first number is right, and so is the factor of your second. How many targets has the "
                "error that you multiply away?",
            ),
        ),
        hint="The halves are √2 times as far apart as each is from R*; the whole is nearer than a half by √2 "
        "again; and a quarter of the distance takes sixteen times the targets.",
        takeaway="Half of what the halves differ by is what the whole is off by: no formula of the weights was "
        "asked. It holds where the rate has set in, and a table like German's is far from that.",
        tolerance=1e-3,
    ),
    Exercise(
        key="10.2",
        title="Ask the ideal",
        solution=_ideal_mean,
        mistakes=(
            Mistake(
                "A high cost is a high weight.",
                _far_ones_weigh_more,
                "With you a far target weighs more than a near one. Look at the sign in the exponent.",
            ),
            Mistake(
                "A weighted mean is divided by the number of terms.",
                _divides_by_n,
                "Ask your function for the mean of a constant 1. What should it be?",
            ),
            Mistake(
                "The targets are draws of the ideal already.",
                _no_weights,
                "They are draws of p. Where does the cost come in?",
            ),
            Mistake(
                "The ideal is the nearest target.",
                _takes_the_nearest,
                "That is the limit of a large λ. The other targets have weights too.",
            ),
        ),
        hint="Weights exp(-λ cost); the sum of weight × value over the sum of weights.",
        takeaway="The unknown total Z is estimated by the same draws. The mean of a constant is exact by "
        "that; whether another mean gains or loses depends on f.",
        probes=ASKED,
    ),
    Exercise(
        key="10.3",
        title="Which reason for which line?",
        solution=_reasons,
        accepts=_proves,
        mistakes=(
            Mistake(
                "A variance of a mean is over n because weights are bounded.",
                lambda: _reasons() | {"c": "bounded weights"},
                "Line c would be false if all targets were copies of one. What do copies lack?",
                _reason_is("c", "bounded-weights"),
            ),
            Mistake(
                "Jensen's inequality is about every mean.",
                lambda: _reasons() | {"c": "Jensen"},
                'Line c is an equation, and Jensen\'s inequality would leave a "at most". When do variances '
                "of a sum add up?",
                _reason_is("c", "jensen", "cauchy-schwarz"),
            ),
            Mistake(
                "Sizes of a sum and of its parts are a matter of squares.",
                lambda: _reasons() | {"a": "Cauchy-Schwarz"},
                "Line a has no square and no root: only a sum inside the bars, and bars inside the sum.",
                _reason_is("a", "jensen", "cauchy-schwarz"),
            ),
            Mistake(
                "A sum of roots is a sum of sizes.",
                lambda: _reasons() | {"d": "triangle"},
                "In line d the sum goes under one root, and a factor of m appears. Where does m come from?",
                _reason_is("d", "triangle"),
            ),
            Mistake(
                "Whatever is at most something else is so because weights are bounded.",
                lambda: _reasons() | {"b": "bounded weights"},
                "Beyond Z > 0, assumption 3 is not needed here. Would any of these lines be false of weights without "
                "a bound?",
                _reason_is("abd", "bounded-weights"),
            ),
            Mistake(
                "A line with a variance in it needs independence.",
                lambda: _reasons() | {"b": "independence"},
                "Independence makes one line true, and that line would be false of copies. Lines a, b and d are true "
                "of copies too.",
                _reason_is("abd", "independence"),
            ),
            Mistake(
                "A mean of a size is a matter of the triangle.",
                lambda: _reasons() | {"b": "triangle"},
                "The triangle moves the bars from a sum to its parts. In line b the bars stay where they are, and "
                "below the root on the right stands a mean of squares.",
                _reason_is("b", "triangle"),
            ),
        ),
        names={
            "independent": "independence",
            "independent draws": "independence",
            "bounded": "bounded weights",
            "weights are bounded": "bounded weights",
            "Cauchy": "Cauchy-Schwarz",
            "Schwarz": "Cauchy-Schwarz",
        },
        hint="Ask of each line what is on its left. Is it the size of a sum, the mean of a size, a variance, or roots "
        "added up?",
        takeaway="One line alone makes the n appear, and it is the one that needs independence. Lines b and d "
        "have two proofs each, by Jensen and by Cauchy and Schwarz. Of assumption 3 only Z > 0 is needed here.",
    ),
    Exercise(
        key="10.4",
        title="Which assumption fails?",
        solution=_failing,
        mistakes=(
            Mistake(
                "A large λ breaks the bound on the weights.",
                lambda: _failing() | {"d": 3},
                "Bank d: how large can exp(-20 C) be? Is any assumption untrue?",
                lambda answer: answer["d"] != 0,
            ),
            Mistake(
                "Who reaches nobody depends on how many targets are used.",
                lambda: _failing() | {"b": 4},
                "Bank b uses all its targets. What is Z for that customer?",
                lambda answer: answer["b"] == 4,
            ),
            Mistake(
                "Whoever was never accepted is missing from the records.",
                lambda: _failing() | {"b": 2},
                "Bank b: even perfect records of all people would hold nobody whom this customer can reach. What is Z?",
                lambda answer: answer["b"] == 2,
            ),
            Mistake(
                "What leaves the method consistent breaks no assumption.",
                lambda: _failing() | {"c": 0},
                "Bank c: consistent all the same. But are two rows of one person independent?",
                lambda answer: answer["c"] == 0,
            ),
            Mistake(
                "A model that leaves out rare values only loses a little.",
                lambda: _failing() | {"e": 0},
                "Bank e: what is the log-likelihood of a pair whose target has such a value?",
                lambda answer: answer["e"] == 0,
            ),
        ),
        hint="Go down the list of assumptions, and ask of each bank which of them is no longer true. What is only slow "
        "or hard breaks none.",
        takeaway="Broken is not the same as hard: bank d has the same rate as before.",
    ),
    Exercise(
        key="10.5",
        title="Two values by hand",
        solution=_delta,
        mistakes=(
            Mistake(
                "Q is a share of n equal draws of R*.",
                lambda: 2 / 9,
                "R*(1 - R*) would be right for draws of R*. The draws are of p, and weighted.",
            ),
            Mistake(
                "The denominator does not vary.",
                lambda: 4 / 9,
                "Two ways lead to this number. Did you divide by Z, which does not vary? Q = N / S, and N and S "
                "vary together. Or did you take a root at the end, which nobody asked for?",
            ),
            Mistake(
                "Q is the plain share of the first value.",
                lambda: 1 / 4,
                "That is p(1 - p): the share among the targets, before any weight.",
            ),
        ),
        hint="Z = 3/4. Then R*, ρ = w / Z, κ = Σ R* ρ, and the formula for v = 1.",
        takeaway="N / Z has 4/9 at the near value, so the random denominator takes away more than half there. "
        "At the far one N / Z has 1/9, and the denominator adds to it. It helps where ρ > (1 + κ) / 2.",
        tolerance=2e-3,
    ),
    Exercise(
        key="10.6",
        title="A fixed K is not consistent",
        solution=_world,
        accepts=_stalls,
        mistakes=(
            Mistake(
                "Probabilities may add up to anything.",
                lambda: {"p": [0.01, 0.89], "costs": [0.1, 0.2], "cost_weight": 1.0},
                "Your p does not add up to 1, and every target has one of the values.",
                _not_shares,
                part="what your p adds up to",
            ),
            Mistake(
                "The nearest value may be one that nobody has.",
                lambda: {"p": [0.0, 1.0], "costs": [0.1, 0.2], "cost_weight": 1.0},
                "Your nearest value has probability 0, so no target is ever there. Who is nearest then?",
                _nobody_is_nearest,
                part="how many targets have your nearest value",
            ),
            Mistake(
                "Any K nearest are biased, whatever the costs.",
                lambda: {"p": [0.01, 0.99], "costs": [0.2, 0.2], "cost_weight": 1.0},
                "If all cost the same, all are nearest, and nothing is cut off by cost.",
                _all_alike,
                part="how far apart your costs are",
            ),
            Mistake(
                "A large λ makes the cut worse.",
                lambda: {"p": [0.01, 0.99], "costs": [0.1, 0.9], "cost_weight": 50.0},
                "With your λ the ideal itself lies near. How much of R* is left beyond the cut?",
                _too_steep,
                part="how much of R* your nearest value has",
            ),
            Mistake(
                "The nearest value may be common.",
                lambda: {"p": [0.5, 0.5], "costs": [0.1, 0.2], "cost_weight": 1.0},
                "It stalls, but not as far off as 0.9. How much of R* has your nearest value?",
                lambda answer: _is_world(answer) and not _stalls(answer),
                part="how much of R* your nearest value has",
            ),
        ),
        hint="Most of R* is to lie beyond the cut. So make the nearest value rare, the next one nearly as cheap, and λ "
        "small. p must sum to 1, with one cost for each value.",
        takeaway="Data cannot repair a rule that looks away from them.",
    ),
)
