"""A host's file, line by line: the head, then one line a message (docs/machines.md)."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from opencode_stats.core.hosts import HostFileHead, HostMessage
from opencode_stats.errors import BadEvent

FORMAT: Final = "opencode-stats-ledger"
VERSION: Final = 1
LONGEST_LINE_BYTES: Final = 512 * 1024
"""Nine texts of 4096 characters, each written as two escapes of six bytes, take 432 KiB."""

_HEAD: TypeAdapter[HostFileHead] = TypeAdapter(HostFileHead)
_MESSAGE: TypeAdapter[HostMessage] = TypeAdapter(HostMessage)


def parse_head(line: bytes) -> HostFileHead:
    """The first line; ``line`` may have its newline.

    Raises:
        BadEvent: it is the beginning of no such file, of one of another version, or breaks a rule. The reason names the
            field and the rule; the line's content is never in it.
    """
    try:
        members = from_json(line, allow_inf_nan=False)
    except ValueError:
        raise BadEvent("it is no host's file") from None
    if not isinstance(members, dict) or members.get("format") != FORMAT:
        raise BadEvent("it is no host's file")
    version = members.get("v")
    if version != VERSION or isinstance(version, bool):
        raise BadEvent("it has another version of the format; the newest opencode-stats may read it")
    try:
        return _HEAD.validate_json(line, strict=True)
    except ValidationError as error:
        raise BadEvent(_reason(error)) from None


def parse_message(line: bytes) -> HostMessage:
    """One message's line; ``line`` may have its newline. Members that are not known are passed over.

    Raises:
        BadEvent: it is none, or breaks a rule; as of ``parse_head``.
    """
    try:
        return _MESSAGE.validate_json(line, strict=True)
    except ValidationError as error:
        raise BadEvent(_reason(error)) from None


def host_file_schema() -> dict[str, Any]:
    """The JSON Schema of every line of such a file, made from the types. More members are allowed everywhere."""
    head, message = _HEAD.json_schema(), _MESSAGE.json_schema()
    head["properties"] = {"format": {"const": FORMAT}, "v": {"const": VERSION}, **head["properties"]}
    head["required"] = ["format", "v", *head["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of a host's file of opencode-stats, version 1: the first is HostFileHead",
        "oneOf": [{"$ref": "#/$defs/HostFileHead"}, {"$ref": "#/$defs/HostMessage"}],
        "$defs": {"HostFileHead": head, "HostMessage": message},
    }


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return "not JSON"
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return (f"{field}: {message}" if field else message)[:200]
