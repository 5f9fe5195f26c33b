"""Chapters are executed side by side, and each page gets what its own code says."""

from __future__ import annotations

import nbformat
import pytest
from sphinx.application import Sphinx

from book.extensions import side_by_side

HEAD = """---
file_format: mystnb
kernelspec:
  name: python3
---

# {title}

```{{code-cell}} ipython3
{code}
```
"""
MEET = """import time
from pathlib import Path

Path("{mine}").touch()
for _ in range(600):
    if Path("{other}").exists():
        break
    time.sleep(0.1)
print("met" if Path("{other}").exists() else "alone", "{mine}")"""


def built(folder, pages, **settings):
    source = folder / "source"
    source.mkdir()
    for name, code in pages.items():
        (source / f"{name}.md").write_text(HEAD.format(title=name, code=code))
    names = "\n".join(pages)
    (source / "index.md").write_text(f"# Index\n\n```{{toctree}}\n{names}\n```\n")
    known = {
        "extensions": ["myst_nb", "book.extensions.side_by_side"],
        # Else a book adds its suffixes to Sphinx's default, which the next book would get.
        "source_suffix": {".md": "myst-nb"},
        "nb_execution_mode": "force",
        "nb_execution_raise_on_error": True,
        "html_theme": "basic",
    }
    out = folder / "html"
    app = Sphinx(
        source, None, out, folder / "trees", "html", known | settings, status=None, warning=None
    )
    app.build()
    return {name: (out / f"{name}.html").read_text() for name in pages}


def test_two_chapters_run_at_the_same_time(tmp_path, monkeypatch):
    """Each waits for the other, so one after the other would say that it was alone."""
    monkeypatch.setattr(side_by_side, "jobs", lambda: 2)
    pages = {
        "a": MEET.format(mine="here_a", other="here_b"),
        "b": MEET.format(mine="here_b", other="here_a"),
    }
    html = built(tmp_path, pages)
    assert "met here_a" in html["a"] and "met here_b" in html["b"]


def test_an_error_still_fails_the_build(tmp_path):
    with pytest.raises(Exception, match="wrong"):
        built(tmp_path, {"right": "print(1 + 1)", "wrong": "1 / 0"})
    assert not side_by_side.ahead
    assert side_by_side.direct.single_nb_execution is side_by_side.single_nb_execution


def test_a_page_that_nobody_foresaw_is_executed_when_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(side_by_side, "key", lambda *_: object())
    assert "forty-two" in built(tmp_path, {"page": "print('forty-two')"})["page"]


def test_a_chapter_that_its_test_has_run_is_not_run_again(tmp_path, monkeypatch):
    """Where the code is the same; the mark in the outputs tells who ran it."""
    (tmp_path / "executed").mkdir()
    for name, code in {"same": "print('same code')", "other": "print('older code')"}.items():
        cell = nbformat.v4.new_code_cell(code, execution_count=1)
        cell.outputs = [nbformat.v4.new_output("stream", text="run by its test")]
        ran = nbformat.v4.new_notebook(cells=[cell])
        nbformat.write(ran, tmp_path / f"executed/{name}.md")
    monkeypatch.setenv("GENRE_LITE_EXECUTED", str(tmp_path / "executed"))
    html = built(tmp_path, {"same": "print('same code')", "other": "print('newer code')"})
    assert "run by its test" in html["same"]
    assert "run by its test" not in html["other"] and "newer code" in html["other"]
