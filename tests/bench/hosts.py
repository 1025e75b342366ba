"""What ``hosts`` costs: a million messages of this host, a million of two others, some that are in both."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING

from tests.bench.history import DAY_MS, DAYS, MESSAGES, fill
from tests.bench.past import ODD_MS, pass_ms, took_ms
from tests.bench.scene import scene

from opencode_stats.host.clock import SystemClock
from opencode_stats.host.files import own_folder
from opencode_stats.ledger.connection import open_ledger, open_reader
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.hosts import usage_by_host
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = 20_000
HOSTS = ("a" * 32, "b" * 32, "c" * 32)
_FACTS = (
    "conversation, counted_at_ms, created_ms, completed_ms, provider, model, agent, directory, input, output, "
    "reasoning, cache_read, cache_write, cost_microusd"
)


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        own_folder(on.paths.data)
        now_ms = SystemClock().now_ms()
        fill(on.paths.ledger, now_ms)
        with closing(open_ledger(on.paths.ledger, now_ms)) as connection:
            with transaction(connection):
                for number, host in enumerate(HOSTS):
                    connection.execute("INSERT INTO hosts VALUES (?, ?, ?, 1)", (host, f"host-{number}", number == 0))
                for prefix, where in (("other-", "true"), ("", f"id <= {SHARED}")):
                    connection.execute(
                        f"INSERT INTO foreign_messages (message, host, live, stage, event, charged, {_FACTS}) "
                        f"SELECT ? || message, CASE WHEN id / 3000 % 2 THEN ? ELSE ? END, 1, 'completed', '', 0, "
                        f"{_FACTS} FROM messages WHERE {where}",
                        (prefix, *HOSTS[1:]),
                    )
                connection.execute("UPDATE shared_until SET message_id = (SELECT max(id) FROM messages)")
            DaySums(connection).go_on(now_ms, UTC, to_the_end=True)
        with closing(open_reader(on.paths.ledger)) as connection:
            floor_ms = pass_ms(connection)
            yield f"{MESSAGES:,} messages here, as many of two other hosts, {SHARED:,} in both; processor time:"
            yield f"a pass over this host's messages: {floor_ms:.0f} ms"
            for name, ends in (
                ("all that is known", None),
                ("three years", (now_ms - DAYS * DAY_MS, now_ms)),
                ("thirty days that begin in the middle", (now_ms - 30 * DAY_MS + ODD_MS, now_ms)),
            ):
                ms = took_ms(lambda: usage_by_host(connection, ends, "here", now_ms))  # noqa: B023 - called at once
                yield f"{name}: {ms:.1f} ms, {ms / floor_ms:.2f}x a pass"
