"""The book's figures, in one style.

Every function takes ``ax=None`` and returns the Axes. Figures are white cards with dark ink, so
they read the same on a light and on a dark page; markers and line styles differ wherever colours
do, so they read in grey too. Colours are Okabe and Ito's, which colour-blind people can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from .decision import acceptance
from .errors import GenReError
from .schema import Feature, Schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .recourses import Recourses

__all__ = [
    "PALETTE",
    "ablation",
    "boundary",
    "convergence",
    "cost_weight_sweep",
    "fidelity",
    "frontier",
    "profile",
    "recourse_paths",
    "scale",
    "style",
    "training_curve",
]

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
INK, GREY = "#222222", "#767676"
YES, NO = PALETTE["blue"], PALETTE["vermilion"]
MARKERS = "osD^vPX*<>hp"
SHADES = LinearSegmentedColormap.from_list("no to yes", ["#F6C7A3", "#FFFFFF", "#A9CFE8"])
# A legend above the axes covers nobody.
ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3, "frameon": False}
GRID = 120
POINTS = 400
STYLE = {
    "figure.facecolor": "white",
    "figure.figsize": (6.4, 4.2),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "savefig.dpi": 150,
    "font.size": 11,
    "text.color": INK,
    "axes.facecolor": "white",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(
        color=[PALETTE[name] for name in ("blue", "vermilion", "green", "orange", "purple", "sky")]
    ),
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": GREY,
    "lines.linewidth": 1.8,
}


@contextmanager
def style() -> Iterator[None]:
    """A context in which Matplotlib draws like the book.

    Examples
    --------
    >>> with style():
    ...     figure, ax = plt.subplots()
    >>> plt.close(figure)
    """
    # Not rc_context: it would undo the interactive mode that a notebook's first figure sets.
    before = {name: mpl.rcParams[name] for name in STYLE}
    mpl.rcParams.update(STYLE)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def boundary(bank: Any, h: Any, *, seed: int = 0, ax: Axes | None = None) -> Axes:
    """The decision of ``h`` over two features, and who is accepted and who denied.

    Shades and contours give the probability of yes, the thick line is where it is one half. Dots
    and crosses are training people, by their recorded label; at most 400, drawn with ``seed``.

    Parameters
    ----------
    bank
        A data set of two numeric features: ``X_train``, ``y_train`` and ``schema``.
    h
        Anything with ``predict_proba(DataFrame) -> (n, 2)``.

    Raises
    ------
    GenReError
        If there are not exactly two features, both numeric.
    """
    first, second = _two_numeric(bank.schema)
    with style():
        ax = ax or plt.subplots()[1]
        _contours(ax, bank.X_train, first, second, h)
        _records(ax, bank, first, second, seed)
        ax.set(xlabel=_axis_title(first), ylabel=_axis_title(second))
        ax.legend(**ABOVE)
    return ax


def recourse_paths(
    answer: Recourses,
    bank: Any,
    h: Any,
    *,
    people: Sequence[Hashable] | None = None,
    records: bool = False,
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """From where people stand to each option they got, over the decision of ``h``.

    A square is a person, a star the best option, a triangle any other. ``people`` picks some.
    With ``records`` the training people are drawn as well, as :func:`boundary` draws them.

    Raises
    ------
    GenReError
        If there are not exactly two features, both numeric, or a person is not known.
    """
    first, second = _two_numeric(answer.schema)
    some = answer if people is None else answer[list(people)]
    axes = [first.name, second.name]
    with style():
        ax = ax or plt.subplots()[1]
        _contours(
            ax, pd.concat([bank.X_train, some.factual, some.frame.dropna()]), first, second, h
        )
        if records:
            _records(ax, bank, first, second, seed)
        recorded = ax.get_legend_handles_labels()[0]
        for person, option in some.found[some.found].index:
            best = option == 0
            start = some.factual.loc[person, axes].astype(float)
            end = some.frame.loc[(person, option), axes].astype(float)
            line = {"arrowstyle": "->", "color": INK, "linestyle": "-" if best else ":"}
            line |= {"shrinkA": 0, "shrinkB": 6}
            ax.annotate("", xy=tuple(end), xytext=tuple(start), arrowprops=line)
            ax.plot(
                *end,
                "*" if best else "^",
                color=YES if best else PALETTE["green"],
                ms=12 if best else 7,
            )
        ax.plot(some.factual[axes[0]], some.factual[axes[1]], "s", color=NO, ms=7)
        ax.set(xlabel=_axis_title(first), ylabel=_axis_title(second))
        shown = some.found[some.found].index.get_level_values(1)
        marks = [("s", NO, "where they stand"), ("*", YES, "best option")]
        marks += [("^", PALETTE["green"], "other option")] if (shown > 0).any() else []
        keys = [Line2D([], [], ls="", marker=m, color=c, label=text) for m, c, text in marks]
        ax.legend(handles=[*keys, *recorded], **ABOVE | {"ncols": 2 if recorded else 3})
    return ax


def profile(
    answer: Recourses, person: Hashable, *, option: int = 0, ax: Axes | None = None
) -> Axes:
    """One person before and after, feature by feature, with the values at the right.

    Each feature is laid out from its lowest to its highest value: the schema's bounds where it
    has them, else the range over the people and options of ``answer``; levels in their order, which
    means nothing for a nominal feature.

    Raises
    ------
    GenReError
        If the person is not known, or has no such option.
    """
    one = answer[person]
    if (person, option) not in one.frame.index or not one.found.loc[(person, option)]:
        raise GenReError(f"Person {person!r} has no option {option}; see answer.found.")
    schema = answer.schema
    before, after = one.factual.loc[person], one.frame.loc[(person, option)]
    everyone = pd.concat([answer.factual, answer.frame.dropna()])
    with style():
        ax = ax or plt.subplots(figsize=(7.2, 1.2 + 0.32 * len(schema)))[1]
        for y, feature in enumerate(schema):
            a, b = before[feature.name], after[feature.name]
            scale = _unit_scale(feature, everyone)
            text = feature.format(a) if a == b else f"{feature.format(a)} → {feature.format(b)}"
            ax.plot([0, 1], [y, y], color="#DDDDDD", lw=1, zorder=0)
            if a != b:
                arrow = {"arrowstyle": "->", "color": INK, "shrinkA": 4, "shrinkB": 4}
                ax.annotate("", (scale(b), y), (scale(a), y), arrowprops=arrow)
                ax.plot(scale(b), y, "D", color=YES, ms=8)
            hollow = {"mfc": "white", "mec": GREY if a == b else NO, "ms": 5 if a == b else 8}
            ax.plot(scale(a), y, "o", mew=1.8, **hollow)
            ax.text(
                1.03,
                y,
                text,
                transform=ax.get_yaxis_transform(),
                va="center",
                color=GREY if a == b else INK,
                weight="normal" if a == b else "bold",
            )
        ax.set(xlim=(-0.04, 1.04), ylim=(len(schema) - 0.4, -0.6))
        ax.set_xticks([0, 1], ["lowest", "highest"])
        ax.set_yticks(range(len(schema)), [feature.title for feature in schema])
        ax.tick_params(length=0)
        ax.spines[["left", "bottom"]].set_visible(False)
        keys = [
            Line2D([], [], ls="", marker="o", mfc="white", mec=NO, mew=1.8, ms=8, label="now"),
            Line2D([], [], ls="", marker="D", color=YES, ms=8, label=f"option {option}"),
            Line2D([], [], ls="", marker="o", mfc="white", mec=GREY, mew=1.8, ms=5, label="stays"),
        ]
        ax.legend(handles=keys, **ABOVE)
    return ax


def training_curve(history: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The loss on training pairs and on held-out pairs, and where the latter was least.

    Parameters
    ----------
    history
        Columns step, train_loss, valid_loss (nats a pair); NaN where a loss was not measured.

    Examples
    --------
    >>> history = pd.DataFrame({"step": [1, 2], "train_loss": [3, 2], "valid_loss": [3, 4]})
    >>> training_curve(history).get_xlabel()
    'step'
    """
    _need(history, ["step", "train_loss", "valid_loss"])
    with style():
        ax = ax or plt.subplots()[1]
        for column, line, colour, label in (
            ("train_loss", "-", PALETTE["blue"], "training"),
            ("valid_loss", "--", PALETTE["vermilion"], "held out"),
        ):
            measured = history.dropna(subset=[column])
            ax.plot(measured["step"], measured[column], line, color=colour, label=label)
        if history["valid_loss"].notna().any():
            best = history.loc[history["valid_loss"].idxmin()]
            where = f"best: step {best['step']:.0f}"
            ax.plot(best["step"], best["valid_loss"], "D", color=PALETTE["vermilion"], label=where)
        ax.set(xlabel="step", ylabel="loss (nats a pair)")
        ax.legend()
    return ax


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

    Examples
    --------
    >>> frame = pd.DataFrame({"cost": [1, 2], "plausibility": [0.5, 0.9]}, index=["nn", "genre"])
    >>> frontier(frame).get_ylabel()
    'plausibility'
    """
    _need(frame, [cost, plausibility])
    with style():
        ax = ax or plt.subplots()[1]
        colours = STYLE["axes.prop_cycle"].by_key()["color"]
        for i, (method, row) in enumerate(frame.iterrows()):
            marker, colour = MARKERS[i % len(MARKERS)], colours[i % len(colours)]
            ax.plot(row[cost], row[plausibility], marker, color=colour, ms=9, label=str(method))
        edge = _unbeaten(frame, cost, plausibility)
        ax.plot(edge[cost], edge[plausibility], "--", color=GREY, lw=1, zorder=0)
        ax.margins(0.12)
        ax.set(xlabel=f"{cost} (less is better)", ylabel=plausibility)
        ax.legend(loc="best", fontsize="small")
    return ax


def convergence(record: Mapping, toy: str, *, ax: Axes | None = None) -> Axes:
    """How the distance from Q to the ideal R* shrinks with the number of targets, and where it stalls.

    Both axes are logarithmic, so a rate of n^(−1/2) is a straight line. The thin line is what the
    proposition of the appendix predicts; bars are 95 % intervals.

    Parameters
    ----------
    record
        What ``results/consistency.json`` holds.
    toy
        Which toy to draw.

    Raises
    ------
    GenReError
        If the record does not hold this toy.
    """
    part = _entry(record["toys"], toy, "toy")
    with style():
        ax = ax or plt.subplots()[1]
        _curves(ax, record["sizes"], part["measured"])
        ax.plot(record["sizes"], part["predicted"], color=INK, lw=1, label="predicted, all")
        ax.set(xscale="log", yscale="log", xlabel="targets n", ylabel=f"TV(Q, R*), {toy}")
        ax.legend()
    return ax


def fidelity(record: Mapping, toy: str, *, distance: str = "tv", ax: Axes | None = None) -> Axes:
    """How far each method's answers are from the ideal R*, over the number of training rows.

    The method named *exact draws* shows what is left when nothing is wrong but the number of draws.

    Parameters
    ----------
    record
        What ``results/claims.json`` holds.
    toy
        Which toy to draw.
    distance
        ``"tv"`` for total variation on a grid, ``"energy"`` for the energy distance.

    Raises
    ------
    GenReError
        If the record does not hold this toy or distance.
    """
    titles = {"tv": "total variation", "energy": "energy distance"}
    title = _entry(titles, distance, "distance")
    rows = _entry(record["fidelity"]["curves"], toy, "toy")
    ax = _sweep(rows, distance, ax, xlabel="training rows", ylabel=f"{title} to R*, {toy}")
    ax.set_yscale("log")
    return ax


def cost_weight_sweep(
    record: Mapping, table: str, *, part: str = "score", ax: Axes | None = None
) -> Axes:
    """How a metric of each method moves with the cost weight λ; a flat line is a robust method.

    Parameters
    ----------
    record
        What ``results/claims.json`` holds.
    table
        Which table to draw.
    part
        ``"score"``, ``"cost"``, ``"validity"``, ``"plausibility"`` or ``"coverage"``.

    Raises
    ------
    GenReError
        If the record does not hold this table or metric.
    """
    rows = _entry(record["cost_weights"]["metrics"], table, "table")
    return _sweep(rows, part, ax, xlabel="cost weight λ", ylabel=f"{part}, {table}")


def ablation(record: Mapping, *, ax: Axes | None = None) -> Axes:
    """What each change adds to GenRe's Score, best first, with 95 % intervals.

    A blue circle is a change that is shown to help, a vermilion square one that is shown to harm. Where
    the interval holds zero, or one world gives none, neither is shown: a hollow diamond.

    Parameters
    ----------
    record
        What ``results/ablation.json`` holds.

    Examples
    --------
    >>> gain = {"mean": -0.1, "half_width": 0.02}
    >>> ax = ablation({"summary": {"as it is": {}, "the cheapest": {"gain": gain}}})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['the cheapest']
    """
    gains = {name: row["gain"] for name, row in record["summary"].items() if name != "as it is"}
    order = sorted(gains, key=lambda name: -gains[name]["mean"])
    kinds = {
        "helps": {"fmt": "o", "color": YES},
        "not shown": {"fmt": "D", "color": GREY, "mfc": "white"},
        "harms": {"fmt": "s", "color": NO},
    }
    with style():
        ax = ax or plt.subplots(figsize=(7.2, 1.4 + 0.3 * len(order)))[1]
        for kind, look in kinds.items():
            some = [name for name in order if _effect(gains[name]) == kind]
            if some:
                ax.errorbar(
                    [gains[name]["mean"] for name in some],
                    [order.index(name) for name in some],
                    xerr=[gains[name]["half_width"] for name in some],
                    ms=6,
                    capsize=2,
                    label=kind,
                    **look,
                )
        ax.axvline(0, color=INK, lw=1, zorder=0)
        ax.set(xlabel="gain in Score over the defaults", ylim=(len(order) - 0.4, -0.6))
        ax.set_yticks(range(len(order)), order)
        ax.legend(**ABOVE)
    return ax


def scale(record: Mapping, *, part: str = "seconds_per_batch", ax: Axes | None = None) -> Axes:
    """What drawing pairs takes as the table grows, from all targets and from pools of them.

    Parameters
    ----------
    record
        What ``results/scale.json`` holds.
    part
        ``"seconds_per_batch"``, ``"peak_memory_above_table_mib"`` or ``"total_variation_of_costs"``
        (the distance to the exact Q).

    Raises
    ------
    GenReError
        If the record does not hold this measurement.
    """
    titles = {
        "seconds_per_batch": f"seconds a batch of {record['batch']}",
        "peak_memory_above_table_mib": "MiB above the table",
        "total_variation_of_costs": "total variation to exact Q",
    }
    title = _entry(titles, part, "measurement")
    rows: dict[str, dict] = {}
    for row in record["rows"]:
        name = "all targets" if row["pool"] is None else f"pool of {row['pool']:,}"
        # Measured once, so without an interval.
        once = {part: {"mean": row[part], "half_width": np.nan}}
        rows.setdefault(str(row["rows"]), {})[name] = once
    ax = _sweep(rows, part, ax, xlabel="rows of the table", ylabel=title)
    ax.set_yscale("log" if part == "seconds_per_batch" else "linear")
    return ax


def _entry(record: Mapping, name: str, kind: str) -> Any:
    if name not in record:
        raise GenReError(f"The record has no {kind} {name!r}; choose one of {list(record)}.")
    return record[name]


def _effect(gain: Mapping) -> str:
    """What an interval shows of a change."""
    if gain["mean"] - gain["half_width"] > 0:
        return "helps"
    return "harms" if gain["mean"] + gain["half_width"] < 0 else "not shown"


def _sweep(
    rows: Mapping[str, Mapping], part: str, ax: Axes | None, *, xlabel: str, ylabel: str
) -> Axes:
    """One part of each method's measurements, over the numbers that name the rows."""
    x = [float(number) for number in rows]
    with style():
        ax = ax or plt.subplots()[1]
        curves = {
            name: [_entry(row[name], part, "metric") for row in rows.values()]
            for name in next(iter(rows.values()))
        }
        _curves(ax, x, curves)
        ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
        ax.set_xticks(x, [f"{number:,.9g}" for number in x])
        ax.set_xticks([], minor=True)
        ax.legend(**ABOVE, fontsize="small")
    return ax


