"""What the commands say of detail that the user does not keep."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

NOON_MS = 1_710_072_000_000
"""Of 2024-03-10: over for good, whatever the clock says where the tests run."""
DAY_MS = 86_400_000


@pytest.fixture
def told(household: Household, call: Call) -> Household:
    """Two months of 2024, of which the first is forgotten."""
    script = Script(pid=2, at_ms=NOON_MS).started().conversation("ses_a", directory="/w").prompt("ses_a")
    household.write(
        script.answer("ses_a", input=1_000, directory="/w").answer("ses_a", input=20, directory="/w").ended()
    )
    later = Script(pid=3, at_ms=NOON_MS + 60 * DAY_MS, start_ticks=5).started().conversation("ses_b", directory="/v")
    household.write(later.prompt("ses_b").answer("ses_b", input=3, directory="/v").ended())
    assert call("import").returncode == 0
    return household


def asked(call: Call, *arguments: str) -> dict[str, Any]:
    done = call(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shares(call: Call, thing: str) -> dict[str, int]:
    return {one["name"]: one["totalTokens"] for one in asked(call, f"{thing}s")[f"{thing}s"]}


@pytest.fixture
def kept(told: Household, call: Call) -> Household:
    assert call("config", "set", "keep_days", "32").returncode == 0
    done = call("import")
    assert done.returncode == 0, done.stderr
    assert "The detail of what is older than 32 days is forgotten, as keep_days says." in done.stderr
    return told


def test_a_setting_that_keeps_too_little_is_refused(told: Household, call: Call) -> None:
    done = call("config", "set", "keep_days", "31")

    assert (done.returncode, "0, or a whole number from 32 to 36500" in done.stderr) == (2, True)
    assert call("config", "set", "keep_days", "0").returncode == 0
    call("import")
    assert shares(call, "workspace") == {"/w": 1_020, "/v": 3}


def test_who_and_where_is_forgotten_and_no_sum_is(kept: Household, call: Call) -> None:
    assert shares(call, "workspace") == {"(forgotten)": 1_020, "/v": 3}
    assert shares(call, "agent")["(forgotten)"] == 1_020
    assert sum(shares(call, "model").values()) == 1_023
    months = asked(call, "history", "--by", "month", "--since", "2024-01")["periods"]
    assert [(row["name"], row["totalTokens"], row["prompts"]) for row in months if row["totalTokens"]] == [
        ("2024-03", 1_020, 1),
        ("2024-05", 3, 1),
    ]
    assert "(forgotten)" in call("history", "--by", "month", "--since", "2024-01", "--split", "workspace").stdout
    assert kept.tokens == 1_023
    for command in ("verify", "audit", "rebuild"):
        done = call(command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert kept.tokens == 1_023


def test_conversations_say_what_they_leave_out(kept: Household, call: Call) -> None:
    page = call("conversations").stdout
    assert "1,020 tokens (2 messages) of that time are of conversations that are not kept any more" in " ".join(
        page.split()
    )
    document = asked(call, "conversations")
    assert [one["id"] for one in document["conversations"]] == ["ses_b"]
    assert document["forgotten"]["totalTokens"] == 1_020
    assert "not kept" not in call("conversations", "--since", "2024-05").stdout
    alone = call("conversations", "--until", "2024-04").stdout
    assert alone.split()[0] == "1,020"


def test_exports_say_what_they_leave_out(kept: Household, call: Call) -> None:
    done = call("export", "--output", "-")
    assert len(list(csv.reader(io.StringIO(done.stdout)))) == 1 + 1
    assert "2 messages of that time are not kept any more (keep_days); --by and --split have" in done.stderr
    done = call("export", "--by", "month", "--output", "-")
    assert sum(int(row["totalTokens"]) for row in csv.DictReader(io.StringIO(done.stdout))) == 1_023
    assert done.stderr == ""
    done = call("export", "--ledger", "-")
    assert json.loads(done.stdout.splitlines()[0])["messages"] == 1
    assert "2 messages of that time are not kept any more (keep_days), and not in it." in done.stderr


def test_the_audit_says_how_much_is_known_by_its_sum(kept: Household, call: Call) -> None:
    document = asked(call, "audit")
    assert (document["ours"]["tokens"], document["forgotten"]["tokens"]) == (1_023, 1_020)
    assert document["naive"]["causes"]["forgotten"]["tokens"] == 1_020
    assert "1,020 more (2 requests) are older than what is kept" in call("audit").stdout


def test_all_of_it_is_valued_at_list_prices(kept: Household, call: Call) -> None:
    worth = asked(call, "workspaces", "--cost", "list")
    assert worth["total"]["totalTokens"] == 1_023


def test_lengthening_the_setting_brings_nothing_back(kept: Household, call: Call) -> None:
    call("config", "set", "keep_days", "0")
    assert call("import").returncode == 0
    assert shares(call, "workspace") == {"(forgotten)": 1_020, "/v": 3}
