"""``{objectives}``: what a chapter wants you to be able to do, and which exercises and questions serve it.

The objectives are read from the chapters' first boxes, the exercises from the registry, the questions from the text;
``book/objectives.yml`` says which serve which. The build stops where the four do not agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from genre_lite.exercises import exercises

TABLE = "book/objectives.yml"
GOALS = re.compile(r"\*\*After it you can\*\*\n+((?:[-*] .*\n(?:  .*\n)*)+)")
ASKED = re.compile(r"^:::\{question\} (.+)\n:label: (\S+)", re.M)
EXERCISE = re.compile(r"^```\{exercise-start\} .+\n:label: (ex\d+\S*)", re.M)


@dataclass(frozen=True)
class Chapter:
    """A chapter: its pages, its title, its objectives, and by their names what asks something of the reader."""

    pages: list[str]
    title: str
    objectives: list[str]
    asks: dict[str, tuple[str, str, str]]  # the words, the page and the anchor of each


def goals(text: str) -> list[str]:
    """The objectives in a chapter's first box.

    Examples
    --------
    >>> goals("**After it you can**\\n- count;\\n- read a\\n  letter.\\n")
    ['count', 'read a letter']
    """
    listed = re.split(r"^[-*] ", "".join(GOALS.findall(text)), flags=re.M)
    return [" ".join(goal.split()).rstrip(";.") for goal in listed if goal.strip()]


def chapters(root: Path) -> dict[int, Chapter]:
    """The chapters by their numbers; a chapter may have two halves, each a page."""
    texts: dict[int, dict[str, str]] = {}
    for path in sorted(root.glob("notebooks/[0-9][0-9]*_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        texts.setdefault(int(path.name[:2]), {})[f"notebooks/{path.stem}"] = text
    return {number: _chapter(number, halves) for number, halves in texts.items()}


def _chapter(number: int, halves: Mapping[str, str]) -> Chapter:
    """A chapter, by the text of its pages."""
    whole = "\n\n".join(halves.values())
    places = [(page, anchor) for page, text in halves.items() for anchor in EXERCISE.findall(text)]
    asks = {
        key: (f"{key} {one.title}", page, anchor)
        for (key, one), (page, anchor) in zip(exercises(number).items(), places, strict=True)
    }
    for page, text in halves.items():
        asks |= {label: (words, page, label) for words, label in ASKED.findall(text)}
    title = re.search(r"^# (.+)$", whole, re.M)[1]
    return Chapter(list(halves), title, goals(whole), asks)


def flaws(chapters: Mapping[int, Chapter], serving: Mapping[int, Mapping]) -> Iterator[str]:
    """Where the chapters and the table do not agree.

    Examples
    --------
    >>> asks = {"1.1": ("1.1 Sum", "a", "ex011"), "how-many": ("How many?", "a", "how-many")}
    >>> one = Chapter(["a"], "A", ["count"], asks)
    >>> list(flaws({1: one}, {1: {"count": ["how-many"]}}))
    ['exercise 1.1 serves no objective']
    """
    known = {name for chapter in chapters.values() for name in chapter.asks}
    for number, chapter in chapters.items():
        told = serving.get(number, {})
        if list(told) != chapter.objectives:
            yield f"the objectives of chapter {number} are not those of {TABLE}"
        for goal, by in told.items():
            if not by:
                yield f"nothing serves {goal!r}, and no reason is given"
            elif not isinstance(by, str):
                yield from (f"{name} asks nothing" for name in by if name not in known)
    used = {n for t in serving.values() for by in t.values() if not isinstance(by, str) for n in by}
    # A question has a letter first, an exercise the number of its chapter.
    yield from (f"exercise {n} serves no objective" for n in sorted(known - used) if n[0].isdigit())


def table(root: Path) -> dict[int, dict[str, list[str] | str]]:
    """What serves each objective, by chapter."""
    return yaml.safe_load((root / TABLE).read_text(encoding="utf-8"))


class Objectives(SphinxDirective):
    """Write a section with a table for each chapter."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        known, serving = chapters(root), table(root)
        for page in (TABLE, *(f"{p}.ipynb" for chapter in known.values() for p in chapter.pages)):
            self.env.note_dependency(str(root / page))
        if found := list(flaws(known, serving)):
            raise ExtensionError("; ".join(found))
        return [self.section(n, chapter, serving[n]) for n, chapter in known.items()]

    def section(self, number: int, chapter: Chapter, serving: Mapping) -> nodes.section:
        """A chapter's title and its table."""
        section = nodes.section(ids=[f"objectives-of-{number}"], names=[f"objectives of {number}"])
        section += nodes.title("", "", nodes.Text(f"{number}. {chapter.title}"))
        group = nodes.tgroup(cols=2)
        group += [nodes.colspec(colwidth=width) for width in (45, 55)]
        head, body = nodes.thead(), nodes.tbody()
        head += _row(nodes.Text("After it you can"), nodes.Text("Served by"))
        for goal, by in serving.items():
            if isinstance(by, str):
                served = nodes.emphasis("", f"By none. {by}")
            else:
                served = nodes.bullet_list("", *(self.item(chapter, name) for name in by))
            body += _row(nodes.inline("", "", *self.words(goal)), served)
        group += [head, body]
        section += nodes.table("", group)
        return section

    def item(self, chapter: Chapter, name: str) -> nodes.list_item:
        """A link to an exercise or a question."""
        words, page, anchor = chapter.asks[name]
        link = nodes.reference("", "", *self.words(words), internal=True)
        link["asks"] = (page, anchor)
        return nodes.list_item("", nodes.paragraph("", "", link))

    def words(self, text: str) -> list[nodes.Node]:
        """Text with its formulas."""
        return self.state.inline_text(text, self.lineno)[0]


def _row(*cells: nodes.Node) -> nodes.row:
    """A row of a table."""
    inside = [c if isinstance(c, nodes.Body) else nodes.paragraph("", "", c) for c in cells]
    return nodes.row("", *(nodes.entry("", cell) for cell in inside))


def link(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Give each link its address, once all pages are known."""
    for one in doctree.findall(lambda n: isinstance(n, nodes.reference) and "asks" in n):
        target, anchor = one.attributes.pop("asks")
        one["refuri"] = f"{app.builder.get_relative_uri(page, target)}#{anchor}"


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("objectives", Objectives)
    app.connect("doctree-resolved", link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
