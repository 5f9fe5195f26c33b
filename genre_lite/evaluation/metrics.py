"""The metrics of recourse, each a function that gives one number a person, and one row a method.

A person for whom nothing was found is a row of NaN among the options. They are never dropped: they
count as failures in every share of successes (:func:`validity`, :func:`plausibility`, :func:`ynn`).
Where a failure has no number, as in cost, the mean is over those found: read it beside the coverage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..codec import Codec
from ..decision import Decision, SupportsProba, acceptance, accepts, as_decision
from ..errors import GenReError
from ..objectives import cost
from ..proposals import breaks_relations, differences, needless
from ..recourses import Recourses
from ..schema import Schema
from .density import SupportsLogProb
from .robustness import invalidation_noise, invalidation_retrained

if TYPE_CHECKING:
    from ..worlds import GoldWorld

__all__ = [
    "changed",
    "coverage",
    "crowding",
    "diversity",
    "evaluate",
    "log_likelihood",
    "mean_interval",
    "plausibility",
    "redundancy",
    "score",
    "share_interval",
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
    # A value that is missing may be a gap that the person leaves; a row of them is nothing.
    return options.notna().any(axis=1).to_numpy()


def validity(judge: SupportsProba, options: pd.DataFrame) -> np.ndarray:
    """Whether the judge believes in an option.

    .. math:: \\mathrm{Val}(x^+) = 1\\left[P(y = 1 \\mid x^+) > \\tfrac12\\right]

    Equations: :eq:`denied-validity`, :eq:`objectives-validity`.

    Parameters
    ----------
    judge
        Anything with ``predict_proba``: a world for the paper's Val, the classifier for Val under h. A
        :class:`~genre_lite.decision.Decision` says yes by its own rule, and not above one half.
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
    own_rule = isinstance(judge, Decision)
    bound = as_decision(judge).bind_as(None, options)

    def believes(found: pd.DataFrame) -> np.ndarray:
        return bound.accepts(found) if own_rule else acceptance(bound, found) > 0.5

    return _where_found(options, believes, failure=0)


def plausibility(judge: GoldWorld, options: pd.DataFrame) -> np.ndarray:
    """Whether an option is an inlier among the people whom the judge accepts (the paper's LOF).

    .. math:: 1[\\mathrm{LOF}_5(x^+) \\le 1.5]

    for a :class:`~genre_lite.worlds.GoldWorld`.

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
        lambda found: differences(people.loc[found.index, found.columns], found).sum(axis=1),
        failure=np.nan,
    )


def violations(schema: Schema, people: pd.DataFrame, options: pd.DataFrame) -> np.ndarray:
    """Whether an option breaks a term of the schema: a direction, a bound, a step or a relation.

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
    >>> from genre_lite import Feature
    >>> schema = Schema([Feature("age", actionability="increasing")])
    >>> violations(schema, pd.DataFrame({"age": [30, 30]}), pd.DataFrame({"age": [29, 31]}))
    array([1., 0.])
    """

    def broken(found: pd.DataFrame) -> np.ndarray:
        before = people.loc[found.index]
        moves = schema.violations(before, found).any(axis=1).to_numpy()
        return moves | breaks_relations(schema, before, found).any(axis=1).to_numpy()

    return _where_found(options, broken, failure=0)


def ynn(
    options: pd.DataFrame,
    train: pd.DataFrame,
    favourable: np.ndarray,
    codec: Codec,
    neighbours: int = 5,
) -> np.ndarray:
    """The share of the nearest training rows that h accepts (Pawelczyk et al., 2020).

    .. math:: \\mathrm{yNN}(x^+) = \\frac15 \\sum_{i \\in \\mathrm{5NN}(x^+)} 1[h \\text{ accepts } x_i]

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

    .. math:: \\sum_{j:\\, x^+_j \\neq x_j} 1\\left[h(x^+ \\text{ with } x_j \\text{ for } x^+_j) > t\\right]

    Each change is undone alone, all others kept, so the order of the features does not matter. Here
    h is asked and nobody else; :func:`~genre_lite.proposals.needless` also asks for what the change
    does for validity and plausibility.

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

    h = as_decision(h).bind(people[[name for name in people.columns if name in options.columns]])

    def count(found: pd.DataFrame) -> np.ndarray:
        before = people.loc[found.index]
        moved = differences(before[found.columns], found)
        total = np.zeros(len(found))
        for j in np.flatnonzero(moved.any(axis=0)):
            undone = found[moved[:, j]].copy()
            undone[found.columns[j]] = before.loc[moved[:, j], found.columns[j]]
            total[moved[:, j]] += accepts(h, undone)
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
        return cost(cube[:, None], cube, codec.nominal, codec.price).sum() / (n * (n - 1))

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


