"""One page with the whole book, which `make pdf` prints.

Exercises, cards and proofs tell Sphinx how they are drawn as html. A single page is html too, but
Sphinx keeps its list of drawings apart, so here they are shared.
"""

from __future__ import annotations

from sphinx.application import Sphinx


def share_drawings(app: Sphinx) -> None:
    """Let the single page draw all that separate pages can."""
    drawings = app.registry.translation_handlers
    drawings["singlehtml"] = drawings.get("html", {}) | drawings.get("singlehtml", {})


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", share_drawings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
