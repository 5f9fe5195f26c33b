"""The equations of chapter 4, against the functions that implement them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from test_gradient_search import linear

import genre_lite as gl
from genre_lite.baselines.autoencoder import VAE, divergence, draw, train
from genre_lite.baselines.cruds import CRUDS
from genre_lite.baselines.projection import Projection
from genre_lite.baselines.revise import REVISE


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


WEIGHTS, INTERCEPT = np.array([4.0, -3.0]), -0.25


def first_steps(kind, toy, monkeypatch):
    """A method on a linear bank, some people, and the codes and slopes of its walks' first step."""
    h = linear(gl.Codec(toy.schema).fit(toy.X_train), WEIGHTS, INTERCEPT)
    settings = {"training_steps": 100, "hidden": (16,), "cost_weight": 1.5, "progress": False}
    method = kind(h, toy.schema, max_steps=1, **settings).fit(toy.X_train, toy.y_train)
    at, seen = Projection(method.codec, toy.X_test.head(12)), []

    class Watched(torch.optim.SGD):
        def step(self):
            (moving,) = self.param_groups[0]["params"]
            seen.append((moving.detach().clone(), moving.grad.clone()))

    monkeypatch.setattr(method, "optimizer", Watched)
    method._walk(at, 1)
    return method, at.start, *seen[0]


def minus_log_h(points):
    return np.log1p(np.exp(-(points @ WEIGHTS + INTERCEPT)))


def slope_of(loss, codes):
    """By central differences, one coordinate of the code after the other."""
    steps = 1e-6 * torch.eye(codes.shape[1], dtype=codes.dtype)
    slopes = [(loss(codes + step) - loss(codes - step)) / 2e-6 for step in steps]
    return np.stack(slopes, axis=1)


@pytest.mark.equation("latent-revise")
def test_revise_walks_down_minus_log_h_and_the_cost(toy, monkeypatch):
    """The whole code moves; λ weighs ‖dec(z) − x‖₁, which is the cost of two numbers."""
    method, x, z, slope = first_steps(REVISE, toy, monkeypatch)
    assert torch.equal(z, method.vae_.encode(x))

    def loss(z):
        points = method.vae_.decode(z, x).numpy()
        assert ((points > 0) & (points < 1)).all(), "inside, where nothing is clamped"
        return minus_log_h(points) + 1.5 * np.abs(points - x.numpy()).sum(axis=1)

    np.testing.assert_allclose(slope, slope_of(loss, z), atol=1e-6)
    assert slope.abs().max() > 0.01


@pytest.mark.equation("latent-cruds")
def test_cruds_walks_down_minus_log_h_and_the_squared_distance_and_only_w_moves(toy, monkeypatch):
    """z stays the middle of q(z | x), and w starts from that of the denied; λ weighs ‖dec − x‖₂²."""
    method, x, w, slope = first_steps(CRUDS, toy, monkeypatch)
    z = method.vae_.encode(x)
    torch.testing.assert_close(w, method.vae_.label_posterior(x, torch.zeros(len(x)).double())[0])

    def loss(w):
        points = method.vae_.decode(torch.cat([z, w], dim=1), x).numpy()
        assert ((points > 0) & (points < 1)).all(), "inside, where nothing is clamped"
        return minus_log_h(points) + 1.5 * ((points - x.numpy()) ** 2).sum(axis=1)

    np.testing.assert_allclose(slope, slope_of(loss, w), atol=1e-6)
    assert slope.abs().max() > 0.01
