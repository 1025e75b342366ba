"""The ledger as an exporter has it open, with what reads into it; closed, opened anew and mended as one."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from opencode_stats.daemon.limits import Limits
from opencode_stats.errors import LedgerCorrupt, LedgerError
from opencode_stats.ingest.kept import bring_back
from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.connection import LedgerUnreadable, why_not
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.forgetting import Forgetting
from opencode_stats.ledger.forgotten import kept_from
from opencode_stats.ledger.opening import Ledger
from opencode_stats.ledger.recent import PastDays
from opencode_stats.ledger.recoveries import is_pending

if TYPE_CHECKING:
    from datetime import tzinfo

    from opencode_stats.host.clock import Clock
    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.connection import Connection
    from opencode_stats.settings import Settings

logger = logging.getLogger(__name__)


class OpenLedger:
    """``connection``, and what remembers something of what is in it; new ones after each opening.

    Raises:
        UserError: its place can't be used.
        LedgerError: it can't be used, nor made again.
    """

    connection: Connection
    spool: Spool
    past_days: PastDays
    day_sums: DaySums
    forgetting: Forgetting
    limits: Limits

    def __init__(self, paths: Paths, clock: Clock, files: Files, factory: type[Connection]) -> None:
        self._paths = paths
        self._clock = clock
        self._files = files
        self._factory = factory
        self._mended = False
        self._open()

    def _open(self) -> None:
        paths, files = self._paths, self._files
        self._ledger = Ledger(paths, self._clock.now_ms(), files, self._factory)
        self.connection = self._ledger.connection
        try:
            if is_pending(self.connection):
                bring_back(paths.kept_spool, paths.spool, files)
            self.past_days = PastDays(self.connection)
            self.day_sums = DaySums(self.connection)
            self.forgetting = Forgetting(self.connection)
            self.limits = Limits(self.connection)
            bad, kept = Quarantine(paths.quarantine, files), paths.kept_spool
            self.spool = Spool(paths.spool, self.connection, bad, self._clock, files, kept=kept)
        except BaseException as error:
            self.connection.close()
            if isinstance(error, LedgerUnreadable | OSError):
                raise LedgerError(f"The ledger {paths.ledger} can't be used: {why_not(error, paths.ledger)}") from error
            raise

    def reopen(self) -> None:
        """Opens the ledger anew, after it could not be used; nothing is remembered but what is in it.

        A lock that SQLite could not give back once stays taken for the life of its connection: every later question
        ends in "locking protocol", however well the disk is by then.

        Raises:
            LedgerError: it still can't be used.
            UserError: its place can't be used.
        """
        self.close(in_order=False)
        self._open()

    def close(self, *, in_order: bool = True) -> None:
        """Closes the ledger; ``in_order`` where nothing went wrong, so that the next start may trust the file."""
        # What SQLite tidies up here (the WAL) it tidies up as well when the ledger is next opened.
        with contextlib.suppress(LedgerUnreadable):
            self._ledger.close(in_order=in_order and not self._mended)

    def mend(self, error: Exception) -> None:
        """Looks at all of the ledger after such an error, and makes it again where it is damaged; then all goes on.

        Raises:
            LedgerError: it can't be made again; or the error came back (LedgerCorrupt).
        """
        if self._mended:
            raise LedgerCorrupt(f"The ledger {self._paths.ledger} can't be worked with: {error}.") from error
        logger.error("ledger.unreadable error=%s", error)
        # Closed so, it is looked at closely when it is opened.
        self.reopen()
        # Until something is published; an error before that would only come again.
        self._mended = True

    def forget(self, zone: tzinfo, settings: Settings, *, to_the_end: bool) -> bool:
        """Forgets some of the detail that is not to be kept, or all of it, and gives whether any is left.

        Raises:
            sqlite3.Error: the ledger can't be written.
        """
        if is_pending(self.connection):
            # What is still to be read again comes first.
            return False
        before = kept_from(self.connection)
        more = self.forgetting.go_on(
            self._clock.now_ms(),
            zone,
            start_hour=settings.day_start_hour,
            days=settings.keep_days,
            limits=settings.limits,
            to_the_end=to_the_end,
        )
        if before is None and (since_ms := kept_from(self.connection)) is not None:
            logger.warning(
                "detail.forgotten_for_the_first_time keep_days=%d before_ms=%d", settings.keep_days, since_ms
            )
        return more

    def note_published(self) -> None:
        """All of a round came through: the next error is another one."""
        self._mended = False

    def note_check(self, checked_ms: int | None) -> None:
        """All of the ledger was looked at then, and found sound; None where it was not looked at."""
        self._ledger.checked_ms = self._ledger.checked_ms if checked_ms is None else checked_ms
