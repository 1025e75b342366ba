"""``audit`` over the real sample and over hand-made histories."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.support.clock import NOON_MS
from tests.support.ids import timed_id
from tests.support.opencode_database import SAMPLE, OpenCodeDatabase

from opencode_stats.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """OpenCode's folder in a scratch home."""
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "OPENCODE_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".local" / "share" / "opencode"
    folder.mkdir(parents=True)
    return folder


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["audit", *arguments])


def figures(code: int = 0) -> dict[str, Any]:
    done = call("--json")
    assert done.exit_code == code, done.output
    document: dict[str, Any] = json.loads(done.output)
    for compared in (document["naive"], document["opencode"]):
        parts = [compared, *compared["causes"].values(), compared["unexplainedAmounts"]]
        assert sum(part["tokens"] for part in parts) == document["ours"]["tokens"]
        assert sum(part["cost"] for part in parts) == pytest.approx(document["ours"]["cost"], abs=1e-9)
        for kind, ours in document["ours"]["kinds"].items():
            assert sum(part["kinds"][kind] for part in parts) == ours
        assert compared["unexplained"] == compared["unexplainedAmounts"]["tokens"]
    return document


def causes(compared: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Tokens and messages, by cause."""
    return {cause: (share["tokens"], share["messages"]) for cause, share in compared["causes"].items()}


def test_the_real_sample(data: Path) -> None:
    (data / "opencode.db").write_bytes(SAMPLE.read_bytes())

    found = figures()

    assert (found["ours"]["tokens"], found["naive"]["tokens"], found["opencode"]["tokens"]) == (16_690, 22_810, 22_810)
    assert causes(found["naive"]) == causes(found["opencode"]) == {"forks": (-6_120, 3)}
    kinds = {"input": -3_500, "output": -90, "reasoning": -30, "cacheRead": -2_500, "cacheWrite": 0}
    assert found["naive"]["causes"]["forks"]["kinds"] == kinds
    assert found["naive"]["causes"]["forks"]["cost"] == -0.01305
    assert found["unknownTokens"] == {"failed": 1, "unfinished": 1}
    assert "copied by a fork (3)" in call().output


def test_nothing_at_all(data: Path) -> None:
    ours = figures()["ours"]
    assert (ours["tokens"], ours["cost"], ours["messages"]) == (0, 0, 0)


def test_what_opencode_forgot_since(data: Path) -> None:
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1").session("ses_2")
    made.message("ses_1", 5, name="msg_1").message("ses_1", 7, at_ms=NOON_MS + 9_000).message("ses_2", 100)
    assert figures()["naive"]["causes"] == {}

    made.remove("DELETE FROM message WHERE id = 'msg_1'").remove(
        "UPDATE session SET tokens_input = 7, cost = 0.001 WHERE id='ses_1'"
    )
    made.remove("DELETE FROM message WHERE session_id = 'ses_2'").remove("DELETE FROM session WHERE id = 'ses_2'")
    found = figures()

    expected = {"reverted": (5, 1), "deleted": (100, 1)}
    assert causes(found["naive"]) == causes(found["opencode"]) == expected


def test_a_session_row_that_disagrees_with_its_messages_is_not_explained_away(data: Path) -> None:
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1").message("ses_1", 5)
    made.remove("UPDATE session SET tokens_input = 6")

    found = figures(code=1)

    assert (found["opencode"]["unexplained"], found["opencode"]["conversationsAtOdds"]) == (-1, 1)
    page = call().output
    assert page.startswith("opencode-stats counts 5 tokens in 1 request.\n")
    assert re.search(r"unexplained, in 1 conversation\b", page)


def test_a_kind_that_disagrees_is_not_set_off_against_another(data: Path) -> None:
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1").message("ses_1", 5)
    made.remove("UPDATE session SET tokens_input = 3, tokens_cache_read = 2")

    found = figures(code=1)["opencode"]

    assert (found["unexplained"], found["conversationsAtOdds"]) == (0, 1)
    kinds = {"input": 2, "output": 0, "reasoning": 0, "cacheRead": -2, "cacheWrite": 0}
    assert found["unexplainedAmounts"]["kinds"] == kinds


def test_a_cost_that_disagrees(data: Path) -> None:
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1").message("ses_1", 5)
    made.remove("UPDATE session SET cost = 0.5")

    assert figures(code=1)["opencode"]["unexplainedAmounts"]["cost"] == -0.499


def test_a_fork_whose_original_was_gone_before_the_first_look_is_not_counted(data: Path) -> None:
    """docs/counting.md, "Forks": its copies are all that is left, and an original may still turn up."""
    made = OpenCodeDatabase(data / "opencode.db").session("ses_fork", time_created=NOON_MS + 60_000)
    made.message("ses_fork", 40, name=timed_id("msg", NOON_MS + 60_005, 1), at_ms=NOON_MS)
    made.message("ses_fork", 2, name=timed_id("msg", NOON_MS + 60_010, 2), at_ms=NOON_MS + 9_000)
    made.message("ses_fork", 7, at_ms=NOON_MS + 90_000)

    found = figures()

    assert found["ours"]["tokens"] == 7
    assert causes(found["naive"]) == causes(found["opencode"]) == {"forks": (-42, 2)}
    assert "copied by a fork (2)" in call().output

    # Gone from disk they differ from nothing any more; that they were seen and not counted is still told.
    made.remove("DELETE FROM message").remove("DELETE FROM session")
    found = figures()
    assert causes(found["naive"]) == {"deleted": (7, 1)}
    assert (found["copies"]["tokens"], found["copies"]["messages"], found["undecided"]["messages"]) == (42, 2, 0)
    page = " ".join(call().output.split())
    assert "42 tokens (2 requests), copied by a fork or made by somebody else, are in no total." in page
    assert "counts 7 tokens in 1 request." in page


def test_a_narrow_page_has_the_numbers_below_what_they_are_of(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "opencode.db").write_bytes(SAMPLE.read_bytes())
    monkeypatch.setenv("COLUMNS", "60")

    lines = call().output.splitlines()
    assert lines[2].split() == ["tokens", "input", "output", "reasoning", "cache", "read", "cost"]
    forks = lines.index("  copied by a fork (3)")
    assert lines[forks + 1].split() == ["-6,120", "-3,500", "-90", "-30", "-2,500", "-$0.0131"]


def test_the_page_has_a_column_for_each_kind_that_there_is_and_the_cost(data: Path) -> None:
    (data / "opencode.db").write_bytes(SAMPLE.read_bytes())

    assert "  copied by a fork (3)  -6,120  -3,500     -90        -30      -2,500  -$0.0131" in call().output


def test_a_database_that_can_not_be_read_is_named(data: Path) -> None:
    (data / "opencode.db").write_bytes(b"nothing of the kind" * 100)

    assert list(figures()["unread"]) == [str(data / "opencode.db")]
    assert "could not be read" in call().output
