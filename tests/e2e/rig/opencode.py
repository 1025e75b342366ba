"""OpenCode's two faces without a terminal: ``opencode run`` and ``opencode serve``."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import TYPE_CHECKING

from tests.e2e.rig.client import Client
from tests.e2e.rig.processes import Done, Started, eventually, started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.e2e.rig.home import Home

_LISTENING = re.compile(r"listening on (http://\S+)")


def running(
    home: Home,
    prompt: str,
    *,
    directory: Path | None = None,
    options: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> contextlib.AbstractContextManager[Started]:
    """``opencode run PROMPT`` while the context lasts; ``before`` is a command that starts it."""
    folder = directory or home.project
    return started(
        [*before, str(home.program), "run", *options, prompt],
        directory=folder,
        environment=home.environment(folder, extra),
        logs=home.logs,
    )


def run(
    home: Home,
    prompt: str,
    *,
    directory: Path | None = None,
    options: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
    timeout_s: float = 90.0,
) -> Done:
    """``opencode run PROMPT`` to its end, whatever its exit code."""
    with running(home, prompt, directory=directory, options=options, extra=extra, before=before) as program:
        return program.wait(timeout_s)


class Server(Client):
    """A running ``opencode serve`` and a client of it."""

    def __init__(self, program: Started, url: str) -> None:
        super().__init__(url)
        self.program = program


@contextlib.contextmanager
def serving(home: Home, *, extra: Mapping[str, str] | None = None, timeout_s: float = 60.0) -> Iterator[Server]:
    """``opencode serve`` on a free port of loopback while the context lasts."""
    port = free_port()
    with started(
        [str(home.program), "serve", "--hostname", "127.0.0.1", "--port", str(port)],
        directory=home.project,
        environment=home.environment(home.project, extra),
        logs=home.logs,
    ) as program:

        def url() -> str | None:
            if not program.running:
                raise RuntimeError(f"opencode serve ended: {program.stdout}\n{program.stderr}")
            found = _LISTENING.search(program.stdout)
            return found.group(1) if found else None

        address = eventually(url, timeout_s=timeout_s, what="opencode serve to listen")
        assert address is not None
        yield Server(program, address)


def free_port() -> int:
    """A port of loopback that was free a moment ago: OpenCode takes 4096 where it is told none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
