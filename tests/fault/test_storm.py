"""Some seconds of the storm; all of it: ``make fault``."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from tests.fault.storm import storm

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 15.0


@pytest.mark.timeout(120)
def test_a_daemon_that_is_killed_again_and_again_loses_nothing_and_shows_nothing_half(tmp_path: Path) -> None:
    seed = int(os.environ.get("STORM_SEED", time.time_ns() % 2**32))
    print(f"STORM_SEED={seed}")

    seen = storm(tmp_path, kills=1_000, seconds=SECONDS, seed=seed)

    assert seen.wrong == []
    assert seen.kills >= 5
    assert seen.kills_at_work >= 1
    assert seen.messages >= 100
    assert seen.reads >= 10_000
    assert seen.versions >= seen.kills_at_work
