"""The ledger's rows as the audit wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.claims import OwnRow
from opencode_stats.ledger.audit_rows import own_rows

if TYPE_CHECKING:
    import sqlite3


def test_every_row_is_there_counted_or_not(ledger: sqlite3.Connection) -> None:
    script = (
        Script()
        .started()
        .conversation("ses_a")
        .answer("ses_a", "msg_1", input=1, output=2, reasoning=3, cache_read=4, cache_write=5)
        .answer("ses_a", "msg_2", input=1, cost_usd=0)
        .deleted("ses_a")
        .conversation("ses_f")
        .copy("ses_f", created_ms=NOON_MS - 10**9, input=7)
        .snapshot("ses_f", "msg_3", created_ms=NOON_MS)
    )
    take(ledger, script)

    found = list(own_rows(ledger))

    whole = OwnRow(
        "msg_1",
        "ses_a",
        "counted",
        "final",
        Amounts(1, 2, 3, 4, 5, 250_000),
        priced=True,
        live=True,
        api=1,
        auxiliary=False,
        deleted=True,
    )
    assert found[0] == whole
    assert [(row.amounts and row.amounts.tokens, row.priced, row.standing, row.state) for row in found[1:]] == [
        (1, False, "counted", "final"),
        (7, True, "copy", "final"),
        (None, False, "counted", "unfinished"),
    ]


def test_what_no_model_is_named_for_is_auxiliary(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    for number, (provider, model) in enumerate([(None, "auxiliary"), ("mock", "auxiliary"), (None, "m"), (None, None)]):
        script.answer("ses_a", f"msg_{number}", input=1, provider=provider, model=model)
    take(ledger, script)

    assert [row.auxiliary for row in own_rows(ledger)] == [True, False, False, False]
