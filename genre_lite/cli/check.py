"""``check``: whether what was promised still holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import GenReError
from ..terminal import print_table
from .bank import decision_of, load_model
from .options import Bank, Decimal, Encoding, Id, Missing, Sep, how_to_read

if TYPE_CHECKING:
    import pandas as pd

    from ..decision import Decision
    from ..genre import GenRe
    from ..recourses import Recourses
    from ..schema import Schema
    from ..terms import Terms

__all__ = ["check"]


def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A certificate, or an answer of `recommend --format json`."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Argument(help="The model of today: a file of `train`, or a shipped name."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="People, for proposals of your own.")] = None,
    options: Annotated[
        Path | None, typer.Option(help="What is proposed to them: whole rows, as in --csv.")
    ] = None,
    index: Id = None,
    bank: Bank = None,
    favourable: Annotated[
        str | None, typer.Option(help="The good one of the classes of --model; the answer's own.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="From where on --model says yes; the answer's own.")
    ] = None,
    sep: Sep = ",",
    decimal: Decimal = ".",
    encoding: Encoding = "utf-8",
    missing: Missing = None,
) -> None:
    """Ask whether a certificate, earlier letters or your own proposals hold; if not, exit with 1."""
    from ..letters import lettered

    if (csv is None) != (options is None):
        raise GenReError("Proposals need both: --csv PEOPLE --options PROPOSALS.")
    if csv is not None and file is not None and model is None:
        file, model = None, file  # check --csv people.csv --options options.csv MODEL
    if (file is None) == (csv is None):
        raise GenReError("Say what to check: FILE, or --csv PEOPLE --options PROPOSALS.")
    genre = None if model is None else load_model(model, bank)
    if genre is not None and (favourable, threshold) != (None, None):
        raise GenReError(f"{model} says what is favourable and from where on; leave it out.")

    def decision(answer: Recourses) -> Decision:
        if bank is None:
            raise GenReError("Say who decides: MODEL, or --model package.module:name.")
        # What was the good class when the letters were written is it still, and from where on.
        kept = {"favourable": answer.origin.get("decision", {}).get("favourable")}
        return decision_of(
            bank, favourable, threshold, None, kept | {"threshold": answer.threshold}
        )

    if csv is not None and options is not None:
        if genre is None:
            raise GenReError(
                "Proposals need MODEL, whose schema and estimates judge them: a file that `train` wrote, or "
                "a shipped name; --model says beside it who decides, where the file does not hold that."
            )
        how = how_to_read(sep, decimal, encoding, missing)
        people = genre.schema.read_csv(csv, index=index, **how)
        table = _judged(people, _proposals(genre, options, index, people, how), genre, genre.schema)
    else:
        from ..recourses import Recourses
        from ..terms import Terms, terms_of

        assert file is not None  # one of the two was named
        text = file.read_text(encoding="utf-8")
        told = _object(file, text)
        if "people" not in told:
            _certified(told, genre)
            return
        try:
            answer = Recourses.from_json(text)
        except GenReError as error:
            raise GenReError(f"{file}: {error}") from None
        by = genre or decision(answer)
        terms = terms_of(answer.terms.to_dict(), list(answer), answer.schema)
        table = _judged(answer.factual, answer, by, answer.schema, Terms(**terms))
    told = table.reset_index()
    if "option" in told:
        told["option"] = told["option"].map(lettered)  # as in letters
    print_table(told, say=_shown)
    if not table["holds"].all():
        raise typer.Exit(1)


def _object(file: Path, text: str) -> dict:
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise GenReError(f"{file} is no JSON: {error}.") from None
    if not isinstance(told, dict):
        raise GenReError(f"{file} is neither a certificate nor an answer.")
    return told


def _certified(certificate: dict, genre: GenRe | None) -> None:
    from ..certificate import verify

    table = verify(certificate, genre)
    print_table(table, say=_shown)
    if not table["holds"].all():
        raise typer.Exit(1)


def _proposals(
    genre: GenRe, options: Path, index: str | None, people: pd.DataFrame, how: dict
) -> pd.DataFrame:
    """Proposals by person, numbered where somebody has several."""
    import pandas as pd

    table = genre.schema.read_csv(options, **how)
    if index is None:
        if len(table) != len(people):
            raise GenReError(
                f"{options} has {len(table)} rows for {len(people)} people, so it is not clear whose they "
                "are; give a row each in the same order, or name people in both files: --id COLUMN."
            )
        return table
    if index not in table.columns:
        raise GenReError(f"{options} has no column {index!r}; it names whom a proposal is for.")
    person = table.pop(index)
    return table.set_axis(
        pd.MultiIndex.from_arrays(
            [person, person.groupby(person).cumcount()], names=[index, "option"]
        )
    )


def _judged(
    people: pd.DataFrame,
    options: Recourses | pd.DataFrame,
    by: GenRe | Decision,
    schema: Schema,
    terms: Terms | None = None,
) -> pd.DataFrame:
    """What :func:`genre_lite.check` says of each proposal, and whether it holds."""
    from ..decision import Decision
    from ..proposals import check

    h, judge = (by, None) if isinstance(by, Decision) else (by.decision_, by)
    table = check(people, options, h, schema, judge, terms)
    table = table[table["probability"].notna()]
    denied = table["accepted"].map({True: "", False: "denied"})
    why = (denied + ", " + table["broken"]).str.strip(", ")
    table = table[["probability", "cost", "changes", "needless"]].astype({"changes": int})
    table.insert(0, "holds", why == "")
    return table.assign(why=why)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
