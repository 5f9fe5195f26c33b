"""The paper's second and third claim, tested: robust to λ, and faithful to the ideal distribution.

    python -m benchmarks.claims --jobs 2
    python -m benchmarks.claims --confirm 1 --jobs 2      # do old cells stand? one of each kind again

* ``fidelity``: on toys whose ideal recourse R*(x⁺ | x) is known, how far each method's answers are from
  it: total variation on a grid, and energy distance.
* ``cost weight``: Score and its parts over λ, for GenRe and for a search in a separately learned density.

A cell that is in ``results/claims.json`` already, made by the same code, is kept.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from torch import nn

import genre_lite as gl
from genre_lite.codec import Codec
from genre_lite.evaluation.ledger import mean_and_interval
from genre_lite.model import ModelConfig, RecourseTransformer
from genre_lite.objectives import cost, energy_distance, ideal_recourse, total_variation
from genre_lite.sampling import draw
from genre_lite.supervision import PairSampler
from genre_lite.training import TrainingConfig, fit

from .record import Record

RESULTS = Path(__file__).parent.parent / "results" / "claims.json"
SPOOL = Path(__file__).parent / ".claims"
COMMAND = "python -m benchmarks.claims"
TOYS = ("moons", "circles", "corr")
ROWS = (250, 1000, 4000, 16000)
TABLES = ("compas", "german")
COST_WEIGHTS = (0.5, 1, 2, 5, 10, 20)
COST_WEIGHT = 5.0
VOCABULARY = 128
STEPS = 300
PEOPLE = {"fidelity": 10, "cost weight": 200}
SIDE, FINE = 16, 20  # cells along each axis, midpoints along each axis of a cell
DRAWS = 10_000  # a person; as many from every method
CLOUD = 500  # points a person that the energy distance compares
CANDIDATES = 200  # a person; every method of the second part has as many to choose from

# -- fidelity: how near to R* -------------------------------------------------------------------


@cache
def truth(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Midpoints of a fine grid over a toy, the density p(x | y = 1) there, and validity."""
    toy = gl.load_dataset(name)
    points, _ = toy.grid(SIDE * FINE)
    return points, toy.density(points), toy.probability(points) > 0.5


