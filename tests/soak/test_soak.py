"""A slice of ``make soak``: as many writers, fewer messages."""

from __future__ import annotations

import json

import pytest
from tests.soak.soak import Soaked, soak
from tests.soak.story import KINDS, counts, expected

MOST_MIB = 64.0
"""The aim for a day's load is 48 (``make bench``); this much on any machine means that something is kept."""


@pytest.mark.timeout(150)
def test_sixty_four_writers_duplicates_kills_and_torn_lines_come_to_exact_figures() -> None:
    soaked = soak(writers=64, messages=8, seconds=2.0, kills=2)

    print("\n".join(soaked.lines()))
    assert soaked.totals == expected(64, 8)
    assert soaked.verified
    assert (soaked.spool_files_left, soaked.quarantined) == ([], soaked.torn)
    assert soaked.kills > 0
    assert soaked.reads > 0
    assert 0 < soaked.largest_mib < MOST_MIB
    assert soaked.latencies_ms


def test_what_is_expected_is_the_sum_of_all_messages() -> None:
    sums = expected(4, 7)

    assert sum(row[5] for row in sums.values()) == 28
    whole = [sum(counts(writer, number)[kind] for writer in range(4) for number in range(7)) for kind in range(5)]
    assert [sum(row[kind] for row in sums.values()) for kind in range(len(KINDS))] == whole


def test_a_wrong_sum_and_a_file_that_is_left_are_said_aloud() -> None:
    soaked = Soaked(writers=2, messages=1, plugins=0, memory=[(1.0, 40.0), (2.0, 41.0), (3.0, 41.0), (4.0, 45.0)])
    soaked.spool_files_left = ["1-2-3.jsonl"]

    said = "\n".join(soaked.lines())

    assert "WRONG" in said
    assert "LEFT: ['1-2-3.jsonl']" in said
    assert "verify FAILS" in said
    assert "at most 45.0 MiB, +4.00 MiB in the second half" in said
    assert json.loads(json.dumps(soaked.totals)) == {}
