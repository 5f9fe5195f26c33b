"""Mathematics is written into a page when it is built, as MathML, and so needs no script to be drawn.

Every formula is converted by math-core. One that it cannot convert fails the strict build, with its place.
Browsers take the letters from the font in ``assets/fonts``, and screen readers read the formula itself.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape, unescape
from xml.etree import ElementTree

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

CONVERTER = LatexToMathML(fancy_error=False)
# The mathematical asterisk hangs at half height; as a superscript the plain one stands high.
LOW_STAR = re.compile(r"<mo>∗</mo>(?=</msup>|</msubsup>)")
# After these a long formula may go over into the next line; browsers break none by themselves.
BREAKS = {*"=≠≈≡∼≔<>≤≥≪≫∈∉⊂⊆→⇒⟹↦∝,;+−"}
NAMED = re.compile(r"&(?!amp;|lt;|gt;|quot;)\w+;")  # what HTML knows and XML does not
LONG = 16  # signs
# A hyphen before a number, and after nothing that it could join it to.
NEGATIVE = re.compile(r"(?<![\w.,;:/)\]−-])-(?=\d)")
# No line begins with the first, or ends with the second.
CLOSING, OPENING = re.compile(r"[,.;:!?)\]”’]+"), re.compile(r"[(\[“‘]+$")
AS_IT_IS = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
)
logger = logging.getLogger(__name__)


@cache
def written(tex: str, display: bool = False) -> str:
    r"""The MathML of a formula, with its TeX as ``alttext`` for who cannot read MathML.

    Lines that ``\\`` ends are aligned at their ``&``, as Sphinx has it.

    Examples
    --------
    >>> written("R^*")
    '<math alttext="R^*"><msup><mi>R</mi><mo>*</mo></msup></math>'
    """
    tex = tex.replace("\\\n", "\\ ")  # a space that ends a line
    lines = rf"\begin{{aligned}}{tex}\end{{aligned}}" if display and r"\\" in tex else tex
    made = CONVERTER.convert_with_local_state(lines, displaystyle=display)
    alternative = escape(" ".join(tex.split()))
    return LOW_STAR.sub("<mo>*</mo>", made).replace("<math", f'<math alttext="{alternative}"', 1)


def pieces(mathml: str) -> list[str]:
    """A formula of a line, cut after each relation and comma if it is long; the first piece keeps the TeX.

    Examples
    --------
    >>> pieces(written("a = b"))
    ['<math alttext="a = b"><mi>a</mi><mo>=</mo><mi>b</mi></math>']
    >>> len(pieces(written(r"Score = V + P - C / d \\le 2 - C / d")))
    6
    """
    formula = ElementTree.fromstring(NAMED.sub(lambda name: unescape(name[0]), mathml))
    if len("".join(formula.itertext())) <= LONG:
        return [mathml]
    cut: list[list[ElementTree.Element]] = [[]]
    for part in formula:
        cut[-1].append(part)
        # A minus without a space before it belongs to what follows.
        if part.tag == "mo" and part.text in BREAKS and part.get("lspace") != "0":
            cut.append([])
    written_again = []
    for parts in filter(None, cut):
        piece = ElementTree.Element("math", {} if written_again else formula.attrib)
        piece.extend(parts)
        written_again.append(
            ElementTree.tostring(piece, encoding="unicode", short_empty_elements=False)
        )
    return written_again


def converted(node: nodes.Element, display: bool = False) -> str:
    """The MathML of a node; what cannot be converted is told, and stands as TeX."""
    try:
        formula = written(node.astext().strip(), display)
        return formula if display else "<wbr>".join(pieces(formula))
    except LatexError as error:
        logger.warning("a formula cannot be drawn: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line."""
    self.body += [self.starttag(node, "span", "", CLASS="math"), converted(node), "</span>"]
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, with its number where it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f'<div class="formula">{converted(node, display=True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


class MinusSigns(SphinxPostTransform):
    """A number below zero that a cell wrote into the text gets a minus sign for its hyphen."""

    default_priority = 900  # after whatever is written into the text

    def run(self, **options: object) -> None:
        """Look at all text that is read as text."""
        for text in list(self.document.findall(nodes.Text)):
            if NEGATIVE.search(text) and not isinstance(text.parent, AS_IT_IS):
                text.parent.replace(text, nodes.Text(NEGATIVE.sub("−", text)))


class Punctuation(SphinxPostTransform):
    """A formula and the marks around it stay in one line; by themselves browsers break between them."""

    default_priority = 901  # once all text is written

    def run(self, **options: object) -> None:
        """Look at what stands beside each formula of a line."""
        for formula in list(self.document.findall(nodes.math)):
            around = formula.parent
            place = around.index(formula)
            before = after = ""
            if place and isinstance(around[place - 1], nodes.Text):
                text = around[place - 1].astext()
                before = found[0] if (found := OPENING.search(text)) else ""
                around[place - 1] = nodes.Text(text.removesuffix(before))
            if place + 1 < len(around) and isinstance(around[place + 1], nodes.Text):
                text = around[place + 1].astext()
                after = found[0] if (found := CLOSING.match(text)) else ""
                around[place + 1] = nodes.Text(text.removeprefix(after))
            if before or after:
                marks = [nodes.Text(before), formula.deepcopy(), nodes.Text(after)]
                formula.replace_self(nodes.inline("", "", *marks, classes=["together"]))


def setup(app: Sphinx) -> dict:
    """Register the renderer, which ``html_math_renderer`` names."""
    app.add_post_transform(MinusSigns)
    app.add_post_transform(Punctuation)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
