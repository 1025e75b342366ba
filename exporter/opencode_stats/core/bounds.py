"""How large what OpenCode says may be: beyond these no honest plugin goes, and the ledger's sums can't overflow."""

from __future__ import annotations

import hashlib
from typing import Final

LATEST_INSTANT_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: the end of what a calendar here can name."""
LARGEST_MESSAGE_TOKENS: Final = 10**10
"""Tokens of one message, all kinds: a thousand times the largest context window, and a billion such fit the ledger."""
LARGEST_MESSAGE_COST_USD: Final = 1_000_000.0
"""US dollars for one message: nine million such fit the ledger's micro-dollars."""
LARGEST_COST_USD: Final = 1_000_000_000.0
"""US dollars for one conversation; such are never added up."""
MOST_LINES_LOST: Final = 10**9
"""In one report: nine billion such reports fit the sum."""
LONGEST_TEXT: Final = 4096
"""Characters in an id, a name or a path. Linux's PATH_MAX; OpenCode's ids have 30."""


SHORTENED_TO: Final = 64
"""Characters that stay of a name that is longer than ``LONGEST_TEXT``."""
DIGEST_DIGITS: Final = 32
"""Hexadecimal digits, 128 bits, that tell one shortened name from any other."""


def digest(text: str) -> str:
    """The first digits of a text's SHA-256 in UTF-8."""
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:DIGEST_DIGITS]


def fitting(name: str) -> str:
    """The name of a model, a provider or an agent, as it is kept.

    Of one that has more than ``LONGEST_TEXT`` characters its beginning and its digest are: so its usage is counted, and
    no other's is added to it. The plugin does the same.
    """
    if len(name) <= LONGEST_TEXT:
        return name
    return f"{name[:SHORTENED_TO]}…{digest(name)}"


def check_instants(*values: int | None) -> None:
    """Refuses an instant that no calendar here can name.

    Raises:
        ValueError: one is outside the years 1970 to 9999.
    """
    for value in values:
        if value is not None and not 0 <= value <= LATEST_INSTANT_MS:
            raise ValueError("an instant is outside the years 1970 to 9999")


def check_texts(*values: str | None) -> None:
    """Refuses a text that is empty (nothing known is None) or too long.

    Raises:
        ValueError: one is empty or longer than ``LONGEST_TEXT`` characters.
    """
    for value in values:
        if value is not None and not 0 < len(value) <= LONGEST_TEXT:
            raise ValueError("a text is empty or longer than 4096 characters")


def check_cost(value: float | None, largest: float) -> None:
    """Refuses a cost, in US dollars, that is none.

    Raises:
        ValueError: it is negative, not a number, or above ``largest``.
    """
    if value is not None and not 0 <= value <= largest:
        raise ValueError(f"a cost is outside 0 … {largest:.0f} dollars")
