"""Nobody is asked to change what the bank does not read, and clocks keep their terms, in Python and at the desk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chromium import Chromium
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from test_desk import both, compare, halved

import genre_lite as gl
from genre_lite.errors import GenReError
from genre_lite.limits import Limits
from genre_lite.terms import Terms

READ = ["income", "constructor", "age"]
QUICK = gl.TrainingConfig(steps=60, distil_steps=60, rounds=1, round_steps=30, people=80)


def people_of(rows: int) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "income": chance.integers(1000, 5000, rows),
            # A column may be called as what every object of JavaScript brings along.
            "constructor": chance.integers(0, 3000, rows),
            "phone": chance.integers(10, 90, rows),
            "pets": chance.choice(["<!--<script>", "cat", "dog"], rows),
            "age": chance.integers(20, 70, rows),
        }
    )


@pytest.fixture(scope="module")
def bank():
    table = people_of(600)
    worth = table["income"] - table["constructor"] + 20 * table["age"]
    trees = HistGradientBoostingClassifier(max_iter=30, random_state=0)
    h = make_pipeline(make_column_transformer(("passthrough", READ)), trees)
    return table, h.fit(table, (worth > 2800).astype(int))


@pytest.fixture(scope="module")
def fitted(bank):
    table, h = bank
    schema = gl.Schema.infer(table, clocks=["age"])
    yes = (h.predict_proba(table)[:, 1] > 0.5).astype(int)
    genre = gl.GenRe(gl.Decision(h, favourable=1), schema, training=QUICK, progress=False)
    genre.fit(table, pd.Series(yes))
    return genre, table[yes == 0]


def test_the_bank_is_seen_to_read_what_it_reads(fitted):
    assert fitted[0].unread_ == ["phone", "pets"]


def test_no_letter_asks_for_what_the_bank_does_not_read(fitted, tmp_path):
    genre, denied = fitted
    answer = genre.recommend(denied.head(60), n=2)
    assert answer.found.mean() > 0.8
    assert set(answer.changes()["feature"]) == {"income", "constructor"}
    # Nor after the file was read again, and a proposal that does is not said to break a term.
    genre.save(tmp_path / "it.genre")
    again = gl.GenRe.load(tmp_path / "it.genre", genre.h, progress=False)
    assert again.unread_ == genre.unread_
    pd.testing.assert_frame_equal(again.recommend(denied.head(60), n=2).frame, answer.frame)
    mine = denied.head(1).assign(phone=1, income=5000)
    assert gl.check(denied.head(1), mine, genre.h, genre.schema)["broken"].tolist() == [""]


def test_what_a_relation_ties_to_what_is_read_may_change(bank):
    table, _ = bank
    table = table.rename(columns={"constructor": "total"})
    table = table.assign(card=table["total"] // 3, loan=table["total"] - table["total"] // 3)
    schema = gl.Schema.infer(table, clocks=["age"], relations=["total == card + loan"])
    limits = Limits(
        gl.Codec(schema).fit(table), table.head(3), unread=["phone", "pets", "card", "loan"]
    )
    names = [schema.names[j] for j in np.flatnonzero(limits.fixed[0])]
    assert names == ["phone", "pets", "age"]


def test_every_way_to_read_a_column_is_seen(bank):
    table, _ = bank

    class Once:
        classes_ = np.array([0, 1])

        def predict_proba(self, rows):
            yes = 0.3 + 0.4 * (rows["pets"] == "dog") + 0.001 * (rows["phone"] > 88)
            return np.stack([1 - yes, yes], axis=1)

    schema = gl.Schema.infer(table, clocks=["age"])
    h = gl.Decision(Once(), favourable=1)
    genre = gl.GenRe(h, schema, training=QUICK, progress=False).fit(table)
    assert genre.unread_ == ["income", "constructor"]
    # What R* is, and whom a neighbour copies, is the theory's to say.
    assert list(gl.baselines.NearestNeighbour(h, schema, progress=False).fit(table).unread_) == []


def test_a_bank_that_throws_dice_is_refused(bank):
    table, _ = bank
    dice = np.random.default_rng(0)

    class Dice:
        classes_ = np.array([0, 1])

        def predict_proba(self, rows):
            yes = dice.random(len(rows))
            return np.stack([1 - yes, yes], axis=1)

    schema = gl.Schema.infer(table, clocks=["age"])
    with pytest.raises(GenReError, match=r"another probability when it is asked again.*eval mode"):
        gl.GenRe(gl.Decision(Dice(), favourable=1), schema, progress=False).fit(table)


def test_whoever_is_far_outside_is_told_even_if_accepted(fitted):
    genre, denied = fitted
    with pytest.warns(UserWarning, match="'income'.*2e\\+08 lies far outside"):
        answer = genre.recommend(denied.head(1).assign(income=200_000_000, constructor=0, age=60))
    assert answer.accepted.all()


def test_the_desk_asks_for_the_same(fitted, tmp_path):
    genre, denied = fitted
    asked = [({}, 2), *((terms, 1) for terms, _ in CLOCKED), ({"wait": 5, "freeze": READ}, 1)]
    for answer, found in both(halved(genre, tmp_path), denied.head(20), asked, tmp_path):
        compare(answer, found, denied.head(20))
        changed = {
            name for told in found for option in told["options"] for name in option["values"]
        }
        assert not changed & {"phone", "pets"}


def test_no_level_ends_the_script_of_a_page(fitted, tmp_path):
    genre, denied = fitted
    asking = denied[denied["pets"] == "<!--<script>"].head(1)
    gl.desk.page(genre, asking, tmp_path / "desk.html")
    browser = Chromium(tmp_path)
    try:
        browser.open((tmp_path / "desk.html").as_uri())
        said = browser.wait(
            "document.querySelector('.desk-letter')?.innerText",
            "document.querySelector('.desk-letter').innerText",
        )
        assert "and say yes" in said and not browser.complaints
    finally:
        browser.close()


# -- clocks ------------------------------------------------------------------------------------------

CLOCKED = [
    ({"wait": 5}, 5),
    ({"wait": 5, "bounds": {"age": (None, 42)}}, 2),
    ({"wait": 5, "bounds": {"age": (None, 39)}}, 0),
    ({"wait": 5, "largest": {"age": 3}}, 3),
    ({"wait": 5, "freeze": ["age"]}, 0),
    ({"wait": 5, "freeze": ["age"], "bounds": {"age": (None, 42)}}, 0),
]


@pytest.mark.parametrize(("terms", "years"), CLOCKED)
def test_a_clock_keeps_its_terms(bank, terms, years):
    table, _ = bank
    schema = gl.Schema.infer(table, clocks=["age"])
    person = table.head(1).assign(age=40)
    limits = Limits(gl.Codec(schema).fit(table), person, Terms(**terms))
    assert limits.wait.tolist() == [years]
    rows = np.zeros(6, dtype=int)
    later = limits.waited(limits.cube[rows], np.arange(6), rows)
    assert limits.keeps(later, rows).tolist() == [w <= years for w in range(6)]


def test_the_schemas_bounds_of_a_clock_hold_too(bank):
    table, _ = bank
    schema = gl.Schema.infer(table, clocks=["age"], bounds={"age": (45, 47)})
    person = table.head(1).assign(age=40)
    limits = Limits(gl.Codec(schema).fit(table), person, Terms(wait=9))
    rows = np.zeros(10, dtype=int)
    later = limits.waited(limits.cube[rows], np.arange(10), rows)
    fine = [w == 0 or 5 <= w <= 7 for w in range(10)]
    assert limits.keeps(later, rows).tolist() == fine
    options = pd.concat([person.assign(age=40 + w) for w in range(10)], ignore_index=True)
    table = gl.check(
        person.loc[person.index.repeat(10)].reset_index(drop=True),
        options,
        gl.Decision(bank[1], favourable=1),
        schema,
        terms=Terms(wait=9),
    )
    assert (table["broken"] == "").tolist() == fine


def test_the_wish_that_stands_in_the_way_is_named(bank):
    table, _ = bank
    schema = gl.Schema.infer(table, clocks=["age"])
    codec, person = gl.Codec(schema).fit(table), table.head(1).assign(age=40)
    frozen = dict(Limits(codec, person, Terms(wait=5, freeze=["income", "age"])).relaxed())
    assert list(frozen) == ["income: frozen", "age: frozen"]  # to wait longer would not help
    assert frozen["age: frozen"].wait.tolist() == [5]
    free = dict(Limits(codec, person, Terms(wait=5, freeze=["income"])).relaxed())
    assert free["no waiting beyond 5 years"].wait.tolist() == [10]
    bounded = dict(Limits(codec, person, Terms(wait=5, bounds={"age": (None, 42)})).relaxed())
    assert bounded["age: bounds"].wait.tolist() == [5] and len(bounded) == 1
