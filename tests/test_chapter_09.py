"""What chapter 9 says of the best of k draws, held against trying all of them."""

from __future__ import annotations

import itertools
import math

import pytest

from genre_lite.exercises import exercises


@pytest.mark.equation("choose-least")
def test_the_expected_least_of_three_draws_is_that_of_all_triples():
    chances = {1: 0.2, 2: 0.5, 4: 0.3}
    every = itertools.product(chances, repeat=3)
    mean = sum(min(triple) * math.prod(chances[c] for c in triple) for triple in every)
    assert exercises(9)["9.3"].solution() == pytest.approx(mean)


@pytest.mark.equation("choose-none")
def test_somebody_without_a_valid_draw_is_as_rare_as_the_product_says():
    valid, k = 0.3, 4
    every = itertools.product([True, False], repeat=k)
    none = sum(
        math.prod(valid if v else 1 - valid for v in draws) for draws in every if not any(draws)
    )
    assert (1 - valid) ** k == pytest.approx(none)
