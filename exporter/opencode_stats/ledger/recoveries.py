"""What the ledger remembers of the times that it was made again (``recovery``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

_COLUMNS: Final = "at_ms, folder, cause, base, finished_ms, salvaged, missing_tokens, missing_messages, missing_titles"


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery: what was wrong, what it began from, and what is known of its outcome.

    ``base`` is the backup's name, None where there was none. ``salvaged`` counts messages that only the damaged file
    had. What is missing is what readers had been shown and nobody knows any more. ``finished_ms`` is None until all of
    OpenCode's storage has been read again.
    """

    at_ms: int
    folder: str
    cause: str
    base: str | None
    finished_ms: int | None
    salvaged: int | None
    missing_tokens: int | None
    missing_messages: int | None
    missing_titles: int | None

    @property
    def lost(self) -> bool:
        """Whether anything that readers had been shown is missing."""
        return bool(self.missing_tokens or self.missing_messages or self.missing_titles)


def recoveries(connection: sqlite3.Connection) -> list[Recovery]:
    """Every recovery of this ledger, the latest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM recoveries ORDER BY at_ms DESC")
    return [Recovery(*row) for row in rows]


def sentence_of(one: Recovery) -> str:
    """What readers of the figures should know of it."""
    day = f"{datetime.fromtimestamp(one.at_ms // 1000, UTC):%Y-%m-%d}"
    begun = f"The ledger was damaged and made again on {day}"
    if one.finished_ms is None:
        return f"{begun}; not all of OpenCode's own data could be read yet."
    if one.lost:
        return (
            f"{begun}; at least {one.missing_tokens} tokens, {one.missing_messages} messages and "
            f"{one.missing_titles} title requests that had been published are lost."
        )
    return f"{begun}; everything that had been published is there."


def is_pending(connection: sqlite3.Connection) -> bool:
    """Whether a recovery is under way."""
    row = connection.execute("SELECT EXISTS (SELECT 1 FROM recoveries WHERE finished_ms IS NULL)").fetchone()
    return bool(row[0])
