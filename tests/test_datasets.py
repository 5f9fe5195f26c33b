"""The real tables: rows, splits, constraints, finding the files, and what the cards say of them."""

from __future__ import annotations

import gzip
import os
import re
import socket
from collections.abc import Callable
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
    assert schema["age"].actionability == "clock"
    assert schema["education"].actionability == "increasing"
    levels = schema["education"].categories
    assert schema["education"].kind == "ordinal" and len(levels) == 16
    assert levels.index("12th grade") < levels.index("High school") < levels.index("Bachelor's")
    assert schema["education"].allows("High school", "Doctorate")
    assert not schema["education"].allows("Doctorate", "High school")


def test_constraints_of_german():
    schema = load("german").schema
    assert schema.immutable == [
        "credit-history",
        "purpose",
        "personal-status",
        "existing-credits",
        "people-liable",
        "foreign-worker",
    ]
    assert not schema["amount"].allows(1000, 2000)
    assert schema["duration"].bounds == (4, None)
    # Nobody is told to open an account and overdraw it.
    assert schema["checking-account"].bounds == ("0 to 200 DM", None)
    assert not schema["instalment-rate"].allows("20 to 25 %", "35 % or more")
    for name in ("savings", "property"):
        assert schema[name].categories[0] == "Unknown or none"
        assert schema[name].actionability == "increasing"


CLOCKS = {
    "adult": ["age"],
    "german": ["employment", "residence", "age"],
    "compas": ["age"],
    "heloc": [
        "MSinceOldestTradeOpen",
        "MSinceMostRecentTradeOpen",
        "AverageMInFile",
        "MSinceMostRecentDelq",
        "MSinceMostRecentInqexcl7days",
    ],
}


@pytest.mark.parametrize("name", [*TABLES])
def test_what_only_time_moves_is_a_clock(name):
    schema = TABLES[name].schema
    assert [f.name for f in schema if f.actionability == "clock"] == CLOCKS[name]
    for clock in CLOCKS[name]:
        feature = schema[clock]
        if feature.is_categorical:
            assert len(feature.edges) == len(feature.categories)
        else:
            assert feature.unit == ("months" if name == "heloc" else "years")


def test_the_years_at_which_a_level_of_german_begins():
    schema = load("german").schema
    assert dict(zip(schema["employment"].categories, schema["employment"].edges, strict=True)) == {
        "Unemployed": None,
        "Less than 1 year": 0,
        "1 to 4 years": 1,
        "4 to 7 years": 4,
        "7 years or more": 7,
    }
    assert schema["residence"].categories == schema["employment"].categories[1:]
    assert schema["residence"].edges == (0, 1, 4, 7)


# -- German: the corrected codes ------------------------------------------------------------------

# How many of the bank's 1,000 loans have each code, counted in the file as it came; levels in the
# order of the schema. Grömping (2019) says which word belongs to which code.
GERMAN_COUNTS = {
    "checking-account": {
        "No account": 274,  # code 1, once read "below 0 DM"
        "Below 0 DM": 269,
        "0 to 200 DM": 63,
        "200 DM or regular salary": 394,  # code 4, once read "no account"
    },
    "credit-history": {
        "Late payments in the past": 40,
        "Critical account or credits elsewhere": 49,
        "No credits or all repaid duly": 530,
        "Existing credits repaid duly so far": 88,
        "All credits at this bank repaid duly": 293,
    },
    "purpose": {
        "Business": 12,
        "Domestic appliances": 22,
        "Furniture or equipment": 280,
        "New car": 103,
        "Other": 234,
        "Radio or television": 12,
        "Repairs": 50,
        "Retraining": 97,
        "Used car": 181,
        "Vacation": 9,
    },
    "savings": {
        "Unknown or none": 603,
        "Below 100 DM": 103,
        "100 to 500 DM": 63,
        "500 to 1000 DM": 48,
        "1000 DM or more": 183,
    },
    "employment": {
        "Unemployed": 62,
        "Less than 1 year": 172,
        "1 to 4 years": 339,
        "4 to 7 years": 174,
        "7 years or more": 253,
    },
    "instalment-rate": {  # code 4 is the lightest burden
        "Below 20 %": 476,
        "20 to 25 %": 157,
        "25 to 35 %": 231,
        "35 % or more": 136,
    },
    "personal-status": {
        "Female non-single or male single": 310,
        "Female single": 92,
        "Male divorced or separated": 50,
        "Male married or widowed": 548,
    },
    "other-debtors": {"Nobody": 907, "Co-applicant": 41, "Guarantor": 52},
    "residence": {
        "Less than 1 year": 130,
        "1 to 4 years": 308,
        "4 to 7 years": 149,
        "7 years or more": 413,
    },
    "property": {  # once reversed
        "Unknown or none": 282,
        "Car or other": 232,
        "Building society savings or life insurance": 332,
        "Real estate": 154,
    },
    "other-plans": {"No other plan": 814, "At a bank": 139, "At stores": 47},
    "housing": {"Free of charge": 179, "Rented": 714, "Owned": 107},
    "existing-credits": {"One": 633, "Two or three": 333, "Four or five": 28, "Six or more": 6},
    "job": {
        "Unskilled or unemployed and not resident": 22,
        "Unskilled and resident": 200,
        "Skilled": 630,
        "Manager or self-employed or highly qualified": 148,
    },
    "people-liable": {"0 to 2": 845, "3 or more": 155},  # once reversed
    "telephone": {"no": 596, "yes": 404},
    "foreign-worker": {"no": 963, "yes": 37},  # once reversed
}


