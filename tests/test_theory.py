"""What the appendix claims of Q and R*, and what it takes care not to claim.

For each statement that is easily believed and false there is a counterexample, computed; beside it what holds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import optimize, special, stats

import genre_lite as gl
from benchmarks import consistency
from genre_lite import Codec, PairSampler, Schema
from genre_lite.evaluation.ledger import mean_and_interval
from genre_lite.limits import Limits
from genre_lite.objectives import (
    LocalOutliers,
    deviation_bound,
    deviation_constant,
    effective_sample_size,
    total_variation,
)
from genre_lite.supervision import expected_deviation, grafted_pairs, on_vocabulary
from genre_lite.surrogate import Teacher
from genre_lite.training import TrainingConfig

# A near value that is rare, and a far one: the case of recourse.
RARE, COSTS, COST_WEIGHT = np.array([0.01, 0.99]), np.array([0.0, 1.0]), 5.0


def tilted(p, w):
    """R*, ρ and κ."""
    ratio = w / (p * w).sum()
    return p * ratio, ratio, (p * ratio**2).sum()


def two_values(n, p, w):
    """All that n targets of two values may be: the probability of each, and Q of the first value."""
    first = np.arange(n + 1)
    return stats.binom.pmf(first, n, p[0]), first * w[0] / (first * w[0] + (n - first) * w[1])


def toy_codec():
    corners = pd.DataFrame({"x": [0.0, 1.0]})
    return Codec(Schema.infer(corners)).fit(corners)


# -- where R* is zero -----------------------------------------------------------------------------


@pytest.mark.parametrize("toy", consistency.TOYS)
def test_a_bound_wherever_the_weight_is_positive_would_rule_out_the_ideal(toy):
    """Assumption 5 must not ask −log R(v) ≤ B of values that nobody accepted has."""
    world = consistency.plane(toy)
    forbidden = (world.weights > 0) & (world.density == 0)
    assert forbidden.mean() > 0.1, "no oddity: a good part of the plane"
    with np.errstate(divide="ignore"):
        surprise = -np.log(world.ideal)
    assert np.isinf(surprise[forbidden]).all()
    assert np.isfinite(surprise[~forbidden]).all(), "where p w > 0 there is a bound"


@pytest.mark.equation("consistency-floor")
@pytest.mark.parametrize("bound", [1.0, 3.0, 8.0])
def test_a_softmax_with_bounded_log_odds_stays_above_a_floor(bound):
    """Three values that R* has and two that are allowed and impossible; log-odds within ± bound."""
    ideal, impossible = np.array([0.5, 0.3, 0.2, 0.0, 0.0]), np.array([0, 0, 0, 1, 1], bool)

    def divergence(log_odds):
        log = special.log_softmax(log_odds)
        return (ideal[:3] * (np.log(ideal[:3]) - log[:3])).sum()

    best = optimize.minimize(divergence, np.zeros(5), bounds=[(-bound, bound)] * 5, tol=1e-14)
    least = special.softmax([bound] * 4 + [-bound])[-1]  # no member gives a value less
    floor = -np.log(1 - impossible.sum() * least)
    assert best.fun >= floor > 0
    assert special.softmax(best.x)[impossible].min() >= least
    # It comes as near as you like if the bound may grow, and is never there.
    if bound == 8.0:
        assert best.fun < 1e-6


# -- a pool ---------------------------------------------------------------------------------------


def pool_limit(m):
    """The share of the near value among pairs from pools of m, in a table without end."""
    w = np.exp(-COST_WEIGHT * COSTS)
    probability, share = two_values(m, RARE, w)
    return (probability * share).sum()


@pytest.mark.equation("consistency-pool")
def test_a_fixed_pool_is_biased_whatever_the_data():
    ideal, ratio, kappa = tilted(RARE, np.exp(-COST_WEIGHT * COSTS))
    limits = {m: pool_limit(m) for m in (8, 64, 512, 2048)}
    np.testing.assert_allclose(list(limits.values()), [0.07, 0.35, 0.57, 0.593], atol=0.005)
    assert ideal[0] == pytest.approx(0.6, abs=0.001)
    for m in (512, 2048, 8192):
        bias = pool_limit(m) - ideal[0]
        assert bias == pytest.approx(ideal[0] * (kappa - ratio[0]) / m, abs=3 * (kappa / m) ** 2)
        assert abs(bias) <= kappa / m
    # Ten times the pool, a tenth of the bias: so only a pool that grows removes it.
    shrunk = (pool_limit(20_480) - ideal[0]) / (pool_limit(2048) - ideal[0])
    assert shrunk == pytest.approx(1 / 10, rel=0.05)


@pytest.mark.parametrize("m", [1, 2, 5, 20])
def test_a_fixed_pool_is_right_if_all_weights_are_equal_and_else_never(m):
    """By all pools that there can be, of three values."""
    p = np.array([0.2, 0.3, 0.5])
    pools = np.array([(i, j, m - i - j) for i in range(m + 1) for j in range(m + 1 - i)])
    probability = stats.multinomial.pmf(pools, m, p)
    for w, right in (
        ([1, 1, 1], True),
        ([0.3, 0.3, 0], True),  # one is out of reach
        ([1, 0.9, 0], False),
        ([1, 0.2, 0.01], False),
    ):
        w = np.array(w, dtype=float)
        ideal, _, kappa = tilted(p, w)
        total = (pools * w).sum(axis=1, keepdims=True)
        q = np.where(total > 0, pools * w / np.maximum(total, 1e-12), ideal)  # else all are taken
        limit = probability @ q
        apart = total_variation(limit, ideal)
        assert (apart < 1e-9) == right and apart <= 1.1 * kappa / m
        some = w > 0  # the proof's witness
        surprise = (limit[some] / w[some]).sum() - (ideal[some] / w[some]).sum()
        assert surprise == pytest.approx(0, abs=1e-9) if right else surprise > 1e-6


def test_the_packages_pool_ends_where_the_formula_says():
    """With a hundred thousand targets: the pool of 64 is where it would be with all the data."""
    n, m, draws = 100_000, 64, 5000
    targets = (np.arange(n) >= RARE[0] * n).astype(float)[:, None]
    pairs = PairSampler(toy_codec(), [[0.0]], targets, COST_WEIGHT, pool=m)
    generator = torch.Generator().manual_seed(0)
    row = torch.zeros(1, dtype=torch.long)
    near = [targets[pairs.draw(row, generator).item(), 0] == 0 for _ in range(draws)]
    error = 3 * np.std(near) / np.sqrt(draws)
    assert np.mean(near) == pytest.approx(pool_limit(m), abs=error)
    exact = PairSampler(toy_codec(), [[0.0]], targets, COST_WEIGHT).weights(np.array([0]))[0]
    assert exact[targets[:, 0] == 0].sum() == pytest.approx(0.6, abs=0.001)
    assert np.mean(near) + error < 0.6 - 0.2, "the fresh pool is far from all targets"


def test_a_pool_and_all_targets_are_near_if_the_pool_is_large_beside_kappa():
    """TV(Q_{n,M}, Q_n) ≤ √(m κ_n / M), here with κ of the whole."""
    ideal, _, kappa = tilted(RARE, np.exp(-COST_WEIGHT * COSTS))
    for m in (64, 512, 2048, 8192):
        assert abs(pool_limit(m) - ideal[0]) <= np.sqrt(2 * kappa / m)


# -- the rule of thumb ----------------------------------------------------------------------------


@pytest.mark.equation("consistency-rule")
def test_the_rule_of_thumb_is_reckless_where_the_near_value_is_rare():
    """ESS equal draws of R*: its distance over the exact one, from 4,000 targets."""
    n, ratios = 4000, []
    for cost_weight in range(6):
        w = np.exp(-cost_weight * COSTS)
        ideal, ratio, kappa = tilted(RARE, w)
        thumb = kappa * ideal * (1 - ideal)
        variance = ideal * ratio * (1 - 2 * ideal) + ideal**2 * kappa
        np.testing.assert_allclose(
            thumb - variance, ideal * (1 - 2 * ideal) * (kappa - ratio), atol=1e-12
        )
        probability, share = two_values(n, RARE, w)
        exact = (probability * abs(share - ideal[0])).sum()
        ratios.append(np.sqrt(thumb).sum() / np.sqrt(2 * np.pi * n) / exact)
        assert np.sqrt(thumb / variance)[0] == pytest.approx(ratios[-1], rel=0.02)
        # Cautious if and only if the nearer value has more than half of R*.
        assert (thumb > variance).all() == (ideal[0] > 0.5)
    np.testing.assert_allclose(ratios, [1.0, 0.63, 0.46, 0.50, 0.75, 1.21], atol=0.01)
    assert not (np.diff(ratios) > 0).all(), "not the more cautious the larger λ"


@pytest.mark.parametrize("toy", consistency.TOYS)
def test_on_the_toys_the_rule_of_thumb_is_cautious_for_a_reason(toy):
    for cost_weight in (1.0, 5.0, 20.0):
        world = consistency.plane(toy, cost_weight)
        kappa = consistency.price(world)[:, None]
        z = (world.density * world.weights).sum(axis=1, keepdims=True)
        possible = world.density > 0
        assert ((world.weights / z)[:, possible] < kappa).mean() > 0.5
        sharp = deviation_constant(world.density, world.weights)
        assert (consistency.kish(world) > sharp).mean() == 1


# -- the random denominator -----------------------------------------------------------------------


@pytest.mark.equation("consistency-denominator")
def test_the_random_denominator_helps_near_values_alone():
    """Exercise 10.5, at both of its values: drawn, and by the two formulas."""
    p, w, n = np.array([0.5, 0.5]), np.array([1.0, 0.5]), 1000
    ideal, ratio, kappa = tilted(p, w)
    numerator = ideal * (ratio - ideal)
    q = ideal * ratio * (1 - 2 * ideal) + ideal**2 * kappa
    np.testing.assert_allclose(numerator, [4 / 9, 1 / 9])
    np.testing.assert_allclose(q, [16 / 81, 16 / 81])
    assert q[0] / numerator[0] < 0.5
    assert q[1] / numerator[1] == pytest.approx(16 / 9), "78 % more at the far value"

    first = np.random.default_rng(0).binomial(n, 0.5, size=200_000)[:, None]
    counts = np.concatenate([first, n - first], axis=1)
    weighed = counts * w
    np.testing.assert_allclose(n * (weighed / n / (p @ w)).var(axis=0), numerator, rtol=0.02)
    np.testing.assert_allclose(
        n * (weighed / weighed.sum(axis=1, keepdims=True)).var(axis=0), q, rtol=0.02
    )


def test_it_helps_exactly_above_half_of_one_and_kappa():
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(200):
        p, w = rng.dirichlet(np.ones(5)), rng.random(5)
        ideal, ratio, kappa = tilted(p, w)
        q = ideal * ratio * (1 - 2 * ideal) + ideal**2 * kappa
        helps = q < ideal * (ratio - ideal)
        np.testing.assert_array_equal(helps, ratio > (1 + kappa) / 2)
        seen |= set(helps)
    assert seen == {True, False}


# -- what the weights cannot know ------------------------------------------------------------------


def test_one_target_with_all_weight_claims_to_know_everything():
    """Ten people are equally ideal, and each table has one of them near: told 0, and nine tenths off."""
    told, measured = [], []
    for near in range(10):
        weights = np.full(10, 1e-9)
        weights[near] = 1
        weights /= weights.sum()
        told.append(expected_deviation(weights[None], np.arange(10), size=10)[0])
        ideal = np.full(10, 1 / 10)
        measured.append(total_variation(weights, ideal))
    assert max(told) < 1e-4
    assert min(measured) == pytest.approx(0.9, abs=1e-6)


def halves(table, clocks, repetitions=5):
    """Of denied people, TV between Q of two halves of the targets, and what one half says of itself."""
    bank = gl.load_dataset(table)
    h = gl.GenRe.load(table, progress=False).h
    codec = Codec(bank.schema.constrain(increasing=clocks)).fit(bank.X_train)
    sure = (h.predict_proba(bank.X_train)[:, 1] > 0.7) & (bank.y_train == 1).to_numpy()
    denied = codec.cube(bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5])
    targets = codec.cube(bank.X_train[sure])
    people, value = np.unique(targets, axis=0, return_inverse=True)
    value, rng, rows = value.ravel(), np.random.default_rng(0), np.arange(len(denied))
    apart, told = [], []
    for _ in range(repetitions):
        order = rng.permutation(len(targets))
        pairs = [
            PairSampler(codec, denied, targets[half], 5.0) for half in np.array_split(order, 2)
        ]
        both = pairs[0].reachable & pairs[1].reachable
        q = [p.weights(rows[both]).astype(float) for p in pairs]
        values = [value[half] for half in np.array_split(order, 2)]
        size = len(people)
        apart.append(total_variation(*map(on_vocabulary, q, values, [size] * 2)))
        told.append(expected_deviation(q[0], values[0], size))
    return np.concatenate(apart), np.concatenate(told)


@pytest.mark.equation("consistency-halves")
@pytest.mark.parametrize(
    ("table", "clocks"), [("compas", ["age"]), ("german", ["age", "employment", "residence"])]
)
def test_the_halves_of_a_real_table_have_little_in_common_and_the_weights_do_not_say_so(
    table, clocks
):
    apart, told = halves(table, clocks)
    # A half is at least so far from R*, on average; the formula says less.
    assert apart.mean() / 2 > told.mean()
    assert np.median(apart) > 0.8
    assert np.median(apart) > 1.3 * np.sqrt(2) * np.median(told)


def test_where_values_hold_many_targets_the_halves_agree_with_the_formula():
    """On the cells of a toy the weights do know their own error."""
    world, rng = consistency.plane("circles"), np.random.default_rng(0)
    targets = consistency.draw_targets(world, 12_800, rng)
    half = [np.bincount(t, minlength=consistency.SIDE**2) for t in np.array_split(targets, 2)]
    q = [consistency.estimate(world, counts, counts.sum()) for counts in half]
    weights = world.weights[:, targets[:6400]]
    told = expected_deviation(
        weights / weights.sum(axis=1, keepdims=True), targets[:6400], consistency.SIDE**2
    )
    assert total_variation(*q).mean() == pytest.approx(np.sqrt(2) * told.mean(), rel=0.1)


@pytest.mark.parametrize("table", ["compas", "german"])
def test_the_bound_says_nothing_on_a_table(table):
    """√(m / ESS) is above 1 for everybody, with the distinct people as the vocabulary."""
    bank = gl.load_dataset(table)
    h = gl.GenRe.load(table, progress=False).h
    codec = Codec(bank.schema).fit(bank.X_train)
    sure = (h.predict_proba(bank.X_train)[:, 1] > 0.7) & (bank.y_train == 1).to_numpy()
    targets = codec.cube(bank.X_train[sure])
    denied = codec.cube(bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5])
    pairs = PairSampler(codec, denied, targets, 5.0)
    sizes = pairs.effective_targets(np.flatnonzero(pairs.reachable))
    assert (np.sqrt(len(np.unique(targets, axis=0)) / sizes) > 1).all()


# -- tokens ---------------------------------------------------------------------------------------


@pytest.mark.equation("consistency-uniform")
def test_one_bound_for_everybody_fails_if_a_token_holds_two_weights():
    """Real values a, b (one token) and c (the other), weights 1, 0.1 and 1; b is missing from the sample."""
    p, w, token = np.array([0.25, 0.25, 0.5]), np.array([1.0, 0.1, 1.0]), np.array([0, 0, 1])
    z = (p * w).sum()
    ideal = np.bincount(token, p * w) / z
    sample = np.array([0.5, 0.0, 0.5])
    q = np.bincount(token, sample * w) / (sample * w).sum()
    np.testing.assert_allclose(ideal, [0.355, 0.645], atol=0.001)
    np.testing.assert_allclose(q, [0.5, 0.5])
    away = total_variation(q, ideal)
    tokens_alone = abs(np.bincount(token, sample) - np.bincount(token, p)).sum() / z
    real_values = abs(sample - p).sum() / z
    assert tokens_alone == 0 < away, "the bound over tokens is broken"
    assert away <= real_values, "over real values it holds"


@pytest.mark.equation("consistency-bound", "consistency-rate")
def test_the_bound_and_the_rate_hold_for_tokens_with_the_mean_square():
    p, w, token, n = (
        np.array([0.25, 0.25, 0.5]),
        np.array([1.0, 0.1, 1.0]),
        np.array([0, 0, 1]),
        4000,
    )
    z = (p * w).sum()
    ideal = np.bincount(token, p * w) / z
    square = np.bincount(token, p * w**2) / z**2  # p(v) E[w² | v] / Z², once R*(v) ρ(v)
    kappa = square.sum()
    sigma = np.sqrt(square * (1 - 2 * ideal) + ideal**2 * kappa)
    counts = np.random.default_rng(0).multinomial(n, p, size=20_000) * w
    q = np.stack([counts[:, token == v].sum(axis=1) for v in range(2)], axis=1)
    away = total_variation(q / q.sum(axis=1, keepdims=True), ideal).mean() * np.sqrt(n)
    assert away == pytest.approx(sigma.sum() / np.sqrt(2 * np.pi), rel=0.02)
    assert away < np.sqrt(square - ideal**2).sum() <= np.sqrt(2 * kappa)
    # With the mean weight squared in place of the mean square, the rate is another.
    mean = np.bincount(token, p * w) / np.bincount(token, p)
    assert abs(away / deviation_constant(np.bincount(token, p), mean) - 1) > 0.05


# -- what training does ----------------------------------------------------------------------------


def pulled(steps, decay, runs=20):
    """Coins that show one side with 0.95, learned from there on by AdamW, one cycle, fresh draws."""
    p, config = 0.95, TrainingConfig()
    generator = torch.Generator().manual_seed(steps)
    odds = torch.full((runs,), np.log(p / (1 - p)), requires_grad=True)
    optimizer = torch.optim.AdamW([odds], lr=config.learning_rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=steps, pct_start=0.1
    )
    chance, size = torch.full((runs,), p), torch.full((runs,), float(config.batch_size))
    for _ in range(steps):
        share = torch.binomial(size, chance, generator=generator) / config.batch_size
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, share, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    learned = torch.sigmoid(odds).detach().double().numpy()
    divergence = p * np.log(p / learned) + (1 - p) * np.log((1 - p) / (1 - learned))
    return mean_and_interval(divergence)


def test_longer_training_does_not_reach_the_maximum():
    """Started in the maximum itself, with the package's own weight decay, it leaves and stays away."""
    decay = TrainingConfig().weight_decay
    assert decay > 0
    short, long = pulled(500, decay), pulled(2500, decay)
    free = pulled(2500, 0.0)
    assert long["mean"] - long["half_width"] > 10 * free["mean"]
    assert abs(long["mean"] - short["mean"]) < 0.5 * short["mean"], "five times as long, no nearer"


