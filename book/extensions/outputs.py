"""What cells show: figures that are sharp and do not jump, and warnings without a path of the machine that built the page.

The kernels of the build take a profile of their own, in which Matplotlib draws at double density and a warning is
its kind and its words. A figure is told how large it is to be shown. Sphinx links an image that has a width to the
file itself: on a phone, a touch shows all of it.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

SETTINGS = r"""c.InlineBackend.figure_formats = {"retina"}
c.InteractiveShellApp.exec_lines = [
    "__import__('warnings').formatwarning = lambda said, kind, *_, **more: f'{kind.__name__}: {said}\\n'"
]
"""


def prepare(app: Sphinx) -> None:
    """Write the profile beside the doctrees, and name it to the kernels that this build starts."""
    folder = Path(app.doctreedir).resolve() / "ipython"
    profile = folder / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(SETTINGS)
    os.environ["IPYTHONDIR"] = str(folder)


def size(png: Path) -> tuple[int, int]:
    """Width and height in pixels, from a PNG's first chunk."""
    return struct.unpack(">II", png.read_bytes()[16:24])


def measure(app: Sphinx, doctree: nodes.document) -> None:
    """Give each figure that a cell drew half of its pixels."""
    for cell in doctree.findall(
        lambda node: (
            "cell_output" in node.get("classes", []) if isinstance(node, nodes.Element) else False
        )
    ):
        for image in cell.findall(nodes.image):
            path = Path(app.srcdir, image["uri"])
            if path.suffix == ".png" and path.is_file() and "width" not in image:
                image["width"], image["height"] = (f"{pixels // 2}px" for pixels in size(path))


def setup(app: Sphinx) -> dict:
    """Connect both."""
    app.connect("builder-inited", prepare)
    app.connect("doctree-read", measure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
