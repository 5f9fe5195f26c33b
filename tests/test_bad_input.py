"""Every mistake is answered by an error that names what was found and the way out."""

import re
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression

import genre_lite as gl
from genre_lite.datasets import Dataset

QUICK = gl.TrainingConfig(
    steps=30, check_every=10, distil_steps=30, rounds=1, round_steps=10, people=40
)


class Rule:
    """A bank that accepts whoever earns more than 50; its answer can be spoilt."""

    def __init__(self, spoil=lambda answer: answer):
        self.spoil = spoil

    def predict_proba(self, frame):
        yes = 1 / (1 + np.exp(-(frame["income"].to_numpy(dtype=float) - 50) / 5))
        return self.spoil(np.stack([1 - yes, yes], axis=1))


def people(rows=200, seed=0):
    """Income decides; job and age are there to be wrong about."""
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": chance.integers(18, 70, rows),
            "income": chance.uniform(0, 100, rows).round(1),
            "job": chance.choice(["clerk", "smith"], rows),
        }
    )


@pytest.fixture(scope="module")
def schema():
    return gl.Schema.infer(people(), increasing=["age"])


@pytest.fixture(scope="module")
def genre(schema):
    return gl.GenRe(Rule(), schema, training=QUICK, progress=False).fit(people())


@pytest.fixture(scope="module")
def denied():
    table = people()
    return table[table["income"] < 45].head(3)


def with_value(frame, column, value):
    """The table with one value of its second row replaced."""
    frame = frame.astype({column: object} if isinstance(value, str) else {column: float})
    frame.loc[frame.index[1], column] = value
    return frame


# What is done to the people who ask, and what the error must name.
TABLES = {
    "missing column": (lambda f: f.drop(columns="income"), ["income", "missing"]),
    "misspelt column": (
        lambda f: f.rename(columns={"income": "incme"}),
        ["'income' is missing", "did you mean 'incme'"],
    ),
    "extra column": (lambda f: f.assign(shoe=43), ["shoe", "extra='ignore'"]),
    "unknown category": (
        lambda f: with_value(f, "job", "smiht"),
        ["job", "'smiht'", "did you mean 'smith'", "{row}"],
    ),
    "NaN": (lambda f: with_value(f, "income", np.nan), ["income", "missing", "{row}", "drop"]),
    "infinity": (lambda f: with_value(f, "income", np.inf), ["income", "inf", "{row}"]),
    "minus infinity": (lambda f: with_value(f, "income", -np.inf), ["income", "-inf", "{row}"]),
    "text for a number": (
        lambda f: with_value(f, "income", "lots"),
        ["income", "'lots'", "{row}", "to_numeric"],
    ),
    "a bool for a number": (lambda f: f.assign(age=True), ["age", "True", "to_numeric"]),
    "empty table": (lambda f: f.iloc[:0], ["no rows"]),
    "duplicate index": (lambda f: f.set_axis(["a", "b", "a"]), ["'a'", "reset_index"]),
    "a row, not a table": (lambda f: f.iloc[0], ["Series", "frame.loc"]),
    "a column twice": (lambda f: pd.concat([f, f[["age"]]], axis=1), ["age", "twice"]),
}


@pytest.mark.parametrize("asked", ["recommend", "sample", "fit"])
@pytest.mark.parametrize("what", TABLES)
def test_tables(genre, schema, denied, what, asked):
    spoil, named = TABLES[what]
    method = genre if asked != "fit" else gl.GenRe(Rule(), schema, training=QUICK, progress=False)
    with pytest.raises(gl.SchemaError) as error:
        getattr(method, asked)(spoil(denied.copy()))
    for part in named:
        assert part.format(row=denied.index[1]) in str(error.value)


def test_extra_columns_are_ignored_where_asked(genre, denied):
    answer = genre.recommend(denied.assign(shoe=43), extra="ignore")
    pd.testing.assert_frame_equal(answer.frame, genre.recommend(denied).frame)


def test_one_row_works(genre, denied):
    answer = genre.recommend(denied.head(1), n=2)
    assert answer.found.iloc[0]
    assert len(answer) == 1


