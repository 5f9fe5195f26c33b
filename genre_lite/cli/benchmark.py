"""``benchmark`` and ``report``: judge methods on tables, and print what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import GenReError
from ..terminal import named, watched
from .options import (
    Csv,
    Decimal,
    Encoding,
    Extra,
    ExtraColumns,
    Favourable,
    Id,
    Missing,
    Names,
    Quiet,
    SchemaFile,
    Sep,
    Target,
    how_to_read,
)
from .own_table import outcome_meant, own_table, require_outcome, split

__all__ = ["benchmark", "report"]


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
    """Judge methods on tables, for simulated banks; a killed run goes on when repeated."""
    from ..evaluation.benchmark import METHODS, run

    tables: list | dict = named(datasets) or ["adult", "compas", "german"]
    if csv is not None:
        if datasets:
            raise GenReError("Give --datasets or --csv, each to a folder of its own.")
        require_outcome(target, favourable)
        how = how_to_read(sep, decimal, encoding, missing)
        asking, results, described = own_table(csv, target, index, schema, None, {}, extra, how)
        wanted = outcome_meant(results, favourable, target)
        tables = {csv.stem: split(asking, results, wanted, described, seed=0)}
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


def report(
    out: Annotated[Path, typer.Argument(help="A folder that `benchmark` saved to.")],
) -> None:
    """Print what a benchmark found, and draw it."""
    import matplotlib.pyplot as plt

    from ..evaluation.ledger import Ledger, draw, table
    from ..plotting import method_map, seconds_a_person

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
