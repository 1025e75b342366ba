import json

import pytest
from tests.mock_provider.catalogue import CATALOGUE
from tests.mock_provider.chat import COMPACTION_AGENT, TITLE_AGENT, ChatRequest, read_request
from tests.mock_provider.reply import Answer, Finish, Hold, Refusal, Send, compose, script
from tests.mock_provider.scenario import Scenario, Step, ToolCall
from tests.mock_provider.usage import COMPACTION, TITLE, Usage, derived

SYSTEM = "You are opencode.\n<env>\n  Working directory: /scratch/project\n  Platform: linux\n</env>"


def user(text: str) -> dict[str, object]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, object]:
    return {"role": "assistant", "content": text}


def request_of(*messages: dict[str, object], system: str = SYSTEM, **body: object) -> ChatRequest:
    document = {"model": "mock-1", "stream": True, "messages": [{"role": "system", "content": system}, *messages]}
    return read_request(
        {**document, **body}, {"x-session-id": "ses_1", "x-parent-session-id": "ses_0", "authorization": "Bearer mock"}
    )


def answer_of(request: ChatRequest, step: Step, attempt: int = 0) -> Answer:
    answer = compose(request, step, attempt=attempt, number=7)
    assert isinstance(answer, Answer)
    return answer


def chunks(answer: Answer) -> list[dict[str, object]]:
    return [action.chunk for action in answer.actions if isinstance(action, Send)]


def test_a_request_tells_its_conversation_directory_and_tools() -> None:
    tools = [{"type": "function", "function": {"name": "bash"}}]

    request = request_of(user("hi"), tools=tools)

    assert (request.conversation, request.parent, request.account) == ("ses_1", "ses_0", "mock")
    assert request.directory == "/scratch/project"
    assert frozenset({"bash"}) == request.tools


@pytest.mark.parametrize(
    ("system", "kind"),
    [(SYSTEM, "conversation"), (TITLE_AGENT + " More.", "title"), (COMPACTION_AGENT + " More.", "compaction")],
)
def test_the_hidden_agents_are_known_by_their_system_prompt(system: str, kind: str) -> None:
    assert kind == request_of(user("hi"), system=system).kind


@pytest.mark.parametrize("body", [{}, {"model": "m"}, {"model": "m", "messages": []}, {"model": 1, "messages": [1]}])
def test_what_is_no_chat_request_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="chat request"):
        read_request(body, {})


def test_the_step_counts_the_answers_since_the_prompt_that_names_a_scenario() -> None:
    request = request_of(
        user("SCENARIO:first"), said("a"), user("SCENARIO:second"), said("b"), user("go on"), said("c")
    )

    assert (request.scenario, request.step) == ("second", 2)


def test_without_a_scenario_the_last_prompt_counts() -> None:
    request = request_of(user("one"), said("a"), user("two"), said("b"))

    assert (request.scenario, request.prompt, request.step) == (None, "two", 1)


def test_a_prompt_in_parts_is_read_as_one_text() -> None:
    message: dict[str, object] = {
        "role": "user",
        "content": [{"type": "text", "text": "SCENARIO:a"}, {"type": "text", "text": "GATE:g"}],
    }

    request = request_of(message)

    assert (request.scenario, request.gate) == ("a", "g")


def test_usage_becomes_five_disjoint_kinds_whose_sum_is_the_whole() -> None:
    usage = Usage(prompt=1_000, cached=200, written=50, completion=60, reasoning=20)

    assert usage.tokens() == {"input": 750, "output": 40, "reasoning": 20, "cacheRead": 200, "cacheWrite": 50}
    assert sum(usage.tokens().values()) == usage.wire()["total_tokens"]


@pytest.mark.parametrize(
    "parts",
    [
        {"prompt": 1, "completion": 0, "cached": 2},
        {"prompt": 1, "completion": 0, "reasoning": 1},
        {"prompt": -1, "completion": 0},
    ],
)
def test_usage_whose_parts_do_not_fit_is_refused(parts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"part|negative"):
        Usage(**parts)