def test_an_accepted_person_is_told_so(genre):
    rich = people()[people()["income"] > 60].head(2)
    answer = genre.recommend(rich, n=3)
    assert answer.accepted.all()
    pd.testing.assert_frame_equal(answer.best(), rich, check_names=False, check_dtype=False)
    assert (answer.cost.xs(0, level=1) == 0).all()
    assert answer.found.sum() == len(rich)
    assert answer.changes().empty
    assert "The model already says yes" in answer.describe(rich.index[0])


def test_accepted_and_denied_people_in_one_table_keep_their_places(genre):
    table = people().head(30)
    answer = genre.recommend(table, n=2)
    accepted = table["income"] > 50
    assert (answer.accepted == accepted).all()
    assert (answer.best()[accepted] == table[accepted]).all(axis=None)
    assert (answer.best()[~accepted]["income"] > table[~accepted]["income"]).all()


CLASSIFIERS = {
    "one column": (lambda a: a[:, 1], ["shape (3,)", "(3, 2)"]),
    "too few rows": (lambda a: a[:1], ["shape (1, 2)", "(3, 2)"]),
    "three classes": (lambda a: np.c_[a, a[:, 0]], ["shape (3, 3)"]),
    "NaN": (lambda a: a * np.nan, ["nan", "finite", "{row}"]),
    "log-odds": (lambda a: a * 10 - 5, ["[0, 1]", "{row}"]),
}


@pytest.mark.parametrize("what", CLASSIFIERS)
def test_classifiers(genre, schema, denied, what):
    spoil, named = CLASSIFIERS[what]
    broken = gl.GenRe(Rule(spoil), schema, training=QUICK, progress=False)
    # As if it had been fitted with a classifier that broke later.
    broken.codec_, broken.decision_ = genre.codec, gl.Decision(Rule(spoil)).bind(denied)
    with pytest.raises(gl.GenReError) as error:
        broken.recommend(denied)
    for part in named:
        assert part.format(row=denied.index[0]) in str(error.value)
    with pytest.raises(gl.GenReError):
        gl.GenRe(Rule(spoil), schema, training=QUICK).fit(denied)


def test_a_bare_module_is_pointed_to_the_wrapper(schema, denied):
    with pytest.raises(gl.GenReError, match=r"genre_lite\.Classifier"):
        gl.GenRe(torch.nn.Linear(3, 1), schema).fit(denied)


@pytest.mark.parametrize(
    "method", [gl.GenRe, gl.baselines.NearestNeighbour, gl.baselines.GraftedNeighbour]
)
@pytest.mark.parametrize(
    ("rows", "who"),
    [(lambda f: f["income"] < 40, "accepts nobody"), (lambda f: f["income"] > 60, "denies nobody")],
)
def test_nobody_to_learn_from(schema, method, rows, who):
    table = people()
    with pytest.raises(gl.GenReError, match=who):
        method(Rule(), schema, progress=False).fit(table[rows(table)])


def one_good(table):
    """Labels by which one person alone repays, whom the bank denies."""
    return (np.arange(len(table)) == table["income"].to_numpy().argmin()).astype(int)


@pytest.mark.parametrize("recipe", ["paper", "consistent"])
def test_nobody_whose_label_and_h_are_both_sure(schema, recipe):
    table = people()
    with pytest.raises(gl.GenReError, match=r"h above 0\.7 \(validity_margin\).*lower"):
        gl.GenRe(Rule(), schema, recipe=recipe).fit(table, one_good(table))


@pytest.mark.parametrize("method", [gl.GenRe, gl.baselines.GraftedNeighbour])
def test_nobody_sure_enough(schema, method):
    table = people()
    with pytest.raises(gl.GenReError, match="more than 5 accepted people"):
        method(Rule(), schema, progress=False).fit(table, one_good(table))
    strict = method(Rule(), schema, validity_margin=0.9999, progress=False)
    with pytest.raises(gl.GenReError) as error:
        strict.fit(table)
    accepted = int((table["income"] > 50).sum())
    for part in (f"{accepted} that the bank accepts", "0 with V̂ > 0.9999", "with P̂ > 0.5", "Lower"):
        assert part in str(error.value)


