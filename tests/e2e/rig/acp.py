"""OpenCode as an editor drives it: the Agent Client Protocol, JSON-RPC in lines over standard streams."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.e2e.rig.opencode import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.rig.home import Home

_END_S = 10.0


class Agent:
    """A running ``opencode acp``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._calls = 0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One call; gives its result. What the agent says meanwhile is passed over.

        Raises:
            RuntimeError: the agent answered with an error, or ended.
        """
        self._calls += 1
        request = {"jsonrpc": "2.0", "id": self._calls, "method": method, "params": parameters}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            message = json.loads(line)
            if message.get("id") == self._calls and "method" not in message:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
        raise RuntimeError(f"opencode acp ended during {method}")

    def ask(self, home: Home, text: str) -> dict[str, Any]:
        """Open a conversation in the project, send one prompt, wait for the end of its turn; gives the result."""
        conversation = self.call("session/new", cwd=str(home.project), mcpServers=[])["sessionId"]
        return self.call("session/prompt", sessionId=conversation, prompt=[{"type": "text", "text": text}])


@contextlib.contextmanager
def agent(home: Home) -> Iterator[Agent]:
    """``opencode acp`` while the context lasts; it ends when its standard input does, as with an editor."""
    with (
        (home.logs / "acp.err").open("wb") as errors,
        subprocess.Popen(
            [str(home.program), "acp", "--port", str(free_port())],
            cwd=home.project,
            env=home.environment(home.project),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            editor = Agent(process)
            editor.call("initialize", protocolVersion=1, clientCapabilities={})
            yield editor
            assert process.stdin is not None
            process.stdin.close()
            process.wait(_END_S)
        finally:
            process.kill()
