"""What chapter 9 says of the best of k draws, held against trying all of them, and what it reads in the record."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import provenance, statistics
from benchmarks.record import plain
from genre_lite.exercises import exercises
from genre_lite.sampling import choose


@pytest.mark.equation("choose-least")
def test_the_expected_least_of_three_draws_is_that_of_all_triples():
    chances = {1: 0.2, 2: 0.5, 4: 0.3}
    every = itertools.product(chances, repeat=3)
    mean = sum(min(triple) * math.prod(chances[c] for c in triple) for triple in every)
    assert exercises(9)["9.3"].solution() == pytest.approx(mean)


@pytest.mark.equation("choose-least")
def test_the_expected_least_is_given_that_at_least_one_draw_is_valid():
    """Not given that one certain draw is, which is cheaper, nor that exactly one is, which costs more."""
    costs, share, k = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.2]), 3  # half are invalid
    at_least = np.append(share[::-1].cumsum()[::-1], 0) + 0.5
    formula = (costs * -np.diff(at_least**k)).sum() / (1 - 0.5**k)

    price = np.append(costs, np.inf)
    drawn = np.random.default_rng(0).choice(price, (200_000, k), p=[*share, 0.5])
    least, valid = drawn.min(axis=1), np.isfinite(drawn)
    assert least[valid.any(axis=1)].mean() == pytest.approx(formula, abs=0.01)
    assert least[valid.sum(axis=1) == 1].mean() > formula + 0.1
    assert least[valid[:, 0]].mean() < formula - 0.05


@pytest.mark.equation("choose-none")
def test_somebody_without_a_valid_draw_is_as_rare_as_the_product_says():
    """Drawn for 40,000 people; three standard errors of their share are 0.0064."""
    valid, k, people = 0.3, 4, 40_000
    chance = np.where(np.random.default_rng(0).random((people, k)) < valid, 0.9, 0.1)
    tokens = np.arange(k)[None, :, None].repeat(people, axis=0)
    best = choose(tokens, np.ones((people, k)), chance, np.zeros((people, k)), 1, rule="cheapest")
    assert (best[:, 0] < 0).mean() == pytest.approx((1 - valid) ** k, abs=0.0064)


# -- what the record says of refining ---------------------------------------------------------------


def record(gains, worlds=20):
    """What refining adds to the Score is known; on German the worlds differ too much to tell."""
    rng, cells = np.random.default_rng(0), {}
    for table, gain in gains.items():
        for seed in range(worlds):
            level = 1.9 + rng.normal(0, 0.02)
            noise = rng.normal(0, 0.2 if table == "german" else 0.004)
            for row, score in {"genre-forward": level, "genre": level + gain + noise}.items():
                price = 1.0 + rng.normal(0, 0.01) - 0.2 * (row == "genre") * (table != "german")
                cells[f"main/{table}/{row}/{seed}"] = {
                    "metrics": {"score": score, "cost": price},
                    "recommend_seconds": 0.005 if row == "genre" else 0.001,
                }
    return {"command": "-", "summary": plain(statistics.summary(cells)), "cells": plain(cells)}


@pytest.fixture
def told(root, tmp_path, monkeypatch):
    """What the cells about refining say, from a record that is given; without one, none is made."""
    (path,) = root.glob("notebooks/09_*.ipynb")
    code = ["".join(c["source"]) for c in json.loads(path.read_text())["cells"]]
    table, words = (
        next(c for c in code if mark in c) for mark in ("pages.Field()", "def in_words(")
    )

    def say(found=None):
        monkeypatch.setattr(provenance, "RESULTS", tmp_path)
        monkeypatch.setattr("IPython.display.display", lambda *of: None)
        if found is not None:
            (tmp_path / "field.json").write_text(json.dumps(found))
        names = {"np": np, "pd": pd}
        exec(table, names)
        *lines, last = words.splitlines()
        exec("\n".join([*lines, f"said = {last}"]), names)
        return names["said"].data

    return say


def test_the_chapter_says_what_refining_does_where(told):
    gains = {"compas:paper": -0.02, "heloc:paper": 0.0, "adult:paper": 0.03, "german": 0.0}
    said = told(record(gains))
    assert "it raises the Score on Adult (paper)" in said
    assert "it leaves it as it is, to within 0.01, on HELOC (paper)" in said
    assert "it lowers it on COMPAS (paper)" in said
    assert "it is not decided by these worlds on German Credit" in said
    assert "cheaper on COMPAS (paper), HELOC (paper) and Adult (paper), and more" in said
    assert "more expensive on no table." in said
    assert "takes 1.0 ms a person, and with refining 5.0 ms" in said


@pytest.mark.parametrize("found", [None, record({"german": 0.1}, worlds=1)])
def test_too_few_worlds_say_nothing_of_refining(told, found):
    said = told(found)
    assert "No world" in said or "not decided by these worlds on German Credit" in said
    assert "raises" not in said
