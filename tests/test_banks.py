"""Banks of any kind in the desk's engine: the model's own probabilities, decisions and letters."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from test_desk import both, compare, halved, odd_people, run

import genre_lite as gl
from genre_lite import desk
from genre_lite.codec import Codec
from genre_lite.desk.banks import carried
from genre_lite.desk.stand_in import StandIn

NUMBERS = ["income", "age", "cars"]
WORDS = ["job", "home"]


def table(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Words with gaps, truth values, whole numbers and an amount with gaps; and whether each repaid."""
    chance = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": np.round(chance.lognormal(7.6, 0.4, rows), 2),
            "job": chance.choice(["none", "part", "full", "own"], rows, p=[0.3, 0.3, 0.37, 0.03]),
            "age": chance.integers(18, 80, rows),
            "home": chance.choice(["rented", "owned"], rows),
            "cars": chance.integers(0, 4, rows),
            "owner": chance.random(rows) < 0.4,
        }
    )
    sure = frame["income"] / 1500 + (frame["job"] == "full") + frame["owner"] + frame["cars"] % 2
    yes = (sure + chance.normal(0, 0.5, rows) > 2.5).to_numpy().astype(int)
    frame.loc[chance.random(rows) < 0.12, "income"] = np.nan
    frame.loc[chance.random(rows) < 0.08, "job"] = None
    return frame, yes


def behind(*parts, **settings):
    """A model behind a column transformer."""
    return lambda model: make_pipeline(make_column_transformer(*parts, **settings), model)


spelled = behind(
    (OneHotEncoder(handle_unknown="ignore"), WORDS),
    (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
    remainder="passthrough",
)
counted = behind(
    (
        make_pipeline(
            SimpleImputer(strategy="constant", fill_value="?"),
            OneHotEncoder(drop="first", min_frequency=0.1, handle_unknown="infrequent_if_exist"),
        ),
        WORDS,
    ),
    (make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler(clip=True)), ["income"]),
    (OneHotEncoder(handle_unknown="ignore"), ["cars"]),
    (RobustScaler(), ["age"]),
)
ordered = behind(
    (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), WORDS),
    remainder="passthrough",
)


def boosted(**settings):
    return HistGradientBoostingClassifier(max_iter=30, random_state=0, **settings)


def lightgbm(**settings):
    given = {"n_estimators": 30, "verbose": -1, "n_jobs": 1, "min_data_per_group": 5}
    return pytest.importorskip("lightgbm").LGBMClassifier(**given, **settings)


def xgboost(**settings):
    given = {"n_estimators": 30, "n_jobs": 1, "enable_categorical": True}
    return pytest.importorskip("xgboost").XGBClassifier(**given, **settings)


def forest(kind=RandomForestClassifier):
    return kind(15, random_state=0)


# A model to fit, and what is said of the table: its words as categories, three outcomes, no words at all.
BANKS = {
    "logistic": (lambda: spelled(LogisticRegression(max_iter=500)), ""),
    "logistic, encoders that drop and gather": (lambda: counted(LogisticRegression()), ""),
    "logistic, three classes": (lambda: spelled(LogisticRegression(max_iter=500)), "three"),
    "logistic, a threshold around it": (
        lambda: FixedThresholdClassifier(counted(LogisticRegression()), threshold=0.7),
        "",
    ),
    "stochastic gradients, each class for itself": (
        lambda: spelled(SGDClassifier(loss="log_loss", random_state=0)),
        "three",
    ),
    "perceptron": (lambda: spelled(MLPClassifier((8, 5), activation="tanh", tol=0.01)), ""),
    "selected columns": (
        lambda: make_pipeline(spelled(None)[0], SelectKBest(k=4), LogisticRegression()),
        "",
    ),
    "random forest": (lambda: spelled(forest()), ""),
    "random forest that reads gaps": (lambda: ordered(forest()), ""),
    "extra trees, three classes": (lambda: counted(forest(ExtraTreesClassifier)), "three"),
    "one tree": (lambda: ordered(DecisionTreeClassifier(max_depth=5)), ""),
    "gradient boosting": (lambda: counted(GradientBoostingClassifier(n_estimators=20)), ""),
    "gradient boosting, exponential": (
        lambda: spelled(GradientBoostingClassifier(n_estimators=20, loss="exponential")),
        "",
    ),
    "gradient boosting, three classes": (
        lambda: counted(GradientBoostingClassifier(n_estimators=8)),
        "three",
    ),
    "histograms, categories": (lambda: boosted(categorical_features="from_dtype"), "categories"),
    "histograms, three classes": (lambda: ordered(boosted()), "three"),
    "LightGBM, categories": (lightgbm, "categories"),
    "LightGBM in a pipeline": (lambda: ordered(lightgbm()), ""),
    "LightGBM, a forest": (
        lambda: ordered(lightgbm(boosting_type="rf", subsample=0.7, subsample_freq=1)),
        "",
    ),
    "LightGBM, three classes": (lightgbm, "categories three"),
    "XGBoost, categories": (lambda: xgboost(max_cat_to_onehot=1), "categories"),
    "XGBoost, one category against the rest": (xgboost, "categories"),
    "XGBoost in a pipeline": (lambda: ordered(xgboost()), ""),
    "XGBoost, where zeros are left out": (
        lambda: behind((OneHotEncoder(), WORDS), remainder="passthrough", sparse_threshold=1.0)(
            xgboost()
        ),
        "",
    ),
    "XGBoost, three classes": (lambda: xgboost(max_cat_to_onehot=1), "categories three"),
    "XGBoost on an array": (xgboost, "array"),
}


