"""The field: every method on every table, by one threshold, one truth and the same people.

    python -m benchmarks.field --jobs 2                        # all parts; goes on where it was stopped
    python -m benchmarks.field --parts main --tables german
    python -m benchmarks.field --cell compas:paper/genre/3     # one cell again, beside the record
    python -m benchmarks.field --confirm 1 --jobs 2            # do old cells stand? one of each kind again

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
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import joblib

from genre_lite.errors import GenReError

from . import provenance, statistics
from .peers import ASKED, PEERS, missing
from .questions import (
    LEAST,
    method_of,
    one_option,
    one_option_briefly,
    same_advice,
    ten_options,
    under_others,
)
from .record import Record
from .stage import AIDED, METHODS, SEARCHES, Stage

RESULTS = Path(__file__).parent.parent / "results" / "field.json"
SPOOL = Path(__file__).parent / ".field"
COMMAND = "python -m benchmarks.field"
TABLES = ("compas:paper", "heloc:paper", "adult:paper", "german", "compas", "adult")
MARGINS = (0.6, 0.7, 0.8, 0.9)
SHARES = (0.05, 0.1, 0.25, 0.5)

CORE = ("nothing", "genre", "genre-forward", "neighbour", "neighbour-aided", "grafted")
ALONE = ("genre-paper", "genre-consistent", "wachter-costly", *SEARCHES, "density")
ORACLES = ("oracle-copies", "oracle-writes")
SET_UP = ("benchmarks.stage", "benchmarks.judges", "benchmarks.questions")
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


# -- the parts ------------------------------------------------------------------------------------


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
    "official": Part(
        _seeds(3, *CORE, "genre-paper", *ORACLES), one_option, PAPERS, {"weighted": True}
    ),
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
    module = name.removesuffix("-aided").replace("-costly", "").replace("-", "_")
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
    """The cells of one stage; each is left as it ends. Returns how many.

    A method of ours that refuses a table says so as a result; whatever else goes wrong is an error, and
    the cell is still missing.
    """
    stage, broken = None, None
    others: dict[tuple, Stage] = {}
    os.environ["TQDM_DISABLE"] = "1"
    for key in keys:
        part, table, row, seed = key.split("/")
        about = PARTS[part]
        start, heard = time.perf_counter(), []
        try:
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                if stage is None and broken is None:
                    stage = Stage(table, int(seed), **about.stage)
                which = tuple(about.beside.items())
                if which not in others:
                    others[which] = stage.beside(**about.beside) if which else stage
                found = about.ask(others[which], row)
        except Exception as problem:
            if stage is not None and isinstance(problem, GenReError) and method_of(row) in METHODS:
                found = {"refused": str(problem)}
            else:
                broken = _told(problem) if stage is None and broken is None else broken
                found = {"error": broken or _told(problem)}
        told = sorted({str(w.message)[:200] for w in heard if w.category is UserWarning})
        found |= {"seconds": time.perf_counter() - start} | ({"warnings": told} if told else {})
        leave(key, found)
    return len(keys)


def _told(problem: Exception) -> str:
    """An error, and where it was raised."""
    last = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__}: {problem} ({Path(last.filename).name}, {last.name})"


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
        "--confirm", type=int, help="make so many old cells of each row, part and table again"
    )
    asked.add_argument(
        "--here",
        type=Path,
        help="for --confirm on another machine: a record with old cells that their own code made on this one",
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
    if given.confirm is not None:
        here = json.loads(given.here.read_text())["cells"] if given.here else None
        confirm(record, given.confirm, keys, given.jobs, here)
        return
    todo = record.missing(keys)
    end = time.monotonic() + 60 * given.minutes

    # Named by its module, which a process can import; this file runs as __main__.
    here = import_module("benchmarks.field")

    def tasks() -> Iterator:
        for cells in by_stage(todo):
            if time.monotonic() < end:
                # A worker elsewhere has no spool of ours, and sends its cells home.
                if given.scheduler:
                    yield joblib.delayed(here.played)(cells)
                else:
                    yield joblib.delayed(here.work)(cells, given.out)

    with cluster(given.scheduler) as many:
        record.fill(tasks(), len(todo), many or given.jobs, statistics.summary)
    left = len(record.missing(keys))
    print(f"{len(keys) - left} of {len(keys)} cells are there.")


@contextmanager
def cluster(address: str | None) -> Iterator[int]:
    """How many stages the workers of a Dask scheduler can do at a time; 0 without a scheduler."""
    if address is None:
        yield 0
        return
    try:
        from dask.distributed import Client
    except ImportError:
        raise GenReError("--scheduler needs Dask: pip install 'dask[distributed]'.") from None
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise GenReError(
            f"No Dask scheduler answers at {address!r} ({error}); start one with `dask scheduler`."
        ) from None
    with client, joblib.parallel_config(backend="dask"):
        yield sum(client.nthreads().values())


def wanted(key: str, tables: list | None, rows: list | None, seeds: int) -> bool:
    """Whether a cell is among those asked for, and can be made on this machine."""
    _, table, row, seed = key.split("/")
    if (row in PEERS and missing(row)) or (method_of(row) in LEAST and find_spec("treecf") is None):
        return False
    return (not tables or table in tables) and (not rows or row in rows) and int(seed) < seeds


def confirm(
    record: Record,
    count: int,
    keys: Iterable[str],
    jobs: int = 1,
    here: Mapping[str, Mapping] | None = None,
) -> None:
    """Take up old cells, stage by stage, so that few are set up (:meth:`Record.sample`)."""
    # Named by its module, which a process can import; this file runs as __main__.
    run = import_module("benchmarks.field").work
    record.sample(
        keys,
        count,
        lambda cells: joblib.delayed(run)(cells, record.path),
        jobs,
        statistics.summary,
        stages=by_stage,
        here=here,
    )


def played(keys: list[str]) -> dict[str, dict]:
    """The cells of one stage, by their keys."""
    made: dict[str, dict] = {}
    play(keys, made.__setitem__)
    return made


def again(cell: str, record: Record) -> None:
    """One cell made again, and what the record says."""
    key = cell if cell.count("/") == 3 else f"main/{cell}"
    part, _, row, _ = key.split("/")
    if part not in PARTS or row not in PARTS[part].rows:
        raise GenReError(f"There is no cell {cell!r}; it is [part/]table/row/seed.")
    known = record.cells.get(key, {})
    print(json.dumps({"now": played([key])[key], "on record": known}, indent=1, default=float))


if __name__ == "__main__":
    main()
