"""The bank: the classifier that decides, asked as it was fitted.

* :class:`Decision` asks any model: its favourable class, its threshold, its columns and dtypes. Yes
  means h(x) > threshold, everywhere in the package.
* :class:`Classifier` makes a torch module such a model, and :func:`train_classifier` trains the
  paper's.
* :func:`require_agreement` compares the decision with labels, so that no advice is upside down.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm.auto import trange

from .codec import Codec
from .errors import GenReError, NotFittedError, SchemaError, kind_of
from .feature import plain
from .settings import Number
from .threads import one_thread

if TYPE_CHECKING:
    from .datasets import Dataset

__all__ = [
    "Classifier",
    "Decision",
    "SupportsProba",
    "acceptance",
    "accepts",
    "as_decision",
    "fingerprint",
    "require_agreement",
    "same_bank",
    "train_classifier",
]

GAPS = {"None": None, "NaN": np.nan}  # the writings of a gap, by name

ROWS = 500  # of which a model is asked twice, to know whether it decides as it says


class SupportsProba(Protocol):
    """Anything that scores a table: a scikit-learn pipeline, a booster, a :class:`Classifier`."""

    def predict_proba(self, frame: pd.DataFrame, /) -> np.ndarray:
        """Probabilities of the classes, shape (rows, classes)."""


class Decision:
    """The bank's decision: which class is the good one, and from which probability on.

    Yes means :math:`h(x) > t`, where h(x) is the probability of the favourable classes together and
    t the threshold. A model of three or more classes without a threshold decides by itself: yes
    where its most probable class is a favourable one (of equal ones the first), whatever h(x) is.

    Parameters
    ----------
    model
        Any fitted object with ``predict_proba``; of another Decision, that one with changes.
    favourable
        The good class, or a list of good classes, as in ``model.classes_``. May be left out where
        these are 0 and 1, or False and True, or where there are none: then it is 1.
    threshold
        Yes lies above it; at least 0, below 1. If left out: that of scikit-learn's
        ``FixedThresholdClassifier`` or ``TunedThresholdClassifierCV``, else 0.5.
    columns
        The columns that the model reads, in the order of its fit. The model's own
        ``feature_names_in_`` goes first; :meth:`bind` fills in what neither says.
    dtypes
        The dtype of each column at the model's fit, as ``X.dtypes``.
    contrary
        Say that the model is meant to contradict the labels (see :func:`require_agreement`).

    Raises
    ------
    GenReError
        If the model has no probabilities, the class is none of its classes, or nobody said which
        is favourable.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = pd.DataFrame({"income": [1.0, 2.0, 3.0, 4.0]})
    >>> model = LogisticRegression().fit(X, ["no", "no", "yes", "yes"])
    >>> h = Decision(model, favourable="yes", threshold=0.7)
    >>> h
    Decision(LogisticRegression, favourable='yes', threshold=0.7)
    >>> h.accepts(X).tolist()
    [False, False, False, True]
    >>> Decision(h, threshold=0.5).accepts(X).tolist()
    [False, False, True, True]
    """

    model: SupportsProba
    favourable: object
    columns: list | None
    dtypes: dict | None
    gaps: dict | None = None
    contrary: bool
    _threshold: float | None

    def __init__(
        self,
        model: SupportsProba | Decision,
        *,
        favourable: object = None,
        threshold: float | None = None,
        columns: list | None = None,
        dtypes: Mapping | None = None,
        contrary: bool = False,
    ) -> None:
        if isinstance(model, Decision):
            favourable = model.favourable if favourable is None else favourable
            threshold = model._threshold if threshold is None else threshold
            columns = model.columns if columns is None else columns
            dtypes = model.dtypes if dtypes is None else dtypes
            self.gaps = model.gaps
            contrary = contrary or model.contrary
            model = model.model
        if isinstance(model, type) or not hasattr(model, "predict_proba"):
            raise GenReError(_no_probabilities(model))
        if threshold is not None and threshold not in Number(0, 1):
            raise GenReError(
                f"threshold is {plain(threshold)!r}; yes means a probability above it, so give a number with "
                "0 <= threshold < 1."
            )
        self.model = model
        if isinstance(favourable, (np.generic, np.ndarray, pd.Series, pd.Index)):
            favourable = favourable.tolist()
        if isinstance(favourable, tuple | set | frozenset):
            favourable = list(favourable)
        self.favourable = favourable
        self.columns = None if columns is None else list(columns)
        self.dtypes = None if dtypes is None else dict(dtypes)
        self.contrary = contrary
        self._threshold = None if threshold is None else float(threshold)
        self._memory: dict | None = None
        _ = self.good  # a class that nobody knows is better said now

    def __repr__(self) -> str:
        said = [type(self.model).__name__]
        said += [f"favourable={self.favourable!r}"] if self.favourable is not None else []
        said += [f"threshold={self.threshold:g}"] if self.threshold is not None else []
        said += ["contrary=True"] if self.contrary else []
        return f"Decision({', '.join(said)})"

    def __sklearn_clone__(self) -> Decision:
        """A clone is fitted anew, but the bank's model is given: it stays as it is."""
        return self

    # -- what is decided ------------------------------------------------------------------------

    @property
    def classes(self) -> list:
        """The model's classes, in the order of its probabilities; 0 and 1 if it names none."""
        return np.asarray(getattr(self.model, "classes_", [0, 1])).tolist()

    @property
    def good(self) -> np.ndarray:
        """Which classes are favourable, booleans of shape (classes,)."""
        classes, named = self.classes, self.favourable
        if named is None:
            if classes != [0, 1]:
                ways = " or ".join(f"favourable={c!r}" for c in classes[:3])
                raise GenReError(
                    f"The classifier's classes_ are {classes}, and nobody said which of them is the "
                    f"favourable one: use gl.Decision(model, {ways})."
                )
            return np.array([False, True])
        wanted = named if isinstance(named, list) else [named]
        for one in wanted:
            if one not in classes:
                raise GenReError(
                    f"favourable={one!r} is none of the classifier's classes_, which are {classes}."
                )
        good = np.array([c in wanted for c in classes])
        if good.all() or not good.any():
            raise GenReError(
                f"favourable={named!r} names {'all' if good.all() else 'none'} of the classifier's "
                f"classes_ {classes}; name some of them, and leave some to be the refusal."
            )
        return good

    @property
    def threshold(self) -> float | None:
        """Yes means a probability above it; None where a model of several classes decides itself."""
        if self._threshold is not None:
            return self._threshold
        if len(self.classes) != 2:
            return None
        model: Any = self.model  # of scikit-learn, if it has these attributes
        while hasattr(model, "named_steps") or hasattr(model, "best_estimator_"):
            steps = getattr(model, "steps", None)
            model = steps[-1][1] if steps else model.best_estimator_
        kinds = {kind.__name__ for kind in type(model).__mro__}
        if not kinds & {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}:
            return 0.5
        if model.response_method == "decision_function":
            raise GenReError(
                f"The threshold of this {type(model).__name__} is one of decision_function, not of a "
                "probability; fit it with response_method='predict_proba', or give "
                "gl.Decision(model, threshold=...)."
            )
        cut = getattr(model, "best_threshold_", getattr(model, "threshold", 0.5))
        cut = 0.5 if cut == "auto" else float(cut)
        scorer = getattr(model, "_curve_scorer", None)
        label = getattr(model, "pos_label", None) if scorer is None else scorer._get_pos_label()
        first = self.classes[1] if label is None else label
        return cut if self.good[self.classes.index(first)] else 1 - cut

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Probabilities of the unfavourable and the favourable decision, shape (rows, 2)."""
        yes, _ = self.ask(frame)
        return np.stack([1 - yes, yes], axis=1)

    def accepts(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether the bank says yes, booleans of shape (rows,)."""
        return self.ask(frame)[1]

    def ask(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """h(x) and whether it is a yes, both of shape (rows,); each different row is asked once.

        Raises
        ------
        GenReError
            If the model answers with another shape, NaN, or numbers outside [0, 1].
        SchemaError
            If it reads a column that the table lacks, or a level it never saw.
        """
        if not isinstance(frame, pd.DataFrame):
            raise SchemaError(
                f"Expected a pandas DataFrame, one row a person, found {kind_of(frame)}."
            )
        if not len(frame):
            return np.empty(0), np.empty(0, dtype=bool)
        if isinstance(self.model, Classifier):  # reads by name, and costs less than a look-up
            return self._decide(self.model.predict_proba(frame), frame)
        frame, missing = self._as_fitted(frame)
        keys = pd.util.hash_pandas_object(frame, index=False).tolist()
        memory = {} if self._memory is None else self._memory
        new: dict = {}
        for row, key in enumerate(keys):
            if key not in memory:
                new.setdefault(key, row)
        if new:
            fresh = frame.iloc[list(new.values())]
            answers = zip(*self._decide(self._put(fresh, missing), fresh), strict=True)
            memory.update(zip(new, answers, strict=True))
        probability, yes = zip(*(memory[key] for key in keys), strict=True)
        return np.array(probability, dtype=float), np.array(yes, dtype=bool)

    def _decide(self, answer: object, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """A model's answer, checked, as probability and decision."""
        good = self.good
        answer = answer.detach().cpu() if isinstance(answer, torch.Tensor) else answer
        answer = np.asarray(answer, dtype=float)
        if answer.shape != (len(frame), len(good)):
            kinds = "unfavourable, favourable" if len(good) == 2 else "one column a class"
            raise GenReError(
                f"The classifier's predict_proba answered with shape {answer.shape} for "
                f"{len(frame)} rows; it must be ({len(frame)}, {len(good)}): {kinds}."
            )
        fine = ((answer >= -1e-6) & (answer <= 1 + 1e-6)).all(axis=1)
        if not fine.all():
            row = int(np.flatnonzero(~fine)[0])
            raise GenReError(
                f"The classifier's predict_proba gave {answer[row].tolist()} for row "
                f"{_label(frame, row)!r}; probabilities must be finite and lie in [0, 1]."
            )
        probability, cut = answer[:, good].sum(axis=1), self.threshold
        return probability, good[answer.argmax(axis=1)] if cut is None else probability > cut

    def on_points(
        self, codec: Codec
    ) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None:
        """:meth:`ask` for points in a codec's cube, without a table between; ``None`` if it needs one."""
        model = self.model
        if not isinstance(model, Classifier) or not model.reads(codec):
            return None
        good = bool(self.good[1])

        def ask(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chance = model.on_points(points, codec)
            chance = chance if good else 1 - chance
            return chance, chance > self.threshold

        return ask

    def remembering(self) -> Decision:
        """The same decision with a memory: a row that it has answered is not asked again.

        For the length of one task, such as one ``recommend``: a slow model is asked once a row, and
        one that wavers keeps its word.
        """
        other = Decision(self)
        other._memory = {}
        return other

    # -- in which form it is asked --------------------------------------------------------------

    def bind(self, X: pd.DataFrame | Mapping, *, trained: bool = False) -> Decision:
        """The same decision, knowing the columns, their order and dtypes of a table.

        Give the table as it stands, before a schema puts its columns in another order; or what
        :attr:`binding` gave. What the decision knows already is kept.

        Parameters
        ----------
        X
            A table, or what :attr:`binding` gave.
        trained
            Whether the model was fitted on this table. A column of objects writes its gaps as None or as
            NaN, which are two levels to an encoder; the model is then asked with the one that it has met.
        """
        if isinstance(X, Mapping):
            columns = [tuple(c) if isinstance(c, list) else c for c in X["columns"]]
            said = zip(columns, X["dtypes"], strict=True)
            dtypes = {c: _dtype(dtype) for c, dtype in said if dtype is not None} or None
            written = zip(columns, X.get("gaps", ()), strict=False)
            gaps = {c: GAPS[gap] for c, gap in written if gap in list(GAPS)} or None
        else:
            columns, dtypes = list(X.columns), dict(X.dtypes)
            gaps = {c: gap for c, column in X.items() for gap in _gap(column)} if trained else None
        bound = Decision(
            self,
            columns=columns if self.columns is None else None,
            dtypes=dtypes if self.dtypes is None else None,
        )
        bound.gaps = gaps if self.gaps is None else self.gaps
        return bound

    @property
    def binding(self) -> dict:
        """The columns, dtypes and writings of a gap as JSON-ready data, for :meth:`bind` to read again."""
        columns = self.columns or []
        dtypes = [(self.dtypes or {}).get(c) for c in columns]
        gaps = {c: "None" if gap is None else "NaN" for c, gap in (self.gaps or {}).items()}
        told = {"columns": columns, "dtypes": [_dtype_text(d) for d in dtypes]}
        return told | ({"gaps": [gaps.get(c) for c in columns]} if gaps else {})

    def bind_as(self, made: Mapping | None, people: pd.DataFrame) -> Decision:
        """The same decision, bound as an answer's bank was, or else to a table in any order.

        Parameters
        ----------
        made
            The :attr:`binding` that an answer keeps.
        people
            Whose columns may stand in a schema's order.

        Raises
        ------
        GenReError
            If nothing is kept, and the model was fitted on an array, without names: whatever order its
            columns are then put in would be a guess.
        """
        size = getattr(self.model, "n_features_in_", None)
        known = made or self.columns or size is None or _names(self.model, people)
        if not known:
            raise GenReError(
                f"The classifier, {kind_of(self.model)}, was fitted on an array of {size} columns "
                "without names, and nobody says in which order they stood; list them: "
                "gl.Decision(model, columns=[...])."
            )
        return self.bind(made or people)

    def _as_fitted(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, list]:
        """The rows in the model's columns and dtypes, and which columns they lack."""
        names = _names(self.model, frame)
        columns = names or self.columns or list(frame.columns)
        present = [c for c in columns if c in frame.columns]
        missing = [c for c in columns if c not in frame.columns]
        if self.dtypes is None:
            return frame[present], missing
        cast = {c: _cast(frame[c], self.dtypes.get(c, frame[c].dtype)) for c in present}
        for c, gap in (self.gaps or {}).items():
            if c in cast and cast[c].dtype == object and (gone := cast[c].isna().to_numpy()).any():
                cast[c] = cast[c].copy()
                cast[c][gone] = gap
        return pd.DataFrame(cast, index=frame.index), missing

    def disagrees(self, frame: pd.DataFrame) -> float:
        """Of some rows, the share where the model's own ``predict`` decides otherwise, if nobody gave a threshold.

        So a model is found that hides a threshold of its own in ``predict``.
        """
        hidden = self._threshold is None and hasattr(self.model, "predict")
        if not hidden or isinstance(self.model, Classifier):
            return 0.0
        rows, missing = self._as_fitted(frame.iloc[:: max(1, len(frame) // ROWS)])
        said = np.asarray(self._put(rows, missing, "predict")).ravel().tolist()
        good = [c for c, fine in zip(self.classes, self.good, strict=True) if fine]
        if len(said) != len(rows) or any(one not in self.classes for one in said):
            return 0.0  # another kind of answer than a decision
        chance, yes = self.ask(rows)
        near = False if self.threshold is None else np.abs(chance - self.threshold) < 1e-6
        return float((~(near | (np.array([one in good for one in said]) == yes))).mean())

    def _put(self, frame: pd.DataFrame, missing: list, how: str = "predict_proba") -> object:
        """The model's own answer about rows in its columns and dtypes."""
        asked, size = frame, getattr(self.model, "n_features_in_", None)
        array = size is not None and not _names(self.model, frame, missing)
        # Only names that are text make scikit-learn compare them with those of its fit.
        if array and all(isinstance(c, str) for c in frame.columns):
            if size != len(frame.columns):
                raise SchemaError(
                    f"The classifier was fitted on an array of {size} columns, and is asked with "
                    f"{list(frame.columns)}; put every column that it reads in the schema, as "
                    "immutable, or list them in its order: gl.Decision(model, columns=[...])."
                )
            numbers = all(pd.api.types.is_numeric_dtype(d) for d in frame.dtypes)
            asked = frame.to_numpy(float, na_value=np.nan) if numbers else frame.to_numpy()
        try:
            return getattr(self.model, how)(asked)
        except Exception as error:
            if isinstance(error, KeyError) and error.args and error.args[0] not in frame.columns:
                missing = missing or [error.args[0]]
            if missing:
                raise SchemaError(
                    f"The classifier reads column {missing[0]!r}, which the schema leaves out; put it "
                    "in the schema, as immutable if nobody may change it."
                ) from error
            if type(error).__name__ == "NotFittedError":
                raise NotFittedError(
                    f"The classifier, {kind_of(self.model)}, is not fitted; fit it first."
                ) from error
            raise


def as_decision(h: SupportsProba | Decision) -> Decision:
    """The decision behind h: a bare model whose classes are 0 and 1, or a :class:`Decision` as it is.

    Raises
    ------
    GenReError
        If its ``classes_`` are others; the message shows how to say which is favourable.
    """
    return h if isinstance(h, Decision) else Decision(h)


def acceptance(h: SupportsProba | Decision, frame: pd.DataFrame) -> np.ndarray:
    """h(x), the probability of the favourable decision, shape (rows,). See :meth:`Decision.ask`."""
    return as_decision(h).ask(frame)[0]


def accepts(h: SupportsProba | Decision, frame: pd.DataFrame) -> np.ndarray:
    """Whether the bank says yes, booleans of shape (rows,). See :meth:`Decision.ask`."""
    return as_decision(h).ask(frame)[1]


def require_agreement(decision: Decision, X: pd.DataFrame, y: np.ndarray) -> None:
    """Refuse a decision that contradicts the labels, for all advice would be upside down.

    h must not rank the labels worse than chance: its AUC may lie below 1/2 by two standard errors
    of a blind one, :math:`\\sqrt{(m + n + 1) / (12 m n)}` for m and n rows of each label (Hanley and
    McNeil, 1982, at an area of 1/2). A :class:`Classifier` must besides not be right more rarely
    than a constant answer, counted by rows, unless it clearly beats it counted by classes.

    Parameters
    ----------
    decision
        If it is ``contrary``, nothing is asked.
    X, y
        Rows and their labels, 1 favourable and 0 not, shape (rows,).

    Raises
    ------
    GenReError
        Showing both ways to turn it, and the argument that says it is meant.
    """
    y = np.asarray(y).astype(bool)
    m, n = int(y.sum()), int((~y).sum())
    if decision.contrary or not m or not n:
        return
    probability = decision.ask(X)[0]
    area = (pd.Series(probability).rank()[y].sum() - m * (m + 1) / 2) / (m * n)
    own, found = isinstance(decision.model, Classifier), None
    if area < 0.5 - 2 * math.sqrt((m + n + 1) / (12 * m * n)):
        found = (
            "ranks the labels worse than chance: of a favourable and an unfavourable row, the "
            f"favourable one gets the higher probability in {area:.0%} of the pairs"
        )
    elif own:
        right = (probability > 0.5) == y
        constant = max(m, n) / (m + n)
        doubt = math.sqrt(constant * (1 - constant) / (m + n))
        fair, fair_doubt = (right[y].mean() + right[~y].mean()) / 2, math.sqrt(1 / m + 1 / n) / 4
        if right.mean() < constant - 2 * doubt and fair < 0.5 + 2 * fair_doubt:
            found = (
                f"is right on {right.mean():.0%} of the labels, where one answer for everybody "
                f"would be right on {constant:.0%}"
            )
    if found:
        other = [c for c, good in zip(decision.classes, decision.good, strict=True) if not good]
        inputs = (
            " A gl.Classifier gives its module inputs in [0, 1], in the order of codec.design; was "
            "the module trained on those?"
        )
        raise GenReError(
            f"The classifier {found}.{inputs if own else ''} If its other class is the favourable "
            f"one, use gl.Decision(model, favourable={other[0] if len(other) == 1 else other!r}); if "
            "1 means unfavourable in y, use y = 1 - y; if it is meant, gl.Decision(model, "
            "contrary=True)."
        )


def fingerprint(decision: Decision, frame: pd.DataFrame) -> list[float]:
    """What the bank answers on a few rows, by which it is known again: h(x), to six digits."""
    return acceptance(decision, frame).round(6).tolist()


def same_bank(decision: Decision, frame: pd.DataFrame, kept: list[float]) -> float:
    """The largest difference between what the bank answers now and the :func:`fingerprint` kept."""
    return float(np.abs(acceptance(decision, frame) - np.asarray(kept)).max(initial=0))


class Classifier:
    """A torch module as a classifier of tables: h(x) = σ(module(design(x))).

    The module's inputs are ``codec.design(codec.cube(frame))``: one block a feature, in the schema's
    order. A number is its place between the least and the greatest training value, so mostly in
    [0, 1]; an ordinal feature, or a nominal one of two levels, is its level's place in the same way;
    a nominal feature of three or more levels is one 0/1 indicator a level. A feature with gaps has
    one more input at the end of its block: 1 where the value is missing; a missing number itself
    counts as 0.5, and a missing level has no indicator.

    Parameters
    ----------
    codec
        A fitted :class:`~genre_lite.codec.Codec`; it turns rows into the module's inputs.
    module
        Maps a float tensor of shape (rows, inputs) to logits of shape (rows,) or (rows, 1). It
        computes in the dtype of its own parameters.

    Examples
    --------
    A net of one's own, trained on the inputs that it will get:

    >>> from genre_lite import Codec, Schema
    >>> X = pd.DataFrame({"age": [20, 30, 60], "job": ["clerk", "smith", "clerk"]})
    >>> codec = Codec(Schema.infer(X)).fit(X)
    >>> inputs = torch.as_tensor(codec.design(codec.cube(X)), dtype=torch.float32)
    >>> net = nn.Linear(inputs.shape[1], 1)  # here: train it on inputs and y
    >>> Classifier(codec, net).predict_proba(X).shape
    (3, 2)
    """

    def __init__(self, codec: Codec, module: nn.Module) -> None:
        self.codec = codec
        self.module = module

    def logit(self, design: torch.Tensor) -> torch.Tensor:
        """Log-odds of the favourable decision, shape (rows,); differentiable in ``design``."""
        weight = next(self.module.parameters(), design)
        return self.module(design.to(weight.dtype)).reshape(len(design))

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Probabilities of the unfavourable and the favourable decision, shape (rows, 2)."""
        frame = self.codec.schema.validate(frame, extra="ignore")
        yes = self._yes(self.codec.cube(frame))
        return np.stack([1 - yes, yes], axis=1)

    @torch.inference_mode()
    def _yes(self, cube: np.ndarray) -> np.ndarray:
        design = torch.as_tensor(self.codec.design(cube))
        return torch.sigmoid(self.logit(design)).numpy().astype(float)

    def reads(self, codec: Codec) -> bool:
        """Whether points in another codec's cube can be read: the same features and levels."""
        theirs = {f.name: (f.kind, f.categories) for f in codec.schema}
        mine = self.codec.schema
        return all(theirs.get(f.name) == (f.kind, f.categories) for f in mine)

    def on_points(self, points: np.ndarray, codec: Codec) -> np.ndarray:
        """h(x) of points in another codec's cube, (rows,)."""
        mine = self.codec
        places = [codec.schema.names.index(name) for name in mine.schema.names]
        width, low = codec.width[places], codec.low[places]
        points = points[:, places]
        if (width != mine.width).any() or (low != mine.low).any():
            points = (points * width + low - mine.low) / mine.width
        return self._yes(points)


class Perceptron(nn.Sequential):
    """The paper's decision model: three hidden layers of ten units, one log-odds out."""

    def __init__(self, inputs: int) -> None:
        layers = []
        for width in (inputs, 10, 10):
            layers += [nn.Linear(width, 10), nn.ReLU()]
        super().__init__(*layers, nn.Linear(10, 1))


def train_classifier(
    bank: Dataset,
    *,
    epochs: int = 100,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    balanced: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> Classifier:
    """Train the paper's decision model on a bank's training rows.

    Minimizes the class-weighted binary cross-entropy
    :math:`-\\sum_i w_{y_i} [y_i \\log h(x_i) + (1 - y_i) \\log(1 - h(x_i))]` with Adam
    (Garg et al., 2025, section 5).

    Parameters
    ----------
    bank
        Its ``X_train``, ``y_train`` and ``schema`` are used.
    epochs, batch_size, learning_rate
        Of the paper: 100, 64, 1e-3.
    balanced
        Weigh both classes equally. The paper does, except on HELOC.
    seed
        Of the first weights and the order of the rows.
    progress
        Show a bar.

    Raises
    ------
    GenReError
        If only one class is present.

    Examples
    --------
    >>> import genre_lite as gl
    >>> h = gl.train_classifier(gl.load_dataset("moons"), epochs=2, progress=False)
    >>> h.predict_proba(gl.load_dataset("moons").X_test).shape[1]
    2
    """
    codec = Codec(bank.schema).fit(bank.X_train)
    x = torch.as_tensor(codec.design(codec.cube(bank.X_train)), dtype=torch.float32)
    y = torch.as_tensor(bank.y_train.to_numpy(copy=True), dtype=torch.float32)
    share = float(y.mean())
    if share in (0.0, 1.0):
        raise GenReError(
            f"All {len(y)} training labels are {int(share)}; a classifier needs both outcomes."
        )
    weight = torch.where(y > 0, 0.5 / share, 0.5 / (1 - share)) if balanced else torch.ones_like(y)

    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = Perceptron(x.shape[1])
    optimizer = torch.optim.Adam(module.parameters(), lr=learning_rate, fused=True)
    with one_thread():
        for _ in trange(epochs, desc="classifier", unit="epoch", disable=not progress, leave=False):
            for rows in torch.randperm(len(x), generator=generator).split(batch_size):
                loss = nn.functional.binary_cross_entropy_with_logits(
                    module(x[rows]).squeeze(1), y[rows], weight=weight[rows]
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    # In double precision an answer does not hang on who else is asked about in the same call.
    return Classifier(codec, module.double().eval())


def _names(model: object, frame: pd.DataFrame, missing: Sequence = ()) -> list | None:
    """The columns that a model says it was fitted on, by the table's names; None if on an array."""
    names = getattr(model, "feature_names_in_", getattr(model, "feature_names_", None))
    if names is None:
        return None
    names, known = list(names), {*frame.columns, *missing}
    if not known & set(names) and all(re.fullmatch(r"(Column_)?\d+", str(n)) for n in names):
        return None  # LightGBM and CatBoost number the columns of an array
    # LightGBM writes an underscore for each blank.
    blanks = {re.sub(r"\s", "_", c): c for c in known if isinstance(c, str)}
    return [n if n in known else blanks.get(n, n) for n in names]


def _cast(column: pd.Series, dtype: object) -> pd.Series:
    """A column in the dtype of the model's fit, where another one would be read otherwise."""
    if isinstance(dtype, pd.CategoricalDtype):
        strange = (column.notna() & ~column.isin(dtype.categories)).to_numpy()
        if strange.any():
            row = int(np.flatnonzero(strange)[0])
            raise SchemaError(
                f"Column {column.name!r}, row {_label(column, row)!r}: category {column.iloc[row]!r} "
                f"was never seen by the classifier. Known: {dtype.categories.tolist()}."
            )
        levels = pd.Categorical(column.astype(object), dtype.categories, dtype.ordered)
        return pd.Series(levels, column.index, name=column.name)
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"
    if column.dtype == dtype or plain or not isinstance(dtype, (np.dtype, pd.StringDtype)):
        return column
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        if column.isna().any():
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            return pd.Series(numbers, column.index, name=column.name)
        whole = pd.api.types.is_integer_dtype(column) or dtype.kind == "b"
        return column.astype(dtype if whole else float)
    text = column.astype(object)
    return text.where(column.notna(), np.nan).astype(dtype)


def _gap(column: pd.Series) -> list:
    """How a column of objects writes its gaps, None or NaN, if it does so in one way."""
    if column.dtype != object:
        return []
    writings = {value is None for value in column[column.isna()]}
    return [None if writings == {True} else np.nan] if len(writings) == 1 else []


def _dtype_text(dtype: object) -> object:
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": dtype.categories.tolist(), "ordered": bool(dtype.ordered)}
    return None if dtype is None else str(dtype)


def _dtype(text: object) -> object:
    return (
        pd.CategoricalDtype(**text)
        if isinstance(text, Mapping)
        else pd.api.types.pandas_dtype(text)
    )


def _label(rows: pd.DataFrame | pd.Series, position: int) -> object:
    """A row's label as a person would type it."""
    label = rows.index[position]
    return label.item() if isinstance(label, np.generic) else label


def _no_probabilities(model: object) -> str:
    """What to do about a model without probabilities, by its kind."""
    said = f"The classifier is {kind_of(model)} without predict_proba(DataFrame); "
    if isinstance(model, nn.Module):
        return said + "wrap a torch module in genre_lite.Classifier(codec, module)."
    if isinstance(model, type):
        return (
            f"The classifier is the class {model.__name__}; fit one: {model.__name__}().fit(X, y)."
        )
    if hasattr(model, "decision_function"):
        return (
            said + "scikit-learn's CalibratedClassifierCV(model).fit(X, y) gives it probabilities."
        )
    if hasattr(model, "predict"):
        return (
            said
            + "if it predicts a number, fit a classifier to the decision, such as y > limit; if "
            "it predicts a class, scikit-learn's CalibratedClassifierCV(model) gives it probabilities."
        )
    return said + (
        "wrap a torch module in genre_lite.Classifier, or give any object with that method."
    )
