"""Three tables in the plane whose densities are known, so that recourse can be compared with truth.

In moons and circles a fair coin gives the label y, and then x = c_y(t) + σ·ε: a point of the
label's curve c_y at a uniform angle t, plus Gaussian noise. In corr the point comes first and the
label is drawn given the point; this one is the GenRe paper's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import pandas as pd
from scipy.special import expit, i0e

from ..errors import GenReError
from ..feature import Feature
from ..schema import Schema
from .dataset import Dataset

__all__ = ["Toy", "make_toy"]

Box = tuple[tuple[float, float], tuple[float, float]]


class World:
    """How a toy's points and labels come about."""

    rows = 2000
    bundled = True
    splits = ("default",)
    licence = "none needed: drawn by the package"
    name: str
    question: str
    box: Box
    schema = Schema([Feature("x1"), Feature("x2")])

    def draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 2) and labels (n,)."""
        raise NotImplementedError

    def density(self, points: np.ndarray) -> np.ndarray:
        """p(x | y = 1), points (n, 2) -> (n,)."""
        raise NotImplementedError

    def probability(self, points: np.ndarray) -> np.ndarray:
        """P(y = 1 | x), points (n, 2) -> (n,)."""
        raise NotImplementedError


class NoisyCurves(World):
    """Two equally likely labels, each a curve blurred by Gaussian noise."""

    sigma: float
    turn: float

    def curve(self, angle: np.ndarray, label: np.ndarray | int) -> np.ndarray:
        """The label's curve at angles in [0, turn], (n, 2)."""
        raise NotImplementedError

    def log_density(self, points: np.ndarray, label: int) -> np.ndarray:
        """log p(x | y = label), (n,)."""
        raise NotImplementedError

    def draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        label = rng.integers(0, 2, n)
        centre = self.curve(rng.uniform(0, self.turn, n), label)
        return centre + self.sigma * rng.standard_normal((n, 2)), label

    def density(self, points: np.ndarray) -> np.ndarray:
        return np.exp(self.log_density(points, 1))

    def probability(self, points: np.ndarray) -> np.ndarray:
        return expit(self.log_density(points, 1) - self.log_density(points, 0))


class Moons(NoisyCurves):
    """Two half circles that reach into each other; the lower one is favourable."""

    name = "moons"
    question = "Does the point come from the lower moon?"
    box = ((-1.75, 2.75), (-1.25, 1.75))
    sigma = 0.15
    turn = np.pi
    # The integrand is a bump of width σ on an arc of length π: 64 nodes give machine precision.
    nodes, weights = np.polynomial.legendre.leggauss(64)

    def curve(self, angle: np.ndarray, label: np.ndarray | int) -> np.ndarray:
        side = 1 - 2 * label
        return np.stack([label + side * np.cos(angle), label / 2 + side * np.sin(angle)], axis=-1)

    def log_density(self, points: np.ndarray, label: int) -> np.ndarray:
        """log (1/π) ∫₀^π N(x; c(t), σ²I) dt, by Gauss–Legendre."""
        centres = self.curve(np.pi / 2 * (self.nodes + 1), label)
        terms = (
            np.log(weight / 2) - ((points - centre) ** 2).sum(axis=1) / (2 * self.sigma**2)
            for centre, weight in zip(centres, self.weights, strict=True)
        )
        return reduce(np.logaddexp, terms) - np.log(2 * np.pi * self.sigma**2)


class Circles(NoisyCurves):
    """A ring within a ring; the inner one is favourable."""

    name = "circles"
    question = "Does the point come from the inner ring?"
    box = ((-1.5, 1.5), (-1.5, 1.5))
    sigma = 0.1
    turn = 2 * np.pi
    radius = np.array([1.0, 0.5])

    def curve(self, angle: np.ndarray, label: np.ndarray | int) -> np.ndarray:
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return self.radius[label][..., None] * circle

    def log_density(self, points: np.ndarray, label: int) -> np.ndarray:
        """log exp(−(r² + R²) / 2σ²) I₀(rR / σ²) / 2πσ², with r = ‖x‖ and R the ring's radius."""
        r, variance = np.hypot(*points.T), self.sigma**2
        ring = self.radius[label]
        # i0e(z) = exp(−z) I₀(z) does not overflow; its factor turns r² + R² into (r − R)².
        bessel = np.log(i0e(r * ring / variance))
        return bessel - (r - ring) ** 2 / (2 * variance) - np.log(2 * np.pi * variance)


