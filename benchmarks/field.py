"""The field: every method on every table, by one threshold, one truth and the same people.

    python -m benchmarks.field --jobs 2                        # all parts; goes on where it was stopped
    python -m benchmarks.field --parts main --tables german
    python -m benchmarks.field --cell compas:paper/genre/3     # one cell again, beside the record
    python -m benchmarks.field --confirm 2                     # do old cells stand? two a row again

A cell is a part, a table, a row and a seed. A *stage*, which is a table and a seed with their truth, bank
and people, is set up once for all its rows. ``results/field.json`` is written as cells come.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

import genre_lite as gl
from genre_lite.errors import GenReError
from genre_lite.evaluation.metrics import coverage, diversity
from genre_lite.proposals import differences

from . import provenance, statistics
from .least_cost import LeastCost
from .peers import ASKED, PEERS, missing
from .record import Record
from .stage import AIDED, METHODS, SEARCHES, Stage, _make

RESULTS = Path(__file__).parent.parent / "results" / "field.json"
SPOOL = Path(__file__).parent / ".field"
COMMAND = "python -m benchmarks.field"
TABLES = ("compas:paper", "heloc:paper", "adult:paper", "german", "compas", "adult")
MARGINS = (0.6, 0.7, 0.8, 0.9)
SHARES = (0.05, 0.1, 0.25, 0.5)
OPTIONS = 10

CORE = ("nothing", "genre", "genre-forward", "neighbour", "neighbour-aided", "grafted")
ALONE = ("genre-paper", "genre-consistent", "wachter-dear", *SEARCHES, "density")
ORACLES = ("oracle-copies", "oracle-writes")
SET_UP = ("benchmarks.stage", "benchmarks.judges")
LEAST = ("treecf", "treecf-plausible")
ASKED_PEERS = ("nice", "ellice", "dice-ml")


@dataclass(frozen=True)
class Part:
    """A question that is put to some rows, on some tables, so many times.

    ``rows`` says how many seeds each has, ``ask`` what is done for one, ``stage`` in what its stages differ
    from others, and ``beside`` what is other on them while the world stays (:meth:`Stage.beside`).
    """

    rows: Mapping[str, int]
    ask: Callable[[Stage, str], dict]
    tables: tuple[str, ...] = TABLES
    stage: Mapping[str, object] = field(default_factory=dict)
    beside: Mapping[str, object] = field(default_factory=dict)

    def keys(self, name: str) -> Iterator[str]:
        """Every cell, a seed of all rows at a time."""
        for seed in range(max(self.rows.values())):
            for table in self.tables:
                for row, seeds in self.rows.items():
                    if seed < seeds:
                        yield f"{name}/{table}/{row}/{seed}"


# -- what is done for a row -------------------------------------------------------------------------


def method_of(row: str) -> str:
    """The name of the method that a row asks, without its margin and its variant."""
    return row.partition("@")[0].removesuffix("-forward").removesuffix("-cheapest")


def answered(stage: Stage, row: str, n: int = 1, **terms: object) -> gl.Recourses:
    """What a row answers. After a name: ``@0.7`` a margin, ``-forward`` nothing refined."""
    name, _, margin = row.partition("@")
    if name.startswith("genre"):
        choices = {"refined": False} if name.endswith("-forward") else {}
        if name.endswith("-cheapest"):
            choices["rule"] = "cheapest"
        if margin:
            choices["margin"] = float(margin)
        return stage.fitted(method_of(row)).recommend(stage.denied, n=n, **terms, **choices)
    if name in PEERS:
        peer = stage.fitted(name, lambda stage: PEERS[name](stage.h, stage.bank, stage.seed))
        return peer.recommend(stage.denied, n=n)
    if name in LEAST:
        settings = {"margin": float(margin or 0), "plausible": name != "treecf"}
        return stage.fitted(row, _make(LeastCost, **settings)).recommend(stage.denied, n=n, **terms)
    if not margin:
        return stage.fitted(name).recommend(stage.denied, n=n, **terms)
    if name == "grafted":
        method = stage.fitted(name)
        method.margin = float(margin)
        try:
            return method.recommend(stage.denied, n=n, **terms)
        finally:
            method.margin = 0.0
    kind = type(METHODS[name](stage))
    made = _make(kind, validity_margin=float(margin))
    return stage.fitted(row, made).recommend(stage.denied, n=n, **terms)


def one_option(stage: Stage, row: str) -> dict:
    """One option a person, by every judge."""
    answer = answered(stage, row)
    fitted = method_of(row)
    proven = getattr(stage.fitted(row), "proven", None) if fitted in LEAST else None
    return {
        "metrics": stage.measured(answer) | ({} if proven is None else {"proven": proven}),
        "fit_seconds": stage.fit_seconds.get(row, stage.fit_seconds.get(fitted)),
        "recommend_seconds": answer.seconds / len(stage.denied),
        "classifier_seconds": stage.classifier_seconds,
        "classifier_accuracy": stage.accuracy,
    }


def one_option_briefly(stage: Stage, row: str) -> dict:
    """One option a person, by the world alone."""
    return {"metrics": stage.measured(answered(stage, row), judges=False)}


def under_others(stage: Stage, row: str) -> dict:
    """Which share of the options all of ten near-optimal classifiers accept, and on average."""
    first = answered(stage, row).frame.xs(0, level="option")
    found = coverage(first)
    yes = np.zeros((len(stage.near_optimal), len(first)), dtype=bool)
    if found.any():
        for i, other in enumerate(stage.near_optimal):
            yes[i, found] = gl.decision.accepts(other, first[found])
    return {"metrics": {"under_all": yes.all(axis=0).mean(), "under_each": yes.mean()}}


def ten_options(stage: Stage, row: str) -> dict:
    """Ten options a person under terms that were unknown at the fit."""
    schema, people = stage.bank.schema, stage.denied
    free = [f.name for f in schema if f.actionability not in ("immutable", "clock")]
    asked = {
        "none": {},
        "freeze": {"freeze": [free[0]]},
        "bounds": {"bounds": halved(stage, free)},
        "two changes": {"max_changes": 2},
    }
    codec = gl.Codec(schema).fit(stage.bank.X_train)
    found = {}
    for name, terms in asked.items():
        start = time.perf_counter()
        answer = answered(stage, row, n=OPTIONS, **terms)
        seconds = time.perf_counter() - start
        options = answer.options
        after = options.reset_index(drop=True)
        before = people.loc[options.index.get_level_values(0)].reset_index(drop=True)
        count = answer.frame.notna().any(axis=1).groupby(level=0).sum()
        kept = True
        if len(options):
            moved = pd.DataFrame(differences(before[after.columns], after), columns=after.columns)
            kept = {
                "none": True,
                "freeze": ~moved[free[0]],
                "bounds": within(after, moved, terms.get("bounds", {})),
                "two changes": moved[free].sum(axis=1) <= 2,
            }[name]
        found[name] = {
            "coverage": (count > 0).mean(),
            "options": count.mean(),
            "validity": (gl.decision.acceptance(stage.gold, after) > 0.5).mean()
            if len(after)
            else 0,
            "plausibility": stage.gold.is_plausible(after).mean() if len(after) else 0,
            "cost": answer.cost.mean(),
            "changed": moved[free].sum(axis=1).mean() if len(options) else np.nan,
            "diversity": np.nanmean(diversity(answer.frame, codec))
            if (count > 1).any()
            else np.nan,
            "kept": float(np.mean(kept)),
            "seconds": seconds / len(people),
        }
    return {"metrics": {f"{k}, {name}": v for name, m in found.items() for k, v in m.items()}}


def halved(stage: Stage, free: list[str]) -> dict[str, tuple]:
    """For the first number that may change, the middle half of the training rows."""
    for name in free:
        if not stage.bank.schema[name].is_categorical:
            low, high = stage.bank.X_train[name].quantile([0.25, 0.75])
            return {name: (float(low), float(high))}
    return {}


def within(after: pd.DataFrame, moved: pd.DataFrame, bounds: Mapping[str, tuple]) -> pd.Series:
    """Whether every value that was changed lies within its bounds."""
    fine = pd.Series(True, after.index)
    for name, (low, high) in bounds.items():
        fine &= ~moved[name] | after[name].between(low, high)
    return fine


def same_advice(stage: Stage, row: str) -> dict:
    """The same person, answered by each half of the training rows, with two seeds."""
    X = stage.bank.X_train
    order = np.random.default_rng(stage.seed).permutation(len(X))
    frames = []
    for i, half in enumerate(np.array_split(order, 2)):
        part = stage.beside(half=np.sort(half), seed=stage.seed + 5000 * i)
        frames.append(answered(part, row).frame.xs(0, level="option"))
    a, b = frames
    both = coverage(a) & coverage(b)
    if not both.any():
        return {"metrics": {"both": 0.0}}
    people = stage.denied[both]
    moved = [differences(people[f.columns], f[both]) for f in frames]
    codec = gl.Codec(stage.bank.schema).fit(X)
    apart = gl.objectives.cost(codec.cube(a[both]), codec.cube(b[both]), codec.nominal, codec.price)
    either = (moved[0] | moved[1]).sum(axis=1)
    return {
        "metrics": {
            "both": both.mean(),
            "same_answer": (~differences(a[both], b[both]).any(axis=1)).mean(),
            "same_changes": (moved[0] == moved[1]).all(axis=1).mean(),
            "shared_changes": ((moved[0] & moved[1]).sum(axis=1) / np.maximum(either, 1)).mean(),
            "apart": apart.mean(),
        }
    }


def _seeds(count: int, *rows: str) -> dict[str, int]:
    return dict.fromkeys(rows, count)


PAPERS = TABLES[:3]
SMALL = ("german", "compas:paper", "heloc:paper")
DIALLED = ("genre", "neighbour", "grafted", "growing-spheres", "wachter")  # whose margins are drawn
FIRM = tuple(name for name in METHODS if name not in ("nothing", *ORACLES) and "aided" not in name)
PARTS: dict[str, Part] = {
    "main": Part(
        _seeds(20, *CORE)
        | _seeds(10, *ALONE, *ORACLES, *(f"{name}-aided" for name in AIDED if name != "neighbour"))
        | _seeds(5, *ASKED_PEERS),
        one_option,
    ),
    "margins": Part(
        {
            f"{name}@{margin}": 5 if name in DIALLED else 2
            for name in ("genre", "genre-forward", "neighbour", "grafted", *SEARCHES)
            for margin in MARGINS
        },
        one_option_briefly,
        (*SMALL, "adult:paper"),
    ),
    "official": Part(_seeds(3, *CORE, *ORACLES), one_option, PAPERS, {"weighted": True}),
    "splits": Part(
        _seeds(3, *CORE, "oracle-writes"),
        one_option,
        tuple(f"{name}~{split}" for split in (1, 2) for name in ("german", "compas", "adult")),
    ),
    **{
        f"bank-{bank}": Part(
            _seeds(3, *CORE, "genre-cheapest", "growing-spheres", *(f"genre@{m}" for m in MARGINS))
            | (_seeds(3, *LEAST, *(f"treecf@{m}" for m in MARGINS)) if bank == "boosted" else {}),
            one_option,
            SMALL,
            beside={"bank": bank},
        )
        for bank in ("unweighted", "linear", "boosted")
    },
    "options": Part(
        _seeds(5, "genre", "genre-forward", "grafted", "neighbour", "density")
        | _seeds(2, "dice", "growing-spheres"),
        ten_options,
        ("german", "compas:paper", "adult:paper"),
    ),
    "halves": Part(_seeds(2, *FIRM, "genre-forward"), same_advice, SMALL),
    **{
        f"share-{share}": Part(
            _seeds(3, "genre", "genre-forward", "genre-paper", "neighbour", "grafted"),
            one_option_briefly,
            PAPERS,
            beside={"share": share},
        )
        for share in SHARES
    },
    "near-optimal": Part(
        _seeds(3, "genre", "genre-forward", "grafted", "neighbour", *SEARCHES),
        under_others,
        SMALL,
    ),
}
"""Every part, by its name; the order is that in which they are made."""


# -- the grid ---------------------------------------------------------------------------------------


@cache
def code_of(key: str) -> dict[str, str]:
    """The code behind a cell: its row's own, and what sets up and judges every cell."""
    part, _, row, _ = key.split("/")
    return _code(method_of(row)) | {"part": part}


