"""The tests of the paper's claims: the measuring is right, and the record says what its cells say."""

from __future__ import annotations

import ast
import json
import math
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

from benchmarks import claims, figures, pages, statistics
from benchmarks.record import plain
from genre_lite import Feature, Recourses, Schema
from genre_lite.evaluation.ledger import mean_and_interval
from genre_lite.objectives import cost


@pytest.fixture(scope="module")
def task():
    return claims.Task("circles", 400, seed=0)


@pytest.fixture(scope="module")
def results(root):
    path = root / "results" / "claims.json"
    if not path.is_file():
        pytest.skip("results/claims.json is not made yet: python -m benchmarks.claims")
    return json.loads(path.read_text())


# -- fidelity -----------------------------------------------------------------------------------


def test_a_task_has_the_rows_it_was_asked_for_and_denied_people(task):
    assert len(task.toy.X_train) == 400
    assert len(task.people) == claims.PEOPLE["fidelity"]
    assert not task.valid(task.people).any()
    assert task.valid(task.targets).all()
    assert not task.valid(task.sources).any()


def test_the_ideal_is_a_distribution_on_valid_points(task):
    np.testing.assert_allclose(task.ideal.sum(axis=1), 1)
    np.testing.assert_allclose(task.ideal_cells.sum(axis=1), 1)
    assert task.ideal[:, ~task.valid(task.fine)].sum() == 0
    # Dear points are rarer than cheap ones of the same density, by exp(−λ) a unit of cost.
    points, density, _ = claims.truth("circles")
    assert len(points) == len(task.fine)
    price = cost(task.people[0], task.fine)
    a, b = np.flatnonzero(task.ideal[0] > 0)[[0, 500]]
    ratio = task.ideal[0, a] / task.ideal[0, b] * density[b] / density[a]
    assert ratio == pytest.approx(math.exp(-claims.COST_WEIGHT * (price[a] - price[b])))


def test_spreading_tokens_keeps_them(task):
    tokens = task.codec.tokens(task.targets)
    spread = task.continuous(tokens)
    assert (task.codec.tokens(spread) == tokens).mean() > 0.999
    assert np.abs(spread - task.targets).max() < 0.2


def test_the_distances_rank_what_is_known(task):
    exact = claims.exact_draws(task)
    weighted = claims.pairs_alone(task)
    equal = [np.ones(len(task.targets))] * len(task.people)
    unweighted = task.distances([task.targets] * len(task.people), equal)
    for what in ("tv", "energy"):
        assert exact[what] < weighted[what] < unweighted[what]
    assert exact["tv"] < 0.05


def test_only_valid_answers_count_if_there_are_any(task):
    good, bad = task.targets[:1].repeat(50, 0), task.sources[:1].repeat(50, 0)
    ones = [np.ones(100)] * len(task.people)
    mixed = task.distances([np.concatenate([good, bad])] * len(task.people), ones)
    alone = task.distances([good] * len(task.people), [np.ones(50)] * len(task.people))
    assert mixed["tv"] == pytest.approx(alone["tv"])
    worst = task.distances([bad] * len(task.people), [np.ones(50)] * len(task.people))
    assert worst["tv"] > 0.9


def test_networks_learn_the_ideal_with_and_without_the_person(task, monkeypatch):
    monkeypatch.setattr(claims, "STEPS", 40)
    monkeypatch.setattr(claims, "DRAWS", 3000)
    equal = [np.ones(len(task.targets))] * len(task.people)
    ignorant = task.distances([task.targets] * len(task.people), equal)
    for method in (claims.genre, claims.density_reweighted):
        assert method(task)["tv"] < 0.6 * ignorant["tv"], method.__name__


def test_the_likelihood_of_an_autoencoder_improves():
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, x = claims.Autoencoder(), torch.rand(256, 2)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        before = model.loss(x).item()
        for _ in range(60):
            optimizer.zero_grad()
            model.loss(x).backward()
            optimizer.step()
        assert model.loss(x).item() < before - 1


# -- cost weight --------------------------------------------------------------------------------


@pytest.fixture
def drawn():
    people = pd.DataFrame({"a": [0.0, 0.0]}, index=["ana", "ben"])
    index = pd.MultiIndex.from_product([people.index, range(3)], names=["person", "option"])
    price = [0.1, 0.5, 0.2, 0.3, 0.4, 0.5]
    return Recourses(
        people,
        frame=pd.DataFrame({"a": price}, index=index),
        cost=pd.Series(price, index),
        # Ana's cheapest is refused, and so is all that Ben was offered.
        probability=pd.Series([0.2, 0.9, 0.8, 0.1, 0.2, 0.3], index),
        log_prob=pd.Series([0.0, -1.0, -2.0, -1.0, -1.0, -1.0], index),
        schema=Schema([Feature("a")]),
        accepted=pd.Series(False, people.index),
    )


