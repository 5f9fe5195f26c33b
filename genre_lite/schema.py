"""What a column is, and what a person may change in it.

A :class:`Schema` is an ordered tuple of :class:`Feature`. It is the contract between a table and
everything else: tables are validated against it once, on entry, and answers are checked against it
on the way out. The order of the features is the order in which the model writes an answer.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from .errors import SchemaError

__all__ = ["Feature", "Schema"]

KINDS = ("numeric", "ordinal", "nominal")
ACTIONABILITY = ("free", "immutable", "increasing", "decreasing")


@dataclass(frozen=True)
class Feature:
    """One column: its kind, its possible values, its unit, and what a person may change.

    Parameters
    ----------
    name
        The column's name in the table.
    kind
        ``"numeric"``, ``"ordinal"`` (named levels, in order) or ``"nominal"`` (named levels, no order).
    categories
        The levels of an ordinal or nominal feature; for an ordinal one, from low to high.
    low, high
        Bounds of what a numeric value can be, in the column's own unit; ``None`` for no bound.
    step
        The distance between possible numeric values (1 for whole numbers); ``None`` for any number.
    unit
        What the number counts, for people to read: ``"years"``, ``"US dollars"``.
    actionability
        ``"free"``, ``"immutable"``, ``"increasing"`` (it can stay or go up) or ``"decreasing"``.
    label
        A readable name; the column's own name if left out.

    Raises
    ------
    SchemaError
        If the description contradicts itself.

    Examples
    --------
    >>> Feature("age", unit="years", step=1, actionability="increasing").allows(34, 35)
    True
    """

    name: str
    kind: str = "numeric"
    categories: tuple = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    actionability: str = "free"
    label: str = ""

    def __post_init__(self) -> None:
        def wrong(what: str) -> SchemaError:
            return SchemaError(f"Feature {self.name!r}: {what}")

        if self.kind not in KINDS:
            raise wrong(f"kind is {self.kind!r}; choose one of {', '.join(KINDS)}.")
        if self.actionability not in ACTIONABILITY:
            raise wrong(
                f"actionability is {self.actionability!r}; choose one of {', '.join(ACTIONABILITY)}."
            )
        object.__setattr__(self, "categories", tuple(_plain(level) for level in self.categories))
        for name in ("low", "high", "step"):
            object.__setattr__(self, name, _plain(getattr(self, name)))
        if self.kind == "numeric":
            if self.categories:
                raise wrong("a numeric feature has no categories; make it ordinal or drop them.")
            bounds = (
                -math.inf if self.low is None else self.low,
                math.inf if self.high is None else self.high,
            )
            if not bounds[0] <= bounds[1]:
                raise wrong(f"low {self.low} lies above high {self.high}; no value can meet both.")
            if self.step is not None and not self.step > 0:
                raise wrong(f"step is {self.step}; it must be above 0, or None for any number.")
        else:
            if len(self.categories) < 1 or len(set(self.categories)) != len(self.categories):
                raise wrong(
                    f"categories are {self.categories!r}; list each level once, at least one."
                )
            if (self.low, self.high, self.step) != (None, None, None):
                raise wrong("low, high and step belong to numeric features only.")
        if self.kind == "nominal" and self.actionability in ("increasing", "decreasing"):
            raise wrong(
                f"a nominal feature has no order, so it cannot be {self.actionability}; "
                "make it ordinal with its levels from low to high."
            )

    @property
    def title(self) -> str:
        """The name to show to people."""
        return self.label or self.name

    @property
    def is_categorical(self) -> bool:
        """Whether the values are named levels."""
        return self.kind != "numeric"

    def allows(self, before: object, after: object) -> bool:
        """Whether a person at ``before`` may be told to go to ``after``."""
        if before == after or self.actionability == "free":
            return True
        if self.actionability == "immutable":
            return False
        rank = self.categories.index if self.is_categorical else float
        return (
            rank(after) > rank(before)
            if self.actionability == "increasing"
            else rank(after) < rank(before)
        )

    def format(self, value: object) -> str:
        """A value as a person reads it, with its unit."""
        if self.is_categorical:
            return str(value)
        text = f"{value:,.0f}" if float(value) == round(float(value)) else f"{value:,.4g}"
        unit, per, what = self.unit.partition(" a ")
        if text == "1":
            unit = unit.removesuffix("s")  # 1 year, 1 hour a week
        return f"{text} {unit}{per}{what}".rstrip()


class Schema(Sequence):
    """The features of a table, in order.

    Parameters
    ----------
    features
        The :class:`Feature` of each column, each name once.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [20, 30], "job": ["clerk", "smith"]})
    >>> schema = Schema.infer(frame, increasing=["age"])
    >>> schema["job"].categories
    ('clerk', 'smith')
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self.names = [feature.name for feature in self.features]
        if not self.features:
            raise SchemaError("A schema needs at least one feature; this one is empty.")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise SchemaError(
                f"Features named more than once: {twice}; give each column one feature."
            )

    def __len__(self) -> int:
        return len(self.features)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __getitem__(self, key: int | str) -> Feature:
        if isinstance(key, str):
            return self.features[self._position(key)]
        return self.features[key]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.features == other.features

    def __hash__(self) -> int:
        return hash(self.features)

    def __repr__(self) -> str:
        return f"Schema of {len(self)} features\n{self.to_frame().to_string()}"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html()

    def _position(self, name: str) -> int:
        if name not in self.names:
            raise SchemaError(f"No feature named {name!r}{_nearest(name, self.names)}")
        return self.names.index(name)

    # -- building -------------------------------------------------------------------------------

    @classmethod
    def infer(
        cls,
        frame: pd.DataFrame,
        *,
        immutable: Sequence[str] = (),
        increasing: Sequence[str] = (),
        decreasing: Sequence[str] = (),
        categorical: Sequence[str] = (),
        units: Mapping[str, str] | None = None,
    ) -> Schema:
        """Read a schema off a table of your own.

        Numbers become numeric features (whole numbers get step 1); text, booleans and pandas
        categories become nominal ones, ordered pandas categories ordinal ones. Columns named in
        ``categorical`` are taken as nominal whatever their type.

        Raises
        ------
        SchemaError
            If the table is empty, has missing or infinite values, or the constraints contradict.
        """
        _check_shape(frame)
        units = dict(units or {})
        for name in (*categorical, *units):
            if name not in frame.columns:
                raise SchemaError(f"No column named {name!r}{_nearest(name, list(frame.columns))}")
        features = []
        for name in frame.columns:
            column = frame[name]
            _check_missing(column, name)
            if isinstance(column.dtype, pd.CategoricalDtype) and name not in categorical:
                kind = "ordinal" if column.dtype.ordered else "nominal"
                features.append(Feature(name, kind, tuple(column.cat.categories)))
            elif (
                name in categorical
                or pd.api.types.is_bool_dtype(column)
                or not pd.api.types.is_numeric_dtype(column)
            ):
                features.append(Feature(name, "nominal", _levels(column, name)))
            else:
                _check_finite(column, name)
                whole = bool((column == column.round()).all())
                features.append(
                    Feature(name, step=1.0 if whole else None, unit=units.get(name, ""))
                )
        return cls(features).constrain(
            immutable=immutable, increasing=increasing, decreasing=decreasing
        )

    def constrain(
        self,
        *,
        immutable: Sequence[str] = (),
        increasing: Sequence[str] = (),
        decreasing: Sequence[str] = (),
        free: Sequence[str] = (),
    ) -> Schema:
        """The same schema with what may change set anew for the named features."""
        asked: dict[str, str] = {}
        groups = {
            "immutable": immutable,
            "increasing": increasing,
            "decreasing": decreasing,
            "free": free,
        }
        for actionability, names in groups.items():
            if isinstance(names, str):
                raise SchemaError(f"{actionability}={names!r} is one name; write [{names!r}].")
            for name in names:
                self._position(name)
                if asked.setdefault(name, actionability) != actionability:
                    raise SchemaError(
                        f"Feature {name!r} is asked to be both {asked[name]} and {actionability}; "
                        "name it in one list only."
                    )
        return Schema(
            replace(f, actionability=asked[f.name]) if f.name in asked else f for f in self.features
        )

    def reorder(self, names: Sequence[str]) -> Schema:
        """The same features in another order, the order in which an answer is written."""
        if sorted(names) != sorted(self.names):
            raise SchemaError(f"An order must hold each of {self.names} once; found {list(names)}.")
        return Schema(self[name] for name in names)

    # -- what may change ------------------------------------------------------------------------

    @property
    def immutable(self) -> list[str]:
        """Names of the features that nobody may be told to change."""
        return [f.name for f in self.features if f.actionability == "immutable"]

    def violations(self, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
        """Where ``after`` breaks a constraint, row by row: booleans, shape (rows, features)."""
        broken = {
            f.name: [not f.allows(a, b) for a, b in zip(before[f.name], after[f.name], strict=True)]
            for f in self.features
        }
        return pd.DataFrame(broken, index=after.index)

    # -- the gate -------------------------------------------------------------------------------

    def validate(self, frame: pd.DataFrame, *, extra: str = "error") -> pd.DataFrame:
        """The table, checked, its columns in the schema's order.

        Nothing is converted, filled in or dropped. ``extra="ignore"`` leaves out columns that the
        schema does not know; by default they are an error.

        Raises
        ------
        SchemaError
            Naming the column, the row and the value.
        """
        if extra not in ("error", "ignore"):
            raise SchemaError(f"extra is {extra!r}; choose 'error' or 'ignore'.")
        _check_shape(frame)
        for name in self.names:
            if name not in frame.columns:
                raise SchemaError(
                    f"Column {name!r} is missing{_nearest(name, list(frame.columns))} "
                    f"The schema needs {self.names}."
                )
        unknown = [name for name in frame.columns if name not in self.names]
        if unknown and extra == "error":
            raise SchemaError(
                f"Columns {unknown} are not in the schema; drop them, or pass extra='ignore'."
            )
        if not frame.index.is_unique:
            row = frame.index[frame.index.duplicated()][0]
            raise SchemaError(
                f"Index label {row!r} names more than one row, so answers could not be told apart; "
                "use frame.reset_index(drop=True)."
            )
        frame = frame[self.names]
        # Most tables are fine, which takes a moment to see; only else is it worth to ask why.
        if not self._is_fine(frame):
            for feature in self.features:
                self._validate_column(frame[feature.name], feature)
        return frame

    def _is_fine(self, frame: pd.DataFrame) -> bool:
        dtypes = frame.dtypes
        numeric = [f for f in self.features if not f.is_categorical]
        for f in self.features:
            if f.is_categorical:
                try:
                    if not set(frame[f.name].unique()) <= set(f.categories):
                        return False
                except TypeError:  # something that cannot be a level, such as a list
                    return False
            elif not (isinstance(dtypes[f.name], np.dtype) and dtypes[f.name].kind in "iuf"):
                return False
        if not numeric:
            return True
        values = frame[[f.name for f in numeric]].to_numpy(dtype=float)
        low = np.array([-math.inf if f.low is None else f.low for f in numeric])
        high = np.array([math.inf if f.high is None else f.high for f in numeric])
        return bool(((low <= values) & (values <= high) & np.isfinite(values)).all())

    @staticmethod
    def _validate_column(column: pd.Series, feature: Feature) -> None:
        _check_missing(column, feature.name)
        if feature.is_categorical:
            strange = ~column.isin(feature.categories)
            if strange.any():
                row, value = _first(column, strange)
                raise SchemaError(
                    f"Column {feature.name!r}, row {row!r}: category {value!r} was never seen"
                    f"{_nearest(str(value), [str(c) for c in feature.categories])} "
                    f"Known: {list(feature.categories)}."
                )
            return
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            text = ~column.astype(object).map(
                lambda v: isinstance(v, (int, float, np.number)) and not isinstance(v, bool)
            )
            row, value = _first(column, text) if text.any() else (column.index[0], column.iloc[0])
            raise SchemaError(
                f"Column {feature.name!r}, row {row!r}: {value!r} is not a number; "
                "convert the column with pandas.to_numeric, or make the feature categorical."
            )
        _check_finite(column, feature.name)
        low = -math.inf if feature.low is None else feature.low
        high = math.inf if feature.high is None else feature.high
        outside = (column < low) | (column > high)
        if outside.any():
            row, value = _first(column, outside)
            raise SchemaError(
                f"Column {feature.name!r}, row {row!r}: {value} lies outside [{low:g}, {high:g}]; "
                "correct the value, or widen low and high in the schema."
            )

    # -- to and from plain data -----------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """The schema as a table to read."""
        rows = []
        for f in self.features:
            if f.is_categorical:
                values = ", ".join(map(str, f.categories))
            else:
                values = f"{'−∞' if f.low is None else f'{f.low:g}'} … {'∞' if f.high is None else f'{f.high:g}'}"
            rows.append(
                {
                    "feature": f.name,
                    "kind": f.kind,
                    "values": values,
                    "unit": f.unit,
                    "change": f.actionability,
                }
            )
        return pd.DataFrame(rows).set_index("feature")

    def to_dict(self) -> list[dict]:
        """The schema as JSON-ready data; :meth:`from_dict` is its inverse."""
        return [asdict(f) | {"categories": list(f.categories)} for f in self.features]

    @classmethod
    def from_dict(cls, data: Sequence[Mapping]) -> Schema:
        """The schema that :meth:`to_dict` wrote."""
        return cls(Feature(**entry) for entry in data)


def _plain(value: object) -> object:
    """A numpy scalar as Python's own, which JSON can write; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def _first(column: pd.Series, mask: pd.Series) -> tuple[object, object]:
    where = int(np.flatnonzero(mask.to_numpy())[0])
    return column.index[where], column.iloc[where]


def _check_shape(frame: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(
            f"Expected a pandas DataFrame, found {type(frame).__name__}; "
            "for one person use frame.loc[[label]]."
        )
    if not len(frame):
        raise SchemaError("The table has no rows; give at least one person.")
    if not frame.columns.is_unique:
        name = frame.columns[frame.columns.duplicated()][0]
        raise SchemaError(f"Column {name!r} stands in the table twice; keep one.")


def _check_missing(column: pd.Series, name: str) -> None:
    missing = column.isna()
    if missing.any():
        row, _ = _first(column, missing)
        raise SchemaError(
            f"Column {name!r}, row {row!r}: the value is missing (NaN); fill it in or drop the row."
        )


def _check_finite(column: pd.Series, name: str) -> None:
    infinite = ~np.isfinite(column.astype(float))
    if infinite.any():
        row, value = _first(column, infinite)
        raise SchemaError(
            f"Column {name!r}, row {row!r}: {value} is not a finite number; correct it or drop the row."
        )


def _levels(column: pd.Series, name: str) -> tuple:
    levels = column.unique().tolist()
    try:
        return tuple(sorted(levels))
    except TypeError:
        raise SchemaError(
            f"Column {name!r} mixes types ({sorted({type(v).__name__ for v in levels})}); "
            "make its values all text or all numbers."
        ) from None
