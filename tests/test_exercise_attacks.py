"""Wrong in every form: each exercise against wrong answers that people hand in, and that it was not written for.

A name says in a few words what went wrong. Where such an answer passes, the exercise is mended, and not
this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from genre_lite import load_dataset
from genre_lite.exercises import alike, chapter_12, check, exercises

EVERY = exercises()
ATTACKS: dict[str, dict[str, Any]] = {}  # by exercise: what went wrong, and what was handed in


@cache
def right(key: str) -> Any:
    """The right answer; some take seconds."""
    return EVERY[key].solution()


def but(key: str, changes: Mapping[Any, Any]) -> dict:
    """The right answer, with some parts spoilt."""
    return right(key) | changes


def handed_in(key: str, attack: Any) -> Any:
    """An attack as it is; where the exercise asks for a value, what the function gives."""
    return attack() if callable(attack) and not EVERY[key].probes else attack


# -- 1: denied, what now? ---------------------------------------------------------------------------

KINDS = ("explanation", "recourse", "causal advice")

ATTACKS["1.1"] = {
    "all are recourse but the first": lambda: but("1.1", {3: KINDS[1], 5: KINDS[1], 6: KINDS[1]}),
    "a reason is recourse": lambda: but("1.1", {1: "recourse"}),
    "a guarantor is somebody else's act": lambda: but("1.1", {4: "explanation"}),
    "what helps is an explanation": lambda: but("1.1", {6: "explanation"}),
    "two of a kind": lambda: but("1.1", {1: "causal advice", 2: "explanation"}),
    "a course is an explanation": lambda: but("1.1", {3: "explanation"}),
    "a size is a cause": lambda: but("1.1", {5: "causal advice"}),
    "one box for all": lambda: dict.fromkeys(range(1, 7), "explanation"),
    "one is left out": lambda: {n: kind for n, kind in right("1.1").items() if n != 6},
    "in the order of the text": lambda: dict(zip(range(1, 7), KINDS * 2, strict=True)),
}
ATTACKS["1.2"] = {
    "the reasons are swapped": {"A": "forbidden", "C": "denied"},
    "both are denied": {"A": "denied", "C": "denied"},
    "both are forbidden": {"A": "forbidden", "C": "forbidden"},
    "none is unusable": {},
    "less savings than the others": {"A": "denied", "D": "denied"},
    "all but the surest": {"A": "denied", "B": "forbidden", "D": "forbidden"},
    "the names alone": ["A", "C"],
    "the reasons alone, turned round": ["forbidden", "denied"],
    "one reason for both, and no letter": pd.Series(["denied", "denied"]),
    "the usable ones": {"B": "denied", "D": "forbidden"},
}
# The applicant stands at (0.07, 0.99), and option 0 at (0.2, −0.1).
ATTACKS["1.3"] = {
    "the applicant themselves": (0.07, 0.99),
    "option 0 itself": (0.2, -0.1),
    "straight towards option 0, as far as the line": (0.168, 0.14),
    "along the other feature": (1.84, 0.99),
    "the coordinates swapped": (0.13, 0.06),
    "before the line": (0.0656, 0.2),
    "what judge says of it": (0.38, 0.51),
    "to the side as well": (0.3, 0.12),
    "among people, which nobody asked for": (0.0656, 0.05),
}
ATTACKS["1.4"] = {
    "option 0": (0.2, -0.1),
    "a margin of six tenths": (-0.28, 0.034),
    "the coordinates swapped": (-0.034, -0.242),
    "where good outcomes are dense": (1.2, -0.45),
    "the cheapest yes": (-0.883, 0.068),
    "the cheapest sure yes": (-0.883, -0.091),
    "surer than asked, and not plausible": (-0.4, -0.1),
    "plausible, and no margin": (-0.298, 0.113),
    "what judge says of it": (0.43, 0.7),
    "for the first applicant": (0.06, -0.011),
}

# -- 2: three objectives ----------------------------------------------------------------------------

ATTACKS["2.1"] = {
    "two of four levels": 0.2 + 2 / 4 + 1,
    "one step of three": 0.2 + 1 / 3 + 1,
    "the age of Dora": 0.2 + 2 / 3 + 1 + 10 / 50,
    "the home left out": 0.2 + 2 / 3,
    "the home twice": 0.2 + 2 / 3 + 2,
    "squares": 0.2**2 + (2 / 3) ** 2 + 1,
    "as the crow flies": float(np.sqrt(0.2**2 + (2 / 3) ** 2 + 1)),
    "savings at the end, and not the step": 1500 / 5000 + 2 / 3 + 1,
    "a percentage": 100 * (0.2 + 2 / 3 + 1),
    "a mean over what changed": (0.2 + 2 / 3 + 1) / 3,
}
ATTACKS["2.2"] = {
    "a percentage": lambda p, margin: 100 * np.mean(p > margin),
    "a count": lambda p, margin: np.sum(p > margin),
    "the share that fails": lambda p, margin: np.mean(p <= margin),
    "a gap passes": lambda p, margin: np.mean(~(p <= margin)),
    "each value once": lambda p, margin: np.mean(np.unique(p) > margin),
    "rounded first": lambda p, margin: np.mean(np.round(p, 1) > margin),
    "by how much, and not how many": lambda p, margin: np.nanmean(np.maximum(p - margin, 0)),
    "four people, always": lambda p, margin: np.sum(p > margin) / 4,
    "all or nobody": lambda p, margin: float(np.all(p > margin)),
    "the median passes": lambda p, margin: float(np.nanmedian(p) > margin),
    "a margin above one half": lambda p, margin: np.mean(p > 0.5 + margin),
    "a gap becomes one half": lambda p, margin: np.mean(np.nan_to_num(p, nan=0.5) > margin),
}
ATTACKS["2.3"] = {
    "the equation upside down": lambda: but("2.3", {"equal at": 0.3 / np.log(12)}),
    "costs added": lambda: but("2.3", {"equal at": np.log(12) / 0.9}),
    "the cost of C alone": lambda: but("2.3", {"equal at": np.log(12) / 0.6}),
    "the sign": lambda: but("2.3", {"equal at": -np.log(12) / 0.3}),
    "base two": lambda: but("2.3", {"equal at": np.log2(12) / 0.3}),
    "the difference of densities": lambda: but("2.3", {"equal at": -np.log(0.55) / 0.3}),
    "without a cost weight the cheapest": lambda: but("2.3", {"at 0": "B"}),
    "the surest that somebody has": lambda: but("2.3", {"at 0": "D"}),
    "the densest at any weight": lambda: but("2.3", {"at 1000": "C"}),
    "what is expensive never": lambda: but("2.3", {"never": {"A", "D", "E"}}),
    "only what is denied never": lambda: but("2.3", {"never": {"A"}}),
    "B and C as well": lambda: but("2.3", {"never": {"A", "B", "D"}}),
}
ATTACKS["2.4"] = {
    "hidden costs": lambda: but("2.4", {3: "cost"}),
    "too expensive, as it says itself": lambda: but("2.4", {4: "cost"}),
    "an answer for everybody, as it says": lambda: but("2.4", {2: "coverage"}),
    "the bank's own yes": lambda: but("2.4", {1: "validity (h)"}),
    "what has no violations": lambda: but("2.4", {4: "violations"}),
    "the world, which believes it": lambda: but("2.4", {2: "validity (gold)"}),
    "one leaflet off": lambda: dict(zip((2, 3, 4, 1), right("2.4").values(), strict=True)),
    "one question for all": dict.fromkeys((1, 2, 3, 4), "validity (gold)"),
}
ATTACKS["2.5"] = {
    "cheap, and plausible": lambda: but("2.5", {"cost": (0.0, 0.45)}),
    "sure, and too cheap": lambda: but("2.5", {"h": (0.1, -0.9)}),
    "sure, and not quite": lambda: but("2.5", {"h": (0.0, -0.6)}),
    "denied, and not dense": lambda: but("2.5", {"plausibility": (0.0, 0.7)}),
    "the names swapped": lambda: dict(
        zip(("h", "cost", "plausibility"), right("2.5").values(), strict=True)
    ),
    "one point three times": lambda: dict.fromkeys(right("2.5"), right("2.5")["cost"]),
    "the coordinates swapped": lambda: {name: at[::-1] for name, at in right("2.5").items()},
    "dense, and accepted": lambda: but("2.5", {"plausibility": (1.0, -0.5)}),
}

# -- 3: searching in feature space --------------------------------------------------------------------

ATTACKS["3.1"] = {
    "nearly free, and still denied": lambda: but("3.1", {1.0: "moves, denied"}),
    "beyond half the weight, at home": lambda: but("3.1", {3.0: "stays"}),
    "nearly too expensive, and a yes": lambda: but("3.1", {3.8: "accepted"}),
    "too weak to start": lambda: but("3.1", {0.01: "stays"}),
    "everybody ends in a yes": lambda: dict.fromkeys(right("3.1"), "accepted"),
    "everybody is led astray": lambda: dict.fromkeys(right("3.1"), "moves, denied"),
    "turned round": lambda: dict(zip(right("3.1"), [*right("3.1").values()][::-1], strict=True)),
}


def pencil(pick=lambda w: np.abs(w).argmax(), yes=lambda z: 1 / (1 + np.exp(-z)), step=1.0, **how):
    """Wachter's optimum with something else in place of a part."""
    log, sign = how.get("log", np.log), how.get("sign", np.sign)
    start, end = how.get("start", lambda z: z), how.get("end", lambda x: x)

    def optimum(x, w, b, cost_weight):
        x, w = np.array(x, dtype=float), np.asarray(w, dtype=float)
        m, z = pick(w), w @ x + b
        heavy = abs(w[m])
        if cost_weight < (1 - yes(z)) * heavy:
            goal = log((heavy - cost_weight) / cost_weight)
            x[m] += step * sign(w[m]) * (goal - start(z)) / heavy
        return end(x)

    return optimum


