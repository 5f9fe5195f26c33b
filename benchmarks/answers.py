"""The answers of two editions, side by side: what a person would be sent, before and after.

    python -m benchmarks.answers --jobs 2              # minutes a cell; needs the history of git
    python -m benchmarks.answers --confirm 1 --jobs 2  # do old cells stand? one of each row again
    python -m benchmarks.answers --quick --tables german --seeds 1 --people 10 --out tried.json

A cell is a table, a seed and an edition: *after* is the package as it is, *before* the first edition,
taken from git and asked in a process of its own (``answers_worker.py``). Both answer the same denied
people of the test part, about the same classifier; all measures are taken by the code of today. The
judge is a gold world, which is only a judge: labels are the recorded ones. Writes
``results/answers.json``; a cell that is there already, made by the same code, is kept.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Self

import joblib
import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from torch import nn

import genre_lite as gl
from genre_lite.candidates import decoded
from genre_lite.decision import accepts
from genre_lite.evaluation import metrics
from genre_lite.limits import Limits
from genre_lite.teaching import nearest
from genre_lite.terms import Terms

from . import answers_worker, provenance, statistics
from .record import Record, plain

RESULTS = Path(__file__).parent.parent / "results" / "answers.json"
COMMAND = "python -m benchmarks.answers"
FIRST = "a5f7f79"  # the first edition
EDITIONS = ("before", "after")
SEEDS = 3
OPTIONS, TWINS, COPIES = 3, 10, 20  # options asked for, people asked five times, neighbours tried
MARGIN = 0.7  # γ, the package's default


# -- the tables -----------------------------------------------------------------------------------


def breast_cancer() -> tuple[gl.Dataset, ClassifierMixin]:
    """scikit-learn's: 569 patients, 30 numbers, 37 % malignant; LightGBM decides."""
    from lightgbm import LGBMClassifier
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True).frame
    frame.columns = frame.columns.str.replace(" ", "_")
    bank = gl.Dataset.from_frame(frame, target="target", favourable=1, name="breast cancer")
    return bank, LGBMClassifier(n_jobs=1, verbose=-1)


def fair() -> tuple[gl.Dataset, ClassifierMixin]:
    """statsmodels': 6,366 women of a survey of 1974, and who reports an affair; boosted trees decide."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder
    from statsmodels.datasets import fair

    frame = fair.load_pandas().data
    jobs = ["occupation", "occupation_husb"]
    frame[jobs] = "group " + frame[jobs].astype(int).astype(str)
    frame["affairs"] = (frame["affairs"] > 0).astype(int)
    schema = gl.Schema.infer(
        frame.drop(columns="affairs"),
        immutable=["occupation_husb", "religious"],
        increasing=["educ", "children"],
        clocks=["age", "yrs_married"],
    )
    bank = gl.Dataset.from_frame(
        frame, target="affairs", favourable=0, schema=schema, name="affairs"
    )
    words = make_column_transformer((OrdinalEncoder(), jobs), remainder="passthrough")
    return bank, make_pipeline(words, HistGradientBoostingClassifier())


@dataclass(frozen=True)
class Table:
    """A table, whose age it knows, and bounds of advice on one of its features."""

    bounds: tuple[str, float | None, float | None]
    age: str | None = "age"
    made: Callable[[], tuple[gl.Dataset, ClassifierMixin]] | None = None

    def load(self, name: str, seed: int) -> tuple[gl.Dataset, object]:
        """The bank, and its classifier fitted on the recorded labels."""
        if self.made is None:
            bank = gl.load_dataset(name)
            return bank, gl.train_classifier(bank, seed=seed, progress=False)
        bank, h = self.made()
        return bank, h.fit(bank.X_train, bank.y_train)


TABLES = {
    "german": Table(("amount", 1000, 5000)),
    "compas": Table(("priors_count", 1, 10)),
    "adult": Table(("hours-per-week", 35, 45)),
    "breast cancer": Table(("worst_area", 500, 900), age=None, made=breast_cancer),
    "affairs": Table(("educ", None, 16), made=fair),
}


# -- the editions ---------------------------------------------------------------------------------


def first_edition(commit: str, folder: Path) -> str:
    """Lay the package of a commit into a folder; why it cannot be done, or ""."""
    call = ["git", "-C", str(provenance.ROOT), "archive", commit, "genre_lite"]
    try:
        done = subprocess.run(call, capture_output=True)
    except FileNotFoundError:
        return "git is not installed"
    if done.returncode:
        return f"the history of git does not reach {commit}"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(folder, filter="data")
    return ""


class Worker:
    """An edition in a process of its own; called with a name and arguments of ``answers_worker``."""

    def __init__(self, root: Path) -> None:
        call = [sys.executable, "-P", answers_worker.__file__]
        self.process = subprocess.Popen(
            call,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        )

    def __call__(self, name: str, /, **arguments: object) -> object:
        pickle.dump((name, arguments), self.process.stdin)
        self.process.stdin.flush()
        said = pickle.load(self.process.stdout)
        if isinstance(said, str):
            raise gl.GenReError(said)
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()


# -- the measures ---------------------------------------------------------------------------------


def best(frame: pd.DataFrame) -> pd.DataFrame:
    """Each person's first option, by person."""
    return frame[frame.index.get_level_values(1) == 0].droplevel(1)


