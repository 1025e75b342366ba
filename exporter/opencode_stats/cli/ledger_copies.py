"""What doctor says of the ledger's backups, and of the times that it was damaged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.finding import Finding, typed
from opencode_stats.daemon.health import LONG_LOG_BYTES, RECENT_MS
from opencode_stats.ledger.backup import backups
from opencode_stats.ledger.recoveries import recoveries, sentence_of
from opencode_stats.ledger.transactions import log_bytes

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.host.paths import Paths

MADE_AGAIN: Final = "opencode-stats import, which makes it again from its backup, the spool and OpenCode's own data"
OLD_MS: Final = 3 * 24 * 60 * 60 * 1000
"""A backup is a day old at most where an exporter works every day; on the third day something is in the way."""
_DAY_MS: Final = 24 * 60 * 60 * 1000


def copies_findings(paths: Paths, now_ms: int) -> list[Finding]:
    """How old the newest backup is, beside the ledger's last change."""
    made = backups(paths.backups)
    if not made:
        return [Finding("ok", "backups", "none yet; the first is made at the next use.")]
    whole_mib = sum(one.size_bytes for one in made) / 2**20
    age_ms = now_ms - made[0].at_ms
    reason = f"{len(made)}, the newest {age_ms // _DAY_MS} days old; {whole_mib:.1f} MiB."
    unsaved_ms = os.stat(paths.ledger).st_mtime_ns // 1_000_000 - made[0].at_ms
    if age_ms > OLD_MS and unsaved_ms > OLD_MS:
        return [Finding("warn", "backups", reason, f"opencode-stats import, with room on the disk of {paths.backups}")]
    return [Finding("ok", "backups", reason)]


def recovery_findings(connection: sqlite3.Connection, paths: Paths, now_ms: int) -> list[Finding]:
    """Each time that the ledger was made again, a warning where that cost something; and who keeps its log growing."""
    found = []
    for one in recoveries(connection):
        folder, said = paths.damaged / one.folder, sentence_of(one)
        open_still = one.finished_ms is None or one.lost
        if open_still and now_ms - one.at_ms < RECENT_MS and folder.exists():
            mend = f"rm -r {typed(folder)}, once you have looked at what is there and reported it"
            found.append(Finding("warn", "ledger", said, mend))
        else:
            found.append(Finding("ok", "ledger", f"{said} See {folder}." if folder.exists() else said))
    length = log_bytes(connection)
    if length > LONG_LOG_BYTES:
        reason = f"a program has been reading it for long, so its log has grown to {length // 2**20} MiB."
        found.append(Finding("warn", "ledger reader", reason, f"end what has {paths.ledger} open (fuser names it)"))
    return found
