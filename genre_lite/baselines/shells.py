"""Search in shells: look further and further away, until somebody acceptable is found.

Around each person's centre, points are drawn from shells of growing radius,

.. math:: z' = z + r\\, \\frac{g}{\\lVert g \\rVert_p}, \\qquad g \\sim \\mathcal{N}(0, I), \\quad
          r \\sim U[\\mathrm{low}, \\mathrm{high}],

in the space of inputs or in a latent one. All people who still wait are searched at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..decision import SupportsProba, acceptance
from .projection import Projection

__all__ = ["Shells", "accepted"]

# The most numbers in one batch of candidates.
BLOCK = 2**23


@dataclass(frozen=True)
class Shells:
    """How to search.

    Equation: :eq:`search-shell`.

    Parameters
    ----------
    samples
        Points drawn from a shell, for each person.
    step
        The width of a shell.
    p
        The norm whose unit sphere directions are drawn from.
    shrink
        Whether to halve the first shell, a ball, until it holds nobody acceptable
        (Laugel et al., 2018); the last ball that held somebody wins.
    max_rounds, max_seconds
        When to give up.
    """

    samples: int
    step: float
    p: float = 2.0
    shrink: bool = False
    max_rounds: int = 100
    max_seconds: float = math.inf

    def search(
        self,
        at: Projection,
        centres: Tensor,
        decode: Callable[[Tensor, Tensor], Tensor],
        valid: Callable[[Projection, Tensor], Tensor],
        n: int,
        *,
        seed: int,
        progress: bool = True,
    ) -> tuple[Tensor, Tensor]:
        """The n cheapest valid people in the first shell of each person that holds any.

        Equation: :eq:`latent-cchvae`.

        Parameters
        ----------
        at
            The people who ask, and what they may become.
        centres
            Where to start, shape (people, k).
        decode
            From points (samples, rows, k) and the row numbers (rows,) to free points of the design
            space, (samples, rows, inputs).
        valid
            From a projection of some rows and snapped points (samples, rows, inputs) to booleans
            (samples, rows).

        Returns
        -------
        snapped points of shape (n, people, inputs), and which of them were found, (n, people);
        of ``samples`` points, no more than so many.
        """
        n = min(n, self.samples)
        generator = torch.Generator().manual_seed(seed)
        best = at.start.repeat(n, 1, 1)
        found = torch.zeros(n, len(at), dtype=torch.bool)
        low = torch.zeros(len(at), dtype=centres.dtype)
        high = torch.full_like(low, self.step)
        waiting = torch.arange(len(at))
        block = max(1, BLOCK // (self.samples * at.start.shape[1]))
        deadline = time.perf_counter() + self.max_seconds
        bar = tqdm(total=len(at), desc="shells", unit="person", disable=not progress, leave=False)
        for _ in range(self.max_rounds):
            if not len(waiting) or time.perf_counter() > deadline:
                break
            left = []
            for rows in waiting.split(block):
                here = at.take(rows.numpy())
                points = self._draw(centres[rows], low[rows], high[rows], generator)
                snapped = here.snap(decode(points, rows))
                winners, won = cheapest(here, snapped, valid(here, snapped), n)
                hit = won[0]
                best[:, rows[hit]], found[:, rows[hit]] = winners[:, hit], won[:, hit]
                inner = low[rows] == 0 if self.shrink else torch.zeros_like(hit)
                # A ball that held somebody is halved; the first that holds nobody ends the halving.
                low[rows[~hit]] = high[rows[~hit]]
                high[rows] = torch.where(hit, high[rows] / 2, high[rows] + self.step)
                left.append(rows[torch.where(hit, inner, ~found[0, rows])])
            bar.update(len(waiting) - sum(map(len, left)))
            waiting = torch.cat(left)
        bar.close()
        return best, found

    def _draw(
        self, centres: Tensor, low: Tensor, high: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Points of each row's shell, shape (samples, rows, k)."""
        shape, dtype = (self.samples, *centres.shape), centres.dtype
        g = torch.randn(shape, generator=generator, dtype=dtype)
        g = g / torch.linalg.vector_norm(g, self.p, dim=-1, keepdim=True)
        share = torch.rand(shape[:2], generator=generator, dtype=dtype)
        return centres + (low + share * (high - low)).unsqueeze(-1) * g


def accepted(h: SupportsProba, at: Projection, snapped: Tensor, margin: float) -> Tensor:
    """Who is valid, h(x⁺) > max(γ, ½), and has moved: snapped (candidates, people, inputs) to booleans."""
    moved = (snapped != at.start).any(dim=-1)
    if moved.any():
        candidate, person = moved.nonzero(as_tuple=True)
        table = at.take(person.numpy()).frame(snapped[moved]).reset_index(drop=True)
        moved[candidate, person] = torch.as_tensor(acceptance(h, table) > max(margin, 0.5))
    return moved


def cheapest(at: Projection, snapped: Tensor, valid: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The n cheapest different valid points of each person, cheapest first.

    Shapes as in :meth:`Shells.search`: (candidates, people, …) to (n, people, …).
    """
    price = at.cost(snapped).masked_fill(~valid, torch.inf)
    # Equal points must lie side by side, also among others of the same price.
    mark = snapped @ torch.linspace(1, 2, snapped.shape[-1], dtype=snapped.dtype).sqrt()
    order = torch.as_tensor(np.lexsort((mark.numpy(), price.numpy()), axis=0))
    price = price.gather(0, order)
    snapped = snapped.gather(0, order.unsqueeze(-1).expand_as(snapped))
    price[1:][(snapped[1:] == snapped[:-1]).all(dim=-1)] = torch.inf
    price, first = price.sort(dim=0, stable=True)
    first = first[:n].unsqueeze(-1).expand(-1, -1, snapped.shape[-1])
    return snapped.gather(0, first), price[:n] < torch.inf
