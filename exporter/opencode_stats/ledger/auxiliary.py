"""Running totals of OpenCode 2.x: keeping them, and the one row a conversation that holds what is in no message.

The row is a message like any other to every sum (``core.auxiliary`` says what is in it). It belongs to the run that
first handled the conversation and to the moment at which that was made, and stays there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.auxiliary import PREFIX, Charge, origin_known, residual
from opencode_stats.core.models import AUXILIARY
from opencode_stats.core.tokens import Tokens

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

KINDS = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd")
FROM_TABLES = 1
"""``takeover`` of a conversation that 2.x took over and that is still in 1.x's tables."""
_MICROUSD = "CAST(round(cost_usd * 1000000) AS INTEGER) AS cost_microusd"
_SUMMED = ", ".join(f"ifnull(sum({kind}), 0)" for kind in KINDS)
_USAGE = ", ".join(f"usage_{kind}" for kind in KINDS)
_RAISED = ", ".join(f"usage_{kind} = max(ifnull(usage_{kind}, 0), ?)" for kind in KINDS)
_OF_2 = (
    f"SELECT {_SUMMED} FROM messages INDEXED BY messages_contained WHERE conversation = ? AND api = 2 "
    "AND standing = 'counted' AND substr(message, 1, 10) != 'auxiliary:'"
)


# Of those that are stated, the ones whose row may change: of most running totals nothing is left, and nothing was.
_OPEN = (
    "SELECT stated.conversation FROM temp.stated JOIN conversations AS c USING (conversation) LEFT JOIN "
    f"(SELECT conversation, {', '.join(f'sum({kind}) AS {kind}' for kind in KINDS)} "
    "FROM messages INDEXED BY messages_contained WHERE api = 2 AND standing = 'counted' "
    "AND substr(message, 1, 10) != 'auxiliary:' GROUP BY conversation) AS own "
    "ON own.conversation = stated.conversation "
    f"WHERE ({', '.join(f'usage_{kind}' for kind in KINDS[:5])}) "
    f"IS NOT ({', '.join(f'ifnull(own.{kind}, 0)' for kind in KINDS[:5])}) "
    "OR EXISTS (SELECT 1 FROM messages WHERE message = 'auxiliary:' || stated.conversation)"
)


def raise_running_total(connection: sqlite3.Connection, conversation: str, total: Charge) -> None:
    """Keeps the running total of a conversation that has a row; it only ever grows."""
    connection.execute(f"UPDATE conversations SET {_RAISED} WHERE conversation = ?", (*_numbers(total), conversation))


def stage_running_totals(connection: sqlite3.Connection, select: str) -> int:
    """Puts what is new of OpenCode 2.x's running totals into ``temp.stated``, and gives the number of conversations.

    ``select`` is ``v2_rows.running_totals``.
    """
    connection.execute("DROP TABLE IF EXISTS temp.stated")
    known = " AND ".join(f"usage_{kind} >= {kind}" for kind in KINDS)
    return connection.execute(
        f"CREATE TEMP TABLE stated AS SELECT stated.* FROM (SELECT *, {_MICROUSD} FROM ({select})) "
        "AS stated LEFT JOIN conversations AS c USING (conversation) "
        f"WHERE NOT ifnull(c.takeover IS NOT NULL AND {known}, 0)"
    ).rowcount


def take_staged(connection: sqlite3.Connection, migrated: str | None) -> None:
    """Takes in ``temp.stated``; the caller holds the transaction, and its conversations have rows.

    ``migrated`` is 1.x's table of messages in the same database, whose rows are in the ledger by now.
    """
    if migrated is not None:
        fresh = connection.execute(
            "SELECT conversation FROM temp.stated JOIN conversations AS c USING (conversation) "
            f"WHERE c.takeover IS NULL AND stated.takeover = {FROM_TABLES}"
        ).fetchall()
        for (conversation,) in fresh:
            _keep_legacy(connection, conversation, migrated)
    connection.execute(
        "UPDATE conversations SET takeover = ifnull(conversations.takeover, stated.takeover), "
        f"{', '.join(f'usage_{kind} = max(ifnull(usage_{kind}, 0), stated.{kind})' for kind in KINDS)} "
        "FROM temp.stated WHERE stated.conversation = conversations.conversation"
    )
    settle_all(connection, [row[0] for row in connection.execute(_OPEN).fetchall()])
    connection.execute("DROP TABLE temp.stated")


