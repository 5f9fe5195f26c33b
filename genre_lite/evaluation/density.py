"""How likely a recourse is under a density of people whom no method has seen."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from ..codec import Codec
from ..errors import GenReError, NotFittedError
from ..objectives import cost

__all__ = ["KernelDensity", "SupportsLogProb"]


class SupportsLogProb(Protocol):
    """Anything that knows the log-density of rows."""

    def log_prob(self, frame: pd.DataFrame) -> np.ndarray:
        """Log-density of each row in nats, shape (rows,)."""


class KernelDensity:
    """A kernel density of mixed columns, whose kernel falls off with the cost.

    .. math:: p(x) = \\frac1n \\sum_{i=1}^n \\prod_j
              \\frac{e^{-C_j(x, x_i) / b}}{Z_j(x_i)}

    with :math:`C_j` feature j's part of the :func:`~genre_lite.objectives.cost` and b the bandwidth.
    :math:`Z_j = 2b` for a number (a Laplace kernel on the line), and the sum of the numerator over the
    levels for a category (as Aitchison and Aitken, 1976, where the levels have no order). So p is a
    proper density: in numbers per feature range, times the probability of the levels. It has no upper
    bound, is positive everywhere, and compares methods on one table, not tables.

    Fit it on accepted people of the *test* part: a density of the training rows would reward copying.

    Parameters
    ----------
    codec
        A :class:`~genre_lite.codec.Codec` fitted on training rows; it sets the feature ranges.
    bandwidth
        b, in units of cost. A person a cost of b away counts e times less; at 0.1, one who differs in
        a nominal level counts e¹⁰ times less.

    Raises
    ------
    GenReError
        If the bandwidth is not above 0.

    Examples
    --------
    >>> from genre_lite.schema import Schema
    >>> people = pd.DataFrame({"income": [0.0, 4.0]})
    >>> density = KernelDensity(Codec(Schema.infer(people)).fit(people)).fit(people.iloc[:1])
    >>> np.exp(density.log_prob(people.iloc[:1])).round(6)
    array([5.])
    """

    def __init__(self, codec: Codec, bandwidth: float = 0.1) -> None:
        if not bandwidth > 0:
            raise GenReError(f"bandwidth is {bandwidth}; it must be above 0, in feature ranges.")
        self.codec = codec
        self.bandwidth = bandwidth
        self._people: np.ndarray | None = None

    def fit(self, people: pd.DataFrame) -> KernelDensity:
        """Take the people around whom the density lies, one row each."""
        cube = self.codec.cube(self.codec.schema.validate(people, extra="ignore"))
        self._people = self.codec.metric(cube)
        self._log_total = self._log_kernel_total(cube)
        return self

    def log_prob(self, frame: pd.DataFrame) -> np.ndarray:
        """log p(x) of each row in nats, shape (rows,)."""
        # Imported here: SciPy's spatial part is slow to import, and nothing else needs it.
        from scipy.spatial.distance import cdist
        from scipy.special import logsumexp

        if self._people is None:
            raise NotFittedError("This KernelDensity has seen nobody; call fit(people) first.")
        costs = cdist(self.codec.metric(self.codec.cube(frame)), self._people, "cityblock")
        log_kernels = -costs / self.bandwidth - self._log_total
        return logsumexp(log_kernels, axis=1) - np.log(len(self._people))

    def _log_kernel_total(self, cube: np.ndarray) -> np.ndarray:
        """log of the product of Z_j(x_i) over j, shape (people,)."""
        total = np.zeros(len(cube))
        for j, feature in enumerate(self.codec.schema):
            if not feature.is_categorical:
                total += np.log(2 * self.bandwidth)
                continue
            levels = self.codec.grid[j][:, None]
            price = cost(cube[:, None, [j]], levels, self.codec.nominal[[j]])
            total += np.log(np.exp(-price / self.bandwidth).sum(axis=1))
        return total
