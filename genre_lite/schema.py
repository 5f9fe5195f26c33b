"""What a column is, and what a person may change in it.

A :class:`Schema` is an ordered tuple of :class:`Feature`. It is the contract between a table and
everything else: tables are validated against it once, on entry, and answers are checked against it
on the way out. The order of the features is the order in which the model writes an answer.
"""

from __future__ import annotations

import datetime
import difflib
import html
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, SupportsIndex, TypeGuard, overload

import numpy as np
import pandas as pd

from .errors import SchemaError, kind_of, warn
from .relations import HALF, MOST, Relation

__all__ = ["Feature", "Refusal", "Schema"]

KINDS = ("numeric", "ordinal", "nominal")
ACTIONABILITY = ("free", "immutable", "increasing", "decreasing", "clock")
SCALES = ("range", "robust")
LARGEST = 1e30  # a number that nobody means
DIGITS = 6  # behind the point, at most, to which a column may be rounded
FEW, MANY, SKEW = (
    5,
    50,
    20,
)  # levels in a message; levels of one feature; ranges as wide as the middle
_DATES = (datetime.date, datetime.timedelta, np.datetime64, np.timedelta64, pd.Period)
_ID = re.compile(r"(?i:(^|[\W_])(id|nr|no|number|key|uuid)($|[\W_]))|[a-z](Id|ID|Nr|No|Key)$")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_DAYS_SINCE = (
    "give a number instead: (column - pandas.Timestamp('2020-01-01')).dt.days of dates, column.dt.days of spans, "
    "column.dt.year of periods."
)
# Units whose fractions are cents, in the singular.
MONEY = {
    "euro",
    "eur",
    "€",
    "dollar",
    "us dollar",
    "usd",
    "$",
    "pound",
    "gbp",
    "£",
    "dm",
    "mark",
    "franc",
    "chf",
}
A_YEAR = {"year": 1.0, "month": 12.0, "week": 52.0, "day": 365.0}


class Refusal(str):
    """Why a row is refused, as text; ``column`` names the cell, ``value`` is what it says, as text.

    ``value`` is None where it says nothing.
    """

    column: object
    value: str | None

    def __new__(cls, reason: str, column: object, value: str | None) -> Refusal:
        refusal = super().__new__(cls, reason)
        refusal.column, refusal.value = column, value
        return refusal

    def __getnewargs__(self) -> tuple:
        return str(self), self.column, self.value


