"""Which attention items this user is told of, once each, and in which words. The rules are the GNOME panel's.

Two differ, because an exporter outlives a login: what it has dealt with is remembered over its restarts, and an item
that is older than ``TOLD_WITHIN_MS`` when it is first seen is no news any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from opencode_stats.core.attention import AttentionItem

KINDS: Final = ("finished", "error", "permission", "question", "inactive", "limit")
PRESSING: Final = frozenset({"permission", "question", "error"})
"""OpenCode can't go on without the user."""
TOLD_WITHIN_MS: Final = 60 * 60 * 1000
MOST_REMEMBERED: Final = 1000
LONGEST_BODY: Final = 200
_MINUTE_S: Final = 60
_TITLES: Final = {
    "finished": "OpenCode has finished",
    "error": "OpenCode stopped with an error",
    "permission": "OpenCode asks for permission",
    "question": "OpenCode has a question",
    "inactive": "OpenCode has not done anything for a while",
    "limit": "A limit is nearly reached",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user wants to be told of: these kinds, and of a finished turn only if it took so long."""

    kinds: Collection[str] = KINDS
    minimum_turn_ms: int = 0


@dataclass(slots=True)
class Memory:
    """What has been dealt with, told or not: ``ids``, the oldest first; what came before ``since_ms`` is no news.

    ``added`` counts what was dealt with since this memory was made.
    """

    since_ms: int
    ids: dict[str, None] = field(default_factory=dict)
    added: int = 0

    def add(self, item_id: str) -> None:
        """From now on that item is no news."""
        self.ids[item_id] = None
        self.added += 1
        if len(self.ids) > MOST_REMEMBERED:
            del self.ids[next(iter(self.ids))]


@dataclass(frozen=True, slots=True)
class Notice:
    """An item in words. ``subject`` is what it is about, of which one notice is shown at a time."""

    subject: str
    item: AttentionItem
    title: str
    body: str

    @property
    def pressing(self) -> bool:
        """Whether OpenCode can't go on without the user."""
        return self.item.kind in PRESSING


def subject_of(item: AttentionItem) -> str:
    """A run, or a limit."""
    return f"limit {item.limit}" if item.kind == "limit" else item.run_id


def notices(items: Sequence[AttentionItem], memory: Memory, rules: Rules, home: str, now_ms: int) -> list[Notice]:
    """What to tell now, the oldest first; at most one for each subject, the newest that is news.

    All that is news is remembered, so what a rule kept from being told does not come later.

    Args:
        items: all that there are, the newest first.
        memory: what has been dealt with; changed.
        rules: the user's.
        home: the user's home, which is written ``~``.
        now_ms: the wall clock. One that was set back leaves no news unheard.
    """
    memory.since_ms = min(memory.since_ms, now_ms)
    told: dict[str, AttentionItem] = {}
    for item in items:
        if item.at_ms < memory.since_ms or item.id in memory.ids:
            continue
        memory.add(item.id)
        if item.kind in rules.kinds and not _is_short(item, rules) and item.at_ms > now_ms - TOLD_WITHIN_MS:
            told.setdefault(subject_of(item), item)
    return [notice_of(item, home) for item in reversed(told.values())]


def notice_of(item: AttentionItem, home: str) -> Notice:
    """The item in words; ``home`` is written ``~``."""
    return Notice(subject_of(item), item, _title(item), _body(item, home))


def _title(item: AttentionItem) -> str:
    if item.kind == "limit" and item.percent is not None:
        return f"{item.percent}% of a limit is used"
    return _TITLES.get(item.kind, "OpenCode asks for you")


def _is_short(item: AttentionItem, rules: Rules) -> bool:
    return item.kind == "finished" and item.turn_ms is not None and item.turn_ms < rules.minimum_turn_ms


def _body(item: AttentionItem, home: str) -> str:
    if item.kind == "limit":
        return _cut(visible(item.limit or ""))
    folder = _cut(visible(_shortened(item.workspace or "", home)))
    if item.kind != "finished" or item.turn_ms is None:
        return folder
    return ", ".join(part for part in (folder, f"after {_length(item.turn_ms // 1000)}") if part)


def _shortened(folder: str, home: str) -> str:
    below = home.rstrip("/")
    return f"~{folder[len(below) :]}" if below and f"{folder}/".startswith(f"{below}/") else folder


def visible(text: str) -> str:
    """The text with a mark for everything that can't be seen, which a terminal or a desktop might obey."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_BODY else f"{text[: LONGEST_BODY - 1]}…"


def _length(seconds: int) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds}s"
    minutes = seconds // _MINUTE_S
    return f"{minutes}m" if minutes < _MINUTE_S else f"{minutes // _MINUTE_S}h {minutes % _MINUTE_S}m"
