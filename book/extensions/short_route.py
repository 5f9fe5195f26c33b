"""The short route, told in the first box of a chapter: which sections and exercises carry its first objective through.

They are chosen in ``book/routes.yml``; how long they take is counted by ``book/classroom/minutes.py``.
"""

from __future__ import annotations

import json
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from book.classroom.chapters import ROOT
from book.classroom.minutes import every_page, route_minutes, routes
from book.extensions.budgets import BOXES


def rounded(minutes: float) -> int:
    """To the next five minutes.

    Examples
    --------
    >>> rounded(16.3), rounded(20.0)
    (20, 20)
    """
    return 5 * -int(-minutes // 5)


def _linked(words: str, anchor: str) -> nodes.reference:
    return nodes.reference("", words, refid=anchor, internal=True)


def heading(doctree: nodes.document, title: str) -> str:
    """Where the section of this heading is.

    Raises
    ------
    ExtensionError
        If the page has none.
    """
    for section in doctree.findall(nodes.section):
        if section[0].astext() == title:
            return section["ids"][0]
    raise ExtensionError(f"No section is called {title!r}, which book/routes.yml names.")


def exercise(text: str, key: str) -> str:
    """Where the exercise of this key is, by the source of its page.

    Examples
    --------
    >>> start = "```{exercise-start} One\\n:label: ex11-one\\n```\\n\\n**1.1** Count.\\n"
    >>> exercise(start + start.replace("1.1", "1.2").replace("11-one", "12-two"), "1.2")
    'ex12-two'
    """
    before = text[: text.index(f"**{key}**")]
    return re.findall(r"^```\{exercise-start\} .+\n:label: (\S+)", before, re.M)[-1]


def tell(app: Sphinx, doctree: nodes.document) -> None:
    """Add the line to the first box of a page that has a route."""
    page = {path.stem: (name, path) for name, path in every_page()}.get(
        app.env.docname.removeprefix("notebooks/")
    )
    boxes = [b for b in doctree.findall(nodes.admonition) if b[0].astext() in BOXES]
    if not page or not boxes:
        return
    name, path = page
    app.env.note_dependency(str(ROOT / "book/routes.yml"))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    route, text = routes()[name], "\n\n".join("".join(cell["source"]) for cell in cells)
    stops = [_linked(title, heading(doctree, title)) for title in route.sections]
    stops += [_linked(f"exercise {key}", exercise(text, key)) for key in route.exercises]
    line = nodes.paragraph("", "", classes=["genre-route"])
    line += nodes.strong("", "Short of time?")
    took = rounded(route_minutes(path, route))
    line += nodes.Text(f" About {took} minutes lead to the first objective: ")
    for place, stop in enumerate(stops):
        line += [nodes.Text("; "), stop] if place else [stop]
    line += nodes.Text("" if stops[-1].astext().endswith("?") else ".")
    boxes[0] += line


def setup(app: Sphinx) -> dict:
    """Connect the line."""
    app.connect("doctree-read", tell)
    return {"version": "1", "parallel_read_safe": True}
