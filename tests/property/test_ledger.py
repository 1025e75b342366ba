"""What must hold for every story that OpenCode can tell, whatever way its lines come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import STRANGER, everything, ledger_in_memory, rows, stats_of, take
from tests.support.stories import scripts, worlds

from opencode_stats.core.events import MessageSnapshot
from opencode_stats.core.totals import fold
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.messages import read_messages
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import random
    import sqlite3

    from tests.support.script import Script

    from opencode_stats.core.events import Event
    from opencode_stats.core.totals import Totals

RANDOM = st.randoms(use_true_random=False)


def figures(connection: sqlite3.Connection) -> tuple[Totals, list[tuple[object, ...]], int]:
    """Everything that is a sum: by model, by run, quarter hour and directory, and the titles."""
    sums = "SELECT * FROM sums WHERE messages > 0 ORDER BY scope, number, directory, provider, model"
    return total(connection), rows(connection, sums), stats_of(connection).total.title_requests


@given(world=worlds())
def test_the_fold_the_running_sums_and_the_rows_agree(world: list[Script]) -> None:
    with ledger_in_memory() as ledger:
        take(ledger, *world)

        assert fold(read_messages(ledger)) == total(ledger)
        assert verify(ledger) == []


@given(world=worlds())
def test_parts_never_exceed_the_whole_and_models_add_up_to_it(world: list[Script]) -> None:
    with ledger_in_memory() as ledger:
        take(ledger, *world)
        stats = stats_of(ledger)

    for section in (stats.session, stats.daily, stats.total, *stats.sessions):
        assert sum(section.tokens_by_model.values()) == section.total_tokens == section.tokens.total
        assert sum(model.messages for model in section.models.values()) == section.messages
        assert section.total_tokens <= stats.total.total_tokens
    assert sum(run.total_tokens for run in stats.sessions) == stats.total.total_tokens
    for run in stats.sessions:
        assert sum(workspace.total_tokens for workspace in run.workspaces) <= run.total_tokens


@given(script=scripts(), chances=RANDOM)
def test_lines_that_come_twice_change_no_figure(script: Script, chances: random.Random) -> None:
    repeated: list[Event] = []
    for event in script.events:
        repeated.append(event)
        while chances.random() < 0.3:
            repeated.append(chances.choice(repeated))
    with ledger_in_memory() as once, ledger_in_memory() as again:
        take(once, script)
        take(again, repeated)

        assert figures(again) == figures(once)


@given(world=worlds())
def test_the_same_files_under_other_names_change_no_figure(world: list[Script]) -> None:
    with ledger_in_memory() as once, ledger_in_memory() as twice:
        take(once, *world)
        take(twice, *world, *world)

        assert figures(twice) == figures(once)


@given(script=scripts(api=1), chances=RANDOM)
def test_the_order_of_messages_snapshots_changes_no_figure(script: Script, chances: random.Random) -> None:
    # What they belong to is told first, as it always is; snapshots then come as they like.
    events = script.events
    places = [index for index, event in enumerate(events) if isinstance(event, MessageSnapshot)]
    shuffled = list(events)
    order = list(places)
    chances.shuffle(order)
    for place, other in zip(places, order, strict=True):
        shuffled[place] = events[other]
    known = [event for event in events if not isinstance(event, MessageSnapshot)]
    with ledger_in_memory() as told, ledger_in_memory() as mixed:
        take(told, known + [events[place] for place in places])
        take(mixed, known + [event for event in shuffled if isinstance(event, MessageSnapshot)])

        assert figures(mixed) == figures(told)


@given(world=worlds(), chances=RANDOM)
def test_which_process_is_read_first_changes_no_figure(world: list[Script], chances: random.Random) -> None:
    other_way = list(world)
    chances.shuffle(other_way)
    with ledger_in_memory() as ledger, ledger_in_memory() as mixed:
        take(ledger, *world)
        take(mixed, *other_way)

        assert total(mixed) == total(ledger)
        assert {run.run_id: run.total_tokens for run in stats_of(mixed).sessions} == {
            run.run_id: run.total_tokens for run in stats_of(ledger).sessions
        }


@given(script=scripts(most_steps=8), chances=RANDOM)
def test_how_a_file_is_cut_into_pieces_changes_nothing_at_all(script: Script, chances: random.Random) -> None:
    with ledger_in_memory() as whole, ledger_in_memory() as cut:
        events, cursor = script.events, Cursor("1-1-1.jsonl", 1, 1, b"", len(script.events))
        append(whole, cursor, events, STRANGER)
        done = 0
        process = None
        while done < len(events):
            more = chances.randint(1, 4)
            piece = Cursor("1-1-1.jsonl", 1, 1, b"", min(done + more, len(events)), process)
            process = append(cut, piece, events[done : done + more], STRANGER).process
            done += more

        assert everything(cut) == everything(whole)


@given(script=scripts(), more=scripts(pid=2))
def test_no_total_ever_falls(script: Script, more: Script) -> None:
    highest = 0
    with ledger_in_memory() as ledger:
        for story in (script, more):
            cursor = Cursor(f"{story.key.pid}.jsonl", 1, 1, b"", 0)
            for event in story.events:
                cursor = append(ledger, cursor, [event], STRANGER)
                assert total(ledger).whole.tokens.total >= highest
                highest = total(ledger).whole.tokens.total


@given(script=scripts())
def test_a_run_has_always_a_state_that_makes_sense(script: Script) -> None:
    with ledger_in_memory() as ledger:
        take(ledger, script)
        stats = stats_of(ledger)

    for run in stats.sessions:
        assert run.live
        assert (run.idle_since is not None) is run.is_idle
        assert run.idle_since is None or run.start_time <= run.idle_since <= script.at_ms
        assert run.start_time <= run.last_activity <= script.at_ms
    ids = [item.id for item in stats.attention]
    assert len(set(ids)) == len(ids)
