"""``export`` as it is called: formats, groupings, files, and what spreadsheets and terminals must not be told."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.script import Script

from opencode_stats.cli.export import _Bar
from opencode_stats.cli.render.export import harmless, visible, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

NOON_MS = 1_710_072_000_000
"""Of 2024-03-10: over for good, whatever the clock says where the tests run."""
FORMULA = '=HYPERLINK("http://x")'


@pytest.fixture
def told(household: Household) -> Household:
    script = Script(at_ms=NOON_MS).started().prompt("ses_a").answer("ses_a", input=1_000, directory="/a")
    script.wait(86_400_000).answer("ses_b", output=3, directory="/b", agent=FORMULA, provider="mock", model="m")
    household.write(script)
    return household


def table(text: str) -> list[dict[str, str]]:
    assert "\r\n" in text
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_a_message_in_every_format(told: Household, call: Call) -> None:
    expected = [("ses_a", 1_000, "build"), ("ses_b", 3, FORMULA)]

    by_csv = table(call("export").stdout)
    by_lines = [json.loads(line) for line in call("export", "--format", "ndjson").stdout.splitlines()]
    document: dict[str, Any] = json.loads(call("export", "--format", "json").stdout)

    assert [
        (row["conversation"], int(row["totalTokens"]), row["agent"].removeprefix("'")) for row in by_csv
    ] == expected
    assert by_csv[1]["agent"] == f"'{FORMULA}"
    assert [(row["conversation"], row["totalTokens"], row["agent"]) for row in by_lines] == expected
    assert document == {"schemaVersion": 1, "rows": by_lines}


def test_groupings(told: Household, call: Call) -> None:
    days = table(call("export", "--by", "day").stdout)
    assert [(day["day"], day["totalTokens"], day["prompts"]) for day in days[:2]] == [
        ("2024-03-10", "1000", "1"), ("2024-03-11", "3", "0"),
    ]  # fmt: skip
    split = table(call("export", "--by", "month", "--split", "model").stdout)
    assert [(row["month"], row["model"], row["cost"]) for row in split] == [
        ("2024-03", "claude-sonnet-5", "0.25"), ("2024-03", "mock/m", "0.25"),
    ]  # fmt: skip
    agents = table(call("export", "--split", "agent").stdout)
    assert [row["agent"] for row in agents] == [f"'{FORMULA}", "build"]
    (only,) = table(call("export", "--split", "conversation", "--until", "2024-03-10").stdout)
    assert (only["conversation"], only["messages"]) == ("ses_a", "1")


def test_a_file_appears_whole_and_for_the_user_alone(told: Household, call: Call, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    done = call("export", "--output", str(target))

    assert (done.returncode, done.stdout) == (0, "")
    assert len(table(target.read_bytes().decode())) == 2
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [name for name in os.listdir(tmp_path) if "part" in name] == []


def test_what_can_t_be_written_is_one_sentence(told: Household, call: Call, tmp_path: Path) -> None:
    for place in (tmp_path / "none" / "out.csv", "/dev/full"):
        done = call("export", "--output", str(place))

        assert done.returncode == 2
        assert done.stderr == f"opencode-stats: {place} can't be written: {done.stderr.rpartition(': ')[2]}"


def test_an_empty_ledger_has_a_heading_and_no_rows(call: Call) -> None:
    assert table(call("export").stdout) == []
    assert json.loads(call("export", "--format", "json").stdout)["rows"] == []
    assert call("export", "--format", "ndjson").stdout == ""


@pytest.mark.processes
def test_beside_a_daemon(told: Household, call: Call) -> None:
    with told.daemon():
        assert len(table(call("export").stdout)) == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_text_is_a_formula(text: str) -> None:
    assert harmless(("a", text, None, -5), 3) == ["a", f"'{text}", None, -5]


def test_numbers_and_other_texts_stay_as_they_are() -> None:
    row = ("a=b", "'=1", None, -5)
    assert harmless(row, 3) is row


def test_a_terminal_is_told_nothing_but_text() -> None:
    assert list(visible(iter([("a\x1b[2J\nb", None, 3)]), 2)) == [("a\\u001b[2J\\nb", None, 3)]


def test_rows_go_out_as_they_come_in() -> None:
    out, seen = io.StringIO(), []

    def rows() -> Any:  # noqa: ANN401
        for number in range(3):
            seen.append(out.getvalue().count("x"))
            yield (f"x{number}",)

    write(rows(), ("name",), 1, "csv", out)

    assert seen == [0, 1, 2]


def test_a_bar_only_where_it_takes_long(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(_Bar().over(iter([()] * 25_000), 25_000))) == 25_000
    assert capsys.readouterr().err == ""

    monkeypatch.setattr("opencode_stats.cli.export._QUIET_S", -1)
    assert len(list(_Bar().over(iter([()] * 25_000), 25_000))) == 25_000
    assert "messages" in capsys.readouterr().err


def test_what_was_read_beside_a_new_exporter_is_written_once_more_or_told(
    told: Household, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("import")
    monkeypatch.setattr("opencode_stats.cli.reading._state", lambda _: object())

    done = call("export", "--output", str(tmp_path / "out.csv"))
    assert done.returncode == 0
    assert len(table((tmp_path / "out.csv").read_bytes().decode())) == 2

    done = call("export")
    assert done.returncode == 2
    assert "call it once more" in done.stderr
