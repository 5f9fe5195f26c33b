"""The contract of a method: all methods of the package keep it, and whoever breaks a rule is caught."""

from __future__ import annotations

import inspect
import re
import warnings
import weakref
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from genre_lite import baselines
from genre_lite.contract import RULES
from genre_lite.estimator import RecourseMethod, positions

RANKS = ["low", "mid", "high"]


def table(rows: int = 150) -> pd.DataFrame:
    """Numbers, a narrow one among them, an ordinal, a nominal and a boolean column."""
    i = np.arange(rows)
    return pd.DataFrame(
        {
            "age": (20 + i * 7 % 50).astype("int8"),
            "income": np.round(1 + i * 37 % 101 / 20, 2),
            "savings": i * 13 % 31,
            "rank": pd.Categorical(np.take(RANKS, i * 5 % 3), RANKS, ordered=True),
            "job": np.take(["clerk", "pilot", "smith"], i // 3 % 3),
            "owner": i // 2 % 2 == 0,
        },
        index=pd.Index(100 + i, name="customer"),
    )


X = table()
SCHEMA = gl.Schema.infer(X, immutable=["age"])
WORTH = X["income"] + 0.05 * X["savings"] + 0.5 * X["rank"].cat.codes + 0.4 * X["owner"]
MIDDLE = float(WORTH.median())
Y = (WORTH > MIDDLE).astype(int)


class Bank:
    """Says yes to whoever is worth enough; it needs no fit."""

    classes_ = np.array([0, 1])

    def predict_proba(self, frame):
        worth = frame["income"].to_numpy(float) + 0.05 * frame["savings"].to_numpy(float)
        worth += 0.5 * pd.Categorical(frame["rank"], RANKS).codes
        worth += 0.4 * frame["owner"].to_numpy(float)
        yes = 1 / (1 + np.exp(-4 * (worth - MIDDLE)))
        return np.stack([1 - yes, yes], axis=1)


@pytest.fixture(scope="module")
def network():
    """A classifier with a gradient."""
    bank = SimpleNamespace(X_train=X, y_train=Y, schema=SCHEMA)
    settings = {"epochs": 60, "batch_size": 16, "learning_rate": 5e-3}
    return gl.train_classifier(bank, progress=False, **settings)


def people(h) -> pd.DataFrame:
    """Three whom h denies and one whom it accepts, out of order."""
    yes = h.predict_proba(X)[:, 1] > 0.5
    return X.iloc[[*np.flatnonzero(~yes)[:2], np.flatnonzero(yes)[0], np.flatnonzero(~yes)[2]]]


QUICK = gl.TrainingConfig(steps=40, distil_steps=60, rounds=1, round_steps=20)
WALK = {"max_steps": 25}
LATENT = {"training_steps": 30, "hidden": (16,)}
METHODS = {
    "GenRe": lambda h: gl.GenRe(h, SCHEMA, training=QUICK),
    "NearestNeighbour": lambda h: baselines.NearestNeighbour(h, SCHEMA),
    "GraftedNeighbour": lambda h: baselines.GraftedNeighbour(h, SCHEMA),
    "Wachter": lambda h: baselines.Wachter(h, SCHEMA, learning_rate=0.05, **WALK),
    "ROAR": lambda h: baselines.ROAR(h, SCHEMA, learning_rate=0.05, **WALK),
    "PROBE": lambda h: baselines.PROBE(h, SCHEMA, learning_rate=0.05, **WALK),
    "DiCE": lambda h: baselines.DiCE(h, SCHEMA, **WALK),
    "GrowingSpheres": lambda h: baselines.GrowingSpheres(h, SCHEMA, samples=50, max_rounds=20),
    "CCHVAE": lambda h: baselines.CCHVAE(h, SCHEMA, samples=20, max_rounds=20, **LATENT),
    "REVISE": lambda h: baselines.REVISE(h, SCHEMA, **WALK, **LATENT),
    "CRUDS": lambda h: baselines.CRUDS(h, SCHEMA, learning_rate=0.1, **WALK, **LATENT),
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_the_package_keeps_the_contract(name, network):
    method = METHODS[name](network)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        report = gl.check_recourse_method(method, X, Y, people(network))
    assert not [w for w in told if "were not put to the test" in str(w.message)]
    assert report.index.tolist() == list(RULES)
    assert report["asks"].str.endswith(".").all()
    assert (report["seconds"] >= 0).all()
    assert not hasattr(method, "codec")  # the one that was given is left alone


def test_every_method_is_held_to_it():
    assert {*METHODS} == {"GenRe", *baselines.__all__}


# -- as estimators ----------------------------------------------------------------------------------

WRONG = {  # a value that is none, for every setting that a method has
    "seed": -1,
    "progress": "yes",
    "cost_weight": -0.5,
    "validity_margin": 1.0,
    "learning_rate": 0,
    "max_steps": 2.5,
    "max_rounds": 0,
    "max_seconds": float("nan"),
    "patience": True,
    "samples": "many",
    "step": 0.0,
    "hidden": (16, 0),
    "code": 0,
    "training_steps": None,
    "shift": -0.1,
    "target_rate": 1,
    "tolerance": -1,
    "noise": 0,
    "proximity_weight": -1,
    "diversity_weight": float("nan"),
    "sparse": 1,
    "candidates": 0,
    "margin": 1.0,
    "refined": "a little",
    "recipe": "papper",
    "device": "abacus",
}
STORED = {"h", "schema", "outcome", "model", "training"}  # checked by what they are given to


@pytest.mark.parametrize("name", METHODS)
def test_a_wrong_setting_is_stored_and_refused_by_the_fit(name):
    method = METHODS[name](Bank())
    settings = method.get_params(deep=False)
    assert settings.keys() <= WRONG.keys() | STORED
    for setting in sorted(settings.keys() - STORED):
        wrong = type(method)(**settings | {setting: WRONG[setting]})
        stored = {*vars(wrong)}
        with pytest.raises(gl.GenReError, match=re.escape(f"{setting} is {WRONG[setting]!r}; ")):
            wrong.fit(X, Y)
        assert {*vars(wrong)} == stored
        with pytest.raises(gl.NotFittedError):
            wrong.recommend(X.head(1))


@pytest.mark.parametrize("name", METHODS)
def test_a_fit_with_a_wrong_setting_forgets_the_fit_before(name, network):
    method = METHODS[name](network)
    stored = {*vars(method)}
    assert {*vars(method.fit(X, Y))} > stored
    with pytest.raises(gl.GenReError, match="seed is -1"):
        method.set_params(seed=-1).fit(X, Y)
    assert {*vars(method)} == stored


@pytest.mark.parametrize("name", METHODS)
def test_settings_go_out_and_in_again(name, network):
    method = METHODS[name](network)
    settings = method.get_params(deep=False)
    signature = inspect.signature(type(method)).parameters
    assert settings.keys() == signature.keys(), "each has a name of its own in help()"
    other = type(method)(None, None).set_params(**settings)
    assert other.get_params(deep=False) == settings


@pytest.mark.parametrize("name", METHODS)
def test_repr_names_what_differs_from_the_defaults(name, network):
    method = METHODS[name](network)
    signature = inspect.signature(type(method)).parameters
    changed = {
        setting
        for setting, value in method.get_params(deep=False).items()
        if value != signature[setting].default
    }
    assert {"h", "schema"} <= changed
    told = repr(method.set_params(h=None, schema=None))
    assert set(re.findall(r"(\w+)=", told.split("TrainingConfig")[0])) == changed


def test_terms_can_be_left_out():
    report = gl.check_recourse_method(baselines.NearestNeighbour(Bank(), SCHEMA), X, terms=False)
    assert report.index.tolist() == [rule for rule in RULES if rule != "terms"]


class Silent(baselines.NearestNeighbour):
    """Finds nothing."""

    def _options(self, denied, limits, n):
        return denied.iloc[:0].set_axis(positions([], [])), np.empty(0)


def test_a_method_that_finds_nothing_is_not_put_to_the_test():
    with pytest.warns(UserWarning, match="found nothing for any of the 8 people"):
        gl.check_recourse_method(Silent(Bank(), SCHEMA), X)


def test_somebody_must_be_denied():
    method = baselines.NearestNeighbour(Bank(), SCHEMA)
    rich = X[Bank().predict_proba(X)[:, 1] > 0.5]
    with pytest.raises(gl.GenReError, match="give somebody whom it denies"):
        gl.check_recourse_method(method, X, people=rich)


# -- methods that break a rule ----------------------------------------------------------------------


class Honest(RecourseMethod):
    """Gives everybody the cheapest accepted rows; those below break one rule each."""

    name = "honest"

    def _fit(self, X, labels, score, yes):
        self.targets_ = X[yes].drop_duplicates().reset_index(drop=True)

    def _places(self, denied, limits, n):
        """Which targets each person gets, (people, n)."""
        return np.argsort(self._prices(denied, limits), axis=1, kind="stable")[:, :n]

    def _prices(self, denied, limits):
        theirs = self.codec.cube(self.targets_)
        grafted = [limits.graft(theirs, np.full(len(theirs), row)) for row in range(len(denied))]
        cubes = self.codec.cube(denied)
        prices = np.stack(
            [
                gl.cost(mine, them, self.codec.nominal)
                for mine, them in zip(cubes, grafted, strict=True)
            ]
        )
        keeps = np.stack(
            [limits.keeps(them, np.full(len(them), row)) for row, them in enumerate(grafted)]
        )
        return np.where(keeps, prices, np.inf)

    def _options(self, denied, limits, n):
        places = self._places(denied, limits, n)
        rows = np.repeat(np.arange(len(denied)), places.shape[1])
        own = denied.iloc[rows].reset_index(drop=True)
        found = self.targets_.iloc[places.ravel()].reset_index(drop=True)
        fixed = limits.fixed[rows]
        for j, column in enumerate(found.columns):
            found[column] = found[column].where(~fixed[:, j], own[column])
        found = found.set_axis(positions(rows, np.tile(np.arange(places.shape[1]), len(denied))))
        return found, np.full(len(found), np.nan)


class OneStream(Honest):
    """Draws from one stream for everybody."""

    def _places(self, denied, limits, n):
        chance = np.random.default_rng(self.seed)
        return chance.integers(len(self.targets_), size=(len(denied), n))


class Unseeded(Honest):
    """Keyed by the person, and by what the clock says at the fit."""

    ticks = 0

    def _fit(self, X, labels, score, yes):
        super()._fit(X, labels, score, yes)
        Unseeded.ticks += 1
        self.start_ = Unseeded.ticks

    def _places(self, denied, limits, n):
        return (super()._places(denied, limits, n) + self.start_) % len(self.targets_)


class Ordered(Honest):
    """The second of two equal rows gets what the first left over."""

    def _places(self, denied, limits, n):
        order = np.argsort(self._prices(denied, limits), axis=1, kind="stable")
        nth = denied.groupby(list(denied.columns), observed=True).cumcount().to_numpy()
        return np.stack([row[k : k + n] for row, k in zip(order, nth, strict=True)])


class Unfree(Honest):
    """Answers past its terms: whatever is asked, the whole row of another person."""

    def recommend(self, people, n=1, **terms):
        return super().recommend(people, n)


class Clumsy(Honest):
    """Hands the people's numbers on as fractions."""

    def recommend(self, people, n=1, **terms):
        schema = self.schema.names
        people = people.astype({"savings": float}) if "savings" in schema else people
        return super().recommend(people, n, **terms)


class Faithful(Honest):
    """Remembers the targets of its first fit."""

    memory: ClassVar = weakref.WeakKeyDictionary()

    def _fit(self, X, labels, score, yes):
        super()._fit(X, labels, score, yes)
        self.targets_ = Faithful.memory.setdefault(self, self.targets_)


class Stubborn(Honest):
    """A fit that fails leaves the old one."""

    def fit(self, X, y=None, **options):
        before = dict(vars(self))
        try:
            return super().fit(X, y, **options)
        except gl.GenReError:
            self.__dict__.update(before)
            raise


class Secretive(Honest):
    """Takes a setting that no clone can see."""

    def __init__(self, h, schema, *, progress=True, **settings):
        super().__init__(h, schema, progress=progress)
        self.reach = settings.get("reach", 1)


class Tidying(Honest):
    """Stores its settings in a form of its own."""

    def __init__(self, h, schema, *, reach=(1, 2), progress=True):
        super().__init__(h, schema, progress=progress)
        self.reach = [*reach]


class Unmarked(Honest):
    """Learns something that looks like a setting."""

    def _fit(self, X, labels, score, yes):
        super()._fit(X, labels, score, yes)
        self.targets = self.targets_


class Local(Honest):
    """Keeps a function that cannot be stored."""

    def _fit(self, X, labels, score, yes):
        super()._fit(X, labels, score, yes)
        self.rule_ = lambda row: row


class Grasping(Honest):
    """Writes into the table it was given."""

    def fit(self, X, y=None, **options):
        super().fit(X, y, **options)
        X.loc[X.index[0], "savings"] += 1
        return self


class Sloppy(Honest):
    """Leaves out whoever gets nothing."""

    def recommend(self, people, n=1, **terms):
        answer = super().recommend(people, n, **terms)
        frame = answer.frame.iloc[: len(people)]
        return SimpleNamespace(frame=frame, found=answer.found, accepted=answer.accepted)


class Hopeful(Honest):
    """Calls an option good that h denies."""

    def _fit(self, X, labels, score, yes):
        super()._fit(X, labels, score, yes)
        self.targets_ = X[~yes].drop_duplicates().reset_index(drop=True)

    def _options(self, denied, limits, n):
        found, log_prob = super()._options(denied, limits, n)
        return found, log_prob, np.full(len(found), 0.9)


class Younger(Honest):
    """Tells people to be twenty."""

    def recommend(self, people, n=1, **terms):
        answer = super().recommend(people, n, **terms)
        answer.frame.loc[answer.found & ~answer.accepted.repeat(n).to_numpy(), "age"] = 20
        return answer


class Flattering(Honest):
    """Offers those who are accepted the best row."""

    def recommend(self, people, n=1, **terms):
        answer = super().recommend(people, n, **terms)
        yes = answer.accepted.repeat(n).to_numpy() & answer.found.to_numpy()
        answer.frame.loc[yes, "income"] = X["income"].max()
        return answer


BROKEN = {
    Secretive: ("clone", "the setting reach is 2, and the clone's 1"),
    Grasping: ("hands off", "X is another table afterwards"),
    Tidying: ("settings", r"the setting reach goes in as \[1, 2\] and is stored as \[1, 2\]"),
    Unmarked: ("settings", "fit adds 'targets', which looks like a setting; call it 'targets_'"),
    Sloppy: ("index", "asked for 2 options each, frame's index is"),
    Flattering: ("accepted", r"is accepted and gets age .*, income 6"),
    Hopeful: ("decision", "h denies an option of person"),
    Younger: ("schema", "'age' is immutable, and goes from"),
    Clumsy: ("dtypes", "'savings' comes in as int64 and goes out as float64"),
    Unfree: ("terms", "freeze names"),
    OneStream: ("company", "in one order, and .* in the other order"),
    Ordered: ("twins", "as the first of five, and .* as another"),
    Unseeded: ("seed", "by one fit, and .* by another of the same seed"),
    Local: ("pickle", "it raised"),
    Faithful: ("refit", "by a first fit, and .* by a second fit"),
    Stubborn: ("failed fit", "a fitted method, after a fit without a column that failed, answers"),
}


def test_an_honest_method_passes():
    gl.check_recourse_method(Honest(Bank(), SCHEMA), X, Y)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda method: method.__name__)
def test_who_breaks_a_rule_is_caught_and_told(broken):
    rule, seen = BROKEN[broken]
    settings = {"reach": 2} if broken is Secretive else {}
    with pytest.raises(
        gl.GenReError, match=rf"{broken.__name__} breaks the rule '{rule}': .*{seen}"
    ):
        gl.check_recourse_method(broken(Bank(), SCHEMA, **settings), X.copy(), Y, people(Bank()))


def test_every_rule_has_somebody_who_breaks_it():
    assert {rule for rule, _ in BROKEN.values()} == {*RULES}
