"""The bank: the world's truth, and the classifier that decides.

* :func:`gold_world` simulates the truth as the paper does, so that recourse can be judged against
  more than the classifier that was asked.
* :func:`train_classifier` trains the paper's decision model h; any object whose
  ``predict_proba(DataFrame)`` gives an (n, 2) array serves in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm, trange

from .codec import Codec
from .errors import GenReError
from .objectives import LocalOutliers

if TYPE_CHECKING:
    from .datasets import Dataset

__all__ = [
    "Classifier",
    "GoldWorld",
    "SupportsProba",
    "acceptance",
    "gold_world",
    "train_classifier",
]


class SupportsProba(Protocol):
    """Anything that scores a table: a scikit-learn pipeline, a booster, a :class:`Classifier`."""

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Probabilities of the unfavourable and the favourable decision, shape (rows, 2)."""


def acceptance(h: SupportsProba, frame: pd.DataFrame) -> np.ndarray:
    """h(x), the probability of the favourable decision, shape (rows,).

    Raises
    ------
    GenReError
        If h has no ``predict_proba``, or answers with another shape, NaN, or numbers outside [0, 1].
    """
    if not hasattr(h, "predict_proba"):
        raise GenReError(
            f"The classifier is a {type(h).__name__} without predict_proba(DataFrame); "
            "wrap a torch module in genre_lite.Classifier, or give any object with that method."
        )
    answer = np.asarray(h.predict_proba(frame), dtype=float)
    if answer.shape != (len(frame), 2):
        raise GenReError(
            f"The classifier's predict_proba answered with shape {answer.shape} for {len(frame)} rows; "
            f"it must be ({len(frame)}, 2): unfavourable, favourable."
        )
    if not (np.isfinite(answer).all() and (answer >= -1e-6).all() and (answer <= 1 + 1e-6).all()):
        row = frame.index[
            int(np.flatnonzero(~((answer >= -1e-6) & (answer <= 1 + 1e-6)).all(axis=1))[0])
        ]
        raise GenReError(
            f"The classifier's predict_proba gave {answer[frame.index.get_loc(row)].tolist()} for row "
            f"{row!r}; probabilities must be finite and lie in [0, 1]."
        )
    return answer[:, 1]


class Classifier:
    """A torch module as a classifier of tables: h(x) = σ(module(design(x))).

    Parameters
    ----------
    codec
        A fitted :class:`~genre_lite.codec.Codec`; it turns rows into the module's inputs.
    module
        Maps a float tensor of shape (rows, inputs) to logits of shape (rows,) or (rows, 1).
    """

    def __init__(self, codec: Codec, module: nn.Module) -> None:
        self.codec = codec
        self.module = module

    def logit(self, design: torch.Tensor) -> torch.Tensor:
        """Log-odds of the favourable decision, shape (rows,); differentiable in ``design``."""
        return self.module(design).reshape(len(design))

    @torch.inference_mode()
    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Probabilities of the unfavourable and the favourable decision, shape (rows, 2)."""
        frame = self.codec.schema.validate(frame, extra="ignore")
        design = torch.as_tensor(self.codec.design(self.codec.cube(frame)), dtype=torch.float32)
        yes = torch.sigmoid(self.logit(design)).numpy().astype(float)
        return np.stack([1 - yes, yes], axis=1)


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
    for _ in trange(epochs, desc="classifier", unit="epoch", disable=not progress, leave=False):
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            loss = nn.functional.binary_cross_entropy_with_logits(
                module(x[rows]).squeeze(1), y[rows], weight=weight[rows]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return Classifier(codec, module.eval())


class GoldWorld:
    """The simulated truth: who would really repay, and who looks like a real accepted person.

    Made by :func:`gold_world`.

    Attributes
    ----------
    bank
        The bank's people with labels drawn from this world.
    """

    def __init__(self, bank: Dataset, forest: SupportsProba, codec: Codec, outliers: LocalOutliers):
        self.bank = bank
        self._forest = forest
        self._codec = codec
        self._outliers = outliers

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """P(y | x) in this world, shape (rows, 2): unfavourable, favourable."""
        return self._forest.predict_proba(self._codec.cube(frame))

    def is_plausible(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether people like these exist among those this world accepts, booleans (rows,)."""
        return self._outliers.is_plausible(self._codec.design(self._codec.cube(frame)))


def gold_world(
    bank: Dataset, *, seed: int = 0, held_out: bool = False, progress: bool = True
) -> GoldWorld:
    """Simulate the truth behind a table, as the paper's evaluation does.

    A random forest with balanced classes, isotonically calibrated, is fitted on train and test rows;
    new labels are Bernoulli draws of its probabilities; plausibility is the local outlier factor among
    the rows it accepts (Garg et al., 2025, section 5).

    As a second judge, ``held_out=True`` makes a world whose forest and outlier factor never saw the
    test people. What a method's score loses between the two judges is praise that rests on what the
    first learned from the test people, those who ask among them. Both judges know the training
    rows, so neither tells whether an answer is a copy of one.

    Equation: :eq:`field-labels`.

    Parameters
    ----------
    bank
        Its people, recorded labels and schema. Give both worlds the same bank, not one relabelled.
    seed
        Of the forest and of the labels drawn.
    held_out
        Fit on the training rows only. The labels of all people are then drawn from that world; a
        benchmark trains and asks on those of the paper's world, and takes this one only as a judge.
    progress
        Show a progress bar.

    Raises
    ------
    GenReError
        If the rows it is fitted on hold one outcome only, or it accepts too few of them.

    Examples
    --------
    >>> import genre_lite as gl
    >>> gold = gl.gold_world(gl.load_dataset("moons", n=300), seed=0, progress=False)
    >>> sorted(gold.bank.y_train.unique().tolist())
    [0, 1]
    """
    # scikit-learn's ensembles take a second to import; most of the package does without them.
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import RandomForestClassifier

    codec = Codec(bank.schema).fit(bank.X_train)
    people = pd.concat([bank.X_train, bank.X_test])
    cube = codec.cube(people)
    cut = len(bank.X_train)
    seen = slice(cut if held_out else None)
    labels = np.concatenate([bank.y_train, bank.y_test])[seen]
    if len(np.unique(labels)) < 2:
        raise GenReError(f"All labels are {labels[0]}; a world needs both outcomes.")
    with tqdm(total=5, desc="gold world", unit="fold", disable=not progress, leave=False) as bar:

        class Forest(RandomForestClassifier):
            """Tells the bar when a fold is done."""

            def fit(self, *args: object, **kwargs: object) -> Forest:
                super().fit(*args, **kwargs)
                self.n_jobs = 1  # threads would add up the trees in another order each time
                bar.update()
                return self

        forest = CalibratedClassifierCV(
            Forest(class_weight="balanced", random_state=seed, n_jobs=-1), method="isotonic", cv=5
        ).fit(cube[seen], labels)
    yes = forest.predict_proba(cube)[:, 1]
    drawn = (np.random.default_rng(seed).random(len(yes)) < yes).astype(int)
    outliers = LocalOutliers().fit(codec.design(cube[seen][yes[seen] > 0.5]))
    return GoldWorld(bank.relabel(drawn[:cut], drawn[cut:]), forest, codec, outliers)