@pytest.mark.parametrize(("cost_weight", "chosen"), [(0.0, 0.5), (3.0, 0.5), (4.0, 0.2)])
def test_the_search_weighs_likelihood_against_cost(drawn, cost_weight, chosen):
    """From a = 0.5 to 0.2 costs one nat and saves 0.3: worth it from λ = 10/3 on."""
    best = claims.search(drawn, cost_weight)
    assert best.frame.loc[("ana", 0), "a"] == chosen
    assert best.cost.loc[("ana", 0)] == chosen
    assert best.found.tolist() == [True, False]
    assert best.frame.index.tolist() == [("ana", 0), ("ben", 0)]


# -- the record ---------------------------------------------------------------------------------


def sweep(name: str, scores: dict[str, list[float]]) -> dict:
    """A cell of made-up scores, one a λ."""
    parts = dict.fromkeys(claims.PARTS, 0.5)
    metrics = {
        str(weight): {method: parts | {"score": values[i]} for method, values in scores.items()}
        for i, weight in enumerate(claims.COST_WEIGHTS)
    }
    return {name: {"metrics": metrics, "seconds": 1.0}}


def test_a_claim_holds_only_if_the_whole_interval_says_so():
    steady, moving = [1.8] * 6, [1.8, 1.7, 1.6, 1.5, 1.4, 1.3]
    both = {"GenRe": steady, "GenRe, likeliest": moving}
    cells = {}
    for seed in range(3):
        other = [v - 0.01 * seed for v in moving[:-1]] + [1.25]
        cells |= sweep(f"cost weight/german/{seed}", both | {"likelihood search": other})
    said = claims.cost_weight_summary(cells)
    assert said["spread"]["german"]["GenRe"]["mean"] == 0
    assert said["holds"]["GenRe"] == {"german": True}
    assert said["holds"]["GenRe, likeliest"] == {"german": True}
    cells |= sweep("cost weight/german/3", both | {"likelihood search": steady})
    assert claims.cost_weight_summary(cells)["holds"]["GenRe"] == {"german": False}


def test_one_seed_proves_nothing():
    cells = sweep(
        "cost weight/german/0",
        {"GenRe": [1.8] * 6, "GenRe, likeliest": [1.8] * 6, "likelihood search": [0.0] * 5 + [1]},
    )
    assert claims.cost_weight_summary(cells)["holds"]["GenRe"] == {"german": False}


def test_the_record_says_what_its_cells_say(results, fresh):
    fresh("claims")
    cells = results["cells"]
    assert plain(claims.summary(cells)) == results["summary"]


def test_the_record_is_whole(results):
    seeds = range(3)
    toys = {f"fidelity/{t}/{n}/{s}" for t in claims.TOYS for n in claims.ROWS for s in seeds}
    tables = {f"cost weight/{t}/{s}" for t in claims.TABLES for s in seeds}
    assert set(results["cells"]) >= toys | tables


def test_a_part_of_a_cell_comes_out_again(results, fresh):
    """What needs no network: the pairs alone, and exact draws, on the first moons of 250 rows."""
    fresh("claims")
    then = results["cells"]["fidelity/moons/250/0"]
    again = claims.Task("moons", 250, 0)
    assert claims.pairs_alone(again)["tv"] == pytest.approx(then["Q, no network"]["tv"], rel=1e-3)
    assert claims.exact_draws(again)["tv"] == pytest.approx(then["exact draws"]["tv"], rel=0.2)


def test_nothing_is_nearer_to_the_ideal_than_its_own_draws(results):
    for key, run in results["cells"].items():
        if key.startswith("fidelity/"):
            floor = run["exact draws"]["tv"]
            assert all(run[name]["tv"] > 0.9 * floor for name in claims.METHODS), key


def test_every_rival_has_a_verdict(results):
    """The page writes its sentences from these, so none may be missing."""
    rivals = {f"{name}, {what}" for name in claims.RIVALS for what in ("tv", "energy")}
    faithful, sweep = results["summary"]["fidelity"], results["summary"]["cost_weights"]
    assert set(faithful["holds"]) == set(faithful["lead"]) == rivals
    assert faithful["holds"] == claims.holds(faithful["lead"])
    for own, held in sweep["holds"].items():
        gaps = {t: of[f"likelihood search - {own}"] for t, of in sweep["spread"].items()}
        assert held == claims.holds(gaps)
        assert set(held) == set(claims.TABLES)


def test_the_figures_draw_every_method(results):
    for toy in claims.TOYS:
        labels = figures.fidelity(results, toy).get_legend().get_texts()
        assert [text.get_text() for text in labels] == list(claims.METHODS)
    for table in claims.TABLES:
        ax = figures.cost_weight_sweep(results, table, part="cost")
        assert [t.get_text() for t in ax.get_xticklabels()] == [str(w) for w in claims.COST_WEIGHTS]
    plt.close("all")


# -- the page -----------------------------------------------------------------------------------

CODE = r"```\{code-cell\} ipython3\n(?:---\n.*?\n---\n|(?::[^\n]*\n)*)(.*?)\n```"


