"""Every built page, opened in light and dark, on a desktop and on a phone, and what was found there."""

from __future__ import annotations

import gzip
import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

from chromium import Chromium

DESKTOP, PHONE, NARROW = 1280, 390, 320  # pixels
# What is wider than the page, and lies in no box that scrolls.
WIDE = """(() => {
  const wide = document.documentElement.clientWidth + 1; // a phone shows more at once of what is too wide
  const within = (box, ...how) => {
    for (let at = box.parentElement; at; at = at.parentElement) if (how.includes(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  // What is hidden and not to be scrolled to is cut; of drawings and of what is for ears alone that is meant.
  const cut = (box) => box.localName === "math" && within(box, "hidden", "clip") && !within(box, "auto", "scroll");
  const out = [...document.querySelectorAll("article *")].filter((box) => box.getBoundingClientRect().right > wide
    && (cut(box) || !within(box, "auto", "scroll", "hidden", "clip")));
  const page = document.documentElement.scrollWidth;
  return [...(page > wide ? [`the page: ${page}`] : []), ...out.slice(0, 3).map((box) => `${box.tagName}.${box.className}`)];
})()"""
# Milliseconds until the page was read to its end and first painted; every formula must have a size then.
DRAWN = """(async () => {
  const flat = [...document.querySelectorAll("article math")].filter((m) => !m.closest("details, .toggle-hidden, [hidden]")
    && !m.getBoundingClientRect().width);
  if (flat.length || /\\\\\\(/.test(document.querySelector("article").innerText)) return Infinity;
  const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  return Math.max(paint, performance.getEntriesByType("navigation")[0].domInteractive);
})()"""
# Formulas take the ink of their line, and a test of the style sheet reads the colours of code, whose thousands of words
# would take axe minutes a page.
WIDTHS, THEMES = (DESKTOP, PHONE), ("light", "dark")
BROWSERS = min(4, os.cpu_count() or 1)
SLOW = 4  # how many times slower than this machine an old phone is
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The fonts are there, and colours that go over from one theme into the other have arrived.
SETTLED = """(async () => {
  await document.fonts.ready;
  await new Promise((next) => setTimeout(next, 100));
  const going = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.allSettled(going.map((one) => one.finished));
})()"""
# What repeats is looked at once, or axe would take minutes a page: of a table the first rows, of the contents the first
# links, and of a page's code its box.
THIN = """(() => {
  const drop = (which) => document.querySelectorAll(which).forEach((part) => part.remove());
  drop("tbody tr:nth-child(n + 4)");
  drop("nav li:nth-child(n + 4)");
  document.querySelectorAll("pre").forEach((code) => { code.textContent = code.textContent; });
})()"""
# Of what has the same ink on the same paper, by all that it lies in, two are looked at.
ALIKE = """(() => {
  document.querySelectorAll("[data-alike]").forEach((at) => { at.style.visibility = ""; delete at.dataset.alike; });
  const papers = new Map([[document.documentElement, ""]]), met = {}, rest = new Set(), looked = [];
  const paper = (at) => {
    if (!papers.has(at)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(at);
      papers.set(at, [paper(at.parentElement), at.localName, at.className, backgroundColor, backgroundImage, opacity].join(" "));
    }
    return papers.get(at);
  };
  for (const at of document.body.querySelectorAll("*")) {
    if (![...at.childNodes].some((part) => part.nodeType === Node.TEXT_NODE && part.data.trim())) continue;
    const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(at);
    const which = [paper(at), color, fontSize, fontWeight, textDecorationLine].join(" ");
    met[which] = (met[which] ?? 0) + 1;
    met[which] > 2 ? rest.add(at) : looked.push(at);
  }
  for (const at of looked) for (let up = at; up; up = up.parentElement) rest.delete(up);
  rest.forEach((at) => { at.style.visibility = "hidden"; at.dataset.alike = ""; });
})()"""


def asked(run: str) -> str:
    """What axe says of a page when it is run like that."""
    return f"""(async () => {{
  const said = await axe.run({{ include: [["html"]], exclude: [["math"], ["pre *"]] }}, {{
    resultTypes: ["violations"], preload: false, {run},
  }});
  return said.violations.flatMap((rule) => rule.nodes.map((node) => `${{rule.id}}: ${{node.target.join(" ")}}: `
    + `${{node.any.concat(node.all)[0]?.message ?? node.html}}`.slice(0, 160)));
}})()"""


COLOURS = ["color-contrast", "link-in-text-block"]  # all that a theme changes, and most of the time
ALL = f'runOnly: {{ type: "tag", values: {TAGS} }}'
AXE = asked(ALL)
OFF = ", ".join(f'"{rule}": {{ enabled: false }}' for rule in COLOURS)
AXE_BUT_COLOURS = asked(f"{ALL}, rules: {{ {OFF} }}")
AXE_COLOURS = asked(f'runOnly: {{ type: "rule", values: {COLOURS} }}')


