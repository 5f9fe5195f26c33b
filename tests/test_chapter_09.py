"""What chapter 9 says of the best of k draws, held against trying all of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from genre_lite.exercises import exercises
from genre_lite.sampling import choose


@pytest.mark.equation("choose-least")
def test_the_expected_least_of_three_draws_is_that_of_all_triples():
    chances = {1: 0.2, 2: 0.5, 4: 0.3}
    every = itertools.product(chances, repeat=3)
    mean = sum(min(triple) * math.prod(chances[c] for c in triple) for triple in every)
    assert exercises(9)["9.3"].solution() == pytest.approx(mean)


@pytest.mark.equation("choose-least")
def test_the_expected_least_is_given_that_at_least_one_draw_is_valid():
    """Not given that one certain draw is, which is cheaper, nor that exactly one is, which is dearer."""
    costs, share, k = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.2]), 3  # half are invalid
    at_least = np.append(share[::-1].cumsum()[::-1], 0) + 0.5
    formula = (costs * -np.diff(at_least**k)).sum() / (1 - 0.5**k)

    price = np.append(costs, np.inf)
    drawn = np.random.default_rng(0).choice(price, (200_000, k), p=[*share, 0.5])
    least, valid = drawn.min(axis=1), np.isfinite(drawn)
    assert least[valid.any(axis=1)].mean() == pytest.approx(formula, abs=0.01)
    assert least[valid.sum(axis=1) == 1].mean() > formula + 0.1
    assert least[valid[:, 0]].mean() < formula - 0.05


@pytest.mark.equation("choose-none")
def test_somebody_without_a_valid_draw_is_as_rare_as_the_product_says():
    """Drawn for 40,000 people; three standard errors of their share are 0.0064."""
    valid, k, people = 0.3, 4, 40_000
    chance = np.where(np.random.default_rng(0).random((people, k)) < valid, 0.9, 0.1)
    tokens = np.arange(k)[None, :, None].repeat(people, axis=0)
    best = choose(tokens, np.ones((people, k)), chance, np.zeros((people, k)), 1, rule="cheapest")
    assert (best[:, 0] < 0).mean() == pytest.approx((1 - valid) ** k, abs=0.0064)
