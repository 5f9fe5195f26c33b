"""Exercises of chapter 8: An autoregressive model of recourse."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from .exercise import Exercise, Mistake


def _token() -> dict[str, int]:
    vocabulary = np.array([250, 1000, 2500, 4000, 9000])
    token = int(np.abs(vocabulary - 3100).argmin())
    # One's own token means "leave this as it is", so the letter keeps one's own amount.
    return {"token": token, "letter": 3100}


def _likelihood() -> float:
    # Each line given all the lines before it.
    chances = np.array([0.5, 0.8, 0.25])
    return float(np.log(chances).sum())


def _hears() -> np.ndarray:
    # Line j hears the lines before it: strictly below the diagonal.
    return np.tril(np.ones((4, 4), dtype=int), k=-1)


def _least_loss() -> dict[str, float]:
    coin = float(np.log(2))
    # Apart, each line is a fair coin. Together there is one coin for both. Whoever is told, knows.
    return {"independent": 2 * coin, "autoregressive": coin, "leaky": 0.0}


def _leak_test() -> Callable:
    def leaks(model, d):
        from itertools import product

        for tokens in product([0, 1], repeat=d):
            before = model(list(tokens))
            for i in range(d):
                changed = list(tokens)
                changed[i] = 1 - changed[i]
                # Lines up to i, and i itself, must not notice.
                if model(changed)[: i + 1] != before[: i + 1]:
                    return True
        return False

    return leaks


def honest(tokens: list[int]) -> list[float]:
    """Each line from the sum of those before it."""
    return [1 / (2 + sum(tokens[:j])) for j in range(len(tokens))]


def peeks_at_the_next(tokens: list[int]) -> list[float]:
    """Each line from the one behind it."""
    return [1 / (2 + sum(tokens[j + 1 : j + 2])) for j in range(len(tokens))]


def hears_itself(tokens: list[int]) -> list[float]:
    """Each line from itself and those before: the shift was forgotten."""
    return [1 / (2 + sum(tokens[: j + 1])) for j in range(len(tokens))]


def peeks_at_times(tokens: list[int]) -> list[float]:
    """Honest, unless the first token is 1: then the second line knows the last."""
    chances = honest(tokens)
    if tokens[0] == 1:
        chances[1] = 1 / (2 + tokens[-1])
    return chances


def hears_the_end(tokens: list[int]) -> list[float]:
    """Honest, but that after two ones and two zeros the first line knows the last."""
    chances = honest(tokens)
    if tuple(tokens[:4]) == (1, 1, 0, 0):
        chances[0] = 1 / (3 + tokens[-1])
    return chances


def hears_the_middle(tokens: list[int]) -> list[float]:
    """Honest, but that the second line knows itself, if only a little, after a 1 and before a 0."""
    chances = honest(tokens)
    if tokens[0] == 1 and tokens[2] == 0:
        chances[1] += 0.01 * tokens[1]
    return chances


def hears_the_end_after(*start: int) -> Callable[[list[int]], list[float]]:
    """Honest, but that after one beginning alone the first line knows the last."""

    def hears_the_end_after_one_beginning(tokens: list[int]) -> list[float]:
        chances = honest(tokens)
        if tuple(tokens[: len(start)]) == start:
            chances[0] = 1 / (3 + tokens[-1])
        return chances

    return hears_the_end_after_one_beginning


def knows_the_past_alone(tokens: list[int]) -> list[float]:
    """Honest, though each line is a riddle of all before it."""
    return [
        ((3 * sum(2**k * t for k, t in enumerate(tokens[:j])) + j) % 7 + 1) / 9
        for j in range(len(tokens))
    ]


def _compares(until: Callable[[int, int], int], everywhere: bool = True) -> Callable:
    """A leak test that looks at the first ``until(i, d)`` lines, from all forms or from one."""

    def leaks(model: Callable, d: int) -> bool:
        forms = list(product([0, 1], repeat=d)) if everywhere else [(0,) * d]
        for tokens in forms:
            for i in range(d):
                changed = list(tokens)
                changed[i] = 1 - changed[i]
                end = until(i, d)
                if model(changed)[:end] != model(list(tokens))[:end]:
                    return True
        return False

    return leaks


EXERCISES = (
    Exercise(
        key="8.1",
        title="Which token, which value?",
        solution=_token,
        mistakes=(
            Mistake(
                "The letter says the representative of the bin.",
                lambda: {"token": 2, "letter": 2500},
                "The token is right. But did the model want to change anything, if it wrote the "
                "token that the person already has?",
            ),
            Mistake(
                "A value goes up to the next entry, or tokens count from one.",
                lambda: {"token": 3, "letter": 3100},
                "How far is the amount from the entry above it, and how far from the one below? And the first "
                "entry has the number 0.",
                lambda answer: answer["token"] == 3,
            ),
        ),
        hint="First find the nearest entry of the vocabulary. Then ask what one's own token means.",
        takeaway="A token is only a name while the model writes. Your own token leaves your value "
        "exactly as it is.",
    ),
    Exercise(
        key="8.2",
        title="A likelihood by hand",
        solution=_likelihood,
        mistakes=(
            Mistake(
                "The probability of a form is the product of its lines' own probabilities.",
                lambda: float(np.log(0.5 * 0.6 * 0.4)),
                "You took the numbers over all people. What has the model written before it comes "
                "to the job?",
            ),
            Mistake(
                "Log-probabilities are the logarithm of summed probabilities.",
                lambda: float(np.log(0.5 + 0.8 + 0.25)),
                "A log-probability above zero? Conditional probabilities of one form are combined in "
                "another way.",
            ),
            Mistake(
                "The logarithm is to base ten.",
                lambda: float(np.log10(0.5 * 0.8 * 0.25)),
                "The product is right. Nats go with the natural logarithm.",
            ),
            Mistake(
                "The likelihood is the probability itself.",
                lambda: 0.5 * 0.8 * 0.25,
                "That is the probability; the question is about its logarithm.",
            ),
        ),
        tolerance=5e-3,
        hint="Multiply one number for each line, and take the logarithm. Which number, if the lines "
        "above are known?",
        takeaway="A product of conditionals becomes a sum of logarithms, one for each line.",
    ),
    Exercise(
        key="8.3",
        title="Who may hear whom",
        solution=_hears,
        mistakes=(
            Mistake(
                "A line may hear itself.",
                lambda: np.tril(np.ones((4, 4), dtype=int)),
                "A line that hears its own value need not predict it. You have the mask of the "
                "positions; position j holds another value than that of line j.",
            ),
            Mistake(
                "Rows and columns are the same thing.",
                lambda: np.triu(np.ones((4, 4), dtype=int), k=1),
                "Look at row 1: may the first line hear those that are not yet written?",
            ),
            Mistake(
                "A line hears only the one before it.",
                lambda: np.eye(4, k=-1, dtype=int),
                "That forgets all but the last line. How many values stand in the condition of the "
                "chain rule?",
            ),
        ),
        hint="Fill it in row by row. What is written when line 1 is predicted? And line 2?",
        takeaway="Values reach later lines alone. Positions may attend to themselves, because the "
        "input is shifted by one.",
    ),
    Exercise(
        key="8.4",
        title="The least loss",
        solution=_least_loss,
        mistakes=(
            Mistake(
                "A perfect model has a loss of zero.",
                lambda: {"independent": float(np.log(4)), "autoregressive": 0.0, "leaky": 0.0},
                "Can even a perfect model know whether the next person has a job?",
                lambda answer: answer["autoregressive"] == 0,
            ),
            Mistake(
                "The loss of a form is the mean over its lines.",
                lambda: {
                    "independent": float(np.log(2)),
                    "autoregressive": float(np.log(2)) / 2,
                    "leaky": 0.0,
                },
                "That is what one line costs on average. A form has two, and its loss is their sum.",
            ),
            Mistake(
                "Independent lines cost nothing extra.",
                lambda: {
                    "independent": float(np.log(2)),
                    "autoregressive": float(np.log(2)),
                    "leaky": 0.0,
                },
                "How many guesses does a model make that may not look at the first line when it "
                "writes the second?",
                lambda answer: np.isclose(answer["independent"], np.log(2), atol=5e-3),
            ),
            Mistake(
                "The unit of the loss is the bit.",
                lambda: {"independent": 2.0, "autoregressive": 1.0, "leaky": 0.0},
                "Those are bits. A nat goes with the natural logarithm.",
            ),
            Mistake(
                "A model that hears everything has the honest floor too.",
                lambda: {
                    "independent": float(np.log(4)),
                    "autoregressive": float(np.log(2)),
                    "leaky": float(np.log(2)),
                },
                "What is left to guess, if you are told the answer?",
            ),
        ),
        tolerance=5e-3,
        hint="Count the fair coins that each model has to guess. One costs log 2 nats.",
        takeaway="The gap between the first two is what the lines know of each other. The third is "
        "no achievement.",
    ),
    Exercise(
        key="8.5",
        title="A leak test",
        solution=_leak_test,
        mistakes=(
            Mistake(
                "Nothing at all may move when a line is changed.",
                lambda: _compares(lambda i, d: d),
                "An honest model is called leaky: later lines should hear of the change.",
            ),
            Mistake(
                "Only earlier lines must not move.",
                lambda: _compares(lambda i, d: i),
                "A model that hears each line's own value slips through. Which rows do you compare?",
            ),
            Mistake(
                "One form is enough to test with.",
                lambda: _compares(lambda i, d: i + 1, everywhere=False),
                "A model that peeks only at times slips through. From which forms do you start?",
            ),
        ),
        probes=(
            (honest, 4),
            (peeks_at_the_next, 4),
            (hears_itself, 3),
            (peeks_at_times, 4),
            (hears_the_end, 5),
            (hears_the_middle, 4),
            *(
                (hears_the_end_after(*start), 8)  # 20 random forms would not find them all
                for start in product([0, 1], repeat=7)
                if sum(start) == 3
            ),
            (knows_the_past_alone, 5),
            (knows_the_past_alone, 1),
        ),
        hint="Change line i; compare what the model says of lines 1 to i before and after; do it for "
        "every i, and for more than one form.",
        takeaway="The loss will not tell you of a leak: it only looks better. A test like this does.",
    ),
)
