"""Daemon or OpenCode gone in the middle: nothing missing, nothing twice."""

import signal

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books, assert_valid, run_of
from tests.e2e.rig.opencode import running, serving
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


def test_what_happened_while_no_daemon_ran_is_counted_once(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    with serving(home) as server:
        with exporter.daemon() as first:
            server.ask(home.project, "SCENARIO:tools")
            first.send(signal.SIGTERM)
            assert first.wait().returncode == 0
        before = on_stage.published
        server.ask(home.project, "SCENARIO:asks-child")
        assert on_stage.published == before
        for _ in range(2):
            with exporter.daemon():
                # Ready means published: a reader needs no second look.
                document = on_stage.published
                assert_section_equals_books(document["session"], on_stage.charges)
                assert_all_equal_books(document, on_stage.charges)
                assert run_of(document, server.program.pid)["state"] == "idle"


def test_a_daemon_killed_while_opencode_works_misses_nothing(on_stage: Stage) -> None:
    home, exporter, gates = on_stage.home, on_stage.exporter, on_stage.provider.gates
    with serving(home) as server:
        with exporter.daemon() as daemon:
            conversation = server.conversation(home.project)
            server.prompt_async(home.project, conversation, "SCENARIO:tool-then-held GATE:middle")
            gates.wait_reached("middle")
            daemon.send(signal.SIGKILL)
            daemon.wait()
        gates.open("middle")
        server.wait_idle(home.project)
        with exporter.daemon():
            document = on_stage.published

    assert_valid(document)
    assert_all_equal_books(document, on_stage.charges)


def test_opencode_killed_in_mid_stream_ends_its_run_and_keeps_what_was_complete(on_stage: Stage) -> None:
    home, exporter, provider = on_stage.home, on_stage.exporter, on_stage.provider
    with exporter.daemon(), running(home, "SCENARIO:tool-then-held GATE:never") as opencode:
        provider.gates.wait_reached("never")
        eventually(lambda: run_of(on_stage.published, opencode.pid)["state"] == "working", what="the run to work")
        opencode.send(signal.SIGKILL)
        opencode.wait()
        eventually(lambda: on_stage.published["session"]["state"] == "ended", timeout_s=5, what="the run to end")
        document = exporter.snapshot()

    charges = provider.charges.wait_for(lambda charges: len(charges) == 3)
    assert sorted(charge.outcome for charge in charges) == ["aborted", "sent", "sent"]
    assert_valid(document)
    assert_section_equals_books(document["session"], charges)
    assert_all_equal_books(document, charges)
    assert (document["session"]["live"], document["sessions"]) == (False, [])


def test_opencode_killed_while_no_daemon_ran_is_found_gone_later(on_stage: Stage) -> None:
    home, provider = on_stage.home, on_stage.provider
    with running(home, "SCENARIO:tool-then-held GATE:never") as opencode:
        provider.gates.wait_reached("never")
        opencode.send(signal.SIGKILL)
        opencode.wait()

    document = on_stage.exporter.snapshot()

    charges = provider.charges.wait_for(lambda charges: len(charges) == 3)
    assert_all_equal_books(document, charges)
    assert (document["session"]["state"], document["sessions"]) == ("ended", [])


def test_sigterm_ends_a_serving_opencode_without_a_word_and_the_run_ends_all_the_same(on_stage: Stage) -> None:
    home = on_stage.home
    with on_stage.exporter.daemon():
        with serving(home) as server:
            server.ask(home.project, "SCENARIO:hello")
            server.program.send(signal.SIGTERM)
            server.program.wait()
        eventually(lambda: on_stage.published["session"]["state"] == "ended", timeout_s=5, what="the run to end")

    assert_all_equal_books(on_stage.published, on_stage.charges)
