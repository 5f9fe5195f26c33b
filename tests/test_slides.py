"""The slides say what the chapters say, and nothing of their own."""

from __future__ import annotations

import sys

import pytest
from bs4 import BeautifulSoup
from chromium import Chromium
from walk import show

CHAPTER = """
<article><h1>Denied<a class="headerlink" href="#x">#</a></h1>
<div class="tip admonition"><p class="admonition-title">This chapter</p>
<p><strong>The question.</strong> What <a href="../book/glossary.html">now</a>?</p>
<ul><li>tell one thing from another</li></ul></div>
<h2>A section<a class="headerlink" href="#s">#</a></h2>
<div class="cell_output"><figure><img src="../_images/a.png" alt="A map." style="width: 580px; height: {high}px;">
<figcaption><p><span class="caption-number">Fig. 1</span><span class="caption-text">A caption.</span></p>
</figcaption></figure></div>
<div class="cell_output"><img src="../_images/b.png" alt="No figure, only output."></div>
<div class="math" id="equation-q"><div class="formula"><math id="m1"><mi>Q</mi></math></div><span class="eqno">(1.1)<a
class="headerlink" href="#equation-q">#</a></span></div>
<div class="question" id="which"><p class="question-title" id="t">Which <em>one</em>?</p><p>Two are lost.</p>
<ol class="question-options"><li>A</li><li>B</li></ol>
<details><summary>Answers</summary><ul class="question-answers"><li>1. No.</li></ul></details></div>
<p>What it means.</p>
<h3>What moves</h3>
<div class="cell_output"><div class="genre-moving" aria-labelledby="m"><p class="moving-title" id="m">A dial</p>
<p class="moving-look">Look.</p><div class="moving-controls"><input type="range"></div>
<div class="moving-planes"><svg viewBox="0 0 360 270"><g></g></svg></div><p class="moving-said" role="status">Now.</p>
<details><summary>The same as a table</summary></details><script>1</script></div></div>
{points}
</article>
"""
POINTS = """<div class="note admonition"><p class="admonition-title">Key points</p>
<ul><li>One.</li><li>Two.</li></ul></div>"""
# Every picture, also those that wait until they are near.
LOADED = """Promise.all([...document.images].map((img) => {
  img.loading = "eager";
  return img.decode().catch(() => 0);
})).then(() => 0)"""


@pytest.fixture(scope="module")
def slides(root):
    sys.path.insert(0, str(root / "book" / "extensions"))
    try:
        import slides
    finally:
        sys.path.pop(0)
    return slides


def made(slides, points=POINTS, high=400):
    page = BeautifulSoup(CHAPTER.format(points=points, high=high), "html.parser")
    found = slides.chapter_slides(page, "notebooks/01_denied.html")
    return [BeautifulSoup(slide, "html.parser") for slide in found]


def test_a_chapter_becomes_question_goals_what_it_shows_and_points(slides):
    opening, goals, figure, _, _, moving, points = made(slides)
    assert opening.h1.text == "Denied"
    assert "What now?" in opening.text
    assert [li.text for li in goals.select("li")] == ["tell one thing from another"]
    assert figure.img["src"] == "notebooks/../_images/a.png"
    assert figure.img["alt"] == "A map."
    assert figure.figcaption.text == "A caption."
    assert (figure.h2.text, figure.figure["class"]) == ("A section", ["wide"])
    assert moving.h2.text == "What moves"
    assert [li.text for li in points.select("li")] == ["One.", "Two."]


def test_a_formula_has_its_number_and_what_the_chapter_says_of_it(slides):
    formula = made(slides)[3]
    assert formula.h2.text == "A section"
    assert formula.math.text == "Q" and formula.select_one(".eqno").text == "(1.1)"
    assert not formula.select("[id]"), "the places to link to are the chapter's"
    assert formula.select_one("details.notes > p").text == "What it means."


