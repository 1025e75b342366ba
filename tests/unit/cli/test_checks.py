"""Each thing that doctor finds, with its verdict and what mends it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.cli import ledger_checks
from opencode_stats.cli.checks import findings
from opencode_stats.daemon.health import RECENT_MS
from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.paths import Paths
from opencode_stats.install.command import recorded_environment
from opencode_stats.install.plugin_files import bundled_plugin, record
from opencode_stats.install.service import unit_text
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.cli.finding import Finding


class Patient:
    """A home, and what doctor says of it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "work" / "shop"
        self.project.mkdir(parents=True)
        self.env = {"XDG_RUNTIME_DIR": str(home / "run"), "TMPDIR": str(home / "tmp")}
        self.paths = Paths.of(self.env, home)
        self.clock = FakeClock()

    def says(self, about: str) -> list[Finding]:
        found = findings(self.paths, self.env, self.project, self.clock.now_ms())
        assert all(bool(finding.mend) == (finding.verdict != "ok") for finding in found)
        return [finding for finding in found if finding.about == about]

    def verdict(self, about: str) -> str:
        (finding,) = self.says(about)
        return finding.verdict

    def plugin(self, folder: Path, content: bytes | None = None) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "opencode-stats.ts"
        path.write_bytes(bundled_plugin() if content is None else content)
        return path

    def ledger(self) -> sqlite3.Connection:
        return open_ledger(self.paths.ledger, self.clock.now_ms())


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)


def test_no_plugin(patient: Patient) -> None:
    (finding,) = patient.says("plugin")

    assert (finding.verdict, finding.reason) == ("warn", "not installed.")
    assert finding.mend.startswith("opencode-stats setup")


@pytest.mark.parametrize("folder", ["plugin", "plugins"])
def test_one_plugin(patient: Patient, folder: str) -> None:
    path = patient.plugin(patient.paths.opencode_config / folder)

    (finding,) = patient.says("plugin")

    assert (finding.verdict, finding.reason) == ("ok", f"installed as {path}.")


def test_two_plugins(patient: Patient) -> None:
    for folder in ("plugin", "plugins"):
        path = patient.plugin(patient.paths.opencode_config / folder)
    (finding,) = patient.says("plugin")

    assert (finding.verdict, finding.reason) == ("warn", "installed twice; it counts once all the same.")
    assert finding.mend == f"remove {path.parents[1] / 'plugin' / path.name}, then setup again"


def test_a_project_has_its_own(patient: Patient) -> None:
    path = patient.plugin(patient.project.parent / ".opencode" / "plugin")
    (alone,) = patient.says("plugin")
    patient.plugin(patient.paths.opencode_config / "plugins")
    (both,) = patient.says("plugin")

    assert (alone.verdict, alone.reason) == ("warn", f"installed for this project only, as {path}.")
    assert both.verdict == "ok"
    assert f"and for this project as {path}" in both.reason


def test_a_plugin_of_another_version(patient: Patient) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins", b"// opencode-stats 0.0.1\n")

    installed, other = patient.says("plugin")

    assert (installed.verdict, other.verdict, other.mend) == ("ok", "warn", "opencode-stats setup")
    assert other.reason == f"{path} is not the one of this version."


def test_the_one_of_this_repository_passes_ours_on(patient: Patient) -> None:
    content = b'export { default } from "../../exporter/opencode_stats/install/opencode-stats.ts";\n'
    patient.plugin(patient.paths.opencode_config / "plugins", content)

    assert patient.verdict("plugin") == "ok"


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        (b"{", "fail", "is not as setup writes it"),
        (b"[]", "fail", "is not as setup writes it"),
        (b'{"stateDir": "relative"}', "fail", "is not as setup writes it"),
        (b'{"stateDir": "/elsewhere"}', "fail", "OpenCode writes to /elsewhere"),
    ],
)
def test_a_record_that_leads_elsewhere(patient: Patient, content: bytes, verdict: str, reason: str) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins")
    path.with_suffix(".json").write_bytes(content)

    (finding,) = patient.says("plugin's record")

    assert finding.verdict == verdict
    assert reason in finding.reason


def test_a_record_that_agrees(patient: Patient) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins")
    path.with_suffix(".json").write_bytes(record(patient.paths.state, None))

    assert patient.verdict("plugin's record") == "ok"


def test_the_spool_folder(patient: Patient) -> None:
    assert "not there yet" in patient.says("spool folder")[0].reason

    patient.paths.spool.mkdir(parents=True, mode=0o700)
    assert patient.verdict("spool folder") == "ok"

    patient.paths.spool.chmod(0o755)
    (finding,) = patient.says("spool folder")
    assert (finding.verdict, finding.mend) == ("warn", f"chmod 700 {patient.paths.spool}")


