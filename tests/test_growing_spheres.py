"""Growing Spheres against the distance to a linear border."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Feature, NotFittedError, Schema
from genre_lite.baselines.growing_spheres import GrowingSpheres


class Linear:
    """Accepts where weights · values > 1/2."""

    def __init__(self, **weights):
        self.weights = weights

    def predict_proba(self, frame):
        logit = sum(w * frame[name].to_numpy(float) for name, w in self.weights.items()) - 0.5
        yes = 1 / (1 + np.exp(-50 * logit))
        return np.stack([1 - yes, yes], axis=1)


NAMES = ["a", "b", "c"]
SCHEMA = Schema([Feature(name, low=0, high=1) for name in NAMES])


@pytest.fixture(scope="module")
def train():
    rows = np.random.default_rng(0).random((300, 3))
    rows[0], rows[1] = 0, 1
    return pd.DataFrame(rows, columns=NAMES)


@pytest.fixture(scope="module")
def asked(train):
    return train[train["a"] < 0.4].iloc[:25].reset_index(drop=True)


def finder(train, h, schema=SCHEMA, **settings):
    return GrowingSpheres(h, schema, progress=False, **settings).fit(train)


def test_the_known_distance_to_a_border_across_one_feature(train, asked):
    """h looks at a only: sparsity leaves one change, and its length is the distance 1/2 − a."""
    answer = finder(train, Linear(a=1.0)).recommend(asked)
    assert answer.found.all()
    distance = 0.5 - asked["a"].to_numpy()
    excess = answer.cost.to_numpy() - distance
    assert (excess > 0).all()
    assert excess.mean() < 0.03
    best = answer.best()
    assert (best[["b", "c"]].to_numpy() == asked[["b", "c"]].to_numpy()).all()


@pytest.mark.equation("search-reach")
def test_the_known_distance_to_a_slanted_border(train):
    """No answer can be nearer than the border in L1, (1/2 − w·x) / max |w|."""
    weights = {"a": 0.6, "b": 0.3, "c": 0.1}
    people = pd.DataFrame({"a": [0.1, 0.3, 0.2], "b": [0.2, 0.1, 0.3], "c": [0.3, 0.2, 0.1]})
    answer = finder(train, Linear(**weights)).recommend(people)
    least = (0.5 - people @ pd.Series(weights)).to_numpy() / 0.6
    assert (answer.cost.to_numpy() > least).all()
    assert (answer.cost.to_numpy() < 1.6 * least).all()


def test_more_samples_are_not_costlier(train, asked):
    h = Linear(a=0.5, b=0.3, c=0.2)
    few, many = (finder(train, h, samples=s).recommend(asked).cost.mean() for s in (20, 2000))
    assert many < few


def test_n_options_differ_and_are_ordered(train, asked):
    denied = asked[asked["a"] + asked["b"] < 1]
    answer = finder(train, Linear(a=0.5, b=0.5)).recommend(denied, n=3)
    assert answer.found.mean() > 0.9
    assert not (answer.cost.groupby(level="person").diff() < 0).any()
    assert not answer.frame.dropna().reset_index().drop(columns="option").duplicated().any()


def test_categories_and_whole_steps():
    rng = np.random.default_rng(1)
    schema = Schema(
        [Feature("age", step=1), Feature("job", "nominal", ("clerk", "pilot", "smith"))]
    )
    train = pd.DataFrame(
        {"age": rng.integers(20, 60, 200), "job": rng.choice(["clerk", "pilot", "smith"], 200)}
    )

    class Pilots:
        def predict_proba(self, frame):
            yes = (frame["job"] == "pilot").to_numpy() * 0.9
            return np.stack([1 - yes, yes], axis=1)

    asked = train[train["job"] != "pilot"].iloc[:20]
    answer = finder(train, Pilots(), schema).recommend(asked)
    assert answer.found.all()
    assert (answer.best()["job"] == "pilot").all()
    assert (answer.best()["age"].to_numpy() == asked["age"].to_numpy()).all()
    assert (answer.cost == 1).all()


def test_nothing_to_find_is_nan(train, asked):
    fixed = SCHEMA.constrain(immutable=["a"])
    answer = finder(train, Linear(a=1.0), fixed, max_rounds=10).recommend(asked, n=2)
    assert not answer.found.any()
    assert answer.frame.isna().all(axis=None)
    assert answer.cost.isna().all()


def test_unfitted(asked):
    with pytest.raises(NotFittedError, match="GrowingSpheres is not fitted"):
        GrowingSpheres(Linear(a=1.0), SCHEMA).recommend(asked)
