"""The page on the law says of the letter what the letter says, and what each text was read in."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from pybtex.database import parse_file

import genre_lite as gl

QUOTED = re.compile(r"“([^”]+)”")


@pytest.fixture(scope="module")
def page(root):
    return (root / "book/law.md").read_text()


def test_what_it_quotes_is_what_the_letter_says(page):
    quoted = {" ".join(text.replace("\n>", " ").split()) for text in QUOTED.findall(page)}
    assert quoted == {gl.Wording().rights, gl.Wording().care}


def test_no_sentence_of_a_letter_gives_reasons(page):
    """Which the page says; the refusal of a broken form is no denial."""
    spoken = {name: text for name, text in asdict(gl.Wording()).items() if name != "refused"}
    told = [name for name, text in spoken.items() if re.search(r"\b(reason|because)", text)]
    assert not told, f"book/law.md says that a letter gives no reasons: {told}"
    assert "The reasons have to come from elsewhere." in page


def test_every_law_of_the_list_of_sources_is_on_the_page(root, page):
    listed = (root / "book/references.bib").read_text().split("% -- the law --")[1]
    laws = re.findall(r"^@misc\{(\w+),", listed, re.M)
    assert len(laws) > 8
    assert set(laws) <= set(parse_file(root / "book/references.bib").entries)
    assert not [key for key in laws if f"{{cite:p}}`{key}`" not in page]
