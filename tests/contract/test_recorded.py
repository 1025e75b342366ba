"""What the plugin makes of recorded payloads is what the exporter understands, to the last token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from tests.support.ledgers import rows, stats_of, take

from opencode_stats.contract.line import line_schema, parse_line
from opencode_stats.core.tokens import Tokens
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "opencode_plugin/test/golden").glob("*.jsonl"))
CONSTRUCTED = sorted((ROOT / "tests/fixtures/recorded/v2-constructed").glob("*.jsonl"))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_there_are_recordings() -> None:
    assert len(GOLDEN) >= 20
    assert len(CONSTRUCTED) >= 5


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: str(path.stem))
def test_every_line_is_an_event_and_fits_the_schema(path: Path, ledger: sqlite3.Connection) -> None:
    schema = Draft202012Validator(line_schema())
    events = []
    for line in lines(path):
        schema.validate(json.loads(line))
        events.append(parse_line(line))

    take(ledger, events)

    assert verify(ledger) == []
    section = stats_of(ledger).total
    assert sum(section.tokens_by_model.values()) == section.total_tokens


def final_usage(path: Path) -> dict[str, Tokens]:
    """Message → its tokens, as OpenCode's own payloads have them in the end; a fork's copies are left out."""
    found: dict[str, Tokens] = {}
    born: dict[str, int] = {}
    for line in lines(path):
        call = json.loads(line)
        payload = call["payload"]
        if call["hook"] != "event" or payload["type"] not in ("message.updated", "session.created", "session.updated"):
            continue
        info: dict[str, Any] = payload["properties"]["info"]
        if payload["type"] != "message.updated":
            born[info["id"]] = info["time"]["created"]
        elif info["role"] == "assistant" and "completed" in info["time"] and "error" not in info:
            if info["time"]["created"] < born.get(info["sessionID"], 0):
                continue
            counts = info["tokens"]
            cache = counts["cache"]
            found[info["id"]] = Tokens(
                counts["input"], counts["output"], counts["reasoning"], cache["read"], cache["write"]
            )
    return found


RECORDED = [path for path in sorted((ROOT / "tests/fixtures/recorded").glob("*.jsonl")) if path.stem != "v2-api-prompt"]


def test_the_recordings_spend_tokens() -> None:
    assert sum(tokens.total > 0 for path in RECORDED for tokens in final_usage(path).values()) >= 20


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: str(path.stem))
def test_the_ledger_has_what_opencode_said(path: Path, ledger: sqlite3.Connection) -> None:
    golden = ROOT / "opencode_plugin/test/golden" / path.name
    take(ledger, [parse_line(line) for line in lines(golden)])

    kept = "SELECT message, input, output, reasoning, cache_read, cache_write FROM messages WHERE standing = 'counted'"
    known = {row[0]: Tokens(*row[1:]) for row in rows(ledger, f"{kept} AND input IS NOT NULL AND stage = 'completed'")}
    assert known == final_usage(path)


# What asked for attention in each recording, each turn of a conversation that the user talks to once. Left out are
# those where nothing did: aborted, or ended with the process.
ASKED = {
    "acp": ["finished"],
    "compaction": ["finished"] * 5,
    "error": ["error", "finished", "finished"],
    "multi-directory": ["finished"] * 5,
    "session-delete": ["finished"],
    "simple-run": ["finished"],
    "subagent": ["finished"],
    "tool-call": ["finished"],
    "tui": ["finished"],
    "two-concurrent": ["finished"] * 2,
    "v2-constructed.compaction": ["error", "finished"],
    "v2-constructed.simple": ["finished"],
    "v2-constructed.subagent": ["finished"],
    "v2-constructed.two-steps-tool": ["finished"],
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: str(path.stem))
def test_each_turn_of_the_user_asks_once_and_nothing_else_does(path: Path, ledger: sqlite3.Connection) -> None:
    take(ledger, [parse_line(line) for line in lines(path)])

    asked = rows(ledger, "SELECT kind, conversation FROM attention")
    children = {row[0] for row in rows(ledger, "SELECT conversation FROM conversations WHERE parent IS NOT NULL")}

    assert sorted(kind for kind, _ in asked) == ASKED.get(path.stem, [])
    assert not children & {conversation for _, conversation in asked}


@pytest.mark.parametrize("path", CONSTRUCTED, ids=lambda path: str(path.stem))
def test_version_2_comes_to_the_totals_of_the_recordings_header(path: Path, ledger: sqlite3.Connection) -> None:
    expected = json.loads(lines(path)[0])["expected"]
    golden = ROOT / "opencode_plugin/test/golden" / f"v2-constructed.{path.name}"
    take(ledger, [parse_line(line) for line in lines(golden)])

    sums = "SELECT message, input + output + reasoning + cache_read + cache_write FROM messages"
    known = dict(rows(ledger, f"{sums} WHERE input IS NOT NULL"))
    steps = {
        message: step["tokens"]["input"]
        + step["tokens"]["output"]
        + step["tokens"]["reasoning"]
        + sum(step["tokens"]["cache"].values())
        for message, step in expected["steps"].items()
        if step.get("tokens")
    }
    assert steps
    assert steps.items() <= known.items()
    # Besides, compactions with tokens of their own.
    assert total(ledger).whole.tokens.total == sum(known.values())
    assert rows(ledger, "SELECT count(*) FROM runs WHERE directory IS NULL") == [(0,)]
