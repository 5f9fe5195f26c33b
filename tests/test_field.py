"""The field: its record is what its cells say, complete, and honest about what is missing."""

from __future__ import annotations

import json
import math
import shutil
import time

import numpy as np
import pytest
from scipy import stats

import genre_lite as gl
from benchmarks import field, provenance
from genre_lite.evaluation import benchmark
from genre_lite.evaluation.benchmark import METHODS
from genre_lite.evaluation.ledger import summarize

NEIGHBOUR = METHODS["nearest-neighbour"]
LIMIT = 1_000_000  # bytes
LEAST = ("genre", "nearest-neighbour", "wachter", "wachter-dear")


def quick_genre(h, bank, seed):
    training = gl.TrainingConfig(steps=5, distil_steps=20)
    return gl.GenRe(h, bank.schema, recipe="paper", training=training, seed=seed, progress=False)


METHODS_HERE = {"genre": quick_genre, "nearest-neighbour": NEIGHBOUR}


@pytest.fixture(scope="module")
def moons():
    return gl.load_dataset("moons", n=300)


@pytest.fixture(scope="module")
def done(moons, tmp_path_factory):
    """A grid of one table, two seeds and two methods, one cell of which is lost."""
    folder = tmp_path_factory.mktemp("field")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmark, "load_dataset", lambda name, split: moons)
        rounds = list(field.fill(folder, {"moons": 2}, METHODS_HERE, people=15, progress=False))
    assert len(rounds) == 2
    (folder / "cells" / "moons" / "nearest-neighbour" / "1.json").unlink()
    return rounds[-1]


@pytest.fixture(scope="module")
def record(done):
    return field.record(done, {"moons": 2}, METHODS_HERE, {"ghost": "it was never built"})


@pytest.fixture(scope="module")
def committed(root):
    path = root / "results" / "benchmark.json"
    if not path.is_file():
        pytest.skip("results/benchmark.json is not made yet: python -m benchmarks.field")
    return json.loads(path.read_text())


def cells_of(record, dataset, method):
    return [c for c in record["cells"] if (c["dataset"], c["method"]) == (dataset, method)]


# -- a grid of its own ----------------------------------------------------------------------------


def test_the_cells_are_those_of_the_grid(done):
    seeds = [(r["method"], r["seed"]) for r in done.records()]
    assert seeds == [("genre", 0), ("genre", 1), ("nearest-neighbour", 0)]


def test_where_no_method_is_there_nothing_is_run(tmp_path):
    assert list(field.fill(tmp_path / "field", {"moons": 1}, {}, progress=False)) == []


def test_the_record_says_what_is_missing_and_why(record):
    assert record["skipped"] == {
        "ghost": {"why": "it was never built", "seeds": {"moons": [0, 1]}},
        "nearest-neighbour": {
            "why": "failed or not run; the command tries again",
            "seeds": {"moons": [1]},
        },
    }


def test_the_record_names_its_code_and_the_workers(record):
    assert provenance.verdict(record) == "OK"
    assert provenance.purpose(record).startswith("The field, side by side")
    assert "benchmarks/peer_workers/ask_nice.py" in record["made_by"]["code"]
    assert "genre_lite/baselines/wachter.py" in record["made_by"]["code"]


def test_the_file_is_strict_json_and_a_cell_is_a_line(record, tmp_path):
    path = tmp_path / "results" / "field.json"
    field.write(record, path)

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    again = json.loads(path.read_text(), parse_constant=refuse)
    assert again == json.loads(json.dumps(record))
    assert sum(line.startswith('{"dataset"') for line in path.read_text().splitlines()) == 3
    assert [p.name for p in path.parent.iterdir()] == ["field.json"]


def test_seconds_taken_alone_are_kept_while_the_code_is_the_same(record, tmp_path):
    path = tmp_path / "field.json"
    field.write(record | {"alone": {"made_by": record["made_by"]}}, path)
    field.write(record, path)
    assert "alone" in json.loads(path.read_text())
    changed = record["made_by"] | {"code": {"genre_lite/genre.py": "0"}}
    field.write(record | {"made_by": changed}, path)
    assert "alone" not in json.loads(path.read_text())


