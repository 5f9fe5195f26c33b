"""What every recourse method shares: the gate people enter by, and the form of the answer."""

from __future__ import annotations

import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .certificate import asked, origin
from .codec import Codec
from .decision import Classifier, Decision, SupportsProba, as_decision, require_agreement
from .errors import GenReError, NotFittedError, SchemaError, kind_of, warn
from .feature import Feature, label_of, plain
from .limits import Limits
from .objectives import cost
from .recourses import Recourses
from .relations import MOST, Relation
from .schema import Schema
from .settings import Number, OneOf, check, require
from .terms import Terms
from .threads import one_thread

__all__ = ["RecourseMethod", "positions", "warn_of_far"]

INVALID = ("error", "skip")
# Names of outcomes that nobody wants, as words of their own.
_BAD = re.compile(
    r"(?i:(?:^|[\W_])(?:default(?:ed)?|denied|rejected|refused|churn(?:ed)?|fraud|delinquent|bad)(?:$|[\W_]))"
)
ASKED = 200  # rows, to see what the bank reads
LEVELS = 10  # of a feature that are tried
STEADY = 1e-6  # a probability that moves by less has not moved
log = logging.getLogger("genre_lite")


class RecourseMethod(ABC, BaseEstimator):
    """A way to find recourse, with two calls: ``fit`` and ``recommend``.

    An answer is a function of the person, the bank's decision and the person's own terms, and of
    nothing else: neither of who else asks, nor of their order or labels.
    :func:`~genre_lite.contract.check_recourse_method` holds a method to that.

    Parameters
    ----------
    h
        The bank's decision: a :class:`~genre_lite.decision.Decision`, or any object with
        ``predict_proba(DataFrame) -> (rows, 2)`` whose classes are 0 and 1, 1 the favourable one.
    schema
        What the columns are and what may change.
    outcome
        What the favourable decision is called in answers.
    seed
        Of every random step.
    progress
        Show progress bars.

    Attributes
    ----------
    codec_
        The ranges and vocabularies of the training rows; ``codec`` for short.
    decision_
        The bank's decision, asked in the columns of the training rows.
    unread_
        Features that make no difference to the bank; no answer of a method that :attr:`spares` them
        changes one. Empty for the others.
    """

    name = "method"
    # Whether options that break a term, or that the bank denies, are left out of the answer.
    checked = True
    codec_: Codec
    decision_: Decision
    unread_: Sequence = ()
    # What each setting may be; a subclass names its own beside these.
    allowed: ClassVar[Mapping[str, Container]] = {
        "seed": Number(0, 2**64, whole=True),
        "progress": OneOf((True, False)),
    }

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        self.h = h
        self.schema = schema
        self.outcome = outcome
        self.seed = seed
        self.progress = progress

    def fit(
        self, X: pd.DataFrame, y: pd.Series | None = None, *, extra: str = "error", **options: Any
    ) -> Self:
        """Learn from training rows; ``y`` are 0/1 labels, the bank's decisions if left out.

        What an earlier fit learned is forgotten, and a fit that fails leaves nothing behind.

        Parameters
        ----------
        X
            Training rows, in original units.
        y
            0/1 labels, 1 = favourable.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.

        Raises
        ------
        GenReError
            If a setting is none that is allowed, the table breaks the schema, labels are not 0/1,
            nobody is accepted or denied, or h ranks the labels worse than chance.
        """
        self._forget()
        try:
            self._check_settings()
            with one_thread():
                # h is asked in the order of the columns given, whatever the schema's own.
                given, X = X, self.schema.validate(X, extra=extra)
                decision = as_decision(self.h).bind(given, trained=True)
                asking = decision.remembering()  # twice about the same rows, and so once
                score, yes = asking.ask(X)
                labels = yes.astype(int) if y is None else _labels(y, X)
                bare = not isinstance(self.h, (Decision, Classifier)) and hasattr(
                    self.h, "classes_"
                )
                if y is None and bare:
                    warn(
                        f"h says {decision.classes[1]!r} to {yes.mean():.0%} of these rows, and that is taken "
                        "for the favourable decision. If it is a refusal, as a default is, say "
                        "gl.Decision(h, favourable=...); if it is not, say so in the same way, or give y."
                    )
                if y is not None:
                    if labels.min() == labels.max():
                        raise GenReError(
                            f"All {len(labels)} labels in y are {labels[0]}; give y with both outcomes, or leave it "
                            "out, and the bank's decisions are taken."
                        )
                    require_agreement(asking, X, labels)
                    if bare and _BAD.search(str(getattr(y, "name", ""))):
                        warn(
                            f"y is called {y.name!r}, and 1 is read as the favourable outcome, in y and in h. If 1 is "
                            "what nobody wants, give 1 - y and gl.Decision(h, favourable=0); if it is not, give y "
                            "a name that says so: y.rename('repaid')."
                        )
                if apart := asking.disagrees(X):
                    line = "the most probable class is favourable"
                    if decision.threshold is not None:
                        line = f"h > {decision.threshold:g}"
                    warn(
                        f"The classifier's own predict decides otherwise for {apart:.1%} of the rows. Here yes "
                        f"means that {line}; if the bank decides by another threshold, give it: "
                        "gl.Decision(h, threshold=...). If this one is meant, give it in the same way."
                    )
                for who, verb in ((yes, "accepts"), (~yes, "denies")):
                    if not who.any():
                        raise GenReError(
                            f"The bank {verb} nobody among these {len(X)} rows (threshold "
                            f"{decision.threshold}), so there is nothing to learn recourse from; give "
                            "rows of both kinds, or check the classifier's columns and threshold."
                        )
                _check_relations(self.schema, X)
                unread = _unread(decision, X, self.schema if self.spares else [])
                self.decision_, self.unread_ = decision, unread
                self.codec_ = Codec(self.schema).fit(X)
                self._fit(X, labels, score, yes, **options)
        except BaseException:
            self._forget()
            raise
        return self

    def _check_settings(self) -> None:
        if not isinstance(self.schema, Schema):
            raise GenReError(
                f"The schema is {kind_of(self.schema)}; give a gl.Schema, as Schema.infer(X) makes one."
            )
        if not isinstance(self.outcome, str) or not self.outcome.strip():
            raise GenReError(
                f"outcome is {self.outcome!r}; give what people ask for, in words for their letters: 'the loan'."
            )
        titles = [feature.title for feature in self.schema]
        for title in titles:
            if titles.count(title) > 1:  # no letter could say which of them it means
                same = [f.name for f in self.schema if f.title == title]
                raise SchemaError(
                    f"Columns {same} would all be called {title!r} in a letter; give each a label of its own."
                )
        check(self)

    def __sklearn_clone__(self) -> Self:
        """An unfitted twin. The bank's model is given, so it is not unfitted with it."""
        return type(self)(**self.get_params(deep=False))

    def _forget(self) -> None:
        """Drop whatever a fit has learned; an underscore at either end tells it from a setting."""
        for name in [name for name in vars(self) if "_" in (name[0], name[-1])]:
            delattr(self, name)

    def recommend(
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
        **choices: Any,
    ) -> Recourses:
        """The best n options for each person.

        People whom the bank already accepts get themselves back, at cost 0.

        Parameters
        ----------
        people
            One row a person, in original units.
        n
            Options a person.
        freeze, bounds, largest, max_changes, weights, wait
            The person's own terms, one for all or a Series or dict by person; see
            :class:`~genre_lite.terms.Terms`. They narrow the schema's.
        invalid
            ``"skip"``: whoever has a row that breaks the schema gets a reason
            (:meth:`~genre_lite.recourses.Recourses.reasons`), and the others an answer.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.
        """
        self._require_fit()
        require("n", n, Number(1, whole=True))
        require("invalid", invalid, OneOf(INVALID))
        if self.schema != self.codec.schema:
            raise GenReError(
                "The schema was changed after the fit, and the fitted one is what is kept; fit again, "
                "or name a person's own terms: recommend(people, freeze=..., bounds=...)."
            )
        skipped: dict[Hashable, str] = {}
        if invalid == "skip":
            skipped = self.schema.broken_rows(people)
            people = people.drop(index=list(skipped))
        if not isinstance(people, pd.DataFrame) or len(people) or not skipped:
            people = self.schema.validate(people, extra=extra)
        else:  # nobody is left, and everybody has a reason
            nothing = {name: pd.Series(dtype=object) for name in self.schema.names}
            people = pd.DataFrame(nothing, index=people.index)
        terms = Terms(freeze, bounds, largest, max_changes, weights, wait)
        start = time.perf_counter()
        with one_thread():
            everyone = Limits(self.codec, people, terms, self.unread_)
            warn_of_far(self.codec, people)
            on_points = self.decision_.on_points(self.codec)
            if not len(people):
                score, yes = np.empty(0), np.empty(0, dtype=bool)
            else:
                score, yes = on_points(everyone.cube) if on_points else self.decision_.ask(people)
            denied = np.flatnonzero(~yes)
            found = people.iloc[:0].set_axis(positions([], []))
            log_prob, probability = np.empty(0), np.empty(0)
            why = pd.DataFrame()
            if len(denied):
                limits = everyone.take(denied)
                _warn_of_broken(limits, people.index[denied])
                found, log_prob, probability = self._kept(
                    limits, *self._options(people.iloc[denied], limits, n, **choices)
                )
                without = np.setdiff1d(
                    np.arange(len(denied)), found.index.get_level_values(0).to_numpy()
                )
                if len(without):
                    log.info(
                        "%s found no option for %d of %d people who were denied. Beside the people's own "
                        "terms, more candidates=, a lower margin= or a schema that lets more change "
                        "may help; answer.reasons() tells what was tried.",
                        self.name,
                        len(without),
                        len(denied),
                    )
                    why = self._why(people.iloc[denied[without]], limits.take(without), **choices)
                if len(denied) < len(people):
                    rows, options = (found.index.get_level_values(level) for level in (0, 1))
                    found = found.set_axis(positions(denied[rows], options))
            made = origin(self, "recommend", {"n": n, **choices})
        seconds = time.perf_counter() - start
        return self._answer(
            people,
            everyone,
            score,
            yes,
            found,
            log_prob,
            probability,
            why,
            skipped,
            n,
            seconds,
            asked(terms, people.index),
            made,
        )

    def _kept(
        self,
        limits: Limits,
        found: pd.DataFrame,
        log_prob: np.ndarray,
        probability: np.ndarray | None = None,
    ) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """Options that keep every term and that the bank accepts, numbered anew."""
        if probability is not None:
            return found, log_prob, probability
        if not len(found):
            return found, log_prob, np.empty(0)
        row = found.index.get_level_values(0).to_numpy()
        probability, fine = self.decision_.ask(found.reset_index(drop=True))
        fine = fine & limits.keeps(self.codec.cube(found), row) | (not self.checked)
        number = pd.Series(fine).groupby(row).cumsum().to_numpy() - 1
        return (
            found[fine].set_axis(positions(row[fine], number[fine])),
            log_prob[fine],
            probability[fine],
        )

    # Beside **options, *args of any kind lets a method name options of its own, or none.
    @abstractmethod
    def _fit(
        self,
        X: pd.DataFrame,
        labels: np.ndarray,
        score: np.ndarray,
        yes: np.ndarray,
        *args: Any,
        **options: Any,
    ) -> None:
        """Learn; X is validated, ``labels`` are 0/1, ``score`` is h(X) and ``yes`` the decision,
        each of shape (rows,)."""

    @abstractmethod
    def _options(
        self, denied: pd.DataFrame, limits: Limits, n: int, *args: Any, **choices: Any
    ) -> tuple[pd.DataFrame, np.ndarray] | tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """Options found, indexed by (row of ``denied``, option), and their log-probabilities.

        A third part may tell h(x⁺) of each. Then all of them are accepted and keep every term, and
        nothing is asked again.
        """

    def _why(
        self, denied: pd.DataFrame, limits: Limits, *args: Any, **choices: Any
    ) -> pd.DataFrame:
        """Evidence on people for whom nothing was found: columns person, term, draws, found."""
        return pd.DataFrame(
            {
                "person": denied.index,
                "term": f"{self.name} found nothing within the terms",
                "draws": np.nan,
                "found": 0,
            }
        )

    def estimates(self, frame: pd.DataFrame) -> pd.DataFrame | None:
        """V̂ and P̂ of rows, columns valid and plausible; ``None`` where a method has no estimates."""
        return None

    @property
    def spares(self) -> bool:
        """Whether its answers leave alone what the bank does not read; a search has a rule of its own."""
        return False

    @property
    def has_estimates(self) -> bool:
        """Whether :meth:`estimates` tells anything."""
        return type(self).estimates is not RecourseMethod.estimates

    @property
    def codec(self) -> Codec:
        """The ranges and vocabularies of the training rows."""
        self._require_fit()
        return self.codec_

    def _require_fit(self) -> None:
        if "codec_" not in vars(self):
            raise NotFittedError(f"This {type(self).__name__} is not fitted; call fit(X, y) first.")

    def _answer(
        self,
        people: pd.DataFrame,
        limits: Limits,
        score: np.ndarray,
        yes: np.ndarray,
        found: pd.DataFrame,
        log_prob: np.ndarray,
        probability: np.ndarray,
        why: pd.DataFrame,
        skipped: dict,
        n: int,
        seconds: float,
        terms: pd.Series | None,
        origin: dict,
    ) -> Recourses:
        known = found
        if yes.any():
            same = people[yes].set_axis(positions(np.flatnonzero(yes), 0))
            known = pd.concat([found, same]) if len(found) else same
        rows = known.index.get_level_values(0).to_numpy()
        price = cost(
            limits.cube[rows], self.codec.cube(known), self.codec.nominal, limits.price[rows]
        )
        chance = np.concatenate([probability, score[yes]])
        nats = np.concatenate([log_prob, np.full(yes.sum(), np.nan)])

        labels = pd.MultiIndex.from_arrays(
            [people.index.repeat(n), np.tile(np.arange(n), len(people))], names=["person", "option"]
        )
        place = rows * n + known.index.get_level_values(1)
        which = np.full(len(labels), -1)
        which[place] = np.arange(len(known))

        def spread(values: np.ndarray, name: str) -> pd.Series:
            everywhere = np.full(len(labels), np.nan)
            everywhere[place] = values
            return pd.Series(everywhere, labels, name=name)

        return Recourses(
            factual=people,
            frame=known.reset_index(drop=True).reindex(which).set_axis(labels),
            cost=spread(price, "cost"),
            probability=spread(chance, "probability"),
            log_prob=spread(nats, "log_prob"),
            schema=self.schema,
            accepted=pd.Series(yes, people.index),
            method=self.name,
            outcome=self.outcome,
            seconds=seconds,
            threshold=self.decision_.threshold,
            why=why,
            skipped=skipped,
            estimates=self.estimates if self.has_estimates else None,
            score=pd.Series(score, people.index, name="score"),
            terms=terms,
            origin=origin,
        )