def test_something_else_in_a_folders_place(patient: Patient) -> None:
    patient.paths.state.mkdir(parents=True)
    patient.paths.spool.write_text("a file")
    (spool,) = patient.says("spool folder")
    patient.paths.stats_file.parent.parent.mkdir(parents=True)
    patient.paths.data.write_text("a file")
    (data,) = patient.says("folder of the ledger")

    assert (spool.verdict, spool.mend) == ("fail", f"move {patient.paths.spool} away")
    assert (data.verdict, data.mend) == ("fail", f"move {patient.paths.data} away")


def test_a_folder_that_can_never_be_made(patient: Patient) -> None:
    patient.paths.state.parent.mkdir(parents=True)
    patient.paths.state.write_text("a file")

    (finding,) = patient.says("spool folder")

    assert finding.verdict == "fail"
    assert str(patient.paths.state) in finding.mend


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"f_flag": os.ST_RDONLY}, "on a read-only file system"),
        ({"access": False}, "can't be written"),
        ({"f_bavail": 0}, "the disk of"),
        ({"geteuid": 54321}, "belongs to somebody else"),
    ],
)
def test_a_folder_that_takes_nothing(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, answer: dict[str, int], reason: str
) -> None:
    # Root may do everything and a test can't fill a disk: the system's answers are made up, what is made of them not.
    patient.paths.spool.mkdir(parents=True, mode=0o700)
    answers = {"f_flag": 0, "f_bavail": 1, "access": True, "geteuid": os.geteuid()}
    assert patient.verdict("spool folder") == "ok"
    answers |= answer
    monkeypatch.setattr("os.statvfs", lambda folder: SimpleNamespace(**answers))
    monkeypatch.setattr("os.access", lambda folder, mode: answers["access"])
    monkeypatch.setattr("os.geteuid", lambda: answers["geteuid"])

    (finding,) = patient.says("spool folder")

    assert finding.verdict == "fail"
    assert reason in finding.reason


@pytest.mark.parametrize("place", ["losses", "run", "tmp"])
def test_a_marker_in_each_of_its_folders(patient: Patient, place: str) -> None:
    folder = {
        "losses": patient.paths.losses,
        "run": patient.home / "run" / "opencode-stats-losses",
        "tmp": patient.home / "tmp" / f"opencode-stats-losses-{os.geteuid()}",
    }[place]
    assert patient.verdict("lost events") == "ok"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "12-1-abc.json").write_text(json.dumps({"pid": 12, "lines": 1, "reason": "EROFS"}))

    (finding,) = patient.says("lost events")

    assert finding.verdict == "fail"
    assert finding.reason == "OpenCode process 12 could not write 1 event to the spool (EROFS)."
    assert str(folder / "12-1-abc.json") in finding.mend


def test_the_settings(patient: Patient) -> None:
    assert patient.verdict("settings") == "ok"
    patient.paths.config.mkdir(parents=True)
    patient.paths.settings_file.write_text("day_start_hour = 4\n")
    assert patient.verdict("settings") == "ok"
    patient.paths.settings_file.write_text("day_start_hour = 99\n")
    (finding,) = patient.says("settings")

    assert (finding.verdict, finding.mend) == ("fail", f"edit {patient.paths.settings_file}")


def test_the_exporter(patient: Patient) -> None:
    assert "brought up to date when they are asked for" in patient.says("exporter")[0].reason
    path = patient.plugin(patient.paths.opencode_config / "plugins")
    path.with_suffix(".json").write_bytes(record(patient.paths.state, ["/bin/opencode-stats", "daemon"]))
    assert patient.says("exporter")[0].reason == "not at work; OpenCode starts it."

    patient.paths.systemd_user.mkdir(parents=True)
    unit = patient.paths.systemd_user / "opencode-stats.service"
    unit.write_text(unit_text(("/x",), recorded_environment(patient.env, patient.paths), "1"))
    (stopped,) = patient.says("exporter")
    assert (stopped.verdict, stopped.mend[:24]) == ("warn", "systemctl --user restart")
    assert patient.verdict("service") == "ok"

    with exporter_lock(patient.paths.lock, 4711):
        assert patient.says("exporter")[0].reason == "at work, pid 4711."

    unit.write_text(unit.read_text().replace("/.local/state", "/.elsewhere"))
    assert patient.verdict("service") == "fail"


def test_a_sound_ledger_and_one_that_lies(patient: Patient) -> None:
    assert patient.says("ledger")[0].reason.startswith("not there yet")
    with closing(patient.ledger()) as ledger:
        take(ledger, Script().started().conversation("ses_a").answer("ses_a", input=7))
        assert (patient.verdict("ledger"), patient.verdict("quarantine")) == ("ok", "ok")

        ledger.execute("UPDATE sums SET input = 9 WHERE scope = 'all'")
        (finding,) = patient.says("ledger")

    assert finding.verdict == "fail"
    assert finding.mend.startswith("opencode-stats rebuild")


