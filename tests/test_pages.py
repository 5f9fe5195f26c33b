"""What the pages of results share; and the pages themselves, without a record, with some of it, and with all."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from scipy import stats
from statsmodels.stats.power import TTestPower

mpl.use("agg")

import matplotlib.pyplot as plt

from benchmarks import ablation, field, pages, provenance, questions, statistics
from benchmarks.record import Record
from benchmarks.stage import METHODS
from book.extensions.trace_table import CELL

PAGES = ("results", "benchmark", "beyond_the_paper")
FIGURES = {"results": 1, "benchmark": 3}
# How good a row is in the made-up worlds; a row that is not named lies in the middle.
WORTH = {
    "nothing": 1.1,
    "genre": 1.95,
    "grafted": 1.948,
    "neighbour": 1.9,
    "wachter": 1.3,
    "oracle-copies": 1.94,
    "oracle-writes": 1.99,
}


def made_up(key: str) -> dict:
    """A cell with every number that the part asks for, the same for the same key."""
    part, table, row, seed = key.split("/")
    about = field.PARTS[part]
    chance = np.random.default_rng(zlib.crc32(key.encode()))
    world = np.random.default_rng(zlib.crc32(f"{table}/{seed}".encode())).normal(0, 0.01)
    score = WORTH.get(row, 1.7) + world + chance.normal(0, 0.003)
    if about.ask is questions.ten_options:
        terms = ("none", "freeze", "bounds", "two changes")
        what = ("coverage", "options", "validity", "plausibility", "cost", "changed")
        what += ("diversity", "kept", "seconds")
        return {"metrics": {f"{w}, {t}": chance.random() for w in what for t in terms}}
    if about.ask is questions.same_advice:
        what = ("both", "same_answer", "same_changes", "shared_changes", "apart")
        return {"metrics": {w: chance.random() for w in what}}
    if about.ask is questions.under_others:
        return {"metrics": {"under_all": chance.random(), "under_each": chance.random()}}
    metrics = {"score": score, "cost": 0.4, "validity": 0.9, "plausibility": 0.9}
    if row.startswith("treecf"):
        metrics |= {"proven": 0.95}
    if part == "main":
        metrics |= dict.fromkeys(
            ("coverage", "ynn", "needless", "crowding", "invalidation_noise"), 0.9
        )
        metrics |= {"violations": 0, "changed": 2.5, "diversity": None}
        metrics |= {"cost_quantiles": 0.6 + chance.normal(0, 0.05)}
        for judge in ("held_out", "other_calibration", "other_family"):
            metrics[f"score_{judge}"] = score - 0.1 + chance.normal(0, 0.02)
    return {"metrics": metrics}


def cells_of(parts: dict[str, int], *tables: str) -> dict:
    """Cells of some parts, so many seeds of each; of some tables, or of all."""
    return {
        key: made_up(key)
        for part, seeds in parts.items()
        for key in field.PARTS[part].keys(part)
        if int(key.rpartition("/")[2]) < seeds and (not tables or key.split("/")[1] in tables)
    }


def write(folder, name: str, command: str, cells: dict, summary) -> None:
    folder.mkdir(exist_ok=True)
    record = Record(folder / f"{name}.json", command, code=lambda key: {"a.py": "1"})
    for key, cell in cells.items():
        record.put(key, cell)
    record.write(summary, people=200)


def ablated() -> dict:
    chance = np.random.default_rng(0)
    return {
        f"ablation/{table}/{idea}/{seed}": {"metrics": {"score": 1.9 + chance.normal(0, 0.01)}}
        for table in ablation.TABLES
        for idea in ablation.IDEAS
        for seed in range(4)
    }


WHOLE = dict.fromkeys(field.PARTS, 20)
SEEDS = 3


@pytest.fixture(scope="module", autouse=True)
def few():
    """All parts with a few worlds each, so that the whole grid is small."""
    with pytest.MonkeyPatch.context() as patch:
        for name, part in field.PARTS.items():
            rows = {row: min(seeds, SEEDS) for row, seeds in part.rows.items()}
            patch.setitem(field.PARTS, name, replace(part, rows=rows))
        yield


@pytest.fixture(scope="module")
def whole(few):
    """The record as it is when all is made."""
    cells = cells_of(WHOLE)
    return {"cells": cells, "summary": json.loads(json.dumps(statistics.summary(cells)))}


# -- names and numbers ------------------------------------------------------------------------------


def test_every_row_and_table_has_a_name_of_its_own():
    rows = {row for part in field.PARTS.values() for row in part.rows}
    names = {row: pages.row_name(row) for row in rows}
    assert len(set(names.values())) == len(rows)
    for row, name in names.items():
        assert not re.search(r"@|-(aided|forward|cheapest|dear)\b|oracle-", name), row
        base = row.partition("@")[0]
        for end in pages.ENDINGS:
            base = base.removesuffix(end)
        assert base in pages.NAMES, row
    tables = {t for part in field.PARTS.values() for t in part.tables}
    assert len({pages.table_name(t) for t in tables}) == len(tables)
    assert not any(re.search("[:~]", pages.table_name(t)) for t in tables)


def test_groups_hold_every_row_of_the_main_part_once():
    told = [row for rows in pages.GROUPS.values() for row in rows]
    assert len(told) == len(set(told))
    assert set(field.PARTS["main"].rows) <= set(told)
    assert set(told) <= {*METHODS, "genre-forward", *field.PEERS}


@pytest.mark.parametrize(
    ("value", "digits", "sign", "said"),
    [
        (1.2345, 2, False, "1.23"),
        (-0.5, 1, True, "−0.5"),
        (0.5, 1, True, "+0.5"),
        (-0.0004, 3, False, "0.000"),
        (None, 3, False, "–"),
        (float("nan"), 3, True, "–"),
    ],
)
def test_numbers_are_set_as_in_a_book(value, digits, sign, said):
    assert pages.number(value, digits, sign=sign) == said


def test_an_interval_does_not_break_and_is_left_out_where_one_world_has_none():
    told = pages.interval({"mean": -1.5, "half_width": 0.25}, 2)
    assert told == "−1.50\u00a0±\u00a00.25"
    assert pages.interval({"mean": 1.5, "half_width": None}, 2) == "1.50"
    assert pages.interval({"mean": 1.5, "half_width": float("nan")}, 2) == "1.50"
    assert pages.interval({}) == "–"


def test_words_are_listed_as_in_a_sentence():
    assert pages.listed([]) == ""
    assert pages.listed(["a"]) == "a"
    assert pages.listed(iter("abc")) == "a, b and c"
    assert pages.share(0.256) == "26\u00a0%"
    assert pages.share(None) == "–"


# -- tables -----------------------------------------------------------------------------------------


def parsed(html):
    return BeautifulSoup(html.data, "html.parser")


def test_a_table_can_be_read_aloud_and_scrolls_in_its_own_box():
    rows = pd.MultiIndex.from_tuples([("A", "x"), ("A", "y"), ("B", "z")], names=[None, "Method"])
    frame = pd.DataFrame(
        {"one": [{"mean": 1.0, "half_width": 0.5}, "text", None], "two": ["1", "2", np.nan]}, rows
    )
    page = parsed(pages.table(frame, "What is it?", bold={(("A", "y"), "two")}))
    box = page.div
    assert (box["tabindex"], box["role"], box["aria-label"]) == ("0", "region", "What is it?")
    assert "pst-scrollable-table-container" in box["class"]
    assert box.table.caption.text == "What is it?"
    heads = box.thead.find_all(["th", "td"])
    assert [(h.text, h.get("scope")) for h in heads] == [
        ("Method", "col"),
        ("one", "col"),
        ("two", "col"),
    ]
    bodies = [[row.text for row in body.find_all("tr")] for body in page.find_all("tbody")]
    assert bodies == [["A", "x1.000\u00a0±\u00a00.5001", "ytext2"], ["B", "z––"]]
    groups = page.select('th[scope="rowgroup"]')
    assert [(g.text, g["colspan"]) for g in groups] == [("A", "3"), ("B", "3")]
    assert [th.text for th in page.select('th[scope="row"]')] == ["x", "y", "z"]
    assert [s.text for s in page.find_all("strong")] == ["2"]


def test_a_table_escapes_what_it_is_given():
    frame = pd.DataFrame({"<b>": ['<script>"x"</script>']}, index=["a & b"])
    html = pages.table(frame, 'He said "<i>"')
    assert "<script>" not in html.data
    page = parsed(html)
    assert page.td.text == ""  # the corner
    assert page.find_all("td")[1].text == '<script>"x"</script>'
    assert page.find("th", scope="row").text == "a & b"
    assert page.caption.text == page.div["aria-label"] == 'He said "<i>"'
    assert page.find_all(["b", "i", "script"]) == []


# -- what a comparison shows ------------------------------------------------------------------------


def paired(gaps, stands):
    return statistics.paired(dict(enumerate(gaps)), dict.fromkeys(range(len(gaps)), 0.0)) | {
        "stands": stands
    }


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (paired([0.1, 0.11, 0.12], True), "ahead"),
        (paired([-0.1, -0.11, -0.12], True), "behind"),
        # An interval without zero is not enough: the family is large.
        (paired([0.1, 0.11, 0.12], False), "open"),
        (paired([0.1], False), "once"),
        ({"mean": 0.1, "half_width": None, "p": None, "stands": False}, "once"),
        ({}, ""),
    ],
)
def test_a_verdict_is_holms_and_not_that_of_an_interval(of, kind):
    assert pages.standing(of) == kind
    said = pages.verdict(of)
    assert ("stands" in said) is (kind in ("ahead", "behind"))
    assert ("not told apart" in said) is (kind == "open")


def test_what_is_not_shown_has_a_bound_and_what_would_have_been_shown():
    gaps = np.array([0.01, -0.02, 0.015, 0.005, -0.001])
    said = pages.verdict(paired(gaps, False))
    error, t = stats.sem(gaps), stats.t(4)
    within = abs(gaps.mean()) + t.ppf(0.95) * error
    could = TTestPower().solve_power(nobs=5, alpha=0.05, power=0.8) * gaps.std(ddof=1)
    assert f"at most {within:.3f} lies between" in said
    assert f"5 worlds would have shown a difference of {could:.3f}" in said


def differing(**by_table):
    """A record that holds GenRe's difference from one row, by table."""
    means = {t: {"neighbour": {"score": {"mean": 1.0}}} for t in by_table}
    compared = {t: {"neighbour": of} for t, of in by_table.items()}
    return pages.Field(
        {"summary": {"means": {"main": means}, "compared": {"main": {"genre": compared}}}}
    )


