"""The field: what is asked of each row, what is kept of it, and what the cells say together."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import genre_lite as gl
from benchmarks import field, provenance, questions, statistics
from benchmarks.judges import OtherFamily, judged, quantile_cost
from benchmarks.least_cost import LeastCost
from benchmarks.record import Record, plain
from benchmarks.rivals import as_points
from benchmarks.stage import METHODS, Stage, boosted, linear, load
from genre_lite.candidates import decoded
from genre_lite.estimator import positions
from genre_lite.limits import Limits
from genre_lite.objectives import cost

COMMAND = "python -m benchmarks.field"


@pytest.fixture(scope="module")
def stage():
    """A small one; a model that is hardly trained."""
    stage = Stage("moons", 0, people=20)
    training = gl.TrainingConfig(steps=20, distil_steps=20, rounds=1, round_steps=10, people=50)
    stage.fitted(
        "genre",
        lambda s: gl.GenRe(s.h, s.bank.schema, training=training, seed=0, progress=False),
    )
    return stage


# -- the record -----------------------------------------------------------------------------------


@pytest.fixture
def record(tmp_path):
    return Record(
        tmp_path / "field.json", COMMAND, code=lambda key: {"a.py": "1"}, spool=tmp_path / "spool"
    )


def test_a_stopped_run_goes_on(record, tmp_path):
    keys = ["main/moons/genre/0", "main/moons/genre/1", "main/moons/neighbour/0"]
    assert record.missing(keys) == keys
    record.put(keys[0], {"metrics": {"score": np.float64(1.5)}})
    record.leave(keys[1], {"metrics": {"score": math.nan}})  # a worker, and then the run is stopped
    again = Record(record.path, COMMAND, code=lambda key: {"a.py": "1"}, spool=record.spool)
    assert again.missing(keys) == [keys[0], keys[2]], "what was put, and not written, is lost"
    again.put(keys[0], {"metrics": {"score": 1.5}})
    again.write()
    assert not list(record.spool.glob("*.json")), "the file holds them now"
    last = Record(record.path, COMMAND, code=lambda key: {"a.py": "1"}, spool=record.spool)
    assert last.missing(keys) == [keys[2]]
    assert last.cells[keys[1]]["metrics"] == {"score": None}


def test_a_cell_of_other_code_or_with_an_error_is_missing(record):
    record.put("a/b/c/0", {"metrics": {}})
    record.put("a/b/c/1", {"error": "no"})
    record.write()
    same = Record(record.path, COMMAND, code=lambda key: {"a.py": "1"})
    other = Record(record.path, COMMAND, code=lambda key: {"a.py": "2"})
    assert same.missing(["a/b/c/0", "a/b/c/1"]) == ["a/b/c/1"]
    assert other.missing(["a/b/c/0"]) == ["a/b/c/0"]


@pytest.mark.parametrize("score", [1.5, 1.6])
def test_old_cells_stand_if_some_come_out_the_same(record, score):
    keys = [f"a/b/c/{seed}" for seed in range(3)]
    for key in keys:
        record.put(key, {"metrics": {"score": 1.5, "seconds, none": 2.0}, "seconds": 9.0})
    record.write()
    other = Record(record.path, COMMAND, code=lambda key: {"a.py": "2"})
    assert (sorted(other.old), other.missing(keys)) == (keys, keys)
    again = {keys[1]: {"metrics": {"score": score, "seconds, none": 3.0}, "seconds": 4.0}}
    assert other.confirm(keys, again) == (score == 1.5)
    other.write()
    then = Record(record.path, COMMAND, code=lambda key: {"a.py": "2"})
    assert then.missing(keys) == ([] if score == 1.5 else [keys[0], keys[2]])
    assert then.cells[keys[1]]["metrics"]["score"] == score
    if score == 1.5:
        assert then.cells[keys[0]]["stands_by"] == [keys[1]]
        assert then.cells[keys[0]]["seconds"] == 9.0


@pytest.mark.parametrize(
    ("mine", "code", "stand"), [(1.6, "1", True), (1.7, "1", False), (1.6, "3", False)]
)
def test_another_machines_cells_stand_by_what_their_own_code_says_here(record, mine, code, stand):
    """Rounding made 1.5 of it there; both codes make 1.6 of it here."""
    keys = [f"a/b/c/{seed}" for seed in range(3)]
    for key in keys:
        record.put(key, {"metrics": {"score": 1.5}})
    record.write()
    place = record.path.parent / "here.json"
    there = Record(place, COMMAND, code=lambda key: {"a.py": code})
    there.put(keys[2], {"metrics": {"score": mine}})
    later = Record(record.path, COMMAND, code=lambda key: {"a.py": "2"})
    again = {keys[2]: {"metrics": {"score": 1.6}}}
    assert not Record(record.path, COMMAND, code=later._code).confirm(keys, again)
    assert later.confirm(keys, again, there.cells) == stand
    assert later.missing(keys) == ([] if stand else keys[:2])
    assert later.cells[keys[2]]["metrics"]["score"] == 1.6
    assert not stand or later.cells[keys[0]]["metrics"]["score"] == 1.5


@pytest.mark.parametrize(("count", "asked_for"), [(1, 3), (2, 5)])
def test_rows_are_confirmed_by_their_last_cells(record, monkeypatch, count, asked_for):
    stages = {0: ("genre", "grafted"), 1: ("genre", "grafted", "neighbour"), 2: ("genre",)}
    old = [f"main/german/{row}/{seed}" for seed, rows in stages.items() for row in rows]
    for key in old:
        record.put(key, {"metrics": {"score": 1.0}})
    record.write()

    def by(code):
        return Record(record.path, COMMAND, code=lambda key: {"a.py": code}, spool=record.spool)

    later, asked = by("2"), []

    def work(keys, out):
        asked.append(keys)
        for key in keys:
            later.leave(key, {"metrics": {"score": 2.0 if "grafted" in key else 1.0}})

    monkeypatch.setattr(field, "work", work)
    field.confirm(later, count, old)
    assert sum(map(len, asked)) == asked_for
    assert asked[0] == ["main/german/genre/2"]
    assert {key for key in old if "grafted" not in key} <= later.cells.keys()
    again = {key for keys in asked for key in keys if "grafted" in key}
    assert {key for key in later.cells if "grafted" in key} == again, "the others are gone"
    assert not later.old
    later = by("3")
    with pytest.raises(gl.GenReError, match=r"old cells, \['main/german.*not asked for"):
        field.confirm(later, count, old[:1])
    with pytest.raises(gl.GenReError, match="confirm is 0; make at least 1"):
        field.confirm(later, 0, old)
    assert not by("3").cells and by("3").old, "nothing is lost"


def test_a_cell_stands_by_its_own_part_and_table_alone(record, monkeypatch):
    """One option on one table says nothing of ten options under terms on another."""
    old = [
        f"{part}/{table}/genre/{seed}"
        for part in ("main", "options")
        for table in ("german", "compas:paper")
        for seed in (0, 1)
    ]
    for key in old:
        record.put(key, {"metrics": {"score": 1.0}})
    record.write()

    def again():
        return Record(record.path, COMMAND, code=lambda key: {"a.py": "2"}, spool=record.spool)

    later, asked = again(), []

    def work(keys, out):
        for key in keys:
            asked.append(key)
            later.leave(key, {"metrics": {"score": 2.0 if "options/german" in key else 1.0}})
            if len(asked) == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(field, "work", work)
    with pytest.raises(KeyboardInterrupt):
        field.confirm(later, 1, old)
    later = again()
    assert len(later.cells) == 1 and len(later.old) == len(old), "nothing is lost"
    field.confirm(later, 1, old)
    assert len(asked) == len(set(asked)) == 4, "what a stopped run has made is not made again"
    assert "options/german/genre/0" not in later.cells
    assert later.cells["options/german/genre/1"]["metrics"]["score"] == 2.0
    standing = {key: cell["stands_by"] for key, cell in later.cells.items() if "stands_by" in cell}
    assert standing == {
        f"{kind}/0": [f"{kind}/1"]
        for kind in ("main/german/genre", "main/compas:paper/genre", "options/compas:paper/genre")
    }


@pytest.mark.parametrize("tv", [0.1, 0.2])
def test_any_record_takes_up_its_old_cells(record, tv):
    """A cell of a record without stages; what took seconds may differ at any depth, nothing else."""
    old = [f"fidelity/{toy}/{seed}" for toy in ("moons", "circles") for seed in range(3)]
    for key in old:
        record.put(key, {"GenRe": {"tv": 0.1, "seconds": 1.0}})
    record.write()
    later = Record(
        record.path, COMMAND, code=lambda key: {"a.py": "2"}, spool=record.path.parent / "spool"
    )
    asked = []

    def work(keys):
        asked.extend(keys)
        later.leave(keys[0], {"GenRe": {"tv": tv if "moons" in keys[0] else 0.1, "seconds": 9.0}})

    later.sample(
        old, 1, lambda keys: joblib.delayed(work)(keys), 1, lambda cells: {"n": len(cells)}
    )
    assert asked == ["fidelity/moons/2", "fidelity/circles/2"]
    standing = [*old] if tv == 0.1 else ["fidelity/moons/2", *old[3:]]
    assert sorted(later.cells) == sorted(standing)
    assert json.loads(record.path.read_text())["summary"] == {"n": len(standing)}


def test_no_cell_stands_by_none(record):
    record.put("a/b/c/0", {"metrics": {"score": 1.5}})
    record.write()
    later = Record(record.path, COMMAND, code=lambda key: {"a.py": "2"})
    assert not later.confirm(["a/b/c/0"], {})
    assert not later.cells


def test_the_file_is_strict_json_a_cell_a_line(record):
    for seed in range(3):
        record.put(f"a/b/c/{seed}", {"metrics": {"x": 1 / 3, "y": math.inf}})
    record.write(lambda cells: {"n": len(cells)}, people=20)

    def refuse(constant):
        raise AssertionError(constant)

    text = record.path.read_text()
    found = json.loads(text, parse_constant=refuse)
    assert found["summary"] == {"n": 3}
    assert found["people"] == 20
    assert found["cells"]["a/b/c/0"]["metrics"] == {"x": 0.333333, "y": None}
    assert sum(line.startswith('"a/b/c/') for line in text.splitlines()) == 3
    assert provenance.verdict(found) == "OK"
    assert [path.name for path in record.path.parent.glob("*.*")] == ["field.json"]


def test_plain_values():
    assert plain({1: (np.int64(2), np.nan)}) == {"1": [2, None]}


# -- the code behind a cell -----------------------------------------------------------------------


def test_a_row_stands_on_its_own_code_and_its_judges():
    genre, wachter, aided, nice = (
        field.code_of(f"main/german/{row}/0")
        for row in ("genre-forward", "wachter-costly", "wachter-aided", "nice")
    )
    assert "genre_lite/teaching.py" in genre
    assert "genre_lite/baselines/wachter.py" in wachter.keys() & aided.keys()
    assert "genre_lite/genre.py" not in wachter.keys() | aided.keys()
    assert "genre_lite/surrogate.py" in aided
    assert "benchmarks/peer_workers/ask_nice.py" in nice
    for code in (genre, wachter, aided, nice):
        asked = {"benchmarks/stage.py", "benchmarks/questions.py", "benchmarks/judges.py"}
        assert asked | {"genre_lite/worlds.py", "genre_lite/decision.py"} <= set(code)


def test_every_row_of_every_part_has_code_and_a_way_to_be_asked():
    for name, part in field.PARTS.items():
        for key in part.keys(name):
            row = key.split("/")[2].partition("@")[0]
            assert field.code_of(key)
            base = row.removesuffix("-forward").removesuffix("-cheapest")
            assert base in {*METHODS, *field.PEERS, *field.LEAST}, row


def test_a_peer_is_asked_where_it_is_built_and_nowhere_else(monkeypatch):
    for why, asked in ((None, True), ("no environment", False)):
        monkeypatch.setattr(field, "missing", lambda name, why=why: why)
        assert field.wanted("main/german/nice/0", None, None, 5) is asked
        assert field.wanted("main/german/genre/0", None, None, 5)


def test_counts_of_worlds():
    rows = field.PARTS["main"].rows
    assert all(rows[row] == 20 for row in field.CORE)
    assert {rows[f"{name}-aided"] for name in field.SEARCHES} == {10}
    keys = list(field.PARTS["main"].keys("main"))
    assert len(keys) == len(set(keys)) == 6 * sum(rows.values())


# -- rows -----------------------------------------------------------------------------------------


def test_doing_nothing_costs_nothing_and_is_judged(stage):
    told = stage.measured(questions.answered(stage, "nothing"))
    assert (told["cost"], told["changed"], told["coverage"]) == (0, 0, 1)
    assert told["validity_h"] == 0
    truth = stage.gold.predict_proba(stage.denied)[:, 1] > 0.5
    assert told["validity"] == pytest.approx(truth.mean())
    assert told["score"] == pytest.approx(
        truth.mean() + stage.gold.is_plausible(stage.denied).mean()
    )


def test_oracles_are_ahead_of_whoever_sees_less(stage):
    """Of copiers by copying, of all by writing; each person's worth, and not the mean alone."""
    names = ("neighbour", "genre", "grafted", "oracle-copies", "oracle-writes")
    worth = {}
    codec = gl.Codec(stage.bank.schema).fit(stage.bank.X_train)
    for name in names:
        first = questions.answered(stage, name).frame.xs(0, level="option")
        valid = stage.gold.predict_proba(first)[:, 1] > 0.5
        price = gl.objectives.cost(codec.cube(stage.denied), codec.cube(first), codec.nominal)
        worth[name] = valid + stage.gold.is_plausible(first) - price / len(stage.bank.schema)
    assert (worth["oracle-copies"] >= worth["neighbour"] - 1e-9).all()
    assert (worth["oracle-writes"] >= worth["oracle-copies"] - 1e-9).all()
    for name in names[:-1]:
        assert worth["oracle-writes"].mean() >= worth[name].mean() - 1e-9, name


