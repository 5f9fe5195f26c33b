"""The book's figures, in one style.

Every function takes ``ax=None`` and returns the Axes. Figures are white cards with dark ink, so
they read the same on a light and on a dark page; markers, fillings and line styles differ wherever
colours do, so they read in grey too. Colours are Okabe and Ito's, which colour-blind people can
tell apart.

Where moving teaches, a figure has a slider: :class:`~genre_lite.plotting.moving.Frames` over drawings
that were computed, and :class:`~genre_lite.plotting.moving.Point` for a point that can be moved. Their
ink is the page's own.
"""

from .methods import dot_plot, frontier, method_map, sampling_frontier, seconds_a_person
from .moving import Frame, Frames, Point, Reading
from .people import boundary, profile, recourse_paths
from .plane import Mark, Plane
from .theme import ABOVE, NO, PALETTE, SHADES, YES, style
from .training import training_curve

__all__ = [
    "ABOVE",
    "NO",
    "PALETTE",
    "SHADES",
    "YES",
    "Frame",
    "Frames",
    "Mark",
    "Plane",
    "Point",
    "Reading",
    "boundary",
    "dot_plot",
    "frontier",
    "method_map",
    "profile",
    "recourse_paths",
    "sampling_frontier",
    "seconds_a_person",
    "style",
    "training_curve",
]
