"""The second way of adding up, and what it says where a file disagrees."""

from __future__ import annotations

import copy
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from opencode_stats.core.cost import Price, Quote, Rate, per_token
from opencode_stats.core.days import Day
from opencode_stats.core.derivation import Entry, RunDates, derive, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opencode_stats.core.totals import ModelId

TODAY = Day(date(2026, 11, 21), 1_000, 2_000)
DAYS = {
    "2026-11-19": Day(date(2026, 11, 19), 800, 900),
    "2026-11-20": Day(date(2026, 11, 20), 900, 1_000),
    "2026-11-21": TODAY,
}
ENTRIES = [
    Entry("r1", 1_000, "/a", "/a", "anthropic", "claude-x", (1, 2, 3, 4, 5), 10),
    Entry("r1", 1_999, "/b", "/b", "anthropic", "claude-x", (1, 0, 0, 0, 0), 5),
    Entry("r0", 999, "/a", "/a", "mock", "m", (7, 0, 0, 0, 0), 0),
    Entry(None, 2_000, None, None, None, None, (0, 9, 0, 0, 0), 0),
]
QUOTES: dict[ModelId, Quote] = {("mock", "m"): Quote(Price(Rate(per_token(2.5), 0)), "override")}
TITLES = [("r1", 1_500), (None, 3_000)]
RUNS = {"r0": RunDates(100, 999, live=False), "r1": RunDates(900, 1_999, live=True)}


def section(counts: Mapping[str, tuple[int, ...]], titles: int = 0) -> dict[str, Any]:
    kinds = ("input", "output", "reasoning", "cacheRead", "cacheWrite")
    whole = [sum(column) for column in zip(*counts.values(), strict=True)] or [0] * 7
    return {
        "totalTokens": sum(whole[:5]),
        "tokensByModel": {key: sum(row[:5]) for key, row in counts.items()},
        "totalCost": whole[5] / 1e6,
        "costsByModel": {key: row[5] / 1e6 for key, row in counts.items()},
        "tokens": dict(zip(kinds, whole, strict=False)),
        "models": {
            key: {
                "totalTokens": sum(row[:5]),
                "tokens": dict(zip(kinds, row, strict=False)),
                "cost": row[5] / 1e6,
                "messages": row[6],
                "listValue": {"mock/m": 0.000018, "unknown/unknown": None}.get(key, 0.0),
            }
            for key, row in counts.items()
        },
        "listValue": 0.000018 if "mock/m" in counts else 0.0,
        "unpriced": {"unknown/unknown": 9} if "unknown/unknown" in counts else {},
        "messages": whole[6],
        "titleRequests": titles,
    }


def document() -> dict[str, Any]:
    claude = {"claude-x": (2, 2, 3, 4, 5, 15, 2)}
    run = {
        **section(claude, titles=1),
        "runId": "r1",
        "live": True,
        "startTime": 900,
        "lastActivity": 1_999,
        "workspaces": [{"directory": "/a", "totalTokens": 15}, {"directory": "/b", "totalTokens": 1}],
    }
    others = {"mock/m": (7, 0, 0, 0, 0, 0, 1), "unknown/unknown": (0, 9, 0, 0, 0, 0, 1)}
    return {
        "session": run,
        "sessions": [copy.deepcopy(run)],
        "daily": {
            **section(claude, titles=1),
            "date": "2026-11-21",
            "workspaces": [{"directory": "/a", "totalTokens": 15}, {"directory": "/b", "totalTokens": 1}],
        },
        "total": {**section(claude | others, titles=2), "installDate": 100},
        "history": {
            "hours": [
                {"startMs": 1_000, "totalTokens": 15, "totalCost": 10e-6},
                {"startMs": 1_500, "totalTokens": 1, "totalCost": 5e-6},
            ],
            "days": [
                {"date": "2026-11-20", "totalTokens": 7, "totalCost": 0},
                {"date": "2026-11-21", "totalTokens": 16, "totalCost": 15e-6},
            ],
        },
    }


