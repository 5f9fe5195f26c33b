"""From candidates to options: the best few of whom the bank accepts, refined, and told apart."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, Feature, Schema, choice
from genre_lite.choice import best_of, look_further, options_of
from genre_lite.limits import Limits
from genre_lite.objectives import cost
from genre_lite.refinement import refine
from genre_lite.sampling import spread
from genre_lite.terms import Terms

NAMES = ["x", "y", "z"]
SCHEMA = Schema([Feature(name, step=1) for name in NAMES])
TABLE = pd.DataFrame({name: np.arange(11) for name in NAMES})


class Comparison:
    """Worth is a slope minus the cost; the bank says yes from a line on, and counts what it is asked."""

    rule = "balanced"

    def __init__(self, limits, slope=(0, 0, 0), line=(1, 0, 0), above=0.3):
        self.limits, self.slope = limits, np.array(slope)
        self.line, self.above = np.array(line), above
        self.asked = 0

    def cost(self, points, rows):
        limits = self.limits
        return cost(limits.cube[rows], points, limits.codec.nominal, limits.price[rows])

    def worth(self, points, rows):
        return points @ self.slope - self.cost(points, rows) / 3

    def accepts(self, points, rows):
        self.asked += len(points)
        return points @ self.line > self.above - 1e-9


def ask(people, **terms):
    return Limits(Codec(SCHEMA).fit(TABLE), pd.DataFrame(people, columns=NAMES), Terms(**terms))


def flat(points):
    people, k, d = points.shape
    return points.reshape(-1, d), np.repeat(np.arange(people), k)


def candidates(seed, people=20, k=40, levels=11):
    rng = np.random.default_rng(seed)
    limits = ask(rng.integers(0, 4, (people, 3)))
    return limits, rng.integers(0, levels, (people, k, 3)) / 10


# -- the n best ---------------------------------------------------------------------------------


def best_by_hand(points, limits, comparison, n, order=None, apart=False):
    """Every candidate that is accepted and asks for anything, by worth, then cost, then place.

    Apart: the best of each set of changes by worth, then the second of each, and so on.
    """
    found = np.full((len(points), n), -1)
    for i, mine in enumerate(points):
        rows = np.full(len(mine), i)
        worth = comparison.worth(mine, rows) if order is None else order.reshape(len(points), -1)[i]
        price, yes = comparison.cost(mine, rows), comparison.accepts(mine, rows)
        yes = yes & limits.changed(mine, rows).any(axis=1)
        seen, place, met = set(), 0, Counter()
        if apart:
            rank = {}
            for j in sorted(range(len(mine)), key=lambda j: (-round(worth[j], 9), j)):
                which = tuple(limits.changed(mine[j : j + 1], rows[:1])[0])
                rank[j] = met[which]
                met[which] += 1
            ranked = sorted(rank, key=lambda j: (rank[j], -round(worth[j], 9), j))
        else:
            ranked = sorted(
                range(len(mine)), key=lambda j: (-round(worth[j], 9), round(price[j], 9), j)
            )
        for j in ranked:
            if yes[j] and tuple(mine[j]) not in seen and place < n:
                found[i, place] = i * len(mine) + j
                place += 1
            seen.add(tuple(mine[j]))
    return found


@pytest.mark.parametrize("levels", [5, 11])
def test_apart_the_best_of_each_set_of_changes_come_first(levels):
    limits, points = candidates(seed=4, levels=levels)
    comparison = Comparison(limits, slope=(0.3, 0.6, 0), line=(1, 0.5, 0), above=0.5)
    found = best_of(*flat(points), limits, comparison, 6, apart=True, first=40)
    np.testing.assert_array_equal(found, best_by_hand(points, limits, comparison, 6, apart=True))
    sets = [
        [
            tuple(x)
            for x in limits.changed(flat(points)[0][mine[mine >= 0]], np.full((mine >= 0).sum(), i))
        ]
        for i, mine in enumerate(found)
    ]
    plain = best_of(*flat(points), limits, comparison, 6)
    several = [len(set(mine)) for mine in sets]
    alike = [
        len(
            {
                tuple(x)
                for x in limits.changed(
                    flat(points)[0][mine[mine >= 0]], np.full((mine >= 0).sum(), i)
                )
            }
        )
        for i, mine in enumerate(plain)
    ]
    assert sum(several) > sum(alike)


@pytest.mark.parametrize("n", [1, 3, 40])
@pytest.mark.parametrize("levels", [5, 11])
def test_the_best_are_those_of_brute_force(n, levels):
    """With five levels there are many that are equal, and some people whom no candidate serves."""
    limits, points = candidates(seed=n, levels=levels)
    comparison = Comparison(limits, slope=(0.3, 0.6, 0), line=(1, 0.5, 0), above=0.5)
    found = best_of(*flat(points), limits, comparison, n)
    np.testing.assert_array_equal(found, best_by_hand(points, limits, comparison, n))
    assert (found[:, 0] >= 0).any()
    if n == 40:
        assert (found == -1).any(), "there are fewer than that"


def test_another_order_may_be_given():
    limits, points = candidates(seed=0)
    comparison = Comparison(limits)
    order = np.random.default_rng(1).random(20 * 40)
    found = best_of(*flat(points), limits, comparison, 3, log_prob=order)
    np.testing.assert_array_equal(found, best_by_hand(points, limits, comparison, 3, order))
    assert (found != best_of(*flat(points), limits, comparison, 3)).any()


def test_to_stay_as_one_is_is_no_option():
    """Not even for somebody whom the bank would accept."""
    limits = ask([[5, 5, 5], [0, 0, 0]])
    points = limits.cube[:, None].repeat(4, axis=1).copy()
    points[1, 2] = [0.4, 0, 0]
    found = best_of(*flat(points), limits, Comparison(limits), 2)
    assert found.tolist() == [[-1, -1], [6, -1]]


def test_the_bank_is_asked_about_the_best_and_the_others_only_where_these_are_too_few():
    """Twenty people of forty candidates; the bank accepts anybody, or only the worst."""
    limits, points = candidates(seed=0)
    points[..., 0] = np.maximum(points[..., 0], 0.4)  # nobody stays, and nobody is equal to another
    easy = Comparison(limits, line=(1, 0, 0), above=0.0)
    best_of(*flat(points), limits, easy, 2, first=8)
    assert easy.asked == 20 * 8
    hard = Comparison(limits, slope=(-3, 0, 0), above=0.95)  # what is worth most is refused
    found = best_of(*flat(points), limits, hard, 2, first=8)
    assert 20 * 8 < hard.asked <= 20 * 40
    np.testing.assert_array_equal(found, best_by_hand(points, limits, hard, 2))


# -- the options --------------------------------------------------------------------------------


def by_person(chosen, row, number):
    """Each person's options in their order, people in theirs."""
    assert (np.diff(row) >= 0).all()
    for i in np.unique(row):
        assert number[row == i].tolist() == list(range((row == i).sum()))
    return {int(i): chosen[row == i] for i in np.unique(row)}


