"""Search in shells: look further and further away, until somebody acceptable is found.

Around each person's centre, points are drawn from shells of growing radius,

.. math:: z' = z + r\\, \\frac{g}{\\lVert g \\rVert_p}, \\qquad g \\sim \\mathcal{N}(0, I), \\quad
          r \\sim U[\\mathrm{low}, \\mathrm{high}],

in the space of inputs or in a latent one. All people who still wait are searched at once, each with
random numbers of their own (:mod:`~genre_lite.threefry`), so that company changes nobody's answer.
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

from ..decision import Decision
from ..threefry import normals, uniforms
from .projection import Projection

__all__ = ["Shells", "accepted"]

# The most numbers in one batch of candidates.
BLOCK = 2**21


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
        free: Tensor | None = None,
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
        free
            Which coordinates of a person's points may leave the centre, booleans (people, k); all if
            left out.

        Returns
        -------
        snapped points of shape (n, people, inputs), and which of them were found, (n, people);
        of ``samples`` points, no more than so many.
        """
        n = min(n, self.samples)
        keys = at.keys(seed)
        free = torch.ones_like(centres, dtype=torch.bool) if free is None else free
        best = at.start.repeat(n, 1, 1)
        found = torch.zeros(n, len(at), dtype=torch.bool)
        low = torch.zeros(len(at), dtype=centres.dtype)
        high = torch.full_like(low, self.step)
        waiting = torch.arange(len(at))
        block = max(1, BLOCK // (self.samples * at.start.shape[1]))
        deadline = time.perf_counter() + self.max_seconds
        bar = tqdm(total=len(at), desc="shells", unit="person", disable=not progress, leave=False)
        for turn in range(self.max_rounds):
            if not len(waiting) or time.perf_counter() > deadline:
                break
            left = []
            for rows in waiting.split(block):
                here = at.take(rows.numpy())
                g, share = self._numbers(keys[rows.numpy()], free[rows], turn * self.samples)
                points = self._shell(centres[rows], low[rows], high[rows], g, share)
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

    def _numbers(self, key: np.ndarray, free: Tensor, first: int) -> tuple[Tensor, Tensor]:
        """Directions of length 1, (samples, rows, k), and shares of the way out, (samples, rows).

        Drawn for candidates from number ``first`` on. The shares come after the last coordinate.
        """
        candidates, k = first + np.arange(self.samples), free.shape[1]
        g = torch.as_tensor(normals(key, candidates, np.arange(k))).transpose(0, 1) * free
        length = torch.linalg.vector_norm(g, self.p, dim=-1, keepdim=True)
        share = torch.as_tensor(uniforms(key, candidates, np.array([k]))[..., 0]).T
        return g / length.clamp(min=1e-300), share

    @staticmethod
    def _shell(centres: Tensor, low: Tensor, high: Tensor, g: Tensor, share: Tensor) -> Tensor:
        """Points of each row's shell, shape (samples, rows, k)."""
        return centres + (low + share * (high - low)).unsqueeze(-1) * g


def accepted(decision: Decision, at: Projection, snapped: Tensor, margin: float) -> Tensor:
    """Who has moved, keeps their terms, and is accepted with h(x⁺) > γ.

    Snapped points (candidates, people, inputs) to booleans (candidates, people).
    """
    valid = at.keeps(snapped, (snapped != at.start).any(dim=-1))
    if valid.any():
        candidate, person = valid.nonzero(as_tuple=True)
        table = at.frame(snapped[valid], person.numpy()).reset_index(drop=True)
        chance, yes = decision.ask(table)
        valid[candidate, person] = torch.as_tensor(yes & (chance > margin))
    return valid


def cheapest(at: Projection, snapped: Tensor, valid: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The n cheapest different valid points of each person, cheapest first.

    Shapes as in :meth:`Shells.search`: (candidates, people, …) to (n, people, …).
    """
    price = at.rank(snapped).masked_fill(~valid, torch.inf)
    # Equal points must lie side by side, also among others of the same price. A mark of their bits
    # is a whole number, which no order of addition changes; adding 0 turns −0 into 0.
    odd = torch.arange(1, 2 * snapped.shape[-1], 2) * 0x9E3779B97F4A7C1
    mark = ((snapped + 0.0).view(torch.int64) * odd).sum(dim=-1)
    order = torch.as_tensor(np.lexsort((mark.numpy(), price.numpy()), axis=0))
    price = price.gather(0, order)
    snapped = snapped.gather(0, order.unsqueeze(-1).expand_as(snapped))
    price[1:][(snapped[1:] == snapped[:-1]).all(dim=-1)] = torch.inf
    price, first = price.sort(dim=0, stable=True)
    first = first[:n].unsqueeze(-1).expand(-1, -1, snapped.shape[-1])
    return snapped.gather(0, first), price[:n] < torch.inf