def _curves(ax: Axes, x: Sequence[float], curves: Mapping[str, Sequence[Mapping]]) -> None:
    """A line a method through its means, with 95 % intervals."""
    lines = ("-", "--", "-.", ":")
    for i, (name, points) in enumerate(curves.items()):
        ax.errorbar(
            x,
            [point["mean"] for point in points],
            yerr=[point["half_width"] for point in points],
            fmt=MARKERS[i % len(MARKERS)],
            ls=lines[i % len(lines)],
            ms=6,
            capsize=2,
            label=name,
        )


def _two_numeric(schema: Schema) -> tuple[Feature, Feature]:
    numeric = [feature for feature in schema if not feature.is_categorical]
    if len(schema) != 2 or len(numeric) != 2:
        raise GenReError(
            f"A map of the decision needs exactly two numeric features; found {schema.names}, "
            f"of which {len(numeric)} numeric. For more features draw profile(answer, person)."
        )
    return numeric[0], numeric[1]


def _contours(ax: Axes, people: pd.DataFrame, first: Feature, second: Feature, h: Any) -> None:
    lines = []
    for feature in (first, second):
        low, high = people[feature.name].min(), people[feature.name].max()
        margin = 0.06 * (high - low)
        lines.append(np.linspace(low - margin, high + margin, GRID))
    across, up = np.meshgrid(*lines)
    grid = pd.DataFrame({first.name: across.ravel(), second.name: up.ravel()})
    yes = acceptance(h, grid).reshape(across.shape)
    ax.contourf(across, up, yes, levels=np.linspace(0, 1, 11), cmap=SHADES, vmin=0, vmax=1)
    levels = ax.contour(
        across,
        up,
        yes,
        levels=[0.3, 0.5, 0.7],
        colors=INK,
        linewidths=[0.8, 2.2, 0.8],
        linestyles=["dotted", "solid", "dashed"],
    )
    ax.clabel(levels, fmt="%.1f", fontsize="small")


