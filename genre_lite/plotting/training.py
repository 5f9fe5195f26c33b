"""How a training went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import pandas as pd

from .theme import PALETTE, require_columns, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["training_curve"]


def training_curve(history: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The loss on training pairs and on held-out pairs, and where the latter was least.

    Parameters
    ----------
    history
        Columns step, train_loss, valid_loss (nats a pair); NaN where a loss was not measured.
    ax
        Where to draw; a new figure if left out.

    Examples
    --------
    >>> history = pd.DataFrame({"step": [1, 2], "train_loss": [3, 2], "valid_loss": [3, 4]})
    >>> training_curve(history).get_xlabel()
    'step'
    """
    require_columns(history, ["step", "train_loss", "valid_loss"])
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
