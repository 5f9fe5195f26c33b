"""Every exercise, answered once more without its reference solution: by hand, by brute force, by scipy
or by the package's own functions. Where many answers are right, the reference has to keep what was asked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import optimize, special, stats

import genre_lite as gl
from genre_lite.baselines.autoencoder import VAE, LabelledVAE
from genre_lite.baselines.probe import invalidation_rate
from genre_lite.evaluation.metrics import score
from genre_lite.evaluation.robustness import invalidation_retrained, retrained
from genre_lite.exercises import chapter_04, chapter_11, chapter_12, check, exercises
from genre_lite.model import RecourseTransformer
from genre_lite.objectives import (
    deviation_constant,
    effective_sample_size,
    ideal_recourse,
    total_variation,
)
from genre_lite.supervision import PairSampler, on_vocabulary

EVERY = exercises()
FOUND: dict[str, Callable] = {}  # another way to the answer
KEPT: dict[str, Callable] = {}  # what the reference must keep, where many answers are right


def another(key):
    return lambda function: FOUND.setdefault(key, function)


def must_keep(key):
    return lambda function: KEPT.setdefault(key, function)


@pytest.fixture(autouse=True)
def _own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_LITE_PROGRESS", str(tmp_path / "solved.json"))


def test_no_exercise_is_left_out():
    assert {*FOUND, *KEPT} == {*EVERY}


@pytest.mark.parametrize("key", EVERY)
def test_the_answer_can_be_found_another_way(key):
    if key in FOUND:
        verdict = check(key, FOUND[key]())
        assert verdict.right, verdict
    if key in KEPT:
        KEPT[key](EVERY[key].solution())


# -- 1: denied, what now? ---------------------------------------------------------------------------


@another("1.1")
def _():
    """1 and 5 look back, 2 and 4 say what the model would say, 3 and 6 what life would do."""
    kinds = {"explanation": (1, 5), "recourse": (2, 4), "causal advice": (3, 6)}
    return {letter: kind for kind, letters in kinds.items() for letter in letters}


@another("1.2")
def _():
    """Points: A 1 + 3/4 − 2 < 0; B 1 + 1 − 3/2 > 0; C is fewer years in the job; D 1/2 + 5/4 − 5/4 > 0."""
    return {"A": "denied", "C": "forbidden"}


@cache
def moons(near=(0.0, 1.0)):
    """20,000 points over the ranges of the toy, judged for whoever is nearest to a point; and the judge."""
    toy = gl.load_dataset("moons")
    h = gl.train_classifier(toy, seed=0, progress=False)
    codec = gl.Codec(toy.schema).fit(toy.X_train)
    upper = (toy.X_test["x1"] - near[0]).abs() + (toy.X_test["x2"] - near[1]).abs()
    applicant = toy.X_test.loc[[upper.idxmin()]]
    line = np.quantile(toy.density(toy.X_train[toy.y_train == 1]), 0.01)

    def look(cube):
        points = pd.DataFrame(codec.units(cube), columns=["x1", "x2"])
        return points.assign(
            cost=gl.cost(codec.cube(applicant), cube, codec.nominal),
            h=h.predict_proba(points)[:, 1],
            density=toy.density(points),
            usual=toy.density(points) > line,
        )

    def at(answer):
        point = pd.DataFrame([np.ravel(answer)], columns=["x1", "x2"])
        return look(codec.cube(point)).iloc[0]

    return look(np.random.default_rng(0).uniform(-0.3, 1.3, (20_000, 2))), at


def moons_applicant():
    """Of the test part, the one nearest to (0, 1)."""
    people = gl.load_dataset("moons").X_test.to_numpy()
    return people[np.abs(people - [0, 1]).sum(axis=1).argmin()]


def cheapest(points):
    best = points.loc[points["cost"].idxmin()]
    return (best["x1"], best["x2"]), best["cost"]


@another("1.3")
def _():
    """Straight down, by halving; the other feature alone, and both together, cost more."""
    _, at = moons()
    (x1, x2), (_, down) = moons_applicant(), (0, -0.5)
    line = optimize.brentq(lambda y: at((x1, y))["h"] - 0.5, down, x2)
    return (x1, line - 0.001)


@must_keep("1.3")
def _(reference):
    points, at = moons()
    assert at(reference)["h"] > 0.5
    assert at(reference)["cost"] < cheapest(points[points["h"] > 0.5])[1] + 0.01


FAR_END = (-0.9, 0.5)


@another("1.4")
def _():
    points, _ = moons(FAR_END)
    return cheapest(points[(points["h"] >= 0.7) & points["usual"]])[0]


@must_keep("1.4")
def _(reference):
    points, at = moons(FAR_END)
    sure = points[points["h"] >= 0.7]
    assert not sure.loc[sure["cost"].idxmin(), "usual"], "plausibility binds"
    there = at(reference)
    assert there["h"] >= 0.7
    assert there["usual"]
    least = cheapest(points[(points["h"] >= 0.7) & points["usual"]])[1]
    assert there["cost"] < least + 0.01


# -- 2: three objectives ----------------------------------------------------------------------------


@another("2.1")
def _():
    skills, homes = ("none", "basic", "trained", "master"), ("free", "rented", "owned")
    schema = gl.Schema(
        [
            gl.Feature("savings"),
            gl.Feature("age"),
            gl.Feature("skill", "ordinal", skills),
            gl.Feature("housing", "nominal", homes),
        ]
    )
    rows = [(1000, 20, "none", "free"), (6000, 70, "master", "owned")]
    rows += [(1500, 30, "basic", "rented"), (2500, 30, "master", "owned")]
    frame = pd.DataFrame(rows, columns=schema.names)
    codec = gl.Codec(schema).fit(frame)
    dora, letter = codec.cube(frame)[2:]
    return gl.cost(dora, letter, codec.nominal)


@another("2.2")
def _():
    return lambda probability, margin: (
        len([p for p in probability if p > margin]) / len(probability)
    )


@another("2.3")
def _():
    names, costs = list("ABCDE"), np.array([0.1, 0.3, 0.6, 0.2, 1.0])
    valid = np.array([0.4, 0.6, 0.8, 0.9, 0.99]) > 0.5
    density = np.array([0.50, 0.05, 0.60, 0.0, 0.30]) / 1.45

    def ideal(weight):
        return ideal_recourse(density, valid, costs, weight)

    never = np.max([ideal(weight) for weight in (0, 1, 10, 1000)], axis=0) == 0
    return {
        "at 0": names[ideal(0).argmax()],
        "at 1000": names[ideal(1000).argmax()],
        "never": {name for name, none in zip(names, never, strict=True) if none},
        "equal at": optimize.brentq(lambda weight: np.subtract(*ideal(weight)[1:3]), 1, 20),
    }


@another("2.4")
def _():
    """What a leaflet tells is struck out, and what its method takes care of; one number is left."""
    every = {"coverage", "cost", "validity (h)", "validity (gold)", "plausibility", "violations"}
    told = {
        1: {"cost", "validity (gold)", "plausibility", "violations"},
        2: {"cost", "coverage", "validity (gold)", "plausibility"},
        3: {"cost", "coverage", "plausibility", "validity (h)"},
        4: {"coverage", "cost", "violations", "validity (gold)"},
    }
    cares_for = {1: "validity (h)", 2: "validity (h)", 3: "violations", 4: "validity (h)"}
    left = {leaflet: every - known - {cares_for[leaflet]} for leaflet, known in told.items()}
    return {leaflet: one for leaflet, (one,) in left.items()}


def games(cost, h, usual):
    return (
        (cost["cost"] <= 0.05) & (cost["h"] <= 0.5) & ~cost["usual"],
        (h["h"] >= 0.99) & (h["cost"] >= 1) & ~h["usual"],
        (usual["density"] >= 0.5) & (usual["h"] <= 0.5),
    )


@another("2.5")
def _():
    points, _ = moons()
    won = games(points, points, points)
    return {
        name: tuple(points.loc[good.idxmax(), ["x1", "x2"]])
        for name, good in zip(("cost", "h", "plausibility"), won, strict=True)
    }


@must_keep("2.5")
def _(reference):
    _, at = moons()
    assert all(games(*(at(reference[name]) for name in ("cost", "h", "plausibility"))))


# -- 3: searching in feature space --------------------------------------------------------------------


def wachters_loss(x, start, w, b, cost_weight):
    return np.logaddexp(0, -(x @ w + b)) + cost_weight * np.abs(x - start).sum(axis=-1)


@another("3.1")
def _():
    """The loss along the heaviest feature, on a fine grid."""
    moves, home = np.linspace(0, 4, 400_001)[:, None], np.log(0.1 / 0.9)
    answer = {}
    for cost_weight in (0.01, 1.0, 3.0, 3.8):
        loss = wachters_loss(moves, np.zeros(1), np.array([4.0]), home, cost_weight)
        best = moves[loss.argmin(), 0]
        moved = "accepted" if home + 4 * best > 0 else "moves, denied"
        answer[cost_weight] = moved if best > 0 else "stays"
    return answer


@must_keep("3.2")
def _(optimum):
    """No move of any size, of one feature or of all, makes the loss less."""
    rng = np.random.default_rng(0)
    for x, w, b, cost_weight in [
        *EVERY["3.2"].probes,
        *((rng.random(3), rng.normal(0, 4, 3), rng.normal(), c) for c in (0.1, 1.0, 2.5, 9.0)),
    ]:
        start, w = np.array(x), np.array(w)
        best = optimum(x, w, b, cost_weight)
        least = wachters_loss(best, start, w, b, cost_weight)
        for size in (1e-3, 0.05, 1.0):
            moves = size * rng.standard_normal((3000, len(start)))
            moves[:2000] *= rng.random((2000, len(start))) < 0.4
            assert (wachters_loss(best + moves, start, w, b, cost_weight) >= least - 1e-12).all()
        assert np.flatnonzero(best != start).tolist() in ([], [np.abs(w).argmax()])
        assert best == pytest.approx(where_the_walk_ends(start, w, b, cost_weight), abs=1e-4)


def where_the_walk_ends(start, w, b, cost_weight):
    """Searched for along the heaviest feature, the only one that is worth its price."""
    heaviest = np.eye(len(w))[np.abs(w).argmax()]
    return (
        start
        + heaviest
        * optimize.minimize_scalar(
            lambda t: wachters_loss(start + t * heaviest, start, w, b, cost_weight),
            bounds=(-5, 5),
            method="bounded",
            options={"xatol": 1e-9},
        ).x
    )


@another("3.3")
def _():
    def shell(x, g, u, low, high):
        points = []
        for direction, share in zip(g, u, strict=True):
            length = math.sqrt(sum(d * d for d in direction))
            radius = (1 - share) * low + share * high
            points.append([a + d / length * radius for a, d in zip(x, direction, strict=True)])
        return np.array(points)

    return shell


@another("3.4")
def _():
    kernels = [np.array([[1, 1 / (1 + far)], [1 / (1 + far), 1]]) for far in (0, 1, 3)]
    values = [np.linalg.det(kernel) for kernel in kernels]
    return {
        "determinants": values,
        "the port's favourite": ("first", "second", "third")[int(np.argmin(values))],
    }


@must_keep("3.5")
def _(reference):
    toy = gl.load_dataset("moons", n=600)
    h = gl.train_classifier(toy, seed=0, progress=False)
    starts = pd.DataFrame(reference.values(), columns=["x1", "x2"], index=[*reference])
    assert (starts.diff().abs().iloc[1] <= 0.1).all()
    assert starts["x1"].between(-1, 2).all()
    assert starts["x2"].between(-1, 1).all()
    assert (h.predict_proba(starts)[:, 1] <= 0.5).all()
    wachter = gl.baselines.Wachter(h, toy.schema, progress=False).fit(toy.X_train, toy.y_train)
    good = toy.density(toy.X_train[toy.y_train == 1])
    for name, alone in (("among people", False), ("nobody there", True)):
        end = wachter.recommend(starts.loc[[name]]).best()  # each asks by themselves
        assert h.predict_proba(end)[0, 1] > 0.5
        assert ((good < toy.density(end)[0]).mean() < 0.01) == alone


# -- 4: searching in latent space ---------------------------------------------------------------------


@another("4.1")
def _():
    table = np.array([0.0] * 9 + [1.0])
    return optimize.minimize_scalar(lambda o: ((table - o) ** 2).mean()).x


@another("4.2")
def _():
    q = torch.distributions.Normal(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.25]))
    p = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    return torch.distributions.kl_divergence(q, p).sum().item()


@another("4.3")
def _():
    """The same quantile of another normal distribution."""
    return lambda mean, log_deviation, noise: stats.norm.ppf(
        stats.norm.cdf(noise), loc=mean, scale=np.exp(log_deviation)
    )


@another("4.4")
def _():
    """Asked of the three methods themselves, but for (e): what comes out of a decoder bears its faults."""
    from sklearn.ensemble import RandomForestClassifier

    bank = gl.load_dataset("moons", n=200)
    forest = RandomForestClassifier(5, random_state=0).fit(bank.X_train, bank.y_train)
    h = gl.train_classifier(bank, epochs=300, progress=False)
    names = {"C-CHVAE": "CCHVAE", "REVISE": "REVISE", "CRUDS": "CRUDS"}

    def fitted(name, h):
        kind = getattr(gl.baselines, names[name])
        return kind(h, bank.schema, training_steps=1, progress=False).fit(bank.X_train)

    def bears_a_forest(name):
        try:
            fitted(name, forest)
        except gl.NotDifferentiableError:
            return False
        return True

    methods = {name: fitted(name, h) for name in names}
    assert all(isinstance(method.vae_, VAE) for method in methods.values())

    def only(holds):
        who = [name for name in names if holds(name)]
        return "all" if len(who) == 3 else ", ".join(who)

    start = torch.zeros(1, 2).double()
    return {
        "a": only(bears_a_forest),
        "b": only(lambda name: hasattr(methods[name].vae_.likelihood, "given")),
        "c": only(lambda name: isinstance(methods[name].vae_, LabelledVAE)),
        "d": only(
            lambda name: (
                hasattr(methods[name], "cost_weight")
                and methods[name]._distance(Sums(start), start[None] + 3).item() == 6
            )
        ),
        "e": "all",
    }


class Sums:
    """A person whose cost is the sum of the moves."""

    def __init__(self, start):
        self.start = start

    def cost(self, points):
        return (points - self.start).abs().sum(dim=-1)


@cache
def between():
    """For pairs of labels: the ends as the decoder tells them, and the middles of their codes."""
    toy, (vae, codec) = gl.load_dataset("circles"), chapter_04.ring_decoder()
    rarest = np.sort(toy.density(toy.X_train[toy.y_train == 1]))[: len(toy.X_train) // 100]
    codes = pd.DataFrame(vae.encode(torch.as_tensor(codec.cube(toy.X_train))), toy.X_train.index)

    def told(z):
        z = torch.as_tensor(np.array(z), dtype=torch.float32)
        return codec.units(vae.decode(z, torch.zeros_like(z)).numpy())

    def look(pairs):
        one, other = (codes.loc[labels].to_numpy() for labels in np.transpose(pairs))
        ends = [np.array(toy.density(told(z))) > np.median(rarest) for z in (one, other)]
        middle = told((one + other) / 2)
        accepted = np.array(toy.probability(middle)) > 0.5
        return ends[0] & ends[1] & accepted, np.array(toy.density(middle)), rarest

    return look


@another("4.5")
def _():
    """Of all pairs of a hundred people, the one whose middle is rarest."""
    toy = gl.load_dataset("circles")
    inner = toy.X_train.index[toy.y_train == 1][:100]
    pairs = np.array([*itertools.combinations(inner, 2)])
    fine, density, _ = between()(pairs)
    # Both ends well clear of the line, so that no rounding of it decides.
    clear = [not chapter_04.rare(chapter_04.half_way(p, p))[0] for p in inner]
    sure = dict(zip(inner, clear, strict=True))
    both = np.array([sure[one] and sure[other] for one, other in pairs])
    return tuple(pairs[np.where(fine & both, density, np.inf).argmin()])


@must_keep("4.5")
def _(reference):
    toy = gl.load_dataset("circles")
    assert (toy.y_train.loc[[*reference]] == 1).all()
    fine, density, _ = between()([reference])
    assert fine[0]
    good = toy.density(toy.X_train[toy.y_train == 1])
    assert (good < density[0]).mean() < 0.01


# -- 5: robust recourse -------------------------------------------------------------------------------


@another("5.1")
def _():
    """Turned, and measured."""
    bank = gl.load_dataset("moons", n=400)
    h = gl.train_classifier(bank, epochs=100, progress=False)
    others = retrained(bank, range(5), epochs=100, progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5].head(20)
    measured = {}
    for margin in (0.5, 0.9):
        wachter = gl.baselines.Wachter(h, bank.schema, validity_margin=margin, progress=False)
        answer = wachter.fit(bank.X_train).recommend(denied)
        points = torch.as_tensor(h.codec.design(h.codec.cube(answer.best())))
        logit, slope = gl.baselines.gradient_search.LogOdds(h, h.codec).logit_and_gradient(points)
        measured[margin] = {
            "mean cost": answer.cost.mean(),
            "share that h accepts": answer.found.mean(),
            "share denied by a retrained bank": invalidation_retrained(
                others, answer.best()
            ).mean(),
            "PROBE's rate at the answer": invalidation_rate(logit, slope, 0.1).mean().item(),
        }
    before, after = measured.values()
    way = {-1: "falls", 0: "stays", 1: "rises"}
    return {key: way[int(np.sign(after[key] - before[key]))] for key in before}


@another("5.2")
def _():
    def rate(logit):
        slope = torch.tensor([3.0, 4.0]).double()
        return invalidation_rate(torch.tensor(logit).double(), slope, 0.1).item()

    asked = optimize.brentq(lambda logit: rate(logit) - 0.05, 0, 5)
    return {"rate": rate(1.2), "gamma": special.expit(asked)}


@another("5.3")
def _():
    """The worst of all corners of the box, and where it is undecided."""

    def greatest_shift(x, w, b):
        model, form = np.append(w, b), np.append(x, 1)
        corners = np.array(list(itertools.product([-1, 1], repeat=len(model))))
        return optimize.brentq(lambda d: ((model + d * corners) @ form).min(), 0, 10)

    return greatest_shift


def lost(point):
    """Exactly: the squared distance from the middle is a noncentral χ² with two degrees of freedom."""
    from_the_middle = np.hypot(point[0] - 0.5, point[1] - 0.5)
    return 1 - stats.ncx2.cdf((0.2 / 0.1) ** 2, 2, (from_the_middle / 0.1) ** 2)


@another("5.4")
def _():
    assert lost((0.5, 0.699)) > 0.52
    return (0.5, 0.699)


@must_keep("5.4")
def _(reference):
    assert np.hypot(reference[0] - 0.5, reference[1] - 0.5) < 0.2
    assert lost(reference) > 0.52


@another("5.5")
def _():
    """A: 0.05, −0.56, 0.495, −0.37, −0.43. B: 1.4, 0.34, 0.78, 0.56, 0.74. C: 0.5, −0.08, 1.46, 0.24, −0.04."""
    return {"A": 2, "B": 5, "C": 3, "send": "B"}


# -- 6: just copy a neighbour? ------------------------------------------------------------------------


@another("6.1")
def _():
    """Points of the grafts: A 3/2 + 1 − 3/2 > 0; B 1/2 + 1 − 2 < 0; C 2 + 1 − 9/4 > 0; D 4 + 1 − 5/2 > 0."""
    rows = {"A": (1500, 2, 3000), "C": (2000, 2, 4500), "D": (4000, 2, 5000)}
    names = ["savings", "job", "amount"]
    ends = pd.DataFrame([(0, 0, 1000), (5000, 10, 6000)], columns=names)
    codec = gl.Codec(gl.Schema.infer(ends)).fit(ends)
    asks, grafts = (pd.DataFrame(of, columns=names) for of in ([(500, 2, 5000)], [*rows.values()]))
    price = gl.cost(codec.cube(asks), codec.cube(grafts), codec.nominal)
    assert price == pytest.approx([3 / 5, 2 / 5, 7 / 10])
    return {"copied whole": "D", "graft denied": "B", "graft sent": [*rows][price.argmin()]}


@another("6.2")
def _():
    """By the formula itself, whose constants cancel."""

    def distance(rows, d=12):
        return math.gamma(1 + 1 / d) * (math.factorial(d) / rows) ** (1 / d) / 2

    halved = optimize.brentq(lambda log: distance(np.exp(log)) - distance(1) / 2, 0, 20)
    return {"left": distance(2000) / distance(1000), "times": np.exp(halved)}


@another("6.3")
def _():
    """The package's own neighbour."""

    def nearest(person, rows, immutable):
        if not len(rows):
            return -1
        names = [f"x{j}" for j in range(len(person))]
        ends = pd.DataFrame([np.zeros(len(person)), np.ones(len(person))], columns=names)
        fixed = [name for name, stays in zip(names, immutable, strict=True) if stays]
        codec = gl.Codec(gl.Schema.infer(ends, immutable=fixed)).fit(ends)
        pairs = PairSampler(codec, person[None], rows, 1.0)
        return int(pairs.nearest_targets(1)[0][0, 0]) if pairs.reachable[0] else -1

    return nearest


