"""Numbers in the prose come from the code: nobody types one that has a decimal point."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from genre_lite.exercises import exercises

# What looks like a result and is none. Each entry is the whole of what may stand, and where.
ALLOWED = {
    "book/data/adult.md": ("CC BY 4.0",),
    "book/data/german.md": ("CC BY 4.0",),
    "book/law.md": ("§ 1002.9",),
    "book/syllabus.md": ("CC BY 4.0",),
}
FENCE = re.compile(r"^\s*(`{3,}|:{3,}|~{3,})\s*(?:\{([\w:-]+)\})?")
# Fences whose inside is no prose; all other directives hold sentences, or nothing.
NO_PROSE = {None, "code-cell", "code", "eval-rst", "raw", "math", "literalinclude", "toctree"}
OPTION = re.compile(r"^\s*:[\w-]+:.*$")
CAPTION = re.compile(r"^\s*(?:caption|alt): (.*)$")
NOT_PROSE = [
    re.compile(r"\$\$.*?\$\$(?: *\([\w-]+\))?", re.S),
    re.compile(r"(?<!\\)\$(?!\s)(?:[^$\n]|\n(?!\s*\n))+?(?<![\s\\])\$(?!\d)"),
    # Code, and every role; a paragraph's end ends them.
    re.compile(r"(?:\{[\w:+-]+\})?(?<!`)(`+)(?!`)(?:.|\n(?!\s*\n))+?(?<!`)\1(?!`)"),
    re.compile(r"\]\([^)\s]*\)"),
    re.compile(r"<?https?://[^\s>)]+>?"),
    re.compile(r"<[a-z/][^>]*>"),
    re.compile(r"^%.*$", re.M),
]
NUMBER = re.compile(r"(?<![\w.])[-−+]?\d*\.\d+(?![\w.]*\d)")


def blank(match: re.Match) -> str:
    """The same lines, with nothing on them."""
    return "\n" * match.group().count("\n")


def prose_of(text: str) -> str:
    """A page without front matter, code, options and formulas, line for line where it was."""
    text = re.sub(r"\A---\n.*?\n---\n", blank, text, flags=re.S)
    lines, open_fences, options = [], [], False
    for line in text.splitlines():
        fence = FENCE.match(line)
        silent = bool(open_fences) and open_fences[-1][1] in NO_PROSE
        if fence and open_fences and line.strip() == fence[1] and fence[1] == open_fences[-1][0]:
            open_fences.pop()
            line = ""
        elif fence and not silent:
            open_fences.append((fence[1], fence[2]))
            line, options = line.partition("}")[2] if fence[2] else "", True
        elif silent:
            told = CAPTION.match(line) if open_fences[-1][1] == "code-cell" else None
            line = told[1] if told else ""
        elif options and OPTION.match(line):
            line = ""
        else:
            options = False
        lines.append(line)
    text = "\n".join(lines)
    for pattern in NOT_PROSE:
        text = pattern.sub(blank, text)
    return text


def typed(text: str) -> Iterator[tuple[int, str]]:
    """Each number with a decimal point, and its line."""
    for number, line in enumerate(prose_of(text).splitlines(), start=1):
        for match in NUMBER.finditer(line):
            yield number, match.group()


def words_of(notebook: dict) -> Iterator[tuple[str, str]]:
    """The texts of a notebook, captions and alternative texts included, and where each stands."""
    for index, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "markdown":
            yield f"cell {index}", "".join(cell["source"])
        shown = cell["metadata"].get("mystnb", {})
        for part in (shown.get("figure", {}).get("caption"), shown.get("image", {}).get("alt")):
            yield f"figure of cell {index}", part or ""


def found(root) -> Iterator[str]:
    """Every number that was typed, with its page and line."""
    keys = "|".join(map(re.escape, exercises()))
    for path in [*sorted(root.glob("book/**/*.md")), *sorted(root.glob("notebooks/*.ipynb"))]:
        name = path.relative_to(root).as_posix()
        text = path.read_text()
        parts = words_of(json.loads(text)) if path.suffix == ".ipynb" else [("", text)]
        for where, words in parts:
            for allowed in ALLOWED.get(name, ()):
                words = words.replace(allowed, "")
            # An exercise is called by its key: the chapter, a point, and its place there.
            words = re.sub(rf"\*\*(?:{keys})\*\*|\b[Ee]xercises? (?:{keys})\b", "", words)
            for line, number in typed(words):
                yield f"{name}, {where + ', ' if where else ''}line {line}: {number}"


def test_no_result_is_typed(root):
    numbers = list(found(root))
    assert not numbers, "glue them, or read them from results/:\n" + "\n".join(numbers)


def test_every_exception_is_needed(root):
    for name, phrases in ALLOWED.items():
        text = (root / name).read_text()
        assert [p for p in phrases if p in text and list(typed(p))] == list(phrases), name


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The Score is 1.93, or −0.5 %.", ["1.93", "−0.5"]),
        ("It ends with 0.7.", ["0.7"]),
        ("Half is .5 here.", [".5"]),
        (":::{admonition} At 2.5\n:class: tip\nWe had 3.5.\n:::", ["2.5", "3.5"]),
        ("```{prf:theorem} Named\n:label: a-1.5\n\nAt most 1.5.\n```", ["1.5"]),
        ("```{exercise-start} T\n:label: t\n```\nPay 0.4.\n```{exercise-end}\n```", ["0.4"]),
        (
            "```{code-cell}\n---\nmystnb:\n  image:\n    alt: At 0.5\n---\n0.7\n```\n0.8",
            ["0.5", "0.8"],
        ),
        ("$$\n0.5\n$$ (a-label)\n\nis 0.6", ["0.6"]),
        ("| 0.5 | $0.6$ |", ["0.5"]),
        ("It costs $5, a share of 0.5.\n\nAnd $x$ is 0.6.", ["0.5", "0.6"]),
        ("[0.9](page-1.5) and **0.8**", ["0.9", "0.8"]),
        ("---\nversion: 0.13\n---\nText 0.3", ["0.3"]),
    ],
)
def test_typed_numbers_are_seen(text, numbers):
    assert [number for _, number in typed(text)] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "By $h(x) > 0.5$ and\n\n$$\nx = 0.5\n$$\n\nwe mean `0.5`.",
        "{glue:text}`share:.2f` of {cite:p}`some2.5`, at https://example.org/1.5",
        "```python\nx = 0.5\n```\n\n```\n0.5\n```\n\n```{code-cell} ipython3\n:tags: [x]\n0.5\n```",
        "`a 0.5\nb 0.6`",
        "Python 3, section 2, 1,000 people, 95 %, v1, 1.2.3.",
        "% 0.5\n\n```{math}\n0.5\n```",
    ],
)
def test_what_is_no_prose_may_hold_numbers(text):
    assert not list(typed(text))


def test_lines_are_told_as_they_stand():
    text = "---\na: 1\n---\n\n$$\n1\n$$\n\n```\n1\n```\nHere 0.5."
    assert list(typed(text)) == [(text.count("\n") + 1, "0.5")]


OLD = re.compile(r"(?<![\w-])dear(?:er|est)?(?![\w-])")
SALUTATION = re.compile(r"\bDear \w+,")


def test_what_costs_much_is_expensive(root):
    """Today's English: readers of other languages know no other meaning of the old word than love."""
    told = []
    for path in [*sorted(root.glob("book/**/*.md")), *sorted(root.glob("notebooks/*.ipynb"))]:
        text = path.read_text()
        parts = words_of(json.loads(text)) if path.suffix == ".ipynb" else [("", text)]
        told += [
            f"{path.name} {where}: {line}"
            for where, words in parts
            for line in SALUTATION.sub("", prose_of(words)).splitlines()
            if OLD.search(line.lower())
        ]
    for exercise in exercises().values():
        texts = [exercise.title, exercise.hint, exercise.takeaway]
        texts += [part for m in exercise.mistakes for part in (m.belief, m.hint)]
        told += [f"{exercise.key}: {text}" for text in texts if OLD.search(text.lower())]
    assert not told, "\n".join(told)


def test_whoever_is_no_who(root):
    """ "Who pays" begins a question, and whoever pays a sentence; "who reaches nobody depends" asks by half."""
    beliefs = [m.belief for exercise in exercises().values() for m in exercise.mistakes]
    assert [b for b in beliefs if b.startswith("Who ")] == [
        "Who reaches nobody depends on how many targets are used."
    ]
