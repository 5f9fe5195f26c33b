"""What people ask of their own answers, beside the schema: each for themselves, or one for all."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from .schema import Schema

__all__ = ["Terms"]

EVERYBODY = {"freeze": (), "max_changes": None, "wait": 0}  # what somebody asks who asks nothing


@dataclass(frozen=True)
class Terms:
    """What a person asks of their own answer; the schema's terms hold beside.

    Each may be one for all, or a Series or dict by person.

    Parameters
    ----------
    freeze
        Names of features that stay as they are.
    bounds
        For each feature named, the lowest and the highest value that may be advised, ``None`` for
        no bound; in the column's unit, for an ordinal feature levels.
    largest
        For each feature named, the largest change, in the column's unit or in levels; ``None`` for no
        limit.
    max_changes
        How many features may change. Clocks do not count, nor does what a relation computes.
    weights
        For each feature named, how hard one range of it is, in place of the schema's weight.
    wait
        Years the person would wait, of which whole ones count; clocks move together by at most that.

    Examples
    --------
    >>> Terms(freeze=["job"], bounds={"income": (None, 40_000)}, max_changes=2).freeze
    ['job']
    """

    freeze: Sequence | Mapping | pd.Series = ()
    bounds: Mapping | None = None
    largest: Mapping | None = None
    max_changes: int | Mapping | pd.Series | None = None
    weights: Mapping | None = None
    wait: float | Mapping | pd.Series = 0


def terms_of(
    single: Mapping[Hashable, Mapping],
    labels: Sequence[Hashable],
    schema: Schema,
    common: Mapping | None = None,
) -> dict:
    """Terms by name, from those of single people and those common to all.

    Examples
    --------
    >>> from genre_lite import Feature, Schema
    >>> schema = Schema([Feature("income")])
    >>> terms_of({"ana": {"largest": {"income": 5}}}, ["ana", "ben"], schema)
    {'largest': {'income': {'ana': 5, 'ben': inf}}}
    """
    common = common or {}
    asked: dict = {}
    for term in dict.fromkeys(term for terms in (common, *single.values()) for term in terms):
        if not any(term in own for own in single.values()):
            asked[term] = _pairs(common[term]) if term not in EVERYBODY else common[term]
            continue
        each = {
            label: single.get(label, {}).get(term, common.get(term, EVERYBODY.get(term, {})))
            for label in labels
        }
        asked[term] = each if term in EVERYBODY else _by_feature(term, each, schema)
    return asked


def _by_feature(term: str, each: Mapping[Hashable, Mapping], schema: Schema) -> dict:
    """From a person's features to a feature's people; whoever says nothing is bound by nothing."""

    def unbound(feature: str) -> object:
        return {"bounds": (None, None), "largest": math.inf}.get(term) or schema[feature].weight

    return {
        feature: {label: _pairs(own).get(feature, unbound(feature)) for label, own in each.items()}
        for feature in dict.fromkeys(feature for own in each.values() for feature in own)
    }


def _pairs(values: Mapping) -> dict:
    """JSON knows no tuples; bounds are pairs."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
