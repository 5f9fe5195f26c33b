"""What can go wrong, by name.

Every error of the package is a :class:`GenReError`, and so a :class:`ValueError`.
Its message says what was found, where, and what to do about it.
"""

__all__ = [
    "DataUnavailableError",
    "GenReError",
    "NotDifferentiableError",
    "NotFittedError",
    "SchemaError",
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
