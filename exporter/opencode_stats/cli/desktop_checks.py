"""Who shows notifications, and are the figures on the bus where the user wants that? Reads only."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.finding import Finding
from opencode_stats.desktop.bus import FIGURES_NAME, can_speak, program, session_bus
from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.host.processes import Processes
from opencode_stats.install.origin import addition_of
from opencode_stats.install.service import UNIT
from opencode_stats.install.user_services import QUICK_S
from opencode_stats.settings.live import for_reader

if TYPE_CHECKING:
    from opencode_stats.install.survey import Machine

_LIBRARY: Final = "dbus-fast"
_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"
_VARIABLES: Final = (_ADDRESS, "XDG_RUNTIME_DIR", "HOME", "PATH")
"""What is read of the exporter's environment; the last two tell that it could be read."""
_NOTIFICATIONS: Final = "notifications"
_FIGURES: Final = "figures on D-Bus"
_SET: Final = "dbus-update-activation-environment --systemd DBUS_SESSION_BUS_ADDRESS DISPLAY"
_RESTART: Final = f"systemctl --user restart {UNIT}, or end the exporter: what started it starts it again"


def desktop_findings(machine: Machine) -> list[Finding]:
    """Who shows notifications, if anybody, and why nobody does; of the figures on the bus only where they are wanted.

    A machine where there is nobody to show them is no fault: the command line and stats.json tell all the same.
    """
    settings, _ = for_reader(machine.paths.settings_file, machine.paths.good_settings)
    if not settings.notify and not settings.dbus:
        return [_off()]
    bus = _Bus.of(machine)
    found = [bus.notifications() if settings.notify else _off()]
    return [*found, bus.figures()] if settings.dbus else found


def missing_library(machine: Machine) -> str:
    """What adds the library, where there is a session bus and only the library is missing; else empty."""
    if can_speak() or not session_bus(machine.env):
        return ""
    return addition_of(Path(sys.prefix), machine.paths.data, _LIBRARY)


def _off() -> Finding:
    return Finding("ok", _NOTIFICATIONS, "off: the settings say notify = false.")


@dataclass(frozen=True, slots=True)
class _Bus:
    """The exporter's session bus, and what it says (``desktop.asking``).

    ``why_not`` it can't be spoken on, in words, or empty; ``is_fault`` where it should be; ``mend`` what would help.
    """

    told: dict[str, Any]
    at_work: bool
    why_not: str = ""
    is_fault: bool = False
    mend: str = ""

    @classmethod
    def of(cls, machine: Machine) -> _Bus:
        at_work = is_held(machine.paths.lock)
        env = Processes().environment(holder_of(machine.paths.lock), _VARIABLES) if at_work else {}
        address = session_bus(env or machine.env)
        if not can_speak():
            how = addition_of(Path(sys.prefix), machine.paths.data, _LIBRARY)
            return cls({}, at_work, f"{_LIBRARY} is not installed ({how} adds it)", mend=how)
        if not address:
            if at_work and session_bus(machine.env):
                why = "there is a session bus, but the exporter was not told of it"
                return cls({}, at_work, why, is_fault=True, mend=f"{_SET}; {_RESTART}")
            is_set = (env or machine.env).get(_ADDRESS)
            why = f"{_ADDRESS} names no socket on this machine" if is_set else "there is no session bus"
            return cls({}, at_work, why, mend="log in to a desktop, or start a session bus")
        return cls._asked(machine, address, at_work=at_work)

    @classmethod
    def _asked(cls, machine: Machine, address: str, *, at_work: bool) -> _Bus:
        command = ("/usr/bin/env", f"{_ADDRESS}={address}", *program("asking"))
        asked = machine.run(command, timeout_s=QUICK_S)
        try:
            told = json.loads(asked.out)
            error = str(told["error"])
        except (ValueError, KeyError, TypeError):
            told, error = {}, "the program that asks the session bus failed"
        mend = _RESTART if at_work else "log in to the desktop again"
        return cls(told, at_work, error, is_fault=bool(error), mend=mend)

    def notifications(self) -> Finding:
        """Who shows them, or why nobody does."""
        if self.why_not:
            verdict, mend = ("warn", self.mend) if self.is_fault else ("ok", "")
            return Finding(verdict, _NOTIFICATIONS, f"nobody shows them: {self.why_not}.", mend)  # type: ignore[arg-type]
        if self.told["panel"]:
            return Finding("ok", _NOTIFICATIONS, "the GNOME panel shows them.")
        if self.told["server"]:
            return Finding("ok", _NOTIFICATIONS, f"{self.told['server']} shows them.")
        if self.told["starts"]:
            return Finding("ok", _NOTIFICATIONS, "the session bus starts a notification server for them.")
        return Finding("ok", _NOTIFICATIONS, "nobody shows them: no notification server is on the session bus.")

    def figures(self) -> Finding:
        """Whether they are there, as the user wants them to be."""
        if self.why_not and not self.told.get("figures"):
            return Finding("warn", _FIGURES, f"not there: {self.why_not}.", self.mend)
        if self.told["figures"]:
            return Finding("ok", _FIGURES, f"{FIGURES_NAME} is there.")
        if not self.at_work:
            return Finding("ok", _FIGURES, "there while an exporter is at work, which none is.")
        return Finding("warn", _FIGURES, f"nobody owns {FIGURES_NAME}.", f"wait for a minute; then {_RESTART}")
