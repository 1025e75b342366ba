"""What limits are measured by: usage by quarter hour, of all or of one provider, model, workspace or agent.

It is asked for at every publishing, so what did not change is remembered. Which quarter hours changed is noted by
triggers of this connection; the ledger has one writer, so no change goes past them.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS, slot_of
from opencode_stats.core.limits import (
    Calendar,
    Limit,
    Rolling,
    Use,
    Window,
    calendar_window,
    last_start,
    parse_window,
    rolling_window,
)
from opencode_stats.ledger.window_chains import COUNTED, MESSAGES, condition_of, last_start_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import tzinfo

_NOTHING: Final = 2**62
_TOKENS: Final = "input + output + reasoning + cache_read + cache_write"
_TRIGGER: Final = "CREATE TEMP TRIGGER IF NOT EXISTS {} AFTER {} WHEN {} BEGIN UPDATE changed_since SET {}; END"
_EARLIEST: Final = "(SELECT at_ms FROM changed_since)"
_BOTH: Final = "min(OLD.counted_at_ms, NEW.counted_at_ms)"
_NOTICE: Final = (
    (
        "CREATE TEMP TABLE IF NOT EXISTS changed_since "
        "(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, whose INTEGER NOT NULL)"
    ),
    f"INSERT OR IGNORE INTO changed_since VALUES (1, {_NOTHING}, 0)",
    _TRIGGER.format(
        "limits_added", "INSERT ON messages", f"NEW.counted_at_ms < {_EARLIEST}", "at_ms = NEW.counted_at_ms"
    ),
    _TRIGGER.format("limits_changed", "UPDATE ON messages", f"{_BOTH} < {_EARLIEST}", f"at_ms = {_BOTH}"),
    # Whose messages are may become known after them.
    _TRIGGER.format(
        "limits_known",
        "UPDATE OF agent, directory ON conversations",
        "(OLD.agent, OLD.directory) IS NOT (NEW.agent, NEW.directory)",
        "whose = 1",
    ),
    _TRIGGER.format(
        "limits_heard",
        "INSERT ON conversations",
        "NEW.agent IS NOT NULL OR NEW.directory IS NOT NULL",
        "whose = 1",
    ),
)


class WindowUses:
    """What was used in each limit's window of the moment. For a connection that is in no transaction yet.

    Raises:
        sqlite3.Error: its notes can't be made.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tallies: dict[str, _Tally] = {}
        for statement in _NOTICE:
            connection.execute(statement)

    def look(
        self, limits: Iterable[Limit], now_ms: int, zone: tzinfo, start_hour: int
    ) -> list[tuple[Limit, Window | None, list[Use]]]:
        """Each limit with its window, None where none is open, and what was used in it, ascending."""
        at_ms, whose = self._connection.execute("SELECT at_ms, whose FROM changed_since").fetchone()
        tallies = {limit.key: self._tallies.get(limit.key) or _Tally(self._connection, limit) for limit in limits}
        for tally in tallies.values():
            tally.note(slot_of(at_ms), whose=bool(whose))
        # What is no limit any more is not kept up to date, and so is forgotten.
        self._tallies = tallies
        if at_ms != _NOTHING or whose:
            self._connection.execute("UPDATE changed_since SET at_ms = ?, whose = 0", (_NOTHING,))
        return [(limit, *tallies[limit.key].at(now_ms, zone, start_hour)) for limit in limits]


