"""How one answer was made, with hashes: for the bank's file, and for whoever checks it later.

A certificate holds the model's fingerprint, the bank's decision, the schema, the person's terms and
values, the seed and every choice, and what was answered. Each part has a SHA-256 over its canonical
JSON, and so has the whole. :func:`verify` finds what was changed since; with the fitted method at hand
it asks anew and expects the very same answer.

Hashes show that a certificate fits together, not who issued it: whoever changes a part can hash it anew.
Against that helps the method itself (``verify(certificate, method)``), or the bank's signature on the
hash of the whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .decision import fingerprint, same_bank
from .errors import GenReError
from .saving import ANOTHER, learnt, made_up
from .serialization import from_dict, to_dict
from .terms import Terms

if TYPE_CHECKING:
    from .estimator import RecourseMethod
    from .recourses import Recourses

__all__ = ["asked", "certify", "model_fingerprint", "origin", "verify"]

FORMAT = "1"
PARTS = ("origin", "decision", "schema", "person")
ROUNDING = 1e-6  # a difference in h(x) that another machine may make
# Settings that name things or places, and change no answer.
SILENT = ("h", "schema", "outcome", "progress", "device")


# -- issued -----------------------------------------------------------------------------------------


def certify(answer: Recourses, person: Hashable) -> dict:
    """The certificate of one person's answer, JSON-ready.

    Returns
    -------
    dict
        ``certificate`` (the format), ``origin`` (version, method, fingerprint of the model, seed and
        choices), ``decision`` (outcome, threshold, favourable class, and what the bank answers on a few
        made-up rows), ``schema``, ``person`` (their values, terms and h before; each option's values and
        h after), and ``hashes`` of these parts and of the whole.

    Raises
    ------
    GenReError
        If nobody is so called, or the answer does not say how it was made.

    Examples
    --------
    >>> import genre_lite as gl
    >>> genre = gl.GenRe.load("german")
    >>> person = gl.load_dataset("german").X_test.head(1)
    >>> certificate = genre.recommend(person).certificate(person.index[0])
    >>> bool(verify(certificate, genre)["holds"].all())
    True
    """
    one = answer[[person]]
    if "fingerprint" not in one.origin:
        raise GenReError(
            "This answer does not say how it was made (origin is empty), so there is nothing to certify; "
            "ask a method of this package for it: method.recommend(people)."
        )
    told = to_dict(one)
    parts = {
        "origin": {k: v for k, v in one.origin.items() if k not in ("decision", "binding")},
        "decision": {"outcome": one.outcome, "threshold": one.threshold, **one.origin["decision"]},
        "schema": told["schema"],
        "person": {
            **told["people"][0],
            "dtypes": told["dtypes"],
            "index": told["index"],
            "why": told["why"],
        },
    }
    # By way of JSON, so that what is hashed is what is read again.
    parts = json.loads(json.dumps(parts, default=str))
    certificate = {"certificate": FORMAT, **parts}
    hashes = {part: sha256(certificate[part]) for part in PARTS}
    return certificate | {"hashes": hashes | {"whole": sha256(certificate)}}


def sha256(data: object) -> str:
    """SHA-256 over JSON with sorted keys and no spaces, in hexadecimal digits."""
    return hashlib.sha256(_canonical(data).encode()).hexdigest()


def _canonical(data: object) -> str:
    return json.dumps(
        data,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=str,
    )


# -- what an answer remembers of how it was made ----------------------------------------------------


def asked(terms: Terms, people: pd.Index) -> pd.Series:
    """What each person asked for: a Series of dicts by name, JSON-ready, without what nobody asked.

    Examples
    --------
    >>> terms = Terms(freeze={"ana": ["job"], "ben": []}, bounds={"income": (None, 5)})
    >>> asked(terms, pd.Index(["ana", "ben"])).tolist()
    [{'freeze': ['job'], 'bounds': {'income': [None, 5]}}, {'bounds': {'income': [None, 5]}}]
    """
    given: dict[str, Any] = {}
    for field in fields(Terms):
        value = getattr(terms, field.name)
        if value is None or (isinstance(value, (tuple, list, int, float)) and not value):
            continue
        by_feature = field.name in ("bounds", "largest", "weights")
        given[field.name] = dict(value) if by_feature and value is not None else value
    told = [
        {
            name: wish
            for name, value in given.items()
            if (wish := _of(value, name, label)) is not None
        }
        for label in (people if given else ())
    ]
    return pd.Series(told or [{}] * len(people), people, dtype=object, name="terms")


def _of(value: Any, name: str, label: Hashable) -> Any:
    """One person's part of a term, as Python's own types; None if they asked for nothing."""
    if name in ("bounds", "largest", "weights"):
        own = {feature: _ended(_plain(_theirs(wish, label))) for feature, wish in value.items()}
        return {feature: wish for feature, wish in own.items() if wish is not None} or None
    own = _plain(_theirs(value, label))
    return None if own in ([], 0) or own != own else own


def _theirs(value: Any, label: Hashable) -> Any:
    return value[label] if isinstance(value, (Mapping, pd.Series)) else value


def _ended(wish: Any) -> Any:
    """What has no end is no limit."""
    if isinstance(wish, list):
        return [_ended(end) for end in wish]
    return None if wish in (np.inf, -np.inf) else wish


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, (list, tuple, np.ndarray, pd.Index)):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def origin(method: RecourseMethod, call: str, choices: Mapping) -> dict:
    """How an answer is made: version, method, fingerprint, decision, seed and choices, JSON-ready."""
    bank = _kept(method, "_bank", lambda: fingerprint(method.decision_, made_up(method.codec)))
    return {
        "version": _version(),
        "method": method.name,
        "class": type(method).__qualname__,
        "fingerprint": model_fingerprint(method),
        "decision": {"favourable": method.decision_.favourable, "fingerprint": bank},
        # How a gap is written is this bank's own, and another may be asked of the answer.
        "binding": {k: v for k, v in method.decision_.binding.items() if k != "gaps"},
        "call": call,
        "checked": method.checked and call == "recommend",
        "seed": choices.get("seed", method.seed),
        "choices": {name: _plain(value) for name, value in choices.items()},
    }


def model_fingerprint(method: RecourseMethod) -> str:
    """SHA-256 over all that a fitted method answers from, but for the bank: what it learnt, and settings.

    A model that was saved in full precision and loaded again has the same. What takes long is hashed
    once a fit.
    """
    learned = _kept(method, "_learned", lambda: _learned(method))
    settings = {
        name: value for name, value in method.get_params(deep=False).items() if name not in SILENT
    }
    plain = json.dumps(settings, sort_keys=True, default=_settings)
    return hashlib.sha256(f"{type(method).__qualname__}\n{plain}\n{learned}".encode()).hexdigest()


def _learned(method: RecourseMethod) -> str:
    codec = sha256(method.codec.to_dict())
    tensors = learnt(method) if hasattr(method, "network_") else {}
    digest = hashlib.sha256(codec.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous().numpy()
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode() + tensor.tobytes())
    return digest.hexdigest()


def _settings(value: object) -> object:
    return vars(value) if hasattr(value, "__dict__") else str(value)


def _kept(method: RecourseMethod, name: str, make: Any) -> Any:
    """Made once a fit: a new fit forgets it, as it forgets all that was learnt."""
    if name not in vars(method):
        setattr(method, name, make())
    return getattr(method, name)


@cache
def _version() -> str:
    try:
        return version("genre-lite")
    except PackageNotFoundError:
        from . import __version__

        return __version__


# -- checked ----------------------------------------------------------------------------------------


def verify(certificate: Mapping, method: RecourseMethod | None = None) -> pd.DataFrame:
    """Whether a certificate still fits together, and whether this method gives that very answer.

    Parameters
    ----------
    certificate
        What :meth:`~genre_lite.recourses.Recourses.certificate` gave, also after JSON.
    method
        The fitted method that is said to have issued it. It is asked anew, with the same values, terms,
        seed and choices.

    Returns
    -------
    DataFrame
        One row a check: ``what``, ``holds`` and ``detail``.

    Raises
    ------
    GenReError
        If this is no certificate of this version.

    Examples
    --------
    >>> import genre_lite as gl
    >>> genre = gl.GenRe.load("german")
    >>> person = gl.load_dataset("german").X_test.head(1)
    >>> certificate = genre.recommend(person).certificate(person.index[0])
    >>> certificate["person"]["score"] = 0.99
    >>> table = verify(certificate)
    >>> table.loc[~table["holds"], "what"].tolist()
    ['person is as issued', 'the whole is as issued']
    """
    wanted = ("certificate", *PARTS, "hashes")
    if not isinstance(certificate, Mapping) or any(part not in certificate for part in wanted):
        raise GenReError(
            f"This is no certificate; it needs {', '.join(wanted)}, as answer.certificate(person) "
            "gives them."
        )
    if certificate["certificate"] != FORMAT:
        raise GenReError(
            f"This certificate has format {certificate['certificate']!r}, this version reads "
            f"{FORMAT!r}; verify it with the version that issued it."
        )
    rows = list(_hashes(certificate))
    if method is not None:
        rows += _anew(certificate, method)
    return pd.DataFrame(rows, columns=["what", "holds", "detail"])


def _hashes(certificate: Mapping) -> Iterator[tuple[str, bool, str]]:
    kept = certificate["hashes"]
    bare = {part: certificate[part] for part in ("certificate", *PARTS)}
    unknown = [part for part in certificate if part not in (*bare, "hashes")]
    for what, part, found in (
        *((f"{part} is as issued", part, sha256(bare[part])) for part in PARTS),
        ("the whole is as issued", "whole", sha256(bare)),
    ):
        said = str(kept.get(part))
        holds = found == said and not (part == "whole" and unknown)
        added = f"; added: {', '.join(map(str, unknown))}" if part == "whole" and unknown else ""
        detail = (
            "" if holds else f"its hash is {found[:12]}…, the certificate says {said[:12]}…{added}"
        )
        yield what, holds, detail


def _anew(certificate: Mapping, method: RecourseMethod) -> list[tuple[str, bool, str]]:
    made, bank = certificate["origin"], certificate["decision"]
    mine = model_fingerprint(method)
    same = mine == made["fingerprint"]
    rows = [
        (
            "the model is the one that answered",
            same,
            ""
            if same
            else f"{made['class']} {made['fingerprint'][:12]}… answered, "
            f"this is {type(method).__qualname__} {mine[:12]}…",
        )
    ]
    decision = method.decision_
    now = {"threshold": decision.threshold, "favourable": decision.favourable}
    differ = [
        f"{name} was {bank[name]!r}, is {value!r}"
        for name, value in now.items()
        if bank[name] != value
    ]
    try:
        apart = same_bank(decision, made_up(method.codec), bank["fingerprint"])
        if apart > ANOTHER:
            differ.append(f"on made-up rows h differs by up to {apart:.2g}")
    except (GenReError, TypeError, ValueError) as error:
        differ.append(f"the bank cannot be asked about the same rows ({error})")
    rows.append(("the bank decides as it did", not differ, "; ".join(differ)))
    try:
        told = _answer(certificate)
        kept = certificate["person"]["options"]
        differ = list(_differences(told, _asked_again(told, method), kept))
    except (GenReError, KeyError, TypeError, ValueError) as error:
        differ = [f"it cannot be asked anew ({error})"]
    rows.append(("asked anew, it gives the same answer", not differ, "; ".join(differ)))
    return rows


def _answer(certificate: Mapping) -> Recourses:
    """The answer that a certificate holds."""
    from .recourses import Recourses

    person, decision, made = (certificate[part] for part in ("person", "decision", "origin"))
    return from_dict(
        Recourses,
        {
            "method": made["method"],
            "outcome": decision["outcome"],
            "seconds": None,
            "threshold": decision["threshold"],
            "origin": made,
            "schema": certificate["schema"],
            "dtypes": person["dtypes"],
            "index": person["index"],
            "why": person["why"],
            "skipped": [],
            "people": [person],
        },
    )


def _asked_again(told: Recourses, method: RecourseMethod) -> Recourses:
    made = told.origin
    if made["call"] not in ("recommend", "sample"):
        raise GenReError(f"it was made by {made['call']!r}, which is no call of a method")
    terms = {
        name: {feature: tuple(ends) for feature, ends in asked.items()}
        if name == "bounds"
        else asked
        for name, asked in told.terms.iloc[0].items()
    }
    return getattr(method, made["call"])(told.factual, **made["choices"], **terms)


def _differences(told: Recourses, again: Recourses, kept: list[dict]) -> Iterator[str]:
    label = told.factual.index[0]
    before, after = told.person(label), again.person(label)
    if told.outcome != again.outcome:
        yield f"the outcome was called {told.outcome!r}, is {again.outcome!r}"
    if told.schema != again.schema:
        yield "the schema is another"
    if before["accepted"] != after["accepted"]:
        yield "who was denied is accepted" if after["accepted"] else "who was accepted is denied"
    for name, a, b in (
        ("h before", before["score"], after["score"]),
        *(
            (f"h after option {a['option']}", a["probability"], b["probability"])
            for a, b in zip(before["options"], after["options"], strict=False)
        ),
        *(
            (f"the cost of option {a['option']}", a["cost"], b["cost"])
            for a, b in zip(before["options"], after["options"], strict=False)
        ),
    ):
        if (a is None) != (b is None) or (a is not None and abs(a - b) > ROUNDING):
            yield f"{name} was {a}, is {b}"
    if len(before["options"]) != len(after["options"]):
        yield f"{len(before['options'])} options were asked for, now {len(after['options'])}"
    if told.origin["seed"] != again.origin["seed"]:
        yield f"the seed was {told.origin['seed']}, is {again.origin['seed']}"
    for a, b in zip(kept, after["options"], strict=False):
        # What a letter prints is told beside the values, and must follow from them.
        for part in ("option", "found", "changes"):
            now = json.loads(json.dumps(b[part], default=str))
            if a[part] != now:
                yield f"option {b['option']}: {part} was {a[part]}, is {now}"
    for a, b in zip(before["options"], after["options"], strict=False):
        if (a["values"] is None) != (b["values"] is None):
            yield f"option {a['option']} was {'found' if a['found'] else 'not found'}, and now is not so"
        elif a["values"] != b["values"]:
            names = [name for name, value in a["values"].items() if value != b["values"][name]]
            yield f"option {a['option']} differs in {', '.join(map(str, names))}"
