"""What every baseline promises: an answer is the person's own, and keeps their terms."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from test_gradient_search import linear

import genre_lite as gl
from genre_lite import baselines
from genre_lite.decision import as_decision
from genre_lite.limits import Limits

SHORT = {
    "NearestNeighbour": {"validity_margin": 0.55},
    "GraftedNeighbour": {"candidates": 12},
    "Wachter": {"max_steps": 60, "learning_rate": 0.05},
    "ROAR": {"max_steps": 60, "learning_rate": 0.05},
    "PROBE": {"max_steps": 60, "learning_rate": 0.05, "noise": 0.02},
    "DiCE": {"max_steps": 60},
    "GrowingSpheres": {"samples": 60, "max_rounds": 20},
    "CCHVAE": {"samples": 60, "max_rounds": 40, "training_steps": 60, "hidden": (16,)},
    "REVISE": {"max_steps": 60, "training_steps": 60, "hidden": (16,)},
    "CRUDS": {"max_steps": 60, "training_steps": 60, "hidden": (16,), "learning_rate": 0.1},
}
METHODS = pytest.mark.parametrize("name", SHORT)
RANDOM = [name for name in SHORT if name != "NearestNeighbour"]
SCHEMA = gl.Schema(
    [
        gl.Feature("age", step=1, actionability="increasing"),
        gl.Feature("income"),
        gl.Feature("debt"),
        gl.Feature("job", "nominal", ("clerk", "pilot", "smith")),
        gl.Feature("phone", "nominal", ("no", "yes")),
        gl.Feature("school", "ordinal", ("none", "some", "much")),
        gl.Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
    ]
)


def people(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 70, n),
            "income": rng.gamma(4, 800, n).round(2),
            "debt": rng.normal(0, 1, n),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "phone": rng.choice(["no", "yes"], n),
            "school": rng.choice(["none", "some", "much"], n),
            "sex": rng.choice(["f", "m"], n),
        },
        index=[f"p{i}" for i in range(n)],
    )


def bank_of(schema, train, weights):
    """A linear bank that accepts half of the training rows."""
    codec = gl.Codec(schema).fit(train)
    h = linear(codec, weights, 0.0)
    inputs = torch.as_tensor(codec.design(codec.cube(train)))
    h.module.bias.data -= h.logit(inputs).detach().median()
    return h


@pytest.fixture(scope="module")
def world():
    train = people(400, seed=0)
    # age, income, debt, three jobs, phone, school, sex
    h = bank_of(SCHEMA, train, [1, 9, -5, 0, 1, 0.5, 1, 2, 0.5])
    asked = people(40, seed=5)
    return train, h, asked[~as_decision(h).accepts(asked)].iloc[:6]


@pytest.fixture(scope="module")
def fitted(world):
    """Each method fitted once; a fit does not look at who will ask."""
    train, h, _ = world
    made = {}

    def get(name, seed=0):
        if (name, seed) not in made:
            method = getattr(baselines, name)(h, SCHEMA, seed=seed, progress=False, **SHORT[name])
            made[name, seed] = method.fit(train)
        return made[name, seed]

    return get


def same(one, other):
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_series_equal(one.cost, other.cost)


@METHODS
def test_company_and_order_change_nothing(name, fitted, world):
    denied, method = world[2], fitted(name)
    crowd = pd.concat([people(12, seed=9).rename("q{}".format), denied])
    together = method.recommend(denied, n=2)
    assert together.found.any()
    same(together, pickle.loads(pickle.dumps(method)).recommend(denied, n=2))
    in_crowd = method.recommend(crowd, n=2)
    backwards = method.recommend(denied[::-1], n=2)
    for label in denied.index[:3]:
        alone = method.recommend(denied.loc[[label]], n=2)
        for answer in (together, in_crowd, backwards):
            mine = answer.frame.loc[[label]].astype(object)
            pd.testing.assert_frame_equal(mine, alone.frame.astype(object))


@METHODS
def test_equal_people_get_equal_answers(name, fitted, world):
    denied = world[2]
    answer = fitted(name).recommend(denied, n=2)
    label = next(label for label in denied.index if answer.found.loc[label].iloc[0])
    twins = denied.loc[[label] * 5].set_axis(range(5))
    options = fitted(name).recommend(twins, n=2).frame
    for twin in range(5):
        pd.testing.assert_frame_equal(
            options.loc[twin].astype(object), answer.frame.loc[label].astype(object)
        )


@pytest.mark.parametrize("name", RANDOM)
def test_another_seed_draws_anew(name, fitted, world):
    """Only options beyond the first, for a first walk may begin at x, without a draw."""
    one, other = (fitted(name, seed).recommend(world[2], n=3).frame for seed in (0, 1))
    assert not one.equals(other)


@METHODS
def test_terms_are_kept(name, fitted, world):
    denied, method = world[2], fitted(name)
    terms = {
        "freeze": {label: ["job"] if i % 2 else ["phone"] for i, label in enumerate(denied.index)},
        "bounds": {"income": (None, 7000), "school": ("some", None)},
        "largest": {"age": 10},
    }
    answer = method.recommend(denied, n=2, **terms)
    options = answer.frame[answer.found]
    if name not in ("REVISE", "CRUDS", "ROAR", "CCHVAE"):
        assert len(options)
    before = denied.loc[options.index.get_level_values(0)].set_axis(options.index)
    for label, option in options.iterrows():
        mine, frozen = before.loc[label], terms["freeze"][label[0]][0]
        assert option[frozen] == mine[frozen]
        assert option["sex"] == mine["sex"]
        assert 0 <= option["age"] - mine["age"] <= 10
        assert option["income"] in (mine["income"],) or option["income"] <= 7000
        assert option["school"] == mine["school"] or option["school"] != "none"


@METHODS
def test_nobody_is_bound_by_anothers_terms(name, fitted, world):
    """Each freezes something else; alone and together they get the same."""
    denied, method = world[2], fitted(name)
    asked = [["job"], [], ["income"], ["debt", "school"], ["phone"], ["income", "job", "school"]]
    frozen = dict(zip(denied.index, asked, strict=True))
    together = method.recommend(denied, n=2, freeze=frozen)
    for label in denied.index:
        alone = method.recommend(denied.loc[[label]], n=2, freeze={label: frozen[label]})
        mine = together.frame.loc[[label]].astype(object)
        pd.testing.assert_frame_equal(mine, alone.frame.astype(object))


@METHODS
def test_few_changes_or_nothing(name, fitted, world):
    """No search can count; who breaks the term is left out."""
    denied = world[2]
    answer = fitted(name).recommend(denied, n=2, max_changes=2)
    options = answer.frame[answer.found]
    before = denied.loc[options.index.get_level_values(0)].set_axis(options.index)
    assert ((options != before).sum(axis=1) <= 2).all()
    # Two copy, one takes changes back.
    if name in ("NearestNeighbour", "GraftedNeighbour", "DiCE"):
        assert len(options)


@METHODS
def test_a_relation_is_kept(name, world):
    train, h, denied = world
    schema = gl.Schema(SCHEMA.features, relations=["if job == 'pilot' then age >= 40"])
    fits = (train["job"] != "pilot") | (train["age"] >= 40)
    method = getattr(baselines, name)(h, schema, progress=False, **SHORT[name]).fit(train[fits])
    answer = method.recommend(denied, n=2)
    options = answer.frame[answer.found]
    before = denied.loc[options.index.get_level_values(0)]
    held = ((before["job"] != "pilot") | (before["age"] >= 40)).to_numpy()
    assert ((options["job"] != "pilot") | (options["age"] >= 40))[held].all()


@METHODS
def test_the_banks_threshold_is_the_border(name, world):
    train, h, denied = world
    strict = gl.Decision(h, threshold=0.8)
    short = {k: v for k, v in SHORT[name].items() if k != "validity_margin"}
    margin = {"validity_margin": 0.6} if name == "NearestNeighbour" else {}
    method = getattr(baselines, name)(strict, SCHEMA, progress=False, **short, **margin)
    answer = method.fit(train).recommend(denied)
    assert (answer.probability[answer.found] > 0.8).all()
    if name in ("NearestNeighbour", "GraftedNeighbour", "Wachter", "GrowingSpheres", "DiCE"):
        assert answer.found.all()


@pytest.mark.parametrize(
    "name", ["Wachter", "DiCE", "NearestNeighbour", "GraftedNeighbour", "GrowingSpheres"]
)
def test_the_other_class_may_be_the_good_one(name, world):
    train, h, _ = world
    bank = gl.Decision(h, favourable=0)
    method = getattr(baselines, name)(bank, SCHEMA, progress=False, **SHORT[name]).fit(train)
    denied = people(20, seed=6)
    answer = method.recommend(denied[~bank.accepts(denied)].iloc[:5])
    assert answer.found.all()
    assert (h.predict_proba(answer.best().astype(denied.dtypes))[:, 1] < 0.5).all()


@METHODS
def test_weights_decide_what_is_cheapest(name, fitted, world):
    denied = world[2]
    answer = fitted(name).recommend(denied, weights={"income": 4.0})
    found = answer.found.to_numpy()
    codec = fitted(name).codec
    price = np.where(np.array(SCHEMA.names) == "income", 4.0, 1.0)
    before, after = codec.cube(denied)[found], codec.cube(answer.best()[found])
    expected = gl.cost(before, after, codec.nominal, price)
    np.testing.assert_allclose(answer.cost[found], expected, atol=1e-9)


@METHODS
def test_gaps_stay_or_are_filled_by_a_copy(name):
    schema = gl.Schema(
        [
            gl.Feature("income"),
            gl.Feature("debt", gaps=True),
            gl.Feature("job", "nominal", ("clerk", "pilot", "smith"), gaps=True),
        ]
    )
    rng = np.random.default_rng(3)
    train = people(400, seed=0)[schema.names]
    train = train.where(rng.random(train.shape) < [1.0, 0.8, 0.8])
    # income; debt and its gap; three jobs and their gap
    h = bank_of(schema, train, [9, -3, 0, 0, 1, 0.5, 0])
    method = getattr(baselines, name)(h, schema, progress=False, **SHORT[name]).fit(train)
    denied = train[~as_decision(h).accepts(train)].iloc[:12]
    limits = Limits(method.codec, denied)
    options = method._options(denied, limits, 1)[0]
    assert len(options)
    rows = options.index.get_level_values(0)
    before = denied.iloc[rows].set_axis(options.index)
    assert before.isna().any(axis=None)
    assert not (options.isna() & before.notna()).any(axis=None), "a gap is never made"
    if name not in ("NearestNeighbour", "GraftedNeighbour"):
        assert (options.isna() == before.isna()).all(axis=None), "and a search fills none"
    assert limits.keeps(method.codec.cube(options), rows.to_numpy()).all()
    assert as_decision(h).accepts(options.reset_index(drop=True)).all()


@METHODS
def test_settings_can_be_read_and_a_clone_has_them(name, world):
    method = getattr(baselines, name)(world[1], SCHEMA, seed=3, progress=False, **SHORT[name])
    twin = clone(method)
    assert twin.seed == 3
    assert SHORT[name].items() <= twin.get_params(deep=False).items()


@METHODS
def test_moons_alone_and_together(name, moons):
    """A table of numbers without steps, and a net with bends: nothing rounds it into agreement."""
    bank, h, denied = moons
    method = getattr(baselines, name)(h, bank.schema, progress=False, **SHORT[name])
    method.fit(bank.X_train)
    together = method.recommend(denied, n=2).frame
    for label in denied.index:
        alone = method.recommend(denied.loc[[label]], n=2).frame
        pd.testing.assert_frame_equal(together.loc[[label]], alone, check_exact=True)


@pytest.fixture(scope="module")
def moons():
    bank = gl.load_dataset("moons", n=400)
    h = gl.train_classifier(bank, epochs=80, progress=False)
    return bank, h, bank.X_test[~as_decision(h).accepts(bank.X_test)].iloc[:4]
