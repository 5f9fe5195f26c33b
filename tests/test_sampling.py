"""Forward sampling: the same draws with and without a cache, and never a broken constraint."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genre_lite import Codec, Feature, GenReError, ModelConfig, RecourseTransformer, Schema
from genre_lite.limits import Limits
from genre_lite.sampling import choose, draw, log_prob, spread
from genre_lite.terms import Terms
from genre_lite.threefry import keys, uniforms

SMALL = ModelConfig(encoder_layers=1, decoder_layers=2, width=16, heads=2)
SCHEMA = Schema(
    [
        Feature("age", actionability="increasing"),
        Feature("job", "nominal", ("clerk", "pilot", "smith", "tailor")),
        Feature("debt", actionability="decreasing"),
        Feature("sex", "nominal", ("f", "m"), actionability="immutable"),
    ]
)
TRAIN = pd.DataFrame(
    {
        "age": [20, 30, 60],
        "job": ["clerk", "pilot", "smith"],
        "debt": [0.0, 2.0, 4.0],
        "sex": ["f", "m", "f"],
    }
)
PEOPLE = pd.DataFrame(
    {
        "age": [20, 26, 31, 99, 20],
        "job": ["clerk", "tailor", "smith", "clerk", "pilot"],
        "debt": [4.0, 1.9, -3.0, 4.0, 3.7],
        "sex": ["f", "m", "f", "m", "f"],
    }
)


def network(codec, seed=0, scale=0.5):
    """A network with random weights, large enough that every conditional is its own."""
    grid = [torch.as_tensor(np.array(g)) for g in codec.grid]
    model = RecourseTransformer(grid, torch.as_tensor(codec.nominal), SMALL).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(scale * torch.randn(weight.shape, generator=generator))
    return model


def question(codec, people):
    """x, its tokens and the tokens allowed."""
    cube = codec.cube(people)
    limits = Limits(codec, people)
    own, allowed = torch.as_tensor(limits.own), torch.as_tensor(limits.allowed)
    return torch.as_tensor(cube, dtype=torch.float32), own, allowed


@pytest.fixture(scope="module")
def codec():
    return Codec(SCHEMA).fit(TRAIN)


@pytest.fixture(scope="module")
def model(codec):
    return network(codec)


@pytest.fixture(scope="module")
def asked(codec):
    return question(codec, PEOPLE)


def chances(asked, k, seed=0):
    """Uniform numbers, keyed by the people's tokens: (people, k, d)."""
    own = asked[1].numpy()
    return torch.as_tensor(
        uniforms(keys(own, seed), np.arange(k), np.arange(own.shape[1])), dtype=torch.float32
    )


def flat(asked, k):
    """Each person k times."""
    return [part.repeat_interleave(k, dim=0) for part in asked]


@torch.inference_mode()
def draw_uncached(model, x, own, allowed, chance, temperature):
    """The same sampler, computing everything again for each feature."""
    n, k = chance.shape[:2]
    x, own, allowed = flat((x, own, allowed), k)
    y = torch.zeros(n * k, model.d, dtype=torch.long)
    total = torch.zeros(n * k)
    for j in range(model.d):
        logits = model(x, own, y)[:, j].masked_fill(~allowed[:, j], -torch.inf)
        below = (logits / temperature).softmax(dim=1).cumsum(dim=1, dtype=torch.float32)
        level = chance[..., j].reshape(-1, 1)
        y[:, j] = (below <= level * below[:, -1:]).sum(dim=1)
        total += logits.log_softmax(dim=1).gather(1, y[:, [j]]).squeeze(1)
    return y.view(n, k, -1), total.view(n, k)


# -- masks ------------------------------------------------------------------------------------


def test_the_mask_by_hand(codec):
    person = TRAIN.iloc[[1]].assign(job="tailor", sex="f")
    assert Limits(codec, person).allowed[0].astype(int).tolist() == [
        [0, 1, 1, 0],  # age: itself or more, of three values
        [1, 1, 1, 1],  # job: any
        [1, 1, 0, 0],  # debt: itself or less
        [1, 0, 0, 0],  # sex: itself
    ]


