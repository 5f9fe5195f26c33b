"""Anybody's proposal is judged: each column worked out by hand for three people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import genre_lite as gl
from genre_lite import Feature, GenReError, Recourses, Schema, SchemaError, Terms
from genre_lite.baselines.nearest_neighbour import NearestNeighbour
from genre_lite.evaluation import metrics
from genre_lite.evaluation.robustness import invalidation_noise, invalidation_retrained
from genre_lite.proposals import differences, needless

SCHEMA = Schema(
    [
        Feature("age", step=1, actionability="clock", unit="years"),
        Feature("service", step=1, actionability="clock", unit="years"),
        Feature("income", step=1),
        Feature("job", "nominal", ("clerk", "pilot"), actionability="immutable"),
        Feature("savings", gaps=True),
    ]
)
PEOPLE = pd.DataFrame(
    {
        "age": [20, 30, 40],
        "service": [1, 2, 3],
        "income": [1, 2, 3],
        "job": "clerk",
        "savings": [0.0, 10.0, np.nan],
    },
    index=["ana", "ben", "cem"],
)
# Ranges of 20 years, 2 years of service, 10 of income and of savings.
TRAIN = PEOPLE.assign(income=[0, 5, 10])


class Bank:
    """Says yes to incomes above 5."""

    def predict_proba(self, frame):
        yes = np.where(frame["income"].to_numpy(float) > 5, 0.9, 0.2)
        return np.stack([1 - yes, yes], axis=1)


class World(Bank):
    """Believes as the bank does, and has seen savings of at least 5 only, or none told."""

    def is_plausible(self, frame):
        savings = frame["savings"].to_numpy(float, na_value=np.nan)
        return np.isnan(savings) | (savings >= 5)


OPTIONS = pd.DataFrame(
    [
        (20, 1, 6, "clerk", 5.0),  # ana: the income for the bank, the savings for the world
        (20, 1, 5, "clerk", 0.0),
        (32, 4, 7, "pilot", 10.0),  # ben: waits for two years, and becomes a pilot
        (np.nan,) * 5,
        (40, 3, 6, "clerk", np.nan),  # cem: the gap stays
        (40, 3, 6, "clerk", 2.0),  # or is filled
    ],
    columns=SCHEMA.names,
    index=pd.MultiIndex.from_product([PEOPLE.index, [0, 1]], names=["person", "option"]),
)


def test_every_column_by_hand():
    table = gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, World(), train=TRAIN)
    assert table.index.equals(OPTIONS.index)
    assert table["accepted"].tolist() == [True, False, True, False, True, True]
    assert table["accepted"].dtype == bool
    np.testing.assert_array_equal(table["probability"], [0.9, 0.2, 0.9, np.nan, 0.9, 0.9])
    ben = 2 / 20 + 2 / 2 + 0.5 + 1
    filled = 0.3 + 0.5 + abs(0.5 - 0.2)  # a gap is worth the middle, and half a range to fill
    np.testing.assert_allclose(table["cost"], [0.5 + 0.5, 0.4, ben, np.nan, 0.3, filled])
    # The clocks are one change.
    np.testing.assert_array_equal(table["changes"], [2, 1, 3, np.nan, 1, 2])
    assert table["broken"].tolist()[:2] == ["", ""]
    assert set(table["broken"].iloc[2].split(", ")) >= {"job: immutable"}
    assert "clocks" in table["broken"].iloc[2]
    assert table["broken"].tolist()[3:] == ["", "", ""]
    # Ana's savings please the world; ben waits, and flies, for nothing; cem's gap was as good.
    np.testing.assert_array_equal(table["needless"], [0, 0, 2, np.nan, 0, 1])
    np.testing.assert_array_equal(table["valid"], [1, 0, 1, np.nan, 1, 1])
    np.testing.assert_array_equal(table["plausible"], [1, 0, 1, np.nan, 1, 0])


def test_without_a_judge_only_the_bank_is_asked():
    table = gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, train=TRAIN)
    assert table.columns.tolist() == [
        *("accepted", "probability", "cost", "changes", "broken", "needless"),
    ]
    np.testing.assert_array_equal(table["needless"], [1, 0, 2, np.nan, 0, 1])


def test_terms_of_a_persons_own():
    patient = gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, terms=Terms(wait=2))
    assert patient["broken"].iloc[2] == "job: immutable"
    frugal = Terms(freeze=["savings"], bounds={"income": (None, 6)}, max_changes=1)
    broken = gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, terms=frugal)["broken"]
    assert "savings: frozen" in broken.iloc[0]
    assert "max_changes" in broken.iloc[0]
    assert "income: bounds" in broken.iloc[2]
    assert broken.iloc[4] == ""


def test_a_dear_feature_costs_more():
    dear = Schema(
        [Feature("income", step=1, weight=3.0), *(f for f in SCHEMA if f.name != "income")]
    )
    option = OPTIONS.loc[[("cem", 0)]]
    cost = gl.check(PEOPLE, option, Bank(), dear, train=TRAIN)["cost"]
    assert cost.tolist() == pytest.approx([0.9])
    own = gl.check(
        PEOPLE, option, Bank(), SCHEMA, terms=Terms(weights={"income": 2.0}), train=TRAIN
    )
    assert own["cost"].tolist() == pytest.approx([0.6])


# -- what comes in ----------------------------------------------------------------------------------


def test_columns_rows_and_dtypes_in_any_form():
    wanted = gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, World(), train=TRAIN)
    columns = ["savings", "job", "age", "income", "service"]
    people = PEOPLE[columns].assign(name="x")
    for options in (
        OPTIONS[columns].assign(note="y"),
        OPTIONS.astype(object),
        OPTIONS.astype(
            {"age": "Int64", "income": "Int16", "job": "category", "savings": "Float64"}
        ),
    ):
        pd.testing.assert_frame_equal(
            gl.check(people, options, Bank(), SCHEMA, World(), train=TRAIN), wanted
        )
    nullable = PEOPLE.astype({"age": "Int64", "savings": "Float64", "job": "string"})
    pd.testing.assert_frame_equal(
        gl.check(nullable, OPTIONS, Bank(), SCHEMA, World(), train=TRAIN), wanted
    )
    backwards = gl.check(PEOPLE, OPTIONS.iloc[::-1], Bank(), SCHEMA, World(), train=TRAIN)
    pd.testing.assert_frame_equal(backwards.iloc[::-1], wanted)


def test_one_row_a_person():
    wanted = gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, World(), train=TRAIN)
    best = OPTIONS.xs(0, level=1)
    table = gl.check(PEOPLE, best, Bank(), SCHEMA, World(), train=TRAIN)
    pd.testing.assert_frame_equal(table, wanted.xs(0, level=1))
    only = gl.check(PEOPLE, best.loc[["cem"]], Bank(), SCHEMA, World(), train=TRAIN)
    pd.testing.assert_frame_equal(only, table.loc[["cem"]])


def test_people_labelled_by_pairs():
    pairs = pd.MultiIndex.from_tuples([("north", 1), ("north", 2), ("south", 1)])
    people, options = PEOPLE.set_axis(pairs), OPTIONS.xs(0, level=1).set_axis(pairs)
    table = gl.check(people, options, Bank(), SCHEMA, train=TRAIN)
    assert table["accepted"].tolist() == [True, True, True]


def test_nothing_is_proposed():
    table = gl.check(PEOPLE, OPTIONS.iloc[[3]], Bank(), SCHEMA)
    assert not table["accepted"].any()
    assert table["cost"].isna().all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (OPTIONS.rename({"cem": "zoe"}), GenReError, "person 'zoe', who is not among the people"),
        (OPTIONS.iloc[[0, 0]], GenReError, r"Option \('ana', 0\) stands in options twice"),
        (OPTIONS.drop(columns="age"), SchemaError, "Column 'age' is missing"),
        (OPTIONS.replace("pilot", "smith"), SchemaError, "category 'smith' was never seen"),
        ({"age": 20}, GenReError, "options is a dict; give an answer or a DataFrame"),
    ],
)
def test_what_cannot_be_judged_is_named(options, error, message):
    with pytest.raises(error, match=message):
        gl.check(PEOPLE, options, Bank(), SCHEMA)


def test_a_classifier_is_no_judge():
    with pytest.raises(
        GenReError, match="The judge is a Bank, which knows nothing of plausibility"
    ):
        gl.check(PEOPLE, OPTIONS, Bank(), SCHEMA, Bank())


# -- answers ----------------------------------------------------------------------------------------


def answer(**parts) -> Recourses:
    found = OPTIONS.notna().any(axis=1)
    whole = {
        "factual": PEOPLE,
        "frame": OPTIONS,
        "cost": pd.Series(7.0, OPTIONS.index).where(found),
        "probability": pd.Series(0.9, OPTIONS.index).where(found),
        "log_prob": pd.Series(np.nan, OPTIONS.index),
        "schema": SCHEMA,
        "accepted": pd.Series(False, PEOPLE.index),
    }
    return Recourses(**(whole | parts))


def test_an_answer_brings_its_costs_and_its_estimates():
    plain = gl.check(PEOPLE, answer(), Bank(), SCHEMA)
    assert plain["cost"].dropna().eq(7).all()
    assert "valid" not in plain
    told = answer(
        estimates=lambda frame: pd.DataFrame(
            {"valid": 0.8, "plausible": frame["savings"].fillna(9.0) / 10}, index=frame.index
        )
    )
    own = gl.check(PEOPLE, told, Bank(), SCHEMA)
    np.testing.assert_allclose(own["plausible"], [0.5, 0, 1, np.nan, 0.9, 0.2])
    assert own["needless"].iloc[0] == 0  # without the savings, less plausible
    judged = gl.check(PEOPLE, told, Bank(), SCHEMA, World())
    np.testing.assert_array_equal(judged["plausible"], [1, 0, 1, np.nan, 1, 0])


def test_a_letter_under_a_bank_that_changed_its_mind():
    class Harder(Bank):
        def predict_proba(self, frame):
            yes = np.where(frame["income"].to_numpy(float) > 6, 0.7, 0.3)
            return np.stack([1 - yes, yes], axis=1)

    letter = Recourses.from_json(answer().to_json())
    table = gl.check(PEOPLE, letter, Harder(), SCHEMA)
    assert table["accepted"].tolist() == [False, False, True, False, False, False]
    assert table["probability"].iloc[0] == 0.3


def test_an_answer_is_judged_under_the_terms_that_it_was_made_under():
    genre = gl.GenRe.load("german", progress=False)
    people = gl.load_dataset("german").X_test
    people = people[~gl.decision.accepts(genre.h, people)].head(4)
    years = dict(zip(people.index, (3, 3, 3, 0), strict=True))
    answer = genre.recommend(people, n=2, wait=years, max_changes=4, rule="safest")
    assert answer.changes()["feature"].eq("age").any(), "somebody waits"
    for one in (answer, Recourses.from_json(answer.to_json())):
        assert (gl.check(people, one, genre.h, genre.schema)["broken"] == "").all()
    of_others = gl.check(people, answer, genre.h, genre.schema, terms=Terms())
    assert of_others["broken"].str.contains("clocks").any()
    with pytest.raises(GenReError, match=r"give gl.Terms\(\*\*terms\)"):
        gl.check(people, answer, genre.h, genre.schema, terms={"wait": 3})


def test_a_gap_that_everybody_has_is_no_reason_to_stop():
    person = PEOPLE.loc[["cem"]]
    table = gl.check(person, person.assign(income=6), Bank(), SCHEMA)
    assert table["accepted"].all() and (table["broken"] == "").all()
    assert table["cost"].notna().all()


def test_the_banks_threshold_decides():
    table = gl.check(PEOPLE, OPTIONS, gl.Decision(Bank(), threshold=0.95), SCHEMA)
    assert not table["accepted"].any()
    assert (table["needless"].dropna() == 0).all()  # a yes that is not there is not kept


# -- needless ---------------------------------------------------------------------------------------


def test_a_total_follows_its_parts():
    schema = Schema(
        [Feature("card", step=1), Feature("car", step=1), Feature("total", step=1)],
        relations=["total == card + car"],
    )
    people = pd.DataFrame({"card": [5], "car": [5], "total": [10]})

    class Thrifty:
        def predict_proba(self, frame):
            yes = np.where(frame["total"].to_numpy(float) < 8, 0.9, 0.1)
            return np.stack([1 - yes, yes], axis=1)

    def count(*row):
        return needless(people, pd.DataFrame([row], columns=schema.names), Thrifty(), schema)[0]

    assert count(2, 5, 7) == 0  # without the card there is no total below 8
    assert count(2, 4, 6) == 1  # the car alone may go back: then the total is 7
    assert count(2, 2, 4) == 2  # either may, for each is asked alone
    assert count(3, 5, 8) == 0


def test_a_change_that_keeps_a_relation_is_needed():
    schema = Schema(
        [Feature("words", step=1), Feature("different", step=1)], ["different <= words"]
    )
    people = pd.DataFrame({"words": [5], "different": [4]})

    class Wordy:
        def predict_proba(self, frame):
            yes = np.where(frame["different"].to_numpy(float) > 6, 0.9, 0.1)
            return np.stack([1 - yes, yes], axis=1)

    option = pd.DataFrame({"words": [8], "different": [7]})
    assert needless(people, option, Wordy(), schema).tolist() == [0]
    loose = Schema(schema.features)
    assert needless(people, option, Wordy(), loose).tolist() == [1]


def test_differences_do_not_mind_dtypes():
    a = pd.DataFrame({"n": [1, 2, 3], "c": pd.Categorical(["x", "y", None])})
    b = pd.DataFrame({"n": pd.array([1, None, 3], "Int8"), "c": ["x", "z", None]})
    assert differences(a, b).tolist() == [[False, False], [True, True], [False, False]]


# -- a bank that reads an array -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_position():
    """A bank fitted on an array, an answer in a schema of another order, and the bank by names."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)) * [1, 10, 100], columns=["rate", "debt", "income"])
    y = (X["rate"] - X["debt"] / 10 + X["income"] / 50 > 0).astype(int)
    bank = make_pipeline(StandardScaler(), LogisticRegression()).fit(X.to_numpy(), y)
    schema = Schema.infer(X).reorder(["income", "debt", "rate"])
    method = NearestNeighbour(bank, schema, progress=False).fit(X, y)
    denied = X[bank.predict(X.to_numpy()) == 0][:20]
    return X, bank, schema, method.recommend(denied), denied, gl.Decision(bank, columns=[*X])