def test_options_by_hand():
    """x to 3 is needed. Of equal worth the cheaper comes first, then what asks for something else."""
    limits = ask([[0, 0, 0]])
    points = np.array([[[0.3, 0.6, 0], [0.3, 0, 0.3], [0.4, 0, 0], [0.2, 0, 0], [0.45, 0, 0]]])
    comparison = Comparison(limits, slope=(0, 1 / 3, 0))  # y costs what it is worth
    ways = dict(limits=limits, comparison=comparison, refined=False)
    # Worth: −0.1, −0.2, −0.133, refused, −0.15 (which differs from the third by too little).
    chosen, row, number = options_of(points, n=4, readiness=0.0, **ways)
    np.testing.assert_allclose(chosen, points[0, [0, 2, 1]])
    assert row.tolist() == [0, 0, 0] and number.tolist() == [0, 1, 2]
    # {x} and {x, z} are as far from {x, y}, 1/2 and 2/3: −0.133 + 0.5 r < −0.2 + 0.667 r from r = 0.4 on.
    chosen, *_ = options_of(points, n=2, readiness=0.41, **ways)
    np.testing.assert_allclose(chosen, points[0, [0, 1]])
    chosen, *_ = options_of(points, n=2, readiness=0.39, **ways)
    np.testing.assert_allclose(chosen, points[0, [0, 2]])