@dataclass(frozen=True)
class Feature:
    """One column: its kind, its possible values, its unit, and what a person may change.

    Parameters
    ----------
    name
        The column's name in the table, text or a number.
    kind
        ``"numeric"``, ``"ordinal"`` (named levels, in order) or ``"nominal"`` (named levels, no order).
    categories
        The levels of an ordinal or nominal feature; for an ordinal one, from low to high.
    low, high
        Bounds of what a numeric value can be, in the column's own unit; ``None`` for no bound.
    step
        The distance between possible numeric values (1 for whole numbers); ``None`` for any number.
    unit
        What the number counts, for people to read: ``"years"``, ``"US dollars"``. ``"year"`` is a date:
        2019 is then written without a comma and without a unit.
    actionability
        ``"free"``, ``"immutable"``, ``"increasing"`` (it can stay or go up), ``"decreasing"``, or
        ``"clock"``: years that pass alike for everybody, and are never advice by themselves.
    label
        A readable name; the column's own name if left out.
    bounds
        ``(low, high)`` of advice: a changed value lies inside, one that stays may lie outside. Numbers,
        or levels of an ordinal feature; ``None`` for no bound.
    largest
        The largest change that may be asked for, in the column's unit; in levels if ordinal.
    weight
        How hard it is to change, above 0: the cost of one range of it.
    scale
        What one range is: ``"range"``, all of the training rows, or ``"robust"``, from their 1st to
        their 99th percentile, which a few extreme rows do not move.
    a_year
        How much of a numeric clock's unit passes in a year; by its unit (years, months, weeks, days) if
        left out, else 1.
    edges
        For an ordinal clock: from how many years on each level holds, ascending; ``None`` where time does
        not pass, as for the unemployed. Empty if unknown: the level then stays.
    gaps
        Whether values may be missing (NaN, None, NA). An answer may fill a gap, and never makes one.

    Raises
    ------
    SchemaError
        If the description contradicts itself.

    Examples
    --------
    >>> Feature("age", unit="years", step=1, actionability="increasing").allows(34, 35)
    True
    >>> Feature("pressure", unit="mm Hg", bounds=(60, None)).allows(75, 55)
    False
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
    bounds: tuple | None = field(default=None, kw_only=True)
    largest: float | None = field(default=None, kw_only=True)
    weight: float = field(default=1.0, kw_only=True)
    scale: str = field(default="range", kw_only=True)
    a_year: float | None = field(default=None, kw_only=True)
    edges: tuple = field(default=(), kw_only=True)
    gaps: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("name", _plain(self.name))
        if not isinstance(self.name, (str, int, float)):
            raise self._wrong("a name is text or a number; rename the column first.")
        if self.kind not in KINDS:
            raise self._wrong(f"kind is {self.kind!r}; choose one of {', '.join(KINDS)}.")
        for name, choices in (("actionability", ACTIONABILITY), ("scale", SCALES)):
            if getattr(self, name) not in choices:
                raise self._wrong(
                    f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}."
                )
        for name in ("unit", "label"):
            if not isinstance(getattr(self, name), str):
                raise self._wrong(f"{name} is {getattr(self, name)!r}; give text, or leave it out.")
        put("categories", tuple(_plain(level) for level in self.categories))
        put("edges", tuple(_plain(years) for years in self.edges))
        for name in ("low", "high", "step", "largest", "weight", "a_year", "gaps"):
            put(name, _plain(getattr(self, name)))
        if self.is_categorical:
            self._check_levels()
        else:
            self._check_numbers()
        self._check_change()
        if self.bounds is not None:
            put("bounds", self._checked_bounds(self.bounds))
        if self.actionability == "clock" and not self.is_categorical and self.a_year is None:
            word = (self.unit.split() or [""])[0].removesuffix("s")
            put("a_year", A_YEAR.get(word, 1.0))

    def _wrong(self, what: str) -> SchemaError:
        return SchemaError(f"Feature {self.name!r}: {what}")

    def _check_numbers(self) -> None:
        if self.categories:
            raise self._wrong("a numeric feature has no categories; make it ordinal or drop them.")
        if self.edges:
            raise self._wrong("edges belong to levels; a numeric clock needs a_year only.")
        low, high = self._span
        if not low <= high:
            raise self._wrong(
                f"low {self.low} lies above high {self.high}; no value can meet both."
            )
        if self.step is not None and not self.step > 0:
            raise self._wrong(f"step is {self.step}; it must be above 0, or None for any number.")

    def _check_levels(self) -> None:
        if len(self.categories) < 1 or len(set(self.categories)) != len(self.categories):
            raise self._wrong(
                f"categories are {self.categories!r}; list each level once, at least one."
            )
        if any(_is_missing(level) for level in self.categories):
            raise self._wrong("a missing value is no level; leave it out and set gaps=True.")
        if (self.low, self.high, self.step) != (None, None, None):
            raise self._wrong("low, high and step belong to numeric features only.")
        if (self.a_year, self.scale) != (None, "range"):
            raise self._wrong("a_year and scale='robust' belong to numeric features only.")
        if self.kind == "nominal" and self.actionability in ("increasing", "decreasing", "clock"):
            raise self._wrong(
                "a nominal feature has no order, so it cannot be "
                f"{'a clock' if self.actionability == 'clock' else self.actionability}; "
                "make it ordinal with its levels from low to high."
            )
        if self.kind == "nominal" and (self.bounds, self.largest, self.edges) != (None, None, ()):
            raise self._wrong(
                "a nominal feature has no order, so it has no bounds, largest or edges; "
                "make it ordinal with its levels from low to high."
            )
        if self.edges:
            years = [edge for edge in self.edges if edge is not None]
            if len(self.edges) != len(self.categories):
                raise self._wrong(
                    f"{len(self.edges)} edges for {len(self.categories)} levels; give each level the "
                    "years from which it holds, or None where time does not pass."
                )
            if not all(a < b for a, b in pairwise(years)):
                raise self._wrong(f"edges are {self.edges}; the years must ascend.")

    def _check_change(self) -> None:
        if not (_is_number(self.weight) and 0 < self.weight < math.inf):
            raise self._wrong(
                f"weight is {self.weight}; it must be above 0. What may not change is immutable."
            )
        if self.a_year is not None and not 0 < self.a_year < math.inf:
            raise self._wrong(f"a_year is {self.a_year}; it must be above 0.")
        if self.largest is not None:
            if not (_is_number(self.largest) and self.largest > 0):
                raise self._wrong(
                    f"largest is {self.largest}; it must be above 0. What may not change is immutable."
                )
            if self.largest < (1 if self.is_categorical else self.step or 0):
                raise self._wrong(
                    f"largest {self.largest} is less than one step, so nothing could change; "
                    "make it immutable."
                )

    def _checked_bounds(self, bounds: tuple) -> tuple:
        if isinstance(bounds, str) or len(tuple(bounds)) != 2:
            raise self._wrong(f"bounds are {bounds!r}; give (low, high), None for no bound.")
        ends = tuple(_plain(end) for end in bounds)
        if self.is_categorical:
            low, high = (end if end is None else self.position(end) for end in ends)
        else:
            low, high = ends = tuple(
                None if _is_number(end) and math.isinf(end) else end for end in ends
            )
            if not all(end is None or _is_number(end) for end in ends):
                raise self._wrong(f"bounds are {self.bounds!r}; give numbers, None for no bound.")
        if low is not None and high is not None and not low <= high:
            raise self._wrong(f"bounds: low {ends[0]} lies above high {ends[1]}.")
        least, most = self._span
        if not all(end is None or least <= end <= most for end in (low, high)):
            raise self._wrong(
                f"bounds {ends} reach outside of low and high, [{least:g}, {most:g}]; "
                "no value there can be advice."
            )
        return ends

    @property
    def _span(self) -> tuple[float, float]:
        """The bounds of data, as codes."""
        if self.is_categorical:
            return 0.0, len(self.categories) - 1.0
        return (
            -math.inf if self.low is None else self.low,
            math.inf if self.high is None else self.high,
        )

    @property
    def title(self) -> str:
        """The label, or else the column's name with blanks for underscores, to show to people."""
        return self.label or str(self.name).replace("_", " ").strip() or str(self.name)

    @property
    def is_categorical(self) -> bool:
        """Whether the values are named levels."""
        return self.kind != "numeric"

    # -- values as numbers ----------------------------------------------------------------------

    @cached_property
    def _places(self) -> dict:
        """Position of each level; with its truth, as 1 == True in Python, but not in a table."""
        return {(_is_bool(level), level): i for i, level in enumerate(self.categories)}

    def _look_up(self, values: pd.Series | pd.Index) -> np.ndarray:
        kinds = (str, int, float, np.generic)
        known = (v if isinstance(v, kinds) else None for v in values.tolist())
        return np.array([self._places.get((_is_bool(v), v), np.nan) for v in known], dtype=float)

    def codes(self, column: pd.Series) -> np.ndarray:
        """A column as numbers: as it is if numeric, else each level's position, floats (rows,).

        NaN stands for a missing value, and for whatever is no number or no level of this feature.
        """
        dtype = column.dtype
        if self.is_categorical:
            if len(column) < 100:  # for few rows the detour over distinct values takes longer
                return self._look_up(column)
            try:
                which, distinct = pd.factorize(column)
            except TypeError:  # something that cannot be a level, such as a list
                return self._look_up(column)
            # A missing value is -1, the last of what is looked up.
            return np.append(self._look_up(distinct), np.nan)[which]
        if isinstance(dtype, np.dtype):
            if dtype.kind in "iuf":
                return column.to_numpy(dtype=float)
            if dtype.kind == "O":
                return np.array([v if _is_number(v) else np.nan for v in column], dtype=float)
        elif pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
            return column.to_numpy(dtype=float, na_value=np.nan)
        return np.full(len(column), np.nan)

    def position(self, level: object) -> int:
        """Where a level stands among the categories.

        Raises
        ------
        SchemaError
            If there is no such level.
        """
        if level not in self.categories:
            raise SchemaError(f"feature {self.name!r}: {self._unknown(level)}")
        return self.categories.index(level)

    @property
    def code_bounds(self) -> tuple[float, float]:
        """The bounds of advice as numbers, ``-inf`` and ``inf`` for none; positions if ordinal."""
        low, high = self.bounds or (None, None)
        if self.is_categorical:
            low, high = (end if end is None else self.position(end) for end in (low, high))
        return (-math.inf if low is None else low, math.inf if high is None else high)

    # -- what may change ------------------------------------------------------------------------

    def allows(self, before: object, after: object) -> bool:
        """Whether a person at ``before`` may be told to go to ``after``."""
        codes = self.codes(pd.Series([before, after], dtype=object))
        return not self.breaks(codes[:1], codes[1:])[0]

    def breaks(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Where a move may not be asked for, booleans; values as :meth:`codes` gives them.

        A move breaks the direction, the bounds or the largest change of the feature, or makes a gap.
        To fill a gap is a move without direction and length; a clock's gap stays.
        """
        gap = np.isnan(before)
        moved = (before != after) & ~(gap & np.isnan(after))
        if self.actionability == "immutable":
            return moved
        broken = np.isnan(after)
        if self.actionability in ("increasing", "clock"):
            broken |= after < before
        elif self.actionability == "decreasing":
            broken |= after > before
        if self.actionability == "clock":
            broken |= gap
        low, high = self.code_bounds
        broken |= (after < low) | (after > high)
        if self.largest is not None:
            # A step of 0.1 from 0.2 ends at 0.30000000000000004; that is no longer step.
            broken |= np.abs(after - before) > self.largest * (1 + 1e-9)
        return moved & broken

    # -- what is refused ------------------------------------------------------------------------

    def refuses(self, column: pd.Series) -> np.ndarray:
        """Which values of a column this feature cannot hold, booleans of shape (rows,)."""
        codes = self.codes(column)
        low, high = self._span
        fine = np.isfinite(codes) & (low <= codes) & (codes <= high)
        if self.gaps:
            fine |= column.isna().to_numpy()
        # A model that counts in half the digits takes more than that for infinite.
        fine &= ~(np.abs(codes) > LARGEST)
        return ~fine

    def explain(self, value: object, dtype: object = np.dtype(object)) -> str:
        """Why a value is refused, and what to do about it; ``dtype`` is that of its column."""
        if _is_missing(value):
            return (
                "the value is missing (NaN); fill it in or drop the row. A table with gaps in this "
                "column makes a schema that takes them."
            )
        if self.is_categorical:
            return self._unknown(value)
        if isinstance(value, _DATES):
            return f"{value} is a date; {_DAYS_SINCE}"
        if not _is_number(value) or isinstance(dtype, pd.CategoricalDtype):
            kind = "a category" if _is_number(value) else "not a number"
            return (
                f"{value!r} is {kind}; "
                "convert the column with pandas.to_numeric, or make the feature categorical."
            )
        if not math.isfinite(value) or abs(value) > LARGEST:
            what = (
                "not a finite number"
                if not math.isfinite(value)
                else "larger than any model can read"
            )
            return f"{value} is {what}; correct it or drop the row."
        low, high = self._span
        return (
            f"{value} lies outside [{low:g}, {high:g}]; "
            "correct the value, or widen low and high in the schema."
        )

    def _unknown(self, value: object) -> str:
        value = _plain(value)
        equal = [v for v in self.categories if _is_number(value) and v == value]
        same = equal or [v for v in self.categories if str(v) == str(value)]
        if same:
            level, kind = same[0], type(same[0]).__name__
            way_out = f"column.astype({kind})"
            if isinstance(level, bool):  # bool("False") is True, and so is bool(nan)
                no, yes = ("'False'", "'True'") if isinstance(value, str) else (0, 1)
                way_out = f"column.map({{{no}: False, {yes}: True}})"
            return (
                f"category {value!r} is {type(value).__name__}, and the schema's level {level!r} is "
                f"{kind}; convert the column: {way_out}."
            )
        near = _nearest(str(value), self.categories)
        if len(self.categories) <= FEW:
            return f"category {value!r} was never seen{near} Known: {list(self.categories)}."
        known = {str(level): level for level in self.categories}
        close = difflib.get_close_matches(str(value), known, n=FEW, cutoff=0.0)
        return (
            f"category {value!r} was never seen{near} Nearest of {len(self.categories)} levels: "
            f"{[known[level] for level in close]}."
        )

    def format(self, value: object, beside: object = None, *, marks: str = ",.") -> str:
        """A value as a person reads it, with its unit.

        Whole numbers are written in full, others with four digits at least, and from 1,000 on to the
        cent; never in powers of ten.

        Parameters
        ----------
        value
            A number, a level, or a missing value.
        beside
            Another value, as before a change: as many digits are written as tell the two apart.
        marks
            The marks of thousands and of decimals, one character each.

        Examples
        --------
        >>> Feature("income", unit="dollars").format(33600.4)
        '33,600.40 dollars'
        >>> Feature("rent", unit="euros a month").format(633.4)
        '633.40 euros a month'
        >>> Feature("rate", unit="%").format(0.12341, beside=0.12342)
        '0.12341 %'
        >>> Feature("built", unit="year").format(2019)
        '2019'
        """
        if _is_missing(value):
            return "missing"
        if self.is_categorical:
            return str(value)
        money = self.unit.partition(" a ")[0].removesuffix("s").lower() in MONEY
        text = _written(_plain(value), _plain(beside) if _is_number(beside) else None, money)
        year = self.unit == "year"
        text = text.translate({ord(","): "" if year else marks[0], ord("."): marks[1]})
        unit, per, what = ("", "", "") if year else self.unit.partition(" a ")
        if text == "1":
            unit = unit.removesuffix("s")  # 1 year, 1 hour a week
        return f"{text} {unit}{per}{what}".rstrip()


class Schema(Sequence[Feature]):
    """The features of a table, in order, and what must hold between them.

    Parameters
    ----------
    features
        The :class:`Feature` of each column, each name once.
    relations
        What must hold in an answer, if it held before, as texts that
        :class:`~genre_lite.relations.Relation` understands: ``"debts >= housing"``.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [20, 30], "job": ["clerk", "smith"]})
    >>> schema = Schema.infer(frame, increasing=["age"])
    >>> schema["job"].categories
    ('clerk', 'smith')
    """

    def __init__(self, features: Iterable[Feature], relations: Sequence[str] = ()) -> None:
        self.features = tuple(features)
        self.names = [feature.name for feature in self.features]
        if not self.features:
            raise SchemaError("A schema needs at least one feature; this one is empty.")
        twice = [name for name in dict.fromkeys(self.names) if self.names.count(name) > 1]
        if twice:
            raise SchemaError(
                f"Features named more than once: {twice}; give each column one feature."
            )
        if isinstance(relations, str):
            raise SchemaError(f"relations={relations!r} is one text; write [{relations!r}].")
        self.relations = tuple(relations)
        for text in self.relations:
            Relation.parse(text, self)  # a wrong one fails here, and not when a person asks

    def __len__(self) -> int:
        return len(self.features)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Feature: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Feature, ...]: ...
    def __getitem__(self, key: SupportsIndex | slice | str) -> Feature | tuple[Feature, ...]:
        return self.features[self.position(key) if isinstance(key, str) else key]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Schema)
            and self.features == other.features
            and self.relations == other.relations
        )

    def __hash__(self) -> int:
        return hash((self.features, self.relations))

    def __repr__(self) -> str:
        return "\n".join(
            [f"Schema of {len(self)} features", self.to_frame().to_string(), *self.relations]
        )

    def _repr_html_(self) -> str:
        relations = "".join(f"<p><code>{html.escape(text)}</code></p>" for text in self.relations)
        return self.to_frame().to_html() + relations

    def position(self, name: object) -> int:
        """Where a feature stands in the order.

        Raises
        ------
        SchemaError
            If there is no feature of that name.
        """
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
        clocks: Sequence[str] = (),
        free: Sequence[str] = (),
        categorical: Sequence[str] = (),
        bounds: Mapping[str, tuple] | None = None,
        largest: Mapping[str, float] | None = None,
        weights: Mapping[str, float] | None = None,
        robust: Sequence[str] = (),
        relations: Sequence[str] = (),
        units: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        edges: Mapping[str, Sequence] | None = None,
    ) -> Schema:
        """Read a schema off a table of your own.

        Numbers become numeric features (whole numbers get step 1); text, booleans and pandas
        categories become nominal ones, ordered pandas categories ordinal ones. Columns named in
        ``categorical`` are taken as nominal whatever their type. A column with gaps may have gaps. Whole
        numbers in 1900 … 2100, or in 1000 … 2999 if the column is called a year, as ``loan_year``, get the
        unit ``"year"``.

        A column that a relation defines, and that holds its values rounded to some digits, gets the step of
        these digits; then the relation holds within half a step.

        A column that no list names may change freely, which is the same as to name it in ``free``; columns
        that are called as age or sex are had better be named. The lists name columns, the mappings give a
        column's ``bounds`` of advice, its ``largest``
        change, its weight, unit, label and edges, as :class:`Feature` explains them; columns in
        ``robust`` have their cost measured by the middle 98 % of the rows.

        Warns
        -----
        UserWarning
            If columns look like ids, hold dates as text or one value only, have very many levels, have a
            few extreme rows that set the scale of all others, or are called as what nobody chooses and are
            named in no list.

        Raises
        ------
        SchemaError
            If the table is empty, has infinite values, dates or lists, or the constraints contradict.
        """
        _check_shape(frame)
        facts: dict[str, Mapping[str, Any] | None]
        facts = {"unit": units, "label": labels, "bounds": bounds, "largest": largest}
        facts |= {"weight": weights, "edges": edges, "scale": dict.fromkeys(robust, "robust")}
        asked = {"robust": robust, "categorical": categorical}
        _check_lists(asked)
        for name in (*categorical, *robust, *(n for given in facts.values() for n in given or ())):
            if name not in frame.columns:
                raise SchemaError(f"No column named {name!r}{_nearest(name, list(frame.columns))}")
        features = []
        for name in frame.columns:
            feature = _read(frame[name], name, categorical=name in categorical)
            own = {fact: given[name] for fact, given in facts.items() if given and name in given}
            features.append(replace(feature, **own))
        schema = cls(features).constrain(
            immutable=immutable,
            increasing=increasing,
            decreasing=decreasing,
            clocks=clocks,
            free=free,
        )
        for name in clocks:
            if _BORN.search(str(name)):
                raise SchemaError(
                    f"Column {name!r} is called as when or where somebody was born, which time does not move; "
                    f"name it in immutable=[{name!r}], and in clocks a column that holds an age."
                )
        _warn_of_traps(frame, schema, meant=free)
        return _rounded(cls(schema.features, relations), frame)

    def constrain(
        self,
        *,
        immutable: Sequence[str] = (),
        increasing: Sequence[str] = (),
        decreasing: Sequence[str] = (),
        clocks: Sequence[str] = (),
        free: Sequence[str] = (),
    ) -> Schema:
        """The same schema with what may change set anew for the named features."""
        asked: dict[str, str] = {}
        groups = {
            "immutable": immutable,
            "increasing": increasing,
            "decreasing": decreasing,
            "clocks": clocks,
            "free": free,
        }
        _check_lists(groups)
        for group, names in groups.items():
            actionability = group.removesuffix("s")  # the list of clocks holds each clock
            for name in names:
                self.position(name)
                if asked.setdefault(name, actionability) != actionability:
                    raise SchemaError(
                        f"Feature {name!r} is asked to be both {asked[name]} and {actionability}; "
                        "name it in one list only."
                    )
        features = (
            replace(f, actionability=asked[f.name]) if f.name in asked else f for f in self.features
        )
        return Schema(features, self.relations)

    def reorder(self, names: Sequence[str]) -> Schema:
        """The same features in another order, the order in which an answer is written."""
        names = list(names)
        if len(names) != len(self) or set(names) != set(self.names):
            raise SchemaError(f"An order must hold each of {self.names} once; found {names}.")
        return Schema([self.features[self.position(name)] for name in names], self.relations)

    # -- what may change ------------------------------------------------------------------------

    @property
    def immutable(self) -> list[str]:
        """Names of the features that nobody may be told to change."""
        return [f.name for f in self.features if f.actionability == "immutable"]

    def violations(self, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
        """Where ``after`` breaks a direction, a bound or a largest change, or makes a gap.

        Row by row: booleans of shape (rows, features). ``relations`` are between features, so they
        are not asked here, nor whether several clocks moved by the same time.
        """
        if len(before) != len(after):
            raise SchemaError(
                f"{len(before)} people and {len(after)} rows after; give each person one row."
            )
        broken = {
            f.name: f.breaks(f.codes(before[f.name]), f.codes(after[f.name])) for f in self.features
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
        frame = self._columns(frame, extra)
        for _, message in self._refused(frame):
            raise SchemaError(message)
        return frame

    def broken_rows(self, frame: pd.DataFrame) -> dict:
        """The rows that :meth:`validate` would refuse, by label, each with the first reason why.

        A reason is text, and its ``column`` and ``value`` say which cell it is.

        Columns that the schema does not know are left out of account; one that is missing, or a label
        that names two rows, is still an error, for then no row can be told from the others.

        Examples
        --------
        >>> schema = Schema.infer(pd.DataFrame({"age": [20, 30], "job": ["clerk", "smith"]}))
        >>> people = pd.DataFrame({"age": [1, 2], "job": ["smith", "smiht"]}, index=["ana", "ben"])
        >>> list(schema.broken_rows(people))
        ['ben']
        """
        broken: dict = {}
        for label, message in self._refused(self._columns(frame, "ignore")):
            broken.setdefault(label, message)
        return {label: broken[label] for label in frame.index if label in broken}

    def _refused(self, frame: pd.DataFrame) -> Iterator[tuple[object, Refusal]]:
        """Label and reason of each cell that its feature cannot hold, column by column."""
        for f in self.features:
            column = frame[f.name]
            rows = np.flatnonzero(f.refuses(column))
            if len(rows):
                # What is no number at all comes before what is a number too high or too low.
                rows = rows[np.argsort(np.isfinite(f.codes(column)[rows]), kind="stable")]
            for row in rows:
                label, value = _label(column.index[row]), _plain(column.iloc[row])
                reason = f"Column {f.name!r}, row {label!r}: {f.explain(value, column.dtype)}"
                said = None if _is_missing(value) else str(value)
                yield column.index[row], Refusal(reason, f.name, said)

    def _columns(self, frame: pd.DataFrame, extra: str) -> pd.DataFrame:
        if extra not in ("error", "ignore"):
            raise SchemaError(f"extra is {extra!r}; choose 'error' or 'ignore'.")
        _check_shape(frame, self.names)
        for name in self.names:
            if name not in frame.columns:
                raise SchemaError(
                    f"Column {name!r} is missing{_nearest(name, list(frame.columns))} "
                    f"The schema needs {self.names}."
                )
        unknown = [name for name in frame.columns if name not in self.names]
        if unknown and extra == "error":
            raise SchemaError(
                f"Columns {unknown} are not in the schema; drop them (frame[schema.names]), or pass "
                "extra='ignore' where the call takes it."
            )
        if not frame.index.is_unique:
            row = _label(frame.index[frame.index.duplicated()][0])
            raise SchemaError(
                f"Index label {row!r} names more than one row, so answers could not be told apart; "
                "use frame.reset_index(drop=True)."
            )
        return frame[self.names]

    # -- to and from plain data -----------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """The schema as a table to read; what few features have is shown where one has it."""
        rows = []
        for f in self.features:
            low, high = f.bounds or (None, None)
            rows.append(
                {
                    "feature": f.name,
                    "kind": f.kind,
                    "values": (
                        ", ".join(map(str, f.categories))
                        if f.is_categorical
                        else _interval(f.low, f.high)
                    ),
                    "unit": f.unit,
                    "change": f.actionability,
                    "advice": _interval(low, high) if f.bounds else "",
                    "at most": "" if f.largest is None else f"{f.largest:g}",
                    "weight": "" if f.weight == 1 else f"{f.weight:g}",
                    "scale": "" if f.scale == "range" else f.scale,
                    "a year": "" if f.a_year is None else f"{f.a_year:g}",
                    "edges": ", ".join("–" if e is None else f"{e:g}" for e in f.edges),
                    "gaps": "yes" if f.gaps else "",
                }
            )
        table = pd.DataFrame(rows).set_index("feature")
        always = ("kind", "values", "unit", "change")
        return table[[c for c in table.columns if c in always or (table[c] != "").any()]]

    def to_dict(self) -> dict:
        """The schema as JSON-ready data; :meth:`from_dict` is its inverse."""
        features = [asdict(f) for f in self.features]
        for entry in features:
            lists = {k: list(v) for k, v in entry.items() if isinstance(v, tuple)}
            entry.update(lists)
        return {"features": features, "relations": list(self.relations)}

    @classmethod
    def from_dict(cls, data: Mapping | Sequence[Mapping]) -> Schema:
        """The schema that :meth:`to_dict` wrote; a plain list of features is read as well."""
        if not isinstance(data, Mapping):  # files of the first edition
            data = {"features": data}
        unknown = [key for key in data if key not in ("features", "relations")]
        if unknown or not isinstance(data.get("features"), Sequence):
            raise SchemaError(
                f"A schema has features, a list, and relations; this one has {list(data)}."
            )
        return cls([_described(entry) for entry in data["features"]], data.get("relations", ()))

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text, to be edited by hand; :meth:`from_json` reads it again."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema that :meth:`to_json` wrote, or that somebody edited; fields may be left out.

        Raises
        ------
        SchemaError
            Naming the feature and the field that is wrong.

        Examples
        --------
        >>> Schema.from_json('{"features": [{"name": "age", "unit": "years"}]}').names
        ['age']
        """
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise SchemaError(f"This is no JSON: {error}.") from None

    def read_csv(self, path: str | os.PathLike, **options: Any) -> pd.DataFrame:
        """A CSV file of people, read as this schema says; see :func:`~genre_lite.reading.read_csv`."""
        from .reading import read_csv  # reading knows schemas, and not the other way round

        return read_csv(path, self, **options)


