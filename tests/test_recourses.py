"""The answer: what it checks, what it says, and that every view says the same."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from genre_lite.errors import GenReError
from genre_lite.recourses import Recourses
from genre_lite.schema import Feature, Schema

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
    assert list(answer[["cy", "ana"]]) == ["ana", "cy"]
    one = answer["ben"]
    assert one.frame.index.tolist() == [("ben", 0), ("ben", 1)]
    assert one.accepted.tolist() == [True]
    assert one.method == answer.method


@pytest.mark.parametrize("view", ["describe", "table", "headline", "to_html", "__getitem__"])
@pytest.mark.parametrize("label", ["zoe", 0, {"a": 1}])
def test_an_unknown_person_is_named_with_some_who_are_known(
    answer: Recourses, view: str, label: object
) -> None:
    with pytest.raises(GenReError, match=r"known: 'ana', 'ben', 'cy'\."):
        getattr(answer, view)(label)


def test_repr_counts_who_was_helped(answer: Recourses) -> None:
    assert repr(answer).startswith("Recourses by GenRe: 3 people, 2 with an option, 1 already")


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


def test_sentences_of_an_option(answer: Recourses) -> None:
    assert answer.describe("ana", 0) == (
        "You were denied a loan.\n"
        "\n"
        "Option 0. If these changed, the model would say yes with probability 0.83:\n"
        "- lower length of stay from 12 days to 2 days\n"
        "- raise savings from none to <b>much</b>\n"
        "Everything else stays: age, sex, rate.\n"
        "\n"
        "This describes how the model decides today. It is not a promise of\n"
        "acceptance, and not advice on causes: changing one thing in life may move\n"
        "others."
    )


def test_sentences_do_not_call_a_no_a_yes(answer: Recourses) -> None:
    text = answer.describe("ana", 1)
    assert "the model would still say no (yes has probability 0.31):" in text
    assert "- raise age from 34 years to 36 years" in text
    assert "Option 0" not in text


def test_sentences_tell_all_options_unless_one_is_asked_for(answer: Recourses) -> None:
    text = answer.describe("ana")
    assert text.index("Option 0.") < text.index("Option 1.")


def test_a_nominal_feature_has_no_up_or_down() -> None:
    frame = FRAME.copy()
    frame.loc[("ana", 0), "sex"] = "m"
    assert "- change sex from f to m" in answer_with(frame=frame).describe("ana", 0)


def test_sentences_for_who_was_accepted_and_who_got_nothing(answer: Recourses) -> None:
    assert answer.describe("ben").startswith("Already accepted: nothing needs to change.")
    nothing = answer.describe("cy")
    assert "GenRe found no option for you." in nothing
    assert "What to try: let more features change" in nothing
    assert "If these changed" not in nothing


@pytest.mark.parametrize("person", FACTUAL.index)
def test_sentences_end_with_care(answer: Recourses, person: str) -> None:
    assert " ".join(answer.describe(person).split()).endswith(
        "It is not a promise of acceptance, and not advice on causes: "
        "changing one thing in life may move others."
    )


def test_an_unknown_option_is_named(answer: Recourses) -> None:
    with pytest.raises(GenReError, match=r"'ana' has no option 7; known: \[0, 1\]"):
        answer.describe("ana", 7)


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


class Tags(HTMLParser):
    """Every opening tag with its attributes, and whether tags close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def count(self, tag: str, **attrs: str) -> int:
        return sum(t == tag and attrs.items() <= a.items() for t, a in self.seen)


def test_html_is_well_formed_accessible_and_escaped(answer: Recourses) -> None:
    page = answer.to_html("ana")
    tags = Tags(page)
    assert tags.open == []
    assert tags.count("caption") == 1
    assert tags.count("th", scope="col") == 4
    assert tags.count("th", scope="row") == 5 + 2
    assert tags.count("td", **{"class": "changed"}) == 4
    assert tags.count("del") == tags.count("ins") == 4
    assert tags.count("td", **{"aria-label": "unchanged"}) == 2 * 5 - 4
    assert tags.count("b") == 0
    assert "<del>none</del> → <ins>&lt;b&gt;much&lt;/b&gt;</ins>" in page
    assert "not a promise" in page


def test_html_escapes_names_and_labels_too() -> None:
    schema = Schema([Feature("x", label="<i>x</i>", unit='"&')])
    where = pd.MultiIndex.from_tuples([("<u>", 0)])
    one = pd.Series([1.0], where)
    page = Recourses(
        pd.DataFrame({"x": [1]}, index=["<u>"]),
        pd.DataFrame({"x": [2]}, index=where),
        *(one, one, one),
        schema,
        pd.Series([False], ["<u>"]),
    ).to_html()
    tags = Tags(page)
    assert tags.count("i") == tags.count("u") == 0
    assert "1 &quot;&amp;" in page


def test_html_of_many_people_shows_five(answer: Recourses) -> None:
    assert Tags(answer._repr_html_()).count("table") == 3
    people = pd.RangeIndex(8)
    where = pd.MultiIndex.from_product([people, [0]])
    many = Recourses(
        pd.concat([FACTUAL] * 3)[:8].set_axis(people),
        pd.DataFrame(np.nan, where, SCHEMA.names),
        *[pd.Series(np.nan, where)] * 3,
        SCHEMA,
        pd.Series(False, people),
    )
    page = many._repr_html_()
    assert Tags(page).count("table") == 5
    assert "and 3 more" in page
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
