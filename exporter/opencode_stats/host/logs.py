"""Logging to stderr, ``name key=value``; a service manager adds the time. Never content of a prompt or an answer."""

from __future__ import annotations

import logging
import sys


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
