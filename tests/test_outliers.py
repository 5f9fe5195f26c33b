"""One search for many sets, against the local outlier factor of each set by itself."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from genre_lite import GenReError
from genre_lite.objectives import LocalOutliers
from genre_lite.outliers import SharedOutliers


def one_by_one(rows, held, points, order=None):
    """Each set's rows written out as often as it holds them, and judged by itself."""
    verdicts = []
    for often in held:
        some = rows.repeat(often, axis=0)
        if order is not None:
            some = some[np.random.default_rng(order).permutation(len(some))]
        verdicts.append(LocalOutliers().fit(some).is_plausible(points))
    return np.stack(verdicts, axis=1)


def sets(rng, rows, size=5):
    """How often each of some bootstraps holds each row; some rows are in none."""
    held = rng.poisson(4 / 3 * rng.random(rows) ** 3, (size, rows))
    assert held.max() > 2 and (held.sum(axis=0) == 0).any()
    return held


@pytest.mark.parametrize("dimensions", [1, 2, 5, 20, 40])
def test_each_set_judges_as_if_it_were_alone(dimensions):
    """Beyond 15 dimensions scikit-learn looks for neighbours in another way."""
    rng = np.random.default_rng(dimensions)
    rows, spread = rng.random((400, dimensions)), rng.normal(0.5, 0.6, (200, dimensions))
    held = sets(rng, 400)
    points = np.concatenate([rng.random((300, dimensions)), rows[:100], spread])
    found = SharedOutliers().fit(rows, held).inlier(points)
    assert found.shape == (600, 5)
    np.testing.assert_array_equal(found, one_by_one(rows, held, points))
    assert 0.3 < found.mean() < 0.9
    assert (found.any(axis=1) & ~found.all(axis=1)).mean() > 0.03, "the sets must differ"


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_occur_many_times(seed):
    """Up to eleven equal rows, more than there are neighbours: densities without a bound."""
    rng = np.random.default_rng(seed)
    rows = rng.random((60, 3)).repeat(rng.integers(1, 12, 60), axis=0)
    held = rng.poisson(1.2, (5, len(rows)))
    points = np.concatenate([rng.random((300, 3)), rows[::3]])
    found = SharedOutliers().fit(rows, held).inlier(points)
    np.testing.assert_array_equal(found, one_by_one(rows, held, points))
    assert 0.1 < found.mean() < 0.9


