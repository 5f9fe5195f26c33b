"""The equations of chapter 10 that no other test holds to the package."""

from __future__ import annotations

import numpy as np
import pytest

from genre_lite.objectives import deviation_constant, ideal_recourse, total_variation
from genre_lite.supervision import expected_deviation, on_vocabulary


@pytest.mark.equation("why-ideal")
def test_the_ideal_is_the_density_tilted_by_the_weights():
    rng = np.random.default_rng(0)
    p, costs = rng.dirichlet(np.ones(9)), rng.random(9)
    w = np.exp(-3 * costs)
    wanted = p * w / (p * w).sum()
    np.testing.assert_allclose(ideal_recourse(p, np.ones(9, dtype=bool), costs, 3.0), wanted)


@pytest.mark.equation("why-se")
def test_the_standard_error_of_an_event_is_that_of_the_expected_deviation():
    """On two values TV is |Q(1) − R*(1)|, whose mean is se · √(2 / π)."""
    rng = np.random.default_rng(1)
    q = rng.dirichlet(np.ones(300))
    event = rng.integers(0, 2, 300)
    share = (q * event).sum()
    error = np.sqrt((q**2 * (event - share) ** 2).sum())
    told = expected_deviation(q[None], event, size=2)[0]
    assert told == pytest.approx(error * np.sqrt(2 / np.pi))
    # And it is the error: from many tables drawn anew.
    p, w = np.array([0.3, 0.7]), np.array([1.0, 0.2])
    counts = rng.multinomial(2000, p, size=4000)
    shares = counts[:, 1] * w[1] / (counts * w).sum(axis=1)
    assert shares.std() * np.sqrt(2 / np.pi) == pytest.approx(
        deviation_constant(p, w) / np.sqrt(2000), rel=0.05
    )


def test_two_values_by_hand():
    """p = (½, ½) and w = (1, ½): σ(v₁)² = 16 / 81, as exercise 10.5 asks."""
    p, w = np.array([0.5, 0.5]), np.array([1.0, 0.5])
    assert deviation_constant(p, w) == pytest.approx(2 * (4 / 9) / np.sqrt(2 * np.pi))


def test_a_fixed_k_ends_at_the_nearest_value():
    """The distance of what lies on the nearest values alone is at least what R* has elsewhere."""
    ideal = np.array([0.05, 0.5, 0.45])
    stuck = on_vocabulary(np.full((1, 50), 1 / 50), np.zeros(50, dtype=int), size=3)[0]
    assert total_variation(stuck, ideal) == pytest.approx(1 - ideal[0])
