"""One line in, one event out, or a reason that says nothing of what was in it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from opencode_stats.contract.line import LONGEST_LINE_BYTES, line_schema, parse_line
from opencode_stats.core import events as e
from opencode_stats.core.tokens import Tokens
from opencode_stats.errors import BadEvent

SECRET = "my secret prompt"
TOKENS = {"input": 1, "output": 2, "reasoning": 3, "cache_read": 4, "cache_write": 5}
RUN = {"pid": 7, "boot_id": "b", "pid_ns": "4026531836", "start_ticks": 9}
LINES: list[tuple[dict[str, Any], e.Event]] = [
    (
        {"type": "run.started", "at_ms": 1, "run": RUN, "api": 1, "plugin_version": "0.1.0", "host_version": "1.18.33"},
        e.RunStarted(
            at_ms=1, run=e.ProcessKey(7, "b", "4026531836", 9), api=1, plugin_version="0.1.0", host_version="1.18.33"
        ),
    ),
    ({"type": "run.ended", "at_ms": 1}, e.RunEnded(at_ms=1)),
    (
        {"type": "workspace.opened", "at_ms": 1, "directory": "/w", "worktree": "/w", "project": "p"},
        e.WorkspaceOpened(at_ms=1, directory="/w", worktree="/w", project="p"),
    ),
    ({"type": "workspace.closed", "at_ms": 1, "directory": "/w"}, e.WorkspaceClosed(at_ms=1, directory="/w")),
    (
        {
            "type": "prompt.submitted", "at_ms": 1, "conversation": "s", "message": "m", "agent": "a", "provider": "p",
            "model": "x", "directory": "/w",
        },
        e.PromptSubmitted(
            at_ms=1, conversation="s", message="m", agent="a", provider="p", model="x", directory="/w"
        ),
    ),
    (
        {
            "type": "message.snapshot", "at_ms": 1, "event": "evt", "conversation": "s", "message": "m", "parent": "u",
            "agent": "a", "provider": "p", "model": "x", "variant": "v", "directory": "/w", "root": "/r",
            "tokens": TOKENS, "cost_usd": 0.5, "created_ms": 2, "completed_ms": 3, "finish": "stop", "error": "E",
            "summary": True,
        },
        e.MessageSnapshot(
            at_ms=1, event="evt", conversation="s", message="m", parent="u", agent="a", provider="p", model="x",
            variant="v", directory="/w", root="/r", tokens=Tokens(1, 2, 3, 4, 5), cost_usd=0.5, created_ms=2,
            completed_ms=3, finish="stop", error="E", summary=True,
        ),
    ),
    (
        {
            "type": "conversation.seen", "at_ms": 1, "conversation": "s", "change": "created", "parent": "r",
            "fork_of": "f", "directory": "/w", "project": "p", "agent": "a", "created_ms": 2, "host_version": "2.1",
        },
        e.ConversationSeen(
            at_ms=1, conversation="s", change="created", parent="r", fork_of="f", directory="/w", project="p",
            agent="a", created_ms=2, host_version="2.1",
        ),
    ),
    (
        {"type": "conversation.usage", "at_ms": 1, "conversation": "s", "tokens": TOKENS, "cost_usd": 1},
        e.ConversationUsage(at_ms=1, conversation="s", tokens=Tokens(1, 2, 3, 4, 5), cost_usd=1.0),
    ),
    (
        {"type": "conversation.status", "at_ms": 1, "conversation": "s", "status": "retry", "directory": "/w"},
        e.ConversationStatus(at_ms=1, conversation="s", status="retry", directory="/w"),
    ),
    (
        {"type": "conversation.idle", "at_ms": 1, "conversation": "s", "outcome": "interrupted"},
        e.ConversationIdle(at_ms=1, conversation="s", outcome="interrupted"),
    ),
    (
        {"type": "conversation.failed", "at_ms": 1, "error": "APIError", "conversation": "s"},
        e.ConversationFailed(at_ms=1, error="APIError", conversation="s"),
    ),
    (
        {"type": "conversation.compacted", "at_ms": 1, "conversation": "s"},
        e.ConversationCompacted(at_ms=1, conversation="s"),
    ),
    (
        {"type": "request.opened", "at_ms": 1, "request": "r", "kind": "question", "conversation": "s", "about": "b"},
        e.RequestOpened(at_ms=1, request="r", kind="question", conversation="s", about="b"),
    ),
    (
        {"type": "request.closed", "at_ms": 1, "request": "r", "conversation": "s"},
        e.RequestClosed(at_ms=1, request="r", conversation="s"),
    ),
    (
        {"type": "title.requested", "at_ms": 1, "conversation": "s", "message": "m", "provider": "p", "model": "x"},
        e.TitleRequested(at_ms=1, conversation="s", message="m", provider="p", model="x"),
    ),
    (
        {"type": "spool.lost", "at_ms": 1, "lines": 3, "reason": "ENOSPC", "first_ms": 1, "last_ms": 2},
        e.LinesLost(at_ms=1, lines=3, reason="ENOSPC", first_ms=1, last_ms=2),
    ),
]  # fmt: skip


def encoded(line: dict[str, Any], **changes: Any) -> bytes:  # noqa: ANN401
    return json.dumps({"v": 1, **line, **changes}).encode()


@pytest.mark.parametrize(("line", "event"), LINES, ids=lambda value: value["type"] if isinstance(value, dict) else "")
def test_a_line_is_its_event(line: dict[str, Any], event: e.Event) -> None:
    assert parse_line(encoded(line)) == event


def test_every_kind_of_event_is_among_them() -> None:
    assert {type(event) for _, event in LINES} == set(get_args(e.Event))


def test_keys_that_nobody_knows_are_ignored() -> None:
    assert parse_line(encoded(LINES[1][0], future={"a": [1]}, prompt=SECRET)) == e.RunEnded(at_ms=1)


SNAPSHOT = {"type": "message.snapshot", "at_ms": 1, "conversation": "s", "message": "m"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not JSON"),
        (SECRET.encode(), "not JSON"),
        (b"\x00\x01", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"v":1,' + b'"' + SECRET.encode(), "not JSON"),
        (b'{"v":1,"type":"run.ended","at_ms":1}{}', "not JSON"),
        (b'{"v":1,"type":"run.ended","at_ms":NaN}', "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (json.dumps([SECRET]).encode(), "not a JSON object"),
        (b"1", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no line version"),
        (encoded(SNAPSHOT, v=SECRET), "no line version"),
        (encoded(SNAPSHOT, v=True), "another line version"),
        (encoded(SNAPSHOT, v=2), "another line version"),
        (encoded(LINES[0][0], api=True), "api: Input should be 1 or 2"),
        (encoded(SNAPSHOT, v=0), "another line version"),
        (encoded({"at_ms": 1}), "unknown type"),
        (encoded({"at_ms": 1, "type": SECRET}), "unknown type"),
        (encoded({"at_ms": 1, "type": {SECRET: 1}}), "unknown type"),
        (encoded({"type": "run.ended"}), "at_ms: Field required"),
        (encoded(SNAPSHOT, at_ms="1"), "at_ms: "),
        (encoded(SNAPSHOT, at_ms=1.5), "at_ms: "),
        (encoded(SNAPSHOT, at_ms=True), "at_ms: "),
        (encoded(SNAPSHOT, at_ms=-1), "an instant is outside"),
        (encoded(SNAPSHOT, at_ms=10**30), "an instant is outside"),
        (encoded(SNAPSHOT, at_ms=1e999), "not JSON"),
        (encoded(SNAPSHOT, message=[SECRET]), "message: "),
        (encoded(SNAPSHOT, message=""), "a text is empty"),
        (encoded(SNAPSHOT, message=SECRET * 1000), "a text is empty or longer"),
        (encoded(SNAPSHOT, finish=""), "a text is empty"),
        (encoded(SNAPSHOT, tokens={**TOKENS, "input": -1}), "tokens: a token count is negative"),
        (encoded(SNAPSHOT, tokens={**TOKENS, "input": 1.5}), "tokens.input: "),
        (encoded(SNAPSHOT, tokens={**TOKENS, "input": 10**10}), "a message has more than"),
        (encoded(SNAPSHOT, tokens=SECRET), "tokens: "),
        (encoded(SNAPSHOT, cost_usd=-1), "a cost is outside"),
        (encoded(SNAPSHOT, cost_usd=1_000_000.01), "a cost is outside"),
        (encoded(SNAPSHOT, cost_usd=SECRET), "cost_usd: "),
        (encoded(SNAPSHOT, summary=SECRET), "summary: "),
        (encoded(LINES[0][0], api=3), "api: Input should be 1 or 2"),
        (encoded(LINES[0][0], run={"pid": 0}), "run: a pid is outside"),
        (encoded(LINES[0][0], run={"pid": 1, "boot_id": "a/b"}), "run: a boot id or a namespace"),
        (encoded(LINES[6][0], change=SECRET), "change: "),
        (encoded(LINES[8][0], status=SECRET), "status: "),
        (encoded(LINES[15][0], lines=0), "lines is outside"),
    ],
)
def test_a_bad_line_has_its_reason_and_never_its_content(line: bytes, reason: str) -> None:
    with pytest.raises(BadEvent) as refused:
        parse_line(line)

    assert refused.value.reason.startswith(reason)
    assert len(refused.value.reason) <= 200
    for part in SECRET.split():
        assert part not in refused.value.reason


def test_a_line_may_be_a_mebibyte_long_and_no_longer() -> None:
    line = encoded(SNAPSHOT, padding="")
    longest = line[:-2] + b"x" * (LONGEST_LINE_BYTES - len(line)) + line[-2:]

    assert isinstance(parse_line(longest), e.MessageSnapshot)
    with pytest.raises(BadEvent, match="longer than 1048576 bytes"):
        parse_line(longest[:-2] + b"x" + longest[-2:])


def test_the_schema_knows_every_type_and_demands_its_version() -> None:
    schema = line_schema()
    types = {
        definition["properties"]["type"]["const"]
        for definition in schema["$defs"].values()
        if "type" in definition["properties"]
    }

    assert types == {line["type"] for line, _ in LINES}
    for definition in schema["$defs"].values():
        if "type" in definition["properties"]:
            assert definition["properties"]["v"] == {"const": 1}
            assert {"v", "type", "at_ms"} <= set(definition["required"])
