"""Documents for the panel that no exporter need have written."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Final

GOLDEN: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "golden" / "stats.json").read_bytes()
)
LARGE_BYTES: Final = 200_000
"""A stats.json of this size has more models than any user."""
INDENT: Final = 1  # as the exporter lays it out


def document(tokens: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A document of the exporter whose today's figure is this one."""
    found = copy.deepcopy(GOLDEN)
    found["daily"]["totalTokens"] = tokens
    return found | changes


def large_document(tokens: int, least_bytes: int) -> dict[str, Any]:
    """The same with so many models that it is of this size, as no user has them."""
    found = document(tokens)
    count = 0
    while len(json.dumps(found)) < least_bytes:
        count += 100
        names = [f"provider-{number % 7}/model-{number}-preview" for number in range(count)]
        for part in ("session", "daily", "total"):
            some: dict[str, Any] = found[part]
            some["tokensByModel"] = {name: 1000 + number for number, name in enumerate(names)}
            some["costsByModel"] = {name: 0.001 * number for number, name in enumerate(names)}
            for key, value in some.items():
                if key.endswith("ByModel") and value and isinstance(next(iter(value.values())), dict):
                    one = next(iter(value.values()))
                    some[key] = dict.fromkeys(names, one)
    return found


def large_text(tokens: int) -> str:
    """A large stats.json, as the exporter lays it out."""
    return json.dumps(large_document(tokens, LARGE_BYTES), indent=INDENT)
