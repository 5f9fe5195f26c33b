"""An exercise as a class gets it: what is asked, what is given, where the answer goes, and its solution.

The chapter's own statements on which it stands are found by following names backwards through the chapter, so that
an assignment needs no more of a chapter than its exercises do.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import nbformat
from nbformat.v4 import new_notebook

from genre_lite.exercises import exercises

from .chapters import cells, plain

__all__ = ["Task", "makes", "reads", "setup", "tasks", "whole"]

START = re.compile(r"```\{exercise-start\} (.+)\n(?::.*\n)*```\n")
END = "```{exercise-end}"
CHECK = re.compile(r'^check\("([\d.]+)", (\w+)\)\n?', re.M)
IMPORT = re.compile(r"^from genre_lite\.exercises import .*\n+", re.M)


DEFINES = (ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Task:
    """One exercise of a chapter.

    Attributes
    ----------
    key, title
        As in the registry.
    asked
        The text, in plain Markdown.
    given
        Code that comes before the answer.
    starter
        The code to be completed.
    name
        What the answer is called.
    solution
        Code that makes an answer of this name.
    """

    key: str
    title: str
    asked: str
    given: tuple[str, ...]
    starter: str
    name: str
    solution: str

    @property
    def test(self) -> str:
        """Code that stops with the hint if the answer is wrong."""
        return (
            "from genre_lite.exercises import check\n\n"
            f'verdict = check("{self.key}", {self.name})\n'
            "assert verdict.right, verdict.hint"
        )


def reads(code: str) -> set[str]:
    """The names that code takes from outside itself."""

    def inner(table: symtable.SymbolTable) -> set[str]:
        own = {s.get_name() for s in table.get_symbols() if s.is_global()}
        return own.union(*map(inner, table.get_children()))

    table = symtable.symtable(code, "task", "exec")
    top = {s.get_name() for s in table.get_symbols() if s.is_referenced() and not s.is_assigned()}
    made = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    return (top | set().union(*map(inner, table.get_children()))) - made


def _makes(node: ast.stmt) -> set[str]:
    """The names that a statement makes or changes."""
    if isinstance(node, DEFINES):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    made = set()
    for part in ast.walk(node):
        if isinstance(getattr(part, "ctx", None), ast.Store):
            # Of `table["a"] = 1` and `box.size = 2` it is the table and the box that change.
            while isinstance(part, ast.Subscript | ast.Attribute | ast.Starred):
                part = part.value
            made |= {part.id} if isinstance(part, ast.Name) else set()
    return made


def makes(code: str) -> set[str]:
    """The names that code makes or changes."""
    return set().union(*map(_makes, ast.parse(code).body))


def _inside(number: int) -> list[tuple[bool, str, str]]:
    """Each cell of a chapter: whether it belongs to an exercise, its kind, and its text."""
    found, inside = [], False
    for cell in cells(number):
        text = cell.source
        if cell.cell_type == "markdown":
            starts, ends = text.rfind("```{exercise-start}"), text.rfind(END)
            inside = starts > ends if max(starts, ends) >= 0 else inside
        found.append((inside, cell.cell_type, text))
    return found


def _solution(key: str, name: str) -> str:
    """The registry's solution, with what its module gives it, under the name that is asked for."""
    one = exercises()[key]
    source = one.shown().source
    module = import_module(one.solution.__module__)
    free = {n for n in reads(source) if not hasattr(builtins, n) and hasattr(module, n)}
    whole = {n for n in free if isinstance(getattr(module, n), ModuleType)}
    lines = [f"import {getattr(module, n).__name__} as {n}" for n in sorted(whole)]
    if free > whole:
        lines.append(f"from {module.__name__} import {', '.join(sorted(free - whole))}")
    if name != "answer":
        source = source.removesuffix(f"answer = {name}").rstrip()
        source += "" if name in makes(source) else f"\n{name} = answer"
    return "\n".join([*lines, *([""] if lines else []), source])


def tasks(number: int) -> list[Task]:
    """The exercises of a chapter, in their order.

    Examples
    --------
    >>> one = tasks(2)[0]
    >>> one.key, one.starter, one.name
    ('2.1', 'answer = ...', 'answer')
    """
    found, asked, given = [], [], []
    for inside, kind, text in _inside(number):
        if kind == "markdown":
            if START.search(text):
                after = START.split(text)[-1]
                # The end of the exercise before may stand in the same cell.
                asked, given = [after], []
            elif END in text and text.partition(END)[0].strip() and found:
                more = plain(text.partition(END)[0].strip())
                found[-1] = Task(**{**vars(found[-1]), "asked": f"{found[-1].asked}\n\n{more}"})
            elif inside and len(text) > 30:
                asked.append(text)
        elif inside and (checked := CHECK.search(text)):
            key, name = checked.groups()
            starter = IMPORT.sub("", CHECK.sub("", text)).strip()
            said = plain("\n\n".join(part.strip() for part in asked))
            title = exercises()[key].title
            found.append(Task(key, title, said, tuple(given), starter, name, _solution(key, name)))
        elif inside:
            given.append(IMPORT.sub("", text).strip())
    return found


def _spoken_of(number: int) -> dict[str, set[str]]:
    """What the text of an exercise may speak of: the chapter's functions and imports, and objects with a part."""
    code = [text for inside, kind, text in _inside(number) if kind == "code" and not inside]
    top = [node for text in code for node in ast.parse(text).body]
    named = (ast.FunctionDef, ast.ImportFrom)
    alone = set().union(*(_makes(node) for node in top if isinstance(node, named)))
    return {"alone": alone, "with a part": set().union(*map(_makes, top))}


def setup(number: int) -> str:
    """The statements of a chapter that its exercises need: imports, tables, models and functions.

    Examples
    --------
    >>> "glue" in setup(2), "load_dataset" in setup(2)
    (False, True)
    """
    wanted, own, known = set(), set(), _spoken_of(number)
    for task in tasks(number):
        code = "\n".join((*task.given, task.starter))
        own |= makes(code)
        named = {*re.findall(r"`([A-Za-z_]\w*)[`(]", task.asked)} & known["alone"]
        named |= {*re.findall(r"`([A-Za-z_]\w*)\.\w", task.asked)} & known["with a part"]
        wanted |= (reads(code) | named) - own
    kept = []
    for inside, kind, text in reversed(_inside(number)):
        if inside or kind != "code" or "google.colab" in text or "solution(" in text:
            continue
        lines = text.splitlines()
        for statement in reversed(ast.parse(text).body):
            made = _makes(statement)
            if isinstance(statement, ast.Assert | ast.Expr) or not made & wanted:
                continue
            first = min(
                [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))]
            )
            code = "\n".join(lines[first - 1 : statement.end_lineno])
            whole = isinstance(statement, (*DEFINES, ast.Assign, ast.Import, ast.ImportFrom))
            if whole and all(isinstance(t, ast.Name) for t in getattr(statement, "targets", [])):
                wanted -= made
            wanted |= reads(code) if whole else reads(code) | made
            kept.append(f"\n\n{code}\n\n" if isinstance(statement, DEFINES) else code)
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(reversed(kept))).strip()


def whole(cells: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """A notebook whose cells have the same names whenever it is made."""
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})
