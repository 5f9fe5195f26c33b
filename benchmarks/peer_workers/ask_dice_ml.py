"""dice-ml (Mothilal et al., 2020), by its default method of random draws or by its genetic one.

Its defaults, and what it knows of constraints: features to vary, and the range each person is
permitted. Levels are handed over as text, since it takes every other number for a quantity.
"""

from __future__ import annotations

import random
import time

import dice_ml
import numpy as np
import pandas as pd
from problem import given
from raiutils.exceptions import UserConfigValidationException

problem = given()
columns = [f["name"] for f in problem.features]
OUTCOME = "the decision of the bank"


def table(codes: np.ndarray) -> pd.DataFrame:
    """Codes as dice-ml wants them: whole numbers, fractions and text."""
    frame = pd.DataFrame(codes, columns=columns)
    for f in problem.features:
        column = frame[f["name"]]
        if f["kind"] == "nominal":
            frame[f["name"]] = column.astype(int).astype(str)
        elif (problem.train[:, columns.index(f["name"])] % 1 == 0).all():
            frame[f["name"]] = column.round().astype(int)
    return frame


class Bank:
    """The classifier, of tables."""

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        return problem.predict_proba(frame[columns].to_numpy(dtype=float))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return self.predict_proba(frame).argmax(axis=1)


def permitted(person: int) -> dict[str, list]:
    """The ranges of what can only rise or fall, from the person's own value on."""
    ranges = {}
    for j, f in enumerate(problem.features):
        own, column = problem.people[person, j], problem.train[:, j]
        whole = pd.api.types.is_integer_dtype(rows[f["name"]].dtype)
        bounds = {
            "increasing": [own, max(own, column.max())],
            "decreasing": [min(own, column.min()), own],
        }.get(f["actionability"])
        if bounds:
            ranges[f["name"]] = [int(b) if whole else float(b) for b in bounds]
    return ranges


start = time.perf_counter()
rows, people = table(problem.train), table(problem.people)
data = dice_ml.Data(
    dataframe=rows.assign(**{OUTCOME: problem.labels.astype(int)}),
    continuous_features=[f["name"] for f in problem.features if f["kind"] != "nominal"],
    outcome_name=OUTCOME,
)
peer = dice_ml.Dice(data, dice_ml.Model(model=Bank(), backend="sklearn"), **problem.settings)


def ask(person: int) -> np.ndarray:
    # Its own random_seed is not known to the genetic method, and gives everybody the same draws.
    random.seed(problem.seed + person)
    np.random.seed(problem.seed + person)  # noqa: NPY002
    try:
        found = peer.generate_counterfactuals(
            people.iloc[[person]],
            total_CFs=problem.n,
            desired_class=1,
            features_to_vary=problem.free,
            permitted_range=permitted(person),
        )
    except UserConfigValidationException as error:
        if "No counterfactuals found" in str(error):
            return np.empty((0, len(columns)))
        raise
    # What dice-ml shows: the options after its own step towards sparsity.
    options = found.cf_examples_list[0].final_cfs_df_sparse
    return options[columns].to_numpy(dtype=float)


problem.answer(ask, start, "dice-ml")
