"""What every installed copy has to do, however it came there."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.e2e_setup.manager import eventually
from tests.support.old_ledgers import TOKENS, story

from opencode_stats import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.packages.rig.machine import Machine

STATE: Final = ".local/state/opencode-stats"
LEDGER: Final = ".local/share/opencode-stats/ledger.db"
NEW_VERSION: Final = 75
"""With this a supervised daemon ends under which another version was installed."""
_PATIENCE_S: Final = 200.0


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon of the older version, at work."""

    process: subprocess.Popen[bytes]

    def ends(self) -> int:
        """Waits for its end, and gives the exit code."""
        return self.process.wait(_PATIENCE_S)


@contextmanager
def supervised_daemon(machine: Machine) -> Iterator[Daemon]:
    """A daemon as the service has it, but that it looks around often, for the block; it has published the story."""
    # What a command published before is not the daemon's, which may not even have read its own program by then.
    _published_file(machine).unlink(missing_ok=True)
    command = machine.command("opencode-stats", "daemon", "--supervised", "--scan", "0.5")
    with subprocess.Popen(
        command, env=machine.environment(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            eventually(lambda: _published(machine) == TOKENS, timeout_s=_PATIENCE_S, what="the daemon's figures")
            yield Daemon(process)
        finally:
            process.kill()


def write_spool(machine: Machine) -> None:
    """Puts in place what OpenCode's plugin would have written of the story of the old ledgers."""
    for script in story():
        machine.gives(script.content, f"{STATE}/spool/{script.file_name}")


def total(machine: Machine) -> int:
    """All tokens, as the command line has them after taking in the spool."""
    return int(json.loads(machine.does("opencode-stats", "--json"))["total"]["totalTokens"])


def assert_as_new(machine: Machine) -> None:
    """It is this version, and has every figure that the older one had."""
    assert machine.does("opencode-stats", "--version") == f"opencode-stats, version {__version__}\n"
    assert total(machine) == TOKENS
    machine.does("opencode-stats", "verify")


def assert_can_be_used(machine: Machine, program: str, notifications: str) -> None:
    """Set up, it counts, doctor finds nothing but that there is no OpenCode, and it can be taken out again.

    ``program`` is what OpenCode is told to start, ``notifications`` why nobody shows them on such a machine.
    """
    told = machine.does("opencode-stats", "setup", "--yes")
    assert "This will be done:" in told
    assert "Set up. The plugin starts the exporter together with OpenCode." in told
    assert "Everything is set up already; nothing to do." in machine.does("opencode-stats", "setup", "--yes")
    record = json.loads((machine.home / ".config/opencode/plugins/opencode-stats.json").read_text("utf-8"))
    assert program in record["autostart"]
    write_spool(machine)
    assert total(machine) == TOKENS
    assert f"{TOKENS:,}" in machine.does("opencode-stats")
    assert {each["about"] for each in findings(machine) if each["verdict"] != "ok"} == {"OpenCode"}
    assert about_notifications(machine) == f"nobody shows them: {notifications}."
    machine.does("opencode-stats", "verify")


def findings(machine: Machine) -> list[dict[str, str]]:
    """What doctor finds."""
    found: list[dict[str, str]] = json.loads(machine.tries("opencode-stats", "doctor", "--json").out)["findings"]
    return found


def about_notifications(machine: Machine) -> str:
    """What doctor says of them."""
    (reason,) = [each["reason"] for each in findings(machine) if each["code"] == "notifications"]
    return reason


def _published_file(machine: Machine) -> Path:
    return machine.home / ".local/share/opencode/stats.json"


def _published(machine: Machine) -> int:
    try:
        document = json.loads(_published_file(machine).read_text("utf-8"))
    except FileNotFoundError:
        return -1
    return int(document["total"]["totalTokens"])
