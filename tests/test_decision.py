"""The bank: who decides."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from torch import nn

from genre_lite import (
    Classifier,
    Codec,
    Dataset,
    Decision,
    GenRe,
    GenReError,
    NotFittedError,
    Schema,
    SchemaError,
    TrainingConfig,
    train_classifier,
)
from genre_lite.decision import (
    acceptance,
    accepts,
    as_decision,
    fingerprint,
    require_agreement,
    same_bank,
)

FRAME = pd.DataFrame({"it": [1.0, 2.0, 3.0]}, index=["ana", "ben", "cem"])


class Answers:
    """A classifier that always gives the same answer."""

    def __init__(self, answer):
        self.answer = answer

    def predict_proba(self, frame):
        return self.answer


def applicants(n=400, seed=0, share=0.5):
    """A raw table with text: the favourable outcome comes with income and with a trade."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3000, 800, n).round(),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    worth = (frame["income"] - 3000) / 800 + (frame["job"] == "pilot") + rng.normal(0, 0.5, n)
    frame["loan"] = np.where(worth > np.quantile(worth, 1 - share), "granted", "refused")
    return Dataset.from_frame(frame, target="loan", favourable="granted")


@pytest.fixture(scope="module")
def bank():
    return applicants()


# -- any classifier ---------------------------------------------------------------------------


def test_acceptance_is_the_second_column():
    answer = [[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]]
    for given in (answer, np.array(answer), pd.DataFrame(answer), np.array(answer, "float32")):
        assert acceptance(Answers(given), FRAME).tolist() == pytest.approx([0.1, 0.5, 1.0])
    rounding = [[0.0, 1 + 1e-8], [0.5, 0.5], [0.5, 0.5]]
    assert acceptance(Answers(rounding), FRAME)[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ([0.1, 0.2, 0.3], ["(3,)", "(3, 2)", "unfavourable, favourable"]),
        ([[0.1], [0.2], [0.3]], ["(3, 1)", "(3, 2)"]),
        ([[0.5, 0.5]], ["(1, 2)", "(3, 2)"]),
        ([[0.2, 0.3, 0.5]] * 3, ["(3, 3)", "(3, 2)"]),
        ([[0.5, 0.5], [0.5, np.nan], [0.5, 0.5]], ["'ben'", "nan", "[0, 1]"]),
        ([[0.5, 0.5], [0.5, 0.5], [np.inf, 0.5]], ["'cem'", "inf", "finite"]),
        ([[-0.5, 1.5], [0.5, 0.5], [0.5, 0.5]], ["'ana'", "[-0.5, 1.5]", "[0, 1]"]),
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 1.1]], ["'cem'", "[0.5, 1.1]"]),
    ],
)
def test_acceptance_refuses_what_is_no_probability(answer, parts):
    with pytest.raises(GenReError) as error:
        acceptance(Answers(answer), FRAME)
    for part in parts:
        assert part in str(error.value)


def test_acceptance_needs_predict_proba():
    with pytest.raises(GenReError, match=r"Linear without predict_proba.*genre_lite\.Classifier"):
        acceptance(nn.Linear(1, 1), FRAME)


def test_a_torch_module_as_a_classifier():
    codec = Codec(Schema.infer(FRAME)).fit(FRAME)
    module = nn.Linear(1, 1)
    with torch.no_grad():
        module.weight.fill_(4.0)
        module.bias.fill_(-2.0)
    h = Classifier(codec, module)
    expected = 1 / (1 + np.exp(-(4 * np.array([0, 0.5, 1]) - 2)))
    proba = h.predict_proba(FRAME)
    np.testing.assert_allclose(proba[:, 1], expected, rtol=1e-6)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(acceptance(h, FRAME.assign(extra="x")), proba[:, 1])
    with pytest.raises(SchemaError, match="'it', row 'ana'"):
        h.predict_proba(FRAME.assign(it=["a", "b", "c"]))


