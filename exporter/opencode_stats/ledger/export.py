"""Every counted message as a row, one by one: a million of them take no more room than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.ledger.belonging import AGENT_LOOKED_UP, WORKSPACE_LOOKED_UP

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

COLUMNS: Final = (
    "time", "message", "conversation", "workspace", "provider", "model", "variant", "agent", "finish", "state",
    "origin", "input", "output", "reasoning", "cacheRead", "cacheWrite", "totalTokens", "cost", "durationMs",
)  # fmt: skip
"""What a row has, in this order. ``time`` is RFC 3339 in UTC, ``cost`` US dollars; what is not known is None."""
TEXTS: Final = 11
"""So many of them, the first ones, are texts."""
_TEXTS: Final = (
    "strftime('%Y-%m-%dT%H:%M:%fZ', counted_at_ms / 1000.0, 'unixepoch')", "message", "conversation",
    WORKSPACE_LOOKED_UP, "provider", "model", "variant", AGENT_LOOKED_UP, "finish", "state", "origin",
)  # fmt: skip
_NUMBERS: Final = (
    "input", "output", "reasoning", "cache_read", "cache_write",
    "input + output + reasoning + cache_read + cache_write",
)  # fmt: skip
_OTHERS: Final = ("cost_microusd / 1000000.0", "completed_ms - created_ms")
_COUNTED: Final = (
    "FROM messages AS m WHERE counted_at_ms >= ? AND counted_at_ms < ? AND standing = 'counted' "
    "AND input IS NOT NULL ORDER BY counted_at_ms, id"
)
_ROWS: Final = f"SELECT {', '.join((*_TEXTS, *_NUMBERS, *_OTHERS))} {_COUNTED}"
# SQLite writes six numbers faster than it hands them over.
_WRITTEN: Final = f"SELECT {', '.join(_TEXTS)}, printf(?, {', '.join(_NUMBERS)}), {', '.join(_OTHERS)} {_COUNTED}"


def rows_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> Iterator[tuple[Any, ...]]:
    """The counted messages of an interval, the oldest first."""
    return connection.execute(_ROWS, (start_ms, end_ms))


def rows_written(connection: sqlite3.Connection, start_ms: int, end_ms: int, form: str) -> Iterator[tuple[Any, ...]]:
    """The same, with the six numbers of tokens as one text; ``form`` has a ``%d`` for each."""
    return connection.execute(_WRITTEN, (form, start_ms, end_ms))


def number_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> int:
    """How many messages there are in it, counted or not: what a progress bar needs."""
    row: tuple[int] = connection.execute(
        "SELECT count(*) FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ?", (start_ms, end_ms)
    ).fetchone()
    return row[0]
