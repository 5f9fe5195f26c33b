"""What a benchmark has found: one file a cell, so that a killed run loses no finished cell.

A folder holds ``about.json`` (what all its cells share), ``cells/<dataset>/<method>/<seed>.json``
and, once summarized, ``benchmark.json``. Every file is written whole or not at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pandas as pd
from scipy import stats

import genre_lite

from .. import atomic
from ..errors import GenReError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Cell", "Ledger", "draw", "mean_and_interval", "summarize", "table"]

FORMAT = 1
REFERENCE = "genre"  # the method that the others are compared with
SECONDS = ("fit_seconds", "recommend_seconds")


@dataclass(frozen=True, order=True)
class Cell:
    """One place of the grid: a data set, a method, a seed.

    Examples
    --------
    >>> Cell("adult:paper", "genre", 3).path.as_posix()
    'cells/adult-paper/genre/3.json'
    """

    dataset: str
    method: str
    seed: int

    @property
    def path(self) -> Path:
        """Where its file lies in the folder; a colon cannot be in a name on every system."""
        return Path("cells", self.dataset.replace(":", "-"), self.method, f"{self.seed}.json")


class Ledger:
    """A folder of cells.

    Parameters
    ----------
    folder
        Where the files lie; :meth:`open` makes it ready to be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(folder).open(people=200)
    ...     ledger.write(Cell("moons", "genre", 0), {"error": None})
    ...     ledger.finished(Cell("moons", "genre", 0)), ledger.finished(Cell("moons", "genre", 1))
    (True, False)
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()

    # -- the folder -----------------------------------------------------------------------------

    @property
    def about(self) -> dict:
        """What all cells share; empty where there is no benchmark."""
        return _read(self.folder / "about.json") or {}

    def open(self, people: int, tables: Mapping[str, str] | None = None) -> Ledger:
        """Make the folder ready for a run, or go on in one that an earlier run left.

        ``tables`` names the run's own tables, each with a fingerprint of its rows and schema.

        Raises
        ------
        GenReError
            If its cells come from another version of the package, another number of people, or a table
            of the same name with other rows.
        """
        mine = {"format": FORMAT, "genre_lite": genre_lite.__version__, "people": people}
        there = self.about
        for what, value in mine.items() if there else ():
            if there.get(what) != value:
                raise GenReError(
                    f"{self.folder} holds a benchmark with {what} {there.get(what)!r}, and this run "
                    f"has {value!r}; choose another folder, or delete this one to start anew."
                )
        known, tables = there.get("tables", {}), dict(tables or {})
        for name, fingerprint in tables.items():
            if known.get(name, fingerprint) != fingerprint:
                raise GenReError(
                    f"{self.folder} holds cells of another table {name!r}: its rows, its schema or what is "
                    "favourable has changed since; choose another folder, or delete this one."
                )
        if not there or not known.items() >= tables.items():
            # By its id a worker on another machine can tell whether it sees this very folder.
            about = there or mine | {"id": uuid4().hex}
            _write(
                self.folder / "about.json", about | ({"tables": known | tables} if tables else {})
            )
        return self

    # -- its cells ------------------------------------------------------------------------------

    def read(self, cell: Cell) -> dict | None:
        """What the cell's file says; ``None`` if it is missing or cut short."""
        record = _read(self.folder / cell.path)
        whole = record is not None and "error" in record and record.items() >= asdict(cell).items()
        return record if whole else None

    def finished(self, cell: Cell) -> bool:
        """Whether the cell is there, whole and without an error."""
        record = self.read(cell)
        return record is not None and record["error"] is None

    def stamp(self, cell: Cell) -> int | None:
        """When the cell's file was last written, in nanoseconds; ``None`` if it never was."""
        path = self.folder / cell.path
        return path.stat().st_mtime_ns if path.exists() else None

    def write(self, cell: Cell, found: Mapping) -> None:
        """Save a cell; one that is finished already stays as it is."""
        if not self.finished(cell):
            _write(self.folder / cell.path, asdict(cell) | dict(found))

    def records(self) -> list[dict]:
        """Every whole cell, sorted.

        Raises
        ------
        GenReError
            If the folder holds no benchmark, or one that this version cannot read.
        """
        form = self.about.get("format")
        if form != FORMAT:
            what = f"a benchmark of format {form}" if form else "no benchmark"
            raise GenReError(
                f"{self.folder} holds {what}, and this version reads format {FORMAT}; "
                "name a folder that `genre-lite benchmark --out` has written."
            )
        found = (_read(path) for path in (self.folder / "cells").glob("*/*/*.json"))
        whole = [record for record in found if record and "error" in record]
        return sorted(whole, key=lambda r: (r["dataset"], r["method"], r["seed"]))

    # -- what they say together -----------------------------------------------------------------

    def summarize(self) -> dict:
        """The summary of all cells, which it also writes to ``benchmark.json``."""
        summary = {"about": self.about} | summarize(self.records())
        _write(self.folder / "benchmark.json", summary)
        return summary


