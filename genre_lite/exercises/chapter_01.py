"""Exercises of chapter 1: Denied, what now?"""

from __future__ import annotations

from .exercise import Exercise, Mistake


def _sorted_letters() -> dict[int, str]:
    # Does it look back, speak of the model's next answer, or speak of the world?
    return {
        1: "explanation",
        2: "recourse",
        3: "causal advice",
        4: "explanation",
        5: "recourse",
        6: "causal advice",
    }


def _with(**changed: str) -> dict[int, str]:
    return _sorted_letters() | {int(number[1:]): kind for number, kind in changed.items()}


EXERCISES = (
    Exercise(
        key="1.1",
        title="Sort the letters",
        solution=_sorted_letters,
        mistakes=(
            Mistake(
                "Every counterfactual is recourse.",
                lambda: _with(_4="recourse"),
                "Could the person of letter 4 do anything with it?",
                lambda answer: answer[4] == "recourse",
            ),
            Mistake(
                "A true statement about the world can be checked by asking the model.",
                lambda: _with(_6="recourse"),
                "Letter 6 speaks of money to repay with. Can the model be asked about that?",
                lambda answer: "recourse" in (answer[3], answer[6]),
            ),
        ),
        hint="Take them one by one: does it look back, speak of the model's next answer, or of the "
        "world?",
        takeaway="What you can check by asking the model is recourse.",
    ),
)
