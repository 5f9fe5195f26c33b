"""The bank's decision as plain arrays, which the page's engine asks as Python asks the model.

What stands before the model is a list of :class:`~genre_lite.desk.columns.Column`. The model itself is layers or
trees (:mod:`~genre_lite.desk.models`), and a link from their sums to probabilities. :func:`carried` asks what it
made about rows made up of single values, and refuses where the model answers otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..codec import Codec
from ..decision import Classifier, Decision
from ..errors import GenReError, kind_of
from .columns import Column, NotCarriedError, gap_of, read, there, through
from .models import LINKS, Layers, Trees

__all__ = ["Bank", "carried"]

ALIKE = 1e-6  # how far h may lie from the model's own answer
MADE_UP = 500  # rows that both are asked about
SPREAD = 0.25  # of a range: how far from the vocabulary some of their numbers lie


@dataclass(frozen=True)
class Bank:
    """A decision as plain arrays.

    Parameters
    ----------
    inputs
        What the model reads.
    model
        Layers or trees.
    link
        From their sums to probabilities: ``"identity"``, ``"sigmoid"``, ``"softmax"``, or ``"each"`` for
        sigmoids that are then made to sum to one.
    good
        Which classes are favourable, booleans of shape (classes,).
    """

    inputs: list[Column]
    model: Layers | Trees
    link: str
    good: np.ndarray

    def ask(self, cells: np.ndarray) -> np.ndarray:
        """h(x) of rows of cells, (rows,): numbers in units, levels by position, NaN for a gap."""
        x = np.stack([column.ask(cells) for column in self.inputs], axis=1)
        share = LINKS[self.link](self.model.ask(x))
        if share.shape[1] == 1:
            return share[:, 0] if self.good[1] else 1 - share[:, 0]
        return share[:, self.good].sum(axis=1)

    def plain(self) -> dict[str, Any]:
        """For the engine."""
        return {
            "inputs": [column.plain() for column in self.inputs],
            "kind": "layers" if isinstance(self.model, Layers) else "trees",
            "link": self.link,
            "good": self.good.tolist(),
            "said": self.model.said,
        } | self.model.plain()


def _own(model: Classifier, good: np.ndarray, codec: Codec) -> Bank:
    """The package's own classifier: the inputs of its codec, and the layers of its module."""
    schema, mine = codec.schema, model.codec
    inputs: list[Column] = []
    for j, (f, block) in enumerate(zip(mine.schema, mine.blocks, strict=True)):
        of = schema.names.index(f.name)
        if f.is_categorical:
            cube = np.zeros((len(f.categories) + 1, len(mine.schema)))
            cube[:, j] = [*(np.arange(len(f.categories)) / mine.width[j]), np.nan if f.gaps else 0]
            table = mine.design(cube)[:, block]
            inputs += [Column(of, pd.Series(values)) for values in table.T]
        else:
            column = Column(of).step("minus", float(mine.low[j])).step("over", float(mine.width[j]))
            inputs += [column.filled(0.5), column.gap()] if f.gaps else [column]
    parts = list(model.module) if isinstance(model.module, torch.nn.Sequential) else [model.module]
    linear = [part for part in parts if isinstance(part, torch.nn.Linear)]
    kinds = [type(part).__name__ for part in parts]
    if kinds != ["Linear", *["ReLU", "Linear"] * (len(linear) - 1)]:
        raise NotCarriedError(f"its module is {', '.join(kinds)}, not Linear with ReLU between")
    weights = [part.weight.detach().double().numpy() for part in linear]
    biases = [
        np.zeros(len(part.weight)) if part.bias is None else part.bias.detach().double().numpy()
        for part in linear
    ]
    return Bank(inputs, Layers(weights, biases), "sigmoid", good)


