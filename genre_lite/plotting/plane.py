"""The plane of a figure that moves: two axes, and marks on them, as SVG that follows the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple

import contourpy
import numpy as np
from matplotlib.ticker import MaxNLocator

from ..errors import GenReError

__all__ = ["Mark", "Plane"]

WIDTH, TOP, RIGHT, BOTTOM = 360, 30, 14, 44  # in units of the drawing, in which a letter is 14 high
LOOKS = ("yes", "no", "path", "ink", "grey")
SHAPES = ("dot", "ring", "square", "diamond", "cross")


class Mark(NamedTuple):
    """A piece of a drawing, and the plane that it belongs to."""

    plane: Plane
    svg: str


@dataclass(frozen=True, eq=False)
class Plane:
    """Two axes, and the marks that can be put between them.

    Marks share their looks: ``"yes"`` and ``"no"`` for the two decisions, ``"path"`` for what leads from
    one to the other, ``"ink"`` and ``"grey"``. Colours follow the page, light or dark.

    Parameters
    ----------
    across, up
        What the axes show.
    x, y
        The values at their two ends; an axis may run downwards.
    x_ticks, y_ticks
        Words at values, in place of round numbers.
    height
        In units of which the width has 360.
    left
        The room for the words at the left.

    Examples
    --------
    >>> plane = Plane("cost", "h", x=(0, 2), y=(0, 1))
    >>> plane.dots([1.0], [0.5], look="yes").svg
    '<path class="yes dot" stroke-width="8" d="M196 128h0"/>'
    """

    across: str
    up: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_ticks: Mapping[float, str] | None = None
    y_ticks: Mapping[float, str] | None = None
    height: int = 270
    left: int = 46

    def dots(self, x: Any, y: Any, *, look: str = "ink", shape: str = "dot", size: Any = 8) -> Mark:
        """Marks at points; ``size`` is their width, one for all or one each, and 0 draws nothing."""
        if look not in LOOKS or shape not in SHAPES:
            raise GenReError(f"A mark's look is one of {LOOKS} and its shape of {SHAPES}.")
        points = np.column_stack(self.place(x, y))
        sizes = np.broadcast_to(np.round(np.asarray(size, float), 0), len(points))
        parts = []
        for width in np.unique(sizes[sizes > 0]):
            drawn = "".join(_shape(shape, a, b, width / 2) for a, b in points[sizes == width])
            stroke = f' stroke-width="{short(width)}"' if shape == "dot" else ""
            parts.append(f'<path class="{look} {shape}"{stroke} d="{drawn}"/>')
        return Mark(self, "".join(parts))

    def line(
        self, x: Any, y: Any, *, look: str = "ink", width: float = 2, dashed: bool = False
    ) -> Mark:
        """A line from point to point."""
        return Mark(self, self._path(x, y, look, width, dashed))

    def bars(self, values: Any, at: Any, *, look: str = "yes", width: float = 14) -> Mark:
        """Bars to the right, from the left end of the axis."""
        right, y = self.place(values, at)
        zero = self.place([self.x[0]], [self.y[0]])[0][0]
        d = "".join(
            f"M{short(zero)} {short(b - width / 2)}h{short(a - zero)}v{short(width)}H{short(zero)}z"
            for a, b in zip(right, y, strict=True)
        )
        return Mark(self, f'<path class="{look} area" d="{d}"/>')

    def intervals(self, low: Any, high: Any, at: Any, *, look: str = "ink") -> Mark:
        """Lines from ``low`` to ``high``, with a stop at either end."""
        left, y = self.place(low, at)
        right, _ = self.place(high, at)
        d = "".join(
            f"M{short(a)} {short(c - 5)}v10m0 -5H{short(b)}m0 -5v10"
            for a, b, c in zip(left, right, y, strict=True)
        )
        return Mark(self, f'<path class="{look} line" stroke-width="2" d="{d}"/>')

    def words(
        self,
        x: Any,
        y: Any,
        texts: Sequence[str],
        *,
        anchor: str = "middle",
        shift: tuple[float, float] = (0, 5),
        bold: bool = False,
    ) -> Mark:
        """Words at points, ``shift`` units away; ``anchor`` is start, middle or end."""
        weight = ' class="bold"' * bold
        return Mark(
            self,
            "".join(
                f'<text{weight} x="{short(a + shift[0])}" y="{short(b + shift[1])}" '
                f'text-anchor="{anchor}">{escape(str(text))}</text>'
                for a, b, text in zip(*self.place(x, y), texts, strict=True)
            ),
        )

    def shades(
        self, x: Any, y: Any, values: Any, levels: Sequence[float], middle: float | None = None
    ) -> Mark:
        """Bands of a function over the plane, ``values`` of shape (y, x), the darker the higher.

        With a ``middle``, what lies above it has the look ``"yes"``, what lies below ``"no"``, the darker
        the further away.
        """
        contours: Any = contourpy.contour_generator(x, y, values, fill_type="OuterOffset")
        centre = levels[0] if middle is None else middle
        most = max(abs(level - centre) for level in levels)
        parts = []
        for low, high in pairwise(levels):
            away = (low + high) / 2 - centre
            d = ""
            for points, offsets in zip(*contours.filled(low, high), strict=True):
                for start, end in pairwise(offsets):
                    d += self._d(*points[start : end - 1].T) + "z"
            if d:
                look = "no" if away < 0 else "yes"
                opacity = short(0.5 * abs(away) / most, 2)
                parts.append(f'<path class="{look} area" opacity="{opacity}" d="{d}"/>')
        return Mark(self, "".join(parts))

    def contour(
        self,
        x: Any,
        y: Any,
        values: Any,
        at: float,
        *,
        look: str = "ink",
        width: float = 2,
        dashed: bool = False,
    ) -> Mark:
        """The line on which a function over the plane has one value; ``values`` of shape (y, x)."""
        lines: Any = contourpy.contour_generator(x, y, values).lines(at)
        return Mark(
            self,
            "".join(self._path(a, b, look, width, dashed) for a, b in (line.T for line in lines)),
        )

    def place(self, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Values as places in the drawing."""
        (left, right), (below, above) = self.x, self.y
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        across = self.left + (x - left) / (right - left) * (WIDTH - RIGHT - self.left)
        down = self.height - BOTTOM - (y - below) / (above - below) * (self.height - BOTTOM - TOP)
        return across, down

    def _d(self, x: Any, y: Any) -> str:
        places = zip(*self.place(x, y), strict=True)
        return "M" + "L".join(f"{short(a)} {short(b)}" for a, b in places)

    def _path(self, x: Any, y: Any, look: str, width: float, dashed: bool) -> str:
        dash = " dashed" * dashed
        return (
            f'<path class="{look} line{dash}" stroke-width="{short(width)}" d="{self._d(x, y)}"/>'
            if len(x)
            else ""
        )

    def _axes(self) -> str:
        """The two axes, with their ticks and titles."""
        bottom, right = self.height - BOTTOM, WIDTH - RIGHT
        parts = [f'<path class="axis" d="M{self.left} {TOP}V{bottom}H{right}"/>']
        for value, text in self._ticks(self.x, self.x_ticks).items():
            at = short(self.place([value], [self.y[0]])[0][0])
            parts.append(f'<path class="axis" d="M{at} {bottom}v4"/>')
            parts.append(f'<text x="{at}" y="{bottom + 18}" text-anchor="middle">{text}</text>')
        for value, text in self._ticks(self.y, self.y_ticks).items():
            at = self.place([self.x[0]], [value])[1][0]
            parts.append(f'<path class="axis" d="M{self.left} {short(at)}h-4"/>')
            x, y = self.left - 8, short(at + 5)
            parts.append(f'<text x="{x}" y="{y}" text-anchor="end">{text}</text>')
        parts.append(
            f'<text x="{right}" y="{self.height - 6}" text-anchor="end">{escape(self.across)}</text>'
            f'<text x="4" y="16">{escape(self.up)}</text>'
        )
        return "".join(parts)

    @staticmethod
    def _ticks(ends: tuple[float, float], given: Mapping | None) -> dict[float, str]:
        if given is not None:
            return {value: escape(str(text)) for value, text in given.items()}
        low, high = sorted(ends)
        return {
            v: number(v)
            for v in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
            if low <= v <= high
        }

    def svg(self, name: str, inside: str, ground: str = "") -> str:
        return (
            f'<svg viewBox="0 0 {WIDTH} {self.height}" role="img" aria-label="{escape(name)}">'
            f"{ground}{self._axes()}<g>{inside}</g></svg>"
        )


