"""The real tables: rows, splits, constraints, finding the files, and what the cards say of them."""

from __future__ import annotations

import gzip
import os
import re
import socket
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from genre_lite.datasets import TABLES, TOYS, Dataset, fetch, list_datasets, load_dataset, source
from genre_lite.errors import DataUnavailableError, GenReError

DATA = os.environ.get("GENRE_LITE_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="GENRE_LITE_DATA names no folder with the files")
CARDS = Path(__file__).parents[1] / "book" / "data"
BUNDLED = ["adult", "german", "compas"]
PAPER = ["adult", "compas", "heloc"]
LOADABLE = [
    *((name, "default") for name in BUNDLED),
    *(pytest.param(name, "paper", marks=needs_data) for name in PAPER),
    pytest.param("heloc", "default", marks=needs_data),
]
each_split = pytest.mark.parametrize(("name", "split"), LOADABLE)


@cache
def load(name: str, split: str = "default") -> Dataset:
    return load_dataset(name, split=split)


def people(bank: Dataset) -> pd.DataFrame:
    return pd.concat([bank.train, bank.test])


# -- every table ----------------------------------------------------------------------------------


@each_split
def test_every_row_meets_the_schema(name, split):
    bank = load(name, split)
    for X in (bank.X_train, bank.X_test):
        assert bank.schema.validate(X).columns.tolist() == bank.schema.names
    assert set(people(bank)[bank.target]) == {bank.favourable, bank.unfavourable}
    for feature in bank.schema:
        if feature.step == 1:
            assert (people(bank)[feature.name] % 1 == 0).all(), feature.name


@each_split
def test_the_index_names_each_person_once(name, split):
    bank = load(name, split)
    assert sorted(people(bank).index) == list(range(len(people(bank))))
    if split == "paper":
        assert bank.train.index[-1] + 1 == bank.test.index[0]


@each_split
def test_every_level_occurs_in_both_parts(name, split):
    bank = load(name, split)
    for feature in bank.schema:
        if feature.is_categorical:
            for X in (bank.X_train, bank.X_test):
                assert set(X[feature.name]) == set(feature.categories), feature.name


@each_split
def test_outcomes_are_one_where_favourable(name, split):
    bank = load(name, split)
    assert ((bank.test[bank.target] == bank.favourable) == (bank.y_test == 1)).all()
    assert bank.y_train.dtype == "int64" and bank.y_train.index.equals(bank.X_train.index)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_default_split_is_stratified_and_three_to_one(name):
    bank = load(name)
    assert len(bank.test) / len(people(bank)) == pytest.approx(0.25, abs=1e-4)
    assert bank.y_test.mean() == pytest.approx(bank.y_train.mean(), abs=1e-4)


def test_the_tables_are_small():
    folder = Path(source.__file__).parent / "tables"
    packed = {path.name: path.read_bytes() for path in folder.glob("*.csv.gz")}
    assert sorted(packed) == sorted(f"{name}.csv.gz" for name in BUNDLED)
    assert sum(map(len, packed.values())) < 2_000_000
    # Bytes 4 to 8 of a gzip file are its time stamp: zero, so that a rebuild gives the same file.
    assert all(content[4:8] == bytes(4) for content in packed.values())


def test_relabel_keeps_the_people():
    bank = load("german")
    other = bank.relabel(np.ones(750), 1 - bank.y_test)
    assert (other.train["credit"] == "good").all()
    assert (other.y_test == 1 - bank.y_test).all()
    assert other.X_train.equals(bank.X_train)
    assert (bank.y_train == 0).sum() == 225, "the original stays as it was"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.ones(3), "one label for 750 rows"),
        (np.full(750, 2), "labels are 0 or 1"),
        (pd.Series(np.ones(750), index=range(5, 755)), "another index"),
    ],
)
def test_relabel_names_what_does_not_fit(y, message):
    with pytest.raises(GenReError, match=message):
        load("german").relabel(y, load("german").y_test)


# -- what may change ------------------------------------------------------------------------------


def test_constraints_of_adult():
    schema = load("adult").schema
    assert set(schema.immutable) == {
        "race",
        "sex",
        "native-country",
        "marital-status",
        "relationship",
    }
    assert schema["age"].actionability == schema["education"].actionability == "increasing"
    levels = schema["education"].categories
    assert schema["education"].kind == "ordinal" and len(levels) == 16
    assert levels.index("12th grade") < levels.index("High school") < levels.index("Bachelor's")
    assert schema["education"].allows("High school", "Doctorate")
    assert not schema["education"].allows("Doctorate", "High school")


