"""The measures of the answers, by hand, and what the record of two editions has to say."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from benchmarks import answers, answers_worker
from benchmarks.record import plain
from genre_lite.baselines.nearest_neighbour import NearestNeighbour


class Rich:
    """A bank that says yes above 5, and a world in which that is right."""

    def predict_proba(self, frame):
        yes = (frame["income"] > 5).to_numpy(dtype=float)
        return np.stack([1 - yes, yes], axis=1)

    def is_plausible(self, frame):
        return (frame["income"] < 9).to_numpy()


def table(**columns):
    """Options found, one a person."""
    frame = pd.DataFrame(columns)
    return frame.set_axis(pd.MultiIndex.from_product([frame.index, [0]]))


@pytest.fixture(scope="module")
def bank():
    """Incomes from 0 to 10 at two ages that nobody may change."""
    frame = pd.DataFrame({"income": np.repeat(np.arange(11), 8), "age": [30, 40] * 44})
    frame["paid"] = (frame["income"] > 5).astype(int)
    schema = gl.Schema.infer(frame[["income", "age"]], immutable=["age"])
    return gl.Dataset.from_frame(frame, target="paid", favourable=1, schema=schema)


@pytest.fixture(scope="module")
def people():
    return pd.DataFrame({"income": [1, 4], "age": [30, 40]}, index=["ana", "ben"])


def worker(h, bank, method=NearestNeighbour):
    """An edition in this process, whose GenRe is another method, and which is sure below 8."""
    edition = answers_worker.Edition()
    fitted = {
        name: kind(h, bank.schema, progress=False).fit(bank.X_train, bank.y_train)
        for name, kind in (("GenRe", method), ("neighbour", NearestNeighbour))
    }
    edition.methods = fitted

    def call(name, **arguments):
        if name == "estimates":
            frame = arguments["frame"]
            sure = frame["income"].between(7, 8).astype(float)
            return pd.DataFrame({"valid": sure, "plausible": 1.0}, frame.index)
        return getattr(edition, name)(**arguments)

    return call


# -- the measures, by hand ------------------------------------------------------------------------


def test_letters_are_the_same_or_not():
    index = pd.MultiIndex.from_tuples([("ana", 0), ("ana", 1), ("ben", 0)])
    here = answers.letters(pd.DataFrame({"income": [6, 7, 8], "job": list("aab")}, index))
    there = answers.letters(pd.DataFrame({"income": [6.0, 9], "job": list("ab")}, index[[0, 2]]))
    assert answers.same(here, there, pd.Index(["ana", "ben", "cy"])).tolist() == [1, 0, 1]


def test_options_differ_by_what_they_change(people):
    index = pd.MultiIndex.from_product([["ana"], [0, 1, 2]])
    options = pd.DataFrame({"income": [6, 7, 6], "age": [30, 30, 35]}, index)
    found, differ = answers.spread(people, options)
    assert found.tolist() == [3, 0]
    np.testing.assert_allclose(differ, [2 / 3, np.nan])


def test_who_hangs_on_company(people):
    def in_turn(name, people):
        """Draws from one stream: each row's answer depends on its place."""
        return table(income=pd.Series(6 + np.arange(len(people)), people.index)), 0.0

    found = answers.asked(in_turn, people)
    assert found["same letter alone"].tolist() == [1, 0]
    assert found["same letter reversed"].tolist() == [0, 0]
    assert found["five twins, one letter"].tolist() == [0, 0]


def test_the_cheapest_sure_neighbour(bank, people):
    believe = worker(Rich(), bank)
    cost = answers.neighbour_cost(people, bank, Rich(), lambda f: believe("estimates", frame=f))
    np.testing.assert_allclose(cost, [0.6, 0.3])  # to 7, and not to 6, of a range of 10
    never = answers.neighbour_cost(
        people, bank, Rich(), lambda f: believe("estimates", frame=f) * 0.5
    )
    assert np.isinf(never).all()


def test_what_letters_ask_for(bank, people):
    found = answers.judged(worker(Rich(), bank), people, bank, Rich(), Rich())
    expected = {
        "changes": [1, 1],
        "needless": [0, 0],
        "needless, by h": [0, 0],
        "broken": [0, 0],
        "cost": [0.5, 0.2],  # the neighbour is at 6
        "cost above the neighbour": [0, 0],
        "costs more than a sure neighbour": [0, 0],
        "validity": [1, 1],
        "plausibility": [1, 1],
        "given the same target": [1, 1],
        "options found": [3, 3],
        "served": [1, 1],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name].astype(float), values, err_msg=name)
    np.testing.assert_allclose(found["options that change other features"], 1 / 3)


