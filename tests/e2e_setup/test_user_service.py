"""The service in a real systemd user manager: set up, ready, stopped, restarted, refused, removed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e_setup.manager import eventually, make_program, user_manager, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e_setup.manager import Program, UserManager

HOSTILE = "a \"b\" %h $c\\d 'e' ü"


@pytest.fixture(autouse=True)
def _possible() -> None:
    reason = why_not()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return make_program(tmp_path_factory.mktemp("program") / "venv")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[UserManager]:
    with user_manager(tmp_path) as running:
        yield running


def everything_below(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino)
        for path in sorted(folder.rglob("*"))
        # What the daemon itself keeps writing while it runs.
        if not {"opencode-stats", "opencode"} & set(path.relative_to(folder).parts) or "plugins" in path.parts
    }


def stats_of(manager: UserManager) -> Path:
    return manager.home / ".local" / "share" / "opencode" / "stats.json"


def test_setup_starts_it_and_it_is_ready_when_setup_ends(manager: UserManager, program: Program) -> None:
    told = manager.run(program.script, "setup", "--yes")

    assert "The exporter runs as a systemd user service." in told.stdout
    assert "OpenCode was not found" in told.stdout
    assert tuple(manager.shows(n) for n in ("ActiveState", "SubState", "Type")) == ("active", "running", "notify")
    assert manager.ctl("is-enabled", "opencode-stats") == "enabled"
    # Type=notify: it had published before it said that it is ready.
    published = json.loads(stats_of(manager).read_text())
    assert published["exporter"]["pid"] == int(manager.shows("MainPID"))
    record = json.loads((manager.home / ".config/opencode/plugins/opencode-stats.json").read_text())
    assert record["autostart"] is None
    assert not (manager.home / ".config" / "opencode-stats").exists()


def test_a_second_setup_changes_nothing(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")
    before = everything_below(manager.home)
    pid = manager.shows("MainPID")

    told = manager.run(program.script, "setup", "--yes")

    assert "nothing to do" in told.stdout
    assert before == everything_below(manager.home)
    assert pid == manager.shows("MainPID")


def test_a_dry_run_changes_nothing_and_nobody_asked_is_refused(manager: UserManager, program: Program) -> None:
    dry = manager.run(program.script, "setup", "--dry-run")
    refused = manager.run(program.script, "setup", check=False)

    assert "Nothing was changed." in dry.stdout
    assert (
        refused.returncode,
        refused.stderr,
    ) == (2, "opencode-stats: Nobody is there to be asked: add --yes to go on. Nothing was changed.\n")
    assert list(manager.home.iterdir()) == []


def test_it_stops_cleanly_on_sigterm(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")

    manager.ctl("stop", "opencode-stats")

    assert tuple(manager.shows(name) for name in ("ActiveState", "Result", "ExecMainStatus")) == (
        "inactive",
        "success",
        "0",
    )


def test_it_comes_back_after_a_crash(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")
    pid = int(manager.shows("MainPID"))

    os.kill(pid, signal.SIGKILL)

    eventually(
        lambda: manager.shows("ActiveState") == "active" and manager.shows("MainPID") not in ("0", str(pid)),
        timeout_s=30,
        what="the restarted service",
    )
    assert manager.shows("NRestarts") == "1"


def test_a_second_exporter_is_refused_and_not_tried_again(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")
    manager.ctl("stop", "opencode-stats")
    other = subprocess.Popen(
        [program.script, "daemon"], env=manager.environment(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    lock = manager.home / ".local/state/opencode-stats/lock"
    try:
        eventually(lambda: lock.exists() and lock.read_text().strip() == str(other.pid), timeout_s=20, what="the other")

        manager.ctl("start", "opencode-stats", check=False)

        eventually(lambda: manager.shows("ActiveState") == "failed", timeout_s=20, what="the refusal")
        # RestartSec is 5 s; that it is not waiting for a restart is told by the sub-state.
        assert tuple(manager.shows(n) for n in ("SubState", "ExecMainStatus", "NRestarts")) == ("failed", "3", "0")

        # setup ends the other one, so that the service can take over.
        manager.run(program.script, "setup", "--yes")
        assert other.wait(20) == 0
        assert manager.shows("ActiveState") == "active"
    finally:
        other.kill()
        other.wait()


def test_another_version_in_place_is_started_anew(manager: UserManager, tmp_path: Path) -> None:
    program = make_program(tmp_path / "venv")
    manager.run(program.script, "setup", "--yes")
    pid = manager.shows("MainPID")
    (program.folder / "package" / "opencode_stats" / "added.py").write_text('"""Newer."""\n')

    manager.run(program.script, "setup", "--yes")

    assert manager.shows("ActiveState") == "active"
    assert pid != manager.shows("MainPID")
    assert "nothing to do" in manager.run(program.script, "setup", "--yes").stdout


def test_an_upgrade_without_setup_is_noticed_and_started(manager: UserManager, tmp_path: Path) -> None:
    """What pip or a package's update does: other files, and nobody who tells the service."""
    program = make_program(tmp_path / "venv")
    manager.run(program.script, "setup", "--yes")
    # Only the pace is changed: it looks once a minute otherwise.
    drop_in = manager.home / ".config/systemd/user/opencode-stats.service.d/pace.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(f"[Service]\nExecStart=\nExecStart={program.script} daemon --supervised --scan 0.3\n")
    manager.ctl("daemon-reload")
    manager.ctl("restart", "opencode-stats")
    pid = manager.shows("MainPID")
    package = program.folder / "package" / "opencode_stats"
    (package / "draft").write_text((package / "__init__.py").read_text().replace('"0.1.0"', '"0.1.1"'))
    (package / "draft").replace(package / "__init__.py")

    eventually(
        lambda: manager.shows("ActiveState") == "active" and manager.shows("MainPID") not in ("0", pid),
        timeout_s=30,
        what="the new version",
    )

    assert tuple(manager.shows(n) for n in ("NRestarts", "Result")) == ("1", "success")
    assert json.loads(stats_of(manager).read_text())["exporter"]["version"] == "0.1.1"
    # Once: the new one finds itself as it is installed.
    with pytest.raises(AssertionError):
        eventually(lambda: manager.shows("NRestarts") != "1", timeout_s=3, what="another restart")


