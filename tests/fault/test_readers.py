"""Real processes that keep reading the ledger in long transactions: the writer never waits for one of them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import STRANGER, rows, take
from tests.support.script import Script

from opencode_stats.ledger import transactions
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.transactions import checkpointed, log_bytes, shorten_log

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

READERS = 4
READER = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
printed = False
while True:
    connection.execute("BEGIN")
    first = connection.execute("SELECT count(*) FROM messages").fetchone()
    if not printed:
        print(*first, flush=True)
        printed = True
    for _ in range(int(sys.argv[2])):
        assert connection.execute("SELECT count(*) FROM messages NOT INDEXED").fetchone() == first
    if not int(sys.argv[2]):
        sys.stdin.read()
    connection.execute("COMMIT")
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as connection:
        # A writer that had to wait would fail at once.
        connection.execute("PRAGMA busy_timeout = 0")
        take(connection, Script().started().conversation("ses_a"), file="a.jsonl")
        yield connection


@contextmanager
def reader(path: Path, looks: int) -> Iterator[None]:
    """Reads one moment that many times, then another, and so on; with 0 one moment for as long as the block."""
    command = [sys.executable, "-c", READER, str(path), str(looks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def write(ledger: sqlite3.Connection, first: int, messages: int) -> list[float]:
    """One commit a message; gives what each took, in microseconds."""
    took = []
    for number in range(first, first + messages):
        events = Script(pid=1, at_ms=NOON_MS + number).answer("ses_a", f"msg_{number}", input=1).events
        started = time.perf_counter()
        append(ledger, Cursor("0-a.jsonl", 1, 0, b"", number, None), events, STRANGER)
        took.append((time.perf_counter() - started) * 1e6)
    return took


def test_the_writer_waits_for_nobody(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    alone, beside = write(ledger, 0, 300), []
    with ExitStack() as stack:
        for _ in range(READERS):
            stack.enter_context(reader(tmp_path / "ledger.db", 50))
        beside = write(ledger, 300, 300)

    assert rows(ledger, "SELECT count(*) FROM messages") == [(600,)]
    # That none of the 300 failed is the proof; how long they took depends on how many processors there are to share.
    took = [f"{statistics.median(times):.0f} µs" for times in (alone, beside)]
    print(f"a commit alone {took[0]}, beside {READERS} readers {took[1]}")


def test_readers_that_always_overlap_do_not_make_the_log_grow_for_ever(
    ledger: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LOG_BYTES", 2 * 2**20)
    with ExitStack() as stack:
        for _ in range(READERS):
            stack.enter_context(reader(tmp_path / "ledger.db", 2))
        longest = []
        for first in range(0, 1_500, 100):
            write(ledger, first, 100)
            longest.append(log_bytes(ledger))
            shorten_log(ledger)

    assert min(longest[1:]) < 4 * 2**20
    assert sum(longest) / len(longest) < 8 * 2**20


def test_one_that_stays_lets_the_log_grow_until_it_goes(
    ledger: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.execute("PRAGMA wal_autocheckpoint = 50")
    with reader(tmp_path / "ledger.db", 0):
        write(ledger, 0, 300)
        grown = log_bytes(ledger)
        assert grown > 300 * 4096
        assert not checkpointed(ledger)
        monkeypatch.setattr(transactions, "LOG_BYTES", 0)
        started = time.perf_counter()
        shorten_log(ledger)
        assert time.perf_counter() - started < 2
        assert rows(ledger, "PRAGMA busy_timeout") == [(0,)]
    assert checkpointed(ledger)
    write(ledger, 300, 1)
    # The log begins anew; what it once took is given back.
    assert log_bytes(ledger) <= max(grown, 4 * 2**20)
    write(ledger, 301, 300)
    assert log_bytes(ledger) <= grown
