"""The benchmark: every cell is saved as it ends, and no accident loses a finished one."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import genre_lite as gl
from genre_lite.cli import app
from genre_lite.evaluation import benchmark, ledger
from genre_lite.evaluation.benchmark import METHODS, Cell, Ledger, run

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # which on Windows kills as surely
NEIGHBOUR = METHODS["nearest-neighbour"]
PEOPLE = 20


def small_genre(h, bank, seed):
    training = gl.TrainingConfig(steps=5, distil_steps=60)
    return gl.GenRe(h, bank.schema, recipe="paper", training=training, seed=seed, progress=False)


class Slow(gl.baselines.NearestNeighbour):
    fits = 0

    def _fit(self, *given, **options):
        Slow.fits += 1
        # A run that is to be killed comes no further than its first cell, however slow the killer.
        mother = os.getppid()
        while "HELD" in os.environ and Slow.fits > 1 and os.getppid() == mother:
            time.sleep(0.05)
        time.sleep(0.3)
        super()._fit(*given, **options)


def slow(h, bank, seed):
    return Slow(h, bank.schema, seed=seed)


def broken(h, bank, seed):
    raise RuntimeError("no such luck")


@pytest.fixture(scope="module", autouse=True)
def worlds():
    """Each world is built once for all tests of this process."""
    with pytest.MonkeyPatch.context() as patch:
        build = cache(benchmark.World)
        patch.setattr(benchmark, "World", build)
        yield


@pytest.fixture(scope="module")
def moons():
    return {"moons": gl.load_dataset("moons", n=300)}


@pytest.fixture(scope="module")
def grid(moons):
    """Data sets, methods and settings of the run that most tests look at."""
    methods = {"genre": small_genre, "nearest-neighbour": NEIGHBOUR}
    return partial(run, moons, methods, seeds=2, people=PEOPLE, progress=False)


@pytest.fixture(scope="module")
def done(grid, tmp_path_factory):
    return grid(out=tmp_path_factory.mktemp("done"))


@pytest.fixture
def quick(moons):
    """A run of one world, with the neighbour alone unless told otherwise."""
    return lambda out, methods=None, **more: run(
        moons,
        methods or {"nn": NEIGHBOUR},
        **({"seeds": 1, "people": PEOPLE, "progress": False, "out": out} | more),
    )


def stamps(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.glob("cells/*/*/*")}


def metrics(found: Ledger) -> dict[tuple, dict]:
    """What does not depend on how fast the machine is."""
    return {
        (r["dataset"], r["method"], r["seed"]): {
            k: v for k, v in r["metrics"].items() if k != "seconds"
        }
        for r in found.records()
    }


# -- the registry -----------------------------------------------------------------------------------


def test_every_method_of_the_package_is_in_the_registry():
    assert {"genre", "nearest-neighbour", "grafted-neighbour"} <= set(METHODS)
    kinds = [getattr(gl.baselines, name) for name in gl.baselines.__all__]
    kinds = [k for k in kinds if isinstance(k, type) and issubclass(k, gl.estimator.RecourseMethod)]
    assert len(METHODS) == len(kinds) + 1


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("GenRe", "genre"),
        ("NearestNeighbour", "nearest-neighbour"),
        ("GraftedNeighbour", "grafted-neighbour"),
        ("GrowingSpheres", "growing-spheres"),
        ("Wachter", "wachter"),
        ("DiCE", "dice"),
        ("ROAR", "roar"),
        ("CCHVAE", "cchvae"),
        ("CChvae", "cchvae"),
    ],
)
def test_spelling_of_methods(name, spelling):
    assert benchmark._spelling(type(name, (), {})) == spelling


# -- what a cell holds ------------------------------------------------------------------------------


def test_a_cell_is_the_protocol_done_by_hand(done, moons):
    gold = gl.gold_world(moons["moons"], seed=1, progress=False)
    h = gl.train_classifier(gold.bank, seed=1, progress=False)
    test = moons["moons"].X_test
    people = test[h.predict_proba(test)[:, 1] < 0.5].sample(PEOPLE, random_state=1)
    method = gl.baselines.NearestNeighbour(h, gold.bank.schema, seed=1)
    answer = method.fit(gold.bank.X_train, gold.bank.y_train).recommend(people)
    expected = gl.evaluate({"nn": answer}, people, judge=gold).loc["nn"]
    record = done.read(Cell("moons", "nearest-neighbour", 1))
    for name in ("people", "coverage", "cost", "validity", "plausibility", "score"):
        assert record["metrics"][name] == pytest.approx(expected[name]), name
    right = (h.predict_proba(test)[:, 1] > 0.5) == gold.bank.y_test
    assert record["classifier_accuracy"] == pytest.approx(right.mean())


def test_a_cell_says_what_it_took_and_who_made_it(done, quick, tmp_path):
    record = done.read(Cell("moons", "genre", 0))
    assert record["error"] is None
    assert record["recommend_seconds"] > 0
    assert record["classifier_seconds"] > 0
    # A busy machine may make anything longer, and nothing shorter.
    start = time.monotonic()
    found = quick(tmp_path, {"slow": slow}).read(Cell("moons", "slow", 0))
    assert found["fit_seconds"] >= 0.3
    assert found["fit_seconds"] + found["recommend_seconds"] < time.monotonic() - start
    assert record["made_by"]["genre_lite"] == gl.__version__
    assert record["made_by"]["code"] == benchmark.package_hash()


def test_the_folder_holds_strict_json_and_nothing_else(done):
    files = {p.relative_to(done.folder).as_posix() for p in done.folder.rglob("*") if p.is_file()}
    cells = {
        f"cells/moons/{method}/{seed}.json"
        for method in ("genre", "nearest-neighbour")
        for seed in (0, 1)
    }
    assert files == cells | {"about.json", "benchmark.json"}

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    for file in files:
        json.loads((done.folder / file).read_text(), parse_constant=refuse)


def test_fewer_denied_than_asked_for_are_all_taken(quick, tmp_path):
    (record,) = quick(tmp_path, people=10_000).records()
    assert 0 < record["metrics"]["people"] < 75


# -- going on ---------------------------------------------------------------------------------------


def test_finished_cells_are_not_done_again(done, grid):
    before = stamps(done.folder)
    grid(out=done.folder)
    assert stamps(done.folder) == before


def test_a_larger_grid_adds_cells_only(quick, tmp_path):
    before = stamps(quick(tmp_path).folder)
    after = stamps(quick(tmp_path, {"nn": NEIGHBOUR, "other": NEIGHBOUR}).folder)
    assert after.items() > before.items()
    assert len(after) == 2


@pytest.mark.parametrize("damage", ["", '{"dataset": "moons", "met', "null", "{}", "[1]", "\x00"])
def test_a_damaged_cell_is_done_again(done, tmp_path, quick, damage):
    found = quick(tmp_path)
    path = found.folder / Cell("moons", "nn", 0).path
    whole = metrics(found)
    path.write_text(damage)
    assert not found.finished(Cell("moons", "nn", 0))
    assert found.records() == []
    assert metrics(quick(tmp_path)) == whole


def test_a_failed_cell_is_recorded_stops_nothing_and_is_tried_again(quick, tmp_path):
    found = quick(tmp_path, {"bad": broken, "nn": NEIGHBOUR})
    error = found.read(Cell("moons", "bad", 0))["error"]
    assert (error["type"], error["message"]) == ("RuntimeError", "no such luck")
    assert error["traceback"][-1].startswith("test_benchmark.py, line ")
    assert str(Path(__file__).parent) not in json.dumps(error)
    assert found.finished(Cell("moons", "nn", 0))
    summary = found.summarize()
    assert [f["method"] for f in summary["failed"]] == ["bad"]
    assert summary["datasets"]["moons"]["bad"] == {"seeds": [], "failed": [0]}
    kept = stamps(tmp_path)["cells/moons/nn/0.json"]
    again = quick(tmp_path, {"bad": NEIGHBOUR, "nn": NEIGHBOUR})
    assert again.summarize()["failed"] == []
    assert stamps(tmp_path)["cells/moons/nn/0.json"] == kept


def test_a_world_that_fails_fails_all_its_cells_once(tmp_path, moons, monkeypatch):
    tried = []

    def no_world(bank, seed, people):
        tried.append(seed)
        raise MemoryError("too large a world")

    monkeypatch.setattr(benchmark, "World", no_world)
    found = run(moons, ["genre", "nearest-neighbour"], seeds=2, out=tmp_path, progress=False)
    assert tried == [0, 1]
    assert [r["error"]["message"] for r in found.records()] == ["too large a world"] * 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_goes_on(tmp_path, moons, capsys, jobs):
    """kill -9 after the first cell: what was finished stays untouched, and the rest is done."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import sys
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            import genre_lite as gl
            from test_benchmark import run, slow
            if __name__ == "__main__":
                bank = gl.load_dataset("moons", n=300)
                methods = dict.fromkeys("abcd", slow)
                run({{"moons": bank}}, methods, seeds=2, people=5, out=sys.argv[1], jobs={jobs})
        """)
    )
    out = tmp_path / "out"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "OMP_NUM_THREADS": "1",
        "HELD": "yes",
    }
    command = [sys.executable, str(script), str(out)]
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _wait_for(lambda: _whole(out), first)
    first.kill()
    first.wait()
    kept = {name: stamp for name, stamp in stamps(out).items() if name.endswith(".json")}
    assert 0 < len(kept) < 8
    found = run(moons, dict.fromkeys("abcd", slow), seeds=2, people=5, out=out)
    assert "8/8" in capsys.readouterr().err
    assert stamps(out).items() >= kept.items()
    assert [r["error"] for r in found.records()] == [None] * 8


def test_the_banks_classifier_is_trained_as_its_table_says():
    """HELOC's, for one, without balance: the same weights as by hand, and others than with it."""
    bank = gl.load_dataset("moons", n=300)
    few = bank.train[(bank.y_train == 0) | (np.arange(len(bank.train)) % 3 == 0)]
    lopsided = replace(bank, train=few.reset_index(drop=True), balanced=False)
    world = benchmark.World(lopsided, 0, 5)
    by_hand, balanced = (
        gl.train_classifier(world.bank, seed=0, balanced=b, progress=False) for b in (False, True)
    )
    asked = bank.X_test
    np.testing.assert_array_equal(world.h.predict_proba(asked), by_hand.predict_proba(asked))
    assert not np.allclose(world.h.predict_proba(asked), balanced.predict_proba(asked), atol=0.01)


