"""REVISE: descent in the latent space, and honest about where it fails."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import genre_lite as gl
from genre_lite.baselines.projection import Projection
from genre_lite.baselines.revise import REVISE
from genre_lite.decision import as_decision
from genre_lite.limits import Limits


@pytest.fixture(scope="module")
def bank():
    return gl.load_dataset("moons", n=800)


@pytest.fixture(scope="module")
def h(bank):
    return gl.train_classifier(bank, epochs=60, progress=False)


@pytest.fixture(scope="module")
def denied(bank, h):
    return bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].head(40)


@pytest.fixture(scope="module")
def method(bank, h):
    settings = {"training_steps": 600, "max_steps": 300, "progress": False}
    return REVISE(h, bank.schema, **settings).fit(bank.X_train, bank.y_train)


def test_most_people_are_answered(method, denied):
    answer = method.recommend(denied)
    assert answer.found.mean() > 0.8
    assert len(answer.frame.dropna().drop_duplicates()) > 0.7 * answer.found.sum()


def test_longer_walks_are_not_dearer(method, denied):
    """The best person passed is kept, so going on can only help."""
    walks = {}
    for steps in (60, 300):
        method.max_steps = steps
        walks[steps] = method.recommend(denied)
    short, long = walks[60], walks[300]
    assert (long.found | ~short.found).all()
    both = short.found & long.found
    assert (long.cost[both] <= short.cost[both] + 1e-9).all()


def test_without_steps_nothing_is_found_and_nobody_gets_themselves_back(method, denied):
    method.max_steps = 0
    answer = method.recommend(denied)
    method.max_steps = 300
    assert not answer.found.any()
    assert answer.frame.isna().all(axis=None)


def test_cost_counts(method, denied):
    answers = {}
    for weight in (0.01, 5.0):
        method.cost_weight = weight
        answers[weight] = method.recommend(denied)
    method.cost_weight = 0.5
    assert answers[5.0].cost.mean() < 0.9 * answers[0.01].cost.mean()


def test_one_walk_does_not_depend_on_the_others(method, denied):
    alone = method.recommend(denied.iloc[[3]], n=2).frame
    together = method.recommend(denied, n=2).frame.loc[[denied.index[3]]]
    pd.testing.assert_frame_equal(alone, together, check_exact=True)


def test_predict_proba_has_the_last_word(method, denied, monkeypatch):
    """The gradient's h tells the way; a bank that says no at the end of it has said no."""

    class No:
        def predict_proba(self, frame):
            return pd.DataFrame({"no": 0.9, "yes": 0.1}, frame.index).to_numpy()

    at = Projection(method.codec, denied)
    _, found = method._walk(at, 1)
    assert found.any()
    monkeypatch.setattr(method, "decision_", as_decision(No()))
    frame, _ = method._options(denied, Limits(method.codec, denied), 1)
    assert frame.empty


def test_it_needs_a_gradient(bank):
    h = LogisticRegression().fit(bank.X_train, bank.y_train)
    with pytest.raises(gl.NotDifferentiableError, match="LogisticRegression"):
        REVISE(h, bank.schema, progress=False).fit(bank.X_train, bank.y_train)
