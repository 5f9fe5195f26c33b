"""The project's commands in Python, for machines without make; the Makefile calls the same ones.

    python -m tasks book             # every chapter executed, the book built strictly; `book 7` is one
    python -m tasks test             # the package, the examples in its docstrings, every cell
    python -m tasks slow             # the tests that take long, which `test` leaves out
    python -m tasks measure          # every test, and which of them take long: tests/slow.txt
    python -m tasks pages            # the pages that `book` has built, in a browser
    python -m tasks check codec      # one module: style, types, its tests; `check 7` is a chapter, `check intro` a page
    python -m tasks lab              # the chapters in JupyterLab
    python -m tasks diff             # what changed in the chapters, cell by cell
    python -m tasks style            # layout and types of all files
    python -m tasks classroom        # assignments for graders, and what else a teacher needs
    python -m tasks package          # the package's tests, from the archive that a release ships
    python -m tasks peers            # the environments of other projects that the benchmark runs beside
    python -m tasks environment      # `.venv` alone
    python -m tasks release          # what is published, unless a result is stale or the address is not ours yet

Each makes the environment in ``.venv`` where there is none, or an older one than what it must hold.
``TORCH_INDEX`` names another index for torch.
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
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
BOOK = "jupyter-book"  # the one program that is no module
# What each peer needs; they contradict each other and ours. NICE needs Python 3.11, for its pandas < 2.
PEERS = {
    "dice-ml": ("dice-ml==0.12",),
    "nice": ("nicex==0.2.3", "scipy", "scikit-learn"),
    "ellice": ("torch", "ellice==0.1.4"),
}
SPREAD = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--durations=20")
QUICK = "not slow and not built"
PROSE = ("prose", "notation", "glossary_use", "book", "bibliography")
NOTHING_THERE = 5  # what pytest ends with where nothing was collected
CELLS = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600")


def run(*command: str | Path, where: Path = ROOT, fine: int = 0, **more: str) -> None:
    """Run a module of the environment, or its jupyter-book; its failure is ours, unless it ends as is ``fine``."""
    known = [PYTHON.with_name("jupyter-book")] if command[0] == BOOK else [PYTHON, "-m", command[0]]
    # The networks are small: more threads than one mostly wait for each other. Text is UTF-8, on Windows too.
    settings = {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"} | dict(os.environ) | more
    done = subprocess.run([*known, *map(str, command[1:])], cwd=where, env=settings)
    if done.returncode not in (0, fine):
        sys.exit(done.returncode)


def fill(folder: Path, *packages: str) -> None:
    """Make an environment in ``folder`` with these packages; torch, if named, first and alone, for its pin."""
    if sys.version_info < (3, 11):  # noqa: UP036, for this file runs before pip can refuse
        sys.exit(
            "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..., or start this with it."
        )
    python = folder / PYTHON.relative_to(VENV)
    # Whoever started us from the environment itself would lose it while it is made anew.
    mine = Path(sys.prefix).resolve() == folder.resolve()
    outside = getattr(sys, "_base_executable", "") if mine else sys.executable
    if mine and (os.name == "nt" or not outside):
        sys.exit(
            "Your environment is to be made anew: leave it (deactivate), and start this with the Python outside."
        )
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run([outside, "-m", "venv", folder], capture_output=True)
    if made.returncode:  # Debian keeps ensurepip in a package of its own; the outer pip steps in
        bare = [outside, "-m", "venv", "--clear", "--without-pip", folder]
        subprocess.run(bare, check=True)
        outer = [outside, "-m", "pip", "--python", python, "install", "--quiet", "pip"]
        subprocess.run(outer, check=True)
    install = [python, "-m", "pip", "install", "--quiet", "-c", "constraints.txt"]
    index = os.environ.get("TORCH_INDEX")
    if "torch" in packages:
        other = ["--index-url", index] if index else []
        subprocess.run([*install, "torch", *other], cwd=ROOT, check=True)
    rest = [name for name in packages if name != "torch"]
    subprocess.run([*install, *rest], cwd=ROOT, check=True)
    (folder / "ready").touch()


def environment() -> None:
    """Make the environment, if it is missing or older than what says what it must hold."""
    ready = VENV / "ready"
    said = max((ROOT / name).stat().st_mtime for name in ("pyproject.toml", "constraints.txt"))
    if not ready.exists() or ready.stat().st_mtime < said:
        fill(VENV, "torch", "-e", ".[book,test]")


def peers() -> None:
    """The environments of the packages we compare with; one that cannot be had is named, and the rest made."""
    failed = []
    for name, packages in PEERS.items():
        folder = ROOT / "benchmarks/.peers" / name
        if not (folder / "ready").exists():
            try:
                fill(folder, *packages)
            except subprocess.CalledProcessError:
                failed.append(name)
    if failed:
        sys.exit(f"Not to be had for this Python: {', '.join(failed)}.")


def notebook(chapter: str) -> Path:
    """The notebook of a chapter, by its number or the start of its name; 2b is the second half of 2."""
    number = re.fullmatch(r"(\d+)([a-z]?)", chapter)
    start = f"{int(number[1]):02}{number[2]}_" if number else chapter
    found = sorted((ROOT / "notebooks").glob(f"{start}*.ipynb"))
    if len(found) != 1:
        names = ", ".join(path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb")))
        sys.exit(f"No chapter is {chapter!r}; there are {names}.")
    return found[0]


def book(chapter: str = "") -> None:
    """The whole book, strictly; or one chapter alone, whose links to other pages lead nowhere."""
    if not chapter:
        shutil.rmtree(ROOT / "_build", ignore_errors=True)
        run(BOOK, "build", ".", "--all", "-W", "-n", "--keep-going")
        print(f"The book is ready: {ROOT / '_build/html/index.html'}")
        return
    page = notebook(chapter)
    out = ROOT / "_build/chapter"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    beside = "".join(f"- file: book/{name}\n" for name in ("glossary", "notation", "bibliography"))
    contents = f"format: jb-book\nroot: notebooks/{page.stem}\nchapters:\n{beside}"
    (out / "_toc.yml").write_text(contents)
    run(BOOK, "build", ".", "--toc", out / "_toc.yml", "--path-output", out, "--quiet")
    print(f"The chapter is ready: {out / '_build/html/notebooks' / page.stem}.html")


def test() -> None:
    """The package, the examples in its docstrings, every cell of every chapter; but for what is slow, or built."""
    run("pytest", *SPREAD, *CELLS, "-m", QUICK)


def slow() -> None:
    """The tests that took long when they were measured."""
    run("pytest", *SPREAD, "-m", "slow and not built", "tests")


def measure() -> None:
    """Every test but the chapters' cells; those that take long are listed for `slow`. On a quiet machine."""
    run("pytest", *SPREAD, "-m", "not built", "tests", GENRE_LITE_MEASURE="1")