def test_labels_that_contradict_the_bank(schema):
    table = people()
    upside_down = (table["income"] < 50).astype(int)
    with pytest.raises(
        gl.GenReError, match=r"worse than chance.*favourable=0.*y = 1 - y.*contrary"
    ):
        gl.GenRe(Rule(), schema, progress=False).fit(table, upside_down)


def test_a_failed_fit_leaves_nothing_behind(schema, denied):
    genre = gl.GenRe(Rule(), schema, training=QUICK, recipe="paper", progress=False).fit(people())
    settings = set(genre.get_params(deep=False))
    assert genre.recommend(denied).found.any()
    with pytest.raises(gl.GenReError):
        genre.fit(people(), np.zeros(200, int))
    assert set(vars(genre)) == settings
    with pytest.raises(gl.NotFittedError):
        genre.recommend(denied)


def test_no_target_that_the_constraints_allow():
    table = people()
    schema = gl.Schema.infer(table, immutable=["income"])
    with (
        pytest.warns(UserWarning, match="no target was found within the terms"),
        pytest.raises(gl.GenReError, match="No source can reach any target"),
    ):
        gl.GenRe(Rule(), schema, training=QUICK, progress=False).fit(table)


class Townsfolk(Rule):
    """Accepts nobody from Ox."""

    def predict_proba(self, frame):
        answer = super().predict_proba(frame)
        answer[(frame["town"] == "Ox").to_numpy()] = [0.9, 0.1]
        return answer


def test_a_group_without_target_is_reported_and_answered():
    table = people().assign(town=lambda f: np.where(f.index < 20, "Ox", "Ur"))
    schema = gl.Schema.infer(table, immutable=["town"])
    genre = gl.GenRe(Townsfolk(), schema, training=QUICK, progress=False)
    with pytest.warns(UserWarning, match="For 20 of .* no target was found") as heard:
        genre.fit(table)
    assert {warning.filename for warning in heard} == {__file__}, "they point at the caller"
    assert genre.report_["unreachable"] == 20
    answer = genre.recommend(table.iloc[[0, 1, 25, 26]])
    assert answer.found.tolist() == [False, False, True, True] or answer.accepted.iloc[2:].any()
    reasons = answer.reasons()
    assert set(reasons["person"]) == {0, 1}
    helps = reasons[reasons["found"] > 0]
    assert set(helps["term"]) == {"town: immutable"}
    assert set(helps["person"]) == {0, 1}
    assert (helps["draws"] == 50).all()


LABELS = {
    "another length": (lambda y: y[:-1], "199.*200 rows"),
    "another value": (lambda y: np.where(y == 1, 2, 0), r"2.*not a label.*favourable"),
    "text": (lambda y: np.where(y == 1, "yes", "no"), "not a label"),
    "NaN": (lambda y: np.where(y == 1, np.nan, 0), "nan"),
    "another index": (lambda y: pd.Series(y).set_axis(range(1, 201)), "different indexes"),
}


@pytest.mark.parametrize("what", LABELS)
def test_labels(schema, what):
    spoil, named = LABELS[what]
    table = people()
    with pytest.raises(gl.GenReError, match=named):
        gl.GenRe(Rule(), schema).fit(table, spoil((table["income"] > 50).to_numpy().astype(int)))


