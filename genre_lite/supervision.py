"""Supervision from nowhere: pairs (x, x⁺) that the data never recorded.

Nobody observed a denied person turn into an accepted one. But an accepted person t near a denied
person x is an example of recourse for x, the better the nearer. So pairs are drawn from

.. math:: Q(x^+ = t \\mid x) = \\frac{A(x, t)\\, e^{-\\lambda C(x, t)}}
          {\\sum_{t' \\in D^+} A(x, t')\\, e^{-\\lambda C(x, t')}}, \\qquad t \\in D^+,

over the accepted people :math:`D^+`, where :math:`A(x, t) = 1` if going from x to t breaks no
constraint. As :math:`D^+` grows, Q tends to the ideal recourse distribution R*, if all of :math:`D^+`
is used.

Where something is fixed that hardly two people share, such as an age in days, A leaves nobody to
become. So targets are *grafted*: what a person may change is taken from t, all else stays their own,
and the bank is asked again about the person so made (:func:`grafted_pairs`). Such pairs tend to no R*.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional as F

from .categorical import draw_categorical
from .codec import Codec
from .errors import GenReError
from .limits import Limits
from .objectives import cost, effective_sample_size
from .threefry import keys, uniforms

__all__ = [
    "ListedPairs",
    "PairSampler",
    "Pairs",
    "expected_deviation",
    "grafted_pairs",
    "on_vocabulary",
]

ALL = slice(None)


class Pairs(Protocol):
    """What training draws from: sources, targets, and a draw of one target for each source."""

    sources: torch.Tensor
    targets: torch.Tensor
    reachable: np.ndarray

    @property
    def settings(self) -> tuple:
        """What tells one such sampler of the same rows from another."""

    def draw(self, rows: np.ndarray | torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One target for each named source: row numbers of ``targets``, (rows,)."""


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
    pool
        Draw from so many targets, chosen anew at every call of :meth:`draw`; from all of them if
        ``None``. The time of a draw then no longer grows with the table. A pool of a fixed size is
        biased, however many targets there are: near ones get too little, by up to κ / pool in total
        variation, with κ = targets / :meth:`effective_targets`. So let it be large beside κ, and grow
        with the table. A source that no member of the pool can serve draws from all targets.
    still
        Whether time stands still, as in an answer without a wait: clocks then count as immutable.
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
        pool: int | None = None,
        still: bool = False,
        block: int = 2**22,
    ) -> None:
        # Constraints compare in double precision: in single, two different values may be equal.
        self.sources = torch.as_tensor(np.asarray(sources), dtype=torch.float64)
        self.targets = torch.as_tensor(np.asarray(targets), dtype=torch.float64)
        if not len(self.targets):
            raise GenReError("There are no targets: nobody to learn recourse from.")
        self.cost_weight = cost_weight
        self.nearest = nearest
        self.pool = pool
        self.still = still
        self._block = block
        self._from, self._to = (
            torch.as_tensor(codec.metric(points.numpy()), dtype=torch.float32)
            for points in (self.sources, self.targets)
        )
        kinds = np.array([f.actionability for f in codec.schema])
        kinds = np.where(still & (kinds == "clock"), "immutable", kinds)
        self._up = np.flatnonzero(np.isin(kinds, ("increasing", "clock")))  # time only goes on
        self._down = np.flatnonzero(kinds == "decreasing")
        fixed = torch.cat([self.sources, self.targets])[:, kinds == "immutable"]
        # People alike in all that is immutable form a group, so that one comparison serves.
        group = (
            torch.unique(fixed, dim=0, return_inverse=True)[1]
            if fixed.shape[1]
            else fixed.new_zeros(len(fixed))
        )
        self._group, self._target_group = group.split([len(self.sources), len(self.targets)])
        self.reachable = self._reachable()

    @property
    def settings(self) -> tuple[float, int | None, int | None, bool]:
        """What a draw depends on beside the rows (λ, K, the size of the pool, whether time stands still)."""
        return self.cost_weight, self.nearest, self.pool, self.still

    def _reachable(self) -> np.ndarray:
        if not len(self._up) and not len(self._down):
            return torch.isin(self._group, self._target_group).numpy()
        blocks = self._blocks(len(self.sources))
        return np.concatenate([self._allowed(rows).any(dim=1).numpy() for rows in blocks])

    def _blocks(self, rows: int | torch.Tensor | np.ndarray) -> tuple[torch.Tensor, ...]:
        rows = torch.arange(rows) if isinstance(rows, int) else torch.as_tensor(rows)
        return rows.split(max(1, self._block // len(self.targets)))

    def _allowed(self, rows: torch.Tensor, among: torch.Tensor | slice = ALL) -> torch.Tensor:
        """A(x, t), booleans of shape (rows, targets)."""
        allowed = self._group[rows, None] == self._target_group[among]
        for j in self._up:
            allowed &= self.sources[rows, j, None] <= self.targets[among, j]
        for j in self._down:
            allowed &= self.sources[rows, j, None] >= self.targets[among, j]
        return allowed

    def costs(
        self, rows: np.ndarray | torch.Tensor, among: torch.Tensor | slice = ALL
    ) -> torch.Tensor:
        """C(x, t) from each named source to every target (of ``among``), shape (rows, targets)."""
        return torch.cdist(self._from[rows], self._to[among], p=1)

    def _log_weights(self, rows: torch.Tensor, among: torch.Tensor | slice = ALL) -> torch.Tensor:
        log = -self.cost_weight * self.costs(rows, among)
        log[~self._allowed(rows, among)] = -torch.inf
        if self.nearest is not None and self.nearest < log.shape[1]:
            kept = log.topk(self.nearest, dim=1)
            log = torch.full_like(log, -torch.inf).scatter_(1, kept.indices, kept.values)
        return log

    def nearest_targets(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The n cheapest targets of every source that no constraint forbids, and their costs.

        Both of shape (sources, n), cheapest first; where there are no more, the cost is infinite
        and the number means nothing.

        Equation: :eq:`pairs-limit`.
        """
        found = []
        for block in self._blocks(len(self.sources)):
            price = self.costs(block).masked_fill(~self._allowed(block), torch.inf)
            price = F.pad(price, (0, max(0, n - price.shape[1])), value=torch.inf)
            found.append(price.topk(n, dim=1, largest=False))
        return (
            torch.cat([f.indices for f in found]).numpy(),
            torch.cat([f.values for f in found]).numpy(),
        )

    def weights(self, rows: np.ndarray) -> np.ndarray:
        """Q(t | x) for the named sources, shape (rows, targets); all zero where none is reachable.

        Equations: :eq:`consistency-q`, :eq:`pairs-q`, :eq:`pairs-mean`, :eq:`pairs-limit`,
        :eq:`why-q`, :eq:`copy-limit`.
        """
        blocks = [torch.softmax(self._log_weights(r), dim=1) for r in self._blocks(rows)]
        return torch.nan_to_num(torch.cat(blocks)).numpy()

    def effective_targets(self, rows: np.ndarray) -> np.ndarray:
        """How many equal targets Q(· | x) is worth, 1 / Σ_t Q(t | x)², shape (rows,); 0 for none.

        Q is within √(vocabulary / it) of R*(· | x) on average, roughly. Above 1 that says nothing, and
        on a table whose people hardly repeat it is above 1. So a small size means that few targets
        speak, and neither that Q is far from R* nor that it is near.

        Equation: :eq:`pairs-ess`.
        """
        sizes = np.zeros(len(rows))
        some = self.reachable[rows]
        sizes[some] = effective_sample_size(self.weights(np.asarray(rows)[some]))
        return sizes

    def draw(self, rows: np.ndarray | torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One target for each named source, drawn from Q(· | x): row numbers of ``targets``, (rows,).

        Raises
        ------
        GenReError
            If a named source has no reachable target.
        """
        rows = torch.as_tensor(rows)
        if self.pool is not None and self.pool < len(self.targets):
            return self._draw_from_pool(rows, self.pool, generator)
        drawn = []
        for block in self._blocks(rows):
            if not self.reachable[block.numpy()].all():
                raise GenReError(
                    "A source has no target that its constraints allow; draw only for rows where "
                    "pairs.reachable is true."
                )
            drawn.append(draw_categorical(self._log_weights(block), generator))
        return torch.cat(drawn)

    def _draw_from_pool(
        self, rows: torch.Tensor, pool: int, generator: torch.Generator
    ) -> torch.Tensor:
        among = torch.randint(len(self.targets), (pool,), generator=generator)
        drawn = torch.empty(len(rows), dtype=torch.long)
        served = torch.zeros(len(rows), dtype=torch.bool)
        for block in torch.arange(len(rows)).split(max(1, self._block // pool)):
            log = self._log_weights(rows[block], among)
            fine = block[(log > -torch.inf).any(dim=1)]
            served[fine] = True
            drawn[fine] = among[draw_categorical(log[torch.isin(block, fine)], generator)]
        if not served.all():
            whole = copy.copy(self)
            whole.pool = None
            drawn[~served] = whole.draw(rows[~served], generator)
        return drawn


class ListedPairs:
    """Pairs that were made beforehand: each source has a list of targets of its own, with weights.

    Parameters
    ----------
    sources
        Denied people in the unit cube, (sources, d).
    targets
        All lists, one after the other, (pairs, d).
    owner
        The row number of each target's source, ascending, (pairs,).
    log_weights
        Log-odds of each target within its list, (pairs,).

    Attributes
    ----------
    reachable
        Booleans of shape (sources,): whose list holds anything.

    Examples
    --------
    >>> pairs = ListedPairs(np.zeros((2, 1)), np.array([[0.5], [1.0]]), np.array([0, 0]), np.zeros(2))
    >>> pairs.reachable.tolist()
    [True, False]
    """

    def __init__(
        self, sources: np.ndarray, targets: np.ndarray, owner: np.ndarray, log_weights: np.ndarray
    ) -> None:
        self.sources = torch.as_tensor(sources, dtype=torch.float64)
        self.targets = torch.as_tensor(targets, dtype=torch.float64)
        count = np.bincount(owner, minlength=len(sources))
        self.reachable = count > 0
        longest = max(int(count.max(initial=0)), 1)
        # One row a source: the numbers of its targets, and their log-weights, −∞ past the list's end.
        self._start = torch.as_tensor(np.concatenate([[0], count.cumsum()[:-1]]))
        place = np.arange(len(owner)) - self._start.numpy()[owner]
        self._log = torch.full((len(sources), longest), -torch.inf)
        self._log[owner, place] = torch.as_tensor(log_weights, dtype=torch.float32)

    @property
    def settings(self) -> tuple[int]:
        """What a draw depends on beside the rows."""
        return (len(self.targets),)

    def draw(self, rows: np.ndarray | torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One target for each named source: row numbers of ``targets``, (rows,)."""
        rows = torch.as_tensor(rows)
        return self._start[rows] + draw_categorical(self._log[rows], generator)


def grafted_pairs(
    limits: Limits,
    targets: np.ndarray,
    cost_weight: float,
    accepts: Callable[[np.ndarray, np.ndarray], np.ndarray],
    otherwise: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    *,
    seed: int,
    tries: int = 24,
    block: int = 2**22,
) -> ListedPairs:
    """Pairs (x, graft of t onto x), the bank asked again about each.

    .. math:: x^+_j = \\begin{cases} t_j & \\text{if every term lets } x_j \\text{ become } t_j \\\\
              x_j & \\text{else} \\end{cases}, \\qquad
              Q(x^+ \\mid x) \\propto 1[h(x^+) > \\text{threshold}]\\, e^{-\\lambda C(x, x^+)} .

    For each source, ``tries`` targets are drawn without replacement from :math:`e^{-\\lambda C(x, t)}`,
    cost counted over what may change, by numbers keyed by the source's own values. So cost counts
    twice, in who is tried and in the weights: with the number of tries fixed, these pairs are cheaper
    than those of :class:`PairSampler`, and no R* is their limit.

    Parameters
    ----------
    limits
        Of the sources.
    targets
        D⁺ in the unit cube, (targets, d).
    cost_weight
        λ.
    accepts
        From points (m, d) and whose they are (m,) to booleans (m,): which the bank, and the estimates, accept.
    otherwise
        The same, less strict, for sources that get no target else; four times as many are tried for
        them, from further away.
    seed
        Of the draws.
    tries
        How many targets are tried for each source.
    block
        The most source–target pairs held at once.
    """
    everybody = np.arange(len(limits))
    made, owner = _grafts(limits, everybody, targets, cost_weight, seed, tries, block)
    fine = accepts(made, owner)
    made, owner = made[fine], owner[fine]
    left = np.setdiff1d(everybody, owner)
    if otherwise is not None and len(left):
        more, whose = _grafts(limits, left, targets, cost_weight / 4, seed, 4 * tries, block)
        fine = otherwise(more, whose)
        made, owner = np.concatenate([made, more[fine]]), np.concatenate([owner, whose[fine]])
        order = np.argsort(owner, kind="stable")
        made, owner = made[order], owner[order]
    price = cost(limits.cube[owner], made, limits.codec.nominal, limits.price[owner])
    return ListedPairs(limits.cube, made, owner, -cost_weight * price)


def _grafts(
    limits: Limits,
    rows: np.ndarray,
    targets: np.ndarray,
    cost_weight: float,
    seed: int,
    tries: int,
    block: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Grafts onto the people in ``rows`` that change them and keep every term, and whose each is."""
    codec, tries = limits.codec, min(tries, len(targets))
    free = ~limits.fixed.all(axis=0)
    inputs = np.repeat(free, [b.stop - b.start for b in codec.blocks])
    sources, to = (
        torch.as_tensor(codec.metric(points)[:, inputs], dtype=torch.float32)
        for points in (limits.cube[rows], targets)
    )
    key = keys(limits.own[rows], seed)
    chosen = []
    parts = max(1, len(rows) * len(targets) // block)
    for some in np.array_split(np.arange(len(rows)), parts):
        noise = uniforms(key[some], np.arange(len(targets)), np.zeros(1, int))[..., 0]
        gumbel = torch.as_tensor(-np.log(-np.log(noise)))
        log = gumbel - cost_weight * torch.cdist(sources[some], to, p=1)
        chosen.append(log.topk(tries, dim=1).indices.numpy())
    owner = np.repeat(rows, tries)
    made = limits.graft(targets[np.concatenate(chosen).ravel()], owner)
    fine = limits.changed(made, owner).any(axis=1) & limits.keeps(made, owner)
    return made[fine], owner[fine]


def on_vocabulary(weights: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Q as a distribution over a vocabulary: the weights of equal targets added up.

    .. math:: Q(v \\mid x) = \\sum_{i\\,:\\,t_i = v} Q(t_i \\mid x)

    Equation: :eq:`why-q`.

    Parameters
    ----------
    weights
        Q(t | x), shape (rows, targets).
    values
        Which entry of the vocabulary each target is, whole numbers of shape (targets,).
    size
        Of the vocabulary.

    Returns
    -------
    array of shape (rows, size)

    Examples
    --------
    >>> on_vocabulary(np.array([[0.5, 0.25, 0.25]]), np.array([2, 0, 2]), size=3)
    array([[0.25, 0.  , 0.75]])
    """
    total = np.zeros((len(weights), size))
    np.add.at(total.T, values, np.asarray(weights, dtype=float).T)
    return total


def expected_deviation(weights: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """How far Q is likely to be from R*, in total variation, told from the weights alone.

    .. math:: \\mathbb{E}\\, \\mathrm{TV}(Q, R^*) \\approx \\frac{1}{\\sqrt{2\\pi}} \\sum_v
              \\sqrt{(1 - 2 Q(v)) \\sum_{i\\,:\\,t_i = v} Q(t_i)^2 + Q(v)^2 / \\mathrm{ESS}}

    It estimates :func:`~genre_lite.objectives.deviation_constant` / √n, and needs many targets at each
    entry that has much of R*. An entry without a target counts as impossible; and where one target has
    all the weight the answer is 0, however far Q is from R*. To see how far without a formula, compare
    Q of two random halves of the targets: half the total variation between them is, on average, no more
    than that of a half to R*.

    Equations: :eq:`consistency-rate`, :eq:`why-se`.

    Parameters
    ----------
    weights, values, size
        As in :func:`on_vocabulary`.

    Returns
    -------
    array of shape (rows,)

    Examples
    --------
    >>> expected_deviation(np.full((1, 400), 1 / 400), np.arange(400) % 2, size=2).round(4)
    array([0.0199])
    """
    q = on_vocabulary(weights, values, size)
    squares = on_vocabulary(np.asarray(weights, dtype=float) ** 2, values, size)
    inverse = 1 / effective_sample_size(weights)[:, None]
    variance = (1 - 2 * q) * squares + q**2 * inverse
    return np.sqrt(np.maximum(variance, 0) / (2 * np.pi)).sum(axis=1)
