"""How near a model's profiles come to the rows of its fit."""

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from genre_lite.closest_record import distance_to_closest_record, keep_apart


@pytest.fixture(scope="module")
def german():
    return gl.GenRe.load("german", progress=False), gl.load_dataset("german")


def test_the_distance_is_that_of_a_loop():
    chance = np.random.default_rng(0)
    points, rows = chance.integers(3, size=(70, 6)), chance.integers(3, size=(41, 6))
    by_hand = [min(sum(a != b for a, b in zip(p, r, strict=True)) for r in rows) for p in points]
    assert distance_to_closest_record(points, rows).tolist() == by_hand
    assert distance_to_closest_record(rows, rows).tolist() == [0] * 41
    assert distance_to_closest_record(points[:0], rows).shape == (0,)
    with pytest.raises(gl.GenReError, match="no rows"):
        distance_to_closest_record(points, rows[:0])


def test_what_is_left_is_no_nearer_to_a_training_row_than_a_stranger_is(german):
    """Strangers are the test rows: the model's rows are no nearer to its profiles than they are."""
    genre, data = german
    apart = keep_apart(genre, data.X_train)
    codec = genre.codec

    def tokens(frame):
        return codec.tokens(codec.cube(frame))

    rows, strangers = tokens(data.X_train), tokens(data.X_test)
    usual = np.quantile(distance_to_closest_record(strangers, rows), 0.05)
    before = distance_to_closest_record(codec.tokens(genre.profiles_), rows)
    after = distance_to_closest_record(codec.tokens(apart.profiles_), rows)
    assert (before < usual).mean() > 0.5, "the finding: most came nearer"
    assert after.min() >= usual
    assert apart.report_["left_out"] == len(before) - len(after) == (before < usual).sum()
    assert "left_out" not in genre.report_ and len(genre.profiles_) == len(before)


def test_the_answers_stay_as_good(german):
    """Of the denied test people, by the model's own estimates: within 0.02 of a Score."""
    genre, data = german
    denied = data.X_test[genre.h.predict_proba(data.X_test)[:, 1] <= 0.5]
    worth = []
    for one in (genre, keep_apart(genre, data.X_train)):
        answer = one.recommend(denied)
        assert answer.found.all()
        believed = one.estimates(answer.frame).sum(axis=1)
        worth.append(believed.to_numpy() - answer.cost.to_numpy() / len(one.schema))
    gap = worth[1] - worth[0]
    half = 1.96 * gap.std(ddof=1) / np.sqrt(len(gap))
    assert abs(gap.mean()) + half < 0.02


def test_a_kept_apart_model_is_one_after_a_file_and_its_page_says_so(german, tmp_path):
    genre, data = german
    apart = keep_apart(genre, data.X_train)
    apart.save(tmp_path / "apart.genre")
    loaded = gl.GenRe.load(tmp_path / "apart.genre", progress=False)
    assert (loaded.profiles_ == apart.profiles_).all() and loaded.report_ == apart.report_
    some = data.X_test.head(2)
    assert "each differs from every such row in 4 or more features" in loaded.page(some).html
    assert "some are close to one" in genre.page(some).html


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_are_refused(german, rows):
    genre, data = german
    with pytest.raises(gl.GenReError, match=f"two rows or more; here are {rows}"):
        keep_apart(genre, data.X_train.head(rows))


def test_who_is_not_fitted_is_refused(german):
    _, data = german
    with pytest.raises(gl.NotFittedError):
        keep_apart(gl.GenRe(None, data.schema), data.X_train)


def test_gaps_count_as_a_value(german):
    """Two rows with a gap in the same place do not differ there."""
    schema = gl.Schema.infer(pd.DataFrame({"a": [1.0, 2.0, np.nan, np.nan], "b": [1, 2, 3, 4]}))
    assert schema is not None
    codec = gl.Codec(schema).fit(pd.DataFrame({"a": [1.0, 2.0, np.nan, np.nan], "b": [1, 2, 3, 4]}))
    tokens = codec.tokens(codec.cube(pd.DataFrame({"a": [np.nan, np.nan], "b": [3, 4]})))
    assert distance_to_closest_record(tokens[:1], tokens[1:]).tolist() == [1]
