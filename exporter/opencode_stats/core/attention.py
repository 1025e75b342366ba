"""What deserves the user's attention, decided once; front-ends show each id once.

A turn of a root conversation that ended asks for attention once, as ``finished`` or, where an error came with it, as
``error``. Its id is made of the run in which the user's last message was written, the conversation and that message:
the two idle events that OpenCode sends after an error are one item, and so is a compaction that another run does
later. A turn that was aborted, a sub-agent's turn and a deleted conversation ask for none. A permission or a question
asks until it is answered, or its conversation's turn is over.

A run that has been silent for too long asks once for each silence (``inactive``): it may hang, or what it asked for was
overlooked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats.core.usage import ABORT_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opencode_stats.core.stats import RunFacts

Kind = Literal["finished", "error", "permission", "question", "inactive", "limit"]
Outcome = Literal["succeeded", "failed", "interrupted"]

SHOWN_FOR_MS: Final = 24 * 60 * 60 * 1000
"""An item older than a day is no news."""
MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One reason to look at OpenCode; ``id`` is the same for the same reason for ever.

    ``turn_ms`` is how long the turn took that ended, None for what is no turn or where that is not known. ``pids`` are
    those of its run (``core.stats.RunStats``). ``limit`` is the name of a limit of which ``percent``, a threshold, was
    passed: an item of no run, whose ``run_id`` is empty.
    """

    id: str
    kind: Kind
    run_id: str
    conversation: str | None
    workspace: str | None
    at_ms: int
    turn_ms: int | None
    pids: tuple[int, ...] = ()
    limit: str | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A conversation at the moment it becomes idle.

    ``prompt`` is the id of the user's last message there, ``prompted_ms`` when it came, ``run_id`` the run in which it
    was written, ``error`` the name of the error that came since, ``outcome`` what OpenCode 2.x says of the turn.
    """

    conversation: str
    is_root: bool
    deleted: bool
    prompt: str | None
    prompted_ms: int | None
    run_id: str | None
    error: str | None
    outcome: Outcome | None
    workspace: str | None


def after_turn(turn: Turn, at_ms: int) -> AttentionItem | None:
    """The item that the end of this turn deserves, or None."""
    if not turn.is_root or turn.deleted or turn.prompt is None or turn.run_id is None:
        return None
    if turn.outcome == "interrupted" or turn.error in ABORT_ERRORS:
        return None
    kind: Kind = "finished" if turn.error is None and turn.outcome != "failed" else "error"
    item_id = f"turn/{turn.run_id}/{turn.conversation}/{turn.prompt}"
    turn_ms = None if turn.prompted_ms is None else at_ms - turn.prompted_ms
    if turn_ms is not None and turn_ms < 0:
        # The clock was set back in between: no length that means anything is left.
        turn_ms = None
    return AttentionItem(item_id, kind, turn.run_id, turn.conversation, turn.workspace, at_ms, turn_ms)


def silent_runs(
    runs: Iterable[RunFacts], asking: Iterable[AttentionItem], after_ms: int, now_ms: int
) -> tuple[list[AttentionItem], int | None]:
    """The runs that have been silent for too long, and when the next one will have been.

    A live run is meant in which the user prompted, and which either has not finished (it works, or waits for an
    answer) or has something in ``asking``, what nobody came to yet. A run whose last turn the user aborted, or whose
    conversation was deleted, waits for nobody.

    Args:
        runs: as the ledger knows them.
        asking: what asks for attention and is not answered yet.
        after_ms: how long a silence is too long; 0 for never.
        now_ms: the wall clock.

    Returns:
        An item for each such run, and the next instant after ``now_ms`` at which another one joins them if nothing
        happens till then; None where none does.
    """
    if not after_ms:
        return [], None
    newest: dict[str, AttentionItem] = {}
    for item in sorted(asking, key=lambda item: item.at_ms):
        newest[item.run_id] = item
    found, later_ms = [], []
    for run in runs:
        asks = newest.get(run.run_id)
        if run.ended_ms is not None or not run.last_prompt_ms or not (run.busy or run.waiting or asks):
            continue
        due_ms = run.last_activity_ms + after_ms
        if due_ms > now_ms:
            later_ms.append(due_ms)
            continue
        if asks is None:
            conversation, workspace = None, next((one.directory for one in run.workspaces), None)
        else:
            conversation, workspace = asks.conversation, asks.workspace
        item_id = f"inactive/{run.run_id}/{run.last_activity_ms}"
        found.append(AttentionItem(item_id, "inactive", run.run_id, conversation, workspace, due_ms, None))
    return found, min(later_ms, default=None)


def news(items: Iterable[AttentionItem], now_ms: int) -> tuple[AttentionItem, ...]:
    """What readers see of all that asks: nothing that is a day old, the newest first, at most ``MOST_SHOWN``."""
    young = (item for item in items if item.at_ms > now_ms - SHOWN_FOR_MS)
    return tuple(sorted(young, key=lambda item: (-item.at_ms, item.id))[:MOST_SHOWN])
