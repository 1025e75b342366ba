"""What OpenCode's database says each message cost, read a second time: row by row, with Python's own JSON.

Written from docs/counting.md and the facts of OpenCode's tables; nothing is shared with ``opencode`` or ``ledger``.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Figures = tuple[int, int, int, int, int]

LATEST_MS: Final = 253_402_300_799_999
MOST_TOKENS: Final = 10**10
MOST_DIGITS: Final = 4_000
SHORT: Final = 4_000
"""Characters that any name in a row may have."""
_NO_TEXT: Final = re.compile("[\ud800-\udfff]")
PATHS: Final = (("input",), ("output",), ("reasoning",), ("cache", "read"), ("cache", "write"))


@dataclass
class Said:
    """``figures``: message → what its rows say of it (None: nothing is known of its tokens), unsound rows left out.

    ``doubtful``: what has an id that is very long or no Unicode, or bytes for its record; it may be left out.
    """

    figures: dict[str, set[Figures | None]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def must(self) -> dict[str, set[Figures]]:
        """The messages that have figures in every row of theirs, each with those."""
        sure = {name: {one for one in said if one is not None} for name, said in self.figures.items()}
        doubtful = self.doubtful | {name for name, said in self.figures.items() if None in said}
        return {name: known for name, known in sure.items() if known and name not in doubtful}


def read_database(path: Path) -> Said:
    """What can be read of the messages in both generations of tables.

    Raises:
        sqlite3.Error: a table can't be read to its end.
    """
    said = Said()
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "message" in tables:
            rows = connection.execute("SELECT id, session_id, time_created, data FROM message")
            for message, conversation, at_ms, text in rows:
                _note(said, message, conversation, at_ms, _object(text), v1=True, kind="assistant")
                _doubt(said, text, message, conversation)
        if "session_message" in tables:
            rows = connection.execute(
                "SELECT id, session_id, time_created, data, type, time_updated FROM session_message"
            )
            for message, conversation, at_ms, text, kind, updated_ms in rows:
                record = _object(text)
                if kind == "compaction" and record is not None and record.get("status") in ("completed", "failed"):
                    record["time"] = {**_members(record.get("time")), "completed": updated_ms}
                _note(said, message, conversation, at_ms, record, v1=False, kind=kind)
                _doubt(said, text, message, conversation)
    return said


def figures_of(record: dict[str, Any], *, v1: bool, row_ms: object = 0) -> Figures | None:
    """What a message's record says that it cost; None: nothing is known.

    Raises:
        ValueError: it makes no sense.
    """
    tokens, times = record.get("tokens"), _members(record.get("time"))
    counts = tuple(_count(_at(tokens, path)) for path in PATHS)
    if sum(counts) > MOST_TOKENS:
        raise ValueError("too many")
    _number(record.get("cost"), 1e6)
    created = times.get("created")
    _instant(row_ms if created is None else created)
    completed = times.get("completed")
    if completed is not None:
        _instant(completed)
    error = record.get("error")
    failed = isinstance(error, dict) or (not v1 and record.get("status") == "failed")
    if completed is None and record.get("finish") in (None, "") and not any(counts):
        return None
    if (failed and not any(counts)) or (not v1 and not isinstance(tokens, dict)):
        return None
    return counts  # type: ignore[return-value]  # there are five paths


def _note(
    said: Said, message: object, conversation: object, at_ms: object, record: object, *, v1: bool, kind: object
) -> None:
    if not isinstance(message, str) or not isinstance(conversation, str) or not isinstance(record, dict):
        return
    if not message or not conversation or (v1 and record.get("role") != "assistant"):
        return
    if not v1 and kind not in ("assistant", "compaction"):
        return
    try:
        known = figures_of(record, v1=v1, row_ms=at_ms)
    except ValueError:
        return
    if kind == "compaction" and not isinstance(record.get("tokens"), dict):
        return
    said.figures.setdefault(message, set()).add(known)


def _doubt(said: Said, data: object, *texts: object) -> None:
    together = "".join(text for text in texts if isinstance(text, str))
    if isinstance(texts[0], str) and (isinstance(data, bytes) or len(together) > SHORT or _NO_TEXT.search(together)):
        said.doubtful.add(texts[0])


def _object(text: object) -> dict[str, Any] | None:
    """The JSON object; of two members of one name SQLite reads the first, and some versions take JSON of bytes."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if not isinstance(text, str):
        return None
    try:
        record = json.loads(text.partition("\0")[0], parse_constant=_refuse, parse_int=_whole, object_pairs_hook=_first)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _refuse(name: str) -> object:
    raise ValueError(name)


def _whole(digits: str) -> int:
    """Python reads no number of more digits than these; whatever else it is, it is no figure."""
    return int(digits[:MOST_DIGITS])


def _first(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        made.setdefault(name, value)
    return made


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        value = _members(value).get(name)
    return value


def _count(value: object) -> int:
    # true is 1 to SQLite's JSON.
    if value is None:
        return 0
    if not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise ValueError("no count")
    return int(value)


def _number(value: object, most: float) -> None:
    if value is not None and (not isinstance(value, int | float) or not 0 <= value <= most):
        raise ValueError("no number")


def _instant(value: object) -> None:
    if not isinstance(value, int) or not 0 <= value <= LATEST_MS:
        raise ValueError("no instant")
