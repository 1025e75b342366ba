"""Limits as text: a line each with a bar, and all of them in one line. Pure.

Every function takes entries of ``limits`` as stats.json has them (docs/limits.md), and raises KeyError, TypeError,
ValueError or OverflowError where they are not such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.text import Currency, compact, moment, name, plain, span, width

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from opencode_stats.cli.render.charts import Look

Entry = dict[str, Any]

_BAR: Final = 20
_LONGEST_NAME: Final = 30
_LONGEST_WHOSE: Final = 40
_MOST_PERCENT: Final = 9_999
_OWNERS: Final = ("provider", "model", "workspace", "agent")


def summary(entries: Sequence[Entry], now_ms: int) -> str:
    """All limits in one line: ``5-hour: 65% (resets in 2h 30m), weekly: 45% (resets in 2d 5h)``."""
    return ", ".join(
        f"{name(one['name'], _LONGEST_NAME)}: {percent(one)}{_in_brackets(one, now_ms)}" for one in entries
    )


def table(entries: Sequence[Entry], now_ms: int, look: Look, zone: tzinfo | None = None) -> str:
    """A line with a bar for each limit, and below it what it is about and when it would be reached."""
    names = [name(one["name"], _LONGEST_NAME) for one in entries]
    widest = max(map(width, names), default=0)
    return "\n".join(
        line
        for one, called in zip(entries, names, strict=True)
        for line in _lines(one, f"{called}{' ' * (widest - width(called))}", now_ms, look, zone)
    )


def percent(entry: Entry) -> str:
    """How much of it is used, in whole percent, cut; ``unknown`` where that is not known."""
    if entry["percent"] is None:
        return "unknown"
    cut = int(entry["percent"])
    return f"{cut}%" if cut <= _MOST_PERCENT else f">{_MOST_PERCENT}%"


def resets_in(entry: Entry, now_ms: int) -> str:
    """When its window, which there must be, is over: ``resets in 2h 30m``; that of old figures may be already."""
    left_ms = entry["resetsAtMs"] - now_ms
    return f"resets in {span(left_ms / 1000)}" if left_ms > 0 else "was reset since"


def _lines(one: Entry, called: str, now_ms: int, look: Look, zone: tzinfo | None) -> list[str]:
    share = 0.0 if one["percent"] is None else min(1.0, one["percent"] / 100)
    full = int(share * _BAR)
    used, left = ("█", "░") if look.blocks else ("#", ".")
    bar = f"{used * full}{left * (_BAR - full)}"
    level = str(one["level"])
    code = {"warning": "33", "critical": "31"}.get(level) if look.colour else None
    shown = f"\x1b[{code}m{bar}\x1b[0m" if code else bar
    word = "" if level == "normal" else f"  {plain(level)}"
    resets = f", {resets_in(one, now_ms)}" if one["resetsAtMs"] is not None else ""
    used_of = f"{_amount(one, _used(one), look.currency)} of {_amount(one, one['limit'], look.currency)}"
    first = f"{called}  {shown} {percent(one):>7}  {used_of}{resets}{word}"
    indent = " " * (width(called) + 2)
    below = [part for part in (_whose(one), _pace(one, now_ms, zone, look.currency)) if part]
    return [first, *(f"{indent}{part}" for part in below)]


def _used(one: Entry) -> float:
    used = one["usedUsd"] if one["usedTokens"] is None else one["usedTokens"]
    return float(used) if one["usedTokens"] is None else int(used)


def _amount(one: Entry, amount: float, currency: Currency) -> str:
    return currency.amount(amount) if one["usedTokens"] is None else f"{compact(int(amount))} tokens"


def _whose(one: Entry) -> str:
    return "".join(f"{owner} {name(one[owner], _LONGEST_WHOSE)}" for owner in _OWNERS if one[owner] is not None)


def _pace(one: Entry, now_ms: int, zone: tzinfo | None, currency: Currency) -> str:
    if not one["burnPerHour"]:
        return ""
    pace = f"{_amount(one, one['burnPerHour'], currency)} an hour"
    likely, earliest, latest = (one[f"reached{which}Ms"] for which in ("At", "Earliest", "Latest"))
    if earliest is None or earliest <= now_ms:
        return pace
    first = moment(earliest, now_ms, zone)
    if likely is None:
        return f"{pace}; at this pace it resets first, or is reached from {first} on"
    end = "it resets" if latest is None else moment(latest, now_ms, zone)
    return f"{pace}; at this pace reached at {moment(likely, now_ms, zone)} (between {first} and {end})"


def _in_brackets(one: Entry, now_ms: int) -> str:
    return "" if one["resetsAtMs"] is None else f" ({resets_in(one, now_ms)})"
