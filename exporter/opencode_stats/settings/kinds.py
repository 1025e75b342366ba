"""What a setting's value can be: a check that gives the value as the program uses it, and words for what is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Unfit(ValueError):
    """A value that a setting can't have; ``reason`` says why, ``place`` where in a nested value that is."""

    def __init__(self, reason: str, *place: str | int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """``wants`` goes on "it wants …"; ``read`` takes what tomllib found, and raises Unfit where it can't be."""

    wants: str
    read: Callable[[object], T]


def flag() -> Kind[bool]:
    """``true`` or ``false``."""
    wants = "true or false"

    def read(found: object) -> bool:
        if not isinstance(found, bool):
            raise Unfit(f"it is {shown(found)}, and wants {wants}")
        return found

    return Kind(wants, read)


def whole(least: int, most: int) -> Kind[int]:
    """A whole number, both ends included."""
    wants = f"a whole number from {least} to {most}"

    def read(found: object) -> int:
        # A bool is an int in Python, and none in TOML.
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise Unfit(f"it is {shown(found)}, and wants {wants}")
        return found

    return Kind(wants, read)


def days(least: int, most: int) -> Kind[int]:
    """A whole number of days, both ends included; or 0, for ever."""
    wants = f"0, or a whole number from {least} to {most}"

    def read(found: object) -> int:
        if not isinstance(found, int) or isinstance(found, bool) or (found != 0 and not least <= found <= most):
            raise Unfit(f"it is {shown(found)}, and wants {wants}")
        return found

    return Kind(wants, read)


def number(least: float, most: float) -> Kind[float]:
    """A number with or without a point, both ends included; no ``nan``."""
    wants = f"a number from {_plain(least)} to {_plain(most)}"

    def read(found: object) -> float:
        if not isinstance(found, int | float) or isinstance(found, bool) or not least <= found <= most:
            raise Unfit(f"it is {shown(found)}, and wants {wants}")
        return float(found)

    return Kind(wants, read)


def _plain(limit: float) -> str:
    """Without an exponent, which not everybody reads."""
    return f"{limit:f}".rstrip("0").rstrip(".")


def text(pattern: str, wants: str) -> Kind[str]:
    """A text that the pattern matches as a whole."""

    def read(found: object) -> str:
        if not isinstance(found, str) or re.fullmatch(pattern, found) is None:
            raise Unfit(f"it is {shown(found)}, and wants {wants}")
        return found

    return Kind(wants, read)


def texts(wants: str = "a list of texts") -> Kind[tuple[str, ...]]:
    """An array of texts."""

    def read(found: object) -> tuple[str, ...]:
        if not isinstance(found, list):
            raise Unfit(f"it is {shown(found)}, and wants {wants}")
        for place, one in enumerate(found):
            if not isinstance(one, str):
                raise Unfit(f"it has {shown(one)}, and wants {wants}", place)
        return tuple(found)

    return Kind(wants, read)


def some_of(known: Sequence[str]) -> Kind[tuple[str, ...]]:
    """An array of some of these words, or of none."""
    wants = f"a list of some of {', '.join(f'`{word}`' for word in known)}"
    listed = texts(wants)

    def read(found: object) -> tuple[str, ...]:
        chosen = listed.read(found)
        for place, word in enumerate(chosen):
            if word not in known:
                raise Unfit(f"it has {shown(word)}, and wants {wants}", place)
        return chosen

    return Kind(wants, read)


def shown(found: object) -> str:
    """A value in the words of TOML, cut where it is long."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, dict | list):
        return "a table" if isinstance(found, dict) else "an array"
    words = repr(found)
    longest = 60
    return words if len(words) <= longest else f"{words[:longest]}…"


def nearest(word: str, known: list[str]) -> str:
    """`` Did you mean …?``, or nothing where no known word is like it."""
    import difflib  # noqa: PLC0415 - only for who mistyped

    near = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""
