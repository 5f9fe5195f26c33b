"""DiCE: the determinant spreads answers, the sparsity pass takes needless changes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from test_gradient_search import PLANE, linear, plane

from genre_lite import Codec
from genre_lite.baselines.dice import DiCE, diversity


@pytest.fixture(scope="module")
def world():
    """A border known by a formula, so that no training decides what can be found."""
    train = plane()
    h = linear(Codec(PLANE).fit(train), [8, 4], -6)
    return train, h, train[h.predict_proba(train)[:, 1] < 0.3].iloc[:20]


def finder(world, **settings):
    train, h, _ = world
    return DiCE(h, PLANE, max_steps=600, progress=False, **settings).fit(train)


def apart(answer):
    """The mean distance between a person's options, averaged over people with two or more."""
    means = []
    for _, options in answer.frame[answer.found].groupby(level=0):
        cube = options.to_numpy(dtype=float)
        if len(cube) > 1:
            pairs = np.triu_indices(len(cube), 1)
            means.append(np.abs(cube[:, None] - cube[None])[pairs].sum(-1).mean())
    return np.mean(means)


@pytest.mark.equation("search-determinant")
def test_the_determinant_is_that_of_numpy():
    points = torch.rand(4, 7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for person in range(7):
        c = points[:, person].numpy()
        kernel = 1 / (1 + np.abs(c[:, None] - c[None]).sum(-1))
        assert diversity(points)[person].item() == pytest.approx(np.linalg.det(kernel))
    assert diversity(points[:1]).tolist() == [1.0] * 7
    alike = points[[0, 0]]
    assert diversity(alike).abs().max() < 1e-12


def test_diversity_spreads_the_options(world):
    near = finder(world, diversity_weight=0.0, sparse=False).recommend(world[2], n=3)
    wide = finder(world, diversity_weight=1.0, sparse=False).recommend(world[2], n=3)
    assert wide.found.mean() > 0.9
    assert apart(wide) > 1.2 * apart(near)


def test_the_sparsity_pass_takes_needless_changes_back(world):
    people = world[2]
    dense = finder(world, sparse=False).recommend(people)
    thin = finder(world, sparse=True).recommend(people)
    changed = [(a.best().to_numpy() != people.to_numpy()).sum(axis=1) for a in (dense, thin)]
    assert (changed[1] <= changed[0]).all()
    assert changed[1].sum() < changed[0].sum()
    assert (thin.cost.to_numpy() <= dense.cost.to_numpy() + 1e-9).all()
    assert (thin.probability > 0.5).all()


def test_a_feature_that_does_not_matter_is_left_alone():
    train = plane()
    h = linear(Codec(PLANE).fit(train), [8, 0], -4)
    denied = train[train["x1"] < 0.3].iloc[:10]
    answer = DiCE(h, PLANE, progress=False).fit(train).recommend(denied)
    assert answer.found.all()
    assert (answer.best()["x2"].to_numpy() == denied["x2"].to_numpy()).all()


def test_distances_are_in_median_deviations():
    frame = pd.DataFrame({"x1": [0, 0, 0, 0, 4], "x2": [0, 1, 2, 3, 4]})
    h = linear(Codec(PLANE).fit(frame), [0, 4], -2)
    dice = DiCE(h, PLANE, progress=False).fit(frame)
    # x1 has a median absolute deviation of 0, which counts as 1; x2 one of 1 out of 4.
    assert dice._per_feature.tolist() == [1.0, 4.0]
