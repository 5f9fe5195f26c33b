"""The questions of the chapters as a package of QTI 2.1, which learning platforms import.

Of the two versions in use, 2.1 is taken, because in it an order, a tolerance and the hint for a wrong answer are rules
of the standard itself and not conventions of one platform. A question that is asked about a drawing stays in the book.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from book.extensions.mathematics import written
from book.extensions.question import answer
from genre_lite.exercises import exercises

from .chapters import CHAPTERS, page_of, plain, prose, title

__all__ = ["Question", "item", "package", "questions"]

BLOCK = re.compile(
    r"^:::\{question\} ([^\n]+)\n((?::[^\n]+\n)+)\n(.*?)^<details>[^\n]*\n\n(.*?)\n\n</details>",
    re.M | re.S,
)
SETTING = re.compile(r"^:(\w+):(.*)$", re.M)
NUMBERED = re.compile(r"^\d+\. ", re.M)
MISTAKE = re.compile(r"\{mistake\}`(\S+) ([^`]+)`")
MATHML = '<math xmlns="http://www.w3.org/1998/Math/MathML"'
SCHEMA = "http://www.imsglobal.org/xsd/imsqti_v2p1"
WHERE = f'xmlns="{SCHEMA}"'
CARDINALITY = {"choice": "single", "several": "multiple", "number": "single", "order": "ordered"}


@dataclass(frozen=True)
class Question:
    """A question: its text, its options, and its answers with what each is told."""

    label: str
    kind: str
    figure: bool
    predict: bool
    title: str
    asked: str
    options: tuple[str, ...]
    answers: tuple[tuple[dict, str], ...]
    mistakes: tuple[str, ...]

    @property
    def beliefs(self) -> list[tuple[str, str]]:
        """What somebody believes, for each wrong answer: the exercise that knows the mistake, or nothing, and the belief.

        Where no exercise knows it, a wrong option says by itself what is believed; a number or an order is told it.
        """
        found = []
        for (about, hint), mistake in zip(self.answers, self.mistakes, strict=True):
            if about["right"] or ("else" in about and not mistake):
                continue
            key, _, belief = mistake.partition(" ")
            own = self.options[about["option"] - 1] if "option" in about else hint
            found.append((key, belief or own))
        return found

    @property
    def right(self) -> list[str]:
        """The right response: identifiers of options, or a number."""
        known = next(about for about, _ in self.answers if about["right"])
        if self.kind == "number":
            return [_digits((known["from"] + known["to"]) / 2)]
        if self.kind == "order":
            return [f"option-{n}" for n in known["order"]]
        return [f"option-{about['option']}" for about, _ in self.answers if about["right"]]


def questions(number: int) -> Iterator[Question]:
    """The questions of a chapter, in their order.

    Examples
    --------
    >>> first = next(questions(2))
    >>> first.label, first.kind, first.right
    ('objectives-add-up', 'number', ['1.5'])
    """
    for words, settings, asked, behind in BLOCK.findall(prose(number)):
        said = dict(SETTING.findall(settings))
        kind, text, options = said.get("kind", "choice").strip(), asked, ()
        if kind != "number":
            text, *listed = NUMBERED.split(asked)
            options = tuple(" ".join(option.split()) for option in listed)
        answers, mistakes = [], []
        for told in re.split(r"^- ", behind, flags=re.M)[1:]:
            key, _, hint = told.removeprefix("**").partition("**")
            answers.append((answer(kind, key), " ".join(MISTAKE.sub(_hint, hint).split())))
            known = MISTAKE.search(hint)
            mistakes.append(f"{known[1]} {' '.join(known[2].split())}." if known else "")
        yield Question(
            said["label"].strip(),
            kind,
            "figure" in said,
            "predict" in said,
            words,
            text,
            options,
            tuple(answers),
            tuple(mistakes),
        )


def _hint(match: re.Match) -> str:
    """What the exercises say to whoever makes this mistake."""
    belief = " ".join(match[2].split()).rstrip(".")
    return next(m.hint for m in exercises()[match[1]].mistakes if m.belief.rstrip(".") == belief)


def _digits(number: float) -> str:
    return f"{number:.12g}"


def _formula(tex: str, how: dict) -> str:
    made = written(tex, how["display_mode"]).replace("<math", MATHML)
    # XML knows five names of signs; the others are put as the signs themselves.
    return re.sub(r"&(?!lt;|gt;|amp;|quot;|apos;|#)\w+;", lambda name: unescape(name[0]), made)


_markdown = MarkdownIt("commonmark").enable("table")
_markdown.use(dollarmath_plugin, renderer=_formula, allow_labels=False)


def _block(text: str) -> str:
    """Markdown as the XHTML that may stand in an item."""
    return _markdown.render(plain(text)).strip()


def _inline(text: str) -> str:
    return _markdown.renderInline(plain(text))


# -- an item ----------------------------------------------------------------------------------------


def _interaction(one: Question) -> str:
    """Where the answer goes."""
    if one.kind == "number":
        return '<p><textEntryInteraction responseIdentifier="RESPONSE" expectedLength="10"/></p>'
    choices = "".join(
        f'<simpleChoice identifier="option-{n}">{_inline(option)}</simpleChoice>'
        for n, option in enumerate(one.options, 1)
    )
    if one.kind == "order":
        return f'<orderInteraction responseIdentifier="RESPONSE" shuffle="false">{choices}</orderInteraction>'
    most = 1 if one.kind == "choice" else 0  # 0 is as many as there are
    return (
        f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="{most}">'
        f"{choices}</choiceInteraction>"
    )


def _holds(about: dict) -> str:
    """When a number is told this answer."""
    variable = '<variable identifier="RESPONSE"/>'
    if about["right"]:
        far = _digits((about["to"] - about["from"]) / 2 * (1 + 1e-9))  # what a fraction loses
        right = '<correct identifier="RESPONSE"/>'
        return f'<equal toleranceMode="absolute" tolerance="{far} {far}">{variable}{right}</equal>'
    bounds = [
        f'<{sign}>{variable}<baseValue baseType="float">{_digits(about[end])}</baseValue></{sign}>'
        for sign, end in (("gte", "from"), ("lte", "to"))
        if end in about
    ]
    return f"<and>{''.join(bounds)}</and>"


def _set(outcome: str, kind: str, value: str) -> str:
    inside = f'<baseValue baseType="{kind}">{value}</baseValue>'
    return f'<setOutcomeValue identifier="{outcome}">{inside}</setOutcomeValue>'


def _processing(one: Question) -> str:
    """From a response to its score, and to the hints that are shown."""
    score, same = _set("SCORE", "float", "1"), '<variable identifier="RESPONSE"/>'
    match = f'<match>{same}<correct identifier="RESPONSE"/></match>'
    rest = _set("ELSE", "identifier", "else")
    if one.kind in ("choice", "several"):
        told = f'<setOutcomeValue identifier="FEEDBACK">{same}</setOutcomeValue>'
        other = f"<responseElse>{rest}</responseElse>" if one.kind == "several" else ""
        right = f"<responseIf>{match}{score}</responseIf>{other}"
        return f"{told}<responseCondition>{right}</responseCondition>"
    branches = []
    # The right answer first; of the others, a number is told the first that holds.
    for place, (about, _) in sorted(enumerate(one.answers), key=lambda a: not a[1][0]["right"]):
        told = _set("FEEDBACK", "identifier", f"answer-{place}")
        name = "responseElseIf" if branches else "responseIf"
        if about["right"]:
            holds = match if one.kind == "order" else _holds(about)
            branches.append(f"<{name}>{holds}{score}{told}</{name}>")
        elif one.kind == "number" and "else" not in about:
            branches.append(f"<{name}>{_holds(about)}{told}</{name}>")
    return f"<responseCondition>{''.join(branches)}<responseElse>{rest}</responseElse></responseCondition>"


def _feedback(one: Question) -> Iterator[str]:
    """What each answer is told. Of an order, the hints for a pair stay in the book: QTI has no rule for them."""
    for place, (about, hint) in enumerate(one.answers):
        outcome, name = "FEEDBACK", f"answer-{place}"
        if "else" in about:
            outcome, name = "ELSE", "else"
        elif "option" in about:
            name = f"option-{about['option']}"
        elif "before" in about:
            continue
        yield (
            f'<modalFeedback outcomeIdentifier="{outcome}" identifier="{name}" showHide="show">'
            f"<p>{_inline(hint)}</p></modalFeedback>"
        )


def item(number: int, one: Question) -> str:
    """The XML of a question of a chapter."""
    base = "float" if one.kind == "number" else "identifier"
    many = "multiple" if one.kind == "several" else "single"
    right = "".join(f"<value>{value}</value>" for value in one.right)
    link = (
        f'<a href="{page_of(one.label)}#{one.label}">Chapter {number}, {escape(title(number))}</a>'
    )
    named = escape(re.sub(r"[$*\\]", "", plain(one.title)), quote=True)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<assessmentItem {WHERE} identifier="{one.label}" title="{named}" adaptive="false" timeDependent="false">
<responseDeclaration identifier="RESPONSE" cardinality="{CARDINALITY[one.kind]}" baseType="{base}">
<correctResponse>{right}</correctResponse>
</responseDeclaration>
<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="1">
<defaultValue><value>0</value></defaultValue>
</outcomeDeclaration>
<outcomeDeclaration identifier="FEEDBACK" cardinality="{many}" baseType="identifier"/>
<outcomeDeclaration identifier="ELSE" cardinality="single" baseType="identifier"/>
<itemBody>
<p>{link}</p>
<p><strong>{_inline(one.title)}</strong></p>
{_block(one.asked)}
{_interaction(one)}
</itemBody>
<responseProcessing>{_processing(one)}</responseProcessing>
{"".join(_feedback(one))}
</assessmentItem>
"""


