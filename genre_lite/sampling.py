"""Forward sampling: write recourses feature by feature, never breaking a constraint.

A constraint is a mask on the log-odds of the feature being written, so a violation has probability
zero. There is nothing to repair afterwards.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .codec import Codec
from .model import RecourseTransformer

__all__ = ["allowed_tokens", "draw", "log_prob"]


def allowed_tokens(codec: Codec, own: np.ndarray) -> np.ndarray:
    """Which tokens each person may be given, booleans of shape (people, features, vocabulary).

    ``own`` are the people's own tokens, (people, features). A person's own token means "keep your
    value", so it is always allowed. Vocabularies ascend, so a direction is a comparison of tokens.
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
    written, total, last = [], 0.0, None
    for j in range(model.d):
        logits = model.step(cache, x, j, last, k)
        logits = logits.masked_fill(~allowed[:, None, j], -torch.inf)
        # Gumbel's trick: the arg max of log-odds + noise is a draw from their softmax.
        noise = torch.empty(logits.shape).exponential_(generator=generator).log_().to(logits.device)
        last = (logits / temperature - noise).argmax(dim=-1)
        total = total + logits.log_softmax(dim=-1).gather(-1, last[..., None]).squeeze(-1)
        written.append(last)
    return torch.stack(written, dim=-1), total


@torch.inference_mode()
def log_prob(
    model: RecourseTransformer, x: Tensor, x_tokens: Tensor, y_tokens: Tensor, allowed: Tensor
) -> Tensor:
    """log R_θ(x⁺ | x) of given recourses, all of shape (rows, d): (rows,), in nats.

    Minus infinity where a recourse breaks a constraint.
    """
    logits = model(x, x_tokens, y_tokens).masked_fill(~allowed, -torch.inf)
    return logits.log_softmax(dim=-1).gather(-1, y_tokens[..., None]).squeeze(-1).sum(dim=-1)
