"""The exporter's command line in a scratch home."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.rig.fetch import REPOSITORY
from tests.e2e.rig.processes import Done, Started, eventually, started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.e2e.rig.home import Home

FROM_THE_CHECKOUT: Final = (sys.executable, "-m", "opencode_stats")
"""The command as the tests run it: this interpreter, the sources of this checkout."""
PLUGIN: Final = REPOSITORY / "exporter" / "opencode_stats" / "install" / "opencode-stats.ts"


class Exporter:
    """``opencode-stats`` of one scratch home.

    Args:
        home: where it works.
        command: how to start it; an installed script will do as well.
    """

    def __init__(self, home: Home, command: Sequence[str] = FROM_THE_CHECKOUT) -> None:
        self.home = home
        self.command = tuple(command)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What it is started with: the scratch home's environment and this checkout's sources."""
        return self.home.environment(self.home.root, {"PYTHONPATH": str(REPOSITORY / "exporter"), **(extra or {})})

    def call(self, *arguments: str, timeout_s: float = 120.0) -> Done:
        """Run a command to its end, whatever its exit code."""
        with started(
            [*self.command, *arguments], directory=self.home.root, environment=self.environment(), logs=self.home.logs
        ) as program:
            return program.wait(timeout_s)

    def succeed(self, *arguments: str, timeout_s: float = 120.0) -> str:
        """Run a command; gives what it printed.

        Raises:
            RuntimeError: its exit code was not 0.
        """
        done = self.call(*arguments, timeout_s=timeout_s)
        if done.returncode:
            raise RuntimeError(f"opencode-stats {' '.join(arguments)}: {done}")
        return done.stdout

    def snapshot(self) -> dict[str, Any]:
        """``opencode-stats --json``: the published document, not older than the spool at this call."""
        document: dict[str, Any] = json.loads(self.succeed("--json"))
        return document

    def doctor(self) -> dict[str, list[str]]:
        """What ``opencode-stats doctor`` finds wrong: subject → reasons."""
        wrong: dict[str, list[str]] = {}
        for finding in json.loads(self.call("doctor", "--json").stdout)["findings"]:
            if finding["verdict"] != "ok":
                wrong.setdefault(finding["about"], []).append(finding["reason"])
        return wrong

    @contextlib.contextmanager
    def daemon(self) -> Iterator[Started]:
        """``opencode-stats daemon``, ready as it tells systemd that it is, while the context lasts."""
        address = self.home.root / "runtime" / "notify"
        with contextlib.ExitStack() as stack:
            ready = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            ready.bind(str(address))
            stack.callback(os.unlink, address)
            daemon = stack.enter_context(
                started(
                    [*self.command, "daemon"],
                    directory=self.home.root,
                    environment=self.environment({"NOTIFY_SOCKET": str(address)}),
                    logs=self.home.logs,
                )
            )
            ready.settimeout(0)
            eventually(lambda: _is_ready(ready, daemon), what="the daemon to be ready")
            yield daemon


def _is_ready(ready: socket.socket, daemon: Started) -> bool:
    if not daemon.running:
        raise RuntimeError(f"the daemon ended: {daemon.stdout}\n{daemon.stderr}")
    try:
        return b"READY=1" in ready.recv(4096).split(b"\n")
    except BlockingIOError:
        return False


def published(home: Home) -> dict[str, Any]:
    """stats.json as a reader finds it."""
    document: dict[str, Any] = json.loads(home.stats_file.read_text())
    return document


def copy_plugin(folder: Path) -> Path:
    """Put a copy of the plugin into ``folder/plugins``, without setup and without a record; gives its place."""
    plugins = folder / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(PLUGIN, plugins))
