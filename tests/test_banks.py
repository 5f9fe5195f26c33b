"""Banks of any kind in the desk's engine: the model's own probabilities, decisions and letters."""

from __future__ import annotations

import base64
import json
import re
from copy import copy

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
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier
from test_desk import both, compare, halved, odd_people, run

import genre_lite as gl
from genre_lite import desk
from genre_lite.codec import Codec
from genre_lite.desk.banks import carried
from genre_lite.desk.stand_in import StandIn

NUMBERS = ["income", "age", "cars"]
WORDS = ["job", "home"]


def table(rows: int, seed: int, gap: float | None = None) -> tuple[pd.DataFrame, np.ndarray]:
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
    frame.loc[chance.random(rows) < 0.08, "job"] = gap
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
    "perceptron": (
        lambda: spelled(
            MLPClassifier((8, 5), "tanh", learning_rate_init=0.02, tol=5e-3, random_state=0)
        ),
        "",
    ),
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


def fitted(name: str, gap: float | None = None) -> tuple[gl.Decision, Codec, pd.DataFrame]:
    """The bank's decision, a codec of its table, and 500 people whom it has not seen."""
    made, said = BANKS[name]
    X, y = table(400, seed=0, gap=gap)
    people, _ = table(500, seed=1, gap=gap)
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


@pytest.mark.parametrize(
    ("name", "gap"),
    [*((name, None) for name in BANKS), ("logistic", np.nan), ("random forest", np.nan)],
)
def test_the_engine_answers_as_the_model_does(name, gap, tmp_path):
    """500 people that the bank has not seen, gaps among them: probabilities to 1e-6, every decision."""
    decision, codec, people = fitted(name, gap)
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
    people = pd.DataFrame(
        {"x": [0.1 + 0.2, np.nan], "n": pd.array([3, None], "Int64"), "b": [True, False]}
    )
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
    denied = people[~genre.decision_.accepts(people)]
    gap = denied["income"].isna()
    return genre, pd.concat([denied[gap].head(4), denied[~gap].head(20)])


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
    """24 people, two sets of terms: every option to the value, every letter to the letter."""
    genre, people = odd
    assert len(people) == 24 and people["income"].isna().any()
    asked = [({}, 1), ({"max_changes": 2, "freeze": ["card"], "wait": 2}, 2)]
    for answer, found in both(halved(genre, tmp_path), people, asked, tmp_path):
        assert compare(answer, found, people) > 12


# -- what cannot be carried, and what is in the file ------------------------------------------------

TELLTALE = 1618.0339


def small(model, **good) -> tuple[gl.GenRe, pd.DataFrame, pd.DataFrame]:
    """A method fitted in seconds, its rows with one that gives itself away, and two people."""
    X, y = table(400, seed=0)
    X = X.dropna().assign(name=[f"person {i}" for i in range(len(X.dropna()))])
    y = y[X.index]
    X.iloc[7, X.columns.get_loc("income")] = TELLTALE
    X.iloc[7, X.columns.get_loc("name")] = "Zenobia Telltale"
    features = X.drop(columns="name")
    schema = gl.Schema.infer(features, immutable=["age"], labels={"cars": "number of cars"})
    h = gl.Decision(model.fit(features, y), **good)
    quick = gl.TrainingConfig(steps=20, distil_steps=20, rounds=1, round_steps=10, people=30)
    genre = gl.GenRe(h, schema, training=quick, progress=False).fit(features)
    asking = table(300, seed=3)[0].dropna()
    denied = asking[~genre.decision_.accepts(asking)]
    return genre, X, denied.head(2).set_axis(["Mira", "Ben"])


