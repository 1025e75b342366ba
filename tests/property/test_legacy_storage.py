"""Histories as JSON files, as a database, as events, or as any mix of them: the same total, which is the truth."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS, FakeClock
from tests.truth.database_v2 import write_database
from tests.truth.history import history
from tests.truth.spool import spool
from tests.truth.storage import write_storage
from tests.truth.strategies import SEEDS, sizes
from tests.truth.total import truth_of

from opencode_stats.ingest.legacy_storage import take_storage
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from tests.truth.size import Size

LATER_MS = NOON_MS + 10**12


@given(
    seed=SEEDS,
    size=sizes(15, ("v1",)),
    old=st.booleans(),
    sources=st.lists(st.sampled_from(["files", "database", "events"]), max_size=4),
)
def test_files_tell_the_truth_beside_any_other_source(seed: int, size: Size, old: bool, sources: list[str]) -> None:
    past = history(seed, size)
    truth = truth_of(past)
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(Path(name) / "ledger.db", 0)) as ledger:
        home = Path(name)
        write_storage(past, home / "storage", old=old)
        write_database(past, home / "opencode.db")
        spool(past).write(home / "spool")
        for source in [*sources, "files"]:
            if source == "files":
                take_storage(ledger, home, LATER_MS)
            elif source == "database":
                take_database(ledger, home / "opencode.db", LATER_MS)
            else:
                Spool(home / "spool", ledger, Quarantine(home / "quarantine"), FakeClock()).take_in()

        expected = truth.only(lambda one: one.on_disk or (one.told and "events" in sources))
        whole = total(ledger).whole
        assert (whole.tokens, whole.cost_microusd) == (expected.tokens, expected.cost_microusd)
        assert verify(ledger) == []
