"""How long each section of a chapter takes: an estimate, by one rule, from what stands on the page.

People read 200 words a minute, and need 3 seconds for a line of code that is shown and half a minute for a figure or a
formula on a line of its own. A question takes a minute, two if it asks for a number or an order. An exercise takes 5 minutes,
12 if it asks for a function, and the memo of chapter 12 an hour. What is folded away does not count, nor do solutions; of open
tasks the text does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from .assignments import CHECK, tasks
from .chapters import CHAPTERS, ROOT, pages

__all__ = [
    "Route",
    "Section",
    "every_page",
    "exercise_minutes",
    "page_minutes",
    "route_minutes",
    "routes",
    "sections",
]

WORDS_A_MINUTE = 200
LINE, FORMULA, FIGURE = 3 / 60, 1 / 2, 1 / 2
QUESTION, COUNTED = 1, 2
EXERCISE, FUNCTION, MEMO = 5, 12, 60
UNSEEN = {"remove-cell", "remove-input", "hide-input"}
SILENT = [
    # Exercises with their solutions have minutes of their own.
    re.compile(r"^```\{exercise-start\}.*?(?:^```\{solution-end\}|\Z)", re.M | re.S),
    re.compile(r"^<details>.*?^</details>", re.M | re.S),
    re.compile(r"^(:{3,})\{dropdown\}.*?^\1$", re.M | re.S),
    re.compile(r"^(?:%|:\w+:|\(\S+\)=|[`:]{3,}).*$", re.M),
]
ASKED = re.compile(r"^:::\{question\} .*\n((?::.*\n)*)", re.M)
DISPLAY = re.compile(r"^\$\$$.*?^\$\$[^\n]*$", re.M | re.S)
# A price in dollars begins no formula.
FORMULA_IN_TEXT = r"(?<!\\)\$(?!\s)(?:[^$\n]|\n(?!\s*\n))+?(?<![\s\\])\$(?!\d)"
INLINE = re.compile(FORMULA_IN_TEXT + r"|\{[\w:]+\}`[^`]*`|\]\([^)]*\)")
HEADING = re.compile(r"^## (.+)$", re.M)


@dataclass(frozen=True)
class Section:
    """A section: its heading, its label of a question, its exercises, and the minutes without these.

    The part before the first heading is called by the empty string.
    """

    title: str
    reading: float
    questions: tuple[str, ...]
    exercises: tuple[str, ...]

    @property
    def minutes(self) -> float:
        """With all its exercises."""
        return self.reading + sum(map(exercise_minutes, self.exercises))


@dataclass(frozen=True)
class Route:
    """The short way through a page to its first objective: sections by their headings, and exercises by their keys."""

    sections: tuple[str, ...]
    exercises: tuple[str, ...]


@cache
def exercise_minutes(key: str) -> int:
    """How long an exercise takes, by what it asks for.

    Examples
    --------
    >>> exercise_minutes("2.1"), exercise_minutes("6.3"), exercise_minutes("12.5")
    (5, 12, 60)
    """
    starter = next(t.starter for t in tasks(int(key.split(".")[0])) if t.key == key)
    if starter.startswith("memo"):
        return MEMO
    return FUNCTION if re.search(r"^def ", starter, re.M) else EXERCISE


def text_minutes(text: str) -> float:
    """How long prose takes with its formulas and questions.

    Examples
    --------
    >>> text_minutes("word " * 100)
    0.5
    >>> text_minutes("Read $a + b + c$\\n\\n$$\\nx = 1\\n$$\\n\\nand {term}`the cost`.") == 4 / 200 + 1 / 2
    True
    """
    for silent in SILENT[:3]:
        text = silent.sub("", text)
    asked = [
        COUNTED if re.search(":kind: (number|order)", of) else QUESTION
        for of in ASKED.findall(text)
    ]
    text, formulas = DISPLAY.subn("", text)
    words = len(INLINE.sub("x", SILENT[3].sub("", text)).split())
    return words / WORDS_A_MINUTE + FORMULA * formulas + sum(asked)


def code_minutes(cell: dict) -> float:
    """How long a cell of code takes, with its figure."""
    shown = FIGURE if "figure" in cell["metadata"].get("mystnb", {}) else 0.0
    if UNSEEN & {*cell["metadata"].get("tags", [])}:
        return shown
    return shown + LINE * sum(bool(line.strip()) for line in cell["source"])


@cache
def sections(page: Path) -> tuple[Section, ...]:
    """The sections of a page, in their order."""
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    parts: list[tuple[str, list[str], list[dict]]] = [("", [], [])]
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            parts[-1][2].append(cell)
            parts[-1][1].append(f"\n% code: {' '.join(key for key, _ in CHECK.findall(text))}\n")
            continue
        first, *rest = HEADING.split(text)
        parts[-1][1].append(first)
        parts += [(title, [said], []) for title, said in zip(rest[::2], rest[1::2], strict=True)]
    return tuple(_section(*part) for part in parts)


def _section(title: str, texts: list[str], code: list[dict]) -> Section:
    """A section, by its text and its cells; in an exercise a cell of code is part of the exercise."""
    text = "\n\n".join(texts)
    keys = re.findall(r"^% code: ([\d.]+)$", text, re.M)
    reading = text_minutes(text) + (0 if keys else sum(map(code_minutes, code)))
    labels = re.findall(r"^:::\{question\}.*\n:label: (\S+)", text, re.M)
    return Section(title, reading, tuple(labels), tuple(keys))


def page_minutes(page: Path) -> float:
    """A whole page with its exercises."""
    return sum(section.minutes for section in sections(page))


def every_page() -> Iterator[tuple[str, Path]]:
    """The pages of the chapters by what their names begin with, such as ``02b``."""
    for number in CHAPTERS:
        for page in pages(number):
            yield page.stem.partition("_")[0], page


@cache
def routes() -> dict[str, Route]:
    """The short routes, as ``book/routes.yml`` has them."""
    written = yaml.safe_load((ROOT / "book/routes.yml").read_text(encoding="utf-8"))
    return {
        name: Route(tuple(of["sections"]), tuple(of.get("exercises", ())))
        for name, of in written.items()
    }


def route_minutes(page: Path, route: Route) -> float:
    """How long the short route takes."""
    on_it = [section.reading for section in sections(page) if section.title in route.sections]
    return sum(on_it) + sum(map(exercise_minutes, route.exercises))
