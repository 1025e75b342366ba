"""Is the ledger what it was? What SQLite can't know of its own file is known by keeping every figure twice.

===============  =====================================================================================================
account          what it finds
===============  =====================================================================================================
SQLite's check   pages, rows and indexes that contradict each other, values of a wrong type, missing rows
the schema       names and rules that are not those that were made
``guard``        a figure or an instant of a message that is not what was written (``m001_initial.sql``)
sums of days     sums that contradict each other; that they are those of their messages ``verify`` proves
the sums         a message whose model, directory, run or standing changed, or that is gone; and sums that changed
other hosts      sums of what they told that are not those of their messages (``foreign_sums``)
===============  =====================================================================================================

A cheap part is asked at every start, all of it when something may have happened to the file (``opening``) and once a
day. All of it takes half a second for a hundred thousand messages (docs/adr/0009-backups-and-recovery.md).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from typing import Final

from opencode_stats.ledger import foreign_sums, unbilled
from opencode_stats.ledger.day_sums import day_sum_disagreements
from opencode_stats.ledger.forgotten import SLOTS
from opencode_stats.ledger.migrations import STEPS, applied_steps, migrate

APPLICATION_ID: Final = 0x4F437374
"""What ``m001_initial.sql`` writes into the file's header."""
DAMAGE_CODES: Final = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""SQLITE_ERROR is a table or a column that is not there: of a statement of ours, that too is the file's doing."""
MOST_NAMED: Final = 20
_GUARD: Final = (
    "SELECT count(*) FROM messages WHERE guard != ifnull(input, -1) % 2147483647 * 3 "
    "+ ifnull(output, -1) % 2147483647 * 5 + ifnull(reasoning, -1) % 2147483647 * 7 "
    "+ ifnull(cache_read, -1) % 2147483647 * 11 + ifnull(cache_write, -1) % 2147483647 * 13 "
    "+ ifnull(cost_microusd, -1) % 2147483647 * 17 + counted_at_ms % 2147483647 * 19 "
    "+ ifnull(created_ms, -1) % 2147483647 * 23 + ifnull(completed_ms, -1) % 2147483647 * 29 "
    "+ ifnull(run, -1) % 2147483647 * 31 + api * 37"
)
# A name or an id that is no UTF-8 any more can't be read, and SQLite does not look. Some hundred rows at once are one
# text for Python to read, which raises.
_TEXTS: Final = (
    "SELECT group_concat(conversation || event || ifnull(parent, '') || ifnull(agent, '') || ifnull(provider, '') "
    "|| ifnull(model, '') || ifnull(variant, '') || ifnull(directory, '') || ifnull(root, '') || ifnull(finish, '') "
    "|| ifnull(error, '')) FROM messages GROUP BY id / 256"
)
# SQLite's check of rows (3.40) has passed over such words, though the schema's rules refuse them.
_WORDS: Final = (
    "SELECT count(*) FROM messages WHERE stage NOT IN ('created', 'usage', 'completed') "
    "OR standing NOT IN ('counted', 'pending', 'copy') OR origin NOT IN ('live', 'imported') "
    "OR state NOT IN ('final', 'unfinished', 'aborted', 'failed')"
)
_COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd", "messages")
_SUMMED: Final = ", ".join(f"sum({name})" for name in _COUNTS)
# Every counted message is in one quarter hour, so the two accounts of the whole must agree.
_WHOLE: Final = (
    f"SELECT count(*) FROM (SELECT provider, model, {_SUMMED} FROM sums WHERE scope = 'slot' GROUP BY 1, 2 "
    f"EXCEPT SELECT provider, model, {_SUMMED} FROM sums WHERE scope = 'all' GROUP BY 1, 2)"
)
DERIVED: Final = (
    "SELECT scope, number, directory, provider, model, sum(input) AS input, sum(output) AS output, "
    "sum(reasoning) AS reasoning, sum(cache_read) AS cache_read, sum(cache_write) AS cache_write, "
    "sum(cost_microusd) AS cost_microusd, sum(messages) AS messages FROM (SELECT scope, number, directory, provider, "
    "model, input, output, reasoning, cache_read, cache_write, cost_microusd, 1 AS messages FROM shares UNION ALL "
    "SELECT scope, CASE scope WHEN 'slot' THEN slot ELSE 0 END, '', provider, model, input, output, reasoning, "
    f"cache_read, cache_write, cost_microusd, messages FROM ({SLOTS}), (SELECT 'all' AS scope UNION SELECT 'slot')) "
    "GROUP BY 1, 2, 3, 4, 5"
)
"""The sums as the messages make them, and what is forgotten of messages."""
KEPT: Final = (
    "SELECT scope, number, directory, provider, model, input, output, reasoning, cache_read, cache_write, "
    "cost_microusd, messages FROM sums "
    "WHERE (input, output, reasoning, cache_read, cache_write, cost_microusd, messages) != (0, 0, 0, 0, 0, 0, 0)"
)
"""The sums as they are kept; one that its last message left (a copy after all) is a row of zeros."""
_KEY: Final = ("scope", "number", "directory", "provider", "model")
_ADDED: Final = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS)
# One pass over the messages makes the finest sums, and those make all others: a fifth of what the view would take.
_FINE: Final = (
    "CREATE TEMP TABLE fine AS SELECT run, counted_at_ms / 900000 AS slot, ifnull(directory, '') AS directory, "
    "ifnull(provider, '') AS provider, ifnull(model, '') AS model, sum(input) AS input, sum(output) AS output, "
    "sum(reasoning) AS reasoning, sum(cache_read) AS cache_read, sum(cache_write) AS cache_write, "
    "sum(ifnull(cost_microusd, 0)) AS cost_microusd, count(*) AS messages FROM messages "
    "WHERE standing = 'counted' AND input IS NOT NULL GROUP BY 1, 2, 3, 4, 5"
)
_FORGOTTEN: Final = (
    "INSERT INTO fine (slot, directory, provider, model, input, output, reasoning, cache_read, cache_write, "
    "cost_microusd, messages) SELECT slot, '', provider, model, input, output, reasoning, cache_read, cache_write, "
    f"cost_microusd, messages FROM ({SLOTS})"
)
_MADE: Final = (
    f"SELECT 'all' AS scope, 0 AS number, '' AS directory, provider, model, {_ADDED} FROM fine GROUP BY 4, 5",
    f"SELECT 'slot' AS scope, slot AS number, '' AS directory, provider, model, {_ADDED} FROM fine GROUP BY 2, 4, 5",
    f"SELECT 'run' AS scope, run AS number, directory, provider, model, {_ADDED} FROM of_runs GROUP BY 2, 3, 4, 5",
)
# How many sums the messages make, and how many of those are not what is kept.
_COMPARED: Final = (
    "WITH of_runs AS (SELECT * FROM fine WHERE run IS NOT NULL) SELECT count(*), ifnull(sum("
    f"({', '.join('made.' + name for name in _COUNTS)}) IS NOT ({', '.join('sums.' + name for name in _COUNTS)})), 0) "
    f"FROM ({{}}) AS made LEFT JOIN sums USING ({', '.join(_KEY)})"
)
_NUMBER: Final = f"SELECT count(*) FROM ({KEPT})"
_AT_ODDS: Final = (
    f"SELECT scope, number, provider, model FROM (SELECT * FROM ({DERIVED}) EXCEPT SELECT * FROM ({KEPT})) "
    "UNION SELECT scope, number, provider, model FROM "
    f"(SELECT * FROM ({KEPT}) EXCEPT SELECT * FROM ({DERIVED})) ORDER BY 1, 2, 3, 4 LIMIT {MOST_NAMED}"
)
_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
TITLES: Final = "SELECT (SELECT count(*) FROM title_requests) + (SELECT ifnull(sum(titles), 0) FROM forgotten_requests)"
"""How many requests for titles there were."""
_TITLES_AGREE: Final = f"SELECT ({TITLES}) = (SELECT ifnull(max(value), 0) FROM counters)"


