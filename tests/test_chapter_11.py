"""What chapter 11 teaches about comparisons, checked by simulation or by a library; and what it makes of a
record that is not whole.
"""

from __future__ import annotations

import json
import re
import warnings
from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy import stats

mpl.use("agg")

import matplotlib.pyplot as plt

import genre_lite as gl
from benchmarks import ablation, statistics
from benchmarks.field import MARGINS, PARTS
from benchmarks.record import plain
from benchmarks.stage import PEOPLE
from genre_lite.evaluation.ledger import mean_and_interval
from genre_lite.exercises import chapter_11, check

OF = {one.key: one for one in chapter_11.EXERCISES}

# What is asked of the classifier and the judge takes long, and has no part in the record.
LIVE = (
    "gold_world(",
    "lender",
    'beside["',
    "by_bin(",
    "gold.predict_proba(",
    "load_dataset(name)",
    "genre_lite.exercises",
    "solution(",
    "check(",
)


@pytest.fixture(scope="module")
def cells(root):
    return json.loads((root / "notebooks/11_the_honest_benchmark.ipynb").read_text())["cells"]


@pytest.fixture(scope="module")
def prose(cells):
    return " ".join(" ".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@pytest.fixture(scope="module")
def reading(cells):
    """The cells of the chapter that read the record, in their order."""
    sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    (start,) = [i for i, text in enumerate(sources) if "def read(" in text]
    return [text for text in sources[start:] if not any(word in text for word in LIVE)]


def told(reading, field, root):
    """What the chapter makes of a record: its names, and what it glues into the text."""
    glued: dict[str, object] = {}
    names = {"np": np, "pd": pd, "stats": stats, "gl": gl, "json": json, "plt": plt}
    names |= {"mean_and_interval": mean_and_interval}
    names["glue"] = lambda name, value, display: glued.__setitem__(name, value)
    first, *rest = reading
    start, end = first.index("def read("), first.index('field = read("field.json")')
    known = {name: json.loads((root / f"results/{name}").read_text()) for name in OTHERS}
    names["read"] = (known | {"field.json": field}).__getitem__
    for source in [first[:start] + first[end:], *rest]:
        exec(source.replace("from myst_nb import glue\n", ""), names)
        plt.close("all")
    return names, glued


OTHERS = ("claims.json", "pace.json")


def made_up(share, worlds, seed=0):
    """A record with a share of the cells of so many worlds; nobody made it."""
    chance, cells = np.random.default_rng(seed), {}
    for part in ("main", "margins", "splits", "bank-unweighted"):
        for key in PARTS[part].keys(part):
            table, row, at = key.split("/")[1:]
            if int(at) >= worlds or chance.random() > share:
                continue
            metrics = dict(zip(METRICS, chance.uniform(0.5, 1, len(METRICS)), strict=True))
            metrics |= {"cost": 0.0} if row == "nothing" else {}
            worth = metrics["validity"] + metrics["plausibility"]
            metrics["score"] = worth - metrics["cost"] / FEATURES[table.partition("~")[0]]
            metrics |= {f"score_{judge}": chance.uniform(1, 2) for judge in JUDGES}
            cells[key] = {"metrics": metrics}
    if cells:
        cells[next(iter(cells))] = {"error": "it failed"}
    return recorded(cells)


def recorded(cells):
    """Cells with their summary, as the file holds them."""
    cells = plain(cells)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rows that share no world
        return json.loads(json.dumps({"summary": plain(statistics.summary(cells)), "cells": cells}))


METRICS = ("coverage", "validity", "validity_h", "plausibility", "cost")
JUDGES = ("held_out", "other_calibration", "other_family")
FEATURES = {"compas:paper": 7, "heloc:paper": 21, "adult:paper": 13} | {
    name: len(gl.load_dataset(name).schema) for name in ("german", "compas", "adult")
}


# -- the record that the chapter reads --------------------------------------------------------------


def test_the_chapter_asks_for_nothing_that_no_run_makes(reading, prose):
    """Each row, table and count that its cells and its text name is in the grid."""
    assert f"denies, {PEOPLE} ask" in prose and f"the same {PEOPLE}" in prose
    text = "\n".join(reading)
    drawn = re.findall(r'"([\w-]+)"', re.search(r"DRAWN = \((.*?)\)", text).group(1))
    others = re.findall(r'"([\w-]+)"', re.search(r"OTHERS = \((.*?)\)", text, re.S).group(1))
    margins = [float(m) for m in re.search(r"MARGINS = \((.*?)\)", text).group(1).split(",")]
    part = PARTS["margins"]
    assert {"compas:paper", "heloc:paper", "adult:paper", "german"} == {*part.tables}
    assert tuple(margins[1:]) == MARGINS
    assert {part.rows[f"{row}@{m}"] for row in drawn for m in MARGINS} == {5}
    assert all(f"{row}@{m}" in part.rows for row in others for m in MARGINS)
    assert "At most five worlds each" in prose
    named = {row for part in PARTS.values() for row in part.rows}
    asked = set(re.findall(r'"((?:genre|neighbour|grafted|oracle|growing|wachter)[\w@.-]*)"', text))
    assert asked - {"oracle"} <= named, asked - named


# -- a record that is not whole -----------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("share", "worlds"), [(1, 0), (1, 1), (1, 2), (0.3, 3)])
def test_what_is_not_made_yet_is_said_and_stops_nothing(reading, root, share, worlds):
    _, glued = told(reading, made_up(share, worlds), root)
    missing = [name for name, value in glued.items() if "(not made yet)" in str(value)]
    if worlds < 2:
        assert "field-within-most" in missing
        assert glued["field-tests"] == 0
    assert worlds or glued["field-lead-mean"] == "(not made yet)"
    assert ("field-lead-mean" in missing) == (glued["field-worlds"] == 0)


def test_a_sentence_names_the_tables_on_which_something_stands(reading, root):
    """By hand: GenRe is ahead on one table, behind on another, and open on a third."""
    record = made_up(1, 0)
    gaps = {"compas:paper": 0.2, "heloc:paper": -0.2, "adult:paper": 0.0}
    chance = np.random.default_rng(1)
    for table, gap in gaps.items():
        for seed in range(10):
            noise = chance.normal(0, 0.01, 2)
            for row, score in {"genre": 1.5 + gap + noise[0], "grafted": 1.5 + noise[1]}.items():
                record["cells"][f"main/{table}/{row}/{seed}"] = {"metrics": {"score": score}}
    names, glued = told(reading, recorded(record["cells"]), root)
    assert glued["field-grafted-ahead"] == "COMPAS"
    assert glued["field-grafted-behind"] == "HELOC"
    assert glued["field-grafted-not-shown"] == glued["field-within-where"] == "Adult"
    assert glued["field-holm"] == 2
    bound = names["compare"]("adult:paper", "grafted")["within"]
    assert glued["field-within-most"] == f"{bound:.3f}"


def test_every_glued_name_is_glued(cells, prose, reading, root):
    used = set(re.findall(r"\{glue:text\}`(field-[\w-]+)", prose))
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    _, glued = told(reading, made_up(1, 2), root)
    alone = set(re.findall(r'glue\(\s*"(field-[\w-]+)"', code))
    assert used == set(glued) | alone


def test_it_says_where_the_defaults_were_chosen(prose):
    assert ablation.TABLES == ("german", "compas:paper", "heloc:paper")
    assert "three tables, German Credit and the paper's COMPAS and HELOC" in " ".join(prose.split())


def test_what_was_untrue_is_gone(prose):
    for untrue in ("tunes nobody", "fools", "the errors of $h$", "genre.json", "benchmark.json"):
        assert untrue not in prose


# -- what is taught ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(reading, root):
    """The chapter's own functions."""
    return told(reading, made_up(1, 2), root)[0]


@pytest.mark.equation("field-weights")
def test_weights_in_training_move_the_line():
    """People drawn from a known p; nobody has searched, and yet h > 1/2 is not p > 1/2."""
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(0)
    x = chance.normal(size=(200_000, 1))
    p = 1 / (1 + np.exp(1.8 - 1.5 * x[:, 0]))
    y = chance.random(len(p)) < p
    h = LogisticRegression(class_weight="balanced").fit(x, y).predict_proba(x)[:, 1]
    pi = y.mean()
    np.testing.assert_allclose(h / (1 - h), p / (1 - p) * (1 - pi) / pi, rtol=0.1)
    undone = h * pi / (h * pi + (1 - h) * (1 - pi))
    np.testing.assert_allclose(undone, p, atol=0.02)
    # As p rises, h passes one half at the share of the good outcome, and one half of p at 1 − π.
    assert p[np.abs(h - 0.5).argmin()] == pytest.approx(pi, abs=0.01)
    assert h[np.abs(p - 0.5).argmin()] == pytest.approx(1 - pi, abs=0.01)
    just = (h > 0.5) & (h < 0.6)
    assert (p[just] > 0.5).mean() == 0, (
        "all are accepted, and none is valid: no error of h is needed"
    )


@pytest.mark.equation("field-share")
def test_the_share_of_the_way_is_taken_world_by_world(names):
    worlds = {0: (1.0, 1.5, 2.0), 1: (1.8, 1.85, 1.9)}  # both are half of the way
    values = {
        row: {seed: of[i] for seed, of in worlds.items()}
        for i, row in enumerate(("nothing", "genre", "oracle-writes"))
    }
    told = statistics.possible({"t": values}, ["genre"])["t"]["genre"]
    assert told["mean"] == pytest.approx(0.5)
    cells = {
        f"main/t/{row}/{s}": {"metrics": {"score": v}}
        for row, of in values.items()
        for s, v in of.items()
    }
    scope = names | {"field": {"cells": cells}}
    for name in ("worlds", "share"):
        scope[name] = type(names[name])(names[name].__code__, scope, name, names[name].__defaults__)
    scope["worlds"].__kwdefaults__ = names["worlds"].__kwdefaults__
    assert scope["share"]("t", "genre").tolist() == pytest.approx([0.5, 0.5])
    # The share of the means would be another number where ways differ in length and in share.
    values["genre"] = {0: 2.0, 1: 1.8}
    shares = statistics.possible({"t": values}, ["genre"])["t"]["genre"]["mean"]
    means = {row: np.mean([*of.values()]) for row, of in values.items()}
    of_means = (means["genre"] - means["nothing"]) / (means["oracle-writes"] - means["nothing"])
    assert shares == pytest.approx(0.5)
    assert of_means == pytest.approx(1 / 1.1)


@pytest.mark.equation("field-holm")
def test_holm_by_hand_is_that_of_others(names):
    from statsmodels.stats.multitest import multipletests

    chance = np.random.default_rng(0)
    for _ in range(15):
        p = pd.Series(chance.beta(0.3, 2, size=12))
        theirs = multipletests(p, 0.05, method="holm")[0]
        ours = names["holm"](p).reindex(p.index)
        assert ours.tolist() == theirs.tolist()
        assert [*statistics.holm(p.to_dict()).values()] == theirs.tolist()


def test_one_by_one_many_families_print_a_difference_that_is_none(names):
    """Twenty comparisons of rows that are equal: with 5 % each, most families have a false word."""
    chance = np.random.default_rng(0)
    alone = together = 0
    for _ in range(400):
        p = pd.Series(stats.ttest_1samp(chance.normal(size=(10, 20)), 0).pvalue)
        alone += (p < 0.05).any()
        together += names["holm"](p).any()
    assert alone / 400 == pytest.approx(1 - 0.95**20, abs=0.08)
    assert together / 400 < 0.08


@pytest.mark.equation("field-within")
def test_the_bound_is_where_two_one_sided_tests_end():
    """Of two tests against −bound and +bound, the weaker one has p = 5 % at this bound."""
    from statsmodels.stats.weightstats import DescrStatsW

    chance = np.random.default_rng(0)
    for centre in (-0.03, 0.0, 0.02):
        gaps = chance.normal(centre, 0.05, size=12)
        told = statistics.paired(dict(enumerate(gaps)), dict.fromkeys(range(12), 0.0))
        p, *_ = DescrStatsW(gaps).ttost_mean(-told["within"], told["within"])
        assert p == pytest.approx(0.05)
        # An interval that holds zero does not say so: what it holds may be large.
        assert told["within"] > abs(told["mean"])


@pytest.mark.equation("field-could")
@pytest.mark.parametrize("n", [5, 10, 20])
def test_a_difference_that_could_be_shown_is_shown_four_times_in_five(names, n):
    chance = np.random.default_rng(n)
    gap = names["could"](1.0, n)
    p = stats.ttest_1samp(chance.normal(gap, 1, size=(n, 8000)), 0).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.03)
    # At a sharper bar, as among many comparisons, it takes more.
    bar = 0.05 / 50
    more = names["could"](1.0, n, bar)
    p = stats.ttest_1samp(chance.normal(more, 1, size=(n, 8000)), 0).pvalue
    assert (p < bar).mean() == pytest.approx(0.8, abs=0.03)
    # Of a tenth of it next to nothing is seen: "not shown" is no proof of zero.
    small = stats.ttest_1samp(chance.normal(gap / 10, 1, size=(n, 8000)), 0).pvalue
    assert (small < 0.05).mean() < 0.1


