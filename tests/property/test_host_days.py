"""What hosts used is the sum of their merged messages, whichever days are made and whatever changes after that."""

from __future__ import annotations

from datetime import UTC as _UTC
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_hosts import MESSAGES
from tests.support.ledgers import ledger_in_memory, rows

from opencode_stats.core.hosts import Account, HostFileHead, HostMessage, merged
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.foreign import FACTS, OWN, become_host, message_of, note_shared, own_host, take_messages
from opencode_stats.ledger.hosts import usage_by_host
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

DAY_MS = 86_400_000
HOSTS = ("a" * 32, "b" * 32, "c" * 32)
ME = "b" * 32
NAMES = ("msg_1", "msg_2", "auxiliary:ses_a")
TIMES = st.sampled_from([0, 5, DAY_MS - 1, DAY_MS, 2 * DAY_MS + 5, 3 * DAY_MS])
ENDS = (None, (0, DAY_MS), (DAY_MS // 2, 2 * DAY_MS + 6), (0, 5 * DAY_MS), (DAY_MS, 2 * DAY_MS))
SMALL = st.integers(0, 3)
Step = tuple[str, Any]


@st.composite
def told(draw: st.DrawFn) -> Step:
    said = draw(st.lists(MESSAGES, max_size=3, unique_by=lambda one: one.message))
    facts = [{name: getattr(one, name) for name in FACTS} | {"counted_at_ms": draw(TIMES)} for one in said]
    return "told", (draw(st.sampled_from(HOSTS)), draw(SMALL), [HostMessage(**one) for one in facts])


@st.composite
def own(draw: st.DrawFn) -> Step:
    """A message of this host, or what becomes known of it."""
    return "own", {
        "message": draw(st.sampled_from(NAMES)),
        "conversation": "ses_a",
        "origin": draw(st.sampled_from(["live", "imported"])),
        "standing": draw(st.sampled_from(["counted", "counted", "copy"])),
        "stage": draw(st.sampled_from(["usage", "completed"])),
        "counted_at_ms": draw(TIMES),
        "agent": draw(st.sampled_from([None, "a"])),
        "model": draw(st.sampled_from([None, "a"])),
        **{name: draw(SMALL) for name in ("input", "output", "reasoning", "cache_read", "cache_write")},
        "cost_microusd": draw(st.none() | SMALL),
    }


STEPS = st.lists(
    told()
    | told()
    | own()
    | own()
    | st.tuples(st.just("sum"), st.tuples(st.integers(1, 5), st.integers(0, 23)))
    | st.tuples(st.just("charge"), SMALL)
    | st.tuples(st.just("conversation"), st.sampled_from(["a", "b"]))
    | st.sampled_from([("note", None), ("become", None), ("rebuild", None)]),
    max_size=9,
)


def take_step(ledger: sqlite3.Connection, step: Step) -> None:
    what, said = step
    if what == "sum":
        assert DaySums(ledger).go_on(said[0] * DAY_MS, _UTC, said[1], to_the_end=True) == 0
    elif what == "rebuild":
        assert rebuild(ledger).changes == ()
    else:
        with transaction(ledger):
            _WITHIN[what](ledger, said)


def _tell(ledger: sqlite3.Connection, file: tuple[str, int, list[HostMessage]]) -> None:
    host, written_ms, messages = file
    head = HostFileHead(host=host, name=host[:1], written_ms=written_ms, messages=len(messages))
    take_messages(ledger, head, messages)


def _own(ledger: sqlite3.Connection, facts: dict[str, Any]) -> None:
    names = list(facts)
    api = 2 if facts["message"].startswith("auxiliary:") else 1
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    ledger.execute(
        f"INSERT INTO messages ({', '.join(names)}, state, api, event, created_seen, first_at_ms, summary) VALUES "
        f"({', '.join('?' * len(names))}, 'final', {api}, '', 1, 0, 0) ON CONFLICT (message) DO UPDATE SET {changes}",
        list(facts.values()),
    )


def _become(ledger: sqlite3.Connection) -> None:
    # A new id is one that nobody told of.
    if not rows(ledger, "SELECT 1 FROM hosts WHERE host = ? AND NOT own", ME):
        become_host(ledger, ME, "me")


def _charge(ledger: sqlite3.Connection, total: int) -> None:
    ledger.execute(
        "INSERT INTO conversations (conversation, usage_input, usage_output, usage_reasoning, usage_cache_read, "
        "usage_cache_write) VALUES ('ses_a', ?, 0, 0, 0, 0) ON CONFLICT (conversation) DO UPDATE SET "
        "usage_input = excluded.usage_input, usage_output = 0, usage_reasoning = 0, usage_cache_read = 0, "
        "usage_cache_write = 0",
        (total,),
    )


def _conversation(ledger: sqlite3.Connection, agent: str) -> None:
    ledger.execute(
        "INSERT INTO conversations (conversation, agent) VALUES ('ses_a', ?) "
        "ON CONFLICT (conversation) DO UPDATE SET agent = excluded.agent",
        (agent,),
    )


_WITHIN: dict[str, Callable[[sqlite3.Connection, Any], object]] = {
    "told": _tell,
    "own": _own,
    "conversation": _conversation,
    "charge": _charge,
    "note": lambda ledger, _: note_shared(ledger),
    "become": lambda ledger, _: _become(ledger),
}


def brute_force(ledger: sqlite3.Connection, ends: tuple[int, int] | None) -> dict[str, Totals]:
    me = own_host(ledger) or ""
    known = {row[0]: Account(message_of(row), me) for row in rows(ledger, OWN)}
    for *facts, host in rows(ledger, f"SELECT {', '.join(FACTS)}, host FROM foreign_messages"):
        known[facts[0]] = merged(known.get(facts[0]), Account(message_of(tuple(facts)), host))
    found: dict[str, dict[tuple[str | None, str | None], Usage]] = {}
    for account in known.values():
        said = account.said
        if said.counts and (ends is None or ends[0] <= said.counted_at_ms < ends[1]):
            tokens = Tokens(said.input, said.output, said.reasoning, said.cache_read, said.cache_write)
            by_model = found.setdefault(account.host, {})
            key = (said.provider, said.model)
            by_model[key] = by_model.get(key, Usage()) + Usage(tokens, said.cost_microusd or 0, 1)
    return {host: Totals(by_model) for host, by_model in found.items()}


def check(ledger: sqlite3.Connection) -> None:
    for ends in ENDS:
        answer = {one.host: one.totals for one in usage_by_host(ledger, ends, "me", 9) if one.totals.by_model}
        assert answer == brute_force(ledger, ends), ends


@given(steps=STEPS, looked_at=st.sampled_from([0, 1, 5_000]))
def test_every_answer_is_the_sum_of_merged_messages(steps: list[Step], looked_at: int) -> None:
    with ledger_in_memory() as ledger, pytest.MonkeyPatch.context() as patch:
        patch.setattr("opencode_stats.ledger.hosts._LOOKED_AT", looked_at)
        for step in steps:
            take_step(ledger, step)
            check(ledger)
        take_step(ledger, ("sum", (5, 0)))
        check(ledger)
        assert verify(ledger) == []
