"""What Growing Spheres, C-CHVAE, REVISE and CRUDS all promise, on every bundled table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import torch

import genre_lite as gl
from genre_lite.baselines.cchvae import CCHVAE
from genre_lite.baselines.cruds import CRUDS
from genre_lite.baselines.growing_spheres import GrowingSpheres
from genre_lite.baselines.revise import REVISE

SHORT = {
    GrowingSpheres: {"samples": 200},
    CCHVAE: {"training_steps": 150, "max_rounds": 40},
    REVISE: {"training_steps": 150, "max_steps": 80},
    CRUDS: {"training_steps": 60, "max_steps": 80, "learning_rate": 0.1},
}
METHODS = pytest.mark.parametrize("method", SHORT, ids=lambda method: method.name)


def smaller(name):
    bank = gl.load_dataset(name)
    bank = replace(bank, train=bank.train.head(1500), test=bank.test.head(80))
    h = gl.train_classifier(bank, epochs=30 if name == "moons" else 10, progress=False)
    return bank, h, bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].head(12)


@pytest.fixture(scope="module")
def banks():
    return {name: smaller(name) for name in ("adult", "german", "compas", "moons")}


def fitted(method, bank, h, **settings):
    settings = {"seed": 0, "progress": False} | SHORT[method] | settings
    return method(h, bank.schema, **settings).fit(bank.X_train, bank.y_train)


@METHODS
@pytest.mark.parametrize("name", ["adult", "german", "compas", "moons"])
def test_answers_are_valid_allowed_and_new(method, name, banks):
    bank, h, denied = banks[name]
    answer = fitted(method, bank, h).recommend(denied, n=2)
    options = answer.frame[answer.found]
    assert len(options) > 0
    before = denied.loc[options.index.get_level_values(0)].set_axis(options.index)
    assert not bank.schema.violations(before, options).any(axis=None)
    bank.schema.validate(options.set_axis(range(len(options))))
    options = options.astype(denied.dtypes.to_dict()) if name != "moons" else options
    assert (h.predict_proba(options.reset_index(drop=True))[:, 1] > 0.5).all()
    assert (answer.cost[answer.found] > 0).all()
    assert answer.frame[~answer.found].isna().all(axis=None)
    assert not (answer.cost.groupby(level="person").diff() < -1e-9).any()


@METHODS
def test_same_seed_same_answer_and_no_global_state(method, banks):
    bank, h, denied = banks["moons"]
    before = torch.get_rng_state()
    slopes = [p.grad.clone() for p in h.module.parameters()]
    first, again = (fitted(method, bank, h).recommend(denied, n=2) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.is_grad_enabled()
    for slope, p in zip(slopes, h.module.parameters(), strict=True):
        assert torch.equal(slope, p.grad)
    pd.testing.assert_frame_equal(first.frame, again.frame)
    other = fitted(method, bank, h, seed=1).recommend(denied, n=2)
    assert not first.frame.equals(other.frame)


@METHODS
def test_none_found_is_nan(method, banks):
    bank, h, denied = banks["moons"]
    answer = fitted(method, bank, h, validity_margin=1 - 1e-12).recommend(denied)
    assert not answer.found.any()
    assert answer.frame.isna().all(axis=None)
    assert answer.cost.isna().all()


@METHODS
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_nobody_may_change_anything(method, banks):
    bank, h, denied = banks["moons"]
    fixed = replace(bank, schema=bank.schema.constrain(immutable=bank.schema.names))
    assert not fitted(method, fixed, h).recommend(denied).found.any()


@METHODS
def test_a_greater_margin_is_kept(method, banks):
    bank, h, denied = banks["moons"]
    answer = fitted(method, bank, h, validity_margin=0.7).recommend(denied)
    assert answer.found.any()
    assert (answer.probability[answer.found] > 0.7).all()