def test_what_is_judged_of_an_offer_is_what_is_sent():
    """A neighbour's values are to the digit, and the vocabulary is coarser: 500 values, 128 tokens."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"income": rng.normal(50, 9, 500).round(3), "age": rng.integers(20, 60, 500)}
    )
    schema = gl.Schema.infer(frame, immutable=["age"])
    codec = gl.Codec(schema).fit(frame)
    people, offers = frame[:40], frame[40:80].set_axis(positions(range(40), 0))
    limits = Limits(codec, people)
    points = as_points(offers.assign(age=people["age"].to_numpy()), limits)[:, 0]
    assert (np.abs(codec.units(points)[:, 0] - offers["income"]) > 1e-3).mean() > 0.5
    sent = codec.cube(decoded(points, np.arange(40), limits, people))
    np.testing.assert_allclose(points, sent, atol=1e-12)


def test_an_aided_row_is_no_worse_by_the_estimates(stage):
    """Its candidates are the method's own; the estimates choose among them, and refine."""
    plain, aided = (
        questions.answered(stage, name).frame.xs(0, level="option")
        for name in ("growing-spheres", "growing-spheres-aided")
    )
    both = plain.notna().all(axis=1) & aided.notna().all(axis=1)
    codec, people = stage.aids.codec, stage.denied
    worth = []
    for frame in (plain[both], aided[both]):
        cube = codec.cube(frame)
        price = gl.objectives.cost(codec.cube(people[both.to_numpy()]), cube, codec.nominal)
        worth.append(stage.aids._believed(cube).sum(axis=1) - price / cube.shape[1])
    assert worth[1].mean() > worth[0].mean() + 0.01


