"""The questions of the pages: each is sound, and each kind is asked, judged, kept and shown by a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from bs4 import BeautifulSoup
from chromium import Chromium
from docutils.utils import Reporter
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from book.extensions.question import answer, flaw
from genre_lite.exercises import exercises

BLOCK = re.compile(r"^:::\{question\} .*?^:::$", re.M | re.S)
SAMPLE = """# Sample

:::{question} Which one?
:label: one

1. First.
2. Second, at $x$.

<details><summary>Answers</summary>

- **1.** {mistake}`2.1 A number is scaled by its greatest value`
- **2, right.** Because of *that*.

</details>
:::

:::{question} Which ones?
:label: some
:kind: several

1. First.
2. Second.
3. Third.

<details><summary>Answers</summary>

- **1, right.** So it is.
- **2.** Not that.
- **3, right.** And that.
- **else.** One more.

</details>
:::

:::{question} How much?
:label: much
:kind: number

<details><summary>Answers</summary>

- **1/2 ± 1/100, right.** Half.
- **2 ± 1/100.** Upside down.
- **above 1.** Too much.
- **else.** Count again.

</details>
:::

:::{question} In which order?
:label: order
:kind: order

1. Choose.
2. Train.
3. Draw.

<details><summary>Answers</summary>

- **2 3 1, right.** One after the other.
- **1 before 3.** From what?
- **else.** Look again.

</details>
:::

:::{question} Where?
:label: where
:figure: drawing.svg

1. Left.
2. Right.

<details><summary>Answers</summary>

- **1, right.** There.
- **2.** Not there.

</details>
:::

:::{question} What will come?
:label: guess
:predict:

1. More.
2. Less.

<details><summary>Answers</summary>

- **1, right.** More.
- **2.** It was more.

</details>
:::

<div class="cell_output"><p id="figure-of-it">Seven.</p></div>

<div class="cell_output"><p>Eight.</p></div>
"""
DRAWING = """<svg viewBox="0 0 20 10"><title>Two</title>
<rect data-option="1" width="10" height="10"/><rect data-option="2" x="10" width="10" height="10"/></svg>"""
KEPT = "# Answers\n\n(your-answers)=\n## Your answers\n\n```{answers-kept}\n```\n"


def built(root, folder, pages: dict[str, str]):
    """A book of nothing but these pages, and the Sphinx that made it."""
    source = folder / "source"
    for name, text in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    index = "\n".join(name.rsplit(".")[0] for name in pages if name.endswith(".md"))
    (source / "index.md").write_text(f"# Index\n\n```{{toctree}}\n{index}\n```\n")
    settings = {
        "extensions": ["myst_parser", "book.extensions.question"],
        "myst_enable_extensions": ["colon_fence", "dollarmath", "substitution"],
        "html_static_path": [str(root / "assets")],
        "html_theme": "basic",
    }
    out = folder / "html"
    app = Sphinx(
        source, None, out, folder / "doctrees", "html", settings, status=None, warning=None
    )
    app.build()
    return app, out


@pytest.fixture(scope="module")
def sample(root, tmp_path_factory):
    pages = {"notebooks/sample.md": SAMPLE, "book/solutions.md": KEPT}
    folder = tmp_path_factory.mktemp("sample")
    return built(root, folder, pages | {"notebooks/drawing.svg": DRAWING})[1]


def blocks(root) -> dict[str, list[str]]:
    """The source of the questions of each page and chapter."""
    found = {}
    for path in [*sorted(root.glob("book/**/*.md")), *sorted(root.glob("notebooks/*.ipynb"))]:
        text = path.read_text()
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        if here := BLOCK.findall(text):
            assert len(here) == text.count("{question}"), path.name
            found[path.stem] = here
    return found


# -- the questions that are asked -----------------------------------------------------------------
