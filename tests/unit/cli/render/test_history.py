"""Tables of the past: each is held by a golden file, and none is wider than its terminal.

``GOLDEN=write`` in the environment writes the files anew: look at the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS

from opencode_stats.cli.render.charts import Look, bar
from opencode_stats.cli.render.history import History, Row, change, document, page, worked
from opencode_stats.cli.render.shares import Shares
from opencode_stats.cli.render.shares import document as shares_document
from opencode_stats.cli.render.shares import page as shares_page
from opencode_stats.cli.render.text import width
from opencode_stats.core.history import Figures, Key, Span
from opencode_stats.core.worth import Worth

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden"
DAY_MS = 86_400_000
HOSTILE = "\x1b[2Jred\u202egnp.exe\n" + "x" * 300


def used(times: int) -> Figures:
    return Figures(1_000 * times, 200 * times, 10, 50_000 * times, 0, 12_345 * times, times, 61_000 * times, 100, 2_500)


MODELS: dict[Key, Figures] = {
    ("anthropic", "claude-sonnet-5"): used(9),
    ("openrouter", "qwen3-coder"): used(4),
    ("evil", HOSTILE): used(1),
    (None, None): Figures(messages=1),
    **{("mock", f"m-{number}"): used(1) for number in range(4)},
}
DAYS = [
    Row(Span("2026-11-19", NOON_MS - 2 * DAY_MS, NOON_MS - DAY_MS), {("openai", "gpt-5"): used(2)}, 3),
    Row(Span("2026-11-20", NOON_MS - DAY_MS, NOON_MS), {}, 0),
    Row(Span("2026-11-21", NOON_MS, NOON_MS + DAY_MS), MODELS, 12),
]
BEFORE = Row(Span("before", NOON_MS - 5 * DAY_MS, NOON_MS - 2 * DAY_MS), {("openai", "gpt-5"): used(30)}, 15)
PAGES: dict[str, Callable[[Look], str]] = {
    "history": lambda look: page(History(DAYS, BEFORE, "day", None, UTC), look),
    "history-split": lambda look: page(History(DAYS, BEFORE, "day", "model", UTC), look),
    "history-first": lambda look: page(History(DAYS[:1], None, "day", None, UTC), look),
    "models": lambda look: shares_page(Shares("model", 0, NOON_MS, MODELS, {}), look),
    "models-compared": lambda look: shares_page(Shares("model", 0, NOON_MS, MODELS, {("mock", "m-1"): used(2)}), look),
}


@pytest.mark.parametrize("columns", [100, 40])
@pytest.mark.parametrize("screen", PAGES)
def test_a_page(screen: str, columns: int) -> None:
    text = PAGES[screen](Look(columns)) + "\n"

    file = GOLDEN / f"{screen}-{columns}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["2026-11-21T09+05:30", "2026-11-21T10+05:30"], ["2026-11-21 09:00", "2026-11-21 10:00"]),
        (
            ["2026-10-25T02+02:00", "2026-10-25T02+01:00", "2026-10-25T03+01:00"],
            ["2026-10-25 02:00 +02:00", "2026-10-25 02:00 +01:00", "2026-10-25 03:00 +01:00"],
        ),
    ],
)
def test_hours_have_their_offset_only_where_the_clock_is_changed(names: list[str], shown: list[str]) -> None:
    hours = [Row(Span(name, NOON_MS + at, NOON_MS + at + 1), {("m", "m"): used(1)}, 0) for at, name in enumerate(names)]

    lines = page(History(hours, None, "hour", None, UTC), Look(100)).split("\n")[1 : len(names) + 1]
    named = [one["name"] for one in document(History(hours, None, "hour", None, UTC))["periods"]]

    assert [re.split(r"\s{2,}", line)[0] for line in lines] == shown
    assert named == names, "for programs as they are"


@pytest.mark.parametrize("screen", PAGES)
def test_no_line_is_wider_than_the_terminal_nor_has_what_it_obeys(screen: str) -> None:
    for columns in (0, 40, 57, 80, 132, 500):
        lines = PAGES[screen](Look(columns)).split("\n")

        assert max(width(line) for line in lines) <= max(columns, 40)
        assert all(char.isprintable() for line in lines for char in line)
        assert all(line == line.rstrip() for line in lines)


def test_ascii_where_the_terminal_has_no_blocks() -> None:
    assert PAGES["history"](Look(100, blocks=False)).isascii()
    assert "####" in PAGES["history"](Look(100, blocks=False))


def test_colours_change_nothing_else() -> None:
    for make in PAGES.values():
        coloured = make(Look(100, colour=True))

        assert "\x1b[1m" in coloured
        plain = re.sub(r"\x1b\[[0-9]*m", "", coloured)
        assert [line.rstrip() for line in plain.split("\n")] == make(Look(100)).split("\n")


@pytest.mark.parametrize(("share", "drawn"), [(0, ""), (1e-9, "▏"), (0.5, "████"), (0.51, "████▏"), (1, "████████")])
def test_bars_in_eighths(share: float, drawn: str) -> None:
    assert bar(share, 8) == drawn
    assert len(bar(share, 8, blocks=False)) == len(drawn.strip("▏")) + (share == 1e-9)


def test_how_much_more_that_is() -> None:
    assert [change(*pair) for pair in ((3, 2), (1, 2), (2, 2), (1, 0), (500, 2))] == [
        "+50%",
        "-50%",
        "0%",
        "-",
        "250-fold",
    ]


def test_work_is_never_told_in_days() -> None:
    assert [worked(ms) for ms in (5_000, 60_000, 3_600_000, 99 * 3_600_000, 5000 * 3_600_000)] == [
        "5s", "1m", "1h", "99h", "5,000h",
    ]  # fmt: skip


def test_the_same_as_json() -> None:
    found = document(History(DAYS, BEFORE, "day", "model", UTC))

    assert [period["totalTokens"] for period in found["periods"]] == [
        102_410,
        0,
        sum(figures.tokens for figures in MODELS.values()),
    ]
    assert found["periods"][2]["parts"][0] == {
        "name": "claude-sonnet-5", "totalTokens": 460_810,
        "tokens": {"input": 9_000, "output": 1_800, "reasoning": 10, "cacheRead": 450_000, "cacheWrite": 0},
        "cost": 0.111105, "messages": 9, "activeMs": 549_000, "outputTokensPerSecond": 40.0, "listValue": 0.0,
        "unpriced": {},
    }  # fmt: skip
    assert found["total"]["prompts"] == 15
    assert found["before"]["totalTokens"] == BEFORE.whole.tokens
    assert found["periods"][1]["outputTokensPerSecond"] is None


def test_shares_as_json() -> None:
    found = shares_document(Shares("model", 0, NOON_MS, MODELS, {("mock", "m-1"): used(2)}))

    by_name = {one["name"]: one for one in found["models"]}
    assert found["models"][0]["name"] == "claude-sonnet-5"
    assert by_name["mock/m-1"]["before"]["messages"] == 2
    assert by_name["unknown/unknown"]["totalTokens"] == 0
    assert sum(one["totalTokens"] for one in found["models"]) == found["total"]["totalTokens"]


def test_nothing_at_all() -> None:
    assert "Nothing" in page(History([Row(Span("x", 0, 1), {}, 0)], None, "day", None, UTC), Look())
    assert "Nothing" in shares_page(Shares("agent", 0, 1, {}, {}), Look())
    assert shares_document(Shares("agent", 0, 1, {}, {}))["agents"] == []


def test_usage_without_a_recorded_cost_is_not_shown_as_costing_nothing() -> None:
    free = Figures(input=500, messages=1)
    row = Row(DAYS[0].span, {("ollama", "qwen3"): free, ("openai", "gpt-5"): used(2)}, 3)
    note = "OpenCode recorded no cost where - stands; opencode-stats prices tells what that is worth."
    split, whole = (page(History([row], None, "day", split, UTC), Look(100)) for split in ("model", None))
    shares = shares_page(Shares("model", 0, NOON_MS, row.parts, {}), Look(100))

    assert [line.split()[2] for line in split.splitlines() if "qwen3" in line] == ["-", "-"]
    assert [line.split()[3] for line in shares.splitlines() if "qwen3" in line] == ["-"]
    assert [note in text for text in (split, shares, whole)] == [True, True, False]
    assert "$0.00" not in split + shares
    assert "$0.00" in page(History(DAYS, None, "day", None, UTC), Look(100))


def test_the_dash_is_explained_only_where_it_is_shown() -> None:
    free = Figures(input=1, messages=1)
    hidden = Row(DAYS[0].span, {("ollama", "qwen3"): free, **{("mock", f"m-{n}"): used(9) for n in range(7)}}, 3)

    assert "no cost" not in page(History([hidden], None, "day", "model", UTC), Look(100))
    assert "no cost" not in page(History(DAYS[1:2], BEFORE, "day", None, UTC), Look(100))
    narrow = shares_page(Shares("model", 0, NOON_MS, {("ollama", "q" * 36): free}, {}), Look(40))
    assert ("cost" in narrow) == ("OpenCode recorded no cost" in narrow)


@pytest.mark.parametrize(
    ("unfinished", "words"), [(False, "as long as this."), (True, "as long as this has lasted so far.")]
)
def test_how_long_the_time_before_is_is_said_in_words(words: str, *, unfinished: bool) -> None:
    shown = page(History(DAYS, BEFORE, "day", None, UTC, unfinished=unfinished), Look(120))

    assert shown.endswith(f"Before: from 2026-11-16 12:00 to 2026-11-19 12:00, just before this and {words}")


def test_list_values_stand_in_brackets_where_nothing_was_recorded() -> None:
    free, paid = Figures(input=500, messages=1), used(2)
    kinds: dict[Key, Worth] = {
        ("a", "x"): Worth(10**15),
        ("b", "y"): Worth(0, 500),
        ("c", "z"): Worth(2 * 10**15),
        ("d", "w"): Worth(0),
    }
    parts: dict[Key, Figures] = {("a", "x"): free, ("b", "y"): free, ("c", "z"): paid, ("d", "w"): free}
    row = Row(DAYS[0].span, parts, 3, kinds)
    wide = page(
        History([row], Row(BEFORE.span, {("a", "x"): free}, 1, {("a", "x"): Worth(10**15)}), "day", "model", UTC),
        Look(120),
    )
    shares = shares_page(
        Shares("provider", 0, NOON_MS, {(one, None): parts[one, two] for one, two in parts}, {}, kinds), Look(120)
    )

    costs = [line.split()[1:3][-1] for line in wide.splitlines() if line.startswith("  ")]
    assert costs == ["$0.0247+", "[$1.00]", "unpriced", "-"] * 2
    assert [line.split()[2] for line in wide.splitlines() if line.startswith("before")] == ["[$1.00]"]
    assert [line.split()[3] for line in shares.splitlines()[1:5]] == ["$0.0247+", "[$1.00]", "unpriced", "-"]
    assert "worth $3.00 at list prices" in wide
