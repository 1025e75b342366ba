from __future__ import annotations

import errno
import json
import os
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS, FakeClock
from tests.support.files import FaultyFiles

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.daemon.setbacks import TOLD_FOR_MS, Setbacks
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from pathlib import Path

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/of/the/user")


def told(setbacks: Setbacks, now_ms: int) -> dict[str, str]:
    return {problem.code: problem.message for problem in setbacks.problems(now_ms)}


def test_one_failure_that_was_made_good_is_nobodys_concern() -> None:
    setbacks = Setbacks()

    setbacks.failed(FULL, NOON_MS)

    assert told(setbacks, NOON_MS + 500) == {}


def test_readers_learn_for_an_hour_how_long_the_figures_stood_still_and_why() -> None:
    setbacks = Setbacks()
    for at_s in (0, 1, 300):
        setbacks.failed(FULL, NOON_MS + at_s * 1000)

    end_ms = NOON_MS + 310_000
    sentence = {"stalled": "For 5 minutes nothing could be taken in or written: No space left on device."}
    assert told(setbacks, end_ms) == sentence
    setbacks.published(end_ms, durable=True)
    setbacks.published(end_ms + 60_000, durable=True)
    assert told(setbacks, end_ms + TOLD_FOR_MS - 1) == sentence
    assert told(setbacks, end_ms + TOLD_FOR_MS) == {}


def test_what_failed_before_is_not_counted_to_a_new_setback() -> None:
    setbacks = Setbacks()
    for at_s in (0, 1):
        setbacks.failed(FULL, NOON_MS + at_s * 1000)
    setbacks.published(NOON_MS + 2_000, durable=True)

    setbacks.failed(ValueError("disk I/O error"), NOON_MS + 10_000)
    assert told(setbacks, NOON_MS + 11_000) == {}
    setbacks.failed(ValueError("disk I/O error"), NOON_MS + 12_000)
    assert told(setbacks, NOON_MS + 14_000) == {
        "stalled": "For 4 seconds nothing could be taken in or written: disk I/O error."
    }


def test_a_folder_that_cannot_be_synced_is_noted_and_no_reason_to_publish_again_and_again(tmp_path: Path) -> None:
    paths, clock, fails = Paths.of({}, tmp_path), FakeClock(), True

    def fault(number: int, call: str, path: Path | None) -> None:
        if fails and call == "fsync" and path == paths.stats_file.parent:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def health() -> list[str]:
        return [
            problem["code"] for problem in json.loads(paths.stats_file.read_bytes())["exporter"]["health"]["problems"]
        ]

    with closing(
        Exporter(
            paths,
            version="0.1.0",
            clock=clock,
            zone=lambda: UTC,
            processes=Processes(),
            databases=list,
            daemon_pid=1,
            files=FaultyFiles(fault),
        )
    ) as exporter:
        refresh(exporter)
        assert health() == []
        assert exporter.publish() == "published, durability unknown"
        assert health() == ["durability"]
        assert exporter.publish() is None
        fails = False
        clock.advance(TOLD_FOR_MS / 1000)
        assert exporter.publish() == "published"
        assert health() == []