# -- reading a description ----------------------------------------------------------------------

_JSON = {
    "text": ((str,), "kind unit actionability label scale"),
    "a number or null": ((int, float, type(None)), "low high step largest a_year"),
    "a number": ((int, float), "weight"),
    "a list": ((list, tuple), "categories edges"),
    "a list or null": ((list, tuple, type(None)), "bounds"),
    "true or false": ((bool,), "gaps"),
}
_FIELDS = {name: (what, of) for what, (of, names) in _JSON.items() for name in names.split()}


def _described(entry: object) -> Feature:
    """One feature from plain data that a hand may have edited."""
    if not isinstance(entry, Mapping) or "name" not in entry:
        raise SchemaError(f"A feature is an object with a name and fields; this one is {entry!r}.")
    for name, value in entry.items():
        if name != "name" and name not in _FIELDS:
            raise SchemaError(
                f"Feature {entry['name']!r} has no field {name!r}{_nearest(name, list(_FIELDS))} "
                f"Fields: name, {', '.join(_FIELDS)}."
            )
        what, of = _FIELDS.get(name, ("", (object,)))
        truth = isinstance(value, bool) and name in _FIELDS and bool not in of
        if truth or not isinstance(value, of):
            raise SchemaError(f"Feature {entry['name']!r}: {name} is {value!r}; it must be {what}.")
    return Feature(**entry)


