"""The safety net under the doorbell: a slow watch on the spool folder while OpenCode runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEP_MS: Final = 1_000
"""watchfiles looks at its buffer every step, whether or not anything happened: one wake-up a second."""


class Watcher:
    """Watches a folder in a thread of its own and calls ``on_change`` there; started and stopped at will."""

    def __init__(self, folder: Path, on_change: Callable[[], None]) -> None:
        self._folder = folder
        self._on_change = on_change
        self._stop: threading.Event | None = None

    @property
    def running(self) -> bool:
        """Whether the folder is being watched."""
        return self._stop is not None

    def start(self) -> None:
        """Begins to watch; does nothing where it does already."""
        if self._stop is None:
            self._stop = threading.Event()
            threading.Thread(target=self._watch, args=(self._stop,), name="spool-watcher", daemon=True).start()

    def stop(self) -> None:
        """Asks the thread to end; it does within a step, and a new one may begin before that."""
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _watch(self, stop: threading.Event) -> None:
        import watchfiles  # noqa: PLC0415 - 15 MiB that a command which takes in the spool once need not pay for

        changes = watchfiles.watch(
            self._folder,
            watch_filter=None,  # the default one drops paths that lie below a folder named like a virtual environment
            step=STEP_MS,
            debounce=STEP_MS,
            stop_event=stop,
            recursive=False,
            raise_interrupt=False,
        )
        for _ in changes:
            self._on_change()