def test_terms_are_asked_for_and_checked(bank, people):
    asked = {"bounds": {"income": (None, 7)}}
    found = answers.within(worker(Rich(), bank), people, bank, Rich(), asked)
    assert found["served"].tolist() == [1, 1]
    assert found["broken"].tolist() == [0, 0]
    none = answers.within(
        worker(Rich(), bank), people, bank, Rich(), {"freeze": {"ana": ["income"], "ben": []}}
    )
    assert none["served"].tolist() == [0, 1]
    assert np.isnan(none.loc["ana", "broken"])


def test_the_record_is_over_seeds_and_knows_who_could_not():
    cells = {
        f"answers/german/after/{seed}": {"metrics": {"cost": cost, "served": None}}
        for seed, cost in enumerate((1.0, 2.0, 6.0))
    }
    cells["answers/german/before/0"] = {"cannot": "no fit", "metrics": {}}
    said = answers.summary(cells)["german"]
    # Student's 0.975 quantile with two degrees of freedom, times the root of 7 / 3.
    assert said["after"] == {
        "cost": {"mean": 3, "half_width": pytest.approx(6.5724, abs=1e-4), "worlds": 3}
    }
    assert said["before"] == {}
    assert answers.shown({"german": said}["german"])["before"].tolist() == ["cannot"]


def test_a_record_of_other_people_is_not_mixed(tmp_path, monkeypatch, capsys):
    out = tmp_path / "tried.json"
    out.write_text(json.dumps({"people": 100, "quick": False, "cells": {}}))
    monkeypatch.setattr(sys, "argv", ["answers", "--people", "10", "--out", str(out)])
    with pytest.raises(SystemExit):
        answers.main()
    assert "name another --out" in capsys.readouterr().err


def test_what_an_edition_cannot_do_is_said():
    part = {"mean": 0.5, "half_width": 0.1, "worlds": 9}
    said = answers.shown({"before": {"cost": part}, "after": {"cost": part, "broken": None}})
    assert said.loc["cost"].tolist() == ["0.5 ± 0.1", "0.5 ± 0.1"]
    assert said.loc["broken", "before"] == "cannot"


def test_one_seed_has_no_interval():
    once = answers.summary({"answers/german/after/0": {"metrics": {"cost": 0.5}}})["german"]
    assert answers.shown(once).loc["cost", "after"] == "0.5"


# -- the editions ---------------------------------------------------------------------------------


def test_a_clock_was_a_value_that_may_rise(monkeypatch):
    schema = gl.Schema.infer(pd.DataFrame({"age": [30, 40]}), clocks=["age"])
    assert answers_worker.schema_of(schema.to_dict()) == schema
    monkeypatch.setattr(answers_worker, "TODAY", False)
    assert answers_worker.schema_of(schema.to_dict())[0].actionability == "increasing"


def test_a_worker_says_what_the_package_says(root, bank):
    with answers.Worker(root) as asked, pytest.raises(gl.GenReError, match="denies nobody"):
        x, y = bank.X_train, bank.y_train
        few = x["income"] > 5
        y = y[few].where(x["income"][few] > x["income"][few].min(), 0)
        asked("fit", schema=bank.schema.to_dict(), X=x[few], y=y, h=_always(bank), seed=0)


def _always(bank):
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier().fit(bank.X_train, bank.y_train)


def test_without_history_it_says_why(root, tmp_path):
    assert "does not reach 0000000" in answers.first_edition("0000000", tmp_path)
    if not answers.first_edition(answers.FIRST, tmp_path):
        assert (tmp_path / "genre_lite" / "genre.py").is_file()
        assert not (tmp_path / "genre_lite" / "limits.py").exists()


# -- the record -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(root):
    path = root / "results" / "answers.json"
    if not path.is_file():
        pytest.skip("results/answers.json is not made yet: python -m benchmarks.answers")
    return json.loads(path.read_text())


def test_the_record_says_what_its_cells_say(results, fresh):
    fresh("answers")
    assert results["summary"] == plain(answers.summary(results["cells"]))
    assert set(results["summary"]) <= set(answers.TABLES)


def test_what_the_second_edition_promises(results, fresh):
    fresh("answers")
    for name, of in results["summary"].items():
        after = {measure: said and said["mean"] for measure, said in of["after"].items()}
        for measure in ("same letter alone", "same letter reversed", "five twins, one letter"):
            assert after[measure] == 1, (name, measure)
        assert after["needless"] == 0, name
        for measure in after:
            if measure.startswith("broken"):
                assert after[measure] == 0, (name, measure)
