"""The built pages as they are seen: on a phone, in light and dark, and with every link leading somewhere.

They are there after `make book`. What needs a browser is skipped where there is no Chromium.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from bs4 import BeautifulSoup
from chromium import Chromium
from fontTools.ttLib import TTFont
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from walk import DESKTOP, NARROW, PHONE, axe, seconds_to_formulas, show, walk

MOST = 1_000_000  # bytes of a page without a desk, compressed
# What is not ours and cannot be mended from here: the start of what axe says, and why it is so.
LEFT = {
    "region: .only-": "the theme's logo stands in its side bar, beside the navigation, and the bar is a plain box",
}
# Where the keyboard is, and whether a ring or a shadow shows it.
RING = """(() => {
  const at = document.activeElement, of = getComputedStyle(at);
  const ring = (of.outlineStyle !== "none" && parseFloat(of.outlineWidth) > 0) || of.boxShadow !== "none";
  return { at: `${at.tagName.toLowerCase()}.${at.className}`, ring };
})()"""


@pytest.fixture(scope="module")
def walked(pages, tmp_path_factory):
    """What each page showed in a browser, but for the one that only leads to another."""
    stays = [path for path, page in pages.items() if not page.select_one('[http-equiv="refresh"]')]
    return walk(stays, tmp_path_factory.mktemp("walk"))


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


# -- budgets ------------------------------------------------------------------------------------


def test_a_page_is_light(pages, walked):
    heavy = {
        path.name: of["weight"]
        for path, of in walked.items()
        if of["weight"] > MOST and not pages[path].select(".genre-desk")
    }
    assert not heavy


def test_no_page_keeps_an_old_phone_busy_for_long(walked):
    """Seconds of the page's own thread; the reference in parts 3, a chapter with its formulas 8."""
    ready = {path: of["ready"] for path, of in walked.items()}
    assert not {p.name: t for p, t in ready.items() if t > (3 if p.parent.name == "api" else 8)}


def test_no_page_complains(walked):
    assert not {path.name: of["said"] for path, of in walked.items() if of["said"]}


@pytest.mark.parametrize("width", [PHONE, NARROW])
def test_no_page_is_wider_than_a_phone(walked, width):
    assert not {path.name: of["wide"][width] for path, of in walked.items() if of["wide"][width]}


def test_nobody_is_shut_out(walked):
    """axe-core, by the rules of WCAG 2.2 AA and by what it calls best practice."""
    if axe() is None:
        pytest.skip("axe-core is not installed; it comes with the extra `test`")
    found = {
        f"{path.name} {state}": told
        for path, of in walked.items()
        for state, said in of["axe"].items()
        if (told := [one for one in said if not one.startswith(tuple(LEFT))])
    }
    assert not found


def test_formulas_are_drawn_within_three_seconds_on_a_slow_phone(html, pages, tmp_path):
    counted = {path: len(page.select("article math")) for path, page in pages.items()}
    most = sorted(counted, key=counted.get)[-3:]
    assert counted[most[0]] > 50
    names = [path.relative_to(html).as_posix() for path in most]
    took = seconds_to_formulas(html, names, tmp_path)
    assert max(took.values()) <= 3, took


def test_no_formula_waits_for_a_script(pages):
    for path, page in pages.items():
        for formula in page.select("article .math"):
            assert formula.select_one("math[alttext]"), f"{path.name}: {formula.text[:60]}"
        assert "MathJax" not in str(page), path.name


def test_no_line_begins_with_the_comma_after_a_formula(pages):
    together = 0
    for path, page in pages.items():
        for formula in page.select("article span.math"):
            around = formula.parent
            if "together" in around.get("class", ()):
                together += 1
                continue
            after = formula.next_sibling
            assert not re.match(r"[,.;:!?)\]”’]", after if isinstance(after, str) else ""), (
                f"{path.name}: {formula.math['alttext']}"
            )
    assert together > 100


