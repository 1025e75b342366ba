"""What every test says about the figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import jsonschema
from tests.e2e.rig.books import cost_usd, counted, expected, figures
from tests.e2e.rig.fetch import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.mock_provider import Charge

_SCHEMA: Final = json.loads(
    (REPOSITORY / "exporter" / "opencode_stats" / "contract" / "schemas" / "stats.v1.schema.json").read_text()
)
_ROUNDING_USD: Final = 0.5e-6
"""The ledger keeps whole micro-dollars a message."""

# The fields that other programs rely on, with their types: these never change (docs/stats-json.md).
_SECTION: Final = {"totalTokens": int, "tokensByModel": dict, "totalCost": float, "costsByModel": dict, "tokens": dict}
_DOCUMENTED: Final[dict[str, dict[str, type]]] = {
    "session": {**_SECTION, "lastActivity": int, "startTime": int, "isIdle": bool},
    "daily": {**_SECTION, "date": str},
    "total": {**_SECTION, "installDate": int},
}


def assert_section_equals_books(section: Mapping[str, Any], charges: Sequence[Charge]) -> None:
    assert figures(section) == expected(charges)
    assert section["messages"] >= len(counted(charges))
    assert abs(section["totalCost"] - cost_usd(charges)) <= _ROUNDING_USD * max(len(charges), 1)
    assert abs(section["totalCost"] - sum(section["costsByModel"].values())) <= 1e-9


def assert_all_equal_books(document: Mapping[str, Any], charges: Sequence[Charge]) -> None:
    """Day and total: all that this scratch home ever used."""
    assert_section_equals_books(document["total"], charges)
    assert_section_equals_books(document["daily"], charges)


def assert_valid(document: Mapping[str, Any]) -> None:
    jsonschema.validate(document, _SCHEMA, cls=jsonschema.Draft202012Validator)
    for name, fields in _DOCUMENTED.items():
        for field, kind in fields.items():
            value = document[name][field]
            assert type(value) is kind or (kind is float and type(value) is int), (name, field, value)
    for name in ("idleSince",):
        assert document["session"][name] is None or type(document["session"][name]) is int
    for section in (document["session"], document["daily"], document["total"], *document["sessions"]):
        assert section["totalTokens"] == sum(section["tokensByModel"].values())
        assert section["totalTokens"] == sum(section["tokens"].values())


def run_of(document: Mapping[str, Any], pid: int) -> dict[str, Any]:
    """The live run of this process."""
    (run,) = (run for run in document["sessions"] if run["pid"] == pid)
    return dict(run)
