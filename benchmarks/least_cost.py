"""The least cost of a yes, proven: treecf's exact search where the bank decides by boosted trees.

    method = LeastCost(h, schema).fit(X, y)
    method.recommend(people), method.proven           # and the share of answers that are proven

treecf (Wlazło, 2026; github.com/wlazlod/treecf) reads the trees and searches between their thresholds, so that
no answer, whatever values it takes, is cheaper than a proven one. It is told our cost and our terms: a
nominal feature becomes a category whose change costs one. Nothing in it asks whether such people exist, but for
an isolation forest, if one is wanted.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from genre_lite.errors import GenReError
from genre_lite.estimator import RecourseMethod, positions
from genre_lite.limits import Limits

__all__ = ["LeastCost"]

HAIR = 1e-9  # of a range beyond a threshold, so that rounding does not take an answer back
SECONDS = 0.2  # of proof a person, beside the search that comes first
NAMES = "x{}"  # of features among the trees


class LeastCost(RecourseMethod):
    """The cheapest answer that a bank of boosted trees accepts, within freezes, directions and steps.

    .. math:: x^+ = \\arg\\min_{x'} C(x, x') \\quad\\text{such that}\\quad h(x') \\ge \\text{margin}

    Parameters
    ----------
    h
        A pipeline that ends in scikit-learn's ``HistGradientBoostingClassifier`` on points of the unit cube, as
        the stage's boosted bank.
    margin
        h(x⁺) is at least this, and at least the bank's threshold.
    plausible
        Whether an isolation forest of the accepted training rows must take the answer for one of theirs.
    seconds
        Of proof a person.

    Attributes
    ----------
    proven
        The share of people answered last whose answer is proven to be the cheapest.

    Raises
    ------
    GenReError
        If h is another model, a feature may have gaps, or treecf is not installed.
    """

    name = "treecf"

    def __init__(
        self,
        h: Any,
        schema: Any,
        *,
        margin: float = 0.0,
        plausible: bool = False,
        seconds: float = SECONDS,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.margin = margin
        self.plausible = plausible
        self.seconds = seconds
        self.proven = float("nan")

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        try:
            import treecf
            from treecf.ir.parsers.sklearn import parse_isolation_forest, parse_sklearn
        except ImportError:
            raise GenReError("LeastCost asks treecf: pip install treecf.") from None
        from sklearn.ensemble import IsolationForest

        trees = self.h[-1] if hasattr(self.h, "steps") else self.h
        if type(trees).__name__ != "HistGradientBoostingClassifier":
            raise GenReError(
                f"h ends in a {type(trees).__name__}; LeastCost reads a HistGradientBoostingClassifier."
            )
        if any(f.gaps for f in self.schema):
            raise GenReError("LeastCost has no price for a gap; leave out the features with gaps.")
        ensemble = self._in_tokens(parse_sklearn(trees))
        told: list[object] = []
        steps, weights, unit = {}, {}, np.ones(len(self.schema))
        for j, f in enumerate(self.schema):
            name = NAMES.format(j)
            weights[name] = float(self.codec.price[j])
            if f.actionability in ("immutable", "clock"):
                told.append(treecf.Freeze(name))
            elif f.actionability != "free":
                told.append(treecf.Monotone(name, f.actionability.removesuffix("ing") + "e"))
            if self.codec.nominal[j]:
                told.append(treecf.AllowedCategories(name, tuple(range(self.codec.sizes[j]))))
            elif step := self._step(j):
                steps[name], unit[j] = treecf.Grid(step), self.codec.width[j]
        usual = None
        if self.plausible:
            forest = IsolationForest(random_state=self.seed).fit(self.codec.cube(X)[yes])
            usual = treecf.Plausibility.isolation_forest(
                self._in_tokens(parse_isolation_forest(forest)), max_anomaly_score=0.5
            )
        self._explainer = treecf.Explainer(
            ensemble,
            normalizers=unit,
            constraints=told,
            weights=weights,
            value_policy=steps,
            plausibility=usual,
        )

    def _step(self, j: int) -> float:
        """How far apart the values of an ordered feature lie, in its own unit; 0 for any."""
        f = self.schema[j]
        return 0.0 if self.codec.nominal[j] else 1.0 if f.is_categorical else f.step or 0.0

    def _in_tokens(self, ensemble: Any) -> Any:
        """Trees over the cube as trees over tokens, for nominal features, and own units, where there are steps."""
        from treecf.ir.model import CategoricalFeature, Node, Tree

        def node(old: Any) -> Any:
            if old.feature is None:
                return old
            if step := self._step(old.feature):
                # Halfway between two values, so that rounding takes none to the other side.
                low, width = self.codec.low[old.feature], self.codec.width[old.feature]
                last = np.floor((old.threshold * width + low) / step + HAIR) * step
                last -= step * ((last - low) / width > old.threshold)
                return replace(old, threshold=float(last + step / 2))
            if not self.codec.nominal[old.feature]:
                return old
            grid = self.codec.grid[old.feature]
            left = frozenset(np.flatnonzero(grid <= old.threshold).tolist())
            # A set may not be empty; one code more, which nobody may take, stands for nothing.
            left = left or frozenset([len(grid)])
            return Node(
                old.node_id,
                old.feature,
                None,
                None,
                old.missing_left,
                old.left,
                old.right,
                None,
                categories=left,
            )

        nominal = np.flatnonzero(self.codec.nominal)
        return replace(
            ensemble,
            trees=tuple(Tree(tuple(map(node, tree.nodes))) for tree in ensemble.trees),
            feature_names=tuple(NAMES.format(j) for j in range(len(self.schema))),
            categorical={int(j): CategoricalFeature(len(self.codec.grid[j]) + 1) for j in nominal},
        )

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        from treecf import Target

        nominal = self.codec.nominal
        least = max(self.margin, self.decision_.threshold or 0.0)
        target = Target.probability(range=(least, 1.0))
        stepped = np.array([self._step(j) > 0 for j in range(len(self.schema))])
        inputs = np.where(stepped, self.codec.units(limits.cube).round(9), limits.cube)
        inputs = np.where(nominal, limits.own, inputs)
        points: list[np.ndarray] = []
        start: list[np.ndarray] = []
        row: list[int] = []
        proven: list[bool] = []
        for i, person in enumerate(inputs):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that a proof ran out of time is counted
                found = self._explainer.explain(
                    person, target, backend="exact", time_budget_s=self.seconds, seed=self.seed
                )
            if not hasattr(found, "x_cf"):
                continue
            points.append(np.asarray(found.x_cf, dtype=float))
            start.append(person)
            row.append(i)
            proven.append(found.proof == "optimal")
        self.proven = float(np.mean(proven)) if proven else float("nan")
        shape = (-1, len(self.schema))
        frame = self._in_units(
            np.array(points).reshape(shape), np.array(start).reshape(shape), denied.iloc[row]
        )
        return frame.set_axis(positions(row, np.zeros(len(row), int))), np.full(len(row), np.nan)

    def _in_units(self, points: np.ndarray, own: np.ndarray, people: pd.DataFrame) -> pd.DataFrame:
        """What treecf answers, as rows; what did not change keeps the person's own value."""
        columns = {}
        for j, f in enumerate(self.schema):
            moved, values = points[:, j] - own[:, j], points[:, j]
            if not f.is_categorical and not f.step:
                values = values + HAIR * np.sign(moved)
                values = values * self.codec.width[j] + self.codec.low[j]
            column = people[f.name].astype(object).to_numpy(copy=True)
            for i in np.flatnonzero(moved):
                column[i] = f.categories[round(values[i])] if f.is_categorical else values[i]
            columns[f.name] = column
        return pd.DataFrame(columns).infer_objects()
