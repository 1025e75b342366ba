"""Opening the ledger so that its figures can be vouched for: looked at first, and made again where it came to harm.

A start must be fast and no wrong figure may be shown, so how closely the ledger is looked at depends on what may have
happened to it:

- closed in good order and not touched since (``closing``): a cheap look, some milliseconds;
- anything else (a kill, a power cut, somebody wrote to it), or the last close look is a day old: all of it.

The daemon, which may not start for weeks, has a backup made every day, and a backup is looked at closely.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LedgerCorrupt, LedgerError, UserError
from opencode_stats.host.files import FILES, own_folder, told
from opencode_stats.ledger.backup import back_up, backups, unsound
from opencode_stats.ledger.closing import RECORD, keep_record, take_record
from opencode_stats.ledger.connection import Connection, open_ledger, open_reader, why_not
from opencode_stats.ledger.migrations import STEPS, applied_steps, is_newer, refuse_newer
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.recovery import finish_swap, published_total, recover, tokens_of
from opencode_stats.ledger.soundness import Unreadable, cheap_findings, findings, is_damage, is_ours

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths

logger = logging.getLogger(__name__)

CHECK_AFTER_MS: Final = 24 * 60 * 60 * 1000


class Ledger:
    """The open ledger, and when all of it was looked at last (``checked_ms``). Its one writer has one."""

    def __init__(
        self,
        paths: Paths,
        now_ms: int,
        files: Files = FILES,
        factory: type[Connection] = Connection,
    ) -> None:
        """Opens it.

        Raises:
            LedgerNewer: a newer version wrote it; nothing was touched.
            LedgerError: it can't be used, nor made again.
            UserError: the place can't be written.
        """
        self._path = paths.ledger
        self._files = files
        self.checked_ms = now_ms
        try:
            finish_swap(paths, files)
            own_folder(paths.data, files, linked=True)
            cause = self._cause(paths, now_ms)
            if cause:
                # To SQLite an error of a single read looks like damage, and so does a file that somebody wrote to who
                # came beside us while it was read as it lay there. Neither comes again.
                logger.error("ledger.suspected cause=%r", cause)
                cause = self._cause(paths, now_ms, alone=False)
            if cause:
                logger.error("ledger.damaged cause=%r", cause)
                recover(paths, cause, now_ms, files)
                logger.warning("ledger.made_again damaged=%s", paths.damaged)
            elif self._is_older(paths):
                _keep_copy(paths, now_ms, files)
        except OSError as error:
            raise UserError(f"The ledger {paths.ledger} can't be used: {told(error, paths.ledger)}") from error
        except Unreadable as error:
            raise LedgerError(f"The ledger {paths.ledger} can't be used: {why_not(error, paths.ledger)}") from error
        self.connection = open_ledger(paths.ledger, now_ms, files, factory)

    def close(self, *, in_order: bool = True) -> None:
        """Closes it; ``in_order`` where nothing went wrong with it, so that the next start may trust the file."""
        self.connection.close()
        if in_order:
            try:
                keep_record(self._path, self.checked_ms, self._files)
            except OSError as error:
                # The next start looks at everything, which is all that the record saves.
                logger.warning("ledger.unrecorded error=%s", error.strerror)

    def _cause(self, paths: Paths, now_ms: int, *, alone: bool = True) -> str:
        """Why the ledger has to be made again; empty if it has not."""
        if _is_missing(paths.ledger):
            record = paths.ledger.with_name(RECORD)
            had = record.exists() or backups(paths.backups) or tokens_of(published_total(paths.stats_file))
            return "The ledger was missing." if had else ""
        if not stat.S_ISREG(os.lstat(paths.ledger).st_mode):
            # Whoever opens it says what is there.
            return ""
        try:
            with closing(open_reader(paths.ledger, alone=alone)) as reader:
                return self._found(reader, paths, now_ms)
        except Unreadable as error:
            if not is_damage(error):
                raise LedgerError(f"The ledger {paths.ledger} can't be used: {why_not(error, paths.ledger)}") from error
            return f"SQLite can't read it: {error}."

    def _found(self, reader: sqlite3.Connection, paths: Paths, now_ms: int) -> str:
        reader.execute("PRAGMA cache_size = -1024")
        reader.execute("BEGIN")
        if _is_unmade(reader):
            had = backups(paths.backups) or tokens_of(published_total(paths.stats_file))
            return "The ledger was empty." if had else ""
        if is_ours(reader):
            steps = applied_steps(reader)
            if is_newer(steps):
                refuse_newer(steps)
        closed = take_record(paths.ledger, self._files)
        if closed is not None and 0 <= now_ms - closed.checked_ms < CHECK_AFTER_MS:
            self.checked_ms = closed.checked_ms
            found = cheap_findings(reader)
        else:
            found = findings(reader) or _older_than_its_backup(reader, paths)
        return found[0] if found else ""

    def _is_older(self, paths: Paths) -> bool:
        if _is_missing(paths.ledger) or not stat.S_ISREG(os.lstat(paths.ledger).st_mode):
            return False
        with closing(open_reader(paths.ledger, alone=True)) as reader:
            if _is_unmade(reader) or applied_steps(reader) == set(STEPS):
                return False
            # One that has nothing in it yet is a first start that was killed between two steps.
            (used,) = reader.execute("SELECT EXISTS (SELECT 1 FROM messages UNION SELECT 1 FROM processes)").fetchone()
            return bool(used)


def _is_missing(ledger: Path) -> bool:
    try:
        return os.lstat(ledger).st_size == 0
    except FileNotFoundError:
        return True


def _is_unmade(reader: sqlite3.Connection) -> bool:
    """Whether this is what a first start leaves that was killed before the first step of the schema."""
    tables = {row[0] for row in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return tables <= {"migrations"} and not (tables and applied_steps(reader))


def _older_than_its_backup(reader: sqlite3.Connection, paths: Paths) -> list[str]:
    """Whether somebody put an older ledger into this one's place; asked only where readers had been shown more."""
    if applied_steps(reader) != set(STEPS):
        return []
    ours = total(reader).whole
    if tokens_of(published_total(paths.stats_file)) <= ours.tokens.total:
        return []
    for one in backups(paths.backups):
        if not unsound(one.path):
            with closing(open_reader(one.path, alone=True)) as backup:
                whole = total(backup).whole if applied_steps(backup) == set(STEPS) else ours
            older = whole.messages > ours.messages
            return [f"It is older than its backup {one.path.name}."] if older else []
    return []


def _keep_copy(paths: Paths, now_ms: int, files: Files) -> None:
    """A backup before the schema changes; where none can be made, the change is still all or nothing."""
    with closing(open_reader(paths.ledger, alone=True)) as reader:
        step = min(set(STEPS) - applied_steps(reader)).partition("_")[0]
    try:
        back_up(paths.ledger, paths.backups, now_ms, before=step, pause_s=0.0, files=files)
    except (OSError, sqlite3.OperationalError, LedgerCorrupt) as error:
        logger.warning("ledger.no_backup before=%s error=%s", step, error)
