"""Taking in a host's file: all of it is proven before a line of it is kept."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

from opencode_stats.contract.host_file import LONGEST_LINE_BYTES, parse_head, parse_message
from opencode_stats.errors import BadEvent, UserError
from opencode_stats.ledger.connection import transaction
from opencode_stats.ledger.foreign import TakenIn, note_shared, take_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opencode_stats.core.hosts import HostFileHead, HostMessage
    from opencode_stats.ledger.connection import Connection

BATCH: Final = 500
"""Messages in a transaction, some 10 ms: a daemon that wants to write meanwhile hardly waits."""
SUFFIX: Final = ".ndjson"
# By who writes over a file instead of replacing it; what was read is true all the same.
_CHANGED: Final = "it was changed while it was read; take it in once more"


@dataclass(frozen=True, slots=True)
class HostFile:
    """What a file was, and what it brought."""

    head: HostFileHead
    taken: TakenIn


def files_in(place: str) -> list[str]:
    """The files that are meant: the one of that name, or every one of a folder that has ours' ending.

    Raises:
        UserError: there is none, or it can't be looked into.
    """
    if not os.path.isdir(place):
        return [place]
    try:
        names = sorted(name for name in os.listdir(place) if name.endswith(SUFFIX) and not name.startswith("."))
    except OSError as error:
        raise UserError(f"{place} can't be read: {error.strerror or error}.") from error
    if not names:
        raise UserError(f"There is no host's file (*{SUFFIX}) in {place}.")
    return [os.path.join(place, name) for name in names]


def take_host_file(connection: Connection, path: str, progress: Callable[[int, int], None] | None = None) -> HostFile:
    """Merges one file. What a transaction has is kept, whatever comes after it: taking it again goes on from there.

    ``progress`` is told after each transaction how many messages are done, and how many there are.

    Raises:
        UserError: it can't be read, or is not whole, or not such a file; nothing of it is taken in.
        sqlite3.OperationalError: the ledger can't be written now.
    """
    try:
        with _opened(path) as file:
            head = _proven(file, path)
            file.seek(0)
            _next_line(file)
            messages = _once_more(file, head.messages)
            taken = TakenIn()
            done = 0
            while batch := list(islice(messages, BATCH)):
                with transaction(connection):
                    taken += take_messages(connection, head, batch)
                done += len(batch)
                if progress is not None:
                    progress(done, head.messages)
            with transaction(connection):
                # One without messages names its host all the same.
                take_messages(connection, head, ())
            left = True
            while left:
                with transaction(connection):
                    left = note_shared(connection)
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror or error}.") from error
    except BadEvent as error:
        raise UserError(f"{path}: {error.reason}.") from error
    return HostFile(head, taken)


def head_of(path: str) -> HostFileHead | None:
    """Whose file it is; None where there is none, or none that can be read."""
    try:
        with _opened(path) as file:
            return parse_head(_next_line(file))
    except (OSError, BadEvent):
        return None


def _opened(path: str) -> IO[bytes]:
    # A named pipe would be waited for, and can't be read twice.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadEvent("it is no file")
    return os.fdopen(descriptor, "rb")


def _proven(file: IO[bytes], path: str) -> HostFileHead:
    """The head of a file that is sound to its end."""
    head = parse_head(_next_line(file))
    number = 0
    try:
        for _ in _messages(file):
            number += 1
    except BadEvent as error:
        raise UserError(f"{path}, line {number + 2}: {error.reason}. Nothing of it was taken in.") from error
    if number != head.messages:
        raise BadEvent(
            f"it should have {head.messages} messages and has {number}; it may still be on its way. "
            "Nothing of it was taken in"
        )
    return head


def _messages(file: IO[bytes]) -> Iterator[HostMessage]:
    while line := _next_line(file):
        yield parse_message(line)


def _once_more(file: IO[bytes], number: int) -> Iterator[HostMessage]:
    try:
        for message in _messages(file):
            number -= 1
            yield message
    except BadEvent:
        number = -1
    if number:
        raise BadEvent(_CHANGED)


def _next_line(file: IO[bytes]) -> bytes:
    line = file.readline(LONGEST_LINE_BYTES + 1)
    if len(line) > LONGEST_LINE_BYTES:
        raise BadEvent(f"a line is longer than {LONGEST_LINE_BYTES} bytes")
    return line