def test_a_density_keeps_the_terms_and_knows_nobody(stage):
    frozen = stage.bank.schema.names[0]
    answer = stage.fitted("density").recommend(stage.denied, freeze=[frozen])
    found = answer.frame.xs(0, level="option").dropna()
    assert len(found)
    assert np.allclose(found[frozen], stage.denied.loc[found.index, frozen])


@pytest.mark.parametrize("row", ["genre", "grafted", "growing-spheres", "neighbour"])
def test_a_margin_is_kept_by_every_kind_of_row(stage, row):
    answer = questions.answered(stage, f"{row}@0.8")
    assert (answer.probability[answer.found] > 0.8).all()
    assert questions.answered(stage, row).probability.min() < 0.8


def test_the_second_judge_is_of_another_family_and_saw_other_rows(stage, monkeypatch):
    bank = stage.bank
    judge = OtherFamily(bank, seed=0)
    yes = judge.predict_proba(bank.X_test)[:, 1] > 0.5
    assert (yes == (bank.y_test == 1)).mean() > 0.8
    # Other training rows, within the same ranges, change nothing.
    other = gl.load_dataset("moons", seed=5)
    assert len(other.X_train) == len(bank.X_train)
    told = judged(judge, bank.X_test, 0.5, 2)
    assert told["score"] == pytest.approx(told["validity"] + told["plausibility"] - 0.25)


