"""The local outlier factor among many sets of the same rows, for the price of one search.

Bootstraps of one table share its rows. So the nearest rows of a point are looked up once, and each set
takes the first of them that it holds, as often as it holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .errors import GenReError

__all__ = ["SharedOutliers"]

OUTLIER = 1.5  # a local outlier factor above it, as in the paper
DEEP = 32  # rows that are looked up for a point, at first
# A set's number; which points, their nearest rows, how far these are, how often each counts.
Found = tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class SharedOutliers:
    """Whether points are inliers of sets that hold the same rows, each row so many times.

    For each set, what :class:`~genre_lite.objectives.LocalOutliers` says of its rows repeated
    (Breunig et al., 2000); among rows of equal distance, another may count as the neighbour.

    Parameters
    ----------
    neighbours
        How many reference points a point is compared with.

    Examples
    --------
    >>> rows = np.linspace(0, 1, 50)[:, None]
    >>> twice = SharedOutliers().fit(rows, np.stack([np.ones(50, int), np.arange(50) < 25]))
    >>> twice.inlier(np.array([[0.2], [0.9]])).tolist()
    [[True, True], [True, False]]
    """

    def __init__(self, neighbours: int = 5) -> None:
        self.neighbours = neighbours

    def fit(self, rows: np.ndarray, held: np.ndarray) -> SharedOutliers:
        """Take reference rows, (rows, coordinates), and how often each set holds them, (sets, rows).

        Raises
        ------
        GenReError
            If a set holds no more rows than neighbours.
        """
        # Imported here: scikit-learn would double the package's import time.
        from sklearn.neighbors import NearestNeighbors

        least = int(held.sum(axis=1).min())
        if least <= self.neighbours:
            raise GenReError(
                f"Plausibility needs more than {self.neighbours} accepted people to compare with; "
                f"found {least}. Give more rows, or labels y and a "
                "classifier that find more of them good."
            )
        some = held.any(axis=0)
        self._rows, self._held = rows[some], np.asarray(held)[:, some].astype(int)
        self._index = NearestNeighbors().fit(self._rows)
        shape = self._held.shape
        self._reach, self._density = np.empty(shape), np.empty(shape)
        parts = self._nearest(self._rows, itself=True)
        for b, who, _, distance, often in parts():
            # The distance of the last neighbour that counts, in each row.
            self._reach[b, who] = np.where(often > 0, distance, 0).max(axis=1)
        for b, who, near, distance, often in parts():
            self._density[b, who] = self._lrd(b, near, distance, often)
        return self

    def inlier(self, points: np.ndarray) -> np.ndarray:
        """Whether each point is an inlier of each set, booleans (points, sets)."""
        found = np.empty((len(points), len(self._held)), dtype=bool)
        for b, who, near, distance, often in self._nearest(points)():
            around = (often * self._density[b][near]).sum(axis=1) / self.neighbours
            factor = around / self._lrd(b, near, distance, often)
            found[who, b] = factor <= OUTLIER
        return found

    def _lrd(self, b: int, near: np.ndarray, distance: np.ndarray, often: np.ndarray) -> np.ndarray:
        """The local reachability density in set b, (m,)."""
        reached = np.maximum(distance, self._reach[b][near])
        return 1 / ((often * reached).sum(axis=1) / self.neighbours + 1e-10)

    def _nearest(
        self, points: np.ndarray, *, itself: bool = False
    ) -> Callable[[], Iterator[Found]]:
        """Looks up once; each call then goes through the sets: which points, their nearest rows,
        how far these are, and how often each counts among the neighbours."""
        found = []
        left, deep = np.arange(len(points)), min(DEEP, len(self._rows))
        while len(left):
            distance, near = self._index.kneighbors(points[left], n_neighbors=deep)
            short = np.zeros(len(left), dtype=bool)
            for held in self._held:
                short |= self._count(held, near, left, itself).sum(axis=1) < self.neighbours
            if deep == len(self._rows):
                short[:] = False
            found.append((left[~short], near[~short], distance[~short]))
            left, deep = left[short], min(8 * deep, len(self._rows))

        def parts() -> Iterator[Found]:
            for who, near, distance in found:
                for b, held in enumerate(self._held):
                    yield b, who, near, distance, self._count(held, near, who, itself)

        return parts

    def _count(
        self, held: np.ndarray, near: np.ndarray, who: np.ndarray, itself: bool
    ) -> np.ndarray:
        """How often each near row counts, so that together they are the number of neighbours."""
        there = held[near]
        if itself:
            there = there - ((near == who[:, None]) & (there > 0))  # nobody is their own neighbour
        before = there.cumsum(axis=1) - there
        return np.clip(self.neighbours - before, 0, there)
