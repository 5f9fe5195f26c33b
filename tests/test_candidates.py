"""Candidates as rows, as questions to the bank, and as things to compare."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, Decision, Feature, Schema
from genre_lite.candidates import Asked, Comparison, decoded
from genre_lite.limits import Limits
from genre_lite.terms import Terms

SCHEMA = Schema(
    [
        Feature("card"),
        Feature("car"),
        Feature("total"),
        Feature("age", step=1, actionability="clock"),
    ],
    relations=("total == card + car",),
)
OWED = pd.DataFrame(
    {
        "card": [0.0, 1.25, 4.0],
        "car": [0.0, 0.5, 2.0],
        "total": [0.0, 1.75, 6.0],
        "age": [20, 25, 30],
    }
)


@pytest.fixture
def limits():
    return Limits(Codec(SCHEMA).fit(OWED), OWED, Terms(wait=3))


class Counting:
    """Says yes to totals below 2, and counts the rows it was asked about."""

    def __init__(self):
        self.rows = 0

    def predict_proba(self, frame):
        self.rows += len(frame)
        yes = np.where(frame["total"].to_numpy(float) < 2, 0.9, 0.3)
        return np.stack([1 - yes, yes], axis=1)


def test_totals_and_clocks_need_not_be_values_of_the_training_rows(limits):
    rows = np.array([2, 1])
    points = limits.after(np.array([3, 0]), rows)
    points[:, :2] = limits.codec.cube(OWED)[[1, 2], :2]
    frame = decoded(limits.follow(points, rows), rows, limits, OWED)
    assert frame["card"].tolist() == [1.25, 4.0]
    assert frame["total"].tolist() == [1.75, 6.0]
    assert frame["age"].tolist() == [33, 25]
    points[0, 1] = limits.codec.cube(OWED)[2, 1]
    frame = decoded(limits.follow(points, rows), rows, limits, OWED)
    assert frame["total"].tolist() == [3.25, 6.0], "1.25 + 2, which nobody had"
    assert frame["age"].dtype == OWED["age"].dtype


def test_each_different_candidate_is_asked_about_once(limits):
    bank = Counting()
    asked = Asked(Decision(bank).bind(OWED), limits, OWED)
    points, rows = limits.cube[[0, 1, 0, 2]], np.array([0, 1, 0, 2])
    chance, yes = asked(points, rows)
    assert chance.tolist() == [0.9, 0.9, 0.9, 0.3]
    assert yes.tolist() == [True, True, True, False]
    assert bank.rows == 3
    asked(points[::-1], rows[::-1])
    assert bank.rows == 3
    # 1.25 + 0.5 and 1.25 + 0.75 are near, and one is no yes.
    near = limits.cube[[1, 1]].copy()
    near[1, 1] += 0.25 / 2
    near = limits.follow(near, np.array([1, 1]))
    assert asked(near, np.array([1, 1]))[1].tolist() == [True, False]


def test_worth_by_hand(limits):
    """Card from 4 to 0 is a whole range, and so is what follows: the total counts, too."""
    asked = Asked(Decision(Counting()).bind(OWED), limits, OWED)
    rows = np.array([2])
    points = limits.cube[[2]].copy()
    points[0, 0] = 0.0
    points = limits.follow(points, rows)
    price = 1 + 4 / 6

    def believed(points):
        return np.array([[0.8, 0.7]])

    worth = {
        rule: Comparison(rule, asked, believed).worth(points, rows)[0]
        for rule in ("balanced", "cheapest", "safest")
    }
    assert worth == pytest.approx({"balanced": 1.5 - price / 4, "cheapest": -price, "safest": 0.3})
    thrice = Comparison("first", asked, None).worth(points.repeat(3, axis=0), rows.repeat(3))
    assert (np.diff(thrice) < 0).all(), "the earlier, the better"
