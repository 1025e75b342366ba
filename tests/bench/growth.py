"""Whether an event costs more in a ledger of a million messages than in an empty one, and what a look costs there."""

from __future__ import annotations

import time
from datetime import UTC
from typing import TYPE_CHECKING

from tests.bench.scene import median, scene

from opencode_stats.core.events import MessageSnapshot, ProcessKey, RunStarted
from opencode_stats.core.recent import calendar_of
from opencode_stats.core.tokens import Tokens
from opencode_stats.host.clock import SystemClock, local_zone
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.queries import facts_for
from opencode_stats.ledger.recent import PastDays

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

MESSAGES = 1_000_000
PIECE = 500
SAMPLES = 300
KEY = ProcessKey(1, boot_id="bench", pid_ns="1", start_ticks=1)
MONTH_MS = 30 * 24 * 3600 * 1000


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        empty_us, _ = _event_us(on.home / "empty.db", 0)
        full_us, filled = _event_us(on.home / "full.db", MESSAGES)
        yield f"one event, ledger empty: {empty_us:.0f} µs; with {MESSAGES:,} messages: {full_us:.0f} µs"
        yield f"  ratio {full_us / empty_us:.2f}; filled at {filled:.0f} µs a message"
        now_ms = SystemClock().now_ms()
        connection = open_ledger(on.home / "full.db", now_ms)
        zone, past_days = local_zone({"TZ": "UTC"}), PastDays(connection)
        looks = []
        for _ in range(20):
            started = time.perf_counter()
            facts_for(connection, calendar_of(now_ms, zone), now_ms, past_days)
            looks.append((time.perf_counter() - started) * 1000)
        connection.close()
        yield f"everything that stats.json needs, with {MESSAGES:,} messages: {median(looks):.2f} ms"


def _event_us(path: Path, messages: int) -> tuple[float, float]:
    connection = open_ledger(path, 1)
    cursor = append(
        connection,
        Cursor("bench", 1, 1, b"", 0),
        [RunStarted(at_ms=1, run=KEY, api=1, plugin_version="bench")],
        KEY,
    )
    started = time.perf_counter()
    for first in range(0, messages, PIECE):
        append(connection, cursor, [_message(number, messages) for number in range(first, first + PIECE)], KEY)
    filled_us = (time.perf_counter() - started) / max(1, messages) * 1e6
    # As the exporter does: what it remembers of past days has its price at every message.
    PastDays(connection).spent(calendar_of(SystemClock().now_ms(), UTC).past_days)
    took = [_one_us(connection, cursor, messages + number, messages) for number in range(SAMPLES)]
    connection.close()
    return median(took), filled_us


def _one_us(connection: sqlite3.Connection, cursor: Cursor, number: int, messages: int) -> float:
    event = _message(number, messages)
    started = time.perf_counter()
    append(connection, cursor, [event], KEY)
    return (time.perf_counter() - started) * 1e6


def _message(number: int, messages: int) -> MessageSnapshot:
    """Messages spread over the last three years, as a heavy user's would be."""
    now_ms = SystemClock().now_ms()
    at_ms = now_ms - 36 * MONTH_MS * (messages - number) // max(1, messages) if number < messages else now_ms
    return MessageSnapshot(
        at_ms=at_ms,
        event=f"evt_{number:026d}",
        conversation=f"ses_{number // 50:026d}",
        message=f"msg_{number:026d}",
        provider="mock",
        model=f"mock-{number % 5}",
        directory="/home/user/project",
        tokens=Tokens(1000, 50, 20, 300, 0),
        cost_usd=0.003,
        created_ms=at_ms,
        completed_ms=at_ms + 900,
        finish="stop",
    )
