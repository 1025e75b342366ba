"""The markers that plugins leave, the honest ones and the others."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from opencode_stats.daemon.losses import marker_folders, read_markers
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path

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
