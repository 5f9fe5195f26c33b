"""ElliCE (Turbal et al., 2025): valid for every model nearly as good as h, by gradient descent.

Its defaults, and what it knows of constraints: features to vary, one-way changes, and groups of
indicators. A nominal feature of two levels becomes such a group as well, with first weights that
give the same classifier: as a number it would end up between its levels.
"""

from __future__ import annotations

import time

import ellice
import numpy as np
import pandas as pd
import torch
from problem import given
from torch import nn

problem = given()
start = time.perf_counter()
torch.manual_seed(problem.seed)

weight, bias = problem.layers[0]
names, groups, first, cursor = [], {}, [], 0
for f in problem.features:
    inputs = f["levels"] if f["wide"] else 1
    block = weight[:, cursor : cursor + inputs]
    cursor += inputs
    if f["kind"] == "nominal":
        groups[f["name"]] = [f"{f['name']} = {level}" for level in range(f["levels"])]
        names += groups[f["name"]]
        first.append(block if f["wide"] else block * np.arange(f["levels"]) / f["width"])
    else:
        names.append(f["name"])
        first.append(block)


def inputs_of(codes: np.ndarray) -> np.ndarray:
    """Codes as the inputs of the classifier below: numbers on its scale, indicators for levels."""
    blocks = []
    for j, f in enumerate(problem.features):
        if f["kind"] == "nominal":
            blocks.append(codes[:, [j]] == np.arange(f["levels"]))
        else:
            blocks.append((codes[:, [j]] - f["low"]) / f["width"])
    return np.concatenate(blocks, axis=1, dtype=np.float32)


def codes_of(table: pd.DataFrame) -> np.ndarray:
    """The way back."""
    columns = []
    for f in problem.features:
        if f["kind"] == "nominal":
            columns.append(table[groups[f["name"]]].to_numpy().argmax(axis=1))
        else:
            columns.append(table[f["name"]].to_numpy(dtype=float) * f["width"] + f["low"])
    return np.stack(columns, axis=1)


layers: list[nn.Module] = []
for k, (w, b) in enumerate([(np.concatenate(first, axis=1), bias), *problem.layers[1:]]):
    layer = nn.Linear(w.shape[1], w.shape[0])
    layer.weight.data, layer.bias.data = torch.as_tensor(w).float(), torch.as_tensor(b).float()
    layers += [nn.ReLU(), layer] if k else [layer]
bank = nn.Sequential(*layers).eval()

rows = pd.DataFrame(inputs_of(problem.train), columns=names)
people = pd.DataFrame(inputs_of(problem.people), columns=names)
target = "the decision of the bank"
data = ellice.Data(
    rows.assign(**{target: problem.labels.astype(int)}),
    target_column=target,
    continuous_features=[f["name"] for f in problem.features if f["kind"] != "nominal"],
    categorical_features=[column for group in groups.values() for column in group],
)
peer = ellice.Explainer(bank, data, backend="pytorch", device="cpu")
constraints = {
    "features_to_vary": [column for name in problem.free for column in groups.get(name, [name])],
    "one_way_change": {
        f["name"]: f["actionability"].removesuffix("ing") + "e"
        for f in problem.features
        if f["actionability"] in ("increasing", "decreasing")
    },
    "one_hot_groups": list(groups.values()),
}


def ask(person: int) -> np.ndarray:
    found = peer.generate_counterfactuals(
        people.iloc[person], total_CFs=problem.n, progress_bar=False, **constraints
    )
    return codes_of(found) if len(found) else np.empty((0, len(problem.features)))


problem.answer(ask, start, "ellice")
