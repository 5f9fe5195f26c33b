"""What others see of a page before they open it: one plain sentence or two, and a front page at the address itself.

sphinxext-opengraph takes the first characters, tables and TeX included; here it is the chapter's question, or
the first paragraph without a formula, and no word is cut.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx

LENGTH = 200  # characters
TOLD = re.compile(r'(<meta (?:property="og:description"|name="description") content=")[^"]*(")')
QUESTION = "The question. "
FRONT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{metas}
<link rel="icon" href="_static/favicon.svg">
<link rel="canonical" href="{page}">
<meta http-equiv="refresh" content="0; url={page}">
</head>
<body><p><a href="{page}">{title}</a></p></body>
</html>
"""


def short(text: str, length: int = LENGTH) -> str:
    """As many whole sentences as fit, or else whole words.

    Examples
    --------
    >>> short("One is short. Two is longer.", 20)
    'One is short.'
    >>> short("No sentence ends before this.", 16)
    'No sentence …'
    """
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    sentences = text[: length + 1].rpartition(". ")[0]
    return f"{sentences}." if sentences else f"{text[: length - 1].rpartition(' ')[0]} …"


def description(doctree: nodes.document) -> str | None:
    """A page in a sentence or two."""
    plain = [p for p in doctree.findall(nodes.paragraph) if not next(p.findall(nodes.math), None)]
    texts = [p.astext() for p in plain]
    asked = next((t.removeprefix(QUESTION) for t in texts if t.startswith(QUESTION)), None)
    said = asked or next((t for t in texts if len(t) > 60), None)
    return short(said) if said else None


def tell(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put it in the place of what sphinxext-opengraph found."""
    said = description(doctree) if doctree else None
    if said:
        context["metatags"] = TOLD.sub(rf"\g<1>{escape(said)}\g<2>", context.get("metatags", ""))


def write_front(app: Sphinx, problem: Exception | None) -> None:
    """The address without a page: it leads to the first one, and says the same of itself."""
    if problem is not None or app.builder.name != "html":
        return
    page, html = f"{app.config.root_doc}.html", Path(app.outdir)
    head = BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser").head
    kept = head.select('meta[property^="og:"], meta[name="description"], meta[name^="twitter:"]')
    front = FRONT.format(
        title=escape(head.title.text.strip()), metas="\n".join(map(str, kept)), page=page
    )
    (html / "index.html").write_text(front, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Connect both after the extensions that they correct."""
    app.connect("html-page-context", tell, priority=900)
    app.connect("build-finished", write_front, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
