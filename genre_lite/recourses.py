"""The answer, in the user's own units: what could change, what it costs, how sure the model is.

Every method of the package answers with a :class:`Recourses`. It can be read as a table, as
sentences, as HTML or as JSON; all of them are views of the same few pandas objects.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape

import numpy as np
import pandas as pd

from .errors import GenReError
from .schema import Feature, Schema

__all__ = ["Recourses"]

CARE = (
    "This describes how the model decides today. It is not a promise of acceptance, and not advice "
    "on causes: changing one thing in life may move others."
)
TO_TRY = (
    "What to try: let more features change, draw more candidates or lower the validity margin; "
    "and ask for a person to look at the decision."
)
UNCHANGED = "·"
# Characters a line: what a page of the book shows without scrolling.
WIDTH = 76
SHOWN = 5
# Colours are the page's own, so that a card can be read on a light and on a dark page.
STYLE = """<style>
.genre-recourse {overflow-x: auto; margin: 0 0 1.5em; color: inherit}
.genre-recourse table {border-collapse: collapse; margin: 0; color: inherit}
.genre-recourse caption {text-align: left; caption-side: top; color: inherit; padding: 0 0 .5em}
.genre-recourse th, .genre-recourse td {text-align: left; vertical-align: top; color: inherit;
  padding: .3em .8em; border: 0; border-bottom: 1px solid #8888; background: none}
.genre-recourse td.changed {font-weight: bold; box-shadow: inset 3px 0 0 currentColor}
.genre-recourse del {font-weight: normal; opacity: .8}
.genre-recourse ins {text-decoration-thickness: 2px}
</style>"""


@dataclass(frozen=True, eq=False, repr=False)
class Recourses:
    """Options for each person who asked, best first.

    Parameters
    ----------
    factual : DataFrame
        The people who asked, as they are: one row a person, the schema's columns, their units.
    frame : DataFrame
        The options: index (person, option) with the people in the order of ``factual`` and the
        options numbered 0, 1, … from the best; the same columns and units. A row of NaN says that
        none was found.
    cost : Series
        What each option asks for, C(x, x⁺); see :func:`~genre_lite.objectives.cost`.
    probability : Series
        The decision model's probability of the favourable outcome at each option.
    log_prob : Series
        log R(x⁺ | x) in nats, NaN for methods without a density.
    schema : Schema
        What the columns are.
    accepted : Series of bool
        Per person: whether the model already said yes. Their option 0 is themselves, at cost 0.
    method, outcome : str
        The names of the method and of the favourable outcome, for people to read.
    seconds : float
        How long the answer took, where measured.
    threshold : float
        The bank says yes above it; ``None`` where its model decides among several classes.
    why : DataFrame
        Evidence on people without an option; see :meth:`reasons`.
    skipped : dict
        People who could not be answered, and what is wrong with their rows.
    estimates : callable
        From rows to V̂ and P̂, where the method has estimates of its own.

    Raises
    ------
    GenReError
        If the parts do not describe the same people, options and columns.

    Examples
    --------
    >>> factual = pd.DataFrame({"stay": [12], "sex": ["f"]}, index=["ana"])
    >>> where = pd.MultiIndex.from_tuples([("ana", 0)], names=["person", "option"])
    >>> answer = Recourses(
    ...     factual,
    ...     frame=pd.DataFrame({"stay": [2], "sex": ["f"]}, index=where),
    ...     cost=pd.Series([0.5], where),
    ...     probability=pd.Series([0.83], where),
    ...     log_prob=pd.Series([-1.2], where),
    ...     schema=Schema([Feature("stay", unit="days"), Feature("sex", "nominal", ("f", "m"))]),
    ...     accepted=pd.Series([False], ["ana"]),
    ... )
    >>> answer.changes()
      person  option feature from to
    0    ana       0    stay   12  2
    >>> print(answer.describe("ana").splitlines()[3])
    - lower stay from 12 days to 2 days
    """

    factual: pd.DataFrame
    frame: pd.DataFrame
    cost: pd.Series
    probability: pd.Series
    log_prob: pd.Series
    schema: Schema
    accepted: pd.Series
    method: str = "GenRe"
    outcome: str = "the favourable decision"
    seconds: float = math.nan
    threshold: float | None = 0.5
    why: pd.DataFrame = field(default_factory=pd.DataFrame)
    skipped: dict = field(default_factory=dict)
    estimates: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    def __post_init__(self) -> None:
        for name in ("factual", "frame"):
            columns = list(getattr(self, name).columns)
            if columns != self.schema.names:
                raise GenReError(
                    f"{name} has the columns {columns}, the schema {self.schema.names}; "
                    f"use {name}[schema.names]."
                )
        self._check_people()
        for name in ("cost", "probability", "log_prob"):
            if not getattr(self, name).index.equals(self.frame.index):
                raise GenReError(f"{name} is not aligned with frame; give it frame's index.")
        if not self.accepted.index.equals(self.factual.index):
            raise GenReError("accepted is not aligned with factual; give it factual's index.")
        # A gap in a column that may have them is an answer like any other.
        missing = self.frame[[f.name for f in self.schema if not f.gaps]].isna()
        self._refuse(missing.any(axis=1) & self.found, "has some values and lacks others")
        self._refuse(self.cost.isna() & self.found, "has values but no cost")
        self._refuse(self.probability.isna() & self.found, "has values but no probability")

    def _check_people(self) -> None:
        if not self.factual.index.is_unique:
            twice = self.factual.index[self.factual.index.duplicated()][0]
            raise GenReError(f"Person {twice!r} stands in factual twice; give each one label.")
        if self.frame.index.nlevels != 2:
            raise GenReError(
                f"frame's index has {self.frame.index.nlevels} level(s); it needs (person, option)."
            )
        people, options = (self.frame.index.get_level_values(level) for level in (0, 1))
        rows = self.factual.index.get_indexer(people)
        if (rows < 0).any():
            stranger = people[rows < 0][0]
            raise GenReError(f"Person {stranger!r} is in frame but not in factual.")
        silent = np.setdiff1d(np.arange(len(self.factual)), rows)
        if len(silent):
            raise GenReError(
                f"Person {self.factual.index[silent[0]]!r} has no option in frame; "
                "a row of NaN says that none was found."
            )
        numbers = pd.Series(rows).groupby(rows).cumcount().to_numpy()
        if (np.diff(rows) < 0).any() or (options.to_numpy() != numbers).any():
            raise GenReError(
                "frame is out of order; it needs the people as in factual, "
                "each with the options 0, 1, 2, … in turn."
            )

    def _refuse(self, wrong: pd.Series, what: str) -> None:
        if wrong.any():
            person, option = wrong.index[wrong.to_numpy()][0]
            raise GenReError(
                f"Option {option} of person {person!r} {what}; "
                "fill it in, or make the whole row NaN if none was found."
            )

    # -- as a collection of people --------------------------------------------------------------

    def __len__(self) -> int:
        """The number of people."""
        return len(self.factual)

    def __iter__(self) -> Iterator[Hashable]:
        """The people's labels."""
        return iter(self.factual.index)

    def __getitem__(self, people: Hashable | list[Hashable]) -> Recourses:
        """The answers of one person, or of a list of people in their order here."""
        labels = people if isinstance(people, list) else [people]
        for label in labels:
            self._check_known(label)
        here = self.factual.index.isin(labels)
        rows = self.frame.index.get_level_values(0).isin(labels)
        parts = {name: getattr(self, name)[here] for name in ("factual", "accepted")}
        parts |= {
            name: getattr(self, name)[rows] for name in ("frame", "cost", "probability", "log_prob")
        }
        return replace(self, **parts)

    def __repr__(self) -> str:
        helped = int(self.found.groupby(level=0).any().sum())
        return (
            f"Recourses by {self.method}: {len(self)} people, {helped} with an option, "
            f"{int(self.accepted.sum())} already accepted; {int(self.found.sum())} options, "
            f"mean cost {self.cost.mean():.3f}"
        )

    def _check_known(self, person: Hashable) -> None:
        known = self.factual.index
        if pd.api.types.is_hashable(person) and person in self.skipped:
            raise GenReError(f"Person {person} was skipped: {self.skipped[person]}")
        if not pd.api.types.is_hashable(person) or person not in known:
            few = ", ".join(map(repr, known[:SHOWN].tolist()))
            more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
            raise GenReError(f"No person is labelled {person!r}; known: {few}{more}.")

    # -- as data --------------------------------------------------------------------------------

    @property
    def found(self) -> pd.Series:
        """Whether each row of ``frame`` holds an option: bool, aligned with ``frame``."""
        return self.frame.notna().any(axis=1).rename("found")

    @property
    def options(self) -> pd.DataFrame:
        """The rows of ``frame`` that hold an option, in the dtypes of the people who asked.

        A gap in ``frame`` makes whole numbers fractions; here they are whole again.
        """
        found = self.frame[self.found]
        return found.astype(
            {
                name: dtype
                for name, dtype in self.factual.dtypes.items()
                if found[name].dtype != dtype and _fits(found[name], dtype)
            }
        )

    def reasons(self) -> pd.DataFrame:
        """Why people have no option: evidence from what was tried, and no proof.

        Returns
        -------
        DataFrame
            Columns person, term, draws, found: with that term alone relaxed, how many of so many
            draws the bank accepts. Whoever was skipped has what is wrong with their row as the term.
        """
        rows = [
            {"person": person, "term": message, "draws": np.nan, "found": 0}
            for person, message in self.skipped.items()
        ]
        columns = ["person", "term", "draws", "found"]
        parts = [part for part in (self.why, pd.DataFrame(rows)) if len(part)]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True)[columns]

    def best(self) -> pd.DataFrame:
        """Option 0 of each person, one row a person; NaN where none was found.

        Where everybody has one, the columns have the dtypes of the people who asked.
        """
        first = self.frame.xs(0, level=1)
        if not first.notna().any(axis=1).all():
            return first
        return first.astype(
            {
                name: dtype
                for name, dtype in self.factual.dtypes.items()
                if first[name].dtype != dtype and _fits(first[name], dtype)
            }
        )

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Before and after in Python's own types, each of shape (rows of frame, features)."""
        people = self.frame.index.get_level_values(0)
        tables = (self.factual.loc[people], self.frame)
        before, after = (
            np.array([_native(table[n], self.factual[n].dtype) for n in self.schema.names]).T
            for table in tables
        )
        return before, after

    def _changed(self, row: int) -> dict[int, tuple[object, object]]:
        before, after = (cells[row] for cells in self._cells)
        return {
            j: (a, b)
            for j, (a, b) in enumerate(zip(before, after, strict=True))
            if a != b and not (_missing(a) and _missing(b))
        }

    def _rows(self, person: Hashable) -> list[int]:
        return np.flatnonzero(self.frame.index.get_level_values(0) == person).tolist()

    def _offers(self, person: Hashable) -> list[int]:
        if self.accepted.loc[person]:
            return []
        found = self.found.to_numpy()
        return [row for row in self._rows(person) if found[row]]

    def changes(self) -> pd.DataFrame:
        """What changes, and only that: one row for each person, option and changed feature.

        Returns
        -------
        DataFrame
            Columns person, option, feature, from, to; the values in their own units and types.
        """
        rows = [
            (*self.frame.index[row], self.schema.names[j], before, after)
            for row in np.flatnonzero(self.found)
            for j, (before, after) in self._changed(row).items()
        ]
        # As objects, for beside fractions whole numbers would become fractions.
        tidy = pd.DataFrame(
            rows, columns=["person", "option", "feature", "from", "to"], dtype=object
        )
        names = ("person", "option", "feature")
        return tidy.assign(**{name: tidy[name].infer_objects() for name in names})

    def to_dict(self) -> dict:
        """Everything, in Python's own types; None where there is no number."""
        return {
            "method": self.method,
            "outcome": self.outcome,
            "seconds": _number(self.seconds),
            "threshold": self.threshold,
            "schema": self.schema.to_dict(),
            "dtypes": {name: _told(dtype) for name, dtype in self.factual.dtypes.items()},
            "why": json.loads(self.why.to_json(orient="records")) if len(self.why) else [],
            "skipped": [{"person": p, "reason": text} for p, text in self.skipped.items()],
            "people": [self._person_to_dict(person) for person in self],
        }

    @classmethod
    def from_json(cls, text: str) -> Recourses:
        """The answer that :meth:`to_json` wrote.

        Labels that JSON does not know have become text.

        Raises
        ------
        GenReError
            If the text is no answer of this package.
        """
        try:
            data = json.loads(text)
            schema = Schema.from_dict(data["schema"])
            people = data["people"]
            labels = [_label(p["person"]) for p in people]
            dtypes = {name: data["dtypes"][str(name)] for name in schema.names}
            factual = _table([p["factual"] for p in people], labels, dtypes)
            options = [
                (label, o) for label, p in zip(labels, people, strict=True) for o in p["options"]
            ]
            where = pd.MultiIndex.from_tuples(
                [(label, o["option"]) for label, o in options], names=["person", "option"]
            )
            frame = _table([o["values"] or {} for _, o in options], where, dtypes)

            def column(name: str) -> pd.Series:
                values = [math.nan if o[name] is None else o[name] for _, o in options]
                return pd.Series(values, where, dtype=float, name=name)

            return cls(
                factual=factual,
                frame=frame,
                cost=column("cost"),
                probability=column("probability"),
                log_prob=column("log_prob"),
                schema=schema,
                accepted=pd.Series([p["accepted"] for p in people], factual.index),
                method=data["method"],
                outcome=data["outcome"],
                seconds=math.nan if data["seconds"] is None else data["seconds"],
                threshold=data["threshold"],
                why=pd.DataFrame(data["why"]),
                skipped={_label(entry["person"]): entry["reason"] for entry in data["skipped"]},
            )
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise GenReError(
                f"This is not an answer that Recourses.to_json wrote ({type(error).__name__}: {error})."
            ) from None

    def _person_to_dict(self, person: Hashable) -> dict:
        rows = self._rows(person)
        return {
            "person": person,
            "accepted": bool(self.accepted.loc[person]),
            "factual": self._values(self._cells[0][rows[0]]),
            "options": [self._option_to_dict(row) for row in rows],
        }

    def _option_to_dict(self, row: int) -> dict:
        found = bool(self.found.iloc[row])
        changed = self._changed(row) if found else {}
        return {
            "option": int(self.frame.index[row][1]),
            "found": found,
            "cost": _number(self.cost.iloc[row]),
            "probability": _number(self.probability.iloc[row]),
            "log_prob": _number(self.log_prob.iloc[row]),
            "changes": [
                {
                    "feature": self.schema.names[j],
                    "from": None if _missing(before) else before,
                    "to": None if _missing(after) else after,
                }
                for j, (before, after) in changed.items()
            ],
            "values": self._values(self._cells[1][row]) if found else None,
        }

    def _values(self, cells: np.ndarray) -> dict[str, object]:
        values = (None if _missing(cell) else cell for cell in cells)
        return dict(zip(self.schema.names, values, strict=True))

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text; labels that JSON does not know become text."""
        return json.dumps(
            self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2, default=str
        )

    # -- for people to read ---------------------------------------------------------------------

    def headline(self, person: Hashable) -> str:
        """One person's answer in one line."""
        self._check_known(person)
        if self.accepted.loc[person]:
            return f"Person {person}: already accepted, nothing needs to change"
        rows = self._offers(person)
        if not rows:
            return f"Person {person}: denied, and {self.method} found no option"
        option, changes = self.frame.index[rows[0]][1], len(self._changed(rows[0]))
        return (
            f"Person {person}: denied; option {option} changes {changes} of "
            f"{len(self.schema)} features"
        )

    def table(self, person: Hashable) -> pd.DataFrame:
        """One person's options side by side: features × (now, option 0, option 1, …).

        A dot marks a value that stays. Options that were not found are left out, and so is the
        unchanged option of a person who was already accepted.
        """
        self._check_known(person)
        now = self._cells[0][self._rows(person)[0]]
        columns = {"now": [f.format(value) for f, value in zip(self.schema, now, strict=True)]}
        for row in self._offers(person):
            changed = self._changed(row)
            columns[f"option {self.frame.index[row][1]}"] = [
                f.format(changed[j][1]) if j in changed else UNCHANGED
                for j, f in enumerate(self.schema)
            ]
        return pd.DataFrame(columns, index=pd.Index([f.title for f in self.schema], name="feature"))

    def describe(self, person: Hashable, option: int | None = None) -> str:
        """One person's answer in sentences.

        Parameters
        ----------
        person
            The label of the person.
        option
            Which option to tell; all that were found if left out.

        Raises
        ------
        GenReError
            If the person or the option is not known.
        """
        self._check_known(person)
        rows = self._rows(person)
        options = list(range(len(rows)))
        if option is not None and option not in options:
            raise GenReError(f"Person {person!r} has no option {option!r}; known: {options}.")
        if self.accepted.loc[person]:
            return f"Already accepted: nothing needs to change.\n\n{textwrap.fill(CARE, WIDTH)}"
        asked = [row for row in self._offers(person) if option in (None, row - rows[0])]
        told = [self._tell(row, numbered=len(rows) > 1) for row in asked]
        if not told:
            which = "option" if option is None else f"option {option}"
            told = [f"{self.method} found no {which} for you.\n{textwrap.fill(TO_TRY, WIDTH)}"]
        elif option is None and len(told) < len(rows):
            few = (
                f"{len(rows)} options were asked for. What else was found asks for the same changes, "
                "or nearly."
            )
            told.append(textwrap.fill(few, WIDTH))
        denied = f"You were denied {self.outcome}."
        return "\n\n".join([denied, *told, textwrap.fill(CARE, WIDTH)])

    def _tell(self, row: int, numbered: bool) -> str:
        changed = self._changed(row)
        name = f"Option {self.frame.index[row][1]}. " if numbered else ""
        heading = f"{name}If these changed, the model would {self._verdict(row)}:"
        lines = [_sentence(self.schema[j], *pair) for j, pair in changed.items()]
        same = ", ".join(f.title for j, f in enumerate(self.schema) if j not in changed)
        rest = [textwrap.fill(f"Everything else stays: {same}.", WIDTH)] if same else []
        return "\n".join([heading, *(lines or ["- nothing"]), *rest])

    def _verdict(self, row: int) -> str:
        probability = self.probability.iloc[row]
        if self.threshold is None or probability > self.threshold:
            return f"say yes with probability {probability:.2f}"
        return f"still say no (yes has probability {probability:.2f})"

    def to_html(self, person: Hashable | None = None) -> str:
        """An accessible card of one person, or of the first five of all.

        What changes is struck out and inserted beside an arrow, so nothing depends on colour.
        """
        if person is not None:
            self._check_known(person)
        people = [person] if person is not None else list(self)
        cards = [self._card(label) for label in people[:SHOWN]]
        if len(people) > SHOWN:
            cards.append(f"<p>and {len(people) - SHOWN} more</p>")
        return "\n".join([STYLE, *cards, f"<p><small>{CARE}</small></p>"])

    def _repr_html_(self) -> str:
        return self.to_html()

    def _card(self, person: Hashable) -> str:
        rows = self._offers(person)
        heads = ["now", *(f"option {self.frame.index[row][1]}" for row in rows)]
        changed = [self._changed(row) for row in rows]
        now = self._cells[0][self._rows(person)[0]]
        body = [
            _html_row(
                f.title,
                [
                    f"<td>{escape(f.format(now[j]))}</td>",
                    *(_html_cell(f, c.get(j)) for c in changed),
                ],
            )
            for j, f in enumerate(self.schema)
        ]
        if rows:
            yes = [f"<td>{self.probability.iloc[row]:.2f}</td>" for row in rows]
            cost = [f"<td>{self.cost.iloc[row]:.2f}</td>" for row in rows]
            body.append(_html_row("probability of yes", ["<td></td>", *yes]))
            body.append(_html_row("cost", ["<td></td>", *cost]))
        caption = escape(self.headline(person))
        columns = "".join(f'<th scope="col">{head}</th>' for head in ("feature", *heads))
        return (
            f'<div class="genre-recourse" role="region" tabindex="0" aria-label="{caption}">'
            f"<table><caption>{caption}</caption>\n<thead><tr>{columns}</tr></thead>\n"
            f"<tbody>{''.join(body)}</tbody></table></div>"
        )


