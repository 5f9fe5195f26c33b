"""ROAR: the worst shift in closed form, and answers that outlive it."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from test_gradient_search import PLANE, linear, plane

from genre_lite import Codec
from genre_lite.baselines.roar import ROAR, worst_logit
from genre_lite.baselines.wachter import Wachter

PEOPLE = pd.DataFrame({"x1": [0.2, 0.4, 0.3], "x2": [0.3, 0.1, 0.6]})
WEIGHTS, INTERCEPT = np.array([7.0, 2.0]), -6.0
SIGNS = np.array(list(itertools.product([-1, 1], repeat=3)))


def answers(method, **settings):
    train = plane()
    h = linear(Codec(PLANE).fit(train), WEIGHTS, INTERCEPT)
    finder = method(h, PLANE, learning_rate=0.01, progress=False, **settings).fit(train)
    return finder.recommend(PEOPLE)


def shifted(points, shift):
    """The log-odds under every corner of the box of shifts, shape (corners, points)."""
    models = np.append(WEIGHTS, INTERCEPT) + shift * SIGNS
    return models @ np.column_stack([points, np.ones(len(points))]).T


@pytest.mark.equation("robust-roar")
def test_the_worst_shift_is_the_worst_corner():
    points = np.random.default_rng(0).normal(size=(50, 2))
    logit = torch.as_tensor(points @ WEIGHTS + INTERCEPT)
    worst = worst_logit(logit, torch.as_tensor(points), shift=0.3)
    np.testing.assert_allclose(worst.numpy(), shifted(points, 0.3).min(axis=0))


def test_answers_outlive_every_shift_and_wachters_do_not():
    robust, plain = answers(ROAR, shift=0.3), answers(Wachter)
    assert robust.found.all()
    assert (shifted(robust.best().to_numpy(dtype=float), 0.3) > 0).all()
    assert (shifted(plain.best().to_numpy(dtype=float), 0.3).min(axis=0) < 0).all()
    assert (robust.cost > plain.cost).all()


def test_the_robust_optimum_is_where_algebra_puts_it():
    # A step along x₁ gains w₁ and loses δ; at least so far must it go.
    x, shift = PLANE.validate(PEOPLE).to_numpy(), 0.3
    deficit = shift * (x.sum(axis=1) + 1) - INTERCEPT - x @ WEIGHTS
    least = deficit / (WEIGHTS[0] - shift)
    found = answers(ROAR, shift=shift, cost_weight=3.0)
    assert (found.cost.to_numpy() >= least - 1e-6).all()
    np.testing.assert_allclose(found.cost, least, atol=0.03)


def test_no_shift_is_wachter():
    robust, plain = answers(ROAR, shift=0.0, cost_weight=0.01), answers(Wachter, cost_weight=0.01)
    np.testing.assert_allclose(
        robust.best().to_numpy(dtype=float), plain.best().to_numpy(dtype=float)
    )


def test_a_shift_nobody_could_outlive_is_an_explicit_none():
    assert not answers(ROAR, shift=5.0, max_steps=600).found.any()
