"""OpenCode's own database as the second witness: what no event told is found there and counted once, by the same ids.

The first reading goes through a table of messages in batches of row numbers, each committed with its cursor, so it can
be interrupted and goes on where it was. Later readings look only at new rows and at those that may have changed in
place: in 1.x's tables the conversations that OpenCode's log of events names since, elsewhere the messages that the
ledger knows as unfinished. Where a cursor no longer fits (rows were deleted, the file was replaced), everything is read
once more: reading again changes nothing, because every row is keyed by its message's id.

A file that nobody has written to since it was read is not even opened (``opencode.opening.state_of``).

1.x's tables come first: what 2.x took over from them has the same ids, and is judged by the rules of 1.x. 2.x's running
totals come last, when all that they contain is known.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UnknownSchema
from opencode_stats.ledger import auxiliary, bulk
from opencode_stats.ledger.connection import BUSY_TIMEOUT_MS, LedgerUnreadable
from opencode_stats.ledger.sources import SourceCursor, keep_source, keep_state, read_source, read_state
from opencode_stats.ledger.transactions import transaction
from opencode_stats.opencode import elsewhere, v1_rows, v2_rows
from opencode_stats.opencode.opening import read_only_uri, state_of
from opencode_stats.opencode.schema import Holdings, columns_of, holdings_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from opencode_stats.ledger.bulk import Taken

    Progress = Callable[[int, int], None]

SCHEMA: Final = "source"
BATCH_ROWS: Final = 20_000
BATCH_CACHE_KIB: Final = 8_192
"""The pages that a batch changes fit, so that none is written twice."""
CHECKPOINT_PAGES: Final = 8_000
"""32 MiB of WAL: several batches go to the file at once, for a page that each of them changed is written once then."""
PATIENCE_MS: Final = 1_000
"""How long a lock on OpenCode's database is waited for. Nobody waits for us meanwhile, but our figures stand still."""
# What a message has that is no longer as it began; found as text, since those of a killed OpenCode are asked for ever.
_SETTLED: Final = " OR ".join(f"instr(m.data, '\"{key}\"')" for key in ("completed", "tokens", "finish", "error"))
_NO_JSON: Final = "malformed JSON"
_DAMAGED: Final = "it is damaged (SQLite: database disk image is malformed)."
_SENTENCES: Final = (
    ("locked", "another program holds it locked; it is read again later."),
    ("unable to open", "it can't be opened; it may be gone."),
    ("not a database", "it is no SQLite database."),
    ("malformed", _DAMAGED),
)


def take_database(
    connection: sqlite3.Connection,
    path: Path,
    now_ms: int,
    progress: Progress | None = None,
    wall_ns: Callable[[], int] = time.time_ns,
) -> Taken:
    """Takes in what is new in one database of OpenCode; ``progress`` is told rows done and rows in all.

    One that was not written to since it was last read by this connection is not opened. ``wall_ns`` is the clock that
    its file system goes by, whatever ``now_ms`` is taken from.

    Raises:
        UnknownSchema: the database, or a part of it, is not as we know it; what can be read is taken in.
        sqlite3.Error: it can't be read, as its sentence says; batches before that stay taken in.
    """
    name = os.path.realpath(path)
    # Of the file itself, since that has the log beside it; before the reading: what is written meanwhile is looked at.
    state = state_of(Path(name), wall_ns())
    if state is not None and read_state(connection, name) == state:
        return bulk.Taken()
    bulk.prepare(connection)
    elsewhere.prepare(connection)
    try:
        with _attached(connection, read_only_uri(path)):
            held = holdings_of(connection, SCHEMA)
            taken = _Reading(connection, held, name, now_ms, progress).take()
    except UnicodeDecodeError as error:
        # Python can't read SQLite's message, which quotes the database's schema.
        raise LedgerUnreadable(_DAMAGED) from error
    except LedgerUnreadable as error:
        said = [sentence for words, sentence in _SENTENCES if words in str(error)]
        raise type(error)(*(said or error.args)) from error
    if held.lacking is not None:
        raise UnknownSchema(held.lacking)
    if state is not None:
        keep_state(connection, name, state)
    return taken