def whoever_is_accepted_stays(x, w, b, cost_weight):
    accepted = np.asarray(w) @ np.asarray(x) + b > 0
    return np.array(x, dtype=float) if accepted else right("3.2")(x, w, b, cost_weight)


def into_the_form_itself(x, w, b, cost_weight):
    m, best = np.abs(w).argmax(), right("3.2")(x, w, b, cost_weight)
    x[m] = best[m]
    return x


ATTACKS["3.2"] = {
    "the largest weight, signs and all": pencil(pick=np.argmax),
    "the lightest feature": pencil(pick=lambda w: np.abs(w).argmin()),
    "the first feature": pencil(pick=lambda w: 0),
    "h for 1 − h": pencil(yes=lambda z: 1 / (1 + np.exp(z))),
    "the pull on the line, at home": pencil(yes=lambda z: 0.5),
    "half the way": pencil(step=0.5),
    "kept inside the square": pencil(end=lambda x: np.clip(x, 0, 1)),
    "always upwards": pencil(sign=lambda _: 1.0),
    "a logarithm to base ten": pencil(log=np.log10),
    "without the log-odds of home": pencil(start=lambda z: 0.0),
    "the move, and not the place": lambda x, w, b, c: right("3.2")(x, w, b, c) - np.asarray(x),
    "whoever is accepted stays": whoever_is_accepted_stays,
    "nobody moves": lambda x, w, b, c: np.array(x, dtype=float),
    "the form is written over": into_the_form_itself,
}


def over(a, b):
    return a / np.where(b == 0, 1, b)


def written_into_g(x, g, u, low, high):
    g /= np.linalg.norm(g, axis=1, keepdims=True)
    return x + (low + (high - low) * u)[:, None] * g


ATTACKS["3.3"] = {
    "lengths added up feature by feature": lambda x, g, u, low, high: (
        x + (low + (high - low) * u)[:, None] * g / np.abs(g).sum(axis=1, keepdims=True)
    ),
    "the longest side as length": lambda x, g, u, low, high: (
        x + (low + (high - low) * u)[:, None] * g / np.abs(g).max(axis=1, keepdims=True)
    ),
    "around the origin": lambda x, g, u, low, high: right("3.3")(0 * x, g, u, low, high),
    "lengths of columns": lambda x, g, u, low, high: (
        x + (low + (high - low) * u)[:, None] * over(g, np.linalg.norm(g, axis=0))
    ),
    "u of high, and low": lambda x, g, u, low, high: right("3.3")(x, g, u, low, low + high),
    "uniform in the volume": lambda x, g, u, low, high: (
        x
        + ((low ** len(x) + u * (high ** len(x) - low ** len(x))) ** (1 / len(x)))[:, None]
        * g
        / np.linalg.norm(g, axis=1, keepdims=True)
    ),
    "a radius for each feature": lambda x, g, u, low, high: (
        x
        + (low + (high - low) * np.resize(u, g.shape[1]))
        * g
        / np.linalg.norm(g, axis=1, keepdims=True)
    ),
    "the length squared": lambda x, g, u, low, high: (
        x + (low + (high - low) * u)[:, None] * g / np.square(g).sum(axis=1, keepdims=True)
    ),
    "from the outside inwards": lambda x, g, u, low, high: right("3.3")(x, g, 1 - u, low, high),
    "the other way": lambda x, g, u, low, high: right("3.3")(x, -g, u, low, high),
    "one radius for all": lambda x, g, u, low, high: right("3.3")(
        x, g, np.full(len(g), u[0]), low, high
    ),
    "the draws are written over": written_into_g,
}
ATTACKS["3.4"] = {
    "squared distances": lambda: but("3.4", {"determinants": [0, 3 / 4, 99 / 100]}),
    "not squared": lambda: but("3.4", {"determinants": [0, 1 / 2, 3 / 4]}),
    "diagonals added": lambda: but("3.4", {"determinants": [2, 5 / 4, 17 / 16]}),
    "distances in K": lambda: but("3.4", {"determinants": [1, 0, -8]}),
    "the signs": lambda: but("3.4", {"determinants": [0, -3 / 4, -15 / 16]}),
    "from the third to the first": lambda: but("3.4", {"determinants": [15 / 16, 3 / 4, 0]}),
    "the middle one": lambda: but("3.4", {"the port's favourite": "second"}),
    "the same for all": lambda: but("3.4", {"determinants": [0, 0, 0]}),
}
ATTACKS["3.5"] = {
    "one and the same": {"among people": (0.2, 1.0), "nobody there": (0.2, 1.0)},
    "far apart": {"among people": (-0.6, 0.5), "nobody there": (0.3, 1.0)},
    "both among people": {"among people": (-0.5, 0.6), "nobody there": (-0.45, 0.6)},
    "nobody at either": {"among people": (0.25, 1.0), "nobody there": (0.2, 1.0)},
    "accepted already": {"among people": (1.0, -0.5), "nobody there": (0.95, -0.5)},
    "outside": {"among people": (0.2, 3.0), "nobody there": (0.25, 3.0)},
    "the names swapped": lambda: dict(
        zip(right("3.5"), [*right("3.5").values()][::-1], strict=True)
    ),
}

# -- 4: searching in latent space ---------------------------------------------------------------------

ATTACKS["4.1"] = {
    "the share of zeros": 0.9,
    "log-odds": float(np.log(0.1 / 0.9)),
    "rounded, and the rare value": 1.0,
    "what the square costs": 0.09,
    "the deviation": 0.3,
    "one in nine": 1 / 9,
    "a percentage": 10.0,
    "the sign": -0.1,
}
ATTACKS["4.2"] = {
    "the mean left out": (1 / 16 - 1) / 2 + np.log(4),
    "the half dropped of the second": 0.5 + (1 / 16 - 1) + np.log(4),
    "bits": (0.5 + (1 / 16 - 1) / 2 + np.log(4)) / np.log(2),
    "an average": (0.5 + (1 / 16 - 1) / 2 + np.log(4)) / 2,
    "base ten": 0.5 + (1 / 16 - 1) / 2 + np.log10(4),
    "the logarithm's sign": 0.5 + (1 / 16 - 1) / 2 - np.log(4),
    "the one forgotten": 1.0 + 1 / 32 + np.log(4),
    "one coordinate": 0.5,
    "the mean not halved": 1 + (1 / 16 - 1) / 2 + np.log(4),
}
ATTACKS["4.3"] = {
    "an exponential of both": lambda mean, log, noise: mean + np.exp(2 * log) * noise,
    "base ten": lambda mean, log, noise: mean + 10**log * noise,
    "softplus": lambda mean, log, noise: mean + np.log1p(np.exp(log)) * noise,
    "the absolute value": lambda mean, log, noise: mean + np.abs(log) * noise,
    "the noise alone": lambda mean, log, noise: np.exp(log) * noise,
    "the noise added": lambda mean, log, noise: mean + np.exp(log) + noise,
    "the mean stretched as well": lambda mean, log, noise: (mean + noise) * np.exp(log),
    "minus": lambda mean, log, noise: mean - np.exp(log) * noise,
    "new noise": lambda mean, log, noise: (
        mean + np.exp(log) * np.random.default_rng(0).normal(size=np.shape(mean))
    ),
    "one deviation for all": lambda mean, log, noise: mean + np.exp(np.mean(log)) * noise,
    "a root": lambda mean, log, noise: mean + np.sqrt(np.exp(log) + 1) * noise,
}
ATTACKS["4.4"] = {
    "REVISE moves the label": lambda: but("4.4", {"c": "REVISE"}),
    "all weigh the cost": lambda: but("4.4", {"d": "all"}),
    "C-CHVAE weighs the cost": lambda: but("4.4", {"d": "C-CHVAE"}),
    "CRUDS needs no gradient": lambda: but("4.4", {"a": "CRUDS"}),
    "only CRUDS is given c": lambda: but("4.4", {"b": "CRUDS"}),
    "only C-CHVAE pays": lambda: but("4.4", {"e": "C-CHVAE"}),
    "all, throughout": lambda: dict.fromkeys("abcde", "all"),
    "CRUDS weighs C as REVISE does": lambda: but("4.4", {"d": "CRUDS"}),
}


