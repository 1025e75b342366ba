"""What OpenCode 2.x charged besides its messages, told live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ledgers import go_on, rows, stats_of, take
from tests.support.script import Script

from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Usage
from opencode_stats.ledger.auxiliary import settle_all
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.sums import MANY
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

ROW = "SELECT message, run, counted_at_ms, agent, api, created_seen, standing FROM messages WHERE message LIKE 'aux%'"
AUXILIARY = (None, "auxiliary")


def begun() -> Script:
    """A conversation that OpenCode 2.x made in ``/work``."""
    return Script(api=2).started().conversation("ses_a", directory="/work", host_version="2.1.2")


def left(ledger: sqlite3.Connection) -> Usage | None:
    return total(ledger).by_model.get(AUXILIARY)


def test_a_title_is_usage_of_its_conversation_run_and_day(ledger: sqlite3.Connection) -> None:
    script = begun().answer("ses_a", input=100, cost_usd=0.4, directory="/work").usage("ses_a", input=130)
    take(ledger, script)

    ((run,),) = rows(ledger, "SELECT id FROM runs")
    assert left(ledger) == Usage(Tokens(30), 100_000, 1)
    ((created_ms,),) = rows(ledger, "SELECT created_ms FROM conversations")
    assert rows(ledger, ROW) == [("auxiliary:ses_a", run, created_ms, None, 2, 1, "counted")]
    stats = stats_of(ledger)
    for section in (stats.session, stats.daily, stats.total):
        assert section.tokens_by_model["auxiliary"] == 30
        assert section.total_tokens == 130
        assert section.total_cost == 0.5
    assert [workspace.total_tokens for workspace in stats.session.workspaces] == [130]
    assert verify(ledger) == []


def test_a_step_that_comes_after_its_total_makes_the_residual_smaller(ledger: sqlite3.Connection) -> None:
    script = begun().usage("ses_a", input=130)
    take(ledger, script)
    assert left(ledger) == Usage(Tokens(130), 500_000, 1)

    go_on(ledger, script.key, Script(api=2, at_ms=script.at_ms).answer("ses_a", input=100).events)

    assert left(ledger) == Usage(Tokens(30), 250_000, 1)
    assert total(ledger).whole.tokens.total == 130


def test_many_conversations_are_settled_together_as_each_of_them_alone(ledger: sqlite3.Connection) -> None:
    script = begun().usage("ses_a", input=130)
    take(ledger, script)
    # Found on a disk, so no run ever handled them; and so many that their rows are summed together.
    names = [f"ses_{number}" for number in range(2 * MANY)]
    ledger.executemany(
        "INSERT INTO conversations (conversation, created_ms, host_version, takeover, usage_input, usage_output, "
        "usage_reasoning, usage_cache_read, usage_cache_write, usage_cost_microusd, least_input, least_output, "
        "least_reasoning, least_cache_read, least_cache_write, least_cost_microusd) "
        "VALUES (?, ?, '2.1.2', 0, ?, 0, 0, 0, 7, 5, ?, 0, 0, 0, 7, 5)",
        [(name, script.at_ms + 900_000 * place, place, place) for place, name in enumerate(names)],
    )
    ledger.execute("UPDATE conversations SET usage_input = 150 WHERE conversation = 'ses_a'")

    for _ in range(2):
        with transaction(ledger):
            settle_all(ledger, ["ses_a", *names, "ses_nobody"])

        sums = rows(ledger, "SELECT count(*), sum(input), sum(cache_write), sum(run IS NULL) FROM messages")
        assert sums == [(1 + len(names), 150 + sum(range(len(names))), 7 * len(names), len(names))]
        assert verify(ledger) == []
    assert left(ledger) == Usage(
        Tokens(150 + sum(range(len(names))), cache_write=7 * len(names)), 500_000 + 5 * len(names), 1 + len(names)
    )


def test_nothing_is_left_when_the_messages_make_the_total(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().usage("ses_a", input=130).answer("ses_a", input=130))

    assert left(ledger) is None
    assert stats_of(ledger).total.messages == 1
    assert verify(ledger) == []


def test_of_a_conversation_whose_beginning_nobody_heard_only_what_comes_is_counted(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().usage("ses_a", input=1_000)
    take(ledger, script)
    assert left(ledger) is None

    more = Script(api=2, at_ms=script.at_ms).answer("ses_a", input=100).usage("ses_a", input=1_130)
    go_on(ledger, script.key, more.events)
    assert left(ledger) == Usage(Tokens(30), 0, 1)
    assert rows(ledger, ROW)[0][2] == script.at_ms

    last = Script(api=2, at_ms=more.at_ms).conversation("ses_a", change="updated", created_ms=5, host_version="2.1.2")
    go_on(ledger, script.key, last.events)
    assert left(ledger) == Usage(Tokens(1_030), 250_000, 1)
    assert rows(ledger, ROW)[0][2] == 5
    assert verify(ledger) == []


def test_a_fork_whose_source_is_told_last_is_known_for_one_of_2x(ledger: sqlite3.Connection) -> None:
    take(
        ledger,
        Script(pid=1, api=2).started().usage("ses_a", input=130),
        Script(pid=2, api=2).started().conversation("ses_a", fork_of="ses_source"),
    )

    assert left(ledger) == Usage(Tokens(130), 500_000, 1)


def test_of_a_conversation_of_1x_only_what_2x_charged_since_is_counted(ledger: sqlite3.Connection) -> None:
    first = Script(pid=1).started().conversation("ses_a", host_version="1.18.33").answer("ses_a", input=100)
    second = Script(pid=2, api=2).started().conversation("ses_a", change="updated", host_version=None)
    take(ledger, first, second.usage("ses_a", input=7_000).answer("ses_a", input=20).usage("ses_a", input=7_050))

    assert left(ledger) == Usage(Tokens(30), 0, 1)
    assert total(ledger).whole.tokens.total == 150


def test_the_row_stays_with_the_run_that_made_it(ledger: sqlite3.Connection) -> None:
    take(
        ledger,
        begun().usage("ses_a", input=30),
        Script(pid=2, api=2).started().usage("ses_a", input=50),
    )

    assert left(ledger) == Usage(Tokens(50), 500_000, 1)
    assert rows(ledger, "SELECT runs.process = (SELECT process FROM runs ORDER BY id LIMIT 1) FROM messages "
                "JOIN runs ON runs.id = run") == [(1,)]  # fmt: skip


def test_a_total_that_falls_is_not_believed(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().usage("ses_a", input=50).usage("ses_a", input=20))

    assert left(ledger) == Usage(Tokens(50), 500_000, 1)


def test_an_event_of_1x_never_looks_at_it(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().conversation("ses_a", host_version="1.18.33").answer("ses_a", input=5))

    assert rows(ledger, ROW) == []


def test_the_hot_question_is_answered_by_its_index(ledger: sqlite3.Connection) -> None:
    plan = rows(
        ledger,
        "EXPLAIN QUERY PLAN SELECT sum(input), sum(cost_microusd) FROM messages WHERE conversation = 'ses_a' "
        "AND api = 2 AND standing = 'counted' AND substr(message, 1, 10) != 'auxiliary:'",
    )

    assert "messages_contained" in plan[0][3]
