"""The contract between a table and everything else.

A :class:`Schema` is an ordered tuple of :class:`~genre_lite.feature.Feature`. Tables are validated against it once, on
entry, and answers are checked against it on the way out. The order of the features is the order in
which the model writes an answer.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, SupportsIndex, overload

import numpy as np
import pandas as pd

from .errors import SchemaError, nearest
from .feature import Feature, bare, is_missing, is_number, label_of, plain
from .inference import BORN, feature_of, rounded, warn_of_traps
from .relations import Relation

__all__ = ["Refusal", "Schema"]


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


class Schema(Sequence[Feature]):
    """The features of a table, in order, and what must hold between them.

    Parameters
    ----------
    features
        The :class:`~genre_lite.feature.Feature` of each column, each name once.
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
            raise SchemaError(f"No feature named {name!r}{nearest(name, self.names)}")
        return self.names.index(name)

    def codes(self, frame: pd.DataFrame) -> dict[Hashable, np.ndarray]:
        """The columns as numbers by name, as :meth:`~genre_lite.feature.Feature.codes` gives them; each (rows,)."""
        return {f.name: f.codes(frame[f.name]) for f in self.features}

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
        that are called as age or sex are had better be named.

        Parameters
        ----------
        frame
            One row a person, without the outcome and without a column that only names people.
        immutable, increasing, decreasing
            Columns that nobody may be told to change; that can only go up; only down.
        clocks
            Columns that only time moves, as age.
        free
            Columns that are meant to change freely; nobody is warned of them.
        categorical
            Columns whose numbers are names.
        bounds, largest, weights
            By column, where advice must lie, how large a change may be, and how hard one range of it is.
        robust
            Columns whose cost is measured by the middle 98 % of the rows.
        relations
            What holds between columns, as ``"total = card + car"``.
        units, labels, edges
            By column, what it counts, what letters call it, and from how many years on a clock's level holds; see
            :class:`~genre_lite.feature.Feature`.

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

        Examples
        --------
        >>> people = pd.DataFrame({"income": [20, 35], "age": [30, 41], "job": ["clerk", "pilot"]})
        >>> schema = Schema.infer(people, clocks=["age"], units={"income": "euros"})
        >>> {f.name: (f.kind, f.actionability) for f in schema}
        {'income': ('numeric', 'free'), 'age': ('numeric', 'clock'), 'job': ('nominal', 'free')}
        """
        _check_shape(frame)
        facts: dict[str, Mapping[str, Any] | None]
        facts = {"unit": units, "label": labels, "bounds": bounds, "largest": largest}
        facts |= {"weight": weights, "edges": edges, "scale": dict.fromkeys(robust, "robust")}
        asked = {"robust": robust, "categorical": categorical}
        _check_lists(asked)
        for name in (*categorical, *robust, *(n for given in facts.values() for n in given or ())):
            if name not in frame.columns:
                raise SchemaError(f"No column named {name!r}{nearest(name, list(frame.columns))}")
        features = []
        for name in frame.columns:
            feature = feature_of(frame[name], name, categorical=name in categorical)
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
            if BORN.search(str(name)):
                raise SchemaError(
                    f"Column {name!r} is called as when or where somebody was born, which time does not move; "
                    f"name it in immutable=[{name!r}], and in clocks a column that holds an age."
                )
        warn_of_traps(frame, schema, meant=free)
        related = cls(schema.features, relations)
        return cls(rounded(related, frame), relations)

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
                label, value = label_of(column.index[row]), plain(column.iloc[row])
                reason = f"Column {f.name!r}, row {label!r}: {f.explain(value, column.dtype)}"
                said = None if is_missing(value) else str(value)
                yield column.index[row], Refusal(reason, f.name, said)

    def _columns(self, frame: pd.DataFrame, extra: str) -> pd.DataFrame:
        if extra not in ("error", "ignore"):
            raise SchemaError(f"extra is {extra!r}; choose 'error' or 'ignore'.")
        _check_shape(frame, self.names)
        for name in self.names:
            if name not in frame.columns:
                raise SchemaError(
                    f"Column {name!r} is missing{nearest(name, list(frame.columns))} "
                    f"The schema needs {self.names}."
                )
        unknown = [name for name in frame.columns if name not in self.names]
        if unknown and extra == "error":
            raise SchemaError(
                f"Columns {unknown} are not in the schema; drop them (frame[schema.names]), or pass "
                "extra='ignore' where the call takes it."
            )
        if not frame.index.is_unique:
            row = label_of(frame.index[frame.index.duplicated()][0])
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
                    "at most": "" if f.largest is None else bare(f.largest),
                    "weight": "" if f.weight == 1 else f"{f.weight:g}",
                    "scale": "" if f.scale == "range" else f.scale,
                    "a year": "" if f.a_year is None else bare(f.a_year),
                    "edges": ", ".join("–" if e is None else bare(e) for e in f.edges),
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
                f"Feature {entry['name']!r} has no field {name!r}{nearest(name, list(_FIELDS))} "
                f"Fields: name, {', '.join(_FIELDS)}."
            )
        what, of = _FIELDS.get(name, ("", (object,)))
        truth = isinstance(value, bool) and name in _FIELDS and bool not in of
        if truth or not isinstance(value, of):
            raise SchemaError(f"Feature {entry['name']!r}: {name} is {value!r}; it must be {what}.")
    return Feature(**entry)


def _interval(low: object, high: object) -> str:
    ends = (
        bare(plain(end)) if is_number(end) else str(end) if end is not None else infinity
        for end, infinity in ((low, "−∞"), (high, "∞"))
    )
    return " … ".join(ends)


# -- the shape of a table -----------------------------------------------------------------------


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
