"""A chapter that runs away fails its test: pytest adds up the seconds of its cells.

What a chapter may take on a quiet machine is held elsewhere, by ``results/chapters.json``. Tests
run on busy ones, so the limit here is five times the minute of the budget.
"""

from __future__ import annotations

from collections import Counter

import pytest

collect_ignore = ["conftest.py"]  # as in tests/conftest.py
LIMIT = 5 * 60  # seconds
spent: Counter = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail the cell that takes its chapter over the limit."""
    report = yield
    before = spent[item.path]
    spent[item.path] += call.duration
    if before <= LIMIT < spent[item.path]:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.path.name} has run for {spent[item.path]:.0f} s; no chapter may run for {LIMIT} s, "
            "even on a busy machine. Load a trained model, or take a smaller table."
        )
    return report
