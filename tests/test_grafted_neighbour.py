"""The grafted neighbour against a search through every graft, written out."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from genre_lite import Feature, Schema, cost
from genre_lite.baselines import GraftedNeighbour, grafted_neighbour
from genre_lite.candidates import Asked, Comparison
from genre_lite.limits import Limits
from genre_lite.refinement import refine

JOBS = ("clerk", "pilot", "smith")
SCHEMA = Schema(
    [
        Feature("age", step=1, actionability="increasing"),
        Feature("income", step=1),
        Feature("savings", step=1),
        Feature("job", "nominal", JOBS),
        Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
    ]
)
FREE = Schema([f for f in SCHEMA if f.name != "sex"])


class Bank:
    """Yes to whoever has enough income and savings; of men it wants more."""

    def predict_proba(self, frame):
        worth = frame["income"].to_numpy(float) + 0.5 * frame["savings"].to_numpy(float)
        if "sex" in frame:
            worth = worth - 8 * (frame["sex"] == "m").to_numpy()
        yes = 1 / (1 + np.exp(-(worth - 40) / 5))
        return np.stack([1 - yes, yes], axis=1)


def table(n=120, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 70, n),
            "income": rng.integers(0, 51, n),
            "savings": rng.integers(0, 41, n),
            "job": rng.choice(JOBS, n),
            "sex": rng.choice(["f", "m"], n),
        },
        index=[f"p{i}" for i in range(n)],
    )


def copier(schema=SCHEMA, rows=120, bank=None, **settings):
    method = GraftedNeighbour(bank or Bank(), schema, progress=False, **settings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Only .* surely accepted", UserWarning)
        return method.fit(table(rows)[schema.names])


@pytest.fixture(scope="module")
def everything():
    """Compares the grafts of all targets, as they are."""
    return copier(candidates=10_000, refined=False)


@pytest.fixture(scope="module")
def method():
    return copier()


@pytest.fixture(scope="module")
def denied():
    """Their numbers occur in the table; another would share its nearest value's token."""
    people, train = table(100, seed=5), table()
    known = [people[name].isin(train[name]) for name in ("age", "income", "savings")]
    people = people[np.logical_and.reduce(known)]
    return people[Bank().predict_proba(people)[:, 1] <= 0.5].head(40)


def targets(method, rows=120):
    """Who is accepted, and surely valid and plausible, by the teacher's word."""
    train = table(rows)[method.schema.names]
    teacher = method.teacher_
    sure = (teacher.valid > 0.7) & (teacher.plausible > 0.5)
    return train[sure & (method.h.predict_proba(train)[:, 1] > 0.5)]


def grafts(person, others, schema=SCHEMA, frozen=()):
    """Another's value wherever this person may take it, written out feature by feature."""
    made = others.copy()
    for f in schema:
        own = person[f.name]
        for label, value in others[f.name].items():
            if f.name in frozen or not f.allows(own, value):
                made.loc[label, f.name] = own
    return made


def worth(method, person, options):
    """V̂ + P̂ − C / d of some options for one person."""
    codec = method.codec
    price = cost(
        codec.cube(person.to_frame().T.astype(options.dtypes)), codec.cube(options), codec.nominal
    )
    believed = method.teacher_.answers(codec.design(codec.cube(options)))
    return believed.sum(axis=1) - price / len(method.schema), price


# -- what it is -----------------------------------------------------------------------------------


@pytest.mark.equation("copy-grafted")
def test_without_refinement_it_is_the_best_graft_of_all(everything, denied):
    answer, others = everything.recommend(denied), targets(everything)
    assert len(others) > 20
    assert answer.found.all()
    for label, person in denied.iterrows():
        made = grafts(person, others)
        made = made[Bank().predict_proba(made)[:, 1] > 0.5]
        value, price = worth(everything, person, made)
        best = np.lexsort((price.round(9), -value.round(9)))[0]
        found = answer.frame.loc[[(label, 0)]].astype(made.dtypes)
        mine, paid = worth(everything, person, found)
        assert mine[0] == pytest.approx(value[best], abs=1e-9)
        assert paid[0] == pytest.approx(price[best], abs=1e-9)
        assert answer.cost.loc[(label, 0)] == pytest.approx(paid[0], abs=1e-9)
        assert tuple(found.iloc[0]) in set(made.itertuples(index=False, name=None))


