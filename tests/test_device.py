"""The same code and the same answers on an accelerator; runs where one is found."""

import pytest
import torch

import genre_lite as gl
from genre_lite.genre import device_of

QUICK = gl.TrainingConfig(
    steps=60, check_every=20, distil_steps=60, rounds=1, round_steps=20, people=100
)
FOUND = ["cuda"] if torch.cuda.is_available() else []  # Apple's "mps" has no doubles
needs_device = pytest.mark.skipif(not FOUND, reason="this machine has no accelerator")


@pytest.fixture(scope="module")
def bank():
    return gl.load_dataset("compas")


@pytest.fixture(scope="module")
def h(bank):
    return gl.train_classifier(bank, epochs=5, progress=False)


def test_auto_takes_the_fastest():
    assert device_of("auto").type == (FOUND or ["cpu"])[0]


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_named(h, bank, name):
    if name in FOUND:
        pytest.skip(f"{name} is there")
    with pytest.raises(gl.GenReError, match=name):
        gl.GenRe(h, bank.schema, device=name).fit(bank.X_train, bank.y_train)


@needs_device
@pytest.mark.parametrize("name", FOUND)
def test_a_model_trained_here_answers_the_same_there(h, bank, name, tmp_path):
    here = gl.GenRe(h, bank.schema, training=QUICK, progress=False)
    here.fit(bank.X_train, bank.y_train).save(tmp_path / "bank.genre")
    there = gl.GenRe.load(tmp_path / "bank.genre", device=name)
    people = bank.X_test.head(300)
    draws = here.sample(people, n=5)
    lp = there.log_prob(people, draws.frame)
    assert (lp - draws.log_prob).abs().max() < 1e-3
    a, b = here.recommend(people), there.recommend(people)
    # The noise is the same, so answers differ only where two log-odds tie to rounding.
    assert (a.frame.astype(str) == b.frame.astype(str)).all(axis=1).mean() > 0.98


@needs_device
@pytest.mark.parametrize("name", FOUND)
def test_training_there_is_as_good(h, bank, name):
    # Rounding leads two trainings apart, so means over seeds are compared.
    losses = {
        device: sum(
            gl.GenRe(h, bank.schema, training=QUICK, device=device, seed=seed, progress=False)
            .fit(bank.X_train, bank.y_train)
            .history_["valid_loss"]
            .min()
            for seed in range(3)
        )
        / 3
        for device in ("cpu", name)
    }
    assert losses[name] == pytest.approx(losses["cpu"], abs=0.1)
