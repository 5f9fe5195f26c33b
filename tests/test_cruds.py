"""CRUDS: only w moves, and w is enough to move the decision."""

from __future__ import annotations

import pytest
import torch
from sklearn.linear_model import LogisticRegression

import genre_lite as gl
from genre_lite.baselines.cruds import CRUDS
from genre_lite.baselines.projection import Projection


@pytest.fixture(scope="module")
def bank():
    return gl.load_dataset("compas")


@pytest.fixture(scope="module")
def h(bank):
    return gl.train_classifier(bank, epochs=10, progress=False)


@pytest.fixture(scope="module")
def denied(bank, h):
    return bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].head(40)


@pytest.fixture(scope="module")
def method(bank, h):
    settings = {"training_steps": 600, "learning_rate": 0.05, "max_steps": 300, "progress": False}
    return CRUDS(h, bank.schema, **settings).fit(bank.X_train, bank.y_train)


def middle(method, at):
    """Where the first walk starts: no noise."""
    return method._start(at.start, torch.zeros(len(at), 10).double())


def test_many_people_are_answered(method, denied):
    """Half to two thirds with three seeds; two numbers are few."""
    assert method.recommend(denied).found.mean() > 0.2


def test_only_w_moves(method, denied):
    at = Projection(method.codec, denied)
    z, w = middle(method, at)
    assert torch.equal(z, method.vae_.encode(at.start))
    assert (z.shape[1], w.shape[1]) == (8, 2)


def test_w_moves_the_decision(method, denied):
    """From the denied's side of w to the accepted's, with z as it was."""
    at = Projection(method.codec, denied)
    z, w = middle(method, at)
    chance = [
        torch.sigmoid(
            method._odds.logit(
                method.vae_.decode(torch.cat([z, torch.full_like(w, side)], dim=1), at.start)
            )
        ).mean()
        for side in (-1.0, 1.0)
    ]
    assert chance[1] > chance[0] + 0.02


def test_it_starts_from_the_denied_side(method, denied):
    at = Projection(method.codec, denied)
    assert middle(method, at)[1].mean() < -0.5


def test_it_needs_a_gradient(bank):
    numbers = bank.X_train[["age", "priors_count"]]
    h = LogisticRegression(max_iter=500).fit(numbers, bank.y_train)
    schema = gl.Schema.infer(numbers)
    with pytest.raises(gl.NotDifferentiableError, match="LogisticRegression"):
        CRUDS(h, schema, progress=False).fit(numbers, bank.y_train)
