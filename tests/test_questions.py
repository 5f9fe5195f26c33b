"""The questions of the pages: each is sound, and each kind is asked, judged, kept and shown by a browser."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from bs4 import BeautifulSoup
from chromium import Chromium
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from book.classroom.qti import questions
from book.extensions.question import answer, flaw
from genre_lite.exercises import CHAPTERS, exercises

BLOCK = re.compile(r"^:::\{question\} .*?^:::$", re.M | re.S)
SAMPLE = """# Sample

:::{question} Which one?
:label: one

1. First.
2. Second, at $x$.

<details><summary>Answers</summary>

- **1.** {mistake}`2.1 A number is scaled by its greatest value`
- **2, right.** Because of *that*.

</details>
:::

:::{question} Which ones?
:label: some
:kind: several

1. First.
2. Second.
3. Third.

<details><summary>Answers</summary>

- **1, right.** So it is.
- **2.** Not that.
- **3, right.** And that.
- **else.** One more.

</details>
:::

:::{question} How much?
:label: much
:kind: number

<details><summary>Answers</summary>

- **1/2 ± 1/100, right.** Half.
- **2 ± 1/100.** Upside down.
- **above 1.** Too much.
- **else.** Count again.

</details>
:::

:::{question} In which order?
:label: order
:kind: order

1. Choose.
2. Train.
3. Draw.

<details><summary>Answers</summary>

- **2 3 1, right.** One after the other.
- **1 before 3.** From what?
- **else.** Look again.

</details>
:::

:::{question} Where?
:label: where
:figure: drawing.svg

1. Left.
2. Right.

<details><summary>Answers</summary>

- **1, right.** There.
- **2.** Not there.

</details>
:::

:::{question} What will come?
:label: guess
:predict:

1. More.
2. Less.

<details><summary>Answers</summary>

- **1, right.** More.
- **2.** It was more.

</details>
:::

<div class="cell"><div class="cell_output"><p id="seven">Seven.</p></div></div>
<p id="said">Seven it is.</p>
<h3>Next</h3>
<p id="later">Then there were eight.</p>

<div class="cell_output"><p id="eight">Eight.</p></div>

Here **now** stands nothing to guess. **Predict**: which comes next?

