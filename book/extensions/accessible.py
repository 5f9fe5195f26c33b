"""What Sphinx and the theme leave unsaid for somebody who listens to a page.

The arrow that opens a part of the contents has no name (pydata-sphinx-theme), and the list of sources has
roles that ARIA gave up (docutils) between anchors that no list may hold (sphinxcontrib-bibtex). Tables have
no names, their heads do not say what they head (docutils, pandas), and those of pandas have no box to scroll in.
Every exercise and every proof of a page has one and the same id (sphinx-exercise, sphinx-proof). And no column says
that it holds numbers, which are read by their right ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

from sphinx.application import Sphinx

SOURCES = {
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}

BOX = '<div class="pst-scrollable-table-container">'
# A script is matched too, so that a table which it would write is left alone.
PARTS = re.compile(
    r"<script.*?</script>|<h[1-6][ >].*?</h[1-6]>|(?:" + re.escape(BOX) + r"\s*)?<table.*?</table>",
    re.DOTALL,
)


def heads(part: re.Match[str]) -> str:
    """The head or the body of a table, in which each head says whether it is a column's or a row's."""
    scope = "col" if part[1] == "thead" else "row"

    def said(tag: re.Match[str]) -> str:
        if " scope=" in tag[0]:
            return tag[0]
        many = re.search(rf'{scope}span="(?!1")', tag[0])
        return f'<th scope="{scope}{"group" if many else ""}"{tag[1]}>'

    return re.sub(r"<th((?: [^>]*)?)>", said, part[0])


ROW = re.compile(r"<tr[ >].*?</tr>", re.DOTALL)
CELL = re.compile(r"<th((?: [^>]*)?)>(.*?)</th>", re.DOTALL)


def one_row(part: re.Match[str]) -> str:
    """A head of pandas in one row: the index's names stand in corners that were empty.

    A corner that stays empty heads nothing, so it is a plain cell.

    Examples
    --------
    >>> head = "<thead><tr><th></th><th>Age</th></tr><tr><th>person</th><th></th></tr></thead>"
    >>> one_row(re.fullmatch("(?s).*", head))
    '<thead><tr><th>person</th><th>Age</th></tr></thead>'
    """
    head = part[0].replace("&nbsp;", "")  # what a styled table has in its empty heads
    rows = ROW.findall(head)
    if len(rows) == 2 and "span=" not in head:
        above, below = (CELL.findall(row) for row in rows)
        taken = [
            bool(one[1].strip()) and bool(two[1].strip())
            for one, two in zip(above, below, strict=False)
        ]
        if len(above) == len(below) and not any(taken):
            names = iter(
                [one if one[1].strip() else two for one, two in zip(above, below, strict=True)]
            )
            merged = CELL.sub(lambda _: "<th{}>{}</th>".format(*next(names)), rows[0])
            head = head.replace(rows[1], "").replace(rows[0], merged)
            head = re.sub(r"\s+</thead>", "\n</thead>", head)
    return re.sub(r"<th(?: [^>]*)?>\s*(?:<p>\s*</p>)?\s*</th>", "<td></td>", head)


NUMBER = re.compile(r"[-−+±]?\d[\d.,]*( ?%)?( ± \d[\d.]*)?")
UNKNOWN = {"", "–", "-", "NaN", "(not made yet)"}
TAG = re.compile(r"<(th|td)((?: [^>]*)?)>(.*?)</\1>", re.DOTALL)


def numbers(table: str) -> str:
    """Give the class ``number`` to the cells of each column that holds nothing else, its head included.

    Columns are counted from the right, where no row has a cell that spans several.

    Examples
    --------
    >>> numbers("<thead><tr><th>a</th></tr></thead><tbody><tr><td>1.5</td></tr></tbody>")
    '<thead><tr><th class="number">a</th></tr></thead><tbody><tr><td class="number">1.5</td></tr></tbody>'
    """
    head, begin, body = table.partition("<tbody")
    rows = [TAG.findall(row) for row in ROW.findall(body)]
    if not rows or "colspan=" in body:
        return table
    columns: list[list[str]] = [[] for _ in range(max(map(len, rows)))]
    for row in rows:
        for place, (_, _, inside) in enumerate(reversed(row)):
            columns[place].append(unescape(re.sub(r"<[^>]*>", "", inside)).strip())
    fewest = min(map(len, rows))
    right = {
        place
        for place, texts in enumerate(columns[:fewest])
        if any(NUMBER.fullmatch(text) for text in texts)
        and all(NUMBER.fullmatch(text) or text in UNKNOWN for text in texts)
    }

    def mark(row: re.Match[str]) -> str:
        if "colspan=" in row[0]:
            return row[0]
        places = iter(range(len(TAG.findall(row[0])) - 1, -1, -1))

        def cell(found: re.Match[str]) -> str:
            if next(places) not in right:
                return found[0]
            name, told, inside = found.groups()
            if "number" in told:
                return found[0]
            if ' class="' in told:
                told = told.replace(' class="', ' class="number ', 1)
            else:
                told = f'{told} class="number"'
            return f"<{name}{told}>{inside}</{name}>"

        return TAG.sub(cell, row[0])

    return ROW.sub(mark, head) + begin + ROW.sub(mark, body)


def tables(body: str) -> str:
    """Name each table after the heading above it, give its heads a scope, and put it in a box that scrolls.

    A caption or a name that a table already has stays. A second table below one heading is numbered.

    Examples
    --------
    >>> print(tables('<h2>Ages</h2><table><thead><tr><th>Age</th></tr></thead></table>'))
    <h2>Ages</h2><table aria-label="Ages"><thead><tr><th scope="col">Age</th></tr></thead></table>
    """
    heading, below = "", 0

    def mend(part: re.Match[str]) -> str:
        nonlocal heading, below
        text = part[0]
        if text.startswith("<script"):
            return text
        if text.startswith("<h"):
            link = r'<a class="headerlink".*?</a>'
            words = re.sub(r"<[^>]*>", "", re.sub(link, "", text, flags=re.DOTALL))
            heading, below = unescape(" ".join(words.split())), 0
            return text
        below += 1
        text = re.sub(r"<thead[ >].*?</thead>", one_row, text, flags=re.DOTALL)
        text = re.sub(r"<(thead|tbody)[ >].*?</\1>", heads, text, flags=re.DOTALL)
        text = numbers(text)
        tag = re.search(r"<table[^>]*>", text)[0]
        if "<caption" not in text and "aria-label" not in tag and heading:
            name = heading if below == 1 else f"{heading}, table {below}"
            text = text.replace("<table", f'<table aria-label="{escape(name)}"', 1)
        boxed = text.startswith(BOX) or not re.search(r'class="[^"]*\b(table|dataframe)\b', tag)
        return text if boxed else f"{BOX}{text}</div>"

    return PARTS.sub(mend, body)


ID = re.compile(r'(<[a-z][^<>]*?) id="([^"]*)"')


def once(body: str) -> str:
    """Keep an id where it stands first; a link leads there anyway.

    Examples
    --------
    >>> once('<p id="a">one</p> <p class="b" id="a">two</p>')
    '<p id="a">one</p> <p class="b">two</p>'
    """
    seen: set[str] = set()

    def keep(tag: re.Match[str]) -> str:
        first = tag[2] not in seen
        seen.add(tag[2])
        return tag[0] if first else tag[1]

    return ID.sub(keep, body)


def say(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Name the arrows, and mend the roles, the tables and the ids in the page's own text."""
    contents: Callable[..., str] | None = context.get("generate_toctree_html")
    if contents:
        context["generate_toctree_html"] = lambda *of, **how: str(contents(*of, **how)).replace(
            "<summary>", '<summary aria-label="Show the pages of this part">'
        )
    for old, new in SOURCES.items():
        context["body"] = context.get("body", "").replace(old, new)
    context["body"] = once(tables(context["body"]))


def setup(app: Sphinx) -> dict:
    """Connect it after the theme."""
    app.connect("html-page-context", say, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
