"""The assignments that stand alone: their starters run, and what their notes promise is there to be found."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from play import shown

import genre_lite as gl
from genre_lite import baselines

PAGES = ("audit", "three_ways")
CARD = "Summary, Topics, Audience, Difficulty, Strengths, Weaknesses, Dependencies, Variants"


def source(root, page):
    return (root / f"book/assignments/{page}.md").read_text()


@pytest.fixture(scope="module")
def started(root):
    """What each starter shows and makes, and the seconds that it took."""
    made = {}
    for page in PAGES:
        start = time.process_time()
        with pytest.MonkeyPatch.context() as patch:
            made[page] = *shown(root / f"book/assignments/{page}.md", patch), start
        made[page] = *made[page][:2], time.process_time() - start
    return made


@pytest.mark.parametrize("page", PAGES)
def test_each_has_the_whole_form(root, page):
    text = source(root, page)
    assert ", ".join(re.findall(r"^\| \*\*(\w+)\*\* \| .{20}", text, re.M)[:8]) == CARD
    heads = re.findall(r"^##+ (.+)$", text, re.M)
    assert heads[0] == "For the instructor" and heads[1:3] == ["Handout", "Start here"]
    assert re.fullmatch(r"(Five|Six) steps", heads[3]) and heads[4:] == ["Rubric", "Variants"]
    steps = text[text.index(f"### {heads[3]}") : text.index("**Hand in**")]
    assert (
        len(re.findall(r"^\d\. \*\*", steps, re.M)) == {"Five": 5, "Six": 6}[heads[3][:4].strip()]
    )


@pytest.mark.parametrize(("page", "words"), [("audit", "Eighteen"), ("three_ways", "Fifteen")])
def test_the_points_of_a_rubric_are_counted(root, page, words):
    rubric = source(root, page).split("### Rubric")[1].split("## Variants")[0]
    assert "| not yet: 0 | sound: 2 | strong: 3 |" in rubric
    points = 3 * len(re.findall(r"^\| \*\*", rubric, re.M))
    assert points == {"Eighteen": 18, "Fifteen": 15}[words] and f"{words} points." in rubric


@pytest.mark.parametrize("page", PAGES)
def test_a_handout_needs_no_page_of_the_book(root, page):
    """Links are for the card, the note and the variants; a handout is copied away from the book."""
    handout = source(root, page).split("## Handout")[1].split("## Variants")[0]
    assert not re.search(r"\]\(|\{(ref|term|numref|eq|cite)|glue|\b[Cc]hapter", handout)


@pytest.mark.parametrize("page", PAGES)
def test_a_starter_takes_less_than_a_minute(started, page):
    left, _, seconds = started[page]
    assert seconds < 60
    assert isinstance(next(value for value in left if value is not None), pd.DataFrame)


# -- what the notes say that a class will see -----------------------------------------------------


def gap(a, b, seed=0):
    """The 95 % bootstrap interval of a difference of means."""
    chance = np.random.default_rng(seed)
    means = [chance.choice(x, (2000, len(x))).mean(axis=1) for x in (a, b)]
    return np.quantile(means[0] - means[1], [0.025, 0.975])


def test_the_audit_finds_what_its_note_says(started):
    audit = started["audit"][1]["audit"]
    assert len(audit) == 1000
    by = audit.groupby("group")
    denied = by["denied"].mean()
    assert denied["25 or younger"] > denied["older"] + 0.15, "(1) much more often"
    no = audit[audit["denied"]]
    trained = no.index.isin(started["audit"][1]["bank"].X_train.index).mean()
    assert trained == pytest.approx(3 / 4, abs=0.05), "three in four"
    assert (no.groupby("group")["repaid"].mean() > 1 / 3).all(), "(2) more than a third"
    for name in ("GenRe", "copier"):
        cost = no.groupby("group")[f"cost: {name}"]
        young, older = (cost.get_group(g).dropna() for g in ("25 or younger", "older"))
        low, high = gap(young.to_numpy(), older.to_numpy())
        assert low < 0 < high, "(3) the interval holds zero"
    found = no.groupby("group")["found: copier"].mean()
    assert found["older"] < found["25 or younger"] < no["found: GenRe"].mean(), "(4)"
    both = no["found: copier"].astype(bool) & no["found: GenRe"].astype(bool)
    mean = no["cost: GenRe"].mean()
    assert abs(no.loc[both, "cost: GenRe"].mean() - mean) > 0.03, "other people, another mean"


def test_the_audits_table_says_what_the_letters_say(started):
    space = started["audit"][1]
    audit, bank = space["audit"], space["bank"]
    assert audit["repaid"].mean() == pytest.approx(0.7), "seven hundred of a thousand"
    assert audit.loc[~audit["denied"], "cost: GenRe"].isna().all()
    person = audit.index[audit["denied"]][0]
    answer = space["letters"]["GenRe"]
    codec = gl.Codec(bank.schema).fit(bank.X_train)
    before, after = space["people"].loc[[person]], answer.frame.loc[[(person, 0)]]
    price = gl.cost(codec.cube(before), codec.cube(after), codec.nominal)
    assert audit.loc[person, "cost: GenRe"] == pytest.approx(price[0])


@pytest.fixture(scope="module")
def judged(started):
    space = started["three_ways"][1]
    bank = space["bank"]
    judge = {"h": space["h"], "train": bank.X_train}
    return gl.evaluate(space["answers"], space["denied"], space["truth"], **judge), space


def test_three_ways_differ_as_the_note_says(judged):
    of, _ = judged
    assert of["cost"].idxmax() == "copy" and of["cost"].idxmin() == "search"
    assert of["cost"]["search"] < 0.7 * of["cost"]["sample"]
    assert of["coverage"]["copy"] < 0.95 and of["coverage"][["search", "sample"]].min() > 0.97
    believed = of["validity"] / of["validity_h"]
    assert believed["search"] < believed[["copy", "sample"]].min() - 0.05, "just across the line"
    assert of["validity"].idxmax() == "sample"
    assert of["invalidation_noise"].idxmax() == "search"
    assert of["invalidation_noise"]["search"] > 0.3
    assert (of["violations"] == 0).all(), "all three keep what cannot change"


def test_a_program_that_helps_nobody_can_win_a_column(judged):
    """Of the note's ideas: to answer one easy person and nobody else."""
    of, space = judged
    answer = space["answers"]["search"]
    easy = answer.cost.idxmin()
    frame, cost, probability = answer.frame.copy(), answer.cost.copy(), answer.probability.copy()
    others = frame.index != easy
    frame.loc[others], cost[others], probability[others] = np.nan, np.nan, np.nan
    lazy = gl.Recourses(
        factual=answer.factual,
        frame=frame,
        cost=cost,
        probability=probability,
        log_prob=answer.log_prob,
        schema=answer.schema,
        accepted=answer.accepted,
        method="lazy",
    )
    one = gl.evaluate({"lazy": lazy}, space["denied"], h=space["h"]).loc["lazy"]
    assert one["cost"] < of["cost"].min() / 2
    assert one["coverage"] == pytest.approx(1 / len(space["denied"]))


def test_what_the_variants_name_is_there(root):
    text = source(root, "three_ways").split("## Variants")[1]
    named = re.search(r"`Wachter`, `DiCE`, `CCHVAE` and (\w+) more", " ".join(text.split()))
    rest = {*baselines.__all__} - {
        "Wachter",
        "DiCE",
        "CCHVAE",
        "NearestNeighbour",
        "GrowingSpheres",
    }
    assert named[1] == {5: "five", 6: "six", 7: "seven"}[len(rest)], rest
