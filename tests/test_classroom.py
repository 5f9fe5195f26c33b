"""What ``make classroom`` writes: its structure, and what the graders say of right and of wrong answers."""

from __future__ import annotations

import builtins
import csv
import doctest
import json
import os
import shutil
import subprocess
from importlib import import_module

import nbformat
import pytest

from book.classroom.__main__ import write
from book.classroom.assignments import makes, reads, setup, tasks
from genre_lite.exercises import CHAPTERS, exercises

TRIED = 2  # the chapter that the graders grade
WRONG = """
from genre_lite.exercises import exercises
{name} = exercises()["{key}"].mistakes[0].answer()"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The whole of it."""
    made = tmp_path_factory.mktemp("classroom")
    write(made)
    return made


# -- structure --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chapters", "assignments"])
def test_the_examples_hold(name):
    told = doctest.testmod(import_module(f"book.classroom.{name}"))
    assert told.attempted and not told.failed


@pytest.mark.parametrize("number", CHAPTERS)
def test_no_assignment_reads_a_name_that_it_does_not_make(number):
    """Neither what is given nor a solution misses a statement of the chapter."""
    given = makes(setup(number)) | {*dir(builtins)}
    assert reads(setup(number)) <= given
    for task in tasks(number):
        before = "\n".join((*task.given, task.starter))
        given |= makes(before)
        assert reads(before) | reads(task.solution) <= given, task.key
        assert task.name in makes(task.solution), task.key


@pytest.mark.slow
@pytest.mark.parametrize("number", CHAPTERS)
def test_every_solution_is_right_by_itself(number):
    for task in tasks(number):
        space = {}
        exec(task.solution, space)
        verdict = exercises()[task.key].judge(space[task.name])
        assert verdict.right, (task.key, verdict)


@pytest.mark.parametrize("number", CHAPTERS)
def test_nbgrader_finds_an_answer_and_a_test_for_each_exercise(folder, number):
    name = f"chapter-{number:02}"
    book = nbformat.read(folder / f"nbgrader/source/{name}/{name}.ipynb", as_version=4)
    nbformat.validate(book)
    marks = [cell.metadata["nbgrader"] for cell in book.cells]
    needed = {"grade", "solution", "locked", "task", "grade_id"}
    assert all(m["schema_version"] == 3 and needed < {*m} for m in marks)
    places = {m["grade_id"]: place for place, m in enumerate(marks)}
    assert len(places) == len(marks)
    for key in exercises(number):
        place = places[f"answer-{key.replace('.', '-')}"]
        assert places[f"test-{key.replace('.', '-')}"] == place + 1
        answer, test = book.cells[place : place + 2]
        before, _, rest = answer.source.partition("### BEGIN SOLUTION\n")
        assert "..." in before or '"?"' in before
        assert rest.endswith("\n### END SOLUTION")
        assert test.metadata["nbgrader"]["points"] == 1
        assert f'check("{key}"' in test.source


@pytest.mark.parametrize("number", CHAPTERS)
def test_otter_finds_a_question_for_each_exercise(folder, number):
    name = f"chapter-{number:02}"
    book = nbformat.read(folder / f"otter/{name}/{name}.ipynb", as_version=4)
    nbformat.validate(book)
    raw = [cell.source for cell in book.cells if cell.cell_type == "raw"]
    assert raw[0].startswith("# ASSIGNMENT CONFIG")
    questions = [text for text in raw if text.startswith("# BEGIN QUESTION")]
    names = [text.split("name: ")[1].split()[0] for text in questions]
    assert names == [f"q{key.replace('.', '_')}" for key in exercises(number)]
    parts = ["BEGIN QUESTION", "BEGIN SOLUTION", "END SOLUTION", "BEGIN TESTS", "END TESTS"]
    parts = [f"# {part}" for part in (*parts, "END QUESTION")]
    assert [text.splitlines()[0] for text in raw[1:]] == parts * len(names)


def test_no_text_of_an_assignment_needs_the_book_to_be_read(folder):
    for path in folder.glob("*/**/*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        for sign in ("{eq}", "{numref}", "{ref}", "{term}", "{cite", "{glue", ":::", "](../"):
            assert sign not in text, (path.name, sign)


# -- the graders --------------------------------------------------------------------------------------


@pytest.fixture
def tool(root, tmp_path):
    """Runs a grader as a teacher does, at a shell; skips where it is not installed."""
    env = os.environ | {
        "PYTHONPATH": str(root),
        "OMP_NUM_THREADS": "1",
        "GENRE_LITE_PROGRESS": str(tmp_path / "solved.json"),
    }

    def run(*command, where):
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        done = subprocess.run(
            command, cwd=where, env=env, capture_output=True, text=True, timeout=500
        )
        assert not done.returncode, done.stderr[-2000:]

    return run


def answered(notebook, asks, answers: str):
    """A student's notebook: each exercise with its right answer, or with a typical mistake."""
    by_place = dict(zip(asks, zip(tasks(TRIED), answers, strict=True), strict=True))
    for place, (task, way) in by_place.items():
        wrong = WRONG.format(name=task.name, key=task.key)
        notebook.cells[place].source += f"\n{task.solution}" if way == "r" else wrong
    return notebook


STUDENTS = {"ada": "rrrrr", "ben": "wrwww"}
NAME = f"chapter-{TRIED:02}"


@pytest.mark.slow
def test_nbgrader_gives_a_point_for_each_right_answer(folder, tool):
    course = folder / "nbgrader"
    tool("nbgrader", "generate_assignment", NAME, "--create", where=course)
    released = course / f"release/{NAME}/{NAME}.ipynb"
    assert "BEGIN SOLUTION" not in released.read_text()
    for student, answers in STUDENTS.items():
        book = nbformat.read(released, as_version=4)
        ids = [cell.metadata["nbgrader"]["grade_id"] for cell in book.cells]
        asks = [place for place, name in enumerate(ids) if name.startswith("answer-")]
        handed_in = course / "submitted" / student / NAME
        handed_in.mkdir(parents=True)
        nbformat.write(answered(book, asks, answers), handed_in / f"{NAME}.ipynb")
    tool("nbgrader", "autograde", NAME, "--create", where=course)
    tool("nbgrader", "export", where=course)
    rows = list(csv.DictReader((course / "grades.csv").open()))
    points = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in rows}
    assert points == {s: (answers.count("r"), 5) for s, answers in STUDENTS.items()}


@pytest.mark.slow
def test_otter_gives_a_point_for_each_right_answer(folder, tool):
    course = folder / "otter" / NAME
    tool("otter", "assign", f"{NAME}.ipynb", "dist", where=course)
    released = course / f"dist/student/{NAME}.ipynb"
    assert "mistakes" not in released.read_text() and "log(0.60" not in released.read_text()
    (archive,) = (course / "dist/autograder").glob("*.zip")
    for student, answers in STUDENTS.items():
        book = nbformat.read(released, as_version=4)
        sources = [cell.source for cell in book.cells]
        asks = [n - 1 for n, text in enumerate(sources) if text.startswith("grader.check(")]
        (course / student).mkdir()
        nbformat.write(answered(book, asks, answers), course / student / f"{NAME}.ipynb")
        tool("otter", "run", "-a", archive, "-o", student, f"{student}/{NAME}.ipynb", where=course)
        told = json.loads((course / student / "results.json").read_text())["tests"]
        points = [test["score"] for test in told if test["name"].startswith("q")]
        assert points == [float(way == "r") for way in answers], student
