"""Four things together, and none of them alone."""

from __future__ import annotations

import itertools

import pytest

from opencode_stats.core.elsewhere import LATE_MS, brought_in

TRUE_OF_AN_IMPORT = {"logged": 0, "late_ms": LATE_MS + 1, "moved": 1, "known_place": 0}
OTHERWISE = {"logged": 1, "late_ms": LATE_MS, "moved": 0, "known_place": 1}


@pytest.mark.parametrize("kept", list(itertools.product([True, False], repeat=4)))
def test_all_four_must_hold(kept: tuple[bool, ...]) -> None:
    facts = {
        name: TRUE_OF_AN_IMPORT[name] if held else OTHERWISE[name] for name, held in zip(OTHERWISE, kept, strict=True)
    }

    assert brought_in(**facts) is all(kept)


def test_a_message_without_an_end_is_ones_own() -> None:
    assert not brought_in(0, None, 1, 0)
