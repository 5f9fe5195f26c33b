"""The exam: each answer is computed a second time, in another way, over many seeds."""

from __future__ import annotations

import doctest
from itertools import product

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from book.classroom import exam
from genre_lite.objectives import ideal_recourse

SEEDS = range(40)


def cost_of_a_letter(low, high, has, saves, levels, up, moves):
    """By the package's own codec."""
    schema = gl.Schema(
        [
            gl.Feature("savings"),
            gl.Feature("skill", kind="ordinal", categories=levels),
            gl.Feature("home", kind="nominal", categories=["free", "rented", "owned"]),
        ]
    )
    rows = pd.DataFrame({"savings": [low, high], "skill": [levels[0], levels[-1]]})
    codec = gl.Codec(schema).fit(rows.assign(home=["free", "rented"]))
    before = pd.DataFrame({"savings": [has], "skill": [levels[0]], "home": ["rented"]})
    after = before.assign(savings=has + saves, skill=levels[up])
    after = after.assign(home="owned") if moves else after
    return float(gl.cost(codec.cube(before), codec.cube(after), codec.nominal)[0])


def best_under_the_ideal(h, density, cost, weight, margin):
    """By the package's own function."""
    valid = np.array(h) > margin
    return ideal_recourse(np.array(density), valid, np.array(cost), weight).max()


def exchange_rate(rare, often, near, far):
    """By bisection on the difference of the two products."""
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        ahead = rare * np.exp(-middle * near) > often * np.exp(-middle * far)
        low, high = (low, middle) if ahead else (middle, high)
    return low


def greatest_shift(w, x, b):
    """By all corners to which the bank can move: the log-odds of the worst fall by a line in δ."""
    signs = list(product([-1, 1], repeat=3))
    point = np.array([*x, 1])
    now = np.array([*w, b]) @ point
    return min(now / -(point @ s) for s in signs if point @ s < 0)


def effective_size(weight, costs):
    """By weights that sum to one."""
    q = np.exp(-weight * np.array(costs))
    q /= q.sum()
    return 1 / np.square(q).sum()


def least_of_draws(draws, share, cost):
    """By going through all draws."""
    every = product(zip(share, cost, strict=True), repeat=draws)
    return sum(np.prod([p for p, _ in one]) * min(c for _, c in one) for one in every)


def score_by_hand(asked, features, found, valid, inliers, cost):
    """By one row a person."""
    people = pd.DataFrame(0.0, index=range(asked), columns=["valid", "inlier"])
    people.loc[: valid - 1, "valid"] = 1
    people.loc[: inliers - 1, "inlier"] = 1
    return people.mean().sum() - cost / features


def stand_together(p):
    """By adjusted p-values: the largest so far of each times what is left."""
    ordered = np.sort(p)
    adjusted = np.maximum.accumulate(ordered * np.arange(len(p), 0, -1))
    return (adjusted <= 0.05).sum()


@pytest.mark.parametrize("make", exam.PROBLEMS, ids=lambda make: make.__name__)
def test_every_answer_is_computed_a_second_way(make, root):
    again = globals()[make.__name__]
    place = exam.PROBLEMS.index(make)
    answers = set()
    for seed in SEEDS:
        problem = exam.problems(seed)[place]
        assert np.isclose(problem.answer, again(**problem.given)), (seed, problem)
        answers.add(round(problem.answer, 6))
    assert len(answers) > 3, "another seed is another exam"


def test_every_problem_can_be_solved_and_differs_from_the_exercises(root):
    for seed in SEEDS:
        by = {make.__name__: p for make, p in zip(exam.PROBLEMS, exam.problems(seed), strict=True)}
        assert by["greatest_shift"].answer > 0, "the letter is accepted today"
        density, h = (by["best_under_the_ideal"].given[name] for name in ("density", "h"))
        assert density[1] == 0 and h[0] < by["best_under_the_ideal"].given["margin"]
        given = by["score_by_hand"].given
        assert max(given["valid"], given["inliers"]) <= given["found"] < given["asked"]
        assert not {15, 14, 1.3} <= {*given.values()}, "the numbers of 11.1"


def test_the_sheet_does_not_tell_its_solutions(root):
    told, solved = exam.sheet(3), exam.solutions(3)
    for n, problem in enumerate(exam.problems(3), 1):
        assert problem.asked in told and problem.way not in told
        assert f"## {n}. {problem.title}\n\n**{problem.answer:.4g}** {problem.way}" in solved


def test_the_example_holds(root):
    told = doctest.testmod(exam)
    assert told.attempted and not told.failed