class _Tally:
    """One limit's quarter hours with use, ascending, from ``_since`` on; that is None while nothing is known."""

    def __init__(self, connection: sqlite3.Connection, limit: Limit) -> None:
        self._connection = connection
        self._limit = limit
        self._window = parse_window(limit.window)
        self._since: int | None = None
        self._uses: list[Use] = []
        self._slots: list[int] = []

    def note(self, slot: int, *, whose: bool) -> None:
        """From this quarter hour on something may have changed; ``whose`` messages of any time are may, too."""
        if whose and self._limit.of in ("workspace", "agent"):
            slot = 0
        if self._since is None or slot >= slot_of(_NOTHING):
            return
        if slot < self._since:
            if isinstance(self._window, Rolling):
                # Other windows may have begun by it, each with another end.
                self._since = None
                return
            slot = self._since
        self._cut(slot)
        self._add(_uses(self._connection, self._limit, slot))

    def at(self, now_ms: int, zone: tzinfo, start_hour: int) -> tuple[Window | None, list[Use]]:
        """The window of this moment, and what was used in it."""
        if isinstance(self._window, Calendar):
            window = calendar_window(self._window.period, now_ms, zone, start_hour)
            self._know_since(slot_of(window.start_ms))
        else:
            rolling = self._rolling(self._window.length_ms, now_ms)
            if rolling is None:
                return None, []
            window = rolling
        first = bisect_left(self._slots, slot_of(window.start_ms))
        # By a clock that was set back, what is still to come is no use of this window.
        end = bisect_left(self._slots, min(slot_of(window.end_ms), slot_of(now_ms) + 1))
        return window, self._uses[first:end]

    def _rolling(self, length_ms: int, now_ms: int) -> Window | None:
        if self._since is None or slot_of(now_ms) < self._since:
            self._look_back(length_ms, now_ms)
        start = last_start(self._slots, length_ms, now_ms)
        if start is not None:
            self._forget_before(start)
        return rolling_window(self._slots, length_ms, now_ms)

    def _look_back(self, length_ms: int, now_ms: int) -> None:
        """Knows everything since the quarter hour with which the last window began."""
        start = last_start_of(self._connection, self._limit, length_ms, now_ms)
        self._since = None
        self._know_since(slot_of(now_ms) if start is None else start)

    def _know_since(self, slot: int) -> None:
        """Knows everything from this quarter hour on, and forgets what is before it."""
        if self._since is None or slot < self._since:
            self._uses, self._slots, self._since = [], [], slot
            self._add(_uses(self._connection, self._limit, slot))
        else:
            self._forget_before(slot)

    def _forget_before(self, slot: int) -> None:
        place = bisect_left(self._slots, slot)
        del self._slots[:place], self._uses[:place]
        self._since = slot

    def _cut(self, slot: int) -> None:
        place = bisect_left(self._slots, slot)
        del self._slots[place:], self._uses[place:]

    def _add(self, uses: list[Use]) -> None:
        self._uses += uses
        self._slots += [use.slot for use in uses]


def _uses(connection: sqlite3.Connection, limit: Limit, since: int) -> list[Use]:
    """The quarter hours with use that belongs to the limit, from that one on, ascending."""
    whose, values = condition_of(connection, limit)
    if limit.of in ("workspace", "agent"):
        rows = connection.execute(
            f"SELECT counted_at_ms / {SLOT_MS}, sum({_TOKENS}), sum(ifnull(cost_microusd, 0)) FROM {MESSAGES} "
            f"WHERE counted_at_ms >= :from AND {COUNTED} AND {whose} GROUP BY 1 ORDER BY 1",
            {**values, "from": since * SLOT_MS},
        ).fetchall()
    else:
        rows = connection.execute(
            f"SELECT number, sum({_TOKENS}), sum(cost_microusd) FROM sums AS m "
            f"WHERE scope = 'slot' AND number >= :from AND messages > 0 AND {whose} GROUP BY number ORDER BY number",
            {**values, "from": since},
        ).fetchall()
    costless: dict[int, int] = {}
    if limit.unit == "usd":
        costless = dict(
            connection.execute(
                f"SELECT counted_at_ms / {SLOT_MS}, count(*) FROM {MESSAGES} "
                f"WHERE counted_at_ms >= :from AND {COUNTED} AND cost_microusd IS NULL AND {whose} GROUP BY 1",
                {**values, "from": since * SLOT_MS},
            )
        )
    return [Use(slot, tokens, microusd, costless.get(slot, 0)) for slot, tokens, microusd in rows]
