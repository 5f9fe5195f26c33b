"""How fast forward sampling is, and how much of the machine's own matrix speed it reaches.

    python -m benchmarks.throughput

Run it alone, on a machine with nothing else to do. For each table: seconds of a whole fit and of the
classifier's training beside it; seconds of ``recommend`` for 1, 200 and 10,000 people with 10
candidates each, and of the network's decoding alone beside its matrix products run bare, at the same
shapes and in the same order. Writes ``results/throughput.json``.
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import genre_lite as gl
from genre_lite.genre import AT_ONCE
from genre_lite.sampling import draw
from genre_lite.threads import threads

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


def products(genre: gl.GenRe, people: int, k: int) -> Callable[[], None]:
    """The products that decoding needs, at its own shapes, on numbers that are at hand.

    Per feature and layer: the linear maps, attention of each of people × k candidates to the j + 1
    features it has written, and of k candidates side by side to the d features of their person. The
    second has one row a candidate, which a matrix product takes longest for; so it is done as the
    network does it, and the roofline is none that is easy to reach.
    """
    config, sizes, d = genre.network_.config, genre.network_.sizes, genre.network_.d
    w, wide, heads = config.width, config.width * config.expansion, config.heads
    rows, each = people * k, w // heads

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device=genre.network_.grid.device)

    linear = [(w, w)] * 4 + [(w, 2 * w), (w, wide), (wide, w)]
    shapes = [shape for size in sizes for shape in linear * config.decoder_layers + [(w, size)]]
    left = {n: numbers(rows, n) for n in (w, wide)}
    right = {shape: numbers(*shape) for shape in set(shapes)}
    own, (key, value) = numbers(heads, each, rows), numbers(2, d, heads, each, rows)
    asking, person = numbers(people, heads, k, each), numbers(people, heads, d, each)

    def run() -> None:
        for shape in shapes:
            torch.mm(left[shape[0]], right[shape])
        for _ in range(config.decoder_layers):
            for j in range(d):
                score = (own * key[: j + 1]).sum(dim=2, keepdim=True)
                (score * value[: j + 1]).sum(dim=0)
                asking @ person.transpose(-1, -2) @ person

    return run


@torch.inference_mode()
def row(genre: gl.GenRe, denied: object, people: int) -> dict:
    """Seconds and shares for one number of people."""
    asked = denied.sample(people, replace=True, random_state=0).reset_index(drop=True)
    limits = gl.Limits(genre.codec, asked)
    x, own, allowed = (
        torch.as_tensor(part, device=genre.network_.grid.device)
        for part in (limits.cube, limits.own, limits.allowed)
    )
    generator = torch.Generator().manual_seed(0)
    chance = torch.rand(people, CANDIDATES, x.shape[1], generator=generator, dtype=torch.float64)
    chance = chance.to(x.device)
    at_once = max(1, AT_ONCE // CANDIDATES)

    def decode() -> None:
        for part in zip(*(t.split(at_once) for t in (x, own, allowed, chance)), strict=True):
            draw(genre.network_, *part, temperature=1.0)

    bare = products(genre, min(people, at_once), CANDIDATES)
    decoding = best_seconds(decode, x.device)
    answer = best_seconds(lambda: genre.recommend(asked, candidates=CANDIDATES), x.device, 3)
    bare_seconds = best_seconds(bare, x.device) * int(np.ceil(people / at_once))
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
        # The paper weighs classes equally, except on HELOC: the table says so.
        h = gl.train_classifier(bank, balanced=bank.balanced, progress=False)
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
        denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
        for people in (1, 200, 10_000):
            rows.append({"table": table} | row(genre, denied, people))
            print(rows[-1], flush=True)
    record = {
        "command": "python -m benchmarks.throughput",
        "device": given.device,
        "machine": torch.cuda.get_device_name() if given.device == "cuda" else platform.machine(),
        "threads": threads(),
        "made_by": provenance.made_by("benchmarks.throughput"),
        "candidates": CANDIDATES,
        "fits": fits,
        "rows": rows,
    }
    provenance.write(record, given.out)


if __name__ == "__main__":
    main()
