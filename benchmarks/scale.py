"""Pair synthesis on large tables: seconds and memory of a draw, and its distance to exact Q.

    python -m benchmarks.scale

Generated tables of 10⁴, 10⁵ and 10⁶ rows, ten features; a batch of 256 sources draws its targets from
all accepted rows, and from pools of several sizes. The distance is the total variation between the
costs of many draws and those that exact Q expects, over 20 bins. Writes ``results/scale.json``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import genre_lite as gl
from genre_lite.threads import threads

from . import provenance

RESULTS = Path(__file__).parent.parent / "results" / "scale.json"
ROWS = (10_000, 100_000, 1_000_000)
POOLS = (None, 512, 2048, 8192)
BATCH, COST_WEIGHT = 256, 5.0


def table(rows: int) -> pd.DataFrame:
    """Eight correlated numbers, and two categories, one of them immutable."""
    chance = np.random.default_rng(0)
    common = chance.normal(size=(rows, 1))
    numbers = 0.6 * common + chance.normal(size=(rows, 8))
    return pd.DataFrame(numbers, columns=[f"x{j}" for j in range(8)]).assign(
        group=chance.choice(["a", "b"], rows), kind=chance.choice(["u", "v", "w"], rows)
    )


def measure(rows: int, pool: int | None) -> dict:
    """One size and one pool, in a process of its own so that its peak memory is its own."""
    frame = table(rows)
    schema = gl.Schema.infer(frame, immutable=["group"])
    codec = gl.Codec(schema).fit(frame)
    cube = codec.cube(frame)
    accepted = frame["x0"].to_numpy() > 0.5
    pairs = gl.PairSampler(codec, cube[~accepted][:5000], cube[accepted], COST_WEIGHT, pool=pool)
    generator = torch.Generator().manual_seed(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batches = [torch.randint(5000, (BATCH,), generator=generator) for _ in range(4)]
    times = []
    for batch in batches:
        start = time.perf_counter()
        pairs.draw(batch, generator)
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    few = torch.arange(20)
    exact = pairs.weights(few)
    costs = pairs.costs(few).numpy()
    bins = np.linspace(0, costs.max(), 21)
    # Each draw sees a pool of its own, as each training step does.
    picks = np.stack([pairs.draw(few, generator).numpy() for _ in range(600)], axis=1)
    distances = []
    for weight, cost, pick in zip(exact, costs, picks, strict=True):
        wanted = np.histogram(cost, bins, weights=weight)[0]
        found = np.histogram(cost[pick], bins)[0] / pick.size
        distances.append(0.5 * np.abs(wanted - found).sum())
    return {
        "rows": rows,
        "targets": int(accepted.sum()),
        "pool": pool,
        "seconds_per_batch": min(times),
        "peak_memory_above_table_mib": (peak - before) / 1024,
        "total_variation_of_costs": float(np.mean(distances)),
    }


def main() -> None:
    """Measure every size and pool; write the file."""
    found = []
    for rows in ROWS:
        for pool in POOLS:
            call = [sys.executable, "-m", "benchmarks.scale", str(rows), str(pool or 0)]
            found.append(json.loads(subprocess.run(call, check=True, capture_output=True).stdout))
            print(found[-1], flush=True)
    record = {
        "command": "python -m benchmarks.scale",
        "threads": threads(),
        "made_by": provenance.made_by("benchmarks.scale"),
        "batch": BATCH,
        "cost_weight": COST_WEIGHT,
        "rows": found,
    }
    provenance.write(record, RESULTS)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]) or None)))
    else:
        main()
