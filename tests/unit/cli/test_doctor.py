"""``opencode-stats doctor`` as it is called: what it says, how it ends, and that it changes nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

from opencode_stats.install.plugin_files import bundled_plugin, record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household


@pytest.fixture
def healthy(call: Call, household: Household) -> Household:
    """Everything is in its place, and something was counted."""
    plugins = household.paths.opencode_config / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "opencode-stats.ts").write_bytes(bundled_plugin())
    (plugins / "opencode-stats.json").write_bytes(record(household.paths.state, None))
    # Not in the future, wherever the tests' noon is.
    script = Script(pid=os.getpid(), at_ms=time.time_ns() // 1_000_000 - 60_000)
    household.write(script.started().conversation("ses_a").answer("ses_a", input=7))
    (household.paths.opencode_data / "log").mkdir(parents=True)
    assert call("import").returncode == 0
    return household


def listing(home: Path) -> dict[str, tuple[int, int, int, int]]:
    """Everything below, with what would betray a change; a folder's access time is nobody's business."""
    found = {}
    for path in [home, *sorted(home.rglob("*"))]:
        there = path.lstat()
        found[str(path)] = (there.st_ino, there.st_mode, there.st_size, there.st_mtime_ns)
    return found


def test_all_is_well(call: Call, healthy: Household) -> None:
    done = call("doctor")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-2:] == ["", "Everything is as it should be."]
    assert {line.split(" ")[0] for line in lines[:-2]} == {"ok"}


def test_before_the_first_use(call: Call, household: Household) -> None:
    done = call("doctor")

    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if not line.startswith("ok")] == [
        "warn  OpenCode: not found.",
        "      → install OpenCode (https://opencode.ai), or put it into PATH",
        "warn  plugin: not installed.",
        "      → opencode-stats setup",
        "",
        "2 of 16 want mending.",
    ]
    assert [path.name for path in household.home.iterdir()] == ["tmp"]


def test_json_says_the_same(call: Call, household: Household) -> None:
    done = call("doctor", "--json")

    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert {key: document[key] for key in document if key != "findings"} == {"schemaVersion": 1, "verdict": "warn"}
    found = document["findings"]
    assert {tuple(finding) for finding in found} == {("code", "verdict", "about", "reason", "mend")}
    assert [finding["code"] for finding in found if finding["verdict"] != "ok"] == ["opencode", "plugin"]


def test_it_changes_nothing_where_all_is_well(call: Call, healthy: Household) -> None:
    before = listing(healthy.home)
    assert not healthy.paths.ledger.with_name("ledger.db-wal").exists()

    call("doctor")
    call("doctor", "--json")

    assert listing(healthy.home) == before


def test_it_changes_nothing_where_much_is_wrong(call: Call, healthy: Household) -> None:
    healthy.write(Script(pid=2).started())
    healthy.paths.losses.mkdir()
    (healthy.paths.losses / "1.json").write_text("{")
    healthy.paths.stats_file.write_text("garbage")
    healthy.paths.config.mkdir(parents=True)
    healthy.paths.settings_file.write_text("autostart = 7")
    # A crash leaves the log of the ledger behind.
    with closing(sqlite3.connect(healthy.paths.ledger)) as crashed:
        crashed.execute("UPDATE sums SET input = 9 WHERE scope = 'all'")
        crashed.commit()
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            (healthy.home / name).write_bytes((healthy.paths.data / name).read_bytes())
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (healthy.home / name).rename(healthy.paths.data / name)
    before = listing(healthy.home)

    done = call("doctor")

    after = listing(healthy.home)
    assert "The sum of all 0" in done.stdout
    assert "is not as opencode-stats writes it" in done.stdout
    # SQLite's readers sign in there; nothing that is kept is in it.
    shm = str(healthy.paths.data / "ledger.db-shm")
    assert {**after, shm: ()} == {**before, shm: ()}


@pytest.mark.processes
def test_beside_a_daemon(call: Call, healthy: Household) -> None:
    with healthy.daemon() as daemon:
        done = call("doctor")

        assert done.returncode == 0, done.stdout
        assert f"ok    exporter: at work, pid {daemon.process.pid}." in done.stdout


def test_hostile_texts_are_shown_as_codes(call: Call, healthy: Household) -> None:
    healthy.paths.losses.mkdir()
    marker = {"pid": 1, "lines": 2, "reason": "\x1b[2J\x07gone\u202e"}
    (healthy.paths.losses / "1-\x1b[31m\n.json").write_text(json.dumps(marker))

    done = call("doctor")

    assert all(char.isprintable() or char == "\n" for char in done.stdout)
    assert r"could not write 2 events to the spool (\u001b[2J\u0007gone\u202e)." in done.stdout
    assert json.loads(call("doctor", "--json").stdout)


def test_a_folder_that_is_gone(call: Call, healthy: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    there = healthy.home / "there"
    there.mkdir()
    monkeypatch.chdir(there)
    there.rmdir()

    assert call("doctor").returncode == 0
