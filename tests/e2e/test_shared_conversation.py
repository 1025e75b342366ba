"""Somebody else's conversation, exported there and imported here, is nobody's usage here."""

import json
from pathlib import Path

import pytest
from tests.e2e.rig.books import counted
from tests.e2e.rig.home import Home, make_home
from tests.e2e.rig.opencode import run
from tests.e2e.rig.processes import Done, started
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]


def opencode(home: Home, *arguments: str) -> Done:
    """One of OpenCode's own commands, to its end."""
    environment = home.environment(home.project)
    with started(
        [str(home.program), *arguments], directory=home.project, environment=environment, logs=home.logs
    ) as program:
        return program.wait(120)


def test_importing_is_not_spending_and_going_on_is(on_stage: Stage, tmp_path: Path) -> None:
    theirs = make_home(tmp_path, on_stage.home.program, on_stage.provider.url)
    run(theirs, "SCENARIO:tools")
    (theirs_spent,) = json.loads(opencode(theirs, "session", "list", "--format", "json").stdout)
    exported = tmp_path / "conversation.json"
    exported.write_text(opencode(theirs, "export", theirs_spent["id"]).stdout)

    run(on_stage.home, "SCENARIO:hello")
    before = on_stage.exporter.snapshot()["total"]["totalTokens"]
    done = opencode(on_stage.home, "import", str(exported))
    after = on_stage.exporter.snapshot()["total"]["totalTokens"]
    assert (done.returncode, after) == (0, before)

    charges = len(on_stage.charges)
    run(on_stage.home, "SCENARIO:hello", options=["--session", theirs_spent["id"]])
    spent = sum(sum((charge.tokens or {}).values()) for charge in counted(on_stage.charges[charges:]))
    assert on_stage.exporter.snapshot()["total"]["totalTokens"] == before + spent

    # Without the plugin's events, from OpenCode's database alone, it is the same.
    for path in on_stage.home.ledger_folder.glob("ledger.db*"):
        path.unlink()
    assert on_stage.exporter.snapshot()["total"]["totalTokens"] == before + spent
    assert json.loads(on_stage.exporter.succeed("audit", "--json"))["naive"]["causes"].keys() == {"elsewhere"}
    on_stage.exporter.succeed("verify")
