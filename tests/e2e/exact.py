"""What the tests of exact counting share: what OpenCode is asked to do, and the exporter's own proofs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.rig.books import figures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.rig.client import Client
    from tests.e2e.rig.exporter import Exporter

_SUMS: Final = ("messages", "totalCost", "costsByModel")


def counts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Everything in stats.json that counts usage: of a session, the day, the total and every live run."""
    sections = {name: document[name] for name in ("session", "daily", "total")}
    sections |= {run["runId"]: run for run in document["sessions"]}
    return {
        name: figures(section) | {key: section[key] for key in _SUMS} | {"workspaces": section.get("workspaces")}
        for name, section in sections.items()
    }


def audited(exporter: Exporter) -> dict[str, Any]:
    """What ``audit --json`` says, after ``verify`` found nothing.

    Raises:
        RuntimeError: verify found something, or audit can't explain a difference.
    """
    exporter.succeed("verify")
    audit: dict[str, Any] = json.loads(exporter.succeed("audit", "--json"))
    left = [audit[name]["unexplained"] for name in ("opencode", "naive") if audit[name]]
    if any(left) or audit["unread"]:
        raise RuntimeError(f"not explained: {audit}")
    return audit


def causes(audit: Mapping[str, Any]) -> dict[str, int]:
    """The tokens by which the plain sum of what is on disk differs from ours, by cause."""
    return {cause: share["tokens"] for cause, share in audit["naive"]["causes"].items()}


def messages(server: Client, directory: Path, conversation: str, role: str) -> list[str]:
    """The ids of a conversation's messages with this role, oldest first."""
    found = server.call("GET", f"/session/{conversation}/message", directory)
    return [entry["info"]["id"] for entry in found if entry["info"]["role"] == role]


def fork_at(server: Client, directory: Path, conversation: str, message: str) -> str:
    """Copy what comes before a message; gives the copy's id."""
    return str(server.call("POST", f"/session/{conversation}/fork", directory, {"messageID": message})["id"])


def fork_thrice(server: Client, directory: Path, conversation: str) -> list[str]:
    """Fork a conversation, the fork, and the conversation at its tenth answer."""
    fork = server.fork(directory, conversation)
    tenth = messages(server, directory, conversation, "assistant")[9]
    return [fork, server.fork(directory, fork), fork_at(server, directory, conversation, tenth)]


def revert(server: Client, directory: Path, conversation: str, message: str) -> None:
    """Undo a message and what came after it; the next prompt makes it final."""
    server.call("POST", f"/session/{conversation}/revert", directory, {"messageID": message})


def unrevert(server: Client, directory: Path, conversation: str) -> None:
    """Take the undoing back."""
    server.call("POST", f"/session/{conversation}/unrevert", directory)