# -- reading a column ---------------------------------------------------------------------------


def _read(column: pd.Series, name: Any, categorical: bool) -> Feature:
    """What a column of a table is, from its values alone."""
    if isinstance(name, tuple):
        raise SchemaError(
            f"Column {name!r} has a pair as its name; rename the columns first: "
            "frame.columns = ['_'.join(map(str, c)) for c in frame.columns]."
        )
    known = column.dropna().infer_objects()
    if not len(known):
        raise SchemaError(f"Column {name!r} holds no value at all; leave it out.")
    gaps = len(known) < len(column)
    dtype = known.dtype
    levels = dtype.categories if isinstance(dtype, pd.CategoricalDtype) else known
    _check_type(pd.Series(levels), name)
    if isinstance(dtype, pd.CategoricalDtype) and not categorical:
        kind = "ordinal" if dtype.ordered else "nominal"
        return Feature(name, kind, tuple(levels), gaps=gaps)
    if categorical or pd.api.types.is_bool_dtype(known) or not pd.api.types.is_numeric_dtype(known):
        return Feature(name, "nominal", _sorted(known, name), gaps=gaps)
    values = known.to_numpy(dtype=float)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise SchemaError(
            f"Column {name!r}, row {_label(known.index[row])!r}: {values[row]} is not a finite number; "
            "correct it or drop the row."
        )
    feature = Feature(name, step=1.0 if (values == values.round()).all() else None, gaps=gaps)
    return replace(feature, unit="year") if _is_date(feature, values) else feature


