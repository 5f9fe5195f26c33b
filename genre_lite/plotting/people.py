"""Pictures of people: where they stand, where recourse leads, and what changes on the way."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from ..decision import acceptance
from ..errors import GenReError
from ..feature import Feature
from ..letters import lettered
from ..proposals import differences
from ..schema import Schema
from .theme import ABOVE, GREY, INK, NO, PALETTE, SHADES, WIDTH, YES, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..recourses import Recourses

__all__ = ["boundary", "profile", "recourse_paths"]

GRID = 120
NAME, VALUE = 18, 21  # letters a line, of what stands beside a profile
POINTS = 400


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
    seed
        Of the choice of people, where there are more than can be drawn.
    ax
        Where to draw; a new figure if left out.

    Raises
    ------
    GenReError
        If there are not exactly two features, both numeric.
    """
    first, second = _two_numeric(bank.schema)
    with style():
        ax = ax or plt.subplots()[1]
        levels = _contours(ax, bank.X_train, first, second, h)
        shown = _records(ax, bank, first, second, seed)
        _label(ax, levels, shown)
        ax.set(xlabel=_axis_title(first), ylabel=_axis_title(second))
        ax.legend(**ABOVE | {"ncols": 1})  # beside each other they are wider than the axes
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
        everyone = pd.concat([bank.X_train, some.factual, some.frame.dropna()])
        levels = _contours(ax, everyone, first, second, h)
        covered = [_records(ax, bank, first, second, seed)] if records else []
        recorded = ax.get_legend_handles_labels()[0]
        for person, option in some.found[some.found].index:
            best = option == 0
            start = some.factual.loc[person, axes].astype(float)
            end = some.frame.loc[(person, option), axes].astype(float)
            line: dict[str, Any] = {
                "arrowstyle": "->",
                "color": INK,
                "linestyle": "-" if best else ":",
            }
            line |= {"shrinkA": 0, "shrinkB": 6}
            covered.append(np.linspace(start, end, 30))
            ax.annotate("", xy=tuple(end), xytext=tuple(start), arrowprops=line)
            ax.plot(
                *end,
                "*" if best else "^",
                color=YES if best else PALETTE["green"],
                mec="white",
                ms=14 if best else 8,
            )
        ax.plot(some.factual[axes[0]], some.factual[axes[1]], "s", color=NO, ms=7)
        _label(ax, levels, np.concatenate([some.factual[axes].astype(float), *covered]))
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
    means nothing for a nominal feature. So lengths compare within one feature, and not between two: how much a
    change costs is in ``answer.cost``. A missing value has no place on the line.

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
    everyone = pd.concat([answer.factual, answer.frame[answer.found]])
    moved = dict(
        zip(schema.names, differences(before.to_frame().T, after.to_frame().T)[0], strict=True)
    )
    names = [fill(feature.title, NAME) for feature in schema]
    values = []
    for feature in schema:
        now, then = before[feature.name], after[feature.name]
        ends = dict.fromkeys((feature.format(now, then), feature.format(then, now)))
        values.append(fill(" → ".join(ends), VALUE))
    tall = 0.2 * max(text.count("\n") + 1 for text in names + values)
    with style():
        ax = ax or plt.subplots(figsize=(WIDTH, 1.2 + (0.12 + tall) * len(schema)))[1]
        for y, feature in enumerate(schema):
            moves, scale = moved[feature.name], _unit_scale(feature, everyone)
            a, b = scale(before[feature.name]), scale(after[feature.name])
            ax.plot([0, 1], [y, y], color="#DDDDDD", lw=1, zorder=0)
            if moves and not np.isnan(a - b):
                arrow = {"arrowstyle": "->", "color": INK, "shrinkA": 4, "shrinkB": 4}
                ax.annotate("", (b, y), (a, y), arrowprops=arrow)
            if moves:
                ax.plot(b, y, "D", color=YES, ms=8)
            hollow: dict[str, Any] = {
                "mfc": "white",
                "mec": NO if moves else GREY,
                "ms": 8 if moves else 5,
            }
            ax.plot(a, y, "o", mew=1.8, **hollow)
            ax.text(
                1.03,
                y,
                values[y],
                transform=ax.get_yaxis_transform(),
                va="center",
                color=INK if moves else GREY,
                weight="bold" if moves else "normal",
            )
        ax.set(xlim=(-0.04, 1.04), ylim=(len(schema) - 0.4, -0.6))
        ax.set_xticks([0, 1], ["lowest", "highest"])
        ax.set_yticks(range(len(schema)), names)
        ax.tick_params(length=0)
        ax.spines[["left", "bottom"]].set_visible(False)
        keys = [
            Line2D([], [], ls="", marker="o", mfc="white", mec=NO, mew=1.8, ms=8, label="now"),
            Line2D([], [], ls="", marker="D", color=YES, ms=8, label=f"option {lettered(option)}"),
            Line2D([], [], ls="", marker="o", mfc="white", mec=GREY, mew=1.8, ms=5, label="stays"),
        ]
        ax.legend(handles=keys, **ABOVE)
    return ax


