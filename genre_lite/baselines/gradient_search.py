"""Search along a gradient: what Wachter, ROAR, PROBE and DiCE share.

All of them change x a little at a time, downhill in a loss that asks for acceptance and for nearness.
They differ in the loss. The rest is here: h as a function of the search's points with a gradient
(:class:`LogOdds`), the descent of all people at once (:class:`Descent`), and the form of such a
method (:class:`GradientMethod`).
"""

from __future__ import annotations

import copy
import math
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from ..codec import Codec
from ..decision import Classifier, SupportsProba, as_decision
from ..errors import NotDifferentiableError, SchemaError
from ..estimator import RecourseMethod
from ..limits import Limits
from ..schema import Schema
from ..settings import Number
from ..threefry import uniforms
from .projection import DECIMALS, Projection

__all__ = ["Descent", "GradientMethod", "LogOdds", "to_yes"]

# In log-odds: far more than single precision rounds off, far less than anybody would notice.
ROUNDING = 1e-4
# How far from x further walks begin, in feature ranges.
NEARBY = 0.1


class LogOdds:
    """The log-odds of h at a search's points, differentiable in them.

    A classifier may read columns in another order, on other ranges, and only some of them. Its
    inputs are an affine function of the search's, which this finds. All is computed in double
    precision, so that a row's place in a batch does not matter.

    Parameters
    ----------
    h
        A :class:`~genre_lite.decision.Classifier`, or a :class:`~genre_lite.decision.Decision` of
        one.
    codec
        The search's, fitted.
    validity_margin
        γ; a point is valid if h(x⁺) > max(γ, τ) with the bank's threshold τ.

    Raises
    ------
    NotDifferentiableError
        If h is of any other kind.
    SchemaError
        If h and the search disagree on the levels of a column.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=300)
    >>> h = gl.train_classifier(bank, epochs=2, progress=False)
    >>> codec = gl.Codec(bank.schema).fit(bank.X_test)
    >>> people = torch.as_tensor(codec.design(codec.cube(bank.X_test)))
    >>> yes = torch.sigmoid(LogOdds(h, codec).logit(people)).detach().numpy()
    >>> bool(np.allclose(yes, h.predict_proba(bank.X_test)[:, 1], atol=1e-5))
    True
    """

    def __init__(self, h: SupportsProba, codec: Codec, validity_margin: float = 0.0) -> None:
        decision = as_decision(h)
        model = decision.model
        if not isinstance(model, Classifier):
            raise NotDifferentiableError(
                f"This method follows the gradient of the classifier, and a {type(model).__name__} "
                "gives none. Wrap a torch module in genre_lite.Classifier, or use a method that needs "
                "only predict_proba: GenRe, NearestNeighbour, GraftedNeighbour, GrowingSpheres or CCHVAE."
            )
        assert decision.threshold is not None  # a Classifier has two classes
        chance = max(validity_margin, decision.threshold)
        self.border = math.log(chance / (1 - chance)) if chance < 1 else math.inf
        self._matrix, self._shift = _affine(codec, model.codec)
        self._model = _doubled(model, len(self._shift))
        self._sign = -1.0 if decision.good[0] else 1.0

    def logit(self, points: Tensor) -> Tensor:
        """Log-odds of the favourable decision, shape (...,), from points of shape (..., inputs)."""
        inputs = (points @ self._matrix + self._shift).flatten(0, -2)
        return self._sign * self._model.logit(inputs).double().view(points.shape[:-1])

    def logit_and_gradient(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The log-odds and ∇ logit of shape (..., inputs), itself differentiable where h is twice.

        Equation: :eq:`search-gradient`.
        """
        with torch.enable_grad():
            points = points if points.requires_grad else points.detach().requires_grad_()
            logit = self.logit(points)
            (slope,) = torch.autograd.grad(logit.sum(), points, create_graph=True)
        return logit, slope

    def is_valid(self, logit: Tensor) -> Tensor:
        """V(x⁺) = 1[h(x⁺) > γ], with room for rounding.

        Equation: :eq:`robust-gamma`.
        """
        return logit > self.border + ROUNDING


def _doubled(model: Classifier, inputs: int) -> Classifier:
    """A copy of a classifier in double precision, or itself if its module can compute in single only."""
    twin = copy.copy(model)
    twin.module = copy.deepcopy(model.module).double()
    try:
        twin.logit(torch.zeros(1, inputs, dtype=torch.float64))
    except RuntimeError:
        return model
    return twin


def _affine(ours: Codec, theirs: Codec) -> tuple[Tensor, Tensor]:
    """The matrix and shift that turn design points of one codec into another's."""
    rows, columns = ours.blocks, theirs.blocks
    matrix = torch.zeros(rows[-1].stop, columns[-1].stop, dtype=torch.float64)
    shift = torch.zeros(columns[-1].stop, dtype=torch.float64)
    for j, (g, to) in enumerate(zip(theirs.schema, columns, strict=True)):
        i, f = ours.schema.names.index(g.name), ours.schema[g.name]
        if (f.kind, f.categories) != (g.kind, g.categories):
            raise SchemaError(
                f"Column {g.name!r} is {f.kind} with levels {list(f.categories)} in the schema given, "
                f"{g.kind} with levels {list(g.categories)} in the classifier's; use one description."
            )
        width = to.stop - to.start - g.gaps
        first, at = rows[i].start, to.start
        matrix[first : first + width, at : at + width] = torch.eye(width, dtype=torch.float64)
        if not f.is_categorical:
            matrix[first, at] = ours.width[i] / theirs.width[j]
            shift[at] = (ours.low[i] - theirs.low[j]) / theirs.width[j]
        if f.gaps and g.gaps:
            matrix[first + width, at + width] = 1.0
            if not f.is_categorical:  # what is missing is ½ on either range
                matrix[first + width, at] = 0.5 - 0.5 * matrix[first, at] - shift[at]
    return matrix, shift


@dataclass(frozen=True)
class Descent:
    """Walk downhill in ℓ(x⁺) + λ C(x, x⁺), everybody at once, and remember the best people passed.

    After each step of Adam the points are clamped to what a person may become; then they are
    snapped, and the snapped person is judged. So an answer is never a point whose rounding was not
    checked. The walk of one person does not depend on the others: every number of it is their own,
    and one that has ended stands still.

    A walk has come to rest after ``patience`` steps without progress: no better answer for those who
    have one, no lower loss for the others. With an answer it ends. Without one, or after
    ``round_steps``, λ is multiplied by ``decay``, up to ``rounds`` times in all.

    Parameters
    ----------
    learning_rate
        Of Adam, in feature ranges a step.
    cost_weight
        λ to begin with.
    amsgrad
        Use Adam's variant with non-increasing steps.
    decay
        What λ is multiplied by, between 0 and 1; it never becomes negative.
    rounds, round_steps
        How often λ is tried, and for how many steps at most each time.
    patience, tolerance
        How many steps without progress are a rest, and how much is progress.
    max_steps, max_seconds
        Where the whole walk ends; a limit of time makes answers depend on the machine.
    """

    learning_rate: float
    cost_weight: float
    amsgrad: bool = True
    decay: float = 0.5
    rounds: int = 10
    round_steps: int = 1000
    patience: int = 50
    tolerance: float = 1e-5
    max_steps: int = 5000
    max_seconds: float = math.inf

    def run(
        self,
        at: Projection,
        start: Tensor,
        loss: Callable[[Tensor], Tensor],
        judge: Callable[[Tensor], Tensor],
        *,
        name: str,
        progress: bool,
    ) -> tuple[Tensor, Tensor]:
        """Walk from ``start``, points of shape (candidates, people, inputs).

        Parameters
        ----------
        at
            What the people may become.
        start
            Where each candidate begins; it is clamped.
        loss
            ℓ of free points, shape (candidates, people), without the cost.
        judge
            How bad snapped points are as an answer, shape (candidates, people); infinite if they are
            none.
        name, progress
            For the bar, which counts people at rest.

        Returns
        -------
        the best snapped points, shape (candidates, people, inputs), and which of them are answers,
        booleans of shape (candidates, people).
        """
        points = at.clamp(start).requires_grad_()
        optimizer = torch.optim.Adam([points], lr=self.learning_rate, amsgrad=self.amsgrad)
        weight = torch.full(points.shape[:-1], self.cost_weight, dtype=points.dtype)
        best, badness = at.snap(points.detach()), torch.full_like(weight, math.inf)
        lowest, waited, walked = torch.full_like(weight, math.inf), *torch.zeros(2, *weight.shape)
        rounds, done = torch.zeros_like(weight), torch.zeros_like(weight, dtype=torch.bool)
        end = time.perf_counter() + self.max_seconds
        with tqdm(
            total=len(at), desc=name, unit="person", disable=not progress, leave=False
        ) as bar:
            for _ in range(self.max_steps):
                level = loss(points) + weight * at.cost(points)
                # Not backward(), which would also leave gradients in the bank's classifier.
                (slope,) = torch.autograd.grad(level.sum(), points)
                before = points.detach().clone()
                points.grad = at.tilt(slope, before)
                optimizer.step()
                with torch.no_grad():
                    points.copy_(torch.where(done[..., None], before, at.clamp(points)))
                    people = at.snap(points)
                    bad = judge(people).round(decimals=DECIMALS)
                    better = bad < badness
                    found = badness.isfinite() | better
                    forward = torch.where(
                        found, bad < badness - self.tolerance, level < lowest - self.tolerance
                    )
                    best = torch.where(better[..., None], people, best)
                    badness = torch.where(better, bad, badness)
                    lowest = torch.where(forward, level, lowest)
                    waited = torch.where(forward, 0, waited + 1)
                    walked += 1
                    rest = (waited >= self.patience) | (walked >= self.round_steps)
                    rounds += rest
                    done |= rest & (found | (rounds >= self.rounds))
                    weight = torch.where(rest, weight * self.decay, weight)
                    lowest = lowest.masked_fill(rest, math.inf)
                    waited, walked = waited.masked_fill(rest, 0), walked.masked_fill(rest, 0)
                    bar.update(int(done.all(0).sum()) - bar.n)
                if done.all() or time.perf_counter() > end:
                    break
        return best, badness.isfinite()


class GradientMethod(RecourseMethod):
    """A method that walks along the gradient of h from x to the cheapest answer it passes.

    A subclass says what it minimizes beside the cost (``_loss``) and, if being valid is not enough
    for it, what it accepts (``_accepts``).

    The n options of a person come from n walks: the first from x itself, the others from random
    points near it. Walks that end alike give one option, and the rest of the n stay NaN.

    A walk keeps to bounds. It knows no count of changes and no relation: people passed who break
    one are left out, and if all are, nothing is found. Clocks stand still.

    Parameters
    ----------
    validity_margin
        γ: an answer is accepted with h(x⁺) > γ; at 0 the bank's own threshold decides.
    cost_weight
        λ to begin with; it is halved for those who find nothing.
    learning_rate
        Of Adam.
    max_steps, max_seconds
        Where the walk ends, whoever is left without an answer.
    """

    allowed: ClassVar = {
        "validity_margin": Number(0, 1),
        "cost_weight": Number(0),
        "learning_rate": Number(0, above=True),
        "max_steps": Number(1, whole=True),
        "max_seconds": Number(0, above=True),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        validity_margin: float = 0.0,
        cost_weight: float = 0.01,
        learning_rate: float = 0.01,
        max_steps: int = 5000,
        max_seconds: float = math.inf,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.validity_margin = validity_margin
        self.cost_weight = cost_weight
        self.learning_rate = learning_rate
        self.max_steps = max_steps
        self.max_seconds = max_seconds

    def _fit(self, X: pd.DataFrame, labels: np.ndarray, score: np.ndarray, yes: np.ndarray) -> None:
        self._odds = LogOdds(self.decision_, self.codec, self.validity_margin)

    def _descent(self) -> Descent:
        return Descent(
            self.learning_rate,
            self.cost_weight,
            max_steps=self.max_steps,
            max_seconds=self.max_seconds,
        )

    @abstractmethod
    def _loss(self, points: Tensor, at: Projection) -> Tensor:
        """What is minimized beside λ C, shape (candidates, people)."""

    def _accepts(self, people: Tensor) -> Tensor:
        """Which snapped points are answers, booleans of shape (candidates, people)."""
        return self._odds.is_valid(self._odds.logit(people))

    def _valid(self, people: Tensor, at: Projection) -> Tensor:
        """Which of them also keep every term."""
        return at.keeps(people, self._accepts(people))

    def _badness(self, people: Tensor, at: Projection) -> Tensor:
        """How bad snapped points are as answers, infinite for none; the least is kept."""
        return at.cost(people).masked_fill(~self._valid(people, at), math.inf)

    def _starts(self, at: Projection, n: int) -> Tensor:
        """Where n walks begin, shape (n, people, inputs)."""
        moves = NEARBY * (2 * self._noise(at, n) - 1)
        moves[0] = 0
        return at.start + moves

    def _noise(self, at: Projection, n: int) -> Tensor:
        """Uniform on [0, 1], shape (n, people, inputs), each person's own for the seed."""
        walks, inputs = np.arange(n), np.arange(at.start.shape[1])
        return torch.as_tensor(uniforms(at.keys(self.seed), walks, inputs)).transpose(0, 1)

    def _search(self, at: Projection, n: int) -> tuple[Tensor, Tensor]:
        """n snapped candidates a person, and which of them are answers."""
        return self._descent().run(
            at,
            self._starts(at, n),
            lambda points: self._loss(points, at),
            lambda people: self._badness(people, at),
            name=self.name,
            progress=self.progress,
        )

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        at = Projection(self.codec, denied, limits)
        return at.options(*self._search(at, n), n)


def to_yes(logit: Tensor) -> Tensor:
    """BCE(h(x⁺), 1) = −log h(x⁺), from log-odds."""
    return F.softplus(-logit)
