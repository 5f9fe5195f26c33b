"""One kind of record: cells that are made one by one, kept as they come, and known to be of this code.

A benchmark that is stopped goes on where it was: :class:`Record` says which cells are missing, takes up
each as it ends, and writes the file whole or not at all. A cell made by other code is missing. The file is
JSON, a cell a line, so that two versions of it can be compared.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import joblib
import numpy as np
from tqdm.auto import tqdm

from genre_lite import atomic
from genre_lite.errors import GenReError

from . import provenance

__all__ = ["Record", "plain"]

DIGITS = 6
MARKS = ("code", "stands_by", "warnings")  # who made a cell, and what libraries said meanwhile


class Record:
    """The cells of a benchmark in one file.

    Parameters
    ----------
    path
        Where the file is, or will be.
    command
        What makes it, as ``"python -m benchmarks.field"``.
    code
        From a cell's key to the code that makes it, file to hash; the same for all if ``None``: that of the
        benchmark's module, which is the command's last word.
    spool
        A folder in which workers leave cells; git ignores it.
    """

    def __init__(
        self,
        path: Path,
        command: str,
        *,
        code: Callable[[str], Mapping[str, str]] | None = None,
        spool: Path | None = None,
    ) -> None:
        self.path = path
        self.command = command
        self.spool = spool
        self._made_by = provenance.made_by(command.split()[2])
        self._code = code or (lambda key: self._made_by["code"])
        self.cells: dict[str, dict] = {}
        self.old: dict[str, dict] = {}  # made by other code; writing drops them
        known = json.loads(path.read_text())["cells"] if path.exists() else {}
        for key, cell in known.items():
            (self.cells if self._fresh(key, cell) else self.old)[key] = cell
        self.collect()

    def _fresh(self, key: str, cell: Mapping) -> bool:
        return cell.get("code") == self._mark(key)

    def _mark(self, key: str) -> str:
        """One hash of all code behind a cell."""
        return provenance.digest(self._code(key))

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that no cell of this code answers, in their order."""
        return [key for key in keys if self.cells.get(key, {"error": True}).get("error")]

    def put(self, key: str, cell: Mapping) -> None:
        """Take up a cell; :meth:`write` keeps it."""
        self.cells[key] = self._marked(key, cell)

    def _marked(self, key: str, cell: Mapping) -> dict:
        return plain(dict(cell)) | {"code": self._mark(key)}

    def confirm(
        self,
        keys: Iterable[str],
        again: Mapping[str, Mapping],
        here: Mapping[str, Mapping] | None = None,
    ) -> bool:
        """Old cells stand, if some of them came out the same when this code made them ``again``.

        Each then says in ``stands_by`` which cells these were. What took seconds may differ. Another machine
        rounds otherwise, and its cells may never come out the same: so ``here`` may hold old cells that
        their own code has made on this one.
        """
        here = here or {}

        def stands(key: str, cell: Mapping) -> bool:
            old, mine = self.old[key], here.get(key, {})
            return _answers(cell) == _answers(old) or (
                mine.get("code") == old["code"] and _answers(cell) == _answers(mine)
            )

        same = bool(again) and all(stands(key, cell) for key, cell in again.items())
        for key in keys:
            old = self.old.pop(key)
            if key in again:
                self.put(key, again[key])
            elif same:
                self.put(key, old | {"stands_by": sorted(again)})
        return same

    def sample(
        self,
        keys: Iterable[str],
        count: int,
        task: Callable[[list[str]], object],
        jobs: int,
        summary: Callable[[Mapping[str, dict]], Mapping],
        *,
        stages: Callable[[Iterable[str]], list[list[str]]] = lambda keys: [[key] for key in keys],
        here: Mapping[str, Mapping] | None = None,
        **about: object,
    ) -> None:
        """Take up old cells, if ``count`` of each row come out the same by the code of today.

        A row is all of a key but its seed: a cell stands by cells of its own row, and by no others. The last
        seeds come first, since another machine's cells may differ by a rounding. ``task`` is joblib's task for
        the cells of one stage, and leaves them in the spool; what a stopped run has left there is not made
        a third time. For ``here`` see :meth:`confirm`.
        """
        keys = list(keys)
        others = sorted(set(self.old).difference(keys))
        if count < 1:
            raise GenReError(f"confirm is {count}; make at least 1 cell of each row again.")
        if others:
            raise GenReError(
                f"{len(others)} old cells, {others[:3]}, are not asked for, and would be dropped; confirm all at once."
            )
        rows: dict[str, list[str]] = {}
        for key in keys:
            if "error" not in self.old.get(key, {"error": True}):
                rows.setdefault(key.rpartition("/")[0], []).append(key)
        left = {
            row: min(count, len(keys)) - sum(map(self.cells.__contains__, keys))
            for row, keys in rows.items()
        }
        asked: list[list[str]] = []
        for cells in sorted(stages(key for keys in rows.values() for key in keys), key=_rank):
            asked.append([])
            for key in cells:
                row = key.rpartition("/")[0]
                if left[row] > 0 and key not in self.cells:
                    left[row] -= 1
                    asked[-1].append(key)
        tasks = [task(cells) for cells in asked if cells]
        crew = joblib.Parallel(jobs, return_as="generator_unordered")
        for _ in tqdm(crew(tasks), total=len(tasks), desc="confirm", unit="stage"):
            self.collect()
        for row, cells in rows.items():
            again = {key: self.cells[key] for key in cells if key in self.cells}
            for key, cell in again.items():
                if "error" in cell:  # it may be this machine's, and says nothing of the old cells
                    raise GenReError(f"{key}: {cell['error']}")
            if not self.confirm(cells, again, here):
                tqdm.write(f"{row}: {len(cells)} cells are to be made again")
        self.write(summary, **about)

    def fill(
        self,
        tasks: Iterable,
        count: int,
        jobs: int,
        summary: Callable[[Mapping[str, dict]], Mapping],
        **about: object,
    ) -> None:
        """Run joblib's tasks, ``jobs`` at a time, and write after each what it left.

        A task returns how many of the ``count`` cells it has left in the spool; or, where it ran on a machine
        that has no such spool, the cells themselves, by their keys. The next one is asked for when a job is free.
        """
        crew = joblib.Parallel(jobs, return_as="generator_unordered", pre_dispatch=jobs)
        with tqdm(total=count, desc=self.path.stem, unit="cell") as bar:
            for made in crew(tasks):
                if isinstance(made, Mapping):
                    for key, cell in made.items():
                        self.put(key, cell)
                bar.update(len(made) if isinstance(made, Mapping) else made)
                self.collect()
                self.write(summary, **about)
        self.write(summary, **about)

    def leave(self, key: str, cell: Mapping) -> None:
        """What a worker calls in place of :meth:`put`: a file in the spool."""
        assert self.spool is not None
        name = key.replace("/", "+").replace(":", "=")
        text = json.dumps({"key": key, "cell": self._marked(key, cell)})
        self.spool.mkdir(parents=True, exist_ok=True)
        atomic.write(self.spool / f"{name}.json", text)

    def collect(self) -> int:
        """Take up what workers have left; how many cells that was."""
        count = 0
        for _, left in self._left():
            if self._fresh(left["key"], left["cell"]):
                self.cells[left["key"]] = left["cell"]
                count += 1
        return count

    def _left(self) -> Iterator[tuple[Path, dict]]:
        """What lies in the spool."""
        if self.spool and self.spool.is_dir():
            for path in sorted(self.spool.glob("*.json")):
                yield path, json.loads(path.read_text())

    def write(
        self, summary: Callable[[Mapping[str, dict]], Mapping] | None = None, **about: object
    ) -> None:
        """The file, whole or not at all; what the spool held is then in it."""
        cells = dict(sorted(self.cells.items()))
        record = {
            "command": self.command,
            "made_by": self._made_by,
            **about,
            "summary": plain(summary(cells)) if summary else {},
        }
        head = json.dumps(plain(record), indent=1, allow_nan=False)
        lines = ",\n".join(
            f"{json.dumps(key)}: {json.dumps(cell, allow_nan=False)}" for key, cell in cells.items()
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(self.path, f'{head[:-2]},\n "cells": {{\n{lines}\n}}}}\n')
        for path, left in self._left():
            if not self._fresh(left["key"], left["cell"]) or left["key"] in cells:
                path.unlink()


def _answers(said: object) -> object:
    """What a cell says, without its marks and what depends on a machine's other work."""
    if not isinstance(said, Mapping):
        return plain(said)
    return {
        key: _answers(value)
        for key, value in said.items()
        if key not in MARKS and "seconds" not in key
    }


def _rank(cells: list[str]) -> tuple[int, int]:
    """Late seeds first, and long stages of these."""
    return -int(cells[0].rpartition("/")[2]), -len(cells)


def plain(value: object) -> object:
    """The value for strict JSON, with six digits; what is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
