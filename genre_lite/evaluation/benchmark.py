"""Every method on every data set with every seed, in a run that can be killed and goes on.

A *cell* is a data set, a method and a seed: the unit of saving. A *world* is a data set and a seed:
the simulated truth, the bank's classifier and the people who ask. All methods of a world run in one
process, which builds it once: the unit of parallel work. A finished cell is never done again; one
that failed is recorded with its error, stops no other, and is tried again by the next run.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import pandas as pd
from joblib import Parallel, delayed
from tqdm.auto import tqdm

import genre_lite

from .. import baselines
from ..codec import Codec
from ..datasets import Dataset, list_datasets, load_dataset
from ..decision import SupportsProba, acceptance, accepts, train_classifier
from ..errors import GenReError, nearest
from ..estimator import RecourseMethod
from ..genre import GenRe
from ..threads import threads
from ..worlds import gold_world
from .density import KernelDensity
from .ledger import Cell, Ledger
from .metrics import evaluate
from .robustness import retrained

__all__ = ["METHODS", "Cell", "Factory", "Ledger", "World", "measure", "package_hash", "run"]

Factory = Callable[[SupportsProba, Dataset, int], RecourseMethod]
"""From the bank's classifier, its people and a seed to a method that is not fitted yet."""

T = TypeVar("T")
OTHERS = 2  # classifiers that the bank might as well have trained
PATIENCE = 8  # seconds to wait for a scheduler to answer, and for its first worker
# torch's seed belongs to the process, so threads of one cluster worker must take turns.
TURN = threading.Lock()


def _make(kind: type[RecourseMethod], h: SupportsProba, bank: Dataset, seed: int) -> RecourseMethod:
    return kind(h, bank.schema, seed=seed, progress=False)


def _spelling(kind: type) -> str:
    """``NearestNeighbour`` as ``nearest-neighbour``, and names such as GenRe or DiCE in one word."""
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z]{2})", "-", kind.__name__).lower()


METHODS: dict[str, Factory] = {
    _spelling(kind): partial(_make, kind)
    for kind in (GenRe, *(getattr(baselines, name) for name in baselines.__all__))
    if isinstance(kind, type) and issubclass(kind, RecourseMethod)
}
"""The methods of the package, with their own defaults, by the name that the command line takes.

:meta hide-value:
"""


# -- one cell ---------------------------------------------------------------------------------------


class World:
    """What all methods of a data set and seed share.

    Parameters
    ----------
    bank
        The people and their recorded labels.
    seed
        Of the truth, the classifier and the sample.
    people
        How many denied people of the test part ask, at most.

    Attributes
    ----------
    gold
        The truth; its ``bank`` has labels drawn from it.
    h
        The bank's classifier, trained on those labels, both classes weighing the same except on
        HELOC, as in the paper.
    denied
        The people who ask.
    classifier_accuracy
        The share of test people for whom h and the drawn label agree.

    Raises
    ------
    GenReError
        If the classifier denies nobody in the test part.
    """

    def __init__(self, bank: Dataset, seed: int, people: int) -> None:
        self.seed = seed
        self._recorded = bank
        self.gold = gold_world(bank, seed=seed, progress=False)
        self.bank = self.gold.bank
        start = time.perf_counter()
        self._training = {"balanced": bank.balanced, "progress": False}
        self.h = train_classifier(self.bank, seed=seed, **self._training)
        self.classifier_seconds = time.perf_counter() - start
        yes = accepts(self.h, bank.X_test)
        self.classifier_accuracy = float((yes == self.bank.y_test).mean())
        denied = bank.X_test[~yes]
        if denied.empty:
            raise GenReError(
                f"With seed {seed} the classifier of {bank.name!r} denies nobody among the "
                f"{len(bank.X_test)} test people, so nobody asks for recourse; leave this table out."
            )
        self.denied = denied.sample(min(people, len(denied)), random_state=seed)

    @cached_property
    def yardsticks(self) -> dict:
        """All that :func:`~genre_lite.evaluation.evaluate` can measure with, made once.

        The second judge never saw the test people; the density has seen nobody else: people of the
        test part whom the truth accepts, without those who ask.
        """
        others = self.bank.X_test.drop(self.denied.index)
        accepted = others[acceptance(self.gold, others) > 0.5]
        return {
            "h": self.h,
            "train": self.bank.X_train,
            "held_out": gold_world(self._recorded, seed=self.seed, held_out=True, progress=False),
            "others": retrained(
                self.bank, [self.seed + 1000 + i for i in range(OTHERS)], **self._training
            ),
            "density": KernelDensity(Codec(self.bank.schema).fit(self.bank.X_train)).fit(accepted),
            "seed": self.seed,
        }


