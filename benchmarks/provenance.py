"""Results that know their age: each file under results/ records the code that made it.

    python -m benchmarks.provenance            # one line a file: OK, or STALE and what changed
    python -m benchmarks.provenance --strict   # the same; fails if a file is stale

A benchmark puts :func:`made_by` into its record. What counts is the benchmark's own file and every
module of the package that it leads to, without docstrings and comments.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import io
import json
import os
import platform
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import resolve_name
from pathlib import Path

import genre_lite
from genre_lite import atomic

__all__ = [
    "code_hash",
    "cores",
    "digest",
    "made_by",
    "main",
    "purpose",
    "records",
    "stale_files",
    "stale_note",
    "verdict",
    "versions",
    "write",
]

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
# Modules that read what a user hands in, word an answer, draw, store or label it, and compute no result.
WORDING = (
    "atomic",
    "certificate",
    "cli",
    "desk",
    "errors",
    "exercises",
    "letters",
    "plotting",
    "provenance",
    "reading",
    "recourses",
    "serialization",
    "storage",
    "terminal",
    "wording",
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
PACKAGES = ("torch", "numpy", "pandas", "scikit-learn")


def code_hash(modules: Iterable[str], alone: Iterable[str] = ()) -> dict[str, str]:
    """A hash of each source file that the named modules are made of, and of all of ours they use.

    Parameters
    ----------
    modules
        Names with dots, as ``"benchmarks.pace"``. ``gl.GenRe`` in a benchmark counts as a use
        of the module where ``GenRe`` lives.
    alone
        More modules, without what they use.

    Returns
    -------
    file, from the root of the repository, to the start of its SHA-256.

    Raises
    ------
    GenReError
        If there is no such module.

    Examples
    --------
    >>> list(code_hash(["genre_lite.categorical"]))
    ['genre_lite/categorical.py']
    """
    found, ahead = {}, [*modules, *alone]
    closed = set(alone)
    while ahead:
        module = ahead.pop()
        if module in found:
            continue
        path = _file(module)
        if path is None:
            raise genre_lite.GenReError(f"There is no module {module!r} under {ROOT.name}/.")
        found[module] = path
        if module not in closed:
            ahead += _uses(module, path)
    return {
        path.relative_to(ROOT).as_posix(): _fingerprint(path) for path in sorted(found.values())
    }


def _file(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    places = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in places if path.is_file()), None)


def _uses(module: str, path: Path) -> Iterator[str]:
    """The modules of ours that a source file imports, or reaches through ``gl``."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for name in _named(path.read_text(), package):
        top, *rest = name.split(".")
        if top == "genre_lite" and rest:
            rest[0] = genre_lite._HOME.get(rest[0], rest[0])
        if top in ("benchmarks", "genre_lite") and rest and rest[0] not in WORDING:
            used = ".".join((top, *rest))
            if _file(used):
                yield used


@cache  # by its text, so that a file that changes is read anew
def _named(source: str, package: str) -> list[str]:
    """Every name with dots that a source imports, or reaches through ``gl``."""
    names, tree = set(), ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []  # what a type checker alone imports does not run
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "gl":
            names.add(f"genre_lite.{node.attr}")
    return sorted(names)


def _fingerprint(path: Path) -> str:
    """A hash of the code alone; what a reader is told about it may change."""
    source = path.read_text()
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(source)["cells"] if cell["cell_type"] == "code"]
        source = "\n".join("".join(cell["source"]) for cell in cells)
    return _hash(source)


@cache
def _hash(source: str) -> str:
    """A hash of the code of a source, without docstrings and comments."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            doc = node.body[0]
            lines[doc.lineno - 1 : doc.end_lineno] = [""] * (doc.end_lineno - doc.lineno + 1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    code = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def made_by(module: str, also: Iterable[str] = ()) -> dict:
    """What a result depends on besides its seeds: versions, cores, and the code of a benchmark.

    Parameters
    ----------
    module
        The benchmark, a name with dots.
    also
        More files, from the root of the repository, each for itself: a notebook counts by its cells.

    Examples
    --------
    >>> sorted(made_by("benchmarks.provenance"))
    ['code', 'cores', 'genre_lite', 'numpy', 'pandas', 'python', 'scikit-learn', 'torch']
    """
    return {
        "genre_lite": genre_lite.__version__,
        **{name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "cores": cores(),
        "code": code_hash([module]) | {file: _fingerprint(ROOT / file) for file in also},
    }


def cores() -> int | None:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count()


def digest(code: Mapping[str, str]) -> str:
    """One hash of many files' hashes.

    Examples
    --------
    >>> digest({"a.py": "1"}) == digest({"a.py": "2"})
    False
    """
    return hashlib.sha256(json.dumps(dict(sorted(code.items()))).encode()).hexdigest()[:16]


def stale_files(record: dict) -> list[str] | None:
    """The files whose code differs from the code that made a record; ``None`` if it names none."""
    code = record.get("made_by", {}).get("code")
    if not code:
        return None

    def now(file: str) -> str | None:
        path = ROOT / file
        return _fingerprint(path) if path.is_file() else None

    return [file for file, then in code.items() if now(file) != then]


def records(folder: Path = RESULTS) -> dict[str, dict]:
    """Every results file by its name."""
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def write(record: Mapping, path: Path) -> None:
    """The record as a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, json.dumps(record, indent=1) + "\n")


def verdict(record: dict) -> str:
    """``OK``, or ``STALE`` and why."""
    changed = stale_files(record)
    if changed is None:
        return "STALE: it does not say which code made it"
    return f"STALE: changed since: {', '.join(changed)}" if changed else "OK"


def stale_note(name: str) -> str:
    """What a page says that reads ``results/<name>.json``, and why a test of it is skipped; "" if fresh.

    Examples
    --------
    >>> stale_note("nothing")
    'results/nothing.json is not made yet'
    """
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        return f"results/{path.name} is not made yet"
    fresh = stale_files(json.loads(path.read_text())) == []
    return "" if fresh else f"results/{path.name} is STALE: made by other code"


def purpose(record: dict) -> str:
    """What a record's benchmark measures: the first sentence of its file."""
    path = _file(record["command"].split()[2])
    return (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0] if path else ""


def versions(record: dict) -> str:
    """The software that made a record, in one line."""
    known = record.get("made_by", {})
    names = [name for name in ("genre_lite", "python", *PACKAGES) if name in known]
    return ", ".join(f"{name} {known[name]}" for name in names) or "not recorded"


def main() -> None:
    """List the results with their verdicts."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--strict", action="store_true", help="fail if a file is stale")
    asked.add_argument("--folder", type=Path, default=RESULTS)
    given = asked.parse_args()
    verdicts = {name: verdict(record) for name, record in records(given.folder).items()}
    for name, said in verdicts.items():
        print(f"{name}: {said}")
    stale = [name for name, said in verdicts.items() if said != "OK"]
    if given.strict and (stale or not verdicts):
        sys.exit(f"{len(stale)} of {len(verdicts)} results are stale; run their commands again.")


if __name__ == "__main__":
    main()
