"""The mounts that a hardened unit makes: the home for reading only, each writable folder a mount of its own.

Two mounts of one file system refuse a rename from one to the other (EXDEV), and what is not there can't be made.
systemd makes them with user namespaces, which not every machine grants (docs/security.md); mount(8) makes the same.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script
from tests.unit.daemon.household import COMMAND, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.daemon.household import Household

MOUNTS = """
set -e
mount --make-rprivate /
home=$1; shift
mount --bind "$home" "$home"
while [ "$1" != -- ]; do mount --bind "$1" "$1"; shift; done
shift
mount -o remount,ro,bind "$home"
exec "$@"
"""


@pytest.fixture(autouse=True)
def _possible() -> None:
    reason = "" if shutil.which("unshare") and os.geteuid() == 0 else "only root may make these mounts"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@contextmanager
def daemon_behind(household: Household, *writable: Path) -> Iterator[subprocess.Popen[str]]:
    """A daemon that sees the home for reading only, but for these folders."""
    command = ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", household.home, *writable, "--", *COMMAND, "daemon"]
    with subprocess.Popen(
        list(map(str, command)), env=household.environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def ours(household: Household) -> tuple[Path, Path, Path]:
    paths = household.paths
    return paths.stats_file.parent, paths.data, paths.state


def test_it_publishes_from_one_mount_into_another(household: Household) -> None:
    for folder in ours(household):
        folder.mkdir(parents=True, mode=0o700)

    with daemon_behind(household, *ours(household)) as process:
        until(household.paths.stats_file.exists, "the first publishing")
        household.write(
            Script(pid=os.getpid(), at_ms=time.time_ns() // 1_000_000)
            .started()
            .conversation("ses_a")
            .answer("ses_a", input=7)
        )
        household.ring()
        until(lambda: household.tokens == 7, "a message")
        assert process.poll() is None

    # The way round the refused rename leaves nothing behind either.
    left = [*household.paths.stats_file.parent.iterdir(), *(household.paths.data / "tmp").iterdir()]
    assert left == [household.paths.stats_file]
    assert household.paths.stats_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_folder_that_is_not_there_is_named(household: Household, missing: int) -> None:
    there = [folder for number, folder in enumerate(ours(household)) if number != missing]
    gone = ours(household)[missing]
    for folder in there:
        folder.mkdir(parents=True, mode=0o700)

    with daemon_behind(household, *there) as process:
        _, said = process.communicate(timeout=20)

    assert process.returncode == 2
    # Or the folder in which it would be made.
    assert f" {gone}" in said or f" {gone.parent}: " in said
    assert "Read-only file system" in said
    assert said.count("\n") == 1

    # Once it is there, all is well.
    gone.mkdir(parents=True, mode=0o700)
    with daemon_behind(household, *ours(household)):
        until(household.paths.stats_file.exists, "the first publishing")
    assert json.loads(household.paths.stats_file.read_bytes())["schemaVersion"] == 1
