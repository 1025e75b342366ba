"""Named gates: a stream waits at one until a test opens it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_S = 0.05
"""How often a waiting stream looks whether its client is still there: an abort must show within a moment."""


class Gates:
    """Gates by name, closed at first. A gate that was opened stays open."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[str] = set()
        self._reached: dict[str, int] = {}
        self._all_open = False

    def open(self, name: str) -> None:
        """Let every stream through that waits at this gate, or will."""
        with self._changed:
            self._open.add(name)
            self._changed.notify_all()

    def open_all(self) -> None:
        """Let everything through, for ever: the provider closes."""
        with self._changed:
            self._all_open = True
            self._changed.notify_all()

    def pass_through(self, name: str, *, client_is_there: Callable[[], bool]) -> bool:
        """Wait until the gate is open.

        Returns:
            False if the client left meanwhile.
        """
        with self._changed:
            self._reached[name] = self._reached.get(name, 0) + 1
            self._changed.notify_all()
            while not self._all_open and name not in self._open:
                if not client_is_there():
                    return False
                self._changed.wait(_LOOK_S)
        return True

    def wait_reached(self, name: str, *, times: int = 1, timeout_s: float = 30.0) -> None:
        """Wait until streams came to this gate ``times`` times.

        Raises:
            TimeoutError: they did not.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._reached.get(name, 0) >= times, timeout_s):
                raise TimeoutError(f"{self._reached.get(name, 0)} of {times} streams reached gate {name}")
