"""The answer as a function of the person, the bank's decision and the person's own terms."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier

import genre_lite as gl

QUICK = gl.TrainingConfig(
    steps=40, check_every=20, distil_steps=60, rounds=1, round_steps=20, people=60
)


def table(rows=240, seed=0):
    """Numbers, levels and words; income, debt and savings decide."""
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": chance.integers(10, 100, rows),
            "debt": chance.integers(0, 30, rows).astype(float),
            "savings": chance.choice(["none", "some", "much"], rows),
            "job": chance.choice(["clerk", "pilot", "smith"], rows),
            "sex": chance.choice(["f", "m"], rows),
            "age": chance.integers(18, 70, rows),
        }
    )


def schema():
    return gl.Schema(
        [
            gl.Feature("income", low=0, step=1),
            gl.Feature("debt", low=0, actionability="decreasing"),
            gl.Feature("savings", "ordinal", ("none", "some", "much")),
            gl.Feature("job", "nominal", ("clerk", "pilot", "smith")),
            gl.Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
            gl.Feature("age", low=0, step=1, unit="years", actionability="clock"),
        ]
    )


class Rule:
    """Income less debt, with a bonus for savings: yes above 50. Sure of itself, and no more."""

    def predict_proba(self, frame):
        bonus = frame["savings"].map({"none": 0, "some": 5, "much": 10}).to_numpy(dtype=float)
        score = frame["income"].to_numpy(float) - frame["debt"].to_numpy(float) + bonus
        yes = 1 / (1 + np.exp(-(score - 50) / 6))
        return np.stack([1 - yes, yes], axis=1)


def fitted(h, frame, form, y=None, **settings):
    genre = gl.GenRe(h, form, training=QUICK, progress=False, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return genre.fit(frame, y)


@pytest.fixture(scope="module")
def genre():
    return fitted(Rule(), table(), schema())


@pytest.fixture(scope="module")
def denied(genre):
    people = table(80, seed=1)
    return people[~genre.decision_.accepts(people)].head(24)


@pytest.fixture(scope="module")
def answer(genre, denied):
    return genre.recommend(denied, n=3)


# -- the same person, the same letter -----------------------------------------------------------


def alike(a, b, of=None):
    """Bit for bit: options, costs, probabilities."""
    left, right = (x.options.loc[of] if of is not None else x.options for x in (a, b))
    pd.testing.assert_frame_equal(left, right, check_exact=True)
    rows = left.index
    for name in ("cost", "probability"):
        pd.testing.assert_series_equal(
            getattr(a, name)[rows], getattr(b, name)[rows], check_exact=True
        )


def test_alone_and_in_a_crowd(genre, denied, answer):
    for person in denied.index[:3]:
        alike(genre.recommend(denied.loc[[person]], n=3), answer, of=[person])


def test_in_another_order_and_under_another_name(genre, denied, answer):
    alike(genre.recommend(denied.iloc[::-1], n=3), answer, of=list(denied.index))
    named = denied.set_axis([f"person {i}" for i in range(len(denied))])
    other = genre.recommend(named, n=3).options
    pd.testing.assert_frame_equal(
        other.reset_index(drop=True), answer.options.reset_index(drop=True), check_exact=True
    )


def test_equal_people_get_equal_letters(genre, denied, answer):
    five = denied.iloc[[0] * 5].reset_index(drop=True)
    options = genre.recommend(five, n=3).options
    mine = answer.options.loc[[denied.index[0]]].reset_index(drop=True)
    for person in five.index:
        pd.testing.assert_frame_equal(
            options.loc[[person]].reset_index(drop=True), mine, check_exact=True
        )


def test_the_seed_changes_the_draws(genre, denied):
    first, again, other = (genre.sample(denied, n=5, seed=seed).frame for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first.equals(other)


SCRIPT = """
import sys, pandas as pd, genre_lite as gl
genre = gl.GenRe.load("german", progress=False)
people = pd.read_pickle(sys.argv[1])
answer = genre.recommend(people, n=2)
pd.to_pickle((answer.options, answer.cost, answer.probability), sys.argv[2])
"""
PLACES = {
    "one thread": {"OMP_NUM_THREADS": "1"},
    "two threads": {"OMP_NUM_THREADS": "2"},
    "plain kernels": {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": "default"},
}


def test_in_another_process_on_other_threads_and_kernels(tmp_path):
    genre = gl.GenRe.load("german", progress=False)
    people = gl.load_dataset("german").X_test.head(40)
    here = genre.recommend(people, n=2)
    people.to_pickle(tmp_path / "people")
    assert (~here.accepted).sum() > 5
    for place, environment in PLACES.items():
        file = tmp_path / place.replace(" ", "-")
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "people"), str(file)],
            env=os.environ | environment,
            check=True,
        )
        options, cost, probability = pd.read_pickle(file)
        pd.testing.assert_frame_equal(options, here.options, check_exact=True)
        pd.testing.assert_series_equal(cost, here.cost, check_exact=True)
        pd.testing.assert_series_equal(probability, here.probability, rtol=1e-12)


# -- what an answer holds -----------------------------------------------------------------------


def test_nothing_is_needless(genre, denied, answer):
    told = gl.check(denied, answer, Rule(), schema())
    told = told[answer.found.to_numpy()]
    assert len(told) >= len(denied)
    assert told["accepted"].all()
    assert (told["broken"] == "").all()
    assert (told["needless"] == 0).all()
    assert (told["changes"] >= 1).all()


def test_nothing_is_needless_on_moons():
    bank = gl.load_dataset("moons", n=240)
    h = gl.train_classifier(bank, epochs=60, progress=False)
    genre = fitted(h, bank.X_train, bank.schema, bank.y_train)
    people = bank.X_test[~gl.Decision(h).accepts(bank.X_test)].head(20)
    answer = genre.recommend(people)
    told = gl.check(people, answer, h, bank.schema)
    assert answer.found.all()
    assert (told["needless"] == 0).all()


def test_a_change_is_a_step(answer):
    changes = answer.changes()
    income = changes[changes["feature"] == "income"]
    assert (np.abs((income["to"] - income["from"]).astype(float)) >= 1).all()
    assert all(isinstance(value, int) for value in income["to"])
    # Of a number without a step, four digits show it.
    debt = changes[changes["feature"] == "debt"]
    shown = [(f"{a:.4g}", f"{b:.4g}") for a, b in zip(debt["from"], debt["to"], strict=True)]
    assert all(a != b for a, b in shown)


def test_options_differ_in_what_they_ask_for(genre, denied, answer):
    """None is nearly another, and none asks for all that another asks for, as far, and for more."""
    several, order = 0, {"none": 0, "some": 1, "much": 2}
    for person in denied.index:
        options, own = answer.options.loc[[person]], denied.loc[person]
        moves = np.stack(
            [
                (options["income"] - own["income"]).to_numpy(float) / genre.codec.width[0],
                (options["debt"] - own["debt"]).to_numpy(float) / genre.codec.width[1],
                (options["savings"].map(order) - order[own["savings"]]).to_numpy(float) / 2,
            ],
            axis=1,
        ).round(9)
        jobs = options["job"].where(options["job"] != own["job"], "").to_numpy()
        for i in range(len(options)):
            for k in range(len(options)):
                if i == k:
                    continue
                several += 1
                (a, b), (mine, yours) = moves[[i, k]], jobs[[i, k]]
                if ((a != 0) == (b != 0)).all() and bool(mine) == bool(yours):
                    assert (np.abs(a - b) > 0.1 - 1e-9).any() or mine != yours
                    continue
                all_of_it = (a * np.sign(b) >= np.abs(b)).all() and yours in ("", mine)
                assert not all_of_it, (options.iloc[[i, k]], own)
    assert several > 10


def test_fewer_than_asked_for_are_not_padded(answer, genre, denied):
    many = genre.recommend(denied.head(5), n=40)
    number = many.found.groupby(level=0).sum()
    assert (number < 40).all() and (number >= 1).all()
    for person in number.index:
        flags = many.found.loc[person].to_numpy()
        assert flags[: number[person]].all() and not flags[number[person] :].any()
    assert len(many.options) == number.sum()


# -- a person's own terms -----------------------------------------------------------------------


def test_terms_at_asking_need_no_new_fit(genre, denied):
    before = {name: value.clone() for name, value in genre.network_.state_dict().items()}
    terms = dict(
        freeze={p: ["job"] if i % 2 else ["savings"] for i, p in enumerate(denied.index)},
        bounds={"income": (None, 90)},
        largest={"debt": 20.0},
        max_changes=pd.Series(2, denied.index),
        wait=0,
    )
    answer = genre.recommend(denied, n=2, **terms)
    found = answer.found.to_numpy()
    told = gl.check(denied, answer, Rule(), schema(), terms=gl.limits.Terms(**terms))
    assert (told["broken"] == "")[found].all() and (told["changes"] <= 2)[found].all()
    changes = answer.changes()
    assert changes[changes["feature"] == "income"]["to"].max() <= 90
    even = changes["person"].isin(denied.index[::2])
    assert not (changes[even]["feature"] == "savings").any()
    assert not (changes[~even]["feature"] == "job").any()
    assert found.mean() > 0.5
    for name, value in genre.network_.state_dict().items():
        assert (value == before[name]).all()


def test_each_person_has_their_own_terms(genre, denied, answer):
    """What one asks for changes nothing for the others."""
    first = denied.index[0]
    freeze = {p: ["income"] if p == first else [] for p in denied.index}
    other = genre.recommend(denied, n=3, freeze=freeze)
    alike(other, answer, of=list(denied.index[1:]))
    assert "income" not in set(other[first].changes()["feature"])


def test_waiting_moves_the_clock_only_if_asked(genre, denied, answer):
    assert "age" not in set(answer.changes()["feature"])
    waited = genre.recommend(denied, wait=3).changes()
    years = waited[waited["feature"] == "age"]
    assert ((years["to"] - years["from"]).isin([1, 2, 3])).all()


def test_reasons_name_the_term_that_stands_in_the_way(genre):
    """All is frozen but the job, which does not count; income alone would help this one."""
    poor = table().iloc[[0]].assign(income=20, debt=0.0, savings="much", job="clerk", sex="f")
    answer = genre.recommend(poor, freeze=["income", "debt", "savings"])
    assert not answer.found.any()
    reasons = answer.reasons()
    helps = reasons[reasons["found"] > 0]
    assert set(helps["term"]) == {"income: frozen"}
    assert set(helps["person"]) == {0}
    assert helps["draws"].tolist() == [50]
    assert 0 < helps["found"].item() <= 50
    # Whoever has an option has no reasons.
    assert genre.recommend(poor).reasons().empty


# -- the bank's decision ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def numbers():
    frame = table()[["income", "debt", "age"]]
    chance = np.random.default_rng(3)
    score = frame["income"] - frame["debt"] + chance.normal(0, 10, len(frame))
    form = gl.Schema([*list(schema())[:2], schema()["age"]])
    return frame, (score > 45).astype(int), form


@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_a_threshold_of_its_own(numbers, threshold, tmp_path):
    frame, y, form = numbers
    inner = LogisticRegression(max_iter=500)
    h = FixedThresholdClassifier(inner, threshold=threshold, response_method="predict_proba")
    h.fit(frame, y)
    genre = fitted(h, frame, form, y)
    people = frame.head(60)
    answer = genre.recommend(people)
    np.testing.assert_array_equal(answer.accepted, h.predict(people) == 1)
    assert not answer.accepted.all() and answer.accepted.any()
    assert answer.threshold == threshold
    assert (h.predict(answer.options) == 1).all()
    low, high = min(threshold, 0.5), max(threshold, 0.5)
    between = h.predict_proba(people)[:, 1]
    assert ((between > low) & (between < high)).any(), "the threshold matters to somebody"
    genre.save(tmp_path / "x")
    loaded = gl.GenRe.load(tmp_path / "x", classifier=h).recommend(people)
    alike(loaded, answer)
    np.testing.assert_array_equal(loaded.accepted, answer.accepted)


def test_classes_that_are_words_and_more_than_two(numbers):
    frame, _, form = numbers
    words = np.where(frame["income"] > 75, "yes", np.where(frame["income"] > 45, "later", "no"))
    h = LogisticRegression(max_iter=3000).fit(frame, words)
    with pytest.raises(gl.GenReError, match="favourable"):
        fitted(h, frame, form)
    genre = fitted(gl.Decision(h, favourable="yes"), frame, form)
    people = frame.head(60)
    answer = genre.recommend(people)
    np.testing.assert_array_equal(answer.accepted, h.predict(people) == "yes")
    assert answer.threshold is None
    assert len(answer.options) > 10
    assert (h.predict(answer.options) == "yes").all()


def test_another_bank_is_noticed(genre, tmp_path):
    class Other(Rule):
        def predict_proba(self, frame):
            return np.clip(super().predict_proba(frame) * [0.9, 1.1] + [0.1, -0.1], 0, 1)

    genre.save(tmp_path / "x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gl.GenRe.load(tmp_path / "x", classifier=Rule())
    with pytest.warns(UserWarning, match="another bank"):
        gl.GenRe.load(tmp_path / "x", classifier=Other())


# -- gaps, types and names ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def gappy():
    frame = table(300)[["income", "debt", "job"]].astype({"income": float})
    frame["income"] = frame["income"].mask(np.arange(300) % 11 == 0)
    frame["job"] = frame["job"].mask(np.arange(300) % 13 == 0)
    form = gl.Schema.infer(frame, decreasing=["debt"])
    assert [f.gaps for f in form] == [True, False, True]
    good = (frame["income"].fillna(40) - frame["debt"] > 45).astype(int)
    frame["job"] = frame["job"].astype(object)

    class Trees:
        def __init__(self):
            self.model = HistGradientBoostingClassifier(max_iter=30).fit(self.numbers(frame), good)

        def numbers(self, frame):
            jobs = frame["job"].map({"clerk": 0, "pilot": 1, "smith": 2}).astype(float)
            return frame[["income", "debt"]].assign(job=jobs).to_numpy(float)

        def predict_proba(self, frame):
            return self.model.predict_proba(self.numbers(frame))

    h = Trees()
    return frame, good, form, h, fitted(h, frame, form, good)


def test_a_network_learns_on_a_table_with_gaps(gappy):
    """A gap is no number, and so no loss is a number, unless the network is given one in its place."""
    _, _, _, _, genre = gappy
    losses = genre.history_[["train_loss", "valid_loss"]]
    assert np.isfinite(losses.to_numpy()).all()
    assert losses["train_loss"].iloc[-1] < losses["train_loss"].iloc[0]
    begun = genre._network().state_dict()
    moved = [k for k, v in genre.network_.state_dict().items() if (v != begun[k].double()).any()]
    assert {"token", "slope", "place", "readout"} <= set(moved)


def test_a_gap_may_stay_or_be_filled_and_is_never_made(gappy, tmp_path):
    frame, _, _, h, genre = gappy
    people = frame[~genre.decision_.accepts(frame)].head(60)
    assert people["income"].isna().any() and people["job"].isna().any()
    answer = genre.recommend(people, n=2)
    options = answer.options
    before = people.loc[options.index.get_level_values(0)]
    for name in ("income", "job"):
        assert not (options[name].isna().to_numpy() & before[name].notna().to_numpy()).any()
    assert (h.predict_proba(options)[:, 1] > 0.5).all()
    assert answer.found.xs(0, level=1).mean() > 0.9
    genre.save(tmp_path / "x")
    alike(gl.GenRe.load(tmp_path / "x", classifier=h).recommend(people, n=2), answer)
    again = gl.Recourses.from_json(answer.to_json())
    assert json.loads(again.to_json()) == json.loads(answer.to_json())
    pd.testing.assert_frame_equal(again.frame, answer.frame, check_names=False, check_dtype=False)


def test_whoever_cannot_be_answered_is_told_why(gappy):
    frame, _, _, _, genre = gappy
    people = frame[~genre.decision_.accepts(frame)].head(6).copy()
    people.loc[people.index[1], "debt"] = np.nan
    people.loc[people.index[3], "job"] = "pilto"
    with pytest.raises(gl.SchemaError):
        genre.recommend(people)
    answer = genre.recommend(people, invalid="skip")
    assert list(answer) == [p for i, p in enumerate(people.index) if i not in (1, 3)]
    reasons = answer.reasons().set_index("person")["term"]
    assert "debt" in reasons[people.index[1]]
    assert "pilto" in reasons[people.index[3]]
    alike(genre.recommend(people.drop(index=people.index[[1, 3]])), answer)


def test_types_and_odd_names_are_kept():
    """Names that are numbers, one that is 'cost'; nullable, narrow, boolean, category."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            0: pd.array(chance.integers(0, 100, 240), dtype="Int64"),
            "cost": chance.integers(0, 100, 240).astype("int8"),
            "flag": chance.random(240) > 0.5,
            "job": pd.Categorical(chance.choice(["a", "b", "c"], 240)),
            "rate": pd.array(chance.random(240).round(2), dtype="Float64"),
        }
    )

    class Bank:
        def predict_proba(self, frame):
            yes = 1 / (
                1 + np.exp(-(frame[0].to_numpy(float) + frame["cost"].to_numpy(float) - 110) / 9)
            )
            return np.stack([1 - yes, yes], axis=1)

    genre = fitted(Bank(), frame, gl.Schema.infer(frame))
    people = frame[~genre.decision_.accepts(frame)].head(12)
    answer = genre.recommend(people, n=40)
    assert answer.found.any() and not answer.found.all(), "somebody has fewer options"
    assert answer.options.dtypes.to_dict() == people.dtypes.to_dict()
    assert (Bank().predict_proba(answer.options)[:, 1] > 0.5).all()
    assert {0, "cost"} <= set(answer.changes()["feature"])
    again = gl.Recourses.from_json(answer.to_json())
    assert again.to_dict()["people"] == answer.to_dict()["people"]
    person = people.index[0]
    for text in (answer.describe(person), answer.to_html(person), answer.table(person).to_string()):
        assert "cost" in text


