"""Ways in which a file comes to harm, named; and many more, drawn at random."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

PAGE: Final = 4096


def header_overwritten(ledger: Path) -> None:
    _write(ledger, 0, b"\0" * 100)


def first_page_lost(ledger: Path) -> None:
    _write(ledger, 0, b"\xa5" * PAGE)


def page_zeroed_in_the_middle(ledger: Path) -> None:
    middle = os.stat(ledger).st_size // PAGE // 2
    _write(ledger, middle * PAGE, b"\0" * PAGE)


def truncated(ledger: Path) -> None:
    os.truncate(ledger, os.stat(ledger).st_size * 2 // 3)


def truncated_inside_a_page(ledger: Path) -> None:
    os.truncate(ledger, os.stat(ledger).st_size // 2 + 1234)


def pages_of_messages_lost(ledger: Path) -> None:
    for number in _pages_of(ledger, "messages"):
        _write(ledger, number * PAGE, os.urandom(PAGE))


def index_of_ids_lost(ledger: Path) -> None:
    for number in _pages_of(ledger, "sqlite_autoindex_messages_1"):
        _write(ledger, number * PAGE, b"\0" * PAGE)


def index_entries_changed(ledger: Path) -> None:
    """The index alone says another id: every row is still there, and no look-up finds it."""
    for number in _pages_of(ledger, "sqlite_autoindex_messages_1"):
        content = ledger.read_bytes()[number * PAGE : (number + 1) * PAGE]
        _write(ledger, number * PAGE, content.replace(b"msg_", b"nsg_"))


def figures_changed(ledger: Path) -> None:
    """As a disk does that forgets a bit: SQLite has nothing to say against it."""
    unseen(ledger, "UPDATE messages SET input = input + 4096 WHERE id = 3")


def unseen(ledger: Path, statement: str) -> None:
    """A change to messages that neither triggers nor the guard follow; the schema is what it was."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        (made,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'messages'").fetchone()
        plain = made[: made.index("    guard ")] + "    guard INTEGER NOT NULL\n) STRICT"
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'messages'", (plain,))
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute(statement)
        for _, trigger in triggers:
            connection.execute(trigger)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'messages'", (made,))


def sums_changed(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE sums SET input = input + 1 WHERE scope = 'all'")


def a_model_changed(ledger: Path) -> None:
    content = ledger.read_bytes()
    ledger.write_bytes(content.replace(b"claude-sonnet-5", b"claude-sonnet-6", 1))


def emptied(ledger: Path) -> None:
    os.truncate(ledger, 0)


def removed(ledger: Path) -> None:
    ledger.unlink()


def no_database(ledger: Path) -> None:
    ledger.write_bytes(b"this was never a database\n" * 1000)


def another_database(ledger: Path) -> None:
    ledger.unlink()
    with closing(sqlite3.connect(ledger)) as other, other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        other.execute("INSERT INTO bookmarks VALUES ('https://example.org')")


DAMAGES: Final = (
    header_overwritten, first_page_lost, page_zeroed_in_the_middle, truncated, truncated_inside_a_page,
    pages_of_messages_lost, index_of_ids_lost, index_entries_changed, figures_changed, sums_changed, a_model_changed,
    emptied, removed, no_database, another_database,
)  # fmt: skip


def at_random(ledger: Path, chances: random.Random) -> str:
    """Some harm, and what it was."""
    size = os.stat(ledger).st_size
    kinds: dict[str, Callable[[], None]] = {
        "bits": lambda: _flip(ledger, chances, chances.randint(1, 8)),
        "bit": lambda: _flip(ledger, chances, 1),
        "page zeroed": lambda: _write(ledger, chances.randrange(size // PAGE) * PAGE, b"\0" * PAGE),
        "stretch": lambda: _write(ledger, chances.randrange(size), chances.randbytes(chances.randint(1, 3 * PAGE))),
        "truncated": lambda: os.truncate(ledger, chances.randrange(size)),
        "pages swapped": lambda: _swap(ledger, chances),
        "grown": lambda: _write(ledger, size, chances.randbytes(chances.randint(1, 2 * PAGE))),
    }
    kind = chances.choice(sorted(kinds))
    kinds[kind]()
    return kind


def _flip(ledger: Path, chances: random.Random, times: int) -> None:
    content = bytearray(ledger.read_bytes())
    for _ in range(times):
        content[chances.randrange(len(content))] ^= 1 << chances.randrange(8)
    ledger.write_bytes(content)


def _swap(ledger: Path, chances: random.Random) -> None:
    content = ledger.read_bytes()
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    one, other = chances.randrange(len(pages)), chances.randrange(len(pages))
    pages[one], pages[other] = pages[other], pages[one]
    ledger.write_bytes(b"".join(pages))


def _write(path: Path, offset: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def _pages_of(ledger: Path, name: str) -> list[int]:
    """The pages of a table or an index but its first, counted from 0; by the marks of their kind and their content."""
    content = ledger.read_bytes()
    kind = 0x0A if name.startswith("sqlite_autoindex") else 0x0D
    pages = []
    for at in range(PAGE, len(content), PAGE):
        page = content[at : at + PAGE]
        if page[0] == kind and page.count(b"msg_") > 4 and (kind == 0x0A or b"imported" in page or b"live" in page):
            pages.append(at // PAGE)
    assert pages, name
    return pages
