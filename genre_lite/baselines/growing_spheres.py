"""Growing Spheres: ask at random, nearby first, then further and further out."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..decision import SupportsProba
from ..estimator import RecourseMethod
from ..limits import Limits
from ..schema import Schema
from ..settings import Number
from .projection import DECIMALS, Projection
from .shells import Shells, accepted

__all__ = ["GrowingSpheres"]


class GrowingSpheres(RecourseMethod):
    """Search in growing shells around x (Laugel et al., 2018, arXiv 1712.08443).

    .. math:: x^+ = \\arg\\min_{x'} C(x, x') \\quad\\text{over}\\quad
              x' = x + \\delta,\\; \\lVert \\delta \\rVert_2 \\in (r - 0.2, r],\\; h(x') > \\gamma ,

    with the first r at which anybody is valid, 1,000 random directions δ a shell. It asks only
    ``predict_proba`` of h, and nothing of the training rows beyond their ranges: x⁺ is near and
    valid, plausible only by luck.

    As in the paper, the first ball is halved while it holds anybody valid, and at the end changes
    are taken back one by one, the smallest first, as long as the person stays valid. The code that the
    experiments called (carla-recourse/CARLA at 0472635, ``gs_counterfactuals.py``) leaves out both, flips
    two-level
    features by a coin whatever the radius, and lets values leave the data's range. Here δ moves the inputs
    of every feature that may change, a
    category changes when another level's input overtakes its own, and the snapped person is judged.
    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments, but for the number of shells, 100 for 1,000: at a
    radius of 20 nearly every feature is at one end of its range.

    Parameters
    ----------
    samples, step
        Points drawn from a shell, for each person, and its width in feature ranges.
    max_rounds, max_seconds
        How many shells, and how long at most; a limit of time makes answers depend on the machine.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.

    Notes
    -----
    The n options of a person are the n cheapest different valid people of that shell, before changes
    are taken back; where that leaves fewer different ones, the rest stay NaN.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.growing_spheres import GrowingSpheres
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> method = GrowingSpheres(h, bank.schema, progress=False).fit(bank.X_train)
    >>> answer = method.recommend(bank.X_test)
    >>> bool(answer.found.all()), bool((answer.probability > 0.5).all())
    (True, True)
    """

    name = "Growing Spheres"
    allowed: ClassVar = {
        "samples": Number(1, whole=True),
        "step": Number(0, above=True),
        "max_rounds": Number(1, whole=True),
        "max_seconds": Number(0, above=True),
        "validity_margin": Number(0, 1),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        samples: int = 1000,
        step: float = 0.2,
        max_rounds: int = 100,
        max_seconds: float = math.inf,
        validity_margin: float = 0.0,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.samples = samples
        self.step = step
        self.max_rounds = max_rounds
        self.max_seconds = max_seconds
        self.validity_margin = validity_margin

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        """There is nothing to learn beyond the codec's ranges."""

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        at = Projection(self.codec, denied, limits)
        shells = Shells(
            self.samples,
            self.step,
            shrink=True,
            max_rounds=self.max_rounds,
            max_seconds=self.max_seconds,
        )
        best, found = shells.search(
            at,
            at.start,
            lambda points, rows: points,
            self._valid,
            n,
            seed=self.seed,
            free=at.low < at.high,
            progress=self.progress,
        )
        return at.options(self._sparser(at, best, found), found, n)

    def _valid(self, at: Projection, snapped: Tensor) -> Tensor:
        return accepted(self.decision_, at, snapped, self.validity_margin)

    def _sparser(self, at: Projection, snapped: Tensor, found: Tensor) -> Tensor:
        """Take back one feature after another, the least changed first, while still valid."""
        order = at.changes(snapped).round(decimals=DECIMALS).argsort(dim=-1, stable=True)
        own = torch.zeros(len(at.columns), snapped.shape[-1], dtype=torch.bool)
        for j, inputs in enumerate(at.columns):
            own[j, inputs] = True
        for rank in range(len(at.columns)):
            simpler = torch.where(own[order[..., rank]], at.start, snapped)
            keeps = found & self._valid(at, simpler)
            snapped = torch.where(keeps.unsqueeze(-1), simpler, snapped)
        return snapped
