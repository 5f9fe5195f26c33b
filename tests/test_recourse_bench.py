"""GenRe and the nearest neighbour in RecourseBench, tried on a stand-in of its interface."""

from __future__ import annotations

import importlib.util
import sys
import types
from abc import ABC, abstractmethod

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression

import genre_lite as gl
from benchmarks import recourse_bench as adapter

# The stand-in keeps what charmlab/recourse_bench at 44922e9 (its version 0.2.0) asks of a method:
# the names, the order of the calls, what is frozen, and what its base class refuses.


class DatasetObject:
    """A frozen table with what is said of its columns."""

    def __init__(self, table: pd.DataFrame, target_column: str, **said: object) -> None:
        self._rawdf, self.target_column = table, target_column
        self.__dict__.update(said)

    def attr(self, flag: str) -> object:
        if flag.startswith("_") or not hasattr(self, flag):
            raise AttributeError(flag)
        return getattr(self, flag)

    def get(self, target: bool = False) -> pd.DataFrame:
        wanted = self._rawdf.columns == self.target_column
        return self._rawdf.loc[:, wanted if target else ~wanted].copy()


class ModelObject:
    """A logistic model of the columns as they stand; classes in the order of their labels."""

    _device = "cpu"

    def fit(self, train_set: DatasetObject) -> None:
        X, y = train_set.get(), train_set.get(target=True).iloc[:, 0]
        self._columns = list(X.columns)
        self._model = LogisticRegression(max_iter=1000).fit(X, y)

    def get_prediction(self, X: pd.DataFrame, proba: bool = True) -> torch.Tensor:
        assert list(X.columns) == self._columns, "asked in other columns than those of the fit"
        assert not X.isna().any(axis=None)
        p = torch.tensor(self._model.predict_proba(X))
        return p if proba else p.log()

    def get_class_to_index(self) -> dict:
        return {label: index for index, label in enumerate(self._model.classes_)}


class MethodObject(ABC):
    @abstractmethod
    def __init__(self, target_model, seed=None, device="cpu", desired_class=None, **kwargs): ...

    @abstractmethod
    def fit(self, train_set): ...

    @abstractmethod
    def get_counterfactuals(self, factuals): ...

    def predict(self, test_set: DatasetObject, batch_size: int = 20) -> pd.DataFrame:
        """The counterfactuals alone, after the checks of the original."""
        if not self._is_trained:
            raise RuntimeError("Method is not trained")
        factuals, batches = test_set.get(), []
        for start in range(0, len(factuals), batch_size):
            batch = factuals.iloc[start : start + batch_size]
            answer = self.get_counterfactuals(batch)
            if answer.shape[0] != batch.shape[0] or set(answer.columns) != set(batch.columns):
                raise ValueError("get_counterfactuals() must preserve rows and feature columns")
            batches.append(answer.reindex(index=batch.index, columns=batch.columns))
        return pd.concat(batches).reindex(index=factuals.index)


@pytest.fixture
def registry(monkeypatch) -> dict:
    """What the stand-in of RecourseBench has registered, by name."""
    known: dict = {}

    def register(name):
        def decorator(cls):
            if not issubclass(cls, MethodObject):
                raise TypeError(cls.__name__)
            if name in known:
                raise KeyError(name)
            known[name] = cls
            return cls

        return decorator

    package = types.ModuleType("recourse_bench")
    package.MethodObject, package.register = MethodObject, register
    monkeypatch.setitem(sys.modules, "recourse_bench", package)
    adapter.register()
    return known


