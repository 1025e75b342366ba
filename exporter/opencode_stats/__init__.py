"""Counts what OpenCode spends and keeps it published.

events → ledger → projection → publish → readers: docs/architecture.md. Nothing is imported here, so that a reader
which needs one module pays for one module.
"""

__version__ = "0.1.0"
