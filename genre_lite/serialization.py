"""An answer as JSON and back: every person on a line, no pickle, nothing lost.

A letter can be kept in a file, read again after years, and judged by a model that was fitted since.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable
from typing import TYPE_CHECKING

import pandas as pd

from .errors import GenReError
from .schema import Refusal, Schema

if TYPE_CHECKING:
    from .recourses import Recourses

__all__ = ["from_dict", "from_json", "in_dtypes", "to_dict", "to_json"]

BY_FEATURE = ("bounds", "largest", "weights")  # terms that are told by feature


def to_dict(answer: Recourses) -> dict:
    """Everything but ``estimates``, in Python's own types; None where there is no number."""
    why = answer.why.astype(object).where(answer.why.notna(), None)
    return {
        "method": answer.method,
        "outcome": answer.outcome,
        "seconds": None if math.isnan(answer.seconds) else answer.seconds,
        "threshold": answer.threshold,
        "origin": answer.origin,
        "schema": answer.schema.to_dict(),
        "dtypes": {name: _said(dtype) for name, dtype in answer.factual.dtypes.items()},
        "index": {
            "people": list(answer.factual.index.names),
            "dtype": str(answer.factual.index.dtype),
            "options": list(answer.frame.index.names),
        },
        "why": why.to_dict("records"),
        "skipped": [
            {"person": person, "reason": str(reason)}
            | (vars(reason) if isinstance(reason, Refusal) else {})
            for person, reason in answer.skipped.items()
        ],
        "people": [answer._person(at) for at in range(len(answer))],
    }


def to_json(answer: Recourses) -> str:
    """:func:`to_dict` as JSON text, one person a line."""

    def written(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)

    data = to_dict(answer)
    people = ",\n".join(map(written, data.pop("people")))
    return f'{written(data)[:-1]}, "people": [\n{people}\n]}}'


def from_json(cls: type[Recourses], text: str) -> Recourses:
    """The answer that :func:`to_json` wrote."""
    try:
        return from_dict(cls, json.loads(text))
    except json.JSONDecodeError as error:
        raise _foreign(error) from None


def from_dict(cls: type[Recourses], data: dict) -> Recourses:
    """The answer that :func:`to_dict` told, or JSON of it.

    Raises
    ------
    GenReError
        If it is no answer of this package.
    """
    try:
        return _read(cls, data)
    except (KeyError, TypeError, AttributeError) as error:
        raise _foreign(error) from None


def in_dtypes(frame: pd.DataFrame, dtypes: dict) -> pd.DataFrame:
    """A table in other dtypes, where these can hold its values."""
    fitting = {
        name: dtype
        for name, dtype in dtypes.items()
        if frame[name].dtype != dtype and _fits(frame[name], dtype)
    }
    return frame.astype(fitting) if fitting else frame


def _read(cls: type[Recourses], data: dict) -> Recourses:
    schema = Schema.from_dict(data["schema"])
    people, names = data["people"], data["index"]
    options = [option for person in people for option in person["options"]]
    index = _index([_label(p["person"]) for p in people], names["people"], names["dtype"])
    where = pd.MultiIndex.from_arrays(
        [
            index.to_flat_index().repeat([len(person["options"]) for person in people]),
            pd.Index([option["option"] for option in options], dtype=int),
        ],
        names=names["options"],
    )
    dtypes = {name: _dtype(data["dtypes"][str(name)]) for name in schema.names}
    why = pd.DataFrame(data["why"])
    if len(why):
        why["person"] = _index([_label(p) for p in why["person"]], [None], "").to_numpy()
        why["draws"] = pd.to_numeric(why["draws"])
    return cls(
        factual=_table([person["factual"] for person in people], index, dtypes),
        frame=_table([option["values"] or {} for option in options], where, dtypes),
        cost=_column(options, "cost", where),
        probability=_column(options, "probability", where),
        log_prob=_column(options, "log_prob", where),
        schema=schema,
        accepted=pd.Series([person["accepted"] for person in people], index, dtype=bool),
        method=data["method"],
        outcome=data["outcome"],
        seconds=math.nan if data["seconds"] is None else data["seconds"],
        threshold=data["threshold"],
        why=why,
        skipped={_label(entry["person"]): _reason(entry) for entry in data["skipped"]},
        score=_column(people, "score", index),
        terms=pd.Series(
            [_terms(person["terms"], schema) for person in people],
            index,
            dtype=object,
            name="terms",
        ),
        origin=data["origin"],
    )


def _foreign(error: Exception) -> GenReError:
    return GenReError(
        f"This is not an answer that Recourses.to_json wrote ({type(error).__name__}: {error})."
    )


def _label(label: object) -> Hashable:
    return tuple(label) if isinstance(label, list) else label


def _index(labels: list, names: list, dtype: str) -> pd.Index:
    if len(names) > 1:
        return pd.MultiIndex.from_tuples(labels, names=names)
    kept = object if dtype == "object" else None  # else pandas makes text of labels with a None
    return pd.Index(labels, dtype=kept, name=names[0], tupleize_cols=False)


def _column(rows: list[dict], name: str, index: pd.Index) -> pd.Series:
    values = [math.nan if row[name] is None else row[name] for row in rows]
    return pd.Series(values, index, dtype=float, name=name)


def _table(rows: list[dict], index: pd.Index, dtypes: dict) -> pd.DataFrame:
    """Rows in the dtypes they had, where these can hold them."""
    # JSON makes names that are numbers text.
    frame = pd.DataFrame(
        [{str(name): value for name, value in row.items()} for row in rows],
        index,
        columns=[str(name) for name in dtypes],
    )
    return in_dtypes(frame.set_axis(list(dtypes), axis=1), dtypes)


def _terms(terms: dict, schema: Schema) -> dict:
    names = {str(name): name for name in schema.names}
    return {
        term: {names[str(name)]: value for name, value in asked.items()}
        if term in BY_FEATURE
        else asked
        for term, asked in terms.items()
    }


def _reason(entry: dict) -> str:
    if "column" not in entry:
        return entry["reason"]
    return Refusal(entry["reason"], entry["column"], entry["value"])


def _said(dtype: object) -> str | dict:
    """A dtype as JSON-ready data."""
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": dtype.categories.tolist(), "ordered": bool(dtype.ordered)}
    return str(dtype)


def _dtype(said: str | dict) -> object:
    if isinstance(said, dict):
        return pd.CategoricalDtype(said["categories"], said["ordered"])
    return pd.api.types.pandas_dtype(said)


def _fits(column: pd.Series, dtype: object) -> bool:
    """Whether every value can be held by a dtype."""
    try:
        cast = column.astype(dtype)
    except (TypeError, ValueError):
        return False
    same = (cast.astype(object) == column.astype(object)) | (cast.isna() & column.isna())
    return bool(same.fillna(False).all())