def test_cost_in_quantiles_counts_the_people_passed():
    train = pd.DataFrame({"income": [0.0, 1, 2, 3, 100], "job": list("abaab")})
    schema = gl.Schema.infer(train)
    codec = gl.Codec(schema).fit(train)

    class Answer:
        factual = pd.DataFrame({"income": [0.0, 2.0], "job": ["a", "a"]}, index=["x", "y"])
        frame = pd.DataFrame(
            {"income": [3.0, np.nan], "job": ["b", None]},
            index=pd.MultiIndex.from_product([["x", "y"], [0]], names=["person", "option"]),
        )

    assert quantile_cost(codec, train, Answer) == pytest.approx(3 / 5 + 1)


def test_ten_options_count_what_each_term_lets_through(stage):
    told = questions.ten_options(stage, "genre")["metrics"]
    assert told["kept, freeze"] == told["kept, two changes"] == told["kept, bounds"] == 1
    assert told["options, none"] >= 1


def test_the_same_advice_is_asked_of_both_halves(stage):
    told = questions.same_advice(stage, "neighbour")["metrics"]
    assert 0 <= told["same_answer"] <= told["same_changes"] <= 1
    assert stage.half is None, "the stage itself is as it was"


def test_a_row_that_fails_stops_no_other(monkeypatch):
    def ask(stage, row):
        if row == "bad":
            raise gl.GenReError("no such thing")
        return {"metrics": {"score": 1.0}}

    part = field.Part({"bad": 1, "good": 1}, ask, ("moons",), {"people": 10})
    monkeypatch.setitem(field.PARTS, "trial", part)
    found = {}
    field.play(["trial/moons/bad/0", "trial/moons/good/0"], found.__setitem__)
    assert "no such thing" in found["trial/moons/bad/0"]["error"]
    assert found["trial/moons/good/0"]["metrics"] == {"score": 1.0}


