"""A bank's model as plain arrays: layers, of which a linear model has one, or trees; and links to probabilities."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Layers", "Trees"]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _softmax(x: np.ndarray) -> np.ndarray:
    share = np.exp(x - x.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


def _each(x: np.ndarray) -> np.ndarray:
    share = _sigmoid(x)
    return share / share.sum(axis=1, keepdims=True)


LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda x: x,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "each": _each,
}
BENDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "logistic": _sigmoid,
    "identity": lambda x: x,
}


@dataclass(frozen=True)
class Layers:
    """A network; a linear model is one layer.

    Parameters
    ----------
    weights, biases
        Of each layer, (outputs, inputs) and (outputs,).
    bend
        What stands between two layers, a name of ``BENDS``.
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    bend: str = "relu"

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return sum(w.size + b.size for w, b in zip(self.weights, self.biases, strict=True))

    @property
    def said(self) -> str:
        """What it is, for the foot of a page."""
        kind = "a linear model" if len(self.weights) == 1 else "a network"
        return f"{kind} of {self.size:,} weights"

    def ask(self, x: np.ndarray) -> np.ndarray:
        """Sums before the link, (rows, outputs)."""
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = (BENDS[self.bend](x) if i else x) @ weight.T + bias
        return x

    def plain(self) -> dict[str, Any]:
        """For the engine."""
        return {
            "bend": self.bend,
            "layers": [
                {
                    "weight": {"shape": list(w.shape), "data": w.ravel().tolist()},
                    "bias": b.tolist(),
                }
                for w, b in zip(self.weights, self.biases, strict=True)
            ],
        }


@dataclass
class Trees:
    """An ensemble as flat arrays, each tree a root before its left branch before its right one.

    Parameters
    ----------
    base
        What the sums begin with, one an output.
    over
        What they are divided by at last: the number of trees, where the answer is their mean.
    single
        Whether they are added up in single precision.

    Attributes
    ----------
    split
        4 times the input, and 2 if a set decides, and 1 if a gap goes left; -1 at a leaf.
    right
        Where the right branch begins; the left one is the next node.
    number
        What goes left at most, or which set does; at a leaf its value.
    sets
        Categories that go left.
    roots, outputs
        Where each tree begins, and to which output it adds.
    """

    base: list[float]
    over: float = 1.0
    single: bool = False
    split: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    number: list[float] = field(default_factory=list)
    sets: list[list[int]] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def grow(self, node: Callable[[Any], tuple], root: Any, output: int = 0) -> None:
        """Add a tree. ``node`` tells of a leaf ``(value,)``, of a split ``(input, at most, gap goes left,
        left, right)``, with a list of categories in place of a number where a set decides."""
        self.roots.append(len(self.split))
        self.outputs.append(output)
        waiting: list[tuple[Any, int | None]] = [(root, None)]
        while waiting:
            at, above = waiting.pop()
            if above is not None:
                self.right[above] = len(self.split)
            told = node(at)
            if len(told) == 1:
                self._put(-1, told[0])
                continue
            place, most, gap_left, left, right = told
            by_set = isinstance(most, list)
            if by_set:
                self.sets.append(sorted(most))
                most = len(self.sets) - 1
            waiting += [(right, len(self.split)), (left, None)]
            self._put(4 * int(place) + 2 * by_set + bool(gap_left), most)

    def _put(self, split: int, number: float) -> None:
        self.split.append(split)
        self.right.append(0)
        self.number.append(float(number))

    @property
    def size(self) -> int:
        """How many numbers it holds, a threshold or a set a split and a value a leaf."""
        return len(self.number) + sum(map(len, self.sets))

    @property
    def said(self) -> str:
        """What it is, for the foot of a page."""
        splits = sum(split >= 0 for split in self.split)
        trees = len(self.roots)
        return f"{trees:,} {'tree' if trees == 1 else 'trees'} with {splits:,} splits"

    def ask(self, x: np.ndarray) -> np.ndarray:
        """Sums before the link, (rows, outputs)."""
        split, right = np.array(self.split), np.array(self.right)
        number = np.array(self.number)
        kind = np.float32 if self.single else np.float64
        sums = np.tile(np.array(self.base, dtype=kind), (len(x), 1))
        for root, output in zip(self.roots, self.outputs, strict=True):
            at = np.full(len(x), root)
            while (open_ := split[at] >= 0).any():
                rows, here = np.flatnonzero(open_), at[open_]
                what = split[here]
                value = x[rows, what // 4]
                left = value <= number[here]
                for i in np.flatnonzero(what & 2):
                    left[i] = value[i] in self.sets[int(number[here[i]])]
                left = np.where(np.isnan(value), (what & 1) == 1, left)
                at[rows] = np.where(left, here + 1, right[here])
            sums[:, output] += number[at].astype(kind)
        return sums.astype(float) / self.over

    def plain(self) -> dict[str, Any]:
        """For the engine: arrays as base64 of little-endian words."""
        return {
            "base": self.base,
            "over": self.over,
            "single": self.single,
            "sets": self.sets,
            "split": _packed(self.split, "<i4"),
            "right": _packed(self.right, "<i4"),
            "number": _packed(self.number, "<f8"),
            "roots": self.roots,
            "outputs": self.outputs,
        }


def _packed(values: Sequence, kind: str) -> str:
    return base64.b64encode(np.array(values, dtype=kind).tobytes()).decode()
