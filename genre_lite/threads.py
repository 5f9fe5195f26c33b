"""How many threads to compute on: one, unless ``OMP_NUM_THREADS`` says otherwise.

The networks are so small that more threads mostly wait for each other, and on a busy machine they
wait long. A sum that is split over threads is also rounded otherwise, so one thread is what makes
two runs agree to the bit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["one_thread", "threads"]


def threads() -> int:
    """Return how many threads a fit may take, as for scikit-learn's ``n_jobs``.

    Returns
    -------
    int
        What the environment variable ``OMP_NUM_THREADS`` says; 1 if it is not set, or says nothing
        that can be used. Of a list such as ``4,2``, one number a level, the first counts.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict("os.environ", OMP_NUM_THREADS="2"):
    ...     threads()
    2
    """
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return max(int(first), 1) if first.isdecimal() else 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, and what else computes by OpenMP, take :func:`threads` threads; as before afterwards.

    The bank's own model may be a booster of scikit-learn or LightGBM, which would take every core.

    It may be nested, and it may be entered from several Python threads at once.

    Examples
    --------
    >>> import torch
    >>> with one_thread():
    ...     torch.get_num_threads() == threads()
    True
    """
    import torch  # here, so that what never fits a network never waits for torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads())
    try:
        with _controller(len(sys.modules)).limit(limits=threads(), user_api="openmp"):
            yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _controller(modules: int) -> ThreadpoolController:
    """The libraries that are loaded; looked for again once another module has been imported."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
