"""The fidelity ledger: every difference from paper and official code has a test that exists.

Differences that no other file tests are tested here.
"""

from __future__ import annotations

import ast
import inspect
import json
from functools import cache

import pytest

import genre_lite as gl
from genre_lite.codec import Codec
from genre_lite.genre import RECIPES

TRAPS = range(1, 10)
TABLES = ("adult", "compas", "german")


@pytest.fixture(scope="module")
def ledger(root):
    return json.loads((root / "book" / "fidelity.json").read_text())["rows"]


@pytest.fixture(scope="module")
def german():
    return gl.GenRe.load("german", progress=False)


@pytest.fixture(scope="module")
def denied(german):
    people = gl.load_dataset("german").X_test
    return people[german.h.predict_proba(people)[:, 1] < 0.5]


@cache
def functions(path):
    return {node.name for node in ast.parse(path.read_text()).body if hasattr(node, "name")}


# -- the ledger ---------------------------------------------------------------------------------


def test_every_test_it_names_exists(root, ledger):
    for row in ledger:
        assert row["test"], row["id"]
        for test in row["test"]:
            file, name = test.split("::")
            assert name.startswith("test_"), test
            assert name in functions(root / file), f"{row['id']} names {test}"


def test_all_nine_traps_are_there(ledger):
    assert {row["trap"] for row in ledger} - {None} == set(TRAPS)


def test_its_rows_are_whole(ledger):
    identities = [row["id"] for row in ledger]
    assert len(set(identities)) == len(identities)
    keys = {"id", "trap", "topic", "paper", "official", "ours", "why", "test"}
    for row in ledger:
        assert row.keys() == keys, row["id"]
        for key in ("topic", "official", "ours", "why"):
            assert row[key].strip(), f"{row['id']} has no {key}"
        assert row["paper"] is None or row["paper"].strip(), row["id"]


# -- differences tested here --------------------------------------------------------------------


def test_the_network_reads_the_person_and_no_outcome(german):
    model, schema = german.network_, gl.load_dataset("german").schema
    for read in (model.forward, model.encode):
        assert set(inspect.signature(read).parameters) <= {"x", "x_tokens", "y_tokens"}
    assert model.d == len(schema)
    assert gl.load_dataset("german").target not in schema.names


def test_warmer_is_more_varied(german, denied):
    cold, warm = (german.sample(denied.head(10), n=40, temperature=t) for t in (0.2, 2.0))
    assert warm.frame.drop_duplicates().shape[0] > 1.2 * cold.frame.drop_duplicates().shape[0]
    assert warm.log_prob.mean() < cold.log_prob.mean()


@pytest.mark.parametrize("table", TABLES)
def test_every_number_can_reach_its_extremes(table):
    bank = gl.load_dataset(table)
    codec = Codec(bank.schema).fit(bank.X_train)
    for feature, values in zip(bank.schema, codec.values, strict=True):
        if not feature.is_categorical:
            column = bank.X_train[feature.name]
            assert (values[0], values[-1]) == (column.min(), column.max()), feature.name


def test_capital_gain_keeps_its_values():
    bank = gl.load_dataset("adult")
    codec = Codec(bank.schema).fit(bank.X_train)
    (kept,) = (
        v for f, v in zip(bank.schema, codec.values, strict=True) if f.name == "capital-gain"
    )
    assert kept.tolist() == sorted(bank.X_train["capital-gain"].unique())
    bins = {int(50 * value / kept[-1]) for value in kept}
    assert len(bins) < len(kept) / 3, "fifty equal bins would merge most of them"


def test_the_network_is_what_its_configuration_says(german):
    model, config = german.network_, german.network_.config
    assert (len(model.encoder), len(model.decoder)) == (
        config.encoder_layers,
        config.decoder_layers,
    )
    assert model.token.shape[-1] == config.width
    assert model.decoder[0].cross.heads == config.heads
    assert model.decoder[0].feed[0].out_features == config.expansion * config.width
    assert config == gl.ModelConfig(), "the shipped models have the default size"
    assert config.encoder_layers + config.decoder_layers < 32


def test_the_safest_costs_more_than_the_cheapest(german, denied):
    safest, cheapest = (german.recommend(denied, rule=rule) for rule in ("safest", "cheapest"))
    assert safest.cost.mean() > 1.2 * cheapest.cost.mean()
    assert safest.probability.mean() > cheapest.probability.mean()


def test_a_refined_answer_asks_for_less(german, denied):
    drawn = german.recommend(denied, refined=False)
    refined = german.recommend(denied)
    assert refined.cost.mean() < 0.95 * drawn.cost.mean()
    assert len(refined.changes()) < len(drawn.changes())
    assert refined.found.mean() >= drawn.found.mean()


def test_the_papers_recipe_has_the_official_settings():
    paper = RECIPES["paper"]
    assert (paper.candidates, paper.rule, paper.nearest) == (10, "safest", 1000)
    assert paper.temperature == pytest.approx(1 / 10), "logits times 10"
