"""The JSON files of OpenCode before 1.2, taken in: once, by the rules of 1.x, and only what is new."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ids import timed_id
from tests.support.ledgers import everything, rows, take
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.core.audit import audit
from opencode_stats.ingest import legacy_storage
from opencode_stats.ingest.legacy_storage import take_storage
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.audit_rows import own_rows
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify
from opencode_stats.opencode.claims import claims_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

LATER_MS = NOON_MS + 10_000_000


class Storage:
    """OpenCode's data folder, written as OpenCode 1.1 did."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.number = 0

    def session(self, name: str, *, at_ms: int = NOON_MS, **members: Any) -> None:  # noqa: ANN401
        record = {"id": name, "projectID": "p", "directory": "/w", "version": "1.1.0", "time": {"created": at_ms}}
        self._put(self.data / "storage" / "session" / "p" / f"{name}.json", {**record, **members})

    def message(self, session: str, tokens: int, *, at_ms: int = NOON_MS + 1_000, **members: Any) -> Path:  # noqa: ANN401
        self.number += 1
        name = members.pop("name", None) or timed_id("msg", at_ms, self.number)
        record = {
            "id": name,
            "sessionID": session,
            "role": "assistant",
            "mode": "build",
            "providerID": "mock",
            "modelID": "m",
            "path": {"cwd": "/w", "root": "/w"},
            "cost": 0.5,
            "tokens": {"input": tokens, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
            "time": {"created": at_ms, "completed": at_ms + 100},
        }
        path = self.data / "storage" / "message" / session / f"{name}.json"
        self._put(path, {**record, **members})
        return path

    def _put(self, path: Path, record: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record))
        self.age(path)

    def age(self, path: Path, at_ms: int | None = None) -> None:
        """Sets the time of change of a file and its folder; each change gets one of its own."""
        self.number += 1
        at_ns = ((at_ms or NOON_MS) + self.number) * 1_000_000
        for place in (path, path.parent):
            os.utime(place, ns=(at_ns, at_ns))


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "opencode")


def read(kept: sqlite3.Connection, storage: Storage) -> Taken:
    return take_storage(kept, storage.data, LATER_MS)


def test_nothing_is_there(kept: sqlite3.Connection, storage: Storage) -> None:
    assert read(kept, storage) == Taken()


def test_messages_count_once_with_all_that_they_say(kept: sqlite3.Connection, storage: Storage) -> None:
    storage.session("ses_1")
    storage.session("ses_2", parentID="ses_1")
    storage.message("ses_1", 5)
    storage.message("ses_2", 7, agent="general")
    storage.message("ses_2", 0, role="user")

    assert (read(kept, storage), read(kept, storage)) == (Taken(new=2), Taken())
    assert rows(
        kept,
        "SELECT conversation, origin, standing, state, agent, provider, model, directory, input, cost_microusd, "
        "counted_at_ms FROM messages ORDER BY conversation",
    ) == [
        ("ses_1", "imported", "counted", "final", "build", "mock", "m", "/w", 5, 500_000, NOON_MS + 1_100),
        ("ses_2", "imported", "counted", "final", "general", "mock", "m", "/w", 7, 500_000, NOON_MS + 1_100),
    ]
    assert rows(kept, "SELECT conversation, parent, project, created_ms FROM conversations") == [
        ("ses_1", None, "p", NOON_MS),
        ("ses_2", "ses_1", "p", NOON_MS),
    ]
    assert verify(kept) == []


def test_a_forks_copies_are_no_usage(kept: sqlite3.Connection, storage: Storage) -> None:
    storage.session("ses_1")
    storage.message("ses_1", 5)
    storage.session("ses_fork", at_ms=NOON_MS + 900_000)
    storage.message("ses_fork", 5, name=timed_id("msg", NOON_MS + 900_000))

    read(kept, storage)

    assert total(kept).whole.tokens.total == 5


def test_what_is_in_a_database_or_was_told_live_is_one_row(kept: sqlite3.Connection, storage: Storage) -> None:
    storage.session("ses_1")
    for name in ("msg_db", "msg_live", "msg_json"):
        storage.message("ses_1", 5, name=name)
    made = OpenCodeDatabase(storage.data / "opencode.db").session("ses_1").message("ses_1", 5, name="msg_db")
    take(kept, Script().started().answer("ses_1", "msg_live", input=5))
    take_database(kept, made.path, LATER_MS)

    assert read(kept, storage) == Taken(new=1)
    assert total(kept).whole.tokens.total == 15
    found = audit(own_rows(kept), claims_of([made.path], storage.data)[0])
    assert found.naive.at_odds == 0
    assert {cause: share.tokens for cause, share in found.naive.causes.items()} == {"legacy_storage": 10}


