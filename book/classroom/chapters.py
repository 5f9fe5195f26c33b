"""The chapters as files: their cells and titles, and their prose without what only the book can show."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import nbformat

from genre_lite.exercises import CHAPTERS

__all__ = [
    "CHAPTERS",
    "ROOT",
    "SITE",
    "SOURCE",
    "cells",
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


@cache
def _texts() -> dict[str, str]:
    """All that each notebook holds, by the address of its page."""
    every = [path for number in CHAPTERS for path in pages(number)]
    return {f"{SITE}notebooks/{path.stem}.html": path.read_text("utf-8") for path in every}


def page_of(mark: str) -> str:
    """The page on which a label is set."""
    return next((address for address, text in _texts().items() if mark in text), SITE)


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
