"""The safety net under the doorbell: a slow watch on the spool folder while OpenCode runs."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

STEP_MS: Final = 1_000
"""watchfiles looks at its buffer every step, whether or not anything happened: one wake-up a second."""


class Watcher:
    """Watches a folder in a thread of its own and calls ``on_change`` there; started and stopped at will."""

    def __init__(self, folder: Path, on_change: Callable[[], None], step_ms: int = STEP_MS) -> None:
        self._folder = folder
        self._on_change = on_change
        self._step_ms = step_ms
        self._stop: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self._trouble = ""
        self._turn = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether the folder is being watched; a watch may end by itself (no inotify watch is left, no folder)."""
        return self._stop is not None and self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begins to watch; does nothing where it does already."""
        if self.running:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(self._stop,), name="spool-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end, which it does within a step; ``on_change`` is not called any more from now on."""
        if self._stop is not None:
            with self._turn:
                self._stop.set()
            self._stop = None

    def _watch(self, stop: threading.Event) -> None:
        import watchfiles  # noqa: PLC0415 - 15 MiB that a command which takes in the spool once need not pay for

        try:
            watched = os.stat(self._folder)
            changes = watchfiles.watch(
                self._folder,
                watch_filter=None,  # the default one drops paths below a folder named like a virtual environment
                step=self._step_ms,
                debounce=self._step_ms,
                stop_event=stop,
                recursive=False,
                raise_interrupt=False,
            )
            for _ in changes:
                with self._turn:
                    if not stop.is_set():
                        self._on_change()
                # The watch is on the folder that was there, whatever stands in its place by now.
                if not os.path.samestat(watched, os.stat(self._folder)):
                    return
        except (OSError, RuntimeError) as error:  # watchfiles' own error is a RuntimeError
            if self._trouble != str(error):
                self._trouble = str(error)
                logger.warning("spool.unwatched error=%s", error)