def _two_numeric(schema: Schema) -> tuple[Feature, Feature]:
    numeric = [feature for feature in schema if not feature.is_categorical]
    if len(schema) != 2 or len(numeric) != 2:
        raise GenReError(
            f"A map of the decision needs exactly two numeric features; found {schema.names}, "
            f"of which {len(numeric)} numeric. For more features draw profile(answer, person)."
        )
    return numeric[0], numeric[1]


def _contours(ax: Axes, people: pd.DataFrame, first: Feature, second: Feature, h: Any) -> Any:
    lines = []
    for feature in (first, second):
        low, high = people[feature.name].min(), people[feature.name].max()
        margin = 0.06 * (high - low)
        lines.append(np.linspace(low - margin, high + margin, GRID))
    across, up = np.meshgrid(*lines)
    grid = pd.DataFrame({first.name: across.ravel(), second.name: up.ravel()})
    yes = acceptance(h, grid).reshape(across.shape)
    ax.contourf(across, up, yes, levels=np.linspace(0, 1, 11), cmap=SHADES, vmin=0, vmax=1)
    return ax.contour(
        across,
        up,
        yes,
        levels=[0.3, 0.5, 0.7],
        colors=INK,
        linewidths=[0.8, 2.2, 0.8],
        linestyles=["dotted", "solid", "dashed"],
    )


def _label(ax: Axes, contours: Any, covered: Any) -> None:
    """Write each level on its line, where there is most room between what is covered, the edges and other labels."""
    to_paper, window = ax.transData.transform, ax.get_window_extent()
    taken = to_paper(np.asarray(covered, float))
    for line in contours.get_paths():
        if not len(line.vertices):
            continue
        spots = to_paper(line.vertices)
        room = np.linalg.norm(spots[:, None] - taken, axis=-1).min(axis=1)
        to_edges = np.minimum(spots - window.p0, window.p1 - spots).min(axis=1)
        best = np.minimum(room, to_edges).argmax()
        taken = np.vstack([taken, spots[best]])
        ax.clabel(contours, fmt="%.1f", fontsize="medium", manual=[tuple(line.vertices[best])])


def _records(ax: Axes, bank: Any, first: Feature, second: Feature, seed: int) -> np.ndarray:
    """Draw people by their outcome; returns where they stand."""
    people = bank.X_train.assign(_yes=np.asarray(bank.y_train, dtype=int))
    people = people.sample(min(POINTS, len(people)), random_state=seed)
    for yes, marker, colour, label in ((1, "o", YES, "good"), (0, "x", NO, "bad")):
        some = people[people["_yes"] == yes]
        ax.scatter(
            some[first.name],
            some[second.name],
            s=16,
            marker=marker,
            color=colour,
            alpha=0.7,
            linewidths=1.2 if marker == "x" else 0,
            label=f"{label} outcome in the records",
        )
    return people[[first.name, second.name]].to_numpy(float)


def _axis_title(feature: Feature) -> str:
    return f"{feature.title} ({feature.unit})" if feature.unit else feature.title


def _unit_scale(feature: Feature, people: pd.DataFrame) -> Callable[[Any], float]:
    """From a value to its place between the least and the greatest, NaN for a missing one."""
    codes = feature.codes(people[feature.name])
    low, high = 0.0, float(max(len(feature.categories) - 1, 1))
    if not feature.is_categorical:
        low = np.nanmin(codes, initial=np.inf) if feature.low is None else feature.low
        high = np.nanmax(codes, initial=-np.inf) if feature.high is None else feature.high

    def place(value: Any) -> float:
        code = float(feature.codes(pd.Series([value]))[0])
        return (code - low) / (high - low) if high > low else 0.5 + 0 * code

    return place
