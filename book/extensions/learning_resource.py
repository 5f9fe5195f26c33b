"""What machines read of a chapter: a ``LearningResource`` of schema.org, as JSON-LD in the head of its page.

Search engines and lists of courses find by it what the chapter teaches, how long it takes and what it costs
(nothing). All of it is read from the chapter's first box and from the book's settings, so nothing is written twice.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from book.extensions.chapter_cards import QUESTION
from book.extensions.objectives import goals

TAKES = re.compile(
    r"\*\*It\s+takes\*\*\s+(?:about\s+)?([\w\s-]+?)(?:\s+with\s+the\s+exercises)?[.,]"
)
NEEDS = re.compile(r"\*\*You need\*\*\s+(.+?)\s+\*\*It\s+takes\*\*", re.S)
PARTS = {
    r"(?<!half )\b(an|one|two|three|\d+) hours?\b": 60,
    r"\b(half)\b": 30,
    r"\b(a|three) quarters?\b": 15,
    r"\b([\w-]+) minutes\b": 1,
}
TENS = ("ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "half": 1, "five": 5, "fifteen": 15}
COUNTS |= {ten: 10 * n for n, ten in enumerate(TENS, 1)}
COUNTS |= {f"{ten}-five": 10 * n + 5 for n, ten in enumerate(TENS[1:], 2)}
SIGNS = {
    r"\lambda": "λ",
    r"\gamma": "γ",
    r"\theta": "θ",
    r"\mid": "|",
    "^+": "⁺",
    "{": "(",
    "}": ")",
}
TEXT = "https://creativecommons.org/licenses/by/4.0/"


def minutes(text: str) -> int:
    """How long a chapter takes with its exercises, as its first box says; two halves are added up.

    Raises
    ------
    ValueError
        If it says no time that can be read.

    Examples
    --------
    >>> minutes("**It takes** about\\nan hour and a quarter with the exercises.")
    75
    >>> minutes("**It\\ntakes** forty-five minutes.")
    45
    >>> minutes("**It takes** forty minutes. **It takes** an hour.")
    100
    """
    said = " ".join(", ".join(TAKES.findall(text)).split())
    parts = [
        (COUNTS.get(number) or int(number)) * worth
        for part, worth in PARTS.items()
        for number in re.findall(part, said)
        if number in COUNTS or number.isdecimal()
    ]
    if not parts:
        raise ValueError(f"How long does the chapter take? It says {said!r}.")
    return sum(parts)


def plain(text: str) -> str:
    """Words without the signs of Markdown: a link is its text, a formula its letters.

    Examples
    --------
    >>> plain("See [chapter 1](01_denied), **not** $h(x)$ and {term}`validity margin`.")
    'See chapter 1, not h(x) and validity margin.'
    """
    text = re.sub(r"\{[\w:-]+\}`([^`<]+?)(?: *<[^>]*>)?`", r"\1", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    for sign, letter in SIGNS.items():
        text = text.replace(sign, letter)
    return " ".join(re.sub(r"[*`$]", "", text).split())


def resource(text: str, address: str, course: dict) -> dict:
    """A chapter, by the words of its first cell, as schema.org describes what one learns from.

    Examples
    --------
    >>> box = "# Two\\n\\n**The question.** Why?\\n\\n**After it you can**\\n- count.\\n\\n**You need** [one](01), and ink. **It takes** an hour."
    >>> about = resource(box, "https://example.org/two.html", {"@type": "Course"})
    >>> about["name"], about["teaches"], about["timeRequired"], about["competencyRequired"]
    ('Two', ['count'], 'PT60M', 'one, and ink')
    """
    return {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": plain(re.search(r"^# (.+)$", text, re.M)[1]),
        "description": plain(QUESTION.search(text)[1]),
        "learningResourceType": ["lesson", "exercise"],
        "teaches": [plain(goal) for goal in goals(text)],
        "competencyRequired": plain(NEEDS.search(text)[1]).rstrip("."),
        "timeRequired": f"PT{minutes(text)}M",
        "educationalLevel": "Advanced",
        "inLanguage": "en",
        "license": TEXT,
        "isAccessibleForFree": True,
        "url": address,
        "isPartOf": course,
    }


def tell(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put it into the head of a numbered chapter."""
    if not doctree or not re.fullmatch(r"notebooks/\d\d[a-z]?_\w+", page):
        return
    cells = json.loads(Path(app.env.doc2path(page)).read_text(encoding="utf-8"))["cells"]
    site, author = app.config.ogp_site_url, {"@type": "Organization", "name": app.config.author}
    course = {"@type": "Course", "name": app.config.ogp_site_name, "url": site, "provider": author}
    address = site + app.builder.get_target_uri(page)
    about = resource("".join(cells[0]["source"]), address, course)
    # A "<" might end the script, or begin a comment.
    said = json.dumps(about, ensure_ascii=False, indent=1).replace("<", "\\u003c")
    script = f'<script type="application/ld+json">\n{said}\n</script>'
    context["metatags"] = f"{context.get('metatags', '')}\n{script}"


def setup(app: Sphinx) -> dict:
    """Connect it after the descriptions for people."""
    app.connect("html-page-context", tell, priority=901)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