def axe() -> str | None:
    """The text of axe-core, if a package that holds it is installed."""
    found = importlib.util.find_spec("axe_playwright_python")
    path = found and Path(found.submodule_search_locations[0], "axe.min.js")
    return path.read_text() if path and path.is_file() else None


class Phone(SimpleHTTPRequestHandler):
    """A server that compresses what is text, as those do that books stand on."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        text = path.suffix in (".html", ".css", ".js", ".svg")
        body = path.read_bytes() if path.is_file() else b""
        self.send_response(200 if path.is_file() else 404)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if text:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)

    def log_message(self, *of):
        """Nothing."""


def seconds_to_formulas(html: Path, pages: list[str], folder: Path) -> dict[str, float]:
    """How long a phone at 1.6 Mbit/s and 150 ms takes until every formula of a page is drawn."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Phone, directory=str(html)))
    Thread(target=server.serve_forever, daemon=True).start()
    browser, took = Chromium(folder), {}
    try:
        show(browser, PHONE)
        browser.send("Network.enable")
        browser.send("Network.setCacheDisabled", cacheDisabled=True)
        browser.send(
            "Network.emulateNetworkConditions",
            **{
                "offline": False,
                "latency": 150,
                "downloadThroughput": 2e5,
                "uploadThroughput": 1e5,
            },
        )
        # Each twice, and the quicker counts: what else the machine does is no part of the page.
        for page in 2 * pages:
            browser.open(f"http://127.0.0.1:{server.server_port}/{page}")
            took[page] = min(took.get(page, float("inf")), browser.run(DRAWN) / 1000)
    finally:
        browser.close()
        server.shutdown()
    return took


def show(browser: Chromium, width: int, theme: str = "light", height: int = 900) -> None:
    """Make the window that wide, and its reader's system light or dark."""
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=width < 600,
    )
    browser.send(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}]
    )


def weight(browser: Chromium, page: Path) -> int:
    """Bytes that a server sends for the page, compressed: itself, its scripts and styles, every font, and the pictures that do not wait."""
    named = browser.run(
        "[...document.querySelectorAll('script[src], img[src]:not([loading=lazy]), link[rel~=stylesheet], link[rel~=icon]')]"
        ".map((tag) => tag.src || tag.href)"
    )
    files = {
        page,
        *(Path(unquote(urlsplit(name).path)) for name in named if name.startswith("file:")),
    }
    static = next(path for path in files if "_static" in path.parts)
    root = Path(*static.parts[: static.parts.index("_static") + 1])
    return sum(len(gzip.compress(file.read_bytes())) for file in files | {*root.rglob("*.woff2")})


def busy(browser: Chromium) -> float:
    """Seconds that an old phone would compute until the page that was just opened is ready.

    The processor time of the page's own thread, so that it does not depend on what else the machine does.
    """
    told = browser.send("Performance.getMetrics")["metrics"]
    return SLOW * next(one["value"] for one in told if one["name"] == "TaskDuration")


def walk(pages: list[Path], folder: Path) -> dict[Path, dict]:
    """Open each page once on a desktop and once on a phone, and measure it there; a browser for each processor."""
    shares = [pages[start::BROWSERS] for start in range(BROWSERS)]
    folders = [folder / str(number) for number in range(BROWSERS)]
    with ThreadPoolExecutor(BROWSERS) as side_by_side:
        walked = list(side_by_side.map(_walk, shares, folders))
    return {page: found[page] for page in pages for found in walked if page in found}


def _walk(pages: list[Path], folder: Path) -> dict[Path, dict]:
    folder.mkdir()
    script, browser, found = axe(), Chromium(folder), {}
    browser.send("Performance.enable", timeDomain="threadTicks")
    try:
        for page in pages:
            of = found[page] = {"said": [], "wide": {}, "axe": {}, "ready": float("inf")}
            for width in WIDTHS:
                show(browser, width)
                browser.open(page.as_uri())
                browser.run(SETTLED)
                of["ready"] = min(of["ready"], busy(browser))
                of["said"] += browser.complaints
                of["wide"][width] = browser.run(WIDE)
                if width == DESKTOP:
                    of["weight"] = weight(browser, page)
                else:
                    show(browser, NARROW)
                    of["wide"][NARROW] = browser.run(WIDE)
                if script:
                    browser.run(THIN)
                    browser.run(script + "; 0")
                    show(browser, width)
                    browser.run(SETTLED)
                    of["axe"][width] = browser.run(AXE_BUT_COLOURS)
                for theme in THEMES if script else ():
                    show(browser, width, theme)
                    browser.run(SETTLED)
                    browser.run(ALIKE)
                    of["axe"][width, theme] = browser.run(AXE_COLOURS)
    finally:
        browser.close()
    return found