def test_further_options_are_sure_and_an_answer_stays_the_first():
    """Worth by hand: −0.1, −0.2, −0.133, −0.233; what is sure moves x by no more than 0.3."""
    limits = ask([[0, 0, 0]])
    points = np.array([[[0.3, 0.6, 0], [0.3, 0, 0.3], [0.4, 0, 0], [0.7, 0, 0]]])
    comparison = Comparison(limits, slope=(0, 1 / 3, 0))
    ways = dict(limits=limits, comparison=comparison, refined=False, readiness=0.0)

    def sure(made):
        return made[:, 0] < 0.35

    chosen, *_ = options_of(points, n=4, sure=sure, **ways)
    np.testing.assert_allclose(chosen, points[0, [0, 1]])
    # The best need not be sure, and of an answer that is known nothing is asked.
    chosen, *_ = options_of(points, n=4, sure=lambda made: made[:, 0] > 0.42, **ways)
    np.testing.assert_allclose(chosen, points[0, [0, 3]])
    answer = np.array([[0.9, 0, 0]])
    chosen, row, number = options_of(points, n=4, sure=sure, answer=answer, **ways)
    np.testing.assert_allclose(chosen, [answer[0], *points[0, [0, 1]]])
    assert row.tolist() == [0, 0, 0] and number.tolist() == [0, 1, 2]
    # Where worth is no estimate, it is one among others: by its −0.3 the last.
    chosen, *_ = options_of(points, n=5, answer=answer, **ways)
    np.testing.assert_allclose(chosen, [*points[0, [0, 2, 1, 3]], answer[0]])


def test_the_first_is_the_best_however_ready_one_is_to_give_up():
    """A readiness to differ says nothing of the first option: it is the one of the greatest worth."""
    limits, points = candidates(seed=2)
    comparison = Comparison(limits, slope=(0.1, 0.5, 0.2))
    best = best_of(*flat(points), limits, comparison, 1)[:, 0]
    for readiness in (0.0, 0.05, 5.0):
        chosen, row, number = options_of(
            points, limits, comparison, 3, readiness=readiness, refined=False
        )
        first = chosen[number == 0]
        np.testing.assert_array_equal(row[number == 0], np.flatnonzero(best >= 0))
        np.testing.assert_array_equal(first, flat(points)[0][best[best >= 0]])
    cheap = comparison.cost(chosen, row)
    assert (cheap[number > 0] < cheap[number == 0].max()).any(), (
        "a cheaper one could have come first"
    )


def test_of_equal_worth_the_cheaper_is_first():
    """Worth is the same for all; in no order of the candidates does a costlier one come first."""
    limits = ask([[0, 0, 0]])
    points = np.array([[0.9, 0, 0], [0.5, 0.2, 0], [0.5, 0.1, 0], [0.5, 0.3, 0.2]])

    class Alike(Comparison):
        def worth(self, points, rows):
            return np.ones(len(points))

    for order in itertools.permutations(range(4)):
        for n in (1, 2):
            chosen, *_ = options_of(
                points[None, order], limits, Alike(limits), n, readiness=0.05, refined=False
            )
            np.testing.assert_allclose(chosen[0], [0.5, 0.1, 0])


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("refined", [False, True])
def test_options_are_the_best_refined_and_spread(n, refined):
    """The whole way by hand: the best 1, 2 or 6 n of each person (of n, the best of each set of changes
    first), refined, the best first, then spread."""
    limits, points = candidates(seed=n)
    comparison = Comparison(limits, slope=(0.1, 0.5, 0.2), line=(1, 0.5, 0), above=0.4)
    chosen, row, number = options_of(points, limits, comparison, n, readiness=0.05, refined=refined)
    found = by_person(chosen, row, number)
    keep = 6 * n if n > 1 else 2 if refined else 1
    best = best_by_hand(points, limits, comparison, keep, apart=n > 1)
    for i in range(len(points)):
        mine = flat(points)[0][best[i][best[i] >= 0]]
        rows = np.full(len(mine), i)
        if refined:
            mine = refine(mine, rows, limits, comparison)
        worth, price = comparison.worth(mine, rows), comparison.cost(mine, rows)
        order = np.lexsort((price.round(9), -worth.round(9)))
        mine, worth = mine[order], worth[order]
        some = spread(worth, mine - limits.cube[i], n, nominal=limits.codec.nominal, readiness=0.05)
        np.testing.assert_allclose(found.get(i, np.empty((0, 3))), mine[some])
    assert comparison.accepts(chosen, row).all()
    assert limits.keeps(chosen, row).all()


