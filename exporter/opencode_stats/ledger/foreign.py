"""Taking in what other hosts' ledgers told, and telling what this one has. The rules are in core.hosts."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.hosts import Account, HostMessage, merged
from opencode_stats.errors import BadEvent
from opencode_stats.ledger.belonging import AGENT_LOOKED_UP, WORKSPACE_LOOKED_UP
from opencode_stats.ledger.forgotten import what_is_forgotten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opencode_stats.core.hosts import HostFileHead

FACTS: Final = (
    "message", "conversation", "live", "stage", "event", "counted_at_ms", "created_ms", "completed_ms", "provider",
    "model", "variant", "agent", "directory", "input", "output", "reasoning", "cache_read", "cache_write",
    "cost_microusd", "charged",
)  # fmt: skip
"""The columns of a message that a file tells, in the order of its line."""
ROWS_AT_ONCE: Final = 5_000
"""So many rows are looked up in a transaction, some 20 ms: a daemon that wants to write meanwhile hardly waits."""
_KNOWN: Final = f"SELECT {', '.join(FACTS)}, host FROM foreign_messages WHERE message = ?"
_ADD: Final = f"INSERT INTO foreign_messages ({', '.join(FACTS)}, host) VALUES ({', '.join('?' * (len(FACTS) + 1))})"
_CHANGE: Final = f"UPDATE foreign_messages SET {', '.join(f'{name} = ?' for name in FACTS)}, host = ? WHERE message = ?"
# What 2.x charged besides its messages is told also where nothing is left of it: others may have been told of more.
_TOLD: Final = "standing = 'counted' AND (input IS NOT NULL OR substr(message, 1, 10) = 'auxiliary:')"
_CHARGED: Final = " + ".join(f"usage_{kind}" for kind in ("input", "output", "reasoning", "cache_read", "cache_write"))
OWN: Final = (
    "SELECT message, conversation, origin = 'live', stage, event, counted_at_ms, created_ms, completed_ms, provider, "
    f"model, variant, {AGENT_LOOKED_UP}, {WORKSPACE_LOOKED_UP}, "
    "ifnull(input, 0), ifnull(output, 0), ifnull(reasoning, 0), ifnull(cache_read, 0), ifnull(cache_write, 0), "
    "cost_microusd, CASE WHEN api = 2 AND substr(message, 1, 10) = 'auxiliary:' THEN ifnull((SELECT "
    f"{_CHARGED} FROM conversations AS c WHERE c.conversation = m.conversation), 0) ELSE 0 END "
    f"FROM messages AS m WHERE {_TOLD}"
)
"""This host's counted messages, with the columns of ``FACTS``."""
_ONLY_TOLD: Final = (
    f"SELECT {', '.join(FACTS)} FROM foreign_messages AS told WHERE host = ? AND NOT EXISTS "
    f"(SELECT 1 FROM messages WHERE messages.message = told.message AND {_TOLD})"
)
_NAMED: Final = (
    "INSERT INTO hosts VALUES (:host, :name, 0, :written_ms) ON CONFLICT DO UPDATE SET "
    "name = excluded.name, written_ms = excluded.written_ms "
    "WHERE NOT own AND (excluded.written_ms, excluded.name) > (written_ms, name)"
)
_LATER_SHARED: Final = (
    "INSERT OR IGNORE INTO shared_messages SELECT m.message FROM messages AS m "
    "JOIN foreign_messages USING (message) WHERE m.id > ? AND m.id <= ?"
)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What messages of a file did: ``new`` ones, ``changed`` ones, and those that were ``known`` as they are."""

    new: int = 0
    changed: int = 0
    known: int = 0

    def __add__(self, other: TakenIn) -> TakenIn:
        return TakenIn(self.new + other.new, self.changed + other.changed, self.known + other.known)


def own_host(connection: sqlite3.Connection) -> str | None:
    """This host's id; None where it has none yet."""
    row = connection.execute("SELECT host FROM hosts WHERE own = 1").fetchone()
    return None if row is None else row[0]


def become_host(connection: sqlite3.Connection, new_id: str, name: str) -> str:
    """Gives this ledger an id, if it has none, and its name; the id it has. The caller holds the transaction."""
    connection.execute(
        "INSERT INTO hosts SELECT ?, ?, 1, 0 WHERE NOT EXISTS (SELECT 1 FROM hosts WHERE own = 1)",
        (new_id, name),
    )
    connection.execute("UPDATE hosts SET name = ? WHERE own = 1 AND name != ?", (name, name))
    (host,) = connection.execute("SELECT host FROM hosts WHERE own = 1").fetchone()
    return str(host)


def is_own_latest(connection: sqlite3.Connection, head: HostFileHead) -> bool:
    """Whether a file of this host is the one that this ledger wrote last (``note_written``)."""
    row = connection.execute("SELECT host, written_ms FROM hosts WHERE own = 1").fetchone()
    return bool(row == (head.host, head.written_ms))


def note_written(connection: sqlite3.Connection, written_ms: int) -> None:
    """Notes when this host's file was written last; the caller holds the transaction."""
    connection.execute("UPDATE hosts SET written_ms = ? WHERE own = 1", (written_ms,))