@cache
def _code(name: str) -> dict[str, str]:
    shared = [f"genre_lite.{m}" for m in ("datasets", "decision", "worlds", "evaluation.metrics")]
    own = {
        "neighbour": ["genre_lite.baselines.nearest_neighbour"],
        "nothing": [],
        "grafted": ["genre_lite.baselines.grafted_neighbour"],
        "oracle-copies": ["genre_lite.choice", "genre_lite.baselines.nearest_neighbour"],
    }
    if name in PEERS:
        worker = ASKED[name][1].removesuffix(".py")
        used = ["benchmarks.peers", *(f"benchmarks.peer_workers.{w}" for w in ("problem", worker))]
        return provenance.code_hash(shared, [*SET_UP, *used])
    if name in LEAST:
        return provenance.code_hash(shared, [*SET_UP, "benchmarks.least_cost"])
    module = name.removesuffix("-aided").replace("-dear", "").replace("-", "_")
    if name.endswith("-aided") or name == "density":
        used = ["genre_lite.baselines.grafted_neighbour", *own.get(module, [])]
    elif name.startswith("genre") or name == "oracle-writes":
        used = ["genre_lite.genre", "genre_lite.baselines.grafted_neighbour"]
    else:
        used = own.get(name, [])
    if module in {s.replace("-", "_") for s in SEARCHES}:
        used = [*used, f"genre_lite.baselines.{module}"]
    # A change of one rival leaves the cells of the package's own methods as good as they were.
    rival = name in ("nothing", "density", *ORACLES) or name.endswith("-aided")
    alone = [*SET_UP, "benchmarks.rivals"] if rival else SET_UP
    return provenance.code_hash([*shared, *used], alone)


