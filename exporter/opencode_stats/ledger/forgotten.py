"""What is still known of messages whose detail was forgotten (``m010_forgetting.sql``): sums, and ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import NO_FIGURES, Figures, together

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")
AMOUNTS: Final = (*COUNTS, "cost_microusd")
PROMPT: Final = "prompt:"
TITLE: Final = "title:"
"""Before the ids of prompts and of requests for titles."""
_SUMMED: Final = ", ".join(f"sum({name})" for name in Figures._fields)
# A quarter hour belongs to the stretch in which it begins: where in it something was used is forgotten.
_WITHIN: Final = f"slot >= (? + {SLOT_MS - 1}) / {SLOT_MS} AND slot < (? + {SLOT_MS - 1}) / {SLOT_MS}"
SLOTS: Final = (
    "SELECT slot, provider, model, input, output, reasoning, cache_read, cache_write, cost_microusd, messages "
    "FROM forgotten_sums"
)
"""All of them, as a running sum of quarter hours has them."""
KNOWN_AGAIN: Final = (
    "SELECT message FROM temp.incoming JOIN forgotten_ids ON forgotten_ids.id = message "
    "WHERE what != 'unknown' OR NOT ifnull(known, 0)"
)
"""The messages of a batch (``ledger.bulk``) that are forgotten, and of which it knows nothing that would count."""


class Slot(NamedTuple):
    """What was used by one model in a forgotten quarter hour; ``above`` is that of usage without a cost, else None."""

    at_ms: int
    provider: str | None
    model: str | None
    counts: tuple[int, int, int, int, int]
    cost_microusd: int
    messages: int
    above: int | None


def kept_from(connection: sqlite3.Connection) -> int | None:
    """The instant before which detail is forgotten, None where none ever was."""
    row = connection.execute("SELECT at_ms FROM kept_from").fetchone()
    return None if row is None else int(row[0])


def what_is_forgotten(connection: sqlite3.Connection, name: str) -> str | None:
    """What a forgotten id is of, None for one that is not forgotten."""
    row = connection.execute("SELECT what FROM forgotten_ids WHERE id = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def is_forgotten(connection: sqlite3.Connection, message: str, *, known: bool) -> bool:
    """Whether a message is in the sums already, or is none that counts; ``known`` where its tokens are known now."""
    what = what_is_forgotten(connection, message)
    return what is not None and not (known and what == "unknown")


def forgotten_figures(
    connection: sqlite3.Connection, start_ms: int, end_ms: int
) -> dict[tuple[str | None, str | None], Figures]:
    """What was used in the quarter hours that begin in the interval, by provider and model; only what is forgotten."""
    rows = connection.execute(
        f"SELECT provider, model, {_SUMMED} FROM forgotten_sums WHERE {_WITHIN} GROUP BY 1, 2", (start_ms, end_ms)
    )
    return {(provider or None, model or None): Figures(*sums) for provider, model, *sums in rows}


def forgotten_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> Figures:
    """The same in one sum."""
    return together([NO_FIGURES, *forgotten_figures(connection, start_ms, end_ms).values()])


def forgotten_steps(
    connection: sqlite3.Connection, start_ms: int, end_ms: int, above: str
) -> Iterator[tuple[str, str, int, int, int, int, int, int, int]]:
    """Provider, model, step of context, tokens and cost of the quarter hours that begin in the interval.

    ``above`` is SQL that makes the step of the one that was known when they were forgotten (``above``).
    """
    return connection.execute(
        f"SELECT provider, model, {above}, {', '.join(f'sum({name})' for name in AMOUNTS)} FROM forgotten_sums "
        f"WHERE {_WITHIN} GROUP BY 1, 2, 3",
        (start_ms, end_ms),
    )


def forgotten_prompts(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> int:
    """The user's prompts of the quarter hours that begin in the interval; only those that are forgotten."""
    row = connection.execute(
        f"SELECT ifnull(sum(prompts), 0) FROM forgotten_requests WHERE {_WITHIN}", (start_ms, end_ms)
    ).fetchone()
    return int(row[0])


def forgotten_titles(connection: sqlite3.Connection) -> Iterator[tuple[None, int]]:
    """Each forgotten request for a title: no run, and the beginning of its quarter hour."""
    for slot, titles in connection.execute("SELECT slot, titles FROM forgotten_requests WHERE titles > 0"):
        for _ in range(titles):
            yield None, slot * SLOT_MS


def forgotten_slots(connection: sqlite3.Connection) -> Iterator[Slot]:
    """All that is forgotten, so that each kind can be priced: what has a cost apart from what has none."""
    without = ", ".join(f"ifnull(u.{name}, 0)" for name in COUNTS)
    rows = connection.execute(
        f"SELECT s.slot, s.provider, s.model, {', '.join('s.' + name for name in COUNTS)}, {without}, "
        "s.cost_microusd, s.messages FROM forgotten_sums AS s LEFT JOIN forgotten_unbilled AS u "
        "USING (slot, provider, model, above)"
    )
    for slot, provider, model, *numbers, cost_microusd, messages in rows:
        i, o, r, cr, cw = (whole - part for whole, part in zip(numbers[:5], numbers[5:], strict=True))
        yield Slot(slot * SLOT_MS, provider or None, model or None, (i, o, r, cr, cw), cost_microusd, messages, None)
    for slot, provider, model, above, i, o, r, cr, cw in connection.execute(
        f"SELECT slot, provider, model, above, {', '.join(COUNTS)} FROM forgotten_unbilled"
    ):
        yield Slot(slot * SLOT_MS, provider or None, model or None, (i, o, r, cr, cw), 0, 0, above)


def forgotten_of(connection: sqlite3.Connection, conversation: str, api: int, *, copies: bool) -> tuple[int, ...]:
    """``AMOUNTS`` that one engine used in a conversation and that are forgotten; ``copies`` with what copies hold."""
    row: tuple[int, ...] = connection.execute(
        f"SELECT {', '.join(f'ifnull(sum({name}), 0)' for name in AMOUNTS)} FROM forgotten_conversations "
        "WHERE conversation = ? AND api = ? AND counted >= ?",
        (conversation, api, 0 if copies else 1),
    ).fetchone()
    return row