def _read(path: Path) -> dict | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _write(path: Path, record: Mapping) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, json.dumps(_plain(record), indent=1, allow_nan=False) + "\n")


def _plain(value: object) -> object:
    """The value as strict JSON can write it: what is not a finite number becomes null."""
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


# -- over the seeds ---------------------------------------------------------------------------------


def mean_and_interval(values: Iterable[float | None], together: int = 1) -> dict[str, float]:
    """The mean and half the width of its 95 % Student interval, :math:`t_{0.975, n-1}\\, s / \\sqrt n`.

    One value alone has no interval; a value that is not known makes the mean unknown. Both are NaN. With
    ``together`` the intervals of so many means hold at once with 95 % (Bonferroni).

    Equation: :eq:`field-interval`.

    Examples
    --------
    >>> {k: round(v, 3) for k, v in mean_and_interval([1.0, 2.0, 3.0]).items()}
    {'mean': 2.0, 'half_width': 2.484}
    """
    numbers = np.array([math.nan if v is None else v for v in values], dtype=float)
    n = len(numbers)
    half = numbers.std(ddof=1) / math.sqrt(n) * _student(n - 1, together) if n > 1 else math.nan
    return {"mean": float(numbers.mean()), "half_width": float(half)}


@cache
def _student(freedom: int, together: int) -> float:
    """Student's 97.5 % quantile, shared by several means; scipy takes a millisecond for it."""
    return float(stats.t.ppf(1 - 0.025 / together, freedom))


def summarize(records: Sequence[Mapping]) -> dict:
    """Cells over their seeds, per data set and method, and against GenRe.

    Equation: :eq:`field-paired`.

    Parameters
    ----------
    records
        Cells, as :meth:`Ledger.records` gives them.

    Returns
    -------
    dict
        * ``datasets``: per data set and method the ``seeds`` that finished and that ``failed``; mean
          and interval of every metric and of the seconds; ``genre_minus_it``, GenRe's metrics less
          the method's, and ``seconds_over_genre``, both paired by seed.
        * ``failed``: the cells that failed, and why.
        * ``made_by``: the versions that made the cells; more than one entry says they are mixed.
    """
    by: dict[str, dict[str, list[Mapping]]] = {}
    for record in records:
        by.setdefault(record["dataset"], {}).setdefault(record["method"], []).append(record)
    made_by = [r.get("made_by") for r in records if r["error"] is None]
    return {
        "datasets": {
            dataset: {m: _method(runs, of.get(REFERENCE, ())) for m, runs in of.items()}
            for dataset, of in by.items()
        },
        "failed": [
            {k: r[k] for k in ("dataset", "method", "seed")}
            | {k: r["error"][k] for k in ("type", "message")}
            for r in records
            if r["error"]
        ],
        "made_by": [v for i, v in enumerate(made_by) if v not in made_by[:i]],
    }


