"""What the tests of the repository and of the book share."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

# Each folder has a conftest.py; as sources of doctests they would be one module with two files.
collect_ignore = ["conftest.py"]

# The released archive holds the package and its tests. What tests the repository stays out there: a
# file that imports from beside the package, and, below, whatever asks for the root.
HERE = Path(__file__).resolve().parent
WHOLE = (HERE.parent / "benchmarks").is_dir()
OUTSIDE = re.compile(r"^\s*(?:from|import) (?:benchmarks|book|tasks)\b", re.M)
if not WHOLE:
    collect_ignore += [
        f.name for f in HERE.glob("test_*.py") if OUTSIDE.search(f.read_text("utf-8"))
    ]


SLOW = HERE / "slow.txt"  # tests that took longer than this when they were last measured
SECONDS = 1
measured: list[str] = []


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what took long and what asks for the built book: `make test` leaves both to others."""
    slow = set(SLOW.read_text("utf-8").splitlines())
    for item in items:
        if item.nodeid in slow:
            item.add_marker("slow")
        if "html" in getattr(item, "fixturenames", ()):
            item.add_marker("built")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what takes long, in the process that hears of all tests."""
    heard = "PYTEST_XDIST_WORKER" not in os.environ
    if heard and report.when == "call" and report.duration > SECONDS:
        measured.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write the list down, if this run is the one that measures: `python -m tasks measure`."""
    if "GENRE_LITE_MEASURE" in os.environ and "PYTEST_XDIST_WORKER" not in os.environ:
        own = sorted(nodeid for nodeid in measured if nodeid.startswith(HERE.name))
        SLOW.write_text("".join(f"{nodeid}\n" for nodeid in own), "utf-8")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds the repository."""
    if not WHOLE:
        pytest.skip("this tests the repository, and here is the package alone")
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def html(root) -> Path:
    """The folder of the built book."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.skip("the book is not built; run `make book` first")
    return folder


@pytest.fixture(scope="session")
def pages(html) -> dict[Path, BeautifulSoup]:
    """Each built page, parsed, by its path."""
    paths = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]
    return {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in paths}


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with the paper's splits; tests that need it are skipped without it."""
    named = os.environ.get("GENRE_LITE_DATA")
    if not named:
        pytest.skip("GENRE_LITE_DATA names no folder with the paper's splits")
    return Path(named)


@pytest.fixture(scope="session")
def fresh() -> Callable[[str], None]:
    """Skips a test that compares the code with ``results/<name>.json``, if other code made it."""
    from benchmarks import provenance

    def require(name: str) -> None:
        if note := provenance.stale_note(name):
            pytest.skip(note)

    return require


@pytest.fixture
def closed() -> Iterator[None]:
    """Closes the figures that a test has drawn."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
