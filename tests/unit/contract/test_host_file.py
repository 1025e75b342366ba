"""Lines of a host's file: what is taken, what is refused, and that a refusal quotes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from opencode_stats.contract.host_file import host_file_schema, parse_head, parse_message
from opencode_stats.errors import BadEvent

HEAD: dict[str, Any] = {
    "format": "opencode-stats-ledger", "v": 1, "host": "a" * 32, "name": "laptop", "written_ms": 5, "messages": 1,
}  # fmt: skip
LINE: dict[str, Any] = {
    "message": "msg_1", "conversation": "ses_a", "live": True, "stage": "completed", "counted_at_ms": 9,
    "input": 1, "output": 2, "reasoning": 3, "cache_read": 4, "cache_write": 5,
}  # fmt: skip


def raw(members: dict[str, Any]) -> bytes:
    return json.dumps(members).encode() + b"\n"


def test_lines_are_read_and_members_to_come_are_passed_over() -> None:
    head, message = parse_head(raw({**HEAD, "later": 1})), parse_message(raw({**LINE, "later": []}))

    assert (head.host, head.name, head.written_ms, head.messages) == ("a" * 32, "laptop", 5, 1)
    assert (message.tokens, message.cost_microusd, message.provider) == (15, None, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "no host's file"),
        (b"[]", "no host's file"),
        (raw({**HEAD, "format": "csv"}), "no host's file"),
        (raw({**HEAD, "v": 2}), "another version"),
        (raw({**HEAD, "v": True}), "another version"),
        (raw({**HEAD, "host": "secret"}), "host's id"),
        (raw({**HEAD, "messages": "1"}), "messages: "),
    ],
)
def test_other_heads_are_refused(line: bytes, reason: str) -> None:
    with pytest.raises(BadEvent, match=reason) as refused:
        parse_head(line)
    assert "secret" not in refused.value.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff", "not JSON"),
        (raw({**LINE, "stage": "secret"}), "stage: "),
        (raw({**LINE, "live": 1}), "live: "),
        (raw({**LINE, "input": 1.5}), "input: "),
        (raw({**LINE, "message": "secret" * 1000}), "4096"),
        (raw({name: value for name, value in LINE.items() if name != "output"}), "output: "),
    ],
)
def test_other_messages_are_refused(line: bytes, reason: str) -> None:
    with pytest.raises(BadEvent, match=reason) as refused:
        parse_message(line)
    assert "secret" not in refused.value.reason


def test_the_schema_takes_what_is_read() -> None:
    schema = Draft202012Validator(host_file_schema())

    assert schema.is_valid(HEAD)
    assert schema.is_valid(LINE)
    assert not schema.is_valid({**LINE, "stage": "other"})
    assert not schema.is_valid({**HEAD, "v": 2})
