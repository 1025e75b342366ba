"""The engine of OpenCode 2.x inside of 1.18 (``/api``): no event tells of it, its tables do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.checks import assert_valid
from tests.e2e.exact import audited, causes, counts
from tests.e2e.rig.books import counted, expected, figures, of_conversations
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.rig.client import Client
    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150, func_only=True)]


def begin(server: Client, directory: Path) -> str:
    """Create a conversation of the 2.x engine; gives its id."""
    wanted = {"model": {"id": "mock-1", "providerID": "mock"}, "location": {"directory": str(directory)}}
    return str(server.call("POST", "/api/session", body=wanted)["data"]["id"])


def prompt(server: Client, conversation: str, text: str) -> str:
    """Send a prompt through the 2.x engine and wait for the end of its turn; gives the prompt's id."""
    sent = send(server, conversation, text)
    wait_answered(server, conversation, sent)
    return sent


def send(server: Client, conversation: str, text: str) -> str:
    """Send a prompt and don't wait; gives its id."""
    sent = server.call("POST", f"/api/session/{conversation}/prompt", body={"prompt": {"text": text}})
    return str(sent["data"]["id"])


def wait_answered(server: Client, conversation: str, sent: str) -> None:
    """Wait for the end of a prompt's turn: ``/api/session/:id/wait`` is not built yet in 1.18.33."""

    def answered() -> bool:
        told = server.call("GET", f"/api/session/{conversation}/message")["data"]  # newest first
        running = server.call("GET", "/api/session/active")["data"]
        answers = [message for message in told if message["id"] > sent and message["type"] == "assistant"]
        return bool(answers) and conversation not in running

    eventually(answered, timeout_s=60, what="the end of the turn")


def test_its_conversations_are_found_in_its_tables(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    with serving(home) as server:
        conversation = begin(server, home.project)
        prompt(server, conversation, "SCENARIO:hello")
        exporter.succeed("import")
        assert figures(on_stage.published["total"]) == expected(on_stage.charges)

        second = send(server, conversation, "SCENARIO:held GATE:half")
        on_stage.provider.gates.wait_reached("half")
        exporter.succeed("import")
        on_stage.provider.gates.open("half")
        wait_answered(server, conversation, second)
        exporter.succeed("import")
        first = on_stage.published
        assert len(counted(on_stage.charges)) == 2
        assert_valid(first)
        for section in ("daily", "total"):
            assert figures(first[section]) == expected(on_stage.charges)
        # OpenCode's own totals of these conversations are zero.
        audit = audited(exporter)
        assert audit["opencode"]["tokens"] == 0
        assert audit["opencode"]["causes"]["embedded"]["tokens"] == first["total"]["totalTokens"]
        assert causes(audit) == {}
        exporter.succeed("import")
        assert counts(first) == counts(on_stage.published)

        server.call("POST", f"/api/session/{conversation}/revert/stage", body={"messageID": second})
        server.call("POST", f"/api/session/{conversation}/revert/commit")
        left = server.call("GET", f"/api/session/{conversation}/message")["data"]
        assert [message["type"] for message in left] == ["user", "assistant", "user"]
        exporter.succeed("import")
        assert counts(first) == counts(on_stage.published)
        assert causes(audited(exporter)).keys() == {"reverted"}
        prompt(server, conversation, "SCENARIO:hello GATE:again")
        server.fork(home.project, conversation)
        exporter.succeed("import")
        assert figures(on_stage.published["total"]) == expected(on_stage.charges)
        audited(exporter)

        server.delete(home.project, conversation)
        before = on_stage.published
        exporter.succeed("import")
        assert counts(before) == counts(on_stage.published)
        assert causes(audited(exporter)).keys() == {"deleted"}


def test_a_daemon_finds_them_when_it_is_asked_and_when_opencode_ends(on_stage: Stage) -> None:
    """One conversation of the 2.x engine, and one that both worked in."""
    home, exporter = on_stage.home, on_stage.exporter

    def exact() -> bool:
        assert [figures(on_stage.published[name]) for name in ("daily", "total")] == [expected(on_stage.charges)] * 2
        return True

    with exporter.daemon():
        with serving(home) as server:
            both = server.ask(home.project, "SCENARIO:asks-child")
            prompt(server, both, "SCENARIO:hello GATE:embedded")
            prompt(server, begin(server, home.project), "SCENARIO:hello")
            exporter.snapshot()
            assert exact()
            audited(exporter)

            server.fork(home.project, both)
            prompt(server, both, "SCENARIO:hello GATE:last")
        eventually(exact, timeout_s=10, what="the daemon to look when OpenCode ended")
        audit = audited(exporter)

    assert len(counted(of_conversations(on_stage.charges, both))) == 3 + 2
    assert causes(audit).keys() == {"forks"}
    assert audit["importedOnly"]["messages"] == 3
