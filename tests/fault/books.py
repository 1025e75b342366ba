"""A home whose ledger has a past: from OpenCode's database, from a backup, and from lines that came since."""

from __future__ import annotations

import json
import random
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tests.support.clock import NOON_MS, FakeClock
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.daemon.upkeep import look_after
from opencode_stats.host.files import FILES
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

MODELS = (("anthropic", "claude-sonnet-5"), ("openai", "gpt-5"), ("mock", "m/1"))
DAY_S = 24 * 3600


@dataclass
class Books:
    """The home; each step is one exporter that works once and ends, unless it says otherwise."""

    home: Path
    clock: FakeClock = field(default_factory=FakeClock)
    with_database: bool = True

    @property
    def paths(self) -> Paths:
        return Paths.of({}, self.home)

    @property
    def database(self) -> Path:
        return self.paths.opencode_data / "opencode.db"

    def exporter(self, files: Files = FILES) -> Exporter:
        # Another boot's processes are gone, so the round also finishes their files.
        return Exporter(
            self.paths,
            version="0.1.0",
            clock=self.clock,
            zone=lambda: UTC,
            processes=Processes(str(self.home / "no-proc")),
            databases=lambda: [self.database] if self.with_database else [],
            daemon_pid=None,
            files=files,
        )

    def work(self, files: Files = FILES) -> dict[str, Any]:
        """One round; gives what is published."""
        self.clock.advance(1)
        with closing(self.exporter(files)) as one:
            refresh(one)
        return self.document

    def back_up(self) -> None:
        self.clock.advance(1)
        with closing(self.exporter()) as one:
            refresh(one)
            look_after(self.paths, self.clock.now_ms(), pause_s=0.0)

    def live(self, first: int, processes: int, answers: int = 4) -> None:
        """So many OpenCodes, with a conversation and some answers each."""
        self.paths.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        for pid in range(first, first + processes):
            script = Script(pid=pid, at_ms=NOON_MS - 3_600_000 + pid * 1_000).started().opened(f"/work/{pid % 3}")
            name = f"ses_{pid}"
            script.conversation(name, directory=f"/work/{pid % 3}").prompt(name).titled(name, f"msg_t{pid}")
            for number in range(answers):
                provider, model = MODELS[(pid + number) % len(MODELS)]
                script.answer(name, provider=provider, model=model, directory=f"/work/{pid % 3}", input=100 + pid,
                              output=number, cache_read=7 * pid)  # fmt: skip
            script.idle(name).ended()
            (self.paths.spool / script.file_name).write_bytes(script.content)

    def remember(self, conversations: int = 5, messages: int = 12) -> None:
        """What OpenCode's database has and no event told."""
        self.database.parent.mkdir(parents=True, exist_ok=True)
        made = OpenCodeDatabase(self.database)
        chances = random.Random(7)
        for number in range(conversations):
            made.session(f"ses_old_{number}", time_created=NOON_MS - 90 * DAY_S * 1000)
            for _ in range(messages):
                at_ms = NOON_MS - chances.randrange(1, 90 * DAY_S) * 1000
                made.message(f"ses_old_{number}", chances.randrange(1, 5_000), at_ms=at_ms, name=None)

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.paths.stats_file.read_bytes())
        return document

    @property
    def problems(self) -> list[str]:
        """The sentences of health that are about the ledger."""
        found = self.document["exporter"]["health"]["problems"]
        return [problem["message"] for problem in found if problem["code"] == "ledger"]


def with_a_past(home: Path) -> Books:
    """History from the database, two days with a backup after the first, and an end in good order."""
    books = Books(home)
    books.remember()
    books.live(1, 8)
    books.work()
    books.back_up()
    books.clock.advance(3_600)
    books.live(101, 8)
    books.work()
    return books


def figures(document: dict[str, Any]) -> dict[str, Any]:
    """Everything that is counted: in all, today, and in the run that is shown."""
    kept = ("totalTokens", "tokens", "models", "messages", "titleRequests", "totalCost")
    made = {name: {key: document[name][key] for key in kept} for name in ("total", "daily", "session")}
    return made | {"installDate": document["total"]["installDate"], "run": document["session"]["runId"]}
