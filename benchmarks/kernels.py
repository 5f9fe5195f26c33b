"""Would other kernels be faster on this processor? A fused attention, half the digits, a compiler.

    python -m benchmarks.kernels

Run it alone. A network with the vocabularies of each table takes training steps on made-up people, and
draws from them: as it is, with PyTorch's fused attention, in bfloat16, and, on one table and where there
is a C++ compiler, compiled. Seconds are ratios to the network as it is, each measured right after it. Only what is
faster on all tables would be worth its lines. Writes ``results/kernels.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

import genre_lite as gl
from genre_lite.model import Attention, ModelConfig, RecourseTransformer
from genre_lite.sampling import draw
from genre_lite.threads import threads
from genre_lite.training import negative_log_likelihood

from .provenance import made_by, write

RESULTS = Path(__file__).parent.parent / "results" / "kernels.json"
TABLES = ("german", "compas", "adult")
BATCH, PEOPLE, CANDIDATES = 256, 200, 10


def fused(
    self: Attention, x: Tensor, memory: tuple[Tensor, Tensor], causal: bool = False
) -> Tensor:
    """Attention by one kernel that never writes the weights down."""
    y = F.scaled_dot_product_attention(self.split(self.query(x)), *memory, is_causal=causal)
    return self.out(y.transpose(-3, -2).flatten(-2))


class Bench:
    """One table's network and some people to train on and to draw for."""

    def __init__(self, table: str) -> None:
        bank = gl.load_dataset(table)
        codec = gl.Codec(bank.schema).fit(bank.X_train)
        cube = codec.cube(bank.X_train.sample(BATCH, random_state=0))
        self.x = torch.as_tensor(cube, dtype=torch.float32)
        self.tokens = torch.as_tensor(codec.tokens(cube))
        torch.manual_seed(0)
        grid = [torch.as_tensor(np.array(g)) for g in codec.grid]
        self.model = RecourseTransformer(grid, torch.as_tensor(codec.nominal), ModelConfig())
        self.optimizer = torch.optim.AdamW(self.model.parameters())
        self.allowed = self.model.exists.expand(PEOPLE, -1, -1)

    def train(self, network: Callable, context: Callable) -> None:
        """One step."""
        with context():
            logits = network(self.x, self.tokens, self.tokens.roll(1, 0))
        loss = negative_log_likelihood(logits.float(), self.tokens.roll(1, 0)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def sample(self) -> None:
        """Ten candidates for each of two hundred people."""
        x, own = self.x[:PEOPLE], self.tokens[:PEOPLE]
        generator = torch.Generator().manual_seed(0)
        chance = torch.rand(len(x), CANDIDATES, self.model.d, generator=generator)
        draw(self.model, x, own, self.allowed, chance, temperature=1.0)


def ratio(other: Callable[[], None], plain: Callable[[], None], repeats: int) -> float:
    """Seconds of one over the other: the median of pairs taken in turn, after one to warm up."""
    found = []
    for _ in range(repeats + 1):
        times = []
        for call in (other, plain):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        found.append(times[0] / times[1])
    return float(np.median(found[1:]))


def measure(table: str, repeats: int) -> dict:
    """The ratios for one table."""
    bench = Bench(table)

    def half() -> torch.autocast:
        return torch.autocast("cpu", dtype=torch.bfloat16)

    def plain() -> None:
        bench.train(bench.model, nullcontext)

    def with_fused(call: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with mock.patch.object(Attention, "forward", fused):
                call()

        return run

    return {
        "fused attention, training": ratio(with_fused(plain), plain, repeats),
        "fused attention, sampling": ratio(with_fused(bench.sample), bench.sample, repeats),
        "bfloat16, training": ratio(lambda: bench.train(bench.model, half), plain, repeats),
    }


def compiled(table: str, repeats: int) -> dict | None:
    """The ratio when the network is compiled, and the seconds that takes; ``None`` without a compiler."""
    if not (shutil.which("g++") or shutil.which("clang++")):
        return None
    bench = Bench(table)
    network = torch.compile(bench.model)
    # An empty cache, or a second run of this would only look its first one up.
    with (
        tempfile.TemporaryDirectory() as cache,
        mock.patch.dict(os.environ, TORCHINDUCTOR_CACHE_DIR=cache),
    ):
        start = time.perf_counter()
        bench.train(network, nullcontext)
        seconds = time.perf_counter() - start
    other = ratio(
        lambda: bench.train(network, nullcontext),
        lambda: bench.train(bench.model, nullcontext),
        repeats,
    )
    return {"training": other, "seconds_to_compile": seconds}


def main() -> None:
    """Measure every table, and write the file."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--repeats", type=int, default=20)
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()
    found = {table: measure(table, given.repeats) for table in tqdm(TABLES, desc="kernels")}
    record = {
        "command": "python -m benchmarks.kernels",
        "threads": threads(),
        "made_by": made_by("benchmarks.kernels"),
        "seconds_over_plain": found,
        "compiled": {TABLES[0]: compiled(TABLES[0], given.repeats)},
    }
    write(record, given.out)
    print(json.dumps({name: record[name] for name in ("seconds_over_plain", "compiled")}, indent=1))


if __name__ == "__main__":
    main()
