"""An exercise: a question with its reference solution, and the mistakes that people make.

All of the feedback is derived from these two. An answer is right if it is like the solution's; if it
is like a known mistake's, the hint for that mistake is given: first a nudge, which part is wrong; then the
belief behind it; then the step. Where no belief is known, the second try is told how the step begins.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from .form import in_form, texts

__all__ = ["Exercise", "Mistake", "Solution", "Verdict", "alike"]

MARKS = {"right": "Right.", "wrong": "Not right.", "not yet": "Not yet."}
LAST = 3  # the try at which the step is told; the belief, or how the step begins, at the one before
SHORT = 200  # signs of what a function was given, to be told to whoever wrote it
UNSURE = "Which part of it are you least sure of? Begin there."
NUMBER = "“{}” is a text. Let Python compute it, and give the number."
REPLACE = (
    "Put an answer of your own in place of the dots or question marks, and run the cell again."
)


@dataclass(frozen=True)
class Verdict:
    """What ``check`` says of an answer.

    Attributes
    ----------
    key
        The exercise, such as ``"7.2"``.
    state
        ``"right"``, ``"wrong"`` or ``"not yet"``.
    hint
        What to look at again; after a right answer, what to take from it.
    form
        Whether only the form is wrong. That is told at once, and is no try.

    Examples
    --------
    >>> Verdict("7.2", "wrong", "Do the weights of one person sum to one?")
    7.2: Not right. Do the weights of one person sum to one?
    """

    key: str
    state: str
    hint: str
    form: bool = False

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.state == "right"

    def __repr__(self) -> str:
        return f"{self.key}: {MARKS[self.state]} {self.hint}".rstrip()

    def _repr_html_(self) -> str:
        said = f"<strong>{self.key}: {MARKS[self.state]}</strong> {escape(self.hint)}"
        return f'<p class="genre-verdict">{said}</p>'


@dataclass(frozen=True)
class Solution:
    """The source of a reference solution, which a notebook shows as code."""

    key: str
    source: str

    def __repr__(self) -> str:
        return self.source

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.source}\n```"


@dataclass(frozen=True)
class Mistake:
    """One way to be wrong.

    Parameters
    ----------
    belief
        What somebody who makes it believes, in a sentence; the instructor's guide lists these.
    answer
        Gives the wrong answer.
    hint
        What leads from it to the right one without telling it.
    shows
        Tells from any answer whether it makes this mistake. Left out, an answer makes it if it is
        like the wrong one.
    part
        What to look at again, in a few words, where the answer does not show which part of it is wrong.
    form
        Whether only the form is wrong, such as a percentage in place of a share.
    """

    belief: str
    answer: Callable[[], Any]
    hint: str
    shows: Callable[[Any], bool] | None = None
    part: str = ""
    form: bool = False


@dataclass(frozen=True)
class Exercise:
    """A question that can judge its answers.

    Parameters
    ----------
    key
        Chapter and number, as ``"7.2"``.
    title
        A few words.
    solution
        Gives the reference answer. Its body is what the book shows, so it is written to be read.
    mistakes
        Two or more, the first that an answer makes is the one that is told.
    hint
        The step, for whoever was wrong three times, in two sentences or more: the first one is told at the
        second try, if the answer is no known mistake.
    takeaway
        Said after a right answer: why it matters.
    accepts
        Tells a right answer, where many are right. Left out, an answer is right if it is like the
        reference.
    probes
        If the answer is a function: the arguments to try it with, one tuple a call.
    fits
        Whether what a function gives for the arguments of one probe is right, where several are. Left
        out, it is right if it is like what the reference gives.
    tolerance
        How far numbers may differ, relatively and absolutely.
    names
        Other names of what is asked for, to the one that the solution uses.
    read
        Brings an answer that says it in another way into the solution's; what it does not know it gives back.

    Examples
    --------
    >>> def solution():
    ...     moved = abs(0.2 - 0.5)
    ...     return moved + 1
    >>> cost = Exercise(
    ...     key="0.1",
    ...     title="A cost by hand",
    ...     solution=solution,
    ...     mistakes=(
    ...         Mistake("a new category is free", lambda: 0.3, "And the category?"),
    ...         Mistake("only categories count", lambda: 1.0, "And the number?"),
    ...     ),
    ...     hint="Take the features one by one.",
    ... )
    >>> cost.judge(1.3).right, cost.judge(...).state
    (True, 'not yet')
    >>> for tries in (1, 2, 3):
    ...     print(cost.judge(0.3, tries).hint)
    Your number is too small.
    And the category?
    And the category? Take the features one by one.
    """

    key: str
    title: str
    solution: Callable[[], Any]
    mistakes: tuple[Mistake, ...]
    hint: str
    takeaway: str = ""
    accepts: Callable[[Any], bool] | None = None
    probes: tuple[tuple, ...] = ()
    fits: Callable[..., bool] | None = None
    tolerance: float = 1e-6
    names: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[Any], Any] | None = None

    def judge(self, answer: Any, tries: int = LAST) -> Verdict:
        """The verdict on an answer, if it is the first try or a later one.

        At the first, a wrong answer is told which part is wrong; at the second the belief behind it, if
        it is a known mistake, and else how the step begins; from the third on the step as well.
        """
        if not self.probes:
            if self.read is not None and answer is not None:
                answer = self.read(answer)
            if _missing(answer):
                return Verdict(self.key, "not yet", REPLACE)
            try:
                formed = in_form(answer, self._reference, self._texts, self.names)
            except Exception:  # what has no form is judged as it is
                formed = answer
            first = self._verdict(formed, formed, tries)
            # A form that an exercise reads for itself may hold more than the reference's.
            second = first if first.right else self._verdict(answer, answer, tries)
            return second if second.right else first
        if _missing(answer):
            return Verdict(self.key, "not yet", REPLACE)
        if not callable(answer):
            said = f"A function is asked for, and this is of type {type(answer).__name__}."
            return Verdict(self.key, "wrong", said, form=True)
        given = deepcopy(self.probes)  # copies, since a function may write into what it is given
        try:
            tried = [answer(*probe) for probe in given]
        except Exception as error:
            said = f"Your function stopped with {type(error).__name__}: {error}"
            return Verdict(self.key, "wrong", said, form=True)
        if all(one is ... for one in tried) or _does_nothing(answer):
            return Verdict(self.key, "not yet", REPLACE)
        if all(one is None for one in tried):
            return Verdict(
                self.key,
                "wrong",
                "Your function gives None, always. Does it return what it computes?",
                form=True,
            )
        if any(one is None for one in tried):
            said = "For some arguments your function gives None. Does every way through it return?"
            return Verdict(self.key, "wrong", said, form=True)
        if not alike(given, self.probes):
            said = "Your function writes into what it is given, and whoever calls it loses that. Write into a copy."
            return Verdict(self.key, "wrong", said, form=True)
        wanted = self._tried(self._reference)
        tried = [in_form(one, like) for one, like in zip(tried, wanted, strict=True)]
        return self._verdict(answer, tried, tries)

    def _verdict(self, answer: Any, tried: Any, tries: int) -> Verdict:
        # An answer of a shape that nobody foresaw is wrong, and no reason to stop a notebook.
        try:
            made = next((m for m in self.mistakes if self._makes(m, answer, tried)), None)
            if made is None and self._right(answer, tried):
                return Verdict(self.key, "right", self.takeaway)
            if made is None and (said := self._misfit(tried)) is not None:
                return Verdict(self.key, "wrong", said, form=True)
        except Exception as error:
            said = f"Your answer could not be read: {type(error).__name__}: {error}"
            if (text := _text_for_a_number(tried, self._reference)) is not None:
                said = NUMBER.format(text)
            elif isinstance(error, KeyError):
                said = f"Your answer has no part {error}."
            elif (wanted := _kind(self._reference)) != (given := _kind(answer)):
                said = f"Asked for is {wanted}, and your answer is {given}."
            return Verdict(self.key, "wrong", said, form=True)
        if made is not None and made.form:
            return Verdict(self.key, "wrong", made.hint, form=True)
        return Verdict(self.key, "wrong", self._hint(made, tried, tries))

    def _hint(self, made: Mistake | None, tried: Any, tries: int) -> str:
        """First a nudge; then the belief, or how the step begins; then the step."""
        if made is not None and tries >= LAST - 1:
            return f"{made.hint} {self.hint}" if tries >= LAST else made.hint
        if tries >= LAST:
            return self.hint
        if made is not None and made.part:
            return f"Look again at {made.part}."
        try:
            said = self._nudge(tried)
        except Exception:  # a part that cannot be compared
            said = UNSURE
        return f"{said} {self._beginning()}".rstrip() if tries == LAST - 1 else said

    def _beginning(self) -> str:
        """How the step begins; nothing, if it is a single sentence."""
        first = re.match(r"(.+?)[.;](?=\s)|.+?\?(?=\s)", self.hint)
        return "" if first is None else f"{first[1]}." if first[1] else first[0]

    def _nudge(self, tried: Any) -> str:
        """Which part of an answer is wrong, and nothing of the way to the right one."""
        right = self._reference
        if isinstance(tried, Mapping | list | tuple | set) and not tried:
            return "Nothing is in it yet."
        if isinstance(right, Mapping) and isinstance(tried, Mapping):
            wrong = [f"“{key}”" for key, part in tried.items() if not self._holds(key, part)]
            if wrong:
                return f"Look again at {_listed(wrong)}."
            if right.keys() - tried.keys():
                return "What you gave is right, and something is missing."
        if self.probes:
            missed = [p for p, fits in zip(self.probes, self._fit(tried), strict=True) if not fits]
            if missed:
                are = "one answer is" if len(missed) == 1 else f"{len(missed)} of the answers are"
                said = f"It was tried {len(self.probes)} times, and {are} not right"
                shown = (", ".join(map(_shown, probe)) for probe in missed)
                short = next((one for one in shown if len(one) <= SHORT), None)
                return f"{said}: look at ({short})." if short else f"{said}."
        if isinstance(right, set) and isinstance(tried, set) and tried != right:
            if tried - right:
                return "Not all that you named belongs there."
            return "What you named belongs there, and something is missing."
        if isinstance(right, str) and isinstance(tried, str):
            return f"It is not “{tried}”. What speaks against each of the others?"
        if all(
            np.ndim(one) == 0 and _is_numeric(one) and np.isfinite(one) for one in (right, tried)
        ):
            if alike(-tried, right, self.tolerance):
                return "The size is right. Look at the sign."
            if not alike(tried, right, self.tolerance):
                return f"Your number is too {'small' if tried < right else 'large'}."
        if self.accepts is not None:
            return "This does not keep all that is asked. Read the question part by part."
        if _is_rows(right) and np.shape(right) == np.shape(tried):
            places = [
                str(i + 1)
                for i, (a, b) in enumerate(zip(right, tried, strict=True))
                if not alike(a, b, self.tolerance)
            ]
            of, side = ("number", "left") if np.ndim(right) == 1 else ("row", "top")
            if len(places) == len(right) > 2:
                return f"None of the {len(right)} {of}s is right yet."
            if places:
                of += "s" if len(places) > 1 else ""
                return f"Look again at {of} {_listed(places)}, counted from the {side}."
        return UNSURE

    def _misfit(self, tried: Any) -> str | None:
        """What is wrong with the form of a wrong answer, if anything is."""
        right = self._reference
        if (said := self._in_percent(tried)) is not None:
            return f"{said}. Asked for is the share, from 0 to 1."
        if isinstance(right, Number) and isinstance(tried, float) and not np.isfinite(tried):
            return f"Your answer is {tried}, which is not a finite number."
        if self.probes or self.accepts is not None:
            return None
        if (text := _text_for_a_number(tried, right)) is not None:
            return NUMBER.format(text)
        if (wanted := _kind(right)) != (given := _kind(tried)):
            return f"Asked for is {wanted}, and your answer is {given}."
        if _is_rows(right) and (has := np.shape(tried)) != (asked := np.shape(right)):
            wanted, given = (" × ".join(map(str, shape)) for shape in (asked, has))
            return f"Asked for are {wanted} values, and your answer has {given}."
        return None

    def _in_percent(self, tried: Any) -> str | None:
        """What of an answer is a percentage in place of the right share."""
        right = self._tried(self._reference)

        def meant(part: Any, like: Any) -> Any:
            shares = _as_shares(part, like)
            # Near the reference, since where many answers are right a hundredth of a wrong one may be, too.
            return shares if alike(shares, like, max(self.tolerance, 0.01)) else part

        if not (isinstance(right, Mapping) and isinstance(tried, Mapping)):
            shares = meant(tried, right)
            return "That is a percentage" if self._right(shares, shares) else None
        wrong = [key for key in tried if key in right and not self._holds(key, tried[key])]
        found = [f"“{key}”" for key in wrong if self._holds(key, meant(tried[key], right[key]))]
        are = "is a percentage" if len(found) == 1 else "are percentages"
        return f"{_listed(found)} {are}" if found else None

    def _holds(self, key: Any, part: Any) -> bool:
        """Whether one part of an answer is right, if the others are the reference's."""
        if self.accepts is None:
            known = key in self._reference
            return known and alike(part, self._reference[key], self.tolerance)
        try:
            return bool(self.accepts(self._reference | {key: part}))
        except Exception:  # a part that cannot be read
            return False

    @cached_property
    def _reference(self) -> Any:
        return self.solution()

    @cached_property
    def _texts(self) -> set[str]:
        """The spellings that the right answer and the known mistakes use."""
        answers = [self._reference, *(mistake.answer() for mistake in self.mistakes)]
        return {text for answer in answers for text in texts(answer)}

    def _tried(self, answer: Any) -> Any:
        """What a function gives for each probe; any other answer as it is."""
        if self.probes and callable(answer):
            return [answer(*deepcopy(probe)) for probe in self.probes]
        return answer

    def _makes(self, mistake: Mistake, answer: Any, tried: Any) -> bool:
        if mistake.shows is not None:
            return bool(mistake.shows(answer))
        return alike(tried, self._tried(mistake.answer()), self.tolerance)

    def _right(self, answer: Any, tried: Any) -> bool:
        if self.accepts is not None:
            return bool(self.accepts(answer))
        if self.probes:
            return all(self._fit(tried))
        return alike(tried, self._reference, self.tolerance)

    def _fit(self, tried: Any) -> list[bool]:
        """Of what a function gave for each probe: is it right?"""
        if self.fits is not None:
            pairs = zip(tried, self.probes, strict=True)
            return [bool(self.fits(found, *deepcopy(probe))) for found, probe in pairs]
        pairs = zip(tried, self._tried(self._reference), strict=True)
        return [alike(found, right, self.tolerance) for found, right in pairs]

    def shown(self) -> Solution:
        """The solution's body as source, its last line giving the ``answer``."""
        source = textwrap.dedent(inspect.getsource(self.solution))
        function = ast.parse(source).body[0]
        assert isinstance(function, ast.FunctionDef)
        steps = [s for s in function.body if not _is_docstring(s)]
        lines, last = source.splitlines(), steps[-1].lineno - 1
        # From the line where the one before ended, so that a comment above the first step stays.
        before = function.body[: -len(steps)]
        first = before[-1].end_lineno if before else function.lineno
        lines[last] = lines[last].replace("return ", "answer = ", 1)
        return Solution(self.key, textwrap.dedent("\n".join(lines[first:])).strip())


