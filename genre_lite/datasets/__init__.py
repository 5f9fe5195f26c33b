"""The people of the course: four real tables and three toys whose densities are known."""

from __future__ import annotations

import os
from typing import Literal, overload

import pandas as pd

from ..errors import GenReError, nearest
from .adult import ADULT
from .compas import COMPAS
from .dataset import Dataset
from .german import GERMAN
from .heloc import HELOC
from .source import fetch
from .table import Table
from .toys import TOYS, Toy, World, make_toy

__all__ = ["Dataset", "Toy", "fetch", "list_datasets", "load_dataset"]

TABLES = {table.name: table for table in (ADULT, GERMAN, COMPAS, HELOC)}


@overload
def load_dataset(
    name: Literal["moons", "circles", "corr"],
    split: str = ...,
    seed: int = ...,
    n: int | None = ...,
    data_home: str | os.PathLike | None = ...,
) -> Toy: ...


@overload
def load_dataset(
    name: str,
    split: str = ...,
    seed: int = ...,
    n: int | None = ...,
    data_home: str | os.PathLike | None = ...,
) -> Dataset: ...


def load_dataset(
    name: str,
    split: str = "default",
    seed: int = 0,
    n: int | None = None,
    data_home: str | os.PathLike | None = None,
) -> Dataset:
    """A table by its name.

    Parameters
    ----------
    name
        One of :func:`list_datasets`.
    split
        ``"default"``, or ``"paper"`` for the rows, names and constraints of the GenRe paper's
        experiments (adult, compas, heloc).
    seed, n
        Of the toys: the seed of the draw and the number of rows.
    data_home
        A folder to look in first for files that the package does not carry.

    Raises
    ------
    GenReError
        If there is no such table or split, or ``n`` is given for a real table.
    DataUnavailableError
        If the rows are neither on disk nor reachable.

    Examples
    --------
    >>> bank = load_dataset("adult")
    >>> bank.favourable, len(bank.train), len(bank.test)
    ('>50K', 33917, 11305)
    >>> load_dataset("moons", n=400, seed=1).X_train.shape
    (300, 2)
    """
    if name in TOYS:
        return make_toy(name, split=split, seed=seed, n=n)
    if name not in TABLES:
        known = [*TABLES, *TOYS]
        raise GenReError(f"No dataset named {name!r}{nearest(name, known)} There are {known}.")
    if n is not None:
        raise GenReError(
            f"n={n} rows can be asked of the toys only; {name!r} is a real table. "
            "Take a part of it with .train.sample(n, random_state=0)."
        )
    return TABLES[name].load(split, data_home)


def list_datasets() -> pd.DataFrame:
    """All tables, one a row; ``rows`` counts the default split.

    Examples
    --------
    >>> list_datasets()["name"].tolist()
    ['adult', 'german', 'compas', 'heloc', 'moons', 'circles', 'corr']
    """
    sources: list[Table | World] = [*TABLES.values(), *TOYS.values()]
    return pd.DataFrame(
        {
            "name": [s.name for s in sources],
            "rows": [s.rows for s in sources],
            "features": [len(s.schema) for s in sources],
            "bundled": [s.bundled for s in sources],
            "splits": [", ".join(s.splits) for s in sources],
            "licence": [s.licence for s in sources],
            "question": [s.question for s in sources],
        }
    )
