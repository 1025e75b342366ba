"""OpenCode's storage before version 1.2: a JSON file for each conversation and each message (facts §4).

=====================  ===========================================  ==============================================
layout                 conversation                                 message
=====================  ===========================================  ==============================================
last, ``storage/``     ``session/PROJECT/ses_….json``               ``message/ses_…/msg_….json``
oldest, below          ``session/info/ses_….json``                  ``session/message/ses_…/msg_….json``
``project/*/storage``
=====================  ===========================================  ==============================================

The records are those of 1.x's database, with their ids inside; tokens have no ``total``, the oldest messages no
``agent``. Nothing is written, and a file that is no JSON object is only counted.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.bounds import LATEST_INSTANT_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LARGEST_FILE_BYTES: Final = 4 * 1024 * 1024
"""A message's file holds no text of it, only figures, names, and since 1.0 a summary of changes."""
ENDING: Final = ".json"
NS_PER_MS: Final = 1_000_000
UNREADABLE_NS: Final = 2**62
"""Stands for the time of a file that can't be read: in the future, so that its folder is looked at again each time."""


@dataclass(frozen=True, slots=True)
class MessageFolder:
    """The messages of one conversation; ``changed_ns`` is when a file was added or removed."""

    path: str
    conversation: str
    changed_ns: int


@dataclass(frozen=True, slots=True)
class MessageFile:
    """One message: its id, the file's content, and when that was written; ``content`` is None where it is no object."""

    message: str
    content: str | None
    complete: bool
    changed_ns: int


@dataclass(frozen=True, slots=True)
class ConversationFile:
    """What is needed of a conversation's record."""

    conversation: str
    project: str | None
    parent: str | None
    directory: str | None
    version: str | None
    created_ms: int | None


def message_folders(data: Path) -> list[MessageFolder]:
    """Every conversation's folder of messages below OpenCode's data folder, by path."""
    found: list[MessageFolder] = []
    for place in _places(data, ("message",), ("session", "message")):
        with os.scandir(place) as entries:
            found += [
                MessageFolder(entry.path, entry.name, entry.stat(follow_symlinks=False).st_mtime_ns)
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and _is_id(entry.name)
            ]
    return sorted(found, key=lambda folder: folder.path)


def newest_ns(folder: str) -> tuple[int, int]:
    """How many messages the folder has, and when the latest of them was written."""
    with os.scandir(folder) as entries:
        times = [entry.stat(follow_symlinks=False).st_mtime_ns for entry in entries if entry.name.endswith(ENDING)]
    return len(times), max(times, default=0)


def messages_in(folder: str) -> Iterator[MessageFile]:
    """The folder's messages, by id."""
    for name in sorted(os.listdir(folder)):
        if name.endswith(ENDING) and _is_id(name):
            yield _message(f"{folder}/{name}", name.removesuffix(ENDING))


def conversations_of(data: Path, wanted: Iterable[str]) -> list[ConversationFile]:
    """The records of these conversations, as far as there are any that make sense."""
    left = set(wanted)
    found: list[ConversationFile] = []
    for place in _places(data, ("session",), ("session", "info")):
        for folder, _, names in os.walk(place):
            for name in left.intersection(name.removesuffix(ENDING) for name in names if name.endswith(ENDING)):
                record, _ = _object(f"{folder}/{name}{ENDING}")
                if record is not None:
                    found.append(_conversation(name, record))
                    left.discard(name)
    return found


def message_ids(data: Path) -> frozenset[str]:
    """The ids of all messages; the files' names are enough for that."""
    return frozenset(
        name.removesuffix(ENDING)
        for folder in message_folders(data)
        for name in os.listdir(folder.path)
        if name.endswith(ENDING) and _is_id(name)
    )


def _is_id(name: str) -> bool:
    """Whether OpenCode can have called a file so; a name that is no Unicode could not be kept, either."""
    return name.isprintable()


def _places(data: Path, last: tuple[str, ...], oldest: tuple[str, ...]) -> list[str]:
    """The folders of one kind in both layouts, those that are there."""
    places = [data.joinpath("storage", *last), *sorted(data.glob("/".join(("project", "*", "storage", *oldest))))]
    return [str(place) for place in places if place.is_dir()]


def _message(path: str, message: str) -> MessageFile:
    record, changed_ns = _object(path)
    if record is None:
        return MessageFile(message, None, complete=False, changed_ns=changed_ns)
    if record.get("id", message) != message:
        # Somebody's copy under another name (a backup, a conflict of a synchronised folder) is no second message.
        return MessageFile(message, None, complete=True, changed_ns=0)
    times = record.get("time")
    complete = record.get("role") != "assistant" or (isinstance(times, dict) and "completed" in times)
    # Lone surrogates have no place in a text of SQLite's.
    content = json.dumps(record, ensure_ascii=True)
    return MessageFile(message, content, complete=complete, changed_ns=changed_ns)


def _object(path: str) -> tuple[dict[str, Any] | None, int]:
    """A file's JSON object, None where it has none, and when it was written (0: it is gone)."""
    try:
        # Not to wait for a writer, should it be a pipe.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST_FILE_BYTES:
                return None, state.st_mtime_ns
            # Some of the kernel's own files say that they are plain ones, and have nothing for us.
            record = json.loads(file.read(LARGEST_FILE_BYTES) or b"")
    except FileNotFoundError:
        return None, 0
    except OSError:
        # A folder, a link to itself, a right that is missing: it must not keep the others from being counted.
        return None, UNREADABLE_NS
    except (ValueError, RecursionError):
        return None, state.st_mtime_ns
    return (record if isinstance(record, dict) else None), state.st_mtime_ns


def _conversation(name: str, record: dict[str, Any]) -> ConversationFile:
    times = record.get("time")
    created_ms = times.get("created") if isinstance(times, dict) else None
    if type(created_ms) is not int or not 0 <= created_ms <= LATEST_INSTANT_MS:
        created_ms = None
    texts = [record.get(key) for key in ("projectID", "parentID", "directory", "version")]
    project, parent, directory, version = (
        text if isinstance(text, str) and text and text.isprintable() else None for text in texts
    )
    return ConversationFile(name, project, parent, directory, version, created_ms)