def test_a_worker_whose_run_is_gone_stops(tmp_path, moons):
    found = Ledger(tmp_path).open(PEOPLE)
    gone = _task(moons, found, run=2**22 + 1)
    assert benchmark._work(gone) == {}


def test_where_the_folder_is_out_of_sight_cells_come_home(tmp_path, moons):
    """A cluster's worker on another machine: its folder of that name is not the run's."""
    there = Ledger(tmp_path / "there").open(PEOPLE)
    task = _task(moons, there, id="another folder")
    found = benchmark._work(task)
    assert [record["error"] for record in found.values()] == [None]
    assert stamps(there.folder) == {}


def _task(moons, found, **more):
    cells = {Cell("moons", "nn", 0): NEIGHBOUR}
    settings = {"seed": 0, "people": PEOPLE, "run": None, "id": found.about["id"]} | more
    return benchmark._Task(bank=moons["moons"], cells=cells, folder=found.folder, **settings)


def _whole(out: Path) -> list[Path]:
    return list(out.glob("cells/*/*/*.json"))


def _wait_for(happened, process=None, seconds=600) -> None:
    start = time.monotonic()
    while not happened():
        assert process is None or process.poll() is None, "it ended too early"
        assert time.monotonic() - start < seconds
        time.sleep(0.02)


