"""What an answer may be: each term by hand, and writing that never breaks one nor gets stuck."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import Codec, Feature, GenReError, Schema
from genre_lite.candidates import decoded
from genre_lite.limits import Limits
from genre_lite.terms import Terms

LEVELS = ("a", "b", "c", "d", "e")


def compiled(schema, train, people=None, **terms):
    people = train if people is None else people
    return Limits(Codec(schema).fit(train), people, Terms(**terms))


# -- one feature ------------------------------------------------------------------------------

# What may stand in the place of 2, the middle of five values: the schema, then the person's terms.
ONE = {
    "free": ({}, {}, [1, 1, 1, 1, 1]),
    "immutable": ({"actionability": "immutable"}, {}, [0, 0, 1, 0, 0]),
    "only up": ({"actionability": "increasing"}, {}, [0, 0, 1, 1, 1]),
    "only down": ({"actionability": "decreasing"}, {}, [1, 1, 1, 0, 0]),
    "bounds of the schema": ({"bounds": (1, 3)}, {}, [0, 1, 1, 1, 0]),
    "bounds that leave out the own": ({"bounds": (3, None)}, {}, [0, 0, 1, 1, 1]),
    "largest of the schema": ({"largest": 1}, {}, [0, 1, 1, 1, 0]),
    "frozen": ({}, {"freeze": ["it"]}, [0, 0, 1, 0, 0]),
    "bounds of the person": ({}, {"bounds": {"it": (None, 3)}}, [1, 1, 1, 1, 0]),
    "largest of the person": ({}, {"largest": {"it": 1}}, [0, 1, 1, 1, 0]),
    "a term narrows the schema": (
        {"actionability": "increasing", "bounds": (None, 3)},
        {"largest": {"it": 5}, "bounds": {"it": (0, 4)}},
        [0, 0, 1, 1, 0],
    ),
    "nothing is left": ({"actionability": "increasing", "bounds": (None, 2)}, {}, [0, 0, 1, 0, 0]),
}


def one_feature(kind, asked, terms):
    """The feature as numbers 0 … 4 or as levels a … e; bounds are then levels, too."""
    if kind == "numeric":
        return Feature("it", step=1, **asked), [0, 1, 2, 3, 4], terms

    def level(pair):
        return tuple(None if end is None else LEVELS[end] for end in pair)

    asked = {name: level(v) if name == "bounds" else v for name, v in asked.items()}
    if "bounds" in terms:
        terms = terms | {"bounds": {"it": level(terms["bounds"]["it"])}}
    return Feature("it", "ordinal", LEVELS, **asked), list(LEVELS), terms


@pytest.mark.parametrize("kind", ["numeric", "ordinal"])
@pytest.mark.parametrize("case", ONE)
def test_one_feature_by_hand(case, kind):
    asked, terms, expected = ONE[case]
    feature, values, terms = one_feature(kind, asked, terms)
    train = pd.DataFrame({"it": values})
    limits = compiled(Schema([feature]), train, train.iloc[[2]], **terms)
    assert limits.allowed[0, 0].astype(int).tolist() == expected
    # Whole answers are judged alike, as points and as rows.
    rows = np.zeros(5, dtype=int)
    assert limits.keeps(limits.codec.cube(train), rows).astype(int).tolist() == expected
    assert (~limits.broken(train, rows).any(axis=1)).astype(int).tolist() == expected


def test_broken_names_each_term():
    schema = Schema(
        [
            Feature("age", step=1, actionability="increasing"),
            Feature("debt", actionability="decreasing", bounds=(1, None), largest=2),
            Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
            Feature("job", "nominal", ("clerk", "smith")),
        ]
    )
    train = pd.DataFrame(
        {"age": [20, 60], "debt": [0.0, 9.0], "sex": ["f", "m"], "job": ["clerk", "smith"]}
    )
    limits = compiled(schema, train, train.iloc[[1]], freeze=["job"], max_changes=1)
    options = pd.DataFrame(
        {
            "age": [59, 60, 60, 60, 61, 60],
            "debt": [9.0, 0.5, 10.0, 9.0, 8.0, 8.0],
            "sex": ["m", "m", "m", "f", "m", "m"],
            "job": ["smith", "smith", "smith", "clerk", "smith", "smith"],
        }
    )
    broken = limits.broken(options, np.zeros(6, dtype=int))
    assert [list(broken.columns[row]) for row in broken.to_numpy()] == [
        ["age: only up"],
        ["debt: bounds", "debt: largest step"],
        ["debt: only down"],
        ["sex: immutable", "job: frozen", "max_changes"],
        ["max_changes"],
        [],
    ]


# -- each person's own ------------------------------------------------------------------------

NUMBERS = pd.DataFrame({"x": [0, 1, 2, 3, 4], "y": [0, 1, 2, 3, 4]})
XY = Schema([Feature("x", step=1), Feature("y", step=1)])
PAIR = NUMBERS.iloc[[2, 2]].set_axis(["ana", "ben"])


@pytest.mark.parametrize("form", [dict, pd.Series])
def test_terms_by_person(form):
    limits = compiled(
        XY,
        NUMBERS,
        PAIR,
        freeze=form({"ben": ["x"], "ana": []}),
        bounds={"y": form({"ana": (0, 2), "ben": (None, 3)})},
        largest={"x": form({"ana": 1, "ben": 9})},
        max_changes=form({"ana": 1, "ben": None}),
        weights={"x": form({"ana": 2.0, "ben": 0.5})},
    )
    assert limits.allowed.astype(int).tolist() == [
        [[0, 1, 1, 1, 0], [1, 1, 1, 0, 0]],
        [[0, 0, 1, 0, 0], [1, 1, 1, 1, 0]],
    ]
    assert limits.most.tolist() == [1, 2]
    assert limits.price.tolist() == [[2.0, 1.0], [0.5, 1.0]]
    both = pd.DataFrame({"x": [1, 1], "y": [1, 1]})
    assert limits.keeps(limits.codec.cube(both), np.array([0, 1])).tolist() == [False, False]
    y_only = both.assign(x=2)
    assert limits.keeps(limits.codec.cube(y_only), np.array([0, 1])).all()


def test_a_weight_takes_the_place_of_the_schemas():
    schema = Schema([Feature("x", step=1, weight=2.0), Feature("y", step=1)])
    limits = compiled(schema, NUMBERS, PAIR)
    assert limits.price.tolist() == [[2.0, 1.0]] * 2
    limits = compiled(schema, NUMBERS, PAIR, weights={"x": 3.0})
    assert limits.price.tolist() == [[3.0, 1.0]] * 2


ERRORS = {
    "freeze nobody knows": ({"freeze": ["z"]}, "'z'.*no feature.*'x', 'y'"),
    "freeze a bare name": ({"freeze": "x"}, r"\['x'\]"),
    "freeze of a few": ({"freeze": {"ana": ["x"]}}, "freeze names no value for person ben"),
    "bounds nobody knows": ({"bounds": {"z": (0, 1)}}, "bounds names 'z'"),
    "bounds of no order": ({"bounds": {"sex": (0, 1)}}, "'sex'.*order"),
    "bounds of one number": ({"bounds": {"x": 3}}, r"'x' are 3; give \(lowest, highest\)"),
    "bounds upside down": ({"bounds": {"x": (3, 1)}}, "first lies above the second"),
    "bounds of a strange level": ({"bounds": {"level": ("z", None)}}, "'z'; its levels are.*'a'"),
    "bounds of text": ({"bounds": {"x": ("lots", None)}}, "'x'.*'lots'"),
    "largest nobody knows": ({"largest": {"z": 1}}, "largest names 'z'"),
    "largest of no order": ({"largest": {"sex": 1}}, "'sex'.*order"),
    "largest zero": ({"largest": {"x": 0}}, "'x' is 0; give a number above 0, or None"),
    "largest of text": ({"largest": {"x": "3"}}, "'x' is '3'; give a number above 0"),
    "largest of one person": (
        {"largest": {"x": {"ana": 1, "ben": -1}}},
        "'x' is -1 for person ben; give a number above 0",
    ),
    "largest of a few": ({"largest": {"x": {"ana": 1}}}, "largest of 'x' names no value.*ben"),
    "no change": ({"max_changes": 0}, "max_changes is 0; give a whole number, 1 or more"),
    "half a change": ({"max_changes": 1.5}, "max_changes is 1.5; give a whole number"),
    "changes as text": ({"max_changes": {"ana": "2", "ben": 1}}, "is '2' for person ana"),
    "weights nobody knows": ({"weights": {"z": 1.0}}, "weights names 'z'"),
    "weight zero": ({"weights": {"x": 0.0}}, r"'x' is 0.0; give a number above 0; freeze=\['x'\]"),
    "weight without end": ({"weights": {"x": np.inf}}, r"'x' is inf; .*freeze=\['x'\] keeps"),
    "wait backwards": ({"wait": -1}, "wait is -1; give the years .* from 0 to 100"),
    "wait forever": ({"wait": 1e20}, "wait is 1e\\+20; give the years .* from 0 to 100"),
    "wait, perhaps": ({"wait": None}, "wait is None; give the years"),
    "wait, somebody perhaps": ({"wait": {"ana": 1, "ben": np.nan}}, "wait is nan for person ben"),
    "wait of a few": ({"wait": pd.Series({"ana": 1})}, "wait names no value for person ben"),
}


def test_whoever_has_no_limit_says_none():
    schema = Schema([Feature("x", step=1), Feature("y", step=1)])
    nobody, one = {"ana": None, "ben": None}, {"ana": None, "ben": 1}
    free, ben = compiled(schema, NUMBERS, PAIR), compiled(schema, NUMBERS, PAIR, largest={"x": 1})
    for terms in (
        dict(largest={"x": nobody}),
        dict(largest={"x": np.inf}),
        dict(weights={"x": nobody}),
        dict(max_changes=nobody),
    ):
        limits = compiled(schema, NUMBERS, PAIR, **terms)
        assert (limits.allowed == free.allowed).all() and (limits.price == free.price).all()
        assert (limits.most == free.most).all()
    limits = compiled(schema, NUMBERS, PAIR, largest={"x": one})
    assert (limits.allowed[0] == free.allowed[0]).all()
    assert (limits.allowed[1] == ben.allowed[1]).all() and (ben.allowed[1] != free.allowed[1]).any()
    endless = compiled(schema, NUMBERS, PAIR, bounds={"x": (-np.inf, np.inf)})
    assert (endless.allowed == free.allowed).all()


@pytest.mark.parametrize("case", ERRORS)
def test_a_wrong_term_is_named(case):
    terms, named = ERRORS[case]
    train = NUMBERS.assign(sex=["f", "m", "f", "m", "f"], level=list(LEVELS))
    schema = Schema(
        [*XY, Feature("sex", "nominal", ("f", "m")), Feature("level", "ordinal", LEVELS)]
    )
    with pytest.raises(GenReError, match=named):
        compiled(schema, train, train.iloc[[2, 2]].set_axis(["ana", "ben"]), **terms)


# -- clocks -----------------------------------------------------------------------------------

WORK = ("unemployed", "below 1", "1 to 4", "4 to 7", "7 or more")
CLOCKS = Schema(
    [
        Feature("age", step=1, unit="years", actionability="clock"),
        Feature("account", step=1, unit="months", actionability="clock"),
        Feature("work", "ordinal", WORK, actionability="clock", edges=(None, 0, 1, 4, 7)),
        Feature("health", "ordinal", ("poor", "good"), actionability="clock"),
        Feature("income", step=1),
    ]
)
LIVES = pd.DataFrame(
    {
        "age": [20, 30, 40, 50],
        "account": [0, 12, 6, 120],
        "work": ["unemployed", "below 1", "1 to 4", "7 or more"],
        "health": ["poor", "good", "good", "poor"],
        "income": [1, 2, 3, 4],
    },
    index=["ana", "ben", "cy", "dan"],
)


def test_time_by_hand():
    limits = compiled(CLOCKS, LIVES, wait=3)
    rows = np.arange(4)
    for years, work in {
        0: [0, 1, 2, 4],
        1: [0, 2, 2, 4],
        2: [0, 2, 2, 4],
        3: [0, 2, 3, 4],  # whoever stands at 1 year is at 4 then
        7: [0, 4, 4, 4],
    }.items():
        units = limits.codec.units(limits.after(np.full(4, years), rows))
        expected = np.stack(
            [
                LIVES["age"] + years,
                LIVES["account"] + 12 * years,
                work,
                [0, 1, 1, 0],  # without edges a level stays
                LIVES["income"],
            ],
            axis=1,
        )
        np.testing.assert_allclose(units, expected, atol=1e-9)


def test_clocks_go_together_or_not_at_all():
    limits = compiled(CLOCKS, LIVES, wait=2)
    ben = LIVES.iloc[[1]]
    options = pd.concat(
        [
            ben,
            ben.assign(age=32, account=36, work="1 to 4"),
            ben.assign(age=31, account=24, work="1 to 4"),
            ben.assign(age=32),
            ben.assign(age=32, account=24, work="1 to 4"),
            ben.assign(age=32, account=36),
            ben.assign(age=33, account=48, work="1 to 4"),
            ben.assign(age=29, account=0),
            ben.assign(age=32, account=36, work="1 to 4", health="poor"),
        ]
    )
    rows = np.ones(len(options), dtype=int)
    kept = [True, True, True, False, False, False, False, False, False]
    assert limits.keeps(limits.codec.cube(options), rows).tolist() == kept
    broken = limits.broken(options, rows)["clocks: together, and no longer than the wait"]
    assert (~broken).tolist() == kept
    assert limits.years(limits.codec.cube(options), rows)[:4].tolist() == [0, 2, 1, -1]


def test_how_long_each_would_wait():
    limits = compiled(CLOCKS, LIVES, wait={"ana": 0, "ben": 1.9, "cy": 3, "dan": 1})
    assert limits.wait.tolist() == [0, 1, 3, 1]
    later = limits.after(np.ones(4, int), np.arange(4))
    assert limits.keeps(later, np.arange(4)).tolist() == [False, True, True, True]
    later = limits.after(np.full(4, 3), np.arange(4))
    assert limits.keeps(later, np.arange(4)).tolist() == [False, False, True, False]


def test_a_frozen_clock_stops_all_clocks():
    limits = compiled(
        CLOCKS, LIVES, freeze={"ana": [], "ben": [], "cy": ["age"], "dan": []}, wait=3
    )
    assert limits.wait.tolist() == [3, 3, 0, 3]
    later = limits.after(np.ones(4, int), np.arange(4))
    assert limits.keeps(later, np.arange(4)).tolist() == [True, True, False, True]


def test_waiting_is_drawn_alike_for_every_clock():
    limits = compiled(CLOCKS, LIVES, wait=2)
    writing = limits.writing(np.array([[0.0, 0.34, 0.99]] * 4))
    assert limits.years(writing.points[1], np.ones(3, int)).tolist() == [0, 1, 2]
    assert limits.keeps(writing.points.reshape(12, -1), np.repeat(np.arange(4), 3)).all()


def test_time_counts_as_no_change():
    limits = compiled(CLOCKS, LIVES, wait=2, max_changes=1)
    later = limits.after(np.full(4, 2), np.arange(4))
    later[:, 4] = limits.codec.cube(LIVES.assign(income=2))[:, 4]
    assert limits.keeps(later, np.arange(4)).all()


# -- gaps -------------------------------------------------------------------------------------


def test_a_gap_may_stay_or_be_filled_and_is_never_made():
    schema = Schema(
        [Feature("x", step=1, gaps=True), Feature("job", "nominal", ("a", "b", "c"), gaps=True)]
    )
    train = pd.DataFrame({"x": [0, 1, 2, np.nan], "job": ["a", "b", None, "c"]})
    limits = compiled(schema, train, train.iloc[[1, 3, 2]])
    x, job = limits.allowed[:, 0].astype(int).tolist(), limits.allowed[:, 1].astype(int).tolist()
    assert x == [[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 0]]
    assert job == [[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    made = pd.DataFrame({"x": [np.nan, 0, 2], "job": ["b", "c", "a"]})
    rows = np.arange(3)
    assert limits.keeps(limits.codec.cube(made), rows).tolist() == [False, True, True]
    assert limits.broken(made, rows)["a gap is made"].tolist() == [True, False, False]
    assert limits.changed(limits.codec.cube(train.iloc[[1, 3, 2]]), rows).sum() == 0


def test_a_gap_has_no_side():
    for kind in ("increasing", "decreasing"):
        schema = Schema([Feature("x", step=1, gaps=True, actionability=kind, largest=1)])
        train = pd.DataFrame({"x": [0, 1, 2, np.nan]})
        limits = compiled(schema, train, train.iloc[[3]])
        assert limits.allowed[0, 0].all()


# -- relations --------------------------------------------------------------------------------

LOANS = Schema(
    [
        Feature("card", step=1),
        Feature("car", step=1),
        Feature("total", step=1),
        Feature("degree", "ordinal", ("none", "master", "doctor")),
        Feature("age", step=1, actionability="increasing"),
    ],
    relations=("total == card + car", "if degree == 'doctor' then age >= 26"),
)
OWED = pd.DataFrame(
    {
        "card": [0, 1, 2, 3],
        "car": [0, 5, 2, 1],
        "total": [0, 6, 4, 9],  # the last one's does not add up
        "degree": ["none", "master", "doctor", "doctor"],
        "age": [20, 30, 40, 25],
    }
)


def test_a_total_follows_its_parts():
    limits = compiled(LOANS, OWED)
    options = OWED.assign(card=[1, 3, 2, 0])
    points = limits.codec.cube(options)
    rows = np.arange(4)
    assert limits.keeps(points, rows).tolist() == [False, False, True, True]
    followed = limits.codec.units(limits.follow(points, rows))
    assert followed[:, 2].tolist() == [1, 8, 4, 9]
    assert limits.keeps(limits.follow(points, rows), rows).all()
    assert limits.computed == [2]


def test_if_then():
    limits = compiled(LOANS, OWED)
    doctor = OWED.assign(degree="doctor")
    rows = np.arange(4)
    broken = limits.broken(doctor, rows)[LOANS.relations[1]]
    # The first is too young; the last was a doctor of 25 before, whom nobody can put right.
    assert broken.tolist() == [True, False, False, False]
    older = doctor.assign(age=doctor["age"] + 6)
    assert limits.keeps(limits.codec.cube(older), rows).all()


def test_what_is_computed_is_no_change():
    limits = compiled(LOANS, OWED, max_changes=1)
    one = OWED.assign(card=[1, 3, 2, 3], total=[1, 8, 4, 9])
    assert limits.keeps(limits.codec.cube(one), np.arange(4)).all()
    two = OWED.assign(card=[1, 3, 2, 3], car=[1, 0, 2, 1], total=[2, 3, 4, 9])
    assert limits.keeps(limits.codec.cube(two), np.arange(4)).tolist() == [False, False, True, True]


def test_a_level_is_reached_by_a_change_to_come():
    """To be a doctor is allowed where age, which is written later, can still rise."""
    limits = compiled(LOANS, OWED)
    writing = limits.writing(np.full((4, 1), 0.5))
    for j in range(3):
        assert writing.mask(j).any(axis=-1).all()
        writing.take(j, limits.own[:, j, None])
    assert writing.mask(3)[0, 0].tolist() == [True, True, True]
    writing.take(3, np.full((4, 1), 2))
    ages = writing.mask(4)[0, 0]
    assert limits.codec.units(np.ones(5) * limits.codec.grid[4][ages][:, None])[:, 4].min() >= 26
    frozen = compiled(LOANS, OWED, freeze=["age"])
    writing = frozen.writing(np.full((4, 1), 0.5))
    for j in range(3):
        writing.take(j, frozen.own[:, j, None])
    assert writing.mask(3)[0, 0].tolist() == [True, True, False]


def test_a_change_to_come_is_one_that_the_terms_let():
    """Only savings can carry a higher loan, and only at a short term; income could, but may not rise."""
    schema = Schema(
        [
            Feature("loan", step=1),
            Feature("term", step=1),
            Feature("income", step=1, actionability="decreasing"),
            Feature("savings", step=1),
        ],
        relations=("loan <= income or (loan <= savings and term <= 1)",),
    )
    train = pd.DataFrame({name: [0, 1, 2, 3] for name in schema.names})
    limits = compiled(schema, train, train.iloc[[0]])
    writing = limits.writing(np.full((1, 1), 0.5))
    assert writing.mask(0)[0, 0].tolist() == [True] * 4
    writing.take(0, np.array([[3]]))
    assert writing.points[0, 0, 2] == 0
    assert writing.mask(1)[0, 0].tolist() == [True, True, False, False]
    for j, token in ((1, 1), (2, 0)):
        writing.take(j, np.array([[token]]))
    assert writing.mask(3)[0, 0].tolist() == [False, False, False, True]


# -- part of the people, or of the terms ------------------------------------------------------


def everything():
    return compiled(
        CLOCKS,
        LIVES,
        freeze={"ana": [], "ben": ["income"], "cy": [], "dan": []},
        bounds={"income": {"ana": (1, 2), "ben": (1, 3), "cy": (0, 4), "dan": (2, None)}},
        largest={"income": pd.Series([1, 2, 3, 1], LIVES.index)},
        max_changes={"ana": 1, "ben": 2, "cy": 3, "dan": 4},
        weights={"income": {"ana": 1.0, "ben": 2.0, "cy": 3.0, "dan": 4.0}},
        wait={"ana": 0, "ben": 1, "cy": 2, "dan": 3},
    )


PARTS = ("cube", "own", "low", "high", "fixed", "allowed", "price", "most", "wait")


def test_part_of_the_people_have_their_own_terms():
    whole = everything()
    part = whole.take(np.array([3, 1, 3]))
    assert len(part) == 3
    for name in PARTS:
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[[3, 1, 3]], name)
    options = pd.concat([LIVES.assign(income=i) for i in (1, 2, 3, 4)])
    rows = np.tile(np.arange(4), 4)
    for here, there in ((0, 3), (1, 1), (2, 3)):
        mine = options[rows == there]
        both = part.broken(mine, np.full(4, here)), whole.broken(mine, np.full(4, there))
        pd.testing.assert_frame_equal(*both)
    # Taken again from what was taken.
    np.testing.assert_array_equal(part.take(np.array([1])).allowed, whole.allowed[[1]])


def test_each_term_is_relaxed_by_name():
    schema = Schema(
        [
            Feature("x", step=1, actionability="increasing", bounds=(1, 3)),
            Feature("y", step=1, actionability="immutable"),
            Feature("age", step=1, actionability="clock"),
        ],
        relations=("y <= x",),
    )
    train = NUMBERS.assign(age=[20, 30, 40, 50, 60])
    limits = compiled(
        schema, train, train.iloc[[2]], largest={"x": 1}, freeze=["x"], max_changes=1, wait=2
    )
    relaxed = dict(limits.relaxed())
    assert list(relaxed) == [
        "x: only up",
        "x: bounds",
        "y: immutable",
        "x: frozen",
        "x: largest step",
        "at most 1 change",
        "no waiting beyond 2 years",
        "y <= x",
    ]
    assert relaxed["y: immutable"].allowed[0, 1].all()
    assert not relaxed["x: only up"].allowed[0, 0, [0, 1, 3, 4]].any()  # still frozen
    assert relaxed["x: frozen"].allowed[0, 0].astype(int).tolist() == [0, 0, 1, 1, 0]
    assert relaxed["at most 1 change"].most.tolist() == [3]
    assert relaxed["no waiting beyond 2 years"].wait.tolist() == [7]
    point = limits.codec.cube(pd.DataFrame({"x": [2], "y": [3], "age": [40]}))
    assert not relaxed["y: immutable"].keeps(point, np.array([0])).item()
    for name in PARTS:  # nothing of the limits themselves has moved
        again = compiled(
            schema, train, train.iloc[[2]], largest={"x": 1}, freeze=["x"], max_changes=1, wait=2
        )
        np.testing.assert_array_equal(getattr(limits, name), getattr(again, name), name)


def test_a_graft_takes_what_the_terms_let():
    limits = compiled(LOANS, OWED, freeze=["car"])
    made = limits.graft(limits.codec.cube(OWED.iloc[[1, 1]]), np.array([0, 2]))
    # card and degree are taken; car is frozen; age rises to 30 or stays; the total is computed.
    assert limits.codec.units(made).tolist() == [[1, 0, 1, 1, 30], [1, 2, 3, 1, 40]]
    assert limits.keeps(made, np.array([0, 2])).all()


def test_a_change_is_a_step_and_can_be_seen():
    train = pd.DataFrame({"x": [0.0, 1000.0, 2000.0, 2000.4, 2003.0], "y": [1, 2, 3, 4, 5]})
    schema = Schema([Feature("x"), Feature("y", step=2)])
    limits = compiled(schema, train, train.iloc[[2]])
    assert limits.allowed[0].astype(int).tolist() == [[1, 1, 1, 0, 1], [1, 0, 1, 0, 1]]
    options = train.assign(y=3)
    kept = limits.keeps(limits.codec.cube(options), np.zeros(5, int))
    assert kept.tolist() == [True, True, True, False, True]


# -- writing never breaks a term, and never gets stuck -----------------------------------------

RELATIONS = (
    "total == card + car",
    "if job == 'b' then card >= 2",
    "car <= card",
    "level < 'd' or card > 1",
    "if level == 'e' then job == 'a'",
    "age >= 18",
    "total == card",
    "if age < 25 then level <= 'b'",
)


def world(seed):
    """Any schema, training rows, people and terms."""
    rng = np.random.default_rng(seed)

    def some(*choices):
        return choices[rng.integers(len(choices))]

    def feature(name):
        if name == "job":
            kinds = dict(kind="nominal", categories=("a", "b", "c"))
            kinds["actionability"] = some("free", "free", "immutable")
        elif name == "level":
            kinds = dict(kind="ordinal", categories=LEVELS)
            kinds["actionability"] = some("free", "increasing", "decreasing", "clock")
            if kinds["actionability"] == "clock":
                kinds["edges"] = some((), (0, 1, 2, 4, 7), (None, 0, 1, 3, 5))
            kinds["bounds"] = some(None, None, ("b", "d"))
            kinds["largest"] = some(None, 1, 2)
        else:
            kinds = dict(step=some(None, 1))
            kinds["actionability"] = some("free", "free", "increasing", "decreasing", "immutable")
            if name == "age":
                kinds["actionability"] = some("clock", "increasing")
            kinds["bounds"] = some(None, None, (1, 6))
            kinds["largest"] = some(None, 2, 3)
        if name != "total" and kinds["actionability"] != "clock":
            kinds["gaps"] = bool(rng.random() < 0.3)
        return Feature(name, **kinds)

    names = ["card", "car", "total", "job", "level", "age"]
    features = [feature(names[j]) for j in rng.permutation(len(names))]
    relations = [text for text in RELATIONS if rng.random() < 0.3]
    if "total == card" in relations:
        relations = [text for text in relations if text != "total == card + car"]
    schema = Schema(features, relations=relations)

    def table(rows):
        columns = {}
        for f in schema:
            if f.is_categorical:
                column = pd.Series(rng.choice(np.array(f.categories), rows)).astype(object)
            elif f.name == "age":
                column = pd.Series(rng.integers(16, 60, rows).astype(float))
            else:
                column = pd.Series(rng.integers(0, 9, rows).astype(float))
            if f.gaps:
                column[rng.random(rows) < 0.2] = np.nan
            columns[f.name] = column
        frame = pd.DataFrame(columns)
        adds_up = rng.random(rows) < 0.8
        total = frame["card"] + frame["car"] if rng.random() < 0.5 else frame["card"]
        frame["total"] = np.where(adds_up & total.notna(), total, frame["total"])
        return frame[schema.names]

    train, people = table(30), table(6)
    free = [f.name for f in schema]
    terms = Terms(
        freeze=pd.Series([[n for n in free if rng.random() < 0.1] for _ in range(6)]),
        max_changes=some(None, 1, 2, 3),
        largest=some(None, {"card": 2}),
        bounds=some(None, {"card": (0, 5)}),
        wait=some(0, 0, 2, pd.Series(rng.integers(0, 5, 6))),
    )
    return Limits(Codec(schema).fit(train), people, terms), people


def walk(limits, rng, k):
    """k answers a person, each token at random among those allowed."""
    writing = limits.writing(rng.random((len(limits), k)))
    for j in range(limits.cube.shape[1]):
        size = limits.codec.sizes[j]
        mask = np.broadcast_to(writing.mask(j), (len(limits), k, size))
        assert mask.any(axis=-1).all(), "a dead end"
        tokens = np.where(mask, rng.random(mask.shape), -1).argmax(axis=-1)
        writing.take(j, tokens)
    return writing.points.reshape(len(limits) * k, -1), np.repeat(np.arange(len(limits)), k)


@settings(deadline=None, derandomize=True, max_examples=120)
@given(st.integers(0, 10**6))
def test_no_walk_breaks_a_term_or_ends_blind(seed):
    limits, people = world(seed)
    points, rows = walk(limits, np.random.default_rng(seed), 20)
    options = decoded(points, rows, limits, people)
    broken = limits.broken(options, rows)
    assert not broken.any(axis=None), broken.columns[broken.any()].tolist()
    assert limits.keeps(points, rows).all()
    assert limits.keeps(limits.codec.cube(options), rows).all()


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(0, 10**6))
def test_a_walk_depends_on_nobody_else(seed):
    limits, _ = world(seed)
    chance = np.random.default_rng(seed).random((len(limits), 20, 2 * limits.cube.shape[1]))
    whole = np.array(_written(limits, chance))
    for i in range(len(limits)):
        alone = _written(limits.take(np.array([i])), chance[[i]])
        np.testing.assert_array_equal(alone[0], whole[i])


def _written(limits, chance):
    writing = limits.writing(chance[..., -1])
    for j in range(limits.cube.shape[1]):
        mask = np.broadcast_to(
            writing.mask(j), (len(limits), chance.shape[1], limits.codec.sizes[j])
        )
        heap = mask.cumsum(axis=-1)
        level = (chance[..., j] * heap[..., -1]).astype(int)
        writing.take(j, (heap > level[..., None]).argmax(axis=-1))
    return writing.points


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(0, 10**6))
def test_keeps_agrees_with_broken(seed):
    """On rows of other people, which break all kinds of terms."""
    limits, _ = world(seed)
    rng = np.random.default_rng(seed)
    others = limits.cube[rng.integers(0, len(limits), 200)]
    rows = rng.integers(0, len(limits), 200)
    mixed = np.where(rng.random(others.shape) < 0.7, limits.cube[rows], others)
    known = limits.codec.units(mixed)
    frame = pd.DataFrame(
        {
            f.name: known[:, j]
            if not f.is_categorical
            else [None if p != p else f.categories[round(p)] for p in known[:, j]]
            for j, f in enumerate(limits.codec.schema)
        }
    )
    kept = limits.keeps(limits.codec.cube(frame), rows)
    np.testing.assert_array_equal(kept, ~limits.broken(frame, rows).any(axis=1).to_numpy())


def test_those_walks_do_move():
    """The property above would hold of people who never change."""
    moved = []
    for seed in range(20):
        limits, _ = world(seed)
        points, rows = walk(limits, np.random.default_rng(seed), 20)
        moved.append(limits.changed(points, rows).any(axis=1).mean())
    assert np.mean(moved) > 0.7
