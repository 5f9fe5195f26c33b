"""C-CHVAE: look around a person in the space of a generative model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd
from torch import Tensor

from ..decision import SupportsProba
from ..estimator import RecourseMethod
from ..limits import Limits
from ..schema import Schema
from ..settings import Number
from .autoencoder import SETTINGS, VAE, train
from .projection import Projection
from .shells import Shells, accepted

__all__ = ["CCHVAE"]


class CCHVAE(RecourseMethod):
    """Counterfactuals near in a latent space (Pawelczyk, Broelemann and Kasneci, 2020, arXiv 1910.09398).

    A conditional variational autoencoder gives each person a code z = μ(x, c), c being what nobody
    may change. Shells of growing radius r around it are decoded,

    .. math:: x^+ = \\arg\\min_{x'} C(x, x') \\quad\\text{over}\\quad
              x' = \\mathrm{dec}(z + \\delta, c),\\; \\lVert \\delta \\rVert_1 \\in (r - 0.1, r],\\;
              h(x') > \\gamma ,

    with the first r at which anybody is valid. Few codes decode to people unlike the training rows,
    so x⁺ tends to be plausible; but decoding moves every feature a little, and so costs more than a
    search among inputs. Only ``predict_proba`` is asked of h.

    Defaults are those of the GenRe experiments (100 samples a shell, p = 1, shells of 0.1), but for
    the number of shells, 200 for 1,000: where the prior puts its people ends long before. The code that
    these called (carla-recourse/CARLA at 0472635, ``cchvae/model.py``) trains with a mean of squared errors and a
    sum of KL over the batch, so that everybody gets nearly the same answer (see
    :mod:`~genre_lite.baselines.autoencoder`), and lets immutable features move; here neither happens. What
    is judged is the snapped person. Decoded
    people are pushed into the bounds of advice; at most so many changes, which decoding hardly ever
    leaves, and relations, are kept only by leaving out who breaks them.

    Equation: :eq:`latent-cchvae`.

    Parameters
    ----------
    samples, step, max_rounds, max_seconds
        Of the search: points a shell, its width, how many shells and how long at most. A limit of
        time makes answers depend on the machine.
    hidden, code, training_steps
        The autoencoder's hidden widths, the width of z, and how long it is trained.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.

    Notes
    -----
    The n options of a person are the n cheapest different valid people of that shell; where it holds
    fewer, the rest stay NaN.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.cchvae import CCHVAE
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> method = CCHVAE(h, bank.schema, training_steps=200, progress=False).fit(bank.X_train)
    >>> answer = method.recommend(bank.X_test)
    >>> bool((answer.probability.dropna() > 0.5).all())
    True
    """

    name = "C-CHVAE"
    allowed: ClassVar = {
        "samples": Number(1, whole=True),
        "step": Number(0, above=True),
        "max_rounds": Number(1, whole=True),
        "max_seconds": Number(0, above=True),
        **SETTINGS,
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        samples: int = 100,
        step: float = 0.1,
        max_rounds: int = 200,
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
        self.samples = samples
        self.step = step
        self.max_rounds = max_rounds
        self.max_seconds = max_seconds
        self.hidden = hidden
        self.code = code
        self.training_steps = training_steps
        self.validity_margin = validity_margin

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        self.vae_ = train(
            VAE,
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
        shells = Shells(
            self.samples,
            self.step,
            p=1.0,
            max_rounds=self.max_rounds,
            max_seconds=self.max_seconds,
        )

        def decode(z: Tensor, rows: Tensor) -> Tensor:
            people = at.start[rows].repeat(len(z), 1)
            return self.vae_.decode(z.flatten(0, 1), people).unflatten(0, z.shape[:2])

        def valid(here: Projection, snapped: Tensor) -> Tensor:
            return accepted(self.decision_, here, snapped, self.validity_margin)

        best, found = shells.search(
            at,
            self.vae_.encode(at.start),
            decode,
            valid,
            n,
            seed=self.seed,
            progress=self.progress,
        )
        return at.options(best, found, n)
