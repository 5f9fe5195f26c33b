"""Who is surely accepted: by hand, where an outcome is rare, and where there is nobody."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from genre_lite import Codec, Feature, GenReError, Schema, truth
from genre_lite.surrogate import Teacher
from genre_lite.truth import estimated

JOBS = ("clerk", "pilot", "smith")
SCHEMA = Schema(
    [
        Feature("income"),
        Feature("debt", gaps=True),
        Feature("job", "nominal", JOBS),
    ]
)


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": rng.random(n),
            "debt": np.where(rng.random(n) < 0.1, np.nan, rng.random(n)),
            "job": rng.choice(JOBS, n),
        }
    )


def world(n, seed=0, cut=0.5):
    """Codec, cube, labels that follow income with noise, and a bank that knows income alone."""
    frame = table(n, seed)
    codec = Codec(SCHEMA).fit(frame)
    income = frame["income"].to_numpy()
    labels = (income + np.random.default_rng(seed + 1000).normal(0, 0.1, n) > cut).astype(int)
    return codec, codec.cube(frame), labels, income > cut


def quietly(*asked, **settings):
    return estimated(*asked, **{"seed": 0, "progress": False} | settings)


@pytest.mark.parametrize("margin", [0.5, 0.7, 0.9])
def test_who_is_sure_by_hand(margin):
    """V̂ above the margin, and P̂ above one half; of whom the bank denies as well."""
    codec, cube, labels, yes = world(400)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        teacher, sure = quietly(codec, cube, labels, yes, margin)
    design = codec.design(cube)
    by_hand = Teacher(codes=codec.codes).fit(design, labels, seed=0, progress=False)
    np.testing.assert_array_equal(teacher.chance, by_hand.chance)
    np.testing.assert_array_equal(teacher.plausible, by_hand.plausible)
    np.testing.assert_array_equal(sure, (by_hand.valid > margin) & (by_hand.plausible > 0.5))
    assert teacher.border == 0.5
    assert (yes & ~sure).any() and ((sure & ~yes).any() or margin == 0.9)
    assert sure.sum() < (by_hand.valid > margin).sum(), "plausibility must count, too"


def test_the_seed_is_the_teachers():
    codec, cube, labels, yes = world(200)
    one, again, other = (quietly(codec, cube, labels, yes, 0.7, seed=s)[0] for s in (0, 0, 1))
    np.testing.assert_array_equal(one.chance, again.chance)
    assert (one.chance != other.chance).any()


def test_trees_see_levels_as_numbers_and_outliers_as_indicators():
    codec, cube, labels, yes = world(300)
    teacher, _ = quietly(codec, cube, labels, yes, 0.7)
    # income, debt and its gap, job; against income, debt and its gap, three jobs
    assert teacher.forests[0].n_features_in_ == 4
    assert codec.design(cube).shape[1] == 6
    assert np.arange(6)[teacher.inputs].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(("levels", "counted"), [(20, True), (21, False)])
@pytest.mark.parametrize("actionability", ["immutable", "free"])
def test_many_levels_of_what_nobody_can_change_are_not_looked_at(levels, counted, actionability):
    """By the neighbours; what a person can change is looked at, whatever its number of levels."""
    towns = tuple(f"town {i:02}" for i in range(levels))
    schema = Schema([*SCHEMA, Feature("town", "nominal", towns, actionability=actionability)])
    frame = table(300).assign(town=np.take(towns, np.arange(300) % levels))
    codec = Codec(schema).fit(frame)
    cube = codec.cube(frame)
    income = frame["income"].to_numpy()
    teacher, _ = quietly(codec, cube, (income > 0.4).astype(int), income > 0.5, 0.7)
    inputs = np.arange(6 + levels)[teacher.inputs]
    assert inputs.tolist() == list(range(6 + levels * (counted or actionability == "free")))
    moved = cube.copy()
    moved[:, 3] = np.roll(cube[:, 3], 1)
    alike = teacher.plausibility(codec.design(moved)) == teacher.plausible
    assert alike.all() == (len(inputs) == 6)
    assert teacher.forests[0].n_features_in_ == 5, "trees split the number of the level even so"


# -- a rare outcome ---------------------------------------------------------------------------


def rare(n=600, seed=0):
    """One in ten succeeds, by chance among the upper third; hardly anybody's p̂ reaches one half."""
    frame = table(n, seed)
    codec = Codec(SCHEMA).fit(frame)
    income = frame["income"].to_numpy()
    labels = ((income > 0.67) & (np.random.default_rng(seed + 1000).random(n) < 0.3)).astype(int)
    return codec, codec.cube(frame), labels, income > 0.67


