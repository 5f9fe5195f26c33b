"""The table that compares methods, worked out by hand for four people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Feature, GenReError, Recourses, Schema, evaluate
from genre_lite.evaluation.metrics import score

SCHEMA = Schema(
    [
        Feature("age", step=1, actionability="increasing"),
        Feature("income", step=1),
        Feature("job", "nominal", ("clerk", "pilot"), actionability="immutable"),
    ]
)
PEOPLE = pd.DataFrame(
    {"age": [20, 30, 40, 50], "income": [1, 2, 3, 4], "job": "clerk"},
    index=["ana", "ben", "cem", "dia"],
)


class Judge:
    """Believes in incomes above 5, and has never seen one above 8."""

    def predict_proba(self, frame):
        yes = np.where(frame["income"] > 5, 0.9, 0.2)
        return np.stack([1 - yes, yes], axis=1)

    def is_plausible(self, frame):
        return frame["income"].to_numpy() <= 8


def answered(options, cost, probability, people=PEOPLE, n=1, seconds=2.0):
    """Options given as rows (age, income, job), None where there is none."""
    where = pd.MultiIndex.from_product([people.index, range(n)], names=["person", "option"])
    rows = [row or (np.nan,) * 3 for row in options]
    return Recourses(
        factual=people[SCHEMA.names],
        frame=pd.DataFrame(rows, index=where, columns=SCHEMA.names),
        cost=pd.Series(cost, where, dtype=float),
        probability=pd.Series(probability, where, dtype=float),
        log_prob=pd.Series(np.nan, where),
        schema=SCHEMA,
        accepted=pd.Series(False, people.index),
        seconds=seconds,
    )


@pytest.fixture
def answers():
    some = [(20, 6, "clerk"), (29, 9, "pilot"), (45, 4, "clerk"), None]
    all_well = [(20 + 10 * i, 7, "clerk") for i in range(4)]
    return {
        "some": answered(some, [0.5, 2.0, 0.2, np.nan], [0.8, 0.9, 0.4, np.nan]),
        "all": answered(all_well, [0.6, 0.5, 0.4, 0.3], [0.9] * 4, seconds=1.0),
        "none": answered([None] * 4, [np.nan] * 4, [np.nan] * 4),
    }


def test_every_column_by_hand(answers):
    table = evaluate(answers, PEOPLE, Judge())
    assert table.index.tolist() == ["some", "all", "none"]
    assert table.index.name == "method"
    some = {
        "people": 4,
        "coverage": 3 / 4,
        "cost": 0.9,  # of the three who have an option
        "validity": 2 / 4,  # ana and ben; cem is not believed in, dia has nothing
        "validity_h": 2 / 4,
        "plausibility": 2 / 4,  # ana and cem
        "score": 2 / 4 + 2 / 4 - 0.9 / 3,
        "violations": 1,  # ben: younger, and another job; one option all the same
        "changed": (1 + 3 + 2) / 3,
        "seconds": 0.5,
    }
    assert table.loc["some"].to_dict() == pytest.approx(some)
    every = {
        "people": 4,
        "coverage": 1,
        "cost": 0.45,
        "validity": 1,
        "validity_h": 1,
        "plausibility": 1,
        "score": 2 - 0.45 / 3,
        "violations": 0,
        "changed": 1,
        "seconds": 0.25,
    }
    assert table.loc["all"].to_dict() == pytest.approx(every)


def test_who_got_nothing_is_a_failure_and_never_dropped(answers):
    none = evaluate(answers, PEOPLE, Judge()).loc["none"]
    assert none[["people", "coverage", "validity", "validity_h", "plausibility"]].tolist() == [
        4,
        0,
        0,
        0,
        0,
    ]
    assert none["violations"] == 0
    assert np.isnan(none["cost"])


def test_only_the_first_option_counts():
    options = [(20, 6, "clerk"), (1, 0, "pilot")] * 4
    options[2:] = [(row[0] + 30, *row[1:]) for row in options[2:]]
    answer = answered(options, [0.5, 3.0] * 4, [0.9, 0.0] * 4, n=2)
    row = evaluate({"it": answer}, PEOPLE, Judge()).loc["it"]
    assert row[["cost", "validity", "validity_h", "violations"]].tolist() == [0.5, 1, 1, 0]


def test_columns_beside_the_schema_do_not_count_as_features(answers):
    known = evaluate(answers, PEOPLE, Judge())
    wider = evaluate(answers, PEOPLE.assign(name="x", zip=1), Judge())
    pd.testing.assert_frame_equal(known, wider)


@pytest.mark.parametrize(
    "people",
    [PEOPLE.iloc[:3], PEOPLE.iloc[::-1], PEOPLE.set_axis(["ana", "ben", "cem", "eva"])],
    ids=["fewer", "another order", "somebody else"],
)
def test_other_people_cannot_be_compared(answers, people):
    with pytest.raises(GenReError, match=r"'some' answered .* the same people"):
        evaluate(answers, people, Judge())


def test_the_score_is_the_papers():
    assert score(1.0, 1.0, 0.0, 5) == 2
    assert score(0.99, 0.97, 0.51, 7) == pytest.approx(0.99 + 0.97 - 0.51 / 7)
    assert score(0.0, 0.0, 3.0, 3) == -1
