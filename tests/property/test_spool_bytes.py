"""The spool as bytes: whatever the cuts, the restarts and the garbage between lines, the figures are the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledgers import everything, ledger_in_memory
from tests.support.spools import Inbox
from tests.support.stories import scripts

from opencode_stats.ingest.lines import cut

if TYPE_CHECKING:
    from tests.support.script import Script


@given(content=st.binary(max_size=300), at=st.integers(0, 300))
def test_cutting_a_file_anywhere_gives_the_same_lines(content: bytes, at: int) -> None:
    at = min(at, len(content))
    whole = cut(content, 0)
    before = cut(content[:at], 0)
    read_bytes = before[-1].end_bytes if before else 0

    assert before + cut(content[read_bytes:], read_bytes) == whole
    assert b"".join(line.content + b"\n" for line in whole) == content[: whole[-1].end_bytes if whole else 0]


@settings(max_examples=15)
@given(script=scripts(most_steps=6), cuts=st.lists(st.integers(0, 4000), max_size=6), restarts=st.booleans())
def test_a_file_that_comes_in_pieces_is_the_same_file(script: Script, cuts: list[int], restarts: bool) -> None:
    content = script.content
    ends = sorted({min(at, len(content)) for at in cuts} | {len(content)})
    with tempfile.TemporaryDirectory() as home, ledger_in_memory() as whole, ledger_in_memory() as pieces:
        one = Inbox(Path(home, "one"), whole)
        one.put(script)
        one.spool.take_in()
        other = Inbox(Path(home, "other"), pieces)
        for start, end in zip([0, *ends], ends, strict=False):
            other.add(content[start:end], script.file_name)
            other.spool.take_in()
            if restarts:
                other.restart()

        assert _but_for_places(everything(pieces)) == _but_for_places(everything(whole))


@settings(max_examples=15)
@given(
    script=scripts(most_steps=6), garbage=st.lists(st.tuples(st.integers(1, 50), st.binary(max_size=40)), max_size=4)
)
def test_garbage_between_lines_takes_no_line_with_it(script: Script, garbage: list[tuple[int, bytes]]) -> None:
    spoiled = list(script.raw_lines)
    for place, noise in garbage:
        spoiled.insert(min(place, len(spoiled)), noise.replace(b"\n", b"") + b"\n")
    with tempfile.TemporaryDirectory() as home, ledger_in_memory() as clean, ledger_in_memory() as dirty:
        one = Inbox(Path(home, "one"), clean)
        one.put(script)
        one.spool.take_in()
        other = Inbox(Path(home, "other"), dirty)
        other.write(b"".join(spoiled), script.file_name)
        other.spool.take_in()

        assert other.tokens == one.tokens
        assert sum(other.bad.values()) == len(garbage)


def _but_for_places(ledger: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Two files have two inodes, and different beginnings while they grow."""
    return {name: rows for name, rows in ledger.items() if name != "cursors"}
