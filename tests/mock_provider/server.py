"""The HTTP shell around the pure provider: loopback only, one thread a request."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from tests.mock_provider.catalogue import CATALOGUE
from tests.mock_provider.charges import Charge, ChargeLog, Outcome
from tests.mock_provider.chat import ChatRequest, read_request
from tests.mock_provider.gates import Gates
from tests.mock_provider.reply import Answer, Finish, Hold, Pause, Refusal, Send, compose, script

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from tests.mock_provider.scenario import Scenario
    from tests.mock_provider.usage import Usage

_RETRY_AFTER_MS = 200
"""OpenCode honours ``retry-after-ms``; without it, its first wait is two seconds."""
_CLIENT_PATIENCE_S = 10
"""How long a connection may say nothing before its thread ends."""


class MockProvider:
    """A running provider; a context manager.

    Args:
        port: 0 takes a free one.
        log: where to append the charges, as lines of JSON.
        scenarios: what prompts may name.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        scenarios: Mapping[str, Scenario] = CATALOGUE,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.charges = ChargeLog(log)
        self.gates = Gates()
        self.scenarios = scenarios
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._requests = 0
        self._attempts: dict[tuple[str | None, str, str, int, int], int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mock-provider")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gates.open_all()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base address for an OpenAI-compatible client."""
        return f"http://127.0.0.1:{self.port}/v1"

    def number(self) -> int:
        """The next request's number, from 1."""
        with self._lock:
            self._requests += 1
            return self._requests

    def answer(self, request: ChatRequest, number: int) -> Answer | Refusal:
        """What to answer, given how often this very step was asked for before."""
        key = (request.conversation, request.kind, request.prompt, request.step, request.messages)
        with self._lock:
            attempt = self._attempts.get(key, 0)
            self._attempts[key] = attempt + 1
        return compose(request, script(request, self.scenarios), attempt=attempt, number=number)

    def enter(
        self, request: ChatRequest, number: int, outcome: Outcome, *, usage: Usage | None = None, status: int = 200
    ) -> None:
        """Write down what became of a request."""
        self.charges.add(
            Charge(
                request=number,
                kind=request.kind,
                model=request.model,
                outcome=outcome,
                conversation=request.conversation,
                parent=request.parent,
                account=request.account,
                at_ms=self._now_ms(),
                usage=usage,
                status=status,
            )
        )


def _handler(provider: MockProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(_Shell):
        pass

    Handler.provider = provider
    return Handler


class _Shell(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _CLIENT_PATIENCE_S
    provider: MockProvider

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Say nothing: the charges are the log."""

    def do_GET(self) -> None:  # the base class finds it by this name
        """List the models: whichever a scenario is asked of exists."""
        if self.path != "/v1/models":
            self._document(404, {"error": {"message": "not found"}})
            return
        models = [{"id": name, "object": "model", "owned_by": "mock"} for name in ("mock-1", "mock-2", "mock-small")]
        self._document(200, {"object": "list", "data": models})

    def do_POST(self) -> None:  # the same
        """Answer a chat request, or open a gate (``POST /gates/NAME``)."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/gates/"):
            self.provider.gates.open(self.path.removeprefix("/gates/"))
            self._document(200, {})
        elif self.path == "/v1/chat/completions":
            self._chat(body)
        else:
            self._document(404, {"error": {"message": "not found"}})

    def _chat(self, body: bytes) -> None:
        try:
            request = read_request(json.loads(body), {name.lower(): value for name, value in self.headers.items()})
        except ValueError as error:
            self._document(400, {"error": {"message": str(error)}})
            return
        number = self.provider.number()
        answer = self.provider.answer(request, number)
        if isinstance(answer, Refusal):
            self.provider.enter(request, number, "refused", status=answer.status)
            self._document(answer.status, answer.document)
            return
        outcome: Outcome = "aborted"
        try:
            outcome = self._stream(answer) if request.stream else self._whole(answer)
        except OSError:
            # The client closed its end while we were writing: that is what an abort looks like from here.
            self.close_connection = True
        self.provider.enter(request, number, outcome, usage=answer.usage if outcome == "sent" else None)

    def _whole(self, answer: Answer) -> Outcome:
        self._document(200, answer.document)
        return "sent" if answer.usage else "no-usage"

    def _stream(self, answer: Answer) -> Outcome:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        finished = False
        for action in answer.actions:
            match action:
                case Send(chunk):
                    self._event(json.dumps(chunk))
                    finished = finished or any(choice["finish_reason"] for choice in chunk["choices"])
                case Hold(gate):
                    if not self.provider.gates.pass_through(gate, client_is_there=self._client_is_there):
                        return "aborted"
                case Pause(duration_ms):
                    time.sleep(duration_ms / 1000)
                case Finish(torn=True):
                    self.wfile.write(b"400\r\ndata: {")  # announces 1024 bytes and gives seven
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return "cut"
                case Finish():
                    self._event("[DONE]")
                    self.wfile.write(b"0\r\n\r\n")
        if not finished:
            return "cut"
        return "sent" if answer.usage else "no-usage"

    def _event(self, text: str) -> None:
        event = f"data: {text}\n\n".encode()
        self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        self.wfile.flush()

    def _document(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if status in (429, 500):
            self.send_header("retry-after-ms", str(_RETRY_AFTER_MS))
        self.end_headers()
        self.wfile.write(body)

    def _client_is_there(self) -> bool:
        """Whether the client still holds its end: a closed one is readable and has nothing to read."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable:
            return True
        try:
            return len(self.connection.recv(1, socket.MSG_PEEK)) > 0
        except OSError:
            return False