Unreadable: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a ledger may raise; Python finds by itself that a name or a sentence of SQLite's is no text."""


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite says that the file is not what we wrote; others pass (a lock, a full disk)."""
    if isinstance(error, UnicodeDecodeError):
        return True
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Python's own finding (text that is no UTF-8), or ours.
        return not isinstance(error, sqlite3.OperationalError) or "decode" in str(error)
    return code & 0xFF in DAMAGE_CODES or isinstance(error, sqlite3.IntegrityError)


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether the file says that it is a ledger of opencode-stats."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application == APPLICATION_ID)


def cheap_findings(connection: sqlite3.Connection) -> list[str]:
    """What is wrong at the first look: milliseconds, however large the ledger is.

    Raises:
        sqlite3.DatabaseError: SQLite can't read it (``is_damage``).
    """
    found = _strangeness(connection)
    if found or applied_steps(connection) != set(STEPS):
        # Of an older one only SQLite's own check can be asked before it is brought up to date.
        return found
    (apart,) = connection.execute(_WHOLE).fetchone()
    return ["The sums of all quarter hours are not those of everything."] if apart else []


def _strangeness(connection: sqlite3.Connection) -> list[str]:
    """Whether this is a ledger at all."""
    if not is_ours(connection):
        return ["The file is a database of something else."]
    applied = applied_steps(connection)
    if not applied or applied != set(STEPS[: len(applied)]):
        return ["The list of the schema's steps is not one that was ever written."]
    return []


def findings(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the ledger, one sentence a finding. Changes nothing; the caller holds one moment of it.

    Raises:
        sqlite3.DatabaseError: SQLite can't read it (``is_damage``).
    """
    found = _strangeness(connection)
    if found:
        return found
    verdicts = [row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST_NAMED})")]
    if verdicts != ["ok"]:
        return [f"SQLite finds the file damaged: {verdict}." for verdict in verdicts]
    if applied_steps(connection) != set(STEPS):
        return []
    if set(connection.execute(_SCHEMA)) != _schema():
        return ["The schema is not the one that was made."]
    for _ in connection.execute(_TEXTS):
        pass
    (strange,) = connection.execute(_WORDS).fetchone()
    if strange:
        found.append(f"{strange} message{'s have' if strange > 1 else ' has'} a word that was never written.")
    (changed,) = connection.execute(_GUARD).fetchone()
    if changed:
        found.append(f"{changed} message{'s have' if changed > 1 else ' has'} a figure that was never written.")
    return found + sum_findings(connection)


