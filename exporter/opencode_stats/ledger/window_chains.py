"""With which quarter hour a limit's rolling window began, found from the beginning of all use.

Where use never pauses for a window's length, each window hangs on the one before it (docs/adr/0011), so their chain is
followed from the first. A link of it is one look into an index: of what is used within a window nothing is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS, slot_of
from opencode_stats.core.models import model_key
from opencode_stats.ledger.belonging import AGENT, CONVERSATION, WORKSPACE

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.limits import Limit

COUNTED: Final = "standing = 'counted' AND input IS NOT NULL"
MESSAGES: Final = f"messages AS m {CONVERSATION}"
_NEXT_SLOT: Final = (
    "SELECT number FROM sums AS m WHERE scope = 'slot' AND number >= {} AND number <= :now AND messages > 0 AND {} "
    "ORDER BY number LIMIT 1"
)
_CHAIN: Final = (
    f"WITH RECURSIVE starts (slot) AS (SELECT ({_NEXT_SLOT.format(0, '{0}')}) UNION ALL "
    f"SELECT ({_NEXT_SLOT.format('slot + :length', '{0}')}) FROM starts WHERE slot IS NOT NULL) "
    "SELECT max(slot) FROM starts"
)
_NEXT_MESSAGE: Final = (
    f"SELECT counted_at_ms FROM {MESSAGES} WHERE counted_at_ms >= :from AND counted_at_ms < :until AND {COUNTED} "
    "AND {} ORDER BY counted_at_ms LIMIT 1"
)
_SPLITS: Final = {"workspace": "directory", "agent": "agent"}
"""What has no sums by quarter hour → what its sums by day are split by (``ledger.day_sums``)."""


def last_start_of(connection: sqlite3.Connection, limit: Limit, length_ms: int, now_ms: int) -> int | None:
    """The quarter hour with which the last rolling window up to this moment began.

    None where there was none, or one that is over for at least its length.
    """
    if limit.of in _SPLITS:
        return _by_messages(connection, limit, length_ms, now_ms)
    whose, values = condition_of(connection, limit)
    slot: int | None
    (slot,) = connection.execute(
        _CHAIN.format(whose), {**values, "now": slot_of(now_ms), "length": length_ms // SLOT_MS}
    ).fetchone()
    return slot


def condition_of(connection: sqlite3.Connection, limit: Limit) -> tuple[str, dict[str, str]]:
    """What is true of the usage that belongs to the limit, and its values; ``m`` is a message, or a sum, ``c`` its own.

    ``c`` is the message's conversation; of sums only what has no need of it is asked.
    """
    match limit.of:
        case "workspace":
            return f"{WORKSPACE} = :whose", {"whose": limit.whose}
        case "agent":
            return f"{AGENT} = :whose", {"whose": limit.whose}
        case "provider":
            return "m.provider = :whose", {"whose": limit.whose}
        case "model":
            pair = _model(connection, limit.whose)
            if pair is None:
                return "false", {}
            return (
                "(ifnull(m.provider, ''), ifnull(m.model, '')) = (:provider, :name)",
                {"provider": pair[0], "name": pair[1]},
            )
    return "true", {}


def _by_messages(connection: sqlite3.Connection, limit: Limit, length_ms: int, now_ms: int) -> int | None:
    whose, values = condition_of(connection, limit)
    question = _NEXT_MESSAGE.format(whose)
    start, from_ms = None, 0
    for begun_ms, until_ms in _since_a_gap(_perhaps_used(connection, limit, now_ms), length_ms):
        from_ms = max(from_ms, begun_ms)
        while from_ms < until_ms:
            row = connection.execute(question, {**values, "from": from_ms, "until": until_ms}).fetchone()
            if row is None:
                break
            start = slot_of(row[0])
            from_ms = start * SLOT_MS + length_ms
    return start


def _perhaps_used(connection: sqlite3.Connection, limit: Limit, now_ms: int) -> list[tuple[int, int]]:
    """The stretches of time up to this quarter hour, ascending, beside which nothing belongs to the limit.

    Days that are summed say whether there is anything; of all other time it is not known.
    """
    end_ms = (slot_of(now_ms) + 1) * SLOT_MS
    days = connection.execute(
        "SELECT start_ms, end_ms, EXISTS (SELECT 1 FROM day_sums AS d WHERE d.split = ? AND d.start_ms = s.start_ms "
        "AND d.key = ?) FROM summed_days AS s WHERE end_ms <= ? ORDER BY start_ms",
        (_SPLITS[limit.of], limit.whose, end_ms),
    )
    found: list[tuple[int, int]] = []
    at_ms = 0
    for start_ms, after_ms, used in (*days, (end_ms, end_ms, 0)):
        if start_ms > at_ms:
            found.append((at_ms, start_ms))
        if used:
            found.append((start_ms, after_ms))
        at_ms = after_ms
    return found


def _since_a_gap(stretches: list[tuple[int, int]], length_ms: int) -> list[tuple[int, int]]:
    """Those after the last time without any use that is long enough for a window to begin after it, whatever was."""
    for place in range(len(stretches) - 1, 0, -1):
        if stretches[place][0] - stretches[place - 1][1] >= length_ms:
            return stretches[place:]
    return stretches


def _model(connection: sqlite3.Connection, key: str) -> tuple[str, str] | None:
    """Provider and model, as the sums have them, of the model that has this key; None where it was never used."""
    rows = connection.execute("SELECT provider, model FROM sums WHERE scope = 'all'")
    return next((pair for pair in rows if model_key(pair[0] or None, pair[1] or None) == key), None)
