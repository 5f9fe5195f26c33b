"""The chapters as files: their cells, titles and objectives, and their prose without what only the book can show."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import nbformat

from book.extensions.objectives import goals
from genre_lite.exercises import CHAPTERS

__all__ = [
    "CHAPTERS",
    "ROOT",
    "SITE",
    "SOURCE",
    "cells",
    "objectives",
    "page_of",
    "pages",
    "plain",
    "prose",
    "title",
]

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "_config.yml").read_text(encoding="utf-8")
SITE = re.search(r"ogp_site_url: (\S+)", CONFIG)[1]
SOURCE = re.search(r"^repository:\n  url: (\S+)", CONFIG, re.M)[1]


@cache
def pages(number: int) -> list[Path]:
    """The notebooks of a chapter: one, or two halves."""
    return sorted((ROOT / "notebooks").glob(f"{number:02}*_*.ipynb"))


@cache
def cells(number: int) -> list[nbformat.NotebookNode]:
    """Its cells."""
    return [cell for path in pages(number) for cell in nbformat.read(path, as_version=4).cells]


def prose(number: int) -> str:
    """Its text."""
    return "\n\n".join(c.source for c in cells(number) if c.cell_type == "markdown")


def title(number: int) -> str:
    """Its heading."""
    return re.search(r"^# (.+)$", prose(number), re.M)[1]


def objectives(number: int) -> list[str]:
    """What one can do after it, as its first box says.

    Examples
    --------
    >>> objectives(1)[0]
    'tell recourse from explanation and from causal advice'
    """
    return goals(prose(number))


def _site(path: Path) -> str:
    """The address of a notebook's page."""
    return f"{SITE}notebooks/{path.stem}.html"


@cache
def page_of(mark: str) -> str:
    """The page on which a label is set."""
    every = (path for number in CHAPTERS for path in pages(number))
    return next((_site(path) for path in every if mark in path.read_text("utf-8")), SITE)


def plain(text: str) -> str:
    """Markdown that any notebook shows: roles of the book become words and links to its pages.

    Examples
    --------
    >>> plain("See {term}`the factor <LOF>` and {abbr}`this`.")
    'See the factor and this.'
    """

    def role(match: re.Match) -> str:
        name, label = match[1], match[2]
        if name == "eq":
            return f"[this equation]({page_of(f'({label})')}#equation-{label})"
        if name in ("numref", "ref", "prf:ref"):
            return f"[this place]({page_of(label)}#{label})"
        return re.sub(r" *<[^<>]*>$", "", label)

    text = re.sub(r"\{([\w:]+)\}`([^`]+)`", role, text)
    text = re.sub(r"\]\(\.\./book/([\w/]+)(?:\.md)?", rf"]({SITE}book/\1.html", text)
    return re.sub(r"\]\((\d\d[a-z]?_\w+|genre_\w+)", rf"]({SITE}notebooks/\1.html", text)