def test_a_newer_ledger_is_no_damaged_one(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        ledger.execute("INSERT INTO migrations VALUES ('m999_future.sql', 1)")
    (finding,) = patient.says("ledger")

    assert (finding.verdict, finding.mend) == ("fail", "update opencode-stats")
    assert "newer version" in finding.reason


def test_an_older_ledger_is_brought_up_to_date_later(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        ledger.execute("DELETE FROM migrations WHERE step = 'm002_import.sql'")

    assert patient.says("ledger")[0].reason == "of an older version; it is brought up to date at the next use."


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_ledger_of_garbage(patient: Patient, content: bytes) -> None:
    patient.paths.data.mkdir(parents=True)
    patient.paths.ledger.write_bytes(content)

    (finding,) = patient.says("ledger")

    assert finding.verdict == "fail"
    assert "damaged" in finding.reason
    assert finding.mend.startswith(f"move {patient.paths.ledger} away")


@pytest.mark.parametrize("kind", ["empty", "folder", "another database"])
def test_something_else_in_the_ledgers_place(patient: Patient, kind: str) -> None:
    patient.paths.data.mkdir(parents=True)
    if kind == "folder":
        patient.paths.ledger.mkdir()
    elif kind == "empty":
        patient.paths.ledger.touch()
    else:
        with closing(sqlite3.connect(patient.paths.ledger)) as other, other:
            other.execute("CREATE TABLE mine (x)")

    assert patient.verdict("ledger") == "fail"


def test_a_ledger_that_somebody_holds(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_checks, "PATIENCE_MS", 20)
    patient.ledger().close()
    with closing(sqlite3.connect(patient.paths.ledger, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("UPDATE sums SET input = 1")
        (finding,) = patient.says("ledger")

    assert finding.verdict == "fail"
    assert "locked" in finding.reason
    assert "move" not in finding.mend


def test_bad_lines_and_lost_events_are_history_after_a_week(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        take(ledger, Script().started().lost(4))
        ledger.execute(
            "INSERT INTO quarantine (at_ms, file, device, inode, offset_bytes, length_bytes, lines, reason) "
            "VALUES (?, 'a', 1, 1, 0, 1, 2, 'not JSON')",
            (NOON_MS,),
        )
        (bad,) = patient.says("quarantine")
        lost = patient.says("lost events")[-1]
        assert (bad.verdict, bad.reason) == ("warn", "2 lines: not JSON.")
        assert (lost.verdict, lost.reason[:26]) == ("warn", "plugins reported that 4 co")

        patient.clock.advance(RECENT_MS / 1000 + 60)
        (bad,) = patient.says("quarantine")
        assert (bad.verdict, bad.reason) == ("ok", "nothing new (2 older lines).")
        assert patient.verdict("lost events") == "ok"


def test_a_spool_that_is_not_taken_in(patient: Patient) -> None:
    patient.ledger().close()
    patient.paths.spool.mkdir(parents=True, mode=0o700)
    assert patient.says("spool") == []
    with open(patient.paths.spool / "1-1-00000000.jsonl", "wb") as file:
        file.truncate(ledger_checks.BACKLOG_BYTES + 2**20)

    (finding,) = patient.says("spool")

    assert (finding.verdict, finding.reason) == ("warn", "17 MiB are not taken in.")


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        (b"", "fail", "is not as opencode-stats writes it"),
        (b"[" * 100_000, "fail", "is not as opencode-stats writes it"),
        (b'{"schemaVersion": 1}', "fail", "is not as opencode-stats writes it"),
        (b'{"schemaVersion": 2, "exporter": {"health": {"problems": []}}}', "fail", "newer version"),
        (b'{"schemaVersion": 1, "exporter": {"health": {"problems": []}}}', "ok", "is there, and whole"),
        (b'{"schemaVersion": 1, "exporter": {"health": {"problems": [{"message": "Oh."}]}}}', "warn", "Oh."),
    ],
)
def test_stats_json(patient: Patient, content: bytes, verdict: str, reason: str) -> None:
    patient.paths.stats_file.parent.mkdir(parents=True)
    patient.paths.stats_file.write_bytes(content)

    (finding,) = patient.says("stats.json")

    assert (finding.verdict, reason in finding.reason) == (verdict, True)


@pytest.mark.parametrize("kind", ["folder", "link", "socket"])
def test_something_else_in_the_place_of_stats_json(patient: Patient, kind: str) -> None:
    file = patient.paths.stats_file
    file.parent.mkdir(parents=True)
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        file.symlink_to("/etc/hostname")
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(file))

    assert patient.verdict("stats.json") == "fail"
