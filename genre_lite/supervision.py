"""Supervision from nowhere: pairs (x, x⁺) that the data never recorded.

Nobody observed a denied person turn into an accepted one. But an accepted person t near a denied
person x is an example of recourse for x, the better the nearer. So pairs are drawn from

.. math:: Q(x^+ = t \\mid x) = \\frac{A(x, t)\\, e^{-\\lambda C(x, t)}}
          {\\sum_{t' \\in D^+} A(x, t')\\, e^{-\\lambda C(x, t')}}, \\qquad t \\in D^+,

over the accepted people :math:`D^+`, where :math:`A(x, t) = 1` if going from x to t breaks no
constraint. As :math:`D^+` grows, Q tends to the ideal recourse distribution R*.
"""

from __future__ import annotations

import numpy as np
import torch

from .categorical import draw_categorical
from .codec import Codec
from .errors import GenReError

__all__ = ["PairSampler"]


class PairSampler:
    """Draws of Q(x⁺ | x), exact, a block of sources at a time.

    Weights are computed when a block is drawn and then forgotten, so memory grows with
    block × targets, never with sources × targets.

    Parameters
    ----------
    codec
        Gives the schema's constraints and which features are nominal.
    sources, targets
        Denied and accepted people in the unit cube, shapes (sources, features), (targets, features).
    cost_weight
        λ, how strongly nearer targets are preferred.
    nearest
        Keep only the K nearest targets of each source, as the paper does; all of them if ``None``.
        A fixed K is not consistent: as data grow, the K nearest all collapse onto the nearest one.
    block
        The most source–target pairs held at once.

    Attributes
    ----------
    reachable
        Booleans of shape (sources,): whether any target may be reached without breaking a constraint.

    Examples
    --------
    >>> import pandas as pd
    >>> from genre_lite import Schema
    >>> frame = pd.DataFrame({"income": [0.0, 1.0, 2.0]})
    >>> codec = Codec(Schema.infer(frame)).fit(frame)
    >>> pairs = PairSampler(codec, [[0.0]], [[0.5], [1.0]], cost_weight=2.0)
    >>> pairs.weights(np.array([0])).round(3)
    array([[0.731, 0.269]], dtype=float32)
    """

    def __init__(
        self,
        codec: Codec,
        sources: np.ndarray,
        targets: np.ndarray,
        cost_weight: float,
        *,
        nearest: int | None = None,
        block: int = 2**22,
    ) -> None:
        self.sources = torch.as_tensor(np.asarray(sources), dtype=torch.float32)
        self.targets = torch.as_tensor(np.asarray(targets), dtype=torch.float32)
        if not len(self.targets):
            raise GenReError("There are no targets: nobody to learn recourse from.")
        self.cost_weight = cost_weight
        self.nearest = nearest
        self._rows_at_once = max(1, block // len(self.targets))
        self._from, self._to = (
            torch.as_tensor(codec.metric(points.double().numpy()), dtype=torch.float32)
            for points in (self.sources, self.targets)
        )
        kinds = np.array([f.actionability for f in codec.schema])
        self._up = np.flatnonzero(kinds == "increasing")
        self._down = np.flatnonzero(kinds == "decreasing")
        # In float32 two different values may be equal; constraints must see the difference.
        self._exact = [
            torch.as_tensor(np.asarray(p), dtype=torch.float64) for p in (sources, targets)
        ]
        fixed = torch.cat(self._exact)[:, kinds == "immutable"]
        # People alike in all that is immutable form a group, so that one comparison serves.
        group = (
            torch.unique(fixed, dim=0, return_inverse=True)[1]
            if fixed.shape[1]
            else fixed.new_zeros(len(fixed))
        )
        self._group, self._target_group = group.split([len(self.sources), len(self.targets)])
        self.reachable = np.concatenate(
            [self._allowed(rows).any(dim=1).numpy() for rows in self._blocks(len(self.sources))]
        )

    def _blocks(self, rows: int | torch.Tensor) -> tuple[torch.Tensor, ...]:
        rows = torch.arange(rows) if isinstance(rows, int) else torch.as_tensor(rows)
        return rows.split(self._rows_at_once)

    def _allowed(self, rows: torch.Tensor) -> torch.Tensor:
        """A(x, t), booleans of shape (rows, targets)."""
        x, t = self._exact
        allowed = self._group[rows, None] == self._target_group
        for j in self._up:
            allowed &= x[rows, j, None] <= t[:, j]
        for j in self._down:
            allowed &= x[rows, j, None] >= t[:, j]
        return allowed

    def costs(self, rows: np.ndarray | torch.Tensor) -> torch.Tensor:
        """C(x, t) from each named source to every target, shape (rows, targets)."""
        return torch.cdist(self._from[rows], self._to, p=1)

    def _log_weights(self, rows: torch.Tensor) -> torch.Tensor:
        log = -self.cost_weight * self.costs(rows)
        log[~self._allowed(rows)] = -torch.inf
        if self.nearest is not None and self.nearest < log.shape[1]:
            kept = log.topk(self.nearest, dim=1)
            log = torch.full_like(log, -torch.inf).scatter_(1, kept.indices, kept.values)
        return log

    def nearest_targets(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The n cheapest targets of every source that no constraint forbids, and their costs.

        Both of shape (sources, n), cheapest first; cost is infinite where there are no more.
        """
        found = []
        for block in self._blocks(len(self.sources)):
            price = self.costs(block).masked_fill(~self._allowed(block), torch.inf)
            found.append(price.topk(min(n, price.shape[1]), dim=1, largest=False))
        return (
            torch.cat([f.indices for f in found]).numpy(),
            torch.cat([f.values for f in found]).numpy(),
        )

    def weights(self, rows: np.ndarray) -> np.ndarray:
        """Q(t | x) for the named sources, shape (rows, targets); all zero where none is reachable."""
        blocks = [torch.softmax(self._log_weights(r), dim=1) for r in self._blocks(rows)]
        return torch.nan_to_num(torch.cat(blocks)).numpy()

    def draw(self, rows: np.ndarray | torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One target for each named source, drawn from Q(· | x): row numbers of ``targets``, (rows,).

        Raises
        ------
        GenReError
            If a named source has no reachable target.
        """
        drawn = []
        for block in self._blocks(rows):
            if not self.reachable[block.numpy()].all():
                raise GenReError(
                    "A source has no target that its constraints allow; draw only for rows where "
                    "pairs.reachable is true."
                )
            drawn.append(draw_categorical(self._log_weights(block), generator))
        return torch.cat(drawn)