def test_the_maximizer_over_many_pairs_is_what_the_theorem_bounds():
    """E sup |L̂_M − L_n| ≤ (B / 2) √(m / M), over coins with probabilities from e^−B to 1 − e^−B."""
    p, bound = 0.8, 3.0
    family = np.linspace(np.exp(-bound), 1 - np.exp(-bound), 400)
    likelihood = p * np.log(family) + (1 - p) * np.log(1 - family)
    excess = {}
    for m in (100, 10_000):
        shares = np.random.default_rng(m).binomial(m, p, size=2000) / m
        found = shares[:, None] * np.log(family) + (1 - shares)[:, None] * np.log(1 - family)
        gap = abs(found - likelihood).max(axis=1).mean()
        assert gap <= bound / 2 * np.sqrt(2 / m)
        excess[m] = (likelihood.max() - likelihood[found.argmax(axis=1)]).mean()
        assert excess[m] <= 2 * gap
    assert excess[10_000] < excess[100] / 50


# -- the K nearest --------------------------------------------------------------------------------


@pytest.mark.equation("consistency-stall")
def test_a_k_that_grows_more_slowly_than_the_table_ends_on_the_nearest_as_well():
    """K = √n. "Cut off after the nearest share 0" would be 0 / 0."""
    world = consistency.plane("circles")
    possible = np.where(world.density > 0, world.costs, np.inf)
    nearest = np.isclose(possible, possible.min(axis=1, keepdims=True))
    stall = 1 - (world.ideal * nearest).sum(axis=1)
    with np.errstate(invalid="ignore"):
        assert np.isnan(consistency.estimate(world, world.density, 0.0)).all()
    for n in (10**6, 10**14):
        counts = np.round(n * world.density)
        q = consistency.estimate(world, counts, np.sqrt(n))
        away = total_variation(q, world.ideal)
    assert (away >= stall - 1e-6).all()
    assert stall.mean() > 0.5
    kept = consistency.estimate(world, counts, np.sqrt(n))
    assert (kept[~nearest] == 0).mean() > 0.99


