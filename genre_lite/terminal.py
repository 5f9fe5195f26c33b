"""How the command line speaks: mistakes in one line, advice as options, answers whole or not at all."""

from __future__ import annotations

import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
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

__all__ = [
    "PlainErrors",
    "as_options",
    "assigned",
    "named",
    "print_table",
    "require_room",
    "write",
    "written",
]

WIDE = 100  # characters a line in a file
OPTIONS = "genre_lite.options"  # of the command in use

# What a message tells a Python programmer, and the ways of telling it at a terminal: the first whose options the command has.
_OPTIONS = "favourable|threshold|extra|sep|decimal|encoding|missing"
_WORDS: tuple[tuple[str, ...], ...] = (
    (r"GenRe\.load\(path, classifier=h\)", "--model package.module:name"),
    (
        r"If its other class is the favourable one, use .*",
        "Look whether --favourable is what people want; if the model's other class is the good one, say so "
        "in its module: h = genre_lite.Decision(model, favourable=...), and give --model module:h.",
    ),
    *(
        (rf"gl\.Decision\(model, {name}=('[^']*'|[^()]*)\)", rf"--{name} \1")
        for name in ("favourable", "threshold")
    ),
    (r"\bpass robust=(\[[^]]*\])", r'set "scale": "robust" for \1 in the schema'),
    (
        r"name them in immutable=\[\.\.\.\], in clocks=\[\.\.\.\] if only time moves them, or, if it is meant, in "
        r"free=\[[^]]*\]",
        "name them with --immutable, with --clocks if only time moves them, or, if it is meant, with --free; "
        "a --schema says it for good",
        "name them with --immutable, with --clocks if only time moves them, or, if it is meant, with --free",
        "say of each in a --schema whether it may change",
    ),
    (
        r"convert the column with pandas\.to_numeric, or make the feature categorical",
        "write numbers there, say how they are written (--decimal, --missing), or make the feature "
        "categorical in the --schema",
        "write numbers there, or say how they are written (--decimal, --missing)",
        "write numbers there",
    ),
    (
        r"drop them \(frame\[schema\.names\]\), or pass extra='ignore' where the call takes it",
        "take them out, or pass --extra ignore; if one of them names the people, say --id COLUMN",
        "take them out; if one of them names the people, say --id COLUMN",
        "take them out",
    ),
    (r"\bvalidity_margin\b", "--validity-margin"),
    (r"\bleave distil out\b", "leave --distil out"),
    (r"\bleave y out\b", "leave --target out, where --model decides"),
    (r"\binvalid='skip'", "--skip"),
    (r"\bleave them out of the table\b", "leave them out, or name people by one: --id COLUMN"),
    (r" where the call takes it\b", ""),
    *(
        (rf"(?<!model, )\b{name}=\[?('[^']*'|[\w.]+)\]?", rf"--{name} \1")
        for name in _OPTIONS.split("|")
    ),
)


def as_options(message: str, known: Collection[str] | None = None) -> str:
    """A message of the package as one line, its keyword arguments as options.

    ``known`` are the options of the command in use, all if left out; no other one is named.

    Examples
    --------
    >>> as_options("Columns ['id'] are unknown; pass extra='ignore' where the call takes it.")
    "Columns ['id'] are unknown; pass --extra 'ignore'."
    """
    for python, *ways in _WORDS:
        for way in ways:
            if known is None or {*re.findall(r"--[a-z-]+", way)} <= {*known}:
                message = re.sub(python, way, message)
                break
    return " ".join(message.split())


class PlainErrors(TyperGroup):
    """Tells a named mistake, and each warning, in one line instead of a traceback."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        inner: Any = getattr(command, "commands", {}).get(rest[0] if rest else None, command)
        ctx.meta[OPTIONS] = {option for of in inner.params for option in of.opts}
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        def say(message: object, before: str = "") -> None:
            typer.echo(
                f"genre-lite: {before}{as_options(str(message), ctx.meta.get(OPTIONS))}", err=True
            )

        for stream in (sys.stdout, sys.stderr):  # what an old console cannot show, it marks
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: say(message, "warning: ")
            # What other packages tell their own authors is nothing for whoever asks for letters.
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            try:
                return super().invoke(ctx)
            except BrokenPipeError:  # whoever read on, as `head` does, has had enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(1) from None
            except FileNotFoundError as error:
                say(f"There is no file {error.filename}; name another.")
                raise typer.Exit(2) from None
            except IsADirectoryError as error:
                say(f"{error.filename} is a folder; name a file." if error.filename else error)
                raise typer.Exit(2) from None
            except (GenReError, OSError) as error:
                say(error)
                raise typer.Exit(2) from None
            except Exception as error:
                if not _of_the_bank(error):
                    raise
                say(
                    f"The bank's model cannot answer about these rows ({type(error).__name__}: {error}). A CSV file "
                    "holds numbers and words; a model that was fitted to pandas categories or to other dtypes needs "
                    "them said in its module: h = genre_lite.Decision(model, dtypes=X.dtypes), where X is the table "
                    "of its fit, and --model module:h."
                )
                raise typer.Exit(2) from None


def _of_the_bank(error: Exception) -> bool:
    """Whether it was the bank's own model that failed, and not the package."""
    asked = sys.modules.get("genre_lite.decision")  # a model that was asked has loaded it
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return asked is not None and asked.Decision._put.__code__ in [frame.f_code for frame in frames]


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
    require_room(out)
    text = StringIO()
    yield text
    write(out, text.getvalue())


def write(path: Path, text: str) -> None:
    """A file, whole or not at all."""
    require_room(path)
    atomic.write(path, text)


def require_room(path: Path) -> None:
    """Refuse a path that no file can be written to."""
    if path.is_dir():
        raise GenReError(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise GenReError(
            f"There is no folder {path.parent} to write {path.name} into; make it first."
        )


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
