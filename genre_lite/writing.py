"""Writing an answer feature by feature, so that it cannot break a term.

At each step there is a mask: which values of the next feature may be written, given what is written.
Writing never ends in a dead end, for it carries a witness: a whole answer that keeps every term and
begins with what is written. At first that is the person as they are. A value is allowed if the
witness keeps every term with it, or can be made to by one more change to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .limits import Limits

__all__ = ["Writing"]

TRIED = (
    16  # how many values of a feature to come are tried, where a relation asks for another change
)


class Writing:
    """What may come next, for k candidates a person.

    Attributes
    ----------
    points
        The witness, (people, k, d): what is written, and an ending that keeps every term.
    """

    def __init__(self, limits: Limits, years: np.ndarray) -> None:
        self.limits = limits
        self.rows = np.broadcast_to(np.arange(len(limits))[:, None], years.shape)
        start = limits.after(years, self.rows)
        if limits.relations:  # where waiting alone breaks a relation, nobody waits
            flat, rows = start.reshape(-1, start.shape[-1]), self.rows.ravel()
            flat = limits.follow(flat, rows)
            fine = limits.keeps(flat, rows)
            start = np.where(fine[:, None], flat, limits.cube[rows]).reshape(start.shape)
        self.points = start
        self._counted = limits.counted()
        self._changes = np.zeros(years.shape, dtype=int)
        self._plans = bool(limits.relations)
        self._tight = (limits.most < self._counted.sum())[:, None]

    def mask(self, j: int) -> np.ndarray:
        """Which tokens of feature j may be written, booleans of shape (people, k or 1, size)."""
        limits, codec = self.limits, self.limits.codec
        size, own = codec.sizes[j], limits.own[:, j, None]
        if limits.clocks[j] or j in limits.defined:
            here = codec.tokens(self.points.reshape(-1, self.points.shape[-1]))[:, j]
            return here.reshape(*self.rows.shape, 1) == np.arange(size)
        may = limits.allowed[:, j, None, :size]
        if self._plans:
            may = may & self._feasible(j)
        elif self._tight.any():
            full = self._tight & (self._changes >= limits.most[:, None])
            may = may & (~full[..., None] | (np.arange(size) == own[..., None]))
        return may

    def take(self, j: int, tokens: np.ndarray) -> None:
        """Write feature j of every candidate, tokens of shape (people, k)."""
        limits = self.limits
        if limits.clocks[j] or j in limits.defined:
            return
        own = limits.own[:, j, None]
        same = tokens == own
        if self._plans and self._matters(j):
            self._plan(j, tokens, same)
        value = limits.grid(j)[tokens]
        self.points[..., j] = np.where(same, limits.cube[:, j, None], value)
        self._changes += ~same
        if limits.defined:
            flat = limits.follow(self.points.reshape(-1, self.points.shape[-1]), self.rows.ravel())
            self.points = flat.reshape(self.points.shape)

    # -- relations: the witness may need one more change to come -------------------------------

    def _matters(self, j: int) -> bool:
        return bool(self._tight.any()) or any(j in names for names in self.limits.touched)

    def _partners(self, j: int) -> list[int]:
        limits = self.limits
        ahead = {i for names in limits.touched if j in names for i in names if i > j}
        # What a relation computes leads on to what it is computed of.
        for i in list(ahead):
            if i in limits.defined:
                ahead |= {p for names in limits.touched if i in names for p in names if p > j}
        return sorted(i for i in ahead if not limits.clocks[i] and i not in limits.defined)

    def _holds(self, rows: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Whether whole answers keep relations and counts, and what is computed its own terms."""
        limits = self.limits
        shape = points.shape[:-1]
        flat, who = points.reshape(-1, points.shape[-1]), np.broadcast_to(rows, shape).ravel()
        flat = limits.follow(flat, who)
        values = limits.values(flat)
        fine = np.ones(len(flat), dtype=bool)
        for r, relation in enumerate(limits.relations):
            fine &= ~limits.active[who, r] | relation.holds(values)
        moved = limits.changed(flat, who)
        fine &= moved[:, self._counted].sum(axis=1) <= limits.most[who]
        for j in limits.defined:
            fine &= ~moved[:, j] | limits.may_be(j, flat[:, j], who)
        return fine.reshape(shape)

    def _tried(self, i: int) -> np.ndarray:
        """Tokens of feature i that are tried, each person's nearest first, (people, tried)."""
        grid, mine = self.limits.codec.grid[i], self.limits.cube[:, i, None]
        some = np.unique(np.linspace(0, len(grid) - 1, TRIED).astype(int))
        far = np.abs(grid[some] - np.nan_to_num(mine, nan=0.5)).round(9)
        return some[np.argsort(far, axis=1, kind="stable")]

    def _may_become(self, i: int, token: np.ndarray) -> np.ndarray:
        """Whether feature i may change to a token, one a person: (people, 1); one's own is no change."""
        own, everybody = self.limits.own[:, i], np.arange(len(self.limits))
        return (self.limits.allowed[everybody, i, token] & (token != own))[:, None]

    def _feasible(self, j: int) -> np.ndarray:
        limits, size = self.limits, self.limits.codec.sizes[j]
        if not self._matters(j):
            return np.ones((1, 1, size), dtype=bool)
        value = limits.grid(j)
        own = np.arange(size) == limits.own[:, j, None, None]
        with_j = np.repeat(self.points[:, :, None], size, axis=2)
        with_j[..., j] = np.where(own, limits.cube[:, j, None, None], value)
        rows = self.rows[..., None]
        fine = self._holds(rows, with_j)
        for i in self._partners(j):
            for token in self._tried(i).T:
                left = ~fine & self._may_become(i, token)[..., None]
                if left.any():
                    changed = with_j.copy()
                    changed[..., i] = limits.codec.grid[i][token][:, None, None]
                    fine[left] = self._holds(np.broadcast_to(rows, fine.shape)[left], changed[left])
        stays = np.arange(size) == limits.codec.tokens(
            self.points.reshape(-1, self.points.shape[-1])
        )[:, j].reshape(*self.rows.shape, 1)
        return fine | stays  # the witness itself is always a way on

    def _plan(self, j: int, tokens: np.ndarray, same: np.ndarray) -> None:
        """Where the witness does not hold with what is written, find the change to come that mends it."""
        limits = self.limits
        mine = limits.cube[:, j, None]
        with_j = self.points.copy()
        with_j[..., j] = np.where(same, mine, limits.grid(j)[tokens])
        fine = self._holds(self.rows, with_j)
        for i in self._partners(j):
            for token in self._tried(i).T:
                left = ~fine & self._may_become(i, token)
                if not left.any():
                    continue
                changed = with_j[left]
                other = limits.codec.grid[i][token][:, None]
                changed[..., i] = np.broadcast_to(other, left.shape)[left]
                works = self._holds(self.rows[left], changed)
                where = np.flatnonzero(left.ravel())[works]
                with_j.reshape(-1, with_j.shape[-1])[where, i] = changed[works, i]
                fine.ravel()[where] = True
        self.points = with_j
