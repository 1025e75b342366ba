"""OpenCode's JSON files from before 1.2, taken in like a database of 1.x: same ids, same rules, one row a message.

A folder of messages whose time of change is the one that was kept is not looked into: files are added to it or removed
only with that. A message that was still being written may change without it, so a folder that has one is asked for its
newest file. Batches of folders are committed with their times, so a reading that is interrupted goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opencode_stats.ledger import bulk
from opencode_stats.ledger.legacy_folders import SCHEMA, keep_folders, lay_out, read_folders, tables
from opencode_stats.ledger.transactions import transaction
from opencode_stats.opencode import v1_rows
from opencode_stats.opencode.legacy_json import (
    NS_PER_MS,
    MessageFile,
    MessageFolder,
    conversations_of,
    message_folders,
    messages_in,
    newest_ns,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

BATCH_FILES: Final = 2_000
SETTLED_MS: Final = 2_000
"""Within this a file system may give two changes the same time; what is younger is looked at again."""


@dataclass(slots=True)
class _Batch:
    """Folders and what they hold."""

    folders: list[MessageFolder] = field(default_factory=list)
    messages: list[tuple[str, MessageFile]] = field(default_factory=list)
    kept: list[tuple[str, int, int, int]] = field(default_factory=list)


def take_storage(
    connection: sqlite3.Connection, data: Path, now_ms: int, progress: Callable[[int, int], None] | None = None
) -> bulk.Taken:
    """Takes in what is new below OpenCode's data folder; ``progress`` is told files done and files in all.

    Raises:
        OSError: a folder or a file can't be read; batches before that stay taken in.
    """
    known = read_folders(connection)
    changed = [folder for folder in message_folders(data) if _changed(folder, known.get(folder.path))]
    taken = bulk.Taken()
    if not changed:
        return taken
    total = sum(newest_ns(folder.path)[0] for folder in changed) if progress is not None else 0
    done = 0
    bulk.prepare(connection)
    with tables(connection):
        for batch in _batches(changed, now_ms):
            taken += _take(connection, data, batch, now_ms)
            done += len(batch.messages)
            if progress is not None:
                progress(done, max(total, done))
    return taken


def _changed(folder: MessageFolder, known: tuple[int, int, int] | None) -> bool:
    if known is None or known[0] != folder.changed_ns:
        return True
    return known[2] > 0 and newest_ns(folder.path)[1] != known[1]


def _batches(folders: list[MessageFolder], now_ms: int) -> Iterator[_Batch]:
    batch = _Batch()
    for folder in folders:
        found = list(messages_in(folder.path))
        newest = max((one.changed_ns for one in found), default=0)
        settled = max(newest, folder.changed_ns) < (now_ms - SETTLED_MS) * NS_PER_MS
        batch.folders.append(folder)
        batch.messages += ((folder.conversation, one) for one in found)
        left = sum(not one.complete for one in found)
        batch.kept.append((folder.path, folder.changed_ns if settled else 0, newest, left))
        if len(batch.messages) >= BATCH_FILES:
            yield batch
            batch = _Batch()
    if batch.folders:
        yield batch


def _take(connection: sqlite3.Connection, data: Path, batch: _Batch, now_ms: int) -> bulk.Taken:
    conversations = conversations_of(data, (folder.conversation for folder in batch.folders))
    rejecting = bulk.Rejecting(str(data / "storage"), now_ms)
    with transaction(connection):
        lay_out(
            connection,
            (
                (one.message, conversation, one.changed_ns // NS_PER_MS, one.changed_ns // NS_PER_MS, one.content)
                for conversation, one in batch.messages
                if one.content is not None
            ),
            ((c.conversation, c.project, c.parent, c.directory, c.version, c.created_ms) for c in conversations),
            ((one.message,) for _, one in batch.messages if one.content is None and one.changed_ns),
        )
        bulk.take_conversations(connection, v1_rows.conversations(SCHEMA, "true"), {})
        taken = bulk.take_messages(connection, v1_rows.rows(SCHEMA, "true"), {}, rejecting)
        unsound = bulk.reject(connection, rejecting, f"SELECT message FROM {SCHEMA}.senseless", {})
        keep_folders(connection, batch.kept)
    return taken + bulk.Taken(unsound=unsound)
