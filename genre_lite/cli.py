"""``genre-lite``: the command line: describe a table, train on it, answer people, check answers, compare.

Answers go to standard output, progress, warnings and errors to standard error. Exit code 0 says that
all went well, 1 that something does not hold or failed, and 2 that something could not be read or
understood, told in one line.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from html import escape
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import IO, TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from .errors import GenReError
from .terminal import PlainErrors, assigned, named, print_table, watched, write, written

# Everything heavy is imported inside the commands, so that --help answers at once.
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from .datasets import Dataset
    from .decision import Decision
    from .genre import GenRe
    from .limits import Terms
    from .recourses import Recourses
    from .schema import Schema
    from .wording import Wording

__all__ = ["app"]


class Format(StrEnum):
    """How an answer is written."""

    table = "table"
    sentences = "sentences"
    html = "html"
    json = "json"
    csv = "csv"


class Extra(StrEnum):
    """What is done with columns that the schema does not know."""

    error = "error"
    ignore = "ignore"


app = typer.Typer(
    cls=PlainErrors,
    no_args_is_help=True,
    add_completion=False,
    help="Realistic, cheap ways to a favourable decision, learnt from a bank's own data.",
)
schemas = typer.Typer(no_args_is_help=True, help="Describe the columns of your table.")
data = typer.Typer(no_args_is_help=True, help="The tables of the course.")
app.add_typer(schemas, name="schema")


# -- options that commands share --------------------------------------------------------------------

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


def _how(sep: str, decimal: str, encoding: str, missing: Names) -> dict:
    """How a CSV file is to be read."""
    sep = "\t" if sep == "\\t" else sep
    return {"sep": sep, "decimal": decimal, "encoding": encoding, "missing": named(missing)}


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


# -- schema -----------------------------------------------------------------------------------------


@schemas.command("infer")
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
    from .reading import read_csv
    from .schema import Schema

    frame = read_csv(table, index=index, **_how(sep, decimal, encoding, missing))
    if target is not None:
        frame = _without(frame, target, table)[0]
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
    _tell_what_is_left(schema, named(free, columns))


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


def _tell_what_is_left(schema: Schema, meant: list[str]) -> None:
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


@schemas.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="A file that `schema infer` wrote.")],
) -> None:
    """Check a schema, and print it as a table."""
    schema = _schema(file)
    print_table(schema.to_frame().reset_index())
    for relation in schema.relations:
        typer.echo(relation)


def _schema(file: Path) -> Schema:
    from .schema import Schema

    try:
        return Schema.from_json(file.read_text(encoding="utf-8"))
    except GenReError as error:
        raise GenReError(f"{file}: {error}") from None


# -- train ------------------------------------------------------------------------------------------


@app.command()
def train(
    dataset: Annotated[
        str | None, typer.Argument(help="A table of the course; see `data list`.")
    ] = None,
    csv: Csv = None,
    target: Target = None,
    favourable: Favourable = None,
    index: Id = None,
    schema: SchemaFile = None,
    bank: Bank = None,
    threshold: Annotated[
        float | None, typer.Option(help="The bank says yes above it; 0.5, or the model's own.")
    ] = None,
    outcome: Annotated[
        str, typer.Option(help="What people ask for, in letters: 'a loan'.")
    ] = "the favourable decision",
    categorical: Categorical = None,
    immutable: Immutable = None,
    increasing: Increasing = None,
    decreasing: Decreasing = None,
    clocks: Clocks = None,
    free: Free = None,
    extra: ExtraColumns = Extra.error,
    sep: Sep = ",",
    decimal: Decimal = ".",
    encoding: Encoding = "utf-8",
    missing: Missing = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; the table's name with .genre.")
    ] = None,
    cost_weight: Annotated[float, typer.Option(help="λ: how much a change costs.")] = 5.0,
    validity_margin: Annotated[
        float, typer.Option(help="γ: how sure of yes a target must be.")
    ] = 0.7,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first look in seconds: worse answers, sooner.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    quiet: Quiet = False,
) -> None:
    """Train GenRe on a table, for the bank's own --model or for a classifier trained here."""
    if (dataset is None) == (csv is None):
        raise GenReError("Name a table of the course or give --csv FILE: one of the two.")
    out = out or Path(f"{dataset if csv is None else csv.stem}.genre")
    if not out.parent.is_dir():
        raise GenReError(
            f"There is no folder {out.parent} to write {out.name} into; make it first."
        )
    given: dict[str, object]
    given = {"--target": target, "--favourable": favourable, "--categorical": categorical}
    given |= {"--schema": schema, "--id": index}
    lists = {"immutable": immutable, "increasing": increasing}
    lists |= {"decreasing": decreasing, "clocks": clocks, "free": free}
    for option in (option for option, value in given.items() if value and csv is None):
        raise GenReError(f"{option} goes with --csv; {dataset!r} brings its own.")
    if dataset is not None:
        from .datasets import load_dataset

        table = load_dataset(dataset)
        people, y, described = table.X_train, table.y_train, table.schema
    else:
        assert csv is not None  # one of the two was named
        if bank is None:
            _require_outcome(target, favourable)
        how = _how(sep, decimal, encoding, missing)
        people, results, described = _own(
            csv, target, index, schema, categorical, lists, extra, how
        )
        wanted = None if results is None else _value(results, favourable, target)
        if bank is None:
            table = _split(people, results, wanted, described, seed)
            people, y = table.X_train, table.y_train
        else:
            y = None if results is None else _labelled(results, wanted, csv)
    described = described.constrain(
        **{what: named(columns, described.names) for what, columns in lists.items()}
    )
    if csv is not None and schema is None and not quiet:
        _tell_what_is_left(described, named(free, described.names))
    progress = watched() and not quiet
    if bank is None:
        from .decision import Decision, train_classifier

        h = Decision(train_classifier(table, seed=seed, progress=progress), threshold=threshold)
    else:
        wanted = favourable if csv is not None else str(table.favourable)
        _require_good(bank, wanted)
        h = _decision(bank, wanted, threshold, [c for c in people if c in described.names])
    _fit(
        *(h, described, people, y, out, quick),
        cost_weight=cost_weight,
        validity_margin=validity_margin,
        outcome=outcome,
        seed=seed,
        progress=progress,
    )
    if bank is None:
        said = f"trained on {len(people)} people. Of {len(table.X_test)} others the classifier"
        _tell_decisions(f"{out}: {said}", h, table.X_test, table.y_test)
    else:
        said = f"trained on {len(people)} people. Of them {bank}"
        _tell_decisions(f"{out}: {said}", h, people, y)


