"""Judge anybody's proposal: a case worker's, a rival tool's, or a letter issued last year.

A proposal is a row: what the person would be. :func:`check` asks the bank what it would say, counts
what the proposal asks for, and tells which terms it breaks and which changes it could do without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .codec import Codec
from .decision import SupportsProba, acceptance, accepts, as_decision
from .errors import GenReError, kind_of
from .estimator import warn_of_far
from .limits import Limits
from .objectives import cost
from .recourses import Recourses
from .relations import Relation
from .schema import Schema
from .terms import Terms, terms_of

if TYPE_CHECKING:
    from .estimator import RecourseMethod
    from .worlds import GoldWorld

__all__ = ["beliefs", "breaks_relations", "check", "differences", "needless"]

# A belief that falls by less has not fallen; it is rounding.
ROUNDING = 1e-6
Beliefs = Callable[[pd.DataFrame], pd.DataFrame]


def check(
    people: pd.DataFrame,
    options: Recourses | pd.DataFrame,
    h: SupportsProba,
    schema: Schema,
    judge: RecourseMethod | GoldWorld | None = None,
    terms: Terms | None = None,
    *,
    train: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What a proposal comes to, one row an option; a row of NaN proposes nothing.

    Parameters
    ----------
    people
        Who asked, in original units.
    options
        What is proposed to them: an answer of any method, a table indexed (person, option), or a
        table with one row a person. Columns in any order; people without a proposal may be left out.
    h
        The bank's decision, today's.
    schema
        What the columns are and what may change.
    judge
        Who is asked for validity and plausibility beside h: a fitted GenRe (its estimates), or a
        gold world (its verdicts, 0 or 1). If left out, the estimates that an answer brings along.
    terms
        A person's own terms, beside the schema's. If left out, those that an answer was made under.
    train
        The bank's training rows; they set the feature ranges in which cost is told, and say whether h
        has met a gap as None or as NaN. If left out, an answer keeps the costs it brings; else the ranges
        are those of the judge or of h where they know any of this schema, and otherwise of these people
        and options.

    Returns
    -------
    DataFrame
        Indexed as the options. Columns:

        * ``accepted``: whether h says yes; ``probability``: of that yes.
        * ``cost``: C(x, x⁺) in feature ranges.
        * ``changes``: how many features change; clocks that move together are one change.
        * ``broken``: the terms that are broken, as text; "" if none is.
        * ``needless``: how many changes can be taken back, each alone, without loss;
          see :func:`needless`.
        * ``valid``, ``plausible``: what the judge believes, from 0 to 1; only with a judge.

    Raises
    ------
    GenReError
        If a proposal is for somebody who is not among the people, a value breaks the schema, or the
        judge can judge nothing.

    Examples
    --------
    >>> class Rich:
    ...     def predict_proba(self, frame):
    ...         yes = (frame["income"] > 5).to_numpy(dtype=float)
    ...         return np.stack([1 - yes, yes], axis=1)
    >>> people = pd.DataFrame({"income": [2, 3], "age": [30, 40]}, index=["ana", "ben"])
    >>> asked = pd.DataFrame({"income": [6], "age": [29]}, index=["ana"])
    >>> schema = Schema.infer(people, increasing=["age"])
    >>> check(people, asked, Rich(), schema)[["accepted", "changes", "broken", "needless"]]
         accepted  changes        broken  needless
    ana      True      2.0  age: only up       1.0

    A letter issued earlier is an answer kept as JSON. Here it meets a bank whose bar has moved:

    >>> from genre_lite import Decision
    >>> from genre_lite.baselines import NearestNeighbour
    >>> bank = pd.DataFrame({"income": range(10), "age": range(30, 40)})
    >>> class Linear:
    ...     def predict_proba(self, frame):
    ...         yes = frame["income"].to_numpy() / 10
    ...         return np.stack([1 - yes, yes], axis=1)
    >>> method = NearestNeighbour(Linear(), Schema.infer(bank), progress=False).fit(bank)
    >>> kept = method.recommend(bank.iloc[[2]]).to_json()
    >>> letter = Recourses.from_json(kept)
    >>> stricter = Decision(Linear(), threshold=0.8)
    >>> check(letter.factual, letter, stricter, letter.schema)["accepted"].tolist()
    [False]
    """
    believe = beliefs(judge) if judge is not None else getattr(options, "estimates", None)
    brought = options.cost if isinstance(options, Recourses) and train is None else None
    frame = options.frame if isinstance(options, Recourses) else options
    if isinstance(
        options, Recourses
    ):  # its people stand in the schema's order, and not in the bank's
        asked = getattr(judge, "decision_", None)
        made = options.origin.get("binding") or (asked and asked.binding)
        decision = as_decision(h).bind_as(made, _columns(people, schema))
    else:
        decision = as_decision(h).bind(_columns(people, schema))
    if train is not None:
        decision = decision.bind(train, trained=True)
    people = schema.validate(people, extra="ignore")
    rows, found = _persons(people, frame)

    table = pd.DataFrame(
        {"accepted": False, "probability": np.nan, "cost": np.nan, "changes": np.nan}
        | {"broken": "", "needless": np.nan}
        | ({} if believe is None else {"valid": np.nan, "plausible": np.nan}),
        index=frame.index,
    )
    if not found.any():
        return table
    rows = rows[found]
    before = people.iloc[rows].reset_index(drop=True)
    after = schema.validate(_in_dtypes_of(people, frame[found]), extra="ignore")
    after = after.reset_index(drop=True)
    codec = _codec(schema, train, (judge, decision.model), people, after)
    if isinstance(terms, Mapping):
        raise GenReError("terms is a mapping; give gl.Terms(**terms), as gl.Terms(wait=2).")
    if terms is None and isinstance(options, Recourses):
        asked = options.terms.to_dict()
        terms = Terms(
            **terms_of({who: asked.get(who, {}) for who in people.index}, people.index, schema)
        )
    limits = Limits(codec, people, terms)
    warn_of_far(codec, after.set_axis(frame.index[found]))

    def put(column: str, values: ArrayLike) -> None:
        table.loc[found, column] = values

    probability, yes = decision.ask(after)
    put("accepted", yes)
    put("probability", probability)
    price = cost(codec.cube(before), codec.cube(after), codec.nominal, limits.price[rows])
    put("cost", price if brought is None else brought[found].to_numpy())
    moved = differences(before, after)
    put("changes", np.sum([moved[:, move].any(axis=1) for move in _moves(schema)], axis=0))
    broken = limits.broken(after, rows)
    put("broken", [", ".join(broken.columns[row]) for row in broken.to_numpy()])
    put("needless", _needless(before, after, decision, believe, limits, rows))
    if believe is not None:
        believed = believe(after)
        for column in ("valid", "plausible"):
            put(column, believed[column].to_numpy())
    return table


