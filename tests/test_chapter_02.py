"""The equations of chapter 2 that no other test works out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from genre_lite.objectives import LocalOutliers, cost, ideal_recourse


@pytest.mark.equation("objectives-lof")
def test_the_outlier_factor_of_a_point_on_a_line_by_hand():
    reference = np.array([[0.0], [1.0], [3.0], [6.0], [10.0]])
    usual = LocalOutliers(neighbours=2).fit(reference)
    # Distances to the second neighbour: r(3) = 3, r(6) = 4, r(10) = 7.
    reach_7 = (max(1, 4) + max(3, 7)) / 2  # to 6 and 10
    reach_6 = (max(3, 3) + max(4, 7)) / 2  # to 3 and 10
    reach_10 = (max(4, 4) + max(7, 3)) / 2  # to 6 and 3
    expected = (1 / reach_6 + 1 / reach_10) / 2 * reach_7
    assert expected == pytest.approx(1.05)
    assert usual.score(np.array([[7.0]])) == pytest.approx([expected])


@pytest.mark.equation("objectives-slope")
@pytest.mark.parametrize("cost_weight", [0.0, 2.0, 10.0])
def test_the_mean_cost_falls_at_the_rate_of_its_variance(cost_weight):
    rng = np.random.default_rng(0)
    density, valid = rng.random(50), rng.random(50) > 0.3
    costs = cost(np.zeros(2), rng.random((50, 2)))

    def mean(weight):
        return ideal_recourse(density, valid, costs, weight) @ costs

    ideal, step = ideal_recourse(density, valid, costs, cost_weight), 1e-5
    variance = ideal @ (costs - mean(cost_weight)) ** 2
    slope = (mean(cost_weight + step) - mean(cost_weight - step)) / (2 * step)
    assert variance > 0
    assert slope == pytest.approx(-variance, rel=1e-4)
