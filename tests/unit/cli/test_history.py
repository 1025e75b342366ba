"""``history``, ``models``, ``workspaces`` and ``agents`` as they are called, with and without a daemon at work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

DAY_MS = 86_400_000
NOON_MS = 1_710_072_000_000
"""Of 2024-03-10: over for good, whatever the clock says where the tests run."""
RANGE = ("--since", "2024-03-09", "--until", "2024-03-11")


@pytest.fixture
def told(household: Household) -> Household:
    """Two days' work in two places, by two agents, on either side of the noon of 2024-03-10."""
    script = Script(at_ms=NOON_MS - DAY_MS).started()
    script.prompt("ses_a").answer("ses_a", input=1_000, directory="/a")
    script.wait(DAY_MS).prompt("ses_a").answer("ses_a", input=20, directory="/a", agent="plan")
    script.answer("ses_b", output=3, directory="/b\x1b[2J", provider="mock", model="m")
    household.write(script)
    return household


def asked(call: Call, *arguments: str) -> dict[str, Any]:
    done = call(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["schemaVersion"] == 1
    return document


def test_days_with_what_the_plugin_wrote_just_now(told: Household, call: Call) -> None:
    found = asked(call, "history", *RANGE)

    assert [(day["name"], day["totalTokens"], day["prompts"]) for day in found["periods"]] == [
        ("2024-03-09", 1_000, 1), ("2024-03-10", 23, 1), ("2024-03-11", 0, 0),
    ]  # fmt: skip
    assert (found["total"]["totalTokens"], found["total"]["cost"], found["before"]) == (1_023, 0.75, None)


def test_split_and_hours_and_what_was_before(told: Household, call: Call) -> None:
    found = asked(
        call, "history", "--by", "hour", "--split", "workspace", "--since", "2024-03-10", "--until", "2024-03-10"
    )

    (noon,) = (hour for hour in found["periods"] if hour["totalTokens"])
    assert noon["name"] == "2024-03-10T12+00:00"
    assert [(part["name"], part["totalTokens"]) for part in noon["parts"]] == [("/a", 20), ("/b\x1b[2J", 3)]
    assert found["before"]["totalTokens"] == 1_000


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("models", {"claude-sonnet-5": 1_020, "mock/m": 3}),
        ("workspaces", {"/a": 1_020, "/b\x1b[2J": 3}),
        ("agents", {"build": 1_003, "plan": 20}),
    ],
)
def test_who_used_how_much(told: Household, call: Call, command: str, expected: dict[str, int]) -> None:
    found = asked(call, command)

    assert {one["name"]: one["totalTokens"] for one in found[command]} == expected
    assert found["total"]["totalTokens"] == 1_023


@pytest.mark.parametrize("arguments", [("history", *RANGE, "--split", "workspace"), ("workspaces",)])
def test_a_page_obeys_no_name_and_has_colours_on_a_terminal_alone(
    told: Household, call: Call, arguments: tuple[str, ...]
) -> None:
    done = call(*arguments)

    assert "\\u001b[2J" in done.stdout
    assert "\x1b" not in done.stdout
    assert "1,023" in done.stdout


@pytest.mark.processes
def test_beside_a_daemon(told: Household, call: Call) -> None:
    with told.daemon():
        assert asked(call, "history", *RANGE)["total"]["totalTokens"] == 1_023
        assert "1,023" in call("history", *RANGE).stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--since", "bananas"), "no date or time"),
        (("--until", "2026-13-01"), "no date or time"),
        (("--since", "2024-03-11", "--until", "2024-03-09"), "--until is not after --since"),
        (("--since", "9000-01-01"), "--since is not in the past"),
    ],
)
@pytest.mark.parametrize("command", ["history", "models"])
def test_a_mistake_is_one_sentence(call: Call, command: str, arguments: tuple[str, ...], sentence: str) -> None:
    done = call(command, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_was_used_yet(call: Call) -> None:
    assert "Nothing was used" in call("history").stdout
    assert asked(call, "models")["models"] == []
    assert asked(call, "history", "--by", "month")["total"]["totalTokens"] == 0


def test_without_a_start_it_is_the_time_up_to_the_end(told: Household, call: Call) -> None:
    for period, number in (("day", 2), ("week", 1), ("month", 1), ("hour", 24)):
        found = asked(call, "history", "--by", period, "--until", "2024-03-10")

        assert found["total"]["totalTokens"] == (23 if period == "hour" else 1_023)
        assert len(found["periods"]) == number


def test_what_is_still_to_come_is_no_endless_table(told: Household, call: Call) -> None:
    for since in ("2024-03-09", "9000-01-01"):
        assert (
            len(asked(call, "history", "--by", "month", "--since", since, "--until", "9999-12-30")["periods"]) < 2_000
        )
    assert len(call("export", "--by", "month", "--until", "9999-12-30").stdout.splitlines()) < 2_000


@pytest.mark.parametrize(("since", "compared"), [("2024-03-10", True), ("2024-03-09T18:00", False)])
def test_nothing_is_compared_with_a_time_that_begins_before_the_first_use(
    told: Household, call: Call, since: str, *, compared: bool
) -> None:
    """The ledger knows nothing of it: to say that so much more was used now would be a guess."""
    until = ("--until", "2024-03-10T23:59")

    history = asked(call, "history", "--split", "model", "--since", since, *until)
    models = asked(call, "models", "--since", since, *until)

    assert (history["before"] is not None, models["total"]["messages"]) == (compared, 2)
    assert all((one["before"] is not None) == compared for one in models["models"])
    assert ("\nbefore" in call("history", "--since", since, *until).stdout) == compared
