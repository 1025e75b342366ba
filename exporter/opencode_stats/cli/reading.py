"""Looking into the ledger from a command, beside a daemon or alone, and leaving nothing behind."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from opencode_stats.errors import UserError
from opencode_stats.host.lock import is_held
from opencode_stats.ledger.connection import BUSY_TIMEOUT_MS, LedgerUnreadable, open_reader, why_not

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.errors import OpencodeStatsError
    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.connection import Connection

_T = TypeVar("_T")


def read_ledger(paths: Paths, ask: Callable[[Connection], _T], trouble: OpencodeStatsError | None = None) -> _T:
    """What ``ask`` makes of the ledger; ``trouble`` is why it could not be brought up to date, if it could not.

    Raises:
        UserError: it can't be read.
        OpencodeStatsError: the trouble, where it can't be read because of that.
    """
    try:
        return ask_ledger(paths, ask)
    except LedgerUnreadable as error:
        if trouble is not None:
            # It is not there, or of an older version: nothing but to bring it up to date would help.
            raise trouble from error
        if not os.path.lexists(paths.ledger):
            raise UserError(f"There is no ledger {paths.ledger} yet; opencode-stats import makes it.") from error
        raise UserError(f"The ledger {paths.ledger} can't be read: {why_not(error, paths.ledger)}") from error


def ask_ledger(paths: Paths, ask: Callable[[Connection], _T], patience_ms: int = BUSY_TIMEOUT_MS) -> _T:
    """The same, with SQLite's own errors.

    Where nobody is at work the file is read as it lies there, so that SQLite makes no file beside it. Should somebody
    have come meanwhile, what was read may be half of this and half of that, and is read once more.
    """
    alone = not is_held(paths.lock)
    if alone:
        before = _state(paths)
        try:
            with closing(open_reader(paths.ledger, alone=True, patience_ms=patience_ms)) as connection:
                answer = ask(connection)
        except LedgerUnreadable:
            if _state(paths) == before:
                raise
        else:
            if _state(paths) == before:
                return answer
    with closing(open_reader(paths.ledger, patience_ms=patience_ms)) as connection:
        return ask(connection)


def _state(paths: Paths) -> tuple[object, ...]:
    """What changes with every writer that comes."""
    found: list[object] = [is_held(paths.lock)]
    for path in (paths.ledger, paths.ledger.with_name(f"{paths.ledger.name}-wal")):
        try:
            there = os.lstat(path)
        except OSError:
            # Not there, or not to be seen; who reads it is told why.
            found.append(None)
        else:
            found.append((there.st_ino, there.st_size, there.st_mtime_ns))
    return tuple(found)
