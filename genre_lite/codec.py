"""A table in its own units, as points of the unit cube, and as tokens.

* **Cube.** Feature j is scaled by the training minimum and maximum, :math:`u_j = (x_j - \\min_j) /
  (\\max_j - \\min_j)`; the levels of a categorical feature are numbered first. Costs live here.
* **Tokens.** Feature j has a finite vocabulary of values that occur in the training rows: all of them
  where there are few, else one representative per quantile bin. The model reads and writes tokens.
* **Gaps.** A missing value is NaN in the cube, and the last token of a feature that may have gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .errors import NotFittedError, SchemaError
from .feature import Feature
from .schema import Schema

__all__ = ["Codec", "room"]


class Codec:
    """Translate between original units, the unit cube and tokens.

    Parameters
    ----------
    schema
        What the columns are.
    size
        How many distinct values of a numeric feature are kept one by one; of more, the vocabulary
        holds a representative of each of ``size`` quantile bins, and the least and greatest value.

    Attributes
    ----------
    values
        The vocabularies in original units, one array a feature, ascending; without the gap.
    grid
        The same vocabularies in the unit cube.
    sizes
        How many tokens each feature has, the gap among them, whole numbers of shape (features,).
    gap
        The token that stands for a missing value, or -1 where none may be missing, (features,).
    low, width
        What 0 and what the distance from 0 to 1 are in original units, (features,); a level counts one.
    price
        What the whole width of each feature costs, (features,): its weight, times width by the range
        that the feature's ``scale`` asks for.
    blocks
        Which columns of :meth:`design` belong to each feature, one slice a feature.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [20, 30, 60], "job": ["clerk", "smith", "clerk"]})
    >>> codec = Codec(Schema.infer(frame)).fit(frame)
    >>> codec.cube(frame).tolist()
    [[0.0, 0.0], [0.25, 1.0], [1.0, 0.0]]
    >>> codec.tokens(codec.cube(frame)).tolist()
    [[0, 0], [1, 1], [2, 0]]
    """

    values: list[np.ndarray]

    def __init__(self, schema: Schema, size: int = 128) -> None:
        self.schema = schema
        self.size = size

    def fit(self, frame: pd.DataFrame) -> Codec:
        """Take scales and vocabularies from training rows, shape (rows, features)."""
        frame = self.schema.validate(frame, extra="ignore")
        values = [self._vocabulary(frame[f.name], f) for f in self.schema]
        numbers = [np.zeros(1) if f.is_categorical else _known(frame[f.name]) for f in self.schema]
        ranges = [
            np.subtract(*np.percentile(n, [99, 1])) if f.scale == "robust" else 0.0
            for f, n in zip(self.schema, numbers, strict=True)
        ]
        low, high = [n.min() for n in numbers], [n.max() for n in numbers]
        return self._install(values, low, high, ranges)

    def _install(self, values: Sequence, low: Sequence, high: Sequence, ranges: Sequence) -> Codec:
        self.values = [
            np.asarray(v, dtype=object if f.is_categorical else None)
            for f, v in zip(self.schema, values, strict=True)
        ]
        self.low, self.high = np.asarray(low, float), np.asarray(high, float)
        for j, f in enumerate(self.schema):
            if f.is_categorical:
                self.low[j], self.high[j] = 0.0, len(f.categories) - 1.0
        # A constant column has no range of its own; one unit then counts as one.
        self.width = np.where(self.high > self.low, self.high - self.low, 1.0)
        # 0 stands for the whole width, also where the middle 98 % of the rows hold one value.
        self.ranges = np.asarray(ranges, float)
        unit = np.where(self.ranges > 0, self.ranges, self.width)
        self.price = np.array([f.weight for f in self.schema]) * self.width / unit
        gaps = np.array([f.gaps for f in self.schema])
        counts = np.array([len(v) for v in self.values])
        self.sizes, self.gap = counts + gaps, np.where(gaps, counts, -1)
        inputs = [len(f.categories) if self.is_wide(f) else 1 for f in self.schema] + gaps
        ends = np.cumsum(inputs).tolist()
        self.blocks = [slice(end - n, end) for n, end in zip(inputs.tolist(), ends, strict=True)]
        self.grid = [
            ((np.arange(len(v)) if f.is_categorical else v) - lo) / w
            for f, v, lo, w in zip(self.schema, self.values, self.low, self.width, strict=True)
        ]
        return self

    def _vocabulary(self, column: pd.Series, feature: Feature) -> np.ndarray:
        if feature.is_categorical:
            return np.array(feature.categories, dtype=object)
        column = _known(column)
        values = np.unique(column)
        if len(values) <= self.size:
            return values
        # method "lower" keeps representatives that really occur.
        middles = (np.arange(self.size) + 0.5) / self.size
        return np.unique(np.quantile(column, [0.0, *middles, 1.0], method="lower"))

    def _require_fit(self) -> None:
        if "values" not in vars(self):
            raise NotFittedError("This codec has seen no table; call fit(frame) first.")

    # -- cube -----------------------------------------------------------------------------------

    def cube(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows as points, shape (rows, features); training rows lie in [0, 1], a gap is NaN.

        Equation: :eq:`objectives-scale`.
        """
        self._require_fit()
        codes = np.empty((len(frame), len(self.schema)))
        for j, f in enumerate(self.schema):
            codes[:, j] = f.codes(frame[f.name])
        return (codes - self.low) / self.width

    def units(self, cube: np.ndarray) -> np.ndarray:
        """Points in original units, shape (..., features): numbers, and levels by their positions."""
        return cube * self.width + self.low

    def values_of(self, tokens: np.ndarray) -> np.ndarray:
        """Tokens as points of nobody in particular, shape (rows, features)."""
        grids = (np.append(grid, np.nan) for grid in self.grid)
        return np.stack([grid[tokens[:, j]] for j, grid in enumerate(grids)], axis=1)

    def points(self, tokens: np.ndarray, cube: np.ndarray) -> np.ndarray:
        """Tokens as points, shape (rows, features); where one is the person's own, their value is kept.

        ``cube`` holds the person behind each row of ``tokens``. It is what :meth:`cube` makes of
        :meth:`frame`.
        """
        return np.where(tokens == self.tokens(cube), cube, self.values_of(tokens))

    def design(self, cube: np.ndarray) -> np.ndarray:
        """Points as classifier inputs: nominal features of three or more levels become indicators.

        A feature that may have gaps has one input more, the last of its block: 1 where the value is
        missing. A missing number then counts as one half, and a missing level has no indicator.
        """
        blocks = []
        for j, f in enumerate(self.schema):
            gap: Any = np.isnan(cube[:, [j]]) if f.gaps else None
            if self.is_wide(f):
                level = np.rint(cube[:, j] * self.width[j])
                blocks.append(level[:, None] == np.arange(len(f.categories)))
            else:
                blocks.append(np.where(gap, 0.5, cube[:, [j]]) if f.gaps else cube[:, [j]])
            if f.gaps:
                blocks.append(gap)
        return np.concatenate(blocks, axis=1, dtype=float)

    def metric(self, cube: np.ndarray) -> np.ndarray:
        """Points whose L1 distance is the cost, prices included: as :meth:`design`, but scaled.

        Indicators count one half. Two different levels differ in two indicators, so a change of level
        costs one; a gap differs from any value by its own indicator and by half a range or more.
        """
        scale = np.empty(self.blocks[-1].stop)
        for f, block, price in zip(self.schema, self.blocks, self.price, strict=True):
            scale[block] = 0.5 * price if self.is_wide(f) else price
            if f.gaps:
                scale[block.stop - 1] = 0.5 * price
        return self.design(cube) * scale

    @property
    def codes(self) -> np.ndarray:
        """What turns inputs of :meth:`design` into one column a feature, (inputs, columns).

        The indicators of a nominal feature become its level's position among 0 … 1; a gap keeps a
        column of its own. ``design(cube) @ codes``.
        """
        columns = []
        for f, block in zip(self.schema, self.blocks, strict=True):
            inputs = np.arange(block.start, block.stop)
            values = inputs[:-1] if f.gaps else inputs
            column = np.zeros(self.blocks[-1].stop)
            column[values] = np.linspace(0, 1, len(values)) if self.is_wide(f) else 1.0
            columns.append(column)
            if f.gaps:
                columns.append((np.arange(self.blocks[-1].stop) == inputs[-1]).astype(float))
        return np.stack(columns, axis=1)

    @staticmethod
    def is_wide(feature: Feature) -> bool:
        """Whether a feature takes more than one classifier input."""
        return feature.kind == "nominal" and len(feature.categories) > 2

    @property
    def nominal(self) -> np.ndarray:
        """Which features have no order, booleans of shape (features,)."""
        return np.array([f.kind == "nominal" for f in self.schema])

    # -- tokens ---------------------------------------------------------------------------------

    def tokens(self, cube: np.ndarray) -> np.ndarray:
        """The nearest vocabulary entry of each coordinate, whole numbers of shape (rows, features).

        A gap's token is :attr:`gap`.

        Equation: :eq:`autoregressive-token`.
        """
        self._require_fit()
        borders = [(g[1:] + g[:-1]) / 2 for g in self.grid]
        columns = [np.searchsorted(b, cube[:, j]) for j, b in enumerate(borders)]
        tokens = np.stack(columns, axis=1)
        may = self.gap >= 0
        if may.any():
            tokens[:, may] = np.where(np.isnan(cube[:, may]), self.gap[may], tokens[:, may])
        return tokens

    def frequency(self, cube: np.ndarray) -> np.ndarray:
        """How common each token is among rows, (features, largest vocabulary); each row sums to 1.

        One imagined row is spread evenly over a feature's vocabulary, so that nothing is impossible.
        """
        tokens, most = self.tokens(cube), max(self.sizes)
        count = np.stack([np.bincount(own, minlength=most) for own in tokens.T]).astype(float)
        count += 1 / np.array(self.sizes)[:, None]
        return count / count.sum(axis=1, keepdims=True)

    def frame(
        self, tokens: np.ndarray, factual: pd.DataFrame, own: np.ndarray | None = None
    ) -> pd.DataFrame:
        """Tokens back in original units; where a token is the person's own, their value is kept.

        ``factual`` holds the person behind each row of ``tokens``, in the same order, and ``own``
        their tokens, if they are at hand. Columns keep its dtypes where they can hold the vocabulary:
        else whole numbers become fractions, narrow numbers widen, and pandas categories take the
        schema's levels. A gap is the missing value of the column's dtype.
        """
        own = self.tokens(self.cube(factual)) if own is None else own
        columns = {}
        for j, f in enumerate(self.schema):
            before, same = factual[f.name], own[:, j] == tokens[:, j]
            dtype, values = before.dtype, self.values[j]
            missing = ~same & (tokens[:, j] == self.gap[j])
            after = values[np.where(tokens[:, j] == self.gap[j], 0, tokens[:, j])]
            if isinstance(dtype, pd.CategoricalDtype):
                dtype = pd.CategoricalDtype(f.categories, dtype.ordered)
            elif not f.is_categorical:
                dtype = room(dtype, values)
            plain = isinstance(dtype, np.dtype)
            mixed = np.where(same, before.to_numpy(None if plain else object), after)
            column = pd.Series(mixed, factual.index, dtype=dtype)
            # A column of plain whole numbers or booleans changes its dtype only if a gap is made.
            columns[f.name] = column.mask(missing) if missing.any() else column
        return pd.DataFrame(columns, index=factual.index)

    # -- to and from plain data -----------------------------------------------------------------

    def to_dict(self) -> dict:
        """JSON-ready state; :meth:`from_dict` is its inverse."""
        self._require_fit()
        return {
            "schema": self.schema.to_dict(),
            "size": self.size,
            "values": [v.tolist() for v in self.values],
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "ranges": self.ranges.tolist(),
        }

    @classmethod
    def from_dict(cls, data: dict) -> Codec:
        """The codec that :meth:`to_dict` wrote."""
        codec = cls(Schema.from_dict(data["schema"]), data["size"])
        ranges = data.get(
            "ranges", np.zeros(len(codec.schema))
        )  # none in the first edition's files
        return codec._install(data["values"], data["low"], data["high"], ranges)


def _known(column: pd.Series) -> np.ndarray:
    """The numbers of a column without its gaps."""
    known = column.dropna().infer_objects().to_numpy()
    if not len(known):
        raise SchemaError(
            f"Column {column.name!r} holds no value at all, so it has no range; leave it out."
        )
    return known


def room(dtype: Any, values: np.ndarray) -> Any:
    """The dtype of a column of numbers if it can hold the values, else one with room for both."""
    plain = getattr(dtype, "numpy_dtype", dtype)
    with np.errstate(invalid="ignore"):
        fits = (values.astype(plain) == values).all()
    return dtype if fits else np.result_type(plain, values.dtype)
