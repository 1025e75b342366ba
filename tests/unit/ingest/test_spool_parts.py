"""Who writes much goes on in a next file; a full one goes as soon as it is read, though its process lives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows
from tests.support.script import Script
from tests.support.spools import Inbox, turn

from opencode_stats.ingest import spool
from opencode_stats.ledger.runs import live_processes

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

FULL_BYTES = 2_000
BASE = turn().file_name.removesuffix(".jsonl")


@pytest.fixture
def inbox(tmp_path: Path, ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    monkeypatch.setattr(spool, "FULL_BYTES", FULL_BYTES)
    return Inbox(tmp_path, ledger)


def part(number: int, *, full: bool = True) -> tuple[str, Script]:
    """A part as the plugin writes it: with the process's first line, until it is full."""
    script = Script(pid=1).started().wait(60_000 * number).conversation("ses_1")
    while full and len(script.content) < FULL_BYTES:
        script.answer("ses_1", input=1)
    return BASE + (f".{number}.jsonl" if number else ".jsonl"), script.answer("ses_1", input=100)


def test_parts_are_read_in_the_order_in_which_they_were_written(inbox: Inbox) -> None:
    """Ten comes after nine, and the part without a number first: the last word on a conversation is the last one's."""
    for number in range(12):
        name, script = part(number, full=False)
        inbox.put(script.busy("ses_1") if number < 11 else script.idle("ses_1"), name)

    inbox.spool.take_in()

    assert inbox.tokens == 1200
    assert rows(inbox.connection, "SELECT busy FROM conversations") == [(0,)]
    assert len(live_processes(inbox.connection)) == 1


def test_a_full_part_goes_once_the_next_was_begun(inbox: Inbox) -> None:
    name, first = part(0)
    inbox.put(first, name)
    inbox.spool.take_in()
    assert inbox.spool.finish(set()) == 0

    next_name, second = part(1, full=False)
    inbox.put(second, next_name)
    assert inbox.spool.finish(set()) == 0
    inbox.spool.take_in()

    assert inbox.spool.finish(set()) == 1
    assert os.listdir(inbox.folder) == [next_name]
    assert inbox.tokens == len(first.messages) - 1 + 200
    assert inbox.spool.finish({first.key.text}) == 1


def test_a_part_that_is_not_full_stays_whatever_comes_after_it(inbox: Inbox) -> None:
    """A copy of the plugin that is loaded later begins with the name without a number again."""
    for number in (0, 1):
        name, script = part(number, full=False)
        inbox.put(script, name)
    inbox.spool.take_in()

    assert inbox.spool.finish(set()) == 0


def test_other_processes_have_no_say(inbox: Inbox) -> None:
    name, script = part(0)
    inbox.put(script, name)
    inbox.put(turn(11), turn(11).file_name.replace(".jsonl", ".1.jsonl"))
    inbox.spool.take_in()

    assert inbox.spool.finish(set()) == 0


def test_a_part_without_its_first_line_tells_its_process_by_name(inbox: Inbox) -> None:
    script = turn(77)
    inbox.write(b"".join(script.raw_lines[1:]), script.file_name.replace(".jsonl", ".3.jsonl"))

    inbox.spool.take_in()

    (process,) = live_processes(inbox.connection)
    assert (process.key.pid, process.key.start_ticks) == (77, 1000)
    assert inbox.tokens == 100


def test_one_that_came_back_to_find_its_name_taken_is_its_processs_and_the_older(inbox: Inbox) -> None:
    script = turn(77).busy("ses_77")
    inbox.write(b"".join(script.raw_lines[1:]), f"{NOON_MS}_{script.file_name}")
    now = Script(pid=77).wait(60_000).idle("ses_77")
    inbox.put(now, script.file_name)

    inbox.spool.take_in()

    assert [(process.key.pid, process.key.start_ticks) for process in live_processes(inbox.connection)] == [(77, 1000)]
    assert (inbox.tokens, rows(inbox.connection, "SELECT busy FROM conversations")) == (100, [(0,)])