def crowding(schema: Schema, options: pd.DataFrame) -> np.ndarray:
    """The share of the people with an answer who are given the same target as this one.

    .. math:: \\frac1n \\sum_i 1\\left[x^+_i = x^+ \\text{ in all that somebody may change}\\right]

    What nobody may change does not tell targets apart, and neither do clocks. If everybody is sent to
    one place, an estimate's mistake about that place is made once a person.

    Parameters
    ----------
    schema
        What may change.
    options
        One row a person in original units; NaN where nothing was found.

    Returns
    -------
    array of shape (people,), above 0 and up to 1; NaN where nothing was found

    Examples
    --------
    >>> from genre_lite import Feature
    >>> schema = Schema([Feature("age", actionability="immutable"), Feature("income")])
    >>> crowding(schema, pd.DataFrame({"age": [30, 40, 50, 60], "income": [3, 3, 3, 5]}))
    array([0.75, 0.75, 0.75, 0.25])
    """
    free = [f.name for f in schema if f.actionability not in ("immutable", "clock")]

    def share(found: pd.DataFrame) -> np.ndarray:
        cells = found[free].astype(object)
        targets = pd.Series(map(tuple, cells.where(cells.notna(), None).to_numpy()))
        return targets.map(targets.value_counts()).to_numpy() / len(found)

    return _where_found(options, share, failure=np.nan)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Student's 95 % interval of a mean; NaN for fewer than two numbers.

    .. math:: \\bar v \\pm t_{0.975,\\, n - 1}\\, s / \\sqrt n

    Examples
    --------
    >>> [round(end, 3) for end in mean_interval(np.array([1.0, 2.0, 3.0]))]
    [-0.484, 4.484]
    """
    from scipy.special import stdtrit

    values = values[~np.isnan(values)]
    if len(values) < 2:
        return math.nan, math.nan
    half = stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def share_interval(values: np.ndarray) -> tuple[float, float]:
    """Wilson's (1927) 95 % interval of a share, from the zeros and ones it is the mean of.

    .. math:: \\frac{p + z^2 / 2n \\pm z \\sqrt{p (1 - p) / n + z^2 / 4n^2}}{1 + z^2 / n},
              \\qquad z = 1.96

    Examples
    --------
    >>> [round(end, 3) for end in share_interval(np.ones(10))]
    [0.722, 1.0]
    """
    n, p, z = len(values), float(np.mean(values)), 1.959963984540054
    middle, scale = p + z**2 / (2 * n), 1 + z**2 / n
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def evaluate(
    answers: Mapping[str, Recourses],
    people: pd.DataFrame,
    judge: GoldWorld | None = None,
    *,
    h: SupportsProba | None = None,
    train: pd.DataFrame | None = None,
    held_out: GoldWorld | None = None,
    others: Sequence[SupportsProba] | None = None,
    density: SupportsLogProb | None = None,
    by: Hashable | pd.Series | None = None,
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
        A world that knows the truth: ``predict_proba`` and ``is_plausible``. On a table of your own
        there is none; leave it out, and what needs no truth is measured.
    h
        The bank's decision.
    train
        The bank's training rows; they set the feature ranges.
    held_out
        A second world, never fitted on the test people: ``gold_world(bank, held_out=True)``.
    others
        Classifiers the bank might train another time: ``retrained(gold.bank, seeds)``.
    density
        A density of accepted people no method has seen, with ``log_prob(DataFrame)``.
    by
        Measure group by group: a column of ``people`` (the schema need not know it), or a Series with
        each person's group.
    seed
        Of the noise.

    Returns
    -------
    DataFrame
        Index: methods; with ``by``, (method, group). Columns:

        * ``people``: how many were asked; ``coverage``: the share with an option.
        * ``cost``: mean C(x, x⁺) over those found, in feature ranges; NaN if there are none.
        * ``validity_h``: share that the bank accepts.
        * ``violations``: options that break a term of the schema; ``changed``: mean features changed.
        * ``crowding``: the greatest share of answered people who are given one and the same target;
          see :func:`~genre_lite.evaluation.metrics.crowding`. Who was accepted is not counted.
        * ``seconds``: seconds a person.

        And, each only where what it needs was given:

        * ``validity`` (``judge``): share whom the judge gives P(y = 1 | x⁺) > 1/2 (the paper's Val).
        * ``plausibility`` (``judge``): share of inliers among the people the judge accepts (the
          paper's LOF).
        * ``score`` (``judge``): :func:`~genre_lite.evaluation.metrics.score` of the three; 0 if nothing
          is found.
        * ``cost_low``, ``cost_high``, ``coverage_low``, ``coverage_high`` (``by``): 95 % intervals, by
          Student's t and by Wilson; see :func:`~genre_lite.evaluation.metrics.mean_interval` and
          :func:`~genre_lite.evaluation.metrics.share_interval`.
        * ``validity_held_out``, ``plausibility_held_out``, ``score_held_out`` (``held_out``): the same
          by the second judge. What a score loses between the two judges is praise that rests on what
          the first learned from the test people.
        * ``redundancy`` (``h``): mean changes that h does not need for its yes.
        * ``needless`` (``h``): mean changes that can be taken back without loss, by the estimates an
          answer brings along, else by the judge, else by h alone; see
          :func:`~genre_lite.proposals.needless`.
        * ``diversity`` (``train``): mean cost between two options of a person, over those with two.
        * ``ynn`` (``h`` and ``train``): mean share of accepted rows among the 5 nearest.
        * ``invalidation_noise`` (``h`` and ``train``), ``invalidation_retrained`` (``others``): of the
          options that the bank accepted, the share denied after Gaussian noise of 0.1 feature
          ranges, and by the other classifiers. Read them beside ``validity_h``.
        * ``log_likelihood`` (``density``): mean log p(x⁺) in nats, over those found.

    Raises
    ------
    GenReError
        If a method answered other people, the judge is no world, or somebody has no group.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=400)
    >>> world = gl.gold_world(bank, seed=0, progress=False)
    >>> h = gl.train_classifier(bank, seed=0, progress=False)
    >>> copier = gl.baselines.NearestNeighbour(h, bank.schema, progress=False)
    >>> people = bank.X_test[h.predict_proba(bank.X_test)[:, 1] <= 0.5]
    >>> answers = {"copy": copier.fit(bank.X_train, bank.y_train).recommend(people)}
    >>> gl.evaluate(answers, people, judge=world).loc["copy", ["coverage", "violations"]].tolist()
    [1.0, 0.0]
    """
    if not isinstance(answers, Mapping):
        raise GenReError(
            f"The answers are a {type(answers).__name__}; name each: gl.evaluate({{'genre': answer}}, people)."
        )
    if not answers:
        raise GenReError(
            "There are no answers; name at least one: gl.evaluate({'genre': answer}, people)."
        )
    for name, world in (("judge", judge), ("held_out", held_out)):
        _require_world(world, name)
    groups = None if by is None else _groups(people, by)
    # The bank reads the columns in the order of its table, and not of a schema.
    made = next(filter(None, (a.origin.get("binding") for a in answers.values())), None)
    known = next(iter(answers.values())).schema.names
    table = people[[name for name in people.columns if name in known]]
    h = None if h is None else as_decision(h).bind_as(made, table)
    others = None if others is None else [as_decision(o).bind_as(made, table) for o in others]
    rows: dict[Hashable, dict] = {}
    for name, answer in answers.items():
        if not answer.factual.index.equals(people.index):
            raise GenReError(
                f"Method {name!r} answered {len(answer)} people, and not the {len(people)} asked; "
                "compare methods on the same people."
            )
        each = _measure(answer, people, judge, h, train, held_out, others, density, seed)
        if groups is None:
            rows[name] = _summary(answer, each)
        else:
            for group, part in each.groupby(groups, observed=True, dropna=False):
                rows[name, group] = _summary(answer, part, intervals=True)
    names = ["method"] if groups is None else ["method", groups.name or "group"]
    if groups is None:
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
    index = pd.MultiIndex.from_tuples(list(rows), names=names)
    return pd.DataFrame(list(rows.values()), index=index)


