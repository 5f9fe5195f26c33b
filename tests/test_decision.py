"""The bank: who decides, and what would really have happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from genre_lite import (
    Classifier,
    Codec,
    Dataset,
    GenRe,
    GenReError,
    Schema,
    SchemaError,
    TrainingConfig,
    gold_world,
    load_dataset,
    train_classifier,
)
from genre_lite.decision import acceptance

FRAME = pd.DataFrame({"it": [1.0, 2.0, 3.0]}, index=["ana", "ben", "cem"])


class Answers:
    """A classifier that always gives the same answer."""

    def __init__(self, answer):
        self.answer = answer

    def predict_proba(self, frame):
        return self.answer


def applicants(n=400, seed=0, share=0.5):
    """A raw table with text: the favourable outcome comes with income and with a trade."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3000, 800, n).round(),
            "job": rng.choice(["clerk", "pilot", "smith"], n),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    worth = (frame["income"] - 3000) / 800 + (frame["job"] == "pilot") + rng.normal(0, 0.5, n)
    frame["loan"] = np.where(worth > np.quantile(worth, 1 - share), "granted", "refused")
    return Dataset.from_frame(frame, target="loan", favourable="granted")


@pytest.fixture(scope="module")
def bank():
    return applicants()


# -- any classifier ---------------------------------------------------------------------------


def test_acceptance_is_the_second_column():
    answer = [[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]]
    for given in (answer, np.array(answer), pd.DataFrame(answer), np.array(answer, "float32")):
        assert acceptance(Answers(given), FRAME).tolist() == pytest.approx([0.1, 0.5, 1.0])
    rounding = [[0.0, 1 + 1e-8], [0.5, 0.5], [0.5, 0.5]]
    assert acceptance(Answers(rounding), FRAME)[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ([0.1, 0.2, 0.3], ["(3,)", "(3, 2)", "unfavourable, favourable"]),
        ([[0.1], [0.2], [0.3]], ["(3, 1)", "(3, 2)"]),
        ([[0.5, 0.5]], ["(1, 2)", "(3, 2)"]),
        ([[0.2, 0.3, 0.5]] * 3, ["(3, 3)", "(3, 2)"]),
        ([[0.5, 0.5], [0.5, np.nan], [0.5, 0.5]], ["'ben'", "nan", "[0, 1]"]),
        ([[0.5, 0.5], [0.5, 0.5], [np.inf, 0.5]], ["'cem'", "inf", "finite"]),
        ([[-0.5, 1.5], [0.5, 0.5], [0.5, 0.5]], ["'ana'", "[-0.5, 1.5]", "[0, 1]"]),
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 1.1]], ["'cem'", "[0.5, 1.1]"]),
    ],
)
def test_acceptance_refuses_what_is_no_probability(answer, parts):
    with pytest.raises(GenReError) as error:
        acceptance(Answers(answer), FRAME)
    for part in parts:
        assert part in str(error.value)


def test_acceptance_needs_predict_proba():
    with pytest.raises(GenReError, match=r"Linear without predict_proba.*genre_lite\.Classifier"):
        acceptance(nn.Linear(1, 1), FRAME)


def test_a_torch_module_as_a_classifier():
    codec = Codec(Schema.infer(FRAME)).fit(FRAME)
    module = nn.Linear(1, 1)
    with torch.no_grad():
        module.weight.fill_(4.0)
        module.bias.fill_(-2.0)
    h = Classifier(codec, module)
    expected = 1 / (1 + np.exp(-(4 * np.array([0, 0.5, 1]) - 2)))
    proba = h.predict_proba(FRAME)
    np.testing.assert_allclose(proba[:, 1], expected, rtol=1e-6)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(acceptance(h, FRAME.assign(extra="x")), proba[:, 1])
    with pytest.raises(SchemaError, match="'it', row 'ana'"):
        h.predict_proba(FRAME.assign(it=["a", "b", "c"]))


def test_gradients_flow_through_the_logit(bank):
    h = train_classifier(bank, epochs=5, progress=False)
    design = torch.as_tensor(
        h.codec.design(h.codec.cube(bank.X_test)), dtype=torch.float32
    ).requires_grad_()
    logit = h.logit(design)
    assert logit.shape == (len(bank.X_test),)
    np.testing.assert_allclose(
        torch.sigmoid(logit).detach().numpy(), h.predict_proba(bank.X_test)[:, 1], rtol=1e-5
    )
    logit.sum().backward()
    assert (design.grad[:, 0].abs() > 0).all()