def test_a_method_that_refuses_a_table_has_answered(monkeypatch, record):
    def ask(stage, row):
        raise gl.GenReError("No source can reach any target.")

    part = field.Part({"genre": 1, "nice": 1}, ask, ("moons",), {"people": 10})
    monkeypatch.setitem(field.PARTS, "trial", part)
    keys = ["trial/moons/genre/0", "trial/moons/nice/0"]
    field.play(keys, record.put)
    assert record.cells[keys[0]]["refused"] == "No source can reach any target."
    assert record.missing(keys) == keys[1:], "a package that stops may be this machine's fault"
    failed = statistics.summary(record.cells)["failed"]
    assert failed[keys[0]] == "No source can reach any target."


def test_parts_share_a_stage_and_each_cell_is_as_if_made_alone(monkeypatch):
    rows, where = {"grafted": 1, "neighbour": 1}, {"people": 10}
    part = field.Part(rows, questions.one_option_briefly, ("moons",), where)
    margin = field.Part({"grafted@0.8": 1}, questions.one_option_briefly, ("moons",), where)
    other = field.Part(rows, questions.one_option_briefly, ("moons",), where | {"weighted": True})
    for name, of in {"a": part, "b": margin, "c": part, "d": other}.items():
        monkeypatch.setitem(field.PARTS, name, of)
    keys = [key for name in "abcd" for key in field.PARTS[name].keys(name)]
    groups = field.by_stage(keys)
    assert [{key[0] for key in group} for group in groups] == [{"a", "b", "c"}, {"d"}]
    together, alone = {}, {}
    field.play(groups[0], together.__setitem__)
    assert list(together) == groups[0]
    for key in groups[0]:
        field.play([key], alone.__setitem__)

    def said(cell):
        return {what: v for what, v in plain(cell["metrics"]).items() if what != "seconds"}

    assert {key: said(cell) for key, cell in together.items()} == {
        key: said(cell) for key, cell in alone.items()
    }
    assert said(together["a/moons/grafted/0"]) == said(together["c/moons/grafted/0"])
    assert said(together["a/moons/grafted/0"]) != said(together["b/moons/grafted@0.8/0"])


def test_a_grid_is_made_and_goes_on(monkeypatch, tmp_path, capsys):
    part = field.Part(
        {"nothing": 2, "neighbour": 1}, questions.one_option_briefly, ("moons",), {"people": 10}
    )
    monkeypatch.setitem(field.PARTS, "trial", part)
    monkeypatch.setattr(field, "SPOOL", tmp_path / "spool")
    monkeypatch.setattr(field.opened, "__defaults__", (field.RESULTS, tmp_path / "spool"))
    out = tmp_path / "field.json"
    for rows, told in ((["nothing"], "2 of 2"), ([], "3 of 3")):
        given = [
            "field",
            "--parts",
            "trial",
            "--out",
            str(out),
            *(["--rows", *rows] if rows else []),
        ]
        monkeypatch.setattr("sys.argv", given)
        field.main()
        assert told in capsys.readouterr().out
    cells = json.loads(out.read_text())["cells"]
    assert sorted(cells) == [
        "trial/moons/neighbour/0",
        "trial/moons/nothing/0",
        "trial/moons/nothing/1",
    ]
    monkeypatch.setattr("sys.argv", ["field", "--cell", "trial/moons/nothing/1", "--out", str(out)])
    field.main()
    told = json.loads(capsys.readouterr().out)
    assert told["now"]["metrics"]["score"] == pytest.approx(
        told["on record"]["metrics"]["score"], abs=1e-5
    )


def test_the_workers_of_a_cluster_send_their_cells_home(monkeypatch, tmp_path, capsys):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    part = field.Part(
        {"nothing": 2, "neighbour": 1}, questions.one_option_briefly, ("moons",), {"people": 10}
    )
    monkeypatch.setitem(field.PARTS, "trial", part)
    monkeypatch.setattr(field.opened, "__defaults__", (field.RESULTS, tmp_path / "spool"))
    out = tmp_path / "field.json"
    given = ["field", "--parts", "trial", "--out", str(out), "--scheduler"]
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        monkeypatch.setattr("sys.argv", [*given, cluster.scheduler_address])
        with field.cluster(cluster.scheduler_address) as many:
            assert many == 1
        field.main()
    assert "3 of 3 cells are there" in capsys.readouterr().out
    assert not (tmp_path / "spool").exists(), "a worker elsewhere could not write there"
    cells = json.loads(out.read_text())["cells"]
    field.play(["trial/moons/neighbour/0"], (here := {}).__setitem__)
    mine = plain(here["trial/moons/neighbour/0"]["metrics"])
    theirs = cells["trial/moons/neighbour/0"]["metrics"]
    assert mine | {"seconds": 0} == theirs | {"seconds": 0}


