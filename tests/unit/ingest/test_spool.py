"""The folder's files: what is taken in, what is left alone, and what goes away."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import FakeClock
from tests.support.files import FaultyFiles, fault_for
from tests.support.script import Script
from tests.support.spools import Inbox, turn

from opencode_stats.core.process_events import ProcessKey
from opencode_stats.host.files import FILES
from opencode_stats.ingest.pieces import PIECE_BYTES
from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.append import read_cursors
from opencode_stats.ledger.runs import live_processes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def inbox(tmp_path: Path, ledger: sqlite3.Connection) -> Inbox:
    return Inbox(tmp_path, ledger)


def test_what_is_new_is_taken_in_once(inbox: Inbox) -> None:
    script = turn()
    inbox.put(script)

    assert [inbox.spool.take_in(), inbox.spool.take_in()] == [len(script.content), 0]
    assert inbox.tokens == 100


def test_a_file_that_grows_is_read_on_from_its_cursor(inbox: Inbox) -> None:
    script = turn()
    for line in script.raw_lines:
        inbox.add(line, script.file_name)
        assert inbox.spool.take_in() == len(line)

    assert inbox.tokens == 100


def test_another_exporter_reads_on_where_the_last_one_stopped(inbox: Inbox) -> None:
    script = turn()
    inbox.put(script)
    inbox.spool.take_in()
    inbox.restart()

    assert inbox.spool.take_in() == 0
    inbox.add(turn(2, 7).content, script.file_name)
    assert (inbox.spool.take_in() > 0, inbox.tokens) == (True, 107)


def test_a_torn_line_waits_for_its_other_half(inbox: Inbox) -> None:
    script = turn()
    middle = len(script.content) - 20
    inbox.write(script.content[:middle], script.file_name)
    inbox.spool.take_in()
    assert inbox.bad == {}

    inbox.add(script.content[middle:], script.file_name)
    inbox.spool.take_in()

    assert (inbox.tokens, inbox.bad) == (100, {})


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00" * 100,
        b"\xff\xfe\x80\x81",
        b"not json",
        b'{"v":2,"type":"message.snapshot"}',
        b'{"v":1,"type":"something.new","at_ms":1}',
        b'{"v":1,"type":"run.ended","at_ms":1' + b"}" * 50,
        b"[" * 100_000,
        b'{"v":1,"type":"run.ended","at_ms":1e999}',
        b'{"v":1,"type":"conversation.failed","at_ms":1,"error":"\xed\xa0\x80"}',
        b'{"v":1,"type":"conversation.failed","at_ms":1,"error":"\\ud800"}',
        b"",
    ],
)
def test_a_bad_line_is_kept_whole_and_the_others_count(inbox: Inbox, garbage: bytes) -> None:
    script = turn()
    inbox.write(script.raw_lines[0] + garbage + b"\n" + b"".join(script.raw_lines[1:]), script.file_name)

    inbox.spool.take_in()

    assert (inbox.tokens, sum(inbox.bad.values()), inbox.kept) == (100, 1, [garbage])


def test_a_file_cut_short_is_read_from_its_start_and_counts_once(inbox: Inbox) -> None:
    script = turn()
    path = inbox.put(script)
    inbox.spool.take_in()

    shorter = turn(1, 100)
    shorter.lines = shorter.lines[:3]
    path.write_bytes(shorter.content)
    inbox.spool.take_in()
    inbox.add(turn(2, 7).content, script.file_name)
    inbox.spool.take_in()

    assert inbox.tokens == 107


@pytest.mark.parametrize("extra_bytes", [0, 500])
def test_another_file_under_the_same_name_is_read_from_its_start(inbox: Inbox, extra_bytes: int) -> None:
    name = turn().file_name
    inbox.put(turn(), name)
    inbox.spool.take_in()

    # The same inode, the same size: what a file system that reuses inodes may give.
    other = turn(2, 900).content.ljust(len(turn().content) + extra_bytes, b"\n")
    path = inbox.folder / name
    before = path.stat()
    path.write_bytes(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    inbox.spool.take_in()

    assert path.stat().st_ino == before.st_ino
    assert inbox.tokens == 1000


def test_a_file_that_went_away_is_forgotten(inbox: Inbox) -> None:
    path = inbox.put(turn())
    inbox.spool.take_in()
    path.unlink()

    assert inbox.spool.take_in() == 0
    assert read_cursors(inbox.connection) == {}
    assert inbox.tokens == 100


def test_no_folder_is_an_empty_one(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    spool = Spool(tmp_path / "none", ledger, Quarantine(tmp_path / "q"), FakeClock())

    assert (spool.take_in(), spool.finish(set())) == (0, 0)


def test_links_pipes_folders_and_foreign_names_are_left_alone(inbox: Inbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(turn(2, 1_000_000).content)
    (inbox.folder / "link.jsonl").symlink_to(outside)
    (inbox.folder / "dangling.jsonl").symlink_to(tmp_path / "nowhere")
    (inbox.folder / "folder.jsonl").mkdir()
    os.mkfifo(inbox.folder / "pipe.jsonl")
    inbox.write(turn(3, 1_000_000).content, "notes.txt")
    inbox.write(turn(4, 1_000_000).content, "with space.jsonl")
    inbox.write(turn(5, 1_000_000).content, "x" * 200 + ".jsonl")
    with open(os.fsencode(inbox.folder) + b"/\xff\xfe.jsonl", "wb") as file:
        file.write(turn(6, 1_000_000).content)
    inbox.put(turn())

    inbox.spool.take_in()

    assert (inbox.tokens, inbox.bad, list(read_cursors(inbox.connection))) == (100, {}, [turn().file_name])


@pytest.mark.parametrize("call", ["lstat", "open", "read"])
def test_a_file_that_cannot_be_read_keeps_no_other_waiting(
    tmp_path: Path, ledger: sqlite3.Connection, call: str
) -> None:
    scripts = [turn(pid) for pid in (1, 2, 3)]
    inbox = Inbox(tmp_path, ledger, FaultyFiles(fault_for(scripts[1].file_name, call, errno.EACCES)))
    for script in scripts:
        inbox.put(script)

    inbox.spool.take_in()

    assert inbox.tokens == 200
    assert dict(inbox.spool.troubles) == {scripts[1].file_name: "Permission denied"}
    inbox.files = FILES
    inbox.restart()
    inbox.spool.take_in()
    assert (inbox.tokens, dict(inbox.spool.troubles)) == (300, {})


@pytest.mark.parametrize("instead", ["nothing", "folder"])
def test_a_file_that_could_not_be_read_and_is_gone_is_told_of_no_more(
    tmp_path: Path, ledger: sqlite3.Connection, instead: str
) -> None:
    inbox = Inbox(tmp_path, ledger, FaultyFiles(fault_for(turn().file_name, "open", errno.EIO)))
    path = inbox.put(turn())
    inbox.spool.take_in()
    assert list(inbox.spool.troubles) == [path.name]

    path.unlink()
    if instead == "folder":
        path.mkdir()
    inbox.spool.take_in()

    assert dict(inbox.spool.troubles) == {}


def test_a_file_with_a_line_that_cannot_be_kept_stays_unread_and_the_others_count(inbox: Inbox) -> None:
    inbox.quarantine.write_bytes(b"a file in the folder's place")
    inbox.write(b"garbage\n" + turn(1).content, turn(1).file_name)
    inbox.put(turn(2, 7))

    inbox.spool.take_in()
    assert (inbox.tokens, list(inbox.spool.troubles)) == (7, [turn(1).file_name])

    inbox.quarantine.unlink()
    inbox.spool.take_in()
    assert (inbox.tokens, inbox.kept, dict(inbox.spool.troubles)) == (107, [b"garbage"], {})


def test_what_was_committed_before_a_failure_is_not_read_again(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    script = turn()
    while len(script.content) < 2 * PIECE_BYTES:
        script.busy("ses_1", directory="/" + "w" * 4000)
    inbox = Inbox(tmp_path, ledger)
    inbox.put(script)
    ledger.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON cursors WHEN NEW.offset_bytes > 300000 "
        "BEGIN SELECT raise(ABORT, 'disk full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        inbox.spool.take_in()
    committed_bytes = read_cursors(ledger)[script.file_name].offset_bytes
    ledger.execute("DROP TRIGGER temp.full")

    assert 0 < committed_bytes <= PIECE_BYTES
    assert inbox.spool.take_in() == len(script.content) - committed_bytes


def test_two_thousand_files(inbox: Inbox) -> None:
    for pid in range(1, 2001):
        inbox.put(Script(pid=pid).started().answer(f"ses_{pid}", f"msg_{pid}", input=1))

    inbox.spool.take_in()

    assert (inbox.tokens, inbox.spool.take_in()) == (2000, 0)
    assert inbox.spool.finish({Script(pid=pid).key.text for pid in range(1, 2001)}) == 2000


def test_the_first_file_that_is_damaged_at_its_start_tells_its_process_by_name(inbox: Inbox) -> None:
    script = turn(pid=77)
    inbox.write(b"\x00\n" + b"".join(script.raw_lines[1:]), script.file_name)

    inbox.spool.take_in()

    assert inbox.tokens == 100
    assert [process.key for process in live_processes(inbox.connection)] == [
        ProcessKey(77, script.file_name.split("-")[2].removesuffix(".jsonl"), start_ticks=1000)
    ]


@pytest.mark.parametrize("name", ["copy.jsonl", "4294967296-1-0f6f1d0a.jsonl", "0-0-0.jsonl", "1-1-0.jsonl"])
def test_lines_of_nobody_belong_to_no_boot(inbox: Inbox, name: str) -> None:
    inbox.write(b"".join(turn().raw_lines[1:]), name)

    inbox.spool.take_in()

    assert [process.key.boot_id for process in live_processes(inbox.connection)] == [f"file {name}"]
    assert inbox.tokens == 100
