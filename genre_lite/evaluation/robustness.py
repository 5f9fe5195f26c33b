"""Does a recourse still hold if it is carried out imprecisely, or if the bank trains again?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..codec import Codec
from ..decision import Classifier, SupportsProba, accepts, as_decision, train_classifier
from ..errors import GenReError

if TYPE_CHECKING:
    from ..datasets import Dataset

__all__ = ["invalidation_noise", "invalidation_retrained", "retrained"]


def invalidation_noise(
    h: SupportsProba,
    options: pd.DataFrame,
    codec: Codec,
    *,
    sigma: float = 0.1,
    draws: int = 256,
    seed: int = 0,
) -> np.ndarray:
    """How often h denies an option that is carried out imprecisely.

    .. math:: \\mathrm{IR}(x^+) = \\frac1m \\sum_{k=1}^m 1\\left[h(x^+ + \\varepsilon_k) \\le \\tfrac12\\right],
              \\qquad \\varepsilon_{kj} \\sim N(0, \\sigma^2)\\ \\text{for numeric } j,\\ 0\\ \\text{otherwise}

    The noise is added in the unit cube and the sum is cut to the schema's ``low`` and ``high``; it is
    not rounded to a ``step``. Every option meets the same m draws, so that options and methods differ by
    themselves and not by luck; the standard error is at most 1 / (2√m), also of a mean over people.

    Parameters
    ----------
    h
        The bank's classifier.
    options
        Options in original units, one row each, none missing; for "no longer valid", ones h accepts.
    codec
        Fitted on training rows; it sets the feature ranges.
    sigma
        σ in feature ranges; the default is the 0.1 of PROBE (Pawelczyk et al., 2023).
    draws, seed
        m, and the seed of the noise.

    Returns
    -------
    array of shape (options,), from 0 (always holds) to 1 (never)

    Raises
    ------
    GenReError
        If ``sigma`` is negative or ``draws`` is below 1.

    Examples
    --------
    >>> from genre_lite.schema import Schema
    >>> class Rich:
    ...     def predict_proba(self, frame):
    ...         yes = (frame["income"] > 5).to_numpy(dtype=float)
    ...         return np.stack([1 - yes, yes], axis=1)
    >>> codec = Codec(Schema.infer(pd.DataFrame({"income": [0, 10]})))
    >>> codec = codec.fit(pd.DataFrame({"income": [0, 10]}))
    >>> invalidation_noise(Rich(), pd.DataFrame({"income": [9]}), codec)
    array([0.])
    """
    if not (sigma >= 0 and draws >= 1):
        raise GenReError(f"sigma is {sigma}, draws {draws}; they must be at least 0 and 1.")
    numeric = [j for j, feature in enumerate(codec.schema) if not feature.is_categorical]
    noise = np.random.default_rng(seed).normal(0, sigma, (draws, len(numeric)))
    moved = options.iloc[np.repeat(np.arange(len(options)), draws)].reset_index(drop=True)
    for j, shift in zip(numeric, (noise * codec.width[numeric]).T, strict=True):
        feature = codec.schema[j]
        value = moved[feature.name].astype(float) + np.tile(shift, len(options))
        moved[feature.name] = value.clip(feature.low, feature.high)
    h = as_decision(h).bind_as(None, options)
    return (~accepts(h, moved)).reshape(len(options), draws).mean(axis=1)


def invalidation_retrained(others: Sequence[SupportsProba], options: pd.DataFrame) -> np.ndarray:
    """How many of the bank's possible other classifiers deny an option.

    .. math:: \\mathrm{IR}(x^+) = \\frac1m \\sum_{k=1}^m 1\\left[h_k(x^+) \\le \\tfrac12\\right]

    Equation: :eq:`robust-retrained`.

    Parameters
    ----------
    others
        The classifiers h₁, …, hₘ, as :func:`retrained` makes them.
    options
        Options in original units, one row each, none missing; for "no longer valid", ones h accepts.

    Returns
    -------
    array of shape (options,), from 0 (all accept it) to 1 (none does)

    Raises
    ------
    GenReError
        If there are no other classifiers.

    Examples
    --------
    >>> class Above:
    ...     def __init__(self, limit):
    ...         self.limit = limit
    ...     def predict_proba(self, frame):
    ...         yes = (frame["income"] > self.limit).to_numpy(dtype=float)
    ...         return np.stack([1 - yes, yes], axis=1)
    >>> invalidation_retrained([Above(3), Above(6)], pd.DataFrame({"income": [5, 9]}))
    array([0.5, 0. ])
    """
    if not len(others):
        raise GenReError("There are no other classifiers; make some with retrained(bank, seeds).")
    bound = [as_decision(other).bind_as(None, options) for other in others]
    return np.mean([~accepts(other, options) for other in bound], axis=0)


def retrained(bank: Dataset, seeds: Iterable[int], **training: Any) -> list[Classifier]:
    """The classifiers a bank might as well have had: other seeds, other training rows.

    For each seed, as many training rows as the bank has are drawn with replacement (a bootstrap
    sample), and :func:`~genre_lite.decision.train_classifier` starts from weights of that seed.

    Parameters
    ----------
    bank
        Where h was trained; its training part is drawn from.
    seeds
        One classifier each; leave out the seed of h itself.
    training
        Passed to ``train_classifier``: give what h was given (``balanced``, ``epochs``, …).

    Raises
    ------
    GenReError
        If a sample holds one outcome only.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=200)
    >>> len(retrained(bank, seeds=[1, 2], epochs=1, progress=False))
    2
    """
    classifiers = []
    for seed in seeds:
        rows = np.random.default_rng(seed).integers(len(bank.train), size=len(bank.train))
        # Numbered anew: a row drawn twice would give one label to two.
        again = replace(bank, train=bank.train.iloc[rows].reset_index(drop=True))
        classifiers.append(train_classifier(again, seed=seed, **training))
    return classifiers
