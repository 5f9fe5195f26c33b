"""What stands before a bank's model, carried column by column.

A feature of levels is a table: what each level becomes. A number is a chain of arithmetic. So scalers,
imputers and encoders of scikit-learn leave nothing behind but a list of :class:`Column`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..codec import Codec
from ..decision import Decision, _names
from ..errors import GenReError, kind_of

__all__ = ["Column"]


class NotCarriedError(GenReError):
    """The engine cannot carry this model; the message says what of it."""


# -- inputs -----------------------------------------------------------------------------------------

STEPS: dict[str, Callable[..., np.ndarray]] = {
    "minus": lambda x, c: x - c,
    "over": lambda x, c: x / c,
    "times": lambda x, c: x * c,
    "plus": lambda x, c: x + c,
    "clip": lambda x, low, high: np.clip(x, low, high),
    "fill": lambda x, c: np.choose(np.isnan(x), [x, c]),
    "gap": lambda x: np.isnan(x).astype(float),
    "void": lambda x: np.where(x == 0, np.nan, x),
    "single": lambda x: x.astype(np.float32).astype(float),
    "look": lambda x, keys, values, gap, other: np.array(
        [gap if np.isnan(v) else dict(zip(keys, values, strict=True)).get(v, other) for v in x],
        dtype=float,  # where neither is known, a gap
    ),
}


@dataclass(frozen=True)
class Column:
    """What one input of the model is made of: one feature of the schema.

    Parameters
    ----------
    of
        The feature's position in the schema.
    levels
        For a feature of levels: what each one has become, and last a gap; ``None`` for a number.
    steps
        For a number: names of ``STEPS`` and their constants, one after the other.
    """

    of: int
    levels: pd.Series | None = None
    steps: tuple = ()

    def step(self, name: str, *constants: Any) -> Column:
        """The column after one more step of arithmetic."""
        if self.levels is None:
            return replace(self, steps=(*self.steps, (name, *constants)))
        return replace(self, levels=pd.Series(STEPS[name](_numbers(self.levels), *constants)))

    def filled(self, value: object) -> Column:
        """The column with a value where there was a gap."""
        if self.levels is None:
            return self.step("fill", float(value))  # type: ignore[arg-type]  # a number's own mean
        return replace(
            self, levels=self.levels.astype(object).where(self.levels.notna().to_numpy(), value)
        )

    def gap(self) -> Column:
        """1 where there is a gap, else 0."""
        if self.levels is None:
            return self.step("gap")
        return replace(self, levels=self.levels.isna().astype(float))

    def ask(self, cells: np.ndarray) -> np.ndarray:
        """The input for rows of cells, (rows,): numbers, levels by position, NaN for a gap."""
        x = cells[:, self.of]
        if self.levels is not None:
            table = _numbers(self.levels)
            return table[np.where(np.isnan(x), len(table) - 1, x).astype(int)]
        for name, *constants in self.steps:
            x = STEPS[name](x, *constants)
        return x

    def plain(self) -> dict[str, Any]:
        """For the engine; a gap in a table is null."""
        if self.levels is None:
            return {"of": self.of, "steps": [list(step) for step in self.steps]}
        return {"of": self.of, "table": [json_number(x) for x in _numbers(self.levels)]}


def _numbers(levels: pd.Series) -> np.ndarray:
    if isinstance(levels.dtype, pd.CategoricalDtype):
        raise NotCarriedError("pandas categories reach a step that knows no categories")
    try:
        return levels.astype(object).where(levels.notna(), np.nan).to_numpy().astype(float)
    except (TypeError, ValueError):
        raise NotCarriedError(f"words such as {levels.iloc[0]!r} reach a step of numbers") from None


def json_number(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


def gap_of(model: Any) -> float | None:
    """The missing value that a model's encoders have met, NaN or None; to one of them the other is a stranger.

    Examples
    --------
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> gap_of(OneHotEncoder().fit([["a"], [None]])) is None
    True
    """
    parts = [model]
    for part in parts:  # which grows
        parts += [step for _, step in getattr(part, "steps", [])]
        parts += [step for _, step, _ in getattr(part, "transformers_", [])]
        parts += [
            getattr(part, name) for name in ("best_estimator_", "estimator_") if hasattr(part, name)
        ]
        for level in (level for levels in getattr(part, "categories_", []) for level in levels):
            if level is None or level != level:
                return level
    return np.nan


def read(decision: Decision, codec: Codec) -> list[Column | None]:
    """The features as the model reads them, in its order and dtypes; ``None`` for one that is no feature."""
    schema = codec.schema
    rows = 1 + max((len(f.categories) for f in schema), default=0)
    table, missing = {}, gap_of(decision.model)
    for f, values in zip(schema, codec.values, strict=True):
        known = list(f.categories) if f.is_categorical else [values[0]]
        gap = [missing] if f.gaps and f.is_categorical else known[:1]
        table[f.name] = pd.Series([*known, *gap * (rows - len(known))]).infer_objects()
    frame = pd.DataFrame(table)
    names = _names(decision.model, frame) or decision.columns or list(frame.columns)
    fitted, _ = decision._as_fitted(frame)
    columns: list[Column | None] = []
    for name in names:
        if name not in schema.names:
            columns.append(None)
            continue
        j = schema.names.index(name)
        n = len(schema[j].categories) + 1
        levels = fitted[name].iloc[:n] if schema[j].is_categorical else None
        columns.append(Column(j, levels))
    return columns


# -- what stands before the model -------------------------------------------------------------------

Table = tuple[list[Column | None], bool]  # its columns, and whether zeros are left out


def through(step: Any, columns: list[Column | None], sparse: bool = False) -> Table:
    """The columns after one fitted step of preprocessing."""
    if step is None or isinstance(step, str):  # "passthrough"
        return columns, sparse
    for kind in type(step).__mro__:
        if kind.__name__ in BEFORE:
            return BEFORE[kind.__name__](step, columns, sparse)
    if hasattr(step, "get_support"):
        return [c for c, kept in zip(columns, step.get_support(), strict=True) if kept], sparse
    raise NotCarriedError(f"its preprocessing has {kind_of(step)}")


def _pipeline(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    for _, part in step.steps:
        columns, sparse = through(part, columns, sparse)
    return columns, sparse


def _side_by_side(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    made: list[Column | None] = []
    for name, part, _ in step.transformers_:
        places = step._transformer_to_input_indices[name]
        if (isinstance(part, str) and part == "drop") or not len(places):
            continue
        made += through(part, [columns[place] for place in places])[0]
    return made, bool(step.sparse_output_)


def _function(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    # HistGradientBoosting's own step checks its numbers, and changes none.
    checks = getattr(getattr(step.func, "func", None), "__name__", "") == "check_array"
    if step.func is not None and not checks:
        raise NotCarriedError("its preprocessing has a FunctionTransformer with a function")
    return columns, sparse


def _scaled(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    """Scalers, in the order of their own arithmetic, so that the last digit is theirs."""
    name = next(k.__name__ for k in type(step).__mro__ if k.__name__ in BEFORE)
    rows: list[tuple[str, Any]]
    if name == "StandardScaler":
        rows = [("minus", step.mean_ if step.with_mean else None)]
        rows += [("over", step.scale_ if step.with_std else None)]
    elif name == "RobustScaler":
        rows = [("minus", step.center_), ("over", step.scale_)]
    elif name == "MaxAbsScaler":
        rows = [("over", step.scale_)]
    else:
        rows = [("times", step.scale_), ("plus", step.min_)]
    made: list[Column | None] = []
    for i, column in enumerate(map(there, columns)):
        for what, constants in rows:
            if constants is not None:
                column = column.step(what, float(constants[i]))
        if getattr(step, "clip", False) and name == "MinMaxScaler":
            column = column.step("clip", *map(float, step.feature_range))
        made.append(column)
    return made, sparse


def _imputed(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    if not pd.isna(step.missing_values):
        raise NotCarriedError(f"its SimpleImputer takes {step.missing_values!r} for a gap")
    given = [there(column) for column in columns]
    filled = zip(given, step.statistics_, strict=True)
    made: list[Column | None] = [column.filled(v) for column, v in filled if not pd.isna(v)]
    if step.add_indicator:
        made += [given[i].gap() for i in step.indicator_.features_]
    return made, sparse


def _encoded(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    """Encoders, asked level by level what they make of it."""
    made: list[Column | None] = []
    first = 0
    for i, column in enumerate(map(there, columns)):
        known = list(step.categories_[i])
        width = 1
        if hasattr(step, "drop_idx_"):  # one column a category
            rare = (getattr(step, "infrequent_categories_", None) or [None] * (i + 1))[i]
            dropped = step.drop_idx_ is not None and step.drop_idx_[i] is not None
            width = len(known) - (0 if rare is None else len(rare) - 1) - dropped
        here = slice(first, first + width)
        first += width
        if column.levels is not None:
            told = _told(step, i, list(column.levels))
            if told is None:
                raise NotCarriedError(
                    f"its {type(step).__name__} does not know every level of the schema, "
                    f"{list(column.levels)}"
                )
            made += [replace(column, levels=pd.Series(row)) for row in told[:, here].T]
            continue
        keys = [float(key) for key in known if not pd.isna(key)]
        values = _told(step, i, keys)
        others = [_told(step, i, [asked]) for asked in (np.nan, max(keys) + 1.5)]
        assert values is not None  # it knows its own categories
        for k in range(here.start, here.stop):
            gap, other = (None if row is None else json_number(row[0, k]) for row in others)
            made.append(column.step("look", keys, values[:, k].tolist(), gap, other))
    return made, bool(getattr(step, "sparse_output", False))


def _told(step: Any, i: int, values: list) -> np.ndarray | None:
    """What an encoder makes of values in its column i, all other columns alike; ``None`` if it refuses."""
    table = {k: [known[0]] * len(values) for k, known in enumerate(step.categories_)}
    table[i] = values
    frame = pd.DataFrame({k: pd.Series(column, dtype=object) for k, column in table.items()})
    names = getattr(step, "feature_names_in_", None)
    try:
        told = step.transform(
            frame.to_numpy() if names is None else frame.set_axis(list(names), axis=1)
        )
    except ValueError:
        return None
    return np.asarray(told.toarray() if hasattr(told, "toarray") else told, dtype=float)


def there(column: Column | None) -> Column:
    if column is None:
        raise NotCarriedError("it reads a column that the schema leaves out")
    return column


BEFORE: dict[str, Callable[[Any, list[Column | None], bool], Table]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _side_by_side,
    "FunctionTransformer": _function,
    "SimpleImputer": _imputed,
    **dict.fromkeys(("StandardScaler", "RobustScaler", "MaxAbsScaler", "MinMaxScaler"), _scaled),
    **dict.fromkeys(("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"), _encoded),
}