def test_the_font_has_every_sign_of_the_formulas(root, pages):
    font = TTFont(root / "assets" / "fonts" / "stix-two-math.woff2")
    known = {chr(code) for code in font.getBestCmap()}
    signs = {sign for page in pages.values() for tag in page.select("math") for sign in tag.text}
    invisible = {"\u2061", "\u2063", "\ufe00", "\n"}
    assert not signs - known - invisible


def test_every_icon_that_a_page_shows_is_in_its_font(html, tmp_path):
    """The fonts were thinned: a sign that is missing would be a box."""
    browser = Chromium(tmp_path)
    try:
        browser.open((html / "notebooks" / "01_denied_what_now.html").as_uri())
        browser.run("document.fonts.ready.then(() => 0)")
        shown = browser.run(
            "[...document.querySelectorAll('*')].flatMap((tag) => ['::before', '::after'].map((part) => {"
            " const of = getComputedStyle(tag, part); return [of.fontFamily, of.content]; }))"
            ".filter(([family, content]) => family.includes('Awesome') && content.length === 3)"
        )
    finally:
        browser.close()
    fonts = html.glob("_static/vendor/fontawesome/webfonts/*.woff2")
    known = {chr(code) for font in fonts for code in TTFont(font).getBestCmap()}
    signs = {content.strip('"') for _, content in shown}
    assert len(signs) > 5 and signs <= known


# -- with a keyboard ----------------------------------------------------------------------------


def test_the_keyboard_is_always_seen(html, tmp_path):
    """Each stop changes the picture of its surroundings."""
    browser = Chromium(tmp_path)
    try:
        browser.open((html / "notebooks" / "10_why_it_works.html").as_uri())
        stops = []
        for _ in range(40):
            browser.press("Tab")
            stops.append(browser.run(RING))
    finally:
        browser.close()
    assert not [stop for stop in stops if not stop["ring"]], stops
    assert not [stop for stop in stops if stop["at"].startswith("math")]


# -- the first page -----------------------------------------------------------------------------


def test_the_address_itself_says_what_stands_behind_it(html):
    front = BeautifulSoup((html / "index.html").read_text(), "html.parser")
    first = BeautifulSoup((html / "book" / "intro.html").read_text(), "html.parser")
    assert front.title.text == first.title.text and "said no" in front.title.text
    for name in ("og:title", "og:description", "og:image"):
        assert front.select_one(f'meta[property="{name}"]')["content"]
    assert front.select_one('meta[name="twitter:card"]')["content"] == "summary_large_image"
    assert front.select_one('meta[http-equiv="refresh"]')["content"].endswith("book/intro.html")


def test_descriptions_are_sentences(pages):
    for path, page in pages.items():
        tag = page.select_one('meta[property="og:description"]')
        if tag and page.select_one("article p"):
            assert len(tag["content"]) <= 205 and not re.search(r"\\\w|,,", tag["content"]), (
                path.name
            )


def test_the_first_page_has_a_letter_and_all_chapters(html, root):
    page = BeautifulSoup((html / "book" / "intro.html").read_text(), "html.parser")
    letter = page.select_one(".genre-letter")
    assert letter.p.text == "Dear Mira," and letter.select("li")
    cards = page.select(".genre-chapters ol > li > p:first-child a")
    assert len(cards) == len(list(root.glob("notebooks/[01][0-9]_*.ipynb")))
    entries = page.select(".genre-chapters ol > li")
    assert [len(entry.find_all("p", recursive=False)) for entry in entries] == [2] * len(cards)
    for card in cards:
        chapter = BeautifulSoup((html / "book" / card["href"]).read_text(), "html.parser")
        assert card.text in chapter.h1.text and chapter.select_one(".admonition.tip")


def test_only_notebooks_offer_to_be_launched(pages):
    for path, page in pages.items():
        offered = bool(page.select('a[href*="colab."], a[href*="mybinder"]'))
        assert offered == (path.parent.name == "notebooks"), path.name


# -- search -------------------------------------------------------------------------------------


FOUND = """(() => {
  const [text, ...rest] = Search._parseQuery(QUERY);
  return Search._performSearch(text, ...rest).reverse().slice(0, 5).map((hit) => hit[0]);
})()"""