def test_further_options_are_grafts_too_and_are_worth_less(everything, denied):
    answer, others = everything.recommend(denied, n=4), targets(everything)
    several = 0
    for label, person in denied.iterrows():
        found = answer.frame.loc[label][answer.found.loc[label].to_numpy()].astype(others.dtypes)
        known = set(grafts(person, others).itertuples(index=False, name=None))
        assert set(found.itertuples(index=False, name=None)) <= known
        assert not found.duplicated().any()
        value, _ = worth(everything, person, found)
        # A later one is never better by more than what may be given up to differ.
        assert (value[0] >= value - 1e-9).all()
        assert (np.diff(value) < 0.05 + 1e-9).all()
        several += len(found) > 1
    assert several > len(denied) / 2


def test_what_it_copies_is_surely_accepted(everything):
    known = set(map(tuple, everything._targets.round(9)))
    others = targets(everything)
    assert known == set(map(tuple, everything.codec.cube(others).round(9)))
    train = table()
    yes = (Bank().predict_proba(train)[:, 1] > 0.5).sum()
    assert len(others) < yes, "accepted alone is not enough"


def test_estimates_are_those_of_the_teacher(method, denied):
    told = method.estimates(denied)
    assert told.index.equals(denied.index) and list(told.columns) == ["valid", "plausible"]
    codec = method.codec
    np.testing.assert_array_equal(
        told.to_numpy(), method.teacher_.answers(codec.design(codec.cube(denied)))
    )
    assert method.has_estimates
    answer = method.recommend(denied)
    assert answer.log_prob.isna().all(), "there is no model to ask"
    valid = method.estimates(answer.options.droplevel(1))["valid"]
    assert valid.mean() > told["valid"].mean() + 0.3


# -- refined ----------------------------------------------------------------------------------------


def test_refined_from_one_graft_it_is_never_costlier_and_worth_no_less():
    """With one candidate a person both begin at the same graft."""
    plain, fine = (copier(FREE, candidates=1, refined=refined) for refined in (False, True))
    people = table(60, seed=5)[FREE.names]
    people = people[Bank().predict_proba(people)[:, 1] <= 0.5]
    before, after = plain.recommend(people), fine.recommend(people)
    assert before.found.all() and after.found.all()
    np.testing.assert_array_less(after.cost, before.cost + 1e-9)
    assert (after.cost < before.cost - 0.05).mean() > 0.3
    for label, person in people.iterrows():
        options = [
            answer.frame.loc[[(label, 0)]].astype(people.dtypes) for answer in (before, after)
        ]
        (old,), (new,) = (worth(fine, person, option)[0] for option in options)
        assert new >= old - 1e-9


def test_refined_it_is_worth_no_less_and_nothing_can_be_taken_back(method, denied):
    plain = copier(refined=False).recommend(denied)
    answer = method.recommend(denied)
    assert answer.found.all()
    assert answer.cost.mean() < plain.cost.mean() - 0.05
    gained = []
    for label, person in denied.iterrows():
        option = answer.frame.loc[[(label, 0)]].astype(denied.dtypes)
        (value,), _ = worth(method, person, option)
        gained.append(
            value - worth(method, person, plain.frame.loc[[(label, 0)]].astype(denied.dtypes))[0][0]
        )
        for name in SCHEMA.names:
            if option[name].iloc[0] != person[name]:
                undone = option.assign(**{name: person[name]}).astype(denied.dtypes)
                as_good = worth(method, person, undone)[0][0] >= value - 1e-9
                assert not (as_good and Bank().predict_proba(undone)[0, 1] > 0.5), name
    assert min(gained) > -1e-9
    assert np.mean(gained) > 0.01


