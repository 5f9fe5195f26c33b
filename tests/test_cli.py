"""The command line: what it writes, and that a mistake is one line and exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from genre_lite.cli import app
from genre_lite.datasets import load_dataset


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def words(text: str) -> str:
    return " ".join(text.split())


# -- without a model -------------------------------------------------------------------------------


def test_help_is_there_and_loads_nothing_heavy() -> None:
    assert {"train", "recommend", "benchmark", "report", "data"} <= set(done("--help").split())
    heavy = "{'torch', 'pandas', 'sklearn', 'matplotlib'}"
    code = (
        "import sys; from genre_lite.cli import app; app(['--help'], standalone_mode=False); "
        f"sys.exit(bool({heavy} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version() -> None:
    try:
        expected = version("genre-lite")
    except PackageNotFoundError:
        pytest.skip("the package is on the path but not installed")
    assert done("--version") == f"genre-lite {expected}\n"


def test_data_list_names_every_table() -> None:
    assert {"adult", "german", "compas", "heloc", "moons"} <= set(done("data", "list").split())


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred people, whose loan depends on income; a category is called None."""
    rng = np.random.default_rng(0)
    income = rng.integers(10, 90, 200)
    frame = pd.DataFrame(
        {
            "income": income,
            "debt": rng.integers(0, 30, 200),
            "guarantor": rng.choice(["None", "parent"], 200),
            "sex": rng.choice(["f", "m"], 200),
            "region": rng.integers(1, 4, 200),
            "loan": np.where(income + rng.normal(0, 8, 200) > 50, "yes", "no"),
        }
    )
    path = tmp_path_factory.mktemp("own") / "loans.csv"
    frame.to_csv(path, index=False)
    return path


