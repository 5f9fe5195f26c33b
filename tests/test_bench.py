"""``make bench``: what it reads is on record, what it runs is what it says, and it touches no result."""

from __future__ import annotations

import json

import pytest

from benchmarks import __main__ as bench

PARTS = {part.benchmark: part for part in bench.PARTS}


@pytest.mark.parametrize("part", bench.PARTS, ids=PARTS)
def test_each_number_is_on_record(part, fresh):
    fresh(part.benchmark)
    assert bench.recorded(part) > 0


def test_a_part_is_made_again_as_recorded(tmp_path, fresh):
    part = PARTS["consistency"]
    here, why = bench.made(part, tmp_path)
    assert why == ""
    assert json.loads((tmp_path / "consistency.json").read_text())["repetitions"] == 200
    fresh("consistency")
    assert here == pytest.approx(bench.recorded(part), rel=0.05)


def test_without_data_it_says_why(tmp_path, monkeypatch):
    for name in ("GENRE_LITE_DATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for scheme in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    here, why = bench.made(PARTS["throughput"], tmp_path)
    assert here is None
    assert "DataUnavailableError" in why


def test_a_mistake_is_no_want_of_data(tmp_path):
    here, why = bench.made(bench.Part("consistency", "--no-such-option", "", len), tmp_path)
    assert here is None
    assert why
    assert "DataUnavailableError" not in why
