"""The assistant messages of OpenCode 1.x's tables, as rows with our column names (facts §4).

One pass over JSON with SQLite's own functions: a hundred thousand messages never become Python objects.
"""

from __future__ import annotations

from typing import Final

from opencode_stats.core.bounds import LATEST_INSTANT_MS

COUNTS: Final = {
    "input": "$.tokens.input",
    "output": "$.tokens.output",
    "reasoning": "$.tokens.reasoning",
    "cache_read": "$.tokens.cache.read",
    "cache_write": "$.tokens.cache.write",
}


def rows(schema: str, where: str, *, valid: bool = False) -> str:
    """A SELECT of the messages of the attached database ``schema`` that fulfil ``where`` (on ``m``, its message table).

    Its columns are what ``ledger.bulk`` takes, each as the row says it, be it sense or not.
    ``valid`` leaves out the look whether each is JSON: an SQL error says that one was none.
    """
    counts = ", ".join(f"ifnull(json_extract(m.data, '{path}'), 0) AS {name}" for name, path in COUNTS.items())
    return f"""
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
           1 AS told, 1 AS api, 0 AS forked,
           {counts}
      FROM {schema}.message AS m LEFT JOIN {schema}.session AS s ON s.id = m.session_id
     WHERE {where}{"" if valid else " AND json_valid(m.data)"} AND json_extract(m.data, '$.role') = 'assistant'
       AND m.id IS NOT NULL
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
