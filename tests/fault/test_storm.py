"""A little of the storm; all of it: ``make fault``."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from tests.fault.storm import storm

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20
SECONDS = 80.0
"""On a busy machine a daemon's start takes seconds, and fewer kills have to do."""


@pytest.mark.timeout(300)
def test_a_daemon_that_is_killed_again_and_again_loses_nothing_and_shows_nothing_half(tmp_path: Path) -> None:
    seed = int(os.environ.get("STORM_SEED", time.time_ns() % 2**32))
    print(f"STORM_SEED={seed}")

    seen = storm(tmp_path, kills=KILLS, seconds=SECONDS, seed=seed)

    assert seen.wrong == []
    assert seen.kills >= 5
    assert seen.kills_at_work >= 1
    assert seen.messages >= 100
    assert seen.reads >= 10_000
    assert seen.versions >= seen.kills_at_work
