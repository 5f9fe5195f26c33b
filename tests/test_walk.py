"""What the walk over the pages would see."""

from __future__ import annotations

import pytest
import walk
from chromium import Chromium

# One paragraph is pale by its place alone, and so is a word in it.
PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<style>.pale {{ color: #bbb; }} main > p:nth-of-type(33) {{ color: #bbb; }} @media (prefers-color-scheme: dark) {{ .night {{ color: #222; }} body {{ background: #111; color: #eee; }} }}</style>
</head><body><main><h1>A page</h1>{text}</main></body></html>"""
PLAIN = "<p>One word like <em>all</em> others.</p>"


@pytest.mark.skipif(
    not walk.axe(), reason="axe-core is not installed; it comes with the extra `test`"
)
def test_one_pale_word_among_many_plain_ones_is_found(tmp_path):
    odd = "<p>A <em class=pale>pale</em> and a <em style='color: #ccc'>paler</em> <b class=night>word</b>.</p>"
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(text=20 * PLAIN + odd + 20 * PLAIN))
    browser = Chromium(tmp_path / "browser")
    try:
        walk.show(browser, walk.DESKTOP)
        browser.open(page.as_uri())
        browser.run(f"{walk.axe()}; 0")
        assert not browser.run(walk.AXE_BUT_COLOURS)
        browser.run(walk.ALIKE)
        shown = "[...document.querySelectorAll('p')].filter((p) => p.checkVisibility({visibilityProperty: true})).length"
        assert browser.run(shown) == 4, "two that are alike, and the odd ones"
        said = {}
        for theme in walk.THEMES:
            walk.show(browser, walk.DESKTOP, theme)
            browser.run(walk.ALIKE)
            said[theme] = sorted(one.split(":")[1].strip() for one in browser.run(walk.AXE_COLOURS))
    finally:
        browser.close()
    assert said == {"light": [".pale", "em", "p", "p"], "dark": ["b"]}
