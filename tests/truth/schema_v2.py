"""The schema of a database that OpenCode 2.x has used: made by it, or taken over from 1.x."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.truth.database_v1 import SCHEMA_V1

ADDED: Final = Path(__file__).with_name("schema_v2.sql").read_text(encoding="utf-8")
REPLACED: Final = ("session_message", "event", "event_sequence")
"""1.x's tables of these names are made anew."""
LEGACY: Final = ("session", "message", "part", "todo", "session_share", "session_context_epoch", "session_input")
"""1.x's tables that 2.x leaves as they are, and does not make itself."""
LATER: Final = ("time_idle", "time_viewed", "idle_outcome")
"""Columns of ``session_v2`` that came with an upgrade: in a database that is older they stand at the end."""
_TABLE: Final = re.compile(r"^CREATE TABLE [`\"](\w+)[`\"]")
_INDEX: Final = re.compile(r"^CREATE (?:UNIQUE )?INDEX `\w+` ON `(\w+)`")


def schema_v2(*, legacy: bool, upgraded: bool) -> str:
    """A new database. ``legacy``: 1.x's tables are there too. ``upgraded``: columns as upgrades order them."""
    left_out = set(REPLACED) if legacy else {*REPLACED, *LEGACY}
    kept = [one for one in _statements(SCHEMA_V1) if _table(one) not in left_out]
    return ";\n".join(kept + _added(upgraded=upgraded))


def takeover(*, upgraded: bool) -> list[str]:
    """What turns 1.x's database into 2.x's; the rows are another matter."""
    return [f"DROP TABLE {name}" for name in REPLACED] + _added(upgraded=upgraded)


def _added(*, upgraded: bool) -> list[str]:
    added = _statements(ADDED)
    if upgraded:
        added = [_without_later(one) if _table(one) == "session_v2" else one for one in added]
        added += [f"ALTER TABLE session_v2 ADD {name} {'text' if 'outcome' in name else 'integer'}" for name in LATER]
    return ["ALTER TABLE project ADD time_active integer DEFAULT 0 NOT NULL", *added]


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip().rstrip(";")]


def _table(statement: str) -> str | None:
    found = _TABLE.match(statement) or _INDEX.match(statement)
    return found.group(1) if found else None


def _without_later(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not any(f"`{name}`" in line for name in LATER))
