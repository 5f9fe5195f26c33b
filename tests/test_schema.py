"""The contract between a table and everything else: what holds, and what is refused."""

from __future__ import annotations

import datetime
import json
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import Feature, Schema, SchemaError, load_dataset

calm = settings(deadline=None, derandomize=True, max_examples=50)
GRADES = ("low", "middle", "high")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "age": [34, 51, 28],
            "income": [1200.5, 3100.0, 900.25],
            "grade": pd.Categorical(["low", "high", "low"], GRADES, ordered=True),
            "colour": pd.Categorical(["red", "blue", "red"]),
            "job": ["smith", "clerk", "smith"],
            "owner": [True, False, True],
        },
        index=["ana", "ben", "cem"],
    )


@pytest.fixture
def schema(frame):
    return Schema.infer(frame, immutable=["colour"], increasing=["age"], units={"age": "years"})


# -- one feature ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "found", "way_out"),
    [
        ({"kind": "number"}, "'number'", "numeric, ordinal, nominal"),
        ({"actionability": "up"}, "'up'", "free, immutable, increasing, decreasing, clock"),
        ({"scale": "log"}, "'log'", "range, robust"),
        ({"bounds": (2, 1)}, "low 2 lies above high 1", "bounds"),
        ({"bounds": (float("nan"), 1)}, "low nan", "bounds"),
        ({"bounds": (1,)}, "(1,)", "give (low, high), None for no bound"),
        ({"bounds": "ab"}, "'ab'", "give (low, high)"),
        ({"bounds": ("a", "b")}, "('a', 'b')", "give numbers"),
        ({"bounds": (-5, None), "low": 0}, "(-5, None)", "outside of low and high, [0, inf]"),
        ({"bounds": (None, 9), "low": 0, "high": 8}, "(None, 9)", "[0, 8]; no value there"),
        ({"largest": 0}, "largest is 0", "above 0"),
        ({"largest": -2.5}, "largest is -2.5", "is immutable"),
        ({"largest": "5"}, "largest is '5'", "above 0"),
        ({"largest": 0.5, "step": 1}, "largest 0.5", "less than one step"),
        ({"weight": 0}, "weight is 0", "above 0"),
        ({"weight": float("inf")}, "weight is inf", "above 0"),
        ({"weight": float("nan")}, "weight is nan", "above 0"),
        ({"a_year": 0}, "a_year is 0", "above 0"),
        ({"edges": (0, 1)}, "edges", "a numeric clock needs a_year"),
        ({"name": ("a", "b")}, "('a', 'b')", "rename the column"),
        ({"categories": ("a", "b")}, "no categories", "make it ordinal or drop them"),
        ({"low": 2, "high": 1}, "low 2 lies above high 1", "no value can meet both"),
        ({"low": float("nan")}, "low nan", "no value can meet both"),
        ({"step": 0}, "step is 0", "above 0, or None"),
        ({"step": -1.0}, "step is -1.0", "above 0, or None"),
        ({"step": float("nan")}, "step is nan", "above 0, or None"),
        ({"kind": "nominal"}, "()", "at least one"),
        ({"kind": "ordinal", "categories": ("a", "b", "a")}, "'a', 'b', 'a'", "each level once"),
        ({"kind": "nominal", "categories": ("a",), "low": 0}, "low", "numeric features only"),
        ({"kind": "ordinal", "categories": ("a",), "high": 0}, "high", "numeric features only"),
        ({"kind": "ordinal", "categories": ("a",), "step": 1}, "step", "numeric features only"),
        ({"kind": "ordinal", "categories": ("a",), "a_year": 1}, "a_year", "numeric features only"),
        ({"kind": "nominal", "categories": ("a",), "scale": "robust"}, "scale", "numeric"),
        ({"kind": "nominal", "categories": ("a", float("nan"))}, "no level", "gaps=True"),
        ({"kind": "nominal", "categories": ("a", "b"), "bounds": ("a", None)}, "bounds", "ordinal"),
        ({"kind": "nominal", "categories": ("a", "b"), "largest": 1}, "largest", "ordinal"),
        ({"kind": "nominal", "categories": ("a", "b"), "edges": (0, 1)}, "edges", "ordinal"),
        ({"kind": "ordinal", "categories": GRADES, "bounds": ("hi", None)}, "'hi'", "'high'"),
        (
            {"kind": "ordinal", "categories": GRADES, "bounds": ("high", "low")},
            "low high lies above high low",
            "bounds",
        ),
        ({"kind": "ordinal", "categories": GRADES, "largest": 0.5}, "largest 0.5", "one step"),
        (
            {"kind": "ordinal", "categories": GRADES, "edges": (0, 1)},
            "2 edges for 3 levels",
            "None where time does not pass",
        ),
        (
            {"kind": "ordinal", "categories": GRADES, "edges": (None, 4, 1)},
            "(None, 4, 1)",
            "must ascend",
        ),
        (
            {"kind": "nominal", "categories": GRADES, "actionability": "clock"},
            "cannot be a clock",
            "make it ordinal",
        ),
        (
            {"kind": "nominal", "categories": GRADES, "actionability": "increasing"},
            "cannot be increasing",
            "make it ordinal",
        ),
        (
            {"kind": "nominal", "categories": GRADES, "actionability": "decreasing"},
            "cannot be decreasing",
            "make it ordinal",
        ),
    ],
)
def test_a_feature_that_contradicts_itself_is_refused(settings, found, way_out):
    with pytest.raises(SchemaError) as error:
        Feature(**{"name": "debt"} | settings)
    message = str(error.value)
    assert message.lower().startswith(f"feature {settings.get('name', 'debt')!r}: ")
    assert found in message
    assert way_out in message


