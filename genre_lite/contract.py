"""Does a method keep the contract? One call asks, for the package's methods and for a user's own.

An answer is a function of the person, the bank's decision and the person's own terms, and of nothing
else. :func:`check_recourse_method` holds a method to that, and to the rest of what every method here
promises. It is what ``sklearn.utils.estimator_checks.check_estimator`` is to estimators.
"""

from __future__ import annotations

import pickle
import re
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .decision import acceptance, as_decision
from .errors import GenReError, NotFittedError, kind_of, warn
from .estimator import RecourseMethod
from .proposals import breaks_relations, differences
from .recourses import Recourses

__all__ = ["check_recourse_method"]

OPTIONS = 2  # asked for a person
DENIED, ACCEPTED = 6, 2  # who asks, where nobody is named


def check_recourse_method(
    method: RecourseMethod,
    X: pd.DataFrame,
    y: pd.Series | None = None,
    people: pd.DataFrame | None = None,
    *,
    terms: bool = True,
) -> pd.DataFrame:
    """Hold a method to the contract; the first rule that is broken is an error with an example.

    ==============  ==============================================================================
    rule            what it asks
    ==============  ==============================================================================
    ``clone``       ``sklearn.base.clone`` gives an unfitted twin with the same settings
    ``hands off``   ``fit`` gives the method back, and no table that comes in is changed
    ``settings``    the constructor stores each setting as it is given, and whatever ``fit`` adds has a
                    name that ends in an underscore, or begins with one
    ``index``       people in their order, each with options 0, 1, …; a row of NaN for nothing found
    ``accepted``    whoever h accepts gets themselves, at no cost, and nobody else is called accepted
    ``decision``    h accepts every option found
    ``schema``      no option breaks the schema
    ``dtypes``      options come in the dtypes of the people, also where somebody has fewer of them
    ``terms``       ``freeze``, ``bounds`` and ``max_changes`` hold, and those of one person touch
                    nobody else's answer
    ``company``     alone, in a crowd, in another order, under other labels: the same options
    ``twins``       five equal rows get equal options
    ``seed``        the same seed, rows and people: the same options
    ``pickle``      stored and read again, it answers the same
    ``refit``       a second fit forgets the first
    ``failed fit``  after a fit that fails the method is not fitted
    ==============  ==============================================================================

    Parameters
    ----------
    method
        Not fitted; with h and schema inside. It is cloned and not touched.
    X, y
        Training rows and their labels, as for ``fit``; a hundred rows will do. The method is fitted
        four times.
    people
        Who asks, at least one of them denied; a few rows of ``X`` if left out.
    terms
        Ask with terms of a person's own.

    Returns
    -------
    DataFrame
        One row a rule: what it asks, and the seconds that it took.

    Raises
    ------
    GenReError
        Naming the rule that is broken, and what was seen.

    Warns
    -----
    UserWarning
        If nobody gets an option, for then most rules hold of themselves.

    Examples
    --------
    >>> import genre_lite as gl
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = pd.DataFrame({"income": np.arange(12), "age": np.arange(12) % 5 + 30})
    >>> h = LogisticRegression().fit(X, X["income"] > 5)
    >>> method = gl.baselines.NearestNeighbour(h, gl.Schema.infer(X))
    >>> len(check_recourse_method(method, X))
    15
    """
    exam = Exam(method, X, y, people)
    rows = {}
    for rule, ask in RULES.items():
        if rule == "terms" and not terms:
            continue
        start = time.perf_counter()
        try:
            ask(exam)
        except Broken as broken:
            raise GenReError(
                f"{type(method).__name__} breaks the rule {rule!r}: {broken}"
            ) from None
        except Exception as error:
            raise GenReError(
                f"{type(method).__name__} breaks the rule {rule!r}: it raised "
                f"{type(error).__name__}: {error}"
            ) from error
        rows[rule] = {"asks": ask.__doc__, "seconds": time.perf_counter() - start}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rule")


class Broken(Exception):
    """A rule is broken; the message says what was seen."""


