"""A database of OpenCode 1.18.33, with the tables of the real one (fixtures/opencode-sample.db), filled by hand."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

from tests.support.clock import NOON_MS
from tests.support.ids import timed_id

SAMPLE: Final = Path(__file__).parents[1] / "fixtures" / "opencode-sample.db"
TABLES: Final = ("project", "session", "message", "event", "event_sequence")
TOTALS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")


class OpenCodeDatabase:
    """Each step writes a row as OpenCode does, and gives the database back."""

    def __init__(self, path: Path, *, without: tuple[str, ...] = ()) -> None:
        self.path = path
        with closing(sqlite3.connect(SAMPLE)) as sample:
            shapes = [
                sample.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
                for table in TABLES
                if table not in without
            ]
        self._number = 0
        for shape in shapes:
            self._write(shape)

    def project(self, worktree: str) -> Self:
        return self._insert(
            "project",
            id=f"project of {worktree}",
            worktree=worktree,
            time_created=NOON_MS,
            time_updated=NOON_MS,
            sandboxes="[]",
        )

    def session(self, name: str, directory: str = "/work", *, logged: bool = True, **columns: Any) -> Self:  # noqa: ANN401
        facts = {"project_id": "p", "slug": "s", "title": "t", "version": "1.18.33"}
        times = {"time_created": NOON_MS, "time_updated": NOON_MS}
        self._insert("session", **{**facts, **times, "id": name, "directory": directory, **columns})
        return self.event(name, "session.created.1") if logged else self

    def event(self, session: str, kind: str) -> Self:
        self._number += 1
        return self._insert(
            "event", id=f"evt_{self._number}", aggregate_id=session, seq=self._number, type=kind, data="{}"
        )

    def message(
        self,
        session: str,
        tokens: int,
        *,
        at_ms: int = NOON_MS + 1_000,
        late_ms: int = 2,
        name: str | None = None,
        directory: str = "/work",
        counts: object = None,
        **data: Any,  # noqa: ANN401
    ) -> Self:
        """An answer whose row was written ``late_ms`` after its end; it and the conversation's total grow together."""
        self._number += 1
        info = {
            "role": "assistant",
            "agent": "build",
            "providerID": "mock",
            "modelID": "m",
            "path": {"cwd": directory, "root": directory},
            "cost": 0.001,
            "tokens": counts or {"input": tokens, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
            "time": {"created": at_ms, "completed": at_ms + 100},
            "finish": "stop",
            **data,
        }
        cost = info["cost"] if isinstance(info["cost"], float) else 0
        self._write(
            "UPDATE session SET tokens_input = tokens_input + ?, cost = cost + ? WHERE id = ?", tokens, cost, session
        )
        return self._insert(
            "message",
            id=name or timed_id("msg", at_ms, self._number),
            session_id=session,
            time_created=at_ms,
            time_updated=at_ms + 100 + late_ms,
            data=json.dumps(info),
        )

    def remove(self, statement: str) -> Self:
        self._write(statement)
        return self

    def _insert(self, table: str, **columns: Any) -> Self:  # noqa: ANN401
        marks = ", ".join("?" * len(columns))
        self._write(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *columns.values())
        return self

    def _write(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            # Hundreds of rows, each a transaction of its own: none of them has to outlive a power cut.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(statement, values)
