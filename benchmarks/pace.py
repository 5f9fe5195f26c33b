"""How fast this edition is beside the first one: fits, answers, memory, and beside a busy program.

    python -m benchmarks.pace                     # ten minutes; needs the history of git

Run it alone, on a machine with nothing else to do. For each table, in turn for the first edition (taken
from git) and for the package as it is, each in a process of its own (``pace_worker.py``): seconds of a
whole fit, of an answer for one person alone and for each of 200; of the first table also the memory of
answering 20,000, and a fit beside busy programs. Ratios travel better than seconds. Writes
``results/pace.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from genre_lite.threads import threads

from . import provenance
from .answers import FIRST, first_edition

RESULTS = Path(__file__).parent.parent / "results" / "pace.json"
WORKER = Path(__file__).with_name("pace_worker.py")
BUSY = "while True: pass"


def pace(table: str, split: str, parts: str, package: Path = provenance.ROOT) -> dict:
    """What the worker measures of the package in a folder; one thread, unless the environment says more."""
    path = {"PYTHONPATH": str(package), "OMP_NUM_THREADS": str(threads())}
    # -P: the worker's own folder holds a statistics.py, which is not the library's.
    call = [sys.executable, "-P", str(WORKER), table, split, parts]
    done = subprocess.run(call, env=os.environ | path, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def beside_busy(table: str, split: str, quiet: float) -> dict:
    """A fit while a program that never rests runs on each processor.

    ``share`` is what the fit has of a processor if all get the same; ``taken`` is what its time says
    that it had.
    """
    here = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in here]
    try:
        seconds = pace(table, split, "fit")["fit_seconds"]
    finally:
        for program in busy:
            program.kill()
    return {"seconds": seconds, "share": len(busy) / (len(busy) + 1), "taken": quiet / seconds}


def ratios(before: dict, after: dict) -> dict:
    """How many times as fast, or as small, the second is."""
    return {name: before[name] / value for name, value in after.items()}


def main() -> None:
    """Measure each table with both editions, one after the other."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--split", default="paper", choices=("paper", "default"))
    asked.add_argument("--tables", nargs="+", default=["compas", "heloc", "adult"])
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    tables = {}
    with tempfile.TemporaryDirectory() as folder:
        why = first_edition(FIRST, Path(folder))
        if why:
            asked.error(why)
        for table in given.tables:
            parts = "answers" if tables else "many"
            before = pace(table, given.split, parts, Path(folder))
            after = pace(table, given.split, parts)
            tables[table] = {"first_edition": before, "now": after, "ratio": ratios(before, after)}
            if parts == "many":
                quiet = after["fit_seconds"]
                tables[table]["beside_busy"] = beside_busy(table, given.split, quiet)
            print(table, tables[table], flush=True)
    record = {
        "command": "python -m benchmarks.pace",
        "machine": platform.machine(),
        "threads": threads(),
        "made_by": provenance.made_by("benchmarks.pace"),
        "first_edition": FIRST,
        "tables": tables,
    }
    provenance.write(record, given.out)


if __name__ == "__main__":
    main()