def positions(rows: ArrayLike, options: ArrayLike) -> pd.MultiIndex:
    """The index of found options: the row of the person in their table, and the option's number."""
    rows = np.asarray(rows, dtype=int)
    return pd.MultiIndex.from_arrays(
        [rows, np.broadcast_to(np.asarray(options, dtype=int), rows.shape)]
    )


def _unread(decision: Decision, X: pd.DataFrame, features: Iterable[Feature]) -> list:
    """Which of some features make no difference to the bank, asked about some rows; see ``unread_``.

    Each feature is put to its least, its greatest and its middle value, or to each of its most frequent
    levels. Whatever a tree splits at, or a formula weighs, one of these tells.
    """
    rows = X.iloc[np.unique(np.linspace(0, len(X) - 1, ASKED).astype(int))]
    said, yes = decision.ask(rows)

    def moves(other: pd.DataFrame) -> bool:
        then, decided = decision.ask(other)
        return bool((np.abs(then - said) > STEADY).any() or (decided != yes).any())

    if moves(rows):
        raise GenReError(
            "h gives the same rows another probability when it is asked again, so no answer could be relied on. "
            "Take chance out of it: give it a seed for each call, or, if it is a network, put it into eval mode."
        )
    unread = []
    for f in features:
        if f.actionability in ("immutable", "clock"):
            continue
        known = X[f.name].dropna()
        if f.is_categorical:
            values = known.value_counts().index[:LEVELS].tolist()
        else:
            ordered = known.sort_values()
            values = ordered.iloc[[0, len(ordered) // 2, -1]].tolist()
        other = rows.copy()
        for value in values:
            other[f.name] = pd.Series([value] * len(rows), rows.index).astype(X[f.name].dtype)
            if moves(other):
                break
        else:
            unread.append(f.name)
    if unread:
        log.info("The bank does not read %s, so no answer changes them.", unread)
    return unread


def _check_relations(schema: Schema, X: pd.DataFrame) -> None:
    """A relation that these rows do not keep binds nobody: said, and refused if it holds for none."""
    values = schema.codes(X) if schema.relations else {}
    for relation in (Relation.parse(text, schema) for text in schema.relations):
        fine = relation.holds(values)
        if fine.mean() >= MOST:
            continue
        told = f"Relation {relation.text!r} holds for {fine.sum()} of {len(X)} rows. An answer keeps it only "
        told += "for people for whom it holds now"
        if relation.defines is not None:
            gap = np.nanmedian(np.abs(relation.gap(values)))
            told += (
                f"; half of the rows are off by {gap:.3g} or more. If {relation.defines!r} is rounded, give "
                f"it its step, as Feature({relation.defines!r}, step=0.01) does"
            )
        if not fine.any():
            raise GenReError(f"{told}. Correct the relation, or take it out of the schema.")
        warn(f"{told}. Correct the relation, the rows, or take it out of the schema.")


def _warn_of_broken(limits: Limits, people: pd.Index) -> None:
    """Whose own row breaks a relation: what does not hold now is not kept in their answers."""
    for relation, fine in zip(limits.relations, limits.active.T, strict=True):
        if not fine.all():
            warn(
                f"Relation {relation.text!r} does not hold in the row of {_some(people[~fine])}, so their answers "
                "need not keep it; correct the row before you send a letter."
            )


def warn_of_far(codec: Codec, people: pd.DataFrame) -> None:
    """Warn of numbers unlike those of all training rows, of which the models only guess.

    By more than half a range outside, negative where none is, or between two steps.
    """
    for j, f in enumerate(codec.schema):
        if f.is_categorical:
            continue
        rows = codec.grid[j] * codec.width[j] + codec.low[j]
        low, high = rows[[0, -1]]
        codes, room = f.codes(people[f.name]), (high - low) / 2
        held = f"the training rows hold, {low:g} to {high:g}"
        multiples = f"which are multiples of {f.step or 0:g}"
        between = np.isfinite(codes) & ~_stepped(codes, f.step) & _stepped(rows, f.step).all()
        for odd, told in (
            ((codes < low - room) | (codes > high + room), f"lies far outside of what {held}"),
            ((codes < 0) & (low >= 0), f"is below 0, unlike all that {held}"),
            (between, f"lies between the numbers that the model knows, {multiples}"),
        ):
            if odd.any():
                warn(
                    f"Column {f.name!r}, row {_some(people.index[odd])}: {codes[odd][0]:g} {told}, so what the "
                    "models say of it is a guess. Is it right?"
                )
                break


def _stepped(values: np.ndarray, step: float | None) -> np.ndarray:
    """Which values are multiples of a step, but for rounding; without a step, all."""
    if step is None:
        return np.ones(len(values), dtype=bool)
    steps = values / step
    return np.abs(steps - np.round(steps)) <= 1e-6 + 2e-7 * np.abs(
        steps
    )  # of which a float32 knows no more


def _some(people: pd.Index) -> str:
    """The first of some people, and how many more they are."""
    first = repr(people.tolist()[0])
    return f"{first} and {len(people) - 1} more" if len(people) > 1 else first


def _labels(y: pd.Series, X: pd.DataFrame) -> np.ndarray:
    labels = np.asarray(y)
    if labels.shape != (len(X),):
        raise GenReError(f"y has shape {labels.shape} for {len(X)} rows; give one 0/1 label a row.")
    if isinstance(y, pd.Series) and not y.index.equals(X.index):
        raise GenReError("y and X have different indexes; use y.loc[X.index].")
    strange = ~np.isin(labels, (0, 1))
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise GenReError(
            f"y, row {label_of(X.index[row])!r}: {plain(labels[row])!r} is not a label; "
            "use 1 for the favourable outcome and 0 for the other, as (y == favourable).astype(int)."
        )
    return labels.astype(int)
