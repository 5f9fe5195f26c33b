"""The answer, in the user's own units: what could change, what it costs, how sure the model is.

Every method of the package answers with a :class:`Recourses`. It can be read as a table, as
sentences, as HTML or as JSON; all of them are views of the same few pandas objects.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
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
        missing = self.frame.isna()
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
        if not pd.api.types.is_hashable(person) or person not in known:
            few = ", ".join(map(repr, known[:SHOWN].tolist()))
            more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
            raise GenReError(f"No person is labelled {person!r}; known: {few}{more}.")

    # -- as data --------------------------------------------------------------------------------

    @property
    def found(self) -> pd.Series:
        """Whether each row of ``frame`` holds an option: bool, aligned with ``frame``."""
        return self.frame.notna().any(axis=1).rename("found")

    def best(self) -> pd.DataFrame:
        """Option 0 of each person, one row a person; NaN where none was found."""
        return self.frame.xs(0, level=1)

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
        return {j: (a, b) for j, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}

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
        tidy = pd.DataFrame(rows, columns=["person", "option", "feature", "from", "to"])
        return tidy.astype({"from": object, "to": object})

    def to_dict(self) -> dict:
        """Everything, in Python's own types; None where there is no number."""
        return {
            "method": self.method,
            "outcome": self.outcome,
            "seconds": _number(self.seconds),
            "people": [self._person_to_dict(person) for person in self],
        }

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
                {"feature": self.schema.names[j], "from": before, "to": after}
                for j, (before, after) in changed.items()
            ],
            "values": self._values(self._cells[1][row]) if found else None,
        }

    def _values(self, cells: np.ndarray) -> dict[str, object]:
        return dict(zip(self.schema.names, cells, strict=True))

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
        if probability >= 0.5:
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


def _native(column: pd.Series, dtype: object) -> np.ndarray:
    # A row of NaN makes a column of whole numbers floating; its values are whole all the same.
    whole = pd.api.types.is_integer_dtype(dtype)
    cells = np.empty(len(column), dtype=object)
    for i, value in enumerate(column.astype(object).tolist()):
        value = value.item() if isinstance(value, np.generic) else value
        cells[i] = int(value) if whole and value == value and value == round(value) else value
    return cells


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _sentence(feature: Feature, before: object, after: object) -> str:
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
