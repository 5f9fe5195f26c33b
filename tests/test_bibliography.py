"""Every source of the book is written down once, can be found, and is cited."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from pybtex.database import BibliographyData, Entry, parse_file, parse_string

PLACES = ("doi", "eprint", "url", "isbn")  # where a reader can look
CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
DOI = re.compile(r"10\.\d{4,9}/\S+")
ADDRESS = re.compile(r"https://[\w.-]+\.[a-z]{2,}(/\S*)?")
# Of the scheme since April 2007: year and month, and a number of four digits, since 2015 of five.
ARXIV = re.compile(r"(0[7-9]|1[0-4])(0[1-9]|1[0-2])\.\d{4}|(1[5-9]|[2-9]\d)(0[1-9]|1[0-2])\.\d{5}")


def arxiv(entry: Entry) -> str | None:
    """What an entry gives as its arXiv number, right or wrong."""
    url = entry.fields.get("url", "")
    return entry.fields.get("eprint") or (url.rpartition("/")[2] if "arxiv.org" in url else None)


def faults(entries: BibliographyData) -> list[str]:
    """All that is wrong with a list of sources, one line a fault."""
    said = []
    for key, entry in entries.entries.items():
        fields = entry.fields
        if not entry.persons.get("author"):
            said.append(f"{key}: no author")
        said += [f"{key}: no {field}" for field in ("title", "year") if not fields.get(field)]
        if not re.fullmatch(r"(19|20)\d\d", fields.get("year", "2000")):
            said.append(f"{key}: year {fields['year']}")
        if not any(fields.get(place) for place in PLACES):
            said.append(f"{key}: none of {', '.join(PLACES)}")
        if not DOI.fullmatch(fields.get("doi", "10.1000/1")):
            said.append(f"{key}: doi {fields['doi']}")
        if not ADDRESS.fullmatch(fields.get("url", "https://example.org")):
            said.append(f"{key}: url {fields['url']}")
        if arxiv(entry) and not ARXIV.fullmatch(arxiv(entry)):
            said.append(f"{key}: arXiv {arxiv(entry)}")
        pages = re.fullmatch(r"(\d+)--(\d+)", fields.get("pages", ""))
        if pages and int(pages[1]) >= int(pages[2]):
            said.append(f"{key}: pages {pages[0]}")
    for what in ("title", "doi", "url", "eprint"):
        values = Counter(
            re.sub(r"\W", "", entry.fields[what].lower())
            for entry in entries.entries.values()
            if what in entry.fields
        )
        said += [f"twice: {what} {value}" for value, n in values.items() if n > 1]
    return said


def citations(pages: dict[str, str]) -> dict[str, set[str]]:
    """Which keys each page cites."""
    return {
        name: {key.strip() for group in CITED.findall(text) for key in group.split(",")}
        for name, text in pages.items()
    }


@pytest.fixture(scope="module")
def sources(root: Path) -> BibliographyData:
    return parse_file(root / "book/references.bib")


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, str]:
    """The words of each page and chapter."""
    said = {path: path.read_text() for path in root.glob("book/**/*.md")}
    for path in root.glob("notebooks/*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        said[path] = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] != "code")
    return {path.relative_to(root).as_posix(): text for path, text in said.items()}


def test_every_source_is_whole_and_stands_once(sources):
    assert len(sources.entries) > 50
    assert not faults(sources)


def test_every_source_is_cited_and_every_citation_has_one(sources, pages):
    cited = citations(pages)
    unknown = {name: keys - set(sources.entries) for name, keys in cited.items()}
    assert not {name: keys for name, keys in unknown.items() if keys}
    assert not set(sources.entries) - set().union(*cited.values()), "listed, and never cited"


def test_what_is_newer_than_the_paper_is_where_it_is_leaned_on(pages):
    cited = citations(pages)
    assert {"turbal2025ellice", "furman2025dicoflex", "sabu2026par"} <= cited["book/benchmark.md"]
    assert "genre2025reviews" in cited["notebooks/06_just_copy_a_neighbour.ipynb"]
    told = " ".join(" ".join(text.split()) for text in pages.values())
    for untrue in ("newer than GenRe are not compared", "could not read the body"):
        assert untrue not in told


GOOD = """@misc{one, author = {A, B}, title = {One}, year = {2020}, url = {https://arxiv.org/abs/2001.00001}}
@article{two, author = {C, D}, title = {Two}, year = {2019}, doi = {10.1145/1.2}, pages = {3--9}}
"""


def test_a_good_list_has_no_faults():
    assert faults(parse_string(GOOD, "bibtex")) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("author = {A, B}, ", "", "one: no author"),
        ("title = {Two}, ", "", "two: no title"),
        ("year = {2019}, ", "", "two: no year"),
        ("{2019}", "{219}", "two: year 219"),
        (", url = {https://arxiv.org/abs/2001.00001}", "", "one: none of doi, eprint, url, isbn"),
        ("10.1145/1.2", "https://doi.org/10.1145/1.2", "two: doi https://doi.org/10.1145/1.2"),
        ("https://arxiv.org", "arxiv.org", "one: url arxiv.org/abs/2001.00001"),
        ("2001.00001", "2001.0001", "one: arXiv 2001.0001"),
        ("2001.00001", "2013.00001", "one: arXiv 2013.00001"),
        ("2001.00001", "2001.00001v2", "one: arXiv 2001.00001v2"),
        ("3--9", "9--3", "two: pages 9--3"),
        ("{Two}", "{{ONE}}", "twice: title one"),
        (
            "pages",
            "url = {https://arxiv.org/abs/2001.00001}, pages",
            "twice: url httpsarxivorgabs200100001",
        ),
    ],
)
def test_every_kind_of_fault_is_seen(before, after, fault):
    assert before in GOOD
    assert fault in faults(parse_string(GOOD.replace(before, after), "bibtex"))


def test_citations_are_read_in_every_form():
    text = "{cite:p}`one,two` and {cite:t}`three`, {cite}`four`; `five`."
    assert citations({"page": text}) == {"page": {"one", "two", "three", "four"}}


def test_code_that_a_docstring_speaks_of_is_named(root):
    """By its repository and its commit, so that whoever doubts can look."""
    for path in sorted((root / "genre_lite/baselines").glob("*.py")):
        text = path.read_text()
        assert "ublic implementation" not in text, path.name
        if "CARLA" in text and path.stem != "probe":  # which points to Wachter's
            assert re.search(r"carla-recourse/CARLA at [0-9a-f]{7}", text), path.name
