"""A database that OpenCode 2.x has used, filled by hand; with 1.x's tables beside its own if it took them over."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from tests.support.clock import NOON_MS
from tests.support.ids import timed_id
from tests.support.opencode_database import OpenCodeDatabase
from tests.truth.schema_v2 import schema_v2

if TYPE_CHECKING:
    from pathlib import Path

STEP_MS = 1_000
TAKEN_OVER_MS = NOON_MS + 3_600_000


class OpenCode2Database:
    """Each step writes as OpenCode 2.x does, and gives the database back; messages take a second each."""

    def __init__(self, path: Path, *, legacy: bool = False, upgraded: bool = False) -> None:
        self.path = path
        self.at_ms = NOON_MS
        self.names: list[str] = []
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(schema_v2(legacy=legacy, upgraded=upgraded))

    def session(self, name: str, **columns: Any) -> Self:  # noqa: ANN401
        facts = {"project_id": "p", "slug": "s", "directory": "/work", "version": "2.1.2", "time_created": self.at_ms}
        return self.insert("session_v2", **{**facts, "time_updated": self.at_ms, "id": name, **columns})

    def charge(self, session: str, tokens: int, cost_usd: float = 0.0) -> Self:
        """OpenCode adds to the running total; all of it is input."""
        return self.write(
            "UPDATE session_v2 SET tokens_input = tokens_input + ?, cost = cost + ? WHERE id = ?",
            tokens, cost_usd, session,
        )  # fmt: skip

    def step(self, session: str, tokens: int | None, *, name: str | None = None, **members: Any) -> Self:  # noqa: ANN401
        """A step that ended, with its tokens in the running total; ``tokens`` None: it is still running."""
        self.at_ms += STEP_MS
        data: dict[str, Any] = {
            "time": {"created": self.at_ms},
            "agent": "build",
            "model": {"id": "m-1", "providerID": "mock", "variant": "high"},
            "content": [{"type": "text", "text": "…"}],
        }
        if tokens is not None:
            data |= self.settled(tokens)
            self.charge(session, tokens, 0.001)
        return self.row(session, "assistant", {**data, **members}, name=name)

    def settled(self, tokens: int) -> dict[str, Any]:
        """What a step that ended has besides."""
        counts = {"input": tokens, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        time = {"created": self.at_ms, "completed": self.at_ms + 500}
        return {"time": time, "finish": "stop", "cost": 0.001, "tokens": counts}

    def row(self, session: str, kind: str, data: object, *, name: str | None = None, at_ms: int | None = None) -> Self:
        at_ms = self.at_ms if at_ms is None else at_ms
        self.names.append(name or timed_id("msg", at_ms, len(self.names)))
        return self.insert(
            "session_message",
            id=self.names[-1],
            session_id=session,
            type=kind,
            seq=len(self.names),
            time_created=at_ms,
            time_updated=at_ms + 700,
            data=data if isinstance(data, str) else json.dumps(data),
        )

    def insert(self, table: str, **columns: Any) -> Self:  # noqa: ANN401
        marks = ", ".join("?" * len(columns))
        return self.write(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *columns.values())

    def write(self, statement: str, *values: object) -> Self:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            # As of ``OpenCodeDatabase``.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(statement, values)
        return self


def taken_over(tmp_path: Path) -> OpenCode2Database:
    """A conversation of 1.x that 2.x took over: a step, a compaction that only 1.x's table has, a fork's copy.

    It did so at ``TAKEN_OVER_MS``.
    """
    made = OpenCodeDatabase(tmp_path / "legacy.db").session("ses_old").message("ses_old", 100, name="msg_step")
    made.message("ses_old", 5_000, name="msg_summary", summary=True, parentID="msg_request")
    made.message("ses_old", 40, name="msg_1fffffffffffcopy", at_ms=NOON_MS - 9_000)
    v2 = OpenCode2Database(tmp_path / "opencode.db", legacy=True, upgraded=True)
    with closing(sqlite3.connect(v2.path)) as connection, connection:
        connection.execute("ATTACH ? AS old", (str(made.path),))
        for table in ("session", "message"):
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
    v2.session("ses_old", version="1.18.33", time_created=NOON_MS).charge("ses_old", 5_140)
    v2.row("ses_old", "assistant", v2.settled(100), name="msg_step").row(
        "ses_old", "compaction", {"status": "completed"}, name="msg_request"
    )
    times = {"time_created": TAKEN_OVER_MS - 50, "time_updated": TAKEN_OVER_MS}
    return v2.insert("kv", key="migration.v1-v2", value='{"phase":"completed"}', **times)