# -- exercises: right values in any form ----------------------------------------------------------------

COSTS = chapter_11.picky_and_patient()
HALF = chapter_11._two_half_widths()
RIGHT = [
    (
        "11.1",
        [
            {"coverage": Fraction(160, 181), "score": "1.348"},
            pd.Series({"Score": 1.348, "coverage": 0.884}),
            [1.348, "160/181"],
            np.array([[1.348, 0.884]]),
            {"Score": [1.348], "coverage": np.float32(0.884)},
        ],
    ),
    (
        "11.2",
        [
            COSTS.dropna().mean(),
            COSTS.dropna().mean().to_frame(),
            [0.65, 0.525],
            (0.65, 0.53),
            {"patient": "0.525", "Picky": "0.65"},
            np.array([0.65, 0.525]),
        ],
    ),
    ("11.3", [pd.Series(HALF), [*HALF.values()], {k: f"{v:.4f}" for k, v in HALF.items()}]),
    (
        "11.4",
        [
            "a",
            " A. ",
            "claim A",
            "Claim a",
            ["A"],
            {"A"},
            np.array(["A"]),
            pd.Index(["A"]),
            chapter_11.CLAIMS["A"],
            f'A "{chapter_11.CLAIMS["A"]}"',
            {"A": True, "B": False, "C": False, "D": False},
        ],
    ),
    ("11.5", ["2", 1e6, (0.9, 5), [2.0], np.float64(2)]),
    (
        "11.6",
        [
            ["B", "D"],
            {"D", "B"},
            "B, D",
            "b and d",
            "B and D stand together",
            ("d", "b"),
            pd.Index(["B", "D"]),
            chapter_11.six_rivals() < 0.01,
            chapter_11.six_rivals()[["B", "D"]],
            (chapter_11.six_rivals() < 0.01).to_dict(),
        ],
    ),
]