RAW = {  # type, mutable, rule: six features of a small bank
    "income": ("numerical", True, "any"),
    "age": ("numerical", True, "same-or-increase"),
    "debt": ("numerical", True, "same-or-decrease"),
    "owner": ("binary", True, "any"),
    "sex": ("categorical", False, "any"),
    "job": ("categorical", True, "any"),
    "grade": ("categorical", True, "same-or-increase"),
}
SPREAD = {
    "job": ["job_cat_clerk", "job_cat_driver", "job_cat_nurse"],
    "grade": ["grade_therm_low", "grade_therm_mid", "grade_therm_high"],
}


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "income": rng.integers(0, 41, n) / 40,
            "age": rng.integers(0, 31, n) / 30,
            "debt": rng.integers(0, 21, n) / 20,
            "owner": rng.integers(0, 2, n).astype(float),
            "sex": rng.integers(0, 2, n).astype(float),
            "job": rng.integers(0, 3, n),
            "grade": rng.integers(0, 3, n),
        }
    )
    score = 4 * table.income - 3 * table.debt + table.owner + table.grade - 2 + table.job.eq(2)
    return table.assign(outcome=np.where(score + rng.logistic(0, 0.5, n) > 0, "good", "bad"))


def encoded(table: pd.DataFrame) -> pd.DataFrame:
    """As their encoder leaves it: one-hot jobs, a thermometer of grades, a code for sex."""
    parts = []
    for name in table.columns:
        for level, column in enumerate(SPREAD.get(name, [name])):
            values = table[name]
            if name == "job":
                values = (values == level).astype(float)
            elif name == "grade":
                values = (values >= level).astype(float)
            parts.append(values.rename(column))
    return pd.concat(parts, axis=1)


def dataset(table: pd.DataFrame, **changes: tuple) -> DatasetObject:
    raw = RAW | changes
    said: dict = {"encoded_feature_type": {}, "encoded_feature_mutability": {}}
    said |= {"encoded_feature_actionability": {}, "encoding": SPREAD | {"sex": ["sex"]}}
    for name, (kind, mutable, rule) in raw.items():
        for column in SPREAD.get(name, [name]):
            said["encoded_feature_type"][column] = "binary" if name in SPREAD else kind
            said["encoded_feature_mutability"][column] = mutable
            said["encoded_feature_actionability"][column] = rule
    said["encoded_value_mapping"] = {"sex": {0: "female", 1: "male"}}
    return DatasetObject(encoded(table), "outcome", **said)


@pytest.fixture(scope="module")
def train() -> DatasetObject:
    return dataset(people(400, seed=0))


@pytest.fixture(scope="module")
def model(train) -> ModelObject:
    model = ModelObject()
    model.fit(train)
    return model


@pytest.fixture(scope="module")
def test() -> DatasetObject:
    return dataset(people(60, seed=1))


def quick(name: str) -> dict:
    few = gl.TrainingConfig(steps=60, distil_steps=60, rounds=0)
    return {"training": few} if name == "genre" else {}


def decided(model: ModelObject, rows: pd.DataFrame) -> np.ndarray:
    return np.asarray(model._model.classes_)[model.get_prediction(rows).argmax(dim=1).numpy()]


def test_the_file_needs_no_recourse_bench(monkeypatch):
    monkeypatch.setitem(sys.modules, "recourse_bench", None)  # an import of it would fail
    spec = importlib.util.spec_from_file_location("alone", adapter.__file__)
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    with pytest.raises(ImportError):
        alone.register()


def test_columns_become_features_and_come_back(train, test):
    columns = adapter.Columns(train)
    kinds = {f.name: (f.kind, f.actionability) for f in columns.schema}
    assert kinds == {
        "income": ("numeric", "free"),
        "age": ("numeric", "increasing"),
        "debt": ("numeric", "decreasing"),
        "owner": ("nominal", "free"),
        "sex": ("nominal", "immutable"),
        "job": ("nominal", "free"),
        "grade": ("ordinal", "increasing"),
    }
    table = columns.ours(test.get())
    raw = people(60, seed=1)
    for name, levels in SPREAD.items():
        assert table[name].tolist() == [levels[i] for i in raw[name]]
    pd.testing.assert_frame_equal(columns.theirs(table), test.get())
    table.loc[3, "job"] = None
    assert columns.theirs(table).isna().all(axis=1).tolist() == [i == 3 for i in range(60)]