def reach():
    """Who can become whom, feature by feature: the schema is asked about every form there is."""
    accepted = pd.DataFrame(
        {
            "age": [25, 31, 44, 52, 29, 38],
            "sex": list("fffmmm"),
            "amount": [1000, 2000, 4000, 3500, 1500, 2500],
        }
    )
    schema = gl.Schema.infer(accepted, immutable=["sex"], increasing=["age"], decreasing=["amount"])

    def forbidden(person):
        before = pd.DataFrame([person] * len(accepted))[schema.names]
        return schema.violations(before, accepted).to_numpy()

    return forbidden


def alone_but_not_extreme(person):
    forbidden = reach()(person)
    return forbidden.any(axis=1).all() and (~forbidden).any(axis=0).all()


@another("6.4")
def _():
    forms = itertools.product(range(52, 20, -1), "mf", range(3500, 900, -250))
    people = ({"age": a, "sex": s, "amount": m} for a, s, m in forms)
    return next(person for person in people if alone_but_not_extreme(person))


@must_keep("6.4")
def _(reference):
    assert alone_but_not_extreme(reference)


@another("6.5")
def _():
    """One real person's row can be put together in all but (c) and (e), where ten people have it."""
    return {letter: "no" if letter in "ce" else "yes" for letter in "abcde"}


