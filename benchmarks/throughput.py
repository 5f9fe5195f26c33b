"""How fast forward sampling is, and how much of the machine's own matrix speed it reaches.

    python -m benchmarks.throughput

Run it alone, on a machine with nothing else to do. For each table: seconds of a whole fit and of
the classifier's training beside it; seconds of ``recommend`` for 1, 200 and 10,000 people with 10 candidates each, and of
the network's decoding alone beside the same matrix products run bare. Writes
``results/throughput.json``.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import genre_lite as gl
from genre_lite.sampling import draw

from . import provenance

RESULTS = Path(__file__).parent.parent / "results" / "throughput.json"
CANDIDATES = 10


def best_seconds(call: Callable[[], object], device: torch.device, repeats: int = 5) -> float:
    """The least seconds of a call, after one to warm up."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def products(genre: gl.GenRe, rows: int) -> Callable[[], None]:
    """The matrix products that decoding ``rows`` recourses needs, on numbers that are at hand."""
    config, sizes = genre.model_config, [len(values) for values in genre.codec.values]
    w, wide = config.width, config.width * config.expansion
    layer = [(w, w)] * 4 + [(w, 2 * w), (w, wide), (wide, w)]
    shapes = [shape for size in sizes for shape in layer * config.decoder_layers + [(w, size)]]
    left = {n: torch.randn(rows, n, device=genre.device) for n in (w, wide)}
    right = {shape: torch.randn(shape, device=genre.device) for shape in set(shapes)}

    def run() -> None:
        for shape in shapes:
            torch.mm(left[shape[0]], right[shape])

    return run


@torch.inference_mode()
def row(genre: gl.GenRe, denied: object, people: int) -> dict:
    """Seconds and shares for one number of people."""
    asked = denied.sample(people, replace=True, random_state=0).reset_index(drop=True)
    x, own, allowed = genre._tensors(asked)
    generator = torch.Generator().manual_seed(0)
    at_once = max(1, 20_000 // CANDIDATES)

    def decode() -> None:
        for part in zip(*(t.split(at_once) for t in (x, own, allowed)), strict=True):
            draw(genre.model, *part, CANDIDATES, temperature=0.5, generator=generator)

    bare = products(genre, min(people, at_once) * CANDIDATES)
    decoding = best_seconds(decode, genre.device)
    answer = best_seconds(lambda: genre.recommend(asked, candidates=CANDIDATES), genre.device, 3)
    bare_seconds = best_seconds(bare, genre.device) * int(np.ceil(people / at_once))
    return {
        "people": people,
        "recommend_seconds": answer,
        "recourses_per_second": people / answer,
        "decode_seconds": decoding,
        "draws_per_second": people * CANDIDATES / decoding,
        "share_of_matrix_speed": bare_seconds / decoding,
    }


def main() -> None:
    """Fit each table, then sample from it, with a clock beside."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--device", default="cpu")
    asked.add_argument("--split", default="paper", choices=("paper", "default"))
    asked.add_argument("--tables", nargs="+", default=["compas", "heloc", "adult"])
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    rows, fits = [], {}
    for table in given.tables:
        bank = gl.load_dataset(table, split=given.split)
        start = time.perf_counter()
        # The paper weighs classes equally, except on HELOC.
        h = gl.train_classifier(bank, balanced=table != "heloc", progress=False)
        classifier_seconds = time.perf_counter() - start
        genre = gl.GenRe(h, bank.schema, device=given.device, progress=False)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            genre.fit(bank.X_train, bank.y_train)
        seconds = time.perf_counter() - start
        fits[table] = {
            "fit_seconds": seconds,
            "classifier_seconds": classifier_seconds,
            "ratio": seconds / classifier_seconds,
        }
        print(table, fits[table], flush=True)
        denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]
        for people in (1, 200, 10_000):
            rows.append({"table": table} | row(genre, denied, people))
            print(rows[-1], flush=True)
    record = {
        "command": "python -m benchmarks.throughput",
        "device": given.device,
        "machine": torch.cuda.get_device_name() if given.device == "cuda" else platform.machine(),
        "threads": torch.get_num_threads(),
        "made_by": provenance.made_by("benchmarks.throughput"),
        "candidates": CANDIDATES,
        "fits": fits,
        "rows": rows,
    }
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
