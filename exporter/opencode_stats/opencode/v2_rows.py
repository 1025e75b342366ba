"""The assistant messages of OpenCode 2.x's tables, as rows with our column names (v2 facts §3).

The same tables hold two more kinds: what a migration copied from 1.x's tables, under the same ids (``api`` is 1: the
rules of 1.x decide whether such a row is a fork's copy), and, before a migration, what the 2.x engine inside 1.17 and
1.18 wrote (*embedded*: the conversations are then in ``session``). A compaction is a row with the tokens of its
request, or, from older versions, without: then it tells nothing, and the conversation's running total has them.
"""

from __future__ import annotations

from typing import Final

from opencode_stats.core.bounds import LARGEST_COST_USD
from opencode_stats.core.cost import MICROUSD_SQL
from opencode_stats.core.tokens import LARGEST_COUNT
from opencode_stats.opencode.v1_rows import COUNTS, instant

INTERRUPTED: Final = (
    "json_extract(m.data, '$.error.type') = 'unknown' "
    "AND json_extract(m.data, '$.error.message') = 'Provider turn interrupted'"
)
"""How the 2.x engine inside of 1.18.33 writes that its user stopped it (observed); 2.x itself says ``aborted``."""
KINDS: Final = "m.type IN ('assistant', 'compaction')"
FORK_COLUMNS: Final = {"session_v2": "title", "session": "time_updated"}
"""What tells of forks that 1.x made: it puts ``(fork #1)`` behind their titles, and nothing else says so."""
# Ends a subquery whose columns are to be worked out once a row: SQLite leaves it be.
_FENCE: Final = "LIMIT -1"
_TOLD: Final = "ifnull(json_type(m.data, '$.tokens') = 'object', 0)"
# A fork that 2.x made of such a conversation is its own, even if it should keep its source's version.
_MADE_BY_1X: Final = "substr(s.version, 1, 2) = '1.' AND s.fork_session_id IS NULL"
_COMPACTED_MS: Final = "CASE WHEN json_extract(m.data, '$.status') IN ('completed', 'failed') THEN m.time_updated END"


def rows(
    schema: str,
    where: str,
    *,
    embedded: bool = False,
    legacy: bool = False,
    valid: bool = False,
    migrated_ms: int | None = None,
    looked_at: str = "SELECT NULL WHERE false",
    known: bool = False,
) -> str:
    """A SELECT of the messages of the attached database ``schema`` that fulfil ``where`` (on ``m``, session_message).

    Its columns are those of ``v1_rows.rows``; ``forked`` is 1 in a fork that 2.x made.
    ``embedded`` where ``session_message`` is 1.x's, ``legacy`` where 1.x's tables are there, too; ``valid`` as there;
    ``migrated_ms`` as in ``schema.Holdings``, and ``looked_at`` is a SELECT of the conversations of which all that 2.x
    took over has been read. ``known`` where only messages are asked for that were given before.
    """
    # What almost all of them are is looked for first: each mention of a figure is another look into the JSON.
    finish = "json_extract(m.data, '$.finish')"
    # One that still runs may say its figures later, in place; of one that ended without, there are none.
    worth = "" if known else f" AND (m.type != 'compaction' OR {_TOLD} OR {_COMPACTED_MS} IS NULL)"
    counts = ", ".join(f"ifnull(json_extract(m.data, '{path}'), 0) AS {name}" for name, path in COUNTS.items())
    return f"""
    SELECT m.id AS message, m.session_id AS conversation, m.time_created AS row_created_ms,
           {instant("s.time_created")} AS conversation_created_ms,
           NULL AS parent,
           CASE m.type WHEN 'compaction' THEN 'compaction'
                ELSE nullif(json_extract(m.data, '$.agent'), '') END AS agent,
           nullif(json_extract(m.data, '$.model.providerID'), '') AS provider,
           nullif(json_extract(m.data, '$.model.id'), '') AS model,
           nullif(json_extract(m.data, '$.model.variant'), '') AS variant,
           nullif(CAST(s.directory AS TEXT), '') AS directory, NULL AS root,
           json_extract(m.data, '$.cost') AS cost_usd,
           json_extract(m.data, '$.time.created') AS created_ms,
           CASE m.type WHEN 'compaction' THEN {_COMPACTED_MS}
                ELSE json_extract(m.data, '$.time.completed') END AS completed_ms,
           CASE {finish} WHEN 'stop' THEN 'stop' WHEN 'tool-calls' THEN 'tool-calls'
                ELSE {_word(finish, "NULL")} END AS finish,
           CASE WHEN json_type(m.data, '$.error') = 'object'
                THEN CASE WHEN {INTERRUPTED} THEN 'aborted'
                     ELSE {_word("json_extract(m.data, '$.error.type')", "'UnknownError'")} END
                WHEN m.type = 'compaction' AND json_extract(m.data, '$.status') = 'failed' THEN 'UnknownError'
                END AS error,
           m.type = 'compaction' AS summary,
           {_TOLD} AS told,
           {_api(schema, migrated_ms, looked_at, embedded=embedded, legacy=legacy)} AS api,
           {"0" if embedded else "s.fork_session_id IS NOT NULL"} AS forked,
           {counts}
      FROM {schema}.session_message AS m
      LEFT JOIN {schema}.{"session" if embedded else "session_v2"} AS s ON s.id = m.session_id
     WHERE {where} AND {KINDS}{"" if valid else " AND json_valid(m.data)"} AND m.id IS NOT NULL{worth}
    """


