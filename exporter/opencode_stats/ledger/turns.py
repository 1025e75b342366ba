"""Conversations and their turns: prompts, busy and idle, requests to the user, and the attention they deserve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.attention import AttentionItem, Turn, after_turn
from opencode_stats.core.auxiliary import Charge
from opencode_stats.core.cost import microusd_of
from opencode_stats.ledger import auxiliary
from opencode_stats.ledger.forgotten import PROMPT, TITLE, what_is_forgotten
from opencode_stats.ledger.messages import decide_pending

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.attention import Outcome
    from opencode_stats.core.events import (
        ConversationFailed,
        ConversationSeen,
        ConversationUsage,
        PromptSubmitted,
        RequestClosed,
        RequestOpened,
        TitleRequested,
    )


def know_conversation(connection: sqlite3.Connection, conversation: str, run: int) -> None:
    """Makes sure that there is a row for the conversation, and that it is in the run that last handled it."""
    connection.execute(
        "INSERT INTO conversations (conversation, run) VALUES (?, ?) "
        # In another process it starts at rest: the one that it was at work in can no longer say that it stopped.
        "ON CONFLICT DO UPDATE SET run = excluded.run, busy = busy AND (run IS excluded.run OR "
        "(SELECT process FROM runs WHERE id = run) = (SELECT process FROM runs WHERE id = excluded.run))",
        (conversation, run),
    )


def take_conversation(connection: sqlite3.Connection, event: ConversationSeen, run: int) -> None:
    """Takes in what a conversation is; a deleted one leaves the busy set with its children."""
    connection.execute(
        "UPDATE conversations SET parent = ifnull(?, parent), fork_of = ifnull(?, fork_of), "
        "directory = ifnull(?, directory), project = ifnull(?, project), agent = ifnull(?, agent), "
        "host_version = ifnull(?, host_version), created_ms = ifnull(?, created_ms) WHERE conversation = ?",
        (
            event.parent, event.fork_of, event.directory, event.project, event.agent, event.host_version,
            event.created_ms, event.conversation,
        ),
    )  # fmt: skip
    if event.created_ms is not None:
        decide_pending(connection, event.conversation)
    # Who made it, and when, may be what was missing to know what of its running total is in no message.
    auxiliary.settle(connection, event.conversation)
    if event.change == "deleted":
        was_busy = False
        for conversation in _with_children(connection, event.conversation):
            (busy,) = connection.execute(
                "SELECT busy FROM conversations WHERE conversation = ?", (conversation,)
            ).fetchone()
            was_busy = was_busy or bool(busy)
            connection.execute(
                "UPDATE conversations SET busy = 0, deleted_ms = ifnull(deleted_ms, ?) WHERE conversation = ?",
                (event.at_ms, conversation),
            )
            close_requests(connection, conversation, event.at_ms)
        connection.execute(
            "UPDATE attention SET closed_ms = ? WHERE conversation = ? AND closed_ms IS NULL",
            (event.at_ms, event.conversation),
        )
        _rest(connection, run, event.at_ms, was_busy=was_busy)


def take_running_total(connection: sqlite3.Connection, event: ConversationUsage) -> None:
    """Keeps OpenCode 2.x's running total of a conversation, and counts what of it is in no message."""
    auxiliary.keep_running_total(
        connection, event.conversation, Charge(event.tokens, microusd_of(event.cost_usd or 0)), event.at_ms
    )
    auxiliary.settle(connection, event.conversation)


def take_prompt(connection: sqlite3.Connection, event: PromptSubmitted, run: int) -> None:
    """Takes in a prompt; in a root conversation it is the user's, and answers what asked for attention there."""
    if what_is_forgotten(connection, PROMPT + event.message):
        return
    added = connection.execute(
        "INSERT OR IGNORE INTO prompts VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.conversation, event.message, run, event.at_ms, event.agent, event.provider, event.model),
    )
    if not added.rowcount or not _is_root(connection, event.conversation):
        return
    connection.execute("UPDATE runs SET last_prompt_ms = max(last_prompt_ms, ?) WHERE id = ?", (event.at_ms, run))
    connection.execute(
        "UPDATE conversations SET last_prompt = ?, error = NULL WHERE conversation = ?",
        (event.message, event.conversation),
    )
    connection.execute(
        "UPDATE attention SET closed_ms = ? WHERE conversation = ? AND closed_ms IS NULL",
        (event.at_ms, event.conversation),
    )


def take_title_request(connection: sqlite3.Connection, event: TitleRequested, run: int) -> None:
    """Counts a request for a title, once however many copies of the plugin saw it."""
    if what_is_forgotten(connection, TITLE + event.message):
        return
    connection.execute(
        "INSERT OR IGNORE INTO title_requests VALUES (?, ?, ?, ?, ?, ?)",
        (event.conversation, event.message, run, event.at_ms, event.provider, event.model),
    )


def take_failure(connection: sqlite3.Connection, event: ConversationFailed) -> None:
    """Remembers that an error came in this turn."""
    connection.execute("UPDATE conversations SET error = ? WHERE conversation = ?", (event.error, event.conversation))