class Task:
    """One toy table, what every method may know of it, and the truth about some denied people."""

    def __init__(self, name: str, n: int, seed: int) -> None:
        self.seed, self.rng = seed, np.random.default_rng(seed)
        self.toy = gl.load_dataset(name, n=-(-4 * n // 3), seed=seed)
        self.codec = Codec(self.toy.schema, size=VOCABULARY).fit(self.toy.X_train)
        cube = self.codec.cube(self.toy.X_train)
        valid = self.toy.probability(self.toy.X_train) > 0.5
        self.sources = cube[~valid]
        self.targets = cube[valid & (self.toy.y_train == 1).to_numpy()]
        others = gl.load_dataset(name, n=1000, seed=seed + 1000).X_train
        self.people = self.codec.cube(
            others[self.toy.probability(others) < 0.5].head(PEOPLE["fidelity"])
        )
        points, density, allowed = truth(name)
        self.fine = (points - self.codec.low) / self.codec.width
        self.ideal = ideal_recourse(
            density, allowed, cost(self.people[:, None], self.fine), COST_WEIGHT
        )
        self.ideal_cells = np.stack([self.histogram(self.fine, p) for p in self.ideal])

    def histogram(self, cube: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The share of weighted points, (points, 2), in each cell: (cells,)."""
        low, high = np.transpose(self.toy.world.box)
        place = (cube * self.codec.width + self.codec.low - low) / (high - low) * SIDE
        step = np.clip(np.floor(place).astype(int), 0, SIDE - 1)
        total = np.bincount(step[:, 0] * SIDE + step[:, 1], weights, minlength=SIDE**2)
        return total / total.sum()

    def valid(self, cube: np.ndarray) -> np.ndarray:
        """V(x⁺), known to every method."""
        return self.toy.probability(cube * self.codec.width + self.codec.low) > 0.5

    def continuous(self, tokens: np.ndarray) -> np.ndarray:
        """Tokens (points, 2) as points: each spread evenly over the values it stands for."""
        columns = []
        for j, grid in enumerate(self.codec.grid):
            middles = (grid[1:] + grid[:-1]) / 2
            low, high = np.r_[grid[0], middles], np.r_[middles, grid[-1]]
            columns.append(self.rng.uniform(low[tokens[:, j]], high[tokens[:, j]]))
        return np.stack(columns, axis=1)

    def distances(self, clouds: list[np.ndarray], weights: list[np.ndarray]) -> dict[str, float]:
        """Mean distances to R* over people, from each one's weighted points."""
        tv, energy = [], []
        for i, (cloud, weight) in enumerate(zip(clouds, weights, strict=True)):
            # A method without any valid answer is judged by what it gave.
            weight = weight * self.valid(cloud) if (weight * self.valid(cloud)).any() else weight
            tv.append(total_variation(self.histogram(cloud, weight), self.ideal_cells[i]))
            some = self.rng.choice(len(cloud), CLOUD, p=weight / weight.sum())
            exact = self.rng.choice(len(self.fine), CLOUD, p=self.ideal[i])
            energy.append(energy_distance(cloud[some], self.fine[exact]))
        return {"tv": float(np.mean(tv)), "energy": float(np.mean(energy))}


def transformer(task: Task, sources: np.ndarray, cost_weight: float) -> RecourseTransformer:
    """GenRe's network trained on pairs of the sources with the task's targets."""
    codec = task.codec
    model = RecourseTransformer.over(codec, ModelConfig(), seed=task.seed)
    model.start_at(codec.frequency(task.targets), cost_weight)
    pairs = PairSampler(codec, sources, task.targets, cost_weight)
    fit(model, codec, pairs, TrainingConfig(steps=STEPS), seed=task.seed, progress=False)
    return model


def sampled(task: Task, model: RecourseTransformer, people: np.ndarray, k: int) -> np.ndarray:
    """k tokens of each person from the network, (people, k, 2)."""
    own = task.codec.tokens(people)
    # Toys have no terms: whatever is in the vocabulary may be written.
    allowed = model.exists.expand(len(people), -1, -1)
    generator = torch.Generator().manual_seed(task.seed)
    chance = torch.rand(len(people), k, model.d, generator=generator, dtype=torch.float64)
    x = torch.as_tensor(people, dtype=torch.float32)
    return draw(model, x, torch.as_tensor(own), allowed, chance, temperature=1.0)[0].numpy()


def genre(task: Task) -> dict[str, float]:
    """R_θ(x⁺ | x), sampled forward."""
    model = transformer(task, task.sources, COST_WEIGHT)
    clouds = [task.continuous(t) for t in sampled(task, model, task.people, DRAWS)]
    return task.distances(clouds, [np.ones(DRAWS)] * len(clouds))


def density_reweighted(task: Task) -> dict[str, float]:
    """The same network taught p(x⁺ | y = 1) alone, its draws reweighted by exp(−λC)."""
    nobody = np.zeros((1, 2))
    model = transformer(task, nobody, 0.0)
    cloud = task.continuous(sampled(task, model, nobody, DRAWS)[0])
    weights = np.exp(-COST_WEIGHT * cost(task.people[:, None], cloud))
    return task.distances([cloud] * len(weights), list(weights))


class Autoencoder(nn.Module):
    """A variational autoencoder of points in the plane."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        shape = (nn.Linear(2, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.encoder = nn.Sequential(*shape, nn.Linear(width, 4))
        shape = (nn.Linear(2, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.decoder = nn.Sequential(*shape, nn.Linear(width, 2))
        self.log_noise = nn.Parameter(torch.tensor(-2.0))

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """A draw of q(z | x), its mean and its log standard deviation."""
        mean, log_std = self.encoder(x).chunk(2, dim=-1)
        return mean + log_std.exp() * torch.randn_like(mean), mean, log_std

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """The negative evidence bound, in nats a point and up to a constant."""
        z, mean, log_std = self.encode(x)
        error = ((x - self.decoder(z)) / self.log_noise.exp()).square() / 2 + self.log_noise
        surplus = (mean.square() + (2 * log_std).exp() - 1) / 2 - log_std
        return (error + surplus).sum(dim=1).mean()


def latent_search(task: Task, restarts: int = 300, steps: int = 100) -> dict[str, float]:
    """Gradient descent in an autoencoder's latent space, as REVISE does, from q(z | x).

    It descends −log h(x⁺) + λ C(x, x⁺) + ‖z‖² / 2, the negative log of R* in latent terms; the
    autoencoder knows the targets, so it can propose nothing else.
    """
    epochs = max(2, 100_000 // len(task.toy.X_train))
    h = gl.train_classifier(task.toy, epochs=epochs, seed=task.seed, progress=False)
    x = torch.as_tensor(task.targets, dtype=torch.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(task.seed)
        model = Autoencoder()
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        for _ in range(4 * STEPS):
            optimizer.zero_grad()
            model.loss(x[torch.randint(len(x), (256,))]).backward()
            optimizer.step()
        people = torch.as_tensor(task.people, dtype=torch.float32).repeat_interleave(restarts, 0)
        z = model.encode(people)[0].detach().requires_grad_()
        optimizer = torch.optim.Adam([z], lr=0.05)
        low, width = (
            torch.as_tensor(v, dtype=torch.float32) for v in (task.codec.low, task.codec.width)
        )
        scale = [torch.as_tensor(v, dtype=torch.float32) for v in (h.codec.low, h.codec.width)]
        for _ in range(steps):
            optimizer.zero_grad()
            after = model.decoder(z)
            logit = h.logit((after * width + low - scale[0]) / scale[1])
            price = (after - people).abs().sum(dim=1)
            prior = z.square().sum(dim=1) / 2
            (nn.functional.softplus(-logit) + COST_WEIGHT * price + prior).sum().backward()
            optimizer.step()
    clouds = model.decoder(z).detach().double().numpy().reshape(len(task.people), restarts, 2)
    return task.distances(list(clouds), [np.ones(restarts)] * len(clouds))


def pairs_alone(task: Task) -> dict[str, float]:
    """Q itself: the targets, weighted, and no network."""
    weights = PairSampler(task.codec, task.people, task.targets, COST_WEIGHT).weights(
        np.arange(len(task.people))
    )
    return task.distances([task.targets] * len(weights), list(weights.astype(float)))


def exact_draws(task: Task) -> dict[str, float]:
    """Draws of R* itself: what distance is due to the number of draws."""
    clouds = [task.fine[task.rng.choice(len(task.fine), DRAWS, p=p)] for p in task.ideal]
    return task.distances(clouds, [np.ones(DRAWS)] * len(clouds))


METHODS = {
    "GenRe": genre,
    "density, reweighted": density_reweighted,
    "latent search": latent_search,
    "Q, no network": pairs_alone,
    "exact draws": exact_draws,
}
# The first two are the paper's kind of rival; against the third, the network has to earn its keep.
RIVALS = ("density, reweighted", "latent search", "Q, no network")


def fidelity(toy: str, n: int, seed: int) -> dict:
    """One cell: each method's distances to R*, and its seconds."""
    task, result = Task(toy, n, seed), {}
    for name, method in METHODS.items():
        start = time.perf_counter()
        result[name] = method(task)
        result[name]["seconds"] = time.perf_counter() - start
    return result


# -- cost weight: how robust to λ ---------------------------------------------------------------


def search(drawn: gl.Recourses, cost_weight: float) -> gl.Recourses:
    """Of each person's candidates that h accepts, the one of the greatest log p(x⁺) − λ C(x, x⁺)."""
    worth = (drawn.log_prob - cost_weight * drawn.cost).where(drawn.probability > 0.5, -np.inf)
    best = worth.groupby(level=0, sort=False).idxmax()
    found = (worth.loc[best] > -np.inf).to_numpy()
    index = drawn.frame.index[drawn.frame.index.get_level_values(1) == 0]

    def first(part: pd.Series | pd.DataFrame) -> pd.Series | pd.DataFrame:
        return part.loc[best].set_axis(index)[found].reindex(index)

    return replace(
        drawn,
        frame=first(drawn.frame),
        cost=first(drawn.cost),
        probability=first(drawn.probability),
        log_prob=first(drawn.log_prob),
    )


def cost_weights(table: str, seed: int) -> dict:
    """One cell: the metrics of each method at each λ, in the paper's protocol."""
    bank = gl.load_dataset(table)
    gold = gl.gold_world(bank, seed=seed, progress=False)
    h = gl.train_classifier(gold.bank, seed=seed, progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
    denied = denied.sample(min(PEOPLE["cost weight"], len(denied)), random_state=seed)

    def learn(cost_weight: float) -> gl.GenRe:
        model = gl.GenRe(h, bank.schema, cost_weight=cost_weight, seed=seed, progress=False)
        with warnings.catch_warnings():  # on German some rows reach nobody; known, and no news here
            warnings.simplefilter("ignore", UserWarning)
            return model.fit(gold.bank.X_train, gold.bank.y_train)

    start = time.perf_counter()
    density = learn(0.0)
    drawn = density.sample(denied, n=CANDIDATES)
    # λ plays no part in this one.
    without = density.recommend(denied, candidates=CANDIDATES)
    result = {}
    for cost_weight in COST_WEIGHTS:
        model = learn(cost_weight)
        answers = {
            "GenRe": model.recommend(denied, candidates=CANDIDATES),
            "GenRe, likeliest": model.recommend(denied, candidates=CANDIDATES, rule="likeliest"),
            "likelihood search": search(drawn, cost_weight),
            "density, GenRe's choice": without,
        }
        metrics = gl.evaluate(answers, denied, judge=gold)
        result[str(cost_weight)] = metrics[list(PARTS)].to_dict("index")
    return {"metrics": result, "seconds": time.perf_counter() - start}


PARTS = ("score", "cost", "validity", "plausibility", "coverage")

# -- what the cells say -------------------------------------------------------------------------


def by_toy_and_seed(cells: Mapping[str, dict], rival: str, what: str) -> pd.Series:
    """By how much a rival is farther from the ideal than GenRe, mean over the sizes of a toy and a seed.

    The sizes share their seed's luck, so only toys and seeds count as worlds.
    """
    gaps: dict[tuple[str, int], list[float]] = {}
    for key, cell in cells.items():
        part, toy, *_, seed = key.split("/")
        if part == "fidelity":
            gaps.setdefault((toy, int(seed)), []).append(cell[rival][what] - cell["GenRe"][what])
    return pd.Series({key: sum(of) / len(of) for key, of in gaps.items()}).sort_index()


def fidelity_summary(cells: Mapping[str, dict]) -> dict:
    """Distances by toy, n and method; and GenRe's lead over each rival, paired by toy and seed."""
    runs = {tuple(k.split("/")[1:]): c for k, c in cells.items() if k.startswith("fidelity/")}
    if not runs:
        return {}
    curves = {
        toy: {
            n: {
                name: {
                    what: mean_and_interval(
                        [run[name][what] for (t, m, _), run in runs.items() if (t, m) == (toy, n)]
                    )
                    for what in ("tv", "energy")
                }
                for name in METHODS
            }
            for n in sorted({m for t, m, _ in runs if t == toy}, key=int)
        }
        for toy in sorted({t for t, _, _ in runs})
    }
    lead = {}
    for rival in RIVALS:
        for what in ("tv", "energy"):
            gaps = by_toy_and_seed(cells, rival, what)
            lead[f"{rival}, {what}"] = mean_and_interval(gaps.tolist()) | {
                toy: mean_and_interval(gaps[toy].tolist()) for toy in curves
            }
    return {"curves": curves, "lead": lead, "holds": holds(lead)}


def cost_weight_summary(cells: Mapping[str, dict]) -> dict:
    """Metrics by table, λ and method; how far Score moves over λ, and the difference, paired."""
    runs = {
        tuple(k.split("/")[1:]): c["metrics"]
        for k, c in cells.items()
        if k.startswith("cost weight/")
    }
    if not runs:
        return {}
    names = list(next(iter(runs.values()))[str(COST_WEIGHTS[0])])
    of, spread = {}, {}
    for table in sorted({t for t, _ in runs}):
        mine = [run for (t, _), run in sorted(runs.items()) if t == table]
        of[table] = {
            str(weight): {
                name: {
                    part: mean_and_interval([run[str(weight)][name][part] for run in mine])
                    for part in PARTS
                }
                for name in names
            }
            for weight in COST_WEIGHTS
        }
        moves = {
            name: np.array([np.ptp([at[name]["score"] for at in run.values()]) for run in mine])
            for name in names
        }
        spread[table] = {name: mean_and_interval(move) for name, move in moves.items()}
        for own in ("GenRe", "GenRe, likeliest"):
            gap = moves["likelihood search"] - moves[own]
            spread[table][f"likelihood search - {own}"] = mean_and_interval(gap)
    return {
        "metrics": of,
        "spread": spread,
        "holds": {
            own: holds({t: s[f"likelihood search - {own}"] for t, s in spread.items()})
            for own in ("GenRe", "GenRe, likeliest")
        },
    }


def holds(differences: dict[str, dict]) -> dict[str, bool]:
    """Which differences are above zero with their whole 95 % interval."""
    return {name: bool(d["mean"] - d["half_width"] > 0) for name, d in differences.items()}


def cell(key: str) -> dict:
    """Run the cell of a name, such as ``fidelity/moons/250/0`` or ``cost weight/german/0``."""
    part, what, *numbers = key.split("/")
    run = {"fidelity": fidelity, "cost weight": cost_weights}[part]
    return run(what, *map(int, numbers))


def work(key: str, out: Path) -> int:
    """What a process does: one cell, left in the spool as it ends."""
    Record(out, COMMAND, spool=SPOOL).leave(key, cell(key))
    return 1


def summary(cells: Mapping[str, dict]) -> dict:
    """Both parts."""
    return {"fidelity": fidelity_summary(cells), "cost_weights": cost_weight_summary(cells)}


def main() -> None:
    """Run the cells that are missing, and write the file after each."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--parts", nargs="+", choices=tuple(PEOPLE), default=tuple(PEOPLE))
    asked.add_argument("--rows", nargs="+", type=int, choices=ROWS, default=ROWS)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--confirm", type=int, help="make so many old cells of each kind again")
    asked.add_argument("--out", type=Path, default=RESULTS)
    given = asked.parse_args()

    record = Record(given.out, COMMAND, spool=SPOOL)
    seeds = range(given.seeds)
    every = {
        "fidelity": [f"fidelity/{t}/{n}/{s}" for s in seeds for n in given.rows for t in TOYS],
        "cost weight": [f"cost weight/{t}/{s}" for s in seeds for t in TABLES],
    }
    # The long cells first, so that no job is left alone at the end.
    wanted = [key for part in reversed(every) if part in given.parts for key in every[part]]
    # Named by its module, which a process can import; this file runs as __main__.
    todo = import_module("benchmarks.claims").work
    about = {"cost_weight": COST_WEIGHT, "steps": STEPS, "candidates": CANDIDATES, "people": PEOPLE}
    if given.confirm is not None:

        def task(keys: list[str]) -> object:
            return joblib.delayed(todo)(keys[0], given.out)

        record.sample(wanted, given.confirm, task, given.jobs, summary, **about)
        return
    missing = record.missing(wanted)
    tasks = (joblib.delayed(todo)(key, given.out) for key in missing)
    record.fill(tasks, len(missing), given.jobs, summary, **about)


if __name__ == "__main__":
    main()
