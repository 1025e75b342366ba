"""Running totals of OpenCode 2.x: keeping them, and the one row a conversation that holds what is in no message.

The row is a message like any other to every sum (``core.auxiliary`` says what is in it). It belongs to the run that
first handled the conversation and to the moment at which that was made, and stays there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opencode_stats.core.auxiliary import PREFIX, Charge, began_with, residual
from opencode_stats.core.bounds import LATEST_INSTANT_MS
from opencode_stats.core.cost import MICROUSD_SQL
from opencode_stats.core.models import AUXILIARY
from opencode_stats.core.tokens import Tokens
from opencode_stats.ledger.forgotten import forgotten_of
from opencode_stats.ledger.sums import MANY, add_sums, not_added

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

    _Row = tuple[str | int | None, ...]

    from opencode_stats.core.usage import Message

KINDS = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd")
FROM_TABLES = 1
"""``takeover`` of a conversation that 2.x took over and that is still in 1.x's tables."""
FORGOTTEN = 2
"""``takeover`` of one that it took over, and that 1.x's tables have no more."""
LOOKED_AT = "SELECT conversation FROM main.conversations WHERE takeover IS NOT NULL"
"""The conversations of which it is known who made them, so that all that 2.x took over has been read."""
KEPT = (
    f"SELECT conversation, {', '.join(f'usage_{kind} AS {kind}' for kind in KINDS)} FROM main.conversations "
    "WHERE takeover IS NOT NULL AND conversation NOT IN (SELECT message FROM main.rejected WHERE path = :source)"
)
"""The running totals that are known, of conversations of which nothing else is to be learned from ``:source``."""
_MICROUSD = f"{MICROUSD_SQL.format('cost_usd')} AS cost_microusd"
_SUMMED = ", ".join(f"ifnull(sum({kind}), 0) AS {kind}" for kind in KINDS)
_USAGE = ", ".join(f"usage_{kind}" for kind in KINDS)
_LEAST = ", ".join(f"least_{kind}" for kind in KINDS)
_LEGACY = ", ".join(f"legacy_{kind}" for kind in KINDS)
_ADDED = ", ".join(f"legacy_{kind} = legacy_{kind} + held.{kind}" for kind in KINDS)
_BEGAN_MS = "ifnull(m.created_ms, m.first_at_ms)"
_UNTIL_MS = f"ifnull(takeover_ms, {LATEST_INSTANT_MS})"
_CHARGED = (
    "SELECT DISTINCT conversation FROM messages JOIN conversations USING (conversation) "
    "WHERE messages.id > ? AND messages.api = 2 AND usage_input IS NOT NULL"
)


def _kept(total: str) -> str:
    """SQL that keeps the largest and the least of a conversation's totals; ``total`` makes a kind's value."""
    return ", ".join(
        f"usage_{kind} = max(ifnull(usage_{kind}, 0), {total.format(kind)}), "
        f"least_{kind} = min(ifnull(least_{kind}, {total.format(kind)}), {total.format(kind)})"
        for kind in KINDS
    )


