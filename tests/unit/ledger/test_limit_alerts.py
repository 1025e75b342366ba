"""Alerts that were told, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.limits import Alert
from opencode_stats.ledger.limit_alerts import alerts_since, note

if TYPE_CHECKING:
    import sqlite3


def test_they_are_kept_once_and_given_while_their_window_lasts(ledger: sqlite3.Connection) -> None:
    alerts = [Alert(f"i{number}", "key", "l", 70, number, number + 10, number) for number in (5, 1)]
    for alert in (*alerts, *alerts, Alert("other", "else", "l", 70, 0, 100, 0)):
        note(ledger, alert)

    assert alerts_since(ledger, "key", 10) == [alerts[1], alerts[0]]
    assert alerts_since(ledger, "key", 11) == [alerts[0]]
    assert alerts_since(ledger, "key", 15) == []
