"""The table that compares methods, worked out by hand for four people."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import (
    Codec,
    Decision,
    Feature,
    GenReError,
    NotFittedError,
    Recourses,
    Schema,
    evaluate,
)
from genre_lite.evaluation.density import KernelDensity
from genre_lite.evaluation.metrics import (
    changed,
    coverage,
    crowding,
    diversity,
    log_likelihood,
    mean_interval,
    plausibility,
    redundancy,
    score,
    share_interval,
    validity,
    violations,
    ynn,
)

SCHEMA = Schema(
    [
        Feature("age", step=1, actionability="increasing"),
        Feature("income", step=1),
        Feature("job", "nominal", ("clerk", "pilot"), actionability="immutable"),
    ]
)
PEOPLE = pd.DataFrame(
    {"age": [20, 30, 40, 50], "income": [1, 2, 3, 4], "job": "clerk"},
    index=["ana", "ben", "cem", "dia"],
)


class Judge:
    """Believes in incomes above 5, and has never seen one above 8."""

    def predict_proba(self, frame):
        yes = np.where(frame["income"] > 5, 0.9, 0.2)
        return np.stack([1 - yes, yes], axis=1)

    def is_plausible(self, frame):
        return frame["income"].to_numpy() <= 8


def answered(options, cost, probability, people=PEOPLE, n=1, seconds=2.0):
    """Options given as rows (age, income, job), None where there is none."""
    where = pd.MultiIndex.from_product([people.index, range(n)], names=["person", "option"])
    rows = [row or (np.nan,) * 3 for row in options]
    return Recourses(
        factual=people[SCHEMA.names],
        frame=pd.DataFrame(rows, index=where, columns=SCHEMA.names),
        cost=pd.Series(cost, where, dtype=float),
        probability=pd.Series(probability, where, dtype=float),
        log_prob=pd.Series(np.nan, where),
        schema=SCHEMA,
        accepted=pd.Series(False, people.index),
        seconds=seconds,
    )


@pytest.fixture
def answers():
    some = [(20, 6, "clerk"), (29, 9, "pilot"), (45, 4, "clerk"), None]
    all_well = [(20 + 10 * i, 7, "clerk") for i in range(4)]
    return {
        "some": answered(some, [0.5, 2.0, 0.2, np.nan], [0.8, 0.9, 0.4, np.nan]),
        "all": answered(all_well, [0.6, 0.5, 0.4, 0.3], [0.9] * 4, seconds=1.0),
        "none": answered([None] * 4, [np.nan] * 4, [np.nan] * 4),
    }


def test_every_column_by_hand(answers):
    table = evaluate(answers, PEOPLE, Judge())
    assert table.index.tolist() == ["some", "all", "none"]
    assert table.index.name == "method"
    some = {
        "people": 4,
        "coverage": 3 / 4,
        "cost": 0.9,  # of the three who have an option
        "validity": 2 / 4,  # ana and ben; cem is not believed in, dia has nothing
        "validity_h": 2 / 4,
        "plausibility": 2 / 4,  # ana and cem
        "score": 2 / 4 + 2 / 4 - 0.9 / 3,
        "violations": 1,  # ben: younger, and another job; one option all the same
        "changed": (1 + 3 + 2) / 3,
        "crowding": 1 / 3,  # three targets for three people
        "seconds": 0.5,
    }
    assert table.loc["some"].to_dict() == pytest.approx(some)
    every = {
        "people": 4,
        "coverage": 1,
        "cost": 0.45,
        "validity": 1,
        "validity_h": 1,
        "plausibility": 1,
        "score": 2 - 0.45 / 3,
        "violations": 0,
        "changed": 1,
        "crowding": 1 / 4,  # one income, and four ages
        "seconds": 0.25,
    }
    assert table.loc["all"].to_dict() == pytest.approx(every)


def test_who_got_nothing_is_a_failure_and_never_dropped(answers):
    none = evaluate(answers, PEOPLE, Judge()).loc["none"]
    assert none[["people", "coverage", "validity", "validity_h", "plausibility"]].tolist() == [
        4,
        0,
        0,
        0,
        0,
    ]
    assert none["violations"] == 0
    assert np.isnan(none["cost"])
    assert none["score"] == 0


def test_only_the_first_option_counts():
    options = [(20, 6, "clerk"), (1, 0, "pilot")] * 4
    options[2:] = [(row[0] + 30, *row[1:]) for row in options[2:]]
    answer = answered(options, [0.5, 3.0] * 4, [0.9, 0.0] * 4, n=2)
    row = evaluate({"it": answer}, PEOPLE, Judge()).loc["it"]
    assert row[["cost", "validity", "validity_h", "violations"]].tolist() == [0.5, 1, 1, 0]


def test_columns_beside_the_schema_do_not_count_as_features(answers):
    known = evaluate(answers, PEOPLE, Judge())
    wider = evaluate(answers, PEOPLE.assign(name="x", zip=1), Judge())
    pd.testing.assert_frame_equal(known, wider)


@pytest.mark.parametrize(
    "people",
    [PEOPLE.iloc[:3], PEOPLE.iloc[::-1], PEOPLE.set_axis(["ana", "ben", "cem", "eva"])],
    ids=["fewer", "another order", "somebody else"],
)
def test_other_people_cannot_be_compared(answers, people):
    with pytest.raises(GenReError, match=r"'some' answered .* the same people"):
        evaluate(answers, people, Judge())


@pytest.mark.equation("objectives-score", "field-score")
def test_the_score_is_the_papers():
    assert score(1.0, 1.0, 0.0, 5) == 2
    assert score(0.99, 0.97, 0.51, 7) == pytest.approx(0.99 + 0.97 - 0.51 / 7)
    assert score(0.0, 0.0, 3.0, 3) == -1
    assert score(0.0, 0.0, np.nan, 3) == 0


# -- each metric by hand ------------------------------------------------------------------------

TRAIN = pd.DataFrame(
    {
        "age": [20, 30, 40, 50, 60, 70],
        "income": [0, 2, 4, 6, 8, 10],
        "job": ["clerk", "clerk", "clerk", "clerk", "pilot", "pilot"],
    }
)
CODEC = Codec(SCHEMA).fit(TRAIN)
# Ana's income, which Judge believes in; Ben's income and job; Cem's age; nothing for Dia.
OPTIONS = pd.DataFrame(
    [(20, 6, "clerk"), (30, 9, "pilot"), (39, 3, "clerk"), (np.nan,) * 3],
    index=PEOPLE.index,
    columns=SCHEMA.names,
)


class Demanding(Judge):
    """Believes in incomes above 7, or pilots; has seen nobody above 5."""

    def predict_proba(self, frame):
        yes = np.where((frame["income"] > 7) | (frame["job"] == "pilot"), 0.8, 0.1)
        return np.stack([1 - yes, yes], axis=1)

    def is_plausible(self, frame):
        return frame["income"].to_numpy() <= 5


class Flat:
    """Every row is as likely as its income says."""

    def log_prob(self, frame):
        return -frame["income"].to_numpy(dtype=float)


def test_coverage():
    assert coverage(OPTIONS).tolist() == [True, True, True, False]


@pytest.mark.equation("denied-validity", "objectives-validity")
def test_validity_and_plausibility():
    assert validity(Judge(), OPTIONS).tolist() == [1, 1, 0, 0]
    assert plausibility(Judge(), OPTIONS).tolist() == [1, 0, 1, 0]


def test_changes_and_violations():
    np.testing.assert_array_equal(changed(PEOPLE, OPTIONS), [1, 2, 1, np.nan])
    assert violations(SCHEMA, PEOPLE, OPTIONS).tolist() == [0, 1, 1, 0]


def test_a_relation_that_held_is_broken_if_it_no_longer_does():
    schema = Schema([Feature("debts"), Feature("housing")], relations=["debts >= housing"])
    people = pd.DataFrame({"debts": [3, 3, 1], "housing": [1, 1, 2]})
    options = pd.DataFrame({"debts": [0.5, 2, 0.5], "housing": [1, 1, 2]})
    assert violations(schema, people, options).tolist() == [1, 0, 0]  # the last never held


def test_redundant_changes_are_those_that_h_does_not_need():
    # Ben is rich enough as a clerk, or may be poor as a pilot: each change alone can go.
    np.testing.assert_array_equal(redundancy(Demanding(), PEOPLE, OPTIONS), [0, 2, 0, np.nan])
    # Judge needs Ben's income, not his job.
    np.testing.assert_array_equal(redundancy(Judge(), PEOPLE, OPTIONS), [0, 1, 0, np.nan])


def test_neighbours_that_h_accepts():
    favourable = TRAIN["income"] > 5
    # Costs from Ana's option (20, 6, clerk): 0.6, 0.6, 0.6, 0.6, 2.0, 2.4; three of the four clerks
    # are denied. From Ben's (30, 9, pilot): 2.1, 1.7, 1.7, 1.7, 0.7, 0.9.
    np.testing.assert_allclose(ynn(OPTIONS, TRAIN, favourable, CODEC, 4)[0], 1 / 4)
    np.testing.assert_allclose(ynn(OPTIONS, TRAIN, favourable, CODEC, 2)[[1, 3]], [1, 0])
    assert ynn(OPTIONS, TRAIN, favourable, CODEC, 6).tolist() == pytest.approx([0.5] * 3 + [0])
    with pytest.raises(GenReError, match="train has 6 rows; 7 neighbours"):
        ynn(OPTIONS, TRAIN, favourable, CODEC, 7)


def test_near_means_of_little_cost():
    train = pd.DataFrame(
        {"age": [20, 40, 30, 25, 33], "income": [0, 10, 10, 5, 10], "job": "clerk"}
    )
    codec = Codec(SCHEMA).fit(train)
    option = pd.DataFrame({"age": [20], "income": [10], "job": ["clerk"]})
    # By cost the rows are 1, 1, 0.5, 0.75 and 0.65 away; by Euclid 1, 1, 0.5, 0.56 and 0.65.
    assert ynn(option, train, np.array([0, 0, 0, 0, 1]), codec, 2).tolist() == [1 / 2]
    assert ynn(option, train, np.array([0, 0, 0, 1, 0]), codec, 2).tolist() == [0]


def test_a_costly_feature_makes_neighbours_farther_and_options_more_different():
    costly = Schema(
        [Feature("age", step=1, weight=4.0), Feature("income", step=1), SCHEMA["job"]],
    )
    codec = Codec(costly).fit(TRAIN)
    option = pd.DataFrame({"age": [40], "income": [0], "job": ["clerk"]})
    younger, poorer = (TRAIN["age"] == 30).to_numpy(), (TRAIN["age"] == 40).to_numpy()
    # (30, 2) lies 0.2 + 0.2 away by ranges, and 4 * 0.2 + 0.2 by price; (40, 4) 0.4 by either.
    assert ynn(option, TRAIN, poorer, codec, 1).tolist() == [1]
    assert ynn(option, TRAIN, younger, codec, 1).tolist() == [0]
    where = pd.MultiIndex.from_product([["ana"], range(2)])
    frame = pd.DataFrame([(20, 6, "clerk"), (45, 6, "clerk")], index=where, columns=SCHEMA.names)
    np.testing.assert_allclose(diversity(frame, codec), [2.0])


def test_a_crowd_is_equal_in_what_may_change():
    targets = pd.DataFrame(
        [(20, 6, "clerk"), (20, 6, "pilot"), (20, 7, "clerk"), (np.nan,) * 3, (20, 6, "clerk")],
        columns=SCHEMA.names,
    )
    np.testing.assert_array_equal(crowding(SCHEMA, targets), [0.75, 0.75, 0.25, np.nan, 0.75])


def test_a_gap_that_stays_is_no_change_and_no_failure():
    people = pd.DataFrame({"age": [20.0, np.nan], "income": [1, 2]})
    options = pd.DataFrame({"age": [np.nan, np.nan], "income": [1, 6]})
    assert coverage(options).tolist() == [True, True]
    assert changed(people, options).tolist() == [1, 1]


def test_intervals():
    low, high = mean_interval(np.array([0.5, 2.0, np.nan]))
    half = 12.7062 * np.sqrt(1.125) / np.sqrt(2)  # t of one degree of freedom, s² = 2 · 0.75²
    assert (low, high) == pytest.approx((1.25 - half, 1.25 + half), rel=1e-4)
    assert np.isnan(mean_interval(np.array([1.0, np.nan]))).all()
    assert share_interval(np.array([1.0, 1.0])) == pytest.approx((0.3424, 1.0), abs=1e-4)
    assert share_interval(np.array([0.0, 1.0])) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_diversity_is_the_mean_cost_between_options():
    where = pd.MultiIndex.from_product([["ana", "ben", "cem"], range(3)])
    rows = [(20, 6, "clerk"), (20, 8, "clerk"), (30, 6, "pilot")]  # 0.2, 1.2, 1.4 apart
    rows += [(20, 6, "clerk"), (45, 6, "clerk"), (np.nan,) * 3]  # 0.5
    rows += [(20, 6, "clerk"), *[(np.nan,) * 3] * 2]
    frame = pd.DataFrame(rows, index=where, columns=SCHEMA.names)
    np.testing.assert_allclose(diversity(frame, CODEC), [2.8 / 3, 0.5, np.nan])


def test_log_likelihood():
    np.testing.assert_array_equal(log_likelihood(Flat(), OPTIONS), [-6, -9, -3, np.nan])


# -- the density ----------------------------------------------------------------------------------

MIXED = Schema(
    [
        Feature("income"),
        Feature("job", "nominal", ("clerk", "pilot", "smith")),
        Feature("rank", "ordinal", ("low", "mid", "high")),
    ]
)
TWO = pd.DataFrame(
    {"income": [0.0, 10.0], "job": ["clerk", "pilot"], "rank": ["low", "mid"]}, index=["a", "b"]
)
MIXED_CODEC = Codec(MIXED).fit(TWO)


def test_the_density_by_hand():
    density = KernelDensity(MIXED_CODEC, bandwidth=0.5).fit(TWO)
    job = 1 + 2 * np.exp(-2)
    low, middle = 1 + np.exp(-1) + np.exp(-2), 1 + 2 * np.exp(-1)
    of_a = 1 / (job * low)  # at a: no step; the Laplace kernel's peak is 1 / (2 · 0.5)
    of_b = np.exp(-2) * np.exp(-2) * np.exp(-1) / (job * middle)  # a range, a level, half a range
    assert density.log_prob(TWO.iloc[[0]])[0] == pytest.approx(np.log((of_a + of_b) / 2))


def test_the_density_adds_up_to_one():
    incomes = np.linspace(-60, 70, 13001)  # in steps of a thousandth of the range
    density = KernelDensity(MIXED_CODEC, bandwidth=0.4).fit(TWO)
    total = sum(
        np.exp(density.log_prob(pd.DataFrame({"income": incomes, "job": job, "rank": rank}))).sum()
        for job in MIXED["job"].categories
        for rank in MIXED["rank"].categories
    )
    assert total / 1000 == pytest.approx(1, abs=1e-4)


def test_a_stranger_is_unlikely_but_possible():
    density = KernelDensity(MIXED_CODEC).fit(TWO)
    far = TWO.assign(income=[1e4, -1e4], job="smith", rank="high")
    assert np.isfinite(density.log_prob(far)).all()
    assert (density.log_prob(far) < density.log_prob(TWO)).all()


def test_the_density_refuses_what_it_cannot_do():
    with pytest.raises(GenReError, match="bandwidth is 0; it must be above 0"):
        KernelDensity(MIXED_CODEC, bandwidth=0)
    with pytest.raises(NotFittedError, match="call fit"):
        KernelDensity(MIXED_CODEC).log_prob(TWO)


# -- the columns that need more -------------------------------------------------------------------

EVERYTHING = {
    "h": Judge(),
    "train": TRAIN,
    "held_out": Demanding(),
    "others": [Judge(), Demanding()],
    "density": Flat(),
}


@pytest.mark.parametrize(
    ("given", "columns"),
    [
        ([], []),
        (["h"], ["redundancy", "needless"]),
        (["train"], ["diversity"]),
        (["h", "train"], ["redundancy", "needless", "diversity", "ynn", "invalidation_noise"]),
        (["held_out"], ["validity_held_out", "plausibility_held_out", "score_held_out"]),
        (["others"], ["invalidation_retrained"]),
        (["density"], ["log_likelihood"]),
    ],
)
def test_a_column_stands_where_its_input_was_given(answers, given, columns):
    plain = evaluate(answers, PEOPLE, Judge())
    table = evaluate(answers, PEOPLE, Judge(), **{name: EVERYTHING[name] for name in given})
    assert table.columns.tolist() == [*plain.columns, *columns]
    pd.testing.assert_frame_equal(table[plain.columns], plain, check_exact=True)


def test_the_other_columns_by_hand(answers):
    table = evaluate(answers, PEOPLE, Judge(), **EVERYTHING)
    # Options: (20, 6, clerk), (29, 9, pilot), (45, 4, clerk), nothing; h accepts the first two.
    some = {
        "validity_held_out": 1 / 4,
        "plausibility_held_out": 1 / 4,
        "score_held_out": 2 / 4 - 0.9 / 3,
        "redundancy": (0 + 2 + 0) / 3,  # Ben needs neither the lower age nor the other job
        "needless": (0 + 2 + 0) / 3,
        "invalidation_retrained": (1 / 2 + 0) / 2,
        "log_likelihood": -(6 + 9 + 4) / 3,
    }
    assert table.loc["some", list(some)].to_dict() == pytest.approx(some)
    # Incomes 6 and 9 lie 1 and 4 above the limit, σ is 0.1 · 10: P(N < −1) = 0.1587, and 0.0000.
    assert table.loc["some", "invalidation_noise"] == pytest.approx(0.1587 / 2, abs=0.04)
    assert np.isnan(table.loc["some", "diversity"])
    assert 0 < table.loc["some", "ynn"] <= 3 / 4


def test_who_found_nothing_fails_the_second_judge_too(answers):
    none = evaluate(answers, PEOPLE, Judge(), **EVERYTHING).loc["none"]
    zero = ["validity_held_out", "plausibility_held_out", "score_held_out", "ynn"]
    assert none[zero].tolist() == [0, 0, 0, 0]
    without = ["redundancy", "diversity", "log_likelihood", "changed"]
    assert none[[*without, "invalidation_noise", "invalidation_retrained"]].isna().all()


def test_the_noise_follows_the_seed(answers):
    def noise(seed):
        table = evaluate(answers, PEOPLE, Judge(), h=Judge(), train=TRAIN, seed=seed)
        return table.loc["some", "invalidation_noise"]

    assert noise(0) == noise(0)
    assert len({noise(seed) for seed in range(4)}) > 1


# -- without a world, and by group -----------------------------------------------------------------


def test_without_a_judge_there_is_what_needs_none(answers):
    judged = evaluate(answers, PEOPLE, Judge(), h=Judge(), train=TRAIN)
    plain = evaluate(answers, PEOPLE, h=Judge(), train=TRAIN)
    lacking = ["validity", "plausibility", "score"]
    pd.testing.assert_frame_equal(plain, judged.drop(columns=lacking))
    alone = evaluate(answers, PEOPLE)
    assert alone.columns.tolist() == [
        *(
            "people",
            "coverage",
            "cost",
            "validity_h",
            "violations",
            "changed",
            "crowding",
            "seconds",
        ),
    ]


class Bank:
    """Says yes to incomes above 5; of plausibility it knows nothing."""

    predict_proba = Judge.predict_proba


@pytest.mark.parametrize("name", ["judge", "held_out"])
def test_a_classifier_is_no_judge(answers, name):
    with pytest.raises(
        GenReError, match=f"{name} is a Bank, .* Give the bank's own classifier as h="
    ):
        evaluate(answers, PEOPLE, **{name: Bank()})


def test_the_bank_says_yes_above_its_own_threshold(answers):
    severe = {name: dataclasses.replace(answer, threshold=0.85) for name, answer in answers.items()}
    table = evaluate(severe, PEOPLE)
    assert table["validity_h"].tolist() == [1 / 4, 1, 0]  # 0.8 is no yes any more
    several = {
        name: dataclasses.replace(answer, threshold=None) for name, answer in answers.items()
    }
    assert evaluate(several, PEOPLE, h=Judge())["validity_h"].tolist() == [2 / 4, 1, 0]


def test_what_h_alone_does_not_need_may_be_needed_for_plausibility():
    ana = PEOPLE.iloc[[0]]
    answer = answered([(25, 6, "clerk")], [0.6], [0.9], people=ana)

    class Cautious(Judge):
        def is_plausible(self, frame):
            return frame["age"].to_numpy() >= 25

    table = evaluate({"it": answer}, ana, Cautious(), h=Judge())
    assert table.loc["it", ["redundancy", "needless"]].tolist() == [1, 0]
    # The answer's own estimates go before the judge.
    sure = dataclasses.replace(
        answer,
        estimates=lambda frame: pd.DataFrame({"valid": 1.0, "plausible": 1.0}, index=frame.index),
    )
    assert evaluate({"it": sure}, ana, Cautious(), h=Judge()).loc["it", "needless"] == 1


def test_who_was_accepted_is_no_part_of_a_crowd():
    options = [(20, 6, "clerk"), (30, 6, "clerk"), (20, 6, "clerk"), None]
    answer = answered(options, [0.5, 0.4, 0.3, np.nan], [0.9, 0.9, 0.9, np.nan])
    assert evaluate({"it": answer}, PEOPLE).loc["it", "crowding"] == 2 / 3
    accepted = pd.Series([True, False, False, False], PEOPLE.index)
    answer = dataclasses.replace(answer, accepted=accepted)
    assert evaluate({"it": answer}, PEOPLE).loc["it", "crowding"] == 1 / 2


def test_by_group(answers):
    sex = pd.Series(["f", "m", "m", "f"], PEOPLE.index, name="sex")
    people = PEOPLE.assign(sex=sex)
    table = evaluate(answers, people, Judge(), h=Judge(), by="sex")
    assert table.index.names == ["method", "sex"]
    assert table.index.tolist() == [(name, group) for name in answers for group in "fm"]
    women = table.loc[("some", "f")]
    assert women[["people", "coverage", "cost", "validity", "changed"]].tolist() == [
        2,
        1 / 2,
        0.5,
        0.5,
        1,
    ]
    assert women["seconds"] == 0.5
    assert women[["coverage_low", "coverage_high"]].tolist() == pytest.approx(
        [0.0945, 0.9055], abs=1e-4
    )
    assert women[["cost_low", "cost_high"]].isna().all()  # one cost has no spread
    men = table.loc[("all", "m")]
    assert men["score"] == pytest.approx(2 - 0.45 / 3)
    _, high = mean_interval(np.array([0.5, 0.4]))  # its lower end is below 0, which no cost is
    assert men[["cost_low", "cost_high"]].tolist() == pytest.approx([0, high])
    # The mean over people is the mean over groups, weighed by their people.
    whole = evaluate(answers, people, Judge(), h=Judge())
    mean = table["changed"].groupby("method", sort=False).mean()
    assert mean["all"] == whole.loc["all", "changed"]
    pd.testing.assert_frame_equal(
        table, evaluate(answers, people, Judge(), h=Judge(), by=sex.iloc[::-1])
    )


def test_a_group_that_is_not_known_is_a_group(answers):
    some = pd.Series(["f", None, "m", None], PEOPLE.index)
    table = evaluate(answers, PEOPLE, by=some)
    assert table.loc["some", "people"].tolist() == [1, 1, 2]
    assert table.index.names == ["method", "group"]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("sex", "by is 'sex', which is no column of the people"),
        (pd.Series(["f"] * 3, ["ana", "ben", "cem"]), "by gives person 'dia' no group"),
    ],
)
def test_everybody_needs_a_group(answers, by, message):
    with pytest.raises(GenReError, match=message):
        evaluate(answers, PEOPLE, by=by)


# -- properties -----------------------------------------------------------------------------------

ROWS = st.tuples(st.integers(20, 70), st.integers(0, 10), st.sampled_from(["clerk", "pilot"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.none() | ROWS, min_size=4, max_size=4), st.permutations(range(4)))
def test_bounds_and_the_order_of_people(options, order):
    def judged(order):
        people = PEOPLE.iloc[order]
        rows = [options[i] for i in order]
        found = [0.3 * i if options[i] else np.nan for i in order]
        h_says = [0.2 * i if options[i] else np.nan for i in order]
        answer = answered(rows, found, h_says, people=people)
        return evaluate({"it": answer}, people, Judge(), **EVERYTHING).loc["it"]

    row = judged(range(4))
    pd.testing.assert_series_equal(row, judged(order), rtol=1e-12)
    shares = [
        *("coverage", "validity", "validity_h", "plausibility", "ynn"),
        *("validity_held_out", "plausibility_held_out"),
        *("invalidation_noise", "invalidation_retrained"),
    ]
    assert row[shares].dropna().between(0, 1).all()
    assert row["score"] == pytest.approx(score(*row[["validity", "plausibility", "cost"]], 3))
    assert -1 <= row["score"] <= 2
    assert (row[["validity", "plausibility", "validity_h", "ynn"]] <= row["coverage"] + 1e-12).all()
    if row["coverage"] > 0:
        assert 0 <= row["redundancy"] <= row["changed"] <= 3


def test_a_decision_is_valid_by_its_own_rule():
    """Whoever has drawn a line has said what a yes is; a world is asked for more than one half."""

    class Says:
        def predict_proba(self, frame):
            yes = frame["x"].to_numpy(float)
            return np.stack([1 - yes, yes], axis=1)

    people = pd.DataFrame({"x": [0.4, 0.6, 0.8]})
    assert validity(Says(), people).tolist() == [0, 1, 1]
    assert validity(Decision(Says(), threshold=0.7), people).tolist() == [0, 0, 1]
    assert validity(Decision(Says(), threshold=0.3), people).tolist() == [1, 1, 1]
