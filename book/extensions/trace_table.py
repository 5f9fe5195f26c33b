"""The trace table: each numbered equation, the functions that compute it, the tests that check it.

It is written nowhere. An equation has its label in the text, ``$$ ... $$ (label)``. A function that
computes it says so in its docstring, in a line ``Equation: :eq:`label`.``; if none does, since the
page or a test does it by hand, the page has a comment ``% by hand: label``. A test that would fail if the two
disagreed is marked ``@pytest.mark.equation("label")``. The directive ``{trace-table}`` puts all of
that together and warns of every orphan, which fails a strict build; the tests ask for them too.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
NUMBERED = re.compile(r"\$\$ *\(([\w-]+)\) *$", re.M)
BY_HAND = re.compile(r"^% by hand: ([\w-]+) *$", re.M)
COMPUTES = re.compile(r"^ *Equations?: (.*(?:\n *:eq:.*)*)$", re.M)
CELL = re.compile(r"^```\{code-cell\}.*\n(?:---\n(?:.*\n)*?---\n|(?::.*\n)*)((?:.*\n)*?)```", re.M)
DOCUMENTED = re.compile(r"automodule:: (\S+)")
NAMED = re.compile(r"`~?(?:[\w.]*\.)?(\w+)(?:\([^`]*\))?`")
NOT_MENTIONS = ("book/api", "book/trace", "book/bibliography")  # pages, and all below them

# What no page has to speak of, and why. A name here is a module, a class or a function.
ASIDE = {
    "genre_lite.baselines.autoencoder.LabelledVAE": "what `CRUDS` trains",
    "genre_lite.baselines.gradient_search": "what the searches along a gradient share",
    "genre_lite.baselines.latent_search": "what the searches in a latent space share",
    "genre_lite.baselines.projection": "keeps every search within the schema",
    "genre_lite.baselines.shells": "what the two searches in growing shells share",
    "genre_lite.categorical": "one draw by weights, for pairs and tokens alike",
    "genre_lite.candidates": "how `GenRe` asks and compares",
    "genre_lite.choice": "from candidates to options, for `GenRe` and for whoever else has candidates",
    "genre_lite.certificate": "`answer.certificate` makes one; the page on your own table verifies it",
    "genre_lite.cli": "the command line, which tells what it does by `genre-lite --help`",
    "genre_lite.codec.room": "the room that a schema leaves a feature, for `Codec`",
    "genre_lite.datasets.list_datasets": "the data cards are the list",
    "genre_lite.datasets.source": "`load_dataset` reads and downloads by it",
    "genre_lite.datasets.table": "how a table is described, for `load_dataset`",
    "genre_lite.datasets.toys.make_toy": "`load_dataset` calls it",
    "genre_lite.decision.SupportsProba": "a protocol: anything with `predict_proba`",
    "genre_lite.decision.acceptance": "$h(x)$, with a check of what a classifier answers",
    "genre_lite.decision.as_decision": "a bare model where an h is asked for, as its `Decision`",
    "genre_lite.decision.fingerprint": "answers by which `GenRe.load` knows a bank again",
    "genre_lite.decision.require_agreement": "refuses an h that contradicts the labels, at `fit`",
    "genre_lite.decision.same_bank": "compares fingerprints, for `GenRe.load`",
    "genre_lite.errors": "errors explain themselves where they occur",
    "genre_lite.estimator": "the frame of every method, for those who write one",
    "genre_lite.evaluation.benchmark": "the command line runs it",
    "genre_lite.evaluation.density": "an optional judge of likelihood, for `evaluate`",
    "genre_lite.evaluation.ledger": "where the benchmark keeps its cells",
    "genre_lite.evaluation.metrics": "the columns of `evaluate`, one function each",
    "genre_lite.exercises": "what checks an answer is no subject of the chapters",
    "genre_lite.model.Cache": "keys and values kept while a recourse is written",
    "genre_lite.objectives.energy_distance": "the benchmark of the claims measures by it",
    "genre_lite.outliers": "`LocalOutliers` among many sets for one search, for `Teacher`",
    "genre_lite.plotting.plane.Mark": "what a `Plane` draws, for figures that move",
    "genre_lite.atomic": "whole files or none, wherever one is written",
    "genre_lite.storage": "the files of `GenRe.save` and `GenRe.load`",
    "genre_lite.contract": "explained on the page on a method of your own",
    "genre_lite.inference": "what `Schema.infer` reads off a table",
    "genre_lite.letters": "what `describe` and `to_html` write",
    "genre_lite.limits": "masks for every term, held by their own tests",
    "genre_lite.proposals": "judges anybody's proposal, outside the chapters",
    "genre_lite.reading": "terms and models from files, for the command line",
    "genre_lite.refinement": "nothing needless, in every answer of `GenRe`",
    "genre_lite.relations": "how a schema states a relation",
    "genre_lite.saving": "the files of `GenRe.save` and `GenRe.load`",
    "genre_lite.schema.Refusal": "why a row is refused, for the letter that says so",
    "genre_lite.serialization": "`Recourses.to_json` and `Recourses.from_json`",
    "genre_lite.settings": "what a setting may be, checked at `fit`",
    "genre_lite.sampling.spread": "options of one person that ask for different things",
    "genre_lite.supervision.ListedPairs": "pairs made beforehand, by grafting or refinement",
    "genre_lite.supervision.Pairs": "a protocol: what a network is trained on, `PairSampler` or listed pairs",
    "genre_lite.supervision.grafted_pairs": "targets put onto what a person cannot change",
    "genre_lite.surrogate.Surrogate": "explained in words on the page on what moves the Score",
    "genre_lite.teaching": "supervision from refinement, for `GenRe.fit`",
    "genre_lite.terminal": "how the command line speaks",
    "genre_lite.threads": "one thread, unless told otherwise",
    "genre_lite.threefry": "random numbers keyed by a person",
    "genre_lite.truth": "who is surely accepted, by the word of `Teacher`",
    "genre_lite.worlds.GoldWorld": "`gold_world` makes it",
    "genre_lite.writing": "one mask a feature, for every term at once",
}


@dataclass
class Page:
    """A page of the book: its words, and its code as one text a cell."""

    name: str
    prose: str
    code: list[str]

    def mentions(self) -> set[str]:
        """The names of ours that the page writes as code, in a sentence or in a cell."""
        found, rooms = set(NAMED.findall(self.prose)), {"gl", "genre_lite"}
        # A cell of a magic, as %%bash, is in another language.
        cells = [cell for cell in self.code if not cell.startswith("%%")]
        steps = [node for cell in cells for node in ast.walk(ast.parse(cell))]
        for node in steps:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genre_lite"):
                found |= {alias.name for alias in node.names}
                rooms |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Assign) and _base(node.value) in rooms:
                rooms |= {name.id for name in node.targets if isinstance(name, ast.Name)}
        found |= {
            node.attr for node in steps if isinstance(node, ast.Attribute) and _base(node) in rooms
        }
        return found


def _base(node: ast.AST) -> str | None:
    """The first name of ``a.b.c``, if that is what stands there."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


