"""How near what a model keeps comes to the rows that it was trained on, and how to keep it apart.

A fitted :class:`~genre_lite.genre.GenRe` stores no row. It stores profiles to start from, answers found in training, and
where a table has few rows and many features such an answer can be nearly somebody's row. The distance to the closest
record (DCR) tells: a profile should come no nearer to a row than people come to one another.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from .errors import GenReError

if TYPE_CHECKING:
    import pandas as pd

    from .genre import GenRe

__all__ = ["distance_to_closest_record", "keep_apart"]

BLOCK = 32  # points compared with all rows at a time
ASKED = 2000  # rows whose own distance to the others is taken
NEAREST = 0.05  # the share of people who come nearer to another than profiles may


def distance_to_closest_record(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    r"""In how many features each point differs from the row most like it.

    .. math:: \mathrm{DCR}(x) = \min_i \sum_f [x_f \neq x_{if}]

    Parameters
    ----------
    points
        In the cube, or as tokens, (m, d).
    rows
        The same way, (n, d).

    Returns
    -------
    (m,), whole numbers from 0 to d.

    Notes
    -----
    A usual measure of what synthetic data give away; `SDMetrics <https://docs.sdv.dev/sdmetrics>`_ and others have it.

    Examples
    --------
    >>> distance_to_closest_record(np.array([[1, 2, 3], [0, 2, 3]]), np.array([[0, 2, 4], [1, 5, 6]]))
    array([2, 1])
    """
    if not len(rows):
        raise GenReError("There are no rows to be apart from; give those of the fit.")
    least = [
        (points[i : i + BLOCK, None] != rows).sum(axis=-1).min(axis=1)
        for i in range(0, len(points), BLOCK)
    ]
    return np.concatenate(least) if least else np.empty(0, dtype=int)


def keep_apart(genre: GenRe, X: pd.DataFrame, *, seed: int = 0) -> GenRe:
    """A fitted model without the profiles that come nearer to a row than people come to one another.

    Of the rows, and of up to 2,000 of them against all others, the 5 % quantile of the distance to the closest
    record is the least distance that a profile must keep. The model's weights stay as they are; it draws the same
    letters, and starts from fewer profiles besides.

    Parameters
    ----------
    genre
        Fitted; it is left as it is.
    X
        The rows of its fit, in original units.
    seed
        Of the choice of rows, where there are more than 2,000.

    Returns
    -------
    A copy, to ask, to save or to write a page from. Its ``report_`` has two entries more: ``"least_distance"``, in
    features, and ``"left_out"``, how many profiles.

    Raises
    ------
    GenReError
        If the model is not fitted, there are not two rows, or a row cannot be read.

    Examples
    --------
    >>> import genre_lite as gl
    >>> genre = gl.GenRe.load("german", progress=False)
    >>> apart = gl.keep_apart(genre, gl.load_dataset("german").X_train)
    >>> apart.report_["least_distance"], len(apart.profiles_) < len(genre.profiles_)
    (4, True)
    """
    genre._require_fit()
    if len(X) < 2:
        raise GenReError(
            f"How near people come to one another takes two rows or more; here are {len(X)}."
        )
    codec = genre.codec
    rows = codec.tokens(codec.cube(genre.schema.validate(X, extra="ignore")))
    some = np.random.default_rng(seed).permutation(len(rows))[:ASKED]
    # Each row is its own closest record, so the second closest counts.
    others = [_to_another(rows, i) for i in some]
    least = int(np.quantile(others, NEAREST, method="lower"))
    far = distance_to_closest_record(codec.tokens(genre.profiles_), rows) >= least
    apart = copy(genre)
    apart.profiles_ = genre.profiles_[far]
    apart.report_ = genre.report_ | {"least_distance": least, "left_out": int((~far).sum())}
    return apart


def _to_another(rows: np.ndarray, i: int) -> int:
    differs = (rows != rows[i]).sum(axis=1)
    differs[i] = rows.shape[1]
    return int(differs.min())
