"""A batch of messages as a disk tells them, in a table of its own (``temp.incoming``), with what follows for each.

What follows are columns that SQLite makes once a row, from what it has just read, and again when a row is put right. In
a SELECT around the SELECT that reads the rows each mention of a column would copy it: that took a third as long again.

==================  ==================================================================================================
column              what it says
==================  ==================================================================================================
``created``         when it began, as far as the row knows; NULL is not known
``spent``           its tokens, all kinds
``stage``           how far along it is (``core.usage.stage_of``)
``sound``           its figures are ones that an honest plugin could have told (``core.bounds``)
``known``           its tokens are known
``copied``          another's: a copy in a fork that 2.x made, or brought in from elsewhere
``contradicted``    the time in its id is not its own (``core.usage.id_contradicts_time``); NULL: in doubt
``older``           it is older than its conversation
``strange``         it does not belong into its conversation (``core.usage.tells_of_fork``)
==================  ==================================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.bounds import LARGEST_MESSAGE_COST_USD, LARGEST_MESSAGE_TOKENS, LATEST_INSTANT_MS
from opencode_stats.core.usage import copied_by_fork, id_contradicts_time, id_is_in_doubt, tells_of_fork
from opencode_stats.ledger import texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

FACTS: Final = (
    "message", "conversation", "parent", "agent", "provider", "model", "variant", "directory", "root", "created_ms",
    "completed_ms", "finish", "error",
)  # fmt: skip
COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")
_ALL: Final = ", ".join(COUNTS)
_SAID: Final = (
    *FACTS, *COUNTS, "cost_usd", "row_created_ms", "conversation_created_ms", "summary", "told", "api", "forked",
)  # fmt: skip
# Nine hex digits of an id are its time (core.usage): almost all of them say just what the message says, which SQL sees
# ten times as fast as Python. (CASE, because AND looks at both sides.)
_CONTRADICTED: Final = (
    "CASE WHEN api != 1 OR substr(message, 5, 9) = printf('%09x', created & 0xfffffffff) THEN 0 "
    "ELSE id_contradicts_time(CAST(message AS BLOB), created) END"
)
# What a fork copied is named msg_EVENT_NUMBER, and what was made in it has no number and is not older. SQL sees as much
# of nearly all of them, and Python is asked about the rest. (rtrim leaves msg_EVENT_.)
_COPIED_BY_FORK: Final = (
    "CASE WHEN substr(message, 1, 4) = 'msg_' AND instr(substr(message, 5), '_') = 0 "
    "AND created >= conversation_created_ms THEN 0 "
    "WHEN rtrim(message, '0123456789') GLOB 'msg_?*_' AND substr(message, -1) != '_' "
    "AND typeof(created) = 'integer' THEN 1 "
    "ELSE copied_by_fork(CAST(message AS BLOB), created, conversation_created_ms) END"
)
# A text is larger than any number, and a sum is whole only if all its parts are: so all is asked at once.
_SOUND: Final = (
    "CASE WHEN fit AND typeof(message) = 'text' AND typeof(conversation) = 'text' AND message != '' "
    f"AND conversation != '' AND min({_ALL}) >= 0 AND max({_ALL}) <= {LARGEST_MESSAGE_TOKENS} "
    f"AND typeof(spent) = 'integer' AND spent <= {LARGEST_MESSAGE_TOKENS} "
    f"AND ifnull(cost_usd, 0) BETWEEN 0 AND {LARGEST_MESSAGE_COST_USD} AND created BETWEEN 0 AND {LATEST_INSTANT_MS} "
    f"AND (completed_ms IS NULL OR typeof(completed_ms) = 'integer' AND completed_ms BETWEEN 0 AND {LATEST_INSTANT_MS})"
    " THEN 1 ELSE 0 END"
)
_MADE: Final = {
    "created": "CASE WHEN typeof(ifnull(created_ms, row_created_ms)) = 'integer' "
    "THEN ifnull(created_ms, row_created_ms) END",
    "spent": " + ".join(COUNTS),
    "stage": "CASE WHEN completed_ms IS NOT NULL THEN 'completed' "
    "WHEN finish IS NOT NULL OR spent > 0 THEN 'usage' ELSE 'created' END",
    "sound": _SOUND,
    "known": "CASE WHEN told AND stage != 'created' AND NOT (error IS NOT NULL AND spent = 0) THEN 1 ELSE 0 END",
    "copied": f"CASE WHEN brought THEN 1 WHEN forked THEN {_COPIED_BY_FORK} ELSE 0 END",
    "contradicted": _CONTRADICTED,
    "older": "created < conversation_created_ms",
    "strange": "CASE WHEN sound AND api = 1 AND (contradicted OR older) AND conversation_created_ms IS NOT NULL "
    "THEN tells_of_fork(CAST(message AS BLOB), created, conversation_created_ms) ELSE older END",
}
_INCOMING: Final = (
    f"CREATE TEMP TABLE incoming ({', '.join(_SAID)}, brought DEFAULT 0, fit DEFAULT 1, "
    f"{', '.join(f'{name} AS ({rule}) STORED' for name, rule in _MADE.items())})"
)


def prepare(connection: sqlite3.Connection) -> None:
    """Gives SQL the rules that are written in Python."""
    connection.create_function("id_contradicts_time", 2, _id_contradicts_time, deterministic=True)
    connection.create_function("copied_by_fork", 3, _copied_by_fork, deterministic=True)
    connection.create_function("tells_of_fork", 3, _tells_of_fork, deterministic=True)
    texts.prepare(connection)


def lay_out(
    connection: sqlite3.Connection, select: str, values: Mapping[str, object], brought: str | None = None
) -> None:
    """Fills ``temp.incoming`` with the rows of ``select``, which has the columns of ``opencode.v1_rows``.

    ``brought`` is a condition on such a row (``told_of``): it came from somebody else (``opencode.elsewhere``).
    """
    connection.execute("DROP TABLE IF EXISTS temp.incoming")
    connection.execute(_INCOMING)
    connection.execute(f"INSERT INTO incoming ({', '.join(_SAID)}) SELECT {', '.join(_SAID)} FROM ({select})", values)
    if brought is not None:
        connection.execute(f"UPDATE incoming AS told_of SET brought = 1 WHERE {brought}")
    texts.make_fit(connection)


def _id_contradicts_time(message: bytes | None, created_ms: object) -> bool | None:
    """SQLite may ask before it has looked whether a row makes sense; bytes, because a bad text can't be handed over."""
    if message is None or not isinstance(created_ms, int):
        return False
    name = message.decode("utf-8", "replace")
    return None if id_is_in_doubt(name, created_ms) else id_contradicts_time(name, created_ms)


def _copied_by_fork(message: bytes | None, created_ms: object, conversation_created_ms: int | None) -> bool:
    if message is None or not isinstance(created_ms, int):
        return False
    return copied_by_fork(message.decode("utf-8", "replace"), created_ms, conversation_created_ms)


def _tells_of_fork(message: bytes, created_ms: int, conversation_created_ms: int) -> bool:
    return tells_of_fork(message.decode("utf-8", "replace"), created_ms, conversation_created_ms)