def test_with_two_values_a_share_of_the_nearest_is_never_the_ideal():
    """Not even if all cost the same: a fixed order keeps the first value before the last."""
    p, w = np.array([0.4, 0.6]), np.array([1.0, 1.0])
    for share in (0.1, 0.5, 0.9):
        kept = np.clip(share - np.array([0.0, p[0]]), 0, p)
        q = kept * w / (kept * w).sum()
        assert total_variation(q, p) > 0.04


# -- the estimates --------------------------------------------------------------------------------


@pytest.mark.equation("pairs-chance")
def test_the_estimate_of_validity_is_a_chance_under_a_flat_prior_alone():
    """p̂ = 0.6 with an error of standard deviation σ: how often is the truth above one half?"""
    rng, teacher, seen = np.random.default_rng(0), Teacher(), 0.6
    doubt = teacher.doubt
    teacher.truth = lambda design: np.full(len(design), seen)
    told = teacher.validity(np.zeros((1, 1)))[0]
    assert told == pytest.approx(stats.norm.cdf((seen - 0.5) / doubt))

    def above(truth):
        error = rng.normal(0, doubt, len(truth))
        alike = abs(truth + error - seen) < 0.01
        return (truth[alike] > 0.5).mean()

    assert above(rng.uniform(-2, 3, 2_000_000)) == pytest.approx(told, abs=0.02)
    few = above(rng.normal(0.3, 0.1, 2_000_000))  # most people's truth is low
    assert few < told - 0.5
    precision = 1 / 0.1**2 + 1 / doubt**2
    middle = (0.3 / 0.1**2 + seen / doubt**2) / precision
    assert few == pytest.approx(stats.norm.sf((0.5 - middle) * np.sqrt(precision)), abs=0.02)