def by_stage(keys: Iterable[str]) -> list[list[str]]:
    """Cells in groups that share a stage, whatever their part."""
    groups: dict[tuple, list[str]] = {}
    for key in keys:
        part, table, _, seed = key.split("/")
        groups.setdefault((table, seed, *sorted(PARTS[part].stage.items())), []).append(key)
    return list(groups.values())


def play(keys: list[str], leave: Callable[[str, dict], None]) -> int:
    """The cells of one stage; each is left as it ends. Returns how many."""
    stage, error = None, None
    others: dict[tuple, Stage] = {}
    os.environ["TQDM_DISABLE"] = "1"
    for key in keys:
        part, table, row, seed = key.split("/")
        about = PARTS[part]
        start, heard = time.perf_counter(), []
        try:
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                if stage is None and error is None:
                    stage = Stage(table, int(seed), **about.stage)
                which = tuple(about.beside.items())
                if which not in others:
                    others[which] = stage.beside(**about.beside) if which else stage
                found = about.ask(others[which], row)
        except Exception as problem:
            last = traceback.extract_tb(problem.__traceback__)[-1]
            error = f"{type(problem).__name__}: {problem} ({Path(last.filename).name}, {last.name})"
            found = {"error": error}
            error = error if stage is None else None
        told = sorted({str(w.message)[:200] for w in heard if w.category is UserWarning})
        found |= {"seconds": time.perf_counter() - start} | ({"warnings": told} if told else {})
        leave(key, found)
    return len(keys)


