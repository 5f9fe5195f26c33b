"""Exercises are fair: a right value is right in any form, and what is wrong is wrong in every form."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from genre_lite.exercises import check, exercises

EVERY = exercises()
SINGLE = [k for k, e in EVERY.items() if not e.probes and np.ndim(e.solution()) == 0]
NUMBERS = [k for k in SINGLE if isinstance(EVERY[k].solution(), float | int)]
TEXTS = [k for k in SINGLE if isinstance(EVERY[k].solution(), str)]
MAPPINGS = [k for k in SINGLE if isinstance(EVERY[k].solution(), dict)]
LISTINGS = [k for k, e in EVERY.items() if not e.probes and np.ndim(e.solution()) > 0]
FUNCTIONS = [k for k, e in EVERY.items() if e.probes]


@pytest.fixture(autouse=True)
def _own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_LITE_PROGRESS", str(tmp_path / "solved.json"))
    check.forget()


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_is_right_in_any_form(key):
    v = float(EVERY[key].solution())
    boxes = ([v], (v,), np.array([v]), np.array([[v]]), pd.Series([v]), pd.DataFrame([v]))
    for form in (*boxes, np.float64(v), Fraction(v), str(Fraction(v)), repr(v), f" {v} "):
        assert check(key, form).right, form


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_right_in_any_form(key):
    v = EVERY[key].solution()
    for form in ([v], (v,), {v}, np.array([v]), pd.Series([v]), v.upper(), f" ({v.lower()}) "):
        assert check(key, form).right, form


@pytest.mark.parametrize("key", MAPPINGS)
def test_a_mapping_is_right_in_any_form(key):
    v = EVERY[key].solution()
    backwards = dict(reversed(v.items()))
    forms = [backwards, pd.Series(v, dtype=object), pd.Series(backwards, dtype=object)]
    forms += [{str(k).upper(): part for k, part in v.items()}]
    forms += [pd.DataFrame({k: pd.Series([part], dtype=object) for k, part in backwards.items()})]
    if all(isinstance(part, str) and len(part) < 40 for part in v.values()):
        forms += [{k: f" {part.upper()} " for k, part in v.items()}]
        forms += [{k: part.replace("-", "–") for k, part in v.items()}]
    if all(isinstance(part, float | int) for part in v.values()):
        forms += [{k: [part] for k, part in v.items()}, {k: str(part) for k, part in v.items()}]
    for form in forms:
        assert check(key, form).right, form


@pytest.mark.parametrize("key", [k for k in LISTINGS if not isinstance(EVERY[k].solution(), set)])
def test_a_list_is_right_in_any_form(key):
    v = EVERY[key].solution()
    array = np.asarray(v)
    forms = [array.tolist(), tuple(array.tolist()), array, array[None]]
    forms += [pd.Series(array) if array.ndim == 1 else pd.DataFrame(array)]
    for form in forms:
        assert check(key, form).right, form


WRONG = [0, 1e9, -1, np.nan, None, "", "?", "no", [], {}, set(), np.array([]), [None, np.nan]]
WRONG += [object(), np.full((3, 2), 7.0), pd.DataFrame(), pd.Series(dtype=float), 1j, [[1], [2, 3]]]


@pytest.mark.parametrize("key", EVERY)
def test_nonsense_is_never_right_and_stops_nothing(key):
    solution = EVERY[key].solution()
    for answer in WRONG:
        if np.ndim(solution) == 0 and np.isscalar(answer) and answer == solution:
            continue
        if key == "11.5" and np.isscalar(answer) and answer == 1e9:
            continue  # any weight that is large enough turns the order
        verdict = check(key, answer)
        assert not verdict.right, answer
        assert verdict.hint


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_near_the_right_one_is_wrong(key):
    if EVERY[key].accepts is not None:
        pytest.skip("many numbers are right")
    v = float(EVERY[key].solution())
    for answer in (-v, v + 1, v - 1, 2 * v, v / 2, 1 / v, v * 100, v**2):
        assert not check(key, answer).right, answer


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_function_that_does_not_compute_is_wrong(key):
    def spoilt(by):
        return lambda *given: by(EVERY[key].solution()(*given))

    programs = [lambda *_: 0, lambda *_: -1, lambda *_: np.nan, lambda *_: None, lambda *_: []]
    programs += [lambda *given: given[0], lambda *given: given[-1]]
    programs += [spoilt(lambda found: np.asarray(found, dtype=float) + 1)]
    for program in programs:
        assert not check(key, program).right


def first_allowed(person, rows, immutable):
    allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
    return int(allowed.argmax()) if allowed.any() else -1


def in_the_filtered_rows(person, rows, immutable):
    allowed = (rows[:, immutable] == person[immutable]).all(axis=1)
    return int(np.abs(rows[allowed] - person).sum(axis=1).argmin()) if allowed.any() else -1


def any_for_all(person, rows, immutable):
    allowed = (rows[:, immutable] == person[immutable]).any(axis=1)
    price = np.where(allowed, np.abs(rows - person).sum(axis=1), np.inf)
    return int(price.argmin()) if allowed.any() else -1


def the_last_of_the_tied(person, rows, immutable):
    best, least = -1, np.inf
    for number, row in enumerate(rows):
        price = sum(abs(a - b) for a, b in zip(row, person, strict=True))
        if all(row[immutable] == person[immutable]) and price <= least:
            best, least = number, price
    return best


def test_the_neighbour_is_probed_with_more_than_its_first_row():
    for program in (first_allowed, in_the_filtered_rows, any_for_all):
        assert not check("6.3", program).right, program
    assert check("6.3", the_last_of_the_tied).right


def test_two_mistakes_of_the_divergence_do_not_give_one_number():
    dropped = (1 + 1 / 16 - 1) + np.log(4)
    assert "bracket" in check("4.2", dropped).hint
    assert "σ²" in check("4.2", 0.5 + (1 / 4 - 1) / 2 + np.log(4)).hint


def test_the_step_is_told_at_the_third_try():
    step = EVERY["7.1"].hint
    said = [check("7.1", answer).hint for answer in (5, 6, 7.5)]
    assert "large" in said[0]
    assert step not in said[0] + said[1]
    assert said[2] == step
    said = check("8.4", EVERY["8.4"].solution() | {"leaky": 9.5}).hint
    assert "leaky" in said
    assert "independent" not in said
