"""What Sphinx and the theme leave unsaid for somebody who listens to a page.

The arrow that opens a part of the contents has no name (pydata-sphinx-theme), and the list of sources has
roles that ARIA gave up (docutils) between anchors that no list may hold (sphinxcontrib-bibtex).
"""

from __future__ import annotations

from collections.abc import Callable

from sphinx.application import Sphinx

SOURCES = {
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}


def say(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Name the arrows, and mend the roles in the page's own text."""
    contents: Callable[..., str] | None = context.get("generate_toctree_html")
    if contents:
        context["generate_toctree_html"] = lambda *of, **how: str(contents(*of, **how)).replace(
            "<summary>", '<summary aria-label="Show the pages of this part">'
        )
    for old, new in SOURCES.items():
        context["body"] = context.get("body", "").replace(old, new)


def setup(app: Sphinx) -> dict:
    """Connect it after the theme."""
    app.connect("html-page-context", say, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
