"""Forward sampling: write recourses feature by feature, never breaking a constraint.

A constraint is a mask on the log-odds of the feature being written, so a violation has probability
zero. There is nothing to repair afterwards.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .categorical import draw_by_weight
from .codec import Codec
from .errors import GenReError
from .model import RecourseTransformer

__all__ = ["allowed_tokens", "choose", "draw", "log_prob"]

RULES = ("balanced", "cheapest", "likeliest", "safest")


def allowed_tokens(codec: Codec, own: np.ndarray) -> np.ndarray:
    """Which tokens each person may be given, booleans of shape (people, features, vocabulary).

    ``own`` are the people's own tokens, (people, features). A person's own token means "keep your
    value", so it is always allowed. Vocabularies ascend, so a direction is a comparison of tokens.

    Equation: :eq:`choose-mask`.
    """
    size = max(len(values) for values in codec.values)
    token = np.arange(size)
    allowed = np.ones((*own.shape, size), dtype=bool)
    for j, feature in enumerate(codec.schema):
        mine = own[:, j, None]
        if feature.actionability == "immutable":
            allowed[:, j] = token == mine
        elif feature.actionability == "increasing":
            allowed[:, j] = token >= mine
        elif feature.actionability == "decreasing":
            allowed[:, j] = token <= mine
        allowed[:, j] &= token < len(codec.values[j])
    return allowed


@torch.inference_mode()
def draw(
    model: RecourseTransformer,
    x: Tensor,
    x_tokens: Tensor,
    allowed: Tensor,
    k: int,
    *,
    temperature: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """k recourses for each person from R_θ(· | x), and their log-probabilities.

    Feature j's token is drawn from softmax(ℓ_j / temperature) over its allowed tokens, given the
    features written before. Below temperature 1 draws gather around the likeliest recourses.

    Equations: :eq:`choose-temperature`, :eq:`choose-mask`.

    Parameters
    ----------
    x, x_tokens
        People in the unit cube and as tokens, (people, d).
    allowed
        From :func:`allowed_tokens`, (people, d, v).

    Returns
    -------
    tokens (people, k, d), and log R_θ(x⁺ | x) at temperature 1, (people, k), in nats
    """
    cache = model.encode(x, x_tokens)
    cache.prior.masked_fill_(~allowed, -torch.inf)
    written, total, last = [], 0.0, None
    for j in range(model.d):
        chance = model.step(cache, j, last, k).softmax(dim=-1)
        # Divided by the greatest, so that no temperature makes all of them vanish.
        bold = chance if temperature == 1 else (chance / chance.amax(-1, True)) ** (1 / temperature)
        last = draw_by_weight(bold, generator, torch.float32)
        total = total + chance.gather(-1, last[..., None]).squeeze(-1).log()
        written.append(last)
    return torch.stack(written, dim=-1), total


@torch.inference_mode()
def log_prob(
    model: RecourseTransformer, x: Tensor, x_tokens: Tensor, y_tokens: Tensor, allowed: Tensor
) -> Tensor:
    """log R_θ(x⁺ | x) of given recourses, all of shape (rows, d): (rows,), in nats.

    Minus infinity where a recourse breaks a constraint.

    Equation: :eq:`autoregressive-chain`.
    """
    logits = model(x, x_tokens, y_tokens).masked_fill(~allowed, -torch.inf)
    return logits.log_softmax(dim=-1).gather(-1, y_tokens[..., None]).squeeze(-1).sum(dim=-1)


def choose(
    tokens: np.ndarray,
    cost: np.ndarray,
    chance: np.ndarray,
    log_prob: np.ndarray,
    n: int,
    *,
    rule: str,
    margin: float = 0.5,
    believed: np.ndarray | None = None,
) -> np.ndarray:
    """The n best distinct candidates of each person.

    Only candidates with h(x⁺) above ``margin`` count. Among those,

    * ``"cheapest"`` takes the least C(x, x⁺),
    * ``"likeliest"`` the greatest R_θ(x⁺ | x),
    * ``"safest"`` the greatest h(x⁺),
    * ``"balanced"`` the best estimated Score,
      :math:`\\hat V(x^+) + \\hat P(x^+) - C / d`, with the chances of being valid and of being
      plausible as estimated from the training rows; without estimates, the cheapest.

    Equation: :eq:`choose-balanced`.

    Parameters
    ----------
    tokens
        Candidates, (people, k, d); equal rows are one candidate.
    cost, chance, log_prob
        C(x, x⁺), h(x⁺) and log R_θ(x⁺ | x), each (people, k).
    believed
        V̂ and P̂, (people, k, 2).

    Returns
    -------
    numbers of the chosen candidates, (people, n), −1 where no more was found
    """
    if rule not in RULES:
        raise GenReError(f"rule is {rule!r}; choose one of {', '.join(RULES)}.")
    if not 0.5 <= margin < 1:
        raise GenReError(f"margin is {margin}; it must lie in [0.5, 1), for 0.5 is the decision.")
    worth = {"cheapest": -cost, "likeliest": log_prob, "safest": chance, "balanced": -cost}[rule]
    if rule == "balanced" and believed is not None:
        worth = believed.sum(axis=-1) - cost / tokens.shape[-1]
    worth = np.where(chance > margin, worth, -np.inf)

    order = np.argsort(-worth, axis=1, kind="stable")
    # Equal candidates get equal keys; of those, only the first in the order stays.
    weights = np.random.default_rng(0).integers(2**62, size=tokens.shape[-1]) | 1
    keys = np.take_along_axis((tokens * weights).sum(axis=-1), order, axis=1)
    by_key = np.argsort(keys, axis=1, kind="stable")
    sorted_keys = np.take_along_axis(keys, by_key, axis=1)
    again = np.zeros(keys.shape, dtype=bool)
    np.put_along_axis(again, by_key[:, 1:], sorted_keys[:, 1:] == sorted_keys[:, :-1], axis=1)
    good = np.isfinite(np.take_along_axis(worth, order, axis=1)) & ~again
    first = np.argsort(~good, axis=1, kind="stable")[:, :n]
    chosen = np.take_along_axis(order, first, axis=1)
    return np.where(np.take_along_axis(good, first, axis=1), chosen, -1)