MISTAKES = [
    (["train"], "one of the two"),
    (["train", "german", "--csv", "{loans}"], "one of the two"),
    (["train", "--csv", "{loans}"], "--csv needs --target COLUMN and --favourable VALUE"),
    (["train", "--csv", "none.csv", "--target", "a", "--favourable", "b"], "none.csv"),
    (["train", "--csv", "{loans}", "--target", "lone", "--favourable", "yes"], "no column 'lone'"),
    (["train", "--csv", "{loans}", "--target", "loan", "--favourable", "oui"], "never holds 'oui'"),
    (
        ["train", "--csv", "{loans}", "--target=loan", "--favourable=yes", "--immutable=sax"],
        "No feature named 'sax'; did you mean 'sex'?",
    ),
    (
        ["train", "--csv", "{broken}", "--target", "a", "--favourable", "b"],
        "cannot be read as a CSV",
    ),
    (["train", "german", "--target", "credit"], "--target goes with --csv"),
    (["train", "germany"], "did you mean 'german'?"),
    (["train", "german", "--out", "nowhere/german.genre"], "There is no folder nowhere"),
    (["recommend", "none.genre"], "Say who asks"),
    (["recommend", "none.genre", "--csv", "{loans}"], "There is no file none.genre"),
    (["data", "fetch", "germany"], "germany"),
    (["benchmark", "--datasets", "germany", "--out", "b"], "did you mean 'german'?"),
    (["benchmark", "--methods", "nearest-neighbor", "--out", "b"], "'nearest-neighbour'?"),
    (["benchmark", "--out", "{loans}"], "loans.csv"),
    (["report", "nowhere"], "holds no benchmark"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_told_in_one_line(
    arguments: list[str],
    message: str,
    loans: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.csv"
    broken.write_text('a,b\n1,2\n3,4,5,6\n"')
    result = call(*(argument.format(loans=loans, broken=broken) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("genre-lite: ")
    assert result.stdout == ""


# -- with a model of one's own table ---------------------------------------------------------------


@pytest.fixture(scope="module")
def model(loans: Path) -> Path:
    out = loans.with_suffix(".genre")
    told = done(
        *("train", "--csv", loans, "--target", "loan", "--favourable", "yes", "--quiet"),
        *("--immutable", "sex, region", "--decreasing", "debt", "--categorical", "region"),
        *("--out", out),
    )
    assert told.startswith(f"{out}: trained on ")
    return out


PEOPLE = pd.DataFrame(
    {
        "income": [20, 88, 30],
        "debt": [9, 3, 20],
        "guarantor": ["None", "parent", "None"],
        "sex": ["f", "m", "m"],
        "region": [1, 2, 3],
    }
)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    PEOPLE.to_csv(path, index=False)
    return path


def test_recommend_answers_everyone_as_json(model: Path, people: Path) -> None:
    answer = json.loads(done("recommend", model, "--csv", people, "--n", 2, "--format", "json"))
    assert [person["person"] for person in answer["people"]] == [0, 1, 2]
    assert [person["accepted"] for person in answer["people"]] == [False, True, False]
    for person, row in zip(answer["people"], PEOPLE.to_dict("records"), strict=True):
        assert person["factual"] == row
        assert len(person["options"]) == 2
        best = person["options"][0]
        assert best["found"]
        assert best["probability"] >= 0.5
        assert best["values"]["sex"] == row["sex"]
        assert best["values"]["region"] == row["region"]
        assert best["values"]["debt"] <= row["debt"]
    assert answer["people"][1]["options"][0]["changes"] == []


def test_recommend_is_repeatable(model: Path, people: Path) -> None:
    def numbers() -> list:
        return json.loads(done("recommend", model, "--csv", people, "--format", "json"))["people"]

    assert numbers() == numbers()


def test_recommend_one_row_in_sentences(model: Path, people: Path) -> None:
    text = words(done("recommend", model, "--csv", people, "--row", 2, "--format", "sentences"))
    assert text.startswith("Person 2 You were denied")
    assert "raise income from 30" in text
    assert "not a promise" in text


def test_recommend_as_a_table(model: Path, people: Path) -> None:
    text = done("recommend", model, "--csv", people)
    for line in ("Person 0: denied; option 0 changes", "Person 1: already accepted"):
        assert line in words(text)
    assert "probability of yes" in words(text)
    assert "not a promise" in words(text)


def test_recommend_leaves_out_columns_only_where_asked(model: Path, people: Path) -> None:
    PEOPLE.assign(name=["a", "b", "c"]).to_csv(people, index=False)
    result = call("recommend", model, "--csv", people)
    assert result.exit_code == 2
    assert "'name'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert done("recommend", model, "--csv", people, "--extra", "ignore")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("guarantor", "uncle", "'uncle' was never seen"),
        ("income", "lots", "'lots' is not a number"),
        ("income", "", "missing"),
        ("income", "NA", "'NA' is not a number"),
    ],
)
def test_recommend_names_the_bad_value(
    model: Path, people: Path, column: str, value: str, message: str
) -> None:
    frame = PEOPLE.astype(str)
    frame.loc[1, column] = value
    frame.to_csv(people, index=False)
    result = call("recommend", model, "--csv", people)
    assert result.exit_code == 2
    assert f"Column '{column}'" in result.stderr
    assert message in result.stderr


def test_a_bad_value_in_another_row_does_not_matter(model: Path, people: Path) -> None:
    PEOPLE.astype(str).assign(income=["lots", "88", "30"]).to_csv(people, index=False)
    text = words(done("recommend", model, "--csv", people, "--row", 2, "--format", "sentences"))
    assert "raise income from 30" in text


def test_recommend_needs_a_row_that_exists(model: Path, people: Path) -> None:
    result = call("recommend", model, "--csv", people, "--row", 7)
    assert result.exit_code == 2
    assert "No person is labelled '7'; some that are: 0, 1, 2." in result.stderr
    result = call("recommend", model, "--dataset", "german")
    assert result.exit_code == 2
    assert "--dataset needs --row LABEL" in result.stderr


def test_recommend_refuses_a_file_that_is_no_model(tmp_path: Path, people: Path) -> None:
    fake = tmp_path / "fake.genre"
    fake.write_bytes(b"not a model")
    result = call("recommend", fake, "--csv", people)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


# -- with a table of the course --------------------------------------------------------------------


def test_train_and_recommend_on_german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert done("train", "german", "--quiet").startswith("german.genre: trained on 750 people")
    row = load_dataset("german").X_test.index[0]
    text = done(
        *("recommend", "german.genre", "--dataset", "german"),
        *("--row", row, "--format", "sentences"),
    )
    assert text.startswith(f"Person {row}\n")
