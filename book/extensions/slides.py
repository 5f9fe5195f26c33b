"""Slides out of the built chapters: their questions, formulas, figures and key points, and no second text.

After each build of the html, ``slides.html`` stands beside the pages. It is shown with the arrow
keys, and printed one slide a page. What the chapter says of a formula or a figure, and what it answers to a
question, are the speaker's notes; the key N opens and closes them.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from string import Template

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

import genre_lite.plotting

MOVING = Path(genre_lite.plotting.__file__).with_name("moving.css")
CHAPTERS = "notebooks/[01]*.html"
SHOWN = "article .cell_output figure, article .genre-moving, article div.math[id^=equation-], article .question"
HOW = "Arrow keys turn the slides, N shows the notes. Text under CC BY 4.0, code under MIT."
ASIDE = ["question", "admonition", "cell", "genre-moving", "math", "sphinx-subfigure"]
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides: $title</title>
<link rel="icon" href="_static/favicon.svg">
<style>
@font-face { font-family: "Genre Math"; src: url("_static/fonts/stix-two-math.woff2") format("woff2"); }
math { font-family: "Genre Math", math; font-size: 1.06em; }
html { scroll-snap-type: y mandatory; font: 1.4rem/1.5 system-ui, sans-serif; color: #1b1f24; }
body { margin: 0; --genre-accepted: $yes; --genre-denied: $no; }
section { box-sizing: border-box; min-height: 100vh; padding: 6vh 8vw; scroll-snap-align: start;
  display: flex; flex-direction: column; justify-content: center; overflow-wrap: break-word; }
section.opening { background: $yes; color: white; }
h1 { font-size: 2.2em; line-height: 1.2; margin: 0 0 0.5em; }
h2 { color: $yes; font-size: 1.3em; margin: 0 0 0.8em; }
li { margin: 0.4em 0; }
$moving
img { max-width: 100%; max-height: 52vh; width: auto; height: auto !important; object-fit: contain; }
figure { margin: 0; text-align: center; }
figure.tall { display: grid; grid-template-columns: auto minmax(14em, 1fr); gap: 2em; align-items: center; text-align: left; }
figure.tall img { max-height: 74vh; }
.drawn { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14em), 1fr)); gap: 2em; align-items: center; }
.question-figure svg { display: block; height: auto; max-height: 60vh; width: 100%; }
.genre-moving { max-width: none; border: 0; padding: 0; }
.moving-planes { justify-content: center; }
.moving-planes svg { max-width: min(26rem, 46vh * 1.3); }
figcaption { font-size: 0.8em; color: #4a5158; margin-top: 0.8em; }
.formula { overflow-x: auto; padding: 0.5em 0; font-size: 1.15em; }
.eqno { color: #4a5158; font-size: 0.8em; }
.notes { margin-top: 1.2em; font-size: 0.75em; color: #4a5158; }
.notes > :not(summary) { border-left: 3px solid #cad1d8; padding-left: 1em; margin: 0.6em 0; }
footer { margin-top: 1.5em; font-size: 0.65em; color: #4a5158; }
.opening footer { color: white; }
footer { display: flex; justify-content: space-between; gap: 2em; }
a { color: inherit; }
:focus-visible { outline: 3px solid $no; outline-offset: 3px; }
@media (max-width: 64rem), (max-height: 48rem) { html { font-size: 1.05rem; } section { padding: 4vh 6vw; } }
@media (max-width: 40rem) { html { font-size: 0.95rem; } }
@page { size: 297mm 167mm; margin: 0; }
@media print { .notes:not([open]) { display: none; } section { break-after: page; min-height: auto; height: 100vh; } }
</style>
</head>
<body>
<main>
$slides
</main>
<script>
// A formula that is wider than the slide scrolls, so the keyboard has to reach it.
const reach = () => document.querySelectorAll(".formula").forEach((formula) => {
  const wide = formula.scrollWidth > formula.clientWidth;
  const told = { tabindex: "0", role: "group", "aria-label": "Formula" };
  for (const [name, value] of Object.entries(told)) {
    wide ? formula.setAttribute(name, value) : formula.removeAttribute(name);
  }
});
addEventListener("load", reach);
addEventListener("resize", reach);
addEventListener("keydown", (event) => {
  if (event.key === "n" || event.key === "N") {
    const notes = [...document.querySelectorAll(".notes")];
    const open = !notes.some((note) => note.open);
    notes.forEach((note) => (note.open = open));
  }
  const step = { ArrowRight: 1, ArrowDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || (event.target.closest?.(".formula") && /Left|Right/.test(event.key))) return;
  event.preventDefault();
  const slides = [...document.querySelectorAll("section")];
  const now = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > innerHeight / 2);
  slides[Math.max(0, Math.min(now + step, slides.length - 1))].scrollIntoView();
});
</script>
</body>
</html>
""")


