"""The whole way from the spool to stats.json, with a fault at every so-manieth call. All of them: ``make fault``."""

from __future__ import annotations

import os
import time
from functools import cache

import pytest
from tests.fault.calls import DEEDS, LAYERS
from tests.fault.points import Truth, check, faults, second_faults, truth
from tests.fault.world import BAD_LINE, TOKENS, TORN
from tests.support.hosts import ME, OTHER

STRIDE = 97
"""A prime: from one kind of fault to the next, other calls are met."""


@cache
def expected() -> Truth:
    return truth()


def test_the_story_without_a_fault() -> None:
    assert expected().figures["total"]["totalTokens"] == TOKENS
    assert expected().figures["session"]["state"] == "ended"
    assert expected().quarantined == sorted([BAD_LINE, TORN])
    assert expected().hosts == {ME: (TOKENS, 7), OTHER: (5 + 1, 2)}
    assert [document["total"]["totalTokens"] for document in expected().workspaces] == [120, 1_007, 50_600]
    assert len(faults(expected().calls)) > 10_000


@pytest.mark.parametrize(("layer", "deed"), [(layer, deed) for layer in LAYERS for deed in DEEDS[layer]])
def test_after_a_fault_everything_comes_right(layer: str, deed: str) -> None:
    of_this_kind = [fault for fault in faults(expected().calls) if (fault.layer, fault.deed) == (layer, deed)]
    first = sum(map(ord, layer + deed)) % STRIDE
    for fault in of_this_kind[first::STRIDE]:
        try:
            check(expected(), fault)
        except AssertionError as error:
            pytest.fail(f"{fault}: {error}")


def test_after_a_kill_and_a_fault_in_the_life_that_makes_up_for_it_everything_comes_right() -> None:
    seed = int(os.environ.get("FAULT_SEED", time.time_ns() % 2**32))
    for pair in second_faults(expected().calls, 40, seed):
        try:
            check(expected(), *pair)
        except AssertionError as error:
            pytest.fail(f"FAULT_SEED={seed}, {pair[0]}, then {pair[1]}: {error}")
