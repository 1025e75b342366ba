"""Made-up histories of both generations, live and from disk: every way of taking them in makes the truth."""

from __future__ import annotations

import random
import tempfile
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.truth.database_v2 import write_database
from tests.truth.history import history
from tests.truth.size import Chances, Size
from tests.truth.spool import Faults, spool
from tests.truth.strategies import faults, growths, histories
from tests.truth.total import KINDS, truth_of

from opencode_stats.contract.line import parse_line
from opencode_stats.ingest import opencode_database
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger import bulk
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.truth.history import History
    from tests.truth.total import Spent, Sum

    Row = tuple[int, ...]

LIVELY = Chances.lively(late_v1_in_migrated=0.4)
RANDOM = st.randoms(use_true_random=False)
SUMS = "SELECT * FROM sums WHERE messages > 0 AND scope != 'run' ORDER BY scope, number, provider, model"
COUNTED = (
    f"SELECT message, {', '.join(KINDS)}, ifnull(cost_microusd, 0) FROM messages "
    "WHERE standing = 'counted' AND input IS NOT NULL"
)
NOTHING: Row = (0,) * 6


class Stage:
    """A ledger and OpenCode's database in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "opencode.db"
        self.ledger = open_ledger(folder / "ledger.db", NOON_MS)

    def tell(self, past: History, chosen: Faults | None = None) -> None:
        """The spool files, each whole."""
        written = spool(past) if chosen is None else spool(past, chosen)
        for name, lines in written.files.items():
            take(self.ledger, [parse_line(line[:-1]) for line in lines], file=name)

    def look(self) -> Taken:
        return take_database(self.ledger, self.database, NOON_MS)

    def whole(self) -> Row:
        """Everything that may never fall: the five kinds."""
        tokens = total(self.ledger).whole.tokens
        return tuple(getattr(tokens, kind) for kind in KINDS)


@contextmanager
def stage() -> Iterator[Stage]:
    # Histories are small here, and both ways of adding them up are meant.
    with mock.patch.object(bulk, "MANY", 4), tempfile.TemporaryDirectory() as folder:
        on = Stage(Path(folder))
        with closing(on.ledger):
            yield on


def figures_of(one: Spent | Sum) -> Row:
    """The five kinds and the cost."""
    return (*(getattr(one.tokens, kind) for kind in KINDS), one.cost_microusd or 0)


def expected(past: History, known: set[str], *, told: bool) -> tuple[dict[str, Row], dict[str, Row]]:
    """What each message and each residual must be, of what the database has, and the lines if they were ``told``."""
    truth = truth_of(past)
    messages = {
        name: figures_of(one)
        for name, one in truth.spent.items()
        if one.tokens is not None and (one.on_disk or (told and one.told))
    }
    left = {}
    for one in past.conversations:
        if one.in_v2:
            charged = (*(getattr(one.told, kind) for kind in KINDS), one.told_microusd)
            parts = [
                (*(getattr(answer.tokens, kind) for kind in KINDS), answer.cost_microusd or 0)
                for answer in one.contained
                if answer.id in known
            ]
            contained = tuple(map(sum, zip(NOTHING, *parts, strict=True)))
            residual = tuple(max(0, a - b) for a, b in zip(charged, contained, strict=True))
            if any(residual[:5]):
                left[f"auxiliary:{one.id}"] = residual
    return messages, left


def check(on: Stage, past: History, *, told: bool) -> None:
    made = {name: tuple(numbers) for name, *numbers in rows(on.ledger, COUNTED)}
    known = {row[0] for row in rows(on.ledger, "SELECT message FROM messages WHERE input IS NOT NULL")}
    messages, left = expected(past, known, told=told)
    in_v2 = {one.id for one in past.conversations if one.in_v2}

    assert {name: numbers for name, numbers in made.items() if not name.startswith("auxiliary:")} == messages
    residuals = {name: numbers for name, numbers in made.items() if name.startswith("auxiliary:")}
    # Of what 2.x has deleted only its lines told.
    assert {name: row for name, row in residuals.items() if name.removeprefix("auxiliary:") in in_v2} == left
    assert told or residuals == left
    assert verify(on.ledger) == []
    assert on.look() == Taken()


@given(past=histories(chances=LIVELY))
@example(  # The clock was stepped back before a fork of messages that were removed then.
    past=history(199, Size(messages=60, processes=3, chances=Chances.lively()))
)
def test_the_database_alone_makes_the_truth_of_what_it_has(past: History) -> None:
    with stage() as on:
        write_database(past, on.database)
        on.look()

        check(on, past, told=False)


@given(past=histories(chances=Chances.lively(pure=0.0, late_v1_in_migrated=0.4)), chosen=faults(), chances=RANDOM)
@example(  # A compaction that only the running total has, in what 2.x took over from 1.x
    past=history(21, Size(messages=40, era="migrated", processes=3, chances=Chances.lively(pure=0.0))),
    chosen=Faults(),
    chances=random.Random(0),
)
@example(  # and in a fork whose beginning another server tells later.
    past=history(20, Size(messages=40, era="v2", processes=3, chances=Chances.lively(pure=0.0))),
    chosen=Faults(),
    chances=random.Random(0),
)
def test_lines_alone_make_the_truth(past: History, chosen: Faults, chances: random.Random) -> None:
    files = list(spool(past, chosen).files.items())
    chances.shuffle(files)
    with stage() as on:
        for name, lines in files:
            take(on.ledger, [parse_line(line[:-1]) for line in lines], file=name)

        truth = truth_of(past)
        made = {name: tuple(numbers) for name, *numbers in rows(on.ledger, COUNTED)}
        assert made == {
            **{name: figures_of(one) for name, one in truth.spent.items() if one.tokens is not None},
            **{f"auxiliary:{name}": figures_of(one) for name, one in truth.auxiliary.items()},
        }
        assert verify(on.ledger) == []


@given(past=histories(chances=LIVELY), chosen=faults(), chances=RANDOM)
@example(  # 1.x goes on in what 2.x took over, and removes of it
    past=history(103, Size(messages=40, era="migrated", processes=3, chances=LIVELY)),
    chosen=Faults(),
    chances=random.Random(0),
)
def test_lines_and_database_in_any_order_and_number_make_the_truth(
    past: History, chosen: Faults, chances: random.Random
) -> None:
    with stage() as on:
        write_database(past, on.database)
        acts: list[Callable[[], object]] = [lambda: on.tell(past, chosen), on.look, on.look]
        chances.shuffle(acts)
        for act in acts:
            act()
        on.look()

        check(on, past, told=True)


@given(past=histories(chances=LIVELY), batch=st.integers(1, 7), after=st.integers(1, 9))
def test_an_interruption_at_any_batch_changes_nothing(past: History, batch: int, after: int) -> None:
    def stop(done: int, of: int) -> None:
        del done, of
        nonlocal after
        after -= 1
        if not after:
            raise KeyboardInterrupt

    with stage() as on, stage() as whole, mock.patch.object(opencode_database, "BATCH_ROWS", batch):
        for one in (on, whole):
            write_database(past, one.database)
        try:
            take_database(on.ledger, on.database, NOON_MS, stop)
        except KeyboardInterrupt:
            on.look()
        whole.look()

        assert rows(on.ledger, SUMS) == rows(whole.ledger, SUMS)
        check(on, past, told=False)


@given(moments=growths(chances=LIVELY), chances=RANDOM)
def test_a_database_that_is_looked_at_while_it_grows_makes_the_truth_and_no_total_falls(
    moments: list[History], chances: random.Random
) -> None:
    with stage() as on:
        highest: Row = (0,) * len(KINDS)
        for past in moments:
            write_database(past, on.database)
            acts: list[Callable[[], object]] = [on.look, partial(on.tell, past), on.look]
            for act in chances.sample(acts, 2):
                act()
                now = on.whole()
                assert all(new >= old for new, old in zip(now, highest, strict=True))
                highest = now
        on.tell(moments[-1])
        on.look()

        assert all(new >= old for new, old in zip(on.whole(), highest, strict=True))
        assert verify(on.ledger) == []
        truth = truth_of(moments[-1])
        told = truth.only(lambda one: one.told or one.on_disk).tokens
        assert all(made >= getattr(told, kind) for made, kind in zip(on.whole(), KINDS, strict=True))
