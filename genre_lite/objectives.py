"""The three objectives of recourse, and the distribution that unites them.

A recourse :math:`x^+` for a person :math:`x` should be *proximal* (cheap, :func:`cost`), *valid*
(:math:`V(x^+) = 1[h(x^+) > \\gamma]`) and *plausible* (likely among accepted people,
:class:`LocalOutliers`). The ideal recourse distribution asks for all three at once,

.. math:: R^*(x^+ \\mid x) \\propto V(x^+)\\, p(x^+ \\mid y = 1)\\, e^{-\\lambda C(x, x^+)} .
"""

from __future__ import annotations

import numpy as np

from .errors import GenReError

__all__ = ["LocalOutliers", "cost", "effective_sample_size", "ideal_recourse"]


def cost(before: np.ndarray, after: np.ndarray, nominal: np.ndarray | None = None) -> np.ndarray:
    """The price of moving from x to x⁺ in the unit cube.

    .. math:: C(x, x^+) = \\sum_{j\\ \\mathrm{ordered}} |x_j - x^+_j|
              + \\sum_{j\\ \\mathrm{nominal}} 1[x_j \\neq x^+_j]

    On two-level categories this is the L1 cost of Garg et al. (2025), section 5.

    Parameters
    ----------
    before, after
        Points of the unit cube, shapes that broadcast to (..., features).
    nominal
        Which features have no order, booleans of shape (features,); none if left out.

    Returns
    -------
    array of shape (...,), in units of feature ranges: 1 is the whole range of one feature.

    Examples
    --------
    >>> cost(np.array([0.0, 0.5]), np.array([0.25, 0.0]))
    np.float64(0.75)
    """
    move = np.abs(np.asarray(after) - np.asarray(before))
    if nominal is not None:
        move = np.where(nominal, move > 0, move)
    return move.sum(axis=-1)


class LocalOutliers:
    """Plausibility as the paper judges it: the local outlier factor among accepted people.

    A point is plausible if its density, measured against its ``neighbours`` nearest reference points,
    is not far below theirs (Breunig et al., 2000). Scores are ``LOF``; inliers have ``LOF <= 1.5``.

    Parameters
    ----------
    neighbours
        How many reference points a point is compared with; 5 in the paper.
    """

    def __init__(self, neighbours: int = 5) -> None:
        self.neighbours = neighbours

    def fit(self, points: np.ndarray) -> LocalOutliers:
        """Take the reference points, shape (rows, coordinates)."""
        if len(points) <= self.neighbours:
            raise GenReError(
                f"Plausibility needs more than {self.neighbours} accepted people to compare with; "
                f"found {len(points)}. Give more rows, or a classifier that accepts more of them."
            )
        # Imported here: scikit-learn would double the package's import time.
        from sklearn.neighbors import LocalOutlierFactor

        self._lof = LocalOutlierFactor(n_neighbors=self.neighbours, novelty=True).fit(points)
        return self

    def score(self, points: np.ndarray) -> np.ndarray:
        """The local outlier factor, shape (rows,); about 1 in the midst, larger outside."""
        return -self._lof.score_samples(points)

    def is_plausible(self, points: np.ndarray) -> np.ndarray:
        """Whether each point is an inlier, booleans of shape (rows,)."""
        return self._lof.predict(points) > 0


def ideal_recourse(
    density: np.ndarray, valid: np.ndarray, costs: np.ndarray, cost_weight: float
) -> np.ndarray:
    """R*(x⁺ | x) on a grid: the exact distribution that every method is measured against.

    .. math:: R^*_g = \\frac{V_g\\, p_g\\, e^{-\\lambda C_g}}{\\sum_{g'} V_{g'}\\, p_{g'}\\, e^{-\\lambda C_{g'}}}

    Parameters
    ----------
    density
        p(x⁺ | y = 1) at the grid points, shape (points,).
    valid
        V(x⁺) at the grid points, booleans of shape (points,).
    costs
        C(x, x⁺), shape (people, points) or (points,).
    cost_weight
        λ, how strongly cost counts.

    Returns
    -------
    probabilities of the shape of ``costs``; they sum to 1 over the points.

    Examples
    --------
    >>> ideal_recourse(np.array([1., 1.]), np.array([True, True]), np.array([0., 1.]), 0.0)
    array([0.5, 0.5])
    """
    if not np.any((density > 0) & valid):
        raise GenReError("No grid point is both valid and possible, so there is no ideal recourse.")
    with np.errstate(divide="ignore"):
        log = np.log(density * valid) - cost_weight * np.asarray(costs)
    weights = np.exp(log - log.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def effective_sample_size(weights: np.ndarray) -> np.ndarray:
    """How many equal draws a weighted sample is worth (Kish, 1965).

    .. math:: \\mathrm{ESS} = \\frac{(\\sum_i w_i)^2}{\\sum_i w_i^2}

    Examples
    --------
    >>> effective_sample_size(np.array([1.0, 1.0, 0.0]))
    np.float64(2.0)
    """
    weights = np.asarray(weights)
    return weights.sum(axis=-1) ** 2 / (weights**2).sum(axis=-1)
