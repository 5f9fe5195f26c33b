"""COMPAS: is a defendant scored as a high risk? A benchmark of the literature, not a loan."""

from __future__ import annotations

from ..feature import Feature
from ..schema import Schema
from .table import Table

__all__ = ["COMPAS"]

COMPAS = Table(
    name="compas",
    rows=6_172,
    question="Is the defendant's risk score below high?",
    source="ProPublica, compas-scores-two-years (Broward County, Florida, 2013 and 2014)",
    licence="none stated (public records, published by ProPublica)",
    citation="larson2016compas",
    target="score",
    favourable="low or medium risk",
    unfavourable="high risk",
    schema=Schema(
        [
            Feature("age", low=0, step=1, unit="years", actionability="clock"),
            Feature("two_year_recid", "nominal", ("no", "yes"), label="charged again in two years"),
            Feature(
                "c_charge_degree",
                "nominal",
                ("felony", "misdemeanour"),
                label="degree of the charge",
            ),
            Feature("race", "nominal", ("African-American", "Other"), actionability="immutable"),
            Feature("sex", "nominal", ("Female", "Male"), actionability="immutable"),
            Feature("priors_count", low=0, step=1, unit="offences", label="prior offences"),
            # The source times some releases hours before the arrest; whole days make them -1.
            Feature(
                "length_of_stay",
                low=-1,
                step=1,
                unit="days",
                label="time in jail",
                bounds=(0, None),  # nobody is told to leave before they came
            ),
        ]
    ),
    paper={
        "categorical": ("two_year_recid", "c_charge_degree", "race", "sex"),
        "immutable": ("race", "sex"),
        "free": ("age",),
    },
)
