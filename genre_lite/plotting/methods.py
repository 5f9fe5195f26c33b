"""Pictures of methods beside each other: what each gives for its cost, and how long it takes.

Names stand beside what they name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullFormatter
from matplotlib.transforms import Bbox

from ..errors import GenReError
from .theme import ABOVE, GREY, INK, LINES, MARKERS, STYLE, WIDTH, YES, require_columns, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["dot_plot", "frontier", "method_map", "sampling_frontier", "seconds_a_person"]

FAINT, PALE = "#C4C4C4", "#E4E4E4"
DISC = 11  # the diameter of a method's disc, in points
HALO = withStroke(linewidth=4, foreground="white")  # so that discs that touch stay two
GAPS = (2, 10, 20, 32, 46, 62)  # between a point and its label, in points
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def frontier(
    frame: pd.DataFrame,
    *,
    cost: str = "cost",
    plausibility: str = "plausibility",
    ax: Axes | None = None,
) -> Axes:
    """Cost against plausibility, a marker a method; the best lie at the upper left.

    The dashed line joins the methods that no other beats on both counts.

    Parameters
    ----------
    frame
        One row a method, its name in the index.
    cost, plausibility
        The columns that hold the two; less and more are better.
    ax
        Where to draw; a new figure if left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"cost": [1, 2], "plausibility": [0.5, 0.9]}, index=["nn", "genre"])
    >>> frontier(frame).get_ylabel()
    'plausibility'
    """
    require_columns(frame, [cost, plausibility])
    with style():
        ax = ax or plt.subplots()[1]
        colours = STYLE["axes.prop_cycle"].by_key()["color"]
        for i, (method, row) in enumerate(frame.iterrows()):
            # After the last mark the colours have moved on by one, so that no two methods look alike.
            marker, colour = (
                MARKERS[i % len(MARKERS)],
                colours[(i + i // len(MARKERS)) % len(colours)],
            )
            ax.plot(row[cost], row[plausibility], marker, color=colour, ms=9, label=str(method))
        edge = _unbeaten(frame, cost, plausibility)
        ax.plot(edge[cost], edge[plausibility], "--", color=GREY, lw=1, zorder=0)
        ax.margins(0.12)
        ax.set(xlabel=f"{cost} (less is better)", ylabel=plausibility)
        ax.legend(loc="best")
    return ax


def sampling_frontier(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What the best of k candidates costs and is worth, a line a setting; upper left is best.

    A line goes from the fewest candidates, with small markers, to the most, with a large one. On the longest line each
    k is written.

    Parameters
    ----------
    table
        Index (setting, k), the setting a temperature or the name of a rule; columns cost, validity
        and plausibility.
    ax
        Where to draw; a new figure if left out.

    Examples
    --------
    >>> where = pd.MultiIndex.from_product([[0.5, 1.0], [1, 100]], names=["T", "k"])
    >>> worth = {"validity": 0.9, "plausibility": [0.8, 0.9, 0.7, 0.9]}
    >>> ax = sampling_frontier(pd.DataFrame({"cost": [0.2, 0.1, 0.3, 0.1], **worth}, where))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['T = 0.5', 'T = 1']
    >>> [text.get_text() for text in ax.texts]
    ['k = 1', '100']
    """
    require_columns(table, ["cost", "validity", "plausibility"])
    name = table.index.names[0]
    lines = []
    with style():
        ax = ax or plt.subplots()[1]
        for i, (setting, line) in enumerate(table.sort_index().groupby(level=0)):
            look = LINES[i % len(LINES)] + MARKERS[i % len(MARKERS)]
            label = setting if isinstance(setting, str) else f"{name} = {setting:g}"
            worth = line["validity"] + line["plausibility"]
            (drawn,) = ax.plot(line["cost"], worth, look, ms=4, label=label)
            ax.plot(line["cost"].iloc[-1], worth.iloc[-1], look[-1], color=drawn.get_color(), ms=10)
            ks = line.index.get_level_values(1)
            lines.append(pd.DataFrame({"cost": line["cost"].array, "worth": worth.array}, ks))
        ax.set(xlabel="mean cost (less is better)", ylabel="validity + plausibility")
        ax.legend(**ABOVE)
        longest = max(lines, key=lambda line: _length(ax, line))
        first, *rest = longest.index
        named = longest.set_axis([f"k = {first}", *map(str, rest)])
        _name(ax, named, bold="", around=np.concatenate([_along(line) for line in lines]))
    return ax


