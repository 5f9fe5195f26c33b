"""Figures that move: a reader's hand on a slider, and the still that belongs to it.

A cell computes, and :class:`Frames` draws every state once, as SVG; the script beside this module only
chooses which drawing is shown. So what is seen first is also what is printed, and what stands where no script
runs. :class:`Point` is the other kind: one point of a plane, moved over a grid of computed values. A figure
is one piece of HTML that loads nothing: it works in a notebook, on a page and from a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from itertools import product
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import GenReError
from .plane import Mark, Plane, number, short

__all__ = ["Frame", "Frames", "Point", "Reading"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Frame:
    """One state: what is drawn, what is said in words, and its row of the table.

    Examples
    --------
    >>> Frame([], "The gap is -0.12.").said
    'The gap is −0.12.'
    """

    marks: Sequence[Mark]
    said: str
    row: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", re.sub(r"(?<![\w.-])-(?=\d)", "−", self.said))


class _Moving:
    """What both kinds share: a title, what to look for, and the piece of HTML around them."""

    title: str
    look: str

    def _html(
        self,
        controls: str,
        planes: str,
        said: str,
        table: pd.DataFrame,
        data: Mapping,
        more: str = "",
    ) -> str:
        told = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        # Neither of these may stand inside a script: one would end it, the other hide its end.
        told = told.replace("</", "<\\/").replace("<!", "\\u003c!")
        name = "moving-" + sha256((self.title + planes + told).encode()).hexdigest()[:8]
        style, script = (
            (FOLDER / f"moving.{end}").read_text(encoding="utf-8") for end in ("css", "js")
        )
        return (
            f'<div class="genre-moving" role="group" aria-labelledby="{name}">'
            f"<style>{style}</style>"
            f'<p class="moving-title" id="{name}">{escape(self.title)}</p>'
            f'<p class="moving-look"><b>Look for:</b> {escape(self.look)}</p>'
            f'<div class="moving-controls" hidden>{controls}</div>'
            f'<div class="moving-planes">{planes}{more}</div>'
            f'<p class="moving-said" role="status">{escape(said)}</p>'
            f"<details><summary>The same as a table</summary>{_table(self.title, table)}</details>"
            f'<script type="application/json">{told}</script><script>{script}</script></div>'
        )


@dataclass(frozen=True, eq=False, repr=False)
class Frames(_Moving):
    """A slider, or several, over drawings that were computed beforehand.

    Parameters
    ----------
    title, look
        What is shown, and what to look for: a sentence each.
    controls
        The values of each control by its name. Numbers make a slider, words a list to choose from.
    frame
        A function of one value of each control that gives the :class:`Frame`. It is asked for all
        combinations, once, and every frame names the same columns.
    ground
        Marks that every state has.
    start
        The value that a control has at first; else its first.

    Raises
    ------
    GenReError
        If a control has no values, or starts at a value that it does not have.

    Examples
    --------
    >>> plane = Plane("cost weight", "share", x=(0, 2), y=(0, 1))
    >>> def frame(weight):
    ...     share = 1 / (1 + weight)
    ...     return Frame([plane.dots([weight], [share])], f"A share of {share:.2f}.", {"share": share})
    >>> figure = Frames("A share falls", "How fast.", {"weight": [0, 1, 2]}, frame)
    >>> figure.table["share"].round(2).tolist()
    [1.0, 0.5, 0.33]
    >>> 'type="range"' in figure._repr_html_()
    True
    """

    title: str
    look: str
    controls: Mapping[str, Sequence[Any]]
    frame: Callable[..., Frame]
    ground: Sequence[Mark] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[tuple, Frame] = field(init=False)

    def __post_init__(self) -> None:
        for name, values in self.controls.items():
            if not len(values):
                raise GenReError(f"The control {name!r} has no values.")
            if self.start.get(name, values[0]) not in list(values):
                raise GenReError(
                    f"{name!r} starts at {self.start[name]!r}, which it does not have."
                )
        states = {values: self.frame(*values) for values in product(*self.controls.values())}
        object.__setattr__(self, "states", states)

    @property
    def table(self) -> pd.DataFrame:
        """The controls of each state, and what the frame says of it; one row a state."""
        index = pd.MultiIndex.from_tuples(list(self.states), names=list(self.controls))
        return pd.DataFrame([dict(state.row) for state in self.states.values()], index=index)

    def _repr_html_(self) -> str:
        chosen = tuple(self.start.get(name, values[0]) for name, values in self.controls.items())
        everything = [
            *self.ground,
            *(mark for state in self.states.values() for mark in state.marks),
        ]
        planes = list(dict.fromkeys(mark.plane for mark in everything))

        def of(plane: Plane, marks: Sequence[Mark]) -> str:
            return "".join(mark.svg for mark in marks if mark.plane is plane)

        drawn = [
            plane.svg(
                f"{self.title}. To the right: {plane.across}. Upwards: {plane.up}.",
                of(plane, self.states[chosen].marks),
                of(plane, self.ground),
            )
            for plane in planes
        ]
        controls = [
            _control(name, values, list(values).index(value))
            for (name, values), value in zip(self.controls.items(), chosen, strict=True)
        ]
        data = {
            "values": [[number(v) for v in values] for values in self.controls.values()],
            "states": [
                [state.said, *(of(plane, state.marks) for plane in planes)]
                for state in self.states.values()
            ],
        }
        said = self.states[chosen].said
        return self._html("".join(controls), "".join(drawn), said, self.table, data)


@dataclass(frozen=True)
class Reading:
    """A number that is read off at every point of a grid, and the words for it.

    Parameters
    ----------
    name
        What it is called.
    values
        Of shape (y, x).
    cut
        A line that is drawn where the number is shown.
    above, below
        What it means to lie above the line, and not to.
    digits
        After the decimal point.
    """

    name: str
    values: Any
    cut: float | None = None
    above: str = ""
    below: str = ""
    digits: int = 2

    @property
    def grid(self) -> np.ndarray:
        """The values with no more digits than are shown, so that words and numbers agree."""
        return np.round(np.asarray(self.values, float), self.digits)


@dataclass(frozen=True, eq=False, repr=False)
class Point(_Moving):
    """A point of a plane that can be moved, with what a grid of computed values says of it.

    Two sliders move it, or a pointer; a button puts it on each of the named places.

    Parameters
    ----------
    title, look
        What is shown, and what to look for: a sentence each.
    plane
        Where the point moves.
    x, y
        The values at which the readings were computed.
    readings
        What is read off, each a :class:`Reading`.
    places
        Points with a name; the first is where the point stands at first.
    ground
        Marks behind the point.

    Raises
    ------
    GenReError
        If there is no place, or a reading has another shape than the grid, or gaps.

    Examples
    --------
    >>> plane = Plane("x1", "x2", x=(0, 1), y=(0, 1))
    >>> line = np.linspace(0, 1, 3)
    >>> cost = Reading("cost", line[None] + line[:, None])
    >>> Point("A point", "Its cost.", plane, line, line, [cost], {"home": (0.4, 1.0)}).table
              x1   x2  cost
    place
    home     0.5  1.0   1.5
    """

    title: str
    look: str
    plane: Plane
    x: Sequence[float]
    y: Sequence[float]
    readings: Sequence[Reading]
    places: Mapping[str, tuple[float, float]]
    ground: Sequence[Mark] = ()

    def __post_init__(self) -> None:
        if not self.places:
            raise GenReError("A point needs a place to start from.")
        for reading in self.readings:
            if np.shape(reading.values) != (len(self.y), len(self.x)):
                raise GenReError(
                    f"{reading.name!r} has the shape {np.shape(reading.values)}; the grid has "
                    f"{(len(self.y), len(self.x))}."
                )
            if not np.isfinite(reading.values).all():
                raise GenReError(f"{reading.name!r} is not known everywhere on the grid.")

    @property
    def table(self) -> pd.DataFrame:
        """Where each place is on the grid, and the readings there; one row a place."""
        rows = {}
        for name, place in self.places.items():
            i, j = self._nearest(place)
            rows[name] = {self.plane.across: self.x[i], self.plane.up: self.y[j]} | {
                r.name: float(r.grid[j, i]) for r in self.readings
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("place")

    def _nearest(self, place: tuple[float, float]) -> tuple[int, int]:
        ends = zip((self.x, self.y), place, strict=True)
        i, j = (int(np.abs(np.asarray(line) - at).argmin()) for line, at in ends)
        return i, j

    def _said(self, i: int, j: int) -> str:
        told = []
        for r in self.readings:
            value = r.grid[j, i]
            word = "" if r.cut is None else r.above if value > r.cut else r.below
            told.append(f"{r.name} {number(value, r.digits)}" + f", {word}" * bool(word))
        where = f"{self.plane.across} = {number(self.x[i], 2)}, {self.plane.up} = {number(self.y[j], 2)}"
        return f"{where}: {'; '.join(told)}."

    def _repr_html_(self) -> str:
        first = next(iter(self.places.values()))
        i, j = self._nearest(first)
        across, down = (
            self.plane.place(self.x, self.plane.y[0])[0],
            self.plane.place(self.plane.x[0], self.y)[1],
        )
        moved = (
            f'<g class="moving-point" transform="translate({short(across[i])} {short(down[j])})">'
            '<path class="path line" stroke-width="3" d="M-9 0a9 9 0 1 0 18 0a9 9 0 1 0 -18 0"/>'
            '<path class="path dot" stroke-width="5" d="M0 0h0"/></g>'
        )
        ground = "".join(mark.svg for mark in self.ground)
        name = f"{self.title}. To the right: {self.plane.across}. Upwards: {self.plane.up}."
        axes = {self.plane.across: (self.x, i), self.plane.up: (self.y, j)}
        controls = [
            _control(n, [number(v, 2) for v in of], at, slider=True) for n, (of, at) in axes.items()
        ]
        buttons = [
            f'<button type="button" data-at="{a} {b}">{escape(text)}</button>'
            for text, (a, b) in zip(
                self.places, map(self._nearest, self.places.values()), strict=True
            )
        ]
        acts = f'<div class="moving-places">{"".join(buttons)}</div>'
        meters = "".join(_meter(r, r.grid[j, i]) for r in self.readings)
        data = {
            "values": [[number(v, 2) for v in line] for line in (self.x, self.y)],
            "names": list(axes),
            "at": [[round(float(v), 1) for v in line] for line in (across, down)],
            "readings": [
                {
                    "name": r.name,
                    "digits": r.digits,
                    "cut": r.cut,
                    "words": [r.below, r.above],
                    "ends": [float(r.grid.min()), float(r.grid.max())],
                    "values": r.grid.tolist(),
                }
                for r in self.readings
            ],
        }
        return self._html(
            "".join(controls) + acts,
            self.plane.svg(name, moved, ground),
            self._said(i, j),
            self.table,
            data,
            f'<div class="moving-readings" aria-hidden="true">{meters}</div>',
        )


# -- pieces of HTML ---------------------------------------------------------------------------------


def _control(name: str, values: Sequence[Any], at: int, slider: bool = False) -> str:
    """A slider over numbers, or a list of words; its value is the number of the choice."""
    texts = [escape(number(v)) for v in values]
    if slider or all(isinstance(v, Real) for v in values):
        shown = f"<b>{texts[at]}</b>"
        box = (
            f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{at}" '
            f'aria-valuetext="{texts[at]}">'
        )
    else:
        options = enumerate(texts)
        chosen = "".join(
            f'<option value="{i}"{" selected" * (i == at)}>{text}</option>' for i, text in options
        )
        shown, box = "", f"<select>{chosen}</select>"
    return f"<div><label><span>{escape(name)}</span>{box}</label>{shown}</div>"


def _meter(reading: Reading, value: float) -> str:
    low, high = float(reading.grid.min()), float(reading.grid.max())

    def percent(v: float) -> str:
        return f"{short(100 * (v - low) / ((high - low) or 1))}%"

    cut = "" if reading.cut is None else f'<s style="left:{percent(reading.cut)}"></s>'
    return (
        f"<div><span>{escape(reading.name)}</span><span class='moving-track'>"
        f'<i style="width:{percent(value)}"></i>{cut}</span>'
        f"<b>{number(value, reading.digits)}</b></div>"
    )


def _table(title: str, table: pd.DataFrame) -> str:
    """A table with a caption, and with a scope at every head."""
    index = [list(key) if isinstance(key, tuple) else [key] for key in table.index]
    heads = "".join(
        f'<th scope="col">{escape(str(n))}</th>' for n in [*table.index.names, *table.columns]
    )
    rows = "".join(
        "<tr>"
        + "".join(f'<th scope="row">{escape(number(v))}</th>' for v in key)
        + "".join(f"<td>{escape(number(v))}</td>" for v in row)
        + "</tr>"
        for key, row in zip(index, table.itertuples(index=False, name=None), strict=True)
    )
    name = f"Table: {title}"
    return (
        f'<div class="moving-table" tabindex="0" role="region" aria-label="{escape(name)}">'
        f"<table><caption>{escape(title)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