@dataclass
class Equation:
    """A numbered equation and what points to it."""

    label: str
    page: str
    by_hand: bool
    functions: list[str]
    tests: list[str]


def pages(root: Path = ROOT) -> list[Page]:
    """Every chapter and then every page, in the order of their names."""
    found = []
    for path in sorted(root.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        words, code = (
            ["".join(cell["source"]) for cell in cells if (cell["cell_type"] == "code") is wanted]
            for wanted in (False, True)
        )
        found.append((path, "\n\n".join(words), code))
    for path in sorted(root.glob("book/**/*.md")):
        text = path.read_text()
        found.append((path, CELL.sub("", text), CELL.findall(text)))
    return [Page(p.relative_to(root).with_suffix("").as_posix(), *rest) for p, *rest in found]


def definitions(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """The functions and classes of a file, methods included, by their names with dots."""

    def inside(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                yield prefix + child.name, child
                if isinstance(child, ast.ClassDef):
                    yield from inside(child, f"{prefix}{child.name}.")

    return inside(ast.parse(path.read_text()), "")


def computed(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Each label that a docstring claims, with the name of what claims it."""
    for path in sorted([*root.glob("genre_lite/**/*.py"), *root.glob("benchmarks/*.py")]):
        for name, node in definitions(path):
            for line in COMPUTES.findall(ast.get_docstring(node) or ""):
                for label in re.findall(r":eq:`([\w-]+)`", line):
                    yield label, f"{_module(path, root)}.{name}"


def checked(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Each label that a test's marker names, with the test."""
    for path in sorted(root.glob("tests/test_*.py")):
        for name, node in definitions(path):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.equation":
                    for label in mark.args:
                        yield ast.literal_eval(label), f"{path.name}::{name}"


def public(root: Path = ROOT) -> Iterator[str]:
    """The public functions and classes of the package, each where it is defined."""
    for path in sorted(root.glob("genre_lite/**/*.py")):
        named = {
            name
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            if isinstance(node.value, ast.List)
            for name in ast.literal_eval(node.value)
        }
        yield from (
            f"{_module(path, root)}.{name}" for name, _ in definitions(path) if name in named
        )


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _within(name: str, entry: str) -> bool:
    """Whether a name is an entry, or lies in it."""
    return f"{name}.".startswith(f"{entry}.")


def _said(test: str) -> str:
    """A test as the sentence that its name is, which wraps where a name would not."""
    file, _, name = test.partition("::")
    return f"`{file}` {name.rpartition('.')[2].removeprefix('test_').replace('_', ' ')}"


class Trace:
    """The book and the code, read once, and what points from one to the other."""

    def __init__(self, root: Path = ROOT, aside: Mapping[str, str] = ASIDE) -> None:
        self.root, self.aside = root, aside
        self.pages = pages(root)
        self.public = list(public(root))
        self.computed, self.checked = list(computed(root)), list(checked(root))
        self.equations = [
            Equation(
                label,
                page.name,
                label in BY_HAND.findall(page.prose),
                [name for of, name in self.computed if of == label],
                [name for of, name in self.checked if of == label],
            )
            for page in self.pages
            for label in NUMBERED.findall(page.prose)
        ]

    def orphans(self) -> list[str]:
        """What has no counterpart, one sentence each."""
        return [*self._equations(), *self._pointers(), *self._names()]

    def _equations(self) -> Iterator[str]:
        labels = [one.label for one in self.equations]
        for label in sorted({label for label in labels if labels.count(label) > 1}):
            yield f"Two equations have the label {label!r}."
        for one in self.equations:
            where = f"The equation {one.label!r} of {one.page}"
            if not one.functions and not one.by_hand:
                yield f"{where} is computed by no function; say `Equation:` or `% by hand:`."
            if one.functions and one.by_hand:
                yield f"{where} is said to be by hand, but {one.functions[0]} computes it."
            if not one.tests:
                yield f"{where} is checked by no test; mark one."

    def _pointers(self) -> Iterator[str]:
        labels = {one.label for one in self.equations}
        for page in self.pages:
            for label in set(BY_HAND.findall(page.prose)) - set(NUMBERED.findall(page.prose)):
                yield f"{page.name} has {label!r} by hand, and no such equation."
        for label, name in [*self.computed, *self.checked]:
            if label not in labels:
                yield f"{name} names the equation {label!r}; no page has it."

    def _names(self) -> Iterator[str]:
        spoken = set()
        for page in self.pages:
            if not any(page.name == one or page.name.startswith(f"{one}/") for one in NOT_MENTIONS):
                spoken |= page.mentions()
        for name in self.public:
            computes = any(_within(one, name) for _, one in self.computed)
            excused = any(_within(name, entry) for entry in self.aside)
            if not (name.rpartition(".")[2] in spoken or computes or excused):
                yield f"{name} is public, and no equation or page speaks of it."
        for entry in self.aside:
            if not any(_within(name, entry) for name in self.public):
                yield f"{entry} is set aside, and there is no such public name."

    def markdown(self) -> str:
        """The table, a part for each page that has equations, and what is set aside."""
        parts = []
        for page in dict.fromkeys(one.page for one in self.equations):
            rows = [self._row(one) for one in self.equations if one.page == page]
            head = ["| Equation | Computed by | Checked by |", "|---|---|---|"]
            parts.append("\n".join([f"**{{doc}}`/{page}`**", "", *head, *rows]))
        if self.aside:
            excused = (
                f"- `{e.removeprefix('genre_lite.')}`: {why}." for e, why in self.aside.items()
            )
            parts += [
                "**Set aside.** These are public, and no page has to speak of them:",
                "\n".join(excused),
            ]
        return "\n\n".join(parts)

    def _row(self, one: Equation) -> str:
        functions = ", ".join(map(self._linked, one.functions)) or "by hand"
        tests = "; ".join(map(_said, one.tests))
        return f"| {{eq}}`{one.label}` `{one.label}` | {functions} | {tests} |"

    def _linked(self, name: str) -> str:
        """A reference to the API page where that documents the name, else the bare name."""
        home = next((one for one in self.public if _within(name, one)), None)
        if home and "._" not in name:
            module, _, own = home.rpartition(".")
            package = module.rpartition(".")[0]
            shown = name.removeprefix(f"{module}.")
            if module in self._documented:
                return f"{{py:obj}}`{shown} <{name}>`"
            if package in self._documented and self._reexports(package, own):
                return f"{{py:obj}}`{shown} <{package}.{shown}>`"
        return f"`{name}`"

    @cached_property
    def _documented(self) -> set[str]:
        """The modules that the parts of the reference show."""
        parts = self.root.glob("book/api/*.md")
        return {name for part in parts for name in DOCUMENTED.findall(part.read_text())}

    def _reexports(self, package: str, name: str) -> bool:
        return f'"{name}"' in self.root.joinpath(*package.split("."), "__init__.py").read_text()


class TraceTable(SphinxDirective):
    """``{trace-table}``: the table, and a warning for each orphan."""

    def run(self) -> list[nodes.Node]:
        for pattern in ("book/**/*.md", "notebooks/*.ipynb", "genre_lite/**/*.py", "tests/*.py"):
            for path in ROOT.glob(pattern):
                self.env.note_dependency(str(path))
        trace = Trace()
        for orphan in trace.orphans():
            logging.getLogger(__name__).warning(orphan, location=self.get_location())
        box = nodes.container()
        self.state.nested_parse(
            StringList(trace.markdown().splitlines(), ""), self.content_offset, box
        )
        return box.children


def setup(app) -> dict:
    """Register the directive."""
    app.add_directive("trace-table", TraceTable)
    return {"version": "1", "parallel_read_safe": True}
