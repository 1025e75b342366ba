"""A line that is taken for an event is taken by the ledger too: nothing that parses can stop the exporter."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.ledgers import ledger_in_memory, stats_of, take
from tests.support.script import KINDS

from opencode_stats.contract.line import LINE_VERSION, parse_line
from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.core.bounds import (
    LARGEST_COST_USD,
    LARGEST_MESSAGE_TOKENS,
    LATEST_INSTANT_MS,
    MOST_LINES_LOST,
)
from opencode_stats.core.tokens import LARGEST_COUNT
from opencode_stats.errors import BadEvent
from opencode_stats.ledger.queries import lost_lines
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from opencode_stats.core.events import Event

TEXTS = st.sampled_from(["ses_a", "ses_b", "msg_1", "\x00", "é\u202e", "x" * 4096, "/w", "' OR 1=1 --"]) | st.text(
    min_size=1, max_size=6
)
INSTANTS = st.sampled_from([0, 1, 1_795_262_400_000, LATEST_INSTANT_MS]) | st.integers(0, LATEST_INSTANT_MS)
COUNTS = st.sampled_from([0, 1, LARGEST_MESSAGE_TOKENS // 5, LARGEST_COUNT // 5]) | st.integers(0, 10**6)
TOKENS = st.fixed_dictionaries(dict.fromkeys(KINDS, COUNTS))
COSTS = st.sampled_from([0.0, 1e-9, 1.0, 1e6, LARGEST_COST_USD]) | st.floats(0, 1e6)
RUNS = st.fixed_dictionaries(
    {"pid": st.sampled_from([1, 2**31 - 1])},
    optional={"boot_id": TEXTS, "pid_ns": TEXTS, "start_ticks": st.sampled_from([0, 2**63 - 1])},
)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(
        ("conversation", "message", "event", "parent", "agent", "provider", "model", "variant", "directory", "root"),
        TEXTS,
    ),
    **dict.fromkeys(("finish", "error", "worktree", "project", "fork_of", "host_version", "request", "about"), TEXTS),
    **dict.fromkeys(("plugin_version", "reason"), TEXTS),
    **dict.fromkeys(("created_ms", "completed_ms", "first_ms", "last_ms"), INSTANTS),
    "run": RUNS,
    "api": st.sampled_from([1, 2]),
    "tokens": TOKENS,
    "cost_usd": COSTS,
    "summary": st.booleans(),
    "change": st.sampled_from(["created", "updated", "deleted"]),
    "status": st.sampled_from(["busy", "retry", "idle"]),
    "outcome": st.sampled_from(["succeeded", "failed", "interrupted"]),
    "kind": st.sampled_from(["permission", "question"]),
    "lines": st.sampled_from([1, MOST_LINES_LOST]),
}
NEEDED = {
    "run.started": ("run", "api", "plugin_version"),
    "run.ended": (),
    "workspace.opened": ("directory",),
    "workspace.closed": ("directory",),
    "prompt.submitted": ("conversation", "message"),
    "message.snapshot": ("conversation", "message"),
    "conversation.seen": ("conversation", "change"),
    "conversation.usage": ("conversation", "tokens"),
    "conversation.status": ("conversation", "status"),
    "conversation.idle": ("conversation",),
    "conversation.failed": ("error",),
    "conversation.compacted": ("conversation",),
    "request.opened": ("request", "kind"),
    "request.closed": ("request",),
    "title.requested": ("conversation", "message"),
    "spool.lost": ("lines", "reason", "first_ms", "last_ms"),
}
OPTIONAL = {
    "message.snapshot": (
        "event",
        "provider",
        "model",
        "directory",
        "tokens",
        "cost_usd",
        "created_ms",
        "completed_ms",
        "error",
    ),
    "conversation.seen": ("parent", "directory", "created_ms"),
    "conversation.idle": ("outcome",),
    "conversation.failed": ("conversation",),
    "conversation.usage": ("cost_usd",),
    "request.opened": ("conversation",),
}


COSTLY = (
    b'{"v":1,"type":"message.snapshot","at_ms":1,"completed_ms":1,"conversation":"a","message":"m%d","cost_usd":1e6,'
    b'"tokens":{"input":10000000000,"output":0,"reasoning":0,"cache_read":0,"cache_write":0}}'
)
NOISE = st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({"v": 1, "type": text}).encode())


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    type_ = draw(st.sampled_from(sorted(NEEDED)))
    line: dict[str, Any] = {"v": LINE_VERSION, "type": type_, "at_ms": draw(INSTANTS)}
    for name in NEEDED[type_]:
        line[name] = draw(MEMBERS[name])
    for name in OPTIONAL.get(type_, ()):
        if draw(st.booleans()):
            line[name] = draw(MEMBERS[name])
    return json.dumps(line, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@given(story=st.lists(lines(), min_size=1, max_size=30))
@example(story=[COSTLY % number for number in range(300)])
def test_whatever_parses_is_kept_proved_and_published(story: list[bytes]) -> None:
    events: list[Event] = []
    for line in story:
        # What breaks a rule is quarantined; here only what does not is of interest.
        with suppress(BadEvent):
            events.append(parse_line(line))
    with ledger_in_memory() as ledger:
        take(ledger, events)

        assert verify(ledger) == []
        assert lost_lines(ledger) >= 0
        assert json.loads(encode(document_of(stats_of(ledger))))["schemaVersion"] == 1


@given(noise=NOISE)
def test_noise_is_refused_with_a_reason_and_nothing_else_happens(noise: bytes) -> None:
    with pytest.raises(BadEvent) as refused:
        parse_line(noise)

    assert 0 < len(refused.value.reason) <= 200
