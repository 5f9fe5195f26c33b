"""The three objectives of recourse, and the distribution that unites them.

A recourse :math:`x^+` for a person :math:`x` should be *proximal* (cheap, :func:`cost`), *valid*
(:math:`V(x^+) = 1[h(x^+) > \\gamma]`) and *plausible* (likely among accepted people,
:class:`LocalOutliers`). The ideal recourse distribution asks for all three at once,

.. math:: R^*(x^+ \\mid x) \\propto V(x^+)\\, p(x^+ \\mid y = 1)\\, e^{-\\lambda C(x, x^+)} .
"""

from __future__ import annotations

import numpy as np

from .errors import GenReError
from .threads import threads

__all__ = [
    "LocalOutliers",
    "cost",
    "deviation_bound",
    "deviation_constant",
    "effective_sample_size",
    "energy_distance",
    "ideal_recourse",
    "total_variation",
]


def cost(
    before: np.ndarray,
    after: np.ndarray,
    nominal: np.ndarray | None = None,
    price: np.ndarray | None = None,
) -> np.ndarray:
    """The price of moving from x to x⁺ in the unit cube.

    .. math:: C(x, x^+) = \\sum_{j\\ \\mathrm{ordered}} \\pi_j |x_j - x^+_j|
              + \\sum_{j\\ \\mathrm{nominal}} \\pi_j 1[x_j \\neq x^+_j]

    On two-level categories, with all prices π one, this is the L1 cost of Garg et al. (2025), section 5.
    A gap is NaN. To fill it costs half a range, and the way from the midst of the range to the value:
    :math:`\\tfrac12 + |\\tfrac12 - x^+_j|`; for a nominal feature it costs one, as another level does.

    Equations: :eq:`denied-cost`, :eq:`objectives-cost`.

    Parameters
    ----------
    before, after
        Points of the unit cube, shapes that broadcast to (..., features).
    nominal
        Which features have no order, booleans of shape (features,); none if left out.
    price
        π, what the whole range of each feature costs, shape (features,) or one that broadcasts to
        (..., features); one if left out.

    Returns
    -------
    array of shape (...,), in units of feature ranges: 1 is the whole range of one feature.

    Examples
    --------
    >>> cost(np.array([0.0, 0.5]), np.array([0.25, 0.0]))
    np.float64(0.75)
    >>> cost(np.array([0.0, np.nan]), np.array([0.25, 0.5]), price=np.array([2.0, 1.0]))
    np.float64(1.0)
    """
    before, after = np.asarray(before), np.asarray(after)
    move = np.abs(after - before)
    unknown = np.isnan(move)
    if unknown.any():
        known = np.where(np.isnan(before), after, before)
        move = np.where(unknown, 0.5 + np.abs(0.5 - known), move)
        move = np.where(np.isnan(known), 0.0, move)
    if nominal is not None:
        move = np.where(nominal, move > 0, move)
    if price is not None:
        move = move * price
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
                f"found {len(points)}. Give more rows, or labels y and a "
                "classifier that find more of them good."
            )
        # Imported here: scikit-learn would double the package's import time.
        from sklearn.neighbors import LocalOutlierFactor

        lof = LocalOutlierFactor(n_neighbors=self.neighbours, novelty=True, n_jobs=threads())
        self._lof = lof.fit(points)
        return self

    def score(self, points: np.ndarray) -> np.ndarray:
        """The local outlier factor, shape (rows,); about 1 in the midst, larger outside.

        Equation: :eq:`objectives-lof`.
        """
        return -self._lof.score_samples(points)

    def is_plausible(self, points: np.ndarray) -> np.ndarray:
        """Whether each point is an inlier, booleans of shape (rows,)."""
        return self._lof.predict(points) > 0


