"""What a setting may be: said once a class, and checked at the start of every fit.

A constructor stores and checks nothing, as scikit-learn has it, so that ``clone`` and ``set_params``
see every setting as it was given. ``fit`` checks, before it sets anything.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from .errors import GenReError
from .feature import plain

__all__ = ["Number", "OneOf", "Widths", "check", "require"]


@dataclass(frozen=True)
class Number:
    """Numbers from ``least`` on, below ``below``.

    Parameters
    ----------
    least, below
        The ends; infinity itself is a number below infinity.
    whole
        Whether it must be a whole number.
    above
        Whether ``least`` itself is left out.

    Examples
    --------
    >>> 0.5 in Number(0, 1), 1 in Number(0, 1), True in Number(0)
    (True, False, False)
    >>> print(Number(0, 1), Number(1, whole=True), Number(0, above=True), sep="; ")
    lie in [0, 1); be a whole number, 1 or more; be above 0
    """

    least: float = -math.inf
    below: float = math.inf
    whole: bool = False
    above: bool = False

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            return False
        number = float(value)
        fine = self.least < number if self.above else self.least <= number
        return (
            fine
            and (number < self.below or self.below == math.inf)
            and (not self.whole or isinstance(value, Integral))
        )

    def __str__(self) -> str:
        what = "be a whole number, " if self.whole else "be "
        if self.below < math.inf:
            span = f"{'(' if self.above else '['}{self.least:g}, {self.below:g})"
            return f"{what}in {span}" if self.whole else f"lie in {span}"
        return what + (f"above {self.least:g}" if self.above else f"{self.least:g} or more")


@dataclass(frozen=True)
class OneOf:
    """Some values, and no other.

    Examples
    --------
    >>> print(OneOf((True, False)))
    be one of True, False
    """

    values: tuple

    def __contains__(self, value: object) -> bool:
        return any(type(value) is type(known) and value == known for known in self.values)

    def __str__(self) -> str:
        return f"be one of {', '.join(map(repr, self.values))}"


@dataclass(frozen=True)
class Kind:
    """Nothing, or a thing of one class; how to write it is told.

    Examples
    --------
    >>> 3 in Kind(int, "3"), None in Kind(int, "3"), "3" in Kind(int, "3")
    (True, True, False)
    """

    kind: type
    written: str

    def __contains__(self, value: object) -> bool:
        return value is None or isinstance(value, self.kind)

    def __str__(self) -> str:
        return f"be None or a {self.kind.__name__}, as {self.written}"


@dataclass(frozen=True)
class Widths:
    """The widths of layers, from the first to the last.

    Examples
    --------
    >>> (128, 64) in Widths(), (128, 0) in Widths()
    (True, False)
    """

    def __contains__(self, value: object) -> bool:
        return isinstance(value, Iterable) and all(w in Number(1, whole=True) for w in value)

    def __str__(self) -> str:
        return "hold whole numbers, 1 or more"


def check(estimator: object) -> None:
    """Compare each setting of an estimator with what its class, or one above it, says it may be.

    Parameters
    ----------
    estimator
        Its class has ``allowed``, a container a setting.

    Raises
    ------
    GenReError
        For the first setting that is something else.

    Examples
    --------
    >>> class Walk:
    ...     allowed = {"steps": Number(1, whole=True)}
    ...     steps = 0
    >>> check(Walk())
    Traceback (most recent call last):
    genre_lite.errors.GenReError: steps is 0; it must be a whole number, 1 or more.
    """
    allowed: dict[str, Container] = {}
    for kind in reversed(type(estimator).__mro__):
        own: Mapping[str, Container] = vars(kind).get("allowed", {})
        allowed |= own
    for name, values in allowed.items():
        require(name, getattr(estimator, name), values)


def require(name: str, value: object, values: Container) -> None:
    """A ``GenReError`` that names the setting, its value and what it may be, unless it is that.

    Examples
    --------
    >>> require("margin", 1.5, Number(0, 1))
    Traceback (most recent call last):
    genre_lite.errors.GenReError: margin is 1.5; it must lie in [0, 1).
    """
    if value not in values:
        raise GenReError(f"{name} is {plain(value)!r}; it must {values}.")