def test_a_question_keeps_its_answers_for_the_speaker(slides):
    asked = made(slides)[4]
    assert asked.h2.decode_contents() == "Which <em>one</em>?"
    assert [li.text for li in asked.section.find("ol").select("li")] == ["A", "B"]
    assert asked.section.find("p", recursive=False).text == "Two are lost."
    assert asked.select_one("details.notes .question-answers").text == "1. No."
    assert not asked.details.has_attr("open")


def test_where_a_section_ends_there_is_nothing_to_say(slides):
    assert not made(slides)[5].select(".notes"), "what follows is of another section"


def test_a_tall_figure_stands_beside_its_caption(slides):
    assert made(slides, high=900)[2].figure["class"] == ["tall"]


def test_a_figure_that_moves_shows_its_still(slides):
    still = made(slides)[5].select_one(".genre-moving")
    assert [tag.get("class") for tag in still.find_all(recursive=False)] == [
        ["moving-title"],
        ["moving-planes"],
        ["moving-said"],
    ]
    assert still.svg and not still.select("input, script, details, [id]")


def test_every_slide_leads_to_its_chapter_and_nowhere_else(slides):
    for slide in made(slides):
        assert [a["href"] for a in slide.select("a")] == ["notebooks/01_denied.html"]


def test_a_page_without_key_points_is_no_chapter(slides):
    assert made(slides, points="") == []


def test_a_deck_has_a_title_and_every_slide_a_number_and_a_place(slides):
    page = BeautifulSoup(CHAPTER.format(points=POINTS, high=400), "html.parser")
    made = slides.chapter_slides(page, "notebooks/01_denied.html")
    deck = BeautifulSoup(slides.deck("A <book>", made), "html.parser")
    assert deck.title.text == "Slides: A <book>"
    sections = deck.select("section")
    assert sections[0].h1.text == "A <book>" and len(sections) == len(made) + 1
    assert [s["id"] for s in sections] == [f"slide-{n}" for n in range(1, len(sections) + 1)]
    assert [s.footer.span.text for s in sections] == [str(n) for n in range(1, len(sections) + 1)]


def test_the_number_of_a_chapter_stands_apart_from_its_title(slides):
    page = BeautifulSoup(
        CHAPTER.format(points=POINTS, high=400).replace(
            "<h1>", '<h1><span class="section-number">1. </span>'
        ),
        "html.parser",
    )
    opening = slides.chapter_slides(page, "notebooks/01_denied.html")[0]
    assert BeautifulSoup(opening, "html.parser").h1.text == "1. Denied"


def test_the_built_slides_cover_every_chapter(html, root):
    deck = BeautifulSoup((html / "slides.html").read_text(), "html.parser")
    shown = {a["href"] for a in deck.select("section.opening footer a")}
    chapters = {f"notebooks/{path.stem}.html" for path in root.glob("notebooks/[01]*.ipynb")}
    assert shown == chapters
    for picture in deck.select("img"):
        assert (html / picture["src"]).is_file()
        assert picture["alt"]
    for chapter in chapters:
        slides = deck.select("section")
        own = [slide for slide in slides if slide.select_one(f'footer a[href="{chapter}"]')]
        assert len(own) >= 4, f"{chapter} has no figure"
        assert any(slide.select(".formula") for slide in own), f"{chapter} has no formula"
        assert sum(bool(slide.select(".notes")) for slide in own) > len(own) / 2


def test_no_slide_is_higher_than_a_projector(html, tmp_path):
    page = html / "slides.html"
    browser = Chromium(tmp_path)
    try:
        show(browser, 1024, height=768)
        browser.open(page.as_uri())
        browser.run(LOADED)
        tall = browser.run(
            "[...document.querySelectorAll('section')].filter((slide) => slide.offsetHeight > 769)"
            ".map((slide) => [slide.id, slide.offsetHeight])"
        )
    finally:
        browser.close()
    assert not tall