# -- 7: supervision from nowhere ----------------------------------------------------------------------


@another("7.1")
def _():
    """By the package, from nineteen rows of ten people."""
    person = np.array([*range(10), *[0, 1, 2] * 3])
    weights = np.full((1, 19), 1 / 19)
    by_people = on_vocabulary(weights, person, 10)
    return {
        "by rows": effective_sample_size(weights)[0],
        "by people": effective_sample_size(by_people)[0],
    }


@another("7.2")
def _():
    denied = pd.DataFrame(
        {"age": [25, 41, 33, 58], "job": ["clerk", "smith", "smith", "clerk"]},
        index=["Ada", "Ben", "Cem", "Dora"],
    )
    accepted = pd.DataFrame({"age": [60, 39, 30], "job": ["clerk", "smith", "clerk"]})
    both = pd.concat([denied, accepted])
    codec = gl.Codec(gl.Schema.infer(both, immutable=["job"], increasing=["age"])).fit(both)
    pairs = PairSampler(codec, codec.cube(denied), codec.cube(accepted), 5.0)
    (orphan,) = denied.index[~np.asarray(pairs.reachable)]
    return orphan


@another("7.3")
def _():
    def pair_weights(costs, allowed, cost_weight):
        rows = []
        for cost, may in zip(costs, allowed, strict=True):
            row = np.zeros(len(cost))
            if may.any():
                row[may] = special.softmax(-cost_weight * cost[may])
            rows.append(row)
        return np.array(rows)

    return pair_weights


