"""``genre-lite``: the command line: describe a table, train on it, answer people, check answers, compare.

Answers go to standard output, progress, warnings and errors to standard error. Exit code 0 says that
all went well, 1 that something does not hold or failed, and 2 that something could not be read or
understood, told in one line.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from ..terminal import PlainErrors
from .benchmark import benchmark, report
from .check import check
from .page import page
from .recommend import recommend
from .schema import infer, show
from .tables import fetch, list_tables
from .train import train

__all__ = ["app"]

# Everything heavy is imported inside the commands, so that --help answers at once.
app = typer.Typer(
    cls=PlainErrors,
    no_args_is_help=True,
    add_completion=False,
    help="Realistic, cheap ways to a favourable decision, learnt from a bank's own data.",
)
schemas = typer.Typer(no_args_is_help=True, help="Describe the columns of your table.")
data = typer.Typer(no_args_is_help=True, help="The tables of the course.")


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"genre-lite {version('genre-lite')}")
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version."),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


# The help lists commands in the order in which they are told.
schemas.command("infer")(infer)
schemas.command("show")(show)
data.command("list")(list_tables)
data.command("fetch")(fetch)
app.add_typer(schemas, name="schema")
for command in (train, recommend, page, check, benchmark, report):
    app.command()(command)
app.add_typer(data, name="data")
