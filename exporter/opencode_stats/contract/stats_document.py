"""stats.json: the statistics as a document, and its bytes. Standard library only."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opencode_stats.core.stats import Stats

_OBEYED: Final = {
    # Delete and the C1 controls (U+009B begins a sequence, as ESC [ does), line ends, what turns the writing direction.
    code: f"\\u{code:04x}"
    for codes in (range(0x7F, 0xA0), (0x061C,), range(0x200E, 0x2010), range(0x2028, 0x202F), range(0x2066, 0x206A))
    for code in codes
}

_SCALARS: Final = frozenset({int, str, float, bool, type(None)})


_BY_MODEL: Final = frozenset({"tokensByModel", "costsByModel", "models"})


@dataclass(frozen=True, slots=True)
class FileVersion:
    """What tells one published file from the next."""

    inode: int
    size_bytes: int
    modified_us: int


def document_of(stats: Stats) -> dict[str, Any]:
    """The document: field names in camel case, model names as they are."""
    document: dict[str, Any] = _plain(stats)
    return document


def encode(document: dict[str, Any]) -> bytes:
    """The file's bytes: UTF-8, indented for people, a newline at the end; a terminal may be shown them as they are."""
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return quietened(text).encode("utf-8", "replace")


def encode_digest(document: dict[str, Any], version: FileVersion) -> bytes:
    """The document without what is listed by model, and of which file it is: what a panel shows, in some kilobytes.

    It is the stamp's content (docs/stats-json.md, "Watching it"). A reader may take it for the file while the file is
    of this version.
    """
    sessions = [_without_models(run) for run in document["sessions"]]
    parts = {name: _without_models(document[name]) for name in ("session", "daily", "total")}
    digest = {
        # As a text: JavaScript's numbers end at 2 to the 53rd.
        "of": {"inode": str(version.inode), "bytes": version.size_bytes, "modifiedUs": version.modified_us},
        "stats": {**document, **parts, "sessions": sessions},
    }
    text = json.dumps(digest, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
    return quietened(text).encode("utf-8", "replace")


def quietened(json_text: str) -> str:
    """The same JSON with what a terminal obeys written as escapes, as JSON itself does with controls below U+0020."""
    return json_text.translate(_OBEYED)


def same_figures(one: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    """Whether two documents say the same, whenever they were written."""
    if one is None:
        return False
    return _without_instant(one) == _without_instant(other)


def _without_models(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key not in _BY_MODEL}


def camel(name: str) -> str:
    """``cache_read`` → ``cacheRead``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _without_instant(document: dict[str, Any]) -> dict[str, Any]:
    exporter = {key: value for key, value in document.get("exporter", {}).items() if key != "generatedAt"}
    return {**document, "exporter": exporter}


@cache
def _names(record: type) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, camel(field.name)) for field in fields(record))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any record in, any JSON value out
    if type(value) in _SCALARS:
        # Nine of ten members: to ask them last would take twice as long for all.
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(getattr(value, name)) for name, key in _names(type(value))}
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return value
