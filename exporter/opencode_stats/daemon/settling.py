"""Which processes are gone, and since when: the processes that the ledger knows beside those of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.ledger import runs
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    from opencode_stats.core.events import ProcessKey
    from opencode_stats.host.processes import Processes
    from opencode_stats.ingest.spool import Spool
    from opencode_stats.ledger.connection import Connection


class Settling:
    """Settles processes. ``alive`` are those that were last known to be; ``seen_alive`` has also who can't be seen."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.alive: frozenset[str] = frozenset()
        self.seen_alive: set[str] = set()

    def settle(self, connection: Connection, spool: Spool, now_ms: int) -> tuple[list[ProcessKey], bool]:
        """Ends what is gone and removes its spool files; gives who is alive, and whether anybody is gone.

        One in another pid namespace can't be seen; it counts as live until it was quiet for an hour.

        Raises:
            OSError, sqlite3.Error: what could not be done is done the next time.
        """
        alive, gone = self._look(connection, now_ms)
        if gone:
            # Their last lines may have come between our reading and their end.
            spool.take_in()
        with transaction(connection):
            for name, at_ms in gone.items():
                runs.end_process(connection, name, at_ms)
            runs.end_quiet_runs(connection, now_ms)
        spool.finish(runs.ended_processes(connection))
        self.alive = frozenset(key.text for key in alive)
        return alive, bool(gone)

    def _look(self, connection: Connection, now_ms: int) -> tuple[list[ProcessKey], dict[str, int]]:
        """Who is alive; and who is gone, with the instant of that."""
        alive, gone = [], {}
        for process in runs.live_processes(connection):
            key, life = process.key, self._processes.life_of(process.key)
            quiet = now_ms - process.last_event_ms >= runs.QUIET_AFTER_MS
            if life == "unknown" and (process.said_goodbye or quiet):
                life = "gone"
            if life == "gone":
                # Whom we saw alive has just ended; of others their last word is all that is known.
                gone[key.text] = now_ms if key.text in self.seen_alive else process.last_event_ms
                self.seen_alive.discard(key.text)
            else:
                self.seen_alive.add(key.text)
                if life == "alive":
                    alive.append(key)
        return alive, gone
