"""What a person may become: bounds, whole steps, single levels, and the way back to a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import Codec, Feature, Schema, cost, load_dataset
from genre_lite.baselines.projection import Projection, onto_simplex
from genre_lite.limits import Limits
from genre_lite.terms import Terms

SCHEMA = Schema(
    [
        Feature("age", low=0, step=1, actionability="increasing"),
        Feature("debt", actionability="decreasing"),
        Feature("rate", low=0, high=1, step=0.1),
        Feature("school", "ordinal", ("none", "some", "much"), actionability="increasing"),
        Feature("job", "nominal", ("clerk", "pilot", "smith")),
        Feature("origin", "nominal", ("north", "south", "west"), actionability="immutable"),
        Feature("phone", "nominal", ("no", "yes")),
    ]
)
FREE = torch.float64


def table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 70, n),
            "debt": rng.normal(5, 2, n),
            "rate": np.round(rng.integers(2, 9, n) * 0.1, 1),
            "school": rng.choice(["none", "some", "much"], n),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "origin": rng.choice(["north", "south", "west"], n),
            "phone": rng.choice(["no", "yes"], n),
        },
        index=[f"p{i}" for i in range(n)],
    )


@pytest.fixture(scope="module")
def train():
    return table()


@pytest.fixture(scope="module")
def codec(train):
    return Codec(SCHEMA).fit(train)


@pytest.fixture(scope="module")
def at(codec):
    return Projection(codec, table(12, seed=3))


def wild(at, seed=0, candidates=40):
    """Points anywhere, in the bounds or out."""
    noise = torch.Generator().manual_seed(seed)
    return torch.randn(candidates, *at.start.shape, generator=noise, dtype=FREE) + 0.5


def test_the_start_is_the_person(at):
    assert torch.equal(at.snap(at.start), at.start)
    pd.testing.assert_frame_equal(at.frame(at.start), at.people)
    assert (at.cost(at.start) == 0).all()


def test_clamped_points_lie_inside_and_stay(at):
    inside = at.clamp(wild(at))
    assert ((inside >= at.low - 1e-12) & (inside <= at.high + 1e-12)).all()
    for name in ("job", "origin"):
        block = inside[..., at.columns[SCHEMA.names.index(name)]]
        torch.testing.assert_close(block.sum(-1), torch.ones_like(block[..., 0]))
    torch.testing.assert_close(at.clamp(inside), inside)


@pytest.mark.equation("search-projection")
def test_bounds_follow_the_schema_and_the_data(at):
    j = {name: at.columns[i].start for i, name in enumerate(SCHEMA.names)}
    assert torch.equal(at.low[:, j["age"]], at.start[:, j["age"]])
    assert torch.equal(at.high[:, j["debt"]], at.start[:, j["debt"]])
    assert (at.high[:, j["rate"]] == at.start[:, j["rate"]].clamp(min=1)).all()
    south = at.columns[SCHEMA.names.index("origin")]
    assert torch.equal(at.low[:, south], at.high[:, south])


def test_bounds_widen_to_an_unusual_person(codec, train):
    odd = train.iloc[[0]].assign(age=95, debt=-40.0)
    at = Projection(codec, odd)
    assert torch.equal(at.snap(at.start), at.start)
    low = at.frame(at.snap(at.start - 9))
    assert low["age"].item() == 95
    assert low["debt"].item() == -40.0


def limited(codec, people, **terms):
    return Projection(codec, people, Limits(codec, people, Terms(**terms)))


def values(at, name, share):
    """What a feature becomes when it is sent to so much of its range."""
    points = at.start.clone()
    points[:, at.columns[SCHEMA.names.index(name)]] = share
    return at.frame(at.snap(points))[name].tolist()


def test_whoever_moves_lands_inside_the_bounds(codec, train):
    """A rate of 0.8, and advice between 0.3 and 0.5: stay, or go there; the nearer of the two."""
    person = train.iloc[[0]].assign(rate=0.8)
    at = limited(codec, person, bounds={"rate": (0.3, 0.5)})
    share = [(rate - codec.low[2]) / codec.width[2] for rate in (0.2, 0.45, 0.6, 0.66, 0.9)]
    assert [values(at, "rate", s)[0] for s in share] == [0.3, 0.4, 0.5, 0.8, 0.8]
    inside = limited(codec, person, bounds={"rate": (0.3, 0.9)})
    assert [values(inside, "rate", s)[0] for s in share] == [0.3, 0.4, 0.6, 0.7, 0.8]


def test_bounds_that_leave_nothing_fix_the_value(codec, train):
    person = train.iloc[[0]].assign(debt=5.0)
    at = limited(codec, person, bounds={"debt": (6.0, None)})
    j = at.columns[1]
    assert torch.equal(at.low[:, j], at.start[:, j])
    assert torch.equal(at.high[:, j], at.start[:, j])


def test_each_person_has_their_own_terms(codec, train):
    two = train.iloc[[0, 0]].set_axis(["a", "b"]).assign(job="clerk", rate=0.5)
    terms = {
        "freeze": {"a": ["job"], "b": []},
        "largest": {"rate": pd.Series({"a": 0.1, "b": 0.3})},
    }
    at = limited(codec, two, **terms)
    assert values(at, "job", torch.tensor([0.0, 1.0, 0.0], dtype=FREE)) == ["clerk", "pilot"]
    assert values(at, "rate", 1.0) == [0.6, 0.8]
    again = at.take(np.array([1, 0, 1]))
    assert values(again, "rate", 1.0) == [0.8, 0.6, 0.8]


def test_a_small_change_that_four_digits_do_not_show_is_none(train):
    schema = Schema([Feature("x"), Feature("y", step=1)])
    frame = pd.DataFrame({"x": [0.0, 50_000.0, 80_000.0], "y": [0, 1, 2]})
    at = Projection(Codec(schema).fit(frame), frame.iloc[[1]])
    points = torch.tensor([[50_009.0, 80_000 / 2]], dtype=FREE) / 80_000
    assert at.frame(at.snap(points))["x"].item() == 50_000
    points[0, 0] = 50_011 / 80_000
    assert at.frame(at.snap(points))["x"].item() == pytest.approx(50_011)


def test_points_are_those_of_the_cube(codec, at):
    for snapped in at.snap(wild(at, seed=7, candidates=4)):
        np.testing.assert_allclose(at.points(snapped), codec.cube(at.frame(snapped)), atol=1e-9)
    own = at.points(at.start)
    np.testing.assert_array_equal(own, codec.cube(at.people))


def test_what_is_not_kept_is_said(codec, train):
    person = train.iloc[[0, 1]].assign(job="clerk", phone="no", rate=0.5)
    at = limited(codec, person, max_changes=1)
    points = at.start.repeat(3, 1, 1)
    points[1:, :, at.columns[-1]] = 1.0
    points[2, :, at.columns[2]] += 3 * 0.1 / codec.width[2]
    every = torch.ones(3, 2, dtype=torch.bool)
    assert at.keeps(at.snap(points), every).tolist() == [[True] * 2, [True] * 2, [False] * 2]
    every[0, 1] = False
    assert at.keeps(at.snap(points), every)[0].tolist() == [True, False]


def test_prices_are_the_persons(codec, train):
    two = train.iloc[[0, 0]].set_axis(["a", "b"]).assign(job="clerk", phone="no")
    at = limited(codec, two, weights={"job": pd.Series({"a": 1.0, "b": 3.0}), "phone": 2.0})
    points = at.start.clone()
    points[:, at.columns[4]] = torch.tensor([0.0, 1.0, 0.0], dtype=FREE)
    points[:, at.columns[-1]] = 1.0
    assert at.cost(points).tolist() == [3.0, 5.0]
    assert at.changes(points)[:, 4].tolist() == [1.0, 3.0]


def test_gaps_stay(train):
    schema = Schema(
        [
            Feature("x"),
            Feature("debt", gaps=True),
            Feature("job", "nominal", ("clerk", "pilot", "smith"), gaps=True),
        ]
    )
    frame = pd.DataFrame(
        {
            "x": [0.0, 1.0, 2.0, 3.0],
            "debt": [1.0, np.nan, 3.0, np.nan],
            "job": ["clerk", None, "pilot", "smith"],
        }
    )
    codec = Codec(schema).fit(frame)
    at = Projection(codec, frame)
    assert torch.equal(at.snap(at.start), at.start)
    for snapped in at.snap(wild(at, seed=1, candidates=20)):
        after = at.frame(snapped)
        assert (after.isna() == frame.isna()).all(axis=None)
        np.testing.assert_allclose(at.points(snapped), codec.cube(after), atol=1e-9)
        np.testing.assert_allclose(codec.design(codec.cube(after)), snapped.numpy(), atol=1e-9)
        price = cost(codec.cube(frame), codec.cube(after), codec.nominal)
        np.testing.assert_allclose(at.cost(snapped), price, atol=1e-9)


def test_keys_are_the_persons(codec):
    people = table(12, seed=3)
    at = Projection(codec, people)
    backwards = Projection(codec, people[::-1])
    assert (at.keys(0) == backwards.keys(0)[::-1]).all()
    assert (at.take(np.array([4, 4])).keys(0) == at.keys(0)[4]).all()
    assert len(np.unique(at.keys(0), axis=0)) == 12
    assert (at.keys(1) != at.keys(0)).any(axis=1).all()


def test_a_constant_column_keeps_its_value(train):
    flat = train.assign(age=40)
    at = Projection(Codec(SCHEMA).fit(flat), flat)
    assert (at.frame(at.snap(at.start + 5))["age"] == 40).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), scale=st.sampled_from([1e-4, 0.05, 1.0, 30.0]))
def test_snapped_points_are_people_the_schema_allows(seed, scale):
    codec = Codec(SCHEMA).fit(table())
    at = Projection(codec, table(5, seed=seed % 97))
    points = at.start + scale * (wild(at, seed, candidates=3) - 0.5)
    for snapped in at.snap(points):
        after = at.frame(snapped)
        SCHEMA.validate(after)
        assert not SCHEMA.violations(at.people, after).any(axis=None)
        assert (after.dtypes == at.people.dtypes).all()
        assert (after["rate"] * 10 == (after["rate"] * 10).round()).all()
        assert torch.equal(at.snap(snapped), snapped)
        back = codec.design(codec.cube(after))
        np.testing.assert_allclose(back, snapped.numpy(), atol=1e-9)
        price = cost(codec.cube(at.people), codec.cube(after), codec.nominal)
        np.testing.assert_allclose(at.cost(snapped).numpy(), price, atol=1e-9)


@pytest.mark.parametrize("name", ["adult", "german", "compas", "moons"])
def test_bundled_tables(name):
    bank = load_dataset(name)
    codec = Codec(bank.schema).fit(bank.X_train)
    at = Projection(codec, bank.X_test.iloc[:20])
    snapped = at.snap(wild(at, candidates=1))[0]
    after = at.frame(snapped)
    bank.schema.validate(after)
    assert not bank.schema.violations(at.people, after).any(axis=None)
    assert (after.dtypes == at.people.dtypes).all()
    np.testing.assert_allclose(codec.design(codec.cube(after)), snapped.numpy(), atol=1e-9)


def test_half_a_step_is_no_step(codec, train):
    person = train.iloc[[0]].assign(age=30, rate=0.5, phone="yes")
    at = Projection(codec, person)
    year = 1 / codec.width[0]
    for share, age in ((0.49, 30), (0.51, 31), (1.4, 31), (-1.0, 30)):
        points = at.start.clone()
        points[:, 0] += share * year
        assert at.frame(at.snap(points))["age"].item() == age
    points = at.start.clone()
    points[:, at.columns[-1]] = 0.51
    assert at.frame(at.snap(points))["phone"].item() == "yes"
    points[:, at.columns[-1]] = 0.49
    assert at.frame(at.snap(points))["phone"].item() == "no"


def test_a_value_off_the_grid_is_kept_or_left_upwards(codec, train):
    at = Projection(codec, train.iloc[[0]].astype({"age": float}).assign(age=30.5))
    year = 1 / codec.width[0]
    ages = []
    for share in (-3.0, 0.0, 0.4, 0.6, 1.0):
        points = at.start.clone()
        points[:, 0] += share * year
        ages.append(at.frame(at.snap(points))["age"].item())
    assert ages == [30.5, 30.5, 30.5, 31.0, 32.0]


def test_of_equal_shares_the_own_level_wins(codec, train):
    person = train.iloc[[0]].assign(job="smith")
    at = Projection(codec, person)
    points = at.start.clone()
    points[:, at.columns[4]] = torch.tensor([0.5, 0.0, 0.5], dtype=FREE)
    assert at.frame(at.snap(points))["job"].item() == "smith"


def test_cost_of_free_points_has_the_right_gradient(at):
    points = at.clamp(wild(at, candidates=2)).requires_grad_()
    at.cost(points).sum().backward()
    block = at.columns[4]
    expected = torch.sign(points.detach() - at.start)
    expected[..., block] /= 2
    expected[..., at.columns[5]] = 0
    torch.testing.assert_close(points.grad, expected)
    torch.testing.assert_close(at.changes(points).sum(-1), at.cost(points))


def test_a_moved_share_costs_its_size(codec, train):
    at = Projection(codec, train.iloc[[0]].assign(job="clerk"))
    points = at.start.clone()
    points[:, at.columns[4]] = torch.tensor([0.7, 0.3, 0.0], dtype=FREE)
    assert at.cost(points).item() == pytest.approx(0.3)


def test_options_are_the_cheapest_and_differ(at):
    snapped = at.snap(at.start + (wild(at, seed=4) - 0.5) / 20)
    snapped = torch.cat([snapped, snapped])
    found = torch.rand(snapped.shape[:2], generator=torch.Generator().manual_seed(0)) < 0.5
    found[:, 3] = False
    frame, log_prob = at.options(snapped, found, n=4)
    assert np.isnan(log_prob).all() and len(log_prob) == len(frame)
    for row in range(len(at)):
        prices = {
            tuple(p.tolist()): c.item()
            for p, c, f in zip(
                snapped[:, row], at.cost(snapped)[:, row], found[:, row], strict=True
            )
            if f
        }
        expected = sorted(prices.values())[:4]
        if row == 3:
            assert row not in frame.index.get_level_values(0)
            continue
        mine = frame.loc[row]
        assert not mine.duplicated().any()
        assert mine.index.tolist() == list(range(len(expected)))
        me = at.codec.cube(at.people.iloc[[row]])
        np.testing.assert_allclose(
            cost(me, at.codec.cube(mine), at.codec.nominal), expected, atol=1e-9
        )


def test_nobody_found_is_an_empty_table(at):
    frame, log_prob = at.options(at.start[None], torch.zeros(1, len(at), dtype=torch.bool), n=1)
    assert len(frame) == len(log_prob) == 0
    assert list(frame.columns) == SCHEMA.names


def test_columns_of_other_types_keep_them(train):
    schema = Schema(
        [Feature("age", step=1), Feature("job", "nominal", ("clerk", "pilot", "smith"))]
    )
    frame = pd.DataFrame(
        {"age": train["age"].astype("int8"), "job": train["job"].astype("category")}
    )
    at = Projection(Codec(schema).fit(frame), frame)
    after = at.frame(at.snap(wild(at, candidates=1))[0])
    assert after["age"].dtype == "int8"
    assert after["job"].dtype == frame["job"].dtype
    assert (after != frame).any(axis=None)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6))
def test_the_simplex_projection_is_the_nearest(values):
    shares = torch.tensor(values, dtype=FREE)
    nearest = onto_simplex(shares)
    assert nearest.sum().item() == pytest.approx(1)
    assert (nearest >= 0).all()
    corners = torch.eye(len(values), dtype=FREE)
    # The defining inequality: no corner lies on the far side of the projection.
    assert ((corners - nearest) @ (shares - nearest) <= 1e-9).all()
