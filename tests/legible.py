"""Whether a figure can be read on any page: dark ink on a white card, and large enough on a phone."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

PHONE = 366  # pixels of a page's column on a phone that is 390 wide


def is_white_card(ax: Axes) -> bool:
    """White and opaque, with the words of its axes in dark ink."""
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    white = tuple(ax.figure.get_facecolor()) == (1, 1, 1, 1)
    return white and max(sum(to_rgb(text.get_color())) for text in texts) < 1.5


def points_on_a_phone(figure: Figure) -> dict[str, float]:
    """How large each text is there."""
    figure.canvas.draw()
    shown = PHONE / (figure.get_tightbbox().width + 2 * mpl.rcParams["savefig.pad_inches"])
    return {
        text.get_text(): text.get_fontsize() / 72 * shown
        for text in figure.findobj(mpl.text.Text)
        if text.get_visible() and text.get_text().strip()
    }


def legend(ax: Axes) -> list[str]:
    """The names in it, from its top."""
    return [text.get_text() for text in ax.get_legend().get_texts()]
