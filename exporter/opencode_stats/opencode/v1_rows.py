"""The assistant messages of OpenCode 1.x's tables, as rows with our column names (facts §4).

One pass over JSON with SQLite's own functions: a hundred thousand messages never become Python objects.
A row whose figures are not what OpenCode writes (text where a number belongs) says so (``sound``).
"""

from __future__ import annotations

from typing import Final

from opencode_stats.core.bounds import LARGEST_MESSAGE_COST_USD, LARGEST_MESSAGE_TOKENS, LATEST_INSTANT_MS

COUNTS: Final = {
    "input": "$.tokens.input",
    "output": "$.tokens.output",
    "reasoning": "$.tokens.reasoning",
    "cache_read": "$.tokens.cache.read",
    "cache_write": "$.tokens.cache.write",
}
_ALL: Final = ", ".join(COUNTS)
# A text is larger than any number, and a sum is whole only if all its parts are: so all is asked at once.
SOUND: Final = (
    f"(typeof(message) = 'text' AND typeof(conversation) = 'text' AND message != '' AND conversation != '' "
    f"AND min({_ALL}) >= 0 AND max({_ALL}) <= {LARGEST_MESSAGE_TOKENS} AND typeof({' + '.join(COUNTS)}) = 'integer' "
    f"AND {' + '.join(COUNTS)} <= {LARGEST_MESSAGE_TOKENS} "
    f"AND ifnull(cost_usd, 0) BETWEEN 0 AND {LARGEST_MESSAGE_COST_USD} "
    f"AND ifnull(created_ms, row_created_ms) BETWEEN 0 AND {LATEST_INSTANT_MS} "
    f"AND ifnull(completed_ms, 0) BETWEEN 0 AND {LATEST_INSTANT_MS} "
    "AND typeof(ifnull(created_ms, row_created_ms) + ifnull(completed_ms, 0)) = 'integer')"
)
"""Whether the figures of an extracted row are ones that an honest plugin could have told (``core.bounds``)."""


STAGED: Final = """
    SELECT *, CASE WHEN completed_ms IS NOT NULL THEN 'completed'
                   WHEN finish IS NOT NULL OR input + output + reasoning + cache_read + cache_write > 0 THEN 'usage'
                   ELSE 'created' END AS stage
"""
"""How far along an extracted row is (``core.usage.stage_of``)."""
FENCE: Final = "LIMIT -1"
"""Ends a subquery whose columns are to be worked out once a row, before the outer WHERE: SQLite leaves it be."""


def rows(schema: str, where: str, *, valid: bool = False, brought: str = "0") -> str:
    """A SELECT of the messages of the attached database ``schema`` that fulfil ``where`` (on ``m``, its message table).

    Its columns: ``message conversation stage parent agent provider model variant directory root input output reasoning
    cache_read cache_write cost_usd created_ms row_created_ms completed_ms finish error summary
    conversation_created_ms``, ``sound`` (0 where a figure is not one), ``known`` (0 where nothing is of the tokens).
    ``valid`` leaves out the look whether each is JSON: an SQL error says that one was none. ``brought``
    is a condition on such a row (``told_of``), and becomes a column: it came from somebody else (``elsewhere``).
    """
    counts = ", ".join(f"ifnull(json_extract(m.data, '{path}'), 0) AS {name}" for name, path in COUNTS.items())
    # CASE, because AND outside of a condition looks at both its sides, and the second costs a look at other tables.
    return f"""
    SELECT *, stage != 'created' AND NOT (error IS NOT NULL
                  AND input + output + reasoning + cache_read + cache_write = 0) AS known,
           CASE WHEN {brought} THEN 1 ELSE 0 END AS brought
      FROM ({STAGED}, {SOUND} AS sound FROM (
        SELECT m.id AS message, m.session_id AS conversation, m.time_created AS row_created_ms,
               {instant("s.time_created")} AS conversation_created_ms,
               nullif(json_extract(m.data, '$.parentID'), '') AS parent,
               ifnull(nullif(json_extract(m.data, '$.agent'), ''), nullif(json_extract(m.data, '$.mode'), '')) AS agent,
               nullif(json_extract(m.data, '$.providerID'), '') AS provider,
               nullif(json_extract(m.data, '$.modelID'), '') AS model,
               nullif(json_extract(m.data, '$.variant'), '') AS variant,
               nullif(json_extract(m.data, '$.path.cwd'), '') AS directory,
               nullif(json_extract(m.data, '$.path.root'), '') AS root,
               json_extract(m.data, '$.cost') AS cost_usd,
               json_extract(m.data, '$.time.created') AS created_ms,
               json_extract(m.data, '$.time.completed') AS completed_ms,
               nullif(json_extract(m.data, '$.finish'), '') AS finish,
               CASE WHEN json_type(m.data, '$.error') = 'object'
                    THEN ifnull(json_extract(m.data, '$.error.name'), 'unknown') END AS error,
               json_type(m.data, '$.summary') = 'true' AS summary,
               {counts}
          FROM {schema}.message AS m LEFT JOIN {schema}.session AS s ON s.id = m.session_id
         WHERE {where}{"" if valid else " AND json_valid(m.data)"} AND json_extract(m.data, '$.role') = 'assistant'
         {FENCE}) WHERE message IS NOT NULL) AS told_of
    """


def senseless(schema: str, where: str) -> str:
    """A SELECT of the ids of messages that are not JSON at all; ``where`` as for ``rows``."""
    return f"SELECT m.id AS message FROM {schema}.message AS m WHERE {where} AND NOT json_valid(m.data)"


def conversations(schema: str, where: str) -> str:
    """A SELECT of the conversations of the attached database ``schema`` for which ``where`` (on ``session``) holds."""
    return f"""
    SELECT id AS conversation, parent_id AS parent, NULL AS fork_of, directory, project_id AS project, NULL AS agent,
           version AS host_version, {instant("time_created")} AS created_ms
      FROM {schema}.session WHERE {where}
    """


def instant(column: str) -> str:
    """SQL for the instant in a column, NULL where it is none."""
    return f"CASE WHEN typeof({column}) = 'integer' AND {column} BETWEEN 0 AND {LATEST_INSTANT_MS} THEN {column} END"