def test_more_equal_rows_than_are_looked_up_at_first():
    """A row need not be among the 32 nearest of its own spot, and still does not count as its neighbour."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([np.full((50, 2), 0.5), rng.random((100, 2))])
    held = np.stack([np.ones(150, int), rng.poisson(0.5, 150)])
    points = np.concatenate([rows[:1], rng.random((200, 2)), 0.5 + rng.normal(0, 0.02, (50, 2))])
    found = SharedOutliers().fit(rows, held).inlier(points)
    np.testing.assert_array_equal(found, one_by_one(rows, held, points))
    assert found[0].all() and not found.all()


@pytest.mark.parametrize(("side", "most"), [(4, 0.2), (6, 0.02), (10, 0.01)])
def test_of_rows_that_are_equally_far_another_may_count(side, most):
    """On a lattice of 64 points that 400 rows share, which of them counts decides a sixth of all verdicts.

    The same set in another order is judged otherwise, too, by the outlier factor itself.
    """
    shares = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        rows, points = (rng.integers(0, side, (n, 3)) / side for n in (400, 500))
        held = rng.poisson(1.2 * rng.random(400), (5, 400))
        found = SharedOutliers().fit(rows, held).inlier(points)
        alone, reordered = (one_by_one(rows, held, points, order) for order in (None, 1))
        shares.append([(found != alone).mean(), (alone != reordered).mean()])
    ours, theirs = np.mean(shares, axis=0)
    assert theirs / 3 < ours < min(most, 3 * theirs)


def test_a_sparse_set_is_searched_deeper(monkeypatch):
    """One set holds every row, one only eight of a thousand, far from most: the search goes to the end."""
    rng = np.random.default_rng(0)
    rows = rng.random((1000, 2))
    few = np.zeros(1000, int)
    few[np.argsort(rows.sum(axis=1))[-8:]] = 1
    held = np.stack([np.ones(1000, int), few])
    # Some stand where the few are, some near by, and most far away.
    points = np.concatenate(
        [rng.uniform(*ends, (20, 2)) for ends in ((0.97, 1), (0.75, 0.9), (0, 0.4))]
    )
    deep = []
    search = NearestNeighbors.kneighbors

    def watched(self, X, n_neighbors):
        deep.append((n_neighbors, len(X)))
        return search(self, X, n_neighbors=n_neighbors)

    shared = SharedOutliers().fit(rows, held)
    monkeypatch.setattr(NearestNeighbors, "kneighbors", watched)
    found = shared.inlier(points)
    monkeypatch.undo()
    np.testing.assert_array_equal(found, one_by_one(rows, held, points))
    assert [n for n, _ in deep] == [32, 256, 1000]
    assert deep[0][1] == 60 > deep[1][1] > deep[2][1] > 0, "only those who need it look further"
    assert found[:, 0].mean() > 0.8 > 0.5 > found[:, 1].mean() > 0.1


def test_rows_that_no_set_holds_are_not_looked_up():
    rng = np.random.default_rng(0)
    rows, points = rng.random((300, 3)), rng.random((100, 3))
    held = rng.poisson(1, (4, 300))
    held[:, ::2] = 0
    whole = SharedOutliers().fit(rows, held).inlier(points)
    np.testing.assert_array_equal(
        whole, SharedOutliers().fit(rows[1::2], held[:, 1::2]).inlier(points)
    )


def test_a_set_judges_the_same_in_any_company():
    rng = np.random.default_rng(3)
    rows, points = rng.random((200, 3)), rng.normal(0.5, 0.5, (150, 3))
    held = sets(rng, 200, size=8)
    together = SharedOutliers().fit(rows, held).inlier(points)
    for b in range(8):
        alone = SharedOutliers().fit(rows, held[[b]]).inlier(points)
        np.testing.assert_array_equal(together[:, [b]], alone)
    some = [5, 0, 149]
    np.testing.assert_array_equal(
        SharedOutliers().fit(rows, held).inlier(points[some]), together[some]
    )


def test_more_neighbours_can_be_asked_for():
    rng = np.random.default_rng(4)
    rows, points = rng.random((150, 2)), rng.normal(0.5, 0.5, (200, 2))
    held = sets(rng, 150, size=1)
    found = SharedOutliers(neighbours=12).fit(rows, held).inlier(points)[:, 0]
    wide = LocalOutliers(neighbours=12).fit(rows.repeat(held[0], axis=0)).is_plausible(points)
    np.testing.assert_array_equal(found, wide)
    assert (wide != one_by_one(rows, held, points)[:, 0]).any(), "the number must matter"


def test_a_set_with_too_few_rows_is_named():
    """Six rows are enough for five neighbours, and a row that is held six times counts six times."""
    rows = np.random.default_rng(0).random((50, 2))
    enough, few = np.ones(50, int), np.zeros(50, int)
    few[:5] = 1
    with pytest.raises(GenReError, match=r"more than 5 accepted people to compare with; found 5"):
        SharedOutliers().fit(rows, np.stack([enough, few]))
    few[0] = 2
    found = SharedOutliers().fit(rows, np.stack([enough, few])).inlier(rows)
    np.testing.assert_array_equal(found, one_by_one(rows, np.stack([enough, few]), rows))
    with pytest.raises(GenReError, match=r"more than 7 .* found 6"):
        SharedOutliers(neighbours=7).fit(rows, few[None])


def test_nobody_asks():
    rows = np.random.default_rng(0).random((50, 2))
    shared = SharedOutliers().fit(rows, np.ones((3, 50), int))
    assert shared.inlier(np.empty((0, 2))).shape == (0, 3)
