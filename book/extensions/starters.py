"""A cell that waits for a reader's answer says nothing on a page, where nobody can give one.

In a notebook ``check`` asks for an answer in place of the dots. A page is read and not run, so there the output of such
a cell is left out; the cell stays.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

WAITS = "Not yet."


class Starters(SphinxPostTransform):
    """Leave out what a starter cell prints."""

    default_priority = 3  # before the form of an output is chosen

    def run(self, **_: object) -> None:
        """Remove the outputs that ask for an answer."""
        for output in list(self.document.findall(nodes.container)):
            if output.get("nb_element") == "cell_code_output" and WAITS in output.astext():
                output.parent.remove(output)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_post_transform(Starters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
