"""FICO HELOC: will an applicant for a home equity line of credit keep up the payments?

The rows are never part of the package: FICO's terms of use forbid it.
"""

from __future__ import annotations

import pandas as pd

from ..feature import Feature
from ..schema import Schema
from .table import Table

__all__ = ["HELOC"]


def fill_without_label(
    train: pd.DataFrame, test: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put one value, the same for both outcomes, where the files hold a mean of the outcome.

    The files' missing values were filled with the mean of the row's own class, in both parts, so
    the filler gives the label away. Every real value is whole and every such mean is not; each is
    replaced by the (lower) median of the real values of the training part.
    """
    real = train[train == train.round()]
    median = real.quantile(0.5, interpolation="lower")
    return (
        train.where(train == train.round(), median, axis=1),
        test.where(test == test.round(), median, axis=1),
    )


HELOC = Table(
    name="heloc",
    rows=9_871,
    question="Is the applicant expected to repay a home equity line of credit?",
    source="FICO Explainable Machine Learning Challenge, as prepared by CARLA",
    licence="FICO's terms of use; not redistributed",
    citation="fico2018heloc",
    target="RiskPerformance",
    favourable=1,
    unfavourable=0,
    schema=Schema(
        [
            Feature(
                "ExternalRiskEstimate",
                low=0,
                step=1,
                unit="points",
                label="risk estimate of other agencies",
            ),
            Feature(
                "MSinceOldestTradeOpen",
                low=0,
                step=1,
                unit="months",
                actionability="clock",
                label="age of the oldest account",
            ),
            Feature(
                "MSinceMostRecentTradeOpen",
                low=0,
                step=1,
                unit="months",
                actionability="clock",
                label="age of the newest account",
            ),
            Feature(
                "AverageMInFile",
                low=0,
                step=1,
                unit="months",
                actionability="clock",
                label="mean age of the accounts",
            ),
            Feature(
                "NumSatisfactoryTrades",
                low=0,
                step=1,
                unit="accounts",
                label="accounts in good order",
            ),
            Feature(
                "NumTrades60Ever2DerogPubRec",
                low=0,
                step=1,
                unit="accounts",
                actionability="increasing",
                label="accounts ever 60 days late",
            ),
            Feature(
                "NumTrades90Ever2DerogPubRec",
                low=0,
                step=1,
                unit="accounts",
                actionability="increasing",
                label="accounts ever 90 days late",
            ),
            Feature(
                "PercentTradesNeverDelq",
                low=0,
                high=100,
                step=1,
                unit="%",
                label="accounts never late",
            ),
            Feature(
                "MSinceMostRecentDelq",
                low=0,
                step=1,
                unit="months",
                actionability="clock",
                label="time since the last late payment",
            ),
            Feature("NumTotalTrades", low=0, step=1, unit="accounts", label="all accounts"),
            Feature(
                "NumTradesOpeninLast12M",
                low=0,
                step=1,
                unit="accounts",
                label="accounts opened in the last year",
            ),
            Feature(
                "PercentInstallTrades",
                low=0,
                high=100,
                step=1,
                unit="%",
                label="accounts repaid by instalments",
            ),
            Feature(
                "MSinceMostRecentInqexcl7days",
                low=0,
                step=1,
                unit="months",
                actionability="clock",
                label="time since the last inquiry (last week left out)",
            ),
            Feature(
                "NumInqLast6M",
                low=0,
                step=1,
                unit="inquiries",
                label="inquiries in the last six months",
            ),
            Feature(
                "NumInqLast6Mexcl7days",
                low=0,
                step=1,
                unit="inquiries",
                label="inquiries in the last six months (last week left out)",
            ),
            Feature(
                "NetFractionRevolvingBurden",
                low=0,
                step=1,
                unit="%",
                label="revolving balance over credit limit",
            ),
            Feature(
                "NetFractionInstallBurden",
                low=0,
                step=1,
                unit="%",
                label="instalment balance over original loan",
            ),
            Feature(
                "NumRevolvingTradesWBalance",
                low=0,
                step=1,
                unit="accounts",
                label="revolving accounts with a balance",
            ),
            Feature(
                "NumInstallTradesWBalance",
                low=0,
                step=1,
                unit="accounts",
                label="instalment accounts with a balance",
            ),
            Feature(
                "NumBank2NatlTradesWHighUtilization",
                low=0,
                step=1,
                unit="accounts",
                label="cards close to their limit",
            ),
            Feature(
                "PercentTradesWBalance",
                low=0,
                high=100,
                step=1,
                unit="%",
                label="accounts with a balance",
            ),
        ]
    ),
    paper={},
    bundled=False,
    balanced=False,  # as the paper's classifier of this table was trained
    mend=fill_without_label,
)