def _measure(
    answer: Recourses,
    people: pd.DataFrame,
    judge: GoldWorld | None,
    h: SupportsProba | None,
    train: pd.DataFrame | None,
    held_out: GoldWorld | None,
    others: Sequence[SupportsProba] | None,
    density: SupportsLogProb | None,
    seed: int,
) -> pd.DataFrame:
    """Each person's own numbers, one column a metric."""
    schema, best = answer.schema, answer.best()
    accepted = _accepted(answer, best, h)
    valid_h = best[accepted].reindex(best.index)
    each = {"coverage": coverage(best), "cost": answer.cost.xs(0, level=1)}
    if judge is not None:
        each["validity"] = validity(judge, best)
    each["validity_h"] = accepted
    if judge is not None:
        each["plausibility"] = plausibility(judge, best)
    each["violations"] = violations(schema, people, best)
    each["changed"] = changed(people, best)
    if held_out is not None:
        each["validity_held_out"] = validity(held_out, best)
        each["plausibility_held_out"] = plausibility(held_out, best)
    if h is not None:
        each["redundancy"] = redundancy(h, people, best)
        estimates = getattr(answer, "estimates", None)
        each["needless"] = needless(people, best, h, schema, estimates or judge)
    if train is not None:
        codec = Codec(schema).fit(train[schema.names])
        each["diversity"] = diversity(answer.frame, codec)
    if h is not None and train is not None:
        each["ynn"] = ynn(best, train, accepts(h, train[schema.names]), codec)
        shaken = partial(invalidation_noise, h, codec=codec, seed=seed)
        each["invalidation_noise"] = _where_found(valid_h, shaken, failure=np.nan)
    if others is not None:
        denied = partial(invalidation_retrained, others)
        each["invalidation_retrained"] = _where_found(valid_h, denied, failure=np.nan)
    if density is not None:
        each["log_likelihood"] = log_likelihood(density, best)
    return pd.DataFrame(
        {name: np.asarray(values, dtype=float) for name, values in each.items()}, index=people.index
    )


