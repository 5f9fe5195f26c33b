"""The pictures of records: what they draw, and that they can be read on any page."""

from __future__ import annotations

import json
from pathlib import Path

import legible
import matplotlib as mpl
import numpy as np
import pytest
from labels import collisions
from legible import legend

mpl.use("agg")

import matplotlib.pyplot as plt

from benchmarks import figures
from genre_lite.errors import GenReError

pytestmark = pytest.mark.usefixtures("closed")


def measured(mean: float) -> dict:
    return {"mean": mean, "half_width": mean / 10}


SUMMARY = {
    "fidelity": {
        "curves": {
            "moons": {
                rows: {
                    name: {"tv": measured(level / rank), "energy": measured(level / rank / 4)}
                    for name, level in {"GenRe": 0.2, "exact draws": 0.1}.items()
                }
                for rank, rows in enumerate(("250", "16000"), start=1)
            }
        }
    },
    "cost_weights": {
        "metrics": {
            "german": {
                weight: {"GenRe": {"score": measured(1.8), "cost": measured(float(weight))}}
                for weight in ("0.5", "1", "20")
            }
        }
    },
}
CLAIMS = {"summary": SUMMARY}
ABLATION = {
    "summary": {
        "as it is": {"gain": {}},
        **{
            name: {
                "gain": {
                    # What is best here need not be best on average: the order is that of the mean.
                    "german": {"mean": mean, "half_width": half, "stands": stands},
                    "compas": {"mean": other, "half_width": half, "stands": False},
                }
            }
            for name, mean, half, stands, other in (
                ("two rounds", 0.03, 0.04, False, -0.03),
                ("the safest", -0.2, 0.1, True, -0.2),
                ("four rounds", 0.02, 0.01, True, 0.02),
                ("seen once", 0.01, 0.005, False, 0.01),
            )
        },
    }
}
SCALE = {
    "batch": 256,
    "rows": [
        {
            "rows": rows,
            "pool": pool,
            "seconds_per_batch": rows / 1e6 if pool is None else 1e-3,
            "peak_memory_above_table_mib": 0.0 if pool else 30.0,
            "total_variation_of_costs": 0.03,
        }
        for rows in (10_000, 1_000_000)
        for pool in (None, 2048)
    ],
}
CONSISTENCY = {
    "sizes": [100, 1000],
    "toys": {
        "moons": {
            "measured": {"all": [measured(0.3), measured(0.1)]},
            "predicted": [0.3, 0.1],
        }
    },
}
DRAWINGS = {
    "convergence": (CONSISTENCY, "moons"),
    "fidelity": (CLAIMS, "moons"),
    "cost_weight_sweep": (CLAIMS, "german"),
    "ablation": (ABLATION, "german"),
    "scale": (SCALE,),
}


@pytest.mark.parametrize("name", figures.__all__)
def test_every_figure_can_be_read_on_any_page(name: str) -> None:
    before = dict(mpl.rcParams)
    figure, given = plt.subplots()
    ax = getattr(figures, name)(*DRAWINGS[name], ax=given)
    assert ax is given and plt.get_fignums() == [figure.number]
    ax = getattr(figures, name)(*DRAWINGS[name])
    assert dict(mpl.rcParams) == before
    assert legible.is_white_card(ax)
    assert min(legible.points_on_a_phone(ax.figure).values()) >= 9
    assert collisions(ax.figure) == []


def points(ax: plt.Axes) -> dict[str, tuple[list, list]]:
    """Of each method with error bars: where its marks are, and where each bar starts and ends."""
    return {
        bar.get_label(): (
            bar.lines[0].get_xydata().tolist(),
            [line.tolist() for line in bar.lines[2][0].get_segments()],
        )
        for bar in ax.containers
    }


def test_fidelity_draws_each_method_with_its_intervals() -> None:
    ax = figures.fidelity(CLAIMS, "moons")
    assert legend(ax) == ["GenRe", "exact draws"]
    marks, bars = points(ax)["GenRe"]
    # Two lines: each half a step from the number that both belong to.
    beside = 64 ** (0.012 / 2)
    first, last = 250 / beside, 16000 / beside
    assert np.allclose(marks, [[first, 0.2], [last, 0.1]])
    assert np.allclose(bars, [[[first, 0.18], [first, 0.22]], [[last, 0.09], [last, 0.11]]])
    assert np.allclose(np.array(points(ax)["exact draws"][0])[:, 0], [250 * beside, 16000 * beside])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["250", "16,000"]
    assert ax.get_ylabel() == "total variation to R*, moons"
    energy = figures.fidelity(CLAIMS, "moons", distance="energy")
    assert np.allclose(np.array(points(energy)["exact draws"][0])[:, 1], [0.025, 0.0125])
    assert energy.get_ylabel().startswith("energy distance")