def test_search_finds_the_page_and_forgives_a_slip(html, tmp_path):
    browser = Chromium(tmp_path)
    try:
        browser.open((html / "search.html").as_uri())
        asked = ("how do I install", "plausibility", "plausibilty", "temprature", "temperature")
        asked += ("GenRe", "gold world", "own data", "fairness", "missing values", "threshold")
        found = {query: browser.run(FOUND.replace("QUERY", json.dumps(query))) for query in asked}
        assert not browser.complaints
    finally:
        browser.close()
    assert found["how do I install"][0] == "book/install"
    assert "notebooks/genre_in_ten_minutes" in found["GenRe"]
    assert {"book/glossary", "notebooks/02_three_objectives"} & {*found["gold world"]}
    for asked in ("own data", "missing values", "threshold"):
        assert "book/your_table" in found[asked][:4], asked
    assert "notebooks/12_audit_and_limits" in found["fairness"]
    for right, slip in (("plausibility", "plausibilty"), ("temperature", "temprature")):
        assert len(set(found[right]) & set(found[slip])) >= 3
    reference = re.compile("book/api|genindex|py-modindex")
    assert not any(reference.match(page) for pages in found.values() for page in pages[:2])


# -- the desk -----------------------------------------------------------------------------------


def test_the_desk_has_a_still_letter_and_then_answers(html, tmp_path):
    page = html / "book" / "desk.html"
    still = BeautifulSoup(page.read_text(), "html.parser").select_one(".genre-desk pre").text
    assert still.startswith("You were denied") and "With these changes" in still
    scripts = {path.name: path.stat().st_size for path in (html / "_static" / "desk").glob("*.js")}
    assert scripts.keys() == {"engine.js", "german.js", "begin.js"}
    assert scripts["german.js"] < 1_000_000 and scripts["engine.js"] < 130_000
    browser = Chromium(tmp_path)
    try:
        browser.open(page.as_uri())
        said = browser.run("document.querySelector('.desk-letter').textContent")
        assert not browser.complaints
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


def test_no_figure_is_wider_than_its_text_allows(html, pages):
    """Text of 11 points at 110 dots an inch, in a column of 366 pixels, is then at least 9 pixels high."""
    widths = {
        f"{path.name}: {img['src']}": float(re.search(r"\bwidth: *([\d.]+)px", img["style"])[1])
        for path, page in pages.items()
        for img in page.select("article .cell_output img[style]")
    }
    drawn = any(page.select("article .cell_output img") for page in pages.values())
    assert bool(widths) == drawn
    assert not {name: wide for name, wide in widths.items() if wide > 366 * 11 / 72 * 110 / 9}


def test_the_books_own_colours_can_be_read_in_both_themes(root):
    text = (root / "assets" / "genre.css").read_text()
    # What the theme paints behind an article.
    for theme, behind in (("light", "#ffffff"), ("dark", "#14181e")):
        block = re.search(rf'html\[data-theme="{theme}"\] {{(.*?)}}', text, re.S)[1]
        colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
        for name in ("genre-denied", "genre-accepted", "pst-color-primary", "pst-color-link"):
            assert contrast(to_rgb(colours[name]), to_rgb(behind)) >= 4.5, (theme, name)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_can_be_read_in_both_themes(html, theme):
    text = (html / "_static" / "pygments.css").read_text()
    rules = re.findall(rf'html\[data-theme="{theme}"\] \.highlight([^{{]*)\{{([^}}]*)\}}', text)
    behind = next(
        re.search(r"background: (#\w+)", body)[1] for name, body in rules if not name.strip()
    )
    inks = {
        (name.strip(), ink[1])
        for name, body in rules
        if (ink := re.search(r"(?<![\w-])color: (#\w{3,6})\b", body)) and "background" not in body
    }
    assert len(inks) > 20
    pale = {name: contrast(to_rgb(ink), to_rgb(behind)) for name, ink in inks}
    assert not {name: round(ratio, 2) for name, ratio in pale.items() if ratio < 4.5}


