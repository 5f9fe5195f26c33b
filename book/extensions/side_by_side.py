"""Chapters are executed side by side, ahead of the page that needs them, and then written side by side.

Sphinx reads one page after the other, and MyST-NB executes each when it is read. Here all pages to be read are
handed to a few processes at once; a page that is read then waits for its own, and gets what it would have got.

In the gate the chapters' tests have just run the same cells. They leave the outputs in the folder that
``GENRE_LITE_EXECUTED`` names, and a page whose code is the same takes them from there.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ProcessPoolExecutor
from copy import deepcopy
from multiprocessing import get_context
from pathlib import Path

from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.execute import direct
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode, read
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from benchmarks.provenance import cores
from book.extensions import warm_kernels

MOST = 4  # a chapter may hold 1.5 GB
Key = tuple[str, tuple[str, ...]]

crew: ProcessPoolExecutor | None = None
ahead: dict[Key, Future] = {}


def jobs() -> int:
    """As many as there are cores to use, within bounds."""
    return min(MOST, cores() or 1)


def key(notebook: NotebookNode, folder: str) -> Key:
    """What decides what an execution gives: where it runs, and its code."""
    return folder, tuple(cell.source for cell in notebook.cells if cell.cell_type == "code")


def begin(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Hand over what is to be executed, in the order in which it will be read."""
    global crew
    settings = env.mystnb_config
    if settings.execution_mode != "force" or settings.execution_in_temp:
        return
    direct.single_nb_execution = executed
    crew = ProcessPoolExecutor(jobs(), get_context("spawn"), warm_kernels.begin)
    for name in sorted(docnames):
        path = Path(env.doc2path(name))
        text = path.read_text(encoding="utf-8")
        reader = create_nb_reader(str(path), env.myst_config, settings, text)
        if reader is not None:
            notebook, folder = reader.read(text), str(path.parent)
            timeout, errors = settings.execution_timeout, settings.execution_allow_errors
            ahead[key(notebook, folder)] = tested(path, notebook) or crew.submit(
                single_nb_execution, notebook, folder, timeout, errors
            )


def tested(path: Path, notebook: NotebookNode) -> Future | None:
    """What the chapter's test has left, if it ran this very code."""
    named = os.environ.get("GENRE_LITE_EXECUTED")
    if not named or not (left := Path(named, path.name)).is_file():
        return None
    folder, ran = str(path.parent), read(left, as_version=4)
    if key(ran, folder) != key(notebook, folder):
        return None
    page = deepcopy(notebook)
    both = ([cell for cell in of.cells if cell.cell_type == "code"] for of in (page, ran))
    for cell, run in zip(*both, strict=True):
        cell.outputs, cell.execution_count = run.outputs, run.execution_count
    done: Future = Future()
    done.set_result(ExecutionResult(page, folder, 0.0))
    return done


def executed(notebook: NotebookNode, cwd: str, **settings: object) -> ExecutionResult:
    """What was executed ahead, put into the page's notebook; else it is executed now."""
    waiting = ahead.pop(key(notebook, cwd), None)
    if waiting is None:
        return single_nb_execution(notebook, cwd=cwd, **settings)
    result = waiting.result()
    notebook.metadata.update(result.nb.metadata)
    for cell, done in zip(notebook.cells, result.nb.cells, strict=True):
        cell.update(done)
    return result


def write(app: Sphinx, env: BuildEnvironment) -> None:
    """All is read: let the processes that executed go, and have as many write."""
    end(app)
    if jobs() > 1:
        app.parallel = 1 + jobs()  # one more, which hands out


def end(app: Sphinx, problem: Exception | None = None) -> None:
    """Let the processes go; what nobody waits for any more is not begun."""
    if crew is not None:
        crew.shutdown(cancel_futures=True)
    ahead.clear()
    direct.single_nb_execution = single_nb_execution


def setup(app: Sphinx) -> dict:
    """Connect both ends of a build."""
    app.connect("env-before-read-docs", begin)
    app.connect("env-updated", write)
    app.connect("build-finished", end)
    return {"version": "1", "parallel_read_safe": False}
