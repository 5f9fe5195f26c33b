"""The search in shells against what can be known beforehand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from genre_lite import Codec, Feature, Schema
from genre_lite.baselines.projection import Projection
from genre_lite.baselines.shells import Shells, accepted, cheapest
from genre_lite.decision import as_decision


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
    shells, free = Shells(500, 0.1, p=p), torch.ones_like(at.start, dtype=torch.bool)
    g, share = shells._numbers(at.keys(0), free, first=0)
    points = shells._shell(at.start, low, high, g, share)
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
    always = as_decision(Always())
    assert accepted(always, at, points, 0.0).tolist() == [[False] * 3, [False, True, True]]
    assert not accepted(always, at, points, 0.9).any()


def test_a_shell_goes_only_where_one_may_go(at):
    free = torch.tensor([[True, False], [True, True], [False, False]])
    g, _ = Shells(50, 0.1)._numbers(at.keys(0), free, first=0)
    torch.testing.assert_close(g[:, 0].abs(), torch.tensor([[1.0, 0.0]]).double().repeat(50, 1))
    torch.testing.assert_close(g[:, 1].norm(dim=-1), torch.ones(50).double())
    assert (g[:, 2] == 0).all()


def test_later_shells_have_other_numbers(at):
    free = torch.ones_like(at.start, dtype=torch.bool)
    both, _ = Shells(40, 0.1)._numbers(at.keys(0), free, first=0)
    later, _ = Shells(20, 0.1)._numbers(at.keys(0), free, first=20)
    assert torch.equal(both[20:], later)
    assert not (both[:20] == later).any()


def test_blocks_change_nothing(at, monkeypatch):
    whole, found = search(at, beyond(0.75), n=2)
    monkeypatch.setattr("genre_lite.baselines.shells.BLOCK", 1)
    single, _ = search(at, beyond(0.75), n=2)
    assert found.all()
    assert torch.equal(whole, single)


def test_equal_points_are_one_wherever_they_stand(at):
    """Many copies of few points, far apart in the list: each comes once."""
    few = at.start + torch.tensor([0.1, 0.2, 0.3]).double()[:, None, None]
    best, found = cheapest(at, few.repeat(67, 1, 1), torch.ones(201, 3, dtype=torch.bool), 5)
    assert found.sum(dim=0).tolist() == [3, 3, 3]
    torch.testing.assert_close(best[:3], few)
