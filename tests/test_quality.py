"""How good the answers are: the committed results, and a part of them made again.

The limits are those the project set itself for a mean of five seeds; a single seed gets the margin
that seeds need.
"""

import json

import pytest

import genre_lite as gl
from benchmarks import genre

# Least mean Score over five seeds.
LIMITS = {"compas": 1.93, "heloc": 1.915, "adult": 1.93}
LEADS = {"compas": 0.06, "heloc": 0.05, "adult": 0.06}  # over the nearest neighbour
ONE_SEED = 0.03  # how far one seed may fall below


@pytest.fixture(scope="module")
def results(root):
    return json.loads((root / "results" / "genre.json").read_text())


def test_the_results_are_whole(results):
    assert set(results["cells"]) == {f"{t}/{s}" for t in genre.TABLES for s in range(5)}
    assert results["summary"] == json.loads(json.dumps(genre.summary(results["cells"])))
    assert results["people"] == genre.PEOPLE


@pytest.mark.parametrize("table", LIMITS)
def test_committed_scores(results, table):
    summary = results["summary"][table]
    genre = summary["methods"]["GenRe"]
    assert genre["score"]["mean"] >= LIMITS[table]
    assert summary["lead"]["mean"] >= LEADS[table]
    assert summary["peak_memory_mib"] < 1536
    assert genre["coverage"]["mean"] == 1
    assert genre["violations"] == 0


@pytest.mark.parametrize("table", LIMITS)
def test_committed_seconds(root, table):
    timed = json.loads((root / "results" / "throughput.json").read_text())
    assert timed["threads"] <= 2
    assert timed["fits"][table]["fit_seconds"] < 60


@pytest.mark.slow
def test_a_cell_made_again(results, data_folder, fresh):
    """The pipeline of today reaches what the file says: COMPAS, first seed."""
    fresh("genre")
    cell = genre.cell("compas", 0)
    before = results["cells"]["compas/0"]["metrics"]
    after = cell["metrics"]
    assert after["GenRe"]["score"] == pytest.approx(before["GenRe"]["score"], abs=0.02)
    assert after["GenRe"]["score"] >= LIMITS["compas"] - ONE_SEED
    assert after["nearest neighbour"]["score"] == pytest.approx(
        before["nearest neighbour"]["score"], abs=0.02
    )
    assert after["GenRe"]["violations"] == 0


@pytest.mark.slow
def test_on_the_bundled_table():
    """Without any download: German credit, where not everybody has a neighbour to graft."""
    bank = gl.load_dataset("german")
    gold = gl.gold_world(bank, progress=False)
    h = gl.train_classifier(gold.bank, progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]
    genre = gl.GenRe(h, bank.schema, progress=False)
    copies = gl.baselines.NearestNeighbour(h, bank.schema)
    with pytest.warns(UserWarning, match="left out of training"):
        genre.fit(gold.bank.X_train, gold.bank.y_train)
    copies.fit(gold.bank.X_train, gold.bank.y_train)
    answers = {"genre": genre.recommend(denied), "copies": copies.recommend(denied)}
    table = gl.evaluate(answers, denied, judge=gold)
    assert table.loc["genre", "coverage"] > 0.97
    assert table.loc["genre", "score"] > 1.7
    assert table.loc["genre", "violations"] == 0
    assert table.loc["copies", "coverage"] < table.loc["genre", "coverage"] - 0.05
    assert table.loc["copies", "cost"] > table.loc["genre", "cost"]