def test_other_splits_share_no_order_and_all_people(monkeypatch):
    plain, other = load("german"), load("german~1")
    assert len(plain.train) == len(other.train)
    both = [pd.concat([b.train, b.test]).value_counts().sort_index() for b in (plain, other)]
    pd.testing.assert_series_equal(*both)
    assert not set(other.train.index) & set(other.test.index)
    assert not plain.test.reset_index(drop=True).equals(other.test.reset_index(drop=True))


def test_a_share_of_the_rows_is_nested():
    small, large = (Stage("moons", 0, share=share, people=5).rows[0] for share in (0.1, 0.5))
    assert set(small.index) < set(large.index)
    assert len(small) == round(0.1 * len(gl.load_dataset("moons").X_train))


def test_another_bank_and_fewer_rows_stand_beside_a_stage_in_its_world():
    stage = Stage("moons", 0, people=20)
    stage.fitted("neighbour")
    judges = stage.judges
    few, other = stage.beside(share=0.1, seed=7), stage.beside(bank="linear")
    assert len(few.rows[0]) == round(0.1 * len(stage.rows[0])) and few.seed == 7
    assert few.h is stage.h and few.denied is stage.denied
    assert not few.fit_seconds and not other.fit_seconds, "nothing fitted is taken along"
    assert type(other.h) is not type(stage.h)
    yes = gl.decision.accepts(other.h, other.bank.X_test)
    assert other.accuracy == (yes == other.bank.y_test).mean()
    assert not gl.decision.accepts(other.h, other.denied).any()
    for one in (few, other):
        assert one.gold is stage.gold and one.judges is judges
    assert stage.seed == 0 and stage.share == 1 and "neighbour" in stage.fit_seconds


# -- what cells say together ----------------------------------------------------------------------


def test_differences_are_paired_by_world():
    rng = np.random.default_rng(0)
    worlds = rng.normal(0, 1, 12)
    mine = {i: w + 0.1 + rng.normal(0, 0.05) for i, w in enumerate(worlds)}
    theirs = dict(enumerate(worlds)) | {99: 5.0}
    told = statistics.paired(mine, theirs)
    gaps = [mine[i] - theirs[i] for i in range(12)]
    assert told["worlds"] == 12
    assert told["p"] == pytest.approx(stats.ttest_1samp(gaps, 0).pvalue)
    low, high = stats.t.interval(0.95, 11, np.mean(gaps), stats.sem(gaps))
    assert (told["mean"], told["half_width"]) == pytest.approx(((low + high) / 2, (high - low) / 2))
    assert told["within"] == pytest.approx(
        max(np.abs(stats.t.interval(0.9, 11, np.mean(gaps), stats.sem(gaps))))
    )
    assert told["worst"] == min(gaps)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_worlds_that_differ_by_the_same_have_no_interval_and_the_exact_test_of_signs(n):
    """Two counts of people that happen to agree show nothing; a rounding is no spread."""
    theirs = dict(enumerate(0.1 * np.arange(n)))
    told = statistics.paired({s: v + 0.08 for s, v in theirs.items()}, theirs)
    assert told["mean"] == pytest.approx(0.08)
    assert all(math.isnan(told[what]) for what in ("half_width", "within", "could"))
    gaps = np.full(n, told["mean"])
    flips = [np.mean(gaps * signs) for signs in product((-1, 1), repeat=n)]
    extreme = np.abs(flips) >= abs(told["mean"]) - 1e-12
    assert told["p"] == pytest.approx(extreme.mean())
    family = {"same": told, "far": statistics.paired({0: 1.0, 1: 1.2}, {0: 0.0, 1: 0.1})}
    statistics.judged_together(family)
    assert family["same"]["stands"] is (told["p"] <= 0.025)


def test_no_difference_in_any_world_is_no_proof_that_there_is_none():
    told = statistics.paired(dict.fromkeys(range(5), 1.0), dict.fromkeys(range(5), 1.0))
    assert (told["mean"], told["p"], told["worst"]) == (0, 1, 0)
    assert math.isnan(told["half_width"]) and math.isnan(told["within"])


