"""The command line: what it writes, and that a mistake is one line and exit code 2."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

import genre_lite as gl
from genre_lite.cli import app
from genre_lite.datasets import load_dataset
from genre_lite.terminal import as_options, print_table


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
    commands = {"schema", "train", "recommend", "page", "check", "benchmark", "report", "data"}
    assert commands <= set(done("--help").split())
    heavy = "{'torch', 'pandas', 'sklearn', 'matplotlib'}"
    code = (
        "import sys; from genre_lite.cli import app; app(['--help'], standalone_mode=False); "
        f"sys.exit(bool({heavy} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_help_reaches_an_old_console() -> None:
    """One that has no λ; it is marked, and nothing stops."""
    code = "from genre_lite.cli import app; app(['train', '--help'])"
    command = [sys.executable, "-c", code]
    ended = subprocess.run(
        command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "cp1252"}, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode("cp1252")
    assert b"how much a change costs" in ended.stdout


def test_version() -> None:
    try:
        expected = version("genre-lite")
    except PackageNotFoundError:
        pytest.skip("the package is on the path but not installed")
    assert done("--version") == f"genre-lite {expected}\n"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_option_and_argument_is_explained() -> None:
    told = dict(commands(typer.main.get_command(app)))
    assert len(told) == 10
    for path, command in told.items():
        assert command.help, path
        assert [p.name for p in command.params if not p.help] == [], path


def test_data_list_names_every_table_in_80_columns() -> None:
    text = done("data", "list")
    assert {"adult", "german", "compas", "heloc", "moons"} <= set(text.split())
    assert "CC BY 4.0" in text
    assert max(map(len, text.splitlines())) <= 80


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
    (
        [
            "train",
            "--csv",
            "{loans}",
            "--target",
            "loan",
            "--favourable",
            "oui",
            "--immutable",
            "sex",
        ],
        "never holds 'oui'",
    ),
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
    (["train", "german", "--out", "."], ". is a folder; name a file in it"),
    (["recommend", "german", "--csv", "{loans}", "--out", "."], ". is a folder; name a file in it"),
    (["page", "german", "--csv", "{loans}", "--out", "."], ". is a folder; name a file in it"),
    (["schema", "infer", "{loans}", "--out", "."], ". is a folder; name a file in it"),
    (
        ["recommend", "german", "--csv", "{loans}", "--certificates", "{loans}"],
        "is a file; name a folder",
    ),
    (["recommend", "none.genre"], "Say who asks"),
    (["recommend", "none.genre", "--csv", "{loans}"], "There is no file none.genre"),
    (["recommend", "german", "--csv", "."], ". is a folder; name a file."),
    (["data", "fetch", "germany"], "germany"),
    (["benchmark", "--datasets", "germany", "--out", "b"], "did you mean 'german'?"),
    (["benchmark", "--methods", "nearest-neighbor", "--out", "b"], "'nearest-neighbour'?"),
    (["benchmark", "--out", "{loans}"], "loans.csv"),
    (["report", "nowhere"], "holds no benchmark"),
    (["train", "german", "--schema", "s.json"], "--schema goes with --csv"),
    (["train", "--csv", "{loans}", "--target", "loan", "--favourable=yes", "--sep=;"], "as a CSV"),
    (["train", "german", "--model", "bank"], "name it as package.module:name"),
    (["train", "german", "--model", "no_such_bank:h"], "no module 'no_such_bank'"),
    (["recommend", "german", "--csv", "{loans}", "--wording", "w.json"], "--format sentences"),
    (["check"], "Say what to check"),
    (["check", "{loans}"], "is no JSON"),
    (["check", "german", "--csv", "{loans}"], "Proposals need both"),
    (["schema", "show", "{loans}"], "loans.csv: This is no JSON"),
    (
        ["schema", "infer", "{loans}", "--unit", "incme=euros"],
        "--unit 'incme=euros' names no column",
    ),
    (["schema", "infer", "{loans}", "--target", "lone"], "no column 'lone'"),
    (["schema", "infer", "{loans}", "--ordinal", "guarantor=parent"], "leaves out ['None']"),
    (["benchmark", "--csv", "{loans}", "--out", "b"], "--csv needs --target COLUMN"),
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
        *("--out", out, "--quick"),
    )
    assert told.startswith(f"{out}: trained on 150 people. Of 50 others the classifier denies ")
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


def test_a_spreadsheet_has_each_change_and_everybody_who_got_none(letterhead, here) -> None:
    """The same answers as in JSON, a row a change, and a note for whoever has no row else."""
    people = pd.read_csv("people.csv", dtype=str, keep_default_na=False)
    people.loc[1, "debt"] = "much"
    people.to_csv("broken.csv", index=False)
    ask = ("recommend", "own.genre", "--csv", "broken.csv", "--id", "customer", *MODEL, "--skip")
    told = json.loads(done(*ask, "--n", 2, "--format", "json"))
    table = pd.read_csv(
        StringIO(done(*ask, "--n", 2, "--format", "csv")), dtype=str, keep_default_na=False
    )
    assert {*table["person"]} == {*people["customer"]}
    for person in told["people"]:
        rows = table[table["person"] == person["person"]]
        changes = [
            ("AB"[place], change["feature"], f"{option['cost']:.9f}")
            for place, option in enumerate(person["options"])
            for change in option["changes"]
        ]
        said = [
            (r["option"], r["feature"], f"{float(r['cost']):.9f}")
            for _, r in rows.iterrows()
            if r["option"]
        ]
        assert said == changes
        if not changes:
            note = "accepted already" if person["accepted"] else "no option found"
            assert rows["note"].tolist() == [note]
    skipped = table[table["person"] == people["customer"][1]]
    assert "'much' is not a number" in skipped["note"].item()


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
    for line in ("Person 0: denied; option A changes", "Person 1: already accepted"):
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


def test_page_holds_the_people_named_and_shows_their_letters(
    model: Path, people: Path, tmp_path: Path
) -> None:
    said = done("page", model, "--csv", people, "--row", 2, "--out", tmp_path / "desk.html")
    assert "open it in a browser" in words(said)
    html = (tmp_path / "desk.html").read_text()
    assert "the forms of 2; nobody else" in html
    assert "new Recourse.Desk" in html
    result = call("page", model, "--csv", people, "--row", 7, "--out", tmp_path / "no.html")
    assert result.exit_code != 0 and not (tmp_path / "no.html").exists()


def test_a_page_leaves_out_columns_that_nobody_described_where_it_is_told_to(
    model: Path, people: Path, tmp_path: Path
) -> None:
    PEOPLE.assign(hearsay="x").to_csv(people, index=False)
    asked = ("page", model, "--csv", people, "--row", 2, "--out", tmp_path / "desk.html")
    result = call(*asked)
    assert result.exit_code == 2 and "['hearsay'] are not in the schema" in words(result.stderr)
    done(*asked, "--extra", "ignore")
    assert "hearsay" not in (tmp_path / "desk.html").read_text()


def test_a_forgotten_id_is_named_where_the_command_has_one(model: Path, people: Path) -> None:
    PEOPLE.assign(customer=["a", "b", "c"]).to_csv(people, index=False)
    for asked in (("recommend", model), ("page", model, "--out", people.with_suffix(".html"))):
        result = call(*asked, "--csv", people)
        assert result.exit_code == 2
        assert (
            "['customer'] are not in the schema; take them out, or pass --extra ignore; if one of them names the people, say --id COLUMN"
            in words(result.stderr)
        )
        assert "frame[" not in result.stderr
        done(*asked, "--csv", people, "--id", "customer")


def test_a_wording_tells_its_language(model: Path, people: Path, tmp_path: Path) -> None:
    words_of = tmp_path / "nl.json"
    words_of.write_text(gl.Wording(language="nl", denied="Nee: {outcome}.").to_json())
    html = done("recommend", model, "--csv", people, "--format", "html", "--wording", words_of)
    assert html.startswith('<!doctype html>\n<html lang="nl">')
    page = tmp_path / "desk.html"
    done("page", model, "--csv", people, "--out", page, "--wording", words_of)
    assert '<pre lang="nl">Nee: ' in page.read_text()


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
    ran = CliRunner().invoke(app, ("train", "german", "--quick"))
    assert ran.stdout.startswith("german.genre: trained on 750 people")
    # What is nearly somebody's row stays out of a file.
    assert re.search(r"german.genre: [\d,]+ of [\d,]+ profiles .* are left out", ran.stderr)
    assert gl.GenRe.load("german.genre", progress=False).report_["least_distance"] == 4
    row = load_dataset("german").X_test.index[0]
    text = done(
        *("recommend", "german.genre", "--dataset", "german"),
        *("--row", row, "--format", "sentences"),
    )
    assert text.startswith(f"Person {row}\n")


# -- the bank's own model, table and threshold -----------------------------------------------------

BANK = """
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import genre_lite as gl

