"""The world: what would really have happened."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier

from genre_lite import Codec, GenReError, gold_world, load_dataset
from genre_lite.decision import acceptance

# -- the gold world ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moons():
    return load_dataset("moons", n=400)


@pytest.fixture(scope="module")
def gold(moons):
    return gold_world(moons, seed=0, progress=False)


@pytest.fixture(scope="module")
def people(moons):
    return pd.concat([moons.X_train, moons.X_test])


def test_the_gold_world_keeps_the_people(gold, moons):
    pd.testing.assert_frame_equal(gold.bank.X_train, moons.X_train)
    pd.testing.assert_frame_equal(gold.bank.X_test, moons.X_test)
    assert gold.bank.schema == moons.schema
    assert set(gold.bank.y_train) == {0, 1}


@pytest.mark.equation("field-labels")
def test_its_labels_are_draws_of_its_probabilities(gold, people):
    chance = acceptance(gold, people)
    labels = pd.concat([gold.bank.y_train, gold.bank.y_test]).to_numpy()
    spread = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(labels.mean() - chance.mean()) < 3 * spread
    unsure = (chance > 0.1) & (chance < 0.9)
    assert (labels[unsure] != (chance[unsure] > 0.5)).any(), "draws, not decisions"
    sure = (chance == 0) | (chance == 1)
    assert (labels[sure] == chance[sure]).all()


def test_its_probabilities_know_the_truth(gold, moons, people):
    assert np.corrcoef(acceptance(gold, people), moons.probability(people))[0, 1] > 0.85


def lof(asked, reference, k=5):
    """The local outlier factor written out (Breunig et al., 2000)."""

    def near(points, itself):
        far = np.sqrt(((points[:, None] - reference) ** 2).sum(axis=2))
        if itself:
            np.fill_diagonal(far, np.inf)
        order = np.argsort(far, axis=1)[:, :k]
        return order, np.take_along_axis(far, order, axis=1)

    own, far = near(reference, itself=True)
    reach = far[:, -1]
    density = 1 / np.maximum(far, reach[own]).mean(axis=1)
    theirs, far = near(asked, itself=False)
    return density[theirs].mean(axis=1) * np.maximum(far, reach[theirs]).mean(axis=1)


def test_plausible_means_an_inlier_among_those_it_accepts(gold, moons, people):
    codec = Codec(moons.schema).fit(moons.X_train)
    reference = codec.cube(people[acceptance(gold, people) > 0.5])
    rng = np.random.default_rng(0)
    asked = pd.DataFrame(
        np.concatenate([people.to_numpy()[:100], rng.uniform(-3, 4, (100, 2))]),
        columns=moons.schema.names,
    )
    factor = lof(codec.cube(asked), reference)
    clear = np.abs(factor - 1.5) > 1e-6
    assert clear.sum() > 190
    np.testing.assert_array_equal(gold.is_plausible(asked)[clear], factor[clear] <= 1.5)
    assert 0 < gold.is_plausible(asked).mean() < 1


def test_the_gold_world_follows_its_seed(gold, moons, people):
    again, other = (gold_world(moons, seed=seed, progress=False) for seed in (0, 1))
    pd.testing.assert_series_equal(gold.bank.y_train, again.bank.y_train)
    np.testing.assert_array_equal(acceptance(gold, people), acceptance(again, people))
    assert (gold.bank.y_train != other.bank.y_train).any()


def test_its_forests_are_scikit_learns_calibrated_ones(gold, moons, people):
    codec = Codec(moons.schema).fit(moons.X_train)
    forest = RandomForestClassifier(class_weight="balanced", random_state=0, n_jobs=1)
    labels = np.concatenate([moons.y_train, moons.y_test])
    cube = codec.cube(people)
    same = CalibratedClassifierCV(forest, method="isotonic", cv=5).fit(cube, labels)
    np.testing.assert_allclose(
        gold.predict_proba(people), same.predict_proba(cube), rtol=0, atol=1e-12
    )


def test_a_world_can_be_kept(gold, people):
    again = pickle.loads(pickle.dumps(gold))
    np.testing.assert_array_equal(acceptance(gold, people), acceptance(again, people))
    np.testing.assert_array_equal(gold.is_plausible(people), again.is_plausible(people))


def test_a_world_can_be_handed_to_another_process(gold, people, tmp_path):
    (tmp_path / "world").write_bytes(pickle.dumps((gold, people)))
    asked = (
        "import json, pickle, sys; gold, people = pickle.load(open(sys.argv[1], 'rb')); "
        "answers = gold.predict_proba(people)[:, 1], gold.is_plausible(people); "
        "print(json.dumps([answer.tolist() for answer in answers]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", asked, tmp_path / "world"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    chance, plausible = json.loads(run.stdout)
    assert chance == acceptance(gold, people).tolist()
    assert plausible == gold.is_plausible(people).tolist()


def test_the_bar_counts_the_folds(moons, capsys):
    gold_world(moons, progress=True)
    assert "gold world" in capsys.readouterr().err


def test_a_world_needs_both_outcomes(moons):
    one = moons.relabel(np.ones(len(moons.train)), np.ones(len(moons.test)))
    with pytest.raises(GenReError, match="All labels are 1; a world needs both outcomes"):
        gold_world(one, progress=False)


# -- the held-out world -----------------------------------------------------------------------


def test_the_held_out_world_never_sees_the_test_people(moons, people):
    """Moving the test people and turning their labels changes nothing in it."""
    strangers = replace(
        moons,
        test=moons.test.assign(
            **{name: moons.test[name] + 9 for name in moons.schema.names},
            **{moons.target: moons.test[moons.target].to_numpy()[::-1]},
        ),
    )
    world, other = (gold_world(bank, held_out=True, progress=False) for bank in (moons, strangers))
    np.testing.assert_array_equal(acceptance(world, people), acceptance(other, people))
    np.testing.assert_array_equal(world.is_plausible(people), other.is_plausible(people))
    pd.testing.assert_series_equal(world.bank.y_train, other.bank.y_train)


def test_the_papers_world_does_see_them(gold, moons, people):
    held_out = gold_world(moons, held_out=True, progress=False)
    assert (acceptance(held_out, people) != acceptance(gold, people)).any()
    assert held_out.bank.y_test.index.equals(moons.y_test.index)
    assert np.corrcoef(acceptance(held_out, people), moons.probability(people))[0, 1] > 0.8


def test_held_out_plausibility_compares_with_training_people(moons):
    held_out = gold_world(moons, held_out=True, progress=False)
    codec = Codec(moons.schema).fit(moons.X_train)
    reference = codec.cube(moons.X_train[acceptance(held_out, moons.X_train) > 0.5])
    factor = lof(codec.cube(moons.X_test), reference)
    clear = np.abs(factor - 1.5) > 1e-6
    plausible = held_out.is_plausible(moons.X_test)
    np.testing.assert_array_equal(plausible[clear], factor[clear] <= 1.5)


def test_a_held_out_world_needs_both_outcomes_in_training(moons):
    one = moons.relabel(np.zeros(len(moons.train)), moons.y_test)
    with pytest.raises(GenReError, match="All labels are 0; a world needs both outcomes"):
        gold_world(one, held_out=True, progress=False)


# -- weights in the calibration ---------------------------------------------------------------


def test_a_weighted_world_is_that_of_the_official_script(moons, people):
    """scikit-learn's own: the weights reach the forests and the curves."""
    world = gold_world(moons, seed=0, weighted=True, progress=False)
    X = Codec(moons.schema).fit(moons.X_train).cube(people)
    y = np.concatenate([moons.y_train, moons.y_test])
    forest = RandomForestClassifier(class_weight="balanced", random_state=0)
    theirs = CalibratedClassifierCV(forest, method="isotonic", cv=5)
    theirs.fit(X, y, sample_weight=len(y) / (2 * np.bincount(y)[y]))
    np.testing.assert_allclose(
        world.predict_proba(people), theirs.predict_proba(X), rtol=0, atol=1e-12
    )


def test_weights_in_the_calibration_move_what_one_half_means():
    """Where the good outcome is common, fewer reach one half."""
    bank = load_dataset("german")
    everybody = pd.concat([bank.X_train, bank.X_test])
    plain, weighted = (
        gold_world(bank, weighted=w, progress=False).predict_proba(everybody)[:, 1]
        for w in (False, True)
    )
    share = np.concatenate([bank.y_train, bank.y_test]).mean()
    assert abs(plain.mean() - share) < abs(weighted.mean() - share) - 0.05
    assert 0.5 < weighted.mean() < plain.mean() - 0.05
    assert (weighted > 0.5).mean() < (plain > 0.5).mean()
