"""Taking in many messages at once, set by set: what OpenCode's own database tells, on top of what its events told.

A message that the ledger does not know is inserted as it is; its sums are added once for the whole batch instead of by
trigger. One that it knows goes through ``core.usage.merge`` like any snapshot, but only if the batch knows more of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opencode_stats.core.tokens import Tokens
from opencode_stats.core.usage import Message, copied_by_fork, id_contradicts_time, standing_from_disk
from opencode_stats.ledger.auxiliary import settle_all
from opencode_stats.ledger.messages import decide_pending, take_snapshot

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_STATE = (
    "CASE WHEN error IN ('MessageAbortedError', 'aborted') THEN 'aborted' WHEN error IS NOT NULL THEN 'failed' "
    "WHEN stage = 'completed' THEN 'final' ELSE 'unfinished' END"
)
# A twin is looked for only where the two witnesses disagree, which is rare. One whose id contradicts its time is the
# copy of a message whose id does not, and what 2.x copied into its own fork says nothing about what it copied.
_STANDING = (
    "standing_from_disk(contradicted, older, CASE WHEN contradicted IS older THEN 0 ELSE "
    "EXISTS (SELECT 1 FROM incoming AS twin WHERE twin.created_ms = candidate.created_ms "
    "AND twin.completed_ms IS candidate.completed_ms AND twin.message != candidate.message AND NOT twin.copied "
    "AND (contradicted OR NOT id_contradicts_time(twin.message, twin.created_ms))) OR "
    "EXISTS (SELECT 1 FROM messages AS twin WHERE twin.counted_at_ms = candidate.at_ms "
    "AND twin.created_ms = candidate.created_ms AND twin.message != candidate.message "
    "AND NOT (twin.api = 2 AND twin.standing = 'copy') "
    "AND (contradicted OR NOT id_contradicts_time(twin.message, twin.created_ms))) END)"
)
_FACTS = (
    "message", "conversation", "parent", "agent", "provider", "model", "variant", "directory", "root", "created_ms",
    "completed_ms", "finish", "error",
)  # fmt: skip
_CONVERSATION = ("parent", "fork_of", "directory", "project", "agent", "host_version", "created_ms")
_COUNTS = ("input", "output", "reasoning", "cache_read", "cache_write")


# Whose running total is known, and may contain what came.
_CHARGED = (
    "SELECT DISTINCT conversation FROM incoming JOIN conversations USING (conversation) "
    "WHERE incoming.api = 2 AND usage_input IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Rejecting:
    """Where rows come from that may make no sense, and when they were looked at."""

    source: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a batch brought: messages that were new, messages of which more is known now, rows that made no sense."""

    new: int = 0
    changed: int = 0
    unsound: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.new + other.new, self.changed + other.changed, self.unsound + other.unsound)


def prepare(connection: sqlite3.Connection) -> None:
    """Gives SQL the rules that are written in Python."""
    connection.create_function("id_contradicts_time", 2, _id_contradicts_time, deterministic=True)
    connection.create_function("copied_by_fork", 3, _copied_by_fork, deterministic=True)
    connection.create_function("standing_from_disk", 3, standing_from_disk, deterministic=True)


def _id_contradicts_time(message: object, created_ms: object) -> bool:
    """SQLite may ask before it has looked whether a row makes sense."""
    return isinstance(message, str) and isinstance(created_ms, int) and id_contradicts_time(message, created_ms)


def _copied_by_fork(message: object, created_ms: object, conversation_created_ms: int | None) -> bool:
    if not isinstance(message, str) or not isinstance(created_ms, int):
        return False
    return copied_by_fork(message, created_ms, conversation_created_ms)


def take_conversations(connection: sqlite3.Connection, select: str, values: Mapping[str, object]) -> None:
    """Takes in conversations: ``conversation parent fork_of directory project agent host_version created_ms``."""
    connection.execute(
        f"INSERT INTO conversations (conversation, {', '.join(_CONVERSATION)}) "
        f"SELECT conversation, {', '.join(_CONVERSATION)} FROM ({select}) WHERE true "
        f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = ifnull({name}, excluded.{name})' for name in _CONVERSATION)}",
        values,
    )
    undecided = connection.execute("SELECT DISTINCT conversation FROM messages WHERE standing = 'pending'").fetchall()
    for (conversation,) in undecided:
        decide_pending(connection, conversation)


def take_messages(
    connection: sqlite3.Connection, select: str, values: Mapping[str, object], api: int, rejecting: Rejecting | None
) -> Taken:
    """Takes in messages with the columns of ``opencode.v1_rows``; the caller holds the transaction.

    Where ``api`` is 2, with those of ``opencode.v2_rows``: each row then says itself which engine wrote it.
    ``rejecting`` is where rows that make no sense are noted.

    Raises:
        sqlite3.Error: nothing of the batch is kept once the caller rolls back.
    """
    connection.execute("DROP TABLE IF EXISTS temp.incoming")
    copied = "forked AND copied_by_fork(message, ifnull(created_ms, row_created_ms), conversation_created_ms)"
    columns = f"*, {copied} AS copied" if api != 1 else "*, 1 AS api, 0 AS copied"
    connection.execute(f"CREATE TEMP TABLE incoming AS SELECT {columns} FROM ({select})", values)
    if rejecting is None:
        (unsound,) = connection.execute("SELECT count(*) FROM incoming WHERE NOT sound").fetchone()
    else:
        unsound = reject(connection, rejecting, "SELECT message FROM incoming WHERE NOT sound", {})
        _forgive(connection, rejecting)
    changed = _merge_known(connection)
    new = _insert_unknown(connection)
    if api != 1:
        settle_all(connection, [row[0] for row in connection.execute(_CHARGED)])
    connection.execute("DROP TABLE temp.incoming")
    return Taken(new, changed, unsound)


