"""A slice of ``make fuzz``, and what it found as examples."""

from __future__ import annotations

import secrets

import pytest
from tests.fuzz import lines
from tests.fuzz.tally import Finding, Tally

from opencode_stats.contract.line import parse_line

SLICE = 12_000


@pytest.mark.parametrize("seed", [1, secrets.randbelow(2**32)], ids=["a fixed seed", "a new seed"])
def test_a_spoiled_line_is_the_event_that_it_says_or_none(seed: int) -> None:
    tally = lines.run(seed, SLICE)

    print(tally)
    assert tally.inputs == SLICE
    assert min(tally.ends["taken"], tally.ends["refused"], tally.ends["also through a ledger"]) > 10


@pytest.mark.parametrize(
    "line",
    [
        b'{"v":1,"type":"run.started","at_ms":0,"run":{"pid":1},"api":true,"plugin_version":"0.1.0"}',
        b'{"v":1,"type":"run.started","at_ms":0,"run":{"pid":1},"api":1e0,"plugin_version":"0.1.0"}',
        b'{"v":1,"type":"run.ended","type":"workspace.closed","at_ms":1,"directory":"a"}',
        b'{"v":1,"type":"run.ended","at_ms":-0}',
        b'{"v":1,"type":"run.ended","at_ms":1,"at_ms":"\\ud800","at_ms":2}',
        b'\xef\xbb\xbf{"v":1,"type":"run.ended","at_ms":1}',
        b'{"v":1,"type":"run.ended","at_ms":1,"x":' + b"9" * 1_000_000 + b"}",
        b'{"v":1,"type":"run.ended","at_ms":1,"x":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        b'{"v":1,"type":"run.ended","at_ms":1,"x":[' + b"0," * 400_000 + b"0]}",
        b'{"v":1,"type":"run.ended"' + b',"at_ms":1' * 80_000 + b"}",
    ],
    ids=lambda line: line[:60].decode("utf-8", "replace"),
)
def test_what_was_worth_keeping(line: bytes) -> None:
    lines.check(Tally("lines", 0), line)


def test_the_second_reading_notices_a_parser_that_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "parse_line", lambda line: parse_line(line.replace(b":-", b":")))

    with pytest.raises(Finding, match="taken, though it is none"):
        lines.run(1, SLICE)
