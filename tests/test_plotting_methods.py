"""The pictures of methods: what stands where, and that grey would be enough."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import same_color, to_rgb

mpl.use("agg")

import matplotlib.pyplot as plt

from genre_lite import plotting
from genre_lite.errors import GenReError
from genre_lite.evaluation.ledger import summarize

pytestmark = pytest.mark.usefixtures("closed")

METHODS = pd.DataFrame(
    {
        "cost": [0.30, 0.31, 1.2, np.nan],
        "plausibility": [0.9, 0.9, 0.2, 0.0],
        "validity": [1.0, 0.75, 0.0, 0.0],
        "seconds": [0.02, 1.5, 0.0004, np.nan],
    },
    index=["genre", "nearest-neighbour", "wachter", "revise"],
)


SCORES = pd.DataFrame(
    {
        "mean": [1.95, 1.9, np.nan, 1.2, 1.6],
        "half_width": [0.01, 0.02, np.nan, 0.1, np.nan],
    },
    index=pd.MultiIndex.from_tuples(
        [
            ("recipes", "GenRe"),
            ("recipes", "forward alone"),
            ("searches", "not made"),
            ("searches", "Wachter"),
            ("searches", "one world"),
        ]
    ),
)
PICTURES = ["method_map", "seconds_a_person", "dot_plot"]


@pytest.fixture(params=PICTURES)
def drawing(request: pytest.FixtureRequest) -> Callable:
    return {
        "method_map": lambda **more: plotting.method_map(METHODS, **more),
        "seconds_a_person": lambda **more: plotting.seconds_a_person(METHODS, **more),
        "dot_plot": lambda **more: plotting.dot_plot(
            SCORES, lines={"oracle": 2.0}, low=1.5, **more
        ),
    }[request.param]


def legend(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def told(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def record(method: str, seed: int, cost: float | None, seconds: float) -> dict:
    """A cell as the ledger keeps it."""
    metrics = {"cost": cost, "plausibility": 0.9, "validity": 0.5, "score": 1.0}
    times = {"fit_seconds": 1.0, "recommend_seconds": seconds}
    return {"dataset": "moons", "method": method, "seed": seed, "error": None} | {
        "metrics": metrics,
        **times,
    }


# -- every picture ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["default", "dark_background"])
def test_every_picture_is_a_white_card_with_dark_ink_on_any_page(
    drawing: Callable, page: str
) -> None:
    with plt.style.context(page):
        figure = drawing().figure
        figure.canvas.draw()
    assert figure.get_facecolor() == (1, 1, 1, 1)
    for ax in figure.axes:
        assert to_rgb(ax.get_facecolor()) == (1, 1, 1)
        legends = [part for part in (ax.get_legend(), *figure.legends) if part]
        writings = [*ax.get_xticklabels(which="both"), *ax.get_yticklabels(), *ax.texts]
        writings += [ax.xaxis.label, ax.yaxis.label, ax.title]
        writings += [text for part in legends for text in part.get_texts()]
        assert max(sum(to_rgb(text.get_color())) for text in writings) < 1.5
        ticks = [*ax.xaxis.get_major_ticks(), *ax.xaxis.get_minor_ticks()]
        assert max(sum(to_rgb(t.tick1line.get_color())) for t in ticks) < 1.5


def test_every_picture_leaves_no_figure_and_no_style_behind(drawing: Callable) -> None:
    before = dict(mpl.rcParams)
    plt.close(drawing().figure)
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_pictures_of_one_panel_draw_on_the_axes_they_are_given(drawing: Callable) -> None:
    figure, ax = plt.subplots()
    assert drawing(ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


# -- the map ----------------------------------------------------------------------------------------


def discs(ax: plt.Axes) -> tuple[list, list]:
    """The white discs, and the filled pieces on them."""
    marks = [c for c in ax.collections if isinstance(c, PathCollection)]
    white = [c for c in marks if same_color(c.get_facecolor(), "white")]
    return white, [c for c in marks if c not in white]


def test_map_places_each_method_by_cost_and_plausibility() -> None:
    ax = plotting.method_map(METHODS)
    white, _ = discs(ax)
    assert [c.get_offsets().tolist()[0] for c in white] == [[0.3, 0.9], [0.31, 0.9], [1.2, 0.2]]
    assert [text.xy for text in ax.texts] == [(0.3, 0.9), (0.31, 0.9), (1.2, 0.2)]
    assert told(ax) == ["genre", "nearest-neighbour", "wachter"]
    assert ax.get_xlabel() == "cost (less is better)\nfound nothing: revise"


def test_no_two_methods_of_a_frontier_look_alike() -> None:
    many = [f"method {i}" for i in range(24)]
    frame = pd.DataFrame({"cost": np.arange(24.0), "plausibility": 0.5}, index=many)
    lines = plotting.frontier(frame).get_lines()
    looks = {(line.get_marker(), line.get_color()) for line in lines if line.get_label() in many}
    plt.close("all")
    assert len(looks) == 24


def test_map_fills_a_disc_clockwise_by_the_share_that_is_valid() -> None:
    white, pies = discs(plotting.method_map(METHODS))
    assert len(white) == 3 and len(pies) == 2  # of wachter's options none is valid
    radius = 0.5  # of a marker of unit size
    full, three_quarters = (pie.get_paths()[0] for pie in pies)
    assert full.contains_points([(-0.6 * radius, 0.6 * radius)]).all()
    quarters = radius * np.array([(0.6, 0.6), (0.6, -0.6), (-0.6, -0.6), (-0.6, 0.6)])
    assert three_quarters.contains_points(quarters).tolist() == [True, True, True, False]


def test_map_needs_no_colour_to_tell_the_highlighted_method() -> None:
    ax = plotting.method_map(METHODS, highlight="wachter")
    assert [text.get_weight() for text in ax.texts] == ["normal", "normal", "bold"]


def test_labels_cover_no_disc_and_no_other_label() -> None:
    rng = np.random.default_rng(0)
    crowd = pd.DataFrame(
        {"cost": 0.5 + 0.1 * rng.random(9), "plausibility": 0.9 + 0.05 * rng.random(9)},
        index=[f"method {i}" for i in range(9)],
    ).assign(validity=1.0)
    crowd.loc["outsider"] = [1.5, 0.1, 1.0]
    ax = plotting.method_map(crowd)
    ax.figure.canvas.draw()
    # The text alone, without the line that leads to it.
    boxes = [mpl.text.Text.get_window_extent(text) for text in ax.texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    centres = ax.transData.transform(crowd[["cost", "plausibility"]])
    assert not any(box.contains(*centre) for box in boxes for centre in centres)
    outside = ax.get_window_extent()
    assert all(outside.contains(*box.min) and outside.contains(*box.max) for box in boxes)


def test_map_of_a_summary_has_the_means_over_seeds_and_their_intervals() -> None:
    records = [record("genre", 0, 0.2, 1.0), record("genre", 1, 0.4, 3.0)]
    records += [record("wachter", 0, None, 5.0)]
    summary = json.loads(json.dumps(summarize(records)).replace("NaN", "null"))  # as in the file
    ax = plotting.method_map(summary)
    (white,), _ = discs(ax)
    assert np.allclose(white.get_offsets(), [[0.3, 0.9]])
    # t(0.975, 1) · 0.1414 / √2 = 12.706 · 0.1
    across = ax.containers[0].lines[2][0].get_segments()[0]
    assert np.allclose(across, [(0.3 - 1.2706, 0.9), (0.3 + 1.2706, 0.9)], atol=1e-4)
    assert ax.get_xlabel().endswith("found nothing: wachter")


def test_a_method_that_always_failed_is_named_too() -> None:
    failed = {"dataset": "moons", "method": "revise", "seed": 0}
    failed |= {"error": {"type": "GenReError", "message": "no"}}
    summary = summarize([record("genre", 0, 0.2, 1.0), failed])
    assert plotting.method_map(summary).get_xlabel().endswith("found nothing: revise")
    assert plotting.seconds_a_person(summary).get_xlabel().endswith("not measured: revise")


def test_which_data_set_of_a_summary_is_meant_must_be_clear() -> None:
    one = summarize([record("genre", 0, 0.2, 1.0)])["datasets"]["moons"]
    both = {"datasets": {"moons": one, "circles": one}}
    assert told(plotting.method_map(both, dataset="circles")) == ["genre"]
    for picture in (plotting.method_map, plotting.seconds_a_person):
        for name in (None, "corr"):
            with pytest.raises(GenReError, match=r"\['moons', 'circles'\], choose one"):
                picture(both, dataset=name)


@pytest.mark.parametrize("column", ["cost", "plausibility", "validity"])
def test_a_missing_column_of_the_map_is_named(column: str) -> None:
    with pytest.raises(GenReError, match=column):
        plotting.method_map(METHODS.drop(columns=column))


def test_nothing_to_show_is_said() -> None:
    nobody = METHODS.loc[["revise"]]
    with pytest.raises(GenReError, match="No method found anything"):
        plotting.method_map(nobody)
    with pytest.raises(GenReError, match="No method's seconds are known"):
        plotting.seconds_a_person(nobody)
    assert plt.get_fignums() == []


# -- seconds ----------------------------------------------------------------------------------------


def test_seconds_stand_on_a_logarithmic_axis_the_fastest_on_top() -> None:
    ax = plotting.seconds_a_person(METHODS)
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "wachter",
        "genre",
        "nearest-neighbour",
    ]
    dots = [line.lines[0].get_xydata().tolist()[0] for line in ax.containers]
    assert dots == [[0.0004, 0], [0.02, 1], [1.5, 2]]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert told(ax) == ["400 µs", "20 ms", "1.5 s"]
    assert ax.get_xlabel() == "time a person\nnot measured: revise"
    full = [not same_color(line.lines[0].get_markerfacecolor(), "white") for line in ax.containers]
    assert full == [False, True, False]


def test_axis_of_seconds_runs_over_whole_steps_and_names_them() -> None:
    ax = plotting.seconds_a_person(METHODS)
    ax.figure.canvas.draw()
    assert np.allclose(ax.get_xlim(), (1e-4, 10))
    named = {label.get_text() for label in ax.get_xticklabels(which="both")} - {""}
    assert {"100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"} <= named


def test_an_interval_that_reaches_below_zero_stays_on_the_axis() -> None:
    records = [record("genre", 0, 0.2, 1.0), record("genre", 1, 0.4, 3.0)]
    ax = plotting.seconds_a_person(summarize(records))
    (low, _), (high, _) = ax.containers[0].lines[2][0].get_segments()[0]
    assert (low, high) == pytest.approx((0.2, 2 + 12.7062), abs=1e-3)


# -- dots -------------------------------------------------------------------------------------------


def heights(ax: plt.Axes) -> dict[str, float]:
    """The height of each name beside the axis."""
    return {
        label.get_text(): y for label, y in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)
    }


def test_dots_stand_at_their_means_below_each_other_in_groups() -> None:
    ax = plotting.dot_plot(SCORES)
    at = heights(ax)
    assert list(at) == [name for _, name in SCORES.index] + ["recipes", "searches"]
    order = ["recipes", "GenRe", "forward alone", "searches", "not made", "Wachter", "one world"]
    assert sorted(at, key=at.get) == order
    bottom, top = ax.get_ylim()
    assert top < 0 < at["one world"] < bottom, "the first is on top"
    dots = {
        float(c.lines[0].get_ydata()[0]): float(c.lines[0].get_xdata()[0]) for c in ax.containers
    }
    assert dots == {
        at["GenRe"]: 1.95,
        at["forward alone"]: 1.9,
        at["Wachter"]: 1.2,
        at["one world"]: 1.6,
    }


def test_dots_have_bars_of_their_intervals() -> None:
    ax = plotting.dot_plot(SCORES)
    bars = [c.lines[2][0].get_segments()[0][:, 0].tolist() for c in ax.containers]
    wanted = [[1.94, 1.96], [1.88, 1.92], [1.1, 1.3], [1.6, 1.6]]
    assert np.allclose(bars, wanted), "one world alone has no bar"
    low, high = ax.get_xlim()
    assert low < 1.1 and high > 1.96, "they lie within the axis"


def test_a_dot_that_lies_further_left_is_a_triangle_at_the_edge() -> None:
    ax = plotting.dot_plot(SCORES, low=1.5)
    edge = [line for line in ax.lines if line.get_marker() == "<"]
    assert [line.get_xydata().tolist() for line in edge] == [[[1.5, heights(ax)["Wachter"]]]]
    assert ax.get_xlim()[0] == 1.5
    assert len(ax.containers) == 3, "it has no dot beside"


def test_lines_of_the_dots_are_named_and_look_different() -> None:
    ax = plotting.dot_plot(SCORES, lines={"oracle": 2.0, "doing nothing": 1.3})
    assert legend(ax) == ["oracle", "doing nothing"]
    drawn = {line.get_label(): line for line in ax.lines if line.get_label() in legend(ax)}
    assert {name: line.get_xdata()[0] for name, line in drawn.items()} == {
        "oracle": 2.0,
        "doing nothing": 1.3,
    }
    looks = {name: line.get_linestyle() for name, line in drawn.items()}
    assert len(set(looks.values())) == 2
    alone = plotting.dot_plot(SCORES, lines={"oracle": np.nan, "doing nothing": 1.3})
    assert legend(alone) == ["doing nothing"]
    (line,) = [line for line in alone.lines if line.get_label() == "doing nothing"]
    assert line.get_linestyle() == looks["doing nothing"], "it looks the same beside others or not"
    assert ax.get_xlim()[1] > 2.0


def test_dots_need_no_colour_to_tell_the_highlighted_method() -> None:
    ax = plotting.dot_plot(SCORES, highlight="Wachter")
    weights = {label.get_text(): label.get_fontweight() for label in ax.get_yticklabels()}
    assert [name for name, weight in weights.items() if weight == "bold"] == ["Wachter"]
    full = [not same_color(c.lines[0].get_markerfacecolor(), "white") for c in ax.containers]
    assert full == [False, False, True, False]


def test_dots_of_one_level_have_no_groups() -> None:
    ax = plotting.dot_plot(SCORES.droplevel(0))
    assert list(heights(ax).values()) == [0, 1, 2, 3, 4]


def test_dots_say_what_is_missing() -> None:
    with pytest.raises(GenReError, match="half_width"):
        plotting.dot_plot(SCORES[["mean"]])
    with pytest.raises(GenReError, match="No mean is known"):
        plotting.dot_plot(SCORES.loc[[("searches", "not made")]])
    assert plt.get_fignums() == []