class Corr(World):
    """Two correlated wedges, x2 = tanh(20 x1) · U[0, ½], and a label that is nowhere certain."""

    name = "corr"
    question = "Does the point's noisy label come out as 1?"
    box = ((-0.5, 0.5), (-0.5, 0.5))
    schema = Schema([Feature("x1", low=-0.5, high=0.5), Feature("x2", low=-0.5, high=0.5)])

    def draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x1 = rng.uniform(-0.5, 0.5, n)
        points = np.stack([x1, np.tanh(20 * x1) * rng.uniform(0, 0.5, n)], axis=1)
        return points, (rng.uniform(size=n) < self.probability(points)).astype(int)

    def density(self, points: np.ndarray) -> np.ndarray:
        """p(x) P(y = 1 | x) / P(y = 1), with p(x) = 2 / |tanh(20 x1)| on the two wedges.

        P(y = 1) is exactly ½: changing the sign of both coordinates keeps p(x) and turns
        P(y = 1 | x) into 1 − P(y = 1 | x).
        """
        x1, x2 = points.T
        slope = np.tanh(20 * x1)
        inside = (np.abs(x1) <= 0.5) & (x2 * slope >= 0) & (np.abs(x2) <= np.abs(slope) / 2)
        inside &= slope != 0
        marginal = np.divide(2, np.abs(slope), out=np.zeros(len(points)), where=inside)
        return marginal * self.probability(points) / 0.5

    def probability(self, points: np.ndarray) -> np.ndarray:
        """sigmoid((x2 + 60 x1³) / 0.5)."""
        x1, x2 = points.T
        return expit((x2 + 60 * x1**3) / 0.5)


TOYS: dict[str, World] = {world.name: world for world in (Moons(), Circles(), Corr())}


@dataclass(frozen=True, eq=False, repr=False)
class Toy(Dataset):
    """A table in the plane, with the density that its points were drawn from.

    Examples
    --------
    >>> from genre_lite.datasets import load_dataset
    >>> toy = load_dataset("circles")
    >>> toy.probability([[0.5, 0.0], [1.0, 0.0]]).round(3).tolist()
    [1.0, 0.0]
    >>> points, area = toy.grid(100)
    >>> round(toy.density(points).sum().item() * area, 6)
    1.0
    """

    world: World = field(kw_only=True)

    def density(self, points: pd.DataFrame | np.ndarray) -> np.ndarray:
        """The density of favourable points, p(x | y = 1).

        Equation: :eq:`denied-plausibility`.

        Parameters
        ----------
        points
            Shape (n, 2), columns x1 and x2.

        Returns
        -------
        ndarray of shape (n,)
        """
        return self.world.density(self._coordinates(points))

    def probability(self, points: pd.DataFrame | np.ndarray) -> np.ndarray:
        """The probability of the favourable label, P(y = 1 | x), (n, 2) -> (n,)."""
        return self.world.probability(self._coordinates(points))

    def grid(self, m: int) -> tuple[np.ndarray, float]:
        """Midpoints of m × m equal cells over the box that holds the mass, and a cell's area.

        Returns
        -------
        points : ndarray of shape (m * m, 2)
            x1 varies slowest.
        area : float
        """
        axes = []
        area = 1.0
        for low, high in self.world.box:
            width = (high - low) / m
            axes.append(low + width * (np.arange(m) + 0.5))
            area *= width
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2), area

    def _coordinates(self, points: pd.DataFrame | np.ndarray) -> np.ndarray:
        if isinstance(points, pd.DataFrame):
            points = self.schema.validate(points, extra="ignore")
        array = np.asarray(points, dtype=float)
        if array.ndim != 2 or array.shape[1] != 2:
            raise GenReError(f"Points have shape {array.shape}; a toy lives in (n, 2).")
        return array


def make_toy(name: str, split: str = "default", seed: int = 0, n: int | None = None) -> Toy:
    """Draw a toy: the first three quarters of its rows are for training."""
    world = TOYS[name]
    n = world.rows if n is None else n
    if split not in world.splits:
        raise GenReError(f"{name!r} has no split {split!r}; a toy has only 'default'.")
    if not (isinstance(n, int | np.integer) and n >= 4):
        raise GenReError(f"n is {n!r}; a toy needs a whole number of at least 4 rows.")
    points, label = world.draw(np.random.default_rng(seed), n)
    frame = pd.DataFrame(points, columns=world.schema.names).assign(y=label)
    first_test = 3 * n // 4
    return Toy(
        name=name,
        split=split,
        train=frame.iloc[:first_test],
        test=frame.iloc[first_test:],
        target="y",
        favourable=1,
        unfavourable=0,
        schema=world.schema,
        question=world.question,
        source=f"drawn by genre_lite with seed {seed}",
        licence=world.licence,
        citation="garg2025genre",
        world=world,
    )
