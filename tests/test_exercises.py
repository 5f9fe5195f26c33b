"""The exercises: the solution is right, each mistake gets its own hint, and the starter is not enough."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from genre_lite import GenReError
from genre_lite.exercises import CHAPTERS, ENVIRONMENT, alike, check, exercises, solution

EVERY = exercises()


@pytest.fixture(autouse=True)
def _own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "solved.json"))


@pytest.fixture(scope="module")
def chapters(root):
    """The cells of each chapter, by its number."""
    found = {}
    for number in CHAPTERS:
        pages = sorted(root.glob(f"notebooks/{number:02}*_*.ipynb"))  # chapter 2 has two halves
        found[number] = [cell for path in pages for cell in json.loads(path.read_text())["cells"]]
    return found


# -- every exercise -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", EVERY)
def test_the_reference_solution_is_right(key):
    """No mistake is read into it; that it is right at all is shown in test_exercise_answers.py."""
    verdict = check(key, EVERY[key].solution())
    assert verdict.right, verdict


@pytest.mark.parametrize("key", EVERY)
def test_each_mistake_is_told_by_a_nudge_then_the_belief_then_the_step(key):
    exercise = EVERY[key]
    assert len(exercise.mistakes) >= 2
    assert len({m.hint for m in exercise.mistakes} | {exercise.hint}) > len(exercise.mistakes)
    for mistake in exercise.mistakes:
        answer = mistake.answer()
        said = [exercise.judge(answer, tries) for tries in (1, 2, 3, 4)]
        assert {one.state for one in said} == {"wrong"}
        nudge, belief, step, later = (one.hint for one in said)
        if mistake.form:
            assert [nudge, belief, step] == [mistake.hint] * 3
            continue
        assert belief == mistake.hint, mistake.belief
        assert step == later == f"{mistake.hint} {exercise.hint}"
        assert not any(words in nudge for words in (mistake.hint, exercise.hint)), nudge
        assert re.match(
            r"Look again at (the |what |who |how |where |whether |scope|row|number|“)|It was tried \d|What you "
            r"(gave|named) |Not all |None of the |It is not “|Your number is too (small|large)|The size is right",
            nudge,
        ), nudge  # never the general ones, which say of no part that it is wrong


@pytest.mark.parametrize("key", EVERY)
def test_a_step_has_a_beginning_for_the_second_try(key):
    exercise = EVERY[key]
    words = exercise._beginning().split()
    assert 3 <= len(words) < len(exercise.hint.split()), exercise.hint


def test_each_wrong_answer_is_a_try_the_same_again_too_and_a_wrong_form_is_none():
    exercise, told = EVERY["7.4"], []
    belief = exercise.mistakes[0]
    check.forget()
    for answer in ("no list", belief.answer(), [0.5], belief.answer(), belief.answer()):
        told.append(check("7.4", answer))
    assert [one.form for one in told] == [True, False, True, False, False]
    assert told[0].hint == "Asked for is a list of values, and your answer is a text."
    assert told[2].hint == "Asked for are 4 values, and your answer has 1."
    assert [told[n].hint for n in (1, 3, 4)] == [
        "Look again at numbers 2 and 3, counted from the left.",
        belief.hint,
        f"{belief.hint} {exercise.hint}",
    ]
    assert check("7.4", exercise.solution()).right
    assert check("7.4", belief.answer()).hint == told[1].hint, "solved, and begun anew"


@pytest.mark.parametrize("key", EVERY)
def test_dots_are_not_an_answer_and_nonsense_is_wrong(key):
    assert check(key, ...).state == "not yet"
    for nonsense in (object(), "no idea", -1234.5, []):
        verdict = check(key, nonsense)
        assert not verdict.right
        assert verdict.hint


@pytest.mark.parametrize("key", EVERY)
def test_words_around_an_exercise_are_there(key):
    exercise = EVERY[key]
    assert exercise.title
    assert exercise.takeaway
    for mistake in exercise.mistakes:
        assert mistake.belief.endswith(".")


@pytest.mark.parametrize("key", EVERY)
def test_the_shown_solution_is_source_that_gives_the_answer(key):
    source = solution(key).source
    compile(source, key, "exec")
    assert re.search(r"^answer = ", source, re.M)


# -- every chapter ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_asks_three_or_more_and_shows_every_solution(number, chapters):
    known = exercises(number)
    assert len(known) >= 3
    assert list(known) == [f"{number}.{k + 1}" for k in range(len(known))]
    code = "\n".join("".join(c["source"]) for c in chapters[number] if c["cell_type"] == "code")
    asked = re.findall(r'\bcheck\("([\d.]+)"', code)
    shown = re.findall(r'\bsolution\("([\d.]+)"', code)
    assert asked == shown == list(known)


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_starter_stands_in_an_exercise_and_says_not_yet(number, chapters):
    cells, inside, starters = chapters[number], False, []
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            marks = re.findall(r"\{exercise-(start|end)\}", text)
            inside = marks[-1] == "start" if marks else inside
        elif "check(" in text and inside:
            starters.append(text)
    assert len(starters) == len(exercises(number))
    for starter in starters:
        assert "..." in starter or '"?"' in starter


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_has_an_open_task_and_its_rubric_is_folded(number, chapters):
    texts = ["".join(c["source"]) for c in chapters[number] if c["cell_type"] == "markdown"]
    tasks = [text for text in texts if text.startswith("### Open task\n")]
    assert tasks
    for text in tasks:
        task, rubric = text.split(":::{dropdown} How to read an answer\n")
        assert 60 < len(task.split()) < 150
        rows = [
            re.split(r"\s*\|\s*", row.strip("| ")) for row in re.findall(r"^\|.*", rubric, re.M)
        ]
        assert rows[0] == ["thin", "sound", "excellent"]
        assert len(rows) >= 5, "three criteria or more"
        assert all(len(row) == 4 and all(row) for row in rows[2:])
        assert rubric.rstrip().endswith(":::")


# -- how an answer is judged --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0000001, True),
        (1, 1.1, False),
        ("Yes ", "yes", True),
        ("yes", 1, False),
        ([1, 2], np.array([1, 2]), True),
        ([1, 2], [2, 1], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        ({1, 2}, {2, 1}, True),
        (["a", 1], ["A", 1], True),
        (pd.Series([1.0, np.nan]), [1.0, np.nan], True),
        ([[1], [2, 3]], [[1], [2, 3]], True),
        (True, True, True),
    ],
)
def test_answers_are_compared_by_what_they_say(one, other, same):
    assert alike(one, other) is same


def test_a_function_that_fails_is_told_how():
    exercise = next(e for e in EVERY.values() if e.probes)

    def broken(*_):
        raise ValueError("no such thing")

    assert "no such thing" in check(exercise.key, broken).hint
    assert check(exercise.key, lambda *_: None).state == "not yet"
    assert "function" in check(exercise.key, 3).hint


@pytest.mark.parametrize("key", ["13.1", "1", "one", 7.2, ""])
def test_an_unknown_exercise_is_an_error(key):
    with pytest.raises(GenReError, match=r"exercise|chapter"):
        check(key, 1)


# -- progress -----------------------------------------------------------------------------------


def test_progress_remembers_what_was_right():
    assert check.progress()["solved"].sum() == 0
    check("1.1", EVERY["1.1"].solution())
    check("1.1", EVERY["1.1"].mistakes[0].answer())
    progress = check.progress()
    assert progress.loc[1, "solved"] == 1
    assert "1.1" not in progress.loc[1, "left"].split(", ")
    assert progress["exercises"].sum() == len(EVERY)
    check.forget()
    assert check.progress()["solved"].sum() == 0


def test_a_spoilt_or_unwritable_file_costs_only_the_memory(tmp_path, monkeypatch):
    (tmp_path / "solved.json").write_text("{")
    assert check("1.1", EVERY["1.1"].solution()).right
    assert check.progress().loc[1, "solved"] == 1
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "file" / "below.json"))
    assert check("1.1", EVERY["1.1"].solution()).right
    assert check.progress()["solved"].sum() == 0
