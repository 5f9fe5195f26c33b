"""The outsider's guess of the truth, and the small network that learns to give it."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
import torch

from genre_lite import Codec, GenReError, load_dataset, surrogate
from genre_lite.objectives import LocalOutliers
from genre_lite.surrogate import Surrogate, Teacher


def world(n, seed):
    """Points of the unit square, favourable with probability x1²."""
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2))
    return points, (rng.random(n) < points[:, 0] ** 2).astype(int)


@pytest.fixture(scope="module")
def taught():
    return Teacher(trees=100).fit(*world(800, 0), seed=0, progress=False)


def test_the_teacher_estimates_the_truth(taught):
    points, _ = world(2000, 1)
    error = np.abs(taught.truth(points) - points[:, 0] ** 2)
    assert error.mean() < 0.12
    assert np.corrcoef(taught.truth(points), points[:, 0])[0, 1] > 0.85


def test_the_teacher_has_the_trees_it_was_asked_for(taught):
    """Half as many again have leaves of a single row."""
    broad, fine = taught.forests
    assert (len(broad.estimators_), broad.min_samples_leaf) == (100, 5)
    assert (len(fine.estimators_), fine.min_samples_leaf) == (50, 1)


def test_of_new_people_both_forests_are_asked(taught):
    points, _ = world(300, 1)
    each = [forest.predict_proba(points)[:, 1] for forest in taught.forests]
    np.testing.assert_allclose(taught.truth(points), (each[0] + each[1]) / 2)
    assert np.abs(each[0] - each[1]).mean() > 0.05, "they must differ"


def out_of_bag(forest, points):
    """Each row's mean over the trees that did not see it, (rows,); NaN where every tree did."""
    seen = np.zeros((len(points), len(forest.estimators_)), dtype=bool)
    for tree, rows in enumerate(forest.estimators_samples_):
        seen[rows, tree] = True
    told = np.stack([tree.predict_proba(points)[:, 1] for tree in forest.estimators_], axis=1)
    return np.ma.masked_array(told, seen).mean(axis=1).filled(np.nan)