def test_gradients_flow_through_the_logit(bank):
    h = train_classifier(bank, epochs=5, progress=False)
    design = torch.as_tensor(
        h.codec.design(h.codec.cube(bank.X_test)), dtype=torch.float32
    ).requires_grad_()
    logit = h.logit(design)
    assert logit.shape == (len(bank.X_test),)
    np.testing.assert_allclose(
        torch.sigmoid(logit).detach().numpy(), h.predict_proba(bank.X_test)[:, 1], rtol=1e-5
    )
    logit.sum().backward()
    assert (design.grad[:, 0].abs() > 0).all()


def test_a_pipeline_on_raw_strings_serves_genre(bank):
    columns = ColumnTransformer(
        [("text", OneHotEncoder(), ["job", "sex"]), ("number", StandardScaler(), ["income"])]
    )
    h = make_pipeline(columns, LogisticRegression()).fit(bank.X_train, bank.y_train)
    schema = bank.schema.constrain(immutable=["sex"])
    genre = GenRe(h, schema, training=TrainingConfig(steps=20), recipe="paper", progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]
    answer = genre.fit(bank.X_train, bank.y_train).recommend(denied)
    best = answer.best()[answer.found.to_numpy()]
    assert len(best) > 0.8 * len(denied)
    assert (h.predict_proba(best)[:, 1] > 0.5).all()
    assert (best["sex"] == denied.loc[best.index, "sex"]).all()
    assert set(best["job"]) <= {"clerk", "pilot", "smith"}


# -- the bank's decision ----------------------------------------------------------------------


