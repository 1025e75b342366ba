"""One round of an exporter of the command's own, where no daemon is at work: what may go wrong, and Ctrl-C."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opencode_stats.cli.say import say
from opencode_stats.cli.surroundings import own_exporter
from opencode_stats.errors import LedgerError, UserError
from opencode_stats.host.files import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opencode_stats.daemon.exporter import Exporter
    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.bulk import Taken


@contextmanager
def exporter_alone(paths: Paths) -> Iterator[Exporter]:
    """An exporter for the block; what the disk or SQLite refuses in it becomes a sentence.

    Raises:
        LockHeld: another exporter is at work.
        UserError, LedgerError: it can't be done now.
    """
    from opencode_stats.cli.render.warned import sentence_of  # noqa: PLC0415
    from opencode_stats.host.logs import warnings_on_stderr  # noqa: PLC0415 - the slow half of the program
    from opencode_stats.ledger.connection import LedgerUnreadable, why_not  # noqa: PLC0415

    try:
        with warnings_on_stderr(sentence_of), own_exporter(paths, stays=False) as exporter:
            yield exporter
    except LedgerUnreadable as error:
        raise LedgerError(f"The ledger {paths.ledger} can't be used: {why_not(error, paths.ledger)}") from error
    except OSError as error:
        raise UserError(told(error)) from error


def take_in(exporter: Exporter, show: Callable[[int, int], None] | None = None) -> Taken:
    """Takes in all there is and publishes; gives what OpenCode's own files brought.

    ``show`` is told, source by source, how much of it is done and how much there is in all.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was taken in until then is kept, which was said.
        LedgerError: the ledger turned out to be damaged, and can't be made again.
        OSError, sqlite3.DatabaseError: as of ``exporter_alone``.
    """
    from opencode_stats.daemon.exporter import refresh  # noqa: PLC0415 - the slow half of the program

    try:
        with _interrupts() as stop_if_asked:

            def progress(done: int, whole: int) -> None:
                stop_if_asked()
                if show is not None:
                    show(done, whole)

            taken = refresh(exporter, progress)
            stop_if_asked()
            return taken
    except KeyboardInterrupt:
        say("\nWhat was taken in so far is kept; the next call goes on from there.", err=True)
        raise


@contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """Holds Ctrl-C back until what this gives is called, between two batches.

    Raised inside of a function that SQLite calls, an interrupt comes out as an error of the database: the ledger would
    be looked through for damage, or OpenCode's database be called unreadable, and the work would go on.
    """
    import signal  # noqa: PLC0415 - whoever reads a file needs none

    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))

    def stop_if_asked() -> None:
        if asked:
            raise KeyboardInterrupt

    try:
        yield stop_if_asked
    finally:
        signal.signal(signal.SIGINT, before)
