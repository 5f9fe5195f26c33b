"""A stand-in for a bank that the page's engine cannot carry: the package's classifier, taught by h."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..datasets import Dataset
from ..decision import Decision, train_classifier
from ..errors import GenReError

if TYPE_CHECKING:
    from ..genre import GenRe

__all__ = ["StandIn"]

FEWEST = 50  # rows to learn from and to measure on
APART = 5  # of so many people one is measured on


@dataclass(frozen=True)
class StandIn:
    """A fitted method whose bank is a stand-in, and how far that one can be trusted.

    Parameters
    ----------
    genre
        The same method, with the stand-in as its decision.
    agreement
        How often the stand-in and the bank decide alike, from 0 to 1, on rows that it did not learn
        from.
    kept
        How often the bank says yes where the stand-in does, from 0 to 1, on the same rows.
    rows
        How many these are.
    """

    genre: GenRe
    agreement: float
    kept: float
    rows: int

    @classmethod
    def of(cls, genre: GenRe, rows: pd.DataFrame) -> StandIn:
        """Teach the package's classifier what the bank decides about rows, and about answers to them.

        A desk asks about answers more than about people. So for each row that the bank denies, a draw
        of the method is decided as well. One in five people is kept aside with their draw, to measure
        on.

        Raises
        ------
        GenReError
            If there are too few rows, or the bank decides alike about all of them.
        """
        rows = genre.schema.validate(rows, extra="ignore")
        if len(rows) < FEWEST:
            raise GenReError(
                f"{len(rows)} rows are too few to teach a stand-in; give {FEWEST} or more."
            )
        h = genre.decision_
        rows = rows.reset_index(drop=True)
        denied = rows[~h.accepts(rows)]
        who, table = np.arange(len(rows)), rows
        if len(denied):
            drawn = genre.sample(denied, temperature=0.5).options
            who = np.concatenate([who, drawn.index.get_level_values(0)])
            table = pd.concat([rows, drawn])
        table = genre.schema.validate(table.reset_index(drop=True))
        yes = h.accepts(table)
        aside = who % APART == np.random.default_rng(genre.seed).integers(APART)
        if len(np.unique(yes[~aside])) < 2:
            raise GenReError(
                f"The bank decides alike about all of these {len(rows)} rows, so nothing can be learnt from "
                "them; give rows of both kinds."
            )
        target = (
            f"{max(map(str, genre.schema.names), key=len)}: yes"  # longer than any feature's name
        )
        decided = table.assign(**{target: yes.astype(int)})
        bank = Dataset(
            name="rows to distil",
            split="default",
            train=decided[~aside],
            test=decided[aside],
            target=target,
            favourable=1,
            unfavourable=0,
            schema=genre.schema,
            question="What does the bank decide?",
            source="",
            licence="",
            citation="",
        )
        made = train_classifier(bank, balanced=False, seed=genre.seed, progress=genre.progress)
        decision = Decision(made)
        told = decision.accepts(table[aside])
        other = copy(genre)
        other.h, other.decision_ = made, decision
        agreement = float((told == yes[aside]).mean())
        kept = float(yes[aside][told].mean()) if told.any() else 1.0
        return cls(other, agreement, kept, int(aside.sum()))

    @property
    def said(self) -> str:
        """What a reader has to know of it."""
        return (
            "A stand-in answers here, a network that learnt from the bank's decisions: every yes and every "
            f"probability is the stand-in's. On {self.rows:,} rows that it did not learn from, both decide "
            f"alike about {self.agreement:.1%}; of those whom the stand-in accepts, the bank accepts "
            f"{self.kept:.1%}. The bank has the last word."
        )
