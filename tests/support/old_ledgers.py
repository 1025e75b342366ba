"""Ledgers of every schema that there ever was, with rows in them.

``python -m tests.support.old_ledgers`` writes the one of the schema of today into tests/fixtures/ledgers. Run it before
a new step of the schema is written; what is there is never written anew.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.clock import NOON_MS
from tests.support.ledgers import ledger_in_memory, take
from tests.support.script import Script

from opencode_stats.ledger.migrations import STEPS, migrate
from opencode_stats.ledger.soundness import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER: Final = Path(__file__).parents[1] / "fixtures" / "ledgers"
TOKENS: Final = 1_234
"""What the story of the fixtures comes to."""
# Made by triggers as the rows come in.
_MADE: Final = ("sums", "counters", "bulk", "migrations", "sqlite_sequence", "price_steps", "unbilled", "shared_until")


def story() -> list[Script]:
    """Two runs, a sub-agent, a fork's copy, a title, an abort."""
    one = Script(pid=1).started().opened("/w").conversation("ses_a", directory="/w").prompt("ses_a")
    one.titled("ses_a", "msg_title").answer("ses_a", input=1_000, output=30, directory="/w")
    one.conversation("ses_b", parent="ses_a").answer("ses_b", cache_read=200, model="m/1", provider="mock")
    one.conversation("ses_fork").copy("ses_fork", created_ms=NOON_MS - 10**9, input=5_000)
    one.answer("ses_a", error="MessageAbortedError").idle("ses_a").ended()
    return [one, Script(pid=2, at_ms=NOON_MS + 5).started().answer("ses_c", reasoning=4)]


@contextmanager
def old_ledger(steps: Sequence[str], of: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A ledger that took only these steps, with the rows of another one as far as it had a place for them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as old:
        migrate(old, NOON_MS, steps)
        for (table,) in old.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            if table not in _MADE:
                columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
                marks = ", ".join("?" * len(columns))
                names = ", ".join(columns)
                old.executemany(
                    f"INSERT INTO {table} ({names}) VALUES ({marks})", of.execute(f"SELECT {names} FROM {table}")
                )
        yield old


def path_of(steps: Sequence[str]) -> Path:
    """Where the fixture of a schema is."""
    return FOLDER / f"after_{steps[-1].removesuffix('.sql')}.dump"


def dump(connection: sqlite3.Connection) -> str:
    """The ledger as statements; the triggers come last, so that what they made is not made twice."""
    return "\n".join([f"PRAGMA application_id = {APPLICATION_ID};", *connection.iterdump()]) + "\n"


def write_missing() -> list[Path]:
    """Writes the fixtures that are not there yet, and gives their paths."""
    FOLDER.mkdir(exist_ok=True)
    written = []
    with ledger_in_memory() as newest:
        take(newest, *story())
        for number in range(1, len(STEPS) + 1):
            path = path_of(STEPS[:number])
            if not path.exists():
                with old_ledger(STEPS[:number], newest) as old:
                    path.write_text(dump(old), "utf-8")
                written.append(path)
    return written


if __name__ == "__main__":
    print(*write_missing(), sep="\n")
