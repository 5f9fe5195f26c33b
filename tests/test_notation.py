"""Every letter in a formula is on the notation page, and means one thing on each page."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

PAGE = "book/notation.md"
GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho "
)
GREEK += "sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell"
NAMES = re.compile(r"\\(?:text|mathrm|operatorname\*?|begin|end|label|tag)\s*\{[^{}]*\}")
LETTER = re.compile(r"\\(?P<set>mathcal|mathbb)\s*\{?(?P<of>[A-Z])|\\(?P<word>[A-Za-z]+)|[A-Za-z]")
CODE = ("{code", "{eval", "{raw", "{literal")
READ = MarkdownIt("commonmark").enable("table").use(colon_fence_plugin)
READ.use(dollarmath_plugin, allow_labels=True, double_inline=True)


def formulas(text: str) -> Iterator[str]:
    """The formulas of a text, those in its boxes too."""
    for token in READ.parse(text):
        if token.type.startswith("math_block"):
            yield token.content
        elif token.type in ("fence", "colon_fence"):
            kind = token.info.strip()
            if kind.startswith("{math}"):
                yield token.content
            elif kind.startswith("{") and not kind.startswith(CODE):
                yield from formulas(token.content)
        elif token.type == "html_block":
            yield from formulas(re.sub(r"<[^>]*>", "", token.content))
        for child in token.children or ():
            if child.type.startswith("math_inline"):
                yield child.content


def letters(formula: str) -> set[str]:
    """The letters of a formula, without marks, indices' words and commands."""
    found = set()
    for match in LETTER.finditer(NAMES.sub(" ", formula)):
        if match["set"]:
            found.add(rf"\{match['set']}{{{match['of']}}}")
        elif match["word"] is None or match["word"] in GREEK.split():
            found.add(match[0])
    return found


def rows(text: str) -> Iterator[tuple[str, list[str] | None]]:
    """Each letter of the page with the pages where it has this meaning; with None, everywhere."""
    whole, some = text.split("## In some chapters")
    for part in (whole, some):
        for line in re.findall(r"^\| \$.*", part, re.M):
            symbol, _, _, where, _ = (cell.strip() for cell in line.strip("|").split(" | "))
            links = re.findall(r"\]\((?:\.\./)?([^)]+)\)", where)
            letter = symbol.strip("$").removesuffix("^+")
            yield letter, None if part is whole else [PurePosixPath(to).stem for to in links]


def faults(text: str, used: dict[str, set[str]]) -> list[str]:
    """What the page lacks, says twice or says in vain, one line a fault."""
    everywhere = {letter for letter, where in rows(text) if where is None}
    local = Counter((letter, page) for letter, where in rows(text) for page in where or ())
    said = [f"{p}: {s} is not on the page" for p, found in used.items() for s in sorted(found)
            if s not in everywhere and not local[s, p]]  # fmt: skip
    said += [f"{p}: {s} has two meanings" for (s, p), n in local.items() if n > 1]
    said += [f"{p}: {s} has a meaning everywhere" for s, p in local if s in everywhere]
    return said + [f"{p}: {s} is not used" for s, p in local if s not in used.get(p, ())]


@pytest.fixture(scope="module")
def used(root):
    """The letters of each page and chapter, by the name of its file."""
    pages = {}
    for path in sorted([*root.glob("notebooks/*.ipynb"), *root.glob("book/**/*.md")]):
        text = path.read_text()
        parts = [re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)]
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            parts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        if path != root / PAGE:
            pages[path.stem] = {s for part in parts for f in formulas(part) for s in letters(f)}
    return pages


def test_every_letter_is_on_the_notation_page_once(root, used):
    assert not faults((root / PAGE).read_text(), used)


def test_formulas_are_found_where_they_stand():
    text = "$a$ and `$b$`\n\n$$\nc\n$$ (label)\n\n:::{note}\n- $d$\n:::\n\n```python\n$f$\n```\n\n| $g$ |\n|--|\n"
    assert sorted(f.strip() for f in formulas(text)) == ["a", "c", "d", "g"]


def test_letters_are_told_from_commands_and_names():
    formula = (
        r"\begin{aligned} \hat V(x^+) = \mathcal N \text{ if } \frac{\lambda}{2} \end{aligned}"
    )
    assert letters(formula) == {"V", "x", r"\mathcal{N}", r"\lambda"}


@pytest.mark.parametrize(
    ("used", "fault"),
    [
        ({"one": {"x"}, "two": {"z"}}, None),
        ({"one": {"x", "q"}, "two": {"z"}}, "one: q is not on the page"),
        ({"one": {"x", "z"}, "two": {"z"}}, "one: z is not on the page"),
        ({"one": {"x"}, "two": {"x"}}, "two: z is not used"),
    ],
)
def test_a_letter_that_is_not_explained_is_a_fault(used, fault):
    text = "| $x$ | a | b | [1](one) | |\n## In some chapters\n| $z$ | a | b | [2](two) | |\n"
    assert faults(text, used) == [fault] * bool(fault)
    again = faults(text + "| $z$ | c | d | [2](two) | |\n| $x$ | c | d | [1](one) | |\n", used)
    assert {"two: z has two meanings", "one: x has a meaning everywhere"} <= {*again}
