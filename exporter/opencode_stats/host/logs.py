"""Logging to stderr, ``name key=value``; a service manager adds the time. Never content of a prompt or an answer."""

from __future__ import annotations

import logging
import sys


def log_to_stderr(*, verbose: bool) -> None:
    """Sends our log to stderr: warnings and canonical lines, or everything where ``verbose``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger("opencode_stats")
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