class Exam:
    """A method, the rows to fit it on, and the people who ask it."""

    def __init__(
        self,
        method: RecourseMethod,
        X: pd.DataFrame,
        y: pd.Series | None,
        people: pd.DataFrame | None,
    ) -> None:
        self.method, self.X, self.y = method, X, y
        self.schema = method.schema
        self.decision = as_decision(method.h).bind(X, trained=True)
        if people is None:
            yes = self.decision.accepts(X[self.schema.names])
            some = *np.flatnonzero(~yes)[:DENIED], *np.flatnonzero(yes)[:ACCEPTED]
            people = X.iloc[np.sort(some)]
        self.people = people
        self.yes = self.decision.accepts(people[self.schema.names])
        if self.yes.all():
            raise GenReError("h accepts everybody among the people; give somebody whom it denies.")

    def twin(self) -> RecourseMethod:
        """An unfitted method with the same settings, that keeps quiet."""
        from sklearn.base import clone

        twin = clone(self.method)
        return twin.set_params(progress=False) if "progress" in twin.get_params() else twin

    def fit(self, method: RecourseMethod) -> RecourseMethod:
        """The method, fitted on all rows."""
        return method.fit(self.X) if self.y is None else method.fit(self.X, self.y)

    @cached_property
    def fitted(self) -> RecourseMethod:
        """The method under test, fitted once."""
        return self.fit(self.twin())

    @cached_property
    def answer(self) -> Recourses:
        """What it says to the people, all together."""
        return self.ask(self.people)

    def ask(
        self, people: pd.DataFrame, method: RecourseMethod | None = None, **terms: Any
    ) -> Recourses:
        """What a method says to some people."""
        return (method or self.fitted).recommend(people, OPTIONS, **terms)

    def pairs(self, answer: Recourses) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The options found for those who were denied, and the people behind them, row by row."""
        found = answer.frame[(answer.found & ~_spread(answer.accepted, answer)).to_numpy()]
        before = answer.factual.loc[list(found.index.get_level_values(0))]
        return before.set_axis(found.index), found


# -- the rules --------------------------------------------------------------------------------------


def clone_is_a_twin(exam: Exam) -> None:
    """A clone is an unfitted twin with the same settings."""
    twin = exam.twin()
    if type(twin) is not type(exam.method):
        raise Broken(f"clone gave {kind_of(twin)}.")
    own = vars(exam.method)
    for name, theirs in vars(twin).items():
        if name not in ("h", "schema", "progress") and _told(own.get(name)) != _told(theirs):
            raise Broken(
                f"the setting {name} is {own.get(name)!r}, and the clone's {theirs!r}; name every "
                "setting in __init__, for **settings are not seen."
            )
    if twin.schema != exam.schema:
        raise Broken("the clone has another schema.")
    asked = exam.people[exam.schema.names]
    try:
        same = np.array_equal(acceptance(twin.h, asked), acceptance(exam.method.h, asked))
    except Exception as error:
        raise Broken(f"the clone's h cannot be asked: {type(error).__name__}: {error}") from None
    if not same:
        raise Broken("the clone's h answers otherwise.")
    _require_unfitted(exam, twin, "a clone")


def hands_off(exam: Exam) -> None:
    """fit gives the method back, and no table that comes in is changed."""
    twin, X, people = exam.twin(), exam.X.copy(deep=True), exam.people.copy(deep=True)
    y = None if exam.y is None else exam.y.copy(deep=True)
    if exam.fit(twin) is not twin:
        raise Broken("fit does not give the method itself back.")
    exam.fitted = twin
    exam.answer = exam.ask(exam.people)
    tables = [("X", X, exam.X), ("people", people, exam.people)]
    tables += [] if y is None else [("y", y, exam.y)]
    for name, before, after in tables:
        if not (before.equals(after) and before.index.equals(after.index)):
            raise Broken(f"{name} is another table afterwards.")


def settings_are_stored(exam: Exam) -> None:
    """The constructor stores each setting as it is given; what fit adds is marked by an underscore."""
    given = exam.method.get_params(deep=False)
    built = type(exam.method)(**given)
    for name, value in given.items():
        if getattr(built, name) is not value:
            raise Broken(
                f"the setting {name} goes in as {value!r} and is stored as {getattr(built, name)!r}; "
                "store it as it is, and read it in fit."
            )
    for name in vars(exam.fitted):
        if not hasattr(built, name) and "_" not in (name[0], name[-1]):
            raise Broken(f"fit adds {name!r}, which looks like a setting; call it {name + '_'!r}.")


def index_is_whole(exam: Exam) -> None:
    """People in their order, each with options 0, 1, …; a row of NaN for nothing found."""
    answer = exam.answer
    wanted = [(person, option) for person in exam.people.index for option in range(OPTIONS)]
    if answer.frame.index.tolist() != wanted:
        raise Broken(
            f"asked for {OPTIONS} options each, frame's index is {answer.frame.index.tolist()[:4]}… "
            f"and should be {wanted[:4]}…."
        )
    if list(answer.frame.columns) != exam.schema.names:
        raise Broken(f"frame's columns are {list(answer.frame.columns)}.")
    found = answer.frame.notna().any(axis=1)
    for name in ("cost", "probability"):
        numbers = getattr(answer, name)
        if not numbers.index.equals(answer.frame.index) or (numbers.notna() != found).any():
            raise Broken(f"{name} must be a number for each option found, and NaN for the others.")
    if not found.to_numpy().reshape(-1, OPTIONS)[~exam.yes].any():
        warn(
            f"{exam.answer.method} found nothing for any of the {len(exam.people)} people, so most rules "
            "were not put to the test; give people who get an option."
        )
    late = found.to_numpy().reshape(-1, OPTIONS)
    if (late[:, 1:] & ~late[:, :-1]).any():
        raise Broken("somebody has a later option and no earlier one.")


def accepted_get_themselves(exam: Exam) -> None:
    """Whoever h accepts gets themselves, at no cost, and nobody else is called accepted."""
    answer = exam.answer
    for person, said, yes in zip(exam.people.index, answer.accepted, exam.yes, strict=True):
        if bool(said) != bool(yes):
            raise Broken(
                f"h {'accepts' if yes else 'denies'} person {person!r}, and the answer says the other."
            )
        if not yes:
            continue
        frame, price = answer.frame.loc[[person]], answer.cost.loc[[person]].to_numpy()
        own = exam.people.loc[[person], exam.schema.names]
        if differences(own, frame.iloc[:1]).any() or price[0] != 0 or not np.isnan(price[1:]).all():
            raise Broken(f"person {person!r} is accepted and gets {_row(frame.iloc[0])}.")


def decision_is_yes(exam: Exam) -> None:
    """h accepts every option found."""
    found = exam.answer.options
    no = ~exam.decision.accepts(found.reset_index(drop=True)) if len(found) else np.zeros(0, bool)
    if no.any():
        where = int(np.flatnonzero(no)[0])
        raise Broken(
            f"h denies an option of person {_whose(found.index, where)!r}: {_row(found.iloc[where])}."
        )


def schema_is_kept(exam: Exam) -> None:
    """No option breaks the schema."""
    before, after = exam.pairs(exam.answer)
    if not len(after):
        return
    exam.schema.validate(exam.answer.options)
    broken = exam.schema.violations(before, after).to_numpy()
    if broken.any():
        row, j = np.argwhere(broken)[0]
        feature = exam.schema[int(j)]
        raise Broken(
            f"{feature.name!r} is {feature.actionability}, and goes from {before.iloc[row, j]} to "
            f"{after.iloc[row, j]} for person {_whose(after.index, row)!r}."
        )
    relations = breaks_relations(exam.schema, before, after)
    if relations.to_numpy().any():
        row, r = np.argwhere(relations.to_numpy())[0]
        raise Broken(
            f"{relations.columns[r]!r} no longer holds for person {_whose(after.index, row)!r}: "
            f"{_row(after.iloc[row])}."
        )


def dtypes_are_kept(exam: Exam) -> None:
    """Options come in the dtypes of the people, also where somebody has fewer of them."""
    plain = exam.answer
    for people in (exam.people, _nullable(exam.people)):
        answer = plain if people is exam.people else exam.ask(people)
        wanted, got = people[exam.schema.names].dtypes, answer.options.dtypes
        for name in exam.schema.names:
            if got[name] != wanted[name]:
                raise Broken(f"{name!r} comes in as {wanted[name]} and goes out as {got[name]}.")
        _compare(plain, answer, exam.people.index, "in plain dtypes", "in nullable ones")


def own_terms_hold(exam: Exam) -> None:
    """freeze, bounds and max_changes hold, and those of one person touch nobody else's answer."""
    before, after = exam.pairs(exam.answer)
    if not len(after):
        return
    names = exam.schema.names
    often = differences(before, after).sum(axis=0)
    most = names[int(often.argmax())]
    _stays(exam, exam.ask(exam.people, freeze=[most]), most, "freeze")

    one = _whose(exam.people.index[~exam.yes], 0)
    frozen = pd.Series([[most] if person == one else [] for person in exam.people.index])
    answer = exam.ask(exam.people, freeze=frozen.set_axis(exam.people.index))
    _stays(exam, answer, most, "freeze", only=one)
    others = exam.people.index[exam.people.index != one]
    _compare(exam.answer, answer, others, "without terms", f"when person {one!r} has some")

    for limit in (1, 2):
        pairs = exam.pairs(exam.ask(exam.people, max_changes=limit))
        counted = [f.actionability != "clock" for f in exam.schema]
        changes = differences(*pairs)[:, counted].sum(axis=1)
        if (changes > limit).any() and not exam.schema.relations:
            person = _whose(pairs[1].index, int(np.argmax(changes)))
            raise Broken(f"max_changes={limit}, and person {person!r} changes {changes.max()}.")

    numbers = [j for j, f in enumerate(exam.schema) if f.kind == "numeric" and often[j]]
    if numbers:
        name = names[max(numbers, key=lambda j: often[j])]
        low, high = (float(end) for end in np.quantile(exam.X[name].dropna(), (0.25, 0.75)))
        now, then = exam.pairs(exam.ask(exam.people, bounds={name: (low, high)}))
        moved = differences(now[[name]], then[[name]])[:, 0]
        value = then[name].astype(float)
        outside = moved & ~value.between(low, high).to_numpy()
        if outside.any():
            where = int(np.flatnonzero(outside)[0])
            raise Broken(
                f"bounds={{{name!r}: ({low:g}, {high:g})}}, and person {_whose(then.index, where)!r} is "
                f"advised {value.iloc[where]:g}."
            )


