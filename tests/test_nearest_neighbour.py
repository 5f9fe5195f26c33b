"""The nearest neighbour against a search through every row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, Feature, GenReError, NotFittedError, Schema, cost
from genre_lite.baselines import NearestNeighbour

SCHEMA = Schema(
    [
        Feature("age", step=1, actionability="increasing"),
        Feature("income", step=1),
        Feature("job", "nominal", ("clerk", "pilot", "smith")),
        Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
    ]
)


class Threshold:
    """Accepts by income alone, the surer the higher."""

    def predict_proba(self, frame):
        yes = frame["income"].to_numpy(dtype=float) / 100
        return np.stack([1 - yes, yes], axis=1)


def table(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 70, n),
            "income": rng.integers(0, 101, n),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "sex": rng.choice(["f", "m"], n),
        },
        index=[f"p{i}" for i in range(n)],
    )


@pytest.fixture(scope="module")
def train():
    return table()


@pytest.fixture(scope="module")
def labels(train):
    return pd.Series(np.random.default_rng(1).integers(0, 2, len(train)), index=train.index)


@pytest.fixture(scope="module")
def asked():
    return table(40, seed=5)


def copier(train, labels, **settings):
    return NearestNeighbour(Threshold(), SCHEMA, progress=False, **settings).fit(train, labels)


@pytest.mark.equation("copy-neighbour")
@pytest.mark.parametrize("margin", [0.0, 0.7])
def test_it_is_the_cheapest_row_that_may_be_copied(train, labels, asked, margin):
    answer = copier(train, labels, validity_margin=margin).recommend(asked, n=3)
    codec = Codec(SCHEMA).fit(train)
    sure = (train["income"] > 100 * max(margin, 0.5)) & (labels == 1)
    for label, person in asked[asked["income"] <= 50].iterrows():
        me = asked.loc[[label]]
        rows = train[sure & (train["age"] >= person["age"])].assign(sex=person["sex"])
        rows = rows.drop_duplicates()
        prices = np.sort(cost(codec.cube(me), codec.cube(rows), codec.nominal))[:3]
        found = answer.cost.loc[label].dropna().to_numpy()
        np.testing.assert_allclose(found, prices, atol=1e-6)
        copies = answer.frame.loc[label].dropna()
        known = {tuple(row) for row in rows.itertuples(index=False)}
        assert {tuple(row) for row in copies.itertuples(index=False)} <= known
        assert not copies.duplicated().any()


def test_the_accepted_keep_what_they_have(train, labels, asked):
    answer = copier(train, labels).recommend(asked)
    already = asked["income"] > 50
    assert answer.accepted.tolist() == already.tolist()
    same = answer.best()[already.to_numpy()]
    pd.testing.assert_frame_equal(same, asked[already], check_dtype=False, check_names=False)
    assert (answer.cost.to_numpy()[already] == 0).all()


def test_it_never_breaks_a_constraint(train, labels, asked):
    answer = copier(train, labels).recommend(asked, n=5)
    options = answer.frame[answer.found]
    before = asked.loc[options.index.get_level_values(0)].set_axis(options.index)
    assert len(options) > 100
    assert not SCHEMA.violations(before, options).any(axis=None)


def test_nobody_to_copy_is_an_explicit_none(train, labels):
    old = pd.DataFrame({"age": [70, 20], "income": 10, "job": "smith", "sex": "f"})
    train = train.assign(age=train["age"].clip(upper=69))
    answer = copier(train, labels).recommend(old, n=2)
    assert answer.found.tolist() == [False, False, True, True]
    assert answer.frame.loc[0].isna().all(axis=None)
    assert answer.cost.isna().tolist() == [True, True, False, False]


def test_more_options_than_rows(train, labels):
    few = train.iloc[:30]
    answer = copier(few, labels.iloc[:30]).recommend(table(5, seed=9).assign(income=3), n=40)
    assert len(answer.frame) == 200
    assert 0 < answer.found.sum() < 200


def test_labels_are_the_decisions_if_left_out(train, asked):
    lone = NearestNeighbour(Threshold(), SCHEMA, progress=False).fit(train).recommend(asked)
    but_one = (train["income"] > train["income"].min()).astype(int)
    every = copier(train, but_one).recommend(asked)
    pd.testing.assert_frame_equal(lone.frame, every.frame)


def test_nobody_sure_enough_to_copy(train):
    with pytest.raises(GenReError, match=r"validity_margin 0\.7.*nobody to copy.*lower"):
        copier(train, (train["income"] == train["income"][train["income"] < 40].max()).astype(int))


def test_what_must_stay_is_not_copied_and_h_is_asked_about_the_rest(train):
    """h is kinder to one sex: a graft onto the other is another question."""

    class Unfair:
        def predict_proba(self, frame):
            needed = np.where(frame["sex"] == "f", 50, 80)
            yes = 1 / (1 + np.exp(-(frame["income"].to_numpy(dtype=float) - needed) / 5))
            return np.stack([1 - yes, yes], axis=1)

    method = NearestNeighbour(Unfair(), SCHEMA, progress=False).fit(train)
    asked = table(60, seed=7).assign(sex="m", income=20)
    answer = method.recommend(asked, n=2)
    assert answer.found.all()
    assert (answer.frame["sex"] == "m").all()
    assert (answer.frame["income"] > 80).all()
    assert (answer.probability > 0.7).all()


def test_somebody_far_away_is_still_found(train):
    """Of a thousand nearer ones h refuses every graft; only the farthest serves."""
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"x": np.append(rng.integers(0, 500, 1000), 1000), "kind": "a"})
    many.loc[1001] = [0, "b"]
    schema = Schema(
        [
            Feature("x", step=1),
            Feature("kind", "nominal", ("a", "b"), actionability="immutable"),
        ]
    )

    class Late:
        def predict_proba(self, frame):
            a = frame["kind"] == "a"
            yes = np.where(a | (frame["x"] > 900), 0.9, 0.1)
            return np.stack([1 - yes, yes], axis=1)

    method = NearestNeighbour(Late(), schema, progress=False).fit(many)
    answer = method.recommend(many.loc[[1001]])
    assert answer.best()["x"].item() == 1000
    assert answer.best()["kind"].item() == "b"


def test_the_order_of_the_table_decides_nothing(train, labels, asked):
    one = copier(train, labels).recommend(asked, n=3)
    other = copier(train[::-1], labels[::-1]).recommend(asked, n=3)
    pd.testing.assert_frame_equal(one.frame, other.frame)


def test_terms_of_ones_own(train, labels, asked):
    method = copier(train, labels)
    denied = asked[asked["income"] <= 50]
    answer = method.recommend(
        denied,
        n=2,
        freeze=["age"],
        bounds={"income": (None, 90)},
        weights={"job": 3},
        max_changes=1,
    )
    assert answer.found.all()
    best = answer.frame.loc[pd.IndexSlice[:, 0], :].droplevel(1)
    assert (best["age"] == denied["age"]).all()
    assert (best["job"] == denied["job"]).all()
    least = train[(train["income"] > 70) & (labels == 1)].groupby("job")["income"].min()
    assert (best["income"] == denied["job"].map(least)).all()


def test_gaps_are_left_or_filled_and_never_made():
    rng = np.random.default_rng(2)
    train = pd.DataFrame({"x": rng.random(300), "y": rng.random(300)})
    train.loc[rng.random(300) < 0.3, "y"] = np.nan
    schema = Schema([Feature("x"), Feature("y", gaps=True)])

    class Known:
        def predict_proba(self, frame):
            yes = 0.5 * frame["x"].to_numpy(float) + 0.5 * frame["y"].fillna(0.0).to_numpy(float)
            return np.stack([1 - yes, yes], axis=1)

    method = NearestNeighbour(Known(), schema, validity_margin=0.5, progress=False).fit(train)
    asked = pd.DataFrame({"x": [0.1, 0.9, 0.2], "y": [np.nan, np.nan, 0.3]})
    answer = method.recommend(asked)
    assert answer.found.all()
    best = answer.best()
    assert best["y"].notna().all(), "nobody is accepted without y"
    codec = method.codec
    np.testing.assert_allclose(
        answer.cost, cost(codec.cube(asked), codec.cube(best), codec.nominal), atol=1e-9
    )


def test_unfitted(asked):
    with pytest.raises(NotFittedError, match=r"NearestNeighbour is not fitted; call fit\(X, y\)"):
        NearestNeighbour(Threshold(), SCHEMA).recommend(asked)
