"""The toys: do their stated densities describe the points that they draw?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genre_lite import errors
from genre_lite.datasets import Dataset, Toy, load_dataset

NAMES = ["moons", "circles", "corr"]


@pytest.fixture(params=NAMES, scope="module")
def toy(request):
    return load_dataset(request.param, n=40_000, seed=3)


def people(toy):
    return pd.concat([toy.train, toy.test])


def test_the_density_integrates_to_one_over_the_box(toy):
    points, area = toy.grid(500)
    total = toy.density(points).sum() * area
    assert total == pytest.approx(1, abs=0.01 if toy.name == "corr" else 1e-5)


@pytest.mark.equation("denied-plausibility")
def test_the_density_matches_a_histogram_of_favourable_points(toy):
    cells, fine = 12, 40
    favourable = people(toy).loc[lambda d: d["y"] == 1, ["x1", "x2"]].to_numpy()
    box = toy.world.box
    seen = np.histogramdd(favourable, bins=cells, range=box)[0] / len(favourable)
    points, area = toy.grid(cells * fine)
    mass = (toy.density(points) * area).reshape(cells, fine, cells, fine).sum(axis=(1, 3))
    spread = np.sqrt(mass * (1 - mass) / len(favourable))
    assert seen.sum() == pytest.approx(1, abs=1e-3), "the box must hold the points"
    assert (np.abs(seen - mass) < 5 * spread + 0.003).all()
    assert mass.max() > 0.02, "the comparison needs cells that hold something"


def test_the_probability_is_calibrated(toy):
    frame = people(toy)
    p = toy.probability(frame)
    for low in np.arange(0, 1, 0.2):
        inside = (p >= low) & (p <= low + 0.2)
        if inside.sum() < 100:
            continue
        error = frame.loc[inside, "y"].mean() - p[inside].mean()
        assert abs(error) < 4 * 0.5 / np.sqrt(inside.sum())


def test_bayes_ties_density_and_probability_together(toy):
    # E_x[ p(y=1|x) f(x) ] over all points = P(y=1) ∫ p(x|y=1) f(x) dx, for any f.
    frame = people(toy)
    points, area = toy.grid(400)
    weight = toy.density(points) * area
    for f in (lambda x: x[:, 0], lambda x: x[:, 1], lambda x: x[:, 0] ** 2):
        drawn = toy.probability(frame) * f(frame[["x1", "x2"]].to_numpy())
        exact = 0.5 * (weight * f(points)).sum()
        assert drawn.mean() == pytest.approx(
            exact, abs=5 * drawn.std() / np.sqrt(len(frame)) + 2e-3
        )


def test_probability_is_the_ratio_of_the_two_densities():
    toy = load_dataset("moons")
    # Turning by a half about (1/2, 1/4) swaps the moons, so it gives p(x | y = 0).
    points, _ = toy.grid(20)
    one, zero = toy.density(points), toy.density(np.array([1, 0.5]) - points)
    clear = one + zero > 1e-200
    expected = one[clear] / (one[clear] + zero[clear])
    np.testing.assert_allclose(toy.probability(points[clear]), expected, atol=1e-12)


def test_the_quadrature_of_moons_agrees_with_many_more_nodes():
    toy = load_dataset("moons")
    points = np.random.default_rng(0).uniform(*np.transpose(toy.world.box), (50, 2))
    angle = (np.arange(20_000) + 0.5) * np.pi / 20_000
    centres = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    squared = ((points[:, None] - centres) ** 2).sum(axis=2)
    variance = toy.world.sigma**2
    expected = np.exp(-squared / (2 * variance)).mean(axis=1) / (2 * np.pi * variance)
    np.testing.assert_allclose(toy.density(points), expected, rtol=1e-6, atol=1e-12)


def test_corr_is_the_papers():
    toy = load_dataset("corr", n=4000)
    frame = people(toy)
    ratio = frame["x2"] / np.tanh(20 * frame["x1"])
    assert ratio.between(0, 0.5).all() and ratio.max() > 0.49
    assert toy.probability([[0.2, 0.3]])[0] == pytest.approx(
        1 / (1 + np.exp(-(0.3 + 60 * 0.2**3) / 0.5))
    )
    # Half of the people are favourable, exactly: by quadrature over x1 and u.
    middle = (np.arange(400) + 0.5) / 400
    x1, u = np.meshgrid(middle - 0.5, middle / 2, indexing="ij")
    points = np.stack([x1.ravel(), (np.tanh(20 * x1) * u).ravel()], axis=1)
    assert toy.probability(points).mean() == pytest.approx(0.5, abs=1e-9)


def test_corr_has_no_density_off_its_wedges():
    toy = load_dataset("corr")
    assert toy.density([[0.3, -0.1], [-0.3, 0.1], [0.0, 0.0], [0.6, 0.1]]).tolist() == [0, 0, 0, 0]


def test_far_away_points_have_a_probability_still(toy):
    far = toy.probability([[50.0, 50.0], [-50.0, 3.0]])
    assert np.isfinite(far).all() and ((far >= 0) & (far <= 1)).all()


def test_the_grid_has_midpoints_and_fills_the_box(toy):
    points, area = toy.grid(10)
    (a, b), (c, d) = toy.world.box
    assert points.shape == (100, 2)
    assert area * 100 == pytest.approx((b - a) * (d - c))
    assert points.mean(axis=0) == pytest.approx([(a + b) / 2, (c + d) / 2])
    assert points[0, 0] == pytest.approx(a + (b - a) / 20)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(name):
    first, again, other = (load_dataset(name, n=100, seed=s) for s in (1, 1, 2))
    assert first.train.equals(again.train) and first.test.equals(again.test)
    assert not first.train.equals(other.train)


@pytest.mark.parametrize("name", NAMES)
def test_a_toy_is_a_dataset_like_any_other(name):
    toy = load_dataset(name, n=100)
    assert isinstance(toy, Toy)
    assert toy.X_train.shape == (75, 2) and toy.X_test.shape == (25, 2)
    assert [*toy.train.index, *toy.test.index] == list(range(100))
    assert set(toy.y_train) == {0, 1}
    toy.schema.validate(toy.X_train)
    toy.schema.validate(toy.X_test)


def test_a_relabelled_toy_forgets_its_density():
    toy = load_dataset("moons", n=40)
    plain = toy.relabel(1 - toy.y_train, toy.y_test)
    assert type(plain) is Dataset
    assert (plain.y_train == 1 - toy.y_train).all()


def test_points_may_come_as_a_frame_in_any_order_of_columns():
    toy = load_dataset("circles", n=40)
    turned = toy.train[["y", "x2", "x1"]]
    assert (toy.density(turned) == toy.density(toy.X_train.to_numpy())).all()


@pytest.mark.parametrize("n", [0, 3, 2.5, "many"])
def test_a_silly_number_of_rows_is_an_error(n):
    with pytest.raises(errors.GenReError, match="at least 4 rows"):
        load_dataset("moons", n=n)


def test_other_mistakes_are_named():
    with pytest.raises(errors.GenReError, match="only 'default'"):
        load_dataset("moons", split="paper")
    with pytest.raises(errors.GenReError, match=r"shape \(3,\)"):
        load_dataset("moons").density([1.0, 2.0, 3.0])
