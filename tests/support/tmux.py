"""A real tmux server with panes in it and clients attached to it, each on a pseudo-terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import termios
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 20.0


@dataclass(frozen=True)
class TmuxServer:
    """The server at a socket; its ``program`` is what is found in this machine's PATH."""

    program: str
    socket: Path

    def ask(self, *words: str) -> str:
        command = [self.program, "-S", str(self.socket), "-f", "/dev/null", *words]
        env = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], "SECRET": "hunter2"}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=True).stdout.strip()

    @property
    def pid(self) -> int:
        return int(self.ask("display-message", "-p", "#{pid}"))

    def session(self, name: str, command: str = "exec cat") -> int:
        """A new session with one pane; gives the pid of the process in it, which has become its program by then."""
        pid = int(self.ask("new-session", "-d", "-s", name, "-P", "-F", "#{pane_pid}", command))
        _await(lambda: b"TMUX_PANE=" in Path(f"/proc/{pid}/environ").read_bytes())
        return pid

    @contextmanager
    def client(self, session: str) -> Iterator[int]:
        """A client of the session; gives its pid."""
        known = self.clients()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [self.program, "-S", str(self.socket), "attach-session", "-t", f"={session}"]
        env = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}
        with subprocess.Popen(
            command, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        ) as process:
            os.close(slave)
            reader = threading.Thread(target=_drain, args=(master,))
            reader.start()
            try:
                _await(lambda: self.clients() - known)
                yield process.pid
            finally:
                process.kill()
                process.wait()
                reader.join()
                os.close(master)

    def clients(self) -> set[int]:
        return set(map(int, self.ask("list-clients", "-F", "#{client_pid}").split()))


@contextmanager
def tmux_server(folder: Path) -> Iterator[TmuxServer]:
    """A server of its own, with one session that only keeps it alive; where tmux is missing the test is left out."""
    program = shutil.which("tmux")
    if program is None:
        pytest.skip("no tmux")
    server = TmuxServer(program, folder / "a, socket")
    server.session("keeper")
    try:
        yield server
    finally:
        server.ask("kill-server")


def _await(seen: Callable[[], object]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < give_up_s, "tmux never came so far"
        time.sleep(0.01)


def _drain(descriptor: int) -> None:
    """Reads what a client paints, so that it never waits for us."""
    try:
        while os.read(descriptor, 4096):
            pass
    except OSError:
        # A pseudo-terminal whose other end is closed gives EIO (tty_ioctl(4)): the client has ended.
        return
