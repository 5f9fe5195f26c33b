"""Exercises of chapter 5: Robust recourse."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake


def _dial() -> dict[str, str]:
    # The answers move away from the line, and h accepted them before as well.
    return {
        "mean cost": "rises",
        "share that h accepts": "stays",
        "share denied by a retrained bank": "falls",
        "PROBE's rate at the answer": "falls",
    }


def _said(answer, key: str) -> str:
    return answer[key].strip().lower()


def _probe() -> dict[str, float]:
    from scipy.stats import norm

    in_log_odds = 0.1 * np.linalg.norm([3, 4])
    rate = 1 - norm.cdf(1.2 / in_log_odds)
    margin = in_log_odds * norm.ppf(1 - 0.05)
    return {"rate": rate, "gamma": 1 / (1 + np.exp(-margin))}


def _probe_without_weights() -> dict[str, float]:
    from scipy.stats import norm

    margin = 0.1 * norm.ppf(0.95)
    return {"rate": 1 - norm.cdf(1.2 / 0.1), "gamma": 1 / (1 + np.exp(-margin))}


def _probe_of_the_sum() -> dict[str, float]:
    from scipy.stats import norm

    margin = 0.7 * norm.ppf(0.95)
    return {"rate": 1 - norm.cdf(1.2 / 0.7), "gamma": 1 / (1 + np.exp(-margin))}


def _about(value: float, right: float) -> bool:
    return abs(value - right) < 2e-3


def _greatest_shift():
    def greatest_shift(x, w, b):
        z = np.dot(w, x) + b
        return z / (np.abs(x).sum() + 1)

    return greatest_shift


def _fixed_intercept():
    return lambda x, w, b: (np.dot(w, x) + b) / np.abs(x).sum()


def _euclidean():
    return lambda x, w, b: (np.dot(w, x) + b) / np.linalg.norm(np.append(x, 1))


def _signed():
    return lambda x, w, b: (np.dot(w, x) + b) / (np.sum(x) + 1)


ACCEPTED = (
    (np.array([0.8, 0.5]), np.array([4.0, 2.0]), -3.0),
    (np.array([-0.5, 0.2, 1.0]), np.array([-2.0, 1.0, 3.0]), -1.0),
)


def _island(points) -> np.ndarray:
    return ((np.asarray(points, dtype=float) - 0.5) ** 2).sum(axis=-1) < 0.2**2


def _lost(point) -> float:
    noise = np.random.default_rng(0).normal(0, 0.1, (200_000, 2))
    return 1 - _island(np.asarray(point, dtype=float) + noise).mean()


def _shore() -> tuple[float, float]:
    centre, radius = 0.5, 0.2
    just_inside = 0.99 * radius
    return centre + just_inside, centre


FORMS = {"A": (0.75, 0.2), "B": (0.6, 0.8), "C": (1.0, 0.1)}
BANKS = np.array(
    [
        (3.0, 3.0, -2.8),
        (2.8, 2.2, -3.1),
        (4.5, 1.6, -3.2),
        (3.4, 2.4, -3.4),
        (2.6, 2.6, -2.9),
    ]
)


def _letters() -> dict[str, object]:
    forms = {"A": (0.75, 0.2), "B": (0.6, 0.8), "C": (1.0, 0.1)}
    five = np.array(
        [
            (3.0, 3.0, -2.8),
            (2.8, 2.2, -3.1),
            (4.5, 1.6, -3.2),
            (3.4, 2.4, -3.4),
            (2.6, 2.6, -2.9),
        ]
    )
    log_odds = {name: five @ [*form, 1] for name, form in forms.items()}
    count = {name: int((z > 0).sum()) for name, z in log_odds.items()}
    return {**count, "send": max(count, key=lambda name: count[name])}


EXERCISES = (
    Exercise(
        key="5.1",
        title="What does a greater margin move?",
        solution=_dial,
        mistakes=(
            Mistake(
                "A greater margin makes more answers valid.",
                lambda: _dial() | {"share that h accepts": "rises"},
                "Every answer is valid by h at both settings. What is the most that a share can be?",
                lambda answer: _said(answer, "share that h accepts") != "stays",
            ),
            Mistake(
                "Safety is free.",
                lambda: _dial() | {"mean cost": "stays"},
                "To be farther from the line on one side is to be farther from home on the other. "
                "Look at the cost again.",
                lambda answer: _said(answer, "mean cost") != "rises",
            ),
            Mistake(
                "A margin by h helps against h's mistakes only, not against another bank.",
                lambda: _dial() | {"share denied by a retrained bank": "stays"},
                "The other banks' lines lie near h's. What happens to a point that leaves them all?",
                lambda answer: _said(answer, "share denied by a retrained bank") != "falls",
            ),
        ),
        hint="The answers move deeper into the yes. Go through the four with that picture.",
        takeaway="Val (h) cannot tell a safe letter from a fragile one; ask what happens to it later.",
        names={
            **dict.fromkeys(("rise", "up", "increases", "increase", "grows", "more"), "rises"),
            **dict.fromkeys(("fall", "down", "decreases", "decrease", "less"), "falls"),
            **dict.fromkeys(("stay", "same", "unchanged", "constant", "0"), "stays"),
        },
    ),
    Exercise(
        key="5.2",
        title="PROBE by hand",
        solution=_probe,
        mistakes=(
            Mistake(
                "The noise in the log-odds is that in the features.",
                _probe_without_weights,
                "σ is the noise of a feature. By how much do the log-odds change if the features do?",
                lambda answer: answer["rate"] < 1e-3 or _about(answer["gamma"], 0.541),
            ),
            Mistake(
                "The weights add up.",
                _probe_of_the_sum,
                "Independent noises do not add like numbers: their variances do. Which norm is that?",
                lambda answer: _about(answer["rate"], 0.0432) or _about(answer["gamma"], 0.760),
            ),
            Mistake(
                "r itself is a margin.",
                lambda: _probe() | {"gamma": 0.95},
                "The rate is right. But 1 − r is a chance under noise, and γ a probability of h: "
                "first find the z that PROBE asks for.",
                lambda answer: _about(answer["gamma"], 0.95),
            ),
            Mistake(
                "The invalidation rate is Φ, not 1 − Φ.",
                lambda: _probe() | {"rate": 1 - _probe()["rate"]},
                "That is the chance that the yes is kept.",
                lambda answer: answer["rate"] > 0.9,
            ),
        ),
        hint="The log-odds under noise are normal. Their mean is z, and their deviation σ‖w‖₂.",
        takeaway="On a linear bank PROBE is a validity margin that knows how steep the bank is.",
        tolerance=2e-3,
    ),
    Exercise(
        key="5.3",
        title="How much can the bank move?",
        solution=_greatest_shift,
        mistakes=(
            Mistake(
                "The intercept stays.",
                _fixed_intercept,
                "Too hopeful: which part of the bank have you kept still?",
            ),
            Mistake(
                "The worst case is Euclidean.",
                _euclidean,
                "Each weight may move by δ, all at once: a box, not a ball. Which norm answers a box?",
            ),
            Mistake(
                "All weights move in the same direction.",
                _signed,
                "Right for positive features only. Which way does a weight move against x_j < 0?",
            ),
        ),
        hint="You know the worst log-odds for any δ. At which δ is the bank undecided?",
        takeaway="Large features make fragile promises: the worst bank acts through each of them.",
        probes=ACCEPTED,
    ),
    Exercise(
        key="5.4",
        title="Valid, and more likely lost than kept",
        solution=_shore,
        mistakes=(
            Mistake(
                "A high rate is enough.",
                lambda: (0.75, 0.5),
                "The bank denies this point already. It must be accepted first.",
                lambda answer: not _island(answer),
                part="what the bank says to your point itself",
            ),
            Mistake(
                "A small island is dangerous everywhere.",
                lambda: (0.5, 0.5),
                "In the middle you are two deviations from the shore, all around: most noise leaves "
                "you on land. Where does it not?",
                lambda answer: _lost(answer) < 0.4,
                part="how often noise loses your point",
            ),
            Mistake(
                "Anywhere near the shore will do.",
                lambda: (0.66, 0.5),
                "Nearly: noise still keeps you about as often as not. Where is the most sea around you?",
                lambda answer: _lost(answer) <= 0.52,
                part="how often noise loses your point",
            ),
        ),
        hint="Try points that have sea on more than one side. Of many noisy copies of each, count those that are still on "
        "the island.",
        takeaway="The first-order formula never says more than one half for a yes; the truth can.",
        accepts=lambda answer: bool(_island(answer)) and _lost(answer) > 0.52,
    ),
    Exercise(
        key="5.5",
        title="Three letters",
        solution=_letters,
        mistakes=(
            Mistake(
                "The surest yes today is the safest tomorrow.",
                lambda: _letters() | {"send": "C"},
                "C has the greatest h today. Compare your counts: do the other banks agree?",
                lambda answer: answer["send"].strip().upper() == "C",
            ),
            Mistake(
                "The cheapest letter is the one to send.",
                lambda: _letters() | {"send": "A"},
                "A lies nearest to today's line. How many banks accept it?",
                lambda answer: answer["send"].strip().upper() == "A",
            ),
            Mistake(
                "The intercept does not change.",
                lambda: (
                    {name: int((BANKS[:, :2] @ form - 3 > 0).sum()) for name, form in FORMS.items()}
                    | {"send": "B"}
                ),
                "You kept today's intercept. Each of the five has its own, the third number.",
            ),
        ),
        hint="Take each bank with each form. Work out w · x + b: is it above zero?",
        takeaway="A yes that hangs on one weight is lost with it.",
    ),
)
