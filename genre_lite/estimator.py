"""What every recourse method shares: the gate people enter by, and the form of the answer."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Self

import numpy as np
import pandas as pd

from .codec import Codec
from .decision import SupportsProba, acceptance
from .errors import GenReError, NotFittedError
from .objectives import cost
from .recourses import Recourses
from .schema import Schema

__all__ = ["RecourseMethod", "positions"]


class RecourseMethod(ABC):
    """A way to find recourse, with two calls: ``fit`` and ``recommend``.

    Parameters
    ----------
    h
        The bank's classifier: any object with ``predict_proba(DataFrame) -> (rows, 2)``.
    schema
        What the columns are and what may change.
    outcome
        What the favourable decision is called in answers.
    seed
        Of every random step.
    progress
        Show progress bars.
    """

    name = "method"

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        self.h = h
        self.schema = schema
        self.outcome = outcome
        self.seed = seed
        self.progress = progress
        self.codec: Codec | None = None

    def fit(self, X: pd.DataFrame, y: pd.Series | None = None, **options) -> Self:
        """Learn from training rows; ``y`` are 0/1 labels, the classifier's decisions if left out.

        Raises
        ------
        GenReError
            If the table breaks the schema, labels are not 0/1, or nobody is accepted or denied.
        """
        X = self.schema.validate(X)
        score = acceptance(self.h, X)
        labels = (score > 0.5).astype(int) if y is None else _labels(y, X)
        for outcome, who in ((score > 0.5, "accepts"), (score <= 0.5, "denies")):
            if not outcome.any():
                raise GenReError(
                    f"The classifier {who} nobody among these {len(X)} rows, so there is nothing to "
                    "learn recourse from; give rows of both kinds, or check the classifier's columns."
                )
        self.codec = Codec(self.schema).fit(X)
        self._fit(X, labels, score, **options)
        return self

    def recommend(
        self, people: pd.DataFrame, n: int = 1, *, extra: str = "error", **choices
    ) -> Recourses:
        """The best n options for each person, best first; NaN rows where none was found.

        People whom h already accepts get themselves back, at cost 0.

        Parameters
        ----------
        people
            One row a person, in original units.
        n
            Options a person.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.
        """
        self._require_fit()
        if n < 1:
            raise GenReError(f"n is {n}; ask for at least one option a person.")
        people = self.schema.validate(people, extra=extra)
        start = time.perf_counter()
        accepted = pd.Series(acceptance(self.h, people) > 0.5, index=people.index)
        denied = people[~accepted]
        found, log_prob = people.iloc[:0].set_axis(positions([], [])), np.empty(0)
        if len(denied):
            found, log_prob = self._options(denied, n, **choices)
            # Rows of `denied` become rows of `people`.
            rows, options = (found.index.get_level_values(level) for level in (0, 1))
            found = found.set_axis(positions(np.flatnonzero(~accepted)[rows], options))
        return self._answer(people, accepted, found, log_prob, n, time.perf_counter() - start)

    @abstractmethod
    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, **options) -> None:
        """Learn; X is validated, ``labels`` are 0/1 and ``score`` is h(X), both of shape (rows,)."""

    @abstractmethod
    def _options(self, denied: pd.DataFrame, n: int, **choices) -> tuple[pd.DataFrame, np.ndarray]:
        """Options found, indexed by (row of ``denied``, option), and their log-probabilities."""

    def _require_fit(self) -> None:
        if self.codec is None:
            raise NotFittedError(f"This {type(self).__name__} is not fitted; call fit(X, y) first.")

    def _answer(
        self,
        people: pd.DataFrame,
        accepted: pd.Series,
        found: pd.DataFrame,
        log_prob: np.ndarray,
        n: int,
        seconds: float,
    ) -> Recourses:
        same = people[accepted].set_axis(positions(np.flatnonzero(accepted), 0))
        known = (
            pd.concat([found, same])
            if len(found) and len(same)
            else (found if len(found) else same)
        )
        rows = known.index.get_level_values(0)
        price = (
            cost(self.codec.cube(people)[rows], self.codec.cube(known), self.codec.nominal)
            if len(known)
            else np.empty(0)
        )
        yes = acceptance(self.h, known.reset_index(drop=True)) if len(known) else np.empty(0)
        log_prob = np.concatenate([log_prob, np.full(len(known) - len(log_prob), np.nan)])

        labels = pd.MultiIndex.from_arrays(
            [people.index.repeat(n), np.tile(np.arange(n), len(people))], names=["person", "option"]
        )
        place = rows * n + known.index.get_level_values(1)
        which = np.full(len(labels), -1)
        which[place] = np.arange(len(known))

        def spread(values: np.ndarray, name: str) -> pd.Series:
            everywhere = np.full(len(labels), np.nan)
            everywhere[place] = values
            return pd.Series(everywhere, labels, name=name)

        return Recourses(
            factual=people,
            frame=known.reset_index(drop=True).reindex(which).set_axis(labels),
            cost=spread(price, "cost"),
            probability=spread(yes, "probability"),
            log_prob=spread(log_prob, "log_prob"),
            schema=self.schema,
            accepted=accepted,
            method=self.name,
            outcome=self.outcome,
            seconds=seconds,
        )


def positions(rows: np.ndarray, options: np.ndarray | int) -> pd.MultiIndex:
    """The index of found options: the row of the person in their table, and the option's number."""
    rows = np.asarray(rows, dtype=int)
    return pd.MultiIndex.from_arrays(
        [rows, np.broadcast_to(np.asarray(options, dtype=int), rows.shape)]
    )


def _labels(y: pd.Series, X: pd.DataFrame) -> np.ndarray:
    labels = np.asarray(y)
    if labels.shape != (len(X),):
        raise GenReError(f"y has shape {labels.shape} for {len(X)} rows; give one 0/1 label a row.")
    if isinstance(y, pd.Series) and not y.index.equals(X.index):
        raise GenReError("y and X have different indexes; use y.loc[X.index].")
    strange = ~np.isin(labels, (0, 1))
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise GenReError(
            f"y, row {X.index[row]!r}: {labels[row]!r} is not a label; "
            "use 1 for the favourable outcome and 0 for the other, as (y == favourable).astype(int)."
        )
    return labels.astype(int)