def _shown(argument: Any) -> str:
    """An argument of a probe as a reader would write it."""
    name = getattr(argument, "__name__", None)
    if name is not None:
        return str(name)
    if isinstance(argument, np.ndarray):
        argument = (argument.round(4) if argument.dtype.kind == "f" else argument).tolist()
    return str(argument)


def _listed(words: list[str]) -> str:
    """Words as a sentence lists them."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray) and np.ndim(value) in (1, 2)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _missing(answer: Any) -> bool:
    """Whether an answer, or any part of it, is still the dots of the starter cell."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, str):
        return answer.strip() in ("", "?", "...")
    if isinstance(answer, Mapping):
        return any(_missing(part) for part in answer.values())
    if isinstance(answer, list | tuple | set | frozenset):
        return any(_missing(part) for part in answer)
    return False


def _does_nothing(function: Callable) -> bool:
    """Whether a function's body is still the dots of the starter cell, or nothing at all."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "COPY_FREE_VARS"}
    steps = list(dis.get_instructions(code))
    given = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return all(s.opname in idle for s in steps) and all(g is None or g is ... for g in given)


def _kind(value: Any) -> str:
    """What a value is, in a reader's words."""
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "a mapping, {...: ...}"
    if isinstance(value, pd.DataFrame):
        return "a table"
    if np.iterable(value):
        return "a list of values"
    return "one number" if _is_numeric(value) else f"of type {type(value).__name__}"


