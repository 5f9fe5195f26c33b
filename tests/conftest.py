"""What the tests of the repository and of the book share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Each folder has a conftest.py; as sources of doctests they would be one module with two files.
collect_ignore = ["conftest.py"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds the repository."""
    return Path(__file__).resolve().parent.parent


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
