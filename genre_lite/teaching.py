"""Supervision from refinement: R_θ learns from what a search finds, and so need not search.

Pairs synthesized from who exists teach R_θ to write plausible people, who ask for more than is needed.
A search finds better: it takes the model's draws and the nearest accepted people, and refines them
(:mod:`~genre_lite.refinement`). What it finds becomes the next lesson, as in expert iteration
(Anthony, Tian and Barber, 2017). In each round

1. some denied training people are answered: draws and grafted copies, the best of them refined by
   the surrogate's estimates,
2. the teacher judges these answers, and some of the variants that were passed on the way,
3. the surrogate is taught the judgements, so that its estimates hold where refined answers lie,
4. R_θ is trained on the answers that the teacher finds nearly as good as the person's best.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from .candidates import Comparison
from .choice import best_of
from .limits import Limits
from .objectives import cost
from .refinement import refine
from .sampling import DIGITS
from .supervision import ListedPairs
from .surrogate import Teacher

__all__ = ["Lessons", "answered"]

NEARLY = 0.05  # of Score: how much worse than a person's best an answer may be, to be learnt from
REFINED = 4  # candidates of each person that are refined


@dataclass
class Lessons:
    """Lists of candidates with the teacher's judgement, for the surrogate to learn from.

    Parameters
    ----------
    limits
        Of the people whose candidates they are.
    """

    limits: Limits
    points: list[np.ndarray] = field(default_factory=list)  # each (people, k, d)
    answers: list[np.ndarray] = field(default_factory=list)  # each (people, k, 2)
    handicaps: list[np.ndarray] = field(default_factory=list)  # each (people, k)

    def add(self, points: np.ndarray, answers: np.ndarray, accepted: np.ndarray) -> None:
        """Take up k more candidates a person: (people, k, d), (people, k, 2), (people, k)."""
        codec, limits = self.limits.codec, self.limits
        price = cost(limits.cube[:, None], points, codec.nominal, limits.price[:, None])
        self.points.append(points)
        self.answers.append(answers)
        # Whom the bank denies is never chosen, whatever the estimates.
        self.handicaps.append(price / points.shape[-1] + 10 * ~accepted)

    def lists(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All of them as the surrogate wants them: points, tokens, answers, handicaps."""
        points = np.concatenate(self.points, axis=1)
        tokens = self.limits.codec.tokens(points.reshape(-1, points.shape[-1]))
        return (
            points,
            tokens.reshape(points.shape),
            np.concatenate(self.answers, axis=1),
            np.concatenate(self.handicaps, axis=1),
        )


def answered(
    drawn: np.ndarray,
    limits: Limits,
    targets: np.ndarray,
    comparison: Comparison,
    teacher: Teacher,
    *,
    passed: int = 20,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, ListedPairs]:
    """One round of search and judgement.

    Parameters
    ----------
    drawn
        What R_θ wrote for the people of ``limits``, (people, k, d).
    targets
        Accepted people, (targets, d); the nearest few of each person are grafted.
    comparison
        By the surrogate's estimates.
    teacher
        Who judges.
    passed
        How many variants a person, of those passed on the way, are judged.

    Returns
    -------
    the judged candidates (people, REFINED + passed, d), the judgements (…, 2), whether the bank
    accepts each (…), and pairs for the next training
    """
    people, d = len(limits), drawn.shape[-1]
    points = np.concatenate([drawn, nearest(limits, targets)], axis=1)
    rows = np.repeat(np.arange(people), points.shape[1])
    flat = points.reshape(-1, d)
    best = best_of(flat, rows, limits, comparison, REFINED)
    person, place = np.nonzero(best >= 0)
    number = best[person, place]
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    refined = refine(flat[number], person, limits, comparison, seen=seen)

    # Everybody gets a list of one length: refined answers, then some that were passed, then draws.
    judged = np.concatenate(
        [points[:, :REFINED], points[:, np.arange(passed) % points.shape[1]]], axis=1
    )
    judged[person, place] = refined
    if seen:
        variants, whose = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        lot = np.random.default_rng(seed).random(len(whose))
        order = np.lexsort((lot, whose))
        rank = np.arange(len(order)) - np.searchsorted(whose[order], whose[order])
        some = order[rank < passed]
        judged[whose[some], REFINED + rank[rank < passed]] = variants[some]
    flat = judged.reshape(-1, d)
    rows = np.repeat(np.arange(people), judged.shape[1])
    accepted = comparison.accepts(flat, rows)
    answers = teacher.answers(limits.codec.design(flat))

    price = comparison.cost(flat, rows)
    fine = accepted & limits.keeps(flat, rows) & limits.changed(flat, rows).any(axis=1)
    worth = np.where(fine, answers.sum(axis=1) - price / d, -np.inf).reshape(people, -1)
    # Whoever would rather stay denied than be no real person teaches nothing.
    kept = (worth > worth.max(axis=1, keepdims=True) - NEARLY) & (worth > 1)
    owner, which = np.nonzero(kept)
    pairs = ListedPairs(limits.cube, judged[owner, which], owner, np.zeros(len(owner)))
    shape = judged.shape[:2]
    return judged, answers.reshape(*shape, 2), accepted.reshape(shape), pairs


def nearest(limits: Limits, targets: np.ndarray, n: int = 8, block: int = 2**22) -> np.ndarray:
    """The n cheapest grafts of targets onto each person, (people, n, d); where there are fewer, the person.

    Looked for among the targets that are nearest in what may change.
    """
    codec, d = limits.codec, limits.cube.shape[1]
    found = np.repeat(limits.cube[:, None], n, axis=1)
    if not len(targets):
        return found
    mine, to = (
        torch.as_tensor(codec.metric(points), dtype=torch.float64)
        for points in (limits.cube, targets)
    )
    tried = min(4 * n, len(targets))
    # What one person may not change, another may; so each kind of them is looked up by itself.
    kinds, kind = np.unique(limits.fixed, axis=0, return_inverse=True)
    for k, fixed in enumerate(kinds):
        free = np.repeat(~fixed, [b.stop - b.start for b in codec.blocks])
        who = np.flatnonzero(kind.ravel() == k)
        for part in np.array_split(who, max(1, len(who) * len(targets) // block)):
            near = torch.cdist(mine[part][:, free], to[:, free], p=1).numpy().round(DIGITS)
            first = np.argsort(near, axis=1, kind="stable")[:, :tried]
            rows = np.repeat(part, tried)
            made = limits.graft(targets[first.ravel()], rows)
            price = cost(limits.cube[rows], made, codec.nominal, limits.price[rows]).round(DIGITS)
            fine = limits.changed(made, rows).any(axis=1) & limits.keeps(made, rows)
            price = np.where(fine, price, np.inf).reshape(len(part), tried)
            order = np.argsort(price, axis=1, kind="stable")[:, :n]
            made = np.take_along_axis(made.reshape(len(part), tried, d), order[..., None], axis=1)
            fine = np.isfinite(np.take_along_axis(price, order, axis=1))
            made = np.where(fine[..., None], made, limits.cube[part][:, None])
            found[part, : made.shape[1]] = made
    return found
