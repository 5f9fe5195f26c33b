"""Train the models that come with the package, and judge them.

    python -m benchmarks.ship_models                  # all three
    python -m benchmarks.ship_models --tables german  # one of them
    python -m benchmarks.ship_models --confirm        # do the files still answer as on record?

For each table: the bank's classifier and GenRe, with the package's defaults and seed 0, on the
training rows of the default split. Writes ``genre_lite/models/*.genre``, weights with half the
digits, and ``results/models.json``: how the file does on the denied people of the test part, how the
full digits do, and how trainings with other seeds do. The judge is the protocol's, a gold world that
knows the outcomes of those who ask, too; beside it stands one that never saw them.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

import genre_lite as gl
from benchmarks import provenance

MODELS = Path(__file__).parent.parent / "genre_lite" / "models"
RESULTS = Path(__file__).parent.parent / "results" / "models.json"
COMMAND = "python -m benchmarks.ship_models"
# What the favourable decision is called in answers.
OUTCOMES = {
    "adult": "an income above $50,000",
    "compas": "a score below high",
    "german": "the loan",
}
PEOPLE = 500  # at most


def train(table: str, seed: int = 0) -> gl.GenRe:
    """The recipe: the recorded labels of the training rows, and defaults everywhere."""
    bank = gl.load_dataset(table)
    h = gl.train_classifier(bank, seed=seed, progress=False)
    genre = gl.GenRe(h, bank.schema, outcome=OUTCOMES[table], seed=seed, progress=False)
    with warnings.catch_warnings():
        # Which sources reach no target is in the model's report.
        warnings.filterwarnings("ignore", message=".*left out of training")
        return genre.fit(bank.X_train, bank.y_train)


def denied(bank: gl.Dataset, h: gl.Classifier) -> pd.DataFrame:
    """The test people whom h denies, or a sample of them."""
    people = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]
    return people.sample(min(len(people), PEOPLE), random_state=0)


def judges(table: str) -> dict[str, gl.GoldWorld]:
    """The protocol's judge, and one that never saw who asks."""
    bank = gl.load_dataset(table)
    return {
        name: gl.gold_world(bank, seed=0, held_out=name == "held_out", progress=False)
        for name in ("judge", "held_out")
    }


def judge(genre: gl.GenRe, by: dict[str, gl.GoldWorld]) -> tuple[dict, pd.DataFrame]:
    """The metrics of one model on the people whom its own classifier denies, and their answers."""
    people = denied(by["judge"].bank, genre.h)
    answer = genre.recommend(people)
    return gl.evaluate({"it": answer}, people, **by).loc["it"].to_dict(), answer.best()


def ship(table: str, seeds: int) -> dict:
    """Train with each seed, write the file of the first, and judge them all."""
    bank = gl.load_dataset(table)
    by = judges(table)
    start = time.perf_counter()
    genre = train(table)
    seconds = time.perf_counter() - start
    full, answers = judge(genre, by)

    MODELS.mkdir(exist_ok=True)
    file, whole = MODELS / f"{table}.genre", MODELS / f"{table}.full"
    genre.save(whole)
    full_bytes = whole.stat().st_size
    whole.unlink()
    genre.save(file, half=True)
    shipped = gl.GenRe.load(file)
    metrics, half_answers = judge(shipped, by)
    same = (answers == half_answers) | (answers.isna() & half_answers.isna())
    yes = shipped.h.predict_proba(bank.X_test)[:, 1] > 0.5
    return {
        "train_rows": len(bank.X_train),
        "train_seconds": seconds,
        "report": genre.report_,
        "classifier_accuracy": float((yes == bank.y_test).mean()),
        "bytes": file.stat().st_size,
        "metrics": metrics,
        "full_digits": {
            "bytes": full_bytes,
            "score": full["score"],
            "same_answers": float(same.all(axis=1).mean()),
        },
        "score_by_seed": {"0": full["score"]}
        | {str(seed): judge(train(table, seed), by)[0]["score"] for seed in range(1, seeds)},
    }


def stands(table: str, known: dict) -> dict | None:
    """Today's metrics of the file that is there, if it answers as is on record, but for one person.

    Among people who are equally far, rounding says whose neighbour somebody is, and so who is an outlier.
    """
    metrics, _ = judge(gl.GenRe.load(table, progress=False), judges(table))
    one = 1.5 / metrics["people"]
    same = [
        math.isclose(metrics[m], known["metrics"][m], abs_tol=one)
        for m in metrics
        if m != "seconds" and m in known["metrics"]
    ]
    size = (MODELS / f"{table}.genre").stat().st_size
    return metrics if all(same) and size == known["bytes"] else None


def main() -> None:
    """Ship the tables asked for; the others keep their files and results."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tables", nargs="+", choices=sorted(OUTCOMES), default=sorted(OUTCOMES))
    asked.add_argument("--seeds", type=int, default=3, help="trainings of each; the first ships")
    asked.add_argument(
        "--confirm", action="store_true", help="train nothing; what answers the same, stands"
    )
    given = asked.parse_args()
    made_by = provenance.made_by("benchmarks.ship_models")
    models: dict[str, dict] = {}

    def keep() -> None:
        record = {"command": COMMAND, "made_by": made_by, "people": PEOPLE, "models": models}
        provenance.write(record, RESULTS)

    if RESULTS.exists():
        before = json.loads(RESULTS.read_text())
        models = before["models"] if before["made_by"] == made_by else {}
        if given.confirm:
            known = {table: before["models"][table] for table in given.tables}
            today = {table: stands(table, of) for table, of in known.items()}
            models |= {
                table: of | {"metrics": today[table]} for table, of in known.items() if today[table]
            }
            given.tables = []
            keep()
    for table in tqdm(given.tables, desc="models", unit="model"):
        models[table] = ship(table, given.seeds)
        keep()
    print(pd.DataFrame({table: m["metrics"] for table, m in models.items()}).round(3).to_string())


if __name__ == "__main__":
    main()
