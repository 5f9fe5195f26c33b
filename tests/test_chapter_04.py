"""The equations of chapter 4, against the functions that implement them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import genre_lite as gl
from genre_lite.baselines.autoencoder import VAE, divergence, draw, train
from genre_lite.baselines.projection import Projection


@pytest.fixture(scope="module")
def toy():
    return gl.load_dataset("corr", n=800)


@pytest.fixture(scope="module")
def vae(toy):
    codec = gl.Codec(toy.schema).fit(toy.X_train)
    settings = {"steps": 200, "hidden": (16,), "code": 2, "kl_weight": 1.0}
    return codec, train(VAE, codec, toy.X_train, toy.y_train, seed=0, progress=False, **settings)


@pytest.mark.equation("latent-bound")
def test_the_bound_is_below_the_evidence(toy, vae):
    """The loss at β = 1 is at least −log p(x | c), which many weighted draws of q estimate."""
    codec, model = vae
    rows = torch.as_tensor(codec.cube(toy.X_test.head(20)))
    generator = torch.Generator().manual_seed(0)
    many = rows.repeat_interleave(4000, 0)
    mean, log_deviation = model.posterior(many)
    z = draw(mean, log_deviation, generator)
    q = torch.distributions.Normal(mean, log_deviation.exp()).log_prob(z).sum(dim=1)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(dim=1)
    weights = (prior - q - model.reconstruction(z, many)).view(20, -1)
    evidence = torch.logsumexp(weights, dim=1) - math.log(4000)
    loss = model.loss(many, torch.zeros(len(many)), generator).view(20, -1).mean(dim=1)
    assert (-loss <= evidence + 0.02).all()
    assert (evidence + loss).mean() < 2, "and not far below"


@pytest.mark.equation("latent-draw")
def test_a_draw_shifts_and_stretches_the_noise():
    mean, log_deviation = torch.tensor([[0.5, -1.0]]), torch.tensor([[0.0, -2.0]])
    mean.requires_grad_()
    log_deviation.requires_grad_()
    z = draw(mean, log_deviation, torch.Generator().manual_seed(3))
    noise = torch.randn((1, 2), generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close((z - mean) / log_deviation.exp(), noise)
    along, across = torch.autograd.grad(z.sum(), [mean, log_deviation])
    torch.testing.assert_close(along, torch.ones(1, 2))
    torch.testing.assert_close(across, noise * log_deviation.detach().exp())


@pytest.mark.equation("latent-information")
def test_the_mean_divergence_is_the_information_where_the_mixture_is_the_prior():
    """Codes N(m, s²) with m ~ N(0, 1 − s²) mix to the prior, and tell −log s nats of their person."""
    s = 0.3
    means = np.sqrt(1 - s**2) * np.random.default_rng(0).standard_normal(400_000)
    nats = divergence(torch.as_tensor(means), torch.full((len(means),), s).log().double())
    assert nats.mean().item() == pytest.approx(-math.log(s), abs=0.01)


@pytest.mark.equation("latent-detour")
def test_the_detour_is_the_cost_of_decoding_what_was_encoded(toy, vae):
    codec, model = vae
    people = toy.X_test.head(30)
    at = Projection(codec, people)
    back = at.snap(model.decode(model.encode(at.start), at.start))
    detour = gl.cost(codec.cube(people), codec.cube(at.frame(back)))
    np.testing.assert_allclose(at.cost(back), detour, atol=1e-9)
    assert (detour > 0).all()
