"""Draws from categorical distributions, reproducible from a generator."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["by_weight", "draw_by_weight", "draw_categorical"]


def draw_categorical(log_weights: Tensor, generator: torch.Generator) -> Tensor:
    """One draw from the softmax of each row: (..., choices) to whole numbers of shape (...).

    Choices of log-weight −∞ are never drawn.

    Examples
    --------
    >>> log_weights = torch.tensor([[0.0, -torch.inf], [-torch.inf, 3.0]])
    >>> draw_categorical(log_weights, torch.Generator().manual_seed(0)).tolist()
    [0, 1]
    """
    return draw_by_weight(log_weights.softmax(dim=-1), generator)


def draw_by_weight(
    weights: Tensor, generator: torch.Generator, precision: torch.dtype = torch.float64
) -> Tensor:
    """One draw from each row of weights, which need not sum to 1: (..., choices) to (...).

    Inverts the distribution function, which costs one random number a row and not one a choice.
    Choices of weight 0 are never drawn. The randomness is made on the CPU, so a seed means the same
    draws on every device. Single precision is enough for hundreds of choices, not for a million.

    Examples
    --------
    >>> draw_by_weight(torch.tensor([[1.0, 0.0], [0.0, 5.0]]), torch.Generator().manual_seed(0))
    tensor([0, 1])
    """
    chance = torch.rand(weights.shape[:-1], generator=generator, dtype=precision)
    return by_weight(weights.to(precision), chance.to(weights.device))


def by_weight(weights: Tensor, chance: Tensor) -> Tensor:
    """The choice in each row that a number between 0 and 1 falls on: (..., choices) to (...).

    Inverts the distribution function; choices of weight 0 are never taken.

    Examples
    --------
    >>> by_weight(torch.tensor([1.0, 0.0, 3.0]), torch.tensor(0.2)).item()
    0
    >>> by_weight(torch.tensor([1.0, 0.0, 3.0]), torch.tensor(0.3)).item()
    2
    """
    heap = weights.cumsum(dim=-1)
    top = heap[..., -1:]
    level = chance.to(heap.dtype).unsqueeze(-1) * top
    # Rounding must not lift a level to the top, behind which there is nothing.
    level = torch.minimum(level, torch.nextafter(top, torch.zeros_like(top)))
    return torch.searchsorted(heap, level, right=True).squeeze(-1)
