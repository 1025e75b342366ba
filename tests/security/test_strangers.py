"""Links, pipes, folders and other people's files in the place of ours: left alone, named, and waited for by nobody."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.daemon.household import Household

STATE = ".local/state/opencode-stats"
DATA = ".local/share/opencode-stats"
REFUSED_FILES = [
    (name, kind)
    for name in (f"{DATA}/ledger.db", ".local/share/opencode/stats.json", f"{STATE}/lock")
    for kind in ("link", "pipe", "folder", "foreign")
] + [(f"{DATA}/ledger.db-{name}", "link") for name in ("wal", "shm", "journal")]
"""Nothing is done while one of them is a stranger's."""
REFUSED_FOLDERS = [f"{STATE}/{name}" for name in ("spool", "quarantine", "stamp", "losses")] + [f"{DATA}/tmp"]
TOP_FOLDERS = [STATE, DATA]
STRANGER = 65534
"""The user id of nobody."""


def fill(household: Household) -> None:
    """A line to be counted and one to be quarantined, so that every file is asked for."""
    script = Script(pid=2**22).started().conversation("ses_a").answer("ses_a", input=7)
    household.write(script)
    with (household.paths.spool / script.file_name).open("ab") as spool:
        spool.write(b"nonsense\n")


def put(path: Path, kind: str, victim: Path) -> None:
    """Puts something of this kind in the path's place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_dir():
        shutil.move(path, path.with_name(f"{path.name}.moved"))
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        path.mkdir(mode=0o700)
    elif kind == "file":
        path.write_bytes(b"precious")
    elif kind == "foreign":
        path.write_bytes(b"")
        os.chown(path, STRANGER, STRANGER)
    else:
        raise AssertionError(kind)


def refusal(household: Household, *command: str) -> str:
    """The one sentence with which a command that changes nothing ends."""
    done = household.call(*command)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.startswith("opencode-stats: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(("name", "kind"), REFUSED_FILES)
def test_a_file_that_is_none_of_ours(household: Household, name: str, kind: str) -> None:
    if kind == "foreign" and os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    fill(household)
    victim = household.home / "victim"
    victim.write_bytes(b"precious")
    path = household.home / name
    put(path, kind, victim)
    before = path.lstat()

    assert str(path) in refusal(household, "daemon")
    shown = household.call()

    # What is there of the figures is shown; where nothing can be, a sentence says so. Nothing is waited for.
    assert shown.returncode == 2, shown
    assert str(path) in shown.stderr
    assert "Traceback" not in shown.stderr
    assert victim.read_bytes() == b"precious"
    after = path.lstat()
    assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)


@pytest.mark.parametrize("kind", ["link", "file"])
@pytest.mark.parametrize("name", REFUSED_FOLDERS)
def test_a_folder_that_is_none_of_ours(household: Household, name: str, kind: str) -> None:
    fill(household)
    victim = household.home / "victim"
    victim.mkdir(mode=0o700)
    (victim / "stays.jsonl").write_bytes(b"precious")
    path = household.home / name
    put(path, kind, victim)

    assert str(path) in refusal(household, "import")

    assert [(entry.name, entry.read_bytes()) for entry in victim.iterdir()] == [("stays.jsonl", b"precious")]


@pytest.mark.parametrize("name", [*REFUSED_FOLDERS, *TOP_FOLDERS])
@pytest.mark.parametrize("kind", ["foreign", "open"])
def test_a_folder_that_is_somebody_elses_too(household: Household, name: str, kind: str) -> None:
    if kind == "foreign" and os.geteuid() != 0:
        pytest.skip("only root may give a folder away")
    fill(household)
    path = household.home / name
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if kind == "foreign":
        os.chown(path, STRANGER, STRANGER)
    else:
        path.chmod(0o777)

    said = refusal(household, "import")

    assert str(path) in said
    assert ("belongs to somebody else" if kind == "foreign" else "everybody may write to it") in said


@pytest.mark.parametrize("name", TOP_FOLDERS)
def test_a_link_of_the_users_to_another_disk(household: Household, name: str) -> None:
    elsewhere = household.home / "disk"
    elsewhere.mkdir(mode=0o700)
    path = household.home / name
    path.parent.mkdir(parents=True, mode=0o700)
    path.symlink_to(elsewhere)
    fill(household)

    assert household.call("import").returncode == 0
    assert household.tokens == 7

    elsewhere.chmod(0o777)
    assert "everybody may write to it" in refusal(household, "import")


def test_a_second_name_of_stats_json_keeps_its_content(household: Household) -> None:
    # A hard link in OpenCode's folder, which is not ours alone: the file is replaced, never written into.
    victim = household.home / "victim"
    victim.write_bytes(b"precious")
    household.paths.stats_file.parent.mkdir(parents=True)
    os.link(victim, household.paths.stats_file)
    fill(household)

    assert household.call("import").returncode == 0

    assert victim.read_bytes() == b"precious"
    assert household.tokens == 7


@pytest.mark.parametrize("kind", ["link", "folder", "file"])
@pytest.mark.parametrize("name", ["doorbell", "control.sock"])
def test_where_the_daemon_is_reached(household: Household, name: str, kind: str) -> None:
    victim = household.home / "victim"
    victim.write_bytes(b"precious")
    path = household.paths.state / name
    household.paths.state.mkdir(parents=True, mode=0o700)
    put(path, kind, victim)

    if name == "control.sock" and kind != "folder":
        # The lock is ours, so whatever has the socket's name is a dead exporter's; a link goes, not what it leads to.
        with household.daemon():
            assert household.call("--json").returncode == 0
    else:
        assert str(path) in refusal(household, "daemon")

    assert victim.read_bytes() == b"precious"
