"""UCI German Credit (Statlog): is a loan of a German bank of the 1970s repaid as agreed?"""

from __future__ import annotations

from ..schema import Feature, Schema
from .table import Table

__all__ = ["GERMAN"]

GERMAN = Table(
    name="german",
    rows=1_000,
    question="Is the applicant a good credit risk?",
    source="UCI Machine Learning Repository, Statlog (German Credit Data)",
    licence="CC BY 4.0 (Hans Hofmann)",
    citation="hofmann1994german",
    target="credit",
    favourable="good",
    unfavourable="bad",
    schema=Schema(
        [
            Feature(
                "checking-account",
                "nominal",
                ("No account", "Below 0 DM", "0 to 200 DM", "200 DM or more"),
                label="checking account",
            ),
            Feature("duration", low=1, step=1, unit="months", label="duration of the loan"),
            Feature(
                "credit-history",
                "nominal",
                (
                    "No credits, or all repaid duly",
                    "All credits at this bank repaid duly",
                    "Existing credits repaid duly so far",
                    "Late payments in the past",
                    "Critical account, or credits elsewhere",
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
                    "Education",
                    "Furniture or equipment",
                    "New car",
                    "Other",
                    "Radio or television",
                    "Repairs",
                    "Retraining",
                    "Used car",
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
                    "500 to 1,000 DM",
                    "1,000 DM or more",
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
                actionability="increasing",
                label="time in the present job",
            ),
            Feature(
                "instalment-rate",
                low=1,
                high=4,
                step=1,
                label="instalment rate, as coded by the bank",
            ),
            Feature(
                "personal-status",
                "nominal",
                (
                    "Female, divorced, separated or married",
                    "Male, divorced or separated",
                    "Male, married or widowed",
                    "Male, single",
                ),
                actionability="immutable",
                label="sex and marital status",
            ),
            Feature(
                "other-debtors",
                "nominal",
                ("Nobody", "Co-applicant", "Guarantor"),
                label="who else answers for the loan",
            ),
            Feature(
                "residence",
                low=1,
                high=4,
                step=1,
                actionability="increasing",
                label="time at the present address, as coded by the bank",
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
            Feature("age", low=0, step=1, unit="years", actionability="increasing"),
            Feature(
                "other-plans",
                "nominal",
                ("No other plan", "At a bank", "At stores"),
                label="other instalment plans",
            ),
            Feature("housing", "nominal", ("Free of charge", "Rented", "Owned")),
            Feature(
                "existing-credits",
                low=1,
                high=4,
                step=1,
                actionability="decreasing",
                label="credits at this bank, as coded by the bank",
            ),
            Feature(
                "job",
                "ordinal",
                (
                    "Unemployed, or unskilled and not resident",
                    "Unskilled and resident",
                    "Skilled",
                    "Manager, self-employed or highly qualified",
                ),
                actionability="increasing",
            ),
            Feature(
                "people-liable",
                low=1,
                high=2,
                step=1,
                actionability="immutable",
                label="dependants, as coded by the bank",
            ),
            Feature("telephone", "nominal", ("no", "yes"), label="telephone in own name"),
            Feature(
                "foreign-worker",
                "nominal",
                ("no", "yes"),
                actionability="immutable",
                label="foreign worker",
            ),
        ]
    ),
)
