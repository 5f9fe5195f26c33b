"""C-CHVAE: answers come from the decoder, near in the latent space."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import genre_lite as gl
from genre_lite.baselines.cchvae import CCHVAE
from genre_lite.baselines.growing_spheres import GrowingSpheres


@pytest.fixture(scope="module")
def bank():
    return gl.load_dataset("moons", n=800)


class ByHand:
    """No gradient to be had: accepts above x2 = 0.6."""

    def predict_proba(self, frame):
        yes = 1 / (1 + np.exp(-20 * (frame["x2"].to_numpy() - 0.6)))
        return np.stack([1 - yes, yes], axis=1)


@pytest.fixture(scope="module")
def method(bank):
    return CCHVAE(ByHand(), bank.schema, training_steps=800, progress=False).fit(bank.X_train)


@pytest.fixture(scope="module")
def denied(bank):
    return bank.X_test[ByHand().predict_proba(bank.X_test)[:, 1] < 0.5]


def test_everybody_is_answered_and_differently(method, denied):
    answer = method.recommend(denied)
    assert answer.found.all()
    assert len(answer.frame.drop_duplicates()) > 0.9 * len(denied)


def test_answers_can_be_decoded(method, denied):
    """Coding and decoding an answer gives it back, as nearly as a training row."""
    codec, vae = method.codec, method.vae_

    def lost(frame):
        rows = torch.as_tensor(codec.design(codec.cube(frame)))
        return (vae.decode(vae.encode(rows), rows) - rows).abs().sum(dim=1).mean()

    assert lost(method.recommend(denied).frame) < 1.5 * lost(denied)


def test_it_stays_nearer_to_the_people_than_growing_spheres(method, bank, denied):
    spheres = GrowingSpheres(ByHand(), bank.schema, progress=False).fit(bank.X_train)
    codec = method.codec
    known = codec.cube(bank.X_train)

    def remoteness(answer):
        gaps = np.abs(codec.cube(answer.frame)[:, None] - known[None]).sum(axis=2)
        return gaps.min(axis=1).mean()

    assert remoteness(method.recommend(denied)) < remoteness(spheres.recommend(denied))


def test_n_options_differ(method, denied):
    answer = method.recommend(denied, n=3)
    options = answer.frame.dropna()
    assert len(options) > len(denied)
    assert not options.reset_index().drop(columns="option").duplicated().any()
