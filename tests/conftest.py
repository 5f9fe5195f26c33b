"""What the tests of the repository and of the book share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds the repository."""
    return Path(__file__).resolve().parent.parent
