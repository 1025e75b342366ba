from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.foreign import own_host
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.salvage import salvage
from opencode_stats.ledger.soundness import findings
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    from pathlib import Path

FACTS = "SELECT message, provider, model, input, standing, counted_at_ms FROM messages ORDER BY message"


def story(number: int) -> Script:
    script = Script(pid=number, at_ms=NOON_MS + number).started().conversation(f"ses_{number}")
    return script.answer(f"ses_{number}", f"msg_{number}", input=number)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "damaged.db"
    with closing(open_ledger(path, NOON_MS)) as connection:
        for number in range(1, 41):
            take(connection, story(number), file=f"{number}.jsonl")
    return path


def into(ledger: sqlite3.Connection, damaged: Path) -> int:
    with transaction(ledger):
        return salvage(ledger, damaged)


def harm(damaged: Path, old: bytes, new: bytes, times: int) -> None:
    content = damaged.read_bytes()
    assert content.count(old) >= times
    damaged.write_bytes(content.replace(old, new, times))


def test_everything_is_read_without_a_header_or_a_schema(ledger: sqlite3.Connection, damaged: Path) -> None:
    with closing(sqlite3.connect(damaged)) as there:
        before = rows(there, FACTS)
    damaged.write_bytes(b"\0" * 4096 + damaged.read_bytes()[4096:])

    assert into(ledger, damaged) == 40
    assert rows(ledger, FACTS) == before
    assert findings(ledger) == []


@pytest.mark.parametrize(
    ("there", "kept", "expected"),
    [("a" * 32, None, "a" * 32), ("a" * 32, "b" * 32, "b" * 32), ("damaged", None, None), (None, None, None)],
)
def test_it_stays_the_host_that_it_was(
    ledger: sqlite3.Connection, damaged: Path, there: str | None, kept: str | None, expected: str | None
) -> None:
    for path, host in ((damaged, there), (None, kept)):
        if host is not None:
            with closing(sqlite3.connect(path)) if path else nullcontext(ledger) as connection:
                connection.execute("INSERT INTO hosts VALUES (?, 'me', 1, 7)", (host,))
                connection.commit()

    assert into(ledger, damaged) == 40

    assert own_host(ledger) == expected


def test_what_is_known_already_stays_as_it_is(ledger: sqlite3.Connection, damaged: Path) -> None:
    take(ledger, story(3), story(4), file="x.jsonl")
    ledger.execute("UPDATE messages SET input = 1000 WHERE message = 'msg_3'")

    assert into(ledger, damaged) == 38
    assert total(ledger).whole.tokens.total == sum(range(1, 41)) - 3 + 1000
    # A run that is known by its name is known again.
    assert rows(ledger, "SELECT count(*) FROM messages WHERE run IS NOT NULL") == [(2,)]


def test_what_a_running_total_of_2x_has_already_is_not_counted_twice(
    ledger: sqlite3.Connection, tmp_path: Path
) -> None:
    """2.x undid a step, of which only the damaged ledger knows; and once a step was missed there."""
    path, begun = tmp_path / "damaged.db", Script(api=2).started().conversation("ses_a", host_version="2.1.2")
    begun.answer("ses_a", "msg_undone", input=100).usage("ses_a", input=107)
    begun.conversation("ses_b", host_version="2.1.2").usage("ses_b", input=50)
    with closing(open_ledger(path, NOON_MS)) as connection:
        take(connection, begun)
        assert total(connection).whole.tokens.total == 107 + 50
    again = Script(api=2).started().conversation("ses_a", host_version="2.1.2").usage("ses_a", input=107)
    again.conversation("ses_b", host_version="2.1.2").answer("ses_b", "msg_missed", input=50).usage("ses_b", input=50)
    take(ledger, again)

    assert into(ledger, path) == 2

    found = rows(ledger, "SELECT message, input FROM messages WHERE input IS NOT NULL ORDER BY message")
    assert found == [("auxiliary:ses_a", 7), ("msg_missed", 50), ("msg_undone", 100)]
    assert total(ledger).whole.tokens.total == 107 + 50


def test_a_figure_that_changed_is_not_taken(ledger: sqlite3.Connection, damaged: Path) -> None:
    with closing(sqlite3.connect(damaged, isolation_level=None)) as there:
        (number,) = there.execute("SELECT guard FROM messages WHERE message = 'msg_7'").fetchone()
    changed = number.to_bytes(6, "big")
    harm(damaged, changed, (number + 3).to_bytes(6, "big"), 1)

    assert into(ledger, damaged) == 39
    assert rows(ledger, "SELECT * FROM messages WHERE message = 'msg_7'") == []


def test_an_id_that_changed_is_not_a_message_more(ledger: sqlite3.Connection, damaged: Path) -> None:
    # In the row or in the index: one of the two says otherwise then.
    harm(damaged, b"msg_31", b"msg_99", 1)

    assert into(ledger, damaged) == 39
    assert rows(ledger, "SELECT count(*) FROM messages WHERE message IN ('msg_31', 'msg_99')") == [(0,)]


def test_what_is_only_in_the_log_is_there_too(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    path, aside = tmp_path / "live.db", tmp_path / "aside.db"
    with closing(open_ledger(path, NOON_MS)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        take(connection, story(1))
        for side in ("", "-wal"):
            aside.with_name(f"aside.db{side}").write_bytes(path.with_name(f"live.db{side}").read_bytes())

    assert into(ledger, aside) == 1
    aside.with_name("aside.db-wal").write_bytes(b"garbage" * 1000)
    assert into(ledger, aside) == 0
    assert sorted(file.name for file in tmp_path.glob("*joined*")) == []


@pytest.mark.parametrize("content", [b"", b"x", b"\r" * 40_960, None])
def test_a_file_of_nothing(ledger: sqlite3.Connection, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.db").write_bytes(content)

    assert into(ledger, tmp_path / "x.db") == 0
