"""Somebody's own table: its people, what came of them, and which outcome is meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import GenReError
from ..terminal import named
from .options import Extra, Names

if TYPE_CHECKING:
    import pandas as pd

    from ..datasets import Dataset
    from ..schema import Schema

__all__ = [
    "labelled",
    "means",
    "outcome_meant",
    "own_table",
    "read_schema",
    "require_outcome",
    "split",
    "without",
]


def own_table(
    csv: Path,
    target: str | None,
    index: str | None,
    file: Path | None,
    categorical: Names,
    lists: Mapping[str, Names],
    extra: Extra,
    how: dict,
) -> tuple[pd.DataFrame, pd.Series | None, Schema]:
    """The people of a table, what came of them, and what the columns are."""
    from ..reading import read_csv
    from ..schema import Schema

    schema = None if file is None else read_schema(file)
    frame = read_csv(csv, schema, index=index, **how)
    results = None
    if target is not None:
        frame, results = without(frame, target, csv)
    if schema is None:
        known = list(frame.columns)
        there: dict[str, Any] = {what: named(names, known) for what, names in lists.items()}
        schema = Schema.infer(frame, categorical=named(categorical, known), **there)
    elif categorical:
        raise GenReError(f"--categorical goes without --schema; set the kind in {file}.")
    schema.validate(frame, extra=extra)
    return frame[[c for c in frame if c in schema.names]], results, schema


def read_schema(file: Path) -> Schema:
    from ..schema import Schema

    try:
        return Schema.from_json(file.read_text(encoding="utf-8"))
    except GenReError as error:
        raise GenReError(f"{file}: {error}") from None


def require_outcome(target: str | None, favourable: str | None) -> None:
    if target is None or favourable is None:
        raise GenReError("--csv needs --target COLUMN and --favourable VALUE to learn from.")


def without(frame: pd.DataFrame, target: str, csv: Path) -> tuple[pd.DataFrame, pd.Series]:
    if target not in frame.columns:
        raise GenReError(f"{csv} has no column {target!r}; it has {list(frame.columns)}.")
    return frame.drop(columns=target), frame[target]


def outcome_meant(results: pd.Series, favourable: str | None, target: str | None) -> object:
    """The outcome that a word of the command line means."""
    there = results.dropna().unique().tolist()
    if favourable is None:
        raise GenReError(f"Say which outcome people want: --favourable VALUE, one of {there[:5]}.")
    wanted = [value for value in there if means(favourable, value)]
    if not wanted:
        raise GenReError(f"Column {target!r} never holds {favourable!r}; it holds {there[:5]}.")
    return wanted[0]


def labelled(results: pd.Series, wanted: object, csv: Path) -> pd.Series:
    """Outcomes as 0 and 1; one that is missing is neither."""
    missing = results.index[results.isna()].tolist()
    if missing:
        raise GenReError(
            f"{csv}: column {results.name!r}, row {missing[0]!r} holds no outcome, and {len(missing)} rows in all; "
            "fill them in or drop them, or leave --target out: then the decisions of --model teach."
        )
    return (results == wanted).astype("int64")


def means(text: str, value: object) -> bool:
    """Whether a word of the command line is a value: ``1`` is 1, 1.0 and "1"."""
    return text in (str(value), f"{value:g}" if isinstance(value, float) else None)


def split(
    people: pd.DataFrame, results: pd.Series, wanted: object, schema: Schema, seed: int
) -> Dataset:
    from ..datasets import Dataset

    frame = people.assign(**{results.name: results})
    return Dataset.from_frame(
        frame, target=results.name, favourable=wanted, schema=schema, seed=seed
    )