@pytest.mark.parametrize("name", ["genre", "nearest_neighbour"])
@pytest.mark.parametrize("desired", ["good", "bad"])
def test_answers_are_valid_and_keep_their_rules(registry, name, desired, train, test, model):
    method = registry[name](model, seed=0, desired_class=desired, **quick(name))
    with pytest.raises(RuntimeError, match="not trained"):
        method.predict(test)
    method.fit(train)
    answer, before = method.predict(test), test.get()
    asks = decided(model, before) != desired
    assert 10 < asks.sum() < 50
    pd.testing.assert_frame_equal(answer[~asks], before[~asks])
    found = answer.notna().all(axis=1)
    assert (found == answer.notna().any(axis=1)).all(), "a row is whole or it is NaN"
    assert found[asks].mean() > (0.9 if name == "genre" else 0.5), "whoever copies finds fewer"
    after, before = answer[asks & found], before[asks & found]
    assert (decided(model, after) == desired).all()
    assert (after["sex"] == before["sex"]).all()
    assert (after["age"] >= before["age"]).all() and (after["debt"] <= before["debt"]).all()
    assert (after[SPREAD["job"]].sum(axis=1) == 1).all()
    lit = after[SPREAD["grade"]].to_numpy()
    assert (np.diff(lit, axis=1) <= 0).all() and (lit[:, 0] == 1).all()
    assert (lit.sum(1) >= before[SPREAD["grade"]].sum(axis=1)).all()
    assert set(np.unique(after[[*SPREAD["job"], *SPREAD["grade"], "owner"]])) <= {0.0, 1.0}


def test_the_neighbour_is_the_packages_own(registry, train, test, model):
    """The same people in the bank's own words, without a column of RecourseBench."""

    class Words:
        def predict_proba(self, table):
            return model._model.predict_proba(encoded(table))[:, [0, 1]]

    def feature(name):
        moves = {"age": "increasing", "debt": "decreasing", "sex": "immutable"}
        if name == "grade":
            return gl.Feature(
                name, kind="ordinal", categories=(0, 1, 2), actionability="increasing"
            )
        if name in ("owner", "sex", "job"):
            levels = (0, 1, 2) if name == "job" else (0.0, 1.0)
            kind = {"kind": "nominal", "categories": levels}
        else:
            kind = {}
        return gl.Feature(name, **kind, actionability=moves.get(name, "free"))

    raw = people(400, seed=0)
    own = gl.baselines.NearestNeighbour(
        Words(), gl.Schema([feature(name) for name in RAW]), progress=False
    )
    own.fit(raw.drop(columns="outcome"), (raw["outcome"] == "good").astype(int))
    best = own.recommend(people(60, seed=1).drop(columns="outcome")).best()
    assert best.notna().all(axis=None)
    method = registry["nearest_neighbour"](model, desired_class="good")
    method.fit(train)
    answer = method.predict(test, batch_size=7)
    assert (answer != test.get()).any(axis=1).sum() > 10
    pd.testing.assert_frame_equal(answer, encoded(best), check_names=False)


def test_who_gets_no_answer_gets_a_row_of_nan(registry, train, test, model):
    method = registry["nearest_neighbour"](model, desired_class="good")
    fixed = {name: (kind, False, rule) for name, (kind, _, rule) in RAW.items()}
    method.fit(dataset(people(400, seed=0), **fixed))
    answer = method.predict(test)
    asks = decided(model, test.get()) != "good"
    assert answer[asks].isna().all(axis=None)
    assert answer[~asks].notna().all(axis=None)

    method.fit(train)
    strange = test.get()
    strange.loc[0, "owner"] = 7.0  # a level that nobody has
    strange.index = [5] * len(strange)  # and labels that tell nobody apart
    answer = method.get_counterfactuals(strange)
    assert answer.iloc[0].isna().all() and answer.iloc[1:].notna().all(axis=None)
    assert answer.index.tolist() == [5] * len(strange)


def test_what_is_refused(registry, model):
    assert sorted(registry) == ["genre", "nearest_neighbour"]
    with pytest.raises(ValueError, match="desired_class"):
        registry["genre"](model)
    with pytest.raises(ValueError, match="'cuda'"):
        registry["genre"](model, device="cuda", desired_class="good")
    with pytest.raises(KeyError):
        adapter.register()
