"""Words of a figure that lie on each other, or outside of it.

:func:`watch` looks at every figure that a notebook shows: ``notebooks/conftest.py`` has the kernels call it.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

MOST = 2  # pixels; a box of words has a little air around its ink


def drawn(figure: Figure) -> list[Text]:
    """The texts that reach the paper: not those of hidden axes, nor of ticks beyond the ends."""
    seen: list[Text] = []
    draw = Text.draw

    def note(text: Text, renderer: Any, *rest: Any, **more: Any) -> None:
        seen.append(text)
        draw(text, renderer, *rest, **more)

    figure.draw_without_rendering()  # settles the layout
    with patch.object(Text, "draw", note):
        figure.draw_without_rendering()
    return [text for text in dict.fromkeys(seen) if text.get_visible() and text.get_text().strip()]


def corners(text: Text) -> np.ndarray:
    """Of the box around a text, turned as it is, in pixels."""
    turned, extent = text.get_rotation(), text.get_window_extent()
    text.set_rotation(0)
    wide, high = text.get_window_extent().size
    text.set_rotation(turned)
    angle = np.deg2rad(turned)
    along = np.array([np.cos(angle), np.sin(angle)]) * wide / 2
    up = np.array([-np.sin(angle), np.cos(angle)]) * high / 2
    middle = (extent.p0 + extent.p1) / 2
    return middle + np.array([-along - up, along - up, along + up, up - along])


def depth(one: np.ndarray, other: np.ndarray) -> float:
    """How far two boxes would have to be moved apart; not above zero where they do not touch.

    Examples
    --------
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> float(depth(square, square + [3, 1])), float(depth(square, square + [6, 0]))
    (1.0, -2.0)
    """
    sides = np.concatenate([np.diff(box[:3], axis=0) for box in (one, other)])
    least = np.inf
    for side in sides / np.linalg.norm(sides, axis=1, keepdims=True):
        a, b = one @ side, other @ side
        least = min(least, a.max() - b.min(), b.max() - a.min())
    return least


def collisions(figure: Figure) -> list[str]:
    """What is wrong with the words of a figure, a line each; nothing where all can be read."""
    texts = drawn(figure)
    boxes = [corners(text) for text in texts]
    said = [
        f"{one.get_text()!r} lies on {other.get_text()!r}"
        for (one, a), (other, b) in combinations(zip(texts, boxes, strict=True), 2)
        if depth(a, b) > MOST
    ]
    low, high = figure.bbox.p0 - MOST, figure.bbox.p1 + MOST
    said += [
        f"{text.get_text()!r} leaves the figure"
        for text, box in zip(texts, boxes, strict=True)
        if (box < low).any() or (box > high).any()
    ]
    return said


def watch(shell: Any, told: Path) -> None:
    """After each cell, and before its figures are shown and closed, add what is wrong to a file."""

    def look() -> None:
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is None:
            return
        said = [line for number in plt.get_fignums() for line in collisions(plt.figure(number))]
        if said:
            with told.open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in said)

    shell.events.register("post_execute", look)