@another("7.4")
def _():
    return special.softmax(-1e6 * np.array([0.3, 0.1, 0.1, 0.6])).tolist()


@another("7.5")
def _():
    """By the sampler of pairs; the size falls as λ grows, so halving the interval finds the tenth."""
    bank = gl.load_dataset("adult")
    h = gl.GenRe.load("adult", progress=False).h
    codec = gl.Codec(bank.schema).fit(bank.X_train)
    sure = (h.predict_proba(bank.X_train)[:, 1] > 0.7) & (bank.y_train == 1).to_numpy()
    man, targets = codec.cube(bank.X_test.loc[[2]]), codec.cube(bank.X_train[sure])
    low, high = 0, 200
    while high - low > 1:
        middle = (low + high) // 2
        size = PairSampler(codec, man, targets, middle / 10).effective_targets(np.array([0]))[0]
        low, high = (middle, high) if size >= 20 else (low, middle)
    return low / 10


@another("7.6")
def _():
    """Costs spread evenly from 0 to 1, the table a thousand times as large as K; 20,000 pools of K."""
    rng, k, weight = np.random.default_rng(0), 100, 5.0

    def mean(costs):
        return np.average(costs, weights=np.exp(-weight * costs))

    def kept(n, share=None):
        costs = np.sort(rng.random(n))
        return costs[: k if share is None else n // share]

    ideal, tail = mean(rng.random(10**6)), kept(100_000)
    pool = rng.choice(rng.random(100_000), 10_000, replace=False)
    small = rng.random((20_000, k))
    raw = np.exp(-weight * small)
    means = (raw * small).sum(axis=1) / raw.sum(axis=1)
    off = means.mean() - (1 / weight - 1 / np.expm1(weight))  # R* is known here
    return {
        "a": bool(mean(tail) - tail[0] < 0.01 * ideal),
        "b": bool(effective_sample_size(np.exp(-weight * tail)[None])[0] < 2),
        "c": bool(abs(mean(tail) - ideal) < abs(mean(kept(1000)) - ideal)),
        "d": bool(abs(mean(pool) - ideal) < 0.05 * ideal),
        "e": bool(abs(mean(kept(100_000, share=10)) - ideal) < 0.05 * ideal),
        "f": bool(abs(off) < 4 * stats.sem(means)),
    }


@another("7.7")
def _():
    """Person by person, in whole thousandths: strike out from the best downwards."""

    def lesson_of(worth, accepted):
        learned = np.zeros(worth.shape)
        for row, fine, taught in zip(worth, accepted, learned, strict=True):
            points = {j: round(1000 * row[j]) for j in np.flatnonzero(fine)}
            ranked = sorted(points, key=points.get, reverse=True)
            kept = [j for j in ranked if points[ranked[0]] - points[j] < 50 and points[j] > 1000]
            taught[kept] = 1 / max(len(kept), 1)
        return learned

    return lesson_of


@another("7.8")
def _():
    """By draws of the error."""
    drawn = 0.65 + 0.1 * np.random.default_rng(0).normal(size=4_000_000)
    valid = (drawn > 0.5).mean()
    return {
        "valid": valid,
        "plausible": np.mean([1] * 6 + [0] * 2),
        "at 0.9": "yes",
        "at 0.95": "no",
    }


# -- 8: an autoregressive model -----------------------------------------------------------------------


@another("8.1")
def _():
    known = pd.DataFrame({"amount": [250, 1000, 2500, 4000, 9000]})
    codec = gl.Codec(gl.Schema.infer(known)).fit(known)
    asks = pd.DataFrame({"amount": [3100]})
    token = codec.tokens(codec.cube(asks))
    return {"token": int(token[0, 0]), "letter": int(codec.frame(token, asks)["amount"].iloc[0])}


@another("8.2")
def _():
    """One half, of which four fifths, of which a quarter: one form in ten."""
    return -math.log(10)


@another("8.3")
def _():
    """Asked of the network: which log-odds move if one value is another?"""
    torch.manual_seed(0)
    grid = [torch.linspace(0, 1, 3)] * 4
    config = gl.ModelConfig(width=16, heads=2)
    network = RecourseTransformer(grid, torch.zeros(4, dtype=torch.bool), config).double().eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
        x, own, written = torch.rand(1, 4).double(), torch.ones(1, 4).long(), torch.zeros(1, 4)
        written, hears = written.long(), np.zeros((4, 4), dtype=int)
        before = network(x, own, written)
        for i in range(4):
            other = written.clone()
            other[0, i] = 2
            hears[:, i] = ((network(x, own, other) - before).abs() > 1e-9).any(dim=-1)[0]
    return hears


@another("8.4")
def _():
    joint = np.array([[0.5, 0.0], [0.0, 0.5]])  # neither, or both
    job, house = joint.sum(axis=1), joint.sum(axis=0)
    return {
        "independent": stats.entropy(job) + stats.entropy(house),
        "autoregressive": stats.entropy(joint.ravel()),
        "leaky": 0.0,
    }


@another("8.5")
def _():
    """An honest line is a function of the lines before it: equal beginnings, equal numbers."""

    def leaks(model, d):
        told = {}
        for form in itertools.product([0, 1], repeat=d):
            for j, chance in enumerate(model(list(form))):
                told.setdefault(form[:j], set()).add(chance)
        return any(len(chances) > 1 for chances in told.values())

    return leaks


# -- 9: sample, then choose ---------------------------------------------------------------------------


@another("9.1")
def _():
    """By log-odds, doubled: of two lines, and of the eight forms that there are."""
    forms = {("A", k): 0.7 / 7 for k in range(7)} | {("B", 0): 0.3}
    lines = special.softmax(2 * np.log([0.7, 0.3]))[1] * special.softmax(2 * np.log([1.0]))[0]
    whole = special.softmax(2 * np.log([*forms.values()]))
    return {"line by line": lines, "whole forms": whole[[*forms].index(("B", 0))]}


@another("9.2")
def _():
    """Drawn forms counted: 3⁵ of them, and those without a forbidden line."""
    line = {"down": 0.5, "stay": 0.3, "up": 0.2}
    masked = {v: p for v, p in line.items() if v != "down"}
    forms = itertools.product(line, repeat=5)
    fine = math.fsum(
        math.prod(line[value] for value in form) for form in forms if "down" not in form
    )
    mended = {"down": "stay"}
    repaired = [
        sum(p for v, p in line.items() if mended.get(v, v) == value)
        for value in ("down", "stay", "up")
    ]
    return {
        "masked": [masked.get(v, 0) / sum(masked.values()) for v in line],
        "repaired": repaired,
        "forms": 1 / fine,
    }


@another("9.3")
def _():
    chances = {1: 0.2, 2: 0.5, 4: 0.3}
    every = itertools.product(chances, repeat=3)
    return sum(min(triple) * math.prod(chances[c] for c in triple) for triple in every)


@another("9.4")
def _():
    """The surest of many lies farther out, and the cheapest of many nearer to the boundary."""
    return {
        "cost of the safest": "up",
        "h of the safest": "up",
        "plausibility of the cheapest": "down",
        "surer of a yes": "safest",
    }


@another("9.5")
def _():
    def second(cost, h, points):
        valid = [i for i in range(len(h)) if h[i] > 0.5]
        first = min(valid, key=lambda i: cost[i])
        fine = [i for i in valid if cost[i] <= 2 * cost[first]]
        return max(fine, key=lambda i: sum(map(abs, points[i] - points[first])))

    return second


@another("9.6")
def _():
    """All subsets that can be reached by single steps, none of which loses anything; the best of them."""
    from genre_lite.exercises.chapter_09 import letters

    rows = letters().to_dict("index")
    worth = {k: r["valid"] + r["plausible"] - r["cost"] / 10 for k, r in rows.items()}
    steps = [
        (a, b)
        for a, b in itertools.permutations(rows, 2)
        if {*b} < {*a} and len(a) - len(b) == 1 and rows[b]["h"] > 0.5 and worth[b] >= worth[a]
    ]
    seen = {"ABC"}
    for _ in rows:
        seen |= {b for a, b in steps if a in seen}
    (end,) = seen - {a for a, _ in steps}
    return {"needless": sum(a == "ABC" for a, _ in steps), "left": {*end}, "worth": worth[end]}


# -- 10: why it works ---------------------------------------------------------------------------------


@another("10.1")
def _():
    """The whole is off by (a + b) / 2, the halves are apart by a − b: half as much, if a and b are alike."""
    return [0.24 / 2, 1000 * (0.24 / 2 / 0.03) ** 2]


@must_keep("10.1")
def _(reference):
    """Drawn: a thousand targets, thirty values, two halves, many times."""
    rng = np.random.default_rng(0)
    p, w = rng.dirichlet(np.ones(30)), rng.uniform(0.2, 1, 30)
    ideal = p * w / (p @ w)
    counts = rng.multinomial(500, p, size=(3000, 2)) * w
    halves = counts / counts.sum(axis=-1, keepdims=True)
    whole = counts.sum(axis=1)
    whole = whole / whole.sum(axis=-1, keepdims=True)
    apart = total_variation(halves[:, 0], halves[:, 1]).mean()
    assert total_variation(whole, ideal).mean() / apart == pytest.approx(
        reference[0] / 0.24, rel=0.03
    )


@another("10.2")
def _():
    def ideal_mean(values, costs, cost_weight):
        n = len(costs)
        everywhere = ideal_recourse(np.full(n, 1 / n), np.ones(n, bool), costs, cost_weight)
        return everywhere @ values

    return ideal_mean


@another("10.3")
def _():
    """|a + b| ≤ |a| + |b|; (E|Y| · 1)² ≤ E Y² · E 1²; variances add; the mean of roots ≤ the root of the mean."""
    return dict(zip("abcd", ("triangle", "Cauchy-Schwarz", "independence", "Jensen"), strict=True))


@pytest.mark.parametrize("b", ["Jensen", "jensen's inequality", "Cauchy-Schwarz", "Cauchy–Schwarz"])
@pytest.mark.parametrize("d", ["Jensen", "Cauchy and Schwarz", "cauchy schwarz"])
def test_both_proofs_of_a_line_are_right(b, d):
    """And what proves a line is no reason for another."""
    answer = {"a": "triangle inequality", "b": b, "c": " Independence ", "d": d}
    assert check("10.3", answer).right
    for line, wrong in (("a", b), ("c", d), ("b", "triangle"), ("d", "independence")):
        assert not check("10.3", answer | {line: wrong}).right


@another("10.4")
def _():
    """4: all targets are used. 3: Z > 0. 2: rows are independent. 0: weights stay bounded. 5: the
    model can write whatever may be reached."""
    return dict(zip("abcde", (4, 3, 2, 0, 5), strict=True))


@another("10.5")
def _():
    """Exactly, for 20,000 targets: how many of them have the first value is binomial."""
    n = 20_000
    first = np.arange(n + 1)
    chance, share = stats.binom.pmf(first, n, 1 / 2), first / (first + (n - first) / 2)
    return n * (chance @ share**2 - (chance @ share) ** 2)


@must_keep("10.5")
def _(reference):
    """Two values have one σ, and the package's constant is the mean of |normal| for both together."""
    constant = deviation_constant(np.array([0.5, 0.5]), np.array([1.0, 0.5]))
    assert reference == pytest.approx((constant * np.sqrt(2 * np.pi) / 2) ** 2)


@must_keep("10.6")
def _(world):
    """Drawn: the 50 nearest of 20,000 targets lie on the nearest value alone."""
    p, costs = np.array(world["p"]), np.array(world["costs"])
    drawn = np.random.default_rng(0).choice(len(p), size=20_000, p=p)
    nearest = np.sort(costs[drawn])[:50]
    stuck = np.array([(nearest == c).mean() for c in costs])
    ideal = ideal_recourse(p, np.ones(len(p), bool), costs, world["cost_weight"])
    assert total_variation(stuck, ideal) >= 0.9


# -- 11: the honest benchmark -------------------------------------------------------------------------


@another("11.1")
def _():
    """A hundred people, eighty of whom get an answer; how Val and LOF share what is known does not matter."""

    def counted(found, valid):
        return score(found * valid, found * (1.81 - valid), 1.3, 13)

    assert counted(1, 0.9) == pytest.approx(1.71)
    assert counted(0.8, 0.9) == pytest.approx(counted(0.8, 0.85))
    needed = optimize.brentq(lambda found: counted(found, 0.9) - 1.5, 0, 1)
    return {"Score": counted(0.8, 0.9), "coverage": needed}


@another("11.2")
def _():
    """Persons 0, 1, 3 and 7."""
    return {
        "picky": (0.6 + 0.5 + 0.7 + 0.8) / 4,
        "patient": (0.5 + 0.4 + 0.6 + 0.6) / 4,
    }


@another("11.3")
def _():
    a, b = (chapter_11.five_worlds()[name] for name in "AB")
    tests = {"paired": stats.ttest_rel(a, b), "unpaired": stats.ttest_ind(a, b)}
    return {
        way: float(np.subtract(*test.confidence_interval(0.95)[::-1])) / 2
        for way, test in tests.items()
    }


@another("11.4")
def _():
    table = chapter_11.paper_table()
    claims = {
        "A": ("ours", "neighbour"),
        "B": ("ours", "search"),
        "C": ("ours", "ours without"),
        "D": ("neighbour", "search"),
    }
    p = {
        claim: stats.ttest_rel(table.loc[one], table.loc[other]).pvalue
        for claim, (one, other) in claims.items()
    }
    (fails,) = [claim for claim, value in p.items() if value > 0.05]
    return fails


@another("11.5")
def _():
    """Where the lines of the two best cross, and a little beyond."""
    parts = chapter_11.four_methods()
    worth, cost = parts["Val"] + parts["LOF"], parts["Cost"]
    crossings = [
        (worth["sampler"] - worth[other]) / (cost["sampler"] - cost[other])
        for other in parts.index
        if other != "sampler"
    ]
    return min(crossings) + 0.01


@another("11.6")
def _():
    """By the adjusted p-values of another library."""
    from statsmodels.stats.multitest import multipletests

    p = chapter_11.six_rivals()
    return p.index[multipletests(p, 0.05, method="holm")[0]].tolist()


# -- 12: audit and limits -----------------------------------------------------------------------------


def gap(a, b, axis=-1):
    return np.mean(a, axis=axis) - np.mean(b, axis=axis)


def scipys_interval(a, b):
    told = stats.bootstrap((a, b), gap, n_resamples=4000, method="percentile", rng=3)
    return np.array([told.confidence_interval.low, told.confidence_interval.high])


@another("12.1")
def _():
    return scipys_interval


@pytest.mark.equation("audit-gap")
def test_the_interval_of_a_gap_lies_around_the_difference_of_the_means():
    """By hand 2 − 5, and by the reference interval of two groups that hardly vary."""
    a, b = [1.9, 2.0, 2.1] * 20, [4.9, 5.0, 5.1] * 30
    low, high = EVERY["12.1"].solution()(a, b)
    assert low < 2 - 5 < high
    assert high - low < 0.1
    np.testing.assert_allclose([low, high], scipys_interval(a, b), atol=0.005)


@another("12.2")
def _():
    asked, served = {}, {}
    for sex, region, cost in chapter_12.report()[["sex", "region", "cost"]].itertuples(index=False):
        asked[sex, region] = asked.get((sex, region), 0) + 1
        served[sex, region] = served.get((sex, region), 0) + (cost == cost)
    return min(asked, key=lambda group: served[group] / asked[group])


@another("12.3")
def _():
    """A join: an accepted row with the same past, race and sex, and an age that is not lower."""
    bank = gl.load_dataset("compas")
    h = gl.GenRe.load("compas", progress=False).h
    chance = h.predict_proba(bank.X_train)[:, 1]
    accepted = bank.X_train[(chance > 0.7) & (bank.y_train == 1).to_numpy()]
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
    same = [name for name in bank.schema.names if name != "age"]
    oldest = accepted.groupby(same, observed=True)["age"].max().rename("oldest").reset_index()
    return (denied.merge(oldest, on=same, how="left").eval("oldest >= age")).mean()


@another("12.4")
def _():
    """Seven are accepted after their letters, all but H."""
    return {
        "real": (0.90 + 0.70 + 0.60 + 0.80 + 0.65 + 0.40 + 0.75) / 7,
        "form only": (0.90 + 0.70 + 0.60 + 0.60 + 0.30 + 0.20 + 0.50) / 7,
    }


@another("12.5")
def _():
    people = chapter_12.audited()
    asked = people["sex"].value_counts()
    served = people[people["cost"].notna()]
    a, b = (served.loc[served["sex"] == sex, "cost"].to_numpy() for sex in ("Female", "Male"))
    low, high = scipys_interval(a, b)
    return {
        "scope": "One classifier, one table and one method were looked at, and no single letter.",
        "people": {sex: int(asked[sex]) for sex in ("Female", "Male")},
        "coverage": {"Female": len(a) / asked["Female"], "Male": len(b) / asked["Male"]},
        "gap": {"value": a.sum() / len(a) - b.sum() / len(b), "low": low, "high": high},
        "limits": "Costs are of those answered; nothing is said of why they differ, or elsewhere.",
        "recommendation": "Look at those without an answer first, and assess the gap once more.",
    }
