"""Autoencoders of tables: they reconstruct, they use their codes, they hide the label."""

from __future__ import annotations

import pytest
import torch

from genre_lite import Codec, load_dataset
from genre_lite.baselines.autoencoder import VAE, LabelledVAE, TableLikelihood, divergence, train


@pytest.fixture(scope="module")
def bank():
    return load_dataset("compas")


@pytest.fixture(scope="module")
def codec(bank):
    return Codec(bank.schema).fit(bank.X_train)


@pytest.fixture(scope="module")
def people(bank, codec):
    return torch.as_tensor(codec.design(codec.cube(bank.X_test)))


@pytest.fixture(scope="module")
def labels(bank):
    return torch.tensor(bank.y_test.to_numpy(), dtype=torch.float32)


def trained(kind, bank, codec, **settings):
    return train(kind, codec, bank.X_train, bank.y_train, seed=0, progress=False, **settings)


@pytest.fixture(scope="module")
def vae(bank, codec):
    return trained(VAE, bank, codec, steps=800)


@pytest.fixture(scope="module")
def labelled(bank, codec):
    return trained(LabelledVAE, bank, codec, steps=800)


@pytest.mark.equation("latent-kl")
def test_kl_of_normals():
    mean, deviation, prior = torch.tensor([0.3]), torch.tensor([0.5]), -1.0
    q = torch.distributions.Normal(mean, deviation)
    p = torch.distributions.Normal(torch.tensor([prior]), torch.tensor([1.0]))
    expected = torch.distributions.kl_divergence(q, p)
    torch.testing.assert_close(divergence(mean, deviation.log(), prior), expected)


@pytest.mark.equation("latent-mixed")
def test_likelihood_by_hand():
    german = load_dataset("german")
    codec = Codec(german.schema).fit(german.X_train)
    row = torch.as_tensor(codec.design(codec.cube(german.X_train.iloc[[0]]))).float()
    likelihood = TableLikelihood(codec)
    free = row[:, likelihood.free]
    flat = torch.zeros_like(free)
    expected = 40 * free[:, likelihood.numbers].square().sum()
    expected += torch.tensor(2.0).log() * len(likelihood.coins)
    expected += sum(torch.tensor(float(b.stop - b.start)).log() for b in likelihood.blocks)
    assert len(likelihood.blocks) == 3  # debtors, other plans, housing
    torch.testing.assert_close(likelihood.loss(flat, free), expected[None])
    # A number written too high or too low costs the square of the difference, not of the sum.
    away = flat.clone()
    away[:, likelihood.numbers] = free[:, likelihood.numbers] + 0.1
    near = expected - 40 * (
        free[:, likelihood.numbers].square().sum() - 0.01 * len(likelihood.numbers)
    )
    torch.testing.assert_close(likelihood.loss(away, free), near[None])
    # Log-odds far on the person's side make the mean the person, immutable inputs included.
    sure = torch.where(torch.isin(torch.arange(free.shape[1]), likelihood.numbers), free, 0)
    for where in (likelihood.coins, *likelihood.blocks):
        sure[:, where] = 200 * free[:, where] - 100
    torch.testing.assert_close(likelihood.mean(sure, row[:, likelihood.given]), row)


def test_it_reconstructs_and_uses_its_code(vae, people):
    mean, log_deviation = vae.posterior(people)
    nats = divergence(mean, log_deviation).mean(dim=0)
    assert (nats > 0.1).sum() >= 2
    free = vae.likelihood.free
    error = (vae.decode(mean, people) - people)[:, free].abs().sum(dim=1).mean()
    guess = (people.mean(dim=0) - people)[:, free].abs().sum(dim=1).mean()
    assert error < 0.3 * guess
    shuffled = vae.decode(mean.roll(1, 0), people)
    assert (shuffled - people)[:, free].abs().sum(dim=1).mean() > 2 * error


def test_a_great_kl_weight_collapses_it(bank, codec, people):
    """What public code does by mistake: then everybody is decoded to the same person."""
    collapsed = trained(VAE, bank, codec, steps=300, kl_weight=256.0)
    decoded = collapsed.decode(collapsed.encode(people), people)[:, collapsed.likelihood.free]
    assert divergence(*collapsed.posterior(people)).mean(dim=0).max() < 0.01
    assert decoded.std(dim=0).max() < 0.2 * people[:, collapsed.likelihood.free].std(dim=0).max()


def test_what_is_given_is_not_decoded(vae, people, codec):
    noise = torch.Generator().manual_seed(0)
    z = torch.randn(len(people), 8, generator=noise, dtype=torch.float64)
    decoded = vae.decode(z, people)
    given = vae.likelihood.given
    names = [codec.schema.names[i] for i in given]
    assert names == ["age", "race", "sex"], "a clock is given, too"
    assert torch.equal(decoded[:, given], people[:, given])


def test_w_carries_the_label_and_z_does_not(labelled, bank, people, labels):
    from sklearn.linear_model import LogisticRegression

    w = labelled.label_posterior(people, labels)[0]
    assert LogisticRegression().fit(w, labels).score(w, labels) > 0.99
    z = labelled.encode(people)
    alone = max(labels.mean(), 1 - labels.mean())
    assert LogisticRegression().fit(z, labels).score(z, labels) < alone + 0.03
    far = [labelled.decode(torch.cat([z, w * 0 + side], dim=1), people) for side in (-1.0, 1.0)]
    priors = bank.schema.names.index("priors_count")
    assert far[1][:, priors].mean() < far[0][:, priors].mean()


def test_same_seed_same_network_and_nothing_left_behind(bank, codec):
    before = torch.get_rng_state()
    first, second = (trained(LabelledVAE, bank, codec, steps=3) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
