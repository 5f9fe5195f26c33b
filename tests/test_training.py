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
)
from genre_lite.sampling import allowed_tokens
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
    # With a heavy cost each source has one target, so the loss falls below that of any fixed answer.
    codec, pairs = problem(cost_weight=100.0)
    model = network(codec)
    history = fit(
        model, codec, pairs, TrainingConfig(steps=200, batch_size=128), seed=0, progress=False
    )
    assert history["valid_loss"].min() < 0.5 < math.log(3)


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


@pytest.mark.parametrize("seed", range(3))
def test_the_weights_returned_are_the_best_and_not_the_last(seed):
    # Of two people one is held out. Their targets share two features and differ in the third, so
    # what is learned of the one helps the other at first, and harms in the end.
    codec = Codec(SCHEMA).fit(TABLE)
    people, targets = [[0.1, 0.1, 0], [0.1, 0.9, 0]], [[0, 0, 0], [0, 1, 0]]
    pairs = PairSampler(codec, people, targets, cost_weight=100.0)
    model = network(codec, seed)
    config = TrainingConfig(steps=80, batch_size=8, check_every=2, patience=1000)
    history = fit(model, codec, pairs, config, seed=seed, progress=False)["valid_loss"]
    assert 0 < history.argmin() < len(history) - 1, "the best must lie in between to tell"
    assert history.iloc[-1] > history.min() + 0.5
    either = [loss_on(model, codec, pairs, [i], [i]) for i in range(2)]
    assert np.abs(np.array(either) - history.min()).min() < 1e-5


def perfect(codec):
    """A network that already knows the one target."""
    model = network(codec)
    own = torch.as_tensor(allowed_tokens(codec, codec.tokens(CORNERS[:1])))[0]
    first = torch.zeros_like(own, dtype=torch.float32)
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


def test_it_stops_only_after_a_full_wait():
    codec, pairs = problem()
    config = TrainingConfig(steps=400, batch_size=16, learning_rate=0.3, check_every=10, patience=3)
    history = fit(network(codec), codec, pairs, config, seed=0, progress=False)
    losses = history["valid_loss"].tolist()
    assert len(losses) < 40, "this run must stop early to tell"
    assert int(np.argmin(losses)) == len(losses) - 1 - 3
    bests = np.minimum.accumulate(losses)
    waits = [i - int(np.argmin(losses[: i + 1])) for i in range(len(losses))]
    assert max(waits[:-1]) < 3
    assert bests[-1] == min(losses)


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
    with pytest.raises(GenReError, match=r"No source can reach any target.*free some feature"):
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
