"""Two copiers of training rows that say what GenRe's Score is worth.

Both hand each person one training row that h accepts and the constraints allow: the one with the
greatest worth − C / d. They differ in what they know.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import pandas as pd
import torch

import genre_lite as gl
from genre_lite.estimator import RecourseMethod, positions
from genre_lite.supervision import PairSampler
from genre_lite.surrogate import Teacher


class Copier(RecourseMethod):
    """Copy the training row with the greatest worth − C / d."""

    @abstractmethod
    def worth(self, X: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
        """What each training row is worth before its cost, (rows,)."""

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        self._rows = X[yes]
        self._worth = torch.as_tensor(self.worth(X, labels)[yes])

    def _options(
        self, denied: pd.DataFrame, limits: gl.Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        cube = self.codec.cube(denied)
        pairs = PairSampler(self.codec, cube, self.codec.cube(self._rows), cost_weight=1.0)
        everyone = np.arange(len(denied))
        value = self._worth - pairs.costs(everyone) / len(self.schema)
        # With λ = 1, forbidden rows are those of weight zero.
        value[torch.as_tensor(pairs.weights(everyone) == 0)] = -torch.inf
        best = value.topk(n, dim=1)
        person, option = np.nonzero(np.isfinite(best[0].numpy()))
        rows = self._rows.iloc[best[1].numpy()[person, option]]
        return rows.set_axis(positions(person, option)), np.full(len(person), np.nan)


class AidedNeighbour(Copier):
    """The nearest neighbour with every aid of selection that GenRe has, undistilled; nothing more."""

    name = "nearest neighbour, aided as GenRe"

    def worth(self, X: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
        design = self.codec.design(self.codec.cube(X))
        teacher = Teacher().fit(design, labels, seed=self.seed, progress=False)
        return teacher.valid + teacher.plausible


class Oracle(Copier):
    """It sees the judge: no copier of training rows can score higher."""

    name = "oracle"

    def __init__(self, h: object, schema: gl.Schema, gold: gl.GoldWorld) -> None:
        super().__init__(h, schema)
        self.gold = gold

    def worth(self, X: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
        valid = self.gold.predict_proba(X)[:, 1] > 0.5
        return valid.astype(float) + self.gold.is_plausible(X)