# What is kept of conversations whose row may change: of most running totals nothing is left, and nothing was. What else
# they contain only makes the residual smaller, so where 2.x's own messages make up all of it there is none.
_OWN = ", ".join(f"ifnull(sum(own.{kind}), 0)" for kind in KINDS)
_OPEN = (
    "SELECT c.conversation, ifnull(c.created_ms, least_at_ms), c.run, c.directory, fork_of, host_version, takeover, "
    f"takeover_ms, there.id, there.run, there.created_ms, {_USAGE}, {_LEAST}, {_LEGACY}, {_OWN}, "
    f"{', '.join(f'ifnull(f.{kind}, 0)' for kind in KINDS)}, {', '.join(f'there.{kind}' for kind in KINDS)} "
    "FROM conversations AS c LEFT JOIN messages AS there ON there.message = 'auxiliary:' || c.conversation "
    "LEFT JOIN forgotten_conversations AS f ON f.conversation = c.conversation AND f.api = 2 AND f.counted = 1 "
    "LEFT JOIN messages AS own INDEXED BY messages_contained ON own.conversation = c.conversation AND own.api = 2 "
    "AND own.standing = 'counted' AND substr(own.message, 1, 10) != 'auxiliary:' "
    "WHERE c.conversation IN ({among}) AND usage_input IS NOT NULL AND ifnull(c.created_ms, least_at_ms) IS NOT NULL "
    "GROUP BY c.conversation HAVING there.id IS NOT NULL "
    f"OR {' OR '.join(f'usage_{kind} > ifnull(sum(own.{kind}), 0)' for kind in KINDS[:5])}"
)
# Python 3.12.0 to 3.12.3 takes a numbered mark (?1) for a named one, and warns of it.
_ADD = (
    "INSERT INTO messages (message, conversation, run, origin, directory, first_at_ms, "
    f"{', '.join(KINDS)}, counted_at_ms, created_ms, completed_ms, standing, state, api, stage, event, created_seen, "
    f"model, summary) VALUES ({', '.join('?' * (9 + len(KINDS)))}, "
    f"'counted', 'final', 2, 'completed', '', 1, '{AUXILIARY}', 0)"
)
_RUN = 2
"""Where in the values of ``_ADD`` the run is."""
_CHANGE = (
    "UPDATE messages SET run = ifnull(run, ?), counted_at_ms = ?, first_at_ms = ?, created_ms = ?, "
    f"completed_ms = ?, {', '.join(f'{kind} = ?' for kind in KINDS)} WHERE id = ?"
)
_FACTS = 11
"""The columns of ``_OPEN`` before its six sets of figures."""
_OPEN_OF_ONE = _OPEN.format(among="?")
_AT_ONCE = 500
"""Conversations whose names are given to one statement."""


def keep_running_total(connection: sqlite3.Connection, conversation: str, total: Charge, at_ms: int) -> None:
    """Keeps a running total that was told at that instant of a conversation that has a row; it only ever grows."""
    connection.execute(
        f"UPDATE conversations SET {_kept(':{}')}, least_at_ms = min(ifnull(least_at_ms, :at_ms), :at_ms) "
        "WHERE conversation = :conversation",
        {**dict(zip(KINDS, _numbers(total), strict=True)), "conversation": conversation, "at_ms": at_ms},
    )


def stage_running_totals(connection: sqlite3.Connection, select: str, source: str) -> int:
    """Puts what is new of OpenCode 2.x's running totals into ``temp.stated``, and gives the number of conversations.

    ``select`` is ``v2_rows.running_totals`` without those that are ``KEPT``; ``source`` is where they are from. What
    makes no sense is new until it is in ``rejected``, and what does is until it is there no more.
    """
    connection.execute("DROP TABLE IF EXISTS temp.stated")
    known = " AND ".join(f"usage_{kind} >= {kind}" for kind in KINDS)
    connection.execute(
        f"CREATE TEMP TABLE stated AS SELECT stated.* FROM (SELECT *, {_MICROUSD} FROM ({select})) "
        "AS stated LEFT JOIN conversations AS c USING (conversation) "
        "LEFT JOIN rejected ON rejected.path = :source AND rejected.message = stated.conversation "
        f"WHERE NOT ifnull(c.takeover IS NOT NULL AND CASE WHEN sound THEN {known} AND rejected.at_ms IS NULL "
        "ELSE rejected.at_ms IS NOT NULL END, 0)",
        {"source": source},
    )
    row: tuple[int] = connection.execute("SELECT count(*) FROM temp.stated").fetchone()
    return row[0]


def take_staged(connection: sqlite3.Connection, schema: str, migrated_ms: int | None) -> None:
    """Takes in ``temp.stated``; the caller holds the transaction, and its conversations have rows.

    ``schema`` is the database that states them, whose messages are in the ledger by now; ``migrated_ms`` is when 2.x
    had taken over what 1.x's tables had, None where that is not known.
    """
    _keep_legacy(connection, schema, migrated_ms)
    connection.execute(
        "UPDATE conversations SET takeover = ifnull(conversations.takeover, stated.takeover), "
        "takeover_ms = ifnull(takeover_ms, :migrated_ms) "
        "FROM temp.stated WHERE stated.conversation = conversations.conversation",
        {"migrated_ms": migrated_ms},
    )
    connection.execute(
        f"UPDATE conversations SET {_kept('stated.{}')} FROM temp.stated "
        "WHERE stated.conversation = conversations.conversation AND sound"
    )
    _settle_found(connection, connection.execute(_OPEN.format(among="SELECT conversation FROM temp.stated")))
    connection.execute("DROP TABLE temp.stated")