def _rounded(schema: Schema, frame: pd.DataFrame) -> Schema:
    """The schema with a step for each column that is what a relation defines, but for rounding."""
    features = {f.name: f for f in schema}
    for relation in (Relation.parse(text, schema) for text in schema.relations):
        if relation.defines is None or relation.step:
            continue
        values = {name: schema[name].codes(frame[name]) for name in relation.names}
        mine, gap = values[relation.defines], np.abs(relation.gap(values))
        mine, gap = mine[~np.isnan(gap)], gap[~np.isnan(gap)]
        for digits in range(1, DIGITS + 1):
            step = 10.0**-digits
            if np.allclose(mine, mine.round(digits), rtol=0, atol=1e-6 * step):
                if len(gap) and (gap <= HALF * step).mean() >= MOST:
                    features[relation.defines] = replace(features[relation.defines], step=step)
                break
    return Schema(features.values(), schema.relations)


def _check_type(values: pd.Series, name: object) -> None:
    dtype = values.dtype
    found, any_type = str(dtype), pd.api.types.is_object_dtype(dtype)
    if any_type:
        found = next((type(v).__name__ for v in values if isinstance(v, _DATES)), "")
        odd = [v for v in values if not isinstance(v, (str, bool, int, float, np.generic))]
        if odd and not found:
            raise SchemaError(
                f"Column {name!r} holds {kind_of(odd[0])}, {odd[0]!r}; its values must be "
                "numbers, text or booleans."
            )
    if found and (isinstance(dtype, pd.PeriodDtype) or dtype.kind in "mM" or any_type):
        raise SchemaError(f"Column {name!r} holds dates ({found}); {_DAYS_SINCE}")
    if isinstance(dtype, pd.IntervalDtype) or dtype.kind == "c":
        raise SchemaError(
            f"Column {name!r} holds {dtype}; its values must be numbers, text or booleans. Levels are "
            "renamed by column.cat.rename_categories(str)."
        )