def test_a_message_that_is_completed_later_in_place(kept: sqlite3.Connection, storage: Storage) -> None:
    path = storage.message("ses_1", 0, name="msg_1", time={"created": NOON_MS})
    folder_ns = os.stat(path.parent).st_mtime_ns
    read(kept, storage)

    path.write_text(
        json.dumps(
            json.loads(path.read_text())
            | {"time": {"created": NOON_MS, "completed": NOON_MS + 5}, "tokens": {"input": 9}}
        )
    )
    os.utime(path, ns=(folder_ns + 10**9, folder_ns + 10**9))
    os.utime(path.parent, ns=(folder_ns, folder_ns))

    assert (read(kept, storage), read(kept, storage)) == (Taken(changed=1), Taken())
    assert total(kept).whole.tokens.total == 9


def test_a_new_message_in_a_known_folder(kept: sqlite3.Connection, storage: Storage) -> None:
    storage.message("ses_1", 5)
    storage.message("ses_2", 5)
    read(kept, storage)
    storage.message("ses_1", 7, at_ms=NOON_MS + 2_000)

    assert read(kept, storage) == Taken(new=1)


def test_what_is_not_settled_is_looked_at_again(kept: sqlite3.Connection, storage: Storage) -> None:
    path = storage.message("ses_1", 5)
    storage.age(path, LATER_MS - 1_000)
    read(kept, storage)

    assert rows(kept, "SELECT folder_ns FROM legacy_folders") == [(0,)]


def test_a_conversation_that_is_gone_takes_nothing_away(kept: sqlite3.Connection, storage: Storage) -> None:
    path = storage.message("ses_1", 5)
    read(kept, storage)
    path.unlink()
    path.parent.rmdir()

    assert read(kept, storage) == Taken()
    assert total(kept).whole.tokens.total == 5


def test_bad_files_are_counted_once_and_hold_nothing_up(kept: sqlite3.Connection, storage: Storage) -> None:
    storage.message("ses_1", 5)
    storage.message("ses_1", 5, name="msg_bad", cost="much")
    half = storage.message("ses_1", 5, name="msg_half")
    half.write_text(half.read_text()[:50])
    storage.age(half)

    assert (read(kept, storage), read(kept, storage)) == (Taken(new=1, unsound=2), Taken())
    assert rows(kept, "SELECT message FROM rejected ORDER BY message") == [("msg_bad",), ("msg_half",)]


def test_batches_progress_and_going_on_after_an_interruption(
    kept: sqlite3.Connection, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy_storage, "BATCH_FILES", 2)
    for number in range(5):
        storage.message(f"ses_{number}", 5)
    seen: list[tuple[int, int]] = []

    def stop(done: int, whole: int) -> None:
        seen.append((done, whole))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_storage(kept, storage.data, LATER_MS, stop)
    assert (seen, total(kept).whole.messages) == ([(2, 5)], 2)

    seen.clear()
    assert take_storage(kept, storage.data, LATER_MS, lambda done, whole: seen.append((done, whole))) == Taken(new=3)
    assert seen == [(2, 3), (3, 3)]


def test_nothing_is_written_there(kept: sqlite3.Connection, storage: Storage) -> None:
    storage.session("ses_1")
    storage.message("ses_1", 5)
    before = {path: path.stat().st_mtime_ns for path in storage.data.rglob("*")}
    read(kept, storage)

    assert {path: path.stat().st_mtime_ns for path in storage.data.rglob("*")} == before
    assert "ses_1" in repr(everything(kept)["legacy_folders"])


def test_ten_thousand_files_with_nothing_new_take_no_time(kept: sqlite3.Connection, storage: Storage) -> None:
    for session in range(100):
        for number in range(100):
            storage.message(f"ses_{session}", 5, at_ms=NOON_MS + 1000 * (100 * session + number))
    assert read(kept, storage) == Taken(new=10_000)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        read(kept, storage)
        times.append(time.perf_counter() - begun)

    # A hundred folders are looked at, no file: some milliseconds even on a busy machine.
    assert min(times) < 0.02