def dot_plot(
    frame: pd.DataFrame,
    *,
    highlight: str = "GenRe",
    lines: Mapping[str, float] | None = None,
    low: float | None = None,
    xlabel: str = "Score (more is better)",
    ax: Axes | None = None,
) -> Axes:
    """A dot a method at its mean, with a bar for its interval, in the order of the table.

    The methods stand below each other, so that panels of several tables share their names.

    Parameters
    ----------
    frame
        One row a method, columns mean and half_width; NaN where something is not known. With two levels
        of rows, the first gives groups, whose names stand above them.
    highlight
        The method whose dot is full and whose name is bold; the others' dots are hollow.
    lines
        Upright lines, by their names: what is no method, or a bound of all. The first is solid; NaN for
        one that is not known.
    low
        Where the axis begins. A method that lies further left is a triangle at the edge, which points
        there. Left out, the axis holds all.
    xlabel
        What the axis measures.
    ax
        Where to draw; a new figure if left out.

    Raises
    ------
    GenReError
        If a column is missing, or nothing is known.

    Examples
    --------
    >>> frame = pd.DataFrame({"mean": [1.9, 1.2], "half_width": [0.01, 0.1]}, ["GenRe", "Wachter"])
    >>> ax = dot_plot(frame, lines={"oracle": 1.95}, low=1.5)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['GenRe', 'Wachter']
    >>> plt.close(ax.figure)
    """
    require_columns(frame, ["mean", "half_width"])
    mean, half = (frame[column].astype(float) for column in ("mean", "half_width"))
    if mean.isna().all():
        raise GenReError("No mean is known, so there is no dot to draw.")
    heads, places = _below_each_other(frame.index)
    names = [*map(str, frame.index.get_level_values(-1))]
    bar = half.fillna(0.0)
    known = np.array([*(mean - bar), *(mean + bar), *(lines or {}).values()], dtype=float)
    begins, ends = np.nanmin(known) if low is None else low, np.nanmax(known)
    pad = 0.04 * (ends - begins) or 0.05
    with style():
        alone = ax is None
        ax = ax or plt.subplots(figsize=(WIDTH, 1.2 + 0.22 * (len(names) + len(heads))))[1]
        for look, (name, value) in zip(LINES, (lines or {}).items(), strict=False):
            if not np.isnan(value):
                ax.axvline(value, color=GREY, lw=1.2, ls=look, label=name, zorder=1)
        for y, name, x, wide in zip(places, names, mean, bar, strict=True):
            ax.axhline(y, color=PALE, lw=0.8, zorder=0)
            if np.isnan(x):
                continue
            mine = name == highlight
            face: dict[str, Any] = {"color": YES if mine else INK, "mfc": YES if mine else "white"}
            if x < begins:
                ax.plot(begins, y, "<", ms=6, clip_on=False, zorder=3, **face)
                continue
            ax.errorbar(x, y, xerr=wide, fmt="o", ms=5, mew=1.2, elinewidth=1.2, zorder=3, **face)
        ax.set_xlim(begins - pad * (low is None), ends + pad)
        ax.set_yticks([*places, *heads.values()], [*names, *heads])
        ax.set(ylim=(max(places) + 0.7, min([*places, *heads.values()]) - 0.7), xlabel=xlabel)
        ax.tick_params(axis="y", length=0)
        for label in ax.get_yticklabels():
            label.set_fontweight("bold" if label.get_text() == highlight else "normal")
            label.set_fontstyle("italic" if label.get_text() in heads else "normal")
        if alone and lines:
            ax.legend(**ABOVE)
    return ax


