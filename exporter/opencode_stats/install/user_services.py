"""systemd's user manager. Every call of ``systemctl`` goes through one function, which tests replace."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from opencode_stats.install.service import SYSTEMD, UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from opencode_stats.install.service import ServiceKind

QUICK_S: Final = 15.0
START_S: Final = 150.0
"""Longer than the unit's own TimeoutStartSec, so that systemd gives up first and says why."""
NOT_FOUND: Final = 127


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it said on its two streams."""

    code: int
    out: str = ""
    err: str = ""


class Runner(Protocol):
    """Runs one command to its end."""

    def __call__(self, command: Sequence[str], *, timeout_s: float) -> Outcome:
        """Never raises: what can't be run ends with 127, what takes too long with 124, as in a shell."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """``reachable``: a user manager answers; the others are about our service."""

    reachable: bool
    enabled: bool = False
    active: bool = False


def real_runner(env: Mapping[str, str], uid: int, runtime_folders: str = "/run/user") -> Runner:
    """Runs commands in the user's environment.

    After ``su`` or in a cron job ``XDG_RUNTIME_DIR`` is unset although the user's manager runs; it is where
    pam_systemd(8) puts it.
    """
    full = dict(env)
    runtime = f"{runtime_folders}/{uid}"
    if not full.get("XDG_RUNTIME_DIR") and os.path.isdir(f"{runtime}/systemd"):
        full["XDG_RUNTIME_DIR"] = runtime

    def run(command: Sequence[str], *, timeout_s: float) -> Outcome:
        try:
            done = subprocess.run(  # noqa: S603 - the commands are this package's own
                command,
                env=full,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(124, err=f"no answer within {timeout_s:g} s")
        except OSError as error:
            return Outcome(NOT_FOUND, err=f"{command[0]}: {error.strerror}")
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


class Services(Protocol):
    """Our service in the user's service manager, whichever that is."""

    kind: ServiceKind

    def state(self) -> ServiceState:
        """How things are; changes nothing."""

    def start(self, file: Path) -> Outcome:
        """Reads the service's file, has it start with every login, and (re)starts it."""

    def stop(self) -> Outcome:
        """Stops the service and has it start no more; fine where it does not exist."""

    def reload(self) -> None:
        """Has the manager look at the files again."""


class UserServices:
    """Our service in systemd's user manager."""

    kind = SYSTEMD

    def __init__(self, run: Runner) -> None:
        self._run = run

    def state(self) -> ServiceState:
        """How things are; changes nothing."""
        if self._ctl("show", "--property=Version", "--value").code != 0:
            return ServiceState(reachable=False)
        return ServiceState(
            reachable=True,
            enabled=self._ctl("is-enabled", "--quiet", UNIT).code == 0,
            active=self._ctl("is-active", "--quiet", UNIT).code == 0,
        )

    def start(self, file: Path) -> Outcome:
        """Reads the unit, has it start with every login, and (re)starts it; comes back when it is ready.

        The whole path is given: where the manager sees another ``XDG_CONFIG_HOME`` than we do, it links the unit.
        """
        for step in (("daemon-reload",), ("reset-failed", UNIT), ("enable", "--quiet", str(file)), ("restart", UNIT)):
            done = self._ctl(*step, timeout_s=START_S)
            # reset-failed fails where the unit was never loaded; it only clears the counter of too many starts.
            if done.code != 0 and step[0] != "reset-failed":
                return done
        return Outcome(0)

    def stop(self) -> Outcome:
        """Stops the service and has it start no more; fine where it does not exist."""
        stopped = self._ctl("disable", "--quiet", "--now", UNIT, timeout_s=START_S)
        gone = self._ctl("is-active", "--quiet", UNIT).code != 0
        return Outcome(0) if gone else stopped

    def reload(self) -> None:
        """Has the manager look at the unit files again."""
        self._ctl("daemon-reload")

    def _ctl(self, *arguments: str, timeout_s: float = QUICK_S) -> Outcome:
        return self._run(("systemctl", "--user", "--no-pager", *arguments), timeout_s=timeout_s)