def rows_of_circles(accepted: int, *way: float) -> int:
    """The label of the person of a kind who stands farthest in a direction."""
    toy = load_dataset("circles")
    of = toy.X_train[toy.y_train == accepted]
    return int((of @ np.array(way)).idxmax())


def two_in_the_crowd() -> tuple[int, int]:
    """The favourable person in the densest place, and the one who stands nearest to them."""
    toy = load_dataset("circles")
    of = toy.X_train[toy.y_train == 1]
    one = of.index[toy.density(of).argmax()]
    return int(one), int((of.drop(one) - of.loc[one]).abs().sum(axis=1).idxmin())


ATTACKS["4.5"] = {
    "one person twice": lambda: (rows_of_circles(1, 1, 0),) * 2,
    "two who stand beside each other": two_in_the_crowd,
    "two of the outer ring": lambda: (rows_of_circles(0, 0, 1), rows_of_circles(0, 0, -1)),
    "one of each ring": lambda: (rows_of_circles(1, 1, 0), rows_of_circles(0, -1, 0)),
    "nobody's label": (-1, -2),
    "two codes": (0.3, -0.2),
    "one label": lambda: rows_of_circles(1, 1, 0),
    "three of them": lambda: [rows_of_circles(1, *way) for way in ((1, 0), (0, 1), (-1, 0))],
}

# -- 5: robust recourse -------------------------------------------------------------------------------

DIAL = ("mean cost", "share that h accepts", "share denied by a retrained bank")
PROBE = "PROBE's rate at the answer"
ATTACKS["5.1"] = {
    "noise does not care": lambda: but("5.1", {PROBE: "stays"}),
    "surer, and lost more often": lambda: but("5.1", {PROBE: "rises"}),
    "safer, and cheaper": lambda: but("5.1", {DIAL[0]: "falls"}),
    "some get a no": lambda: but("5.1", {DIAL[1]: "falls"}),
    "further out, more disagree": lambda: but("5.1", {DIAL[2]: "rises"}),
    "all rises": lambda: dict.fromkeys(right("5.1"), "rises"),
    "nothing moves": lambda: dict.fromkeys(right("5.1"), "stays"),
    "all turned round": lambda: {
        part: {"rises": "falls", "falls": "rises"}.get(way, way)
        for part, way in right("5.1").items()
    },
}
ATTACKS["5.2"] = {
    "γ in log-odds": lambda: but("5.2", {"gamma": 0.8224}),
    "five in a hundred on both sides together": lambda: but("5.2", {"gamma": 0.7271}),
    "γ through Φ": lambda: but("5.2", {"gamma": 0.7946}),
    "σ squared": lambda: but("5.2", {"rate": 0.0, "gamma": 0.5205}),
    "a root too few": lambda: but("5.2", {"rate": 0.3156}),
    "the density, and not its tail": lambda: but("5.2", {"rate": 0.0224}),
    "a percentage": lambda: but("5.2", {"rate": 0.82}),
    "both tails": lambda: but("5.2", {"rate": 0.0164}),
    "r for the rate": lambda: but("5.2", {"rate": 0.05}),
    "below one half": lambda: but("5.2", {"gamma": 1 - right("5.2")["gamma"]}),
}
ATTACKS["5.3"] = {
    "the largest feature alone": lambda x, w, b: (w @ x + b) / max(1, np.abs(x).max()),
    "the norm of the weights": lambda x, w, b: (w @ x + b) / (np.abs(w).sum() + 1),
    "one for each feature": lambda x, w, b: (w @ x + b) / (len(x) + 1),
    "without the intercept": lambda x, w, b: w @ x / (np.abs(x).sum() + 1),
    "h, and not its log-odds": lambda x, w, b: (
        1 / (1 + np.exp(-(w @ x + b))) / (np.abs(x).sum() + 1)
    ),
    "the intercept moves with b": lambda x, w, b: (w @ x + b) / (np.abs(x).sum() + abs(b)),
    "the sign": lambda x, w, b: -(w @ x + b) / (np.abs(x).sum() + 1),
    "shared among the features": lambda x, w, b: (w @ x + b) / (np.abs(x).mean() + 1),
    "a share of each weight": lambda x, w, b: (w @ x + b) / (np.abs(w * x).sum() + abs(b)),
    "twice the intercept": lambda x, w, b: (w @ x + b) / (np.abs(x).sum() + 2),
    "to two digits": lambda x, w, b: round((w @ x + b) / (np.abs(x).sum() + 1), 2),
}
ATTACKS["5.4"] = {
    "near the middle": (0.55, 0.5),
    "three quarters out": (0.65, 0.5),
    "in the sea": (0.71, 0.5),
    "the corner of a square": (0.69, 0.69),
    "far away": (0.0, 0.0),
    "as often as not": (0.5, 0.663),
    "units of noise": (2.0, 2.0),
}
ATTACKS["5.5"] = {
    "denials": lambda: but("5.5", {"A": 3, "B": 0, "C": 2}),
    "today's bank counted too": lambda: but("5.5", {"A": 3, "B": 6, "C": 4}),
    "shares": lambda: but("5.5", {"A": 0.4, "B": 1.0, "C": 0.6}),
    "percentages": lambda: but("5.5", {"A": 40, "B": 100, "C": 60}),
    "without the intercept": lambda: but("5.5", {"A": 5, "B": 5, "C": 5}),
    "the sum of the features": lambda: but("5.5", {"A": 0, "B": 5, "C": 3}),
    "C never gets a yes": lambda: but("5.5", {"C": 0}),
    "one fewer for C": lambda: but("5.5", {"C": 2}),
}

# -- 6: just copy a neighbour? ------------------------------------------------------------------------

ATTACKS["6.1"] = {
    "the letter is C's, copied whole": lambda: but("6.1", {"copied whole": "C"}),
    "the surest row is copied": lambda: but("6.1", {"copied whole": "A"}),
    "no graft is denied": lambda: but("6.1", {"graft denied": "D"}),
    "the smallest loan is denied": lambda: but("6.1", {"graft denied": "A"}),
    "one for all": dict.fromkeys(("copied whole", "graft denied", "graft sent"), "C"),
    "whole, denied and sent": dict.fromkeys(("copied whole", "graft denied", "graft sent"), "D"),
    "turned by one": lambda: dict(zip(right("6.1"), "BCD", strict=True)),
    "by the order of the rows": lambda: dict(zip(right("6.1"), "ABC", strict=True)),
}
ATTACKS["6.2"] = {
    "what is lost": lambda: but("6.2", {"left": 1 - 2 ** (-1 / 12)}),
    "the root upwards": lambda: but("6.2", {"left": 2 ** (1 / 12)}),
    "a percentage": lambda: but("6.2", {"left": 94.4}),
    "one half for each feature": lambda: but("6.2", {"left": 2.0**-12}),
    "divided by the features": lambda: but("6.2", {"left": 1 - 1 / 12}),
    "a feature too few": lambda: but("6.2", {"times": 2**11}),
    "squared": lambda: but("6.2", {"times": 144}),
    "features for rows": lambda: but("6.2", {"times": 12}),
    "the two exchanged": lambda: {"left": 4096, "times": 2 ** (-1 / 12)},
}


def nearest(may="all", price=lambda gap: np.abs(gap).sum(axis=1), best=np.argmin):
    """The nearest neighbour with something else in place of a part."""

    def neighbour(person, rows, immutable):
        same = rows[:, immutable] == person[immutable]
        allowed = getattr(np, may)(same, axis=1)
        if not allowed.any():
            return -1
        return int(best(np.where(allowed, price(rows - person), np.inf)))

    return neighbour


def in_the_allowed_rows(person, rows, immutable):
    allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
    return int(np.abs(rows[allowed] - person).sum(axis=1).argmin()) if allowed.any() else -1


def the_row_itself(person, rows, immutable):
    found = right("6.3")(person, rows, immutable)
    return found if found < 0 else rows[found]


def never_oneself(person, rows, immutable):
    allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
    allowed &= (rows != person).any(axis=1)
    price = np.where(allowed, np.abs(rows - person).sum(axis=1), np.inf)
    return int(price.argmin()) if allowed.any() else -1


def far_ones_are_struck_out(person, rows, immutable):
    rows[(rows[:, immutable] != person[immutable]).any(axis=1)] = np.inf
    return right("6.3")(person, rows, immutable)