@pytest.mark.equation("copy-grafted")
def test_to_refine_the_two_best_loses_little_beside_refining_all(method, denied):
    """The answer is the best of r(x ⊕ t) over the two best t; over all t it would be a hair better."""
    answer, limits = method.recommend(denied), Limits(method.codec, denied)
    asked = Asked(method.decision_, limits, denied)
    comparison = Comparison("balanced", asked, method._believed)
    lost = []
    for i, (label, person) in enumerate(denied.iterrows()):
        rows = np.full(len(method._targets), i)
        made = limits.graft(method._targets, rows)
        fine = limits.changed(made, rows).any(axis=1) & limits.keeps(made, rows)
        fine[fine] = comparison.accepts(made[fine], rows[fine])
        best = comparison.worth(refine(made[fine], rows[fine], limits, comparison), rows[fine])
        option = answer.frame.loc[[(label, 0)]].astype(denied.dtypes)
        lost.append(best.max() - worth(method, person, option)[0][0])
    assert min(lost) > -1e-9, "none is better than the best of all"
    assert np.mean(lost) < 0.01
    assert (np.array(lost) < 1e-9).mean() > 0.5, "and mostly they are the same"


# -- who looks further ------------------------------------------------------------------------------


class Strict(Bank):
    """The bar for men lies so high that no graft of a near target passes it."""

    def predict_proba(self, frame):
        yes = frame["income"].to_numpy(float) > np.where(frame["sex"] == "m", 48, 20)
        return np.stack([1 - yes, yes], axis=1).astype(float)


def watched(monkeypatch):
    asked, real = [], grafted_neighbour.nearest

    def nearest(limits, points, n):
        asked.append((len(limits), n))
        return real(limits, points, n=n)

    monkeypatch.setattr(grafted_neighbour, "nearest", nearest)
    return asked


def test_who_finds_nothing_among_the_nearest_looks_further(monkeypatch):
    """Four, then sixteen, then sixty-four, each time for those alone who still have nothing."""
    method = copier(bank=Strict(), rows=400, candidates=4, refined=False)
    people = pd.DataFrame(
        {"age": 18, "income": 10, "savings": 20, "job": "clerk", "sex": ["f", "m", "f", "m"]}
    )
    asked = watched(monkeypatch)
    answer = method.recommend(people)
    count = len(method._targets)
    assert answer.found.all()
    income = answer.best()["income"].to_numpy()
    assert (income[1::2] > 48).all()
    assert (income[::2] < 40).all(), "near ones do for the others"
    assert asked[0] == (4, 4)
    assert [n for _, n in asked] == [min(4 ** (i + 1), count) for i in range(len(asked))]
    assert [people for people, _ in asked[1:]] == [2] * (len(asked) - 1) and len(asked) > 2
    # More candidates to begin with, and nobody need look further.
    asked.clear()
    copied = copier(bank=Strict(), rows=400, candidates=count, refined=False).recommend(people)
    assert asked == [(4, count)]
    assert (copied.best()["income"].to_numpy()[1::2] > 48).all()


def test_who_can_become_nobody_is_told_so(monkeypatch):
    """All targets have been tried when it ends."""

    class Never(Strict):
        def predict_proba(self, frame):
            answer = super().predict_proba(frame)
            answer[(frame["sex"] == "m").to_numpy()] = [1.0, 0.0]
            return answer

    method = copier(bank=Never(), candidates=4)
    people = pd.DataFrame(
        {"age": 18, "income": 10, "savings": 20, "job": "clerk", "sex": ["f", "m"]}
    )
    asked = watched(monkeypatch)
    answer = method.recommend(people, n=2)
    assert answer.found.tolist()[0] and not answer.found.loc[1].any()
    assert asked[-1] == (1, len(method._targets))
    assert asked[0] == (2, 12), "two options want six candidates each, at least"
    reasons = answer.reasons()
    assert (reasons["person"] == 1).all() and len(reasons) == 1


# -- terms ------------------------------------------------------------------------------------------


