"""An interrupted training goes on as if it had never stopped."""

import pytest
import torch

import genre_lite as gl
from genre_lite import training


@pytest.fixture(scope="module")
def bank():
    return gl.load_dataset("moons", n=240)


@pytest.fixture(scope="module")
def h(bank):
    return gl.train_classifier(bank, epochs=200, progress=False)


def genre(h, bank, **settings):
    config = gl.TrainingConfig(
        steps=60, check_every=10, distil_steps=0, rounds=0, people=20, **settings
    )
    model = gl.ModelConfig(dropout=0.1)
    return gl.GenRe(h, bank.schema, training=config, model=model, progress=False)


@pytest.fixture(scope="module")
def whole(h, bank):
    return genre(h, bank).fit(bank.X_train, bank.y_train)


class Interrupted(Exception):
    """Stands for a power cut."""


def stop_after(steps, monkeypatch):
    """Make the loss fail once so many steps are done."""
    real, calls = training.negative_log_likelihood, []

    def loss(logits, tokens):
        calls.append(logits.requires_grad)
        if sum(calls) > steps:
            raise Interrupted
        return real(logits, tokens)

    monkeypatch.setattr(training, "negative_log_likelihood", loss)


@pytest.mark.parametrize("steps", [10, 33])
def test_bit_equal(h, bank, whole, tmp_path, monkeypatch, steps):
    file = tmp_path / "bank.training"
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        stop_after(steps, patch)
        genre(h, bank).fit(bank.X_train, bank.y_train, checkpoint=file)
    assert file.exists()
    resumed = genre(h, bank)
    with monkeypatch.context() as patch:
        stop_after(60 - steps // 10 * 10, patch)  # it may not begin anew
        resumed.fit(bank.X_train, bank.y_train, checkpoint=file)
    assert not file.exists()
    for name, tensor in whole.network_.state_dict().items():
        assert torch.equal(tensor, resumed.network_.state_dict()[name]), name
    assert whole.history_.equals(resumed.history_)


def test_keeping_a_checkpoint_changes_nothing(h, bank, whole, tmp_path):
    kept = genre(h, bank).fit(bank.X_train, bank.y_train, checkpoint=tmp_path / "x")
    assert whole.history_.equals(kept.history_)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", ["rows", "settings", "file"])
def test_another_trainings_checkpoint_is_refused(h, bank, tmp_path, monkeypatch, change):
    file = tmp_path / "bank.training"
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        stop_after(10, patch)
        genre(h, bank).fit(bank.X_train, bank.y_train, checkpoint=file)
    other, rows = genre(h, bank), len(bank.X_train)
    if change == "settings":
        other = genre(h, bank, learning_rate=0.5)
    if change == "rows":
        rows -= 1
    if change == "file":
        file.write_bytes(file.read_bytes()[:100])
    named = "cut short" if change == "file" else "another training.*delete it"
    with pytest.raises(gl.GenReError, match=named):
        other.fit(bank.X_train.head(rows), bank.y_train.head(rows), checkpoint=file)
