"""Forgetting detail that the user does not want to be kept, and none of the figures (``m010_forgetting.sql``).

Messages that were completed before an instant are added to sums by quarter hour and model and leave, a batch in a
transaction; prompts and requests for titles likewise; then go the conversations, runs and processes that nothing
belongs to any more (``ledger.sweeping``). Whoever is killed in between finds each message in one of the two places, and
the next pass goes on. Running sums of everything and of quarter hours are the same before and after.

What may still change stays as it is: a message that was never completed, whose model is not known, or which may be a
copy; what OpenCode 2.x charged besides its messages; what 1.x added to a conversation after 2.x had taken it over,
where 1.x's tables lost it since (by its instant alone it is known not to be in 2.x's total); what another host told,
too (its account may be another); what is in the totals of a run that readers see; and what a rolling limit of a
workspace or an agent is measured by, for such windows hang on all windows before them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from opencode_stats.core.history import Figures
from opencode_stats.core.keeping import kept_from_ms
from opencode_stats.core.limits import Rolling, parse_window
from opencode_stats.core.usage import surely_copied
from opencode_stats.ledger.auxiliary import FORGOTTEN as LOST
from opencode_stats.ledger.belonging import AGENT, CONVERSATION, WORKSPACE
from opencode_stats.ledger.day_sums import TOOK
from opencode_stats.ledger.forgotten import AMOUNTS, COUNTS, PROMPT, TITLE, kept_from
from opencode_stats.ledger.sweeping import SHOWN, sweep
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from datetime import tzinfo

    from opencode_stats.core.limits import Limit

MESSAGES_AT_ONCE: Final = 500
"""In one transaction, some 15 ms: nobody who waits for a figure notices."""
_FIRST_USE: Final = (
    "SELECT min(at_ms) FROM (SELECT min(counted_at_ms) AS at_ms FROM messages UNION ALL SELECT min(at_ms) FROM prompts "
    "UNION ALL SELECT min(started_ms) FROM runs UNION ALL SELECT min(at_ms) FROM title_requests)"
)
_LOOKED_AT: Final = (
    "CREATE TEMP TABLE looked_at AS SELECT id, counted_at_ms FROM messages WHERE counted_at_ms >= :at_ms "
    "AND counted_at_ms < :until_ms AND (counted_at_ms > :at_ms OR id > :id) ORDER BY counted_at_ms, id LIMIT :most"
)
_LEAVING: Final = (
    "CREATE TEMP TABLE leaving AS SELECT m.id, m.message, m.conversation, m.api, m.run, "
    "CASE WHEN standing = 'copy' THEN 'copy' WHEN input IS NULL THEN 'unknown' ELSE 'counted' END AS what, "
    "ifnull(m.directory, '') AS directory, m.counted_at_ms, m.counted_at_ms / 900000 AS slot, "
    "ifnull(provider, '') AS provider, ifnull(model, '') AS model, input, output, reasoning, cache_read, cache_write, "
    f"ifnull(cost_microusd, 0) AS cost_microusd, 1 AS messages, {TOOK} AS active_ms, "
    f"CASE WHEN finish = 'stop' AND {TOOK} THEN output + reasoning ELSE 0 END AS rated_tokens, "
    f"CASE WHEN finish = 'stop' THEN {TOOK} ELSE 0 END AS rated_ms, "
    "ifnull((SELECT max(above) FROM price_steps WHERE above < input + cache_read + cache_write), 0) AS above, "
    "m.created_ms, m.completed_ms - m.created_ms AS took_ms "
    f"FROM temp.looked_at JOIN messages AS m USING (id) {CONVERSATION} "
    "WHERE stage = 'completed' AND CASE standing "
    "WHEN 'counted' THEN input IS NULL OR (provider IS NOT NULL AND model IS NOT NULL) "
    "WHEN 'copy' THEN surely_copied(m.message, m.api, m.created_ms, c.created_ms) ELSE 0 END "
    f"AND (m.run IS NULL OR m.run NOT IN ({SHOWN})) "
    "AND m.message NOT IN (SELECT message FROM foreign_messages) "
    f"AND NOT (m.api = 1 AND ifnull(c.takeover = {LOST} "
    "AND ifnull(m.created_ms, m.first_at_ms) > c.takeover_ms, 0)) "
    f"AND ifnull({WORKSPACE}, '') NOT IN (SELECT value FROM json_each(:workspaces)) "
    f"AND ifnull({AGENT}, '') NOT IN (SELECT value FROM json_each(:agents))"
)


def _added(table: str, keys: str, amounts: Iterable[str], of: str, sign: str = "") -> str:
    """SQL that adds sums of those that leave to a table of sums, or takes them away."""
    names = list(amounts)
    return (
        f"INSERT INTO {table} ({keys}, {', '.join(names)}) SELECT {{}}, "
        f"{', '.join(f'{sign}sum({name})' for name in names)} FROM temp.leaving WHERE {of} GROUP BY {{}} "
        f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in names)}"
    )


_COUNTED: Final = "what = 'counted'"
_WITHOUT_COST: Final = f"{_COUNTED} AND cost_microusd = 0 AND ({', '.join(COUNTS)}) != (0, 0, 0, 0, 0)"
_MODEL: Final = "slot, provider, model, above"
_TO_SUMS: Final = (
    _added("forgotten_sums", _MODEL, Figures._fields, _COUNTED).format(_MODEL, _MODEL),
    _added("forgotten_unbilled", _MODEL, (*COUNTS, "messages"), _WITHOUT_COST).format(_MODEL, _MODEL),
    _added("forgotten_conversations", "conversation, api, counted", (*AMOUNTS, "messages"), "input IS NOT NULL").format(
        f"conversation, api, {_COUNTED} AS is_counted", "conversation, api, is_counted"
    ),
    # A run's sums are those of the messages that are still there.
    _added(
        "sums", "scope, number, directory, provider, model", (*AMOUNTS, "messages"), f"{_COUNTED} AND run IS NOT NULL",
        "-",
    ).format("'run', run, directory, provider, model", "run, directory, provider, model"),
    _added(
        "unbilled", "scope, number, provider, model, above", COUNTS, f"{_WITHOUT_COST} AND run IS NOT NULL", "-"
    ).format("'run', run, provider, model, above", "run, provider, model, above"),
    (
        f"DELETE FROM sums WHERE scope = 'run' AND number IN (SELECT run FROM temp.leaving) "
        f"AND ({', '.join(AMOUNTS)}, messages) = (0, 0, 0, 0, 0, 0, 0)"
    ),
    (
        f"DELETE FROM unbilled WHERE scope = 'run' AND number IN (SELECT run FROM temp.leaving) "
        f"AND ({', '.join(COUNTS)}) = (0, 0, 0, 0, 0)"
    ),
    # It is summed anew, without who and where.
    (
        "DELETE FROM summed_days WHERE start_ms <= (SELECT max(counted_at_ms) FROM temp.leaving) "
        "AND end_ms > (SELECT min(counted_at_ms) FROM temp.leaving)"
    ),
    "INSERT OR REPLACE INTO forgotten_ids SELECT message, what, api, created_ms, took_ms FROM temp.leaving",
    "DELETE FROM messages WHERE id IN (SELECT id FROM temp.leaving)",
    # Numbers of rows may come again now.
    "UPDATE shared_until SET message_id = min(message_id, (SELECT ifnull(max(id), 0) FROM messages))",
    (
        "UPDATE kept_from SET swept = 0, first_use_ms = min(first_use_ms, "
        "ifnull((SELECT min(counted_at_ms) FROM temp.leaving), first_use_ms))"
    ),
)  # fmt: skip
# A table of what the user did → what of a quarter hour it is, and what is before its ids.
_DONE: Final = {"prompts": ("prompt", PROMPT), "title_requests": ("title", TITLE)}


class Forgetting:
    """Does it for a ledger that no other writes to, a batch at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._pass: Iterator[None] | None = None
        self._done: tuple[object, ...] = ()

    def go_on(
        self,
        now_ms: int,
        zone: tzinfo,
        *,
        start_hour: int = 0,
        days: int = 0,
        limits: Iterable[Limit] = (),
        to_the_end: bool = False,
    ) -> bool:
        """Does one batch, or all of them, and gives whether something is left to do. ``days`` is 0 for ever.

        Raises:
            sqlite3.Error: the ledger can't be written; what was not done is still to do.
        """
        if not days:
            self._pass, self._done = None, ()
            return False
        chosen = tuple(limits)
        (latest_ms,) = self._connection.execute("SELECT ifnull(max(counted_at_ms), 0) FROM messages").fetchone()
        wanted_ms = kept_from_ms(now_ms, latest_ms, days, chosen, zone, start_hour)
        until_ms = max(wanted_ms, kept_from(self._connection) or 0)
        wanted = until_ms, chosen
        if self._pass is None and wanted == self._done:
            return False
        if self._pass is None:
            self._pass, self._done = forget_before(self._connection, until_ms, chosen), wanted
        try:
            for _ in self._pass:
                if not to_the_end:
                    return True
        except BaseException:
            self._pass, self._done = None, ()
            raise
        self._pass = None
        return False


