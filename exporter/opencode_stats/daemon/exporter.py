"""Everything that one exporter does, step by step: the daemon repeats the steps, the command line takes them once."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from opencode_stats.core.attention import news, silent_runs
from opencode_stats.core.recent import calendar_of
from opencode_stats.core.stats import CurrencyStats, ExporterStats, project
from opencode_stats.daemon.health import health_of, settings_problems
from opencode_stats.daemon.lineages import Lineages
from opencode_stats.daemon.losses import bury
from opencode_stats.daemon.open_ledger import OpenLedger
from opencode_stats.daemon.opencode_storage import OpenCodeStorage
from opencode_stats.daemon.places import prepare_folders
from opencode_stats.daemon.prices import price_problems, priced_facts
from opencode_stats.daemon.setbacks import Setbacks
from opencode_stats.daemon.settling import Settling
from opencode_stats.daemon.upkeep import back_up_if_due
from opencode_stats.daemon.workspaces import Workspaces
from opencode_stats.host.files import FILES
from opencode_stats.ledger import recovery
from opencode_stats.ledger.connection import Connection
from opencode_stats.ledger.queries import lost_lines
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.soundness import Unreadable, is_damage
from opencode_stats.ledger.transactions import shorten_log
from opencode_stats.opencode.price_lists import PriceLists
from opencode_stats.publish.stats_file import StatsFile
from opencode_stats.settings.live import LiveSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import tzinfo
    from pathlib import Path

    from opencode_stats.core.events import ProcessKey
    from opencode_stats.core.recent import Calendar
    from opencode_stats.desktop.outlets import Outlets
    from opencode_stats.host.clock import Clock
    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths
    from opencode_stats.host.processes import Processes
    from opencode_stats.ingest.spool import Spool
    from opencode_stats.ledger.bulk import Taken
    from opencode_stats.ledger.rebuild import Rebuilt
    from opencode_stats.ledger.recoveries import Recovery
    from opencode_stats.publish.atomic_file import Outcome
    from opencode_stats.settings import Settings

logger = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000


class Exporter:
    """The steps, over one ledger that is open for writing until ``close``; whoever makes one holds the lock.

    Raises:
        UserError: a place can't be used.
        LedgerError: the ledger can't be used.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        version: str,
        clock: Clock,
        zone: Callable[[], tzinfo],
        processes: Processes,
        databases: Callable[[], list[Path]],
        daemon_pid: int | None,
        settings: LiveSettings | Settings | None = None,
        loss_folders: Sequence[Path] = (),
        files: Files = FILES,
        factory: type[Connection] = Connection,
    ) -> None:
        self._paths = paths
        self._version = version
        self._clock = clock
        self._zone = zone
        self._processes = processes
        self._storage = OpenCodeStorage(paths.opencode_data, databases, clock)
        self._daemon_pid = daemon_pid
        self._settings = settings if isinstance(settings, LiveSettings) else LiveSettings(None, None, files, settings)
        self._loss_folders = loss_folders or [paths.losses]
        self._stats_file = StatsFile(files, paths.stats_file, paths.data / "tmp", paths.stamp)
        self._stats_file.prepare()
        prepare_folders(paths, files)
        self._files = files
        self._prices = PriceLists(paths.opencode_prices)
        self._setbacks = Setbacks()
        self._workspaces = Workspaces(files, paths)
        self._told: Recovery | None = None
        self._open = OpenLedger(paths, clock, files, factory)
        self.reconcile_due = True
        self.forgetting = False
        self._settling = Settling(processes)
        self._lost_lines = 0
        self.lineages = Lineages(processes)
        self.due_ms = 0
        self.days_left = 0
        self._calendar: tuple[tuple[tzinfo, int], Calendar] | None = None
        self.outlets: Outlets | None = None

    @property
    def _connection(self) -> Connection:
        return self._open.connection

    @property
    def _spool(self) -> Spool:
        return self._open.spool

    @property
    def seen_alive(self) -> AbstractSet[str]:
        """The processes that were last seen alive, or that can't be seen."""
        return self._settling.seen_alive

    def reopen(self) -> None:
        """Opens the ledger anew, after it could not be used (``OpenLedger.reopen``)."""
        self._open.reopen()
        self.reconcile_due = True

    def close(self, *, in_order: bool = True) -> None:
        """Closes the ledger; ``in_order`` where nothing went wrong, so that the next start may trust the file."""
        self._open.close(in_order=in_order)

    def mend(self, error: Exception) -> None:
        """Makes the ledger again after such an error, where it is damaged (``OpenLedger.mend``)."""
        self._open.mend(error)
        self.reconcile_due = True

    def note_check(self, checked_ms: int | None) -> None:
        """All of the ledger was looked at then, and found sound; None where it was not looked at."""
        self._open.note_check(checked_ms)

    def back_up_if_due(self) -> None:
        """The daily backup, for who has no daemon."""
        self.note_check(back_up_if_due(self._paths, self._clock.now_ms(), self._files))

    def take_in(self) -> int:
        """Takes in what the spool has, and gives the number of bytes.

        Raises:
            OSError, sqlite3.Error: what was taken in before stays; the rest is still in the spool.
        """
        taken_bytes = self._spool.take_in()
        if taken_bytes and (lost := lost_lines(self._connection)) != self._lost_lines:
            # What they could not keep may be in OpenCode's own storage.
            self._lost_lines, self.reconcile_due = lost, True
        return taken_bytes

    def settle_processes(self) -> list[ProcessKey]:
        """Ends what is gone, removes its spool files, and gives the processes that are known to be alive."""
        alive, some_are_gone = self._settling.settle(self._connection, self._spool, self._clock.now_ms())
        self.reconcile_due = self.reconcile_due or some_are_gone
        return alive

    def reconcile(self, progress: Callable[[int, int], None] | None = None) -> Taken:
        """Takes in what no event told and OpenCode's databases and old JSON files have; health tells of unread ones.

        Raises:
            OSError, sqlite3.OperationalError: our ledger can't be written.
            sqlite3.DatabaseError: our ledger is damaged.
        """
        bury(self._connection, self._loss_folders, self._processes.life_of, self._clock.now_ms())
        taken = self._storage.take_in(self._connection, progress)
        self.reconcile_due = False
        self.sum_days()
        self.forget()
        shorten_log(self._connection)
        all_read = not self._storage.unread
        done = recovery.finish(self._connection, self._paths, self._clock.now_ms(), everything_read=all_read)
        if done is not None and done != self._told:
            self._told = done
            logger.warning("ledger.recovered %s", done)
        return taken

    def sum_days(self, *, to_the_end: bool = False) -> None:
        """Sums days that are over, some or all (``ledger.day_sums``); ``days_left`` is how many are left then."""
        now_ms, start_hour = self._clock.now_ms(), self._settings.look().day_start_hour
        self.days_left = self._open.day_sums.go_on(now_ms, self._zone(), start_hour, to_the_end=to_the_end)

    def forget(self, *, to_the_end: bool = False) -> None:
        """Forgets some of the detail that the user does not keep, or all; ``forgetting`` says whether any is left."""
        self.forgetting = self._open.forget(self._zone(), self._settings.look(), to_the_end=to_the_end)

    @property
    def is_behind(self) -> bool:
        """Whether ``catch_up`` has something to do."""
        return self.forgetting or self.days_left > 0

    def catch_up(self) -> None:
        """Does a step of what nobody waits for, if anything of that is left."""
        if self.forgetting:
            self.forget()
        elif self.days_left:
            self.sum_days()

    def rebuild(self) -> Rebuilt:
        """Makes every sum anew from the messages."""
        return rebuild(self._connection)

    def publish(self) -> Outcome | None:
        """Writes stats.json if it says something new; None if it does not.

        ``due_ms`` is from then on the instant at which there will be something new even if nothing happens till then.

        Raises:
            OSError: the last good file is still in place.
        """
        now_ms = self._clock.now_ms()
        settings = self._settings.look()
        calendar = self._calendar_at(now_ms, settings.day_start_hour)
        facts, quotes = priced_facts(
            self._connection,
            calendar,
            now_ms,
            self._open.past_days,
            lists=self._prices,
            own=settings.prices,
        )
        after_ms = settings.inactive_after_minutes * MINUTE_MS
        silent, next_silent_ms = silent_runs(facts.runs, facts.attention, after_ms, now_ms)
        limits = self._open.limits.look(settings.limits, now_ms, self._zone(), settings.day_start_hour)
        facts = replace(facts, attention=news((*facts.attention, *silent, *limits.items), now_ms))
        due_ms = (calendar.today.end_ms, next_silent_ms, limits.due_ms)
        self.due_ms = min(at_ms for at_ms in due_ms if at_ms is not None)
        health = health_of(
            self._connection,
            self._paths.quarantine,
            self._loss_folders,
            self._storage.unread,
            self._spool.troubles,
            now_ms=now_ms,
            setbacks=(
                *settings_problems(self._settings.trouble),
                *price_problems(self._prices.trouble),
                *self._setbacks.problems(now_ms),
                *(() if self.outlets is None else self.outlets.problems(now_ms)),
            ),
        )
        pids = self.lineages.of(facts.runs, facts.attention, self._settling.alive)
        exporter = ExporterStats(self._version, self._daemon_pid, now_ms, health)
        currency = CurrencyStats(settings.currency, settings.per_usd)
        stats = project(facts, calendar, exporter, pids, quotes, limits=limits.limits, currency=currency)
        outcome = self._stats_file.publish(stats)
        self._open.note_published()
        self._setbacks.published(self._clock.now_ms(), outcome)
        if self.outlets is not None:
            self.outlets.look(stats.attention, settings, now_ms)
        # Last: nobody waits for these files, and everybody for what is above.
        self._workspaces.publish(self._connection, calendar.today, now_ms, wanted=settings.workspace_stats)
        return outcome

    def note_failure(self, error: Exception) -> None:
        """A round failed and will be tried again; the next publishing tells readers, if it was not the only one."""
        self._setbacks.failed(error, self._clock.now_ms())

    def _calendar_at(self, now_ms: int, start_hour: int) -> Calendar:
        """The calendar, made anew when the day is another one, the hour at which one begins, or the zone."""
        key = self._zone(), start_hour
        if self._calendar is None or self._calendar[0] != key or not self._calendar[1].holds(now_ms):
            self._calendar = key, calendar_of(now_ms, *key)
        return self._calendar[1]


def refresh(exporter: Exporter, progress: Callable[[int, int], None] | None = None) -> Taken:
    """One round: take in, settle, reconcile, publish; gives what OpenCode's databases brought.

    Raises:
        LedgerError: the ledger turned out to be damaged, and can't be made again.
    """
    try:
        return _round(exporter, progress)
    except Unreadable as error:
        if not is_damage(error):
            raise
        exporter.mend(error)
        return _round(exporter, progress)


def _round(exporter: Exporter, progress: Callable[[int, int], None] | None) -> Taken:
    exporter.take_in()
    exporter.settle_processes()
    taken = exporter.reconcile(progress)
    exporter.publish()
    return taken
