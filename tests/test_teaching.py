"""One round of search and judgement: what is judged, and what is learnt from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from genre_lite import Codec, Feature, Schema
from genre_lite.limits import Limits
from genre_lite.objectives import cost
from genre_lite.teaching import answered, nearest
from genre_lite.terms import Terms

SCHEMA = Schema([Feature("x", step=1), Feature("y", step=1)])
TABLE = pd.DataFrame({"x": np.arange(11), "y": np.arange(11)})
PEOPLE = pd.DataFrame({"x": [0, 3], "y": [0, 1]})


class Comparison:
    """The bank says yes from x = 6 on; cheaper is better."""

    rule = "balanced"

    def __init__(self, limits):
        self.limits = limits

    def cost(self, points, rows):
        limits = self.limits
        return cost(limits.cube[rows], points, limits.codec.nominal, limits.price[rows])

    def worth(self, points, rows):
        return 2 - self.cost(points, rows) / 2

    def accepts(self, points, rows):
        return points[:, 0] > 0.55


class Teacher:
    """Believes in everybody alike."""

    def __init__(self, valid):
        self.valid_ = valid

    def answers(self, design):
        return np.full((len(design), 2), self.valid_ / 2)


class Picky(Teacher):
    """Believes in somebody the more, the higher y; the surrogate knows nothing of it."""

    def answers(self, design):
        return np.stack([np.full(len(design), 0.9), 0.54 + 0.45 * design[:, 1]], axis=1)


def judged_by(teacher, **terms):
    limits = Limits(Codec(SCHEMA).fit(TABLE), PEOPLE, Terms(**terms))
    drawn = np.random.default_rng(0).integers(5, 11, (2, 30, 2)) / 10
    targets = np.array([[0.8, 0.8], [1.0, 0.3]])
    return limits, *answered(drawn, limits, targets, Comparison(limits), teacher, seed=0)


def round_of(valid):
    limits, judged, _, accepted, pairs = judged_by(Teacher(valid))
    return limits, judged, accepted, pairs


@pytest.mark.equation("pairs-taught")
@pytest.mark.parametrize("terms", [{}, {"bounds": {"x": (None, 8)}}], ids=["none", "bounds"])
def test_pairs_are_what_is_nearly_as_good_as_a_persons_best_by_the_teachers_word(terms):
    """B(x) by hand, from all that was judged: within 0.05 of the best, above 1, one as likely as another."""
    limits, judged, answers, accepted, pairs = judged_by(Picky(1.0), **terms)
    np.testing.assert_allclose(answers, Picky(1.0).answers(judged.reshape(-1, 2)).reshape(2, -1, 2))
    start = 0
    for i in range(2):
        rows = np.full(len(judged[i]), i)
        worth = answers[i].sum(axis=1) - np.abs(judged[i] - limits.cube[i]).sum(axis=1) / 2
        fine = (
            accepted[i] & limits.keeps(judged[i], rows) & (judged[i] != limits.cube[i]).any(axis=1)
        )
        good = fine & (worth > worth[fine].max() - 0.05) & (worth > 1)
        assert 1 < good.sum() < fine.sum()
        mine = pairs.targets[start : start + good.sum()].numpy()
        np.testing.assert_allclose(mine, judged[i][good])
        drawn = pairs.draw([i] * 20_000, torch.Generator().manual_seed(0)).numpy() - start
        share = np.bincount(drawn, minlength=good.sum()) / 20_000
        np.testing.assert_allclose(share, 1 / good.sum(), atol=0.02)
        start += good.sum()
        # The surrogate's choice would be another: it sees the cost alone.
        price = np.abs(mine - limits.cube[i]).sum(axis=1)
        assert price.min() > np.abs(judged[i][fine] - limits.cube[i]).sum(axis=1).min() - 1e-9
    assert start == len(pairs.targets)


def test_what_is_learnt_is_the_cheapest_that_is_accepted():
    """x goes up to 6 and y stays: nothing dearer by a twentieth of Score is kept."""
    limits, _, _, pairs = round_of(valid=2.0)
    assert pairs.reachable.all()
    made = limits.codec.units(pairs.targets.numpy())
    best = 2 - np.array([0.6, 0.3]) / 2
    owner = np.repeat([0, 1], np.diff([*pairs._start.tolist(), len(made)]))
    price = np.abs(made - PEOPLE.to_numpy()[owner]).sum(axis=1) / 10
    assert (made[:, 0] >= 6).all()
    assert (2 - price / 2 > best[owner] - 0.05 - 1e-9).all()
    for i, row in enumerate([(6, 0), (6, 1)]):
        assert (made[owner == i] == row).all(axis=1).any()


def test_who_would_be_no_real_person_teaches_nothing():
    """A Score of 1 is had by staying as one is: real, and denied."""
    assert not round_of(valid=1.0)[3].reachable.any()
    assert round_of(valid=1.4)[3].reachable.all()


def test_everybody_is_judged_on_their_own_candidates():
    """Among the judged are variants that were passed; each keeps the terms of its own person."""
    limits, judged, accepted, _ = round_of(valid=2.0)
    assert judged.shape == (2, 24, 2)
    np.testing.assert_array_equal(accepted, judged[..., 0] > 0.55)
    # What is taken back stands at the person's own value, and a shorter step before it.
    assert (judged >= limits.cube[:, None] - 1e-9).all()
    assert (np.abs(judged[:, 4:] - limits.cube[:, None]) < 1e-9).any(axis=(1, 2)).all()


# -- the nearest grafts ---------------------------------------------------------------------------


def grid(n=21):
    return pd.DataFrame({"x": np.linspace(0, 1, n), "y": np.linspace(0, 1, n)})


SQUARE = Schema([Feature("x"), Feature("y")])


def test_the_nearest_grafts_by_hand():
    """Each cheapest first; whoever has fewer gets themselves."""
    limits = Limits(
        Codec(SQUARE).fit(grid()),
        pd.DataFrame({"x": [0.0, 0.5], "y": [0.0, 1.0]}),
        Terms(freeze={0: [], 1: ["y"]}),
    )
    targets = np.array([[0.5, 0.4], [0.2, 0.2], [0.6, 0.0]])
    found = nearest(limits, targets, n=4)
    wanted = [[0.2, 0.2], [0.6, 0.0], [0.5, 0.4], [0.0, 0.0]]
    np.testing.assert_allclose(found[0], wanted, atol=1e-12)
    # y stays; the first target asks for nothing else, so it is none.
    wanted = [[0.6, 1.0], [0.2, 1.0], [0.5, 1.0], [0.5, 1.0]]
    np.testing.assert_allclose(found[1], wanted, atol=1e-12)


def test_the_nearest_grafts_are_those_of_every_target():
    """Where four times as many are looked at as there are, nothing is left out: against all of them."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame(rng.random((12, 2)).round(2), columns=["x", "y"])
    limits = Limits(Codec(SQUARE).fit(grid(101)), people, Terms(bounds={"x": (0.3, None)}))
    targets = rng.random((40, 2)).round(2)
    found = nearest(limits, targets, n=10)
    for i in range(12):
        made = limits.graft(targets, np.full(40, i))
        fine = limits.changed(made, np.full(40, i)).any(axis=1)
        price = np.sort(cost(limits.cube[i], made[fine]).round(9))[:10]
        np.testing.assert_allclose(cost(limits.cube[i], found[i]), price, atol=1e-9)


def test_a_persons_nearest_do_not_hang_on_who_else_asks():
    """Who freezes y looks for near values of x, also beside somebody who does not."""
    rng = np.random.default_rng(0)
    codec = Codec(SQUARE, size=1000).fit(grid(401))
    targets = np.column_stack([rng.permutation(400) + 1, rng.integers(0, 401, 400)]) / 400
    people = pd.DataFrame({"x": [0.0, 0.0], "y": [0.1, 0.1]})

    def found(rows, frozen):
        terms = Terms(freeze={i: ["y"] if frozen[i] else [] for i in rows})
        return nearest(Limits(codec, people.iloc[rows], terms), targets, n=2)

    both = found([0, 1], [True, False])
    np.testing.assert_array_equal(both[:1], found([0], [True]))
    np.testing.assert_array_equal(both[1:], found([1], [None, False]))
    np.testing.assert_allclose(both[0], [[1 / 400, 0.1], [2 / 400, 0.1]])
    assert (both[1, :, 0] > 2 / 400).any(), "who may change y gets others"
