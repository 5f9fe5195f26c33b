"""The equations of chapter 7 that no other test holds to the package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, Limits, PairSampler, Schema, cost
from genre_lite.exercises import exercises
from genre_lite.objectives import effective_sample_size, ideal_recourse
from genre_lite.teaching import answered


@pytest.fixture(scope="module")
def codec():
    frame = pd.DataFrame({"x1": [0.0, 1.0], "x2": [0.0, 1.0]})
    return Codec(Schema.infer(frame)).fit(frame)


ME = np.array([[0.1, 0.2]])


@pytest.mark.equation("pairs-mean")
def test_weighted_targets_estimate_means_under_the_ideal(codec):
    """Σ Q f tends to the mean of f under R*, whatever f."""
    rng = np.random.default_rng(0)
    values, p = rng.random((30, 2)), rng.dirichlet(np.ones(30))
    drawn = rng.choice(30, size=40_000, p=p)
    weights = PairSampler(codec, ME, values[drawn], cost_weight=4.0).weights(np.array([0]))[0]
    ideal = ideal_recourse(p, np.ones(30, dtype=bool), cost(ME, values), 4.0)
    for f in (values[:, 0], (values[:, 1] > 0.5).astype(float), cost(ME, values)):
        wanted = (ideal * f).sum()
        assert (weights * f[drawn]).sum() == pytest.approx(wanted, abs=0.03)


@pytest.mark.equation("pairs-limit")
def test_a_great_cost_weight_shares_the_weight_among_the_nearest(codec):
    targets = np.array([[0.4, 0.2], [0.1, 0.3], [0.2, 0.2], [0.7, 0.2]])
    nearest, costs = PairSampler(codec, ME, targets, 5.0).nearest_targets(2)
    assert set(nearest[0]) == {1, 2}
    assert costs[0] == pytest.approx([0.1, 0.1])
    weights = PairSampler(codec, ME, targets, 1e4).weights(np.array([0]))[0]
    np.testing.assert_allclose(weights, [0, 0.5, 0.5, 0], atol=0.01)


@pytest.mark.equation("pairs-ess")
def test_effective_targets_fall_as_the_cost_weight_grows(codec):
    targets = np.random.default_rng(1).random((200, 2))
    sizes = []
    for cost_weight in (0.0, 1.0, 3.0, 10.0, 40.0):
        pairs = PairSampler(codec, ME, targets, cost_weight)
        w = pairs.weights(np.array([0])).astype(float)
        sizes.append(pairs.effective_targets(np.array([0]))[0])
        assert sizes[-1] == pytest.approx(1 / (w**2).sum(), rel=1e-4)
        assert effective_sample_size(w)[0] == pytest.approx(sizes[-1], rel=1e-4)
    assert sizes[0] == pytest.approx(200, rel=1e-4)
    assert (np.diff(sizes) < 0).all()


# -- a round of search and judgement --------------------------------------------------------------


class Comparison:
    """The bank says yes to whoever has x1 above a half; the surrogate likes what is cheap."""

    def __init__(self, limits):
        self.limits = limits

    def cost(self, points, rows):
        return cost(self.limits.cube[rows], points)

    def worth(self, points, rows):
        return -self.cost(points, rows)

    def accepts(self, points, rows):
        return points[:, 0] > 0.5


class Teacher:
    """Believes in people the more, the greater their x2, and in some of them not at all."""

    def answers(self, design):
        return np.column_stack([design[:, 1] > 0.3, 0.5 + 0.5 * design[:, 1]]).astype(float)


@pytest.fixture(scope="module")
def a_round():
    """Judged answers of four people, and the pairs that are learnt."""
    grid = pd.DataFrame({"x1": np.arange(21) / 20, "x2": np.arange(21) / 20})
    people = pd.DataFrame({"x1": [0.1, 0.4, 0.2, 0.45], "x2": [0.2, 0.6, 0.05, 0.9]})
    limits = Limits(Codec(Schema.infer(grid)).fit(grid), people)
    drawn = np.random.default_rng(0).integers(8, 21, (4, 24, 2)) / 20
    targets = np.array([[0.6, 0.6], [0.8, 0.1]])
    judged = answered(drawn, limits, targets, Comparison(limits), Teacher(), seed=0)
    return limits, judged


@pytest.mark.equation("pairs-taught")
def test_a_lesson_is_uniform_over_what_is_nearly_as_good_as_a_persons_best(a_round):
    """B(x), person by person, from everything that was judged."""
    limits, (judged, answers, accepted, pairs) = a_round
    first = [*pairs._start.tolist(), len(pairs.targets)]
    lesson = exercises(7)["7.7"].solution()
    for i, person in enumerate(limits.cube):
        worth = answers[i].sum(axis=1) - cost(person, judged[i]) / 2
        fine = accepted[i] & limits.keeps(judged[i], np.full(len(worth), i))
        best = worth[fine].max()
        kept = [
            tuple(z)
            for z, w in zip(judged[i][fine], worth[fine], strict=True)
            if best - w < 0.05 and w > 1
        ]
        taught = [tuple(z) for z in pairs.targets.numpy()[first[i] : first[i + 1]]]
        assert sorted(taught) == sorted(kept)
        assert taught, "nobody here is without a lesson"
        assert len(set(taught)) < len(set(map(tuple, judged[i][fine]))), "and not all is learnt"
        # The exercise asks for the same, as a distribution.
        weights = lesson(worth[None], fine[None])[0]
        assert sorted(map(tuple, judged[i][weights > 0])) == sorted(kept)
        np.testing.assert_allclose(weights[weights > 0], 1 / len(kept))
        np.testing.assert_allclose(pairs._log[i].numpy()[: len(kept)], 0)


def test_a_lesson_learns_what_the_teacher_likes_and_not_the_cheapest(a_round):
    """The surrogate likes what is cheap; the teacher does not believe in people of a small x2."""
    _, (judged, _, accepted, pairs) = a_round
    assert (judged[accepted][:, 1] <= 0.3).mean() > 0.1, "some of them were judged"
    assert (pairs.targets.numpy()[:, 1] > 0.3).all()
