"""What the pages of results share; and the pages themselves, without a record, with some of it, and with all."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from itertools import product
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
from benchmarks.record import Record, plain
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
    assert "(a 95\u00a0% bound)" in said
    assert f"5 worlds would have shown a difference of {could:.3f} in four of five cases" in said


def test_bounds_of_many_have_their_level_and_each_its_worlds():
    """The widest bound, and what the least sharp comparison would have shown, with its own worlds."""
    few, many = paired([0.1, 0.3], False), paired([0.01, -0.02, 0.015], False)
    said = pages.bound([many, few])
    assert (
        f"at most {few['within']:.3f} lies between them (95\u00a0% bounds, each for itself)" in said
    )
    assert f"with 2 worlds, would have shown a difference of {few['could']:.3f}" in said
    assert "2 to 3 worlds" not in said


@pytest.mark.parametrize("read", [lambda of: of, plain], ids=["made", "read"])
def test_worlds_that_differ_by_the_same_have_no_bound_and_no_nan(read):
    same = read(paired([0.08, 0.08], False))
    said = pages.verdict(same)
    assert said == "not told apart (+0.080): all worlds differ by the same, which gives no bound"
    other = read(paired([0.01, -0.02, 0.015], False))
    for few in ([same, other], [other, same]):
        told = pages.bound(few)
        assert told.startswith(f"at most {other['within']:.3f} lies between them (a 95")
        assert told.endswith(
            "; in 1 of 2 comparisons all worlds differ by the same, which gives no bound"
        )
    assert pages.verdict(same | {"stands": True}) == "ahead by 0.080, and that stands"
    page = parsed(pages.differences({"it": {"german": same, "adult": other}}, "What?"))
    assert page.caption.text == "What? Without ±: one world, or the same difference in all."
    assert [td.text for td in page.find_all("td")][1] == "+0.080"
    whole = parsed(pages.differences({"it": {"adult": other, "german": {}}}, "What?"))
    assert whole.caption.text == "What?"


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
    said = pages.against(told, "The neighbour", ["neighbour"]).replace(pages.SPACE, " ")
    assert said.startswith(
        "**The neighbour.** GenRe is **ahead** on German Credit, by 0.110 ± 0.025,"
    )
    assert "it is **behind** on COMPAS (bundled), by 0.210 ± 0.025, and that stands" in said
    assert "it is **not told apart** on Adult (bundled): at most" in said
    assert said.count("stands") == 2
    everywhere = differing(german=paired([0.1, 0.11], True), adult=paired([0.3, 0.31], True))
    said = pages.against(everywhere, "It", ["neighbour"]).replace(pages.SPACE, " ")
    assert "ahead** on all 2 tables, by 0.105 ± 0.064 to 0.305 ± 0.064, and that" in said
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


def played(root, page: str, monkeypatch, names: dict | None = None) -> str:
    """Everything that the cells of a page show, as one text; figures are drawn, and counted.

    ``names`` takes up what the cells define.
    """
    said, drawn = [], []

    def show(what):
        said.append(getattr(what, "data", None) or str(what))

    known = {} if names is None else names
    known |= {"__name__": "page", "display": show}
    monkeypatch.setattr("IPython.display.display", show)
    monkeypatch.setattr(pages, "display", show)
    glued = known["glued"] = {}
    monkeypatch.setattr("myst_nb.glue", lambda name, value, **_: glued.update({name: value}))
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


# -- what single sentences and figures are made of ---------------------------------------------------


@pytest.fixture
def page_of(root, monkeypatch, tmp_path):
    """The names of a page's cells, and what it shows, for a record of the field."""

    def read(page, cells):
        monkeypatch.setattr(provenance, "RESULTS", tmp_path)
        write(tmp_path, "field", field.COMMAND, cells, statistics.summary)
        names = {}
        return names, played(root, page, monkeypatch, names)

    return read


def test_the_main_table_says_who_refused(page_of):
    """A mean of the one world that a method did not refuse is none."""
    cells = cells_of({"main": SEEDS}, "german", "compas:paper")
    for seed in range(1, SEEDS):
        cells[f"main/german/genre-consistent/{seed}"] = {"refused": "too few"}
    del cells["main/german/roar/2"]
    names, said = page_of("results", cells)
    row = next(
        tr for tr in parsed(SimpleNamespace(data=said)).find_all("tr") if "consistent" in tr.text
    )
    _, compas, german = (td.text for td in row.find_all("td"))
    assert (german, compas == "refused") == ("refused", False)
    scored = names["scored"]("german")
    assert scored.loc[pages.grouped("genre-consistent")].isna().all()
    assert "Worlds a table: 2 for ROAR; 3 for all others." in said