# -- small and odd tables -----------------------------------------------------------------------


def test_forty_rows():
    frame = table(40)
    genre = gl.GenRe(Rule(), schema(), training=QUICK, progress=False)
    with pytest.warns(UserWarning, match=r"Only \d+ of the 40 rows are surely accepted"):
        genre.fit(frame)
    people = table(40, seed=5)
    people = people[~genre.decision_.accepts(people)]
    answer = genre.recommend(people)
    assert answer.found.mean() > 0.9
    assert genre.report_["targets"] < 40


def test_a_rare_favourable_outcome():
    """One in fifteen is accepted: few of the forest's chances reach one half."""
    frame = table(300)

    class Strict(Rule):
        def predict_proba(self, frame):
            yes = 1 / (1 + np.exp(-(frame["income"].to_numpy(float) - 93) / 3))
            return np.stack([1 - yes, yes], axis=1)

    chance = np.random.default_rng(0)
    y = ((frame["income"] > 88) & (chance.random(300) < 0.6)).astype(int)
    assert 0.03 < y.mean() < 0.12
    genre = fitted(Strict(), frame, schema(), y)
    people = frame[frame["income"] < 90].head(20)
    answer = genre.recommend(people)
    assert answer.found.all()
    assert (answer.options["income"] > 93).all()


