"""What a person may become: free points of a search, made into people the schema allows.

Searches walk through the classifier's design space (see :meth:`~genre_lite.codec.Codec.design`),
where nothing stops at a whole year or between two jobs. :class:`Projection` keeps a walk inside
what each person may become, and turns where it ends into a person who can exist.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..codec import Codec, room
from ..estimator import positions

__all__ = ["Projection", "inputs_of", "onto_simplex"]

# Nearer to the person's own value than this, a coordinate has not moved.
STILL = 1e-6


class Projection:
    """The points that each person may reach, and the way back to a table.

    Points are double tensors of shape (..., people, inputs): any number of candidates before the
    people, who stand in the order of the table. Numeric, ordinal and two-level features take one
    input each; a nominal feature of more levels takes an indicator a level, and free points hold a
    share of each level there.

    Parameters
    ----------
    codec
        Fitted; its ranges are the data's.
    people
        One row a person, validated.

    Attributes
    ----------
    start
        The people themselves, shape (people, inputs).
    low, high
        How far each coordinate may go, shape (people, inputs): the data's range, widened to the
        person's own value, cut at it where a feature can only rise or fall.
    columns
        The inputs of each feature, one slice a feature, in the schema's order.
    scale
        What a move of one costs, shape (inputs,): 1, and ½ for indicators, of which two move.

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

    def __init__(self, codec: Codec, people: pd.DataFrame) -> None:
        self.codec = codec
        self.people = people
        schema = codec.schema
        self.columns = inputs_of(codec)
        widths = [inputs.stop - inputs.start for inputs in self.columns]
        self._widths = torch.tensor(widths)
        wide = np.array(widths) > 1
        kinds = np.array([f.actionability for f in schema])
        self._blocks = [self.columns[j] for j in np.flatnonzero(wide)]
        self._free_blocks = [self.columns[j] for j in np.flatnonzero(wide & (kinds != "immutable"))]

        def inputs(values: np.ndarray) -> Tensor:
            return torch.as_tensor(np.repeat(values, widths))

        # A constant column has a width of 1 but no range: nobody may leave its one value.
        top = inputs(np.where(wide, 1.0, (codec.high - codec.low) / codec.width))
        steps = [
            0.0 if w else (1.0 if f.is_categorical else f.step or 0.0)
            for f, w in zip(schema, wide, strict=True)
        ]
        self._spacing = inputs(np.array(steps) / codec.width)
        self.scale = inputs(np.where(wide, 0.5, 1.0))
        fixed, up, down = (inputs(kinds == k) for k in ("immutable", "increasing", "decreasing"))
        self.start = torch.as_tensor(codec.design(codec.cube(people)))
        self.low = torch.where(fixed | up, self.start, self.start.clamp(max=0.0))
        self.high = torch.where(fixed | down, self.start, torch.maximum(self.start, top))

    def __len__(self) -> int:
        """The number of people."""
        return len(self.people)

    def take(self, rows: np.ndarray) -> Self:
        """The same for some of the people, by their row numbers; a row may be named again."""
        return type(self)(self.codec, self.people.iloc[rows])

    def spread_over_inputs(self, values: Tensor) -> Tensor:
        """A number a feature, shape (features,), as one an input, shape (inputs,)."""
        return values.repeat_interleave(self._widths)

    # -- moving ---------------------------------------------------------------------------------

    def changes(self, points: Tensor) -> Tensor:
        """What each feature adds to the cost, shape (..., people, features); differentiable.

        .. math:: |x_j - x^+_j| \\quad\\text{or, for indicators,}\\quad
                  \\tfrac12 \\sum_l |x_{jl} - x^+_{jl}|
        """
        moves = (points - self.start).abs() * self.scale
        return torch.stack([moves[..., c].sum(-1) for c in self.columns], dim=-1)

    def cost(self, points: Tensor) -> Tensor:
        """C(x, x⁺), shape (..., people); differentiable.

        On snapped points it is :func:`genre_lite.objectives.cost`.
        """
        return ((points - self.start).abs() * self.scale).sum(-1)

    def clamp(self, points: Tensor) -> Tensor:
        """The nearest points inside the bounds, the shares of a nominal feature's levels adding to 1.

        Equation: :eq:`search-projection`.
        """
        inside = torch.clamp(points, self.low, self.high)
        for block in self._free_blocks:
            inside[..., block] = onto_simplex(points[..., block])
        return inside

    def tilt(self, slope: Tensor, points: Tensor) -> Tensor:
        """A gradient of the same meaning for optimizers that scale each coordinate by itself.

        Where shares add up to 1, a number added to all of a block's gradient changes nothing. So
        the mean over the shares is taken off: levels that gain less than the point does now then
        go down, where Adam, which sees little but signs, would raise all levels alike and stall.
        """
        slope = slope.clone()
        for block in self._free_blocks:
            mean = (slope[..., block] * points[..., block]).sum(-1, keepdim=True)
            slope[..., block] -= mean
        return slope

    def snap(self, points: Tensor) -> Tensor:
        """The people nearest to free points: whole steps, single levels, no constraint broken.

        A coordinate within half a step (1e-6 where any number will do) of the person's own value
        is exactly their own.
        """
        points = self.clamp(points)
        stepped = self._spacing > 0
        spacing = self._spacing.where(stepped, torch.ones_like(self._spacing))
        first = (self.low / spacing - STILL).ceil()
        last = (self.high / spacing + STILL).floor()
        whole = torch.clamp((points / spacing).round(), first, last) * spacing
        values = torch.where(stepped, whole, points)
        same = (
            ((points - self.start).abs() <= (self._spacing / 2).clamp(min=STILL))
            | ((values - self.start).abs() <= STILL * spacing)
            # The person's own value lies off the grid, and the bounds leave no step of it.
            | (stepped & (first > last))
        )
        values = torch.where(same, self.start, values)
        for block in self._blocks:
            # Of equal shares, the person's own level wins.
            level = (points[..., block] + STILL * self.start[:, block]).argmax(-1, keepdim=True)
            values[..., block] = torch.zeros_like(values[..., block]).scatter_(-1, level, 1.0)
        return values

    # -- back to a table ------------------------------------------------------------------------

    def frame(self, snapped: Tensor) -> pd.DataFrame:
        """Snapped points of shape (people, inputs) in original units, unchanged values as they were.

        Columns keep the people's dtypes where these can hold the new values.
        """
        same = (snapped == self.start).numpy()
        table = {}
        for j, (f, inputs) in enumerate(zip(self.codec.schema, self.columns, strict=True)):
            before = self.people[f.name]
            after = self._values(j, snapped[:, inputs].numpy())
            if isinstance(before.dtype, pd.CategoricalDtype):
                before = before.cat.set_categories(f.categories)
            elif not f.is_categorical:
                before = before.astype(room(before.dtype, after))
            kept = same[:, inputs].all(axis=1)
            after = pd.Series(after, index=before.index)
            table[f.name] = before.where(kept, after).astype(before.dtype)
        return pd.DataFrame(table, index=self.people.index)

    def _values(self, j: int, block: np.ndarray) -> np.ndarray:
        """Inputs of feature j, shape (people, width), in its original units, shape (people,)."""
        f, low, width = self.codec.schema[j], self.codec.low[j], self.codec.width[j]
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
        price = self.cost(snapped)[candidate, person].numpy()
        points = points.iloc[np.lexsort((price, points["person"]))].drop_duplicates()
        number = points.groupby("person").cumcount()
        points, number = points[number < n], number[number < n]
        rows = points.pop("person").to_numpy()
        table = self.take(rows).frame(torch.tensor(points.to_numpy()))
        return table.set_axis(positions(rows, number)), np.full(len(table), np.nan)


def inputs_of(codec: Codec) -> list[slice]:
    """Which inputs of the design belong to each feature, in the schema's order."""
    ends = np.cumsum([len(f.categories) if codec.is_wide(f) else 1 for f in codec.schema]).tolist()
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


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
