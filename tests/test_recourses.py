"""The answer: what it checks, what it says, and that every view says the same."""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pandas as pd
import pytest

from genre_lite import Feature, Schema
from genre_lite.decision import Decision
from genre_lite.errors import GenReError
from genre_lite.proposals import check
from genre_lite.recourses import Recourses
from genre_lite.schema import Refusal

SCHEMA = Schema(
    [
        Feature("age", unit="years", step=1, actionability="increasing"),
        Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
        Feature("stay", unit="days", step=1, label="length of stay"),
        Feature("savings", "ordinal", ("none", "some", "<b>much</b>")),
        Feature("rate"),
    ]
)
FACTUAL = pd.DataFrame(
    {
        "age": [34, 50, 23],
        "sex": ["f", "m", "f"],
        "stay": [12, 1, 30],
        "savings": ["none", "some", "some"],
        "rate": [0.25, 1.0, 0.5],
    },
    index=["ana", "ben", "cy"],
)
# ana has two options, ben was accepted already, for cy nothing was found.
INDEX = pd.MultiIndex.from_product([FACTUAL.index, [0, 1]], names=["person", "option"])
FRAME = pd.DataFrame(
    [
        (34, "f", 2, "<b>much</b>", 0.25),
        (36, "f", 12, "none", 0.75),
        (50, "m", 1, "some", 1.0),
        (np.nan,) * 5,
        (np.nan,) * 5,
        (np.nan,) * 5,
    ],
    index=INDEX,
    columns=SCHEMA.names,
)


def numbers(*values: float) -> pd.Series:
    return pd.Series([*values, *[np.nan] * (len(INDEX) - len(values))], INDEX)


def answer_with(**parts: object) -> Recourses:
    whole = {
        "factual": FACTUAL,
        "frame": FRAME,
        "cost": numbers(0.5, 0.7, 0.0),
        "probability": numbers(0.83, 0.31, 0.9),
        "log_prob": numbers(-1.5, -2.5, np.nan),
        "schema": SCHEMA,
        "accepted": pd.Series([False, True, False], FACTUAL.index),
        "outcome": "a loan",
    }
    return Recourses(**(whole | parts))


def assert_equal(one: Recourses, other: Recourses) -> None:
    """Equal in every field but the estimates, which are a function."""
    for field in dataclasses.fields(Recourses):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, pd.DataFrame):
            pd.testing.assert_frame_equal(a, b)
        elif isinstance(a, pd.Series):
            pd.testing.assert_series_equal(a, b, check_names=False)
        elif field.name != "estimates":
            assert a == b or (a != a and b != b), field.name


@pytest.fixture
def answer() -> Recourses:
    return answer_with()


# -- what it checks -----------------------------------------------------------------------------


def broken_frame() -> pd.DataFrame:
    frame = FRAME.copy()
    frame.loc[("ana", 1), "rate"] = np.nan
    return frame


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"factual": FACTUAL[["sex", "age", "stay", "savings", "rate"]]},
            "factual has the columns",
        ),
        ({"frame": FRAME.drop(columns="rate")}, "frame has the columns"),
        ({"frame": FRAME.droplevel(1)}, r"1 level\(s\)"),
        ({"frame": FRAME.rename({"cy": "dan"})}, "Person 'dan' is in frame but not in factual"),
        ({"frame": FRAME.loc[["ana", "ben"]]}, "Person 'cy' has no option"),
        ({"frame": FRAME.iloc[::-1]}, "out of order"),
        ({"frame": FRAME.rename({1: 2}, level=1)}, "out of order"),
        ({"frame": broken_frame()}, "Option 1 of person 'ana' has some values and lacks others"),
        ({"cost": numbers(0.5)}, "Option 1 of person 'ana' has values but no cost"),
        ({"probability": numbers()}, "Option 0 of person 'ana' has values but no probability"),
        ({"cost": pd.Series([0.5])}, "cost is not aligned"),
        ({"log_prob": numbers().iloc[::-1]}, "log_prob is not aligned"),
        ({"accepted": pd.Series([True], ["ana"])}, "accepted is not aligned"),
        (
            {"factual": FACTUAL.set_axis(["ana", "ana", "cy"])},
            "Person 'ana' stands in factual twice",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts: dict, message: str) -> None:
    with pytest.raises(GenReError, match=message):
        answer_with(**parts)


def test_a_method_without_a_density_may_leave_log_prob_empty() -> None:
    assert answer_with(log_prob=numbers()).log_prob.isna().all()


def test_an_answer_cannot_be_overwritten(answer: Recourses) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.cost = numbers()


# -- as a collection of people ------------------------------------------------------------------


