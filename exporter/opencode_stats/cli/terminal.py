"""A whole terminal to draw on: a thin shell around curses, and its undoing whatever happens."""

from __future__ import annotations

import contextlib
import curses
import locale
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.render.text import width
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opencode_stats.cli.render.styled import Line, Style

_BEGIN_FRAME: Final = b"\x1b[?2026h"
_END_FRAME: Final = b"\x1b[?2026l"
"""Synchronized output: terminals that know it show a frame at once, others ignore it."""
_ESCAPE_MS: Final = 25
_KNOWN_EVERYWHERE: Final = ("xterm-256color", "xterm", "vt100")
"""What is tried where the terminal has a name that this machine does not know."""
_KEYS: Final = {
    curses.KEY_LEFT: "left",
    curses.KEY_RIGHT: "right",
    curses.KEY_UP: "up",
    curses.KEY_DOWN: "down",
    curses.KEY_BTAB: "back",
    ord("\t"): "tab",
    27: "escape",
}
_COLOURS: Final[dict[Style, int]] = {
    "good": curses.COLOR_GREEN,
    "alert": curses.COLOR_YELLOW,
    "accent": curses.COLOR_CYAN,
}
_ATTRIBUTES: Final[dict[Style, int]] = {"bold": curses.A_BOLD, "dim": curses.A_DIM, "alert": curses.A_BOLD}
_ASCII: Final = {
    **{ord(char): like for char, like in zip("▁▂▃▄▅▆▇█━╸", "_.-:=+*#=-", strict=True)},
    **{ord(char): like for char, like in zip("●○▸…→←↑↓", "*o>~><^v", strict=True)},
}
"""Each takes one column, and so does what stands for it."""


def in_ascii(text: str) -> str:
    """The text in characters that every terminal has, each in as many columns: what is behind it stands in line."""
    return "".join(char if char.isascii() else "?" * width(char) for char in text.translate(_ASCII))


class Terminal:
    """The terminal at standard input and output; ``coloured`` is whether it is shown colours.

    Raises:
        UserError: it can't be drawn on.
    """

    def __init__(self, *, coloured: bool) -> None:
        _know_the_terminal()
        self._translated = locale.nl_langinfo(locale.CODESET).upper().replace("-", "") != "UTF8"
        self._shown: list[Line] = []
        # What Python has not written yet must not come later, into our picture.
        sys.stdout.flush()
        self._window = curses.initscr()
        try:
            curses.set_escdelay(_ESCAPE_MS)
            curses.noecho()
            curses.cbreak()
            self._window.keypad(True)
            self._window.nodelay(True)
            self._window.leaveok(True)
            self._styles = self._attributes(coloured=coloured)
            self._hide_the_cursor()
        except BaseException:
            curses.endwin()
            raise

    def _hide_the_cursor(self) -> None:
        # A terminal that can't hide it shows it.
        with contextlib.suppress(curses.error):
            curses.curs_set(0)

    def _attributes(self, *, coloured: bool) -> dict[Style, int]:
        found = dict(_ATTRIBUTES)
        if coloured and curses.has_colors():
            curses.start_color()
            background = -1
            try:
                curses.use_default_colors()
            except curses.error:
                # This terminal can't say "as it was".
                background = curses.COLOR_BLACK
            for number, (style, colour) in enumerate(_COLOURS.items(), 1):
                curses.init_pair(number, colour, background)
                found[style] = found.get(style, 0) | curses.color_pair(number)
        return found

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns, of these one less than there are: a terminal may scroll when its last cell is written."""
        rows, columns = self._window.getmaxyx()
        return rows, max(1, columns - 1)

    def draw(self, lines: Sequence[Line]) -> None:
        """Shows these lines, from the top; only what is another line than before is sent."""
        rows, _ = self._window.getmaxyx()
        wanted = [*lines[:rows], *([()] * (rows - len(lines)))]
        changed = [row for row, line in enumerate(wanted) if row >= len(self._shown) or self._shown[row] != line]
        if not changed:
            return
        for row in changed:
            self._write(row, wanted[row])
        self._shown = wanted
        os.write(sys.stdout.fileno(), _BEGIN_FRAME)
        self._window.refresh()
        os.write(sys.stdout.fileno(), _END_FRAME)

    def _write(self, row: int, line: Line) -> None:
        # The terminal may have become smaller since its size was asked for: what is outside of it is not drawn.
        with contextlib.suppress(curses.error):
            self._window.move(row, 0)
            self._window.clrtoeol()
            for style, text in line:
                self._window.addstr(self._as_it_can_be_shown(text), self._styles.get(style, 0))

    def _as_it_can_be_shown(self, text: str) -> str:
        if not self._translated:
            return text
        return in_ascii(text)

    def pressed(self) -> Iterator[str]:
        """The keys that have been pressed: a character, or a name as ``render.choice`` has them."""
        while (code := self._window.getch()) != -1:
            if code in _KEYS:
                yield _KEYS[code]
            elif 32 <= code < 127:  # noqa: PLR2004 - what ASCII prints
                yield chr(code)

    def resized(self) -> None:
        """Takes the terminal's new size; everything is drawn anew."""
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        curses.resizeterm(max(1, rows), max(1, columns))
        self._draw_anew()

    def suspend(self) -> None:
        """Gives the terminal back and stops, as Ctrl-Z asks for; comes back when the shell says so.

        Not SIGSTOP: where no shell is there to say so, SIGTSTP does nothing (setpgid(2), orphaned process groups).
        """
        self._give_back()
        before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, before)
        self._window.refresh()
        self.resumed()

    def resumed(self) -> None:
        """Takes the terminal again after we were stopped, by whomever, and what a shell may have done to it."""
        curses.reset_prog_mode()
        self._hide_the_cursor()
        self.resized()

    def _draw_anew(self) -> None:
        self._shown = []
        self._window.clear()

    def close(self) -> None:
        """Gives the terminal back as it was."""
        self._give_back()

    def _give_back(self) -> None:
        with contextlib.suppress(curses.error):
            curses.curs_set(1)
        # A terminal that is gone can't be given back.
        with contextlib.suppress(curses.error):
            curses.endwin()


def _know_the_terminal() -> None:
    """Sees that curses knows what the terminal understands; ``initscr`` would end the process where it does not.

    Raises:
        UserError: there is none, or it can't move its cursor.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "watch needs a terminal. A line at every change is printed by opencode-stats statusline --follow, "
            "everything once by opencode-stats --json."
        )
    name = os.environ.get("TERM", "")  # noqa: TID251 - a terminal's name is in the environment
    for known in (name, *_KNOWN_EVERYWHERE):
        try:
            curses.setupterm(known, sys.stdout.fileno())
        except curses.error:
            continue
        if curses.tigetstr("cup") is None:
            raise UserError(f"The terminal {known!r} can't move its cursor, which watch needs.")
        os.environ["TERM"] = known  # noqa: TID251 - initscr reads it there
        return
    raise UserError(f"The terminal {name!r} is not known on this machine. Set TERM to one that is, xterm for example.")
