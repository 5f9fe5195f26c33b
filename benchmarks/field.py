"""The field, side by side: GenRe, nine other methods and three packages by others, in one protocol.

    python -m benchmarks.field --jobs 2      # the grid; goes on where it was stopped
    python -m benchmarks.field --seconds     # one method at a time; alone on a quiet machine

Each world, a table and a seed, is simulated as in the paper; up to 200 denied people ask, and all
methods answer the same people. The paper's splits have five seeds, the bundled tables three. Peers
take part where ``make peers`` has built their environments. The cells' seconds are those of a machine
that is busy, so they are taken once more, alone. Cells lie in a folder that git ignores;
``results/benchmark.json`` is written from them whenever a round of worlds is done.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from genre_lite.baselines.wachter import Wachter
from genre_lite.datasets import Dataset, load_dataset
from genre_lite.decision import SupportsProba
from genre_lite.errors import GenReError
from genre_lite.evaluation.benchmark import METHODS, Factory, World, run
from genre_lite.evaluation.ledger import Cell, Ledger, summarize, table
from genre_lite.threads import threads

from . import provenance
from .peers import PAPER, PEERS, missing

RESULTS = Path(__file__).parent.parent / "results" / "benchmark.json"
FOLDER = Path(__file__).parent / ".field"
COMMAND = "python -m benchmarks.field"
TABLES = {
    "compas:paper": 5,
    "heloc:paper": 5,
    "adult:paper": 5,
    "german": 3,
    "compas": 3,
    "adult": 3,
}
"""The tables, and how many seeds each has."""
PEOPLE = 200
DEAR = 10.0  # a cost weight of Wachter's that is felt; the experiments' 0.01 hardly is

ASKED_PEERS = ("nice", "ellice", "dice-ml")
LEFT_OUT = {
    "dice-ml-genetic": "dice-ml is asked by its default method, which is several times faster"
}
TIMED = ("compas:paper", "heloc:paper", "adult:paper")
TIMED_PEOPLE = 20  # of a peer, whose seconds a person do not depend on how many ask
MAKERS = (
    "genre_lite.evaluation.benchmark",
    "benchmarks.peers",
    *(
        f"benchmarks.peer_workers.{part}"
        for part in ("problem", "ask_dice_ml", "ask_ellice", "ask_nice")
    ),
)
JUDGES = tuple(
    f"genre_lite.{part}"
    for part in (
        "datasets",
        "decision",
        "evaluation.density",
        "evaluation.metrics",
        "evaluation.robustness",
    )
)
WORKERS = {"nice": "ask_nice", "ellice": "ask_ellice", "dice-ml": "ask_dice_ml"}
KEPT = ("dataset", "method", "seed", "metrics", "fit_seconds", "recommend_seconds", "error")
DIGITS = 6


def _dear(h: SupportsProba, bank: Dataset, seed: int) -> Wachter:
    return Wachter(h, bank.schema, cost_weight=DEAR, seed=seed, progress=False)


OURS: dict[str, Factory] = METHODS | {"wachter-dear": _dear}
"""The methods of the package; Wachter's a second time, with a cost weight that is felt."""


# -- the grid -------------------------------------------------------------------------------------


def field() -> dict[str, Factory]:
    """Each method's factory."""
    return OURS | {name: PEERS[name] for name in ASKED_PEERS}


def absent() -> dict[str, str]:
    """Methods of the field that are not asked on this machine, and why."""
    return LEFT_OUT | {name: why for name in ASKED_PEERS if (why := missing(name))}


