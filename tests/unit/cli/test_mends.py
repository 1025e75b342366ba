"""Every fault is made for real, doctor names it, what it says mends it is done, and doctor is content."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.install.plugin_files import bundled_plugin, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes

A_MINUTE_AGO_MS = time.time_ns() // 1_000_000 - 60_000


@pytest.fixture
def healthy(call: Call, household: Household, monkeypatch: pytest.MonkeyPatch) -> Iterator[Household]:
    """Set up by setup itself, and something was counted."""
    umask = os.umask(0o077)  # faults of rights are made on purpose only
    bin_folder = household.home / ".opencode" / "bin"
    bin_folder.mkdir(parents=True)
    opencode = bin_folder / "opencode"
    opencode.write_text("#!/bin/sh\necho 2.0.0\n")
    opencode.chmod(0o755)
    # Below the tests' own folder, so that commands of a mend find the program that is tested.
    program = bin_folder / "opencode-stats"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m opencode_stats "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    assert call("setup", "--yes", "--no-service").returncode == 0
    script = Script(pid=os.getpid(), at_ms=A_MINUTE_AGO_MS)
    household.write(script.started().conversation("ses_a").answer("ses_a", input=7))
    assert call("import").returncode == 0
    assert call("doctor").returncode == 0, call("doctor").stdout
    yield household
    os.umask(umask)
    # Whoever may not read it can't remove it either.
    for path in household.home.rglob("*"):
        with suppress(OSError):
            path.chmod(0o700)


def state_open(home: Household) -> None:
    home.paths.state.chmod(0o755)


def spool_open(home: Household) -> None:
    home.paths.spool.chmod(0o755)


def ledger_open(home: Household) -> None:
    home.paths.ledger.chmod(0o644)


def spool_is_a_file(home: Household) -> None:
    shutil.rmtree(home.paths.spool)
    home.paths.spool.write_text("a file")


def stats_is_garbage(home: Household) -> None:
    home.paths.stats_file.write_text("garbage")


def stats_is_a_link(home: Household) -> None:
    home.paths.stats_file.unlink()
    home.paths.stats_file.symlink_to("/etc/hostname")


def sums_are_wrong(home: Household) -> None:
    with closing(sqlite3.connect(home.paths.ledger)) as ledger:
        ledger.execute("UPDATE sums SET input = 9 WHERE scope = 'all'")
        ledger.commit()


def plugin_is_older(home: Household) -> None:
    (home.paths.opencode_config / "plugins" / "opencode-stats.ts").write_text("// opencode-stats 0.0.1\n")


def plugin_is_somebody_s(home: Household) -> None:
    (home.paths.opencode_config / "plugins" / "opencode-stats.ts").write_text("export default {}\n")


def plugin_is_gone(home: Household) -> None:
    (home.paths.opencode_config / "plugins" / "opencode-stats.ts").unlink()


def plugin_is_there_twice(home: Household) -> None:
    other = home.paths.opencode_config / "plugin"
    other.mkdir()
    (other / "opencode-stats.ts").write_bytes(bundled_plugin())


def plugin_is_everybody_s(home: Household) -> None:
    (home.paths.opencode_config / "plugins" / "opencode-stats.ts").chmod(0o666)


def record_leads_elsewhere(home: Household) -> None:
    (home.paths.opencode_config / "plugins" / "opencode-stats.json").write_bytes(record(home.home / "x", None))


def record_is_garbage(home: Household) -> None:
    (home.paths.opencode_config / "plugins" / "opencode-stats.json").write_text("{")


def record_starts_what_is_gone(home: Household) -> None:
    command = ["/usr/bin/env", "A=b", str(home.home / "gone"), "daemon"]
    (home.paths.opencode_config / "plugins" / "opencode-stats.json").write_bytes(record(home.paths.state, command))


def bad_lines(home: Household) -> None:
    with open(home.paths.spool / "1-1-00000000.jsonl", "w") as file:
        file.write("nonsense\n")
    assert home.call("import").returncode == 0


def a_dead_process_left_a_marker(home: Household) -> None:
    home.paths.losses.mkdir(mode=0o700)
    marker = home.paths.losses / "1-1-0.json"
    marker.write_text(json.dumps({"pid": 1, "lines": 2, "reason": "ENOSPC"}))
    marker.chmod(0o600)


def much_is_not_taken_in(home: Household) -> None:
    with open(home.paths.spool / "1-1-00000000.jsonl", "wb") as file:
        file.writelines(b'{"v": 1, "type": "run.ended", "at_ms": 1}' + b" " * (2**20 - 100) + b"\n" for _ in range(20))


def the_database_is_locked_away(home: Household) -> None:
    # Root reads what it likes: a folder in its place is what can't be read by anybody.
    OpenCodeDatabase(home.home / "opencode.db").session("ses_a").message("ses_a", 5, at_ms=A_MINUTE_AGO_MS)
    home.paths.opencode_data.mkdir(exist_ok=True)
    (home.paths.opencode_data / "opencode.db").write_bytes(b"this was never a database" * 1000)
    assert home.call("import").returncode == 0


def database_is_put_right(home: Household) -> None:
    shutil.move(home.home / "opencode.db", home.paths.opencode_data / "opencode.db")


MENDED_BY_ITS_COMMAND: dict[str, tuple[Callable[[Household], None], str]] = {
    function.__name__: (function, code)
    for function, code in (
        (state_open, "rights"),
        (spool_open, "spool-folder"),
        (ledger_open, "rights"),
        (spool_is_a_file, "spool-folder"),
        (stats_is_garbage, "stats-file"),
        (stats_is_a_link, "stats-file"),
        (sums_are_wrong, "ledger"),
        (plugin_is_older, "plugin"),
        (plugin_is_somebody_s, "plugin"),
        (plugin_is_gone, "plugin"),
        (plugin_is_there_twice, "plugin"),
        (plugin_is_everybody_s, "rights"),
        (record_leads_elsewhere, "plugin-record"),
        (record_is_garbage, "plugin-record"),
        (record_starts_what_is_gone, "autostart"),
        (bad_lines, "quarantine"),
        (a_dead_process_left_a_marker, "holding"),
        (much_is_not_taken_in, "spool-backlog"),
        (the_database_is_locked_away, "opencode-database"),
    )
}


def command_in(mend: str) -> str:
    """What the sentence says to type, from the first command in it on. Setup asks before it does anything."""
    starts = [mend.index(start) for start in ("chmod ", "rm ", "mv ", "opencode-stats ", "sudo ") if start in mend]
    assert starts, mend
    command = mend[min(starts) :]
    for end in (", ", "; "):
        command = command.split(end)[0]
    return command.replace("opencode-stats setup", "opencode-stats setup --yes --no-service")


@pytest.mark.parametrize("fault", MENDED_BY_ITS_COMMAND)
def test_what_mends_it_mends_it(call: Call, healthy: Household, fault: str) -> None:
    break_it, code = MENDED_BY_ITS_COMMAND[fault]
    break_it(healthy)
    wrong = [one for one in json.loads(call("doctor", "--json").stdout)["findings"] if one["verdict"] != "ok"]
    assert {one["code"] for one in wrong} == {code}
    assert call("doctor").returncode == 1
    if code == "opencode-database":
        database_is_put_right(healthy)

    for one in wrong:
        subprocess.run(command_in(one["mend"]), shell=True, check=True, env=dict(os.environ), capture_output=True)

    done = call("doctor")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Everything is as it should be."), done.stdout


@pytest.mark.parametrize("name", [".", "plugins", "plugins/opencode-stats.ts"])
def test_setup_refuses_what_others_could_have_run(call: Call, household: Household, name: str) -> None:
    path = household.paths.opencode_config / name
    if path.suffix:
        path.parent.mkdir(parents=True)
        path.write_bytes(bundled_plugin())
    else:
        path.mkdir(parents=True)
    path.chmod(0o777)

    done = call("setup", "--yes", "--no-service")

    assert done.returncode == 2
    assert f"{path} can be changed by other users" in done.stderr
    assert not (household.paths.opencode_config / "plugins" / "opencode-stats.json").exists()
    path.chmod(0o755)
    assert call("setup", "--yes", "--no-service").returncode == 0
