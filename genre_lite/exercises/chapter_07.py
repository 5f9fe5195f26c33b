"""Exercises of chapter 7: Supervision from nowhere."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake

# -- 7.1 ----------------------------------------------------------------------------------------


def _renewals() -> dict[str, float]:
    # Seven people are there once, and three of them four times. All rows weigh the same.
    rows = np.ones(7 * 1 + 3 * 4)
    people = np.array([1] * 7 + [4] * 3)

    def size(w):
        return w.sum() ** 2 / (w**2).sum()

    return {"by rows": float(size(rows)), "by people": float(size(people))}


# -- 7.2 ----------------------------------------------------------------------------------------

DENIED = pd.DataFrame(
    {"age": [25, 41, 33, 58], "job": ["clerk", "smith", "smith", "clerk"]},
    index=["Ada", "Ben", "Cem", "Dora"],
)
ACCEPTED = pd.DataFrame({"age": [60, 39, 30], "job": ["clerk", "smith", "clerk"]})


def _orphan() -> str:
    def reaches_somebody(person):
        same_job = ACCEPTED["job"] == person["job"]
        old_enough = ACCEPTED["age"] >= person["age"]
        return (same_job & old_enough).any()

    reach = DENIED.apply(reaches_somebody, axis=1)
    (alone,) = DENIED.index[~reach]
    # Ben: there is one smith, and he is younger.
    return alone


# -- 7.3 ----------------------------------------------------------------------------------------


def _pair_weights():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.where(allowed, np.exp(-cost_weight * np.asarray(costs)), 0)
        total = raw.sum(axis=1, keepdims=True)
        # Where nobody is allowed the total is 0, and so is every weight.
        return raw / np.where(total > 0, total, 1)

    return pair_weights


def _whole_table_sums_to_one():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.where(allowed, np.exp(-cost_weight * np.asarray(costs)), 0)
        return raw / raw.sum()

    return pair_weights


def _columns_sum_to_one():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.where(allowed, np.exp(-cost_weight * np.asarray(costs)), 0)
        total = raw.sum(axis=0, keepdims=True)
        return raw / np.where(total > 0, total, 1)

    return pair_weights


def _masked_too_late():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.exp(-cost_weight * np.asarray(costs))
        return np.where(allowed, raw / raw.sum(axis=1, keepdims=True), 0)

    return pair_weights


def _no_constraints():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.exp(-cost_weight * np.asarray(costs))
        return raw / raw.sum(axis=1, keepdims=True)

    return pair_weights


def _divides_by_zero():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.where(allowed, np.exp(-cost_weight * np.asarray(costs)), 0)
        with np.errstate(invalid="ignore"):
            return raw / raw.sum(axis=1, keepdims=True)

    return pair_weights


def _costly_ones_weigh_more():
    def pair_weights(costs, allowed, cost_weight):
        raw = np.where(allowed, np.exp(cost_weight * np.asarray(costs)), 0)
        total = raw.sum(axis=1, keepdims=True)
        return raw / np.where(total > 0, total, 1)

    return pair_weights


COSTS = np.array([[0.1, 0.4, 1.2], [0.3, 0.2, 0.9], [0.5, 0.5, 0.1], [0.0, 2.0, 1.0]])
ALLOWED = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 0], [1, 1, 0]], dtype=bool)
MANY = np.random.default_rng(73).uniform(0, 2, (8, 6))
TABLES = (
    (COSTS, ALLOWED, 5.0),
    (COSTS, ALLOWED, 0.0),
    (COSTS[:2], ALLOWED[:2], 1.0),
    (MANY, MANY < 1.5, 2.0),
    (MANY[:, :1], MANY[:, :1] < 1, 3.0),
)


# -- 7.4 ----------------------------------------------------------------------------------------


def _limit() -> list[float]:
    # Q(t) = exp(-λ (c_t - 0.1)) / sum: the two of cost 0.1 stay 1, the others die.
    costs = np.array([0.3, 0.1, 0.1, 0.6])
    nearest = costs == costs.min()
    return (nearest / nearest.sum()).tolist()


# -- 7.5 ----------------------------------------------------------------------------------------

ENOUGH = 20


@cache
def mans_costs() -> np.ndarray:
    import genre_lite as gl

    bank = gl.load_dataset("adult")
    h = gl.GenRe.load("adult", progress=False).h
    man = bank.X_test.loc[[2]]
    yes = h.predict_proba(bank.X_train)[:, 1]
    targets = bank.X_train[(yes > 0.7) & (bank.y_train == 1)]
    codec = gl.Codec(bank.schema).fit(bank.X_train)
    as_he_is = pd.concat([man] * len(targets), ignore_index=True)
    broken = bank.schema.violations(as_he_is, targets.reset_index(drop=True)).any(axis=1)
    costs = gl.cost(codec.cube(man), codec.cube(targets), codec.nominal)
    return costs[~broken.to_numpy()]


def _size(cost_weight: float) -> float:
    w = np.exp(-cost_weight * mans_costs())
    return float(w.sum() ** 2 / (w**2).sum())


def _chosen() -> float:
    costs = mans_costs()

    def effective(cost_weight):
        w = np.exp(-cost_weight * costs)
        return w.sum() ** 2 / (w**2).sum()

    dial = np.arange(0, 200) / 10
    enough = [w for w in dial if effective(w) >= 20]
    return float(max(enough))


def _is_chosen(answer: float) -> bool:
    return float(answer) >= 0 and _size(float(answer)) >= ENOUGH > _size(float(answer) + 0.1)


# -- 7.6 ----------------------------------------------------------------------------------------


def _breaks() -> dict[str, bool]:
    return {
        "a": True,  # the 100 nearest draw together around the nearest
        "b": False,  # among the nearest all weights are alike: it stays near 100
        "c": False,  # who is far is shut out for ever
        "d": True,  # a pool shuts out others each time, and this one grows
        "e": False,  # the far nine tenths stay out, at any size
        "f": False,  # each pool has its own denominator: a bias of about κ / 100 stays
    }


# -- 7.7 ----------------------------------------------------------------------------------------


def _lesson_of():
    def lesson_of(worth, accepted):
        worth = np.where(accepted, worth, -np.inf)
        best = worth.max(axis=1, keepdims=True)
        kept = (worth > best - 0.05) & (worth > 1)
        # Where nothing is kept the count is 0, and so is every weight.
        return kept / np.maximum(kept.sum(axis=1, keepdims=True), 1)

    return lesson_of


def _other_lesson(*, own=True, accepted_best=True, floor=1.0, nearly=0.05, shared=True):
    """The lesson with something left out."""

    def lesson_of(worth, accepted):
        counts = np.where(accepted, worth, -np.inf)
        best = (counts if accepted_best else worth).max(axis=1 if own else None, keepdims=True)
        kept = (counts >= best - nearly) & (counts > floor)
        return kept / np.maximum(kept.sum(axis=1, keepdims=True), 1) if shared else kept * 1.0

    return lesson_of


def _softmax_lesson():
    def lesson_of(worth, accepted):
        raw = np.where(accepted & (worth > 1), np.exp(worth), 0)
        return raw / np.where(raw.any(axis=1), raw.sum(axis=1), 1)[:, None]

    return lesson_of


# A denied answer leads the second row; the third is worth no more than doing nothing; nobody in the
# fourth is accepted; the first and the last have several that are nearly as good.
WORTH = np.array(
    [
        [1.80, 1.78, 1.62, 1.77],
        [1.90, 1.70, 1.68, 1.20],
        [0.97, 0.99, 0.60, 0.98],
        [1.70, 1.65, 1.69, 1.50],
        [1.33, 1.29, 1.36, 1.10],
    ]
)
KEPT = np.array([[1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=bool)
# Worth exactly 1, and exactly 0.05 less than the best: neither is a lesson.
AT_THE_EDGE = np.array([[1.00, 0.97, 0.40], [1.50, 1.45, 1.47]])
# Best just above 1, with one nearly as good below it; two of the same worth; one answer a person.
EDGES = np.array([[1.03, 0.99, 1.01], [1.60, 1.60, 1.52], [1.94, 1.88, 1.86]])


def _rounds() -> tuple[tuple, ...]:
    rng = np.random.default_rng(7)
    drawn = tuple((rng.uniform(0.9, 1.2, (6, d)), rng.random((6, d)) < 0.7) for d in (1, 5, 9))
    return (
        (WORTH, KEPT),
        (WORTH[:2] + 0.05, KEPT[:2]),
        (EDGES, np.ones(EDGES.shape, dtype=bool)),
        (AT_THE_EDGE, np.ones(AT_THE_EDGE.shape, dtype=bool)),
        *drawn,
    )


ROUNDS = _rounds()


def _surely() -> dict[str, float | str]:
    from scipy.stats import norm

    p_hat = (0.58 + 0.72) / 2
    valid = float(norm.cdf((p_hat - 0.5) / 0.1))
    plausible = 6 / 8
    # Whoever is to be an example must be surely valid, and be no outlier in most of the sets.
    at = {f"at {g:g}": "yes" if valid > g and plausible > 0.5 else "no" for g in (0.9, 0.95)}
    return {"valid": valid, "plausible": plausible} | at


EXERCISES = (
    Exercise(
        key="7.1",
        title="Three loans that were renewed",
        solution=_renewals,
        mistakes=(
            Mistake(
                "The formula knows who is who.",
                lambda: _renewals() | {"by rows": 10.0},
                "The formula is given weights of rows. How many rows are there?",
                lambda answer: np.isclose(answer["by rows"], 10),
            ),
            Mistake(
                "Copies do no harm: ten people are ten.",
                lambda: _renewals() | {"by people": 10.0},
                "Ten would be right if each of them had the same weight. What does somebody weigh who is there "
                "four times?",
                lambda answer: np.isclose(answer["by people"], 10),
            ),
            Mistake(
                "Copies make the size larger in both ways.",
                lambda: _renewals() | {"by people": 19.0},
                "Can ten people be worth more than ten?",
                lambda answer: answer["by people"] > 10 + 1e-9,
            ),
            Mistake(
                "Only those who are there once count.",
                lambda: _renewals() | {"by people": 7.0},
                "Those who were renewed weigh more, and not nothing. Add up the weights of each person first.",
            ),
        ),
        hint="Write the weights down twice, once a row and once a person; then the square of their sum over the "
        "sum of their squares.",
        takeaway="The size counts rows that weigh alike, and copies do. Ask how many people it is.",
        tolerance=1e-2,
    ),
    Exercise(
        key="7.2",
        title="Who has no example?",
        solution=_orphan,
        mistakes=(
            Mistake(
                "Whoever is oldest can reach nobody.",
                lambda: "Dora",
                "Dora is old, but look for a clerk who is older still.",
            ),
            Mistake(
                "One target of the right kind serves everybody of that kind.",
                lambda: "Cem",
                "Cem shares his job with one accepted person. Is that person old enough for him?",
            ),
            Mistake(
                "Age may go down.",
                lambda: "Ada",
                "Ada has two clerks to choose from, and both are older than she is.",
            ),
        ),
        hint="Match the jobs first. Then compare the ages.",
        takeaway="Each rule alone leaves everybody somebody. Together they leave one person nobody.",
    ),
    Exercise(
        key="7.3",
        title="Write Q",
        solution=_pair_weights,
        mistakes=(
            Mistake(
                "Q is one distribution over all pairs.",
                _whole_table_sums_to_one,
                "All your weights together sum to one. Whose weights should?",
            ),
            Mistake(
                "The weights of one target sum to one.",
                _columns_sum_to_one,
                "Your columns sum to one. Q is a distribution over targets, for one source.",
            ),
            Mistake(
                "The constraints may be put in after normalizing.",
                _masked_too_late,
                "Where a target is forbidden, your row no longer sums to one. What comes first?",
            ),
            Mistake(
                "A constraint is part of the cost already.",
                _no_constraints,
                "A forbidden target still has weight. What is `allowed` for?",
            ),
            Mistake(
                "Every source has a target.",
                _divides_by_zero,
                "One source of the test reaches nobody, and gets not-a-number. What is its total?",
            ),
            Mistake(
                "A high cost is a high weight.",
                _costly_ones_weigh_more,
                "With you whatever costs more weighs more. Look at the sign.",
            ),
        ),
        hint="exp(-λ cost) where allowed, 0 elsewhere; then each row divided by its own total.",
        takeaway="That is all the supervision there is: three lines, and no label of recourse.",
        probes=TABLES,
        tolerance=1e-5,
    ),
    Exercise(
        key="7.4",
        title="The end of the dial",
        solution=_limit,
        mistakes=(
            Mistake(
                "There is always one nearest neighbour.",
                lambda: [0.0, 1.0, 0.0, 0.0],
                "Why should the second be preferred to the third? They cost the same, at any λ.",
            ),
            Mistake(
                "A large λ makes all weights zero.",
                lambda: [0.0, 0.0, 0.0, 0.0],
                "Each raw weight tends to 0, but so does their sum. Do your weights sum to one?",
            ),
            Mistake(
                "A large λ makes all weights equal.",
                lambda: [0.25, 0.25, 0.25, 0.25],
                "That is the other end of the dial, λ = 0.",
            ),
            Mistake(
                "Each of the nearest gets weight one.",
                lambda: [0.0, 1.0, 1.0, 0.0],
                "The right two. But what do your weights sum to?",
            ),
        ),
        hint="Divide every weight by that of the nearest first. Then let λ grow.",
        takeaway="The nearest neighbour is GenRe's teacher at λ = ∞, ties shared.",
    ),
    Exercise(
        key="7.5",
        title="Choose λ",
        solution=_chosen,
        accepts=_is_chosen,
        mistakes=(
            Mistake(
                "A larger λ gives more effective targets.",
                lambda: 19.9,
                "At your λ fewer than 20 are left. Which way does the ESS go as λ grows?",
                lambda answer: float(answer) >= 0 and _size(float(answer)) < ENOUGH,
            ),
            Mistake(
                "The most effective targets are the best choice.",
                lambda: 0.0,
                "There are enough at your λ, and more than asked. Cheaper pairs can be had.",
                lambda answer: float(answer) >= 0 and _size(float(answer) + 0.1) >= ENOUGH,
            ),
        ),
        hint="Begin at 0, and raise λ by a tenth at a time. The last one at which `at(λ)` still gives 20 is asked for.",
        takeaway="So one person's table, and not taste alone, says how large λ may be.",
    ),
    Exercise(
        key="7.6",
        title="What breaks?",
        solution=_breaks,
        mistakes=(
            Mistake(
                "The effective sample size warns of everything.",
                lambda: _breaks() | {"b": True},
                "Look at the ESS with K = 50 again. Did it fall?",
                lambda answer: answer["b"] is True,
            ),
            Mistake(
                "More data repair everything.",
                lambda: _breaks() | {"a": False, "c": True},
                "Follow one target at a middling cost. As n grows, is it ever among the nearest again?",
                lambda answer: answer["c"] is True,
            ),
            Mistake(
                "A K that grows is enough.",
                lambda: _breaks() | {"e": True},
                "The nearest tenth grows with the table. But who is in it, and who never is?",
                lambda answer: answer["e"] is True,
            ),
            Mistake(
                "A pool is as bad as a cut.",
                lambda: _breaks() | {"d": False},
                "A pool leaves out nine in ten as well. The same ones each time?",
                lambda answer: answer["d"] is False,
            ),
            Mistake(
                "A fresh pool is safe at any size.",
                lambda: _breaks() | {"f": True},
                "Nobody is shut out for ever. But is the mean of ratios the ratio of the means? Look at what "
                "a pool of 64 does in a table without end.",
                lambda answer: answer["f"] is True,
            ),
        ),
        hint="Ask of each one who is left out. Is it always the same people, and does the number that is "
        "weighed together grow?",
        takeaway="To leave out the far costs the truth, at any size. To leave people out at random costs "
        "noise and a bias, and only a growing pool loses the bias.",
    ),
    Exercise(
        key="7.7",
        title="One round",
        solution=_lesson_of,
        mistakes=(
            Mistake(
                "Nearly as good means nearly as good as the best of all people.",
                lambda: _other_lesson(own=False),
                "With you somebody who has good answers learns nothing. Whose best does the formula "
                "take the maximum over?",
            ),
            Mistake(
                "Only the very best answer is a lesson.",
                lambda: _other_lesson(nearly=0.0),
                "You keep one answer a person. How much worse may an answer be, to be learnt from?",
            ),
            Mistake(
                "What the bank denies sets the mark for the rest.",
                lambda: _other_lesson(accepted_best=False),
                "In one row the best answer is one that the bank denies, and you teach nothing there. "
                "What comes first: the maximum, or who counts at all?",
            ),
            Mistake(
                "Whoever has answers has a lesson.",
                lambda: _other_lesson(floor=-1.0),
                "One person's best is worth less than 1. What is it worth to change nothing?",
            ),
            Mistake(
                "A person with more good answers weighs more.",
                lambda: _other_lesson(shared=False),
                "The right answers are kept, but what do the rows sum to? Look for 1 / |B(x)|.",
            ),
            Mistake(
                "A better answer weighs more, all the way down.",
                _softmax_lesson,
                "You weigh every accepted answer by what it is worth. In B(x) they all count alike, and "
                "outside not at all.",
            ),
        ),
        hint="Put −∞ where the bank denies; then each row's greatest, less 0.05; then also above 1; then "
        "divide by how many are left.",
        takeaway="The search's answers are the labels. Nobody recorded them either, and they are as "
        "good as their judge.",
        probes=ROUNDS,
    ),
    Exercise(
        key="7.8",
        title="How sure of them?",
        solution=_surely,
        mistakes=(
            Mistake(
                "How probable a good outcome is says how sure one may be of it.",
                lambda: _surely() | {"valid": 0.65, "at 0.9": "no"},
                "That is the mean of the two forests. How probable is it that what they estimate lies above one half?",
                lambda answer: np.isclose(answer["valid"], 0.65, atol=5e-3),
            ),
            Mistake(
                "The forest that saw the row knows best.",
                lambda: _surely() | {"valid": 0.986, "at 0.95": "yes"},
                "You asked one of the two forests. The package takes their mean.",
                lambda answer: any(
                    np.isclose(answer["valid"], v, atol=3e-3) for v in (0.986, 0.788)
                ),
            ),
            Mistake(
                "Most sets say so, and so it is.",
                lambda: _surely() | {"plausible": 1.0},
                "The sets are asked in order to know how many of them say so. What share is it?",
                lambda answer: answer["plausible"] in (0, 1),
            ),
            Mistake(
                "An estimate of validity above one half is enough.",
                lambda: _surely() | {"at 0.95": "yes"},
                "The margin is what the estimate of validity has to pass, and not the bank's probability.",
                lambda answer: answer["at 0.95"] == "yes",
            ),
            Mistake(
                "Plausible has to be as sure as valid.",
                lambda: _surely() | {"at 0.9": "no"},
                "The margin is asked of one of the two estimates alone. What is asked of the other?",
                lambda answer: answer["at 0.9"] == "no" and answer["valid"] > 0.9,
            ),
        ),
        tolerance=5e-3,
        hint="How far is the mean of the two from one half, counted in σ? The normal distribution function of that, and "
        "the share of the sets.",
        takeaway="An estimate of 0.65 that errs by 0.1 is surely above one half, in 93 cases of 100. How sure one "
        "is hangs on σ as much as on the estimate.",
    ),
)