def fill(
    folder: Path,
    tables: Mapping[str, int],
    methods: Mapping[str, Factory],
    *,
    people: int = PEOPLE,
    jobs: int = 1,
    progress: bool = True,
) -> Iterator[Ledger]:
    """Run the grid a seed at a time, so that what is there at any time is a grid; yield after each.

    Parameters
    ----------
    folder
        Of the ledger; cells that lie there are not run again.
    tables
        How many seeds each has.
    methods
        A factory each.

    Raises
    ------
    GenReError
        If other code has made the cells that lie in the folder.
    """
    _same_code(folder, methods)
    if not methods:  # of those asked, none is on this machine
        return
    for seeds in range(1, max(tables.values()) + 1):
        banks = [name for name, most in tables.items() if most >= seeds]
        yield run(
            banks, methods, seeds=seeds, people=people, out=folder, jobs=jobs, progress=progress
        )


def code_of(method: str) -> dict[str, str]:
    """The code behind a method's cells: its own, and what makes and judges every cell.

    So a change of one method leaves the cells of the others as good as they were.
    """
    if method in WORKERS:
        own = ("peers", "peer_workers.problem", f"peer_workers.{WORKERS[method]}")
        return provenance.code_hash(
            (*JUDGES, *(f"benchmarks.{part}" for part in own)), ["genre_lite.evaluation.benchmark"]
        )
    kind = Wachter if method == "wachter-dear" else METHODS[method].args[0]
    return provenance.code_hash((*JUDGES, kind.__module__), ["genre_lite.evaluation.benchmark"])


def _same_code(folder: Path, methods: Iterable[str]) -> None:
    """Remember the code that makes the cells of each method, and refuse another."""
    path = folder / "code.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    for method in methods:
        now, then = code_of(method), known.get(method)
        cells = f"cells/*/{method}"
        changed = sorted(f for f in (then or {}) | now if (then or {}).get(f) != now.get(f))
        if changed and any(folder.glob(f"{cells}/*.json")):
            raise GenReError(
                f"The cells of {method!r} in {folder.name} were made by other code: "
                f"{', '.join(changed)} changed since. Delete {folder.name}/{cells} to make them anew."
            )
        known[method] = now
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1) + "\n")


# -- the record -----------------------------------------------------------------------------------


def record(
    ledger: Ledger,
    tables: Mapping[str, int],
    methods: Iterable[str],
    why_not: Mapping[str, str],
) -> dict:
    """What the cells of a grid say, and what is not among them.

    Numbers are rounded to six digits first, so that the summary is that of the record's own cells.
    """
    grid = [Cell(t, name, seed) for t, n in tables.items() for name in methods for seed in range(n)]
    full = [found for cell in grid if (found := ledger.read(cell))]
    cells = [_plain({part: found.get(part) for part in KEPT}) for found in full]
    told = [cell | {"made_by": of["made_by"]} for cell, of in zip(cells, full, strict=True)]
    return {
        "command": COMMAND,
        "made_by": made_by(),
        "people": ledger.about["people"],
        "seeds": dict(tables),
        "published": PAPER,
        "skipped": _skipped(ledger, tables, methods, why_not),
        "summary": _plain(summarize(told)),
        "cells": cells,
    }


def leads(summary: Mapping, dataset: str, what: str = "score") -> dict[str, dict]:
    """GenRe's mean lead over each other method by a metric, with its interval; the nearest first.

    Paired by seed: a method that is asked of fewer seeds is compared on these alone.
    """
    found = {
        name: of["genre_minus_it"][what]
        for name, of in summary["datasets"][dataset].items()
        if of.get("genre_minus_it", {}).get(what, {}).get("mean") is not None
    }
    return dict(sorted(found.items(), key=lambda item: item[1]["mean"]))


def made_by() -> dict:
    """As every benchmark's, with the code of the peers' workers, which nothing imports."""
    mine = provenance.made_by("benchmarks.field")
    return mine | {"code": dict(sorted((mine["code"] | provenance.code_hash(MAKERS)).items()))}