def test_people_can_be_counted_listed_and_picked(answer: Recourses) -> None:
    assert len(answer) == 3
    assert list(answer) == ["ana", "ben", "cy"]
    one = answer["ben"]
    assert one.frame.index.tolist() == [("ben", 0), ("ben", 1)]
    assert one.accepted.tolist() == [True]
    assert one.method == answer.method


@pytest.mark.parametrize(
    "asked",
    [["cy", "ana"], ("cy", "ana"), pd.Index(["cy", "ana"]), np.array(["cy", "ana"], dtype=object)],
    ids=lambda asked: type(asked).__name__,
)
def test_several_people_come_in_the_order_asked_for(asked: object) -> None:
    score, terms = pd.Series([0.1, 0.9, 0.3], FACTUAL.index), [{"wait": 1}, {}, {"freeze": ["age"]}]
    answer = answer_with(score=score, terms=pd.Series(terms, FACTUAL.index))
    if isinstance(asked, tuple):  # a tuple is a label, or a person with an option
        with pytest.raises(
            GenReError, match=r"answer\.frame\.loc\[\('cy', 'ana'\)\] is one option"
        ):
            answer[asked]
        return
    picked = answer[asked]
    assert list(picked) == ["cy", "ana"]
    assert picked.frame.index.tolist() == [("cy", 0), ("cy", 1), ("ana", 0), ("ana", 1)]
    assert picked.score.tolist() == [0.3, 0.1]
    assert picked.terms.tolist() == [{"freeze": ["age"]}, {"wait": 1}]
    assert picked.best().loc["ana", "stay"] == 2
    assert picked.changes()["person"].unique().tolist() == ["ana"]


def test_evidence_goes_with_the_person_whom_it_concerns() -> None:
    why = pd.DataFrame({"person": ["cy"], "term": ["no single term"], "draws": [50], "found": [0]})
    answer = answer_with(why=why, skipped={"dan": "his row"})
    assert answer["cy"].reasons()["person"].tolist() == ["cy"]
    assert answer["ana"].reasons().empty


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([None, "b", "c"], dtype=object),
        pd.Index([("a", 0), ("a", 1), ("b", 0)], tupleize_cols=False),
        pd.MultiIndex.from_tuples([("a", 0), ("a", 1), ("b", 0)], names=["branch", "case"]),
        pd.Index([7, 3, 5], name="id"),
    ],
    ids=["None", "tuples", "two levels", "numbers"],
)
def test_a_person_may_have_any_label(index: pd.Index) -> None:
    asked = index.to_flat_index().repeat(2)
    where = pd.MultiIndex.from_arrays([asked, [0, 1] * 3], names=["person", "option"])
    parts = {name: getattr(answer_with(), name) for name in ("cost", "probability", "log_prob")}
    answer = answer_with(
        factual=FACTUAL.set_axis(index),
        frame=FRAME.set_axis(where),
        accepted=pd.Series([False, True, False], index),
        **{name: part.set_axis(where) for name, part in parts.items()},
    )
    first = index[0]
    assert "lower length of stay from 12 days to 2 days" in answer.describe(first)
    assert answer.table(first).loc["length of stay", "option 0"] == "2 days"
    assert answer.to_html(first).count("<table>") == 1
    assert answer[[first]].cost.tolist() == [0.5, 0.7]
    assert answer.person(first)["options"][0]["cost"] == 0.5
    assert answer.changes().shape == (4, 5)
    assert_equal(Recourses.from_json(answer.to_json()), answer)


def test_score_and_terms_must_belong_to_the_people() -> None:
    with pytest.raises(GenReError, match="score is not aligned with factual"):
        answer_with(score=pd.Series([0.1]))
    with pytest.raises(GenReError, match="terms is not aligned with factual"):
        answer_with(terms=pd.Series([{}], ["ana"]))


@pytest.mark.parametrize("view", ["describe", "table", "headline", "to_html", "__getitem__"])
@pytest.mark.parametrize("label", ["zoe", 0, {"a": 1}])
def test_an_unknown_person_is_named_with_some_who_are_known(
    answer: Recourses, view: str, label: object
) -> None:
    with pytest.raises(GenReError, match=r"known: 'ana', 'ben', 'cy'\."):
        getattr(answer, view)(label)


def test_repr_counts_who_was_helped(answer: Recourses) -> None:
    assert repr(answer).startswith("Recourses by GenRe: 3 people, 2 with an option, 1 already")
    assert repr(answer[["ana"]]).startswith("Recourses by GenRe: 1 person, ")


# -- as data ------------------------------------------------------------------------------------


