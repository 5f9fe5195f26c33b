"""The built pages as they are seen: on a phone, in light and dark, and with every link leading somewhere.

They are there after `make book`. What needs a browser is skipped where there is no Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from bs4 import BeautifulSoup
from chromium import NAMES, QUIET, Chromium
from matplotlib.colors import to_rgb
from matplotlib.image import imread

PHONE = 390  # pixels
# Measures every page in a frame as narrow as a phone, one after the other, and writes what it found.
HARNESS = """<!doctype html><body><script>
const pages = PAGES, found = {};
function scrolls(box) {
  for (let at = box.parentElement; at; at = at.parentElement)
    if (["auto", "scroll", "hidden"].includes(getComputedStyle(at).overflowX)) return true;
  return false;
}
function next() {
  const page = pages.shift();
  if (!page) {
    const said = document.createElement("pre");
    said.id = "found";
    said.textContent = JSON.stringify(found);
    document.body.replaceChildren(said);
    return;
  }
  const frame = document.createElement("iframe");
  frame.style = "width: WIDTHpx; height: 800px; border: 0";
  frame.onload = () => setTimeout(() => {
    const inside = frame.contentDocument;
    const wide = [...inside.querySelectorAll("article *")].filter(
      (box) => box.getBoundingClientRect().right > WIDTH + 1 && !scrolls(box));
    found[page] = {
      width: inside.documentElement.scrollWidth,
      wide: wide.slice(0, 5).map((box) => box.tagName + "." + box.className),
      boxes: inside.querySelectorAll("article *").length,
    };
    frame.remove();
    next();
  }, 600);
  frame.src = page;
  document.body.append(frame);
}
next();
</script></body>"""


@pytest.fixture(scope="module")
def html(root):
    """The folder of the built book."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.skip("the book is not built; run `make book` first")
    return folder


@pytest.fixture(scope="module")
def pages(html):
    """Each built page, parsed, by its path."""
    paths = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]
    return {path: BeautifulSoup(path.read_text(), "html.parser") for path in paths}


# -- links --------------------------------------------------------------------------------------


def test_every_link_leads_to_a_place_that_exists(pages):
    places = {path: {tag["id"] for tag in page.select("[id]")} for path, page in pages.items()}
    lost = []
    for path, page in pages.items():
        for link in page.select("article a[href]"):
            parts = urlsplit(link["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.suffix == ".html":
                anchor = unquote(parts.fragment)
                if target not in places or (anchor and anchor not in places[target]):
                    lost.append(f"{path.name}: {link['href']}")
    assert not lost


# -- on a phone ---------------------------------------------------------------------------------


def test_no_page_is_wider_than_a_phone(html, pages, tmp_path):
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip("there is no Chromium to show the pages")
    addresses = [path.as_uri() for path in pages]
    harness = tmp_path / "phone.html"
    harness.write_text(HARNESS.replace("PAGES", json.dumps(addresses)).replace("WIDTH", str(PHONE)))
    shown = subprocess.run(
        [
            *(browser, *QUIET, "--disable-web-security"),
            f"--user-data-dir={tmp_path / 'browser'}",
            f"--virtual-time-budget={3000 * len(pages)}",
            *("--dump-dom", harness.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=600,
    ).stdout
    said = re.search(r'<pre id="found">(.*?)</pre>', shown, re.S)
    assert said, f"the browser did not come to the end: {shown[-300:]}"
    found = json.loads(unescape(said[1]))
    assert found.keys() == set(addresses)
    written = [path.as_uri() for path, page in pages.items() if page.select("article *")]
    assert all(found[page]["boxes"] for page in written), "a page was not drawn"
    wide = {
        urlsplit(page).path.rsplit("/", 1)[1]: measured
        for page, measured in found.items()
        if measured["width"] > PHONE or measured["wide"]
    }
    assert not wide


# -- the desk -----------------------------------------------------------------------------------


def test_the_desk_has_a_still_letter_and_then_answers(html, tmp_path):
    page = html / "book" / "desk.html"
    still = BeautifulSoup(page.read_text(), "html.parser").select_one(".genre-desk pre").text
    assert still.startswith("You were denied") and "With these changes" in still
    scripts = {path.name: path.stat().st_size for path in (html / "_static" / "desk").glob("*.js")}
    assert scripts.keys() == {"engine.js", "german.js", "begin.js"}
    assert scripts["german.js"] < 1_000_000 and scripts["engine.js"] < 100_000
    browser = Chromium(tmp_path)
    try:
        browser.open(page.as_uri())
        said = browser.run("document.querySelector('.desk-letter').textContent")
        # sphinx-thebe's script is loaded twice, and throws; the desk itself has nothing to complain of.
        assert all("THEBE_JS_URL" in told for told in browser.complaints)
    finally:
        browser.close()
    said, still = ("".join(text.replace("\n- ", "\n").split()) for text in (said, still))
    assert said == still


# -- in light and dark --------------------------------------------------------------------------


def luminance(colour):
    """Relative luminance of an sRGB colour in [0, 1]³, as the web's accessibility rules define it."""
    c = np.asarray(colour, dtype=float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


def contrast(one, other):
    """The ratio of two colours' luminances, from 1 (the same) to 21 (black on white)."""
    bright, dim = sorted((float(luminance(one)), float(luminance(other))), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_the_known_one():
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast(to_rgb("#767676"), (1, 1, 1)) == pytest.approx(4.54, abs=0.01)


def test_figures_are_white_cards_with_dark_ink(html, pages):
    """An opaque card reads the same on a light and on a dark page."""
    drawn = {
        (path.parent / img["src"]).resolve()
        for path, page in pages.items()
        for img in page.select("article .cell_output img")
        if img["src"].endswith(".png")
    }
    assert drawn
    for path in sorted(drawn):
        picture = imread(path)
        if picture.shape[2] == 4:
            assert picture[..., 3].min() == 1, f"{path.name} lets the page shine through"
        card = picture[0, 0, :3]
        ink = picture[..., :3].reshape(-1, 3)
        darkest = ink[luminance(ink).argmin()]
        assert contrast(card, darkest) >= 7, path.name
        assert contrast(card, (1, 1, 1)) < 1.1, path.name


def test_the_books_own_colours_can_be_read_in_both_themes(root):
    text = (root / "assets" / "genre.css").read_text()
    # What the theme paints behind an article.
    for theme, behind in (("light", "#ffffff"), ("dark", "#14181e")):
        block = re.search(rf'html\[data-theme="{theme}"\] {{(.*?)}}', text, re.S)[1]
        colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
        for name in ("genre-denied", "genre-accepted", "pst-color-primary", "pst-color-link"):
            assert contrast(to_rgb(colours[name]), to_rgb(behind)) >= 4.5, (theme, name)


# -- what a reader hears ------------------------------------------------------------------------


def test_headings_do_not_skip_a_level(pages):
    """Somebody who listens to the page jumps from heading to heading."""
    for path, page in pages.items():
        levels = [int(tag.name[1]) for tag in page.select("article :is(h1, h2, h3, h4)")]
        assert levels[:1] in ([1], []), path.name
        assert all(after <= before + 1 for before, after in pairwise(levels)), path.name
