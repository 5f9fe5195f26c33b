"""What must hold between the values of one person: a total and its parts, a degree and an age.

A relation is a short text. It is parsed with Python's own grammar and then walked node by node; nothing
is ever evaluated as code, so a schema from a file is as harmless as the numbers in it.

==================  =====================================================
compare             ``<``  ``<=``  ``==``  ``!=``  ``>=``  ``>``, also chained
calculate           ``+``  ``-``  ``*``  ``/`` and numbers
combine             ``and``  ``or``  ``not``, ``if A then B``
a level             in quotes: ``degree == 'Doctor'``; ordered levels also with ``<``
a feature           its name; in backticks if it is no plain word: ```capital-gain```
==================  =====================================================
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from .errors import SchemaError

if TYPE_CHECKING:
    from .feature import Feature
    from .schema import Schema

__all__ = ["Relation"]

# Sums of decimal fractions are off by a rounding; what is equal but for that counts as equal.
TOLERANCE = 1e-9
MOST = 0.99  # of the rows; a relation that holds for fewer is worth a word
HALF = 0.5 + 1e-6  # of a step: how far a value that is rounded to its step may be off

CALCULATE: dict[type[ast.operator], Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARE: dict[type[ast.cmpop], Callable] = {
    ast.Lt: lambda a, b, same: (a < b) & ~same,
    ast.LtE: lambda a, b, same: (a < b) | same,
    ast.Eq: lambda a, b, same: same,
    ast.NotEq: lambda a, b, same: ~same,
    ast.GtE: lambda a, b, same: (a > b) | same,
    ast.Gt: lambda a, b, same: (a > b) & ~same,
}
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
STAND_IN = re.compile(r"__(\d+)__")


@dataclass(frozen=True)
class Relation:
    """A condition on the values of one person, as text and as a function of columns.

    Made by :meth:`parse`.

    Attributes
    ----------
    text
        The relation as it was written.
    names
        The features in it, in the order in which they appear.
    defines
        The numeric feature that the relation gives in terms of others, as in ``total == card + car``;
        ``None`` for any other relation.
    step
        That feature's step, to which its values are rounded: the relation holds within half of it. 0
        where it has none.

    Examples
    --------
    >>> import pandas as pd
    >>> from genre_lite import Schema
    >>> schema = Schema.infer(pd.DataFrame({"age": [20, 40], "degree": ["None", "Doctor"]}))
    >>> grown = Relation.parse("if degree == 'Doctor' then age >= 26", schema)
    >>> grown.names
    ('degree', 'age')
    >>> doctor = schema["degree"].categories.index("Doctor")
    >>> grown.holds({"age": np.array([20, 30]), "degree": doctor}).tolist()
    [False, True]
    """

    text: str
    names: tuple
    defines: Any = None
    step: float = 0.0
    _tree: tuple = field(default=(), repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, schema: Schema) -> Relation:
        """Read a relation between features of a schema.

        Raises
        ------
        SchemaError
            Quoting the text and the part that is not understood.
        """
        return _Parser(text, schema).relation()

    def holds(self, values: Mapping[Any, np.ndarray]) -> np.ndarray:
        """Whether the relation holds, booleans of the shape to which its values broadcast.

        ``values`` has a number or an array for each of ``names``: numbers in the column's own unit, a
        level as its position among the feature's categories. Where one of them is missing (NaN)
        nothing can be said, and the relation holds.
        """
        mine = {name: np.asarray(values[name], dtype=float) for name in self.names}
        unknown = False
        for value in mine.values():
            unknown = unknown | np.isnan(value)
        with np.errstate(all="ignore"):
            fine = _walk(self._tree, mine)
            if self.step:
                fine = fine | (np.abs(self.gap(values)) <= HALF * self.step)
            return fine | unknown

    def gap(self, values: Mapping[Any, np.ndarray]) -> np.ndarray:
        """By how much the feature that the relation defines is more than it must be."""
        return np.asarray(values[self.defines], dtype=float) - self.value(values)

    def value(self, values: Mapping[Any, np.ndarray], own: np.ndarray | None = None) -> np.ndarray:
        """What the feature that the relation defines must be; NaN where a part is missing.

        With ``own``, the person's value of it now, whole steps away from that.

        Raises
        ------
        SchemaError
            If the relation defines no feature.
        """
        if self.defines is None:
            raise SchemaError(
                f"Relation {self.text!r} defines no feature; write one alone on the left of ==."
            )
        parts = [name for name in self.names if name != self.defines]
        with np.errstate(all="ignore"):
            value = _walk(
                self._tree[3], {name: np.asarray(values[name], dtype=float) for name in parts}
            )
        if own is None or not self.step:
            return value
        start = np.nan_to_num(own)
        return start + np.rint((value - start) / self.step) * self.step


# A tree is nested tuples, so that a schema can be pickled and copied: ("name", feature),
# ("number", value), ("sum", operator, left, right), ("is", operator, left, right), ("and" | "or",
# parts), ("not", part), ("minus", part).


def _walk(tree: tuple, values: Mapping[Any, np.ndarray]) -> np.ndarray:
    what, *parts = tree
    if what == "name":
        return values[parts[0]]
    if what == "number":
        return np.asarray(parts[0])
    if what == "minus":
        return -_walk(parts[0], values)
    if what == "not":
        return ~_walk(parts[0], values)
    if what in ("and", "or"):
        join = np.logical_and if what == "and" else np.logical_or
        answer = _walk(parts[0][0], values)
        for part in parts[0][1:]:
            answer = join(answer, _walk(part, values))
        return answer
    sign, left, right = parts[0], _walk(parts[1], values), _walk(parts[2], values)
    if what == "sum":
        return CALCULATE[sign](left, right)
    size = np.maximum(_size(parts[1], values), _size(parts[2], values))
    same = (np.abs(left - right) <= TOLERANCE * size) | (left == right)
    return COMPARE[sign](left, right, same)


def _size(tree: tuple, values: Mapping[Any, np.ndarray]) -> np.ndarray:
    """How large the numbers are that an amount is made of, and so the rounding in it."""
    if tree[0] == "minus":
        return _size(tree[1], values)
    if tree[0] != "sum":
        return np.abs(_walk(tree, values))
    _, sign, left, right = tree
    if sign is ast.Div:
        return _size(left, values) / np.abs(_walk(right, values))
    join = operator.mul if sign is ast.Mult else operator.add
    return join(_size(left, values), _size(right, values))


class _Parser:
    """One text on its way to a tree."""

    def __init__(self, text: str, schema: Schema) -> None:
        if not isinstance(text, str):
            raise SchemaError(f"A relation is text, such as 'debts >= housing'; found {text!r}.")
        self.text, self.schema = text, schema
        self.names: list = []
        self.quoted: list[str] = []

    def wrong(self, what: str) -> SchemaError:
        return SchemaError(f"Relation {self.text!r}: {what}")

    def relation(self) -> Relation:
        # What stands in quotes is taken out first: it may hold the word "then", or a name with a blank.
        tree = self.condition(QUOTED.sub(self.put_aside, self.text))
        if not self.names:
            raise self.wrong("it names no feature of the schema.")
        defines = self.defined(tree)
        step = 0.0 if defines is None else float(self.feature(defines).step or 0)
        return Relation(self.text, tuple(dict.fromkeys(self.names)), defines, step, tree)

    def put_aside(self, match: re.Match) -> str:
        self.quoted.append(match.group())
        return f" __{len(self.quoted) - 1}__ "

    def aside(self, name: str) -> str | None:
        match = STAND_IN.fullmatch(name)
        place = int(match.group(1)) if match else len(self.quoted)
        return self.quoted[place] if place < len(self.quoted) else None

    def shown(self, text: str) -> str:
        put_back = STAND_IN.sub(lambda match: self.aside(match.group()) or match.group(), text)
        return " ".join(put_back.split())

    def defined(self, tree: tuple) -> object | None:
        if tree[0] == "is" and tree[1] is ast.Eq and tree[2][0] == "name":
            name = tree[2][1]
            once = self.names.count(name) == 1
            if once and not self.feature(name).is_categorical and len(self.names) > 1:
                return name
        return None

    # -- conditions -----------------------------------------------------------------------------

    def condition(self, text: str) -> tuple:
        text = text.strip()
        if re.match(r"if\b", text):
            first, *second = re.split(r"\bthen\b", text[2:], maxsplit=1)
            if not second:
                raise self.wrong("'if' without 'then'; write: if A then B.")
            return ("or", (("not", self.condition(first)), self.condition(second[0])))
        if re.search(r"(?<![=<>!])=(?!=)", text):
            raise self.wrong("a single '=' is not understood; write == for equality.")
        try:
            node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.wrong(
                f"{self.shown(text)!r} is not understood; write comparisons such as "
                "'debts >= housing', a level in quotes, and in backticks a name that is no plain word."
            ) from None
        return self.logic(node)

    def logic(self, node: ast.expr) -> tuple:
        if isinstance(node, ast.BoolOp):
            word = "and" if isinstance(node.op, ast.And) else "or"
            return (word, tuple(self.logic(part) for part in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ("not", self.logic(node.operand))
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = zip(node.ops, sides[:-1], sides[1:], strict=True)
            parts = tuple(self.comparison(*pair) for pair in pairs)
            return parts[0] if len(parts) == 1 else ("and", parts)
        raise self.wrong(f"{self.source(node)!r} is not a comparison, which a condition must be.")

    def comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> tuple:
        if type(op) not in COMPARE:
            raise self.wrong(
                f"{self.source(ast.Compare(left, [op], [right]))!r} is not understood; "
                "compare with <, <=, ==, !=, >= or >."
            )
        a, b = self.categorical(left), self.categorical(right)
        if a is not None and b is not None:
            if a.categories != b.categories:
                raise self.wrong(f"{a.name!r} and {b.name!r} have different levels.")
            self.ordered(op, a)
            self.ordered(op, b)
            return ("is", type(op), self.named(left), self.named(right))
        feature = a or b
        if feature is None:
            return ("is", type(op), self.amount(left), self.amount(right))
        self.ordered(op, feature)
        sides = (
            self.named(side) if f else ("number", float(self.level(side, feature)))
            for side, f in zip((left, right), (a, b), strict=True)
        )
        return ("is", type(op), *sides)

    def ordered(self, op: ast.cmpop, feature: Feature) -> None:
        if feature.kind == "nominal" and not isinstance(op, ast.Eq | ast.NotEq):
            raise self.wrong(
                f"the levels of {feature.name!r} have no order; compare with == or !=, or make the "
                "feature ordinal with its levels from low to high."
            )

    # -- what is compared -----------------------------------------------------------------------

    def amount(self, node: ast.expr) -> tuple:
        if isinstance(node, ast.Name):
            if self.text_of(node) is not None:
                raise self.wrong(
                    f"{self.source(node)} in quotes is a level, and no feature with levels stands "
                    "beside it."
                )
            feature = self.feature(self.name_of(node))
            if feature.is_categorical:
                raise self.wrong(
                    f"{feature.name!r} has named levels, so nothing can be calculated."
                )
            return self.named(node)
        if isinstance(node, ast.Constant) and _is_number(node.value):
            return ("number", float(node.value))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return ("minus", self.amount(node.operand))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.amount(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in CALCULATE:
            return ("sum", type(node.op), self.amount(node.left), self.amount(node.right))
        raise self.wrong(
            f"{self.source(node)!r} is not understood; only names, numbers and + - * / are."
        )

    def named(self, node: ast.expr) -> tuple:
        assert isinstance(node, ast.Name)
        name = self.feature(self.name_of(node)).name
        self.names.append(name)
        return ("name", name)

    def categorical(self, node: ast.expr) -> Feature | None:
        if isinstance(node, ast.Name) and self.text_of(node) is None:
            feature = self.feature(self.name_of(node))
            return feature if feature.is_categorical else None
        return None

    def level(self, node: ast.expr, feature: Feature) -> int:
        level: Any
        if isinstance(node, ast.Name) and self.text_of(node) is not None:
            level = self.text_of(node)
        else:
            sign, number = 1, node
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
                sign, number = -1, node.operand
            if not isinstance(number, ast.Constant) or (sign < 0 and not _is_number(number.value)):
                raise self.wrong(
                    f"{self.source(node)!r} stands beside {feature.name!r}, which has named levels; "
                    "compare it with one of them, in quotes."
                )
            level = sign * number.value if _is_number(number.value) else number.value
        if level not in feature.categories:  # '3' may mean the level 3
            level = {str(known): known for known in feature.categories}.get(level, level)
        try:
            return feature.position(level)
        except SchemaError as error:
            raise self.wrong(str(error)) from None

    def feature(self, name: object) -> Feature:
        try:
            return self.schema.features[self.schema.position(name)]
        except SchemaError as error:
            raise self.wrong(str(error)) from None

    def name_of(self, node: ast.Name) -> object:
        piece = self.aside(node.id)
        name = piece[1:-1] if piece else node.id
        # A column may be named by a number: `3` is then column 3.
        known = {str(known): known for known in self.schema.names}
        return known.get(name, name)

    def text_of(self, node: ast.Name) -> str | None:
        piece = self.aside(node.id)
        return piece[1:-1] if piece and piece[0] != "`" else None

    def source(self, node: ast.AST) -> str:
        return self.shown(ast.unparse(node))


def _is_number(value: object) -> TypeGuard[int | float]:
    return type(value) in (int, float)