def found(changed: dict[str, Any]) -> list[str]:
    return differences(changed, derive(ENTRIES, TITLES, TODAY, 900, QUOTES), RUNS, 100, DAYS.__getitem__)


def test_a_file_that_says_what_the_rows_make() -> None:
    assert found(document()) == []


def test_nothing_at_all() -> None:
    nothing = section({})
    empty = {
        "session": {**nothing, "runId": ""},
        "sessions": [],
        "daily": {**nothing, "date": "2026-11-21", "workspaces": []},
        "total": {**nothing, "installDate": 0},
        "history": {
            "hours": [{"startMs": 1_000, "totalTokens": 0, "totalCost": 0}],
            "days": [{"date": "2026-11-21", "totalTokens": 0, "totalCost": 0}],
        },
    }

    assert differences(empty, derive([], [], TODAY, 1_000, {}), {}, 0, DAYS.__getitem__) == []


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "total.totalTokens": lambda d: d["total"].update(totalTokens=33),
    "total.listValue": lambda d: d["total"].update(listValue=0.000017),
    "total.unpriced[unknown/unknown]": lambda d: d["total"].update(unpriced={}),
    "total.models.listValue[mock/m]": lambda d: d["total"]["models"]["mock/m"].update(listValue=0.0),
    "total.installDate": lambda d: d["total"].update(installDate=1),
    "total.titleRequests": lambda d: d["total"].update(titleRequests=1),
    "total.messages": lambda d: d["total"].update(messages=5),
    "total.totalCost": lambda d: d["total"].update(totalCost=0.5),
    "total.models": lambda d: d["total"]["models"].pop("mock/m"),
    "total.tokensByModel[mock/m]": lambda d: d["total"]["tokensByModel"].update({"mock/m": 8}),
    "daily.tokens.cacheWrite": lambda d: d["daily"]["tokens"].update(cacheWrite=6),
    "daily.costsByModel[claude-x]": lambda d: d["daily"]["costsByModel"].update({"claude-x": 0.1}),
    "daily.models[claude-x].tokens.output": lambda d: d["daily"]["models"]["claude-x"]["tokens"].update(output=1),
    "daily.models[claude-x].messages": lambda d: d["daily"]["models"]["claude-x"].update(messages=1),
    "session.startTime": lambda d: d["session"].update(startTime=1),
    "session.lastActivity": lambda d: d["session"].update(lastActivity=1),
    "session.live": lambda d: d["session"].update(live=False),
    "daily.workspaces[/a]": lambda d: d["daily"]["workspaces"][0].update(totalTokens=14),
    "daily.workspaces[/else]": lambda d: d["daily"]["workspaces"].append({"directory": "/else", "totalTokens": 1}),
    "session.workspaces[/b]": lambda d: d["session"]["workspaces"].pop(),
    "sessions[0].totalTokens": lambda d: d["sessions"][0].update(totalTokens=1),
    "session is the run r9": lambda d: d["session"].update(runId="r9"),
    "session shows no run": lambda d: d["session"].update(runId=""),
    "history.hours[1000].totalTokens": lambda d: d["history"]["hours"][0].update(totalTokens=14),
    "history.hours[1500].totalCost": lambda d: d["history"]["hours"][1].update(totalCost=0),
    "history.days[2026-11-20].totalTokens": lambda d: d["history"]["days"][0].update(totalTokens=8),
    "history.days[2026-11-21].totalCost": lambda d: d["history"]["days"][1].update(totalCost=0),
    "history.days leaves a day out": lambda d: d["history"]["days"][0].update(date="2026-11-19"),
    "history is not that of the day": lambda d: d["history"]["days"].pop(),
    "history is not that of the day that": lambda d: d["history"]["hours"].pop(0),
    "sessions are not the runs that live": lambda d: d["sessions"].clear(),
}


@pytest.mark.parametrize("named", CHANGES)
def test_every_field_that_says_something_else_is_named(named: str) -> None:
    changed = document()
    CHANGES[named](changed)

    findings = found(changed)

    assert findings
    assert any(named in finding for finding in findings)