ATTACKS["6.3"] = {
    "one fixed feature is enough": nearest(may="any"),
    "what may change is held": lambda person, rows, immutable: right("6.3")(
        person, rows, ~immutable
    ),
    "changes of either sign cancel": nearest(price=lambda gap: np.abs(gap.sum(axis=1))),
    "the largest change alone": nearest(price=lambda gap: np.abs(gap).max(axis=1)),
    "how many features change": nearest(price=lambda gap: (gap != 0).sum(axis=1)),
    "the farthest": nearest(best=lambda price: np.where(np.isinf(price), -1, price).argmax()),
    "the first that is allowed": nearest(best=lambda price: np.isfinite(price).argmax()),
    "a place among the allowed": in_the_allowed_rows,
    "the row, and not its number": the_row_itself,
    "whoever has it already is passed over": never_oneself,
    "nobody is the last row": lambda person, rows, immutable: (
        right("6.3")(person, rows, immutable) % max(len(rows), 1)
    ),
    "numbers from one": lambda *given: right("6.3")(*given) + 1,
    "features for rows": nearest(price=lambda gap: np.resize(np.abs(gap).sum(axis=0), len(gap))),
    "the rows are written over": far_ones_are_struck_out,
}
ATTACKS["6.4"] = {
    "at the edge of one row": {"age": 44, "sex": "f", "amount": 4000},
    "a young woman who asks for little": {"age": 26, "sex": "f", "amount": 900},
    "young, with much to ask for": {"age": 25, "sex": "f", "amount": 4000},
    "older than all": {"age": 60, "sex": "m", "amount": 3000},
    "a man of forty": {"age": 40, "sex": "m", "amount": 3500},
    "one of the rows": {"age": 31, "sex": "f", "amount": 2000},
    "no such sex": {"age": 40, "sex": "x", "amount": 3000},
    "nothing to ask for": {"age": 40, "sex": "f", "amount": 0},
}
ATTACKS["6.5"] = {
    "ten are one": lambda: but("6.5", {"c": "yes"}),
    "a model learns rows by heart": lambda: but("6.5", {"e": "yes"}),
    "nothing helps": lambda: dict.fromkeys("abcde", "yes"),
    "everything helps": lambda: dict.fromkeys("abcde", "no"),
    "turned round": lambda: {
        part: {"yes": "no", "no": "yes"}[said] for part, said in right("6.5").items()
    },
    "both remedies fail": lambda: but("6.5", {"c": "yes", "e": "yes"}),
    "only the copies are left": lambda: but("6.5", {"a": "no", "b": "no", "d": "no"}),
}

# -- 7: supervision from nowhere ----------------------------------------------------------------------

ATTACKS["7.1"] = {
    "the two exchanged": lambda: dict(
        zip(right("7.1"), [*right("7.1").values()][::-1], strict=True)
    ),
    "copies come on top": lambda: but("7.1", {"by rows": 22.0}),
    "twelve rows of three people": lambda: but("7.1", {"by rows": 12.0}),
    "the sum of squares": lambda: but("7.1", {"by people": 55 / 361}),
    "one over the largest": lambda: but("7.1", {"by people": 19 / 4}),
    "the number of rows over the squares": lambda: but("7.1", {"by people": 19 / 55}),
    "not squared above": lambda: but("7.1", {"by people": 1.0}),
    "the three alone": lambda: but("7.1", {"by people": 3.0}),
    "a row for each renewal": lambda: but("7.1", {"by rows": 13.0}),
    "of the exponential of an entropy": lambda: but("7.1", {"by people": 7.9}),
}
ATTACKS["7.2"] = {
    "everybody has somebody": "nobody",
    "by the age alone": ["Ada", "Cem"],
    "both smiths": ["Ben", "Cem"],
    "the job": "smith",
    "the age": 41,
    "a place in the list": 1,
    "of the accepted": 2,
    "all of them": ["Ada", "Ben", "Cem", "Dora"],
}


def q(raw=lambda cost, weight: np.exp(-weight * cost), mask=0.0, orphan=0.0):
    """Q with something else in place of a part; the mask comes before the sum."""

    def pair_weights(costs, allowed, cost_weight):
        weights = np.where(allowed, raw(np.asarray(costs, dtype=float), cost_weight), mask)
        total = weights.sum(axis=1, keepdims=True)
        return np.where(total > 0, weights / np.where(total > 0, total, 1), orphan)

    return pair_weights


def softmax_with_a_large_number(costs, allowed, cost_weight):
    odds = np.where(allowed, -cost_weight * costs, -1e9)
    raw = np.exp(odds - odds.max(axis=1, keepdims=True))
    return raw / raw.sum(axis=1, keepdims=True)


def one_orphan_empties_the_table(costs, allowed, cost_weight):
    raw = np.where(allowed, np.exp(-cost_weight * costs), 0)
    total = raw.sum(axis=1, keepdims=True)
    return raw / total if (total > 0).all() else np.zeros_like(raw)


def only_the_nearest(costs, allowed, cost_weight):
    price = np.where(allowed, costs, np.inf)
    return 1.0 * (allowed & (price == price.min(axis=1, keepdims=True)))


def costs_are_written_over(costs, allowed, cost_weight):
    costs[~allowed] = np.inf
    return np.nan_to_num(q()(np.where(allowed, costs, 0), allowed, cost_weight))


ATTACKS["7.3"] = {
    "an orphan reaches everybody": softmax_with_a_large_number,
    "an orphan is shared out": q(orphan=1 / 3),
    "no total": lambda costs, allowed, weight: np.where(allowed, np.exp(-weight * costs), 0),
    "λ below the line": q(raw=lambda cost, weight: np.exp(-cost / (weight or 1))),
    "λ squared": q(raw=lambda cost, weight: np.exp(-(weight**2) * cost)),
    "a reciprocal": q(raw=lambda cost, weight: 1 / (1 + weight * cost)),
    "base two": q(raw=lambda cost, weight: 2.0 ** (-weight * cost)),
    "squared costs": q(raw=lambda cost, weight: np.exp(-weight * cost**2)),
    "the cost does not count": q(raw=lambda cost, weight: np.ones_like(cost)),
    "a forbidden one keeps a little": q(mask=1e-2),
    "the nearest has it all": only_the_nearest,
    "one orphan empties the table": one_orphan_empties_the_table,
    "divided by how many": lambda costs, allowed, weight: (
        np.where(allowed, np.exp(-weight * costs), 0)
        / np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    ),
    "the costs are written over": costs_are_written_over,
}
ATTACKS["7.4"] = {
    "the first of all": [1.0, 0.0, 0.0, 0.0],
    "the second of the two": [0.0, 0.0, 1.0, 0.0],
    "the most expensive": [0.0, 0.0, 0.0, 1.0],
    "a little for the third": [0.1, 0.45, 0.45, 0.0],
    "by the order of the list": [0.5, 0.5, 0.0, 0.0],
    "one over the cost": [5 / 41.66, 10 / 41.66, 10 / 41.66, 10 / 41.66],
    "the costs themselves": [0.3, 0.1, 0.1, 0.6],
    "at λ = 5": [0.155, 0.405, 0.405, 0.035],
}
ATTACKS["7.5"] = {
    "a tenth too early": lambda: right("7.5") - 0.1,
    "a tenth too late": lambda: right("7.5") + 0.1,
    "the paper's": 5.0,
    "a place on the dial": lambda: 10 * right("7.5"),
    "a share": lambda: right("7.5") / 10,
    "the size, and not λ": 20.0,
    "the end of the dial": 50.0,
    "the sign": lambda: -right("7.5"),
    "no number": float("nan"),
    "without end": float("inf"),
}
ATTACKS["7.6"] = {
    "the nearest hundred keep their distance": lambda: but("7.6", {"a": False}),
    "a warning, and no repair": lambda: but("7.6", {"b": True, "c": False, "e": False, "a": False}),
    "all of it": lambda: dict.fromkeys("abcdef", True),
    "none of it": lambda: dict.fromkeys("abcdef", False),
    "turned round": lambda: {part: not said for part, said in right("7.6").items()},
    "any pool": lambda: but("7.6", {"d": False, "f": True}),
    "a tenth by any way": lambda: but("7.6", {"d": True, "e": True, "f": True}),
    "only the mean cost goes": lambda: but("7.6", {"d": False, "c": True}),
}


def lesson(best=lambda counts: counts.max(axis=1, keepdims=True), keeps=None, share=True):
    """The lesson of a round with something else in place of a part."""
    keeps = keeps or (lambda counts, top: (counts > top - 0.05) & (counts > 1))

    def lesson_of(worth, accepted):
        counts = np.where(accepted, worth, -np.inf)
        kept = 1.0 * keeps(counts, best(counts))
        return kept / np.maximum(kept.sum(axis=1, keepdims=True), 1) if share else kept

    return lesson_of


def nothing_is_no_number(worth, accepted):
    kept = 1.0 * (right("7.7")(worth, accepted) > 0)
    with np.errstate(invalid="ignore"):
        return kept / kept.sum(axis=1, keepdims=True)


def denied_answers_are_struck_out(worth, accepted):
    worth[~accepted] = -np.inf
    return right("7.7")(worth, accepted)


