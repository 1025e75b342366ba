"""setup and uninstall as a user calls them, where no systemd user manager answers and no OpenCode is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e_setup.manager import REPOSITORY, eventually, make_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e_setup.manager import Program


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return make_program(tmp_path_factory.mktemp("program") / "venv")


class Shell:
    """A user's shell in a scratch home."""

    def __init__(self, program: Program, home: Path) -> None:
        self.program = program
        self.home = home
        self.env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(home / "run")}
        home.mkdir()

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program.script), *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def succeed(self, *arguments: str) -> str:
        done = self.call(*arguments)
        assert done.returncode == 0, done
        return done.stdout

    @property
    def files(self) -> dict[str, int]:
        return {
            str(path.relative_to(self.home)): path.lstat().st_mtime_ns
            for path in sorted(self.home.rglob("*"))
            if not path.is_dir()
        }


@pytest.fixture
def shell(program: Program, tmp_path: Path) -> Shell:
    return Shell(program, tmp_path / "home")


def test_setup_twice_changes_nothing_not_even_a_time(shell: Shell) -> None:
    first = shell.succeed("setup", "--yes")
    before = shell.files

    second = shell.succeed("setup", "--yes")

    assert "OpenCode was not found" in first
    assert "The plugin starts the exporter" in first
    assert "nothing to do" in second
    assert shell.files == before
    assert sorted(re.sub(r"ledger-\d{8}T\d{9}Z", "ledger-TIME", name) for name in before) == [
        ".config/opencode-stats/settings.toml",
        ".config/opencode/plugins/opencode-stats.json",
        ".config/opencode/plugins/opencode-stats.ts",
        ".local/share/opencode-stats/backups/ledger-TIME.db",
        ".local/share/opencode-stats/closed",
        ".local/share/opencode-stats/ledger.db",
        ".local/share/opencode-stats/setup.json",
        ".local/share/opencode/stats.json",
        ".local/state/opencode-stats/lock",
        ".local/state/opencode-stats/settings.good.toml",
        ".local/state/opencode-stats/stamp/published",
    ]


def test_what_stands_in_the_way_is_named_in_one_sentence_and_nothing_is_changed(shell: Shell) -> None:
    plugin = shell.home / ".config" / "opencode" / "plugins" / "opencode-stats.ts"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("// a plugin of my own\n")
    before = shell.files

    done = shell.call("setup", "--yes")

    assert done.returncode == 2
    assert done.stderr == (
        f"opencode-stats: {plugin} is not from opencode-stats. Move it away and run setup again; nothing was changed.\n"
    )
    assert shell.files == before
    assert "Nothing of opencode-stats is set up." in shell.succeed("uninstall", "--yes")
    assert shell.files == before


def test_a_folder_that_can_not_be_made_is_a_sentence(shell: Shell) -> None:
    (shell.home / ".config").write_text("not a folder")

    done = shell.call("setup", "--yes")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(shell.home / ".config") in done.stderr


def test_a_second_copy_is_told_of(shell: Shell) -> None:
    stray = shell.home / ".config" / "opencode" / "plugin" / "opencode-stats.ts"
    stray.parent.mkdir(parents=True)
    stray.write_text("// opencode-stats: from somewhere\n")

    assert f"{stray} is one more copy" in shell.succeed("setup", "--yes")


def test_settings_of_the_user_survive_setup_and_uninstall(shell: Shell) -> None:
    settings = shell.home / ".config" / "opencode-stats" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("# mine\nlinger_s = 5\n")

    shell.succeed("setup", "--yes")
    assert "autostart = true" in settings.read_text()
    assert '"5"' in (shell.home / ".config/opencode/plugins/opencode-stats.json").read_text()

    shell.succeed("uninstall", "--yes")
    assert settings.read_text() == "# mine\nlinger_s = 5\n"


def test_uninstall_ends_an_exporter_that_still_runs(shell: Shell) -> None:
    shell.succeed("setup", "--yes", "--no-service")
    daemon = subprocess.Popen([str(shell.program.script), "daemon"], env=shell.env, stderr=subprocess.DEVNULL)
    control = shell.home / ".local/state/opencode-stats/control.sock"
    try:
        eventually(control.exists, timeout_s=20, what="the daemon")

        told = shell.succeed("uninstall", "--yes")

        assert f"stop the exporter with pid {daemon.pid}" in told
        assert daemon.wait(20) == 0
    finally:
        daemon.kill()
        daemon.wait()
    # The ledger, and what it could be made again from.
    assert {name.split("/")[3] for name in shell.files} == {"ledger.db", "closed", "backups"}
    assert shell.succeed("uninstall", "--yes", "--purge")
    assert list(shell.files) == []


def test_a_spool_that_can_not_be_counted_keeps_everything(shell: Shell) -> None:
    shell.succeed("setup", "--yes")
    spool = shell.home / ".local/state/opencode-stats/spool"
    (spool / "1-1-0.jsonl").write_text("{}\n")
    (shell.home / ".local/share/opencode-stats/ledger.db").write_text("not a database, but the user's last copy")
    # In the way of the ledger that would be made again.
    (shell.home / ".local/share/opencode-stats/ledger.recovering").mkdir()
    before = {name: time for name, time in shell.files.items() if "/state/" not in name}

    done = shell.call("uninstall", "--yes")

    assert done.returncode == 4
    assert "--purge gives them up" in done.stderr
    assert {name: time for name, time in shell.files.items() if "/state/" not in name} == before


def test_make_install_and_uninstall(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    network = ("PIP_", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE")
    env = {name: value for name, value in os.environ.items() if name.startswith(network)}
    env |= {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(home / "run")}
    env["PYTHON"] = sys.executable

    def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(REPOSITORY / "packaging" / name), *arguments]
        return subprocess.run(
            command, env=env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    link = home / ".local" / "bin" / "opencode-stats"
    link.parent.mkdir(parents=True)
    link.write_text("a script of my own")
    refused = script("install.sh")
    assert (refused.returncode, link.read_text()) == (2, "a script of my own")
    link.unlink()

    first = script("install.sh")
    assert first.returncode == 0, first
    assert "is not on your PATH" in first.stdout
    assert "Today, " in first.stdout
    doctor = subprocess.run([link, "doctor"], env=env, cwd="/", capture_output=True, text=True, check=False)
    # No OpenCode is installed here; all else is as it should be.
    wanting = [line for line in doctor.stdout.splitlines() if line.startswith(("warn", "fail"))]
    assert wanting == ["warn  OpenCode: not found."], doctor.stdout

    again = script("install.sh")
    assert again.returncode == 0, again
    assert "nothing to do" in again.stdout

    kept = script("uninstall.sh")
    assert kept.returncode == 0, kept
    assert (home / ".local/share/opencode-stats/ledger.db").exists()

    gone = script("uninstall.sh", "--purge")
    assert gone.returncode == 0, gone
    left = [path for path in home.rglob("*") if not path.is_dir() and ".cache" not in path.parts]
    assert left == []
    assert script("uninstall.sh").returncode == 2
