"""A home that can not be written to: each command says so in a sentence, with what to do, and shows what it can."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.mounts import mounted
from tests.support.opencode_database import SAMPLE
from tests.unit.daemon.household import Household

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'
MEND = "Mount it for writing"
COMMANDS = (
    ("history", "--by", "month", "--since", "50y"),
    ("models",),
    ("workspaces", "--json"),
    ("agents",),
    ("conversations", "--no-titles"),
    ("hosts",),
    ("audit",),
    ("export", "--split", "provider"),
)


@contextmanager
def read_only(home: Path) -> Iterator[Household]:
    with mounted(READ_ONLY, home) as mounts:
        yield Household(home, extra={"TMPDIR": "/tmp"}, prefix=mounts.prefix)


@pytest.mark.timeout(120)
def test_nothing_is_there_and_nothing_can_be_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with read_only(home) as household:
        for command in (
            (), ("--json",), ("import",), ("audit",), ("rebuild",), ("daemon",), ("setup", "--yes"),
            ("config", "set", "day_start_hour", "4"),
        ):  # fmt: skip
            done = household.call(*command)
            (sentence,) = done.stderr.splitlines()[-1:]
            assert (done.returncode, "Read-only file system" in sentence, MEND in sentence) == (2, True, True), command
        assert household.call("verify").stderr.endswith("yet; opencode-stats import makes it.\n")
        assert household.call("uninstall", "--yes").stdout == "Nothing of opencode-stats is set up.\n"


@pytest.mark.timeout(120)
def test_what_is_there_is_shown_and_said_to_be_old(tmp_path: Path) -> None:
    home = tmp_path / "home"
    data = home / ".local" / "share" / "opencode"
    data.mkdir(parents=True)
    shutil.copy(SAMPLE, data / "opencode.db")
    assert Household(home).call("limits", "set", "x", "--window", "month", "--tokens", "20000").returncode == 0
    assert Household(home).call("import").returncode == 0
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    with read_only(home) as household:
        done = household.call()
        assert (done.returncode, "16,690" in done.stdout) == (2, True)
        assert done.stderr.startswith("opencode-stats: These figures could not be brought up to date. The lock ")
        assert MEND in done.stderr
        for command in COMMANDS:
            shown = household.call(*command)
            assert (shown.returncode, "16,690" in shown.stdout or "16690" in shown.stdout) == (2, True), command
            assert shown.stderr.startswith("opencode-stats: These figures could not be brought up to date."), command
            assert MEND in shown.stderr, command
        limits = household.call("limits")
        assert (limits.returncode, "of 20K tokens" in limits.stdout, MEND in limits.stderr) == (2, True, True)
        assert household.call("limits", "check").returncode == 2
        assert "A million tokens" in household.call("prices", "openai/gpt-5").stdout
        assert household.call("verify").returncode == 0
        seen = household.call("doctor").stdout
        assert seen.count("is on a read-only file system.\n      → mount it for writing, or choose another") == 3
        assert ("another XDG_STATE_HOME\n" in seen, seen.count("another XDG_DATA_HOME\n")) == (True, 2)
    assert sorted(path.relative_to(home) for path in home.rglob("*")) == before