def needless(
    people: pd.DataFrame,
    options: pd.DataFrame,
    h: SupportsProba,
    schema: Schema,
    judge: RecourseMethod | GoldWorld | Beliefs | None = None,
) -> np.ndarray:
    """How many of an option's changes could be taken back without loss.

    .. math:: \\sum_{j:\\, x^+_j \\neq x_j} 1\\left[h(x') > t,\\;
              \\hat V(x') \\ge \\hat V(x^+),\\; \\hat P(x') \\ge \\hat P(x^+)\\right],
              \\qquad x' = x^+ \\text{ with } x_j \\text{ for } x^+_j .

    Each is taken back alone, all others kept; clocks pass together, and are taken back as one. A
    change is also needed if without it a term is broken that the option keeps. What a relation
    defines, such as a total, follows what it is made of and is no change by itself.

    Parameters
    ----------
    people, options
        The same people in the same order; NaN where nothing was found.
    h, schema
        The bank's decision, and what the columns are.
    judge
        As in :func:`check`, or a function that gives the beliefs. Without one, only the decision,
        and the terms, must stay.

    Returns
    -------
    array of shape (people,), from 0 to the number of changes; NaN where nothing was found

    Examples
    --------
    >>> class Rich:
    ...     def predict_proba(self, frame):
    ...         yes = (frame["income"] > 5).to_numpy(dtype=float)
    ...         return np.stack([1 - yes, yes], axis=1)
    >>> people = pd.DataFrame({"income": [2, 3], "age": [30, 40]})
    >>> options = pd.DataFrame({"income": [6, 6], "age": [31, 40]})
    >>> needless(people, options, Rich(), Schema.infer(people))
    array([1., 0.])
    """
    h = as_decision(h).bind(_columns(people, schema))
    people = people[schema.names]
    found = options.notna().any(axis=1).to_numpy()
    result = np.full(len(options), np.nan)
    if found.any():
        rows = np.flatnonzero(found)
        before = people.iloc[rows].reset_index(drop=True)
        after = _in_dtypes_of(people, options[schema.names][found]).reset_index(drop=True)
        limits = Limits(_codec(schema, None, (), people, after), people)
        result[found] = _needless(before, after, h, beliefs(judge), limits, rows)
    return result


