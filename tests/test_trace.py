"""Equation, function, test and chapter hang together, and the table that says so sees what does not."""

from __future__ import annotations

import json

import pytest

from book.extensions.trace_table import Page, Trace

API = "```{eval-rst}\n.. automodule:: genre_lite.room\n   :members:\n```\n"
MODULE = '''"""A room."""

__all__ = ["Thing", "halve"]


def halve(x):
    """Half.

    Equation: :eq:`one-half`.
    """
    return x / 2


class Thing:
    """A thing."""

    def third(self, x):
        """A third. Equations: no."""

    def quarter(self, x):
        """A quarter.

        Equations: :eq:`one-quarter`,
        :eq:`one-eighth`.
        """


def _inner():
    """Nothing public."""
'''
PAGE = """# Page

$$
x / 2
$$ (one-half)

$$ x / 4 $$ (one-quarter)

$$
x / 8
$$ (one-eighth)

$$
x / 16
$$ (one-sixteenth)
% by hand: one-sixteenth
"""
TESTS = """import pytest


@pytest.mark.equation("one-half", "one-quarter")
@pytest.mark.parametrize("x", [1])
def test_a(x):
    pass


class TestMore:
    @pytest.mark.slow
    @pytest.mark.equation("one-eighth")
    @pytest.mark.equation("one-sixteenth")
    def test_b(self):
        pass
"""


@pytest.fixture
def tree(tmp_path):
    """A small repository in which everything has its counterpart."""
    cells = [
        {"cell_type": "markdown", "source": ["# Chapter"]},
        {"cell_type": "code", "source": ["import genre_lite as gl\n", "gl.room.Thing()"]},
    ]
    for name, text in {
        "genre_lite/__init__.py": '__all__ = sorted({"room"})\n',
        "genre_lite/room.py": MODULE,
        "book/page.md": PAGE,
        "book/api/rooms.md": API,
        "tests/test_room.py": TESTS,
        "notebooks/01_chapter.ipynb": json.dumps({"cells": cells}),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_no_equation_function_or_test_of_ours_is_an_orphan():
    assert not Trace().orphans()


def test_a_whole_tree_has_no_orphans(tree):
    assert Trace(tree, {}).orphans() == []


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (
            "genre_lite/room.py",
            "Equation: :eq:`one-half`.",
            "",
            "'one-half' of book/page is computed",
        ),
        (
            "book/page.md",
            "% by hand: one-sixteenth\n",
            "",
            "'one-sixteenth' of book/page is computed",
        ),
        ("book/page.md", "% by hand: one-six", "% by hand: one-nine", "no such equation"),
        (
            "book/page.md",
            "$$ (one-eighth)",
            "$$",
            "quarter names the equation 'one-eighth'; no page",
        ),
        ("book/page.md", "(one-eighth)", "(one-half)", "Two equations have the label 'one-half'"),
        ("book/page.md", "(one-half)", "(one-half)\n% by hand: one-half", "to be by hand, but"),
        ("tests/test_room.py", '"one-half", ', "", "'one-half' of book/page is checked by no test"),
        (
            "tests/test_room.py",
            '"one-eighth"',
            '"one-ninth"',
            "test_b names the equation 'one-ninth'",
        ),
        ("genre_lite/room.py", "def _inner", "class halves", None),
        ("genre_lite/room.py", '"halve"]', '"halve", "_inner"]', "room._inner is public, and no"),
    ],
)
def test_every_kind_of_orphan_is_seen(tree, file, before, after, said):
    edit(tree / file, before, after)
    found = Trace(tree, {}).orphans()
    assert any(said in one for one in found) if said else found == []


def test_a_class_is_spoken_of_if_an_equation_names_a_method(tree):
    edit(tree / "notebooks/01_chapter.ipynb", "gl.room.Thing", "1")
    assert Trace(tree, {}).orphans() == []
    edit(
        tree / "genre_lite/room.py", "Equations: :eq:`one-quarter`,\n        :eq:`one-eighth`.", ""
    )
    said = Trace(tree, {}).orphans()
    assert "genre_lite.room.Thing is public, and no equation or page speaks of it." in said
    assert not any(
        "room.Thing" in one for one in Trace(tree, {"genre_lite.room.Thing": "it is old"}).orphans()
    )


@pytest.mark.parametrize(
    ("code", "spoken"),
    [
        ("gl.room.Thing()", True),
        ("from genre_lite.room import Thing", True),
        ("of = gl.room\nof.Thing()", True),
        ("other.room.Thing()", False),
        ("gl.load().Thing", False),
        ("Thing = 1", False),
    ],
)
def test_a_cell_speaks_of_what_it_takes_from_the_package(code, spoken):
    page = Page("page", "No words.", ["import genre_lite as gl", code])
    assert ("Thing" in page.mentions()) is spoken


@pytest.mark.parametrize("words", ["{class}`~genre_lite.room.Thing`", "`Thing(1)`", "`room.Thing`"])
def test_a_sentence_may_speak_of_it(tree, words):
    edit(
        tree / "genre_lite/room.py", "Equations: :eq:`one-quarter`,\n        :eq:`one-eighth`.", ""
    )
    edit(tree / "notebooks/01_chapter.ipynb", "gl.room.Thing()", "1")
    edit(tree / "notebooks/01_chapter.ipynb", "# Chapter", f"# Chapter of {words}")
    assert not any("room.Thing" in one for one in Trace(tree, {}).orphans())


def test_what_is_set_aside_must_exist(tree):
    (said,) = Trace(tree, {"genre_lite.cellar": "it is dark"}).orphans()
    assert "genre_lite.cellar is set aside" in said


def test_the_table_links_what_the_reference_documents(tree):
    table = Trace(tree, {}).markdown()
    assert "**{doc}`/book/page`**" in table
    row = (
        "| {eq}`one-half` `one-half` | {py:obj}`halve <genre_lite.room.halve>` | `test_room.py` a |"
    )
    assert row in table
    assert "{py:obj}`Thing.quarter <genre_lite.room.Thing.quarter>`" in table
    assert "| by hand | `test_room.py` b |" in table
