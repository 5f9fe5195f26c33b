"""``data``: the tables of the course."""

from __future__ import annotations

from textwrap import fill
from typing import Annotated

import typer

__all__ = ["fetch", "list_tables"]


def list_tables() -> None:
    """The tables of the course."""
    from ..datasets import list_datasets

    for table in list_datasets().itertuples():
        splits = "" if table.splits == "default" else f", splits {table.splits}"
        where = "in the package" if table.bundled else f"see `data fetch {table.name}`"
        facts = f"{table.rows:,} rows, {table.features} features{splits}; {where}"
        licence = fill(f"Licence: {table.licence}", 68, subsequent_indent=" " * 10)
        typer.echo(f"{table.name:10}{table.question}\n{'':10}{facts}\n{'':10}{licence}")


def fetch(name: Annotated[str, typer.Argument(help="A table; see `data list`.")]) -> None:
    """Bring a table to this machine, checked, and tell where it lies."""
    from .. import datasets

    for path in datasets.fetch(name):
        typer.echo(path)
