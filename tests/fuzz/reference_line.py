"""What a line of the spool says, read a second time from docs/spool.md, with the standard library alone.

Nothing here is shared with ``contract.line`` or ``core.events``: not the names, not the bounds, not the JSON parser.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_BYTES: Final = 1_048_576
DEEPEST: Final = 190
"""Levels of nesting that every reader takes; from there on it may refuse."""
LATEST_MS: Final = 253_402_300_799_999
KINDS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MISSING: Final = object()


class Refused(Exception):
    """It is no event."""


def _refuse(_: object) -> object:
    raise Refused


def text(value: object) -> str:
    if type(value) is not str or not 1 <= len(value) <= 4096:
        raise Refused
    return value


def whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Refused
    return value


def instant(value: object) -> int:
    return whole(value, 0, LATEST_MS)


def flag(value: object) -> bool:
    if type(value) is not bool:
        raise Refused
    return value


def money(most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if (type(value) is not int and type(value) is not float) or not 0 <= value <= most:
            raise Refused
        return float(value)

    return read


def word(*words: object) -> Callable[[object], object]:
    def read(value: object) -> object:
        # 1.0 is the same number in JSON as 1.
        if type(value) not in (str, int, float) or value not in words:
            raise Refused
        return value

    return read


def tokens(most: int) -> Callable[[object], tuple[int, ...]]:
    def read(value: object) -> tuple[int, ...]:
        if type(value) is not dict:
            raise Refused
        counts = tuple(whole(value.get(kind, 0), 0, 2**62) for kind in KINDS)
        if sum(counts) > most:
            raise Refused
        return counts

    return read


def process(value: object) -> tuple[object, ...]:
    if type(value) is not dict:
        raise Refused
    pid = whole(value.get("pid"), 1, 2**31 - 1)
    boot_id, pid_ns = (None if value.get(name) is None else text(value[name]) for name in ("boot_id", "pid_ns"))
    if "/" in f"{boot_id}{pid_ns}":
        raise Refused
    ticks = value.get("start_ticks")
    return pid, boot_id, pid_ns, None if ticks is None else whole(ticks, 0, 2**63 - 1)


_MESSAGE: Final = {
    "conversation": text, "message": text, "event?": text, "parent?": text, "agent?": text, "provider?": text,
    "model?": text, "variant?": text, "directory?": text, "root?": text, "tokens?": tokens(10**10),
    "cost_usd?": money(1e6), "created_ms?": instant, "completed_ms?": instant, "finish?": text, "error?": text,
    "summary=": flag,
}  # fmt: skip
RULES: Final[dict[str, dict[str, Callable[[Any], Any]]]] = {
    "run.started": {"run": process, "api": word(1, 2), "plugin_version": text, "host_version?": text},
    "run.ended": {},
    "workspace.opened": {"directory": text, "worktree?": text, "project?": text},
    "workspace.closed": {"directory": text},
    "prompt.submitted": {
        "conversation": text, "message": text, "agent?": text, "provider?": text, "model?": text, "directory?": text,
    },
    "message.snapshot": _MESSAGE,
    "conversation.seen": {
        "conversation": text, "change": word("created", "updated", "deleted"), "parent?": text, "fork_of?": text,
        "directory?": text, "project?": text, "agent?": text, "created_ms?": instant, "host_version?": text,
    },
    "conversation.usage": {"conversation": text, "tokens": tokens(2**53 - 1), "cost_usd?": money(1e9)},
    "conversation.status": {"conversation": text, "status": word("busy", "retry", "idle"), "directory?": text},
    "conversation.idle": {"conversation": text, "outcome?": word("succeeded", "failed", "interrupted")},
    "conversation.failed": {"error": text, "conversation?": text},
    "conversation.compacted": {"conversation": text},
    "request.opened": {
        "request": text, "kind": word("permission", "question"), "conversation?": text, "about?": text,
    },
    "request.closed": {"request": text, "conversation?": text},
    "title.requested": {"conversation": text, "message": text, "provider?": text, "model?": text},
    "spool.lost": {
        "lines": lambda value: whole(value, 1, 10**9), "reason": text, "first_ms": instant, "last_ms": instant,
    },
}  # fmt: skip
"""Type → key → what its value must be. ``?``: may be missing or null; ``=``: may be missing, and is false then."""


def read_line(line: bytes) -> dict[str, Any]:
    """The line's keys with their values: those that it has not as None, ``tokens`` and ``run`` as tuples.

    Raises:
        Refused: it is no event.
    """
    if len(line) > LONGEST_BYTES:
        raise Refused
    try:
        members = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        raise Refused from None
    if type(members) is not dict or type(members.get("v")) is bool or members.get("v") != 1:
        raise Refused
    rules = RULES.get(members["type"]) if type(members.get("type")) is str else None
    if rules is None:
        raise Refused
    if rb"\u" in line:
        _refuse_surrogates(members)
    said: dict[str, Any] = {"type": members["type"], "at_ms": instant(members.get("at_ms"))}
    for key, rule in rules.items():
        name = key.rstrip("?=")
        value = members.get(name, _MISSING)
        if key.endswith("=") and value is _MISSING:
            said[name] = False
        elif key.endswith("?") and (value is _MISSING or value is None):
            said[name] = None
        elif value is _MISSING:
            raise Refused
        else:
            said[name] = rule(value)
    return said


def as_line(said: dict[str, Any]) -> bytes:
    """The same event, written plainly."""
    plain: dict[str, Any] = {"v": 1} | {name: value for name, value in said.items() if value is not None}
    if said.get("tokens") is not None:
        plain["tokens"] = dict(zip(KINDS, said["tokens"], strict=True))
    if "run" in said:
        named = zip(("pid", "boot_id", "pid_ns", "start_ticks"), said["run"], strict=True)
        plain["run"] = {name: value for name, value in named if value is not None}
    return json.dumps(plain).encode() + b"\n"


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A value that a later one of the same name replaced must be sound, too.
    made = dict(pairs)
    if len(made) != len(pairs):
        made["\x00overwritten"] = [value for _, value in pairs]
    return made


def _refuse_surrogates(value: object) -> None:
    """Half a surrogate pair is no text, wherever it stands."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and _SURROGATES.search(one):
            raise Refused
