"""Relations between the values of one person: what is understood, what holds, what is refused."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import Feature, Schema, SchemaError
from genre_lite.relations import Relation

calm = settings(deadline=None, derandomize=True, max_examples=60)
DEGREES = ("none", "Master", "Doctor")
nan = np.nan

schema = Schema(
    [
        Feature("age", unit="years"),
        Feature("card"),
        Feature("car"),
        Feature("total"),
        Feature("capital-gain"),
        Feature("degree", "ordinal", DEGREES),
        Feature("wish", "ordinal", DEGREES),
        Feature("job", "nominal", ("clerk", "if then")),
        Feature("owner", "nominal", (False, True)),
        Feature("rooms", "ordinal", (1, 2, 3)),
        Feature("then"),
        Feature(7),
    ]
)
PERSON = {
    "age": 30,
    "card": 2,
    "car": 3,
    "total": 5,
    "capital-gain": 100,
    "degree": 1,
    "wish": 2,
    "job": 1,
    "owner": 1,
    "rooms": 1,
    "then": -1,
    7: 70,
}


def holds(text, **changed):
    return bool(Relation.parse(text, schema).holds(PERSON | changed))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("card < car", True),
        ("card > car", False),
        ("card >= 2", True),
        ("card > 2", False),
        ("card <= 2", True),
        ("card < 2", False),
        ("card == 2", True),
        ("card != 2", False),
        ("2 < card + 1 <= car", True),
        ("2 < card + 1 < car", False),
        ("0 <= card <= 1", False),
        ("card - car == -1", True),
        ("card * car == 6 and total / 5 == 1", True),
        ("+card == -(-2)", True),
        ("1 + card * car == 7", True),
        ("(1 + card) * car == 9", True),
        ("card > 9 or car > 2", True),
        ("not card > 9", True),
        ("not (card > 9 or car > 2)", False),
        ("`capital-gain` == 100", True),
        ("`capital-gain` < `age`", False),
        ("`then` < 0", True),
        ("`7` == 70", True),
        ("degree == 'Master'", True),
        ("degree != 'Master'", False),
        ("degree >= 'Master'", True),
        ("degree > 'Master'", False),
        ("'none' < degree < 'Doctor'", True),
        ("degree < wish", True),
        ("degree == wish", False),
        ("job == 'if then'", True),
        ('job == "clerk"', False),
        ("owner == True", True),
        ("owner == 'False'", False),
        ("rooms >= 2", True),
        ("rooms == '3'", False),
        ("if degree == 'Doctor' then age >= 99", True),
        ("if degree == 'Master' then age >= 99", False),
        ("if degree == 'Master' then age >= 30", True),
        ("if job == 'if then' then card == 2 and car == 3", True),
        ("if job == 'if then' then card == 2 and car == 4", False),
        ("if card == 2 or card == 3 then not car == 3", False),
        ("if card == 2 then if car == 3 then total == 4", False),
        ("  card   <\tcar ", True),
    ],
)
def test_by_hand(text, expected):
    assert holds(text) is expected


def test_what_is_kept_of_the_text():
    relation = Relation.parse("if degree == 'Doctor' then age >= `capital-gain`", schema)
    assert relation.text == "if degree == 'Doctor' then age >= `capital-gain`"
    assert relation.names == ("degree", "age", "capital-gain")
    assert Relation.parse("card < car < card + 9", schema).names == ("card", "car")
    assert Relation.parse("`7` > 3", schema).names == (7,)


def test_arrays_of_people_and_options_broadcast():
    relation = Relation.parse("total == card + car", schema)
    people, options = np.array([[1.0], [2.0]]), np.array([3.0, 4.0, 5.0])
    values = {"card": people, "car": 2.0, "total": options}
    assert relation.holds(values).tolist() == [[True, False, False], [False, True, False]]


@pytest.mark.parametrize("text", ["card < car", "card >= car", "not card == car", "car == card"])
def test_where_a_value_is_missing_nothing_can_be_said(text):
    relation = Relation.parse(text, schema)
    assert relation.holds({"card": [nan, 1, nan], "car": [1, nan, nan]}).tolist() == [True] * 3


def test_a_gap_in_a_level_and_in_another_branch():
    assert holds("if degree == 'Master' then age > 99", degree=nan)
    assert holds("card > 9 or car > 9", car=nan)


def test_roundings_do_not_count():
    assert holds("total == card + car", card=0.1, car=0.2, total=0.3)
    assert holds("total - card - car == 0", card=0.1, car=0.2, total=0.3)
    assert holds("total >= card + car", card=0.1, car=0.2, total=0.3)
    assert not holds("total < card + car", card=0.1, car=0.2, total=0.3)
    assert not holds("total == card + car", card=0.1, car=0.2, total=0.3001)
    assert not holds("card / car == 3", card=1.0, car=0.33333)
    assert holds("card * 3 == car", card=1 / 3, car=1.0)
    # A product is as large as it is, and not as its larger factor.
    assert not holds("total == card * car", card=1e-6, car=1e6, total=1.0005)


@calm
@given(*[st.integers(-5, 5)] * 3)
def test_agrees_with_python(card, car, total):
    for text in (
        "card + 2 * car <= total - 1",
        "card < car or not (car < total)",
        "card <= car <= total",
        "card * car != total",
    ):
        expected = eval(text, {"card": card, "car": car, "total": total})
        assert holds(text, card=card, car=car, total=total) is bool(expected)
    ruled = holds("if card < car then total > 0", card=card, car=car, total=total)
    assert ruled is (card >= car or total > 0)


# -- a total and its parts --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "defines"),
    [
        ("total == card + car", "total"),
        ("total == card", "total"),
        ("card + car == total", None),
        ("total >= card + car", None),
        ("total == total + card", None),
        ("total == 5", None),
        ("degree == 'Doctor'", None),
        ("degree == wish", None),
        ("if age > 3 then total == card", None),
        ("not total == card", None),
        ("total == card == car", None),
        ("`7` == 2 * age", 7),
    ],
)
def test_which_feature_is_defined(text, defines):
    relation = Relation.parse(text, schema)
    assert relation.defines == defines
    if defines is None:
        with pytest.raises(SchemaError, match="defines no feature; write one alone on the left"):
            relation.value(PERSON)


def test_the_value_that_is_defined():
    relation = Relation.parse("total == 2 * card - car / 4", schema)
    parts = {"card": np.array([1, 2, nan]), "car": [4, 2, 1]}
    np.testing.assert_array_equal(relation.value(parts), [1, 3.5, nan])
    assert relation.holds(parts | {"total": relation.value(parts)}).all()


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("crad < car", ["'crad'", "did you mean 'card'?"]),
        ("`capital gain` < 3", ["'capital gain'", "did you mean 'capital-gain'?"]),
        ("card = car", ["single '='", "write =="]),
        ("card <", ["'card <' is not understood", "'debts >= housing'"]),
        ("", ["not understood"]),
        ("capital gain > 3", ["'capital gain > 3'", "in backticks"]),
        ("card", ["'card' is not a comparison"]),
        ("card + car", ["'card + car' is not a comparison"]),
        ("1 < 2", ["names no feature"]),
        ("if card > 2", ["'if' without 'then'"]),
        ("if card > 2 then", ["not understood"]),
        ("card in car", ["'card in car'", "compare with <, <=, =="]),
        ("card ** 2 > 3", ["'card ** 2'", "+ - * /"]),
        ("max(card, car) > 3", ["'max(card, car)'", "+ - * /"]),
        ("card.real > 3", ["'card.real'"]),
        ("(lambda: 0)() > card", ["is not understood"]),
        ("__import__('os').system('ls') > card", ["is not understood"]),
        ("[card] == 3", ["'[card]'"]),
        ("card == None", ["'None'"]),
        ("card == True", ["'True'"]),
        ("__0__ > 3", ["'__0__'"]),
        ("card == 'clerk'", ["'clerk'", "is a level", "no feature with levels"]),
        ("job < 'clerk'", ["'job' have no order", "== or !=", "ordinal"]),
        ("'clerk' >= job", ["'job' have no order"]),
        ("job == 'clrk'", ["'job'", "'clrk'", "did you mean 'clerk'?"]),
        ("degree >= 'Docter'", ["'degree'", "'Docter'", "did you mean 'Doctor'?"]),
        ("degree == card", ["'card' stands beside 'degree'", "in quotes"]),
        ("degree == Doctor", ["No feature named 'Doctor'"]),
        ("degree + 1 > 2", ["'degree' has named levels", "calculated"]),
        ("degree == job", ["'degree' and 'job' have different levels"]),
        ("rooms == 4", ["'rooms'", "4 was never seen"]),
        ("rooms >= -1", ["'rooms'", "-1 was never seen"]),
        (3, ["A relation is text", "3"]),
    ],
)
def test_what_is_not_understood_is_named(text, parts):
    with pytest.raises(SchemaError) as error:
        Relation.parse(text, schema)
    if isinstance(text, str):
        assert str(error.value).startswith(f"Relation {text!r}: ")
    for part in parts:
        assert part in str(error.value)


# -- in a schema ------------------------------------------------------------------------------


def test_a_schema_keeps_its_relations():
    related = Schema(schema.features, ["total == card + car", "degree <= wish"])
    assert related.relations == ("total == card + car", "degree <= wish")
    assert related != schema
    assert hash(related) != hash(schema)
    assert related.constrain(immutable=["age"]).relations == related.relations
    assert related.reorder(related.names[::-1]).relations == related.relations
    again = Schema.from_dict(json.loads(json.dumps(related.to_dict())))
    assert again == related
    assert "degree <= wish" in repr(related)
    assert "degree &lt;= wish" in related._repr_html_()
    for twin in (copy.deepcopy(related), pickle.loads(pickle.dumps(related))):
        assert twin == related


def test_a_wrong_relation_fails_at_once():
    with pytest.raises(SchemaError, match="'debt > 3': No feature named 'debt'"):
        Schema(schema.features, ["debt > 3"])
    with pytest.raises(SchemaError, match=r"is one text; write \['card < car'\]"):
        Schema(schema.features, "card < car")
    frame = pd.DataFrame({"card": [1.5, 2], "car": [3, 4]})
    with pytest.raises(SchemaError, match=r"'crad < car'.*did you mean 'card'"):
        Schema.infer(frame, relations=["crad < car"])
    assert Schema.infer(frame, relations=["card < car"]).relations == ("card < car",)


def test_a_relation_can_be_pickled():
    relation = Relation.parse("if degree == 'Master' then total == card + car", schema)
    again = pickle.loads(pickle.dumps(relation))
    assert again == relation
    assert bool(again.holds(PERSON))