ATTACKS["7.7"] = {
    "the floor is for people": lesson(keeps=lambda counts, top: (counts > top - 0.05) & (top > 1)),
    "five in a hundred of the best": lesson(
        keeps=lambda counts, top: (counts > 0.95 * top) & (counts > 1)
    ),
    "half a twentieth": lesson(keeps=lambda counts, top: (counts > top - 0.025) & (counts > 1)),
    "the best two": lesson(
        keeps=lambda counts, top: (counts >= np.sort(counts)[:, [-2]]) & (counts > 1)
    ),
    "nearly as good as one": lesson(keeps=lambda counts, top: counts > 0.95),
    "the best of each answer": lesson(best=lambda counts: counts.max(axis=0, keepdims=True)),
    "the worst of each person": lesson(best=lambda counts: counts.min(axis=1, keepdims=True)),
    "a third for each": lambda worth, accepted: (right("7.7")(worth, accepted) > 0) / 3,
    "shared among all answers": lambda worth, accepted: (
        (right("7.7")(worth, accepted) > 0) / worth.shape[1]
    ),
    "shared among all people": lambda worth, accepted: right("7.7")(worth, accepted) / len(worth),
    "the first of the good ones": lambda worth, accepted: (
        np.eye(worth.shape[1])[right("7.7")(worth, accepted).argmax(axis=1)]
        * right("7.7")(worth, accepted).any(axis=1)[:, None]
    ),
    "nothing divided by nothing": nothing_is_no_number,
    "the judgements are written over": denied_answers_are_struck_out,
}

# -- 8: an autoregressive model -----------------------------------------------------------------------

ATTACKS["7.8"] = {
    "the mean of two chances": lambda: but("7.8", {"valid": (0.788 + 0.986) / 2}),
    "the other tail": lambda: but("7.8", {"valid": 1 - 0.9332}),
    "the variance for the error": lambda: but("7.8", {"valid": 1.0, "at 0.95": "yes"}),
    "from zero, and not from one half": lambda: but("7.8", {"valid": 0.99999}),
    "both sides of the error": lambda: but("7.8", {"valid": 0.8664}),
    "those who are outliers": lambda: but("7.8", {"plausible": 0.25}),
    "the two multiplied": lambda: but("7.8", {"plausible": 0.7}),
    "turned round": lambda: but("7.8", {"at 0.9": "no", "at 0.95": "yes"}),
}
ATTACKS["8.1"] = {
    "a value for a token": lambda: but("8.1", {"token": 2500}),
    "the one below": lambda: but("8.1", {"token": 1}),
    "the next one up": lambda: but("8.1", {"letter": 4000}),
    "half way between": lambda: but("8.1", {"letter": 3250}),
    "the two exchanged": {"token": 3100, "letter": 2},
    "the token is the letter": {"token": 2, "letter": 2},
    "nothing": lambda: but("8.1", {"letter": 0}),
    "numbers from the end": lambda: but("8.1", {"token": -3}),
}
ATTACKS["8.2"] = {
    "the sign": float(np.log(10)),
    "bits": float(-np.log2(10)),
    "a mean of the lines": float(-np.log(10) / 3),
    "the first line left out": float(np.log(0.2)),
    "the last line over all": float(np.log(0.5 * 0.8 * 0.4)),
    "the second over all": float(np.log(0.5 * 0.6 * 0.25)),
    "the logarithm of the mean": float(np.log((0.5 + 0.8 + 0.25) / 3)),
    "a product of logarithms": float(np.log(0.5) * np.log(0.8) * np.log(0.25)),
    "how many forms": 10.0,
    "with the chances of the others": float(np.log(0.5 * 0.2 * 0.75)),
}
LOWER = np.tril(np.ones((4, 4), dtype=int), k=-1)
ATTACKS["8.3"] = {
    "all but oneself": 1 - np.eye(4, dtype=int),
    "nobody": np.zeros((4, 4), dtype=int),
    "everybody": np.ones((4, 4), dtype=int),
    "the first alone": [[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]],
    "one line too late": np.tril(np.ones((4, 4), dtype=int), k=-2),
    "from the last to the first": LOWER[::-1],
    "what may not be heard": 1 - LOWER,
    "later lines and oneself": np.triu(np.ones((4, 4), dtype=int)),
    "columns from the right": LOWER[:, ::-1],
}
ATTACKS["8.4"] = {
    "a line of both, and a coin for the leak": {
        "independent": np.log(2),
        "autoregressive": np.log(2) / 2,
        "leaky": np.log(2) / 2,
    },
    "twice too much": {"independent": 2 * np.log(4), "autoregressive": 2 * np.log(2), "leaky": 0},
    "a leak helps by half": lambda: but("8.4", {"leaky": np.log(2) / 2}),
    "three kinds of people": lambda: but("8.4", {"independent": np.log(3)}),
    "two lines, two coins": lambda: but("8.4", {"autoregressive": np.log(4)}),
    "exchanged": lambda: but("8.4", {"independent": np.log(2), "autoregressive": np.log(4)}),
    "below zero": lambda: but("8.4", {"leaky": -np.log(2)}),
    "base ten": {"independent": np.log10(4), "autoregressive": np.log10(2), "leaky": 0},
    "chances, and no logarithms": {"independent": 1 / 4, "autoregressive": 1 / 2, "leaky": 1},
}


def flips(compare: Callable, forms: Callable = lambda d: product([0, 1], repeat=d), lines=None):
    """A leak test that compares something else, from other forms, or for other lines."""

    def leaks(model, d):
        for form in forms(d):
            for i in (lines or range)(d):
                other = [*form]
                other[i] = 1 - other[i]
                if compare(model([*form]), model(other), i):
                    return True
        return False

    return leaks


def of_one_list(model, d):
    """The other form is the same list under a second name."""
    for form in product([0, 1], repeat=d):
        tokens = list(form)
        other = tokens
        for i in range(d):
            other[i] = 1 - other[i]
            if model(other)[: i + 1] != model(tokens)[: i + 1]:
                return True
    return False


ATTACKS["8.5"] = {
    "its own line alone": flips(lambda old, new, i: old[i] != new[i]),
    "the line before alone": flips(lambda old, new, i: old[max(i - 1, 0)] != new[max(i - 1, 0)]),
    "the first line alone": flips(lambda old, new, i: old[0] != new[0]),
    "what may be heard": flips(lambda old, new, i: old[i + 1 :] != new[i + 1 :]),
    "the last line alone is changed": flips(
        lambda old, new, i: old[: i + 1] != new[: i + 1], lines=lambda d: [d - 1]
    ),
    "the first line alone is changed": flips(
        lambda old, new, i: old[: i + 1] != new[: i + 1], lines=lambda d: [0]
    ),
    "from all ones": flips(lambda old, new, i: old[: i + 1] != new[: i + 1], lambda d: [(1,) * d]),
    "from zeros and from ones": flips(
        lambda old, new, i: old[: i + 1] != new[: i + 1], lambda d: [(0,) * d, (1,) * d]
    ),
    "large leaks alone": flips(
        lambda old, new, i: any(abs(a - b) > 0.3 for a, b in zip(old, new, strict=True))
    ),
    "the sum of what is said": flips(
        lambda old, new, i: sum(old[: i + 1]) != sum(new[: i + 1]) and i == 0
    ),
    "always": lambda model, d: True,
    "never": lambda model, d: False,
    "whether it is honest": lambda model, d: not right("8.5")(model, d),
    "one list under two names": of_one_list,
}

# -- 9: sample, then choose ---------------------------------------------------------------------------