def test_what_so_many_worlds_could_have_shown():
    """A true difference of that size is found in four of five repetitions."""
    rng = np.random.default_rng(1)
    could = [
        statistics.paired(dict(enumerate(rng.normal(0, 1, 10))), dict.fromkeys(range(10), 0.0))[
            "could"
        ]
        for _ in range(400)
    ]
    shift = np.mean(could)
    found = [stats.ttest_1samp(rng.normal(shift, 1, 10), 0).pvalue < 0.05 for _ in range(2000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)


def test_among_many_less_could_have_been_shown():
    """Where Holm has stopped, a difference of ``could`` passes that bar in four of five repetitions."""
    rng = np.random.default_rng(2)
    nothing, n = dict.fromkeys(range(10), 0.0), 10
    found = []
    for _ in range(300):
        gaps = {"far": 9.0, "far too": 8.0} | dict.fromkeys(range(6), 0.0)
        family = {
            key: statistics.paired(dict(enumerate(rng.normal(gap, 1, n))), nothing)
            for key, gap in gaps.items()
        }
        statistics.judged_together(family)
        if sum(of["stands"] for of in family.values()) == 2:
            found += [family[key]["could"] for key in range(6)]
    p = stats.ttest_1samp(rng.normal(np.mean(found), 1, (n, 4000)), 0).pvalue
    assert (p < 0.05 / 6).mean() == pytest.approx(0.8, abs=0.06)
    alone = statistics.paired(dict(enumerate(rng.normal(0, 1, n))), nothing)
    again = {"alone": dict(alone)}
    statistics.judged_together(again)
    assert again["alone"]["could"] == pytest.approx(alone["could"]), "one test is its own family"


def test_holm_is_that_of_the_text_book():
    rng = np.random.default_rng(0)
    p = dict(enumerate(np.sort(rng.random(12) ** 3)))
    stands = statistics.holm(p)
    running = 0.0
    for rank, key in enumerate(sorted(p, key=p.get)):
        running = max(running, p[key] * (len(p) - rank))
        assert stands[key] == (running <= 0.05), key
    assert statistics.holm({"a": math.nan}) == {"a": False}


def cells_of(scores):
    return {
        f"main/moons/{row}/{seed}": {"metrics": {"score": value, "score_held_out": -value}}
        for row, values in scores.items()
        for seed, value in enumerate(values)
    }


def test_the_share_of_the_possible_and_ranks():
    cells = cells_of(
        {
            "nothing": [1.0, 0.0],
            "genre": [1.5, 1.5],
            "neighbour": [1.2, 1.0],
            "oracle-writes": [2.0, 2.0],
        }
    )
    told = statistics.summary(cells)
    assert told["possible"]["moons"]["genre"]["mean"] == pytest.approx((0.5 + 0.75) / 2)
    assert told["possible"]["moons"]["nothing"]["mean"] == 0
    ranks = told["ranks"]["moons"]
    assert [ranks[row]["world"] for row in ("genre", "neighbour", "nothing")] == [1, 2, 3]
    assert [ranks[row]["held_out"] for row in ("genre", "neighbour", "nothing")] == [3, 2, 1]
    compared = told["compared"]["main"]["genre"]["moons"]
    assert compared["neighbour"]["mean"] == pytest.approx(0.4)
    assert "genre" not in compared


def placed(**scores):
    """Places of rows, from their Scores by world."""
    cells = {
        f"main/moons/{row}/{seed}": {"metrics": {"score": value}}
        for row, of in scores.items()
        for seed, value in of.items()
    }
    told = statistics.ranks(cells, ("world",)).get("moons", {})
    return {row: of["world"] for row, of in told.items()}


def test_places_are_by_the_worlds_that_all_rows_have():
    """A package was asked in the good worlds alone; it is worse in each of them."""
    ours = {seed: 1.2 if seed < 5 else 0.8 for seed in range(10)}
    assert placed(ours=ours, package=dict.fromkeys(range(5), 1.1)) == {"ours": 1, "package": 2}


def test_who_refused_most_worlds_has_no_place():
    """And the others are still compared in all of theirs."""
    good = {seed: 1.0 if seed else 0.0 for seed in range(10)}
    fine = {seed: 0.9 if seed else 9.0 for seed in range(10)}
    rows = {"good": good, "fine": fine, "refused": {1: 5.0}, "late": {15: 9.0}}
    assert placed(**rows) == {"fine": 1, "good": 2}
    assert placed(late={15: 9.0}) == {}
    assert placed(one={0: 1.0, 1: 1.0}, other={2: 1.0, 3: 1.0}) == {}


# -- the committed record -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def committed(root):
    path = root / "results" / "field.json"
    if not path.is_file():
        pytest.skip("results/field.json is not made yet: python -m benchmarks.field")
    return json.loads(path.read_text())


def test_the_summary_is_that_of_the_cells(committed):
    if "benchmarks/statistics.py" in (provenance.stale_files(committed) or ()):
        pytest.skip("the summary is of other statistics: python -m benchmarks.field writes it anew")
    assert committed["summary"] == json.loads(
        json.dumps(plain(statistics.summary(committed["cells"])))
    )


def test_scores_are_those_of_their_parts(committed, data_folder):
    """Validity + plausibility − cost / d, for every judge."""
    features = {t: len(load(t).schema) for t in {k.split("/")[1] for k in committed["cells"]}}
    count = 0
    for key, cell in committed["cells"].items():
        m = cell.get("metrics") or {}
        for judge in ("", "_held_out", "_other_family", "_other_calibration"):
            if m.get(f"score{judge}") is None:
                continue
            price = (m["cost"] or 0) / features[key.split("/")[1]]
            told = m[f"validity{judge}"] + m[f"plausibility{judge}"] - price
            assert m[f"score{judge}"] == pytest.approx(told, abs=1e-4), key
            count += 1
    assert count > 100


# -- the least cost of a yes ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def proof():
    """A small bank of boosted trees, its denied people, and treecf's answers."""
    pytest.importorskip("treecf")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "income": rng.integers(1, 9, 300) * 5.0,
            "debt": rng.random(300).round(3),
            "town": rng.choice(["Ox", "Ur", "Ys"], 300),
            "age": rng.integers(20, 60, 300).astype(float),
        }
    )
    yes = table["income"] / 40 - table["debt"] + (table["town"] == "Ur") * 0.3 > 0.3
    schema = gl.Schema(
        [
            gl.Feature("income", low=0, step=5, actionability="increasing"),
            gl.Feature("debt", low=0, weight=2.0),
            gl.Feature("town", kind="nominal", categories=["Ox", "Ur", "Ys"]),
            gl.Feature("age", actionability="immutable"),
        ]
    )
    table["y"] = yes.astype(int)
    data = replace(
        gl.load_dataset("moons", n=40),
        schema=schema,
        train=table[:200],
        test=table[200:],
        target="y",
        favourable=1,
        unfavourable=0,
    )
    h = boosted(data, 0)
    method = LeastCost(h, schema, seconds=2.0, progress=False)
    method.fit(data.X_train, data.y_train)
    return data, h, method, method.recommend(data.X_test)