def pages() -> None:
    """The tests of the built pages."""
    if not (ROOT / "_build/html/index.html").is_file():
        sys.exit("There are no pages yet: build the book first.")
    run("pytest", *SPREAD, "-m", "built", "tests")


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


def tests_of(module: Path) -> list[Path]:
    """The tests with a module's name, else those with its folder's, else those that import it."""
    for name in (module.stem, module.parent.name):
        if (named := ROOT / f"tests/test_{name}.py").is_file():
            return [named]
    imports = re.compile(
        rf"genre_lite[.\w]*\.{module.stem} import|genre_lite[.\w]* import [^(\n]*\b{module.stem}\b"
    )
    return [
        path
        for path in sorted(ROOT.glob("tests/test_*.py"))
        if imports.search(path.read_text("utf-8"))
    ]


def check(what: str) -> None:
    """One module, chapter or page: style, types, examples and tests, within a minute."""
    chapter = re.fullmatch(r"(\d+)[a-z]?", what)
    modules = [*ROOT.glob(f"genre_lite/**/{what}.py")]
    if chapter:
        files = [notebook(what), ROOT / f"tests/test_chapter_{int(chapter[1]):02}.py"]
        run("nbstripout", "--verify", files[0])
    else:
        files = [*modules, *(path for module in modules for path in tests_of(module))]
        files += [] if modules else ROOT.glob(f"tests/test_{what}.py")
    files = [path for path in files if path.is_file()]
    if not files and [*ROOT.glob(f"book/**/{what}.md"), *ROOT.glob(f"notebooks/{what}.ipynb")]:
        files = [ROOT / f"tests/test_{name}.py" for name in PROSE]  # which read all pages
    if not files:
        sys.exit(f"There is no module, test or page {what!r}; a number is a chapter.")
    run("ruff", "check", *files)
    run("ruff", "format", "--check", *files)
    if modules:
        run("mypy")
    if modules == files:
        print("No test is of this module alone; `make test` has them all.")
    run(
        "pytest",
        "-q",
        "-m",
        QUICK,
        "--durations=5",
        *CELLS,
        *files,
        fine=NOTHING_THERE if modules else 0,
    )


def lab() -> None:
    """The chapters, to be run and changed."""
    run("jupyter", "lab", "notebooks")


def diff() -> None:
    """What was changed in the chapters since the last commit, cell by cell."""
    run("nbdime", "diff", "--sources", "HEAD", "notebooks")


def style() -> None:
    """ruff, mypy, and notebooks without outputs."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("nbstripout", "--verify", *sorted((ROOT / "notebooks").glob("*.ipynb")))


def release() -> None:
    """What is published, sdist and wheel, unless a result is stale or the public address is not ours."""
    run("benchmarks.provenance", "--strict")
    url = re.search(r"^  url: (https://\S+)", (ROOT / "_config.yml").read_text(), flags=re.M)[1]
    try:
        urllib.request.urlopen(f"{url}/blob/HEAD/genre_lite/__init__.py", timeout=30).close()
    except OSError as problem:
        sys.exit(
            f"{url} does not answer with this repository ({problem}). Readers, badges and the package's page "
            "would lead nowhere. Name the right one: make address URL=https://github.com/OWNER/NAME"
        )
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    run("build", "--outdir", "dist", ".")
    run("twine", "check", "--strict", *sorted(ROOT.glob("dist/*")))


TASKS = {
    task.__name__: task
    for task in (
        environment,
        book,
        pages,
        test,
        slow,
        measure,
        package,
        classroom,
        check,
        lab,
        diff,
        style,
        peers,
        release,
    )
}


def main() -> None:
    """Run the task that is asked for."""
    asked = argparse.ArgumentParser(
        prog="python -m tasks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("task", choices=TASKS)
    asked.add_argument(
        "what",
        nargs="?",
        default="",
        help="check: a module, a page or a chapter's number; book: a chapter's",
    )
    given = asked.parse_args()
    if given.what and given.task not in ("check", "book"):
        asked.error(f"{given.task} takes nothing more")
    if given.task == "check" and not given.what:
        asked.error("check what? Name a module, as codec, or a chapter, as 7.")
    environment()
    TASKS[given.task](*([given.what] if given.what else []))


if __name__ == "__main__":
    main()
