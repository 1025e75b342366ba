"""Whatever happened, every token of difference between ours and OpenCode's own figures has a cause."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import FakeClock
from tests.truth.database_v2 import write_database
from tests.truth.history import history
from tests.truth.spool import Faults, spool
from tests.truth.strategies import SEEDS, faults, sizes

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.audit import Audit, audit
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.audit_rows import own_rows
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.queries import total
from opencode_stats.opencode.claims import claims_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from tests.truth.size import Size


@contextmanager
def homes() -> Iterator[tuple[Path, sqlite3.Connection]]:
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(Path(name) / "ledger.db", 0)) as ledger:
        yield Path(name), ledger


def assert_explained(found: Audit, ledger: sqlite3.Connection) -> None:
    ours = total(ledger).whole
    tokens = ours.tokens
    whole = Amounts(
        tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write, ours.cost_microusd
    )
    assert (found.ours.amounts, found.ours.messages) == (whole, ours.messages)
    assert found.session_rows is not None
    for comparison in (found.naive, found.session_rows):
        assert (comparison.at_odds, comparison.unexplained) == (0, Amounts()), comparison
        assert comparison.figure + sum((share.amounts for share in comparison.causes.values()), Amounts()) == whole
    assert found.told_live.amounts + found.imported_only.amounts == whole


@given(seed=SEEDS, size=sizes(20), delivery=faults(lost=0.3), told=st.booleans())
def test_the_causes_add_up_exactly(seed: int, size: Size, delivery: Faults, told: bool) -> None:
    past = history(seed, size)
    with homes() as (home, ledger):
        write_database(past, home / "opencode.db")
        if told:
            spool(past, delivery).write(home / "spool")
            Spool(home / "spool", ledger, Quarantine(home / "quarantine"), FakeClock()).take_in()
        take_database(ledger, home / "opencode.db", 1)
        claims, unread = claims_of([home / "opencode.db"], home)

        assert unread == {}
        assert_explained(audit(own_rows(ledger), claims), ledger)
