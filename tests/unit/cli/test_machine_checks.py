"""What doctor finds of OpenCode itself, the disk, the file system and the clock."""

from __future__ import annotations

import errno
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.support.files import FaultyFiles, fault_for

from opencode_stats.cli.machine_checks import AHEAD_MS, LOW_BYTES, clock_finding, disk_finding, file_system_finding
from opencode_stats.install.user_services import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.patient import Patient

MOUNTED = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /proc rw - proc proc rw
40 22 0:50 / {home} rw,relatime shared:9 master:1 - {kind} server:/export rw,vers=4.2
nonsense
"""


@pytest.mark.parametrize(
    ("version", "verdict", "mend"),
    [
        ("1.18.33", "ok", ""),
        ("opencode 2.0.1", "ok", ""),
        ("0.15.2", "warn", "opencode upgrade"),
        ("3.0.0", "warn", "update opencode-stats"),
        ("soon", "warn", "{program} --version should print it; see why it does not"),
    ],
)
def test_opencode(patient: Patient, version: str, verdict: str, mend: str) -> None:
    program = patient.opencode(version)
    (finding,) = patient.says("OpenCode")

    assert (finding.verdict, finding.mend) == (verdict, mend.format(program=program))
    assert str(program) in finding.reason


def test_no_opencode(patient: Patient) -> None:
    assert patient.verdict("OpenCode") == "warn"
    patient.paths.opencode_data.mkdir(parents=True)
    patient.paths.stats_file.touch()
    assert patient.verdict("OpenCode") == "warn"  # that one is ours
    (patient.paths.opencode_data / "log").mkdir()
    assert patient.verdict("OpenCode") == "ok"


def test_an_opencode_that_hangs(patient: Patient) -> None:
    program = patient.opencode("1.18.33")
    patient.says_of[str(program)] = Outcome(124, err="no answer within 30 s")

    assert patient.verdict("OpenCode") == "warn"


@pytest.mark.parametrize(
    ("room", "verdict"),
    [
        ({"f_bavail": LOW_BYTES, "f_files": 9, "f_favail": 1}, "ok"),
        ({"f_bavail": LOW_BYTES - 1, "f_files": 9, "f_favail": 1}, "warn"),
        ({"f_bavail": LOW_BYTES, "f_files": 9, "f_favail": 0}, "fail"),
        # A file system without a table of inodes, such as btrfs.
        ({"f_bavail": LOW_BYTES, "f_files": 0, "f_favail": 0}, "ok"),
    ],
)
def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: dict[str, int], verdict: str) -> None:
    asked: list[Path] = []

    def statvfs(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(f_frsize=1, **room)

    monkeypatch.setattr("os.statvfs", statvfs)

    assert disk_finding([tmp_path / "not" / "there"]).verdict == verdict
    assert asked == [tmp_path]


@pytest.mark.parametrize(
    ("kind", "verdict"), [("ext4", "ok"), ("btrfs", "ok"), ("nfs4", "warn"), ("cifs", "warn"), ("fuse.sshfs", "warn")]
)
@pytest.mark.parametrize("name", ["home", "home of mine", "hömé"])
def test_the_file_system(tmp_path: Path, kind: str, verdict: str, name: str) -> None:
    home = tmp_path / name
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTED.format(home=str(home).replace(" ", r"\040"), kind=kind))

    assert file_system_finding([home / "a", home], str(table)).verdict == verdict
    assert file_system_finding([tmp_path / "homes"], str(table)).verdict == "ok"


def test_the_latest_mount_on_a_place_counts_and_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    table = tmp_path / "mountinfo"
    row = f"4{{n}} 22 0:5 / {tmp_path}/real rw - {{kind}} x rw\n"
    table.write_text(row.format(n=1, kind="nfs") + row.format(n=2, kind="tmpfs"))
    assert file_system_finding([tmp_path / "link"], str(table)).verdict == "ok"

    table.write_text(row.format(n=1, kind="tmpfs") + row.format(n=2, kind="nfs"))
    assert file_system_finding([tmp_path / "link"], str(table)).verdict == "warn"


def test_a_system_without_a_table_of_mounts(tmp_path: Path) -> None:
    assert file_system_finding([tmp_path], str(tmp_path / "none")).verdict == "ok"


def test_a_file_system_that_can_not_sync_folders_is_told_of_and_no_fault(tmp_path: Path) -> None:
    for code, told in ((errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)):
        files = FaultyFiles(fault_for(tmp_path.name, "fsync", code))

        found = file_system_finding([tmp_path, tmp_path / "not there"], files=files)

        assert (found.verdict, f"That of {tmp_path} can't sync folders" in found.reason) == ("ok", told)
        assert files.descriptors == {}


def test_this_machine(tmp_path: Path) -> None:
    assert file_system_finding([tmp_path]).reason == "ledger and spool are on local disks."


@pytest.mark.parametrize(
    ("ahead_ms", "verdict", "said"),
    [
        (-1, "ok", ""),
        (AHEAD_MS, "ok", ""),
        (AHEAD_MS + 1, "warn", "10m from now"),
        (3 * 3_600_000, "warn", "3h from now"),
    ],
)
def test_the_clock(ahead_ms: int, verdict: str, said: str) -> None:
    finding = clock_finding(1_000_000_000 + ahead_ms, 1_000_000_000)

    assert (finding.verdict, said in finding.reason) == (verdict, True)
