"""The grafted neighbour: copy what a person may change from those who are surely accepted, then refine."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd

from ..candidates import Asked, Comparison, decoded
from ..choice import Found, look_further, options_of
from ..decision import SupportsProba
from ..estimator import RecourseMethod, positions
from ..limits import Limits
from ..schema import Schema
from ..settings import Number, OneOf
from ..teaching import nearest
from ..truth import estimated

__all__ = ["GraftedNeighbour"]


class GraftedNeighbour(RecourseMethod):
    """All of GenRe but its model: the same estimates, candidates copied, the same refinement and choice.

    .. math:: x^+ = \\arg\\max\\, \\hat V + \\hat P - C / d \\quad\\text{over}\\quad x \\oplus t,\\;
              t \\in \\{t : h \\text{ accepts } t,\\ \\hat V(t) > \\gamma,\\ \\hat P(t) > 1/2\\}

    where :math:`x \\oplus t` has t's values wherever every term lets x take them, and x's own elsewhere. The
    cheapest grafts are compared, the best two of them refined, and the better one of these is the answer. For whom
    none is surely valid and plausible, four times as many are compared, and so on.
    No network is trained: V̂ and P̂ are the estimates themselves
    (:class:`~genre_lite.surrogate.Teacher`), so the fitted method holds training rows. It is the rival
    that says what a generative model is worth beside its aids.

    Parameters
    ----------
    candidates
        How many grafts a person are compared at first.
    validity_margin
        γ: how sure V̂ of a copied row must be.
    margin
        Every option has h(x⁺) above this, beside the bank's own threshold; whoever it accepts already is
        not asked to change anything.
    refined
        Whether needless changes are taken back (:mod:`~genre_lite.refinement`).

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> copy = gl.baselines.GraftedNeighbour(h, bank.schema, progress=False)
    >>> bool(copy.fit(bank.X_train, bank.y_train).recommend(bank.X_test).found.all())
    True
    """

    name = "grafted neighbour"
    allowed: ClassVar = {
        "candidates": Number(1, whole=True),
        "validity_margin": Number(0, 1),
        "margin": Number(0, 1),
        "refined": OneOf((True, False)),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        candidates: int = 24,
        validity_margin: float = 0.7,
        margin: float = 0.0,
        refined: bool = True,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.candidates = candidates
        self.validity_margin = validity_margin
        self.margin = margin
        self.refined = refined

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        cube = self.codec.cube(X)
        self.teacher_, sure = estimated(
            self.codec,
            cube,
            labels,
            yes,
            self.validity_margin,
            seed=self.seed,
            progress=self.progress,
        )
        self._targets = np.unique(cube[yes & sure], axis=0)

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        most = len(self._targets)

        def asked(people: np.ndarray) -> Comparison:
            bank = Asked(self.decision_, limits.take(people), denied.iloc[people])
            return Comparison("balanced", bank, self._believed, self.margin)

        def look(left: np.ndarray, tried: int) -> Found:
            here, comparison = limits.take(left), asked(left)
            points = nearest(here, self._targets, n=tried)
            best, row, number = options_of(
                points, here, comparison, n, refined=self.refined, sure=self._is_sure
            )
            return best, row, number, self._is_sure(best)

        first = max(self.candidates, 6 * n if n > 1 else 1)
        best, row, number = look_further(len(denied), look, first, most)
        frame = decoded(best, row, limits, denied)
        chance = asked(np.arange(len(denied))).asked(best, row)[0]
        return frame.set_axis(positions(row, number)), np.full(len(row), np.nan), chance

    def _is_sure(self, points: np.ndarray) -> np.ndarray:
        """Which points are surely valid and plausible, (m,)."""
        valid, plausible = self._believed(points).T
        return (valid > self.validity_margin) & (plausible > 0.5)

    def _believed(self, points: np.ndarray) -> np.ndarray:
        """V̂ and P̂ of points, (m, 2)."""
        return self.teacher_.answers(self.codec.design(points))

    def estimates(self, frame: pd.DataFrame) -> pd.DataFrame:
        """V̂ and P̂ of rows, columns valid and plausible."""
        self._require_fit()
        cube = self.codec.cube(self.schema.validate(frame, extra="ignore"))
        return pd.DataFrame(self._believed(cube), frame.index, columns=["valid", "plausible"])
