"""The scenario that is disturbed at every call: some OpenCode processes, one of its databases, and what they come to.

Three processes write spool files: one ends badly (a bad line, half a line at the end), one is in the middle of a line
for a while, one is of OpenCode 2.x. Its database has a message that was told, too, and some that were not. Another
host's file is taken in, and later one that has more; it knows one of the messages, too. Each workspace has a file.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.clock import NOON_MS
from tests.support.hosts import OTHER
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.contract.host_file import FORMAT, VERSION
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.ledger.connection import open_reader
from opencode_stats.ledger.hosts import usage_by_host

if TYPE_CHECKING:
    from opencode_stats.core.events import ProcessKey
    from opencode_stats.host.processes import Life

ACTS: Final = 5
"""How often the exporter does a round; before each but the last, something happens; before the last it starts anew."""
BAD_LINE: Final = b'{"v":1,"type":"of another kind","at_ms":1}'
TORN: Final = b'{"v":1,"type":"message.snapshot","at_'
TOKENS: Final = 100 + 20 + 3 + 1_000 + 7 + 50_000 + 600
"""Told by the first process, the second, the third; in the database only. (2.x's title is in the third's total.)"""


class FakeProcesses(Processes):
    """Processes that are alive until the story says otherwise."""

    def __init__(self) -> None:
        super().__init__("/nowhere")
        self.gone: set[int] = set()

    def life_of(self, key: ProcessKey) -> Life:
        return "gone" if key.pid in self.gone else "alive"


@dataclass
class World:
    """A home in which the story happens, an act at a time."""

    home: Path
    processes: FakeProcesses = field(default_factory=FakeProcesses)

    @property
    def paths(self) -> Paths:
        return Paths.of({}, self.home)

    @property
    def database(self) -> Path:
        return self.paths.opencode_data / "opencode.db"

    @property
    def host_file(self) -> Path:
        """Where another host's file arrives."""
        return self.home / "other.ndjson"

    def go_on(self, act: int) -> None:
        """What happens before this act's round."""
        if act == 0:
            self.paths.spool.mkdir(parents=True)
            self.paths.opencode_data.mkdir(parents=True)
            self.database.write_bytes(_databases()[0])
        if act in _of_other_host():
            self.host_file.write_text(_of_other_host()[act])
        if act == 2:
            self.database.write_bytes(_databases()[1])
        self.processes.gone = {2, *((1, 3) if act >= 3 else ())}
        for name, pieces in _files().items():
            if act < len(pieces):
                with open(self.paths.spool / name, "ab") as file:
                    file.write(pieces[act])

    def say_who_is_gone(self, act: int) -> None:
        """The second process was killed before anybody looked; the others end before the fourth act."""
        self.processes.gone = {2, *((1, 3) if act >= 3 else ())}

    @property
    def document(self) -> dict[str, Any]:
        """stats.json."""
        document: dict[str, Any] = json.loads(self.paths.stats_file.read_bytes())
        return document

    @property
    def figures(self) -> dict[str, Any]:
        """All of stats.json that is not about the exporter itself."""
        return {key: part for key, part in self.document.items() if key != "exporter"}

    @property
    def hosts(self) -> dict[str, tuple[int, int]]:
        """Tokens and messages of each host."""
        with closing(open_reader(self.paths.ledger)) as ledger:
            found = usage_by_host(ledger, None, "", 0)
        return {one.host: (one.totals.whole.tokens.total, one.totals.whole.messages) for one in found}

    @property
    def workspaces(self) -> list[dict[str, Any]]:
        """What the workspaces' files say, but for when they were written."""
        documents = [json.loads(path.read_bytes()) for path in sorted(self.paths.workspace_stats.iterdir())]
        return [{key: part for key, part in document.items() if key != "generatedAt"} for document in documents]

    @property
    def quarantined(self) -> list[bytes]:
        """What the quarantine's files hold."""
        folder = self.paths.quarantine
        return sorted(path.read_bytes() for path in folder.iterdir()) if folder.exists() else []

    @property
    def strays(self) -> list[str]:
        """Files that should not be there when all is done."""
        paths = self.paths
        wanted = {paths.stats_file, self.database, paths.stamp, paths.ledger, paths.data / "closed"}
        kept = {paths.quarantine, paths.kept_spool, paths.workspace_stats}
        return sorted(
            str(path.relative_to(self.home))
            for folder in (paths.opencode_data, paths.data, paths.state)
            for path in folder.rglob("*")
            if path.is_file() and path not in wanted and path.parent not in kept
        )


