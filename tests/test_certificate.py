"""A certificate holds what was answered and how: any change is found, and the model knows it again."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import genre_lite as gl
from genre_lite import GenReError, Terms
from genre_lite.certificate import asked, model_fingerprint, sha256, verify

PART = {
    "origin": "origin is as issued",
    "decision": "decision is as issued",
    "schema": "schema is as issued",
    "person": "person is as issued",
}
WHOLE = "the whole is as issued"


@pytest.fixture(scope="module")
def genre() -> gl.GenRe:
    return gl.GenRe.load("german", progress=False)


@pytest.fixture(scope="module")
def denied(genre: gl.GenRe) -> pd.DataFrame:
    people = gl.load_dataset("german").X_test
    return people[~genre.decision_.accepts(people)].head(4)


@pytest.fixture(scope="module")
def terms(denied: pd.DataFrame) -> dict:
    first, second, *others = denied.index
    freeze = {first: ["telephone"], second: [], **dict.fromkeys(others, ())}
    return {
        "freeze": freeze,
        "bounds": {"duration": (6, None)},
        "max_changes": pd.Series([3, None, 4, 5], denied.index),
        "wait": dict.fromkeys(denied.index, 0) | {first: 2},
    }


@pytest.fixture(scope="module")
def answer(genre: gl.GenRe, denied: pd.DataFrame, terms: dict) -> gl.Recourses:
    return genre.recommend(denied, n=2, rule="cheapest", candidates=60, seed=5, **terms)


@pytest.fixture
def certificate(answer: gl.Recourses, denied: pd.DataFrame) -> dict:
    return json.loads(json.dumps(answer.certificate(denied.index[0])))


def broken(certificate: dict, method: gl.GenRe | None = None) -> list[str]:
    table = verify(certificate, method)
    assert (table["detail"] != "").equals(~table["holds"]), (
        "a reason wherever something does not hold"
    )
    return table.loc[~table["holds"], "what"].tolist()


# -- what it holds ------------------------------------------------------------------------------


def test_it_holds_who_answered_what_and_how(certificate: dict, answer: gl.Recourses) -> None:
    assert certificate["origin"]["method"] == "GenRe"
    assert certificate["origin"]["seed"] == 5
    choices = certificate["origin"]["choices"]
    assert {k: choices[k] for k in ("n", "rule", "candidates", "margin", "seed")} == {
        "n": 2,
        "rule": "cheapest",
        "candidates": 60,
        "margin": 0.0,
        "seed": 5,
    }
    assert certificate["decision"]["threshold"] == 0.5
    assert len(certificate["decision"]["fingerprint"]) == 32
    person = certificate["person"]
    assert person["score"] == answer.score.iloc[0]
    wanted = [None if math.isnan(chance) else chance for chance in answer.probability.iloc[:2]]
    assert wanted[0] is not None, "one option is found, and one that is not has no probability"
    assert [o["probability"] for o in person["options"]] == wanted
    assert person["factual"]["age"] == answer.factual["age"].iloc[0]
    assert gl.Schema.from_dict(certificate["schema"]) == answer.schema


def test_everybody_has_their_own_terms(answer: gl.Recourses) -> None:
    first, second, third, _ = answer.terms
    bounds = {"duration": [6, None]}
    assert first == {"freeze": ["telephone"], "bounds": bounds, "max_changes": 3, "wait": 2}
    assert second == {"bounds": bounds}
    assert third == {"bounds": bounds, "max_changes": 4}


def test_who_asks_for_nothing_has_no_terms() -> None:
    nothing = asked(Terms(weights={}, bounds={}), pd.Index(["a", "b"]))
    assert nothing.tolist() == [{}, {}]


def test_terms_are_plain_whatever_they_were_given_as() -> None:
    terms = Terms(
        freeze=pd.Index(["b", "a"]),
        largest={"x": pd.Series({"ana": np.float32(0.5)})},
        max_changes=np.int64(2),
        weights={"x": {"ana": 3}},
    )
    (told,) = asked(terms, pd.Index(["ana"]))
    assert told == {
        "freeze": ["b", "a"],
        "largest": {"x": 0.5},
        "max_changes": 2,
        "weights": {"x": 3},
    }
    assert json.loads(json.dumps(told)) == told


# -- what is found ------------------------------------------------------------------------------


def test_it_holds_after_json_for_everybody(genre: gl.GenRe, answer: gl.Recourses) -> None:
    for person in answer:
        kept = json.loads(json.dumps(answer.certificate(person)))
        table = verify(kept, genre)
        assert len(table) == 8
        assert table["holds"].all(), table


def test_it_holds_for_an_answer_read_from_its_file(genre: gl.GenRe, answer: gl.Recourses) -> None:
    again = gl.Recourses.from_json(answer.to_json())
    for person in answer:
        assert again.certificate(person) == answer.certificate(person)


def test_it_holds_in_another_process(certificate: dict, tmp_path) -> None:
    path = tmp_path / "letter.json"
    path.write_text(json.dumps(certificate))
    script = (
        "import json, sys, genre_lite as gl\n"
        "from genre_lite.certificate import verify\n"
        "kept = json.load(open(sys.argv[1]))\n"
        "print(verify(kept, gl.GenRe.load('german', progress=False))['holds'].tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([True] * 8)


def leaves(data: object, path: tuple = ()) -> Iterator[tuple]:
    """The path to every value in plain data."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))
    else:
        yield path


