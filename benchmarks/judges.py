"""Who judges an answer beside the paper's world, and in which unit a cost is told.

A Score says what one simulated truth thinks. So each answer is put to others: a world whose calibration is
weighted as in the official script, a world that never saw the test people, and a judge of another family
that saw other rows alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import genre_lite as gl
from genre_lite.codec import Codec
from genre_lite.datasets import Dataset
from genre_lite.evaluation.metrics import coverage, plausibility, score, validity

__all__ = ["OtherFamily", "judged", "quantile_cost"]


class OtherFamily:
    """Boosted trees for the truth, and an isolation forest for plausibility.

    It is fitted on the test part alone: rows that no method has learned from.

    Parameters
    ----------
    bank
        The people, with the labels drawn from the world in which the methods live.
    """

    def __init__(self, bank: Dataset, *, seed: int) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest

        self._codec = Codec(bank.schema).fit(bank.X_train)
        cube = self._codec.cube(bank.X_test)
        self._truth = HistGradientBoostingClassifier(random_state=seed).fit(cube, bank.y_test)
        yes = self._truth.predict_proba(cube)[:, 1] > 0.5
        self._people = IsolationForest(random_state=seed).fit(self._codec.design(cube[yes]))

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """P(y | x), shape (rows, 2)."""
        return self._truth.predict_proba(self._codec.cube(frame))

    def is_plausible(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether the isolation forest takes each row for one of the accepted, booleans (rows,)."""
        return self._people.predict(self._codec.design(self._codec.cube(frame))) > 0


def judged(judge: object, first: pd.DataFrame, cost: float, features: int) -> dict[str, float]:
    """The Score and its parts by another judge.

    Parameters
    ----------
    first
        One option a person; NaN where none was found.
    cost, features
        The mean cost of the options found, and d.
    """
    valid, plausible = validity(judge, first).mean(), plausibility(judge, first).mean()
    return {
        "validity": float(valid),
        "plausibility": float(plausible),
        "score": score(valid, plausible, cost, features),
    }


def quantile_cost(codec: Codec, train: pd.DataFrame, answer: gl.Recourses) -> float:
    """Mean cost in quantiles: which share of the training rows a person passes, summed over features.

    .. math:: \\sum_{j\\ \\mathrm{ordered}} |F_j(x_j) - F_j(x^+_j)| + \\sum_{j\\ \\mathrm{nominal}}
              1[x_j \\ne x^+_j]

    A range that an outlier stretches makes every move within it cheap; a quantile does not.
    """
    first = answer.frame.xs(0, level="option")
    found = coverage(first)
    if not found.any():
        return float("nan")
    rows = codec.cube(train)
    before, after = codec.cube(answer.factual[found]), codec.cube(first[found])
    total = np.zeros(len(before))
    for j, nominal in enumerate(codec.nominal):
        moved = before[:, j] != after[:, j]
        if nominal:
            total += moved & ~(np.isnan(before[:, j]) & np.isnan(after[:, j]))
            continue
        known = np.sort(rows[~np.isnan(rows[:, j]), j])
        # The middle of a step, so that a value is worth its own rows by half, whatever the direction.
        place = [
            (np.searchsorted(known, x, "left") + np.searchsorted(known, x, "right"))
            / 2
            / len(known)
            for x in (before[:, j], after[:, j])
        ]
        total += np.nan_to_num(np.abs(place[0] - place[1]))
    return float(total.mean())
