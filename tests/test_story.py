"""One person, one question: each chapter ends with an answer to it, and the last with what became of her."""

from __future__ import annotations

import json
import re

import pytest

QUESTION = "## What should the bank write to Mira?"
ANSWERS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "last",
]


@pytest.fixture(scope="module")
def chapters(root):
    """The prose of each chapter by its number; what is hidden is left out."""
    return {
        path.name[:2]: [
            "".join(cell["source"])
            for cell in json.loads(path.read_text())["cells"]
            if "remove-cell" not in cell["metadata"].get("tags", [])
        ]
        for path in sorted(root.glob("notebooks/[01][0-9]_*.ipynb"))
    }


def test_each_chapter_answers_the_question_and_in_order(chapters):
    assert len(chapters) == len(ANSWERS)
    for (number, cells), answer in zip(chapters.items(), ANSWERS, strict=True):
        at = [
            i
            for i, cell in enumerate(cells)
            if cell.startswith(QUESTION) or f"\n{QUESTION}" in cell
        ]
        told = [i for i, cell in enumerate(cells) if f"*The {answer} answer.*" in cell]
        assert len(at) == len(told) == 1, number
        assert at[0] <= told[0] < at[0] + 8, number
        after = " ".join(cells[told[0]].split("answer.*", 1)[1].split())
        assert len(re.sub(r"\{.*?\}`.*?`", "", after)) > 150, f"{number}: an answer, and not a word"


def test_her_name_is_said_to_be_invented_beside_the_true_row(chapters, root):
    first = " ".join(" ".join(chapters["01"]).split())
    assert re.search(r"The row is true, number 553 of the table\. The name is not", first)
    assert "Mira is an invented name for a row" in " ".join(
        (root / "book/intro.md").read_text().split()
    )


def test_the_book_ends_with_the_outcome_in_the_table(chapters):
    last = chapters["12"]
    start = next(i for i, cell in enumerate(last) if cell.startswith(QUESTION))
    end = " ".join(" ".join(last[start:]).split())
    assert 'outcome = "repaid" if loans.y_test.loc[553] else "went bad"' in end
    assert "Everybody in this table got the loan, Mira too, and hers went bad." in end
    assert "What does recourse mean, then?" in end
