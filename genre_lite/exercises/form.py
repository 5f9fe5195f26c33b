"""The form of an answer: one value may be written in many ways, and all of them say the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["in_form", "plain", "texts"]

YES, NO = {"yes", "y", "true"}, {"no", "n", "false"}
DASHES = str.maketrans("−–", "--")


def plain(text: Any) -> str:
    """A text without case, dashes, punctuation, spaces and a leading article.

    Examples
    --------
    >>> plain("Cauchy–Schwarz") == plain("cauchy schwarz"), plain("the first")
    (True, 'first')
    """
    return re.sub(r"[^\w+]|_", "", re.sub(r"^\s*the\s+", "", str(text).casefold()))


def texts(value: Any) -> Iterator[str]:
    """All texts in a value, however deep they lie."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from texts(part)


def in_form(
    answer: Any, like: Any, known: Collection[str] = (), names: Mapping[str, str] | None = None
) -> Any:
    """An answer in the form of ``like``. What cannot be brought into it stays as it is.

    A single number, yes or text may lie in a list, an array or a table, and a number may be a
    fraction or text, with commas between thousands, a percent sign, a word before or a unit behind it, or be "none"; the
    parts of a mapping may come as a Series, as one row, or in order, under other names that are known.

    Parameters
    ----------
    answer, like
        What was given, and what shows the form.
    known
        The spellings of the texts that are expected.
    names
        Other names of them, to the spelling that is expected.

    Examples
    --------
    >>> in_form(["27/20"], 1.0), in_form(pd.Series({"B": 2, "A": 1}), {"A": 0, "B": 0})
    (1.35, {'A': 1, 'B': 2})
    >>> in_form("25 %", 0.2), in_form("3,100 DM", 1), in_form("assumption 4", 0)
    (0.25, 3100.0, 4.0)
    """
    if isinstance(like, Mapping):
        return _as_mapping(answer, like, known, names)
    if isinstance(like, set | frozenset):
        if isinstance(answer, pd.Series):
            answer = answer.tolist()
        if isinstance(answer, str):
            said = [*filter(None, re.split(r"[\s,;]+|\band\b", answer))]
            answer = said if {*map(plain, said)} <= {*map(plain, known)} else answer
        if isinstance(answer, str | Mapping | pd.DataFrame) or not np.iterable(answer):
            return answer
        return {in_form(part, "", known, names) for part in answer}
    if isinstance(like, str | bool | np.bool_ | Number):
        return _as_scalar(_only(answer), like, known, names)
    if isinstance(like, pd.Series | pd.DataFrame):
        return _in_order(answer, like)
    if isinstance(like, list | tuple | np.ndarray):
        return _as_listing(answer, like, known, names)
    return answer


def _only(answer: Any) -> Any:
    """What is alone in its list, set, array or table."""
    if isinstance(answer, set | frozenset):
        answer = list(answer)
    if isinstance(answer, str | Mapping) or not hasattr(answer, "__len__"):
        return answer.item() if hasattr(answer, "item") and np.size(answer) == 1 else answer
    try:
        values = np.asarray(answer)
    except ValueError:  # parts of different shapes
        return answer
    return values.ravel()[0] if values.size == 1 else answer


def _as_scalar(answer: Any, like: Any, known: Collection[str], names: Any) -> Any:
    if isinstance(like, str):
        if plain(like) in YES | NO:
            if isinstance(answer, bool | np.bool_):
                return "yes" if answer else "no"
            if isinstance(answer, str) and plain(answer) in YES | NO:
                return "yes" if plain(answer) in YES else "no"
        spellings = {plain(other): name for other, name in (names or {}).items()}
        spellings |= {plain(one): one for one in (*known, like) if one}
        as_it_is = answer.strip() if isinstance(answer, str) else answer
        return spellings.get(plain(answer), as_it_is)
    if isinstance(like, bool | np.bool_):
        said = {"t": "true", "f": "false"}.get(plain(answer), plain(answer))
        if isinstance(answer, str) and said in YES | NO:
            return said in YES
        return bool(answer) if isinstance(answer, Number) and answer in (0, 1) else answer
    if isinstance(answer, Fraction | Decimal):
        return float(answer)
    return _number(answer, like) if isinstance(answer, str) else answer


def _number(text: str, like: Any) -> Any:
    """The number that a text says; another text as it is. A percentage is a share, if a share is asked for."""
    if plain(text) == "none":
        return 0.0
    said = re.fullmatch(
        r"(?:[a-z]+ |[$€])?([-+\d.,/e]+)(%?)[a-z$€]*",
        re.sub(r"(?<![a-z])\s|\s$", "", text.strip().casefold().translate(DASHES)),
    )
    if said is None:
        return text
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", said[1])
    try:
        value = float(Fraction(digits))
    except (ValueError, ZeroDivisionError):
        return text
    return value / 100 if said[2] and abs(like) <= 1 else value


def _as_mapping(answer: Any, like: Mapping, known: Collection[str], names: Any) -> Any:
    if isinstance(answer, pd.DataFrame) and 1 in answer.shape:
        answer = answer.iloc[0] if len(answer) == 1 else answer.iloc[:, 0]
    if isinstance(answer, pd.Series):
        in_order = isinstance(answer.index, pd.RangeIndex) and {*answer.index} != {*like}
        answer = answer.tolist() if in_order else answer.to_dict()
    if isinstance(answer, list | tuple | np.ndarray) and len(answer) == len(like):
        answer = dict(zip(like, answer, strict=True))
    if not isinstance(answer, Mapping):
        return answer
    keys = {plain(other): name for other, name in (names or {}).items() if name in like}
    keys |= {plain(key): key for key in like}
    found = {keys.get(plain(key), key): part for key, part in answer.items()}
    if len(found) < len(answer):  # two keys that say the same
        return answer
    ordered = [key for key in like if key in found] + [key for key in found if key not in like]
    return {
        key: in_form(found[key], like[key], known, names) if key in like else found[key]
        for key in ordered
    }


def _in_order(answer: Any, like: pd.Series | pd.DataFrame) -> Any:
    if type(answer) is not type(like) or {*answer.index} != {*like.index}:
        return answer
    if not (answer.index.is_unique and like.index.is_unique):
        return answer
    answer = answer.loc[like.index]
    if isinstance(like, pd.DataFrame) and {*answer.columns} == {*like.columns}:
        answer = answer[list(like.columns)]
    return answer


def _as_listing(answer: Any, like: Any, known: Collection[str], names: Any) -> Any:
    if isinstance(answer, Mapping) and np.ndim(like) == 1 and len(answer) == len(like):
        ends = {plain(key): value for key, value in answer.items()}
        with suppress(TypeError):  # keys that have no order
            if ends.keys() == {"low", "high"}:
                answer = [ends["low"], ends["high"]]
            else:
                answer = [answer[key] for key in sorted(answer)]
    if isinstance(answer, str | Mapping | set) or not np.iterable(answer):
        return answer
    try:
        values, shape = np.asarray(answer), np.shape(like)
    except ValueError:
        return answer
    parts = [n for n in values.shape if n != 1]
    if values.dtype.kind == "c" or parts != [n for n in shape if n != 1]:
        return answer
    flat = zip(values.reshape(-1), np.asarray(like, dtype=object).reshape(-1), strict=True)
    read = [in_form(one, other, known, names) for one, other in flat]
    reshaped = np.array(read).reshape(shape)
    return reshaped if isinstance(like, np.ndarray) else type(like)(reshaped.tolist())
