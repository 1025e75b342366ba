"""Readers that know the documented format alone see the right figures, before, while and after OpenCode runs."""

from __future__ import annotations

import copy
import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.readers import documented
from tests.e2e.rig.books import cost_usd, expected
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120, func_only=True)]
PLAIN_JAVASCRIPT = Path(__file__).parent / "readers" / "documented.mjs"
GOLDEN = Path(__file__).parents[1] / "fixtures" / "golden" / "stats.json"
NOTHING: dict[str, Any] = {"totalTokens": 0, "tokensByModel": {}, "totalCost": 0, "costsByModel": {}}


def by_javascript(content: bytes) -> dict[str, Any]:
    done = subprocess.run(["node", str(PLAIN_JAVASCRIPT)], input=content, capture_output=True, check=False)
    if done.returncode:
        raise documented.NotAsDocumentedError(done.stderr.decode().strip())
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def read(on_stage: Stage) -> dict[str, Any]:
    """What both readers find in the same bytes."""
    content = on_stage.home.stats_file.read_bytes()
    found = documented.read(content)
    assert by_javascript(content) == found
    return found


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def charged(on_stage: Stage) -> dict[str, Any]:
    books = expected(on_stage.charges)
    return {"totalTokens": books["totalTokens"], "tokensByModel": books["tokensByModel"]}


def figures(section: dict[str, Any]) -> dict[str, Any]:
    return {key: section[key] for key in ("totalTokens", "tokensByModel")}


def test_readers_of_the_documented_format_see_what_was_charged(on_stage: Stage) -> None:
    project, since_ms = on_stage.home.project, now_ms()
    with on_stage.exporter.daemon():
        nobody = {"lastActivity": 0, "startTime": 0, "isIdle": True, "idleSince": None}
        assert read(on_stage) == {
            "session": NOTHING | nobody,
            "daily": NOTHING | {"date": on_stage.home.date},
            "total": NOTHING | {"installDate": 0},
        }

        with serving(on_stage.home) as server:
            asked_ms = now_ms()
            server.ask(project, "SCENARIO:hello")
            server.ask(project, "SCENARIO:tools", model="anthropic/claude-mock")
            books = charged(on_stage)
            assert set(books["tokensByModel"]) == {"mock/mock-1", "claude-mock"}, "one bare name, one with a provider"
            eventually(lambda: read(on_stage)["session"].get("isIdle"), what="idle")
            eventually(lambda: read(on_stage)["total"]["totalTokens"] == books["totalTokens"], what="all of the tokens")

            found = read(on_stage)
            dust_usd = 0.5e-6 * len(on_stage.charges)  # each request's cost is kept in whole millionths
            for section in found.values():
                assert figures(section) == books
                assert section["totalCost"] == pytest.approx(cost_usd(on_stage.charges), abs=dust_usd)
                assert sum(section["costsByModel"].values()) == pytest.approx(section["totalCost"])
            session = found["session"]
            assert since_ms <= session["startTime"] <= session["lastActivity"] <= now_ms()
            assert session["startTime"] <= session["idleSince"] <= now_ms()
            assert asked_ms <= found["total"]["installDate"] <= session["lastActivity"]
            assert found["daily"]["date"] == on_stage.home.date

            conversation = server.conversation(project)
            server.prompt_async(project, conversation, "SCENARIO:held GATE:working")
            on_stage.provider.gates.wait_reached("working")
            eventually(lambda: read(on_stage)["session"]["isIdle"] is False, what="at work")
            assert read(on_stage)["session"]["idleSince"] is None
            on_stage.provider.gates.open("working")
            server.wait_idle(project)

        books = charged(on_stage)
        eventually(lambda: figures(read(on_stage)["session"]) == books, what="the last turn, after the end")
        first_start_ms = read(on_stage)["session"]["startTime"]
        with serving(on_stage.home) as server:
            server.conversation(project)
            eventually(lambda: read(on_stage)["session"]["startTime"] > first_start_ms, what="a session of its own")
            found = read(on_stage)
            assert found["session"]["totalTokens"] == 0
            assert figures(found["daily"]) == figures(found["total"]) == books


WRONG: dict[str, tuple[object, ...]] = {
    "totalTokens": (None, "1", 1.5, -1, True, []),
    "tokensByModel": (None, [], {"m": "1"}, {"m": None}),
    "lastActivity": (None, "2024", -1),
    "startTime": (None, 0.5),
    "date": (None, 20240115, "15.01.2024"),
    "installDate": (None, "x"),
    "isIdle": (None, 0),
    "idleSince": ("never", -1),
    "totalCost": (None, "0"),
    "costsByModel": (None, {"m": None}),
}


@pytest.mark.parametrize("reader", [documented.read, by_javascript], ids=["python", "javascript"])
def test_the_readers_refuse_what_is_not_documented(reader: Callable[[bytes], dict[str, Any]]) -> None:
    good = json.loads(GOLDEN.read_bytes())
    assert reader(GOLDEN.read_bytes())["daily"]["totalTokens"] == good["daily"]["totalTokens"]
    for part, fields in documented.DOCUMENTED.items():
        for field in ("totalTokens", "tokensByModel", *fields):
            spoiled = copy.deepcopy(good)
            del spoiled[part][field]
            with pytest.raises(documented.NotAsDocumentedError, match=f"^{part}.{field}"):
                reader(json.dumps(spoiled).encode())
        for field, wrongs in WRONG.items():
            for wrong in wrongs if field in good[part] else ():
                spoiled = copy.deepcopy(good)
                spoiled[part][field] = wrong
                with pytest.raises(documented.NotAsDocumentedError, match=f"^{part}.{field}"):
                    reader(json.dumps(spoiled).encode())
