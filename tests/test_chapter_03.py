"""Equations of chapter 3 against the package: Wachter's slope, and what DiCE minimizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from test_gradient_search import PLANE, linear, plane

from genre_lite import Codec, load_dataset, train_classifier
from genre_lite.baselines.dice import DiCE
from genre_lite.baselines.gradient_search import LogOdds, to_yes
from genre_lite.baselines.projection import Projection


@pytest.mark.equation("search-wachter", "search-gradient")
def test_the_slope_of_wachters_objective_is_pull_and_price():
    """(search-wachter), (search-gradient)"""
    bank = load_dataset("moons", n=300)
    h = train_classifier(bank, epochs=20, progress=False)
    codec = Codec(bank.schema).fit(bank.X_train)
    at = Projection(codec, bank.X_test.iloc[:20])
    source = torch.Generator().manual_seed(0)
    noise = torch.rand(at.start.shape, generator=source, dtype=torch.float64)
    points = (at.start + 0.2 * noise - 0.1).requires_grad_()
    decision, weight = LogOdds(h, codec), 0.7

    level = to_yes(decision.logit(points)) + weight * at.cost(points)
    (slope,) = torch.autograd.grad(level.sum(), points)

    logit, steep = decision.logit_and_gradient(points)
    pull = (1 - torch.sigmoid(logit))[:, None] * steep
    price = weight * torch.sign(points - at.start)
    torch.testing.assert_close(slope, -pull + price, atol=1e-6, rtol=1e-5)


@pytest.mark.equation("search-dice")
def test_dice_minimizes_what_the_chapter_says():
    """(search-dice)"""
    train = plane()
    h = linear(Codec(PLANE).fit(train), [4.0, 2.0], -3.0)
    dice = DiCE(h, PLANE, progress=False).fit(train)
    at = Projection(dice.codec, pd.DataFrame({"x1": [0.2], "x2": [0.3]}))
    options = np.array([[0.3, 0.4], [0.9, 0.1], [0.5, 0.5]])
    loss = dice._loss(torch.as_tensor(options)[:, None], at).sum().item()

    deviation = (train - train.median()).abs().median().to_numpy()
    far = (np.abs(options - [0.2, 0.3]) / deviation).sum(axis=1)
    apart = (np.abs(options[:, None] - options[None]) / deviation).sum(axis=2)
    hinge = np.maximum(0, 1 - (options @ [4, 2] - 3))
    expected = hinge.mean() + 0.5 * (far / 2).mean() - np.linalg.det(1 / (1 + apart))
    assert np.isclose(loss, expected)
