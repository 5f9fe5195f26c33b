"""The book's frame: every page there, every figure described, every source named, nothing fetched."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_file

REQUIRED_TERMS = """
algorithmic recourse, factual, counterfactual explanation, validity, cost, proximity, plausibility,
actionability, immutable feature, classifier, gold world, supervision pair, targets, cost weight,
validity margin, autoregressive model, token, vocabulary, forward sampling, LOF, Score, coverage
"""
SYMBOLS = ("x", "x^+", "h(x)", r"\gamma", r"\lambda", "C(", "V(", "Q(", "R^*(", r"R_\theta(", "D^+")
NOT_IN_THE_REFERENCE = {"inference", "cli"}


@pytest.fixture(scope="module")
def config(root):
    return yaml.safe_load((root / "_config.yml").read_text())


@pytest.fixture(scope="module")
def toc(root):
    """The pages in the table of contents, in order, without their endings."""
    contents = yaml.safe_load((root / "_toc.yml").read_text())

    def files(entries):
        for entry in entries:
            yield entry["file"]
            yield from files(entry.get("sections", []))

    return [contents["root"], *files(e for part in contents["parts"] for e in part["chapters"])]


@pytest.fixture(scope="module")
def prose(root):
    """The words of each page and chapter, without its code."""
    pages = {path: path.read_text() for path in sorted(root.glob("book/**/*.md"))}
    for path in sorted(root.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        pages[path] = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] != "code")
    return {path.relative_to(root).as_posix(): text for path, text in pages.items()}


@pytest.fixture(scope="module")
def glossary(root):
    """Each term with its definition, in the order of the page."""
    block = (root / "book/glossary.md").read_text().split(":::{glossary}\n")[1].split("\n:::")[0]
    return re.findall(r"^(\S.*)\n((?:(?:  .*)?\n?)+)", block, flags=re.M)


# -- the sources --------------------------------------------------------------------------------


def test_every_page_of_the_contents_exists_once(root, toc):
    assert len(set(toc)) == len(toc)
    for page in toc:
        assert len([e for e in (".md", ".ipynb") if (root / f"{page}{e}").is_file()]) == 1, page


def test_every_page_is_in_the_contents(prose, toc):
    assert {name.rsplit(".", 1)[0] for name in prose} == set(toc)


def test_a_failing_cell_fails_the_build_and_nothing_is_cached(config):
    assert config["execute"]["raise_on_error"] is True
    assert config["execute"]["execute_notebooks"] == "force"
    assert config["sphinx"]["config"]["nitpicky"] is True


def test_every_asset_that_the_book_names_is_there(root, config):
    sphinx, assets = config["sphinx"]["config"], root / "assets"
    logo = sphinx["html_theme_options"]["logo"]
    named = [assets / css for css in sphinx["html_css_files"]]
    named += [
        root / logo["image_light"],
        root / logo["image_dark"],
        root / config["html"]["favicon"],
    ]
    assert not [path.name for path in named if not path.is_file()]
    assert logo["alt_text"]
    assert "SIL Open Font License" in (assets / "fonts/OFL.txt").read_text()


def test_every_image_has_an_alternative_text(root, prose):
    for name, text in prose.items():
        assert not re.findall(r"!\[\s*\]\(", text), name
        for tag in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r'\balt="[^"]+"', tag), f"{name}: {tag}"
        for directive in re.findall(
            r"^[`:]{3,}\{(?:figure|image)\}.*\n(?:.*\n)*?[`:]{3,}", text, re.M
        ):
            assert re.search(r"^:alt: +\S", directive, re.M), f"{name}: {directive}"
        for drawing in re.findall(r":file: (\S+\.svg)", text):
            svg = BeautifulSoup(
                (root / name).parent.joinpath(drawing).read_text(), "html.parser"
            ).svg
            described = {
                svg.find(id=part).get_text(strip=True) for part in svg["aria-labelledby"].split()
            }
            assert svg["role"] == "img"
            assert all(described), drawing


def test_every_source_that_is_cited_is_listed(root, prose):
    known = set(parse_file(root / "book/references.bib").entries)
    for name, text in prose.items():
        cited = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
        keys = {key.strip() for group in cited for key in group.split(",")}
        assert keys <= known, f"{name}: {sorted(keys - known)}"


def test_every_source_can_be_found(root):
    for key, entry in parse_file(root / "book/references.bib").entries.items():
        assert {"title", "year"} <= set(entry.fields.keys()), key
        assert entry.persons["author"], key
        assert {"url", "doi"} & set(entry.fields.keys()), f"{key} has neither url nor doi"


def test_glossary_is_sorted_and_every_term_is_explained(glossary):
    terms = [term for term, _ in glossary]
    assert terms == sorted(terms, key=str.casefold)
    assert len(set(terms)) == len(terms)
    assert all(len(meaning.split()) >= 2 for _, meaning in glossary)


def test_glossary_has_the_words_of_the_course(glossary):
    required = {term.strip() for term in REQUIRED_TERMS.split(",")}
    assert required <= {term for term, _ in glossary}


def test_notation_has_the_symbols_of_the_course(root):
    table = re.findall(r"^\| \$(.+?)\$ \|", (root / "book/glossary.md").read_text(), re.M)
    assert not [s for s in SYMBOLS if not any(cell.startswith(s) for cell in table)]


def test_the_reference_follows_the_package(root):
    documented = {
        name
        for part in root.glob("book/api/*.md")
        for name in re.findall(r"automodule:: genre_lite\.(\w+)", part.read_text())
    }
    modules = {p.stem for p in root.glob("genre_lite/[!_]*.py")}
    modules |= {p.parent.name for p in root.glob("genre_lite/*/__init__.py")}
    assert documented == modules - NOT_IN_THE_REFERENCE


def test_no_figure_of_a_page_is_wider_or_its_text_smaller_than_the_style(root):
    """5.8 inches and 11 points, which a phone shows at 9 pixels a letter."""
    for path in [*root.glob("notebooks/*.ipynb"), *root.glob("book/**/*.md")]:
        text = path.read_text()
        widths = re.findall(r"figsize=\(([\d.]+)", text)
        assert all(float(width) <= 5.8 for width in widths), path.name
        assert not re.search(r'(?:font|label)size=\\?"(?:x+-)?small', text), path.name
        assert not re.search(r'\\?"fontsize\\?": \\?"(?:x+-)?small', text), path.name


# -- the built pages ----------------------------------------------------------------------------


def sources_of(page):
    """What a browser loads to show the page: scripts, styles, images, frames."""
    for tag in page.select(
        "script[src], img[src], iframe[src], source[src], video[src], embed[src]"
    ):
        yield tag["src"]
    for tag in page.select("link[href]"):
        if {"stylesheet", "icon", "preload", "preconnect", "modulepreload"} & set(
            tag.get("rel", [])
        ):
            yield tag["href"]


def test_pages_load_nothing_from_elsewhere(pages, html):
    for path, page in pages.items():
        away = [url for url in sources_of(page) if urlsplit(url).netloc]
        assert not away, f"{path.name}: {away}"
    for style in html.rglob("*.css"):
        text = style.read_text()
        assert not re.search(r"(?:url\(|@import)\s*['\"]?\s*(?:https?:)?//", text), style.name


def test_every_file_that_a_page_needs_is_there(pages):
    for path, page in pages.items():
        for url in {*sources_of(page), *(a["href"] for a in page.select("article a[href]"))}:
            parts = urlsplit(url)
            if not parts.scheme and not parts.netloc and parts.path:
                assert Path(path.parent, unquote(parts.path)).exists(), f"{path.name}: {url}"


def test_every_built_image_has_an_alternative_text(pages):
    for path, page in pages.items():
        bare = [img["src"][:80] for img in page.select("img") if not img.get("alt", "").strip()]
        assert not bare, f"{path.name}: {bare}"


def test_chapters_offer_to_be_launched_and_edited(pages, config):
    address = config["repository"]["url"]
    slug = address.removeprefix("https://github.com/")
    for path, page in pages.items():
        links = " ".join(a["href"] for a in page.select("a[href]"))
        if path.parent.name == "notebooks":
            assert f"{config['launch_buttons']['binderhub_url']}/v2/gh/{slug}/" in links
            assert f"{config['launch_buttons']['colab_url']}/github/{slug}/" in links
        if path.parent.name in ("notebooks", "book"):
            assert f"{address}/edit/{config['repository']['branch']}/" in links