def chapter_slides(page: BeautifulSoup, address: str) -> list[str]:
    """The slides of one chapter: what it asks, what one can do after it, figures, key points."""
    for mark in page.select(".headerlink, .caption-number"):
        mark.decompose()
    # Links are relative to the chapter, which is one click away below each slide.
    for link in page.select("article a"):
        link.unwrap()
    title = " ".join(page.select_one("article h1").get_text(" ").split())
    frame = _admonition(page, "This chapter")
    points = _admonition(page, "Key points")
    if frame is None or points is None:
        return []
    source = f'<footer><a href="{escape(address)}">{escape(title)}</a></footer>'
    question = next(p for p in frame.select("p") if p.get_text().startswith("The question"))
    slides = [
        f'<section class="slide opening"><h1>{escape(title)}</h1>{_inner(question)}{source}</section>',
        f'<section class="slide"><h2>After it you can</h2>{frame.select_one("ul")}{source}</section>',
    ]
    folder = address.rpartition("/")[0]
    for shown in page.select(SHOWN):
        kinds = {shown.name, *shown.get("class", [])}
        told = _question(shown) if "question" in kinds else _with_notes(shown, kinds, folder)
        slides.append(f'<section class="slide">{told}{source}</section>')
    slides.append(
        f'<section class="slide"><h2>Key points</h2>{points.select_one("ul")}{source}</section>'
    )
    return slides


def _with_notes(shown: Tag, kinds: set[str], folder: str) -> str:
    """A figure or a formula below the heading of its section, and what the chapter says of it."""
    about = shown.find_previous(["h2", "h3"])
    heading = f"<h2>{' '.join(about.get_text().split())}</h2>" if about else ""
    if "figure" in kinds:
        drawn = _figure(shown, folder)
    else:
        drawn = _bare(shown) if "math" in kinds else _moving(shown)
    return heading + drawn + _notes(_said(shown))


def _bare(tag: Tag) -> str:
    """A part of a page without its places to link to, which are the chapter's."""
    for part in [tag, *tag.select("[id]")]:
        part.attrs.pop("id", None)
    return str(tag)


def _question(asked: Tag) -> str:
    """A question and its options; the answers are for the speaker."""
    title = asked.select_one(".question-title")
    told = [
        _bare(part) for part in asked.find_all(["p", "ol"], recursive=False) if part is not title
    ]
    said = "".join(told)
    if drawn := asked.select_one(".question-figure"):  # whose places are those by which it is named
        said = f'<div class="drawn"><div>{said}</div>{drawn}</div>'
    answers = asked.select_one(".question-answers")
    return f"<h2>{title.decode_contents()}</h2>{said}{_notes(_bare(answers) if answers else '')}"


def _said(shown: Tag) -> str:
    """What the chapter says next in the same section, in a paragraph of its own."""
    for part in shown.find_all_next(["p", "h2", "h3"]):
        if part.name != "p":
            return ""
        if not part.find_parent(class_=ASIDE):
            return _bare(part)
    return ""


def _notes(said: str) -> str:
    return f'<details class="notes"><summary>Notes</summary>{said}</details>' if said else ""


def _figure(figure: Tag, folder: str) -> str:
    """A picture with its caption below, or beside it where the picture is taller than wide."""
    picture, caption = figure.select_one("img"), figure.select_one(".caption-text")
    place = f"{folder}/{picture['src']}"
    said = f'<img src="{escape(place)}" alt="{escape(picture["alt"])}" loading="lazy">'
    said += f"<figcaption>{_inner(caption)}</figcaption>" if caption else ""
    wide, high = (_pixels(picture, side) for side in ("width", "height"))
    return f'<figure class="{"tall" if high > wide else "wide"}">{said}</figure>'


def _pixels(picture: Tag, side: str) -> float:
    """What a picture says of a side of it, in its style or as an attribute; docutils writes either."""
    told = re.search(rf"\b{side}: *([\d.]+)px", picture.get("style", ""))
    return float(told[1] if told else picture.get(side, "0").removesuffix("px"))


def _moving(figure: Tag) -> str:
    """The still of a figure that moves: what is seen where no script runs."""
    parts = [figure.select_one(f".moving-{part}") for part in ("title", "planes", "said")]
    for part in parts:
        part.attrs.pop("id", None)
        part.attrs.pop("role", None)
    return f'<div class="genre-moving">{"".join(map(str, parts))}</div>'


def _admonition(page: BeautifulSoup, title: str) -> Tag | None:
    boxes = page.select("article .admonition")
    heads = [box.select_one(".admonition-title") for box in boxes]
    found = (box for box, head in zip(boxes, heads, strict=True) if head.get_text() == title)
    return next(found, None)


def _inner(tag: Tag) -> str:
    return f"<p>{tag.decode_contents()}</p>"


def deck(title: str, slides: list[str]) -> str:
    """All slides as one page: an opening one, and on each its number and a place to link to."""
    first = f'<section class="slide opening"><h1>{escape(title)}</h1><p><a href="index.html">The book</a></p><p>{HOW}</p><footer></footer></section>'
    numbered = [
        slide.replace("<section", f'<section id="slide-{n}"', 1).replace(
            "</footer>", f"<span>{n}</span></footer>"
        )
        for n, slide in enumerate([first, *slides], 1)
    ]
    moving = MOVING.read_text(encoding="utf-8")
    colours = {"yes": genre_lite.plotting.YES, "no": genre_lite.plotting.NO}
    return PAGE.substitute(
        title=escape(title), slides="\n".join(numbered), moving=moving, **colours
    )


def write_slides(app: Sphinx, problem: Exception | None) -> None:
    """Read the built chapters, and write the slides beside them."""
    if problem is not None or app.builder.name != "html":
        return
    html = Path(app.outdir)
    slides = []
    for path in sorted(html.glob(CHAPTERS)):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        slides += chapter_slides(page, path.relative_to(html).as_posix())
    (html / "slides.html").write_text(deck(app.config.html_title, slides), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("build-finished", write_slides)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