def test_constraints_of_german():
    schema = load("german").schema
    assert {"personal-status", "foreign-worker", "people-liable"} <= set(schema.immutable)
    assert schema["age"].actionability == "increasing"
    assert schema["savings"].categories[0] == "Unknown or none"
    assert not schema["amount"].allows(1000, 2000)


def test_constraints_of_compas():
    schema = load("compas").schema
    assert schema.immutable == ["race", "sex"]
    changes = {f.name: f.actionability for f in schema if f.name not in schema.immutable}
    assert changes.pop("age") == "increasing"
    assert set(changes.values()) == {"free"}


@needs_data
@pytest.mark.parametrize("name", PAPER)
def test_the_papers_constraints_are_immutables_alone(name):
    schema = load(name, "paper").schema
    assert schema.immutable == ([] if name == "heloc" else ["race", "sex"])
    assert {f.actionability for f in schema} <= {"free", "immutable"}
    assert {(f.low, f.high) for f in schema} == {(None, None)}


@needs_data
def test_the_papers_values_are_the_files():
    bank = load("compas", "paper")
    file = pd.read_csv(Path(DATA) / "compas_train.csv.gz")
    pd.testing.assert_frame_equal(bank.train, file)
    assert bank.schema["two_year_recid"].categories == (0, 1)
    assert (bank.favourable, bank.unfavourable) == (1, 0)


def test_compas_holds_no_names_or_birth_dates():
    frame = people(load("compas"))
    assert frame.shape[1] == 8
    text = frame.select_dtypes(exclude="number")
    assert text.nunique().max() == 2
    assert not text.apply(lambda c: c.str.contains(r"\d")).to_numpy().any()


@needs_data
def test_compas_has_the_same_people_as_the_papers_files():
    theirs = people(load("compas", "paper"))
    ours = people(load("compas")).replace(
        {
            "two_year_recid": {"no": 0, "yes": 1},
            "c_charge_degree": {"felony": "F", "misdemeanour": "M"},
            "score": {"high risk": 0, "low or medium risk": 1},
        }
    )
    columns = theirs.columns.tolist()

    def bag(frame):
        return frame[columns].astype(str).value_counts().sort_index()

    pd.testing.assert_series_equal(bag(ours), bag(theirs))


@needs_data
def test_the_papers_heloc_files_give_the_label_away_and_ours_do_not():
    paper, mended = people(load("heloc", "paper")), people(load("heloc"))
    filler = paper != paper.round()
    told = [
        paper.loc[filler[c]].groupby(c)["RiskPerformance"].nunique()
        for c in paper.columns
        if filler[c].any()
    ]
    assert len(told) == 10
    assert all((labels == 1).all() and len(labels) == 2 for labels in told)
    assert filler.any(axis=1).sum() == 4229, "the card of HELOC quotes this count"
    assert (mended == mended.round()).all(axis=None)
    assert (mended.to_numpy() == paper.to_numpy())[~filler.to_numpy()].all()
    assert mended.where(filler).nunique().max() == 1, "one value a column, whatever the outcome"


@needs_data
def test_a_forest_reads_the_label_off_the_papers_heloc_files():
    paper, mended = load("heloc", "paper"), load("heloc")
    accuracy = {
        bank.split: RandomForestClassifier(30, random_state=0)
        .fit(bank.X_train, bank.y_train)
        .score(bank.X_test, bank.y_test)
        for bank in (paper, mended)
    }
    assert accuracy["paper"] > accuracy["default"] + 0.05


# -- asking for a table ---------------------------------------------------------------------------


def test_a_misspelled_name_gets_the_nearest():
    with pytest.raises(GenReError, match="No dataset named 'adlut'; did you mean 'adult'"):
        load_dataset("adlut")


def test_n_belongs_to_the_toys():
    with pytest.raises(GenReError, match="'german' is a real table"):
        load_dataset("german", n=100)


def test_an_unknown_split_is_named():
    with pytest.raises(GenReError, match=r"'german' has no split 'paper'.*\['default'\]"):
        load_dataset("german", split="paper")


def test_the_list_says_what_there_is():
    table = list_datasets().set_index("name")
    assert [*table.index] == [*TABLES, *TOYS]
    assert table["bundled"].eq(table.index != "heloc").all()
    assert table.loc["adult", "splits"] == "default, paper"
    for name in [*BUNDLED, *TOYS]:
        bank = load(name)
        assert table.loc[name, "rows"] == len(people(bank))
        assert table.loc[name, "features"] == len(bank.schema)
        assert table.loc[name, ["question", "licence"]].tolist() == [bank.question, bank.licence]


