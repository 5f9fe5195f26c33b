"""The equations of chapter 7 that no other test holds to the package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, PairSampler, Schema, cost
from genre_lite.objectives import effective_sample_size, ideal_recourse


@pytest.fixture(scope="module")
def codec():
    frame = pd.DataFrame({"x1": [0.0, 1.0], "x2": [0.0, 1.0]})
    return Codec(Schema.infer(frame)).fit(frame)


ME = np.array([[0.1, 0.2]])


@pytest.mark.equation("pairs-mean")
def test_weighted_targets_estimate_means_under_the_ideal(codec):
    """Σ Q f tends to the mean of f under R*, whatever f."""
    rng = np.random.default_rng(0)
    values, p = rng.random((30, 2)), rng.dirichlet(np.ones(30))
    drawn = rng.choice(30, size=40_000, p=p)
    weights = PairSampler(codec, ME, values[drawn], cost_weight=4.0).weights(np.array([0]))[0]
    ideal = ideal_recourse(p, np.ones(30, dtype=bool), cost(ME, values), 4.0)
    for f in (values[:, 0], (values[:, 1] > 0.5).astype(float), cost(ME, values)):
        wanted = (ideal * f).sum()
        assert (weights * f[drawn]).sum() == pytest.approx(wanted, abs=0.03)


@pytest.mark.equation("pairs-limit")
def test_a_great_cost_weight_shares_the_weight_among_the_nearest(codec):
    targets = np.array([[0.4, 0.2], [0.1, 0.3], [0.2, 0.2], [0.7, 0.2]])
    nearest, costs = PairSampler(codec, ME, targets, 5.0).nearest_targets(2)
    assert set(nearest[0]) == {1, 2}
    assert costs[0] == pytest.approx([0.1, 0.1])
    weights = PairSampler(codec, ME, targets, 1e4).weights(np.array([0]))[0]
    np.testing.assert_allclose(weights, [0, 0.5, 0.5, 0], atol=0.01)


@pytest.mark.equation("pairs-ess")
def test_effective_targets_fall_as_the_cost_weight_grows(codec):
    targets = np.random.default_rng(1).random((200, 2))
    sizes = []
    for cost_weight in (0.0, 1.0, 3.0, 10.0, 40.0):
        pairs = PairSampler(codec, ME, targets, cost_weight)
        w = pairs.weights(np.array([0])).astype(float)
        sizes.append(pairs.effective_targets(np.array([0]))[0])
        assert sizes[-1] == pytest.approx(1 / (w**2).sum(), rel=1e-4)
        assert effective_sample_size(w)[0] == pytest.approx(sizes[-1], rel=1e-4)
    assert sizes[0] == pytest.approx(200, rel=1e-4)
    assert (np.diff(sizes) < 0).all()
