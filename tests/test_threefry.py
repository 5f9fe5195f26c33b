"""Threefry-2x32 against the published vectors, and a table of its numbers for other languages."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from genre_lite.threefry import BLOCK, keys, normals, threefry2x32, uniforms

# From the known-answer tests of Random123 1.14 (Salmon et al., 2011): key, counter, words.
PUBLISHED = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), ("6b200159", "99ba4efe")),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), ("1cb996fc", "bb002be7")),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), ("c4923a9c", "483df7a0")),
]


@pytest.mark.parametrize(("key", "counter", "words"), PUBLISHED)
def test_published_vectors(key, counter, words):
    assert tuple(f"{int(word):08x}" for word in threefry2x32(key, counter)) == words


def test_a_number_does_not_depend_on_the_others():
    """In blocks or alone, in any shape."""
    counter = np.arange(3 * BLOCK // 2, dtype=np.uint32)
    first, second = threefry2x32((7, 9), (counter, np.uint32(5)))
    for i in (0, BLOCK - 1, BLOCK, len(counter) - 1):
        one = threefry2x32((7, 9), (counter[i], 5))
        assert (int(one[0]), int(one[1])) == (int(first[i]), int(second[i]))
    grid = threefry2x32((np.uint32([[1], [2]]), 3), (np.uint32([4, 5, 6]), 7))
    assert grid[0].shape == (2, 3)
    assert int(grid[0][1, 2]) == int(threefry2x32((2, 3), (6, 7))[0])


def test_arguments_are_left_as_they_were():
    key, counter = np.arange(4, dtype=np.uint32), np.arange(4, 8, dtype=np.uint32)
    threefry2x32((key, key), (counter, counter))
    assert key.tolist() == [0, 1, 2, 3]
    assert counter.tolist() == [4, 5, 6, 7]


def test_the_table_for_other_languages(root):
    """tests/threefry.json: what an implementation in JavaScript must repeat, to the last digit."""
    table = json.loads((root / "tests" / "threefry.json").read_text())
    for case in table["keys"]:
        key = keys(np.array([case["tokens"]]), int(case["seed"]))
        assert [f"{int(word):08x}" for word in key[0]] == case["key"]
    for case in table["numbers"]:
        key = np.array([[int(word, 16) for word in case["key"]]], dtype=np.uint32)
        at = np.array(case["candidates"]), np.array(case["features"])
        assert uniforms(key, *at)[0].tolist() == case["uniforms"]
        np.testing.assert_allclose(normals(key, *at)[0], case["normals"], rtol=0, atol=1e-14)


def test_keys_hang_on_the_person_the_seed_and_the_order_of_features():
    tokens = np.array([[1, 2, 3], [1, 2, 3], [3, 2, 1], [1, 2, 4], [0, 1, 2]])
    for_one, for_two = keys(tokens, 0), keys(tokens, 1)
    assert (for_one[0] == for_one[1]).all()
    different = {tuple(key) for key in np.concatenate([for_one, for_two]).tolist()}
    assert len(different) == 8
    assert (keys(tokens, 2**32)[0] != for_one[0]).any(), "all 64 bits of the seed count"
    assert (keys(tokens[[3]], 1)[0] == for_two[3]).all(), "and nobody else"


def test_numbers_look_like_what_they_claim_to_be():
    """Kolmogorov and Smirnov's distance: its 99.99 % quantile for 120,000 draws is 0.0064."""
    key = keys(np.arange(60).reshape(20, 3), seed=3)
    u, z = (draw(key, np.arange(300), np.arange(20)) for draw in (uniforms, normals))
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").statistic < 0.0064
    assert stats.kstest(z.ravel(), "norm").statistic < 0.0064
    # Along people, candidates and features, neighbours know nothing of each other.
    for axis in range(3):
        ahead, behind = (np.delete(u, side, axis=axis).ravel() for side in (0, -1))
        assert abs(np.corrcoef(ahead, behind)[0, 1]) < 4.5 / np.sqrt(len(ahead))