@pytest.mark.parametrize(
    ("mean", "half", "kind"),
    [
        (0.95, 0.02, "shown to be reached"),
        (0.91, 0.02, "left open"),
        (0.87, 0.06, "left open"),
        (0.81, 0.03, "shown to be missed"),
        (0.99, None, "left open"),
    ],
)
def test_an_aim_is_reached_or_missed_by_its_interval(page_of, mean, half, kind):
    names, _ = page_of("results", cells_of({"main": 1}, "german"))
    assert names["aimed"]({"mean": mean, "half_width": half}) == kind
    names["field"].possible = lambda *_: {"mean": mean, "half_width": half}
    assert f"the aim of 0.9 is {kind} on German Credit." in names["of_the_way"]()


def test_the_last_point_of_the_shares_is_of_the_same_worlds(page_of):
    """The whole table was played in more worlds, and the others went better."""
    part = f"share-{field.SHARES[0]}"
    cells = cells_of({part: 3, f"share-{field.SHARES[1]}": 2}, "compas:paper")
    cells |= {f"main/compas:paper/genre/{s}": {"metrics": {"score": 1.0 + s}} for s in range(10)}
    names, _ = page_of("benchmark", cells)
    line = names["by_share"]("compas:paper", "genre")
    assert list(line) == [*field.SHARES[:2], 1.0]
    assert line[1.0]["mean"] == 1.5, "the two worlds that all have"


def test_in_hindsight_is_paired_by_world(page_of):
    """The rival had two good worlds; beside GenRe in the same ones it is behind."""
    cells = {}
    for seed in range(4):
        luck = {"metrics": {"score": 1.9 if seed < 2 else 1.0}}
        cells[f"main/german/genre/{seed}"] = luck
        cells[f"margins/german/genre@0.6/{seed}"] = luck
    for seed in range(2):
        worse = {"metrics": {"score": 1.7 + 0.02 * seed}}
        cells[f"main/german/dice/{seed}"] = cells[f"margins/german/dice@0.7/{seed}"] = worse
    _, said = page_of("benchmark", cells)
    said = said.replace(pages.SPACE, " ")
    assert "is DiCE at γ = ½. GenRe at the bank's own threshold less that is +0.190 ± 0.127" in said
    assert "over 2 worlds" in said
    assert "Worlds a table: 2 for DiCE; 4 for all others." in said


def test_the_most_steady_and_the_firmest_are_said_with_what_is_shown(page_of):
    cells = {}
    for seed, table in product(range(2), field.PARTS["halves"].tables):
        for row, same in {"genre": 0.2, "dice": 0.8, "roar": 0.5}.items():
            value = same + 0.01 * seed * (row == "dice")
            cells[f"halves/{table}/{row}/{seed}"] = {"metrics": {"same_changes": value}}
            cells[f"near-optimal/{table}/{row}/{seed}"] = {"metrics": {"under_all": value}}
    # Two of three tables are no mean to be compared with that of three.
    cells["halves/german/wachter/0"] = {"metrics": {"same_changes": 1.0}}
    _, said = page_of("benchmark", cells)
    said = said.replace(pages.SPACE, " ")
    assert "of the others DiCE does most often, in 80 %" in said
    assert re.search(
        r"On German Credit all of them accept 20 % .* DiCE has most, with 80 %; beside", said
    )
    assert "place 3" not in said


def test_a_yes_that_is_proven_has_its_table(root, whole, monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    (tmp_path / "field.json").write_text(json.dumps(whole | {"command": "-", "made_by": {}}))
    assert "answers that are proven to be the cheapest" in played(root, "benchmark", monkeypatch)


def test_what_is_quicker_than_the_first_edition_is_computed(root, monkeypatch):
    names = {}
    played(root, "speed", monkeypatch, names)
    names["paced"] = {
        "one": {"ratio": {"fit": 2.0}},
        "two": {"ratio": {"fit": 0.5}},
        "three": {"ratio": {}},
    }
    assert (
        names["smaller"]("It", "fit")
        == "It: today's figure is smaller on one (paper), and larger on two (paper)."
    )


def test_what_moves_the_score_counts_its_own_worlds(root, monkeypatch, tmp_path):
    """Four worlds are on the record, whatever the code of today asks for."""
    monkeypatch.setattr(provenance, "RESULTS", tmp_path)
    cells = ablated()
    for seed in range(4):  # an idea that moves each world by the same
        base = cells[f"ablation/german/{ablation.DEFAULT}/{seed}"]["metrics"]["score"]
        cells[f"ablation/german/one round/{seed}"] = {"metrics": {"score": base + 0.01}}
    write(tmp_path, "ablation", ablation.COMMAND, cells, ablation.summary)
    names = {}
    said = played(root, "what_moves_it", monkeypatch, names)
    assert names["glued"]["moves-worlds"] == "4"
    assert "nan" not in re.findall(r"\b\w+\b", f"{said} {names['glued']}".lower())
    unknown = {"german": {"stands": False, "within": None}}
    assert names["verdict"](unknown) == "no difference shown, no bound known"


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