def number(value: Any, digits: int | None = None) -> str:
    """A number as a reader meets it; words stay, and what is not known is a dash."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return str(value)
    if np.isnan(float(value)):
        return "–"
    if digits is None:
        value = float(value)
        text = f"{value:,.0f}" if value == round(value) else f"{value:,.3f}".rstrip("0").rstrip(".")
    else:
        text = f"{float(value):z.{digits}f}"
    return text.replace("-", "−")


def short(value: float, digits: int = 1) -> str:
    """A place in the drawing, with no digit that nobody sees."""
    return f"{float(value):z.{digits}f}".rstrip("0").rstrip(".")


def _shape(shape: str, x: float, y: float, r: float) -> str:
    a, b, left, top, w, half = (short(v) for v in (x, y, x - r, y - r, 2 * r, r))
    return {
        "dot": f"M{a} {b}h0",
        "ring": f"M{left} {b}a{half} {half} 0 1 0 {w} 0a{half} {half} 0 1 0 -{w} 0",
        "square": f"M{left} {top}h{w}v{w}h-{w}z",
        "diamond": f"M{left} {b}l{half} -{half}l{half} {half}l-{half} {half}z",
        "cross": f"M{left} {top}l{w} {w}m-{w} 0l{w} -{w}",
    }[shape]