def method_map(
    table: pd.DataFrame | Mapping,
    *,
    dataset: str | None = None,
    highlight: str = "genre",
    ax: Axes | None = None,
) -> Axes:
    """Cost, plausibility and validity of all methods; the best lie at the upper left and are full.

    A disc a method, named beside it and filled, clockwise from the top, by the share of its options
    that are valid. Bars are 95 % intervals over seeds, where the table knows them. A method without
    a cost has no place; it is named below the axis.

    Parameters
    ----------
    table
        What :func:`~genre_lite.evaluation.evaluate` returns; or the summary of a benchmark,
        as :meth:`~genre_lite.evaluation.ledger.Ledger.summarize` returns it.
    dataset
        Which data set of a summary; it can be left out where there is one.
    highlight
        The method that is drawn in blue and named in bold.
    ax
        Where to draw; a new figure if left out.

    Raises
    ------
    GenReError
        If a column is missing, it is not clear which data set of a summary is meant, or no method
        has a place.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"cost": [0.2, 0.5], "plausibility": [0.9, 0.4], "validity": [1.0, 0.5]},
    ...     index=["genre", "wachter"],
    ... )
    >>> ax = method_map(table)
    >>> [text.get_text() for text in ax.texts]
    ['genre', 'wachter']
    >>> plt.close(ax.figure)
    """
    mean, half = _means(table, ["cost", "plausibility", "validity"], dataset)
    placed = mean.dropna()
    if placed.empty:
        raise GenReError("No method found anything, so none has a place; look at the coverage.")
    with style():
        ax = ax or plt.subplots()[1]
        for method, row in placed.iterrows():
            colour = YES if method == highlight else INK
            where = row["cost"], row["plausibility"]
            bars = {"xerr": half.loc[method, "cost"], "yerr": half.loc[method, "plausibility"]}
            ax.errorbar(*where, **bars, color=FAINT, lw=1, zorder=1)
            face: dict[str, Any] = {
                "facecolor": "white",
                "edgecolor": colour,
                "path_effects": [HALO],
            }
            ax.scatter(*where, s=DISC**2, lw=1.5, zorder=2, **face)
            if row["validity"] > 0:
                pie = Path.wedge(90 - 360 * row["validity"], 90)
                ax.scatter(*where, s=DISC**2, marker=pie, color=colour, lw=0, zorder=2)
        ax.margins(0.16)
        ax.set(
            xlabel=_with_the_rest(
                "cost (less is better)", mean.index.difference(placed.index), "found nothing"
            ),
            ylabel="plausibility (more is better)",
        )
        filled: dict[str, dict[str, Any]] = {
            "none": {"mfc": "white"},
            "half": {"mfcalt": "white", "fillstyle": "right"},
            "all": {},
        }
        keys = [
            Line2D([], [], ls="", marker="o", ms=9, color=INK, **look, label=f"{share} valid")
            for share, look in filled.items()
        ]
        ax.legend(handles=keys, **ABOVE)
        _name(ax, placed[["cost", "plausibility"]], bold=highlight)
    return ax


def seconds_a_person(
    table: pd.DataFrame | Mapping,
    *,
    dataset: str | None = None,
    highlight: str = "genre",
    ax: Axes | None = None,
) -> Axes:
    """How long each method takes for one person, the fastest on top; each step is ten times longer.

    Bars are 95 % intervals over seeds, where the table knows them. A method whose time was not
    measured is named below the axis.

    Parameters
    ----------
    table, dataset
        As for :func:`method_map`.
    highlight
        The method whose dot is full; the others' are hollow.
    ax
        Where to draw; a new figure if left out.

    Raises
    ------
    GenReError
        If a column is missing, it is not clear which data set of a summary is meant, or no method
        has a place.

    Examples
    --------
    >>> ax = seconds_a_person(pd.DataFrame({"seconds": [1.5, 0.02]}, index=["revise", "genre"]))
    >>> [label.get_text() for label in ax.get_yticklabels()], [text.get_text() for text in ax.texts]
    (['genre', 'revise'], ['20 ms', '1.5 s'])
    >>> plt.close(ax.figure)
    """
    mean, half = _means(table, ["seconds"], dataset)
    timed = mean["seconds"][mean["seconds"] > 0].sort_values()
    if timed.empty:
        raise GenReError("No method's seconds are known; time an answer with recommend().")
    with style():
        ax = ax or plt.subplots(figsize=(WIDTH, 1.3 + 0.32 * len(timed)))[1]
        ax.set(xscale="log")
        for y, (method, seconds) in enumerate(timed.items()):
            mine = method == highlight
            ax.axhline(y, color=FAINT, lw=0.8, ls=":", zorder=0)
            # An interval can reach below zero, where a logarithmic axis has no place.
            low = min(half.loc[method, "seconds"], 0.9 * seconds)
            bar = [[low], [half.loc[method, "seconds"]]]
            face: dict[str, Any] = {"color": YES if mine else INK, "mfc": YES if mine else "white"}
            ax.errorbar(seconds, y, xerr=bar, fmt="o", ms=8, mew=1.5, capsize=3, **face)
            ax.annotate(
                _duration(seconds),
                (seconds, y),
                (0, 6),
                textcoords="offset points",
                ha="center",
                weight="bold" if mine else "normal",
            )
        first, last = np.log10([timed.min() / 1.5, timed.max() * 1.5])
        ax.set_xlim(10 ** np.floor(first), 10 ** np.ceil(last))
        ax.set_yticks(range(len(timed)), timed.index)
        ax.set(ylim=(len(timed) - 0.5, -0.8))
        ax.xaxis.set_major_formatter(lambda seconds, _: _duration(seconds))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.tick_params(axis="y", length=0)
        rest = mean.index.difference(timed.index)
        ax.set_xlabel(_with_the_rest("time a person", rest, "not measured"))
    return ax


# -- tables and labels ------------------------------------------------------------------------------


