"""``recommend``: answer people."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from ..errors import GenReError
from ..terminal import named, print_table, require_room, write, written
from .bank import load_model
from .options import (
    Bank,
    Decimal,
    Encoding,
    Extra,
    ExtraColumns,
    Id,
    Missing,
    Names,
    Sep,
    how_to_read,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

    from ..recourses import Recourses
    from ..schema import Schema
    from ..wording import Wording

__all__ = ["one_person", "read_wording", "recommend"]


class Format(StrEnum):
    """How an answer is written."""

    table = "table"
    sentences = "sentences"
    html = "html"
    json = "json"
    csv = "csv"


def recommend(
    model: Annotated[
        Path, typer.Argument(help="A file that `train` wrote, or adult, compas or german.")
    ],
    csv: Annotated[Path | None, typer.Option(help="The people who ask, one a row.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="A table of the course to take a person from.")
    ] = None,
    index: Id = None,
    row: Annotated[str | None, typer.Option(help="The label of one person.")] = None,
    bank: Bank = None,
    n: Annotated[int, typer.Option("--n", min=1, help="Options a person.")] = 3,
    terms: Annotated[
        Path | None,
        typer.Option(help='People\'s own terms, JSON: {"wait": 1, "for": {"007": {"wait": 2}}}.'),
    ] = None,
    freeze: Annotated[Names, typer.Option(help="Columns that stay as they are: a,b.")] = None,
    max_changes: Annotated[
        int | None, typer.Option(help="How many columns may change, at most.")
    ] = None,
    wait: Annotated[float | None, typer.Option(help="Years that people would wait.")] = None,
    rule: Annotated[
        str | None,
        typer.Option(help="How to choose: balanced, cheapest, first, likeliest or safest."),
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="A yes has a probability above this, too.")
    ] = None,
    candidates: Annotated[
        int | None, typer.Option(help="How many options to draw and choose from, a person.")
    ] = None,
    skip: Annotated[
        bool, typer.Option("--skip", help="Leave out broken rows, with a reason, and go on.")
    ] = False,
    extra: ExtraColumns = Extra.error,
    sep: Sep = ",",
    decimal: Decimal = ".",
    encoding: Encoding = "utf-8",
    missing: Missing = None,
    seed: Annotated[int | None, typer.Option(help="Of the draws; the model's own.")] = None,
    format: Annotated[Format, typer.Option(help="How to write the answer.")] = Format.table,
    wording: Annotated[
        Path | None, typer.Option(help="The letters' words in JSON, for another language or tone.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file for it, not standard output.")] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="A folder for one file a person, for `check`.")
    ] = None,
) -> None:
    """Answer people: what could change for the bank to say yes."""
    if (csv is None) == (dataset is None):
        raise GenReError("Say who asks: --csv FILE, or --dataset NAME with --row LABEL.")
    if wording is not None and format not in (Format.sentences, Format.html):
        raise GenReError(f"--wording is for letters; {format.value} has none: --format sentences.")
    if out is not None:
        require_room(out)
    if certificates is not None and certificates.is_file():
        raise GenReError(f"{certificates} is a file; name a folder for the certificates.")
    genre = load_model(model, bank)
    words = None if wording is None else read_wording(wording)
    if csv is not None:
        how = how_to_read(sep, decimal, encoding, missing)
        people = genre.schema.read_csv(csv, index=index, **how)
    else:
        from ..datasets import load_dataset

        assert dataset is not None  # one of the two was named
        people = load_dataset(dataset).X_test
    everybody = list(people.index)
    if row is not None:
        people = one_person(people, row)
    elif dataset is not None:
        few = ", ".join(map(str, people.index[:5]))
        raise GenReError(f"--dataset needs --row LABEL, for instance one of {few}.")
    own: dict[str, object]
    own = {"freeze": named(freeze, genre.schema.names) or None}
    own |= {"max_changes": max_changes, "wait": wait}
    choices: dict[str, Any]
    choices = {"rule": rule, "margin": margin, "candidates": candidates, "seed": seed}
    answer = genre.recommend(
        people,
        n=n,
        extra=extra.value,
        invalid="skip" if skip else "error",
        **_terms(terms, own, genre.schema, everybody),
        **choices,
    )
    with written(out) as file:
        _write(answer, format, words, file)
    if certificates is not None:
        certificates.mkdir(parents=True, exist_ok=True)
        for person in answer:
            text = json.dumps(answer.certificate(person), ensure_ascii=False, indent=2)
            # A label may hold what no file name can.
            write(certificates / f"{quote(str(person), safe='')}.json", f"{text}\n")


def read_wording(file: Path) -> Wording:
    from ..wording import Wording

    try:
        return Wording.from_json(file.read_text(encoding="utf-8"))
    except GenReError as error:
        raise GenReError(f"{file}: {error}") from None


def _terms(file: Path | None, own: dict, schema: Schema, everybody: list) -> dict:
    """People's terms: those of the file and those of the options, each in one place."""
    from ..reading import read_terms

    told = {} if file is None else read_terms(file, schema, everybody)
    given = {term: value for term, value in own.items() if value is not None}
    for term in given:
        if term in told:
            raise GenReError(f"--{term.replace('_', '-')} is also in {file}; say it in one place.")
    return told | given


