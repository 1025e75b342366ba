"""The promise: whatever happened in OpenCode and however it is told, every figure is the generator's truth.

Any duplication, any order across messages, any split of the spool's bytes, any mix of live and imported and any number
of re-imports give the same totals; Σ by model = Σ by agent = Σ by day = Σ by workspace = total; no total ever falls.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.spools import Inbox
from tests.truth.database_v2 import write_database
from tests.truth.history import history
from tests.truth.size import Chances, Size
from tests.truth.spool import Faults, spool
from tests.truth.storage import write_storage
from tests.truth.strategies import faults, histories
from tests.truth.total import KINDS, Sum, truth_of

from opencode_stats.core.bounds import LATEST_INSTANT_MS
from opencode_stats.core.history import spans
from opencode_stats.ingest.legacy_storage import take_storage
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.history import usage_by, usage_over
from opencode_stats.ledger.queries import pending_messages, total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.truth.history import History
    from tests.truth.records import Conversation
    from tests.truth.total import Spent

    from opencode_stats.core.history import Dimension, Span
    from opencode_stats.core.totals import Totals, Usage

    Figures = tuple[int, ...]

# Three hundred examples, as CI wants them, take more than half a minute.
pytestmark = pytest.mark.timeout(300)
LATER_MS = 1_900_000_000_000
# Every process has the plugin: so lines tell of everything, whatever the database forgot.
TOLD = Chances.lively(pure=0.0, late_v1_in_migrated=0.4)
STEADY = replace(TOLD, stall=0.0)
NO_STEPS = {"clock_step": 0.0, "step_inside": 0.0}
NOTHING: Figures = (0,) * 6


class Truth:
    """What the generator knows, as figures: five kinds and the cost, of each message and of what 2.x hid."""

    def __init__(self, past: History) -> None:
        truth = truth_of(past)
        self.messages = [one for one in truth.spent.values() if one.tokens is not None]
        conversations = {one.id: one for one in past.conversations}
        self.hidden = [(conversations[name], figures_of(hidden)) for name, hidden in truth.auxiliary.items()]
        self.agents = {one.id: one.agent for one in past.conversations}

    def by(
        self, message: Callable[[Spent], str | None], hidden: Callable[[Conversation], str | None] | None
    ) -> dict[str | None, Figures]:
        """Sums by anything; without ``hidden`` of the messages alone."""
        sums: dict[str | None, Figures] = {}
        for one in self.messages:
            sums[message(one)] = plus(sums.get(message(one), NOTHING), figures_of(one))
        for conversation, figures in self.hidden if hidden is not None else []:
            assert hidden is not None
            sums[hidden(conversation)] = plus(sums.get(hidden(conversation), NOTHING), figures)
        return {name: figures for name, figures in sums.items() if any(figures)}

    def agent(self, one: Spent) -> str | None:
        """Who asked: a compaction's agent is named by 1.x alone, a sub-agent's conversation names its own."""
        return one.agent or "compaction"


def figures_of(one: Spent | Sum) -> Figures:
    return (*(getattr(one.tokens, kind) for kind in KINDS), one.cost_microusd or 0)


def used(usage: Usage) -> Figures:
    return (*(getattr(usage.tokens, kind) for kind in KINDS), usage.cost_microusd)


def plus(one: Figures, other: Figures) -> Figures:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def whole(parts: Iterable[Figures]) -> Figures:
    summed = NOTHING
    for part in parts:
        summed = plus(summed, part)
    return summed


def kept(parts: Mapping[str | None, Totals]) -> dict[str | None, Figures]:
    found = {name: used(totals.whole) for name, totals in parts.items()}
    return {name: figures for name, figures in found.items() if any(figures)}


def day_of_ms(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def pieces(content: bytes, chances: Random) -> Iterator[bytes]:
    """The bytes of a file as they may be there when somebody looks: cut anywhere."""
    cuts = sorted(chances.randrange(len(content) + 1) for _ in range(chances.randrange(4)))
    yield from (content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True))


def deliver(past: History, chosen: Faults, chances: Random, home: Path, ledger: sqlite3.Connection) -> None:
    """All lines, in pieces, with looks at the database and at the JSON files in between; no total may fall."""
    write_database(past, home / "opencode.db")
    inbox = Inbox(home, ledger)
    waiting = [
        (name, list(pieces(b"".join(lines), chances))[::-1]) for name, lines in spool(past, chosen).files.items()
    ]
    if past.size.era == "v1":
        write_storage(past, home / "storage")
    highest: Figures = NOTHING
    while any(left for _, left in waiting) or chances.random() < 0.8:
        act = chances.randrange(5)
        if act == 0:
            take_database(ledger, home / "opencode.db", LATER_MS)
        elif act == 1:
            take_storage(ledger, home, LATER_MS)
        elif act == 2:
            inbox.restart()
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


@given(past=histories(chances=TOLD), chosen=faults(), dice=st.integers(0, 2**20))
@example(  # A fork that was deleted before the database was looked at: no line says its project.
    past=history(0, Size(messages=4, era="v2", processes=1, chances=STEADY)), chosen=Faults(), dice=902
)
@example(  # The clock was stepped back by some seconds before a fork: a copy's id is 0.3 s older than its message.
    past=history(1504, Size(messages=8, era="v1", processes=1, migrates_after=1, chances=STEADY)),
    chosen=Faults(),
    dice=0,
)
@example(  # The clock was stepped back after 2.x had taken over: its own steps are older than their conversation.
    past=history(221131, Size(messages=5, era="migrated", processes=2, migrates_after=4, chances=TOLD)),
    chosen=Faults(seed=57035, repeated=0.3, reordered=True, scrambled=True),
    dice=0,
)
@example(  # It was stepped back before 2.x took over: what 1.x had used, and undid later, is younger than that.
    past=history(45739, Size(messages=23, era="migrated", processes=2, migrates_after=3, chances=TOLD)),
    chosen=Faults(seed=33953),
    dice=644165,
)
@example(  # Both engines undid what 1.x had used, before anybody looked at the database.
    past=history(
        7666, Size(messages=27, era="migrated", processes=1, migrates_after=8, chances=replace(STEADY, **NO_STEPS))
    ),
    chosen=Faults(),
    dice=0,
)
def test_every_figure_is_the_truth_however_it_is_told(past: History, chosen: Faults, dice: int) -> None:
    truth = Truth(past)
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(Path(name) / "ledger.db", 0)) as ledger:
        ledger.execute("PRAGMA synchronous = OFF")  # nothing crashes here
        deliver(past, chosen, Random(dice), Path(name), ledger)
        totals = total(ledger)
        everything = used(totals.whole)

        assert pending_messages(ledger) == 0
        by_model = {f"{key}": used(usage) for key, usage in totals.by_model.items() if any(used(usage))}
        assert by_model == truth.by(lambda one: f"{(one.provider, one.model)}", lambda _: f"{(None, 'auxiliary')}")
        assert whole(by_model.values()) == everything
        by_day = {span.name: used(part.whole) for span, part in usage_over(ledger, days(past))}
        assert {day: figures for day, figures in by_day.items() if any(figures)} == truth.by(
            lambda one: one.day, lambda one: day_of_ms(one.created_ms)
        )
        assert whole(by_day.values()) == everything
        for dimension, expected in answers(truth).items():
            found = kept(usage_by(ledger, dimension, 0, LATEST_INSTANT_MS))
            assert found == expected, dimension
            assert whole(found.values()) == everything, dimension
        assert whole(kept(usage_by(ledger, "run", 0, LATEST_INSTANT_MS)).values()) == everything
        assert by_process(ledger) == truth.by(lambda one: one.run.split("-")[0], None)
        assert verify(ledger) == []


def answers(truth: Truth) -> dict[Dimension, dict[str | None, Figures]]:
    """What each history query must say."""
    return {
        "conversation": truth.by(lambda one: one.conversation, lambda one: one.id),
        "root": truth.by(lambda one: one.root, lambda one: one.root.id),
        "agent": truth.by(truth.agent, lambda one: one.agent),
        "directory": truth.by(lambda one: one.directory, lambda one: one.place.directory),
        "project": truth.by(lambda one: one.project, lambda one: one.place.project),
        "provider": truth.by(lambda one: one.provider, lambda _: None),
        "model": truth.by(lambda one: one.model, lambda _: "auxiliary"),
    }


def by_process(ledger: sqlite3.Connection) -> dict[str | None, Figures]:
    """The messages' figures by the process that made them; a run of 2.x is one workspace of it."""
    pids = dict(ledger.execute("SELECT uid, CAST(pid AS TEXT) FROM runs JOIN processes ON key = process").fetchall())
    sums: dict[str | None, Figures] = {}
    for uid, totals in usage_by(ledger, "run", 0, LATEST_INSTANT_MS).items():
        for model, usage in totals.by_model.items():
            if model != (None, "auxiliary"):
                sums[pids[uid]] = plus(sums.get(pids[uid], NOTHING), used(usage))
    return {name: figures for name, figures in sums.items() if any(figures)}


def days(past: History) -> list[Span]:
    instants = [one.created_ms for one in past.conversations] + [one.counted_at_ms for one in past.answers]
    return spans(min(instants), max(instants) + 1, "day", UTC)
