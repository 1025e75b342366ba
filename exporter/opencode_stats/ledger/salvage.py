"""Messages that only a damaged ledger still has, read out of its pages.

A row is taken only where it is proven twice: its figures and instants by its guard, its id by the entry that the index
of ids has for it. So a byte that came to harm makes no wrong figure and no message that never was. What is known from
anywhere else is left as it is: that can be no worse.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.hosts import HostFileHead
from opencode_stats.ledger.auxiliary import add_later, charged_after, settle_all
from opencode_stats.ledger.foreign import become_host
from opencode_stats.ledger.forgotten import is_forgotten
from opencode_stats.ledger.pages import Nonsense, Pages, values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opencode_stats.ledger.pages import Value

_PRIME: Final = 2**31 - 1
_FACTORS: Final = {
    "input": 3, "output": 5, "reasoning": 7, "cache_read": 11, "cache_write": 13, "cost_microusd": 17,
    "counted_at_ms": 19, "created_ms": 23, "completed_ms": 29, "run": 31,
}  # fmt: skip
_STAGES: Final = ("created", "usage", "completed")
_ENTRY_COLUMNS: Final = 2
_RUN_COLUMNS: Final = 9
_INTEGERS: Final = range(1, 10)


def salvage(connection: sqlite3.Connection, damaged: Path) -> int:
    """Adds what only the damaged file has, and gives the number of messages; the caller holds the transaction.

    So that this goes on as the host that it was, its id is taken over as well.

    Raises:
        OSError: the file can't be read.
    """
    names = [row[1] for row in connection.execute("PRAGMA table_xinfo(messages)")]
    with _with_its_log(damaged) as path:
        if path is None:
            return 0
        with open(path, "rb") as file:
            pages = Pages(file)
            found, uids = _candidates(connection, pages, names)
            proven = _proven(pages, found)
        _stay_the_same_host(connection, path)
    (last_id,) = connection.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()
    added = 0
    for _, row in sorted(proven.items()):
        uid = uids.get(row["run"])
        run = connection.execute("SELECT id FROM runs WHERE uid = ?", (uid,)).fetchone()
        kept = {name: row[name] for name in names if name not in ("id", "guard")}
        kept["run"] = None if run is None else run[0]
        marks = ", ".join(f":{name}" for name in kept)
        # A value that the schema does not allow came to harm; the row then counts as lost.
        with contextlib.suppress(sqlite3.IntegrityError):
            connection.execute(f"INSERT INTO messages ({', '.join(kept)}) VALUES ({marks})", kept)
            added += 1
    # OpenCode 2.x's running totals had them already.
    settle_all(connection, {*add_later(connection, last_id), *charged_after(connection, last_id)})
    return added


def _stay_the_same_host(connection: sqlite3.Connection, damaged: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?immutable=1", uri=True)) as there:
            row = there.execute("SELECT host, name FROM hosts WHERE own = 1").fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # Too damaged for that, or older than hosts are.
        return
    with contextlib.suppress(ValueError, TypeError):
        # What the file says now may be no id any more.
        head = HostFileHead(host=row[0], name=row[1], written_ms=0, messages=0)
        become_host(connection, head.host, head.name)


@contextmanager
def _with_its_log(damaged: Path) -> Iterator[Path | None]:
    """The file with what its log of changes (-wal) has besides, as far as SQLite can still put the two together."""
    log = damaged.with_name(f"{damaged.name}-wal")
    if not damaged.is_file():
        yield None
        return
    if not log.is_file() or not log.stat().st_size:
        yield damaged
        return
    joined = damaged.with_name("joined.db")
    sides = [joined.with_name(joined.name + side) for side in ("", "-wal", "-shm")]
    try:
        yield joined if _join(damaged, joined) else damaged
    finally:
        for side in sides:
            side.unlink(missing_ok=True)


def _join(damaged: Path, joined: Path) -> bool:
    try:
        for side in ("", "-wal"):
            shutil.copyfile(damaged.with_name(damaged.name + side), joined.with_name(joined.name + side))
        with closing(sqlite3.connect(joined, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except (OSError, sqlite3.DatabaseError):
        # No room, or too damaged for SQLite: the file alone has to do.
        return False
    return True


def _candidates(
    connection: sqlite3.Connection, pages: Pages, names: list[str]
) -> tuple[dict[int, dict[str, Any]], dict[Value, Value]]:
    """Rows of messages that nobody else knows and whose guard holds, by row number; and the names of the runs."""
    found: dict[int, dict[str, Any]] = {}
    uids: dict[Value, Value] = {}
    for number, types, record in pages.table_rows():
        try:
            if len(types) == _RUN_COLUMNS and types[0] == 0:
                uids[number] = values(record, types, 2)[1]
            if len(types) != len(names) or types[0] != 0:
                continue
            message = values(record, types, 2)[1]
            known = connection.execute("SELECT 1 FROM messages WHERE message = ?", (message,)).fetchone()
            if known is None:
                row = dict(zip(names, values(record, types), strict=True))
                if is_forgotten(connection, str(message), known=row["input"] is not None):
                    continue
                if _holds(row) and (number not in found or _rank(row) > _rank(found[number])):
                    found[number] = row
        except Nonsense:
            continue
    return found, uids


def _holds(row: dict[str, Any]) -> bool:
    """Whether the guard is that of the row's figures (``m001_initial.sql``)."""
    figures = {name: -1 if row[name] is None else row[name] for name in _FACTORS}
    if not all(isinstance(figure, int) for figure in (*figures.values(), row["api"])) or row["stage"] not in _STAGES:
        return False
    made = sum(_remainder(figures[name]) * factor for name, factor in _FACTORS.items()) + row["api"] * 37
    return bool(made == row["guard"])


def _remainder(figure: int) -> int:
    """As SQLite takes it: with the sign of what is divided."""
    return figure % _PRIME if figure >= 0 else -(-figure % _PRIME)


def _rank(row: dict[str, Any]) -> tuple[int, str]:
    """A page that is used no more may still have a row as it was once: the one furthest along is the last."""
    return _STAGES.index(row["stage"]), str(row["event"])


def _proven(pages: Pages, found: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Those whose id and row number an index has together."""
    proven: dict[int, dict[str, Any]] = {}
    if not found:
        return proven
    wanted = {(row["message"], number) for number, row in found.items()}
    for types, record in pages.index_entries():
        if len(types) == _ENTRY_COLUMNS and types[1] in _INTEGERS:
            try:
                message, number = values(record, types)
            except Nonsense:
                continue
            if isinstance(number, int) and (message, number) in wanted:
                proven[number] = found[number]
    return proven
