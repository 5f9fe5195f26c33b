"""A page that reads a results file which is older than its code says so, at its top.

A page reads ``results/x.json`` if its source names ``x.json``; nobody has to write the note.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from benchmarks import provenance

NAMED = re.compile(r"\b(\w+)\.json\b")
REST = "What it says is of the code that made it, and not of today's. The page of the results names what changed."
note = lru_cache(provenance.stale_note)  # one build, one code


def notes(source: str) -> list[str]:
    """One note for each results file that a page names and that is stale."""
    names = sorted(set(NAMED.findall(source)))
    return [said for name in names if "STALE" in (said := note(name))]


def tell(app: Sphinx, doctree: nodes.document) -> None:
    """Put the notes below the title."""
    path = Path(app.env.doc2path(app.env.docname))
    said = notes(path.read_text())
    section = next(doctree.findall(nodes.section), None)
    if said and section is not None:
        lines = [nodes.paragraph("", f"{line}.") for line in said]
        section.insert(1, nodes.warning("", *lines, nodes.paragraph("", REST)))


def setup(app: Sphinx) -> dict:
    """Connect the note."""
    app.connect("doctree-read", tell)
    return {"version": "1", "parallel_read_safe": True}