@pytest.mark.parametrize("people", ["as they came", "as the answer has them"])
def test_a_bank_that_reads_an_array_is_asked_in_its_own_order(by_position, people):
    """An answer's people stand in the order of the schema; the bank knows its columns by place alone."""
    X, bank, schema, answer, denied, named = by_position
    people = denied if people == "as they came" else answer.factual
    kept = gl.Recourses.from_json(answer.to_json())
    told = gl.check(people, answer, bank, schema)
    pd.testing.assert_frame_equal(told, gl.check(people, answer, named, schema))
    pd.testing.assert_frame_equal(told, gl.check(people, kept, bank, schema))
    np.testing.assert_allclose(told["probability"], answer.probability[answer.found])
    by = {"train": X, "others": [bank]}
    tables = [gl.evaluate({"it": answer}, people, h=h, **by) for h in (bank, named)]
    pd.testing.assert_frame_equal(*tables)


def test_who_has_a_table_of_people_alone_has_its_order(by_position):
    _, bank, schema, answer, denied, named = by_position
    best = answer.best()
    for count in (
        lambda h: needless(denied, best, h, schema),
        lambda h: metrics.redundancy(h, denied, best),
    ):
        np.testing.assert_array_equal(count(bank), count(named))


def test_where_nobody_knows_the_order_it_is_asked_for(by_position):
    X, bank, schema, answer, _, named = by_position
    foreign = replace(answer, origin={})
    codec = gl.Codec(schema).fit(X)
    asked = (
        lambda h: gl.check(answer.factual, foreign, h, schema),
        lambda h: gl.evaluate({"it": foreign}, answer.factual, h=h),
        lambda h: metrics.validity(h, answer.best()),
        lambda h: invalidation_noise(h, answer.best(), codec),
        lambda h: invalidation_retrained([h], answer.best()),
    )
    for ask in asked:
        with pytest.raises(gl.GenReError, match=r"in which order they stood.*columns=\[\.\.\.\]"):
            ask(bank)
        ask(named)


