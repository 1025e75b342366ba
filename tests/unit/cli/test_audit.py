"""``audit`` over the real sample and over hand-made histories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.support.clock import NOON_MS
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
        made = sum(cause["tokens"] for cause in compared["causes"].values()) + compared["unexplained"]
        assert compared["tokens"] + made == document["ours"]["tokens"]
    return document


def test_the_real_sample(data: Path) -> None:
    (data / "opencode.db").write_bytes(SAMPLE.read_bytes())

    found = figures()

    assert (found["ours"]["tokens"], found["naive"]["tokens"], found["opencode"]["tokens"]) == (16_690, 22_810, 22_810)
    assert found["naive"]["causes"] == found["opencode"]["causes"] == {"forks": {"tokens": -6_120, "messages": 3}}
    assert found["unknownTokens"] == {"failed": 1, "unfinished": 1}
    assert "copied by a fork (3)" in call().output


def test_nothing_at_all(data: Path) -> None:
    assert figures()["ours"] == {"tokens": 0, "messages": 0}


def test_what_opencode_forgot_since(data: Path) -> None:
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1").session("ses_2")
    made.message("ses_1", 5, name="msg_1").message("ses_1", 7, at_ms=NOON_MS + 9_000).message("ses_2", 100)
    assert figures()["naive"]["causes"] == {}

    made.remove("DELETE FROM message WHERE id = 'msg_1'").remove("UPDATE session SET tokens_input = 7 WHERE id='ses_1'")
    made.remove("DELETE FROM message WHERE session_id = 'ses_2'").remove("DELETE FROM session WHERE id = 'ses_2'")
    found = figures()

    expected = {"reverted": {"tokens": 5, "messages": 1}, "deleted": {"tokens": 100, "messages": 1}}
    assert found["naive"]["causes"] == found["opencode"]["causes"] == expected


def test_a_session_row_that_disagrees_with_its_messages_is_not_explained_away(data: Path) -> None:
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1").message("ses_1", 5)
    made.remove("UPDATE session SET tokens_input = 6")

    found = figures(code=1)

    assert (found["opencode"]["unexplained"], found["opencode"]["conversationsAtOdds"]) == (-1, 1)
    assert "unexplained, in 1 conversations" in call().output


def test_a_database_that_can_not_be_read_is_named(data: Path) -> None:
    (data / "opencode.db").write_bytes(b"nothing of the kind" * 100)

    assert list(figures()["unread"]) == [str(data / "opencode.db")]
    assert "could not be read" in call().output
