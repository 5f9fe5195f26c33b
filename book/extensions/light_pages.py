"""What a page loads and offers, and nothing that it does not use.

The theme draws its icons by a script of 1.5 MB although its style sheet can take them from a font; and
scripts of extensions that are off are loaded twice. ``book/templates/layout.html`` leaves out the first,
this module the second, and of the fonts it keeps the icons that the pages and the style sheets show. Binder and
Colab open notebooks, so other pages do not offer them. Pictures below the first wait until a reader comes near.
"""

from __future__ import annotations

import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

IDLE = ("thebe",)  # off in this book
ICON = re.compile(r"\bfa-([a-z0-9-]+)")
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
CODE = re.compile(r'"(?:\\([ef][0-9a-f]{3})|([\ue000-\uf8ff]))"')


def leave_out(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Take from a page the scripts and styles that are idle, those that come twice, and a second viewport."""
    seen, kept = set(), []
    for file in context.get("script_files", []):
        told = (str(getattr(file, "filename", file)), str(getattr(file, "attributes", {})))
        if told not in seen and not any(word in part.lower() for word in IDLE for part in told):
            kept.append(file)
        seen.add(told)
    context["script_files"] = kept
    context["css_files"] = [
        file for file in context.get("css_files", []) if not any(word in str(file) for word in IDLE)
    ]
    if not str(app.env.doc2path(page)).endswith(".ipynb"):
        buttons = context.get("header_buttons", [])
        context["header_buttons"] = [b for b in buttons if b.get("label") != "launch-buttons"]
    if app.builder.name == "html":  # the single page is printed, and there nothing may wait
        context["body"] = later(context.get("body", ""))
    context["metatags"] = re.sub(r'<meta name="viewport"[^>]*>\s*', "", context.get("metatags", ""))


PICTURE = re.compile(r"<img (?![^>]*\bloading=)")


def later(body: str) -> str:
    """Let every picture but the first wait until it is near.

    Examples
    --------
    >>> later('<img src="a.png"> <img src="b.png">')
    '<img src="a.png"> <img loading="lazy" src="b.png">'
    """
    first = PICTURE.search(body)
    if first is None:
        return body
    return body[: first.end()] + PICTURE.sub('<img loading="lazy" ', body[first.end() :])


def icons(html: Path) -> set[int]:
    """The characters of the icons that pages name by a class, and of those that styles show by themselves."""
    named, shown = set(), set()
    for page in html.rglob("*.html"):
        named |= set(ICON.findall(page.read_text(encoding="utf-8")))
    for style in html.glob("_static/**/*.css"):
        for selectors, body in RULE.findall(style.read_text(encoding="utf-8")):
            classes = set(ICON.findall(selectors))
            if not classes or classes & named:
                shown |= {int(code, 16) if code else ord(sign) for code, sign in CODE.findall(body)}
    return shown


def thin_fonts(app: Sphinx, problem: Exception | None) -> None:
    """Keep of each icon font what is shown, and remove what no page loads."""
    if problem is not None or app.builder.name != "html":
        return
    html = Path(app.outdir)
    shown = icons(html)
    for path in html.glob("_static/vendor/fontawesome/webfonts/*"):
        if path.suffix == ".ttf":
            path.unlink()  # for browsers that are older than MathML
            continue
        options = subset.Options(flavor="woff2", glyph_names=False, notdef_outline=True)
        font = TTFont(path)
        few = subset.Subsetter(options)
        few.populate(unicodes=shown)
        few.subset(font)
        subset.save_font(font, path, options)
    for idle in ("*.map", "fontawesome.js*", "sphinx-thebe.*"):
        for path in html.glob(f"_static/**/{idle}"):
            path.unlink()


def setup(app: Sphinx) -> dict:
    """Connect both."""
    app.connect("html-page-context", leave_out, priority=900)
    app.connect("build-finished", thin_fonts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
