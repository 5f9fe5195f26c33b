"""Exercises of chapter 12: Audit and limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

import genre_lite as gl
from genre_lite.estimator import RecourseMethod, positions

from .exercise import Exercise, Mistake
from .form import texts


class Copier(RecourseMethod):
    """The neighbour of chapter 6 in its plainest form: an accepted person is copied whole, or not at all.

    Of the accepted rows that break no term the cheapest is copied. Nothing is grafted, so whoever
    shares no fixed values with somebody accepted gets no answer; there is one option at most.
    """

    name = "copier"

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        self._rows = X[yes & (score > 0.7) & (labels == 1)].drop_duplicates()
        self._points = self.codec.cube(self._rows)

    def _options(self, denied: pd.DataFrame, limits: gl.Limits, n: int) -> tuple:
        person, row = [], []
        for i, own in enumerate(limits.cube):
            inside = (self._points >= limits.low[i]) & (self._points <= limits.high[i])
            may = (self._points == own) | (inside & ~limits.fixed[i])
            fine = np.flatnonzero(may.all(axis=1))
            if len(fine):
                price = gl.cost(own, self._points[fine], self.codec.nominal)
                person.append(i)
                row.append(fine[price.argmin()])
        copies = self._rows.iloc[row].set_axis(positions(person, 0))
        return copies, np.full(len(copies), np.nan)


# -- 12.1: an interval for a gap --------------------------------------------------------------------

_CHANCE = np.random.default_rng(12)
_A = _CHANCE.exponential(1.4, size=60)
_B = _CHANCE.exponential(1.0, size=90)


def _interval_for_a_gap():
    import numpy as np

    def gap_interval(a, b, draws=4000, seed=0):
        chance = np.random.default_rng(seed)

        def means(values):
            values = np.asarray(values, dtype=float)
            who = chance.integers(len(values), size=(draws, len(values)))
            return values[who].mean(axis=1)

        return np.quantile(means(a) - means(b), [0.025, 0.975])

    return gap_interval


def _ends_subtracted(a, b):
    alone = _interval_for_a_gap()
    zero = np.zeros(2)
    (low_a, high_a), (low_b, high_b) = alone(a, zero), alone(b, zero)
    return np.array([low_a - high_b, high_a - low_b])


def _spread_of_people(a, b):
    half = 1.96 * np.sqrt(np.var(a, ddof=1) + np.var(b, ddof=1))
    return np.mean(a) - np.mean(b) + np.array([-half, half])


def _one_pool(a, b):
    chance, pool = np.random.default_rng(0), np.concatenate([a, b])
    draws = [chance.choice(pool, size=(4000, len(one))).mean(axis=1) for one in (a, b)]
    return np.quantile(draws[0] - draws[1], [0.025, 0.975])


def _without_replacement(a, b):
    return np.repeat(np.mean(a) - np.mean(b), 2)


def _nine_in_ten(a, b):
    chance = np.random.default_rng(0)
    a, b = (one[chance.integers(len(one), size=(40_000, len(one)))].mean(axis=1) for one in (a, b))
    return np.quantile(a - b, [0.05, 0.95])


def _of_one_size(a, b):
    chance = np.random.default_rng(0)
    draws = [
        np.asarray(one)[chance.integers(len(one), size=(4000, len(a)))].mean(axis=1)
        for one in (a, b)
    ]
    return np.quantile(draws[0] - draws[1], [0.025, 0.975])


def _by_formula(a, b):
    half = 1.96 * np.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
    return np.mean(a) - np.mean(b) + np.array([-half, half])


def _reaches_as_far_both_ways(interval, a, b) -> bool:
    if isinstance(interval, Mapping):
        interval = [interval["low"], interval["high"]]
    middle, gap = np.mean(interval), np.mean(a) - np.mean(b)
    return bool(abs(middle - gap) < 0.02 * np.ptp(interval))


def _near(interval, other) -> bool:
    """Whether two intervals agree but for the luck of 4,000 draws: four hundredths of the width are rare.

    The ends of an interval of 90 % lie eight hundredths away.
    """
    if isinstance(interval, Mapping):
        interval = [interval["low"], interval["high"]]
    interval, other = (np.asarray(x, dtype=float) for x in (interval, other))
    if interval.shape != (2,):
        return False
    return bool(np.abs(interval - other).max() < 0.05 * max(np.ptp(other), 1e-9))


def _is_interval(found, a, b) -> bool:
    return _near(found, _right_interval(tuple(a), tuple(b)))


@cache
def _right_interval(a, b) -> np.ndarray:
    return _interval_for_a_gap()(np.array(a), np.array(b), draws=40_000)


# Few people, of whom one pays much: only here a formula for large groups is far off.
_FEW = (np.array([0.1, 0.2, 0.2, 0.3, 0.4, 6.0]), np.array([0.5, 0.6, 0.7, 0.9, 1.0]))
# Groups of other sizes, with a gap below zero, with gains and losses, and whole numbers.
_PAIRS = (
    (_A, _B),
    (_B[:25], 10 * _A[:40]),
    (_CHANCE.normal(-3, 2, 200), _CHANCE.normal(0, 1, 15)),
    (_CHANCE.integers(0, 5, 50), _CHANCE.integers(0, 5, 70)),
    _FEW,
)
_LARGE, _SMALL = _PAIRS[2]


# -- 12.2: the hidden group -------------------------------------------------------------------------


def report() -> pd.DataFrame:
    """Who asked a bank for recourse, one row a person: sex, region, and the cost, NaN if not found."""
    asked = [
        ("woman", "north", 24, 23, 1.00),
        ("woman", "south", 22, 5, 0.70),
        ("woman", "east", 9, 9, 1.05),
        ("man", "north", 26, 25, 0.80),
        ("man", "south", 18, 17, 0.90),
        ("man", "east", 12, 12, 1.40),
    ]
    rows = []
    for sex, region, people, found, cost in asked:
        spread = np.linspace(-0.3, 0.3, found)
        costs = [*(cost + spread), *[np.nan] * (people - found)]
        rows += [{"sex": sex, "region": region, "cost": c} for c in costs]
    people = pd.DataFrame(rows)
    # Both sexes at the same mean, as the bank reports.
    mean = people.groupby("sex")["cost"].transform("mean")
    people["cost"] += 1 - mean
    return people.sample(frac=1, random_state=0).reset_index(drop=True)


def _hidden_group():
    people = report()
    found = people["cost"].notna()
    coverage = found.groupby([people["sex"], people["region"]]).mean()
    return coverage.idxmin()


SEXES, REGIONS = {"woman", "man"}, {"north", "south", "east"}
_SAID = {"women": "woman", "female": "woman", "females": "woman"}
_SAID |= {"men": "man", "male": "man", "males": "man"}
_SAID |= {"southern": "south", "northern": "north", "eastern": "east"}


def _named(answer) -> set[str]:
    """Which sexes and regions an answer names, whatever it is made of; none, if it says which it is not."""
    words = re.findall(r"[a-z]+", " ".join(texts(answer)).casefold())
    if {"not", "no", "except", "but"} & {*words}:
        return set()
    return {_SAID.get(word, word) for word in words} & (SEXES | REGIONS)


def _is_pair(named: set[str]) -> bool:
    return len(named & SEXES) == len(named & REGIONS) == 1


# -- 12.3: wrongly free -----------------------------------------------------------------------------


@cache
def _share_answered(held: tuple[str, ...], everybody: bool = False) -> float:
    bank, h = gl.load_dataset("compas"), gl.GenRe.load("compas", progress=False).h
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
    older = () if "age" in held else ("age",)
    schema = bank.schema.constrain(immutable=held, increasing=older)
    method = Copier(h, schema, progress=False).fit(bank.X_train, bank.y_train)
    found = method.recommend(denied).found
    return float(found.sum() / len(bank.X_test) if everybody else found.mean())


_PAST = ("two_year_recid", "c_charge_degree", "priors_count", "length_of_stay")


def _nothing_in_the_past_is_free():
    import genre_lite as gl
    from genre_lite.exercises.chapter_12 import Copier

    bank = gl.load_dataset("compas")
    h = gl.GenRe.load("compas", progress=False).h
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]

    past = ["two_year_recid", "c_charge_degree", "priors_count", "length_of_stay"]
    schema = bank.schema.constrain(immutable=past, increasing=["age"])

    method = Copier(h, schema, progress=False)
    method.fit(bank.X_train, bank.y_train)
    return method.recommend(denied).found.mean()


def _answers(number: float):
    """Whether an answer is this share, give or take a person or two."""
    return lambda answer: abs(float(answer) - number) < 0.006


# -- 12.4: the effect of a policy -------------------------------------------------------------------


def cohort() -> pd.DataFrame:
    """Eight applicants: what the bank thinks and what is true, before and after their letters."""
    return pd.DataFrame(
        {
            "h": [0.90, 0.80, 0.60, 0.40, 0.30, 0.20, 0.45, 0.10],
            "h_new": [0.90, 0.80, 0.60, 0.75, 0.65, 0.55, 0.95, 0.40],
            "repay": [0.90, 0.70, 0.60, 0.60, 0.30, 0.20, 0.50, 0.20],
            "repay_new": [0.90, 0.70, 0.60, 0.80, 0.65, 0.40, 0.75, 0.35],
        },
        index=pd.Index(list("ABCDEFGH"), name="applicant"),
    )


def _effect_of_a_policy():
    people = cohort()
    accepted = people[people["h_new"] > 0.5]

    real = accepted["repay_new"].mean()
    form_only = accepted["repay"].mean()
    return {"real": real, "form only": form_only}


def _of(people: pd.DataFrame, real: str = "repay_new", form: str = "repay") -> dict[str, float]:
    return {"real": people[real].mean(), "form only": people[form].mean()}


# -- 12.5: the memo ---------------------------------------------------------------------------------


@cache
def _audited() -> pd.DataFrame:
    bank, h = gl.load_dataset("adult"), gl.GenRe.load("adult", progress=False).h
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
    asked = denied.sample(400, random_state=12)
    method = Copier(h, bank.schema.constrain(increasing=["age"]), progress=False)
    answer = method.fit(bank.X_train, bank.y_train).recommend(asked)
    first = pd.DataFrame({"found": answer.found, "cost": answer.cost}).xs(0, level="option")
    return asked[["sex", "race"]].join(first)


def audited() -> pd.DataFrame:
    """400 denied people of Adult and what the copier had for them, one row a person."""
    return _audited().copy()


def _audit_memo():
    import numpy as np

    people = audited()
    women, men = (people[people["sex"] == s] for s in ("Female", "Male"))

    def means(values, draws=4000):
        chance = np.random.default_rng(0)
        who = chance.integers(len(values), size=(draws, len(values)))
        return values.to_numpy()[who].mean(axis=1)

    costs = women["cost"].dropna(), men["cost"].dropna()
    low, high = np.quantile(means(costs[0]) - means(costs[1]), [0.025, 0.975])
    return {
        "scope": "The shipped Adult classifier, asked by a sample of the test people it "
        "denies, and answered by copies of accepted people, who may be older. Race, age and "
        "the quality of the single letters were not looked at.",
        "people": {"Female": len(women), "Male": len(men)},
        "coverage": {"Female": women["found"].mean(), "Male": men["found"].mean()},
        "gap": {"value": costs[0].mean() - costs[1].mean(), "low": low, "high": high},
        "limits": "The interval of the gap holds zero: among those answered this sample shows no "
        "difference in cost, and no equality either. More women than men were not answered at "
        "all. It does not say why, nor what holds outside this table of 1994.",
        "recommendation": "Find out first why fewer women get an answer, and give those "
        "without one a person to talk to. Ask more people before the cost is judged, and "
        "assess it anew with another classifier.",
    }


PARTS = ("scope", "people", "coverage", "gap", "limits", "recommendation")
WORDS = ("scope", "limits", "recommendation")
# Whole words, so that "improves" passes.
TOO_MUCH = re.compile(
    r"\b(?:solve[sd]?|solving|proves|proven|unbiased|(?:is|are|was|were|be) (?:\w+ly )?fair|guarantee[sd]?"
    r"|(?:no|free (?:of|from)|without) (?:bias|discrimination|unfairness)|bias-free"
    r"|treats? [^,]+ (?:equally|alike|the same)|(?:nobody|no group|no one) is (?:\w+ )?worse"
    r"|(?:women and men|men and women|both sexes|both groups) (?:pay|are (?:treated|served)) "
    r"(?:\w+ )?(?:the same|equally|alike)|(?:method|copier|model|classifier|bank|system) has no (?:gap|difference)"
    r"|(?:everything|all) is (?:\w+ )?(?:fine|well|good|right|in order|okay)"
    r"|can (?:be relied on|be trusted|(?:rely on|trust) (?:it|them|this|the (?:method|copier|model|bank|classifier)))"
    r"|can be used (?:\w+ )?(?:as it is|from|everywhere))\b"
)
CAUSE = re.compile(
    r"\b(?:because (?:they|women|men|she|he|(?:of )?(?:their|her|his|the)? ?sex|of (?:their|her|his))"
    r"|(?:since|as) (?:their|her|his) sex|since (?:the )?sex (?:is|was)"
    r"|(?:caused?|explained|driven) by|(?:due|owing) to (?:their|sex|women|men|discrimination)"
    r"|discriminat(?:es|ed|ing))\b"
)
# What takes a claim back, before it in the same sentence.
TAKEN_BACK = re.compile(
    r"\b(?:not|no|nor|never|nothing|cannot|neither|whether|without|if|unless|nobody|none|hardly|little"
    r"|avoid|wrong|doubt\w*|before|until|unclear|unknown|need\w*|too (?:early|soon)|premature|\w+n['’]t)\b"
)
# A sentence of an audit names at least one thing of it.
OF_AN_AUDIT = re.compile(
    r"\b(?:adult|census|model|classifier|bank|copi|table|data|sample|people|person|applicant|wom[ae]n|m[ae]n|sex"
    r"|race|group|answer|letter|recourse|cost|gap|interval|coverage|audit|number|result|finding)"
)


def _memo(**changed) -> dict:
    return _audit_memo() | changed


def _lacks_a_part(memo) -> bool:
    return not isinstance(memo, Mapping) or any(part not in memo for part in PARTS)


def _not_by_group(memo) -> bool:
    by_sex = (memo["people"], memo["coverage"])
    return any(not isinstance(x, Mapping) or {*x} != {"Female", "Male"} for x in by_sex)


def _no_interval(memo) -> bool:
    gap = memo["gap"]
    return not isinstance(gap, Mapping) or not {"value", "low", "high"} <= {*gap}


def _claimed(text: str, claim: re.Pattern) -> bool:
    """Whether a text claims something, and does not take it back before, in the same sentence."""
    for sentence in re.split(r"[.;:!?]", text.casefold()):
        found = claim.search(sentence)
        if found and not TAKEN_BACK.search(sentence[: found.start()]):
            return True
    return False


def _told(memo) -> list[str]:
    """What the sentences claim; whoever lists in the limits *that* something is so, warns of the conclusion."""
    limits = re.split(r"(?<=[.;:!?])", str(memo["limits"]))
    said = "".join(part for part in limits if not re.match(r"\s*(?:n?or |and )?that\b", part, re.I))
    return [str(memo["scope"]), said, str(memo["recommendation"])]


def _claims_too_much(memo) -> bool:
    return any(_claimed(text, TOO_MUCH) for text in _told(memo))


def _names_a_cause(memo) -> bool:
    return any(_claimed(text, CAUSE) for text in _told(memo))


def _says_little(memo) -> bool:
    """Whether one of the sentences is short, speaks of nothing here, repeats itself, or repeats another."""
    if not all(OF_AN_AUDIT.search(str(memo[part]).casefold()) for part in WORDS):
        return True
    said = [re.findall(r"\w+", str(memo[part]).casefold()) for part in WORDS]
    few = any(len(words) < 8 or len({*words}) < 7 for words in said)
    return few or len({*map(tuple, said)}) < len(said)


def _gap_with_nobody_dropped() -> float:
    cost = _audited()["cost"].fillna(0).groupby(_audited()["sex"]).mean()
    return float(cost["Female"] - cost["Male"])


def _wide() -> dict[str, float]:
    gap = _audit_memo()["gap"]
    spread = 1.96 * _audited()["cost"].std()
    return gap | {"low": gap["value"] - spread, "high": gap["value"] + spread}


def _too_wide(memo) -> bool:
    gap, right = memo["gap"], _audit_memo()["gap"]
    return gap["high"] - gap["low"] > 2.5 * (right["high"] - right["low"])


def _of_one_digit(memo) -> bool:
    """Whether somebody has the gap, and has rounded it away."""
    gap, right = memo["gap"], _audit_memo()["gap"]
    return all(
        round(gap[part], 1) == gap[part] and abs(gap[part] - right[part]) < 0.07 for part in right
    )


def _good_memo(memo) -> bool:
    right = _audit_memo()
    counts = all(memo["people"][s] == n for s, n in right["people"].items())
    shares = all(abs(memo["coverage"][s] - c) < 0.008 for s, c in right["coverage"].items())
    off = {"value": 0.011, "low": 0.02, "high": 0.02}  # two digits, and the luck of the draws
    near = all(abs(memo["gap"][part] - right["gap"][part]) < o for part, o in off.items())
    return counts and shares and near


EXERCISES = (
    Exercise(
        key="12.1",
        title="An interval for a gap",
        solution=_interval_for_a_gap,
        mistakes=(
            Mistake(
                "The interval of a difference runs between the ends of two intervals.",
                lambda: _ends_subtracted,
                "Your interval is too wide: it would need both groups to be unlucky at once, in "
                "opposite ways. What is the number whose spread you want?",
                lambda answer: _near(answer(_A, _B), _ends_subtracted(_A, _B)),
                part="how wide your interval is",
            ),
            Mistake(
                "How much people differ says how unsure their mean is.",
                lambda: _spread_of_people,
                "That is how far one person is from another. A mean of many people is steadier: "
                "how much steadier, with sixty of them?",
                lambda answer: _near(answer(_A, _B), _spread_of_people(_A, _B)),
                part="how wide your interval is",
            ),
            Mistake(
                "One pool of all people may be drawn from.",
                lambda: _one_pool,
                "Your interval lies around zero. Who went into group a of your draws?",
                lambda answer: _near(answer(_A, _B), _one_pool(_A, _B)),
                part="where your interval lies",
            ),
            Mistake(
                "A bootstrap reorders the people.",
                lambda: _without_replacement,
                "Your interval has no width. May the same person be drawn twice?",
                lambda answer: _near(answer(_A, _B), _without_replacement(_A, _B)),
                part="how wide your interval is",
            ),
            Mistake(
                "Two groups that are compared are drawn with the same size.",
                lambda: _of_one_size,
                "You draw as many people of the one group as of the other, and the two have different sizes. How many "
                "people stand behind each mean?",
                lambda answer: any(
                    _near(answer(_LARGE, _SMALL), one)
                    for one in (_of_one_size(_LARGE, _SMALL), -_of_one_size(_SMALL, _LARGE)[::-1])
                ),
                part="how many people you draw of each group",
            ),
            Mistake(
                "Five in a hundred lie beyond each end of an interval of 95 %.",
                lambda: _nine_in_ten,
                "Your interval is a little narrow. How many draws in a hundred lie outside of it, on both "
                "sides together?",
                lambda answer: _near(answer(_A, _B), _nine_in_ten(_A, _B)),
                part="how wide your interval is",
            ),
            Mistake(
                "An interval reaches as far below the gap as above it.",
                lambda: _by_formula,
                "Your interval reaches as far down as up, also for a few people of whom one pays much. Can the mean of "
                "a draw of them fall as far as it can rise?",
                lambda answer: _reaches_as_far_both_ways(answer(*_FEW), *_FEW),
                part="how far your interval reaches on each side, if one of a few people pays much",
            ),
        ),
        hint="Draw each group from itself, with replacement, as many as it has. Subtract the two "
        "means of each draw; then take the quantiles 0.025 and 0.975 of what you have.",
        takeaway="Resample what was sampled, and compute the very number that you report. For large groups 1.96 "
        "standard errors say nearly the same; for a few people, of whom one pays much, they do not.",
        probes=_PAIRS,
        fits=_is_interval,
    ),
    Exercise(
        key="12.2",
        title="Find the hidden group",
        solution=_hidden_group,
        accepts=lambda answer: _named(answer) == {"woman", "south"},
        mistakes=(
            Mistake(
                "Whoever pays most is served worst.",
                lambda: ("man", "east"),
                "They pay the most of those who got an answer. Is there something worse than an "
                "expensive answer?",
                lambda answer: _named(answer) == {"man", "east"},
                part="what you compare the groups by",
            ),
            Mistake(
                "A hidden group is a small one.",
                lambda: ("woman", "east"),
                "They are few, and each of them got an answer. Look at who got none.",
                lambda answer: _named(answer) == {"woman", "east"},
                part="what you compare the groups by",
            ),
            Mistake(
                "One column is enough to find it.",
                lambda: "woman",
                "One column does not show it. Group by sex and region at once, and give a pair.",
                lambda answer: not _is_pair(_named(answer)),
                part="the question, which names a group by two things",
            ),
            Mistake(
                "Where most people ask, most can go wrong.",
                lambda: ("man", "north"),
                "All of them, or all but one, got an answer. Look for those who got none.",
                lambda answer: _named(answer) != {"woman", "south"},
                part="what you compare the groups by",
            ),
        ),
        hint="Which rows does a mean of the cost leave out? Count them in each group.",
        takeaway="A mean is over those found. Nobody complains of the cost of a letter that never came.",
    ),
    Exercise(
        key="12.3",
        title="Wrongly free",
        solution=_nothing_in_the_past_is_free,
        mistakes=(
            Mistake(
                "Only what the letters change needs to be held.",
                lambda: _share_answered(("priors_count", "length_of_stay")),
                "You held the two that GenRe's letters mostly change. Once they are held, what "
                "else is still free on which nobody can act? Go through the card's list.",
                lambda answer: _answers(_share_answered(("priors_count", "length_of_stay")))(
                    answer
                ),
            ),
            Mistake(
                "Only what lies before the score cannot be acted on.",
                lambda: _share_answered(_PAST[1:]),
                "You left one feature free, the charge that came after the score. Can anybody act on that now?",
                lambda answer: _answers(_share_answered(_PAST[1:]))(answer),
            ),
            Mistake(
                "What nobody can hasten is immutable.",
                lambda: _share_answered((*_PAST, "age")),
                "With age held, as a clock is, nothing is left to change. Here it was to rise: "
                "increasing.",
                lambda answer: float(answer) == 0,
            ),
            Mistake(
                "The share is of all people.",
                lambda: _share_answered(_PAST, everybody=True),
                "Who needs an answer? Only they belong below the line.",
                lambda answer: _answers(_share_answered(_PAST, everybody=True))(answer),
            ),
        ),
        hint="Four names go into schema.constrain(immutable=…), and age into increasing. Then it is "
        "one copier, asked by the denied of the test part, and the mean of found.",
        takeaway="Coverage of a method is coverage under a schema. Here what is left says "
        "only: be older.",
        accepts=lambda answer: _answers(_share_answered(_PAST))(answer),
    ),
    Exercise(
        key="12.4",
        title="The effect of a policy",
        solution=_effect_of_a_policy,
        mistakes=(
            Mistake(
                "Whoever follows a letter is accepted.",
                lambda: _of(cohort()),
                "You counted all eight. Did each letter bring its yes?",
            ),
            Mistake(
                "The bank's probability is the chance to repay.",
                lambda: _of(cohort()[cohort()["h_new"] > 0.5], "h_new", "h"),
                "You averaged what the bank believes. Which columns hold what is true?",
            ),
            Mistake(
                "A policy concerns only those who move.",
                lambda: _of(cohort()[(cohort()["h"] <= 0.5) & (cohort()["h_new"] > 0.5)]),
                "That is right for those who moved. The bank also keeps the ones whom it had "
                "accepted before.",
            ),
        ),
        hint="First, who is accepted after the letters? Then, which column is their true chance in "
        "each of the two stories?",
        takeaway="The same letters and the same yes; what becomes of it depends on what no form shows.",
        tolerance=3e-3,
        names={"a": "real", "b": "form only"},
    ),
    Exercise(
        key="12.5",
        title="A one-page audit memo",
        solution=_audit_memo,
        mistakes=(
            Mistake(
                "An audit is its numbers.",
                lambda: {k: v for k, v in _audit_memo().items() if k not in ("scope", "limits")},
                "A part is missing. A memo has six: scope, people, coverage, gap, limits and "
                "recommendation.",
                _lacks_a_part,
            ),
            Mistake(
                "One coverage speaks for all.",
                lambda: _memo(coverage=_audited()["found"].mean()),
                "Give people and coverage for each sex, under 'Female' and 'Male'. What does one "
                "number for both hide?",
                _not_by_group,
            ),
            Mistake(
                "A gap is a number.",
                lambda: _memo(gap=_audit_memo()["gap"]["value"]),
                "Your gap has no interval. Another sample of people would give another gap: how "
                "far off?",
                _no_interval,
            ),
            Mistake(
                "An audit can find that a method is fair.",
                lambda: _memo(
                    recommendation="Use the copier everywhere, since this audit has "
                    "solved the problem of bias."
                ),
                "Some of your words claim more than was measured. An audit assesses, and a bank "
                "may reduce; what did you promise?",
                _claims_too_much,
                part="what your sentences claim",
            ),
            Mistake(
                "A gap between two groups comes from what tells them apart.",
                lambda: _memo(
                    recommendation="Train another classifier, for the gap of this audit is due to their "
                    "sex alone, and a bank can mend that."
                ),
                "One sentence says what the gap comes from. Which experiment of this audit has shown that?",
                _names_a_cause,
                part="what your sentences claim",
            ),
            Mistake(
                "Whoever got no answer pays nothing.",
                lambda: _memo(
                    gap={
                        "value": _gap_with_nobody_dropped(),
                        "low": _gap_with_nobody_dropped() - 0.1,
                        "high": _gap_with_nobody_dropped() + 0.1,
                    }
                ),
                "Your gap counts people without an answer at a cost of zero. What would they say?",
                lambda memo: abs(memo["gap"]["value"] - _gap_with_nobody_dropped()) < 0.01,
            ),
            Mistake(
                "How much people differ says how unsure their mean is.",
                lambda: _memo(gap=_wide()),
                "Your interval is wide enough for single people. It is asked for the difference of "
                "two means; exercise 12.1 has it.",
                _too_wide,
            ),
            Mistake(
                "One digit is enough for a gap.",
                lambda: _memo(gap={"value": 0.0, "low": -0.1, "high": 0.2}),
                "Your gap is rounded to one digit after the point. Give two or more: with one, small and nothing look "
                "the same.",
                _of_one_digit,
                form=True,
            ),
            Mistake(
                "The numbers speak for themselves.",
                lambda: _memo(limits="None."),
                "Scope, limits and recommendation need a sentence each. What must a reader of your "
                "numbers not conclude?",
                _says_little,
                part="scope, limits and recommendation",
            ),
        ),
        hint="People and coverage are of all who asked, the gap is of those answered. Coverage is a mean of found within "
        "each sex; the gap is women's mean less men's, with 12.1's interval. The sentences say what was looked at, what must not be concluded, and what to do next.",
        takeaway="Your numbers are right. Your sentences I can only search for a few wrong words: let somebody read "
        "them. Do they say who asked, who was answered, at what cost, how sure you are, and what not to conclude?",
        accepts=_good_memo,
    ),
)
