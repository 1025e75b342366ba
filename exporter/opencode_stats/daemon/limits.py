"""The limits at one publishing: how they stand, what of it asks for attention, and when it will be otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.core.attention import AttentionItem
from opencode_stats.core.limits import Limit, LimitStats, Window, alert_due, passed, stats_of, used_of
from opencode_stats.ledger.limit_alerts import alerts_since, note
from opencode_stats.ledger.limits import WindowUses
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Standing:
    """``limits`` as readers see them, ``items`` that ask for attention; with no event all of it holds until ``due_ms``.

    ``due_ms`` is None where it holds for ever.
    """

    limits: tuple[LimitStats, ...] = ()
    items: tuple[AttentionItem, ...] = ()
    due_ms: int | None = None


class Limits:
    """Follows the limits over one connection to the ledger; it costs nothing while there are none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._uses: WindowUses | None = None

    def look(self, limits: Sequence[Limit], now_ms: int, zone: tzinfo, start_hour: int) -> Standing:
        """How the limits stand; what they newly deserve to be told is written down before it is.

        Raises:
            OSError, sqlite3.Error: that could not be written.
        """
        if not limits:
            self._uses = None
            return Standing()
        if self._uses is None:
            self._uses = WindowUses(self._connection)
        found, items, due_ms = [], [], []
        for limit, window, uses in self._uses.look(limits, now_ms, zone, start_hour):
            found.append(stats_of(limit, window, uses))
            if window is not None:
                due_ms.append(window.end_ms)
                items += self._items(limit, window, used_of(limit, uses)[0], now_ms)
        return Standing(tuple(found), tuple(items), min(due_ms, default=None))

    def _items(self, limit: Limit, window: Window, used: int, now_ms: int) -> list[AttentionItem]:
        if not passed(limit, used, min(limit.warning_percent, limit.critical_percent)):
            return []
        told = alerts_since(self._connection, limit.key, window.start_ms)
        alert = alert_due(limit, window, used, told, now_ms)
        if alert is not None:
            with transaction(self._connection):
                note(self._connection, alert)
            told.append(alert)
        workspace = limit.whose if limit.of == "workspace" else None
        return [
            AttentionItem(one.id, "limit", "", None, workspace, one.at_ms, None, limit=one.name, percent=one.percent)
            for one in told
            if passed(limit, used, one.percent) and one.start_ms < window.end_ms
        ]