def _linear(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    many = len(model.coef_) > 1
    names = {kind.__name__ for kind in type(model).__mro__}
    one_by_one = names & {"SGDClassifier"} or getattr(model, "solver", "") == "liblinear"
    one_by_one = one_by_one or getattr(model, "multi_class", "") == "ovr"
    link = "sigmoid" if not many else "each" if one_by_one else "softmax"
    bias = np.zeros(len(model.coef_)) + model.intercept_
    layers = Layers([np.asarray(model.coef_, float)], [np.asarray(bias, float)])
    return Bank(columns, layers, link, good)


def _perceptron(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    layers = Layers([w.T for w in model.coefs_], list(model.intercepts_), model.activation)
    link = "softmax" if model.out_activation_ == "softmax" else "sigmoid"
    return Bank(columns, layers, link, good)


def _forest(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    grown = getattr(model, "estimators_", [model])
    if np.asarray(grown[0].tree_.value).shape[1] != 1:
        raise NotCarriedError("it answers several questions at once")
    # Of two classes the favourable one says it all.
    told = np.flatnonzero(good) if len(good) == 2 else np.arange(len(good))
    trees = Trees([0.0] * len(told), over=float(len(grown)))
    for tree in grown:
        share = tree.tree_.value[:, 0, :]
        share = share / share.sum(axis=1, keepdims=True)
        for output, c in enumerate(told):
            trees.grow(_node(tree.tree_, share[:, c]), 0, output)
    good = np.array([False, True]) if len(good) == 2 else good
    return Bank([column.step("single") for column in columns], trees, "identity", good)


def _node(tree: Any, values: np.ndarray) -> Callable[[int], tuple]:
    """A tree of scikit-learn, node by node."""
    gap_left = tree.__getstate__()["nodes"]["missing_go_to_left"]
    feature, most = tree.feature, tree.threshold
    left, right = tree.children_left, tree.children_right

    def node(i: int) -> tuple:
        if left[i] < 0:
            return (values[i],)
        return feature[i], most[i], gap_left[i], left[i], right[i]

    return node


def _boosted(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    if model.init not in (None, "zero"):
        raise NotCarriedError(f"it starts from {kind_of(model.init)}")
    base = model._raw_predict_init(np.zeros((1, model.n_features_in_)))[0]
    times = 2.0 if model.loss == "exponential" else 1.0
    trees = Trees((times * base).tolist())
    for stage in model.estimators_:
        for c, tree in enumerate(stage):
            values = times * model.learning_rate * tree.tree_.value[:, 0, 0]
            trees.grow(_node(tree.tree_, values), 0, c)
    inputs = [column.step("single") for column in columns]
    return Bank(inputs, trees, "sigmoid" if len(base) == 1 else "softmax", good)


def _hist_boosted(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    if model._preprocessor is not None:
        inside, _ = through(model._preprocessor, list(columns))
        columns = [there(column) for column in inside]
    base = np.ravel(model._baseline_prediction).astype(float)
    trees = Trees(base.tolist())
    for stage in model._predictors:
        for c, tree in enumerate(stage):
            nodes, words = tree.nodes, tree.raw_left_cat_bitsets

            def node(i: int, nodes: Any = nodes, words: Any = words) -> tuple:
                of = nodes[i]
                if of["is_leaf"]:
                    return (of["value"],)
                most = of["num_threshold"]
                if of["is_categorical"]:
                    most = _members(words[of["bitset_idx"]])
                return of["feature_idx"], most, of["missing_go_to_left"], of["left"], of["right"]

            trees.grow(node, 0, c)
    return Bank(columns, trees, "sigmoid" if len(base) == 1 else "softmax", good)


def _members(words: np.ndarray) -> list[int]:
    return [32 * w + b for w, word in enumerate(words) for b in range(32) if int(word) >> b & 1]


def _lightgbm(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    booster = model.booster_
    categories = iter(booster.pandas_categorical or [])
    made = []
    for column in columns:
        if column.levels is not None and isinstance(column.levels.dtype, pd.CategoricalDtype):
            known = {level: float(i) for i, level in enumerate(next(categories))}
            codes = [known.get(level, np.nan) for level in column.levels]
            column = replace(column, levels=pd.Series(codes))
        made.append(column)
    told = booster.dump_model()
    name, *settings = told["objective"].split()
    slope = next((float(s[8:]) for s in settings if s.startswith("sigmoid:")), 1.0)
    links = {"binary": "sigmoid", "cross_entropy": "sigmoid"}
    links |= {"multiclass": "softmax", "multiclassova": "each"}
    if name not in links:
        raise NotCarriedError(f"its objective is {name!r}")
    outputs = told["num_tree_per_iteration"]
    trees = Trees([0.0] * outputs)
    if told["average_output"]:
        trees.over = len(told["tree_info"]) / outputs

    def node(at: dict) -> tuple:
        if "leaf_value" in at:
            if "leaf_coeff" in at:
                raise NotCarriedError("its leaves are linear models")
            return (slope * at["leaf_value"],)
        ends = (at["left_child"], at["right_child"])
        if at["missing_type"] == "Zero":
            raise NotCarriedError("it takes zeros for gaps")
        if at["decision_type"] == "==":
            return at["split_feature"], [int(c) for c in at["threshold"].split("||")], False, *ends
        # Where no gap was met in training, one counts as zero.
        gap_left = at["default_left"] if at["missing_type"] == "NaN" else at["threshold"] >= 0
        return at["split_feature"], at["threshold"], gap_left, *ends

    for i, tree in enumerate(told["tree_info"]):
        trees.grow(node, tree["tree_structure"], i % outputs)
    return Bank(made, trees, links[name], good)


def _xgboost(model: Any, columns: list[Column], good: np.ndarray) -> Bank:
    if not np.isnan(model.missing):
        raise NotCarriedError(f"it takes {model.missing!r} for a gap")
    made = []
    for column in columns:
        if column.levels is not None and isinstance(column.levels.dtype, pd.CategoricalDtype):
            codes = column.levels.cat.codes.astype(float)
            column = replace(column, levels=codes.where(codes >= 0))
        made.append(column.step("single"))
    booster = model.get_booster()
    best = getattr(model, "best_iteration", None) if model.early_stopping_rounds else None
    if best is not None:
        booster = booster[: best + 1]
    learner = json.loads(booster.save_raw("json"))["learner"]
    name, grown = learner["objective"]["name"], learner["gradient_booster"]
    links = {"binary:logistic": "sigmoid", "multi:softprob": "softmax"}
    if name not in links or grown["name"] != "gbtree":
        raise NotCarriedError(f"it is {grown['name']} with the objective {name!r}")
    about = learner["learner_model_param"]
    base = np.atleast_1d(json.loads(about["base_score"])).astype(float)
    base = np.log(base / (1 - base)) if links[name] == "sigmoid" else base
    outputs = max(1, int(about["num_class"]))
    trees = Trees(np.broadcast_to(base, outputs).tolist(), single=True)
    for tree, output in zip(grown["model"]["trees"], grown["model"]["tree_info"], strict=True):
        trees.grow(_xgboost_node(tree), 0, output)
    return Bank(made, trees, links[name], good)


def _xgboost_node(tree: dict) -> Callable[[int], tuple]:
    left, right = tree["left_children"], tree["right_children"]
    number = np.array(tree["split_conditions"], dtype=np.float32)
    # x < t is x <= the greatest single-precision number below t.
    below = np.nextafter(number, np.float32(-np.inf))
    segments = zip(tree["categories_segments"], tree["categories_sizes"], strict=True)
    sets = {
        at: tree["categories"][start : start + size]
        for at, (start, size) in zip(tree["categories_nodes"], segments, strict=True)
    }

    def node(i: int) -> tuple:
        if left[i] < 0:
            return (number[i],)
        place, gap_left = tree["split_indices"][i], bool(tree["default_left"][i])
        if tree["split_type"][i]:  # its set goes right
            return place, sets[i], not gap_left, right[i], left[i]
        return place, below[i], gap_left, left[i], right[i]

    return node


MODELS: dict[str, Callable[[Any, list[Column], np.ndarray], Bank]] = {
    "XGBClassifier": _xgboost,
    "LGBMClassifier": _lightgbm,
    "HistGradientBoostingClassifier": _hist_boosted,
    "GradientBoostingClassifier": _boosted,
    "MLPClassifier": _perceptron,
    **dict.fromkeys(
        ("RandomForestClassifier", "ExtraTreesClassifier", "DecisionTreeClassifier"), _forest
    ),
    **dict.fromkeys(("LogisticRegression", "SGDClassifier", "LinearDiscriminantAnalysis"), _linear),
}
AROUND = {
    "best_estimator_": ("GridSearchCV", "RandomizedSearchCV"),
    "estimator_": ("FixedThresholdClassifier", "TunedThresholdClassifierCV"),
}


# -- the bank ---------------------------------------------------------------------------------------


def carried(decision: Decision, codec: Codec) -> Bank:
    """The decision as plain arrays, proved against the model itself on rows that nobody has.

    Parameters
    ----------
    decision
        Bound to its columns. Its model is the package's own classifier, a linear model or a perceptron
        of scikit-learn, or trees of scikit-learn, LightGBM or XGBoost; alone or in a pipeline.
    codec
        Of the fitted method; cells are in its units, and levels in its order.

    Raises
    ------
    GenReError
        Saying which kind of model it is, what of it cannot be carried, and the way out.

    Examples
    --------
    >>> from genre_lite import Schema
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = pd.DataFrame({"income": [1.0, 2.0, 3.0, 4.0], "age": [30, 50, 20, 40]})
    >>> h = Decision(LogisticRegression().fit(X, [0, 0, 1, 1])).bind(X)
    >>> bank = carried(h, Codec(Schema.infer(X)).fit(X))
    >>> bank.model.said
    'a linear model of 3 weights'
    >>> bool(np.allclose(bank.ask(X.to_numpy()), h.ask(X)[0]))
    True
    """
    try:
        return _proved(_taken(decision, codec), decision, codec)
    except NotCarriedError as why:
        raise GenReError(
            f"h is {_named(decision.model)}, and a desk cannot carry it: {why}. It carries the package's "
            "own classifier, linear models, and trees of scikit-learn, LightGBM and XGBoost, also behind "
            "scalers, encoders and imputers in a pipeline. Any other h gets a stand-in, the package's "
            "classifier taught by h's decisions: page(..., distil=rows) with some training rows, or "
            "genre-lite page --distil rows.csv. The page then says how often both agree."
        ) from None


def _named(model: Any) -> str:
    """What kind of model it is, a pipeline by its last step."""
    kind = kind_of(model)
    return f"{kind} with {_named(model.steps[-1][1])}" if hasattr(model, "steps") else kind


def _taken(decision: Decision, codec: Codec) -> Bank:
    model: Any = decision.model
    if isinstance(model, Classifier):
        if not model.reads(codec):
            raise NotCarriedError("it knows other features or levels than the model")
        return _own(model, decision.good, codec)
    columns, sparse = read(decision, codec), False
    while True:
        kinds = {kind.__name__ for kind in type(model).__mro__}
        inside = [name for name, around in AROUND.items() if kinds & {*around}]
        if hasattr(model, "steps"):
            for _, step in model.steps[:-1]:
                columns, sparse = through(step, columns, sparse)
            model = model.steps[-1][1]
        elif inside:
            model = getattr(model, inside[0])
        else:
            break
    kind = next((k.__name__ for k in type(model).__mro__ if k.__name__ in MODELS), None)
    if kind is None:
        raise NotCarriedError(f"{kind_of(model)} is none of those that it knows")
    given = [there(column) for column in columns]
    if sparse and kind == "XGBClassifier":  # to which a zero left out is a gap
        given = [column.step("void") for column in given]
    return MODELS[kind](model, given, decision.good)


def _proved(bank: Bank, decision: Decision, codec: Codec) -> Bank:
    """The bank, if it answers as the model does."""
    frame = _made_up(codec, gap_of(decision.model))
    cells = np.stack([f.codes(frame[f.name]) for f in codec.schema], axis=1).astype(float)
    apart = np.abs(bank.ask(cells) - decision.ask(frame)[0]).max()
    if not apart <= ALIKE:
        raise NotCarriedError(
            f"on {len(frame)} made-up rows its arrays and the model differ by up to {apart:.2g}"
        )
    return bank


def _made_up(codec: Codec, gap: float | None) -> pd.DataFrame:
    """Rows of values drawn one by one from the vocabularies, half of the numbers moved aside, with gaps."""
    chance = np.random.default_rng(0)
    columns = {}
    for f, values, width in zip(codec.schema, codec.values, codec.width, strict=True):
        drawn = values[chance.integers(len(values), size=MADE_UP)]
        if not f.is_categorical and f.step is None and np.asarray(drawn).dtype.kind == "f":
            aside = chance.random(MADE_UP) < 0.5
            drawn = drawn + aside * SPREAD * width * chance.uniform(-1, 1, MADE_UP)
        column = pd.Series(drawn).infer_objects()
        if f.gaps:
            missing = chance.random(MADE_UP) < 0.1
            column = column.astype(object if f.is_categorical else float)
            column[missing] = gap if f.is_categorical else np.nan
            column = column.infer_objects()
        columns[f.name] = column
    return pd.DataFrame(columns)
