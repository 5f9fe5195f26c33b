"""The nearest neighbour: become the most similar accepted person."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..decision import SupportsProba
from ..errors import GenReError
from ..estimator import RecourseMethod, positions
from ..schema import Schema
from ..supervision import PairSampler

__all__ = ["NearestNeighbour"]


class NearestNeighbour(RecourseMethod):
    """Copy the accepted training row that costs least to reach.

    .. math:: x^+ = \\arg\\min_{t \\in D^+} C(x, t), \\qquad
              D^+ = \\{t : h(t) > \\gamma,\\ y = 1,\\ \\text{no constraint broken}\\}

    It is what GenRe's pairs tend to as λ → ∞. Unlike the official code's, it keeps to γ and to the
    constraints, and takes from each person only what the schema lets change.

    Equation: :eq:`copy-neighbour`.

    Parameters
    ----------
    validity_margin
        γ, how surely a neighbour must be accepted.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> copy = gl.baselines.NearestNeighbour(h, bank.schema).fit(bank.X_train, bank.y_train)
    >>> bool(copy.recommend(bank.X_test).found.all())
    True
    """

    name = "nearest neighbour"

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        validity_margin: float = 0.7,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.validity_margin = validity_margin

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray) -> None:
        target = (score > max(self.validity_margin, 0.5)) & (labels == 1)
        if not target.any():
            raise GenReError(
                f"None of the {len(X)} rows is surely accepted (validity_margin {self.validity_margin}) "
                "with label 1, so there is nobody to copy; lower validity_margin or give more rows."
            )
        self._neighbours = X[target].drop_duplicates()

    def _options(self, denied: pd.DataFrame, n: int) -> tuple[pd.DataFrame, np.ndarray]:
        pairs = PairSampler(
            self.codec, self.codec.cube(denied), self.codec.cube(self._neighbours), cost_weight=1.0
        )
        nearest, price = pairs.nearest_targets(n)
        person, option = np.nonzero(np.isfinite(price))
        copies = self._neighbours.iloc[nearest[person, option]]
        return copies.set_axis(positions(person, option)), np.full(len(person), np.nan)
