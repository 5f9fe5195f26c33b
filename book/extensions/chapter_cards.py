"""``{chapters}``: the numbered parts of the book, each chapter with its own question.

Titles and questions are read from the chapters, so a card says what its chapter says.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

QUESTION = re.compile(r"\*\*The question\.\*\*\s+(.+?)\n\n", re.S)


def parts(root: Path) -> list[tuple[str, list[str]]]:
    """The numbered parts, and the pages in each."""
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [
        (part["caption"], [chapter["file"] for chapter in part["chapters"]])
        for part in contents["parts"]
        if part.get("numbered")
    ]


def opening(chapter: Path) -> tuple[str, str]:
    """A chapter's title, and its question in one line."""
    first = "".join(json.loads(chapter.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = first.partition("\n")[0].removeprefix("# ")
    return title, " ".join(QUESTION.search(first)[1].split())


class Chapters(SphinxDirective):
    """Write the cards."""

    def run(self) -> list[nodes.Node]:
        root, number, lines = Path(self.env.srcdir), 0, []
        for caption, pages in parts(root):
            lines += ["::::{div} genre-part", f"**{caption}**", ""]
            for page in pages:
                number += 1
                path = root / f"{page}.ipynb"
                self.env.note_dependency(str(path))
                title, question = opening(path)
                mark = f"{number}. "  # and what belongs to it stands below its first letter
                lines += [f"{mark}[{title}](/{page}.ipynb)", "", " " * len(mark) + question, ""]
            lines += ["::::", ""]
        box = nodes.container(classes=["genre-chapters"])
        self.state.nested_parse(StringList(lines, ""), self.content_offset, box)
        return [box]


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("chapters", Chapters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
