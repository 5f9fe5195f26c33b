"""Each idea changes what it says, the defaults come back after it, and the record is whole."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from benchmarks import ablation
from benchmarks.provenance import stale_files
from benchmarks.record import plain
from genre_lite import choice, genre, truth
from genre_lite.surrogate import Surrogate, Teacher

QUICK = {"training": gl.TrainingConfig(steps=5, distil_steps=5, rounds=1, round_steps=5, people=40)}


@pytest.fixture(scope="module")
def world():
    bank = gl.load_dataset("moons", n=300)
    h = gl.train_classifier(bank, progress=False)
    return SimpleNamespace(bank=bank, h=h, seed=0)


def fitted(world, idea):
    return ablation.fitted(world, QUICK | ablation.FITS[idea][1])


# -- the ideas ----------------------------------------------------------------------------------


def test_another_teacher_only_within():
    with ablation.teacher(sets=1, doubt=0.01):
        assert (truth.Teacher().sets, truth.Teacher().doubt) == (1, 0.01)
    with ablation.replaced(genre, "Surrogate", ablation.Pointwise):
        assert genre.Surrogate is ablation.Pointwise
    assert (truth.Teacher, genre.Surrogate) == (Teacher, Surrogate)


def test_one_forest_is_asked_about_its_own_rows():
    design = np.random.default_rng(0).random((300, 2))
    labels = (np.random.default_rng(1).random(300) < design[:, 0]).astype(int)
    both, alone = (
        kind(trees=40).fit(design, labels, seed=0, progress=False)
        for kind in (Teacher, ablation.Alone)
    )
    assert (len(both.forests), len(alone.forests)) == (2, 1)
    assert np.allclose(alone.chance, alone.truth(design))
    # In-sample it knows the labels; out of bag it does not.
    gap = [np.abs(t.chance - labels).mean() for t in (alone, both)]
    assert np.allclose(both.valid, both._sure(both.chance))
    assert gap[0] != pytest.approx(gap[1], abs=0.01)


def test_sets_that_hold_everybody_at_most_once():
    design = np.random.default_rng(0).random((60, 2))
    labels = (design[:, 0] > 0.3).astype(int)
    once, often = (
        kind(trees=20).fit(design, labels, seed=0, progress=False)._held(np.random.default_rng(1))
        for kind in (ablation.Once, Teacher)
    )
    assert once.shape == often.shape == (5, 60)
    assert once.max() == 1 < often.max()


def test_equal_weights_reach_the_forest():
    design = np.random.default_rng(0).random((300, 2))
    labels = (design[:, 0] > 0.8).astype(int)
    plain, weighted = (
        kind(trees=20).fit(design, labels, seed=0, progress=False)
        for kind in (Teacher, ablation.Weighted)
    )
    assert {f.class_weight for f in plain.forests} == {None}
    assert {f.class_weight for f in weighted.forests} == {"balanced"}
    assert weighted.truth(design).mean() > plain.truth(design).mean(), "the rare outcome gains"


def test_learning_point_by_point_forgets_the_lists(monkeypatch):
    seen = {}
    monkeypatch.setattr(Surrogate, "learn", lambda self, *lists, **options: seen.update(options))
    ablation.Pointwise(2, [3, 3]).learn(seed=0, steps=1, progress=False)
    assert seen["temperature"] >= 1e6
    assert seen["steps"] == 1


def test_undistilled_is_the_teachers_own_choice(world):
    model = fitted(world, "undistilled")
    cube = model.codec.cube(world.bank.X_test)
    found = model.surrogate_.answers(cube, tokens=None)
    assert (found == model.surrogate_.teacher.answers(model.codec.design(cube))).all()


@pytest.mark.parametrize("idea", ["undistilled", "distilled point by point", "begun from noise"])
def test_what_stands_in_for_the_surrogate_writes_letters(idea):
    """On a table with categories, whose points are wider as a design."""
    bank = gl.load_dataset("german")
    bank = replace(bank, train=bank.train.head(150), test=bank.test.head(40))
    h = gl.train_classifier(bank, progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5].head(5)
    letters = fitted(SimpleNamespace(bank=bank, h=h, seed=0), idea).recommend(denied)
    assert letters.found.any()


def test_settings_reach_the_model(world):
    assert fitted(world, "stronger cost").cost_weight == 10
    assert fitted(world, "the paper's recipe").surrogate_ is None
    rounds = {
        idea: ablation.FITS[idea][1]["training"].rounds for idea in ("no lessons", "four rounds")
    }
    assert rounds == {"no lessons": 0, "four rounds": 4}


def test_calls_are_ways_to_ask_the_same_model(world):
    model = fitted(world, "as it is")
    people = world.bank.X_test[model.h.predict_proba(world.bank.X_test)[:, 1] < 0.5].head(3)
    for idea, (_, how) in ablation.CALLS.items():
        choices = dict(how)
        with choices.pop("patch", nullcontext)():
            starts = choice.STARTS
            assert len(model.recommend(people, **choices).frame) == 3
        assert starts == {"one start": 1, "eight starts": 8}.get(idea, choice.STARTS)


# -- what the cells say -------------------------------------------------------------------------


def test_gains_are_paired_by_world():
    scores = {
        "as it is": [1.9, 1.5, 1.7],
        "no doubt": [1.801, 1.4, 1.599],
        "one round": [1.8, 1.6, 1.7],
    }
    cells = {
        f"ablation/german/{idea}/{seed}": {"metrics": {"score": value}}
        for idea, values in scores.items()
        for seed, value in enumerate(values)
    }
    # Without the defaults beside it, a Score says nothing of a gain.
    cells["ablation/heloc:paper/no doubt/0"] = {"metrics": {"score": 0.0}}
    said = ablation.summary(cells)
    assert set(said) == {"as it is", "no doubt", "one round"}
    loss, none = said["no doubt"]["gain"]["german"], said["one round"]["gain"]["german"]
    assert loss["mean"] == pytest.approx(-0.1)
    assert loss["half_width"] == pytest.approx(4.303 * 0.001 / 3**0.5, rel=1e-3)
    assert loss["stands"] and not none["stands"]
    assert none["mean"] == pytest.approx(0, abs=1e-9)
    assert none["half_width"] == pytest.approx(4.303 * 0.1 / 3**0.5, rel=1e-3)
    assert said["as it is"]["gain"] == {}
    assert list(said["no doubt"]["score"]) == ["german", "heloc:paper"]


def test_a_world_gives_the_cells_that_are_asked_for(monkeypatch):
    bank = gl.load_dataset("moons", n=400)
    monkeypatch.setattr(ablation, "load", lambda table: bank)
    monkeypatch.setitem(ablation.FITS, ablation.DEFAULT, ("", QUICK))
    monkeypatch.setattr(
        ablation, "fitted", lambda world, change, fit=ablation.fitted: fit(world, QUICK)
    )
    asked = [ablation.COPY, "the cheapest", "forward alone"]
    made = dict(ablation.made("moons", 0, asked))
    assert list(made) == [f"ablation/moons/{idea}/0" for idea in asked]
    for cell in made.values():
        m = cell["metrics"]
        told = m["validity"] + m["plausibility"] - m["cost"] / 2
        assert m["score"] == pytest.approx(told)


def test_the_test_people_stay_out_of_sight(monkeypatch):
    bank = gl.load_dataset("moons", n=400)
    monkeypatch.setattr(ablation, "load", lambda table: bank)
    world = ablation.World("moons", 3)
    inner = pd.concat([world.bank.train, world.bank.test]).index
    assert set(inner) == set(bank.train.index)
    assert not set(world.people.index) & set(bank.test.index)


# -- the record ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(root):
    path = root / "results" / "ablation.json"
    if not path.is_file():
        pytest.skip("results/ablation.json is not made yet: python -m benchmarks.ablation")
    record = json.loads(path.read_text())
    if stale_files(record):
        pytest.skip("results/ablation.json is STALE: made by other code")
    return record


def test_the_record_is_whole_and_says_what_its_cells_say(results):
    assert set(results["cells"]) == {
        f"ablation/{table}/{idea}/{seed}"
        for table in ablation.TABLES
        for idea in ablation.IDEAS
        for seed in range(ablation.SEEDS)
    }
    assert results["summary"] == json.loads(json.dumps(plain(ablation.summary(results["cells"]))))
    assert results["people"] == ablation.PEOPLE


def test_a_cell_comes_out_again(results, fresh):
    """What needs no network: grafted copies, on German Credit."""
    fresh("ablation")
    ((key, again),) = ablation.made("german", 0, [ablation.COPY])
    then = results["cells"][key]["metrics"]["score"]
    assert again["metrics"]["score"] == pytest.approx(then, abs=0.02)
