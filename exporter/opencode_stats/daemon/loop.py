"""The daemon's loop: sleep until something happens, take it in, publish, and tell who waits."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
from typing import TYPE_CHECKING, Final

from opencode_stats.daemon.control_server import ControlServer
from opencode_stats.daemon.rest import SCAN_S, back_off_s, quiet_s
from opencode_stats.daemon.upkeep import Upkeep
from opencode_stats.daemon.watcher import Watcher
from opencode_stats.desktop.outlets import Outlets
from opencode_stats.errors import LedgerCorrupt, LedgerError, LedgerNewer, UserError
from opencode_stats.host.doorbell import Doorbell
from opencode_stats.host.installation import Installation
from opencode_stats.host.systemd import notify
from opencode_stats.ledger.connection import LedgerUnavailable, LedgerUnreadable
from opencode_stats.ledger.soundness import Unreadable, is_damage
from opencode_stats.publish.pacer import Pacer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from opencode_stats.core.events import ProcessKey
    from opencode_stats.daemon.exporter import Exporter
    from opencode_stats.host.clock import Clock
    from opencode_stats.host.paths import Paths
    from opencode_stats.host.processes import Processes

logger = logging.getLogger(__name__)

_DRAIN_BYTES: Final = 4096


class Daemon:
    """Runs one exporter until it is told to stop.

    Raises:
        UserError: its pipe or its socket can't be made.
    """

    def __init__(
        self,
        exporter: Exporter,
        paths: Paths,
        *,
        clock: Clock,
        processes: Processes,
        env: Mapping[str, str],
        linger_s: float | None,
        scan_s: float = SCAN_S,
        installation: Installation | None = None,
        supervised: bool = False,
    ) -> None:
        self._exporter = exporter
        self._paths = paths
        self._clock = clock
        self._processes = processes
        self._env = env
        self._linger_s = linger_s
        self._scan_s = scan_s
        self._installation = Installation() if installation is None else installation
        self._supervised = supervised
        self._doorbell = Doorbell(paths.doorbell)
        try:
            self._control = ControlServer(paths.control)
        except BaseException:
            self._doorbell.close()
            raise
        # Not pipe2(2), which macOS has not got.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._watcher = Watcher(paths.spool, self._wake_up)
        self._upkeep = Upkeep(paths, clock, self._wake_up)
        exporter.lineages.follow(self._wake_up)
        self._outlets = exporter.outlets = Outlets(paths, env, clock, self._wake_up)
        self._ends: dict[str, int] = {}
        self._unwatched = False
        self._reconciled_s = self._looked_s = clock.elapsed_s()
        self._outdated = False
        self._pacer = Pacer(clock.elapsed_s())
        self._failures = 0
        self._reopen = False
        self._stopping = False
        self._sleep_s = 0.0
        self._undisturbed = False
        self._alone_since_s = clock.elapsed_s()

    def run(self) -> bool:
        """Works until SIGTERM or SIGINT, or until nobody has needed it for ``linger_s``.

        Where it is ``supervised`` it ends, too, when another version was installed, and gives True: start that one.

        Raises:
            LedgerCorrupt: the ledger turned out to be damaged, again and again.
            UserError: somebody took the state folder away.
        """
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._work()
            logger.info("daemon.stopped")
            return self._outdated and self._supervised and not self._stopping
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._close()

    def _work(self) -> None:
        ready = False
        done = self._round(paced=False)
        while True:
            if done and not ready:
                # Never before there is something to read: who waits for us reads stats.json next.
                ready = True
                notify(self._env, "READY=1")
                logger.info("daemon.ready pid=%d", os.getpid())
            if self._stopping:
                notify(self._env, "STOPPING=1")
                self._round(paced=False)
                return
            if self._lonely_s() == 0:
                self._round(paced=False)
                if not self._exporter.seen_alive:
                    logger.info("daemon.lingered s=%s", self._linger_s)
                    notify(self._env, "STOPPING=1")
                    return
            if self._outdated and self._supervised:
                notify(self._env, "STOPPING=1")
                self._round(paced=False)
                return
            self._wait()
            self._look_at_installation()
            if not self._stopping:
                done = self._round(paced=not self._control.asked)

    def _round(self, *, paced: bool) -> bool:
        """Takes in, settles, publishes; whether all of it was done. An error of the disk is told and tried again."""
        try:
            self._check_places()
            if self._reopen:
                self._exporter.reopen()
                self._reopen = False
            self._exporter.take_in()
            self._note_company()
            self._watch_ends(self._exporter.settle_processes())
            if self._exporter.reconcile_due or self._control.asked or self._scan_due():
                self._reconcile()
            wait_s = self._pacer.wait_s(self._clock.elapsed_s()) if paced else 0.0
            if wait_s:
                self._sleep_s = wait_s
                return False
            outcome = self._exporter.publish()
            if outcome is not None:
                logger.debug("stats.published outcome=%r", outcome)
            if self._undisturbed:
                # After what readers wait for, and where nothing woke us: at most one such step is in an event's way.
                self._exporter.catch_up()
        except (LedgerNewer, LedgerCorrupt):
            raise
        except (OSError, *Unreadable, LedgerError) as error:
            if is_damage(error):
                return self._mend(error)
            if not isinstance(error, OSError | LedgerUnavailable | LedgerError):
                raise
            self._failures += 1
            self._exporter.note_failure(error)
            self._reopen = not isinstance(error, OSError)
            self._sleep_s = back_off_s(self._failures)
            logger.warning("round.failed error=%s retry_s=%s", error, self._sleep_s)
            return False
        self._failures = 0
        self._control.answer()
        damage, checked_ms = self._upkeep.look()
        if damage:
            return self._mend(LedgerUnreadable(damage))
        self._exporter.note_check(checked_ms)
        self._sleep_s = quiet_s(
            now_ms=self._clock.now_ms(),
            due_ms=self._exporter.due_ms,
            unwatched=self._unwatched,
            lonely_s=self._lonely_s(),
            scan_s=self._scan_s,
            behind=self._exporter.is_behind,
        )
        return True

    def _mend(self, error: Exception) -> bool:
        self._exporter.mend(error)
        self._sleep_s = 0.0
        return False

    def _check_places(self) -> None:
        """Ends us where the pipe is not ours any more: with it went the lock, and OpenCode can't reach us."""
        try:
            there = os.path.samestat(os.lstat(self._paths.doorbell), os.fstat(self._doorbell.descriptor))
        except (FileNotFoundError, NotADirectoryError):
            there = False
        if not there:
            raise UserError(f"Somebody took {self._paths.doorbell} away, so OpenCode can't reach us. Start it again.")

    def _scan_due(self) -> bool:
        return self._clock.elapsed_s() - self._reconciled_s >= self._scan_s

    def _look_at_installation(self) -> None:
        """Once a scan: whether another version was installed, which this process can't become."""
        now_s = self._clock.elapsed_s()
        if self._outdated or now_s - self._looked_s < self._scan_s:
            return
        self._looked_s = now_s
        if self._installation.replaced():
            self._outdated = True
            logger.warning("daemon.outdated supervised=%s", self._supervised)

    def _reconcile(self) -> None:
        taken = self._exporter.reconcile()
        self._reconciled_s = self._clock.elapsed_s()
        if taken.new or taken.changed or taken.unsound:
            logger.info("databases.taken new=%d changed=%d unsound=%d", taken.new, taken.changed, taken.unsound)

    def _note_company(self) -> None:
        """Called before the processes are looked at: who has just ended kept us company until now."""
        if self._exporter.seen_alive:
            self._alone_since_s = self._clock.elapsed_s()

    def _lonely_s(self) -> float | None:
        """Seconds until nobody has needed us for long enough; None where that is no reason to end."""
        if self._linger_s is None or self._exporter.seen_alive:
            return None
        return max(0.0, self._linger_s - (self._clock.elapsed_s() - self._alone_since_s))

    def _wait(self) -> None:
        """Sleeps until something happens or it is time.

        After a failure neither rings nor ended processes wake us: they stay to be seen, and we would never sleep.
        """
        poll = select.poll()
        descriptors = [self._woken, *self._control.descriptors]
        if not self._failures:
            descriptors += [self._doorbell.descriptor, *self._ends.values()]
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        # Rounded up: a sleep that ends a moment too early would only be slept again.
        ready = {descriptor for descriptor, _ in poll.poll(int(self._sleep_s * 1000) + 1)}
        self._undisturbed = not ready
        self._doorbell.quiet()
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, _DRAIN_BYTES)
        for descriptor in ready.intersection(self._control.descriptors):
            self._control.serve(descriptor)

    def _watch_ends(self, alive: list[ProcessKey]) -> None:
        """Waits for the end of each live process, and watches the spool while there is one."""
        keys = {key.text: key.pid for key in alive}
        for gone in self._ends.keys() - keys.keys():
            os.close(self._ends.pop(gone))
        for key in keys.keys() - self._ends.keys():
            descriptor = self._processes.watch_end(keys[key])
            if descriptor is not None:
                self._ends[key] = descriptor
        self._unwatched = len(self._ends) < len(keys)
        if self._exporter.seen_alive:
            # One that ended by itself is started again, and does not count as a watch.
            self._unwatched |= not self._watcher.running
            self._watcher.start()
        else:
            self._watcher.stop()

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b"w")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _close(self) -> None:
        self._upkeep.end()
        self._outlets.end()
        self._watcher.stop()
        self._exporter.lineages.stop()
        self._control.close()
        self._doorbell.close()
        for descriptor in (self._woken, self._wake, *self._ends.values()):
            os.close(descriptor)
