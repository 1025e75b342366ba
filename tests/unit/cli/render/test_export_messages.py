"""Messages that are written fast are the same bytes as their rows, whatever their texts are."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, get_args

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import ledger_in_memory, take
from tests.support.script import Script
from tests.support.stories import worlds

from opencode_stats.cli.render.export import Format, write
from opencode_stats.cli.render.export_messages import form_of_numbers, write_messages
from opencode_stats.ledger.export import COLUMNS, TEXTS, rows_between, rows_written

if TYPE_CHECKING:
    import sqlite3

    import pytest

FOREVER = (-(2**60), 2**60)
NASTY = (
    "",
    "=1+1",
    "@x",
    "-1",
    "+1",
    "\tx",
    "\rx",
    "a,b",
    'a"b',
    "a\r\nb",
    "ü\u2028",
    "a\x00b",
    "a b",
    "%d",
    "plain_1",
)
texts = st.sampled_from(NASTY) | st.text(max_size=4)
times = st.sampled_from([0, 1, NOON_MS, NOON_MS + 1, 2**53])
numbers = st.integers(0, 2**53)


def both(ledger: sqlite3.Connection, form: Format) -> tuple[str, str]:
    rows, fast = io.StringIO(newline=""), io.StringIO(newline="")
    write(rows_between(ledger, *FOREVER), COLUMNS, TEXTS, form, rows)
    write_messages(rows_written(ledger, *FOREVER, form_of_numbers(form)), form, fast)
    return rows.getvalue(), fast.getvalue()


@st.composite
def odd_rows(draw: st.DrawFn) -> dict[str, object]:
    optional = ("provider", "model", "variant", "agent", "directory", "finish")
    counts = ("input", "output", "reasoning", "cache_read", "cache_write")
    return {
        "conversation": draw(texts),
        **{name: draw(st.none() | texts) for name in optional},
        **{name: draw(numbers) for name in counts},
        **{name: draw(st.none() | numbers) for name in ("cost_microusd", "created_ms", "completed_ms")},
        "counted_at_ms": draw(times),
    }


@given(rows=st.dictionaries(texts, odd_rows(), max_size=5))
def test_they_are_the_same_bytes_whatever_the_texts(rows: dict[str, dict[str, object]]) -> None:
    with ledger_in_memory() as ledger:
        ledger.execute("DROP TRIGGER messages_added")
        for message, row in rows.items():
            ledger.execute(
                "INSERT INTO messages (message, origin, standing, state, api, stage, event, created_seen, first_at_ms, "
                f"summary, {', '.join(row)}) VALUES (?, 'live', 'counted', 'final', 1, 'completed', '', 1, 0, 0, "
                f"{', '.join('?' * len(row))})",
                (message, *row.values()),
            )
        for form in get_args(Format):
            as_rows, fast = both(ledger, form)
            assert fast == as_rows


@given(world=worlds())
def test_they_are_the_same_bytes_of_any_history(world: list[Script]) -> None:
    with ledger_in_memory() as ledger:
        take(ledger, *world)
        for form in get_args(Format):
            as_rows, fast = both(ledger, form)
            assert fast == as_rows


def test_what_is_remembered_of_texts_does_not_grow(ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_stats.cli.render.export_messages._MOST_KNOWN", 2)
    script = Script().started()
    for number in range(6):
        script.answer("ses_a", input=1, directory=f"/{number % 3}")
    take(ledger, script)

    for form in get_args(Format):
        as_rows, fast = both(ledger, form)
        assert fast == as_rows
