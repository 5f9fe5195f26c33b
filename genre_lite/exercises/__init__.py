"""Exercises that check themselves, in the notebook and without a network.

>>> from genre_lite.exercises import check
>>> check("1.1", ...)
1.1: Not yet. Put an answer of your own in place of the dots or question marks, and run the cell again.

One module a chapter holds its exercises: the reference solution of each, and the mistakes that
people make with the hint for each. A wrong answer is told which part is wrong; the next, what belief is
behind it or how the step begins; the third, the step. A right answer is remembered, so :meth:`Checker.progress` shows
where you are.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pooch

from .. import atomic
from ..errors import GenReError
from .exercise import Exercise, Mistake, Solution, Verdict, alike

__all__ = [
    "Checker",
    "Exercise",
    "Mistake",
    "Solution",
    "Verdict",
    "alike",
    "check",
    "exercises",
    "solution",
]

CHAPTERS = range(1, 13)
ENVIRONMENT = "GENRE_LITE_PROGRESS"


@cache
def exercises(chapter: int | None = None) -> dict[str, Exercise]:
    """The exercises of a chapter, or of all, by their keys.

    Raises
    ------
    GenReError
        If there is no such chapter.

    Examples
    --------
    >>> [key for key in exercises(1)][:2]
    ['1.1', '1.2']
    """
    if chapter is None:
        return {key: one for number in CHAPTERS for key, one in exercises(number).items()}
    if chapter not in CHAPTERS:
        raise GenReError(f"There is no chapter {chapter}; they go from 1 to {CHAPTERS[-1]}.")
    return {one.key: one for one in import_module(f".chapter_{chapter:02}", __name__).EXERCISES}


def _exercise(key: str) -> Exercise:
    chapter = key.split(".")[0] if isinstance(key, str) else ""
    if not (chapter.isdecimal() and int(chapter) in CHAPTERS):
        raise GenReError(
            f'{key!r} names no exercise; write chapter and number as text, such as "7.2".'
        )
    known = exercises(int(chapter))
    if key not in known:
        raise GenReError(f"There is no exercise {key!r}; chapter {chapter} has {', '.join(known)}.")
    return known[key]


def solution(key: str) -> Solution:
    """The reference solution of an exercise, as source.

    Raises
    ------
    GenReError
        If there is no such exercise.

    Examples
    --------
    >>> "answer" in solution("1.1").source
    True
    """
    return _exercise(key).shown()


class Checker:
    """Judges answers, and remembers which exercises were solved.

    The keys of solved exercises are kept in a small file of the user's cache, or in the file that the
    environment variable ``GENRE_LITE_PROGRESS`` names. Where it cannot be written, nothing is kept.

    Examples
    --------
    >>> check("1.1", ...).right
    False
    """

    def __init__(self) -> None:
        self._tries: dict[str, int] = {}  # wrong answers of this session

    def __call__(self, key: str, answer: Any) -> Verdict:
        """The verdict on an answer to the exercise ``key``.

        Each wrong answer is a try, the same one again too: whoever asks again is told more. Where only the
        form is wrong, it is no try.

        Raises
        ------
        GenReError
            If there is no such exercise. A wrong answer raises nothing.
        """
        exercise = _exercise(key)
        verdict = exercise.judge(answer, self._tries.get(key, 0) + 1)
        if verdict.state == "wrong" and not verdict.form:
            self._tries[key] = self._tries.get(key, 0) + 1
        if verdict.right:
            self._tries.pop(key, None)
            self._remember(key)
        return verdict

    def progress(self) -> pd.DataFrame:
        """One row a chapter: how many exercises it has, how many you solved, and which are left."""
        solved = self._solved()
        rows = {}
        for number in CHAPTERS:
            keys = list(exercises(number))
            left = [key for key in keys if key not in solved]
            rows[number] = {
                "exercises": len(keys),
                "solved": len(keys) - len(left),
                "left": ", ".join(left),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("chapter")

    def forget(self) -> None:
        """Begin anew: no exercise counts as solved, or tried."""
        self._tries.clear()
        self._file().unlink(missing_ok=True)

    @staticmethod
    def _file() -> Path:
        return Path(
            os.environ.get(ENVIRONMENT) or Path(pooch.os_cache("genre_lite"), "solved.json")
        )

    def _solved(self) -> set[str]:
        # A file that is missing or spoilt means only that the reader begins anew.
        try:
            return {key for key in json.loads(self._file().read_text()) if isinstance(key, str)}
        except (OSError, ValueError, TypeError):
            return set()

    def _remember(self, key: str) -> None:
        solved = self._solved()
        if key in solved:
            return
        file = self._file()
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            atomic.write(file, json.dumps(sorted({*solved, key})))


check = Checker()
"""``check("7.2", answer)`` says at once whether an answer is right; ``check.progress()`` where you are."""
