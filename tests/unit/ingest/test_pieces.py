"""Lines at the edges of pieces, and lines that are too long to be one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.files import FaultyFiles, no_fault
from tests.support.ledgers import everything, ledger_in_memory
from tests.support.script import Script
from tests.support.spools import Inbox

from opencode_stats.contract.line import LONGEST_LINE_BYTES
from opencode_stats.ingest import pieces
from opencode_stats.ingest.pieces import HALF_A_LINE, PIECE_BYTES, TOO_LONG

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@pytest.fixture
def inbox(tmp_path: Path, ledger: sqlite3.Connection) -> Inbox:
    return Inbox(tmp_path, ledger)


def padded(script: Script, length_bytes: int) -> bytes:
    """The script's last line, stretched by a key that nobody knows to this length, its newline included."""
    line = dict(script.lines[-1])
    line["padding"] = ""
    bare_bytes = len(json.dumps(line, separators=(",", ":"))) + 1
    line["padding"] = "x" * (length_bytes - bare_bytes)
    content = json.dumps(line, separators=(",", ":")).encode() + b"\n"
    assert len(content) == length_bytes
    return content


@pytest.mark.parametrize(
    "length_bytes",
    [
        PIECE_BYTES - 1,
        PIECE_BYTES,
        PIECE_BYTES + 1,
        2 * PIECE_BYTES,
        2 * PIECE_BYTES + 1,
        LONGEST_LINE_BYTES,
        LONGEST_LINE_BYTES + 1,
    ],
)
def test_a_line_up_to_the_longest_is_taken_in_wherever_pieces_end(inbox: Inbox, length_bytes: int) -> None:
    before = Script().started()
    long = Script().answer("ses_a", input=100)
    inbox.write(before.content + long.raw_lines[0] + padded(long, length_bytes) + long.raw_lines[2])

    inbox.spool.take_in()

    # LONGEST_LINE_BYTES is without the newline.
    assert (inbox.tokens, inbox.bad) == (100, {})


@pytest.mark.parametrize("length_bytes", [LONGEST_LINE_BYTES + 2, LONGEST_LINE_BYTES + PIECE_BYTES, 10 * 2**20])
def test_a_longer_line_is_quarantined_whole_and_the_rest_counts(inbox: Inbox, length_bytes: int) -> None:
    long = Script().answer("ses_a", input=100)
    content = padded(long, length_bytes)
    inbox.write(Script().started().content + content + long.content)

    inbox.spool.take_in()

    assert (inbox.tokens, inbox.bad) == (100, {TOO_LONG: 1})
    assert inbox.kept == [content[:-1]]


def test_a_long_line_without_its_end_waits_and_is_searched_once(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    files = FaultyFiles(no_fault)
    inbox = Inbox(tmp_path, ledger, files)
    inbox.write(Script().started().content + b"x" * (10 * 2**20))
    inbox.spool.take_in()
    searching = files.calls.count("read")

    for _ in range(20):
        inbox.add(b"x" * 100)
        inbox.spool.take_in()
    growing = files.calls.count("read") - searching

    assert inbox.bad == {}
    assert searching > 40
    # Each time: the head, what is before the cursor, the piece at it, what is new behind what was searched, its end.
    assert growing <= 20 * 5
    inbox.add(b"\n" + Script().answer("ses_a", input=7).content)
    inbox.spool.take_in()
    assert (inbox.tokens, inbox.bad) == (7, {TOO_LONG: 1})


def test_neighbours_that_are_bad_for_one_reason_are_one_row_and_one_copy(inbox: Inbox) -> None:
    good = Script().started().answer("ses_a", input=5).content
    inbox.write(b"\n" * 3 + good + b"\n\n" + b"[]\n" + b"{}\n")

    inbox.spool.take_in()

    assert inbox.tokens == 5
    assert sum(inbox.bad.values()) == 7
    assert sorted(inbox.kept) == [b"\n", b"\n\n", b"[]", b"{}"]


def test_a_piece_of_nothing_but_newlines_costs_one_row(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 10_000)
    inbox.write(b"\n" * 20_000)

    inbox.spool.take_in()

    assert sum(inbox.bad.values()) == 20_000
    assert len(inbox.kept) == 2


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 300, 1000, 4096])
def test_how_a_file_is_cut_into_pieces_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    script = Script().started().opened("/w").conversation("ses_a").prompt("ses_a").busy("ses_a")
    script.answer("ses_a", input=100, output=9, directory="/w").idle("ses_a").ended()
    with ledger_in_memory() as whole, ledger_in_memory() as cut:
        one = Inbox(tmp_path, whole)
        one.put(script)
        one.spool.take_in()
        monkeypatch.setattr(pieces, "PIECE_BYTES", piece_bytes)

        Inbox(tmp_path, cut).spool.take_in()

        assert everything(cut) == everything(whole)
        assert one.tokens == 109


def test_half_a_line_is_given_up_with_its_reason(inbox: Inbox) -> None:
    script = Script().started().answer("ses_a", input=5)
    inbox.write(script.content + b'{"v":1,"type":"mess', script.file_name)
    inbox.spool.take_in()
    assert inbox.bad == {}

    assert inbox.spool.finish({script.key.text}) == 1

    assert (inbox.bad, inbox.kept, inbox.tokens) == ({HALF_A_LINE: 1}, [b'{"v":1,"type":"mess'], 5)