def test_a_pipeline_on_raw_strings_serves_genre(bank):
    columns = ColumnTransformer(
        [("text", OneHotEncoder(), ["job", "sex"]), ("number", StandardScaler(), ["income"])]
    )
    h = make_pipeline(columns, LogisticRegression()).fit(bank.X_train, bank.y_train)
    schema = bank.schema.constrain(immutable=["sex"])
    genre = GenRe(h, schema, training=TrainingConfig(steps=20), recipe="paper", progress=False)
    denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]
    answer = genre.fit(bank.X_train, bank.y_train).recommend(denied)
    best = answer.best()[answer.found.to_numpy()]
    assert len(best) > 0.8 * len(denied)
    assert (h.predict_proba(best)[:, 1] > 0.5).all()
    assert (best["sex"] == denied.loc[best.index, "sex"]).all()
    assert set(best["job"]) <= {"clerk", "pilot", "smith"}


# -- the paper's classifier -------------------------------------------------------------------


def test_training_learns_the_decision(bank):
    h = train_classifier(bank, epochs=40, learning_rate=1e-2, progress=False)
    right = (acceptance(h, bank.X_test) > 0.5) == bank.y_test
    assert right.mean() > 0.8


def test_the_same_seed_gives_the_same_classifier(bank):
    state = torch.random.get_rng_state()
    first = train_classifier(bank, epochs=2, seed=1, progress=False).predict_proba(bank.X_test)
    assert torch.equal(state, torch.random.get_rng_state()), "the global state is left alone"
    torch.manual_seed(99)
    again = train_classifier(bank, epochs=2, seed=1, progress=False).predict_proba(bank.X_test)
    other = train_classifier(bank, epochs=2, seed=2, progress=False).predict_proba(bank.X_test)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_balance_lifts_the_rarer_outcome():
    rare = applicants(share=0.15)
    training = {"epochs": 30, "learning_rate": 1e-2, "progress": False}
    plain, balanced = (
        acceptance(train_classifier(rare, balanced=balanced, **training), rare.X_train)
        for balanced in (False, True)
    )
    assert plain.mean() == pytest.approx(0.15, abs=0.08)
    assert balanced.mean() > plain.mean() + 0.1


@pytest.mark.parametrize("label", [0, 1])
def test_one_outcome_is_not_enough(bank, label):
    one = bank.relabel(np.full(len(bank.train), label), bank.y_test)
    with pytest.raises(GenReError, match=f"labels are {label}; a classifier needs both outcomes"):
        train_classifier(one, progress=False)