def _skipped(
    ledger: Ledger,
    tables: Mapping[str, int],
    methods: Iterable[str],
    why_not: Mapping[str, str],
) -> dict[str, dict]:
    """By method: the seeds of each table that no finished cell holds, and why."""
    said = {}
    for name in dict.fromkeys([*why_not, *methods]):
        lacking = {
            t: seeds
            for t, n in tables.items()
            if (seeds := [s for s in range(n) if not ledger.finished(Cell(t, name, s))])
        }
        if not lacking:
            continue
        why = why_not.get(name, "failed or not run; the command tries again")
        said[name] = {"why": why, "seeds": lacking}
    return said


def _plain(value: object) -> object:
    """The value for strict JSON, with six digits; what is not finite becomes null."""
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def write(found: Mapping, path: Path) -> None:
    """Whole or not at all, a cell a line; seconds that the same code took alone are kept."""
    if "alone" not in found and path.exists():
        alone = json.loads(path.read_text()).get("alone")
        if alone and alone["made_by"]["code"] == found["made_by"]["code"]:
            found = {**found, "alone": alone}
    rest = json.dumps({k: v for k, v in found.items() if k != "cells"}, indent=1, allow_nan=False)
    lines = ",\n".join(json.dumps(cell, allow_nan=False) for cell in found["cells"])
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(f'{rest[:-2]},\n "cells": [\n{lines}\n]}}\n')
    unfinished.replace(path)


# -- seconds --------------------------------------------------------------------------------------


def seconds(
    tables: Mapping[str, Dataset],
    methods: Mapping[str, Factory],
    *,
    people: int = PEOPLE,
    peers_people: int = TIMED_PEOPLE,
) -> dict:
    """Seconds a person of each method by itself, in the first world of each table.

    A method of the package answers all people at once, twice, and the faster time counts; a peer
    answers the first few, one after another.
    """
    taken = {}
    for name, bank in tables.items():
        world = World(bank, seed=0, people=people)
        taken[name] = {}
        for method, make in methods.items():
            peer = method in PEERS
            denied = world.denied.head(peers_people) if peer else world.denied
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = make(world.h, world.bank, 0).fit(world.bank.X_train, world.bank.y_train)
                fit_seconds = time.perf_counter() - start
                times = [fitted.recommend(denied).seconds for _ in range(1 if peer else 2)]
            taken[name][method] = {
                "people": len(denied),
                "fit_seconds": fit_seconds,
                "recommend_seconds": min(times) / len(denied),
            }
            print(name, method, f"{taken[name][method]['recommend_seconds']:.2g}", flush=True)
    return _plain(
        {
            "command": f"{COMMAND} --seconds",
            "made_by": made_by(),
            "threads": threads(),
            "tables": taken,
        }
    )


# -- the command ----------------------------------------------------------------------------------


def main() -> None:
    """Run what is missing of the grid, or take the time, and write the record."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--jobs", type=int, default=1, help="worlds at a time")
    asked.add_argument("--out", type=Path, default=RESULTS)
    asked.add_argument("--folder", type=Path, default=FOLDER, help="where the cells lie")
    asked.add_argument("--tables", nargs="*", choices=TABLES, default=[*TABLES])
    asked.add_argument("--methods", nargs="*", choices=field(), default=[*field()])
    asked.add_argument("--seconds", action="store_true", help="take the time, one at a time")
    given = asked.parse_args()
    whole, why_not = field(), absent()
    chosen = {name: whole[name] for name in given.methods if name not in why_not}
    if given.seconds:
        found = json.loads(given.out.read_text())
        banks = {
            name: load_dataset(name.partition(":")[0], split="paper")
            for name in TIMED
            if name in given.tables
        }
        write(found | {"alone": seconds(banks, chosen)}, given.out)
        return
    banks = {name: TABLES[name] for name in given.tables}
    _same_code(given.folder, chosen)
    ledger = Ledger(given.folder).open(PEOPLE)
    for ledger in fill(given.folder, banks, chosen, jobs=given.jobs):
        write(record(ledger, TABLES, whole, why_not), given.out)
    found = record(ledger, TABLES, whole, why_not)
    write(found, given.out)
    print(table(found["summary"]).to_string(index=False))


if __name__ == "__main__":
    main()
