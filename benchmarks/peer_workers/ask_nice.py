"""NICE (Brughmans et al., 2021): take over values of the nearest unlike neighbour, one by one.

Its defaults: HEOM distance, sparsity as the reward, neighbours whose label h gets right. It answers
with one option, and knows no immutable features: what it breaks is counted.
"""

from __future__ import annotations

import time

import numpy as np
from nice import NICE
from problem import given

problem = given()
start = time.perf_counter()
peer = NICE(
    problem.predict_proba,
    problem.train.copy(),  # NICE writes into it
    cat_feat=[j for j, f in enumerate(problem.features) if f["kind"] == "nominal"],
    y_train=problem.labels,
)


def ask(person: int) -> np.ndarray:
    return peer.explain(problem.people[[person]])


problem.answer(ask, start, "nicex")
