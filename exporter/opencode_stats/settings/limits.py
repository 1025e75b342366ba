"""The setting ``limits``: an array of tables, one a limit."""

from __future__ import annotations

import os
from typing import Any, Final

from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.limits import CRITICAL_PERCENT, WARNING_PERCENT, Limit, Of, parse_window
from opencode_stats.settings.kinds import Kind, Unfit, nearest, shown, whole

MOST: Final = 50
_LONGEST_NAME: Final = 100
_MOST_TOKENS: Final = 2**53 - 1
_MOST_USD: Final = 1_000_000_000
OWNERS: Final[tuple[Of, ...]] = ("provider", "model", "workspace", "agent")
FIELDS: Final = ["name", "window", "tokens", "usd", *OWNERS, "warning", "critical"]
_PERCENT: Final = whole(1, 1000)


def limits() -> Kind[tuple[Limit, ...]]:
    """Limits, each under a name of its own."""
    wants = "tables, as in [limits.md](limits.md)"

    def read(found: object) -> tuple[Limit, ...]:
        if not isinstance(found, list):
            raise Unfit(f"it is {shown(found)}, and wants [[limits]] tables")
        if len(found) > MOST:
            raise Unfit(f"there are {len(found)} of them, and {MOST} are the most")
        made: list[Limit] = []
        for place, table in enumerate(found):
            one = _limit(table, place)
            if one.name in {other.name for other in made}:
                raise Unfit(f"another limit is called {shown(one.name)}, too", place, "name")
            made.append(one)
        return tuple(made)

    return Kind(wants, read)


def _limit(table: object, place: int) -> Limit:
    if not isinstance(table, dict):
        raise Unfit(f"it is {shown(table)}, and wants a table", place)
    for key in table:
        if key not in FIELDS:
            raise Unfit(f"there is no such key.{nearest(key, FIELDS)}", place, key)
    name = _name(table.get("name"), place)
    window = table.get("window")
    try:
        parse_window(window if isinstance(window, str) else "")
    except ValueError as error:
        raise Unfit(str(error), place, "window") from error
    owners = [of for of in OWNERS if of in table]
    if len(owners) > 1:
        raise Unfit(f"it is of {owners[0]} and of {owners[1]}, and can be of one only", place, owners[1])
    whose = _whose(table, owners[0], place) if owners else ""
    warning = _percent(table, "warning", WARNING_PERCENT, place)
    critical = _percent(table, "critical", max(CRITICAL_PERCENT, warning), place)
    if warning > critical:
        raise Unfit("warning is above critical", place, "warning")
    return Limit(
        name=name,
        window=str(window),
        unit="tokens" if "tokens" in table else "usd",
        amount=_amount(table, place),
        of=owners[0] if owners else "all",
        whose=whose,
        warning_percent=warning,
        critical_percent=critical,
    )


def _name(found: object, place: int) -> str:
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST_NAME or not found.isprintable():
        there = "it is not there" if found is None else f"it is {shown(found)}"
        raise Unfit(f"{there}, and wants a name of up to {_LONGEST_NAME} characters", place, "name")
    return found


def _amount(table: dict[str, Any], place: int) -> int:
    if ("tokens" in table) == ("usd" in table):
        raise Unfit("it wants either tokens or usd", place)
    if "tokens" in table:
        tokens = table["tokens"]
        if not isinstance(tokens, int) or isinstance(tokens, bool) or not 1 <= tokens <= _MOST_TOKENS:
            raise Unfit(f"it is {shown(tokens)}, and wants a whole number from 1 to {_MOST_TOKENS}", place, "tokens")
        return tokens
    usd = table["usd"]
    if not isinstance(usd, int | float) or isinstance(usd, bool) or not 1 / MICROUSD_PER_USD <= usd <= _MOST_USD:
        least = 1 / MICROUSD_PER_USD
        raise Unfit(f"it is {shown(usd)}, and wants dollars, from {least:f} to {_MOST_USD}", place, "usd")
    return round(usd * MICROUSD_PER_USD)


def _whose(table: dict[str, Any], of: Of, place: int) -> str:
    found = table[of]
    if not isinstance(found, str) or not found:
        raise Unfit(f"it is {shown(found)}, and wants a text", place, of)
    if of == "workspace" and not os.path.isabs(found):
        raise Unfit(f"it is {shown(found)}, and wants the absolute path of a directory", place, of)
    return found


def _percent(table: dict[str, Any], key: str, default: int, place: int) -> int:
    try:
        return _PERCENT.read(table.get(key, default))
    except Unfit as error:
        raise Unfit(error.reason, place, key) from error
