"""The markers that plugins leave, the honest ones and the others."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows

from opencode_stats.core.process_events import ProcessKey
from opencode_stats.daemon.losses import ABANDONED_MS, bury, marker_folders, read_markers
from opencode_stats.host.paths import Paths
from opencode_stats.ledger.queries import Lost, lost_by_reason, lost_lines

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from opencode_stats.host.processes import Life

HONEST = {"schemaVersion": 1, "pid": 12, "lines": 3, "reason": "ENOSPC", "firstMs": 0, "lastMs": 0}


def test_the_folders_are_those_of_the_plugin(tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)

    assert marker_folders(paths, {"XDG_RUNTIME_DIR": "/run/1", "TMPDIR": "/scratch"}) == [
        paths.losses,
        type(tmp_path)("/run/1/opencode-stats-losses"),
        type(tmp_path)(f"/scratch/opencode-stats-losses-{os.geteuid()}"),
    ]
    assert marker_folders(paths, {"XDG_RUNTIME_DIR": "run", "TMPDIR": "tmp"})[1:] == [
        type(tmp_path)(f"/tmp/opencode-stats-losses-{os.geteuid()}")
    ]


def test_an_honest_one(tmp_path: Path) -> None:
    (tmp_path / "12-34-abc.json").write_text(json.dumps(HONEST))
    (tmp_path / "12-34-abc.json.tmp").write_text("half")
    os.utime(tmp_path / "12-34-abc.json", (5, 5))

    (marker,) = read_markers([tmp_path, tmp_path / "missing"])

    assert (marker.pid, marker.lines, marker.reason, marker.changed_ms) == ("12", 3, "ENOSPC", 5000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"pid": 1}',
        b"\xff\xfe",
        json.dumps(HONEST | {"lines": "3"}).encode(),
        json.dumps(HONEST | {"lines": 1e999}).encode(),
        json.dumps(HONEST | {"reason": ["ENOSPC"]}).encode(),
        json.dumps(HONEST).encode() + b" " * 5000,
        b'{"lines": ' + b"9" * 4050,
    ],
)
def test_one_that_makes_no_sense_is_told_of_all_the_same(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "12-34-abc.json").write_bytes(content)

    (marker,) = read_markers([tmp_path])

    assert (marker.pid, marker.lines) in (("12", None), ("12", 3))


def test_a_long_reason_is_cut(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(json.dumps(HONEST | {"reason": "E" * 1000}))

    assert len(read_markers([tmp_path])[0].reason) == 40


def test_what_is_not_a_file_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "link.json").symlink_to("/etc/hostname")

    assert read_markers([tmp_path]) == []


def test_a_folder_that_others_may_write_to_is_a_trap(tmp_path: Path) -> None:
    folder = tmp_path / "trap"
    folder.mkdir()
    (folder / "1.json").write_text(json.dumps(HONEST))
    assert len(read_markers([folder])) == 1

    folder.chmod(0o777)
    assert read_markers([folder]) == []
    folder.chmod(0o700)
    (tmp_path / "link").symlink_to(folder)
    assert read_markers([tmp_path / "link"]) == []


DEAD = ProcessKey(12, "0f6f1d0a", start_ticks=34)


def left_behind(folder: Path, name: str = "12-34-0f6f1d0a", /, **changes: object) -> Path:
    marker = folder / f"{name}.json"
    times = {"firstMs": NOON_MS - 2000, "lastMs": NOON_MS - 1000}
    marker.write_text(json.dumps(HONEST | times | changes))
    os.utime(marker, (NOON_MS / 1000, NOON_MS / 1000))
    return marker


def gone(key: ProcessKey) -> Life:
    assert key.pid in (0, 12, 2**31 - 1)
    return "gone"


def test_what_a_dead_process_held_back_is_lost_and_its_marker_goes(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    marker = left_behind(tmp_path)
    assert bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS - 1) == 0
    assert (lost_lines(ledger), marker.exists()) == (0, True)

    assert bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS) == 1

    assert lost_by_reason(ledger, NOON_MS - 1000) == [Lost("ENOSPC", 3, 0)]
    assert rows(ledger, "SELECT process, first_ms, last_ms FROM losses") == [
        (DEAD.text, NOON_MS - 2000, NOON_MS - 1000)
    ]
    assert not marker.exists()


def test_a_living_process_keeps_its_marker_however_old(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    asked: list[ProcessKey] = []

    def alive(key: ProcessKey) -> Life:
        asked.append(key)
        return "alive"

    marker = left_behind(tmp_path)

    assert bury(ledger, [tmp_path], alive, NOON_MS + 100 * ABANDONED_MS) == 0
    assert (marker.exists(), asked) == (True, [DEAD])


def test_a_marker_that_cannot_go_is_not_counted_again(
    tmp_path: Path, ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    left_behind(tmp_path)
    monkeypatch.setattr("os.unlink", refuse)
    for _ in range(3):
        bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS)
    left_behind(tmp_path, lines=5)
    bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS)

    assert lost_lines(ledger) == 5


@pytest.mark.parametrize("lines", [0, -1, 10**30])
def test_a_number_that_is_none_is_left_to_be_looked_at(tmp_path: Path, ledger: sqlite3.Connection, lines: int) -> None:
    marker = left_behind(tmp_path, lines=lines)

    assert bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS) == 0
    assert marker.exists()


@pytest.mark.parametrize("reason", ["", "\ud800", "\x1b[2J", "two words"])
def test_a_reason_that_is_no_error_s_name_is_not_kept(tmp_path: Path, ledger: sqlite3.Connection, reason: str) -> None:
    left_behind(tmp_path, reason=reason)

    bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS)

    assert lost_by_reason(ledger, 0) == [Lost("UnknownError", 3, 0)]


@pytest.mark.parametrize("name", ["12", "notes", "0-0-0"])
def test_a_marker_of_nobody_is_buried_all_the_same(tmp_path: Path, ledger: sqlite3.Connection, name: str) -> None:
    left_behind(tmp_path, name, firstMs="then", lastMs=10**40)

    assert bury(ledger, [tmp_path], gone, NOON_MS + ABANDONED_MS) == 1
    assert rows(ledger, "SELECT first_ms, last_ms, lines FROM losses") == [(NOON_MS, NOON_MS, 3)]