def work(keys: list[str], out: Path) -> int:
    """What a process does of a grid: one stage, each cell left in the spool as it ends."""
    return play(keys, opened(out).leave)


def opened(path: Path = RESULTS, spool: Path | None = SPOOL) -> Record:
    """The record, with the cells that are still of this code."""
    return Record(path, COMMAND, code=code_of, spool=spool)


def main() -> None:
    """Make what is missing of some parts, or one cell again."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS])
    asked.add_argument("--tables", nargs="+", help="only these")
    asked.add_argument("--rows", nargs="+", help="only these")
    asked.add_argument("--seeds", type=int, default=100, help="at most so many")
    asked.add_argument("--jobs", type=int, default=1, help="stages at a time")
    asked.add_argument("--scheduler", help="the address of a Dask scheduler that does the stages")
    asked.add_argument("--cell", help="make this one again and print it beside the record")
    asked.add_argument(
        "--confirm", type=int, help="make so many old cells a row again; equal, all stand"
    )
    asked.add_argument("--minutes", type=float, default=1e9, help="begin no stage after so many")
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    record = opened(given.out)
    if given.cell:
        again(given.cell, record)
        return
    keys = [key for name in given.parts for key in PARTS[name].keys(name)]
    keys = [key for key in keys if wanted(key, given.tables, given.rows, given.seeds)]
    if given.confirm:
        confirm(record, given.confirm, keys)
        return
    todo = record.missing(keys)
    end = time.monotonic() + 60 * given.minutes

    def tasks() -> Iterator:
        for cells in by_stage(todo):
            if time.monotonic() < end:
                # Named by its module, which a process can import; this file runs as __main__.
                run = import_module("benchmarks.field").work
                yield joblib.delayed(run)(cells, given.out)

    with cluster(given.scheduler):
        record.fill(tasks(), len(todo), given.jobs, statistics.summary)
    left = len(record.missing(keys))
    print(f"{len(keys) - left} of {len(keys)} cells are there.")


def cluster(address: str | None):
    """Joblib's work on this machine, or on the workers of a Dask scheduler."""
    if address is None:
        return nullcontext()
    try:
        from dask.distributed import Client
    except ImportError:
        raise GenReError("--scheduler needs Dask: pip install 'dask[distributed]'.") from None
    Client(address)
    return joblib.parallel_config(backend="dask")