# -- side by side -----------------------------------------------------------------------------------


def test_processes_find_what_one_finds(done, grid, tmp_path):
    assert metrics(grid(out=tmp_path, jobs=2)) == metrics(done)


def test_a_killed_process_is_named(quick, tmp_path):
    def deadly(h, bank, seed):
        os.kill(os.getpid(), KILL)

    with pytest.raises(gl.GenReError, match=r"was killed.*run the same again"):
        quick(tmp_path, {"nn": NEIGHBOUR, "deadly": deadly}, seeds=2, jobs=2)


@pytest.fixture
def cluster():
    """A real scheduler and two worker processes on loopback."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster


def test_a_cluster_that_loses_a_worker_loses_nothing(cluster, moons, tmp_path):
    methods = dict.fromkeys("abc", slow)
    seen = {}

    def kill_one():
        _wait_for(lambda: _whole(tmp_path))
        seen.update(stamps(tmp_path))
        os.kill(next(iter(cluster.workers.values())).pid, KILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    address = cluster.scheduler_address
    settings = {"seeds": 4, "people": PEOPLE, "progress": False}
    found = run(moons, methods, out=tmp_path, scheduler=address, **settings)
    killer.join()
    kept = {name: stamp for name, stamp in seen.items() if name.endswith(".json")}
    assert 0 < len(kept) < 12
    assert stamps(tmp_path).items() >= kept.items()
    assert [r["error"] for r in found.records()] == [None] * 12
    by_hand = run(moons, {"a": slow}, out=tmp_path / "here", **(settings | {"seeds": 2}))
    assert metrics(found).items() >= metrics(by_hand).items()


def test_a_world_that_kills_every_worker_fails_alone(cluster, moons, tmp_path):
    def deadly(h, bank, seed):
        if seed == 0:
            os.kill(os.getpid(), KILL)
        return NEIGHBOUR(h, bank, seed)

    found = run(
        moons,
        {"nn": NEIGHBOUR, "deadly": deadly},
        seeds=2,
        people=PEOPLE,
        out=tmp_path,
        scheduler=cluster.scheduler_address,
        progress=False,
    )
    failed = found.summarize()["failed"]
    assert [(f["method"], f["seed"], f["type"]) for f in failed] == [("deadly", 0, "KilledWorker")]
    assert sum(r["error"] is None for r in found.records()) == 3


def test_a_scheduler_that_is_not_there_is_named_soon(quick, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="distributed is not installed")
    assert benchmark.PATIENCE < 10
    monkeypatch.setattr(benchmark, "PATIENCE", 1)
    start = time.monotonic()
    with pytest.raises(gl.GenReError, match=r"No Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        quick(tmp_path, scheduler="tcp://127.0.0.1:9")
    assert time.monotonic() - start < 25, "Dask itself waits for 30 seconds"
    with pytest.raises(gl.GenReError, match="tcp://host:port"):
        quick(tmp_path, scheduler="nonsense")


def test_without_distributed_the_error_says_what_to_install(quick, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(gl.GenReError, match=r"pip install 'genre-lite\[cluster\]'"):
        quick(tmp_path, scheduler="tcp://127.0.0.1:9")


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("datasets", "methods", "more", "message"),
    [
        (["germany"], ["genre"], {}, "No data set named 'germany'; did you mean 'german'?"),
        (["adult:papre"], ["genre"], {}, "did you mean 'adult:paper'?"),
        (["german:paper"], ["genre"], {}, "No data set named 'german:paper'"),
        (["moons"], ["nearest-neighbor"], {}, "did you mean 'nearest-neighbour'?"),
        ("moons", ["genre"], {}, "write ['moons']"),
        ([], ["genre"], {}, "No data set is named"),
        (["moons"], [], {}, "No method is named"),
        (["moons"], {"../nn": NEIGHBOUR}, {}, "'../nn' cannot be the name of a method"),
        (["moons"], ["genre"], {"seeds": 0}, "seeds is 0"),
        (["moons"], ["genre"], {"people": 0}, "people is 0"),
        (["moons"], ["genre"], {"jobs": 0}, "jobs is 0"),
    ],
)
def test_a_mistake_is_named_before_anything_is_written(tmp_path, datasets, methods, more, message):
    out = tmp_path / "out"
    with pytest.raises(gl.GenReError) as caught:
        run(datasets, methods, out=out, **more)
    assert message in str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize(("what", "value"), [("genre_lite", "0.0.1"), ("people", 7), ("format", 0)])
def test_a_folder_of_another_kind_is_refused(quick, tmp_path, what, value):
    about = quick(tmp_path).about
    (tmp_path / "about.json").write_text(json.dumps(about | {what: value}))
    with pytest.raises(gl.GenReError, match=f"with {what} .*choose another folder"):
        quick(tmp_path)


# -- the summary ------------------------------------------------------------------------------------


def cell(method, seed, score, seconds=1.0, **more):
    found = {"metrics": {"score": score}, "fit_seconds": seconds, "recommend_seconds": seconds}
    where = {"dataset": "moons", "method": method, "seed": seed}
    return where | found | {"error": None, "made_by": {"code": "a"}} | more


@pytest.mark.equation("field-interval", "field-paired")
def test_means_intervals_and_paired_differences_are_those_of_a_textbook():
    failed = cell("nn", 3, 0.0, error={"type": "E", "message": "m", "traceback": []})
    records = [cell("genre", s, v) for s, v in enumerate([1.0, 2.0, 3.0, 9.0])]
    records += [cell("nn", s, v, 0.5) for s, v in enumerate([0.5, 1.0, 1.5])] + [failed]
    summary = ledger.summarize(records)
    nn = summary["datasets"]["moons"]["nn"]
    assert (nn["seeds"], nn["failed"]) == ([0, 1, 2], [3])
    # t(0.975, 2 degrees of freedom) = 4.302653
    half = 4.302653 * 0.5 / math.sqrt(3)
    assert nn["metrics"]["score"] == pytest.approx({"mean": 1.0, "half_width": half})
    assert nn["genre_minus_it"]["score"] == pytest.approx({"mean": 1.0, "half_width": half})
    assert nn["seconds_over_genre"]["fit_seconds"]["mean"] == pytest.approx(0.5)
    assert "genre_minus_it" not in summary["datasets"]["moons"]["genre"]
    assert summary["failed"] == [
        {"dataset": "moons", "method": "nn", "seed": 3, "type": "E", "message": "m"}
    ]


def test_what_is_not_known_stays_unknown():
    """Nobody found with one seed: the mean cost is not known, and no seed is dropped to hide it."""
    summary = ledger.summarize([cell("nn", 0, 1.0), cell("nn", 1, None)])
    assert np.isnan(summary["datasets"]["moons"]["nn"]["metrics"]["score"]["mean"])
    assert ledger.table(summary)["Score"].tolist() == ["–"]
    ledger.draw(summary)


def test_mixed_versions_are_told():
    records = [cell("nn", 0, 1.0), cell("nn", 1, 1.0, made_by={"code": "b"}), cell("nn", 2, 1.0)]
    assert ledger.summarize(records)["made_by"] == [{"code": "a"}, {"code": "b"}]


def test_the_table_puts_the_best_first(done):
    table = ledger.table(done.summarize())
    assert table["seeds"].tolist() == ["2", "2"]
    scores = table["Score"].str.split().str[0].astype(float)
    assert scores.is_monotonic_decreasing
    assert isinstance(table, pd.DataFrame)


def test_the_figure_has_a_panel_a_data_set():
    summary = ledger.summarize(
        [cell("nn", 0, 1.0), cell("genre", 0, 1.5), cell("nn", 0, 1.0) | {"dataset": "circles"}]
    )
    panels = ledger.draw(summary).axes
    assert [ax.get_title(loc="left") for ax in panels] == ["moons", "circles"]
    assert [t.get_text() for t in panels[0].get_yticklabels()] == ["nn", "genre"]


# -- the command line -------------------------------------------------------------------------------


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_report_prints_the_table_and_writes_the_figure(done, tmp_path):
    result = call("report", done.folder)
    assert result.exit_code == 0, result.output
    for text in ("moons", "genre", "nearest-neighbour", "Score", "genre leads by"):
        assert text in result.stdout
    assert (done.folder / "score.png").read_bytes().startswith(b"\x89PNG")
    (done.folder / "score.png").unlink()


def test_report_tells_failures(quick, tmp_path):
    quick(tmp_path, {"bad": broken, "nn": NEIGHBOUR})
    result = call("report", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == "moons/bad/0 failed: RuntimeError: no such luck\n"
    assert "–" in result.stdout


def test_report_where_all_failed(quick, tmp_path):
    quick(tmp_path, {"bad": broken})
    result = call("report", tmp_path)
    assert result.exit_code == 1
    assert "0 of 1" in result.stdout
    assert (tmp_path / "score.png").is_file()


def test_benchmark_from_the_command_line(tmp_path):
    arguments = ("benchmark", "--datasets", "moons", "--methods", "nearest-neighbour")
    arguments += ("--seeds", 1, "--people", 5, "--out", tmp_path / "out")
    result = call(*arguments, "--quiet")
    assert result.exit_code == 0, result.output
    assert "genre-lite report" in result.stdout
    assert Ledger(tmp_path / "out").finished(Cell("moons", "nearest-neighbour", 0))