def test_a_sentence_says_where_it_is_ahead_level_and_behind():
    told = differing(
        german=paired([0.1, 0.11, 0.12], True),
        compas=paired([-0.2, -0.21, -0.22], True),
        adult=paired([0.01, -0.01, 0.0], False),
    )
    said = pages.against(told, "The neighbour", ["neighbour"])
    assert said.startswith("**The neighbour.** GenRe is **ahead** on German Credit, by 0.110,")
    assert "it is **behind** on COMPAS (bundled), by 0.210, and that stands" in said
    assert "it is **not told apart** on Adult (bundled): at most" in said
    assert said.count("stands") == 2
    everywhere = differing(german=paired([0.1, 0.11], True), adult=paired([0.3, 0.31], True))
    assert "ahead** on all 2 tables, by 0.105 to 0.305, and" in pages.against(
        everywhere, "It", ["neighbour"]
    )
    assert pages.against(pages.Field({}), "It", ["neighbour"]) == "**It.** Not made yet."


def test_a_sentence_of_many_counts(whole):
    said = pages.against(pages.Field(whole), "Searches", ["wachter", "dice"])
    assert said.startswith("**Searches.** GenRe is **ahead** in all 12 comparisons, by 0.2")


def test_other_metrics_are_compared_in_a_family_of_their_own(whole):
    known = pages.Field(whole)
    pairs = {row: ("genre", row) for row in ("grafted", "neighbour", "nobody")}
    told = known.paired("options", pairs, "diversity, none")
    assert list(told) == ["grafted", "neighbour"]
    values = known.worlds("options", "diversity, none")
    mine, theirs = (
        [values["german"][row][seed] for seed in range(SEEDS)] for row in ("genre", "grafted")
    )
    test = stats.ttest_rel(mine, theirs)
    assert told["grafted"]["german"]["p"] == pytest.approx(test.pvalue)
    family = {(r, t): of["p"] for r, tables in told.items() for t, of in tables.items()}
    assert len(family) == 2 * len(field.PARTS["options"].tables)
    for (row, table), stands in statistics.holm(family).items():
        assert told[row][table]["stands"] is stands