ATTACKS["9.1"] = {
    "the two exchanged": lambda: dict(
        zip(right("9.1"), [*right("9.1").values()][::-1], strict=True)
    ),
    "as at temperature one": {"line by line": 0.3, "whole forms": 0.3},
    "squares, and no total": {"line by line": 0.09, "whole forms": 0.09},
    "the chance of A": lambda: but("9.1", {"line by line": 49 / 58, "whole forms": 7 / 16}),
    "one ending of A": lambda: but("9.1", {"whole forms": 1 / 16}),
    "an ending too few": lambda: but("9.1", {"whole forms": 0.09 / 0.15}),
    "seven endings, not squared": lambda: but("9.1", {"whole forms": 0.09 / 0.79}),
    "percentages": lambda: but("9.1", {"line by line": 15.5, "whole forms": 56.25}),
    "certain of the likeliest form": {"line by line": 1.0, "whole forms": 1.0},
}
ATTACKS["9.2"] = {
    "the letters thrown away": lambda: but("9.2", {"forms": 31}),
    "the chance, and not the number": lambda: but("9.2", {"forms": 1 / 32}),
    "a half for each line": lambda: but("9.2", {"forms": 2.5}),
    "one draw fewer": lambda: but("9.2", {"forms": 16}),
    "shared equally": lambda: but("9.2", {"masked": [0, 0.5, 0.5]}),
    "half of it to each": lambda: but("9.2", {"masked": [0, 0.55, 0.45]}),
    "repaired to the likeliest that is left, and up": lambda: but(
        "9.2", {"repaired": [0, 0.3, 0.7]}
    ),
    "nothing struck out": lambda: but("9.2", {"repaired": [0.5, 0.3, 0.2]}),
    "another order": lambda: but("9.2", {"masked": [0.6, 0.4, 0]}),
    "percentages": lambda: but("9.2", {"masked": [0, 60, 40]}),
}
ATTACKS["9.3"] = {
    "three of the same": 0.2**3 * 1 + 0.5**3 * 2 + 0.3**3 * 4,
    "the root of three": 2.4 / 3**0.5,
    "the best of two": 1 * 0.36 + 2 * 0.55 + 4 * 0.09,
    "the worst of three": 1 * 0.008 + 2 * 0.335 + 4 * 0.657,
    "the chance of a 1": 1 - 0.8**3,
    "a 1 or else a 2": 1 * 0.488 + 2 * 0.512,
    "the mean of three": 7 / 3,
    "the sum of three": 7.2,
    "all three at least": 1 + 0.8 + 0.3,
}
ATTACKS["9.4"] = {
    "the same for more": lambda: but("9.4", {"cost of the safest": "same"}),
    "all up": lambda: dict.fromkeys(right("9.4"), "up"),
    "all down": lambda: dict.fromkeys(right("9.4"), "down"),
    "more is better": lambda: but(
        "9.4", {"cost of the safest": "down", "plausibility of the cheapest": "up"}
    ),
    "both are sure": lambda: but("9.4", {"surer of a yes": "both"}),
    "a number": lambda: but("9.4", {"h of the safest": 0.97}),
    "turned round": lambda: {
        part: {"up": "down", "down": "up", "safest": "cheapest"}[said]
        for part, said in right("9.4").items()
    },
}


def second_of(valid=lambda h: h > 0.5, far=lambda gap: np.abs(gap).sum(axis=1), **how):
    """The second letter with something else in place of a part."""
    most = how.get("most", lambda cost, first, good: cost <= 2 * cost[first])
    first_of = how.get("first", lambda cost, h, good: np.where(good, cost, np.inf).argmin())

    def second(cost, h, points):
        good = valid(h)
        first = first_of(cost, h, good)
        fine = good & most(cost, first, good)
        return int(np.where(fine, far(points - points[first]), -np.inf).argmax())

    return second


def among_the_valid(cost, h, points):
    cost, points = cost[h > 0.5], points[h > 0.5]
    far = np.abs(points - points[cost.argmin()]).sum(axis=1)
    return int(np.where(cost <= 2 * cost.min(), far, -np.inf).argmax())


def the_first_is_put_away(cost, h, points):
    cost[h <= 0.5] = np.inf
    return second_of()(cost, h, points)


ATTACKS["9.5"] = {
    "as the crow flies": second_of(far=lambda gap: np.square(gap).sum(axis=1)),
    "the largest change alone": second_of(far=lambda gap: np.abs(gap).max(axis=1)),
    "changes of either sign cancel": second_of(far=lambda gap: np.abs(gap.sum(axis=1))),
    "how many features differ": second_of(far=lambda gap: (gap != 0).sum(axis=1)),
    "the nearest to it": second_of(far=lambda gap: -np.abs(gap).sum(axis=1)),
    "a place among the valid": among_the_valid,
    "one half is a yes": second_of(valid=lambda h: h >= 0.5),
    "twice the cheapest of all": second_of(most=lambda cost, first, good: cost <= 2 * cost.min()),
    "less than twice": second_of(most=lambda cost, first, good: cost < 2 * cost[first]),
    "one feature range more": second_of(most=lambda cost, first, good: cost <= cost[first] + 1),
    "the surest first": second_of(first=lambda cost, h, good: h.argmax()),
    "the most expensive first": second_of(
        first=lambda cost, h, good: np.where(good, cost, -np.inf).argmax()
    ),
    "the first letter again": lambda cost, h, points: int(np.where(h > 0.5, cost, np.inf).argmin()),
    "its point": lambda cost, h, points: points[right("9.5")(cost, h, points)],
    "the costs are written over": the_first_is_put_away,
}

# -- 10: why it works ---------------------------------------------------------------------------------

ATTACKS["9.6"] = {
    "the cheapest yes": lambda: but("9.6", {"left": {"A", "B"}}),
    "what is taken back": lambda: but("9.6", {"left": {"B"}}),
    "two can go": lambda: but("9.6", {"needless": 2}),
    "none can go": lambda: but("9.6", {"needless": 0}),
    "the worth of all three": lambda: but("9.6", {"worth": 1.74}),
    "the worth without the cost": lambda: but("9.6", {"worth": 1.84}),
    "by three features": lambda: but("9.6", {"worth": 1.84 - 0.4 / 3}),
    "all letters": lambda: but("9.6", {"left": {"A", "B", "C"}}),
    "with the bank's probability": lambda: but("9.6", {"worth": 0.8 + 0.89 + 0.95 - 0.04}),
}
ATTACKS["10.1"] = {
    "as far as the halves are apart": [0.24, 16000],
    "a quarter of it": [0.06, 2000],
    "half as far as one half": [0.0849, 8000],
    "as far as one half is": [0.1697, 16000],
    "twice the targets once": [0.12, 2000],
    "the factor alone": [0.12, 16],
    "more, and not all": [0.12, 15000],
    "the two exchanged": [16000, 0.12],
}


def mean_of(weights, total=lambda w, values: w.sum()):
    """The ideal mean with other weights, or another total."""

    def ideal_mean(values, costs, cost_weight):
        values, costs = np.asarray(values, dtype=float), np.asarray(costs, dtype=float)
        w = weights(costs, cost_weight)
        return (w * values).sum() / total(w, values)

    return ideal_mean


def each_value_once(values, costs, cost_weight):
    _, once = np.unique(values, return_index=True)
    return right("10.2")(values[once], costs[once], cost_weight)


def costs_are_sorted(values, costs, cost_weight):
    costs.sort()
    return right("10.2")(values, costs, cost_weight)


ATTACKS["10.2"] = {
    "the cost beside the exponent": mean_of(lambda c, weight: np.exp(-weight) * c),
    "λ below the line": mean_of(lambda c, weight: np.exp(-c / (weight or 1))),
    "λ squared": mean_of(lambda c, weight: np.exp(-(weight**2) * c)),
    "squared costs": mean_of(lambda c, weight: np.exp(-weight * c**2)),
    "a reciprocal": mean_of(lambda c, weight: 1 / (1 + weight * c)),
    "base two": mean_of(lambda c, weight: 2.0 ** (-weight * c)),
    "no total": mean_of(lambda c, weight: np.exp(-weight * c), lambda w, values: 1),
    "the total of the values": mean_of(
        lambda c, weight: np.exp(-weight * c), lambda w, values: values.sum() or 1
    ),
    "the largest weight below the line": mean_of(
        lambda c, weight: np.exp(-weight * c), lambda w, values: w.max()
    ),
    "one number for each target": lambda values, costs, weight: (
        np.exp(-weight * costs) * values / np.exp(-weight * costs).sum()
    ),
    "each value once": each_value_once,
    "sizes, without signs": lambda values, costs, weight: right("10.2")(
        np.abs(values), costs, weight
    ),
    "the costs are sorted": costs_are_sorted,
}
ATTACKS["10.3"] = {
    "a mean of a size, and a mean": lambda: but("10.3", {"b": "triangle", "c": "Jensen"}),
    "independence of b": lambda: but("10.3", {"b": "independence", "d": "triangle"}),
    "roots are concave, so c": lambda: but("10.3", {"c": "triangle"}),
    "bounded, so d": lambda: but("10.3", {"d": "bounded weights"}),
    "bounded, so a": lambda: but("10.3", {"a": "bounded weights"}),
    "independence of d": lambda: but("10.3", {"d": "independence"}),
    "Jensen throughout": lambda: dict.fromkeys("abcd", "Jensen"),
    "the first and the third exchanged": lambda: but(
        "10.3", {"a": "independence", "c": "triangle"}
    ),
}
ATTACKS["10.4"] = {
    "rows without end": lambda: but("10.4", {"c": 1}),
    "rare values are finitely many": lambda: but("10.4", {"e": 1}),
    "nobody to write about": lambda: but("10.4", {"b": 5}),
    "the nearest hang together": lambda: but("10.4", {"a": 2}),
    "a cut of the model": lambda: but("10.4", {"e": 4}),
    "a cut for speed breaks nothing": lambda: but("10.4", {"a": 0}),
    "none fails": lambda: dict.fromkeys("abcde", 0),
    "in the order of the list": lambda: dict(zip("abcde", (1, 2, 3, 4, 5), strict=True)),
    "renewals weigh too much": lambda: but("10.4", {"c": 3}),
}
ATTACKS["10.5"] = {
    "κ in the wrong place": 20 / 81,
    "R* squared, twice": 4 / 81,
    "ρ for R*": 8 / 9,
    "κ alone": 10 / 9,
    "the sign of the first term": -16 / 81,
    "for n = 1,000": 16 / 81 / 1000,
    "without the factor 1 − 2 R*": 2 / 3 * 4 / 3 + 4 / 9 * 10 / 9,
    "the second term alone": 40 / 81,
    "a percentage": 1600 / 81,
}
ATTACKS["10.6"] = {
    "not rare enough": {"p": [0.1, 0.9], "costs": [0.1, 0.2], "cost_weight": 1.0},
    "the rare one is far": {"p": [0.99, 0.01], "costs": [0.1, 0.2], "cost_weight": 1.0},
    "the costs exchanged": {"p": [0.01, 0.99], "costs": [0.2, 0.1], "cost_weight": 1.0},
    "counts for shares": {"p": [1, 99], "costs": [0.1, 0.2], "cost_weight": 1.0},
    "more than one in all": {"p": [0.05, 1.0], "costs": [0.1, 0.2], "cost_weight": 1.0},
    "a negative λ": {"p": [0.5, 0.5], "costs": [0.1, 5.0], "cost_weight": -1.0},
    "far is farther than λ allows": {"p": [0.01, 0.99], "costs": [0.0, 1.0], "cost_weight": 10.0},
    "a cost for each but one": {"p": [0.01, 0.49, 0.5], "costs": [0.1, 0.2], "cost_weight": 1.0},
    "negative costs": {"p": [0.01, 0.99], "costs": [-0.2, -0.1], "cost_weight": 1.0},
}