@cache
def _schema() -> set[tuple[str, ...]]:
    """Every table, index, view and trigger of a ledger that was made just now."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, 0)
        return set(connection.execute(_SCHEMA))


def findings_now(connection: sqlite3.Connection) -> list[str]:
    """``findings`` as of this moment, whoever writes meanwhile."""
    connection.execute("BEGIN")
    try:
        return findings(connection)
    finally:
        connection.execute("ROLLBACK")


def sum_findings(connection: sqlite3.Connection) -> list[str]:
    """Which running sums are not those of their messages, at most ``MOST_NAMED``."""
    found: list[str] = []
    if not _agree(connection):
        # Only now are they named, which takes three times as long.
        found += (
            f"The sum of {scope} {number} for {provider}/{model} is not that of its messages."
            for scope, number, provider, model in connection.execute(_AT_ODDS)
        )
    if connection.execute(_TITLES_AGREE).fetchone() != (1,):
        found.append("The number of title requests is not that of its rows.")
    found += unbilled.findings(connection, MOST_NAMED)
    found += foreign_sums.findings(connection)
    return found + day_sum_disagreements(connection)


def _agree(connection: sqlite3.Connection) -> bool:
    connection.execute("DROP TABLE IF EXISTS temp.fine")
    connection.execute(_FINE)
    connection.execute(_FORGOTTEN)
    made = wrong = 0
    for sums in _MADE:
        number, at_odds = connection.execute(_COMPARED.format(sums)).fetchone()
        made, wrong = made + number, wrong + at_odds
    connection.execute("DROP TABLE temp.fine")
    # A sum that is kept and that no message makes is found by the number.
    (kept,) = connection.execute(_NUMBER).fetchone()
    return not wrong and made == kept