def own_messages(connection: sqlite3.Connection) -> tuple[int, Iterator[dict[str, Any]]]:
    """How many messages this host tells of, and each of them as its line says it: what it counts, the oldest first.

    Then what its own files said and this ledger does not: it was made again from a backup, or copied to another
    machine, where both go on as one host. What one of them leaves out nobody would learn who comes later.

    The caller holds one moment of the ledger.
    """
    own = own_host(connection)
    (number,) = connection.execute(f"SELECT count(*) FROM messages WHERE {_TOLD}").fetchone()
    (more,) = connection.execute(f"SELECT count(*) FROM ({_ONLY_TOLD})", (own,)).fetchone()
    return number + more, chain(
        (_line(row) for row in _furthest(connection, own)),
        (_line(row) for row in connection.execute(_ONLY_TOLD, (own,))),
    )


def _furthest(connection: sqlite3.Connection, own: str | None) -> Iterator[tuple[Any, ...]]:
    """This host's messages, each as it is furthest along in this ledger or in a file of this host's."""
    (as_told,) = connection.execute("SELECT EXISTS (SELECT 1 FROM foreign_messages WHERE host = ?)", (own,)).fetchone()
    for row in connection.execute(f"{OWN} ORDER BY id"):
        told = connection.execute(f"{_KNOWN} AND host = ?", (row[0], own)).fetchone() if as_told else None
        if told is None:
            yield row
        else:
            accounts = (Account(message_of(columns), "") for columns in (row, told[:-1]))
            yield _row(merged(next(accounts), next(accounts)))[:-1]


def take_messages(connection: sqlite3.Connection, head: HostFileHead, said: Iterable[HostMessage]) -> TakenIn:
    """Merges messages of a host's file; the caller holds the transaction.

    Raises:
        BadEvent: what they say can't be added up: no host used so much.
    """
    try:
        return _merged_into(connection, head, said)
    except sqlite3.IntegrityError as error:
        raise BadEvent("its figures are too large to be added up; what comes before them is taken in") from error


def _merged_into(connection: sqlite3.Connection, head: HostFileHead, said: Iterable[HostMessage]) -> TakenIn:
    connection.execute(_NAMED, {"host": head.host, "name": head.name, "written_ms": head.written_ms})
    own = own_host(connection)
    new = changed = known = 0
    for one in said:
        told = Account(one, head.host)
        # What is forgotten is in the sums of this host, whoever tells of it.
        if what_is_forgotten(connection, one.message) == "counted" or (
            head.host == own and _has_itself(connection, told)
        ):
            known += 1
            continue
        row = connection.execute(_KNOWN, (one.message,)).fetchone()
        if row is None:
            connection.execute(_ADD, _row(told))
            new += 1
            continue
        if row == _row(told):
            # Nearly always, and then neither needs to be made.
            known += 1
            continue
        before = Account(message_of(row[:-1]), row[-1])
        after = merged(before, told)
        if after == before:
            known += 1
        else:
            connection.execute(_CHANGE, (*_row(after), one.message))
            changed += 1
    return TakenIn(new, changed, known)


def note_shared(connection: sqlite3.Connection) -> bool:
    """Notes which of this host's later messages other hosts have, too: of some, and gives whether more are left.

    The caller holds the transaction. Those that are not noted yet are looked up whenever hosts are added up.
    """
    until, last = connection.execute(
        "SELECT message_id, (SELECT ifnull(max(id), 0) FROM messages) FROM shared_until"
    ).fetchone()
    end = min(until + ROWS_AT_ONCE, last)
    connection.execute(_LATER_SHARED, (until, end))
    connection.execute("UPDATE shared_until SET message_id = ?", (end,))
    return bool(end < last)


def is_noting_due(connection: sqlite3.Connection) -> bool:
    """Whether so many messages came since shared ones were noted that to look them up each time takes long."""
    row = connection.execute(
        "SELECT (SELECT ifnull(max(id), 0) FROM messages) - message_id >= ? FROM shared_until", (ROWS_AT_ONCE // 5,)
    ).fetchone()
    return bool(row[0])


def message_of(row: tuple[Any, ...]) -> HostMessage:
    """The message that such columns (``FACTS``) say."""
    facts = dict(zip(FACTS, row, strict=True))
    facts["live"] = bool(facts["live"])
    return HostMessage(**facts)


def _has_itself(connection: sqlite3.Connection, told: Account) -> bool:
    """Whether a line of this host's own file says nothing that this ledger does not: nearly always, it came from here.

    One that does is of a copy of this ledger that went on elsewhere, or of one that was made again from a backup.
    """
    row = connection.execute(f"{OWN} AND message = ?", (told.said.message,)).fetchone()
    if row is None:
        return False
    ours = Account(message_of(row), told.host)
    return merged(ours, told) == ours


def _row(account: Account) -> tuple[object, ...]:
    return *(getattr(account.said, name) for name in FACTS), account.host


def _line(row: tuple[Any, ...]) -> dict[str, Any]:
    said = {name: value for name, value in zip(FACTS, row, strict=True) if value is not None}
    said["live"] = bool(said["live"])
    for name in ("event", "charged"):
        if not said[name]:
            del said[name]
    return said
