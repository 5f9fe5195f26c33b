"""The network: a distribution over every vocabulary, written from left to right."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional as F

from genre_lite import ModelConfig, RecourseTransformer
from genre_lite.sampling import log_prob

SIZES = (3, 4, 2)
NOMINAL = (False, True, False)
DEEP = ModelConfig(encoder_layers=2, decoder_layers=2, width=16, heads=4)


def network(sizes=SIZES, nominal=NOMINAL, config=DEEP, seed=0):
    """A network with random weights, all of them large enough to matter."""
    grid = [torch.linspace(0, 1, size) for size in sizes]
    model = RecourseTransformer(grid, torch.tensor(nominal), config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(0.5 * torch.randn(weight.shape, generator=generator))
    return model


def people(n, sizes=SIZES, seed=1):
    """Values off the grid, and tokens."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n, len(sizes), generator=generator)
    return x, torch.stack([(x[:, j] * size).long() for j, size in enumerate(sizes)], dim=1)


def every_recourse(sizes=SIZES):
    return torch.tensor(list(itertools.product(*map(range, sizes))))


def over_all(model, x, own, allowed):
    """log R of every recourse for every person, (people, recourses)."""
    y = every_recourse()
    n, m = len(x), len(y)
    repeated = [t.repeat_interleave(m, dim=0) for t in (x, own)]
    return log_prob(model, *repeated, y.repeat(n, 1), allowed.repeat_interleave(m, dim=0)).view(
        n, m
    )


@pytest.mark.equation("autoregressive-chain")
@pytest.mark.parametrize("seed", range(3))
def test_probabilities_of_all_recourses_sum_to_one(seed):
    model = network(seed=seed)
    x, own = people(20, seed=seed)
    free = model.exists.expand(20, -1, -1)
    logs = over_all(model, x, own, free)
    assert logs.shape == (20, 3 * 4 * 2)
    assert torch.isfinite(logs).all()
    torch.testing.assert_close(logs.exp().sum(dim=1), torch.ones(20))
    assert logs.std() > 0.5, "a uniform model would not test much"


@pytest.mark.equation("choose-mask")
@pytest.mark.parametrize("seed", range(3))
def test_so_they_do_under_constraints(seed):
    model = network(seed=seed)
    x, own = people(20, seed=seed)
    token = torch.arange(model.v)
    allowed = model.exists.repeat(20, 1, 1)
    allowed[:, 0] &= token >= own[:, [0]]
    allowed[:, 1] &= token == own[:, [1]]
    logs = over_all(model, x, own, allowed)
    torch.testing.assert_close(logs.exp().sum(dim=1), torch.ones(20))
    y = every_recourse()
    kept = (y[:, 0] >= own[:, [0]]) & (y[:, 1] == own[:, [1]])
    assert (torch.isfinite(logs) == kept).all()


@pytest.mark.parametrize("layers", [1, 2])
def test_the_future_never_changes_the_past(layers):
    sizes = (3, 4, 2, 5, 3, 4)
    config = ModelConfig(encoder_layers=layers, decoder_layers=layers, width=16, heads=2)
    model = network(sizes, (False, True, False, False, True, False), config)
    x, own = people(8, sizes)
    y = people(8, sizes, seed=2)[1]
    with torch.inference_mode():
        before = model(x, own, y)
        for j, size in enumerate(sizes):
            changed = y.clone()
            changed[:, j] = (y[:, j] + 1) % size
            after = model(x, own, changed)
            assert torch.equal(after[:, : j + 1], before[:, : j + 1])
            for later in range(j + 1, len(sizes)):
                assert not torch.equal(after[:, later], before[:, later]), "all that follows hears"


def test_every_position_reads_the_whole_person():
    model = network()
    x, own = people(5)
    y = people(5, seed=2)[1]
    with torch.inference_mode():
        before = model(x, own, y)[:, :, :2]
        for j in range(3):
            moved = x.clone()
            moved[:, j] += 0.3
            assert ((model(moved, own, y)[:, :, :2] - before).abs().amax(dim=(0, 2)) > 1e-3).all()


@pytest.mark.equation("autoregressive-odds")
def test_it_starts_as_the_independent_model():
    model = network()
    frequency = torch.rand(3, 4).masked_fill(~model.exists, 0)
    frequency /= frequency.sum(dim=1, keepdim=True)
    model.start_at(frequency, cost_weight=5.0)
    with torch.no_grad():
        model.readout.zero_()
    x, own = people(30)
    x[:, 1] = own[:, 1] / 3  # a nominal value is always a level
    with torch.inference_mode():
        chances = model(x, own, people(30, seed=2)[1]).softmax(dim=-1)
    for j, size in enumerate(SIZES):
        move = (torch.linspace(0, 1, size) - x[:, [j]]).abs()
        if NOMINAL[j]:
            move = (torch.arange(size) != own[:, [j]]).float()
        expected = (frequency[j, :size].log() - 5.0 * move).softmax(dim=1)
        torch.testing.assert_close(chances[:, j, :size], expected)
        assert (chances[:, j, size:] == 0).all()


def test_padding_has_no_chance():
    model = network()
    x, own = people(10)
    with torch.inference_mode():
        logits = model(x, own, people(10, seed=2)[1])
    assert logits.shape == (10, 3, 4)
    assert model.exists.tolist() == [
        [True, True, True, False],
        [True, True, True, True],
        [True, True, False, False],
    ]
    assert (logits[:, ~model.exists] == -torch.inf).all()
    assert torch.isfinite(logits[:, model.exists]).all()


@pytest.mark.parametrize("sizes", [SIZES, (5,), (2, 1, 3)])
def test_step_by_step_is_all_at_once(sizes):
    model = network(sizes, [False] * len(sizes))
    x, own = people(6, sizes)
    k = 4
    y = torch.stack([people(6, sizes, seed=s)[1] for s in range(k)], dim=1)  # (people, k, d)
    with torch.inference_mode():
        cache = model.encode(x, own)
        for j in range(len(sizes)):
            stepped = model.step(cache, j, None if j == 0 else y[:, :, j - 1], k)
            assert stepped.shape == (6, k, sizes[j])
            for i in range(k):
                whole = model(x, own, y[:, i])[:, j]
                torch.testing.assert_close(
                    stepped[:, i], whole[:, : sizes[j]], rtol=1e-5, atol=1e-4
                )
                assert (whole[:, sizes[j] :] == -torch.inf).all()


def test_people_do_not_see_one_another():
    model = network()
    x, own = people(10)
    y = people(10, seed=2)[1]
    with torch.inference_mode():
        together = model(x, own, y)
        alone = torch.cat([model(x[[i]], own[[i]], y[[i]]) for i in range(10)])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


def test_dropout_is_silent_outside_training():
    model = network(config=ModelConfig(width=16, heads=2, dropout=0.5))
    x, own = people(5)
    assert torch.equal(model(x, own, own), model(x, own, own))
    model.train()
    assert not torch.equal(model(x, own, own), model(x, own, own))


def test_the_likelihood_reaches_every_weight():
    model = network().train()
    x, own = people(200)
    logits = model(x, own, people(200, seed=2)[1])
    F.cross_entropy(logits.transpose(1, 2), people(200, seed=2)[1]).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name
