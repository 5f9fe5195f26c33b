"""The tests of the paper's claims: the measuring is right, and the record says what its cells say."""

from __future__ import annotations

import json
import math

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

from benchmarks import claims
from genre_lite import Feature, Recourses, Schema, plotting
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


def test_the_record_says_what_its_cells_say(results):
    cells = results["cells"]
    fresh = {
        "fidelity": claims.fidelity_summary(cells),
        "cost_weights": claims.cost_weight_summary(cells),
    }
    for part, summary in json.loads(json.dumps(fresh)).items():
        assert str(results[part]) == str(summary)


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
    faithful, sweep = results["fidelity"], results["cost_weights"]
    assert set(faithful["holds"]) == set(faithful["lead"]) == rivals
    assert faithful["holds"] == claims.holds(faithful["lead"])
    for own, held in sweep["holds"].items():
        gaps = {t: of[f"likelihood search - {own}"] for t, of in sweep["spread"].items()}
        assert held == claims.holds(gaps)
        assert set(held) == set(claims.TABLES)


def test_the_figures_draw_every_method(results):
    for toy in claims.TOYS:
        labels = plotting.fidelity(results, toy).get_legend().get_texts()
        assert [text.get_text() for text in labels] == list(claims.METHODS)
    for table in claims.TABLES:
        ax = plotting.cost_weight_sweep(results, table, part="cost")
        assert [t.get_text() for t in ax.get_xticklabels()] == [str(w) for w in claims.COST_WEIGHTS]
    plt.close("all")
