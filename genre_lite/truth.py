"""Who is surely accepted: rows that the bank accepts, and that the estimates of the truth believe in.

What a method learns from or copies are these people, :math:`\\{t : h \\text{ accepts } t,\\
\\hat V(t) > \\gamma,\\ \\hat P(t) > 1/2\\}`.
"""

from __future__ import annotations

import numpy as np

from .codec import Codec
from .errors import GenReError, warn
from .surrogate import Teacher

__all__ = ["estimated"]

FEW = 50  # people: fewer teach little
WIDE = 20  # levels: an immutable feature with more is left out of the estimates


def estimated(
    codec: Codec,
    cube: np.ndarray,
    labels: np.ndarray,
    yes: np.ndarray,
    margin: float,
    *,
    seed: int,
    progress: bool,
) -> tuple[Teacher, np.ndarray]:
    """The teacher of some training rows, and which of them are surely valid and plausible.

    Parameters
    ----------
    codec, cube
        The rows in the unit cube, (rows, d).
    labels, yes
        Their 0/1 labels, and whether the bank accepts them, each (rows,).
    margin
        γ: how sure V̂ must be.

    Returns
    -------
    the teacher, and booleans (rows,), which hold of some whom the bank denies too

    Raises
    ------
    GenReError
        If nobody is accepted, surely valid and plausible.
    """
    design = codec.design(cube)
    teacher = Teacher(inputs=_judged(codec), codes=codec.codes).fit(
        design, labels, seed=seed, progress=progress
    )
    sure = _sure(teacher, design, margin)
    if (yes & sure).sum() < FEW:
        # Where a favourable outcome is rare, few reach ½; then as many count as the bank accepts.
        border = float(np.quantile(teacher.chance, 1 - yes.mean()))
        if border < teacher.border:
            teacher.border = border
            teacher.judge(design, seed=seed)
            sure = _sure(teacher, design, margin)
    target = yes & sure
    if not target.any():
        counts = {
            "that the bank accepts": yes,
            f"with V̂ > {margin:g} (validity_margin; the labels decide)": teacher.valid > margin,
            "with P̂ > 0.5 (people like these exist)": teacher.plausible > 0.5,
        }
        told = ", ".join(f"{int(who.sum())} {what}" for what, who in counts.items())
        raise GenReError(
            f"None of the {len(cube)} rows is surely accepted, so there is nobody to learn from. There "
            f"are {told}, and nobody is all three. Lower validity_margin, leave y out, or give "
            "more rows."
        )
    if target.sum() < FEW:
        warn(
            f"Only {int(target.sum())} of the {len(cube)} rows are surely accepted, and all answers are "
            f"learnt from them; with fewer than {FEW}, take them with care, or lower "
            "validity_margin, or give more rows.",
        )
    return teacher, sure


def _sure(teacher: Teacher, design: np.ndarray, margin: float) -> np.ndarray:
    """Which training rows are surely valid and plausible, booleans (rows,)."""
    sure = teacher.valid > margin
    if sure.any():
        sure[sure] = teacher.plausibility(design[sure]) > 0.5
    return sure


def _judged(codec: Codec) -> np.ndarray:
    """Which inputs plausibility looks at: not the many levels of what nobody can change."""
    inputs = np.ones(codec.blocks[-1].stop, dtype=bool)
    for f, block in zip(codec.schema, codec.blocks, strict=True):
        if f.actionability == "immutable" and block.stop - block.start > WIDE:
            inputs[block] = False
    return inputs
