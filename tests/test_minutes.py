"""Minutes by one rule, and the short routes: what they name exists, and they are short."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from docutils import nodes
from play import shown, table

from book.classroom import minutes as counted
from book.classroom.chapters import CHAPTERS, plain
from book.classroom.minutes import (
    exercise_minutes,
    page_minutes,
    route_minutes,
    routes,
    sections,
    text_minutes,
)
from book.classroom.qti import questions
from book.extensions import short_route
from book.extensions.learning_resource import minutes
from book.extensions.objectives import goals
from genre_lite.exercises import exercises

PAGES = dict(counted.every_page())
EVERY = pytest.mark.parametrize("name", PAGES)


def first_box(page):
    return "".join(json.loads(page.read_text())["cells"][0]["source"])


# -- the rule -----------------------------------------------------------------------------------

CELLS = [
    ("markdown", "# Title\n\n" + "word " * 198, {}),
    ("code", "a = 1\n\nb = 2\n", {}),
    ("code", "hidden = 1\n" * 50, {"tags": ["remove-cell"]}),
    ("code", "drawn = 1\n" * 50, {"tags": ["hide-input"], "mystnb": {"figure": {}}}),
    ("markdown", "## One\n\nOne formula:\n\n$$\nx = 1\n+ 2\n$$ (a-label)\n% by hand: a-label", {}),
    ("markdown", "(a-place)=\n## Two\n\n:::{dropdown} More\n" + "word " * 900 + "\n:::", {}),
    (
        "markdown",
        ":::{question} How many?\n:label: two-many\n:kind: number\n\n" + "word " * 100 + "\n\n"
        "<details><summary>Answers</summary>\n\n" + "- told " * 300 + "\n\n</details>\n:::",
        {},
    ),
    (
        "markdown",
        "## Exercises\n\n```{exercise-start} A\n:label: ex011-a\n```\n\n" + "asked " * 99,
        {},
    ),
    ("code", 'def f(): ...\n\n\ncheck("6.3", f)', {}),
    (
        "markdown",
        "```{exercise-end}\n```\n\n```{solution-start} ex011-a\n```\n\n" + "word " * 99,
        {},
    ),
    ("code", 'solution("6.3")', {}),
    ("markdown", "```{solution-end}\n```\n\n### Open task\n\n" + "word " * 97, {}),
]


def test_a_small_page_by_hand(tmp_path):
    cells = [
        {"cell_type": kind, "source": text.splitlines(True), "metadata": meta}
        for kind, text, meta in CELLS
    ]
    (tmp_path / "01_small.ipynb").write_text(json.dumps({"cells": cells}))
    opening, one, two, tasks = sections(tmp_path / "01_small.ipynb")
    # 200 words with the heading; two lines that are shown; one figure.
    assert opening.minutes == pytest.approx(1 + 2 * 3 / 60 + 0.5) and opening.title == ""
    assert one.minutes == pytest.approx(2 / 200 + 0.5) and one.title == "One"
    # The fold and the answers do not count; a number takes two minutes.
    assert two.minutes == pytest.approx(100 / 200 + 2) and two.questions == ("two-many",)
    # Three words of the heading and 97 more; the exercise asks for a function.
    assert tasks.reading == pytest.approx(100 / 200) and tasks.exercises == ("6.3",)
    assert tasks.minutes == pytest.approx(100 / 200 + 12)


def test_a_question_takes_a_minute_and_an_order_two():
    head = ":::{question} Which?\n:label: a-b\n"
    assert text_minutes(f"{head}\n:::") == 1
    assert text_minutes(f"{head}:kind: several\n\n:::") == 1
    assert text_minutes(f"{head}:kind: order\n\n:::") == 2


@EVERY
def test_no_part_of_a_page_is_lost(name):
    """Every heading, question and exercise is in one section."""
    cells = json.loads(PAGES[name].read_text())["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    parts = sections(PAGES[name])
    assert [s.title for s in parts if s.title] == re.findall(r"^## (.+)$", text, re.M)
    asked = re.findall(r"^:::\{question\} .+\n:label: (\S+)", text, re.M)
    assert [label for s in parts for label in s.questions] == asked
    keys = [key for s in parts for key in s.exercises]
    number = int(name[:2])
    mine = [
        k
        for n, p in PAGES.items()
        if int(n[:2]) == number
        for s in sections(p)
        for k in s.exercises
    ]
    assert mine == [*exercises(number)] and {*keys} <= {*mine}


@EVERY
def test_the_box_says_about_what_the_sections_add_up_to(name):
    said = minutes(first_box(PAGES[name]))
    assert abs(page_minutes(PAGES[name]) / said - 1) < 0.1


# -- routes -------------------------------------------------------------------------------------


def test_each_page_has_a_route():
    assert [*routes()] == [*PAGES]
    assert {int(name[:2]) for name in PAGES} == {*CHAPTERS}


@EVERY
def test_a_route_is_on_its_page_and_at_most_half_of_it(name):
    route, parts = routes()[name], sections(PAGES[name])
    titles = [s.title for s in parts]
    places = [titles.index(title) for title in route.sections]
    assert places and places == sorted(set(places)), "in the order of the page"
    assert {*route.exercises} <= {key for s in parts for key in s.exercises}
    took = route_minutes(PAGES[name], route)
    by_hand = sum(parts[p].reading for p in places) + sum(map(exercise_minutes, route.exercises))
    assert took == pytest.approx(by_hand)
    assert took <= page_minutes(PAGES[name]) / 2


@EVERY
def test_a_route_carries_the_first_objective_through(root, name):
    """Its exercises ask for it; where none does, one of its questions; where nothing does, the book says why."""
    serve = yaml.safe_load((root / "book/objectives.yml").read_text())[int(name[:2])]
    serving = serve[goals(first_box(PAGES[name]))[0]]
    route = routes()[name]
    if isinstance(serving, str):
        assert not route.exercises
        return
    assert {*route.exercises} <= {*serving}
    asked = {q for s in sections(PAGES[name]) if s.title in route.sections for q in s.questions}
    assert {*route.exercises, *asked} & {*serving}


# -- where they are told ------------------------------------------------------------------------


class App:
    """As much of Sphinx as the line needs."""

    def __init__(self, docname):
        self.env = self
        self.docname = docname

    def note_dependency(self, path):
        pass


def page(*titles):
    box = nodes.admonition("", nodes.title("", "This chapter"), nodes.paragraph("", "Why?"))
    parts = [nodes.section("", nodes.title("", t), ids=[f"at-{n}"]) for n, t in enumerate(titles)]
    return nodes.document(None, None, "", box, *parts), box


def test_the_first_box_links_to_the_stops():
    route = routes()["06"]
    document, box = page("Before", *route.sections)
    short_route.tell(App(f"notebooks/{PAGES['06'].stem}"), document)
    links = {link.astext(): link["refid"] for link in box.findall(nodes.reference)}
    assert [*links] == [*route.sections, "exercise 6.3"]
    assert [links[title] for title in route.sections] == ["at-1", "at-2"]
    assert f":label: {links['exercise 6.3']}" in PAGES["06"].read_text()
    took = route_minutes(PAGES["06"], route)
    said = int(re.search(r"About (\d+) minutes", box.astext())[1])
    assert said - 5 < took <= said and said % 5 == 0


@EVERY
def test_every_route_can_be_told(name):
    """Each exercise has its own anchor on the page, under whatever label."""
    document, box = page(*routes()[name].sections)
    short_route.tell(App(f"notebooks/{PAGES[name].stem}"), document)
    anchors = [link["refid"] for link in box.findall(nodes.reference)]
    assert len(anchors) == len(set(anchors))
    cells = json.loads(PAGES[name].read_text())["cells"]
    text = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    for key, anchor in zip(
        routes()[name].exercises, anchors[len(routes()[name].sections) :], strict=True
    ):
        (cell,) = [t for t in text if re.search(rf"^:label: {anchor}$", t, re.M)]
        assert f"**{key}**" in cell.partition(f":label: {anchor}")[2]


def test_a_page_without_a_route_and_a_heading_that_is_missing():
    document, box = page()
    short_route.tell(App("book/teach"), document)
    assert box.astext() == "This chapter\n\nWhy?"
    with pytest.raises(Exception, match="No section is called 'A letter that is somebody'"):
        short_route.tell(App(f"notebooks/{PAGES['06'].stem}"), document)


def test_the_page_on_teaching_shows_what_is_counted(root, monkeypatch):
    left, _ = shown(root / "book/teach.md", monkeypatch)
    (told,) = [text for text in left if text and "by the short route" in text]
    blocks = told.split(":::{dropdown} ")[1:]
    assert len(blocks) == len(PAGES)
    for block, (name, path) in zip(blocks, PAGES.items(), strict=True):
        whole, short = map(int, re.findall(r"(\d+) (?:minutes|by)", block.splitlines()[0]))
        assert (whole, short) == (
            round(page_minutes(path)),
            round(route_minutes(path, routes()[name])),
        )
        rows = table(block)
        assert sum(int(row[1]) for row in rows) == pytest.approx(whole, abs=len(rows) / 2)
        route = routes()[name]
        stops = [*route.sections, *(f"Exercise {key}" for key in route.exercises)]
        assert [row[0] for row in rows if row[2] == "yes"] == stops


def test_the_page_on_teaching_lists_the_belief_behind_every_mistake_and_wrong_answer(
    root, monkeypatch
):
    left, _ = shown(root / "book/teach.md", monkeypatch)
    (told,) = [text for text in left if text and "Behind the questions" in text]
    beliefs = [m.belief for one in exercises().values() for m in one.mistakes]
    asked = [plain(belief) for n in CHAPTERS for one in questions(n) for _, belief in one.beliefs]
    assert not [belief for belief in beliefs + asked if belief not in told]


@EVERY
def test_the_route_is_in_the_built_book(pages, html, name):
    line = pages[html / f"notebooks/{PAGES[name].stem}.html"].select_one("p.genre-route")
    assert all(line.find("a", string=title) for title in routes()[name].sections)
