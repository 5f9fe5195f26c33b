"""Other people's packages: what they are handed, what they hand back, and what can go wrong."""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.dummy import DummyClassifier

import genre_lite as gl
import tasks
from benchmarks.peers import PAPER, PEERS, WORKERS, Peer, missing
from genre_lite.evaluation.metrics import violations

# A worker as those of the peers, answering for each person what ANSWER says.
WORKER = """
import os, sys, time
sys.path.insert(0, {workers!r})
import numpy as np
from problem import given

problem = given()
names = [f["name"] for f in problem.features]

def ask(person):
    own = problem.people[person].copy()
    {answer}

problem.answer(ask, time.perf_counter(), "numpy")
"""


@pytest.fixture(scope="module")
def bank():
    return gl.load_dataset("german")


@pytest.fixture(scope="module")
def h(bank):
    return gl.train_classifier(bank, epochs=8, progress=False)


@pytest.fixture(scope="module")
def denied(bank, h):
    return bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5].head(5)


@pytest.fixture
def peer(bank, h, tmp_path):
    def make(answer, **options):
        worker = tmp_path / "worker.py"
        worker.write_text(WORKER.format(workers=str(WORKERS), answer=answer))
        options = {"name": "fake", "python": Path(sys.executable), "worker": worker} | options
        return Peer(h, bank.schema, **options).fit(bank.X_train, bank.y_train)

    return make


# -- the way there and back -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["german", "compas", "moons"])
def test_plain_weights_give_the_same_probabilities(name, tmp_path):
    """Every kind of feature: wide and two-level nominal, ordinal, whole and free numbers."""
    sys.path.insert(0, str(WORKERS))
    try:
        from problem import Problem
    finally:
        sys.path.remove(str(WORKERS))
    bank = gl.load_dataset(name)
    h = gl.train_classifier(bank, epochs=1, progress=False)
    it = Peer(h, bank.schema, name="it", python=Path(sys.executable), worker=Path())
    it._fit(bank.X_train, bank.y_train.to_numpy(), np.empty(0), np.empty(0, dtype=bool))
    it._hand_over(tmp_path, bank.X_test, n=2)
    problem = Problem(tmp_path)
    rebuilt = problem.predict_proba(problem.people)
    np.testing.assert_allclose(rebuilt, h.predict_proba(bank.X_test), atol=1e-5)
    assert problem.train.shape == bank.X_train.shape
    np.testing.assert_array_equal(problem.labels, bank.y_train)
    assert (problem.n, problem.seed) == (2, 0)
    assert set(problem.free) == set(bank.schema.names) - set(bank.schema.immutable)


def test_an_answer_comes_back_as_a_table_in_its_own_units(peer, bank, h, denied):
    denied = denied[denied["duration"] > 6]
    answer = peer(
        "own[names.index('duration')] = 6.2; own[names.index('savings')] = 2.9; return [own]"
    ).recommend(denied)
    best = answer.best()
    assert (best["duration"] == 6).all()
    assert (best["savings"] == "500 to 1000 DM").all()
    others = [name for name in bank.schema.names if name not in ("duration", "savings")]
    pd.testing.assert_frame_equal(best[others], denied[others], check_names=False)
    assert (best.dtypes == denied.dtypes).all()
    np.testing.assert_allclose(answer.probability, h.predict_proba(best)[:, 1], atol=1e-6)
    bank.schema.validate(best)


def test_the_seconds_are_the_peers_own(peer, denied):
    fake = peer("time.sleep(0.02); return [own]")
    start = time.perf_counter()
    answer = fake.recommend(denied)
    assert 5 * 0.02 <= answer.seconds < time.perf_counter() - start
    assert fake.told["version"] == np.__version__


def test_broken_constraints_are_counted_not_mended(peer, bank, denied):
    """One of each kind, for the first three people; the fourth only does what is allowed."""
    answer = peer(
        "j = [names.index(n) for n in ('purpose', 'amount', 'savings', 'duration')][person % 4];"
        "own[j] = {'purpose': (own[j] + 1) % 10, 'amount': own[j] + 500,"
        "          'savings': own[j] + 1 if person > 3 else 0, 'duration': 7}[names[j]];"
        "return [own]"
    ).recommend(denied.assign(savings="100 to 500 DM").head(4))
    broken = violations(bank.schema, answer.factual, answer.best())
    assert broken.tolist() == [1, 1, 1, 0]


def test_options_stand_cheapest_first_and_once(peer, denied):
    answer = peer(
        "at = names.index('duration');"
        "far, near = own.copy(), own.copy();"
        "far[at] += 30; near[at] += 10;"
        "return [far, near, near, own]"
    ).recommend(denied, n=3)
    moved = answer.frame["duration"].to_numpy().reshape(5, 3) - denied[["duration"]].to_numpy()
    np.testing.assert_array_equal(moved[:, :2], [[10, 30]] * 5)
    assert np.isnan(moved[:, 2]).all()