@pytest.mark.parametrize("name", ["german", "compas"])
def test_half_the_digits_change_few_first_letters(name, tmp_path):
    """Where two options are nearly as good, the page may take the other one; for one person in twenty at most, with any terms."""
    bank = gl.load_dataset(name)
    h = gl.train_classifier(bank, epochs=20, progress=False)
    brief = gl.TrainingConfig(steps=200, distil_steps=300, rounds=1, round_steps=60, people=200)
    genre = gl.GenRe(h, bank.schema, training=brief, progress=False)
    genre.fit(bank.X_train, bank.y_train)
    people = bank.X_test[~genre.decision_.accepts(bank.X_test)].head(150)
    models = genre, halved(genre, tmp_path)
    assert len(people) > 60
    free = next(f.name for f in bank.schema if f.actionability not in ("immutable", "clock"))
    for terms in ({}, {"max_changes": 2}, {"freeze": [free], "wait": 2}, {"n": 3}):
        whole, half = (model.recommend(people, **terms).frame for model in models)
        pair = whole.align(half)  # a model may have one option more
        apart = pair[0].astype(object).fillna("none") != pair[1].astype(object).fillna("none")
        assert apart.any(axis=1).groupby(level="person").any().sum() <= len(people) / 20, terms


@pytest.fixture(scope="module")
def trees():
    return small(ordered(boosted()))


@pytest.fixture(scope="module")
def bayes():
    return small(ordered(GaussianNB()))


class Other(LogisticRegression):
    """A logistic regression by name, which answers otherwise."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


def refused(model) -> str:
    X, y = table(200, seed=0)
    X = X[["age", "cars"]]
    decision = gl.Decision(model.fit(X, y)).bind(X)
    with pytest.raises(gl.GenReError) as error:
        carried(decision, Codec(gl.Schema.infer(X)).fit(X))
    return str(error.value)


def test_any_other_h_is_refused_with_its_kind_and_the_way_out():
    from sklearn.preprocessing import PolynomialFeatures

    assert re.match(r"h is a GaussianNB, .*distil=rows.*--distil", refused(GaussianNB()))
    said = refused(make_pipeline(StandardScaler(), KNeighborsClassifier()))
    assert said.startswith(
        "h is a Pipeline with a KNeighborsClassifier, and a desk cannot carry it"
    )
    said = refused(make_pipeline(PolynomialFeatures(), LogisticRegression(max_iter=2000)))
    assert "its preprocessing has a PolynomialFeatures" in said
    said = refused(Other())
    assert "on 500 made-up rows its arrays and the model differ by up to" in said


def test_a_module_with_other_layers_is_refused():
    from torch import nn

    X, _ = table(50, seed=0)
    X = X[["age", "cars"]]
    codec = Codec(gl.Schema.infer(X)).fit(X)
    bent = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with pytest.raises(gl.GenReError, match="its module is Linear, Tanh, Linear"):
        carried(gl.Decision(gl.Classifier(codec, bent)), codec)
    plain = gl.Decision(gl.Classifier(codec, nn.Linear(2, 1)))
    assert carried(plain, codec).model.said == "a linear model of 3 weights"


def test_a_stand_in_is_measured_on_rows_that_it_did_not_learn_from(bayes):
    """On people whom nobody has seen both agree as often as it says, to a few of a hundred."""
    genre, X, _ = bayes
    made = StandIn.of(genre, X)
    fresh = table(1500, seed=5)[0].dropna()
    alike = made.genre.decision_.accepts(fresh) == genre.decision_.accepts(fresh)
    assert 0.8 < alike.mean() < 1 and abs(alike.mean() - made.agreement) < 0.08
    assert len(X) / 5 < made.rows < len(X) / 2


class Coin:
    """Decides by the cents, which nobody can learn."""

    def predict_proba(self, frame):
        cents = np.random.default_rng(0).random(100)[(frame["income"] * 100 % 100).astype(int)]
        return np.stack([1 - cents, cents], axis=1)


def test_a_stand_in_of_what_cannot_be_learnt_says_so(bayes):
    genre, X, _ = bayes
    before = genre.decision_
    try:
        genre.decision_ = gl.Decision(Coin())
        assert 0.35 < StandIn.of(genre, X).agreement < 0.7
    finally:
        genre.decision_ = before
    with pytest.raises(gl.GenReError, match="20 rows are too few"):
        StandIn.of(genre, X.head(20))
    with pytest.raises(gl.GenReError, match="decides alike about all"):
        StandIn.of(genre, X[genre.decision_.accepts(X)])


def test_a_page_says_that_a_stand_in_answers(bayes, tmp_path):
    """At the letter and at the foot; the letters are the stand-in's."""
    bs4 = pytest.importorskip("bs4")
    genre, X, people = bayes
    with pytest.raises(gl.GenReError, match=r"give some rows .* page\(\.\.\., distil=X\)"):
        desk.page(genre, people, tmp_path / "no.html", distil=True)
    with pytest.raises(gl.GenReError, match="h is a Pipeline with a GaussianNB"):
        desk.page(genre, people, tmp_path / "no.html")
    assert not (tmp_path / "no.html").exists()
    page = desk.page(genre, people, distil=X)
    made = StandIn.of(genre, X)
    assert f"decide alike about {made.agreement:.1%}" in page.note
    assert "The bank has the last word." in page.note
    soup = bs4.BeautifulSoup(page.html, "html.parser")
    assert page.note in soup.footer.text and page.note in soup.main.text
    answer = made.genre.recommend(people)
    assert [still.text for still in soup.select("main pre")] == [
        answer.describe(label) for label in people.index
    ]
    assert isinstance(genre.decision_.model[-1], GaussianNB), "the method itself keeps its bank"