def test_a_table_of_differences_has_in_bold_what_stands():
    told = {
        "clear": {"german": paired([0.1, 0.11, 0.12], True)},
        "unclear": {"german": paired([-0.1, 0.11, 0.12], False), "adult": {}},
    }
    page = parsed(pages.differences(told, "What is gained?"))
    assert [s.text.split()[0] for s in page.find_all("strong")] == ["+0.110"]
    assert [th.text for th in page.select('th[scope="col"]')] == [
        "German Credit",
        "Adult (bundled)",
    ]
    assert [td.text for td in page.find_all("td")[1:]][1::2] == ["–", "–"]


# -- what is there ----------------------------------------------------------------------------------


def test_what_is_missing_is_counted_and_said(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    assert pages.read("field.json") == {}
    assert pages.stale("field").startswith("results/field.json is not made yet")
    empty = pages.Field()
    assert empty.missing("halves") == "Not made yet: `python -m benchmarks.field --parts halves`."
    assert empty.tables("main") == empty.rows("main") == []
    some = cells_of({"near-optimal": 1})
    some[next(iter(some))] = {"error": "no"}
    write(tmp_path, "field", field.COMMAND, some, statistics.summary)
    part = pages.Field()
    assert part.made("near-optimal") == (len(some), SEEDS * len(some))
    assert part.missing("near-optimal").startswith(
        f"Of this part {len(some)} of {SEEDS * len(some)} "
    )
    assert "a grid that is not whole" in pages.stale("field")
    assert part.tables("near-optimal") == list(field.PARTS["near-optimal"].tables)


def test_a_whole_grid_is_no_news(whole, monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    (tmp_path / "field.json").write_text(
        json.dumps(whole | {"made_by": provenance.made_by("benchmarks.pages")})
    )
    assert pages.stale("field") == ""
    assert pages.Field().missing("main") == ""


# -- the pages --------------------------------------------------------------------------------------


def played(root, page: str, monkeypatch) -> str:
    """Everything that the cells of a page show, as one text; figures are drawn, and counted."""
    said, drawn = [], []

    def show(what):
        said.append(getattr(what, "data", None) or str(what))

    known = {"__name__": "page"}
    monkeypatch.setattr("IPython.display.display", show)
    monkeypatch.setattr(pages, "display", show)
    monkeypatch.setattr("myst_nb.glue", lambda *_, **__: None)
    for code in CELL.findall((root / f"book/{page}.md").read_text()):
        exec(code, known)
        for number in plt.get_fignums():
            plt.figure(number).canvas.draw()
            drawn.append(number)
        plt.close("all")
    return "\n".join(said) + f"\n{len(drawn)} figures"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_is_not_made(root, page, monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    said = played(root, page, monkeypatch)
    assert "python -m benchmarks.field --parts main" in said


def test_a_row_that_refused_most_worlds_has_no_mean():
    metrics = {"metrics": {"score": 1.5}}
    cells = {f"bank-linear/german/genre/{seed}": {"refused": "no"} for seed in (0, 1)}
    cells |= {"bank-linear/german/genre/2": metrics}
    cells |= {f"bank-linear/german/neighbour/{seed}": metrics for seed in range(3)}
    cells |= {
        "bank-linear/german/nothing/0": {"refused": "no"},
        "bank-linear/german/nothing/1": metrics,
    }
    shown = pages.Field({"cells": cells, "summary": statistics.summary(cells)}).grid("bank-linear")
    table = shown["German Credit"]
    assert table["GenRe"] == {}
    assert (table["nearest neighbour"]["mean"], table["doing nothing"]["mean"]) == (1.5, 1.5)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_copes_with_some_of_it(root, page, monkeypatch, tmp_path):
    """One world of two tables, and more of GenRe; parts with gaps; an old record of the ablation."""
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    parts = {"main": 1, "margins": 1, "options": 2, "official": 1, "halves": 1, "share-0.05": 1}
    some = cells_of(parts, "german", "compas:paper")
    some |= {k: v for k, v in cells_of({"main": 3}, "german").items() if "/genre/" in k}
    del some["main/german/oracle-writes/0"], some["options/german/grafted/0"]
    some["main/german/nice/0"] = {"error": "GenReError: nice has no environment (peers.py, ask)"}
    write(tmp_path, "field", field.COMMAND, some, statistics.summary)
    old = {"summary": {"no doubt": {"why": "", "score": {"adult": 1.9}, "gain": {"mean": 0.1}}}}
    (tmp_path / "ablation.json").write_text(json.dumps(old | {"command": ablation.COMMAND}))
    said = played(root, page, monkeypatch)
    assert "nan" not in re.findall(r"\b\w+\b", said.lower())
    assert "a grid that is not whole" in said
    if page == "benchmark":
        assert (
            "NICE, part *main*, on German Credit in 1 of 3 worlds: GenReError: nice has no environment"
            in said
        )
    if page == "beyond_the_paper":
        assert "The record of the ablation is stale" in said


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_whole_grid_leaves_nothing_open(root, page, whole, monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    (tmp_path / "field.json").write_text(
        json.dumps(whole | {"command": field.COMMAND, "made_by": {}})
    )
    write(tmp_path, "ablation", ablation.COMMAND, ablated(), ablation.summary)
    said = played(root, page, monkeypatch)
    assert "not made yet" not in said.lower()
    assert "nan" not in re.findall(r"\b\w+\b", said.lower())
    assert said.endswith(f"\n{FIGURES.get(page, 0)} figures")
    for table in parsed(SimpleNamespace(data=said)).find_all("table"):
        assert table.caption and table.caption.text
        assert len({len(row.find_all(["th", "td"])) for row in table.select("tr:has(td)")}) == 1