def test_what_is_estimated_of_a_training_row_leans_on_its_own_label():
    """Of rows with the same V̂ > γ, those that were learned from have y = 1 far more often than new ones."""
    bank = gl.load_dataset("german")
    codec = Codec(bank.schema).fit(bank.X_train)
    design, labels = codec.design(codec.cube(bank.X_train)), bank.y_train.to_numpy()
    rng, old, new = np.random.default_rng(0), [], []
    for seed in range(4):
        known, fresh = np.array_split(rng.permutation(len(labels)), 2)
        teacher = Teacher().fit(design[known], labels[known], seed=seed, progress=False)
        old.append(labels[known][teacher.valid > 0.7].mean())
        new.append(labels[fresh][teacher.validity(design[fresh]) > 0.7].mean())
    gap = mean_and_interval(np.subtract(old, new))
    assert gap["mean"] - gap["half_width"] > 0.03


def test_outlier_factors_do_not_settle_as_a_table_grows():
    """Two tables of one uniform world: all are alike plausible, and verdicts go on differing."""
    rng, asked = np.random.default_rng(0), 2000
    differ = {}
    for n in (500, 20_000):
        points = rng.uniform(0.2, 0.8, (asked, 1))
        verdicts = [LocalOutliers().fit(rng.random((n, 1))).is_plausible(points) for _ in range(2)]
        differ[n] = np.not_equal(*verdicts).mean()
    error = 3 * np.sqrt(differ[20_000] / asked)
    assert differ[20_000] - error > 0.05
    assert differ[20_000] > 0.6 * differ[500]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pairs_of_a_fixed_number_of_grafts_are_cheaper_than_those_of_all_targets(seed):
    """Nothing is fixed, so a graft is its target: they were drawn by cost, and are weighed by it again."""
    toy = gl.load_dataset("moons", seed=seed)
    codec = Codec(toy.schema).fit(toy.X_train)
    allowed = (toy.probability(toy.X_train) > 0.7) & (toy.y_train == 1).to_numpy()
    targets = codec.cube(toy.X_train[allowed])
    denied = toy.X_test[toy.probability(toy.X_test) < 0.5]
    limits = Limits(codec, denied)
    assert not limits.fixed.any()
    grafts = grafted_pairs(
        limits, targets, COST_WEIGHT, lambda m, rows: np.ones(len(m), bool), seed=seed
    )
    exact = PairSampler(codec, limits.cube, targets, COST_WEIGHT)
    rows = np.repeat(np.flatnonzero(grafts.reachable), 50)
    generator = torch.Generator().manual_seed(seed)
    price = {
        name: gl.cost(limits.cube[rows], pairs.targets[pairs.draw(rows, generator)].numpy())
        for name, pairs in {"grafts": grafts, "all": exact}.items()
    }
    gap = (price["all"] - price["grafts"]).reshape(-1, 50).mean(axis=1)
    told = mean_and_interval(gap)
    assert told["mean"] - told["half_width"] > 0.02