# -- the package --------------------------------------------------------------------------------------


def _test(number: int, asked: list[Question]) -> str:
    """The questions of a chapter as one quiz."""
    refs = "".join(
        f'<assessmentItemRef identifier="{one.label}" href="{one.label}.xml"/>' for one in asked
    )
    name = escape(title(number), quote=True)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<assessmentTest {WHERE} identifier="chapter-{number:02}" title="{name}">
<testPart identifier="part-{number:02}" navigationMode="nonlinear" submissionMode="individual">
<assessmentSection identifier="section-{number:02}" title="{name}" visible="true">{refs}</assessmentSection>
</testPart>
</assessmentTest>
"""


def _resource(name: str, kind: str, needs: tuple[str, ...] = ()) -> str:
    inside = "".join(f'<dependency identifierref="{need}"/>' for need in needs)
    return (
        f'<resource identifier="{name}" type="imsqti_{kind}_xmlv2p1" href="{name}.xml">'
        f'<file href="{name}.xml"/>{inside}</resource>'
    )


def package(place: Path) -> tuple[int, int]:
    """Write the package; the number of questions in it, and of those that need their drawing.

    Every question is a file, and the questions of a chapter are one quiz.
    """
    files, resources, left = {}, [], 0
    for number in CHAPTERS:
        every = list(questions(number))
        asked = [one for one in every if not one.figure]
        left += len(every) - len(asked)
        files |= {f"{one.label}.xml": item(number, one) for one in asked}
        resources += [_resource(one.label, "item") for one in asked]
        quiz = f"chapter-{number:02}"
        files[f"{quiz}.xml"] = _test(number, asked)
        resources.append(_resource(quiz, "test", tuple(one.label for one in asked)))
    files["imsmanifest.xml"] = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="questions-of-the-book">
<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>
<organizations/>
<resources>
{chr(10).join(resources)}
</resources>
</manifest>
"""
    place.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(place, "w", ZIP_DEFLATED) as packed:
        for name, text in sorted(files.items()):
            packed.writestr(ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text.encode())
    return len(files) - len(CHAPTERS) - 1, left
