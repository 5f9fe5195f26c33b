"""South German Credit: was a loan that a German bank granted in the 1970s paid back as agreed?

The levels follow the corrected codes of Grömping (2019); the data card tells what was wrong before.
"""

from __future__ import annotations

from ..feature import Feature
from ..schema import Schema
from .table import Table

__all__ = ["GERMAN"]

GERMAN = Table(
    name="german",
    rows=1_000,
    question="Is the applicant expected to pay back as agreed?",
    source="UCI Machine Learning Repository, South German Credit (loans of 1973 to 1975)",
    licence="CC BY 4.0 (Ulrike Grömping)",
    citation="groemping2019south",
    target="credit",
    favourable="good",
    unfavourable="bad",
    schema=Schema(
        [
            Feature(
                "checking-account",
                "ordinal",
                ("No account", "Below 0 DM", "0 to 200 DM", "200 DM or regular salary"),
                actionability="increasing",
                # Upwards from no account lies an overdrawn one: nobody is told to get there.
                bounds=("0 to 200 DM", None),
                label="checking account",
            ),
            Feature(
                "duration",
                low=1,
                step=1,
                unit="months",
                bounds=(4, None),  # the bank's shortest loan
                label="duration of the loan",
            ),
            Feature(
                "credit-history",
                "nominal",
                (
                    "Late payments in the past",
                    "Critical account or credits elsewhere",
                    "No credits or all repaid duly",
                    "Existing credits repaid duly so far",
                    "All credits at this bank repaid duly",
                ),
                actionability="immutable",
                label="credit history",
            ),
            Feature(
                "purpose",
                "nominal",
                (
                    "Business",
                    "Domestic appliances",
                    "Furniture or equipment",
                    "New car",
                    "Other",
                    "Radio or television",
                    "Repairs",
                    "Retraining",
                    "Used car",
                    "Vacation",
                ),
                actionability="immutable",
            ),
            Feature(
                "amount",
                low=1,
                step=1,
                unit="DM",
                actionability="decreasing",
                label="amount of the loan",
            ),
            Feature(
                "savings",
                "ordinal",
                (
                    "Unknown or none",
                    "Below 100 DM",
                    "100 to 500 DM",
                    "500 to 1000 DM",
                    "1000 DM or more",
                ),
                actionability="increasing",
            ),
            Feature(
                "employment",
                "ordinal",
                (
                    "Unemployed",
                    "Less than 1 year",
                    "1 to 4 years",
                    "4 to 7 years",
                    "7 years or more",
                ),
                actionability="clock",
                edges=(None, 0, 1, 4, 7),
                label="time in the present job",
            ),
            Feature(
                "instalment-rate",
                "ordinal",
                ("Below 20 %", "20 to 25 %", "25 to 35 %", "35 % or more"),
                actionability="decreasing",
                label="instalments as a share of income",
            ),
            Feature(
                "personal-status",
                "nominal",
                (
                    "Female non-single or male single",
                    "Female single",
                    "Male divorced or separated",
                    "Male married or widowed",
                ),
                actionability="immutable",
                label="marital status and sex",
            ),
            Feature(
                "other-debtors",
                "nominal",
                ("Nobody", "Co-applicant", "Guarantor"),
                label="who else answers for the loan",
            ),
            Feature(
                "residence",
                "ordinal",
                ("Less than 1 year", "1 to 4 years", "4 to 7 years", "7 years or more"),
                actionability="clock",
                edges=(0, 1, 4, 7),
                label="time at the present address",
            ),
            Feature(
                "property",
                "ordinal",
                (
                    "Unknown or none",
                    "Car or other",
                    "Building society savings or life insurance",
                    "Real estate",
                ),
                actionability="increasing",
                label="most valuable property",
            ),
            Feature("age", low=0, step=1, unit="years", actionability="clock"),
            Feature(
                "other-plans",
                "nominal",
                ("No other plan", "At a bank", "At stores"),
                label="other instalment plans",
            ),
            Feature("housing", "nominal", ("Free of charge", "Rented", "Owned")),
            Feature(
                "existing-credits",
                "ordinal",
                ("One", "Two or three", "Four or five", "Six or more"),
                actionability="immutable",
                label="credits at this bank so far",
            ),
            Feature(
                "job",
                "ordinal",
                (
                    "Unskilled or unemployed and not resident",
                    "Unskilled and resident",
                    "Skilled",
                    "Manager or self-employed or highly qualified",
                ),
                actionability="increasing",
            ),
            Feature(
                "people-liable",
                "ordinal",
                ("0 to 2", "3 or more"),
                actionability="immutable",
                label="dependants",
            ),
            Feature("telephone", "nominal", ("no", "yes"), label="telephone in own name"),
            Feature(
                "foreign-worker",
                "nominal",
                ("no", "yes"),
                actionability="immutable",
                label="foreign worker",
            ),
        ],
        # Who owns the home has real estate: it holds for 103 of the 107 owners.
        relations=("if housing == 'Owned' then property == 'Real estate'",),
    ),
)
