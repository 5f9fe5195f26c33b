"""Forward sampling: write recourses feature by feature, never breaking a term.

A term is a mask on the log-odds of the feature being written, so a violation has probability zero.
There is nothing to repair afterwards. The random numbers are given from outside: whoever keys them by
the person (:mod:`~genre_lite.threefry`) gets answers in which nobody else has a part. Computation is
in the network's own precision; in double, rounding does not depend on the company either.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .categorical import by_weight
from .errors import GenReError
from .model import RecourseTransformer
from .writing import Writing

__all__ = ["choose", "draw", "log_prob", "spread"]

RULES = ("balanced", "cheapest", "likeliest", "safest", "first")
READINESS = 0.05  # of Score: how much worth a further option may give up to differ
DIGITS = 9  # of a worth: what lies closer is equal, on every machine and in every company


@torch.inference_mode()
def draw(
    model: RecourseTransformer,
    x: Tensor,
    x_tokens: Tensor,
    may: Writing | Tensor,
    chance: Tensor,
    *,
    temperature: float,
) -> tuple[Tensor, Tensor]:
    """k recourses for each person from R_θ(· | x), and their log-probabilities.

    Feature j's token is drawn from softmax(ℓ_j / temperature) over its allowed tokens, given the
    features written before. Below temperature 1 draws gather around the likeliest recourses.

    Equations: :eq:`choose-temperature`, :eq:`choose-mask`.

    Parameters
    ----------
    x, x_tokens
        People in the unit cube and as tokens, (people, d).
    may
        What may be written: a :class:`~genre_lite.writing.Writing`, which takes note of every token,
        or masks that do not depend on what is written, (people, d, v).
    chance
        Uniform numbers, one for each token to draw, (people, k, d).

    Returns
    -------
    tokens (people, k, d), and log R_θ(x⁺ | x) at temperature 1, (people, k), in nats
    """
    cache = model.encode(x, x_tokens)
    written: list[Tensor] = []
    total: Any = 0.0
    last = None
    for j in range(model.d):
        allowed = (
            torch.as_tensor(may.mask(j)).to(x.device)
            if isinstance(may, Writing)
            else may[:, j, None, : model.sizes[j]]
        )
        odds = model.step(cache, j, last, chance.shape[1]).masked_fill(~allowed, -torch.inf)
        share = odds.softmax(dim=-1)
        # Divided by the greatest, so that no temperature makes all of them vanish.
        bold = share if temperature == 1 else (share / share.amax(-1, True)) ** (1 / temperature)
        last = by_weight(bold, chance[..., j])
        total = total + share.gather(-1, last[..., None]).squeeze(-1).log()
        written.append(last)
        if isinstance(may, Writing):
            may.take(j, last.cpu().numpy())
    return torch.stack(written, dim=-1), total


@torch.inference_mode()
def log_prob(
    model: RecourseTransformer, x: Tensor, x_tokens: Tensor, y_tokens: Tensor, allowed: Tensor
) -> Tensor:
    """log R_θ(x⁺ | x) of given recourses, all of shape (rows, d): (rows,), in nats.

    Minus infinity where a recourse breaks a constraint.

    Equation: :eq:`autoregressive-chain`.
    """
    logits = model(x, x_tokens, y_tokens).masked_fill(~allowed, -torch.inf)
    return logits.log_softmax(dim=-1).gather(-1, y_tokens[..., None]).squeeze(-1).sum(dim=-1)


def choose(
    tokens: np.ndarray,
    cost: np.ndarray,
    chance: np.ndarray,
    log_prob: np.ndarray,
    n: int,
    *,
    rule: str,
    accepted: np.ndarray | None = None,
    believed: np.ndarray | None = None,
) -> np.ndarray:
    """The n best distinct candidates of each person.

    Only candidates that the bank accepts count. Among those,

    * ``"cheapest"`` takes the least C(x, x⁺),
    * ``"likeliest"`` the greatest R_θ(x⁺ | x),
    * ``"safest"`` the greatest h(x⁺),
    * ``"first"`` the one drawn first, so that an answer is a draw of R_θ that h accepts,
    * ``"balanced"`` the best estimated Score,
      :math:`\\hat V(x^+) + \\hat P(x^+) - C / d`, with the chances of being valid and of being
      plausible as estimated from the training rows; without estimates, the cheapest.

    Of equally good ones the cheaper wins, and then the first.

    Equation: :eq:`choose-balanced`.

    Parameters
    ----------
    tokens
        Candidates, (people, k, d); equal rows are one candidate.
    cost, chance, log_prob
        C(x, x⁺), h(x⁺) and log R_θ(x⁺ | x), each (people, k).
    accepted
        Which of them count, booleans (people, k); those of h(x⁺) > ½ if left out.
    believed
        V̂ and P̂, (people, k, 2).

    Returns
    -------
    numbers of the chosen candidates, (people, n), −1 where no more was found
    """
    worth = worth_of(cost, chance, log_prob, believed, tokens.shape[-1], rule=rule)
    worth = np.where(chance > 0.5 if accepted is None else accepted, worth, -np.inf)
    order = np.lexsort((cost.round(DIGITS), -worth.round(DIGITS)), axis=1)
    # Equal candidates get equal keys; of those, only the first in the order stays.
    weights = np.random.default_rng(0).integers(2**62, size=tokens.shape[-1]) | 1
    keys = np.take_along_axis((tokens * weights).sum(axis=-1), order, axis=1)
    by_key = np.argsort(keys, axis=1, kind="stable")
    sorted_keys = np.take_along_axis(keys, by_key, axis=1)
    again = np.zeros(keys.shape, dtype=bool)
    np.put_along_axis(again, by_key[:, 1:], sorted_keys[:, 1:] == sorted_keys[:, :-1], axis=1)
    good = np.isfinite(np.take_along_axis(worth, order, axis=1)) & ~again
    first = np.argsort(~good, axis=1, kind="stable")[:, :n]
    chosen = np.take_along_axis(order, first, axis=1)
    return np.where(np.take_along_axis(good, first, axis=1), chosen, -1)


def worth_of(
    cost: np.ndarray,
    chance: np.ndarray,
    log_prob: np.ndarray,
    believed: np.ndarray | None,
    features: int,
    *,
    rule: str,
) -> np.ndarray:
    """How good each candidate is by a rule of :func:`choose`, in the shape of ``cost``."""
    if rule not in RULES:
        raise GenReError(f"rule is {rule!r}; choose one of {', '.join(RULES)}.")
    if rule == "balanced" and believed is not None:
        return believed.sum(axis=-1) - cost / features
    if rule == "first":
        return -np.broadcast_to(np.arange(cost.shape[-1], dtype=float), cost.shape)
    return {"cheapest": -cost, "likeliest": log_prob, "safest": chance, "balanced": -cost}[rule]


def spread(
    worth: np.ndarray,
    moves: np.ndarray,
    n: int,
    *,
    nominal: np.ndarray | None = None,
    readiness: float = READINESS,
    least: float = 0.1,
) -> list[int]:
    """The n options of one person that are good and differ in what they ask for.

    The best comes first. Then, again and again, the one with the greatest

    .. math:: \\mathrm{worth} + \\mathrm{readiness} \\cdot \\min_{\\mathrm{chosen}} J(\\cdot, \\mathrm{chosen}),

    where J is the Jaccard distance of the sets of features that change. Two options that change the
    same features both stay only if some move differs by ``least`` of its range. And one that asks for all that
    another asks for, as far or farther, and for something more, is no choice beside it.

    Parameters
    ----------
    worth
        Of one person's candidates, (k,); −∞ where one does not count.
    moves
        How far each moves every feature, and which way, in ranges, (k, d).
    nominal
        Features without order, (d,), where another value is another move; none if left out.
    readiness
        How much worth may be given up for other changes.

    Returns
    -------
    numbers of the chosen candidates, n or fewer

    Examples
    --------
    >>> moves = np.array([[0.5, 0.0], [0.51, 0.0], [0.0, 0.4]])
    >>> spread(np.array([1.0, 0.99, 0.9]), moves, 3, readiness=0.05)
    [0, 2]
    """
    worth, moves = worth.round(DIGITS), moves.round(DIGITS)
    nominal = np.zeros(moves.shape[1], dtype=bool) if nominal is None else nominal
    sets = moves != 0
    chosen: list[int] = []
    distance = np.ones(len(worth))
    open_ = np.isfinite(worth)
    while len(chosen) < n and open_.any():
        value = np.where(open_, worth + readiness * distance, -np.inf)
        best = int(value.round(DIGITS).argmax())
        chosen.append(best)
        both, either = (sets & sets[best]).sum(axis=1), (sets | sets[best]).sum(axis=1)
        distance = np.minimum(distance, 1 - both / np.maximum(either, 1))
        close = np.where(nominal, moves == moves[best], np.abs(moves - moves[best]) < least)
        alike = (close & (sets == sets[best])).all(axis=1)
        more = (sets >= sets[best]).all(axis=1) & _as_far(moves, moves[best], nominal)
        less = (sets <= sets[best]).all(axis=1) & _as_far(moves[best], moves, nominal)
        apart = (sets != sets[best]).any(axis=1)
        open_ &= ~(alike | ((more | less) & apart))
        open_[best] = False
    return chosen


def _as_far(these: np.ndarray, those: np.ndarray, nominal: np.ndarray) -> np.ndarray:
    """Whether these moves go at least as far as those, in each feature that those move."""
    reached = np.where(nominal, these == those, these * np.sign(those) >= np.abs(those))
    return (reached | (those == 0)).all(axis=-1)
