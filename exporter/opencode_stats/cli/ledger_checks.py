"""Is the ledger sound, and is everything in it that should be? Reads only, and leaves no file behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.cli.finding import Finding, typed
from opencode_stats.cli.ledger_copies import MADE_AGAIN, copies_findings, recovery_findings
from opencode_stats.cli.machine_checks import clock_finding
from opencode_stats.cli.reading import ask_ledger
from opencode_stats.daemon.health import RECENT_MS
from opencode_stats.ingest.quarantine import any_file
from opencode_stats.ingest.spool import ENDING
from opencode_stats.ledger.append import read_cursors
from opencode_stats.ledger.connection import LedgerUnavailable, LedgerUnreadable
from opencode_stats.ledger.migrations import STEPS, applied_steps, is_newer
from opencode_stats.ledger.queries import Lost, latest_instant_ms, lost_by_reason, pending_messages, quarantined
from opencode_stats.ledger.soundness import findings_now

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.host.paths import Paths

BACKLOG_BYTES: Final = 16 * 1024 * 1024
PATIENCE_MS: Final = 1_000
SPOOL_FULL: Final = "SpoolFull"
"""What the plugin says of files that it removed, because nobody took them in (docs/spool.md)."""


def ledger_findings(paths: Paths, now_ms: int) -> list[Finding]:
    """What the ledger says of itself, of bad lines, lost events and what is not taken in yet."""
    about = "ledger"
    if not paths.ledger.exists():
        return [Finding("ok", about, "not there yet; it is made at the first use.")]
    return [*_ledger(paths, now_ms), *copies_findings(paths, now_ms)]


def _ledger(paths: Paths, now_ms: int) -> list[Finding]:
    about = "ledger"
    try:
        return ask_ledger(paths, lambda connection: _looked_at(connection, paths, now_ms), PATIENCE_MS)
    except LedgerUnavailable as error:
        return [
            Finding("fail", about, f"{paths.ledger} can't be read now: {error}.", "end what holds it, and check rights")
        ]
    except LedgerUnreadable as error:
        return [Finding("fail", about, f"{paths.ledger} is damaged: {error}.", MADE_AGAIN)]


def _looked_at(connection: sqlite3.Connection, paths: Paths, now_ms: int) -> list[Finding]:
    # Names before their meaning: of a file that is no ledger nothing else can be asked.
    applied = applied_steps(connection)
    if is_newer(applied):
        return [Finding("fail", "ledger", f"{paths.ledger} was written by a newer version.", "update opencode-stats")]
    if applied and applied < set(STEPS):
        return [Finding("ok", "ledger", "of an older version; it is brought up to date at the next use.")]
    return [
        *_sound(connection),
        *recovery_findings(connection, paths, now_ms),
        *_history(connection, paths, now_ms),
        *_backlog(connection, paths),
        _clock(connection, now_ms),
    ]


def _sound(connection: sqlite3.Connection) -> list[Finding]:
    wrong = findings_now(connection)
    if wrong:
        return [Finding("fail", "ledger", " ".join(wrong), MADE_AGAIN)]
    return [Finding("ok", "ledger", "every figure is as it was written, and every sum is that of its messages.")]


def _history(connection: sqlite3.Connection, paths: Paths, now_ms: int) -> list[Finding]:
    """Bad lines and lost events: those of the last week want a look, older ones are history."""
    since_ms = now_ms - RECENT_MS
    # Whoever looked at the lines and removed them is done with them.
    mend = f"rm -r {typed(paths.quarantine)}, once you have looked at what is there and reported it"
    found = [
        Finding("warn", "quarantine", f"{lines} line{'' if lines == 1 else 's'}: {reason}.", mend)
        for reason, lines in quarantined(connection, since_ms)
        if any_file(paths.quarantine)
    ]
    if not found:
        old = sum(lines for _, lines in quarantined(connection))
        found.append(
            Finding(
                "ok", "quarantine", f"nothing new ({old} line{'' if old == 1 else 's'} before)." if old else "empty."
            )
        )
    lost = [_lost(one, paths) for one in lost_by_reason(connection, since_ms)]
    found += lost or [Finding("ok", "lost events", "none in the last week.")]
    pending = pending_messages(connection)
    if pending:
        reason = f"{pending} message{'' if pending == 1 else 's'} may be a fork's copies and count in no total yet."
        found.append(Finding("ok", "undecided", reason))
    return found


def _lost(lost: Lost, paths: Paths) -> Finding:
    whose = f"{lost.lines} event{'' if lost.lines == 1 else 's'}"
    of_that_time = f"{lost.found_messages} message{'' if lost.found_messages == 1 else 's'} of that time"
    recovered = f"{of_that_time} are counted from OpenCode's own storage instead." if lost.found_messages else ""
    if lost.reason == SPOOL_FULL:
        reason = f"no exporter ran until the spool was full, so the oldest {whose} were removed. {recovered}".strip()
        return Finding("warn", "lost events", reason, "opencode-stats setup, so that an exporter runs")
    reason = f"plugins reported that {whose} could not be kept in the last week ({lost.reason}). {recovered}".strip()
    return Finding("warn", "lost events", reason, f"make room on the disk of {paths.spool}")


def _backlog(connection: sqlite3.Connection, paths: Paths) -> list[Finding]:
    cursors = read_cursors(connection)
    backlog_bytes = 0
    for path in paths.spool.glob(f"*{ENDING}"):
        try:
            size_bytes = path.lstat().st_size
        except FileNotFoundError:
            # Its process has ended, and an exporter was done with it just now.
            continue
        taken_bytes = cursors[path.name].offset_bytes if path.name in cursors else 0
        backlog_bytes += max(0, size_bytes - taken_bytes)
    if backlog_bytes <= BACKLOG_BYTES:
        return [Finding("ok", "spool", f"{_size(backlog_bytes)} are not taken in.")]
    return [Finding("warn", "spool", f"{_size(backlog_bytes)} are not taken in.", "opencode-stats import")]


def _size(size_bytes: int) -> str:
    return f"{size_bytes // 2**20} MiB" if size_bytes >= 2**20 else f"{size_bytes} bytes"


def _clock(connection: sqlite3.Connection, now_ms: int) -> Finding:
    return clock_finding(latest_instant_ms(connection), now_ms)
