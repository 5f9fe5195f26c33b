"""Other ways to recourse, each with the same two calls as GenRe."""

from .nearest_neighbour import NearestNeighbour

__all__ = ["NearestNeighbour"]
