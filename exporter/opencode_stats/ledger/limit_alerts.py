"""Which thresholds of limits were passed: noted once for each window, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.limits import Alert

if TYPE_CHECKING:
    import sqlite3


def alerts_since(connection: sqlite3.Connection, limit_key: str, start_ms: int) -> list[Alert]:
    """What was told of the limit in windows that were not over at that instant."""
    rows = connection.execute(
        "SELECT id, limit_key, name, percent, start_ms, end_ms, at_ms FROM limit_alerts "
        "WHERE limit_key = ? AND end_ms > ? ORDER BY at_ms, percent",
        (limit_key, start_ms),
    )
    return [Alert(*row) for row in rows]


def note(connection: sqlite3.Connection, alert: Alert) -> None:
    """Writes down that it was told; the caller holds the transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO limit_alerts (id, limit_key, name, percent, start_ms, end_ms, at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (alert.id, alert.limit_key, alert.name, alert.percent, alert.start_ms, alert.end_ms, alert.at_ms),
    )
