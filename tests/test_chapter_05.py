"""Equations of chapter 5 against the package: what a margin costs on a linear bank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from test_gradient_search import PLANE, linear, plane

from genre_lite import Codec
from genre_lite.baselines.probe import PROBE
from genre_lite.baselines.roar import ROAR
from genre_lite.baselines.wachter import Wachter

WEIGHTS, INTERCEPT = np.array([4.0, 0.5]), -3.0
START = np.array([0.2, 0.3])
SETTINGS = {"learning_rate": 0.005, "cost_weight": 0.8, "progress": False}


def prices():
    """(robust-gamma), (robust-probe), (robust-roar), (robust-price)"""
    at_home = WEIGHTS @ START + INTERCEPT
    noise = 0.1 * np.linalg.norm(WEIGHTS)
    return [
        (Wachter, {"validity_margin": 0.7}, (np.log(0.7 / 0.3) - at_home) / 4),
        (PROBE, {"target_rate": 0.05, "tolerance": 0}, (noise * norm.ppf(0.95) - at_home) / 4),
        (ROAR, {"shift": 0.3}, (0.3 * (START.sum() + 1) - at_home) / (4 - 0.3)),
    ]


@pytest.mark.equation("robust-price")
@pytest.mark.parametrize(("method", "dial", "price"), prices())
def test_the_price_of_a_margin(method, dial, price):
    train = plane()
    h = linear(Codec(PLANE).fit(train), WEIGHTS, INTERCEPT)
    asks = pd.DataFrame([START], columns=["x1", "x2"])
    found = method(h, PLANE, **dial, **SETTINGS).fit(train).recommend(asks)
    assert price - 1e-3 <= found.cost.item() <= 1.15 * price
