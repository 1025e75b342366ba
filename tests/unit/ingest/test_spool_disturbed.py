"""Files that somebody meddles with while they are read, or between two readings: every line counts, and once."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.files import FaultyFiles, no_fault
from tests.support.script import Script
from tests.support.spools import Inbox, turn

from opencode_stats.host.files import Files
from opencode_stats.ingest import pieces
from opencode_stats.ingest.pieces import PIECE_BYTES

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

WRITERS = 8
ANSWERS_EACH = 100


@pytest.fixture
def inbox(tmp_path: Path, ledger: sqlite3.Connection) -> Inbox:
    return Inbox(tmp_path, ledger)


def long_story(answers: int = 40) -> Script:
    script = Script(pid=1).started().conversation("ses_1")
    for _ in range(answers):
        script.answer("ses_1", input=10)
    return script


def test_a_file_cut_short_that_has_grown_past_the_cursor_since_is_read_from_its_start(inbox: Inbox) -> None:
    """The beginning is the same, the inode too, and it is longer than what was read: only the cursor's tail tells."""
    script = long_story(10)
    path = inbox.put(script)
    inbox.spool.take_in()
    inbox.restart()
    os.truncate(path, len(b"".join(script.raw_lines[:5])))
    later = Script(pid=2, at_ms=NOON_MS + 60_000).started().conversation("ses_2")
    while len(later.content) < len(script.content):
        later.answer("ses_2", input=1000)

    inbox.add(later.content, script.file_name)
    inbox.spool.take_in()

    assert (inbox.tokens, inbox.bad) == (10 * 10 + 1000 * len(later.messages), {})


def test_a_file_made_anew_with_the_same_first_line_and_inode_is_read_from_its_start(inbox: Inbox) -> None:
    """As the plugin does when its file was deleted, on a file system that gives the inode again."""
    script = long_story(10)
    path = inbox.put(script)
    before = path.stat()
    inbox.spool.take_in()
    inbox.restart()
    anew = Script(pid=1).started()
    assert anew.content == script.raw_lines[0]
    while len(anew.content) <= 2 * len(script.content):
        anew.answer("ses_2", f"msg_anew_{len(anew.lines)}", input=1000)

    path.write_bytes(anew.content)
    inbox.spool.take_in()

    assert path.stat().st_ino == before.st_ino
    assert (inbox.tokens, inbox.bad) == (10 * 10 + 1000 * len(anew.messages), {})


def test_a_file_that_only_grew_is_never_read_twice(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    files = FaultyFiles(no_fault)
    inbox = Inbox(tmp_path, ledger, files)
    script = long_story()
    for line in script.raw_lines:
        inbox.add(line, script.file_name)
        assert inbox.spool.take_in() == len(line)
        inbox.restart()

    assert inbox.tokens == 400


class Meddling(Files):
    """Does something to the file just after its Nth opening or reading."""

    def __init__(self, call: str, number: int, path: Path) -> None:
        self.left = {"open": 10**9, "read": 10**9, call: number}
        self.path = path

    def open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        descriptor = super().open(path, flags, mode)
        self._meddle("open", path == self.path)
        return descriptor

    def read(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        content = super().read(descriptor, length_bytes, offset_bytes)
        self._meddle("read", here=True)
        return content

    def _meddle(self, call: str, here: bool) -> None:
        self.left[call] -= here
        if self.left[call] == 0 and self.path.exists():
            self.path.unlink()


@pytest.mark.parametrize(("call", "number"), [("open", 1), *(("read", number) for number in range(1, 8))])
def test_a_file_deleted_under_the_reader_is_read_to_its_end_all_the_same(
    tmp_path: Path, ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 2_000)
    script = long_story()
    inbox = Inbox(tmp_path, ledger, Meddling(call, number, tmp_path / "spool" / script.file_name))
    lines = script.raw_lines
    path = inbox.write(b"".join(lines[:60]) + b"garbage\n" + b"".join(lines[60:]), script.file_name)
    inbox.put(turn(2, 7))

    inbox.spool.take_in()
    assert (path.exists(), inbox.tokens, dict(inbox.spool.troubles)) == (False, 407, {})
    assert sum(inbox.bad.values()) == 1

    # Its process goes on in a file of the same name.
    inbox.put(Script(pid=1, at_ms=NOON_MS + 60_000).started().answer("ses_1", input=5), script.file_name)
    inbox.spool.take_in()
    assert inbox.tokens == 412


def test_the_whole_folder_goes_and_comes_again(inbox: Inbox) -> None:
    inbox.put(turn())
    inbox.spool.take_in()
    for path in inbox.folder.iterdir():
        path.unlink()
    inbox.folder.rmdir()
    assert inbox.spool.take_in() == 0

    inbox.folder.mkdir()
    inbox.put(turn(2, 7))
    inbox.spool.take_in()
    assert inbox.tokens == 107


_WRITER = """
import os, sys
descriptor = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)
lines = open(sys.argv[1], "rb").read().splitlines(keepends=True)
print("ready", flush=True)
sys.stdin.read()
for line in lines:
    assert os.write(descriptor, line) == len(line)
"""


@pytest.mark.processes
def test_many_writers_in_one_file_each_line_by_one_write(inbox: Inbox, tmp_path: Path) -> None:
    """Two copies of the plugin, or two threads of one OpenCode: their lines come between each other, never into one."""
    path = inbox.put(Script(pid=1).started(), turn().file_name)
    with ExitStack() as stack:
        writers = []
        for number in range(WRITERS):
            script = Script(pid=1, at_ms=NOON_MS + 100_000 * number).conversation(f"ses_{number}")
            for _ in range(ANSWERS_EACH):
                script.answer(f"ses_{number}", input=1, directory="/" + "w" * (200 * number))
            lines = tmp_path / f"lines {number}"
            lines.write_bytes(script.content)
            command = [sys.executable, "-c", _WRITER, str(lines), str(path)]
            writer = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            writers.append(writer)
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.close()
        while any(writer.poll() is None for writer in writers):
            inbox.spool.take_in()
    inbox.spool.take_in()

    assert [writer.returncode for writer in writers] == [0] * WRITERS
    assert (inbox.tokens, inbox.bad) == (WRITERS * ANSWERS_EACH, {})


def test_a_half_line_that_another_writer_came_into_spoils_that_line_alone(inbox: Inbox) -> None:
    one, other = turn(1), turn(2, 7)
    torn = one.raw_lines[-1]
    inbox.write(b"".join(one.raw_lines[:-1]) + torn[:20] + other.raw_lines[0], one.file_name)
    inbox.add(b"".join(other.raw_lines[1:]) + torn, one.file_name)

    inbox.spool.take_in()

    assert inbox.tokens == 107
    assert inbox.kept == [torn[:20] + other.raw_lines[0][:-1]]


def test_a_hole_that_a_power_cut_left_is_one_bad_line(inbox: Inbox) -> None:
    """ext4 may keep a file's length without its last blocks: they read as NUL bytes."""
    one = turn(1)
    inbox.write(one.content + b"\x00" * (3 * PIECE_BYTES), one.file_name)
    inbox.spool.take_in()
    assert (inbox.tokens, inbox.bad) == (100, {})

    inbox.add(b"\n" + turn(2, 7).content, one.file_name)
    inbox.spool.take_in()
    assert (inbox.tokens, sum(inbox.bad.values())) == (107, 1)
