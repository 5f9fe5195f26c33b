"""A table of people, the decision about them, and what each of them may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from ..errors import GenReError, SchemaError
from ..feature import plain
from ..schema import Schema

__all__ = ["Dataset"]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """People in original units, split into a training and a test part.

    The index is one running number over both parts, so that a label of the index is one person.

    Parameters
    ----------
    name, split
        What was loaded: ``"adult"``, ``"default"`` or ``"paper"``.
    train, test
        The features and the target column, one row a person.
    target
        The name of the target column.
    favourable, unfavourable
        Its two values: the outcome that a person wants, and the other.
    schema
        The features, in order, and what may change.
    question
        One sentence: what is decided.
    source, licence, citation
        Where the table comes from, on what terms, and its key in the book's bibliography.
    balanced
        Whether a classifier of this table counts both outcomes alike in its training; pass it on:
        ``train_classifier(bank, balanced=bank.balanced)``.

    Examples
    --------
    >>> from genre_lite.datasets import load_dataset
    >>> bank = load_dataset("german")
    >>> bank
    Dataset 'german' (default split): 750 + 250 rows, 20 features, target 'credit'
    >>> bank.y_train.mean().item()
    0.7
    """

    name: str
    split: str
    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    favourable: object
    unfavourable: object
    schema: Schema
    question: str
    source: str
    licence: str
    citation: str
    balanced: bool = True

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        target: str,
        favourable: object,
        schema: Schema | None = None,
        name: str = "your table",
        test_share: float = 0.25,
        seed: int = 0,
    ) -> Dataset:
        """A table of your own, split at random into a training and a test part.

        Parameters
        ----------
        frame
            Features and outcome, one row a person.
        target, favourable
            The outcome's column, and the value in it that a person wants.
        schema
            The features; inferred from the table if left out.
        test_share, seed
            The share of rows kept for testing, and the seed of the split.

        Raises
        ------
        GenReError
            If the outcome is missing, has not exactly two values, or lacks the favourable one.

        Examples
        --------
        >>> frame = pd.DataFrame({"income": [1, 2, 3, 4] * 5, "loan": ["no", "no", "yes", "yes"] * 5})
        >>> Dataset.from_frame(frame, target="loan", favourable="yes")
        Dataset 'your table' (default split): 15 + 5 rows, 1 features, target 'loan'
        """
        from sklearn.model_selection import train_test_split

        if target not in frame.columns:
            raise SchemaError(f"No column named {target!r}; the table has {list(frame.columns)}.")
        outcomes = frame[target].unique().tolist()
        if len(outcomes) != 2 or frame[target].isna().any():
            raise SchemaError(
                f"Column {target!r} holds {outcomes[:5]}; an outcome has exactly two values."
            )
        if favourable not in outcomes:
            raise SchemaError(
                f"Column {target!r} never holds {favourable!r}; choose one of {outcomes}."
            )
        features = frame.drop(columns=target)
        schema = schema or Schema.infer(features)
        kept = schema.validate(features).assign(**{target: frame[target]})
        if frame[target].value_counts().min() < 2:
            raise SchemaError(f"Column {target!r} holds one outcome only once; give more rows.")
        train, test = train_test_split(
            kept, test_size=test_share, stratify=kept[target], random_state=seed
        )
        return cls(
            name=name,
            split="default",
            train=train,
            test=test,
            target=target,
            favourable=favourable,
            unfavourable=next(value for value in outcomes if value != favourable),
            schema=schema,
            question=f"Is {target} {favourable}?",
            source="given by you",
            licence="yours",
            citation="",
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__} {self.name!r} ({self.split} split): {len(self.train)} + "
            f"{len(self.test)} rows, {len(self.schema)} features, target {self.target!r}"
        )

    @property
    def X_train(self) -> pd.DataFrame:
        """The training people, columns in the schema's order."""
        return self.train[self.schema.names]

    @property
    def X_test(self) -> pd.DataFrame:
        """The test people, columns in the schema's order."""
        return self.test[self.schema.names]

    @property
    def y_train(self) -> pd.Series:
        """Their outcomes, 1 = favourable."""
        return (self.train[self.target] == self.favourable).astype("int64")

    @property
    def y_test(self) -> pd.Series:
        """Their outcomes, 1 = favourable."""
        return (self.test[self.target] == self.favourable).astype("int64")

    def relabel(
        self, y_train: Sequence[int] | pd.Series, y_test: Sequence[int] | pd.Series
    ) -> Dataset:
        """The same people with other outcomes.

        The result is always a plain :class:`Dataset`: with other labels, the known densities of a
        toy no longer hold.

        Parameters
        ----------
        y_train, y_test
            0 or 1 for each row, in the order of the rows; a Series must carry the same index.

        Raises
        ------
        GenReError
            If a length, an index or a value does not fit.

        Examples
        --------
        >>> from genre_lite.datasets import load_dataset
        >>> bank = load_dataset("german")
        >>> bank.relabel(1 - bank.y_train, bank.y_test).y_train.mean().item()
        0.3
        """
        kept = {field.name: getattr(self, field.name) for field in fields(Dataset)}
        kept["train"] = self._with_target(self.train, y_train, "y_train")
        kept["test"] = self._with_target(self.test, y_test, "y_test")
        return Dataset(**kept)

    def _with_target(self, frame: pd.DataFrame, y: Sequence[int], name: str) -> pd.DataFrame:
        labels = np.asarray(y)
        if labels.shape != (len(frame),):
            raise GenReError(
                f"{name} has shape {labels.shape}; give one label for {len(frame)} rows."
            )
        if isinstance(y, pd.Series) and not y.index.equals(frame.index):
            raise GenReError(f"{name} has another index than the rows; use .loc to align it first.")
        strange = ~np.isin(labels, (0, 1))
        if strange.any():
            raise GenReError(f"{name} holds {plain(labels[strange][0])!r}; labels are 0 or 1.")
        values = [self.favourable if label else self.unfavourable for label in labels]
        return frame.assign(**{self.target: values})
