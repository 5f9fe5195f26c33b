"""The finder of words that lie on each other, on figures of which it is known."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from labels import collisions, corners, watch

mpl.use("agg")

import matplotlib.pyplot as plt


@pytest.fixture
def figure():
    figure = plt.figure(figsize=(4, 3), dpi=100)
    yield figure
    plt.close("all")


def test_words_on_each_other_are_told(figure):
    figure.text(0.5, 0.5, "one")
    figure.text(0.52, 0.5, "other")
    figure.text(0.5, 0.7, "away")
    assert collisions(figure) == ["'one' lies on 'other'"]


def test_words_that_leave_the_figure_are_told(figure):
    figure.text(0.95, 0.5, "a long word")
    assert collisions(figure) == ["'a long word' leaves the figure"]


def test_a_turned_text_takes_the_room_of_its_own_box(figure):
    """The upright box around a text at 45 degrees has empty corners; a word there is no collision."""
    text = figure.text(0.5, 0.5, "turned words", rotation=45, ha="center", va="center")
    flat = figure.text(0.5, 0.9, "turned words", ha="center", va="center")
    sides = [np.linalg.norm(np.diff(corners(t), axis=0), axis=1) for t in (text, flat)]
    assert np.allclose(*sides, atol=1)
    inside = text.get_window_extent()
    left, top = (inside.x0 + 8) / 400, (inside.y1 - 8) / 300
    figure.text(left, top, "x", ha="center", va="center")
    assert collisions(figure) == []
    figure.text(0.5, 0.5, "y", ha="center", va="center")
    assert collisions(figure) == ["'turned words' lies on 'y'"]


def test_what_is_not_drawn_is_not_told(figure):
    ax = figure.add_subplot()
    ax.set_axis_off()
    figure.text(0.5, 0.5, "seen")
    figure.text(0.5, 0.5, "hidden", visible=False)
    ax.set_xticks([0.5, 0.501], ["of hidden axes", "as well"])
    assert collisions(figure) == []
    ax.set_axis_on()
    assert collisions(figure) == ["'of hidden axes' lies on 'as well'"]


def test_every_figure_that_is_open_after_a_cell_is_looked_at(figure, tmp_path):
    calls = {}
    shell = SimpleNamespace(events=SimpleNamespace(register=calls.__setitem__))
    watch(shell, tmp_path / "told.txt")
    calls["post_execute"]()
    assert not (tmp_path / "told.txt").exists()
    figure.text(0.5, 0.5, "one")
    figure.text(0.5, 0.5, "other")
    calls["post_execute"]()
    assert (tmp_path / "told.txt").read_text() == "'one' lies on 'other'\n"
