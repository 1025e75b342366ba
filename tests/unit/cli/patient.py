"""A home, and what doctor says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import FakeClock

from opencode_stats.cli.checks import findings
from opencode_stats.host.paths import Paths
from opencode_stats.install.plugin_files import bundled_plugin
from opencode_stats.install.survey import Machine
from opencode_stats.install.user_services import NOT_FOUND, Outcome
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from opencode_stats.cli.finding import Finding


class Patient:
    """A home, and what doctor says of it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "work" / "shop"
        self.project.mkdir(parents=True)
        self.env = {"XDG_RUNTIME_DIR": str(home / "run"), "TMPDIR": str(home / "tmp"), "PATH": ""}
        self.paths = Paths.of(self.env, home)
        self.clock = FakeClock()
        self.says_of: dict[str, Outcome] = {}

    @property
    def machine(self) -> Machine:
        return Machine(self.env, self.home, self.paths, self._run)

    def opencode(self, version: str) -> Path:
        """An OpenCode that tells this version."""
        program = self.home / ".opencode" / "bin" / "opencode"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch(mode=0o755)
        self.says_of[str(program)] = Outcome(0, f"{version}\n")
        return program

    def _run(self, command: Sequence[str], *, timeout_s: float) -> Outcome:
        """The answer prepared for the first word that has one; other commands are not installed."""
        return next((self.says_of[word] for word in command if word in self.says_of), Outcome(NOT_FOUND))

    def says(self, about: str | None = None) -> list[Finding]:
        found = findings(self.machine, self.project, self.clock.now_ms())
        assert all(bool(finding.mend) == (finding.verdict != "ok") for finding in found)
        assert all(finding.code for finding in found)
        return [finding for finding in found if about in (None, finding.about)]

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
