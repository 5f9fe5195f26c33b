"""``train``: fit GenRe on a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import GenReError
from ..terminal import named, require_room, watched
from .bank import decision_of, require_good
from .options import (
    Bank,
    Categorical,
    Clocks,
    Csv,
    Decimal,
    Decreasing,
    Encoding,
    Extra,
    ExtraColumns,
    Favourable,
    Free,
    Id,
    Immutable,
    Increasing,
    Missing,
    Quiet,
    SchemaFile,
    Sep,
    Target,
    how_to_read,
)
from .own_table import labelled, outcome_meant, own_table, require_outcome, split
from .schema import tell_what_is_left

if TYPE_CHECKING:
    import pandas as pd

    from ..decision import Decision
    from ..genre import GenRe
    from ..schema import Schema

__all__ = ["train"]


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
    require_room(out)
    given: dict[str, object]
    given = {"--target": target, "--favourable": favourable, "--categorical": categorical}
    given |= {"--schema": schema, "--id": index}
    lists = {"immutable": immutable, "increasing": increasing}
    lists |= {"decreasing": decreasing, "clocks": clocks, "free": free}
    for option in (option for option, value in given.items() if value and csv is None):
        raise GenReError(f"{option} goes with --csv; {dataset!r} brings its own.")
    if dataset is not None:
        from ..datasets import load_dataset

        table = load_dataset(dataset)
        people, y, described = table.X_train, table.y_train, table.schema
    else:
        assert csv is not None  # one of the two was named
        if bank is None:
            require_outcome(target, favourable)
        how = how_to_read(sep, decimal, encoding, missing)
        people, results, described = own_table(
            csv, target, index, schema, categorical, lists, extra, how
        )
        wanted = None if results is None else outcome_meant(results, favourable, target)
        if bank is None:
            table = split(people, results, wanted, described, seed)
            people, y = table.X_train, table.y_train
        else:
            y = None if results is None else labelled(results, wanted, csv)
    described = described.constrain(
        **{what: named(columns, described.names) for what, columns in lists.items()}
    )
    if csv is not None and schema is None and not quiet:
        tell_what_is_left(described, named(free, described.names))
    progress = watched() and not quiet
    if bank is None:
        from ..decision import Decision, train_classifier

        h = Decision(train_classifier(table, seed=seed, progress=progress), threshold=threshold)
    else:
        wanted = favourable if csv is not None else str(table.favourable)
        require_good(bank, wanted)
        h = decision_of(bank, wanted, threshold, [c for c in people if c in described.names])
    apart = _fit(
        *(h, described, people, y, quick),
        cost_weight=cost_weight,
        validity_margin=validity_margin,
        outcome=outcome,
        seed=seed,
        progress=progress,
    )
    apart.save(out)
    if not quiet:
        _tell_profiles(out, apart)
    if bank is None:
        said = f"trained on {len(people)} people. Of {len(table.X_test)} others the classifier"
        _tell_decisions(f"{out}: {said}", h, table.X_test, table.y_test)
    else:
        said = f"trained on {len(people)} people. Of them {bank}"
        _tell_decisions(f"{out}: {said}", h, people, y)


def _fit(
    h: Decision,
    schema: Schema,
    X: pd.DataFrame,
    y: pd.Series | None,
    quick: bool,
    **settings: Any,
) -> GenRe:
    from ..closest_record import keep_apart
    from ..genre import GenRe
    from ..training import TrainingConfig

    few = {"steps": 60, "distil_steps": 120, "rounds": 1, "round_steps": 30, "people": 60}
    training = TrainingConfig(**few) if quick else None
    # A file travels, so what is nearly somebody's row stays out of it.
    return keep_apart(GenRe(h, schema, training=training, **settings).fit(X, y), X)


def _tell_profiles(out: Path, genre: GenRe) -> None:
    if left_out := genre.report_["left_out"]:
        every = left_out + len(genre.profiles_)
        typer.echo(
            f"{out}: {left_out:,} of {every:,} profiles to start from came nearer to a row of the table than people "
            "come to one another, and are left out.",
            err=True,
        )


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
