"""An assignment for nbgrader: one notebook a chapter, each exercise with an answer and its autograder tests."""

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from .assignments import Task, setup, tasks, whole
from .chapters import title

__all__ = ["CONFIG", "notebook"]

CONFIG = '''"""Settings of nbgrader for this course."""

c = get_config()
c.CourseDirectory.course_id = "recourse"
# The starter with its dots stays; nbgrader's own stub would stop every cell of the student's notebook.
c.ClearSolutions.code_stub = {"python": "# Put your answer in the place of the dots above."}
c.ClearSolutions.enforce_metadata = False
c.ExecutePreprocessor.timeout = 300
'''


def _marked(cell: nbformat.NotebookNode, name: str, **kind: object) -> nbformat.NotebookNode:
    """A cell with the metadata of nbgrader's third schema."""
    plain = {"grade": False, "solution": False, "locked": True, "task": False}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": name, **plain, **kind}
    return cell


def _cells(task: Task) -> list[nbformat.NotebookNode]:
    name = task.key.replace(".", "-")
    solved = f"{task.starter}\n### BEGIN SOLUTION\n{task.solution}\n### END SOLUTION"
    return [
        _marked(new_markdown_cell(f"## {task.title}\n\n{task.asked}"), f"asked-{name}"),
        *(_marked(new_code_cell(c), f"given-{name}-{n}") for n, c in enumerate(task.given, 1)),
        _marked(new_code_cell(solved), f"answer-{name}", solution=True, locked=False),
        _marked(new_code_cell(task.test), f"test-{name}", grade=True, points=1),
    ]


def notebook(number: int) -> nbformat.NotebookNode:
    """The instructor's version of the assignment of a chapter."""
    cells = [_marked(new_markdown_cell(f"# {title(number)}: exercises"), "title")]
    if code := setup(number):
        cells.append(_marked(new_code_cell(code), "setup"))
    cells += [cell for task in tasks(number) for cell in _cells(task)]
    return whole(cells)
