"""Taking in many messages at once, set by set: what OpenCode's own database tells, on top of what its events told.

A message that the ledger does not know is inserted as it is; the sums of many are added once for all of them instead of
by trigger. One that it knows goes through ``core.usage.merge`` like any snapshot, but only if the batch knows more of
it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from opencode_stats.core.cost import MICROUSD_SQL, microusd_of
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.usage import Message, standing_from_disk
from opencode_stats.ledger import incoming
from opencode_stats.ledger.auxiliary import add_change, add_later, charged_after, settle_all
from opencode_stats.ledger.forgotten import KNOWN_AGAIN
from opencode_stats.ledger.incoming import COUNTS, FACTS
from opencode_stats.ledger.messages import decide_pending, take_snapshot
from opencode_stats.ledger.sums import MANY, add_sums, not_added

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_STATE = (
    "CASE WHEN error IN ('MessageAbortedError', 'aborted') THEN 'aborted' WHEN error IS NOT NULL THEN 'failed' "
    "WHEN stage = 'completed' THEN 'final' ELSE 'unfinished' END"
)
_STANDING = (
    "CASE WHEN copied THEN 'copy' WHEN api != 1 OR contradicted = 0 AND strange = 0 THEN 'counted' "
    "ELSE standing_from_disk(contradicted, strange, message IN (SELECT message FROM twinned)) END"
)
# A twin is looked for only where the two witnesses disagree, which is rare. One whose id contradicts its time is the
# copy of a message whose id does not, one in doubt is that of a message whose id is of that very time and which used as
# much, and what 2.x copied into its own fork says nothing about what it copied.
# CROSS JOIN: one pass over the many, with the few looked up.
_ORIGINAL = "CASE disputed.contradicted WHEN 1 THEN 1 WHEN 0 THEN {0} IS NOT 1 ELSE {0} = 0{1} END"
_AS_MUCH = " AND (twin.input, twin.output) = (disputed.input, disputed.output)"
_TWIN_CONTRADICTED = "id_contradicts_time(CAST(twin.{} AS BLOB), twin.created_ms)"
_TWINNED = (
    "WITH disputed AS MATERIALIZED (SELECT message, created, ifnull(completed_ms, created) AS at_ms, completed_ms, "
    "contradicted, input, output FROM incoming WHERE sound AND api = 1 "
    "AND (contradicted IS NULL OR contradicted IS NOT strange)) "
    "SELECT disputed.message FROM incoming AS twin CROSS JOIN disputed ON disputed.created = twin.created "
    "AND disputed.completed_ms IS twin.completed_ms AND disputed.message != twin.message AND NOT twin.copied "
    f"AND {_ORIGINAL.format('twin.contradicted', _AS_MUCH)} UNION "
    "SELECT disputed.message FROM disputed CROSS JOIN messages AS twin ON twin.counted_at_ms = disputed.at_ms "
    "AND twin.created_ms = disputed.created AND twin.message != disputed.message "
    "AND NOT (twin.api = 2 AND twin.standing = 'copy') "
    f"AND {_ORIGINAL.format(_TWIN_CONTRADICTED.format('message'), _AS_MUCH)} UNION "
    "SELECT disputed.message FROM disputed JOIN forgotten_ids AS twin ON twin.created_ms = disputed.created "
    "AND twin.took_ms = disputed.completed_ms - disputed.created AND twin.id != disputed.message "
    "AND disputed.message NOT IN (SELECT message FROM messages) AND NOT (twin.api = 2 AND twin.what = 'copy') "
    f"AND {_ORIGINAL.format(_TWIN_CONTRADICTED.format('id'), '')}"
)
# What is in no total yet can still turn out to be a copy; what is, stays, so that no total ever falls.
_COPIED = (
    "UPDATE messages SET standing = 'copy' WHERE standing != 'copy' "
    "AND (input IS NULL OR standing = 'pending') AND message IN (SELECT message FROM incoming WHERE copied)"
)
_CONVERSATION = ("parent", "fork_of", "directory", "project", "agent", "host_version", "created_ms")


@dataclass(frozen=True, slots=True)
class Rejecting:
    """Where rows come from that may make no sense, and when they were looked at."""

    source: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a batch brought: messages that were new, messages of which more is known now, rows that made no sense.

    Of the new ones ``copies`` (a fork's, or somebody else's) and those whose figures are ``unknown`` are in no total;
    on disk a message is never pending.
    """

    new: int = 0
    changed: int = 0
    unsound: int = 0
    copies: int = 0
    unknown: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))