def test_a_derived_price_is_a_function_of_the_request_and_grows_with_it() -> None:
    first, again = request_of(user("hi")), request_of(user("hi"))
    later = request_of(user("hi"), said("a"))

    assert derived(first) == derived(again)
    assert derived(later).prompt > derived(first).prompt
    assert derived(later).completion > derived(first).completion


def test_titles_and_compactions_have_a_price_of_their_own() -> None:
    title = request_of(user("SCENARIO:tools"), system=TITLE_AGENT)
    compaction = request_of(user("SCENARIO:tools"), system=COMPACTION_AGENT)

    assert answer_of(title, script(title, CATALOGUE)).usage == TITLE
    assert answer_of(compaction, script(compaction, CATALOGUE)).usage == COMPACTION


def test_a_whole_stream_ends_with_reason_then_usage_then_done() -> None:
    answer = answer_of(request_of(user("hi")), Step(text="Good day to you"))

    *words, stop, usage = chunks(answer)
    assert [chunk["choices"][0]["delta"].get("content") for chunk in words] == ["", "Good ", "day ", "to ", "you"]  # type: ignore[index]
    assert stop["choices"][0]["finish_reason"] == "stop"  # type: ignore[index]
    assert answer.usage is not None
    assert usage["usage"] == answer.usage.wire()
    assert answer.actions[-1] == Finish()


def test_tool_calls_are_filled_in_and_end_with_their_reason() -> None:
    step = Step(tools=(ToolCall("write", {"filePath": "{directory}/a", "lines": ["{secret}", 1]}),))
    answer = answer_of(request_of(user("SECRET:s3")), step)

    (call,) = (
        delta["tool_calls"][0]
        for chunk in chunks(answer)
        for delta in [choice["delta"] for choice in chunk["choices"]]  # type: ignore[attr-defined]
        if "tool_calls" in delta
    )
    assert json.loads(call["function"]["arguments"]) == {"filePath": "/scratch/project/a", "lines": ["s3", 1]}
    assert answer.document["choices"][0]["finish_reason"] == "tool_calls"


def test_a_gate_holds_after_the_first_word_and_the_prompt_may_name_it() -> None:
    step = Step(text="one two", gate="held")

    assert Hold("held") in answer_of(request_of(user("hi")), step).actions
    assert answer_of(request_of(user("GATE:mine")), step).actions[2] == Hold("mine")


def test_failures_come_first_then_the_answer() -> None:
    step = Step(failures=(429, 500))

    answers = [compose(request_of(user("hi")), step, attempt=attempt, number=1) for attempt in range(3)]

    assert [answer.status if isinstance(answer, Refusal) else 200 for answer in answers] == [429, 500, 200]


@pytest.mark.parametrize("ending", ["unfinished", "reset"])
def test_a_stream_cut_off_charges_nothing_and_comes_whole_when_asked_again(ending: str) -> None:
    step = Step(text="one two", ending=ending)  # type: ignore[arg-type]

    cut, again = (answer_of(request_of(user("hi")), step, attempt) for attempt in (0, 1))

    assert cut.usage is None
    assert all(choice["finish_reason"] is None for chunk in chunks(cut) for choice in chunk["choices"])  # type: ignore[attr-defined]
    assert again.usage is not None


def test_after_its_last_step_a_scenario_says_done() -> None:
    scenario = Scenario((Step(text="only"),))

    assert [scenario.step(number).text for number in (0, 1)] == ["only", "Done."]


def test_twenty_steps_are_twenty_and_the_last_one_calls_no_tool() -> None:
    steps = CATALOGUE["twenty-steps"].steps

    assert len(steps) == 20
    assert [bool(step.tools) for step in steps] == [True] * 19 + [False]


def test_an_unknown_scenario_is_said_in_the_answer() -> None:
    request = request_of(user("SCENARIO:nowhere"))

    assert script(request, CATALOGUE).text == "There is no scenario nowhere."
