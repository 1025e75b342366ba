"""``conversations`` as it is called, with OpenCode's database beside it and without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

NOON_MS = 1_710_072_000_000
"""Of 2024-03-10: over for good, whatever the clock says where the tests run."""


@pytest.fixture
def told(household: Household) -> Household:
    script = Script(at_ms=NOON_MS).started().conversation("ses_a", directory="/w").answer("ses_a", input=1_000)
    script.conversation("ses_b", parent="ses_a", agent="general").answer("ses_b", input=20)
    script.wait(86_400_000).conversation("ses_c").answer("ses_c", input=3)
    household.write(script)
    return household


def titled(household: Household) -> None:
    folder = household.paths.opencode_data
    folder.mkdir(parents=True, exist_ok=True)
    made = OpenCodeDatabase(folder / "opencode.db").session("ses_a", title="Mend the lamp\x1b[2J", time_created=NOON_MS)
    made.session("ses_b", title="Look around", time_created=NOON_MS)


def asked(call: Call, *arguments: str) -> list[dict[str, Any]]:
    done = call("conversations", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["conversations"]
    return found


def test_ids_alone_where_opencode_has_no_database(told: Household, call: Call) -> None:
    page = call("conversations").stdout

    assert [line.split()[0] for line in page.splitlines()[1:4]] == ["ses_c", "ses_a", "general:"]
    assert "  general: ses_b" in page
    assert page.splitlines()[-1].split()[:2] == ["total", "1,023"]


def test_titles_are_shown_safely_and_kept_nowhere(told: Household, call: Call) -> None:
    titled(told)

    page = call("conversations").stdout

    assert "Mend the lamp\\u001b[2J" in page
    assert "  general: Look around" in page
    assert "Mend" not in call("conversations", "--no-titles").stdout
    kept = [path for path in told.home.rglob("*") if path.is_file() and path.name != "opencode.db"]
    assert len(kept) > 3
    assert [path for path in kept if b"Look around" in path.read_bytes()] == []


def test_as_json(told: Household, call: Call) -> None:
    titled(told)
    newest, family = asked(call)

    assert (newest["id"], newest["title"], newest["subAgents"]) == ("ses_c", None, [])
    assert (family["totalTokens"], family["own"]["totalTokens"], family["workspace"]) == (1_020, 1_000, "/w")
    assert [(one["title"], one["agent"]) for one in family["subAgents"]] == [("Look around", "general")]
    assert NOON_MS < family["lastActivity"] < newest["lastActivity"]


def test_that_there_are_more_than_are_shown_is_said(told: Household, call: Call) -> None:
    cut, whole = (call("conversations", "--limit", most).stdout.splitlines() for most in ("1", "2"))

    assert cut[-3].split() == ["these", "1", "3", "$0.2500", "1"]
    assert cut[-1] == "There are more conversations; --limit 0 shows all of them."
    assert whole[-1].split() == ["total", "1,023", "$0.7500", "3"]
    assert [json.loads(call("conversations", "--limit", most, "--json").stdout)["more"] for most in "102"] == [
        True,
        False,
        False,
    ]


def test_some_of_them(told: Household, call: Call) -> None:
    assert [one["id"] for one in asked(call, "--sort", "tokens", "--limit", "1")] == ["ses_a"]
    assert [one["id"] for one in asked(call, "--limit", "0")] == ["ses_c", "ses_a"]
    assert [one["id"] for one in asked(call, "--since", "2024-03-11")] == ["ses_c"]
    assert asked(call, "--until", "2024-03-01") == []
    assert "No conversation" in call("conversations", "--until", "2024-03-01").stdout
