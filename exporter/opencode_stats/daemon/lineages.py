"""To whose window each run belongs: facts of the moment, kept in the process and not in the ledger."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.host.terminals import attached_clients, distinct, lineage, tmux_around

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from opencode_stats.core.attention import AttentionItem
    from opencode_stats.core.stats import RunFacts
    from opencode_stats.host.processes import Processes
    from opencode_stats.host.terminals import Tmux


@dataclass(slots=True)
class _Known:
    """A run's lineage, the tmux clients that show it, and what asked for attention when both were looked at."""

    pids: tuple[int, ...]
    asking: frozenset[str]
    clients: tuple[int, ...] = ()
    inquiry: threading.Thread | None = None


class Lineages:
    """The pids by run, looked at when a run is first seen, and again when something new in it asks for attention.

    A tmux client may have come or gone by then. Between these moments nothing is read.
    """

    def __init__(
        self, processes: Processes, ask: Callable[[Processes, Tmux], tuple[int, ...]] = attached_clients
    ) -> None:
        self._processes = processes
        self._ask = ask
        self._known: dict[str, _Known] = {}
        self._on_change: Callable[[], None] | None = None
        self._turn = threading.Lock()

    def follow(self, on_change: Callable[[], None]) -> None:
        """From now on tmux is asked in a thread of its own, and ``on_change`` called there when it answers otherwise.

        Before, ``of`` waits for the answer.
        """
        self._on_change = on_change

    def stop(self) -> None:
        """Ends that: ``on_change`` is not called any more."""
        with self._turn:
            self._on_change = None

    def of(
        self, runs: Sequence[RunFacts], items: Sequence[AttentionItem], alive: Container[str]
    ) -> dict[str, tuple[int, ...]]:
        """The pids of each run that has any (``core.stats.RunStats``).

        Of a run that has ended since, its ancestors are remembered for as long as something of it asks for attention:
        the terminal is most often still there.

        Args:
            runs: as the ledger knows them.
            items: what asks for attention.
            alive: the keys of the processes that live where we can see them; a pid of a container means nothing here.
        """
        asking: dict[str, set[str]] = {}
        for item in items:
            asking.setdefault(item.run_id, set()).add(item.id)
        live = {run.run_id: run for run in runs if run.ended_ms is None and run.process in alive}
        for run in live.values():
            self._look(run, frozenset(asking.get(run.run_id, ())))
        for gone in self._known.keys() - live.keys() - asking.keys():
            del self._known[gone]
        return {
            run_id: distinct((*(known.pids if run_id in live else known.pids[1:]), *known.clients))
            for run_id, known in self._known.items()
        }

    def _look(self, run: RunFacts, asking: frozenset[str]) -> None:
        known = self._known.get(run.run_id)
        if known is not None and asking <= known.asking:
            known.asking = asking
            return
        pids = lineage(self._processes, run.pid)
        if known is None:
            known = self._known[run.run_id] = _Known(pids, asking)
        known.pids, known.asking = pids, asking
        tmux = tmux_around(self._processes, pids)
        if tmux is None:
            known.clients = ()
        elif self._on_change is None:
            known.clients = self._ask(self._processes, tmux)
        elif known.inquiry is None or not known.inquiry.is_alive():
            # A server that hangs must not hold up the figures.
            known.inquiry = threading.Thread(target=self._inquire, args=(known, tmux), name="tmux", daemon=True)
            known.inquiry.start()

    def _inquire(self, known: _Known, tmux: Tmux) -> None:
        clients = self._ask(self._processes, tmux)
        if clients == known.clients:
            return
        known.clients = clients
        with self._turn:
            if self._on_change is not None:
                self._on_change()
