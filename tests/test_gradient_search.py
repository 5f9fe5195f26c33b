"""What the gradient methods share: h with a gradient, the descent, and honest answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from genre_lite import (
    Classifier,
    Codec,
    Decision,
    Feature,
    NotDifferentiableError,
    Schema,
    SchemaError,
    load_dataset,
    train_classifier,
)
from genre_lite.baselines.dice import DiCE
from genre_lite.baselines.gradient_search import Descent, LogOdds
from genre_lite.baselines.probe import PROBE
from genre_lite.baselines.projection import Projection
from genre_lite.baselines.roar import ROAR
from genre_lite.baselines.wachter import Wachter

METHODS = [Wachter, ROAR, PROBE, DiCE]
TABLES = ["adult", "german", "compas", "moons", "circles", "corr"]
PLANE = Schema([Feature("x1"), Feature("x2")])


def linear(codec, weights, intercept):
    """A classifier whose log-odds are linear in the design."""
    module = nn.Linear(len(weights), 1)
    with torch.no_grad():
        module.weight[:] = torch.as_tensor(weights, dtype=torch.float32)
        module.bias[:] = float(intercept)
    return Classifier(codec, module)


def plane(n=200, seed=0):
    """Points of the unit square, its corners among them, so that the codec changes nothing."""
    points = np.random.default_rng(seed).random((n, 2))
    points[:4] = [[0, 0], [0, 1], [1, 0], [1, 1]]
    return pd.DataFrame(points, columns=["x1", "x2"])


@pytest.fixture(scope="module")
def worlds():
    """Each table with a linear classifier that accepts about half of it."""

    def fit(name):
        bank = load_dataset(name)
        codec = Codec(bank.schema).fit(bank.X_train)
        design = codec.design(codec.cube(bank.X_train.iloc[:2000]))
        target = 8 * (bank.y_train.to_numpy()[:2000] - 0.5)
        weights = np.linalg.solve(
            design.T @ design + np.eye(design.shape[1]), design.T @ (target - target.mean())
        )
        h = linear(codec, weights, -np.median(design @ weights))
        denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].iloc[:5]
        return bank, h, denied

    return {name: fit(name) for name in TABLES}


# -- h as a function of the search's points ---------------------------------------------------------


def test_the_search_sees_the_classifier_whatever_its_codec():
    bank = load_dataset("german")
    schema = bank.schema.reorder(sorted(bank.schema.names))
    narrow = Schema(f for f in schema if f.name not in ("age", "purpose"))
    theirs = Codec(narrow).fit(bank.X_train.iloc[:60])
    inputs = theirs.design(theirs.cube(bank.X_train)).shape[1]
    torch.manual_seed(0)
    h = Classifier(theirs, nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, 1)))
    ours = Codec(bank.schema).fit(bank.X_train)
    points = torch.as_tensor(ours.design(ours.cube(bank.X_test)))
    decision = LogOdds(h, ours)
    yes = torch.sigmoid(decision.logit(points)).detach().numpy()
    np.testing.assert_allclose(yes, h.predict_proba(bank.X_test)[:, 1], atol=1e-5)
    logit, slope = decision.logit_and_gradient(points)
    step = torch.zeros_like(points)
    step[:, 1] = 1e-3
    rise = (decision.logit(points + step) - logit) / 1e-3
    torch.testing.assert_close(rise, slope[:, 1], atol=5e-3, rtol=0)


@pytest.mark.equation("robust-gamma")
def test_the_margin_moves_the_border():
    h = linear(Codec(PLANE).fit(plane()), [1, 1], 0)
    for margin, needed in ((0.2, 0.0), (0.5, 0.0), (0.8, np.log(4))):
        decision = LogOdds(h, h.codec, margin)
        low, high = torch.tensor(needed - 1e-2), torch.tensor(needed + 1e-2)
        assert not decision.is_valid(low)
        assert decision.is_valid(high)


def test_the_banks_own_threshold_and_class():
    h = linear(Codec(PLANE).fit(plane()), [1, 1], 0)
    points = torch.tensor([[0.25, 0.5]], dtype=torch.float64)
    strict = LogOdds(Decision(h, threshold=0.8), h.codec)
    assert strict.border == pytest.approx(np.log(4))
    assert LogOdds(Decision(h, threshold=0.8), h.codec, 0.9).border == pytest.approx(np.log(9))
    assert LogOdds(Decision(h, threshold=0.2), h.codec).border == pytest.approx(-np.log(4))
    other = LogOdds(Decision(h, favourable=0), h.codec)
    assert strict.logit(points).item() == pytest.approx(0.75)
    assert other.logit(points).item() == pytest.approx(-0.75)


def test_a_gap_is_the_same_on_either_range():
    schema = Schema(
        [Feature("debt", gaps=True), Feature("job", "nominal", tuple("abc"), gaps=True)]
    )
    frame = pd.DataFrame({"debt": [0.0, 4.0, np.nan, 1.0], "job": ["a", "b", "c", None]})
    ours, theirs = Codec(schema).fit(frame), Codec(schema).fit(frame.iloc[[0, 2, 3]])
    h = linear(theirs, [3, -2, 1, 2, 3, 0.5], -1)
    points = torch.as_tensor(ours.design(ours.cube(frame)))
    yes = torch.sigmoid(LogOdds(h, ours).logit(points)).detach().numpy()
    np.testing.assert_allclose(yes, h.predict_proba(frame)[:, 1], atol=1e-6)


def test_a_module_that_computes_in_single_precision_only():
    class Single(nn.Linear):
        def forward(self, x):
            return nn.functional.linear(x.float(), self.weight.float(), self.bias.float())

    class Stubborn(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))
            self.fixed = [torch.ones(2)]  # no parameter, so that .double() leaves it as it is

        def forward(self, x):
            return (x * self.weight) @ self.fixed[0]

    codec = Codec(PLANE).fit(plane())
    points = torch.tensor([[0.25, 0.5]], dtype=torch.float64)
    for module in (Single(2, 1), Stubborn()):
        h = Classifier(codec, module)
        expected = h.logit(points).detach().double()
        torch.testing.assert_close(LogOdds(h, codec).logit(points).detach(), expected)
        assert next(module.parameters()).dtype == torch.float32


def test_two_descriptions_of_one_column_are_an_error():
    frame = pd.DataFrame({"job": ["a", "b", "c"], "age": [1, 2, 3]})
    theirs = Codec(Schema([Feature("job", "nominal", ("a", "b", "c")), Feature("age")])).fit(frame)
    ours = Codec(Schema([Feature("job", "nominal", ("c", "b", "a")), Feature("age")])).fit(frame)
    with pytest.raises(SchemaError, match=r"Column 'job' is nominal with levels \['c', 'b', 'a'\]"):
        LogOdds(linear(theirs, [0, 0, 0, 1], 0), ours)


@pytest.mark.parametrize("method", METHODS)
def test_a_classifier_without_gradient_is_refused(method):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = plane()
    labels = (frame["x1"] > 0.5).astype(int)
    h = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, labels)
    with pytest.raises(
        NotDifferentiableError,
        match=r"Pipeline.*GenRe, NearestNeighbour, GraftedNeighbour, Growing",
    ):
        method(h, PLANE, progress=False).fit(frame, labels)


# -- the descent ------------------------------------------------------------------------------------


def test_the_cost_is_never_rewarded():
    people = pd.DataFrame({"x1": [0.5], "x2": [0.5]})
    at = Projection(Codec(PLANE).fit(plane()), people)
    seen = []

    def flat(points):
        seen.append(points.detach().clone())
        return 0 * points.sum(-1)

    def never(points):
        return torch.full(points.shape[:-1], torch.inf)

    walk = Descent(0.01, 1.0, rounds=12, round_steps=30, max_steps=10_000)
    best, found = walk.run(at, at.start[None] + 0.2, flat, never, name="", progress=False)
    assert len(seen) == 360
    assert not found.any()
    # λ has become 2⁻¹¹, and it still pulls towards x.
    assert at.cost(seen[-1]).item() < 0.03
    assert best.shape == (1, 1, 2)


@pytest.mark.parametrize("limit", [{"max_steps": 3}, {"max_seconds": 0.0}])
def test_limits_end_the_walk(limit):
    at = Projection(Codec(PLANE).fit(plane()), plane(5))
    steps = []

    def loss(points):
        steps.append(1)
        return points.sum(-1)

    Descent(0.01, 0.0, **limit).run(
        at, at.start[None], loss, lambda p: p.sum(-1), name="", progress=False
    )
    assert len(steps) == limit.get("max_steps", 1)


def test_the_best_point_passed_is_kept_and_reached_points_rest():
    at = Projection(Codec(PLANE).fit(plane()), pd.DataFrame({"x1": [0.1, 0.1], "x2": [0.0, 0.0]}))

    def judge(points):
        # Only a strip passed on the way counts.
        middle = (points[..., 0] > 0.4) & (points[..., 0] < 0.5)
        return at.cost(points).masked_fill(~middle, torch.inf)

    best, found = Descent(0.01, 0.0).run(
        at, at.start[None], lambda p: -p[..., 0], judge, name="", progress=False
    )
    assert found.all()
    assert ((best[0, :, 0] > 0.4) & (best[0, :, 0] < 0.411)).all()


def test_the_bar_counts_people_at_rest(capsys):
    frame = plane()
    h = linear(Codec(PLANE).fit(frame), [8, 0], -4)
    for progress in (True, False):
        Wachter(h, PLANE, progress=progress).fit(frame).recommend(frame[frame["x1"] < 0.4])
        assert ("Wachter" in capsys.readouterr().err) == progress


# -- every method -----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("method", METHODS)
def test_answers_are_valid_and_break_no_constraint(method, table, worlds):
    bank, h, denied = worlds[table]
    finder = method(h, bank.schema, learning_rate=0.05, max_steps=80, progress=False)
    answer = finder.fit(bank.X_train, bank.y_train).recommend(denied, n=2)
    options = answer.frame[answer.found]
    before = denied.loc[options.index.get_level_values(0)].set_axis(options.index)
    # Where little is left to change, few places are safe from noise.
    assert len(options) >= (1 if method is PROBE else 4)
    assert not bank.schema.violations(before, options).any(axis=None)
    assert (answer.probability[answer.found] > 0.5).all()
    bank.schema.validate(options.reset_index(drop=True))
    assert answer.log_prob.isna().all()
    first, second = (answer.cost.xs(option, level=1) for option in (0, 1))
    assert not (first > second).any()


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_answer(method, worlds):
    bank, h, denied = worlds["moons"]

    def answer(seed):
        finder = method(h, bank.schema, learning_rate=0.05, max_steps=60, seed=seed, progress=False)
        return finder.fit(bank.X_train).recommend(denied, n=3).frame

    pd.testing.assert_frame_equal(answer(4), answer(4))
    assert not answer(4).equals(answer(5))


@pytest.mark.parametrize("method", METHODS)
def test_none_found_is_nan(method):
    frame = plane()
    h = linear(Codec(PLANE).fit(frame), [8, 0], -4)
    fixed = PLANE.constrain(immutable=["x1"])
    denied = frame[frame["x1"] < 0.4].iloc[:3]
    finder = method(h, fixed, max_steps=100, progress=False).fit(frame)
    answer = finder.recommend(denied, n=2)
    assert not answer.found.any()
    assert answer.frame.isna().all(axis=None)
    assert len(answer.frame) == 6


@pytest.mark.parametrize("method", METHODS)
def test_the_bank_is_left_as_it_was(method, worlds):
    bank, h, denied = worlds["moons"]
    method(h, bank.schema, max_steps=20, progress=False).fit(bank.X_train).recommend(denied)
    assert all(p.grad is None and p.requires_grad for p in h.module.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_nobody_depends_on_the_others(method):
    bank = load_dataset("moons", n=600)
    h = train_classifier(bank, epochs=40, progress=False)
    finder = method(h, bank.schema, learning_rate=0.02, max_steps=150, progress=False).fit(
        bank.X_train
    )
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].iloc[:4]
    together = finder.recommend(denied).best()
    alone = pd.concat([finder.recommend(denied.iloc[[i]]).best() for i in range(4)])
    pd.testing.assert_frame_equal(together, alone, check_exact=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_higher_margin_is_kept(method, worlds):
    bank, h, denied = worlds["moons"]
    finder = method(h, bank.schema, validity_margin=0.75, progress=False).fit(bank.X_train)
    answer = finder.recommend(denied)
    assert answer.found.all()
    assert (answer.probability > 0.75).all()