def prepare(connection: sqlite3.Connection) -> None:
    """Gives SQL the rules that are written in Python."""
    connection.create_function("standing_from_disk", 3, standing_from_disk, deterministic=True)
    incoming.prepare(connection)


def take_conversations(connection: sqlite3.Connection, select: str, values: Mapping[str, object]) -> None:
    """Takes in conversations: ``conversation parent fork_of directory project agent host_version created_ms``."""
    kinds = {"created_ms": "created_ms"} | {name: f"as_id(CAST({name} AS BLOB))" for name in ("parent", "fork_of")}
    facts = ", ".join(f"{kinds.get(name, f'as_name(CAST({name} AS BLOB))')} AS {name}" for name in _CONVERSATION)
    connection.execute(
        f"INSERT INTO conversations (conversation, {', '.join(_CONVERSATION)}) "
        f"SELECT as_id(CAST(conversation AS BLOB)) AS known_as, {facts} FROM ({select}) WHERE known_as IS NOT NULL "
        f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = ifnull({name}, excluded.{name})' for name in _CONVERSATION)}",
        values,
    )
    undecided = connection.execute("SELECT DISTINCT conversation FROM messages WHERE standing = 'pending'").fetchall()
    for (conversation,) in undecided:
        decide_pending(connection, conversation)


def take_messages(
    connection: sqlite3.Connection,
    select: str,
    values: Mapping[str, object],
    rejecting: Rejecting,
    *,
    charged: bool = False,
    brought: str | None = None,
) -> Taken:
    """Takes in messages with the columns of ``opencode.v1_rows``; the caller holds the transaction.

    ``rejecting`` is where rows that make no sense are noted. ``charged`` where they are from 2.x's tables: then their
    conversations may have running totals, which contain them. ``brought`` as for ``incoming.lay_out``.

    Raises:
        sqlite3.Error: nothing of the batch is kept once the caller rolls back.
    """
    incoming.lay_out(connection, select, values, brought)
    # They are in the sums, and that is all that is to be known of them.
    connection.execute(
        f"DELETE FROM incoming WHERE EXISTS (SELECT 1 FROM forgotten_ids) AND message IN ({KNOWN_AGAIN})"
    )
    # What is seldom there is looked for in one pass, and worked on only where it is.
    (sound, senseless, copied, unknown, suspect) = connection.execute(
        "SELECT ifnull(sum(sound), 0), ifnull(sum(NOT sound), 0), ifnull(sum(sound AND copied), 0), "
        "ifnull(sum(sound AND NOT copied AND NOT known), 0), "
        "ifnull(sum(api = 1 AND (contradicted IS NOT 0 OR older)), 0) FROM incoming"
    ).fetchone()
    if not sound and not senseless:
        return Taken()
    unsound = reject(connection, rejecting, "SELECT message FROM incoming WHERE NOT sound", {}) if senseless else 0
    forgive(connection, rejecting, "SELECT message FROM incoming WHERE sound")
    if suspect:
        connection.execute(_COPIED)  # before twins are looked for, since a copy is nobody's
    connection.execute("DROP TABLE IF EXISTS temp.twinned")
    connection.execute(f"CREATE TEMP TABLE twinned AS {_TWINNED if suspect else 'SELECT NULL AS message WHERE false'}")
    (last_id,) = connection.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()
    if sound < MANY:
        new = _insert_unknown(connection)
    else:
        with not_added(connection):
            new = _insert_unknown(connection)
        add_sums(connection, last_id)
    # What was inserted says nothing more; to look for what was not takes as long as to look whether there is any.
    changed = []
    if new != sound or senseless:
        connection.execute(_COPIED)
        changed = _merge_known(connection)
    connection.execute("DROP TABLE temp.twinned")
    connection.execute("DROP TABLE temp.incoming")
    late = add_later(connection, last_id)
    settle_all(connection, {*changed, *late, *(charged_after(connection, last_id) if charged else ())})
    if new != sound or suspect:
        copied, unknown = _in_no_total(connection, last_id)
    return Taken(new, len(changed), unsound, copied, unknown)


