"""Random numbers that belong to a person: counter-based, so that company and order do not matter.

An ordinary generator is a stream: what a person gets from it depends on who came before. A
counter-based generator is a function. Here the key is made of the person's own values and the seed,
and the counter says what the number is for:

.. math:: u = f_{\\mathrm{key}(x,\\,\\mathrm{seed})}(\\mathrm{candidate}, \\mathrm{feature}) .

The function is Threefry-2x32 with 20 rounds (Salmon et al., 2011): additions, rotations and exclusive
ors of 32-bit words, and so a dozen lines in any language. Test vectors are in
``tests/test_threefry.py``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["keys", "normals", "threefry2x32", "uniforms"]

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
PARITY = 0x1BD11BDA
BLOCK = 2**14
Words = tuple[np.ndarray, np.ndarray]


def threefry2x32(key: tuple[ArrayLike, ArrayLike], counter: tuple[ArrayLike, ArrayLike]) -> Words:
    """Two random words for each key and counter, each a pair of 32-bit words; shapes broadcast.

    Examples
    --------
    >>> [f"{int(word):08x}" for word in threefry2x32((0, 0), (0, 0))]
    ['6b200159', '99ba4efe']
    """
    words = np.broadcast_arrays(*(np.asarray(word, np.uint32) for word in (*key, *counter)))
    shape, (k0, k1, x0, x1) = words[0].shape, (word.ravel() for word in words)
    out = np.empty((2, k0.size), np.uint32)
    # Blocks that stay in the processor's cache, changed in place, take a third of the time.
    for start in range(0, k0.size, BLOCK):
        some = slice(start, start + BLOCK)
        _rounds(k0[some], k1[some], x0[some], x1[some], out[:, some])
    return out[0].reshape(shape), out[1].reshape(shape)


def _rounds(
    k0: np.ndarray, k1: np.ndarray, x0: np.ndarray, x1: np.ndarray, out: np.ndarray
) -> None:
    """Twenty rounds of arrays of words, which wrap around, as they should."""
    schedule = (k0, k1, k0 ^ k1 ^ np.uint32(PARITY))
    first, second = out
    np.add(x0, k0, out=first)
    np.add(x1, k1, out=second)
    high = np.empty_like(first)
    for group in range(5):
        for bits in ROTATIONS[:4] if group % 2 == 0 else ROTATIONS[4:]:
            first += second
            np.left_shift(second, np.uint32(bits), out=high)
            second >>= np.uint32(32 - bits)
            second |= high
            second ^= first
        first += schedule[(group + 1) % 3]
        second += schedule[(group + 2) % 3]
        second += np.uint32(group + 1)


def keys(tokens: np.ndarray, seed: int) -> np.ndarray:
    """A key for each person, from their own tokens and a seed, words of shape (people, 2).

    The key starts as the seed's two halves and takes up one feature after the other:
    :math:`k \\leftarrow f_k(\\mathrm{token}_j, j)`.

    Parameters
    ----------
    tokens
        Whole numbers of shape (people, features); equal rows get equal keys.
    seed
        A whole number from 0 to 2⁶⁴ − 1.

    Examples
    --------
    >>> twins = keys(np.array([[3, 1], [3, 1], [1, 3]]), seed=0)
    >>> (twins[0] == twins[1]).all().item(), (twins[0] == twins[2]).all().item()
    (True, False)
    """
    low, high = (int(seed) & 0xFFFFFFFF), (int(seed) >> 32) & 0xFFFFFFFF
    people = len(tokens)
    key: Words = (np.full(people, low, np.uint32), np.full(people, high, np.uint32))
    for j in range(tokens.shape[1]):
        key = threefry2x32(key, (tokens[:, j].astype(np.uint32), np.uint32(j)))
    return np.stack(key, axis=1)


def uniforms(key: np.ndarray, candidates: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Numbers strictly between 0 and 1, shape (people, candidates, features).

    .. math:: u = (w + \\tfrac12) / 2^{32}, \\qquad w \\text{ the first word.}

    Parameters
    ----------
    key
        From :func:`keys`, (people, 2).
    candidates, features
        What the numbers are for: whole numbers of shape (candidates,) and (features,).
    """
    first, _ = _words(key, candidates, features)
    return (first + 0.5) / 2.0**32


def normals(key: np.ndarray, candidates: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Standard normal numbers, shape (people, candidates, features), as Box and Muller (1958) make them.

    .. math:: \\sqrt{-2 \\ln u} \\cos(2 \\pi v), \\qquad u, v \\text{ from both words.}
    """
    first, second = _words(key, candidates, features)
    u, v = (first + 0.5) / 2.0**32, (second + 0.5) / 2.0**32
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)


def _words(key: np.ndarray, candidates: np.ndarray, features: np.ndarray) -> Words:
    people = key[:, 0, None, None], key[:, 1, None, None]
    counter = np.asarray(candidates)[:, None], np.asarray(features)
    return threefry2x32(people, counter)
