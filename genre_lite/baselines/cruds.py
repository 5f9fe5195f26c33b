"""CRUDS: change what says accepted, keep the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..decision import SupportsProba
from ..schema import Schema
from .autoencoder import LabelledVAE, shifted
from .latent_search import LatentMethod
from .projection import Projection

__all__ = ["CRUDS"]


class CRUDS(LatentMethod):
    """Recourse using disentangled subspaces (Downs et al., 2020).

    An autoencoder splits a person into w, which carries the label, and z, which carries the rest
    (:class:`~genre_lite.baselines.autoencoder.LabelledVAE`). Only w moves:

    .. math:: w^+ = \\arg\\min_w \\; -\\log h(\\mathrm{dec}(z, w, c))
              + \\lambda\\, \\lVert \\mathrm{dec}(z, w, c) - x \\rVert_2^2,
              \\qquad x^+ = \\mathrm{dec}(z, w^+, c) ,

    where z is the middle of q(z | x, c), and w starts from that of q(w | x, c, y = 0). It needs the
    gradient of h. Two numbers are few: where they cannot move h far enough, nothing is found.

    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments (RMSprop with steps of 0.008, λ = 0.001, at most 2,000
    steps), with two liberties: the hidden layers are smaller, and a walk ends when 200 steps have
    brought nothing better. The code that these called (carla-recourse/CARLA at 0472635, ``crud/library/crud.py``)
    starts from a random w and answers with the last iterate where none was valid; here the cheapest valid
    person passed is the answer, and where there
    is none nothing is found.

    Equation: :eq:`latent-cruds`.

    Parameters
    ----------
    cost_weight
        λ, per squared feature range.
    learning_rate
        Of RMSprop, in units of w.
    max_steps, patience, max_seconds
        Where a walk ends; a limit of time makes answers depend on the machine.
    hidden, code, training_steps
        The autoencoder's hidden widths, the width of z, and how long it is trained.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.

    Notes
    -----
    The labels that w carries are those given to ``fit``, and the decisions of h if none were given.

    The n options of a person come from n walks: the first from the middle of q(z, w | x, c), the
    others from draws of it. Walks that end alike give one option, and the rest of the n stay NaN.

    Raises
    ------
    NotDifferentiableError
        By ``fit``, if h has no gradient.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.cruds import CRUDS
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> method = CRUDS(h, bank.schema, training_steps=200, progress=False).fit(bank.X_train)
    >>> answer = method.recommend(bank.X_test)
    >>> bool((answer.probability.dropna() > 0.5).all())
    True
    """

    name = "CRUDS"
    autoencoder = LabelledVAE
    optimizer = torch.optim.RMSprop
    vae_: LabelledVAE

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        cost_weight: float = 0.001,
        learning_rate: float = 0.008,
        max_steps: int = 2000,
        patience: int = 200,
        max_seconds: float = math.inf,
        hidden: Sequence[int] = (128, 64),
        code: int = 8,
        training_steps: int = 2000,
        validity_margin: float = 0.0,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(
            h,
            schema,
            cost_weight=cost_weight,
            learning_rate=learning_rate,
            max_steps=max_steps,
            patience=patience,
            max_seconds=max_seconds,
            hidden=hidden,
            code=code,
            training_steps=training_steps,
            validity_margin=validity_margin,
            outcome=outcome,
            seed=seed,
            progress=progress,
        )

    def _start(self, people: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        denied = people.new_zeros(len(people))
        for_z, for_w = noise.split([noise.shape[1] - self.vae_.label_code, self.vae_.label_code], 1)
        z, w = self.vae_.posterior(people), self.vae_.label_posterior(people, denied)
        return shifted(*z, for_z), shifted(*w, for_w)

    def _distance(self, at: Projection, points: Tensor) -> Tensor:
        return (points - at.start).square().sum(dim=-1)
