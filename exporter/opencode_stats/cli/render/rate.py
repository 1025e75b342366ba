"""How fast it goes: what was spent while somebody watched, from one stats.json to the next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

WINDOW_S: Final = 300.0
"""Requests come in lumps of minutes; a mean over less jumps up and down."""
LEAST_WINDOW_S: Final = 60.0
BUCKET_S: Final = 10.0
MOST_BUCKETS: Final = 90
_BOUND_S: Final = BUCKET_S * (MOST_BUCKETS + 1)


@dataclass(frozen=True, slots=True)
class Pace:
    """The mean of the last five minutes, or of the shorter time that was watched."""

    tokens_per_minute: int
    usd_per_hour: float


@dataclass(slots=True)
class Rate:
    """What was spent and when; ``began_s`` and every ``at_s`` are of one steady clock, in seconds.

    Of the day's sums only growth counts: what a newly taken in history adds to the total was not spent now.
    """

    began_s: float
    _date: str | None = None
    _tokens: int = 0
    _cost_usd: float = 0.0
    _spent: deque[tuple[float, int, float]] = field(default_factory=deque)

    def see(self, document: dict[str, Any], at_s: float) -> None:
        """Takes in what stats.json says now.

        Raises:
            KeyError, TypeError: the document is not one of ours.
        """
        daily = document["daily"]
        date, tokens, cost_usd = daily["date"], daily["totalTokens"], daily["totalCost"]
        if self._date is None:
            # What was spent before is in no rate.
            new_tokens, new_usd = 0, 0.0
        elif date != self._date:
            # A new day began with nothing.
            new_tokens, new_usd = tokens, cost_usd
        else:
            new_tokens, new_usd = tokens - self._tokens, cost_usd - self._cost_usd
        self._date, self._tokens, self._cost_usd = date, tokens, cost_usd
        if new_tokens > 0 or new_usd > 0:
            self._spent.append((at_s, max(0, new_tokens), max(0.0, new_usd)))
        while self._spent and self._spent[0][0] < at_s - _BOUND_S:
            self._spent.popleft()

    def pace(self, at_s: float) -> Pace:
        """The mean speed up to this moment."""
        window_s = min(WINDOW_S, max(LEAST_WINDOW_S, at_s - self.began_s))
        recent = [(tokens, usd) for when_s, tokens, usd in self._spent if when_s > at_s - window_s]
        tokens, usd = sum(tokens for tokens, _ in recent), sum(usd for _, usd in recent)
        return Pace(round(tokens * 60 / window_s), usd * 3600 / window_s)

    def buckets(self, at_s: float, number: int) -> list[int]:
        """Tokens in each ten seconds, the running ones last; at most ``MOST_BUCKETS``."""
        number = min(number, MOST_BUCKETS)
        sums = [0] * number
        last = int(at_s // BUCKET_S)
        for when_s, tokens, _ in self._spent:
            back = last - int(when_s // BUCKET_S)
            if 0 <= back < number:
                sums[number - 1 - back] += tokens
        return sums
