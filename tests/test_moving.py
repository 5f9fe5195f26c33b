"""Figures that move: what Python draws and says, and what a hand on a slider makes of it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from bs4 import BeautifulSoup
from chromium import Chromium

from genre_lite.errors import GenReError
from genre_lite.plotting import Frame, Frames, Plane, Point, Reading

PLANE = Plane("cost & more", "h", x=(0, 4), y=(0, 1), height=274)
WEIGHTS, KINDS = [0, 1.5, 12], ["all <of them>", "near"]
LINE = np.linspace(-1, 1, 5)


def frame(weight, kind):
    share = 1 / (1 + weight)
    return Frame(
        [PLANE.dots([weight / 4], [share], look="yes"), PLANE.words([2], [0.5], [kind])],
        f"λ = {weight} </script> <!-- <script> {kind}: {share:.2f}",
        {"share": share, "kind & share": f"{kind} {share:.1f}"},
    )


@pytest.fixture
def frames():
    return Frames(
        'A share "falls" <b>',
        "how & how fast.",
        {"λ": WEIGHTS, "who": KINDS},
        frame,
        ground=[PLANE.line([0, 4], [0.5, 0.5], look="grey", dashed=True)],
        start={"λ": 1.5},
    )


@pytest.fixture
def point():
    across, up = np.meshgrid(LINE, LINE)
    plane = Plane("x1", "x2", x=(-1, 1), y=(-1, 1))
    return Point(
        "A point",
        "where it is dear.",
        plane,
        LINE,
        LINE,
        [
            Reading("cost", across + 2 * up - 0.001),
            Reading("h", 1 / (1 + np.exp(-across)), 0.5, "accepted", "denied"),
        ],
        {"home": (-0.9, 0.6), "option 0": (1, 1)},
        ground=[plane.shades(LINE, LINE, across, [-1, 0, 1], middle=0)],
    )


def parsed(figure):
    return BeautifulSoup(figure._repr_html_(), "html.parser").select_one(".genre-moving")


# -- marks, by hand -----------------------------------------------------------------------------


def test_a_mark_lies_where_its_numbers_say():
    # 46 units at the left, 14 at the right, 30 above and 44 below: 300 across and 200 down.
    assert 'd="M196 130h0"' in PLANE.dots([2], [0.5]).svg
    assert 'd="M46 230L346 30"' in PLANE.line([0, 4], [0, 1]).svg
    assert 'd="M46 123h75v14H46z"' in PLANE.bars([1], [0.5]).svg
    assert 'x="199" y="135"' in PLANE.words([2], [0.5], ["a"], shift=(3, 5)).svg
    assert PLANE.intervals([1], [3], [0.5]).svg.count("M121 125v10m0 -5H271m0 -5v10") == 1


def test_sizes_are_one_for_all_or_one_each_and_nothing_is_not_drawn():
    drawn = PLANE.dots([0, 1, 2, 3], [0, 0, 0, 0], size=[0, 4, 9, 4]).svg
    assert re.findall(r'stroke-width="(\d+)" d="([^"]*)"', drawn) == [
        ("4", "M121 230h0M271 230h0"),
        ("9", "M196 230h0"),
    ]


def test_an_axis_may_run_downwards():
    down = Plane("a", "b", x=(0, 1), y=(2.0, 0.0), height=274)
    assert 'd="M46 30h0"' in down.dots([0], [0]).svg
    assert 'd="M46 230h0"' in down.dots([0], [2]).svg


def test_a_contour_lies_where_the_function_has_the_value():
    x, y = np.linspace(0, 4, 9), np.linspace(0, 1, 5)
    svg = PLANE.contour(x, y, np.tile(x, (5, 1)), 1.25).svg
    ends = re.search(r'd="M([^"]*)"', svg)[1].split("L")
    assert {end.split()[0] for end in ends} == {"139.8"}, "46 + 300 · 1.25 / 4"


def test_shades_are_darker_away_from_the_middle_and_their_looks_part_there():
    x, y = np.linspace(0, 4, 9), np.linspace(0, 1, 5)
    bands = PLANE.shades(x, y, np.tile(x / 4, (5, 1)), [0, 0.25, 0.5, 0.75, 1], middle=0.5).svg
    told = re.findall(r'class="(\w+) area" opacity="([\d.]+)" d="M([\d.]+)', bands)
    assert [(look, opacity) for look, opacity, _ in told] == [
        *(("no", "0.38"), ("no", "0.12"), ("yes", "0.12"), ("yes", "0.38"))
    ]


# -- data in, HTML out --------------------------------------------------------------------------


def test_the_table_holds_what_every_frame_says(frames):
    table = frames.table
    assert list(table.index) == [(w, k) for w in WEIGHTS for k in KINDS]
    assert table["share"].tolist() == [1 / (1 + w) for w in WEIGHTS for _ in KINDS]
    box = parsed(frames).table
    assert [head.text for head in box.select("thead th")] == ["λ", "who", "share", "kind & share"]
    rows = [[cell.text for cell in row] for row in box.select("tbody tr")]
    by_hand = [frame(w, k).row["share"] for w in WEIGHTS for k in KINDS]
    assert [float(row[2]) for row in rows] == pytest.approx(by_hand, abs=5e-4)
    assert [row[:2] for row in rows] == [[w, k] for w in ("0", "1.5", "12") for k in KINDS]
    assert rows[2][3] == f"{KINDS[0]} 0.4"
    heads = parsed(frames).table.select("th")
    assert {head["scope"] for head in heads} == {"col", "row"}
    assert parsed(frames).caption.text == 'A share "falls" <b>'


def test_every_state_is_in_the_page_and_the_start_is_drawn(frames):
    box = parsed(frames)
    data = json.loads(box.select_one('script[type="application/json"]').string)
    assert data["values"] == [["0", "1.5", "12"], KINDS]
    assert [said for said, _ in data["states"]] == [
        frame(w, k).said for w in WEIGHTS for k in KINDS
    ]
    still = str(box.svg.select("g")[0])
    assert still.count('class="yes dot"') == 1
    start = frame(1.5, KINDS[0])
    assert box.select_one(".moving-said").text == start.said
    assert "".join(mark.svg for mark in start.marks) in frames._repr_html_()
    assert box.select_one(".moving-controls").has_attr("hidden"), "no script, no controls"


@pytest.mark.parametrize("kind", ["frames", "point"])
def test_what_is_said_cannot_break_out(kind, request):
    figure = request.getfixturevalue(kind)
    html = figure._repr_html_()
    assert html.count("</script>") == 2, "one of the data, one of the script"
    assert "<!--" not in html
    assert html.count("</style>") == 1
    box = BeautifulSoup(html, "html.parser").select_one(".genre-moving")
    assert box.select_one(".moving-title").text == figure.title
    assert not box.select("p b b")
    for svg in box.select("svg"):
        ElementTree.fromstring(str(svg))
        assert svg["role"] == "img" and svg["aria-label"].startswith(figure.title)
    assert box["aria-labelledby"] == box.select_one(".moving-title")["id"]


@pytest.mark.parametrize("kind", ["frames", "point"])
def test_the_same_figure_is_the_same_text_and_loads_nothing(kind, request):
    figure = request.getfixturevalue(kind)
    html = figure._repr_html_()
    assert html == figure._repr_html_()
    assert not re.search(r"https?://|@import|src=|url\(", html)


def test_a_point_reads_what_the_grid_has_where_it_stands(point):
    table = point.table
    assert table.loc["home"].tolist() == [-1, 0.5, 0.0, 0.27], "−1 + 2 · 0.5 − 0.001, rounded"
    assert table.loc["option 0", "cost"] == 3.0
    said = parsed(point).select_one(".moving-said").text
    assert said == "x1 = −1.00, x2 = 0.50: cost 0.00; h 0.27, denied."


def test_mistakes_are_named():
    with pytest.raises(GenReError, match="'λ' has no values"):
        Frames("a", "b", {"λ": []}, frame)
    with pytest.raises(GenReError, match="starts at 5"):
        Frames("a", "b", {"λ": [1, 2], "who": KINDS}, frame, start={"λ": 5})
    with pytest.raises(GenReError, match="look is one of"):
        PLANE.dots([0], [0], look="red")
    with pytest.raises(GenReError, match=r"'cost' has the shape \(2, 5\); the grid has \(5, 5\)"):
        Point("a", "b", PLANE, LINE, LINE, [Reading("cost", np.ones((2, 5)))], {"a": (0, 0)})
    with pytest.raises(GenReError, match="'cost' is not known everywhere"):
        Point("a", "b", PLANE, [0], [0], [Reading("cost", [[np.nan]])], {"a": (0, 0)})
    with pytest.raises(GenReError, match="place"):
        Point("a", "b", PLANE, LINE, LINE, [], {})


# -- in a browser -------------------------------------------------------------------------------

LOOK = """(() => {
  const box = document.querySelector(".genre-moving"), control = box.querySelectorAll("input, select");
  return { drawn: [...box.querySelectorAll("svg > g")].map((g) => g.innerHTML).join(),
           said: box.querySelector(".moving-said").textContent,
           told: [...control].map((c) => c.getAttribute("aria-valuetext")) };
})()"""


@pytest.fixture
def browser(tmp_path):
    browser = Chromium(tmp_path)
    yield browser
    browser.close()


def shown(browser, figure, folder):
    """The figure twice on one page, as a chapter may have two, opened as a file."""
    page = folder / "figure.html"
    head = (
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>A</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
    )
    page.write_text(head + figure._repr_html_() + figure._repr_html_(), encoding="utf-8")
    browser.open(page.as_uri())
    return browser.run(LOOK)


def test_a_key_on_the_slider_changes_what_is_drawn_and_said(browser, frames, tmp_path):
    before = shown(browser, frames, tmp_path)
    still = BeautifulSoup(frames._repr_html_(), "html.parser")
    assert before["said"] == still.select_one(".moving-said").text
    assert before["drawn"].count("<path") == len(still.select("svg > g path")) == 1
    browser.run("document.querySelector('.genre-moving input').focus()")
    browser.press("ArrowUp")
    after = browser.run(LOOK)
    assert after["said"] == frame(12, KINDS[0]).said
    assert after["told"][0] == "12" and before["told"][0] == "1.5"
    assert before["drawn"] != after["drawn"]
    browser.press("Tab")
    browser.press("ArrowDown")
    assert browser.run(LOOK)["said"] == frame(12, "near").said
    assert "near" in browser.run(LOOK)["drawn"]
    second = "document.querySelectorAll('.moving-said')[1].textContent"
    assert browser.run(second) == before["said"], "the other figure stays as it was"
    assert not browser.complaints


def test_a_point_is_moved_by_key_button_and_pointer_and_says_what_python_says(
    browser, point, tmp_path
):
    before = shown(browser, point, tmp_path)
    assert before["said"] == point._said(0, 3)
    browser.run("document.querySelectorAll('.genre-moving input')[0].focus()")
    browser.press("ArrowUp", times=3)
    after = browser.run(LOOK)
    assert after["said"] == point._said(3, 3)
    assert "accepted" in after["said"] and before["drawn"] != after["drawn"]
    assert after["told"][0] == "0.50"
    browser.run("document.querySelectorAll('.moving-places button')[1].click()")
    assert browser.run(LOOK)["said"] == point._said(4, 4)
    where = browser.run(
        """(() => { const svg = document.querySelector(".genre-moving svg");
        const at = new DOMPoint(46 + 0.3 * 300, 30).matrixTransform(svg.getScreenCTM());
        return [at.x, at.y]; })()"""
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.send(
            *("Input.dispatchMouseEvent",),
            **{"type": kind, "x": where[0], "y": where[1], "button": "left", "clickCount": 1},
        )
    assert browser.run(LOOK)["said"] == point._said(1, 4)
    for i in range(5):  # every node, the negative zeros too
        for j in range(5):
            browser.run(
                f"[...document.querySelectorAll('.genre-moving input')].slice(0, 2).forEach("
                f"(c, k) => {{ c.value = [{i}, {j}][k]; c.dispatchEvent(new Event('input')); }})"
            )
            assert browser.run(LOOK)["said"] == point._said(i, j)
    assert not browser.complaints


@pytest.mark.parametrize("kind", ["frames", "point"])
def test_on_paper_and_without_script_a_still_stands_without_controls(
    browser, kind, request, tmp_path
):
    figure = request.getfixturevalue(kind)
    heights = """(() => ["svg", ".moving-said", "summary", ".moving-controls"].map(
      (one) => document.querySelector(`.genre-moving ${one}`).getBoundingClientRect().height))()"""
    shown(browser, figure, tmp_path)
    assert min(browser.run(heights)) > 20
    browser.send("Emulation.setEmulatedMedia", media="print")
    *still, controls = browser.run(heights)
    assert min(still) > 20 and controls == 0
    browser.send("Emulation.setEmulatedMedia", media="")
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    shown(browser, figure, tmp_path)
    *still, controls = browser.run(heights)
    assert min(still) > 20 and controls == 0


def test_it_moves_in_a_notebook_too(browser, frames, tmp_path):
    """Jupyter puts an output into a box that is not on the page yet, and makes its scripts anew."""
    page = tmp_path / "notebook.html"
    page.write_text('<!doctype html><html lang="en"><meta charset="utf-8"><title>A</title><body>')
    browser.open(page.as_uri())
    browser.run(
        f"""(() => {{
        const host = document.createElement("div");
        host.innerHTML = {json.dumps(frames._repr_html_())};
        for (const old of host.querySelectorAll("script")) {{
          const made = document.createElement("script");
          for (const {{ name, value }} of old.attributes) made.setAttribute(name, value);
          made.textContent = old.textContent;
          old.replaceWith(made);
        }}
        document.body.append(host); }})()"""
    )
    browser.run("document.querySelector('.genre-moving input').focus()")
    browser.press("ArrowUp")
    assert browser.run(LOOK)["said"] == frame(12, KINDS[0]).said
    assert not browser.complaints


@pytest.mark.parametrize("kind", ["frames", "point"])
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_phone(browser, kind, width, request, tmp_path):
    shown(browser, request.getfixturevalue(kind), tmp_path)
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        **{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
    assert browser.run("document.documentElement.scrollWidth") <= width
    small = browser.run(
        "[...document.querySelectorAll('.genre-moving :is(input, select, button, summary)')]"
        ".filter((c) => c.getBoundingClientRect().height < 24).length"
    )
    assert small == 0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "frames",
            {
                ("slider", "λ"),
                ("combobox", "who"),
                ("group", 'A share "falls" <b>'),
            },
        ),
        ("point", {("slider", "x1"), ("slider", "x2"), ("button", "home")}),
    ],
)
def test_controls_have_names_and_roles(browser, kind, expected, request, tmp_path):
    shown(browser, request.getfixturevalue(kind), tmp_path)
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    told = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes}
    assert expected <= told
    assert {"status", "image"} <= {role for role, _ in told}


# -- on the built pages -------------------------------------------------------------------------


def test_every_figure_of_the_book_answers_a_key(html, browser):
    chapters = sorted(html.glob("notebooks/*.html"))
    moving = [path for path in chapters if 'class="genre-moving"' in path.read_text()]
    assert moving
    for page in moving:
        browser.open(page.as_uri())
        before = browser.run(LOOK)
        browser.run("document.querySelector('.genre-moving input, .genre-moving select').focus()")
        browser.press("ArrowUp")
        if browser.run(LOOK)["said"] == before["said"]:  # it stood at its end
            browser.press("ArrowDown")
        after = browser.run(LOOK)
        assert after["said"] != before["said"] and after["drawn"] != before["drawn"], page.name
