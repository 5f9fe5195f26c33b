"""Does a recourse hold under noise, and under the classifiers of another day?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from genre_lite import Codec, Feature, GenReError, Schema, load_dataset
from genre_lite.decision import acceptance
from genre_lite.evaluation.robustness import (
    invalidation_noise,
    invalidation_retrained,
    retrained,
)

SCHEMA = Schema([Feature("income", low=0, high=12), Feature("job", "nominal", ("clerk", "pilot"))])
TRAIN = pd.DataFrame({"income": [0, 10], "job": ["clerk", "pilot"]})
CODEC = Codec(SCHEMA).fit(TRAIN)
OPTIONS = pd.DataFrame(
    {"income": [6, 7, 9, 12], "job": ["clerk", "clerk", "clerk", "pilot"]},
    index=["ana", "ben", "cem", "dia"],
)


class Above:
    """Accepts incomes above a limit, and keeps what it was shown."""

    def __init__(self, limit):
        self.limit = limit

    def predict_proba(self, frame):
        self.seen = frame
        yes = np.where(frame["income"] > self.limit, 0.9, 0.1)
        return np.stack([1 - yes, yes], axis=1)


# -- noise ------------------------------------------------------------------------------------


def test_noise_invalidates_as_often_as_the_normal_distribution_says():
    """σ = 0.2 of a range of 10 is 2: the margins 1, 2 and 4 are ½, 1 and 2 of it."""
    rate = invalidation_noise(Above(5), OPTIONS, CODEC, sigma=0.2, draws=20_000)
    np.testing.assert_allclose(rate[:3], norm.cdf([-0.5, -1, -2]), atol=0.012)


def test_no_noise_changes_nothing():
    assert invalidation_noise(Above(8), OPTIONS, CODEC, sigma=0).tolist() == [1, 1, 0, 0]


def test_noise_keeps_categories_and_bounds():
    h = Above(5)
    invalidation_noise(h, OPTIONS, CODEC, sigma=1.0, draws=50)
    # Equal rows are asked about once: those that were clipped to the same bound.
    assert set(h.seen["job"]) == set(OPTIONS["job"])
    assert len(OPTIONS) < len(h.seen) <= 50 * len(OPTIONS)
    assert h.seen["income"].min() == 0
    assert h.seen["income"].max() == 12
    assert OPTIONS["income"].tolist() == [6, 7, 9, 12], "the caller's table is left alone"


def test_noise_follows_the_seed():
    def rates(seed):
        return tuple(invalidation_noise(Above(5), OPTIONS, CODEC, draws=64, seed=seed))

    assert rates(0) == rates(0)
    assert len({rates(seed) for seed in range(4)}) > 1


def test_a_table_without_numbers_has_no_noise():
    class Pilots:
        def predict_proba(self, frame):
            yes = (frame["job"] == "pilot").to_numpy(dtype=float)
            return np.stack([1 - yes, yes], axis=1)

    jobs = OPTIONS[["job"]]
    codec = Codec(Schema([SCHEMA["job"]])).fit(TRAIN[["job"]])
    assert invalidation_noise(Pilots(), jobs, codec).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("wrong", [{"sigma": -0.1}, {"sigma": np.nan}, {"draws": 0}])
def test_noise_that_makes_no_sense(wrong):
    with pytest.raises(GenReError, match="must be at least 0 and 1"):
        invalidation_noise(Above(5), OPTIONS, CODEC, **wrong)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)), st.floats(0, 1), st.integers(-5, 15))
def test_noise_does_not_care_who_stands_first(order, sigma, limit):
    rate = invalidation_noise(Above(limit), OPTIONS, CODEC, sigma=sigma, draws=16)
    assert ((rate >= 0) & (rate <= 1)).all()
    assert (np.diff(rate) <= 0).all(), "a higher income holds at least as often"
    turned = invalidation_noise(Above(limit), OPTIONS.iloc[order], CODEC, sigma=sigma, draws=16)
    np.testing.assert_array_equal(turned, rate[order])


# -- other classifiers ------------------------------------------------------------------------


@pytest.mark.equation("robust-retrained")
def test_the_share_of_other_classifiers_that_deny():
    others = [Above(5), Above(6), Above(8), Above(10)]
    assert invalidation_retrained(others, OPTIONS).tolist() == [3 / 4, 2 / 4, 1 / 4, 0]
    assert invalidation_retrained(others[:1], OPTIONS).tolist() == [0, 0, 0, 0]
    with pytest.raises(GenReError, match=r"no other classifiers; make some with retrained"):
        invalidation_retrained([], OPTIONS)


@pytest.fixture(scope="module")
def moons():
    return load_dataset("moons", n=300)


def test_retrained_classifiers_decide_well_and_differ(moons):
    first, second = retrained(moons, [1, 2], epochs=30, learning_rate=1e-2, progress=False)
    for h in (first, second):
        assert ((acceptance(h, moons.X_test) > 0.5) == moons.y_test).mean() > 0.8
    assert (acceptance(first, moons.X_test) != acceptance(second, moons.X_test)).any()


def test_a_seed_gives_the_same_classifier_again(moons):
    def alone(seed):
        return acceptance(retrained(moons, [seed], epochs=1, progress=False)[0], moons.X_test)

    np.testing.assert_array_equal(alone(1), alone(1))
    assert (alone(1) != alone(2)).any()


def test_the_rows_are_drawn_again_and_only_from_training(moons, monkeypatch):
    taken = []
    monkeypatch.setattr(
        "genre_lite.evaluation.robustness.train_classifier",
        lambda bank, **training: taken.append((bank, training)),
    )
    retrained(moons, range(2), balanced=False)
    before = {tuple(row) for row in moons.train.to_numpy().tolist()}
    for seed, (bank, training) in enumerate(taken):
        assert training == {"seed": seed, "balanced": False}
        rows = [tuple(row) for row in bank.train.to_numpy().tolist()]
        assert len(rows) == len(moons.train)
        assert set(rows) < before
        # A bootstrap sample holds about 1 − 1/e of the rows.
        assert len(set(rows)) / len(before) == pytest.approx(1 - np.exp(-1), abs=0.08)
    assert not taken[0][0].train.equals(taken[1][0].train)
