import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mock_provider import MockProvider
from tests.mock_provider.charges import read_charges
from tests.mock_provider.chat import TITLE_AGENT


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "charges.jsonl"


@pytest.fixture
def provider(log: Path) -> Iterator[MockProvider]:
    with MockProvider(log=log) as provider:
        yield provider


def post(port: int, prompt: str, *, stream: bool = True, system: str = "You are opencode.") -> tuple[int, str]:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
    body = json.dumps({"model": "mock-1", "stream": stream, "messages": messages})
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("POST", "/v1/chat/completions", body, {"x-session-id": "ses_1"})
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()


def events(stream: str) -> list[str]:
    return [event.removeprefix("data: ") for event in stream.split("\n\n") if event]


def test_a_stream_is_charged_when_all_of_it_was_sent(provider: MockProvider) -> None:
    status, stream = post(provider.port, "SCENARIO:hello")

    (charge,) = provider.charges.wait_for(lambda charges: len(charges) == 1)
    *_, usage, done = events(stream)
    assert (status, done) == (200, "[DONE]")
    assert charge.usage is not None
    assert json.loads(usage)["usage"] == charge.usage.wire()
    assert (charge.request, charge.kind, charge.outcome, charge.conversation) == (1, "conversation", "sent", "ses_1")


def test_a_whole_answer_is_charged_the_same(provider: MockProvider) -> None:
    post(provider.port, "SCENARIO:hello")
    status, text = post(provider.port, "SCENARIO:hello", stream=False)

    first, second = provider.charges.wait_for(lambda charges: len(charges) == 2)
    assert status == 200
    assert first.usage is not None
    assert json.loads(text)["usage"] == first.usage.wire()
    assert first.usage == second.usage


def test_the_log_file_holds_what_the_log_holds(provider: MockProvider, log: Path) -> None:
    post(provider.port, "SCENARIO:hello")
    post(provider.port, "SCENARIO:refused")
    post(provider.port, "anything", system=TITLE_AGENT)

    charges = provider.charges.wait_for(lambda charges: len(charges) == 3)
    assert [charge.kind for charge in charges] == ["conversation", "conversation", "title"]
    assert read_charges(log.read_text()) == charges


def test_failures_are_answered_as_http_errors_and_charge_nothing(provider: MockProvider) -> None:
    statuses = [post(provider.port, "SCENARIO:throttled")[0] for _ in range(3)]

    charges = provider.charges.wait_for(lambda charges: len(charges) == 3)
    assert statuses == [429, 429, 200]
    assert [charge.outcome for charge in charges] == ["refused", "refused", "sent"]
    assert [charge.usage is None for charge in charges] == [True, True, False]


def test_an_unfinished_stream_charges_nothing(provider: MockProvider) -> None:
    _, stream = post(provider.port, "SCENARIO:unfinished")

    (charge,) = provider.charges.wait_for(lambda charges: len(charges) == 1)
    assert events(stream)[-1] == "[DONE]"
    assert (charge.outcome, charge.usage) == ("cut", None)


def test_a_torn_stream_breaks_the_connection(provider: MockProvider) -> None:
    with pytest.raises(http.client.IncompleteRead):
        post(provider.port, "SCENARIO:reset")

    (charge,) = provider.charges.wait_for(lambda charges: len(charges) == 1)
    assert (charge.outcome, charge.usage) == ("cut", None)


def test_a_gate_holds_the_stream_until_it_is_opened(provider: MockProvider) -> None:
    answers: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: answers.append(post(provider.port, "SCENARIO:held GATE:mine")))
    asking.start()

    provider.gates.wait_reached("mine")
    assert provider.charges.all() == []
    client = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    client.request("POST", "/gates/mine")
    assert client.getresponse().status == 200
    client.close()
    asking.join(10)

    (charge,) = provider.charges.wait_for(lambda charges: len(charges) == 1)
    assert (charge.outcome, answers[0][0]) == ("sent", 200)


def test_a_client_that_leaves_at_a_gate_is_charged_nothing(provider: MockProvider) -> None:
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "SCENARIO:held"}]})
    with socket.create_connection(("127.0.0.1", provider.port), timeout=10) as client:
        client.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        provider.gates.wait_reached("held")

    (charge,) = provider.charges.wait_for(lambda charges: len(charges) == 1)
    assert (charge.outcome, charge.usage) == ("aborted", None)


def test_what_is_no_chat_request_is_a_400(provider: MockProvider) -> None:
    client = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    client.request("POST", "/v1/chat/completions", "{}")
    answer = client.getresponse()

    assert answer.status == 400
    client.close()
    assert provider.charges.all() == []


def test_the_models_are_listed(provider: MockProvider) -> None:
    client = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    client.request("GET", "/v1/models")
    models = json.loads(client.getresponse().read())["data"]
    client.close()

    assert [model["id"] for model in models] == ["mock-1", "mock-2", "mock-small"]


@pytest.mark.processes
def test_as_a_command_it_prints_its_port_and_ends_on_sigterm(log: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.mock_provider", "--port", "0", "--log", str(log)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        status, _ = post(port, "SCENARIO:hello")
        process.terminate()
        code = process.wait(10)

    assert (status, code) == (200, 0)
    assert len(read_charges(log.read_text())) == 1