def reject(connection: sqlite3.Connection, rejecting: Rejecting, select: str, values: Mapping[str, object]) -> int:
    """Notes rows that make no sense, by id (``message``), and gives the number of those that were not noted yet."""
    return connection.execute(
        f"INSERT OR IGNORE INTO rejected SELECT :source, ifnull(CAST(message AS TEXT), ''), :now_ms FROM ({select})",
        {**values, "source": rejecting.source, "now_ms": rejecting.now_ms},
    ).rowcount


def _forgive(connection: sqlite3.Connection, rejecting: Rejecting) -> None:
    """What makes sense now was put right since it was noted."""
    connection.execute(
        "DELETE FROM rejected WHERE path = ? AND message IN (SELECT message FROM incoming WHERE sound)",
        (rejecting.source,),
    )


def _merge_known(connection: sqlite3.Connection) -> int:
    # What is in no total yet can still turn out to be a copy; what is, stays, so that no total ever falls.
    connection.execute(
        "UPDATE messages SET standing = 'copy' WHERE standing != 'copy' AND (input IS NULL OR standing = 'pending') "
        "AND message IN (SELECT message FROM incoming WHERE copied)"
    )
    names = (*_FACTS, "stage", "row_created_ms", "cost_usd", "summary", "known", *_COUNTS)
    rows = connection.execute(
        f"SELECT min(incoming.api, messages.api), {', '.join('incoming.' + name for name in names)} "
        "FROM incoming JOIN messages USING (message) WHERE sound AND NOT copied AND ("
        "(incoming.completed_ms IS NOT NULL AND messages.completed_ms IS NULL) "
        "OR (incoming.known AND messages.input IS NULL) "
        "OR (incoming.provider IS NOT NULL AND messages.provider IS NULL) "
        "OR (incoming.model IS NOT NULL AND messages.model IS NULL) "
        "OR (incoming.error IS NOT NULL AND messages.error IS NULL))"
    ).fetchall()
    for api, *row in rows:
        take_snapshot(connection, _message(dict(zip(names, row, strict=True)), api), run=None, origin="imported")
    return len(rows)


def _insert_unknown(connection: sqlite3.Connection) -> int:
    (last_id,) = connection.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()
    facts = ", ".join(_FACTS)
    counts = ", ".join(f"CASE WHEN known THEN {name} END" for name in _COUNTS)
    connection.execute("INSERT INTO bulk VALUES (1)")
    added = connection.execute(
        f"INSERT INTO messages ({facts}, {', '.join(_COUNTS)}, cost_microusd, summary, stage, state, standing, "
        "event, created_seen, api, origin, first_at_ms, counted_at_ms) "
        f"SELECT {facts}, {counts}, CASE WHEN known THEN CAST(round(cost_usd * 1000000) AS INTEGER) END, "
        f"ifnull(summary, 0), stage, {_STATE}, "
        f"CASE WHEN copied THEN 'copy' WHEN api = 1 THEN {_STANDING} ELSE 'counted' END, "
        "'', 0, api, 'imported', ifnull(created_ms, row_created_ms), at_ms FROM "
        "(SELECT *, coalesce(completed_ms, created_ms, row_created_ms) AS at_ms, "
        "id_contradicts_time(message, ifnull(created_ms, row_created_ms)) AS contradicted, "
        "ifnull(created_ms, row_created_ms) < conversation_created_ms AS older FROM incoming) AS candidate "
        "WHERE sound AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.message = candidate.message)"
    ).rowcount
    connection.execute("DELETE FROM bulk")
    if added:
        _add_sums(connection, last_id)
    return added


def _add_sums(connection: sqlite3.Connection, after_id: int) -> None:
    connection.execute(
        "INSERT INTO sums SELECT scope, number, directory, provider, model, sum(input), sum(output), sum(reasoning), "
        "sum(cache_read), sum(cache_write), sum(cost_microusd), count(*) FROM shares WHERE id > ? "
        "GROUP BY 1, 2, 3, 4, 5 ON CONFLICT DO UPDATE SET "
        "input = input + excluded.input, output = output + excluded.output, "
        "reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read, "
        "cache_write = cache_write + excluded.cache_write, cost_microusd = cost_microusd + excluded.cost_microusd, "
        "messages = messages + excluded.messages",
        (after_id,),
    )


def _message(row: dict[str, Any], api: int) -> Message:
    known = bool(row["known"])
    return Message(
        **{name: row[name] for name in _FACTS},
        api=api,
        stage=row["stage"],
        event="",
        created_seen=False,
        first_at_ms=row["row_created_ms"] if row["created_ms"] is None else row["created_ms"],
        tokens=Tokens(*(row[name] for name in _COUNTS)) if known else None,
        cost_microusd=round(row["cost_usd"] * 1_000_000) if known and row["cost_usd"] is not None else None,
        summary=bool(row["summary"]),
    )