def test_values_outside_the_schema_stop_at_its_bounds(peer, bank, denied):
    best = peer("own[names.index('duration')] = -9; return [own]").recommend(
        denied[denied["duration"] > 6]
    )
    assert (best.best()["duration"] == bank.schema["duration"].low).all()


# -- no answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["return []", "return [own]"])
def test_none_found_is_told_as_such(peer, denied, nothing):
    """No option, and the person unchanged, which is how ElliCE says it."""
    answer = peer(nothing).recommend(denied)
    assert not answer.found.any()
    assert answer.cost.isna().all()


def test_trouble_with_one_person_is_none_found_and_a_warning(peer, denied):
    fake = peer("own[names.index('duration')] += 9; return [own] if person else [][0]")
    with pytest.warns(UserWarning, match="failed for 1 of 5 people, 1 times with IndexError"):
        answer = fake.recommend(denied)
    assert answer.found.tolist() == [False, True, True, True, True]


def test_a_level_that_does_not_exist_is_an_error(peer, denied):
    with pytest.raises(gl.GenReError, match=r"answered 77\.0 for 'purpose'"):
        peer("own[names.index('purpose')] = 77; return [own]").recommend(denied)


def test_a_crash_is_told_with_its_last_lines(peer, denied):
    fake = peer("print('the last words', flush=True); os._exit(3)")
    with pytest.raises(gl.GenReError, match=r"code 3:\n(.*\n)*the last words"):
        fake.recommend(denied)


def test_a_worker_over_its_time_is_stopped_with_all_it_started(peer, denied, tmp_path):
    mark = tmp_path / "mark"
    fake = peer(
        f"os.spawnlp(os.P_NOWAIT, 'sh', 'sh', '-c', 'sleep 2; touch {mark}'); time.sleep(60)",
        max_seconds=1,
    )
    start = time.perf_counter()
    with pytest.raises(gl.GenReError, match="stopped after 1 seconds"):
        fake.recommend(denied)
    assert time.perf_counter() - start < 60, "nobody waits for it to wake"
    time.sleep(1.5)
    assert not mark.exists()


# -- what cannot be asked -------------------------------------------------------------------------


def test_a_missing_environment_names_the_command(bank, h, monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.peers.ENVIRONMENTS", tmp_path)
    for name, make in PEERS.items():
        assert "make peers" in missing(name)
        with pytest.raises(gl.GenReError, match=f"{name} has no environment.*make peers"):
            make(h, bank, 0).fit(bank.X_train, bank.y_train)


def test_a_classifier_that_arrays_cannot_carry(bank, h, peer):
    dummy = DummyClassifier(strategy="stratified", random_state=0).fit(bank.X_train, bank.y_train)
    tanh = gl.Classifier(h.codec, torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Tanh()))
    for other in (dummy, tanh):
        it = Peer(other, bank.schema, name="it", python=Path(sys.executable), worker=Path())
        with pytest.raises(gl.GenReError, match="plain arrays cannot carry"):
            it._fit(bank.X_train, bank.y_train.to_numpy(), np.empty(0), np.empty(0, dtype=bool))


def test_another_classifier_than_h_is_noticed(peer, denied):
    fake = peer("return []")
    fake._layers = [(weight, bias + 1) for weight, bias in fake._layers]
    with pytest.raises(gl.GenReError, match="another classifier than h"):
        fake.recommend(denied)


# -- the real ones --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PEERS)
def test_a_real_peer_answers(name, bank, h, denied):
    if missing(name):
        pytest.skip(missing(name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        peer = PEERS[name](h, bank, 0).fit(bank.X_train, bank.y_train)
        answer = peer.recommend(denied)
        again = peer.recommend(denied)
    assert answer.found.all()
    assert (answer.probability > 0.5).mean() >= 0.8
    pd.testing.assert_frame_equal(answer.frame, again.frame)
    if name != "nice":  # which knows no constraints; what else they break, the field counts
        still = [f.name for f in bank.schema if f.actionability == "immutable"]
        pd.testing.assert_frame_equal(
            answer.best()[still], denied[still], check_dtype=False, check_names=False
        )


# -- the register ---------------------------------------------------------------------------------


def test_make_peers_builds_what_the_register_names(root):
    assert tasks.PEERS.keys() == {name.removesuffix("-genetic") for name in PEERS}
    for name, make in PEERS.items():
        python = make(None, gl.load_dataset("moons", n=50), 0).python.relative_to(root)
        folder = python.parts[: python.parts.index(".peers") + 2]
        assert folder[-1] in tasks.PEERS, name
        assert Path(*folder) == Path("benchmarks/.peers", folder[-1])
    ignored = (root / ".gitignore").read_text().splitlines()
    assert "/benchmarks/.peers/" in ignored


def test_published_scores_follow_from_the_rest():
    for table, row in PAPER["tables"].items():
        d = {"compas": 7, "heloc": 21, "adult": 13}[table]
        score = row["validity"] + row["plausibility"] - row["cost"] / d
        assert row["score"] == pytest.approx(score, abs=0.001)
