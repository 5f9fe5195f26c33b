"""A file is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from genre_lite import atomic


def test_text_and_bytes_take_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "letter.txt"
    for content, read in (("λ = 5\n", "λ = 5\n"), (b"bytes", "bytes")):
        atomic.write(path, content)
        assert path.read_bytes().decode() == read
    assert [*tmp_path.iterdir()] == [path]


def test_a_write_that_fails_keeps_what_was_there_and_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "letter.txt"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        atomic.write(path, "new")
    monkeypatch.undo()
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        atomic.write(path, "new")
    assert [*tmp_path.iterdir()] == [path] and path.read_text() == "old"
