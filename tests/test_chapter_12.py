"""What chapter 12 builds by hand, checked against the definition or against a library."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from genre_lite.exercises import check


@pytest.fixture(scope="module")
def built(root):
    """The functions of the chapter, from its own cells."""
    cells = json.loads((root / "notebooks/12_audit_and_limits.ipynb").read_text())["cells"]
    names = {"np": np, "pd": pd, "stats": stats}
    for name in ("interval", "two_parts", "live"):
        (source,) = [
            "".join(c["source"])
            for c in cells
            if c["cell_type"] == "code" and f"def {name}(" in "".join(c["source"])
        ]
        start = source.index(f"def {name}(")
        lines = source[start:].splitlines()
        end = next((i for i, line in enumerate(lines[1:], 1) if line[:1].strip()), len(lines))
        exec("\n".join(lines[:end]), names)
    return names


@pytest.fixture
def people():
    chance = np.random.default_rng(0)
    group = pd.Series(chance.choice(["a", "b"], size=200))
    stratum = pd.Series(chance.choice(["x", "y", "z"], size=200))
    cost = pd.Series(chance.exponential(size=200)) + (group == "a") * 0.5
    return cost, group, stratum


@pytest.mark.equation("audit-interval")
def test_the_interval_is_the_percentile_bootstrap(built, people):
    cost = people[0]
    theirs = stats.bootstrap((cost,), np.mean, n_resamples=4000, method="percentile", rng=1)
    assert np.allclose(built["interval"](cost), theirs.confidence_interval, atol=0.03)


def test_an_interval_holds_the_truth_as_often_as_it_says(built):
    chance = np.random.default_rng(3)
    held = 0
    for seed in range(200):
        low, high = built["interval"](chance.normal(size=60), draws=400, seed=seed)
        held += low < 0 < high
    assert 0.88 < held / 200 < 0.99


@pytest.mark.equation("audit-parts")
def test_the_parts_add_up_to_the_gap(built, people):
    cost, group, stratum = people
    parts = built["two_parts"](cost, group, stratum, "a", "b")
    gap = cost[group == "a"].mean() - cost[group == "b"].mean()
    assert np.isclose(sum(parts), gap)


def test_groups_with_the_same_strata_differ_only_inside_them(built, people):
    cost, _, stratum = people
    twice = pd.concat([cost, cost + 1], ignore_index=True)
    group = pd.Series(["a"] * len(cost) + ["b"] * len(cost))
    strata, inside = built["two_parts"](
        twice, group, pd.concat([stratum] * 2, ignore_index=True), "b", "a"
    )
    assert np.isclose(strata, 0)
    assert np.isclose(inside, 1)


@pytest.mark.equation("audit-structure")
def test_an_act_moves_what_it_causes(built):
    ben = {"pay": 1800, "job": 5, "savings": 500}
    assert built["live"](ben) == ben
    moved = built["live"](ben, employer=1, years=2)
    assert moved["job"] == 2
    assert moved["savings"] - ben["savings"] == pytest.approx(0.05 * 24 * moved["pay"])


def test_an_interval_may_have_names():
    """In either order, as exercise 12.5 asks for it."""

    def interval_for_a_gap(a, b, draws=4000, seed=0):
        chance = np.random.default_rng(seed)
        means = [
            x[chance.integers(len(x), size=(draws, len(x)))].mean(axis=1)
            for x in (np.asarray(a, dtype=float), np.asarray(b, dtype=float))
        ]
        low, high = np.quantile(means[0] - means[1], [0.025, 0.975])
        return {"high": high, "low": low}

    assert check("12.1", interval_for_a_gap).right
    turned = {"low": "high", "high": "low"}
    assert not check(
        "12.1", lambda a, b: {turned[k]: v for k, v in interval_for_a_gap(a, b).items()}
    ).right
