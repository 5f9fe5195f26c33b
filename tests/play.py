"""Run the cells of a page as the book does, and keep what they show."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest


def shown(page: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[object], dict]:
    """What each cell leaves on the page, its last value, and all the names that the cells have made."""
    from book.extensions.trace_table import CELL  # the released archive has tests and no book

    monkeypatch.setattr("myst_nb.glue", lambda *_, **__: None)
    space: dict = {"__name__": "page"}
    left = []
    for code in CELL.findall(page.read_text(encoding="utf-8")):
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, page.name, "exec"), space)
        value = (
            eval(compile(ast.Expression(last.value), page.name, "eval"), space) if last else None
        )
        left.append(getattr(value, "data", value))
    return left, space


def table(markdown: str) -> list[list[str]]:
    """The rows of a table, without its head."""
    rows = [line.strip().strip("|").split("|") for line in markdown.splitlines() if "|" in line]
    return [[cell.strip() for cell in row] for row in rows[2:]]
