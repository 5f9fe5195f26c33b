"""The syllabus: its calendars hold every chapter, its hours and weights add up, and no table stands twice."""

from __future__ import annotations

import re

import pytest
import yaml
from play import shown, table

from book.classroom.chapters import CHAPTERS, prose, title
from book.extensions.learning_resource import minutes


@pytest.fixture
def page(root, monkeypatch):
    """What the cells of the page show: outcomes, the two calendars, hours."""
    left, _ = shown(root / "book/syllabus.md", monkeypatch)
    return [text for text in left if text is not None]


@pytest.fixture(scope="module")
def text(root):
    return (root / "book/syllabus.md").read_text()


def test_the_outcomes_are_the_objectives_word_for_word(root, page):
    known = yaml.safe_load((root / "book/objectives.yml").read_text())
    told = [line[2:-1] for line in page[0].splitlines() if line.startswith("- ")]
    assert told == [goal for number in CHAPTERS for goal in known[number]]
    # A list ends with a full stop, and a chapter has its own list.
    assert page[0].count(".\n\n**") == len(CHAPTERS) - 1


def test_both_calendars_hold_every_chapter_once_with_its_minutes(page):
    home = {n: minutes(prose(n)) for n in CHAPTERS}
    six, twelve = table(page[1]), table(page[2])
    weeks = [[int(n) for n in row[1].split(", ")] for row in six]
    assert [n for week in weeks for n in week] == [*CHAPTERS] and len(weeks) == 6
    assert [int(row[2]) for row in six] == [sum(home[n] for n in week) for week in weeks]
    assert [int(row[2]) for row in twelve] == [home[n] for n in CHAPTERS]
    assert all(title(n) in row[1] for n, row in zip(CHAPTERS, twelve, strict=True))


def test_the_hours_add_up(page):
    """Within what rounding each to half an hour may take away."""
    *parts, whole = table(page[3])
    for column, met in ((1, 6 * 2), (2, 12 * 1.5)):
        hours = [float(row[column]) for row in parts]
        assert hours[0] == met
        assert hours[1] == pytest.approx(sum(minutes(prose(n)) for n in CHAPTERS) / 60, abs=0.25)
        assert float(whole[column]) == pytest.approx(sum(hours), abs=0.25 * len(parts))


def test_the_weights_are_the_whole(text):
    marked = text[text.index("## Assessment") : text.index("(memo-rubric)=")]
    assert sum(map(int, re.findall(r"\| (\d+) % \|", marked))) == 100


def test_every_part_that_a_syllabus_has_is_there(text):
    heads = re.findall(r"^## (.+)$", text, re.M)
    wanted = (
        "Aims, For whom, and what they need, Outcomes, Calendar, Workload, Assessment, Policies"
    )
    assert ", ".join(heads) == f"{wanted}, Materials, Licence"


def test_no_table_stands_twice(root, text):
    """What the page on teaching had of it was moved here."""
    teach = (root / "book/teach.md").read_text()
    lines = {line for line in text.splitlines() if line.startswith("| ") and len(line) > 12}
    assert not lines & set(teach.splitlines())
    assert "](syllabus)" in teach and "memo-rubric" in teach and "](teach)" in text
    assert "**Scope**" in text and "**Scope**" not in teach