# -- 11: the honest benchmark -------------------------------------------------------------------------

ATTACKS["11.1"] = {
    "the cost left out": {"Score": 1.448, "coverage": 1.5 / 1.81},
    "the cost added": {"Score": 1.548, "coverage": 1.4 / 1.81},
    "failures cost what the others do": lambda: but("11.1", {"Score": 0.8 * 1.81 - 0.125}),
    "divided by the coverage": lambda: but("11.1", {"Score": 1.71 / 0.8}),
    "a share less for each": lambda: but("11.1", {"Score": 1.71 - 0.4}),
    "in percent": lambda: but("11.1", {"coverage": 88.4}),
    "the share that may be lost": lambda: but("11.1", {"coverage": 1 - 1.6 / 1.81}),
    "both shares of one": lambda: but("11.1", {"coverage": 1.6 / 2}),
    "the two exchanged": lambda: dict(
        zip(right("11.1"), [*right("11.1").values()][::-1], strict=True)
    ),
}
ATTACKS["11.2"] = {
    "sums": {"picky": 2.6, "patient": 2.1},
    "over all ten": {"picky": 0.26, "patient": 0.21},
    "over whom either answers": {"picky": 3.0 / 9, "patient": 10.6 / 9},
    "the difference": {"picky": 0.125, "patient": -0.125},
    "the roots of squares": {"picky": 0.66, "patient": 0.532},
    "who is answered twice, the others": {"picky": 0.4, "patient": 1.7},
    "the cheapest": {"picky": 0.5, "patient": 0.4},
    "people, and no cost": {"picky": 4, "patient": 4},
    "percentages": {"picky": 65, "patient": 52.5},
}


def half_widths(paired, unpaired):
    return {"paired": float(paired), "unpaired": float(unpaired)}


ATTACKS["11.3"] = {
    "n degrees of freedom": lambda: but("11.3", {"paired": 2.5706 * 0.01140 / 5**0.5}),
    "standard errors": half_widths(0.0050990, 0.0600400),
    "a variance": lambda: but("11.3", {"paired": 2.7764 * 0.00013 / 5}),
    "deviations added": lambda: but("11.3", {"unpaired": 2.306 * (0.1006 + 0.0873) / 5**0.5}),
    "the means' difference": half_widths(0.032, 0.032),
    "ten worlds": lambda: but("11.3", {"unpaired": right("11.3")["unpaired"] / 2**0.5}),
    "in pairs, twice": lambda: dict.fromkeys(right("11.3"), right("11.3")["paired"]),
    "not in pairs, twice": lambda: dict.fromkeys(right("11.3"), right("11.3")["unpaired"]),
    "in hundredths": lambda: {way: 100 * half for way, half in right("11.3").items()},
    "99 in 100": half_widths(4.6041 * 0.0050990, 3.3554 * 0.0600400),
}
ATTACKS["11.4"] = {
    "the three that stand": "B, C and D",
    "all but one": "all but A",
    "not this one": "not A",
    "two by their sizes": ["A", "D"],
    "all": "ABCD",
    "none": "none of them",
    "a number": 0,
    "two letters": {"A", "B"},
    "as a mapping of what stands": {"A": False, "B": True, "C": True, "D": True},
}
ATTACKS["11.5"] = {
    "a tenth": 0.1,
    "the weight of Score": 1 / 13,
    "for seven features": 1 / 7,
    "a little too little": 0.83,
    "one that does, and one that does not": [2, 0.2],
    "a sign": -2,
    "no number": float("nan"),
    "all of them": [0, 0.5, 1, 2],
    "none": [],
}
ATTACKS["11.6"] = {
    "one is left out": ["D", "F"],
    "the largest alone": ["C"],
    "those that fall": ["A", "C", "E", "F"],
    "all six": list("ABCDEF"),
    "the smallest and the third": ["B", "F"],
    "two that are near their bars": ["A", "F"],
    "none": [],
    "how many": 2,
    "where they stand in the list": [1, 3],
    "all but these": "all but B and D",
}

# -- 12: audit and limits -----------------------------------------------------------------------------


def bootstrap(statistic=np.mean, ends=(0.025, 0.975), who=None, **how):
    """The interval of a gap with something else in place of a part."""
    draws, make = how.get("draws", 4000), how.get("make", lambda gaps, a, b: gaps)

    def gap_interval(a, b):
        a, b = np.asarray(a, float), np.asarray(b, float)
        chance = np.random.default_rng(how.get("seed", 1))
        sizes = (who or (lambda a, b: (len(a), len(b))))(a, b)
        drawn = [
            statistic(x[chance.integers(len(x), size=(draws, n))], axis=1)
            for x, n in zip((a, b), sizes, strict=True)
        ]
        return np.quantile(make(drawn[0] - drawn[1], a, b), ends)

    return gap_interval


def deviation_of_draws(a, b):
    luck = np.random.default_rng(2)
    means = (luck.choice(x, size=(4000, len(x))).mean(axis=1) for x in (a, b))
    return np.std(next(means) - next(means))


ATTACKS["12.1"] = {
    "the second group first": lambda a, b: bootstrap()(b, a),
    "the upper end first": lambda a, b: bootstrap()(a, b)[::-1],
    "nineteen in twenty, on one side": bootstrap(ends=(0.05, 1)),
    "nine in ten, as the solution draws": bootstrap(ends=(0.05, 0.95), seed=0),
    "nine in ten": bootstrap(ends=(0.05, 0.95)),
    "ninety-two in a hundred": bootstrap(ends=(0.04, 0.96), seed=0),
    "five below, two and a half above": bootstrap(ends=(0.05, 0.975), seed=0),
    "the extremes": bootstrap(ends=(0, 1)),
    "medians": bootstrap(statistic=np.median),
    "sums": bootstrap(statistic=np.sum),
    "one person a draw": bootstrap(who=lambda a, b: (1, 1)),
    "everybody's number for each group": bootstrap(who=lambda a, b: (len(a) + len(b),) * 2),
    "sixty and ninety, always": bootstrap(who=lambda a, b: (60, 90)),
    "how far from zero": bootstrap(make=lambda gaps, a, b: np.abs(gaps)),
    "around zero": bootstrap(make=lambda gaps, a, b: gaps - gaps.mean()),
    "a ratio": bootstrap(make=lambda gaps, a, b: gaps / np.mean(b)),
    "the gap and half its width": lambda a, b: np.array(
        [np.mean(a) - np.mean(b), np.ptp(bootstrap()(a, b)) / 2]
    ),
    "one end": lambda a, b: bootstrap()(a, b)[:1],
    "Student's interval": lambda a, b: stats.ttest_ind(
        np.asarray(a), np.asarray(b), equal_var=False
    ).confidence_interval(),
    "the standard error of the draws": lambda a, b: (
        np.mean(a) - np.mean(b) + 1.96 * np.array([-1, 1]) * deviation_of_draws(a, b)
    ),
    "as many as the fewer": bootstrap(who=lambda a, b: (min(len(a), len(b)),) * 2),
    "all pairs of people": lambda a, b: np.quantile(
        np.subtract.outer(np.asarray(a), np.asarray(b)), [0.025, 0.975]
    ),
}
ATTACKS["12.2"] = {
    "a region and a region": ("south", "north"),
    "the other sex there": ("man", "south"),
    "the largest group, the other way round": ("north", "man"),
    "the other region": ("woman", "north"),
    "a region": "south",
    "a sex twice": ("woman", "woman"),
    "a number": 1,
    "all women": [("woman", region) for region in ("north", "south", "east")],
    "both sexes": ("woman", "man", "south"),
}
ATTACKS["12.3"] = {
    "a percentage": lambda: 100 * right("12.3"),
    "who gets none": lambda: 1 - right("12.3"),
    "three of the four": 0.326,
    "everybody": 1.0,
    "one in a hundred": lambda: right("12.3") / 100,
    "a count": lambda: round(right("12.3") * 500),
    "one half": 0.5,
    "the sign": lambda: -right("12.3"),
}
ATTACKS["12.4"] = {
    "sums": {"real": 4.8, "form only": 3.8},
    "of all eight": {"real": 4.8 / 8, "form only": 3.8 / 8},
    "likelier than not": {"real": 6 / 7, "form only": 4 / 7},
    "the two exchanged": lambda: dict(
        zip(right("12.4"), [*right("12.4").values()][::-1], strict=True)
    ),
    "percentages": lambda: {story: 100 * share for story, share in right("12.4").items()},
    "the middle": {"real": 0.7, "form only": 0.6},
    "today's accepted": {"real": 2.2 / 3, "form only": 2.2 / 3},
    "the denied alone": {"real": 2.95 / 5, "form only": 1.8 / 5},
    "what they gain": {"real": 1.0 / 7, "form only": 0.0},
}


