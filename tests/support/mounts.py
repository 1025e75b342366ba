"""Mounts that one test sees and that end with it: a mount namespace, held by a process that does nothing."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Mounts:
    """``prefix`` goes before a command that is to see them."""

    holder: int
    prefix: tuple[str, ...]

    def seen(self, path: Path) -> Path:
        """Where that path is to be found from outside, as it is inside."""
        return Path(f"/proc/{self.holder}/root{path}")


@contextmanager
def mounted(script: str, *arguments: str | Path) -> Iterator[Mounts]:
    """What the shell script mounts, for the block; its ``$1`` is the first argument.

    Needs root, or user namespaces; where a machine grants neither, the test is left out, which CI does not allow.
    """
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    with subprocess.Popen(
        ["unshare", *user, "--mount", "sh", "-c", f"{script} && echo ready && exec cat", "sh", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != "ready\n":
                pytest.skip("no mounting here")
            into = ["--user", "--preserve-credentials"] if user else []
            yield Mounts(holder.pid, ("nsenter", f"--target={holder.pid}", *into, "--mount", "--"))
        finally:
            holder.kill()