def test_found_and_best(answer: Recourses) -> None:
    assert answer.found.index.equals(answer.frame.index)
    assert answer.found.tolist() == [True, True, True, False, False, False]
    best = answer.best()
    assert best.index.tolist() == ["ana", "ben", "cy"]
    assert best.loc["ana", "stay"] == 2
    assert best.loc["cy"].isna().all()


def test_changes_holds_what_changes_and_nothing_else(answer: Recourses) -> None:
    expected = [
        ("ana", 0, "stay", 12, 2),
        ("ana", 0, "savings", "none", "<b>much</b>"),
        ("ana", 1, "age", 34, 36),
        ("ana", 1, "rate", 0.25, 0.75),
    ]
    changes = answer.changes()
    assert list(changes.columns) == ["person", "option", "feature", "from", "to"]
    assert list(changes.itertuples(index=False, name=None)) == expected
    assert type(changes.loc[0, "to"]) is int


def test_changes_of_nothing_keep_their_columns(answer: Recourses) -> None:
    assert answer["cy"].changes().shape == (0, 5)


def test_changes_rebuild_the_options(answer: Recourses) -> None:
    rebuilt = FACTUAL.loc[["ana", "ana", "ben"]].set_axis(INDEX[:3]).astype(object)
    for change in answer.changes().to_dict("records"):
        rebuilt.loc[(change["person"], change["option"]), change["feature"]] = change["to"]
    pd.testing.assert_frame_equal(
        rebuilt, answer.frame[answer.found].astype(object), check_dtype=False
    )


def test_json_is_strict_and_agrees_with_the_answer(answer: Recourses) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    data = json.loads(answer.to_json(), parse_constant=refuse)
    assert data == answer.to_dict()
    ana, ben, cy = data["people"]
    assert data["outcome"] == "a loan"
    assert data["seconds"] is None
    assert ana["factual"]["stay"] == 12
    assert ana["options"][0]["changes"][0] == {"feature": "stay", "from": 12, "to": 2}
    assert isinstance(ana["options"][0]["values"]["stay"], int)
    assert ana["options"][1]["log_prob"] == -2.5
    assert ben["accepted"] is True
    assert ben["options"][0]["cost"] == 0.0
    assert cy["options"][0] == {
        "option": 0,
        "found": False,
        "cost": None,
        "probability": None,
        "log_prob": None,
        "changes": [],
        "values": None,
    }


def test_json_gives_the_same_answer_in_every_field() -> None:
    why = {
        "person": ["cy"] * 2,
        "term": ["age: frozen", "no"],
        "draws": [50, np.nan],
        "found": [3, 0],
    }
    whole = answer_with(
        score=pd.Series([0.1, 0.9, 0.3], FACTUAL.index),
        terms=pd.Series([{"bounds": {"stay": [None, 9]}}, {}, {"freeze": ["age"]}], FACTUAL.index),
        origin={"version": "1", "choices": {"n": 2}},
        why=pd.DataFrame(why),
        skipped={"dan": Refusal("Column 'age', row 'dan': x", "age", "x")},
        seconds=0.25,
        threshold=0.7,
    )
    again = Recourses.from_json(whole.to_json())
    assert_equal(again, whole)
    assert again.to_json() == whole.to_json()
    assert (again.skipped["dan"].column, again.skipped["dan"].value) == ("age", "x")


def test_features_called_by_numbers_and_their_terms_survive_json() -> None:
    index = pd.Index(["a", "b"])
    where = pd.MultiIndex.from_arrays([index, [0, 0]])
    ones = pd.Series(1.0, where)
    answer = Recourses(
        pd.DataFrame({0: [1, 2], 1: [0.5, 1.5]}, index),
        pd.DataFrame({0: [2, 2], 1: [0.5, 2.5]}, where),
        *[ones] * 3,
        Schema([Feature(0, step=1), Feature(1)]),
        pd.Series(False, index),
        terms=pd.Series([{"bounds": {0: [None, 3]}}, {"largest": {1: 2.0}}], index),
    )
    assert_equal(Recourses.from_json(answer.to_json()), answer)


def test_json_takes_time_in_proportion_to_the_people(answer: Recourses) -> None:
    """Ten times the people took a hundred times as long, when each person looked through all rows."""

    def seconds(times: int) -> float:
        people = pd.RangeIndex(3 * times)
        where = pd.MultiIndex.from_product([people, [0, 1]])
        grown = {name: pd.concat([getattr(answer, name)] * times) for name in ("factual", "frame")}
        numbers = {
            name: pd.concat([getattr(answer, name)] * times).set_axis(where)
            for name in ("cost", "probability", "log_prob")
        }
        many = Recourses(
            grown["factual"].set_axis(people),
            grown["frame"].set_axis(where),
            **numbers,
            schema=SCHEMA,
            accepted=pd.Series([False, True, False] * times, people),
        )
        start = time.process_time()
        Recourses.from_json(many.to_json())
        return time.process_time() - start

    seconds(10)  # whatever is done once
    few, many = min(seconds(100) for _ in range(3)), min(seconds(1000) for _ in range(3))
    assert many < 20 * few, "ten times the people took more than twenty times as long"


