"""``genre-lite``: train on a table, answer people and compare methods, from the command line.

Answers go to standard output, progress and errors to standard error. A mistake that the package
can name is told in one line, with exit code 2.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .errors import GenReError

# Everything heavy is imported inside the commands, so that --help answers at once.
if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

    from .datasets import Dataset
    from .recourses import Recourses
    from .schema import Schema

__all__ = ["app"]


class PlainErrors(TyperGroup):
    """Tells a named mistake in one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (GenReError, OSError) as error:
            typer.echo(f"genre-lite: {' '.join(str(error).split())}", err=True)
            raise typer.Exit(2) from None


class Format(StrEnum):
    """How an answer is written."""

    table = "table"
    json = "json"
    sentences = "sentences"


app = typer.Typer(
    cls=PlainErrors,
    no_args_is_help=True,
    add_completion=False,
    help="Realistic, cheap ways to a favourable decision, learnt from a bank's own data.",
)
data = typer.Typer(no_args_is_help=True, help="The tables of the course.")
app.add_typer(data, name="data")


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


@app.command()
def train(
    dataset: Annotated[
        str | None, typer.Argument(help="A table of the course; see `data list`.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Your own table instead.")] = None,
    target: Annotated[str | None, typer.Option(help="Its column that holds the outcome.")] = None,
    favourable: Annotated[str | None, typer.Option(help="The outcome people want.")] = None,
    categorical: Annotated[
        str, typer.Option(help="Columns of your table whose numbers are names: a,b.")
    ] = "",
    immutable: Annotated[str, typer.Option(help="Columns nobody may be told to change: a,b.")] = "",
    increasing: Annotated[str, typer.Option(help="Columns that can only go up: a,b.")] = "",
    decreasing: Annotated[str, typer.Option(help="Columns that can only go down: a,b.")] = "",
    clocks: Annotated[str, typer.Option(help="Columns that only time moves, as age: a,b.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; the table's name with .genre.")
    ] = None,
    cost_weight: Annotated[float, typer.Option(help="λ: how much a change costs.")] = 5.0,
    validity_margin: Annotated[
        float, typer.Option(help="γ: how sure of yes a target must be.")
    ] = 0.7,
    threshold: Annotated[
        float, typer.Option(help="The bank says yes above this probability.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Train a classifier and GenRe on a table; write both to one file."""
    if (dataset is None) == (csv is None):
        raise GenReError("Name a table of the course or give --csv FILE: one of the two.")
    name = dataset or csv.stem
    out = out or Path(f"{name}.genre")
    if not out.parent.is_dir():
        raise GenReError(
            f"There is no folder {out.parent} to write {out.name} into; make it first."
        )
    limits = {
        "immutable": _names(immutable),
        "increasing": _names(increasing),
        "decreasing": _names(decreasing),
        "clocks": _names(clocks),
    }
    if csv is not None:
        bank = _own_table(csv, target, favourable, _names(categorical), limits, seed)
        schema = bank.schema
    else:
        own = {"--target": target, "--favourable": favourable, "--categorical": categorical}
        given = [option for option, value in own.items() if value]
        if given:
            raise GenReError(f"{given[0]} goes with --csv; {dataset!r} brings its own.")
        from .datasets import load_dataset

        bank = load_dataset(dataset)
        schema = bank.schema.constrain(**limits)
    _fit(bank, schema, out, cost_weight, validity_margin, threshold, seed, progress=not quiet)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _own_table(
    csv: Path,
    target: str | None,
    favourable: str | None,
    categorical: list[str],
    limits: dict[str, list[str]],
    seed: int,
) -> Dataset:
    from .datasets import Dataset
    from .schema import Schema

    if target is None or favourable is None:
        raise GenReError("--csv needs --target COLUMN and --favourable VALUE.")
    frame = _read(csv)
    if target not in frame.columns:
        raise GenReError(f"{csv} has no column {target!r}; it has {list(frame.columns)}.")
    outcomes = frame[target].unique().tolist()
    wanted = [value for value in outcomes if str(value) == favourable]
    if not wanted:
        raise GenReError(f"Column {target!r} never holds {favourable!r}; it holds {outcomes[:5]}.")
    people = frame.drop(columns=target)
    schema = Schema.infer(people, categorical=categorical, **limits)
    return Dataset.from_frame(frame, target=target, favourable=wanted[0], schema=schema, seed=seed)


def _fit(
    bank: Dataset,
    schema: Schema,
    out: Path,
    cost_weight: float,
    validity_margin: float,
    threshold: float,
    seed: int,
    progress: bool,
) -> None:
    from .decision import Decision, train_classifier
    from .genre import GenRe

    h = Decision(train_classifier(bank, seed=seed, progress=progress), threshold=threshold)
    genre = GenRe(
        h,
        schema,
        cost_weight=cost_weight,
        validity_margin=validity_margin,
        seed=seed,
        progress=progress,
    )
    genre.fit(bank.X_train, bank.y_train).save(out)
    yes = h.accepts(bank.X_test)
    right, good = (yes == bank.y_test).mean(), bank.y_test.mean()
    typer.echo(
        f"{out}: trained on {len(bank.X_train)} people. Of {len(bank.X_test)} others the classifier is "
        f"right on {right:.1%} and denies {1 - yes.mean():.1%}; {good:.1%} had the favourable outcome."
    )


@app.command()
def recommend(
    model: Annotated[
        Path, typer.Argument(help="A file that `train` wrote, or adult, compas or german.")
    ],
    csv: Annotated[Path | None, typer.Option(help="The people who ask, one a row.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="A table of the course to take a person from.")
    ] = None,
    row: Annotated[str | None, typer.Option(help="The label of one person.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="Options a person.")] = 3,
    format: Annotated[Format, typer.Option(help="How to write the answer.")] = Format.table,
    extra: Annotated[
        str, typer.Option(help="What to do with columns the model does not know: error or ignore.")
    ] = "error",
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
) -> None:
    """Answer people: what could change for the model to say yes."""
    if (csv is None) == (dataset is None):
        raise GenReError("Say who asks: --csv FILE, or --dataset NAME with --row LABEL.")
    from .genre import GenRe

    genre = GenRe.load(model)
    if csv is not None:
        people = _read_people(csv, genre.schema)
    else:
        from .datasets import load_dataset

        people = load_dataset(dataset).X_test
    if row is not None:
        people = _one(people, row)
    elif dataset is not None:
        few = ", ".join(map(str, people.index[:5]))
        raise GenReError(f"--dataset needs --row LABEL, for instance one of {few}.")
    people = genre.schema.validate(people, extra=extra)
    _write(genre.recommend(people, n=n, seed=seed), format)


def _read_people(csv: Path, schema: Schema) -> pd.DataFrame:
    import pandas as pd

    words = [f for f in schema if f.is_categorical and isinstance(f.categories[0], str)]
    people = _read(csv, {f.name: str for f in words})
    for feature in schema:
        column = people.get(feature.name)
        if column is None or feature.is_categorical or pd.api.types.is_numeric_dtype(column):
            continue
        # One word makes a whole column text; the numbers become numbers again, so that the
        # schema can point at the word.
        numbers = pd.to_numeric(column, errors="coerce").astype(object)
        people[feature.name] = numbers.where(numbers.notna(), column)
    return people


def _one(people: pd.DataFrame, row: str) -> pd.DataFrame:
    wanted = people.index.astype(str) == row
    if not wanted.any():
        few = ", ".join(map(str, people.index[:5]))
        raise GenReError(f"No person is labelled {row!r}; some that are: {few}.")
    # A word in another row must not make this row's numbers text.
    return people[wanted].infer_objects()


def _write(answer: Recourses, format: Format) -> None:
    from .recourses import CARE

    if format is Format.json:
        typer.echo(answer.to_json())
    elif format is Format.sentences:
        for i, person in enumerate(answer):
            gap = "\n" if i else ""
            typer.echo(f"{gap}Person {person}\n{answer.describe(person)}")
    else:
        for person in answer:
            _print_answer(answer, person)
        typer.echo(CARE)


def _print_answer(answer: Recourses, person: Hashable) -> None:
    cells = answer.table(person).reset_index()
    if len(cells.columns) > 2:
        found = answer.found.loc[person]
        for title, numbers in (("probability of yes", answer.probability), ("cost", answer.cost)):
            # By position: a feature of the person's own may be called "cost".
            cells.loc[len(cells)] = [title, "", *(f"{x:.2f}" for x in numbers.loc[person][found])]
    _print(cells, title=answer.headline(person))


def _print(cells: pd.DataFrame, title: str | None = None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*cells.columns, title=title and Text(title), title_justify="left")
    for row in cells.itertuples(index=False):
        # As Text, so that no value is taken for markup; folded, so that none is cut short.
        table.add_row(*(Text(str(value), overflow="fold") for value in row))
    Console().print(table)


@app.command()
def benchmark(
    out: Annotated[Path, typer.Option(help="The folder to save to, or to go on in.")],
    datasets: Annotated[
        str, typer.Option(help="Tables: a,b; adult:paper is the paper's split of one.")
    ] = "adult,compas,german",
    methods: Annotated[str, typer.Option(help="Methods: a,b; all if left out.")] = "",
    seeds: Annotated[int, typer.Option(help="How many seeds: 0, 1, …")] = 5,
    people: Annotated[int, typer.Option(help="How many denied people ask, at most.")] = 200,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one a core.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler whose workers do it: tcp://host:port.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
) -> None:
    """Judge methods on tables; what is finished stays, so a killed run goes on when repeated."""
    from .evaluation.benchmark import METHODS, run

    ledger = run(
        _names(datasets),
        _names(methods) or [*METHODS],
        seeds=seeds,
        people=people,
        out=out,
        jobs=jobs,
        scheduler=scheduler,
        progress=not quiet,
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
            axes.figure.savefig(out / f"{kind}-{name.replace(':', '-')}.png")
            plt.close(axes.figure)
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

    _print(list_datasets())


@data.command("fetch")
def fetch(name: Annotated[str, typer.Argument(help="A table; see `data list`.")]) -> None:
    """Bring a table to this machine, checked, and tell where it lies."""
    from . import datasets

    for path in datasets.fetch(name):
        typer.echo(path)


def _read(csv: Path, types: dict[str, type] | None = None) -> pd.DataFrame:
    import pandas as pd

    try:
        # Only an empty cell is missing: "None" and "NA" can be names of categories.
        return pd.read_csv(csv, dtype=types, keep_default_na=False, na_values=[""])
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise GenReError(f"{csv} cannot be read as a CSV file: {error}") from None