def table(n=300, seed=0, gaps=False, categories=False):
    """People of mixed kinds, as the bank's file holds them, and who was good, 0/1."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": rng.normal(3000, 800, n).round(2),
            "age": rng.integers(20, 70, n),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "owner": rng.random(n) < 0.5,
        },
        index=[f"p{i}" for i in range(n)],
    )
    worth = (X["income"] - 3000) / 800 + (X["job"] == "pilot") - (X["age"] - 45) / 20
    y = (worth + rng.normal(0, 0.5, n) > 0).astype(int)
    if gaps:
        X.loc[X.index[rng.random(n) < 0.2], "income"] = np.nan
        X.loc[X.index[rng.random(n) < 0.2], "job"] = np.nan
    if categories:
        X["job"] = X["job"].astype("category")
    return X, y


def words(model):
    """A pipeline that takes the table as it is."""
    columns = ColumnTransformer(
        [
            ("text", OneHotEncoder(), ["job", "owner"]),
            ("number", StandardScaler(), ["income", "age"]),
        ]
    )
    return make_pipeline(columns, model)


def logistic():
    X, y = table()
    return words(LogisticRegression()).fit(X, y), X, {}, 1


def word_classes():
    X, y = table()
    y = np.where(y == 1, "approved", "rejected")
    return words(LogisticRegression()).fit(X, y), X, {"favourable": "approved"}, "approved"


def default_is_one():
    X, y = table()
    return words(LogisticRegression()).fit(X, 1 - y), X, {"favourable": 0}, 0


def truth_values():
    X, y = table()
    return words(LogisticRegression()).fit(X, y == 1), X, {}, True


def random_forest():
    X, y = table()
    return words(RandomForestClassifier(15, random_state=0)).fit(X, y), X, {}, 1


def gaps_and_categories():
    X, y = table(gaps=True, categories=True)
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=20)
    return model.fit(X, y), X, {}, 1


def lightgbm():
    X, y = table(gaps=True, categories=True)
    X = X.rename(columns={"income": "income a month"})
    lgb = pytest.importorskip("lightgbm")
    return lgb.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(X, y), X, {}, 1


def lightgbm_on_an_array():
    X, y = table()
    X = X[["income", "age"]]
    lgb = pytest.importorskip("lightgbm")
    model = lgb.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)
    return model.fit(X.to_numpy(), y), X, {}, 1


def xgboost():
    X, y = table(gaps=True, categories=True)
    xgb = pytest.importorskip("xgboost")
    model = xgb.XGBClassifier(n_estimators=20, enable_categorical=True, n_jobs=1)
    return model.fit(X, y), X, {}, 1


def support_vectors():
    X, y = table()
    return CalibratedClassifierCV(words(LinearSVC()), cv=3).fit(X, y), X, {}, 1


def fixed(threshold, **favourable):
    X, y = table()
    model = words(LogisticRegression())
    model = FixedThresholdClassifier(model, threshold=threshold).fit(X, y)
    return model, X, favourable, favourable.get("favourable", 1)


def tuned():
    X, y = table()
    y = np.where(y == 1, "approved", "rejected")
    score = make_scorer(fbeta_score, beta=0.3, pos_label="approved")
    model = TunedThresholdClassifierCV(words(LogisticRegression()), scoring=score, cv=3)
    return model.fit(X, y), X, {"favourable": "approved"}, "approved"


def threshold_in_a_pipeline():
    X, y = table()
    X = X[["income", "age"]]
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.7)
    return make_pipeline(StandardScaler(), model).fit(X, y), X, {}, 1


def array():
    X, y = table()
    X = X[["income", "age", "owner"]]
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return model.fit(X.to_numpy(), y), X, {}, 1


def three(n=300):
    X, y = table(n)
    return words(LogisticRegression()).fit(X, np.where(X["age"] < 30, "maybe", y.astype(str))), X


def one_of_three():
    model, X = three()
    return model, X, {"favourable": "1"}, "1"


def two_of_three():
    model, X = three()
    return model, X, {"favourable": ["1", "maybe"]}, ["1", "maybe"]


class Net(Classifier):
    """A module that also predicts, as its author would."""

    def predict(self, frame):
        design = self.codec.design(self.codec.cube(frame[self.codec.schema.names]))
        with torch.no_grad():
            return self.module(torch.as_tensor(design)).squeeze(1).numpy() > 0


def torch_module():
    X, y = table()
    codec = Codec(Schema.infer(X)).fit(X)
    inputs = codec.design(codec.cube(X))
    learnt = LogisticRegression().fit(inputs, y)
    net = nn.Linear(inputs.shape[1], 1).double()
    with torch.no_grad():
        net.weight.copy_(torch.as_tensor(learnt.coef_))
        net.bias.copy_(torch.as_tensor(learnt.intercept_))
    return Net(codec, net), X, {}, True


ZOO = {
    "logistic": logistic,
    "words as classes": word_classes,
    "1 = default": default_is_one,
    "False and True": truth_values,
    "random forest": random_forest,
    "boosting with gaps and categories": gaps_and_categories,
    "LightGBM": lightgbm,
    "LightGBM on an array": lightgbm_on_an_array,
    "XGBoost": xgboost,
    "calibrated linear SVC": support_vectors,
    "threshold 0.3": lambda: fixed(0.3),
    "threshold 0.7": lambda: fixed(0.7),
    "threshold 0.7, of the other class": lambda: fixed(0.7, favourable=0),
    "tuned threshold": tuned,
    "threshold in a pipeline": threshold_in_a_pipeline,
    "array": array,
    "one of three classes": one_of_three,
    "two of three classes": two_of_three,
    "torch": torch_module,
}


@pytest.mark.filterwarnings("error:.*feature names.*")
@pytest.mark.parametrize("kind", ZOO)
def test_yes_is_what_the_model_says(kind):
    """In whatever order and dtypes the people come, nobody is told otherwise than by the model."""
    model, X, said, good = ZOO[kind]()
    h = Decision(model, **said).bind(X)
    told = model.predict(X.to_numpy() if "array" in kind else X)
    expected = np.isin(told, good)
    probability, yes = h.ask(X)
    cut = -1 if h.threshold is None else h.threshold
    clear = np.abs(probability - cut) > 1e-12  # of a tie each may think what they will
    np.testing.assert_array_equal(yes[clear], expected[clear])
    assert 0.1 < yes.mean() < 0.95

    people = X[X.columns[::-1]].sample(frac=1, random_state=0)
    if "job" in people:
        people["job"] = people["job"].astype(object)
    if "age" in people:
        people["age"] = people["age"].astype("Int64")
    rows = X.index.get_indexer(people.index)
    again, decided = h.ask(people)
    np.testing.assert_allclose(again, probability[rows], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(decided, yes[rows])
    alone = h.ask(people.iloc[[0]])
    assert alone[0] == pytest.approx(again[:1], abs=1e-12)

    kept = pickle.loads(pickle.dumps(h))
    np.testing.assert_array_equal(kept.accepts(people), decided)
    bound = Decision(model, **said).bind(json.loads(json.dumps(h.binding)))
    np.testing.assert_array_equal(bound.accepts(people), decided)
    np.testing.assert_allclose(h.predict_proba(X), np.stack([1 - probability, probability], axis=1))


def test_the_threshold_of_a_model_comes_along():
    fixed_one, X, _, _ = fixed(0.7)
    assert Decision(fixed_one).threshold == 0.7
    assert Decision(fixed_one, favourable=0).threshold == pytest.approx(0.3)
    assert Decision(fixed_one, threshold=0.2).threshold == 0.2
    assert Decision(FixedThresholdClassifier(logistic()[0]).fit(X, table()[1])).threshold == 0.5
    model, X, said, _ = tuned()
    assert Decision(model, **said).threshold == model.best_threshold_ != 0.5
    on_scores = FixedThresholdClassifier(
        words(LogisticRegression()), threshold=1.0, response_method="decision_function"
    ).fit(X, table()[1])
    with pytest.raises(GenReError, match=r"decision_function.*response_method='predict_proba'"):
        _ = Decision(on_scores).threshold


def test_several_classes_are_decided_as_the_model_decides():
    answer = [[0.4, 0.3, 0.3], [0.2, 0.4, 0.4], [0.4, 0.2, 0.4]]
    model = Answers(answer)
    model.classes_ = np.array(["no", "a", "b"])
    one, both = (Decision(model, favourable=good) for good in ("a", ["a", "b"]))
    assert one.threshold is None
    assert one.ask(FRAME)[0] == pytest.approx([0.3, 0.4, 0.2])
    assert one.accepts(FRAME).tolist() == [False, True, False], "of equal ones the first"
    for named in ({"a", "b"}, ("a", "b"), np.array(["a", "b"])):
        assert sorted(Decision(model, favourable=named).favourable) == ["a", "b"]
    assert Decision(model, favourable=model.classes_[1]).favourable == "a"
    assert both.ask(FRAME)[0] == pytest.approx([0.6, 0.8, 0.6])
    assert both.accepts(FRAME).tolist() == [False, True, False], "0.6 in all, but 'no' has 0.4"
    cut = Decision(both, threshold=0.5)
    assert cut.accepts(FRAME).tolist() == [True, True, True]
    assert Decision(cut, threshold=0.7).accepts(FRAME).tolist() == [False, True, False]


def test_yes_lies_above_the_threshold():
    h = Decision(Answers([[0.3, 0.7], [0.29, 0.71], [0.5, 0.5]]), threshold=0.7)
    assert h.accepts(FRAME).tolist() == [False, True, False]
    assert accepts(Answers([[0.5, 0.5], [0.49, 0.51], [1, 0]]), FRAME).tolist() == [0, 1, 0]
    assert as_decision(h) is h


def test_which_class_is_good_must_be_said():
    model, _, _, _ = word_classes()
    with pytest.raises(GenReError, match=r"\['approved', 'rejected'\].*favourable='approved' or"):
        as_decision(model)
    for wrong, part in [
        ("granted", "'granted' is none of the classifier's classes_"),
        (1, "1 is none"),
        (["approved", "rejected"], "names all"),
        ([], "names none"),
    ]:
        with pytest.raises(GenReError, match=part):
            Decision(model, favourable=wrong)
    for wrong in (1, -0.1, 70):
        with pytest.raises(GenReError, match=rf"threshold is {wrong}"):
            Decision(model, favourable="approved", threshold=wrong)


def test_a_decision_of_a_decision_is_itself_with_changes():
    model, X, _, _ = word_classes()
    h = Decision(model, favourable="approved", threshold=0.7, contrary=True).bind(X)
    other = Decision(h, threshold=0.6)
    assert (other.model, other.favourable, other.threshold) == (model, "approved", 0.6)
    assert other.contrary and other.columns == list(X.columns) and other.dtypes == h.dtypes
    assert repr(h) == "Decision(Pipeline, favourable='approved', threshold=0.7, contrary=True)"
    named = Decision(model, favourable="approved", columns=["age", "job"])
    again = Decision(model, favourable="approved").bind(named.binding)
    assert (again.columns, again.dtypes) == (["age", "job"], None)
    assert clone(h) is h, "the bank's model is not fitted anew"


def test_what_the_model_reads_and_the_schema_leaves_out():
    model, X, _, _ = logistic()
    with pytest.raises(SchemaError, match=r"reads column 'age', which the schema leaves out"):
        acceptance(model, X.drop(columns="age"))

    class ByName:
        def predict_proba(self, frame):
            return np.stack([1 - frame["owner"], frame["owner"]], axis=1)

    with pytest.raises(SchemaError, match=r"reads column 'owner'.*immutable"):
        acceptance(ByName(), X.drop(columns="owner"))
    model, X, _, _ = array()
    with pytest.raises(SchemaError, match=r"array of 3 columns.*\['income', 'age'\].*columns="):
        acceptance(model, X[["income", "age"]])
    with pytest.raises(SchemaError, match=r"'job', row 'p0': category 'baker' was never seen"):
        model, X, _, _ = gaps_and_categories()
        Decision(model).bind(X).accepts(X.assign(job="baker"))


def test_a_column_that_the_model_drops_may_be_left_out():
    X, y = table()
    columns = ColumnTransformer([("number", StandardScaler(), ["income", "age"])])
    model = make_pipeline(columns, LogisticRegression()).fit(X, y)
    few = Decision(model).ask(X[["age", "income"]])[0]
    np.testing.assert_array_equal(few, model.predict_proba(X)[:, 1])


class Counts:
    """A slow bank: it counts the rows that it is asked about, and wavers."""

    def __init__(self):
        self.rows = 0

    def predict_proba(self, frame):
        self.rows += len(frame)
        yes = np.linspace(0.1, 0.9, len(frame)) / self.rows
        return np.stack([1 - yes, yes], axis=1)


def test_each_different_row_is_asked_once():
    X, _ = table(20, gaps=True)
    many = pd.concat([X, X, X.iloc[::-1]], ignore_index=True)
    h = Decision(Counts())
    answer = h.ask(many)[0]
    assert h.model.rows == len(X.drop_duplicates()) == 20
    np.testing.assert_array_equal(answer[:20], answer[20:40])
    np.testing.assert_array_equal(answer[:20], answer[40:][::-1])
    np.testing.assert_array_equal(answer[:20], np.linspace(0.1, 0.9, 20) / 20)

    memory = Decision(Counts()).remembering()
    first = memory.ask(X)[0]
    again = memory.ask(many.iloc[5:30])[0]
    assert memory.model.rows == 20, "across calls, too"
    np.testing.assert_array_equal(again[:15], first[5:])
    memory.ask(X.assign(age=1))
    assert memory.model.rows == 40
    assert [len(part) for part in h.ask(X.iloc[:0])] == [0, 0]


def test_dtypes_are_those_of_the_fit():
    class Sees:
        def predict_proba(self, frame):
            self.seen = frame
            return np.full((len(frame), 2), 0.5)

    X, _ = table(6, categories=True)
    h = Decision(Sees()).bind(X)
    for people in (
        X.convert_dtypes().astype({"job": "string"}),
        X.astype(object),
        X.astype({"job": object, "age": "Float64", "owner": "boolean"}),
    ):
        h.ask(people[X.columns[::-1]])
        pd.testing.assert_frame_equal(h.model.seen.astype({"age": "int64"}), X, check_names=False)
    gap = X.astype({"age": "Int64", "job": object, "income": object})
    gap.loc["p0", ["age", "job", "income"]] = [pd.NA, None, None]
    h.ask(gap)
    assert h.model.seen.loc["p0", ["age", "job", "income"]].isna().all()
    assert h.model.seen.dtypes.map(str).tolist() == ["float64", "float64", "category", "bool"]
    text = Decision(Sees()).bind(X.astype({"job": object}))
    text.ask(gap.astype({"job": "string"}))
    job = text.model.seen["job"]
    assert job.dtype == object and isinstance(job.iloc[0], float) and np.isnan(job.iloc[0])
    text.ask(X)
    assert text.model.seen["job"].tolist() == X["job"].tolist()


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (LinearSVC(), ["LinearSVC", "CalibratedClassifierCV"]),
        (SVC(), ["SVC", "CalibratedClassifierCV"]),
        (LinearRegression(), ["LinearRegression", "predicts a number", "y > limit"]),
        (nn.Linear(1, 1), ["Linear", "genre_lite.Classifier(codec, module)"]),
        (LogisticRegression, ["is the class LogisticRegression", "fit one"]),
        (object(), ["predict_proba"]),
    ],
)
def test_what_to_do_about_a_model_without_probabilities(model, parts):
    with pytest.raises(GenReError) as error:
        Decision(model)
    for part in parts:
        assert part in str(error.value)


def test_tensors_labels_and_unfitted_models():
    tensor = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]], requires_grad=True)
    assert acceptance(Answers(tensor), FRAME) == pytest.approx([0.1, 0.5, 1.0])
    with pytest.raises(GenReError, match=r"for row 1; prob"):
        acceptance(Answers([[0, 1], [0, 2], [0, 1]]), FRAME.reset_index(drop=True))
    with pytest.raises(NotFittedError, match="a LogisticRegression, is not fitted"):
        acceptance(LogisticRegression(), FRAME)


# -- does it agree with the labels? -----------------------------------------------------------


def test_a_decision_against_the_labels_is_refused():
    X, y = table()
    for favourable, other in (("approved", "rejected"), ("rejected", "approved")):
        model = words(LogisticRegression()).fit(X, np.where(y == 1, "approved", "rejected"))
        h = Decision(model, favourable=favourable)
        labels = y if favourable == "approved" else 1 - y
        require_agreement(h, X, labels)
        with pytest.raises(GenReError) as error:
            require_agreement(h, X, 1 - labels)
        for part in (f"favourable={other!r}", "y = 1 - y", "contrary=True", "worse than chance"):
            assert part in str(error.value)
        require_agreement(Decision(h, contrary=True), X, 1 - labels)


def test_a_doubtful_contradiction_passes():
    """Two standard errors of a blind ranking: of 3 and 6 rows, 0.43 below 1/2 is within."""
    frame = pd.DataFrame({"it": np.arange(9.0)})
    up = np.stack([1 - frame["it"] / 10, frame["it"] / 10], axis=1)
    for favoured, fine in ([0, 1, 2], False), ([0, 1, 4], True), ([4, 5, 6], True):
        y = np.isin(np.arange(9), favoured).astype(int)
        if fine:
            require_agreement(Decision(Answers(up)), frame, y)
        else:
            with pytest.raises(GenReError, match="in 0% of the pairs"):
                require_agreement(Decision(Answers(up)), frame, y)
    require_agreement(Decision(Answers(up)), frame, np.ones(9))


def test_a_net_with_foreign_inputs_is_refused():
    """Trained on z-scores, wrapped as if on [0, 1]: it ranks right, and accepts nearly everybody."""
    frame = pd.DataFrame({"it": np.repeat(np.arange(0, 101, 2), 2)})
    y = (frame["it"] > 60).astype(int)
    codec = Codec(Schema.infer(frame)).fit(frame)
    net = nn.Linear(1, 1)
    with torch.no_grad():
        net.weight.fill_(5.0)
        net.bias.fill_(-0.25)
    with pytest.raises(GenReError, match=r"right on 45%.*on 61%.*order of codec\.design"):
        require_agreement(Decision(Classifier(codec, net)), frame, y)
    require_agreement(Decision(Classifier(codec, net), contrary=True), frame, y)
    with torch.no_grad():
        net.bias.fill_(-3.0)
    require_agreement(Decision(Classifier(codec, net)), frame, y)


def test_a_balanced_net_may_err_on_the_many():
    rare = applicants(share=0.1)
    h = train_classifier(rare, epochs=30, learning_rate=1e-2, progress=False)
    assert (accepts(h, rare.X_train) == rare.y_train).mean() < 0.97
    require_agreement(Decision(h), rare.X_train, rare.y_train)


def test_another_bank_is_known_by_its_answers():
    model, X, _, _ = logistic()
    kept = fingerprint(Decision(model), X.head(10))
    assert kept == np.round(model.predict_proba(X.head(10))[:, 1], 6).tolist()
    assert same_bank(Decision(model), X.head(10), kept) < 1e-6
    other = random_forest()[0]
    difference = np.abs(other.predict_proba(X.head(10))[:, 1] - kept).max()
    assert same_bank(Decision(other), X.head(10), kept) == pytest.approx(difference)


# -- the paper's classifier -------------------------------------------------------------------


def test_training_learns_the_decision(bank):
    h = train_classifier(bank, epochs=40, learning_rate=1e-2, progress=False)
    right = (acceptance(h, bank.X_test) > 0.5) == bank.y_test
    assert right.mean() > 0.8


def test_the_same_seed_gives_the_same_classifier(bank):
    state = torch.random.get_rng_state()
    first = train_classifier(bank, epochs=2, seed=1, progress=False).predict_proba(bank.X_test)
    assert torch.equal(state, torch.random.get_rng_state()), "the global state is left alone"
    torch.manual_seed(99)
    again = train_classifier(bank, epochs=2, seed=1, progress=False).predict_proba(bank.X_test)
    other = train_classifier(bank, epochs=2, seed=2, progress=False).predict_proba(bank.X_test)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_balance_lifts_the_rarer_outcome():
    rare = applicants(share=0.15)
    training = {"epochs": 30, "learning_rate": 1e-2, "progress": False}
    plain, balanced = (
        acceptance(train_classifier(rare, balanced=balanced, **training), rare.X_train)
        for balanced in (False, True)
    )
    assert plain.mean() == pytest.approx(0.15, abs=0.08)
    assert balanced.mean() > plain.mean() + 0.1


@pytest.mark.parametrize("label", [0, 1])
def test_one_outcome_is_not_enough(bank, label):
    one = bank.relabel(np.full(len(bank.train), label), bank.y_test)
    with pytest.raises(GenReError, match=f"labels are {label}; a classifier needs both outcomes"):
        train_classifier(one, progress=False)


def test_progress_only_when_asked(bank, capsys):
    train_classifier(bank, epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")
    train_classifier(bank, epochs=1, progress=True)
    assert "classifier" in capsys.readouterr().err


@pytest.mark.parametrize("met", [np.nan, None])
@pytest.mark.parametrize("given", [np.nan, None, pd.NA])
@pytest.mark.parametrize("kind", ["truths", "words"])
def test_every_missing_value_is_the_one_that_the_model_has_met(met, given, kind) -> None:
    """To an encoder of NaN a None is a stranger, and the other way round; to people they are one gap."""
    chance = np.random.default_rng(0)
    known = [True, False] if kind == "truths" else ["rented", "owned"]
    home = pd.Series(chance.choice(np.array(known, dtype=object), 300), dtype=object)
    home[chance.random(300) < 0.2] = met
    X = pd.DataFrame({"income": chance.normal(3000, 800, 300).round(), "home": home})
    y = ((X["income"] > 3000) | X["home"].isna()).astype(int)
    spelled = ("home", OneHotEncoder(handle_unknown="ignore"), ["home"])
    encode = ColumnTransformer([spelled], remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(X, y)
    h = Decision(model).bind(X, trained=True)
    person = X[X["home"].isna()].head(1)
    asked = person.assign(home=pd.Series([given], person.index, dtype=object))
    assert h.ask(asked)[0] == model.predict_proba(person)[:, 1]
    if kind == "truths":
        asked = person.assign(home=pd.array([None], dtype="boolean"))
        assert h.ask(asked)[0] == model.predict_proba(person)[:, 1]


@pytest.mark.parametrize("gap", [None, pd.NA, pd.NaT, np.nan])
def test_every_missing_number_is_a_gap(gap) -> None:
    chance = np.random.default_rng(0)
    X = pd.DataFrame(
        {"income": chance.normal(3000, 800, 300), "debt": chance.normal(500, 100, 300)}
    )
    X.loc[::7, "debt"] = np.nan
    model = HistGradientBoostingClassifier(random_state=0).fit(X, X["income"] > 3000)
    h = Decision(model).bind(X, trained=True)
    asked = X.head(2).assign(debt=pd.Series([450.0, gap], dtype=object))
    assert (
        h.ask(asked)[0] == model.predict_proba(X.head(2).assign(debt=[450.0, np.nan]))[:, 1]
    ).all()


def test_each_column_has_its_own_writing_of_a_gap() -> None:
    """One model may have met NaN in one column and None in another, behind any wrapper."""
    chance = np.random.default_rng(0)
    X = pd.DataFrame({"income": chance.normal(3000, 800, 400).round()})
    for name, gap in (("own", np.nan), ("home", None)):
        X[name] = pd.Series(chance.choice(np.array(["yes", "no"], dtype=object), 400), dtype=object)
        X.loc[chance.random(400) < 0.3, name] = gap
    y = ((X["income"] > 3000) | X["home"].isna()).astype(int)
    spelled = ("words", OneHotEncoder(), ["own", "home"])
    encode = ColumnTransformer([spelled], remainder="passthrough")
    model = CalibratedClassifierCV(make_pipeline(encode, LogisticRegression(max_iter=1000))).fit(
        X, y
    )
    h = Decision(model).bind(X, trained=True)
    assert (h.ask(X)[0] == model.predict_proba(X)[:, 1]).all(), "rows of the fit as they are"
    again = Decision(model).bind(json.loads(json.dumps(h.binding)))
    swapped = X.assign(own=X["own"].where(X["own"].notna(), None).astype(object))
    swapped["home"] = [np.nan if v is None else v for v in X["home"]]
    for bank in (h, again):
        assert (bank.ask(swapped)[0] == h.ask(X)[0]).all()


@pytest.mark.parametrize("given", [{}, {"dtypes": True}])
def test_only_the_table_of_the_fit_says_how_a_gap_is_written(given) -> None:
    """People who ask may write theirs in another way, and a bank that knows its dtypes learns it too."""
    chance = np.random.default_rng(0)
    X = pd.DataFrame({"income": chance.normal(3000, 800, 300).round()})
    X["home"] = pd.Series(
        chance.choice(np.array(["rented", "owned"], dtype=object), 300), dtype=object
    )
    X.loc[chance.random(300) < 0.3, "home"] = None
    y = ((X["income"] > 3000) | X["home"].isna()).astype(int)
    encode = ColumnTransformer([("words", OneHotEncoder(), ["home"])], remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(X, y)
    settings = {"dtypes": X.dtypes} if given else {}
    people = X.assign(home=X["home"].where(X["home"].notna(), np.nan).astype(object))
    bound = Decision(model, **settings).bind(people).bind(X, trained=True)
    before = people.copy()
    assert (bound.ask(people)[0] == model.predict_proba(X)[:, 1]).all()
    pd.testing.assert_frame_equal(people, before)
    with pytest.raises(ValueError, match="unknown categories"):
        Decision(model, **settings).bind(people).ask(people)
    kept = json.loads(json.dumps(bound.binding))
    assert (Decision(model, **settings).bind(kept).ask(people)[0] == bound.ask(people)[0]).all()