CONTRADICTIONS = {
    "both": (dict(immutable=["age"], increasing=["age"]), "both immutable and increasing"),
    "no order": (dict(increasing=["job"]), "nominal feature has no order"),
    "unknown": (dict(immutable=["agee"]), "did you mean 'age'"),
    "a bare name": (dict(immutable="age"), r"write \['age'\]"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_contradictory_constraints(what):
    asked, named = CONTRADICTIONS[what]
    with pytest.raises(gl.SchemaError, match=named):
        gl.Schema.infer(people(), **asked)


def test_contradictory_bounds():
    with pytest.raises(gl.SchemaError, match="low 3 lies above high 2"):
        gl.Feature("age", low=3, high=2)


@pytest.mark.parametrize("call", ["recommend", "sample", "save", "log_prob"])
def test_unfitted(schema, denied, tmp_path, call):
    arguments = {"save": [tmp_path / "x"], "log_prob": [denied, denied]}.get(call, [denied])
    with pytest.raises(gl.NotFittedError, match="call fit"):
        getattr(gl.GenRe(Rule(), schema), call)(*arguments)


SETTINGS = {
    "recipe": (dict(recipe="secret"), "'estimated', 'paper', 'consistent'"),
    "cost weight": (dict(cost_weight=-1), "0 or more"),
    "cost weight NaN": (dict(cost_weight=float("nan")), "0 or more"),
    "margin": (dict(validity_margin=1.5), r"\[0, 1\)"),
    "device": (dict(device="abacus"), "abacus.*cpu"),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_settings(schema, what):
    asked, named = SETTINGS[what]
    genre = gl.GenRe(
        Rule(), schema, **asked
    )  # as scikit-learn would have it, a setting is only kept
    with pytest.raises(gl.GenReError, match=named):
        genre.fit(people())


CHOICES = {
    "rule": (dict(rule="luckiest"), "'balanced', 'cheapest', 'likeliest', 'safest', 'first'"),
    "margin": (dict(margin=1.0), r"\[0, 1\)"),
    "margin below 0": (dict(margin=-0.1), r"\[0, 1\)"),
    "invalid": (dict(invalid="drop"), "one of 'error', 'skip'"),
    "freeze": (dict(freeze=["agee"]), "'agee', which is no feature"),
    "max_changes": (dict(max_changes=0), "max_changes is 0; give a whole number, 1 or more"),
    "n as a truth": (dict(n=True), "n is True"),
    "margin as text": (dict(margin="a"), r"margin is 'a'; it must lie in \[0, 1\)"),
    "temperature": (dict(temperature=0), "temperature is 0; it must be 1e-06 or more"),
    "temperature as text": (dict(temperature="x"), "temperature is 'x'"),
    "readiness": (dict(readiness="x"), "readiness is 'x'; it must be 0 or more"),
    "candidates": (dict(candidates=0), "candidates is 0; it must be a whole number, 1 or more"),
    "n": (dict(n=0), "n is 0; it must be a whole number, 1 or more"),
    "extra": (dict(extra="drop"), "'error' or 'ignore'"),
}


def test_whoever_is_broken_gets_a_reason_alone_as_in_a_crowd(genre, denied):
    """Where nobody else asks, there is an answer with reasons and without options."""
    torn = denied.head(1).astype({"income": object}).assign(income="lots")
    crowd = pd.concat([torn, denied.iloc[1:3]])
    label = torn.index[0]
    alone, among = (genre.recommend(people, invalid="skip") for people in (torn, crowd))
    assert alone.describe(label) == among.describe(label)
    assert len(alone.frame) == 0 and alone.reasons()["person"].tolist() == [label]
    again = gl.Recourses.from_json(alone.to_json())
    assert again.describe(label) == alone.describe(label)


SETTINGS_OF_ALL = {
    "schema": ({"schema": {}}, "The schema is a dict"),
    "outcome": ({"outcome": None}, "outcome is None; give what people ask for"),
    "no outcome": ({"outcome": " "}, "outcome is ' '"),
}


@pytest.mark.parametrize("what", SETTINGS_OF_ALL)
def test_settings_of_every_method(genre, denied, what):
    changed, named = SETTINGS_OF_ALL[what]
    method = gl.baselines.NearestNeighbour(
        **{"h": genre.h, "schema": genre.schema, "progress": False} | changed
    )
    with pytest.raises(gl.GenReError, match=named):
        method.fit(denied)


def test_a_threshold_is_a_number(genre):
    for wrong in ("0.5", True, 1.0, -0.1, float("nan")):
        with pytest.raises(gl.GenReError, match="give a number with 0 <= threshold < 1"):
            gl.Decision(genre.h, threshold=wrong)


def test_answers_are_named(genre, denied):
    answer = genre.recommend(denied.head(2))
    with pytest.raises(gl.GenReError, match="name each"):
        gl.evaluate([answer], denied.head(2))


@pytest.mark.parametrize("facts", [{"labels": {"income": 3}}, {"units": {"income": None}}])
def test_words_are_text(facts):
    with pytest.raises(gl.SchemaError, match=r"'income': (unit|label) is (3|None); give text"):
        gl.Schema.infer(pd.DataFrame({"income": [1.0, 2.0], "age": [3, 4]}), **facts)


@pytest.mark.parametrize(
    "column",
    [
        pd.to_timedelta(["1 day", "3 days"]).to_series(),
        pd.to_datetime(["2020-01-02", "2021-01-01"]).to_series(),
        pd.period_range("2020", periods=2, freq="Y").to_series(),
    ],
    ids=["spans", "dates", "periods"],
)
def test_the_way_out_of_dates_exists(column):
    """What the message advises is run."""
    with pytest.raises(gl.SchemaError, match="give a number instead") as told:
        gl.Schema.infer(pd.DataFrame({"when": column}))
    ways = {"dates": column, "spans": column, "periods": column}
    advised = dict(
        (kind, way.strip())
        for way, kind in re.findall(r"(\(?column[^;]*?) of (dates|spans|periods)", str(told.value))
    )
    assert advised.keys() == ways.keys()
    kind = {"m": "spans", "M": "dates"}.get(column.dtype.kind, "periods")
    numbers = eval(advised[kind].lstrip(", "), {"pandas": pd}, {"column": column})
    assert pd.api.types.is_numeric_dtype(numbers)


@pytest.mark.parametrize("what", CHOICES)
def test_choices(genre, denied, what):
    asked, named = CHOICES[what]
    with pytest.raises(gl.GenReError, match=named):
        genre.recommend(denied, **asked)


@pytest.mark.parametrize("invalid", ["error", "skip"])
def test_nobody_at_all_is_no_table(genre, invalid):
    with pytest.raises(gl.SchemaError, match="Expected a pandas DataFrame, found NoneType"):
        genre.recommend(None, invalid=invalid)


def test_a_bad_outcome_by_its_name_is_asked_about(denied):
    """h and y turned the same way agree with each other, so only the name can tell."""
    people = pd.DataFrame({"income": np.arange(40.0), "debt": np.arange(40.0)[::-1]})
    owed = pd.Series((people["debt"] > 20).astype(int), name="has_defaulted")
    bank = LogisticRegression().fit(people, owed)
    schema = gl.Schema.infer(people)
    none = gl.TrainingConfig(steps=1, distil_steps=1, rounds=0)
    fit = partial(gl.GenRe, schema=schema, training=none, progress=False)
    with pytest.warns(UserWarning, match=r"y is called 'has_defaulted'.*y\.rename\('repaid'\)"):
        fit(bank).fit(people, owed)
    good = (1 - owed).rename("has_defaulted")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="y is called")
        fit(gl.Decision(bank, favourable=0)).fit(people, good)
        fit(bank).fit(people, owed.rename("repaid"))


def test_options_of_strangers(genre, denied):
    with pytest.raises(gl.GenReError, match="not among the people"):
        genre.log_prob(denied.head(1), denied)


# -- saved files ------------------------------------------------------------------------------------


@pytest.fixture
def saved(genre, tmp_path):
    genre.save(tmp_path / "bank.genre")
    return tmp_path / "bank.genre"


def test_no_file(tmp_path):
    with pytest.raises(gl.GenReError, match=re.escape("no file") + ".*bank"):
        gl.GenRe.load(tmp_path / "bank.genre")


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.3, 0.99])
def test_a_file_cut_short(saved, kept):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(gl.GenReError, match="cut short or not a file of this package"):
        gl.GenRe.load(saved, classifier=Rule())


