"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..terminal import named


class Extra(StrEnum):
    """What is done with columns that the schema does not know."""

    error = "error"
    ignore = "ignore"


Names = list[str] | None
Csv = Annotated[Path | None, typer.Option(help="Your own table.")]
Target = Annotated[str | None, typer.Option(help="Its column that holds the outcome.")]
Favourable = Annotated[
    str | None, typer.Option(help="The outcome people want; where 1 = default, say 0.")
]
Id = Annotated[
    str | None, typer.Option("--id", help="The column that names the people; no feature.")
]
SchemaFile = Annotated[
    Path | None,
    typer.Option("--schema", help="What its columns are: a file that `schema infer` wrote."),
]
Bank = Annotated[
    str | None,
    typer.Option("--model", help="The bank's own classifier, imported: package.module:name."),
]
Categorical = Annotated[Names, typer.Option(help="Columns whose numbers are names: a,b.")]
Immutable = Annotated[Names, typer.Option(help="Columns nobody may be told to change: a,b.")]
Increasing = Annotated[Names, typer.Option(help="Columns that can only go up: a,b.")]
Decreasing = Annotated[Names, typer.Option(help="Columns that can only go down: a,b.")]
Clocks = Annotated[Names, typer.Option(help="Columns that only time moves, as age: a,b.")]
Free = Annotated[Names, typer.Option(help="Columns that people may change as they like: a,b.")]
ExtraColumns = Annotated[Extra, typer.Option(help="What to do with columns nobody described.")]
Sep = Annotated[str, typer.Option(help="What stands between cells, \\t for a tab.")]
Decimal = Annotated[str, typer.Option(help="What stands in a fraction: . or ,")]
Encoding = Annotated[str, typer.Option(help="How the CSV file was saved, as cp1252.")]
Missing = Annotated[Names, typer.Option(help="Words that stand for an empty cell, as NA.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars.")]


def how_to_read(sep: str, decimal: str, encoding: str, missing: Names) -> dict:
    """How a CSV file is to be read."""
    sep = "\t" if sep == "\\t" else sep
    return {"sep": sep, "decimal": decimal, "encoding": encoding, "missing": named(missing)}