def one_person(people: pd.DataFrame, row: str) -> pd.DataFrame:
    wanted = people.index.astype(str) == row
    if not wanted.any():
        few = ", ".join(map(str, people.index[:5]))
        raise GenReError(f"No person is labelled {row!r}; some that are: {few}.")
    # A word in another row must not make this row's numbers text.
    return people[wanted].infer_objects()


def _write(answer: Recourses, format: Format, words: Wording | None, file: IO[str]) -> None:
    from ..wording import ENGLISH

    words = words or ENGLISH
    if format is Format.json:
        typer.echo(answer.to_json(), file=file)
    elif format is Format.csv:
        _tidy(answer).to_csv(file, index=False)
    elif format is Format.html:
        head = (
            f'<!doctype html>\n<html lang="{words.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(answer.outcome)}</title></head>"
        )
        typer.echo(f"{head}\n<body>\n{answer.to_html(wording=words)}\n</body></html>", file=file)
    elif format is Format.sentences:
        for i, person in enumerate([*answer, *answer.skipped]):
            gap = "\n" if i else ""
            typer.echo(f"{gap}Person {person}\n{answer.describe(person, wording=words)}", file=file)
    else:
        for person in answer:
            _print_answer(answer, person, file)
        for person, reason in answer.skipped.items():
            typer.echo(f"Person {person}: not answered. {reason}", file=file)
        typer.echo(ENGLISH.care, file=file)


def _tidy(answer: Recourses) -> pd.DataFrame:
    """A row for each change; whoever has no option has a row that says so."""
    import pandas as pd

    from ..letters import lettered

    tidy = answer.changes()
    at = pd.MultiIndex.from_frame(tidy[["person", "option"]])
    tidy = tidy.assign(
        option=[lettered(number) for number in tidy["option"]],
        probability=answer.probability.reindex(at).to_numpy(),
        cost=answer.cost.reindex(at).to_numpy(),
        note="",
    )
    notes = {
        person: "accepted already" if answer.accepted[person] else "no option found"
        for person in answer
        if person not in {*tidy["person"]}
    } | {person: str(reason) for person, reason in answer.skipped.items()}
    rest = pd.DataFrame({"person": [*notes], "note": [*notes.values()]}, dtype=object)
    return pd.concat([tidy, rest.reindex(columns=tidy.columns)], ignore_index=True)


def _print_answer(answer: Recourses, person: Hashable, file: IO[str]) -> None:
    from ..letters import lettered

    def letters(text: object) -> str:
        """Options by the letters that the person reads."""
        return re.sub(r"\boption (\d+)", lambda n: f"option {lettered(int(n[1]))}", str(text))

    cells = answer.table(person).reset_index().rename(columns=letters)
    if len(cells.columns) > 2:
        found = answer.found.loc[person]
        for title, numbers in (
            ("probability of yes", answer.probability),
            ("cost of the changes", answer.cost),
        ):
            # By position: a feature of the person's own may have this name, too.
            cells.loc[len(cells)] = [title, "", *(f"{x:.2f}" for x in numbers.loc[person][found])]
    print_table(cells, title=letters(answer.headline(person)), file=file)
