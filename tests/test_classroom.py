"""What ``make classroom`` writes: its structure, and what the graders say of right and of wrong answers."""

from __future__ import annotations

import builtins
import csv
import doctest
import json
import os
import re
import shutil
import subprocess
from importlib import import_module
from itertools import combinations, permutations
from xml.etree import ElementTree
from zipfile import ZipFile

import nbformat
import pytest

from book.classroom import exam
from book.classroom.__main__ import write
from book.classroom.assignments import makes, reads, setup, tasks
from book.classroom.qti import questions
from book.extensions.question import flaw
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


@pytest.mark.parametrize("name", ["chapters", "assignments", "minutes", "qti"])
def test_the_examples_hold(name):
    told = doctest.testmod(import_module(f"book.classroom.{name}"))
    assert told.attempted and not told.failed


def test_the_exam_is_drawn_anew_and_can_be_made_again(folder, tmp_path):
    sheet, solved = (
        (folder / name).read_text("utf-8") for name in ("exam.md", "exam_solutions.md")
    )
    seed = int(re.search(r"solutions of sheet (\d+)$", solved, re.M)[1])
    assert sheet == exam.sheet(seed) and solved == exam.solutions(seed)
    assert len({exam.draw() for _ in range(20)}) == 20
    assert "123456789" not in exam.sheet(123456789), "who holds the sheet cannot make its solutions"
    write(tmp_path, 7)
    assert (tmp_path / "exam_solutions.md").read_text("utf-8") == exam.solutions(7)


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


# -- the questions ------------------------------------------------------------------------------------


Q = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
CP = "{http://www.imsglobal.org/xsd/imscp_v1p1}"


@pytest.fixture(scope="module")
def package(folder):
    """The files of the package, read again."""
    with ZipFile(folder / "questions-qti-2.1.zip") as packed:
        assert packed.testzip() is None
        return {name: ElementTree.fromstring(packed.read(name)) for name in packed.namelist()}


class Platform:
    """What a learning platform does with an item: the rules of QTI 2.1 that the package uses, and no other."""

    def __init__(self, item):
        self.item = item
        declared = item.find(f"{Q}responseDeclaration")
        self.cardinality = declared.get("cardinality")
        self.number = declared.get("baseType") == "float"
        self.correct = self.read([v.text for v in declared.iter(f"{Q}value")])

    def read(self, response):
        """A response in the form in which two are compared."""
        if self.number:
            return float(response[0])
        how = {"single": lambda r: r[0], "multiple": set, "ordered": tuple}
        return how[self.cardinality](response)

    def value(self, node):
        if node.tag == f"{Q}baseValue":
            return float(node.text) if node.get("baseType") == "float" else node.text
        assert node.get("identifier") == "RESPONSE"
        return {"variable": self.response, "correct": self.correct}[node.tag.removeprefix(Q)]

    def holds(self, node):
        rule = node.tag.removeprefix(Q)
        if rule == "and":
            return all(map(self.holds, node))
        one, other = map(self.value, node)
        if rule == "equal":
            assert node.get("toleranceMode") == "absolute"
            below, above = map(float, node.get("tolerance").split())
            return other - below <= one <= other + above
        return {"match": one == other, "gte": one >= other, "lte": one <= other}[rule]

    def follow(self, node):
        rule = node.tag.removeprefix(Q)
        if rule == "setOutcomeValue":
            self.outcomes[node.get("identifier")] = self.value(node[0])
            return
        assert rule == "responseCondition", rule
        for branch in node:
            inside = list(branch)
            if branch.tag == f"{Q}responseElse" or self.holds(inside.pop(0)):
                for each in inside:
                    self.follow(each)
                return

    def judge(self, response):
        """The score of a response, and the hints that are shown."""
        self.response, self.outcomes = self.read(response), {"SCORE": 0.0}
        for node in self.item.find(f"{Q}responseProcessing"):
            self.follow(node)
        shown = []
        for hint in self.item.findall(f"{Q}modalFeedback"):
            outcome = self.outcomes.get(hint.get("outcomeIdentifier"), ())
            if hint.get("identifier") in ({outcome} if isinstance(outcome, str) else outcome):
                shown.append(" ".join("".join(hint.itertext()).split()))
        return self.outcomes["SCORE"], shown


