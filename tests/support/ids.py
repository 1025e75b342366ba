"""Ids as OpenCode makes them: a kind, the time in twelve hex digits, and letters (docs/spool.md, core/usage.py)."""

from __future__ import annotations

from typing import Final

MESSAGE_TAIL: Final = "wZ4kTq9sLm2Rbx"


def timed_id(kind: str, at_ms: int, number: int = 0, tail: str = MESSAGE_TAIL) -> str:
    """``msg_1faea7676001fG2PuFjplosLt6``: the low 36 bits of the milliseconds and a number within them."""
    stamp = (at_ms * 4096 + number) % 2**48
    return f"{kind}_{stamp:012x}{tail}"