def _require_good(bank: str, favourable: str | None) -> None:
    """Its 1 may be the refusal, as a default is; so nobody guesses."""
    from .decision import Decision
    from .reading import import_model

    model = import_model(bank)
    if favourable is None and not isinstance(model, Decision):
        classes = getattr(model, "classes_", [0, 1])
        raise GenReError(
            f"Say which class of {bank} people want: --favourable VALUE, one of {list(classes)}."
        )


def _require_outcome(target: str | None, favourable: str | None) -> None:
    if target is None or favourable is None:
        raise GenReError("--csv needs --target COLUMN and --favourable VALUE to learn from.")


def _own(
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
    from .reading import read_csv
    from .schema import Schema

    schema = None if file is None else _schema(file)
    frame = read_csv(csv, schema, index=index, **how)
    results = None
    if target is not None:
        frame, results = _without(frame, target, csv)
    if schema is None:
        known = list(frame.columns)
        there: dict[str, Any] = {what: named(names, known) for what, names in lists.items()}
        schema = Schema.infer(frame, categorical=named(categorical, known), **there)
    elif categorical:
        raise GenReError(f"--categorical goes without --schema; set the kind in {file}.")
    schema.validate(frame, extra=extra)
    return frame[[c for c in frame if c in schema.names]], results, schema


def _without(frame: pd.DataFrame, target: str, csv: Path) -> tuple[pd.DataFrame, pd.Series]:
    if target not in frame.columns:
        raise GenReError(f"{csv} has no column {target!r}; it has {list(frame.columns)}.")
    return frame.drop(columns=target), frame[target]


def _value(results: pd.Series, favourable: str | None, target: str | None) -> object:
    """The outcome that a word of the command line means."""
    there = results.dropna().unique().tolist()
    if favourable is None:
        raise GenReError(f"Say which outcome people want: --favourable VALUE, one of {there[:5]}.")
    wanted = [value for value in there if _means(favourable, value)]
    if not wanted:
        raise GenReError(f"Column {target!r} never holds {favourable!r}; it holds {there[:5]}.")
    return wanted[0]


def _labelled(results: pd.Series, wanted: object, csv: Path) -> pd.Series:
    """Outcomes as 0 and 1; one that is missing is neither."""
    missing = results.index[results.isna()].tolist()
    if missing:
        raise GenReError(
            f"{csv}: column {results.name!r}, row {missing[0]!r} holds no outcome, and {len(missing)} rows in all; "
            "fill them in or drop them, or leave --target out: then the decisions of --model teach."
        )
    return (results == wanted).astype("int64")


def _means(text: str, value: object) -> bool:
    """Whether a word of the command line is a value: ``1`` is 1, 1.0 and "1"."""
    return text in (str(value), f"{value:g}" if isinstance(value, float) else None)


def _split(
    people: pd.DataFrame, results: pd.Series, wanted: object, schema: Schema, seed: int
) -> Dataset:
    from .datasets import Dataset

    frame = people.assign(**{results.name: results})
    return Dataset.from_frame(
        frame, target=results.name, favourable=wanted, schema=schema, seed=seed
    )


def _decision(
    name: str,
    favourable: str | None,
    threshold: float | None,
    columns: list | None,
    kept: Mapping[str, Any] | None = None,
) -> Decision:
    """The bank's own decision; its classes are named as people name the outcome.

    ``kept`` is what letters say of it. A Decision says that itself, and so do options.
    """
    import numpy as np

    from .decision import Decision
    from .reading import import_model

    model = import_model(name)
    if isinstance(model, Decision):
        if threshold is not None:
            raise GenReError(
                f"{name} is a Decision and says itself from where on it is a yes "
                f"({model.threshold}); leave --threshold out, or change it there."
            )
        return model if model.columns else Decision(model, columns=columns)
    if kept is not None:
        threshold = kept["threshold"] if threshold is None else threshold
        good = kept["favourable"]
        if favourable is None and isinstance(good, list):
            return Decision(model, favourable=good, threshold=threshold, columns=columns)
        favourable = str(good) if favourable is None and good is not None else favourable
    classes = np.asarray(getattr(model, "classes_", [0, 1])).tolist()
    wanted = [c for c in classes if favourable is not None and _means(favourable, c)]
    if favourable is not None and not wanted:
        raise GenReError(
            f"--favourable {favourable} is none of the classes_ of {name}, which are {classes}. If they "
            "are other names for the table's outcomes, say which is the good one beside the model, "
            f"h = genre_lite.Decision(model, favourable={classes[-1]!r}), and give --model "
            f"{name.partition(':')[0]}:h."
        )
    return Decision(
        model, favourable=wanted[0] if wanted else None, threshold=threshold, columns=columns
    )


def _fit(
    h: Decision,
    schema: Schema,
    X: pd.DataFrame,
    y: pd.Series | None,
    out: Path,
    quick: bool,
    **settings: Any,
) -> None:
    from .genre import GenRe
    from .training import TrainingConfig

    few = {"steps": 60, "distil_steps": 120, "rounds": 1, "round_steps": 30, "people": 60}
    training = TrainingConfig(**few) if quick else None
    GenRe(h, schema, training=training, **settings).fit(X, y).save(out)


def _tell_decisions(said: str, h: Decision, X: pd.DataFrame, y: pd.Series | None) -> None:
    yes = h.bind(X).accepts(X)
    bar = "" if h.threshold is None else f" (yes lies above {h.threshold:g})"
    said += f" denies {1 - yes.mean():.1%}{bar}"
    if y is not None:
        good = y.mean()
        said += (
            f"; {good:.1%} had the favourable outcome. Decision and outcome agree for "
            f"{(yes == y).mean():.1%}; with one answer for all they would for {max(good, 1 - good):.1%}"
        )
    typer.echo(f"{said}.")


# -- recommend --------------------------------------------------------------------------------------


@app.command()
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
    genre = _load(model, bank)
    words = None if wording is None else _wording(wording)
    if csv is not None:
        how = _how(sep, decimal, encoding, missing)
        people = genre.schema.read_csv(csv, index=index, **how)
    else:
        from .datasets import load_dataset

        assert dataset is not None  # one of the two was named
        people = load_dataset(dataset).X_test
    everybody = list(people.index)
    if row is not None:
        people = _one(people, row)
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


def _load(model: Path, bank: str | None) -> GenRe:
    from .genre import GenRe
    from .reading import import_model

    return GenRe.load(
        model, classifier=None if bank is None else import_model(bank), progress=False
    )


def _wording(file: Path) -> Wording:
    from .wording import Wording

    try:
        return Wording.from_json(file.read_text(encoding="utf-8"))
    except GenReError as error:
        raise GenReError(f"{file}: {error}") from None


def _terms(file: Path | None, own: dict, schema: Schema, everybody: list) -> dict:
    """People's terms: those of the file and those of the options, each in one place."""
    from .reading import read_terms

    told = {} if file is None else read_terms(file, schema, everybody)
    given = {term: value for term, value in own.items() if value is not None}
    for term in given:
        if term in told:
            raise GenReError(f"--{term.replace('_', '-')} is also in {file}; say it in one place.")
    return told | given


def _one(people: pd.DataFrame, row: str) -> pd.DataFrame:
    wanted = people.index.astype(str) == row
    if not wanted.any():
        few = ", ".join(map(str, people.index[:5]))
        raise GenReError(f"No person is labelled {row!r}; some that are: {few}.")
    # A word in another row must not make this row's numbers text.
    return people[wanted].infer_objects()


def _write(answer: Recourses, format: Format, words: Wording | None, file: IO[str]) -> None:
    from .wording import ENGLISH

    words = words or ENGLISH
    if format is Format.json:
        typer.echo(answer.to_json(), file=file)
    elif format is Format.csv:
        _tidy(answer).to_csv(file, index=False)
    elif format is Format.html:
        english = ' lang="en"' if words is ENGLISH else ""
        head = (
            f'<!doctype html>\n<html{english}><head><meta charset="utf-8">'
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

    from .letters import lettered

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
    from .letters import lettered

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


# -- page -------------------------------------------------------------------------------------------


@app.command()
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
    from .desk import page as written_page
    from .wording import ENGLISH

    genre = _load(model, bank)
    words = ENGLISH if wording is None else _wording(wording)
    how = _how(sep, decimal, encoding, missing)
    people = genre.schema.read_csv(csv, index=index, **how)
    if row is not None:
        people = _one(people, row)
    people = genre.schema.validate(people, extra=extra.value)
    rows = False if distil is None else genre.schema.read_csv(distil, **how)
    made = written_page(genre, people, out, title=title, wording=words, distil=rows)
    typer.echo(" ".join([f"Wrote {out}; open it in a browser.", made.note]).strip())


# -- check ------------------------------------------------------------------------------------------


@app.command()
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
    if (csv is None) != (options is None):
        raise GenReError("Proposals need both: --csv PEOPLE --options PROPOSALS.")
    if csv is not None and file is not None and model is None:
        file, model = None, file  # check --csv people.csv --options options.csv MODEL
    if (file is None) == (csv is None):
        raise GenReError("Say what to check: FILE, or --csv PEOPLE --options PROPOSALS.")
    genre = None if model is None else _load(model, bank)
    if genre is not None and (favourable, threshold) != (None, None):
        raise GenReError(f"{model} says what is favourable and from where on; leave it out.")

    def decision(answer: Recourses) -> Decision:
        if bank is None:
            raise GenReError("Say who decides: MODEL, or --model package.module:name.")
        # What was the good class when the letters were written is it still, and from where on.
        kept = {"favourable": answer.origin.get("decision", {}).get("favourable")}
        return _decision(bank, favourable, threshold, None, kept | {"threshold": answer.threshold})

    if csv is not None and options is not None:
        if genre is None:
            raise GenReError(
                "Proposals need MODEL, whose schema and estimates judge them: a file that `train` wrote, or "
                "a shipped name; --model says beside it who decides, where the file does not hold that."
            )
        how = _how(sep, decimal, encoding, missing)
        people = genre.schema.read_csv(csv, index=index, **how)
        table = _judged(people, _proposals(genre, options, index, people, how), genre, genre.schema)
    else:
        from .limits import Terms
        from .reading import terms_of
        from .recourses import Recourses

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
    print_table(table.reset_index(), say=_shown)
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
    from .certificate import verify

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
    from .decision import Decision
    from .proposals import check

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


# -- benchmark, report, data ------------------------------------------------------------------------


@app.command()
def benchmark(
    out: Annotated[Path, typer.Option(help="The folder to save to, or to go on in.")],
    datasets: Annotated[
        Names,
        typer.Option(
            help="Tables: a,b; adult:paper is the paper's split of one. "
            "Without --csv and this: adult, compas and german."
        ),
    ] = None,
    csv: Csv = None,
    target: Target = None,
    favourable: Favourable = None,
    index: Id = None,
    schema: SchemaFile = None,
    extra: ExtraColumns = Extra.error,
    sep: Sep = ",",
    decimal: Decimal = ".",
    encoding: Encoding = "utf-8",
    missing: Missing = None,
    methods: Annotated[Names, typer.Option(help="Methods: a,b; all if left out.")] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds: 0, 1, …")] = 5,
    people: Annotated[int, typer.Option(help="How many denied people ask, at most.")] = 200,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one a core.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler whose workers do it: tcp://host:port.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Judge methods on tables; what is finished stays, so a killed run goes on when repeated."""
    from .evaluation.benchmark import METHODS, run

    tables: list | dict = named(datasets) or ["adult", "compas", "german"]
    if csv is not None:
        if datasets:
            raise GenReError("Give --datasets or --csv, each to a folder of its own.")
        _require_outcome(target, favourable)
        how = _how(sep, decimal, encoding, missing)
        asking, results, described = _own(csv, target, index, schema, None, {}, extra, how)
        wanted = _value(results, favourable, target)
        tables = {csv.stem: _split(asking, results, wanted, described, seed=0)}
    ledger = run(
        tables,
        named(methods) or [*METHODS],
        seeds=seeds,
        people=people,
        out=out,
        jobs=jobs,
        scheduler=scheduler,
        progress=watched() and not quiet,
    )
    typer.echo(f"{out}: see `genre-lite report {out}`.")
    _tell_failures(ledger.summarize())


@app.command()
def report(
    out: Annotated[Path, typer.Argument(help="A folder that `benchmark` saved to.")],
) -> None:
    """Print what a benchmark found, and draw it."""
    import matplotlib.pyplot as plt

    from .evaluation.ledger import Ledger, draw, table
    from .plotting import method_map, seconds_a_person

    summary = Ledger(out).summarize()
    if not summary["datasets"]:
        raise GenReError(f"{out} holds no finished cell yet; run `genre-lite benchmark` on.")
    for name, rows in table(summary).groupby("dataset", sort=False):
        typer.echo(f"{name}\n{rows.drop(columns='dataset').to_string(index=False)}\n")
    draw(summary).savefig(out / "score.png")
    measured = (
        n for n, of in summary["datasets"].items() if any("metrics" in m for m in of.values())
    )
    for name in measured:
        for kind, picture in (("map", method_map), ("seconds", seconds_a_person)):
            axes = picture(summary, dataset=name)
            figure = axes.figure.canvas.figure
            figure.savefig(out / f"{kind}-{name.replace(':', '-')}.png")
            plt.close(figure)
    typer.echo(
        "Means over seeds, ± half of a 95 % interval. Figures: score.png, and a map and the seconds "
        f"of each table, in {out}"
    )
    if len(summary["made_by"]) > 1:
        typer.echo(
            f"The cells come from {len(summary['made_by'])} different versions or settings; "
            f"see made_by in {out / 'benchmark.json'}."
        )
    _tell_failures(summary)


def _tell_failures(summary: dict) -> None:
    """Failed cells, one a line, and exit code 1 if there are any."""
    for cell in summary["failed"]:
        where = "/".join(str(cell[part]) for part in ("dataset", "method", "seed"))
        said = " ".join(cell["message"].split())
        typer.echo(f"{where} failed: {cell['type']}: {said}", err=True)
    if summary["failed"]:
        raise typer.Exit(1)


@data.command("list")
def list_tables() -> None:
    """The tables of the course."""
    from .datasets import list_datasets

    for table in list_datasets().itertuples():
        splits = "" if table.splits == "default" else f", splits {table.splits}"
        where = "in the package" if table.bundled else f"see `data fetch {table.name}`"
        facts = f"{table.rows:,} rows, {table.features} features{splits}; {where}"
        licence = fill(f"Licence: {table.licence}", 68, subsequent_indent=" " * 10)
        typer.echo(f"{table.name:10}{table.question}\n{'':10}{facts}\n{'':10}{licence}")


@data.command("fetch")
def fetch(name: Annotated[str, typer.Argument(help="A table; see `data list`.")]) -> None:
    """Bring a table to this machine, checked, and tell where it lies."""
    from . import datasets

    for path in datasets.fetch(name):
        typer.echo(path)


# Told last, as the help lists commands in the order in which they are told.
app.add_typer(data, name="data")
