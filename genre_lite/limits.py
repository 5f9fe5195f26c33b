"""What an answer may be: every term compiled to one mask while writing.

Terms come from the schema (direction, what is immutable, bounds of advice, the largest step, clocks,
relations) and from the person who asks (what they freeze, their own bounds, at most k changes, how
long they would wait). :class:`Limits` compiles both for some people. It answers two questions:

* *Which values may come next*, given what is written so far? (:class:`~genre_lite.writing.Writing`,
  a mask a feature.)
* *Does a whole answer keep every term?* (:meth:`Limits.keeps`; :meth:`Limits.broken` names the terms.)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from .codec import Codec
from .errors import GenReError
from .feature import Feature, plain
from .relations import Relation
from .settings import Number
from .terms import Terms
from .writing import Writing

__all__ = ["Limits"]

CLOSE = 1e-9  # rounding of the unit cube
BY_PERSON = (
    *("cube", "own", "low", "high", "fixed", "allowed", "price", "most", "wait", "_patience"),
)
LONGEST = 100  # years that anybody would wait
PATIENT = 5  # years, where it is asked what waiting would have brought


@dataclass(frozen=True)
class Piece:
    """One term on one feature: how it narrows what a changed value may be, each of shape (people,)."""

    name: str
    feature: int
    low: np.ndarray | float = -np.inf
    high: np.ndarray | float = np.inf
    fixed: np.ndarray | bool = False


class Limits:
    """The terms of some people, compiled.

    Parameters
    ----------
    codec
        Fitted; its schema's terms hold for all.
    people
        One row a person, validated.
    terms
        Their own.
    unread
        Names of features that the bank does not read; they stay, unless a relation ties them to others.

    Attributes
    ----------
    cube, own
        The people in the cube and as tokens, (people, d).
    low, high
        Where in the cube a value that changes may lie, (people, d). A value that stays may lie
        anywhere.
    fixed
        What may not change at all, booleans of shape (people, d); clocks are, they move by waiting.
    allowed
        Which tokens may be written, whatever else is, (people, d, v). The own token means "stays".
    price
        What a whole range of each feature costs, (people, d).
    most, wait
        How many features may change, and how many years may pass within the terms of the clocks, (people,).

    Raises
    ------
    GenReError
        Naming the feature or the person, if a term contradicts itself or nobody is so called.

    Examples
    --------
    >>> from genre_lite import Schema
    >>> frame = pd.DataFrame({"income": [1.0, 2.0, 3.0, 4.0], "age": [20, 30, 40, 50]})
    >>> codec = Codec(Schema.infer(frame, increasing=["income"], clocks=["age"])).fit(frame)
    >>> limits = Limits(codec, frame.iloc[[1]], Terms(bounds={"income": (None, 3.0)}))
    >>> limits.allowed[0].astype(int).tolist()
    [[0, 1, 1, 0], [0, 1, 0, 0]]
    """

    def __init__(
        self,
        codec: Codec,
        people: pd.DataFrame,
        terms: Terms | None = None,
        unread: Sequence = (),
    ) -> None:
        self.codec = codec
        self.terms = terms or Terms()
        self.cube = codec.cube(people)
        self.own = codec.tokens(self.cube)
        self._labels = people.index
        self.clocks = np.array([f.actionability == "clock" for f in codec.schema])
        relations = [Relation.parse(text, codec.schema) for text in codec.schema.relations]
        self.relations = tuple(relations)
        place = codec.schema.names.index
        self.touched = [[place(name) for name in r.names] for r in relations]
        self.defined = {place(r.defines): r for r in relations if r.defines is not None}
        values = self.values(self.cube)
        # What did not hold before need not hold after.
        self.active = np.stack(
            [r.holds(values) for r in relations] or [np.zeros(len(people), bool)], axis=1
        )[:, : len(relations)]
        years = self._numbers(
            self.terms.wait,
            "wait",
            lambda w: 0 <= w <= LONGEST,
            f"the years that a person would wait, from 0 to {LONGEST}",
        )
        self._patience = np.floor(years).astype(int)
        tied = {name for relation in relations for name in relation.names}
        self._unread = set(unread) - tied
        self._pieces = list(self._compile())
        d = len(codec.schema)
        most = self._numbers(
            self.terms.max_changes,
            "max_changes",
            lambda m: m >= 1 and m == int(m),
            "a whole number, 1 or more; left out, there is no limit",
            none=d,
        )
        self.most = most.astype(int)
        self.price = self._prices()
        self._assemble()

    # -- compiling ------------------------------------------------------------------------------

    def _each(self, value: object, name: str) -> np.ndarray:
        """One value a person, (people,) of objects."""
        if isinstance(value, Mapping):
            value = pd.Series(value, dtype=object)
        if not isinstance(value, pd.Series):
            each = np.empty(len(self._labels), dtype=object)
            each.fill(value)
            return each
        missing = self._labels.difference(value.index)
        if len(missing):
            raise GenReError(
                f"{name} names no value for person {missing[0]}; give one for each who asks."
            )
        return value.loc[self._labels].to_numpy(dtype=object)

    def _numbers(
        self,
        value: object,
        name: str,
        fine: Callable[[float], bool],
        wanted: str,
        none: float | None = None,
    ) -> np.ndarray:
        """One number a person, (people,): finite and ``fine``, or ``none`` where that is said or nothing."""
        by_person = isinstance(value, Mapping | pd.Series)
        numbers = np.empty(len(self._labels))
        for i, one in enumerate(self._each(value, name) if by_person else [value]):
            if none is not None and (one is None or one is pd.NA or one != one):
                numbers[i if by_person else slice(None)] = none
            elif one in Number() and (np.isfinite(one) or one == none) and fine(float(one)):
                numbers[i if by_person else slice(None)] = one
            else:
                whose = f" for person {self._labels[i]}" if by_person else ""
                raise GenReError(f"{name} is {plain(one)!r}{whose}; give {wanted}.")
        return numbers

    def _feature(self, name: Any, term: str) -> int:
        names = self.codec.schema.names
        if name not in names:
            raise GenReError(f"{term} names {name!r}, which is no feature; known: {names}.")
        return names.index(name)

    def _compile(self) -> Iterator[Piece]:
        for j, f in enumerate(self.codec.schema):
            yield from self._schema_pieces(j, f)
        frozen = self._each(self.terms.freeze, "freeze")
        asked: dict[int, np.ndarray] = {}
        for i, names in enumerate(frozen):
            if isinstance(names, str):
                raise GenReError(f"freeze={names!r} is one name; write [{names!r}].")
            for name in names if names is not None else ():
                asked.setdefault(self._feature(name, "freeze"), np.zeros(len(frozen), bool))[i] = 1
        for j, who in asked.items():
            yield Piece(f"{self.codec.schema.names[j]}: frozen", j, fixed=who)
        for name, bound in (self.terms.bounds or {}).items():
            j = self._feature(name, "bounds")
            pairs = self._each(bound, f"bounds of {name!r}") if not _is_pair(bound) else [bound]
            ends = np.array([self._bound(j, pair) for pair in pairs], dtype=float)
            yield self._bounded(j, *np.broadcast_to(ends, (len(self._labels), 2)).T)
        for name, step in (self.terms.largest or {}).items():
            j = self._feature(name, "largest")
            if self.codec.schema[j].kind == "nominal":
                raise GenReError(
                    f"largest of {name!r}: its levels have no order, so no step is larger than another; "
                    f"freeze=[{name!r}] keeps it as it is."
                )
            wanted = "a number above 0, or None for no limit"
            said = f"largest of {name!r}"
            yield self._stepped(j, self._numbers(step, said, lambda m: m > 0, wanted, none=np.inf))

    def _schema_pieces(self, j: int, f: Feature) -> Iterator[Piece]:
        mine = self.cube[:, j]
        gap = np.isnan(mine)  # a gap has no side
        if f.actionability == "immutable":
            yield Piece(f"{f.name}: immutable", j, fixed=True)
        elif f.name in self._unread and not self.clocks[j]:
            yield Piece(f"{f.name}: the bank does not read it", j, fixed=True)
        elif f.actionability == "increasing":
            yield Piece(f"{f.name}: only up", j, low=np.where(gap, -np.inf, mine))
        elif f.actionability == "decreasing":
            yield Piece(f"{f.name}: only down", j, high=np.where(gap, np.inf, mine))
        if f.bounds is not None:
            yield self._bounded(j, *self._bound(j, f.bounds))
        if f.largest is not None:
            yield self._stepped(j, np.full(len(mine), float(f.largest)))

    def _bound(self, j: int, pair: Any) -> tuple[float, float]:
        f = self.codec.schema[j]
        said = tuple(map(plain, pair)) if _is_pair(pair) else pair
        if f.kind == "nominal" or not _is_pair(pair):
            raise GenReError(
                f"bounds of {f.name!r} are {said!r}; give (lowest, highest) of a feature with an order, "
                "None for no bound."
            )
        ends = []
        for value, none in zip(pair, (-np.inf, np.inf), strict=True):
            if value is None:
                ends.append(none)
            elif f.is_categorical:
                if value not in f.categories:
                    raise GenReError(
                        f"bounds of {f.name!r} name {plain(value)!r}; its levels are {list(f.categories)}."
                    )
                ends.append(f.categories.index(value) / self.codec.width[j])
            elif not isinstance(value, (int, float, np.number)) or np.isnan(value):
                raise GenReError(f"bounds of {f.name!r} name {plain(value)!r}, which is no number.")
            else:
                ends.append((float(value) - self.codec.low[j]) / self.codec.width[j])
        if ends[0] > ends[1]:
            raise GenReError(f"bounds of {f.name!r} are {said!r}; the first lies above the second.")
        return ends[0], ends[1]

    def _bounded(self, j: int, low: np.ndarray | float, high: np.ndarray | float) -> Piece:
        return Piece(f"{self.codec.schema.names[j]}: bounds", j, low=low, high=high)

    def _stepped(self, j: int, most: np.ndarray) -> Piece:
        reach, mine = most / self.codec.width[j], self.cube[:, j]
        gap = np.isnan(mine)  # from which every step is as long
        low, high = np.where(gap, -np.inf, mine - reach), np.where(gap, np.inf, mine + reach)
        return Piece(f"{self.codec.schema.names[j]}: largest step", j, low=low, high=high)

    def _prices(self) -> np.ndarray:
        price = np.tile(self.codec.price, (len(self.cube), 1))
        for name, weight in (self.terms.weights or {}).items():
            j = self._feature(name, "weights")
            usual = float(self.codec.schema[j].weight)
            wanted = f"a number above 0; freeze=[{name!r}] keeps it as it is"
            said = f"weights of {name!r}"
            weights = self._numbers(weight, said, lambda w: w > 0, wanted, none=usual)
            price[:, j] *= weights / usual
        return price

    def _assemble(self) -> None:
        """Put the pieces together."""
        self.low, self.high = np.full(self.cube.shape, -np.inf), np.full(self.cube.shape, np.inf)
        self.fixed = np.zeros(self.cube.shape, dtype=bool)
        for piece in self._pieces:
            j = piece.feature
            self.low[:, j] = np.maximum(self.low[:, j], piece.low)
            self.high[:, j] = np.minimum(self.high[:, j], piece.high)
            self.fixed[:, j] |= piece.fixed
        self.fixed |= self.clocks  # but for waiting
        size = max(self.codec.sizes)
        self.allowed = np.zeros((*self.cube.shape, size), dtype=bool)
        for j, grid in enumerate(self.codec.grid):
            self.allowed[:, j, : len(grid)] = self.may_be(
                j, grid, np.arange(len(self.cube))[:, None]
            )
        np.put_along_axis(self.allowed, self.own[..., None], True, axis=2)
        self.wait = self._within()

    def _within(self) -> np.ndarray:
        """How many of the years that a person would wait the terms of the clocks let pass, (people,)."""
        wait, everybody = self._patience.copy(), np.arange(len(self.cube))
        pieces = [piece for piece in self._pieces if self.clocks[piece.feature]]
        # Clocks move together, so the first that stops stops all.
        for w in range(1, int(wait.max(initial=0)) + 1 if pieces else 0):
            then = self.after(np.full(len(wait), w), everybody)
            for piece in pieces:
                value, now = then[:, piece.feature], self.cube[:, piece.feature]
                stops = ~_same(value, now) & ((value > piece.high + CLOSE) | piece.fixed)
                wait = np.where(stops, np.minimum(wait, w - 1), wait)
        return wait

    def may_be(self, j: int, value: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether feature j of the people in ``rows`` may change to a value; shapes broadcast."""
        inside = (value >= self.low[rows, j] - CLOSE) & (value <= self.high[rows, j] + CLOSE)
        fine = inside & ~self.fixed[rows, j]
        if self.codec.schema[j].is_categorical:
            return fine
        return fine & ~(np.abs(value - self.cube[rows, j]) < self.visible(j, value, rows))

    def visible(self, j: int, value: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The least change that is one step, and that four digits show."""
        f, low, width = self.codec.schema[j], self.codec.low[j], self.codec.width[j]
        if f.step:
            return (f.step - 1e-6 * f.step) / width
        number = np.maximum(np.abs(value * width + low), np.abs(self.cube[rows, j] * width + low))
        return 10.0 ** (np.floor(np.log10(np.maximum(np.nan_to_num(number), 1e-12))) - 3) / width

    def grid(self, j: int) -> np.ndarray:
        """The values of feature j's tokens in the cube; NaN for a gap."""
        grid = self.codec.grid[j]
        return np.append(grid, np.nan) if self.codec.gap[j] >= 0 else grid

    # -- part of the people, or of the terms ----------------------------------------------------

    def __len__(self) -> int:
        return len(self.cube)

    def take(self, rows: np.ndarray) -> Self:
        """The same for some of the people, by their row numbers; a row may be named again."""
        other = copy.copy(self)
        for name in BY_PERSON:
            setattr(other, name, getattr(self, name)[rows])
        other.active, other._labels = self.active[rows], self._labels[rows]
        other._pieces = [
            replace(
                piece,
                **{
                    part: values[rows]
                    for part in ("low", "high", "fixed")
                    if isinstance(values := getattr(piece, part), np.ndarray) and values.ndim
                },
            )
            for piece in self._pieces
        ]
        return other

    @classmethod
    def joined(cls, parts: Sequence[Limits]) -> Limits:
        """Several limits of one codec as those of one crowd, to write for; it cannot name terms."""
        other = copy.copy(parts[0])
        for name in (*BY_PERSON, "active"):
            setattr(other, name, np.concatenate([getattr(part, name) for part in parts]))
        other._labels = parts[0]._labels.append([part._labels for part in parts[1:]])
        other._pieces = []
        return other

    def relaxed(self) -> Iterator[tuple[str, Self]]:
        """Each term by name, and the limits without it."""
        for name in dict.fromkeys(piece.name for piece in self._pieces):
            first = next(p for p in self._pieces if p.name == name)
            other = copy.copy(self)
            other._pieces = [piece for piece in self._pieces if piece.name != name]
            other._assemble()
            if not self.clocks[first.feature] or (other.wait > self.wait).any():
                yield name, other
        if (self.most < len(self.codec.schema)).any():
            other = copy.copy(self)
            other.most = np.full_like(self.most, len(self.codec.schema))
            most = self.most.min()
            yield f"at most {most} change{'s' * bool(most != 1)}", other
        if self.clocks.any():
            other = copy.copy(self)
            other._patience = self._patience + PATIENT
            other._assemble()
            if (other.wait > self.wait).any():
                yield f"no waiting beyond {self._patience.min()} years", other
        for r, relation in enumerate(self.relations):
            if self.active[:, r].any():
                other = copy.copy(self)
                other.active = self.active.copy()
                other.active[:, r] = False
                yield relation.text, other

    # -- whole answers --------------------------------------------------------------------------

    def values(self, cube: np.ndarray) -> dict[str, np.ndarray]:
        """Points in original units, levels as positions: a mapping by feature."""
        return {
            f.name: np.rint(cube[..., j] * self.codec.width[j])
            if f.is_categorical
            else cube[..., j] * self.codec.width[j] + self.codec.low[j]
            for j, f in enumerate(self.codec.schema)
        }

    def after(self, years: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Where the clocks of the people in ``rows`` stand after so many years: cube, (..., d)."""
        years = np.asarray(years)
        cube = self.cube[rows].copy()
        for j in np.flatnonzero(self.clocks):
            f, width = self.codec.schema[j], self.codec.width[j]
            if not f.is_categorical:
                cube[..., j] += years * f.a_year / width
            elif f.edges:
                cube[..., j] = _level_after(f.edges, np.rint(cube[..., j] * width), years) / width
        return cube

    def waited(self, points: np.ndarray, years: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Answers with so many years to wait in place of their own, (m, d)."""
        points = points.copy()
        points[:, self.clocks] = self.after(years, rows)[:, self.clocks]
        return self.follow(points, rows)

    def follow(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Points with what a relation computes computed again, such as a total; (m, d)."""
        for j, relation in self.defined.items():
            r = self.relations.index(relation)
            who = self.active[rows, r]
            if who.any():
                points = points.copy()
                own = self.values(self.cube[rows[who]])[relation.defines]
                value = relation.value(self.values(points[who]), own)
                value = (value - self.codec.low[j]) / self.codec.width[j]
                # Where a part is missing, what there was stays.
                points[who, j] = np.where(np.isnan(value), self.cube[rows[who], j], value)
        return points

    def years(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How many years have passed in each answer, (m,); −1 where its clocks disagree."""
        passed = np.full(len(points), -1)
        if not self.clocks.any():
            return np.zeros_like(passed)
        for w in range(int(self.wait[rows].max(initial=0)), -1, -1):
            then = self.after(np.full(len(rows), w), rows)[:, self.clocks]
            same = _same(then, points[:, self.clocks]).all(axis=1) & (w <= self.wait[rows])
            passed[same] = w
        return passed

    @property
    def computed(self) -> list[int]:
        """Features whose value follows from others or from time, so that it need not be a token's."""
        return sorted({*np.flatnonzero(self.clocks).tolist(), *self.defined})

    def changed(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Which features an answer changes, booleans of shape (m, d)."""
        return ~_same(points, self.cube[rows])

    def counted(self) -> np.ndarray:
        counted = ~self.clocks
        counted[list(self.defined)] = False
        return counted

    def _checks(
        self, points: np.ndarray, rows: np.ndarray
    ) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
        """Each term by name, and whether answers keep it."""
        moved = self.changed(points, rows)
        for piece in self._pieces:
            j = piece.feature

            def kept(piece: Piece = piece, j: int = j) -> np.ndarray:
                low, high, fixed = (
                    np.broadcast_to(part, len(self.cube))[rows]
                    for part in (piece.low, piece.high, piece.fixed)
                )
                value = points[:, j]
                inside = ~(value < low - CLOSE) & ~(value > high + CLOSE)
                return ~moved[:, j] | (inside & ~fixed)

            yield piece.name, kept
        if self.clocks.any():
            yield (
                "clocks: together, and no longer than the wait",
                lambda: self.years(points, rows) >= 0,
            )
        if (self.most[rows] < len(self.codec.schema)).any():
            yield (
                "max_changes",
                lambda: moved[:, self.counted()].sum(axis=1) <= self.most[rows],
            )
        yield "a gap is made", lambda: ~(np.isnan(points) & ~np.isnan(self.cube[rows])).any(axis=1)
        values = self.values(points)
        for r, relation in enumerate(self.relations):

            def holds(r: int = r, relation: Relation = relation) -> np.ndarray:
                return ~self.active[rows, r] | relation.holds(values)

            yield relation.text, holds

    def keeps(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether whole answers keep every term, (m,).

        Parameters
        ----------
        points
            Answers in the cube, (m, d).
        rows
            Whose each is, row numbers of shape (m,).
        """
        fine = np.ones(len(points), dtype=bool)
        for _, kept in self._checks(points, rows):
            fine &= kept()
        for j, f in enumerate(self.codec.schema):
            if not (f.is_categorical or self.clocks[j] or j in self.defined):
                move = np.abs(points[:, j] - self.cube[rows, j])
                tiny = (move > CLOSE) & (move < self.visible(j, points[:, j], rows))
                fine &= ~tiny
        return fine

    def broken(self, options: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        """Which terms answers break, by name: booleans, one column a term.

        Parameters
        ----------
        options
            Answers in original units, one row each.
        rows
            Whose each is, row numbers.
        """
        points = self.codec.cube(options)
        columns: dict[str, np.ndarray] = {}
        for name, kept in self._checks(points, rows):
            columns[name] = columns.get(name, False) | ~kept()
        return pd.DataFrame(columns, index=options.index)

    def graft(self, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Other people's values put onto one's own wherever the terms let them, (m, d)."""
        tokens, made = self.codec.tokens(points), self.cube[rows].copy()
        for j in range(points.shape[1]):
            may = self.allowed[rows, j, tokens[:, j]] & (tokens[:, j] != self.own[rows, j])
            made[:, j] = np.where(may, self.grid(j)[tokens[:, j]], made[:, j])
        return self.follow(made, rows)

    def writing(self, chance: np.ndarray) -> Writing:
        """Begin to write answers; ``chance`` (people, k) decides how long each lets time pass."""
        return Writing(self, np.floor(chance * (self.wait[:, None] + 1)).astype(int))


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equal up to rounding; two gaps are."""
    return (np.abs(a - b) <= CLOSE) | (np.isnan(a) & np.isnan(b))


def _is_pair(value: object) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _level_after(edges: Sequence, level: np.ndarray, years: np.ndarray) -> np.ndarray:
    """The level surely reached: whoever stands at the lower edge of theirs now is there then."""
    after = np.array(level, dtype=float)
    start = np.array([np.nan if e is None else e for e in edges], dtype=float)
    known = ~np.isnan(level)
    here = start[np.where(known, level, 0).astype(int)]
    for to, edge in enumerate(start):
        after = np.where(known & (here + years >= edge) & (to > after), to, after)
    return after
