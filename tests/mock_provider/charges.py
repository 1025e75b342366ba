"""The provider's books: one line a request."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from tests.mock_provider.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mock_provider.chat import Kind

Outcome = Literal["sent", "no-usage", "cut", "aborted", "refused"]
"""``sent``: usage and the end of the stream went out. ``no-usage``: all of it, but it tells no usage. ``cut``: the
script ended it early. ``aborted``: the client left. ``refused``: an HTTP error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What became of one request; ``usage`` is there for what was charged and sent to the end, else None.

    ``request`` numbers them from 1 in the order of arrival, ``at_ms`` (Unix milliseconds) is when its answer ended;
    ``account`` is the API key it came with.
    """

    request: int
    kind: Kind
    model: str
    outcome: Outcome
    conversation: str | None
    parent: str | None
    account: str | None
    at_ms: int
    usage: Usage | None = None
    status: int = 200

    @property
    def tokens(self) -> dict[str, int] | None:
        """The five kinds that OpenCode makes of it, None where nothing was charged."""
        return self.usage.tokens() if self.usage else None

    def line(self) -> str:
        """The charge as one line of JSON."""
        return json.dumps({**asdict(self), "tokens": self.tokens}, separators=(",", ":"))


def read_charges(text: str) -> list[Charge]:
    """The charges of a log file's text."""
    documents = [json.loads(line) for line in text.splitlines()]
    return [
        Charge(
            **{
                **{key: value for key, value in document.items() if key != "tokens"},
                "usage": Usage(**document["usage"]) if document["usage"] else None,
            }
        )
        for document in documents
    ]


class ChargeLog:
    """All charges so far, kept in memory and, if a file is given, appended to it. Any thread may add."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._changed = threading.Condition()
        self._charges: list[Charge] = []

    def add(self, charge: Charge) -> None:
        """Enter a charge."""
        with self._changed:
            self._charges.append(charge)
            if self._file:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(charge.line() + "\n")
            self._changed.notify_all()

    def all(self) -> list[Charge]:
        """The charges so far, in the order in which the answers ended."""
        with self._changed:
            return list(self._charges)

    def wait_for(self, enough: Callable[[list[Charge]], bool], *, timeout_s: float = 30.0) -> list[Charge]:
        """Wait until the charges are enough.

        Raises:
            TimeoutError: they did not become so.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: enough(self._charges), timeout_s):
                raise TimeoutError(f"not enough charges: {[charge.line() for charge in self._charges]}")
            return list(self._charges)
