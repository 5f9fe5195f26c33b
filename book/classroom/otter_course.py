"""An assignment for otter-grader: the same exercises between the raw cells that otter reads."""

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from .assignments import Task, setup, tasks, whole
from .chapters import SOURCE, title

__all__ = ["REQUIREMENTS", "notebook"]

CONFIG = """# ASSIGNMENT CONFIG
name: chapter-{number:02}
init_cell: true
export_cell: true
show_question_points: true
requirements: requirements.txt"""

# What the machine needs that grades with otter's archive.
REQUIREMENTS = f"genre-lite[notebook] @ git+{SOURCE}\n"


def _cells(task: Task) -> list[nbformat.NotebookNode]:
    name = f"q{task.key.replace('.', '_')}"
    solved = f"{task.starter}\n# BEGIN SOLUTION NO PROMPT\n{task.solution}\n# END SOLUTION"
    return [
        *(new_code_cell(code) for code in task.given),
        new_raw_cell(f"# BEGIN QUESTION\nname: {name}\npoints: 1"),
        new_markdown_cell(f"## {task.title}\n\n{task.asked}"),
        new_raw_cell("# BEGIN SOLUTION"),
        new_code_cell(solved),
        new_raw_cell("# END SOLUTION"),
        new_raw_cell("# BEGIN TESTS"),
        new_code_cell(task.test),
        new_raw_cell("# END TESTS"),
        new_raw_cell("# END QUESTION"),
    ]


def notebook(number: int) -> nbformat.NotebookNode:
    """The instructor's version of the assignment of a chapter."""
    cells = [new_raw_cell(CONFIG.format(number=number))]
    cells.append(new_markdown_cell(f"# {title(number)}: exercises"))
    if code := setup(number):
        cells.append(new_code_cell(code))
    return whole(cells + [cell for task in tasks(number) for cell in _cells(task)])
