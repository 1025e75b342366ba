"""What each host used, as it is shown."""

from __future__ import annotations

from opencode_stats.cli.render.charts import Look
from opencode_stats.cli.render.hosts import document, page
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.hosts import HostUsage

HOUR_MS = 3_600_000
ME = HostUsage(
    "a" * 32, "laptop", own=True, written_ms=HOUR_MS, totals=Totals({("p", "m"): Usage(Tokens(750), 2_500_000, 3)})
)
DESK = HostUsage(
    "b" * 32,
    "desk",
    own=False,
    written_ms=0,
    totals=Totals({("p", "m"): Usage(Tokens(200)), (None, "m"): Usage(Tokens(50))}),
)


def test_a_line_a_host_and_their_sum() -> None:
    lines = page([ME, DESK], HOUR_MS, Look(columns=80)).splitlines()

    assert [line.split() for line in lines[:3]] == [
        ["host", "tokens", "share", "cost", "messages", "known", "until"],
        ["laptop", "750", "75.0%", "$2.50", "3", "now", lines[1].split()[-1]],
        ["desk", "250", "25.0%", "-", "0", "1h", "ago", lines[2].split()[-1]],
    ]
    assert lines[4].split() == ["all", "hosts", "1,000", "100.0%", "$2.50", "3"]
    assert lines[6].startswith("OpenCode recorded no cost where - stands")


def test_a_cost_beside_which_there_is_usage_without_one_has_a_plus_and_so_has_the_sum() -> None:
    lines = page([ME, DESK], HOUR_MS, Look(columns=80), {DESK.host}).splitlines()

    assert lines[4].split() == ["all", "hosts", "1,000", "100.0%", "$2.50+", "3"]
    assert "$2.50+" not in lines[1]
    assert "-" in lines[2].split()
    assert lines[-1] == "A + says that there is usage besides of which OpenCode recorded no cost."
    assert "$2.50+" in page([ME], HOUR_MS, Look(columns=80), {ME.host}).splitlines()[1]
    assert "+" not in page([ME, DESK], HOUR_MS, Look(columns=80))


def test_one_that_is_alone_is_told_how_to_know_of_others() -> None:
    assert "import --ledger" in page([ME], HOUR_MS, Look(columns=40))
    assert "import --ledger" not in page([ME, DESK], HOUR_MS, Look(columns=40))


def test_hosts_of_one_name_are_told_apart_and_a_name_obeys_nobody() -> None:
    shown = page(
        [
            ME,
            HostUsage("c" * 32, "laptop", own=False, written_ms=0),
            HostUsage("d" * 32, "\x1b[31m", own=False, written_ms=0),
        ],
        0,
        Look(),
    )

    assert "laptop aaaaaaaa" in shown
    assert "laptop cccccccc" in shown
    assert "\x1b" not in shown


def test_the_same_for_programs() -> None:
    told = document([ME, DESK])

    assert told["total"]["totalTokens"] == 1_000
    assert [(host["name"], host["own"], host["writtenAt"], host["cost"]) for host in told["hosts"]] == [
        ("laptop", True, HOUR_MS, 2.5), ("desk", False, 0, 0.0),
    ]  # fmt: skip
    assert {key: model["totalTokens"] for key, model in told["hosts"][1]["models"].items()} == {
        "p/m": 200,
        "unknown/m": 50,
    }
    assert document([HostUsage("", "x", own=True, written_ms=0)])["hosts"][0]["host"] is None
