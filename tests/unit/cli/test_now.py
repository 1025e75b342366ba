"""``opencode-stats`` and ``--json`` as they are called: with a daemon, without one, and with whatever stands there."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script
from tests.unit.daemon.household import COMMAND

from opencode_stats.cli import now
from opencode_stats.host.lock import exporter_lock
from opencode_stats.ledger import connection

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household


def turn(pid: int = 1, tokens: int = 7) -> Script:
    return Script(pid=pid).started().conversation("ses_a").answer("ses_a", f"msg_{pid}", input=tokens)


def test_without_a_daemon_it_takes_in_the_spool_itself(call: Call, household: Household) -> None:
    household.write(turn())

    done = call()

    assert (done.returncode, done.stderr) == (0, "")
    assert "No OpenCode is running" in done.stdout
    assert "Up to date; no exporter is running." in done.stdout
    assert household.tokens == 7


@pytest.mark.processes
def test_json_is_the_file_byte_for_byte(household: Household) -> None:
    script = Script().started().conversation("ses_a")
    household.write(script.answer("ses_a", provider="openrouter", model="日本\x1b[2J", input=7))

    printed = subprocess.run([*COMMAND, "--json"], env=household.environment, capture_output=True, check=True).stdout

    assert printed == household.paths.stats_file.read_bytes()
    assert "日本".encode() in printed


@pytest.mark.processes
def test_with_a_daemon_json_is_never_older_than_the_call(household: Household) -> None:
    with household.daemon() as daemon:
        for pid in range(1, 4):
            household.write(turn(pid))

            document = json.loads(household.call("--json").stdout)

            assert document["total"]["totalTokens"] == 7 * pid
        assert f"Live, from the exporter with pid {daemon.process.pid}." in household.call().stdout


@pytest.mark.processes
def test_two_at_once_do_not_disturb_each_other(household: Household) -> None:
    household.write(turn())
    calls = [
        subprocess.Popen(
            [*COMMAND, "--json"], env=household.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = [call.communicate(timeout=25) for call in calls]

    assert [(call.returncode, err) for call, (_, err) in zip(calls, said, strict=True)] == [(0, b"")] * 4
    assert {json.loads(out)["total"]["totalTokens"] for out, _ in said} == {7}


@pytest.mark.processes
def test_it_waits_for_another_command_that_is_at_work(household: Household) -> None:
    household.write(turn())
    with exporter_lock(household.paths.lock, os.getpid()):
        waiting = subprocess.Popen([*COMMAND, "--json"], env=household.environment, stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
    out, _ = waiting.communicate(timeout=25)

    assert (waiting.returncode, json.loads(out)["total"]["totalTokens"]) == (0, 7)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"schemaVersion": 1}',
        b'{"schemaVersion": "1"}',
        b'{"schemaVersion": 1, "session": [], "sessions": 1, "daily": "", "total": null, "exporter": {}}',
    ],
)
def test_a_file_that_something_else_wrote(call: Call, household: Household, content: bytes) -> None:
    household.paths.stats_file.parent.mkdir(parents=True)
    household.paths.stats_file.write_bytes(content)
    # With the lock held nobody mends it before it is read.
    with exporter_lock(household.paths.lock, os.getpid()):
        done = call()

    assert (done.returncode, done.stdout) == (2, "")
    said = f"opencode-stats: {household.paths.stats_file} is not as opencode-stats writes it."
    assert done.stderr == f"{said} Move it away and try again.\n"
    # Without one it is just written anew.
    assert call().returncode == 0
    assert household.tokens == 0


def test_instants_that_no_calendar_has(call: Call, household: Household) -> None:
    call("import")
    document = household.stats
    document["session"] |= {"startTime": 10**20, "lastActivity": 10**20}
    household.paths.stats_file.write_text(json.dumps(document))
    with exporter_lock(household.paths.lock, os.getpid()):
        done = call()

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_newer_version_wrote_it(call: Call, household: Household) -> None:
    call("import")
    household.paths.stats_file.write_text(json.dumps(household.stats | {"schemaVersion": 2}))
    with exporter_lock(household.paths.lock, os.getpid()):
        done = call()

    assert done.returncode == 2
    assert "written by a newer version. Update opencode-stats" in done.stderr


def test_a_folder_stands_in_its_place(call: Call, household: Household) -> None:
    household.paths.stats_file.mkdir(parents=True)

    done = call()

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert str(household.paths.stats_file) in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_ledger_that_cannot_be_used(call: Call, household: Household, arguments: list[str]) -> None:
    household.write(turn())
    call("import")
    with closing(sqlite3.connect(household.paths.ledger)) as ledger, ledger:
        ledger.execute("INSERT INTO migrations VALUES ('m999_future.sql', 1)")

    done = call(*arguments)

    assert done.returncode == 4
    assert "These figures could not be brought up to date." in done.stderr
    # What was published last is printed all the same.
    assert "7" in done.stdout
    if not arguments:
        assert "Not up to date. Last change" in done.stdout


def test_a_ledger_that_somebody_holds(call: Call, household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_MS", 50)
    household.write(turn())
    call("import")
    household.write(turn(2))
    with closing(sqlite3.connect(household.paths.ledger, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        done = call()

    assert done.returncode == 4
    assert "locked" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["losses", "run", "tmp"])
def test_the_figures_carry_a_marker_from_each_of_its_folders(
    call: Call, household: Household, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(household.home / "run"))
    folder = {
        "losses": household.paths.losses,
        "run": household.home / "run" / "opencode-stats-losses",
        "tmp": household.home / "tmp" / f"opencode-stats-losses-{os.geteuid()}",
    }[place]
    folder.mkdir(parents=True, mode=0o700)
    (folder / "12-1-abc.json").write_text(json.dumps({"pid": 12, "lines": 5, "reason": "EROFS"}))

    assert call("import").returncode == 0

    health = household.stats["exporter"]["health"]
    assert [problem["code"] for problem in health["problems"]] == ["holding"]
    assert "5 events" in health["problems"][0]["message"]


def test_nobody_answers_for_the_lock(call: Call, household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(now, "PATIENCE_S", 0.2)
    call("import")
    with exporter_lock(household.paths.lock, os.getpid()):
        done = call("--json")

    # What was published last is printed all the same.
    assert (done.returncode, json.loads(done.stdout)) == (3, household.stats)
    assert f"Another opencode-stats (pid {os.getpid()}) has been at work for" in done.stderr


@pytest.mark.processes
def test_a_first_call_waits_for_who_makes_the_first_file(household: Household) -> None:
    with exporter_lock(household.paths.lock, os.getpid()):
        call = subprocess.Popen(COMMAND, env=household.environment, stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            call.wait(1)
    out, _ = call.communicate(timeout=25)

    assert call.returncode == 0
    assert b"No OpenCode has run yet." in out