def differences(before: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """Where two tables of the same shape differ, cell by cell; two gaps are alike.

    Dtypes do not matter: 34 and 34.0 are the same.

    Examples
    --------
    >>> a = pd.DataFrame({"age": [34, 35], "job": ["clerk", None]})
    >>> differences(a, pd.DataFrame({"age": [34.0, 36.0], "job": ["pilot", None]})).tolist()
    [[False, True], [True, False]]
    """
    gaps = before.isna().to_numpy(), after.isna().to_numpy()
    cells = before.astype(object).to_numpy(), after.astype(object).to_numpy()
    differ = gaps[0] != gaps[1]
    both = ~(gaps[0] | gaps[1])
    differ[both] = cells[0][both] != cells[1][both]
    return differ


def breaks_relations(schema: Schema, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Which relations held before and no longer hold: booleans, one column a relation.

    Examples
    --------
    >>> frame = pd.DataFrame({"debts": [3, 5], "housing": [1, 2]})
    >>> schema = Schema(Schema.infer(frame), relations=["debts >= housing"])
    >>> breaks_relations(schema, frame, frame.assign(debts=1))["debts >= housing"].tolist()
    [False, True]
    """
    relations = [Relation.parse(text, schema) for text in schema.relations]
    now, then = schema.codes(before), schema.codes(after)
    return pd.DataFrame(
        {relation.text: relation.holds(now) & ~relation.holds(then) for relation in relations},
        index=after.index,
    )


def beliefs(judge: RecourseMethod | GoldWorld | Beliefs | None) -> Beliefs | None:
    """The judge as a function: a table in, ``valid`` and ``plausible`` out, each from 0 to 1.

    Raises
    ------
    GenReError
        If it is neither a fitted GenRe nor a world, but, say, the bank's classifier.
    """
    if judge is None or (callable(judge) and not hasattr(judge, "predict_proba")):
        return judge
    if hasattr(judge, "estimates"):
        return lambda frame: _estimates(judge, frame)
    if hasattr(judge, "predict_proba") and hasattr(judge, "is_plausible"):
        return lambda frame: pd.DataFrame(
            {"valid": acceptance(judge, frame) > 0.5, "plausible": judge.is_plausible(frame)},
            index=frame.index,
            dtype=float,
        )
    raise GenReError(
        f"The judge is {kind_of(judge)}, which knows nothing of plausibility; give a world, "
        "as gl.gold_world(bank) makes one, or a fitted GenRe, or leave judge out. The bank's own "
        "classifier belongs in h."
    )


def _estimates(judge: Any, frame: pd.DataFrame) -> pd.DataFrame:
    told = judge.estimates(frame)
    if told is None:
        raise GenReError(
            f"The judge is {kind_of(judge)}, which has no estimates of validity and "
            "plausibility; give a fitted GenRe or a world, or leave judge out."
        )
    return told


# -- taking back ------------------------------------------------------------------------------------


def _moves(schema: Schema) -> list[list[int]]:
    """The positions of the features that change together: each alone, and all clocks at once."""
    clocks = [j for j, f in enumerate(schema) if f.actionability == "clock"]
    alone = [[j] for j in range(len(schema)) if j not in clocks]
    return [*alone, clocks] if clocks else alone


def _needless(
    before: pd.DataFrame,
    after: pd.DataFrame,
    h: SupportsProba,
    believe: Beliefs | None,
    limits: Limits,
    rows: np.ndarray,
) -> np.ndarray:
    variants, which = _taken_back(before, after, limits)
    if not len(which):
        return np.zeros(len(after))
    lost = ~accepts(h, variants)
    if believe is not None:
        now, then = (believe(frame)[["valid", "plausible"]] for frame in (after, variants))
        lost |= (then.to_numpy() < now.to_numpy()[which] - ROUNDING).any(axis=1)
    broken = limits.broken(after, rows).to_numpy()[which]
    lost |= (limits.broken(variants, rows[which]).to_numpy() & ~broken).any(axis=1)
    return np.bincount(which[~lost], minlength=len(after)).astype(float)


def _taken_back(
    before: pd.DataFrame, after: pd.DataFrame, limits: Limits
) -> tuple[pd.DataFrame, np.ndarray]:
    """Each option with one change taken back, and the row of the option behind each variant."""
    schema, moved = limits.codec.schema, differences(before, after)
    totals = [relation for relation in limits.relations if relation.defines is not None]
    computed = {relation.defines for relation in totals}
    parts, which = [], []
    for move in _moves(schema):
        names = [schema.names[j] for j in move]
        rows = np.flatnonzero(moved[:, move].any(axis=1))
        if not len(rows) or computed.intersection(names):
            continue
        part = after.iloc[rows].copy()
        for name in names:
            part[name] = before[name].iloc[rows].array
        for relation in totals:
            if set(relation.names).intersection(names):
                held = relation.holds(schema.codes(before.iloc[rows]))
                kept = part[relation.defines].to_numpy(dtype=float)
                own = before[relation.defines].iloc[rows].to_numpy(dtype=float)
                value = relation.value(schema.codes(part), own)
                part[relation.defines] = np.where(held, value, kept)
        parts.append(_in_dtypes_of(before, part))
        which.append(rows)
    if not parts:
        return after.iloc[:0], np.empty(0, dtype=int)
    return pd.concat(parts, ignore_index=True), np.concatenate(which)


# -- lining up --------------------------------------------------------------------------------------


def _columns(people: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The schema's columns in the order of the table: the order in which the bank keeps them."""
    return people[[name for name in people.columns if name in schema.names]]


def _persons(people: pd.DataFrame, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Each option's row among the people, and whether it holds a proposal at all."""
    if not isinstance(frame, pd.DataFrame):
        raise GenReError(
            f"options is {kind_of(frame)}; give an answer or a DataFrame with one row an option."
        )
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].tolist()[0]
        raise GenReError(
            f"Option {twice!r} stands in options twice; index them by person and option number."
        )
    rows = people.index.get_indexer(frame.index)
    labels = frame.index
    if (rows < 0).any() and frame.index.nlevels > 1:
        labels = frame.index.get_level_values(0)
        rows = people.index.get_indexer(labels)
    if (rows < 0).any():
        raise GenReError(
            f"A proposal is for person {labels[rows < 0].tolist()[0]!r}, who is not among the people; "
            "give people their row, or leave the proposal out."
        )
    known = [name for name in frame.columns if name in people.columns]
    return rows, frame[known].notna().any(axis=1).to_numpy()


def _in_dtypes_of(people: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The options in the dtypes of the people, wherever no value would become another."""
    frame = frame.infer_objects().copy()
    for name in set(frame.columns) & set(people.columns):
        try:
            cast = frame[name].astype(people[name].dtype)
        except (TypeError, ValueError):
            continue
        if not differences(frame[[name]], cast.to_frame()).any():
            frame[name] = cast
    return frame


def _codec(
    schema: Schema,
    train: pd.DataFrame | None,
    sources: tuple[object, ...],
    people: pd.DataFrame,
    after: pd.DataFrame,
) -> Codec:
    """The feature ranges: of the training rows, or of whoever has seen them."""
    if train is not None:
        return Codec(schema).fit(train)
    for source in sources:
        known = getattr(source, "codec", None)
        if isinstance(known, Codec) and _columns_of(known.schema) == _columns_of(schema):
            return Codec.from_dict(known.to_dict() | {"schema": schema.to_dict()})
    seen = pd.concat([people, after], ignore_index=True)
    for f in schema:  # nobody has a value here, so nothing hangs on its range
        if f.gaps and not f.is_categorical and seen[f.name].isna().all():
            seen[f.name] = 0.0 if f.low is None else float(f.low)
    return Codec(schema).fit(seen)


def _columns_of(schema: Schema) -> list[tuple]:
    """What of a schema its ranges hang on."""
    return [(f.name, f.kind, f.categories, f.scale, f.gaps) for f in schema]