# -- the effective sample size --------------------------------------------------------------------


@pytest.mark.equation("pairs-ess")
def test_the_effective_sample_size_never_rises_and_need_not_fall():
    alike = np.array([[0.3], [0.3], [0.3]])
    pairs = [PairSampler(toy_codec(), [[0.0]], alike, weight) for weight in (0.0, 5.0, 50.0)]
    sizes = [p.effective_targets(np.array([0]))[0] for p in pairs]
    np.testing.assert_allclose(sizes, 3, rtol=1e-5)

    costs = np.random.default_rng(0).random(50)

    def log_size(weight):
        return np.log(effective_sample_size(np.exp(-weight * costs)))

    def mean_cost(weight):
        return np.average(costs, weights=np.exp(-weight * costs))

    for weight in (0.0, 1.0, 5.0, 20.0):
        slope = (log_size(weight + 1e-5) - log_size(weight - 1e-5)) / 2e-5
        wanted = 2 * (mean_cost(2 * weight) - mean_cost(weight))
        assert slope == pytest.approx(wanted, abs=1e-6)
        assert wanted < 0 or weight == 0, "at λ = 0 the slope is 0"


# -- everybody draws from one cloud ------------------------------------------------------------------


def test_draws_of_the_density_serve_everybody():
    """One cloud of draws of p, weighed anew for each person: no new draw a person, and it converges."""
    world, rng = consistency.plane("moons"), np.random.default_rng(0)
    away = {}
    for n in (1000, 64_000):
        cloud = np.bincount(
            rng.choice(consistency.SIDE**2, n, p=world.density), minlength=consistency.SIDE**2
        )
        q = cloud * world.weights
        away[n] = total_variation(q / q.sum(axis=1, keepdims=True), world.ideal)
    assert away[64_000].max() < 0.05
    assert away[64_000].mean() == pytest.approx(away[1000].mean() / 8, rel=0.2)
    bound = deviation_bound(world.density, world.weights) / np.sqrt(64_000)
    assert away[64_000].mean() < bound.mean()


# -- exercise 10.3 --------------------------------------------------------------------------------


def test_both_inequalities_prove_both_lines():
    """b by Cauchy and Schwarz: E|Y| · 1 ≤ √(E Y² · E 1). d by Jensen: the root is concave on v."""
    rng = np.random.default_rng(0)
    y, a = rng.normal(size=1000), rng.random(1000)
    jensen = np.sqrt((y**2).mean())
    schwarz = np.sqrt((y**2).mean() * (np.ones(1000) ** 2).mean())
    assert abs(y).mean() <= jensen == schwarz
    by_schwarz = np.sqrt((np.ones(1000) ** 2).sum() * a.sum())
    by_jensen = 1000 * np.sqrt(a.mean())
    assert np.sqrt(a).sum() <= by_schwarz
    assert by_jensen == pytest.approx(by_schwarz)