def test_where_an_outcome_is_rare_as_many_count_as_the_bank_accepts():
    codec, cube, labels, yes = rare()
    design = codec.design(cube)
    plain = Teacher(codes=codec.codes).fit(design, labels, seed=0, progress=False)
    few = yes & (plain.valid > 0.7) & (plain.plausible > 0.5)
    assert few.sum() < truth.FEW < yes.sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        teacher, sure = quietly(codec, cube, labels, yes, 0.7)
    border = np.quantile(plain.chance, 1 - yes.mean())
    assert teacher.border == border < 0.5
    assert (teacher.chance > border).sum() == pytest.approx(yes.sum(), abs=1)
    lowered = Teacher(codes=codec.codes, border=border)
    lowered = lowered.fit(design, labels, seed=0, progress=False)
    np.testing.assert_array_equal(sure, (lowered.valid > 0.7) & (lowered.plausible > 0.5))
    assert (yes & sure).sum() >= truth.FEW


def test_a_border_is_never_raised():
    """Few are surely accepted here because the bank accepts few, whose p̂ lies far above one half."""
    codec, cube, labels, _ = world(300, cut=0.3)
    yes = cube[:, 0] > 0.9
    with pytest.warns(UserWarning, match="surely accepted"):
        teacher, sure = quietly(codec, cube, labels, yes, 0.7)
    assert np.quantile(teacher.chance, 1 - yes.mean()) > 0.5
    assert teacher.border == 0.5
    assert sure.sum() > 100, "whom the bank denies among them"


# -- too few, and nobody ------------------------------------------------------------------------


def test_few_are_told_and_counted():
    codec, cube, labels, yes = world(80)
    with pytest.warns(UserWarning) as seen:
        _, sure = quietly(codec, cube, labels, yes, 0.7)
    number = int((yes & sure).sum())
    assert 0 < number < truth.FEW
    (warning,) = seen
    assert str(warning.message).startswith(f"Only {number} of the 80 rows are surely accepted")
    for way in ("with fewer than 50", "lower validity_margin", "give more rows"):
        assert way in str(warning.message)


def test_nobody_is_all_three():
    """Each condition is met by somebody, and no row meets all: the error counts each."""
    codec, cube, labels, yes = world(400)
    teacher, sure = quietly(codec, cube, labels, yes, 0.7)
    others = ~sure & (np.random.default_rng(7).random(400) < 0.3)
    with pytest.raises(GenReError, match="None of the 400 rows is surely accepted") as error:
        quietly(codec, cube, labels, others, 0.7)
    lowered = np.quantile(teacher.chance, 1 - others.mean())
    assert lowered > 0.5, "so the border stays"
    for part in (
        f"{others.sum()} that the bank accepts",
        f"{(teacher.valid > 0.7).sum()} with V̂ > 0.7",
        f"{(teacher.plausible > 0.5).sum()} with P̂ > 0.5",
        "Lower validity_margin, leave y out",
    ):
        assert part in str(error.value)


def test_nobody_is_believed_in():
    """All labels are 0: there are no people to be like."""
    codec, cube, labels, yes = world(200)
    with pytest.raises(GenReError, match="more than 5 accepted people to compare with"):
        quietly(codec, cube, np.zeros_like(labels), yes, 0.7)


def test_progress_only_when_asked(capsys):
    asked = world(200)
    quietly(*asked, 0.7)
    assert capsys.readouterr() == ("", "")
    quietly(*asked, 0.7, progress=True)
    assert "estimate" in capsys.readouterr().err
