"""The answer as data, in the user's own units: what could change, what it costs, how sure the model is.

Every method of the package answers with a :class:`Recourses`. It can be read as a table, as
sentences, as HTML or as JSON; all of them are views of the same few pandas objects. The words are in
:mod:`~genre_lite.letters`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from . import serialization
from .errors import GenReError
from .letters import Letter, cards, headline, table
from .schema import Schema
from .wording import ENGLISH, Wording

__all__ = ["Recourses"]

SHOWN = 5  # people, in an error or a notebook


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
        From rows to V̂ and P̂, where the method has estimates of its own; JSON does not keep it.
    score : Series
        h(x): the probability of the favourable outcome for each person as they are. NaN if left out.
    terms : Series of dict
        What each person asked for (:class:`~genre_lite.terms.Terms`), by name, JSON-ready; what was
        not asked for is not in it. Empty if left out.
    origin : dict
        How the answer was made, JSON-ready: version, method, seed, choices, the fingerprint of the model
        and the bank's decision; see :mod:`~genre_lite.certificate`.

    Raises
    ------
    GenReError
        If the parts do not describe the same people, options and columns.

    Examples
    --------
    >>> from genre_lite import Feature
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
    >>> "- lower stay from 12 days to 2 days" in answer.describe("ana")
    True
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
    score: pd.Series = None
    terms: pd.Series = None
    origin: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = self.factual.index
        if self.score is None:
            object.__setattr__(self, "score", pd.Series(math.nan, people, name="score"))
        if self.terms is None:
            nothing = pd.Series([{}] * len(people), people, dtype=object, name="terms")
            object.__setattr__(self, "terms", nothing)
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
        for name in ("accepted", "score", "terms"):
            if not getattr(self, name).index.equals(people):
                raise GenReError(f"{name} is not aligned with factual; give it factual's index.")
        # A gap in a column that may have them is an answer like any other.
        missing = self._gaps[:, [not f.gaps for f in self.schema]].any(axis=1)
        self._refuse(missing & self._found, "has some values and lacks others")
        self._refuse(np.isnan(self.cost.to_numpy()) & self._found, "has values but no cost")
        unsure = np.isnan(self.probability.to_numpy())
        self._refuse(unsure & self._found, "has values but no probability")

    def _check_people(self) -> None:
        people = self.factual.index
        if not people.is_unique:
            twice = people[people.duplicated()][0]
            raise GenReError(f"Person {twice!r} stands in factual twice; give each one label.")
        if self.frame.index.nlevels != 2:
            raise GenReError(
                f"frame's index has {self.frame.index.nlevels} level(s); it needs (person, option)."
            )
        labels, options = (self.frame.index.get_level_values(level) for level in (0, 1))
        numbers = options.to_numpy()
        begins = self._begins[:-1]
        of = np.cumsum(numbers == 0) - 1
        in_turn = len(begins) == len(people) and (len(of) == 0 or of[0] == 0)
        if in_turn:
            expected = np.arange(len(of)) - begins[of]
            in_turn = bool((numbers == expected).all()) and people.take(of).equals(labels)
        if not in_turn:
            raise GenReError(self._out_of_turn(labels))

    def _out_of_turn(self, labels: pd.Index) -> str:
        rows = self.factual.index.get_indexer(labels)
        if (rows < 0).any():
            return f"Person {labels[rows < 0][0]!r} is in frame but not in factual."
        silent = np.setdiff1d(np.arange(len(self.factual)), rows)
        if len(silent):
            return (
                f"Person {self.factual.index[silent[0]]!r} has no option in frame; "
                "a row of NaN says that none was found."
            )
        return (
            "frame is out of order; it needs the people as in factual, "
            "each with the options 0, 1, 2, … in turn."
        )

    def _refuse(self, wrong: np.ndarray, what: str) -> None:
        if wrong.any():
            person, option = self.frame.index[wrong][0]
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

    def __getitem__(self, people: Any) -> Recourses:
        """The answers of one person, or of several in the order asked for.

        Several are a list or anything like it: an index, a Series, an array. For one option of one
        person, use ``answer.frame.loc[(person, option)]``.
        """
        single = isinstance(people, tuple) or not pd.api.types.is_list_like(people)
        if isinstance(people, tuple) and len(people) == 2 and self._place(people) is None:
            person, option = people
            if self._place(person) is not None:
                raise GenReError(
                    f"Pick people, not options: answer.frame.loc[({person!r}, {option!r})] is one "
                    f"option, and answer.describe({person!r}, {option!r}) tells it."
                )
        labels = [people] if single else list(people)
        which = np.array([self._at(label) for label in labels], dtype=int)
        spans = [np.arange(*self._begins[[i, i + 1]]) for i in which]
        rows = np.concatenate([np.empty(0, dtype=int), *spans])
        parts = {
            name: getattr(self, name).iloc[which]
            for name in ("factual", "accepted", "score", "terms")
        }
        parts |= {
            name: getattr(self, name).iloc[rows]
            for name in ("frame", "cost", "probability", "log_prob")
        }
        why = self.why
        if len(why):
            mine = [self._place(person) for person in why["person"]]
            why = why[np.isin([-1 if i is None else i for i in mine], which)]
        return replace(self, **parts, why=why.reset_index(drop=True), skipped={})

    def __repr__(self) -> str:
        found = self._found
        helped = (
            int(np.add.reduceat(found, self._begins[:-1]).astype(bool).sum()) if len(self) else 0
        )
        return (
            f"Recourses by {self.method}: {len(self)} {'person' if len(self) == 1 else 'people'}, {helped} with an option, "
            f"{int(self.accepted.sum())} already accepted; {int(found.sum())} options, "
            f"mean cost {self.cost.mean():.3f}"
        )

    def _place(self, person: Hashable) -> int | None:
        """A person's row in ``factual``; None if there is nobody so called."""
        try:
            at = self.factual.index.get_loc(person)
        except (KeyError, TypeError, pd.errors.InvalidIndexError):
            return None
        return at if isinstance(at, int) else None

    def _at(self, person: Hashable) -> int:
        at = self._place(person)
        if at is None:
            reason = self.why_skipped(person)
            if reason is not None:
                raise GenReError(f"Person {person} was skipped: {reason}")
            known = self.factual.index
            few = ", ".join(map(repr, known[:SHOWN].tolist()))
            more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
            raise GenReError(f"No person is labelled {person!r}; known: {few}{more}.")
        return at

    def why_skipped(self, person: Hashable) -> str | None:
        """What is wrong with the row of a person who was skipped; None for anybody else."""
        return self.skipped.get(person) if pd.api.types.is_hashable(person) else None

    # -- as data --------------------------------------------------------------------------------

    @cached_property
    def _begins(self) -> np.ndarray:
        """Where the rows of each person begin, and where those of the last one end."""
        numbers = self.frame.index.get_level_values(1).to_numpy()
        return np.append(np.flatnonzero(numbers == 0), len(numbers))

    @cached_property
    def _gaps(self) -> np.ndarray:
        return self.frame.isna().to_numpy()

    @cached_property
    def _found(self) -> np.ndarray:
        return np.asarray(~self._gaps.all(axis=1))

    @property
    def found(self) -> pd.Series:
        """Whether each row of ``frame`` holds an option: bool, aligned with ``frame``."""
        return pd.Series(self._found, self.frame.index, name="found")

    @property
    def options(self) -> pd.DataFrame:
        """The rows of ``frame`` that hold an option, in the dtypes of the people who asked.

        A gap in ``frame`` makes whole numbers fractions; here they are whole again.
        """
        return serialization.in_dtypes(self.frame[self._found], self.factual.dtypes.to_dict())

    def reasons(self) -> pd.DataFrame:
        """Why people have no option: evidence from what was tried, and no proof.

        Returns
        -------
        DataFrame
            Columns person, term, draws, found: with that term alone relaxed, how many of so many
            draws the bank accepts. Whoever was skipped has what is wrong with their row as the term.
        """
        rows = [
            {"person": person, "term": str(message), "draws": np.nan, "found": 0}
            for person, message in self.skipped.items()
        ]
        columns = ["person", "term", "draws", "found"]
        parts = [part for part in (self.why, pd.DataFrame(rows)) if len(part)]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True)[columns]

    def best(self) -> pd.DataFrame:
        """Option 0 of each person, one row a person; NaN where none was found.

        Where everybody has one, the columns have the dtypes of the people who asked. Where somebody has
        none, that row is NaN, which not every dtype can hold; ``answer.options.xs(0, level="option")`` is
        the first options alone, in those dtypes, for a model that is strict about them.
        """
        first = self.frame.iloc[self._begins[:-1]].droplevel(1)
        if not self._found[self._begins[:-1]].all():
            return first
        return serialization.in_dtypes(first, self.factual.dtypes.to_dict())

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray]:
        """People, and options, in Python's own types and None for a gap: (people or rows, features)."""
        dtypes = self.factual.dtypes
        people, options = (
            np.array([_native(table[n], dtypes[n]) for n in self.schema.names], dtype=object).T
            for table in (self.factual, self.frame)
        )
        return people, options

    @cached_property
    def _moved(self) -> np.ndarray:
        """Which features each row of ``frame`` changes; none where nothing was found."""
        people, options = self._cells
        of = np.repeat(np.arange(len(self)), np.diff(self._begins))
        return np.asarray(people[of] != options, dtype=bool) & self._found[:, None]

    def changes(self) -> pd.DataFrame:
        """What changes, and only that: one row for each person, option and changed feature.

        Returns
        -------
        DataFrame
            Columns person, option, feature, from, to; the values in their own units and types.
        """
        labels, names = self.factual.index, self.schema.names
        people, options = self._cells
        of = np.repeat(np.arange(len(self)), np.diff(self._begins))
        rows = [
            (labels[of[i]], int(i - self._begins[of[i]]), names[j], people[of[i], j], options[i, j])
            for i, j in zip(*np.nonzero(self._moved), strict=True)
        ]
        # As objects, for beside fractions whole numbers would become fractions.
        tidy = pd.DataFrame(
            rows, columns=["person", "option", "feature", "from", "to"], dtype=object
        )
        plain = ("person", "option", "feature")
        return tidy.assign(**{name: tidy[name].infer_objects() for name in plain})

    def person(self, person: Hashable) -> dict:
        """One person's answer in Python's own types; None where there is no value.

        Returns
        -------
        dict
            person, accepted, score, terms, factual, and options: a list of option, found, cost,
            probability, log_prob, changes (feature, from, to) and values.
        """
        return self._person(self._at(person))

    def _person(self, at: int) -> dict:
        now, lists = self._cells[0][at], self._lists
        return {
            "person": lists["label"][at],
            "accepted": lists["accepted"][at],
            "score": lists["score"][at],
            "terms": lists["terms"][at],
            "factual": dict(zip(self.schema.names, now, strict=True)),
            "options": [
                self._option(row, number, now)
                for number, row in enumerate(range(*self._begins[[at, at + 1]].tolist()))
            ],
        }

    def _option(self, row: int, number: int, now: np.ndarray) -> dict:
        found, names, after = self._lists["found"][row], self.schema.names, self._cells[1][row]
        return {
            "option": number,
            "found": found,
            **{name: self._lists[name][row] for name in ("cost", "probability", "log_prob")},
            "changes": [
                {"feature": names[j], "from": now[j], "to": after[j]}
                for j in np.flatnonzero(self._moved[row])
            ],
            "values": dict(zip(names, after, strict=True)) if found else None,
        }

    @cached_property
    def _lists(self) -> dict[str, list]:
        """What belongs to a person or an option in Python's own types, None where there is no number."""
        numbers = {
            name: _native(getattr(self, name), float)
            for name in ("score", "cost", "probability", "log_prob")
        }
        return numbers | {
            "label": [None if _missing(label) else label for label in self.factual.index.tolist()],
            "accepted": self.accepted.astype(bool).tolist(),
            "terms": self.terms.tolist(),
            "found": self._found.tolist(),
        }

    def to_dict(self) -> dict:
        """Everything but ``estimates``, in Python's own types; None where there is no number."""
        return serialization.to_dict(self)

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON text, one person a line; labels that JSON does not know become text."""
        return serialization.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Recourses:
        """The answer that :meth:`to_json` wrote, equal in all but ``estimates``.

        Labels that JSON does not know, such as dates, have become text.

        Raises
        ------
        GenReError
            If the text is no answer of this package.
        """
        return serialization.from_json(cls, text)

    def certificate(self, person: Hashable) -> dict:
        """How one person's answer was made, with hashes: JSON-ready, for the file and for an auditor.

        :func:`genre_lite.certificate.verify` checks it; see :func:`~genre_lite.certificate.certify`.
        """
        from .certificate import certify

        return certify(self, person)

    # -- for people to read ---------------------------------------------------------------------

    def headline(self, person: Hashable) -> str:
        """One person's answer in one line, as a table's title."""
        return headline(self, person)

    def table(self, person: Hashable) -> pd.DataFrame:
        """One person's options side by side: features × (now, option 0, option 1, …).

        A dot marks a value that stays. Options that were not found are left out, and so is the
        unchanged option of a person who was already accepted.
        """
        return table(self, person)

    def describe(
        self, person: Hashable, option: int | None = None, *, wording: Wording = ENGLISH
    ) -> str:
        """One person's answer as a letter in plain text.

        People who were skipped get one too: it says which entry of theirs cannot be read.

        Parameters
        ----------
        person
            The label of the person.
        option
            Which option to tell; all that were found if left out.
        wording
            The words, English if left out; see :class:`~genre_lite.wording.Wording`.

        Raises
        ------
        GenReError
            If the person or the option is not known.
        """
        return Letter(self, person, option, wording).text

    def to_html(self, *people: Hashable, wording: Wording = ENGLISH) -> str:
        """The same letters as accessible cards in HTML: of the people named, or of everybody.

        Values before and after stand on the two sides of an arrow, so nothing depends on colour.
        """
        return cards(self, people or [*self, *self.skipped], wording)

    def _repr_html_(self) -> str:
        return cards(self, [*self, *self.skipped], most=SHOWN)


def _native(column: pd.Series, dtype: object) -> list:
    """A column in Python's own types, None for a gap."""
    # A row of NaN makes a column of whole numbers floating; its values are whole all the same.
    whole = pd.api.types.is_integer_dtype(dtype)
    cells: list = []
    for cell, gap in zip(column.astype(object).tolist(), column.isna().tolist(), strict=True):
        if gap:
            cells.append(None)
            continue
        plain = cell.item() if isinstance(cell, np.generic) else cell
        cells.append(int(plain) if whole and plain == round(plain) else plain)
    return cells


def _missing(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
