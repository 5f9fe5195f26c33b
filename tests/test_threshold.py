"""Yes lies above the threshold, everywhere: exactly at it the answer is no, whoever is asked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch

import genre_lite as gl
from genre_lite import worlds
from genre_lite.baselines.gradient_search import LogOdds
from genre_lite.baselines.projection import Projection
from genre_lite.baselines.shells import accepted
from genre_lite.candidates import Comparison
from genre_lite.evaluation.metrics import validity
from genre_lite.proposals import beliefs

PEOPLE = pd.DataFrame({"income": [0.0, 4.0, 10.0]}, index=["ana", "ben", "cem"])
SCHEMA = gl.Schema.infer(PEOPLE)
CODEC = gl.Codec(SCHEMA).fit(PEOPLE)


class Exactly:
    """h(x) is the income in tenths: 5 is one half to the bit, and 7.5 three quarters."""

    def predict_proba(self, frame):
        yes = frame["income"].to_numpy(float) / 10
        return np.stack([1 - yes, yes], axis=1)

    def is_plausible(self, frame):
        return np.ones(len(frame), dtype=bool)


def incomes(*values):
    return pd.DataFrame({"income": values})


@pytest.mark.parametrize(("threshold", "border"), [(0.5, 5.0), (0.75, 7.5)])
def test_the_decision_and_whoever_checks_a_proposal(threshold, border):
    h = gl.Decision(Exactly(), threshold=threshold)
    asked = incomes(border, np.nextafter(border, 10))
    assert h.accepts(asked).tolist() == [False, True]
    options = asked.set_axis(["ana", "ben"])
    assert gl.check(PEOPLE, options, h, SCHEMA)["accepted"].tolist() == [False, True]


def test_a_margin():
    limits = gl.Limits(CODEC, PEOPLE.iloc[[0]])

    def asked(points, rows):
        return points[:, 0], np.ones(len(points), dtype=bool)

    points = np.array([[0.5], [0.6]])
    comparison = Comparison("cheapest", asked, None, margin=0.5)
    assert comparison.accepts(points, np.zeros(2, int)).tolist() == [False, True]
    at = Projection(CODEC, PEOPLE.iloc[[0]], limits)
    candidates = torch.as_tensor(points)[:, None]
    assert accepted(gl.Decision(Exactly(), threshold=0.1), at, candidates, 0.5).tolist() == [
        [False],
        [True],
    ]


def test_the_log_odds_of_a_gradient_method():
    h = gl.Classifier(CODEC, torch.nn.Linear(1, 1))
    for margin in (0.0, 0.5, 0.9):
        odds = LogOdds(h, CODEC, margin)
        border = torch.tensor(odds.border).double()
        assert odds.is_valid(torch.stack([border, border + 1e-3])).tolist() == [False, True]


def test_a_judge():
    asked = incomes(5.0, 5.1)
    assert validity(Exactly(), asked).tolist() == [0, 1]
    assert beliefs(Exactly())(asked)["valid"].tolist() == [0, 1]


def answer(probability, threshold=0.5):
    where = pd.MultiIndex.from_tuples([("ana", 0)], names=["person", "option"])
    return gl.Recourses(
        factual=PEOPLE.loc[["ana"]],
        frame=pd.DataFrame({"income": [5.0]}, index=where),
        cost=pd.Series([0.5], where),
        probability=pd.Series([probability], where),
        log_prob=pd.Series([np.nan], where),
        schema=SCHEMA,
        accepted=pd.Series([False], ["ana"]),
        threshold=threshold,
    )


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_the_table_of_methods(threshold):
    at, above = (answer(p, threshold) for p in (threshold, threshold + 0.01))
    table = gl.evaluate({"at": at, "above": above}, PEOPLE.loc[["ana"]])
    assert table["validity_h"].tolist() == [0, 1]


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_a_letter(threshold):
    """At the threshold it says what it says below, but for the number."""

    def letter(probability):
        return re.sub(r"\d", "", answer(probability, threshold).describe("ana"))

    assert letter(threshold) == letter(threshold - 0.1) != letter(threshold + 0.1)


def test_the_world_compares_with_those_it_surely_accepts(monkeypatch):
    """Whoever has exactly one half belongs to the denied."""

    class Forests:
        def fit(self, X, y, seed, weight, done):
            return self

        def predict_proba(self, cube):
            yes = np.where(cube[:, 0] > 0.5, 0.5, 0.9)
            return np.stack([1 - yes, yes], axis=1)

    monkeypatch.setattr(worlds, "_Forests", Forests)
    bank = gl.load_dataset("moons", n=200)
    gold = gl.gold_world(bank, progress=False)
    everybody = pd.concat([bank.X_train, bank.X_test])
    codec = gl.Codec(bank.schema).fit(bank.X_train)
    right = codec.cube(everybody)[:, 0] > 0.5
    # Those far to the right are outliers, for none of their kind is among the reference.
    far = codec.cube(everybody)[:, 0] > 0.8
    assert far.sum() > 5
    assert not gold.is_plausible(everybody[far]).any()
    assert gold.is_plausible(everybody[~right]).mean() > 0.9
