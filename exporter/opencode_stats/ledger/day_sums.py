"""The sums of days that are over (``m006_day_sums.sql``): making them, and proving them.

Questions about years are answered from them (``ledger.timeline``), so that they read thousands of rows and not a
million. Which days those are is a matter of the zone in which they were made; in another zone, and of days that are
not summed, the messages answer, so nothing but speed depends on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS, day_of
from opencode_stats.core.history import FORGOTTEN, LONGEST_ANSWER_MS, Figures
from opencode_stats.ledger.belonging import AGENT_LOOKED_UP, WORKSPACE_LOOKED_UP
from opencode_stats.ledger.foreign import is_noting_due, note_shared
from opencode_stats.ledger.host_days import add_up_day, any_foreign, host_day_findings
from opencode_stats.ledger.packed_days import COLUMNS, is_packed, pack_day, packed_apart
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from datetime import tzinfo

    from opencode_stats.core.days import Day

MESSAGES_AT_ONCE: Final = 5_000
"""In one transaction, some 15 ms: nobody who waits for a figure notices."""
SUMMED: Final = ", ".join(f"sum({name})" for name in Figures._fields)
TOOK: Final = (
    f"CASE WHEN completed_ms > m.created_ms THEN CASE WHEN completed_ms - m.created_ms < {LONGEST_ANSWER_MS} "
    f"THEN completed_ms - m.created_ms ELSE {LONGEST_ANSWER_MS} END ELSE 0 END"
)
"""How long a message was being answered, in milliseconds; functions of SQLite's would take twice as long for it."""
SHARES: Final = (
    "SELECT m.conversation, ifnull(provider, '') AS provider, ifnull(model, '') AS model, "
    f"ifnull({AGENT_LOOKED_UP}, '') AS agent, ifnull({WORKSPACE_LOOKED_UP}, '') AS directory, "
    "input, output, reasoning, cache_read, cache_write, ifnull(cost_microusd, 0) AS cost_microusd, 1 AS messages, "
    f"{TOOK} AS active_ms, CASE WHEN finish = 'stop' AND {TOOK} THEN output + reasoning ELSE 0 END AS rated_tokens, "
    f"CASE WHEN finish = 'stop' THEN {TOOK} ELSE 0 END AS rated_ms FROM messages AS m "
    "WHERE counted_at_ms >= ? AND counted_at_ms < ? AND standing = 'counted' AND input IS NOT NULL"
)
"""What each counted message of an interval adds to the sums."""
PROMPTS: Final = (
    "SELECT count(*) FROM prompts LEFT JOIN conversations AS c ON c.conversation = prompts.conversation "
    "WHERE at_ms >= ? AND at_ms < ? AND c.parent IS NULL"
)
"""The user's prompts of an interval."""
KEYS: Final = {
    "model": "model, provider",
    "agent": "agent, ''",
    "directory": "directory, ''",
    "conversation": "conversation, ''",
}
"""Split → the two columns by which its sums are told."""
_ORPHANS: Final = (
    f"SELECT start_ms FROM day_sums WHERE split NOT IN ({', '.join(map(repr, KEYS))}) "
    "OR start_ms NOT IN (SELECT start_ms FROM summed_days) LIMIT 1"
)
_WHOLE: Final = f"SELECT start_ms, {SUMMED} FROM day_sums WHERE split = '{{}}' GROUP BY start_ms"
_UNEQUAL: Final = tuple(
    f"SELECT * FROM ({_WHOLE.format(one)} EXCEPT {_WHOLE.format(other)}) LIMIT 1"
    for split in KEYS
    if split != "model"
    for one, other in (("model", split), (split, "model"))
)
_OF_MODELS: Final = (
    "SELECT start_ms, key, provider, input, output, reasoning, cache_read, cache_write, cost_microusd, messages "
    "FROM day_sums WHERE split = 'model'"
)
_OF_SLOTS: Final = (
    "SELECT start_ms, model, provider, sum(input), sum(output), sum(reasoning), sum(cache_read), sum(cache_write), "
    "sum(cost_microusd), sum(messages) FROM summed_days JOIN sums ON scope = 'slot' "
    f"AND number >= start_ms / {SLOT_MS} AND number < end_ms / {SLOT_MS} GROUP BY 1, 2, 3 HAVING sum(messages)"
)
_NOT_OF_SLOTS: Final = (
    f"SELECT * FROM (SELECT * FROM ({_OF_MODELS} EXCEPT {_OF_SLOTS}) "
    f"UNION ALL SELECT * FROM ({_OF_SLOTS} EXCEPT {_OF_MODELS})) LIMIT 1"
)
_FORGOTTEN_SLOTS: Final = f"slot >= ? / {SLOT_MS} AND slot < ? / {SLOT_MS}"
_ANY: Final = (
    "SELECT 1 FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ? UNION ALL "
    f"SELECT 1 FROM forgotten_sums WHERE {_FORGOTTEN_SLOTS} LIMIT 1"
)
_ALL_PROMPTS: Final = (
    f"SELECT ({PROMPTS}) + (SELECT ifnull(sum(prompts), 0) FROM forgotten_requests WHERE {_FORGOTTEN_SLOTS})"
)
_FIRST: Final = (
    "SELECT min(at_ms) FROM (SELECT min(counted_at_ms) AS at_ms FROM messages "
    "UNION ALL SELECT first_use_ms FROM kept_from UNION ALL SELECT min(counted_at_ms) FROM foreign_messages)"
)
# What is forgotten is somebody's, too. The messages are looked up once; the finest sums of a day make all others.
_FINEST: Final = (
    f"SELECT conversation, provider, model, agent, directory, {', '.join(f'sum({n}) AS {n}' for n in Figures._fields)} "
    f"FROM ({SHARES} UNION ALL SELECT '{FORGOTTEN}', provider, model, '{FORGOTTEN}', '{FORGOTTEN}', "
    f"{COLUMNS} FROM forgotten_sums WHERE {_FORGOTTEN_SLOTS}) GROUP BY 1, 2, 3, 4, 5"
)
_MADE: Final = " UNION ALL ".join(
    f"SELECT '{split}', {keys}, {SUMMED} FROM temp.finest GROUP BY 2, 3" for split, keys in KEYS.items()
)