# -- finding the files ----------------------------------------------------------------------------

TINY = b"x,income\n1,0\nyes,1\n"


@pytest.fixture
def lonely(tmp_path, monkeypatch):
    """A machine with an empty cache, no data folder, and a network that refuses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    monkeypatch.setattr(source, "BASE_URL", f"http://127.0.0.1:{closed}/data")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(source, "_cache", lambda: tmp_path / "cache")
    monkeypatch.delenv(source.ENVIRONMENT, raising=False)
    return tmp_path


@pytest.fixture
def tiny(lonely, monkeypatch):
    """Two small files pass for the paper's Adult; returns a function that puts them somewhere."""
    digest = source.hashlib.sha256(TINY).hexdigest()
    monkeypatch.setattr(source, "SHA256", {"adult_train": digest, "adult_test": digest})

    def put(folder: str, packed: bool = False) -> Path:
        place = lonely / folder
        place.mkdir()
        for stem in source.SHA256:
            if packed:
                (place / f"{stem}.csv.gz").write_bytes(gzip.compress(TINY))
            else:
                (place / f"{stem}.csv").write_bytes(TINY)
        return place

    return put


@pytest.mark.parametrize("packed", [False, True])
def test_files_are_found_in_the_argument_the_variable_and_the_cache(tiny, monkeypatch, packed):
    place = tiny("anywhere", packed)
    train, test = source.read_paper("adult", place)
    assert [*train.index, *test.index] == [0, 1, 2, 3]
    monkeypatch.setenv("GENRE_LITE_DATA", str(place))
    assert source.read_paper("adult")[0].equals(train)
    monkeypatch.delenv("GENRE_LITE_DATA")
    tiny("cache", packed)
    assert source.read_paper("adult")[0].equals(train)


def test_the_argument_comes_before_the_variable_and_the_variable_before_the_cache(
    tiny, monkeypatch
):
    first, second, third = tiny("first"), tiny("second"), tiny("cache")
    monkeypatch.setenv("GENRE_LITE_DATA", str(second))
    assert source._find("adult_test", first) == first / "adult_test.csv"
    assert source._find("adult_test", None) == second / "adult_test.csv"
    monkeypatch.delenv("GENRE_LITE_DATA")
    assert source._find("adult_test", None) == third / "adult_test.csv"


@needs_data
def test_an_unpacked_file_is_as_good(tmp_path):
    for part in ("train", "test"):
        packed = (Path(DATA) / f"compas_{part}.csv.gz").read_bytes()
        (tmp_path / f"compas_{part}.csv").write_bytes(gzip.decompress(packed))
    bank = load_dataset("compas", split="paper", data_home=tmp_path)
    pd.testing.assert_frame_equal(bank.train, load("compas", "paper").train)


@pytest.mark.parametrize("packed", [False, True])
def test_a_changed_file_is_refused_with_both_sums(tiny, packed):
    place = tiny("anywhere", packed)
    changed = TINY + b"2,1\n"
    path = place / ("adult_test.csv.gz" if packed else "adult_test.csv")
    path.write_bytes(gzip.compress(changed) if packed else changed)
    with pytest.raises(DataUnavailableError) as error:
        source.read_paper("adult", place)
    message = str(error.value)
    assert str(path) in message and "genre-lite data fetch adult" in message
    assert source.SHA256["adult_test"] in message
    assert source.hashlib.sha256(changed).hexdigest() in message


@pytest.mark.parametrize("keep", [0, 5, 30])
def test_a_file_cut_short_is_refused(tiny, keep):
    path = tiny("anywhere", packed=True) / "adult_train.csv.gz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataUnavailableError, match=r"adult_train\.csv\.gz is"):
        source.read_paper("adult", path.parent)


@pytest.mark.parametrize("ask", [lambda: load_dataset("heloc"), lambda: fetch("heloc")])
def test_without_files_and_network_the_error_says_what_to_do(lonely, ask):
    with pytest.raises(DataUnavailableError) as error:
        ask()
    for hint in (
        f"{source.BASE_URL}/heloc_train.csv",
        "heloc_train.csv and heloc_test.csv",
        "GENRE_LITE_DATA",
        "genre-lite data fetch heloc",
    ):
        assert hint in str(error.value)
    assert not list(lonely.rglob("*.csv")), "nothing half written is left"


def test_waiting_for_the_network_has_an_end():
    assert max(source.TIMEOUT) <= 10


