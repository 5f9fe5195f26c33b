"""Synthesized pairs against a softmax written out in numpy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from genre_lite import Codec, Feature, GenReError, PairSampler, Schema, cost
from genre_lite.baselines import NearestNeighbour
from genre_lite.limits import Limits
from genre_lite.supervision import ListedPairs, grafted_pairs

CONSTRAINTS = {
    "none": {},
    "immutable number": {"immutable": ["size"]},
    "immutable level": {"immutable": ["job"]},
    "increasing": {"increasing": ["age"]},
    "decreasing": {"decreasing": ["debt"]},
    "all": {"immutable": ["size", "job"], "increasing": ["age", "grade"], "decreasing": ["debt"]},
}
BASE = Schema(
    [
        Feature("age", step=1),
        Feature("debt"),
        Feature("size", step=1),
        Feature("grade", "ordinal", ("low", "middle", "high")),
        Feature("job", "nominal", ("clerk", "pilot", "smith")),
        Feature("sex", "nominal", ("f", "m")),
    ]
)


def table(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 30, n),
            "debt": rng.normal(size=n),
            "size": rng.integers(0, 3, n),
            "grade": rng.choice(["low", "middle", "high"], n),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "sex": rng.choice(["f", "m"], n),
        }
    )


SOURCES, TARGETS = table(30, 1), table(80, 2)


def sampler(schema=BASE, sources=SOURCES, targets=TARGETS, cost_weight=2.0, **settings):
    codec = Codec(schema).fit(pd.concat([sources, targets], ignore_index=True))
    return PairSampler(codec, codec.cube(sources), codec.cube(targets), cost_weight, **settings)


def brute_force(schema, cost_weight, sources=SOURCES, targets=TARGETS):
    """Q in numpy, from the tables themselves: costs, who is allowed, weights."""
    codec = Codec(schema).fit(pd.concat([sources, targets], ignore_index=True))
    price = cost(codec.cube(sources)[:, None], codec.cube(targets), codec.nominal)
    allowed = np.array(
        [
            [
                all(f.allows(x[f.name], t[f.name]) for f in schema)
                for t in targets.to_dict("records")
            ]
            for x in sources.to_dict("records")
        ]
    )
    raw = np.where(allowed, np.exp(-cost_weight * price), 0)
    return price, allowed, raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-300)


everyone = np.arange(len(SOURCES))


# -- weights ----------------------------------------------------------------------------------


@pytest.mark.equation("consistency-q", "pairs-q")
@pytest.mark.parametrize("cost_weight", [0.0, 2.0, 20.0])
@pytest.mark.parametrize("constraints", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_weights_are_the_softmax_of_minus_cost(constraints, cost_weight):
    schema = BASE.constrain(**constraints)
    price, allowed, expected = brute_force(schema, cost_weight)
    pairs = sampler(schema, cost_weight=cost_weight)
    np.testing.assert_allclose(pairs.costs(everyone).numpy(), price, atol=1e-5)
    np.testing.assert_array_equal(pairs.reachable, allowed.any(axis=1))
    np.testing.assert_allclose(pairs.weights(everyone), expected, atol=1e-5)
    np.testing.assert_allclose(pairs.weights(np.array([7, 3])), expected[[7, 3]], atol=1e-5)
    assert (pairs.weights(everyone)[~allowed] == 0).all()


def test_the_constraints_of_these_tests_bite():
    shares = {
        name: brute_force(BASE.constrain(**c), 1.0)[1].mean() for name, c in CONSTRAINTS.items()
    }
    assert shares.pop("none") == 1
    assert all(0 < share < 0.9 for share in shares.values())


@pytest.mark.parametrize("block", [1, 100, 2**22])
def test_the_block_changes_neither_weights_nor_draws(block):
    schema = BASE.constrain(increasing=["age"], immutable=["sex"])
    pairs, whole = sampler(schema, block=block), sampler(schema)
    np.testing.assert_array_equal(pairs.reachable, whole.reachable)
    np.testing.assert_array_equal(pairs.weights(everyone), whole.weights(everyone))
    rows = np.flatnonzero(whole.reachable)
    seeded = [p.draw(rows, torch.Generator().manual_seed(5)) for p in (pairs, whole)]
    assert torch.equal(*seeded)
    for ours, theirs in zip(pairs.nearest_targets(3), whole.nearest_targets(3), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("k", [1, 5, 80, 1000])
def test_exactly_the_k_nearest_keep_weight(k):
    price, _, _ = brute_force(BASE, 1.0)
    weights = sampler(cost_weight=1.0, nearest=k).weights(everyone)
    kept = weights > 0
    assert (kept.sum(axis=1) == min(k, len(TARGETS))).all()
    worst_kept = np.where(kept, price, -np.inf).max(axis=1)
    best_left = np.where(kept, np.inf, price).min(axis=1)
    assert (worst_kept <= best_left + 1e-6).all()
    expected = np.where(kept, np.exp(-price), 0)
    np.testing.assert_allclose(
        weights, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-7
    )


def test_ties_do_not_make_more_than_k():
    frame = pd.DataFrame({"it": [0.0, 1.0]})
    codec = Codec(Schema.infer(frame)).fit(frame)
    pairs = PairSampler(codec, [[0.0]], [[1.0]] * 6, 1.0, nearest=4)
    assert (pairs.weights([0]) > 0).sum() == 4


def test_fewer_than_k_within_the_constraints():
    schema = BASE.constrain(**CONSTRAINTS["all"])
    _, allowed, expected = brute_force(schema, 2.0)
    pairs = sampler(schema, nearest=20)
    few = allowed.sum(axis=1) <= 20
    assert few.any()
    np.testing.assert_allclose(pairs.weights(everyone)[few], expected[few], atol=1e-5)


# -- draws ------------------------------------------------------------------------------------


def test_draws_follow_the_weights():
    schema = BASE.constrain(increasing=["age"])
    pairs = sampler(schema, cost_weight=1.0, block=500)
    person = int(np.flatnonzero(pairs.reachable)[0])
    rows = np.full(20_000, person)
    weights = brute_force(schema, 1.0)[2][person]
    common = weights * len(rows) >= 5
    surprise = []
    for seed in range(5):
        drawn = pairs.draw(rows, torch.Generator().manual_seed(seed)).numpy()
        seen = np.bincount(drawn, minlength=len(TARGETS))
        assert (seen[weights == 0] == 0).all()
        expected = np.append(weights[common], weights[~common].sum()) * len(rows)
        found = np.append(seen[common], seen[~common].sum())
        if expected[-1] == 0:
            expected, found = expected[:-1], found[:-1]
        surprise.append(stats.chisquare(found, expected * found.sum() / expected.sum()).pvalue)
        uniform = np.full(len(found), found.sum() / len(found))
        assert stats.chisquare(found, uniform).pvalue < 1e-6, "the test must tell weights apart"
    # One p-value in a hundred is below a hundredth; three of five are for wrong weights only.
    assert np.median(surprise) > 0.01


def test_draws_break_no_constraint_and_follow_the_seed():
    schema = BASE.constrain(**CONSTRAINTS["all"])
    pairs = sampler(schema)
    rows = np.flatnonzero(pairs.reachable).repeat(200)
    drawn = pairs.draw(rows, torch.Generator().manual_seed(3))
    broken = schema.violations(SOURCES.iloc[rows], TARGETS.iloc[drawn.numpy()])
    assert not broken.any(axis=None)
    assert torch.equal(drawn, pairs.draw(rows, torch.Generator().manual_seed(3)))
    assert not torch.equal(drawn, pairs.draw(rows, torch.Generator().manual_seed(4)))


def test_who_can_reach_nobody_is_reported_and_not_drawn_for():
    schema = BASE.constrain(immutable=["sex"])
    pairs = sampler(schema, targets=TARGETS[TARGETS["sex"] == "f"])
    np.testing.assert_array_equal(pairs.reachable, SOURCES["sex"] == "f")
    stuck = np.flatnonzero(SOURCES["sex"] == "m")
    assert (pairs.weights(stuck) == 0).all()
    assert np.isinf(pairs.nearest_targets(2)[1][stuck]).all()
    with pytest.raises(GenReError, match=r"pairs\.reachable"):
        pairs.draw(everyone, torch.Generator())
    assert len(pairs.draw(np.flatnonzero(pairs.reachable), torch.Generator())) == sum(
        SOURCES["sex"] == "f"
    )


@pytest.mark.parametrize("clocks", [["age"], ["age", "size"]], ids=str)
def test_time_goes_on_or_stands_still(clocks):
    """In Q people may grow older; where time stands still, a clock is as fixed as what is immutable."""
    schema = BASE.constrain(clocks=clocks, increasing=["grade"], decreasing=["debt"])
    pairs, still = sampler(schema), sampler(schema, still=True)
    rest = {"increasing": ["grade"], "decreasing": ["debt"]}
    fixed = BASE.constrain(**rest, immutable=clocks)
    older = BASE.constrain(**rest | {"increasing": ["grade", *clocks]})
    for found, form in ((still, fixed), (pairs, older)):
        _, allowed, expected = brute_force(form, 2.0)
        np.testing.assert_allclose(found.weights(everyone), expected, atol=1e-5)
        np.testing.assert_array_equal(found.reachable, allowed.any(axis=1))
        which, price = found.nearest_targets(3)
        assert np.take_along_axis(allowed, which, axis=1)[np.isfinite(price)].all()
    assert 0 < still.reachable.sum() < pairs.reachable.sum()
    rows = np.flatnonzero(still.reachable).repeat(50)
    drawn = still.draw(rows, torch.Generator().manual_seed(0)).numpy()
    for clock in clocks:
        ages = SOURCES[clock].to_numpy()[rows], TARGETS[clock].to_numpy()[drawn]
        np.testing.assert_array_equal(*ages)


def test_without_a_clock_there_is_nothing_to_stand_still():
    schema = BASE.constrain(**CONSTRAINTS["all"])
    still, pairs = sampler(schema, still=True), sampler(schema)
    np.testing.assert_array_equal(still.weights(everyone), pairs.weights(everyone))


def test_a_sampler_of_other_draws_has_other_settings():
    """A checkpoint is known again by them."""
    schema = BASE.constrain(clocks=["age"])
    ways = [{}, {"still": True}, {"nearest": 5}, {"pool": 5}, {"cost_weight": 3.0}]
    told = [sampler(schema, **way).settings for way in ways]
    assert len(set(told)) == len(ways)
    assert told[0] == sampler(schema, block=100).settings


def test_no_targets_at_all():
    with pytest.raises(GenReError, match="no targets"):
        sampler(targets=TARGETS.iloc[:0])


# -- large and small --------------------------------------------------------------------------


def test_memory_holds_a_block_and_not_all_pairs(monkeypatch):
    sizes = []
    measure = PairSampler.costs

    def watched(self, *asked):
        found = measure(self, *asked)
        sizes.append(found.numel())
        return found

    monkeypatch.setattr(PairSampler, "costs", watched)
    frame = pd.DataFrame({"it": [0.0, 1.0]})
    codec = Codec(Schema.infer(frame)).fit(frame)
    rng = np.random.default_rng(0)
    # 20,000 × 20,000 costs would take 1.6 GB.
    many = [rng.random((20_000, 1)) for _ in range(2)]
    pairs = PairSampler(codec, *many, cost_weight=5.0, block=200_000)
    assert len(pairs.draw(np.arange(25), torch.Generator().manual_seed(0))) == 25
    assert sizes == [200_000, 200_000, 100_000]


def test_a_constraint_sees_what_float32_cannot():
    frame = pd.DataFrame({"id": [0.0, 500_000_001, 500_000_002, 1e9], "it": [0.0, 1, 2, 3]})
    schema = Schema.infer(frame)
    assert len(np.unique((frame["id"] / 1e9).astype("float32"))) == 3, "two of them look equal"
    for constraint, expected in [
        ({"immutable": ["id"]}, [False, False, True, False]),
        ({"increasing": ["id"]}, [False, False, True, True]),
        ({"decreasing": ["id"]}, [True, True, True, False]),
    ]:
        codec = Codec(schema.constrain(**constraint)).fit(frame)
        cube = codec.cube(frame)
        assert (PairSampler(codec, cube[[2]], cube, 0.0).weights([0])[0] > 0).tolist() == expected


# -- the nearest ------------------------------------------------------------------------------


@pytest.mark.parametrize("constraints", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_nearest_targets_are_those_of_brute_force(constraints):
    schema = BASE.constrain(**constraints)
    price, allowed, _ = brute_force(schema, 1.0)
    price = np.where(allowed, price, np.inf)
    which, what = sampler(schema).nearest_targets(4)
    assert which.shape == what.shape == (len(SOURCES), 4)
    np.testing.assert_allclose(what, np.sort(price, axis=1)[:, :4], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(price, which, axis=1), what, atol=1e-5)
    assert all(len(set(row)) == 4 for row in which)


class Everybody:
    """Accepts whom it is told to."""

    def __init__(self, accepted):
        self.accepted = accepted

    def predict_proba(self, frame):
        yes = frame["debt"].isin(self.accepted).to_numpy() * 0.8 + 0.1
        return np.stack([1 - yes, yes], axis=1)


@pytest.mark.equation("copy-limit")
def test_a_heavy_cost_leaves_the_nearest_neighbour():
    people = pd.concat([SOURCES, TARGETS], ignore_index=True)
    copies = NearestNeighbour(Everybody(TARGETS["debt"]), BASE, progress=False).fit(people)
    answer = copies.recommend(people.iloc[: len(SOURCES)])
    pairs = sampler(cost_weight=1e4)
    np.testing.assert_array_equal(answer.found.to_numpy(), pairs.reachable)
    rows = np.flatnonzero(pairs.reachable)
    drawn = pairs.draw(rows, torch.Generator().manual_seed(0)).numpy()
    pd.testing.assert_frame_equal(
        answer.best().iloc[rows].reset_index(drop=True),
        TARGETS.iloc[drawn].reset_index(drop=True),
        check_dtype=False,
    )


# -- a pool of targets ------------------------------------------------------------------------


def line(targets, **settings):
    """One source at 0, targets spread over [0, 1]."""
    frame = pd.DataFrame({"it": [0.0, 1.0]})
    codec = Codec(Schema.infer(frame)).fit(frame)
    spread = np.linspace(0, 1, targets)[:, None]
    return PairSampler(codec, [[0.0]], spread, cost_weight=5.0, **settings)


def test_draws_from_pools_tend_to_q():
    """Mean of draws against the exact mean of Q; a pool of one ignores the cost altogether."""
    generator = torch.Generator().manual_seed(0)
    exact = line(5000)
    mean = float(exact.weights([0])[0] @ exact.targets.numpy().ravel())

    def drawn(pool):
        pairs = line(5000, pool=pool)
        places = [pairs.draw([0], generator).item() for _ in range(1500)]
        return float(pairs.targets[places].mean())

    assert abs(drawn(1000) - mean) < 0.02
    assert abs(drawn(1) - 0.5) < 0.03
    assert abs(drawn(1) - mean) > 0.2


def test_a_pool_costs_the_same_whatever_the_table(monkeypatch):
    sizes = []
    measure = PairSampler.costs
    monkeypatch.setattr(
        PairSampler,
        "costs",
        lambda self, *args: sizes.append((found := measure(self, *args)).numel()) or found,
    )
    for targets in (1_000, 100_000):
        line(targets, pool=500).draw(np.zeros(20, int), torch.Generator().manual_seed(0))
    assert sizes == [20 * 500] * 2


def test_a_source_that_the_pool_cannot_serve_draws_from_all():
    frame = pd.DataFrame({"town": ["Ox"] * 999 + ["Ur"], "it": np.linspace(0, 1, 1000)})
    codec = Codec(Schema.infer(frame, immutable=["town"])).fit(frame)
    cube = codec.cube(frame)
    pairs = PairSampler(codec, cube[[0, -1]], cube, 5.0, pool=10)
    rows = np.tile([0, 1], 50)
    drawn = pairs.draw(rows, torch.Generator().manual_seed(0))
    assert (drawn[rows == 1] == 999).all()
    assert (drawn[rows == 0] < 999).all()


# -- lists, and grafts ------------------------------------------------------------------------


def test_lists_by_hand():
    """Two people with lists of three and of one, and one without."""
    targets = np.array([[0.1], [0.2], [0.3], [0.9]])
    weights = np.log([1.0, 2.0, 1.0, 1.0])
    pairs = ListedPairs(np.zeros((3, 1)), targets, np.array([0, 0, 0, 2]), weights)
    assert pairs.reachable.tolist() == [True, False, True]
    drawn = pairs.draw(np.repeat([0, 2], 20_000), torch.Generator().manual_seed(0)).numpy()
    share = np.bincount(drawn[:20_000], minlength=4) / 20_000
    np.testing.assert_allclose(share, [0.25, 0.5, 0.25, 0], atol=0.015)
    assert (drawn[20_000:] == 3).all()
    assert pairs.settings == (4,)


def grafted(schema, accepts=lambda points, rows: np.ones(len(rows), bool), **settings):
    codec = Codec(schema).fit(pd.concat([SOURCES, TARGETS], ignore_index=True))
    limits = Limits(codec, SOURCES)
    settings = {"cost_weight": 2.0, "seed": 0, "tries": len(TARGETS)} | settings
    return limits, grafted_pairs(limits, codec.cube(TARGETS), accepts=accepts, **settings)


def test_a_graft_keeps_what_may_not_change():
    schema = BASE.constrain(immutable=["size", "job"], increasing=["age"])
    limits, pairs = grafted(schema)
    owner = np.repeat(everyone, len(TARGETS))
    made = pairs.targets.numpy()
    assert len(made) == len(owner)
    sources, targets = limits.cube[owner], np.tile(limits.codec.cube(TARGETS), (len(SOURCES), 1))
    expected = targets.copy()
    expected[:, [2, 4]] = sources[:, [2, 4]]
    expected[:, 0] = np.maximum(expected[:, 0], sources[:, 0])
    key = [tuple(row) for row in np.column_stack([owner, made]).round(9)]
    wanted = [tuple(row) for row in np.column_stack([owner, expected]).round(9)]
    assert sorted(key) == sorted(wanted)
    assert pairs.reachable.all()
    # The odds within a list are those of Q: exp(-λ C).
    price = cost(sources, made, limits.codec.nominal)
    np.testing.assert_allclose(
        pairs._log.numpy()[owner, np.tile(np.arange(len(TARGETS)), len(SOURCES))],
        -2.0 * price,
        atol=1e-5,
    )


def test_a_graft_that_is_refused_is_left_out():
    """Only grafts onto those of small debt are accepted; the less strict rule serves the others."""

    def strict(points, rows):
        return points[:, 1] < 0.3

    def lenient(points, rows):
        return points[:, 1] < 0.6

    schema = BASE.constrain(increasing=["debt"])
    limits, pairs = grafted(schema, strict)
    reach = limits.cube[:, 1] < 0.3
    assert (pairs.targets[:, 1] < 0.3).all()
    np.testing.assert_array_equal(pairs.reachable, reach)
    limits, both = grafted(schema, strict, otherwise=lenient)
    np.testing.assert_array_equal(both.reachable, limits.cube[:, 1] < 0.6)
    own = [both.draw([i] * 50, torch.Generator().manual_seed(0)) for i in np.flatnonzero(reach)]
    assert (both.targets[torch.cat(own), 1] < 0.3).all()


def test_to_stay_as_one_is_is_no_pair():
    """Not even where the bank would accept it."""
    frame = pd.DataFrame({"x": [0.0, 0.5, 1.0]})
    limits = Limits(Codec(Schema.infer(frame)).fit(frame), frame.iloc[[1]])
    targets = np.array([[0.5], [1.0]])
    pairs = grafted_pairs(limits, targets, 1.0, lambda p, rows: np.ones(len(p), bool), seed=0)
    assert pairs.targets.tolist() == [[1.0]]


def test_who_gets_no_target_near_by_is_looked_for_further_away():
    """Sixty near targets are refused; the one far away is found only if four times as many are tried."""
    frame = pd.DataFrame({"x": np.linspace(0, 1, 101)})
    codec = Codec(Schema.infer(frame)).fit(frame)
    near = np.linspace(0.01, 0.2, 60)
    targets = np.append(near, 1.0)[:, None]
    asked = []

    def far(points, rows):
        asked.append(len(points))
        return points[:, 0] > 0.9

    def nobody(points, rows):
        return np.zeros(len(points), dtype=bool)

    limits = Limits(codec, frame.iloc[[0]])
    assert not grafted_pairs(limits, targets, 30.0, far, nobody, seed=0, tries=24).reachable.any()
    pairs = grafted_pairs(limits, targets, 30.0, nobody, far, seed=0, tries=24)
    assert pairs.targets.tolist() == [[1.0]]
    assert asked[0] <= 24 < asked[1]


def test_grafts_are_drawn_without_replacement_and_the_nearer_the_oftener():
    _, near = grafted(BASE, cost_weight=30.0, tries=8)
    limits, far = grafted(BASE, cost_weight=0.0, tries=8)
    price = {}
    for name, pairs in (("near", near), ("far", far)):
        owner = np.repeat(everyone, 8)
        made = pairs.targets.numpy()
        assert len(np.unique(np.column_stack([owner, made]), axis=0)) == 8 * len(SOURCES)
        price[name] = cost(limits.cube[owner], made, limits.codec.nominal).mean()
    best = np.sort(brute_force(BASE, 1.0)[0], axis=1)
    assert best[:, :8].mean() <= price["near"] < 1.1 * best[:, :8].mean()
    assert price["far"] == pytest.approx(best.mean(), rel=0.1)


def test_a_persons_grafts_depend_on_nobody_else():
    codec = Codec(BASE).fit(pd.concat([SOURCES, TARGETS], ignore_index=True))

    def made(people):
        pairs = grafted_pairs(
            Limits(codec, people),
            codec.cube(TARGETS),
            2.0,
            lambda points, rows: np.ones(len(rows), bool),
            seed=3,
            tries=5,
        )
        return pairs.targets.numpy().reshape(len(people), 5, -1)

    whole = made(SOURCES)
    np.testing.assert_array_equal(made(SOURCES.iloc[::-1])[::-1], whole)
    np.testing.assert_array_equal(made(SOURCES.iloc[[7]])[0], whole[7])


@pytest.mark.parametrize("fixed", [["size"], ["size", "job"]], ids=str)
def test_the_cheapest_graft_is_the_nearest_neighbours(fixed):
    schema = BASE.constrain(immutable=fixed)
    people = pd.concat([SOURCES, TARGETS], ignore_index=True)
    copies = NearestNeighbour(Everybody(TARGETS["debt"]), schema, progress=False).fit(people)
    answer = copies.recommend(people.iloc[: len(SOURCES)])
    limits, pairs = grafted(schema)
    price = cost(
        np.repeat(limits.cube, len(TARGETS), axis=0), pairs.targets.numpy(), limits.codec.nominal
    )
    np.testing.assert_allclose(answer.cost, price.reshape(len(SOURCES), -1).min(axis=1), atol=1e-9)
