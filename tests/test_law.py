"""What is said of laws, courts and studies of people has its source, and of the letter what the letter says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from pybtex.database import parse_file

import genre_lite as gl

QUOTED = re.compile(r"“([^”]+)”")
CITED = re.compile(r"\{cite:\w\}`([^`]+)`")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# What a slip of the pen would make false: dates, years, cases, and the numbers of articles, sections and circulars.
NUMBER = re.compile(
    rf"(?:\d+ )?(?:(?:{MONTHS}) )?\b(?:19|20)\d\d\b(?:-\d+)?|\bC-\d+/\d+"
    r"|(?<=\barticle )\d+|(?<=\barticles )\d+|(?<=\bsection )\d+|(?<=§ )[\d.]+\d",
    re.I,
)
NAMES = re.compile(
    r"\bGDPR|Data Protection Regulation|AI Act|Regulation B\b|Court of Justice|Credit Reporting Act|Credit Directive"
    r"|In the United States|In the European Union"
)
COUNT = re.compile(r"\b(\d+)(?: people)?\b")


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


# -- sources of what the law says -------------------------------------------------------------------


def keys(text: str) -> list[str]:
    """What a text cites."""
    return [key.strip() for group in CITED.findall(text) for key in group.split(",")]


def section(page: str, title: str) -> str:
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |^\([\w-]+\)=|\Z)", page, re.M | re.S)[
        1
    ]


def rows(text: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    lines = re.findall(r"^\|(.+)\|$", text, re.M)
    return [[cell.strip() for cell in re.split(r" \| ", line)] for line in lines[2:]]


@pytest.fixture(scope="module")
def sources(root) -> dict[str, str]:
    """All that the list of sources says of each, without the braces."""
    entries = parse_file(root / "book/references.bib").entries
    return {key: re.sub(r"[{}]", "", " ".join(e.fields.values())) for key, e in entries.items()}


@pytest.fixture(scope="module")
def told(page) -> list[tuple[str, list[str]]]:
    """What the page tells of laws and courts: its paragraphs, and the rows that compare, each with what it cites."""
    both = "".join(
        section(page, f"In the {where}") for where in ("United States", "European Union")
    )
    paragraphs = [(text, keys(text)) for text in both.split("\n\n") if text.strip()]
    compared = []
    for law, asks, *_ in rows(section(page, "What our letter gives, and what it does not")):
        about = [cited for text, cited in paragraphs if law.split(",")[0] in text]
        compared.append((f"{law}: {asks}", [key for cited in about for key in cited]))
    return paragraphs + compared


def missing(text: str, cited: list[str], sources: dict[str, str]) -> list[str]:
    """The numbers of a text that stand in none of the sources that it cites."""
    known = " ".join(sources[key] for key in cited)
    bare = CITED.sub("", text).replace("\n", " ")
    return [
        n
        for n in NUMBER.findall(bare)
        if not re.search(rf"(?<!\d){re.escape(n.strip())}(?!\d)", known)
    ]


def test_what_a_law_or_a_court_says_is_cited_and_its_numbers_are_the_source_s(told, sources):
    assert len(told) > 12
    assert not [text for text, cited in told if not cited or not {*cited} <= {*sources}]
    assert sum(len(NUMBER.findall(CITED.sub("", text))) for text, _ in told) > 15
    assert not {text: gone for text, cited in told if (gone := missing(text, cited, sources))}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("on 7 December 2023", "on 8 December 2023"),
        ("article 86,", "article 85,"),
        ("since 2 August 2026", "since 2 August 2025"),
        ("§ 1002.9,", "§ 1002.8,"),
        ("12 May 2025", "11 May 2025"),
    ],
)
def test_a_slip_is_found(told, sources, was, now):
    ((text, cited),) = [(t, c) for t, c in told if was in t and "\n" in t]
    assert missing(text.replace(was, now), cited, sources)


def test_each_source_has_a_day_on_which_it_was_looked_up(page, told):
    """One day for all, in the front and above the table of what was read; each source has a row there."""
    read = page.split("(law-sources)=")[1]
    (day,) = re.findall(r"All was looked up on (\d+ \w+ \d{4})", read)
    assert f"how things stood on {day}" in page.replace("\n", " ")
    assert {key for _, cited in told for key in cited} == {*keys(read)}


def test_nobody_takes_it_for_legal_advice(root, page):
    first = (root / "notebooks/01_denied_what_now.ipynb").read_text()
    assert all("not legal advice" in text.casefold() for text in (page, first))


def paragraphs(root: Path) -> Iterator[tuple[str, str]]:
    """Those of every page and chapter, but for the page on the law."""
    for path in [*root.glob("book/**/*.md"), *root.glob("notebooks/*.ipynb")]:
        text = path.read_text()
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        if path.name != "law.md":
            yield from ((path.name, one) for one in re.split(r"\n\s*\n", text))


def test_a_law_that_is_named_elsewhere_is_cited_there(root):
    named = [(name, one) for name, one in paragraphs(root) if NAMES.search(one)]
    assert named
    assert not [(name, one) for name, one in named if not keys(one)]


# -- evidence from people ---------------------------------------------------------------------------


def test_every_study_of_people_is_cited_and_its_size_is_the_same_everywhere(root, sources):
    every = list(paragraphs(root))
    ((name, table),) = [
        (n, one) for n, one in every if one.startswith("| Question | Asked | Found |")
    ]
    assert name.startswith("12_")
    asked = {}
    for question, size, _ in rows(table):
        (key,) = keys(question)
        asked[key] = {*COUNT.findall(size)}
    assert len(asked) >= 6 and {*asked} <= {*sources}
    for name, one in every:
        if re.search(r"\bstud(y|ies) (with|what|which|of) (\d+ )?(people|suggestions)", one):
            assert keys(one), (name, one)
        for sentence in re.split(r"(?<=\.)\s", one):
            for key in {*keys(sentence)} & {*asked}:
                sizes = {*re.findall(r"\b(\d+) (?:people|participants)", sentence)}
                assert one is table or sizes <= asked[key], (name, sentence)
