"""Whatever is forgotten, and whenever: every total is the generator's truth, however late or often a thing is told."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.property.test_truth import LATER_MS, NOTHING, Truth, day_of_ms, days, pieces, used, whole
from tests.support.spools import Inbox
from tests.truth.database_v2 import write_database
from tests.truth.history import history
from tests.truth.size import Chances, Size
from tests.truth.spool import Faults, spool
from tests.truth.storage import write_storage
from tests.truth.strategies import faults, histories

from opencode_stats.core.bounds import LATEST_INSTANT_MS
from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import Span
from opencode_stats.ingest.legacy_storage import take_storage
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.forgetting import forget_before
from opencode_stats.ledger.history import usage_by, usage_over
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.timeline import figures_over
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

    from tests.truth.history import History

pytestmark = pytest.mark.timeout(300)
DAY_MS = 86_400_000
# Copies that a clock which was stepped back makes ambiguous are told apart by tests/property/test_truth.py.
TOLD = Chances.lively(pure=0.0, late_v1_in_migrated=0.4, clock_step=0.0, step_inside=0.0)
STEADY = replace(TOLD, stall=0.0)


def deliver_and_forget(past: History, chosen: Faults, chances: Random, home: Path, ledger: sqlite3.Connection) -> None:
    """All lines and looks at OpenCode's storage, in any order and again and again, with forgetting in between."""
    write_database(past, home / "opencode.db")
    inbox = Inbox(home, ledger)
    files = spool(past, chosen).files
    waiting = [(name, list(pieces(b"".join(lines), chances))[::-1]) for name, lines in files.items()]
    storage = past.size.era == "v1"
    if storage:
        write_storage(past, home / "storage")
    instants = [one.counted_at_ms for one in past.answers]
    highest = used(total(ledger).whole)
    while any(left for _, left in waiting) or chances.random() < 0.8:
        act = chances.randrange(9)
        if act == 0:
            take_database(ledger, home / "opencode.db", LATER_MS)
        elif act == 1 and storage:
            take_storage(ledger, home, LATER_MS)
        elif act == 2:
            inbox.restart()
        elif act == 3:
            # As a recovery does: all of it is read again.
            ledger.execute("DELETE FROM sources")
            ledger.execute("DELETE FROM legacy_folders")
        elif act == 4:
            DaySums(ledger).go_on(max(instants) + DAY_MS, UTC)
        elif act == 5:
            until_ms = chances.choice(instants) + chances.choice([0, 1, SLOT_MS])
            steps = forget_before(ledger, until_ms - until_ms % SLOT_MS)
            for _ in range(chances.choice([1, 2, 100])):
                next(steps, None)
            steps.close()
        else:
            name, left = chances.choice(waiting)
            if left:
                inbox.add(left.pop(), name)
            inbox.spool.take_in()
        now = used(total(ledger).whole)
        assert all(new >= old for new, old in zip(now[:5], highest[:5], strict=True)), (highest, now)
        highest = now
    inbox.spool.take_in()
    assert inbox.bad == {}


@given(past=histories(eras=("v1", "v2"), chances=TOLD), chosen=faults(), dice=st.integers(0, 2**20))
def test_every_total_is_the_truth_whatever_is_forgotten_meanwhile(past: History, chosen: Faults, dice: int) -> None:
    truth = Truth(past)
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(Path(name) / "ledger.db", 0)) as ledger:
        ledger.execute("PRAGMA synchronous = OFF")  # nothing crashes here
        deliver_and_forget(past, chosen, Random(dice), Path(name), ledger)

        check_against(truth, past, ledger)
        for _ in forget_before(ledger, LATER_MS - LATER_MS % SLOT_MS):
            check_against(truth, past, ledger)
        assert rebuild(ledger).changes == ()
        check_against(truth, past, ledger)


@given(past=histories(eras=("migrated",), chances=TOLD), chosen=faults(), dice=st.integers(0, 2**20))
@example(  # What 1.x went on with after the takeover is forgotten, and 2.x tells its total once more.
    past=history(181, Size(messages=20, era="migrated", processes=2, migrates_after=2, chances=STEADY)),
    chosen=Faults(),
    dice=3773,
)
@example(  # Both engines undid what 1.x had used, before anybody looked at the database.
    past=history(7666, Size(messages=27, era="migrated", processes=1, migrates_after=8, chances=STEADY)),
    chosen=Faults(),
    dice=0,
)
def test_what_2x_took_over_is_never_counted_twice(past: History, chosen: Faults, dice: int) -> None:
    """Of what is forgotten before it is known who began it, titles may count late; never twice."""
    truth = Truth(past)
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(Path(name) / "ledger.db", 0)) as ledger:
        ledger.execute("PRAGMA synchronous = OFF")  # nothing crashes here
        deliver_and_forget(past, chosen, Random(dice), Path(name), ledger)
        for _ in forget_before(ledger, LATER_MS - LATER_MS % SLOT_MS):
            assert verify(ledger) == []

        found = {key: used(usage) for key, usage in total(ledger).by_model.items() if any(used(usage))}
        auxiliary = found.pop((None, "auxiliary"), NOTHING)
        assert {f"{key}": figures for key, figures in found.items()} == truth.by(
            lambda one: f"{(one.provider, one.model)}", None
        )
    hidden = whole(figures for _, figures in truth.hidden)
    assert all(mine <= its for mine, its in zip(auxiliary[:5], hidden[:5], strict=True)), (auxiliary, hidden)


def check_against(truth: Truth, past: History, ledger: sqlite3.Connection) -> None:
    totals = total(ledger)
    everything = used(totals.whole)
    by_model = {f"{key}": used(usage) for key, usage in totals.by_model.items() if any(used(usage))}
    assert by_model == truth.by(lambda one: f"{(one.provider, one.model)}", lambda _: f"{(None, 'auxiliary')}")
    assert whole(by_model.values()) == everything
    # The first day from its beginning: what is forgotten begins with a quarter hour.
    first, *others = days(past)
    stretches = [replace(first, start_ms=first.start_ms - first.start_ms % DAY_MS), *others]
    by_day = {span.name: used(part.whole) for span, part in usage_over(ledger, stretches)}
    assert {day: figures for day, figures in by_day.items() if any(figures)} == truth.by(
        lambda one: one.day, lambda one: day_of_ms(one.created_ms)
    )
    assert verify(ledger) == []
    for dimension in ("agent", "directory", "conversation"):
        parts = usage_by(ledger, dimension, 0, LATEST_INSTANT_MS)
        assert whole(used(part.whole) for part in parts.values()) == everything
    (figures,) = figures_over(ledger, [Span("", 0, LATEST_INSTANT_MS)], "directory")
    assert whole((*one[:6],) for one in figures.values()) == everything
