"""The paper's metrics of recourse, one row a method.

A person for whom nothing was found counts as a failure of validity and of plausibility; they are
never dropped. Cost is a mean over those found, so read it beside the coverage.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..decision import GoldWorld, acceptance
from ..errors import GenReError
from ..recourses import Recourses

__all__ = ["evaluate", "score"]


def score(validity: float, plausibility: float, cost: float, features: int) -> float:
    """The paper's summary of the three objectives: Score = Val + LOF − Cost / d, at most 2.

    Examples
    --------
    >>> score(1.0, 0.75, 3.5, 7)
    1.25
    """
    return validity + plausibility - cost / features


def evaluate(
    answers: Mapping[str, Recourses], people: pd.DataFrame, judge: GoldWorld
) -> pd.DataFrame:
    """Judge the first option of each person, for each method.

    Parameters
    ----------
    answers
        Each method's name and what it answered to ``people``.
    people
        Who asked; every method must have answered the same people.
    judge
        A world that knows the truth: ``predict_proba`` and ``is_plausible``.

    Returns
    -------
    DataFrame
        Index: methods. Columns:

        * ``people``: how many were asked; ``coverage``: the share with an option.
        * ``cost``: mean C(x, x⁺) over those found, in feature ranges.
        * ``validity``: share whom the judge gives P(y = 1 | x⁺) > 1/2 (the paper's Val).
        * ``validity_h``: share that the classifier accepts.
        * ``plausibility``: share of inliers among the people the judge accepts (the paper's LOF).
        * ``score``: :func:`~genre_lite.evaluation.metrics.score` of the three.
        * ``violations``: options that break a constraint; ``changed``: mean features changed.
        * ``seconds``: seconds a person.

    Raises
    ------
    GenReError
        If a method answered other people.
    """
    rows = {}
    for name, answer in answers.items():
        if not answer.factual.index.equals(people.index):
            raise GenReError(
                f"Method {name!r} answered {len(answer)} people, and not the {len(people)} asked; "
                "compare methods on the same people."
            )
        best = answer.best()
        found = best.notna().any(axis=1)
        options = best[found]
        truth = acceptance(judge, options) > 0.5 if found.any() else np.zeros(0)
        usual = judge.is_plausible(options) if found.any() else np.zeros(0)
        cost = float(answer.cost.xs(0, level=1).mean())
        validity, plausibility = truth.sum() / len(people), usual.sum() / len(people)
        before = people[found]
        rows[name] = {
            "people": len(people),
            "coverage": float(found.mean()),
            "cost": cost,
            "validity": validity,
            "validity_h": float((answer.probability.xs(0, level=1) > 0.5).mean()),
            "plausibility": plausibility,
            "score": score(validity, plausibility, cost, len(answer.schema)),
            "violations": int(answer.schema.violations(before, options).any(axis=1).sum()),
            "changed": float((options != before[options.columns]).sum(axis=1).mean()),
            "seconds": answer.seconds / len(people),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