def test_text_that_is_no_answer_is_refused() -> None:
    for text in ("{", "{}", "[]"):
        with pytest.raises(GenReError, match=r"not an answer that Recourses\.to_json wrote"):
            Recourses.from_json(text)


# -- a letter that was issued, under a bank that changed ----------------------------------------


class Bank:
    """Says yes to short stays: h = 1 - stay / 20."""

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        yes = np.clip(1 - frame["stay"].to_numpy(float) / 20, 0, 1)
        return np.stack([1 - yes, yes], axis=1)


def test_a_letter_from_the_file_is_judged_by_a_bank_whose_bar_has_moved(answer: Recourses) -> None:
    frame = FRAME.copy()
    frame.loc[("ana", 0), "savings"] = "some"
    kept = Recourses.from_json(answer_with(frame=frame).to_json())
    judged = {
        bar: check(FACTUAL, kept, Decision(Bank(), threshold=bar), SCHEMA).loc[("ana", 0)]
        for bar in (0.5, 0.95)
    }
    assert judged[0.5]["accepted"]
    assert not judged[0.95]["accepted"]
    assert judged[0.95]["probability"] == pytest.approx(0.9)
    assert judged[0.95]["cost"] == 0.5, "the cost that the letter brought"
    assert judged[0.5]["changes"] == 2
    assert judged[0.5]["needless"] == 1, "the savings"


def test_labels_that_json_does_not_know_become_text() -> None:
    days = pd.date_range("2024-01-01", periods=3)
    index = pd.MultiIndex.from_product([days, [0, 1]])
    parts = {name: getattr(answer_with(), name) for name in ("cost", "probability", "log_prob")}
    moved = answer_with(
        factual=FACTUAL.set_axis(days),
        frame=FRAME.set_axis(index),
        accepted=pd.Series(False, days),
        **{name: part.set_axis(index) for name, part in parts.items()},
    )
    assert json.loads(moved.to_json())["people"][0]["person"] == "2024-01-01 00:00:00"


# -- for people to read -------------------------------------------------------------------------


def test_table_shows_only_what_moves(answer: Recourses) -> None:
    table = answer.table("ana")
    assert table.columns.tolist() == ["now", "option 0", "option 1"]
    assert table.index.tolist() == ["age", "sex", "length of stay", "savings", "rate"]
    assert table.loc["length of stay"].tolist() == ["12 days", "2 days", "·"]
    assert table.loc["age"].tolist() == ["34 years", "·", "36 years"]
    assert answer.table("ben").columns.tolist() == ["now"]
    assert answer.table("cy").columns.tolist() == ["now"]


def test_headlines(answer: Recourses) -> None:
    assert answer.headline("ana") == "Person ana: denied; option 0 changes 2 of 5 features"
    assert answer.headline("ben") == "Person ben: already accepted, nothing needs to change"
    assert answer.headline("cy") == "Person cy: denied, and GenRe found no option"


def test_an_error_names_some_of_many_people() -> None:
    people = pd.RangeIndex(8)
    where = pd.MultiIndex.from_product([people, [0]])
    many = Recourses(
        pd.concat([FACTUAL] * 3)[:8].set_axis(people),
        pd.DataFrame(np.nan, where, SCHEMA.names),
        *[pd.Series(np.nan, where)] * 3,
        SCHEMA,
        pd.Series(False, people),
    )
    with pytest.raises(GenReError, match="known: 0, 1, 2, 3, 4 and 3 more"):
        many.table(9)


def test_whole_numbers_stay_whole_where_a_row_is_missing(answer: Recourses) -> None:
    assert pd.api.types.is_float_dtype(answer.frame["stay"])
    for text in (answer.table("ana").to_string(), answer.to_html("ana"), answer.describe("ana")):
        assert "2 days" in text
        assert "2.0" not in text


def test_categories_that_are_numbers_survive_a_missing_row() -> None:
    schema = Schema([Feature("grade", "ordinal", (1, 2, 3))])
    where = pd.MultiIndex.from_product([["a", "b"], [0]])
    column = pd.Series([3, np.nan], where)
    answer = Recourses(
        pd.DataFrame({"grade": [1, 2]}, index=["a", "b"]),
        column.to_frame("grade"),
        *[column] * 3,
        schema,
        pd.Series(False, ["a", "b"]),
    )
    assert "- raise grade from 1 to 3" in answer.describe("a")