def _records(ax: Axes, bank: Any, first: Feature, second: Feature, seed: int) -> None:
    people = bank.X_train.assign(_yes=np.asarray(bank.y_train, dtype=int))
    people = people.sample(min(POINTS, len(people)), random_state=seed)
    for yes, marker, colour, label in ((1, "o", YES, "accepted"), (0, "x", NO, "denied")):
        some = people[people["_yes"] == yes]
        ax.scatter(
            some[first.name],
            some[second.name],
            s=16,
            marker=marker,
            color=colour,
            alpha=0.7,
            linewidths=1.2 if marker == "x" else 0,
            label=f"{label} in the records",
        )


def _axis_title(feature: Feature) -> str:
    return f"{feature.title} ({feature.unit})" if feature.unit else feature.title


def _unit_scale(feature: Feature, people: pd.DataFrame) -> Callable[[object], float]:
    if feature.is_categorical:
        last = max(len(feature.categories) - 1, 1)
        return lambda value: feature.categories.index(value) / last
    low = people[feature.name].min() if feature.low is None else feature.low
    high = people[feature.name].max() if feature.high is None else feature.high
    return lambda value: (value - low) / (high - low) if high > low else 0.5


def _unbeaten(frame: pd.DataFrame, cost: str, plausibility: str) -> pd.DataFrame:
    ordered = frame.sort_values([cost, plausibility], ascending=[True, False])
    best_before = ordered[plausibility].cummax().shift(fill_value=-np.inf)
    return ordered[ordered[plausibility] > best_before]


def _need(frame: pd.DataFrame, columns: list[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise GenReError(f"Columns {missing} are missing; the table has {list(frame.columns)}.")
