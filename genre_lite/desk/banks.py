"""The bank's decision as plain arrays, which the page's engine asks as Python asks the model.

What stands before the model is carried column by column. A feature of levels is a table: what each level
becomes. A number is a chain of arithmetic. So scalers, imputers and encoders of scikit-learn leave nothing
behind but a list of :class:`Column`. The model itself is layers (a linear model has one) or trees, and a link
from their sums to probabilities. :func:`carried` asks what it made about rows made up of single values, and
refuses where the model answers otherwise.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..codec import Codec
from ..decision import Classifier, Decision, _names
from ..errors import GenReError

__all__ = ["Bank", "Column", "Layers", "Trees", "carried"]

ALIKE = 1e-6  # how far h may lie from the model's own answer
MADE_UP = 500  # rows that both are asked about
SPREAD = 0.25  # of a range: how far from the vocabulary some of their numbers lie


class NotCarriedError(GenReError):
    """The engine cannot carry this model; the message says what of it."""


# -- inputs -----------------------------------------------------------------------------------------

STEPS: dict[str, Callable[..., np.ndarray]] = {
    "minus": lambda x, c: x - c,
    "over": lambda x, c: x / c,
    "times": lambda x, c: x * c,
    "plus": lambda x, c: x + c,
    "clip": lambda x, low, high: np.clip(x, low, high),
    "fill": lambda x, c: np.choose(np.isnan(x), [x, c]),
    "gap": lambda x: np.isnan(x).astype(float),
    "void": lambda x: np.where(x == 0, np.nan, x),
    "single": lambda x: x.astype(np.float32).astype(float),
    "look": lambda x, keys, values, gap, other: np.array(
        [gap if np.isnan(v) else dict(zip(keys, values, strict=True)).get(v, other) for v in x],
        dtype=float,  # where neither is known, a gap
    ),
}


@dataclass(frozen=True)
class Column:
    """What one input of the model is made of: one feature of the schema.

    Parameters
    ----------
    of
        The feature's position in the schema.
    levels
        For a feature of levels: what each one has become, and last a gap; ``None`` for a number.
    steps
        For a number: names of ``STEPS`` and their constants, one after the other.
    """

    of: int
    levels: pd.Series | None = None
    steps: tuple = ()

    def step(self, name: str, *constants: Any) -> Column:
        """The column after one more step of arithmetic."""
        if self.levels is None:
            return replace(self, steps=(*self.steps, (name, *constants)))
        return replace(self, levels=pd.Series(STEPS[name](_numbers(self.levels), *constants)))

    def filled(self, value: object) -> Column:
        """The column with a value where there was a gap."""
        if self.levels is None:
            return self.step("fill", float(value))  # type: ignore[arg-type]  # a number's own mean
        return replace(
            self, levels=self.levels.astype(object).where(self.levels.notna().to_numpy(), value)
        )

    def gap(self) -> Column:
        """1 where there is a gap, else 0."""
        if self.levels is None:
            return self.step("gap")
        return replace(self, levels=self.levels.isna().astype(float))

    def ask(self, cells: np.ndarray) -> np.ndarray:
        """The input for rows of cells, (rows,): numbers, levels by position, NaN for a gap."""
        x = cells[:, self.of]
        if self.levels is not None:
            table = _numbers(self.levels)
            return table[np.where(np.isnan(x), len(table) - 1, x).astype(int)]
        for name, *constants in self.steps:
            x = STEPS[name](x, *constants)
        return x

    def plain(self) -> dict[str, Any]:
        """For the engine; a gap in a table is null."""
        if self.levels is None:
            return {"of": self.of, "steps": [list(step) for step in self.steps]}
        return {"of": self.of, "table": [_json(x) for x in _numbers(self.levels)]}


def _numbers(levels: pd.Series) -> np.ndarray:
    if isinstance(levels.dtype, pd.CategoricalDtype):
        raise NotCarriedError("pandas categories reach a step that knows no categories")
    try:
        return levels.astype(object).where(levels.notna(), np.nan).to_numpy().astype(float)
    except (TypeError, ValueError):
        raise NotCarriedError(f"words such as {levels.iloc[0]!r} reach a step of numbers") from None


def _json(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


def _read(decision: Decision, codec: Codec) -> list[Column | None]:
    """The features as the model reads them, in its order and dtypes; ``None`` for one that is no feature."""
    schema = codec.schema
    rows = 1 + max((len(f.categories) for f in schema), default=0)
    table = {}
    for f, values in zip(schema, codec.values, strict=True):
        known = list(f.categories) if f.is_categorical else [values[0]]
        gap = [None] if f.gaps and f.is_categorical else known[:1]
        table[f.name] = pd.Series([*known, *gap * (rows - len(known))]).infer_objects()
    frame = pd.DataFrame(table)
    names = _names(decision.model, frame) or decision.columns or list(frame.columns)
    fitted, _ = decision._as_fitted(frame)
    columns: list[Column | None] = []
    for name in names:
        if name not in schema.names:
            columns.append(None)
            continue
        j = schema.names.index(name)
        n = len(schema[j].categories) + 1
        levels = fitted[name].iloc[:n] if schema[j].is_categorical else None
        columns.append(Column(j, levels))
    return columns


# -- what stands before the model -------------------------------------------------------------------

Table = tuple[list[Column | None], bool]  # its columns, and whether zeros are left out


def through(step: Any, columns: list[Column | None], sparse: bool = False) -> Table:
    """The columns after one fitted step of preprocessing."""
    if step is None or isinstance(step, str):  # "passthrough"
        return columns, sparse
    for kind in type(step).__mro__:
        if kind.__name__ in BEFORE:
            return BEFORE[kind.__name__](step, columns, sparse)
    if hasattr(step, "get_support"):
        return [c for c, kept in zip(columns, step.get_support(), strict=True) if kept], sparse
    raise NotCarriedError(f"its preprocessing has a {type(step).__name__}")


def _pipeline(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    for _, part in step.steps:
        columns, sparse = through(part, columns, sparse)
    return columns, sparse


def _side_by_side(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    made: list[Column | None] = []
    for name, part, _ in step.transformers_:
        places = step._transformer_to_input_indices[name]
        if (isinstance(part, str) and part == "drop") or not len(places):
            continue
        made += through(part, [columns[place] for place in places])[0]
    return made, bool(step.sparse_output_)


def _function(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    # HistGradientBoosting's own step checks its numbers, and changes none.
    checks = getattr(getattr(step.func, "func", None), "__name__", "") == "check_array"
    if step.func is not None and not checks:
        raise NotCarriedError("its preprocessing has a FunctionTransformer with a function")
    return columns, sparse


def _scaled(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    """Scalers, in the order of their own arithmetic, so that the last digit is theirs."""
    name = next(k.__name__ for k in type(step).__mro__ if k.__name__ in BEFORE)
    rows: list[tuple[str, Any]]
    if name == "StandardScaler":
        rows = [("minus", step.mean_ if step.with_mean else None)]
        rows += [("over", step.scale_ if step.with_std else None)]
    elif name == "RobustScaler":
        rows = [("minus", step.center_), ("over", step.scale_)]
    elif name == "MaxAbsScaler":
        rows = [("over", step.scale_)]
    else:
        rows = [("times", step.scale_), ("plus", step.min_)]
    made: list[Column | None] = []
    for i, column in enumerate(map(_there, columns)):
        for what, constants in rows:
            if constants is not None:
                column = column.step(what, float(constants[i]))
        if getattr(step, "clip", False) and name == "MinMaxScaler":
            column = column.step("clip", *map(float, step.feature_range))
        made.append(column)
    return made, sparse


def _imputed(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    if not pd.isna(step.missing_values):
        raise NotCarriedError(f"its SimpleImputer takes {step.missing_values!r} for a gap")
    there = [_there(column) for column in columns]
    filled = zip(there, step.statistics_, strict=True)
    made: list[Column | None] = [column.filled(v) for column, v in filled if not pd.isna(v)]
    if step.add_indicator:
        made += [there[i].gap() for i in step.indicator_.features_]
    return made, sparse


def _encoded(step: Any, columns: list[Column | None], sparse: bool) -> Table:
    """Encoders, asked level by level what they make of it."""
    made: list[Column | None] = []
    first = 0
    for i, column in enumerate(map(_there, columns)):
        known = list(step.categories_[i])
        width = 1
        if hasattr(step, "drop_idx_"):  # one column a category
            rare = (getattr(step, "infrequent_categories_", None) or [None] * (i + 1))[i]
            dropped = step.drop_idx_ is not None and step.drop_idx_[i] is not None
            width = len(known) - (0 if rare is None else len(rare) - 1) - dropped
        here = slice(first, first + width)
        first += width
        if column.levels is not None:
            told = _told(step, i, list(column.levels))
            if told is None:
                raise NotCarriedError(
                    f"its {type(step).__name__} does not know every level of the schema, "
                    f"{list(column.levels)}"
                )
            made += [replace(column, levels=pd.Series(row)) for row in told[:, here].T]
            continue
        keys = [float(key) for key in known if not pd.isna(key)]
        values = _told(step, i, keys)
        others = [_told(step, i, [asked]) for asked in (np.nan, max(keys) + 1.5)]
        assert values is not None  # it knows its own categories
        for k in range(here.start, here.stop):
            gap, other = (None if row is None else _json(row[0, k]) for row in others)
            made.append(column.step("look", keys, values[:, k].tolist(), gap, other))
    return made, bool(getattr(step, "sparse_output", False))


def _told(step: Any, i: int, values: list) -> np.ndarray | None:
    """What an encoder makes of values in its column i, all other columns alike; ``None`` if it refuses."""
    table = {k: [known[0]] * len(values) for k, known in enumerate(step.categories_)}
    table[i] = values
    frame = pd.DataFrame({k: pd.Series(column, dtype=object) for k, column in table.items()})
    names = getattr(step, "feature_names_in_", None)
    try:
        told = step.transform(
            frame.to_numpy() if names is None else frame.set_axis(list(names), axis=1)
        )
    except ValueError:
        return None
    return np.asarray(told.toarray() if hasattr(told, "toarray") else told, dtype=float)


def _there(column: Column | None) -> Column:
    if column is None:
        raise NotCarriedError("it reads a column that the schema leaves out")
    return column


BEFORE: dict[str, Callable[[Any, list[Column | None], bool], Table]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _side_by_side,
    "FunctionTransformer": _function,
    "SimpleImputer": _imputed,
    **dict.fromkeys(("StandardScaler", "RobustScaler", "MaxAbsScaler", "MinMaxScaler"), _scaled),
    **dict.fromkeys(("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"), _encoded),
}


# -- models -----------------------------------------------------------------------------------------


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _softmax(x: np.ndarray) -> np.ndarray:
    share = np.exp(x - x.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


def _each(x: np.ndarray) -> np.ndarray:
    share = _sigmoid(x)
    return share / share.sum(axis=1, keepdims=True)


LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda x: x,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "each": _each,
}
BENDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "logistic": _sigmoid,
    "identity": lambda x: x,
}


@dataclass(frozen=True)
class Layers:
    """A network; a linear model is one layer.

    Parameters
    ----------
    weights, biases
        Of each layer, (outputs, inputs) and (outputs,).
    bend
        What stands between two layers, a name of ``BENDS``.
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    bend: str = "relu"

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return sum(w.size + b.size for w, b in zip(self.weights, self.biases, strict=True))

    @property
    def said(self) -> str:
        """What it is, for the foot of a page."""
        kind = "a linear model" if len(self.weights) == 1 else "a network"
        return f"{kind} of {self.size:,} weights"

    def ask(self, x: np.ndarray) -> np.ndarray:
        """Sums before the link, (rows, outputs)."""
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = (BENDS[self.bend](x) if i else x) @ weight.T + bias
        return x

    def plain(self) -> dict[str, Any]:
        """For the engine."""
        return {
            "bend": self.bend,
            "layers": [
                {
                    "weight": {"shape": list(w.shape), "data": w.ravel().tolist()},
                    "bias": b.tolist(),
                }
                for w, b in zip(self.weights, self.biases, strict=True)
            ],
        }


