"""UCI Adult: does a person in the United States of 1994 earn more than 50,000 dollars a year?"""

from __future__ import annotations

from ..feature import Feature
from ..schema import Schema
from .table import Table

__all__ = ["ADULT"]

ADULT = Table(
    name="adult",
    rows=45_222,
    question="Does the model predict an income above $50,000?",
    source="UCI Machine Learning Repository, Adult (census survey of 1994)",
    licence="CC BY 4.0 (Barry Becker, Ronny Kohavi)",
    citation="becker1996adult",
    target="income",
    favourable=">50K",
    unfavourable="<=50K",
    schema=Schema(
        [
            Feature("age", low=0, step=1, unit="years", actionability="clock"),
            Feature(
                "workclass",
                "nominal",
                (
                    "Private",
                    "Self-employed",
                    "Self-employed, incorporated",
                    "Federal government",
                    "State government",
                    "Local government",
                    "Without pay",
                ),
                label="kind of employer",
            ),
            Feature(
                "education",
                "ordinal",
                (
                    "Preschool",
                    "1st-4th grade",
                    "5th-6th grade",
                    "7th-8th grade",
                    "9th grade",
                    "10th grade",
                    "11th grade",
                    "12th grade",
                    "High school",
                    "Some college",
                    "Vocational associate",
                    "Academic associate",
                    "Bachelor's",
                    "Master's",
                    "Professional school",
                    "Doctorate",
                ),
                actionability="increasing",
            ),
            Feature(
                "marital-status",
                "nominal",
                (
                    "Never married",
                    "Married to a civilian",
                    "Married to a soldier",
                    "Married, spouse absent",
                    "Separated",
                    "Divorced",
                    "Widowed",
                ),
                actionability="immutable",
                label="marital status",
            ),
            Feature(
                "occupation",
                "nominal",
                (
                    "Administrative support",
                    "Armed forces",
                    "Craft and repair",
                    "Executive or manager",
                    "Farming or fishing",
                    "Handler or cleaner",
                    "Household service",
                    "Machine operator or inspector",
                    "Other service",
                    "Professional specialty",
                    "Protective service",
                    "Sales",
                    "Technical support",
                    "Transport or moving",
                ),
            ),
            Feature(
                "relationship",
                "nominal",
                (
                    "Husband",
                    "Wife",
                    "Child",
                    "Other relative",
                    "Not in a family",
                    "Unmarried",
                ),
                actionability="immutable",
                label="role in the household",
            ),
            Feature(
                "race",
                "nominal",
                (
                    "American Indian or Eskimo",
                    "Asian or Pacific Islander",
                    "Black",
                    "Other",
                    "White",
                ),
                actionability="immutable",
            ),
            Feature("sex", "nominal", ("Female", "Male"), actionability="immutable"),
            Feature("capital-gain", low=0, step=1, unit="US dollars", label="capital gain"),
            Feature("capital-loss", low=0, step=1, unit="US dollars", label="capital loss"),
            Feature(
                "hours-per-week",
                low=0,
                high=168,
                step=1,
                unit="hours a week",
                label="working time",
            ),
            Feature(
                "native-country",
                "nominal",
                ("Other", "United States"),
                actionability="immutable",
                label="country of birth",
            ),
        ]
    ),
    paper={
        "categorical": (
            "workclass",
            "marital-status",
            "occupation",
            "relationship",
            "race",
            "sex",
            "native-country",
        ),
        "immutable": ("race", "sex"),
        "free": ("age",),
    },
)