def test_no_service_takes_it_away(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")

    manager.run(program.script, "setup", "--yes", "--no-service")

    assert manager.ctl("is-active", "opencode-stats", check=False) == "inactive"
    assert manager.shows("LoadState") == "not-found"
    assert not list((manager.home / ".config/systemd/user").glob("**/opencode-stats*"))
    assert "nothing to do" in manager.run(program.script, "setup", "--yes", "--no-service").stdout


def test_uninstall_leaves_the_ledger_and_purge_nothing(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")

    told = manager.run(program.script, "uninstall", "--yes")

    ledger = manager.home / ".local/share/opencode-stats/ledger.db"
    assert str(ledger) in told.stdout
    left = {path for path in manager.home.rglob("*") if path.is_file() or path.is_symlink()}
    # The ledger, how it was closed, and its backups.
    backups = set((ledger.parent / "backups").iterdir())
    assert left == {ledger, ledger.with_name("closed"), *backups}
    assert manager.shows("LoadState") == "not-found"

    manager.run(program.script, "uninstall", "--yes", "--purge")

    assert [path for path in manager.home.rglob("*") if not path.is_dir()] == []


def test_a_manager_that_knows_other_places_serves_the_shell_s_ones(tmp_path: Path, program: Program) -> None:
    with user_manager(tmp_path) as manager:
        elsewhere = {f"XDG_{kind}_HOME": str(tmp_path / "elsewhere" / kind) for kind in ("CONFIG", "DATA", "STATE")}

        manager.run(program.script, "setup", "--yes", env=elsewhere)

        assert manager.shows("ActiveState") == "active"
        assert (tmp_path / "elsewhere/DATA/opencode/stats.json").exists()
        assert "nothing to do" in manager.run(program.script, "setup", "--yes", env=elsewhere).stdout

        manager.run(program.script, "uninstall", "--yes", "--purge", env=elsewhere)
        left = [path for path in tmp_path.rglob("*") if "opencode-stats" in str(path.relative_to(tmp_path))]
        assert left == []


def test_hostile_paths(tmp_path: Path) -> None:
    program = make_program(tmp_path / HOSTILE / "venv")
    with user_manager(tmp_path / "m") as manager:
        places = {f"XDG_{kind}_HOME": str(tmp_path / HOSTILE / kind) for kind in ("DATA", "STATE")}

        manager.run(program.script, "setup", "--yes", env=places)

        published = json.loads((tmp_path / HOSTILE / "DATA/opencode/stats.json").read_text())
        assert published["exporter"]["pid"] == int(manager.shows("MainPID"))


def test_it_runs_hardened(manager: UserManager, program: Program) -> None:
    manager.run(program.script, "setup", "--yes")

    lines = Path(f"/proc/{manager.shows('MainPID')}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    assert (status["NoNewPrivs"], status["Seccomp"].strip()) == ("1", "2")
    assert status["CapEff"] == "0000000000000000"


def test_nothing_in_the_manager_s_environment_is_run_in_its_place(manager: UserManager, program: Program) -> None:
    evil = manager.home / "evil"
    evil.mkdir()
    for name in ("sitecustomize.py", "opencode_stats.py", "click.py"):
        (evil / name).write_text(f"open({str(manager.home / 'hijacked')!r}, 'w')\n")
    manager.ctl("set-environment", f"PYTHONPATH={evil}", f"PYTHONHOME={evil}", f"LD_PRELOAD={evil}/none.so")

    manager.run(program.script, "setup", "--yes")

    assert manager.shows("ActiveState") == "active"
    variables = Path(f"/proc/{manager.shows('MainPID')}/environ").read_bytes()
    assert b"PYTHON" not in variables
    assert b"LD_PRELOAD" not in variables
    assert not (manager.home / "hijacked").exists()


def test_doctor_sees_the_service_and_what_it_says_mends_it(manager: UserManager, program: Program) -> None:
    def wrong() -> dict[str, str]:
        """Code → what mends it. No OpenCode is installed here."""
        told = json.loads(manager.run(program.script, "doctor", "--json", check=False).stdout)
        found = {one["code"]: one["mend"] for one in told["findings"] if one["verdict"] != "ok"}
        return {code: mend for code, mend in found.items() if code != "opencode"}

    manager.run(program.script, "setup", "--yes")
    assert wrong() == {}

    manager.ctl("stop", "opencode-stats")
    stopped = wrong()
    assert list(stopped) == ["exporter"]
    manager.run("sh", "-c", stopped["exporter"].split(";")[0])
    assert wrong() == {}

    manager.ctl("disable", "opencode-stats")
    disabled = wrong()
    assert list(disabled) == ["service"]
    manager.run("sh", "-c", disabled["service"])
    assert wrong() == {}

    unit = manager.home / ".config/systemd/user/opencode-stats.service"
    unit.write_text(unit.read_text().replace("RestartSec=5", "RestartSec=6"))
    assert wrong() == {"service": "opencode-stats setup"}
    manager.run(program.script, "setup", "--yes")
    assert wrong() == {}