def responses(one):
    """Every response that is worth trying, and whether it is right, by the question's own words."""
    if one.kind == "number":
        for about, _ in one.answers:
            if about["right"]:
                low, high = about["from"], about["to"]
                far = (high - low) / 100
                yield from ((x, True) for x in (low, high, (low + high) / 2))
                yield from ((x, False) for x in (low - far, high + far))
            elif "else" not in about:
                low = about.get("from", about.get("to", 0) - 2)
                yield (low + about.get("to", low + 2)) / 2, False
        return
    names = [f"option-{n}" for n, _ in enumerate(one.options, 1)]
    if one.kind == "order":
        (order,) = (about["order"] for about, _ in one.answers if about["right"])
        for tried in permutations(range(1, len(names) + 1)):
            yield [f"option-{n}" for n in tried], list(tried) == order
        return
    rights = {about["option"] for about, _ in one.answers if about["right"]}
    some = range(1, len(names) + 1) if one.kind == "several" else (1,)
    for size in some:
        for tried in combinations(range(1, len(names) + 1), size):
            yield [f"option-{n}" for n in tried], {*tried} == rights


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_platform_judges_as_the_book_does(package, number):
    for one in (one for one in questions(number) if not one.figure):
        why = flaw(one.kind, len(one.options), [about for about, _ in one.answers])
        assert why is None, one.label
        platform = Platform(package[f"{one.label}.xml"])
        told = {True: 0, False: 0}
        for response, right in responses(one):
            response = [repr(float(response))] if one.kind == "number" else response
            score, hints = platform.judge(response)
            assert score == right, (one.label, response)
            assert hints, (one.label, response)
            told[right] += 1
        assert told[True] and told[False] >= 2 - (one.kind == "several"), one.label


def test_a_belief_gets_its_own_hint(package):
    platform = Platform(package["objectives-add-up.xml"])
    (hint,) = (m.hint for m in exercises()["2.1"].mistakes if "greatest value" in m.belief)
    assert platform.judge(["1.45"]) == (0, [hint])
    assert platform.judge(["1.2"])[1][0].startswith("Take the three features one by one")
    (hint,) = (m.hint for m in exercises()["3.1"].mistakes if "tiny λ" in m.belief)
    assert Platform(package["search-halve.xml"]).judge(["option-1"]) == (0, [hint])


def test_the_manifest_names_every_file_and_each_chapter_is_a_quiz(package):
    resources = {r.get("href"): r for r in package["imsmanifest.xml"].iter(f"{CP}resource")}
    assert {*resources} == {*package} - {"imsmanifest.xml"}
    assert all(r.find(f"{CP}file").get("href") == name for name, r in resources.items())
    asked = []
    for number in CHAPTERS:
        quiz = f"chapter-{number:02}.xml"
        refs = [ref.get("href") for ref in package[quiz].iter(f"{Q}assessmentItemRef")]
        needs = [d.get("identifierref") for d in resources[quiz].iter(f"{CP}dependency")]
        assert resources[quiz].get("type") == "imsqti_test_xmlv2p1"
        assert refs == [f"{need}.xml" for need in needs] and len(refs) >= 3
        assert all(resources[ref].get("type") == "imsqti_item_xmlv2p1" for ref in refs)
        asked += refs
    items = {name: tree for name, tree in package.items() if tree.tag == f"{Q}assessmentItem"}
    assert sorted(asked) == sorted(items)
    for name, tree in items.items():
        assert f"{tree.get('identifier')}.xml" == name
        assert re.fullmatch(r"[A-Za-z_][\w.-]*", tree.get("identifier"))
        # The parts of an item stand in the order that the standard's schema asks for.
        order = [part.tag.removeprefix(Q) for part in tree]
        places = [PARTS.index(part) for part in order]
        assert places == sorted(places) and order.count("itemBody") == 1, name


PARTS = [
    "responseDeclaration",
    "outcomeDeclaration",
    "itemBody",
    "responseProcessing",
    "modalFeedback",
]


def test_questions_about_a_drawing_are_counted_and_left_out(folder, package):
    drawn = {one.label for n in CHAPTERS for one in questions(n) if one.figure}
    assert drawn and not drawn & {name.removesuffix(".xml") for name in package}
    assert (
        f"{len(drawn)} questions that are asked about a drawing"
        in (folder / "README.md").read_text()
    )


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
