"""The ledger's daily backup, which is also its daily close look; in a thread, so that no figure waits for it.

SQLite works without Python's lock, on a connection of its own and at one moment of the ledger, so the daemon goes on
meanwhile as if nothing was (docs/adr/0009-backups-and-recovery.md).
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LedgerCorrupt
from opencode_stats.host.files import FILES
from opencode_stats.ingest.kept import drop_covered
from opencode_stats.ledger.backup import PAUSE_S, Stopped, back_up, backups
from opencode_stats.ledger.connection import LedgerUnavailable, open_reader
from opencode_stats.ledger.soundness import findings_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.host.clock import Clock
    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths

logger = logging.getLogger(__name__)

EVERY_MS: Final = 24 * 60 * 60 * 1000
LOOK_EVERY_S: Final = 60.0
AGAIN_AFTER_S: Final = 3600.0
"""After a backup that could not be made (a full disk), this long nothing is tried."""
_COVERING: Final = 2
"""A spool file goes when so many backups hold what it said: should the newest be damaged, the one before will do."""


def is_due(paths: Paths, now_ms: int) -> bool:
    """Whether the newest backup is a day old, or from the future, and the ledger has changed since."""
    made = backups(paths.backups)
    if not made:
        return paths.ledger.exists()
    if 0 <= now_ms - made[0].at_ms < EVERY_MS:
        return False
    changed_ns = 0
    for side in ("", "-wal"):
        with suppress(FileNotFoundError):
            changed_ns = max(changed_ns, os.stat(f"{paths.ledger}{side}").st_mtime_ns)
    return changed_ns // 1_000_000 > made[0].at_ms


def look_after(
    paths: Paths,
    now_ms: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    pause_s: float = PAUSE_S,
    files: Files = FILES,
) -> bool:
    """Makes a backup and lets go what it covers; False where there is no room, and the ledger was only looked at.

    Raises:
        LedgerCorrupt: the ledger is damaged.
        Stopped: ``stop`` said so.
        OSError, sqlite3.OperationalError: it can't be done now.
    """
    if back_up(paths.ledger, paths.backups, now_ms, stop=stop, pause_s=pause_s, files=files) is None:
        with closing(open_reader(paths.ledger)) as reader:
            reader.execute("PRAGMA cache_size = -1024")
            found = findings_now(reader)
        if found:
            raise LedgerCorrupt(found[0])
        return False
    made = backups(paths.backups)
    if len(made) >= _COVERING:
        drop_covered(paths.kept_spool, made[_COVERING - 1].at_ms, files)
    return True


def back_up_if_due(paths: Paths, now_ms: int, files: Files = FILES) -> int | None:
    """The same at once, for who has no daemon: when the ledger was found sound, None where it was not looked at.

    Where it can't be done now, another day will do.
    """
    try:
        if not is_due(paths, now_ms):
            return None
        look_after(paths, now_ms, pause_s=0.0, files=files)
    except (OSError, LedgerUnavailable) as error:
        logger.warning("backup.failed error=%s", error)
        return None
    except LedgerCorrupt as error:
        logger.error("ledger.damaged cause=%r", str(error))  # noqa: TRY400 - the trace says nothing more
        # Found at a moment that never was: the next start looks closely, and makes it again.
        return 0
    return now_ms


class Upkeep:
    """Does it once a day; ``woken`` is called from the thread when there is something to ``look`` at."""

    def __init__(self, paths: Paths, clock: Clock, woken: Callable[[], None]) -> None:
        self._paths = paths
        self._clock = clock
        self._woken = woken
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._next_s = clock.elapsed_s()
        self._damage = ""
        self._checked_ms: int | None = None

    def look(self) -> tuple[str, int | None]:
        """What was found wrong with the ledger since the last call, and when it was found sound; starts what is due."""
        damage, self._damage = self._damage, ""
        checked_ms, self._checked_ms = self._checked_ms, None
        now_s = self._clock.elapsed_s()
        if self._thread is None and now_s >= self._next_s:
            self._next_s = now_s + LOOK_EVERY_S
            now_ms = self._clock.now_ms()
            if is_due(self._paths, now_ms):
                self._thread = threading.Thread(target=self._work, args=(now_ms,), name="upkeep", daemon=True)
                self._thread.start()
        elif self._thread is not None and not self._thread.is_alive():
            self._thread.join()
            self._thread = None
        return damage, checked_ms

    def end(self) -> None:
        """Breaks off what is under way, and waits for it: a step, or SQLite's look at a copy."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self, now_ms: int) -> None:
        began_s = self._clock.elapsed_s()
        try:
            done = look_after(self._paths, now_ms, stop=self._stop.is_set)
        except Stopped:
            return
        except LedgerCorrupt as error:
            self._damage = str(error)
        except (OSError, LedgerUnavailable) as error:
            self._next_s = self._clock.elapsed_s() + AGAIN_AFTER_S
            logger.warning("backup.failed error=%s", error)
        else:
            self._checked_ms = now_ms
            if done:
                logger.debug("backup.made s=%.1f", self._clock.elapsed_s() - began_s)
            else:
                self._next_s = self._clock.elapsed_s() + AGAIN_AFTER_S
                logger.warning("backup.no_room folder=%s", self._paths.backups)
        self._woken()
