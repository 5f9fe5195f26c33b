"""What a column is, and what a person may change in it."""

from __future__ import annotations

import datetime
import difflib
import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from .errors import SchemaError, nearest

__all__ = ["Feature"]

KINDS = ("numeric", "ordinal", "nominal")
ACTIONABILITY = ("free", "immutable", "increasing", "decreasing", "clock")
SCALES = ("range", "robust")
LARGEST = 1e30  # a number that nobody means
FEW = 5  # levels in a message
DATES = (datetime.date, datetime.timedelta, np.datetime64, np.timedelta64, pd.Period)
DAYS_SINCE = (
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
    "us$",
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
_PER = re.compile(r" a | per |/")
ONE_OF = {"people": "person", "children": "child", "women": "woman", "men": "man", "feet": "foot"}
A_YEAR = {"year": 1.0, "month": 12.0, "week": 52.0, "day": 365.0}


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

        put("name", plain(self.name))
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
        put("categories", tuple(plain(level) for level in self.categories))
        put("edges", tuple(plain(years) for years in self.edges))
        for name in ("low", "high", "step", "largest", "weight", "a_year", "gaps"):
            put(name, plain(getattr(self, name)))
        if self.is_categorical:
            self._check_levels()
        else:
            self._check_numbers()
        self._check_change()
        if self.bounds is not None:
            put("bounds", self._checked_bounds(self.bounds))
        if self.actionability == "clock" and not self.is_categorical and self.a_year is None:
            word = _one((self.unit.split() or [""])[0])
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
        if any(is_missing(level) for level in self.categories):
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
        if not (is_number(self.weight) and 0 < self.weight < math.inf):
            raise self._wrong(
                f"weight is {self.weight}; it must be above 0. What may not change is immutable."
            )
        if self.a_year is not None and not 0 < self.a_year < math.inf:
            raise self._wrong(f"a_year is {self.a_year}; it must be above 0.")
        if self.largest is not None:
            if not (is_number(self.largest) and self.largest > 0):
                raise self._wrong(
                    f"largest is {self.largest!r}; it must be a number above 0. What may not change is immutable."
                )
            if self.largest < (1 if self.is_categorical else self.step or 0):
                raise self._wrong(
                    f"largest {self.largest} is less than one step, so nothing could change; "
                    "make it immutable."
                )

    def _checked_bounds(self, bounds: tuple) -> tuple:
        if not isinstance(bounds, (tuple, list, np.ndarray)) or len(bounds) != 2:
            raise self._wrong(f"bounds are {bounds!r}; give (low, high), None for no bound.")
        ends = tuple(plain(end) for end in bounds)
        if self.is_categorical:
            low, high = (end if end is None else self.position(end) for end in ends)
        else:
            low, high = ends = tuple(
                None if is_number(end) and math.isinf(end) else end for end in ends
            )
            if not all(end is None or is_number(end) for end in ends):
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

    @property
    def is_money(self) -> bool:
        """Whether the unit is one whose fractions are cents, or so much of it a month or a year."""
        return _one(_parts(self.unit)[0].lower()) in MONEY

    # -- values as numbers ----------------------------------------------------------------------

    @cached_property
    def _places(self) -> dict:
        """Position of each level; with its truth, as 1 == True in Python, but not in a table."""
        return {(is_bool(level), level): i for i, level in enumerate(self.categories)}

    def _look_up(self, values: pd.Series | pd.Index) -> np.ndarray:
        kinds = (str, int, float, np.generic)
        known = (v if isinstance(v, kinds) else None for v in values.tolist())
        return np.array([self._places.get((is_bool(v), v), np.nan) for v in known], dtype=float)

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
                return np.array([v if is_number(v) else np.nan for v in column], dtype=float)
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
        if is_missing(value):
            return (
                "the value is missing (NaN); fill it in or drop the row. A table with gaps in this "
                "column makes a schema that takes them."
            )
        if self.is_categorical:
            return self._unknown(value)
        if isinstance(value, DATES):
            return f"{value} is a date; {DAYS_SINCE}"
        if not is_number(value) or isinstance(dtype, pd.CategoricalDtype):
            kind = "a category" if is_number(value) else "not a number"
            return (
                f"{value!r} is {kind}; "
                "convert the column with pandas.to_numeric, or make the feature categorical."
            )
        if not math.isfinite(value) or abs(value) > LARGEST:
            what = (
                "larger than any model can read" if math.isfinite(value) else "not a finite number"
            )
            return f"{value} is {what}; correct it or drop the row."
        low, high = self._span
        return (
            f"{value} lies outside [{bare(low)}, {bare(high)}]; "
            "correct the value, or widen low and high in the schema."
        )

    def _unknown(self, value: object) -> str:
        value = plain(value)
        equal = [v for v in self.categories if is_number(value) and v == value]
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
        near = nearest(str(value), self.categories)
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
        if is_missing(value):
            return "missing"
        if self.is_categorical:
            return str(value)
        text = _written(plain(value), plain(beside) if is_number(beside) else None, self.is_money)
        year = self.unit == "year"
        text = text.translate({ord(","): "" if year else marks[0], ord("."): marks[1]})
        unit, per = ("", "") if year else _parts(self.unit)
        if text == "1":
            unit = _one(unit)  # 1 year, 1 hour a week
        return f"{text} {unit}{per}".rstrip()


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


def bare(value: float) -> str:
    """A number in decimals without a unit or marks of thousands, for tables and errors.

    Examples
    --------
    >>> [bare(value) for value in (0.25, 1234567.8, 7, float("inf"))]
    ['0.25', '1234567.80', '7', 'inf']
    """
    return _written(value, None, False).replace(",", "") if math.isfinite(value) else str(value)


def _parts(unit: str) -> tuple[str, str]:
    """What is counted, and what for each: ``"euros"`` and ``" a month"``, ``"m"`` and ``"/s"``."""
    per = _PER.search(unit)
    return (unit, "") if per is None else (unit[: per.start()], unit[per.start() :])


def _one(unit: str) -> str:
    """A unit in the singular, as far as its last letters tell.

    Examples
    --------
    >>> [_one(unit) for unit in ("years", "boxes", "countries", "glass", "ms", "people")]
    ['year', 'box', 'country', 'glass', 'ms', 'person']
    """
    if unit in ONE_OF:
        return ONE_OF[unit]
    if len(unit) > 4 and unit.endswith("ies"):
        return f"{unit[:-3]}y"
    if re.search(r"(ss|x|ch|sh)es$", unit):
        return unit[:-2]
    return unit[:-1] if len(unit) > 2 and re.search("[^s]s$", unit) else unit


def _places(value: float) -> int:
    """How many decimals are four digits, or cents."""
    return max(2, 3 - math.floor(math.log10(abs(value))))


# -- small questions ----------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A numpy scalar as Python's own, which JSON can write; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def label_of(row: object) -> object:
    """A row's label as it is best printed."""
    if isinstance(row, tuple):
        return tuple(plain(part) for part in row)
    return str(row) if isinstance(row, DATES) else plain(row)


def is_bool(value: object) -> bool:
    return isinstance(value, (bool, np.bool_))


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def is_missing(value: object) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))
