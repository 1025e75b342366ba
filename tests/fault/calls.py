"""The calls of an exporter, counted, with a fault at one of them: its own (files and SQL), or SQLite's beneath it."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from tests.support.files import FaultyFiles
from tests.support.sqlite_calls import through

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

Layer = Literal["own", "sqlite"]
LAYERS: Final[tuple[Layer, ...]] = ("own", "sqlite")
KILL: Final = "killed"
OUTAGE: Final = "full disk"
"""From this call on everything fails, in every round until it was tried twice."""

_FACES: Final = {
    "EIO": (errno.EIO, sqlite3.SQLITE_IOERR, "disk I/O error"),
    "ENOSPC": (errno.ENOSPC, sqlite3.SQLITE_FULL, "database or disk is full"),
    "EACCES": (errno.EACCES, sqlite3.SQLITE_BUSY, "database is locked"),
    "EMFILE": (errno.EMFILE, sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
}
"""What goes wrong, as the system says it of a file and as SQLite says it of a statement."""
DEEDS: Final = {"own": (*_FACES, KILL, OUTAGE), "sqlite": (*_FACES, KILL)}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and at which call of which layer, counted from 1."""

    layer: Layer
    deed: str
    at: int

    def __str__(self) -> str:
        return f"{self.deed} at call {self.at} ({self.layer})"


@dataclass
class Calls:
    """Counts both layers' calls while ``armed``, looks at the world before each, and lets the fault happen.

    ``look`` must raise nothing but AssertionError; what it raised inside of SQLite is raised by ``settle``.
    """

    fault: Fault | None
    look: Callable[[], None]
    armed: bool = False
    healed: bool = False
    numbers: dict[Layer, int] = field(default_factory=lambda: dict.fromkeys(LAYERS, 0))
    seen_wrong: AssertionError | None = None

    def __post_init__(self) -> None:
        self.files = FaultyFiles(self._at_file)
        self.factory = _faulty_connection(self._at_statement)

    def sqlite(self) -> AbstractContextManager[None]:
        """Stands between SQLite and the system for a block; only where that is where the fault is to be counted."""
        return through(self._at_system_call) if self.fault is None or self.fault.layer == "sqlite" else nullcontext()

    def settle(self) -> None:
        """Raises what was seen where nothing could be raised."""
        if self.seen_wrong is not None:
            raise self.seen_wrong

    def _at_file(self, number: int, name: str, path: Path | None) -> None:
        face = self._due("own")
        if face is not None:
            raise OSError(face[0], os.strerror(face[0]), str(path))

    def _at_statement(self) -> None:
        face = self._due("own")
        if face is not None:
            error = sqlite3.OperationalError(face[2])
            error.sqlite_errorcode = face[1]
            raise error

    def _at_system_call(self, name: str) -> int:
        face = self._due("sqlite")
        return 0 if face is None else face[0]

    def _due(self, layer: Layer) -> tuple[int, int, str] | None:
        """The face of what goes wrong at this call, if it is this one's turn; a killed process does not come back."""
        if not self.armed:
            return None
        try:
            self.look()
        except AssertionError as error:
            self.seen_wrong = self.seen_wrong or error
        self.numbers[layer] += 1
        fault = self.fault
        if fault is None or fault.layer != layer:
            return None
        if fault.deed == OUTAGE:
            return _FACES["ENOSPC"] if self.numbers[layer] >= fault.at and not self.healed else None
        if self.numbers[layer] != fault.at:
            return None
        if fault.deed == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        return _FACES[fault.deed]


def _faulty_connection(before: Callable[[], None]) -> type[sqlite3.Connection]:
    class FaultyConnection(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
            if sql == "ROLLBACK":
                # SQLite gives the transaction up whatever fails on the way.
                super().execute(sql)
                before()
                return self.cursor()
            before()
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:  # noqa: ANN401 - the same
            before()
            return super().executemany(sql, parameters)

    return FaultyConnection