def forget_before(connection: sqlite3.Connection, until_ms: int, limits: Iterable[Limit] = ()) -> Generator[None]:
    """Forgets the detail of what was used before an instant, a quarter hour's beginning; a transaction at each step.

    Raises:
        sqlite3.Error: the ledger can't be written; what was done stays done.
    """
    if not _begin(connection, until_ms):
        return
    connection.create_function("surely_copied", 4, surely_copied, deterministic=True)
    steps = _pass(connection, until_ms, limits)
    more = True
    while more:
        # What leaves is not left in the file, where salvage, or anybody, could read it.
        connection.execute("PRAGMA secure_delete = ON")
        try:
            more = next(steps)
        finally:
            connection.execute("PRAGMA secure_delete = OFF")
        if more:
            yield


def _pass(connection: sqlite3.Connection, until_ms: int, limits: Iterable[Limit]) -> Iterator[bool]:
    """Whether more is to do, after each step."""
    for _ in _batches(connection, until_ms, limits):
        yield True
    (swept,) = connection.execute("SELECT swept FROM kept_from").fetchone()
    if not swept:
        for _ in sweep(connection, until_ms):
            yield True
    yield False


def _begin(connection: sqlite3.Connection, until_ms: int) -> bool:
    """Moves the instant on; False where nothing is before it, nor left to do of a pass that was broken off."""
    (first_ms,) = connection.execute(_FIRST_USE).fetchone()
    if first_ms is None or first_ms >= until_ms:
        return connection.execute("SELECT 1 FROM kept_from WHERE NOT swept").fetchone() is not None
    with transaction(connection):
        connection.execute(
            "INSERT INTO kept_from VALUES (1, ?, ?, 0) ON CONFLICT DO UPDATE SET "
            "swept = swept AND at_ms >= excluded.at_ms, at_ms = max(at_ms, excluded.at_ms), "
            "first_use_ms = min(first_use_ms, excluded.first_use_ms)",
            (until_ms, first_ms),
        )
    return True