def company_does_not_matter(exam: Exam) -> None:
    """Alone, in a crowd, in another order, under other labels: the same options."""
    people, whole = exam.people, exam.answer
    reverse = exam.ask(people.iloc[::-1])
    _compare(whole, reverse, people.index, "in one order", "in the other order")
    for i, person in enumerate(people.index):
        alone = exam.ask(people.iloc[[i]])
        _compare(whole, alone, [person], "among others", "alone")
    labels = [f"label {i}" for i in range(len(people))]
    other = exam.ask(people.set_axis(labels))
    renamed = dict(zip(people.index, labels, strict=True))
    _compare(whole, other, people.index, "under one label", "under another label", renamed)


def twins_are_equal(exam: Exam) -> None:
    """Five equal rows get equal options."""
    where = int(np.flatnonzero(~exam.yes)[0])
    five = exam.people.iloc[[where] * 5].reset_index(drop=True)
    answer = exam.ask(five)
    for twin in range(1, 5):
        _compare(answer, answer, [0], "as the first of five", "as another", {0: twin})


def seed_decides(exam: Exam) -> None:
    """The same seed, rows and people: the same options."""
    again = exam.ask(exam.people, exam.fit(exam.twin()))
    _compare(exam.answer, again, exam.people.index, "by one fit", "by another of the same seed")


