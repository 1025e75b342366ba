"""Drawing again whenever stats.json changes, until who looks at it has gone."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Final

from opencode_stats.host.changes import changes_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opencode_stats.host.changes import Changes

_GONE: Final = select.POLLERR | select.POLLHUP


def follow(path: Path, show: Callable[[], None], out: int) -> None:
    """Calls ``show`` now, after every change of the file, and every minute; until nobody reads descriptor ``out``."""
    changes = changes_of(path)
    try:
        while True:
            changes.settle()
            show()
            if not _waited(changes, out):
                return
    finally:
        changes.close()


def _waited(changes: Changes, out: int) -> bool:
    """Waits for the next change; False where the reader has gone."""
    poll = select.poll()
    # No event is asked for: the kernel tells all the same when a pipe's or a terminal's other end is closed.
    poll.register(out, 0)
    if changes.descriptor is not None:
        poll.register(changes.descriptor, select.POLLIN)
    told = dict(poll.poll(changes.patience_s * 1000))
    return not told.get(out, 0) & _GONE