# -- what a reader hears ------------------------------------------------------------------------


def test_headings_do_not_skip_a_level(pages):
    """Somebody who listens to the page jumps from heading to heading."""
    for path, page in pages.items():
        levels = [int(tag.name[1]) for tag in page.select("article :is(h1, h2, h3, h4)")]
        assert levels[:1] in ([1], []), path.name
        assert all(after <= before + 1 for before, after in pairwise(levels)), path.name


def test_no_two_places_of_a_page_have_one_name(pages):
    twice = {}
    for path, page in pages.items():
        names = Counter(tag["id"] for tag in page.select("[id]"))
        if many := [name for name, times in names.items() if times > 1]:
            twice[path.name] = many
    assert not twice


# -- what a page loads --------------------------------------------------------------------------


def test_pictures_below_the_first_wait(pages):
    for path, page in pages.items():
        waits = [img.get("loading") == "lazy" for img in page.select("article img")]
        if path.name != "slides.html" and waits:
            assert not waits[0] and all(waits[1:]), path.name


def test_a_telephone_has_an_icon_for_its_first_screen(html):
    for name in ("book/intro.html", "notebooks/01_denied_what_now.html"):
        page = BeautifulSoup((html / name).read_text(), "html.parser")
        link = page.select_one('link[rel~="apple-touch-icon"]')
        assert imread((html / name).parent / link["href"]).shape[:2] == (180, 180)


# -- exercises and answers ----------------------------------------------------------------------


def test_no_page_names_the_machine_that_built_it(pages):
    """A warning is its kind and its words, and not a file of the kernel."""
    for path, page in pages.items():
        assert not re.search(r"ipykernel_|/tmp/|/home/", page.get_text()), path.name


def test_a_cell_that_waits_says_nothing(pages):
    for path, page in pages.items():
        said = [box.get_text() for box in page.select(".genre-verdict")]
        assert not [text for text in said if "Not yet" in text], path.name


def test_an_exercise_has_the_number_that_its_cell_checks(pages):
    """Sphinx counts the titles; the cells name their exercises by hand."""
    numbered = {}
    for path, page in pages.items():
        if path.parent.name != "notebooks":
            continue
        for box in page.select(".exercise"):
            title = box.select_one(".admonition-title").get_text()
            codes = (code.get_text() for code in box.find_all_next("pre"))
            key = next(
                found[1] for code in codes if (found := re.search(r'check\("([^"]+)"', code))
            )
            assert re.match(r"Exercise (\S+)", title)[1] == key, f"{path.name}: {title}"
            numbered.setdefault(path.name, []).append(key)
    assert numbered["02b_one_number.html"][0] == "2.3", "the second half counts on"


@pytest.mark.parametrize(("name", "parts"), [("solutions", 13), ("fidelity", 5)])
def test_long_pages_have_a_contents_entry_for_each_part(html, name, parts):
    page = BeautifulSoup((html / "book" / f"{name}.html").read_text(), "html.parser")
    headings = [
        tag.find(string=True, recursive=False).strip()
        for tag in page.select("article section > :is(h2, h3)")
    ]
    assert [link.get_text(strip=True) for link in page.select(".page-toc a")] == headings
    assert len(headings) >= parts


# -- on paper, on a phone, in the dark ----------------------------------------------------------


@pytest.fixture
def browser(tmp_path):
    browser = Chromium(tmp_path)
    yield browser
    browser.close()


FOLDED = """[...document.querySelectorAll("article details:not([open], .hide, [hidden], [hidden] *)")].map((fold) =>
  [fold.className, [...fold.children].filter((part) => part.tagName !== "SUMMARY"
    && !(part.checkVisibility() && part.getBoundingClientRect().height > 0)).length])"""


