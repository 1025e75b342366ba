"""Limits as text: a line each with a bar, and all of them in one line. Pure.

Every function takes entries of ``limits`` as stats.json has them (docs/limits.md), and raises KeyError, TypeError,
ValueError or OverflowError where they are not such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.text import NARROWEST, Currency, compact, moment, name, span, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from opencode_stats.cli.render.charts import Look

Entry = dict[str, Any]

_BAR: Final = 20
_LONGEST_PERCENT: Final = 7
_GAP: Final = "  "
_LONGEST_NAME: Final = 30
_LONGEST_LEVEL: Final = 8
"""Columns: ``critical``."""
_BESIDE_NAME: Final = 3 * len(_GAP) + _BAR + _LONGEST_PERCENT + _LONGEST_LEVEL
_ROOM_BELOW: Final = 60
"""Columns behind the name from which on what is below a bar stands under the bar, and not at the left."""
_LONGEST_WHOSE: Final = 40
_MOST_PERCENT: Final = 9_999
_OWNERS: Final = ("provider", "model", "workspace", "agent")


def summary(entries: Sequence[Entry], now_ms: int) -> str:
    """All limits in one line: ``5-hour: 65% (resets in 2h 30m), weekly: 45% (resets in 2d 5h)``."""
    return ", ".join(
        f"{name(one['name'], _LONGEST_NAME)}: {percent(one)}{_in_brackets(one, now_ms)}" for one in entries
    )


def table(entries: Sequence[Entry], now_ms: int, look: Look, zone: tzinfo | None = None) -> str:
    """A line with a bar for each limit, and below it what it is about and when it would be reached.

    No line is longer than ``look.columns``, 40 or more: what is used goes below the bars where it is too long for one
    of them.
    """
    columns = max(look.columns, NARROWEST)
    drawn = [_drawn(one, look) for one in entries]
    used = [_used_of(one, now_ms, look.currency) for one in entries]
    names = [name(one["name"], min(_LONGEST_NAME, columns - _BESIDE_NAME)) for one in entries]
    widest = max(map(width, names), default=0)
    shares = [percent(one) for one in entries]
    longest = max(map(len, shares), default=0)
    beside = columns - widest - _BAR - longest - 3 * len(_GAP)
    one_line = all(width(said) + width(_level(one)) <= beside for said, one in zip(used, entries, strict=True))
    indent = " " * (widest + len(_GAP) if one_line or columns - widest >= _ROOM_BELOW else len(_GAP))
    lines: list[str] = []
    for one, called, bar, share, said in zip(entries, names, drawn, shares, used, strict=True):
        level = _level(one)
        first = f"{called}{' ' * (widest - width(called))}{_GAP}{bar}{_GAP}{share:>{longest}}"
        below = [part for part in (_whose(one), _pace(one, now_ms, zone, look.currency)) if part]
        if one_line:
            lines.append(f"{first}{_GAP}{said}{level}")
        else:
            lines.append(first + level)
            below.insert(0, said)
        lines += [f"{indent}{line}" for part in below for line in wrapped(part, columns - len(indent))]
    return "\n".join(lines)


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


def _drawn(one: Entry, look: Look) -> str:
    """Its bar, in the colour of its level."""
    share = 0.0 if one["percent"] is None else min(1.0, one["percent"] / 100)
    full = int(share * _BAR)
    used, left = ("█", "░") if look.blocks else ("#", ".")
    bar = f"{used * full}{left * (_BAR - full)}"
    code = {"warning": "33", "critical": "31"}.get(str(one["level"])) if look.colour else None
    return f"\x1b[{code}m{bar}\x1b[0m" if code else bar


def _level(one: Entry) -> str:
    """The word behind the line; none where nothing is amiss."""
    return "" if one["level"] == "normal" else f"{_GAP}{name(one['level'], _LONGEST_LEVEL)}"


def _used_of(one: Entry, now_ms: int, currency: Currency) -> str:
    resets = f", {resets_in(one, now_ms)}" if one["resetsAtMs"] is not None else ""
    return f"{_amount(one, _used(one), currency)} of {_amount(one, one['limit'], currency)}{resets}"


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
    end = "or later" if latest is None else f"to {moment(latest, now_ms, zone)}"
    return f"{pace}; at this pace reached at {moment(likely, now_ms, zone)} ({first} {end})"


def _in_brackets(one: Entry, now_ms: int) -> str:
    return "" if one["resetsAtMs"] is None else f" ({resets_in(one, now_ms)})"