def pickle_answers_the_same(exam: Exam) -> None:
    """Stored and read again, it answers the same."""
    again = exam.ask(exam.people, pickle.loads(pickle.dumps(exam.fitted)))
    _compare(exam.answer, again, exam.people.index, "before", "after pickle")


def refit_forgets(exam: Exam) -> None:
    """A second fit forgets the first."""
    method = exam.twin()
    some = _part(exam.X, exam.decision.accepts(exam.X[exam.schema.names]))
    with suppress(GenReError):  # too few rows for this method: then it has nothing to forget
        method.fit(some) if exam.y is None else method.fit(some, exam.y.loc[some.index])
        exam.ask(exam.people, method)
    again = exam.ask(exam.people, exam.fit(method))
    _compare(exam.answer, again, exam.people.index, "by a first fit", "by a second fit")


def failed_fit_leaves_nothing(exam: Exam) -> None:
    """After a fit that fails the method is not fitted."""
    yes = exam.decision.accepts(exam.X[exam.schema.names])
    failing = {
        "without a column": exam.X.drop(columns=exam.schema.names[-1]),
        "of accepted people alone": exam.X[yes],
    }
    for what, rows in failing.items():
        for method, which in ((exam.twin(), "a new method"), (exam.fitted, "a fitted method")):
            try:
                method.fit(rows) if exam.y is None else method.fit(rows, exam.y.loc[rows.index])
            except Exception:
                _require_unfitted(exam, method, f"{which}, after a fit {what} that failed,")
            else:
                raise Broken(f"a fit on rows {what} does not fail.")


