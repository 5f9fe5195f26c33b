"""The metrics of recourse, each a function that gives one number a person, and one row a method.

A person for whom nothing was found is a row of NaN among the options. They are never dropped: they
count as failures in every share of successes (:func:`validity`, :func:`plausibility`, :func:`ynn`).
Where a failure has no number, as in cost, the mean is over those found: read it beside the coverage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from ..codec import Codec
from ..decision import GoldWorld, SupportsProba, acceptance
from ..errors import GenReError
from ..objectives import cost
from ..recourses import Recourses
from ..schema import Schema
from .density import SupportsLogProb
from .robustness import invalidation_noise, invalidation_retrained

__all__ = [
    "changed",
    "coverage",
    "diversity",
    "evaluate",
    "log_likelihood",
    "plausibility",
    "redundancy",
    "score",
    "validity",
    "violations",
    "ynn",
]


def _where_found(
    options: pd.DataFrame, measure: Callable[[pd.DataFrame], np.ndarray], failure: float
) -> np.ndarray:
    """The measure of the options found, and ``failure`` for the rest, shape (people,)."""
    found = coverage(options)
    result = np.full(len(options), failure, dtype=float)
    if found.any():
        result[found] = measure(options[found])
    return result


def coverage(options: pd.DataFrame) -> np.ndarray:
    """Who has an option at all: booleans of shape (people,); their mean is the coverage.

    Parameters
    ----------
    options
        One row a person in original units; NaN where nothing was found.

    Examples
    --------
    >>> coverage(pd.DataFrame({"income": [3.0, np.nan]})).tolist()
    [True, False]
    """
    return options.notna().all(axis=1).to_numpy()


def validity(judge: SupportsProba, options: pd.DataFrame) -> np.ndarray:
    """Whether the judge believes in an option.

    .. math:: \\mathrm{Val}(x^+) = 1\\left[P(y = 1 \\mid x^+) > \\tfrac12\\right]

    Equations: :eq:`denied-validity`, :eq:`objectives-validity`.

    Parameters
    ----------
    judge
        Anything with ``predict_proba``: a world for the paper's Val, the classifier for Val under h.
    options
        One row a person in original units; NaN where nothing was found.

    Returns
    -------
    array of shape (people,), 0 or 1; 0 where nothing was found

    Examples
    --------
    >>> class Always:
    ...     def predict_proba(self, frame):
    ...         return np.tile([0.2, 0.8], (len(frame), 1))
    >>> validity(Always(), pd.DataFrame({"income": [3.0, np.nan]}))
    array([1., 0.])
    """
    return _where_found(options, lambda found: acceptance(judge, found) > 0.5, failure=0)


def plausibility(judge: GoldWorld, options: pd.DataFrame) -> np.ndarray:
    """Whether an option is an inlier among the people whom the judge accepts (the paper's LOF).

    .. math:: 1[\\mathrm{LOF}_5(x^+) \\le 1.5]

    for a :class:`~genre_lite.decision.GoldWorld`.

    Parameters
    ----------
    judge
        Anything with ``is_plausible(DataFrame)``, booleans.
    options
        One row a person in original units; NaN where nothing was found.

    Returns
    -------
    array of shape (people,), 0 or 1; 0 where nothing was found

    Examples
    --------
    >>> class Modest:
    ...     def is_plausible(self, frame):
    ...         return frame["income"] < 5
    >>> plausibility(Modest(), pd.DataFrame({"income": [3.0, 9.0, np.nan]}))
    array([1., 0., 0.])
    """
    return _where_found(options, judge.is_plausible, failure=0)


def score(validity: float, plausibility: float, cost: float, features: int) -> float:
    """The paper's summary of the three objectives.

    .. math:: \\mathrm{Score} = \\mathrm{Val} + \\mathrm{LOF} - \\mathrm{Cost} / d

    From −1 (worst: at the other end of every range, for nothing) to 2. A method that finds nothing has
    no cost (NaN), is never valid and never plausible: it asks for nothing and achieves nothing, so its
    score is 0 and takes part in every comparison and mean, as a NaN would not.

    Equations: :eq:`objectives-score`, :eq:`field-score`.

    Examples
    --------
    >>> score(1.0, 0.75, 3.5, 7)
    1.25
    >>> score(0.0, 0.0, math.nan, 7)
    0.0
    """
    price = 0.0 if math.isnan(cost) else cost / features
    return validity + plausibility - price


def changed(people: pd.DataFrame, options: pd.DataFrame) -> np.ndarray:
    """How many features an option changes (sparsity).

    .. math:: \\sum_j 1[x^+_j \\neq x_j]

    Parameters
    ----------
    people, options
        The same people in the same order; NaN where nothing was found.

    Returns
    -------
    array of shape (people,), from 0 to the number of features; NaN where nothing was found

    Examples
    --------
    >>> changed(pd.DataFrame({"age": [30], "job": ["clerk"]}), pd.DataFrame({"age": [31], "job": ["clerk"]}))
    array([1.])
    """
    return _where_found(
        options,
        lambda found: (found != people.loc[found.index, found.columns]).sum(axis=1),
        failure=np.nan,
    )


def violations(schema: Schema, people: pd.DataFrame, options: pd.DataFrame) -> np.ndarray:
    """Whether an option breaks a constraint: changes what is fixed, or moves it the wrong way.

    Parameters
    ----------
    schema
        What a person may change.
    people, options
        The same people in the same order; NaN where nothing was found.

    Returns
    -------
    array of shape (people,), 0 or 1; 0 where nothing was found, for nothing is broken

    Examples
    --------
    >>> from genre_lite.schema import Feature
    >>> schema = Schema([Feature("age", actionability="increasing")])
    >>> violations(schema, pd.DataFrame({"age": [30, 30]}), pd.DataFrame({"age": [29, 31]}))
    array([1., 0.])
    """
    return _where_found(
        options,
        lambda found: schema.violations(people.loc[found.index], found).any(axis=1),
        failure=0,
    )


def ynn(
    options: pd.DataFrame,
    train: pd.DataFrame,
    favourable: np.ndarray,
    codec: Codec,
    neighbours: int = 5,
) -> np.ndarray:
    """The share of the nearest training rows that h accepts (Pawelczyk et al., 2020).

    .. math:: \\mathrm{yNN}(x^+) = \\frac15 \\sum_{i \\in \\mathrm{5NN}(x^+)} 1\\left[h(x_i) > \\tfrac12\\right]

    Near means of little cost. An option that is a copy of a training row has that row as a neighbour.

    Parameters
    ----------
    options
        One row a person in original units; NaN where nothing was found.
    train
        Training rows in original units.
    favourable
        Whether h accepts each of them, booleans of shape (training rows,).
    codec
        Fitted on training rows; it sets the feature ranges.
    neighbours
        How many neighbours.

    Returns
    -------
    array of shape (people,), from 0 to 1; 0 where nothing was found

    Raises
    ------
    GenReError
        If there are fewer training rows than neighbours.

    Examples
    --------
    >>> train = pd.DataFrame({"income": [1, 2, 3, 9]})
    >>> codec = Codec(Schema.infer(train)).fit(train)
    >>> ynn(pd.DataFrame({"income": [2.4]}), train, np.array([0, 1, 1, 1]), codec, neighbours=2)
    array([1.])
    """
    # Imported here: scikit-learn would double the package's import time.
    from sklearn.neighbors import NearestNeighbors

    if len(train) < neighbours:
        raise GenReError(
            f"train has {len(train)} rows; {neighbours} neighbours need at least as many."
        )
    index = NearestNeighbors(n_neighbors=neighbours, metric="manhattan")
    index.fit(codec.metric(codec.cube(train)))

    def share(found: pd.DataFrame) -> np.ndarray:
        near = index.kneighbors(codec.metric(codec.cube(found)), return_distance=False)
        return np.asarray(favourable, dtype=float)[near].mean(axis=1)

    return _where_found(options, share, failure=0)


def redundancy(h: SupportsProba, people: pd.DataFrame, options: pd.DataFrame) -> np.ndarray:
    """How many of an option's changes were not needed: undo that one, and h accepts.

    .. math:: \\sum_{j:\\, x^+_j \\neq x_j} 1\\left[h(x^+ \\text{ with } x_j \\text{ for } x^+_j) > \\tfrac12\\right]

    Each change is undone alone, all others kept, so the order of the features does not matter.

    Parameters
    ----------
    h
        The bank's classifier.
    people, options
        The same people in the same order; NaN where nothing was found.

    Returns
    -------
    array of shape (people,), from 0 to the number of changes; NaN where nothing was found

    Examples
    --------
    >>> class Rich:
    ...     def predict_proba(self, frame):
    ...         yes = (frame["income"] > 5).to_numpy(dtype=float)
    ...         return np.stack([1 - yes, yes], axis=1)
    >>> ana = pd.DataFrame({"income": [2], "age": [30]})
    >>> redundancy(Rich(), ana, pd.DataFrame({"income": [6], "age": [31]}))
    array([1.])
    """

    def count(found: pd.DataFrame) -> np.ndarray:
        before = people.loc[found.index]
        total = np.zeros(len(found))
        for name in found.columns:
            moved = (found[name] != before[name]).to_numpy()
            if moved.any():
                undone = found[moved].assign(**{name: before.loc[moved, name]})
                total[moved] += acceptance(h, undone) > 0.5
        return total

    return _where_found(options, count, failure=np.nan)


def diversity(frame: pd.DataFrame, codec: Codec) -> np.ndarray:
    """How different the options of one person are: their mean pairwise cost.

    .. math:: \\frac{2}{n (n - 1)} \\sum_{a < b} C(x^+_a, x^+_b)

    Parameters
    ----------
    frame
        All options, index (person, option), as in ``Recourses.frame``; NaN rows are no options.
    codec
        Fitted on training rows; it sets the feature ranges.

    Returns
    -------
    array of shape (people,), from 0 to the number of features (for options within the training
    ranges); NaN for a person with fewer than two options

    Examples
    --------
    >>> train = pd.DataFrame({"income": [0, 10]})
    >>> codec = Codec(Schema.infer(train)).fit(train)
    >>> where = pd.MultiIndex.from_product([["ana"], [0, 1]])
    >>> diversity(pd.DataFrame({"income": [2, 7]}, index=where), codec)
    array([0.5])
    """

    def spread(options: pd.DataFrame) -> float:
        options = options[coverage(options)]
        n = len(options)
        if n < 2:
            return math.nan
        cube = codec.cube(options)
        return cost(cube[:, None], cube, codec.nominal).sum() / (n * (n - 1))

    people = frame.groupby(level=0, sort=False)
    return np.array([spread(options) for _, options in people])


def log_likelihood(density: SupportsLogProb, options: pd.DataFrame) -> np.ndarray:
    """How likely an option is among people: log p(x⁺) in nats, without bounds.

    Parameters
    ----------
    density
        Fitted on people no method has seen; see
        :class:`~genre_lite.evaluation.density.KernelDensity`.
    options
        One row a person in original units; NaN where nothing was found.

    Returns
    -------
    array of shape (people,); NaN where nothing was found

    Examples
    --------
    >>> class Flat:
    ...     def log_prob(self, frame):
    ...         return np.full(len(frame), -2.0)
    >>> log_likelihood(Flat(), pd.DataFrame({"income": [3.0, np.nan]}))
    array([-2., nan])
    """
    return _where_found(options, density.log_prob, failure=np.nan)


def evaluate(
    answers: Mapping[str, Recourses],
    people: pd.DataFrame,
    judge: GoldWorld,
    *,
    h: SupportsProba | None = None,
    train: pd.DataFrame | None = None,
    held_out: GoldWorld | None = None,
    others: Sequence[SupportsProba] | None = None,
    density: SupportsLogProb | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge the first option of each person, for each method.

    Parameters
    ----------
    answers
        Each method's name and what it answered to ``people``.
    people
        Who asked; every method must have answered the same people.
    judge
        A world that knows the truth: ``predict_proba`` and ``is_plausible``.
    h
        The bank's classifier.
    train
        The bank's training rows; they set the feature ranges.
    held_out
        A second world, never fitted on the test people: ``gold_world(bank, held_out=True)``.
    others
        Classifiers the bank might train another time: ``retrained(gold.bank, seeds)``.
    density
        A density of accepted people no method has seen, with ``log_prob(DataFrame)``.
    seed
        Of the noise.

    Returns
    -------
    DataFrame
        Index: methods. Columns:

        * ``people``: how many were asked; ``coverage``: the share with an option.
        * ``cost``: mean C(x, x⁺) over those found, in feature ranges; NaN if there are none.
        * ``validity``: share whom the judge gives P(y = 1 | x⁺) > 1/2 (the paper's Val).
        * ``validity_h``: share that the classifier accepts.
        * ``plausibility``: share of inliers among the people the judge accepts (the paper's LOF).
        * ``score``: :func:`~genre_lite.evaluation.metrics.score` of the three; 0 if nothing is found.
        * ``violations``: options that break a constraint; ``changed``: mean features changed.
        * ``seconds``: seconds a person.

        And, each only where what it needs was given:

        * ``validity_held_out``, ``plausibility_held_out``, ``score_held_out`` (``held_out``): the same
          by the second judge. What a score loses between the two judges is praise that rests on what
          the first learned from the test people.
        * ``redundancy`` (``h``): mean changes that were not needed.
        * ``diversity`` (``train``): mean cost between two options of a person, over those with two.
        * ``ynn`` (``h`` and ``train``): mean share of accepted rows among the 5 nearest.
        * ``invalidation_noise`` (``h`` and ``train``), ``invalidation_retrained`` (``others``): of the
          options that the classifier accepted, the share denied after Gaussian noise of 0.1 feature
          ranges, and by the other classifiers. Read them beside ``validity_h``.
        * ``log_likelihood`` (``density``): mean log p(x⁺) in nats, over those found.

    Raises
    ------
    GenReError
        If a method answered other people.
    """
    rows = {}
    for name, answer in answers.items():
        if not answer.factual.index.equals(people.index):
            raise GenReError(
                f"Method {name!r} answered {len(answer)} people, and not the {len(people)} asked; "
                "compare methods on the same people."
            )
        schema, best = answer.schema, answer.best()
        price = float(answer.cost.xs(0, level=1).mean())
        accepted = (answer.probability.xs(0, level=1) > 0.5).to_numpy()
        valid_h = best[accepted].reindex(best.index)
        valid, usual = _mean(validity(judge, best)), _mean(plausibility(judge, best))
        row = {
            "people": len(people),
            "coverage": _mean(coverage(best)),
            "cost": price,
            "validity": valid,
            "validity_h": _mean(accepted),
            "plausibility": usual,
            "score": score(valid, usual, price, len(schema)),
            "violations": int(violations(schema, people, best).sum()),
            "changed": _mean(changed(people, best)),
            "seconds": answer.seconds / len(people),
        }
        if held_out is not None:
            valid, usual = _mean(validity(held_out, best)), _mean(plausibility(held_out, best))
            row["validity_held_out"] = valid
            row["plausibility_held_out"] = usual
            row["score_held_out"] = score(valid, usual, price, len(schema))
        if h is not None:
            row["redundancy"] = _mean(redundancy(h, people, best))
        if train is not None:
            codec = Codec(schema).fit(train)
            row["diversity"] = _mean(diversity(answer.frame, codec))
        if h is not None and train is not None:
            favourable = acceptance(h, train[schema.names]) > 0.5
            row["ynn"] = _mean(ynn(best, train, favourable, codec))
            shaken = partial(invalidation_noise, h, codec=codec, seed=seed)
            row["invalidation_noise"] = _mean(_where_found(valid_h, shaken, failure=np.nan))
        if others is not None:
            denied = partial(invalidation_retrained, others)
            row["invalidation_retrained"] = _mean(_where_found(valid_h, denied, failure=np.nan))
        if density is not None:
            row["log_likelihood"] = _mean(log_likelihood(density, best))
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def _mean(values: np.ndarray) -> float:
    """The mean of the numbers there are; NaN if there are none."""
    return float(pd.Series(values).mean())
