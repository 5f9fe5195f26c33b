"""``make bench``: a small part of the measurements again, beside what is on record, in minutes.

    python -m benchmarks

Each part is a benchmark's own command, cut down to a table and a seed. What it writes goes to
``_build/bench``, and ``results/`` stays as it is. Scores depend on code and seed, and hardly on the
machine; seconds are the machine's own. The full commands stand in the README of this folder.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from genre_lite.errors import DataUnavailableError

from .provenance import ROOT


@dataclass(frozen=True)
class Part:
    """A benchmark cut down, and one of the numbers that it writes, as the full one does."""

    benchmark: str
    arguments: str
    what: str
    number: Callable[[dict], float]


PARTS = (
    Part(
        "consistency",
        "--repetitions 200",
        "distance of Q to the ideal, moons, fewest targets",
        lambda record: record["toys"]["moons"]["measured"]["all"][0]["mean"],
    ),
    Part(
        "claims",
        "--parts fidelity --rows 250 --seeds 1",
        "distance of GenRe to the ideal, moons, 250 rows",
        lambda record: record["cells"]["fidelity/moons/250/0"]["GenRe"]["tv"],
    ),
    Part(
        "field",
        "--parts main --tables german --rows grafted --seeds 1",
        "the grafted neighbour's Score, German Credit, first world",
        lambda record: record["cells"]["main/german/grafted/0"]["metrics"]["score"],
    ),
    Part(
        "ablation",
        "--tables german --seeds 1 --ideas 'grafted copies'",
        "the same, on people of the training part",
        lambda record: record["cells"]["ablation/german/grafted copies/0"]["metrics"]["score"],
    ),
    Part(
        "throughput",
        "--tables compas",
        "recourses a second, COMPAS, 10,000 people",
        lambda record: next(
            row["recourses_per_second"]
            for row in record["rows"]
            if (row["table"], row["people"]) == ("compas", 10_000)
        ),
    ),
    Part(
        "chapters",
        "08_an_autoregressive_model",
        "seconds of chapter 8",
        lambda record: record["chapters"]["08_an_autoregressive_model"]["seconds"],
    ),
)


def made(part: Part, folder: Path) -> tuple[float | None, str]:
    """The number as it comes out now, or why there is none."""
    out = folder / f"{part.benchmark}.json"
    given = shlex.split(part.arguments.format(folder=shlex.quote(str(folder))))
    call = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{part.benchmark}", *given]
    done = subprocess.run([*call, "--out", out], cwd=ROOT, capture_output=True, text=True)
    if not done.returncode:
        return part.number(json.loads(out.read_text())), ""
    said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}, and without a word"]
    return None, next((line for line in said if DataUnavailableError.__name__ in line), said[-1])


def recorded(part: Part) -> float:
    """The number in the results file."""
    return part.number(
        json.loads(import_module(f"benchmarks.{part.benchmark}").RESULTS.read_text())
    )


def main() -> int:
    """Run the parts, print them beside the record; 1 if one failed for more than want of data."""
    folder = ROOT / "_build" / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows, failed = [], False
    for part in tqdm(PARTS, desc="bench", unit="part"):
        here, why = made(part, folder)
        failed |= bool(why) and DataUnavailableError.__name__ not in why
        rows.append({"measured": part.what, "here": here, "on record": recorded(part)})
        if why:
            tqdm.write(f"{part.benchmark}: {why}")
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.4g}".format, na_rep="none"))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
