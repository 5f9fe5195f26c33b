"""The search in shells against what can be known beforehand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from genre_lite import Codec, Feature, Schema
from genre_lite.baselines.projection import Projection
from genre_lite.baselines.shells import Shells, accepted, cheapest


@pytest.fixture(scope="module")
def codec():
    schema = Schema([Feature("a"), Feature("b")])
    return Codec(schema).fit(pd.DataFrame({"a": [0.0, 10.0], "b": [0.0, 10.0]}))


@pytest.fixture
def at(codec):
    return Projection(codec, pd.DataFrame({"a": [5.0, 1.0, 5.0], "b": [5.0, 1.0, 4.0]}))


def same(points, rows):
    return points


def beyond(limit):
    """Valid where the first input is above a limit."""
    return lambda here, snapped: snapped[..., 0] > limit


def search(at, valid, n=1, seed=0, **settings):
    shells = Shells(**{"samples": 400, "step": 0.1} | settings)
    return shells.search(at, at.start, same, valid, n, seed=seed, progress=False)


@pytest.mark.equation("search-shell")
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_points_lie_in_their_shell(at, p):
    low, high = torch.tensor([0.1, 0.2, 0.0]).double(), torch.tensor([0.2, 0.4, 0.1]).double()
    generator = torch.Generator().manual_seed(0)
    points = Shells(500, 0.1, p=p)._draw(at.start, low, high, generator)
    radius = torch.linalg.vector_norm(points - at.start, p, dim=-1)
    assert ((radius >= low - 1e-9) & (radius <= high + 1e-9)).all()
    torch.testing.assert_close(radius.mean(dim=0), (low + high) / 2, atol=0.01, rtol=0)


@pytest.mark.equation("latent-cchvae")
def test_the_first_shell_with_anybody_wins(at):
    """The border is 0.25 away from the first and third person and 0.65 from the second."""
    best, found = search(at, beyond(0.75))
    assert found.all()
    reach = (best[0] - at.start).norm(dim=1)
    assert (reach > torch.tensor([0.25, 0.65, 0.25])).all()
    assert (reach < torch.tensor([0.3, 0.7, 0.3])).all()


def test_shrinking_comes_closer(codec):
    at = Projection(codec, pd.DataFrame({"a": [5.0] * 20, "b": [5.0] * 20}))
    coarse, _ = search(at, beyond(0.51), samples=50, step=0.4)
    fine, found = search(at, beyond(0.51), samples=50, step=0.4, shrink=True)
    assert found.all()
    assert (fine[0, :, 0] > 0.51).all()
    assert at.cost(fine).mean() < 0.5 * at.cost(coarse).mean()


def test_options_are_cheapest_first_and_differ(at):
    best, found = search(at, beyond(0.75), n=4)
    assert found.all()
    prices = at.cost(best)
    assert (prices.diff(dim=0) >= 0).all()
    assert len(torch.unique(best[:, 0], dim=0)) == 4


def test_more_options_than_samples(at):
    best, found = search(at, beyond(0.75), n=30, samples=20)
    assert len(best) == len(found) == 20
    assert found[0].all()


def test_cheapest_by_hand(at):
    points = [[0.9, 0.5], [0.625, 0.5], [0.625, 0.5], [0.55, 0.5], [0.5, 0.625]]
    candidates = torch.tensor(points, dtype=torch.float64)
    snapped = candidates[:, None].repeat(1, 3, 1)
    valid = torch.tensor([True, True, True, False, True])[:, None].repeat(1, 3)
    best, found = cheapest(at, snapped, valid, 4)
    assert sorted(best[:2, 0].tolist()) == [[0.5, 0.625], [0.625, 0.5]]
    assert best[2, 0].tolist() == pytest.approx([0.9, 0.5])
    assert found[:, 0].tolist() == [True, True, True, False]


@pytest.mark.parametrize("limit", [{"max_rounds": 5}, {"max_seconds": 0.0}])
def test_it_gives_up(at, limit):
    best, found = search(at, beyond(2.0), **limit)
    assert not found.any()
    assert torch.equal(best[0], at.start)


def test_seeds(at):
    first, again, other = (search(at, beyond(0.75), seed=s)[0] for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_nobody_is_their_own_recourse(at):
    class Always:
        def predict_proba(self, frame):
            assert frame.index.is_unique
            return np.tile([0.2, 0.8], (len(frame), 1))

    moved = at.start + torch.tensor([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]])
    points = torch.stack([at.start, moved])
    assert accepted(Always(), at, points, 0.5).tolist() == [[False] * 3, [False, True, True]]
    assert not accepted(Always(), at, points, 0.9).any()
