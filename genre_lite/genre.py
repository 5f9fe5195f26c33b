"""GenRe: the estimator that ties the rooms together.

Fit: estimate the truth, synthesize pairs, train R_θ(x⁺ | x), then teach it by refinement. Recommend:
sample forward, refine, choose.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch

from .candidates import Asked, Comparison, decoded
from .certificate import origin
from .choice import Found, best_of, look_further, options_of
from .decision import SupportsProba
from .errors import GenReError, kind_of, warn
from .estimator import RecourseMethod, positions
from .limits import Limits
from .model import ModelConfig, RecourseTransformer
from .recourses import Recourses
from .refinement import refine
from .sampling import READINESS, RULES, draw, log_prob
from .schema import Schema
from .settings import Kind, Number, OneOf, require
from .supervision import Pairs, PairSampler, grafted_pairs
from .surrogate import Surrogate, Teacher
from .teaching import Lessons, answered, nearest
from .threads import one_thread
from .threefry import keys, uniforms
from .training import TrainingConfig, fit
from .truth import estimated

if TYPE_CHECKING:
    from .desk import Page

__all__ = ["GenRe"]

COLDEST = 1e-6  # a temperature below which nothing is left to chance
AT_ONCE = 5_000  # candidates decoded in one go; as many as a processor's cache can hold
SOURCES = 4000  # denied rows that pairs are made for, at most
LESSON = 24  # draws a person that the teacher judges, in each round
HARVEST = 1500  # denied rows whose refined grafts become such profiles
PROFILES = 2048  # accepted profiles that are kept to start from
NEAR = 8  # of them that join a person's draws at first


@dataclass(frozen=True)
class Recipe:
    """How a recipe samples and chooses, and its pairs.

    ``tries`` is how often it draws for a person until there are n options, each time ``bolder`` times
    as boldly; ``nearest`` is K of the pairs, ``still`` whether time stands still in them.
    """

    candidates: int
    temperature: float
    tries: int
    rule: str
    nearest: int | None = None
    refine: bool = False
    bolder: float = 1.0
    still: bool = False


RECIPES = {
    "estimated": Recipe(24, 0.5, tries=4, rule="balanced", refine=True, bolder=2.0),
    "paper": Recipe(10, 0.1, tries=1, rule="safest", nearest=1000),
    "consistent": Recipe(1, 1.0, tries=7, rule="first", still=True),
}


@dataclass(frozen=True)
class Draws:
    """What R_θ wrote for some people, k recourses each."""

    tokens: np.ndarray  # (people, k, d)
    points: np.ndarray  # in the unit cube, (people, k, d)
    log_prob: np.ndarray  # log R_θ(x⁺ | x), (people, k)

    def of(self, people: np.ndarray) -> Draws:
        """Those of some people, by their numbers or a mask."""
        return Draws(self.tokens[people], self.points[people], self.log_prob[people])

    def and_then(self, more: Draws) -> Draws:
        """These, and more for the same people."""
        both = zip(vars(self).values(), vars(more).values(), strict=True)
        return Draws(*(np.concatenate(parts, axis=1) for parts in both))


class GenRe(RecourseMethod):
    """Recourse by sampling from one generative model of validity, proximity and plausibility.

    The model learns :math:`R_\\theta(x^+ \\mid x)` from pairs drawn from
    :math:`Q(x^+ \\mid x) \\propto e^{-\\lambda C(x, x^+)}` over accepted people :math:`D^+`
    (Garg et al., 2025, algorithm 1). Answers are values that occur in the training rows, and
    terms hold by construction.

    Three recipes say who counts as accepted and how a candidate is chosen:

    * ``"estimated"`` (the default): :math:`D^+ = \\{t : h \\text{ accepts } t,\\
      \\hat V(t) > \\gamma,\\ \\hat P(t) > 1/2\\}`, where validity and plausibility are estimated from
      the training rows (:class:`~genre_lite.surrogate.Teacher`). What a person may change is taken
      from t and grafted onto the rest. The model is then taught by refined answers
      (:mod:`~genre_lite.teaching`), candidates are refined (:mod:`~genre_lite.refinement`), and the
      best estimated Score wins.
    * ``"paper"``: :math:`D^+ = \\{t : h(t) > \\gamma,\\ y = 1\\}`, its 1,000 nearest for each source;
      the candidate that h likes best of ten wins.
    * ``"consistent"``: :math:`D^+` as in the paper, all of it for each source, and nobody grows older;
      the first draw at temperature 1 that h accepts is the answer. So R_θ tends to the ideal recourse
      distribution as far as training does; see the book's appendix.

    Parameters
    ----------
    h
        The bank's decision: a :class:`~genre_lite.decision.Decision`, or any object with
        ``predict_proba(DataFrame) -> (rows, 2)`` whose classes are 0 and 1, 1 the favourable one.
    schema
        What the columns are and what may change.
    cost_weight
        λ, how strongly nearer targets are preferred; 5 in the paper.
    validity_margin
        γ, how surely a target must be accepted; 0.7 in the paper.
    recipe
        ``"estimated"``, ``"paper"`` or ``"consistent"``.
    model, training
        The network's size, and how long to train it; the package's own for so large a table if left out.
    device
        Where the network lives: ``"cpu"``, ``"cuda"``, or ``"auto"`` for the fastest.
    outcome
        What the favourable decision is called in answers.
    seed
        Of every random step.
    progress
        Show progress bars.

    Attributes
    ----------
    network_
        R_θ, a :class:`~genre_lite.model.RecourseTransformer`.
    surrogate_
        The estimates V̂ and P̂ as a network; ``None`` but for the recipe ``"estimated"``.
    profiles_
        Accepted profiles in the cube that an answer may start from; each was written by the model,
        and none is a training row.
    history_
        Losses of the fit: columns step, train_loss, valid_loss (nats a pair), over all trainings.
    report_
        Counts of the fit: rows, sources, targets, and sources for whom no target was found.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> quick = gl.TrainingConfig(steps=20, distil_steps=20, rounds=1, round_steps=20)
    >>> genre = gl.GenRe(h, bank.schema, training=quick, progress=False)
    >>> denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
    >>> answer = genre.fit(bank.X_train, bank.y_train).recommend(denied, n=2)
    >>> len(answer.frame) == 2 * len(denied)
    True
    """

    name = "GenRe"
    allowed: ClassVar = {
        "cost_weight": Number(0),
        "validity_margin": Number(0, 1),
        "recipe": OneOf(tuple(RECIPES)),
        "model": Kind(ModelConfig, "gl.ModelConfig(width=32)"),
        "training": Kind(TrainingConfig, "gl.TrainingConfig(steps=100)"),
    }
    network_: RecourseTransformer
    surrogate_: Surrogate | None

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        cost_weight: float = 5.0,
        validity_margin: float = 0.7,
        recipe: str = "estimated",
        model: ModelConfig | None = None,
        training: TrainingConfig | None = None,
        device: str = "cpu",
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        self.cost_weight = cost_weight
        self.validity_margin = validity_margin
        self.recipe = recipe
        self.model = model
        self.training = training
        self.device = device

    # -- fit ------------------------------------------------------------------------------------

    def fit(  # type: ignore[override]  # where others take any option, it names its own
        self,
        X: pd.DataFrame,
        y: pd.Series | None = None,
        *,
        extra: str = "error",
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Estimate the truth, synthesize pairs, train, teach by refinement.

        Parameters
        ----------
        X
            Training rows, in original units.
        y
            0/1 labels, 1 = favourable; the bank's decisions if left out.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.
        checkpoint
            A file to keep the state of the first training in, as it goes. Where it exists, an
            interrupted training goes on from there, and ends as if it had never stopped.

        Raises
        ------
        GenReError
            If a setting or the table is wrong, labels are not 0/1, nobody is accepted or denied, h
            ranks the labels worse than chance, or the checkpoint is of another training.
        """
        return super().fit(X, y, extra=extra, checkpoint=checkpoint)

    def _check_settings(self) -> None:
        super()._check_settings()
        device_of(self.device)

    def _fit(
        self,
        X: pd.DataFrame,
        labels: np.ndarray,
        score: np.ndarray,
        yes: np.ndarray,
        *,
        checkpoint: str | Path | None,
    ) -> None:
        cube = self.codec.cube(X)
        checkpoint = None if checkpoint is None else Path(checkpoint)
        self.surrogate_, self.profiles_ = None, np.empty((0, cube.shape[1]))
        if self.recipe != "estimated":
            recipe = RECIPES[self.recipe]
            target = (score > self.validity_margin) & (labels == 1)
            if not target.any():
                raise GenReError(
                    f"None of the {len(X)} rows has label 1 and h above {self.validity_margin} "
                    "(validity_margin), so there is nobody to learn from; lower validity_margin."
                )
            source = cube[score <= self.validity_margin]
            pairs: Pairs = PairSampler(
                self.codec,
                source,
                cube[target],
                self.cost_weight,
                nearest=recipe.nearest,
                still=recipe.still,
            )
            self._begin(cube[target], len(X), pairs)
            self._train(pairs, self._config, checkpoint=checkpoint)
            self.network_.double()
            return
        teacher, sure = estimated(
            self.codec,
            cube,
            labels,
            yes,
            self.validity_margin,
            seed=self.seed,
            progress=self.progress,
        )
        target = yes & sure
        chance = np.random.default_rng(self.seed)
        some = np.sort(chance.permutation(np.flatnonzero(~yes))[:SOURCES])
        denied = X.iloc[some]
        limits = Limits(self.codec, denied, unread=self.unread_)
        asked = Asked(self.decision_, limits, denied)
        grafted = limits.fixed.any()

        def bank(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
            return asked(points, rows)[1]

        def surely(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
            fine = bank(points, rows)
            if grafted and fine.any():  # a graft is nobody who was judged yet
                fine[fine] = teacher.validity(self.codec.design(points[fine])) > 0.5
            return fine

        pairs = grafted_pairs(limits, cube[target], self.cost_weight, surely, bank, seed=self.seed)
        self._begin(cube[target], len(X), pairs)
        self._train(pairs, self._config, checkpoint=checkpoint)
        self._teach(teacher, denied, limits, cube, np.unique(cube[sure], axis=0))
        self.network_.double()
        assert self.surrogate_ is not None  # it was taught just now
        self.surrogate_.double()

    @property
    def _config(self) -> TrainingConfig:
        return self.training or TrainingConfig.of(self.report_["rows"])

    def _begin(self, targets: np.ndarray, rows: int, pairs: Pairs) -> None:
        self.report_ = {
            "rows": rows,
            "sources": len(pairs.sources),
            "targets": len(targets),
            "unreachable": int((~pairs.reachable).sum()),
        }
        if not pairs.reachable.all():
            warn(
                f"For {self.report_['unreachable']} of {self.report_['sources']} denied training rows no "
                "target was found within the terms; they are left out of training.",
            )
        self.network_ = self._network()
        self.network_.start_at(self.codec.frequency(targets), self.cost_weight)
        self.history_ = pd.DataFrame()

    def _train(
        self, pairs: Pairs, config: TrainingConfig, *, checkpoint: Path | None = None
    ) -> None:
        losses = fit(
            self.network_,
            self.codec,
            pairs,
            config,
            seed=self.seed,
            progress=self.progress,
            checkpoint=checkpoint,
        )
        before = 0 if self.history_.empty else int(self.history_["step"].max())
        losses["step"] += before
        self.history_ = pd.concat([self.history_, losses], ignore_index=True)

    @property
    def _device(self) -> torch.device:
        return device_of(self.device)

    def _network(self) -> RecourseTransformer:
        config = self.model or ModelConfig()
        return RecourseTransformer.over(self.codec, config, seed=self.seed).to(self._device)

    def _new_surrogate(self, width: int) -> Surrogate:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return Surrogate(~self.codec.nominal, self.network_.sizes, width).to(self._device)

    def _teach(
        self,
        teacher: Teacher,
        denied: pd.DataFrame,
        limits: Limits,
        cube: np.ndarray,
        targets: np.ndarray,
    ) -> None:
        """Teach the surrogate where it will be asked, and R_θ by refined answers."""
        config = self._config
        self.surrogate_ = self._new_surrogate(config.distil_width)
        everybody, all_denied = limits, denied
        chance = np.random.default_rng(self.seed)
        rows = np.sort(chance.permutation(len(limits))[: config.people])
        limits, denied = limits.take(rows), denied.iloc[rows]
        comparison = Comparison("balanced", Asked(self.decision_, limits, denied), self._believed)
        lessons, k = Lessons(limits), LESSON
        bold = self._draws(limits, k, temperature=1.0, seed=self.seed).points
        flat, whose = bold.reshape(-1, bold.shape[-1]), np.repeat(np.arange(len(limits)), k)
        answers = teacher.answers(self.codec.design(flat)).reshape(len(limits), k, 2)
        lessons.add(bold, answers, comparison.accepts(flat, whose).reshape(len(limits), k))
        plausible = bold[answers[..., 1] > 0.5]
        if len(plausible):
            self.surrogate_.start_at(self.codec.tokens(plausible), seed=self.seed)
        self._distil(lessons, config.distil_steps)
        profiles = []
        for number in range(config.rounds + 1):
            drawn = self._draws(limits, k, temperature=0.5, seed=self.seed + 1 + number).points
            points, answers, accepted, pairs = answered(
                drawn, limits, targets, comparison, teacher, seed=self.seed + number
            )
            lessons.add(points, answers, accepted)
            self._distil(lessons, config.distil_steps // 2)
            if not pairs.reachable.any():
                continue
            profiles.append(pairs.targets.numpy())
            if number < config.rounds:  # at last the surrogate alone, where the answers now lie
                taught = replace(
                    config, steps=config.round_steps, learning_rate=config.learning_rate / 3
                )
                self._train(pairs, taught)
        profiles.append(self._found(everybody, all_denied, targets, teacher))
        self.profiles_ = self._profiles(np.concatenate(profiles), cube)

    def _found(
        self, limits: Limits, denied: pd.DataFrame, targets: np.ndarray, teacher: Teacher
    ) -> np.ndarray:
        """Refined grafts of the nearest accepted rows, for many denied rows: (m, d)."""
        rows = np.arange(0, len(limits), max(1, len(limits) // HARVEST))
        limits, denied = limits.take(rows), denied.iloc[rows]
        comparison = Comparison("balanced", Asked(self.decision_, limits, denied), self._believed)
        points = nearest(limits, targets, n=4)
        flat = points.reshape(-1, points.shape[-1])
        best = best_of(flat, np.repeat(np.arange(len(limits)), 4), limits, comparison, 1)
        who, place = np.nonzero(best >= 0)
        refined = refine(flat[best[who, place]], who, limits, comparison)
        valid, plausible = teacher.answers(self.codec.design(refined)).T
        return refined[(valid > self.validity_margin) & (plausible > 0.5)]

    def _distil(self, lessons: Lessons, steps: int) -> None:
        if steps and self.surrogate_ is not None:
            self.surrogate_.train()
            self.surrogate_.learn(
                *lessons.lists(), seed=self.seed, steps=steps, progress=self.progress
            )

    def _profiles(self, points: np.ndarray, cube: np.ndarray) -> np.ndarray:
        """Some of the answers that were learnt from, the most frequent first; never a training row."""
        tokens, times = np.unique(self.codec.tokens(points), axis=0, return_counts=True)
        rows = {row.tobytes() for row in self.codec.tokens(cube)}
        new = np.array([token.tobytes() not in rows for token in tokens], dtype=bool)
        tokens, times = tokens[new], times[new]
        order = np.argsort(-times, kind="stable")[:PROFILES]
        return self.codec.values_of(tokens[order])

    # -- sample and choose ----------------------------------------------------------------------

    def recommend(  # type: ignore[override]  # where others take any choice, it names its own
        self,
        people: pd.DataFrame,
        n: int = 1,
        *,
        freeze: Sequence | Mapping | pd.Series = (),
        bounds: Mapping | None = None,
        largest: Mapping | None = None,
        max_changes: int | Mapping | pd.Series | None = None,
        weights: Mapping | None = None,
        wait: float | Mapping | pd.Series = 0,
        invalid: str = "error",
        extra: str = "error",
        rule: str | None = None,
        margin: float | None = None,
        candidates: int | None = None,
        temperature: float | None = None,
        readiness: float = READINESS,
        refined: bool | None = None,
        seed: int | None = None,
    ) -> Recourses:
        """The best n options for each person: sample forward, refine, choose.

        The draws are keyed by the person's own values and the seed, so an answer depends on nobody
        else. The n options differ in what they ask for (:func:`~genre_lite.sampling.spread`), and may
        be fewer. By the default rule the first of them is the answer for n = 1, and the others are
        surely valid and plausible by the estimates; by another rule the first is the best of all.

        Parameters
        ----------
        people
            One row a person, in original units.
        n
            Options a person.
        freeze, bounds, largest, max_changes, weights, wait
            The person's own terms, one for all or a Series or dict by person; see
            :class:`~genre_lite.terms.Terms`. No new fit is needed.
        invalid
            ``"skip"``: whoever has a row that breaks the schema gets a reason, the others an answer.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.
        rule
            ``"balanced"`` (best estimated Score), ``"cheapest"``, ``"likeliest"``, ``"safest"`` or
            ``"first"``; see :func:`~genre_lite.sampling.choose`. The recipe's own if left out.
        margin
            Every option has h(x⁺) above this, beside the bank's own threshold. Whoever the bank accepts
            already is not asked to change anything, and so may lie below it.
        candidates, temperature
            How many recourses to draw for each person, and how boldly; the recipe's own if left out.
            Where they give fewer than n options, the default recipe draws more, up to three times:
            each time twice as many, and twice as boldly.
        readiness
            How much worth, in units of Score, further options may give up to change other features
            than those before.
        refined
            Whether needless changes are taken back; the recipe's own if left out.
        seed
            Of the draws; the model's own if left out.
        """
        self._require_fit()
        recipe = RECIPES[self.recipe]
        rule = rule or recipe.rule
        require("rule", rule, OneOf(RULES))
        k = recipe.candidates if candidates is None else candidates
        require("candidates", k, Number(1, whole=True))
        margin = 0.0 if margin is None else margin
        require("margin", margin, Number(0, 1))
        require("readiness", readiness, Number(0))
        temperature = recipe.temperature if temperature is None else temperature
        require("temperature", temperature, Number(COLDEST))
        seed = self.seed if seed is None else seed
        require("seed", seed, RecourseMethod.allowed["seed"])
        return super().recommend(
            people,
            n,
            freeze=freeze,
            bounds=bounds,
            largest=largest,
            max_changes=max_changes,
            weights=weights,
            wait=wait,
            invalid=invalid,
            extra=extra,
            rule=rule,
            margin=margin,
            candidates=k,
            temperature=temperature,
            readiness=readiness,
            # How likely an answer is under R_θ is not what a search may raise.
            refined=(recipe.refine if refined is None else refined)
            and rule not in ("likeliest", "first"),
            seed=seed,
        )

    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int, *, candidates: int, **how: Any
    ) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        best, row, number, nats, chance = self._sampled(denied, limits, 1, candidates, None, **how)
        if n > 1 and len(row):
            best, which, number, nats, chance = self._sampled(
                denied.iloc[row], limits.take(row), n, max(candidates, n), best, **how
            )
            row = row[which]
        frame = decoded(best, row, limits, denied)
        return frame.set_axis(positions(row, number)), nats, chance

    def _sampled(
        self,
        denied: pd.DataFrame,
        limits: Limits,
        n: int,
        candidates: int,
        answer: np.ndarray | None,
        *,
        rule: str,
        margin: float,
        temperature: float,
        readiness: float,
        refined: bool,
        seed: int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Points (m, d), whose they are (m,), their numbers (m,), log R_θ (m,) and h(x⁺) (m,).

        With n = 1 the answer of each person; else the n options of which it is the first.
        """
        believed = None if self.surrogate_ is None else self._believed
        recipe = RECIPES[self.recipe]
        points, person, option, nats, chance = [], [], [], [], []
        for left in np.array_split(
            np.arange(len(denied)), max(1, -(-len(denied) * candidates // AT_ONCE))
        ):
            earlier = None
            for attempt in range(recipe.tries):
                if not len(left):
                    break
                # Whoever got fewer than n is asked again: twice as often, and twice as boldly.
                here, people = limits.take(left), denied.iloc[left]
                drawn = self._draws(
                    here,
                    candidates * 2**attempt,
                    temperature=temperature * recipe.bolder**attempt,
                    seed=seed,
                    first=candidates * (2**attempt - 1),
                )
                if answer is not None and earlier is not None:  # else none of them was accepted
                    drawn = earlier.and_then(drawn)
                comparison = Comparison(rule, Asked(self.decision_, here, people), believed, margin)
                best, row, number = self._best(
                    drawn,
                    here,
                    people,
                    comparison,
                    n,
                    readiness,
                    refined,
                    None if answer is None else answer[left],
                )
                short = np.bincount(row, minlength=len(left)) < n
                short &= attempt + 1 < recipe.tries
                best, row, number = (part[~short[row]] for part in (best, row, number))
                points.append(best)
                person.append(left[row])
                option.append(number)
                nats.append(self._nats(best, row, here))
                chance.append(comparison.asked(best, row)[0])
                left, earlier = left[short], drawn.of(short)
        found = (points, person, option, nats, chance)
        return tuple(np.concatenate(parts) for parts in found)  # type: ignore[return-value]

    def _best(
        self,
        drawn: Draws,
        limits: Limits,
        people: pd.DataFrame,
        comparison: Comparison,
        n: int,
        readiness: float,
        refined: bool,
        answer: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The n best of each person: points (m, d), whose they are (m,), and their numbers (m,)."""
        # By another rule than the best estimate, what is unsure is as good as it looks.
        sure = self._is_sure if comparison.rule == "balanced" and self.surrogate_ else None
        nats = None
        if comparison.rule == "likeliest":
            nats = drawn.log_prob.ravel()
        elif comparison.rule == "first":
            count, k = drawn.log_prob.shape
            nats = -np.tile(np.arange(k), count).astype(float)
        if not refined or not len(self.profiles_):
            return options_of(
                drawn.points,
                limits,
                comparison,
                n,
                readiness=readiness,
                refined=refined,
                order=nats,
                sure=sure,
                answer=answer if nats is None else None,
            )

        def look(left: np.ndarray, tried: int) -> Found:
            here = limits.take(left)
            bank = Asked(self.decision_, here, people.iloc[left])
            compared = replace(comparison, asked=bank)
            near = nearest(here, self.profiles_, n=tried)
            points = np.concatenate([drawn.points[left], near], axis=1)
            best, row, number = options_of(
                points,
                here,
                compared,
                n,
                readiness=readiness,
                refined=True,
                besides=self._sure(near, here, compared),
                sure=sure,
                answer=None if answer is None else answer[left],
            )
            return best, row, number, self._is_sure(best)

        most = NEAR if sure is None else len(self.profiles_)
        return look_further(len(limits), look, NEAR, min(most, len(self.profiles_)))

    def _sure(
        self, points: np.ndarray, limits: Limits, comparison: Comparison
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of accepted profiles (people, m, d), each person's cheapest that is surely valid and plausible.

        Points (s, d), and whose they are (s,).
        """
        people, m, d = points.shape
        flat, rows = points.reshape(-1, d), np.repeat(np.arange(people), m)
        fine = self._is_sure(flat)
        fine &= limits.changed(flat, rows).any(axis=1)
        fine[fine] = comparison.accepts(flat[fine], rows[fine])
        price = np.where(fine, comparison.cost(flat, rows), np.inf).round(9).reshape(people, m)
        who = np.flatnonzero(np.isfinite(price).any(axis=1))
        return points[who, price[who].argmin(axis=1)], who

    def _is_sure(self, points: np.ndarray) -> np.ndarray:
        """Which points are surely valid and plausible, (m,)."""
        valid, plausible = self._believed(points).T
        return (valid > self.validity_margin) & (plausible > 0.5)

    def _believed(self, points: np.ndarray) -> np.ndarray:
        """V̂ and P̂ of points, (m, 2)."""
        assert self.surrogate_ is not None  # who has none is not asked
        return self.surrogate_.answers(points, self.codec.tokens(points))

    @property
    def spares(self) -> bool:
        """Whether its answers leave alone what the bank does not read, as the recipe ``"estimated"`` does."""
        return self.recipe == "estimated"

    @property
    def has_estimates(self) -> bool:
        """Whether :meth:`estimates` tells anything: only for the recipe ``"estimated"``."""
        return self.surrogate_ is not None

    def estimates(self, frame: pd.DataFrame) -> pd.DataFrame | None:
        """V̂ and P̂ of rows, columns valid and plausible; ``None`` but for the recipe ``"estimated"``."""
        self._require_fit()
        if self.surrogate_ is None:
            return None
        cube = self.codec.cube(self.schema.validate(frame, extra="ignore"))
        with one_thread():
            return pd.DataFrame(self._believed(cube), frame.index, columns=["valid", "plausible"])

    def _why(
        self, denied: pd.DataFrame, limits: Limits, *, margin: float, seed: int, **choices: Any
    ) -> pd.DataFrame:
        """Of 50 draws with one term relaxed, how many the bank accepts, and surely enough."""
        rows, k, people = [], 50, len(denied)
        relaxed = dict(limits.relaxed())
        asked_for = {term: margin for term in relaxed}
        if margin:
            term = f"a margin of {margin:g}"
            relaxed[term], asked_for[term] = limits, 0.0
        if relaxed:
            # All terms in one draw: the same people, once a term.
            every = Limits.joined(list(relaxed.values()))
            points = self._draws(every, k, temperature=1.0, seed=seed).points
            flat, whose = points.reshape(-1, points.shape[-1]), np.repeat(np.arange(len(every)), k)
            table = denied.iloc[np.tile(np.arange(people), len(relaxed))]
            chance, yes = Asked(self.decision_, every, table)(flat, whose)
            yes &= every.changed(flat, whose).any(axis=1)
            yes &= chance > np.repeat(list(asked_for.values()), people * k)
            for term, found in zip(relaxed, yes.reshape(-1, people, k).sum(axis=2), strict=True):
                rows += [
                    {"person": person, "term": term, "draws": k, "found": int(count)}
                    for person, count in zip(denied.index, found, strict=True)
                    if count
                ]
        told = {row["person"] for row in rows}
        rows += [
            {"person": person, "term": "no single term", "draws": k, "found": 0}
            for person in denied.index
            if person not in told
        ]
        order = {person: i for i, person in enumerate(denied.index)}
        rows.sort(key=lambda row: (order[row["person"]], -row["found"]))
        return pd.DataFrame(rows)

    def sample(
        self,
        people: pd.DataFrame,
        n: int = 1,
        *,
        temperature: float = 1.0,
        seed: int | None = None,
        extra: str = "error",
    ) -> Recourses:
        """n draws of R_θ(· | x) a person, unfiltered and unordered; nobody counts as accepted.

        Parameters
        ----------
        people
            One row a person, in original units.
        n
            Draws a person.
        temperature
            Below 1 draws gather around the likeliest recourses.
        seed
            Of the draws; the model's own if left out.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.
        """
        self._require_fit()
        people = self.schema.validate(people, extra=extra)
        seed = self.seed if seed is None else seed
        require("seed", seed, RecourseMethod.allowed["seed"])
        with one_thread():
            limits = Limits(self.codec, people, unread=self.unread_)
            drawn = self._draws(limits, n, temperature=temperature, seed=seed)
            rows = np.repeat(np.arange(len(people)), n)
            flat = drawn.points.reshape(len(rows), -1)
            frame = decoded(flat, rows, limits, people)
            frame = frame.set_axis(positions(rows, np.tile(np.arange(n), len(people))))
            chance = Asked(self.decision_, limits, people)(flat, rows)[0]
            nobody = np.zeros(len(people), dtype=bool)
            return self._answer(
                people,
                limits,
                self.decision_.ask(people)[0],
                nobody,
                frame,
                self._nats(flat, rows, limits),
                chance,
                pd.DataFrame(),
                {},
                n,
                float("nan"),
                None,
                origin(self, "sample", {"n": n, "temperature": temperature, "seed": seed}),
            )

    def log_prob(self, people: pd.DataFrame, options: pd.DataFrame) -> pd.Series:
        """log R_θ(x⁺ | x) of given options, in nats; minus infinity where one breaks a term.

        The terms are the schema's.

        Equation: :eq:`autoregressive-chain`.

        Parameters
        ----------
        people
            One row a person.
        options
            Index (person, option), or person alone; a row of NaN gets NaN.
        """
        self._require_fit()
        people = self.schema.validate(people)
        answer = pd.Series(np.nan, index=options.index, name="log_prob")
        given = options.notna().any(axis=1)
        if not given.any():
            return answer
        labels = options.index[given].get_level_values(0)
        strangers = labels.difference(people.index)
        if len(strangers):
            raise GenReError(
                f"Option for person {strangers[0]!r}, who is not among the people given."
            )
        after = self.schema.validate(options[given].reset_index(drop=True))
        limits = Limits(self.codec, people.loc[labels], unread=self.unread_)
        points, rows = self.codec.cube(after), np.arange(len(after))
        with one_thread():
            nats = self._nats(points, rows, limits)
        # Two values may share a token, and the way between them may still be forbidden.
        answer[given] = np.where(limits.keeps(points, rows), nats, -np.inf)
        return answer

    def _nats(self, points: np.ndarray, rows: np.ndarray, limits: Limits) -> np.ndarray:
        """log R_θ(x⁺ | x) of points, (m,)."""
        if not len(points):
            return np.empty(0)
        changed = limits.changed(points, rows)
        tokens = np.where(changed, self.codec.tokens(points), limits.own[rows])
        allowed = limits.allowed[rows]
        for j in limits.computed:  # given by time or by a relation, so certain
            allowed[:, j] = np.arange(allowed.shape[-1]) == tokens[:, j, None]
        x = self._inputs(limits.cube[rows])
        parts = (
            torch.as_tensor(part, device=self._device)
            for part in (limits.own[rows], tokens, allowed)
        )
        return log_prob(self.network_, x, *parts).cpu().numpy().astype(float)

    def _inputs(self, cube: np.ndarray) -> torch.Tensor:
        """People as the network reads them; beside its token, a gap has the middle value."""
        return torch.as_tensor(
            np.where(np.isnan(cube), 0.5, cube),
            dtype=self.network_.grid.dtype,
            device=self._device,
        )

    def _draws(
        self, limits: Limits, k: int, *, temperature: float, seed: int, first: int = 0
    ) -> Draws:
        """k draws a person, numbered from ``first``."""
        require("n, the draws for each person,", k, Number(1, whole=True))
        require("temperature", temperature, Number(COLDEST))
        d = len(self.schema)
        tokens, points, nats = [], [], []
        for part in np.array_split(np.arange(len(limits)), max(1, len(limits) * k // AT_ONCE)):
            here = limits.take(part)
            chance = uniforms(keys(here.own, seed), first + np.arange(k), np.arange(d + 1))
            writing = here.writing(chance[..., d])
            own = torch.as_tensor(here.own, device=self._device)
            numbers = torch.as_tensor(chance[..., :d], device=self._device)
            drawn = draw(
                self.network_,
                self._inputs(here.cube),
                own,
                writing,
                numbers,
                temperature=temperature,
            )
            tokens.append(drawn[0].cpu().numpy())
            nats.append(drawn[1].cpu().numpy().astype(float))
            points.append(writing.points)
        return Draws(*(np.concatenate(parts) for parts in (tokens, points, nats)))

    # -- save and load --------------------------------------------------------------------------

    def page(self, people: pd.DataFrame, path: str | Path | None = None, **choices: Any) -> Page:
        """One file in which a reader edits a form and terms, and sees the letters change.

        It needs neither Python nor a network, and shows itself in a notebook.

        Parameters
        ----------
        people
            Whose forms are in the file, one row each; the index names them. Nobody else's row is in it.
        path
            Where to write the file; not written if left out.
        **choices
            ``title``, ``wording``, ``guess``, ``distil`` and ``note``; see :func:`~genre_lite.desk.page`.

        Examples
        --------
        >>> import genre_lite as gl
        >>> genre = gl.GenRe.load("german", progress=False)
        >>> page = genre.page(gl.load_dataset("german").X_test.head(1), title="For Mira")
        >>> "<h1>For Mira</h1>" in page.html
        True
        """
        from .desk import page

        self._require_fit()
        return page(self, people, path, **choices)

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write the fitted model to one file: tensors as safetensors, all else as JSON inside it.

        The package's own classifier travels along; any other has to be given to :meth:`load`. No
        training row is in the file.

        Parameters
        ----------
        path
            The file to write; one that is there is replaced, and never half.
        half
            Write weights with half the digits: half the size. Where two options are nearly as good,
            the loaded model may then choose the other. The classifier keeps all its digits, for no
            decision may change.
        """
        from .saving import save

        self._require_fit()
        save(self, Path(path), half=half)

    @classmethod
    def load(
        cls,
        path: str | Path,
        classifier: SupportsProba | None = None,
        *,
        schema: Schema | None = None,
        device: str = "cpu",
        progress: bool = True,
    ) -> Self:
        """Read what :meth:`save` wrote, or a model that comes with the package.

        Parameters
        ----------
        path
            A file; or ``"adult"``, ``"compas"`` or ``"german"``, if no file has that very name.
        classifier
            The h that the model was fitted to; needed unless it is the package's own. Where its
            answers to a few made-up rows differ from those at the fit, a warning says so.
        schema
            If given, it must be the saved one; a difference is an error.
        device
            Where the network shall compute, such as ``"cuda"``.
        progress
            Whether later calls show bars.

        Raises
        ------
        GenReError
            If the file is missing, cut short, or of another version, or the schema differs.

        Examples
        --------
        >>> import genre_lite as gl
        >>> genre = gl.GenRe.load("german")
        >>> people = gl.load_dataset("german").X_test.head(3)
        >>> genre.recommend(people, n=2).frame.shape
        (6, 20)
        """
        from .saving import load

        if not isinstance(path, (str, os.PathLike)):
            raise GenReError(
                f"path is {kind_of(path)}; give a file's name, or 'adult', 'compas' or 'german'."
            )
        return load(cls, Path(path), classifier, schema=schema, device=device, progress=progress)


def device_of(name: str) -> torch.device:
    """A device by name, ``"auto"`` for the fastest."""
    # A fitted network counts in doubles, which Apple's "mps" has not.
    there = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    if name == "auto":
        name = there[0]
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in there:
        raise GenReError(
            f"device is {name!r}; here it can be one of {there}, and 'auto' takes the fastest."
        )
    return device
