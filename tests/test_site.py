"""What the book's extensions write: their examples, and what must fail loudly."""

from __future__ import annotations

import doctest
import importlib
import sys

import pytest


@pytest.fixture(scope="module")
def extension(root):
    """Import an extension by its name."""
    folder = str(root / "book" / "extensions")
    sys.path.insert(0, folder)
    yield importlib.import_module
    sys.path.remove(folder)


@pytest.mark.parametrize("name", ["desk_page", "mathematics", "sharing"])
def test_the_examples_hold(extension, name):
    pytest.importorskip("math_core")
    told = doctest.testmod(extension(name))
    assert told.attempted and not told.failed


def test_a_formula_keeps_its_words_together_and_lines_are_aligned(extension):
    pytest.importorskip("math_core")
    written = extension("mathematics").written
    assert "<mi>TV</mi>" in written(r"\mathrm{TV}(Q, R)")
    two = written("a &= b \\\\ c &= d", display=True)
    assert two.count("<mtr>") == 2 and 'display="block"' in two


def test_a_formula_that_cannot_be_drawn_is_an_error(extension):
    math_core = pytest.importorskip("math_core")
    with pytest.raises(math_core.LatexError, match="nosuchcommand"):
        extension("mathematics").written(r"\nosuchcommand")


def test_a_chapters_card_asks_its_question(extension, root):
    cards = extension("chapter_cards")
    pages = [page for _, files in cards.parts(root) for page in files]
    assert len(pages) == len(list(root.glob("notebooks/[01][0-9]_*.ipynb")))
    for page in pages:
        title, question = cards.opening(root / f"{page}.ipynb")
        assert title and question.rstrip("*").endswith("?"), page
