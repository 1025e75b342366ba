"""What is not forgotten though it is old: whatever may still change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.forgetting import DAY_MS, figures, forget, messages, new_script, tell
from tests.support.hosts import ONE, merge
from tests.support.script import Script, tokens_of

from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3


def stays_unfinished(ledger: sqlite3.Connection) -> str:
    script = Script(pid=3, start_ticks=3).started().conversation("ses_c")
    tell(ledger, script.snapshot("ses_c", "msg_x", created_ms=NOON_MS, tokens=tokens_of(input=5, output=1)))
    return "msg_x"


def stays_pending(ledger: sqlite3.Connection) -> str:
    script = Script(pid=3, start_ticks=3, at_ms=NOON_MS + 1000).started()
    tell(ledger, script.copy("ses_unknown", created_ms=NOON_MS - DAY_MS, input=5))
    ledger.execute("UPDATE messages SET standing = 'pending' WHERE conversation = 'ses_unknown'")
    return script.messages[0]


def stays_of_no_model(ledger: sqlite3.Connection) -> str:
    script = Script(pid=3, start_ticks=3).started().conversation("ses_c").answer("ses_c", "msg_x", model=None, input=3)
    tell(ledger, script)
    return "msg_x"


def stays_shared(ledger: sqlite3.Connection) -> str:
    merge(ledger, ONE)
    script = Script(pid=3, start_ticks=3).started().conversation("ses_c").answer("ses_c", ONE.message, input=3)
    tell(ledger, script)
    return ONE.message


def stays_while_its_run_lives(ledger: sqlite3.Connection) -> str:
    script = Script(pid=3, start_ticks=3).started().conversation("ses_c").answer("ses_c", "msg_x", input=3)
    tell(ledger, script, live=3)
    return "msg_x"


def stays_auxiliary(ledger: sqlite3.Connection) -> str:
    script = Script(pid=3, api=2, start_ticks=3).started().conversation("ses_c", host_version="2.0.1")
    tell(ledger, script.usage("ses_c", input=7))
    return "auxiliary:ses_c"


@pytest.mark.parametrize(
    "story",
    [
        stays_unfinished,
        stays_pending,
        stays_of_no_model,
        stays_shared,
        stays_while_its_run_lives,
        stays_auxiliary,
    ],
)
def test_what_may_still_change_stays(ledger: sqlite3.Connection, story: Any) -> None:  # noqa: ANN401 - one of those
    name = story(ledger)
    tell(ledger, new_script(), live=3 if story is stays_while_its_run_lives else 2)
    before = figures(ledger)

    forget(ledger)

    assert messages(ledger) == sorted([name, "msg_new"])
    assert figures(ledger) == before
    assert verify(ledger) == []