def test_what_is_in_the_file_stands_at_its_foot(trees):
    bs4 = pytest.importorskip("bs4")
    genre, _, people = trees
    page = desk.page(genre, people)
    said = [line.text for line in bs4.BeautifulSoup(page.html, "html.parser").select("footer li")]
    bank = carried(genre.decision_, genre.codec)
    assert f"the bank's decision: {bank.model.said}" in said[2]
    assert re.match(r"30 trees with \d+ splits", bank.model.said)
    assert "lies between two of them" in said[2]
    assert said[-2].startswith("the labels of these people's rows")
    assert said[-1] == "the forms of Mira, Ben; nobody else's row"
    assert not page.note and "stand-in" not in page.html.split("<script>")[0]


def test_the_foot_says_that_ids_are_in_the_file(trees):
    genre, _, people = trees
    page = desk.page(genre, people)
    assert "the labels of these people's rows, by which they are called: whoever" in page.html
    page = desk.page(genre, people.rename_axis("full name"))
    assert "the ids of these people, from the column “full name”: whoever has the file" in page.html


def test_a_stand_in_for_what_the_page_can_carry_is_warned_of(trees, bayes, recwarn):
    genre, X, people = trees
    for distil in (X, True):
        asked = pd.concat([X] if distil is True else [people])[genre.schema.names]
        with pytest.warns(
            UserWarning, match="The page can carry h as it is, a Pipeline; leave distil"
        ):
            assert "A stand-in answers here" in desk.page(genre, asked, distil=distil).note
    with (
        pytest.warns(UserWarning, match="leave distil out"),
        pytest.raises(gl.GenReError, match="50 or more"),
    ):
        desk.page(genre, people, distil=True)
    recwarn.clear()
    desk.page(bayes[0], people, distil=X)
    assert not [one for one in recwarn if "leave distil out" in str(one.message)]


def test_a_page_for_another_bank_than_that_of_the_fit_says_so(trees, bayes):
    """At the letter and at the foot; by what the bank says to answers that the model found in training."""
    bs4 = pytest.importorskip("bs4")
    genre, X, people = trees
    other = copy(genre)
    other.decision_ = bayes[0].decision_
    for made in (desk.page(other, people, distil=X), desk.page(_with(other, linear(X)), people)):
        assert re.search(r"says yes to \d\d% of the answers .* hardly the same bank", made.note)
        soup = bs4.BeautifulSoup(made.html, "html.parser")
        assert made.note in soup.footer.text and made.note in soup.main.text
    said = desk.page(genre, people, note="For a lesson.")
    assert said.note == "For a lesson." and "the bank's decision: 30 trees" in said.html
    assert "answers found in training, to 100% of which the bank says yes" in said.html


