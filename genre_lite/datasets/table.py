"""A real table: its identity card, and how its rows become a :class:`Dataset`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..errors import GenReError
from ..schema import Schema
from .dataset import Dataset
from .source import read_bundled, read_paper

__all__ = ["Table"]

Parts = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Table:
    """What is known of a table before its rows are read.

    Parameters
    ----------
    name, rows, question, source, licence, citation
        Its identity card; ``rows`` counts the default split.
    target, favourable, unfavourable, schema
        As in :class:`Dataset`, for the default split.
    balanced
        As in :class:`Dataset`, for both splits: whether its classifier counts both outcomes alike.
    paper
        What :meth:`Schema.infer` must be told of the paper's files (``categorical``,
        ``immutable``, ``free``); ``None`` if the paper did not use the table.
    bundled
        Whether the package carries the rows. If not, the default split reads the paper's files.
    mend
        Applied to the training and test rows of the default split, where the source needs it.
    """

    name: str
    rows: int
    question: str
    source: str
    licence: str
    citation: str
    target: str
    favourable: object
    unfavourable: object
    schema: Schema
    paper: Mapping[str, Any] | None = None
    bundled: bool = True
    balanced: bool = True
    mend: Callable[[pd.DataFrame, pd.DataFrame], Parts] | None = None

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that can be loaded."""
        return ("default",) if self.paper is None else ("default", "paper")

    def load(self, split: str, data_home: str | os.PathLike | None) -> Dataset:
        """The table's rows in one of its splits."""
        if split not in self.splits:
            raise GenReError(
                f"{self.name!r} has no split {split!r}; choose one of {list(self.splits)}."
            )
        return self._default(data_home) if split == "default" else self._paper(data_home)

    def _default(self, data_home: str | os.PathLike | None) -> Dataset:
        parts = read_bundled(self.name) if self.bundled else read_paper(self.name, data_home)
        parts = self.mend(*parts) if self.mend else parts
        return self._dataset("default", parts, self.schema, self.favourable, self.unfavourable)

    def _paper(self, data_home: str | os.PathLike | None) -> Dataset:
        parts = read_paper(self.name, data_home)
        people = pd.concat(parts).drop(columns=self.target)
        return self._dataset("paper", parts, Schema.infer(people, **(self.paper or {})), 1, 0)

    def _dataset(
        self, split: str, parts: Parts, schema: Schema, favourable: object, unfavourable: object
    ) -> Dataset:
        return Dataset(
            name=self.name,
            split=split,
            train=parts[0],
            test=parts[1],
            target=self.target,
            favourable=favourable,
            unfavourable=unfavourable,
            schema=schema,
            question=self.question,
            source=self.source,
            licence=self.licence,
            citation=self.citation,
            balanced=self.balanced,
        )
