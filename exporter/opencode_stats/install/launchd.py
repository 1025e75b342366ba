"""launchd, which starts programs on macOS: its file for the exporter, and what is asked of ``launchctl``.

Never run on a Mac: written after launchd.plist(5) and launchctl(1), and tested with a ``launchctl`` of the tests.
"""

from __future__ import annotations

import plistlib
import re
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UserError
from opencode_stats.install.service import ServiceKind
from opencode_stats.install.user_services import QUICK_S, START_S, Outcome, ServiceState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.user_services import Runner

LABEL: Final = "io.github.opencode-stats"
_FIRST_WORDS: Final = "<!-- Written by `opencode-stats setup`"
_WITHIN_BYTES: Final = 400
_AFTER_THIS: Final = '.dtd">\n'
_RUNS: Final = re.compile(r"^\s*state = running$", re.MULTILINE)
_PAUSE_S: Final = 30
"""launchd starts what ended badly again, whatever its exit code: also while another exporter is at work."""
_UMASK: Final = 0o077


def agent_text(command: Sequence[str], environment: Mapping[str, str], fingerprint: str, log: Path) -> str:
    """The agent's property list.

    Args:
        command: the program's absolute path and its arguments.
        environment: the recorded places.
        fingerprint: of the program; it is in a comment, so that the text is another one when the program is.
        log: where what the exporter logs goes.

    Raises:
        UserError: a path holds what a property list can't.
    """
    document = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(sorted(environment.items())),
        "RunAtLoad": True,
        # An end with 0 is one that somebody asked for; 75 is "start the new version".
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": _PAUSE_S,
        "ProcessType": "Background",
        "Umask": _UMASK,
        "StandardErrorPath": str(log),
    }
    try:
        text = plistlib.dumps(document, sort_keys=False).decode()
    except ValueError as error:
        raise UserError(f"launchd can't be told one of these paths ({error}). Use setup --no-service.") from None
    return text.replace(_AFTER_THIS, f"{_AFTER_THIS}{_FIRST_WORDS}; program {fingerprint} -->\n", 1)


def is_agent_of_ours(content: bytes) -> bool:
    """Whether some version of ours wrote this property list, perhaps changed since."""
    return _FIRST_WORDS.encode() in content[:_WITHIN_BYTES]


def _file(paths: Paths) -> Path:
    return paths.launch_agents / f"{LABEL}.plist"


def _text(command: Sequence[str], environment: Mapping[str, str], fingerprint: str, paths: Paths) -> str:
    return agent_text(command, environment, fingerprint, paths.launch_agents.parent / "Logs" / "opencode-stats.log")


LAUNCHD: Final = ServiceKind(
    title=f"launchd agent {LABEL}",
    manager="launchd session",
    why="tail ~/Library/Logs/opencode-stats.log",
    file=_file,
    text=_text,
    is_ours=is_agent_of_ours,
)


class LaunchAgents:
    """Our agent in the user's launchd session. Every call of ``launchctl`` goes through one function."""

    kind = LAUNCHD

    def __init__(self, run: Runner, uid: int) -> None:
        self._run = run
        self._session = f"gui/{uid}"
        self._agent = f"gui/{uid}/{LABEL}"

    def state(self) -> ServiceState:
        """How things are; changes nothing. An agent that is loaded is one that starts at login."""
        if self._ctl("print", self._session).code != 0:
            return ServiceState(reachable=False)
        told = self._ctl("print", self._agent)
        loaded = told.code == 0
        return ServiceState(reachable=True, enabled=loaded, active=loaded and _RUNS.search(told.out) is not None)

    def start(self, file: Path) -> Outcome:
        """Has launchd read the file, and (re)starts the agent."""
        # It refuses to load what is loaded; where nothing is, this fails, which is fine.
        self._ctl("bootout", self._agent, timeout_s=START_S)
        for step in (("enable", self._agent), ("bootstrap", self._session, str(file)), ("kickstart", self._agent)):
            done = self._ctl(*step, timeout_s=START_S)
            if done.code != 0:
                return done
        return Outcome(0)

    def stop(self) -> Outcome:
        """Ends the agent and has it start no more; fine where there is none."""
        told = self._ctl("bootout", self._agent, timeout_s=START_S)
        return told if self._ctl("print", self._agent).code == 0 else Outcome(0)

    def reload(self) -> None:
        """Nothing: launchd reads a file when it is told to."""

    def _ctl(self, *arguments: str, timeout_s: float = QUICK_S) -> Outcome:
        return self._run(("launchctl", *arguments), timeout_s=timeout_s)
