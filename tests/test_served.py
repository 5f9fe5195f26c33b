"""Objectives, exercises and questions hang together, and the page that says so sees what does not."""

from __future__ import annotations

import copy
import re

import pytest

from book.extensions.objectives import chapters, flaws, table
from genre_lite.exercises import CHAPTERS, exercises

# What a chapter shows and asks nothing about. Each has its reason in the table; a new one needs a good one.
UNSERVED = {
    "answer with numbers the question that a reviewer of GenRe asked",
    "run a benchmark of recourse methods, stop it, and let it go on",
}


@pytest.fixture(scope="module")
def book(root):
    return chapters(root)


@pytest.fixture(scope="module")
def serving(root):
    return table(root)


def test_every_objective_is_served_and_every_exercise_serves_one(book, serving):
    assert list(book) == list(CHAPTERS) == list(serving)
    assert not list(flaws(book, serving))


def test_what_nothing_serves_is_known_and_has_a_reason(serving):
    reasons = {
        goal: by for told in serving.values() for goal, by in told.items() if isinstance(by, str)
    }
    assert {*reasons} == UNSERVED
    assert all(reason.endswith(".") and len(reason.split()) > 8 for reason in reasons.values())


def test_an_exercise_is_linked_to_its_own_place(book):
    """A label of a chapter says the chapter and the number of its exercise."""
    for number in CHAPTERS:
        for key in exercises(number):
            *_, anchor = book[number].asks[key]
            chapter, _, place = key.partition(".")
            assert re.match(rf"ex0?{chapter}k?{place}-", anchor), key


def other_words(told):
    told[1] = dict(zip([*list(told[1])[:-1], "read a letter"], told[1].values(), strict=True))


def an_empty_list(told):
    told[2][next(iter(told[2]))] = []


def a_question_that_nobody_asks(told):
    told[3][next(iter(told[3]))].append("nobody-asks")


def an_exercise_left_out(told):
    for by in told[12].values():
        if "12.5" in by:
            by.remove("12.5")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (other_words, "the objectives of chapter 1 are not those of"),
        (an_empty_list, "nothing serves 'compute the cost"),
        (a_question_that_nobody_asks, "nobody-asks asks nothing"),
        (an_exercise_left_out, "exercise 12.5 serves no objective"),
    ],
)
def test_what_does_not_agree_is_told(book, serving, spoil, said):
    spoilt = copy.deepcopy(serving)
    spoil(spoilt)
    assert any(said in flaw for flaw in flaws(book, spoilt))
