"""The measuring of speed and scale is right, and its records are whole."""

from __future__ import annotations

import json
import subprocess

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import genre_lite as gl
from genre_lite.sampling import draw

pytest.importorskip("resource", reason="Windows does not tell how much memory a process held")
from benchmarks import pace, scale, throughput

LUCK = 0.005  # in a total variation of so many draws


def record(root, name):
    path = root / "results" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"results/{name}.json is not made yet: python -m benchmarks.{name}")
    return json.loads(path.read_text())


# -- large tables -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scaled(root):
    return record(root, "scale")


def test_every_size_is_measured_with_every_pool(scaled):
    wanted = [(rows, pool) for rows in scale.ROWS for pool in scale.POOLS]
    assert [(row["rows"], row["pool"]) for row in scaled["rows"]] == wanted
    assert scaled["batch"] == scale.BATCH
    assert scaled["cost_weight"] == scale.COST_WEIGHT
    for row in scaled["rows"]:
        assert 0 < row["targets"] < row["rows"]
        assert row["seconds_per_batch"] > 0
        assert row["peak_memory_above_table_mib"] >= 0
        assert 0 < row["total_variation_of_costs"] < 1


def test_a_pool_pays_on_the_largest_table_and_a_larger_one_is_no_farther(scaled):
    exact, *pools = [row for row in scaled["rows"] if row["rows"] == max(scale.ROWS)]
    assert all(row["seconds_per_batch"] < exact["seconds_per_batch"] for row in pools)
    far = [row["total_variation_of_costs"] for row in pools]
    # All distances hold some luck of the draws, those from all targets nothing else.
    assert far[-1] < far[0] + LUCK
    assert min(far) > exact["total_variation_of_costs"] - LUCK


@pytest.mark.parametrize("pool", [None, 512])
def test_a_measurement_comes_out_again(scaled, pool, fresh):
    fresh("scale")
    again = scale.measure(10_000, pool)
    then = next(r for r in scaled["rows"] if (r["rows"], r["pool"]) == (10_000, pool))
    assert again["targets"] == then["targets"]
    assert again["total_variation_of_costs"] == pytest.approx(
        then["total_variation_of_costs"], abs=LUCK
    )


def test_a_pool_of_one_is_far_from_exact():
    """The distance sees what it should: one target drawn at random is not the nearest."""
    assert scale.measure(10_000, 1)["total_variation_of_costs"] > 0.3


# -- speed --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def timed(root):
    return record(root, "throughput")


@pytest.fixture(scope="module")
def asked():
    bank = gl.load_dataset("moons", n=400)
    h = gl.train_classifier(bank, progress=False)
    quick = gl.TrainingConfig(steps=10, distil_steps=10, rounds=0, people=20)
    genre = gl.GenRe(h, bank.schema, training=quick, progress=False)
    genre.fit(bank.X_train, bank.y_train)
    return genre, bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]


def test_the_roofline_is_the_work_of_decoding(asked):
    """The bare products do what decoding's own do; all that they leave out is reading the person."""
    genre, denied = asked
    k = throughput.CANDIDATES
    limits = gl.Limits(genre.codec, denied)
    x, own, allowed = map(torch.as_tensor, (limits.cube, limits.own, limits.allowed))
    chance = torch.rand(len(denied), k, x.shape[1], generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        with FlopCounterMode(display=False) as whole:
            draw(genre.network_, x, own, allowed, chance, temperature=1.0)
        with FlopCounterMode(display=False) as bare:
            throughput.products(genre, len(denied), k)()
    assert 0.9 < bare.get_total_flops() / whole.get_total_flops() <= 1


def test_a_row_of_speed(asked):
    row = throughput.row(*asked, people=3)
    assert row["recourses_per_second"] == pytest.approx(3 / row["recommend_seconds"])
    assert row["draws_per_second"] == pytest.approx(
        3 * throughput.CANDIDATES / row["decode_seconds"]
    )
    assert 0 < row["share_of_matrix_speed"] < 1


def test_every_table_is_timed_with_few_people_and_many(timed):
    asked = [(row["table"], row["people"]) for row in timed["rows"]]
    assert asked == [(table, people) for table in timed["fits"] for people in (1, 200, 10_000)]
    for fit in timed["fits"].values():
        assert fit["ratio"] == pytest.approx(fit["fit_seconds"] / fit["classifier_seconds"])
    for row in timed["rows"]:
        assert row["recourses_per_second"] == pytest.approx(
            row["people"] / row["recommend_seconds"]
        )
        assert 0 < row["share_of_matrix_speed"] < 1


# -- beside the first edition ---------------------------------------------------------------------


def test_a_ratio_above_one_says_that_today_is_quicker():
    before, after = {"fit_seconds": 30.0, "megabytes": 900.0}, {"fit_seconds": 10.0}
    assert pace.ratios(before, after) == {"fit_seconds": 3.0}


def test_the_worker_times_the_package_in_a_folder(tmp_path):
    """A package that answers nothing but its own name is what is timed, beside the library's statistics."""
    package = tmp_path / "genre_lite"
    package.mkdir()
    says = "import statistics\nstatistics.mean([1])\nraise SystemExit('the one in the folder')"
    (package / "__init__.py").write_text(says)
    with pytest.raises(subprocess.CalledProcessError) as found:
        pace.pace("moons", "default", "fit", tmp_path)
    assert "the one in the folder" in found.value.stderr


def test_the_record_holds_ratios_of_its_own_figures(root):
    tables = record(root, "pace")["tables"]
    assert list(tables) == ["compas", "heloc", "adult"]
    for of in tables.values():
        assert of["ratio"] == pytest.approx(pace.ratios(of["first_edition"], of["now"]))
        assert of["ratio"]["fit_seconds"] > 1.1, "a fit that does more is the quicker one"
    busy = tables["compas"]["beside_busy"]
    assert busy["taken"] > 0.8 * busy["share"], "no more than its share explains"
    assert tables["compas"]["now"]["megabytes"] < 1000