def senseless(schema: str, where: str) -> str:
    """A SELECT of the ids of messages that are not JSON at all; ``where`` as for ``rows``."""
    return (
        f"SELECT m.id AS message FROM {schema}.session_message AS m "
        f"WHERE {where} AND {KINDS} AND NOT json_valid(m.data)"
    )


def conversations(schema: str, where: str) -> str:
    """A SELECT of the conversations of 2.x for which ``where`` (on ``session_v2``) holds, as ``v1_rows`` gives them."""
    return f"""
    SELECT id AS conversation, parent_id AS parent, fork_session_id AS fork_of, directory, project_id AS project,
           NULL AS agent, version AS host_version, {instant("time_created")} AS created_ms
      FROM {schema}.session_v2 WHERE {where}
    """


def running_totals(schema: str, *, legacy: bool, kept: str, migrated_ms: int | None = None, forks: bool = False) -> str:
    """A SELECT of conversations' running totals: their five kinds, ``cost_usd``, ``sound`` and ``takeover``.

    ``kept`` is a SELECT of those that are known (``conversation``, the five kinds, ``cost_microusd``): what states just
    that is left out, without a look at anything else. Where a figure is none, all are NULL, and ``sound`` is 0.

    ``takeover`` is 0 where 2.x made the conversation, 1 where it took it over from 1.x's tables, 2 where it did but
    those have it no more, 3 where 1.x may have undone copies since: it was a fork, and 1.x wrote to it after
    ``migrated_ms``. ``forks`` says whether that can be asked (``FORK_COLUMNS``).
    """
    said = ", ".join(f"CASE WHEN sound THEN tokens_{name} END AS {name}" for name in COUNTS)
    numbers = " AND ".join(
        f"typeof(tokens_{name}) = 'integer' AND tokens_{name} BETWEEN 0 AND {LARGEST_COUNT}" for name in COUNTS
    )
    fork, there = "ifnull(s.title, '') GLOB '*(fork #[0-9]*)'" if forks else "0", ""
    if legacy:
        old = f"EXISTS (SELECT 1 FROM {schema}.session AS old WHERE old.id = s.id"
        since = f"{old} AND old.time_updated > {migrated_ms or 0})" if forks else "0"
        there = f"WHEN {old}) THEN CASE WHEN {fork} AND {since} THEN 3 ELSE 1 END "
    same = " AND ".join(f"kept.{name} = s.tokens_{name}" for name in COUNTS)
    return f"""
    SELECT conversation, {said}, CASE WHEN sound THEN cost END AS cost_usd, sound, takeover FROM (
        SELECT s.*, s.id AS conversation,
               ({numbers} AND typeof(cost) IN ('integer', 'real') AND cost BETWEEN 0 AND {LARGEST_COST_USD}) AS sound,
               CASE {there}WHEN {_MADE_BY_1X} THEN CASE WHEN {fork} THEN 3 ELSE 2 END ELSE 0 END AS takeover
          FROM {schema}.session_v2 AS s WHERE NOT EXISTS (
              SELECT 1 FROM ({kept}) AS kept WHERE kept.conversation = s.id AND {same}
                 AND s.cost BETWEEN 0 AND {LARGEST_COST_USD} AND kept.cost_microusd = {MICROUSD_SQL.format("s.cost")}
          ) {_FENCE})
    """


def _api(schema: str, migrated_ms: int | None, looked_at: str, *, embedded: bool, legacy: bool) -> str:
    """Which engine wrote a row of a conversation that 1.x made: in 1.x's table it may be gone by now.

    A row that 1.x's table does not have is 2.x's, whatever the clock said when it was made; unless its id was made at
    another time: 1.x copied it into a fork. (What 1.x undid since and is taken for 2.x's own is in 2.x's running total
    all the same.) ``ledger.incoming`` gives SQL the rule.
    """
    if embedded:
        return "2"
    older = "1" if migrated_ms is None else f"m.time_created <= {migrated_ms} AND s.id NOT IN ({looked_at})"
    made_by_1x = f"{_MADE_BY_1X} AND {older}"
    if not legacy:
        return f"CASE WHEN {made_by_1x} THEN 1 ELSE 2 END"
    return (
        f"CASE WHEN EXISTS (SELECT 1 FROM {schema}.message AS old WHERE old.id = m.id) THEN 1 "
        f"WHEN {made_by_1x} AND id_contradicts_time(CAST(m.id AS BLOB), m.time_created) THEN 1 ELSE 2 END"
    )


def _word(value: str, otherwise: str) -> str:
    """What the plugin lets through, too (docs/spool.md): a text of a user's could stand where a name belongs."""
    return (
        f"CASE WHEN length({value}) BETWEEN 1 AND 128 AND {value} NOT GLOB '*[^A-Za-z0-9_.:/-]*' THEN {value} "
        f"ELSE {otherwise} END"
    )
