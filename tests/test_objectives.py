"""Cost, plausibility and the ideal recourse, against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import LocalOutlierFactor

from genre_lite import GenReError, cost
from genre_lite.objectives import LocalOutliers, effective_sample_size, ideal_recourse

calm = settings(deadline=None, derandomize=True)
NOMINAL = np.array([False, True, False])
point = st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0]), st.floats(0, 1)).map(
    np.array
)
weights = st.lists(st.floats(0.01, 100), min_size=1, max_size=20).map(np.array)


# -- cost -------------------------------------------------------------------------------------


@pytest.mark.equation("denied-cost", "objectives-cost")
def test_cost_by_hand():
    before, after = np.array([0.2, 0.0, 1.0]), np.array([0.5, 1 / 3, 0.25])
    assert cost(before, after) == pytest.approx(0.3 + 1 / 3 + 0.75)
    assert cost(before, after, NOMINAL) == pytest.approx(0.3 + 1 + 0.75)
    assert cost(before, np.array([0.2, 1.0, 1.0]), NOMINAL) == 1


def test_cost_broadcasts_over_people_and_options():
    people = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    options = np.array([[0.0, 0.0, 0.5], [0.0, 1 / 3, 0.5], [1.0, 1.0, 1.0]])
    assert cost(people[:, None], options, NOMINAL).tolist() == [[0.5, 1.5, 3], [2.5, 2.5, 0]]


def test_prices_and_gaps_by_hand():
    nan, price = np.nan, np.array([2.0, 3.0, 0.5])
    before, after = np.array([0.2, 0.0, nan]), np.array([0.5, 1 / 3, 0.25])
    assert cost(before, after, NOMINAL, price) == pytest.approx(2 * 0.3 + 3 + 0.5 * 0.75)
    assert cost(before, after, price=price) == pytest.approx(2 * 0.3 + 3 / 3 + 0.5 * 0.75)
    assert cost(np.array([nan]), np.array([nan])) == 0
    assert cost(np.array([nan]), np.array([0.0]), np.array([True])) == 1
    per_person = np.array([[1.0, 0, 0], [0, 1, 0]])
    assert cost(before, after, NOMINAL, per_person).tolist() == pytest.approx([0.3, 1])


@calm
@given(point, point, point)
def test_cost_is_a_metric(a, b, c):
    assert cost(a, a, NOMINAL) == 0
    assert cost(a, b, NOMINAL) == cost(b, a, NOMINAL) >= 0
    assert (cost(a, b, NOMINAL) == 0) == (a == b).all()
    assert cost(a, c, NOMINAL) <= cost(a, b, NOMINAL) + cost(b, c, NOMINAL) + 1e-12


# -- plausibility -----------------------------------------------------------------------------


def test_outliers_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    reference, asked = rng.normal(size=(200, 3)), 2 * rng.normal(size=(100, 3))
    ours = LocalOutliers(neighbours=7).fit(reference)
    theirs = LocalOutlierFactor(n_neighbors=7, novelty=True).fit(reference)
    np.testing.assert_array_equal(ours.score(asked), -theirs.score_samples(asked))
    np.testing.assert_array_equal(ours.is_plausible(asked), theirs.predict(asked) == 1)
    np.testing.assert_array_equal(ours.is_plausible(asked), ours.score(asked) <= 1.5)
    assert 0 < ours.is_plausible(asked).sum() < 100, "the comparison needs both kinds"


def test_the_midst_is_plausible_and_far_away_is_not():
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 10)] * 2), axis=-1).reshape(-1, 2)
    outliers = LocalOutliers().fit(grid)
    assert outliers.is_plausible(np.array([[0.5, 0.5], [9.0, 9.0]])).tolist() == [True, False]
    assert outliers.score(np.array([[0.5, 0.5]]))[0] == pytest.approx(1, abs=0.1)


def test_too_few_reference_rows():
    with pytest.raises(GenReError, match=r"more than 5 accepted people.*found 5.*Give more rows"):
        LocalOutliers().fit(np.zeros((5, 2)))
    LocalOutliers(neighbours=4).fit(np.arange(10.0).reshape(5, 2))


# -- the ideal recourse -----------------------------------------------------------------------

DENSITY = np.array([0.1, 0.4, 0.0, 0.2, 0.3])
VALID = np.array([False, True, True, True, True])
PLACES = np.array([[0.0], [0.25], [0.5], [0.75], [1.0]])
COSTS = cost(np.array([[0.2], [0.9]])[:, None], PLACES)


@pytest.mark.parametrize("cost_weight", [0.0, 1.0, 5.0, 1e4])
def test_the_ideal_recourse_is_a_distribution_over_valid_and_possible_points(cost_weight):
    ideal = ideal_recourse(DENSITY, VALID, COSTS, cost_weight)
    assert ideal.shape == (2, 5)
    np.testing.assert_allclose(ideal.sum(axis=1), 1)
    assert (ideal[:, [0, 2]] == 0).all()
    np.testing.assert_allclose(ideal_recourse(DENSITY, VALID, COSTS[1], cost_weight), ideal[1])


@pytest.mark.equation("ideal-recourse", "consistency-ideal", "pairs-ideal", "objectives-ideal")
def test_the_ideal_recourse_by_hand():
    raw = DENSITY * VALID * np.exp(-3 * COSTS)
    expected = raw / raw.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ideal_recourse(DENSITY, VALID, COSTS, 3.0), expected)


def test_without_cost_it_is_the_density_of_the_valid():
    expected = np.array([0, 4, 0, 2, 3]) / 9
    np.testing.assert_allclose(ideal_recourse(DENSITY, VALID, COSTS, 0.0), [expected] * 2)


@pytest.mark.equation("ideal-recourse")
def test_with_cost_alone_it_is_the_nearest_valid_point():
    ideal = ideal_recourse(DENSITY, VALID, COSTS, 1e4)
    np.testing.assert_allclose(ideal, [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]], atol=1e-12)


def test_mean_cost_falls_as_its_weight_grows():
    means = [
        (ideal_recourse(DENSITY, VALID, COSTS, w) * COSTS).sum(axis=1) for w in (0, 1, 3, 9, 27)
    ]
    assert (np.diff(means, axis=0) < 0).all()


def test_no_ideal_where_nothing_is_possible():
    with pytest.raises(GenReError, match="No grid point is both valid and possible"):
        ideal_recourse(DENSITY, DENSITY == 0, COSTS, 1.0)


# -- effective sample size --------------------------------------------------------------------


@calm
@given(weights)
def test_effective_sample_size_lies_between_one_and_all(w):
    size = effective_sample_size(w)
    assert 1 - 1e-9 <= size <= len(w) + 1e-9
    assert effective_sample_size(7 * w) == pytest.approx(size)


def test_effective_sample_size_at_its_ends():
    assert effective_sample_size(np.full(8, 0.3)) == pytest.approx(8)
    assert effective_sample_size(np.array([0, 0, 5.0])) == 1
    assert effective_sample_size(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert effective_sample_size(np.eye(3) + 1).tolist() == pytest.approx([16 / 6] * 3)