table = pd.read_csv("own.csv", keep_default_na=False, na_values=[""])
X = table.drop(columns=["customer", "default"])


def fitted(outcome):
    words = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer(
        (words, ["job", "sex"]), (SimpleImputer(), ["income, net", "debt", "age"])
    )
    return make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(X, outcome)


model = fitted(table["default"])
words = fitted(table["default"].map({0: "good", 1: "bad"}))
h = gl.Decision(words, favourable="good", threshold=0.6)
later = fitted(table["default"].where(table["debt"] < 10, 1))
bar = gl.Decision(model, favourable=0, threshold=0.7)
higher = gl.Decision(model, favourable=0, threshold=0.95)
grades = table["default"].map({0: "good", 1: "bad"})
three = fitted(grades.mask((grades == "good") & (table["debt"] > 15), "fair"))
several = gl.Decision(three, favourable=["good", "fair"], threshold=0.6)
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of 300 customers where 1 = default, with gaps, and the bank's module."""
    folder = tmp_path_factory.mktemp("office")
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "customer": [f"{i:03d}" for i in range(300)],
            "income, net": chance.integers(10, 90, 300),
            "debt": chance.integers(0, 30, 300),
            "job": chance.choice(["None", "NA", "clerk"], 300),
            "sex": chance.choice(["f", "m"], 300),
            "age": chance.integers(20, 60, 300),
        }
    )
    poor = frame["income, net"] - frame["debt"] + chance.normal(0, 6, 300) < 35
    frame["default"] = poor.astype(int)
    frame["income, net"] = frame["income, net"].where(chance.random(300) > 0.05)
    frame.to_csv(folder / "own.csv", index=False)
    asking = frame[poor].drop(columns="default").head(5)
    asking.to_csv(folder / "people.csv", index=False)
    (folder / "office_bank.py").write_text(BANK)
    return folder


