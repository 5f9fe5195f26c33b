"""Write everything for a classroom into a folder: ``python -m book.classroom _classroom``.

A number behind the folder is the exam's sheet; without one it is drawn.
"""

import sys
from pathlib import Path

import nbformat

from . import exam, nbgrader_course, otter_course, qti
from .chapters import CHAPTERS, ROOT

README = """# For the classroom

Made by `make classroom`; change the book, not these files. The page "Teaching with this book" says how to use each.

- `nbgrader/`: a course. There, `nbgrader generate_assignment chapter-02 --create` makes the students' version.
- `otter/`: one assignment a chapter. In `otter/chapter-02`, `otter assign chapter-02.ipynb dist` makes the students'
  version and the archive that grades it.
- `exam.md` and `exam_solutions.md`: eight problems like the exercises with other numbers, drawn anew each time. The sheet's
  number stands at the top of the solutions alone: `python -m book.classroom _classroom NUMBER` makes it again.
- `questions-qti-2.1.zip`: {asked} questions of the chapters with their hints, for a learning platform; each chapter is a
  quiz. {left} questions that are asked about a drawing stay in the book.

Text under CC BY 4.0, code under MIT.
"""


def write(folder: Path, seed: int | None = None) -> None:
    """All of it, into a folder that may hold an older one; the exam's seed is drawn where none is given."""
    seed = exam.draw() if seed is None else seed
    for number in CHAPTERS:
        name = f"chapter-{number:02}"
        places = {
            folder / "nbgrader" / "source" / name: nbgrader_course,
            folder / "otter" / name: otter_course,
        }
        for place, course in places.items():
            place.mkdir(parents=True, exist_ok=True)
            nbformat.write(course.notebook(number), place / f"{name}.ipynb")
        (folder / "otter" / name / "requirements.txt").write_text(otter_course.REQUIREMENTS)
    asked, left = qti.package(folder / "questions-qti-2.1.zip")
    (folder / "nbgrader" / "nbgrader_config.py").write_text(nbgrader_course.CONFIG)
    (folder / "exam.md").write_text(exam.sheet(seed), encoding="utf-8")
    (folder / "exam_solutions.md").write_text(exam.solutions(seed), encoding="utf-8")
    (folder / "README.md").write_text(README.format(asked=asked, left=left), encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_classroom"
    write(folder, int(sys.argv[2]) if len(sys.argv) > 2 else None)
    print(f"For the classroom: {folder.resolve()}")
