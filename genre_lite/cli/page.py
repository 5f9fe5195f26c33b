"""``page``: one file with the desk in it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer

from ..terminal import require_room
from .bank import load_model
from .options import Bank, Decimal, Encoding, Extra, ExtraColumns, Id, Missing, Sep, how_to_read
from .recommend import one_person, read_wording

__all__ = ["page"]


def page(
    model: Annotated[
        Path, typer.Argument(help="A file that `train` wrote, or adult, compas or german.")
    ],
    csv: Annotated[Path, typer.Option(help="The people whose forms the page holds, one a row.")],
    out: Annotated[Path, typer.Option(help="The file to write, for any browser.")],
    index: Id = None,
    row: Annotated[str | None, typer.Option(help="The label of one person.")] = None,
    bank: Bank = None,
    distil: Annotated[
        Path | None,
        typer.Option(
            help="Training rows, for a --model that a page cannot carry: a stand-in learns."
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="What stands above it.")] = "At the desk",
    extra: ExtraColumns = Extra.error,
    wording: Annotated[
        Path | None, typer.Option(help="The letters' words in JSON, for another language or tone.")
    ] = None,
    sep: Sep = ",",
    decimal: Decimal = ".",
    encoding: Encoding = "utf-8",
    missing: Missing = None,
) -> None:
    """Write one file in which a reader edits a form and terms, and sees the letters change."""
    from ..desk import page as written_page
    from ..wording import ENGLISH

    require_room(out)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        genre = load_model(model, bank)
    said = [str(one.message) for one in told]
    # What the model's file says of this bank is for readers, too; where the file lies is not.
    note = " ".join(text.replace(str(model), model.name) for text in said if str(model) in text)
    words = ENGLISH if wording is None else read_wording(wording)
    how = how_to_read(sep, decimal, encoding, missing)
    people = genre.schema.read_csv(csv, index=index, **how)
    if row is not None:
        people = one_person(people, row)
    people = genre.schema.validate(people, extra=extra.value)
    rows = False if distil is None else genre.schema.read_csv(distil, **how)
    made = written_page(genre, people, out, title=title, wording=words, distil=rows, note=note)
    whose = "the numbers of their rows" if index is None else f"their ids, of column {index!r}"
    many = "1 person" if len(people) == 1 else f"{len(people):,} people"
    typer.echo(
        f"Wrote {out}; open it in a browser. In it are the forms of {many} and {whose}. {made.note}".strip()
    )
