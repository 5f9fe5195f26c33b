"""The tables of the pages: each has a name, heads that say what they head, and a first column that stays."""

from __future__ import annotations

import pandas as pd
from bs4 import BeautifulSoup
from chromium import Chromium
from walk import PHONE, show

from book.extensions.accessible import tables

HEAD = "<tr><th>Way</th>" + "".join(f"<th>A long head {i}</th>" for i in range(12)) + "</tr>"
ROW = "<tr><th>Copy</th>" + "".join(f"<td>{i}.000000</td>" for i in range(12)) + "</tr>"
WIDE = f'<table class="dataframe"><thead>{HEAD}</thead><tbody>{ROW}</tbody></table>'
PAGE = f"""<h2>Costs &amp; <em>shares</em><a class="headerlink" href="#x">#</a></h2>{WIDE}
<div class="pst-scrollable-table-container"><table class="table"><tbody><tr><td>1</td></tr></tbody></table></div>
<h3>Next</h3><table><caption>Mine</caption><thead><tr><th colspan="2">Two</th><th scope="row">x</th></tr></thead></table>
<script>"<table class='table'><th>";</script>"""


def test_each_table_is_named_and_its_heads_say_what_they_head():
    page = BeautifulSoup(tables(PAGE), "html.parser")
    names = [table.get("aria-label") for table in page.find_all("table")]
    assert names == ["Costs & shares", "Costs & shares, table 2", None], (
        "a caption is a name already"
    )
    first, _, third = page.find_all("table")
    assert {th["scope"] for th in first.thead.find_all("th")} == {"col"}
    assert first.tbody.th["scope"] == "row"
    assert [th["scope"] for th in third.find_all("th")] == ["colgroup", "row"]
    assert len(page.select(".pst-scrollable-table-container")) == 2, "no box in a box"
    assert page.select_one(".pst-scrollable-table-container > table.dataframe")
    assert page.script.string == "\"<table class='table'><th>\";"
    assert tables(tables(PAGE)) == tables(PAGE)


def test_a_corner_without_words_is_no_head():
    head = '<thead><tr><th class="head"><p></p></th><th class="head"><p>is</p></th></tr></thead>'
    page = BeautifulSoup(tables(f"<h2>T</h2><table>{head}</table>"), "html.parser")
    assert [cell.name for cell in page.tr.find_all(recursive=False)] == ["td", "th"]


def test_columns_of_numbers_say_so():
    """Words, and a column that mixes both, stay as they are; an index with a span shifts nothing."""
    index = pd.MultiIndex.from_product([["German", "Adult"], ["a", "b"]], names=["table", "row"])
    frame = pd.DataFrame(
        {
            "said": ["yes", "no", "yes", "no"],
            "cost": [1.0, -0.25, None, 3.0],
            "mixed": ["1", "two", "3", "4"],
            "share": ["50%", "7 %", "–", "100%"],
        },
        index=index,
    )
    page = BeautifulSoup(tables(f"<h2>T</h2>{frame.to_html()}"), "html.parser")
    assert [th.text for th in page.select("thead .number")] == ["cost", "share"]
    assert [td.text for td in page.select("tbody tr:nth-child(2) .number")] == ["-0.25", "7 %"]
    assert len(page.select("tbody .number")) == 8
    wide = "<table><tbody><tr><td colspan='2'>1</td></tr></tbody></table>"
    assert "number" not in tables(f"<h2>T</h2>{wide}")


def test_a_head_of_pandas_has_one_row_and_no_empty_head():
    frame = pd.DataFrame({"cost": [1.0], "h": [0.5]}, index=pd.Index(["a"], name="person"))
    two = frame.set_index("h", append=True)
    plain, named, both = (
        BeautifulSoup(tables(f"<h2>T</h2>{of.to_html()}"), "html.parser").thead
        for of in (frame.rename_axis(None), frame, two)
    )
    assert [c.get_text() for c in named.find_all(["th", "td"])] == ["person", "cost", "h"]
    assert [c.get_text() for c in both.find_all(["th", "td"])] == ["person", "h", "cost"]
    assert {len(head.find_all("tr")) for head in (plain, named, both)} == {1}
    assert plain.td is not None and not plain.td.get_text()
    assert all(th.get_text().strip() for head in (plain, named, both) for th in head.find_all("th"))
    styled = BeautifulSoup(tables(f"<h2>T</h2>{frame.style.to_html()}"), "html.parser").thead
    assert [c.get_text() for c in styled.find_all(["th", "td"])] == ["person", "cost", "h"]
    columns = frame.T.rename_axis(columns="person", index="what").to_html()
    kept = BeautifulSoup(tables(columns), "html.parser").thead
    assert {"person", "what"} <= {th.get_text() for th in kept.find_all("th")}, (
        "both names are kept"
    )


def test_on_a_phone_the_first_column_stays_and_the_keyboard_reaches_the_box(root, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        f'<!doctype html><link rel="stylesheet" href="{(root / "assets/genre.css").as_uri()}">'
        f'<script src="{(root / "assets/genre.js").as_uri()}"></script>'
        "<style>table {border-collapse: collapse} .pst-scrollable-table-container {overflow-x: auto} td, th {white-space: nowrap}</style>"
        f'<article class="bd-article">{tables(PAGE)}</article>'
    )
    browser = Chromium(tmp_path, 500)
    try:
        show(browser, PHONE, height=800)
        browser.open(path.as_uri())
        browser.run("new Promise((next) => setTimeout(next, 200))")
        assert browser.run(
            "[...document.querySelectorAll('.pst-scrollable-table-container')].map((box) => box.tabIndex)"
        ) == [0, -1], "only what scrolls is a stop"
        at = "document.querySelector('tbody th').getBoundingClientRect().left"
        before = browser.run(at)
        assert browser.run("document.querySelector('.genre-wide').scrollLeft = 300") == 300
        assert (
            browser.run("document.querySelector('.genre-wide td').getBoundingClientRect().left") < 0
        )
        assert abs(browser.run(at) - before) < 1
    finally:
        browser.close()