def wanted(key: str, tables: list | None, rows: list | None, seeds: int) -> bool:
    """Whether a cell is among those asked for, and can be made on this machine."""
    _, table, row, seed = key.split("/")
    if (row in PEERS and missing(row)) or (method_of(row) in LEAST and find_spec("treecf") is None):
        return False
    return (not tables or table in tables) and (not rows or row in rows) and int(seed) < seeds


def confirm(record: Record, count: int, keys: Iterable[str]) -> None:
    """Take up each row's old cells, if ``count`` of them come out the same by the code of today.

    The last seeds come first, since another machine's cells may differ by a rounding; and of these the
    stages that hold many rows, so that few are set up.
    """
    rows: dict[str, list[str]] = {}
    for key in keys:
        if key in record.old:
            rows.setdefault(key.split("/")[2], []).append(key)
    left = {row: min(count, len(keys)) for row, keys in rows.items()}
    made: dict[str, dict] = {}
    stages = by_stage(key for keys in rows.values() for key in keys)
    last = sorted(stages, key=lambda cells: (int(cells[0].rpartition("/")[2]), len(cells)))
    for cells in tqdm(reversed(last), total=len(last), desc="confirm", unit="stage"):
        again = []
        for key in cells:
            row = key.split("/")[2]
            if left[row]:
                left[row] -= 1
                again.append(key)
        play(again, made.__setitem__)
        for key in again:
            if "error" in made[key]:  # it may be this machine's, and says nothing of the old cells
                raise GenReError(f"{key}: {made[key]['error']}")
    for row, cells in rows.items():
        stands = record.confirm(cells, {key: made[key] for key in cells if key in made})
        tqdm.write(f"{row}: {len(cells)} cells {'stand' if stands else 'are to be made again'}")
    record.write(statistics.summary)


def again(cell: str, record: Record) -> None:
    """One cell made again, and what the record says."""
    key = cell if cell.count("/") == 3 else f"main/{cell}"
    part, _, row, _ = key.split("/")
    if part not in PARTS or row not in PARTS[part].rows:
        raise GenReError(f"There is no cell {cell!r}; it is [part/]table/row/seed.")
    made: dict[str, dict] = {}
    play([key], made.__setitem__)
    known = record.cells.get(key, {})
    print(json.dumps({"now": made[key], "on record": known}, indent=1, default=float))


if __name__ == "__main__":
    main()
