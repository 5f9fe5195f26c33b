"""The figures: what they draw, and that they can be read on any page."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import legible
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from labels import collisions, corners
from legible import legend

mpl.use("agg")

import matplotlib.pyplot as plt

from genre_lite import Feature, Schema, plotting
from genre_lite.errors import GenReError
from genre_lite.plotting import people
from genre_lite.recourses import Recourses

pytestmark = pytest.mark.usefixtures("closed")

PLANE = Schema([Feature("left", unit="km"), Feature("right")])
RNG = np.random.default_rng(0)
BANK = SimpleNamespace(
    schema=PLANE,
    X_train=pd.DataFrame(RNG.random((600, 2)), columns=PLANE.names),
    y_train=pd.Series(RNG.integers(0, 2, 600)),
)


class Diagonal:
    """Says yes where the two features add up to more than one."""

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        yes = 1 / (1 + np.exp(-8 * (frame["left"] + frame["right"] - 1)))
        return np.column_stack([1 - yes, yes])


def answer_of(schema: Schema, factual: pd.DataFrame, options: list) -> Recourses:
    where = pd.MultiIndex.from_product([factual.index, range(len(options) // len(factual))])
    frame = pd.DataFrame(options, index=where, columns=schema.names)
    ones = pd.Series(1.0, where)
    accepted = pd.Series(False, factual.index)
    return Recourses(factual, frame, ones, ones, ones, schema, accepted)


@pytest.fixture
def plane() -> Recourses:
    factual = pd.DataFrame([[0.1, 0.2], [0.3, 0.1]], index=["ana", "ben"], columns=PLANE.names)
    return answer_of(PLANE, factual, [(0.9, 0.2), (0.5, 0.8), (0.8, 0.9), (np.nan, np.nan)])


@pytest.fixture
def profiled() -> Recourses:
    schema = Schema(
        [
            Feature("stay", low=0, high=20, unit="days", label="length of stay"),
            Feature("sex", "nominal", ("f", "m")),
            Feature("savings", "ordinal", ("none", "some", "much")),
            Feature("rate"),
            Feature("same"),
        ]
    )
    factual = pd.DataFrame(
        {"stay": [12, 4], "sex": ["f", "m"], "savings": ["none", "some"], "rate": 1.0, "same": 3},
        index=["ana", "ben"],
    )
    options = [(2, "f", "some", 3.0, 3), (np.nan,) * 5]
    return answer_of(schema, factual, options)


HISTORY = pd.DataFrame(
    {"step": [10, 20, 30], "train_loss": [3.0, 2.0, 1.0], "valid_loss": [np.nan, 2.5, 2.7]}
)
METHODS = pd.DataFrame(
    {"cost": [0.5, 0.7, 0.9, 0.3], "plausibility": [0.8, 0.9, 0.85, 0.4]},
    index=["genre", "nn", "dice", "wachter"],
)

DRAWN = pd.DataFrame(
    {
        "cost": [0.3, 0.2, 0.5, 0.2],
        "validity": [0.9, 0.9, 0.8, 0.9],
        "plausibility": [0.7, 0.9, 0.5, 0.9],
    },
    index=pd.MultiIndex.from_product([[0.5, 2.0], [1, 100]], names=["T", "k"]),
)


# The other pictures of methods have a file of tests of their own.
ELSEWHERE = ("style", "dot_plot", "method_map", "seconds_a_person")
FIGURES = [n for n in plotting.__all__ if n.islower() and n not in ELSEWHERE]


@pytest.fixture(params=FIGURES)
def drawing(request: pytest.FixtureRequest, plane: Recourses, profiled: Recourses) -> object:
    arguments = {
        "boundary": (BANK, Diagonal()),
        "recourse_paths": (plane, BANK, Diagonal()),
        "profile": (profiled, "ana"),
        "training_curve": (HISTORY,),
        "frontier": (METHODS,),
        "sampling_frontier": (DRAWN,),
    }
    draw = getattr(plotting, request.param)
    return lambda **more: draw(*arguments[request.param], **more)


def test_every_figure_is_a_white_card_with_dark_ink(drawing: object) -> None:
    assert legible.is_white_card(drawing())


def test_every_figure_can_be_read_on_a_phone(drawing: object) -> None:
    assert min(legible.points_on_a_phone(drawing().figure).values()) >= 9


def test_no_words_of_a_figure_lie_on_each_other(drawing: object) -> None:
    assert collisions(drawing().figure) == []


def test_every_figure_draws_on_the_axes_it_is_given(drawing: object) -> None:
    figure, ax = plt.subplots()
    assert drawing(ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


def test_drawing_leaves_the_readers_own_style_alone(drawing: object) -> None:
    before = dict(mpl.rcParams)
    drawing()
    assert dict(mpl.rcParams) == before


def test_the_style_keeps_the_interactive_mode_of_a_notebook() -> None:
    try:
        with plotting.style():
            mpl.interactive(True)
        assert mpl.is_interactive()
    finally:
        mpl.interactive(False)


def test_boundary_names_axes_and_thins_the_crowd() -> None:
    ax = plotting.boundary(BANK, Diagonal())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("left (km)", "right")
    assert legend(ax) == ["good outcome in the records", "bad outcome in the records"]
    crowds = [c for c in ax.collections if c.get_label().endswith("records")]
    assert sum(len(c.get_offsets()) for c in crowds) == people.POINTS


def test_boundary_runs_where_the_classifier_is_undecided() -> None:
    ax = plotting.boundary(BANK, Diagonal())
    lines = next(c for c in ax.collections if list(getattr(c, "levels", [])) == [0.3, 0.5, 0.7])
    half = lines.get_paths()[1].vertices
    assert np.allclose(half.sum(axis=1), 1, atol=1e-3)


def test_levels_are_written_where_nobody_stands() -> None:
    """The people of the bank are everywhere but above 0.8; there the labels have room."""
    some = BANK.X_train[BANK.X_train["right"] < 0.8]
    corner = pd.DataFrame([[0, 1], [1, 1]], columns=PLANE.names)
    bank = SimpleNamespace(schema=PLANE, X_train=pd.concat([some, corner], ignore_index=True))
    bank.y_train = np.arange(len(bank.X_train)) % 2
    ax = plotting.boundary(bank, Diagonal())
    labels = {text.get_text(): text for text in ax.texts}
    ax.figure.canvas.draw()
    people = ax.transData.transform(bank.X_train)
    assert set(labels) == {"0.3", "0.5", "0.7"}
    for text in labels.values():
        left, low = np.array(text.get_position())
        assert low > 0.8 and left + low == pytest.approx(1, abs=0.15)
        box = corners(text)
        away = np.linalg.norm(people - box.mean(axis=0), axis=1)
        assert away.min() > np.linalg.norm(box[0] - box[2]) / 2


def test_a_map_needs_two_numeric_features(profiled: Recourses) -> None:
    bank = SimpleNamespace(schema=profiled.schema, X_train=profiled.factual, y_train=[0, 1])
    with pytest.raises(GenReError, match="exactly two numeric features"):
        plotting.boundary(bank, Diagonal())
    with pytest.raises(GenReError, match="exactly two numeric features"):
        plotting.recourse_paths(profiled, bank, Diagonal())


def arrows(ax: plt.Axes) -> set[tuple]:
    return {(*text.xyann, *text.xy) for text in ax.texts if getattr(text, "arrow_patch", None)}


def test_paths_go_from_each_person_to_each_option_found(plane: Recourses) -> None:
    ax = plotting.recourse_paths(plane, BANK, Diagonal())
    assert arrows(ax) == {(0.1, 0.2, 0.9, 0.2), (0.1, 0.2, 0.5, 0.8), (0.3, 0.1, 0.8, 0.9)}
    assert legend(ax) == ["where they stand", "best option", "other option"]


def test_paths_of_some_people(plane: Recourses) -> None:
    ax = plotting.recourse_paths(plane, BANK, Diagonal(), people=["ben"])
    assert arrows(ax) == {(0.3, 0.1, 0.8, 0.9)}
    assert legend(ax) == ["where they stand", "best option"]
    with pytest.raises(GenReError, match="'zoe'"):
        plotting.recourse_paths(plane, BANK, Diagonal(), people=["zoe"])


def test_profile_places_values_on_the_unit_scale(profiled: Recourses) -> None:
    ax = plotting.profile(profiled, "ana")
    # stay within its bounds; savings by level; rate by what the answer holds.
    assert arrows(ax) == {(12 / 20, 0, 2 / 20, 0), (0, 2, 0.5, 2), (0, 3, 1, 3)}
    assert ax.get_yticklabels()[0].get_text() == "length of stay"
    shown = [t.get_text() for t in ax.texts if t.get_text()]
    assert shown == ["12 days → 2 days", "f", "none → some", "1 → 3", "3"]


def test_profile_of_somebody_with_gaps() -> None:
    """A gap has no place; it neither moves the scale of the other features nor stops the drawing."""
    schema = Schema(
        [
            Feature("income"),
            Feature("debt", gaps=True),
            Feature("job", "nominal", ("clerk", "nurse"), gaps=True),
            Feature("built", unit="year"),
        ]
    )
    people = pd.DataFrame(
        {
            "income": [10.0, 20.0],
            "debt": [np.nan, 4.0],
            "job": [None, "nurse"],
            "built": [2019.001, 2000.0],
        },
        index=["ana", "ben"],
    )
    options = [(40.0, np.nan, "nurse", 2019.002), (20.0, 4.0, "nurse", 2000.0)]
    ax = plotting.profile(answer_of(schema, people, options), "ana")
    at = [tuple(line.get_xydata()[0]) for line in ax.lines if line.get_marker() == "D"]
    assert at[0] == (1.0, 0), "the highest income is the option's own"
    assert at[1] == (1.0, 2), "from no job to one"
    said = [text.get_text() for text in ax.texts]
    assert "missing → nurse" in said and "missing" in said
    assert any("2,019.001" in text or "2019.001" in text for text in said)


def test_profile_of_an_option_that_was_not_found(profiled: Recourses) -> None:
    for person, option in (("ben", 0), ("ana", 1)):
        with pytest.raises(GenReError, match=f"'{person}' has no option {option}"):
            plotting.profile(profiled, person, option=option)


def test_training_curve_marks_the_least_loss_on_held_out_pairs() -> None:
    ax = plotting.training_curve(HISTORY)
    assert legend(ax) == ["training", "held out", "best: step 20"]
    lines = ax.get_lines()
    assert len({line.get_linestyle() for line in lines[:2]}) == 2
    assert lines[2].get_xydata().tolist() == [[20, 2.5]]
    nothing = plotting.training_curve(HISTORY.assign(valid_loss=np.nan))
    assert legend(nothing) == ["training", "held out"]


def test_frontier_joins_the_methods_nobody_beats() -> None:
    ax = plotting.frontier(METHODS)
    *points, edge = ax.get_lines()
    assert legend(ax) == list(METHODS.index)
    assert len({point.get_marker() for point in points}) == len(METHODS)
    assert edge.get_xydata().tolist() == [[0.3, 0.4], [0.5, 0.8], [0.7, 0.9]]


def test_sampling_frontier_draws_a_line_a_setting_from_few_to_many() -> None:
    ax = plotting.sampling_frontier(DRAWN.sample(frac=1, random_state=0))
    assert legend(ax) == ["T = 0.5", "T = 2"]
    cold, last, *_ = ax.get_lines()
    assert np.allclose(cold.get_xydata(), [[0.3, 1.6], [0.2, 1.8]])
    assert np.allclose(last.get_xydata(), [[0.2, 1.8]])
    assert last.get_markersize() > cold.get_markersize()
    # The longer line, that of T = 2, says how many candidates each marker stands for.
    assert [(text.get_text(), text.xy) for text in ax.texts] == [
        ("k = 1", (0.5, 1.3)),
        ("100", (0.2, 1.8)),
    ]
    rules = DRAWN.rename({0.5: "cheapest", 2.0: "safest"}).rename_axis(["rule", "k"])
    assert legend(plotting.sampling_frontier(rules)) == ["cheapest", "safest"]


def test_columns_that_are_missing_are_named() -> None:
    with pytest.raises(GenReError, match=r"\['valid_loss'\] are missing"):
        plotting.training_curve(HISTORY.drop(columns="valid_loss"))
    with pytest.raises(GenReError, match=r"\['lof'\] are missing"):
        plotting.frontier(METHODS, plausibility="lof")
    with pytest.raises(GenReError, match=r"\['cost'\] are missing"):
        plotting.sampling_frontier(DRAWN.drop(columns="cost"))


def test_the_package_itself_does_not_load_matplotlib() -> None:
    code = "import sys, genre_lite; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
