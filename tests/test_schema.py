"""The contract between a table and everything else: what holds, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import Feature, Schema, SchemaError

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
        ({"actionability": "up"}, "'up'", "free, immutable, increasing, decreasing"),
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
        Feature("debt", **settings)
    message = str(error.value)
    assert message.startswith("Feature 'debt': ")
    assert found in message
    assert way_out in message


def test_what_looks_odd_but_holds():
    assert Feature("a", low=1, high=1).low == 1
    assert Feature("a", "nominal", ("only",), actionability="immutable").categories == ("only",)
    assert Feature("a", "ordinal", ["x", "y"]).categories == ("x", "y")
    assert Feature("a", label="Age").title == "Age"
    assert Feature("a").title == "a"


RANK = {"low": 0, "middle": 1, "high": 2}


@calm
@given(
    before=st.sampled_from(GRADES),
    after=st.sampled_from(GRADES),
    actionability=st.sampled_from(["free", "immutable", "increasing", "decreasing"]),
)
def test_allows_agrees_with_the_order_of_levels(before, after, actionability):
    move = RANK[after] - RANK[before]
    expected = {
        "free": True,
        "immutable": move == 0,
        "increasing": move >= 0,
        "decreasing": move <= 0,
    }
    ordinal = Feature("grade", "ordinal", GRADES, actionability=actionability)
    numeric = Feature("grade", actionability=actionability)
    assert ordinal.allows(before, after) == expected[actionability]
    assert numeric.allows(RANK[before], float(RANK[after])) == expected[actionability]


def test_values_as_people_read_them():
    assert Feature("pay", unit="US dollars").format(12_000.0) == "12,000 US dollars"
    assert Feature("rate", unit="%").format(0.12345) == "0.1235 %"
    assert Feature("n").format(3) == "3"
    assert Feature("job", "nominal", ("clerk",), unit="").format("clerk") == "clerk"


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
    schema = Schema.infer(frame, categorical=["age", "grade"])
    assert schema["age"].kind == schema["grade"].kind == "nominal"
    assert schema["age"].categories == (28, 34, 51)
    assert schema["grade"].categories == ("high", "low")


@pytest.mark.parametrize(
    ("change", "settings", "parts"),
    [
        (lambda t: t.iloc[:0], {}, ["no rows"]),
        (lambda t: t["age"], {}, ["DataFrame", "Series", "frame.loc[[label]]"]),
        (lambda t: t.assign(age=[1, None, 3]), {}, ["'age'", "'ben'", "NaN", "drop the row"]),
        (lambda t: t.assign(job=["a", "b", None]), {}, ["'job'", "'cem'", "NaN"]),
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


# -- the gate ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda t: t.iloc[:0], ["no rows", "at least one person"]),
        (lambda t: t.to_dict("list"), ["DataFrame", "dict"]),
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
            lambda t: t.assign(income=[1.0, 2.0, 5000.0]),
            ["'income'", "'cem'", "5000.0", "[0, 4000]", "widen low and high"],
        ),
        (lambda t: t.assign(income=[1.0, -1.0, 5.0]), ["'income'", "'ben'", "-1.0", "[0, 4000]"]),
        (lambda t: t.assign(age=[17, 20, 30]), ["'age'", "'ana'", "17", "[18, inf]"]),
    ],
)
def test_validate_says_where_and_what_to_do(frame, schema, change, parts):
    bounds = {"age": {"low": 18}, "income": {"low": 0, "high": 4000}}
    schema = Schema.from_dict([e | bounds.get(e["name"], {}) for e in schema.to_dict()])
    schema.validate(frame)
    with pytest.raises(SchemaError) as error:
        schema.validate(change(frame))
    for part in parts:
        assert part in str(error.value)


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
    may = ["free", "immutable"] + ["increasing", "decreasing"] * (kind != "nominal")
    return Feature(name, kind, actionability=draw(st.sampled_from(may)), **settings)


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