def test_a_number_that_hardly_two_share_may_be_immutable():
    frame = table().assign(age=lambda f: np.random.default_rng(9).uniform(18, 70, len(f)))
    form = gl.Schema([*list(schema())[:5], gl.Feature("age", actionability="immutable")])
    genre = fitted(Rule(), frame, form)
    assert genre.report_["unreachable"] < 0.1 * genre.report_["sources"]
    people = table(60, seed=2).assign(age=32.58)
    people = people[~genre.decision_.accepts(people)]
    answer = genre.recommend(people)
    assert answer.found.mean() > 0.9
    assert (answer.options["age"] == 32.58).all()


def test_many_levels_that_nobody_can_change_do_not_blunt_the_estimates():
    frame = table(300)
    towns = pd.Series([f"town {i % 290}" for i in range(300)]).sample(frac=1, random_state=0)
    wide = frame.assign(town=towns.to_numpy())
    form = gl.Schema([*schema(), gl.Schema.infer(wide[["town"]], immutable=["town"])["town"]])
    y = (frame["income"] - frame["debt"] > 45).astype(int)
    plain, blunt = (
        fitted(Rule(), data, s, y).report_["targets"]
        for data, s in ((frame, schema()), (wide, form))
    )
    assert blunt == pytest.approx(plain, rel=0.2)


