"""What a person may become: free points of a search, made into people the schema allows.

Searches walk through the classifier's design space (see :meth:`~genre_lite.codec.Codec.design`),
where nothing stops at a whole year or between two jobs. :class:`Projection` keeps a walk inside
what each person may become, and turns where it ends into a person who can exist.
"""

from __future__ import annotations

import copy
from typing import Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .. import threefry
from ..codec import Codec, room
from ..estimator import positions
from ..limits import Limits

__all__ = ["Projection", "onto_simplex"]

# Nearer to the person's own value than this, a coordinate has not moved.
STILL = 1e-6
# Finer than this, nothing is told apart: sums of another order, or of a larger batch, may differ there.
DECIMALS = 9
# A share that no simplex takes up.
FORBIDDEN = 1e6


class Projection:
    """The points that each person may reach, and the way back to a table.

    Points are double tensors of shape (..., people, inputs): any number of candidates before the
    people, who stand in the order of the table. Numeric, ordinal and two-level features take one
    input each; a nominal feature of more levels takes an indicator a level, and free points hold a
    share of each level there. A feature with gaps takes one more, 1 where the value is missing:
    nobody makes a gap, nobody fills one.

    A box can hold what each feature may become by itself. How many may change, and what must hold
    between them, :meth:`keeps` says of snapped points. Clocks stand still here.

    Parameters
    ----------
    codec
        Fitted; its ranges are the data's.
    people
        One row a person, validated.
    limits
        Their :class:`~genre_lite.limits.Limits`; those of the schema if left out.

    Attributes
    ----------
    start
        The people themselves, shape (people, inputs).
    low, high
        How far each coordinate may go, shape (people, inputs): the data's range, widened to the
        person's own value and cut by their limits. Where these leave out the own value, the box
        reaches from it to them, and a snapped point lies at one or in the other.
    columns
        The inputs of each feature, one slice a feature, in the schema's order.
    scale
        How far a move of one goes, shape (inputs,): 1, and ½ for indicators, of which two move.

    Examples
    --------
    >>> from genre_lite import Schema
    >>> frame = pd.DataFrame({"age": [20, 30, 60], "income": [1.0, 2.0, 5.5]})
    >>> codec = Codec(Schema.infer(frame, increasing=["age"])).fit(frame)
    >>> at = Projection(codec, frame.iloc[[1]])
    >>> free = torch.tensor([[0.1, 0.51]], dtype=torch.float64)
    >>> at.frame(at.snap(free)).iloc[0].tolist()
    [30.0, 3.295]
    """

    def __init__(self, codec: Codec, people: pd.DataFrame, limits: Limits | None = None) -> None:
        self.codec = codec
        self.people = people
        self.limits = Limits(codec, people) if limits is None else limits
        self.rows = np.arange(len(people))
        self.columns = codec.blocks
        widths = [inputs.stop - inputs.start for inputs in self.columns]
        self._widths = torch.tensor(widths)
        wide = np.array([codec.is_wide(f) for f in codec.schema])
        gaps = [j for j, f in enumerate(codec.schema) if f.gaps]
        self._blocks = [_values_of(codec, j) for j in np.flatnonzero(wide).tolist()]

        def inputs(values: np.ndarray) -> Tensor:
            return torch.as_tensor(np.repeat(values, widths, axis=-1))

        # A constant column has a width of 1 but no range: nobody may leave its one value.
        top = inputs(np.where(wide, 1.0, (codec.high - codec.low) / codec.width))
        steps = [
            0.0 if w else (1.0 if f.is_categorical else f.step or 0.0)
            for f, w in zip(codec.schema, wide, strict=True)
        ]
        self._spacing = inputs(np.array(steps) / codec.width)
        self._smooth = [
            j for j, f in enumerate(codec.schema) if not f.is_categorical and not f.step
        ]
        self.scale = inputs(np.where(wide, 0.5, 1.0))
        self._price = self.scale * inputs(self.limits.price)
        self.start = torch.as_tensor(codec.design(self.limits.cube))
        low = inputs(self.limits.low).maximum(self.start.clamp(max=0.0))
        high = inputs(self.limits.high).minimum(self.start.maximum(top))
        for j, block in zip(np.flatnonzero(wide), self._blocks, strict=True):
            levels = self.limits.allowed[:, j, : block.stop - block.start]
            low[:, block], high[:, block] = 0.0, torch.as_tensor(levels).double()
        fixed = inputs(self.limits.fixed | np.isnan(self.limits.cube)) | (low > high)
        fixed[:, [self.columns[j].stop - 1 for j in gaps]] = True
        self._fixed = fixed
        # Where a value that changes must lie, and the box that also holds the own value.
        self._to = low.where(~fixed, self.start), high.where(~fixed, self.start)
        self.low, self.high = self._to[0].minimum(self.start), self._to[1].maximum(self.start)

    def __len__(self) -> int:
        """The number of people."""
        return len(self.rows)

    def take(self, rows: np.ndarray) -> Self:
        """The same for some of the people, by their row numbers; a row may be named again."""
        rows = np.asarray(rows)
        some = copy.copy(self)
        some.people, some.rows = self.people.iloc[rows], self.rows[rows]
        for name in ("start", "low", "high", "_fixed", "_price"):
            setattr(some, name, getattr(self, name)[rows])
        low, high = self._to
        some._to = low[rows], high[rows]
        return some

    def keys(self, seed: int) -> np.ndarray:
        """Each person's key to random numbers of their own, (people, 2); see :mod:`~genre_lite.threefry`."""
        return threefry.keys(self.limits.own[self.rows], seed)

    def spread_over_inputs(self, values: Tensor) -> Tensor:
        """A number a feature, shape (features,), as one an input, shape (inputs,)."""
        return values.repeat_interleave(self._widths)

    # -- moving ---------------------------------------------------------------------------------

    def changes(self, points: Tensor) -> Tensor:
        """What each feature adds to the cost, shape (..., people, features); differentiable.

        .. math:: p_j\\, |x_j - x^+_j| \\quad\\text{or, for indicators,}\\quad
                  \\tfrac{p_j}{2} \\sum_l |x_{jl} - x^+_{jl}|

        with the person's price p, 1 if nothing else is said.
        """
        moves = (points - self.start).abs() * self._price
        return torch.stack([moves[..., c].sum(-1) for c in self.columns], dim=-1)

    def cost(self, points: Tensor) -> Tensor:
        """C(x, x⁺), shape (..., people); differentiable.

        On snapped points it is :func:`genre_lite.objectives.cost`.
        """
        return ((points - self.start).abs() * self._price).sum(-1)

    def rank(self, snapped: Tensor) -> Tensor:
        """The cost to nine decimals, so that no choice hangs on the order in which a sum is added up."""
        return self.cost(snapped).round(decimals=DECIMALS)

    def clamp(self, points: Tensor) -> Tensor:
        """The nearest points inside the bounds, the shares of a nominal feature's levels adding to 1.

        Equation: :eq:`search-projection`.
        """
        inside = torch.clamp(points, self.low, self.high)
        for block in self._blocks:
            # A level that is not allowed gets no share.
            shares = points[..., block].masked_fill(self.high[..., block] == 0, -FORBIDDEN)
            inside[..., block] = onto_simplex(shares)
        return torch.where(self._fixed, self.start, inside)

    def tilt(self, slope: Tensor, points: Tensor) -> Tensor:
        """A gradient of the same meaning for optimizers that scale each coordinate by itself.

        Where shares add up to 1, a number added to all of a block's gradient changes nothing. So
        the mean over the shares is taken off: levels that gain less than the point does now then
        go down, where Adam, which sees little but signs, would raise all levels alike and stall.
        """
        slope = slope.clone()
        for block in self._blocks:
            mean = (slope[..., block] * points[..., block]).sum(-1, keepdim=True)
            slope[..., block] -= mean
        return slope

    def snap(self, points: Tensor) -> Tensor:
        """The people nearest to free points: whole steps, single levels, no constraint broken.

        A coordinate within half a step of the person's own value, or so near that four digits do
        not show it where any number will do, is exactly their own.
        """
        points = self.clamp(points)
        low, high = self._to
        inside = torch.clamp(points, low, high)
        stepped = self._spacing > 0
        spacing = self._spacing.where(stepped, torch.ones_like(self._spacing))
        first = (low / spacing - STILL).ceil()
        last = (high / spacing + STILL).floor()
        whole = torch.clamp((inside / spacing).round(), first, last) * spacing
        # Rounded, so that nobody's answer hangs on the last bits of a sum.
        values = torch.where(stepped, whole, inside.round(decimals=DECIMALS).clamp(low, high))
        same = (
            ((points - self.start).abs() <= (self._spacing / 2).clamp(min=STILL))
            | ((values - self.start).abs() <= STILL * spacing)
            # Between the own value and where it may go, the nearer of the two.
            | ((points - self.start).abs() < (points - inside).abs())
            # The person's own value lies off the grid, and the bounds leave no step of it.
            | (stepped & (first > last))
        )
        for j in self._smooth:
            i = self.columns[j].start
            least = self.limits.visible(j, values[..., i].detach().numpy(), self.rows)
            move = (values[..., i] - self.start[:, i]).abs()
            same[..., i] |= move < torch.as_tensor(least) * (1 + STILL)
        values = torch.where(same | self._fixed, self.start, values)
        for block in self._blocks:
            # Of equal shares, the person's own level wins.
            level = (points[..., block] + STILL * self.start[:, block]).argmax(-1, keepdim=True)
            one = torch.zeros_like(values[..., block]).scatter_(-1, level, 1.0)
            values[..., block] = torch.where(self._fixed[:, block], self.start[:, block], one)
        return values

    # -- whole answers --------------------------------------------------------------------------

    def points(self, snapped: Tensor) -> np.ndarray:
        """Snapped points of shape (..., people, inputs) in the cube, (..., people, features)."""
        values, own, columns = snapped.numpy(), self.limits.cube[self.rows], []
        for j, inputs in enumerate(self.columns):
            value = values[..., inputs.start]
            block = _values_of(self.codec, j)
            if block.stop - block.start > 1:
                value = values[..., block].argmax(-1) / self.codec.width[j]
            columns.append(np.where(np.isnan(own[:, j]), np.nan, value))
        return np.stack(columns, axis=-1)

    def keeps(self, snapped: Tensor, among: Tensor) -> Tensor:
        """Which of the points named keep every term of their person, booleans (..., people).

        ``among`` are booleans of that shape; what they leave out is not looked at, and not kept.
        """
        kept = among.clone()
        if among.any():
            rows = np.broadcast_to(self.rows, among.shape)[among.numpy()]
            points = self.points(snapped)[among.numpy()]
            kept[among] = torch.as_tensor(self.limits.keeps(points, rows))
        return kept

    # -- back to a table ------------------------------------------------------------------------

    def frame(self, snapped: Tensor, rows: np.ndarray | None = None) -> pd.DataFrame:
        """Snapped points of shape (people, inputs) in original units, unchanged values as they were.

        Columns keep the people's dtypes where these can hold the new values. ``rows`` are the numbers
        of the people behind the points, in any order and as often as needed; all if left out.
        """
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        people = self.people.iloc[rows]
        same = (snapped == self.start[torch.tensor(rows)]).numpy()
        table = {}
        for j, (f, inputs) in enumerate(zip(self.codec.schema, self.columns, strict=True)):
            before, kept = people[f.name], same[:, inputs].all(axis=1)
            if kept.all():
                table[f.name] = before
                continue
            after = self._values(j, snapped.numpy())
            if isinstance(before.dtype, pd.CategoricalDtype):
                before = before.cat.set_categories(f.categories)
            elif not f.is_categorical:
                before = before.astype(room(before.dtype, after[~kept]))
            after = pd.Series(after, index=before.index)
            table[f.name] = before.where(kept, after).astype(before.dtype)
        return pd.DataFrame(table, index=people.index)

    def _values(self, j: int, snapped: np.ndarray) -> np.ndarray:
        """Feature j of snapped points (people, inputs) in its original units, shape (people,)."""
        f, low, width = self.codec.schema[j], self.codec.low[j], self.codec.width[j]
        block = snapped[:, _values_of(self.codec, j)]
        if f.is_categorical:
            level = block.argmax(axis=1) if block.shape[1] > 1 else np.rint(block[:, 0] * width)
            return np.array(f.categories, dtype=object)[level.astype(int)]
        moved = block[:, 0] * width
        if f.step:
            # Twelve decimals: 0.1 · 7 is to read 0.7, not 0.7000000000000001.
            return np.round(low + np.rint(moved / f.step) * f.step, 12)
        bottom, top = -np.inf if f.low is None else f.low, np.inf if f.high is None else f.high
        return np.clip(low + moved, bottom, top)

    def options(self, snapped: Tensor, found: Tensor, n: int) -> tuple[pd.DataFrame, np.ndarray]:
        """The n cheapest different people among each one's candidates, cheapest first.

        Parameters
        ----------
        snapped
            Candidates, shape (candidates, people, inputs).
        found
            Which of them count, booleans of shape (candidates, people).
        n
            The most options a person.

        Returns
        -------
        tuple
            What a :class:`~genre_lite.estimator.RecourseMethod` answers with. First a table indexed by
            row of the person and option, then log-probabilities, all NaN.
        """
        person, candidate = found.T.nonzero(as_tuple=True)
        points = pd.DataFrame(snapped[candidate, person].numpy())
        points["person"] = person.numpy()
        price = self.rank(snapped)[candidate, person].numpy()
        # Of equal price, the earlier candidate.
        points = points.iloc[np.lexsort((price, points["person"]))].drop_duplicates()
        number = points.groupby("person").cumcount()
        points, number = points[number < n], number[number < n]
        rows = points.pop("person").to_numpy()
        table = self.frame(torch.tensor(points.to_numpy()), rows)
        return table.set_axis(positions(rows, number)), np.full(len(table), np.nan)


def _values_of(codec: Codec, j: int) -> slice:
    """The inputs of feature j without the one that says it is missing."""
    return slice(codec.blocks[j].start, codec.blocks[j].stop - codec.schema[j].gaps)


def onto_simplex(shares: Tensor) -> Tensor:
    """The nearest shares that are not negative and add up to 1, along the last dimension.

    Subtracts from all the one number that leaves the positive ones with a sum of 1
    (Held, Wolfe and Crowder, 1974).

    Examples
    --------
    >>> onto_simplex(torch.tensor([0.9, 0.5, -0.2])).tolist()
    [0.699999988079071, 0.30000001192092896, 0.0]
    """
    ordered, _ = shares.sort(dim=-1, descending=True)
    excess = (ordered.cumsum(-1) - 1) / torch.arange(1, shares.shape[-1] + 1, dtype=shares.dtype)
    positive = (ordered > excess).sum(-1, keepdim=True)
    return (shares - excess.gather(-1, positive - 1)).clamp(min=0)