@pytest.mark.parametrize(("key", "answer"), [(key, a) for key, of in RIGHT for a in of])
def test_a_right_value_is_right_in_every_form(key, answer, tmp_path, monkeypatch):
    monkeypatch.setenv("GENRE_LITE_PROGRESS", str(tmp_path / "solved.json"))
    assert check(key, answer).right, check(key, answer)


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("11.1", ["1.368", 1.5 / 1.71], "took the cost along"),
        ("11.1", pd.Series({"coverage": 2.8 / 3.01, "score": 1.108}), "not subtracted whole"),
        ("11.2", COSTS.mean(), "Are they the same people in both"),
        ("11.2", COSTS.dropna().median(), "medians"),
        ("11.2", [0.525, 0.65], "swapped"),
        ("11.3", pd.Series(HALF) * 2, "end to end"),
        ("11.3", [*HALF.values()][::-1], "swapped"),
        ("11.4", ["C"], "rise and fall together"),
        ("11.4", "A and C", "more than one"),
        ("11.4", "E", "by their letters, A, B, C, D"),
        ("11.5", np.inf, "infinite"),
        ("11.5", [2, 0.1], "The winner is still the same"),
        ("11.1", {"Score": 1.348, "coverage": 88.4}, "between 0 and 1"),
        ("11.5", float("nan"), "nan is no number"),
        ("11.6", "A B D E F", "same 5 %"),
        ("11.6", "b", "Bonferroni"),
        ("11.6", ["A", "B", "D"], "the first that fails"),
        ("11.6", {"A", "B", "D", "F"}, "from the largest"),
    ],
)
def test_a_wrong_value_is_told_its_own_mistake_in_every_form(key, answer, words):
    """At the second try: the first is told which part is wrong."""
    verdict = OF[key].judge(answer, tries=2)
    assert not verdict.right
    assert words in verdict.hint


def test_the_claims_stand_in_the_chapter_as_they_are_read(prose):
    for letter, claim in chapter_11.CLAIMS.items():
        assert f'**{letter}** "{claim}"' in prose


def test_at_a_wide_margin_genre_loses_what_the_copier_keeps(root, fresh):
    """As the chapter says of COMPAS and HELOC."""
    fresh("field")
    means = json.loads((root / "results/field.json").read_text())["summary"]["means"]["margins"]
    for table in ("compas:paper", "heloc:paper"):
        ours, theirs = (means[table][f"{row}@0.9"]["score"]["mean"] for row in ("genre", "grafted"))
        assert ours < theirs - 0.2