def test_cost_weight_sweep_draws_the_metric_asked_for() -> None:
    ax = figures.cost_weight_sweep(CLAIMS, "german")
    assert points(ax)["GenRe"][0] == [[0.5, 1.8], [1, 1.8], [20, 1.8]]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.5", "1", "20"]
    cost = figures.cost_weight_sweep(CLAIMS, "german", part="cost")
    assert points(cost)["GenRe"][0] == [[0.5, 0.5], [1, 1], [20, 20]]
    assert cost.get_ylabel() == "cost, german"


def test_ablation_sorts_changes_and_says_what_is_shown() -> None:
    ax = figures.ablation(ABLATION, "german")
    order = [label.get_text() for label in ax.get_yticklabels()]
    assert order == ["four rounds", "seen once", "two rounds", "the safest"]
    kinds = {kind: [order[int(y)] for _, y in marks] for kind, (marks, _) in points(ax).items()}
    assert kinds == {
        "helps": ["four rounds"],
        # An interval without zero is not enough: the family is large.
        "not shown": ["seen once", "two rounds"],
        "harms": ["the safest"],
    }
    assert np.allclose(points(ax)["harms"][1], [[[-0.3, 3], [-0.1, 3]]])
    assert len({bar.lines[0].get_marker() for bar in ax.containers}) == 3
    bottom, top = ax.get_ylim()
    assert top < 0 < bottom, "the best is at the top"


def test_what_has_no_interval_gets_no_bar() -> None:
    """As a record says it: null, of one world or where all worlds differ by the same."""
    gain = {"mean": 0.1, "half_width": None, "stands": False}
    figures.ablation(
        {"summary": {"an idea": {"gain": {"german": gain}}}}, "german"
    ).figure.draw_without_rendering()
    once = {"mean": 0.2, "half_width": None}
    curves = {"moons": {rows: {"GenRe": {"tv": once}} for rows in ("250", "16000")}}
    ax = figures.fidelity({"summary": {"fidelity": {"curves": curves}}}, "moons")
    ax.figure.draw_without_rendering()


def test_scale_draws_all_targets_and_each_pool() -> None:
    ax = figures.scale(SCALE)
    assert legend(ax) == ["all targets", "pool of 2,048"]
    assert points(ax)["all targets"][0] == [[1e4, 0.01], [1e6, 1]]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["10,000", "1,000,000"]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "seconds a batch of 256")
    memory = figures.scale(SCALE, part="peak_memory_above_table_mib")
    assert memory.get_yscale() == "linear"
    assert points(memory)["pool of 2,048"][0] == [[1e4, 0], [1e6, 0]], "zero is drawn"


def test_what_a_record_does_not_hold_is_named() -> None:
    with pytest.raises(GenReError, match=r"no toy 'corr'; choose one of \['moons'\]"):
        figures.fidelity(CLAIMS, "corr")
    with pytest.raises(GenReError, match="no distance 'cosine'"):
        figures.fidelity(CLAIMS, "moons", distance="cosine")
    with pytest.raises(GenReError, match="no table 'adult'"):
        figures.cost_weight_sweep(CLAIMS, "adult")
    with pytest.raises(GenReError, match="no metric 'lof'"):
        figures.cost_weight_sweep(CLAIMS, "german", part="lof")
    with pytest.raises(GenReError, match="no table 'adult'"):
        figures.ablation(ABLATION, "adult")
    with pytest.raises(GenReError, match="no measurement 'joules'"):
        figures.scale(SCALE, part="joules")


def test_no_words_lie_on_each_other_in_the_figures_of_the_records(root: Path) -> None:
    claims, scaled = (
        json.loads((root / "results" / f"{name}.json").read_text()) for name in ("claims", "scale")
    )
    drawn = [figures.fidelity(claims, toy) for toy in claims["summary"]["fidelity"]["curves"]]
    drawn += [
        figures.cost_weight_sweep(claims, table)
        for table in claims["summary"]["cost_weights"]["metrics"]
    ]
    drawn += [figures.scale(scaled)]
    assert len(drawn) > 3 and not [line for ax in drawn for line in collisions(ax.figure)]
