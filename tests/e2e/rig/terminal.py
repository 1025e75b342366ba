"""OpenCode's TUI on a pseudo-terminal: keys go in, what it draws comes out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.rig.home import Home

ENTER: Final = "\r"
ESCAPE: Final = "\x1b"
CONTROL_C: Final = "\x03"
_ROWS, _COLUMNS = 40, 120
_LAUNCHER: Final = Path(__file__).with_name("on_terminal.py")
_CONTROLS: Final = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_][^\x1b]*\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")
_KEY_S: Final = 0.01
"""Between two keys: faster than a typist, slow enough not to be taken for a paste."""
_END_S: Final = 10.0


class Terminal:
    """A running TUI."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self._drawn = bytearray()
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The TUI's process id; its plugins run in a thread of it."""
        return self.process.pid

    @property
    def text(self) -> str:
        """All it drew so far without the control sequences; what it draws over stays."""
        with self._lock:
            return _CONTROLS.sub("", self._drawn.decode(errors="replace"))

    def wait_for(self, text: str, *, timeout_s: float = 30.0) -> None:
        """Wait until it has drawn this text, spaces aside: it moves the cursor over those."""
        wanted = text.replace(" ", "")
        eventually(lambda: wanted in self.text.replace(" ", ""), timeout_s=timeout_s, what=f"{text!r} on the terminal")

    def press(self, keys: str) -> None:
        """Type these keys."""
        for key in keys:
            os.write(self._master, key.encode())
            time.sleep(_KEY_S)

    def wait_end(self, timeout_s: float = _END_S) -> int:
        """Wait until it ended; gives its exit code."""
        return self.process.wait(timeout_s)

    def close(self) -> None:
        """End it: SIGHUP as a closed window sends it, then SIGKILL for its whole session."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_END_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(_END_S)
        os.close(self._master)

    def _read(self) -> None:
        while True:
            readable, _, _ = select.select([self._master], [], [], 0.2)
            if not readable:
                if self.process.poll() is not None:
                    return
                continue
            try:
                drawn = os.read(self._master, 65_536)
            except OSError:
                return  # EIO: the last process on the terminal closed it
            with self._lock:
                self._drawn += drawn


@contextlib.contextmanager
def terminal(
    home: Home, *, directory: Path | None = None, extra: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """The TUI in this directory while the context lasts, on a terminal of 120 columns and 40 rows."""
    folder = directory or home.project
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    try:
        process = subprocess.Popen(
            [sys.executable, str(_LAUNCHER), str(home.program)],
            cwd=folder,
            env=home.environment(folder, extra),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
    finally:
        os.close(slave)
    screen = Terminal(process, master)
    try:
        yield screen
    finally:
        screen.close()