<div class="cell_output"><p id="nine">Nine.</p></div>
"""
DRAWING = """<svg viewBox="0 0 20 10"><title>Two</title>
<rect data-option="1" width="10" height="10"/><rect data-option="2" x="10" width="10" height="10"/></svg>"""
KEPT = "# Answers\n\n(your-answers)=\n## Your answers\n\n```{answers-kept}\n```\n"


def built(root, folder, pages: dict[str, str]):
    """A book of nothing but these pages, and the Sphinx that made it."""
    source = folder / "source"
    for name, text in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    index = "\n".join(name.rsplit(".")[0] for name in pages if name.endswith(".md"))
    (source / "index.md").write_text(f"# Index\n\n```{{toctree}}\n{index}\n```\n")
    settings = {
        "extensions": ["myst_parser", "book.extensions.question", "book.extensions.mathematics"],
        # Else a book adds its suffixes to Sphinx's default, which the next book would get.
        "source_suffix": {".md": "markdown"},
        "myst_enable_extensions": ["colon_fence", "dollarmath", "substitution"],
        "html_static_path": [str(root / "assets")],
        "html_math_renderer": "mathml",
        "html_css_files": ["genre.css"],
        "html_theme": "basic",
    }
    out = folder / "html"
    app = Sphinx(
        source, None, out, folder / "doctrees", "html", settings, status=None, warning=None
    )
    app.build()
    return app, out


@pytest.fixture(scope="module")
def sample(root, tmp_path_factory):
    pages = {"notebooks/sample.md": SAMPLE, "book/solutions.md": KEPT}
    folder = tmp_path_factory.mktemp("sample")
    return built(root, folder, pages | {"notebooks/drawing.svg": DRAWING})[1]


def blocks(root) -> dict[str, list[str]]:
    """The source of the questions of each page and chapter."""
    found = {}
    for path in [*sorted(root.glob("book/**/*.md")), *sorted(root.glob("notebooks/*.ipynb"))]:
        text = path.read_text()
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        if here := BLOCK.findall(text):
            assert len(here) == text.count("{question}"), path.name
            found[path.stem] = here
    return found


# -- the questions that are asked -----------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(root, tmp_path_factory):
    """Every question of the book on a page of its chapter, without the rest."""
    folder = tmp_path_factory.mktemp("asked")
    shutil.copytree(root / "assets", folder / "source/assets")
    pages = {
        f"notebooks/{name}.md": "\n\n".join([f"# {name}", *of]) for name, of in blocks(root).items()
    }
    return built(root, folder, pages | {"book/solutions.md": KEPT})[1]


def test_every_chapter_asks_three_to_five(root):
    chapters = [path.stem for path in root.glob("notebooks/[01]*.ipynb")]
    asks = {name: len(of) for name, of in blocks(root).items()}
    assert sorted(asks) == sorted(chapters)
    assert all(3 <= count <= 5 for count in asks.values()), asks


def test_every_question_is_sound_and_has_a_label_of_its_own(root, asked):
    """The build refuses any other; so all that the sources ask stand on the pages."""
    labels = []
    for page in asked.glob("notebooks/*.html"):
        text = BeautifulSoup(page.read_text(), "html.parser")
        for one in text.select(".question"):
            labels.append(one["id"])
            answers = json.loads(one["data-answers"])
            told = one.select(".question-answers > li")
            assert len(told) == len(answers), one["id"]
            words = [" ".join(li.get_text().split()) for li in told]
            assert len({*words}) == len(words), one["id"]
            assert all(len(w.split()) > 4 for w in words), one["id"]
            assert one.select_one(".question-title").get_text().rstrip()[-1] in "?.", one["id"]
    assert len({*labels}) == len(labels) == sum(map(len, blocks(root).values()))


def test_hints_come_from_the_exercises_where_these_know_the_mistake(root, asked):
    """A role is replaced by the hint, word for word."""
    for name, of in blocks(root).items():
        page = BeautifulSoup((asked / f"notebooks/{name}.html").read_text(), "html.parser")
        said = " ".join(page.get_text().split()).replace("’", "'")
        for key, belief in re.findall(r"\{mistake\}`(\S+) ([^`]+)`", "\n".join(of)):
            (hint,) = (
                m.hint
                for m in exercises()[key].mistakes
                if m.belief.rstrip(".") == " ".join(belief.split())
            )
            assert " ".join(hint.split()) in said, belief


KNOWN = (
    43  # wrong answers that take their hint from the exercises; the others have one of their own
)


def test_every_wrong_answer_has_a_hint_that_is_not_the_answer(root):
    wrong = 0
    for one in (one for n in CHAPTERS for one in questions(n)):
        rights = {hint for about, hint in one.answers if about["right"]}
        rights |= {
            one.options[a["option"] - 1] for a, _ in one.answers if a["right"] and "option" in a
        }
        for about, hint in one.answers:
            if not about["right"]:
                wrong += 1
                assert len(hint.split()) > 3, (one.label, about)
                assert not any(right.rstrip(".") in hint for right in rights), (one.label, about)
    told = [key for n in CHAPTERS for one in questions(n) for key, belief in one.beliefs if belief]
    known = sum(map(bool, told))
    print(
        f"{wrong} wrong answers, {len(told)} of them beliefs, {known} of these from the exercises"
    )
    roles = sum(block.count("{mistake}") for of in blocks(root).values() for block in of)
    assert known == roles >= KNOWN


CHOICE = [{"right": True, "option": 1}, {"right": False, "option": 2}]
ELSE = {"right": False, "else": True}
NUMBER = {"right": True, "from": 1.0, "to": 3.0}
ORDER = {"right": True, "order": [2, 3, 1]}


@pytest.mark.parametrize(
    ("kind", "options", "answers", "why"),
    [
        ("choice", 2, CHOICE, None),
        ("choice", 2, [a | {"right": True} for a in CHOICE], "one answer is right, not 2"),
        ("choice", 2, [a | {"right": False} for a in CHOICE], "one answer is right, not 0"),
        ("choice", 3, CHOICE, "each of two or more options has one answer"),
        ("choice", 2, [CHOICE[0], CHOICE[0] | {"right": False}], "each of two or more"),
        ("choice", 1, CHOICE[:1], "each of two or more options"),
        ("several", 2, [*CHOICE, ELSE], None),
        ("several", 2, CHOICE, "the last answer is 'else'"),
        ("several", 2, [*(a | {"right": False} for a in CHOICE), ELSE], "at least one"),
        ("number", 0, [NUMBER, ELSE], None),
        ("number", 0, [NUMBER], "the last answer is 'else'"),
        ("number", 0, [NUMBER | {"to": 1.0}, ELSE], "a tolerance is greater than zero"),
        ("number", 0, [{"right": True, "from": 1.0}, ELSE], "the right number has a tolerance"),
        ("number", 0, [NUMBER, {"right": False, "to": 1.5}, ELSE], "another answer's too"),
        ("number", 2, [NUMBER, ELSE], "a number has no options"),
        ("order", 3, [ORDER, ELSE], None),
        ("order", 4, [ORDER, ELSE], "an order has each of 4 places once"),
        ("order", 3, [ORDER | {"order": [1, 2, 3]}, ELSE], "the right order is given"),
        ("order", 3, [ORDER, {"right": False, "before": [1, 4]}, ELSE], "there is no item"),
        ("order", 3, [ORDER, {"right": False, "before": [2, 1]}, ELSE], "another answer too"),
        ("order", 3, [ORDER, {"right": False, "before": [1, 2]}, ELSE], None),
    ],
)
def test_what_is_not_sound_is_told(kind, options, answers, why):
    found = flaw(kind, options, answers)
    assert found is None if why is None else why in (found or ""), found


@pytest.mark.parametrize("key", ["2", "right.", "1 ± 1.", "else."])
def test_an_answer_to_a_choice_is_the_number_of_an_option(key):
    with pytest.raises(ValueError, match="an answer of kind choice cannot be"):
        answer("choice", key)


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ("2.1 A number is scaled by its greatest value", "2.1 Nobody believes this", "no mistake"),
        (":label: some", ":label: one", "Two questions have one label: one"),
        ("**1/2 ± 1/100, right.** Half.", "**1/2 ± 1/100, right.**", "is told something"),
        ("1/2 ± 1/100, right", "1/2 ± 0, right", "a tolerance is greater than zero"),
        ("- **2.** Not there.\n", "", "each of two or more options has one answer"),
        (":label: where", ":label:", "it has a :label:"),
        ('data-option="2"', "", "each option is a part"),
    ],
)
def test_the_build_stops_at_what_is_not_sound(root, tmp_path, was, now, why):
    pages = {"notebooks/sample.md": SAMPLE, "notebooks/drawing.svg": DRAWING}
    assert sum(text.count(was) for text in pages.values()) == 1
    pages = {name: text.replace(was, now) for name, text in pages.items()}
    with pytest.raises(ExtensionError, match=why):
        built(root, tmp_path, pages)


# -- as a browser shows them ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium = Chromium(tmp_path_factory.mktemp("browser"))
    yield chromium
    chromium.close()


@pytest.fixture
def page(browser, sample):
    """The sample, opened as a file by somebody who has answered nothing."""
    address = (sample / "notebooks/sample.html").as_uri()
    browser.open(address)
    browser.run("localStorage.clear()")
    browser.open(address)
    yield browser
    assert not browser.complaints


def here(label: str) -> str:
    return f"document.getElementById('{label}')"


def pick(page, label: str, *options: int) -> str:
    """Choose options, check, and read the verdict."""
    for option in options:
        page.run(f"{here(label)}.querySelectorAll('input')[{option - 1}].click()")
    return check(page, label)


def check(page, label: str) -> str:
    page.run(f"{here(label)}.querySelector('[type=submit]').click()")
    return said(page, label)


def said(page, label: str) -> str:
    return " ".join(page.run(f"{here(label)}.querySelector('.question-verdict').innerText").split())


def hidden(page, choice: str) -> bool:
    return page.run(f"document.querySelector('{choice}').closest('[hidden]') !== null")


def test_a_choice_tells_the_hint_of_the_belief_and_then_why_it_is_right(page):
    (hint,) = (m.hint for m in exercises()["2.1"].mistakes if "greatest value" in m.belief)
    assert check(page, "one") == "Choose an answer first."
    assert pick(page, "one", 1) == f"Not yet. {hint}"
    assert pick(page, "one", 2) == "✓ Right. Because of that."


def test_several_tell_what_is_wrong_and_what_is_missing(page):
    assert pick(page, "some", 1, 2) == "Not yet. Not that."
    assert pick(page, "some", 2) == "Not yet. One more."
    assert pick(page, "some", 3) == "✓ Right. So it is. And that."


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("0.5", "✓ Right. Half."),
        ("0,505", "✓ Right. Half."),
        ("51 %", "✓ Right. Half."),
        ("1/2", "✓ Right. Half."),
        ("0.52", "Not yet. Count again."),
        ("2", "Not yet. Upside down."),
        ("7", "Not yet. Too much."),
        ("−0.5", "Not yet. Count again."),
        ("half", "Give a number, such as 2, 0.5 or 1/3."),
        ("", "Give a number, such as 2, 0.5 or 1/3."),
    ],
)
def test_a_number_is_read_as_people_write_it(page, text, verdict):
    page.run(f"{here('much')}.querySelector('input').value = {text!r}")
    assert check(page, "much") == verdict


def test_an_order_is_moved_by_buttons_that_keep_the_focus(page):
    """1 2 3 becomes 2 1 3 and then 2 3 1, by the key of one button."""
    assert check(page, "order") == "Not yet. From what?"
    page.run(f"{here('order')}.querySelector('[aria-label=\"Down: Choose.\"]').focus()")
    page.press("Enter")
    assert check(page, "order") == "Not yet. From what?"
    page.run(f"{here('order')}.querySelector('[aria-label=\"Down: Choose.\"]').focus()")
    page.press("Enter", 2)  # at the end it stays
    assert page.run("document.activeElement.getAttribute('aria-label')") == "Down: Choose."
    moved = page.run(f"{here('order')}.querySelector('.question-moved').textContent")
    assert moved == "Place 3 of 3."
    assert check(page, "order") == "✓ Right. One after the other."


def test_a_part_of_a_figure_is_an_option(page):
    page.run(f"window.part = {here('where')}.querySelectorAll('[data-option]')")
    page.run("part[1].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert check(page, "where") == "Not yet. Not there."
    page.run("part[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert check(page, "where") == "✓ Right. There."
    assert page.run("[...part].map((p) => p.classList.contains('chosen'))") == [True, False]


def test_an_output_waits_for_a_guess_right_or_wrong(page):
    assert hidden(page, "#seven") and not hidden(page, "#eight")
    assert hidden(page, "#said") and not hidden(page, "#later"), "what tells the output waits, too"
    assert pick(page, "guess", 2) == "Not so. It was more."
    assert not hidden(page, "#seven") and not hidden(page, "#said")
    left = "document.querySelectorAll('.question-waiting').length"
    assert page.run(left) == 1, "only that of the output after it"


def test_where_the_prose_says_predict_the_reader_can_write_and_then_look(page):
    """No answer is judged; without the script, and on paper, nothing is hidden."""
    assert hidden(page, "#nine")
    page.run("document.querySelector('.question-guess input').value = 'ten'")
    page.run("[...document.querySelectorAll('.question-waiting button')].at(-1).click()")
    assert not hidden(page, "#nine") and hidden(page, "#seven")
    assert page.run("document.querySelector('.question-guess input').value") == "ten"
    assert page.run("document.querySelectorAll('.question-guess').length") == 1


def test_an_output_is_shown_to_whoever_asks_or_follows_a_link_to_it(page):
    page.run("document.querySelector('.question-waiting button').click()")
    assert not hidden(page, "#seven")
    assert page.run("document.activeElement.classList.contains('cell_output')")
    page.open(page.run("location.href") + "?again")
    assert hidden(page, "#seven")
    page.run("location.hash = 'seven'; new Promise((done) => setTimeout(done, 300))")
    assert not hidden(page, "#seven")


def test_a_hand_on_the_keyboard_reaches_all_and_sees_where_it_is(page):
    page.run("document.documentElement.dataset.theme = 'light'")  # which has the colours
    page.run(f"{here('one-title')}.tabIndex = -1; {here('one-title')}.focus()")
    page.press("Tab")
    page.press(" ")
    page.press("ArrowDown")
    seen = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.run(seen) == "solid"
    page.press("Enter")
    assert said(page, "one") == "✓ Right. Because of that."
    stops = []
    for _ in range(30):
        page.press("Tab")
        stops.append(page.run("document.activeElement.closest('.question')?.id ?? ''"))
        if page.run("document.activeElement.closest('.question') !== null"):
            assert page.run(seen) in ("solid", "auto"), stops
    kept = [s for i, s in enumerate(stops) if s and s not in stops[:i]]
    assert kept[-5:] == ["some", "much", "order", "where", "guess"], stops


def test_controls_have_names_groups_and_room(page):
    controls = "[...document.querySelectorAll('.question :is(input, button, summary)')]"
    small = f"{controls}.map((c) => c.getBoundingClientRect()).filter((b) => b.width && (b.height < 24 || b.width < 24)).length"
    assert page.run(small) == 0
    assert page.run(f"{controls}.filter((c) => c.matches('input') && !c.labels.length).length") == 0
    assert (
        page.run("document.querySelectorAll('.question fieldset > legend:first-child').length") == 6
    )
    assert page.run("document.querySelectorAll('.question-verdict[role=status]').length") == 6
    named = "[...document.querySelectorAll('.question')].every((q) => document.getElementById(q.getAttribute('aria-labelledby')))"
    assert page.run(named)


def test_answers_are_still_there_after_a_reload(page, sample):
    pick(page, "one", 1)
    pick(page, "one", 2)
    pick(page, "some", 2)
    page.run(f"{here('much')}.querySelector('input').value = '1/2'")
    check(page, "much")
    page.run(f"{here('order')}.querySelector('[aria-label=\"Up: Draw.\"]').click()")
    check(page, "order")
    pick(page, "guess", 2)
    count = "document.querySelector('.question-progress').innerText"
    assert "3 of 6 questions on this page answered." in page.run(count)
    page.open((sample / "notebooks/sample.html").as_uri())
    assert "3 of 6 questions on this page answered." in page.run(count)
    assert said(page, "one") == "✓ Right. Because of that."
    assert said(page, "some") == "Not yet. Not that."
    assert said(page, "much") == "✓ Right. Half."
    order = f"[...{here('order')}.querySelectorAll('li[value]')].map((item) => item.value)"
    assert page.run(order) == [1, 3, 2]
    assert said(page, "guess") == "Not so. It was more."
    assert not hidden(page, "#seven")
    assert said(page, "where") == ""


def test_answers_can_be_taken_along_and_forgotten(page, sample):
    pick(page, "one", 1)
    pick(page, "one", 2)
    page.run("location.href = document.querySelector('.question-progress a').href")
    page.open((sample / "book/solutions.html").as_uri())
    row = "[...document.querySelector('tr[data-page]').children].map((cell) => cell.textContent)"
    assert page.run(row) == ["Sample", "6", "1"]
    page.run(
        "URL.createObjectURL = (blob) => (window.taken = blob, 'about:blank#');"
        "HTMLAnchorElement.prototype.click = function () { window.name = this.download; };"
        "document.querySelectorAll('.question-kept button')[0].click()"
    )
    taken = json.loads(page.run("taken.text()"))["answers"]
    assert page.run("window.name") == "answers.json"
    assert taken["one"].pop("at") > "2020"
    assert taken == {
        "one": {
            "page": "notebooks/sample",
            "tries": 2,
            "first": [1],
            "last": [2],
            "right": True,
            "done": True,
        }
    }
    forget = "document.querySelectorAll('.question-kept button')[1]"
    page.run(f"{forget}.click()")
    assert page.run(row)[2] == "1", "once is not enough"
    page.run(f"{forget}.click()")
    assert page.run(row)[2] == "0"
    assert page.run("localStorage.getItem('genre-lite.answers')") == "{}"


GIVEN = {
    "page": "notebooks/sample",
    "tries": 1,
    "first": [2],
    "last": [2],
    "right": True,
    "done": True,
}


def test_saved_answers_are_read_in_again_and_another_file_is_told_kindly(page, sample, tmp_path):
    def bring(text: str) -> str:
        file = tmp_path / "answers.json"
        file.write_text(text)
        field = page.send("Runtime.evaluate", expression="document.querySelector('[type=file]')")
        object_id = field["result"]["objectId"]
        page.send("DOM.setFileInputFiles", files=[str(file)], objectId=object_id)
        page.run("new Promise((next) => setTimeout(next, 200))")
        return page.run("document.querySelector('.question-kept [role=status]').textContent")

    pick(page, "one", 1)
    page.open((sample / "book/solutions.html").as_uri())
    done = "document.querySelector('tr[data-page]').lastElementChild.textContent"
    kept = "localStorage.getItem('genre-lite.answers')"
    before = page.run(kept)
    for wrong in (
        "",
        "no",
        "null",
        "7",
        '{"answers": [1]}',
        '{"answers": {"one": 7}}',
        '{"cells": 1}',
    ):
        assert "holds no saved answers" in bring(wrong)
        assert page.run(kept) == before
    old, new = {**GIVEN, "at": "2001-01-01"}, {**GIVEN, "at": "2999-01-01"}
    told = bring(json.dumps({"answers": {"one": old, "some": new}}))
    assert told == "Of 2 answers in the file, 1 is new here."
    assert page.run(done) == "1"
    assert json.loads(page.run(kept))["one"] == json.loads(before)["one"], "the later answer stays"
    bring(json.dumps({"answers": {"one": new}}))
    assert page.run(done) == "2"
    assert page.run("document.querySelector('[type=file]').labels.length") == 1
    assert page.run("document.querySelector('[type=file]').getBoundingClientRect().height") >= 24


# Sphinx's own script would stop without any storage, so only ours is refused.
REFUSED = """for (const act of ["getItem", "setItem"]) {
  const real = Storage.prototype[act];
  Storage.prototype[act] = function (key, ...more) {
    if (key === "genre-lite.answers") throw new Error("no");
    return real.call(this, key, ...more);
  };
}"""


@pytest.mark.parametrize(
    ("spoil", "lasts"),
    [
        (REFUSED, False),
        ("localStorage.setItem('genre-lite.answers', '{')", True),
        ("localStorage.setItem('genre-lite.answers', '[1]')", True),
        ("localStorage.setItem('genre-lite.answers', '{\"one\": {\"last\": 7}}')", True),
    ],
)
def test_a_browser_that_keeps_nothing_or_nonsense_still_judges(page, sample, spoil, lasts):
    script = page.send("Page.addScriptToEvaluateOnNewDocument", source=spoil)["identifier"]
    try:
        page.open((sample / "notebooks/sample.html").as_uri())
        assert pick(page, "one", 2) == "✓ Right. Because of that."
        told = page.run("document.querySelector('.question-progress').innerText")
        assert "1 of 6" in told
        assert ("until you leave" not in told) is lasts
    finally:
        page.send("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def test_nothing_is_sent(sample):
    text = (sample / "_static/question.js").read_text()
    assert not re.search(r"\bfetch\b|XMLHttpRequest|sendBeacon|WebSocket|https?:", text)


def test_without_script_all_stands_there(page, sample):
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open((sample / "notebooks/sample.html").as_uri())
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)
    shown = page.run("document.querySelector('.body').innerText")
    assert all(text in shown for text in ("Which one?", "First.", "Answers", "Seven."))
    assert page.run("document.querySelectorAll('.question input, .question button').length") == 0
    folds = "[...document.querySelectorAll('.question > details')].map((d) => d.open)"
    assert page.run(folds) == [False] * 6


def test_on_paper_answers_follow_their_options_and_outputs_do_not_wait(page):
    page.send("Emulation.setEmulatedMedia", media="print")
    try:
        seen = (
            "[...document.querySelectorAll('.question-answers > li, #seven')]"
            ".every((e) => e.checkVisibility({contentVisibilityAuto: true}) && e.getBoundingClientRect().height > 0)"
        )
        assert page.run(seen)
        controls = "[...document.querySelectorAll('.question :is(input, button)')].filter((e) => e.offsetHeight).length"
        assert page.run(controls) == 0
    finally:
        page.send("Emulation.setEmulatedMedia", media="")


def test_every_answer_of_the_book_is_told_to_whoever_gives_it(browser, asked):
    """No range hides another, and every belief finds its own hint."""
    for path in sorted(asked.glob("notebooks/*.html")):
        browser.open(path.as_uri())
        for one in BeautifulSoup(path.read_text(), "html.parser").select(".question"):
            kind, answers = one["data-kind"], json.loads(one["data-answers"])
            rights = [a["option"] for a in answers if a["right"] and "option" in a]
            for place, about in enumerate(answers):
                if kind == "number" and "else" not in about:
                    guess = (
                        about.get("from", about.get("to", 0) - 2)
                        + about.get("to", about.get("from", 0) + 2)
                    ) / 2
                elif kind in ("choice", "several") and "option" in about:
                    guess = rights if about["right"] else [about["option"]]
                else:
                    continue
                call = json.dumps([kind, answers, guess])
                told = browser.run(f"Recourse.judge(...{call})")
                assert told["right"] is about["right"], (one["id"], about)
                assert place in told["told"], (one["id"], about)
        assert not browser.complaints


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_is_wider_than_a_phone(browser, asked, width):
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=False,
    )
    try:
        for path in sorted(asked.glob("notebooks/*.html")):
            browser.open(path.as_uri())
            wide = "[...document.querySelectorAll('.question')].filter((q) => q.scrollWidth > q.clientWidth + 1).map((q) => q.id)"
            assert browser.run(wide) == [], path.name
    finally:
        browser.send("Emulation.clearDeviceMetricsOverride")