def test_a_file_of_something_else(tmp_path):
    (tmp_path / "x.genre").write_text("a,b\n1,2\n")
    with pytest.raises(gl.GenReError, match="not a file of this package"):
        gl.GenRe.load(tmp_path / "x.genre")


def test_another_version(saved):
    data = saved.read_bytes()
    saved.write_bytes(data.replace(rb"\"format\": \"3\"", rb"\"format\": \"0\""))
    with pytest.raises(gl.GenReError, match=r"format '0'.*reads '3'"):
        gl.GenRe.load(saved, classifier=Rule())


def test_a_classifier_of_your_own_must_be_given(saved):
    with pytest.raises(gl.GenReError, match="classifier=h"):
        gl.GenRe.load(saved)


def test_another_schema(saved, schema):
    with pytest.raises(gl.GenReError, match=r"'age' differs.*increasing.*free"):
        gl.GenRe.load(saved, classifier=Rule(), schema=schema.constrain(free=["age"]))
    with pytest.raises(gl.GenReError, match="same columns in the same order"):
        other = schema.reorder(["job", "income", "age"])
        gl.GenRe.load(saved, classifier=Rule(), schema=other)
    assert gl.GenRe.load(saved, classifier=Rule(), schema=schema).schema == schema


# -- tables and worlds ------------------------------------------------------------------------------


