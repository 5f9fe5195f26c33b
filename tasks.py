"""The project's commands in Python, for machines without make; the Makefile calls the same ones.

    python -m tasks book             # every chapter executed, the book built strictly
    python -m tasks test             # the package, the examples in its docstrings, every cell
    python -m tasks check codec      # one module: style, types, its tests; `check 7` is a chapter
    python -m tasks classroom        # assignments for graders, and what else a teacher needs
    python -m tasks package          # the package's tests, from the archive that a release ships

Each makes the environment in ``.venv`` where there is none. ``TORCH_INDEX`` names another index for torch.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
BOOK = "jupyter-book"  # the one program that is no module
SPREAD = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--durations=20")
CELLS = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600")


def run(*command: str | Path, where: Path = ROOT, **more: str) -> None:
    """Run a module of the environment, or its jupyter-book; its failure is ours."""
    known = [PYTHON.with_name("jupyter-book")] if command[0] == BOOK else [PYTHON, "-m", command[0]]
    # The networks are small: more threads than one mostly wait for each other.
    settings = {"OMP_NUM_THREADS": "1"} | dict(os.environ) | more
    done = subprocess.run([*known, *map(str, command[1:])], cwd=where, env=settings)
    if done.returncode:
        sys.exit(done.returncode)


def environment() -> None:
    """Make the environment, if it is missing."""
    if PYTHON.exists():
        return
    if sys.version_info < (3, 11):  # noqa: UP036, for this file runs before pip can refuse
        sys.exit("Python 3.11 or newer is needed.")
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    index = os.environ.get("TORCH_INDEX")
    pip = ("pip", "install", "--quiet", "-c", "constraints.txt")
    run(*pip, "torch", *(("--index-url", index) if index else ()))
    run(*pip, "-e", ".[book,test]")
    (VENV / "ready").touch()  # as the Makefile does


def notebook(chapter: str) -> Path:
    """The notebook of a chapter, by its number or the start of its name; 2b is the second half of 2."""
    number = re.fullmatch(r"(\d+)([a-z]?)", chapter)
    start = f"{int(number[1]):02}{number[2]}_" if number else chapter
    found = sorted((ROOT / "notebooks").glob(f"{start}*.ipynb"))
    if len(found) != 1:
        names = ", ".join(path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb")))
        sys.exit(f"No chapter is {chapter!r}; there are {names}.")
    return found[0]


def book() -> None:
    """The whole book, strictly."""
    shutil.rmtree(ROOT / "_build", ignore_errors=True)
    run(BOOK, "build", ".", "--all", "-W", "-n", "--keep-going")
    print(f"The book is ready: {ROOT / '_build/html/index.html'}")


def test() -> None:
    """Everything: the package, the examples in its docstrings, every cell of every chapter."""
    run("pytest", *SPREAD, *CELLS)


def package() -> None:
    """The package's own tests, from the unpacked archive: nothing of the repository is at hand."""
    with tempfile.TemporaryDirectory() as folder:
        run("build", "--sdist", "--no-isolation", "--outdir", folder, ".")
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        inside = Path(folder, archive.name.removesuffix(".tar.gz"))
        run("pytest", *SPREAD, where=inside, PYTHONPATH=str(inside))


def classroom() -> None:
    """Assignments for graders, and what else a teacher needs, into ``_classroom/``."""
    run("book.classroom")


def check(what: str) -> None:
    """One module or one chapter: style, types, examples and tests, within a minute."""
    if what.isdecimal():
        files = [notebook(what), ROOT / f"tests/test_chapter_{int(what):02}.py"]
        run("nbstripout", "--verify", files[0])
    else:
        files = [*ROOT.glob(f"genre_lite/**/{what}.py"), *ROOT.glob(f"tests/test_{what}.py")]
    files = [path for path in files if path.is_file()]
    if not files:
        sys.exit(f"Neither genre_lite/ nor tests/ has a module {what!r}; a number is a chapter.")
    run("ruff", "check", *files)
    run("ruff", "format", "--check", *files)
    if not what.isdecimal():
        run("mypy")
    run("pytest", "-q", "-m", "not slow", "--durations=5", *CELLS, *files)


def style() -> None:
    """ruff, mypy, and notebooks without outputs."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("nbstripout", "--verify", *sorted((ROOT / "notebooks").glob("*.ipynb")))


TASKS = {
    task.__name__: task for task in (environment, book, test, package, classroom, check, style)
}


def main() -> None:
    """Run the task that is asked for."""
    asked = argparse.ArgumentParser(
        prog="python -m tasks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("task", choices=TASKS)
    asked.add_argument(
        "what", nargs="?", default="", help="for check: a module, or a chapter by its number"
    )
    given = asked.parse_args()
    if given.what and given.task != "check":
        asked.error(f"{given.task} takes nothing more")
    if given.task == "check" and not given.what:
        asked.error("check what? Name a module, as codec, or a chapter, as 7.")
    environment()
    TASKS[given.task](*([given.what] if given.what else []))


if __name__ == "__main__":
    main()
