"""``{question}``: a question in the text that judges its answer in the browser, without a kernel.

The source reads as markdown, also in a notebook: a title, what is asked, a numbered list of options, and behind
``<details>`` what each answer is told, in a list whose items begin with the answer in bold::

    :::{question} Which of the two costs more?
    :label: cost-of-two

    1. A telephone.
    2. Four years of age.

    <details><summary>Answers</summary>

    - **1, right.** What has no order counts 1.
    - **2.** {mistake}`2.1 Every category counts 1, ordered or not`

    </details>
    :::

``:kind:`` is ``choice`` (left out), ``several``, ``number`` or ``order``. An answer is the number of an option; of
a number ``2 ± 1``, ``above 3`` or ``below 0``; of an order the numbers of all items, or ``2 before 1``. ``else`` is what
any other answer is told. ``:figure:`` is a drawing whose parts with ``data-option`` choose the option of that number.
With ``:predict:`` the next output of the page waits for a guess. The role ``mistake`` is the hint of a mistake of the
exercises. Without script all stands there as it is written.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from genre_lite.desk import FOLDER
from genre_lite.exercises import exercises

KINDS = ("choice", "several", "number", "order")
FOLD = "<details>"
KEY = re.compile(r"(.+?)(, right)?\.")
NUMBER = r"[-−]?\d+(?:\.\d+)?(?:/\d+)?"


class question(nodes.container):
    """All of a question; its attributes are what the page's script has to know."""


class kept(nodes.Element):
    """The table of answers that the browser keeps."""


def number(text: str) -> float:
    """A number as the source writes it.

    Examples
    --------
    >>> number("1/4"), number("−2")
    (0.25, -2.0)
    """
    over, _, under = text.replace("−", "-").partition("/")
    return float(over) / float(under or 1)


def answer(kind: str, key: str) -> dict:
    """What the bold beginning of an answer says.

    Raises
    ------
    ValueError
        If it says nothing that the kind knows.

    Examples
    --------
    >>> answer("number", "2 ± 1/2, right.")
    {'right': True, 'from': 1.5, 'to': 2.5}
    >>> answer("order", "2 before 1.")
    {'right': False, 'before': [2, 1]}
    """
    match = KEY.fullmatch(key)
    text, about = match[1] if match else "", {"right": bool(match and match[2])}
    if text == "else" and kind != "choice":
        return about | {"else": True}
    if kind in ("choice", "several") and re.fullmatch(r"\d+", text):
        return about | {"option": int(text)}
    if kind == "number" and (near := re.fullmatch(rf"({NUMBER}) ± ({NUMBER})", text)):
        middle, far = number(near[1]), number(near[2])
        return about | {"from": middle - far, "to": middle + far}
    if kind == "number" and (side := re.fullmatch(rf"(above|below) ({NUMBER})", text)):
        return about | {"from" if side[1] == "above" else "to": number(side[2])}
    if kind == "order" and re.fullmatch(r"\d+( \d+)+", text):
        return about | {"order": [int(n) for n in text.split()]}
    if kind == "order" and (pair := re.fullmatch(r"(\d+) before (\d+)", text)):
        return about | {"before": [int(pair[1]), int(pair[2])]}
    raise ValueError(f"an answer of kind {kind} cannot be {key!r}")