def test_everybody_may_stay_as_they_are(codec, asked):
    _, own, allowed = asked
    assert allowed.gather(2, own[..., None]).all()
    assert (allowed.sum(dim=-1) <= torch.tensor([len(g) for g in codec.grid])).all()


# -- draws ------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_cached_and_uncached_draws_are_the_same(codec, asked, seed, temperature):
    model = network(codec, seed)
    chance = chances(asked, 50, seed)
    tokens, logs = draw(model, *asked, chance, temperature=temperature)
    slow, slow_logs = draw_uncached(model, *asked, chance, temperature)
    assert tokens.shape == (5, 50, 4)
    assert torch.equal(tokens, slow)
    torch.testing.assert_close(logs, slow_logs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_the_log_prob_of_a_draw_is_the_one_returned(model, asked, temperature):
    tokens, logs = draw(model, *asked, chances(asked, 40), temperature=temperature)
    x, own, allowed = flat(asked, 40)
    again = log_prob(model, x, own, tokens.flatten(0, 1), allowed)
    torch.testing.assert_close(again, logs.flatten(), atol=1e-4, rtol=0)


def test_frequencies_are_probabilities(codec):
    model = network(codec, seed=5, scale=0.3)
    asked = question(codec, PEOPLE.iloc[[1]])
    y = torch.tensor(list(itertools.product(*(range(len(g)) for g in codec.grid))))
    n = 40_000
    logs = log_prob(model, *(p.expand(len(y), *p.shape[1:]) for p in asked[:2]), y, asked[2])
    exact = logs.exp().numpy()
    assert exact.sum() == pytest.approx(1, abs=1e-5)
    assert (exact > 0.01).sum() >= 10, "the comparison needs many likely recourses"

    tokens, _ = draw(model, *asked, chances(asked, n), temperature=1.0)
    number = {tuple(row): i for i, row in enumerate(y.tolist())}
    seen = np.bincount([number[tuple(row)] for row in tokens[0].tolist()], minlength=len(y)) / n
    expected_distance = np.sqrt(exact / n).sum() / 2
    assert 0.5 * np.abs(seen - exact).sum() < 1.5 * expected_distance < 0.02
    assert (seen[exact == 0] == 0).all()


@pytest.mark.equation("choose-temperature")
def test_the_temperature_sharpens_each_conditional(codec):
    model = network(codec, seed=5, scale=0.3)
    asked = question(codec, PEOPLE.iloc[[1]])
    with torch.inference_mode():
        logits = model(*asked[:2], asked[1])[0, 0].masked_fill(~asked[2][0, 0], -torch.inf)
    for temperature in (0.5, 2.0):
        tokens, _ = draw(model, *asked, chances(asked, 20_000), temperature=temperature)
        seen = tokens[0, :, 0].bincount(minlength=model.v) / 20_000
        expected = (logits / temperature).softmax(dim=0)
        torch.testing.assert_close(seen, expected, atol=0.015, rtol=0)


def test_at_temperature_zero_every_choice_is_greedy(model, asked):
    tokens, _ = draw(model, *asked, chances(asked, 20), temperature=1e-6)
    x, own, allowed = asked
    greedy = torch.zeros_like(own)
    with torch.inference_mode():
        for j in range(model.d):
            logits = model(x, own, greedy)[:, j].masked_fill(~allowed[:, j], -torch.inf)
            greedy[:, j] = logits.argmax(dim=1)
    assert torch.equal(tokens, greedy[:, None].expand_as(tokens))


def test_draws_follow_their_seed_and_leave_the_global_one_alone(model, asked):
    before = torch.random.get_rng_state()
    first, again, other = (
        draw(model, *asked, chances(asked, 30, seed), temperature=1.0)[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_writing_and_its_mask_give_the_same_draws(codec, model, asked):
    """Where no term depends on what is written, it does not matter which of them is given."""
    limits, chance = Limits(codec, PEOPLE), chances(asked, 30)
    writing = limits.writing(np.full((5, 30), 0.5))
    x, own, allowed = asked
    tokens, logs = draw(model, x, own, writing, chance, temperature=1.0)
    plain, plain_logs = draw(model, x, own, allowed, chance, temperature=1.0)
    assert torch.equal(tokens, plain)
    assert torch.equal(logs, plain_logs)
    rows = np.repeat(np.arange(5), 30)
    expected = codec.points(tokens.flatten(0, 1).numpy(), limits.cube[rows])
    np.testing.assert_allclose(writing.points.reshape(150, -1), expected)


def test_a_writing_counts_changes(codec, model, asked):
    limits = Limits(codec, PEOPLE, Terms(max_changes=1))
    writing = limits.writing(np.full((5, 200), 0.5))
    tokens, _ = draw(model, *asked[:2], writing, chances(asked, 200), temperature=3.0)
    changes = (tokens != asked[1][:, None]).sum(dim=-1)
    assert changes.max() == 1
    assert (changes == 1).float().mean() > 0.5


def test_a_persons_draws_depend_on_nobody_else(codec):
    """In double precision, bit for bit: alone, in a crowd, in another order."""
    model = network(codec).double()
    x, own, allowed = question(codec, PEOPLE)
    whole = draw(model, x.double(), own, allowed, chances((x, own), 20), temperature=1.0)
    for rows in ([2], [4, 2, 0], [2, 2]):
        part = [t[rows] for t in (x.double(), own, allowed)]
        some = draw(model, *part, chances(part, 20), temperature=1.0)
        assert torch.equal(some[0], whole[0][rows])


def test_a_forbidden_recourse_has_no_probability(model, asked):
    x, own, allowed = asked
    assert torch.isfinite(log_prob(model, x, own, own, allowed)).all()
    for j in (0, 2, 3):
        forbidden = (~allowed[:, j] & model.exists[j]).int()
        rows = forbidden.any(dim=1)
        assert rows.any()
        y = own.clone()
        y[:, j] = forbidden.argmax(dim=1)
        logs = log_prob(model, *(part[rows] for part in (x, own, y, allowed)))
        assert (logs == -torch.inf).all()


# -- no constraint is ever broken -------------------------------------------------------------


@st.composite
def worlds(draw_from):
    """A schema, training rows, and people who need not look like them."""
    features, train, people = [], {}, {}
    for j in range(draw_from(st.integers(1, 5))):
        kind = draw_from(st.sampled_from(["numeric", "ordinal", "nominal"]))
        may = ["free", "immutable"] + ["increasing", "decreasing"] * (kind != "nominal")
        levels = ("a", "b", "c", "d")[: draw_from(st.integers(1, 4))]
        categories = () if kind == "numeric" else levels
        features.append(
            Feature(f"f{j}", kind, categories, actionability=draw_from(st.sampled_from(may)))
        )
        value = (
            st.integers(-9, 9) | st.floats(-9, 9) if kind == "numeric" else st.sampled_from(levels)
        )
        for table, n in ((train, 6), (people, 4)):
            table[f"f{j}"] = draw_from(st.lists(value, min_size=n, max_size=n))
    return Schema(features), pd.DataFrame(train), pd.DataFrame(people)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(worlds(), st.integers(0, 99), st.sampled_from([0.1, 1.0, 100.0]))
def test_no_draw_breaks_a_constraint(world, seed, temperature):
    schema, train, people = world
    codec = Codec(schema, size=4).fit(train)
    model = network(codec, seed, scale=2.0)
    k = 500
    asked = question(codec, people)
    tokens, logs = draw(model, *asked, chances(asked, k, seed), temperature=temperature)
    before = people.loc[people.index.repeat(k)].reset_index(drop=True)
    after = codec.frame(tokens.flatten(0, 1).numpy(), before)
    assert not schema.violations(before, after).any(axis=None)
    assert (tokens < torch.tensor([len(g) for g in codec.grid])).all()
    assert torch.isfinite(logs).all()


# -- choice -----------------------------------------------------------------------------------


def candidates(seed, people=30, k=12, d=3):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, 2, (people, k, d))
    # Equal candidates have equal everything.
    key = tokens @ (2 ** np.arange(d))
    cost, chance, logs, truth, usual = (
        np.take_along_axis(rng.random((people, 2**d)), key, axis=1) for _ in range(5)
    )
    chance[:3] = 0.1  # for these people nothing is valid
    return tokens, cost, chance, np.log(logs), np.stack([truth, usual], axis=-1)


def chosen_by_hand(tokens, worth, chance, n, margin):
    answer = np.full((len(tokens), n), -1)
    for person in range(len(tokens)):
        order = sorted(range(tokens.shape[1]), key=lambda i: (-worth[person, i], i))
        seen, place = set(), 0
        for i in order:
            candidate = tuple(tokens[person, i])
            if chance[person, i] > margin and candidate not in seen and place < n:
                answer[person, place] = i
                place += 1
            seen.add(candidate)
    return answer


@pytest.mark.equation("choose-balanced")
@pytest.mark.parametrize("margin", [0.5, 0.8])
@pytest.mark.parametrize("n", [1, 4, 12])
@pytest.mark.parametrize(
    "rule", ["cheapest", "likeliest", "safest", "first", "balanced", "estimated"]
)
def test_each_rule_agrees_with_brute_force(rule, n, margin):
    tokens, cost, chance, logs, believed = candidates(seed=n)
    worth = {
        "cheapest": -cost,
        "likeliest": logs,
        "safest": chance,
        "first": -np.broadcast_to(np.arange(12.0), cost.shape),
        "balanced": -cost,
        "estimated": believed[..., 0] + believed[..., 1] - cost / 3,
    }[rule]
    estimates = {}
    if rule == "estimated":
        rule, estimates = "balanced", {"believed": believed}
    found = choose(tokens, cost, chance, logs, n, rule=rule, accepted=chance > margin, **estimates)
    expected = chosen_by_hand(tokens, worth, chance, n, margin)
    np.testing.assert_array_equal(found, expected)
    assert (found[:3] == -1).all()
    assert (found[3:, 0] >= 0).any()


def test_estimates_only_matter_to_the_balanced_rule():
    tokens, cost, chance, logs, believed = candidates(seed=1)
    for rule in ("cheapest", "likeliest", "safest", "first"):
        plain = choose(tokens, cost, chance, logs, 3, rule=rule)
        np.testing.assert_array_equal(
            choose(tokens, cost, chance, logs, 3, rule=rule, believed=believed), plain
        )


def test_the_first_is_the_first_that_is_accepted_however_dear():
    """So an answer is a draw under the condition that h accepts: nothing else has a say."""
    tokens = np.array([[[3], [1], [2], [1], [0]]])
    cost = np.array([[0.1, 0.9, 0.5, 0.9, 0.0]])
    chance = np.array([[0.5, 0.6, 0.9, 0.6, 0.99]])
    log_prob = np.array([[0.0, -9.0, -1.0, -9.0, -0.1]])
    found = choose(tokens, cost, chance, log_prob, 4, rule="first")
    assert found.tolist() == [[1, 2, 4, -1]]
    none = choose(tokens, cost, chance, log_prob, 2, rule="first", accepted=chance > 1)
    assert none.tolist() == [[-1, -1]]


def test_options_are_distinct_and_above_the_margin():
    tokens, cost, chance, logs, _ = candidates(seed=2)
    found = choose(tokens, cost, chance, logs, 12, rule="cheapest", accepted=chance > 0.7)
    for person, picked in enumerate(found):
        picked = picked[picked >= 0]
        assert len(np.unique(tokens[person, picked], axis=0)) == len(picked)
        assert (chance[person, picked] > 0.7).all()
        everything = np.unique(tokens[person, chance[person] > 0.7], axis=0)
        assert len(picked) == len(everything), "nothing distinct and valid is left out"


def test_exactly_one_half_is_not_enough():
    tokens, one = np.zeros((1, 1, 2), dtype=int), np.ones((1, 1))
    for chance, expected in ((0.5, -1), (0.5 + 1e-9, 0)):
        assert choose(tokens, one, chance * one, one, 1, rule="safest").item() == expected


def test_of_equally_good_ones_the_cheaper_wins_and_then_the_first():
    tokens = np.arange(5)[None, :, None]
    safe = np.full((1, 5), 0.9)
    cost = np.array([[0.3, 0.2, 0.4, 0.2, 0.2 - 1e-12]])  # the last is cheaper by rounding only
    found = choose(tokens, cost, safe, np.zeros((1, 5)), 5, rule="safest")
    assert found.tolist() == [[1, 3, 4, 0, 2]]
    nearly = safe + np.array([[0, 0, 1e-12, 0, 0]])  # so is what is better by rounding only
    assert choose(tokens, cost, nearly, np.zeros((1, 5)), 5, rule="safest").tolist() == [
        [1, 3, 4, 0, 2]
    ]


# -- options that differ ----------------------------------------------------------------------

MOVES = np.array(
    [
        [0.50, 0.00, 0.00],  # 0
        [0.55, 0.00, 0.00],  # 1: as 0, and hardly another move
        [0.61, 0.00, 0.00],  # 2: as 0, but 11 % of a range more
        [0.00, 0.20, 0.00],  # 3: something else
        [0.50, 0.20, 0.00],  # 4: both; half of it is in 0, half in 3
        [0.00, 0.00, 0.00],  # 5: does not count
    ]
)
WORTH = np.array([1.0, 0.99, 0.98, 0.90, 0.95, -np.inf])


def test_spread_by_hand():
    # Without readiness by worth alone; what is nearly the same is left out, and what holds another with more.
    assert spread(WORTH, MOVES, 6, readiness=0.0) == [0, 2, 3]
    # After 0: 2 gets 0.98 + 0, 3 gets 0.90 + 0.1; 4 asks for all that 0 asks for, and more.
    assert spread(WORTH, MOVES, 6, readiness=0.1) == [0, 3, 2]
    # 0.90 + 0.05 < 0.98
    assert spread(WORTH, MOVES, 2, readiness=0.05) == [0, 2]
    # Where 4 comes first, 3 is a part of it.
    assert spread(WORTH[3:5], MOVES[3:5], 2, readiness=0.5) == [1]
    # What goes the other way, or less far in one thing and farther in another, is another choice.
    for other in ([-0.5, 0.2], [0.3, 0.2]):
        assert spread(np.array([1.0, 0.9]), np.array([[0.5, 0], other]), 2) == [0, 1]
        assert spread(np.array([0.9, 1.0]), np.array([[0.5, 0], other]), 2) == [1, 0]
    # What goes farther and asks for more is none, whichever of the two is better.
    assert spread(np.array([1.0, 0.9]), np.array([[0.5, 0], [0.9, 0.2]]), 2) == [0]
    assert spread(np.array([0.9, 1.0]), np.array([[0.5, 0], [0.9, 0.2]]), 2) == [1]
    # Levels without order: another one is another choice, however near its number.
    words, worth = np.array([True, False]), np.array([1.0, 0.9])
    for other in ([0.55, 0], [0.55, 0.2], [0.9, 0.2]):
        assert spread(worth, np.array([[0.5, 0], other]), 2, nominal=words) == [0, 1]
    assert spread(worth, np.array([[0.5, 0], [0.5, 0.2]]), 2, nominal=words) == [0]


def test_spread_is_fewer_where_there_are_no_more():
    assert spread(WORTH[:2], MOVES[:2], 3, readiness=0.1) == [0]
    assert spread(np.full(2, -np.inf), MOVES[:2], 3, readiness=0.1) == []
    assert spread(WORTH, MOVES, 6, readiness=0.0, least=0.2) == [0, 3]


def test_a_rule_nobody_knows():
    tokens, cost, chance, logs, _ = candidates(seed=0)
    with pytest.raises(
        GenReError, match=r"'fastest'.*balanced, cheapest, likeliest, safest, first"
    ):
        choose(tokens, cost, chance, logs, 1, rule="fastest")
