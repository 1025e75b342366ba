"""To which workspace and agent a message belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.ledger.belonging import (
    AGENT,
    AGENT_LOOKED_UP,
    CONVERSATION,
    WORKSPACE,
    WORKSPACE_LOOKED_UP,
)

if TYPE_CHECKING:
    import sqlite3


def test_a_messages_own_word_goes_first_then_its_conversations(ledger: sqlite3.Connection) -> None:
    script = Script().started().conversation("ses_a", directory="/of-a", agent="plan")
    script.snapshot("ses_a", "msg_1", directory="/own", agent="build").snapshot("ses_a", "msg_2", agent=None)
    take(ledger, script.snapshot("ses_b", "msg_3", agent=None))

    joined = f"SELECT message, {WORKSPACE}, {AGENT} FROM messages AS m {CONVERSATION} ORDER BY message"
    looked_up = f"SELECT message, {WORKSPACE_LOOKED_UP}, {AGENT_LOOKED_UP} FROM messages AS m ORDER BY message"

    assert rows(ledger, joined) == [("msg_1", "/own", "build"), ("msg_2", "/of-a", "plan"), ("msg_3", None, None)]
    assert rows(ledger, looked_up) == rows(ledger, joined)