@pytest.mark.parametrize("trees", [10, 100])
def test_of_a_training_row_the_broad_trees_are_asked_that_did_not_see_it(trees):
    """With ten trees some rows are seen by all; of those, all are asked."""
    points, labels = world(800, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        teacher = Teacher(trees=trees).fit(points, labels, seed=0, progress=False)
    broad, fine = teacher.forests
    unseen = out_of_bag(broad, points)
    assert np.isnan(unseen).any() == (trees == 10)
    unseen = np.where(np.isnan(unseen), broad.predict_proba(points)[:, 1], unseen)
    wanted = (unseen + fine.predict_proba(points)[:, 1]) / 2
    np.testing.assert_allclose(teacher.chance, wanted)
    # So half of it is what others say, and half leans on the row's own label.
    assert np.corrcoef(unseen, points[:, 0] ** 2)[0, 1] > np.corrcoef(unseen, labels)[0, 1]
    gap = [
        told[labels == 1].mean() - told[labels == 0].mean()
        for told in (unseen, teacher.chance, teacher.truth(points))
    ]
    assert (np.diff(gap) > 0.05).all(), (
        "as if it were new, as it is, and as if all trees had seen it"
    )


def test_a_broad_tree_sees_no_more_rows_than_are_enough(monkeypatch):
    points, labels = world(800, 0)
    broad, fine = Teacher(trees=20).fit(points, labels, seed=0, progress=False).forests
    assert broad.max_samples is None and fine.max_samples is None
    monkeypatch.setattr(surrogate, "ROWS", 200)
    broad, fine = Teacher(trees=20).fit(points, labels, seed=0, progress=False).forests
    assert {len(rows) for rows in broad.estimators_samples_} == {200}
    assert {len(rows) for rows in fine.estimators_samples_} == {800}


def test_the_teacher_judges_plausibility_among_those_it_believes_in(taught):
    points, _ = world(800, 0)
    wanted = [0.5 * (1 + math.erf((p - 0.5) / 0.2 / math.sqrt(2))) for p in taught.chance]
    np.testing.assert_allclose(taught.valid, wanted)
    np.testing.assert_array_equal(taught.plausible, taught.plausibility(points))
    new, _ = world(300, 1)
    np.testing.assert_array_equal(
        taught.answers(new), np.stack([taught.validity(new), taught.plausibility(new)], axis=1)
    )
    assert taught.answers(new[:0]).shape == (0, 2)
    # Those who surely succeed are in almost every set; hardly anybody is who surely fails.
    usual, far, failing = taught.plausibility(np.array([[0.97, 0.5], [0.97, 5.0], [0.05, 0.5]]))
    assert usual >= 0.8 and far == 0 and failing < usual


@pytest.mark.equation("pairs-usual")
def test_plausibility_is_a_share_of_sets_drawn_by_their_chance():
    """Ten sets of points on a line, each held ρ V̂ times on average; judged again by hand."""
    points, labels = world(300, 0)
    teacher = Teacher(trees=50, sets=10, growth=1.5).fit(points, labels, seed=3, progress=False)
    held = np.random.default_rng(3).poisson(1.5 * teacher.valid, (10, 300))
    people = [
        [x for x, times in zip(points, often, strict=True) for _ in range(times)] for often in held
    ]
    by_hand = [LocalOutliers().fit(np.array(some)).is_plausible(points) for some in people]
    np.testing.assert_array_equal(teacher.plausible, np.mean(by_hand, axis=0))
    assert ((teacher.plausible > 0) & (teacher.plausible < 1)).any()
    assert held.max() > 1, "a bootstrap holds somebody twice"


def test_a_crowd_on_one_spot_makes_a_verdict_frail():
    """Beside five people on one spot you are an outlier, once a sixth is drawn; sets must differ."""
    rng = np.random.default_rng(0)
    points = np.concatenate([np.full((5, 2), 0.5), rng.random((60, 2))])
    teacher = Teacher(trees=20, sets=40).fit(points, np.ones(65, int), seed=0, progress=False)
    share = teacher.plausibility(np.array([[0.51, 0.5]]))
    assert 0.05 < share[0] < 0.95


@pytest.mark.equation("pairs-chance")
def test_the_teacher_doubts_its_estimate(taught):
    """V̂ = Φ((p̂ − ½) / σ): certain far from one half, even at it."""
    points, _ = world(500, 1)
    truth = taught.truth(points)
    wanted = [0.5 * (1 + math.erf((p - 0.5) / 0.2 / math.sqrt(2))) for p in truth]
    np.testing.assert_allclose(taught.validity(points), wanted)


def test_equal_people_get_equal_answers(taught):
    points, _ = world(50, 1)
    twice = taught.answers(np.concatenate([points, points[::-1]]))
    np.testing.assert_array_equal(twice[:50], twice[50:][::-1])
    np.testing.assert_array_equal(twice[:50], taught.answers(points))


def test_the_teacher_follows_its_seed(taught):
    points, _ = world(300, 1)
    again, other = (
        Teacher(trees=100).fit(*world(800, 0), seed=seed, progress=False) for seed in (0, 1)
    )
    np.testing.assert_array_equal(again.answers(points), taught.answers(points))
    assert (other.truth(points) != taught.truth(points)).any()


def test_labels_of_one_kind():
    points, labels = world(100, 0)
    sure = Teacher(trees=10).fit(points, np.ones_like(labels), seed=0, progress=False)
    assert (sure.truth(points) == 1).all()
    with pytest.raises(GenReError, match="accepted people"):
        Teacher(trees=10).fit(points, np.zeros_like(labels), seed=0, progress=False)


@pytest.mark.parametrize("border", [0.5, 0.2])
def test_a_lower_border_makes_more_people_sure(taught, border):
    points, labels = world(300, 0)
    teacher = Teacher(trees=50, border=border).fit(points, labels, seed=0, progress=False)
    wanted = [0.5 * (1 + math.erf((p - border) / 0.2 / math.sqrt(2))) for p in teacher.chance]
    np.testing.assert_allclose(teacher.valid, wanted)
    asked, _ = world(50, 1)
    wanted = [0.5 * (1 + math.erf((p - border) / 0.2 / math.sqrt(2))) for p in teacher.truth(asked)]
    np.testing.assert_allclose(teacher.validity(asked), wanted)
    once = teacher.valid.mean()
    teacher.border = border - 0.1
    assert teacher.judge(points, seed=0).valid.mean() > once


def test_inputs_that_do_not_count_are_not_looked_at():
    points, labels = world(300, 0)
    noise = np.random.default_rng(5).random((300, 40))
    wide = np.concatenate([points, noise], axis=1)
    counts = np.arange(42) < 2
    plain = Teacher(trees=50).fit(points, labels, seed=0, progress=False)
    blind = Teacher(trees=50, inputs=counts).fit(wide, labels, seed=0, progress=False)
    np.testing.assert_array_equal(blind.valid, plain.valid)
    np.testing.assert_array_equal(blind.plausible, plain.plausible)
    np.testing.assert_array_equal(blind.truth(wide[:9]), plain.truth(points[:9]))


def test_forests_split_codes_and_outliers_look_at_inputs():
    """Three levels as one number for the trees, as three indicators for the neighbours."""
    points, labels = world(300, 0)
    level = np.random.default_rng(5).integers(0, 3, 300)
    design = np.concatenate([points, np.eye(3)[level]], axis=1)
    codes = np.zeros((5, 3))
    codes[[0, 1, 3, 4], [0, 1, 2, 2]] = [1, 1, 0.5, 1]
    counts = np.arange(5) < 2  # plausibility looks past the level, and the forests do not
    coded = Teacher(trees=50, inputs=counts, codes=codes).fit(
        design, labels, seed=0, progress=False
    )
    assert [forest.n_features_in_ for forest in coded.forests] == [3, 3]
    by_hand = np.column_stack([points, level / 2])
    whole = Teacher(trees=50).fit(by_hand, labels, seed=0, progress=False)
    np.testing.assert_array_equal(coded.chance, whole.chance)
    np.testing.assert_array_equal(coded.truth(design[:9]), whole.truth(by_hand[:9]))
    plain = Teacher(trees=50).fit(points, labels, seed=0, progress=False)
    assert (coded.chance != plain.chance).any()
    moved = design.copy()
    moved[:, 2:] = np.roll(design[:, 2:], 1, axis=1)
    np.testing.assert_array_equal(coded.plausibility(moved), coded.plausible)
    assert (coded.truth(moved) != coded.truth(design)).any()


SIZE = 20  # of a vocabulary


def tokens(points):
    return (points * SIZE).astype(int)


def answers(points):
    """What the surrogate is to learn: a slope, and a step."""
    return np.stack([points[..., 0] ** 2, points[..., 1] > 0.4], axis=-1)


def student(seed=0, **settings):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Surrogate([True, True], [SIZE, SIZE])
    points = world(6000, 2)[0].reshape(200, 30, 2)
    handicap = points[..., 0] / 2
    return network.learn(
        points, tokens(points), answers(points), handicap, seed=seed, progress=False, **settings
    )


def test_the_surrogate_gives_its_teachers_answers():
    asked, _ = world(2000, 3)
    found = student(steps=600).answers(asked, tokens(asked))
    assert found.shape == (2000, 2)
    assert ((found >= 0) & (found <= 1)).all()
    assert np.abs(found[:, 0] - asked[:, 0] ** 2).mean() < 0.05
    assert ((found[:, 1] > 0.5) == (asked[:, 1] > 0.4)).mean() > 0.96


def test_the_surrogate_makes_its_teachers_choice():
    lists = world(200 * 30, 4)[0].reshape(200, 30, 2)
    handicap = lists[..., 0] / 2
    wanted = answers(lists).sum(axis=-1) - handicap
    rows = lists.reshape(-1, 2)
    guess = student(steps=600).answers(rows, tokens(rows)).sum(axis=1).reshape(200, 30) - handicap
    lost = wanted.max(axis=1) - wanted[np.arange(200), guess.argmax(axis=1)]
    assert lost.mean() < 0.02


def test_the_surrogate_follows_its_seed():
    asked, _ = world(100, 3)
    before = torch.random.get_rng_state()
    first, again, other = (
        student(seed, steps=5).answers(asked, tokens(asked)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_unit_begins_at_a_profile():
    """By hand: half of how much is alike, less the half of six tenths of all features."""
    names, sizes, d = [True, False, True], [11, 4, 21], 3
    with torch.random.fork_rng(devices=[]):
        network = Surrogate(names, sizes, width=5)
    torch.nn.init.zeros_(network.steps)
    torch.nn.init.zeros_(network.smooth.weight)
    torch.nn.init.zeros_(network.smooth.bias)
    profiles = np.array([[0, 3, 20], [10, 1, 4]])
    network.start_at(profiles, seed=3)
    begun = profiles[np.random.default_rng(3).integers(2, size=5)]
    people = np.array([[0, 3, 20], [1, 3, 18], [10, 0, 4], [5, 2, 12]])
    far = np.abs(people[:, None] - begun) / (np.array(sizes) - 1)
    alike = np.where(names, np.exp(-far / 0.1), far == 0)
    rows = network.first + torch.as_tensor(people)
    found = network.steps[rows].sum(dim=1) + network.smooth.bias
    np.testing.assert_allclose(found.detach(), 0.5 * (alike.sum(axis=-1) - 0.6 * d), atol=1e-6)
    assert (found[0][torch.as_tensor((begun == people[0]).all(axis=1))] > 0).all()
    assert (found[3] < 0).all(), "who is like none of them fires nothing"


def test_who_begins_at_profiles_knows_sooner_who_is_plausible():
    """On rows of Adult, mixed two and two: after as many steps P̂ errs by a tenth less than from noise."""
    bank = load_dataset("adult")
    codec = Codec(bank.schema).fit(bank.X_train)
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(bank.X_train))[:3000]
    cube, labels = codec.cube(bank.X_train)[rows], bank.y_train.to_numpy()[rows]
    teacher = Teacher(trees=40).fit(codec.design(cube), labels, seed=0, progress=False)
    mine, other = cube[rng.integers(len(cube), size=(2, 7000))]
    mixed = np.where(rng.random(mine.shape) < 0.4, mine, other)
    wanted, tokens = teacher.answers(codec.design(mixed)), codec.tokens(mixed)
    lists, asked = slice(6000), slice(6000, None)
    people, k = 200, 30
    error = []
    for seed, begun in itertools.product(range(3), (False, True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Surrogate(~codec.nominal, codec.sizes)
        if begun:
            network.start_at(tokens[lists][wanted[lists, 1] > 0.5], seed=seed)
        network.learn(
            *(part[lists].reshape(people, k, -1) for part in (mixed, tokens, wanted)),
            np.zeros((people, k)),
            seed=seed,
            steps=300,
            progress=False,
        )
        found = network.answers(mixed[asked], tokens[asked])
        error.append(np.abs(found - wanted[asked]).mean(axis=0))
    noise, profiles = np.array(error).reshape(3, 2, 2).mean(axis=0)
    assert profiles[1] < 0.9 * noise[1], error
    assert profiles[0] < noise[0] + 0.01, error


def test_the_surrogate_is_differentiable():
    design = torch.rand(4, 2, requires_grad=True)
    Surrogate([True, True], [SIZE, SIZE])(
        design, torch.zeros(4, 2, dtype=torch.long)
    ).sum().backward()
    assert (design.grad.abs().sum(dim=1) > 0).all()


def test_progress_only_when_asked(capsys):
    Teacher(trees=10).fit(*world(200, 0), seed=0, progress=False)
    student(steps=5)
    assert capsys.readouterr() == ("", "")
    Teacher(trees=10).fit(*world(200, 0), seed=0, progress=True)
    assert "estimate" in capsys.readouterr().err