def flaw(kind: str, options: int, answers: list[dict]) -> str | None:
    """Why a question is not sound, or None."""
    right = [a for a in answers if a["right"]]
    told = sorted(a["option"] for a in answers if "option" in a)
    wanted = list(range(1, options + 1))
    if kind in ("choice", "several") and (told != wanted or options < 2):
        return f"each of two or more options has one answer, not {told} for {options}"
    if kind != "several" and len(right) != 1:
        return f"one answer is right, not {len(right)}"
    if kind == "several" and not right:
        return "at least one option is right"
    if kind != "choice" and [a for a in answers if "else" in a] != answers[-1:]:
        return "the last answer is 'else': what any other is told"
    if "else" in right[0]:
        return "what is right is said"
    if kind == "number":
        if options:
            return "a number has no options"
        if any("from" in a and "to" in a and not a["from"] < a["to"] for a in answers):
            return "a tolerance is greater than zero"
        if not {"from", "to"} <= right[0].keys():
            return "the right number has a tolerance"
        if any(a is not right[0] and told_of(a, right[0]) for a in answers):
            return "the right number is another answer's too"
    if kind == "order":
        for a in answers:
            if "order" in a and sorted(a["order"]) != wanted:
                return f"an order has each of {options} places once, not {a['order']}"
            if not set(a.get("before", [])) <= set(wanted):
                return f"there is no item {a['before']}"
        order = right[0].get("order", [])
        if order in ([], wanted):
            return "the right order is given, and not the one in which the items stand"
        if any(
            "before" in a and order.index(a["before"][0]) < order.index(a["before"][1])
            for a in answers
        ):
            return "the right order has another answer too"
    return None


def told_of(one: dict, right: dict) -> bool:
    """Whether a range of numbers reaches into the right one."""
    if "else" in one:
        return False
    return one.get("from", -1e300) <= right["to"] and right["from"] <= one.get("to", 1e300)


