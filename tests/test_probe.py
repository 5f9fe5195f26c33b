"""PROBE: the invalidation rate against Monte Carlo, and answers that keep below the target."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_gradient_search import PLANE, linear, plane

from genre_lite import Codec, load_dataset, train_classifier
from genre_lite.baselines.gradient_search import LogOdds
from genre_lite.baselines.probe import PROBE, invalidation_rate
from genre_lite.baselines.wachter import Wachter


def drawn_rate(h, points, noise, draws=10_000):
    """The share of noisy points that h denies, shape (points,)."""
    source = torch.Generator().manual_seed(0)
    moves = noise * torch.randn(draws, *points.shape, generator=source, dtype=points.dtype)
    logit = LogOdds(h, h.codec).logit(points + moves)
    return (logit <= 0).double().mean(0).numpy()


@pytest.mark.equation("robust-probe")
@pytest.mark.parametrize("noise", [0.02, 0.1, 0.4])
def test_the_rate_of_a_linear_model_is_exact(noise):
    h = linear(Codec(PLANE).fit(plane()), [4, -3], -0.3)
    points = torch.as_tensor(plane(30, seed=2).to_numpy().copy())
    logit, slope = LogOdds(h, h.codec).logit_and_gradient(points)
    rate = invalidation_rate(logit, slope, noise).detach().numpy()
    # Four standard errors of 10,000 draws.
    np.testing.assert_allclose(rate, drawn_rate(h, points, noise), atol=0.02)


def test_the_rate_is_smooth_and_bounded():
    flat = invalidation_rate(torch.tensor([1.0, -1.0]), torch.zeros(2, 3), noise=0.1)
    assert flat.tolist() == [0.0, 1.0]
    logit = torch.tensor(0.3, requires_grad=True)
    invalidation_rate(logit, torch.tensor([3.0, 4.0]), noise=0.1).backward()
    # The density of N(0, ½²) at 0.3, downhill.
    assert logit.grad.item() == pytest.approx(-np.exp(-(0.6**2) / 2) / (0.5 * np.sqrt(2 * np.pi)))


def test_answers_survive_noise():
    bank = load_dataset("moons", n=600)
    h = train_classifier(bank, epochs=60, progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].iloc[:12]
    rates = {}
    for method in (PROBE, Wachter):
        answer = method(h, bank.schema, progress=False).fit(bank.X_train).recommend(denied)
        assert answer.found.all()
        points = torch.as_tensor(h.codec.design(h.codec.cube(answer.best())))
        rates[method] = drawn_rate(h, points, noise=0.1, draws=2000)
    # Wachter stops just across the border, where nearly every second neighbour is denied.
    assert rates[PROBE].mean() < rates[Wachter].mean() / 2


def test_a_lower_target_costs_more():
    train = plane()
    h = linear(Codec(PLANE).fit(train), [6, 3], -6)
    denied = train[h.predict_proba(train)[:, 1] < 0.4].iloc[:20]

    def price(target):
        finder = PROBE(h, PLANE, target_rate=target, progress=False).fit(train)
        return finder.recommend(denied).cost

    assert (price(0.02) > price(0.3)).all()