def altered(value: object) -> object:
    """The same with one digit, letter or truth changed."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return float(np.nextafter(value, np.inf))
    return value[:-1] + ("0" if value[-1:] != "0" else "1")


def test_any_change_anywhere_is_found_and_its_part_named(certificate: dict) -> None:
    assert broken(certificate) == []
    paths = [path for part in PART for path in leaves(certificate[part], (part,))]
    assert len(paths) > 400
    for path in paths:
        other = copy.deepcopy(certificate)
        *way, last = path
        at = other
        for key in way:
            at = at[key]
        at[last] = altered(at[last])
        assert broken(other) == [PART[path[0]], WHOLE], path


def test_a_changed_hash_and_an_added_part_are_found(certificate: dict) -> None:
    for part, what in {**PART, "whole": WHOLE}.items():
        other = copy.deepcopy(certificate)
        other["hashes"][part] = altered(other["hashes"][part])
        assert broken(other) == [what]
    table = verify(certificate | {"note": "paid"})
    assert table.loc[~table["holds"], "what"].tolist() == [WHOLE]
    assert "added: note" in table["detail"].iloc[-1]


def test_a_forger_who_hashes_anew_is_found_by_the_model(certificate: dict, genre: gl.GenRe) -> None:
    option = certificate["person"]["options"][0]
    option["values"]["amount"] = option["values"]["amount"] - 1
    certificate["hashes"]["person"] = sha256(certificate["person"])
    bare = {k: v for k, v in certificate.items() if k != "hashes"}
    certificate["hashes"]["whole"] = sha256(bare)
    assert broken(certificate) == []
    table = verify(certificate, genre)
    assert table.loc[~table["holds"], "what"].tolist() == ["asked anew, it gives the same answer"]
    assert table["detail"].iloc[-1] == "option 0 differs in amount"


@pytest.mark.parametrize("part", ["to", "feature", "cost", "found", "outcome", "unit", "seed"])
def test_what_a_letter_prints_follows_from_the_values(
    certificate: dict, genre: gl.GenRe, part: str
) -> None:
    """Whoever hashes anew what a letter says beside the values is found as well."""
    option = certificate["person"]["options"][0]
    if part == "to":
        option["changes"][0]["to"] = option["changes"][0]["from"]
    elif part == "feature":
        option["changes"][0]["feature"] = certificate["schema"]["features"][-1]["name"]
    elif part == "cost":
        option["cost"] += 0.01
    elif part == "found":
        option["found"] = False
    elif part == "outcome":
        certificate["decision"]["outcome"] = "nothing at all"
    elif part == "unit":
        certificate["schema"]["features"][0]["unit"] = "dragons"
    else:
        certificate["origin"]["seed"] += 1
    for name in ("origin", "decision", "schema", "person"):
        certificate["hashes"][name] = sha256(certificate[name])
    certificate["hashes"]["whole"] = sha256({k: v for k, v in certificate.items() if k != "hashes"})
    assert broken(certificate) == []
    table = verify(certificate, genre)
    assert table.loc[~table["holds"], "what"].tolist() == ["asked anew, it gives the same answer"]


def test_another_model_and_another_bank_are_named(certificate: dict, genre: gl.GenRe) -> None:
    other = gl.GenRe.load("compas", progress=False)
    table = verify(certificate, other)
    assert table["holds"].tolist() == [True] * 5 + [False] * 3
    named = table["detail"].iloc[5]
    assert model_fingerprint(genre)[:12] in named
    assert model_fingerprint(other)[:12] in named
    strict = gl.GenRe.load("german", gl.Decision(genre.h, threshold=0.9), progress=False)
    table = verify(certificate, strict)
    assert table["holds"].tolist()[:6] == [True] * 6, "the model is the same"
    assert "threshold was 0.5, is 0.9" in table["detail"].iloc[6]


def test_draws_have_a_certificate_too(genre: gl.GenRe, denied: pd.DataFrame) -> None:
    drawn = genre.sample(denied.head(2), n=3, temperature=0.8, seed=4)
    np.testing.assert_allclose(drawn.score, genre.decision_.ask(denied.head(2))[0])
    kept = json.loads(json.dumps(drawn.certificate(denied.index[1])))
    assert kept["origin"]["call"] == "sample"
    assert kept["origin"]["checked"] is False
    assert verify(kept, genre)["holds"].all()


def test_another_method_has_a_certificate_too(genre: gl.GenRe, denied: pd.DataFrame) -> None:
    bank = gl.load_dataset("german")
    methods = [
        gl.baselines.NearestNeighbour(genre.h, bank.schema, progress=False).fit(
            bank.X_train.head(n)
        )
        for n in (400, 300)
    ]
    kept = json.loads(json.dumps(methods[0].recommend(denied).certificate(denied.index[0])))
    assert verify(kept, methods[0])["holds"].all()
    assert "the model is the one that answered" in broken(kept, methods[1])
    assert "the model is the one that answered" in broken(kept, genre)


def test_a_fingerprint_that_is_none_is_a_bank_of_which_nothing_is_known(certificate, genre) -> None:
    certificate["decision"]["fingerprint"] = ["x"]
    told = verify(certificate, genre).set_index("what")
    assert not told.loc["the bank decides as it did", "holds"]
    assert "cannot be asked" in told.loc["the bank decides as it did", "detail"]


# -- the fingerprint of a model -----------------------------------------------------------------


def test_a_saved_model_is_the_same_and_half_its_digits_another(genre: gl.GenRe, tmp_path) -> None:
    genre.save(tmp_path / "whole.genre")
    genre.save(tmp_path / "half.genre", half=True)
    whole, half = (
        gl.GenRe.load(tmp_path / f"{name}.genre", progress=False) for name in ("whole", "half")
    )
    assert model_fingerprint(whole) == model_fingerprint(genre)
    shipped_in_half = model_fingerprint(half) == model_fingerprint(genre)
    weights = np.concatenate(
        [p.detach().numpy().ravel() for p in genre.network_.parameters() if p.requires_grad]
    )
    assert shipped_in_half == bool((weights == weights.astype("float16")).all())


def test_a_setting_that_changes_answers_changes_the_fingerprint() -> None:
    one = gl.GenRe.load("german", progress=False)
    before = model_fingerprint(one)
    assert len(before) == 64
    for name, value in (("outcome", "a loan"), ("progress", True)):
        setattr(one, name, value)
        assert model_fingerprint(one) == before, name
    for name, value in (("seed", 1), ("validity_margin", 0.71), ("recipe", "paper")):
        kept = getattr(one, name)
        setattr(one, name, value)
        assert model_fingerprint(one) != before, name
        setattr(one, name, kept)
    assert model_fingerprint(one) == before


def test_the_bank_is_asked_for_its_fingerprint_once_a_fit(denied: pd.DataFrame) -> None:
    one = gl.GenRe.load("german", progress=False)
    bank, asked_for = one.decision_.model, []

    class Counting:
        def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
            asked_for.append(len(frame))
            return bank.predict_proba(frame)

    one = gl.GenRe.load("german", Counting(), progress=False)
    one.recommend(denied.head(1), candidates=5)
    first, asked_for[:] = len(asked_for), []
    one.recommend(denied.head(1), candidates=5)
    assert first - len(asked_for) <= 2, "once for load, once for the first answer"
    assert 32 not in asked_for


# -- refusals -----------------------------------------------------------------------------------


def test_an_answer_of_unknown_origin_cannot_be_certified(answer: gl.Recourses) -> None:
    from dataclasses import replace

    foreign = replace(answer, origin={})
    with pytest.raises(GenReError, match="does not say how it was made"):
        foreign.certificate(answer.factual.index[0])
    with pytest.raises(GenReError, match="No person is labelled 'zoe'"):
        answer.certificate("zoe")


def test_what_is_no_certificate_is_refused(certificate: dict) -> None:
    for other in ([], {}, {"certificate": "1"}):
        with pytest.raises(
            GenReError, match="This is no certificate; it needs certificate, origin"
        ):
            verify(other)
    with pytest.raises(GenReError, match="has format '9', this version reads '1'"):
        verify(certificate | {"certificate": "9"})