@dataclass
class Trees:
    """An ensemble as flat arrays, each tree a root before its left branch before its right one.

    Parameters
    ----------
    base
        What the sums begin with, one an output.
    over
        What they are divided by at last: the number of trees, where the answer is their mean.
    single
        Whether they are added up in single precision.

    Attributes
    ----------
    split
        4 times the input, and 2 if a set decides, and 1 if a gap goes left; -1 at a leaf.
    right
        Where the right branch begins; the left one is the next node.
    number
        What goes left at most, or which set does; at a leaf its value.
    sets
        Categories that go left.
    roots, outputs
        Where each tree begins, and to which output it adds.
    """

    base: list[float]
    over: float = 1.0
    single: bool = False
    split: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    number: list[float] = field(default_factory=list)
    sets: list[list[int]] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def grow(self, node: Callable[[Any], tuple], root: Any, output: int = 0) -> None:
        """Add a tree. ``node`` tells of a leaf ``(value,)``, of a split ``(input, at most, gap goes left,
        left, right)``, with a list of categories in place of a number where a set decides."""
        self.roots.append(len(self.split))
        self.outputs.append(output)
        waiting: list[tuple[Any, int | None]] = [(root, None)]
        while waiting:
            at, above = waiting.pop()
            if above is not None:
                self.right[above] = len(self.split)
            told = node(at)
            if len(told) == 1:
                self._put(-1, told[0])
                continue
            place, most, gap_left, left, right = told
            by_set = isinstance(most, list)
            if by_set:
                self.sets.append(sorted(most))
                most = len(self.sets) - 1
            waiting += [(right, len(self.split)), (left, None)]
            self._put(4 * int(place) + 2 * by_set + bool(gap_left), most)

    def _put(self, split: int, number: float) -> None:
        self.split.append(split)
        self.right.append(0)
        self.number.append(float(number))

    @property
    def size(self) -> int:
        """How many numbers it holds: a threshold or a set a split, a value a leaf."""
        return len(self.number) + sum(map(len, self.sets))

    @property
    def said(self) -> str:
        """What it is, for the foot of a page."""
        splits = sum(split >= 0 for split in self.split)
        trees = len(self.roots)
        return f"{trees:,} {'tree' if trees == 1 else 'trees'} with {splits:,} splits"

    def ask(self, x: np.ndarray) -> np.ndarray:
        """Sums before the link, (rows, outputs)."""
        split, right = np.array(self.split), np.array(self.right)
        number = np.array(self.number)
        kind = np.float32 if self.single else np.float64
        sums = np.tile(np.array(self.base, dtype=kind), (len(x), 1))
        for root, output in zip(self.roots, self.outputs, strict=True):
            at = np.full(len(x), root)
            while (open_ := split[at] >= 0).any():
                rows, here = np.flatnonzero(open_), at[open_]
                what = split[here]
                value = x[rows, what // 4]
                left = value <= number[here]
                for i in np.flatnonzero(what & 2):
                    left[i] = value[i] in self.sets[int(number[here[i]])]
                left = np.where(np.isnan(value), (what & 1) == 1, left)
                at[rows] = np.where(left, here + 1, right[here])
            sums[:, output] += number[at].astype(kind)
        return sums.astype(float) / self.over

    def plain(self) -> dict[str, Any]:
        """For the engine: arrays as base64 of little-endian words."""
        return {
            "base": self.base,
            "over": self.over,
            "single": self.single,
            "sets": self.sets,
            "split": _packed(self.split, "<i4"),
            "right": _packed(self.right, "<i4"),
            "number": _packed(self.number, "<f8"),
            "roots": self.roots,
            "outputs": self.outputs,
        }


def _packed(values: Sequence, kind: str) -> str:
    return base64.b64encode(np.array(values, dtype=kind).tobytes()).decode()


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
        raise NotCarriedError(f"it starts from a {type(model.init).__name__}")
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
        columns = [_there(column) for column in inside]
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
            f"h is a {_named(decision.model)}, and a desk cannot carry it: {why}. It carries the package's "
            "own classifier, linear models, and trees of scikit-learn, LightGBM and XGBoost, also behind "
            "scalers, encoders and imputers in a pipeline. Any other h gets a stand-in, the package's "
            "classifier taught by h's decisions: page(..., distil=rows) with some training rows, or "
            "genre-lite page --distil rows.csv. The page then says how often both agree."
        ) from None


