"""What deserves the user's attention, decided once; front-ends show each id once.

A turn of a root conversation that ended asks for attention once, as ``finished`` or, where an error came with it, as
``error``. Its id is made of the run in which the user's last message was written, the conversation and that message:
the two idle events that OpenCode sends after an error are one item, and so is a compaction that another run does
later. A turn that was aborted, a sub-agent's turn and a deleted conversation ask for none. A permission or a question
asks until it is answered, or its conversation's turn is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from opencode_stats.core.usage import ABORT_ERRORS

Kind = Literal["finished", "error", "permission", "question"]
Outcome = Literal["succeeded", "failed", "interrupted"]

SHOWN_FOR_MS: Final = 24 * 60 * 60 * 1000
"""An item older than a day is no news."""
MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One reason to look at OpenCode; ``id`` is the same for the same reason for ever."""

    id: str
    kind: Kind
    run_id: str
    conversation: str | None
    workspace: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A conversation at the moment it becomes idle.

    ``prompt`` is the id of the user's last message there, ``run_id`` the run in which it was written, ``error`` the
    name of the error that came since, ``outcome`` what OpenCode 2.x says of the turn.
    """

    conversation: str
    is_root: bool
    deleted: bool
    prompt: str | None
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
    return AttentionItem(item_id, kind, turn.run_id, turn.conversation, turn.workspace, at_ms)
