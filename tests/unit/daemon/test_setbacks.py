from __future__ import annotations

import errno
import json
import os
from contextlib import closing, contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.files import FaultyFiles

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.daemon.setbacks import TOLD_FOR_MS, Setbacks
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    setbacks.published(end_ms, "published")
    setbacks.published(end_ms + 60_000, None)
    assert told(setbacks, end_ms + TOLD_FOR_MS - 1) == sentence
    assert told(setbacks, end_ms + TOLD_FOR_MS) == {}


def test_what_failed_before_is_not_counted_to_a_new_setback() -> None:
    setbacks = Setbacks()
    for at_s in (0, 1):
        setbacks.failed(FULL, NOON_MS + at_s * 1000)
    setbacks.published(NOON_MS + 2_000, None)

    setbacks.failed(ValueError("disk I/O error"), NOON_MS + 10_000)
    assert told(setbacks, NOON_MS + 11_000) == {}
    setbacks.failed(ValueError("disk I/O error"), NOON_MS + 12_000)
    assert told(setbacks, NOON_MS + 14_000) == {
        "stalled": "For 4 seconds nothing could be taken in or written: disk I/O error."
    }


def test_a_folder_that_cannot_be_synced_is_told_of_until_a_publishing_comes_through(tmp_path: Path) -> None:
    codes: list[int | None] = [errno.EIO]
    with publishing(tmp_path, codes) as (exporter, problems, clock):
        refresh(exporter)
        assert problems() == []
        assert exporter.publish() == "published, durability unknown"
        assert problems() == ["durability"]
        # It is no reason to publish again and again, and no time passes that would make it true.
        clock.advance(2 * 60 * 60)
        assert exporter.publish() is None
        assert problems() == ["durability"]

        codes[0] = None
        clock.advance(24 * 60 * 60)
        assert exporter.publish() == "published"
        assert exporter.publish() == "published"
        assert problems() == []


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_can_not_sync_folders_at_all_is_no_setback(tmp_path: Path, code: int) -> None:
    with publishing(tmp_path, [code]) as (exporter, problems, _):
        refresh(exporter)
        assert exporter.publish() is None
        assert problems() == []


@contextmanager
def publishing(home: Path, codes: list[int | None]) -> Iterator[tuple[Exporter, Callable[[], list[str]], FakeClock]]:
    """An exporter to whom the sync of stats.json's folder fails with the code; and what its health is."""
    paths, clock = Paths.of({}, home), FakeClock()

    def fault(number: int, call: str, path: Path | None) -> None:
        if codes[0] is not None and call == "fsync" and path == paths.stats_file.parent:
            raise OSError(codes[0], os.strerror(codes[0]))

    def problems() -> list[str]:
        health = json.loads(paths.stats_file.read_bytes())["exporter"]["health"]
        return [problem["code"] for problem in health["problems"]]

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
        yield exporter, problems, clock
