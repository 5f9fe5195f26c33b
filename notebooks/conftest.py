"""A chapter fails its test if it runs away, or if words of a figure lie on each other.

Kernels start with a profile of their own, in which ``tests/labels.py`` looks at every figure and writes what is wrong
into a file; the cell that drew it fails. And pytest adds up the seconds of a chapter's cells.

Whoever names a folder in ``GENRE_LITE_EXECUTED`` finds there each chapter with its outputs, if all its cells passed;
the extension ``side_by_side`` takes them from there, so that the gate runs no chapter twice.

What a chapter may take on a quiet machine is held elsewhere, by ``results/chapters.json``. Tests
run on busy ones, so the limit here is five times the minute of the budget.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import IPyNbCell

from book.extensions import warm_kernels

collect_ignore = ["conftest.py"]  # as in tests/conftest.py
LIMIT = 5 * 60  # seconds
EXECUTED = os.environ.get("GENRE_LITE_EXECUTED")
spent: Counter = Counter()
passed: Counter = Counter()
TESTS = Path(__file__).resolve().parent.parent / "tests"
PROFILE = tempfile.TemporaryDirectory(prefix="labels-")
TOLD = Path(
    PROFILE.name, "told.txt"
)  # one a process, so that those of other workers stay apart
STARTUP = f"""
import sys
from pathlib import Path
sys.path.append({str(TESTS)!r})
import labels
sys.path.remove({str(TESTS)!r})
labels.watch(get_ipython(), Path({str(TOLD)!r}))
del labels, sys, Path
"""
startup = Path(PROFILE.name, "profile_default", "startup")
startup.mkdir(parents=True)
(startup / "look_at_figures.py").write_text(STARTUP, encoding="utf-8")
if EXECUTED:  # the book's own kernels draw and warn so
    from book.extensions.outputs import SETTINGS

    startup.with_name("ipython_kernel_config.py").write_text(
        SETTINGS, encoding="utf-8"
    )
os.environ["IPYTHONDIR"] = PROFILE.name
warm_kernels.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail the cell whose figure cannot be read, and the one that takes its chapter over the limit."""
    report = yield
    if TOLD.exists():
        wrong = TOLD.read_text(encoding="utf-8")
        TOLD.unlink()
        report.outcome = "failed"
        report.longrepr = (
            f"Words of a figure of {item.path.name} cannot be read:\n{wrong}"
        )
    before = spent[item.path]
    spent[item.path] += call.duration
    if before <= LIMIT < spent[item.path]:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.path.name} has run for {spent[item.path]:.0f} s; no chapter may run for {LIMIT} s, "
            "even on a busy machine. Load a trained model, or take a smaller table."
        )
    passed[item.path] += report.when == "call" and report.passed
    return report


def pytest_runtest_call(item):
    """As in Jupyter, a cell that ends with a semicolon shows no result: the kernel looks it up in its history."""
    if isinstance(item, IPyNbCell) and item.cell_num == 0:
        client = item.parent.kernel.kc
        execute = client.execute
        client.execute = lambda *code, **how: execute(
            *code, **how | {"store_history": True}
        )


def pytest_runtest_teardown(item, nextitem):
    """Keep what the cell gave, and the chapter after its last cell."""
    if not EXECUTED or not isinstance(item, IPyNbCell):
        return
    item.cell.outputs, item.cell.execution_count = (
        item.test_outputs or [],
        item.cell_num + 1,
    )
    chapter = item.parent
    if nextitem is None or nextitem.parent is not chapter:
        cells = [
            cell for cell in chapter.nb.cells if cell.cell_type == "code"
        ]
        if passed[item.path] == len(cells):
            Path(EXECUTED).mkdir(parents=True, exist_ok=True)
            nbformat.write(chapter.nb, Path(EXECUTED, item.path.name))
