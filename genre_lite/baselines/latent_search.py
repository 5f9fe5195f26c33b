"""Search along a gradient in a latent space: what REVISE and CRUDS share.

They change a person's code u a little at a time, downhill in a loss that asks the decoded person for
acceptance and for nearness. They differ in the autoencoder, in the part of the code that may move,
and in what near means.
"""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import trange

from ..decision import SupportsProba
from ..estimator import RecourseMethod
from ..limits import Limits
from ..schema import Schema
from ..settings import Number
from ..threefry import normals
from .autoencoder import SETTINGS, VAE, train
from .gradient_search import LogOdds, to_yes
from .projection import Projection
from .shells import accepted

__all__ = ["LatentMethod"]


class LatentMethod(RecourseMethod):
    """A method that walks through the codes of an autoencoder to the cheapest answer it passes.

    Each iterate is decoded, clamped to what the person may become, and judged as the snapped person.
    A walk ends after ``patience`` steps without a better answer or, while there is none, a lower
    loss; the walk of one person does not depend on the others.

    The n options of a person come from n walks: the first from the middle of the code's posterior,
    the others from draws of it. Walks that end alike give one option, and the rest of the n stay NaN.

    Parameters
    ----------
    cost_weight
        λ.
    learning_rate
        Of the optimizer, in units of the code.
    max_steps, patience, max_seconds
        Where a walk ends; a limit of time makes answers depend on the machine.
    hidden, code, training_steps
        The autoencoder's hidden widths, the width of z, and how long it is trained.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.
    """

    autoencoder: type[VAE] = VAE
    optimizer: type[torch.optim.Adam | torch.optim.RMSprop] = torch.optim.Adam
    vae_: VAE
    allowed: ClassVar = {
        "cost_weight": Number(0),
        "learning_rate": Number(0, above=True),
        "max_steps": Number(1, whole=True),
        "patience": Number(1, whole=True),
        "max_seconds": Number(0, above=True),
        **SETTINGS,
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        cost_weight: float = 0.5,
        learning_rate: float = 0.1,
        max_steps: int = 1500,
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
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.cost_weight = cost_weight
        self.learning_rate = learning_rate
        self.max_steps = max_steps
        self.patience = patience
        self.max_seconds = max_seconds
        self.hidden = hidden
        self.code = code
        self.training_steps = training_steps
        self.validity_margin = validity_margin

    @abstractmethod
    def _start(self, people: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The part of each code that stays and the part that moves, from standard normal noise of
        the whole code's shape, 0 for the posterior's middle; one part may have no width."""

    @abstractmethod
    def _distance(self, at: Projection, points: Tensor) -> Tensor:
        """What λ weighs, shape (walks, people), of points (walks, people, inputs)."""

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        self._odds = LogOdds(self.decision_, self.codec, self.validity_margin)
        self.vae_ = train(
            self.autoencoder,
            self.codec,
            X,
            labels,
            steps=self.training_steps,
            seed=self.seed,
            progress=self.progress,
            hidden=self.hidden,
            code=self.code,
        )

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        at = Projection(self.codec, denied, limits)
        best, found = self._walk(at, n)
        # The gradient's h told the way; predict_proba decides.
        found &= accepted(self.decision_, at, best, self.validity_margin)
        return at.options(best, found, n)

    def _walk(self, at: Projection, n: int) -> tuple[Tensor, Tensor]:
        """The best snapped points (walks, people, inputs), and which are answers (walks, people)."""
        people = at.start.repeat(n, 1)
        width = self.code + self.vae_.label_code
        noise = normals(at.keys(self.seed), np.arange(n), np.arange(width))
        noise[:, 0] = 0.0
        fixed, moving = self._start(people, torch.as_tensor(noise).transpose(0, 1).flatten(0, 1))
        moving = moving.clone().requires_grad_()
        optimizer = self.optimizer([moving], lr=self.learning_rate)

        best = at.start.repeat(n, 1, 1)
        price = torch.full((n, len(at)), math.inf, dtype=best.dtype)
        lowest, waited = price.clone(), torch.zeros_like(price)
        done = torch.zeros_like(price, dtype=torch.bool)
        end = time.perf_counter() + self.max_seconds
        for _ in trange(
            self.max_steps, desc=self.name, unit="step", disable=not self.progress, leave=False
        ):
            decoded = self.vae_.decode(torch.cat([fixed, moving], dim=1), people)
            points = at.clamp(decoded.view_as(best))
            loss = to_yes(self._odds.logit(points))
            loss = loss + self.cost_weight * self._distance(at, points)
            # Not backward(): that would leave gradients in the bank's classifier.
            (moving.grad,) = torch.autograd.grad(loss.sum(), moving)
            optimizer.step()
            with torch.no_grad():
                snapped = at.snap(points)
                cost = at.rank(snapped)
                valid = self._odds.is_valid(self._odds.logit(snapped)) & (cost > 0)
                better = at.keeps(snapped, valid & (cost < price) & ~done)
                best = torch.where(better.unsqueeze(-1), snapped, best)
                price = torch.where(better, cost, price)
                lower = (loss < lowest - 1e-4) & price.isinf()
                lowest = torch.where(lower, loss, lowest)
                waited = torch.where(better | lower, 0, waited + 1)
                done |= waited >= self.patience
            if done.all() or time.perf_counter() > end:
                break
        return best, price.isfinite()