def become_busy(connection: sqlite3.Connection, conversation: str, run: int) -> None:
    """The conversation works; a deleted one is never busy again (OpenCode goes on saying so)."""
    working = connection.execute(
        "UPDATE conversations SET busy = 1 WHERE conversation = ? AND deleted_ms IS NULL", (conversation,)
    )
    if working.rowcount:
        connection.execute("UPDATE runs SET idle_since_ms = NULL WHERE id = ?", (run,))


def become_idle(
    connection: sqlite3.Connection, conversation: str, run: int, at_ms: int, outcome: Outcome | None = None
) -> None:
    """The conversation's turn is over: the run may be idle now, and the user may want to know."""
    was_busy = connection.execute(
        "UPDATE conversations SET busy = 0 WHERE conversation = ? AND busy = 1", (conversation,)
    ).rowcount
    # OpenCode is busy as long as it waits for an answer: an idle conversation waits for none, though an abort tells no
    # reply.
    close_requests(connection, conversation, at_ms)
    _rest(connection, run, at_ms, was_busy=bool(was_busy))
    if outcome == "interrupted":
        # OpenCode 2.x tells no error of it. A compaction that comes after it succeeds, and is not the turn's own end.
        connection.execute("UPDATE conversations SET error = 'aborted' WHERE conversation = ?", (conversation,))
    facts = connection.execute(
        "SELECT c.parent IS NULL, c.deleted_ms IS NOT NULL, c.last_prompt, prompts.at_ms, runs.uid, c.error, "
        "c.directory, runs.id "
        "FROM conversations AS c "
        "LEFT JOIN prompts ON prompts.conversation = c.conversation AND prompts.message = c.last_prompt "
        "LEFT JOIN runs ON runs.id = prompts.run WHERE c.conversation = ?",
        (conversation,),
    ).fetchone()
    is_root, deleted, prompt, prompted_ms, run_uid, error, directory, prompted_run = facts
    turn = Turn(conversation, bool(is_root), bool(deleted), prompt, prompted_ms, run_uid, error, outcome, directory)
    item = after_turn(turn, at_ms)
    if item is not None:
        _ask_for(connection, item, prompted_run)


def open_request(connection: sqlite3.Connection, event: RequestOpened, run: int) -> None:
    """OpenCode waits for the user's answer."""
    added = connection.execute(
        "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (event.request, event.kind, event.about, event.conversation, run, event.at_ms),
    )
    if added.rowcount:
        (uid,) = connection.execute("SELECT uid FROM runs WHERE id = ?", (run,)).fetchone()
        row = connection.execute(
            "SELECT directory FROM conversations WHERE conversation = ?", (event.conversation,)
        ).fetchone()
        workspace = None if row is None else row[0]
        item_id = f"request/{event.request}"
        item = AttentionItem(item_id, event.kind, uid, event.conversation, workspace, event.at_ms, None)
        _ask_for(connection, item, run)


def close_request(connection: sqlite3.Connection, event: RequestClosed) -> None:
    """The user answered; a late answer to an unknown request is no error."""
    connection.execute(
        "UPDATE requests SET closed_ms = ? WHERE request = ? AND closed_ms IS NULL", (event.at_ms, event.request)
    )
    connection.execute(
        "UPDATE attention SET closed_ms = ? WHERE id = ? AND closed_ms IS NULL",
        (event.at_ms, f"request/{event.request}"),
    )


def close_requests(connection: sqlite3.Connection, conversation: str, at_ms: int) -> None:
    """Whatever this conversation asked for can't be answered any more."""
    connection.execute(
        "UPDATE attention SET closed_ms = ? WHERE closed_ms IS NULL AND id IN "
        "(SELECT 'request/' || request FROM requests WHERE conversation = ? AND closed_ms IS NULL)",
        (at_ms, conversation),
    )
    connection.execute(
        "UPDATE requests SET closed_ms = ? WHERE conversation = ? AND closed_ms IS NULL", (at_ms, conversation)
    )


def _rest(connection: sqlite3.Connection, run: int, at_ms: int, *, was_busy: bool) -> None:
    """The run is idle from this moment on, if it was at work and nothing in it is any more."""
    connection.execute(
        "UPDATE runs SET idle_since_ms = ? WHERE id = ? AND (idle_since_ms IS NULL OR ?) AND NOT EXISTS "
        "(SELECT 1 FROM conversations WHERE run = ? AND busy = 1)",
        (at_ms, run, was_busy, run),
    )


def _ask_for(connection: sqlite3.Connection, item: AttentionItem, run: int) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO attention (id, kind, run, conversation, workspace, at_ms, turn_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (item.id, item.kind, run, item.conversation, item.workspace, item.at_ms, item.turn_ms),
    )


def _is_root(connection: sqlite3.Connection, conversation: str) -> bool:
    row = connection.execute("SELECT parent FROM conversations WHERE conversation = ?", (conversation,)).fetchone()
    return row is None or row[0] is None


def _with_children(connection: sqlite3.Connection, conversation: str) -> list[str]:
    rows = connection.execute(
        "WITH RECURSIVE family (conversation) AS (VALUES (?) UNION SELECT conversations.conversation "
        "FROM conversations JOIN family ON conversations.parent = family.conversation) SELECT * FROM family",
        (conversation,),
    )
    return [row[0] for row in rows]
