"""The watch on the spool folder, and the ways in which it ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.unit.daemon.household import until

from opencode_stats.daemon.watcher import Watcher

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STEP_MS = 50


def seen_after(folder: Path, change: threading.Event) -> bool:
    """Whether a new file there is noticed; more are made until then: a watch begins some time after its start."""
    number = 0
    change.clear()

    def touched() -> bool:
        nonlocal number
        number += 1
        (folder / f"{number}.jsonl").write_text("x")
        return change.wait(0.05)

    until(touched, "a change")
    return True


def test_it_tells_of_changes_until_it_is_stopped(tmp_path: Path) -> None:
    change = threading.Event()
    watcher = Watcher(tmp_path, change.set, STEP_MS)
    assert not watcher.running
    watcher.start()
    thread = watcher._thread
    watcher.start()

    assert watcher._thread is thread
    assert watcher.running
    assert seen_after(tmp_path, change)
    watcher.stop()
    change.clear()
    (tmp_path / "late.jsonl").write_text("x")
    assert thread is not None
    thread.join(10)
    assert (thread.is_alive(), watcher.running, change.is_set()) == (False, False, False)


def test_a_folder_that_was_taken_away_and_made_again(tmp_path: Path) -> None:
    folder, change = tmp_path / "spool", threading.Event()
    folder.mkdir()
    watcher = Watcher(folder, change.set, STEP_MS)
    watcher.start()
    assert seen_after(folder, change)

    folder.rename(tmp_path / "away")
    (tmp_path / "away" / "one-more").write_text("x")
    until(lambda: not watcher.running, "the end of the watch")
    folder.mkdir()
    watcher.start()

    assert seen_after(folder, change)
    watcher.stop()


def test_no_folder_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watcher = Watcher(tmp_path / "missing", threading.Event().set, STEP_MS)
    for _ in range(3):
        watcher.start()
        until(lambda: not watcher.running, "the end of the watch")

    assert [record.message.split(" ")[0] for record in caplog.records] == ["spool.unwatched"]