class Question(SphinxDirective):
    """``{question} Title``, with a label of its own."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {
        "label": directives.unchanged_required,
        "kind": lambda text: directives.choice(text, KINDS),
        "figure": directives.unchanged_required,
        "predict": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        label, kind = self.options.get("label"), self.options.get("kind", "choice")
        lines = list(self.content)
        folds = [i for i, line in enumerate(lines) if line.startswith(FOLD)]
        if not label or len(folds) != 1 or lines[-1].strip() != "</details>":
            raise self.unsound("it has a :label:, and ends with its answers behind <details>")
        title = nodes.paragraph("", "", ids=[f"{label}-title"], classes=["question-title"])
        title += self.state.inline_text(self.arguments[0], self.lineno)[0]
        asked, behind = nodes.container(), nodes.container()
        self.state.nested_parse(self.content[: folds[0]], self.content_offset, asked)
        start = folds[0] + 1
        self.state.nested_parse(self.content[start:-1], self.content_offset + start, behind)
        options = 0
        if kind != "number" and isinstance(asked.children[-1], nodes.enumerated_list):
            asked.children[-1]["classes"] += ["question-options"]
            options = len(asked.children[-1])
        if len(behind) != 1 or not isinstance(behind[0], nodes.bullet_list):
            raise self.unsound("its answers are one list")
        behind[0]["classes"] += ["question-answers"]
        try:
            keys = [next(item.findall(nodes.strong)).astext() for item in behind[0]]
            answers = [answer(kind, key) for key in keys]
        except (ValueError, StopIteration) as error:
            raise self.unsound(str(error) or "an answer begins in bold") from None
        for item, key in zip(behind[0], keys, strict=True):
            if not re.match(re.escape(key) + r"\s*\S", item.astext()):
                raise self.unsound(f"after its beginning, {key!r} is told something")
        if why := flaw(kind, options, answers):
            raise self.unsound(why)
        self.env.metadata[self.env.docname].setdefault("questions", []).append(label)
        whole = question(
            ids=[label],
            about={
                "kind": kind,
                "page": self.env.docname,
                "answers": json.dumps(answers),
                **({"predict": ""} if "predict" in self.options else {}),
            },
        )
        whole += [title, *self.drawing(options), *asked.children]
        fold = '<details class="question-fold"><summary>Answers</summary>'
        whole += [
            nodes.raw("", fold, format="html"),
            *behind.children,
            nodes.raw("", "</details>", format="html"),
        ]
        return [whole]

    def drawing(self, options: int) -> list[nodes.Node]:
        """The figure, as part of the page, so that it follows the theme and its parts can be chosen."""
        if "figure" not in self.options:
            return []
        name, path = self.env.relfn2path(self.options["figure"])
        self.env.note_dependency(name)
        svg = Path(path).read_text(encoding="utf-8")
        if {*re.findall(r'data-option="(\d+)"', svg)} != {str(n + 1) for n in range(options)}:
            raise self.unsound(f"each option is a part of {name}")
        return [nodes.raw("", f'<div class="question-figure">{svg}</div>', format="html")]

    def unsound(self, why: str) -> ExtensionError:
        """The error that stops the build."""
        source, line = self.get_source_info()
        return ExtensionError(f"{source}:{line}: the question {self.arguments[0]!r} fails: {why}.")


def mistake(
    name: str, rawtext: str, text: str, lineno: int, inliner: object, *_: object, **__: object
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """``{mistake}`` with the key of an exercise and a belief: the hint for whoever holds it."""
    key, _, belief = text.partition(" ")
    one = exercises().get(key)
    for known in one.mistakes if one else ():
        if known.belief.rstrip(".") == belief.rstrip("."):
            return [nodes.Text(known.hint)], []
    raise ExtensionError(f"Exercise {key} has no mistake {belief!r}.")


class Kept(SphinxDirective):
    """``{answers-kept}``: the pages with questions, and a place for what the browser keeps."""

    def run(self) -> list[nodes.Node]:
        return [kept()]


def pages(env: BuildEnvironment) -> dict[str, list[str]]:
    """The labels of the questions of each page, in the order of the book.

    Raises
    ------
    ExtensionError
        If two questions have one label.
    """
    found = {name: of["questions"] for name, of in env.metadata.items() if "questions" in of}
    every = [label for labels in found.values() for label in labels]
    if twice := {label for label in every if every.count(label) > 1}:
        raise ExtensionError(f"Two questions have one label: {', '.join(sorted(twice))}.")
    return dict(sorted(found.items()))


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """The table, once all pages are read."""
    for place in list(doctree.findall(kept)):
        rows = "".join(
            f'<tr data-page="{name}"><td><a href="{app.builder.get_relative_uri(page, name)}">'
            f"{escape(app.env.titles[name].astext())}</a></td><td>{len(labels)}</td><td>–</td></tr>"
            for name, labels in pages(app.env).items()
        )
        head = "<tr><th>Page</th><th>Questions</th><th>You answered</th></tr>"
        table = f'<table class="table"><thead>{head}</thead><tbody>{rows}</tbody></table>'
        html = f'<div class="question-kept">{table}</div>'
        place.replace_self(nodes.raw("", html, format="html"))


def visit(self: HTML5Translator, node: question) -> None:
    """Begin a group that is named by its title."""
    label = node["ids"][0]
    about = "".join(f' data-{name}="{escape(text)}"' for name, text in node["about"].items())
    self.body.append(
        f'<div class="question" id="{label}" role="group" aria-labelledby="{label}-title"{about}>\n'
    )


def depart(self: HTML5Translator, node: question) -> None:
    """End it."""
    self.body.append("</div>\n")


def scripts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document) -> None:
    """Only a page with questions, or with their answers, takes the script."""
    if doctree and (
        "questions" in app.env.metadata[page] or "question-kept" in context.get("body", "")
    ):
        app.add_css_file("question.css")
        app.add_js_file("hands.js", loading_method="defer")
        app.add_js_file("question.js", loading_method="defer")


def assets(app: Sphinx) -> None:
    """What the desk's views are made with, the questions' are too; their own files lie in the book's assets."""
    app.config.html_static_path.append(str(FOLDER / "hands.js"))


def setup(app: Sphinx) -> dict:
    """Register directives, role and files."""
    app.add_node(question, html=(visit, depart))
    app.add_node(kept)
    app.add_directive("question", Question)
    app.add_directive("answers-kept", Kept)
    app.add_role("mistake", mistake)
    app.connect("builder-inited", assets)
    app.connect("env-check-consistency", lambda app, env: pages(env) and None)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", scripts)
    return {"version": "1", "parallel_read_safe": True}
