"""How this very program is started again by others: the service, and the plugin."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.host.paths import Paths

NAME: Final = "opencode-stats"
SERVICE_ARGUMENTS: Final = ("daemon", "--supervised")
_ALSO_RECORDED: Final = ("OPENCODE_DB",)
"""What else decides where things are: OpenCode's own database may be elsewhere."""


@dataclass(frozen=True, slots=True)
class Program:
    """This installation: the command that runs it, its program's absolute path first, and its fingerprint."""

    command: tuple[str, ...]
    fingerprint: str


def this_program(interpreter: str, package: Path, version: str) -> Program:
    """This installation.

    The script beside the interpreter belongs to the same environment for certain; what ``PATH`` names may not. Where
    there is none (``pip install --user``), the interpreter runs the package; ``-P`` keeps it from looking for modules
    in the folder where it happens to be started.

    Args:
        interpreter: ``sys.executable``; its links are kept, since a virtual environment is known by them.
        package: the folder of ``opencode_stats``.
        version: this version.
    """
    script = Path(os.path.abspath(interpreter)).parent / NAME
    command = (str(script),) if os.access(script, os.X_OK) else (os.path.abspath(interpreter), "-P", "-m", package.name)
    return Program(command, f"{version}+{_fingerprint(package)}")


def _fingerprint(package: Path) -> str:
    """A short name for the program's files as they are, so that a service that runs older ones is restarted."""
    total = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            total.update(str(file.relative_to(package)).encode(errors="surrogateescape") + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def recorded_environment(env: Mapping[str, str], paths: Paths) -> dict[str, str]:
    """The places as ``setup`` saw them, as variables: a service and OpenCode's server may see other ones."""
    found = {
        "XDG_CONFIG_HOME": str(paths.config.parent),
        "XDG_DATA_HOME": str(paths.data.parent),
        "XDG_STATE_HOME": str(paths.state.parent),
    }
    return found | {name: env[name] for name in _ALSO_RECORDED if env.get(name)}


def autostart_command(program: Program, environment: Mapping[str, str], linger_s: int) -> tuple[str, ...]:
    """The command with which the plugin starts the exporter in these places, whatever OpenCode's own environment.

    Such an exporter stops by itself ``linger_s`` seconds after the last OpenCode has gone.
    """
    variables = tuple(f"{name}={value}" for name, value in sorted(environment.items()))
    return ("/usr/bin/env", *variables, *program.command, "daemon", "--linger", str(linger_s))
