"""What doctor finds of folders, settings and stats.json, with its verdict and what mends it."""

from __future__ import annotations

import json
import os
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from opencode_stats.host.control import address_of

if TYPE_CHECKING:
    from tests.unit.cli.patient import Patient


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

    for finding, path in ((spool, patient.paths.spool), (data, patient.paths.data)):
        assert (finding.verdict, finding.mend) == ("fail", f"mv --backup=numbered -T {path} {path}.aside")


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
    room = {"f_bavail": 2**30, "f_frsize": 1, "f_files": 0, "f_favail": 0}
    answers = {"f_flag": 0, **room, "access": True, "geteuid": os.geteuid()}
    assert patient.verdict("spool folder") == "ok"
    answers |= answer
    monkeypatch.setattr("os.statvfs", lambda folder: SimpleNamespace(**answers))
    monkeypatch.setattr("os.access", lambda folder, mode: answers["access"])
    monkeypatch.setattr("os.geteuid", lambda: answers["geteuid"])

    (finding,) = patient.says("spool folder")

    assert finding.verdict == "fail"
    assert reason in finding.reason


def test_the_price_list_that_opencode_fetched(patient: Patient) -> None:
    assert patient.verdict("price list") == "ok"

    patient.paths.opencode_prices.parent.mkdir(parents=True)
    patient.paths.opencode_prices.write_text("[]")
    (finding,) = patient.says("price list")

    assert (finding.verdict, finding.mend) == ("warn", f"rm {patient.paths.opencode_prices}")


def test_the_settings(patient: Patient) -> None:
    assert patient.verdict("settings") == "ok"
    patient.paths.config.mkdir(parents=True)
    patient.paths.settings_file.write_text("day_start_hour = 4\n")
    assert patient.verdict("settings") == "ok"
    patient.paths.settings_file.write_text("day_start_hour = 99\n")
    (finding,) = patient.says("settings")

    assert (finding.verdict, finding.mend) == ("fail", "opencode-stats config edit")
    assert "line 1: day_start_hour" in finding.reason
    patient.paths.settings_file.write_text("# mine\nday_start = 9\n")
    (finding,) = patient.says("settings")
    assert (finding.verdict, finding.mend) == ("warn", "opencode-stats config edit")
    assert "line 2: day_start: there is no such setting. Did you mean day_start_hour?" in finding.reason


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        (b"", "fail", "is not as opencode-stats writes it"),
        (b"[" * 100_000, "fail", "is not as opencode-stats writes it"),
        (b'{"schemaVersion": 1}', "fail", "is not as opencode-stats writes it"),
        (b'{"schemaVersion": 2, "exporter": {"health": {"problems": []}}}', "fail", "newer version"),
        (b'{"schemaVersion": 1, "exporter": {"health": {"problems": []}}}', "ok", "is there, and whole"),
    ],
)
def test_stats_json(patient: Patient, content: bytes, verdict: str, reason: str) -> None:
    patient.paths.stats_file.parent.mkdir(parents=True)
    patient.paths.stats_file.write_bytes(content)

    (finding,) = patient.says("stats.json")

    assert (finding.verdict, reason in finding.reason) == (verdict, True)


@pytest.mark.parametrize(
    ("code", "about"),
    [
        ("opencode-database", "OpenCode's database"),
        ("opencode-storage", "OpenCode's old files"),
        ("spool-file", "spool file"),
        ("of-a-later-version", "stats.json"),
        # Doctor looks into these by itself, and finds nothing here.
        ("quarantine", None),
        ("lost", None),
        ("holding", None),
    ],
)
def test_what_only_the_exporter_sees(patient: Patient, code: str, about: str | None) -> None:
    problems = [{"code": code, "message": "Oh."}]
    patient.paths.stats_file.parent.mkdir(parents=True)
    patient.paths.stats_file.write_text(
        json.dumps({"schemaVersion": 1, "exporter": {"health": {"problems": problems}}})
    )

    told = [finding.about for finding in patient.says() if finding.reason == "Oh." and finding.verdict == "warn"]

    assert told == ([about] if about else [])


@pytest.mark.parametrize("kind", ["folder", "link", "socket"])
def test_something_else_in_the_place_of_stats_json(patient: Patient, kind: str) -> None:
    file = patient.paths.stats_file
    file.parent.mkdir(parents=True)
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        file.symlink_to("/etc/hostname")
    else:
        with socket.socket(socket.AF_UNIX) as listener, address_of(file) as address:
            listener.bind(address)

    assert patient.verdict("stats.json") == "fail"
