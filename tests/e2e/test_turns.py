"""How turns go and end, on one server with one daemon: states, attention, errors, retries, aborts, hidden requests.

The stage is shared, and every test leaves all conversations idle: it compares what was added in its time.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.books import counted, of_conversations
from tests.e2e.rig.opencode import Server, serving
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120, func_only=True)]


@pytest.fixture(scope="module")
def server(shared_stage: Stage) -> Iterator[Server]:
    # The question tool is for clients that can answer; this client can.
    with (
        shared_stage.exporter.daemon(),
        serving(shared_stage.home, extra={"OPENCODE_ENABLE_QUESTION_TOOL": "1"}) as server,
    ):
        server.ask(shared_stage.home.project, "SCENARIO:hello")
        yield server


@pytest.fixture
def turns(shared_stage: Stage, server: Server) -> Turns:
    return Turns(shared_stage, server, shared_stage.exporter.snapshot(), len(shared_stage.charges))


def test_a_run_works_while_its_model_does_and_is_idle_afterwards(turns: Turns) -> None:
    began_ms = time.time_ns() // 1_000_000
    conversation = turns.start("SCENARIO:held GATE:idle-flip")
    turns.stage.provider.gates.wait_reached("idle-flip")
    working = turns.wait_state("working")
    turns.stage.provider.gates.open("idle-flip")
    idle = turns.settled()

    assert (working["session"]["isIdle"], working["session"]["idleSince"]) == (False, None)
    assert idle["session"]["isIdle"] is True
    assert working["session"]["lastActivity"] <= idle["session"]["idleSince"] <= idle["exporter"]["generatedAt"]
    assert turns.attention_of(idle, conversation) == ["finished"]
    (item,) = (item for item in idle["attention"] if item["conversation"] == conversation)
    assert 0 < item["turnMs"] <= idle["session"]["idleSince"] - began_ms
    pids = idle["session"]["pids"]
    assert pids[0] == idle["session"]["pid"]
    assert os.getpid() in pids
    assert item["pids"] == pids


def test_a_busy_sub_agent_keeps_its_run_working_and_asks_for_no_attention(turns: Turns) -> None:
    conversation = turns.start("SCENARIO:asks-held-child GATE:sub-agent")
    turns.stage.provider.gates.wait_reached("sub-agent")
    turns.wait_state("working")
    (child,) = {charge.conversation for charge in turns.charges_of(conversation)} - {conversation} or {None}
    turns.stage.provider.gates.open("sub-agent")
    document = turns.settled()

    assert child is None, "the child's answer is held, so nothing of it is charged yet"
    children = {charge.conversation for charge in turns.charges_of(conversation)} - {conversation}
    assert len(children) == 1
    assert turns.attention_of(document, conversation) == ["finished"]
    assert turns.attention_of(document, str(children.pop())) == []


def test_a_permission_asked_is_attention_until_it_is_answered(turns: Turns) -> None:
    project = turns.stage.home.project
    conversation = turns.start("SCENARIO:permission SECRET:granted")
    (asked,) = eventually(lambda: turns.server.requests(project, "permission"), what="a permission request")
    waiting = turns.wait_state("waiting")
    turns.server.permit(project, asked["id"])
    document = turns.settled()

    assert turns.attention_of(waiting, conversation) == ["permission"]
    assert turns.attention_of(document, conversation) == ["finished"]
    assert (project / "asked-granted").exists()


def test_a_permission_refused_ends_the_turn(turns: Turns) -> None:
    project = turns.stage.home.project
    conversation = turns.start("SCENARIO:permission SECRET:refused")
    (asked,) = eventually(lambda: turns.server.requests(project, "permission"), what="a permission request")
    turns.wait_state("waiting")
    turns.server.permit(project, asked["id"], "reject")
    document = turns.settled()

    assert "permission" not in turns.attention_of(document, conversation)
    assert not (project / "asked-refused").exists()


def test_a_question_asked_is_attention_until_it_is_answered(turns: Turns) -> None:
    project = turns.stage.home.project
    conversation = turns.start("SCENARIO:question")
    (asked,) = eventually(lambda: turns.server.requests(project, "question"), what="a question")
    waiting = turns.wait_state("waiting")
    turns.server.answer(project, asked["id"], "A")
    document = turns.settled()

    assert turns.attention_of(waiting, conversation) == ["question"]
    assert turns.attention_of(document, conversation) == ["finished"]


def test_an_aborted_turn_charges_nothing_and_asks_for_nothing(turns: Turns) -> None:
    conversation = turns.start("SCENARIO:tool-then-held GATE:aborted")
    turns.stage.provider.gates.wait_reached("aborted")
    turns.server.abort(turns.stage.home.project, conversation)
    turns.stage.provider.charges.wait_for(
        lambda charges: any(charge.outcome == "aborted" for charge in of_conversations(charges, conversation))
    )
    document = turns.settled()

    assert len(counted(turns.charges_of(conversation))) == 1
    assert turns.attention_of(document, conversation) == []


def test_a_refused_request_ends_in_an_error_once(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:refused")
    document = turns.settled()

    assert counted(turns.charges_of(conversation)) == []
    assert turns.attention_of(document, conversation) == ["error"]


@pytest.mark.parametrize(("scenario", "refusals"), [("throttled", 2), ("failing", 1)])
def test_what_is_tried_again_counts_when_it_succeeds(turns: Turns, scenario: str, refusals: int) -> None:
    conversation = turns.ask(f"SCENARIO:{scenario}")
    document = turns.settled()

    outcomes = [charge.outcome for charge in turns.charges_of(conversation) if charge.kind == "conversation"]
    assert outcomes == ["refused"] * refusals + ["sent"]
    assert turns.attention_of(document, conversation) == ["finished"]


def test_an_abort_while_waiting_to_try_again_leaves_the_run_idle(turns: Turns) -> None:
    conversation = turns.start("SCENARIO:always-failing")
    turns.stage.provider.charges.wait_for(
        lambda charges: any(charge.status == 500 for charge in of_conversations(charges, conversation))
    )
    turns.server.abort(turns.stage.home.project, conversation)
    turns.settled()

    assert counted(turns.charges_of(conversation)) == []


@pytest.mark.parametrize("scenario", ["unfinished", "reset"])
def test_a_stream_cut_off_counts_only_what_was_charged(turns: Turns, scenario: str) -> None:
    conversation = turns.ask(f"SCENARIO:{scenario}")
    turns.settled()

    outcomes = [charge.outcome for charge in turns.charges_of(conversation) if charge.kind == "conversation"]
    assert outcomes == ["cut", "sent"]


@pytest.mark.parametrize(("scenario", "answers"), [("no-usage", 0), ("length", 1)])
def test_other_endings_count_what_they_say(turns: Turns, scenario: str, answers: int) -> None:
    conversation = turns.ask(f"SCENARIO:{scenario}")
    turns.settled()

    assert len(counted(turns.charges_of(conversation))) == answers


def test_a_compaction_counts_and_asks_for_no_attention_of_its_own(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:overflow")
    document = turns.settled()

    kinds = [charge.kind for charge in counted(turns.charges_of(conversation))]
    assert kinds == ["conversation", "compaction", "conversation"]
    assert turns.attention_of(document, conversation) == ["finished"]


def test_a_compaction_on_demand_counts(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:tools")
    before = turns.settled()["attention"]
    turns.server.compact(turns.stage.home.project, conversation)
    document = turns.settled()

    # It is the same item as before: the compaction ends no turn.
    assert document["attention"] == before
    assert turns.attention_of(document, conversation) == ["finished"]
    assert [charge.kind for charge in counted(turns.charges_of(conversation))][-1] == "compaction"


def test_tokens_written_to_a_cache_are_a_kind_of_their_own(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:cached", model="mockcache/mock-1")
    document = turns.settled()

    assert [(charge.tokens or {})["cacheWrite"] for charge in counted(turns.charges_of(conversation))] == [1_500, 300]
    assert document["session"]["models"]["mockcache/mock-1"]["tokens"]["cacheWrite"] >= 1_800


def test_a_vendor_s_own_model_goes_by_its_bare_name(turns: Turns) -> None:
    turns.ask("SCENARIO:hello", model="anthropic/claude-mock")
    document = turns.settled()

    assert document["total"]["tokensByModel"]["claude-mock"] > 0


def test_a_conversation_may_change_its_model(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:hello")
    turns.server.prompt(turns.stage.home.project, conversation, "SCENARIO:hello", model="mock/mock-2")
    turns.settled()

    assert [charge.model for charge in counted(turns.charges_of(conversation))] == ["mock-1", "mock-2"]


def test_a_fork_s_copies_are_not_usage_but_its_own_answers_are(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:tools")
    copy = turns.server.fork(turns.stage.home.project, conversation)
    turns.started.append(copy)
    turns.settled()
    turns.server.prompt(turns.stage.home.project, copy, "SCENARIO:hello")
    turns.settled()

    assert len(counted(turns.charges_of(copy))) == 1


def test_a_sub_agent_deleted_at_work_asks_for_nothing(turns: Turns) -> None:
    project = turns.stage.home.project
    conversation = turns.start("SCENARIO:asks-held-child GATE:deleted-child")
    turns.stage.provider.gates.wait_reached("deleted-child")
    (child,) = turns.server.children(project, conversation)
    turns.server.delete(project, child)
    turns.stage.provider.gates.open("deleted-child")
    document = turns.settled()

    assert turns.attention_of(document, child) == []
    assert turns.attention_of(document, conversation) == ["finished"]


def test_a_deleted_conversation_stays_in_the_figures(turns: Turns) -> None:
    conversation = turns.ask("SCENARIO:hello")
    turns.server.delete(turns.stage.home.project, conversation)

    turns.settled()


def test_the_provider_s_longest_silence_is_work(turns: Turns) -> None:
    """Nothing arrives while a stream is held: no event is no sign of idleness."""
    turns.start("SCENARIO:held GATE:silence")
    turns.stage.provider.gates.wait_reached("silence")
    turns.wait_state("working")

    assert turns.stage.exporter.snapshot()["session"]["state"] == "working"

    turns.stage.provider.gates.open("silence")
    turns.settled()
