"""What a user should know about the figures, from what the ledger and the plugins reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.stats import Health, Problem
from opencode_stats.daemon.losses import read_markers
from opencode_stats.ingest.quarantine import any_file
from opencode_stats.ledger.queries import lost_lines, quarantined
from opencode_stats.ledger.recoveries import recoveries, sentence_of
from opencode_stats.ledger.sources import rejected_rows
from opencode_stats.ledger.transactions import log_bytes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

STORAGE: Final = "storage"
"""The folder in OpenCode's data folder in which it kept JSON files before 1.2."""
RECENT_MS: Final = 7 * 24 * 60 * 60 * 1000
"""A problem of last week still colours the figures; an older one is history, which ``doctor`` tells."""
MOST_FILES_NAMED: Final = 3
LONG_LOG_BYTES: Final = 64 * 1024 * 1024
"""An import writes a quarter of this at once; only a reader that stays for hours lets SQLite's log grow so long."""


def health_of(
    connection: sqlite3.Connection,
    quarantine: Path,
    loss_folders: Sequence[Path],
    unread: Mapping[Path, str],
    troubles: Mapping[str, str],
    *,
    now_ms: int,
    setbacks: Iterable[Problem] = (),
) -> Health:
    """Whether the figures are vouched for, with a sentence for each reason why not.

    ``quarantine`` is the folder of bad lines, ``loss_folders`` are those in which plugins leave their markers
    (``losses.marker_folders``); ``unread`` names what of OpenCode's own could not be read, its databases and its folder
    of JSON files, ``troubles`` the spool files, each with why; ``setbacks`` are what the daemon went through.
    """
    since_ms = now_ms - RECENT_MS
    problems = []
    # Whoever looked at the lines and removed them needs to be told no more.
    bad = 0 if not any_file(quarantine) else sum(lines for _, lines in quarantined(connection, since_ms))
    if bad:
        problems.append(Problem("quarantine", f"{_counted(bad, 'unreadable spool line')} came into quarantine."))
    lost = lost_lines(connection, since_ms)
    if lost:
        recovered = "" if unread else " What OpenCode's own storage still has of them is counted from there."
        problems.append(Problem("lost", f"OpenCode's plugin could not keep {_counted(lost, 'event')}.{recovered}"))
    holding = [marker for marker in read_markers(loss_folders) if marker.changed_ms >= since_ms]
    if holding:
        who = f"{len(holding)} OpenCode process{'es' if len(holding) > 1 else ''}"
        events = _counted(sum(marker.lines or 1 for marker in holding), "event")
        problems.append(Problem("holding", f"{who} could not write {events} to the spool."))
    problems += _spool_files(troubles)
    problems += [_unread(path, reason) for path, reason in unread.items()]
    rejected = rejected_rows(connection, since_ms)
    if rejected:
        who = f"{_counted(rejected, 'message')} in OpenCode's database {'make' if rejected > 1 else 'makes'} no sense"
        problems.append(Problem("opencode-database", f"{who} and {'are' if rejected > 1 else 'is'} not counted."))
    problems += [
        Problem("ledger", sentence_of(one))
        for one in recoveries(connection)
        if one.finished_ms is None or one.at_ms >= since_ms
    ]
    log = log_bytes(connection)
    if log > LONG_LOG_BYTES:
        problems.append(
            Problem("ledger-reader", f"A program keeps reading the ledger, whose log has grown to {log // 2**20} MiB.")
        )
    problems += setbacks
    return Health("degraded" if problems else "ok", tuple(problems))


def _spool_files(troubles: Mapping[str, str]) -> list[Problem]:
    """One sentence for each, and from so many on one for all: a disk that fails may spoil ten thousand."""
    told = list(troubles.items())
    if len(told) <= MOST_FILES_NAMED:
        return [Problem("spool-file", f"The spool file {name} could not be read: {reason}.") for name, reason in told]
    name, reason = told[0]
    return [Problem("spool-file", f"{len(told)} spool files could not be read; the first, {name}: {reason}.")]


def settings_problems(trouble: str) -> tuple[Problem, ...]:
    """What is wrong with the user's settings, if anything is."""
    return (Problem("settings", f"{trouble} Until it is mended, what was set before holds."),) if trouble else ()


def _unread(path: Path, reason: str) -> Problem:
    if path.name == STORAGE:
        return Problem("opencode-storage", f"OpenCode's old JSON files could not be read: {reason}")
    return Problem("opencode-database", f"{path.name}, OpenCode's database, could not be read: {reason}")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
