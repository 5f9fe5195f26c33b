"""What all figures share: colours, marks, and the style they are drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.rcsetup import cycler

from ..errors import GenReError

__all__ = ["ABOVE", "NO", "PALETTE", "SHADES", "YES", "style"]

#: Colours by name. Vermilion is two shades darker than Okabe and Ito's, so that words in it can be read.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#B84A00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
INK, GREY = "#222222", "#767676"
#: The colour of the favourable decision, and of the other.
YES, NO = PALETTE["blue"], PALETTE["vermilion"]
#: Shades of a probability, from no to yes.
SHADES = LinearSegmentedColormap.from_list("no to yes", ["#F6C7A3", "#FFFFFF", "#A9CFE8"])
MARKERS, LINES = "osD^vPX*<>hp", ("-", "--", "-.", ":")
#: Where a legend goes: above the axes it covers nobody.
ABOVE: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (0, 1),
    "ncols": 3,
    "frameon": False,
    "handlelength": 1.5,
    "columnspacing": 1.0,
}
# In inches. No figure is wider and no text smaller than here: on a phone, which shows a figure 366 pixels wide, a letter
# of 11 points is then 9 pixels high and more.
WIDTH = 5.8
# Any, for Matplotlib's types spell out every name, and each version knows others.
STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "figure.figsize": (WIDTH, 4.0),
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
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(
        color=[PALETTE[name] for name in ("blue", "vermilion", "green", "orange", "purple", "sky")]
    ),
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.fontsize": "medium",
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
    >>> import matplotlib.pyplot as plt
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


def require_columns(frame: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a table that lacks what a figure shows."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise GenReError(f"Columns {missing} are missing; the table has {list(frame.columns)}.")