def _sorted(column: pd.Series, name: object) -> tuple:
    levels = column.unique().tolist()
    try:
        return tuple(sorted(levels))
    except TypeError:
        raise SchemaError(
            f"Column {name!r} mixes types ({sorted({type(v).__name__ for v in levels})}); "
            "make its values all text or all numbers."
        ) from None


def _like_an_id(name: object, codes: np.ndarray) -> bool:
    """Whether numbers that all differ count rows, or are called so; an income in euros does neither."""
    steps = np.diff(np.unique(codes)).round().astype(int)
    return steps.sum() < 2 * len(codes) * np.gcd.reduce(steps) or bool(_ID.search(str(name)))


def _warn_of_traps(frame: pd.DataFrame, schema: Schema, meant: Sequence[str]) -> None:
    """One warning a kind of trap, naming the columns and the way out."""
    ids, single, wide, skewed, dates, given = [], [], [], [], [], []
    for f in schema:
        if f.actionability == "free" and f.name not in meant and _GIVEN.search(str(f.name)):
            given.append(f.name)
        codes = f.codes(frame[f.name])
        codes = codes[~np.isnan(codes)]
        distinct = len(np.unique(codes))
        unique = len(codes) >= 30 and distinct > 0.97 * len(codes)
        if f.is_categorical and all(_DATE.fullmatch(str(level)) for level in f.categories):
            dates.append(f.name)
        elif distinct == 1 and not f.gaps:
            single.append(f.name)
        elif unique and (
            f.is_categorical
            or (f.step and f.actionability != "immutable" and _like_an_id(f.name, codes))
        ):
            ids.append(f.name)
        elif f.kind == "nominal" and len(f.categories) > MANY:
            wide.append(f.name)
        if not f.is_categorical and f.scale == "range":
            middle = np.subtract(*np.percentile(codes, [99, 1]))
            if 0 < SKEW * middle <= np.ptp(codes):
                skewed.append(f.name)
    traps = [
        (ids, "have another value in nearly every row, as an id has: leave them out of the table"),
        (
            dates,
            "hold dates as text, which have no order: give numbers, as the days since one of them",
        ),
        (single, "hold one value only, so nothing can be learnt from them: leave them out"),
        (wide, f"have more than {MANY} levels without order: join rare ones, or leave them out"),
        (
            skewed,
            f"have a range at least {SKEW} times as wide as that of the middle 98 % of the rows, so that "
            "a few rows set the cost of all others: pass robust={names}",
        ),
        (
            given,
            "may change freely, since nobody said otherwise, and their names say that nobody chooses them: "
            "name them in immutable=[...], in clocks=[...] if only time moves them, or, if it is meant, in "
            "free={names}",
        ),
    ]
    for names, what in traps:
        if names:
            warn(f"Columns {names} {what.format(names=names)}.")


