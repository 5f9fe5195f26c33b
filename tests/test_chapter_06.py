"""The equations of chapter 6, against the functions that implement them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from genre_lite.supervision import PairSampler


@pytest.mark.equation("copy-rate")
@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_the_nearest_of_uniform_rows_is_as_far_as_the_formula_says(d):
    """½ Γ(1 + 1/d) (d! / N)^(1/d), for a person in the middle of a cube."""
    rng, rows = np.random.default_rng(d), 2000
    ends = pd.DataFrame([np.zeros(d), np.ones(d)], columns=[f"x{j}" for j in range(d)])
    codec = gl.Codec(gl.Schema.infer(ends)).fit(ends)
    nearest = [
        PairSampler(codec, np.full((1, d), 0.5), rng.random((rows, d)), 1.0).nearest_targets(1)[1]
        for _ in range(2000)
    ]
    expected = math.gamma(1 + 1 / d) * (math.factorial(d) / rows) ** (1 / d) / 2
    assert np.mean(nearest) == pytest.approx(expected, rel=0.15)


@pytest.mark.equation("copy-alone")
def test_constraints_multiply_until_nobody_is_left():
    """(1 − π)ⁿ with π = 2⁻⁵ and n = 40."""
    rng, features = np.random.default_rng(0), [f"f{j}" for j in range(5)]
    ends = pd.DataFrame([np.zeros(5), np.ones(5)], columns=features)
    codec = gl.Codec(gl.Schema.infer(ends, immutable=features)).fit(ends)

    def people(n):
        return rng.integers(0, 2, (n, 5)).astype(float)

    alone = [
        1 - PairSampler(codec, people(50), people(40), 1.0).reachable.mean() for _ in range(60)
    ]
    assert np.mean(alone) == pytest.approx((1 - 2**-5) ** 40, abs=0.04)
