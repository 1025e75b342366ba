from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import everything, ledger_in_memory, rows, take
from tests.support.script import Script

from opencode_stats.core.tokens import Tokens
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.soundness import sum_findings
from opencode_stats.ledger.unbilled import (
    findings,
    split_at,
    unbilled_between,
    unbilled_in,
    unbilled_of_run,
    unbilled_split,
    unbilled_total,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

DAY_MS = 24 * 60 * 60 * 1000
MOCK = ("mock", "m/1")


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    with ledger_in_memory() as connection:
        one = Script(pid=1).started().opened("/w").conversation("ses_a", directory="/w").prompt("ses_a")
        one.answer("ses_a", input=40, cache_read=31_961, output=5, model="m/1", provider="mock", cost_usd=0.0)
        one.answer("ses_a", input=7, model="m/1", provider="mock", cost_usd=0.0)
        one.answer("ses_a", input=1_000, model="m/2", provider="mock", cost_usd=0.5)
        one.answer("ses_a", error="MessageAbortedError").idle("ses_a")
        take(connection, one)
        yield connection


def test_only_what_has_tokens_and_no_cost_is_kept_by_steps_of_context(ledger: sqlite3.Connection) -> None:
    kept = {MOCK: ((0, Tokens(input=7)), (32_000, Tokens(input=40, output=5, cache_read=31_961)))}

    assert unbilled_total(ledger) == kept
    assert unbilled_between(ledger, NOON_MS - DAY_MS // 2, NOON_MS + DAY_MS // 2) == kept
    assert unbilled_between(ledger, NOON_MS + DAY_MS, NOON_MS + 2 * DAY_MS) == {}
    (run,) = [number for (number,) in rows(ledger, "SELECT id FROM runs")]
    assert unbilled_of_run(ledger, run) == kept
    assert findings(ledger, 9) == []


def test_of_any_stretch_of_time_it_is_what_its_messages_say() -> None:
    """Sums of quarter hours in the middle, the messages of what is left at both ends."""
    with ledger_in_memory() as connection:
        script = Script(pid=1, at_ms=NOON_MS).started()
        for number in range(12):
            script.answer("ses_a", input=1 << number, model=f"m/{number % 2}", provider="mock", cost_usd=0.0)
            script.wait(11 * 60_000 + 7)
        take(connection, script)
        told = rows(connection, "SELECT counted_at_ms, input FROM messages")
        instants = sorted({at_ms + off for at_ms, _ in told for off in (0, 1)} | {NOON_MS, NOON_MS + 900_000})

        for start_ms in instants:
            for end_ms in instants[instants.index(start_ms) :]:
                found = unbilled_in(connection, start_ms, end_ms)
                sums = sum(tokens.input for parts in found.values() for _, tokens in parts)
                assert sums == sum(used for at_ms, used in told if start_ms <= at_ms < end_ms), (start_ms, end_ms)


def test_a_context_of_exactly_a_steps_size_is_not_above_it(ledger: sqlite3.Connection) -> None:
    exact = Script(pid=2).started().prompt("ses_b")
    exact.answer("ses_b", input=31_000, cache_write=1_000, output=9, model="m/3", provider="mock", cost_usd=0.0)
    take(ledger, exact, file="2.jsonl")
    tokens = Tokens(input=31_000, cache_write=1_000, output=9)

    assert unbilled_total(ledger)["mock", "m/3"] == ((0, tokens),)
    assert unbilled_split(ledger, {32_000, 31_999})["mock", "m/3"] == ((31_999, tokens),)
    assert unbilled_split(ledger, ())["mock", "m/3"] == ((0, tokens),)


def test_a_cost_that_is_told_later_takes_the_message_out(ledger: sqlite3.Connection) -> None:
    ledger.execute("UPDATE messages SET cost_microusd = 1 WHERE input = 7")

    assert unbilled_total(ledger) == {MOCK: ((32_000, Tokens(input=40, output=5, cache_read=31_961)),)}
    assert findings(ledger, 9) == []


def test_another_size_has_the_sums_made_anew_once(ledger: sqlite3.Connection) -> None:
    assert split_at(ledger, {6, 32_000})
    assert unbilled_total(ledger) == {
        MOCK: ((6, Tokens(input=7)), (32_000, Tokens(input=40, output=5, cache_read=31_961)))
    }
    assert not split_at(ledger, {6})
    assert findings(ledger, 9) == []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE unbilled SET input = input + 1 WHERE scope = 'run'",
        "DELETE FROM unbilled WHERE scope = 'slot' AND above = 0",
        "INSERT INTO unbilled VALUES ('all', 0, 'p', 'm', 0, 1, 0, 0, 0, 0)",
    ],
)
def test_a_sum_that_is_wrong_is_found_and_made_again(ledger: sqlite3.Connection, harm: str) -> None:
    before = everything(ledger)["unbilled"]
    ledger.execute(harm)

    assert len(sum_findings(ledger)) == 1
    assert "without a cost" in rebuild(ledger).changes[0]
    assert everything(ledger)["unbilled"] == before
    assert sum_findings(ledger) == []