def _fits(column: pd.Series, dtype: object) -> bool:
    """Whether every value can be held by a dtype."""
    try:
        cast = column.astype(dtype)
    except (TypeError, ValueError):
        return False
    same = (cast.astype(object) == column.astype(object)) | (cast.isna() & column.isna())
    return bool(same.fillna(False).all())


def _native(column: pd.Series, dtype: object) -> np.ndarray:
    # A row of NaN makes a column of whole numbers floating; its values are whole all the same.
    whole = pd.api.types.is_integer_dtype(dtype)
    cells = np.empty(len(column), dtype=object)
    for i, value in enumerate(column.astype(object).tolist()):
        if not pd.api.types.is_list_like(value) and pd.isna(value):
            cells[i] = math.nan
            continue
        value = value.item() if isinstance(value, np.generic) else value
        cells[i] = int(value) if whole and value == round(value) else value
    return cells


def _label(label: object) -> Hashable:
    return tuple(label) if isinstance(label, list) else label


def _table(rows: list[dict], labels: object, dtypes: dict[str, str]) -> pd.DataFrame:
    """Rows from JSON in the dtypes they had, where these can hold them."""
    index = pd.Index(labels) if isinstance(labels, list) else labels
    # JSON makes names that are numbers text.
    frame = pd.DataFrame(rows, index, columns=[str(name) for name in dtypes])
    frame.columns = list(dtypes)
    for name, dtype in dtypes.items():
        if isinstance(dtype, dict):
            dtype = pd.CategoricalDtype(dtype["categories"], dtype["ordered"])
        if str(frame[name].dtype) != dtype and _fits(frame[name], dtype):
            frame[name] = frame[name].astype(dtype)
    return frame


def _told(dtype: object) -> str | dict:
    """A dtype as JSON-ready data."""
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": dtype.categories.tolist(), "ordered": bool(dtype.ordered)}
    return str(dtype)


def _missing(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _sentence(feature: Feature, before: object, after: object) -> str:
    if _missing(before):
        return f"- state {feature.title}: {feature.format(after)}"
    if feature.kind == "nominal":
        verb = "change"
    else:
        rank = feature.categories.index if feature.is_categorical else float
        verb = "raise" if rank(after) > rank(before) else "lower"
    return f"- {verb} {feature.title} from {feature.format(before)} to {feature.format(after)}"


def _html_row(title: str, cells: list[str]) -> str:
    return f'<tr><th scope="row">{escape(title)}</th>{"".join(cells)}</tr>\n'


def _html_cell(feature: Feature, change: tuple[object, object] | None) -> str:
    if change is None:
        return f'<td aria-label="unchanged">{UNCHANGED}</td>'
    before, after = (escape(feature.format(value)) for value in change)
    return f'<td class="changed"><del>{before}</del> → <ins>{after}</ins></td>'