def fitted(name: str) -> tuple[gl.Decision, Codec, pd.DataFrame]:
    """The bank's decision, a codec of its table, and 500 people whom it has not seen."""
    made, said = BANKS[name]
    X, y = table(400, seed=0)
    people, _ = table(500, seed=1)
    if "categories" in said:
        known = X["job"].dropna().unique().tolist()
        kinds = {"job": pd.CategoricalDtype(known), "home": "category"}
        X, people = X.astype(kinds), people.astype(kinds)
    if "array" in said:
        X, people = X[NUMBERS], people[NUMBERS]
    outcome, good = y, {"favourable": 1}
    if "three" in said:
        outcome = np.where(X["age"] < 30, 2, y)
        good = {"favourable": [1, 2]}
    model = made().fit(X.to_numpy() if "array" in said else X, outcome)
    schema = gl.Schema.infer(X)
    return gl.Decision(model, **good).bind(X), Codec(schema).fit(X), people


@pytest.mark.parametrize("name", BANKS)
def test_the_engine_answers_as_the_model_does(name, tmp_path):
    """500 people that the bank has not seen, gaps among them: probabilities to 1e-6, every decision."""
    decision, codec, people = fitted(name)
    given = {
        "bank": carried(decision, codec).plain(),
        "codec": desk._codec(codec),
        "rows": [form["values"] for form in desk.forms(people)],
        "bar": decision.threshold,
    }
    script = """
        const codec = new R.Codec(given.codec);
        const bank = new R.Bank(given.bank);
        return given.rows.map((row) => {
            const { chance, favoured } = bank.ask(codec.codes(row));
            return [chance, given.bar === null ? favoured : chance > given.bar];
        });
    """
    chance, yes = zip(*run(script, given, tmp_path), strict=True)
    expected, decided = decision.ask(people)
    assert 0.05 < decided.mean() < 0.95 and np.ptp(expected) > 0.3
    np.testing.assert_allclose(chance, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(yes, decided)


def test_a_form_is_carried_to_the_last_digit():
    """A tree's threshold may lie between 0.1 + 0.2 and 0.3."""
    people = pd.DataFrame({"x": [0.1 + 0.2, np.nan], "n": pd.array([3, None], "Int64"), "b": [True, False]})
    values = [form["values"] for form in json.loads(json.dumps(desk.forms(people)))]
    assert values == [{"x": 0.1 + 0.2, "n": 3, "b": True}, {"x": None, "n": None, "b": False}]


# -- letters ----------------------------------------------------------------------------------------


SINCE = {"since": pd.CategoricalDtype(["< 1 year", "1 to 4", "4 and more"], ordered=True)}


def odd_bank(model, **good) -> tuple[gl.GenRe, pd.DataFrame]:
    """A method fitted to a model of the odd table of ``test_desk``, and whom the model denies."""
    X = odd_people(500).astype(SINCE)
    rich = X["income"].fillna(1500) / 1000 - X["debts"] / 1500 + (X["job"] == "full")
    rich += np.random.default_rng(1).normal(0, 0.3, len(X))
    outcome = (rich > 1.2).astype(int)
    if good:
        outcome = np.where(rich > 2, "yes", np.where(rich > 1, "perhaps", "no"))
    h = gl.Decision(model.fit(X, outcome), **good)
    schema = gl.Schema.infer(
        X,
        clocks=["months"],
        relations=["debts == card + car", "if home == 'owned' then income >= 1500"],
    )
    quick = gl.TrainingConfig(steps=60, distil_steps=60, rounds=1, round_steps=30, people=60)
    genre = gl.GenRe(h, schema, training=quick, progress=False).fit(X)
    people = odd_people(300, seed=2).astype(SINCE)
    return genre, people[~genre.decision_.accepts(people)].head(60)


def odd_pipeline(model):
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), ["job", "home", "since"]),
            (make_pipeline(SimpleImputer(), StandardScaler()), ["debts", "income", "months"]),
            (MinMaxScaler(), ["card", "car"]),
        ),
        model,
    )


def odd_trees(model):
    columns = (OrdinalEncoder(), ["job", "home", "since"])
    return make_pipeline(make_column_transformer(columns, remainder="passthrough"), model)


LETTERS = {
    "linear": lambda: odd_bank(odd_pipeline(LogisticRegression(max_iter=500))),
    "boosted, with gaps": lambda: odd_bank(odd_trees(boosted())),
    "by the most probable class": lambda: odd_bank(
        odd_pipeline(LogisticRegression(max_iter=500)), favourable=["yes", "perhaps"]
    ),
}


@pytest.fixture(scope="module", params=LETTERS)
def odd(request):
    return LETTERS[request.param]()


def test_whole_letters_are_the_packages(odd, tmp_path):
    """60 people, two sets of terms: every option to the value, every letter to the letter."""
    genre, people = odd
    assert len(people) == 60 and people["income"].isna().any()
    asked = [({}, 1), ({"max_changes": 2, "freeze": ["card"], "wait": 2}, 2)]
    for answer, found in both(halved(genre, tmp_path), people, asked, tmp_path):
        assert compare(answer, found, people) > 30
