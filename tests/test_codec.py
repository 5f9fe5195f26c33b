"""Units to cube to tokens and back: what is lost, and what must never be."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from genre_lite import Codec, Feature, NotFittedError, Schema, SchemaError, cost
from genre_lite.limits import CLOSE

calm = settings(deadline=None, derandomize=True, max_examples=50)
GRADES = ("low", "middle", "high")
JOBS = ("clerk", "pilot", "smith")

schema = Schema(
    [
        Feature("age", step=1),
        Feature("income"),
        Feature("grade", "ordinal", GRADES),
        Feature("job", "nominal", JOBS),
    ]
)
person = st.tuples(
    st.integers(0, 90),
    st.floats(-1e6, 1e6, allow_subnormal=False),
    st.sampled_from(GRADES),
    st.sampled_from(JOBS),
)
tables = st.lists(person, min_size=1, max_size=12).map(
    lambda rows: pd.DataFrame(rows, columns=schema.names)
)


def vocabulary(codec, j):
    return codec.values[j]  # noqa: PD011 (not a pandas object)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "age": [20, 30, 60, 30],
            "income": [0.5, 2.5, 1.0, 4.5],
            "grade": ["low", "high", "low", "middle"],
            "job": ["clerk", "smith", "clerk", "clerk"],
        },
        index=["ana", "ben", "cem", "dia"],
    )


@pytest.fixture
def codec(frame):
    return Codec(schema).fit(frame)


# -- the cube ---------------------------------------------------------------------------------


@pytest.mark.equation("objectives-scale")
def test_the_cube_by_hand(codec, frame):
    assert codec.cube(frame).tolist() == [
        [0, 0, 0, 0],
        [0.25, 0.5, 1, 1],
        [1, 0.125, 0, 0],
        [0.25, 1, 0.5, 0],
    ]
    outside = frame.assign(age=[10, 70, 20, 20])
    assert codec.cube(outside)[:2, 0].tolist() == [-0.25, 1.25]


def test_levels_nobody_has_still_have_a_place(codec):
    assert vocabulary(codec, 3).tolist() == list(JOBS)
    assert codec.grid[3].tolist() == [0, 0.5, 1]
    assert codec.nominal.tolist() == [False, False, False, True]


@calm
@given(tables)
def test_training_rows_lie_in_the_unit_cube(table):
    cube = Codec(schema).fit(table).cube(table)
    assert ((cube >= 0) & (cube <= 1)).all()


def test_the_design_gives_wide_nominal_features_indicators(codec, frame):
    design = codec.design(codec.cube(frame))
    assert design[:, :3].tolist() == codec.cube(frame)[:, :3].tolist()
    assert design[:, 3:].tolist() == [[1, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 0]]
    two = pd.DataFrame({"sex": ["f", "m"]})
    narrow = Codec(Schema.infer(two)).fit(two)
    assert narrow.design(narrow.cube(two)).tolist() == [[0], [1]]


@pytest.mark.filterwarnings("ignore:.*as an id has")
def test_the_design_of_many_levels_hits_each_one():
    """Level 13 of 24 lies at 12.999999999999998 before it is rounded."""
    levels = [f"{i:02}" for i in range(50)]
    for n in (3, 24, 47, 50):
        frame = pd.DataFrame({"it": levels[:n]})
        codec = Codec(Schema.infer(frame)).fit(frame)
        assert codec.design(codec.cube(frame)).tolist() == np.eye(n).tolist()


def test_the_cube_in_units_again(codec, frame):
    units = codec.units(codec.cube(frame))
    assert units[:, :2].tolist() == frame[["age", "income"]].to_numpy().tolist()
    assert units[:, 2:].tolist() == [[0, 0], [2, 2], [0, 0], [1, 0]]


@pytest.mark.filterwarnings("ignore:.*hold one value only")
@pytest.mark.parametrize("value", [7, 2.5, "clerk", False])
def test_a_constant_column(value):
    frame = pd.DataFrame({"it": [value] * 3})
    codec = Codec(Schema.infer(frame)).fit(frame)
    assert codec.cube(frame).tolist() == [[0]] * 3
    assert codec.tokens(codec.cube(frame)).tolist() == [[0]] * 3
    pd.testing.assert_frame_equal(codec.frame(np.zeros((3, 1), int), frame), frame)


def test_a_constant_number_has_width_one():
    codec = Codec(Schema([Feature("it")])).fit(pd.DataFrame({"it": [7, 7]}))
    assert codec.cube(pd.DataFrame({"it": [9.5]})).tolist() == [[2.5]]


# -- prices -----------------------------------------------------------------------------------


def test_prices_are_one_unless_asked(codec, frame):
    assert codec.price.tolist() == [1, 1, 1, 1]
    cube = codec.cube(frame)
    metric = cdist(codec.metric(cube), codec.metric(cube), "cityblock")
    np.testing.assert_allclose(metric, cost(cube[:, None], cube, codec.nominal))


def test_a_robust_range_is_that_of_the_middle_rows():
    pay = np.r_[np.arange(1000.0), 1e6]  # percentiles by hand: 10 and 990 of 1,001 rows
    frame = pd.DataFrame({"pay": pay, "half": pay, "plain": pay, "rare": 0.0})
    frame.loc[0, "rare"] = 5.0
    schema = Schema(
        [
            Feature("pay", scale="robust"),
            Feature("half", scale="robust", weight=0.5),
            Feature("plain", weight=3),
            Feature("rare", scale="robust"),
        ]
    )
    codec = Codec(schema).fit(frame)
    assert codec.price == pytest.approx([1e6 / 980, 0.5 * 1e6 / 980, 3, 1])
    move = frame.iloc[[10]].assign(pay=990.0, half=990.0, plain=10.0)
    paid = cost(codec.cube(frame.iloc[[10]]), codec.cube(move), price=codec.price)
    assert paid == pytest.approx([1.5])
    again = Codec.from_dict(json.loads(json.dumps(codec.to_dict())))
    np.testing.assert_array_equal(again.price, codec.price)


def test_a_file_of_the_first_edition_has_no_ranges(codec):
    data = codec.to_dict()
    del data["ranges"]
    assert Codec.from_dict(data).price.tolist() == [1, 1, 1, 1]


# -- gaps -------------------------------------------------------------------------------------

GAPPY = Schema(
    [
        Feature("age", gaps=True, weight=2),
        Feature("pay"),
        Feature("grade", "ordinal", GRADES, gaps=True),
        Feature("job", "nominal", JOBS, gaps=True, weight=0.5),
        Feature("sex", "nominal", ("f", "m"), gaps=True, weight=3),
    ]
)


@pytest.fixture
def gappy():
    return pd.DataFrame(
        {
            "age": [20, np.nan, 60, 30],
            "pay": [1, 2, 3, 4],
            "grade": ["low", "high", None, "middle"],
            "job": [None, "smith", "clerk", "pilot"],
            "sex": ["m", None, "f", "f"],
        },
        index=["ana", "ben", "cem", "dia"],
    )


def test_gaps_by_hand(gappy):
    codec = Codec(GAPPY).fit(gappy)
    nan = np.nan
    cube = codec.cube(gappy)
    np.testing.assert_array_equal(
        cube,
        [
            [0, 0, 0, nan, 1],
            [nan, 1 / 3, 1, 1, nan],
            [1, 2 / 3, nan, 0, 0],
            [0.25, 1, 0.5, 0.5, 0],
        ],
    )
    assert codec.sizes.tolist() == [4, 4, 4, 4, 3]
    assert codec.gap.tolist() == [3, -1, 3, 3, 2]
    assert [len(v) for v in codec.grid] == [3, 4, 3, 3, 2]
    assert codec.tokens(cube).tolist() == [
        [0, 0, 0, 3, 1],
        [3, 1, 2, 2, 2],
        [2, 2, 3, 0, 0],
        [1, 3, 1, 1, 0],
    ]
    assert codec.design(cube)[:2].tolist() == [
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0],
        [0.5, 1, 1 / 3, 1, 0, 0, 0, 1, 0, 0.5, 1],
    ]
    assert codec.blocks == [slice(0, 2), slice(2, 3), slice(3, 5), slice(5, 9), slice(9, 11)]


def test_filling_a_gap_costs_half_a_range_or_more(gappy):
    codec = Codec(GAPPY).fit(gappy)
    before = pd.DataFrame(
        {"age": [np.nan], "pay": [1], "grade": [None], "job": [None], "sex": [None]}
    )
    for change, price in [
        ({}, 0),
        ({"age": 40}, 2 * 0.5),
        ({"age": 60}, 2 * 1.0),
        ({"age": 30}, 2 * 0.75),
        ({"grade": "low"}, 1),
        ({"grade": "middle"}, 0.5),
        ({"job": "pilot"}, 0.5),
        ({"sex": "m"}, 3),
    ]:
        there, here = codec.cube(before.assign(**change)), codec.cube(before)
        for a, b in ((here, there), (there, here)):
            assert cost(a, b, codec.nominal, codec.price) == pytest.approx([price])


def gappy_rows(least):
    def maybe(values):
        return st.one_of(st.none(), values)

    row = st.tuples(
        maybe(st.floats(-9, 9).map(lambda v: round(v, 2))),
        st.integers(0, 50),
        *(maybe(st.sampled_from(levels)) for levels in (GRADES, JOBS, ("f", "m"))),
    )
    full = (1.0, 2, "low", "clerk", "f")
    return st.lists(row, min_size=least, max_size=8).map(
        lambda rows: pd.DataFrame([full, *rows], columns=GAPPY.names).astype({"age": float})
    )


def any_tokens(data, codec, people):
    rows = [[data.draw(st.integers(0, n - 1)) for n in codec.sizes.tolist()] for _ in people.index]
    return np.array(rows)


def test_codes_by_hand(codec, frame, gappy):
    """Inputs to columns: three indicators become one number, and each gap keeps a column."""
    assert codec.codes.tolist() == [
        [1, 0, 0, 0],  # age
        [0, 1, 0, 0],  # income
        [0, 0, 1, 0],  # grade
        [0, 0, 0, 0],  # clerk
        [0, 0, 0, 0.5],  # pilot
        [0, 0, 0, 1],  # smith
    ]
    codes = Codec(GAPPY).fit(gappy).codes
    assert codes.shape == (11, 9)
    nonzero = {(int(i), int(j)): float(codes[i, j]) for i, j in np.argwhere(codes)}
    assert nonzero == {
        **{(0, 0): 1, (1, 1): 1},  # age, its gap
        **{(2, 2): 1},  # pay
        **{(3, 3): 1, (4, 4): 1},  # grade, its gap
        **{(6, 5): 0.5, (7, 5): 1, (8, 6): 1},  # job: clerk is 0; its gap
        **{(9, 7): 1, (10, 8): 1},  # sex, its gap
    }


def uncoded(codec, columns):
    """What was a row, from its codes alone, in the cube."""
    cube, column = np.empty((len(columns), len(codec.schema))), 0
    for j, f in enumerate(codec.schema):
        cube[:, j] = columns[:, column]
        column += 1
        if f.gaps:
            cube[columns[:, column] == 1, j] = np.nan
            column += 1
    assert column == columns.shape[1]
    return cube


@calm
@given(train=gappy_rows(1), people=gappy_rows(1))
def test_codes_lose_nothing(train, people):
    """One column a feature and one a gap, and the row can be told from them again."""
    codec = Codec(GAPPY, size=4).fit(train)
    cube = codec.cube(people)
    columns = codec.design(cube) @ codec.codes
    assert columns.shape[1] == len(GAPPY) + sum(f.gaps for f in GAPPY)
    np.testing.assert_allclose(uncoded(codec, columns), cube, atol=1e-12)


@calm
@given(train=tables, people=tables)
def test_codes_without_gaps_are_the_cube(train, people):
    codec = Codec(schema, size=4).fit(train)
    cube = codec.cube(people)
    np.testing.assert_allclose(codec.design(cube) @ codec.codes, cube, rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:.*as an id has")
@pytest.mark.parametrize("levels", [1, 2, 3, 47])
def test_codes_of_few_and_of_many_levels(levels):
    names = [f"{i:02}" for i in range(levels)]
    form = Schema([Feature("it", "nominal", tuple(names), gaps=True)])
    frame = pd.DataFrame({"it": [*names, None]})
    codec = Codec(form).fit(frame)
    columns = codec.design(codec.cube(frame)) @ codec.codes
    wanted = np.linspace(0, 1, levels) if levels > 1 else [0.0]
    np.testing.assert_allclose(columns[:-1, 0], wanted, atol=1e-12)
    assert columns[:, 1].tolist() == [0.0] * levels + [1.0]
    assert len(np.unique(columns, axis=0)) == levels + 1, "a gap is no level"


@calm
@given(train=gappy_rows(1), people=gappy_rows(1))
def test_the_metric_is_the_cost_gaps_and_prices_included(train, people):
    codec = Codec(GAPPY, size=4).fit(train)
    x = codec.cube(people)
    np.testing.assert_allclose(
        cdist(codec.metric(x), codec.metric(x), "cityblock"),
        cost(x[:, None], x, codec.nominal, codec.price),
        atol=1e-9,
    )


@calm
@given(train=gappy_rows(1), people=gappy_rows(1), data=st.data())
def test_points_are_the_cube_of_the_frame(train, people, data):
    codec = Codec(GAPPY, size=4).fit(train)
    x, tokens = codec.cube(people), any_tokens(data, codec, people)
    decoded = codec.frame(tokens, people)
    np.testing.assert_array_equal(codec.points(tokens, x), codec.cube(decoded))
    GAPPY.validate(decoded)
    made = (tokens == codec.gap) & (codec.tokens(x) != codec.gap)
    assert (decoded.isna().to_numpy() == (tokens == codec.gap)).all()
    kept = tokens == codec.tokens(x)
    for j, name in enumerate(GAPPY.names):
        assert (decoded[name][kept[:, j]].dropna() == people[name][kept[:, j]].dropna()).all()
        assert made[:, j].any() or decoded[name].dtype == people[name].dtype


@calm
@given(train=tables, people=tables, data=st.data())
def test_points_are_the_cube_of_the_frame_without_gaps(train, people, data):
    codec = Codec(schema, size=4).fit(train)
    x, tokens = codec.cube(people), any_tokens(data, codec, people)
    points = codec.points(tokens, x)
    np.testing.assert_array_equal(points, codec.cube(codec.frame(tokens, people)))
    assert codec.sizes.tolist() == [len(v) for v in codec.grid]
    assert codec.gap.tolist() == [-1] * 4


@pytest.mark.parametrize(
    ("column", "made"),
    [
        (pd.Series([1, 2, 3]), "float64"),
        (pd.Series([1, 2, None]), "float64"),
        (pd.Series([1, 2, None], dtype="Int64"), "Int64"),
        (pd.Series([1.5, 2, None], dtype="float32"), "float32"),
        (pd.Series([1.5, 2, None], dtype="Float64"), "Float64"),
        (pd.Series([1, 2, None], dtype=object), "object"),
        (pd.Series([True, False, True]), "object"),
        (pd.Series([True, False, None], dtype="boolean"), "boolean"),
        (pd.Series([True, False, None], dtype=object), "object"),
        (pd.Series(["x", "y", None], dtype="string"), "string"),
        (pd.Series(["x", "y", None], dtype=object), "object"),
        (pd.Series(["x", "y", None], dtype="category"), "category"),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else "",
)
def test_a_gap_in_each_dtype(column, made):
    frame = column.to_frame("it")
    (feature,) = Schema.infer(frame)
    codec = Codec(Schema([dataclasses.replace(feature, gaps=True)])).fit(frame)
    own, gap = codec.tokens(codec.cube(frame)), codec.gap[0]
    assert gap == 2 + (column.nunique() == 3)
    assert (own[:, 0] == gap).tolist() == column.isna().tolist()
    pd.testing.assert_frame_equal(codec.frame(own, frame), frame)
    turned = codec.frame(own[[1, 0, 1]], frame)["it"]
    assert turned.dtype == column.dtype
    assert turned.tolist() == [column[1], column[0], column[1]]
    asked = codec.frame(np.array([[gap], [1], [gap]]), frame)["it"]
    assert asked.isna().tolist() == [True, False, True]
    assert str(asked.dtype) == made
    again = Codec.from_dict(json.loads(json.dumps(codec.to_dict())))
    np.testing.assert_array_equal(again.tokens(again.cube(frame)), own)


def test_an_asker_with_gaps_keeps_them_though_training_had_none():
    frame = pd.DataFrame({"it": [1, 2, 3]})
    codec = Codec(Schema([Feature("it", gaps=True)])).fit(frame)
    asker = pd.DataFrame({"it": [np.nan, 2.0]})
    assert codec.tokens(codec.cube(asker)).tolist() == [[3], [1]]
    assert codec.frame(np.array([[0], [1]]), asker)["it"].tolist() == [1, 2]


def test_a_column_that_is_all_gaps_has_no_range():
    frame = pd.DataFrame({"it": [np.nan, np.nan]})
    with pytest.raises(SchemaError, match=r"'it' holds no value at all.*leave it out"):
        Codec(Schema([Feature("it", gaps=True)])).fit(frame)


def test_names_that_are_numbers(frame):
    table = frame.set_axis([3, 2, 1, 0], axis=1)
    codec = Codec(Schema.infer(table, categorical=[1])).fit(table)
    tokens = codec.tokens(codec.cube(table))
    pd.testing.assert_frame_equal(codec.frame(tokens, table), table)
    again = Codec.from_dict(json.loads(json.dumps(codec.to_dict())))
    np.testing.assert_array_equal(again.cube(table), codec.cube(table))


# -- tokens -----------------------------------------------------------------------------------


@calm
@given(tables)
def test_vocabulary_values_are_their_own_tokens(table):
    codec = Codec(schema).fit(table)
    for j, feature in enumerate(schema):
        every = pd.concat([table.iloc[:1]] * len(codec.grid[j]), ignore_index=True)
        every[feature.name] = vocabulary(codec, j)
        token = codec.tokens(codec.cube(every))[:, j]
        # Numbers too close for the cube to tell apart share a token; their places agree.
        np.testing.assert_allclose(
            codec.grid[j][token], codec.cube(every)[:, j], rtol=0, atol=CLOSE
        )


@calm
@given(tables)
def test_training_rows_come_back_as_they_were(table):
    codec = Codec(schema).fit(table)
    tokens = codec.tokens(codec.cube(table))
    pd.testing.assert_frame_equal(codec.frame(tokens, table), table)
    someone = table.iloc[[0] * len(table)].reset_index(drop=True)
    decoded = codec.frame(tokens, someone)
    np.testing.assert_allclose(codec.cube(decoded), codec.cube(table), atol=1e-12)
    pd.testing.assert_frame_equal(decoded[["age", "grade", "job"]], table[["age", "grade", "job"]])


@calm
@given(train=tables, people=tables, data=st.data())
def test_a_decoded_value_is_a_training_value_or_the_persons_own(train, people, data):
    codec = Codec(schema, size=3).fit(train)
    own = codec.tokens(codec.cube(people))
    tokens = np.array(
        [[data.draw(st.integers(0, len(v) - 1)) for v in codec.grid] for _ in range(len(people))]
    )
    decoded = codec.frame(tokens, people)
    for j, feature in enumerate(schema):
        kept = own[:, j] == tokens[:, j]
        now, before = decoded[feature.name], people[feature.name]
        assert now[kept].tolist() == before[kept].tolist()
        possible = set(feature.categories) if feature.is_categorical else set(train[feature.name])
        assert set(now[~kept]) <= possible
        assert now.dtype == before.dtype


@pytest.mark.equation("autoregressive-token")
def test_the_nearest_entry_is_taken():
    codec = Codec(Schema([Feature("it")])).fit(pd.DataFrame({"it": [0.0, 1.0, 4.0]}))
    people = pd.DataFrame({"it": [-5.0, 0.4, 0.6, 2.4, 2.6, 99.0]})
    assert codec.tokens(codec.cube(people)).ravel().tolist() == [0, 0, 1, 1, 2, 2]


def test_many_values_become_quantile_representatives():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"it": np.exp(rng.normal(size=5000))})
    codec = Codec(Schema([Feature("it")]), size=50).fit(frame)
    values = vocabulary(codec, 0)
    assert len(values) == 52
    assert set(values) <= set(frame["it"])
    assert (values[0], values[-1]) == (frame["it"].min(), frame["it"].max())
    assert (np.diff(values) > 0).all()
    share = np.bincount(codec.tokens(codec.cube(frame))[:, 0], minlength=52) / 5000
    assert share[1:-1] == pytest.approx(0.02, abs=0.015), "bins hold about as many people each"
    few = Codec(Schema([Feature("it")]), size=5000).fit(frame)
    assert vocabulary(few, 0).tolist() == sorted(frame["it"])


def test_levels_are_never_thinned_out():
    levels = tuple(f"l{i:03}" for i in range(300))
    frame = pd.DataFrame({"it": levels})
    codec = Codec(Schema([Feature("it", "ordinal", levels)]), size=8).fit(frame)
    assert vocabulary(codec, 0).tolist() == list(levels)
    assert codec.tokens(codec.cube(frame)).ravel().tolist() == list(range(300))


# -- dtypes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, 3]),
        pd.Series([1, 2, 3], dtype="int8"),
        pd.Series([1.5, 2.5, 3.0]),
        pd.Series([1.5, 2.5, 3.0], dtype="float32"),
        pd.Series([1, 2, 3], dtype="Int64"),
        pd.Series([1.5, 2.5, 3.0], dtype="Float64"),
        pd.Series(["x", "y", "z"]),
        pd.Series(["x", "y", "z"], dtype=object),
        pd.Series([True, False, True]),
        pd.Series(["x", "y", "z"], dtype="category"),
        pd.Series(pd.Categorical([2, 3, 1], [3, 2, 1], ordered=True)),
    ],
    ids=lambda column: str(column.dtype),
)
def test_dtypes_are_kept(column):
    frame = column.to_frame("it")
    codec = Codec(Schema.infer(frame)).fit(frame)
    tokens = codec.tokens(codec.cube(frame))
    for again in (codec, Codec.from_dict(json.loads(json.dumps(codec.to_dict())))):
        decoded = again.frame(tokens[::-1], frame)
        pd.testing.assert_frame_equal(decoded, frame[::-1].set_axis(frame.index))


@pytest.mark.parametrize("dtype", ["int64", "int8", "Int64"])
def test_a_fraction_is_never_cut_to_the_whole_number_of_the_asker(dtype):
    codec = Codec(Schema([Feature("it")])).fit(pd.DataFrame({"it": [0.0, 1.5, 4.0]}))
    people = pd.DataFrame({"it": pd.Series([0, 4], dtype=dtype)})
    assert codec.frame(np.array([[1], [2]]), people)["it"].tolist() == [1.5, 4.0]
    assert codec.frame(np.array([[0], [2]]), people)["it"].tolist() == [0.0, 4.0]


def test_a_narrow_integer_never_wraps_round():
    codec = Codec(Schema([Feature("it")])).fit(pd.DataFrame({"it": [1, 300, 1000]}))
    people = pd.DataFrame({"it": pd.Series([1, 2], dtype="int8")})
    assert codec.frame(np.array([[1], [2]]), people)["it"].tolist() == [300, 1000]


def test_a_category_that_the_askers_table_does_not_know():
    frame = pd.DataFrame({"job": JOBS})
    codec = Codec(Schema.infer(frame)).fit(frame)
    one = pd.DataFrame({"job": pd.Categorical(["clerk"])}, index=["ana"])
    decoded = codec.frame(np.array([[2]]), one)
    assert decoded.loc["ana", "job"] == "smith"
    assert isinstance(decoded["job"].dtype, pd.CategoricalDtype)


# -- to and from plain data -------------------------------------------------------------------


@calm
@given(tables)
def test_a_codec_survives_json(table):
    codec = Codec(schema, size=4).fit(table)
    again = Codec.from_dict(json.loads(json.dumps(codec.to_dict())))
    assert again.schema == schema
    assert again.size == 4
    np.testing.assert_array_equal(again.cube(table), codec.cube(table))
    tokens = codec.tokens(codec.cube(table))
    np.testing.assert_array_equal(again.tokens(again.cube(table)), tokens)
    pd.testing.assert_frame_equal(again.frame(tokens, table), codec.frame(tokens, table))


def test_numpy_levels_survive_json():
    frame = pd.DataFrame({"it": [2, 1, 2]})
    codec = Codec(Schema([Feature("it", "ordinal", np.array([1, 2, 3]))])).fit(frame)
    again = Codec.from_dict(json.loads(json.dumps(codec.to_dict())))
    assert again.tokens(again.cube(frame)).tolist() == [[1], [0], [1]]


# -- what is refused --------------------------------------------------------------------------


def test_an_unfitted_codec_says_so(frame):
    for ask in (lambda c: c.cube(frame), lambda c: c.tokens(np.zeros((1, 4))), Codec.to_dict):
        with pytest.raises(NotFittedError, match=r"call fit\(frame\) first"):
            ask(Codec(schema))


def test_fit_passes_the_gate(frame):
    with pytest.raises(SchemaError, match="'job', row 'ben': category 'tailor'"):
        Codec(schema).fit(frame.assign(job=["clerk", "tailor", "clerk", "clerk"]))
    assert Codec(schema).fit(frame.assign(zip=1)).cube(frame).shape == (4, 4)
