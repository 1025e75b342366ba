"""All usage by model and by the size of its context, from the messages: for who asks what it would cost at list prices.

The sums of days don't tell how large a request was, so every message of the time asked for is read: two or three
seconds for a million. Nothing is written.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.history import FORGOTTEN
from opencode_stats.core.revaluation import Used
from opencode_stats.core.tokens import Tokens
from opencode_stats.ledger.belonging import AGENT, CONVERSATION, WORKSPACE
from opencode_stats.ledger.forgotten import forgotten_steps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from opencode_stats.core.cost import Unbilled
    from opencode_stats.core.history import Key, Span, Split
    from opencode_stats.core.totals import ModelId

_KEYS: Final[dict[str, str]] = {
    "model": "ifnull(provider, ''), ifnull(model, '')",
    "provider": "ifnull(provider, ''), ''",
    "agent": f"'', ifnull({AGENT}, '')",
    "directory": f"'', ifnull({WORKSPACE}, '')",
    "conversation": "'', m.conversation",
}
"""Split → the two columns of ``core.history.Key``."""
_USED: Final = (
    "SELECT {keys}, ifnull(provider, ''), ifnull(model, ''), {above}, sum(input), sum(output), sum(reasoning), "
    f"sum(cache_read), sum(cache_write), sum(ifnull(cost_microusd, 0)) FROM messages AS m {CONVERSATION} "
    "WHERE counted_at_ms >= ? AND counted_at_ms < ? "
    "AND standing = 'counted' AND input IS NOT NULL GROUP BY 1, 2, 3, 4, 5"
)


def models_used(connection: sqlite3.Connection) -> list[ModelId]:
    """Every model of which there is usage."""
    rows = connection.execute("SELECT provider, model FROM sums WHERE scope = 'all' AND messages > 0")
    return [(provider or None, model or None) for provider, model in rows]


def used_over(
    connection: sqlite3.Connection, stretches: Sequence[Span], split: Split, sizes: Iterable[int]
) -> list[dict[Key, Used]]:
    """The usage of each stretch, by what it is split by; tokens are split at these sizes of context.

    The caller holds one moment of the ledger (``transactions.one_moment``).
    """
    sizes = sorted(sizes, reverse=True)
    question = _USED.format(keys=_KEYS[split], above=_step("input + cache_read + cache_write >", sizes))
    # Of what is forgotten it is known which step it was above, not how far.
    known = _step("above >=", sizes)
    return [
        _used(
            chain(
                connection.execute(question, (one.start_ms, one.end_ms)),
                (
                    (*_forgotten_key(split, provider, model), provider, model, *rest)
                    for provider, model, *rest in forgotten_steps(connection, one.start_ms, one.end_ms, known)
                ),
            )
        )
        for one in stretches
    ]


def _step(is_above: str, sizes: Sequence[int]) -> str:
    """SQL for the largest of these sizes, the largest first, for which that holds; 0 where it does for none."""
    whens = " ".join(f"WHEN {is_above} {size:d} THEN {size:d}" for size in sizes)
    return f"CASE {whens} ELSE 0 END" if whens else "0"


def _forgotten_key(split: Split, provider: str, model: str) -> tuple[str, str]:
    if split in ("model", "provider"):
        return provider, model if split == "model" else ""
    return "", FORGOTTEN


def _used(rows: Iterable[tuple[Any, ...]]) -> dict[Key, Used]:
    recorded: dict[Key, int] = {}
    parts: dict[Key, dict[ModelId, Unbilled]] = {}
    for first, second, provider, model, above, *counts, microusd in rows:
        key = (first or None, second or None)
        recorded[key] = recorded.get(key, 0) + microusd
        by_model = parts.setdefault(key, {})
        one = (provider or None, model or None)
        by_model[one] = (*by_model.get(one, ()), (above, Tokens(*counts)))
    return {key: Used(recorded[key], by_model) for key, by_model in parts.items()}