def letters(frame: pd.DataFrame) -> dict:
    """What each person's first option asks for, by person."""
    first = best(frame)
    return dict(zip(first.index, first.astype(object).itertuples(index=False), strict=True))


def same(here: Mapping, there: Mapping, people: pd.Index) -> np.ndarray:
    """Whether each person's letter is the same in both, none being one too."""
    return np.array([here.get(person) == there.get(person) for person in people], dtype=float)


def spread(people: pd.DataFrame, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Each person's options found, and the share of them that change other features than all before."""
    moved = (frame.astype(object) != people.loc[frame.index.get_level_values(0)].to_numpy()).agg(
        tuple, axis=1
    )
    by = moved.groupby(level=0)
    return (
        by.size().reindex(people.index, fill_value=0).to_numpy(),
        (by.nunique() / by.size()).reindex(people.index).to_numpy(),
    )


def neighbour_cost(
    people: pd.DataFrame, bank: gl.Dataset, h: object, believe: Callable, margin: float = MARGIN
) -> np.ndarray:
    """What the cheapest sure neighbour costs each person, infinite for none.

    That is an accepted training row with V̂ > γ and P̂ > ½, its free values grafted onto the person,
    if the graft keeps the terms and is accepted and as sure itself.
    """

    def sure(frame: pd.DataFrame) -> np.ndarray:
        believed = believe(frame)
        fine = (believed["valid"] > margin) & (believed["plausible"] > 0.5)
        return fine.to_numpy() & accepts(h, frame)

    codec = gl.Codec(bank.schema).fit(bank.X_train)
    limits = Limits(codec, people)
    points = nearest(
        limits, np.unique(codec.cube(bank.X_train[sure(bank.X_train)]), axis=0), COPIES
    )
    flat, rows = points.reshape(-1, points.shape[-1]), np.repeat(np.arange(len(people)), COPIES)
    fine = limits.changed(flat, rows).any(axis=1) & sure(decoded(flat, rows, limits, people))
    price = gl.cost(limits.cube[rows], flat, codec.nominal, limits.price[rows])
    return np.where(fine, price, np.inf).reshape(len(people), -1).min(axis=1)


def asked(worker: Worker, people: pd.DataFrame) -> pd.DataFrame:
    """Whether a letter hangs on company: one row a person, columns of zeros and ones."""
    crowd = letters(worker("recommend", people=people)[0])
    alone = {}
    for person in people.index:
        alone |= letters(worker("recommend", people=people.loc[[person]])[0])
    twins = pd.Series(np.nan, people.index)
    for person in people.index[:TWINS]:
        five = pd.concat([people.loc[[person]]] * 5).set_axis(range(5))
        said = letters(worker("recommend", people=five)[0])
        twins[person] = float(len({said.get(i) for i in range(5)}) == 1)
    turned = letters(worker("recommend", people=people[::-1])[0])
    return pd.DataFrame(
        {
            "same letter alone": same(alone, crowd, people.index),
            "same letter reversed": same(turned, crowd, people.index),
            "five twins, one letter": twins,
        },
        index=people.index,
    )


def judged(
    worker: Worker, people: pd.DataFrame, bank: gl.Dataset, h: object, gold: gl.GoldWorld
) -> pd.DataFrame:
    """What the letters ask for, and what it is worth: one row a person."""
    frame, seconds = worker("recommend", people=people)
    first = best(frame)
    believe = partial(_believed, worker)
    check = partial(gl.check, people, first, h, bank.schema, train=bank.X_train)
    by_h, own, truth = check(), check(judge=believe), check(judge=gold)
    # check looks at the options in their order; who has none is NaN from here on.
    each = pd.DataFrame(
        {
            "changes": own["changes"],
            "needless, by h": by_h["needless"],
            "needless": own["needless"],
            "broken": (own["broken"] != "").astype(float),
            "cost": own["cost"],
            "validity": truth["valid"],
            "plausibility": truth["plausible"],
        }
    ).reindex(people.index)
    each["served"] = each["cost"].notna().astype(float)
    for truth in ("validity", "plausibility"):  # nothing found is neither
        each[truth] = each[truth].fillna(0.0)
    copy = best(worker("recommend", people=people, method="neighbour")[0])
    paid = gl.check(people, copy, h, bank.schema, train=bank.X_train)["cost"]
    each["cost above the neighbour"] = each["cost"] - paid.reindex(people.index)
    sure = neighbour_cost(people, bank, h, believe)
    each["costs more than a sure neighbour"] = np.where(
        each["served"].eq(1) & np.isfinite(sure), each["cost"] > sure + 1e-9, np.nan
    )
    target = first.reindex(people.index)
    each["given the same target"] = metrics.crowding(bank.schema, target)
    options = worker("recommend", people=people, n=OPTIONS)[0]
    each["options found"], each["options that change other features"] = spread(people, options)
    each["milliseconds"] = 1000 * seconds / len(people)
    return each


def _believed(worker: Worker, frame: pd.DataFrame) -> pd.DataFrame:
    return worker("estimates", frame=frame)


def within(
    worker: Worker, people: pd.DataFrame, bank: gl.Dataset, h: object, terms: Mapping
) -> pd.DataFrame:
    """Who is served under terms, and whose answer breaks one."""
    frame = best(worker("recommend", people=people, **terms)[0])
    said = gl.check(people, frame, h, bank.schema, terms=Terms(**terms), train=bank.X_train)
    broken = (said["broken"] != "").astype(float).reindex(people.index)
    return pd.DataFrame({"served": broken.notna().astype(float), "broken": broken})


def cell(name: str, edition: str, seed: int, root: Path, people: int, quick: bool = False) -> dict:
    """One table, one edition, one seed: the mean of each measure over the people who have it."""
    table = TABLES[name]
    bank, h = table.load(name, seed)
    gold = gl.gold_world(bank, seed=seed, progress=False)
    denied = bank.X_test[~accepts(h, bank.X_test)]
    denied = denied.sample(min(people, len(denied)), random_state=seed)
    sent = nn.Sequential(*h.module) if isinstance(h, gl.Classifier) else h
    schema = bank.schema.to_dict()
    feature, *between = table.bounds
    terms = {"at most two changes": {"max_changes": 2}, "bounds": {"bounds": {feature: between}}}
    with Worker(root) as worker:
        fit = partial(worker, "fit", X=bank.X_train, y=bank.y_train, h=sent, seed=seed, quick=quick)
        try:
            seconds = fit(schema=schema)
        except gl.GenReError as error:
            if edition == "after":
                raise
            return {"people": len(denied), "cannot": str(error), "metrics": {}}
        each = asked(worker, denied).join(judged(worker, denied, bank, h, gold))
        if edition == "after":
            terms |= {"a fixed age": {"freeze": [table.age]}} if table.age else {}
            for term, asked_for in terms.items():
                found = within(worker, denied, bank, h, asked_for)
                each[f"served under {term}"], each[f"broken under {term}"] = found.T.to_numpy()
        elif table.age:  # the first edition had to be fitted anew, and other terms it did not know
            for f in schema["features"]:
                f["actionability"] = "immutable" if f["name"] == table.age else f["actionability"]
            each["served under a fixed age"] = 0.0
            try:
                fit(schema=schema)
                answered = worker("recommend", people=denied)[0].index.get_level_values(0)
                each.loc[answered, "served under a fixed age"] = 1.0
            except gl.GenReError:
                pass  # no fit, no answer
    found = each.astype(float).mean().to_dict()
    parts = (found[what] for what in ("validity", "plausibility", "cost"))
    found["Score"] = metrics.score(*parts, len(bank.schema))
    return {"people": len(denied), "metrics": found | {"seconds to fit": seconds}}


def work(key: str, root: Path, settings: Mapping, out: Path) -> int:
    """What a process does: one cell, left in the spool as it ends."""
    _, name, edition, seed = key.split("/")
    found = cell(name, edition, int(seed), root, settings["people"], settings["quick"])
    opened(out).leave(key, found)
    return 1


def opened(path: Path) -> Record:
    """The record, and the spool that belongs to it."""
    return Record(path, COMMAND, spool=path.parent / f".{path.stem}")


def summary(cells: Mapping[str, dict]) -> dict:
    """Mean and interval of each measure over the seeds: ``[table][edition][measure]``."""
    found = statistics.means(cells, "answers")
    for key in cells:  # an edition that could not answer is in it too, with nothing
        _, table, edition, _ = key.split("/")
        found.setdefault(table, {}).setdefault(edition, {})
    return found


def shown(of: Mapping[str, Mapping]) -> pd.DataFrame:
    """One table of :func:`summary`, to be read: a row a measure, a column an edition."""

    def words(part: Mapping | None) -> str:
        if part is None:
            return "cannot"
        half = part["half_width"]
        return f"{part['mean']:.3g}" + (f" ± {half:.2g}" if half and half > 1e-9 else "")

    measures = list(dict.fromkeys(m for edition in reversed(EDITIONS) for m in of.get(edition, {})))
    return pd.DataFrame(
        {
            edition: {m: words(of[edition].get(m)) for m in measures}
            for edition in EDITIONS
            if edition in of
        }
    )


def main() -> None:
    """Run the cells that are missing, and write the file after each."""
    wanted = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    wanted.add_argument("--seeds", type=int, default=SEEDS)
    wanted.add_argument("--people", type=int, default=100, help="of the test part, at most")
    wanted.add_argument("--jobs", type=int, default=1, help="cells at a time")
    wanted.add_argument("--confirm", type=int, help="make so many old cells of each row again")
    wanted.add_argument("--quick", action="store_true", help="train hardly; to try the command")
    wanted.add_argument("--out", type=Path, default=RESULTS)
    given = wanted.parse_args()

    settings = {"people": given.people, "quick": given.quick}
    known = json.loads(given.out.read_text()) if given.out.exists() else settings
    if any(known.get(what) != value for what, value in settings.items()):
        wanted.error(
            f"{given.out} was made with other people or otherwise trained; name another --out"
        )
    record = opened(given.out)
    with tempfile.TemporaryDirectory() as folder:
        why = first_edition(FIRST, Path(folder))
        roots = ({} if why else {"before": Path(folder)}) | {"after": provenance.ROOT}
        every = [
            f"answers/{name}/{edition}/{seed}"
            for seed, name, edition in product(range(given.seeds), given.tables, roots)
        ]
        # Named by its module, which a process can import; this file runs as __main__.
        todo = import_module("benchmarks.answers").work

        def task(keys: list[str]) -> object:
            return joblib.delayed(todo)(keys[0], roots[keys[0].split("/")[2]], settings, given.out)

        about = settings | {"before": FIRST, "skipped": {"before": why} if why else {}}
        if given.confirm is not None:
            record.sample(every, given.confirm, task, given.jobs, summary, **about)
        else:
            missing = record.missing(every)
            tasks = (task([key]) for key in missing)
            record.fill(tasks, len(missing), given.jobs, summary, **about)
    for name, of in plain(summary(record.cells)).items():
        print(f"\n{name}\n{shown(of).to_string()}")


if __name__ == "__main__":
    main()
