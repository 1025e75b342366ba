"""``opencode-stats limits`` as it is called."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household


@pytest.fixture
def _spent(household: Household) -> None:
    """650 tokens, just now."""
    script = Script(at_ms=time.time_ns() // 1_000_000 - 1_000).started().conversation("ses_a", directory="/w")
    household.write(script.answer("ses_a", input=650, directory="/w"))


def test_none_is_set(call: Call) -> None:
    done = call("limits")
    assert (done.returncode, done.stdout.startswith("No limits are set.")) == (0, True)
    assert json.loads(call("limits", "--json").stdout) == []

    checked = call("limits", "check")
    assert (checked.returncode, checked.stdout) == (2, "")
    assert "No limits are set." in checked.stderr


@pytest.mark.usefixtures("_spent")
def test_setting_showing_checking_and_removing(call: Call) -> None:
    assert call("limits", "set", "5-hour", "--window", "5h", "--tokens", "1000").returncode == 0
    assert call("limits", "set", "here", "--window", "36h", "--usd", "1", "--workspace", "/w").returncode == 0

    shown = call("limits")
    assert "650 tokens of 1K tokens, resets in 4h" in shown.stdout
    assert "$0.2500 of $1.00" in shown.stdout
    assert "workspace /w" in shown.stdout
    assert call("config", "set", "currency_rate", "0.5").returncode == 0
    assert call("config", "set", "currency", "EUR").returncode == 0
    assert "0.1250 EUR of 0.5000 EUR" in call("limits").stdout
    line = call("limits", "--line").stdout
    assert line.startswith("5-hour: 65% (resets in 4h")
    assert ", here: 25% (resets in 1d" in line
    document = json.loads(call("limits", "--json").stdout)
    assert [(one["name"], one["usedTokens"], one["usedUsd"], one["level"]) for one in document] == [
        ("5-hour", 650, None, "normal"),
        ("here", None, 0.25, "normal"),
    ]

    assert call("limits", "check").returncode == 0
    assert call("limits", "check").stdout == ""
    above = call("limits", "check", "--threshold", "65")
    assert (above.returncode, above.stdout.startswith("5-hour: 65% (resets in ")) == (1, True)
    assert "here" not in above.stdout
    assert call("limits", "check", "--threshold", "65.1").returncode == 0
    quiet = call("limits", "check", "--threshold", "1", "--quiet")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert call("limits", "check", "--threshold", "60", "--name", "here").returncode == 0

    assert call("limits", "set", "5-hour", "--tokens", "2000").returncode == 0
    assert json.loads(call("limits", "--json").stdout)[0]["percent"] == 32.5
    assert call("limits", "remove", "5-hour").returncode == 0
    assert [one["name"] for one in json.loads(call("limits", "--json").stdout)] == ["here"]


@pytest.mark.usefixtures("_spent")
def test_what_alone_was_counted_is_changed_and_dropped(call: Call) -> None:
    assert call("limits", "set", "mine", "--window", "36h", "--tokens", "1000", "--agent", "plan").returncode == 0
    (one,) = json.loads(call("limits", "--json").stdout)
    assert (one["agent"], one["usedTokens"]) == ("plan", 0)

    assert call("limits", "set", "mine", "--workspace", "/w").returncode == 0
    (one,) = json.loads(call("limits", "--json").stdout)
    assert (one["agent"], one["workspace"], one["usedTokens"]) == (None, "/w", 650)

    assert call("limits", "set", "mine", "--all").returncode == 0
    (one,) = json.loads(call("limits", "--json").stdout)
    assert (one["workspace"], one["window"], one["limit"], one["usedTokens"]) == (None, "36h", 1000, 650)
    # Of one that counts everything already nothing changes, and a new one does so anyway.
    assert call("limits", "set", "mine", "--all").returncode == 0
    assert call("limits", "set", "new", "--window", "day", "--tokens", "5", "--all").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "a", "--window", "5x", "--tokens", "1"), "limits[1].window: it is neither day"),
        (("set", "a", "--window", "5h"), "There is no limit 'a' yet; a new one wants --window, and --tokens or --usd."),
        (("set", "a", "--tokens", "5"), "There is no limit 'a' yet; a new one wants --window, and --tokens or --usd."),
        (("set", "a", "--all"), "There is no limit 'a' yet; a new one wants --window, and --tokens or --usd."),
        (("remove", "a"), "There is no limit 'a'."),
        (("check", "--name", "a"), "There is no limit 'a'."),
        (("check", "--threshold", "0"), "--threshold"),
        (("--json", "check"), "--json and --line are of limits itself."),
        (("--json", "--line"), "--json and --line are two forms of the same; give one of them."),
        (("set", "a", "--window", "5h", "--usd", "1", "--tokens", "5"), "--tokens and --usd exclude each other."),
        (("set", "a", "--window", "5h", "--usd", "1", "--agent", "b", "--all"), "--agent and --all exclude each other"),
        (("set", "a", "--window", "5h", "--usd", "1", "--agent", "b", "--model", "c"), "--model and --agent exclude"),
    ],
)
def test_what_can_not_be(call: Call, household: Household, arguments: tuple[str, ...], said: str) -> None:
    done = call("limits", *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert not household.paths.settings_file.exists()


@pytest.mark.usefixtures("_spent")
def test_what_is_not_known_is_told_and_passes(call: Call, household: Household) -> None:
    call("limits", "set", "money", "--window", "5h", "--usd", "1")
    call("limits")
    with closing(sqlite3.connect(household.paths.ledger)) as ledger:
        ledger.execute("UPDATE messages SET cost_microusd = NULL")
        ledger.commit()

    done = call("limits", "check", "--threshold", "1")

    assert (done.returncode, done.stdout.partition(" (")[0]) == (0, "money: unknown")


@pytest.mark.usefixtures("_spent")
def test_a_name_of_which_nothing_is_known_is_told(call: Call) -> None:
    """Written otherwise than stats.json has it, a model's limit would stay at nothing for ever."""
    call()
    asked = ("limits", "set", "x", "--window", "5h", "--tokens", "5")

    other = call(*asked, "--model", "anthropic/claude-sonnet-5")
    assert (other.returncode, other.stdout) == (0, "The limit x is set.\n")
    assert other.stderr == (
        "opencode-stats: No usage of the model 'anthropic/claude-sonnet-5' is known so far. "
        "Did you mean claude-sonnet-5?\n"
    )
    assert "provider 'antropic'" in call(*asked, "--provider", "antropic").stderr
    assert call(*asked, "--model", "claude-sonnet-5").stderr == call(*asked, "--provider", "anthropic").stderr == ""


def test_a_limit_is_set_before_anything_is_known(call: Call) -> None:
    done = call("limits", "set", "x", "--window", "5h", "--tokens", "5", "--model", "any")

    assert (done.returncode, done.stderr) == (0, "")