def test_progress_only_when_asked(bank, capsys):
    train_classifier(bank, epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")
    train_classifier(bank, epochs=1, progress=True)
    assert "classifier" in capsys.readouterr().err


# -- the gold world ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moons():
    return load_dataset("moons", n=400)


@pytest.fixture(scope="module")
def gold(moons):
    return gold_world(moons, seed=0, progress=False)


@pytest.fixture(scope="module")
def people(moons):
    return pd.concat([moons.X_train, moons.X_test])


def test_the_gold_world_keeps_the_people(gold, moons):
    pd.testing.assert_frame_equal(gold.bank.X_train, moons.X_train)
    pd.testing.assert_frame_equal(gold.bank.X_test, moons.X_test)
    assert gold.bank.schema == moons.schema
    assert set(gold.bank.y_train) == {0, 1}


@pytest.mark.equation("field-labels")
def test_its_labels_are_draws_of_its_probabilities(gold, people):
    chance = acceptance(gold, people)
    labels = pd.concat([gold.bank.y_train, gold.bank.y_test]).to_numpy()
    spread = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
    assert abs(labels.mean() - chance.mean()) < 3 * spread
    unsure = (chance > 0.1) & (chance < 0.9)
    assert (labels[unsure] != (chance[unsure] > 0.5)).any(), "draws, not decisions"
    sure = (chance == 0) | (chance == 1)
    assert (labels[sure] == chance[sure]).all()


def test_its_probabilities_know_the_truth(gold, moons, people):
    assert np.corrcoef(acceptance(gold, people), moons.probability(people))[0, 1] > 0.85


def lof(asked, reference, k=5):
    """The local outlier factor written out (Breunig et al., 2000)."""

    def near(points, itself):
        far = np.sqrt(((points[:, None] - reference) ** 2).sum(axis=2))
        if itself:
            np.fill_diagonal(far, np.inf)
        order = np.argsort(far, axis=1)[:, :k]
        return order, np.take_along_axis(far, order, axis=1)

    own, far = near(reference, itself=True)
    reach = far[:, -1]
    density = 1 / np.maximum(far, reach[own]).mean(axis=1)
    theirs, far = near(asked, itself=False)
    return density[theirs].mean(axis=1) * np.maximum(far, reach[theirs]).mean(axis=1)


def test_plausible_means_an_inlier_among_those_it_accepts(gold, moons, people):
    codec = Codec(moons.schema).fit(moons.X_train)
    reference = codec.cube(people[acceptance(gold, people) > 0.5])
    rng = np.random.default_rng(0)
    asked = pd.DataFrame(
        np.concatenate([people.to_numpy()[:100], rng.uniform(-3, 4, (100, 2))]),
        columns=moons.schema.names,
    )
    factor = lof(codec.cube(asked), reference)
    clear = np.abs(factor - 1.5) > 1e-6
    assert clear.sum() > 190
    np.testing.assert_array_equal(gold.is_plausible(asked)[clear], factor[clear] <= 1.5)
    assert 0 < gold.is_plausible(asked).mean() < 1


def test_the_gold_world_follows_its_seed(gold, moons, people):
    again, other = (gold_world(moons, seed=seed, progress=False) for seed in (0, 1))
    pd.testing.assert_series_equal(gold.bank.y_train, again.bank.y_train)
    np.testing.assert_array_equal(acceptance(gold, people), acceptance(again, people))
    assert (gold.bank.y_train != other.bank.y_train).any()


def test_a_world_needs_both_outcomes(moons):
    one = moons.relabel(np.ones(len(moons.train)), np.ones(len(moons.test)))
    with pytest.raises(GenReError, match="All labels are 1; a world needs both outcomes"):
        gold_world(one, progress=False)


# -- the held-out world -----------------------------------------------------------------------


def test_the_held_out_world_never_sees_the_test_people(moons, people):
    """Moving the test people and turning their labels changes nothing in it."""
    strangers = replace(
        moons,
        test=moons.test.assign(
            **{name: moons.test[name] + 9 for name in moons.schema.names},
            **{moons.target: moons.test[moons.target].to_numpy()[::-1]},
        ),
    )
    world, other = (gold_world(bank, held_out=True, progress=False) for bank in (moons, strangers))
    np.testing.assert_array_equal(acceptance(world, people), acceptance(other, people))
    np.testing.assert_array_equal(world.is_plausible(people), other.is_plausible(people))
    pd.testing.assert_series_equal(world.bank.y_train, other.bank.y_train)


def test_the_papers_world_does_see_them(gold, moons, people):
    held_out = gold_world(moons, held_out=True, progress=False)
    assert (acceptance(held_out, people) != acceptance(gold, people)).any()
    assert held_out.bank.y_test.index.equals(moons.y_test.index)
    assert np.corrcoef(acceptance(held_out, people), moons.probability(people))[0, 1] > 0.8


def test_held_out_plausibility_compares_with_training_people(moons):
    held_out = gold_world(moons, held_out=True, progress=False)
    codec = Codec(moons.schema).fit(moons.X_train)
    reference = codec.cube(moons.X_train[acceptance(held_out, moons.X_train) > 0.5])
    factor = lof(codec.cube(moons.X_test), reference)
    clear = np.abs(factor - 1.5) > 1e-6
    plausible = held_out.is_plausible(moons.X_test)
    np.testing.assert_array_equal(plausible[clear], factor[clear] <= 1.5)


def test_a_held_out_world_needs_both_outcomes_in_training(moons):
    one = moons.relabel(np.zeros(len(moons.train)), moons.y_test)
    with pytest.raises(GenReError, match="All labels are 0; a world needs both outcomes"):
        gold_world(one, held_out=True, progress=False)
