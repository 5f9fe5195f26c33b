"""What the book's extensions write: their examples, and what must fail loudly."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import sys
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup

from genre_lite.plotting import theme


@pytest.fixture(scope="module")
def extension(root):
    """Import an extension by its name."""
    folder = str(root / "book" / "extensions")
    sys.path.insert(0, folder)
    yield importlib.import_module
    sys.path.remove(folder)


@pytest.mark.parametrize(
    "name",
    ["desk_page", "learning_resource", "mathematics", "objectives", "sharing", "short_route"],
)
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


# -- what machines read of a chapter ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("half an hour", 30),
        ("about an hour and a half", 90),
        ("two hours", 120),
        ("about an hour and\ntwenty-five minutes", 85),
        ("35 minutes", 35),
    ],
)
def test_a_time_in_words_is_read(extension, said, minutes):
    read = extension("learning_resource").minutes
    assert read(f"**It\ntakes** {said} with the exercises.") == minutes


def test_a_chapter_without_a_time_is_an_error(extension):
    with pytest.raises(ValueError, match="It says 'a while'"):
        extension("learning_resource").minutes("**It takes** a while.")


def head(extension, path) -> dict:
    """What the head of a page tells machines."""
    settings = {"ogp_site_url": "https://example.org/", "ogp_site_name": "A course", "author": "We"}
    page = f"notebooks/{path.stem}"
    app = SimpleNamespace(
        config=SimpleNamespace(**settings),
        env=SimpleNamespace(doc2path=lambda name: path),
        builder=SimpleNamespace(get_target_uri=lambda name: f"{name}.html"),
    )
    context = {"metatags": "<meta>"}
    extension("learning_resource").tell(app, page, "page.html", context, object())
    soup = BeautifulSoup(context["metatags"], "html.parser")
    assert soup.meta is not None
    (script,) = soup.find_all("script")
    assert script["type"] == "application/ld+json"
    return json.loads(script.string)


def test_each_chapter_tells_machines_what_it_tells_people(extension, root):
    paths = sorted(root.glob("notebooks/[0-9][0-9]_*.ipynb"))
    assert len(paths) == 12
    for path in paths:
        about, first = head(extension, path), json.loads(path.read_text())["cells"][0]["source"]
        text = "".join(first)
        assert text.startswith(f"# {about['name']}\n")
        assert about["@type"] == "LearningResource" and about["inLanguage"] == "en"
        assert len(about["teaches"]) == len(extension("objectives").goals(text))
        assert re.fullmatch(r"PT\d+M", about["timeRequired"])
        assert about["url"] == f"https://example.org/notebooks/{path.stem}.html"
        assert about["isPartOf"]["@type"] == "Course" and about["isPartOf"]["name"] == "A course"
        assert about["description"].endswith("?")
        told = json.dumps(about, ensure_ascii=False)
        assert not re.search(r"\*\*|\$|\]\(|\{\w+\}|\\\\[a-z]", told), told


def test_no_word_of_a_chapter_ends_the_script(extension, tmp_path):
    box = "# A </script> B\n\n**The question.** Why?\n\n**After it you can**\n- count.\n\n"
    box += "**You need** ink. **It takes** an hour."
    (tmp_path / "01_a.ipynb").write_text(json.dumps({"cells": [{"source": box}]}))
    assert head(extension, tmp_path / "01_a.ipynb")["name"] == "A </script> B"


# -- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("alone", [False, True])
def test_a_second_half_counts_on_and_can_be_built_alone(extension, alone):
    second = "notebooks/02b_more"
    numbers = {second: {"exercise": {"ex-c": (1,), "ex-d": (2,)}, "figure": {"f": (1,)}}}
    if not alone:
        numbers["notebooks/02_first"] = {"exercise": {"ex-a": (2, 1), "ex-b": (2, 2)}}
    env = SimpleNamespace(found_docs={"book/02", *numbers}, toc_fignumbers=numbers)
    assert extension("numbering").count(None, env) == [second]
    start = 0 if alone else 2
    counted = {"ex-c": (2, start + 1), "ex-d": (2, start + 2)}
    assert numbers[second] == {"exercise": counted, "figure": {"f": (2, 1)}}


def test_a_page_that_is_no_chapter_begins_at_one(extension):
    """Its own figures are 1, 2, …, whatever page was read before it; a chapter's numbers stay."""
    numbers = {
        "book/results": {"figure": {"a": (5,), "b": (6,)}, "displaymath": {"e": (17,)}},
        "book/glossary": {"displaymath": {"g": (18,)}},
        "notebooks/04_chapter": {"figure": {"c": (4, 2)}},
    }
    env = SimpleNamespace(found_docs={*numbers}, toc_fignumbers=numbers)
    assert extension("numbering").count(None, env) == ["book/glossary", "book/results"]
    assert numbers["book/results"] == {"figure": {"a": (1,), "b": (2,)}, "displaymath": {"e": (1,)}}
    assert numbers["book/glossary"] == {"displaymath": {"g": (1,)}}
    assert numbers["notebooks/04_chapter"] == {"figure": {"c": (4, 2)}}


# -- one palette --------------------------------------------------------------------------------


def test_page_drawings_desk_and_plots_share_the_colours_of_yes_and_no(root):
    """What is accepted is blue and what is denied vermilion, wherever a reader meets them."""
    yes, no = theme.YES.lower(), theme.NO.lower()
    page = (root / "assets/genre.css").read_text()
    light = page[page.index('data-theme="light"') : page.index('data-theme="dark"')]
    assert f"--genre-accepted: {yes};" in light and f"--genre-denied: {no};" in light
    for name in ("assets/logo-light.svg", "assets/favicon.svg", "genre_lite/desk/desk.css"):
        assert {yes, no} <= set(re.findall(r"#\w{6}", (root / name).read_text().lower())), name
    slides = (root / "book/extensions/slides.py").read_text()
    assert '"yes": genre_lite.plotting.YES, "no": genre_lite.plotting.NO' in slides
    assert "$yes" in slides and "$no" in slides and yes not in slides.lower()
    for path in root.glob("assets/*.svg"):
        if "genre-drawing" in (text := path.read_text().lower()):
            assert not re.findall(r"#[0-9a-f]{6}", text), f"{path.name} has colours of its own"


def test_every_page_says_under_which_licences_it_stands(root):
    foot = yaml.safe_load((root / "_config.yml").read_text())["copyright"]
    assert foot.endswith("Text under CC BY 4.0, code under MIT")
    assert (root / "LICENSE").read_text().count("MIT License") == 1


def test_the_front_page_leads_to_the_tour_and_to_the_desk_and_is_still_for_those_who_ask(root):
    front = (root / "book/intro.md").read_text()
    (buttons,) = re.findall(r"^\[[^\]]+\]\((\S+)\) \[[^\]]+\]\((\S+)\)$", front, flags=re.M)
    assert buttons == ("../notebooks/genre_in_ten_minutes", "desk.md")
    assert front.index("three_suggestions.svg") < front.index("```{letter} german")
    style = (root / "assets/genre.css").read_text()
    moving = [
        part.split("\n}")[0]
        for part in style.split("(prefers-reduced-motion: no-preference) {")[1:]
    ]
    assert "animation" in "".join(moving)
    for part in moving:
        style = style.replace(part, "")
    assert not re.search(r"animation(?:-name)?\s*:", style), (
        "nothing moves for whoever asked for stillness"
    )
    assert "<animate" not in (root / "assets/three_suggestions.svg").read_text()
