"""Every exception the exporter raises on purpose.

OpencodeStatsError
├── BadEvent        a line of the spool is not an event: quarantine it and go on (the peer's fault)
├── UserError       one clear sentence and what to do; the command line exits 2 (the user's doing)
│   └── LockHeld    another exporter is at work; the command line exits 3
├── UnknownSchema   a database of OpenCode is not as we know it: say which part, and count what else there is
└── LedgerError     the ledger can't be used as it is: stop and say how to recover
    ├── LedgerNewer    it was written by a newer version
    └── LedgerCorrupt  SQLite's own check failed

Anything else that escapes is a defect of ours and crashes loudly.
"""

from __future__ import annotations


class OpencodeStatsError(Exception):
    """The root: catches everything below and nothing else."""


class BadEvent(OpencodeStatsError):
    """A spool line that is not an event.

    ``reason`` is one short phrase that names the field or the limit, and never quotes the line's content.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownSchema(OpencodeStatsError):
    """A database of OpenCode lacks a table or a column that we read; the message names it and OpenCode's version."""


class UserError(OpencodeStatsError):
    """Something that the person at the keyboard can put right; the message says what and how."""


class LockHeld(UserError):
    """Another process holds the exporter's lock; ``holder_pid`` is 0 where it could not be read."""

    def __init__(self, message: str, holder_pid: int) -> None:
        super().__init__(message)
        self.holder_pid = holder_pid


class LedgerError(OpencodeStatsError):
    """The ledger can't be used as it is."""


class LedgerNewer(LedgerError):
    """The ledger's schema is newer than this version knows; nothing was changed."""


class LedgerCorrupt(LedgerError):
    """SQLite found the ledger damaged; nothing was changed."""
