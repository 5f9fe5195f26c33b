"""DiCE: several answers at once, pushed apart."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..decision import SupportsProba
from ..schema import Schema
from ..settings import Number, OneOf
from .gradient_search import Descent, GradientMethod
from .projection import DECIMALS, Projection

__all__ = ["DiCE", "diversity"]


class DiCE(GradientMethod):
    """Diverse counterfactuals (Mothilal, Sharma and Tan, 2020, arXiv 1905.07697).

    A person's n options c₁ … cₙ are found together, each valid and near, all of them far apart:

    .. math:: \\min_{c_1 \\dots c_n} \\; \\frac1n \\sum_i \\max(0, 1 - z(c_i))
              + \\frac{\\lambda}{n} \\sum_i d(x, c_i) / m - \\lambda_2 \\det K,
              \\qquad K_{ij} = \\frac{1}{1 + d(c_i, c_j)}

    with z the log-odds of h beyond γ, m features, and
    :math:`d(a, b) = \\sum_j |a_j - b_j| / \\mathrm{MAD}_j`, where MAD is the median absolute deviation
    in the training rows (1 for nominal features, and where it is 0). The best set passed is kept:
    the one with most valid members and, of these, the least loss. Then a sparsity pass takes back,
    from the smallest change to the largest, every change that validity does not need.

    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments: λ = 0.5, λ₂ = 1, Adam with steps of 0.05, 500 to
    5,000 steps, rest at 1e-5.

    The paper also fines indicators that do not add up to 1; here they always do, since the walk
    stays on the simplex. The sparsity pass of the authors' package, dice-ml, moves numbers back a
    little at a time; this one takes a change back whole, of categories too.

    Equation: :eq:`search-dice`.

    Parameters
    ----------
    proximity_weight, diversity_weight
        λ and λ₂; the second matters from two options on.
    sparse
        Do the sparsity pass.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.
    learning_rate, max_steps, max_seconds
        As in :class:`~genre_lite.baselines.wachter.Wachter`.

    Notes
    -----
    One option is searched for alone; n options are n candidates of one search, cheapest first. All
    start at random points of what the person may become. Of equal ones only the first is given.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.dice import DiCE
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> dice = DiCE(h, bank.schema, progress=False).fit(bank.X_train, bank.y_train)
    >>> answer = dice.recommend(bank.X_test, n=2)
    >>> bool((answer.probability[answer.found] > 0.5).all())
    True
    """

    name = "DiCE"
    allowed: ClassVar = {
        "proximity_weight": Number(0),
        "diversity_weight": Number(0),
        "sparse": OneOf((True, False)),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        proximity_weight: float = 0.5,
        diversity_weight: float = 1.0,
        sparse: bool = True,
        validity_margin: float = 0.0,
        learning_rate: float = 0.05,
        max_steps: int = 5000,
        max_seconds: float = math.inf,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(
            h,
            schema,
            validity_margin=validity_margin,
            cost_weight=0.0,  # nearness is part of the loss, in units of its own
            learning_rate=learning_rate,
            max_steps=max_steps,
            max_seconds=max_seconds,
            outcome=outcome,
            seed=seed,
            progress=progress,
        )
        self.proximity_weight = proximity_weight
        self.diversity_weight = diversity_weight
        self.sparse = sparse

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        super()._fit(X, labels, score, yes)
        cube = self.codec.cube(X)
        spread = np.nanmedian(np.abs(cube - np.nanmedian(cube, axis=0)), axis=0)
        spread[self.codec.nominal | (spread == 0)] = 1.0
        self._per_feature = torch.as_tensor(1 / spread)

    def _descent(self) -> Descent:
        # So one round, and no schedule.
        return replace(
            super()._descent(),
            amsgrad=False,
            rounds=1,
            round_steps=self.max_steps,
            patience=200,
        )

    def _loss(self, points: Tensor, at: Projection) -> Tensor:
        """Each candidate's share of the loss; the shares of a person add up to theirs."""
        unit = self._unit(at)
        hinge = (1 + self._odds.border - self._odds.logit(points)).clamp(min=0)
        near = ((points - at.start).abs() * unit).sum(-1) / len(self.schema)
        apart = diversity(points * unit)
        return (hinge + self.proximity_weight * near - self.diversity_weight * apart) / len(points)

    def _badness(self, people: Tensor, at: Projection) -> Tensor:
        """The whole set's, the same for each member: one more valid outweighs whatever the loss is."""
        valid = self._valid(people, at)
        badness = self._loss(people, at).sum(0) + 1e6 * (~valid).sum(0)
        return badness.masked_fill(~valid.any(0), math.inf).expand(valid.shape)

    def _unit(self, at: Projection) -> Tensor:
        """What a move of one adds to d, shape (inputs,)."""
        return at.spread_over_inputs(self._per_feature) * at.scale

    def _starts(self, at: Projection, n: int) -> Tensor:
        return at.low + self._noise(at, n) * (at.high - at.low)

    def _search(self, at: Projection, n: int) -> tuple[Tensor, Tensor]:
        best, _ = super()._search(at, n)
        if self.sparse:
            best = self._sparsify(at, best)
        return best, self._valid(best, at)

    @torch.no_grad()
    def _sparsify(self, at: Projection, people: Tensor) -> Tensor:
        """Take changes back, the smallest first, wherever the answer stays valid."""
        moved = at.changes(people) * self._per_feature
        order = moved.round(decimals=DECIMALS).argsort(dim=-1, stable=True)
        feature = at.spread_over_inputs(torch.arange(len(self.schema)))
        for turn in range(len(self.schema)):
            back = torch.where(feature == order[..., [turn]], at.start, people)
            people = torch.where(self._valid(back, at)[..., None], back, people)
        return people


def diversity(points: Tensor) -> Tensor:
    """det K of n candidates, K_ij = 1 / (1 + ‖c_i − c_j‖₁), for each person.

    Equation: :eq:`search-determinant`.

    Parameters
    ----------
    points
        Candidates in units of d, shape (candidates, people, inputs).

    Returns
    -------
    tensor of shape (people,), between 0, if two are alike, and 1, if all are infinitely far apart

    Examples
    --------
    >>> diversity(torch.tensor([[[0.0]], [[1.0]]]))
    tensor([0.7500])
    """
    people = points.transpose(0, 1)
    distance = (people[:, :, None] - people[:, None]).abs().sum(-1)
    return torch.linalg.det(1 / (1 + distance))