def _batches(connection: sqlite3.Connection, until_ms: int, limits: Iterable[Limit]) -> Iterator[None]:
    """Each batch of rows."""
    rolling = [limit for limit in limits if isinstance(parse_window(limit.window), Rolling)]
    kept = {f"{of}s": json.dumps([limit.whose for limit in rolling if limit.of == of]) for of in ("workspace", "agent")}
    at_ms, number = 0, 0
    more = True
    while more:
        with transaction(connection):
            values = {"at_ms": at_ms, "id": number, "until_ms": until_ms, "most": MESSAGES_AT_ONCE}
            _forget_messages(connection, values, kept)
            end = connection.execute(
                "SELECT counted_at_ms, id FROM temp.looked_at ORDER BY 1 DESC, 2 DESC LIMIT 1"
            ).fetchone()
        if end is None:
            break
        at_ms, number = end
        yield
    for table in _DONE:
        more = True
        while more:
            with transaction(connection):
                left = _forget_requests(connection, table, until_ms)
            more = bool(left)
            if left:
                yield


def _forget_messages(connection: sqlite3.Connection, values: Mapping[str, int], kept: Mapping[str, str]) -> None:
    for table, select in (("looked_at", _LOOKED_AT), ("leaving", _LEAVING)):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        connection.execute(select, {**values, **kept})
    (number,) = connection.execute("SELECT count(*) FROM temp.leaving").fetchone()
    if number:
        for statement in _TO_SUMS:
            connection.execute(statement)


def _forget_requests(connection: sqlite3.Connection, table: str, until_ms: int) -> int:
    """Prompts, or requests for titles: as with messages, their number stays and their ids."""
    what, prefix = _DONE[table]
    connection.execute("DROP TABLE IF EXISTS temp.leaving")
    connection.execute(
        f"CREATE TEMP TABLE leaving AS SELECT conversation, message, at_ms FROM {table} WHERE at_ms < ? "
        f"AND (run IS NULL OR run NOT IN ({SHOWN})) ORDER BY at_ms LIMIT ?",
        (until_ms, MESSAGES_AT_ONCE),
    )
    first_ms, last_ms, number = connection.execute(
        "SELECT min(at_ms), max(at_ms), count(*) FROM temp.leaving"
    ).fetchone()
    if not number:
        return 0
    connection.execute(
        "INSERT INTO forgotten_requests SELECT at_ms / 900000, "
        + ("sum(c.parent IS NULL), 0" if what == "prompt" else "0, count(*)")
        + " FROM temp.leaving LEFT JOIN conversations AS c USING (conversation) WHERE true GROUP BY 1 "
        "ON CONFLICT DO UPDATE SET prompts = prompts + excluded.prompts, titles = titles + excluded.titles"
    )
    connection.execute("DELETE FROM summed_days WHERE start_ms <= ? AND end_ms > ?", (last_ms, first_ms))
    connection.execute(
        "INSERT OR REPLACE INTO forgotten_ids SELECT ? || message, ?, 0, NULL, NULL FROM temp.leaving", (prefix, what)
    )
    connection.execute(
        f"DELETE FROM {table} WHERE (conversation, message) IN (SELECT conversation, message FROM temp.leaving)"
    )
    connection.execute("UPDATE kept_from SET swept = 0, first_use_ms = min(first_use_ms, ?)", (first_ms,))
    return int(number)