@pytest.fixture
def here(office: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(office))
    monkeypatch.chdir(office)
    return office


def shell(*arguments: object, folder: Path) -> subprocess.CompletedProcess:
    code = "from genre_lite.cli import app; app()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


OWN = ("--csv", "own.csv", "--id", "customer", "--target", "default", "--favourable", "0")
ASK = ("recommend", "own.genre", "--csv", "people.csv", "--id", "customer")
MODEL = ("--model", "office_bank:model")


@pytest.fixture(scope="module")
def letterhead(office: Path) -> Path:
    """From the table to a model, as somebody at a shell does it."""
    told = shell(
        *("schema", "infer", "own.csv", "--target", "default", "--id", "customer"),
        *("--immutable", "sex", "--clocks", "age", "--decreasing", "debt"),
        *("--unit", "income, net=euros", "--label", "debt=Debts, all"),
        *("--ordinal", "job=None,NA,clerk"),
        folder=office,
    )
    assert told.returncode == 0, told.stderr
    assert "free: income, net, job: is each of these somebody's choice" in told.stderr
    (office / "schema.json").write_text(told.stdout)
    told = shell(
        *("train", *OWN, "--schema", "schema.json", *MODEL, "--threshold", 0.7),
        *("--outcome", "a loan", "--quick", "--out", "own.genre"),
        folder=office,
    )
    assert told.returncode == 0, told.stderr
    (office / "train.out").write_text(told.stdout)
    (office / "train.err").write_text(told.stderr)
    return office


def test_the_schema_that_is_printed_is_the_one_that_is_read(letterhead: Path) -> None:
    schema = gl.Schema.from_json((letterhead / "schema.json").read_text())
    assert schema.names == ["income, net", "debt", "job", "sex", "age"]
    assert schema["job"].kind == "ordinal"
    assert schema["job"].categories == ("None", "NA", "clerk")
    assert schema["income, net"].unit == "euros"
    assert schema["income, net"].gaps
    assert schema["debt"].title == "Debts, all"
    assert [f.actionability for f in schema] == [
        *("free", "decreasing", "free", "immutable", "clock")
    ]


def test_training_tells_the_truth_about_a_bank_of_ones_own(letterhead: Path, here: Path) -> None:
    """Denials, base rate and agreement, counted here from the bank's own probabilities."""
    import office_bank

    yes = office_bank.model.predict_proba(office_bank.X)[:, 0] > 0.7
    good = office_bank.table["default"] == 0
    assert (letterhead / "train.out").read_text() == (
        "own.genre: trained on 300 people. Of them office_bank:model denies "
        f"{1 - yes.mean():.1%} (yes lies above 0.7); {good.mean():.1%} had the favourable outcome. "
        f"Decision and outcome agree for {(yes == good).mean():.1%}; with one answer for all they would "
        f"for {max(good.mean(), 1 - good.mean()):.1%}.\n"
    )