def linear(X):
    y = (X["income"] > X["income"].median()).astype(int)
    features = X.drop(columns="name")
    return gl.Decision(spelled(LogisticRegression(max_iter=500)).fit(features, y)).bind(features)


def _with(genre, decision):
    other = copy(genre)
    other.decision_ = decision
    return other


def test_no_row_of_the_training_is_in_the_file(trees):
    """A name that is no feature, an amount that is no vocabulary's, and whole rows."""
    genre, X, people = trees
    page = desk.page(genre, people)
    assert TELLTALE not in genre.codec.to_dict()["values"][0]
    assert "Telltale" not in page.html and str(TELLTALE) not in page.html
    about = desk.exported(genre)
    number = np.frombuffer(base64.b64decode(about["bank"]["number"]), "<f8")
    assert TELLTALE in X["income"].to_numpy() and TELLTALE not in number
    rows = genre.codec.tokens(genre.codec.cube(X[genre.schema.names]))
    assert not {*map(tuple, rows.tolist())} & {*map(tuple, about["profiles"])}


def test_the_command_writes_a_page_for_the_banks_own_model(trees, bayes, tmp_path, monkeypatch):
    """As it is where it can be carried, by a stand-in where it is asked for."""
    from typer.testing import CliRunner

    from genre_lite.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lender.py").write_text("import test_banks\nof = test_banks.LENT\n")
    _, X, people = bayes
    X.to_csv("train.csv", index=False)
    people.to_csv("people.csv", index_label="who")
    for name, (method, _, _) in {"trees": trees, "bayes": bayes}.items():
        monkeypatch.setitem(globals(), "LENT", method.decision_)
        monkeypatch.delitem(__import__("sys").modules, "lender", raising=False)
        method.save(tmp_path / "it.genre")
        call = ["page", "it.genre", "--csv", "people.csv", "--id", "who", "--model", "lender:of"]
        result = CliRunner().invoke(app, [*call, "--out", f"{name}.html"])
        assert (result.exit_code == 0) == (name == "trees"), result.output
        if name == "trees":
            assert "the forms of 2 people and their ids, of column 'who'." in result.stdout
            assert (
                "the ids of these people, from the column “who”"
                in (tmp_path / "trees.html").read_text()
            )
            result = CliRunner().invoke(
                app, [*call, "--out", "no.html", "--distil", "train.csv", "--extra=ignore"]
            )
            assert "a Pipeline; leave --distil out, and the bank itself answers" in result.stderr
        if name == "bayes":
            assert "--distil" in result.stderr and not (tmp_path / "bayes.html").exists()
            result = CliRunner().invoke(
                app, [*call, "--out", "bayes.html", "--distil", "train.csv"]
            )
            assert result.exit_code == 0, result.output
            assert "The bank has the last word." in " ".join(result.stdout.split())
        page = (tmp_path / f"{name}.html").read_text()
        assert "the forms of Mira, Ben; nobody else" in page and "Telltale" not in page
    (tmp_path / "kept").mkdir()
    trees[0].save(tmp_path / "kept" / "it.genre")  # and who decides is the other one
    call[1:2] = [str(tmp_path / "kept" / "it.genre")]
    result = CliRunner().invoke(app, [*call, "--out", "other.html", "--distil", "train.csv"])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "other.html").read_text()
    said = "This is another bank than the one that it.genre was fitted to: on 32 made-up rows"
    assert page.count(said) >= 3, "at the letter, with script and without, and at the foot"
    assert "kept" not in page.split("<script>")[0], "a reader need not know whose folders these are"