RULES: dict[str, Callable[[Exam], None]] = {
    "clone": clone_is_a_twin,
    "hands off": hands_off,
    "settings": settings_are_stored,
    "index": index_is_whole,
    "accepted": accepted_get_themselves,
    "decision": decision_is_yes,
    "schema": schema_is_kept,
    "dtypes": dtypes_are_kept,
    "terms": own_terms_hold,
    "company": company_does_not_matter,
    "twins": twins_are_equal,
    "seed": seed_decides,
    "pickle": pickle_answers_the_same,
    "refit": refit_forgets,
    "failed fit": failed_fit_leaves_nothing,
}


# -- comparing --------------------------------------------------------------------------------------


def _compare(
    one: Recourses,
    other: Recourses,
    people: list | pd.Index,
    how: str,
    then: str,
    renamed: dict[Hashable, Hashable] | None = None,
) -> None:
    """The same options, to the last bit, for each of these people."""
    for person in people:
        twin = person if renamed is None else renamed[person]
        a, b = (
            answer.frame[answer.frame.index.get_level_values(0) == label]
            for answer, label in ((one, person), (other, twin))
        )
        if len(a) != len(b):
            raise Broken(f"person {person!r} gets {len(a)} options {how}, and {len(b)} {then}.")
        for option, differ in enumerate(differences(a, b)):
            if differ.any():
                j = int(np.flatnonzero(differ)[0])
                one_says, other_says = (_cell(frame.iloc[option], j) for frame in (a, b))
                raise Broken(
                    f"option {option} of person {person!r} has {one_says} {how}, and {other_says} "
                    f"{then}."
                )


def _stays(
    exam: Exam, answer: Recourses, name: Hashable, term: str, only: Hashable | None = None
) -> None:
    before, after = exam.pairs(answer)
    moved = differences(before[[name]], after[[name]])[:, 0]
    if only is not None:
        moved &= np.array([person == only for person, _ in after.index], dtype=bool)
    if moved.any():
        where = int(np.flatnonzero(moved)[0])
        raise Broken(
            f"{term} names {name!r}, and person {_whose(after.index, where)!r} goes from "
            f"{before[name].iloc[where]} to {after[name].iloc[where]}."
        )


def _require_unfitted(exam: Exam, method: RecourseMethod, which: str) -> None:
    try:
        exam.ask(exam.people, method)
    except NotFittedError:
        return
    except Exception as error:
        raise Broken(
            f"{which} raises {type(error).__name__} ({error}) where it should raise NotFittedError."
        ) from None
    raise Broken(f"{which} answers, where it should raise NotFittedError.")


def _told(value: object) -> str:
    """What a value says of itself, but for where it lies in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _whose(index: pd.Index, row: int) -> Hashable:
    """Whose a row is, in Python's own types."""
    return index.get_level_values(0).tolist()[row] if index.nlevels == 2 else index.tolist()[row]


def _cell(row: pd.Series, j: int) -> str:
    """One value of an option, with its name."""
    return f"{row.index[j]} {row.iloc[j]}" if row.notna().any() else "nothing"


def _row(row: pd.Series) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _spread(accepted: pd.Series, answer: Recourses) -> pd.Series:
    """Who is accepted, for each option."""
    repeats = answer.frame.index.get_level_values(0)
    rows = answer.factual.index.get_indexer(repeats)
    return pd.Series(accepted.to_numpy(dtype=bool)[rows], answer.frame.index)


def _nullable(people: pd.DataFrame) -> pd.DataFrame:
    """The same people in pandas' nullable dtypes."""
    people = people.copy()
    for name in people.columns:
        dtype = people[name].dtype
        if not isinstance(dtype, np.dtype):
            continue
        if dtype.kind in "iuf":
            other = dtype.name.replace("int", "Int").replace("uI", "UI").replace("float", "Float")
            people[name] = people[name].astype(other)
        elif dtype.kind == "b":
            people[name] = people[name].astype("boolean")
        elif people[name].dropna().map(lambda value: isinstance(value, str)).all():
            people[name] = people[name].astype("string")
    return people


def _part(X: pd.DataFrame, yes: np.ndarray) -> pd.DataFrame:
    """Two of three rows, both decisions among them, and without the extremes of the first number."""
    keep = np.arange(len(X)) % 3 > 0
    for name in X.select_dtypes("number").columns[:1]:
        column = X[name].to_numpy(dtype=float, na_value=np.nan)
        keep &= ~((column == np.nanmax(column)) | (column == np.nanmin(column)))
    part = X[keep]
    return part if yes[keep].any() and not yes[keep].all() else X.iloc[::-1]