@pytest.fixture
def read_as(root, results, monkeypatch):
    """The page's code, run with a record of the field; its names, and the words that it shows."""

    def run(field):
        words: list[str] = []
        monkeypatch.setattr(pages, "read", lambda name: field)
        monkeypatch.setattr(
            "IPython.display.display", lambda shown: words.append(str(getattr(shown, "data", "")))
        )
        monkeypatch.setattr("myst_nb.glue", lambda *given, **how: None)
        names: dict = {}
        for source in re.findall(CODE, (root / "book/claims.md").read_text(), re.S):
            *steps, last = ast.parse(source).body
            exec(compile(ast.Module(steps, []), "claims.md", "exec"), names)
            if isinstance(last, ast.Expr):
                shown = eval(compile(ast.Expression(last.value), "claims.md", "eval"), names)
                words.append(str(getattr(shown, "data", "")))
            else:
                exec(compile(ast.Module([last], []), "claims.md", "exec"), names)
        plt.close("all")
        return names, [said for said in words if said]

    return run


def a_field(scores):
    """A record of the field: the mean Score of each row, on two tables, with ten worlds."""
    chance = np.random.default_rng(0)
    cells = {
        f"main/{table}/{row}/{seed}": {"metrics": {"score": score + chance.normal(0, 0.01)}}
        for table in ("german", "adult")
        for row, score in scores.items()
        for seed in range(10)
    }
    return json.loads(json.dumps(plain({"summary": statistics.summary(cells), "cells": cells})))


def test_a_claim_needs_every_rival_and_more_than_one_table(read_as):
    names, words = read_as({})
    assert words[0].count("not made yet") == 3
    rivals = dict.fromkeys((*names["AS_THEY_ARE"], *names["WITH_AIDS"]), 1.5)
    record = a_field(rivals | {"genre": 1.9, "genre-paper": 1.5, "grafted": 1.9})
    names, words = read_as(record)
    paper, alone, aided = names["READINGS"]
    assert names["first"](paper)[0] == []
    assert names["first"](alone) == (["german", "adult"], [], ["german", "adult"])
    assert names["first"](aided)[0] == [], "level with one of them"
    assert sum("Read so, the claim **holds**" in said for said in words) == 1
    assert sum("Read so, the claim **is not shown**" in said for said in words) == 2
    # Without one of the rivals nothing is said of all of them.
    record["cells"] = {k: cell for k, cell in record["cells"].items() if "/roar/" not in k}
    names, _ = read_as(record)
    assert names["first"](alone) == ([], [], [])


def test_cells_of_a_toy_and_a_seed_are_one_world(read_as, results):
    names, _ = read_as({})
    gap = claims.by_toy_and_seed(results["cells"], "density, reweighted", "tv")
    assert len(gap) == len(claims.TOYS) * 3
    cell = [results["cells"][f"fidelity/moons/{n}/1"] for n in claims.ROWS]
    by_hand = np.mean([c["density, reweighted"]["tv"] - c["GenRe"]["tv"] for c in cell])
    assert gap["moons", 1] == pytest.approx(by_hand)
    told = names["near"]["density, reweighted", "tv"]
    assert told["worlds"] == len(gap)
    every = [c for key, c in results["cells"].items() if key.startswith("fidelity/")]
    pooled = mean_and_interval([c["density, reweighted"]["tv"] - c["GenRe"]["tv"] for c in every])
    again = claims.fidelity_summary(results["cells"])["lead"]["density, reweighted, tv"]
    assert again["half_width"] == pytest.approx(mean_and_interval(gap.tolist())["half_width"])
    assert told["mean"] == pytest.approx(pooled["mean"])
    assert told["half_width"] > 1.5 * pooled["half_width"]


def test_an_interval_over_all_cells_is_too_narrow(read_as):
    """No difference at all, and luck that the sizes of a toy and a seed share: who errs how often?"""
    names, _ = read_as({})
    chance = np.random.default_rng(0)
    missed = {"all cells": 0, "toys and seeds": 0}
    for _ in range(300):
        luck = chance.normal(0, 1, size=(3, 3, 1)) + chance.normal(0, 0.5, size=(3, 3, 4))
        cells = {
            f"fidelity/{toy}/{n}/{seed}": {"rival": {"tv": luck[i, seed, j]}, "GenRe": {"tv": 0.0}}
            for i, toy in enumerate(claims.TOYS)
            for seed in range(3)
            for j, n in enumerate(claims.ROWS)
        }
        pooled = mean_and_interval(luck.ravel().tolist())
        gap = names["shown"]({0: claims.by_toy_and_seed(cells, "rival", "tv")})[0]
        missed["all cells"] += abs(pooled["mean"]) > pooled["half_width"]
        missed["toys and seeds"] += abs(gap["mean"]) > gap["half_width"]
    assert missed["all cells"] / 300 > 0.2
    assert missed["toys and seeds"] / 300 == pytest.approx(0.05, abs=0.04)


def test_one_toy_alone_holds_no_claim(read_as):
    names, _ = read_as({})
    assert names["verdict"]("ahead", 2) == "the claim **holds**"
    assert "is not shown" in names["verdict"]("ahead", 1)
    assert "is not shown" in names["verdict"]("open", 3)
    assert "the opposite stands" in names["verdict"]("behind", 1)