def test_training_names_who_is_free_and_what_nobody_chooses(here: Path) -> None:
    """Without a word, age may fall in a letter; with one, nothing more is said of it."""
    call = ("train", *OWN, "--quick", "--out", "free.genre")
    told = CliRunner().invoke(app, call)
    assert told.exit_code == 0, told.stderr
    assert "warning: Columns ['sex', 'age'] may change freely" in told.stderr
    assert "with --immutable, with --clocks if only time moves them" in told.stderr
    assert "To decide: free: income, net, debt, job, sex, age" in told.stderr
    told = CliRunner().invoke(
        app, (*call, "--immutable", "sex", "--clocks", "age", "--free", "job")
    )
    assert told.exit_code == 0, told.stderr
    assert "may change freely" not in told.stderr
    assert "To decide: free: income, net, debt: is each" in told.stderr


NATIVE = """
import pandas as pd
from lightgbm import LGBMClassifier

import genre_lite

table = pd.read_csv("native.csv", keep_default_na=False)
X = table.drop(columns="default").astype({"job": "category", "sex": "category"})
model = LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1).fit(X, table["default"])
h = genre_lite.Decision(model, favourable=0, dtypes=X.dtypes)
"""


def test_a_bank_that_cannot_answer_is_a_sentence_with_a_way_out(here: Path) -> None:
    """LightGBM with categories of its own; what is proposed is then done."""
    pytest.importorskip("lightgbm")
    (here / "native_bank.py").write_text(NATIVE)
    table = pd.read_csv("own.csv", keep_default_na=False).drop(columns=["customer", "income, net"])
    table.to_csv("native.csv", index=False)
    table.drop(columns="default").head(5).to_csv("asking.csv", index=False)
    own = ("--csv", "native.csv", "--target=default", "--favourable=0")
    asked = ("train", *own, "--immutable=sex", "--clocks=age", "--quick", "--out", "native.genre")
    result = call(*asked, "--model", "native_bank:model")
    assert result.exit_code == 2 and isinstance(result.exception, SystemExit), result.exception
    said = words(result.stderr.splitlines()[-1])
    assert said.startswith(
        "genre-lite: The bank's model cannot answer about these rows (ValueError: "
    )
    assert "h = genre_lite.Decision(model, dtypes=X.dtypes)" in said and said.endswith(
        "--model module:h."
    )
    h = ("--model", "native_bank:h")
    assert "trained on 300 people" in done(*asked, *h)
    people = ("native.genre", "--csv", "asking.csv")
    done("recommend", *people, *h)
    done("page", *people, *h, "--out", "native.html")


