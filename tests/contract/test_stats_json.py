"""stats.json as its readers in the field know it: names, nesting, types, and a golden document."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from tests.support.clock import NOON_MS
from tests.support.ledgers import stats_of, take
from tests.support.script import Script

from opencode_stats.contract.schema import stats_schema
from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.core.limits import Limit
from opencode_stats.core.stats import Problem, Stats
from opencode_stats.daemon.limits import Limits

if TYPE_CHECKING:
    import sqlite3

GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "stats.json"
NUMBER = (int, float)
DOCUMENTED: dict[str, dict[str, Any]] = {
    "session": {"totalTokens": int, "tokensByModel": dict, "lastActivity": int, "startTime": int},
    "daily": {"totalTokens": int, "tokensByModel": dict, "date": str},
    "total": {"totalTokens": int, "tokensByModel": dict, "installDate": int},
}
"""DESIGN §3.3: fixed for ever."""
EXPECTED_IN_THE_FIELD = {
    "session": {"totalCost": NUMBER, "costsByModel": dict, "isIdle": bool, "idleSince": (int, type(None))},
    "daily": {"totalCost": NUMBER, "costsByModel": dict},
    "total": {"totalCost": NUMBER, "costsByModel": dict},
}
OURS = {"schemaVersion", "sessions", "attention", "history", "limits", "currency", "exporter", *DOCUMENTED}

LIMITS = (
    Limit(name="5-hour", window="5h", unit="tokens", amount=1_500),
    Limit(name="weekly", window="week", unit="usd", amount=5_000_000, of="provider", whose="anthropic"),
    Limit(name="elsewhere", window="36h", unit="tokens", amount=100, of="workspace", whose="/elsewhere"),
)


def a_day(connection: sqlite3.Connection) -> Stats:
    """Two processes, one of them gone quiet, a sub-agent, an error, a permission, two models, a title and limits."""
    first = Script(pid=4711, at_ms=NOON_MS - 3_600_000).started(host_version="1.18.33").opened("/home/me/project")
    first.conversation("ses_a", directory="/home/me/project").prompt("ses_a").busy("ses_a").titled("ses_a", "msg_1")
    first.answer("ses_a", input=800, output=30, reasoning=20, cache_read=200, directory="/home/me/project")
    first.conversation("ses_child", parent="ses_a").busy("ses_child")
    first.answer("ses_child", provider="mock", model="vendor/model-1", input=100, output=10, cost_usd=0)
    first.idle("ses_child").failed("ses_a").idle("ses_a")
    second = Script(pid=4712, api=2, at_ms=NOON_MS - 60_000).started(host_version="2.1.2")
    second.conversation("ses_b", directory="/home/me/other").prompt("ses_b").busy("ses_b")
    second.answer("ses_b", input=5, cache_write=7, cost_usd=1.5, directory="/home/me/other").asked("per_1", "ses_b")
    take(connection, first, second)
    stats, limits = stats_of(connection), Limits(connection).look(LIMITS, NOON_MS, UTC, 0)
    return replace(stats, limits=limits.limits, attention=(*limits.items, *stats.attention))


def test_a_golden_document(ledger: sqlite3.Connection) -> None:
    content = encode(document_of(a_day(ledger)))
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_bytes(content)

    assert content == GOLDEN.read_bytes(), "run with UPDATE_GOLDEN=1 if this is meant, and look at what it changes"


@pytest.mark.parametrize("happened", [False, True])
@pytest.mark.parametrize("promise", [DOCUMENTED, EXPECTED_IN_THE_FIELD])
def test_every_promised_field_is_there_and_of_its_type(
    ledger: sqlite3.Connection, happened: bool, promise: dict[str, dict[str, Any]]
) -> None:
    document = json.loads(encode(document_of(a_day(ledger) if happened else stats_of(ledger))))

    for section, fields in promise.items():
        for name, kind in fields.items():
            value = document[section][name]
            assert isinstance(value, kind), f"{section}.{name}"
            assert isinstance(value, bool) is (kind is bool)


def test_before_anything_has_happened_the_instants_are_zero(ledger: sqlite3.Connection) -> None:
    document = document_of(stats_of(ledger))

    session = document["session"]
    assert (session["lastActivity"], session["startTime"], session["totalTokens"]) == (0, 0, 0)
    assert (document["total"]["installDate"], document["daily"]["date"]) == (0, "2026-11-21")
    assert session["tokensByModel"] == document["daily"]["tokensByModel"] == document["total"]["tokensByModel"] == {}


def test_the_top_level_is_what_is_written_down(ledger: sqlite3.Connection) -> None:
    document = document_of(a_day(ledger))

    assert set(document) == OURS
    assert document["schemaVersion"] == 1


@pytest.mark.parametrize("happened", [False, True])
def test_the_document_fits_its_schema(ledger: sqlite3.Connection, happened: bool) -> None:
    stats = a_day(ledger) if happened else stats_of(ledger)
    health = replace(stats.exporter.health, status="degraded", problems=(Problem("lost", "Some."),))
    for shown in (stats, replace(stats, exporter=replace(stats.exporter, pid=None, health=health))):
        Draft202012Validator(stats_schema()).validate(json.loads(encode(document_of(shown))))


@pytest.mark.parametrize("section", ["session", "daily", "total"])
def test_the_schema_refuses_a_document_that_breaks_a_promise(ledger: sqlite3.Connection, section: str) -> None:
    validator = Draft202012Validator(stats_schema())
    for name, wrong in [("totalTokens", "5"), ("tokensByModel", [1]), ("totalCost", None)]:
        document = document_of(stats_of(ledger))
        document[section][name] = wrong
        assert not validator.is_valid(json.loads(encode(document)))
        del document[section][name]
        assert not validator.is_valid(json.loads(encode(document)))


def test_readers_meet_more_fields_in_the_future(ledger: sqlite3.Connection) -> None:
    document = document_of(a_day(ledger)) | {"later": 1}
    document["session"]["later"] = {}

    Draft202012Validator(stats_schema()).validate(json.loads(encode(document)))


def test_the_figures_add_up(ledger: sqlite3.Connection) -> None:
    document = document_of(a_day(ledger))

    for section in (document["session"], document["daily"], document["total"], *document["sessions"]):
        assert sum(section["tokensByModel"].values()) == section["totalTokens"] == sum(section["tokens"].values())
        assert sum(section["costsByModel"].values()) == pytest.approx(section["totalCost"])
    assert document["total"]["totalTokens"] == 1050 + 110 + 12
    assert document["session"]["tokensByModel"] == {"claude-sonnet-5": 12}
    assert document["sessions"][1]["tokensByModel"] == {"claude-sonnet-5": 1050, "mock/vendor/model-1": 110}
