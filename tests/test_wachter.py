"""Wachter against the optimum of a linear model, which is known in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_gradient_search import PLANE, linear, plane

from genre_lite import Codec, Feature, Schema
from genre_lite.baselines.wachter import Wachter

PEOPLE = pd.DataFrame({"x1": [0.2, 0.4, 0.3], "x2": [0.3, 0.3, 0.6]})
WEIGHTS, INTERCEPT = np.array([6.0, 2.0]), -6.0


def answer(people=PEOPLE, **settings):
    train = plane()
    h = linear(Codec(PLANE).fit(train), WEIGHTS, INTERCEPT)
    return Wachter(h, PLANE, progress=False, **settings).fit(train).recommend(people)


@pytest.mark.equation("search-linear")
def test_only_the_heaviest_coordinate_moves_and_to_the_balance():
    # At the optimum (1 − h) w₁ = λ, so h = 0.6; γ just below makes the optimum the cheapest answer.
    found = answer(cost_weight=0.4 * WEIGHTS[0], validity_margin=0.59)
    needed = np.log(0.59 / 0.41) - INTERCEPT - PEOPLE.to_numpy() @ WEIGHTS
    least = needed / WEIGHTS[0]
    moved = found.best().to_numpy() - PEOPLE.to_numpy()
    np.testing.assert_allclose(moved[:, 0], least, atol=0.02)
    np.testing.assert_allclose(moved[:, 1], 0, atol=0.015)
    assert (found.cost.to_numpy() >= least - 1e-6).all()


def test_a_greater_weight_is_cheaper():
    small, great = answer(cost_weight=0.01), answer(cost_weight=2.4)
    assert (great.cost < small.cost).all()
    assert (small.probability > 0.5).all()


@pytest.mark.equation("search-trap")
def test_a_weight_too_great_is_lowered_until_valid():
    # With λ > w₁ nobody would ever move.
    found = answer(cost_weight=20.0)
    assert found.found.all()
    least = (-INTERCEPT - PEOPLE.to_numpy() @ WEIGHTS) / WEIGHTS[0]
    np.testing.assert_allclose(found.cost, least, atol=0.03)


def test_further_options_begin_elsewhere():
    train = plane()
    h = linear(Codec(PLANE).fit(train), WEIGHTS, INTERCEPT)
    finder = Wachter(h, PLANE, progress=False).fit(train)
    many, one = finder.recommend(PEOPLE, n=3), finder.recommend(PEOPLE)
    assert many.found.all()
    assert not many.frame.duplicated().any()
    cheapest = many.cost.groupby(level=0).min().to_numpy()
    assert (cheapest <= one.cost.to_numpy() + 1e-9).all()


def test_the_one_category_that_is_accepted_is_found():
    schema = Schema([Feature("job", "nominal", ("a", "b", "c", "d")), Feature("x")])
    train = pd.DataFrame({"job": list("abcd") * 5, "x": np.linspace(0, 1, 20)})
    h = linear(Codec(schema).fit(train), [0, 1, 4, 2, 0], -3)
    found = Wachter(h, schema, progress=False).fit(train).recommend(train.iloc[[0]])
    assert found.best()["job"].item() == "c"
    assert found.cost.item() == 1