class _Reading:
    """One reading of the attached database, from where the last one ended."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        held: Holdings,
        name: str,
        now_ms: int,
        progress: Progress | None,
    ) -> None:
        self._connection = connection
        self._held = held
        self._now_ms = now_ms
        self._progress = progress
        self._rejecting = bulk.Rejecting(name, now_ms)
        # The log before the rows: what is written between the two questions is then looked at twice, never missed.
        self._event = self._last("event") if held.events else (0, "")
        self._message = self._last("message") if held.v1 else (0, "")
        self._row = self._last("session_message") if held.v2 or held.embedded else (0, "")
        self._cursor = self._fitting(read_source(connection, name) or SourceCursor(name))
        # What `opencode import` brought from somebody else is nobody's usage here.
        self._brought = elsewhere.condition(connection, SCHEMA) if held.v1 else None

    def take(self) -> Taken:
        """Takes in all that is new."""
        taken = bulk.Taken()
        if self._held.v1:
            taken += self._touched_messages()
            taken += self._batches("message", self._cursor.message, self._message[0], 0)
        if self._held.v2 or self._held.embedded:
            taken += self._unsettled_rows()
            taken += self._batches("session_message", self._cursor.row, self._row[0], self._message[0])
        if self._held.v2:
            taken += self._running_totals()
        return taken

    def _batches(self, table: str, first: int, end: int, before: int) -> Taken:
        """The table's rows after the cursor, a batch a transaction; ``before`` were in the table before it."""
        taken = bulk.Taken()
        while first < end:
            last = min(first + BATCH_ROWS, end)
            with transaction(self._connection):
                taken += self._take(table, "rowid > :first AND m.rowid <= :last", {"first": first, "last": last})
                name = self._id_at(table, last)
                self._keep(
                    replace(self._cursor, message=last, message_id=name)
                    if table == "message"
                    else replace(self._cursor, row=last, row_id=name)
                )
            first = last
            if self._progress is not None:
                self._progress(before + last, self._message[0] + self._row[0])
        return taken

    def _touched_messages(self) -> Taken:
        """1.x's messages that may have changed in place since they were read."""
        cursor = self._cursor
        if not self._held.events:
            where = "id IN (SELECT message FROM main.messages WHERE stage != 'completed') AND m.rowid <= :message"
        elif self._event[0] > cursor.event:
            named = f"SELECT aggregate_id FROM {SCHEMA}.event WHERE rowid > :event AND rowid <= :last"
            where = f"session_id IN ({named}) AND m.rowid <= :message"
        else:
            return bulk.Taken()
        with transaction(self._connection):
            taken = self._take(
                "message", where, {"event": cursor.event, "last": self._event[0], "message": cursor.message}
            )
            self._keep(replace(cursor, event=self._event[0], event_id=self._event[1]))
        return taken

    def _unsettled_rows(self) -> Taken:
        """2.x's messages that the ledger knows as unfinished: only such a row still changes what it says was spent."""
        unsettled = (
            "SELECT message FROM main.messages INDEXED BY messages_unsettled WHERE api = 2 AND stage != 'completed'"
        )
        row = self._connection.execute(f"SELECT EXISTS ({unsettled})").fetchone()
        if not row[0]:
            return bulk.Taken()
        with transaction(self._connection):
            return self._take("session_message", f"id IN ({unsettled}) AND ({_SETTLED})", {})

    def _take(self, table: str, where: str, values: dict[str, int]) -> Taken:
        """Takes in the messages of ``table`` for which ``m.`` and ``where`` hold, and their conversations.

        Without ``values`` it asks for messages that are known; then their conversations are, too.
        """
        where = f"m.{where}"
        # 2.x's come with their running totals.
        if values and not (table == "session_message" and self._held.v2):
            of_them = f"id IN (SELECT m.session_id FROM {SCHEMA}.{table} AS m WHERE {where})"
            bulk.take_conversations(self._connection, v1_rows.conversations(SCHEMA, of_them), values)
        try:
            return self._take_messages(table, where, values, valid=True)
        except LedgerUnreadable as error:
            if _NO_JSON not in str(error):
                raise
        # To ask each row whether it is JSON takes as long as all the rest, and hardly ever is one not.
        taken = self._take_messages(table, where, values, valid=False)
        senseless = (v1_rows if table == "message" else v2_rows).senseless(SCHEMA, where)
        return taken + bulk.Taken(unsound=bulk.reject(self._connection, self._rejecting, senseless, values))

    def _take_messages(self, table: str, where: str, values: dict[str, int], *, valid: bool) -> Taken:
        if table == "message":
            rows = v1_rows.rows(SCHEMA, where, valid=valid)
            return bulk.take_messages(self._connection, rows, values, self._rejecting, brought=self._brought)
        held = self._held
        rows = v2_rows.rows(
            SCHEMA,
            where,
            embedded=not held.v2,
            legacy=held.v1,
            valid=valid,
            migrated_ms=held.migrated_ms,
            looked_at=auxiliary.LOOKED_AT,
            known=not values,
        )
        return bulk.take_messages(self._connection, rows, values, self._rejecting, charged=True)

    def _running_totals(self) -> Taken:
        held = self._held
        asked = [(table, column) for table, column in v2_rows.FORK_COLUMNS.items() if held.v1 or table != "session"]
        forks = all(column in columns_of(self._connection, SCHEMA, table) for table, column in asked)
        totals = v2_rows.running_totals(
            SCHEMA, legacy=held.v1, kept=auxiliary.KEPT, migrated_ms=held.migrated_ms, forks=forks
        )
        if not auxiliary.stage_running_totals(self._connection, totals, self._rejecting.source):
            return bulk.Taken()
        with transaction(self._connection):
            stated = v2_rows.conversations(SCHEMA, "id IN (SELECT conversation FROM temp.stated)")
            bulk.take_conversations(self._connection, stated, {})
            senseless = "SELECT conversation AS message FROM temp.stated WHERE NOT sound"
            unsound = bulk.reject(self._connection, self._rejecting, senseless, {})
            bulk.forgive(self._connection, self._rejecting, "SELECT conversation FROM temp.stated WHERE sound")
            auxiliary.take_staged(self._connection, SCHEMA, self._held.migrated_ms)
        return bulk.Taken(unsound=unsound)

    def _fitting(self, cursor: SourceCursor) -> SourceCursor:
        """The cursor, set back to the beginning where a row that it names is no longer the one that it meant."""
        if not (
            self._is_at("message", cursor.message, cursor.message_id, there=self._held.v1)
            and self._is_at("event", cursor.event, cursor.event_id, there=self._held.events)
        ):
            cursor = replace(cursor, message=0, message_id="", event=0, event_id="")
        if not self._is_at("session_message", cursor.row, cursor.row_id, there=self._held.v2 or self._held.embedded):
            cursor = replace(cursor, row=0, row_id="")
        if cursor.message == 0:
            # All of it is read now, whatever the log says.
            cursor = replace(cursor, event=self._event[0], event_id=self._event[1])
        return cursor

    def _is_at(self, table: str, number: int, name: str, *, there: bool) -> bool:
        return number == 0 or (there and self._id_at(table, number) == name)

    def _id_at(self, table: str, number: int) -> str:
        row = self._connection.execute(
            f"SELECT CAST(id AS BLOB) FROM {SCHEMA}.{table} WHERE rowid = ?", (number,)
        ).fetchone()
        return "" if row is None else _name(row[0])

    def _last(self, table: str) -> tuple[int, str]:
        row = self._connection.execute(
            f"SELECT rowid, CAST(id AS BLOB) FROM {SCHEMA}.{table} ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        return (0, "") if row is None else (row[0], _name(row[1]))

    def _keep(self, cursor: SourceCursor) -> None:
        keep_source(self._connection, cursor, self._now_ms)
        self._cursor = cursor


def _name(raw: bytes | None) -> str:
    """An id as it can be kept, whatever stands in its place."""
    return (raw or b"").decode("utf-8", "backslashreplace")


@contextmanager
def _attached(connection: sqlite3.Connection, uri: str) -> Iterator[None]:
    (cache,) = connection.execute("PRAGMA main.cache_size").fetchone()
    (checkpoint,) = connection.execute("PRAGMA wal_autocheckpoint").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    connection.execute(f"PRAGMA main.cache_size = {-BATCH_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    try:
        connection.execute(f"ATTACH ? AS {SCHEMA}", (uri,))
        try:
            yield
        finally:
            connection.execute(f"DETACH {SCHEMA}")
    finally:
        connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint}")
        connection.execute(f"PRAGMA main.cache_size = {cache}")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
