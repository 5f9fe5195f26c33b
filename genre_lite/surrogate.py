"""A bank's outsider guesses the truth: would this person really succeed, and do such people exist?

The classifier h is one guess of the truth. :class:`Teacher` makes a second one from the training
rows alone: a random forest for p̂(y = 1 | x), and the local outlier factor among the people it
believes in. :class:`Surrogate` is a small network taught to give the teacher's answers. It is what a
fitted model keeps: fast, differentiable, and without a single person's row in it.

An estimate is not the truth. So the teacher does not ask whether p̂ is above one half, but how likely
it is that the truth is, given an error of p̂ of standard deviation σ. That is Φ, below, if the error is
normal and nothing is known of the truth beforehand. One σ serves all tables and every p̂, and p̂ of a
training row makes use of its label. So V̂ is a score that puts people in an order, and no frequency.

And nobody knows for certain who belongs to the people accepted by the truth, nor who would be among
them in another table of the same people. So plausibility is judged among several sets :math:`D_b` of
them, each a bootstrap (Efron, 1979) that holds row i as often as its chance and ρ say:

.. math:: \\hat V(x) = \\Phi\\left(\\frac{\\hat p(y = 1 \\mid x) - 1/2}{\\sigma}\\right), \\qquad
          \\hat P(x) = \\frac1n \\sum_{b=1}^n 1\\left[\\mathrm{LOF}_{D_b}(x) \\le 1.5\\right], \\qquad
          \\#_b(i) \\sim \\mathrm{Poisson}(\\rho \\hat V_i) .
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from .outliers import SharedOutliers
from .threads import threads

__all__ = ["Surrogate", "Teacher"]

ROWS = 10_000  # that a tree with broad leaves is grown on, at most
REACH = 0.1  # of a feature's tokens: how far off a value is still much like another
ALIKE = 0.6  # share of a profile that fires a unit which begins there
WEIGHT = 0.5  # of a whole match of one feature


class Teacher:
    """Estimates of the truth from training rows and their labels.

    Two forests guess p̂(y = 1 | x): one with broad leaves, one whose leaves hold a single row. About
    a new person both are asked, and p̂ is their mean. About a training row the first is asked by the
    trees that did not see it, the second by all: half of p̂ is what others say about such a person,
    half the row's own label.

    Parameters
    ----------
    trees, leaf
        Of the first forest: how many trees, and the fewest rows a leaf may hold. The second has half
        as many trees.
    doubt
        σ, the standard deviation of the error of p̂.
    sets
        B, among how many sets of people plausibility is judged.
    growth
        ρ, how often a row is held that surely belongs. Above 1, for the people whom an answer will
        stand among are more than those in the training rows.
    border
        What p̂ is compared with; ½, as the truth is. Lower where a favourable outcome is so rare that
        hardly anybody's p̂ reaches it.
    inputs
        Which inputs count, booleans of shape (inputs,); all if left out. Many indicators of a column
        that nobody can change would drown the rest.
    codes
        What turns inputs into the forests' columns, (inputs, columns), such as
        :attr:`~genre_lite.codec.Codec.codes`: a tree splits a level's number better than many
        indicators. The inputs themselves if left out.

    Attributes
    ----------
    chance
        p̂ of the training rows, (rows,).
    valid, plausible
        V̂ and P̂ of the training rows, each of shape (rows,); the second is computed when asked for.
    """

    def __init__(
        self,
        trees: int = 200,
        leaf: int = 5,
        doubt: float = 0.2,
        sets: int = 5,
        growth: float = 4 / 3,
        border: float = 0.5,
        inputs: np.ndarray | None = None,
        codes: np.ndarray | None = None,
    ) -> None:
        self.trees = trees
        self.leaf = leaf
        self.doubt = doubt
        self.sets = sets
        self.growth = growth
        self.border = border
        self.inputs = slice(None) if inputs is None else np.flatnonzero(inputs)
        self.codes = codes

    def fit(self, design: np.ndarray, labels: np.ndarray, *, seed: int, progress: bool) -> Teacher:
        """Learn from rows as classifier inputs, shape (rows, inputs), and 0/1 labels."""
        from sklearn.ensemble import RandomForestClassifier

        columns = self._columns(design)
        self.forests = [
            RandomForestClassifier(
                0,
                min_samples_leaf=leaf,
                max_samples=most,
                random_state=seed,
                n_jobs=threads(),
                warm_start=True,
            )
            for leaf, most in ((self.leaf, ROWS if len(design) > ROWS else None), (1, None))
        ]
        with tqdm(total=15, desc="estimate", unit="part", disable=not progress, leave=False) as bar:
            for forest, parts in zip(self.forests, (10, 5), strict=True):
                for part in range(parts):  # grown in parts, so that there is progress to show
                    forest.n_estimators += self.trees // 10
                    forest.oob_score = forest is self.forests[0] and part == parts - 1
                    with warnings.catch_warnings():
                        # A row that every tree has seen is asked of all of them, below.
                        warnings.filterwarnings("ignore", message="Some inputs do not have OOB")
                        forest.fit(columns, labels)
                    bar.update()
                forest.n_jobs = 1  # threads would add up the trees in another order each time
        broad, fine = self.forests
        unseen = np.nan_to_num(broad.oob_decision_function_)
        unseen = np.where(unseen.any(axis=1, keepdims=True), unseen, broad.predict_proba(columns))
        self.chance = (self._one(broad, unseen) + self._one(fine, fine.predict_proba(columns))) / 2
        return self.judge(design, seed=seed)

    def judge(self, design: np.ndarray, *, seed: int) -> Teacher:
        """Make V̂ and P̂ of the training rows from the forests at hand."""
        self.valid = self._sure(self.chance)
        held = self._held(np.random.default_rng(seed))
        rows = design[:, self.inputs]
        self.outliers = SharedOutliers().fit(rows, held)
        self._rows = design
        vars(self).pop("plausible", None)
        return self

    def _columns(self, design: np.ndarray) -> np.ndarray:
        return design[:, self.inputs] if self.codes is None else design @ self.codes

    @staticmethod
    def _one(forest: Any, chances: np.ndarray) -> np.ndarray:
        """The chance of label 1, (rows,), which a forest that never saw one does not name."""
        known = list(forest.classes_)
        return chances[:, known.index(1)] if 1 in known else np.zeros(len(chances))

    def _sure(self, chance: np.ndarray) -> np.ndarray:
        margin = torch.as_tensor(chance - self.border)
        return torch.special.ndtr(margin / self.doubt).numpy()

    @cached_property
    def plausible(self) -> np.ndarray:
        """P̂ of the training rows, shape (rows,)."""
        return self.plausibility(self._rows)

    def _held(self, chance: np.random.Generator) -> np.ndarray:
        """How often each set holds each training row, whole numbers of shape (sets, rows)."""
        return chance.poisson(self.growth * self.valid, size=(self.sets, len(self.valid)))

    def truth(self, design: np.ndarray) -> np.ndarray:
        """p̂(y = 1 | x) of people who are not among the training rows, shape (rows,)."""
        columns = self._columns(design)
        each = [self._one(forest, forest.predict_proba(columns)) for forest in self.forests]
        return np.mean(each, axis=0)

    def validity(self, design: np.ndarray) -> np.ndarray:
        """V̂(x), the chance that the truth favours x under a flat prior, shape (rows,).

        Equation: :eq:`pairs-chance`.
        """
        return self._sure(self.truth(design))

    def plausibility(self, design: np.ndarray) -> np.ndarray:
        """P̂(x), the share of sets among whom x is no outlier, shape (rows,).

        Equation: :eq:`pairs-usual`.
        """
        return self.outliers.inlier(design[:, self.inputs]).mean(axis=1)

    def answers(self, design: np.ndarray) -> np.ndarray:
        """V̂(x) and P̂(x), shape (rows, 2)."""
        if not len(design):
            return np.empty((0, 2))
        # The same person is often drawn twice; one question is enough.
        asked, where = np.unique(design, axis=0, return_inverse=True)
        answers = np.stack([self.validity(asked), self.plausibility(asked)], axis=1)
        return answers[where.ravel()]


class Surrogate(nn.Module):
    """A network that answers like its :class:`Teacher`: (V̂(x), P̂(x)).

    A table of tokens lets a small network follow a forest's steps. Where a token was seldom seen, the
    values of features with an order help, and their sines and cosines (Tancik et al., 2020).

    Parameters
    ----------
    ordered
        Which features have an order, booleans of shape (features,).
    sizes
        How many tokens each feature has.
    width
        How many hidden units it has, in each of two layers.
    """

    first: Tensor
    ordered: Tensor
    pitch: Tensor

    def __init__(
        self, ordered: Sequence[bool] | np.ndarray, sizes: Sequence[int], width: int = 64
    ) -> None:
        super().__init__()
        self.sizes = list(sizes)
        self.register_buffer("first", torch.tensor([0, *sizes[:-1]]).cumsum(0))
        self.register_buffer("ordered", torch.as_tensor(ordered).nonzero().flatten())
        self.register_buffer("pitch", torch.tensor([3.0, 9.0, 27.0]))
        self.smooth = nn.Linear(len(self.ordered) * 7, width)
        self.steps = nn.Parameter(0.02 * torch.randn(sum(sizes), width))
        self.net = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))

    @torch.no_grad()
    def start_at(self, tokens: np.ndarray, *, seed: int) -> None:
        """Let hidden unit i begin at a profile :math:`p_i`, a random one of these.

        P̂ is a matter of who is near, and a network that starts from noise finds nobody for long. So unit i
        at first fires for whoever is much like its profile:

        .. math:: \\mathrm{ReLU}\\Bigl(\\tfrac12 \\sum_{j=1}^d a_j - \\tfrac12 \\cdot 0.6\\, d\\Bigr), \\qquad
                  a_j = e^{-|v_j - p_{ij}| / (0.1 (n_j - 1))}

        in tokens :math:`v_j` of :math:`n_j`; without an order, :math:`a_j = 1[v_j = p_{ij}]`.

        Parameters
        ----------
        tokens
            Profiles of people who are plausible, (profiles, features).
        """
        some = tokens[np.random.default_rng(seed).integers(len(tokens), size=self.steps.shape[1])]
        ordered = np.isin(np.arange(tokens.shape[1]), self.ordered.cpu().numpy())
        for j, (first, size) in enumerate(zip(self.first.tolist(), self.sizes, strict=True)):
            apart = np.abs(np.arange(size)[:, None] - some[:, j]) / max(size - 1, 1)
            alike = np.exp(-apart / REACH) if ordered[j] else apart == 0
            self.steps[first : first + size] += torch.as_tensor(WEIGHT * alike).to(self.steps)
        self.smooth.bias.sub_(WEIGHT * ALIKE * tokens.shape[1])

    def forward(self, points: Tensor, tokens: Tensor) -> Tensor:
        """Log-odds of both answers, (rows, 2), from points without gaps and tokens, (rows, features)."""
        values = points[:, self.ordered]
        waves = (values[..., None] * self.pitch).flatten(1)
        hidden = self.smooth(torch.cat([values, waves.sin(), waves.cos()], dim=1))
        return self.net(hidden + F.embedding_bag(self.first + tokens, self.steps, mode="sum"))

    @torch.inference_mode()
    def answers(self, points: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """Both answers as probabilities, (rows, 2), about points of the cube and their tokens."""
        return torch.sigmoid(self(*self._tensors(points, tokens))).cpu().numpy().astype(float)

    def _tensors(self, points: np.ndarray, tokens: np.ndarray) -> tuple[Tensor, Tensor]:
        """Ready for the network; beside its token, a gap has the middle value."""
        device = self.pitch.device
        points = np.where(np.isnan(points), 0.5, points)
        return (
            torch.as_tensor(points, dtype=self.pitch.dtype, device=device),
            torch.as_tensor(tokens, device=device),
        )

    def learn(
        self,
        points: np.ndarray,
        tokens: np.ndarray,
        answers: np.ndarray,
        handicap: np.ndarray,
        *,
        seed: int,
        steps: int,
        people: int = 16,
        temperature: float = 0.05,
        progress: bool,
    ) -> Surrogate:
        """Imitate a teacher's answers (Hinton et al., 2015), and above all its choices.

        Whoever takes the best of many candidates picks those that a surrogate overrates. So it is
        taught on whole lists of candidates: beside each answer, the odds that each candidate of a
        list is the best have to agree (Cao et al., 2007),

        .. math:: \\mathrm{BCE} + \\tfrac1{10} \\mathrm{KL}\\left(\\mathrm{softmax}(u / \\tau)
                  \\,\\|\\, \\mathrm{softmax}(\\hat u / \\tau)\\right), \\qquad
                  u = \\hat V + \\hat P - \\text{handicap}.

        Parameters
        ----------
        points, tokens, answers
            Lists of candidates and the teacher's answers, (people, k, ·), the last dimension features,
            features and two.
        handicap
            What speaks against each candidate beside, (people, k): C / d, or a large number where h
            denies it.
        steps, people
            How many steps of training, and how many lists a step.
        temperature
            τ, in the unit of Score: how much better a candidate must be to matter.
        """
        n, k = handicap.shape
        x, t = self._tensors(points, tokens)
        y, minus = (
            torch.as_tensor(values, dtype=x.dtype, device=x.device)
            for values in (answers, handicap)
        )
        generator = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-3, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for _ in tqdm(range(steps), desc="distil", unit="step", disable=not progress, leave=False):
            rows = torch.randint(n, (people,), generator=generator)
            guess = self(x[rows].flatten(0, 1), t[rows].flatten(0, 1)).unflatten(0, (people, k))
            wanted, found = (
                ((both.sum(dim=-1) - minus[rows]) / temperature).log_softmax(dim=1)
                for both in (y[rows], torch.sigmoid(guess))
            )
            choice = F.kl_div(found, wanted, log_target=True, reduction="batchmean")
            loss = F.binary_cross_entropy_with_logits(guess, y[rows]) + choice / 10
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        return self.eval()
