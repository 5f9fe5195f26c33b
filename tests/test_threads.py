"""A fit computes on one thread unless it is told more, and leaves the number as it found it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from genre_lite.datasets import load_dataset
from genre_lite.objectives import LocalOutliers
from genre_lite.surrogate import Teacher
from genre_lite.threads import one_thread, threads
from genre_lite.worlds import gold_world

# A fit of the bank's model, and a fit and a question of a method; each notes how many threads it has.
FIT = """
import json
import numpy as np
import torch
import genre_lite as gl
from genre_lite.baselines import NearestNeighbour

torch.set_num_threads(3)
inside = {"classifier": set(), "method": set()}
backward = torch.Tensor.backward

def watched(self, *args, **kwargs):
    inside["classifier"].add(torch.get_num_threads())
    return backward(self, *args, **kwargs)

torch.Tensor.backward = watched
bank = gl.load_dataset("moons", n=100)
net = gl.train_classifier(bank, epochs=1, progress=False)

class Bank:
    classes_ = np.array([0, 1])

    def predict_proba(self, frame):
        inside["method"].add(torch.get_num_threads())
        yes = (frame.iloc[:, 0] > bank.X_train.iloc[:, 0].median()).to_numpy() * 0.8 + 0.1
        return np.stack([1 - yes, yes], axis=1)

method = NearestNeighbour(Bank(), bank.schema, progress=False).fit(bank.X_train)
method.recommend(bank.X_train.head(5))
print(json.dumps({name: sorted(seen) for name, seen in inside.items()} | {"after": torch.get_num_threads()}))
"""


@pytest.mark.parametrize(("told", "expected"), [(None, 1), ("2", 2)])
def test_a_fit_takes_the_threads_it_is_told_and_one_else(root, told, expected):
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    environment |= {} if told is None else {"OMP_NUM_THREADS": told}
    run = subprocess.run(
        [sys.executable, "-c", FIT], cwd=root, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert found == {"classifier": [expected], "method": [expected], "after": 3}


def test_the_package_does_not_load_torch_for_it(root):
    asked = "import sys, genre_lite, genre_lite.threads; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], cwd=root, capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, 1),
        ("", 1),
        ("1", 1),
        ("4", 4),
        ("4,2", 4),
        (" 3 ", 3),
        ("0", 1),
        ("-2", 1),
        ("all", 1),
    ],
)
def test_the_number_is_read_from_the_environment(monkeypatch, told, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert threads() == expected


@pytest.fixture
def three():
    """Three threads outside, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_it_may_be_nested_and_is_undone_by_an_error(three, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with pytest.raises(ZeroDivisionError), one_thread():
        with one_thread():
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 2
        raise ZeroDivisionError
    assert torch.get_num_threads() == 3


def test_several_python_threads_at_once(three, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def inside(_):
        with one_thread():
            torch.randn(200, 200) @ torch.randn(200, 200)
            return torch.get_num_threads()

    with ThreadPoolExecutor(4) as crew:
        assert set(crew.map(inside, range(40))) == {1}
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize(("told", "expected"), [(None, 1), ("2", 2)])
def test_forests_and_outlier_factors_take_no_more(monkeypatch, told, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    seen = []

    def watched(fit):
        def noted(self, *args, **kwargs):
            seen.append((type(self).__name__, self.n_jobs))
            return fit(self, *args, **kwargs)

        return noted

    for kind in (RandomForestClassifier, LocalOutlierFactor, NearestNeighbors):
        monkeypatch.setattr(kind, "fit", watched(kind.fit))
    gold_world(load_dataset("moons", n=200), progress=False)
    rng = np.random.default_rng(0)
    Teacher(trees=20).fit(rng.random((100, 2)), np.arange(100) % 2, seed=0, progress=False)
    numbers = {name: {number for other, number in seen if other == name} for name, _ in seen}
    one = numbers.pop("NearestNeighbors")
    assert one == {None}, "the one search of all sets stays on one thread, whatever is told"
    assert numbers == {"RandomForestClassifier": {expected}, "LocalOutlierFactor": {expected}}


def test_estimates_do_not_hang_on_the_number(monkeypatch):
    rng = np.random.default_rng(0)
    points, asked = rng.random((400, 3)), rng.random((200, 3))
    labels = (points[:, 0] > rng.random(400)).astype(int)
    found = []
    for number in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", number)
        teacher = Teacher(trees=40).fit(points, labels, seed=0, progress=False)
        found.append((teacher.answers(asked), LocalOutliers().fit(points).score(asked)))
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
