"""GenRe, two neighbours and an oracle in the paper's protocol, five seeds of it all.

    python -m benchmarks.genre --jobs 2

Each cell, a table and a seed, runs in a process of its own; the jobs share the cores evenly. A cell is
a gold world, labels drawn from it, the bank's classifier, 200 denied people of the test part, all
methods, and the paper's metrics. Nothing is chosen on these people. Writes ``results/genre.json``; a
cell that is there already, made by the same versions, is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import Queue

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

import genre_lite as gl
from genre_lite.baselines.nearest_neighbour import NearestNeighbour
from genre_lite.evaluation.ledger import mean_and_interval

from . import provenance
from .references import AidedNeighbour, Oracle

RESULTS = Path(__file__).parent.parent / "results" / "genre.json"
TABLES = ("compas", "heloc", "adult")
PEOPLE = 200


def cell(table: str, seed: int) -> dict:
    """One table, one seed: the metrics of both methods, and seconds."""
    bank = gl.load_dataset(table, split="paper")
    gold = gl.gold_world(bank, seed=seed, progress=False)
    start = time.perf_counter()
    # The paper weighs classes equally, except on HELOC: the table says so.
    h = gl.train_classifier(gold.bank, balanced=bank.balanced, seed=seed, progress=False)
    classifier_seconds = time.perf_counter() - start
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].sample(PEOPLE, random_state=seed)

    methods = {
        "GenRe": gl.GenRe(h, bank.schema, seed=seed, progress=False),
        "GenRe, the paper's recipe": gl.GenRe(
            h, bank.schema, recipe="paper", seed=seed, progress=False
        ),
        "nearest neighbour": NearestNeighbour(h, bank.schema, seed=seed),
        "nearest neighbour, aided as GenRe": AidedNeighbour(h, bank.schema, seed=seed),
        "oracle": Oracle(h, bank.schema, gold),
    }
    answers, fit_seconds = {}, {}
    for name, method in methods.items():
        start = time.perf_counter()
        method.fit(gold.bank.X_train, gold.bank.y_train)
        fit_seconds[name] = time.perf_counter() - start
        answers[name] = method.recommend(denied)
    table_of_metrics = gl.evaluate(answers, denied, judge=gold)
    return {
        "metrics": table_of_metrics.to_dict("index"),
        "fit_seconds": fit_seconds,
        "classifier_seconds": classifier_seconds,
        "classifier_accuracy": float(
            ((h.predict_proba(bank.X_test)[:, 1] > 0.5) == gold.bank.y_test).mean()
        ),
    }


def summary(cells: dict[str, dict]) -> dict:
    """Per table: the Score of each method, GenRe's lead over the neighbour (paired by seed), time."""
    result = {}
    for table in sorted({key.split("/")[0] for key in cells}):
        runs = [run for key, run in sorted(cells.items()) if key.startswith(f"{table}/")]
        of = {
            name: {
                what: mean_and_interval([run["metrics"][name][what] for run in runs])
                for what in ("score", "cost", "validity", "validity_h", "plausibility", "coverage")
            }
            | {"violations": sum(run["metrics"][name]["violations"] for run in runs)}
            for name in runs[0]["metrics"]
        }
        scores = {
            name: np.array([run["metrics"][name]["score"] for run in runs])
            for name in runs[0]["metrics"]
        }
        genre, copy, best = (scores[m] for m in ("GenRe", "nearest neighbour", "oracle"))
        aided = scores["nearest neighbour, aided as GenRe"]
        ratio = [run["fit_seconds"]["GenRe"] / run["classifier_seconds"] for run in runs]
        result[table] = {
            "methods": of,
            "lead": mean_and_interval(genre - copy),
            "lead_over_aided": mean_and_interval(genre - aided),
            "share_of_possible": mean_and_interval((genre - copy) / (best - copy)),
            "fit_seconds": mean_and_interval([run["fit_seconds"]["GenRe"] for run in runs]),
            "fit_over_classifier_seconds": mean_and_interval(ratio),
            "peak_memory_mib": max(run["peak_memory_mib"] for run in runs),
            "seeds": len(runs),
        }
    return result


def main() -> None:
    """Run the cells that are missing, and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--jobs", type=int, default=1, help="cells at a time, sharing the cores")
    asked.add_argument("--out", type=Path, default=RESULTS)
    asked.add_argument("--cell", help="run this one alone and print it")
    given = asked.parse_args()

    if given.cell:
        table, seed = given.cell.split("/")
        found = cell(table, int(seed))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"peak_memory_mib": peak}))
        return

    cores = sorted(os.sched_getaffinity(0))
    share = max(1, len(cores) // given.jobs)
    made_by = provenance.made_by("benchmarks.genre") | {"cores_a_cell": share}
    cells = {}
    if given.out.exists():
        before = json.loads(given.out.read_text())
        cells = before["cells"] if before["made_by"] == made_by else {}
    wanted = [f"{table}/{seed}" for table in given.tables for seed in range(given.seeds)]
    missing = [key for key in wanted if key not in cells]
    slots = Queue()
    for slot in range(given.jobs):
        slots.put(slot)

    def run(key: str) -> tuple[str, dict]:
        slot = slots.get()
        mine = cores[slot * share : (slot + 1) * share]
        pin = ["taskset", "-c", ",".join(map(str, mine))] if given.jobs > 1 else []
        call = [*pin, sys.executable, "-W", "ignore", "-m", "benchmarks.genre", "--cell", key]
        done = subprocess.run(
            call,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(share)},
        )
        slots.put(slot)
        return key, json.loads(done.stdout)

    with ThreadPoolExecutor(given.jobs) as crew:
        runs = [crew.submit(run, key) for key in missing]
        for done in tqdm(as_completed(runs), total=len(runs), desc="genre", unit="cell"):
            key, found = done.result()
            cells[key] = found
            record = {
                "command": "python -m benchmarks.genre",
                "made_by": made_by,
                "people": PEOPLE,
                "summary": summary(cells),
                "cells": dict(sorted(cells.items())),
            }
            provenance.write(record, given.out)
    scores = {
        table: {name: parts["score"]["mean"] for name, parts in s["methods"].items()}
        for table, s in summary(cells).items()
    }
    print(pd.DataFrame(scores).round(3).to_string())


if __name__ == "__main__":
    main()