def test_what_fails_in_the_package_itself_keeps_its_traceback(
    here: Path, letterhead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(gl.GenRe, "recommend", fail)
    assert isinstance(call(*ASK, *MODEL).exception, ZeroDivisionError)


def test_nobody_guesses_which_class_of_a_bank_is_good(here: Path) -> None:
    """Its 1 may be a default."""
    told = CliRunner().invoke(
        app, ["train", "--csv", "people.csv", "--id", "customer", "--model", "office_bank:model"]
    )
    assert told.exit_code == 2
    assert "Say which class of office_bank:model people want: --favourable VALUE" in told.stderr


def test_letters_keep_to_the_banks_threshold_and_the_schema(letterhead: Path, here: Path) -> None:
    import office_bank

    told = json.loads(done(*ASK, *MODEL, "--n", 2, "--format", "json"))
    assert told["threshold"] == 0.7
    assert [p["person"] for p in told["people"]] == pd.read_csv("people.csv", dtype=str)[
        "customer"
    ].tolist()
    for person in told["people"]:
        for option in person["options"]:
            if option["found"]:
                row = pd.DataFrame([option["values"]])
                assert office_bank.model.predict_proba(row)[0, 0] > 0.7
                assert option["values"]["debt"] <= person["factual"]["debt"]
                assert option["values"]["sex"] == person["factual"]["sex"]
    assert sum(p["options"][0]["found"] for p in told["people"]) >= 4


def test_notebook_and_terminal_see_the_same_people(letterhead: Path, here: Path) -> None:
    table = pd.DataFrame(
        {
            "customer": ["007", "8"],
            "income, net": ["20", ""],
            "debt": ["1.0", "2"],
            "job": ["None", "NA"],
            "sex": ["f", "m"],
            "age": ["30", "40"],
        }
    )
    table.to_csv("tricky.csv", index=False)
    people = gl.Schema.from_json(Path("schema.json").read_text()).read_csv(
        "tricky.csv", index="customer"
    )
    assert people["job"].tolist() == ["None", "NA"]
    assert people.index.tolist() == ["007", "8"]
    import office_bank

    genre = gl.GenRe.load("own.genre", classifier=office_bank.model)
    ours = genre.recommend(people, n=2).to_dict()["people"]
    arguments = ("recommend", "own.genre", "--csv", "tricky.csv", "--id", "customer", "--n", 2)
    theirs = json.loads(done(*arguments, *MODEL, "--format", "json"))["people"]
    assert json.loads(json.dumps(ours)) == theirs


def test_only_the_answer_goes_to_standard_output(letterhead: Path) -> None:
    told = shell(*ASK, *MODEL, "--format", "json", folder=letterhead)
    assert told.returncode == 0
    assert len(json.loads(told.stdout)["people"]) == 5
    told = shell(*ASK, folder=letterhead)
    assert (told.returncode, told.stdout) == (2, "")
    assert len(told.stderr.splitlines()) == 1
    # A bar into a pipe would print a line a step.
    assert (letterhead / "train.err").read_text() == ""


def test_a_letter_says_the_outcome_and_the_labels(letterhead: Path, here: Path) -> None:
    text = words(done(*ASK, *MODEL, "--format", "sentences"))
    assert "You were denied a loan." in text
    assert "It says yes to everybody above 70%" in text
    assert "raise income, net from" in text or "raise “income, net” from" in text


def test_terms_bind_and_each_person_may_have_their_own(letterhead: Path, here: Path) -> None:
    asking = pd.read_csv("people.csv", dtype=str)["customer"].tolist()
    Path("terms.json").write_text(
        json.dumps({"max_changes": 1, "for": {asking[0]: {"freeze": ["income, net"]}}})
    )
    told = json.loads(done(*ASK, *MODEL, "--terms", "terms.json", "--format", "json"))["people"]
    changed = [
        {c["feature"] for c in o["changes"]}
        for p in told[1:]
        for o in p["options"]
        if o["found"] and not p["accepted"]
    ]
    assert changed
    assert all(len(names) == 1 for names in changed)
    first = [c["feature"] for o in told[0]["options"] for c in o["changes"]]
    assert "income, net" not in first
    # A name with a comma is one name where there is such a column.
    frozen = done(*ASK, *MODEL, "--freeze", "income, net", "--freeze", "job", "--format", "json")
    features = {
        c["feature"]
        for p in json.loads(frozen)["people"]
        for o in p["options"]
        for c in o["changes"]
    }
    assert features <= {"debt", "age"}


def test_the_same_term_in_two_places_is_refused(letterhead: Path, here: Path) -> None:
    Path("terms.json").write_text('{"wait": 1}')
    result = call(*ASK, *MODEL, "--terms", "terms.json", "--wait", 2)
    assert result.exit_code == 2
    assert "--wait is also in terms.json" in result.stderr


def test_a_title_is_as_wide_as_it_is() -> None:
    """It stands above its table in one line, however narrow the table."""
    told, title = StringIO(), "Person 0: already accepted, nothing needs to change"
    print_table(pd.DataFrame({"a": [1]}), title=title, file=told)
    assert told.getvalue().splitlines()[0] == title


def test_a_check_calls_options_as_the_letters_do(letterhead: Path, here: Path) -> None:
    Path("several.json").write_text(done(*ASK, *MODEL, "--n", 2, "--format", "json"))
    told = call("check", "several.json", "own.genre", *MODEL).stdout.splitlines()
    place = [cell.strip() for cell in told[1].strip("┃").split("┃")].index("option")
    rows = [line.strip("│").split("│") for line in told if line.startswith("│")]
    assert {row[place].strip() for row in rows} == {"A", "B"}


def test_a_feature_may_have_the_name_of_a_line(letterhead: Path, here: Path) -> None:
    """A column called "cost of the changes" keeps its own line in the table, beside the one that says the cost."""
    people = pd.read_csv("own.csv", keep_default_na=False, na_values={"income, net": [""]})
    named = people.rename(columns={"debt": "cost of the changes"})
    named.to_csv("named.csv", index=False)
    bank = ("--target", "default", "--favourable", "0", "--id", "customer")
    done(
        "train",
        "--csv",
        "named.csv",
        *bank,
        "--free",
        "cost of the changes",
        "--quick",
        "--quiet",
        "--out",
        "n.genre",
    )
    named.drop(columns="default").head(60).to_csv("asking.csv", index=False)
    told = done("recommend", "n.genre", "--csv", "asking.csv", "--id", "customer")
    denied = next(part for part in told.split("Person ")[1:] if "option A" in part)
    assert denied.count("cost of the changes") == 2


def test_skip_answers_the_others(letterhead: Path, here: Path) -> None:
    people = pd.read_csv("people.csv", dtype=str, keep_default_na=False)
    people.loc[1, "debt"] = "much"
    people.to_csv("broken.csv", index=False)
    arguments = ("recommend", "own.genre", "--csv", "broken.csv", "--id", "customer", *MODEL)
    result = call(*arguments)
    assert result.exit_code == 2
    assert f"Column 'debt', row '{people['customer'][1]}': 'much' is not a number" in result.stderr
    told = json.loads(done(*arguments, "--skip", "--format", "json"))
    assert len(told["people"]) == 4
    assert told["skipped"][0]["person"] == people["customer"][1]


def test_out_is_written_whole_and_html_holds_every_person(letterhead: Path, here: Path) -> None:
    assert done(*ASK, *MODEL, "--format", "html", "--out", "letters.html") == ""
    page = Path("letters.html").read_text()
    for customer in pd.read_csv("people.csv", dtype=str)["customer"]:
        assert customer in page
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert 'name="viewport"' in page and "<title>a loan</title>" in page
    assert not list(Path().glob("*.part"))
    result = call(*ASK, *MODEL, "--out", "nowhere/letters.txt")
    assert result.exit_code == 2
    assert "There is no folder nowhere" in result.stderr


def test_a_model_of_ones_own_must_be_named_again(letterhead: Path, here: Path) -> None:
    result = call(*ASK)
    assert result.exit_code == 2
    assert "give it: --model package.module:name" in result.stderr
    assert "GenRe.load" not in result.stderr


def test_classes_of_other_names_are_refused_with_the_way_out(here: Path) -> None:
    arguments = ("train", *OWN, "--quick", "--out", "words.genre")
    result = call(*arguments, "--model", "office_bank:words")
    assert result.exit_code == 2
    assert "--favourable 0 is none of the classes_ of office_bank:words" in result.stderr
    assert "['bad', 'good']" in result.stderr
    assert "--model office_bank:h" in result.stderr
    result = call(*arguments, "--model", "office_bank:h", "--threshold", 0.7)
    assert result.exit_code == 2
    assert "leave --threshold out" in result.stderr
    told = done(*arguments, "--model", "office_bank:h")  # and the way out leads out
    assert "yes lies above 0.6" in told


def test_labels_turned_round_are_refused(here: Path) -> None:
    """1 = default: who says that 1 is what people want contradicts a bank that knows better."""
    result = call(
        *("train", "--csv", "own.csv", "--id", "customer", "--target", "default"),
        *("--favourable", "1", "--model", "office_bank:h", "--quick"),
    )
    assert result.exit_code == 2
    assert "worse than chance" in result.stderr or "AUC" in result.stderr
    assert "in its module: h = genre_lite.Decision(model, favourable=...)" in result.stderr
    assert "1 - y" not in result.stderr


def test_a_typo_in_a_schema_names_file_feature_and_field(letterhead: Path, here: Path) -> None:
    text = Path("schema.json").read_text()
    Path("typo.json").write_text(text.replace('"unit": "euros"', '"units": "euros"'))
    result = call("schema", "show", "typo.json")
    assert result.exit_code == 2
    assert "typo.json: Feature 'income, net' has no field 'units'; did you mean" in result.stderr
    assert "euros" in done("schema", "show", "schema.json")


def test_an_edited_schema_may_know_more_than_the_table(letterhead: Path, here: Path) -> None:
    told = json.loads(Path("schema.json").read_text())
    told["features"][2]["categories"].append("judge")
    told["features"] = [f for f in told["features"] if f["name"] != "age"]
    Path("edited.json").write_text(json.dumps(told))
    arguments = ("train", *OWN, "--schema", "edited.json", "--quick", "--out", "edited.genre")
    result = call(*arguments)
    assert result.exit_code == 2
    assert "Columns ['age'] are not in the schema; take them out, or pass --extra" in result.stderr
    done(*arguments, "--extra", "ignore", "--quiet")
    schema = gl.GenRe.load("edited.genre").schema
    assert schema.names == ["income, net", "debt", "job", "sex"]
    assert schema["job"].categories[-1] == "judge"


def test_infer_warns_of_ids_constants_and_dates(tmp_path: Path) -> None:
    days = [f"2020-01-{i % 28 + 1:02d}" for i in range(40)]
    frame = pd.DataFrame({"opened": days, "one": 1, "id": range(40), "x": [1, 2] * 20})
    frame.to_csv(tmp_path / "traps.csv", index=False)
    told = call("schema", "infer", tmp_path / "traps.csv")
    assert told.exit_code == 0
    for trap in ("['id'] have another", "['opened'] hold dates", "['one'] hold one value"):
        assert trap in told.stderr
    assert "'x'" not in told.stderr


# -- do they hold? ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issued(letterhead: Path) -> Path:
    told = shell(
        *(*ASK, *MODEL, "--format", "json", "--out", "issued.json", "--certificates", "filed"),
        folder=letterhead,
    )
    assert told.returncode == 0, told.stderr
    return letterhead


def test_letters_issued_hold_today(issued: Path, here: Path) -> None:
    assert "yes" in done("check", "issued.json", "own.genre", *MODEL)
    assert done("check", "issued.json", *MODEL)  # the good class and the bar are the letters' own


def test_a_bank_that_says_itself_what_is_good_checks_letters_too(issued: Path, here: Path) -> None:
    assert "yes" in done("check", "issued.json", "--model", "office_bank:bar")
    result = call("check", "issued.json", "--model", "office_bank:higher")
    assert result.exit_code == 1 and "denied" in result.stdout
    result = call("check", "issued.json", "--model", "office_bank:bar", "--threshold", 0.5)
    assert result.exit_code == 2 and "leave --threshold out" in result.stderr


def test_letters_of_a_bank_with_several_good_classes_are_checked(issued: Path, here: Path) -> None:
    import office_bank

    people = pd.read_csv("people.csv", dtype={"customer": str}, keep_default_na=False)
    people = people.set_index("customer").replace("", np.nan).infer_objects()
    people["income, net"] = pd.to_numeric(people["income, net"])
    schema = gl.Schema.from_json(Path("schema.json").read_text())
    table = office_bank.X.astype({"job": object})
    method = gl.baselines.NearestNeighbour(office_bank.several, schema, progress=False)
    answer = method.fit(table).recommend(people)
    Path("several.json").write_text(answer.to_json())
    assert answer.found.any()
    for model in ("several", "three"):
        assert "yes" in done("check", "several.json", "--model", f"office_bank:{model}")


def test_a_missing_outcome_is_no_refusal(letterhead: Path, here: Path) -> None:
    table = pd.read_csv("own.csv", dtype=str, keep_default_na=False)
    table.loc[[4, 7], "default"] = ""
    table.to_csv("blank.csv", index=False)
    blank = ["blank.csv" if part == "own.csv" else part for part in OWN]
    given = ("train", *blank, "--schema", "schema.json", *MODEL, "--quick", "--out", "blank.genre")
    result = call(*given)
    assert result.exit_code == 2 and not Path("blank.genre").exists()
    assert "column 'default', row '004' holds no outcome, and 2 rows in all" in result.stderr


def test_letters_are_told_where_the_bank_has_moved(issued: Path, here: Path) -> None:
    """Counted here: the options that a higher bar, or another model, denies."""
    import office_bank

    told = json.loads(Path("issued.json").read_text())
    rows = [o["values"] for p in told["people"] for o in p["options"] if o["found"]]
    denied = (office_bank.model.predict_proba(pd.DataFrame(rows))[:, 0] <= 0.95).sum()
    assert denied > 0
    result = call("check", "issued.json", *MODEL, "--favourable", 0, "--threshold", 0.95)
    assert result.exit_code == 1
    assert result.stdout.count("denied") == denied
    result = call("check", "issued.json", "--model", "office_bank:later", "--favourable", 0)
    assert result.exit_code == 1


def test_a_certificate_holds_until_a_digit_is_changed(issued: Path, here: Path) -> None:
    files = sorted(Path("filed").glob("*.json"))
    assert [f.stem for f in files] == sorted(pd.read_csv("people.csv", dtype=str)["customer"])
    assert "no" not in done("check", files[0]).split()
    done("check", files[0], "own.genre", *MODEL)
    told = json.loads(files[0].read_text())
    told["decision"]["threshold"] = 0.6
    Path("forged.json").write_text(json.dumps(told))
    result = call("check", "forged.json")
    assert result.exit_code == 1
    assert "no" in result.stdout.split()
    Path("neither.json").write_text('{"a": 1}')
    assert call("check", "neither.json").exit_code == 2


def test_proposals_of_a_case_worker_are_judged(letterhead: Path, here: Path) -> None:
    people = pd.read_csv("people.csv", dtype=str, keep_default_na=False)
    rich, deeper = people.head(1).copy(), people.head(1).copy()
    rich["income, net"], deeper["debt"] = "89", "30"
    rich.to_csv("rich.csv", index=False)
    pd.concat([rich, deeper]).to_csv("both.csv", index=False)
    arguments = ("check", "own.genre", *MODEL, "--csv", "people.csv", "--id", "customer")
    assert "denied" not in done(*arguments, "--options", "rich.csv")
    result = call(*arguments, "--options", "both.csv")
    assert result.exit_code == 1
    assert "only" in result.stdout
    result = call(*arguments[:-2], "--options", "both.csv")  # without names
    assert result.exit_code == 2


def test_a_bank_compares_methods_on_its_own_table(letterhead: Path, here: Path) -> None:
    arguments = ("benchmark", *OWN, "--out", "compared", "--seeds", 1, "--people", 10, "--quiet")
    arguments += ("--methods", "nearest-neighbour")
    done(*arguments, "--schema", "schema.json")
    cell = Path("compared/cells/own/nearest-neighbour/0.json")
    first = cell.stat().st_mtime_ns
    done(*arguments, "--schema", "schema.json")
    assert cell.stat().st_mtime_ns == first  # goes on, and nothing is left to do
    result = call(*arguments)  # another schema is another table
    assert result.exit_code == 2
    assert "another table 'own'" in result.stderr
    told = call("report", "compared")
    assert told.exit_code == 0
    assert told.stderr == ""
    assert "nearest-neighbour" in told.stdout


# -- words -----------------------------------------------------------------------------------------


# What the package says to a Python programmer, each with a way out that is an option of some command.
ADVICE = [
    "give it: GenRe.load(path, classifier=h).",
    "If its other class is the favourable one, use gl.Decision(model, favourable='a').",
    "use gl.Decision(model, favourable='a' or favourable='b').",
    "give gl.Decision(model, threshold=...).",
    "or pass robust=['income'].",
    "name them in immutable=[...], in clocks=[...] if only time moves them, or, if it is meant, in free=['age'].",
    "convert the column with pandas.to_numeric, or make the feature categorical.",
    "drop them (frame[schema.names]), or pass extra='ignore' where the call takes it.",
    "lower validity_margin, leave y out, or pass invalid='skip'; leave distil out.",
    "leave them out of the table",
    "say sep=';', decimal=',', encoding='cp1252' or missing=['NA'].",
]


@pytest.mark.parametrize("python", ADVICE)
def test_advice_names_no_option_that_the_command_lacks(python: str) -> None:
    named = 0
    for path, command in commands(typer.main.get_command(app)):
        known = {option for of in command.params for option in of.opts}
        options = {*re.findall(r"--[a-z][a-z-]*", as_options(python, known))}
        assert options <= known, (path, options - known)
        named += len(options)
    assert named or "robust" in python, "some command has the way out"


def test_the_command_in_use_is_asked_for_its_options(
    model: Path, people: Path, tmp_path: Path
) -> None:
    """A word among numbers: ``train`` may have another schema, whoever has a model may not."""
    PEOPLE.astype(str).assign(income=["lots", "88", "30"]).to_csv(people, index=False)
    for asked in (("page", model, "--out", tmp_path / "no.html"), ("recommend", model)):
        said = call(*asked, "--csv", people).stderr
        assert "'lots' is not a number; write numbers there, or say how they are written" in words(
            said
        )
        assert "--categorical" not in said and "--schema" not in said and "--decimal" in said
    described = tmp_path / "schema.json"
    described.write_text(gl.GenRe.load(model, progress=False).schema.to_json())
    asked = ("train", "--csv", people, "--schema", described, "--target=sex", "--favourable=f")
    PEOPLE.astype(str).assign(income=["lots", "88", "30"], loan=1).to_csv(people, index=False)
    said = call(*asked[:-2], "--target=loan", "--favourable=1").stderr
    assert "or make the feature categorical in the --schema" in words(said)


@pytest.mark.parametrize(
    ("python", "terminal"),
    [
        (
            "use gl.Decision(model, favourable='a' or favourable='b').",
            "use --favourable 'a' or --favourable 'b'.",
        ),
        ("say sep=';'.", "say --sep ';'."),
        ("say missing=['NA'].", "say --missing 'NA'."),
        ("give it: GenRe.load(path, classifier=h).", "give it: --model package.module:name."),
        (
            "lower validity_margin, leave y out, or",
            "lower --validity-margin, leave --target out, where --model decides, or",
        ),
    ],
)
def test_advice_is_given_as_options(python: str, terminal: str) -> None:
    assert as_options(python) == terminal
