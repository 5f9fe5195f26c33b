"""ROAR: recourse that survives a small change of the classifier."""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor

from ..decision import SupportsProba
from ..schema import Schema
from ..settings import Number
from .gradient_search import GradientMethod, to_yes
from .projection import Projection

__all__ = ["ROAR", "worst_logit"]


class ROAR(GradientMethod):
    """Robust algorithmic recourse (Upadhyay, Joshi and Lakkaraju, NeurIPS 2021).

    .. math:: x^+ = \\arg\\min_{x'} \\; \\max_{\\lVert \\delta \\rVert_\\infty \\le \\delta_{\\max}}
              -\\log \\sigma\\big((w + \\delta) \\cdot [x'; 1]\\big) + \\lambda\\, C(x, x')

    where w holds the weights and the intercept of a linear model that agrees with h near x'. An
    answer is still valid if the bank retrains and each weight moves by up to δ_max.

    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments: δ_max = 0.01, λ = 0.001, Adam with steps of 0.001.

    CARLA's code (carla-recourse/CARLA at 24db00a, ``roar/library/roar.py``) takes w from LIME, whose
    weights are in
    standardized units and fit probabilities, but uses it as log-odds; here w is the exact gradient of the
    log-odds at x', taken
    anew at each step, and the worst δ has a closed form, see ``worst_logit``. It walks until
    the loss rests or half a minute is over, far beyond the border; here the cheapest x⁺ passed that
    stays valid under the worst δ is the answer.

    Parameters
    ----------
    shift
        δ_max, how far each weight may move, in log-odds per feature range.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ, also after the worst shift.
    cost_weight, learning_rate, max_steps, max_seconds
        As in :class:`~genre_lite.baselines.wachter.Wachter`.

    Notes
    -----
    The n options of a person come from n walks, the first from x, the others from random points
    near it. Walks that end alike give one option, and the rest of the n stay NaN.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.roar import ROAR
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> roar = ROAR(h, bank.schema, shift=0.1, progress=False).fit(bank.X_train, bank.y_train)
    >>> bool((roar.recommend(bank.X_test).probability > 0.52).all())
    True
    """

    name = "ROAR"
    allowed: ClassVar = {
        "shift": Number(0),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        shift: float = 0.01,
        validity_margin: float = 0.0,
        cost_weight: float = 0.001,
        learning_rate: float = 0.001,
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
            cost_weight=cost_weight,
            learning_rate=learning_rate,
            max_steps=max_steps,
            max_seconds=max_seconds,
            outcome=outcome,
            seed=seed,
            progress=progress,
        )
        self.shift = shift

    def _loss(self, points: Tensor, at: Projection) -> Tensor:
        return to_yes(worst_logit(self._odds.logit(points), points, self.shift))

    def _accepts(self, people: Tensor) -> Tensor:
        worst = worst_logit(self._odds.logit(people), people, self.shift)
        return self._odds.is_valid(worst)


def worst_logit(logit: Tensor, points: Tensor, shift: float) -> Tensor:
    """The least log-odds that a model can give a point when each weight moves by up to δ_max.

    .. math:: \\min_{\\lVert \\delta \\rVert_\\infty \\le \\delta_{\\max}} (w + \\delta) \\cdot [x'; 1]
              = w \\cdot [x'; 1] - \\delta_{\\max} (\\lVert x' \\rVert_1 + 1),
              \\qquad \\delta^* = -\\delta_{\\max}\\, \\mathrm{sign}[x'; 1]

    Equation: :eq:`robust-roar`.

    Parameters
    ----------
    logit
        w · [x'; 1], the log-odds without a shift, shape (...,).
    points
        x', shape (..., inputs).
    shift
        δ_max.

    Examples
    --------
    >>> import torch
    >>> worst_logit(torch.tensor(1.0), torch.tensor([0.5, -0.5]), shift=0.1)
    tensor(0.8000)
    """
    return logit - shift * (points.abs().sum(-1) + 1)
