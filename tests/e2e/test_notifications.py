"""A real OpenCode asks and finishes: the desktop, the user's command and the figures on the bus hear of it, once."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.processes import eventually
from tests.support.session_bus import Party, Server, session_bus

from opencode_stats.desktop.bus import FIGURES_NAME
from opencode_stats.desktop.figures import INTERFACE, PATH, values_of

if TYPE_CHECKING:
    from typing import Any

    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(280, func_only=True)]

PROPERTIES = "org.freedesktop.DBus.Properties"
SECRET = "periwinkle"
HOOK = """
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith("OPENCODE_STATS_")}
with open(sys.argv[1], "a", encoding="utf-8") as file:
    file.write(json.dumps({"env": told, "stdin": json.load(sys.stdin)}) + "\\n")
"""


def on_the_bus(panel: Party) -> dict[str, Any]:
    reply = panel.call(FIGURES_NAME, PATH, PROPERTIES, "GetAll", "s", INTERFACE)
    assert reply.signature == "a{sv}", reply.error_name
    return {name: variant.value for name, variant in reply.body[0].items()}


def test_what_opencode_asks_and_that_it_has_finished_is_told_once_and_no_word_of_it(on_stage: Stage) -> None:
    home, exporter, kept = on_stage.home, on_stage.exporter, on_stage.home.root / "kept"
    exporter.succeed("config", "set", "notify_minimum_turn_s", "0")
    exporter.succeed("config", "set", "on_attention", json.dumps([sys.executable, "-c", HOOK, str(kept)]))
    exporter.succeed("config", "set", "dbus", "true")

    def heard() -> list[dict[str, Any]]:
        return [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []

    # Where systemd has it: nothing in the environment names this bus.
    with (
        session_bus(home.root / "runtime") as address,
        closing(Server(address, "body", "body-markup")) as desktop,
        closing(Party(address)) as panel,
    ):
        with exporter.daemon(), serving(home) as server:
            conversation = server.conversation(home.project)
            server.prompt_async(home.project, conversation, f"SCENARIO:permission SECRET:{SECRET}")
            # The first prompt after its start: OpenCode has much to load.
            requests = eventually(lambda: server.requests(home.project, "permission"), timeout_s=90, what="a request")
            (request,) = requests
            eventually(lambda: desktop.open, timeout_s=60, what="the permission's notification")
            asked = [one.title for one in desktop.open.values()]
            server.permit(home.project, request["id"])
            eventually(lambda: len(desktop.got) == 2, timeout_s=60, what="that it has finished")
            eventually(lambda: len(heard()) == 2, timeout_s=60, what="the command, twice")
            document = exporter.snapshot()

            def same() -> dict[str, Any]:
                found = on_the_bus(panel)
                assert found == values_of(home.stats_file.read_bytes())
                return found

            figures = eventually(same, what="the same figures on the bus as in the file")
        with exporter.daemon():
            # The next exporter finds the finished turn in its ledger, and knows that it was told.
            again = exporter.snapshot()

    assert asked == ["OpenCode asks for permission"]
    assert [one.title for one in desktop.got] == ["OpenCode asks for permission", "OpenCode has finished"]
    assert [one.title for one in desktop.open.values()] == ["OpenCode has finished"]
    assert {one.body.partition(",")[0] for one in desktop.got} == {str(home.project)}
    assert [one["stdin"]["kind"] for one in heard()] == ["permission", "finished"]
    assert [item["kind"] for item in document["attention"]] == ["finished"]
    assert [item["id"] for item in again["attention"]] == [item["id"] for item in document["attention"]]
    assert (figures["TotalTokens"], figures["Attention"]) == (document["total"]["totalTokens"], ["finished"])
    assert figures["TotalTokens"] > 0
    told = kept.read_text("utf-8") + "".join(f"{one.title}{one.body}{one.hints}" for one in desktop.got)
    assert SECRET not in told
