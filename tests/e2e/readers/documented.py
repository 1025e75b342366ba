"""A reader that knows the documented fields of stats.json, their names, types and units, and nothing else.

Written from the format's description alone. What is said of every writer is refused where it does not hold: every
documented field is always there and of its type; a total is what its models have; times are Unix milliseconds; a day is
a date. Fields that readers in the field already expect are read where they are, and must then be of their type.
"""

from __future__ import annotations

import json
import re
from typing import Any

MODELS = "tokensByModel"
DOCUMENTED = {
    "session": ("lastActivity", "startTime"),
    "daily": ("date",),
    "total": ("installDate",),
}


class NotAsDocumentedError(Exception):
    """The document is not what its format says; the text names the field."""


def read(content: bytes) -> dict[str, Any]:
    """The documented figures, section by section, in one plain form.

    Raises:
        NotAsDocumentedError: a field is missing, or not of its type.
    """
    root = json.loads(content)
    if not isinstance(root, dict):
        raise NotAsDocumentedError("the document")
    return {name: _section(root.get(name), name, fields) for name, fields in DOCUMENTED.items()}


def _section(found: object, name: str, fields: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise NotAsDocumentedError(name)
    by_model = found.get(MODELS)
    _hold(isinstance(by_model, dict), f"{name}.{MODELS}")
    assert isinstance(by_model, dict)
    for model, tokens in by_model.items():
        _hold(_is_count(tokens), f"{name}.{MODELS}.{model}")
    total = found.get("totalTokens")
    _hold(_is_count(total) and total == sum(by_model.values()), f"{name}.totalTokens")
    section = {"totalTokens": total, MODELS: by_model}
    for field in fields:
        value = found.get(field)
        is_date = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is not None
        _hold(is_date if field == "date" else _is_count(value), f"{name}.{field}")
        section[field] = value
    return section | _expected_in_the_field(found, name)


def _expected_in_the_field(found: dict[str, Any], name: str) -> dict[str, Any]:
    section: dict[str, Any] = {}
    if "totalCost" in found:
        _hold(_is_number(found["totalCost"]), f"{name}.totalCost")
        section["totalCost"] = found["totalCost"]
    if "costsByModel" in found:
        costs = found["costsByModel"]
        _hold(isinstance(costs, dict) and all(_is_number(cost) for cost in costs.values()), f"{name}.costsByModel")
        section["costsByModel"] = costs
    if name == "session" and "isIdle" in found:
        _hold(isinstance(found["isIdle"], bool), "session.isIdle")
        section["isIdle"] = found["isIdle"]
    if name == "session" and "idleSince" in found:
        _hold(found["idleSince"] is None or _is_count(found["idleSince"]), "session.idleSince")
        section["idleSince"] = found["idleSince"]
    return section


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _hold(holds: bool, field: str) -> None:
    if not holds:
        raise NotAsDocumentedError(field)
