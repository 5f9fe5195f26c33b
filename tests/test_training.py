"""The fit loop: it learns, it keeps the best, it repeats itself, it knows when to stop."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from genre_lite import (
    Codec,
    Feature,
    GenReError,
    ModelConfig,
    PairSampler,
    RecourseTransformer,
    Schema,
    TrainingConfig,
    training,
)
from genre_lite.training import fit, negative_log_likelihood

SCHEMA = Schema([Feature("a"), Feature("b"), Feature("sex", "nominal", ("f", "m"))])
CORNERS = np.array([[0.0, 0, 0], [0.5, 0.5, 1], [1, 1, 0]])
TABLE = pd.DataFrame({"a": [0.0, 1, 2], "b": [0.0, 1, 2], "sex": ["f", "m", "f"]})
QUICK = TrainingConfig(steps=60, batch_size=64, check_every=20)


def network(codec, seed=0, dropout=0.0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return RecourseTransformer(
            [torch.as_tensor(np.array(g)) for g in codec.grid],
            torch.as_tensor(codec.nominal),
            ModelConfig(width=16, heads=2, dropout=dropout),
        )


def problem(sources=50, targets=CORNERS, cost_weight=0.0, **constraints):
    codec = Codec(SCHEMA.constrain(**constraints)).fit(TABLE)
    rng = np.random.default_rng(0)
    points = rng.random((sources, 3))
    points[:, 2] = rng.integers(0, 2, sources)
    return codec, PairSampler(codec, points, targets, cost_weight)


def loss_on(model, codec, pairs, rows, targets):
    """Mean −log R of the pairs (source, target), in nats."""
    own = codec.tokens(pairs.sources.double().numpy())
    goal = torch.as_tensor(codec.tokens(pairs.targets.double().numpy()))[targets]
    with torch.inference_mode():
        logits = model(pairs.sources[rows].float(), torch.as_tensor(own)[rows], goal)
    return negative_log_likelihood(logits, goal).mean().item()


def weights(model):
    return torch.cat([p.flatten() for p in model.state_dict().values()])


# -- learning ---------------------------------------------------------------------------------


@pytest.mark.equation("consistency-objective", "autoregressive-loss")
def test_the_loss_is_minus_the_log_probability():
    logits = torch.tensor([[[0.0, 0.0], [math.log(3), 0.0]]])
    loss = negative_log_likelihood(logits, torch.tensor([[1, 0]]))
    assert loss.tolist() == pytest.approx([math.log(2) - math.log(0.75)])


def test_it_learns_what_an_independent_model_cannot():
    # Three equally likely targets whose features go together: −log R can fall to log 3, but an
    # independent model of them stays at log 3 + log 3 + H(1/3).
    codec, pairs = problem()
    model = network(codec)
    before = loss_on(model, codec, pairs, torch.arange(50).repeat(3), torch.arange(150) % 3)
    history = fit(
        model, codec, pairs, TrainingConfig(steps=150, batch_size=128), seed=0, progress=False
    )
    after = loss_on(model, codec, pairs, torch.arange(50).repeat(3), torch.arange(150) % 3)
    assert before > 2.5
    assert after == pytest.approx(math.log(3), abs=0.06)
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]


def test_it_learns_whom_it_is_asked_about():
    # With a heavy cost each source has one target. The best answer that is the same for everybody
    # loses the entropy of the targets; knowing whom it is for leaves nearly nothing to lose. The
    # mean is over everybody and over seeds: a few held-out sources may all stand at a border.
    codec, pairs = problem(sources=200, cost_weight=100.0)
    everyone = torch.arange(200)
    nearest = torch.as_tensor(pairs.weights(everyone.numpy()).argmax(axis=1))
    share = torch.bincount(nearest) / 200
    for_all = -(share * share.log()).sum().item()
    losses = []
    for seed in range(3):
        model = network(codec, seed)
        config = TrainingConfig(steps=200, batch_size=128)
        fit(model, codec, pairs, config, seed=seed, progress=False)
        losses.append(loss_on(model, codec, pairs, everyone, nearest))
    assert for_all > 1
    assert np.mean(losses) < for_all / 10


def test_the_history_has_a_row_a_check():
    codec, pairs = problem()
    for steps, expected in ((60, [20, 40, 60]), (50, [20, 40, 50]), (5, [5])):
        config = TrainingConfig(steps=steps, batch_size=8, check_every=20)
        history = fit(network(codec), codec, pairs, config, seed=0, progress=False)
        assert list(history.columns) == ["step", "train_loss", "valid_loss"]
        assert history["step"].tolist() == expected
        assert np.isfinite(history.to_numpy()).all()


@pytest.mark.parametrize("steps", [1, 2, 9, 10, 11, 20])
def test_any_number_of_steps_will_do(steps):
    codec, pairs = problem()
    config = TrainingConfig(steps=steps, batch_size=8)
    model = network(codec)
    before = weights(model)
    assert fit(model, codec, pairs, config, seed=0, progress=False)["step"].tolist() == [steps]
    assert weights(model).isfinite().all()
    assert not model.training
    assert torch.equal(before, weights(network(codec))), "the comparison below needs equal starts"


# -- the best weights -------------------------------------------------------------------------

# One source and one target: the held-out pair is this pair, so its loss can be taken from outside.
ONE = {"sources": 1, "targets": CORNERS[:1]}
WILD = TrainingConfig(
    steps=40, batch_size=4, learning_rate=3.0, check_every=1, patience=1000, weight_decay=0.0
)


def follow(script, model, monkeypatch):
    """Make the held-out loss what ``script`` says, check after check; collects the weights then."""
    told, seen = iter(script), []

    def loss(logits, tokens):
        if logits.requires_grad:
            return negative_log_likelihood(logits, tokens)
        seen.append(weights(model))
        return torch.full((len(tokens),), next(told))

    monkeypatch.setattr(training, "negative_log_likelihood", loss)
    return seen


@pytest.mark.parametrize("best", [0, 1, 3, 5])
def test_the_weights_returned_are_the_best_and_not_the_last(best, monkeypatch):
    # The first check is before the first step, so it has no row.
    codec, pairs = problem()
    model = network(codec)
    script = [float(abs(i - best)) for i in range(6)]
    seen = follow(script, model, monkeypatch)
    config = TrainingConfig(steps=10, batch_size=8, check_every=2, patience=1000)
    history = fit(model, codec, pairs, config, seed=0, progress=False)
    assert history["valid_loss"].tolist() == script[1:]
    assert [torch.equal(weights(model), then) for then in seen] == [i == best for i in range(6)]


@pytest.mark.parametrize("seed", range(3))
def test_the_held_out_loss_is_that_of_the_weights_returned(seed):
    # One of two people is held out, and nobody else has that person's target.
    codec = Codec(SCHEMA).fit(TABLE)
    people, targets = [[0.1, 0.1, 0], [0.1, 0.9, 0]], [[0, 0, 0], [0, 1, 0]]
    pairs = PairSampler(codec, people, targets, cost_weight=100.0)
    model = network(codec, seed)
    first = [loss_on(model, codec, pairs, [i], [i]) for i in range(2)]
    config = TrainingConfig(steps=40, batch_size=8, check_every=2, patience=1000)
    history = fit(model, codec, pairs, config, seed=seed, progress=False)["valid_loss"]
    last = [loss_on(model, codec, pairs, [i], [i]) for i in range(2)]
    lowest = [min(history.min(), start) for start in first]
    assert any(last[i] == pytest.approx(lowest[i], rel=1e-3, abs=1e-5) for i in range(2))


def perfect(codec):
    """A network that already knows the one target."""
    model = network(codec)
    first = torch.zeros(len(codec.sizes), max(codec.sizes))
    first[:, 0] = 1
    model.start_at(first.clamp(min=1e-30), cost_weight=0.0)
    return model


def test_if_no_step_helps_the_first_weights_come_back():
    codec, pairs = problem(**ONE)
    model, start = perfect(codec), weights(perfect(codec))
    history = fit(model, codec, pairs, WILD, seed=0, progress=False)
    assert (history["valid_loss"] >= loss_on(perfect(codec), codec, pairs, [0], [0])).all()
    assert torch.equal(weights(model), start)


@pytest.mark.parametrize("patience", [1, 3])
def test_it_stops_when_nothing_gets_better(patience):
    codec, pairs = problem(**ONE)
    config = TrainingConfig(**(vars(WILD) | {"patience": patience, "check_every": 5}))
    history = fit(perfect(codec), codec, pairs, config, seed=0, progress=False)
    assert history["step"].tolist() == [5 * (i + 1) for i in range(patience)]


def test_it_stops_only_after_a_full_wait(monkeypatch):
    codec, pairs = problem()
    model = network(codec)
    script = [5.0, 4.0, 4.0, 6.0, 3.0, 3.0, 9.0, 3.5, 1.0]
    seen = follow(script, model, monkeypatch)
    config = TrainingConfig(steps=400, batch_size=8, check_every=1, patience=3)
    history = fit(model, codec, pairs, config, seed=0, progress=False)
    assert history["valid_loss"].tolist() == script[1:-1], "two waits of two, then one of three"
    assert torch.equal(weights(model), seen[4])


# -- seeds ------------------------------------------------------------------------------------


def run(seed, global_seed, dropout=0.2):
    codec, pairs = problem(cost_weight=2.0)
    torch.manual_seed(global_seed)
    model = network(codec, dropout=dropout)
    before = torch.random.get_rng_state()
    history = fit(model, codec, pairs, QUICK, seed=seed, progress=False)
    assert torch.equal(before, torch.random.get_rng_state()), "the global state is left alone"
    return weights(model), history


def test_the_same_seed_gives_the_same_weights_to_the_bit():
    (a, first), (b, second) = run(3, global_seed=0), run(3, global_seed=1)
    assert torch.equal(a, b)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert not torch.equal(a, run(4, global_seed=0)[0])


# -- who is trained on ------------------------------------------------------------------------


def test_sources_without_a_target_are_left_out():
    codec, pairs = problem(targets=CORNERS[[0, 2]], immutable=["sex"])
    assert 0 < pairs.reachable.sum() < 50
    history = fit(network(codec), codec, pairs, QUICK, seed=0, progress=False)
    assert np.isfinite(history["valid_loss"]).all()


def test_nobody_left_to_train_on():
    codec, pairs = problem(targets=[[0, 0, 0.5]], immutable=["sex"])
    with pytest.raises(GenReError, match=r"No source can reach any target.*free one"):
        fit(network(codec), codec, pairs, QUICK, seed=0, progress=False)


# -- noise ------------------------------------------------------------------------------------


def test_progress_only_when_asked(capsys):
    codec, pairs = problem()
    fit(network(codec), codec, pairs, QUICK, seed=0, progress=False)
    assert capsys.readouterr() == ("", "")
    fit(network(codec), codec, pairs, QUICK, seed=0, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "GenRe" in shown.err
    assert "valid=" in shown.err