def test_cells_of_other_code_are_refused(done, tmp_path):
    folder = shutil.copytree(done.folder, tmp_path / "field")
    known = json.loads((folder / "code.json").read_text())
    known["genre"]["genre_lite/genre.py"] = "0" * 16
    (folder / "code.json").write_text(json.dumps(known))
    field._same_code(folder, ["nearest-neighbour"])
    with pytest.raises(gl.GenReError, match=r"'genre'.*genre_lite/genre\.py.*Delete .*/genre"):
        next(field.fill(folder, {"moons": 1}, METHODS_HERE))
    for cells in folder.glob("cells/*/genre"):
        shutil.rmtree(cells)
    field._same_code(folder, METHODS_HERE)
    assert json.loads((folder / "code.json").read_text())["genre"] == field.code_of("genre")


def test_cells_of_unknown_code_are_refused(done, tmp_path):
    folder = shutil.copytree(done.folder, tmp_path / "field")
    (folder / "code.json").unlink()
    with pytest.raises(gl.GenReError, match="made by other code"):
        field._same_code(folder, METHODS_HERE)


def test_a_method_stands_on_its_own_code_and_its_judges():
    genre, wachter, nice = map(field.code_of, ("genre", "wachter", "nice"))
    assert "genre_lite/surrogate.py" in genre
    assert "genre_lite/baselines/wachter.py" not in genre
    assert "genre_lite/baselines/gradient_search.py" in wachter
    assert not {"genre_lite/genre.py", "genre_lite/surrogate.py"} & (wachter.keys() | nice.keys())
    assert "benchmarks/peer_workers/ask_nice.py" in nice
    shared = wachter.keys() & genre.keys() & nice.keys()
    assert {
        "genre_lite/evaluation/benchmark.py",
        "genre_lite/evaluation/metrics.py",
        "genre_lite/decision.py",
    } <= shared
    everything = field.made_by()["code"]
    assert all(everything[file] == code for file, code in (genre | wachter | nice).items())


def test_a_dearer_wachter_differs_in_that_alone(moons):
    plain, dear = (vars(field.OURS[n](None, moons, 3)) for n in ("wachter", "wachter-dear"))
    assert (plain["cost_weight"], dear["cost_weight"]) == (0.01, field.DEAR)
    differ = {name for name in plain if name != "schema" and plain[name] != dear[name]}
    assert differ == {"cost_weight"}


def test_methods_take_the_time_alone(moons, record, monkeypatch):
    monkeypatch.setitem(field.PEERS, "a peer", NEIGHBOUR)
    methods = {"nearest-neighbour": NEIGHBOUR, "a peer": NEIGHBOUR}
    start = time.perf_counter()
    taken = field.seconds({"moons": moons}, methods, people=15, peers_people=4)
    passed = time.perf_counter() - start
    table = taken["tables"]["moons"]
    assert {name: row["people"] for name, row in table.items()} == {
        "nearest-neighbour": 15,
        "a peer": 4,
    }
    assert all(row["recommend_seconds"] > 0 for row in table.values())
    assert sum(row["recommend_seconds"] * row["people"] for row in table.values()) < passed
    assert taken["made_by"] == record["made_by"]


def test_the_command_takes_the_time_of_whom_it_is_told(moons, record, tmp_path, monkeypatch):
    out = tmp_path / "field.json"
    field.write(record, out)
    monkeypatch.setattr(field, "load_dataset", lambda name, split: moons)
    given = ["--seconds", "--tables", "compas:paper", "--methods", "nearest-neighbour"]
    monkeypatch.setattr("sys.argv", ["field", *given, "--out", str(out)])
    field.main()
    taken = json.loads(out.read_text())
    assert list(taken["alone"]["tables"]) == ["compas:paper"]
    assert list(taken["alone"]["tables"]["compas:paper"]) == ["nearest-neighbour"]
    assert taken["cells"] == json.loads(json.dumps(record["cells"]))