@pytest.mark.parametrize("name", GERMAN_COUNTS)
def test_each_level_of_german_stands_for_its_code(name):
    expected = GERMAN_COUNTS[name]
    assert load("german").schema[name].categories == tuple(expected), "from low to high"
    assert people(load("german"))[name].value_counts().to_dict() == expected


def test_german_orders_and_outcomes():
    schema = load("german").schema
    assert [f.name for f in schema if f.kind == "ordinal"] == [
        "checking-account",
        "savings",
        "employment",
        "instalment-rate",
        "residence",
        "property",
        "existing-credits",
        "job",
        "people-liable",
    ]
    frame = people(load("german"))
    assert frame["credit"].value_counts().to_dict() == {"good": 700, "bad": 300}
    assert (frame["duration"].min(), frame["duration"].max()) == (4, 72)
    assert (frame["amount"].min(), frame["amount"].max()) == (250, 18_424)
    assert (frame["age"].min(), frame["age"].max()) == (19, 75)


def test_one_loan_of_german_by_hand():
    """The file's first line: 1,18,4,2,1049,1,2,4,2,1,4,2,21,3,1,1,3,2,1,2,1."""
    frame = people(load("german"))
    (loan,) = frame[(frame["amount"] == 1049) & (frame["age"] == 21)].to_dict("records")
    assert loan == {
        "checking-account": "No account",
        "duration": 18,
        "credit-history": "All credits at this bank repaid duly",
        "purpose": "Used car",
        "amount": 1049,
        "savings": "Unknown or none",
        "employment": "Less than 1 year",
        "instalment-rate": "Below 20 %",
        "personal-status": "Female non-single or male single",
        "other-debtors": "Nobody",
        "residence": "7 years or more",
        "property": "Car or other",
        "age": 21,
        "other-plans": "No other plan",
        "housing": "Free of charge",
        "existing-credits": "One",
        "job": "Skilled",
        "people-liable": "0 to 2",
        "telephone": "no",
        "foreign-worker": "no",
        "credit": "good",
    }


def test_owners_have_real_estate_in_german():
    bank = load("german")
    owners = people(bank)[people(bank)["housing"] == "Owned"]
    assert (len(owners), (owners["property"] == "Real estate").sum()) == (107, 103)
    assert bank.schema.relations == ("if housing == 'Owned' then property == 'Real estate'",)


def test_the_shipped_rows_of_german_are_these():
    packed = (Path(source.__file__).parent / "tables" / "german.csv.gz").read_bytes()
    assert source.hashlib.sha256(gzip.decompress(packed)).hexdigest() == (
        "98852014cdca54b3620427b24e59d57627e1b570360282aa38ed971db89a437e"
    )


def test_no_label_holds_a_comma():
    labels = [f.label for table in TABLES.values() for f in table.schema]
    assert not [label for label in labels if "," in label]


def test_only_heloc_is_trained_without_balance():
    assert {name for name, table in TABLES.items() if not table.balanced} == {"heloc"}
    bank = load("german")
    assert bank.balanced and bank.relabel(bank.y_train, bank.y_test).balanced


@needs_data
def test_both_splits_of_heloc_say_so():
    for split in ("default", "paper"):
        bank = load("heloc", split)
        assert not bank.balanced and not bank.relabel(bank.y_train, bank.y_test).balanced


