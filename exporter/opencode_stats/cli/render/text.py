"""Numbers, instants and foreign names as text for a terminal."""

from __future__ import annotations

import locale
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo

NARROWEST: Final = 40
"""Columns: what is made for a terminal is never narrower."""
LONGEST_NAME: Final = 40
MOST_MARKS: Final = 2
"""Accents on one letter; some scripts need two, and a heap of hundreds paints over the lines around it."""
_THOUSAND: Final = 1000
_SIGNIFICANT: Final = 3
"""Digits of a short number, as in the GNOME panel."""
_UNITS: Final = ("K", "M", "B", "T")
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_LEAST_SHOWN_USD: Final = 0.0001
_ALMOST_A_DOLLAR: Final = 0.99995
_MARKS: Final = ("Mn", "Me")
_INVISIBLE: Final = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
"""Controls, formats (which turn the writing direction), the unassigned and private, surrogates, line ends."""


def count(number: int) -> str:
    """A whole number with its thousands set apart as the user's locale does; in the C locale with commas."""
    if locale.localeconv()["grouping"] in ([], [127]):
        return f"{number:,}"
    return locale.format_string("%d", number, grouping=True)


def counted(number: int, thing: str) -> str:
    """A number of things: ``1 event``, ``1,200 events``."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def compact(number: int) -> str:
    """A count in three digits, with the locale's decimal point: ``999``, ``1.23K``, ``45.6M``, ``789B``."""
    scaled: float = number
    for unit in ("", *_UNITS):
        places = max(0, _SIGNIFICANT - len(str(int(scaled)))) if unit else 0
        text = f"{scaled:.{places}f}"
        if float(text) < _THOUSAND or unit == _UNITS[-1]:
            short = text.rstrip("0").rstrip(".") if "." in text else text
            return short.replace(".", str(locale.localeconv()["decimal_point"])) + unit
        scaled /= _THOUSAND
    raise AssertionError("the last unit takes every number")


def money(usd: float) -> str:
    """US dollars, to the cent, or to four places below a dollar, where agents' steps cost less than a cent.

    Digits are set apart as the user's locale does, as in ``count``.
    """
    if usd == 0 or usd >= _ALMOST_A_DOLLAR:
        if locale.localeconv()["grouping"] in ([], [127]):
            return f"${usd:,.2f}"
        return f"${locale.format_string('%.2f', usd, grouping=True)}"
    least = usd < _LEAST_SHOWN_USD
    return ("<$" if least else "$") + locale.format_string("%.4f", _LEAST_SHOWN_USD if least else usd)


@dataclass(frozen=True, slots=True)
class Currency:
    """What amounts are shown in: three letters, and how much of it a US dollar is."""

    code: str = "USD"
    rate: float = 1.0

    def amount(self, usd: float) -> str:
        """The amount with its currency; dollars have their sign, others their letters behind."""
        if self.code == "USD":
            return money(usd * self.rate)
        return f"{money(usd * self.rate).replace('$', '')} {self.code}"

    def price(self, usd: float) -> str:
        """The same of a price, with as many of its digits as it has, up to six."""
        return f"${usd * self.rate:g}" if self.code == "USD" else f"{usd * self.rate:g} {self.code}"


US_DOLLARS: Final = Currency()


def span(seconds: float) -> str:
    """A length of time in its two largest units, cut: ``4s``, ``3m``, ``2h 5m``, ``2h``, ``1d 5h``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole}s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S}m"
    if whole < _DAY_S:
        parts = (whole // _HOUR_S, "h"), (whole % _HOUR_S // _MINUTE_S, "m")
    else:
        parts = (whole // _DAY_S, "d"), (whole % _DAY_S // _HOUR_S, "h")
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def percent(share: float, places: int = 0) -> str:
    """A share of 1 in percent, rounded, with the locale's point: ``31%``; what is there is never shown as nothing."""
    least = 10**-places / 100
    text = f"<{100 * least:g}%" if 0 < share < least else f"{share * 100:.{places}f}%"
    return text.replace(".", str(locale.localeconv()["decimal_point"]))


def ago(at_ms: int, now_ms: int) -> str:
    """How long ago an instant was: ``just now``, ``4s ago``; what a stepped clock puts into the future is now."""
    seconds = (now_ms - at_ms) / 1000
    return f"{span(seconds)} ago" if seconds >= 1 else "just now"


def moment(at_ms: int, now_ms: int, zone: tzinfo | None = None) -> str:
    """A local instant: the time to the minute on the day of ``now_ms``, the date and the time on another.

    ``zone`` is the system's where it is None.
    """
    at, now = (datetime.fromtimestamp(instant / 1000, zone) for instant in (at_ms, now_ms))
    return at.strftime("%H:%M" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def date(at_ms: int, zone: tzinfo | None = None) -> str:
    """A local date; ``zone`` is the system's where it is None."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat()


def width(text: str) -> int:
    """How many columns a terminal gives to a text: two to wide characters, none to accents."""
    # Nearly all are plain, and a table of years has tens of thousands of them.
    return len(text) if text.isascii() else sum(_width_of(char) for char in text)


def name(text: object, longest: int = LONGEST_NAME) -> str:
    """A name from outside, safe to print, in at most ``longest`` columns, 3 or more.

    What is not to be seen becomes its code, a long name loses its middle.
    """
    whole = str(text)
    if len(whole) > 4 * longest:
        # Its ends are all that can be shown; the rest may be a gigabyte.
        whole = whole[: 2 * longest] + whole[-2 * longest :]
    shown = _visible(whole)
    if width(shown) <= longest:
        return shown
    tail = head(shown[::-1], longest // 2)[::-1]
    # An accent that lost its letter would sit on the ellipsis.
    tail = tail.lstrip("".join(char for char in tail if _width_of(char) == 0))
    return f"{head(shown, longest - 1 - width(tail))}…{tail}"


def plain(text: str) -> str:
    """The text with everything as its code that a terminal would obey or not show; lines stay lines."""
    return "\n".join(map(_visible, text.split("\n")))


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken at spaces, and within a word only where it is too long."""
    lines = [""]
    for word in text.split(" "):
        rest = word
        if lines[-1] and width(lines[-1]) + 1 + width(rest) > columns:
            lines.append("")
        elif lines[-1]:
            lines[-1] += " "
        while width(lines[-1]) + width(rest) > columns and (piece := head(rest, columns - width(lines[-1]))):
            lines[-1] += piece
            rest = rest[len(piece) :]
            lines.append("")
        lines[-1] += rest
    return [line for line in lines if line] or [""]


def folded(text: str, columns: int, hanging: int = 0) -> str:
    """The text in lines broken at spaces alone, so that a path or a command in it stays whole and can be copied.

    All lines but the first begin with ``hanging`` spaces. A word that is longer than the line has one of its own.
    """
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        if lines[-1].strip() and width(lines[-1]) + 1 + width(word) > columns:
            lines.append(" " * hanging + word)
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


def head(text: str, columns: int) -> str:
    """As much of a visible text's beginning as goes into so many columns."""
    taken = 0
    for position, char in enumerate(text):
        taken += _width_of(char)
        if taken > columns:
            return text[:position]
    return text


def _visible(text: str) -> str:
    shown: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        hidden = category in _INVISIBLE or marks > MOST_MARKS or (marks and not shown)
        shown.append(f"\\u{ord(char):04x}" if hidden else char)
    return "".join(shown)


def _width_of(char: str) -> int:
    if unicodedata.category(char) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