def ideal_recourse(
    density: np.ndarray, valid: np.ndarray, costs: np.ndarray, cost_weight: float
) -> np.ndarray:
    """R*(x⁺ | x) on a grid: the exact distribution that every method is measured against.

    .. math:: R^*_g = \\frac{V_g\\, p_g\\, e^{-\\lambda C_g}}{\\sum_{g'} V_{g'}\\, p_{g'}\\, e^{-\\lambda C_{g'}}}

    Equations: :eq:`ideal-recourse`, :eq:`consistency-ideal`, :eq:`pairs-ideal`, :eq:`why-ideal`,
    :eq:`objectives-ideal`.

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

    It never rises as a cost weight grows. To take a weighted sample for so many draws of R* is a rule of
    thumb, exact for equal weights alone; where near values are rare it promises too much.

    Equation: :eq:`pairs-ess`.

    Examples
    --------
    >>> effective_sample_size(np.array([1.0, 1.0, 0.0]))
    np.float64(2.0)
    """
    weights = np.asarray(weights)
    return weights.sum(axis=-1) ** 2 / (weights**2).sum(axis=-1)


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The greatest difference between two distributions in the probability of any event.

    .. math:: \\mathrm{TV}(p, q) = \\tfrac12 \\sum_v |p(v) - q(v)|

    Equation: :eq:`why-tv`.

    Parameters
    ----------
    p, q
        Probabilities over one vocabulary, shapes that broadcast to (..., vocabulary).

    Returns
    -------
    array of shape (...,), from 0 (equal) to 1 (nothing in common).

    Examples
    --------
    >>> total_variation(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    np.float64(0.5)
    """
    return np.abs(np.asarray(p) - np.asarray(q)).sum(axis=-1) / 2


def energy_distance(a: np.ndarray, b: np.ndarray) -> float:
    """How far two clouds of points are apart, with no grid to choose (Székely and Rizzo, 2013).

    .. math:: 2\\,\\mathrm{mean}\\lVert a_i - b_j \\rVert - \\mathrm{mean}\\lVert a_i - a_j \\rVert
              - \\mathrm{mean}\\lVert b_i - b_j \\rVert

    with Euclidean lengths, over all pairs, a point with itself among them; so it is never negative.

    Parameters
    ----------
    a, b
        Points of shapes (n, features) and (m, features).

    Returns
    -------
    a length, in the points' own unit

    Examples
    --------
    >>> energy_distance(np.array([[0.0], [0.0]]), np.array([[1.0]]))
    2.0
    """
    # Imported here: SciPy's spatial part is slow to import, and nothing else needs it.
    from scipy.spatial.distance import cdist

    return float(2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean())


def deviation_constant(density: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How far Q is from R* on average, times √n, once there are many targets.

    With n targets drawn from p and weighted by w, on a finite vocabulary,

    .. math:: \\sqrt n\\, \\mathbb{E}\\, \\mathrm{TV}(Q_n, R^*) \\to \\frac{1}{\\sqrt{2\\pi}} \\sum_v \\sigma_v,
              \\qquad \\sigma_v^2 = R^*(v)\\, \\rho(v)\\, (1 - 2 R^*(v)) + R^*(v)^2\\, \\kappa,

    where :math:`\\rho = w / \\sum_u p(u) w(u)`, and :math:`\\kappa = \\sum_v R^*(v) \\rho(v)` is how many
    targets one effective target costs: :math:`\\mathrm{ESS} / n \\to 1 / \\kappa`.

    Equations: :eq:`consistency-rate`, :eq:`why-rate`.

    Parameters
    ----------
    density
        p(v), the targets' probabilities, shape (vocabulary,); they sum to 1.
    weights
        w(v) = A(x, v) exp(−λ C(x, v)), shape (people, vocabulary) or (vocabulary,).

    Returns
    -------
    array of shape (people,), or one number

    Examples
    --------
    A fair coin: the share of heads lies about 1 / √(2πn) from ½, on average.

    >>> deviation_constant(np.array([0.5, 0.5]), np.array([1.0, 1.0])) * np.sqrt(2 * np.pi)
    np.float64(1.0)
    """
    ideal, ratio = _tilt(density, weights)
    kappa = (ideal * ratio).sum(axis=-1, keepdims=True)
    variance = ideal * ratio * (1 - 2 * ideal) + ideal**2 * kappa
    return np.sqrt(variance).sum(axis=-1) / np.sqrt(2 * np.pi)


def deviation_bound(density: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A constant c with E TV(Qₙ, R*) ≤ c / √n for every number of targets n.

    .. math:: c = \\sum_v \\sqrt{R^*(v)\\, (\\rho(v) - R^*(v))} \\;\\le\\; \\sqrt{m\\, \\kappa},

    with m the size of the vocabulary and the rest as in :func:`deviation_constant`. It says nothing
    unless n is above c².

    Equations: :eq:`consistency-bound`, :eq:`why-bound`.

    Examples
    --------
    >>> deviation_bound(np.array([0.5, 0.5]), np.array([1.0, 1.0]))
    np.float64(1.0)
    """
    ideal, ratio = _tilt(density, weights)
    return np.sqrt(ideal * (ratio - ideal)).sum(axis=-1)


def _tilt(density: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R* = p w / Σ p w, and ρ = w / Σ p w."""
    ratio = weights / (density * weights).sum(axis=-1, keepdims=True)
    # Where w p is all there is of Z, rounding must not make ρ less than R*.
    return density * ratio, np.maximum(ratio, density * ratio)