@cache
def _files() -> dict[str, list[bytes]]:
    """Spool file → what is appended to it before each act."""
    first = Script(pid=1).started().opened("/a").conversation("ses_a", directory="/a").prompt("ses_a").busy("ses_a")
    pieces = [_told(first)]
    first.answer("ses_a", _told_twice(), input=100, directory="/a").idle("ses_a").titled("ses_a", "msg_title")
    *whole, half = first.raw_lines[pieces[0][1] :]
    pieces.append((b"".join(whole) + half[:20], len(first.lines)))
    first.prompt("ses_a").answer("ses_a", "msg_a2", output=20, provider="openai", model="gpt-5").idle("ses_a")
    pieces.append((half[20:] + b"".join(first.raw_lines[pieces[1][1] :]), len(first.lines)))
    first.asked("per_1", "ses_a").answered("per_1").ended()
    pieces.append((b"".join(first.raw_lines[pieces[2][1] :]), 0))

    second = Script(pid=2, at_ms=NOON_MS + 1).started().conversation("ses_b").prompt("ses_b")
    second.answer("ses_b", "msg_b1", input=1, output=2).idle("ses_b")
    lines = second.raw_lines
    broken = b"".join([*lines[:3], BAD_LINE + b"\n", *lines[3:], TORN])

    third = (
        Script(pid=3, api=2, at_ms=NOON_MS + 2)
        .started()
        .opened("/c")
        .conversation("ses_c", directory="/c", host_version="2.0.1")
    )
    third.prompt("ses_c", directory="/c").busy("ses_c").answer("ses_c", "msg_c1", cache_read=1_000)
    beginning = third.content
    third.usage("ses_c", cache_read=1_000, input=7).idle("ses_c", "succeeded").closed("/c")
    rest = third.content[len(beginning) :]
    return {
        first.file_name: [piece for piece, _ in pieces],
        second.file_name: [broken],
        third.file_name: [beginning, b"", rest],
    }


def _told(script: Script) -> tuple[bytes, int]:
    return script.content, len(script.lines)


def _told_twice() -> str:
    """The id of the message that the spool and the database both tell of."""
    return "msg_told_twice"


@cache
def _of_other_host() -> dict[int, str]:
    """Act → another host's file, before it: at first, and when it had more to tell."""
    one = {
        "message": _told_twice(), "conversation": "ses_a", "live": False, "stage": "completed",
        "counted_at_ms": NOON_MS, "input": 1, "output": 0, "reasoning": 0, "cache_read": 0, "cache_write": 0,
    }  # fmt: skip
    besides = {**one, "message": "auxiliary:ses_y", "conversation": "ses_y", "charged": 9, "input": 9}
    files = {
        1: [one, {**one, "message": "msg_x", "stage": "usage"}, besides],
        3: [one, {**one, "message": "msg_x", "input": 5}, {**besides, "input": 0}, {**one, "message": "msg_y"}],
    }
    head = {"format": FORMAT, "v": VERSION, "host": OTHER, "name": "desk"}
    return {
        act: "".join(json.dumps(line) + "\n" for line in ({**head, "written_ms": act, "messages": len(lines)}, *lines))
        for act, lines in files.items()
    }


@cache
def _databases() -> tuple[bytes, bytes]:
    """OpenCode's database at first, and later."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "opencode.db"
        database = OpenCodeDatabase(path).project("/work").session("ses_a", "/a").session("ses_d")
        database.message(
            "ses_a", 100, directory="/a", name=_told_twice(), providerID="anthropic", modelID="claude-sonnet-5"
        ).message("ses_d", 50_000)
        before = path.read_bytes()
        database.message("ses_d", 600, at_ms=NOON_MS + 2_000)
        return before, path.read_bytes()
