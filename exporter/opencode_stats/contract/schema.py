"""The JSON Schemas, made from the types; ``python -m opencode_stats.contract.schema`` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from opencode_stats.contract.host_file import host_file_schema
from opencode_stats.contract.line import line_schema
from opencode_stats.contract.stats_document import camel
from opencode_stats.core.stats import Stats

FOLDER: Final = Path(__file__).parent / "schemas"


def stats_schema() -> dict[str, Any]:
    """The JSON Schema of stats.json. Additional fields are allowed everywhere: additive changes keep the version."""
    schema = TypeAdapter(Stats).json_schema(mode="serialization")
    for definition in (schema, *schema["$defs"].values()):
        _rename(definition)
    schema["properties"]["schemaVersion"] = {"const": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "opencode-stats stats.json, version 1",
        **schema,
    }


def schema_texts() -> dict[str, str]:
    """File name → text of every published schema."""
    schemas = {
        "host-file.v1.schema.json": host_file_schema(),
        "line.v1.schema.json": line_schema(),
        "stats.v1.schema.json": stats_schema(),
    }
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def _rename(definition: dict[str, Any]) -> None:
    """Properties in camel case, all of them required: the exporter always writes every field."""
    properties = {camel(name): rule for name, rule in definition.pop("properties", {}).items()}
    for rule in properties.values():
        rule.pop("default", None)
    definition["properties"] = properties
    definition["required"] = list(properties)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for _name, _text in schema_texts().items():
        (FOLDER / _name).write_text(_text, encoding="utf-8")