def measure(world: World, factory: Factory) -> dict:
    """Fit one method in a world, let it answer, and judge it by the truth.

    Examples
    --------
    >>> world = World(load_dataset("moons", n=300), seed=0, people=20)
    >>> found = measure(world, METHODS["nearest-neighbour"])
    >>> sorted(found)
    ['classifier_accuracy', 'classifier_seconds', 'fit_seconds', 'metrics', 'recommend_seconds']
    """
    start = time.perf_counter()
    method = factory(world.h, world.bank, world.seed)
    method.fit(world.bank.X_train, world.bank.y_train)
    fitted = time.perf_counter()
    answer = method.recommend(world.denied)
    answered = time.perf_counter()
    table = evaluate({"it": answer}, world.denied, judge=world.gold, **world.yardsticks)
    judged = table.to_dict("index")["it"]
    return {
        "metrics": judged,
        "fit_seconds": fitted - start,
        "recommend_seconds": (answered - fitted) / len(world.denied),
        "classifier_seconds": world.classifier_seconds,
        "classifier_accuracy": world.classifier_accuracy,
    }


# -- one world --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Task:
    """The cells to do in one world, and where to save them; it travels to the worker."""

    bank: Dataset | None
    seed: int
    people: int
    cells: dict[Cell, Factory]
    folder: Path
    id: str
    run: int | None

    @property
    def orphaned(self) -> bool:
        """Whether the run that started this process is gone."""
        return self.run is not None and self.run not in (os.getpid(), os.getppid())

    def world(self) -> World:
        name, _, split = next(iter(self.cells)).dataset.partition(":")
        bank = load_dataset(name, split=split or "default") if self.bank is None else self.bank
        return World(bank, self.seed, self.people)


def _work(task: _Task) -> dict[Cell, dict]:
    """Do the cells of a world; save each as it ends, where the run's folder is in sight."""
    ledger = Ledger(task.folder)
    in_sight = ledger.about.get("id") == task.id
    found = {}
    with TURN:
        world, said = _attempt(task.world)
        for cell, factory in task.cells.items():
            if task.orphaned:
                break
            # A cluster hands the world of a lost worker to another, which goes on after the last cell.
            if in_sight and ledger.finished(cell):
                continue
            measured = None
            if world is not None:
                measured, said = _attempt(partial(measure, world, factory))
            found[cell] = (measured or {}) | said | {"made_by": made_by()}
            if in_sight:
                ledger.write(cell, found[cell])
    return found


def _attempt(step: Callable[[], T]) -> tuple[T | None, dict]:
    """What a step gives, and the error and the warnings that came instead or on the way."""
    result, error = None, None
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            result = step()
        except Exception as problem:
            error = _told(problem)
    return result, {"error": error, "warnings": sorted({str(w.message) for w in heard})}


