"""The text of the systemd user service. Pure; ``user_services`` talks to systemd."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from opencode_stats.host.paths import Paths

UNIT: Final = "opencode-stats.service"
_FIRST_LINE: Final = "# Written by `opencode-stats setup`. Changes of your own: systemctl --user edit opencode-stats"
_REFUSED_IN_PROGRAM: Final = re.compile(r"[\"'\\*?\[]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

# What a user manager can do without privileges (docs/security.md gives systemd's figure for it). Mount namespaces
# (ProtectSystem=, PrivateTmp=, …) and all that takes capabilities away are left out: they need user namespaces, which
# hardened kernels and containers refuse, and then the service does not start at all (217/USER, seen with systemd 252).
_HARDENING: Final = """\
NoNewPrivileges=yes
UMask=0077
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UnsetEnvironment=PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT LD_PRELOAD LD_AUDIT
"""


def unit_text(command: Sequence[str], environment: Mapping[str, str], fingerprint: str) -> str:
    """The service's unit file.

    ``X-Program`` means nothing to systemd (systemd.unit(5): names with ``X-`` are ignored); it makes the text another
    one when the program is, so that ``setup`` knows that a running service is out of date.

    Args:
        command: the program's absolute path and its arguments.
        environment: the recorded places.
        fingerprint: of the program (``command.Program``).

    Raises:
        UserError: a path holds what systemd can't be told.
    """
    variables = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(environment.items()))
    return f"""\
{_FIRST_LINE}
[Unit]
Description=Count what OpenCode spends and keep it published
Documentation=man:opencode-stats(1)
StartLimitIntervalSec=300
StartLimitBurst=5
X-Program={fingerprint}

[Service]
Type=notify
NotifyAccess=main
ExecStart={_command(command)}
{variables}Restart=on-failure
RestartSec=5
# 3: another exporter is at work.
RestartPreventExitStatus=3
# 75: another version was installed; start that one.
RestartForceExitStatus=75
SuccessExitStatus=75
TimeoutStartSec=120
TimeoutStopSec=30
{_HARDENING}
[Install]
WantedBy=default.target
"""


def is_unit_of_ours(content: bytes) -> bool:
    """Whether some version of ours wrote this unit, perhaps changed since."""
    return content.startswith(b"# Written by `opencode-stats setup`")


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """What a service manager wants to be told: systemd here, launchd in ``launchd``.

    ``title``: how the service is announced. ``manager``: who has to answer for it. ``why``: the command that shows why
    it does not run. ``file``: where its file goes. ``text``: that file's text, of the command, the recorded places, the
    program's fingerprint and our own places. ``is_ours``: whether some version of ours wrote such a file.
    """

    title: str
    manager: str
    why: str
    file: Callable[[Paths], Path]
    text: Callable[[Sequence[str], Mapping[str, str], str, Paths], str]
    is_ours: Callable[[bytes], bool]


SYSTEMD: Final = ServiceKind(
    title=f"systemd user service {UNIT}",
    manager="systemd user manager",
    why="journalctl --user --unit opencode-stats --lines 20",
    file=lambda paths: paths.systemd_user / UNIT,
    text=lambda command, environment, fingerprint, _paths: unit_text(command, environment, fingerprint),
    is_ours=is_unit_of_ours,
)


def _command(command: Sequence[str]) -> str:
    program, *arguments = command
    if _REFUSED_IN_PROGRAM.search(program):
        # systemd takes no quotes, no backslashes and, seen with 262, no wildcards in a program's path, but any of them
        # in an argument.
        program, arguments = "/usr/bin/env", [program, *arguments]
    # `$` begins a variable in arguments only; in the program's path it stands for itself (systemd.service(5)).
    return " ".join([_quoted(program), *(_quoted(argument).replace("$", "$$") for argument in arguments)])


def _quoted(word: str) -> str:
    """One word as systemd reads it (systemd.syntax(7), "Quoting"), with nothing left for specifiers to replace."""
    try:
        word.encode()
    except UnicodeEncodeError:
        raise UserError(f"systemd can't be told a path that is not UTF-8: {word!a}. Use setup --no-service.") from None
    if _CONTROL.search(word):
        raise UserError(f"systemd can't be told a path with control characters: {word!a}. Use setup --no-service.")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
