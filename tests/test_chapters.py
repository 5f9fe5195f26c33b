"""Each chapter keeps to its budget, and says what it costs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64decode

import nbformat
import pytest
from docutils import nodes

from benchmarks import chapters, provenance
from book.extensions import budgets, outputs

SECONDS, MEGABYTES = 60, 1500


@pytest.fixture(scope="module")
def record(root):
    path = root / "results" / "chapters.json"
    if not path.is_file():
        pytest.fail(
            "no chapter was measured; run `python -m benchmarks.chapters` on a quiet machine"
        )
    return json.loads(path.read_text())


def names(root):
    return sorted(path.stem for path in root.glob("notebooks/*.ipynb"))


def test_every_chapter_was_measured(root, record):
    missing = set(names(root)) ^ set(record["chapters"])
    assert not missing, f"run `python -m benchmarks.chapters`: {sorted(missing)}"
    assert record["made_by"]["cores"] == 2
    for name in names(root):
        assert set(chapters.sources(name)) <= set(record["made_by"]["code"]), name


def test_every_chapter_keeps_to_its_budget(record, fresh):
    fresh("chapters")
    over = {
        name: of
        for name, of in record["chapters"].items()
        if of["seconds"] > SECONDS or of["peak_memory_mb"] > MEGABYTES
    }
    assert not over


# -- measuring ----------------------------------------------------------------------------------


@pytest.fixture
def notebook(tmp_path):
    """A chapter of one cell that holds many bytes."""
    path = tmp_path / "01_small.ipynb"
    cells = [
        nbformat.v4.new_markdown_cell("# Small"),
        nbformat.v4.new_code_cell("x = bytearray(300_000_000)\nx[::4096] = b'1' * len(x[::4096])"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_measurement_sees_what_the_kernel_held(root, notebook):
    # In a process of its own: a kernel counts what held the process that started it, and tests hold much.
    ask = "import json, pathlib, sys; from benchmarks.chapters import measure; "
    ask += "print(json.dumps(measure(pathlib.Path(sys.argv[1]))))"
    command = [sys.executable, "-c", ask, str(notebook)]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    measured = json.loads(run.stdout.splitlines()[-1])
    assert 300 < measured["peak_memory_mb"] < 600
    assert measured["cpu_seconds"] > 0
    assert measured["seconds"] > 0
    assert len(nbformat.read(notebook, as_version=4).cells) == 2, "the file stays as it is"


def test_only_code_makes_a_measurement_old(notebook, monkeypatch):
    monkeypatch.setattr(provenance, "ROOT", notebook.parent)
    before = provenance._fingerprint(notebook)
    record = {"made_by": {"code": {notebook.name: before}}}
    text = notebook.read_text()
    notebook.write_text(text.replace("# Small", "# Little"))
    assert provenance.verdict(record) == "OK"
    notebook.write_text(text.replace("300_000_000", "200_000_000"))
    assert provenance.stale_files(record) == [notebook.name]


def test_a_chapter_that_runs_away_fails(root, notebook, monkeypatch):
    monkeypatch.delenv("GENRE_LITE_EXECUTED", raising=False)  # the gate's, for its own chapters
    guard = (root / "notebooks" / "conftest.py").read_text()
    assert "LIMIT = 5 * 60" in guard
    notebook.with_name("conftest.py").write_text(guard.replace("LIMIT = 5 * 60", "LIMIT = 0"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "."]
    settings = os.environ | {"PYTHONPATH": str(root)}
    run = subprocess.run(command, cwd=notebook.parent, capture_output=True, text=True, env=settings)
    assert run.returncode == 1, run.stdout
    assert "01_small.ipynb has run for" in run.stdout


def test_what_a_test_ran_is_kept_for_the_book(root, notebook, tmp_path):
    """All outputs as the kernel gave them; a chapter with a cell that failed leaves nothing."""
    code = ["print('one')", "from IPython.display import Markdown\nMarkdown('**two**')", "3;"]
    code += ["import matplotlib.pyplot as plt\nplt.plot([1]);"]
    code += ["import warnings\nwarnings.warn('as the book tells it')"]
    for name, cells in {"02_fine": code, "03_broken": [*code, "1 / 0"]}.items():
        small = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        nbformat.write(small, notebook.with_name(f"{name}.ipynb"))
    notebook.with_name("conftest.py").write_text((root / "notebooks/conftest.py").read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "."]
    settings = os.environ | {
        "GENRE_LITE_EXECUTED": str(tmp_path / "executed"),
        "PYTHONPATH": str(root),
    }
    subprocess.run(command, cwd=notebook.parent, capture_output=True, env=settings)
    assert not (tmp_path / "executed/03_broken.ipynb").exists()
    ran = nbformat.read(tmp_path / "executed/02_fine.ipynb", as_version=4)
    nbformat.validate(ran)
    (first,), (second,), nothing, (figure,), (warned,) = (cell.outputs for cell in ran.cells)
    assert first.text == "one\n" and second.data["text/markdown"] == "**two**"
    assert nothing == [], "a semicolon means that nothing is shown"
    png = tmp_path / "figure.png"
    png.write_bytes(b64decode(figure.data["image/png"]))
    assert figure.metadata["image/png"]["width"] * 2 == outputs.size(png)[0], "twice the pixels"
    assert warned.text == "UserWarning: as the book tells it\n"


# -- telling ------------------------------------------------------------------------------------


class App:
    """As much of Sphinx as the line needs."""

    def __init__(self, docname):
        self.env = self
        self.docname = docname
        self.needs = []

    def note_dependency(self, path):
        self.needs.append(path)


def page(title):
    box = nodes.admonition("", nodes.title("", title), nodes.paragraph("", "The question."))
    return nodes.document(None, None, "", box), box


def test_the_box_of_a_chapter_tells_its_cost(monkeypatch):
    measured = {"01_small": {"seconds": 20.6, "peak_memory_mb": 812.0}}
    monkeypatch.setattr(budgets, "recorded", lambda: (measured, 2))
    for docname, title, told in [
        ("notebooks/01_small", "This chapter", True),
        ("notebooks/01_small", "Key points", False),
        ("notebooks/02_unmeasured", "This chapter", False),
        ("book/01_small", "This chapter", False),
    ]:
        document, box = page(title)
        budgets.tell(App(docname), document)
        assert (box.astext().endswith("It runs in 21 s and 0.8 GB on two cores.")) is told, docname


def test_every_chapter_has_the_box(root):
    for name in names(root):
        cells = json.loads((root / f"notebooks/{name}.ipynb").read_text())["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        assert any(f":::{{admonition}} {title}\n" in text for title in budgets.BOXES), name


def test_the_budget_is_told_in_the_built_book(html, record):
    for name, of in record["chapters"].items():
        told = (html / f"notebooks/{name}.html").read_text()
        assert budgets.words(of, record["made_by"]["cores"]) in told, name


def test_every_notebook_brings_the_book_to_colab_in_its_first_cell(root):
    first = set()
    for path in root.glob("notebooks/*.ipynb"):
        code = [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
        assert code[0]["metadata"]["tags"] == ["remove-cell"], path.name
        first.add("".join(code[0]["source"]))
    (cell,) = first
    assert '"google.colab" in sys.modules' in cell and "/book[notebook]" in cell
    exec(cell, {})  # elsewhere it does nothing


HIDDEN = {"remove-cell", "remove-input", "hide-input"}
PLUMBING = re.compile(r"\b(?:assert|glue)\b")


def seen(root):
    """The lines of code that a reader of the page sees, by notebook and cell."""
    for path in sorted(root.glob("notebooks/*.ipynb")):
        for i, cell in enumerate(json.loads(path.read_text())["cells"]):
            if cell["cell_type"] == "code" and not HIDDEN & {*cell["metadata"].get("tags", [])}:
                yield f"{path.stem}[{i}]", "".join(cell["source"]).splitlines()


def test_no_line_of_code_is_wider_than_the_page(root):
    wide = {where: line for where, lines in seen(root) for line in lines if len(line) > 78}
    assert not wide


def test_at_most_one_visible_line_in_twenty_is_plumbing(root):
    lines = [line for _, of in seen(root) for line in of if line.strip()]
    assert sum(bool(PLUMBING.search(line)) for line in lines) < len(lines) / 20
