"""Wachter: the nearest point that the classifier accepts, found by descent."""

from __future__ import annotations

from torch import Tensor

from .gradient_search import GradientMethod, to_yes
from .projection import Projection

__all__ = ["Wachter"]


class Wachter(GradientMethod):
    """Counterfactuals by gradient descent, after Wachter, Mittelstadt and Russell (2017, arXiv 1711.00399).

    .. math:: x^+ = \\arg\\min_{x'} \\; -\\log h(x') + \\lambda\\, C(x, x')

    A variant of theirs, as CARLA runs it: they asked for a squared distance from a wanted output, and weighed each feature
    by its median absolute deviation.

    It asks for validity and nearness and for nothing else: nobody like x⁺ need ever have lived.

    It knows bounds; at most so many changes, and relations, only by leaving out who breaks them.

    Defaults are those of the GenRe experiments: Adam (amsgrad) with steps of 0.01, λ = 0.01, up to
    1,000 steps before λ is lowered.

    The code that these experiments called, CARLA (carla-recourse/CARLA at 0472635, ``wachter.py``),
    lowers λ by 0.05 a time, so that it turns negative and rewards distance; here it is halved. It
    rounds categories while it walks, which leaves these without a gradient; here a nominal feature is
    a point of the simplex, and each step is snapped beside the walk. It lets immutable features move
    and values leave the data's range; here neither can happen. It returns the iterate at which it
    stops; here the cheapest valid one passed is the answer, so it is cheaper.

    Equation: :eq:`search-wachter`.

    Parameters
    ----------
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.
    cost_weight
        λ to begin with. Greater values give cheaper answers, more slowly.
    learning_rate
        Of Adam, in feature ranges a step.
    max_steps, max_seconds
        Where the search ends; whoever has no answer by then gets none.

    Notes
    -----
    The n options of a person come from n walks, the first from x, the others from random points
    near it. Walks that end alike give one option, and the rest of the n stay NaN.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from genre_lite.baselines.wachter import Wachter
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> wachter = Wachter(h, bank.schema, progress=False).fit(bank.X_train, bank.y_train)
    >>> answer = wachter.recommend(bank.X_test)
    >>> bool((answer.probability > 0.5).all())
    True
    """

    name = "Wachter"

    def _loss(self, points: Tensor, at: Projection) -> Tensor:
        return to_yes(self._odds.logit(points))
