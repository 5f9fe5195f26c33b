"""Who decides: a model of ``train``, or a classifier that is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import GenReError
from .own_table import means

if TYPE_CHECKING:
    from ..decision import Decision
    from ..genre import GenRe

__all__ = ["decision_of", "load_model", "require_good"]


def decision_of(
    name: str,
    favourable: str | None,
    threshold: float | None,
    columns: list | None,
    kept: Mapping[str, Any] | None = None,
) -> Decision:
    """The bank's own decision; its classes are named as people name the outcome.

    ``kept`` is what letters say of it. A Decision says that itself, and so do options.
    """
    import numpy as np

    from ..decision import Decision
    from ..reading import import_model

    model = import_model(name)
    if isinstance(model, Decision):
        if threshold is not None:
            raise GenReError(
                f"{name} is a Decision and says itself from where on it is a yes "
                f"({model.threshold}); leave --threshold out, or change it there."
            )
        return model if model.columns else Decision(model, columns=columns)
    if kept is not None:
        threshold = kept["threshold"] if threshold is None else threshold
        good = kept["favourable"]
        if favourable is None and isinstance(good, list):
            return Decision(model, favourable=good, threshold=threshold, columns=columns)
        favourable = str(good) if favourable is None and good is not None else favourable
    classes = np.asarray(getattr(model, "classes_", [0, 1])).tolist()
    wanted = [c for c in classes if favourable is not None and means(favourable, c)]
    if favourable is not None and not wanted:
        raise GenReError(
            f"--favourable {favourable} is none of the classes_ of {name}, which are {classes}. If they "
            "are other names for the table's outcomes, say which is the good one beside the model, "
            f"h = genre_lite.Decision(model, favourable={classes[-1]!r}), and give --model "
            f"{name.partition(':')[0]}:h."
        )
    return Decision(
        model, favourable=wanted[0] if wanted else None, threshold=threshold, columns=columns
    )


def require_good(bank: str, favourable: str | None) -> None:
    """Its 1 may be the refusal, as a default is; so nobody guesses."""
    from ..decision import Decision
    from ..reading import import_model

    model = import_model(bank)
    if favourable is None and not isinstance(model, Decision):
        classes = getattr(model, "classes_", [0, 1])
        raise GenReError(
            f"Say which class of {bank} people want: --favourable VALUE, one of {list(classes)}."
        )


def load_model(model: Path, bank: str | None) -> GenRe:
    from ..genre import GenRe
    from ..reading import import_model

    return GenRe.load(
        model, classifier=None if bank is None else import_model(bank), progress=False
    )
