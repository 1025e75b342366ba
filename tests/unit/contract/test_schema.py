from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from opencode_stats.contract.schema import FOLDER, schema_texts, stats_schema


def test_the_schemas_in_the_package_are_those_of_the_types() -> None:
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}

    assert kept == schema_texts(), "run python -m opencode_stats.contract.schema"


def test_the_schemas_are_schemas() -> None:
    for text in schema_texts().values():
        Draft202012Validator.check_schema(json.loads(text))


def test_every_field_of_stats_json_is_demanded_and_more_are_allowed() -> None:
    schema = stats_schema()

    for definition in (schema, *schema["$defs"].values()):
        assert definition["required"] == list(definition["properties"])
        assert definition.get("additionalProperties", True) is not False