def test_one_class_only():
    bank = gl.load_dataset("moons", n=60)
    ones = bank.relabel(np.ones(len(bank.train), int), np.ones(len(bank.test), int))
    with pytest.raises(gl.GenReError, match="both outcomes"):
        gl.train_classifier(ones, progress=False)
    with pytest.raises(gl.GenReError, match="both outcomes"):
        gl.gold_world(ones, progress=False)


def test_an_outcome_of_your_own_table():
    table = people().assign(loan=lambda f: np.where(f["income"] > 50, "yes", "no"))
    with pytest.raises(gl.SchemaError, match="'laon'"):
        Dataset.from_frame(table, target="laon", favourable="yes")
    with pytest.raises(gl.SchemaError, match="never holds 'YES'"):
        Dataset.from_frame(table, target="loan", favourable="YES")
    with pytest.raises(gl.SchemaError, match="exactly two values"):
        Dataset.from_frame(table, target="age", favourable=18)


def test_an_unknown_table_is_answered_with_the_nearest():
    with pytest.raises(gl.GenReError, match="adult"):
        gl.load_dataset("adlut")


@pytest.mark.parametrize("method", [gl.GenRe, gl.baselines.GraftedNeighbour])
def test_a_warning_points_at_the_line_that_called(method):
    options = {"training": QUICK} if method is gl.GenRe else {}
    few = people(60)
    with pytest.warns(UserWarning, match="of the 60 rows are surely accepted") as heard:
        method(Rule(), gl.Schema.infer(few), progress=False, **options).fit(few)
    assert {warning.filename for warning in heard} == {__file__}


# -- what practitioners ran into ---------------------------------------------------------------------


def test_bounds_are_a_pair():
    with pytest.raises(gl.SchemaError, match=r"'age': bounds are 3; give \(low, high\)"):
        gl.Schema.infer(pd.DataFrame({"age": [20, 30]}), free=["age"], bounds={"age": 3})


def test_groups_are_one_column(answered):
    answer, asking, _ = answered
    with pytest.raises(gl.GenReError, match=r"by is \['job', 'age'\], which is no column"):
        gl.evaluate({"it": answer}, asking, by=["job", "age"])


@pytest.mark.parametrize(
    ("name", "wanted"), [("training", "TrainingConfig"), ("model", "ModelConfig")]
)
def test_a_mapping_is_no_configuration(name, wanted):
    bank = gl.load_dataset("moons", n=100, seed=0)
    h = gl.train_classifier(bank, epochs=60, progress=False)
    genre = gl.GenRe(h, bank.schema, **{name: {"steps": 3}}, progress=False)
    with pytest.raises(gl.GenReError, match=rf"{name} is .*it must be None or a {wanted}, as gl"):
        genre.fit(bank.X_train, bank.y_train)


def test_an_empty_text_is_no_level_without_a_word():
    frame = pd.DataFrame({"job": ["", "clerk", "smith"] * 10})
    with pytest.warns(
        UserWarning, match=r"Columns \['job'\] have an empty text among their levels"
    ):
        gl.Schema.infer(frame)