def _means(
    table: pd.DataFrame | Mapping, columns: list[str], dataset: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The columns a method, and half the width of their intervals, 0 where it is not known."""
    if isinstance(table, pd.DataFrame):
        require_columns(table, columns)
        return table[columns].astype(float), pd.DataFrame(0.0, table.index, columns)
    datasets = table["datasets"]
    if dataset is None and len(datasets) == 1:
        dataset = next(iter(datasets))
    if dataset not in datasets:
        raise GenReError(f"dataset is {dataset!r}; the summary has {list(datasets)}, choose one.")
    found = {
        method: of.get("metrics", {}) | {"seconds": of.get("recommend_seconds", {})}
        for method, of in datasets[dataset].items()
    }
    mean, half = (
        pd.DataFrame(
            [[known.get(column, {}).get(part) for column in columns] for known in found.values()],
            index=list(found),
            columns=columns,
            dtype=float,
        )
        for part in ("mean", "half_width")
    )
    return mean, half.fillna(0.0)


def _below_each_other(index: pd.Index) -> tuple[dict[str, float], list[float]]:
    """The height of each group's name, and of each row; a group begins with some room."""
    heads: dict[str, float] = {}
    places, y = [], 0.0
    for key in index:
        group = str(key[0]) if index.nlevels > 1 else None
        if group is not None and group not in heads:
            heads[group] = y + (0.4 if heads else 0.0)
            y = heads[group] + 1
        places.append(y)
        y += 1
    return heads, places


def _with_the_rest(label: str, rest: Sequence[str], why: str) -> str:
    return f"{label}\n{why}: {', '.join(map(str, rest))}" if len(rest) else label


def _duration(seconds: float) -> str:
    """The seconds in the unit that a person would choose."""
    size, unit = next(
        ((size, unit) for size, unit in ((1, "s"), (1e-3, "ms")) if seconds >= size), (1e-6, "µs")
    )
    number = seconds / size
    return f"{number:.0f} {unit}" if number >= 10 else f"{number:.2g} {unit}"


def _along(line: pd.DataFrame) -> np.ndarray:
    """Points on the way from each point of a line to the next."""
    corners = line.to_numpy()
    steps = np.arange(0, len(corners) - 1 + 1e-9, 0.05)
    return np.column_stack([np.interp(steps, range(len(corners)), of) for of in corners.T])


def _length(ax: Axes, line: pd.DataFrame) -> float:
    """The way along a line on the paper."""
    steps = np.diff(ax.transData.transform(line.to_numpy()), axis=0)
    return float(np.linalg.norm(steps, axis=1).sum())


def _name(ax: Axes, points: pd.DataFrame, *, bold: str, around: np.ndarray | None = None) -> None:
    """Write each row's label beside its point, where it covers no point, none ``around``, and no other label.

    A label tries eight sides, nearest first, and takes the one that covers least; where it has to
    stand away from its point, a line joins them.
    """
    # The axes get their final place before anything is measured on them.
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    dot = figure.dpi / 72
    inside = ax.get_window_extent()
    covered = ax.transData.transform(points if around is None else around)
    taken = [_box(centre, (DISC * dot, DISC * dot)) for centre in covered]
    for label, place in zip(points.index, points.to_numpy(), strict=True):
        look: dict[str, Any] = {
            "weight": "bold" if label == bold else "normal",
        }
        probe = ax.text(0, 0, str(label), **look)
        size = np.array(probe.get_window_extent().size)
        probe.remove()
        centre = ax.transData.transform(place)
        best: tuple[float, int, np.ndarray, Bbox] = (np.inf, GAPS[0], place, inside)
        for gap, side in product(GAPS, SIDES):
            shift = np.array(side) * ((DISC / 2 + gap) * dot + size / 2)
            box = _box(centre + shift, size)
            hidden = size.prod() - _overlap(box, inside)
            # Whole dots, so that rounding does not decide between two free places.
            worse = round(hidden + sum(_overlap(box, other) for other in taken))
            if worse < best[0]:
                best = worse, gap, shift, box
            if not worse:
                break
        _, gap, shift, box = best
        taken.append(box)
        line = {"arrowstyle": "-", "color": GREY, "lw": 0.8, "shrinkA": 0, "shrinkB": DISC / 2}
        ax.annotate(
            str(label),
            place,
            tuple(shift / dot),
            textcoords="offset points",
            ha="center",
            va="center",
            arrowprops=line if gap > GAPS[0] else None,
            **look,
        )


def _box(centre: np.ndarray, size: np.ndarray | Sequence[float]) -> Bbox:
    return Bbox.from_bounds(*(centre - np.array(size) / 2), *size)


def _overlap(one: Bbox, other: Bbox) -> float:
    """The area that two boxes share."""
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else shared.width * shared.height


def _unbeaten(frame: pd.DataFrame, cost: str, plausibility: str) -> pd.DataFrame:
    ordered = frame.sort_values([cost, plausibility], ascending=[True, False])
    best_before = ordered[plausibility].cummax().shift(fill_value=-np.inf)
    return ordered[ordered[plausibility] > best_before]