def _told(error: BaseException) -> dict:
    """An error as plain data; files by their names only, since folders differ between machines."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {
        "type": type(error).__name__,
        "message": str(error),
        "traceback": [
            f"{Path(f.filename).name}, line {f.lineno}, in {f.name}: {f.line}" for f in frames
        ],
    }


@cache
def package_hash() -> str:
    """The start of a SHA-256 over the package's source files: each one's path and bytes, sorted.

    Examples
    --------
    >>> len(package_hash())
    16
    """
    root = Path(genre_lite.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def made_by() -> dict:
    """The versions, the code and the threads that make a cell."""
    return {
        "genre_lite": genre_lite.__version__,
        "code": package_hash(),
        **{name: version(name) for name in ("torch", "numpy", "pandas", "scikit-learn")},
        "python": platform.python_version(),
        "threads": threads(),
    }


# -- the grid ---------------------------------------------------------------------------------------


def run(
    datasets: Sequence[str] | Mapping[str, Dataset],
    methods: Sequence[str] | Mapping[str, Factory] = tuple(METHODS),
    *,
    seeds: int = 5,
    people: int = 200,
    out: str | os.PathLike,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
) -> Ledger:
    """Do every cell of the grid that is not finished yet.

    Parameters
    ----------
    datasets
        Names of tables; ``"adult:paper"`` is the paper's split of one. Or tables of your own by name.
    methods
        Names out of :data:`METHODS`, or factories of your own by name.
    seeds
        How many seeds; they are 0, 1, ….
    people
        How many denied people of the test part ask, at most.
    out
        The folder to save to. Where an earlier run left its cells, this one goes on.
    jobs
        Processes on this machine; −1 for one a core. Seconds measured side by side are longer.
    scheduler
        The address of a Dask scheduler, ``"tcp://host:port"``, whose workers do the cells instead.
        Where they do not see ``out``, cells come home a world at a time.
    progress
        Show a bar over the grid, with the time left.

    Returns
    -------
    Ledger
        The folder; its ``benchmark.json`` is up to date.

    Raises
    ------
    GenReError
        If a name is not known, the folder is of another version, the scheduler does not answer, or a
        process was lost. Whatever was finished is kept.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     bank = load_dataset("moons", n=300)
    ...     done = run({"moons": bank}, ["nearest-neighbour"], seeds=1, out=out, progress=False)
    ...     done.records()[0]["metrics"]["coverage"]
    1.0
    """
    banks = _chosen(datasets, _tables(), "data set")
    factories = _chosen(methods, METHODS, "method")
    for name, number in (("seeds", seeds), ("people", people)):
        if number < 1:
            raise GenReError(f"{name} is {number}; it must be 1 or more.")
    if not jobs:
        raise GenReError("jobs is 0; give the number of processes, or -1 for one a core.")
    own = {name: _fingerprint(bank) for name, bank in banks.items() if bank is not None}
    ledger = Ledger(Path(out)).open(people, own)
    grid = {
        (dataset, seed): {Cell(dataset, method, seed): make for method, make in factories.items()}
        for seed in range(seeds)
        for dataset in banks
    }
    missing = {
        world: {cell: make for cell, make in cells.items() if not ledger.finished(cell)}
        for world, cells in grid.items()
    }
    tasks = [
        _Task(
            bank=banks[dataset],
            seed=seed,
            people=people,
            cells=cells,
            folder=ledger.folder,
            id=ledger.about["id"],
            run=None if scheduler else os.getpid(),
        )
        for (dataset, seed), cells in missing.items()
        if cells
    ]
    with _bar(ledger, grid, missing, progress):
        for found in _on_cluster(tasks, scheduler) if scheduler else _here(tasks, jobs):
            for cell, record in found.items():
                ledger.write(cell, record)
    ledger.summarize()
    return ledger


def _fingerprint(bank: Dataset) -> str:
    """The start of a SHA-256 over a table's rows, schema and favourable outcome."""
    digest = hashlib.sha256(f"{bank.schema.to_dict()}{bank.target}{bank.favourable}".encode())
    for part in (bank.train, bank.test):
        digest.update(pd.util.hash_pandas_object(part).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _chosen(asked: Sequence[str] | Mapping, known: Mapping, kind: str) -> dict:
    if isinstance(asked, str):
        raise GenReError(f"{asked!r} is one name; write [{asked!r}].")
    if not asked:
        raise GenReError(f"No {kind} is named; there are {list(known)}.")
    for name in asked:
        if isinstance(asked, Mapping):
            if not re.fullmatch(r"\w[\w.+-]*", name):
                raise GenReError(
                    f"{name!r} cannot be the name of a {kind}, since files are called after it; "
                    "use letters, digits, '-', '_', '+' and '.' only."
                )
        elif name not in known:
            raise GenReError(
                f"No {kind} named {name!r}{nearest(name, [*known])} There are {[*known]}."
            )
    return {name: (asked if isinstance(asked, Mapping) else known)[name] for name in asked}


def _tables() -> dict[str, None]:
    """Every table with every split; the rows are read by the process that needs them."""
    listed = list_datasets()
    return {
        name if split == "default" else f"{name}:{split}": None
        for name, splits in zip(listed["name"], listed["splits"], strict=True)
        for split in splits.split(", ")
    }


@contextmanager
def _bar(ledger: Ledger, grid: Mapping, missing: Mapping, progress: bool) -> Iterator[None]:
    """A bar that moves whenever a cell's file is written, by whichever process."""
    before = {cell: ledger.stamp(cell) for cells in missing.values() for cell in cells}
    total = sum(map(len, grid.values()))
    initial = total - len(before)
    over = threading.Event()
    # Cells come in bursts and differ a lot, so the time left goes by the mean of all so far.
    with tqdm(
        total=total,
        initial=initial,
        desc="benchmark",
        unit="cell",
        smoothing=0,
        disable=not progress,
    ) as bar:

        def look() -> None:
            written = sum(ledger.stamp(cell) != then for cell, then in before.items())
            bar.n = initial + written
            bar.refresh()

        def watch() -> None:
            while not over.wait(1.0):
                look()

        watcher = threading.Thread(target=watch, daemon=True)
        if progress:
            watcher.start()
        try:
            yield
        finally:
            over.set()
            if progress:
                watcher.join()
                look()


def _here(tasks: Sequence[_Task], jobs: int) -> Iterator[dict[Cell, dict]]:
    try:
        yield from Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")(
            delayed(_work)(task) for task in tasks
        )
    except BrokenProcessPool as error:
        raise GenReError(
            "A process of the benchmark was killed, for want of memory perhaps. What was finished is "
            "kept: run the same again, with fewer jobs."
        ) from error


def _on_cluster(tasks: Sequence[_Task], address: str) -> Iterator[dict[Cell, dict]]:
    # joblib's own Dask backend waits for ever for a task that keeps killing its worker.
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise GenReError(
            "A scheduler needs the package distributed; pip install 'genre-lite[cluster]'."
        ) from None
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise GenReError(
            f"No Dask scheduler answers at {address!r} ({error}); start one with `dask scheduler` and "
            "give the address that it prints, as tcp://host:port."
        ) from None
    lost = GenReError(
        f"The scheduler at {address!r} was lost. What was finished is kept: start it again, and run "
        "the same."
    )
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
            futures = {client.submit(_work, task, pure=False): task for task in tasks}
            for future in distributed.as_completed(futures):
                if future.status == "finished":
                    yield future.result()
                elif future.status == "error":
                    said = {"error": _told(future.exception()), "warnings": []}
                    yield dict.fromkeys(futures[future].cells, said | {"made_by": made_by()})
                else:
                    raise lost
        except TimeoutError:
            raise GenReError(
                f"The scheduler at {address!r} has no workers; start some with `dask worker {address}`."
            ) from None
        except OSError as error:
            raise lost from error