def _named(model: Any) -> str:
    """What kind of model it is, a pipeline by its last step."""
    kind = type(model).__name__
    return f"{kind} with a {_named(model.steps[-1][1])}" if hasattr(model, "steps") else kind


def _taken(decision: Decision, codec: Codec) -> Bank:
    model: Any = decision.model
    if isinstance(model, Classifier):
        if not model.reads(codec):
            raise NotCarriedError("it knows other features or levels than the model")
        return _own(model, decision.good, codec)
    columns, sparse = _read(decision, codec), False
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
        raise NotCarriedError(f"a {type(model).__name__} is none of those that it knows")
    given = [_there(column) for column in columns]
    if sparse and kind == "XGBClassifier":  # to which a zero left out is a gap
        given = [column.step("void") for column in given]
    return MODELS[kind](model, given, decision.good)


def _proved(bank: Bank, decision: Decision, codec: Codec) -> Bank:
    """The bank, if it answers as the model does."""
    frame = _made_up(codec)
    cells = np.stack([f.codes(frame[f.name]) for f in codec.schema], axis=1).astype(float)
    apart = np.abs(bank.ask(cells) - decision.ask(frame)[0]).max()
    if not apart <= ALIKE:
        raise NotCarriedError(
            f"on {len(frame)} made-up rows its arrays and the model differ by up to {apart:.2g}"
        )
    return bank


def _made_up(codec: Codec) -> pd.DataFrame:
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
            column = column.astype(object if f.is_categorical else float)
            column = column.mask(chance.random(MADE_UP) < 0.1)
        columns[f.name] = column
    return pd.DataFrame(columns)