def test_leads_are_paired_by_seed(record):
    found = field.leads(record["summary"], "moons")
    genre, copy = cells_of(record, "moons", "genre"), cells_of(record, "moons", "nearest-neighbour")
    expected = genre[0]["metrics"]["score"] - copy[0]["metrics"]["score"]
    assert list(found) == ["nearest-neighbour"]
    assert found["nearest-neighbour"]["mean"] == pytest.approx(expected, abs=1e-5)
    assert found["nearest-neighbour"]["half_width"] is None, "one seed has no interval"


# -- the committed record -------------------------------------------------------------------------


def test_every_cell_is_there_or_said_to_be_missing(committed):
    assert committed["people"] == field.PEOPLE
    assert committed["seeds"] == field.TABLES
    for dataset, seeds in field.TABLES.items():
        for method in field.field():
            there = {c["seed"] for c in cells_of(committed, dataset, method) if c["error"] is None}
            said = committed["skipped"].get(method, {}).get("seeds", {}).get(dataset, [])
            assert there | set(said) == set(range(seeds)), (dataset, method)
            assert not there & set(said), (dataset, method)
    assert all(entry["why"] for entry in committed["skipped"].values())


def test_the_main_methods_answer_everywhere(committed):
    for dataset in field.TABLES:
        for method in LEAST:
            assert cells_of(committed, dataset, method), (dataset, method)
        # A peer's environment may be missing; then the record says so.
        for peer in field.ASKED_PEERS:
            done = {cell["seed"] for cell in cells_of(committed, dataset, peer)}
            said = set(committed["skipped"].get(peer, {}).get("seeds", {}).get(dataset, []))
            assert done | said == set(range(field.TABLES[dataset])), (dataset, peer)


def test_the_summary_is_that_of_the_cells(committed):
    again = json.loads(json.dumps(field._plain(summarize(committed["cells"]))))
    for part in ("datasets", "failed"):
        assert committed["summary"][part] == again[part]
    assert all(maker["code"] for maker in committed["summary"]["made_by"])


def test_intervals_by_hand(committed):
    for dataset, methods in committed["summary"]["datasets"].items():
        for method, of in methods.items():
            if len(of["seeds"]) < 2:
                continue
            scores = [c["metrics"]["score"] for c in cells_of(committed, dataset, method)]
            n = len(scores)
            half = stats.t.ppf(0.975, n - 1) * np.std(scores, ddof=1) / math.sqrt(n)
            assert of["metrics"]["score"]["mean"] == pytest.approx(np.mean(scores), abs=1e-4)
            assert of["metrics"]["score"]["half_width"] == pytest.approx(half, abs=1e-4)


def test_scores_follow_from_their_parts(committed):
    widths = {"compas": 7, "compas:paper": 7, "heloc:paper": 21, "german": 20}
    widths |= {"adult": 12, "adult:paper": 13}
    for cell in committed["cells"]:
        m = cell["metrics"]
        price = (m["cost"] or 0) / widths[cell["dataset"]]
        assert m["score"] == pytest.approx(m["validity"] + m["plausibility"] - price, abs=1e-4)


def test_genre_answers_everybody_and_breaks_nothing(committed):
    for dataset in field.TABLES:
        for cell in cells_of(committed, dataset, "genre"):
            assert cell["metrics"]["violations"] == 0
            assert cell["metrics"]["coverage"] > 0.97
    ours = set(field.OURS)
    assert not sum(c["metrics"]["violations"] for c in committed["cells"] if c["method"] in ours)


def test_the_file_is_small_and_names_its_code(committed, root):
    assert (root / "results" / "benchmark.json").stat().st_size < LIMIT
    assert provenance.stale_files(committed) is not None
    if "alone" in committed:
        assert set(committed["alone"]["tables"]) == set(field.TIMED)
        for table in committed["alone"]["tables"].values():
            assert set(field.OURS) <= set(table)
