"""``opencode-stats``: the current figures. With a daemon at work this reads one file and prints it."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from opencode_stats.cli.published import FOREIGN, parsed, stranger
from opencode_stats.cli.render.figures import Reading, figures
from opencode_stats.cli.surroundings import places
from opencode_stats.contract.stats_document import quietened
from opencode_stats.errors import LedgerError, LockHeld, OpencodeStatsError, UserError
from opencode_stats.host.files import read_plain
from opencode_stats.host.lock import holder_of, is_held

if TYPE_CHECKING:
    from opencode_stats.host.paths import Paths

PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.05
"""Between two looks at a lock that another command holds for a moment."""


def print_now(*, as_json: bool) -> None:
    """Prints the figures, as people read them or as the file has them.

    Raises:
        UserError, LedgerError: there are no figures; or what is there was printed, and could not be brought up to date.
    """
    paths = places()
    trouble = _trouble(paths, wait=as_json)
    try:
        content = read_plain(paths.stats_file)
    except OSError as error:
        if trouble is not None:
            raise trouble from error
        raise UserError(f"There are no figures: {paths.stats_file}: {error.strerror}.") from error
    if as_json:
        parsed(paths, content)
        # Of ours this changes no byte; somebody else's may have what a terminal obeys.
        sys.stdout.buffer.write(quietened(content.decode()).encode())
        sys.stdout.flush()
    else:
        click.echo(_page(paths, content, current=trouble is None))
    if trouble is not None:
        raise _as_told(trouble, f"These figures could not be brought up to date. {trouble}") from trouble


def bring_up_to_date(paths: Paths, *, wait: bool, note: str = "") -> None:
    """Takes in the spool and publishes, or has the daemon do it.

    A daemon is always up to date to some milliseconds, so it is asked only where ``wait`` demands certainty.
    ``note`` is said after what went wrong.

    Raises:
        LockHeld: another exporter is at work and does not answer.
        UserError, LedgerError: it can't be done now.
    """
    trouble = _trouble(paths, wait=wait)
    if trouble is not None:
        raise _as_told(trouble, f"{trouble} {note}".rstrip()) from trouble


def left_behind(paths: Paths, *, wait: bool) -> OpencodeStatsError | None:
    """As ``bring_up_to_date``, for who can show what is there: what has to be told after that, or None.

    Raises:
        LedgerError: nobody can vouch for what is there.
    """
    trouble = _trouble(paths, wait=wait)
    if trouble is None:
        return None
    if isinstance(trouble, LedgerError):
        raise trouble
    return _as_told(trouble, f"These figures could not be brought up to date. {trouble}")


def _as_told(trouble: OpencodeStatsError, sentence: str) -> OpencodeStatsError:
    """The same trouble, with its exit code, in other words."""
    if isinstance(trouble, LockHeld):
        return LockHeld(sentence, trouble.holder_pid)
    return LedgerError(sentence) if isinstance(trouble, LedgerError) else UserError(sentence)


def _trouble(paths: Paths, *, wait: bool) -> OpencodeStatsError | None:
    """As ``bring_up_to_date``, but gives what went wrong."""
    from opencode_stats.host.control import TAKE_IN, ask  # noqa: PLC0415 - socket is not needed to read a file

    give_up_s = time.monotonic() + PATIENCE_S
    while (left_s := give_up_s - time.monotonic()) > 0:
        if is_held(paths.lock):
            if not wait and paths.stats_file.exists():
                return None
            if ask(paths.control, TAKE_IN, left_s):
                return None
            # No daemon that answers: one that comes or goes, or a command that soon is done.
            time.sleep(_PAUSE_S)
            continue
        try:
            _take_in(paths)
        except LockHeld:
            continue
        except OpencodeStatsError as error:
            return error
        return None
    pid = holder_of(paths.lock)
    if not pid:
        held = f"The lock {paths.lock} has been held for {PATIENCE_S:.0f} s by a program that does not answer."
        return LockHeld(f"{held} fuser -v {shlex.quote(str(paths.lock))} names it; end it, then try again.", 0)
    return LockHeld(
        f"Another opencode-stats (pid {pid}) has been at work for {PATIENCE_S:.0f} s and does not answer. "
        f"Its log, or opencode-stats doctor, may say why; after kill {pid}, try again.",
        pid,
    )


def _take_in(paths: Paths) -> None:
    from opencode_stats.cli.own_round import exporter_alone, take_in  # noqa: PLC0415 - not needed to read a file

    with exporter_alone(paths) as exporter:
        take_in(exporter)


def _page(paths: Paths, content: bytes, *, current: bool) -> str:
    document = parsed(paths, content)
    daemon_pid = holder_of(paths.lock) if is_held(paths.lock) else 0
    reading = Reading(document, time.time_ns() // 1_000_000, daemon_pid, current)
    try:
        return figures(reading, shutil.get_terminal_size().columns)
    except FOREIGN as error:
        raise stranger(paths) from error
