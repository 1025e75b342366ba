"""Ids as OpenCode makes them: a kind, 48 bits of time and counter in hex, fourteen letters of chance.

``msg_``, ``evt_``, ``prt_`` ascend with time; ``ses_`` descends (its bits are inverted), so that the newest
conversation comes first. Observed on 1.18.33: ``ses_e05015ffeffe…`` was made at 1795212353537.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TAIL_LENGTH: Final = 14
_MASK: Final = 2**48 - 1
_PAIRS: Final = [first + second for first in ALPHABET for second in ALPHABET]
_STAMP_AT: Final = 4
_TAIL_AT: Final = 16


class Ids:
    """Makes ids; within one millisecond the counter in them goes up, from 1."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._last_ms = -1
        self._count = 0

    def make(self, kind: str, at_ms: int) -> str:
        """A new id of that kind (``msg``, ``evt``, ``ses``, ``per``)."""
        self._count = self._count + 1 if at_ms == self._last_ms else 1
        self._last_ms = at_ms
        stamp = (at_ms << 12 | self._count) & _MASK
        if kind == "ses":
            stamp ^= _MASK
        return f"{kind}_{stamp:012x}{''.join(self._rng.choices(_PAIRS, k=TAIL_LENGTH // 2))}"


def derived(kind: str, of: str, number: int) -> str:
    """An id that follows from another, so that writing a history twice gives the same: a part's, an untold event's.

    Its time is that of ``of``; ``number`` tells apart what follows from the same.
    """
    stamp = (int(of[_STAMP_AT:_TAIL_AT], 16) + number) & _MASK
    return f"{kind}_{stamp:012x}{of[_TAIL_AT + 1 : _TAIL_AT + TAIL_LENGTH]}{ALPHABET[number % len(ALPHABET)]}"


def renamed(of: str, kind: str) -> str:
    """The id with another kind: OpenCode 2.x names a message that an event makes after the event."""
    return f"{kind}_{of[_STAMP_AT:]}"