_BORN = re.compile(r"(?i:(?<![a-z])birth)|(?<=[a-z])Birth")
# Names of what nobody chooses, as words of their own: age, Age_years, applicantSex, not wage or package.
_GIVEN = re.compile(
    r"(?i:(?<![a-z])(?:age|sex|gender|race|ethnic(?:ity)?|birth(?:date|day|place)?|nationality)(?![a-z]))"
    r"|(?<=[a-z])(?:Age|Sex|Gender|Race|Birth)(?![a-z])"
)


# -- numbers as text ----------------------------------------------------------------------------


def _written(value: float, beside: float | None, money: bool) -> str:
    """A number in decimals, with as many digits as tell it from another; money to the cent."""
    if value == round(value):
        return f"{value:,d}" if isinstance(value, int) else f"{value + 0.0:,.0f}"  # no −0
    places = _places(value)
    if beside is not None and beside == beside:
        while value != beside and round(value, places) == round(beside, places):
            places += 1
    whole, _, decimals = f"{value:,.{places}f}".partition(".")
    decimals = decimals.rstrip("0")
    if money or abs(value) >= 1000:
        decimals = decimals.ljust(2, "0")  # to the cent
    return f"{whole}.{decimals}" if decimals else whole


def _places(value: float) -> int:
    """How many decimals are four digits, or cents."""
    return max(2, 3 - math.floor(math.log10(abs(value))))


