"""A home, and what doctor says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import FakeClock

from opencode_stats.cli.checks import findings
from opencode_stats.host.paths import Paths
from opencode_stats.install.plugin_files import bundled_plugin
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    import sqlite3
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
