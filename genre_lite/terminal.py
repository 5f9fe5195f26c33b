"""How the command line speaks: mistakes in one line, advice as options, answers whole or not at all."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from . import atomic
from .errors import GenReError

# Everything heavy is imported inside the commands, so that --help answers at once.
if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlainErrors", "as_options", "assigned", "named", "print_table", "write", "written"]

WIDE = 100  # characters a line in a file

# What a message tells a Python programmer, and what it tells somebody at a terminal.
_OPTIONS = "favourable|threshold|extra|sep|decimal|encoding|missing"
_WORDS = (
    (r"GenRe\.load\(path, classifier=h\)", "--model package.module:name"),
    (
        r"If its other class is the favourable one, use .*",
        "Look whether --favourable is what people want; if the model's other class is the good one, say so "
        "in its module: h = genre_lite.Decision(model, favourable=...), and give --model module:h.",
    ),
    (r"gl\.Decision\(model, ((favourable|threshold)=[^()]*)\)", r"\1"),
    (r" where the call takes it\b", ""),
    (rf"(?<!model, )\b({_OPTIONS})=\[?('[^']*'|[\w.]+)\]?", lambda m: f"--{m[1]} {m[2]}"),
    (r"\bpass robust=(\[[^]]*\])", r'set "scale": "robust" for \1 in the schema'),
    (
        r"name them in immutable=\[\.\.\.\], in clocks=\[\.\.\.\] if only time moves them, or, if it is meant, in "
        r"free=\[[^]]*\]",
        "name them with --immutable, with --clocks if only time moves them, or, if it is meant, with --free; "
        "a --schema says it for good",
    ),
    (
        r"convert the column with pandas\.to_numeric, or make the feature categorical",
        "write numbers there, say how they are written (--decimal, --missing), or make the feature "
        "--categorical",
    ),
    (r"drop them \(frame\[schema\.names\]\)", "take them out"),
    (r"\bvalidity_margin\b", "--validity-margin"),
    (r"\bleave y out\b", "leave --target out, where --model decides"),
    (r"\binvalid='skip'", "--skip"),
    (r"\bleave them out of the table\b", "leave them out, or name people by one: --id COLUMN"),
)


def as_options(message: str) -> str:
    """A message of the package as one line, its keyword arguments as options.

    Examples
    --------
    >>> as_options("Columns ['id'] are unknown; pass extra='ignore' where the call takes it.")
    "Columns ['id'] are unknown; pass --extra 'ignore'."
    """
    for python, option in _WORDS:
        message = re.sub(python, option, message)
    return " ".join(message.split())


class PlainErrors(TyperGroup):
    """Tells a named mistake, and each warning, in one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):  # what an old console cannot show, it marks
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            # What other packages tell their own authors is nothing for whoever asks for letters.
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            try:
                return super().invoke(ctx)
            except BrokenPipeError:  # whoever read on, as `head` does, has had enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(1) from None
            except FileNotFoundError as error:
                typer.echo(
                    f"genre-lite: There is no file {error.filename}; name another.", err=True
                )
                raise typer.Exit(2) from None
            except (GenReError, OSError) as error:
                typer.echo(f"genre-lite: {as_options(str(error))}", err=True)
                raise typer.Exit(2) from None


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    typer.echo(f"genre-lite: warning: {as_options(str(message))}", err=True)


def watched() -> bool:
    """Whether somebody looks at standard error, so that a progress bar is worth drawing."""
    return sys.stderr.isatty()


# -- options ----------------------------------------------------------------------------------------


def named(given: Sequence[str] | None, known: Sequence[Hashable] = ()) -> list[str]:
    """The names that an option lists: given again and again, or as a,b; a known name is never cut.

    Examples
    --------
    >>> named(["age, sex", "income, net"], known=["age", "sex", "income, net"])
    ['age', 'sex', 'income, net']
    """
    names: list[str] = []
    for text in given or ():
        parts = [text] if text in known else text.split(",")
        names += [part.strip() for part in parts if part.strip()]
    return names


def assigned(given: Sequence[str] | None, known: Sequence[Hashable], option: str) -> dict[str, str]:
    """What an option says of columns, as ``name=value``; a column's name may hold a ``=``.

    Examples
    --------
    >>> assigned(["income=euros a month"], ["income"], "--unit")
    {'income': 'euros a month'}
    """
    found = {}
    for text in given or ():
        cuts = [m.start() for m in re.finditer("=", text) if text[: m.start()].strip() in known]
        if not cuts:
            raise GenReError(
                f"{option} {text!r} names no column; write column=value. Columns: {list(known)}."
            )
        found[text[: cuts[0]].strip()] = text[cuts[0] + 1 :].strip()
    return found


# -- answers ----------------------------------------------------------------------------------------


@contextmanager
def written(out: Path | None) -> Iterator[IO[str]]:
    """Where an answer goes: standard output, or a file that is there whole or not at all."""
    if out is None:
        yield sys.stdout
        return
    text = StringIO()
    yield text
    write(out, text.getvalue())


def write(path: Path, text: str) -> None:
    """A file, whole or not at all."""
    if not path.parent.is_dir():
        raise GenReError(
            f"There is no folder {path.parent} to write {path.name} into; make it first."
        )
    atomic.write(path, text)


def print_table(
    cells: pd.DataFrame,
    title: str | None = None,
    *,
    file: IO[str] | None = None,
    say: Callable[[object], str] = str,
) -> None:
    """A table with a frame around its cells; no value is cut short or taken for markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in cells.columns:
        table.add_column(Text(str(column)))
    for row in cells.itertuples(index=False):
        table.add_row(*(Text(say(value), overflow="fold") for value in row))
    console = Console(file=file, width=WIDE if isinstance(file, StringIO) else None)
    if title:  # above the table, whose width it does not share
        console.print(Text(title))
    console.print(table)
