"""Chapters are executed side by side, and each page gets what its own code says."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util.parallel import parallel_available

from book.extensions import side_by_side, warm_kernels

HEAD = """---
file_format: mystnb
kernelspec:
  name: python3
---

# {title}

```{{code-cell}} ipython3
{code}
```
"""
MEET = """import time
from pathlib import Path

Path("{mine}").touch()
for _ in range(600):
    if Path("{other}").exists():
        break
    time.sleep(0.1)
print("met" if Path("{other}").exists() else "alone", "{mine}")"""


@pytest.fixture
def cold(monkeypatch):
    """Kernels start as ever, for a server would import for three seconds what these pages never use."""
    monkeypatch.setattr(warm_kernels, "begin", None)


def built(folder, pages, **settings):
    source = folder / "source"
    source.mkdir()
    for name, code in pages.items():
        (source / f"{name}.md").write_text(HEAD.format(title=name, code=code))
    names = "\n".join(pages)
    (source / "index.md").write_text(f"# Index\n\n```{{toctree}}\n{names}\n```\n")
    known = {
        "extensions": ["myst_nb", "book.extensions.side_by_side"],
        # Else a book adds its suffixes to Sphinx's default, which the next book would get.
        "source_suffix": {".md": "myst-nb"},
        "nb_execution_mode": "force",
        "nb_execution_raise_on_error": True,
        "html_theme": "basic",
    }
    out = folder / "html"
    app = Sphinx(
        source, None, out, folder / "trees", "html", known | settings, status=None, warning=None
    )
    app.build()
    return {name: (out / f"{name}.html").read_text() for name in pages}


def test_two_chapters_run_at_the_same_time(cold, tmp_path, monkeypatch):
    """Each waits for the other, so one after the other would say that it was alone."""
    monkeypatch.setattr(side_by_side, "jobs", lambda: 2)
    pages = {
        "a": MEET.format(mine="here_a", other="here_b"),
        "b": MEET.format(mine="here_b", other="here_a"),
    }
    html = built(tmp_path, pages)
    assert "met here_a" in html["a"] and "met here_b" in html["b"]


def test_pages_are_written_at_the_same_time_and_come_out_the_same(cold, tmp_path, monkeypatch):
    asked, whole = [], Builder._write_parallel

    def spied(builder, names, nproc):
        asked.append(nproc)
        whole(builder, names, nproc)

    monkeypatch.setattr(Builder, "_write_parallel", spied)
    pages, html = {f"page{n}": f"print({n}, 'said')" for n in range(4)}, {}
    for jobs in (1, 2):
        monkeypatch.setattr(side_by_side, "jobs", lambda jobs=jobs: jobs)
        (folder := tmp_path / str(jobs)).mkdir()
        html[jobs] = built(folder, pages)
    assert asked == ([2] if parallel_available else [])
    assert html[1] == html[2] and "3 said" in html[2]["page3"]


def test_an_error_still_fails_the_build(cold, tmp_path):
    with pytest.raises(Exception, match="wrong"):
        built(tmp_path, {"right": "print(1 + 1)", "wrong": "1 / 0"})
    assert not side_by_side.ahead
    assert side_by_side.direct.single_nb_execution is side_by_side.single_nb_execution


def test_a_page_that_nobody_foresaw_is_executed_when_it_is_read(cold, tmp_path, monkeypatch):
    monkeypatch.setattr(side_by_side, "key", lambda *_: object())
    assert "forty-two" in built(tmp_path, {"page": "print('forty-two')"})["page"]


def test_a_chapter_that_its_test_has_run_is_not_run_again(cold, tmp_path, monkeypatch):
    """Where the code is the same; the mark in the outputs tells who ran it."""
    (tmp_path / "executed").mkdir()
    for name, code in {"same": "print('same code')", "other": "print('older code')"}.items():
        cell = nbformat.v4.new_code_cell(code, execution_count=1)
        cell.outputs = [nbformat.v4.new_output("stream", text="run by its test")]
        ran = nbformat.v4.new_notebook(cells=[cell])
        nbformat.write(ran, tmp_path / f"executed/{name}.md")
    monkeypatch.setenv("GENRE_LITE_EXECUTED", str(tmp_path / "executed"))
    html = built(tmp_path, {"same": "print('same code')", "other": "print('newer code')"})
    assert "run by its test" in html["same"]
    assert "run by its test" not in html["other"] and "newer code" in html["other"]


ASKED = """import os, subprocess, sys

settled = {"matplotlib.pyplot", "tqdm.auto", "tqdm.autonotebook"} & {*sys.modules}
found = ["torch" in sys.modules, os.getpgid(0) == os.getpid(), not settled, os.getcwd()]
found.append(subprocess.run([sys.executable, "-c", "raise SystemExit(3)"]).returncode)
import matplotlib
print("told", *found, "inline" in matplotlib.get_backend(), sep="|")"""


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_a_kernel_has_imported_and_is_a_kernel_like_any_other(tmp_path, monkeypatch):
    """Its own group, so that nobody else is stopped with it; its folder; children that it can wait for; its figures."""

    def told(folder):
        folder.mkdir()
        return re.search(r"told\|([^<\n]*)", built(folder, {"a": ASKED})["a"])[1].split("|")

    like_any = ["True", "True"], ["3", "True"]
    for where, imported in (("warm", "True"), ("as_ever", "False")):
        folder = tmp_path / where
        assert told(folder) == [imported, *like_any[0], str(folder / "source"), *like_any[1]]
        monkeypatch.setattr(warm_kernels, "begin", None)


STARTER = """import sys
from jupyter_client import KernelManager
from book.extensions import warm_kernels

warm_kernels.begin()
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(60)
print(manager.provisioner.pid, warm_kernels.server().pid, type(manager.provisioner.process).__name__, flush=True)
sys.stdin.read()"""


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
def test_no_kernel_outlives_whoever_started_it(root):
    """Also where nobody could say goodbye, as after a machine has run out of memory."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    starter = subprocess.Popen([sys.executable, "-c", STARTER], cwd=root, text=True, **pipes)
    kernel, server, kind = starter.stdout.readline().split()
    assert kind == "Forked"
    starter.kill()
    starter.wait()
    for _ in range(300):
        if not any(Path("/proc", number).exists() for number in (kernel, server)):
            return
        time.sleep(0.1)
    pytest.fail(f"kernel {kernel} or server {server} is still there")


def test_a_server_that_died_is_replaced(monkeypatch):
    lines = iter(["", "", "12345\n"])

    class Pipe:
        stdin = stdout = property(lambda self: self)
        write = flush = lambda self, *_: None

        def readline(self):
            return next(lines)

    monkeypatch.setattr(warm_kernels, "launch_kernel", lambda *_, **__: "as ever")
    monkeypatch.setattr(warm_kernels.subprocess, "Popen", lambda *_, **__: Pipe())
    warm_kernels.server.cache_clear()
    command = [sys.executable, "-m", warm_kernels.LAUNCHER, "-f", "kernel.json"]
    try:
        assert [warm_kernels.launch(command, env={}) for _ in range(2)] == ["as ever"] * 2
        assert warm_kernels.launch(command, env={}).pid == 12345
        assert warm_kernels.launch(["julia", "-m", warm_kernels.LAUNCHER], env={}) == "as ever"
    finally:
        warm_kernels.server.cache_clear()