def alike(one: Any, other: Any, tolerance: float = 1e-6) -> bool:
    """Whether two answers say the same, whatever they are made of.

    Numbers, arrays, tensors, Series and tables by their values within the tolerance; mappings and
    sequences part by part; text without regard to case and outer spaces; sets as sets.

    Examples
    --------
    >>> alike([1, 2.0000001], np.array([1.0, 2.0])), alike({"a": "Yes "}, {"a": "yes"})
    (True, True)
    >>> alike([1, 2], [1, 2, 3])
    False
    """
    if isinstance(one, str) or isinstance(other, str):
        both = isinstance(one, str) and isinstance(other, str)
        return both and one.strip().casefold() == other.strip().casefold()
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        both = isinstance(one, Mapping) and isinstance(other, Mapping)
        return (
            both
            and one.keys() == other.keys()
            and all(alike(one[key], other[key], tolerance) for key in one)
        )
    if isinstance(one, set | frozenset) or isinstance(other, set | frozenset):
        return np.iterable(one) and np.iterable(other) and {*one} == {*other}
    if _is_listing(one) and _is_listing(other) and not (_is_numeric(one) and _is_numeric(other)):
        parts = zip(one, other, strict=False)
        return len(one) == len(other) and all(alike(a, b, tolerance) for a, b in parts)
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape:
        return False
    if first.dtype.kind in "biuf" and second.dtype.kind in "biuf":
        return bool(
            np.allclose(first.astype(float), second.astype(float), tolerance, tolerance, True)
        )
    return bool((first == second).all())


def _text_for_a_number(answer: Any, like: Any) -> str | None:
    """The first text that stands in an answer where a number is asked for."""
    if isinstance(answer, Mapping) and isinstance(like, Mapping):
        found = (_text_for_a_number(answer[key], like[key]) for key in answer if key in like)
        return next(filter(None, found), None)
    return answer if isinstance(answer, str) and isinstance(like, Number) else None


def _as_shares(value: Any, like: Any) -> Any:
    """A value with a hundredth of what is above 1 where a share is asked for."""
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return {key: _as_shares(part, like.get(key)) for key, part in value.items()}
    if all(np.iterable(one) and hasattr(one, "__len__") for one in (value, like)):
        same = not isinstance(value, str | Mapping) and len(value) == len(like)
        return [_as_shares(*pair) for pair in zip(value, like, strict=True)] if same else value
    both = all(_is_numeric(one) and np.ndim(one) == 0 for one in (value, like))
    return value / 100 if both and 0 < like <= 1 < value else value


def _is_listing(value: Any) -> bool:
    return isinstance(value, list | tuple | pd.Index)


def _is_numeric(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "biuf"
    except ValueError:  # parts of different shapes
        return False
