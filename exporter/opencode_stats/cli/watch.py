"""``opencode-stats watch``: the live view, full-screen."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from opencode_stats.cli.now import bring_up_to_date
from opencode_stats.cli.published import FOREIGN, read_published, stranger
from opencode_stats.cli.render.choice import Choice, pressed
from opencode_stats.cli.render.live import View, models_of, screen
from opencode_stats.cli.render.rate import Rate
from opencode_stats.cli.render.text import plain
from opencode_stats.cli.surroundings import places
from opencode_stats.errors import LedgerError, UserError
from opencode_stats.host.changes import changes_of
from opencode_stats.host.lock import is_held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opencode_stats.cli.render.figures import Reading
    from opencode_stats.cli.terminal import Terminal
    from opencode_stats.host.changes import Changes
    from opencode_stats.host.paths import Paths

_TICK_S: Final = 1.0
"""Ages and the rate grow by themselves."""
_LEAST_FRAME_S: Final = 0.05
"""More changes than twenty a second are no more than a blur."""
_NONE_YET: Final = "There are no figures yet. They appear here as soon as the exporter has some: opencode-stats setup."
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_WAKING: Final = (*_ENDS, signal.SIGINT, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


@click.command(short_help="Runs, models and rate, live and full-screen.")
def command() -> None:
    """Watch what OpenCode spends: runs, models, rate and what waits for you, live.

    \b
    Keys: q quits, ? shows all of them.
    Colours are left out where NO_COLOR is set.
    For scripts and bars: opencode-stats statusline --follow.

    \b
    Example:
      opencode-stats watch
    """
    paths = places()
    try:
        from opencode_stats.cli.terminal import Terminal  # noqa: PLC0415 - help needs no curses
    except ImportError as error:
        raise UserError("This Python has no curses, which watch needs. Install the package that brings it.") from error

    coloured = not os.environ.get("NO_COLOR")  # noqa: TID251 - https://no-color.org
    note = ""
    terminal: Terminal | None = None
    with _signals() as signals:
        try:
            terminal = Terminal(coloured=coloured)
            if not is_held(paths.lock):
                # Where nobody keeps the figures they are made right once, as opencode-stats itself does.
                try:
                    bring_up_to_date(paths, wait=False)
                except (UserError, LedgerError) as error:
                    note = plain(str(error))
            ended_by = _Watch(paths, terminal, signals, note).run()
        finally:
            if terminal is not None:
                terminal.close()
    if ended_by is not None:
        # Who waits for us is told by what we were ended.
        signal.signal(ended_by, signal.SIG_DFL)
        os.kill(os.getpid(), ended_by)


class _Watch:
    """The loop: wait for a change, a key, a signal or a second to pass, and draw."""

    def __init__(self, paths: Paths, terminal: Terminal, signals: int, note: str) -> None:
        self._paths = paths
        self._terminal = terminal
        self._signals = signals
        self._standing_note = note
        self._note = note
        self._choice = Choice()
        self._rate = Rate(time.monotonic())
        self._reading: Reading | None = None
        self._changes: Changes = changes_of(paths.stats_file)

    def run(self) -> signal.Signals | None:
        """Until somebody quits; gives the signal that ended it, None where that was a key."""
        try:
            while not self._choice.quit:
                began_s = time.monotonic()
                if not self._choice.paused:
                    self._look()
                try:
                    self._draw()
                except OSError as error:
                    if error.errno != errno.EIO:
                        raise
                    # The terminal is gone (tty_ioctl(4)), and its SIGHUP is on its way.
                    return signal.SIGHUP
                ended_by = self._wait()
                if ended_by is not None:
                    return None if ended_by is signal.SIGINT else ended_by
                # A burst of changes is drawn as one.
                left_s = _LEAST_FRAME_S - (time.monotonic() - began_s)
                if left_s > 0:
                    time.sleep(left_s)
        finally:
            self._changes.close()
        return None

    def _look(self) -> None:
        self._changes.settle()
        self._note = self._standing_note
        try:
            self._reading = read_published(self._paths, time.time_ns() // 1_000_000)
            if self._reading is None:
                self._note = self._note or _NONE_YET
            else:
                if self._reading.daemon_pid:
                    # What could not be done at the beginning is an exporter's to do now.
                    self._standing_note = self._note = ""
                self._rate.see(self._reading.document, time.monotonic())
        except UserError as error:
            self._reading, self._note = None, plain(str(error))
        except FOREIGN:
            self._reading, self._note = None, plain(str(stranger(self._paths)))

    def _draw(self) -> None:
        view = View(self._reading, self._note, self._rate, time.monotonic(), self._choice)
        rows, columns = self._terminal.size
        try:
            lines = screen(view, rows, columns)
        except FOREIGN:
            without = View(None, plain(str(stranger(self._paths))), self._rate, view.at_s, self._choice)
            lines = screen(without, rows, columns)
        self._terminal.draw(lines)

    def _wait(self) -> signal.Signals | None:
        """Waits until there is a reason to draw; gives the signal that is a reason to end."""
        poll = select.poll()
        poll.register(sys.stdin.fileno(), select.POLLIN)
        poll.register(self._signals, select.POLLIN)
        if self._changes.descriptor is not None and not self._choice.paused:
            poll.register(self._changes.descriptor, select.POLLIN)
        told = dict(poll.poll(None if self._choice.paused else _TICK_S * 1000))
        if self._signals in told:
            for number in os.read(self._signals, 64):
                if number in (*_ENDS, signal.SIGINT):
                    return signal.Signals(number)
                if number == signal.SIGWINCH:
                    self._terminal.resized()
                if number == signal.SIGTSTP:
                    self._terminal.suspend()
                if number == signal.SIGCONT:
                    self._terminal.resumed()
        if told.get(sys.stdin.fileno(), 0) & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
            return signal.SIGHUP
        self._take_keys()
        return None

    def _take_keys(self) -> None:
        for key in self._terminal.pressed():
            try:
                models = len(models_of(self._reading.document, self._choice)) if self._reading else 0
            except FOREIGN:
                models = 0
            self._choice = pressed(self._choice, key, models)


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """A descriptor on which every signal that concerns us is one byte, its number; none of them ends us by itself."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    before = {number: signal.signal(number, _noted) for number in _WAKING}
    awoken = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    try:
        yield told
    finally:
        signal.set_wakeup_fd(awoken)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(told)
        os.close(tell)


def _noted(number: int, frame: object) -> None:
    """Nothing: the number is in the pipe."""
    del number, frame