def test_what_looks_odd_but_holds():
    assert Feature("a", low=1, high=1).low == 1
    assert Feature("a", "nominal", ("only",), actionability="immutable").categories == ("only",)
    assert Feature("a", "ordinal", ["x", "y"]).categories == ("x", "y")
    assert Feature("a", label="Age").title == "Age"
    assert Feature("a").title == "a"
    assert Feature(3).title == "3"
    assert Feature(np.int64(3)) == Feature(3)
    assert Feature("a", bounds=(-np.inf, 5)).bounds == (None, 5)
    assert Feature("a", largest=1, step=1).largest == 1


@pytest.mark.parametrize(
    ("unit", "a_year"),
    [
        ("years", 1),
        ("year", 1),
        ("months", 12),
        ("weeks of work", 52),
        ("days", 365),
        ("", 1),
        ("hours a week", 1),
    ],
)
def test_how_much_of_a_clock_passes_in_a_year(unit, a_year):
    assert Feature("t", unit=unit, actionability="clock").a_year == a_year
    assert Feature("t", unit=unit, actionability="clock", a_year=4).a_year == 4
    assert Feature("t", unit=unit).a_year is None


RANK = {"low": 0, "middle": 1, "high": 2}


@calm
@given(
    before=st.sampled_from(GRADES),
    after=st.sampled_from(GRADES),
    actionability=st.sampled_from(["free", "immutable", "increasing", "decreasing", "clock"]),
)
def test_allows_agrees_with_the_order_of_levels(before, after, actionability):
    move = RANK[after] - RANK[before]
    expected = {
        "free": True,
        "immutable": move == 0,
        "increasing": move >= 0,
        "decreasing": move <= 0,
        "clock": move >= 0,
    }
    ordinal = Feature("grade", "ordinal", GRADES, actionability=actionability)
    numeric = Feature("grade", actionability=actionability)
    assert ordinal.allows(before, after) == expected[actionability]
    assert numeric.allows(RANK[before], float(RANK[after])) == expected[actionability]


@pytest.mark.parametrize(
    ("settings", "moves"),
    [
        # (before, after, allowed)
        (
            {"bounds": (60, None)},
            [(75, 60, True), (75, 59, False), (50, 50, True), (50, 55, False)],
        ),
        ({"bounds": (None, 9)}, [(1, 9, True), (1, 10, False), (12, 12, True), (12, 9, True)]),
        ({"largest": 5}, [(10, 15, True), (10, 5, True), (10, 15.1, False), (10, 4, False)]),
        ({"largest": 0.1}, [(0.2, 0.2 + 0.1, True), (0.3, 0.1, False)]),
        (
            {"kind": "ordinal", "categories": GRADES, "bounds": ("middle", None)},
            [("low", "high", True), ("high", "low", False), ("low", "low", True)],
        ),
        (
            {"kind": "ordinal", "categories": GRADES, "largest": 1},
            [("low", "middle", True), ("low", "high", False), ("high", "middle", True)],
        ),
        (
            {"bounds": (0, 9), "largest": 3, "actionability": "increasing"},
            [(5, 8, True), (5, 9, False), (5, 4, False), (8, 10, False)],
        ),
    ],
)
def test_bounds_and_the_largest_change_are_of_advice(settings, moves):
    feature = Feature("it", **settings)
    for before, after, allowed in moves:
        assert feature.allows(before, after) is allowed, (before, after)


@pytest.mark.parametrize("gap", [None, float("nan"), pd.NA])
@pytest.mark.parametrize("kind", ["numeric", "ordinal", "nominal"])
def test_a_gap_is_filled_but_never_made(kind, gap):
    levels, value = ((), 3) if kind == "numeric" else (GRADES, "low")
    directions = ["free"] if kind == "nominal" else ["free", "increasing", "decreasing"]
    for actionability in directions:
        feature = Feature("it", kind, levels, actionability=actionability, gaps=True)
        assert feature.allows(gap, value)
        assert feature.allows(gap, gap)
        assert not feature.allows(value, gap)
    for actionability in ["immutable"] + ["clock"] * (kind != "nominal"):
        feature = Feature("it", kind, levels, actionability=actionability, gaps=True)
        assert not feature.allows(gap, value)
        assert feature.allows(gap, gap)
        assert not feature.allows(value, gap)


def test_values_as_people_read_them():
    assert Feature("pay", unit="US dollars").format(12_000.0) == "12,000 US dollars"
    assert Feature("rate", unit="%").format(0.12345) == "0.1235 %"
    assert Feature("n").format(3) == "3"
    assert Feature("job", "nominal", ("clerk",), unit="").format("clerk") == "clerk"
    assert Feature("pay", unit="dollars").format(float("nan")) == "missing"
    assert Feature("job", "nominal", ("clerk",)).format(pd.NA) == "missing"


# -- building ---------------------------------------------------------------------------------


def test_infer_reads_every_kind_of_column(schema):
    assert schema.names == ["age", "income", "grade", "colour", "job", "owner"]
    assert [f.kind for f in schema] == ["numeric"] * 2 + ["ordinal"] + ["nominal"] * 3
    assert schema["age"] == Feature("age", step=1.0, unit="years", actionability="increasing")
    assert schema["income"].step is None
    assert schema["grade"].categories == GRADES  # also the level that nobody has
    assert schema["colour"] == Feature(
        "colour", "nominal", ("blue", "red"), actionability="immutable"
    )
    assert schema["job"].categories == ("clerk", "smith")
    assert schema["owner"].categories == (False, True)
    assert schema.immutable == ["colour"]


