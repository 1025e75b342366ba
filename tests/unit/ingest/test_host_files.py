"""A host's file is taken whole or not at all."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.ledgers import everything

from opencode_stats.errors import UserError
from opencode_stats.ingest.host_files import BATCH, files_in, take_host_file
from opencode_stats.ledger.foreign import TakenIn

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

HEAD: dict[str, Any] = {
    "format": "opencode-stats-ledger", "v": 1, "host": "a" * 32, "name": "laptop", "written_ms": 5,
}  # fmt: skip
LINE: dict[str, Any] = {
    "conversation": "ses_a", "live": True, "stage": "completed", "counted_at_ms": 9, "input": 1, "output": 0,
    "reasoning": 0, "cache_read": 0, "cache_write": 0,
}  # fmt: skip


def write(path: Path, number: int, *, said: int | None = None) -> str:
    head = {**HEAD, "messages": number if said is None else said}
    lines = [head, *({**LINE, "message": f"msg_{count}"} for count in range(number))]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def test_a_file_is_taken_in_batches(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", BATCH + 1)
    told: list[tuple[int, int]] = []

    first = take_host_file(ledger, path, lambda done, whole: told.append((done, whole)))

    assert (first.head.name, first.taken) == ("laptop", TakenIn(new=BATCH + 1))
    assert told == [(BATCH, BATCH + 1), (BATCH + 1, BATCH + 1)]
    assert take_host_file(ledger, path).taken == TakenIn(known=BATCH + 1)


def test_one_without_messages_names_its_host(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    assert take_host_file(ledger, write(tmp_path / "a.ndjson", 0)).taken == TakenIn()
    assert ledger.execute("SELECT name FROM hosts").fetchall() == [("laptop",)]


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_one_that_is_not_whole_is_refused(ledger: sqlite3.Connection, tmp_path: Path, number: int) -> None:
    before = everything(ledger)

    with pytest.raises(UserError, match=rf"should have 3 messages and has {number}; it may still be on its way"):
        take_host_file(ledger, write(tmp_path / "a.ndjson", number, said=3))
    assert everything(ledger) == before


def test_one_with_a_line_that_is_none_is_refused(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    write(path, 2)
    path.write_bytes(path.read_bytes()[:-3])
    before = everything(ledger)

    with pytest.raises(UserError, match=r"a\.ndjson, line 3: not JSON\. Nothing of it was taken in\."):
        take_host_file(ledger, str(path))
    assert everything(ledger) == before


def test_one_that_changes_while_it_is_read_is_told_of(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    # More than a reader has in its buffer when the first batch is taken: 8 KiB, and 128 KiB since Python 3.14.
    buffer_bytes = max(io.DEFAULT_BUFFER_SIZE, tmp_path.stat().st_blksize)
    path = write(tmp_path / "a.ndjson", BATCH + 2 * buffer_bytes // len(json.dumps(LINE)))

    def cut(*_: int) -> None:
        os.truncate(path, 0)

    with pytest.raises(UserError, match="changed while it was read"):
        take_host_file(ledger, path, cut)


def test_what_is_no_file_of_ours_is_refused(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "long").write_bytes(b"x" * 10**6)

    for name, words in (("pipe", "no file"), ("empty", "no host's file"), ("long", "longer"), ("none", "No such")):
        with pytest.raises(UserError, match=words):
            take_host_file(ledger, str(tmp_path / name))
    with pytest.raises(UserError, match="no file"):
        take_host_file(ledger, str(tmp_path))


def test_of_a_folder_those_with_the_ending_are_meant(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no host's file"):
        files_in(str(tmp_path))
    for name in ("b.ndjson", "a.ndjson", ".hidden.ndjson", "c.txt"):
        (tmp_path / name).touch()

    assert files_in(str(tmp_path)) == [str(tmp_path / "a.ndjson"), str(tmp_path / "b.ndjson")]
    assert files_in("anything") == ["anything"]