TERMS = {
    "freeze": {"freeze": ["savings"]},
    "bounds": {"bounds": {"savings": (10, 30), "income": (None, 45)}},
    "largest": {"largest": {"income": 15, "age": 5}},
    "at most two": {"max_changes": 2},
    "weights": {"weights": {"income": 8.0}},
    "all": {
        "freeze": ["job"],
        "bounds": {"income": (None, 48)},
        "largest": {"age": 3},
        "max_changes": 3,
        "weights": {"savings": 2.0},
    },
}


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("refined", [True, False])
def test_terms_are_kept(method, everything, denied, terms, refined):
    asked = method if refined else everything
    answer = asked.recommend(denied, n=2, **terms)
    options = answer.frame[answer.found].astype(denied.dtypes)
    assert answer.found.xs(0, level=1).mean() > 0.3
    before = denied.loc[options.index.get_level_values(0)].set_axis(options.index)
    assert not SCHEMA.violations(before, options).any(axis=None)
    assert (Bank().predict_proba(options)[:, 1] > 0.5).all()
    for name in terms.get("freeze", ()):
        assert (options[name] == before[name]).all()
    for name, (low, high) in terms.get("bounds", {}).items():
        inside = options[name].between(low or -np.inf, high or np.inf)
        assert (inside | (options[name] == before[name])).all()
    for name, most in terms.get("largest", {}).items():
        assert ((options[name] - before[name]).abs() <= most).all()
    if "max_changes" in terms:
        assert ((options != before).sum(axis=1) <= terms["max_changes"]).all()
    price = np.array([terms.get("weights", {}).get(name, 1.0) for name in SCHEMA.names])
    codec = asked.codec
    paid = cost(codec.cube(before), codec.cube(options), codec.nominal, price)
    np.testing.assert_allclose(answer.cost[answer.found], paid, atol=1e-9)


def test_what_is_hard_for_a_person_is_asked_of_them_less(method, denied):
    plain, hard = method.recommend(denied), method.recommend(denied, weights={"income": 8.0})
    moved = [(a.best()["income"] - denied["income"]).abs().mean() for a in (plain, hard)]
    assert moved[1] < moved[0] - 1


def test_a_margin_is_kept(denied):
    answer = copier(margin=0.8).recommend(denied)
    assert answer.found.all()
    assert (answer.probability > 0.8).all()
    assert copier().recommend(denied).probability.min() < 0.7


@pytest.mark.parametrize("refined", [True, False])
def test_whoever_freezes_more_does_not_change_what_others_get(denied, refined):
    """With two candidates, those looked at are few, and whose distances count decides which."""
    method = copier(rows=600, candidates=2, refined=refined)
    denied = denied.head(9)
    frozen = {label: ["savings", "job"][: i % 3] for i, label in enumerate(denied.index)}
    together = method.recommend(denied, freeze=frozen)
    assert together.found.mean() > 0.8
    for label in denied.index:
        alone = method.recommend(denied.loc[[label]], freeze={label: frozen[label]})
        pd.testing.assert_frame_equal(
            together.frame.loc[[label]].astype(object), alone.frame.astype(object)
        )


# -- the settings -----------------------------------------------------------------------------------


def test_equal_fits_give_equal_answers_and_another_seed_another_teacher(denied):
    first, again, other = (copier(seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first.recommend(denied).frame, again.recommend(denied).frame)
    assert (first.teacher_.chance != other.teacher_.chance).any()


def test_surer_targets_are_fewer():
    counts = [len(copier(validity_margin=margin)._targets) for margin in (0.5, 0.7, 0.95)]
    assert counts[0] > counts[1] > counts[2] > 0


def test_labels_teach_the_estimates(denied):
    """Where the recorded outcomes speak against clerks, fewer are told to become one."""
    train = table(400)
    yes = Bank().predict_proba(train)[:, 1] > 0.5
    labels = pd.Series((yes & (train["job"] != "clerk")).astype(int), train.index)
    method = GraftedNeighbour(Bank(), SCHEMA, progress=False)
    plain = method.fit(train).recommend(denied)
    warned = method.fit(train, labels).recommend(denied)
    clerks = [(answer.best()["job"] == "clerk").mean() for answer in (plain, warned)]
    assert clerks[1] < clerks[0] - 0.2


def test_gl_evaluate_takes_it(method, denied):
    row = gl.evaluate({"grafted": method.recommend(denied)}, denied).loc["grafted"]
    assert row["coverage"] == 1 and row["violations"] == 0