@pytest.mark.parametrize(
    ("column", "kind", "step"),
    [
        (pd.Series([1.0, 2.0]), "numeric", 1.0),
        (pd.Series([1.0, 2.5]), "numeric", None),
        (pd.Series([1, 2], dtype="int8"), "numeric", 1.0),
        (pd.Series([1, 2], dtype="Int64"), "numeric", 1.0),
        (pd.Series([0.5, 2], dtype="Float64"), "numeric", None),
        (pd.Series([0.5, 2], dtype="float32"), "numeric", None),
        (pd.Series([True, False], dtype="boolean"), "nominal", None),
        (pd.Series(["x", "y"], dtype="string"), "nominal", None),
        (pd.Series(["x", "y"], dtype=object), "nominal", None),
        (pd.Series([3, 1], dtype="category"), "nominal", None),
        (pd.Series(pd.Categorical([3, 1], ordered=True)), "ordinal", None),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else "",
)
def test_infer_on_each_dtype(column, kind, step):
    frame = column.to_frame("it")
    (feature,) = Schema.infer(frame)
    assert (feature.kind, feature.step) == (kind, step)
    assert Schema([feature]).validate(frame).equals(frame)
    if feature.is_categorical:
        assert set(feature.categories) == set(column)


def test_infer_takes_named_numbers_and_orders_as_nominal(frame):
    schema = Schema.infer(frame, free=["age"], categorical=["age", "grade"])
    assert schema["age"].kind == schema["grade"].kind == "nominal"
    assert schema["age"].categories == (28, 34, 51)
    assert schema["grade"].categories == ("high", "low")


@pytest.mark.parametrize(
    ("column", "kind", "step", "levels"),
    [
        (pd.Series([1.0, np.nan]), "numeric", 1.0, ()),
        (pd.Series([1.5, None]), "numeric", None, ()),
        (pd.Series([1, None], dtype="Int64"), "numeric", 1.0, ()),
        (pd.Series([1, None], dtype=object), "numeric", 1.0, ()),
        (pd.Series([True, None], dtype="boolean"), "nominal", None, (True,)),
        (pd.Series([True, None, False], dtype=object), "nominal", None, (False, True)),
        (pd.Series(["y", None, "x"], dtype="string"), "nominal", None, ("x", "y")),
        (pd.Series(["y", None, "x"], dtype=object), "nominal", None, ("x", "y")),
        (pd.Series(pd.Categorical(["x", None], ["y", "x"], ordered=True)), "ordinal", None, "yx"),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else "",
)
@pytest.mark.filterwarnings("ignore:.*hold one value only")
def test_a_table_with_gaps(column, kind, step, levels):
    frame = column.to_frame("it")
    (feature,) = schema = Schema.infer(frame)
    assert feature == Feature("it", kind, tuple(levels), step=step, gaps=True)
    assert schema.validate(frame).equals(frame)
    assert Schema.infer(frame.dropna().astype(column.dtype))["it"].gaps is False
    strict = Schema.infer(frame.dropna())
    with pytest.raises(SchemaError, match="'it', row 1: the value is missing"):
        strict.validate(frame)
    assert list(strict.broken_rows(frame)) == frame.index[column.isna()].tolist()


def test_infer_takes_what_is_said_of_columns(frame):
    schema = Schema.infer(
        frame,
        clocks=["age"],
        bounds={"income": (1000, None), "grade": ("middle", None)},
        largest={"income": 500, "grade": 1},
        weights={"income": 2},
        robust=["income"],
        units={"age": "months"},
        labels={"job": "Trade"},
        edges={"grade": (0, None, 4)},
        relations=["if job == 'smith' then age >= 18"],
    )
    assert schema["age"] == Feature(
        "age", step=1.0, unit="months", actionability="clock", a_year=12
    )
    assert schema["income"] == Feature(
        "income", bounds=(1000, None), largest=500, weight=2, scale="robust"
    )
    assert schema["grade"] == Feature(
        "grade", "ordinal", GRADES, bounds=("middle", None), largest=1, edges=(0, None, 4)
    )
    assert schema["job"].title == "Trade"
    assert schema.relations == ("if job == 'smith' then age >= 18",)
    assert through_json(schema) == schema
    table = schema.to_frame()
    assert table.loc["income", ["advice", "at most", "weight", "scale"]].tolist() == [
        "1000 … ∞",
        "500",
        "2",
        "robust",
    ]
    assert table.loc["grade", ["advice", "edges"]].tolist() == ["middle … ∞", "0, –, 4"]
    assert table.loc["age", ["change", "a year", "advice"]].tolist() == ["clock", "12", ""]
    assert "gaps" not in table.columns


def traps(frame, **settings):
    """The warnings of infer, as texts."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Schema.infer(frame, **settings)
    assert {w.category for w in caught} <= {UserWarning}
    assert {w.filename for w in caught} <= {__file__}, "the warning points to the caller"
    return [str(w.message) for w in caught]


@pytest.mark.parametrize(
    "name",
    ["age", "Sex", "age_years", "applicantAge", "race/ethnicity", "birth date", "personal_gender"],
)
def test_what_nobody_chooses_is_not_free_without_a_word(name):
    frame = pd.DataFrame({name: [1.5, 2.5, 4.0], "wage": [2.0, 1.0, 3.0]})
    (told,) = traps(frame)
    assert repr(name) in told and "immutable=[...]" in told and f"free=[{name!r}]" in told
    for meant in ({"free": [name]}, {"immutable": [name]}):
        assert not traps(frame, **meant)
    if "birth" not in name:
        assert not traps(frame, clocks=[name])


def test_names_that_only_hold_such_letters_are_free():
    names = [
        "wage",
        "package",
        "mileage",
        "Essex",
        "embrace",
        "storage_cost",
        "usAge0"[:2],
        "pages",
    ]
    assert not traps(pd.DataFrame({name: [1.5, 2.5, 4.0] for name in names}))


def test_infer_warns_of_ids_constants_many_levels_and_extreme_rows():
    n = 200
    frame = pd.DataFrame(
        {
            "customer": np.arange(n) * 7,
            "iban": [f"AT{i:05}" for i in range(n)],
            "country": "AT",
            "branch": 1,
            "postcode": [f"{i % 60:04}" for i in range(n)],
            "pay": np.r_[np.linspace(1, 3, n - 1), 900],
            "age": np.arange(n) % 50,
            "score": np.linspace(0, 1, n),
        }
    )
    found = traps(frame)
    assert len(found) == 5
    for text, names, way_out in zip(
        found,
        ["['customer', 'iban']", "['country', 'branch']", "['postcode']", "['pay']", "['age']"],
        [
            "leave them out",
            "leave them out",
            "more than 50 levels",
            "robust=['pay']",
            "clocks=[...]",
        ],
        strict=True,
    ):
        assert text.startswith(f"Columns {names} ")
        assert way_out in text
    quiet = frame.drop(columns=["iban", "country", "branch", "postcode"])
    assert traps(quiet, immutable=["customer"], free=["age"], robust=["pay"]) == []
    with_gap = frame[["branch"]].astype(float).where(frame["age"] > 3)
    assert traps(with_gap) == [], "to be missing or not is something to learn from"


@pytest.mark.parametrize(
    ("name", "values", "warned"),
    [
        ("row", np.arange(300), True),
        ("row", np.arange(300) * 10 + 5, True),
        ("row", np.delete(np.arange(400), slice(None, None, 4)), True),  # ids of whoever stayed
        ("income", None, False),
        ("balance", None, False),
        ("piano", None, False),
        ("customer_id", None, True),
        ("customerId", None, True),
        ("Nr", None, True),
        ("account", None, True),
        ("policy", None, True),
        ("customerNumber", None, True),
        ("account_balance", None, False),
        ("customer income", None, False),
    ],
)
def test_amounts_that_all_differ_are_no_ids(name, values, warned):
    """An income in whole euros differs in nearly every row and is what a lender asks for."""
    if values is None:
        values = np.random.default_rng(0).choice(np.arange(18_000, 250_000), 300, replace=False)
    assert [name in text for text in traps(pd.DataFrame({name: values}))] == [True] * warned


def test_large_bounds_are_told_in_full():
    feature = Feature("income", low=0, high=1234567.8, largest=2345678)
    shown = Schema([feature]).to_frame().loc["income"]
    assert shown["values"] == "0 … 1234567.80" and shown["at most"] == "2345678"
    with pytest.raises(SchemaError, match=r"1234569\.0 lies outside \[0, 1234567\.80\]"):
        Schema([feature]).validate(pd.DataFrame({"income": [1234569.0]}))


@pytest.mark.parametrize(
    ("name", "values", "warned"),
    [
        ("since", ["2015-10-01", "2016-01-31"], True),
        ("since", ["2015-10", "2016-01"], True),
        ("since", ["Mar 2016", "Oct 2017"], True),
        ("since", ["20 Nov 2015", "3 May 2016"], True),
        ("since", ["Nov 20, 2015", "May 3, 2016"], True),
        ("since", [20151130, 20160101, 20170731], True),
        ("since", [20151130, 20160101, 20171331], False),  # there is no thirteenth month
        ("created_at", [1_448_000_000, 1_449_000_000, 1_500_000_000], True),
        ("income", [1_448_000_000, 1_449_000_000, 1_500_000_000], False),
        ("month", ["may", "june"], False),
        ("size", ["1000-1500", "1500-2000"], False),
    ],
)
def test_dates_in_any_writing_are_told(name, values, warned):
    told = traps(pd.DataFrame({name: values * 20}))
    assert ["hold dates" in text for text in told] == [True] * warned


@pytest.mark.parametrize("name", ["adult", "compas", "german", "moons"])
def test_infer_is_quiet_on_ordinary_tables(name):
    people = load_dataset(name).X_train
    given = [n for n in ("age", "race", "sex") if n in people]
    assert traps(people, immutable=given) == []


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), ["dates", ".dt.days"]),
        (pd.to_datetime(["2020-01-01", None]).tz_localize("UTC"), ["dates", ".dt.days"]),
        (pd.to_timedelta([1, 2], unit="D"), ["dates", "timedelta64"]),
        (pd.period_range("2020-01", periods=2, freq="M"), ["dates", "period[M]"]),
        ([datetime.date(2020, 1, 1), None], ["dates (date)"]),
        (pd.Categorical(pd.to_datetime(["2020-01-01", "2020-01-02"])), ["dates"]),
        ([["a"], ["b"]], ["a list", "['a']", "numbers, text or booleans"]),
        ([{"a": 1}, {}], ["a dict"]),
        ([Decimal("1.5"), Decimal("2")], ["a Decimal"]),
        (pd.cut([1, 2], [0, 1, 2]), ["interval", "rename_categories(str)"]),
        ([1j, 2j], ["complex128"]),
    ],
    ids=str,
)
def test_infer_refuses_what_is_no_number_and_no_level(values, parts):
    with pytest.raises(SchemaError) as error:
        Schema.infer(pd.DataFrame({"it": values, "age": [1, 2]}))
    for part in ["'it'", *parts]:
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("change", "settings", "parts"),
    [
        (lambda t: t.iloc[:0], {}, ["no rows"]),
        (lambda t: t["age"], {}, ["DataFrame", "Series", "frame.loc[[label]]"]),
        (lambda t: t.assign(age=[None] * 3), {}, ["'age'", "no value at all", "leave it out"]),
        (lambda t: t.assign(age=[1, 2, np.inf]), {}, ["'age'", "'cem'", "inf", "finite"]),
        (lambda t: t.assign(job=["a", 1, "b"]), {}, ["'job'", "int", "str", "all text"]),
        (
            lambda t: t[["age", "age"]],
            {},
            ["'age'", "twice"],
        ),
        (lambda t: t, {"categorical": ["jobs"]}, ["'jobs'", "did you mean 'job'?"]),
        (lambda t: t, {"units": {"agee": "years"}}, ["'agee'", "did you mean 'age'?"]),
        (lambda t: t, {"immutable": ["incme"]}, ["'incme'", "did you mean 'income'?"]),
        (lambda t: t, {"increasing": ["job"]}, ["'job'", "no order", "ordinal"]),
        (lambda t: t, {"immutable": "age"}, ["immutable='age'", "['age']"]),
        (lambda t: t, {"clocks": "age"}, ["clocks='age'", "['age']"]),
        (lambda t: t, {"robust": "age"}, ["robust='age'", "['age']"]),
        (lambda t: t, {"categorical": "age"}, ["categorical='age'", "['age']"]),
        (lambda t: t, {"labels": {"jo": "Job"}}, ["'jo'", "did you mean 'job'?"]),
        (lambda t: t, {"clocks": ["job"]}, ["'job'", "cannot be a clock"]),
        (lambda t: t, {"clocks": ["age"], "increasing": ["age"]}, ["both increasing and clock"]),
        (lambda t: t, {"bounds": {"job": ("a", None)}}, ["'job'", "bounds", "ordinal"]),
        (lambda t: t, {"bounds": {"age": (9, 3)}}, ["'age'", "low 9 lies above high 3"]),
        (lambda t: t, {"largest": {"age": 0}}, ["'age'", "largest is 0"]),
        (lambda t: t, {"weights": {"age": -1}}, ["'age'", "weight is -1"]),
        (lambda t: t, {"robust": ["job"]}, ["'job'", "robust", "numeric"]),
        (lambda t: t, {"relations": ["age > incme"]}, ["'incme'", "did you mean 'income'?"]),
        (
            lambda t: t.set_axis(pd.MultiIndex.from_product([["a"], t.columns]), axis=1),
            {},
            ["2 levels of names", "'_'.join"],
        ),
        (
            lambda t: t.set_axis(
                pd.Index([("a", c) for c in t.columns], tupleize_cols=False), axis=1
            ),
            {},
            ["('a', 'age')", "'_'.join"],
        ),
        (
            lambda t: t,
            {"immutable": ["age"], "increasing": ["age"]},
            ["'age'", "immutable", "increasing", "one list only"],
        ),
    ],
)
def test_infer_refuses(frame, change, settings, parts):
    with pytest.raises(SchemaError) as error:
        Schema.infer(change(frame), **settings)
    for part in parts:
        assert part in str(error.value)


def test_a_schema_names_each_feature_once():
    with pytest.raises(SchemaError, match=r"named more than once: \['age'\]"):
        Schema([Feature("age"), Feature("job"), Feature("age")])
    with pytest.raises(SchemaError, match="at least one feature"):
        Schema([])


def test_a_schema_is_a_sequence_with_names(schema):
    assert len(schema) == 6
    assert schema[0] is schema["age"]
    assert list(schema)[-1].name == "owner"
    with pytest.raises(SchemaError, match="'incme'; did you mean 'income'"):
        schema["incme"]
    with pytest.raises(SchemaError, match=r"No feature named 'xyz'\.$"):
        schema["xyz"]


def test_constrain_sets_only_what_is_named(schema):
    freed = schema.constrain(free=["age"], decreasing=["income", "grade"])
    assert [f.actionability for f in freed] == [
        "free",
        "decreasing",
        "decreasing",
        "immutable",
        "free",
        "free",
    ]
    assert schema["age"].actionability == "increasing", "the first schema stays as it was"
    assert freed["age"].unit == "years"
    assert schema.constrain(clocks=["income"])["income"].actionability == "clock"
    assert schema.constrain() == schema
    with pytest.raises(SchemaError, match="both increasing and free"):
        schema.constrain(increasing=["age"], free=["age"])


def test_reorder_keeps_the_features(schema):
    turned = schema.reorder(schema.names[::-1])
    assert turned.names == schema.names[::-1]
    assert turned["age"] == schema["age"]
    assert turned != schema
    assert turned.reorder(schema.names) == schema
    assert len({schema, Schema(schema.features), turned}) == 2
    for names in (["age"], [*schema.names, "age"], ["age"] * 6):
        with pytest.raises(SchemaError, match="each of"):
            schema.reorder(names)


# -- what may change --------------------------------------------------------------------------

numbers = st.integers(-3, 3)
levels = st.sampled_from(GRADES)
rows = st.lists(st.tuples(numbers, numbers, levels, levels), min_size=1, max_size=6)


@calm
@given(before=rows, data=st.data())
def test_violations_agree_with_brute_force(before, data):
    after = data.draw(
        st.lists(
            st.tuples(numbers, numbers, levels, levels), min_size=len(before), max_size=len(before)
        )
    )
    schema = Schema(
        [
            Feature("up", actionability="increasing"),
            Feature("down", actionability="decreasing"),
            Feature("fixed", "nominal", GRADES, actionability="immutable"),
            Feature("free", "ordinal", GRADES),
        ]
    )
    people = pd.DataFrame(before, columns=schema.names)
    options = pd.DataFrame(after, columns=schema.names, index=[f"o{i}" for i in range(len(after))])
    broken = schema.violations(people, options)
    expected = [
        [b[0] > a[0], b[1] < a[1], b[2] != a[2], False] for b, a in zip(before, after, strict=True)
    ]
    assert broken.to_numpy().tolist() == expected
    assert list(broken.index) == list(options.index)
    assert not schema.violations(people, people).any(axis=None)


def test_violations_are_of_bounds_steps_and_made_gaps_too():
    schema = Schema(
        [
            Feature("bp", bounds=(60, None)),
            Feature("pay", largest=500, gaps=True),
            Feature("grade", "ordinal", GRADES, bounds=(None, "middle")),
            Feature("job", "nominal", GRADES, gaps=True),
        ]
    )
    before = pd.DataFrame(
        {
            "bp": [50, 50, 70, 70],
            "pay": [1000, np.nan, 1000, np.nan],
            "grade": ["high", "low", "low", "high"],
            "job": ["low", None, "high", None],
        }
    )
    after = pd.DataFrame(
        {
            "bp": [50, 55, 59, 61],
            "pay": [1501, 9000, np.nan, np.nan],
            "grade": ["high", "high", "middle", "low"],
            "job": [None, "low", "low", None],
        }
    )
    assert schema.violations(before, after).to_numpy().tolist() == [
        [False, True, False, True],
        [True, False, True, False],
        [True, True, False, False],
        [False, False, False, False],
    ]
    with pytest.raises(SchemaError, match="4 people and 3 rows"):
        schema.violations(before, after.iloc[:3])


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float64", object])
def test_violations_of_nullable_numbers(dtype):
    schema = Schema([Feature("age", actionability="increasing", gaps=True)])
    before = pd.DataFrame({"age": pd.Series([3, 3, None, None], dtype=dtype)})
    after = pd.DataFrame({"age": pd.Series([4, 2, 5, None], dtype=dtype)})
    assert schema.violations(before, after)["age"].tolist() == [False, True, False, False]


# -- the gate ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda t: t.iloc[:0], ["no rows", "at least one person"]),
        (lambda t: t.to_dict("list"), ["DataFrame", "dict", "pandas.DataFrame(table)"]),
        (lambda t: t.iloc[0].to_dict(), ["found dict", "pandas.DataFrame([person])"]),
        (lambda t: t.to_dict("records"), ["found list", "pandas.DataFrame(rows)"]),
        (lambda t: t.to_numpy(), ["found numpy.ndarray", "columns=['age', 'income'"]),
        (lambda t: t.iloc[0], ["found pandas.Series", "frame.loc[[label]]"]),
        (lambda t: Elsewhere(), ["Elsewhere", "table.to_pandas()"]),
        (
            lambda t: t.set_axis(pd.MultiIndex.from_product([["a"], t.columns]), axis=1),
            ["2 levels of names", "'_'.join"],
        ),
        (lambda t: t.drop(columns="job"), ["'job' is missing", "The schema needs"]),
        (
            lambda t: t.rename(columns={"income": "incme"}),
            ["'income' is missing", "did you mean 'incme'?"],
        ),
        (lambda t: t.assign(zip=1), ["['zip']", "extra='ignore'"]),
        (lambda t: pd.concat([t, t[["age"]]], axis=1), ["'age'", "twice"]),
        (lambda t: t.set_axis(["ana", "ben", "ana"]), ["'ana'", "reset_index(drop=True)"]),
        (lambda t: t.assign(age=[1, 2, None]), ["'age'", "'cem'", "missing", "drop the row"]),
        (lambda t: t.assign(job=["clerk", None, "clerk"]), ["'job'", "'ben'", "missing"]),
        (lambda t: t.assign(age=[1, -np.inf, 2]), ["'age'", "'ben'", "-inf", "drop the row"]),
        (
            lambda t: t.assign(job=["clerk", "smiht", "clerk"]),
            ["'job'", "'ben'", "'smiht'", "did you mean 'smith'?", "['clerk', 'smith']"],
        ),
        (
            lambda t: t.assign(grade=["low", "low", "High"]),
            ["'grade'", "'cem'", "'High'", "did you mean 'high'?"],
        ),
        (
            lambda t: t.assign(age=[1, "forty", 2]),
            ["'age'", "'ben'", "'forty'", "pandas.to_numeric"],
        ),
        (lambda t: t.assign(age=["1", "2", "3"]), ["'age'", "'ana'", "'1'", "pandas.to_numeric"]),
        (lambda t: t.assign(age=[True, False, True]), ["'age'", "'ana'", "True", "not a number"]),
        (
            lambda t: t.assign(age=pd.Categorical([5, 5, 5])),
            ["'age'", "'ana'", "5", "pandas.to_numeric"],
        ),
        (lambda t: t.assign(owner=["yes", "no", "yes"]), ["'owner'", "'ana'", "'yes'"]),
        (
            lambda t: t.assign(owner=["False", "True", "True"]),
            ["'False' is str", "False is bool", "column.map({'False': False, 'True': True})"],
        ),
        (lambda t: t.assign(owner=[0, 1, 1]), ["0 is int", "column.map({0: False, 1: True})"]),
        (lambda t: t.assign(job=[["clerk"], "smith", "smith"]), ["'job'", "'ana'", "['clerk']"]),
        (
            lambda t: t.assign(age=pd.to_datetime(["2020-01-01"] * 3)),
            ["'age'", "'ana'", "is a date", ".dt.days"],
        ),
        (lambda t: t.assign(age=pd.Series(["1"] * 3, t.index, "string")), ["'1'", "to_numeric"]),
        (lambda t: t.assign(age=pd.Series([True] * 3, t.index, "boolean")), ["True", "to_numeric"]),
        (lambda t: t.set_axis(np.array([7, 8, 9])).assign(age=[1, 2, None]), ["row 9:"]),
        (lambda t: t.set_axis([("a", np.int64(1)), "b", "c"]).assign(age=None), ["row ('a', 1):"]),
        (
            lambda t: t.set_axis(pd.to_datetime(["2020-01-01"] * 2 + ["2021-01-01"])),
            ["'2020-01-01 00:00:00'", "reset_index"],
        ),
        (
            lambda t: t.assign(income=[1.0, 2.0, 5000.0]),
            ["'income'", "'cem'", "5000.0", "[0, 4000]", "widen low and high"],
        ),
        (lambda t: t.assign(income=[1.0, -1.0, 5.0]), ["'income'", "'ben'", "-1.0", "[0, 4000]"]),
        (lambda t: t.assign(age=[17, 20, 30]), ["'age'", "'ana'", "17", "[18, inf]"]),
    ],
)
def test_validate_says_where_and_what_to_do(frame, schema, change, parts):
    bounds = {"age": {"low": 18}, "income": {"low": 0, "high": 4000}}
    entries = schema.to_dict()["features"]
    schema = Schema.from_dict([e | bounds.get(e["name"], {}) for e in entries])
    schema.validate(frame)
    with pytest.raises(SchemaError) as error:
        schema.validate(change(frame))
    for part in parts:
        assert part in str(error.value)


class Elsewhere:
    """A table of another library."""

    def to_pandas(self):
        return pd.DataFrame()


def test_of_many_levels_the_nearest_are_told():
    towns = tuple(f"town {i:03}" for i in range(800))
    schema = Schema([Feature("town", "nominal", towns), Feature("code", "nominal", (1, 2))])
    with pytest.raises(SchemaError) as error:
        schema.validate(pd.DataFrame({"town": ["town 8000"], "code": [1]}))
    message = str(error.value)
    assert "did you mean 'town 800'" not in message
    assert "of 800 levels: ['town" in message
    assert message.count("'town ") <= 8
    with pytest.raises(SchemaError, match=r"'1' is str.*1 is int.*column\.astype\(int\)"):
        schema.validate(pd.DataFrame({"town": ["town 001"], "code": ["1"]}))


def test_broken_rows_name_each_row_once(frame, schema):
    people = frame.assign(
        age=[34, None, np.inf], job=["smith", "smiht", "clerk"], zip=1, income=[1, 2, 3]
    )
    broken = schema.broken_rows(people)
    assert list(broken) == ["ben", "cem"]
    assert broken["ben"].startswith("Column 'age', row 'ben': the value is missing")
    assert "'cem': inf is not a finite number" in broken["cem"]
    schema.validate(people.drop(index=list(broken)), extra="ignore")
    assert schema.broken_rows(frame) == {}
    text = frame.assign(age=[34, "many", 28])
    assert list(schema.broken_rows(text)) == ["ben"]
    schema.validate(text.drop(index="ben"))
    with pytest.raises(SchemaError, match="'job' is missing"):
        schema.broken_rows(frame.drop(columns="job"))
    numbered = schema.broken_rows(people.reset_index(drop=True))
    assert list(numbered) == [1, 2]
    assert "row 1:" in numbered[1]


@pytest.mark.parametrize(
    ("levels", "column", "expected"),
    [
        (("a", "b"), ["b", None, "c", ["a"], "a"], [1, np.nan, np.nan, np.nan, 0]),
        (("a", "b"), pd.Series(["b", None, "a"], dtype="string"), [1, np.nan, 0]),
        (("a", "b"), pd.Categorical(["a", None, "b"], ["b", "a"]), [0, np.nan, 1]),
        ((1, 2), [2.0, np.nan, 1.0, 1.5], [1, np.nan, 0, np.nan]),
        ((1, 2), [True, False], [np.nan, np.nan]),
        ((1, 2), ["1", "2"], [np.nan, np.nan]),
        ((False, True), [True, False], [1, 0]),
        ((False, True), [1, 0], [np.nan, np.nan]),
        ((False, True), pd.Series([True, None], dtype="boolean"), [1, np.nan]),
    ],
    ids=str,
)
@pytest.mark.parametrize("times", [1, 100])
def test_codes_of_levels_in_short_and_long_columns(levels, column, expected, times):
    column = pd.concat([pd.Series(column)] * times, ignore_index=True)
    codes = Feature("it", "nominal", levels).codes(column)
    np.testing.assert_array_equal(codes, np.tile(expected, times))


def test_names_that_are_numbers(frame):
    table = frame.set_axis(range(6), axis=1)
    schema = Schema.infer(table, immutable=[3], increasing=[0], bounds={1: (0, None)})
    assert schema.names == [0, 1, 2, 3, 4, 5]
    assert schema.immutable == [3]
    assert schema[3].title == "3"
    assert schema.position(4) == 4
    pd.testing.assert_frame_equal(schema.validate(table), table)
    turned = schema.reorder([5, 4, 3, 2, 1, 0])
    assert turned.names == [5, 4, 3, 2, 1, 0]
    assert turned.features[2] == schema.features[3]
    assert turned.constrain(free=[3]).immutable == []
    assert through_json(schema) == schema
    assert not schema.violations(table, table).any(axis=None)
    with pytest.raises(SchemaError, match="No feature named 9"):
        schema.constrain(free=[9])
    mixed = Schema([Feature("a"), Feature(0)])
    assert mixed.reorder([0, "a"]).names == [0, "a"]


def test_validate_orders_columns_and_changes_nothing_else(frame, schema):
    checked = schema.validate(frame[frame.columns[::-1]])
    pd.testing.assert_frame_equal(checked, frame)
    extra = schema.validate(frame.assign(zip=1), extra="ignore")
    pd.testing.assert_frame_equal(extra, frame)
    with pytest.raises(SchemaError, match="'drop'; choose 'error' or 'ignore'"):
        schema.validate(frame, extra="drop")


# -- to and from plain data -------------------------------------------------------------------


def through_json(schema):
    return Schema.from_dict(json.loads(json.dumps(schema.to_dict())))


def test_a_schema_survives_json(schema):
    again = through_json(schema)
    assert again == schema
    assert hash(again) == hash(schema)
    assert again["grade"].categories == GRADES


@pytest.mark.parametrize(
    "levels",
    [np.array([3, 1, 2]), np.array([0.5, 1.5]), np.array(["x", "y"]), np.array([False, True])],
    ids=lambda levels: str(levels.dtype),
)
def test_numpy_levels_survive_json(levels):
    schema = Schema([Feature("it", "ordinal", levels), Feature("other", "nominal", tuple(levels))])
    assert through_json(schema) == schema
    assert schema["it"].categories == tuple(levels.tolist())
    frame = pd.DataFrame({"it": levels, "other": levels})
    assert (
        through_json(Schema.infer(frame, categorical=["it", "other"])).validate(frame).equals(frame)
    )


def test_numpy_bounds_survive_json():
    schema = Schema([Feature("n", low=np.int64(1), high=np.float32(2.5), step=np.int8(1))])
    assert through_json(schema) == schema


names = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4, unique=True)
bounds = st.one_of(st.none(), st.integers(-9, 9), st.floats(-9, 9))


@st.composite
def features(draw, name):
    kind = draw(st.sampled_from(["numeric", "ordinal", "nominal"]))
    if kind == "numeric":
        low, high = draw(bounds), draw(bounds)
        if low is not None and high is not None:
            low, high = sorted([low, high])
        settings = {"low": low, "high": high, "step": draw(st.sampled_from([None, 1, 0.5]))}
    else:
        level = st.one_of(st.text(max_size=3), st.integers(2, 9), st.booleans())
        settings = {"categories": draw(st.lists(level, min_size=1, max_size=4, unique=True))}
    may = ["free", "immutable"] + ["increasing", "decreasing", "clock"] * (kind != "nominal")
    settings |= {
        "weight": draw(st.sampled_from([1.0, 0.5, 3])),
        "gaps": draw(st.booleans()),
        "label": draw(st.text(max_size=3)),
    }
    if kind != "nominal":
        settings["largest"] = draw(st.sampled_from([None, 1, 2.5]))
    if kind == "ordinal":
        levels = settings["categories"]
        settings["bounds"] = draw(st.sampled_from([None, (levels[0], None), (None, levels[-1])]))
        settings["edges"] = draw(st.sampled_from([(), tuple(range(len(levels)))]))
    return Feature(name, kind, actionability=draw(st.sampled_from(may)), **settings)


def test_a_schema_of_the_first_edition_is_read():
    entry = {"name": "age", "kind": "numeric", "categories": [], "low": None, "high": None}
    entry |= {"step": 1.0, "unit": "years", "actionability": "increasing", "label": ""}
    schema = Schema.from_dict([entry])
    assert schema == Schema([Feature("age", step=1.0, unit="years", actionability="increasing")])
    assert set(schema.to_dict()) == {"features", "relations"}


@calm
@given(names.flatmap(lambda names: st.tuples(*(features(name) for name in names))))
def test_every_schema_survives_json(parts):
    schema = Schema(parts)
    assert through_json(schema) == schema
    assert list(schema.to_frame().index) == schema.names


def test_the_table_to_read_shows_levels_bounds_and_directions(schema):
    table = schema.to_frame()
    assert table.loc["grade", "values"] == "low, middle, high"
    assert table.loc["age", "values"] == "−∞ … ∞"
    assert table.loc["age", ["unit", "change"]].tolist() == ["years", "increasing"]
    assert "grade" in repr(schema)
    assert "<table" in schema._repr_html_()


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("euros a month", 633.4, "633.40 euros a month"),
        ("DM", 9.5, "9.50 DM"),
        ("US dollars", 250, "250 US dollars"),
        ("kg", 63.5, "63.5 kg"),
    ],
)
def test_money_is_told_to_the_cent(unit, value, text):
    assert Feature("x", unit=unit).format(value) == text


def test_years_of_the_calendar_are_known_by_what_they_are():
    frame = pd.DataFrame(
        {
            "customer_since": [1999, 2014, 2023],
            "amount": [1999, 2014, 9000],
            "loan_year": [1066, 1789, 2000],
        }
    )
    units = {f.name: f.unit for f in Schema.infer(frame)}
    assert units == {"customer_since": "year", "amount": "", "loan_year": "year"}


def test_a_title_is_the_label_or_the_name_without_underscores():
    assert Feature("years_employed").title == "years employed"
    assert Feature("years_employed", label="years in the job").title == "years in the job"
    assert Feature("_").title == "_"