# -- as an estimator ----------------------------------------------------------------------------


def test_settings_can_be_read_set_and_cloned(genre):
    h = Rule()
    plain = gl.GenRe(h, schema(), cost_weight=3.0, training=QUICK)
    assert plain.get_params(deep=False)["cost_weight"] == 3.0
    twin = clone(plain)
    assert twin is not plain and twin.get_params(deep=False) == plain.get_params(deep=False)
    assert twin.h is h, "the bank's model is given, and not fitted anew"
    assert plain.set_params(cost_weight=4.0, recipe="paper") is plain
    assert (plain.cost_weight, plain.recipe) == (4.0, "paper")
    assert "cost_weight=4.0" in repr(plain)
    unfitted = clone(genre)
    with pytest.raises(gl.NotFittedError):
        unfitted.recommend(table().head(1))


def test_a_new_fit_forgets_the_old_one():
    frame = table()
    genre = fitted(Rule(), frame, schema())
    assert genre.surrogate_ is not None and len(genre.profiles_)
    genre.set_params(recipe="paper")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        genre.fit(frame.head(150))
    assert genre.surrogate_ is None and not len(genre.profiles_)
    assert genre.report_["rows"] == 150
    assert genre.codec.high[5] == frame["age"].head(150).max()


def test_a_changed_schema_asks_for_a_new_fit(genre, denied):
    old = genre.schema
    try:
        genre.schema = old.constrain(immutable=["job"])
        with pytest.raises(gl.GenReError, match=r"changed after the fit.*freeze"):
            genre.recommend(denied)
    finally:
        genre.schema = old