def test_the_least_cost_is_that_of_every_answer_there_is(proof):
    data, h, method, answer = proof
    denied = ~answer.accepted
    assert denied.sum() > 10
    assert method.proven == 1.0
    codec = method.codec
    # Every answer: each income and town, and debts as fine as a hundredth of a hundredth.
    debts = np.linspace(0, 1, 401)
    for label in data.X_test.index[denied][:10]:
        person = data.X_test.loc[[label]]
        more = [v for v in np.arange(5.0, 41.0, 5.0) if v >= person["income"].iloc[0]]
        grid = pd.MultiIndex.from_product(
            [more, [*debts, person["debt"].iloc[0]], ["Ox", "Ur", "Ys"]]
        )
        every = grid.to_frame(index=False, name=["income", "debt", "town"])
        every["age"] = person["age"].iloc[0]
        price = cost(codec.cube(person), codec.cube(every), codec.nominal, codec.price)
        least = price[h.predict_proba(every)[:, 1] > 0.5].min()
        found = answer.cost.loc[(label, 0)]
        assert found <= least + 1e-9
        assert found > least - 2 / 400 - 1e-6, "the grid is that coarse"


def test_treecf_is_told_the_terms(proof):
    data, h, _, answer = proof
    options = answer.options
    before = data.X_test.loc[options.index.get_level_values(0)].reset_index(drop=True)
    after = options.reset_index(drop=True)
    assert (after["age"] == before["age"]).all()
    assert (after["income"] >= before["income"]).all()
    assert (after["income"] % 5 == 0).all()
    surer = LeastCost(h, data.schema, margin=0.9, progress=False).fit(data.X_train, data.y_train)
    sure = surer.recommend(data.X_test)
    asking = sure.options[~sure.accepted.loc[sure.options.index.get_level_values(0)].to_numpy()]
    assert (h.predict_proba(asking)[:, 1] >= 0.9).all()
    both = answer.cost.notna() & sure.cost.notna()
    assert (sure.cost[both] >= answer.cost[both] - 1e-9).all()
    assert (sure.cost[both] > answer.cost[both] + 0.01).any()


def test_treecf_reads_boosted_trees_alone(proof):
    data, *_ = proof
    with pytest.raises(gl.GenReError, match="ends in a LogisticRegression"):
        LeastCost(linear(data, 0), data.schema, progress=False).fit(data.X_train, data.y_train)