class DaySums:
    """Sums the days of a ledger that no other writes to, some at a time; the newest first, as they are asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: tuple[object, ...] = ()
        self._left: list[Day] = []
        self._whole: set[int] = set()
        self._others = False

    def go_on(self, now_ms: int, zone: tzinfo, start_hour: int = 0, *, to_the_end: bool = False) -> int:
        """Sums some of the days that are over, or all of them, and gives how many are left.

        Raises:
            sqlite3.Error: the ledger can't be written.
        """
        while any_foreign(self._connection) and is_noting_due(self._connection):
            with transaction(self._connection):
                note_shared(self._connection)
            if not to_the_end:
                break
        while self._due(now_ms, zone, start_hour):
            with transaction(self._connection):
                read = 0
                while self._left and read < MESSAGES_AT_ONCE:
                    read += self._sum(self._left[-1])
                    self._left.pop()
            self._known = (*self._known[:-1], _state(self._connection))
            if not to_the_end:
                break
        return len(self._left)

    def _sum(self, day: Day) -> int:
        read = 0 if day.start_ms in self._whole else sum_day(self._connection, day)
        if self._others:
            read += add_up_day(self._connection, day.start_ms, day.end_ms)
        return read

    def _due(self, now_ms: int, zone: tzinfo, start_hour: int) -> list[Day]:
        """The days that are to be summed, the newest last."""
        today = day_of(now_ms, zone, start_hour)
        known = (today, zone, start_hour, _state(self._connection))
        if known != self._known:
            summed = dict(self._connection.execute("SELECT start_ms, end_ms FROM summed_days"))
            hosts = {start_ms for (start_ms,) in self._connection.execute("SELECT start_ms FROM host_days")}
            (first_ms,) = self._connection.execute(_FIRST).fetchone()
            self._left, self._whole, day = [], set(), today
            self._others = any_foreign(self._connection)
            while first_ms is not None and day.start_ms > first_ms:
                day = day_of(day.start_ms - 1, zone, start_hour)
                if summed.get(day.start_ms) == day.end_ms:
                    self._whole.add(day.start_ms)
                    if not self._others or day.start_ms in hosts:
                        continue
                if not (day.start_ms % SLOT_MS or day.end_ms % SLOT_MS):
                    self._left.append(day)
            self._left.reverse()
            self._known = known
        return self._left


def sum_day(connection: sqlite3.Connection, day: Day) -> int:
    """Sums one day, in place of any that it overlaps, and gives the number of its messages."""
    ends = (day.start_ms, day.end_ms)
    connection.execute("DELETE FROM summed_days WHERE start_ms < ? AND end_ms > ?", ends[::-1])
    if not connection.execute(_ANY, ends * 2).fetchone():
        # One message of 1970, of a clock that was wrong, makes twenty thousand of these.
        connection.execute(f"INSERT INTO summed_days SELECT ?, ?, ({_ALL_PROMPTS})", ends * 3)
        return 0
    connection.execute("DROP TABLE IF EXISTS temp.finest")
    connection.execute(f"CREATE TEMP TABLE finest AS {_FINEST}", ends * 2)
    for split, keys in KEYS.items():
        connection.execute(
            f"INSERT INTO day_sums SELECT ?, ?, {keys}, {SUMMED} FROM temp.finest GROUP BY 3, 4",
            (split, day.start_ms),
        )
    pack_day(connection, day.start_ms)
    connection.execute(f"INSERT INTO summed_days SELECT ?, ?, ({_ALL_PROMPTS})", ends * 3)
    (messages,) = connection.execute("SELECT ifnull(sum(messages), 0) FROM temp.finest").fetchone()
    connection.execute("DROP TABLE temp.finest")
    return int(messages)


def day_sum_disagreements(connection: sqlite3.Connection) -> list[str]:
    """Whether the sums of days contradict each other or those of quarter hours: fast, and asked of a doubtful file.

    Every split of a day is the same whole, and the models' is that of its quarter hours.
    """
    for question in (_ORPHANS, *_UNEQUAL, _NOT_OF_SLOTS):
        row = connection.execute(question).fetchone()
        if row is not None:
            return [f"The sums of the day that begins at {row[0]} contradict the others."]
    apart = packed_apart(connection)
    return [] if apart is None else [f"The packed sums of the day that begins at {apart} are not those of its rows."]


def day_sum_findings(connection: sqlite3.Connection, most: int) -> list[str]:
    """Which summed days are not those of their messages and prompts, at most so many."""
    found: list[str] = []
    for start_ms, end_ms, prompts in connection.execute("SELECT * FROM summed_days ORDER BY start_ms").fetchall():
        ends = (start_ms, end_ms)
        made = []
        if connection.execute(_ANY, ends * 2).fetchone():
            connection.execute("DROP TABLE IF EXISTS temp.finest")
            connection.execute(f"CREATE TEMP TABLE finest AS {_FINEST}", ends * 2)
            made = connection.execute(_MADE).fetchall()
        kept = connection.execute(
            f"SELECT split, key, provider, {COLUMNS} FROM day_sums "
            f"WHERE split IN ({', '.join(map(repr, KEYS))}) AND start_ms = ?",
            (start_ms,),
        ).fetchall()
        counted = connection.execute(_ALL_PROMPTS, ends * 2).fetchone()
        if set(made) != set(kept) or counted != (prompts,) or not is_packed(connection, start_ms):
            found.append(f"The sums of the day that begins at {start_ms} are not those of its messages.")
        if len(found) >= most:
            break
    connection.execute("DROP TABLE IF EXISTS temp.finest")
    return (found + host_day_findings(connection, most))[:most]


def _state(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """What tells that there is something to do: how many days are summed, and whether others told of any."""
    row: tuple[int, int, int] = connection.execute(
        "SELECT (SELECT count(*) FROM summed_days), (SELECT count(*) FROM host_days), "
        "EXISTS (SELECT 1 FROM foreign_messages)"
    ).fetchone()
    return row