def add_change(connection: sqlite3.Connection, before: Message | None, after: Message) -> None:
    """Takes in that a message is known otherwise than before: what 1.x used before a takeover may be told late."""
    more = [now - was for now, was in zip(_used_by_1x(after), _used_by_1x(before), strict=True)]
    if any(more):
        began_ms = after.first_at_ms if after.created_ms is None else after.created_ms
        if before is not None and before.api != 1:
            # It stands in 2.x's table, so that took it over, whatever its time says.
            began_ms = 0
        connection.execute(
            f"UPDATE conversations SET {', '.join(f'legacy_{kind} = legacy_{kind} + ?' for kind in KINDS)} "
            f"WHERE conversation = ? AND takeover = {FROM_TABLES} AND ? <= {_UNTIL_MS}",
            (*more, after.conversation, began_ms),
        )


def add_later(connection: sqlite3.Connection, last_id: int) -> list[str]:
    """The same for the messages after that number, which are new; gives the conversations that it concerns."""
    row = connection.execute(f"SELECT EXISTS (SELECT 1 FROM conversations WHERE takeover = {FROM_TABLES})").fetchone()
    if not row[0]:
        return []
    changed = connection.execute(
        f"UPDATE conversations SET {_ADDED} FROM (SELECT m.conversation, {_SUMMED} FROM messages AS m "
        f"JOIN conversations AS c USING (conversation) WHERE m.id > ? AND m.api = 1 AND c.takeover = {FROM_TABLES} "
        f"AND {_BEGAN_MS} <= {_UNTIL_MS} GROUP BY m.conversation) AS held "
        "WHERE held.conversation = conversations.conversation RETURNING conversations.conversation",
        (last_id,),
    )
    return [name for (name,) in changed.fetchall()]


def charged_after(connection: sqlite3.Connection, last_id: int) -> list[str]:
    """The conversations whose running total is known, and may contain messages after that number."""
    row = connection.execute("SELECT EXISTS (SELECT 1 FROM conversations WHERE usage_input IS NOT NULL)").fetchone()
    if not row[0]:
        return []
    return [row[0] for row in connection.execute(_CHARGED, (last_id,)).fetchall()]


def settle(connection: sqlite3.Connection, conversation: str) -> None:
    """Brings the conversation's row up to date with its running total and its messages.

    There is none where no running total is known, nor before it is known since when the conversation is.
    """
    _settle_found(connection, connection.execute(_OPEN_OF_ONE, (conversation,)))


def settle_all(connection: sqlite3.Connection, conversations: Collection[str]) -> None:
    """Brings the rows of these conversations up to date; the caller holds the transaction."""
    names = list(conversations)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        among = ", ".join("?" * len(some))
        _settle_found(connection, connection.execute(_OPEN.format(among=among), some))


def _settle_found(connection: sqlite3.Connection, found: Iterable[tuple[Any, ...]]) -> None:
    """The same for those that ``_OPEN`` finds."""
    added: list[_Row] = []
    changed: list[_Row] = []
    for row in found:
        conversation, at_ms, run, directory, fork_of, host_version, takeover, takeover_ms, *there = row[:_FACTS]
        *charges, before = (row[place : place + len(KINDS)] for place in range(_FACTS, len(row), len(KINDS)))
        usage, least, held, own, forgotten = map(_charge, charges)
        if takeover == FORGOTTEN:
            held = _of_1(connection, conversation, takeover_ms)
            if takeover_ms is None:
                # Then 2.x's own messages can't be told from 1.x's, and no bound holds for both together.
                least = usage
        left = residual(usage, own + forgotten + began_with(least, takeover, held, fork_of, host_version))
        numbers = (None,) * len(KINDS) if left is None else _numbers(left)
        number, its_run, created_ms = there
        if number is None:
            if left is not None:
                origin = "imported" if run is None else "live"
                name = PREFIX + conversation
                added.append((name, conversation, run, origin, directory, at_ms, *numbers, at_ms, at_ms, at_ms))
        elif (created_ms, *before) != (at_ms, *numbers) or (its_run is None and run is not None):
            changed.append((run, at_ms, at_ms, at_ms, at_ms, *numbers, number))
    if changed:
        connection.executemany(_CHANGE, changed)
    if added:
        _add(connection, added)


