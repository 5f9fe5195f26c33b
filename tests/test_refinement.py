"""Needless changes are taken back, and nothing else: against judges whose best is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, Feature, Schema
from genre_lite.limits import Limits
from genre_lite.objectives import cost
from genre_lite.refinement import refine
from genre_lite.terms import Terms

ELEVEN = pd.DataFrame({name: np.arange(11) for name in ("x", "y", "z")})


class Linear:
    """Worth is a slope minus the cost; the bank says yes above a line."""

    def __init__(self, limits, slope, line, above):
        self.limits, self.slope = limits, np.array(slope)
        self.line, self.above = np.array(line), above

    def worth(self, points, rows):
        return points @ self.slope - self.cost(points, rows)

    def cost(self, points, rows):
        limits = self.limits
        return cost(limits.cube[rows], points, limits.codec.nominal, limits.price[rows])

    def accepts(self, points, rows):
        return points @ self.line > self.above - 1e-9


def ask(people, schema=None, **terms):
    schema = schema or Schema([Feature(name, step=1) for name in ELEVEN])
    return Limits(Codec(schema).fit(ELEVEN), pd.DataFrame(people), Terms(**terms))


def test_the_least_of_what_is_needed():
    """Only x counts for the bank: y and z go back, and x is as small as it may be."""
    limits = ask({"x": [0, 0], "y": [5, 5], "z": [5, 5]})
    judge = Linear(limits, [0, 0, 0], [1, 0, 0], 0.3)
    start = np.array([[0.9, 0.9, 0.1], [0.7, 0.5, 0.4]])
    seen = []
    found = refine(start, np.arange(2), limits, judge, seen=seen)
    np.testing.assert_allclose(limits.codec.units(found), [[3, 5, 5]] * 2, atol=1e-9)
    assert start[0].tolist() == [0.9, 0.9, 0.1], "what was given is left alone"
    variants, whose = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    assert len(variants) == len(whose) > 10
    assert limits.keeps(variants, whose).all()


def test_what_is_worth_as_much_is_taken_back_too():
    """A rule that knows no cost: h or the likelihood alone. Nothing needless is asked for even so."""
    limits = ask({"x": [0], "y": [5], "z": [5]})

    class Indifferent(Linear):
        def worth(self, points, rows):
            return np.zeros(len(points))

    judge = Indifferent(limits, [0, 0, 0], [1, 0, 0], 0.3)
    found = refine(np.array([[0.9, 0.9, 0.1]]), np.array([0]), limits, judge)
    np.testing.assert_allclose(limits.codec.units(found), [[3, 5, 5]], atol=1e-9)


def test_what_is_worth_its_price_stays():
    """y gives 2 a range, at a price of 1; z gives 0.5."""
    limits = ask({"x": [0], "y": [0], "z": [0]})
    judge = Linear(limits, [0, 2, 0.5], [1, 0, 0], 0.2)
    found = refine(np.array([[0.6, 0.8, 0.8]]), np.array([0]), limits, judge)
    np.testing.assert_allclose(found, [[0.2, 0.8, 0.0]], atol=1e-9)


def test_the_best_single_step_is_taken_first():
    """x and y are traded one for one; y is dearer by weight, so y goes and x has to stay."""
    schema = Schema([Feature("x", step=1), Feature("y", step=1, weight=2.0), Feature("z", step=1)])
    limits = ask({"x": [0], "y": [0], "z": [0]}, schema)
    judge = Linear(limits, [0, 0, 0], [1, 1, 0], 0.5)
    found = refine(np.array([[0.5, 0.5, 0.5]]), np.array([0]), limits, judge)
    np.testing.assert_allclose(found, [[0.5, 0.0, 0.0]], atol=1e-9)


TERMS = {
    "none": {},
    "bounds": {"bounds": {"x": (4, None)}},
    "at most two": {"max_changes": 2},
    "frozen": {"freeze": ["z"]},
}


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("seed", range(4))
def test_no_undo_of_the_result_is_as_good(terms, seed):
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(rng.integers(0, 4, (20, 3)), columns=list("xyz"))
    limits = ask(people, **terms)
    slope, line = rng.uniform(0, 1.5, 3), rng.uniform(0, 1, 3)
    judge = Linear(limits, slope, line, 0.5)
    points, rows = rng.integers(0, 11, (400, 3)) / 10, rng.integers(0, 20, 400)
    mixed = np.where(rng.random((400, 3)) < 0.3, limits.cube[rows], points)
    fine = limits.keeps(mixed, rows) & judge.accepts(mixed, rows)
    points, rows = mixed[fine], rows[fine]
    assert len(points) > 10
    found = refine(points, rows, limits, judge)
    before, after = judge.worth(points, rows), judge.worth(found, rows)
    assert (after >= before - 1e-9).all()
    assert (judge.cost(found, rows) <= judge.cost(points, rows) + 1e-9).all()
    assert limits.keeps(found, rows).all()
    assert judge.accepts(found, rows).all()
    assert (after > before + 1e-6).mean() > 0.1
    for j in range(3):
        undone = found.copy()
        undone[:, j] = limits.cube[rows, j]
        better = limits.changed(found, rows)[:, j] & (judge.worth(undone, rows) > after - 1e-9)
        assert not (better & limits.keeps(undone, rows) & judge.accepts(undone, rows)).any()
    # Refined again, it stays.
    np.testing.assert_array_equal(refine(found, rows, limits, judge), found)


def test_less_waiting_and_totals_follow():
    schema = Schema(
        [
            Feature("x", step=1),
            Feature("y", step=1),
            Feature("z", step=1),
            Feature("age", step=1, actionability="clock"),
        ],
        relations=("z == x + y",),
    )
    train = ELEVEN.assign(z=ELEVEN["x"] + ELEVEN["y"], age=np.arange(20, 31))
    people = pd.DataFrame({"x": [5], "y": [5], "z": [10], "age": [25]})
    limits = Limits(Codec(schema).fit(train), people, Terms(wait=4))
    judge = Linear(limits, [0, 0, 0, 0], [-1, 0, 0, 1], 0.5)  # later, or less of x
    rows = np.array([0])
    start = limits.after(np.array([4]), rows)
    start[:, :2] = [0.3, 0.3]
    start = limits.follow(start, rows)
    found = refine(start, rows, limits, judge)
    # age − x: 0.9 − 0.3; three years less at a price of 0.3, or x and z back and one year less
    assert judge.accepts(found, rows).all()
    assert limits.keeps(found, rows).all()
    units = limits.codec.units(found)[0]
    assert units[2] == pytest.approx(units[0] + units[1])
    assert units[1] == 5
    # Neither a year nor a step of x is left to take back alone.
    for years in range(int(limits.years(found, rows)[0])):
        shorter = found.copy()
        shorter[:, 3] = limits.after(np.array([years]), rows)[:, 3]
        assert not judge.accepts(shorter, rows).any()


def test_waiting_is_shortened_year_by_year():
    """Two of four years are needed: neither four nor none is the answer."""
    schema = Schema([Feature("x", step=1), Feature("age", step=1, actionability="clock")])
    train = pd.DataFrame({"x": np.arange(11), "age": np.arange(20, 31)})
    limits = Limits(Codec(schema).fit(train), train.iloc[[5]], Terms(wait=4))
    judge = Linear(limits, [0, 0], [0, 1], 0.7)
    rows = np.array([0])
    found = refine(limits.after(np.array([4]), rows), rows, limits, judge)
    assert limits.years(found, rows).tolist() == [2]
    np.testing.assert_allclose(limits.codec.units(found), [[5, 27]])


def test_nominal_changes_are_undone_whole_and_gaps_too():
    schema = Schema([Feature("job", "nominal", ("a", "b", "c")), Feature("x", step=1, gaps=True)])
    train = pd.DataFrame({"job": ["a", "b", "c", "a"], "x": [0, 5, 10, np.nan]})
    limits = Limits(Codec(schema).fit(train), train.iloc[[0, 3]])

    class Judge:
        def worth(self, points, rows):
            return -cost(limits.cube[rows], points, limits.codec.nominal)

        def accepts(self, points, rows):
            return points[:, 0] > 0

    found = refine(np.array([[1.0, 0.5], [0.5, 0.5]]), np.arange(2), limits, Judge())
    np.testing.assert_allclose(found, [[1.0, 0.0], [0.5, np.nan]])


def test_nothing_to_do():
    limits = ask({"x": [0], "y": [5], "z": [5]})
    judge = Linear(limits, [0, 0, 0], [1, 0, 0], 0.3)
    assert refine(np.empty((0, 3)), np.empty(0, int), limits, judge).shape == (0, 3)
    same = limits.cube[[0]]
    np.testing.assert_array_equal(refine(same, np.array([0]), limits, judge), same)