def test_constraints_of_compas():
    schema = load("compas").schema
    assert schema.immutable == ["race", "sex"]
    changes = {f.name: f.actionability for f in schema if f.name not in schema.immutable}
    assert changes.pop("age") == "clock"
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

WORDS = {
    "free": "free",
    "immutable": "never",
    "increasing": "only up",
    "decreasing": "only down",
    "clock": "with time",
}


@pytest.fixture
def card(root) -> Callable[[str], str]:
    """The text of a data card, which lies in the repository."""
    return lambda name: (root / "book/data" / f"{name}.md").read_text(encoding="utf-8")


def counts(text: str, row: str) -> list[int]:
    line = re.search(rf"^\| {row} \| (.*) \|$", text, re.MULTILINE)
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", line[1])]


@pytest.mark.parametrize("name", [*BUNDLED, pytest.param("heloc", marks=needs_data)])
def test_the_card_counts_as_the_table_does(name, card):
    bank = load(name)
    assert counts(card(name), "Rows") == [len(people(bank)), len(bank.train), len(bank.test)]
    assert counts(card(name), "Features") == [len(bank.schema)]
    favourable = re.search(r"\| Favourable \| `(.+)`: ([\d,]+) rows", card(name))
    assert favourable[1] == str(bank.favourable)
    assert int(favourable[2].replace(",", "")) == bank.y_train.sum() + bank.y_test.sum()


@needs_data
@pytest.mark.parametrize("name", PAPER)
def test_the_card_counts_the_papers_split(name, card):
    bank = load(name, "paper")
    assert counts(card(name), "Rows of the paper's split") == [len(bank.train), len(bank.test)]


@pytest.mark.parametrize("name", [*TABLES])
def test_the_card_describes_every_column_as_the_schema_does(name, card):
    lines = re.findall(r"^\| `(.+?)` \| (\w+) \| (.+?) \| (.+?) \| (.+) \|$", card(name), re.M)
    described = [line[:4] for line in lines]
    schema = TABLES[name].schema
    assert described == [(f.name, f.kind, f.unit or "–", WORDS[f.actionability]) for f in schema]
    assert all(len(line[4]) > 15 for line in lines), "each line says why"


@pytest.mark.parametrize("name", [*TABLES])
def test_the_card_names_source_licence_and_limits(name, card):
    text = card(name)
    assert f"{{cite:p}}`{TABLES[name].citation}`" in text
    for heading in ("Where it comes from", "What we changed", "must not be used", "Known harms"):
        assert re.search(rf"^## .*{heading}", text, re.M)
    if TABLES[name].licence.startswith("CC BY"):
        assert "creativecommons.org/licenses/by/4.0" in text


def test_numbers_in_the_cards_sentences(card):
    assert f"{45_222 + 3_620:,} rows" in card("adult") and "3,620 rows" in card("adult")
    assert "In 183 rows" in card("compas")
    assert people(load("compas"))["length_of_stay"].lt(0).sum() == 183
    assert "963 of 1,000 are" in card("german") and "37 of 1,000 are" in card("german")
    assert "Of the 107 owners 103 have it" in card("german")
    ordered = [f.name for f in load("german").schema if f.kind == "ordinal"]
    assert "ordered the levels of nine columns" in card("german") and len(ordered) == 9
    assert "4,229 of 9,871 rows" in card("heloc")


def test_the_overview_counts_as_the_list_does(card):
    rows = re.findall(r"^\| \[.+?\]\((\w+)\.md\) \| ([\d,]+)[^|]* \| (\d+) \|", card("index"), re.M)
    table = list_datasets().set_index("name")
    assert [name for name, *_ in rows] == [*TABLES, "toys"]
    for name, number, features in rows:
        entry = table.loc["moons" if name == "toys" else name]
        assert (entry["rows"], entry["features"]) == (int(number.replace(",", "")), int(features))


def test_nothing_implies_a_licence_for_compas(card, root):
    assert TABLES["compas"].licence.startswith("none stated")
    tables = (root / "genre_lite/datasets/tables/ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "**No licence is stated.**" in card("compas")
    assert "**no licence stated**" in tables
    assert "states no licence for it" in " ".join((root / "README.md").read_text("utf-8").split())
    for part in ("Ulrike Grömping", "10.24432/C5X89F", "licenses/by/4.0"):
        assert part in tables and part in card("german")
    for text in (tables, card("german")):
        assert set(re.findall(r"10\.24432/C5\w+", text)) >= {"10.24432/C5X89F"}
        assert "C5QG8" not in text, "the update of 2020 is another record"
