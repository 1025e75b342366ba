from __future__ import annotations

import json
from dataclasses import replace

from opencode_stats.contract.stats_document import camel, document_of, encode, same_figures
from opencode_stats.core.recent import HistoryStats
from opencode_stats.core.stats import (
    DayStats,
    ExporterStats,
    Health,
    Problem,
    RunStats,
    Stats,
    TotalStats,
    WorkspaceStats,
)
from opencode_stats.core.tokens import Tokens

STATS = Stats(
    session=RunStats(tokens=Tokens(1, 2, 3, 4, 5), workspaces=(WorkspaceStats("/w", 3),)),
    daily=DayStats(date="2026-11-21", tokens_by_model={"snake_case_model": 5}),
    total=TotalStats(),
    sessions=(),
    attention=(),
    history=HistoryStats((), ()),
    exporter=ExporterStats("0.1.0", None, 1000, Health("degraded", (Problem("lost", "Some."),))),
)


def test_names_of_fields_are_in_camel_case_and_names_of_models_as_they_are() -> None:
    document = document_of(STATS)

    assert document["session"]["tokens"] == {
        "input": 1, "output": 2, "reasoning": 3, "cacheRead": 4, "cacheWrite": 5,
    }  # fmt: skip
    assert document["session"]["workspaces"] == [{"directory": "/w", "totalTokens": 3}]
    assert document["daily"]["tokensByModel"] == {"snake_case_model": 5}
    assert document["exporter"]["health"]["problems"] == [{"code": "lost", "message": "Some."}]
    assert [camel(name) for name in ("date", "cache_read", "idle_since")] == ["date", "cacheRead", "idleSince"]


def test_the_bytes_are_json_for_people_and_end_with_a_newline() -> None:
    content = encode(document_of(replace(STATS, daily=DayStats(date="2026-11-21", tokens_by_model={"modèle": 1}))))

    assert "modèle".encode() in content
    assert content.endswith(b"}\n")
    assert content.count(b"\n") > 20
    assert json.loads(content)["daily"]["tokensByModel"] == {"modèle": 1}


def test_a_text_that_is_no_unicode_does_not_stop_the_figures() -> None:
    content = encode(document_of(replace(STATS, daily=DayStats(date="2026-11-21", tokens_by_model={"\ud800": 1}))))

    assert json.loads(content)["daily"]["tokensByModel"] == {"?": 1}


def test_what_a_terminal_obeys_is_written_as_an_escape() -> None:
    obeyed = "a\x1b\x7f\x9b\u2028\u202e\u2066b"
    content = encode(document_of(replace(STATS, daily=DayStats(date="2026-11-21", tokens_by_model={obeyed: 1}))))

    assert content.isascii()
    assert json.loads(content)["daily"]["tokensByModel"] == {obeyed: 1}


def test_only_the_instant_of_writing_is_no_figure() -> None:
    one = document_of(STATS)
    later = document_of(replace(STATS, exporter=replace(STATS.exporter, generated_at=2000)))
    other = document_of(replace(STATS, exporter=replace(STATS.exporter, pid=7)))

    assert same_figures(one, later)
    assert not same_figures(one, other)
    assert not same_figures(None, one)
    assert one["exporter"]["generatedAt"] == 1000
    assert same_figures(json.loads(encode(one)), one)