def memo(**changes: Any) -> dict:
    return but("12.5", changes)


def turned(gap: dict) -> dict:
    return {"value": -gap["value"], "low": -gap["high"], "high": -gap["low"]}


BANANA = "Banana banana banana banana banana banana banana banana banana."
ATTACKS["12.5"] = {
    "men less women": lambda: memo(gap=turned(right("12.5")["gap"])),
    "percentages": lambda: memo(
        coverage={sex: 100 * share for sex, share in right("12.5")["coverage"].items()}
    ),
    "the sexes exchanged": lambda: memo(
        people=dict(zip(("Male", "Female"), right("12.5")["people"].values(), strict=True))
    ),
    "who got none": lambda: memo(
        coverage={sex: 1 - share for sex, share in right("12.5")["coverage"].items()}
    ),
    "people who got one, for people who asked": lambda: memo(
        people=chapter_12.audited().query("found").groupby("sex").size().to_dict()
    ),
    "the ends exchanged": lambda: memo(
        gap={
            "value": right("12.5")["gap"]["value"],
            "low": right("12.5")["gap"]["high"],
            "high": right("12.5")["gap"]["low"],
        }
    ),
    "no width": lambda: memo(
        gap=dict.fromkeys(("value", "low", "high"), right("12.5")["gap"]["value"])
    ),
    "one coverage twice": lambda: memo(
        coverage=dict.fromkeys(("Female", "Male"), chapter_12.audited()["found"].mean())
    ),
    "one word, many times": lambda: memo(scope=BANANA, limits=BANANA, recommendation=BANANA),
    "one sentence three times": lambda: memo(
        limits=right("12.5")["scope"], recommendation=right("12.5")["scope"]
    ),
    "a verdict": lambda: memo(
        recommendation="Keep the copier as it is, since between women and men it is fair."
    ),
    "a promise": lambda: memo(
        scope="This audit of the Adult classifier guarantees that no group of people is worse off."
    ),
    "a cause": lambda: memo(
        limits="There are few: women pay more because they are women, as the interval shows."
    ),
    "a cause in hours": lambda: memo(
        limits="Women get fewer answers because women work fewer hours than men in this census."
    ),
    "an explanation": lambda: memo(
        recommendation="The gap is explained by sex, so hire more women and all will be well."
    ),
    "a denial": lambda: memo(
        recommendation="There is no discrimination in this system, and the bank may go on as before."
    ),
    "freedom from bias": lambda: memo(
        limits="These numbers show that the model is free of bias, for men as for women."
    ),
    "nobody worse": lambda: memo(
        limits="By this audit of the table, nobody is treated worse than anybody else."
    ),
    "completely fair": lambda: memo(
        recommendation="The model is completely fair to women, and the bank has to do nothing at all."
    ),
    "equal treatment": lambda: memo(
        recommendation="The copier treats women and men equally, so use it from tomorrow on."
    ),
    "no gap, so rely on it": lambda: memo(
        limits="Women and men pay the same, so the method has no gap and the bank can rely on it."
    ),
    "rely on it": lambda: memo(
        limits="The interval holds zero, which means that the bank can rely on the copier."
    ),
    "everything is fine": lambda: memo(
        recommendation="Everything is fine and the copier can be used for all people from tomorrow on."
    ),
    "in use from tomorrow": lambda: memo(
        recommendation="The copier can be used from tomorrow on, for women as for men in this table."
    ),
    "a cause in what is held": lambda: memo(
        limits="The coverage shows that women are at a disadvantage since their sex is held fixed."
    ),
    "a gap of two digits that is another": lambda: memo(
        gap={"value": 0.04, "low": -0.15, "high": 0.19}
    ),
    "words about nothing": lambda: memo(
        scope="Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod.",
        limits="Ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi.",
        recommendation="Duis aute irure dolor in reprehenderit in voluptate velit esse cillum.",
    ),
}

ATTACKS["12.2"]["what it is not"] = lambda: ("not woman", "south")


def twenty_at_random(model, d):
    chance = np.random.default_rng(1)
    for form in chance.integers(2, size=(20, d)).tolist():
        said = model(form)
        for i in range(d):
            other = [*form]
            other[i] = 1 - other[i]
            if model(other)[: i + 1] != said[: i + 1]:
                return True
    return False


ATTACKS["8.5"]["twenty forms at random"] = lambda: twenty_at_random

# -- the test -----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_LITE_PROGRESS", str(tmp_path / "solved.json"))
    check.forget()


def test_every_exercise_is_attacked_six_times_or_more():
    assert [*ATTACKS] == [*EVERY]
    assert min(len(attacks) for attacks in ATTACKS.values()) >= 6


@pytest.mark.parametrize("key", EVERY)
def test_what_is_wrong_is_told_wrong_and_the_first_hint_is_no_recipe(key):
    exercise = EVERY[key]
    for name, attack in ATTACKS[key].items():
        check.forget()
        verdict = check(key, handed_in(key, attack))
        assert verdict.state == "wrong", name
        assert len(verdict.hint.split()) > 3, name
        assert exercise.hint not in verdict.hint, name
        assert exercise.takeaway not in verdict.hint, name


@pytest.mark.parametrize("key", EVERY)
def test_the_second_try_is_told_more_than_the_first_and_less_than_the_step(key):
    exercise = EVERY[key]
    for name, attack in ATTACKS[key].items():
        answer = handed_in(key, attack)
        first, second, third = (exercise.judge(answer, tries) for tries in (1, 2, 3))
        if not first.form:
            assert first.hint != second.hint != third.hint, name
            assert exercise.hint not in second.hint, name
            assert exercise.hint in third.hint, name


@pytest.mark.parametrize("key", EVERY)
def test_a_hint_says_where_to_look(key):
    """Neither nudge that says nothing of the answer is ever needed."""
    for name, attack in ATTACKS[key].items():
        hint = EVERY[key].judge(handed_in(key, attack), 1).hint
        assert "Read the question part by part" not in hint, name
        assert "least sure of" not in hint, name


@pytest.mark.parametrize("key", EVERY)
def test_no_attack_was_used_to_write_its_exercise(key):
    exercise = EVERY[key]

    def tried(answer):
        if not exercise.probes:
            return answer
        return [answer(*deepcopy(probe)) for probe in exercise.probes]

    listed = [tried(mistake.answer()) for mistake in exercise.mistakes]
    for name, attack in ATTACKS[key].items():
        try:
            found = tried(handed_in(key, attack))
        except Exception:  # a program that stops is none of the listed ones
            continue
        assert not any(alike(found, one, exercise.tolerance) for one in listed), name


def numbers(value: Any) -> set[str]:
    """The numbers of a right answer as a hint would write them; small whole ones say nothing."""
    if isinstance(value, Mapping):
        value = [*value.values()]
    if isinstance(value, list | tuple | np.ndarray):
        return set().union(*map(numbers, value))
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return set()
    if value % 1:
        return {f"{value:.{digits}f}" for digits in (2, 3, 4)}
    return {f"{value:.0f}"} if abs(value) >= 10 else set()


@pytest.mark.parametrize("key", [key for key in EVERY if not EVERY[key].probes])
def test_no_hint_holds_a_number_of_the_answer(key):
    told = numbers(right(key))
    for mistake in EVERY[key].mistakes:
        assert not [text for text in told if text in mistake.hint.replace(",", "")], mistake.hint
