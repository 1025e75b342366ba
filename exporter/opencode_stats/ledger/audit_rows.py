"""The ledger's rows as the audit wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.claims import Forgotten, OwnRow
from opencode_stats.core.models import AUXILIARY
from opencode_stats.ledger.forgotten import AMOUNTS, COUNTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_FORGOTTEN = "SELECT what, api FROM forgotten_ids WHERE id = ? AND what NOT IN ('prompt', 'title')"


def forgotten_rows(connection: sqlite3.Connection) -> Forgotten:
    """What is left of rows that are forgotten. ``of`` asks the connection, which must stay open."""

    def of(message: str) -> tuple[str, int] | None:
        row: tuple[str, int] | None = connection.execute(_FORGOTTEN, (message,)).fetchone()
        return row

    conversations = connection.execute(
        f"SELECT conversation, api, messages, {', '.join(AMOUNTS)} FROM forgotten_conversations WHERE counted"
    )
    figures: tuple[int, ...] = connection.execute(
        f"SELECT {', '.join(f'ifnull(sum({name}), 0)' for name in (*COUNTS, 'messages'))} FROM forgotten_unbilled"
    ).fetchone()
    return Forgotten(
        [(name, api, Amounts(*figures), number) for name, api, number, *figures in conversations],
        of,
        (Amounts(*figures[:-1]), figures[-1]),
    )


def own_rows(connection: sqlite3.Connection) -> Iterator[OwnRow]:
    """Every row, counted or not; what is auxiliary has no provider."""
    rows = connection.execute(
        "SELECT message, m.conversation, standing, state, input, output, reasoning, cache_read, cache_write, "
        "ifnull(cost_microusd, 0), origin = 'live', api, "
        "m.provider IS NULL AND m.model IS ?, c.deleted_ms IS NOT NULL "
        "FROM messages AS m LEFT JOIN conversations AS c ON c.conversation = m.conversation ORDER BY m.id",
        (AUXILIARY,),
    )
    for message, conversation, standing, state, *figures, live, api, auxiliary, deleted in rows:
        yield OwnRow(
            message=message,
            conversation=conversation,
            standing=standing,
            state=state,
            amounts=None if figures[0] is None else Amounts(*figures),
            priced=figures[-1] > 0,
            live=bool(live),
            api=api,
            auxiliary=bool(auxiliary),
            deleted=bool(deleted),
        )
