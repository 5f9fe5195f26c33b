"""Pictures of the records under ``results/``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from genre_lite.errors import GenReError
from genre_lite.plotting import ABOVE, NO, YES, style
from genre_lite.plotting.theme import GREY, INK, LINES, MARKERS, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ablation", "convergence", "cost_weight_sweep", "fidelity", "scale"]

DODGE = 0.012  # of the length of an axis, from a line to the next


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
        ax.plot(
            record["sizes"], part["predicted"], color=INK, lw=1, zorder=4, label="predicted, all"
        )
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
    rows = _entry(record["summary"]["fidelity"]["curves"], toy, "toy")
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
    rows = _entry(record["summary"]["cost_weights"]["metrics"], table, "table")
    return _sweep(rows, part, ax, xlabel="cost weight λ", ylabel=f"{part}, {table}")


def ablation(record: Mapping, table: str, *, ax: Axes | None = None) -> Axes:
    """What each change adds to GenRe's Score on a table, with 95 % intervals.

    The best on average over all tables comes first. A blue circle is a change that is shown to help, a
    vermilion square one that is shown to harm, by Holm's test over all changes and tables. Where neither is
    shown: a hollow diamond.

    Parameters
    ----------
    record
        What ``results/ablation.json`` holds.
    table
        Which table to draw.

    Raises
    ------
    GenReError
        If the record does not hold this table.

    Examples
    --------
    >>> gain = {"german": {"mean": -0.1, "half_width": 0.02, "stands": True}}
    >>> record = {"summary": {"as it is": {"gain": {}}, "the cheapest": {"gain": gain}}}
    >>> [label.get_text() for label in ablation(record, "german").get_yticklabels()]
    ['the cheapest']
    """
    gains = {name: row["gain"] for name, row in record["summary"].items() if row["gain"]}
    mean = {name: sum(g["mean"] for g in of.values()) / len(of) for name, of in gains.items()}
    order = sorted(gains, key=lambda name: -mean[name])
    _entry({known: None for of in gains.values() for known in of}, table, "table")
    here = {name: gains[name][table] for name in order if table in gains[name]}
    kinds: dict[str, dict[str, Any]] = {
        "helps": {"fmt": "o", "color": YES},
        "not shown": {"fmt": "D", "color": GREY, "mfc": "white"},
        "harms": {"fmt": "s", "color": NO},
    }
    with style():
        ax = ax or plt.subplots(figsize=(WIDTH, 1.4 + 0.3 * len(order)))[1]
        for kind, look in kinds.items():
            some = [name for name in here if _effect(here[name]) == kind]
            if some:
                ax.errorbar(
                    [here[name]["mean"] for name in some],
                    [order.index(name) for name in some],
                    xerr=_half_widths(here[name] for name in some),
                    ms=6,
                    capsize=2,
                    label=kind,
                    **look,
                )
        ax.axvline(0, color=INK, lw=1, zorder=0)
        ax.set(xlabel=f"gain in Score over the defaults, {table}", ylim=(len(order) - 0.4, -0.6))
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


def _half_widths(points: Iterable[Mapping]) -> np.ndarray:
    """Of the intervals; what a record has no interval for is NaN, and gets no bar."""
    return np.array([point["half_width"] for point in points], dtype=float)


def _effect(gain: Mapping) -> str:
    """What is shown of a change."""
    if not gain["stands"]:
        return "not shown"
    return "helps" if gain["mean"] > 0 else "harms"


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
        known = any(np.isfinite(_half_widths(line)).any() for line in curves.values())
        _curves(ax, x, curves, DODGE if known else 0.0)
        ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
        ax.set_xticks(x, [f"{number:,.9g}" for number in x])
        ax.set_xticks([], minor=True)
        ax.legend(**ABOVE | {"ncols": 2})
    return ax


def _curves(
    ax: Axes, x: Sequence[float], curves: Mapping[str, Sequence[Mapping]], beside: float = 0.0
) -> None:
    """A line a method through its means, with 95 % intervals.

    On the logarithmic axis each line stands ``beside`` the one before by this part of the axis, so that no bar
    hides another.
    """
    step = (max(x) / min(x)) ** beside
    for i, (name, points) in enumerate(curves.items()):
        ax.errorbar(
            np.asarray(x) * step ** (i - (len(curves) - 1) / 2),
            [point["mean"] for point in points],
            yerr=_half_widths(points),
            fmt=MARKERS[i % len(MARKERS)],
            ls=LINES[i % len(LINES)],
            ms=6,
            capsize=2,
            label=name,
        )
