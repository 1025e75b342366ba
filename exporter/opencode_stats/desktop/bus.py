"""Where the session's bus is, and the programs of ours that speak on it.

They are processes of their own, so that the exporter carries neither the library nor a connection
(docs/adr/0012-desktop-and-bus.md).
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LIBRARY: Final = "dbus_fast"
SERVER: Final = "org.freedesktop.Notifications"
"""Who shows notifications, and its interface."""
FIGURES_NAME: Final = "io.github.opencode_stats"
PANEL_NAME: Final = "io.github.opencode_stats.Panel"
"""The GNOME panel owns it while it shows notifications itself (gnome_extension/shell/presence.js)."""
PANEL_UUID: Final = "opencode-stats@opencode-stats.github.io"


def session_bus(env: Mapping[str, str]) -> str:
    """The address of the session's bus; empty where there is none, or it is not a socket on this machine.

    A login and the user's service manager tell it. Without them it is where systemd has it
    (``/usr/lib/systemd/user/dbus.socket``).
    """
    address = env.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address if all(part.startswith("unix:") for part in address.split(";")) else ""
    folder = env.get("XDG_RUNTIME_DIR", "")
    path = f"{folder}/bus"
    return f"unix:path={path}" if os.path.isabs(folder) and os.path.exists(path) else ""


def can_speak() -> bool:
    """Whether the library is installed; it is not imported."""
    return importlib.util.find_spec(LIBRARY) is not None


def program(module: str) -> list[str]:
    """The command that runs a module of ours as a program, wherever we are installed.

    ``-P``: not the modules of the folder in which the exporter was started. ``-s``, where we were started so (Debian's
    package is): nor what is in the user's home.
    """
    own = ["-s"] if sys.flags.no_user_site else []
    return [sys.executable, *own, "-P", "-m", f"opencode_stats.desktop.{module}"]
