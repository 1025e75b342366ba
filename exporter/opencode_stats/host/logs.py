"""Logging to stderr, ``name key=value``; a service manager adds the time. Never content of a prompt or an answer."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _OneLine(logging.Formatter):
    """A record is one line of what can be seen, whatever names are in it; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The record without its traceback."""
        said = super().formatMessage(record)
        return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in said)


def log_to_stderr(*, verbose: bool) -> None:
    """Sends our log to stderr: warnings and canonical lines, or everything where ``verbose``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(message)s"))
    root = logging.getLogger("opencode_stats")
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)


class _Sentences(_OneLine):
    """A record in words."""

    def __init__(self, sentence_of: Callable[[logging.LogRecord], str]) -> None:
        super().__init__("opencode-stats: %(message)s")
        self._sentence_of = sentence_of

    def format(self, record: logging.LogRecord) -> str:
        """The sentence alone: a traceback is the log's."""
        record.message = self._sentence_of(record)
        return self.formatMessage(record)


@contextmanager
def warnings_on_stderr(sentence_of: Callable[[logging.LogRecord], str]) -> Iterator[None]:
    """Has what is wrong go to stderr during the block, for who typed a command; where a log is set up it stays.

    ``sentence_of`` puts a record into words; what it gives no word of is not told.
    """
    root = logging.getLogger("opencode_stats")
    if root.handlers:
        yield
        return
    # Without one Python would print the bare record, with whatever a terminal obeys in the names of files.
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Sentences(sentence_of))
    handler.addFilter(lambda record: bool(sentence_of(record)))
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
