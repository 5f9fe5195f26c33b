"""Every built page, opened in light and dark, on a desktop and on a phone, and what was found there."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chromium import Chromium

DESKTOP, PHONE, NARROW = 1280, 390, 320  # pixels
# What is wider than the page, and lies in no box that scrolls.
WIDE = """(() => {
  const wide = innerWidth + 1;
  const scrolls = (box) => {
    for (let at = box.parentElement; at; at = at.parentElement)
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const out = [...document.querySelectorAll("article *")].filter(
    (box) => box.getBoundingClientRect().right > wide && !scrolls(box));
  const page = document.documentElement.scrollWidth;
  return [...(page > wide ? [`the page: ${page}`] : []), ...out.slice(0, 3).map((box) => `${box.tagName}.${box.className}`)];
})()"""
# Both widths and both themes of every page, in the two pairs that show most. Formulas take the ink of their line, and a
# test of the style sheet reads the colours of code, whose thousands of words would take axe minutes a page.
STATES = ((DESKTOP, "light"), (PHONE, "dark"))
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = """(async () => {
  const said = await axe.run({ include: [["html"]], exclude: [["math"], ["pre *"]] }, {
    resultTypes: ["violations"], preload: false, runOnly: { type: "tag", values: %s },
  });
  return said.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: `
    + `${node.any.concat(node.all)[0]?.message ?? node.html}`.slice(0, 160)));
})()""" % TAGS


def axe() -> str | None:
    """The text of axe-core, if a package that holds it is installed."""
    found = importlib.util.find_spec("axe_playwright_python")
    path = found and Path(found.submodule_search_locations[0], "axe.min.js")
    return path.read_text() if path and path.is_file() else None


def show(browser: Chromium, width: int, theme: str = "light") -> None:
    """Make the window that wide, and its reader's system light or dark."""
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=900,
        deviceScaleFactor=1,
        mobile=width < 600,
    )
    browser.send(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}]
    )


def weight(browser: Chromium) -> int:
    """Bytes that the page needs, as a server sends them: compressed."""
    loaded = browser.run(
        "[location.href, ...performance.getEntriesByType('resource').map((file) => file.name),"
        " ...[...document.images].map((image) => image.src)]"
    )
    files = {Path(unquote(urlsplit(name).path)) for name in loaded if name.startswith("file:")}
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def walk(pages: list[Path], folder: Path) -> dict[Path, dict]:
    """Open each page once on a desktop and once on a phone, and measure it there."""
    script, browser, found = axe(), Chromium(folder), {}
    try:
        for page in pages:
            of = found[page] = {"said": [], "wide": {}, "axe": {}}
            for width, theme in STATES:
                show(browser, width, theme)
                browser.open(page.as_uri())
                browser.run("document.fonts.ready.then(() => new Promise((next) => setTimeout(next, 100)))")
                of["said"] += browser.complaints
                of["wide"][width] = browser.run(WIDE)
                if width == DESKTOP:
                    of["weight"] = weight(browser)
                if script:
                    browser.run(script + "; 0")
                    of["axe"][width, theme] = browser.run(AXE)
            show(browser, NARROW)
            of["wide"][NARROW] = browser.run(WIDE)
    finally:
        browser.close()
    return found