def _is_date(feature: Feature, values: np.ndarray) -> bool:
    """Whether whole numbers are years of the calendar, by what they are or what they are called."""
    called = re.search(r"(?<![a-zA-Z])year(?![a-z])|Year(?![a-z])", str(feature.name))
    first, last = (1000, 2999) if called else (1900, 2100)
    return feature.step == 1 and bool(((values >= first) & (values <= last)).all())


# -- small questions ----------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's own, which JSON can write; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _label(row: object) -> object:
    """A row's label as it is best printed."""
    if isinstance(row, tuple):
        return tuple(_plain(part) for part in row)
    return str(row) if isinstance(row, _DATES) else _plain(row)


def _is_bool(value: object) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_missing(value: object) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _interval(low: object, high: object) -> str:
    ends = (
        f"{end:g}" if _is_number(end) else str(end) if end is not None else infinity
        for end, infinity in ((low, "−∞"), (high, "∞"))
    )
    return " … ".join(ends)


def _nearest(name: object, known: Sequence) -> str:
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def _check_lists(asked: Mapping[str, Sequence]) -> None:
    for argument, names in asked.items():
        if isinstance(names, str):
            raise SchemaError(f"{argument}={names!r} is one name; write [{names!r}].")


def _check_shape(frame: pd.DataFrame, names: Sequence = ()) -> None:
    if not isinstance(frame, pd.DataFrame):
        kind = type(frame)
        found = f"{kind.__module__.partition('.')[0]}.{kind.__name__}".removeprefix("builtins.")
        raise SchemaError(f"Expected a pandas DataFrame, found {found}; {_as_frame(frame, names)}")
    if not len(frame):
        raise SchemaError("The table has no rows; give at least one person.")
    if isinstance(frame.columns, pd.MultiIndex):
        raise SchemaError(
            f"The table's columns have {frame.columns.nlevels} levels of names; rename them first: "
            "frame.columns = ['_'.join(map(str, c)) for c in frame.columns]."
        )
    if not frame.columns.is_unique:
        name = frame.columns[frame.columns.duplicated()][0]
        raise SchemaError(f"Column {name!r} stands in the table twice; keep one.")


def _as_frame(table: object, names: Sequence) -> str:
    """How something that is no DataFrame becomes one."""
    if hasattr(table, "to_pandas"):
        return "use table.to_pandas()."
    if isinstance(table, pd.Series):
        return "for one person use frame.loc[[label]]."
    if isinstance(table, Mapping):
        rows = any(np.ndim(value) for value in table.values())
        return f"use pandas.DataFrame({'table' if rows else '[person]'})."
    if isinstance(table, np.ndarray):
        return f"use pandas.DataFrame(array, columns={list(names) or 'names'})."
    return "use pandas.DataFrame(rows)."
