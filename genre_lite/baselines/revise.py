"""REVISE: walk downhill in the space of a generative model."""

from __future__ import annotations

from torch import Tensor

from .autoencoder import shifted
from .latent_search import LatentMethod
from .projection import Projection

__all__ = ["REVISE"]


class REVISE(LatentMethod):
    """Recourse by descent in a latent space (Joshi et al., 2019, arXiv 1907.09615).

    .. math:: z^+ = \\arg\\min_z \\; -\\log h(\\mathrm{dec}(z, c)) + \\lambda\\, C(x, \\mathrm{dec}(z, c)),
              \\qquad x^+ = \\mathrm{dec}(z^+, c) ,

    where dec is the decoder of a variational autoencoder and c what nobody may change. The walk stays
    where the autoencoder has learnt to put people, so that x⁺ tends to be plausible. It needs the
    gradient of h.

    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments (Adam with steps of 0.1, λ = 0.5, at most 1,500 steps),
    with two liberties: the hidden layers are smaller, which reconstructs as well, and a walk ends when
    200 steps have brought nothing better. The cheapest valid person passed is the answer. The code that
    these called (carla-recourse/CARLA at 0472635, ``revise/model.py``) answers with x itself where none was valid,
    which counts as a cheap success; here nothing is found. It also lets immutable features move, and trains an
    autoencoder that ignores its code (see :mod:`~genre_lite.baselines.autoencoder`).

    Equation: :eq:`latent-revise`.

    Parameters
    ----------
    cost_weight
        λ.
    learning_rate
        Of Adam, in units of z.
    max_steps, patience, max_seconds
        Where a walk ends; a limit of time makes answers depend on the machine.
    hidden, code, training_steps
        The autoencoder's hidden widths, the width of z, and how long it is trained.
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.

    Notes
    -----
    The n options of a person come from n walks: the first from the middle of q(z | x, c), the others
    from draws of it. Walks that end alike give one option, and the rest of the n stay NaN.

    Raises
    ------
    NotDifferentiableError
        By ``fit``, if h has no gradient.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.revise import REVISE
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> method = REVISE(h, bank.schema, training_steps=200, progress=False).fit(bank.X_train)
    >>> answer = method.recommend(bank.X_test)
    >>> bool((answer.probability.dropna() > 0.5).all())
    True
    """

    name = "REVISE"

    def _start(self, people: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        z = shifted(*self.vae_.posterior(people), noise)
        return z[:, :0], z

    def _distance(self, at: Projection, points: Tensor) -> Tensor:
        return at.cost(points)