def test_an_old_letter_does_not_tell_another_bank_how_gaps_are_written():
    """The bank of the letter met None; that of today read its table anew, and met NaN."""
    chance = np.random.default_rng(0)
    met_nan = pd.DataFrame({"income": chance.normal(3000, 800, 300).round()})
    met_nan["home"] = pd.Series(chance.choice(np.array(["own", "rent"], object), 300), dtype=object)
    met_nan.loc[chance.random(300) < 0.3, "home"] = np.nan
    home = met_nan["home"]
    met_none = met_nan.assign(home=home.astype(object).where(home.notna(), None))
    assert met_none["home"].isna().any() and not any(v is np.nan for v in met_none["home"])
    y = (met_nan["income"] > 3000).astype(int)
    schema = Schema.infer(met_nan)

    def bank(X):
        encode = make_column_transformer((OneHotEncoder(), ["home"]), remainder=StandardScaler())
        return make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(X, y)

    then, now = bank(met_none), bank(met_nan)
    method = NearestNeighbour(gl.Decision(then), schema, progress=False).fit(met_none, y)
    denied = met_nan[now.predict_proba(met_nan)[:, 1] < 0.5].head(20)
    letter = method.recommend(denied)
    for answer in (letter, Recourses.from_json(letter.to_json())):
        table = gl.check(denied, answer, now, schema, train=met_nan)
        assert table["accepted"].all()
        assert gl.evaluate({"copy": answer}, denied, h=now)["validity_h"].item() == 1
        assert gl.check(denied, answer, then, schema, train=met_none)["accepted"].all()
        assert gl.evaluate({"copy": answer}, denied, h=method.decision_)["validity_h"].item() == 1
