"""What each writer tells, message by message: known beforehand, so that the end can be told exactly.

Standard library only: a writer's process is a bare Python.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

KINDS = ("input", "output", "reasoning", "cache_read", "cache_write")
MODELS = 5
SHARED_EVERY = 10
"""One message in so many is told by the writer's neighbour, too: two OpenCodes in one conversation."""


@dataclass(frozen=True)
class Plan:
    """One writer: its number, how many messages, from when on (Unix ms), how long between them, and how it ends.

    ``ending``: ``goodbye`` as OpenCode leaves; ``killed`` without a word; ``torn`` in the middle of a line.
    """

    spool: str
    doorbell: str
    writer: int
    messages: int
    base_ms: int
    pause_s: float
    ending: str

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def counts(writer: int, number: int) -> tuple[int, int, int, int, int]:
    """The five kinds of a message; they tell writer and number from each other."""
    return 1_000 + writer, 1 + number, (writer * number) % 97, (writer * 31 + number * 7) % 5_000, number % 13


def identity(writer: int, number: int, base_ms: int) -> tuple[str, int]:
    """The message's id, and when it was created: the same in whoever tells of it."""
    created_ms = base_ms + number
    return f"msg_{(created_ms << 12) & 0xFFFFFFFFFFFF:012x}Soak{writer:04d}{number:06d}", created_ms


def model(writer: int, number: int) -> str:
    return f"soak-{(writer + number) % MODELS}"


def expected(writers: int, messages: int) -> dict[str, list[int]]:
    """Model → the sum of each kind, and the number of messages."""
    sums: dict[str, list[int]] = {}
    for writer in range(writers):
        for number in range(messages):
            row = sums.setdefault(model(writer, number), [0] * 6)
            for place, count in enumerate((*counts(writer, number), 1)):
                row[place] += count
    return sums
