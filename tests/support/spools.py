"""A spool folder with a ledger behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS, FakeClock
from tests.support.script import Script

from opencode_stats.host.files import FILES
from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.queries import quarantined, total

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from opencode_stats.host.files import Files


@dataclass
class Inbox:
    """The folder, and an exporter's reading end, which can be started anew at any time."""

    home: Path
    connection: sqlite3.Connection
    files: Files = FILES
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.restart()

    @property
    def folder(self) -> Path:
        return self.home / "spool"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    def restart(self) -> None:
        """A new exporter: nothing is remembered but what is in the ledger."""
        self.spool = Spool(self.folder, self.connection, Quarantine(self.quarantine), self.clock, self.files)

    def put(self, script: Script, name: str | None = None) -> Path:
        """The whole script as a file."""
        return self.write(script.content, name or script.file_name)

    def write(self, content: bytes, name: str = "1-1-00000000.jsonl") -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def add(self, content: bytes, name: str = "1-1-00000000.jsonl") -> None:
        with open(self.folder / name, "ab") as file:
            file.write(content)

    @property
    def tokens(self) -> int:
        """All tokens that are counted."""
        return total(self.connection).whole.tokens.total

    @property
    def bad(self) -> dict[str, int]:
        """Reason → lines in quarantine."""
        return dict(quarantined(self.connection))

    @property
    def kept(self) -> list[bytes]:
        """What the quarantine's files hold."""
        return [path.read_bytes() for path in sorted(self.quarantine.iterdir())] if self.quarantine.exists() else []


def turn(pid: int = 1, tokens: int = 100) -> Script:
    """One conversation with one turn, in a process of its own."""
    script = Script(pid=pid, at_ms=NOON_MS + pid).started().conversation(f"ses_{pid}")
    return script.prompt(f"ses_{pid}").answer(f"ses_{pid}", input=tokens).idle(f"ses_{pid}")
