"""What OpenCode's own storage has to tell: its databases, its old JSON files, and which of them could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.daemon.health import STORAGE
from opencode_stats.errors import UnknownSchema
from opencode_stats.ingest.legacy_storage import take_storage
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.connection import LedgerUnreadable
from opencode_stats.ledger.whose_fault import is_ours

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opencode_stats.host.clock import Clock
    from opencode_stats.ledger.connection import Connection


class OpenCodeStorage:
    """OpenCode's ``folder``, and its ``databases``, found anew each time. ``unread`` is what could not be read."""

    def __init__(self, folder: Path, databases: Callable[[], list[Path]], clock: Clock) -> None:
        self._folder = folder
        self._databases = databases
        self._clock = clock
        self.unread: dict[Path, str] = {}

    def take_in(self, connection: Connection, progress: Callable[[int, int], None] | None) -> Taken:
        """Takes in what no event told, and gives what that was; ``progress`` is told how far each database is.

        Raises:
            OSError, sqlite3.OperationalError: our ledger can't be written.
            sqlite3.DatabaseError: our ledger is damaged.
        """
        taken = Taken()
        before = dict(self.unread)
        self.unread.clear()
        for path in self._databases():
            try:
                taken += take_database(connection, path, self._clock.now_ms(), progress)
            except UnknownSchema as error:
                self.unread[path] = str(error)
            except LedgerUnreadable as error:
                # What was so a minute ago was looked into then.
                if before.get(path) != str(error) and is_ours(connection, error):
                    raise
                self.unread[path] = str(error)
        try:
            taken += take_storage(connection, self._folder, self._clock.now_ms(), progress)
        except OSError as error:
            self.unread[self._folder / STORAGE] = f"{error.filename}: {error.strerror}."
        return taken
