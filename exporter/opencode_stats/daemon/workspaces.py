"""When the files of workspaces are written: where they are asked for, and at most once a minute."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from opencode_stats.core.history import FORGOTTEN, NO_FIGURES, Span, together
from opencode_stats.host.files import told
from opencode_stats.ledger.forgotten import kept_from
from opencode_stats.ledger.timeline import ends_of, figures_over
from opencode_stats.publish.workspace_files import WorkspaceFiles

if TYPE_CHECKING:
    from opencode_stats.core.days import Day
    from opencode_stats.core.history import Figures
    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.connection import Connection

logger = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000


class Workspaces:
    """What one exporter does for them."""

    def __init__(self, files: Files, paths: Paths) -> None:
        self._anew = partial(WorkspaceFiles, files, paths.workspace_stats, paths.data / "tmp")
        self._files = self._anew()
        self._due_ms: int | None = None
        self._done: tuple[Connection, int] | None = None
        self._trouble = ""

    def publish(self, connection: Connection, today: Day, now_ms: int, *, wanted: bool) -> None:
        """Writes what is new, where that is ``wanted`` and due. What can't be written is logged, and tried again."""
        if not wanted:
            if self._due_ms is not None:
                # Meanwhile the user may throw them away: who asks for them once more gets all of them.
                self._files, self._due_ms, self._done = self._anew(), None, None
            return
        # A clock that was set back must not keep them from being written for long.
        if self._due_ms is not None and 0 < self._due_ms - now_ms <= MINUTE_MS:
            return
        state = connection, connection.total_changes
        if state == self._done:
            # Nobody wrote to the ledger, so there is nothing new to ask it.
            return
        self._due_ms = now_ms + MINUTE_MS
        try:
            since_ms = kept_from(connection)
            if self._files.publish(_used(connection, today), today.date.isoformat(), now_ms, since_ms):
                self._done = state
            self._trouble = ""
        except OSError as error:
            trouble = told(error)
            if trouble != self._trouble:
                logger.warning("workspaces.unwritten error=%r", trouble)
            self._trouble = trouble


def _used(connection: Connection, today: Day) -> dict[str, tuple[Figures, Figures]]:
    """By directory, those of today first: what was used today and in all. What no directory is known of is left out."""
    known = ends_of(connection)
    if known is None:
        return {}
    first_ms, last_ms = min(known[0], today.start_ms), max(known[1] + 1, today.end_ms)
    spans = [Span("before", first_ms, today.start_ms), Span("today", today.start_ms, today.end_ms)]
    before, day, after = figures_over(connection, [*spans, Span("after", today.end_ms, last_ms)], "directory")
    return {
        str(key[1]): (day.get(key, NO_FIGURES), together([part.get(key, NO_FIGURES) for part in (before, day, after)]))
        for key in [*day, *(before | after).keys() - day.keys()]
        if key[1] is not None and key[1] != FORGOTTEN
    }
