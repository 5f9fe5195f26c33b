"""Each idea changes what it says, the defaults come back after it, and the record is whole."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

import genre_lite as gl
from benchmarks import ablation
from genre_lite import genre
from genre_lite.surrogate import Surrogate, Teacher

IDEAS = ["copying, aided", *ablation.FITS]
QUICK = {"training": gl.TrainingConfig(steps=5, distil_steps=5)}


@pytest.fixture(scope="module")
def world():
    bank = gl.load_dataset("moons", n=300)
    h = gl.train_classifier(bank, progress=False)
    return SimpleNamespace(bank=bank, h=h, seed=0)


@pytest.fixture(scope="module")
def results(root):
    path = root / "results" / "ablation.json"
    if not path.is_file():
        pytest.skip("results/ablation.json is not made yet: python -m benchmarks.ablation")
    return json.loads(path.read_text())


def fitted(world, idea):
    return ablation.fitted(world, ablation.FITS[idea][1] | QUICK)


# -- the ideas ----------------------------------------------------------------------------------


def test_another_teacher_only_within():
    with ablation.teacher(sets=1, doubt=0.01):
        assert (genre.Teacher().sets, genre.Teacher().doubt) == (1, 0.01)
    with ablation.replaced("Surrogate", ablation.Pointwise):
        assert genre.Surrogate is ablation.Pointwise
    assert (genre.Teacher, genre.Surrogate) == (Teacher, Surrogate)


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
    assert (plain.forest.class_weight, weighted.forest.class_weight) == (None, "balanced")
    assert weighted.truth(design).mean() > plain.truth(design).mean(), "the rare outcome gains"


def test_learning_point_by_point_forgets_the_lists(monkeypatch):
    seen = {}
    monkeypatch.setattr(Surrogate, "learn", lambda self, *lists, **options: seen.update(options))
    ablation.Pointwise(2, [3, 3]).learn(seed=0, steps=1, progress=False)
    assert seen["temperature"] >= 1e6
    assert seen["steps"] == 1


def test_undistilled_is_the_teachers_own_choice(world):
    model = fitted(world, "undistilled")
    design = model.codec.design(model.codec.cube(world.bank.X_test))
    found = model.surrogate_.answers(design, tokens=None)
    assert (found == model.surrogate_.teacher.answers(design)).all()


def test_backwards_turns_the_features_and_nothing_else(world):
    model = fitted(world, "backwards")
    assert model.schema.names == world.bank.schema.names[::-1]
    people = world.bank.X_test[model.h.predict_proba(world.bank.X_test)[:, 1] < 0.5]
    answer = model.recommend(people[model.schema.names], candidates=20)
    assert list(answer.frame.columns) == model.schema.names


def test_settings_reach_the_model(world):
    assert fitted(world, "stronger cost").cost_weight == 10
    assert fitted(world, "the paper's recipe").surrogate_ is None
    assert fitted(world, "four heads").model.heads == 4


def test_calls_are_ways_to_ask_the_same_model(world):
    model = fitted(world, "as it is")
    people = world.bank.X_test[model.h.predict_proba(world.bank.X_test)[:, 1] < 0.5].head(3)
    for _, how in ablation.CALLS.values():
        assert len(model.recommend(people, **how).frame) == 3


# -- what the cells say -------------------------------------------------------------------------


def test_gains_are_paired_by_world():
    runs = {
        "adult/0": {"as it is": {"score": 1.9}, "no doubt": {"score": 1.8}},
        "compas/0": {"as it is": {"score": 1.5}, "no doubt": {"score": 1.4}},
        # Without the defaults beside it, a Score says nothing of a gain.
        "heloc/0": {"no doubt": {"score": 0.0}},
    }
    said = ablation.summary(runs)
    assert list(said) == ["as it is", "no doubt"]
    assert said["no doubt"]["gain"] == pytest.approx({"mean": -0.1, "half_width": 0}, abs=1e-9)
    assert said["no doubt"]["score"] == pytest.approx({"compas": 1.4, "adult": 1.8})
    assert said["no doubt"]["worlds"] == 2
    one = ablation.summary({"adult/0": runs["adult/0"]})
    assert math.isnan(one["no doubt"]["gain"]["half_width"])


# -- the record ---------------------------------------------------------------------------------


def test_the_record_is_whole(results):
    assert set(results["cells"]) >= {f"{t}/0" for t in ablation.TABLES}
    first = set(results["cells"]["compas/0"])
    assert first >= {"as it is", "the paper's recipe", "undistilled", *ablation.CALLS}
    for key, cell in results["cells"].items():
        assert set(cell) == first <= {*IDEAS, *ablation.CALLS}, key
        assert all(set(ablation.PARTS) <= set(found) for found in cell.values()), key
    assert results["people"] == ablation.PEOPLE


def test_the_record_says_what_its_cells_say(results):
    assert results["summary"] == json.loads(json.dumps(ablation.summary(results["cells"])))
    assert set(results["summary"]["as it is"]["score"]) == set(ablation.TABLES)


@pytest.mark.slow
def test_a_cell_comes_out_again(results, data_folder, fresh):
    """What needs no network: copying with GenRe's estimates, on COMPAS."""
    fresh("ablation")
    name = "copying, aided"
    again = ablation.cells("compas", 0, [name])[name]
    assert again["score"] == pytest.approx(results["cells"]["compas/0"][name]["score"], abs=0.02)
