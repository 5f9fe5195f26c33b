"""How good recourse is: the metrics of the paper, and one table for all methods."""

from .metrics import evaluate

__all__ = ["evaluate"]
