"""What ``opencode import`` brought from somebody else is in no figure, and nothing of one's own is lost for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.core.audit import audit
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.audit_rows import own_rows
from opencode_stats.ledger.queries import total
from opencode_stats.opencode.claims import claims_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> OpenCodeDatabase:
    """One's own conversation, and one that somebody else exported and was imported in ``/mine``."""
    database = OpenCodeDatabase(tmp_path / "opencode.db").project("/mine")
    database.session("ses_own", "/mine").message("ses_own", 1, directory="/mine")
    database.session("ses_in", "/mine", logged=False)
    return database.message("ses_in", 50, name="msg_in", directory="/theirs", late_ms=60_000)


def tokens(kept: sqlite3.Connection, made: OpenCodeDatabase) -> int:
    """Takes in what is new; the audit must agree."""
    take_database(kept, made.path, NOON_MS)
    found = audit(own_rows(kept), claims_of([made.path], made.path.parent)[0])
    assert found.naive.at_odds == 0
    return total(kept).whole.tokens.total


def test_somebody_elses_usage_is_not_this_users(kept: sqlite3.Connection, made: OpenCodeDatabase) -> None:
    assert tokens(kept, made) == 1
    assert tokens(kept, made) == 1

    # Going on in it is one's own, and names the conversation in the log.
    made.message("ses_in", 7, at_ms=NOON_MS + 5_000, directory="/mine").event("ses_in", "message.updated.1")
    assert tokens(kept, made) == 8


def test_a_fork_of_it_is_copies(kept: sqlite3.Connection, made: OpenCodeDatabase) -> None:
    made.session("ses_fork", "/mine", time_created=NOON_MS + 900_000)
    made.message("ses_fork", 50, name="msg_1fcdb5ea20017fp9atp7GXp70b", directory="/theirs", late_ms=900_000)

    assert tokens(kept, made) == 1
    assert rows(kept, "SELECT standing FROM messages ORDER BY id") == [("counted",), ("copy",), ("copy",)]


def test_what_was_counted_before_stays(kept: sqlite3.Connection, made: OpenCodeDatabase) -> None:
    take(kept, Script().started().answer("ses_in", "msg_in", input=50, cost_usd=0.001))

    assert tokens(kept, made) == 51


def test_ones_own_export_imported_again(kept: sqlite3.Connection, tmp_path: Path) -> None:
    made = OpenCodeDatabase(tmp_path / "own.db").session("ses_1", "/mine", logged=False)
    made.message("ses_1", 5, directory="/mine", late_ms=60_000)

    assert tokens(kept, made) == 5


def test_a_database_of_another_machine_counts_once_and_as_ones_own(kept: sqlite3.Connection, tmp_path: Path) -> None:
    for name in ("opencode.db", "opencode-copied.db"):
        made = (
            OpenCodeDatabase(tmp_path / name)
            .session("ses_1", "/there")
            .message("ses_1", 5, name="msg_1", directory="/there")
        )
        take_database(kept, made.path, NOON_MS)

    assert total(kept).whole.tokens.total == 5


def test_what_2x_took_over_of_it_is_not_either(kept: sqlite3.Connection, made: OpenCodeDatabase) -> None:
    made.remove(
        "CREATE TABLE session_v2 (id TEXT PRIMARY KEY, project_id, parent_id, fork_session_id, directory, version, "
        "time_created INTEGER, cost REAL, tokens_input INTEGER, tokens_output INTEGER, tokens_reasoning INTEGER, "
        "tokens_cache_read INTEGER, tokens_cache_write INTEGER)"
    ).remove(
        "CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id, type, seq, time_created INTEGER, "
        "time_updated INTEGER, data TEXT)"
    )
    made.remove(
        "INSERT INTO session_v2 SELECT id, project_id, NULL, NULL, directory, version, time_created, cost, "
        "tokens_input, 0, 0, 0, 0 FROM session"
    ).remove(
        "INSERT INTO session_message SELECT id, session_id, 'assistant', rowid, time_created, time_updated, "
        "json_object('agent', 'build', 'model', json_object('id', 'm', 'providerID', 'mock'), 'finish', 'stop', "
        "'cost', 0.001, 'tokens', json_extract(data, '$.tokens'), 'time', json_extract(data, '$.time')) FROM message"
    ).remove("DELETE FROM event")

    assert tokens(kept, made) == 1
    assert tokens(kept, made) == 1
    found = audit(own_rows(kept), claims_of([made.path], made.path.parent)[0])
    assert found.session_rows is not None
    assert (found.session_rows.figure.tokens, found.session_rows.at_odds) == (51, 0)
