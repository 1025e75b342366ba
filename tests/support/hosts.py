"""Other hosts for a test: one message of theirs, and its way into a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS
from tests.support.script import Script

from opencode_stats.core.hosts import HostFileHead, HostMessage
from opencode_stats.ledger.foreign import TakenIn, note_shared, own_messages, take_messages
from opencode_stats.ledger.hosts import usage_by_host
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3

ME, OTHER = "b" * 32, "c" * 32
SCRIPT = Script().started().conversation("ses_a", directory="/w").answer("ses_a", input=100, directory="/w")
ONE = HostMessage(
    message="msg_1", conversation="ses_x", live=True, stage="completed", event="evt_1", counted_at_ms=NOON_MS,
    model="m", input=7, output=0, reasoning=0, cache_read=0, cache_write=0, cost_microusd=5,
)  # fmt: skip


def head(host: str = OTHER, written_ms: int = 1, name: str = "desk") -> HostFileHead:
    return HostFileHead(host=host, name=name, written_ms=written_ms, messages=1)


def merge(ledger: sqlite3.Connection, *said: HostMessage, of: HostFileHead | None = None) -> TakenIn:
    with transaction(ledger):
        taken = take_messages(ledger, of or head(), said)
        note_shared(ledger)
    return taken


def tokens(ledger: sqlite3.Connection, ends: tuple[int, int] | None = None) -> dict[str, int]:
    return {host.host: host.totals.whole.tokens.total for host in usage_by_host(ledger, ends, "me", NOON_MS)}


def own(ledger: sqlite3.Connection) -> HostMessage:
    _, lines = own_messages(ledger)
    return HostMessage(**next(iter(lines)))
