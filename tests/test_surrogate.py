"""The outsider's guess of the truth, and the small network that learns to give it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genre_lite import GenReError
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
    assert len(taught.forest.estimators_) == 100
    assert taught.forest.min_samples_leaf == 5


def test_the_teacher_judges_plausibility_among_those_it_believes_in(taught):
    points, _ = world(800, 0)
    np.testing.assert_array_equal(taught.believed, taught.truth(points))
    reference = LocalOutliers().fit(points[taught.believed > 0.5])
    np.testing.assert_array_equal(taught.usual, reference.is_plausible(points))
    asked = np.array([[0.9, 0.5], [0.9, 5.0]])
    assert taught.answers(asked)[:, 1].tolist() == [1, 0]
    np.testing.assert_array_equal(taught.answers(points)[:, 0], taught.believed)


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
    assert (sure.believed == 1).all()
    with pytest.raises(GenReError, match="accepted people"):
        Teacher(trees=10).fit(points, np.zeros_like(labels), seed=0, progress=False)


def student(seed=0, **settings):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Surrogate(2)
    points, _ = world(3000, 2)
    answers = np.stack([points[:, 0] ** 2, points[:, 1] > 0.4], axis=1)
    return network.learn(points, answers, seed=seed, progress=False, **settings)


def test_the_surrogate_gives_its_teachers_answers():
    asked, _ = world(2000, 3)
    answers = student().answers(asked)
    assert answers.shape == (2000, 2)
    assert ((answers >= 0) & (answers <= 1)).all()
    assert np.abs(answers[:, 0] - asked[:, 0] ** 2).mean() < 0.05
    assert ((answers[:, 1] > 0.5) == (asked[:, 1] > 0.4)).mean() > 0.96


def test_the_surrogate_follows_its_seed():
    asked, _ = world(100, 3)
    before = torch.random.get_rng_state()
    first, again, other = (student(seed, epochs=2).answers(asked) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_surrogate_is_differentiable():
    design = torch.rand(4, 2, requires_grad=True)
    Surrogate(2)(design).sum().backward()
    assert (design.grad.abs().sum(dim=1) > 0).all()


def test_progress_only_when_asked(capsys):
    Teacher(trees=10).fit(*world(200, 0), seed=0, progress=False)
    student(epochs=1)
    assert capsys.readouterr() == ("", "")
    Teacher(trees=10).fit(*world(200, 0), seed=0, progress=True)
    assert "estimate" in capsys.readouterr().err
