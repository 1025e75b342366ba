"""A client of OpenCode's HTTP interface (``GET /doc`` of a server lists it), as far as the tests need it."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER_S = 90.0
"""How long one call may take: a blocking prompt lasts as long as the conversation it starts."""


class Client:
    """Talks to one server. Every call names the directory it is about, as OpenCode's own clients do."""

    def __init__(self, url: str) -> None:
        self._url = url
        # No proxy from the environment: the server is on loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, directory: Path | None = None, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """One call; None where the answer is empty.

        Raises:
            urllib.error.HTTPError: the server refused.
        """
        query = f"?directory={quote(str(directory))}" if directory else ""
        document = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._url + path + query, document, {"Content-Type": "application/json"}, method=method
        )
        with self._opener.open(request, timeout=_ANSWER_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def conversation(self, directory: Path) -> str:
        """Create a conversation; gives its id."""
        return str(self.call("POST", "/session", directory, {})["id"])

    def prompt(self, directory: Path, conversation: str, text: str, *, model: str = "mock/mock-1") -> dict[str, Any]:
        """Send a prompt and wait for the end of the turn; gives its last message, errors included."""
        answer: dict[str, Any] = self.call("POST", f"/session/{conversation}/message", directory, _prompt(text, model))
        return answer

    def prompt_async(self, directory: Path, conversation: str, text: str, *, model: str = "mock/mock-1") -> None:
        """Send a prompt and don't wait."""
        self.call("POST", f"/session/{conversation}/prompt_async", directory, _prompt(text, model))

    def ask(self, directory: Path, text: str, *, model: str = "mock/mock-1") -> str:
        """Create a conversation, send one prompt and wait for the end of its turn; gives the conversation's id."""
        conversation = self.conversation(directory)
        self.prompt(directory, conversation, text, model=model)
        return conversation

    def busy(self, directory: Path) -> dict[str, Any]:
        """The conversations that are not idle, with their status."""
        status: dict[str, Any] = self.call("GET", "/session/status", directory)
        return status

    def wait_idle(self, directory: Path, *, timeout_s: float = 60.0) -> None:
        """Wait until no conversation of this directory works."""
        eventually(lambda: not self.busy(directory), timeout_s=timeout_s, what="the conversations to be idle")

    def abort(self, directory: Path, conversation: str) -> None:
        """Stop a turn, as Escape does in the TUI."""
        self.call("POST", f"/session/{conversation}/abort", directory)

    def requests(self, directory: Path, kind: str) -> list[dict[str, Any]]:
        """What OpenCode asks its user at the moment; ``kind`` is ``permission`` or ``question``."""
        asked: list[dict[str, Any]] = self.call("GET", f"/{kind}", directory)
        return asked

    def permit(self, directory: Path, request: str, reply: str = "once") -> None:
        """Answer a permission request: ``once``, ``always`` or ``reject``."""
        self.call("POST", f"/permission/{request}/reply", directory, {"reply": reply})

    def answer(self, directory: Path, request: str, label: str) -> None:
        """Answer a question."""
        self.call("POST", f"/question/{request}/reply", directory, {"answers": [[label]]})

    def fork(self, directory: Path, conversation: str) -> str:
        """Copy a conversation; gives the copy's id."""
        return str(self.call("POST", f"/session/{conversation}/fork", directory, {})["id"])

    def compact(self, directory: Path, conversation: str, *, model: str = "mock/mock-1") -> None:
        """Summarize a conversation."""
        provider, name = model.split("/")
        self.call("POST", f"/session/{conversation}/summarize", directory, {"providerID": provider, "modelID": name})

    def delete(self, directory: Path, conversation: str) -> None:
        """Delete a conversation and its children."""
        self.call("DELETE", f"/session/{conversation}", directory)

    def children(self, directory: Path, conversation: str) -> list[str]:
        """The conversations of a conversation's sub-agents."""
        return [str(child["id"]) for child in self.call("GET", f"/session/{conversation}/children", directory)]

    def dispose(self, directory: Path) -> None:
        """Stop serving a directory until its next request."""
        self.call("POST", "/instance/dispose", directory)


def _prompt(text: str, model: str) -> dict[str, Any]:
    provider, name = model.split("/")
    return {"model": {"providerID": provider, "modelID": name}, "parts": [{"type": "text", "text": text}]}
