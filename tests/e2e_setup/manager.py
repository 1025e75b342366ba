"""A real ``systemd --user`` in a scratch home, and commands that run beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SCRIPT: Final = Path(__file__).with_name("user_manager.sh")
CGROUPS: Final = tuple(Path("/sys/fs/cgroup") / tree for tree in ("", "systemd", "unified"))
START_S: Final = 20.0


def why_not() -> str:
    """Why there can be no user manager of our own on this machine; empty where there can."""
    missing = [name for name in ("unshare", "nsenter", "setpriv", "systemctl") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)}: not installed"
    return "" if os.geteuid() == 0 else "only root may make the mounts that a user manager of our own needs"


def eventually(holds: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Waits until something holds.

    Raises:
        AssertionError: it never did.
    """
    end_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end_s:
            raise AssertionError(f"{what}: not within {timeout_s:g} s")
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Program:
    """An installed opencode-stats, as a virtual environment at a path of our choice holds it."""

    folder: Path

    @property
    def script(self) -> Path:
        return self.folder / "bin" / "opencode-stats"


def make_program(folder: Path) -> Program:
    """A virtual environment with this checkout's code and the libraries of the running interpreter.

    pip would do the same more slowly: a script whose first lines stand any path, and the code on the module path.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    package = folder / "package"
    shutil.copytree(REPOSITORY / "exporter" / "opencode_stats", package / "opencode_stats")
    (site,) = folder.glob("lib/python3*/site-packages")
    libraries = [path for path in sys.path if path.endswith("-packages")]
    (site / "opencode-stats.pth").write_text("\n".join([str(package), *libraries]) + "\n", encoding="utf-8")
    program = Program(folder)
    program.script.write_text(
        textwrap.dedent("""\
            #!/bin/sh
            '''exec' "$(dirname "$0")/python" "$0" "$@"
            ' '''
            from opencode_stats.cli.main import main
            main()
            """)
    )
    program.script.chmod(0o755)
    return program


@dataclass(frozen=True, slots=True)
class UserManager:
    """The manager's process, and what its user's shell would have in its environment."""

    pid: int
    home: Path
    runtime: Path

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a login shell of this user has."""
        return {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime),
            **(more or {}),
        }

    def run(
        self, *command: str | Path, check: bool = True, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command where the manager lives."""
        done = subprocess.run(
            ["nsenter", f"--mount=/proc/{self.pid}/ns/mnt", "--wd=/", "--", *map(str, command)],
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def ctl(self, *arguments: str, check: bool = True) -> str:
        """Asks the manager."""
        return self.run("systemctl", "--user", *arguments, check=check).stdout.strip()

    def shows(self, name: str) -> str:
        """One property of our service."""
        return self.ctl("show", "--value", f"--property={name}", "opencode-stats.service")


@contextlib.contextmanager
def user_manager(root: Path) -> Iterator[UserManager]:
    """A user manager, for the block, with a home below ``root``."""
    home = root / "home"
    # Its sockets' addresses may have 107 bytes (unix(7)), which pytest's folders leave no room for.
    runtime = Path(f"/tmp/oct-run-{os.getpid()}-{time.monotonic_ns()}")
    home.mkdir(parents=True)
    runtime.mkdir(mode=0o700)
    cgroup = f"opencode-stats-test-{runtime.name}"
    log = root / "systemd.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", SCRIPT, runtime, cgroup],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    manager = UserManager(process.pid, home, runtime)
    try:
        with contextlib.suppress(AssertionError):
            eventually((runtime / "systemd" / "private").exists, timeout_s=START_S, what="the manager")
        if manager.run("systemctl", "--user", "is-system-running", "--wait", check=False).stdout.strip() != "running":
            raise AssertionError(f"systemd --user does not run:\n{log.read_text(errors='replace')[-3000:]}")
        yield manager
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(runtime)
        for tree in CGROUPS:
            for folder in sorted((tree / cgroup).glob("**/"), key=lambda path: -len(path.parts)):
                folder.rmdir()