def test_fetch_mends_a_damaged_cache_and_leaves_nothing_half_written(tiny, lonely, monkeypatch):
    def download(url, output_file, pooch):
        Path(output_file).write_bytes(TINY)

    monkeypatch.setattr(source.pooch, "HTTPDownloader", lambda **_: download)
    (tiny("cache") / "adult_train.csv").write_bytes(b"damaged")
    paths = fetch("adult")
    assert [path.name for path in paths] == ["adult_train.csv", "adult_test.csv"]
    assert all(path.read_bytes() == TINY for path in paths)
    assert sorted(path.name for path in (lonely / "cache").iterdir()) == sorted(
        path.name for path in paths
    )


def test_a_download_with_a_wrong_sum_never_reaches_the_cache(tiny, lonely, monkeypatch):
    def download(url, output_file, pooch):
        Path(output_file).write_bytes(b"<html>not found</html>")

    monkeypatch.setattr(source.pooch, "HTTPDownloader", lambda **_: download)
    with pytest.raises(DataUnavailableError, match="could not be had"):
        source.read_paper("adult")
    assert not list((lonely / "cache").iterdir())


def test_only_the_papers_tables_can_be_fetched():
    with pytest.raises(DataUnavailableError, match=r"'german' has no files.*'adult'"):
        fetch("german")


# -- the cards ------------------------------------------------------------------------------------

WORDS = {"free": "free", "immutable": "never", "increasing": "only up", "decreasing": "only down"}


def card(name: str) -> str:
    return (CARDS / f"{name}.md").read_text(encoding="utf-8")


def counts(name: str, row: str) -> list[int]:
    line = re.search(rf"^\| {row} \| (.*) \|$", card(name), re.MULTILINE)
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", line[1])]


@pytest.mark.parametrize("name", [*BUNDLED, pytest.param("heloc", marks=needs_data)])
def test_the_card_counts_as_the_table_does(name):
    bank = load(name)
    assert counts(name, "Rows") == [len(people(bank)), len(bank.train), len(bank.test)]
    assert counts(name, "Features") == [len(bank.schema)]
    favourable = re.search(r"\| Favourable \| `(.+)`: ([\d,]+) rows", card(name))
    assert favourable[1] == str(bank.favourable)
    assert int(favourable[2].replace(",", "")) == bank.y_train.sum() + bank.y_test.sum()


@needs_data
@pytest.mark.parametrize("name", PAPER)
def test_the_card_counts_the_papers_split(name):
    bank = load(name, "paper")
    assert counts(name, "Rows of the paper's split") == [len(bank.train), len(bank.test)]


@pytest.mark.parametrize("name", [*TABLES])
def test_the_card_describes_every_column_as_the_schema_does(name):
    lines = re.findall(r"^\| `(.+?)` \| (\w+) \| (.+?) \| (.+?) \| (.+) \|$", card(name), re.M)
    described = [line[:4] for line in lines]
    schema = TABLES[name].schema
    assert described == [(f.name, f.kind, f.unit or "–", WORDS[f.actionability]) for f in schema]
    assert all(len(line[4]) > 15 for line in lines), "each line says why"


@pytest.mark.parametrize("name", [*TABLES])
def test_the_card_names_source_licence_and_limits(name):
    text = card(name)
    assert f"{{cite:p}}`{TABLES[name].citation}`" in text
    for heading in ("Where it comes from", "What we changed", "must not be used", "Known harms"):
        assert re.search(rf"^## .*{heading}", text, re.M)
    if TABLES[name].licence.startswith("CC BY"):
        assert "creativecommons.org/licenses/by/4.0" in text


def test_numbers_in_the_cards_sentences():
    assert f"{45_222 + 3_620:,} rows" in card("adult") and "3,620 rows" in card("adult")
    assert "In 183 rows" in card("compas")
    assert people(load("compas"))["length_of_stay"].lt(0).sum() == 183
    assert "963 of 1,000" in card("german")
    assert (people(load("german"))["foreign-worker"] == "yes").sum() == 963
    assert "4,229 of 9,871 rows" in card("heloc")


def test_the_overview_counts_as_the_list_does():
    rows = re.findall(r"^\| \[.+?\]\((\w+)\.md\) \| ([\d,]+)[^|]* \| (\d+) \|", card("index"), re.M)
    table = list_datasets().set_index("name")
    assert [name for name, *_ in rows] == [*TABLES, "toys"]
    for name, number, features in rows:
        entry = table.loc["moons" if name == "toys" else name]
        assert (entry["rows"], entry["features"]) == (int(number.replace(",", "")), int(features))