def settle_all(connection: sqlite3.Connection, conversations: Iterable[str]) -> None:
    """Brings the rows of these conversations up to date."""
    for conversation in conversations:
        settle(connection, conversation)


def settle(connection: sqlite3.Connection, conversation: str) -> None:
    """Brings the conversation's row up to date with its running total and its messages.

    There is none where no running total is known, nor before it is known whose the conversation is and since when.
    """
    row = connection.execute(
        f"SELECT created_ms, run, directory, fork_of, host_version, takeover, {_USAGE} FROM conversations "
        "WHERE conversation = ? AND usage_input IS NOT NULL AND created_ms IS NOT NULL",
        (conversation,),
    ).fetchone()
    if row is None:
        return
    created_ms, run, directory, fork_of, host_version, takeover, *usage = row
    if not origin_known(takeover, fork_of, host_version):
        return
    left = residual(_charge(usage), _contained(connection, conversation, takeover))
    _keep(
        connection,
        left,
        {
            "message": PREFIX + conversation,
            "conversation": conversation,
            "at_ms": created_ms,
            "run": run,
            "directory": directory,
            "model": AUXILIARY,
        },
    )


def _contained(connection: sqlite3.Connection, conversation: str, takeover: int | None) -> Charge:
    own = _charge(connection.execute(_OF_2, (conversation,)).fetchone())
    if takeover == FROM_TABLES:
        legacy = ", ".join(f"legacy_{kind}" for kind in KINDS)
        return own + _charge(
            connection.execute(f"SELECT {legacy} FROM conversations WHERE conversation = ?", (conversation,)).fetchone()
        )
    if takeover is None or takeover == 0:
        return own
    # 1.x's tables forgot it, so what they held is what the ledger has of it. Rare enough for a scan.
    return own + _charge(
        connection.execute(
            f"SELECT {_SUMMED} FROM messages WHERE conversation = ? AND api = 1", (conversation,)
        ).fetchone()
    )


def _keep(connection: sqlite3.Connection, left: Charge | None, facts: Mapping[str, object]) -> None:
    numbers = dict(zip(KINDS, (None,) * len(KINDS) if left is None else _numbers(left), strict=True))
    there = connection.execute(
        f"SELECT run, {', '.join(KINDS)} FROM messages WHERE message = ?", (facts["message"],)
    ).fetchone()
    if there is None:
        if left is not None:
            connection.execute(
                "INSERT INTO messages (message, conversation, run, origin, standing, state, api, stage, event, "
                "created_seen, first_at_ms, counted_at_ms, model, directory, created_ms, completed_ms, summary, "
                f"{', '.join(KINDS)}) VALUES (:message, :conversation, :run, :origin, 'counted', 'final', 2, "
                "'completed', '', 1, :at_ms, :at_ms, :model, :directory, :at_ms, :at_ms, 0, "
                f"{', '.join(':' + kind for kind in KINDS)})",
                {**facts, **numbers, "origin": "imported" if facts["run"] is None else "live"},
            )
    elif there[1:] != tuple(numbers.values()) or (there[0] is None and facts["run"] is not None):
        connection.execute(
            f"UPDATE messages SET run = ifnull(run, :run), {', '.join(f'{kind} = :{kind}' for kind in KINDS)} "
            "WHERE message = :message",
            {**facts, **numbers},
        )


def _keep_legacy(connection: sqlite3.Connection, conversation: str, migrated: str) -> None:
    """Keeps what 1.x's tables held of a conversation when 2.x took it over, once and for all.

    An OpenCode 1.x that goes on in it later adds nothing to 2.x's total.
    """
    held = connection.execute(
        f"SELECT {', '.join(f'ifnull(sum(l.{kind}), 0)' for kind in KINDS)} "
        f"FROM {migrated} AS old JOIN messages AS l ON l.message = old.id WHERE old.session_id = ?",
        (conversation,),
    ).fetchone()
    connection.execute(
        f"UPDATE conversations SET {', '.join(f'legacy_{kind} = ?' for kind in KINDS)} WHERE conversation = ?",
        (*held, conversation),
    )


def _charge(numbers: Iterable[int]) -> Charge:
    *counts, cost_microusd = numbers
    return Charge(Tokens(*counts), cost_microusd)


def _numbers(charge: Charge) -> tuple[int, ...]:
    tokens = charge.tokens
    return (
        tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write, charge.cost_microusd,
    )  # fmt: skip
