"""One line of the spool → one event, or a reason why not (docs/spool.md)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from opencode_stats.core.events import Event
from opencode_stats.errors import BadEvent

LINE_VERSION: Final = 1
LONGEST_LINE_BYTES: Final = 1024 * 1024

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def parse_line(line: bytes) -> Event:
    """The event that the line tells; ``line`` comes without its newline.

    Raises:
        BadEvent: it is too long, not JSON, of another version, of an unknown type, or breaks a rule of its type.
            The reason names the field and the rule; the line's content is never in it.
    """
    if len(line) > LONGEST_LINE_BYTES:
        raise BadEvent(f"longer than {LONGEST_LINE_BYTES} bytes")
    try:
        members = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        # The parser's message ends with "at line 1 column N"; it names a token kind, never the text.
        raise BadEvent(f"not JSON: {error}"[:200]) from None
    if not isinstance(members, dict):
        raise BadEvent("not a JSON object")
    version = members.get("v")
    if version != LINE_VERSION or isinstance(version, bool):
        raise BadEvent("another line version" if isinstance(version, int) else "no line version")
    if members.get("type") == "run.started" and isinstance(members.get("api"), bool):
        # pydantic takes true for the 1 of a Literal, however strict it is told to be.
        raise BadEvent("api: Input should be 1 or 2")
    try:
        return _EVENT.validate_json(line, strict=True)
    except ValidationError as error:
        raise BadEvent(_reason(error)) from None


def line_schema() -> dict[str, Any]:
    """The JSON Schema of a line, made from the events' own types."""
    schema = _EVENT.json_schema()
    for definition in schema["$defs"].values():
        if "type" in definition.get("properties", {}):
            definition["properties"] = {"v": {"const": LINE_VERSION}, **definition["properties"]}
            definition["required"] = sorted({"v", "type", *definition.get("required", [])})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of the opencode-stats spool, version 1",
        **schema,
    }


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"].startswith("union_tag"):
        return "unknown type"
    field = ".".join(str(part) for part in first["loc"][1:])
    message = first["msg"].removeprefix("Value error, ")
    return (f"{field}: {message}" if field else message)[:200]
