"""GenRe and the nearest neighbour as methods of RecourseBench.

RecourseBench (charmlab/recourse_bench at 44922e9, its version 0.2.0) builds a method from the model
that decides, fits it on a frozen table, and asks it for a counterfactual of each row. Once
:func:`register` has run, its configurations know two more methods::

    import recourse_bench

    from benchmarks.recourse_bench import register

    register()
    recourse_bench.run(config)  # with method: {name: genre, desired_class: 1}

RecourseBench is imported in :func:`register` alone, so that this file needs none of it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

import genre_lite as gl

__all__ = ["Bank", "Columns", "GenReAdapter", "NeighbourAdapter", "register"]

RULES = {
    "any": "free",
    "none": "immutable",
    "same": "immutable",
    "same-or-increase": "increasing",
    "increase": "increasing",
    "same-or-decrease": "decreasing",
    "decrease": "decreasing",
}
"""What RecourseBench calls actionability, and what we do. That a feature *must* move we cannot ask."""


class Columns:
    """Their columns as our features, and back.

    A category that they spread over columns of zeros and ones is one feature of ours, whose levels
    are the names of these columns: nominal if one of them is one, ordinal if all up to it are
    (their thermometer). Everything else keeps its column and its values.

    Parameters
    ----------
    train_set
        A frozen ``DatasetObject``: the rows, and for each column its type, whether it is mutable,
        and in which direction it may move.
    """

    def __init__(self, train_set: Any) -> None:
        rows = train_set.get(target=False)
        space = "encoded" if hasattr(train_set, "encoded_feature_type") else "raw"
        kind, mutable, rule = (
            train_set.attr(f"{space}_feature_{what}")
            for what in ("type", "mutability", "actionability")
        )
        codes = getattr(train_set, "encoded_value_mapping", {})
        self.names = list(rows.columns)
        self.spread = {
            source: list(columns)
            for source, columns in getattr(train_set, "encoding", {}).items()
            if len(columns) > 1 and set(columns) <= set(self.names)
        }
        source_of = {column: s for s, columns in self.spread.items() for column in columns}
        features: dict = {}
        for column in self.names:
            name = source_of.get(column, column)
            moves = RULES[rule[column].lower()] if mutable[column] else "immutable"
            if name in self.spread:
                levels = self.spread[name]
                ordered = self._thermometer(name)
            elif kind[column].lower() == "numerical":
                levels, ordered = [], False
            else:
                known = {0.0, 1.0} if kind[column].lower() == "binary" else set(codes.get(name, ()))
                levels = sorted(known | set(rows[column]))
                ordered = moves in ("increasing", "decreasing")
            features[name] = gl.Feature(
                name,
                kind="numeric" if not levels else "ordinal" if ordered else "nominal",
                categories=tuple(levels),
                actionability=moves,
            )
        self.schema = gl.Schema(features.values())

    def _thermometer(self, source: str) -> bool:
        return all("_therm_" in column for column in self.spread[source])

    def ours(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Their rows, a feature a column."""
        table = {name: rows[name] for name in self.schema.names if name not in self.spread}
        for source, columns in self.spread.items():
            lit = rows[columns].to_numpy()
            level = lit.sum(axis=1).astype(int) - 1 if self._thermometer(source) else lit.argmax(1)
            table[source] = pd.Series(np.array(columns, dtype=object)[level], index=rows.index)
        return pd.DataFrame(table)[self.schema.names]

    def theirs(self, table: pd.DataFrame) -> pd.DataFrame:
        """Our rows in their columns; where one cell is missing, the whole row is NaN."""
        rows = {name: table[name] for name in self.schema.names if name not in self.spread}
        for source, columns in self.spread.items():
            level = pd.Index(columns).get_indexer(table[source])[:, None]
            at = np.arange(len(columns))
            lit = at <= level if self._thermometer(source) else at == level
            rows |= dict(zip(columns, lit.astype(float).T, strict=True))
        found = pd.DataFrame(rows, index=table.index)[self.names]
        return found.where(table.notna().all(axis=1), np.nan)


class Bank:
    """Their model as ours: ``predict_proba`` of the desired class against all others, (rows, 2)."""

    def __init__(self, target_model: Any, columns: Columns, desired: int) -> None:
        self.target_model, self.columns, self.desired = target_model, columns, desired

    def predict_proba(self, table: pd.DataFrame) -> np.ndarray:
        """Asked in our features, it answers for their columns."""
        scores = self.target_model.get_prediction(self.columns.theirs(table), proba=True)
        yes = scores.detach().cpu().numpy()[:, self.desired].astype(float)
        return np.column_stack([1 - yes, yes])


class GenReAdapter:
    """GenRe as a ``MethodObject``; what it does not know goes to :class:`~genre_lite.GenRe`.

    Their ``desired_class`` must be given: a model learns the way to one class. Whoever has it
    already gets themselves back; whoever gets no answer, or has a value that the training rows do
    not know, gets a row of NaN.
    """

    method: ClassVar = gl.GenRe

    def __init__(
        self,
        target_model: Any,
        seed: int | None = None,
        device: str = "cpu",
        desired_class: int | str | None = None,
        **options: Any,
    ) -> None:
        if desired_class is None:
            raise ValueError("desired_class is missing; say which class the advice should lead to.")
        if device.lower() != target_model._device:
            raise ValueError(f"The model is on {target_model._device!r}, the method on {device!r}.")
        self._target_model, self._seed, self._device = target_model, seed, device.lower()
        self._desired_class, self._options = desired_class, options
        self._need_grad = self._is_trained = False

    def fit(self, train_set: Any) -> None:
        """Learn from their training rows, with the label 1 for the desired class."""
        self._columns = columns = Columns(train_set)
        desired = self._target_model.get_class_to_index()[self._desired_class]
        wanted = train_set.get(target=True).iloc[:, 0] == self._desired_class
        self._recourse = self.method(
            Bank(self._target_model, columns, desired),
            columns.schema,
            seed=self._seed or 0,
            progress=False,
            **self._options,
        )
        self._recourse.fit(columns.ours(train_set.get(target=False)), wanted.astype(int))
        self._is_trained = True

    def get_counterfactuals(self, factuals: pd.DataFrame) -> pd.DataFrame:
        """The best option of each row, in their columns."""
        # Our answers are by label, and a batch of theirs may hold one label twice.
        people = self._columns.ours(factuals.reset_index(drop=True))
        best = self._recourse.recommend(people, invalid="skip").best().reindex(people.index)
        return self._columns.theirs(best)[list(factuals.columns)].set_axis(factuals.index)


class NeighbourAdapter(GenReAdapter):
    """The nearest neighbour as a ``MethodObject``."""

    method: ClassVar = gl.baselines.NearestNeighbour


def register() -> list[str]:
    """Tell RecourseBench of both methods; their names, as a configuration calls them."""
    from recourse_bench import MethodObject
    from recourse_bench import register as registered_as

    adapters = {"genre": GenReAdapter, "nearest_neighbour": NeighbourAdapter}
    for name, adapter in adapters.items():
        theirs = type(adapter.__name__, (adapter, MethodObject), {"__module__": __name__})
        registered_as(name)(theirs)
    return list(adapters)
