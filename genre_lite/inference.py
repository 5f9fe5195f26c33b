"""What a column of somebody's own table is, read off its values, and the traps that it may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .errors import SchemaError, kind_of, warn
from .feature import DATES, DAYS_SINCE, Feature, label_of
from .relations import HALF, MOST, Relation

if TYPE_CHECKING:
    from .schema import Schema

__all__ = ["feature_of", "rounded", "warn_of_traps"]

DIGITS = 6  # behind the point, at most, to which a column may be rounded
MANY = 50  # levels of one feature
SKEW = 20  # ranges as wide as the middle of the rows
_ID = re.compile(
    r"(?i:(^|[\W_])(id|nr|no|number|key|uuid)($|[\W_]))|[a-z](Id|ID|Nr|No|Number|Key|Ref)$"
    r"|(?i:(^|[\W_])(account|customer|client|case|policy|contract|iban|ssn|passport|phone|ref|reference)$)"
)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    r"(?i)\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?"
    rf"|(\d{{1,2}}[ .-]+)?{_MONTH}[ .,-]+(\d{{1,2}},? )?\d{{2,4}}|\d{{4}} {_MONTH}"
)
_STAMP = re.compile(r"(?i:time|date|stamp)|_at$|[a-z]At$|(?i:^ts$|_ts$)")
BORN = re.compile(r"(?i:(?<![a-z])birth)|(?<=[a-z])Birth")
# Names of what nobody chooses, as words of their own: age, Age_years, applicantSex, not wage or package.
_GIVEN = re.compile(
    r"(?i:(?<![a-z])(?:age|sex|gender|race|ethnic(?:ity)?|birth(?:date|day|place)?|nationality)(?![a-z]))"
    r"|(?<=[a-z])(?:Age|Sex|Gender|Race|Birth)(?![a-z])"
)


def feature_of(column: pd.Series, name: Any, categorical: bool) -> Feature:
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
            f"Column {name!r}, row {label_of(known.index[row])!r}: {values[row]} is not a finite number; "
            "correct it or drop the row."
        )
    feature = Feature(name, step=1.0 if (values == values.round()).all() else None, gaps=gaps)
    return replace(feature, unit="year") if _is_date(feature, values) else feature


def rounded(schema: Schema, frame: pd.DataFrame) -> list[Feature]:
    """The features, with a step for each that is what a relation defines, but for rounding."""
    features, values = {f.name: f for f in schema}, schema.codes(frame)
    for relation in (Relation.parse(text, schema) for text in schema.relations):
        if relation.defines is None or relation.step:
            continue
        mine, gap = values[relation.defines], np.abs(relation.gap(values))
        mine, gap = mine[~np.isnan(gap)], gap[~np.isnan(gap)]
        for digits in range(1, DIGITS + 1):
            step = 10.0**-digits
            if np.allclose(mine, mine.round(digits), rtol=0, atol=1e-6 * step):
                if len(gap) and (gap <= HALF * step).mean() >= MOST:
                    features[relation.defines] = replace(features[relation.defines], step=step)
                break
    return list(features.values())


def _check_type(values: pd.Series, name: object) -> None:
    dtype = values.dtype
    found, any_type = str(dtype), pd.api.types.is_object_dtype(dtype)
    if any_type:
        found = next((type(v).__name__ for v in values if isinstance(v, DATES)), "")
        odd = [v for v in values if not isinstance(v, (str, bool, int, float, np.generic))]
        if odd and not found:
            raise SchemaError(
                f"Column {name!r} holds {kind_of(odd[0])}, {odd[0]!r}; its values must be "
                "numbers, text or booleans."
            )
    if found and (isinstance(dtype, pd.PeriodDtype) or dtype.kind in "mM" or any_type):
        raise SchemaError(f"Column {name!r} holds dates ({found}); {DAYS_SINCE}")
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


def _like_dates(f: Feature, codes: np.ndarray) -> bool:
    """Whether values are dates as text, dates as numbers, 20151130, or by their name seconds since 1970."""
    if f.is_categorical:
        return all(_DATE.fullmatch(str(level)) for level in f.categories)
    if f.step != 1 or len(np.unique(codes)) < 3:
        return False
    if _STAMP.search(str(f.name)) and codes.min() > 1e8 and codes.max() < 1e10:
        return True
    year, month, day = codes // 10_000, codes // 100 % 100, codes % 100
    fine = (year >= 1800) & (year <= 2200) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return bool(fine.all())


def warn_of_traps(frame: pd.DataFrame, schema: Schema, meant: Sequence[str]) -> None:
    """One warning a kind of trap, naming the columns and the way out."""
    ids, single, wide, skewed, dates, given, blank = [], [], [], [], [], [], []
    for f in schema:
        if f.actionability == "free" and f.name not in meant and _GIVEN.search(str(f.name)):
            given.append(f.name)
        if any(isinstance(level, str) and not level.strip() for level in f.categories):
            blank.append(f.name)
        codes = f.codes(frame[f.name])
        codes = codes[~np.isnan(codes)]
        distinct = len(np.unique(codes))
        unique = len(codes) >= 30 and distinct > 0.97 * len(codes)
        if _like_dates(f, codes):
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
            "hold dates, which as text have no order and as such numbers no even steps: give the days since one of them",
        ),
        (
            blank,
            "have an empty text among their levels, which no letter can show: give it a name, or, where it "
            "stands for a missing value, make it one: frame.replace('', None)",
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


def _is_date(feature: Feature, values: np.ndarray) -> bool:
    """Whether whole numbers are years of the calendar, by what they are or what they are called."""
    called = re.search(r"(?<![a-zA-Z])year(?![a-z])|Year(?![a-z])", str(feature.name))
    first, last = (1000, 2999) if called else (1900, 2100)
    return feature.step == 1 and bool(((values >= first) & (values <= last)).all())
