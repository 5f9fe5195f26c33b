"""PROBE: recourse that survives a noisy response."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from ..decision import SupportsProba
from ..schema import Schema
from ..settings import Number
from .gradient_search import Descent, GradientMethod, to_yes
from .projection import Projection

__all__ = ["PROBE", "invalidation_rate"]


class PROBE(GradientMethod):
    """Probabilistically robust recourse (Pawelczyk et al., 2023, arXiv 2203.06768).

    People do not hit a target exactly. PROBE bounds the probability that x⁺ is missed by so much
    that the answer turns back into a no, the invalidation rate
    :math:`\\mathrm{IR}(x') = P(h(x' + \\varepsilon) \\le \\gamma)`, ε Gaussian:

    .. math:: x^+ = \\arg\\min_{x'} \\; 3 \\max(0, \\mathrm{IR}(x') - r) - \\log h(x')
              + \\lambda\\, C(x, x')

    An answer has IR ≤ r + tolerance, by the formula of ``invalidation_rate``.

    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments: r = 0.05, tolerance 0.01, σ² = 0.01, 200 steps
    before λ is lowered, and otherwise as Wachter's. What differs from CARLA's code is as for
    :class:`~genre_lite.baselines.wachter.Wachter`.

    Parameters
    ----------
    target_rate, tolerance
        r, and how far above it a rate may lie.
    noise
        σ, in feature ranges; all inputs of h are perturbed, those of nominal features too.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.
    cost_weight, learning_rate, max_steps, max_seconds
        As in :class:`~genre_lite.baselines.wachter.Wachter`.

    Notes
    -----
    The n options of a person come from n walks, the first from x, the others from random points
    near it. Walks that end alike give one option, and the rest of the n stay NaN.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.probe import PROBE
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> probe = PROBE(h, bank.schema, progress=False).fit(bank.X_train, bank.y_train)
    >>> bool((probe.recommend(bank.X_test).probability > 0.55).all())
    True
    """

    name = "PROBE"
    allowed: ClassVar = {
        "target_rate": Number(0, 1),
        "tolerance": Number(0),
        "noise": Number(0, above=True),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        target_rate: float = 0.05,
        tolerance: float = 0.01,
        noise: float = 0.1,
        validity_margin: float = 0.0,
        cost_weight: float = 0.01,
        learning_rate: float = 0.01,
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
        self.target_rate = target_rate
        self.tolerance = tolerance
        self.noise = noise

    def _descent(self) -> Descent:
        return replace(super()._descent(), round_steps=200)

    def _rate(self, points: Tensor) -> tuple[Tensor, Tensor]:
        logit, slope = self._odds.logit_and_gradient(points)
        return logit, invalidation_rate(logit - self._odds.border, slope, self.noise)

    def _loss(self, points: Tensor, at: Projection) -> Tensor:
        logit, rate = self._rate(points)
        return 3 * (rate - self.target_rate).clamp(min=0) + to_yes(logit)

    def _accepts(self, people: Tensor) -> Tensor:
        logit, rate = self._rate(people)
        return self._odds.is_valid(logit) & (rate <= self.target_rate + self.tolerance)


def invalidation_rate(logit: Tensor, slope: Tensor, noise: float) -> Tensor:
    """How often Gaussian noise turns a yes into a no, to first order; exact for linear models.

    .. math:: \\mathrm{IR}(x') \\approx 1 - \\Phi\\left(
              \\frac{z(x')}{\\sigma \\lVert \\nabla z(x') \\rVert_2}\\right)

    Equation: :eq:`robust-probe`.

    Parameters
    ----------
    logit
        z, the log-odds beyond what is needed, shape (...,).
    slope
        Its gradient, shape (..., inputs).
    noise
        σ, the noise's standard deviation in every input.

    Examples
    --------
    >>> invalidation_rate(torch.tensor(0.0), torch.tensor([3.0, 4.0]), noise=0.1)
    tensor(0.5000)
    """
    # Where h is flat, noise changes nothing; the floor only keeps the quotient finite.
    spread = noise * slope.square().sum(-1).clamp(min=1e-12).sqrt()
    return torch.special.ndtr(-logit / spread)
