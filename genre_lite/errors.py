"""What can go wrong, by name.

Every error of the package is a :class:`GenReError`, and so a :class:`ValueError`.
Its message says what was found, where, and what to do about it. A warning points at the line that called
the package.
"""

import difflib
import sys
import warnings
from collections.abc import Sequence
from types import FrameType

__all__ = [
    "DataUnavailableError",
    "GenReError",
    "NotDifferentiableError",
    "NotFittedError",
    "SchemaError",
    "kind_of",
    "nearest",
    "warn",
]


class GenReError(ValueError):
    """Any mistake that the package can name."""


class SchemaError(GenReError):
    """A table and its schema disagree; the message names the column, the row and the value."""


class NotFittedError(GenReError, AttributeError):
    """A model was asked before it was fitted; as in scikit-learn, ``hasattr`` takes it for a no."""


class NotDifferentiableError(GenReError):
    """A method needs the gradient of a classifier that has none."""


class DataUnavailableError(GenReError):
    """A table is neither on disk nor reachable; the message says where to put it."""


def kind_of(thing: object) -> str:
    """What a thing is, with its article.

    Examples
    --------
    >>> kind_of([]), kind_of(0)
    ('a list', 'an int')
    """
    kind = type(thing).__name__
    return f"{'an' if kind[0].lower() in 'aeio' else 'a'} {kind}"


def nearest(name: object, known: Sequence) -> str:
    """The end of a sentence about an unknown name: which known one may be meant.

    Examples
    --------
    >>> nearest("incom", ["age", "income"])
    "; did you mean 'income'?"
    """
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def warn(message: str) -> None:
    """Warn at the caller's own line, however deep in the package the trouble is found."""
    frame: FrameType | None = sys._getframe()
    depth = own = 0
    while frame is not None:
        depth += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
            own = depth
        frame = frame.f_back
    warnings.warn(message, UserWarning, stacklevel=own + 1)
