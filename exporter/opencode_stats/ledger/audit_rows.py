"""The ledger's rows as the audit wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.audit import OwnRow
from opencode_stats.core.models import AUXILIARY

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


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
