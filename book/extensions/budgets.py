"""What a chapter costs to run, told at its top and in one table: from ``results/chapters.json``.

The words are added to the box "This chapter" when its page is read, so no notebook holds a number
that grows old. ``python -m benchmarks.chapters`` measures again.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parents[2] / "results" / "chapters.json"
BOXES = ("This chapter", "This page")
WORDS = {1: "one core", 2: "two cores"}


def recorded(path: Path = RESULTS) -> tuple[dict[str, dict], int]:
    """What was measured of each chapter, by its name, and on how many cores."""
    if not path.is_file():
        return {}, 0
    record = json.loads(path.read_text())
    return record["chapters"], record["made_by"]["cores"]


def words(chapter: dict, cores: int) -> str:
    """Seconds and memory in words.

    Examples
    --------
    >>> words({"seconds": 20.6, "peak_memory_mb": 812.0}, 2)
    '21 s and 0.8 GB on two cores'
    """
    seconds, gigabytes = f"{chapter['seconds']:.0f}", f"{chapter['peak_memory_mb'] / 1000:.1f}"
    return f"{seconds} s and {gigabytes} GB on {WORDS.get(cores, f'{cores} cores')}"


def tell(app: Sphinx, doctree: nodes.document) -> None:
    """Add the line to the first box of a chapter that was measured."""
    chapters, cores = recorded()
    folder, _, name = app.env.docname.rpartition("/")
    if folder != "notebooks":
        return
    app.env.note_dependency(str(RESULTS))
    boxes = [b for b in doctree.findall(nodes.admonition) if b[0].astext() in BOXES]
    if boxes and name in chapters:
        line = nodes.paragraph("", "", classes=["genre-budget"])
        line += [nodes.strong("", "It runs in"), nodes.Text(f" {words(chapters[name], cores)}.")]
        boxes[0] += line


class BudgetTable(SphinxDirective):
    """``{budget-table}``: every chapter that was measured."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        chapters, _ = recorded()
        rows = [
            f"| {{doc}}`/notebooks/{name}` | {of['seconds']:.0f} | {of['cpu_seconds']:.0f} "
            f"| {of['peak_memory_mb']:,.0f} |"
            for name, of in chapters.items()
        ]
        head = [
            "| Chapter | Seconds | Seconds of computing | Peak memory in MB |",
            "|---|--:|--:|--:|",
        ]
        box = nodes.container()
        self.state.nested_parse(StringList([*head, *rows], ""), self.content_offset, box)
        return box.children


def setup(app: Sphinx) -> dict:
    """Connect the line, and register the table."""
    app.connect("doctree-read", tell)
    app.add_directive("budget-table", BudgetTable)
    return {"version": "1", "parallel_read_safe": True}