def _of_1(connection: sqlite3.Connection, conversation: str, takeover_ms: int | None) -> Charge:
    """1.x's tables forgot the conversation, so what they held is what the ledger has of it. Rare enough for a scan."""
    return _charge(
        connection.execute(
            f"SELECT {_SUMMED} FROM messages AS m WHERE conversation = ? AND api = 1 AND {_BEGAN_MS} <= ?",
            (conversation, LATEST_INSTANT_MS if takeover_ms is None else takeover_ms),
        ).fetchone()
    ) + _charge(forgotten_of(connection, conversation, 1, copies=True))


def _add(connection: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    """Adds rows of conversations that had none; many of one that no run handled are summed together."""
    of_no_run = [row for row in rows if row[_RUN] is None]
    if len(of_no_run) >= MANY:
        (last_id,) = connection.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()
        with not_added(connection):
            connection.executemany(_ADD, of_no_run)
        add_sums(connection, last_id)
        rows = [row for row in rows if row[_RUN] is not None]
    connection.executemany(_ADD, rows)


def _keep_legacy(connection: sqlite3.Connection, schema: str, migrated_ms: int | None) -> None:
    """Keeps what 2.x may have found of conversations when it took them over; what is known of it later is added.

    That is what 1.x used until then, and what stands in 2.x's table whatever its time says. An OpenCode 1.x that goes
    on in them later adds nothing to 2.x's totals.
    """
    fresh = (
        "SELECT stated.conversation FROM temp.stated JOIN conversations AS c USING (conversation) "
        f"WHERE c.takeover IS NULL AND stated.takeover = {FROM_TABLES}"
    )
    # What follows looks at each message there is, and only for these, which is once.
    row = connection.execute(f"SELECT EXISTS ({fresh})").fetchone()
    if not row[0]:
        return
    connection.execute(
        f"UPDATE conversations SET ({_LEGACY}) = ({', '.join(f'held.{kind}' for kind in KINDS)}) FROM ("
        f"SELECT m.conversation, {_SUMMED} FROM messages AS m WHERE api = 1 AND conversation IN ({fresh}) "
        f"AND ({_BEGAN_MS} <= :migrated_ms "
        f"OR EXISTS (SELECT 1 FROM {schema}.session_message AS new WHERE new.id = m.message) "
        f"OR (summary AND EXISTS (SELECT 1 FROM {schema}.session_message AS new WHERE new.id = m.parent))) "
        "GROUP BY m.conversation) AS held WHERE held.conversation = conversations.conversation",
        {"migrated_ms": LATEST_INSTANT_MS if migrated_ms is None else migrated_ms},
    )
    # What is forgotten later is in this already; held against the total once more, it would take away what was counted.
    connection.execute(
        f"UPDATE conversations SET {_ADDED} FROM "
        f"(SELECT conversation, {_SUMMED} FROM forgotten_conversations WHERE api = 1 AND conversation IN ({fresh}) "
        "GROUP BY conversation) AS held WHERE held.conversation = conversations.conversation"
    )


def _used_by_1x(message: Message | None) -> tuple[int, ...]:
    if message is None or message.api != 1 or message.tokens is None:
        return (0,) * len(KINDS)
    return _numbers(Charge(message.tokens, message.cost_microusd or 0))


def _charge(numbers: Iterable[int]) -> Charge:
    *counts, cost_microusd = numbers
    return Charge(Tokens(*counts), cost_microusd)


def _numbers(charge: Charge) -> tuple[int, ...]:
    tokens = charge.tokens
    return (
        tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write, charge.cost_microusd,
    )  # fmt: skip
