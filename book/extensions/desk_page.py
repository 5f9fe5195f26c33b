"""``{desk}``: a model that comes with the package, at the reader's hand, on a page of the book; ``{letter}``: its answer.

The argument is the model's name, and with ``:guess:`` a reader guesses before the letter shows. Each line of the
body is a person, by their label in the table and by the name that the page gives them. Without script a still
letter stands in its place. The engine and the model's weights are files of the book, written when it is built.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import ClassVar

import pandas as pd
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import genre_lite as gl
from genre_lite import desk, letters

BEGIN = """
for (const root of document.querySelectorAll(".genre-desk")) {
  const people = JSON.parse(root.dataset.people);
  new Recourse.Desk(root, Recourse.models[root.dataset.model], people, { guess: "guess" in root.dataset });
}
"""


@cache
def loaded(name: str) -> tuple[gl.GenRe, object]:
    """A model of the package, with weights as the page has them, and its table."""
    return gl.GenRe.load(name, progress=False), gl.load_dataset(name)


def named(name: str, lines: Sequence[str]) -> pd.DataFrame:
    """People of a model's table, each under the name that a line gives to a label.

    Examples
    --------
    >>> named("german", ["553 Mira"])[["duration", "amount"]].to_dict("index")
    {'Mira': {'duration': 48, 'amount': 4308}}
    """
    labels, names = zip(*(line.split(maxsplit=1) for line in lines), strict=True)
    return loaded(name)[1].X_test.loc[[int(label) for label in labels]].set_axis(list(names))


class Desk(SphinxDirective):
    """``{desk} german`` and a line a person: ``553 Mira``."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"guess": directives.flag}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        genre, people = loaded(name)[0], named(name, self.content)
        up = "../" * self.env.docname.count("/")
        scripts = "".join(
            f'<script src="{up}_static/desk/{file}.js" defer></script>'
            for file in ("engine", name, "begin")
        )
        self.env.metadata[self.env.docname].setdefault("desks", name)
        guess = " data-guess" if "guess" in self.options else ""
        html = (
            f'<link rel="stylesheet" href="{up}_static/desk/desk.css">'
            f'<div class="genre-desk" data-model="{name}" data-people="{escape(json.dumps(desk.forms(people)))}"{guess}>'
            f"{desk.stills(genre, people)}</div>{scripts}"
        )
        return [nodes.raw("", html, format="html")]


class Letter(SphinxDirective):
    """``{letter} german`` and a line ``553 Mira``: what the model writes to her, as a sheet of paper."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        genre, people = loaded(self.arguments[0])[0], named(self.arguments[0], self.content)
        sheets = []
        for person in people.index:
            told = letters.Letter(genre.recommend(people.loc[[person]], n=1), person)
            sheets.append(
                f'<section class="genre-letter" aria-label="The letter to {escape(person)}">'
                f"<p>Dear {escape(person)},</p>{told.html}</section>"
            )
        return [nodes.raw("", "".join(sheets), format="html")]


def write(app: Sphinx, problem: Exception | None) -> None:
    """The engine, and the weights of each model that a page shows."""
    names = {of["desks"] for of in app.env.metadata.values() if "desks" in of}
    if problem or app.builder.name != "html" or not names:
        return
    folder = Path(app.outdir) / "_static" / "desk"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engine.js").write_text(desk.script(), encoding="utf-8")
    (folder / "begin.js").write_text(BEGIN)
    shutil.copy(desk.FOLDER / "desk.css", folder)
    for name in names:
        about = json.dumps(desk.exported(loaded(name)[0]))
        if len(about) > 1_000_000:
            raise ExtensionError(f"The model {name!r} takes {len(about):,} bytes on a page.")
        text = f"((globalThis.Recourse ??= {{}}).models ??= {{}}).{name} = {about};\n"
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the directive; write its files when the pages are written."""
    app.add_directive("desk", Desk)
    app.add_directive("letter", Letter)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True}
