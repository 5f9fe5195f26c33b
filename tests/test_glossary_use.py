"""Terms before use: where a chapter first uses a word of the glossary, it says there what the word means."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

# Everyday uses, that come before the word is a term: the page, the words around it, and why.
EVERYDAY = {
    "04": {"the source puts some releases before the arrest": "whoever collected the table"},
    "05": {
        "She hit the target only roughly": "what she aimed at, and nobody's row",
        "you miss the target by": "the same",
        "all who almost hit the target": "the same",
    },
}
# How else a term is written. A plural in s is found without being listed.
FORMS = {
    "targets": r"targets?",
    "actionability": r"actionab\w+",
    "entropy": r"(?<!cross-)entropy",
    "cost": r"costs?(?! weight)",
    "validity": r"validity(?! margin)",
    "counterfactual explanation": r"counterfactual(?: explanation)?s?",
    "total variation": r"total[ -]variation",
    "LOF": r"LOF|local outlier factor",
    "Score": r"Score",
    "KL divergence": r"KL(?: divergence)?",
}
CASED = {"LOF", "Score", "KL divergence"}
ROLE = re.compile(r"\{term\}`([^`<]+?)(?: *<([^>]*)>)?`")
GONE = [
    # The first box says what one will be able to do; exercises come last, and are what they are.
    re.compile(r"^(:{3,})\{admonition\} This chapter\n.*?^\1$", re.M | re.S),
    re.compile(r"^```\{exercise-start\}.*?^```\{solution-end\}$", re.M | re.S),
    re.compile(r"^<details>.*?^</details>", re.M | re.S),
    re.compile(r"^\$\$$.*?^\$\$[^\n]*$", re.M | re.S),
    re.compile(r"^#+ .*$|^[%|].*$|^:[\w-]+:.*$|^\(\S+\)=$", re.M),
    re.compile(
        r"(?<!\\)\$(?!\s)(?:[^$\n]|\n(?!\s*\n))+?(?<![\s\\])\$(?!\d)|(?:\{[\w:-]+\})?`[^`]*`|\[[^\]]*\]\([^)]*\)"
    ),
]
END = re.compile(r"(?<=[.!?:])[)\"”*]*\s+|\n\s*\n|\n(?=[-*] |\d+\. |:::)")


@dataclass(frozen=True)
class Use:
    """Where a term stands for the first time."""

    page: str
    sentence: str
    explained: bool


def pattern(term: str) -> re.Pattern:
    """A term wherever it is a word of its own."""
    form = FORMS.get(term, rf"{re.escape(term)}s?").replace("\\ ", " ").replace(" ", r"\s+")
    return re.compile(rf"(?<![\w-])(?:{form})(?![\w-])", 0 if term in CASED else re.I)


def prose(page: str, text: str) -> str:
    """The running text of a page; a role that links to the glossary becomes its word between signs."""
    for gone in GONE[:-1]:
        text = gone.sub("\n\n", text)
    text = ROLE.sub(lambda m: f"⟦{' '.join((m[2] or m[1]).split())}⟧", text)
    text = GONE[-1].sub("…", text)
    for words in EVERYDAY.get(page, {}):
        text = re.sub(r"\s+".join(map(re.escape, words.split())), "…", text)
    return text


def use(term: str, page: str, text: str, box: str) -> Use | None:
    """The first use of a term on a page, if there is one."""
    known = pattern(term)
    for sentence in END.split(text):
        linked = any(m.lower() == term.lower() for m in re.findall("⟦([^⟧]*)⟧", sentence))
        if not linked and not known.search(re.sub("⟦[^⟧]*⟧", "…", sentence)):
            continue
        marked = re.findall(r"\*\*?([^*]+)\*\*?", sentence)
        marked += re.findall(r"^(?:[-*] |\d+\. )?\*\*([^*]+)$", sentence)  # a sentence in bold
        by_box = "reference_in_brief" in box and known.search(box)
        told = linked or any(map(known.search, marked)) or bool(by_box)
        return Use(page, " ".join(sentence.split()), told)
    return None


@pytest.fixture(scope="module")
def chapters(root):
    """Each page of the chapters: its running text, and its first box from "You need" on."""
    found = {}
    for path in sorted(root.glob("notebooks/[0-9]*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        page = path.stem.partition("_")[0]
        found[page] = prose(page, text), text.partition("**You need**")[2].partition("\n:::")[0]
    return found


@pytest.fixture(scope="module")
def terms(root):
    block = (root / "book/glossary.md").read_text().split(":::{glossary}\n")[1].split("\n:::")[0]
    return re.findall(r"^(\S.*)$", block, re.M)


def first(term: str, chapters: dict) -> Use | None:
    """The first use of a term in all the chapters."""
    uses = (use(term, page, *of) for page, of in chapters.items())
    return next((one for one in uses if one), None)


def test_a_term_is_explained_where_it_is_first_used(chapters, terms):
    silent = []
    for term in terms:
        one = first(term, chapters)
        if one and not one.explained:
            silent.append(f"{term}, chapter {one.page}: {one.sentence}")
    assert not silent, "make it {term}`...`, or mark it where it is defined:\n" + "\n".join(silent)


def test_most_terms_are_used(chapters, terms):
    """Else a slip in what is looked for would let all of them pass."""
    used = [term for term in terms if first(term, chapters)]
    assert len(used) > 0.7 * len(terms)
    assert {"cost", "schema", "LOF", "Score", "KL divergence", "targets", "vocabulary"} <= {*used}


def test_every_exception_is_needed(root):
    for page, phrases in EVERYDAY.items():
        (path,) = root.glob(f"notebooks/{page}_*.ipynb")
        cells = json.loads(path.read_text())["cells"]
        text = " ".join(" ".join("".join(c["source"]) for c in cells).split())
        for phrase in phrases:
            assert phrase in text, f"{page}: {phrase}"
            assert re.search(r"source|target", phrase)


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("A cost is a sum.", False),
        ("A {term}`cost` is a sum.", True),
        ("The {term}`price of it <cost>` is a sum, and costs add up.", True),
        ("Its *cost* is how far it is.", True),
        ("**Cost.** How far it is. A cost adds up.", True),
        ("**Far.** A cost adds up.", False),
        # The explanation comes too late.
        ("Costs add up. A {term}`cost` is a sum.", False),
        ("First this.\n\n- One\n- all costs *together*", False),
        # What is no running text is not looked at.
        ("# Cost\n\n`cost` and $cost$, [cost](cost).\n\nThe *cost* is a sum.", True),
        ("<details>\n\nA cost.\n\n</details>\n\nThe *cost* is a sum.", True),
        ("It pays $50 in costs, and $x$ is {term}`cost`.", True),
        ("It pays $50.\n\nA cost. For $x$ that is much.", False),
    ],
)
def test_explained_or_not(text, explained):
    assert use("cost", "00", prose("00", text), box="").explained is explained


def test_a_box_excuses_only_what_it_names():
    box = "log-odds are explained [in brief](../book/reference_in_brief)."
    assert use("log-odds", "00", "The log-odds add up.", box).explained
    assert not use("log-odds", "00", "The log-odds add up.", "log-odds are known.").explained
    assert not use("posterior", "00", "A posterior is a belief.", box).explained


def test_words_are_told_apart():
    assert use("cost", "00", "The cost weight and a costly step.", "") is None
    assert use("Score", "00", "A score of goals.", "") is None
    assert use("entropy", "00", "The cross-entropy.", "") is None
    assert use("immutable feature", "00", "All immutable\nfeatures stay.", "").sentence
