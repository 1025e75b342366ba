"""One piece of a spool file, one transaction."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from tests.support.ledgers import STRANGER, everything, ledger_in_memory, rows, take
from tests.support.script import Script

from opencode_stats.ledger.append import BadLines, Cursor, append, forget_cursor, read_cursors
from opencode_stats.ledger.queries import lost_lines, quarantined, total

if TYPE_CHECKING:
    from collections.abc import Callable

CURSOR = Cursor("1-1-1.jsonl", 5, 6, b"head", 700)
SCRIPT = Script().started().conversation("ses_a").prompt("ses_a").busy("ses_a").answer("ses_a", input=3).idle("ses_a")


def test_the_cursor_is_kept_with_its_process(ledger: sqlite3.Connection) -> None:
    kept = append(ledger, CURSOR, SCRIPT.events, STRANGER)

    assert kept.process == SCRIPT.key.text
    assert read_cursors(ledger) == {CURSOR.file: kept}
    forget_cursor(ledger, CURSOR.file)
    assert read_cursors(ledger) == {}


def statements_of(work: Callable[[sqlite3.Connection], object]) -> int:
    count = 0

    def note(_: str) -> None:
        nonlocal count
        count += 1

    with ledger_in_memory() as connection:
        connection.set_trace_callback(note)
        work(connection)
        connection.set_trace_callback(None)
    return count


def work(connection: sqlite3.Connection) -> Cursor:
    bad = BadLines(0, 5, 2, "not JSON", None, 1)
    return append(connection, CURSOR, [bad, *SCRIPT.events], STRANGER)


@pytest.mark.parametrize("kind", [sqlite3.OperationalError, KeyboardInterrupt])
def test_whatever_ends_it_when_all_of_it_is_there_or_nothing(kind: type[BaseException]) -> None:
    class Dying(sqlite3.Connection):
        left = 10**9

        def execute(self, *args: object) -> sqlite3.Cursor:
            if args[0] != "ROLLBACK":
                Dying.left -= 1
                if Dying.left < 0:
                    raise kind
            return super().execute(*args)  # type: ignore[arg-type]

    with ledger_in_memory() as template:
        fresh = everything(template)
        ended = 0
        for step in range(10_000):
            connection = sqlite3.connect(":memory:", isolation_level=None, factory=Dying)
            try:
                template.backup(connection)
                Dying.left = step
                try:
                    work(connection)
                except kind:
                    Dying.left = 10**9
                    assert everything(connection) == fresh
                    ended += 1
                    work(connection)
                Dying.left = 10**9
                assert total(connection).whole.tokens.total == 3
                if ended <= step:
                    break
            finally:
                connection.close()
        assert ended > 20


def test_two_copies_of_a_spool_under_two_names_count_once(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT, SCRIPT)

    assert total(ledger).whole.messages == 1
    assert rows(ledger, "SELECT count(*) FROM runs") == rows(ledger, "SELECT count(*) FROM attention") == [(1,)]


def test_lines_before_any_start_belong_to_a_stranger(ledger: sqlite3.Connection) -> None:
    append(ledger, CURSOR, SCRIPT.events[1:], STRANGER)

    assert rows(ledger, "SELECT key, plugin_version FROM processes") == [(STRANGER.text, "unknown")]
    assert total(ledger).whole.tokens.total == 3


def test_bad_lines_and_losses_are_counted_once(ledger: sqlite3.Connection) -> None:
    lossy = Script().started().lost(12)
    bad = [BadLines(0, 5, 3, "not JSON", "x.bad", 100), BadLines(9, 5, 1, "unknown type", None, 200)]
    for _ in range(2):
        append(ledger, CURSOR, [*bad, *lossy.events], STRANGER)

    assert quarantined(ledger) == [("not JSON", 3), ("unknown type", 1)]
    assert quarantined(ledger, since_ms=150) == [("unknown type", 1)]
    assert (lost_lines(ledger), lost_lines(ledger, lossy.at_ms)) == (12, 0)


def test_a_process_that_is_of_both_majors_is_of_the_later_one_however_it_is_cut(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().started(api=1)
    script.busy("ses_a", directory="/w")
    with ledger_in_memory() as cut:
        take(ledger, script)
        cursor = CURSOR
        for event in script.events:
            cursor = append(cut, cursor, [event], STRANGER)

        assert rows(cut, "SELECT directory FROM runs") == rows(ledger, "SELECT directory FROM runs") == [("/w",)]


def test_compaction_is_noted(ledger: sqlite3.Connection) -> None:
    script = Script().started().conversation("ses_a").line("conversation.compacted", conversation="ses_a")
    take(ledger, script)

    assert rows(ledger, "SELECT compacted_ms FROM conversations") == [(script.at_ms,)]


def test_parents_that_go_in_a_circle_end(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", parent="ses_b").conversation("ses_b", parent="ses_a")
    take(ledger, script.conversation("ses_c", parent="ses_c").busy("ses_a").busy("ses_c").deleted("ses_a"))

    assert rows(ledger, "SELECT conversation FROM conversations WHERE deleted_ms IS NOT NULL") == [
        ("ses_a",),
        ("ses_b",),
    ]