@pytest.mark.parametrize("seed", range(3))
def test_refined_options_are_worth_no_less(seed):
    limits, points = candidates(seed)
    comparison = Comparison(limits, slope=(0.1, 0.5, 0.2), line=(1, 0.5, 0), above=0.4)
    plain, fine = (
        options_of(points, limits, comparison, 1, readiness=0.05, refined=refined)
        for refined in (False, True)
    )
    np.testing.assert_array_equal(plain[1], fine[1])
    worth = [comparison.worth(chosen, row) for chosen, row, _ in (plain, fine)]
    assert (worth[1] >= worth[0] - 1e-9).all()
    assert (worth[1] > worth[0] + 0.01).mean() > 0.2


def test_what_is_given_besides_is_refined_too_and_chosen_only_if_it_is_best():
    """Two people; the candidates of the first are poor, of the second good, and each gets one besides."""
    limits = ask([[0, 0, 0], [0, 0, 0]])
    points = np.array([[[0.9, 0, 0.5]] * 3, [[0.3, 0, 0]] * 3])
    comparison = Comparison(limits, slope=(-0.5, 0.6, 0), line=(1, 1, 0), above=0.3)
    besides = np.array([[0, 0.8, 0.2], [0.5, 0, 0]]), np.array([0, 1])
    chosen, row, number = options_of(
        points, limits, comparison, 1, readiness=0.0, refined=True, besides=besides
    )
    # y is worth more than it costs, so 0.8 of it stays, and the rest goes.
    np.testing.assert_allclose(chosen, [[0, 0.8, 0], [0.3, 0, 0]], atol=1e-9)
    assert (row.tolist(), number.tolist()) == ([0, 1], [0, 0])
    # Whose candidates are all refused may still have one besides.
    points[0] = [0.1, 0, 0]
    chosen, row, _ = options_of(
        points, limits, comparison, 1, readiness=0.0, refined=True, besides=besides
    )
    np.testing.assert_allclose(chosen, [[0, 0.8, 0], [0.3, 0, 0]], atol=1e-9)
    assert row.tolist() == [0, 1]


def test_who_has_nothing_sure_looks_further():
    """Person i is sure of what stands at place 3^i; only who is not is asked again, until all are seen."""
    asked = []

    def look(left, tried):
        asked.append((left.tolist(), tried))
        own = np.flatnonzero(left != 2)  # the third finds nothing at all
        row = np.repeat(own, 2)  # and the others two options each
        best = np.stack([left[row], np.full(len(row), tried)], axis=1)
        number = np.tile([0, 1], len(own))
        return best, row, number, (3.0 ** left[row] <= tried) & (number == 0)

    best, row, number = look_further(5, look, 2, 50)
    assert asked == [([0, 1, 2, 3, 4], 2), ([1, 2, 3, 4], 8), ([2, 3, 4], 32), ([2, 4], 50)]
    assert row.tolist() == [0, 0, 1, 1, 3, 3, 4, 4] and number.tolist() == [0, 1] * 4
    assert best[:, 1].tolist() == [2, 2, 8, 8, 32, 32, 50, 50] and (best[:, 0] == row).all()


def test_an_order_of_ones_own_decides_alone():
    """As for the first draw that is accepted: neither worth nor cost has a say."""
    limits, points = candidates(seed=4)
    comparison = Comparison(limits, slope=(0.1, 0.5, 0.2), line=(1, 0.5, 0), above=0.4)
    first = -np.tile(np.arange(40), 20).astype(float)
    chosen, row, _ = options_of(
        points, limits, comparison, 1, readiness=0.05, refined=False, order=first
    )
    for i in range(20):
        rows = np.full(40, i)
        fine = comparison.accepts(points[i], rows) & limits.changed(points[i], rows).any(axis=1)
        np.testing.assert_array_equal(chosen[row == i], points[i][fine][:1])
    assert len(chosen) > 15


def test_nobody_is_served():
    limits, points = candidates(seed=5)
    nobody = Comparison(limits, above=2.0)
    for refined in (False, True):
        chosen, row, number = options_of(points, limits, nobody, 2, readiness=0.0, refined=refined)
        assert chosen.shape == (0, 3) and not len(row) and not len(number)
    assert choice.__all__ == ["Found", "best_of", "look_further", "options_of"]