def _in_no_total(connection: sqlite3.Connection, last_id: int) -> tuple[int, int]:
    """How many messages after that one are copies, and how many are counted with figures that nobody knows."""
    (copies, unknown) = connection.execute(
        "SELECT ifnull(sum(standing = 'copy'), 0), ifnull(sum(standing = 'counted' AND input IS NULL), 0) "
        "FROM messages WHERE id > ?",
        (last_id,),
    ).fetchone()
    return copies, unknown


def reject(connection: sqlite3.Connection, rejecting: Rejecting, select: str, values: Mapping[str, object]) -> int:
    """Notes rows that make no sense, by id (``message``), and gives the number of those that were not noted yet."""
    return connection.execute(
        f"INSERT OR IGNORE INTO rejected SELECT :source, ifnull(CAST(message AS TEXT), ''), :now_ms FROM ({select})",
        {**values, "source": rejecting.source, "now_ms": rejecting.now_ms},
    ).rowcount


def forgive(connection: sqlite3.Connection, rejecting: Rejecting, select: str) -> None:
    """Takes back what was noted of rows (by id) that make sense now: they were put right."""
    if connection.execute("SELECT 1 FROM rejected WHERE path = ? LIMIT 1", (rejecting.source,)).fetchone() is None:
        return
    connection.execute(
        f"DELETE FROM rejected WHERE path = ? AND message IN ({select})",
        (rejecting.source,),
    )


def _merge_known(connection: sqlite3.Connection) -> list[str]:
    """Gives the conversation of each message of which more is known now."""
    names = (*FACTS, "stage", "row_created_ms", "cost_usd", "summary", "known", *COUNTS)
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
        told = _message(dict(zip(names, row, strict=True)), api)
        changed = take_snapshot(connection, told, run=None, origin="imported")
        if changed is not None:
            add_change(connection, *changed)
    return [row[1 + names.index("conversation")] for row in rows]


def _insert_unknown(connection: sqlite3.Connection) -> int:
    facts = ", ".join(FACTS)
    counts = ", ".join(f"CASE WHEN known THEN {name} END" for name in COUNTS)
    # A tenth of an import's time is spent on looking whether words are allowed that are all from the CASEs here.
    connection.execute("PRAGMA ignore_check_constraints = ON")
    try:
        return connection.execute(
            f"INSERT INTO messages ({facts}, {', '.join(COUNTS)}, cost_microusd, summary, stage, state, standing, "
            "event, created_seen, api, origin, first_at_ms, counted_at_ms) "
            f"SELECT {facts}, {counts}, CASE WHEN known THEN {MICROUSD_SQL.format('cost_usd')} END, "
            f"ifnull(summary, 0), stage, {_STATE}, {_STANDING}, "
            "'', 0, api, 'imported', created, at_ms FROM "
            "(SELECT *, ifnull(completed_ms, created) AS at_ms FROM incoming) AS candidate "
            "WHERE sound ON CONFLICT (message) DO NOTHING"
        ).rowcount
    finally:
        connection.execute("PRAGMA ignore_check_constraints = OFF")


def _message(row: dict[str, Any], api: int) -> Message:
    known = bool(row["known"])
    return Message(
        **{name: row[name] for name in FACTS},
        api=api,
        stage=row["stage"],
        event="",
        created_seen=False,
        first_at_ms=row["row_created_ms"] if row["created_ms"] is None else row["created_ms"],
        tokens=Tokens(*(row[name] for name in COUNTS)) if known else None,
        cost_microusd=microusd_of(row["cost_usd"]) if known and row["cost_usd"] is not None else None,
        summary=bool(row["summary"]),
    )
