"""Results know their age: what counts as a change, and what does not."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from docutils import nodes

import genre_lite as gl
from benchmarks import provenance
from book.extensions import stale

BENCHMARK = '''"""Measures one thing.

More about it.
"""

import genre_lite as gl


def run():
    """Doubles."""
    return 2 * gl.cost(0, 1)  # because
'''
OBJECTIVES = '''"""Costs."""

from .codec import scale


def cost(a, b):
    return scale(b - a)
'''


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small repository of its own, with one result."""
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    for name, text in {
        "benchmarks/one.py": BENCHMARK,
        "genre_lite/objectives.py": OBJECTIVES,
        "genre_lite/codec.py": "def scale(x):\n    from .errors import Oh\n\n    return x\n",
        "genre_lite/errors.py": "class Oh(Exception):\n    pass\n",
        "genre_lite/unused.py": "x = 1\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def record(tree):
    return {"command": "python -m benchmarks.one", "made_by": provenance.made_by("benchmarks.one")}


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_it_follows_imports_and_the_packages_names(record):
    assert list(record["made_by"]["code"]) == [
        "benchmarks/one.py",
        "genre_lite/codec.py",
        "genre_lite/objectives.py",
    ]
    assert provenance.verdict(record) == "OK"


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("benchmarks/one.py", "2 * gl", "3 * gl"),
        ("genre_lite/codec.py", "return x", "return x + 1"),
        ("genre_lite/objectives.py", "scale(b - a)", "scale(\n        b\n        - a)"),
    ],
)
def test_a_change_of_code_is_named(tree, record, file, before, after):
    edit(tree / file, before, after)
    assert provenance.stale_files(record) == [file]
    assert file in provenance.verdict(record)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("benchmarks/one.py", "Measures one thing.", "Measures\nanother thing."),
        ("benchmarks/one.py", "Doubles", "Doubles it"),
        ("benchmarks/one.py", "  # because", "\n    # because\n"),
        ("genre_lite/errors.py", "pass", "code = 2"),
        ("genre_lite/unused.py", "1", "2"),
    ],
)
def test_words_and_strangers_do_not_count(tree, record, file, before, after):
    edit(tree / file, before, after)
    assert provenance.stale_files(record) == []


def test_a_hash_sign_in_a_string_is_no_comment(tree):
    (tree / "benchmarks/one.py").write_text('x = "#1"\n')
    one = provenance.code_hash(["benchmarks.one"])
    (tree / "benchmarks/one.py").write_text('x = "#2"\n')
    assert provenance.code_hash(["benchmarks.one"]) != one


def test_a_file_that_is_gone_is_named(tree, record):
    (tree / "genre_lite/codec.py").unlink()
    assert provenance.stale_files(record) == ["genre_lite/codec.py"]


def test_a_record_that_names_no_code_is_stale():
    assert provenance.stale_files({"made_by": {"torch": "2"}}) is None
    assert provenance.verdict({}).startswith("STALE")
    assert provenance.versions({}) == "not recorded"


def test_a_module_that_is_not_there():
    with pytest.raises(gl.GenReError, match=r"benchmarks\.nothing"):
        provenance.code_hash(["benchmarks.nothing"])


def test_the_main_result_leads_to_the_model():
    """What reaches the package through ``gl`` is followed in the real tree too."""
    files = provenance.code_hash(["benchmarks.ablation"])
    for room in ("genre", "model", "training", "decision", "datasets/table", "evaluation/metrics"):
        assert f"genre_lite/{room}.py" in files
    assert not any(file.startswith("genre_lite/plotting") for file in files)


def test_what_a_benchmark_says_of_itself(record, tree):
    assert provenance.purpose(record) == "Measures one thing."
    assert f"genre_lite {gl.__version__}" in provenance.versions(record)


# -- who says that a result is stale --------------------------------------------------------------


@pytest.fixture
def two_results(tree, record, monkeypatch):
    """One result that is fresh, and one that is not."""
    monkeypatch.setattr(provenance, "RESULTS", tree / "results")
    old = record | {"made_by": {"code": {"genre_lite/codec.py": "0" * 16}}}
    for name, what in {"new": record, "old": old}.items():
        provenance.write(what, tree / "results" / f"{name}.json")


def test_a_stale_result_has_a_note(two_results):
    assert provenance.stale_note("new") == ""
    assert provenance.stale_note("old") == "results/old.json is STALE: made by other code"
    assert provenance.stale_note("none") == "results/none.json is not made yet"


def test_a_test_of_a_stale_result_is_skipped(two_results, fresh):
    fresh("new")
    with pytest.raises(pytest.skip.Exception, match=r"results/old\.json is STALE"):
        fresh("old")


@pytest.mark.parametrize("named", ["old", "new", "none"])
def test_a_page_that_reads_a_stale_result_says_so(two_results, tmp_path, monkeypatch, named):
    monkeypatch.setattr(stale, "note", provenance.stale_note)
    (tmp_path / "page.md").write_text(f'# Title\n\nrecords["{named}.json"]\n')
    app = SimpleNamespace(docname="page", doc2path=lambda name: tmp_path / f"{name}.md")
    title, text = nodes.title("", "Title"), nodes.paragraph("", "Text.")
    page = nodes.document(None, None, "", nodes.section("", title, text))
    stale.tell(SimpleNamespace(env=app), page)
    warned = [type(node) for node in page[0]] == [nodes.title, nodes.warning, nodes.paragraph]
    assert warned is (named == "old")
    assert ("results/old.json is STALE" in page.astext()) is warned


def test_every_page_is_told(root):
    """The extension is registered, and a page names the files that it reads as the note expects."""
    assert "stale: book/extensions" in (root / "_config.yml").read_text()
    named = {n for p in root.glob("book/*.md") for n in stale.NAMED.findall(p.read_text())}
    assert named >= {name.removesuffix(".json") for name in provenance.records()} - {"kernels"}


def check(root, folder, *options):
    command = [sys.executable, "-m", "benchmarks.provenance", "--folder", folder, *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_strict_fails_on_a_stale_file(root, tmp_path):
    fresh = {"command": "", "made_by": provenance.made_by("benchmarks.provenance")}
    (tmp_path / "a.json").write_text(json.dumps(fresh))
    run = check(root, tmp_path, "--strict")
    assert (run.returncode, run.stdout) == (0, "a.json: OK\n"), run.stderr

    fresh["made_by"]["code"] = dict.fromkeys(fresh["made_by"]["code"], "0" * 16)
    (tmp_path / "b.json").write_text(json.dumps(fresh))
    run = check(root, tmp_path, "--strict")
    assert run.returncode == 1
    assert "b.json: STALE: changed since: benchmarks/provenance.py" in run.stdout
    assert "1 of 2 results are stale" in run.stderr
    assert check(root, tmp_path).returncode == 0, "without --strict it only tells"


def test_every_result_names_its_code(root):
    """Age is no failure here, since every change of code ages a result; not to know it is."""
    for name, record in provenance.records().items():
        assert record["command"].startswith("python -m benchmarks."), name
        assert provenance.stale_files(record) is not None, f"{name} does not say which code made it"
        assert provenance.purpose(record), name
