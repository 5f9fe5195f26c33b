"""What editors and type checkers see of the package is what there is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib import import_module
from importlib.util import find_spec

import pytest

import genre_lite as gl

# After the README's own lines: what a checker must know of them, and what it must refuse. An error that
# does not come is one too, for then the comment that expects it is not needed.
SEEN = """
from typing import assert_type

import numpy as np
import pandas as pd

assert_type(bank, gl.Dataset)
assert_type(gl.load_dataset("moons"), gl.datasets.Toy)
assert_type(gl.load_dataset("german", split="default"), gl.Dataset)
assert_type(gold, gl.GoldWorld)
assert_type(h, gl.Classifier)
assert_type(genre.fit(bank.X_train), gl.GenRe)
assert_type(gl.baselines.Wachter(h, bank.schema).fit(bank.X_train), gl.baselines.Wachter)
assert_type(answer, gl.Recourses)
assert_type(answer.describe(0), str)
assert_type(bank.schema["age"], gl.Feature)


class Bank:
    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return np.zeros((len(X), 2))


assert_type(gl.Decision(Bank(), threshold=0.7).threshold, float | None)
gl.GenRe(Bank(), bank.schema, recip="paper")  # type: ignore[call-arg]
gl.baselines.DiCE(h, bank.schema, samples=50)  # type: ignore[call-arg]
gl.genie  # type: ignore[attr-defined]
"""


@pytest.fixture(scope="module")
def stub(root):
    """From each name that the stub shows to the module that it comes from."""
    tree = ast.parse((root / "genre_lite/__init__.pyi").read_text())
    names = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                # Only "x as x" is seen from outside.
                assert (node.level, alias.asname) == (1, alias.name)
                names[alias.name] = node.module
    return names


def test_the_stub_shows_what_there_is(stub):
    assert sorted(stub) == gl.__all__
    for name, module in stub.items():
        where = f"genre_lite.{name if module is None else module}"
        there = import_module(where)
        assert gl.__getattr__(name) is (there if module is None else getattr(there, name))


def test_every_module_is_a_name_of_the_package(root):
    inside = [*root.glob("genre_lite/*.py"), *root.glob("genre_lite/*/__init__.py")]
    files = {path.stem if path.stem != "__init__" else path.parent.name for path in inside}
    assert files - {"genre_lite"} == {*gl._ROOMS}


def test_every_public_name_says_so_where_it_lives():
    for room, names in gl._ROOMS.items():
        assert {*names} <= {*getattr(import_module(f"genre_lite.{room}"), "__all__", ())}


def test_wheel_and_sdist_tell_that_there_are_types(root, tmp_path):
    if find_spec("hatchling") is None or find_spec("build") is None:
        pytest.skip("hatchling and build are not installed")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(root)]
    done = subprocess.run([*build, "--wheel", "--sdist"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    wheel, sdist = next(tmp_path.glob("*.whl")), next(tmp_path.glob("*.tar.gz"))
    told = {"genre_lite/py.typed", "genre_lite/__init__.pyi"}
    assert told <= {*zipfile.ZipFile(wheel).namelist()}
    with tarfile.open(sdist) as archive:
        assert told <= {name.partition("/")[2] for name in archive.getnames()}


def test_a_checker_agrees_with_the_package_and_knows_what_the_readme_makes(root, tmp_path):
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    readme = (root / "README.md").read_text()
    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
    file = tmp_path / "example.py"
    file.write_text(example + SEEN)
    command = [sys.executable, "-m", "mypy", "genre_lite", str(file)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    said = done.stdout.splitlines()
    assert [line for line in said if line.startswith("genre_lite") or "example.py" in line] == []