@pytest.fixture(scope="module")
def answered():
    table = people()
    schema = gl.Schema.infer(table, clocks=["age"], free=["income", "job"])
    h = gl.Decision(Rule(), favourable=1)
    method = gl.baselines.NearestNeighbour(h, schema, progress=False).fit(table)
    asking = table[table["income"] < 40].head(3)
    return method.recommend(asking), asking, table


def test_a_proposal_far_outside_is_told(answered):
    answer, asking, table = answered
    with pytest.warns(UserWarning, match="'income'.*lies far outside of what the training rows"):
        gl.check(asking, asking.assign(income=1e9), Rule(), answer.schema, train=table)


@pytest.mark.parametrize("seed", ["a", -1, 1.5, 2**64, True])
def test_a_seed_is_a_whole_number_wherever_one_is_given(genre, denied, seed):
    for ask in (genre.recommend, genre.sample):
        with pytest.raises(gl.GenReError, match=re.escape(f"seed is {seed!r}; it must be a whole")):
            ask(denied, seed=seed)


def test_labels_of_one_class_say_nothing(schema):
    X = people()
    with pytest.raises(gl.GenReError, match=r"All 200 labels in y are 1; .* leave it out"):
        gl.GenRe(Rule(), schema, training=QUICK, progress=False).fit(X, pd.Series(1, X.index))


@pytest.mark.parametrize("asked", [np.zeros((1, 3)), {"income": 1}, None, pd.Series([1.0])])
def test_a_bank_is_asked_with_a_table(asked):
    with pytest.raises(gl.SchemaError, match=f"DataFrame.*found .*{type(asked).__name__}"):
        gl.Decision(Rule()).accepts(asked)


def test_no_answers_are_not_judged(denied):
    with pytest.raises(gl.GenReError, match="no answers; name at least one"):
        gl.evaluate({}, denied)


@pytest.mark.parametrize("path", [None, 3])
def test_a_model_is_read_from_a_file(path):
    with pytest.raises(gl.GenReError, match=f"path is an? {type(path).__name__}; give a file"):
        gl.GenRe.load(path)


@pytest.mark.parametrize("device", ["mps", "gpu", "cpu:first", -3, None])
def test_a_device_that_cannot_count_in_doubles_is_refused(schema, device):
    method = gl.GenRe(Rule(), schema, training=QUICK, device=device, progress=False)
    with pytest.raises(gl.GenReError, match="device is"):
        method.fit(people())


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("income", -3.0, "-3 is below 0, unlike all that the training rows hold, "),
        (
            "age",
            40.5,
            "40.5 lies between the numbers that the model knows, which are multiples of 1,",
        ),
    ],
)
def test_numbers_unlike_all_rows_are_told(answered, column, value, told):
    answer, asking, table = answered
    odd = asking.astype({column: float})
    odd.iloc[1, odd.columns.get_loc(column)] = value
    said = re.escape(f"Column {column!r}, row {asking.index.tolist()[1]!r}: {told}")
    method = gl.baselines.NearestNeighbour(Rule(), answer.schema, progress=False).fit(table)
    with pytest.warns(UserWarning, match=said):
        method.recommend(odd)


@pytest.mark.parametrize(
    ("age", "income", "dtype"),
    [
        pytest.param(5, 5, "float64", id="the rows themselves lie between two steps"),
        pytest.param(1, 0.1, "float32", id="a smaller float rounds"),
    ],
)
def test_a_fraction_is_told_only_where_the_rows_have_none(age, income, dtype):
    table = people()
    features = [
        gl.Feature("age", step=age),
        gl.Feature("income", step=income),
        gl.Feature("job", "nominal", ("clerk", "smith")),
    ]
    method = gl.baselines.NearestNeighbour(Rule(), gl.Schema(features), progress=False).fit(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        method.recommend(table[table["income"] < 40].head(9).astype({"income": dtype}))


def test_two_columns_of_one_label_are_refused():
    same = gl.Schema.infer(people(), labels={"income": "money", "age": "money"}, free=["age"])
    with pytest.raises(gl.SchemaError, match=r"\['age', 'income'\] would all be called 'money'"):
        gl.baselines.NearestNeighbour(Rule(), same, progress=False).fit(people())
