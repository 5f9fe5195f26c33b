"""``schema``: describe the columns of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import GenReError
from ..terminal import assigned, named, print_table, require_room, written
from .options import (
    Categorical,
    Clocks,
    Decimal,
    Decreasing,
    Encoding,
    Free,
    Id,
    Immutable,
    Increasing,
    Missing,
    Names,
    Sep,
    Target,
    how_to_read,
)
from .own_table import read_schema, without

if TYPE_CHECKING:
    import pandas as pd

    from ..schema import Schema

__all__ = ["infer", "show", "tell_what_is_left"]


def infer(
    table: Annotated[Path, typer.Argument(help="Your table, a CSV file.")],
    target: Target = None,
    index: Id = None,
    categorical: Categorical = None,
    ordinal: Annotated[
        Names, typer.Option(help="A column and its levels from low to high: grade=poor,fair,good.")
    ] = None,
    immutable: Immutable = None,
    increasing: Increasing = None,
    decreasing: Decreasing = None,
    clocks: Clocks = None,
    free: Free = None,
    unit: Annotated[Names, typer.Option(help="What a column counts: income=euros.")] = None,
    label: Annotated[Names, typer.Option(help="A column's name for people: dti=debts.")] = None,
    sep: Sep = ",",
    decimal: Decimal = ".",
    encoding: Encoding = "utf-8",
    missing: Missing = None,
    out: Annotated[Path | None, typer.Option(help="A file for it, not standard output.")] = None,
) -> None:
    """Read a schema off a table, as JSON to edit; what is left to decide is told beside it."""
    from ..reading import read_csv
    from ..schema import Schema

    if out is not None:
        require_room(out)
    frame = read_csv(table, index=index, **how_to_read(sep, decimal, encoding, missing))
    if target is not None:
        frame = without(frame, target, table)[0]
    columns = list(frame.columns)
    for name, levels in assigned(ordinal, columns, "--ordinal").items():
        frame[name] = _ordered(frame[name], named([levels]))
    schema = Schema.infer(
        frame,
        categorical=named(categorical, columns),
        immutable=named(immutable, columns),
        increasing=named(increasing, columns),
        decreasing=named(decreasing, columns),
        clocks=named(clocks, columns),
        free=named(free, columns),
        units=assigned(unit, columns, "--unit"),
        labels=assigned(label, columns, "--label"),
    )
    with written(out) as file:
        typer.echo(schema.to_json(), file=file)
    tell_what_is_left(schema, named(free, columns))


def _ordered(column: pd.Series, levels: list[str]) -> pd.Series:
    import pandas as pd

    there = column.dropna().unique().tolist()
    known = {f"{v:g}" if isinstance(v, float) else str(v): v for v in there}
    unlisted = [level for level in known if level not in levels]
    if unlisted:
        raise GenReError(
            f"--ordinal {column.name}={','.join(levels)} leaves out {unlisted}, which the table has; "
            "name every level, from low to high."
        )
    kind = type(there[0]) if there else str
    dtype = pd.CategoricalDtype([known.get(level, kind(level)) for level in levels], ordered=True)
    return column.astype(dtype)


def tell_what_is_left(schema: Schema, meant: list[str]) -> None:
    free = [f.name for f in schema if f.actionability == "free" and f.name not in meant]
    words = [f.name for f in schema if f.kind == "nominal" and len(f.categories) > 2]
    counted = [f.name for f in schema if not (f.is_categorical or f.unit)]
    questions = (
        (free, "free", "is each of these somebody's choice, up and down alike?"),
        (
            words,
            "without order",
            "is there an order in one of these? Say --ordinal name=low,…,high.",
        ),
        (counted, "without a unit", "what do these count? Say --unit name=euros."),
    )
    for names, what, question in questions:
        if names:
            typer.echo(f"To decide: {what}: {', '.join(map(str, names))}: {question}", err=True)


def show(
    file: Annotated[Path, typer.Argument(help="A file that `schema infer` wrote.")],
) -> None:
    """Check a schema, and print it as a table."""
    schema = read_schema(file)
    print_table(schema.to_frame().reset_index())
    for relation in schema.relations:
        typer.echo(relation)