def test_what_is_folded_stands_on_paper(html, pages, browser):
    most = max(pages, key=lambda path: len(pages[path].select("article details.sd-dropdown")))
    browser.open(most.as_uri())
    hidden = browser.run(FOLDED)
    assert hidden and all(parts for _, parts in hidden), "on the screen they are closed"
    browser.send("Emulation.setEmulatedMedia", media="print")
    assert not [name for name, parts in browser.run(FOLDED) if parts]


def test_paper_is_light_and_the_screen_goes_back(html, browser):
    show(browser, DESKTOP, "dark")
    browser.open((html / "book" / "intro.html").as_uri())
    assert browser.run("document.documentElement.dataset.theme") == "dark"
    browser.run(
        "addEventListener('beforeprint', () => (globalThis.printed = document.documentElement.dataset.theme)), 0"
    )
    browser.send("Page.printToPDF")
    assert browser.run("[printed, document.documentElement.dataset.theme]") == ["light", "dark"]


@pytest.mark.parametrize("drawer", ["primary", "secondary"])
def test_the_button_of_a_drawer_has_the_focus_back_when_it_is_closed(html, browser, drawer):
    show(browser, PHONE)
    browser.open((html / "notebooks" / "01_denied_what_now.html").as_uri())
    button = f"document.querySelector('.{drawer}-toggle')"
    browser.run(f"{button}.focus(), 0")
    browser.press("Enter")
    dialog = f"document.getElementById('pst-{drawer}-sidebar-modal')"
    browser.wait(f"{dialog}.open")
    assert browser.run(f"{dialog}.contains(document.activeElement)")
    browser.press("Escape")
    browser.wait(f"!{dialog}.open")
    assert browser.run(f"document.activeElement === {button}")


def test_a_key_may_press_a_button_of_the_bar_again(html, browser):
    show(browser, DESKTOP)
    browser.open((html / "book" / "law.html").as_uri())
    browser.run("document.querySelector('.theme-switch-button').focus(), 0")
    modes = []
    for _ in range(3):
        browser.press("Enter")
        browser.wait("document.activeElement.matches('.theme-switch-button')")
        modes.append(browser.run("document.documentElement.dataset.mode"))
    assert {*modes} == {"auto", "dark", "light"}


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_captions_can_be_read_without_scrolling(html, browser, width):
    show(browser, width)
    for page in ("claims", "results"):
        browser.open((html / "book" / f"{page}.html").as_uri())
        cut = browser.run(
            "[...document.querySelectorAll('article caption')].filter((caption) => caption.checkVisibility()"
            " && caption.getBoundingClientRect().width > caption.closest('.pst-scrollable-table-container').clientWidth + 1)"
            ".map((caption) => caption.textContent)"
        )
        assert not cut


def test_numbers_below_zero_have_a_minus_sign(pages):
    hyphens = re.compile(r"(?<![\w.,;:/)\]−-])-\d")
    for path, page in pages.items():
        if path.parent.name in ("notebooks", "book"):
            for part in page.select("article :is(p, li, figcaption)"):
                if not part.select("code, pre, math"):
                    assert not hyphens.search(part.get_text()), (path.name, part.get_text())


def test_figures_are_dark_in_the_dark_and_colours_keep_their_hue(pages, browser):
    drawn = [path for path, page in pages.items() if page.select("article .cell_output img")]
    if not drawn:
        pytest.skip("the book was built without its cells")
    show(browser, DESKTOP, "dark")
    browser.open(drawn[0].as_uri())
    looks = browser.run(
        "[...document.querySelectorAll('article .cell_output img')].map((img) => {"
        " const of = getComputedStyle(img); return [of.filter, of.backgroundColor]; })"
    )
    assert browser.run("document.documentElement.dataset.theme") == "dark"
    turned = ["invert(0.9) hue-rotate(180deg)", "rgb(255, 255, 255)"]
    assert looks and all(look == turned for look in looks)
    browser.send("Emulation.setEmulatedMedia", media="print")
    try:
        on_paper = browser.run(
            "getComputedStyle(document.querySelector('article .cell_output img')).filter"
        )
    finally:
        browser.send("Emulation.setEmulatedMedia", media="")
    assert on_paper == "none"