def _method(runs: Sequence[Mapping], reference: Sequence[Mapping]) -> dict:
    done = {run["seed"]: run for run in runs if run["error"] is None}
    found: dict[str, Any] = {
        "seeds": sorted(done),
        "failed": [r["seed"] for r in runs if r["error"]],
    }
    if not done:
        return found
    found["metrics"] = _over(done.values(), "metrics")
    found |= {what: mean_and_interval(run[what] for run in done.values()) for what in SECONDS}
    pairs = [(r, done[r["seed"]]) for r in reference if r["error"] is None and r["seed"] in done]
    if pairs and runs[0]["method"] != REFERENCE:
        found["genre_minus_it"] = {
            name: mean_and_interval(
                _number(a["metrics"].get(name)) - _number(b["metrics"].get(name)) for a, b in pairs
            )
            for name in found["metrics"]
        }
        found["seconds_over_genre"] = {
            what: mean_and_interval(b[what] / a[what] for a, b in pairs) for what in SECONDS
        }
    return found


def _over(runs: Iterable[Mapping], part: str) -> dict:
    runs = list(runs)
    return {name: mean_and_interval(r[part].get(name) for r in runs) for name in runs[0][part]}


def _number(value: float | None) -> float:
    return math.nan if value is None else value


# -- to read ----------------------------------------------------------------------------------------


def table(summary: Mapping) -> pd.DataFrame:
    """The summary as a table of text: one row a data set and method, best Score first.

    Columns are means over seeds, Score and GenRe's lead with 95 % intervals; ``seconds`` a person.
    """
    rows = []
    for dataset, methods in summary["datasets"].items():
        for method, of in sorted(methods.items(), key=lambda item: -_score(item[1])):
            metrics, lead = of.get("metrics", {}), of.get("genre_minus_it", {})
            n, all_seeds = len(of["seeds"]), len(of["seeds"]) + len(of["failed"])
            rows.append(
                {
                    "dataset": dataset,
                    "method": method,
                    "seeds": str(n) if n == all_seeds else f"{n} of {all_seeds}",
                    "Score": _text(metrics.get("score"), interval=True),
                    "cost": _text(metrics.get("cost")),
                    "valid": _text(metrics.get("validity")),
                    "plausible": _text(metrics.get("plausibility")),
                    "found": _text(metrics.get("coverage")),
                    "seconds": _text(of.get("recommend_seconds"), "{:.2g}"),
                    "genre leads by": _text(lead.get("score"), interval=True),
                }
            )
    return pd.DataFrame(rows)


def draw(summary: Mapping) -> Figure:
    """Score of each method with its 95 % interval, a panel a data set; no mark where it is not known."""
    from matplotlib.figure import Figure

    from ..plotting import PALETTE, style

    with style():
        datasets = summary["datasets"]
        rows = [len(methods) for methods in datasets.values()]
        figure = Figure(figsize=(6.4, 0.8 + 0.35 * sum(rows) + 0.4 * len(rows)))
        panels = figure.subplots(
            len(rows), squeeze=False, sharex=True, gridspec_kw={"height_ratios": rows}
        )[:, 0]
        for ax, (dataset, methods) in zip(panels, datasets.items(), strict=True):
            for method, of in sorted(methods.items(), key=lambda item: _score(item[1])):
                score = of.get("metrics", {}).get("score", {})
                ax.errorbar(
                    _number(score.get("mean")),
                    method,
                    xerr=[_number(score.get("half_width"))],
                    fmt="o",
                    capsize=3,
                    color=PALETTE["blue" if method == REFERENCE else "vermilion"],
                )
            ax.set_title(dataset)
            ax.margins(y=0.2)
        panels[-1].set_xlabel("Score (mean and 95 % interval over seeds; at most 2)")
    return figure


def _score(of: Mapping) -> float:
    """For sorting: a method without a Score comes last."""
    mean = of.get("metrics", {}).get("score", {}).get("mean")
    return -math.inf if mean is None or math.isnan(mean) else mean


def _text(found: Mapping | None, form: str = "{:.3f}", *, interval: bool = False) -> str:
    mean, half = (_number((found or {}).get(part)) for part in ("mean", "half_width"))
    if math.isnan(mean):
        return "–"
    return form.format(mean) + (f" ± {half:.3f}" if interval and not math.isnan(half) else "")
