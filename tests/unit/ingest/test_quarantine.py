from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest
from tests.support.files import FaultyFiles, fault_for

from opencode_stats.ingest import quarantine
from opencode_stats.ingest.quarantine import Quarantine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "1-1-1.jsonl"
    path.write_bytes(b"good\nBAD LINE\ngood\n")
    return path


def test_a_piece_is_kept_as_it_was_for_its_owner_alone(tmp_path: Path, source: Path) -> None:
    name = Quarantine(tmp_path / "q").keep(source, 42, 5, 8)

    assert name == "1-1-1.jsonl.42.5.bad"
    kept = tmp_path / "q" / name
    assert kept.read_bytes() == b"BAD LINE"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_the_same_piece_is_kept_once(tmp_path: Path, source: Path) -> None:
    names = {Quarantine(tmp_path / "q").keep(source, 42, 5, 8) for _ in range(3)}

    assert len(names) == 1
    assert len(os.listdir(tmp_path / "q")) == 1


def test_a_link_in_the_copys_place_is_not_followed(tmp_path: Path, source: Path) -> None:
    (tmp_path / "q").mkdir()
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "q" / "1-1-1.jsonl.42.5.bad").symlink_to(precious)

    with pytest.raises(OSError, match="symbolic"):
        Quarantine(tmp_path / "q").keep(source, 42, 5, 8)
    assert precious.read_bytes() == b"mine"


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_copy_that_fails_half_way_leaves_nothing(tmp_path: Path, source: Path, call: str) -> None:
    name = "1-1-1.jsonl.42.5.bad"
    broken = FaultyFiles(fault_for(name, call, errno.ENOSPC))

    with pytest.raises(OSError, match="space"):
        Quarantine(tmp_path / "q", broken).keep(source, 42, 5, 8)

    assert (os.listdir(tmp_path / "q"), broken.descriptors) == ([], {})
    assert Quarantine(tmp_path / "q").keep(source, 42, 5, 8) == name


def test_a_good_copy_stays_where_its_line_cannot_be_read_again(tmp_path: Path, source: Path) -> None:
    name = Quarantine(tmp_path / "q").keep(source, 42, 5, 8)
    assert name is not None

    with pytest.raises(OSError, match="error"):
        Quarantine(tmp_path / "q", FaultyFiles(fault_for(source.name, "open", errno.EIO))).keep(source, 42, 5, 8)

    assert (tmp_path / "q" / name).read_bytes() == b"BAD LINE"


def test_a_full_quarantine_keeps_no_more(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_BYTES", 12)
    kept = Quarantine(tmp_path / "q")

    assert [kept.keep(source, 42, 5, 8), kept.keep(source, 42, 0, 5)] == ["1-1-1.jsonl.42.5.bad", None]
    # The one that is there may be written again: the line is read again after a crash.
    assert kept.keep(source, 42, 5, 8) == "1-1-1.jsonl.42.5.bad"


def test_a_quarantine_of_very_many_files_keeps_no_more(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "MOST_FILES", 2)
    kept = Quarantine(tmp_path / "q")

    assert [kept.keep(source, 42, offset, 1) is None for offset in range(4)] == [False, False, True, True]


def test_a_quarantine_that_somebody_cleared_has_room_again(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "MOST_FILES", 1)
    kept = Quarantine(tmp_path / "q")
    kept.keep(source, 42, 0, 1)
    Quarantine(tmp_path / "q").clear()

    assert kept.keep(source, 42, 5, 8) == "1-1-1.jsonl.42.5.bad"


def test_clearing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    Quarantine(tmp_path / "q").clear()

    assert not (tmp_path / "q").exists()
