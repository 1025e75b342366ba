"""Numbers, instants and foreign names as text for a terminal."""

from __future__ import annotations

import locale
import unicodedata
from datetime import datetime
from typing import Final

LONGEST_NAME: Final = 40
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def count(number: int) -> str:
    """A whole number with its thousands set apart as the user's locale does; in the C locale with commas."""
    grouped = locale.format_string("%d", number, grouping=True)
    return f"{number:,}" if locale.localeconv()["grouping"] in ([], [127]) else grouped


def money(usd: float) -> str:
    """US dollars, to the cent, or to four places below a dollar, where agents' steps cost less than a cent."""
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def span(seconds: float) -> str:
    """A length of time in its largest unit or two: ``4 s``, ``3 min``, ``2 h 05 min``, ``4 d``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d} min"
    return f"{whole // _DAY_S} d"


def moment(at_ms: int) -> str:
    """A local date and time, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def name(text: object, longest: int = LONGEST_NAME) -> str:
    """A name from outside, safe to print: control characters become their codes, a long name loses its middle."""
    shown = "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else char
        for char in str(text)[: 4 * longest]
    )
    if len(shown) <= longest:
        return shown
    head = longest // 2
    return f"{shown[:head]}…{shown[head - longest + 1 :]}"