def _summary(answer: Recourses, each: pd.DataFrame, *, intervals: bool = False) -> dict:
    """One row of the table, from the numbers of some of the people."""
    asked, best = answer.accepted.loc[each.index], answer.best().loc[each.index]
    features, means = len(answer.schema), each.mean()
    row: dict[str, float] = {"people": len(each)}
    for name, interval in (("coverage", share_interval), ("cost", mean_interval)):
        row[name] = means.pop(name)
        if intervals:
            low, high = interval(each[name].to_numpy())
            row[f"{name}_low"], row[f"{name}_high"] = np.maximum(low, 0.0), high  # no cost is less
    for name in ("validity", "validity_h", "plausibility"):
        if name in means:
            row[name] = means.pop(name)
    if "validity" in row:
        row["score"] = score(row["validity"], row["plausibility"], row["cost"], features)
    means.pop("violations")
    row["violations"] = int(each["violations"].sum())
    row["changed"] = means.pop("changed")
    shares = crowding(answer.schema, best[~asked.to_numpy(dtype=bool)])
    row["crowding"] = float(pd.Series(shares).max())
    row["seconds"] = answer.seconds / len(answer)
    if "validity_held_out" in means:
        second = means.pop("validity_held_out"), means.pop("plausibility_held_out")
        row["validity_held_out"], row["plausibility_held_out"] = second
        row["score_held_out"] = score(*second, row["cost"], features)
    return row | means.to_dict()


def _accepted(answer: Recourses, best: pd.DataFrame, h: SupportsProba | None) -> np.ndarray:
    """Whom the bank would accept at their first option: by the answer's own threshold, or as h says."""
    threshold = getattr(answer, "threshold", None)
    if threshold is None and h is not None:
        return _where_found(best, lambda found: accepts(h, found), failure=0).astype(bool)
    probability = answer.probability.xs(0, level=1).to_numpy()
    return probability > (0.5 if threshold is None else threshold)


def _require_world(world: object, name: str) -> None:
    if world is not None and not (
        hasattr(world, "predict_proba") and hasattr(world, "is_plausible")
    ):
        raise GenReError(
            f"{name} is a {type(world).__name__}, which does not know the truth; a world does, as "
            "gl.gold_world(bank) makes one. Give the bank's own classifier as h=, or leave "
            f"{name} out."
        )


def _groups(people: pd.DataFrame, by: Hashable | pd.Series) -> pd.Series:
    """Each person's group, in the order of the people."""
    if isinstance(by, pd.Series):
        lacking = people.index[~people.index.isin(by.index)]
        if len(lacking) or not by.index.is_unique:
            who = lacking[0] if len(lacking) else by.index[by.index.duplicated()][0]
            raise GenReError(
                f"by gives person {who!r} no group of their own; name each person once."
            )
        return by.loc[people.index]
    if not isinstance(by, Hashable) or by not in people.columns:
        raise GenReError(
            f"by is {by!r}, which is no column of the people; it has {list(people.columns)}. "
            "Or give a Series with each person's group."
        )
    return people[by]
